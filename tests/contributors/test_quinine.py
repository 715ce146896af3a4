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

    assert "adds to the risk of quinine" in found.detail("T01")


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
