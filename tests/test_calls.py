"""One hook call of one client: what may be fetched for it, and what of the advice it is to see."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
import respx

from cds_service.advise import Advice
from cds_service.calls import CARRIERS, FhirAccess
from cds_service.clients import Client
from cds_service.connections import Reach
from cds_service.errors import DataUnavailable
from cds_service.fhir import KEYS
from cds_service.fhir_server import Limits, Outcome
from cds_service.hooks import HookRequest, decode
from cds_service.limits import InProgress
from cds_service.network import Network
from cds_service.prefetch import USUAL, queries
from cds_service.reception import at
from cds_service.stopwatch import Stopwatch
from cds_service.turns import Pieces, Turns
from tests.findings_of import site
from tests.patients import FHIR, TODAY, APatient, a_patient, days_before
from tests.test_fetching import BASE, TOKEN, over

TO_FETCH = {"fhirServer": BASE, "fhirAuthorization": {"access_token": TOKEN, "token_type": "Bearer"}}


def a_patient_on_furosemide() -> APatient:
    return (
        a_patient()
        .with_cramps()
        .prescribed("furosemide", days_before(60))
        .with_result("potassium", "3.1 mmol/L")
    )


def charts(patient: APatient) -> respx.Router:
    """A FHIR server with this patient's chart."""
    router = respx.Router(assert_all_called=False)
    templates = queries(site().knowledge.value_sets, site().knowledge.analytes.values(), USUAL)
    for key, value in patient.request()["prefetch"].items():
        url = f"{BASE}/{templates[key].replace('{{context.patientId}}', 'p1')}"
        router.get(url__startswith=url, name=key).respond(json=value)
    return router


def asked(
    patient: APatient,
    *sent: str,
    router: respx.Router | None = None,
    members: Mapping[str, Any] = TO_FETCH,
    access: Mapping[str, Any] | None = None,
    **client: Any,
) -> tuple[Advice, tuple[Outcome, ...]]:
    """The advice for a call with only the prefetch keys *sent*, and what was fetched for it."""
    chart = router or charts(patient)
    request = patient.request()
    prefetch = {key: value for key, value in request["prefetch"].items() if key in sent}
    call = decode(json.dumps({**request, **members, "prefetch": prefetch}).encode(), "patient-view")
    return asyncio.run(answered(call, chart, access or {}, client))


async def answered(
    call: HookRequest, router: respx.Router, access: Mapping[str, Any], client: Mapping[str, Any]
) -> tuple[Advice, tuple[Outcome, ...]]:
    network = Network(Reach(), transport=over(router))
    try:
        way = FhirAccess(network, site().knowledge.prefetch, **{"limits": Limits(), **access})
        entry: FHIR = {"name": "hospital", "issuer": "", "keys": (), "fhir_bases": (BASE,), **client}
        caller = at(site())(Client(**entry), way, InProgress(1), None)
        answer = await caller.answer(call, TODAY, Pieces(Turns(), Stopwatch()))
        return answer.advice, answer.fetched
    finally:
        await network.close()


def shown(advice: Advice) -> list[str]:
    return [card.extension["org.legcramps.card"] for card in advice.cards]


# --- what may be fetched ------------------------------------------------------------------------------------------


def test_without_a_prefetch_the_cards_are_the_same() -> None:
    patient = a_patient_on_furosemide()

    sent, nothing_fetched = asked(patient, *KEYS)
    fetched, outcomes = asked(patient)

    assert (shown(sent)[0], nothing_fetched) == ("main", ())
    assert fetched.cards == sent.cards
    assert {outcome.key: outcome.code for outcome in outcomes} == dict.fromkeys(KEYS, "ok")


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({}, "no-fhir-server"),
        ({"fhirServer": BASE}, "no-access-token"),
        ({**TO_FETCH, "fhirServer": "https://fhir.example/other"}, "fhir-server-not-listed"),
        ({**TO_FETCH, "fhirServer": "http://fhir.example/r4"}, "fhir-server-not-listed"),
        ({**TO_FETCH, "fhirServer": f"{BASE}.evil"}, "fhir-server-not-listed"),
    ],
)
def test_what_may_not_be_fetched_is_412_when_it_is_required(members: FHIR, why: str) -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)

    with pytest.raises(DataUnavailable, match=why) as raised:
        asked(patient, "patient", router=router, members=members)

    assert list(router.calls) == []
    assert (raised.value.fetched or {})["conditions"] == why


