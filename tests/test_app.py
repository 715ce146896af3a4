"""The service over HTTP: every status, CORS on all of them, nothing of a patient in a log or an error."""

import asyncio
import io
import json
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message

from cds_service.advise import Advice
from cds_service.app import create_app
from cds_service.errors import DataUnavailable
from cds_service.fhir import gather
from cds_service.hooks import Action, Card, HookRequest, Source, Suggestion
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings, load
from cds_service.turns import LARGE
from tests.client import HOOK_PATH, JSON, call, post
from tests.logged import lines
from tests.test_hooks import INSTANCE, PATIENT, a_bundle, a_call, any_json

PREFETCH = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
}
IN_ORDER: dict[str, Any] = {"patient": PATIENT, "conditions": None, "medicationRequests": None}
ORIGIN = {"Origin": "https://sandbox.example"}
CARD = Card(
    summary="Low potassium",
    indicator="warning",
    source=Source("legcramps"),
    suggestions=(Suggestion("Order", (Action("create", "d", {"resourceType": "ServiceRequest"}),)),),
    extension={
        "org.legcramps.card": "main",
        "org.legcramps.findings": [{"row": "L01", "id": "low-potassium", "role": "contributor"}],
    },
)


def one_card(request: HookRequest, today: date) -> Advice:
    """Stands for the core: reads what was supplied, says one thing."""
    supplied = gather(request)
    return Advice((CARD,), None, {"read": len(supplied.given), "unread": len(supplied.unread)})


def silent(request: HookRequest, today: date) -> Advice:
    return Advice((), "no report", {"read": 0, "unread": 0})


def an_app(adviser: Any = one_card, **changes: Any) -> ASGIApp:
    knowledge = cast(
        Knowledge,
        SimpleNamespace(prefetch=PREFETCH, contributors=(), chains=(), version="2026.11", is_demo=True),
    )
    return create_app(a_site(**changes), knowledge, adviser)


def a_site(**changes: Any) -> Settings:
    return load(**{"base_url": "http://127.0.0.1:8000", "today": date(2026, 6, 15), **changes})


def body(**changes: Any) -> bytes:
    return json.dumps(a_call(**{"prefetch": IN_ORDER, **changes})).encode()


def test_discovery_lists_the_service() -> None:
    answer = call(an_app(), "GET", "/cds-services")

    service = answer.json()["services"][0]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (service["hook"], service["id"], service["version"]) == (
        "patient-view",
        "nocturnal-leg-cramps",
        "2.0.1",
    )
    assert service["prefetch"] == PREFETCH
    assert all(service[member] for member in ("title", "description", "usageRequirements"))


def test_cards_come_back_with_ids_of_their_own() -> None:
    app = an_app()

    answers = [post(app, body()) for _ in range(2)]

    cards = [answer.json()["cards"][0] for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert cards[0]["summary"] == "Low potassium"
    assert len({card["uuid"] for card in cards} | {card["suggestions"][0]["uuid"] for card in cards}) == 4
    assert answers[0].headers["cache-control"] == "no-store"
    assert answers[0].headers["x-content-type-options"] == "nosniff"


def test_silence_is_an_empty_list() -> None:
    assert post(an_app(silent), body()).content == b'{"cards":[]}'


def test_the_core_is_told_the_day() -> None:
    told: list[Any] = []

    def listening(request: HookRequest, today: date) -> Advice:
        told.extend((request.patient_id, today))
        return silent(request, today)

    post(an_app(listening), body())

    assert told == ["p1", date(2026, 6, 15)]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/fhir+json; fhirVersion=4.0",
    ],
)
def test_json_under_its_names_is_taken(content_type: str) -> None:
    assert post(an_app(), body(), {"Content-Type": content_type}).status_code == 200


async def chunks() -> AsyncIterator[bytes]:
    for _ in range(4):
        yield b" " * 1000


