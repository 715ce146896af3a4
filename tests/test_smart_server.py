"""The server of our SMART tests is strict: an app that gets by with it does what SMART App Launch asks."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import jwt
import pytest
from jwt.algorithms import RSAAlgorithm

from tests.served import NO_AUTHORITIES
from tests.smart_rules import challenge_of
from tests.smart_server import Faults, SmartServer, smart_server

JSON = dict[str, Any]
APP = "app"
BACK = "http://127.0.0.1:9/timeline"
VERIFIER = "verifier-of-these-tests-with-letters-enough-43"
SCOPE = "launch openid fhirUser patient/Patient.rs patient/Condition.rs patient/Observation.rs"
STORY = Path(__file__).parents[1] / "fixtures/furosemide-low-potassium/request.json"


@pytest.fixture(scope="module")
def running() -> Iterator[SmartServer]:
    with smart_server() as server:
        server.register(APP, "http://127.0.0.1:9/launch", BACK)
        yield server


@pytest.fixture
def ehr(running: SmartServer) -> SmartServer:
    running.faults = Faults()
    return running


@pytest.fixture(scope="module")
def patient(running: SmartServer) -> str:
    return running.put(json.loads(STORY.read_text("utf-8")), "strict")


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, verify=NO_AUTHORITIES) as client:
        yield client


_states = (f"state-{number:04}-of-these-tests" for number in range(1000))


def asked(ehr: SmartServer, patient: str | None = "p1", **changed: str | None) -> str:
    """The address of an authorization as it should be; a parameter of None is left out."""
    launch = parse_qs(urlsplit(ehr.launch(APP, patient)).query)["launch"][0]
    usual = {
        "response_type": "code",
        "client_id": APP,
        "redirect_uri": BACK,
        "scope": SCOPE,
        "state": next(_states),
        "aud": ehr.base,
        "launch": launch,
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }
    sent = {name: value for name, value in {**usual, **changed}.items() if value is not None}
    return f"{ehr.origin}/authorize?{urlencode(sent)}"


def decided(ehr: SmartServer, client: httpx.Client, address: str, decision: str = "allow") -> dict[str, str]:
    """What the app is told once the person has decided."""
    page = client.get(address)
    assert page.status_code == 200, page.text
    ticket = page.text.partition('name="ticket" value="')[2].partition('"')[0]
    answer = client.post(f"{ehr.origin}/decide", data={"ticket": ticket, "decision": decision})
    return told(answer)


def told(answer: httpx.Response) -> dict[str, str]:
    """The parameters of a redirect to the app."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["location"].startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchanged(ehr: SmartServer, client: httpx.Client, code: str, **changed: str | None) -> httpx.Response:
    """The answer to a code; a parameter of None is left out."""
    usual = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": APP,
        "code_verifier": VERIFIER,
    }
    sent = {name: value for name, value in {**usual, **changed}.items() if value is not None}
    return client.post(f"{ehr.origin}/token", data=sent)


def signed_in(ehr: SmartServer, client: httpx.Client, patient: str, **changed: str | None) -> JSON:
    """The token response of a sign-in that goes well."""
    code = decided(ehr, client, asked(ehr, patient, **changed))["code"]
    answer = exchanged(ehr, client, code)
    assert answer.status_code == 200, answer.text
    said: JSON = answer.json()
    return said


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# --- signing in ---------------------------------------------------------------------------------------------------


def test_a_sign_in_gives_a_token_for_the_patient(
    ehr: SmartServer, client: httpx.Client, patient: str
) -> None:
    answer = signed_in(ehr, client, patient)

    assert answer["patient"] == patient
    assert set(answer["scope"].split()) == set(SCOPE.split())
    assert "refresh_token" not in answer
    [key] = client.get(f"{ehr.origin}/keys").json()["keys"]
    claims = jwt.decode(answer["id_token"], RSAAlgorithm.from_jwk(key), ["RS256"], audience=APP)  # type: ignore[arg-type]
    assert claims["fhirUser"] == f"{ehr.base}/Practitioner/gp"