def test_what_may_not_be_fetched_is_no_matter_when_nothing_is_lacking() -> None:
    patient = a_patient_on_furosemide()

    advice, _ = asked(patient, *KEYS, members={**TO_FETCH, "fhirServer": "https://evil.example"})

    assert advice.cards == asked(patient, *KEYS)[0].cards


def test_an_open_server_is_asked_in_development_only_and_without_a_token() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)

    advice, _ = asked(patient, router=router, members={"fhirServer": BASE}, access={"is_open": True})

    assert shown(advice)[0] == "main"
    assert not any("authorization" in call.request.headers for call in router.calls)


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/daughter"])
def test_nothing_is_fetched_for_somebody_who_gets_no_cards(user: str) -> None:
    patient = a_patient_on_furosemide().seen_by(user)
    router = charts(patient)

    advice, outcomes = asked(patient, router=router)

    assert (advice.silence, outcomes, list(router.calls)) == ("patient-user", (), [])


# --- in two steps -------------------------------------------------------------------------------------------------


def fetched(router: respx.Router) -> set[str]:
    return {str(name) for name in KEYS if router[name].called}


def test_a_gated_client_has_nothing_but_carriers_fetched_without_a_report() -> None:
    patient = a_patient().prescribed("furosemide", days_before(60))
    router = charts(patient)

    advice, _ = asked(patient, router=router, is_gated=True)

    assert (advice.silence, advice.cards) == ("no-report", ())
    assert fetched(router) == set(CARRIERS) & set(KEYS)


def test_a_gated_client_gets_the_same_cards_when_there_is_a_report() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)

    advice, outcomes = asked(patient, router=router, access={"is_gated": True})

    assert advice.cards == asked(patient)[0].cards
    assert (fetched(router), len(outcomes)) == (set(KEYS), len(KEYS))
    assert len(router.calls) == len(KEYS)


def test_a_client_can_be_left_out_of_gating() -> None:
    patient = a_patient()
    router = charts(patient)

    asked(patient, router=router, access={"is_gated": True}, is_gated=False)

    assert fetched(router) == set(KEYS)


def test_a_gated_client_that_only_sends_carriers_is_silent_until_there_is_a_report() -> None:
    without, _ = asked(a_patient(), *CARRIERS, members={}, is_gated=True)

    assert without.silence == "no-report"
    with pytest.raises(DataUnavailable, match=r"medicationStatements.*no-fhir-server"):
        asked(a_patient_on_furosemide(), *CARRIERS, members={}, is_gated=True)


def test_without_the_diagnoses_a_gated_client_is_not_told_that_there_is_no_report() -> None:
    patient = a_patient()
    router = charts(patient)
    router["conditions"].mock(return_value=httpx.Response(403))

    with pytest.raises(DataUnavailable, match="status-403"):
        asked(patient, router=router, is_gated=True)


async def hangs(_: httpx.Request) -> httpx.Response:
    await asyncio.sleep(30)
    raise AssertionError("nobody waits so long")


def slowly(bundle: FHIR) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    async def answer(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.02)
        return httpx.Response(200, json=bundle)

    return answer


def test_the_second_step_has_only_the_time_that_the_first_has_left() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)
    for key in ("observations", "labs"):
        router[key].mock(side_effect=hangs)
    router["glucose"].mock(side_effect=slowly(patient.request()["prefetch"]["glucose"]))

    _, outcomes = asked(patient, router=router, is_gated=True, access={"limits": Limits(seconds=0.8)})

    took = {each.key: each.milliseconds for each in outcomes if each.code == "timeout"}
    assert set(took) == {"observations", "labs"}
    assert took["observations"] >= 390
    assert took["labs"] < 700  # 400 are left


def test_a_carrier_that_failed_is_not_asked_for_again_in_the_second_step() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)
    router["observations"].mock(return_value=httpx.Response(403))

    advice, outcomes = asked(patient, router=router, is_gated=True)

    assert [each.code for each in outcomes if each.key == "observations"] == ["status-403"]
    assert (router["observations"].call_count, len(router.calls)) == (1, len(KEYS))
    assert shown(advice)[-1] == "data"


