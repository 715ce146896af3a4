"""What the FHIR server of these tests does with the queries that discovery offers: it is no better than real ones."""

import re
from typing import Any

import pytest

from cds_service.contributors import load
from tests.fhir_server import FhirServer, by_reference, next_page, owned, resources_of, the_server
from tests.patients import CARDS, a_patient, days_before
from tests.patients import FHIR as JSON

PATIENT = "asked-p1"
TEMPLATES = load(CARDS, "demo").prefetch


@pytest.fixture(scope="module")
def server() -> FhirServer:
    """The server with two patients on it."""
    chart = (
        a_patient()
        .with_cramps()
        .with_diagnosis("heart_failure")
        .taking("furosemide", days_before(80), dose="40 mg")
        .taking("furosemide", days_before(40), dose="80 mg")
        .prescribed("simvastatin", days_before(90))
        .prescribed("digoxin", days_before(50))
        .with_result("potassium", "3.10 mmol/L", days_before(30))
        .with_result("potassium", "3.0 mmol/L", days_before(3))
        .with_result("magnesium", "0.62 mmol/L", days_before(10))
        .with_result("glucose", "5 mmol/L", days_before(8))
        .with_result("bmi", "31 kg/m2", days_before(9))
        .with_result("potassium", "4.4 mmol/L", code={"text": "K (local code)"}, id="local")
        .ordered_for("night cramps")
        .ordered_for("done", status="completed")
    )
    resources = resources_of(chart.request())
    server = the_server()
    server.load(owned(resources, "asked"))
    server.load(owned(resources, "another"))
    return server


def query(key: str) -> str:
    return TEMPLATES[key].replace("{{context.patientId}}", PATIENT)


def ids(bundle: JSON, mode: str = "match") -> list[str]:
    entries = [each["resource"]["id"] for each in bundle.get("entry", []) if each["search"]["mode"] == mode]
    return [name.removeprefix("asked-") for name in entries]


def told(bundle: JSON) -> list[str]:
    """What the server says of a search beside its results."""
    outcomes = [each["resource"] for each in bundle["entry"] if each["search"]["mode"] == "outcome"]
    return [issue["diagnostics"] for outcome in outcomes for issue in outcome["issue"]]


def test_the_patient_is_read(server: FhirServer) -> None:
    answer = server.get(query("patient"))

    assert (answer.status_code, answer.json()["birthDate"]) == (200, "1950-03-01")


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("conditions", ["cramps", "dx2"]),
        ("medicationStatements", ["ms2", "ms1"]),
        ("medicationRequests", ["mr2", "mr1"]),
        ("glucose", ["ob4"]),
        ("labs", ["ob2", "ob3", "ob1"]),
        ("observations", ["ob5"]),
        ("serviceRequests", ["order1"]),
    ],
)
def test_each_list_holds_what_was_asked_for_of_this_patient_newest_first(
    server: FhirServer, key: str, found: list[str]
) -> None:
    answer = server.get(query(key))

    bundle = answer.json()
    assert (answer.status_code, ids(bundle), bundle["total"]) == (200, found, len(found))
    assert len(bundle["entry"]) == len(found)  # nothing was ignored, else an outcome would tell


def test_every_query_of_the_discovery_is_tried_here() -> None:
    tried = {"patient", "conditions", "medicationStatements", "medicationRequests"}
    tried |= {"glucose", "labs", "observations", "serviceRequests"}

    assert set(TEMPLATES) == tried


def test_a_result_under_a_local_code_is_found_by_category_or_not_at_all(server: FhirServer) -> None:
    by_code = server.get(query("labs")).json()

    everything = server.get(f"Observation?patient={PATIENT}&_count=200").json()

    assert ("local" in ids(by_code), "local" in ids(everything)) == (False, True)


def test_an_empty_list_has_no_entry_to_speak_of(server: FhirServer) -> None:
    bundle = server.get("Condition?patient=nobody").json()

    assert (bundle["total"], bundle.get("entry", [])) == (0, [])


def test_pages_of_two_name_this_server_and_come_to_the_same_list(server: FhirServer) -> None:
    whole = server.get(query("labs")).json()

    first = server.get(re.sub(r"_count=\d+", "_count=2", query("labs"))).json()
    onward = str(next_page(first))
    second = server.get(onward).json()

    assert onward.startswith(f"{server.base}/Observation?")
    assert ids(first) + ids(second) == ids(whole)
    assert (first["total"], second["total"], next_page(second)) == (3, 3, None)


