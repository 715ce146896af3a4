"""order-sign: quinine that is being ordered for a patient with reported cramps speaks, every other order is silent."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
import respx

from cds_service.advise import Advice, advise, glance
from cds_service.app import create_app
from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.hooks import HookRequest, decode
from cds_service.order_signing import HOOK, with_drafts
from tests.client import JSON, call
from tests.findings_of import Answer, site
from tests.patients import FHIR, TODAY, APatient, a_patient, days_before, drug_coding
from tests.test_app import a_site
from tests.test_calls import TO_FETCH, answered, charts
from tests.test_fetching import BASE

PATH = "/cds-services/nocturnal-leg-cramps-order-sign"
QUININE = {"coding": [drug_coding("quinine")]}
NOT_ORDERED = "no-quinine-ordered"
UNREAD = "no-quinine-ordered-but-unread-drafts"


def cramping() -> APatient:
    return a_patient().with_cramps("2026-05-01")


def a_draft(**changes: Any) -> FHIR:
    """An order of quinine as the Sandbox writes it; a change to None leaves the member out."""
    draft = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": QUININE,
        **changes,
    }
    return {member: value for member, value in draft.items() if value is not None}


def for_(text: str, **changes: Any) -> FHIR:
    """A draft order for a medicine that is only written."""
    return a_draft(medicationCodeableConcept={"text": text}, **changes)


def body(patient: APatient, *drafts: FHIR) -> bytes:
    sent = patient.request()
    bundle = {"resourceType": "Bundle", "entry": [{"resource": draft} for draft in drafts]}
    context = {**sent["context"], "draftOrders": bundle}
    return json.dumps({**sent, "hook": HOOK, "context": context}).encode()


def request(patient: APatient, *drafts: FHIR) -> HookRequest:
    return decode(body(patient, *drafts), HOOK)


def signed(patient: APatient, *drafts: FHIR) -> Answer:
    """What who signs these orders gets to see."""
    return Answer(advise(request(patient, *drafts), site(), patient.today))


# --- what is said -------------------------------------------------------------------------------------------------


def test_quinine_that_is_being_ordered_is_a_warning_in_words_for_a_draft() -> None:
    found = signed(cramping(), a_draft())

    assert (found.rows, found.indicator("T01")) == ({"T01": ("safety", "main")}, "warning")
    assert found.summary("T01") == (
        "Quinine is being ordered for a patient with reported night leg cramps: please review the need"
    )
    assert "- Quinine being ordered 15 Jun 2026; cramps from 1 May 2026" in found.detail("T01")
    assert "on the active list" not in found.printed
    assert found.sources("T01") == ("MedicationRequest/request-123",)
    assert found.suggested == {"Full blood count"}


def test_low_platelets_make_it_critical_in_words_for_a_draft() -> None:
    patient = cramping().with_result("platelets", "60 10*9/L", days_before(5))

    found = signed(patient, a_draft())

    assert found.indicator("T01") == "critical"
    assert found.summary("T01") == (
        "Quinine is being ordered and platelets are low in a patient with reported night leg cramps: please review"
    )
    assert found.sources("T01") == ("MedicationRequest/request-123", "Observation/ob1")


def test_low_platelets_that_are_not_recent_are_asked_for_again() -> None:
    patient = cramping().with_result("platelets", "60 10*9/L", days_before(31))

    found = signed(patient, a_draft())

    assert found.indicator("T01") == "warning"
    assert "Platelets were low and are over 30 days old: repeat now." in found.detail("T01")


def test_what_adds_to_the_risk_is_told() -> None:
    found = signed(cramping().taking("warfarin", "2015-01-01"), a_draft())

    assert "Adding to the risk of quinine: warfarin." in found.detail("T01")


def test_what_is_ordered_together_with_it_adds_to_the_risk_too() -> None:
    found = signed(cramping(), a_draft(), for_("Amiodarone 200 mg tablet", id="other"))

    assert "Adding to the risk of quinine: amiodarone." in found.detail("T01")
    assert found.sources("T01") == ("MedicationRequest/request-123",)


def test_pregnancy_is_told_on_the_same_card() -> None:
    patient = cramping().born("1995-03-01").with_diagnosis("pregnancy_current", "2026-03-01")

    found = signed(patient, a_draft())

    assert found.rows == {"T01": ("safety", "main")}
    assert "Quinine is avoided in pregnancy." in found.detail("T01")


def test_nothing_else_in_the_record_makes_a_card() -> None:
    patient = cramping().taking("furosemide", "2026-04-01").with_result("potassium", "2.4 mmol/L")

    found = signed(patient, a_draft())

    assert (found.flagged, found.kinds()) == ({"T01"}, ("main",))


def test_the_dose_of_the_order_is_told() -> None:
    dose = {
        "doseAndRate": [{"doseQuantity": {"value": 300, "unit": "mg"}}],
        "timing": {"code": {"text": "night"}},
    }
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}

    found = signed(cramping(), a_draft(dosageInstruction=[{**dose, "timing": timing}]))

    assert "Quinine 300 mg being ordered 15 Jun 2026" in found.detail("T01")


@pytest.mark.parametrize(("start", "end"), [("2026-07-01", "2026-07-29"), ("2026-06-01", "2026-06-02")])
def test_it_speaks_whenever_the_order_is_to_begin_and_end(start: str, end: str) -> None:
    bounds = {"timing": {"repeat": {"boundsPeriod": {"start": start, "end": end}}}}
    supply = {"validityPeriod": {"start": start, "end": end}}

    found = signed(cramping(), a_draft(dosageInstruction=[bounds], dispenseRequest=supply))

    assert "Quinine being ordered 15 Jun 2026" in found.detail("T01")


# --- quinine that is on the list already --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("since", "told"),
    [("2020-01-01", "Quinine from 1 Jan 2020;"), (None, "Quinine, start date not recorded;")],
)
def test_quinine_on_the_list_and_in_the_draft_is_one_card_with_its_real_start(
    since: str | None, told: str
) -> None:
    found = signed(cramping().taking("quinine", since), a_draft())

    assert (len(found.cards), told in found.detail("T01")) == (1, True)
    assert found.sources("T01") == ("MedicationRequest/request-123", "MedicationStatement/ms1")


def test_two_drafts_of_quinine_are_one_card() -> None:
    found = signed(cramping(), a_draft(), a_draft(id="request-124"))

    assert len(found.cards) == 1
    assert found.sources("T01") == ("MedicationRequest/request-123", "MedicationRequest/request-124")


def test_an_order_that_is_signed_again_as_it_stands_on_the_list_speaks() -> None:
    order = a_draft(id="mr1", status="active", authoredOn="2026-02-01")
    patient = cramping().having("medicationRequests", order)

    found = signed(patient, order)

    assert (found.indicator("T01"), found.sources("T01")) == ("warning", ("MedicationRequest/mr1",))


def test_quinine_on_the_list_alone_is_left_to_the_chart() -> None:
    found = signed(cramping().taking("quinine", "2020-01-01"), for_("Furosemide 40 mg tablet"))

    assert (found.cards, found.silence) == ((), NOT_ORDERED)


# --- which orders are of quinine ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["Quinine sulfate 300 mg tablets", "quinine", "Chininsulfat", "Qualaquin 324 mg"]
)
def test_quinine_is_recognised_by_its_names(text: str) -> None:
    assert signed(cramping(), for_(text)).flagged == {"T01"}


@pytest.mark.parametrize(
    "text",
    [
        "Quinidine sulfate 200 mg tablet",
        "Hydroxychloroquine 200 mg tablet",
        "Chloroquine 250 mg",
        "Tonic water",
        "Indian tonic water (contains quinine)",
        "Furosemide 40 mg tablet",
    ],
)
def test_other_orders_are_silent(text: str) -> None:
    found = signed(cramping(), for_(text))

    assert (found.cards, found.silence) == ((), NOT_ORDERED)


def test_a_medicine_that_the_order_contains_is_read() -> None:
    contained = [{"resourceType": "Medication", "id": "m", "code": QUININE}]
    draft = a_draft(
        medicationCodeableConcept=None, contained=contained, medicationReference={"reference": "#m"}
    )

    assert signed(cramping(), draft).flagged == {"T01"}


def test_a_medicine_in_the_same_bundle_is_read() -> None:
    draft = a_draft(medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"})
    medicine = {"resourceType": "Medication", "id": "m", "code": QUININE}

    assert signed(cramping(), draft, medicine).flagged == {"T01"}


def test_a_medicine_of_the_lists_is_read() -> None:
    draft = a_draft(medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"})
    patient = cramping().having(
        "medicationRequests", {"resourceType": "Medication", "id": "m", "code": QUININE}
    )

    assert signed(patient, draft).flagged == {"T01"}


def test_the_display_of_a_reference_is_read() -> None:
    named = {"reference": "Medication/elsewhere", "display": "Quinine sulfate 300 mg"}

    found = signed(cramping(), a_draft(medicationCodeableConcept=None, medicationReference=named))

    assert found.flagged == {"T01"}


def test_an_order_of_r5_is_read() -> None:
    found = signed(cramping(), a_draft(medicationCodeableConcept=None, medication={"concept": QUININE}))

    assert found.flagged == {"T01"}


@pytest.mark.parametrize("status", ["draft", "active", "unknown", None])
def test_an_order_may_be_signed_again_in_another_status(status: str | None) -> None:
    assert signed(cramping(), a_draft(status=status)).flagged == {"T01"}


@pytest.mark.parametrize(
    "changes",
    [
        *({"status": each} for each in ("cancelled", "completed", "entered-in-error", "on-hold", "stopped")),
        {"doNotPerform": True},
    ],
)
def test_what_ends_or_forbids_quinine_is_no_order_of_it(changes: FHIR) -> None:
    assert signed(cramping(), a_draft(**changes)).silence == NOT_ORDERED


@pytest.mark.parametrize("intent", ["order", "proposal", "plan", None])
def test_what_is_being_signed_is_meant_whatever_its_intent(intent: str | None) -> None:
    assert signed(cramping(), a_draft(intent=intent)).flagged == {"T01"}


def test_a_draft_without_an_id_is_named_by_its_place() -> None:
    found = signed(cramping(), for_("Furosemide 40 mg", id="request-122"), a_draft(id=None))

    assert found.sources("T01") == ("MedicationRequest[1]",)


# --- silence ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "silence"),
    [
        (a_patient(), "no-report"),
        (cramping().born("2012-01-01"), "minor"),
        (cramping().who(deceasedBoolean=True), "deceased"),
        (cramping().seen_by("Patient/p1"), "patient-user"),
        (a_patient().with_cramps("2024-01-01", abatementDateTime="2025-01-01"), "resolved"),
    ],
)
def test_it_is_silent_where_the_chart_is(patient: APatient, silence: str) -> None:
    found = signed(patient, a_draft())

    assert (found.cards, found.silence) == ((), silence)


def test_leg_cramps_as_the_reason_of_the_order_are_a_report() -> None:
    found = signed(a_patient(), a_draft(reasonCode=[{"text": "Nocturnal leg cramps"}]))

    assert found.flagged == {"T01"}
    assert "cramps recorded 15 Jun 2026, onset not stated (reason for a medicine)" in found.detail("T01")


def test_the_reason_of_an_order_that_is_signed_together_with_it_is_a_report() -> None:
    magnesium = for_("Magnesium 300 mg", id="other", reasonCode=[{"text": "Nocturnal leg cramps"}])

    found = signed(a_patient(), magnesium, a_draft())

    assert found.sources("T01") == ("MedicationRequest/request-123",)


def test_the_reason_of_another_order_alone_makes_no_card() -> None:
    found = signed(a_patient(), for_("Magnesium 300 mg", reasonCode=[{"text": "Nocturnal leg cramps"}]))

    assert (found.cards, found.silence) == ((), NOT_ORDERED)


def test_malaria_as_the_reason_of_the_order_is_silent() -> None:
    assert signed(cramping(), a_draft(reasonCode=[{"text": "Falciparum malaria"}])).cards == ()


def test_malaria_diagnosed_lately_is_silent() -> None:
    assert signed(cramping().with_diagnosis("malaria", days_before(3)), a_draft()).cards == ()


def test_malaria_as_the_reason_of_an_earlier_course_does_not_quiet_an_order_for_cramps() -> None:
    patient = cramping().taking("quinine", "2026-05-20", reasonCode=[{"text": "Malaria"}])

    found = signed(patient, a_draft(reasonCode=[{"text": "Night leg cramps"}]))

    assert found.place("T01") == ("safety", "main")


@pytest.mark.parametrize(
    "drafts", [(), (a_draft(medicationCodeableConcept=None),)], ids=["none", "not chosen yet"]
)
def test_no_order_yet_is_silent(drafts: tuple[FHIR, ...]) -> None:
    found = signed(cramping(), *drafts)

    assert (found.cards, found.silence, dict(found.advice.counts)) == ((), NOT_ORDERED, {})


def test_orders_for_tests_alone_are_silent() -> None:
    test = {"resourceType": "ServiceRequest", "id": "s", "status": "draft", "code": {"text": "Quinine level"}}

    assert signed(cramping(), test).silence == NOT_ORDERED


def test_a_draft_whose_medicine_is_nowhere_is_told_apart() -> None:
    draft = a_draft(medicationCodeableConcept=None, medicationReference={"reference": "Medication/elsewhere"})

    found = signed(cramping(), draft)

    assert (found.cards, found.silence, found.advice.counts["unread"]) == ((), UNREAD, 1)


def test_a_broken_draft_is_counted_and_the_others_speak() -> None:
    broken = a_draft(id="broken", status=5)

    silent, found = signed(cramping(), broken), signed(cramping(), broken, a_draft())

    assert (silent.cards, silent.silence) == ((), UNREAD)
    assert (found.flagged, found.advice.counts["unread"]) == ({"T01"}, 1)


def test_an_incomplete_record_alone_is_not_told() -> None:
    patient = cramping().lacking("labs", "observations")

    found = signed(patient, a_draft(reasonCode=[{"text": "Malaria"}]))

    assert found.cards == ()


def test_an_incomplete_record_is_told_beside_the_card() -> None:
    found = signed(cramping().lacking("labs"), a_draft())

    assert found.kinds() == ("main", "data")
    assert found.data_lines() == ("Not supplied: laboratory results",)


def test_that_nothing_was_found_is_never_told() -> None:
    chatty = replace(site(), policy=replace(site().policy, says_nothing_found=True))

    told = advise(request(cramping(), a_draft(reasonCode=[{"text": "Malaria"}])), chatty, TODAY)

    assert told.cards == ()


def test_a_test_that_is_ordered_together_with_quinine_is_not_suggested() -> None:
    test = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "draft",
        "code": {"text": "Full blood count"},
    }

    assert signed(cramping(), a_draft(), test).suggested == frozenset()


# --- the request --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["quinine", "furosemide"])
def test_an_order_for_another_patient_is_refused(text: str) -> None:
    with pytest.raises(RequestInvalid) as caught:
        signed(cramping(), for_(text, subject={"reference": "Patient/p2"}))

    assert caught.value.member == "context.draftOrders"


def test_a_patient_view_is_not_touched() -> None:
    viewed = decode(json.dumps(cramping().request()).encode(), "patient-view")

    assert with_drafts(viewed) is viewed


def test_drafts_are_added_once() -> None:
    once = with_drafts(request(cramping(), a_draft()))

    assert with_drafts(once) == once


def test_other_orders_need_no_record() -> None:
    empty = a_patient().lacking("patient", "conditions", "medicationStatements", "medicationRequests")

    assert signed(empty, for_("Furosemide 40 mg")).silence == NOT_ORDERED


def test_quinine_needs_one() -> None:
    with pytest.raises(DataUnavailable):
        signed(cramping().lacking("conditions"), a_draft())


def test_a_first_look_waits_for_a_medicine_that_may_still_be_fetched() -> None:
    draft = a_draft(medicationCodeableConcept=None, medicationReference={"reference": "Medication/elsewhere"})

    looks = [glance(request(cramping(), each), site(), TODAY) for each in (draft, a_draft(), for_("Iron"))]

    assert [look and look.silence for look in looks] == [None, None, NOT_ORDERED]


# --- fetched ------------------------------------------------------------------------------------------------------

ELSEWHERE = {"reference": "Medication/m"}


def asked(draft: FHIR, router: respx.Router) -> tuple[Advice, set[str]]:
    """The advice on a call without a prefetch, and which addresses of the FHIR server were asked."""
    sent = {**json.loads(body(cramping(), draft)), **TO_FETCH, "prefetch": {}}

    advice, _ = asyncio.run(answered(decode(json.dumps(sent).encode(), HOOK), router, {}, {}))
    return advice, {each.request.url.path.removeprefix("/r4/") for each in router.calls}


def test_nothing_is_fetched_for_another_order() -> None:
    advice, paths = asked(for_("Furosemide 40 mg"), charts(cramping()))

    assert (advice.silence, paths) == (NOT_ORDERED, set())


def test_a_medicine_that_a_draft_only_refers_to_is_fetched() -> None:
    router = charts(cramping())
    router.get(f"{BASE}/Medication/m").respond(
        json={"resourceType": "Medication", "id": "m", "code": QUININE}
    )

    advice, paths = asked(a_draft(medicationCodeableConcept=None, medicationReference=ELSEWHERE), router)

    assert Answer(advice).flagged == {"T01"}
    assert "Medication/m" in paths


# --- over HTTP ----------------------------------------------------------------------------------------------------


def test_the_service_answers_where_it_is_switched_on() -> None:
    app = create_app(a_site(order_sign=True, store="none"))

    listed = call(app, "GET", "/cds-services").json()["services"]
    answer = call(app, "POST", PATH, body(cramping(), a_draft()), JSON)

    assert [(each["id"], each["hook"]) for each in listed] == [
        ("nocturnal-leg-cramps", "patient-view"),
        ("nocturnal-leg-cramps-order-sign", "order-sign"),
    ]
    assert listed[0]["prefetch"] == listed[1]["prefetch"]
    assert [card["summary"] for card in answer.json()["cards"]] == [
        "Quinine is being ordered for a patient with reported night leg cramps: please review the need"
    ]


def test_the_service_is_off_by_default() -> None:
    app = create_app(a_site(store="none"))

    answer = call(app, "POST", PATH, body(cramping(), a_draft()), JSON)

    assert answer.status_code == 404


def test_over_http_too_an_order_for_another_patient_is_refused() -> None:
    app = create_app(a_site(order_sign=True, store="none"))

    answer = call(app, "POST", PATH, body(cramping(), a_draft(subject={"reference": "Patient/p2"})), JSON)

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["diagnostics"].startswith("context.draftOrders: ")