REFUSALS: dict[str, tuple[tuple[str, str, Any, dict[str, str]], int, str]] = {
    "not JSON": (("POST", HOOK_PATH, b"{", JSON), 400, "body: "),
    "empty": (("POST", HOOK_PATH, b"", JSON), 400, "body: "),
    "nested": (("POST", HOOK_PATH, b'{"a":' + b"[" * 1400 + b"]" * 1400 + b"}", JSON), 400, "body: "),
    "hook": (("POST", HOOK_PATH, body(hook="order-sign"), JSON), 400, "hook: "),
    "context": (("POST", HOOK_PATH, body(context={}), JSON), 400, "context.userId: "),
    "other patient": (
        (
            "POST",
            HOOK_PATH,
            body(prefetch={**IN_ORDER, "patient": {"resourceType": "Patient", "id": "x"}}),
            JSON,
        ),
        400,
        "prefetch.patient: ",
    ),
    "unknown service": (("POST", "/cds-services/other", body(), JSON), 404, "there is nothing"),
    "unknown path": (("GET", "/x", None, {}), 404, "there is nothing"),
    "unknown story": (("GET", "/demo/nobody", None, {}), 404, "there is no such built-in patient"),
    "path out of the folder": (("GET", "/demo/..%2f..%2fetc", None, {}), 404, "there is nothing"),
    "get a hook": (("GET", HOOK_PATH, None, {}), 405, "this path is not for this method"),
    "post to discovery": (("POST", "/cds-services", body(), JSON), 405, "this path is not for this method"),
    "delete": (("DELETE", HOOK_PATH, None, {}), 405, "this path is not for this method"),
    "no prefetch": (("POST", HOOK_PATH, body(prefetch={}), JSON), 412, "prefetch.patient: "),
    "no conditions": (
        ("POST", HOOK_PATH, body(prefetch={"patient": PATIENT}), JSON),
        412,
        "prefetch.conditions: ",
    ),
    "large": (("POST", HOOK_PATH, b" " * 3001, JSON), 413, "body: "),
    "large in chunks": (("POST", HOOK_PATH, chunks, JSON), 413, "body: "),
    "large by its word": (("POST", HOOK_PATH, b"{}", {**JSON, "Content-Length": "9" * 5000}), 413, "body: "),
    "text": (("POST", HOOK_PATH, body(), {"Content-Type": "text/plain"}), 415, "Content-Type: "),
    "no type": (("POST", HOOK_PATH, body(), {}), 415, "Content-Type: "),
    "form": (
        ("POST", HOOK_PATH, body(), {"Content-Type": "multipart/form-data; boundary=x"}),
        415,
        "Content-Type: ",
    ),
    "latin": (
        ("POST", HOOK_PATH, body(), {"Content-Type": "application/json; charset=latin-1"}),
        415,
        "Content-Type: ",
    ),
    "compressed": (
        ("POST", HOOK_PATH, body(), {**JSON, "Content-Encoding": "gzip"}),
        415,
        "Content-Encoding: ",
    ),
}


@pytest.mark.parametrize(("request_", "status", "said"), REFUSALS.values(), ids=REFUSALS.keys())
def test_every_refusal_says_what_to_mend_and_reaches_a_browser(request_: Any, status: int, said: str) -> None:
    method, path, content, headers = request_

    answer = call(
        an_app(max_body=3000),
        method,
        path,
        content() if callable(content) else content,
        headers | ORIGIN,
    )

    outcome = answer.json()
    assert answer.status_code == status
    assert outcome["resourceType"] == "OperationOutcome"
    assert outcome["issue"][0]["diagnostics"].startswith(said)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_method_that_is_not_for_a_path_is_told_which_is() -> None:
    assert call(an_app(), "GET", HOOK_PATH).headers["allow"] == "POST"


def test_an_error_of_ours_is_a_500_without_detail(log: io.StringIO) -> None:
    def broken(*_: Any) -> Advice:
        raise ZeroDivisionError("canary")

    answer = call(an_app(broken), "POST", HOOK_PATH, body(), JSON | ORIGIN)

    assert answer.status_code == 500
    assert answer.json()["issue"][0]["code"] == "exception"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "canary" not in answer.text + log.getvalue()
    assert [line["event"] for line in lines(log)] == ["hook", "unexpected"]
    assert lines(log)[1]["error"].startswith("ZeroDivisionError at test_app.py:")


def test_nesting_that_is_met_late_is_the_caller_s_to_mend() -> None:
    def deep(*_: Any) -> Advice:
        raise RecursionError

    assert post(an_app(deep), body()).status_code == 400


def test_data_that_the_core_misses_is_a_412() -> None:
    def wanting(*_: Any) -> Advice:
        raise DataUnavailable("prefetch.labs: was not supplied")

    answer = post(an_app(wanting), body())

    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (412, "required")


LARGE_BODIES: dict[str, tuple[bytes, int]] = {
    "cards": (body(extension={"text": "x" * LARGE}), 200),
    "not JSON": (b"{" + b" " * LARGE, 400),
    "nothing but values": (b"[" + b"0," * 450_000, 413),
}


