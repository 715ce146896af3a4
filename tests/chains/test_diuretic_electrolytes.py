"""M1: a thiazide or loop diuretic with a low potassium or magnesium drawn on it is one card."""

from datetime import date

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def on_furosemide(since: str | None = "2026-04-01") -> APatient:
    return cramping().taking("furosemide", since)


@pytest.mark.parametrize(
    ("analyte", "value", "row"),
    [("potassium", "3.1 mmol/L", "L01"), ("magnesium", "0.62 mmol/L", "L02")],
)
@pytest.mark.parametrize(("ingredient", "drug"), [("furosemide", "D02"), ("indapamide", "D01")])
def test_diuretic_and_a_low_value_merge(
    ingredient: str, drug: str, analyte: str, value: str, row: str
) -> None:
    patient = cramping().taking(ingredient, "2026-04-01").with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, len(found.cards), found.flagged) == (("M1",), 1, {drug, row})
    assert found.indicator(row) == "warning"


def test_two_diuretics_and_both_minerals_are_one_card() -> None:
    patient = (
        on_furosemide("2020-01-01")
        .taking("metolazone", "2026-04-20")
        .with_result("potassium", "3.1 mmol/L")
        .with_result("magnesium", "0.62 mmol/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M1",), {"D01", "D02", "L01", "L02"})
    assert len(found.cards) == 1


@pytest.mark.parametrize("since", ["2019-01-01", None, "2025"])
def test_long_standing_or_undated_diuretic_explains_a_low_value(since: str | None) -> None:
    patient = on_furosemide(since).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.indicator("D02")) == (("M1",), "warning")


@pytest.mark.parametrize(
    ("value", "days", "indicator"),
    [
        ("2.5 mmol/L", 30, "critical"),
        ("2.5 mmol/L", 31, "warning"),
        ("2.6 mmol/L", 5, "warning"),
        ("3.4 mmol/L", 5, "warning"),
    ],
)
def test_card_takes_the_level_of_the_potassium(value: str, days: int, indicator: str) -> None:
    patient = on_furosemide("2026-03-01").with_result("potassium", value, days_before(days))

    found = answer(patient)

    assert (found.chain_of("D02"), found.indicator("D02")) == ("M1", indicator)


def test_digoxin_makes_a_moderate_potassium_critical() -> None:
    patient = on_furosemide().taking("digoxin", "2018-01-01").with_result("potassium", "2.8 mmol/L")

    found = answer(patient)

    assert (found.chain_of("D02"), found.indicator("D02")) == ("M1", "critical")
    assert "ECG" in {test.upper()[:3] for test in found.suggested}


@pytest.mark.parametrize("drawn", ["2026-03-31", "2026-04-01"])
def test_value_drawn_before_the_start_stands_alone(drawn: str) -> None:
    patient = on_furosemide().with_result("potassium", "3.1 mmol/L", drawn)

    found = answer(patient)

    assert (found.chains, found.indicator("L01"), found.indicator("D02")) == ((), "warning", "info")
    assert "Drawn before furosemide (1 Apr 2026)" in found.detail("L01")
    assert "Potassium" in found.suggested


def test_value_drawn_on_a_lower_dose_keeps_the_chain() -> None:
    patient = (
        cramping()
        .taking("furosemide", "2020-01-01", until="2026-04-19", dose="40 mg")
        .taking("furosemide", "2026-04-20", dose="80 mg")
        .with_result("potassium", "3.1 mmol/L", "2026-04-10")
    )

    found = answer(patient)

    assert found.chains == ("M1",)


def test_value_drawn_in_an_earlier_course_is_no_part_of_the_chain() -> None:
    patient = (
        cramping()
        .taking("furosemide", "2025-01-01", until="2026-03-01")
        .taking("furosemide", "2026-04-20")
        .with_result("potassium", "3.1 mmol/L", "2026-04-10")
    )

    found = answer(patient)

    assert found.chains == ()


def test_diuretic_begun_after_the_onset_is_a_cause_of_the_value_only() -> None:
    patient = on_furosemide("2026-05-10").with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged, found.role("D02")) == ((), {"L01"}, "set-aside")
    assert "Furosemide (from 10 May 2026" in found.detail("L01")
    assert "a likely cause of the value" in found.detail("L01")


def test_critical_value_on_a_diuretic_begun_yesterday_stays_critical() -> None:
    patient = on_furosemide(days_before(0)).with_result("potassium", "2.4 mmol/L", days_before(1))

    found = answer(patient)

    assert (found.chains, found.indicator("L01")) == ((), "critical")


def test_normal_potassium_leaves_the_drug_to_its_timing() -> None:
    patient = on_furosemide().with_result("potassium", "4.2 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("D02")) == ((), {"D02"}, "info")


def test_potassium_sparing_drug_alone_forms_no_chain() -> None:
    patient = cramping().taking("spironolactone", "2026-04-01").with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.chains == ()


def test_lower_potassium_never_lowers_the_indicator() -> None:
    urgency = {"info": 0, "warning": 1, "critical": 2}
    values = [f"{number / 10:.1f} mmol/L" for number in range(20, 45)]

    found = [answer(on_furosemide().with_result("potassium", value)).indicator("D02") for value in values]

    levels = [urgency[each or "info"] for each in found]
    assert levels == sorted(levels, reverse=True)


def test_orders_are_one_set() -> None:
    patient = on_furosemide().with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert [len(card.suggestions) for card in found.cards] == [1]
    assert found.suggested == {"Magnesium", "Potassium", "Sodium", "Creatinine"}


def test_low_sodium_beside_it_is_told_on_the_same_card_with_its_chain_named() -> None:
    patient = (
        cramping()
        .taking("indapamide", "2026-04-01")
        .with_result("potassium", "3.1 mmol/L")
        .with_result("sodium", "127 mmol/L")
    )

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"D01", "L01", "L04"})
    assert found.chains == ("M1",)
    assert "Low sodium too: no fast correction (see M1b)." in found.printed


def test_potassium_is_left_to_the_team_beside_a_retaining_pair_and_magnesium_is_still_offered() -> None:
    """KNOWLEDGE 10: no potassium with a potassium-sparing diuretic and an ACE inhibitor."""
    patient = on_furosemide().taking("spironolactone", "2020-01-01").taking("ramipril", "2020-01-01")
    patient = patient.with_result("potassium", "3.2 mmol/L").with_result("magnesium", "0.60 mmol/L")

    found = answer(patient).detail("D02")

    assert "correct magnesium if low; potassium only by the specialist team" in found
    assert "correct potassium" not in found


def test_both_minerals_are_left_to_the_team_in_advanced_kidney_disease() -> None:
    patient = (
        on_furosemide().with_result("egfr", "22 mL/min/{1.73_m2}").with_result("potassium", "3.2 mmol/L")
    )

    found = answer(patient).detail("D02")

    assert "only by the specialist team" in found
    assert "correct potassium" not in found
    assert "correct magnesium" not in found
