"""L04: a low sodium."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_sodium(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("sodium", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L04") if "L04" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("140", None),
        ("135", None),
        ("134.9", "info"),
        ("134", "info"),
        ("130", "info"),
        ("129", "warning"),
        ("125", "warning"),
        ("124", "critical"),
        ("112", "critical"),
    ],
)
@pytest.mark.parametrize("unit", ["mmol/L", "meq/L"])
def test_level_follows_the_value_in_either_unit(value: str, unit: str, level: str | None) -> None:
    patient = _with_sodium(f"{value} {unit}")

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("136 mmol/L", "135 mmol/L", "info"),
        ("133 mmol/L", "134 mmol/L", None),
        ("133 mmol/L", "129 mmol/L", "warning"),
    ],
)
def test_own_reference_range_decides_low_and_ours_the_bands(
    own_limit: str, value: str, level: str | None
) -> None:
    patient = _with_sodium(value, low=own_limit)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, None), (366, None)])
def test_low_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _with_sodium("127 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"),
    [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (365, "info"), (366, None)],
)
def test_profound_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _with_sodium("121 mmol/L", age)

    found = _level(patient)

    assert found == level


def test_later_normal_value_clears_a_low_one() -> None:
    patient = _with_sodium("121 mmol/L", 20).with_result("sodium", "138 mmol/L", days_before(10))

    found = answer(patient)

    assert found.cards == ()


def test_missing_unit_is_used_and_told() -> None:
    patient = _with_sodium("127")

    found = answer(patient)

    assert found.indicator("L04") == "warning"
    assert "unit not given" in found.detail("L04")


@pytest.mark.parametrize(
    ("value", "why"), [("89", "implausible value"), ("127 mg/dL", "unit not understood")]
)
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_sodium(value)

    found = answer(patient)

    assert found.data_lines() == (f"Sodium of 8 Jun 2026: {why}",)


# --- X15: a high glucose in the same sample -------------------------------------------------------------------


def _with_glucose(sodium: str, glucose: str, **members: Any) -> APatient:
    return _with_sodium(sodium).with_result("glucose", glucose, days_before(7), **members)


@pytest.mark.parametrize(
    ("sodium", "glucose", "role", "level"),
    [
        ("133 mmol/L", "10.0 mmol/L", "contributor", "info"),
        ("133 mmol/L", "10.1 mmol/L", "contributor", "info"),
        ("133 mmol/L", "10.3 mmol/L", None, None),
        ("128 mmol/L", "15 mmol/L", "contributor", "info"),
        ("126 mmol/L", "12 mmol/L", "contributor", "warning"),
        ("133 mmol/L", "180 mg/dL", "contributor", "info"),
        ("133 mmol/L", "190 mg/dL", None, None),
        ("122 mmol/L", "11 mmol/L", "contributor", "critical"),
    ],
)
def test_corrected_sodium_decides_the_band(
    sodium: str, glucose: str, role: str | None, level: str | None
) -> None:
    """133 beside 10.3 is corrected to 135.0: not low."""
    patient = _with_glucose(sodium, glucose)

    found = answer(patient)

    assert (found.role("L04"), found.indicator("L04") if role else None) == (role, level)


def test_both_numbers_are_shown() -> None:
    patient = _with_glucose("126 mmol/L", "12 mmol/L")

    found = answer(patient).detail("L04")

    assert "Na **126** and glucose **12** mmol/L (8 Jun 2026; Na 128.7 when corrected for glucose)" in found


@pytest.mark.parametrize(
    ("sodium", "glucose"),
    [("124 mmol/L", "32 mmol/L"), ("133 mmol/L", "20 mmol/L"), ("133 mmol/L", "360 mg/dL")],
)
def test_explained_sodium_with_a_very_high_glucose_is_a_safety_warning(sodium: str, glucose: str) -> None:
    patient = _with_glucose(sodium, glucose)

    found = answer(patient)

    assert (found.role("L04"), found.indicator("L04")) == ("safety", "warning")
    assert "glucose" in found.summary("L04").casefold()


def test_measured_value_below_125_stays_at_least_a_warning() -> None:
    """124 beside 15 mmol/L is corrected to 128.0."""
    patient = _with_glucose("124 mmol/L", "15 mmol/L")

    found = answer(patient)

    assert (found.role("L04"), found.indicator("L04")) == ("contributor", "warning")


def test_glucose_of_another_day_corrects_nothing() -> None:
    patient = _with_sodium("133 mmol/L").with_result("glucose", "25 mmol/L", days_before(6))

    found = answer(patient)

    assert found.indicator("L04") == "info"


def test_explained_sodium_is_named_as_set_aside() -> None:
    patient = _with_glucose("133 mmol/L", "12 mmol/L").taking("indapamide", days_before(60))

    found = answer(patient)

    assert found.role("L04") == "set-aside"
    assert "explained by the high glucose in the same sample" in found.printed


# --- other drugs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("diuretic", ["indapamide", "furosemide", "spironolactone"])
def test_with_a_diuretic_it_leads_a_chain(diuretic: str) -> None:
    patient = _with_sodium("127 mmol/L").taking(diuretic, days_before(60))

    found = answer(patient)

    assert (found.chain_of("L04"), found.indicator("L04")) == ("M1b", "warning")


@pytest.mark.parametrize(
    "other", ["sertraline", "venlafaxine", "carbamazepine", "oxcarbazepine", "desmopressin"]
)
def test_other_drug_that_lowers_sodium_is_named(other: str) -> None:
    patient = _with_sodium("127 mmol/L").taking(other, "2020-01-01")

    found = answer(patient).detail("L04")

    assert (
        f"{other.capitalize()} (from 1 Jan 2020, dose not clear) was running: a likely cause of the value"
        in found
    )


def test_value_drawn_before_the_diuretic_stands_alone() -> None:
    patient = _with_sodium("127 mmol/L", 70).taking("indapamide", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L04"), found.indicator("L04")) == (None, "warning")


def test_orders_look_for_the_cause() -> None:
    patient = _with_sodium("127 mmol/L")

    found = answer(patient).suggested

    assert found == {"Sodium", "Serum osmolality", "Urine sodium", "Glucose", "Creatinine"}


def test_card_never_suggests_a_fast_correction() -> None:
    patient = _with_sodium("121 mmol/L")

    found = answer(patient)

    assert "no fast correction" in found.detail("L04")


def test_very_high_glucose_is_named_though_the_corrected_sodium_is_low_too() -> None:
    """KNOWLEDGE X15: both are named, since such a glucose needs prompt action itself."""
    patient = _with_glucose("118 mmol/L", "22 mmol/L")

    found = answer(patient).detail("L04")

    assert "glucose **22** mmol/L" in found
    assert "The glucose needs prompt action itself." in found


@pytest.mark.parametrize("laxative", ["bisacodyl", "lactulose", "sodium phosphate"])
def test_laxative_begun_after_the_cramps_is_named_as_a_likely_cause_of_the_value(laxative: str) -> None:
    """KNOWLEDGE D20, X4."""
    patient = _with_sodium("127 mmol/L").taking(laxative, days_before(20))

    found = answer(patient).detail("L04")

    assert f"{laxative.capitalize()} (from 26 May 2026, after the cramps began) was running" in found


@pytest.mark.parametrize("drug", ["sertraline", "indapamide", "desmopressin"])
@pytest.mark.parametrize("since", ["2020-01-01", days_before(60), days_before(20), days_before(1)])
def test_profound_value_keeps_its_level_whatever_drug_is_listed(drug: str, since: str) -> None:
    patient = _with_sodium("121 mmol/L", 2).taking(drug, since)

    found = _level(patient)

    assert found == "critical"


@pytest.mark.parametrize("sodium", ["135 mmol/L", "143 mmol/L"])
def test_high_glucose_beside_a_sodium_that_is_not_low_makes_no_low_sodium_of_it(sodium: str) -> None:
    """KNOWLEDGE X15 is about a low sodium."""
    patient = _with_glucose(sodium, "32 mmol/L")

    found = answer(patient)

    assert "L04" not in found.flagged


def test_urgent_card_says_what_it_can_not_see() -> None:
    patient = _with_sodium("121 mmol/L", 2)

    found = answer(patient)

    assert found.summary("L04") == (
        "Recorded Na 121 mmol/L (13 Jun 2026) in a patient with night leg cramps: confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L04")
