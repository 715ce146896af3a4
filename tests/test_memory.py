"""What was shown is known to the next answer, by hashes only."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from cds_service import feedback
from cds_service.advise import About, Advice
from cds_service.chains import Matter
from cds_service.clients import Client
from cds_service.errors import DataUnavailable, StoreUnavailable
from cds_service.fading import Outcome, Shown
from cds_service.hooks import Card, HookRequest, Source
from cds_service.memory import Memory, keys_of
from cds_service.opened import Opened
from cds_service.pseudonyms import Keys, KeysInvalid, load, rotate
from cds_service.store import Store
from tests.client import alive, post
from tests.databases import Database
from tests.test_app import an_app, body
from tests.test_journal import wait

TODAY = date(2026, 6, 15)
NORTH = Client("north", "https://north.example", ())
MATTER = Matter("M1", "warning", frozenset({"potassium 3.1 2026-06-08", "furosemide 2026-04-20"}))
CARD = Card(
    "Low potassium",
    "warning",
    Source("legcramps"),
    uuid="0b0f4b6e-0000-4000-8000-000000000001",
    extension={"org.legcramps.card": "main"},
)
AT = int(datetime(2026, 6, 15, 12, tzinfo=UTC).timestamp())


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    opened = Store.open(database.url)
    yield opened
    opened.close()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return load(tmp_path / "keys")


def a_memory(store: Store, keys: Keys) -> Memory:
    return Memory(store, keys, 400_000, lambda: AT)


def opened(
    patient: str = "1", user: str = "Practitioner/a", client: Client = NORTH, today: date = TODAY
) -> Opened:
    return Opened(client, HookRequest("", user, patient, None, None, {}), today)


def keep(memory: Memory, at: Opened, *cards: Card, matter: Matter = MATTER) -> None:
    issued = cards or (CARD,)
    advice = Advice(issued, None, {}, told=(About((matter,)),) * len(issued), triggered=(matter.rule,))
    memory.keep(at, advice, issued)
    assert wait(memory.journal, 30)


def past(memory: Memory, at: Opened) -> Sequence[Shown]:
    found = asyncio.run(memory.past(at))
    assert found is not None
    return found


def told(
    outcome: str, reason: str | None = None, at: int = AT * 1000, card: str = str(CARD.uuid)
) -> feedback.Told:
    return feedback.Told(card, "overridden" if outcome == "overridden" else "accepted", at, reason=reason)


def test_a_card_that_was_shown_is_known_with_its_facts_and_its_reader(store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)

    keep(memory, opened())

    [own], [others] = past(memory, opened()), past(memory, opened(user="Practitioner/b"))
    assert (own.rule, own.level, own.on, own.is_own, own.outcome) == ("M1", "warning", TODAY, True, None)
    assert {own.mark(fact) for fact in MATTER.facts} == own.facts
    assert not others.is_own
    memory.close()


def test_another_patient_or_another_client_is_not_concerned(store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)

    keep(memory, opened())

    assert past(memory, opened(patient="2")) == ()
    assert past(memory, opened(client=replace(NORTH, name="south"))) == ()
    memory.close()


def test_no_id_and_no_value_is_in_the_database(database: Database, store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)

    keep(memory, opened("patient-4711", "Practitioner/doctor-0815"))
    memory.close()

    rows = str([database.rows(f"SELECT * FROM {table}") for table in ("cards", "card_lines", "tallies")])  # noqa: S608
    assert "M1" in rows
    assert not any(word in rows for word in ("4711", "0815", "furosemide", "3.1", "potassium"))


def test_what_nobody_saw_counts_for_the_silent_client_only(store: Store, keys: Keys) -> None:
    memory, silent = a_memory(store, keys), replace(NORTH, is_silent=True)

    keep(memory, opened(client=silent))

    assert len(past(memory, opened(client=silent))) == 1
    assert past(memory, opened()) == ()
    memory.close()


def test_an_override_is_known_once_it_is_acknowledged(store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)
    keep(memory, opened())

    asyncio.run(memory.hear(NORTH, [told("overridden", "benefit")], TODAY))

    [shown] = past(memory, opened())
    assert shown.outcome == Outcome(is_override=True, reason="benefit", on=TODAY)
    memory.close()


def test_feedback_of_another_client_on_our_card_changes_nothing(store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)
    keep(memory, opened())

    asyncio.run(memory.hear(replace(NORTH, name="south"), [told("overridden", "benefit")], TODAY))

    assert past(memory, opened())[0].outcome is None
    memory.close()


def test_the_last_outcome_counts_whenever_it_is_told(store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)
    keep(memory, opened())

    for each in (told("accepted", at=AT * 1000 - 1), told("overridden", "reviewed", at=AT * 1000 - 2)):
        asyncio.run(memory.hear(NORTH, [each], TODAY))

    [shown] = past(memory, opened())
    assert shown.outcome is not None
    assert not shown.outcome.is_override
    memory.close()


def test_a_clock_that_runs_ahead_does_not_have_the_last_word_for_ever(store: Store, keys: Keys) -> None:
    seconds = AT
    memory = Memory(store, keys, 400_000, lambda: seconds)
    keep(memory, opened())
    asyncio.run(memory.hear(NORTH, [told("overridden", "reviewed", at=AT * 2000)], TODAY))

    seconds += 60
    asyncio.run(memory.hear(NORTH, [told("accepted", at=(AT + 30) * 1000)], TODAY))

    [shown] = past(memory, opened())
    assert shown.outcome is not None
    assert not shown.outcome.is_override
    memory.close()


def test_what_an_older_key_made_is_found_until_the_key_goes(store: Store, tmp_path: Path) -> None:
    before = a_memory(store, load(tmp_path / "keys"))
    keep(before, opened())
    before.close()
    rotate(tmp_path / "keys", TODAY, kept_days=400)

    keys = load(tmp_path / "keys")
    after = a_memory(store, keys)
    [shown] = past(after, opened())
    forgetful = a_memory(store, Keys(keys.all[:1]))

    assert {shown.mark(fact) for fact in MATTER.facts} == shown.facts
    assert shown.is_own
    assert past(forgetful, opened()) == ()


def test_a_database_that_hangs_costs_a_moment_and_then_nothing_for_a_while(
    postgresql_database: Database, keys: Keys
) -> None:
    """On SQLite nobody who reads waits for others."""
    store = Store.open(postgresql_database.url)
    memory = a_memory(store, keys)
    keep(memory, opened())

    with postgresql_database.locked("cards"):
        once = asyncio.run(memory.past(opened()))
    after_one = asyncio.run(memory.past(opened()))
    with postgresql_database.locked("cards"):
        twice = [asyncio.run(memory.past(opened())) for _ in range(2)]
    after_two = asyncio.run(memory.past(opened()))

    assert (once, twice, after_two) == (None, [None, None], None)
    assert after_one is not None
    memory.close()
    store.close()


def test_feedback_that_cant_be_kept_is_refused(database: Database, keys: Keys) -> None:
    store = Store.open(database.url, patience=0.3)
    memory = a_memory(store, keys)

    with database.locked("feedback"), pytest.raises(StoreUnavailable):
        asyncio.run(memory.hear(NORTH, [told("overridden")], TODAY))

    memory.close()
    store.close()


def test_signals_of_a_chart_are_counted_once_a_day(database: Database, store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)

    for at in (opened(), opened(), opened(patient="2"), opened(today=TODAY + timedelta(days=1))):
        memory.keep(at, Advice((), "no-report", {}), ())
    memory.close()

    counted = database.rows(
        "SELECT kind, sum(count) FROM tallies WHERE name IN ('open', 'no-report') GROUP BY kind"
    )
    assert {kind: int(count) for kind, count in counted} == {"answer": 4, "signal": 3}


def test_a_chart_without_required_data_is_counted_as_opened_and_unavailable(
    database: Database, store: Store, keys: Keys
) -> None:
    memory = a_memory(store, keys)

    for at in (opened(), opened(), opened(patient="2")):
        memory.miss(at)
    memory.close()

    assert database.rows("SELECT kind, name, count FROM tallies ORDER BY name") == [
        ("signal", "open", 2),
        ("signal", "unavailable", 2),
    ]


def test_a_call_that_gets_412_is_counted_so(database: Database, tmp_path: Path) -> None:
    def wanting(*_: object) -> NoReturn:
        raise DataUnavailable("prefetch.conditions: was not supplied")

    with alive(an_app(wanting, store=database.url, hash_keys=tmp_path / "keys")) as app:
        answer = post(app, body())

    assert answer.status_code == 412
    assert database.rows("SELECT name, count FROM tallies ORDER BY name") == [("open", 1), ("unavailable", 1)]


def test_signing_an_order_is_no_opening_of_a_chart(database: Database, store: Store, keys: Keys) -> None:
    memory = a_memory(store, keys)
    signing = replace(opened(), call=replace(opened().call, hook="order-sign"))

    keep(memory, signing)
    memory.close()

    assert database.rows("SELECT kind, name, count FROM tallies ORDER BY kind") == [
        ("order", "cards", 1),
        ("triggered", "M1", 1),
    ]


def test_cards_of_one_second_are_told_apart_by_time(database: Database, store: Store, keys: Keys) -> None:
    memory = Memory(store, keys, 400_000, lambda: AT + 0.25)

    keep(memory, opened())
    memory.close()

    assert database.rows("SELECT issued_at FROM cards") == [(AT * 1000 + 250,)]


def test_the_keys_lie_beside_a_file_and_have_to_be_named_for_a_server(tmp_path: Path) -> None:
    keys_of(f"sqlite:///{tmp_path}/l.db", None)

    assert (tmp_path / "l.db.keys").is_file()
    with pytest.raises(KeysInvalid, match="with PostgreSQL, name a file"):
        keys_of("postgresql://u:p@host/db", None)
