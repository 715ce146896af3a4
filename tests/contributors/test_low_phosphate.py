"""L13: a low phosphate."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_phosphate(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("phosphate", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L13") if "L13" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("1.10 mmol/L", None),
        ("0.80 mmol/L", None),
        ("0.79 mmol/L", "info"),
        ("0.65 mmol/L", "info"),
        ("0.64 mmol/L", "warning"),
        ("0.33 mmol/L", "warning"),
        ("0.32 mmol/L", "critical"),
        ("2.5 mg/dL", None),
        ("2.4 mg/dL", "info"),
        ("2.0 mg/dL", "info"),
        ("1.9 mg/dL", "warning"),
        ("1.1 mg/dL", "warning"),
        ("1.0 mg/dL", "critical"),
    ],
)
def test_level_follows_the_value_in_the_unit_reported(value: str, level: str | None) -> None:
    patient = _with_phosphate(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("0.90 mmol/L", "0.85 mmol/L", "info"),
        ("0.70 mmol/L", "0.75 mmol/L", None),
        ("0.50 mmol/L", "0.60 mmol/L", "warning"),
    ],
)
def test_own_reference_range_decides_low_and_ours_the_bands(
    own_limit: str, value: str, level: str | None
) -> None:
    patient = _with_phosphate(value, low=own_limit)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, None), (366, None)])
def test_low_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _with_phosphate("0.60 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"), [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (366, None)]
)
def test_severe_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _with_phosphate("0.30 mmol/L", age)

    found = _level(patient)

    assert found == level


def test_later_normal_value_clears_a_low_one() -> None:
    patient = _with_phosphate("0.30 mmol/L", 20).with_result("phosphate", "1.0 mmol/L", days_before(3))

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("value", "level"),
    [("<0.3 mmol/L", "critical"), ("<0.65 mmol/L", "warning"), ("<1.5 mmol/L", None), (">0.2 mmol/L", None)],
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_phosphate(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("0.60", "no unit"), ("0.60 mmol/mol", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_phosphate(value)

    found = answer(patient)

    assert found.data_lines() == (f"Phosphate of 8 Jun 2026: {why}",)


@pytest.mark.parametrize(
    ("before_sample", "level"), [(1, "warning"), (30, "warning"), (90, "warning"), (91, "info"), (-2, "info")]
)
def test_any_low_value_after_intravenous_iron_is_a_warning(before_sample: int, level: str) -> None:
    """KNOWLEDGE D16; an infusion after the sample is none of its causes."""
    on = days_before(7 + before_sample)
    patient = _with_phosphate("0.75 mmol/L").taking("iron sucrose", on, until=on)

    found = _level(patient)

    assert found == level


def test_severe_value_stays_critical_after_intravenous_iron() -> None:
    on = days_before(30)
    patient = _with_phosphate("0.30 mmol/L").taking("iron sucrose", on, until=on)

    found = answer(patient)

    assert found.indicator("L13") == "critical"
    assert (
        "Iron infusions, above all carboxymaltose, may lower phosphate: think of it before the next one."
        in found.detail("L13")
    )


def test_normal_value_after_intravenous_iron_says_nothing() -> None:
    on = days_before(300)
    patient = _with_phosphate("0.90 mmol/L").taking("iron sucrose", on, until=on)

    found = answer(patient)

    assert "L13" not in found.flagged


def test_entry_that_was_not_taken_is_no_infusion() -> None:
    """KNOWLEDGE X9."""
    patient = _with_phosphate("0.75 mmol/L").taking("iron sucrose", days_before(30), status="not-taken")

    found = _level(patient)

    assert found == "info"


def test_orders_look_for_the_cause() -> None:
    patient = _with_phosphate("0.60 mmol/L")

    found = answer(patient).suggested

    assert found == {"Phosphate", "Calcium", "Magnesium", "25-OH vitamin D", "Creatinine"}


@pytest.mark.parametrize(("value", "is_offered"), [("0.32 mmol/L", False), ("0.33 mmol/L", True)])
def test_vitamin_d_is_no_urgent_order(value: str, is_offered: bool) -> None:
    patient = _with_phosphate(value, 2)

    found = answer(patient).suggested

    assert ("25-OH vitamin D" in found) is is_offered


def test_urgent_card_restates_the_value_and_says_what_it_can_not_see() -> None:
    patient = _with_phosphate("0.30 mmol/L", 2)

    found = answer(patient)

    assert found.summary("L13") == (
        "Recorded phosphate 0.3 mmol/L (13 Jun 2026) in a patient with night leg cramps: confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L13")
    assert "same-day contact" in found.detail("L13")
