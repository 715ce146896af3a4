"""C12: pregnancy."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, analyte_coding, days_before


def _pregnant(recorded: int | None = 30, **members: Any) -> APatient:
    date = {"recordedDate": days_before(recorded)} if recorded is not None else {}
    return a_patient().born("1995-01-01").with_cramps().with_diagnosis("pregnancy_current", **date, **members)


def _dated(analyte: str, taken: int, **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "dating",
        "status": "final",
        "code": {"coding": [analyte_coding(analyte)]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": days_before(taken),
        **value,
    }


def _weeks(count: int) -> dict[str, Any]:
    return _dated("gestational_age", 0, valueQuantity={"value": count, "unit": "wk", "code": "wk"})


def test_current_pregnancy_is_a_card_without_orders() -> None:
    patient = _pregnant().having("observations", _weeks(24))

    found = answer(patient)

    assert (found.place("C12"), found.indicator("C12")) == (("contributor", "main"), "info")
    assert found.suggested == frozenset()


def test_pregnancy_that_nothing_dates_is_not_taken_for_an_early_one() -> None:
    patient = _pregnant()

    found = answer(patient)

    assert found.place("C12") == ("contributor", "main")


@pytest.mark.parametrize(("age", "is_current"), [(300, True), (301, False)])
def test_entry_recorded_more_than_300_days_ago_is_out_of_date(age: int, is_current: bool) -> None:
    patient = _pregnant(age)

    found = answer(patient)

    assert ("C12" in found.flagged) is is_current


@pytest.mark.parametrize("text", ["Pregnancy", "Schwangerschaft", "Twin pregnancy, 24 weeks"])
@pytest.mark.parametrize(("age", "is_current"), [(100, True), (301, False), (None, True)])
def test_entry_that_says_no_more_than_pregnancy_is_judged_by_its_date(
    text: str, age: int | None, is_current: bool
) -> None:
    patient = _pregnant(age, code={"text": text})

    found = answer(patient)

    assert ("C12" in found.flagged) is is_current


@pytest.mark.parametrize(
    "text",
    [
        "Pregnancy test",
        "Not pregnant",
        "Previous pregnancy",
        "Pregnancy prevention",
        "Ectopic pregnancy, treated",
        "Wants pregnancy",
        "Infertility - wishes pregnancy",
        "Fear of pregnancy",
        "Contraception - pregnancy avoidance",
        "Prior pregnancy complicated by pre-eclampsia",
        "Pregnancy with abortive outcome",
    ],
)
def test_what_only_speaks_of_pregnancy_is_none(text: str) -> None:
    patient = _pregnant(100, code={"text": text})

    found = answer(patient)

    assert "C12" not in found.flagged


def test_undated_active_entry_counts_as_current() -> None:
    patient = _pregnant(None)

    found = answer(patient)

    assert "C12" in found.flagged


@pytest.mark.parametrize(("weeks", "kind"), [(12, "also-consider"), (13, "main"), (24, "main")])
def test_first_trimester_is_weaker(weeks: int, kind: str) -> None:
    patient = _pregnant().having("observations", _weeks(weeks))

    found = answer(patient)

    assert found.place("C12") == ("contributor", kind)


@pytest.mark.parametrize(("past_due", "is_current"), [(-60, True), (14, True), (15, False)])
def test_due_date_that_puts_it_beyond_42_weeks_ends_it(past_due: int, is_current: bool) -> None:
    """40 weeks at the due date, so 42 weeks are 14 days later."""
    dating = _dated("estimated_delivery_date", 200, valueDateTime=days_before(past_due))
    patient = _pregnant(200).having("observations", dating)

    found = answer(patient)

    assert ("C12" in found.flagged) is is_current


@pytest.mark.parametrize(("days", "is_current"), [(294, True), (295, False)])
def test_last_period_more_than_42_weeks_ago_ends_it(days: int, is_current: bool) -> None:
    dating = _dated("lmp_date", 200, valueDateTime=days_before(days))
    patient = _pregnant(200).having("observations", dating)

    found = answer(patient)

    assert ("C12" in found.flagged) is is_current


@pytest.mark.parametrize(
    "ended_by",
    [
        "Normal delivery of liveborn",
        "Spontaneous miscarriage",
        "Postpartum state",
        "Pregnancy with abortive outcome",
    ],
)
def test_later_delivery_or_loss_ends_it(ended_by: str) -> None:
    ended = {
        "resourceType": "Condition",
        "id": "end",
        "code": {"text": ended_by},
        "recordedDate": days_before(10),
    }
    patient = _pregnant().having("conditions", ended)

    found = answer(patient)

    assert "C12" not in found.flagged


@pytest.mark.parametrize(
    "goes_on",
    [
        "Threatened abortion",
        "Maternal care for scar from previous caesarean delivery",
        "Preterm labour without delivery",
        "History of miscarriage",
    ],
)
def test_feared_planned_or_earlier_end_does_not_end_it(goes_on: str) -> None:
    entry = {
        "resourceType": "Condition",
        "id": "other",
        "code": {"text": goes_on},
        "recordedDate": days_before(10),
    }
    patient = _pregnant().having("conditions", entry)

    found = answer(patient)

    assert "C12" in found.flagged


def test_earlier_delivery_does_not_end_a_later_pregnancy() -> None:
    ended = {
        "resourceType": "Condition",
        "id": "end",
        "code": {"text": "Delivery"},
        "recordedDate": days_before(400),
    }
    patient = _pregnant().having("conditions", ended)

    found = answer(patient)

    assert "C12" in found.flagged


@pytest.mark.parametrize(
    ("answered", "is_pregnant"),
    [
        ({"system": "http://loinc.org", "code": "LA15173-0"}, True),
        ({"system": "http://loinc.org", "code": "LA26683-5"}, False),
        ({"system": "http://snomed.info/sct", "code": "77386006"}, True),
        ({"system": "http://snomed.info/sct", "code": "60001007"}, False),
        ({"system": "http://loinc.org", "code": "LA4489-6"}, False),
        ({"system": "urn:local", "code": "1", "display": "Pregnant"}, True),
        ({"system": "urn:local", "code": "2", "display": "Not pregnant"}, False),
    ],
)
def test_pregnancy_status_is_read_by_the_code_of_its_answer_else_by_its_words(
    answered: dict[str, str], is_pregnant: bool
) -> None:
    status = _dated("pregnancy_status", 10, valueCodeableConcept={"coding": [answered]})
    patient = a_patient().born("1995-01-01").with_cramps().having("observations", status)

    found = answer(patient)

    assert ("C12" in found.flagged) is is_pregnant


def test_low_value_is_still_told_beside_it() -> None:
    patient = _pregnant().with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.flagged == {"C12", "L01"}


def test_medicine_that_carries_a_caution_makes_it_a_chain() -> None:
    patient = _pregnant().taking("atorvastatin", "2022-01-01")

    found = answer(patient)

    assert (found.chain_of("C12"), found.indicator("C12")) == ("M12", "warning")


def test_swollen_leg_and_magnesium_are_worded_with_care() -> None:
    patient = _pregnant().having("observations", _weeks(24))

    found = answer(patient).detail("C12")

    assert "one swollen leg: think of DVT" in found
    assert "magnesium may be discussed with the maternity team" in found


def test_weeks_of_gestation_are_told_where_they_are_known() -> None:
    patient = _pregnant().having("observations", _weeks(24))

    found = answer(patient).detail("C12")

    assert "Pregnancy recorded 15 Jun 2026, 24 weeks" in found


@pytest.mark.parametrize("age", [5, 60])
def test_recorded_thrombosis_takes_it_along(age: int) -> None:
    """Red flag R3: a clot is likelier in pregnancy."""
    patient = _pregnant().with_diagnosis("acute_dvt", days_before(age))

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"C12", "C15"})
    assert "Check before treating this as benign cramp" in found.detail("C12")


def test_restless_legs_of_pregnancy_are_told_beside_it() -> None:
    patient = _pregnant().with_diagnosis("restless_legs_syndrome", days_before(20))

    found = answer(patient)

    assert found.flagged == {"C11", "C12"}


@pytest.mark.parametrize(
    ("analyte", "value", "is_told"),
    [
        ("magnesium", "0.66 mmol/L", True),
        ("calcium_total", "2.05 mmol/L", True),
        ("magnesium", "0.72 mmol/L", False),
    ],
)
def test_low_magnesium_or_calcium_is_read_with_pregnancy_in_mind(
    analyte: str, value: str, is_told: bool
) -> None:
    patient = _pregnant().with_result(analyte, value)

    found = answer(patient).detail("C12")

    assert ("Magnesium, total calcium and albumin fall in a normal pregnancy." in found) is is_told


@pytest.mark.parametrize(
    ("concept", "is_offered"),
    [
        ("myasthenia_gravis", False),
        ("haemodialysis", False),
        ("ckd_advanced", False),
        ("hypothyroidism", True),
    ],
)
def test_magnesium_is_no_topic_where_it_may_harm(concept: str, is_offered: bool) -> None:
    patient = _pregnant().with_diagnosis(concept, days_before(900))

    found = answer(patient).detail("C12")

    assert ("magnesium may be discussed" in found) is is_offered
    assert ("magnesium only by the specialist team" in found) is not is_offered


@pytest.mark.parametrize(("egfr", "is_offered"), [("25", False), ("30", True)])
def test_magnesium_is_no_topic_with_an_egfr_below_thirty(egfr: str, is_offered: bool) -> None:
    patient = _pregnant().with_result("egfr", f"{egfr} mL/min/{{1.73_m2}}")

    found = answer(patient).detail("C12")

    assert ("magnesium may be discussed" in found) is is_offered
