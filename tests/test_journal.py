"""What was answered is written by a thread; what can't be written is counted."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest

from cds_service.journal import Entry, Journal
from cds_service.schema import Kind
from cds_service.store import Store
from tests.databases import Database

DAY = date(2026, 6, 15)
LONG = 30.0  # seconds that nobody should have to wait


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = Store.open(database.url, patience=0.3)
    yield opened
    opened.close()


def a_card(**changes: Any) -> dict[str, Any]:
    usual = {
        "uuid": str(uuid4()),
        "client": "north",
        "service": "nocturnal-leg-cramps",
        "kind": "main",
        "indicator": "warning",
        "issued_on": DAY,
        "issued_at": 1,
        "is_silent": False,
        "role": "Practitioner",
        "key": "0" * 8,
        "patient": b"p" * 32,
        "user": b"u" * 32,
        "reports": b"",
    }
    return {**usual, **changes}


def an_entry(*cards: dict[str, Any], name: str = "cards") -> Entry:
    lines = [
        {"card": card["uuid"], "place": 0, "rule": "M1", "level": "warning", "facts": b"", "is_part": False}
        for card in cards
    ]
    return Entry(DAY, "north", [(Kind.ANSWER, name), (Kind.TRIGGERED, "M1")], cards, lines)


def wait(journal: Journal, seconds: float) -> bool:
    """Whether all that was queued so far is written, or lost, after *seconds* at the latest."""
    number, until = journal.hurry(), monotonic() + seconds
    while not journal.is_settled(number) and monotonic() < until:
        sleep(0.01)
    return journal.is_settled(number)


def counts(database: Database) -> dict[str, int]:
    return dict(database.rows("SELECT name, count FROM tallies ORDER BY name"))


def test_answers_are_written_with_their_cards_and_counted_by_day(database: Database, store: Store) -> None:
    journal = Journal(store, kept_days=400_000)

    for _ in range(3):
        journal.put(an_entry(a_card()))
    journal.put(an_entry(name="no-report"))
    journal.close()

    assert counts(database) == {"M1": 4, "cards": 3, "no-report": 1}
    assert database.rows("SELECT count(*) FROM cards JOIN card_lines ON card = uuid")[0][0] == 3
    assert (journal.lost, len(journal)) == (0, 0)


def test_who_waits_finds_everything_written(database: Database, store: Store) -> None:
    journal = Journal(store, kept_days=400_000)
    journal.put(an_entry(a_card()))

    assert wait(journal, LONG)

    assert counts(database)["cards"] == 1
    journal.close()


def test_the_counts_of_several_processes_add_up(database: Database, store: Store) -> None:
    journals = [Journal(store, kept_days=400_000) for _ in range(2)]

    for journal in journals * 20:
        journal.put(an_entry())
    for journal in journals:
        journal.close()

    assert counts(database) == {"M1": 40, "cards": 40}


def test_a_database_that_is_busy_gets_it_later(database: Database, store: Store) -> None:
    journal = Journal(store, kept_days=400_000)

    with database.locked("tallies"):
        journal.put(an_entry(a_card()))
        was_written = wait(journal, 0.6)
    is_written = wait(journal, LONG)

    assert (was_written, is_written) == (False, True)
    assert counts(database)["cards"] == 1
    journal.close()


def test_what_finds_no_room_in_the_queue_is_lost_and_counted(database: Database, store: Store) -> None:
    journal = Journal(store, kept_days=400_000, most=2)

    with database.locked("tallies"):
        for _ in range(5):
            journal.put(an_entry())
    journal.close()

    assert journal.lost == 3
    assert counts(database)["cards"] == 2


def test_a_database_that_does_not_come_back_costs_the_end_some_seconds_and_is_told(
    database: Database, store: Store
) -> None:
    journal = Journal(store, kept_days=400_000)

    with database.locked("tallies"):
        journal.put(an_entry())
        journal.close(seconds=LONG)

    assert journal.lost == 1
    assert counts(database) == {}


def test_rows_that_are_refused_are_given_up_and_the_next_are_written(
    database: Database, store: Store
) -> None:
    journal = Journal(store, kept_days=400_000)

    journal.put(an_entry(a_card(client=None)))
    wait(journal, LONG)
    journal.put(an_entry(a_card()))
    journal.close()

    assert journal.lost == 1
    assert counts(database)["cards"] == 1


def test_the_same_card_twice_is_one(database: Database, store: Store) -> None:
    card = a_card()
    journal = Journal(store, kept_days=400_000)

    for _ in range(2):
        journal.put(an_entry(card))
        wait(journal, LONG)
    journal.close()

    assert database.rows("SELECT count(*) FROM cards")[0][0] == 1


def test_what_is_too_old_goes_with_the_first_answer_by_the_clock_of_this_machine(
    database: Database, store: Store
) -> None:
    today = datetime.now(UTC).date()
    first = Journal(store, kept_days=400_000)
    first.put(an_entry(a_card(issued_on=today - timedelta(days=368))))
    first.close()

    journal = Journal(store, kept_days=366)
    journal.put(an_entry(a_card(issued_on=today - timedelta(days=365))))
    journal.close()

    [[kept]] = database.rows("SELECT issued_on FROM cards")
    assert str(kept) == str(today - timedelta(days=365))
