"""L14: a high magnesium is a safety point, and a reason against magnesium for cramps."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_magnesium(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("magnesium", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L14") if "L14" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("0.85 mmol/L", None),
        ("1.1 mmol/L", None),
        ("1.11 mmol/L", "info"),
        ("2.0 mmol/L", "info"),
        ("2.01 mmol/L", "warning"),
        ("2.7 mg/dL", None),
        ("2.8 mg/dL", "info"),
        ("4.9 mg/dL", "info"),
        ("5.0 mg/dL", "warning"),
        ("2.2 meq/L", None),
        ("2.3 meq/L", "info"),
        ("4.0 meq/L", "info"),
        ("4.1 meq/L", "warning"),
    ],
)
def test_level_follows_the_value_in_the_unit_reported(value: str, level: str | None) -> None:
    patient = _with_magnesium(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("1.00 mmol/L", "1.05 mmol/L", "info"),
        ("1.20 mmol/L", "1.15 mmol/L", None),
        ("2.50 mmol/L", "2.20 mmol/L", "warning"),
    ],
)
def test_own_reference_range_decides_high_and_ours_the_band(
    own_limit: str, value: str, level: str | None
) -> None:
    patient = _with_magnesium(value, high=own_limit)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "age", "level"),
    [
        ("2.3 mmol/L", 30, "warning"),
        ("2.3 mmol/L", 31, "info"),
        ("2.3 mmol/L", 90, "info"),
        ("2.3 mmol/L", 91, None),
        ("1.3 mmol/L", 90, "info"),
        ("1.3 mmol/L", 91, None),
    ],
)
def test_marked_value_is_a_warning_for_30_days_and_info_for_90(
    value: str, age: int, level: str | None
) -> None:
    patient = _with_magnesium(value, age)

    found = _level(patient)

    assert found == level


def test_later_normal_value_clears_a_high_one() -> None:
    patient = _with_magnesium("2.3 mmol/L", 9).with_result("magnesium", "0.85 mmol/L", days_before(3))

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("value", "level"), [(">2.0 mmol/L", "warning"), (">1.1 mmol/L", "info"), (">0.5 mmol/L", None)]
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_magnesium(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("2.3", "no unit"), ("2.3 mmol/mol", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_magnesium(value)

    found = answer(patient)

    assert found.data_lines() == (f"Magnesium of 8 Jun 2026: {why}",)


def test_it_is_a_safety_point_that_speaks_against_magnesium() -> None:
    patient = _with_magnesium("1.3 mmol/L")

    found = answer(patient)

    assert found.place("L14") == ("safety", "main")
    assert found.summary("L14") == (
        "Mg 1.3 mmol/L (8 Jun 2026) is high in a patient with night leg cramps: no magnesium for the cramps"
    )
    assert "replace magnesium" not in found.detail("L14")
    assert "L02" not in found.flagged


def test_listed_supplement_is_named() -> None:
    """KNOWLEDGE X2: value above range."""
    patient = _with_magnesium("1.3 mmol/L").taking("magnesium oxide", "2024-01-01")

    found = answer(patient).detail("L14")

    assert (
        "Magnesium oxide (from 1 Jan 2024, dose not clear) was running: a likely cause of the value" in found
    )


@pytest.mark.parametrize(
    ("drug", "told"),
    [
        ("magnesium hydroxide", True),
        ("magnesium trisilicate", True),
        ("lactulose", False),
        ("aluminum hydroxide", False),
    ],
)
def test_antacid_or_laxative_is_named_only_where_it_contains_magnesium(drug: str, told: bool) -> None:
    patient = _with_magnesium("1.3 mmol/L").taking(drug, "2024-01-01")

    found = answer(patient).detail("L14")

    assert (f"On the list with magnesium in it: {drug}." in found) == told


@pytest.mark.parametrize(("egfr", "told"), [("29", True), ("30", False)])
def test_weak_kidneys_are_told(egfr: str, told: bool) -> None:
    patient = _with_magnesium("1.3 mmol/L").with_result("egfr", f"{egfr} mL/min/{{1.73_m2}}")

    found = answer(patient)

    assert ("lets magnesium build up" in found.detail("L14")) == told


def test_orders_are_magnesium_and_creatinine() -> None:
    patient = _with_magnesium("1.3 mmol/L")

    found = answer(patient).suggested

    assert found == {"Magnesium", "Creatinine"}
