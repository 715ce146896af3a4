"""The store that the service writes, for the commands that read it or look after it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection

from cds_service.errors import StoreUnavailable
from cds_service.settings import Settings
from cds_service.store import Store, Way

_PATIENCE = 60.0  # seconds: nobody's answer waits for a command
_Given = TypeVar("_Given")


@contextmanager
def opened(settings: Settings) -> Iterator[Store]:
    """
    The store, which has to be there: one that was made just now would be a wrong name's fault.

    Raises:
        ValueError: When there is none, or it does not answer; one line for a person.
    """
    if not settings.remembers:
        raise ValueError("LEGCRAMPS_STORE: nothing is remembered; name a database")
    file = Store.file_of(settings.store)
    if file is not None and not file.exists():
        raise ValueError(
            f"LEGCRAMPS_STORE: there is no database at {file}; name the one that the service writes"
        )
    store = Store.open(settings.store, patience=_PATIENCE)
    try:
        yield store
    except StoreUnavailable:
        raise ValueError("LEGCRAMPS_STORE: the database does not answer; try again") from None
    finally:
        store.close()


def read(settings: Settings, work: Callable[[Connection], _Given]) -> _Given:
    """
    What *work* reads.

    Raises:
        ValueError: When there is no store, or it does not answer; one line for a person.
    """
    with opened(settings) as store:
        return store.do(work, Way.READING)