def test_a_page_link_keeps_what_was_asked(server: FhirServer) -> None:
    first = server.get("Observation?patient=asked-p1&colour=red&_sort=-date&_count=2").json()

    onward = str(next_page(first))

    assert re.findall(r"[?&]([^=]+)=", onward) == ["patient", "_sort", "_count", "_offset"]
    assert told(first) == ["Unknown search parameter 'colour' for Observation; parameter ignored"]


def test_more_than_a_thousand_are_not_given_at_once(server: FhirServer) -> None:
    first = server.get("Observation?patient=asked-p1&_count=5000").json()

    assert "_count=1000" in first["link"][0]["url"]


def test_without_a_count_twenty_are_given(server: FhirServer) -> None:
    first = server.get("Observation?patient=asked-p1").json()

    assert "_count=20" in first["link"][0]["url"]


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("_sort=-banana", "Unknown sort parameter 'banana'; ignored"),
        ("code:in=http://a.example/vs", "Modifier ':in' is not supported on 'code'; parameter ignored"),
        ("performer-type=x", "Unknown search parameter 'performer-type' for Observation; parameter ignored"),
    ],
)
def test_what_it_does_not_know_is_ignored_and_told_beside_the_results(
    server: FhirServer, parameter: str, said: str
) -> None:
    bundle = server.get(f"Observation?patient={PATIENT}&{parameter}").json()

    assert (told(bundle), len(ids(bundle))) == ([said], 6)


def test_a_strict_search_is_refused_instead(server: FhirServer) -> None:
    answer = server.get(f"Observation?patient={PATIENT}&colour=red", Prefer="handling=strict")

    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationStatement"])
def test_medicines_that_are_references_come_along_when_they_are_included(
    server: FhirServer, kind: str
) -> None:
    chart = a_patient().taking("furosemide").prescribed("digoxin")
    server.load(owned(by_reference(resources_of(chart.request())), "referring"))

    alone = server.get(f"{kind}?patient=referring-p1").json()
    together = server.get(f"{kind}?patient=referring-p1&_include={kind}:medication").json()

    reference = alone["entry"][0]["resource"]["medicationReference"]["reference"]
    assert (len(ids(alone)), ids(alone, "include")) == (1, [])
    assert [f"Medication/{name}" for name in ids(together, "include")] == [reference]
    assert server.get(reference).json()["code"]["coding"][0]["display"] in ("Furosemide", "Digoxin")


def test_a_number_does_not_keep_its_last_zero(server: FhirServer) -> None:
    """So a value may be printed otherwise than by a client that passes on what was written."""
    answer = server.get("Observation/asked-ob1")

    assert '"value":3.1,' in answer.text


@pytest.mark.parametrize("token", ["", "Bearer wrong", "Basic YTpi"])
def test_nobody_is_answered_without_the_token(server: FhirServer, token: str) -> None:
    answer = server.get(query("patient"), Authorization=token)

    assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_an_unknown_patient_is_not_found(server: FhirServer) -> None:
    answer = server.get("Patient/nobody")

    assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")


def test_the_server_tells_what_it_was_asked(server: FhirServer) -> None:
    before = len(server.seen())

    server.get("Patient/asked-p1")
    server.get("Condition?patient=asked-p1&_count=3", Authorization="")

    asked: list[Any] = [(each.method, each.target, each.is_authorised) for each in server.seen()[before:]]
    assert asked == [
        ("GET", "Patient/asked-p1", True),
        ("GET", "Condition?patient=asked-p1&_count=3", False),
    ]


def test_a_client_fills_the_prefetch_page_by_page_or_wholly(server: FhirServer) -> None:
    templates = {
        "labs": re.sub(r"_count=\d+", "_count=2", TEMPLATES["labs"]),
        "patient": TEMPLATES["patient"],
    }

    first = server.filled(templates, PATIENT)
    whole = server.filled(templates, PATIENT, whole=True)

    assert (len(ids(first["labs"])), len(ids(whole["labs"]))) == (2, 3)
    assert (next_page(first["labs"]) is None, next_page(whole["labs"])) == (False, None)
    assert first["patient"] == whole["patient"]
