"""T01: quinine on the active list is a warning, whenever it began; with low platelets it is critical."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

SAFETY = ("safety", "main")


def cramping() -> APatient:
    return a_patient().with_cramps("2026-05-01")


@pytest.mark.parametrize("started", ["2026-05-20", "2026-05-01", "2026-03-01", "2015-01-01", "2025", None])
def test_quinine_that_is_taken_now_is_a_warning_whenever_it_began(started: str | None) -> None:
    patient = cramping().taking("quinine", started)

    found = answer(patient)

    assert (found.place("T01"), found.indicator("T01")) == (SAFETY, "warning")


@pytest.mark.parametrize("stopped", [days_before(1), "2026-04-20", "2020-01-01"])
def test_quinine_that_was_stopped_is_no_safety_point(stopped: str) -> None:
    patient = cramping().taking("quinine", "2019-01-01", until=stopped)

    found = answer(patient)

    assert found.flagged == frozenset()


def test_quinine_on_an_active_prescription_counts() -> None:
    patient = cramping().prescribed("quinine", "2026-05-20")

    found = answer(patient)

    assert found.sources("T01") == ("MedicationRequest/mr1",)


def test_quinine_taken_again_is_told_by_its_present_course() -> None:
    patient = cramping().taking("quinine", "2020-01-01", until="2026-05-05").taking("quinine", "2026-06-10")

    found = answer(patient)

    assert found.sources("T01") == ("MedicationStatement/ms2",)
    assert "Quinine from 10 Jun 2026" in found.detail("T01")


@pytest.mark.parametrize(
    ("count", "days", "indicator"),
    [
        ("60 10*9/L", 5, "critical"),
        ("99 10*9/L", 30, "critical"),
        ("99 10*9/L", 31, "warning"),
        ("100 10*9/L", 5, "warning"),
        ("240 10*9/L", 5, "warning"),
    ],
)
def test_platelets_below_a_hundred_in_the_last_thirty_days_make_it_critical(
    count: str, days: int, indicator: str
) -> None:
    patient = cramping().taking("quinine", "2026-03-01").with_result("platelets", count, days_before(days))

    found = answer(patient)

    assert found.indicator("T01") == indicator


def test_malaria_as_the_recorded_reason_is_context_and_silent_alone() -> None:
    patient = cramping().taking("quinine", "2026-05-20", reasonCode=[{"text": "Malaria"}])

    found = answer(patient)

    assert found.cards == ()


def test_malaria_as_the_recorded_reason_is_told_beside_something_else() -> None:
    patient = (
        cramping()
        .taking("quinine", "2026-05-20", reasonCode=[{"text": "Malaria"}])
        .taking("atorvastatin", "2015-01-01")
    )

    found = answer(patient)

    assert found.place("T01") == ("context", "also-consider")


@pytest.mark.parametrize("ingredient", ["warfarin", "digoxin", "insulin glargine", "gliclazide"])
def test_medicine_that_adds_to_the_risk_is_told(ingredient: str) -> None:
    patient = cramping().taking("quinine", "2026-03-01").taking(ingredient, "2015-01-01")

    found = answer(patient)

    assert f"Adding to the risk of quinine: {ingredient}." in found.detail("T01")


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ("myasthenia_gravis", "myasthenia gravis"),
        ("optic_neuritis", "optic neuritis"),
        ("g6pd_deficiency", "g6pd deficiency"),
        ("long_qt", "long QT"),
        ("av_block", "AV block"),
        ("thrombocytopenia", "thrombocytopenia"),
    ],
)
def test_condition_that_adds_to_the_risk_is_told(concept: str, words: str) -> None:
    patient = cramping().taking("quinine", "2026-03-01").with_diagnosis(concept, "2015-01-01")

    found = answer(patient)

    assert f"adding to the risk of quinine: {words.casefold()}." in found.detail("T01").casefold()


@pytest.mark.parametrize(
    ("analyte", "value", "days", "told"),
    [
        ("potassium", "3.4 mmol/L", 90, True),
        ("potassium", "3.4 mmol/L", 91, False),
        ("potassium", "3.5 mmol/L", 7, False),
        ("platelets", "149 10*9/L", 365, True),
        ("platelets", "99 10*9/L", 91, True),
        ("platelets", "99 10*9/L", 90, False),
        ("platelets", "99 10*9/L", 30, False),
        ("platelets", "149 10*9/L", 366, False),
        ("platelets", "150 10*9/L", 7, False),
    ],
)
def test_low_potassium_or_earlier_low_platelets_add_to_the_risk(
    analyte: str, value: str, days: int, told: bool
) -> None:
    patient = cramping().taking("quinine", "2026-03-01").with_result(analyte, value, days_before(days))

    found = answer(patient)

    assert ("Adding to the risk of quinine" in found.detail("T01")) is told


def test_several_risks_are_one_sentence() -> None:
    patient = (
        cramping()
        .taking("quinine", "2026-03-01")
        .taking("warfarin", "2015-01-01")
        .with_diagnosis("myasthenia_gravis", "2015-01-01")
    )

    found = answer(patient)

    assert "Adding to the risk of quinine: warfarin and myasthenia gravis." in found.detail("T01")


@pytest.mark.parametrize(("days", "place"), [(0, None), (90, None), (91, SAFETY), (4000, SAFETY)])
def test_malaria_coded_in_the_last_ninety_days_makes_it_context_only(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("quinine", "2026-05-20").with_diagnosis("malaria", days_before(days))

    found = answer(patient)

    assert found.place("T01") == place


def test_undated_malaria_does_not_quiet_the_warning() -> None:
    patient = cramping().taking("quinine", "2026-05-20").with_diagnosis("malaria")

    found = answer(patient)

    assert (found.place("T01"), found.indicator("T01")) == (SAFETY, "warning")


def test_ecg_is_offered_beside_a_drug_that_prolongs_qt() -> None:
    patient = cramping().taking("quinine", "2026-03-01").taking("amiodarone", "2015-01-01")

    found = answer(patient)

    assert {"Full blood count", "ECG"} <= found.suggested


def test_blood_count_is_offered_and_quinine_never() -> None:
    patient = cramping().taking("quinine", "2026-03-01")

    found = answer(patient)

    assert found.suggested == {"Full blood count"}


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("quinine", "2026-03-01", status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members",
    [{"status": "draft"}, {"status": "cancelled"}, {"intent": "proposal"}, {"doNotPerform": True}],
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("quinine", "2026-03-01", **members)

    found = answer(patient)

    assert found.cards == ()


def test_quinidine_is_not_quinine() -> None:
    patient = cramping().having(
        "medicationStatements",
        {
            "resourceType": "MedicationStatement",
            "id": "q",
            "status": "active",
            "medicationCodeableConcept": {"text": "Quinidine sulfate 200 mg tablet"},
            "subject": {"reference": "Patient/p1"},
            "effectivePeriod": {"start": "2026-03-01"},
        },
    )

    found = answer(patient)

    assert "T01" not in found.flagged


def test_quinine_that_is_flagged_is_not_set_aside_beside_it() -> None:
    patient = cramping().taking("quinine", "2026-05-10")

    found = answer(patient)

    assert found.rows == {"T01": SAFETY}


@pytest.mark.parametrize(("days", "is_asked"), [(30, False), (31, True), (90, True), (91, False)])
def test_low_platelets_that_are_not_recent_are_a_warning_to_repeat_them(days: int, is_asked: bool) -> None:
    patient = cramping().taking("quinine", "2026-03-01")
    patient = patient.with_result("platelets", "60 10*9/L", days_before(days))

    found = answer(patient)

    assert ("Platelets were low and are over 30 days old: repeat now." in found.detail("T01")) is is_asked
    assert found.indicator("T01") == ("critical" if days <= 30 else "warning")


@pytest.mark.parametrize("days", [0, 30, 31, 90, 91, 365, 800])
def test_blood_count_is_offered_whenever_the_last_one_was_low(days: int) -> None:
    patient = cramping().taking("quinine", "2019-01-01")
    patient = patient.with_result("platelets", "60 10*9/L", days_before(days))

    found = answer(patient)

    assert found.suggested == {"Full blood count"}
