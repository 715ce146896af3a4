"""What other servers, other clients and a slip of the pen may do to us, and what it costs them alone."""

import asyncio
import io
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from time import monotonic, process_time, sleep
from typing import Any

import httpx
import pytest
import yaml

from cds_service.connections import Reach
from cds_service.doubts import warnings
from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.fhir_server import Limits
from cds_service.hooks import decode
from cds_service.medicine_reads import MEDICATIONS
from cds_service.network import Network
from cds_service.record import Supply
from cds_service.salvage import WRONG_TYPE
from cds_service.settings import load
from tests.client import call
from tests.ehr import ISSUER, Ehr, a_call, access
from tests.findings_of import answer
from tests.logged import lines
from tests.odd_server import Behaviour, Exchange, OddServer, answers
from tests.patients import a_patient, drug_coding
from tests.served import Served, served
from tests.test_app import an_app
from tests.test_calls import TO_FETCH, a_patient_on_furosemide, asked
from tests.test_fetching import (
    BASE,
    REQUIRED,
    a_medicine,
    a_result,
    an_order,
    fetch,
    going_on,
    labs_from,
    medicines,
    of_medicine,
    ok,
    orders_from,
    sources,
    supply,
    the_router,
    with_first,
)
from tests.test_hooks import PATIENT, a_bundle, read
from tests.test_hooks import a_call as a_request

FHIR = dict[str, Any]
GREEDY = "https://greedy.example"
LONG = 20.0  # seconds; nobody waits so long unless something is wrong


def raw(*entries: bytes) -> httpx.Response:
    """A searchset of entries as they are written."""
    return httpx.Response(
        200, content=b'{"resourceType":"Bundle","type":"searchset","entry":[' + b",".join(entries) + b"]}"
    )


# --- answers made to hurt -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("commas", "code"), [(400_000, "ok"), (400_001, "too-large")])
def test_an_answer_in_more_parts_than_any_list_has_is_not_read(commas: int, code: str) -> None:
    result = json.dumps({"resource": a_result("k1", note="")}).encode()
    usual = raw(result).content.count(b",")
    filled = result.replace(b'"note": ""', b'"note": "' + b"," * (commas - usual) + b'"')

    found, outcome = labs_from(raw(filled))

    assert outcome.code == code
    assert supply(found) is (Supply.GIVEN if code == "ok" else Supply.FAILED)


@pytest.mark.parametrize(("resources", "code"), [(20, "more"), (21, "too-large")])
def test_an_answer_of_far_more_resources_than_are_kept_is_not_read(resources: int, code: str) -> None:
    many = ok(*(a_result(f"k{number}") for number in range(resources)))

    found, outcome = labs_from(many, limits=Limits(entries=5))

    assert outcome.code == code
    assert len(sources(found)) == (5 if code == "more" else 0)


@pytest.mark.parametrize(
    "name", [b"\\u0072esource", b"resourc\\u0065", b"re\\u0073ource", b"\\u0072e\\u0073ource"]
)
def test_resources_whose_name_is_written_in_escapes_are_counted_too(name: bytes) -> None:
    made = raw(*[b'{"' + name + b'":{}}'] * 21)

    found, outcome = labs_from(made, limits=Limits(entries=5))

    assert (outcome.code, supply(found)) == ("too-large", Supply.FAILED)


@pytest.mark.parametrize("entry", [b"1", b'{"resource":{"resourceType":"Observation","status":1}}'])
def test_a_fetched_list_in_which_too_much_is_broken_is_a_failed_search(entry: bytes) -> None:
    found, outcome = labs_from(raw(*[entry] * 1001))

    assert (outcome.code, supply(found), found.unread) == ("not-fhir", Supply.FAILED, ())


def test_a_fetched_list_in_which_much_is_broken_is_still_read() -> None:
    good = json.dumps({"resource": a_result("k1")}).encode()

    found, outcome = labs_from(raw(*[b"1"] * 1000, good))

    assert (outcome.code, sources(found), len(found.unread)) == ("ok", ["Observation/k1"], 1000)


