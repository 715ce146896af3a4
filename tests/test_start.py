"""What a start does not do: look at what stays for garbage, and import what few processes need."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cds_service import garbage

_LATER = {
    "alembic",  # where the store lacks a step
    "cryptography",  # where clients sign
    "fhir.resources",  # never
    "jinja2",  # where a page is asked for
    "jwt",
    "markdown_it",
    "mako",
    "sqlalchemy",  # where something is remembered
}


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def test_what_few_processes_need_is_not_imported_by_all() -> None:
    """Each of these takes a few dozen milliseconds, and megabytes."""
    program = "import sys, cds_service.cli, cds_service.serving; print(*sys.modules)"

    printed = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout

    assert _LATER & set(printed.split()) == set()


def test_what_is_loaded_is_never_looked_at_again() -> None:
    """The collector is off meanwhile, then on, and knows nothing of what there is."""
    with garbage.all_kept():
        was_on = gc.isenabled()

    assert (was_on, gc.isenabled()) == (False, True)
    assert gc.get_freeze_count() > 10_000


def test_a_start_that_fails_leaves_the_collector_as_it_was() -> None:
    """Commands and tests go on in the same process."""
    with pytest.raises(ValueError, match="no"), garbage.all_kept():
        raise ValueError("no")

    assert (gc.isenabled(), gc.get_freeze_count()) == (True, 0)


def test_one_load_within_another_does_not_end_it() -> None:
    """The value sets are read so whoever asks, a service that starts among them."""
    with garbage.none_expected():
        with garbage.none_expected():
            pass
        is_on_within = gc.isenabled()

    assert (is_on_within, gc.isenabled()) == (False, True)
