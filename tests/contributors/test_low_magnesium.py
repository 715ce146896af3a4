"""L02: a low magnesium."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_magnesium(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("magnesium", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L02") if "L02" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("0.85 mmol/L", None),
        ("0.70 mmol/L", None),
        ("0.69 mmol/L", "warning"),
        ("0.50 mmol/L", "warning"),
        ("0.41 mmol/L", "warning"),
        ("0.40 mmol/L", "critical"),
        ("0.30 mmol/L", "critical"),
        ("2.0 mg/dL", None),
        ("1.7 mg/dL", None),
        ("1.69 mg/dL", "warning"),
        ("1.6 mg/dL", "warning"),
        ("1.1 mg/dL", "warning"),
        ("1.0 mg/dL", "critical"),
        ("0.7 mg/dL", "critical"),
        ("1.7 meq/L", None),
        ("1.4 meq/L", None),
        ("1.39 meq/L", "warning"),
        ("1.3 mEq/L", "warning"),
        ("0.9 meq/L", "warning"),
        ("0.8 meq/L", "critical"),
        ("0.6 mEq/L", "critical"),
    ],
)
def test_level_follows_the_value_in_the_unit_reported(value: str, level: str | None) -> None:
    """1.7 mg/dL is not low, though it would be 0.6996 mmol/L."""
    patient = _with_magnesium(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("0.50 mmol/L", "warning"),
        ("0.49 mmol/L", "critical"),
        ("1.2 mg/dL", "warning"),
        ("1.19 mg/dL", "critical"),
        ("1.0 meq/L", "warning"),
        ("0.99 meq/L", "critical"),
    ],
)
@pytest.mark.parametrize("sharpened_by", ["digoxin", "quinine", "arrhythmia", "long_qt"])
def test_marked_value_is_urgent_with_a_heart_risk(sharpened_by: str, value: str, level: str) -> None:
    patient = _with_magnesium(value)
    is_drug = sharpened_by in ("digoxin", "quinine")
    patient = (
        patient.taking(sharpened_by, "2020-01-01")
        if is_drug
        else patient.with_diagnosis(sharpened_by, "2020-01-01")
    )

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("0.75 mmol/L", "0.72 mmol/L", "info"),
        ("0.75 mmol/L", "0.69 mmol/L", "warning"),
        ("0.65 mmol/L", "0.67 mmol/L", None),
        ("0.65 mmol/L", "0.64 mmol/L", "warning"),
        ("0.40 mmol/L", "0.45 mmol/L", "warning"),
        ("1.8 mg/dL", "1.7 mg/dL", "info"),
        ("1.6 mg/dL", "1.6 mg/dL", None),
    ],
)
def test_own_reference_range_decides_low_and_ours_the_bands(
    own_limit: str, value: str, level: str | None
) -> None:
    patient = _with_magnesium(value, low=own_limit)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, None), (365, None), (366, None)])
def test_low_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _with_magnesium("0.62 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"),
    [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (365, "info"), (366, None)],
)
def test_urgent_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _with_magnesium("0.38 mmol/L", age)

    found = _level(patient)

    assert found == level


def test_later_normal_value_clears_a_low_one() -> None:
    patient = _with_magnesium("0.38 mmol/L", 20).with_result("magnesium", "0.82 mmol/L", days_before(10))

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("value", "why"),
    [("0.62", "no unit"), ("0.62 mmol/kg", "unit not understood"), ("17 mmol/L", "implausible value")],
)
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    """A magnesium without a unit may be mmol/L, mg/dL or mEq/L."""
    patient = _with_magnesium(value)

    found = answer(patient)

    assert found.kinds() == ("data",)
    assert found.data_lines() == (f"Magnesium of 8 Jun 2026: {why}",)


@pytest.mark.parametrize(
    ("value", "level"), [("17 mg/L", None), ("16 mg/L", "warning"), ("9 mg/L", "critical")]
)
def test_unit_without_a_limit_of_its_own_is_converted_and_rounded(value: str, level: str | None) -> None:
    patient = _with_magnesium(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"), [("<0.2 mmol/L", "critical"), ("<0.7 mmol/L", "warning"), ("<1.2 mmol/L", None)]
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_magnesium(value)

    found = _level(patient)

    assert found == level


def test_preliminary_urgent_value_is_shown_and_an_ordinary_one_is_not() -> None:
    urgent = _with_magnesium("0.38 mmol/L", status="preliminary")
    ordinary = _with_magnesium("0.62 mmol/L", status="preliminary")

    found = _level(urgent), _level(ordinary)

    assert found == ("critical", None)


def test_of_one_day_without_times_the_more_abnormal_value_counts() -> None:
    patient = _with_magnesium("0.62 mmol/L").with_result("magnesium", "0.80 mmol/L", days_before(7))

    found = answer(patient)

    assert found.sources("L02") == ("Observation/ob1",)


def test_printed_value_is_the_one_reported() -> None:
    patient = _with_magnesium("1.5 mg/dL")

    found = answer(patient)

    assert found.summary("L02") == "Mg 1.5 mg/dL (8 Jun 2026) is low in a patient with night leg cramps"


def test_with_a_diuretic_it_leads_a_chain() -> None:
    patient = _with_magnesium("0.62 mmol/L").taking("furosemide", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L02"), found.indicator("L02")) == ("M1", "warning")


def test_value_drawn_before_the_diuretic_stands_alone() -> None:
    patient = _with_magnesium("0.62 mmol/L", 70).taking("furosemide", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L02"), found.indicator("L02")) == (None, "warning")
    assert "Drawn before furosemide (16 Apr 2026)" in found.detail("L02")


def test_supplement_on_the_list_is_told_with_a_low_value() -> None:
    """KNOWLEDGE X2."""
    patient = _with_magnesium("0.62 mmol/L").taking("magnesium oxide", "2024-01-01")

    found = answer(patient)

    assert "supplement is listed" in found.detail("L02")


def test_orders_are_magnesium_potassium_calcium_creatinine() -> None:
    patient = _with_magnesium("0.62 mmol/L")

    found = answer(patient).suggested

    assert found == {"Magnesium", "Potassium", "Calcium", "Creatinine"}


def test_magnesium_itself_is_never_suggested_without_a_deficiency() -> None:
    patient = _with_magnesium("0.85 mmol/L").taking("furosemide", days_before(60))

    found = answer(patient)

    assert "L02" not in found.flagged
    assert "replac" not in found.printed


@pytest.mark.parametrize(
    "drug",
    [
        "omeprazole",
        "indapamide",
        "furosemide",
        "bisacodyl",
        "tacrolimus",
        "gentamicin",
        "amphotericin B",
        "cisplatin",
        "cetuximab",
    ],
)
def test_every_drug_that_lowers_magnesium_is_named_even_when_begun_after_the_cramps(drug: str) -> None:
    """KNOWLEDGE X4: a cause of the value, not of the onset."""
    patient = _with_magnesium("0.62 mmol/L").taking(drug, days_before(20))

    found = answer(patient).detail("L02")

    assert f"{drug[0].upper()}{drug[1:]} (from 26 May 2026, after the cramps began) was running" in found


def test_laxative_that_may_hold_magnesium_is_not_named_as_a_cause() -> None:
    patient = _with_magnesium("0.62 mmol/L").taking("magnesium hydroxide", days_before(20))

    found = answer(patient).detail("L02")

    assert "likely cause" not in found


@pytest.mark.parametrize(
    ("value", "days", "verification", "level"),
    [
        ("0.65 mmol/L", 30, "confirmed", "critical"),
        ("0.65 mmol/L", 30, None, "critical"),
        ("0.65 mmol/L", 31, "confirmed", "warning"),
        ("0.65 mmol/L", 5, "provisional", "warning"),
        ("0.70 mmol/L", 5, "confirmed", None),
    ],
)
def test_any_low_value_with_recent_tetany_is_critical(
    value: str, days: int, verification: str | None, level: str | None
) -> None:
    """KNOWLEDGE R8: symptoms at any low value."""
    status = {"verificationStatus": {"coding": [{"code": verification}]}} if verification else {}
    patient = _with_magnesium(value).with_diagnosis("tetany", days_before(days), **status)

    found = _level(patient)

    assert found == level


def test_low_value_of_more_than_30_days_is_not_made_critical_by_tetany() -> None:
    patient = _with_magnesium("0.65 mmol/L", 31).with_diagnosis("tetany", days_before(5))

    found = _level(patient)

    assert found == "warning"


@pytest.mark.parametrize("concept", ["end_stage_renal_disease", "haemodialysis", "myasthenia_gravis"])
def test_magnesium_is_not_offered_where_it_may_harm(concept: str) -> None:
    patient = _with_magnesium("0.62 mmol/L").with_diagnosis(concept, "2020-01-01")

    found = answer(patient).detail("L02")

    assert "replace magnesium" not in found


def test_card_without_a_contraindication_offers_replacement() -> None:
    patient = _with_magnesium("0.62 mmol/L")

    found = answer(patient).detail("L02")

    assert "replace magnesium" in found


@pytest.mark.parametrize("drug", ["omeprazole", "furosemide", "magnesium oxide"])
@pytest.mark.parametrize("since", ["2020-01-01", days_before(60), days_before(20), days_before(1)])
def test_urgent_value_keeps_its_level_whatever_drug_is_listed(drug: str, since: str) -> None:
    patient = _with_magnesium("0.38 mmol/L", 2).taking(drug, since)

    found = _level(patient)

    assert found == "critical"


def test_value_drawn_before_the_supplement_is_said_to_be_so() -> None:
    """KNOWLEDGE X2."""
    patient = _with_magnesium("0.62 mmol/L", 20).taking("magnesium oxide", days_before(10))

    found = answer(patient).detail("L02")

    assert "Drawn before magnesium oxide (5 Jun 2026)" in found
    assert "is listed" not in found


def test_replacement_is_not_offered_with_coded_advanced_kidney_disease() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("ckd_advanced", days_before(900))
        .with_result("magnesium", "0.60 mmol/L")
    )

    found = answer(patient)

    assert "replace magnesium" not in found.printed
    assert "magnesium only by the specialist team" in found.detail("L02")
