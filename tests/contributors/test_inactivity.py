"""S03: inactivity or prolonged sitting."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_LINE = ("contributor", "also-consider")


def _with_minutes(value: str, age: int = 20, **members: Any) -> APatient:
    analyte = "physical_activity_minutes_per_week"
    return a_patient().with_cramps().with_result(analyte, value, days_before(age), **members)


@pytest.mark.parametrize("concept", ["physical_inactivity_immobility", "prolonged_sitting"])
@pytest.mark.parametrize("on", ["2010-01-01", days_before(10), None])
def test_active_entry_is_a_line_whatever_its_age(concept: str, on: str | None) -> None:
    patient = a_patient().with_cramps().with_diagnosis(concept, on)

    found = answer(patient)

    assert (found.place("S03"), found.suggested) == (_LINE, frozenset())


@pytest.mark.parametrize("text", ["Sedentary lifestyle", "Desk job", "Wheelchair user"])
def test_words_of_an_entry_count(text: str) -> None:
    entry = {"resourceType": "Condition", "id": "dx", "code": {"text": text}, "recordedDate": days_before(20)}
    patient = a_patient().with_cramps().having("conditions", entry)

    found = answer(patient)

    assert found.place("S03") == _LINE


@pytest.mark.parametrize(
    ("value", "place"),
    [("0 min/wk", _LINE), ("1 min/wk", None), ("90 min/wk", None), ("300 min/wk", None), ("0", None)],
)
def test_only_no_exercise_at_all_counts_as_inactive(value: str, place: tuple[str, str] | None) -> None:
    """A number without its unit may be days."""
    patient = _with_minutes(value)

    found = answer(patient)

    assert found.place("S03") == place


@pytest.mark.parametrize(("age", "place"), [(365, _LINE), (366, None)])
def test_minutes_count_for_365_days(age: int, place: tuple[str, str] | None) -> None:
    patient = _with_minutes("0 min/wk", age)

    found = answer(patient)

    assert found.place("S03") == place


def test_newer_minutes_replace_older_ones() -> None:
    patient = _with_minutes("0 min/wk", 200).with_result(
        "physical_activity_minutes_per_week", "120 min/wk", days_before(10)
    )

    found = answer(patient)

    assert found.cards == ()


def test_minutes_entered_in_error_are_not_used() -> None:
    patient = _with_minutes("0 min/wk", status="entered-in-error")

    found = answer(patient)

    assert "S03" not in found.flagged


def test_line_is_short() -> None:
    patient = a_patient().with_cramps().with_diagnosis("prolonged_sitting", "2026-03-01")

    found = answer(patient).detail("S03")

    assert "- **Inactivity or immobility** (since 1 Mar 2026) (evidence B)" in found
    assert "*Ask about:* standing, hard exercise" in found


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_entry_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("prolonged_sitting", "2026-03-01", clinicalStatus={"coding": [{"code": clinical}]})
    )

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "prolonged_sitting", "2026-03-01", verificationStatus={"coding": [{"code": verification}]}
        )
    )

    found = answer(patient)

    assert found.cards == ()
