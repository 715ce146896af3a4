"""L12: a high potassium is a safety point, not a cause of cramps."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_potassium(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("potassium", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L12") if "L12" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("5.0", None),
        ("5.1", None),
        ("5.4", None),
        ("5.49", None),
        ("5.5", "warning"),
        ("5.9", "warning"),
        ("5.99", "warning"),
        ("6.0", "critical"),
        ("7.2", "critical"),
    ],
)
@pytest.mark.parametrize("unit", ["mmol/L", "mEq/L"])
def test_level_follows_the_value_in_either_unit(value: str, unit: str, level: str | None) -> None:
    """5.1 to 5.4 speaks in chains only."""
    patient = _with_potassium(f"{value} {unit}")

    found = _level(patient)

    assert found == level


def test_it_is_a_safety_point() -> None:
    patient = _with_potassium("5.7 mmol/L")

    found = answer(patient)

    assert found.place("L12") == ("safety", "main")
    assert "Safety point: high potassium" in found.detail("L12")
    assert "contributor" not in found.detail("L12")


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("5.8 mmol/L", None),
        ("6.0 mmol/L", None),
        ("6.1 mmol/L", "warning"),
        ("6.4 mmol/L", "warning"),
        ("6.5 mmol/L", "critical"),
    ],
)
def test_sample_before_dialysis_has_limits_of_its_own(value: str, level: str | None) -> None:
    patient = a_patient().with_cramps().with_result("potassium_pre_dialysis", value)

    found = _level(patient)

    assert found == level


def test_sample_before_dialysis_is_said_to_be_one() -> None:
    patient = a_patient().with_cramps().with_result("potassium_pre_dialysis", "6.2 mmol/L")

    found = answer(patient)

    assert found.summary("L12").startswith("Pre-dialysis K 6.2 mmol/L (8 Jun 2026)")
    assert "Drawn before dialysis, where higher is usual" in found.detail("L12")


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, None), (366, None)])
def test_high_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _with_potassium("5.7 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"), [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (366, None)]
)
def test_urgent_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _with_potassium("6.3 mmol/L", age)

    found = _level(patient)

    assert found == level


def test_later_normal_value_clears_a_high_one() -> None:
    patient = _with_potassium("6.3 mmol/L", 9).with_result("potassium", "4.6 mmol/L", days_before(3))

    found = answer(patient)

    assert found.cards == ()


def test_high_value_of_a_haemolysed_sample_is_not_used() -> None:
    """KNOWLEDGE X16."""
    patient = _with_potassium("6.3 mmol/L", specimen={"display": "Serum, haemolysed"})

    found = answer(patient)

    assert "L12" not in found.flagged
    assert found.data_lines() == ("Potassium of 8 Jun 2026: haemolysed sample",)


@pytest.mark.parametrize(
    ("value", "level"),
    [(">6.0 mmol/L", "critical"), (">5.5 mmol/L", "warning"), (">5.0 mmol/L", None), ("<7 mmol/L", None)],
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_potassium(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("62", "implausible value"), ("6.2 g/L", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_potassium(value)

    found = answer(patient)

    assert found.data_lines() == (f"Potassium of 8 Jun 2026: {why}",)


@pytest.mark.parametrize(
    ("analyte", "calcium", "told"),
    [
        ("calcium_total", "1.70 mmol/L", True),
        ("calcium_adjusted", "2.05 mmol/L", True),
        ("calcium_ionized", "1.00 mmol/L", True),
        ("calcium_adjusted", "2.30 mmol/L", False),
    ],
)
def test_low_calcium_of_the_day_hints_at_edta(analyte: str, calcium: str, told: bool) -> None:
    """KNOWLEDGE X16: the value keeps its level, the doubt is told."""
    patient = _with_potassium("6.4 mmol/L").with_result(analyte, calcium)

    found = answer(patient)

    assert found.indicator("L12") == "critical"
    assert ("EDTA" in found.detail("L12")) == told


@pytest.mark.parametrize("value", ["5.7 mmol/L", "6.3 mmol/L"])
def test_potassium_is_never_offered(value: str) -> None:
    patient = _with_potassium(value)

    found = answer(patient).detail("L12")

    assert "no potassium" in found
    assert "replace potassium" not in found


def test_listed_supplement_is_told_with_a_high_value() -> None:
    """KNOWLEDGE X2: value above range, no more of it."""
    patient = _with_potassium("5.7 mmol/L").taking("potassium chloride", "2024-01-01")

    found = answer(patient).detail("L12")

    assert "A potassium supplement is listed; review whether it is still needed." in found


def test_code_without_a_value_is_info() -> None:
    patient = a_patient().with_cramps().with_diagnosis("hyperkalaemia", days_before(10))

    found = answer(patient)

    assert (found.role("L12"), found.indicator("L12")) == ("safety", "info")
    assert found.summary("L12") == (
        "High potassium is coded (since 5 Jun 2026) without a value in a patient with night leg cramps"
    )


def test_orders_are_potassium_ecg_creatinine() -> None:
    patient = _with_potassium("5.7 mmol/L")

    found = answer(patient).suggested

    assert found == {"Potassium", "ECG", "Creatinine"}


def test_urgent_card_restates_the_value_and_says_what_it_can_not_see() -> None:
    patient = _with_potassium("6.3 mmol/L", 2)

    found = answer(patient)

    assert found.summary("L12") == (
        "Recorded K 6.3 mmol/L (13 Jun 2026) in a patient with night leg cramps: confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L12")
    assert "same-day contact" in found.detail("L12")
