"""Whoever sends very much, or what nobody would send, slows down nobody else, and makes nothing be forgotten."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from time import monotonic, process_time
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
import structlog
from msgspec import structs
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp

from cds_service.advise import Advice
from cds_service.chains import Matter
from cds_service.clients import Client
from cds_service.errors import StoreUnavailable
from cds_service.fading import faded, reports_in_short
from cds_service.figures import Measure, figures
from cds_service.hooks import HookRequest
from cds_service.journal import Journal
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress
from cds_service.memory import Memory
from cds_service.metrics import Metrics
from cds_service.opened import Opened
from cds_service.pseudonyms import Keys
from cds_service.reception import Reception, stands_in
from cds_service.schema import feedback as table
from cds_service.services import Services
from cds_service.store import Store
from cds_service.turns import Turns
from tests.client import HOOK_PATH, alive, post
from tests.databases import Database
from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before
from tests.test_app import a_site, an_app, body, one_card
from tests.test_feedback_route import dismissed
from tests.test_feedback_route import told as tells
from tests.test_journal import a_card, an_entry
from tests.test_memory import AT, CARD, NORTH, TODAY, a_memory, keep, keys, past, store, told
from tests.test_operators import BEARER, HOST, a_request, operators, refused

__all__ = ["keys", "store"]  # fixtures

A, B = "https://a.example/fhir", "https://b.example/fhir"
LARGEST = 200 * 8  # bytes of marks in one row
OWN = "https://legcramps.org/fhir/CodeSystem/override-reason"
HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"


# --- one chart that holds very much -----------------------------------------------------------------------------


def much_reported(count: int) -> APatient:
    """So many reports of cramps, most of them with another date."""
    [(key, report)] = a_patient().with_cramps().resources
    patient = a_patient().with_result("potassium", "3.1 mmol/L")
    reports = (
        (key, {**report, "id": f"c{place}", "onsetDateTime": days_before(place + 1)})
        for place in range(count)
    )
    return replace(patient, resources=(*reports, *patient.resources))


def _cost(count: int) -> float:
    """CPU seconds of one answer, nothing of it read for the first time."""
    patient = much_reported(count)
    answer(patient)
    began = process_time()
    answer(patient)
    return process_time() - began


def test_eight_times_the_reports_of_cramps_cost_far_less_than_their_square() -> None:
    small, large = min(_cost(750) for _ in range(3)), _cost(6000)

    assert large / small < 24  # linear: 8 times, quadratic: 64 times


def test_what_is_kept_of_a_chart_with_very_many_reports_is_short(
    database: Database, store: Store, keys: Keys
) -> None:
    memory = a_memory(store, keys)
    advice = answer(much_reported(2000)).advice
    assert advice.facts is not None
    assert len(reports_in_short(advice.facts)) == 2000

    memory.keep(
        opened(), advice, [structs.replace(each, uuid=f"{place}") for place, each in enumerate(advice.cards)]
    )
    memory.close()

    assert database.rows("SELECT DISTINCT length(reports) FROM cards") == [(LARGEST,)]


def test_a_card_about_very_many_facts_is_kept_in_short_and_never_fades(
    database: Database, store: Store, keys: Keys
) -> None:
    memory = a_memory(store, keys)
    matter = Matter("M1", "info", frozenset(f"potassium: {place}" for place in range(3000)))

    for _ in range(3):
        keep(memory, opened(), structs.replace(CARD, uuid=str(uuid4())), matter=matter)

    assert database.rows("SELECT DISTINCT length(facts) FROM card_lines") == [(LARGEST,)]
    assert faded(matter, frozenset(), past(memory, opened()), 3, TODAY) is None
    memory.close()


# --- ids that are somebody else's elsewhere ---------------------------------------------------------------------


def opened(server: str | None = None, client: Client = NORTH) -> Opened:
    return Opened(client, HookRequest("", "Practitioner/a", "1", None, server, {}), TODAY)


ANYBODY = Client("anybody", "", ())


@pytest.mark.parametrize(
    "client",
    [replace(NORTH, fhir_bases=(A, B)), ANYBODY, replace(ANYBODY, fhir_bases=(A,))],
    ids=["a client with two", "anybody", "anybody, with one listed"],
)
def test_the_same_id_on_two_fhir_servers_is_two_patients(store: Store, keys: Keys, client: Client) -> None:
    memory = a_memory(store, keys)

    keep(memory, opened(A, client))

    assert past(memory, opened(B, client)) == ()
    assert len(past(memory, opened(A, client))) == 1
    assert len(past(memory, opened("HTTPS://A.example/fhir/", client))) == 1
    memory.close()


def test_a_client_with_one_fhir_server_means_that_one_whether_it_says_so_or_not(
    store: Store, keys: Keys
) -> None:
    memory, client = a_memory(store, keys), replace(NORTH, fhir_bases=(A,))

    keep(memory, opened(A, client))

    assert len(past(memory, opened(None, client))) == 1
    memory.close()


# --- feedback that floods ---------------------------------------------------------------------------------------


def _row(place: int, client: str = "north") -> dict[str, Any]:
    return {
        "key": sha256(f"{client} {place}".encode()).digest(),
        "card": CARD.uuid,
        "client": client,
        "outcome": "overridden",
        "reason": "benefit",
        "reason_system": None,
        "suggestions": 0,
        "comment": None,
        "outcome_at": place,
        "received_on": TODAY,
        "received_at": place,
    }


def test_of_thousands_of_outcomes_of_one_card_the_newest_are_kept_and_the_last_one_counts(
    database: Database, store: Store, keys: Keys
) -> None:
    memory = a_memory(store, keys)
    keep(memory, opened())
    with database.connection() as connection:
        connection.execute(
            insert(table), [*(_row(place) for place in range(3000)), *map(_of_another, range(3))]
        )

    asyncio.run(memory.hear(NORTH, [told("accepted")], TODAY))

    counted = dict(database.rows("SELECT client, count(*) FROM feedback GROUP BY client"))
    oldest = database.rows("SELECT min(received_at) FROM feedback WHERE client = 'north'")
    [shown] = past(memory, opened())
    assert (counted, oldest) == ({"north": 500, "another": 3}, [(2501,)])
    assert shown.outcome is not None
    assert not shown.outcome.is_override
    memory.close()


def _of_another(place: int) -> dict[str, Any]:
    return _row(place, "another")


def test_an_outcome_of_the_far_future_is_not_the_last_word_in_fading_nor_in_the_report(
    database: Database, store: Store, keys: Keys
) -> None:
    now = float(AT)
    memory = Memory(store, keys, 400_000, lambda: now)
    keep(memory, opened())
    asyncio.run(memory.hear(NORTH, [told("overridden", "benefit", at=253_402_300_799_999)], TODAY))

    now += 60
    asyncio.run(memory.hear(NORTH, [told("accepted", at=(AT + 30) * 1000)], TODAY))

    [shown] = past(memory, opened())
    with database.connection() as connection:
        counted = figures(connection, TODAY, TODAY, floor=1)
    assert shown.outcome is not None
    assert not shown.outcome.is_override
    assert (counted.count(Measure.ACCEPTED), counted.count(Measure.OVERRIDDEN)) == (1, 0)
    memory.close()


@pytest.fixture
def app(sqlite_database: Database, tmp_path: Path) -> Iterator[ASGIApp]:
    with alive(an_app(store=sqlite_database.url, hash_keys=tmp_path / "keys")) as running:
        yield running


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"code": "reviewed", "system": OWN}, ("reviewed", OWN)),
        ({"code": "patient-refuses", "system": HL7}, ("patient-refuses", HL7)),
        ({"code": "cds-not-applicable"}, ("cds-not-applicable", None)),
        ({"code": "not-nlc", "system": OWN}, ("not-nlc", OWN)),
        ({"code": "Mrs-Smith-4-Elm-Street", "system": OWN}, ("other", OWN)),
        ({"code": "reviewed", "system": "https://ehr.example/Patient/4711"}, ("reviewed", "other")),
    ],
    ids=lambda each: each["code"] if isinstance(each, dict) else "",
)
def test_codes_that_nobody_offered_are_kept_as_other(
    app: ASGIApp, sqlite_database: Database, sent: dict[str, str], kept: tuple[str, str | None]
) -> None:
    answered = tells(app, dismissed(str(uuid4()), overrideReason={"reason": sent}))

    assert answered.status_code == 200
    assert sqlite_database.rows("SELECT reason, reason_system FROM feedback") == [kept]


# --- a store that others hold -----------------------------------------------------------------------------------


async def _beside_feedback(memory: Memory) -> float:
    """Seconds that an answer waits for what was shown before, beside a crowd that waits for its feedback."""
    crowd = [asyncio.create_task(memory.hear(NORTH, [told("overridden")], TODAY)) for _ in range(80)]
    await asyncio.sleep(0.1)
    began = monotonic()
    await memory.past(opened())
    took = monotonic() - began
    for each in crowd:
        each.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    return took


def test_feedback_that_waits_for_a_store_does_not_keep_cards_waiting(database: Database, keys: Keys) -> None:
    held = Store.open(database.url, patience=0.3)
    memory = a_memory(held, keys)

    with database.locked("cards"):
        memory.keep(opened(), Advice((CARD,), None, {}), (CARD,))
        took = asyncio.run(_beside_feedback(memory))
    memory.close()
    held.close()

    assert took < 1.5


def test_feedback_is_refused_when_what_it_is_about_could_not_be_written(
    sqlite_database: Database, keys: Keys
) -> None:
    held = Store.open(sqlite_database.url, patience=0.3)
    memory = a_memory(held, keys)
    memory.keep(opened(), Advice((CARD,), None, {}), (CARD,))

    with sqlite_database.locked("cards"), pytest.raises(StoreUnavailable, match="does not keep up"):
        asyncio.run(memory.hear(NORTH, [told("overridden")], TODAY))
    asyncio.run(memory.hear(NORTH, [told("overridden")], TODAY))

    memory.close()
    held.close()
    assert sqlite_database.rows("SELECT count(*) FROM feedback JOIN cards ON card = uuid") == [(1,)]


def test_a_row_that_is_refused_costs_nobody_else_his(database: Database, store: Store) -> None:
    journal = Journal(store, kept_days=400_000)

    for changes in ({}, {"client": None}, {}, {"indicator": None}, {}):
        journal.put(an_entry(a_card(**changes)))
    journal.close()

    assert (journal.lost, len(journal)) == (2, 0)
    assert database.rows("SELECT count(*) FROM cards") == [(3,)]
    assert database.rows("SELECT count FROM tallies WHERE name = 'cards'") == [(3,)]


# --- who may look -----------------------------------------------------------------------------------------------


def test_where_there_is_a_token_everybody_needs_it(tmp_path: Path) -> None:
    """A proxy that adds no header looks like somebody on the machine."""
    gate = operators(tmp_path)

    assert refused(gate, a_request(HOST)).reason == "no-operator-token"
    gate.check(a_request(HOST, BEARER))


def test_figures_that_cant_be_written_cost_nobody_their_cards() -> None:
    class Full:
        """Several workers count in files; here the disk is full."""

        def in_progress(self) -> AbstractContextManager[None]:
            return nullcontext()

        def answered(self, *_: Any, **__: Any) -> None:
            raise OSError(28, "No space left on device")

    site, known = a_site(), cast(Knowledge, SimpleNamespace(prefetch={}))
    desk = Reception(site, known, stands_in(one_card))
    services = Services(
        site, known, desk, InProgress(1), Turns(), cast(Metrics, Full()), structlog.get_logger()
    )

    answer = post(Starlette(routes=[Route(HOOK_PATH, services.hook, methods=["POST"])]), body())

    assert (answer.status_code, len(answer.json()["cards"])) == (200, 1)
