"""S02: muscle fatigue, strain or overuse by day."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_entry(concept: str, age: int | None, **members: Any) -> APatient:
    on = days_before(age) if age is not None else None
    return a_patient().with_cramps().with_diagnosis(concept, on, **members)


@pytest.mark.parametrize("concept", ["exertional_overuse", "muscle_strain_overexertion"])
@pytest.mark.parametrize(
    ("age", "place"),
    [
        (0, ("contributor", "also-consider")),
        (90, ("contributor", "also-consider")),
        (91, None),
        (None, None),
    ],
)
def test_entry_of_the_last_90_days_is_a_line(
    concept: str, age: int | None, place: tuple[str, str] | None
) -> None:
    patient = _with_entry(concept, age)

    found = answer(patient)

    assert found.place("S02") == place


def test_no_test_is_suggested() -> None:
    """Creatine kinase misleads after exercise."""
    patient = _with_entry("exertional_overuse", 10)

    found = answer(patient).suggested

    assert found == frozenset()


def test_hard_exercise_that_is_recorded_is_not_asked_about() -> None:
    patient = _with_entry("exertional_overuse", 10)

    found = answer(patient).detail("S02")

    assert "*Ask about:* standing, sitting, alcohol" in found


def test_two_entries_are_one_line() -> None:
    patient = _with_entry("exertional_overuse", 10).with_diagnosis(
        "muscle_strain_overexertion", days_before(9)
    )

    found = answer(patient).detail("S02")

    assert found.count("(evidence C)") == 1


def test_beside_muscle_breakdown_it_is_silent() -> None:
    patient = _with_entry("exertional_overuse", 10).with_diagnosis(
        "rhabdomyolysis_or_toxic_myopathy", days_before(9)
    )

    found = answer(patient)

    assert found.flagged == {"C18"}


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_entry_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = _with_entry("exertional_overuse", 10, clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_entry("exertional_overuse", 10, verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()
