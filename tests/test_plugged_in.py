"""
Plugged into a real EHR, scripted: our service as a process with authentication on, and a real FHIR server.

What it fetches itself gives the cards that a filled prefetch gives, and nobody gets in who should not.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ehr import TODAY, Connected, Ehr, a_call, access, cards, kinds, plugged_in, rows
from tests.fhir_server import by_reference, own_id, owned, resources_of
from tests.odd_server import OddServer, answers
from tests.patients import APatient, a_patient, days_before
from tests.served import Served, served

JSON = dict[str, Any]
FIXTURES = Path(__file__).parents[1] / "fixtures"
WRITTEN_AT = "http://127.0.0.1:8000"  # the service in the cards of the stories
STORIES = tuple(sorted(path.parent.name for path in FIXTURES.glob("*/request.json")))
# A client left a list out, which is here fetched; the server writes 2.00 as 2.0.
OTHERWISE = {"laboratory-list-missing", "low-total-calcium-low-albumin"}
BY_REFERENCE = ("furosemide-low-potassium", "simvastatin-clarithromycin", "pregnancy-statin-and-quinine")


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    # more time than a test of time has: here it is about cards
    with plugged_in(tmp_path_factory.mktemp("plugged-in"), fetch_seconds=10) as connected:
        yield connected


@pytest.fixture(scope="module")
def patient(connected: Connected) -> str:
    """A patient on the FHIR server."""
    chart = a_patient().with_cramps().taking("furosemide", days_before(60), dose="40 mg")
    return connected.put(chart.with_result("potassium", "3.1 mmol/L", days_before(5)).request(), "usual")


def story(name: str) -> JSON:
    request: JSON = json.loads((FIXTURES / name / "request.json").read_text("utf-8"))
    return request


def own_cards(name: str, service: Served, owner: str) -> list[JSON]:
    """The cards that the whole record of a story gives, under the names that it has on the FHIR server."""
    text = (FIXTURES / name / "cards.json").read_text("utf-8").replace(WRITTEN_AT, service.base)
    own: list[JSON] = json.loads(text)["cards"]
    for resource in resources_of(story(name)):
        text = f'{resource["resourceType"]}/{resource["id"]}"'
        own = json.loads(json.dumps(own).replace(text, text.replace("/", f"/{owner}-")))
    return own


# --- the same cards -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STORIES)
def test_a_story_that_is_fetched_is_told_as_one_that_is_prefetched(connected: Connected, name: str) -> None:
    owner = f"s{STORIES.index(name)}"
    patient = connected.put(story(name), owner)

    prefetched = cards(connected.prefetched(patient))
    fetched = cards(connected.fetched(patient))

    assert fetched == prefetched
    assert (fetched == own_cards(name, connected.service, owner)) == (name not in OTHERWISE)


@pytest.mark.parametrize("name", BY_REFERENCE)
def test_medicines_that_are_references_are_read(connected: Connected, name: str) -> None:
    chart = by_reference(resources_of(story(name)))
    owner = f"ref{STORIES.index(name)}"
    connected.fhir.load(owned(chart, owner))
    patient = own_id(owner, story(name)["context"]["patientId"])

    prefetched = cards(connected.prefetched(patient))
    fetched = cards(connected.fetched(patient))

    assert fetched == prefetched
    assert fetched == own_cards(name, connected.service, owner)


def of_many_results() -> APatient:
    """A low magnesium before two hundred and twenty normal results, so that it is not on the first page."""
    chart = a_patient().with_cramps().taking("omeprazole", days_before(300))
    chart = chart.with_result("magnesium", "0.55 mmol/L", days_before(80))
    for place in range(220):
        chart = chart.with_result("potassium", f"4.{place % 5 + 1} mmol/L", days_before(1 + place // 3))
    return chart


def test_results_on_a_second_page_count(connected: Connected) -> None:
    patient = connected.put(of_many_results().request(), "many")

    fetched = cards(connected.fetched(patient))

    whole = cards(connected.prefetched(patient, whole=True))
    first_page = cards(connected.prefetched(patient))
    assert ("L02" in rows(fetched), kinds(fetched)) == (True, kinds(whole))
    assert fetched == whole
    assert fetched != first_page


def test_a_first_page_that_the_client_sent_is_gone_on_from(connected: Connected) -> None:
    patient = connected.put(of_many_results().request(), "onward")
    [service] = connected.service.get("/cds-services").json()["services"]
    prefetch = connected.fhir.filled(service["prefetch"], patient)
    before = len(connected.fhir.seen())

    answer = connected.call(
        a_call(patient, prefetch=prefetch, **access(connected.fhir.base, connected.fhir.token))
    )

    asked = [each.target for each in connected.fhir.seen()[before:]]
    assert cards(answer) == cards(connected.prefetched(patient, whole=True))
    assert [("Observation?" in target, "_offset=200" in target) for target in asked] == [(True, True)]


def test_what_is_missing_is_asked_for_and_nothing_else(connected: Connected, patient: str) -> None:
    [service] = connected.service.get("/cds-services").json()["services"]
    prefetch = connected.fhir.filled(service["prefetch"], patient)
    whole = connected.call(a_call(patient, prefetch=prefetch))
    part = {key: value for key, value in prefetch.items() if key not in ("labs", "medicationRequests")}
    before = len(connected.fhir.seen())

    answer = connected.call(
        a_call(patient, prefetch=part, **access(connected.fhir.base, connected.fhir.token))
    )

    asked = sorted(each.target.partition("?")[0] for each in connected.fhir.seen()[before:])
    assert cards(answer) == cards(whole)
    assert asked == ["MedicationRequest", "Observation"]


def test_null_says_that_there_is_nothing_and_is_not_asked_again(connected: Connected, patient: str) -> None:
    [service] = connected.service.get("/cds-services").json()["services"]
    prefetch = connected.fhir.filled(service["prefetch"], patient)
    before = len(connected.fhir.seen())

    answer = connected.call(
        a_call(
            patient,
            prefetch={**prefetch, "labs": None, "medicationRequests": None},
            **access(connected.fhir.base, connected.fhir.token),
        )
    )

    assert (rows(cards(answer)), connected.fhir.seen()[before:]) == (["D02"], [])


def test_the_fhir_server_saw_the_token_with_every_question(connected: Connected, patient: str) -> None:
    before = len(connected.fhir.seen())

    connected.fetched(patient)

    asked = connected.fhir.seen()[before:]
    assert {(each.method, each.is_authorised) for each in asked} == {("GET", True)}
    assert len(asked) == 8


def test_a_token_that_the_fhir_server_refuses_is_412(connected: Connected, patient: str) -> None:
    answer = connected.fetched(patient, token="another")  # noqa: S106 - wrong on purpose

    assert (answer.status_code, answer.json()["resourceType"]) == (412, "OperationOutcome")


def test_gated_nothing_is_asked_for_until_there_is_a_report(
    connected: Connected, patient: str, tmp_path: Path
) -> None:
    silent = connected.put(a_patient().taking("furosemide").request(), "reportless")
    settings = {"clients": connected.ehr.clients, "development": True, "today": TODAY, "gated": True}
    with served(tmp_path, **settings) as service:
        gated = Connected(service, connected.ehr, connected.fhir)
        [offered] = service.get("/cds-services").json()["services"]
        asked, answered = [], []
        for each in (silent, patient):
            prefetch = connected.fhir.filled(offered["prefetch"], each)
            before = len(connected.fhir.seen())
            answered.append(cards(gated.fetched(each, prefetch=prefetch)))
            asked.append(len(connected.fhir.seen()) - before)

    assert (answered[0], asked[0]) == ([], 0)
    assert rows(answered[1]) == rows(cards(connected.fetched(patient)))
    assert set(offered["prefetch"]) >= {"patient", "conditions"}
    assert asked[1] + len(offered["prefetch"]) == 8


# --- nobody else --------------------------------------------------------------------------------------------------


def test_a_call_without_a_token_is_401_and_asks_nobody(connected: Connected, patient: str) -> None:
    before = len(connected.fhir.seen())

    answer = connected.service.call(a_call(patient, **access(connected.fhir.base, connected.fhir.token)))

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["issue"][0]["code"] == "login"
    assert connected.fhir.seen()[before:] == []


def test_a_token_is_good_for_one_call(connected: Connected, patient: str) -> None:
    request = a_call(patient, **access(connected.fhir.base, connected.fhir.token))
    token = connected.ehr.token(connected.service.hook)

    answers_ = [connected.service.call(request, token) for _ in range(2)]

    assert [each.status_code for each in answers_] == [200, 401]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://another.example/cds-services/nocturnal-leg-cramps"},
        {"iss": "https://another.example"},
        {"exp": 1_600_000_000},
        {"iat": 4_000_000_000, "nbf": 4_000_000_000, "exp": 4_000_000_300},
        {"jti": None},
        {"exp": None},
    ],
    ids=str,
)
def test_a_token_that_says_something_else_is_401(
    connected: Connected, patient: str, claims: dict[str, Any]
) -> None:
    token = connected.ehr.token(connected.service.hook, **claims)

    answer = connected.service.call(a_call(patient), token)

    without = connected.service.call(a_call(patient))
    assert (answer.status_code, answer.json()) == (401, without.json())


def test_a_token_that_another_key_signed_is_401(connected: Connected, tmp_path: Path) -> None:
    stranger = Ehr.known_in(tmp_path, [])

    answer = connected.service.call(a_call("p1"), stranger.token(connected.service.hook))

    assert answer.status_code == 401


def test_a_token_is_not_good_again_after_a_restart(connected: Connected, tmp_path: Path) -> None:
    address = "https://cds.example/cds-services/nocturnal-leg-cramps"
    ehr = Ehr.known_in(tmp_path, [connected.fhir.base], audiences=[address])
    request = {**story("no-cramp-report"), "hookInstance": "5b2b1f5e-6d0c-4b8e-9a53-0d7a2f1c9e10"}
    token, statuses = ehr.token(address), []

    for _ in range(2):
        with served(tmp_path, clients=ehr.clients, development=True, today=TODAY) as service:
            statuses.append(service.call(request, token).status_code)

    assert statuses == [200, 401]


def test_a_server_that_is_not_listed_is_not_asked(connected: Connected, patient: str) -> None:
    with OddServer({"/": answers({"resourceType": "Bundle", "type": "searchset"})}) as unlisted:
        answer = connected.fetched(patient, base=unlisted.base)

    assert (answer.status_code, unlisted.connections) == (412, 0)


def test_nothing_that_is_secret_or_a_patients_is_in_the_log(connected: Connected, patient: str) -> None:
    connected.fetched(patient)
    connected.fetched(patient, token="another-secret")  # noqa: S106 - wrong on purpose
    connected.service.call(a_call(patient), "eyJhbGciOiJub25lIn0.e30.")

    written = connected.service.written()

    told = (
        connected.fhir.token,
        "another-secret",
        connected.fhir.base,
        patient,
        "eyJ",
        "urosemide",
        "Traceback",
    )
    assert [word for word in told if word in written] == []
    assert [each["status"] for each in connected.service.log()[-3:]] == [200, 412, 401]