@pytest.mark.parametrize(("broken", "told"), [(1000, 1000), (1001, 1), (5000, 1)])
def test_a_sent_list_in_which_too_much_is_broken_is_told_once(broken: int, told: int) -> None:
    sent = REQUIRED | {"labs": a_bundle(a_result("k1")) | {"entry": [1] * broken}}

    found = read(a_request(prefetch=sent))
    fetched, outcomes = fetch(the_router(), sent)

    assert len(found.unread) == told
    assert {(lost.key, lost.problem) for lost in found.unread} == {("labs", WRONG_TYPE)}
    assert supply(found) is (Supply.GIVEN if told > 1 else Supply.FAILED)
    assert (outcomes, len(fetched.unread)) == ({}, told)


def test_one_list_in_which_too_much_is_broken_does_not_hide_what_is_lost_in_another() -> None:
    labs = a_bundle() | {"entry": [1] * 2000}
    orders = a_bundle(an_order("m1", status=5))

    found = read(a_request(prefetch=REQUIRED | {"medicationRequests": orders, "labs": labs}))

    assert [lost.source for lost in found.unread] == ["MedicationRequest/m1", "Bundle[0]"]


def test_a_broken_entry_full_of_escapes_costs_little_and_is_told() -> None:
    flood = b'{"resource":{"resourceType":"Observation","id":"k1","status":1,"x":"' + b"\\u0041" * 1_200_000
    good = json.dumps({"resource": a_result("k2")}).encode()
    made = raw(flood + b'"}}', good)

    began = process_time()
    found, outcome = labs_from(made)

    assert (outcome.code, sources(found)) == ("ok", ["Observation/k2"])
    assert [lost.source for lost in found.unread] == ["Observation/k1"]
    assert process_time() - began < 3  # it takes tenths of a second


# --- medicines made to hurt ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "code"), [(128 * 1024, "ok"), (128 * 1024 + 1, "too-large")])
def test_a_medicine_may_be_only_so_long(size: int, code: str) -> None:
    text = json.dumps(a_medicine("7")).encode()
    router = with_first(
        the_router(), "Medication/7", httpx.Response(200, content=text + b" " * (size - len(text)))
    )

    found, outcomes = orders_from(an_order("m1", **of_medicine("7")), router=router)

    assert (outcomes[MEDICATIONS].code, len(medicines(found))) == (code, 1 if code == "ok" else 0)


@pytest.mark.parametrize("subject", ["Patient/p2", "Patient/p1", "Group/1"])
def test_a_medicine_that_is_about_somebody_is_not_used(subject: str) -> None:
    strange = a_medicine("7") | {"subject": {"reference": subject}}
    router = with_first(the_router(), "Medication/7", httpx.Response(200, json=strange))

    found, outcomes = orders_from(an_order("m1", **of_medicine("7")), router=router)

    assert (outcomes[MEDICATIONS].code, medicines(found)) == ("another-patient", [])


@pytest.mark.parametrize(("ingredients", "is_read"), [(200, True), (201, False)])
def test_a_medicine_of_too_many_ingredients_is_none_and_that_is_told(ingredients: int, is_read: bool) -> None:
    made_of = [{"itemCodeableConcept": {"text": "Water"}}] * (ingredients - 1)
    drug = {"itemCodeableConcept": {"coding": [drug_coding("furosemide")]}}
    order = an_order("m1", status="active", authoredOn="2026-05-01", **of_medicine("7"))
    patient = (
        a_patient()
        .with_cramps()
        .with_result("potassium", "3.1 mmol/L")
        .having("medicationRequests", order)
        .having("medicationRequests", a_medicine("7") | {"ingredient": [drug, *made_of]})
    )

    found = answer(patient)

    assert "D02" in found.rows if is_read else "D02" not in found.rows
    assert found.data_lines() == (() if is_read else ("1 Medication could not be read",))


# --- hosts that only look like names ------------------------------------------------------------------------------

STRANGE = ["https://xn--/r4", "https://xn--a/r4", "https://xn--zzzzzzzz/r4", "https://a..b/r4"]


@pytest.mark.parametrize("address", STRANGE)
def test_a_fhir_server_of_a_strange_name_is_not_listed(address: str) -> None:
    with pytest.raises(DataUnavailable, match="fhir-server-not-listed"):
        asked(a_patient_on_furosemide(), "patient", members={**TO_FETCH, "fhirServer": address})


