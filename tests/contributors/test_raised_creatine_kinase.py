"""L06: a raised creatine kinase."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_ck(value: str, age: int = 7, high: str | None = "200 U/L", **members: Any) -> APatient:
    return (
        a_patient()
        .with_cramps()
        .with_result("creatine_kinase", value, days_before(age), high=high, **members)
    )


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L06") if "L06" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("150 U/L", None),
        ("200 U/L", None),
        ("201 U/L", "info"),
        ("800 U/L", "info"),
        ("801 U/L", "warning"),
        ("2000 U/L", "warning"),
        ("2001 U/L", "critical"),
        ("9000 [IU]/L", "critical"),
        ("801 IU/L", "warning"),
    ],
)
def test_level_follows_multiples_of_the_laboratory_limit(value: str, level: str | None) -> None:
    patient = _with_ck(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("500 U/L", None),
        ("1999 U/L", None),
        ("2000 U/L", "warning"),
        ("4999 U/L", "warning"),
        ("5000 U/L", "critical"),
    ],
)
def test_without_a_laboratory_limit_only_very_high_values_count(value: str, level: str | None) -> None:
    patient = _with_ck(value, high=None)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"),
    [("3.2 ukat/L", None), ("3.3 ukat/L", "info"), ("14 ukat/L", "warning"), ("34 ukat/L", "critical")],
)
def test_katal_is_converted_with_its_limit(value: str, level: str | None) -> None:
    patient = _with_ck(value, high="3.2 ukat/L")

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"),
    [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (365, "info"), (366, None)],
)
def test_very_high_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _with_ck("2500 U/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, None)])
def test_raised_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _with_ck("1240 U/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"), [(">20000 U/L", "critical"), ("<300 U/L", None), (">300 U/L", "info")]
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_ck(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("1240", "no unit"), ("1240 ng/mL", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_ck(value, high=None)

    found = answer(patient)

    assert found.data_lines() == (f"Creatine kinase of 8 Jun 2026: {why}",)


def test_later_normal_value_clears_a_raised_one() -> None:
    patient = _with_ck("2500 U/L", 20).with_result(
        "creatine_kinase", "120 U/L", days_before(10), high="200 U/L"
    )

    found = answer(patient)

    assert found.cards == ()


def test_preliminary_very_high_value_is_shown() -> None:
    patient = _with_ck("2500 U/L", status="preliminary")

    found = answer(patient)

    assert found.indicator("L06") == "critical"
    assert "preliminary" in found.detail("L06")


def test_hard_exercise_explains_a_raised_value() -> None:
    """KNOWLEDGE X14."""
    patient = _with_ck("1240 U/L").with_diagnosis("exertional_overuse", days_before(10))

    found = answer(patient)

    assert "L06" not in found.flagged


def test_very_high_value_stays_critical_after_hard_exercise() -> None:
    """KNOWLEDGE X14, R6: exertional rhabdomyolysis; the exercise is named."""
    patient = _with_ck("2500 U/L").with_diagnosis("exertional_overuse", days_before(10))

    found = answer(patient)

    assert found.indicator("L06") == "critical"
    assert "exercise" in found.detail("L06")


def test_on_a_statin_it_leads_a_chain() -> None:
    patient = _with_ck("1240 U/L").taking("rosuvastatin", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L06"), found.indicator("L06")) == ("M2", "warning")


def test_value_drawn_before_the_statin_is_not_used_against_it() -> None:
    """KNOWLEDGE X14."""
    patient = _with_ck("1240 U/L", 70).taking("rosuvastatin", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L06"), found.indicator("L06")) == (None, "warning")


def test_orders_are_ck_creatinine_tsh() -> None:
    patient = _with_ck("1240 U/L")

    found = answer(patient).suggested

    assert found == {"CK", "Creatinine", "TSH"}


def test_statin_begun_after_the_cramps_is_named_as_a_likely_cause_of_the_value() -> None:
    """KNOWLEDGE X4: not of the cramps, but nobody may overlook it."""
    patient = _with_ck("3000 U/L").taking("atorvastatin", days_before(20))

    found = answer(patient)

    assert (found.chain_of("L06"), found.role("D04")) == (None, "set-aside")
    assert "Atorvastatin (from 26 May 2026, after the cramps began) was running" in found.detail("L06")


@pytest.mark.parametrize(
    ("before_sample", "flagged"), [(0, False), (7, False), (8, True), (75, True), (-1, True)]
)
def test_hard_exercise_counts_only_in_the_week_before_the_sample(before_sample: int, flagged: bool) -> None:
    """KNOWLEDGE X14: within days."""
    patient = _with_ck("1240 U/L", 5).with_diagnosis("exertional_overuse", days_before(5 + before_sample))

    found = answer(patient)

    assert ("L06" in found.flagged) == flagged


def test_value_counts_where_the_list_of_diagnoses_goes_on_unread() -> None:
    """Exercise that may be there does not stand in the way."""
    patient = _with_ck("1240 U/L")

    found = answer(patient, cut_off=["conditions"])

    assert found.indicator("L06") == "warning"


@pytest.mark.parametrize("drug", ["fenofibrate", "haloperidol", "olanzapine", "colchicine"])
def test_other_drug_that_raises_it_is_named(drug: str) -> None:
    patient = _with_ck("1240 U/L").taking(drug, days_before(20))

    found = answer(patient).detail("L06")

    assert f"{drug.capitalize()} (from 26 May 2026, after the cramps began) was running" in found


def test_urgent_card_says_what_it_can_not_see() -> None:
    patient = _with_ck("2500 U/L", 2)

    found = answer(patient)

    assert found.summary("L06").startswith("Recorded CK 2500 U/L (13 Jun 2026)")
    assert "not known whether handled" in found.detail("L06")


@pytest.mark.parametrize(("before_sample", "is_named"), [(3, False), (8, True)])
def test_statin_is_no_likely_cause_of_a_value_after_hard_exercise(before_sample: int, is_named: bool) -> None:
    """KNOWLEDGE X14."""
    patient = (
        _with_ck("2500 U/L", 5)
        .taking("rosuvastatin", days_before(20))
        .with_diagnosis("exertional_overuse", days_before(5 + before_sample))
    )

    found = answer(patient)

    assert found.indicator("L06") == "critical"
    assert ("Rosuvastatin" in found.detail("L06")) is is_named
    assert ("Withholding the statin is usual meanwhile." in found.detail("L06")) is is_named


def test_withholding_a_statin_is_no_topic_where_none_is_taken() -> None:
    patient = _with_ck("2500 U/L")

    found = answer(patient)

    assert "statin" not in found.printed.casefold()
