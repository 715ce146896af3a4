"""What a card is about, in short: steady while nothing changed, different where something did."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cds_service import fhir
from cds_service.chains import Matter, merge
from cds_service.facts import Facts
from cds_service.fading import reports_in_short
from cds_service.findings import Finding, judge
from cds_service.hooks import decode
from cds_service.matters import in_short
from cds_service.normalise import patient_record
from cds_service.recognition import recognise
from cds_service.verdicts import URGENCY
from tests.findings_of import site
from tests.patients import FHIR, APatient, a_patient, days_before
from tests.test_laws import laws, patients


def _facts(patient: APatient, later: int = 0, cut_off: Iterable[str] = ()) -> Facts:
    """What the record means some days *later*; *cut_off* names the lists that go on unread."""
    body = patient.request()
    for key in cut_off:
        body["prefetch"][key]["link"] = [{"relation": "next", "url": f"https://fhir.example/next/{key}"}]
    record = patient_record(fhir.gather(decode(json.dumps(body).encode(), "patient-view")))
    return recognise(record, site().reading(patient.today + timedelta(days=later)))


def _findings(facts: Facts) -> list[Finding]:
    return [each.finding for each in judge(facts, site().knowledge) if each.finding]


def _matters(patient: APatient, later: int = 0, cut_off: Iterable[str] = ()) -> dict[str, Matter]:
    facts = _facts(patient, later, cut_off)
    groups = merge(_findings(facts), site().knowledge.chains, facts)
    return {each.matter.rule: each.matter for each in groups}


def _is_news(now: dict[str, Matter], then: dict[str, Matter]) -> bool:
    """Whether some card tells what none of its rule told, or more urgently."""
    return any(
        rule not in then
        or not matter.facts <= then[rule].facts
        or URGENCY[matter.level] < URGENCY[then[rule].level]
        for rule, matter in now.items()
    )


# --- steady -----------------------------------------------------------------------------------------------------

WITH_DIURETIC = (
    a_patient()
    .with_cramps()
    .prescribed("furosemide", days_before(60), dose="40 mg")
    .with_result("potassium", "3.1 mmol/L", days_before(7))
    .with_diagnosis("hypothyroidism", recordedDate=days_before(100))
)


def _sent_again(patient: APatient) -> APatient:
    again = [(key, {**resource, "id": f"{resource['id']}-again"}) for key, resource in patient.resources]
    return replace(patient, resources=(*patient.resources, *again))


def _renamed(patient: APatient) -> APatient:
    renamed = [(key, {**resource, "id": f"other-{resource['id']}"}) for key, resource in patient.resources]
    return replace(patient, resources=tuple(renamed))


SAME = {
    "a refill": WITH_DIURETIC.prescribed("furosemide", days_before(3), dose="40 mg"),
    "a refill that says no dose": WITH_DIURETIC.prescribed("furosemide", days_before(3)),
    "the dose with a decimal": WITH_DIURETIC.prescribed("furosemide", days_before(3), dose="40.0 mg"),
    "the drug in the other list": WITH_DIURETIC.taking("furosemide", days_before(60), dose="40 mg"),
    "every entry under two ids": _sent_again(WITH_DIURETIC),
    "every entry under another id": _renamed(WITH_DIURETIC),
    "another order of entries": replace(
        WITH_DIURETIC, resources=tuple(reversed(WITH_DIURETIC.resources))
    ),
    "the result with another zero": WITH_DIURETIC.with_result(
        "potassium", "3.1 mmol/L", days_before(7), valueQuantity=None, valueString="3.10 mmol/L"
    ),
    "the result in another unit": WITH_DIURETIC.with_result("potassium", "3.1 meq/L", days_before(7)),
    "a diagnosis coded again this year": WITH_DIURETIC.with_diagnosis(
        "hypothyroidism", recordedDate=days_before(2)
    ),
    "a drug begun after the cramps": WITH_DIURETIC.taking("quinine", days_before(2), until=days_before(1)),
}  # fmt: skip


@pytest.mark.parametrize("patient", SAME.values(), ids=SAME)
def test_what_is_no_change_of_facts_is_no_news(patient: APatient) -> None:
    then = _matters(WITH_DIURETIC)

    now = _matters(patient)

    assert then
    assert not _is_news(now, then)


def test_days_that_pass_are_no_news() -> None:
    then = _matters(WITH_DIURETIC)

    later = [_matters(WITH_DIURETIC, later=days) for days in (1, 2, 10, 23)]

    assert all(now == then for now in later)


def test_a_final_value_after_the_same_preliminary_one_is_the_same() -> None:
    patient = a_patient().with_cramps()
    preliminary = patient.with_result("potassium", "2.4 mmol/L", days_before(1), status="preliminary")

    final = preliminary.with_result("potassium", "2.4 mmol/L", days_before(1))

    assert _matters(final) == _matters(preliminary)


def test_a_start_that_a_cut_off_list_forgets_is_no_news() -> None:
    whole = _matters(WITH_DIURETIC)

    cut = _matters(WITH_DIURETIC, cut_off=("medicationRequests",))

    assert _told(cut) < _told(whole)


def _told(matters: dict[str, Matter]) -> frozenset[str]:
    return frozenset(word for each in matters.values() for word in each.facts)


def test_refills_of_a_list_that_stays_cut_off_are_no_news() -> None:
    refills = WITH_DIURETIC.prescribed("furosemide", days_before(30), dose="40 mg")
    then = _matters(refills, cut_off=("medicationRequests",))

    now = _matters(
        refills.prescribed("furosemide", days_before(1), dose="40 mg"), cut_off=("medicationRequests",)
    )

    assert then
    assert not _is_news(now, then)


def test_a_supply_that_runs_out_is_no_news() -> None:
    """The drug had ended before the cramps: it is told as stopped once its refill is overdue."""
    supply: dict[str, Any] = {
        "dispenseRequest": {"expectedSupplyDuration": {"value": 30, "unit": "d", "code": "d"}}
    }
    patient = a_patient().with_cramps(days_before(5)).prescribed("furosemide", days_before(50), **supply)
    then = _matters(patient)

    now = _matters(patient, later=20)

    assert then
    assert then.keys() == now.keys()
    assert not _is_news(now, then)


@laws
@given(patients(), st.sampled_from((1, 2, 10, 29, 30, 31, 60, 89, 90, 91, 200, 366)))
def test_what_a_finding_rests_on_never_grows_by_days_that_pass(patient: APatient, days: int) -> None:
    written = json.dumps(patient.request())
    assume(all(days_before(each) not in written for each in (-20, -2)))  # entries that are yet to come
    then = {each.row: in_short([each]) for each in _findings(_facts(patient))}

    now = {each.row: in_short([each]) for each in _findings(_facts(patient, later=days))}

    assert all(now[row] <= then[row] for row in now.keys() & then.keys())


# --- news -------------------------------------------------------------------------------------------------------

NEWS = {
    "another drug": WITH_DIURETIC.prescribed("hydrochlorothiazide", days_before(50)),
    "a dose raised": WITH_DIURETIC.prescribed("furosemide", days_before(3), dose="80 mg"),
    "a dose lowered": WITH_DIURETIC.prescribed("furosemide", days_before(3), dose="20 mg"),
    "a dose that is unclear": WITH_DIURETIC.prescribed(
        "furosemide", days_before(3), dosageInstruction=[{"text": "as in the letter"}]
    ),
    "another value": WITH_DIURETIC.with_result("potassium", "3.2 mmol/L", days_before(1)),
    "the same value on another day": WITH_DIURETIC.with_result("potassium", "3.1 mmol/L", days_before(1)),
    "a value of another analyte": WITH_DIURETIC.with_result("magnesium", "0.6 mmol/L", days_before(1)),
    "a new diagnosis": WITH_DIURETIC.with_diagnosis("vomiting_diarrhoea", days_before(2)),
    "a drug that makes it worse": WITH_DIURETIC.with_result("potassium", "2.8 mmol/L", days_before(7)).taking(
        "digoxin", days_before(900)
    ),
}  # fmt: skip


@pytest.mark.parametrize("patient", NEWS.values(), ids=NEWS)
def test_a_change_of_facts_is_news(patient: APatient) -> None:
    then = _matters(WITH_DIURETIC)

    now = _matters(patient)

    assert _is_news(now, then)


def test_a_dose_that_was_raised_and_lowered_again_is_news() -> None:
    low = (
        a_patient().with_cramps().taking("furosemide", days_before(300), until=days_before(200), dose="40 mg")
    )
    raised = low.taking("furosemide", days_before(200), until=days_before(100), dose="80 mg")
    lowered = raised.taking("furosemide", days_before(100), dose="40 mg")
    unchanged = low.taking("furosemide", days_before(200), dose="40 mg")

    assert "D02" in _matters(unchanged)
    assert _is_news(_matters(lowered), _matters(unchanged))


def test_a_drug_that_was_stopped_and_started_again_is_news() -> None:
    patient = a_patient().with_cramps(days_before(20))
    then = patient.taking("furosemide", days_before(400), until=days_before(100))
    first = a_patient().with_cramps(days_before(20)).taking("furosemide", days_before(400))

    again = then.taking("furosemide", days_before(60))

    assert _matters(first)
    assert _is_news(_matters(again), _matters(first))


def test_another_injection_before_new_cramps_is_news() -> None:
    patient = a_patient().with_diagnosis("ckd_advanced", days_before(900))
    once = patient.prescribed("denosumab", days_before(205), status="completed")
    then = _matters(once.with_cramps(days_before(200)))

    twice = once.prescribed("denosumab", days_before(20), status="completed")

    assert "D23" in then
    assert _is_news(_matters(twice.with_cramps(days_before(5))), then)
    assert not _is_news(_matters(twice.with_cramps(days_before(200))), then)


def test_a_value_that_is_corrected_otherwise_is_news() -> None:
    patient = a_patient().with_cramps().with_result("calcium_total", "1.95 mmol/L", days_before(7))
    then = patient.with_result("albumin", "38 g/L", days_before(10))

    now = then.with_result("albumin", "39 g/L", days_before(7))

    assert _is_news(_matters(now), _matters(then))


def test_a_diagnosis_without_a_date_of_its_own_is_news_once_a_year() -> None:
    patient = a_patient().with_cramps().with_diagnosis("parkinsons_disease", recordedDate=days_before(400))
    then = _matters(patient)

    this_year = patient.with_diagnosis("parkinsons_disease", recordedDate=days_before(30))
    once_more = this_year.with_diagnosis("parkinsons_disease", recordedDate=days_before(1))

    assert _is_news(_matters(this_year), then)
    assert not _is_news(_matters(once_more), _matters(this_year))


def test_a_diagnosis_that_a_rule_judges_by_its_age_is_news_whenever_it_is_coded() -> None:
    patient = a_patient().with_cramps().with_diagnosis("dehydration_volume_depletion", days_before(40))

    again = patient.with_diagnosis("dehydration_volume_depletion", days_before(1))

    assert _is_news(_matters(again), _matters(patient))


def test_a_red_flag_is_news_whenever_it_is_coded() -> None:
    patient = a_patient().with_cramps().with_diagnosis("acute_dvt", days_before(20))

    again = patient.with_diagnosis("acute_dvt", days_before(1))

    assert _is_news(_matters(again), _matters(patient))


def test_the_other_side_is_news() -> None:
    left: FHIR = {"bodySite": [{"text": "left leg"}]}
    right: FHIR = {"bodySite": [{"text": "right leg"}]}
    patient = a_patient().with_cramps().with_diagnosis("acute_dvt", days_before(20), **left)

    other = patient.with_diagnosis("acute_dvt", days_before(20), **right)

    assert _is_news(_matters(other), _matters(patient))


def test_a_new_value_that_only_supports_a_diagnosis_is_news() -> None:
    patient = a_patient().with_cramps().with_diagnosis("diabetes_type_2", days_before(2000))
    then = patient.with_result("hba1c", "70 mmol/mol", days_before(90))

    now = then.with_result("hba1c", "71 mmol/mol", days_before(3))

    assert _is_news(_matters(now), _matters(then))


# --- reports of cramps ------------------------------------------------------------------------------------------


def _reports(patient: APatient, later: int = 0) -> frozenset[str]:
    return reports_in_short(_facts(patient, later))


def test_the_same_reports_are_the_same_words() -> None:
    patient = (
        a_patient()
        .with_cramps(days_before(40), recorded=days_before(30))
        .with_cramps(None, recorded=days_before(90), onsetString="childhood")
        .visited_for("Leg cramps at night")
    )
    undated = a_patient().with_cramps(None, recorded=None, onsetDateTime=None, onsetString="for ages")

    assert len(_reports(patient)) == 3
    assert _reports(_renamed(patient)) == _reports(_sent_again(patient)) == _reports(patient)
    assert _reports(patient, later=9) == _reports(patient)
    assert _reports(undated, later=9) == _reports(undated) != frozenset()


def test_a_further_report_is_another_word() -> None:
    patient = a_patient().with_cramps(days_before(40))

    for further in (
        patient.with_cramps(days_before(10)),
        patient.visited_for("Leg cramps at night"),
        patient.prescribed("quinine", days_before(3), reasonCode=[{"text": "Night leg cramps"}]),
    ):
        assert _reports(further) > _reports(patient)


def test_a_refill_of_what_is_given_for_the_cramps_is_no_further_report() -> None:
    given: dict[str, Any] = {"reasonCode": [{"text": "Night leg cramps"}]}
    patient = a_patient().prescribed("quinine", days_before(40), **given)

    assert _reports(patient.prescribed("quinine", days_before(3), **given)) == _reports(patient)