def test_a_carrier_that_is_cut_off_is_not_gone_on_with_in_the_second_step() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)
    link = {"relation": "next", "url": f"{BASE}/Observation?page=2"}
    cut = patient.request()["prefetch"]["labs"] | {"link": [link]}
    router["observations"].mock(return_value=httpx.Response(200, json=cut))
    router.get(f"{BASE}/Observation?page=2", name="second").respond(500)

    _, outcomes = asked(patient, router=router, is_gated=True, access={"limits": Limits(pages=1)})

    assert [(each.code, each.requests) for each in outcomes if each.key == "observations"] == [("more", 1)]
    assert not router["second"].called


def cut_off(advice: Advice) -> bool:
    """Whether the symptoms count as cut off."""
    told = [card.detail or "" for card in advice.cards if card.extension["org.legcramps.card"] == "data"]
    return any("Possibly cut off: symptom" in each for each in told)


def test_what_the_first_step_found_out_about_a_list_is_known_after_the_second() -> None:
    old = a_patient().with_result("potassium", "4.1 mmol/L", days_before(900)).request()["prefetch"]["labs"]
    goes_on = old | {"link": [{"relation": "next", "url": "https://elsewhere.example/"}]}
    patient = a_patient_on_furosemide()
    sorted_, unsorted, disordered = charts(patient), charts(patient), charts(patient)
    older = old["entry"][0]["resource"] | {"id": "older", "effectiveDateTime": days_before(1200)}
    wrong_way = goes_on | {"entry": [{"resource": older}, *old["entry"]]}
    sorted_["observations"].mock(return_value=httpx.Response(200, json=goes_on))
    unsorted.get(url__startswith=f"{BASE}/Observation", name="plain").respond(json=goes_on)
    unsorted["observations"].mock(return_value=httpx.Response(400))
    disordered["observations"].mock(return_value=httpx.Response(200, json=wrong_way))

    made = [asked(patient, router=each, is_gated=True)[0] for each in (sorted_, unsorted, disordered)]

    assert [cut_off(each) for each in made] == [False, True, True]


def test_a_first_step_reads_no_medicines() -> None:
    order: FHIR = {"medicationReference": {"reference": "Medication/7"}, "medicationCodeableConcept": None}
    without = a_patient().prescribed("furosemide", days_before(60), **order)
    report = a_patient_on_furosemide().prescribed("furosemide", days_before(60), **order)
    codes = []
    for patient in (without, report):
        router = charts(patient)
        router.get(f"{BASE}/Medication/7", name="medicine").respond(404)

        _, outcomes = asked(patient, "medicationRequests", router=router, is_gated=True)

        codes.append({each.key: each.code for each in outcomes}.get("(medications)"))
        assert router["medicine"].called is (codes[-1] is not None)

    assert codes == [None, "status-404"]


def test_a_carrier_that_hangs_does_not_cost_a_gated_client_the_rest() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)
    router["observations"].mock(side_effect=hangs)

    advice, outcomes = asked(patient, router=router, is_gated=True, access={"limits": Limits(seconds=0.4)})

    assert {each.key: each.code for each in outcomes} == dict.fromkeys(KEYS, "ok") | {
        "observations": "timeout"
    }
    assert shown(advice)[-1] == "data"


# --- silence, and why ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, "no-report"),
        ({"labs": 500}, "no-report"),
        ({"observations": 500}, "no-report-but-missing-lists"),
        ({"conditions": "goes on"}, "no-report-but-conditions-cut-off"),
        ({"conditions": "counts more"}, "no-report-but-conditions-cut-off"),
        ({"conditions": "withheld in part"}, "no-report-but-conditions-cut-off"),
    ],
)
@pytest.mark.parametrize("is_gated", [True, False])
def test_silence_tells_the_log_when_a_report_may_have_stood_in_what_did_not_come(
    changed: dict[str, Any], why: str, is_gated: bool
) -> None:
    patient = a_patient().with_diagnosis("diabetes_type_2").prescribed("furosemide", days_before(60))
    router = charts(patient)
    for key, how in changed.items():
        router[key].mock(return_value=lacking_something(patient.request()["prefetch"][key], how))

    advice, _ = asked(patient, router=router, is_gated=is_gated)

    assert (advice.silence, advice.cards) == (why, ())