@pytest.mark.parametrize(("sent", "status"), LARGE_BODIES.values(), ids=LARGE_BODIES)
def test_a_large_body_gets_the_answer_that_a_small_one_gets(sent: bytes, status: int) -> None:
    assert post(an_app(), sent).status_code == status


@pytest.mark.parametrize(("size", "is_beside"), [(0, False), (LARGE, True)])
def test_only_what_is_large_is_worked_on_beside_the_loop(size: int, *, is_beside: bool) -> None:
    threads = []

    def listening(request: HookRequest, today: date) -> Advice:
        threads.append(threading.current_thread())
        return silent(request, today)

    post(an_app(listening), body(extension={"text": "x" * size}))

    assert [each is not threading.main_thread() for each in threads] == [is_beside]


def test_a_caller_that_leaves_is_no_error_of_ours(log: io.StringIO) -> None:
    scope = {
        "type": "http",
        "method": "POST",
        "path": HOOK_PATH,
        "headers": [(b"content-type", b"application/json")],
        "query_string": b"",
    }

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        assert message["type"] in ("http.response.start", "http.response.body")

    asyncio.run(cast(Any, an_app())(scope, receive, send))

    assert [(line["event"], line["status"]) for line in lines(log)] == [("hook", 400)]


@pytest.mark.parametrize(("method", "path"), [("GET", "/cds-services"), ("POST", HOOK_PATH)])
def test_a_browser_may_ask_first_without_credentials(method: str, path: str) -> None:
    asked = {
        **ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,accept,traceparent",
        "Access-Control-Request-Private-Network": "true",
    }

    answer = call(an_app(), "OPTIONS", path, headers=asked)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"GET", "POST"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert all(header in allowed for header in ("authorization", "content-type", "accept", "traceparent"))
    assert answer.headers["access-control-allow-private-network"] == "true"


def test_cards_and_discovery_reach_a_browser() -> None:
    app = an_app(cors_origins="https://sandbox.example")

    answers = [post(app, body(), ORIGIN), call(app, "GET", "/cds-services", headers=ORIGIN)]
    stranger = post(app, body(), {"Origin": "https://stranger.example"})

    assert {answer.headers["access-control-allow-origin"] for answer in answers} == {
        "https://sandbox.example"
    }
    assert "access-control-allow-origin" not in stranger.headers


def test_one_line_is_logged_for_an_answer(log: io.StringIO) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"

    post(an_app(), body(), {"traceparent": f"00-{trace}-b7ad6b7169203331-01"})

    line = lines(log)[0]
    assert line.pop("milliseconds") >= 0
    assert list(line.pop("stages")) == ["authenticate", "read", "decode", "consider", "word"]
    assert line.pop("timestamp")
    assert lines(log)[1:] == []
    assert line == {
        "event": "hook",
        "level": "info",
        "service": "nocturnal-leg-cramps",
        "status": 200,
        "client": "anybody",
        "hook_instance": INSTANCE,
        "trace": trace,
        "cards": 1,
        "indicators": ["warning"],
        "rows": ["L01"],
        "counts": {"read": 1, "unread": 0},
    }


def test_the_log_says_why_nothing_was_said(log: io.StringIO) -> None:
    post(an_app(silent), body())

    assert (lines(log)[0]["cards"], lines(log)[0]["silence"]) == (0, "no report")


def test_the_log_names_the_member_that_was_wrong(log: io.StringIO) -> None:
    post(an_app(), body(hook="order-sign"))

    assert (lines(log)[0]["status"], lines(log)[0]["member"]) == (400, "hook")


def stuffed(canary: str) -> Iterator[tuple[str, bytes]]:
    """Calls that carry *canary* in every place one can think of, in order and out of order."""
    observation = {
        "resourceType": "Observation",
        "id": canary,
        "subject": {"reference": f"Patient/{canary}", "display": canary},
        "code": {"coding": [{"system": canary, "code": canary, "display": canary}], "text": canary},
        "valueQuantity": {"value": 3.1, "unit": canary},
        "valueString": canary,
        "effectiveDateTime": canary,
        "note": [{"text": canary}],
    }
    patient = {"resourceType": "Patient", "id": canary, "birthDate": canary, "name": [{"text": canary}]}
    whole = {
        "context": {"userId": f"Practitioner/{canary}", "patientId": canary, "encounterId": canary},
        "fhirServer": f"https://{canary}.example",
        "fhirAuthorization": {"access_token": canary},
        "prefetch": {
            "patient": patient,
            "conditions": a_bundle(observation, observation | {"status": 5}, canary),
            "medicationRequests": None,
            canary: observation,
            f"{canary} {canary}": observation,
        },
        "extension": {canary: canary},
    }
    yield "in order", body(**whole)
    for member in ("hook", "hookInstance", "context", "fhirServer", "fhirAuthorization", "prefetch"):
        yield member, body(**whole | {member: canary})
    for member in ("userId", "patientId", "encounterId"):
        yield member, body(**whole | {"context": whole["context"] | {member: f"{canary}/{canary}/{canary}"}})  # type: ignore[operator]  # a dictionary above
    yield "another patient", body(**whole | {"prefetch": IN_ORDER | {"labs": observation}})
    yield "a value that is no resource", body(prefetch=IN_ORDER | {f"{canary} {canary}": canary})
    yield "nothing known", body(**whole | {"prefetch": {"labs": observation}})
    yield "not JSON", canary.encode()


