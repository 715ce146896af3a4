"""
Plugged into a FHIR server that misbehaves: every fault gives its defined answer within the budget.

And the next call is a normal one.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter, sleep
from typing import Any

import pytest

from tests.ehr import BUDGET, Connected, cards, kinds, plugged_in, rows
from tests.fhir_server import by_reference, owned, resources_of
from tests.odd_server import (
    Behaviour,
    OddServer,
    a_gigabyte,
    a_gzip_bomb,
    an_endless_body,
    answers,
    busy_at_first,
    closes,
    cut_off_at_first,
    drips,
    endless_headers,
    endless_pages,
    half_an_answer,
    half_and_closes,
    never_answers,
    packed,
    passes_on,
    redirects_to,
    refuses,
)
from tests.patients import a_patient, days_before

JSON = dict[str, Any]
SLACK = 1.0  # seconds for everything else on a busy machine
MEGABYTE = 1024**2
RESULTS = ("labs", "glucose", "observations")
NOBODY: JSON = {"resourceType": "Bundle", "type": "searchset", "total": 0}


@pytest.fixture(scope="module")
def odd() -> Iterator[OddServer]:
    with OddServer({}) as server:
        yield server


@pytest.fixture(scope="module", params=["127.0.0.1", "127.0.0.2"], ids=["another port", "another host"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[OddServer]:
    """
    A server that nobody has listed.

    On the other port it could be reached, since the address is that of a listed server.
    """
    with OddServer({"/": answers(NOBODY)}, host=request.param) as server:
        yield server


@pytest.fixture(scope="module")
def connected(odd: OddServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    with plugged_in(tmp_path_factory.mktemp("faults"), f"{odd.base}/r4") as connected:
        yield connected


@pytest.fixture
def patient(connected: Connected, odd: OddServer) -> str:
    """A patient of the FHIR server, which the odd server passes on as it is."""
    odd.starts_anew({"/r4": passes_on(connected.fhir.base)})
    chart = a_patient().with_cramps().taking("furosemide", days_before(60), dose="40 mg")
    return connected.put(chart.with_result("potassium", "3.1 mmol/L", days_before(5)).request(), "faulty")


OUTCOME: JSON = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
SOMEBODY = {"reference": "Patient/another"}
OF_SOMEBODY: JSON = {
    **NOBODY,
    "entry": [
        {"resource": {"resourceType": kind, "id": "x", "subject": SOMEBODY}}
        for kind in ("Condition", "Observation")
    ],
}

# What a server does, and what the log calls it.
FAULTS: dict[str, tuple[Behaviour, str]] = {
    "never answers": (never_answers, "timeout"),
    "half a body, then silence": (half_an_answer, "timeout"),
    "half a body, then the end": (half_and_closes, "protocol"),
    "a gigabyte": (a_gigabyte, "too-large"),
    "a body without an end": (an_endless_body, "too-large"),
    "headers without an end": (endless_headers, "protocol"),
    "a gzip bomb": (a_gzip_bomb, "too-large"),
    "closes": (closes, "protocol"),
    "byte by byte": (drips({**NOBODY, "id": "x" * 100}), "timeout"),
    "an error": (answers("<h1>Oh no</h1>", 500, Content_Type="text/html"), "status-500"),
    "busy for an hour": (answers("busy", 503, Retry_After="3600"), "status-503"),
    "too many, again and again": (answers("slower", 429, Retry_After="0"), "status-429"),
    "401 in words": (answers("Unauthorized", 401, Content_Type="text/plain"), "status-401"),
    "403": (answers("", 403), "status-403"),
    "not found": (answers("", 404), "status-404"),
    "a page for people": (answers("<h1>Please log in</h1>", Content_Type="text/html"), "not-fhir"),
    "no JSON": (answers("{"), "not-fhir"),
    "an empty body": (answers(""), "not-fhir"),
    "another resource": (answers({"resourceType": "Practitioner", "id": "gp"}), "wrong-type"),
    "an outcome in place of an answer": (answers(OUTCOME), "outcome"),
    "another patient's": (answers(OF_SOMEBODY), "another-patient"),
}


def asked_of(odd: OddServer, connected: Connected, patient: str) -> tuple[Any, float]:
    """The answer to a call about a patient of the odd server, and how many seconds it took."""
    began = perf_counter()
    answer = connected.fetched(patient, base=f"{odd.base}/r4")
    return answer, perf_counter() - began


def is_normal(odd: OddServer, connected: Connected, patient: str) -> bool:
    """Whether the next call gets all its cards, and from the odd server too once it behaves."""
    odd.starts_anew({"/r4": passes_on(connected.fhir.base)})
    usual = cards(connected.fetched(patient))
    return bool(usual) and cards(asked_of(odd, connected, patient)[0]) == usual


@pytest.mark.parametrize("fault", FAULTS)
def test_without_the_diagnoses_there_is_no_answer_but_412(
    connected: Connected, odd: OddServer, patient: str, fault: str
) -> None:
    odd.behaviours["/r4/Condition"], code = FAULTS[fault]

    answer, seconds = asked_of(odd, connected, patient)

    assert (answer.status_code, answer.json()["resourceType"]) == (412, "OperationOutcome")
    assert code in answer.json()["issue"][0]["diagnostics"]
    assert seconds < BUDGET + SLACK
    assert is_normal(odd, connected, patient)


@pytest.mark.parametrize("fault", FAULTS)
def test_without_the_results_the_rest_is_told_with_a_card_that_says_so(
    connected: Connected, odd: OddServer, patient: str, fault: str
) -> None:
    odd.behaviours["/r4/Observation"], code = FAULTS[fault]

    answer, seconds = asked_of(odd, connected, patient)

    told, fetched = cards(answer), connected.service.log()[-1]["fetched"]
    assert (rows(told), kinds(told)[-1]) == (["D02"], "data")
    assert {key: said for key, said in fetched.items() if said != "ok"} == dict.fromkeys(RESULTS, code)
    assert seconds < BUDGET + SLACK
    assert is_normal(odd, connected, patient)


def test_a_server_that_is_down_gives_412_at_once(connected: Connected, odd: OddServer, patient: str) -> None:
    odd.goes_away()

    answer, seconds = asked_of(odd, connected, patient)

    assert (answer.status_code, seconds < BUDGET) == (412, True)
    assert is_normal(odd, connected, patient)


@pytest.mark.parametrize(
    "recovers",
    [busy_at_first, cut_off_at_first],
    ids=["busy at first", "cut off at first"],
)
def test_a_second_try_is_made_and_the_cards_are_whole(
    connected: Connected, odd: OddServer, patient: str, recovers: Callable[[Behaviour], Behaviour]
) -> None:
    odd.behaviours["/r4"] = recovers(passes_on(connected.fhir.base))

    answer, _ = asked_of(odd, connected, patient)

    assert cards(answer) == cards(connected.fetched(patient))
    assert len(odd.requests) == 16


@pytest.mark.parametrize("how", ["is ignored", "gets 400"])
@pytest.mark.parametrize("parameter", ["_include", "_sort", "_count", "_"])
def test_a_parameter_that_a_server_does_not_know_costs_no_card(
    connected: Connected, odd: OddServer, patient: str, parameter: str, how: str
) -> None:
    plain = a_patient().with_cramps().taking("furosemide", days_before(60)).prescribed("digoxin")
    connected.fhir.load(owned(by_reference(resources_of(plain.request())), "plain"))
    base = connected.fhir.base
    strict = refuses(parameter, passes_on(base))
    odd.behaviours["/r4"] = passes_on(base, without=parameter) if how == "is ignored" else strict

    answer, _ = asked_of(odd, connected, "plain-p1")

    usual = cards(connected.fetched("plain-p1"))
    assert (cards(answer), rows(usual)) == (usual, ["D02"])


def test_a_compressed_answer_is_read(connected: Connected, odd: OddServer, patient: str) -> None:
    conditions = connected.fhir.get(f"Condition?patient={patient}").json()
    odd.behaviours["/r4/Condition"] = packed(conditions)

    answer, _ = asked_of(odd, connected, patient)

    assert cards(answer) == cards(connected.fetched(patient))
    assert all("gzip" in each.headers["accept-encoding"] for each in odd.requests)


def test_pages_without_an_end_are_left_after_some(connected: Connected, odd: OddServer, patient: str) -> None:
    result = {
        "resourceType": "Observation",
        "id": "again",
        "status": "final",
        "code": {"text": "Potassium"},
        "subject": {"reference": f"Patient/{patient}"},
    }
    odd.behaviours["/r4/Observation"] = endless_pages(result)

    answer, seconds = asked_of(odd, connected, patient)

    assert (kinds(cards(answer))[-1], seconds < BUDGET + SLACK) == ("data", True)
    assert len(odd.requests) < 8 + 3 * 10
    assert is_normal(odd, connected, patient)


def test_the_token_goes_to_no_other_server(
    connected: Connected, odd: OddServer, elsewhere: OddServer, patient: str
) -> None:
    result = {"resourceType": "Observation", "id": "one", "subject": {"reference": f"Patient/{patient}"}}
    odd.behaviours |= {
        "/r4/Observation": endless_pages(result, elsewhere.base),
        "/r4/MedicationRequest": redirects_to(f"{elsewhere.base}/r4/MedicationRequest"),
        "/r4/ServiceRequest": redirects_to(f"//{elsewhere.base.partition('//')[2]}/r4", 307),
    }

    answer, _ = asked_of(odd, connected, patient)

    assert (kinds(cards(answer))[-1], elsewhere.connections) == ("data", 0)
    assert is_normal(odd, connected, patient)


def test_a_server_that_hangs_holds_up_nobody_else(connected: Connected, odd: OddServer, patient: str) -> None:
    odd.behaviours["/r4"] = never_answers

    with ThreadPoolExecutor(12) as others:
        hanging = [others.submit(asked_of, odd, connected, patient) for _ in range(12)]
        while len(odd.requests) < 12 and not all(each.done() for each in hanging):
            sleep(0.01)
        usual = cards(connected.fetched(patient))
    statuses = [each.result()[0].status_code for each in hanging]

    assert (rows(usual), statuses) == (["L01", "D02"], [412] * 12)


def test_after_all_that_it_runs_and_is_small(connected: Connected, odd: OddServer, patient: str) -> None:
    for behaviour in (a_gigabyte, an_endless_body, a_gzip_bomb):
        odd.behaviours["/r4/Observation"] = behaviour
        asked_of(odd, connected, patient)

    assert connected.service.is_running()
    assert connected.service.most_memory() < 300 * MEGABYTE
    assert "Traceback" not in connected.service.written()
