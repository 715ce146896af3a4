"""M1b: a diuretic with a low sodium drawn on it is one card, at the level of the sodium."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def cramping() -> APatient:
    return a_patient().with_cramps("2026-05-01")


@pytest.mark.parametrize(
    ("value", "days", "indicator"),
    [
        ("134 mmol/L", 5, "info"),
        ("130 mmol/L", 5, "info"),
        ("129 mmol/L", 5, "warning"),
        ("125 mmol/L", 5, "warning"),
        ("124 mmol/L", 30, "critical"),
        ("124 mmol/L", 31, "warning"),
    ],
)
def test_card_takes_the_level_of_the_sodium(value: str, days: int, indicator: str) -> None:
    patient = cramping().taking("indapamide", "2026-03-01").with_result("sodium", value, days_before(days))

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("D01")) == (("M1b",), {"D01", "L04"}, indicator)


@pytest.mark.parametrize(
    ("ingredient", "row"), [("indapamide", "D01"), ("furosemide", "D02"), ("spironolactone", "D03")]
)
def test_any_diuretic_may_explain_a_low_sodium(ingredient: str, row: str) -> None:
    patient = cramping().taking(ingredient, "2026-04-01").with_result("sodium", "127 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M1b",), {row, "L04"})


def test_sodium_of_135_is_not_low() -> None:
    patient = cramping().taking("indapamide", "2026-04-01").with_result("sodium", "135 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"D01"})


def test_sodium_drawn_before_the_start_stands_alone() -> None:
    patient = cramping().taking("indapamide", "2026-04-20").with_result("sodium", "127 mmol/L", "2026-04-10")

    found = answer(patient)

    assert (found.chains, found.indicator("L04")) == ((), "warning")
    assert "Drawn before indapamide (20 Apr 2026)" in found.detail("L04")


def test_thiazide_begun_after_the_onset_is_a_cause_of_the_value_only() -> None:
    patient = cramping().taking("indapamide", "2026-05-10").with_result("sodium", "127 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L04"})
    assert "a likely cause of the value" in found.detail("L04")


def test_critical_card_asks_whether_it_was_handled_and_restates_the_value() -> None:
    patient = cramping().taking("indapamide", "2026-04-01").with_result("sodium", "121 mmol/L")

    found = answer(patient)

    assert found.summary("L04") == (
        "Recorded Na 121 mmol/L (8 Jun 2026) with indapamide and leg cramps: confirm that it was acted on"
    )
    assert "no fast correction" in found.detail("L04")


def test_orders_are_those_of_a_low_sodium() -> None:
    patient = cramping().taking("indapamide", "2026-04-01").with_result("sodium", "127 mmol/L")

    found = answer(patient)

    assert found.suggested == {"Sodium", "Serum osmolality", "Urine sodium", "Glucose", "Creatinine"}