@pytest.mark.parametrize(
    "changed", [{"client_id": "another"}, {"redirect_uri": f"{BACK}/"}, {"redirect_uri": None}]
)
def test_nobody_is_sent_to_an_address_that_is_not_the_app_s(
    ehr: SmartServer, client: httpx.Client, changed: dict[str, str | None]
) -> None:
    answer = client.get(asked(ehr, **changed))

    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": "short"}, "invalid_request"),
        ({"state": "Ab3dEf6hIj9lMn1p"}, "invalid_request"),  # what fhirclient would make up
        ({"state": None}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"aud": "https://fhir.example"}, "invalid_request"),
        ({"launch": None}, "invalid_request"),
        ({"launch": "unknown"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"scope": "openid fhirUser patient/Patient.rs"}, "invalid_scope"),
        ({"scope": f"{SCOPE} offline_access"}, "invalid_scope"),
        ({"scope": f"{SCOPE} patient/Condition.read"}, "invalid_scope"),
    ],
)
def test_an_authorization_that_is_not_as_it_should_be_is_refused(
    ehr: SmartServer, client: httpx.Client, changed: dict[str, str | None], error: str
) -> None:
    answer = told(client.get(asked(ehr, **changed)))

    assert answer["error"] == error


def test_a_launch_and_a_state_are_good_once(ehr: SmartServer, client: httpx.Client) -> None:
    first = asked(ehr)
    launch, state = (parse_qs(urlsplit(first).query)[name][0] for name in ("launch", "state"))
    decided(ehr, client, first)

    assert told(client.get(asked(ehr, launch=launch)))["error"] == "invalid_request"
    assert told(client.get(asked(ehr, state=state)))["error"] == "invalid_request"


def test_the_person_may_refuse(ehr: SmartServer, client: httpx.Client) -> None:
    answer = decided(ehr, client, asked(ehr, state="of-a-person-who-says-no"), "refuse")

    assert answer == {"error": "access_denied", "state": "of-a-person-who-says-no"}


# --- the token endpoint -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"grant_type": "password"},
        {"code": "unknown"},
        {"redirect_uri": f"{BACK}?"},
        {"redirect_uri": None},
        {"client_id": "another"},
        {"client_id": None},
        {"code_verifier": None},
        {"code_verifier": "short"},
        {"code_verifier": VERIFIER + "5"},
    ],
)
def test_a_code_is_exchanged_for_nobody_else(
    ehr: SmartServer, client: httpx.Client, changed: dict[str, str | None]
) -> None:
    code = decided(ehr, client, asked(ehr))["code"]

    assert exchanged(ehr, client, **{"code": code, **changed}).status_code == 400  # type: ignore[arg-type]


def test_a_code_that_comes_twice_ends_what_it_gave(
    ehr: SmartServer, client: httpx.Client, patient: str
) -> None:
    code = decided(ehr, client, asked(ehr, patient))["code"]
    token = exchanged(ehr, client, code).json()["access_token"]

    assert exchanged(ehr, client, code).json()["error"] == "invalid_grant"
    assert client.get(f"{ehr.base}/Patient/{patient}", headers=bearer(token)).status_code == 401


def test_a_code_has_letters_that_have_to_be_encoded(ehr: SmartServer, client: httpx.Client) -> None:
    """An app that puts the code into the form as it is sends another one."""
    code = decided(ehr, client, asked(ehr))["code"]
    form = f"grant_type=authorization_code&code={code}&redirect_uri={BACK}&client_id={APP}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = client.post(f"{ehr.origin}/token", content=f"{form}&code_verifier={VERIFIER}", headers=headers)

    assert answer.json()["error"] == "invalid_grant"


def test_a_public_app_has_no_secret_and_sends_a_form(ehr: SmartServer, client: httpx.Client) -> None:
    secret = client.post(f"{ehr.origin}/token", data={"code": "c"}, headers={"Authorization": "Basic YTpi"})
    body = client.post(f"{ehr.origin}/token", json={"code": "c"})

    assert secret.json()["error"] == "invalid_client"
    assert body.json()["error"] == "invalid_request"