@pytest.mark.parametrize("address", STRANGE)
def test_a_list_that_goes_on_at_a_strange_name_is_cut_off(address: str) -> None:
    cut = httpx.Response(200, json=going_on(a_bundle(a_result("k1")), f"{address}/Observation?page=2"))

    found, outcome = labs_from(cut)

    assert (outcome.code, supply(found), sources(found)) == ("stray-next", Supply.PAGED, ["Observation/k1"])


@pytest.mark.parametrize("address", [*STRANGE, "https://[broken", "\\\\"])
def test_a_redirect_to_a_strange_name_is_a_failed_search(address: str) -> None:
    found, outcome = labs_from(httpx.Response(302, headers={"Location": address}))

    assert (outcome.code in ("address", "status-302", "protocol"), outcome.requests) == (True, 1)
    assert supply(found) is Supply.FAILED


# --- names --------------------------------------------------------------------------------------------------------


def by_name(odd: OddServer) -> tuple[Network, str]:
    return Network(Reach.of([], ["http://localhost"])), f"http://localhost:{odd.base.rpartition(':')[2]}/"


def test_a_call_that_is_given_up_does_not_end_the_lookup_of_others() -> None:
    async def both(network: Network, url: str) -> int:
        given_up, other = (asyncio.create_task(network.get(url, 1000, seconds=LONG)) for _ in range(2))
        for _ in range(3):
            await asyncio.sleep(0)
        given_up.cancel()
        try:
            return (await other).status
        finally:
            await asyncio.gather(given_up, return_exceptions=True)
            await network.close()

    with OddServer({"/": answers({})}) as odd:
        assert asyncio.run(both(*by_name(odd))) == 200


def test_many_who_ask_for_one_name_at_once_all_get_there() -> None:
    async def many(network: Network, url: str) -> set[int]:
        found = await asyncio.gather(*(network.get(url, 1000, seconds=LONG) for _ in range(40)))
        again = await network.get(url, 1000, seconds=LONG)
        await network.close()
        return {each.status for each in (*found, again)}

    with OddServer({"/": answers({})}) as odd:
        assert asyncio.run(many(*by_name(odd))) == {200}


# --- a client that takes more than its part -----------------------------------------------------------------------


def answers_when_told(then: Behaviour, told: Event) -> Behaviour:
    """Says nothing until it is told to."""

    async def behaviour(exchange: Exchange) -> None:
        while not told.is_set():
            await asyncio.sleep(0.01)
        await then(exchange)

    return behaviour


def until(is_so: Callable[[], bool]) -> None:
    limit = monotonic() + LONG
    while not is_so():
        assert monotonic() < limit
        sleep(0.01)


def two_clients(folder: Path, base: str) -> Ehr:
    """A client of the server's /r4, and one that is the same but for its issuer and server."""
    ehr = Ehr.known_in(folder, [f"{base}/r4"])
    known = yaml.safe_load(ehr.clients.read_text())
    [usual] = known["clients"].values()
    known["clients"]["greedy"] = {**usual, "issuer": GREEDY, "fhir_bases": [f"{base}/hangs"]}
    ehr.clients.write_text(yaml.safe_dump(known))
    return ehr


def test_a_client_whose_fhir_server_hangs_leaves_half_of_the_places_to_the_others(tmp_path: Path) -> None:
    told = Event()
    empty = answers(a_bundle())
    behaviours = {"/r4/": empty, "/r4/Patient": answers(PATIENT), "/hangs/": answers_when_told(empty, told)}
    with OddServer(behaviours) as odd, ThreadPoolExecutor(2) as threads:
        ehr = two_clients(tmp_path, odd.base)

        def calls(service: Served, issuer: str, path: str) -> httpx.Response:
            token = ehr.token(service.hook, iss=issuer)
            return service.call(a_call("p1", **access(odd.base + path, "t")), token)

        def hanging(service: Served) -> list[Future[httpx.Response]]:
            held = [threads.submit(calls, service, GREEDY, "/hangs") for _ in range(2)]
            until(lambda: sum("/hangs/Patient" in each for each in odd.targets()) == 2)
            return held

        settings = {"clients": ehr.clients, "development": True, "concurrency": 4, "fetch_seconds": LONG}
        with served(tmp_path, **settings) as service:
            try:
                held = hanging(service)
                refused, other = calls(service, GREEDY, "/hangs"), calls(service, ISSUER, "/r4")
            finally:
                told.set()
            ended = [each.result().status_code for each in held]
            again = calls(service, GREEDY, "/hangs")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert (other.status_code, ended, again.status_code) == (200, [412, 412], 412)


