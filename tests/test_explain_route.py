"""`POST /explain`: why an answer is as it is; for the timeline as a SMART app with the user's token and no data."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from cds_service import start
from cds_service.app import create_app
from cds_service.knowledge import Knowledge
from cds_service.settings import load
from tests.client import JSON, call
from tests.ehr import a_call, access
from tests.logged import lines
from tests.odd_server import OddServer, answers, never_answers
from tests.patients import a_patient, days_before
from tests.test_app import a_site
from tests.test_reception import guarded
from tests.test_screens import EHR, HTML, words

TOKEN = "of-the-user"  # noqa: S105 - of no server
NOBODY = {"resourceType": "Bundle", "type": "searchset", "total": 0}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return start.knowledge(load())


@pytest.fixture(scope="module")
def odd() -> Iterator[OddServer]:
    with OddServer({}) as server:
        yield server


CHART = a_patient().with_cramps().taking("furosemide", days_before(60), dose="40 mg")
RECORD = CHART.with_result("potassium", "3.1 mmol/L", days_before(5)).request()["prefetch"]
LISTS = {
    "patient": "/r4/Patient",
    "conditions": "/r4/Condition",
    "medicationStatements": "/r4/MedicationStatement",
    "medicationRequests": "/r4/MedicationRequest",
    "labs": "/r4/Observation",
}


@pytest.fixture
def chart(odd: OddServer) -> OddServer:
    """A FHIR server with one chart."""
    odd.starts_anew({"/r4": answers(NOBODY), **{path: answers(RECORD[key]) for key, path in LISTS.items()}})
    return odd


@pytest.fixture
def site(odd: OddServer, knowledge: Knowledge) -> ASGIApp:
    settings = a_site(
        profile="production",
        development=True,
        store="none",
        smart_client_id="timeline",
        fhir_bases=(f"{odd.base}/r4",),
    )
    return create_app(settings, knowledge)


def said(base: str, **changes: Any) -> bytes:
    """What the page of the app sends; None leaves a member out."""
    members = {**a_call("p1", **access(f"{base}/r4", TOKEN)), **changes}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()


def opened(app: ASGIApp, base: str, **changes: Any) -> httpx.Response:
    """The answer to it."""
    return call(app, "POST", "/explain", said(base, **changes), JSON)


def at_once(app: ASGIApp, bodies: Iterable[bytes]) -> list[httpx.Response]:
    """The answers to several pages that ask at the same time."""

    async def send() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
            asked = (client.post("/explain", content=each, headers=JSON) for each in bodies)
            return await asyncio.gather(*asked)

    return asyncio.run(send())


def test_the_app_is_told_what_the_record_says(site: ASGIApp, chart: OddServer) -> None:
    answer = opened(site, chart.base)

    told = answer.json()
    spoke = {each["row"] for each in told["trace"]["considered"] if each["role"] == "contributor"}
    assert (answer.status_code, told["silence"]) == (200, None)
    assert {"D02", "L01"} <= spoke
    assert set(told["fetched"].values()) == {"ok"}
    assert {each.headers["authorization"] for each in chart.requests} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        (
            {"prefetch": {"conditions": None}},
            400,
            "prefetch: is not taken here; leave it out, the record is read with the token",
        ),
        (
            {"fhirServer": None, "fhirAuthorization": None},
            400,
            "fhirServer: is missing; send the FHIR server at which the page was launched",
        ),
        (
            {"fhirAuthorization": None},
            400,
            "fhirAuthorization: is missing; send the token that the page was given",
        ),
        (
            {"fhirServer": "https://elsewhere.example/r4"},
            403,
            "the timeline is not enabled for this FHIR server; ask whoever runs the service",
        ),
    ],
)
def test_nothing_else_is_computed_where_patients_are_treated(
    site: ASGIApp, chart: OddServer, changes: dict[str, Any], status: int, told: str
) -> None:
    answer = opened(site, chart.base, **changes)

    assert (answer.status_code, words(answer)) == (status, told)
    assert chart.targets() == []


@pytest.mark.parametrize(
    "given", [{}, {"smart_client_id": "timeline"}], ids=["workbench", "workbench and app"]
)
def test_without_a_token_nothing_is_read_though_the_server_is_open(
    knowledge: Knowledge, chart: OddServer, given: dict[str, str]
) -> None:
    """Any page of the web may ask a browser on this machine to send such a call."""
    app = create_app(
        a_site(development=True, store="none", fhir_bases=(f"{chart.base}/r4",), **given), knowledge
    )

    answer = opened(app, chart.base, fhirAuthorization=None)

    assert (answer.status_code, chart.targets()) == (412, [])
    assert "no-access-token" in words(answer)


def test_a_call_that_brings_too_much_is_refused(site: ASGIApp) -> None:
    assert call(site, "POST", "/explain", b" " * 70_000, JSON).status_code == 413


def test_a_token_that_is_over_costs_one_question_and_is_told(site: ASGIApp, chart: OddServer) -> None:
    chart.starts_anew({"/r4": answers("", 401)})

    answer = opened(site, chart.base)

    assert answer.status_code == 412
    assert words(answer) == (
        "the FHIR server did not accept the token (status-401): it may have expired; open the timeline again from the "
        "patient's chart"
    )
    assert chart.targets() == ["/r4/Patient/p1"]


def test_a_list_that_was_not_granted_is_told_as_missing(site: ASGIApp, chart: OddServer) -> None:
    chart.behaviours["/r4/Observation"] = answers("", 403)

    told = opened(site, chart.base).json()

    assert {told["fetched"][key] for key in ("labs", "glucose", "observations")} == {"status-403"}
    assert {"labs", "glucose", "observations"} <= set(told["trace"]["missing"])
    assert "D02" in {each["row"] for each in told["trace"]["considered"] if each["role"] == "contributor"}


def test_diagnoses_that_were_not_granted_leave_nothing_to_show(site: ASGIApp, chart: OddServer) -> None:
    chart.behaviours["/r4/Condition"] = answers("", 403)
    chart.behaviours["/r4/MedicationStatement"] = answers("", 404)  # it could do without that one

    answer = opened(site, chart.base)

    assert answer.status_code == 412
    assert words(answer) == (
        "the FHIR server did not give what nothing can be said without: conditions (status-403); open the timeline "
        "again, or ask whoever runs the service"
    )


def test_where_the_rest_is_read_only_for_a_report_a_silent_chart_costs_no_more(
    knowledge: Knowledge, chart: OddServer
) -> None:
    silent = a_patient().taking("furosemide").request()["prefetch"]
    chart.behaviours["/r4/Condition"] = answers(silent["conditions"])
    own = {"smart_client_id": "timeline", "fhir_bases": (f"{chart.base}/r4",), "store": "none"}
    app = create_app(a_site(profile="production", development=True, gated=True, **own), knowledge)

    told = opened(app, chart.base).json()

    assert (told["silence"], sorted(told["fetched"])) == (
        "no-report",
        ["conditions", "observations", "patient"],
    )
    assert not [target for target in chart.targets() if "Medication" in target]


def test_for_a_patient_nothing_is_read(site: ASGIApp, chart: OddServer) -> None:
    answer = opened(site, chart.base, context={"userId": "Patient/p1", "patientId": "p1"})

    assert (answer.json()["silence"], answer.json()["trace"], chart.targets()) == ("patient-user", {}, [])


def test_the_log_tells_of_a_picture_without_whose_it_is(
    site: ASGIApp, chart: OddServer, log: io.StringIO
) -> None:
    opened(site, chart.base)
    opened(site, chart.base, prefetch={"conditions": None})

    good, refused = (line for line in lines(log) if line["event"] == "explain")
    assert (good["client"], good["status"], good["fetched"]["labs"]) == ("anybody", 200, "ok")
    assert (refused["status"], refused["member"]) == (400, "prefetch")
    assert not any(secret in log.getvalue() for secret in (TOKEN, "p1", "furosemide", "D02", "/r4"))


def test_the_log_names_the_trace_that_a_call_belongs_to(
    site: ASGIApp, chart: OddServer, log: io.StringIO
) -> None:
    traced = {**JSON, "traceparent": f"00-{'a1' * 16}-{'b2' * 8}-01"}

    call(site, "POST", "/explain", said(chart.base), traced)

    [line] = (line for line in lines(log) if line["event"] == "explain")
    assert line["trace"] == "a1" * 16


def test_pictures_take_few_of_the_places(knowledge: Knowledge, chart: OddServer) -> None:
    """One in eight: cards come first."""
    chart.behaviours["/r4/Patient"] = never_answers
    own = {"smart_client_id": "timeline", "fhir_bases": (f"{chart.base}/r4",), "store": "none"}
    settings = a_site(profile="production", development=True, concurrency=8, fetch_seconds=0.5, **own)
    app = create_app(settings, knowledge)

    answers_of_two = at_once(app, [said(chart.base)] * 2)

    assert sorted(each.status_code for each in answers_of_two) == [412, 503]
    assert [each.headers.get("retry-after") for each in answers_of_two if each.status_code == 503] == ["1"]
    assert opened(app, chart.base).status_code == 412  # the place is free again


def test_who_sends_nothing_keeps_nobody_from_a_picture(knowledge: Knowledge, chart: OddServer) -> None:
    """There is one place, and the body has to be there before it is taken."""
    own = {"smart_client_id": "timeline", "fhir_bases": (f"{chart.base}/r4",), "store": "none"}
    app = create_app(a_site(profile="production", development=True, concurrency=8, **own), knowledge)

    async def both() -> tuple[httpx.Response, httpx.Response]:
        begun, asked = asyncio.Event(), asyncio.Event()

        async def idle() -> AsyncIterator[bytes]:
            yield b" "
            begun.set()
            await asked.wait()
            await asyncio.Event().wait()

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
            waiting = asyncio.create_task(client.post("/explain", content=idle(), headers=JSON))
            await begun.wait()
            other = await client.post("/explain", content=said(chart.base), headers=JSON)
            asked.set()
            return await waiting, other

    began = monotonic()
    given_up, answered = asyncio.run(both())

    assert (given_up.status_code, answered.status_code) == (408, 200)
    assert "within 2 seconds" in words(given_up)
    assert monotonic() - began < 8  # not the ten seconds that a record has


def test_in_the_demonstration_any_call_is_explained(knowledge: Knowledge) -> None:
    app = create_app(a_site(store="none"), knowledge)
    body = json.dumps(CHART.request()).encode()

    answer = call(app, "POST", "/explain", body, JSON)

    assert (answer.status_code, answer.json()["silence"]) == (200, None)


def test_a_site_with_clients_needs_no_signature_for_the_app(tmp_path: Path) -> None:
    """The page can't sign: what it proves is the user's token, and the FHIR server judges that."""
    app = guarded(tmp_path, {"fhir_bases": [EHR], "smart_client_id": "timeline"})

    assert call(app, "GET", f"/smart?iss={EHR}").json()["client_id"] == "timeline"
    assert call(app, "GET", "/launch", headers=HTML).headers["content-type"] == "text/html; charset=utf-8"
    assert opened(app, "https://elsewhere.example").status_code == 403
