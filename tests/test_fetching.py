"""What the prefetch lacks, fetched from FHIR servers with habits of their own (respx stands for them)."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import respx

from cds_service import fetching
from cds_service.connections import Reach
from cds_service.fhir import gather
from cds_service.fhir_server import Limits, Outcome, Server, is_same, within
from cds_service.hooks import HookRequest
from cds_service.medicine_reads import MEDICATIONS
from cds_service.network import Network
from cds_service.pointers import Pointers
from cds_service.record import Supply
from tests.test_hooks import CONDITION, PATIENT, a_bundle, a_call, read

FHIR = dict[str, Any]

BASE = "https://fhir.example/r4"
TOKEN = "a-token"  # noqa: S105 - of no server
SUBJECT = {"reference": "Patient/p1"}
QUERIES = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}&_count=200",
    "medicationRequests": "MedicationRequest?patient={{context.patientId}}&_sort=-authoredon&_count=200"
    "&_include=MedicationRequest:medication",
    "labs": "Observation?patient={{context.patientId}}&code=2823-3,6298-4&_sort=-date&_count=200",
}
REQUIRED: dict[str, Any] = {"patient": PATIENT, "conditions": None, "medicationRequests": None}


def a_result(name: str, day: str = "2026-06-01", **members: Any) -> FHIR:
    return {
        "resourceType": "Observation",
        "id": name,
        "subject": SUBJECT,
        "effectiveDateTime": day,
        **members,
    }


def an_order(name: str, **members: Any) -> FHIR:
    return {"resourceType": "MedicationRequest", "id": name, "subject": SUBJECT, **members}


def of_medicine(name: str) -> FHIR:
    return {"medicationReference": {"reference": f"Medication/{name}"}}


def a_medicine(name: str) -> FHIR:
    return {"resourceType": "Medication", "id": name, "code": {"text": f"Drug {name}"}}


def going_on(bundle: FHIR, url: str) -> FHIR:
    return bundle | {"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": url}]}


def the_router() -> respx.Router:
    """A server that knows the patient and nothing else: every list is empty."""
    router = respx.Router(assert_all_called=False)
    router.get(f"{BASE}/Patient/p1", name="patient").respond(json=PATIENT)
    router.get(url__startswith=f"{BASE}/Medication/").respond(404)
    router.route(url__startswith=f"{BASE}/", name="others").respond(json=a_bundle())
    return router


def over(router: respx.Router) -> httpx.AsyncBaseTransport:
    """The router in place of the network; its answers arrive as streams, as they do over one."""

    async def answer(request: httpx.Request) -> httpx.Response:
        made = await router.async_handler(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))

    return httpx.MockTransport(answer)


def fetch(
    router: respx.Router,
    prefetch: Mapping[str, Any] | None = None,
    queries: Mapping[str, str] = QUERIES,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    patient: str = "p1",
    base: str = BASE,
) -> tuple[HookRequest, dict[str, Outcome]]:
    """The request completed, and what became of each key that was asked for."""
    call = a_call(prefetch=dict(prefetch or {}))
    call["context"]["patientId"] = patient

    async def run() -> tuple[HookRequest, tuple[Outcome, ...]]:
        network = Network(Reach(), transport=over(router))
        server = Server(network, base, TOKEN, queries, limits)
        try:
            return await fetching.complete(read(call), server, queries, limits.seconds)
        finally:
            await network.close()

    found, outcomes = asyncio.run(run())
    return found, {each.key: each for each in outcomes}


def with_first(router: respx.Router, pattern: str, *answers: httpx.Response) -> respx.Router:
    """The router with another answer to what begins so, one after the other."""
    made = respx.Router(assert_all_called=False)
    made.get(url__startswith=f"{BASE}/{pattern}", name="changed").mock(side_effect=list(answers))
    made.route().mock(side_effect=router.async_handler)
    return made


def labs_from(*answers: httpx.Response, limits: Limits = Limits()) -> tuple[HookRequest, Outcome]:  # noqa: B008
    """The results of a patient of whom all else is known."""
    found, outcomes = fetch(with_first(the_router(), "Observation", *answers), REQUIRED, limits=limits)
    return found, outcomes["labs"]


def supply(found: HookRequest, key: str = "labs") -> Supply:
    return gather(found).supply[key]


def sources(found: HookRequest) -> list[str]:
    return [given.source for given in gather(found).given if given.key == "labs"]


def ok(*resources: FHIR) -> httpx.Response:
    return httpx.Response(200, json=a_bundle(*resources))


# --- what is asked ------------------------------------------------------------------------------------------------


def test_what_is_lacking_is_asked_for_with_the_token() -> None:
    router = the_router()

    found, outcomes = fetch(router)

    asked = {str(call.request.url).removeprefix(f"{BASE}/") for call in router.calls}
    assert asked == {query.replace("{{context.patientId}}", "p1") for query in QUERIES.values()}
    assert {call.request.headers["authorization"] for call in router.calls} == {f"Bearer {TOKEN}"}
    assert {outcome.code for outcome in outcomes.values()} == {"ok"}
    assert found.fetched == dict.fromkeys(QUERIES, "ok")


@pytest.mark.parametrize(
    "sent", [None, a_bundle(), {"resourceType": "OperationOutcome"}, {"resourceType": "Bundle", "entry": 5}]
)
def test_what_was_sent_is_not_asked_for(sent: Any) -> None:
    router = the_router()

    found, outcomes = fetch(router, REQUIRED | {"labs": sent})

    assert (outcomes, list(router.calls)) == ({}, [])
    assert supply(found) in (Supply.NOTHING, Supply.EMPTY, Supply.FAILED)


@pytest.mark.parametrize("name", ["..", ".", "p1,p2", "p1&_count=9", "p1?x", "p 1", "p%2F1", "ä", "x" * 200])
def test_a_patient_whose_id_could_change_the_question_is_not_asked_for(name: str) -> None:
    router = the_router()

    found, outcomes = fetch(router, patient=name.replace(" ", "+"))

    assert list(router.calls) == []
    assert {outcome.code for outcome in outcomes.values()} == {"patient-id"}
    assert set(found.fetched.values()) == {"patient-id"}


def test_a_sites_own_query_is_asked_as_it_is_written() -> None:
    own = {"labs": "Observation?patient={{context.patientId}}&category=laboratory", "conditions": None}

    asked = fetching.queries({key: QUERIES[key] for key in ("conditions", "labs")}, own)

    assert asked == {"labs": own["labs"]}


# --- quirks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 422, 501])
def test_a_query_that_is_not_understood_is_asked_more_plainly(status: int) -> None:
    refused = httpx.Response(status)
    router = with_first(the_router(), "MedicationRequest", refused, refused, ok(an_order("m1")))

    _, outcomes = fetch(router)

    assert [str(each.request.url.query, "ascii") for each in router["changed"].calls] == [
        "patient=p1&_sort=-authoredon&_count=200&_include=MedicationRequest:medication",
        "patient=p1&_sort=-authoredon&_count=200",
        "patient=p1",
    ]
    assert (outcomes["medicationRequests"].code, outcomes["medicationRequests"].entries) == ("ok", 1)


def test_codes_and_categories_are_never_left_out() -> None:
    refused = httpx.Response(400)

    found, outcome = labs_from(refused, refused)

    assert (outcome.code, outcome.query) == (
        "status-400",
        "Observation?patient={{context.patientId}}&code=2823-3,6298-4",
    )
    assert supply(found) is Supply.FAILED


@pytest.mark.parametrize(
    "left_out",
    [
        "date=ge2026",
        "authoredon=ge2026",
        "effective=ge2026",
        "recorded-date=ge2026",
        "onset-date=ge2026",
        "authored=ge2026",
        "status=active",
        "_sort=-date",
        "_count=200",
        "_revinclude=Provenance:target",
        "_summary=data",
    ],
)
def test_what_only_makes_a_list_shorter_is_left_out_in_the_plainest_form(left_out: str) -> None:
    *_, plainest = fetching.ways(f"Observation?{left_out}&patient=p1&{left_out}&code=1-8&category=laboratory")

    assert plainest == "Observation?patient=p1&code=1-8&category=laboratory"


@pytest.mark.parametrize("kept", ["_id=p1", "_has:Group:member:_id=g1", "_query=all", "_filter=x", "_text=x"])
def test_what_says_which_entries_are_meant_is_never_left_out(kept: str) -> None:
    *_, plainest = fetching.ways(f"Patient?{kept}&_sort=name&_count=9")

    assert plainest == f"Patient?{kept}"


def test_a_query_that_is_plain_is_asked_once() -> None:
    assert list(fetching.ways("Patient/p1")) == ["Patient/p1"]
    assert list(fetching.ways("Condition?patient=p1")) == ["Condition?patient=p1"]
    assert list(fetching.ways("Condition?_count=9")) == ["Condition?_count=9", "Condition"]


def test_a_bundle_without_total_or_entry_is_empty() -> None:
    found, outcome = labs_from(httpx.Response(200, json={"resourceType": "Bundle", "type": "searchset"}))

    assert (outcome.code, supply(found)) == ("ok", Supply.EMPTY)


def test_more_than_was_asked_for_is_cut_off() -> None:
    many = [a_result(f"k{number}") for number in range(9)]

    found, outcome = labs_from(ok(*many), limits=Limits(entries=5))

    assert (outcome.code, supply(found), len(sources(found))) == ("more", Supply.PAGED, 5)


@pytest.mark.parametrize(
    "link",
    [
        f"{BASE}/Observation?page=2",
        f"{BASE}?_getpages=7&_getpagesoffset=1",
        "?page=2",
        "Observation?page=2",
        "/r4/Observation?page=2",
        "http://fhir.example/r4/Observation?page=2",
        "https://FHIR.example:443/r4/Observation?page=2",
    ],
)
def test_pages_are_followed_however_the_link_is_written(link: str) -> None:
    first = httpx.Response(200, json=going_on(a_bundle(a_result("k1")), link))
    router = respx.Router(assert_all_called=False)
    router.get(url__regex=r"^https://fhir\.example/r4.*page").mock(return_value=ok(a_result("k2")))
    router.route().mock(side_effect=with_first(the_router(), "Observation", first).async_handler)

    found, outcomes = fetch(router, REQUIRED)

    assert (outcomes["labs"].code, outcomes["labs"].pages) == ("ok", 2)
    assert (sources(found), supply(found)) == (["Observation/k1", "Observation/k2"], Supply.GIVEN)


@pytest.mark.parametrize(
    "link",
    [
        "https://fhir.example.evil/r4/Observation?page=2",
        "https://fhir.example@evil.example/r4/Observation",
        "https://user:secret@fhir.example/r4/Observation",
        "https://fhir.example:8443/r4/Observation",
        "http://fhir.example:8080/r4/Observation",
        "https://fhir.example/other/Observation",
        "https://fhir.example/r4evil/Observation",
        "https://fhir.example/r4/../admin",
        "https://fhir.example/r4/%2e%2e/admin",
        "//evil.example/r4/Observation",
        "file:///etc/passwd",
        "http://[broken",
        "",
    ],
)
def test_a_link_that_leads_away_is_not_followed(link: str) -> None:
    first = httpx.Response(200, json=going_on(a_bundle(a_result("k1")), link))

    found, outcome = labs_from(first)

    assert (outcome.code, outcome.requests) == ("stray-next", 1)
    assert (supply(found), sources(found)) == (Supply.PAGED, ["Observation/k1"])


@pytest.mark.parametrize("url", [{}, {"url": None}, {"url": ""}])
def test_a_link_that_does_not_say_where_it_goes_on_is_a_list_cut_off(url: FHIR) -> None:
    cut = a_bundle(a_result("k1")) | {"link": [{"relation": "next", **url}]}

    found, outcome = labs_from(httpx.Response(200, json=cut))
    continued, outcomes = fetch(the_router(), REQUIRED | {"labs": cut})

    assert (outcome.code, outcome.requests, supply(found)) == ("stray-next", 1, Supply.PAGED)
    assert (outcomes["labs"].code, outcomes["labs"].requests) == ("stray-next", 0)
    assert (supply(continued), sources(continued)) == (Supply.PAGED, ["Observation/k1"])


@pytest.mark.parametrize(
    "relation", ["Next", "NEXT", "http://www.iana.org/assignments/relation/next", "https://iana.org/next"]
)
def test_a_relation_is_known_however_it_is_written(relation: str) -> None:
    link = {"relation": relation, "url": f"{BASE}/Observation?page=2"}
    first = httpx.Response(200, json=a_bundle(a_result("k1")) | {"link": [link]})

    found, outcome = labs_from(first, ok(a_result("k2")))

    assert (outcome.code, sources(found)) == ("ok", ["Observation/k1", "Observation/k2"])


@pytest.mark.parametrize("relation", ["self", "previous", "nextish", "next/self", None])
def test_another_relation_leads_nowhere(relation: str | None) -> None:
    link = {"relation": relation, "url": f"{BASE}/Observation?page=2"}

    found, outcome = labs_from(httpx.Response(200, json=a_bundle(a_result("k1")) | {"link": [link]}))

    assert (outcome.code, outcome.requests, supply(found)) == ("ok", 1, Supply.GIVEN)


def test_a_page_that_names_itself_as_the_next_is_asked_for_once() -> None:
    again = httpx.Response(200, json=going_on(a_bundle(a_result("k1")), f"{BASE}/Observation?page=2"))

    found, outcome = labs_from(again, again)

    assert (outcome.code, outcome.requests, supply(found)) == ("stray-next", 2, Supply.PAGED)


def test_what_came_before_a_page_that_fails_is_kept() -> None:
    first = httpx.Response(200, json=going_on(a_bundle(a_result("k1")), f"{BASE}/Observation?page=2"))

    found, outcome = labs_from(first, httpx.Response(500))

    assert (outcome.code, supply(found), sources(found)) == (
        "status-500",
        Supply.PAGED,
        ["Observation/k1"],
    )


@pytest.mark.parametrize("link", [f"{BASE}/Observation?page=2", "?page=2", "Observation?page=2"])
def test_a_list_that_the_client_began_is_gone_on_with(link: str) -> None:
    began = going_on(a_bundle(a_result("k1")), link)
    router = with_first(the_router(), "Observation?page=2", ok(a_result("k2")))

    found, outcomes = fetch(router, REQUIRED | {"labs": began})

    assert (outcomes["labs"].requests, sources(found)) == (1, ["Observation/k1", "Observation/k2"])


def pages(*sizes: int, is_last: bool = True) -> list[httpx.Response]:
    """One page after the other, each of so many results, and all padded to the same length."""
    made = []
    for page, size in enumerate(sizes, 1):
        bundle = a_bundle(*(a_result(f"k{page}-{number}") for number in range(size)))
        has_next = page < len(sizes) or not is_last
        told = going_on(bundle, f"{BASE}/Observation?page={page + 1}") if has_next else bundle
        made.append(httpx.Response(200, content=json.dumps(told).encode().ljust(5000)))
    return made


@pytest.mark.parametrize(
    ("sizes", "limits"),
    [
        ((5,), Limits(entries=5)),
        ((2, 3), Limits(entries=5)),
        ((5, 0), Limits(entries=5)),
        ((1, 1, 1), Limits(pages=3)),
        ((1,), Limits(bytes=5000)),
        ((1, 1), Limits(bytes=5000)),
        ((1, 1), Limits(bytes=10_000)),
    ],
)
def test_a_list_that_just_fits_is_whole(sizes: tuple[int, ...], limits: Limits) -> None:
    found, outcome = labs_from(*pages(*sizes), limits=limits)

    assert (outcome.code, supply(found), len(sources(found))) == ("ok", Supply.GIVEN, sum(sizes))


@pytest.mark.parametrize(
    ("sizes", "limits", "asked", "kept"),
    [
        ((6,), Limits(entries=5), 1, 5),
        ((6, 1), Limits(entries=5), 1, 5),
        ((3, 3), Limits(entries=5), 2, 5),
        ((1, 1, 1), Limits(pages=2), 2, 2),
        ((1, 1, 1), Limits(bytes=5000), 2, 2),
        ((1, 1, 1), Limits(bytes=9999), 2, 2),
    ],
)
def test_a_list_that_just_does_not_fit_is_cut_off(
    sizes: tuple[int, ...], limits: Limits, asked: int, kept: int
) -> None:
    found, outcome = labs_from(*pages(*sizes), limits=limits)

    assert (outcome.code, outcome.requests) == ("more", asked)
    assert (supply(found), len(sources(found))) == (Supply.PAGED, kept)


def test_an_outcome_tells_what_was_asked_and_what_came() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "0"})

    _, outcome = labs_from(busy, *pages(2, 3, 1))

    assert (outcome.requests, outcome.pages, outcome.entries, outcome.bytes) == (4, 3, 6, 15_000)
    assert outcome.query == QUERIES["labs"]
    assert outcome.milliseconds > 0


def test_a_broken_entry_is_counted_and_the_rest_is_read() -> None:
    found, outcome = labs_from(ok(a_result("k1"), a_result("k2", status=5)))

    assert (outcome.code, sources(found)) == ("ok", ["Observation/k1"])
    assert [lost.source for lost in gather(found).unread] == ["Observation/k2"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx.Response(401, text="Unauthorized"), "status-401"),
        (httpx.Response(403), "status-403"),
        (httpx.Response(404), "status-404"),
        (httpx.Response(302, headers={"Location": "https://evil.example/"}), "status-302"),
        (httpx.Response(200, text="<h1>Log in</h1>"), "not-fhir"),
        (httpx.Response(200, content=b""), "not-fhir"),
        (httpx.Response(200, content=b"\xff\xfe"), "not-fhir"),
        (httpx.Response(200, content=b"[" * 100_000), "not-fhir"),
        (httpx.Response(200, json=[]), "not-fhir"),
        (httpx.Response(200, json={"entry": []}), "not-fhir"),
        (httpx.Response(200, json={"resourceType": "OperationOutcome"}), "outcome"),
        (httpx.Response(200, json={"resourceType": "Bundle", "issue": [{"severity": "error"}]}), "outcome"),
        (httpx.Response(200, json=PATIENT), "wrong-type"),
        (httpx.Response(200, json=a_bundle() | {"type": "message"}), "wrong-type"),
        (httpx.Response(200, json=a_bundle() | {"type": "batch-response"}), "wrong-type"),
        (httpx.Response(200, json=a_bundle() | {"type": 5}), "wrong-type"),
        (ok(a_result("k1", subject={"reference": "Patient/p2"})), "another-patient"),
        (ok(a_result("k1", subject={"reference": f"{BASE}/Patient/p2"})), "another-patient"),
        (httpx.Response(200, content=b"{}", headers={"Content-Encoding": "br"}), "encoding"),
    ],
)
def test_what_is_no_answer_is_a_failed_search(answer: httpx.Response, code: str) -> None:
    found, outcome = labs_from(answer)

    assert (outcome.code, supply(found), sources(found)) == (code, Supply.FAILED, [])


@pytest.mark.parametrize("kind", [None, "searchset"])
def test_a_bundle_need_not_say_that_it_is_a_searchset(kind: str | None) -> None:
    found, _ = labs_from(httpx.Response(200, json=a_bundle(a_result("k1")) | {"type": kind}))

    assert sources(found) == ["Observation/k1"]


@pytest.mark.parametrize(
    "subject",
    [
        "Patient/p2",
        f"{BASE}/Patient/p2",
        "Patient/p2/_history/1",
        "Patient/p1/",
        "Patient/other/",
        " Patient/other",
        "Patient/other#x",
        "x\n/Patient/other",
        "patient/other",
        "urn:uuid:0b6c4d9e-0000-0000-0000-000000000000",
        "#p",
        "Patient?identifier=mrn|other",
        "other",
    ],
)
def test_a_list_about_who_knows_whom_is_dropped(subject: str) -> None:
    strange = a_result("k2", subject={"reference": subject})

    found, outcome = labs_from(ok(a_result("k1"), strange))

    assert (outcome.code, supply(found), sources(found)) == ("another-patient", Supply.FAILED, [])


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p1/_history/3"},
        {"reference": f"{BASE}/Patient/p1"},
        {"identifier": {"value": "4711"}},
        {},
        None,
    ],
)
def test_a_subject_that_names_this_patient_or_nobody_is_no_matter(subject: Any) -> None:
    found, outcome = labs_from(ok(a_result("k1", subject=subject)))

    assert (outcome.code, sources(found)) == ("ok", ["Observation/k1"])


@pytest.mark.parametrize("subject", ["Group/1", "Device/1", "Location/1", f"{BASE}/Group/1"])
def test_what_is_about_a_group_or_a_device_is_passed_over(subject: str) -> None:
    found, outcome = labs_from(ok(a_result("k1"), a_result("k2", subject={"reference": subject})))

    assert (outcome.code, supply(found), sources(found)) == ("ok", Supply.GIVEN, ["Observation/k1"])


def test_what_no_rule_reads_may_be_about_anybody() -> None:
    sender = {"resourceType": "Provenance", "id": "x", "subject": {"reference": "#p"}}

    _, outcome = labs_from(ok(a_result("k1"), sender))

    assert outcome.code == "ok"


def test_data_of_somebody_else_on_a_later_page_costs_the_whole_list() -> None:
    first = httpx.Response(200, json=going_on(a_bundle(a_result("k1")), f"{BASE}/Observation?page=2"))
    strange = a_result("k2", subject={"reference": "Patient/p2"})

    found, outcome = labs_from(first, ok(strange))

    assert (outcome.code, outcome.requests) == ("another-patient", 2)
    assert (supply(found), sources(found)) == (Supply.FAILED, [])


def test_data_of_somebody_else_never_reaches_the_record_of_this_patient() -> None:
    mine, other = a_result("k1"), a_result("k2", subject={"reference": "Patient/p2"})

    found, _ = labs_from(ok(mine, other))

    assert sources(found) == []


@pytest.mark.parametrize("code", ["suppressed", "security", "forbidden", "incomplete"])
def test_a_list_that_is_withheld_is_no_empty_list(code: str) -> None:
    said = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": code}]}

    withheld, of_all = labs_from(ok(said))
    partly, of_some = labs_from(ok(a_result("k1"), said))

    assert (supply(withheld), supply(partly)) == (Supply.FAILED, Supply.WITHHELD)
    assert (of_all.code, of_some.code) == ("withheld", "partly-withheld")


def test_a_list_that_counts_more_than_it_holds_is_cut_off() -> None:
    found, outcome = labs_from(httpx.Response(200, json=a_bundle(a_result("k1")) | {"total": 5}))
    empty, in_vain = labs_from(httpx.Response(200, json=a_bundle() | {"total": 5}))

    assert (supply(found), outcome.code) == (Supply.PAGED, "more")
    assert (supply(empty), in_vain.code) == (Supply.FAILED, "withheld")


# --- in what order ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (("2026-06-01", "2026-05-01", "2024-01-01"), Supply.PAGED),
        (("2026-06-01", "2026", "2026-05"), Supply.PAGED),
        (("2026-05-01", "2024-01-01", "2026-06-01"), Supply.UNSORTED),
    ],
)
def test_a_fetched_list_that_is_cut_off_is_trusted_only_when_it_is_newest_first(
    days: tuple[str, ...], state: Supply
) -> None:
    results = [a_result(f"k{number}", day) for number, day in enumerate(days)]
    cut = going_on(a_bundle(*results), "https://elsewhere.example/")

    fetched, _ = labs_from(httpx.Response(200, json=cut))
    continued, _ = fetch(the_router(), REQUIRED | {"labs": cut})
    sent = read(a_call(prefetch=REQUIRED | {"labs": cut}))

    assert (supply(fetched), supply(continued)) == (state, state)
    assert supply(sent) is Supply.PAGED


def test_a_list_asked_for_without_its_order_is_not_trusted_when_it_is_cut_off() -> None:
    cut = httpx.Response(200, json=going_on(a_bundle(a_result("k1")), "https://elsewhere.example/"))

    found, _ = labs_from(httpx.Response(400), cut)

    assert supply(found) is Supply.UNSORTED


# --- a second try, and time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_once_more(status: int) -> None:
    busy = httpx.Response(status, headers={"Retry-After": "0"})

    _, once = labs_from(busy, ok(a_result("k1")))
    _, twice = labs_from(busy, busy)

    assert (once.code, once.requests) == ("ok", 2)
    assert (twice.code, twice.requests) == (f"status-{status}", 2)


@pytest.mark.parametrize("wait", ["", "soon", "-1", "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_busy_server_that_names_no_time_is_asked_again_soon(wait: str) -> None:
    _, outcome = labs_from(httpx.Response(503, headers={"Retry-After": wait}), ok(a_result("k1")))

    assert (outcome.code, outcome.requests) == ("ok", 2)


def test_a_busy_server_is_not_asked_before_it_wants_to_be() -> None:
    _, outcome = labs_from(httpx.Response(429, headers={"Retry-After": "1"}), ok(a_result("k1")))

    assert (outcome.code, outcome.requests) == ("ok", 2)
    assert outcome.milliseconds >= 990


@pytest.mark.parametrize("wait", ["3600", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_nobody_waits_for_a_server_longer_than_there_is_time(wait: str) -> None:
    _, outcome = labs_from(httpx.Response(503, headers={"Retry-After": wait}))

    assert (outcome.code, outcome.requests) == ("status-503", 1)
    assert outcome.milliseconds < 2000


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502])
def test_other_faults_are_not_tried_again(status: int) -> None:
    assert labs_from(httpx.Response(status))[1].requests == 1


def test_when_time_is_over_what_has_come_is_kept() -> None:
    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        raise AssertionError("nobody waits so long")

    router = respx.Router(assert_all_called=False)
    router.get(url__startswith=f"{BASE}/Observation").mock(side_effect=hangs)
    router.route().mock(side_effect=the_router().async_handler)

    found, outcomes = fetch(router, limits=Limits(seconds=0.2))

    assert {key: outcome.code for key, outcome in outcomes.items()} == {
        "patient": "ok",
        "conditions": "ok",
        "medicationRequests": "ok",
        "labs": "timeout",
    }
    assert supply(found) is Supply.FAILED


# --- medicines ----------------------------------------------------------------------------------------------------


def orders_from(*orders: FHIR, router: respx.Router | None = None) -> tuple[HookRequest, dict[str, Outcome]]:
    lists = with_first(router or the_router(), "MedicationRequest", ok(*orders))
    return fetch(lists, {"patient": PATIENT, "conditions": a_bundle(CONDITION)})


def medicines(found: HookRequest) -> list[str]:
    return [given.source for given in gather(found).given if given.key == MEDICATIONS]


def test_a_medicine_that_is_only_referred_to_is_read_once() -> None:
    router = with_first(the_router(), "Medication/7", httpx.Response(200, json=a_medicine("7")))

    found, outcomes = orders_from(
        an_order("m1", **of_medicine("7")), an_order("m2", **of_medicine("7/_history/2")), router=router
    )

    assert (medicines(found), outcomes[MEDICATIONS].requests) == (["Medication/7"], 1)


@pytest.mark.parametrize(
    "order",
    [
        an_order("m1", medicationCodeableConcept={"text": "Furosemide"}),
        an_order("m1", medicationReference={"reference": "#inside"}),
        an_order("m1", medicationReference={"reference": "urn:uuid:7"}),
        an_order("m1", medicationReference={"reference": "https://elsewhere.example/Medication/7"}),
        an_order("m1", medicationReference={"reference": "Medication/../Patient"}),
        an_order("m1", medicationReference={"reference": "Medication/.."}),
        an_order("m1", medicationReference={"display": "Furosemide"}),
        an_order("m1", status="entered-in-error", **of_medicine("7")),
        an_order("m1", status="cancelled", **of_medicine("7")),
    ],
)
def test_what_names_no_medicine_of_this_server_is_not_read(order: FHIR) -> None:
    _, outcomes = orders_from(order)

    assert MEDICATIONS not in outcomes


def test_a_medicine_that_was_included_is_not_read_again() -> None:
    _, outcomes = orders_from(an_order("m1", **of_medicine("7")), a_medicine("7"))

    assert MEDICATIONS not in outcomes


def test_a_medicine_that_can_not_be_read_is_told_and_the_others_stay() -> None:
    router = with_first(the_router(), "Medication/7", httpx.Response(403))
    router = with_first(router, "Medication/8", httpx.Response(200, json=a_medicine("8")))

    found, outcomes = orders_from(
        *(an_order(f"m{name}", **of_medicine(name)) for name in ("7", "8")), router=router
    )

    assert (medicines(found), outcomes[MEDICATIONS].code) == (["Medication/8"], "status-403")


def test_another_resource_is_no_medicine() -> None:
    router = with_first(the_router(), "Medication/7", httpx.Response(200, json=a_medicine("8")))

    found, outcomes = orders_from(an_order("m1", **of_medicine("7")), router=router)

    assert (medicines(found), outcomes[MEDICATIONS].code) == ([], "wrong-type")


def test_only_so_many_medicines_are_read() -> None:
    router = the_router()

    _, outcomes = orders_from(
        *(an_order(f"m{number}", **of_medicine(str(number))) for number in range(80)), router=router
    )

    assert (outcomes[MEDICATIONS].requests, outcomes[MEDICATIONS].code) == (50, "status-404")


def test_more_medicines_than_are_read_are_no_success() -> None:
    def medicine(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=a_medicine(request.url.path.rpartition("/")[2]))

    router = respx.Router(assert_all_called=False)
    router.get(url__startswith=f"{BASE}/Medication/").mock(side_effect=medicine)
    router.route().mock(side_effect=the_router().async_handler)

    found, outcomes = orders_from(
        *(an_order(f"m{number}", **of_medicine(str(number))) for number in range(51)), router=router
    )

    assert (len(medicines(found)), outcomes[MEDICATIONS].code) == (50, "more")


def test_only_so_many_medicines_are_read_at_once() -> None:
    now, most = 0, 0

    async def medicine(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(now, most)
        await asyncio.sleep(0.01)
        now -= 1
        return httpx.Response(200, json=a_medicine(request.url.path.rpartition("/")[2]))

    router = respx.Router(assert_all_called=False)
    router.get(url__startswith=f"{BASE}/Medication/").mock(side_effect=medicine)
    router.route().mock(side_effect=the_router().async_handler)

    found, _ = orders_from(
        *(an_order(f"m{number}", **of_medicine(str(number))) for number in range(20)), router=router
    )

    assert (most, len(medicines(found))) == (8, 20)


def included(reference: str, **entry: Any) -> str:
    """Under which name an order's medicine is found beside an included one with the id 7."""
    order = an_order("m1", medicationReference={"reference": reference})
    bundle = a_bundle(order) | {
        "entry": [{"resource": order}, {"resource": a_medicine("7"), "search": {"mode": "include"}, **entry}]
    }
    lists = with_first(the_router(), "MedicationRequest", httpx.Response(200, json=bundle))
    found, _ = fetch(lists, {"patient": PATIENT, "conditions": a_bundle(CONDITION)})
    return Pointers(gather(found).given).name(reference)


