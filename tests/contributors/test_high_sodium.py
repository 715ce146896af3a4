"""L05: a high sodium."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_sodium(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("sodium", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L05") if "L05" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("140", None),
        ("145", None),
        ("145.1", "info"),
        ("146", "info"),
        ("150", "info"),
        ("150.1", "warning"),
        ("151", "warning"),
        ("154", "warning"),
        ("155", "critical"),
        ("168", "critical"),
    ],
)
@pytest.mark.parametrize("unit", ["mmol/L", "mEq/L"])
def test_level_follows_the_value_in_either_unit(value: str, unit: str, level: str | None) -> None:
    patient = _with_sodium(f"{value} {unit}")

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("144 mmol/L", "145 mmol/L", "info"),
        ("148 mmol/L", "147 mmol/L", None),
        ("148 mmol/L", "149 mmol/L", "info"),
        ("152 mmol/L", "151 mmol/L", "warning"),
    ],
)
def test_own_reference_range_decides_high_and_ours_the_bands(
    own_limit: str, value: str, level: str | None
) -> None:
    patient = _with_sodium(value, high=own_limit)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, None), (366, None)])
def test_high_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _with_sodium("152 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"), [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (366, None)]
)
def test_severe_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _with_sodium("157 mmol/L", age)

    found = _level(patient)

    assert found == level


def test_later_normal_value_clears_a_high_one() -> None:
    patient = _with_sodium("157 mmol/L", 20).with_result("sodium", "141 mmol/L", days_before(3))

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("sodium", "glucose", "level"),
    [
        ("143 mmol/L", "40 mmol/L", None),
        ("145 mmol/L", "20 mmol/L", None),
        ("147 mmol/L", "20 mmol/L", "info"),
        ("150 mmol/L", "20 mmol/L", "info"),
        ("151 mmol/L", "20 mmol/L", "warning"),
        ("154 mmol/L", "20 mmol/L", "warning"),
        ("155 mmol/L", "20 mmol/L", "critical"),
    ],
)
def test_reported_value_decides_beside_a_high_glucose(sodium: str, glucose: str, level: str | None) -> None:
    """The correction of KNOWLEDGE X15 is for a low sodium."""
    patient = _with_sodium(sodium).with_result("glucose", glucose)

    found = answer(patient)

    assert (found.indicator("L05") if "L05" in found.flagged else None) == level
    assert "L04" not in found.flagged


@pytest.mark.parametrize(
    ("value", "level"),
    [(">155 mmol/L", "critical"), (">150 mmol/L", "warning"), (">140 mmol/L", None), ("<160 mmol/L", None)],
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_sodium(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("157 g/L", "unit not understood"), ("201", "implausible value")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_sodium(value)

    found = answer(patient)

    assert found.data_lines() == (f"Sodium of 8 Jun 2026: {why}",)


def test_missing_unit_is_used_and_told() -> None:
    """KNOWLEDGE X11."""
    patient = _with_sodium("152")

    found = answer(patient)

    assert found.indicator("L05") == "warning"
    assert "unit not given" in found.detail("L05")


@pytest.mark.parametrize("drug", ["indapamide", "furosemide", "empagliflozin"])
def test_drug_that_loses_water_is_named_even_when_begun_after_the_cramps(drug: str) -> None:
    """KNOWLEDGE X4."""
    patient = _with_sodium("152 mmol/L").taking(drug, days_before(20))

    found = answer(patient).detail("L05")

    assert f"{drug.capitalize()} (from 26 May 2026, after the cramps began) was running" in found


def test_with_dehydration_it_leads_a_chain() -> None:
    patient = _with_sodium("152 mmol/L").with_diagnosis("dehydration_volume_depletion", days_before(9))

    found = answer(patient)

    assert (found.chain_of("L05"), found.indicator("L05")) == ("M9", "warning")


def test_code_without_a_value_is_info() -> None:
    patient = a_patient().with_cramps().with_diagnosis("hypernatraemia", days_before(10))

    found = answer(patient)

    assert found.indicator("L05") == "info"
    assert found.summary("L05") == (
        "High sodium is coded (since 5 Jun 2026) without a value in a patient with night leg cramps"
    )


def test_orders_are_sodium_creatinine_glucose() -> None:
    patient = _with_sodium("152 mmol/L")

    found = answer(patient).suggested

    assert found == {"Sodium", "Creatinine", "Glucose"}


def test_urgent_card_restates_the_value_and_says_what_it_can_not_see() -> None:
    patient = _with_sodium("157 mmol/L", 2)

    found = answer(patient)

    assert found.summary("L05") == (
        "Recorded Na 157 mmol/L (13 Jun 2026) in a patient with night leg cramps: confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L05")
    assert "same-day contact" in found.detail("L05")
