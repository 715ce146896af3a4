"""L11: a high HbA1c is info, and leads M10 with diabetes."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_hba1c(value: str, age: int = 7) -> APatient:
    return a_patient().with_cramps().with_result("hba1c", value, days_before(age))


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L11") if "L11" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("6.4 %", None),
        ("7.9 %", None),
        ("8.0 %", "info"),
        ("12.5 %", "info"),
        ("63 mmol/mol", None),
        ("64 mmol/mol", "info"),
        ("110 mmol/mol", "info"),
    ],
)
def test_level_follows_the_value_in_the_unit_reported(value: str, level: str | None) -> None:
    """8.0 % is raised, though it would be 63.9 mmol/mol."""
    patient = _with_hba1c(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("age", "level"), [(180, "info"), (181, None), (366, None)])
def test_value_counts_for_180_days(age: int, level: str | None) -> None:
    patient = _with_hba1c("9.1 %", age)

    found = _level(patient)

    assert found == level


def test_laboratory_range_does_not_count() -> None:
    """KNOWLEDGE section 9: the fixed value, always."""
    patient = a_patient().with_cramps().with_result("hba1c", "7.0 %", high="6.0 %")

    found = _level(patient)

    assert found is None


def test_later_value_at_goal_clears_a_high_one() -> None:
    patient = _with_hba1c("9.1 %", 100).with_result("hba1c", "6.8 %", days_before(5))

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("value", "level"), [(">14 %", "info"), (">8.0 %", "info"), (">6.0 %", None), ("<8.0 %", None)]
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_hba1c(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("9.1", "no unit"), ("9.1 mmol/L", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_hba1c(value)

    found = answer(patient)

    assert found.data_lines() == (f"HbA1c of 8 Jun 2026: {why}",)


@pytest.mark.parametrize(("age", "tests"), [(90, frozenset()), (91, {"HbA1c"})])
def test_repeat_is_suggested_after_three_months(age: int, tests: frozenset[str]) -> None:
    patient = _with_hba1c("9.1 %", age)

    found = answer(patient).suggested

    assert found == tests


def test_with_diabetes_it_leads_a_chain() -> None:
    patient = _with_hba1c("9.1 %").with_diagnosis("diabetes_type_2", "2015-01-01")

    found = answer(patient)

    assert (found.chain_of("L11"), found.indicator("L11")) == ("M10", "info")


def test_corticosteroid_is_named_beside_the_value() -> None:
    patient = _with_hba1c("9.1 %").taking("prednisolone", days_before(20))

    found = answer(patient).detail("L11")

    assert "Prednisolone (from 26 May 2026, after the cramps began) was running" in found
