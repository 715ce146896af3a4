"""What was answered is written by a thread; what can't be written is counted."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from time import monotonic, sleep
from typing import Any, NoReturn, cast
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from cds_service.journal import Entry, Journal
from cds_service.schema import Kind
from cds_service.store import Store
from tests.databases import Database
from tests.remembered import MONDAY, Remembered

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


def test_a_slip_of_ours_costs_what_it_was_about_and_is_told_without_it(
    database: Database, store: Store
) -> None:
    journal = Journal(store, kept_days=400_000)
    nameless = Entry(DAY, "north", [(Kind.ANSWER, cast(str, None)), (Kind.ANSWER, "potassium 3.1")])

    with capture_logs() as logged:
        journal.put(nameless)
        is_settled = wait(journal, 5)
        journal.put(an_entry(a_card()))
        journal.close()

    assert (is_settled, journal.lost, counts(database)["cards"]) == (True, 1, 1)
    assert [each["event"] for each in logged] == ["unexpected", "answers were not remembered"]
    assert "potassium" not in str(logged)


def test_figures_that_can_not_be_told_keep_nothing_from_being_written(
    database: Database, store: Store
) -> None:
    def full(waiting: int, lost: int) -> NoReturn:
        raise OSError("no space left")

    journal = Journal(store, kept_days=400_000)
    journal.tell = full

    for _ in range(2):
        journal.put(an_entry(a_card()))
        wait(journal, LONG)

    assert (counts(database)["cards"], len(journal), journal.lost) == (2, 0, 0)
    journal.tell = print
    journal.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_has_ended_is_begun_anew(database: Database, store: Store) -> None:
    def ends(waiting: int, lost: int) -> NoReturn:
        raise SystemExit

    journal = Journal(store, kept_days=400_000)
    journal.tell = ends
    for _ in range(2):
        journal.put(an_entry(a_card()))
        wait(journal, LONG)
        _until_it_ends()

    assert counts(database)["cards"] == 2


def _until_it_ends() -> None:
    for each in threading.enumerate():
        if each.name == "journal":
            each.join(LONG)


def test_what_is_too_old_goes_in_portions_between_answers(database: Database, store: Store) -> None:
    """Else the queue would wait for the purge of years."""
    past = Remembered()
    past.shown("M1", 4500)
    past.into(database)
    today = datetime.now(UTC).date()
    journal = Journal(store, kept_days=(today - MONDAY).days - 1)

    left = []
    for place in range(4):
        journal.put(an_entry(a_card(issued_on=today)))
        wait(journal, LONG)
        left.append(_old(database, before=4500 - 2000 * place))
    journal.close()

    assert left == [2500, 500, 0, 0]


def _old(database: Database, before: int) -> int:
    """How many old cards are left once a portion of them went, or nothing goes any more."""
    until = monotonic() + (LONG if before > 0 else 0)
    while True:
        found = int(
            database.rows("SELECT count(*) FROM cards WHERE role = 'Practitioner' AND key = 'first'")[0][0]
        )
        if found != before or monotonic() > until:
            return found
        sleep(0.01)


def test_a_purge_that_fails_is_told_and_what_is_answered_is_written(database: Database, store: Store) -> None:
    journal = Journal(store, kept_days=366)
    database.rows("DROP TABLE feedback")

    with capture_logs() as logged:
        for _ in range(3):
            journal.put(an_entry(a_card(issued_on=datetime.now(UTC).date())))
            wait(journal, LONG)
        journal.close()

    told = [each["event"] for each in logged]
    assert (journal.lost, database.rows("SELECT count(*) FROM cards")) == (0, [(3,)])
    assert told.count("what is too old was not forgotten; tomorrow is the next attempt") == 1


def test_what_is_being_written_when_time_is_up_is_counted_as_lost(database: Database, store: Store) -> None:
    journal = Journal(store, kept_days=400_000)

    with database.locked("tallies"):
        for _ in range(3):
            journal.put(an_entry())
        sleep(0.3)
        journal.close(seconds=0)
        lost = journal.lost
        journal.close()  # until the thread has ended

    assert lost == 3


def test_after_the_end_nothing_is_queued(store: Store) -> None:
    journal = Journal(store, kept_days=400_000)
    journal.close()

    journal.put(an_entry())

    assert (journal.lost, len(journal)) == (1, 0)