# --- slips of the pen ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("LEGCRAMPS_CLIENT", "LEGCRAMPS_CLIENT: is no setting; did you mean LEGCRAMPS_CLIENTS?"),
        ("LEGCRAMPS_FHIR_BASE", "LEGCRAMPS_FHIR_BASE: is no setting; did you mean LEGCRAMPS_FHIR_BASES?"),
        ("LEGCRAMPS_ZZZZZZZZZZZZ", "LEGCRAMPS_ZZZZZZZZZZZZ: is no setting"),
    ],
)
def test_a_variable_that_looks_like_a_setting_and_is_none_is_told(
    monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.setenv(name, "clients.yaml")
    monkeypatch.setenv("LEGCRAMPS_Gated", "true")  # is one, however it is written

    assert [each for each in warnings(load()) if "is no setting" in each] == [said]


@pytest.mark.parametrize(
    ("given", "is_told"),
    [
        ({"base_url": "https://cds.example"}, True),
        ({"base_url": "https://cds.example", "unauthenticated": True}, False),
        ({"base_url": "http://localhost:8000"}, False),
        ({"base_url": "http://[::1]:8000"}, False),
    ],
)
def test_a_public_address_where_nobody_is_asked_who_they_are_is_told(given: FHIR, is_told: bool) -> None:
    assert any(each.startswith("LEGCRAMPS_BASE_URL: ") for each in warnings(load(**given))) is is_told


def test_a_key_that_everybody_has_opens_no_other_address_than_loopback() -> None:
    store = "sqlite:////nowhere/legcramps.db"
    public = {"host": "0.0.0.0", "base_url": "https://cds.example", "store": store}  # noqa: S104 - nothing listens

    with pytest.raises(ValueError, match="LEGCRAMPS_UNAUTHENTICATED=true"):
        load(**public, trust_sandbox=True)
    assert load(**public, trust_sandbox=True, unauthenticated=True).authenticates


@pytest.mark.parametrize("patient", ["p2", "Patient/p1", "", 1, ["p1"]])
def test_a_token_for_another_patient_is_refused(patient: Any) -> None:
    authorization = {"access_token": "x", "patient": patient}
    body = a_request(fhirServer=BASE, fhirAuthorization=authorization)

    with pytest.raises(RequestInvalid) as raised:
        decode(json.dumps(body).encode(), "patient-view")

    assert raised.value.member == "fhirAuthorization.patient"


@pytest.mark.parametrize("patient", ["p1", None])
def test_a_token_for_this_patient_is_taken(patient: str | None) -> None:
    authorization = {"access_token": "x", "patient": patient}

    assert read(a_request(fhirServer=BASE, fhirAuthorization=authorization)).access_token == "x"  # noqa: S105


@pytest.mark.parametrize(
    ("path", "is_told"),
    [("/cds-services/leg-cramps", True), ("/cds-services/", True), ("/favicon.ico", False)],
)
def test_an_address_below_discovery_that_is_none_is_logged(
    log: io.StringIO, path: str, is_told: bool
) -> None:
    answer = call(an_app(), "POST", path, b"{}")

    assert answer.status_code in (404, 405)
    assert [line["status"] for line in lines(log)] == ([answer.status_code] if is_told else [])


@pytest.mark.parametrize("filling", [b"\\\\" * 3_000_000, b"\\n" * 3_000_000])
def test_half_a_character_among_many_escapes_costs_little(filling: bytes) -> None:
    broken = b'{"resource":{"resourceType":"Observation","id":"k1","status":1,"x":"\\ud800' + filling + b'"}}'
    made = raw(broken)

    began = process_time()
    _, outcome = labs_from(made)

    assert outcome.code == "ok"
    assert process_time() - began < 0.7  # it takes tenths; 1.2 and 0.5 GB with a call for each escape
