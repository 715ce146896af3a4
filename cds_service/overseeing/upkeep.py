"""`legcramps store`: forget what is old, and change the key of the hashes."""

from datetime import timedelta

from cds_service import memory, pseudonyms
from cds_service.overseeing.the_store import opened
from cds_service.retention import purge
from cds_service.settings import Settings, today


def forget(settings: Settings, older_than: int) -> str:
    """
    Delete what is older than so many days; what went, in words.

    Raises:
        ValueError: When there is no store, or it does not answer; one line for a person.
    """
    before = today(settings) - timedelta(days=older_than)
    with opened(settings) as store:
        gone = purge(store, before)
    rest = f"{gone.feedback} outcomes, {gone.counts} counts"
    return f"Deleted what is from before {before}: {gone.cards} cards, {rest}."


def rotate_key(settings: Settings) -> str:
    """
    Put a new key into the file of keys; what to do next, in words.

    Raises:
        ValueError: When the file can't be used; one line for a person.
    """
    if not settings.remembers:
        raise ValueError("LEGCRAMPS_STORE: nothing is remembered, so there are no keys; name a database")
    file = memory.key_file(settings.store, settings.hash_keys)
    if not file.exists():  # the service makes its own when it starts
        raise ValueError(
            f"LEGCRAMPS_HASH_KEYS: there is no file of keys at {file}; name the one that the service uses"
        )
    there, gone = pseudonyms.rotate(file, today(settings), settings.retention_days)
    return (
        f"{file} has a new key, and {there - 1} older ones to find what they made; {gone} that nothing needs any more "
        f"went. Restart every service that uses it, and copy the file to where its copy is kept."
    )