def lacking_something(bundle: FHIR, how: Any) -> httpx.Response:
    withheld = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed"}]}
    made: dict[Any, FHIR] = {
        "goes on": bundle | {"link": [{"relation": "next", "url": "https://elsewhere.example/"}]},
        "counts more": bundle | {"total": 9},
        "withheld in part": bundle | {"entry": [*bundle["entry"], {"resource": withheld}]},
    }
    return httpx.Response(200, json=made[how]) if how in made else httpx.Response(how)


def test_why_nothing_was_fetched_is_told_beside_the_advice() -> None:
    _, outcomes = asked(a_patient_on_furosemide(), *KEYS[:4], members={})

    assert {each.key: each.code for each in outcomes} == dict.fromkeys(KEYS[4:], "no-fhir-server")


# --- lists that a site does not have ------------------------------------------------------------------------------


def test_a_list_that_a_site_does_not_have_is_not_asked_for_and_not_missed() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)
    router["medicationStatements"].mock(return_value=httpx.Response(404))

    missed, _ = asked(patient, router=router)
    known, outcomes = asked(patient, router=router, queries={"medicationStatements": None})

    assert ("data" in shown(missed), "data" in shown(known)) == (True, False)
    assert "medicationStatements" not in {outcome.key for outcome in outcomes}


def test_without_any_list_of_medicines_there_is_no_answer() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)
    router["medicationRequests"].mock(return_value=httpx.Response(500))

    with pytest.raises(DataUnavailable, match="status-500"):
        asked(patient, router=router, queries={"medicationStatements": None})

    router["medicationRequests"].mock(
        return_value=httpx.Response(200, json={"resourceType": "Bundle", "total": 3})
    )
    with pytest.raises(DataUnavailable, match="withheld"):
        asked(patient, router=router, queries={"medicationStatements": None})


def test_a_list_that_was_sent_counts_though_the_site_is_said_to_have_none() -> None:
    patient = a_patient_on_furosemide().taking("hydrochlorothiazide", days_before(60))
    usual, _ = asked(patient)

    sent, _ = asked(patient, "medicationStatements", queries={"medicationStatements": None})
    unsent, _ = asked(patient, queries={"medicationStatements": None})

    assert sent.cards == usual.cards
    assert unsent.cards != usual.cards


def test_diagnoses_that_are_counted_and_can_not_be_had_are_no_empty_list() -> None:
    patient = a_patient_on_furosemide()
    router = charts(patient)
    link = {"relation": "next", "url": f"{BASE}/Condition?page=2"}
    counted = {"resourceType": "Bundle", "type": "searchset", "total": 5, "link": [link]}
    router["conditions"].mock(return_value=httpx.Response(200, json=counted))
    router.get(f"{BASE}/Condition?page=2", name="second").respond(500)

    for is_gated in (False, True):
        with pytest.raises(DataUnavailable, match=r"prefetch.conditions: .* failed .status-500"):
            asked(patient, router=router, is_gated=is_gated)

    assert router["second"].call_count == 2


# --- what of the advice is seen -----------------------------------------------------------------------------------


def links(advice: Advice) -> set[str]:
    return {link.url for card in advice.cards for link in card.links}


def test_a_client_may_keep_some_links_or_none() -> None:
    patient = a_patient_on_furosemide()
    every = links(asked(patient)[0])

    some = links(asked(patient, links=(f"{site().base_url}/",))[0])
    none = links(asked(patient, links=())[0])

    assert some == {url for url in every if url.startswith(site().base_url)}
    assert (len(some) < len(every), none) == (True, set())


def test_the_lower_of_two_caps_holds() -> None:
    patient = a_patient_on_furosemide()

    usual, capped = asked(patient)[0], asked(patient, indicator_cap="info")[0]

    assert usual.cards[0].indicator == "warning"
    assert {card.indicator for card in capped.cards} == {"info"}
    assert [card.detail for card in capped.cards] == [card.detail for card in usual.cards]