# --- the record ---------------------------------------------------------------------------------------------------


def test_a_token_reads_what_its_scope_names_of_its_patient(
    ehr: SmartServer, client: httpx.Client, patient: str
) -> None:
    headers = bearer(signed_in(ehr, client, patient)["access_token"])

    person = client.get(f"{ehr.base}/Patient/{patient}", headers=headers)
    results = client.get(f"{ehr.base}/Observation?patient={patient}", headers=headers)
    drugs = client.get(f"{ehr.base}/MedicationRequest?patient={patient}", headers=headers)
    another = client.get(f"{ehr.base}/Observation?patient=another", headers=headers)

    assert person.json()["birthDate"] == "1947-09-14"
    assert {entry["resource"]["resourceType"] for entry in results.json()["entry"]} == {"Observation"}
    assert (drugs.status_code, another.status_code) == (403, 403)


def test_a_token_of_another_patient_reads_nothing(
    ehr: SmartServer, client: httpx.Client, patient: str
) -> None:
    headers = bearer(signed_in(ehr, client, "another")["access_token"])

    assert client.get(f"{ehr.base}/Patient/{patient}", headers=headers).status_code == 403


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer unknown"}])
def test_nothing_is_read_without_a_token(ehr: SmartServer, client: httpx.Client, headers: JSON) -> None:
    answer = client.get(f"{ehr.base}/Patient/p1", headers=headers)

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


# --- what can be made to go wrong ---------------------------------------------------------------------------------


def test_faults_are_what_they_say(ehr: SmartServer, client: httpx.Client, patient: str) -> None:
    configuration = f"{ehr.base}/.well-known/smart-configuration"
    headers = bearer(signed_in(ehr, client, patient)["access_token"])

    ehr.faults = Faults(without_pkce=True)
    assert "S256" not in client.get(configuration).json()["code_challenge_methods_supported"]
    ehr.faults = Faults(without_configuration=True)
    assert client.get(configuration).status_code == 404
    ehr.faults = Faults(has_expired=True)
    assert client.get(f"{ehr.base}/Patient/{patient}", headers=headers).status_code == 401
    ehr.faults = Faults(state="another")
    assert decided(ehr, client, asked(ehr))["state"] == "another"
    ehr.faults = Faults(no_exchange="invalid_grant")
    assert exchanged(ehr, client, "any").json()["error"] == "invalid_grant"
    ehr.faults = Faults(denied=frozenset({"patient/Observation.rs"}))
    assert "Observation" not in signed_in(ehr, client, patient)["scope"]


def test_a_browser_may_ask_from_another_origin_without_cookies(
    ehr: SmartServer, client: httpx.Client
) -> None:
    headers = {"Origin": "http://127.0.0.1:9", "Access-Control-Request-Method": "GET"}
    wanted = {"Access-Control-Request-Headers": "authorization"}

    answer = client.options(f"{ehr.base}/Patient/p1", headers={**headers, **wanted})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")
    assert "access-control-allow-credentials" not in answer.headers


def test_it_tells_what_it_was_asked(ehr: SmartServer, client: httpx.Client) -> None:
    before = len(ehr.asked)

    client.get(f"{ehr.base}/Observation?patient=p1", headers=bearer("t"))

    [seen] = ehr.asked[before:]
    assert (seen.method, seen.path, seen.query, seen.authorization) == (
        "GET",
        "/fhir/Observation",
        "patient=p1",
        "Bearer t",
    )


def test_a_chart_opens_the_app_in_a_tab_and_in_a_frame(ehr: SmartServer, client: httpx.Client) -> None:
    page = client.get(ehr.chart(APP, "p1", appContext='{"rows":["D02"]}')).text

    assert page.count("http://127.0.0.1:9/launch?iss=") == 2
    assert 'target="_blank"' in page
    assert "<iframe" in page