@pytest.mark.parametrize(
    "reference",
    ["Medication/7", "Medication/7/_history/2", f"{BASE}/Medication/7", f"{BASE}/Medication/7/_history/2"],
)
def test_a_reference_finds_the_medicine_of_this_server(reference: str) -> None:
    assert included(reference, fullUrl=f"{BASE}/Medication/7") in ("Medication/7", f"{BASE}/Medication/7")


@pytest.mark.parametrize(
    "reference",
    [
        "https://pharmacy.example/fhir/Medication/7",
        f"{BASE}/x/Medication/7",
        "http://fhir.example/r4/Medication/7",
    ],
)
def test_another_servers_medicine_of_the_same_id_is_another_medicine(reference: str) -> None:
    assert included(reference, fullUrl=f"{BASE}/Medication/7") == ""


def test_medicines_are_read_though_another_list_hangs() -> None:
    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(30)
        raise AssertionError("nobody waits so long")

    router = respx.Router(assert_all_called=False)
    router.get(url__startswith=f"{BASE}/Observation").mock(side_effect=hangs)
    router.get(url__startswith=f"{BASE}/MedicationRequest").mock(
        return_value=ok(an_order("m1", **of_medicine("7")))
    )
    router.get(f"{BASE}/Medication/7").respond(json=a_medicine("7"))
    router.route().mock(side_effect=the_router().async_handler)

    found, outcomes = fetch(router, limits=Limits(seconds=0.3))

    assert (outcomes["labs"].code, outcomes[MEDICATIONS].code) == ("timeout", "ok")
    assert medicines(found) == ["Medication/7"]


