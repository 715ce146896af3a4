"""L03: a low calcium, ionised, adjusted for albumin, or total."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with(analyte: str, value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result(analyte, value, days_before(age), **members)


def _adjusted(value: str, age: int = 7, **members: Any) -> APatient:
    return _with("calcium_adjusted", value, age, **members)


def _total(value: str, albumin: str | None = None, apart: int = 0) -> APatient:
    patient = _with("calcium_total", value)
    return patient.with_result("albumin", albumin, days_before(7 + apart)) if albumin else patient


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L03") if "L03" in found.flagged else None


# --- levels in each unit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("2.30 mmol/L", None),
        ("2.12 mmol/L", None),
        ("2.11 mmol/L", "warning"),
        ("1.90 mmol/L", "warning"),
        ("1.89 mmol/L", "critical"),
        ("8.5 mg/dL", None),
        ("8.4 mg/dL", "warning"),
        ("7.6 mg/dL", "warning"),
        ("7.5 mg/dL", "critical"),
        ("3.70 meq/L", "critical"),
        ("4.3 meq/L", None),
    ],
)
def test_adjusted_calcium_in_the_unit_reported(value: str, level: str | None) -> None:
    """7.6 mg/dL is not severe, though it would be 1.896 mmol/L."""
    patient = _adjusted(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("1.12 mmol/L", None),
        ("1.11 mmol/L", "warning"),
        ("0.90 mmol/L", "warning"),
        ("0.89 mmol/L", "critical"),
        ("4.5 mg/dL", None),
        ("4.4 mg/dL", "warning"),
        ("3.6 mg/dL", "warning"),
        ("3.5 mg/dL", "critical"),
    ],
)
def test_ionised_calcium_has_limits_of_its_own(value: str, level: str | None) -> None:
    patient = _with("calcium_ionized", value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("2.12 mmol/L", None),
        ("2.11 mmol/L", "info"),
        ("1.90 mmol/L", "info"),
        ("1.89 mmol/L", "warning"),
        ("1.63 mmol/L", "warning"),
        ("1.62 mmol/L", "critical"),
        ("8.5 mg/dL", None),
        ("8.4 mg/dL", "info"),
        ("7.6 mg/dL", "info"),
        ("7.5 mg/dL", "warning"),
        ("6.6 mg/dL", "warning"),
        ("6.5 mg/dL", "critical"),
    ],
)
def test_total_calcium_without_albumin_is_unconfirmed(value: str, level: str | None) -> None:
    """KNOWLEDGE section 9: info when low, a warning when severe, critical at the phone limit."""
    patient = _total(value)

    found = _level(patient)

    assert found == level


def test_unconfirmed_value_asks_for_albumin_or_ionised_calcium() -> None:
    patient = _total("2.05 mmol/L")

    found = answer(patient)

    assert "Total calcium without an albumin near it: unconfirmed." in found.detail("L03")
    assert found.suggested == {"Albumin", "Calcium, ionized"}


@pytest.mark.parametrize(
    ("calcium", "albumin", "level"),
    [
        ("2.05 mmol/L", "36 g/L", None),
        ("2.05 mmol/L", "37 g/L", "warning"),
        ("2.05 mmol/L", "28 g/L", None),
        ("1.85 mmol/L", "38 g/L", "critical"),
        ("1.85 mmol/L", "37 g/L", "warning"),
        ("8.1 mg/dL", "3.5 g/dL", None),
        ("8.1 mg/dL", "3.6 g/dL", "warning"),
        ("7.5 mg/dL", "4.0 g/dL", "critical"),
        ("1.60 mmol/L", "20 g/L", "warning"),
        ("2.20 mmol/L", "50 g/L", "warning"),
    ],
)
def test_total_calcium_is_judged_by_its_adjusted_value(calcium: str, albumin: str, level: str | None) -> None:
    """Plus 0.02 mmol/L for each g/L of albumin below 40; plus 0.8 mg/dL for each g/dL below 4.0."""
    patient = _total(calcium, albumin)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("apart", "level"), [(7, "warning"), (8, "info"), (-7, "warning")])
def test_albumin_of_at_most_seven_days_off_adjusts(apart: int, level: str) -> None:
    patient = _total("2.05 mmol/L", "38 g/L", apart)

    found = _level(patient)

    assert found == level


def test_adjusted_value_is_in_the_summary_and_the_measured_one_in_the_facts() -> None:
    patient = _total("2.05 mmol/L", "38 g/L")

    found = answer(patient)

    assert found.summary("L03") == (
        "Adjusted Ca 2.09 mmol/L (8 Jun 2026) is low in a patient with night leg cramps"
    )
    assert "Ca **2.05**" in found.detail("L03")
    assert "unconfirmed" not in found.detail("L03")
    assert found.sources("L03") == ("Observation/ob1", "Observation/ob2")


def test_value_reported_as_adjusted_is_not_adjusted_again() -> None:
    patient = _adjusted("2.05 mmol/L").with_result("albumin", "28 g/L")

    found = _level(patient)

    assert found == "warning"


def test_normal_once_adjusted_is_set_aside_with_both_numbers() -> None:
    """KNOWLEDGE X10."""
    patient = _total("2.05 mmol/L", "28 g/L").with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.role("L03") == "set-aside"
    assert "Ca 2.05 mmol/L (8 Jun 2026, 2.29 adjusted for albumin 28 g/L, so not low)" in found.detail("L03")


@pytest.mark.parametrize(
    ("analyte", "value", "level"),
    [("calcium_ionized", "1.20 mmol/L", None), ("calcium_ionized", "1.05 mmol/L", "warning")],
)
def test_of_one_day_ionised_calcium_counts_before_total(analyte: str, value: str, level: str | None) -> None:
    """KNOWLEDGE X10: ionised is preferred."""
    patient = _total("1.85 mmol/L").with_result(analyte, value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("2.20 mmol/L", "2.15 mmol/L", "info"),
        ("2.05 mmol/L", "2.08 mmol/L", None),
        ("2.05 mmol/L", "2.04 mmol/L", "warning"),
        ("1.80 mmol/L", "1.85 mmol/L", "critical"),
    ],
)
def test_own_reference_range_decides_low_and_ours_the_band(
    own_limit: str, value: str, level: str | None
) -> None:
    patient = _adjusted(value, low=own_limit)

    found = _level(patient)

    assert found == level


# --- age, units, comparators ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, None), (366, None)])
def test_low_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _adjusted("2.00 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"), [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (366, None)]
)
def test_severe_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _adjusted("1.80 mmol/L", age)

    found = _level(patient)

    assert found == level


def test_later_normal_value_clears_a_low_one() -> None:
    patient = _adjusted("1.80 mmol/L", 20).with_result("calcium_ionized", "1.20 mmol/L", days_before(3))

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("value", "why"),
    [("2.05", "no unit"), ("8.0 mmol/L", "implausible value"), ("2.05 umol", "unit not understood")],
)
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _adjusted(value)

    found = answer(patient)

    assert found.kinds() == ("data",)
    assert found.data_lines()[0].endswith(why)


@pytest.mark.parametrize(
    ("value", "level"),
    [("<1.90 mmol/L", "critical"), ("<2.12 mmol/L", "warning"), ("<3 mmol/L", None), (">2.0 mmol/L", None)],
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _adjusted(value)

    found = _level(patient)

    assert found == level


def test_preliminary_severe_value_is_shown_and_an_ordinary_one_is_not() -> None:
    severe, ordinary = (_adjusted(value, status="preliminary") for value in ("1.80 mmol/L", "2.00 mmol/L"))

    found = answer(severe)

    assert found.indicator("L03") == "critical"
    assert "preliminary" in found.detail("L03")
    assert "L03" not in answer(ordinary).flagged


# --- tetany ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "days", "verification", "level"),
    [
        ("2.10 mmol/L", 30, None, "critical"),
        ("2.10 mmol/L", 30, "confirmed", "critical"),
        ("2.10 mmol/L", 31, "confirmed", "warning"),
        ("2.10 mmol/L", 5, "provisional", "warning"),
        ("2.12 mmol/L", 5, "confirmed", "info"),
    ],
)
def test_any_low_value_with_recent_tetany_is_critical(
    value: str, days: int, verification: str | None, level: str | None
) -> None:
    """KNOWLEDGE L03, R8."""
    status = {"verificationStatus": {"coding": [{"code": verification}]}} if verification else {}
    patient = _adjusted(value).with_diagnosis("tetany", days_before(days), **status)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize("status", ["entered-in-error", "refuted"])
def test_withdrawn_tetany_sharpens_nothing(status: str) -> None:
    withdrawn = {"verificationStatus": {"coding": [{"code": status}]}}
    patient = _adjusted("2.10 mmol/L").with_diagnosis("tetany", days_before(5), **withdrawn)

    found = _level(patient)

    assert found == "warning"


def test_unconfirmed_total_with_tetany_is_critical() -> None:
    patient = _total("2.05 mmol/L").with_diagnosis("tetany", days_before(5))

    found = answer(patient)

    assert found.indicator("L03") == "critical"
    assert "tetany (since 10 Jun 2026)" in found.detail("L03")


@pytest.mark.parametrize(("concept", "named"), [("hypocalcaemia", "Hypocalcaemia"), ("tetany", "Tetany")])
def test_code_without_a_value_is_info(concept: str, named: str) -> None:
    """DECISIONS, Results: a coded diagnosis with no value is never critical."""
    patient = a_patient().with_cramps().with_diagnosis(concept, days_before(10))

    found = answer(patient)

    assert found.indicator("L03") == "info"
    assert found.summary("L03") == (
        f"{named} is coded (since 5 Jun 2026) without a calcium value in a patient with night leg cramps"
    )


def test_code_with_a_current_normal_value_is_silent() -> None:
    patient = _adjusted("2.30 mmol/L").with_diagnosis("hypocalcaemia", days_before(10))

    found = answer(patient)

    assert found.cards == ()


# --- beside it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("potassium", "told"), [("6.1 mmol/L", True), ("6.0 mmol/L", False)])
def test_high_potassium_of_the_day_hints_at_edta(potassium: str, told: bool) -> None:
    """KNOWLEDGE X16."""
    patient = _adjusted("1.95 mmol/L").with_result("potassium", potassium)

    found = answer(patient)

    assert ("EDTA" in found.detail("L03")) == told


def test_high_potassium_of_another_day_says_nothing_about_the_tube() -> None:
    patient = _adjusted("1.95 mmol/L").with_result("potassium", "6.4 mmol/L", days_before(6))

    found = answer(patient)

    assert "EDTA" not in found.printed


@pytest.mark.parametrize("drug", ["furosemide", "omeprazole", "zoledronic acid", "denosumab"])
def test_drug_that_lowers_calcium_is_named_even_when_begun_after_the_cramps(drug: str) -> None:
    """KNOWLEDGE X4."""
    patient = _adjusted("2.00 mmol/L").taking(drug, days_before(20))

    found = answer(patient)

    assert found.indicator("L03") == "warning"
    assert f"{drug.capitalize()} (from 26 May 2026, after the cramps began) was running" in found.detail(
        "L03"
    )


@pytest.mark.parametrize("drug", ["furosemide", "calcium carbonate", "cholecalciferol"])
@pytest.mark.parametrize("since", ["2020-01-01", days_before(60), days_before(20), days_before(1)])
def test_severe_value_keeps_its_level_whatever_drug_is_listed(drug: str, since: str) -> None:
    patient = _adjusted("1.80 mmol/L", 2).taking(drug, since)

    found = _level(patient)

    assert found == "critical"


@pytest.mark.parametrize("drug", ["calcium carbonate", "cholecalciferol"])
def test_supplement_on_the_list_is_told_with_a_low_value(drug: str) -> None:
    """KNOWLEDGE X2."""
    patient = _adjusted("2.00 mmol/L").taking(drug, "2024-01-01")

    found = answer(patient).detail("L03")

    assert "Calcium or vitamin D is listed" in found


def test_urgent_card_keeps_its_options_rather_than_the_supplement() -> None:
    patient = _adjusted("1.80 mmol/L", 2).taking("calcium carbonate", "2024-01-01")

    found = answer(patient).detail("L03")

    assert "is listed" not in found
    assert "ask about tingling, spasm, stridor, seizure" in found


def test_value_drawn_before_the_supplement_is_said_to_be_so() -> None:
    patient = _adjusted("2.00 mmol/L", 20).taking("calcium carbonate", days_before(10))

    found = answer(patient).detail("L03")

    assert "Drawn before calcium carbonate (5 Jun 2026)" in found
    assert "is listed" not in found


def test_low_vitamin_d_joins_the_card() -> None:
    patient = _adjusted("2.00 mmol/L").with_result("vitamin_d_25oh", "20 nmol/L")

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"L03", "L10"})


def test_orders_look_for_the_cause() -> None:
    patient = _adjusted("2.00 mmol/L")

    found = answer(patient).suggested

    assert found == {"Calcium", "Albumin", "Magnesium", "PTH", "25-OH vitamin D", "Phosphate", "ECG"}


def test_urgent_card_restates_the_value_and_says_what_it_can_not_see() -> None:
    patient = (
        _total("1.85 mmol/L", "38 g/L").taking("furosemide", "2020-01-01").taking("omeprazole", "2020-01-01")
    )

    found = answer(patient)

    assert found.summary("L03") == (
        "Recorded adjusted Ca 1.89 mmol/L (8 Jun 2026) in a patient with night leg cramps: "
        "confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L03")
    assert "same-day contact" in found.detail("L03")


@pytest.mark.parametrize(
    ("total", "indicator"), [("2.10 mmol/L", "critical"), ("2.00 mmol/L", "critical"), ("2.40 mmol/L", None)]
)
def test_low_total_without_albumin_does_not_displace_a_worse_adjusted_value(
    total: str, indicator: str | None
) -> None:
    """A normal total clears it (KNOWLEDGE X7); one that is low too confirms nothing."""
    patient = (
        a_patient()
        .with_cramps()
        .with_result("calcium_adjusted", "1.80 mmol/L", days_before(12))
        .with_result("calcium_total", total, days_before(2))
    )

    found = answer(patient)

    assert (found.indicator("L03") if "L03" in found.flagged else None) == indicator


def test_low_total_after_a_normal_adjusted_value_stays_unconfirmed() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_result("calcium_adjusted", "2.30 mmol/L", days_before(12))
        .with_result("calcium_total", "2.05 mmol/L", days_before(2))
    )

    found = answer(patient)

    assert (found.indicator("L03"), "unconfirmed" in found.detail("L03")) == ("info", True)