CANARY = "Zaunkoenig77"


@pytest.mark.parametrize("call_", [pytest.param(made, id=name) for name, made in stuffed(CANARY)])
def test_nothing_of_a_patient_is_logged_or_repeated(call_: bytes, log: io.StringIO) -> None:
    headers = {"traceparent": CANARY, "Authorization": f"Bearer {CANARY}", "User-Agent": CANARY}

    answers = [
        post(an_app(), call_, headers),
        post(an_app(max_body=10), call_, headers),
        post(an_app(), call_, {"Content-Type": f"text/{CANARY}"}),
        call(an_app(), "POST", f"/cds-services/{CANARY}?patient={CANARY}", call_, JSON),
        call(an_app(), "GET", f"/demo/{CANARY}"),
    ]

    assert CANARY not in log.getvalue()
    assert all(CANARY not in answer.text for answer in answers)


@given_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.binary(max_size=100)
    | st.dictionaries(st.text(max_size=5), any_json).map(lambda any_: json.dumps(any_).encode())
)
def test_any_body_has_a_defined_answer(log: io.StringIO, sent: bytes) -> None:
    answer = post(an_app(), sent)

    assert answer.status_code in (200, 400, 412, 413, 415)
    assert isinstance(answer.json(), dict)


@given_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(any_json, any_json)
def test_any_prefetch_has_a_defined_answer(log: io.StringIO, value: Any, member: Any) -> None:
    entry = {"resourceType": "Observation", "code": value, "subject": member, "component": value}
    calls = [
        body(prefetch=IN_ORDER | {"labs": value}),
        body(prefetch=IN_ORDER | {"labs": a_bundle(entry, value)}),
        body(prefetch=IN_ORDER | {"labs": {"resourceType": "Bundle", "entry": value, "total": member}}),
    ]

    answers = [post(an_app(), made) for made in calls]

    assert {answer.status_code for answer in answers} <= {200, 400, 412}


def a_story(folder: Path, request: str, written_for: str = "2026-06-15") -> Path:
    (folder / "low-potassium").mkdir()
    (folder / "low-potassium" / "request.json").write_text(request, "utf-8")
    (folder / "low-potassium" / "story.md").write_text(
        f"---\ntitle: x\ntoday: {written_for}\n---\nA woman of 71.\n", "utf-8"
    )
    return folder


def test_a_built_in_patient_never_grows_old(tmp_path: Path) -> None:
    request = (
        '{"a":"2026-06-14","b":"2026-06-14T23:10:00-04:00","c":"2026-06",'
        '"d":"since 2024-02-28, daily","e":"2026-13-45"}'
    )
    site = an_app(fixtures=a_story(tmp_path, request), today=date(2026, 6, 17))

    answer = call(site, "GET", "/demo/low-potassium")

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "a": "2026-06-16",
        "b": "2026-06-16T23:10:00-04:00",
        "c": "2026-06",
        "d": "since 2024-03-01, daily",
        "e": "2026-13-45",
    }


def test_built_in_patients_are_for_demonstrations(tmp_path: Path) -> None:
    site = an_app(fixtures=a_story(tmp_path, "{}"), profile="production")

    assert call(site, "GET", "/demo/low-potassium").status_code == 404


def test_a_person_at_the_root_is_told_where_to_go() -> None:
    answer = call(an_app(), "GET", "/")

    assert (answer.status_code, "http://127.0.0.1:8000/cds-services" in answer.text) == (200, True)


def test_the_hook_is_described() -> None:
    described = call(an_app(), "GET", "/openapi.json").json()["paths"][HOOK_PATH]["post"]

    schema = described["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["hook", "hookInstance", "context"]
    assert set(described["responses"]) == {
        *("200", "400", "401", "403", "408", "412", "413", "415", "503"),
    }