# --- addresses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (BASE, "https://FHIR.example:443/r4/", True),
        (BASE, "https://fhir.example/R4", False),
        (BASE, "http://fhir.example/r4", False),
        (BASE, "https://fhir.example/r4?x=1", False),
        (BASE, "https://u@fhir.example/r4", False),
        (BASE, "https://fhir.example:99999999/r4", False),
    ],
)
def test_two_addresses_name_the_same_server(one: str, other: str, same: bool) -> None:
    assert is_same(one, other) is same


def test_a_link_keeps_no_fragment() -> None:
    assert within("?page=2#x", f"{BASE}/Observation?page=1", BASE) == f"{BASE}/Observation?page=2"


@pytest.mark.parametrize(
    ("link", "base"),
    [
        ("http://fhir.example:443/r4/Observation", BASE),
        ("http://fhir.example:8443/r4/Observation", "https://fhir.example:8443/r4"),
        ("http://fhir.example/r4/Observation", "https://fhir.example:8443/r4"),
        ("https://fhir.example/r4/Observation", "http://fhir.example/r4"),
    ],
)
def test_a_link_with_another_scheme_and_a_port_leads_away(link: str, base: str) -> None:
    assert within(link, f"{base}/Observation?page=1", base) is None


def test_the_token_is_printed_nowhere() -> None:
    call = read({**a_call(), "fhirServer": BASE, "fhirAuthorization": {"access_token": TOKEN}})
    server = Server(Network(Reach()), BASE, TOKEN, QUERIES)

    assert call.access_token == TOKEN
    assert TOKEN not in repr(call) + repr(server)
    assert TOKEN not in json.dumps(call.fetched)
