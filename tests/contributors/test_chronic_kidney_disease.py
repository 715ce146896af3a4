"""C06: chronic kidney disease without dialysis, and a creatinine that rose."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_MAIN, _LINE = ("contributor", "main"), ("contributor", "also-consider")
_DIALYSIS = ("haemodialysis", "peritoneal_dialysis", "dialysis_dependence")


def _with(concept: str, **members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, "2020-01-01", **members)


def _with_egfr(value: str, age: int = 7) -> APatient:
    return a_patient().with_cramps().with_result("egfr", f"{value} mL/min/{{1.73_m2}}", days_before(age))


def test_advanced_disease_is_info_on_a_main_card() -> None:
    patient = _with("ckd_advanced")

    found = answer(patient)

    assert (found.place("C06"), found.indicator("C06")) == (_MAIN, "info")


@pytest.mark.parametrize(
    ("value", "place"), [("8", _MAIN), ("29", _MAIN), ("29.9", _MAIN), ("30", None), ("55", None)]
)
def test_egfr_below_30_makes_a_card(value: str, place: tuple[str, str] | None) -> None:
    patient = _with_egfr(value)

    found = answer(patient)

    assert found.place("C06") == place


@pytest.mark.parametrize(("age", "place"), [(90, _MAIN), (91, _LINE), (365, _LINE), (366, None)])
def test_egfr_counts_for_90_days_and_as_history_for_a_year(age: int, place: tuple[str, str] | None) -> None:
    patient = _with_egfr("22", age)

    found = answer(patient)

    assert found.place("C06") == place


def test_later_better_egfr_clears_an_earlier_low_one() -> None:
    patient = _with_egfr("22", 40).with_result("egfr", "48 mL/min/{1.73_m2}", days_before(7))

    found = answer(patient)

    assert "C06" not in found.flagged


def test_mild_disease_is_never_a_card_by_itself() -> None:
    """KNOWLEDGE C06: context."""
    patient = _with("chronic_kidney_disease").with_result("egfr", "52 mL/min/{1.73_m2}")

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("egfr", ["52 mL/min/{1.73_m2}", None])
def test_mild_disease_or_unknown_stage_is_context_beside_another_line(egfr: str | None) -> None:
    patient = _with("chronic_kidney_disease").with_diagnosis("diabetes_type_2")
    patient = patient.with_result("egfr", egfr) if egfr else patient

    found = answer(patient)

    assert found.place("C06") == ("context", "also-consider")
    assert found.suggested == {"HbA1c"}


def test_recorded_disease_with_a_low_egfr_stands_on_one_card() -> None:
    patient = _with("chronic_kidney_disease").with_result("egfr", "22 mL/min/{1.73_m2}")

    found = answer(patient)

    assert found.kinds() == ("main",)
    assert found.place("C06") == _MAIN
    assert found.sources("C06") == ("Condition/dx2", "Observation/ob1")


@pytest.mark.parametrize("dialysis", _DIALYSIS)
@pytest.mark.parametrize("concept", ["ckd_advanced", "chronic_kidney_disease"])
def test_on_dialysis_the_dialysis_row_speaks_instead(concept: str, dialysis: str) -> None:
    patient = _with(concept).with_diagnosis(dialysis, "2022-01-01").with_result("egfr", "8 mL/min/{1.73_m2}")

    found = answer(patient)

    assert found.flagged == {"C07"}


def test_minerals_of_the_kidney_are_suggested_once() -> None:
    patient = _with("ckd_advanced").with_result("calcium_total", "2.3 mmol/L", days_before(90))

    found = answer(patient)

    assert found.suggested == {"Creatinine", "Phosphate", "Magnesium"}


def test_options_never_offer_magnesium_or_potassium() -> None:
    patient = _with_egfr("22")

    found = answer(patient)

    assert "care with any magnesium or potassium" in found.detail("C06")


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _with("ckd_advanced", clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with("ckd_advanced", verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


def test_it_joins_the_card_of_a_high_potassium() -> None:
    patient = _with("ckd_advanced").with_result("potassium", "5.7 mmol/L")

    found = answer(patient)

    assert found.card_of("C06") is found.card_of("L12")
    assert found.indicator("C06") == "warning"


# --- a creatinine that rose -----------------------------------------------------------------------------------


def _rose(patient: APatient, now: str, before: str, age: int = 7, days: int = 200) -> APatient:
    earlier = patient.with_result("creatinine", before, days_before(age + days))
    return earlier.with_result("creatinine", now, days_before(age))


@pytest.mark.parametrize(
    ("now", "before", "place"),
    [
        ("210 umol/L", "100 umol/L", ("safety", "main")),
        ("150 umol/L", "100 umol/L", ("safety", "main")),
        ("149 umol/L", "100 umol/L", _MAIN),
        ("2.4 mg/dL", "1.1 mg/dL", ("safety", "main")),
        ("1.6 mg/dL", "1.1 mg/dL", _MAIN),
    ],
)
def test_low_egfr_with_a_creatinine_that_rose_by_half_is_a_safety_point(
    now: str, before: str, place: tuple[str, str]
) -> None:
    """Possible acute kidney injury, not this row."""
    patient = _rose(_with_egfr("22"), now, before)

    found = answer(patient)

    assert found.place("C06") == place


@pytest.mark.parametrize(
    ("age", "days", "is_told"),
    [(7, 365, True), (7, 366, False), (90, 200, True), (91, 200, False), (7, 1, True)],
)
def test_rise_counts_within_a_year_and_while_it_is_current(age: int, days: int, is_told: bool) -> None:
    patient = _rose(_with("ckd_advanced"), "310 umol/L", "200 umol/L", age, days)

    found = answer(patient)

    assert ("acute kidney injury? Same-day review" in found.detail("C06")) is is_told


def test_safety_card_names_both_values() -> None:
    patient = _rose(_with_egfr("22"), "210 umol/L", "100 umol/L")

    found = answer(patient)

    assert found.summary("C06") == (
        "Creatinine is up by half or more in a patient with night leg cramps: possible acute kidney injury"
    )
    assert "creatinine **210** umol/L (8 Jun 2026)" in found.detail("C06")
    assert "Creatinine **100** umol/L (20 Nov 2025; 207 days old)" in found.detail("C06")


def test_mild_disease_with_a_creatinine_that_rose_is_no_longer_context() -> None:
    patient = _rose(_with("chronic_kidney_disease"), "160 umol/L", "100 umol/L")

    found = answer(patient)

    assert (found.place("C06"), found.indicator("C06")) == (("safety", "main"), "warning")
    assert found.suggested == {"Creatinine"}


def test_creatinine_that_rose_comes_before_a_recent_drug() -> None:
    """What needs a look the same day is read first."""
    patient = _rose(_with("chronic_kidney_disease"), "160 umol/L", "100 umol/L")

    found = answer(patient.taking("indapamide", days_before(70)))

    assert [card.indicator for card in found.cards] == ["warning", "info"]
    assert found.cards[0] == found.card_of("C06")


def test_advanced_disease_stays_a_contributor_and_the_rise_is_told_beside_it() -> None:
    patient = _rose(_with("ckd_advanced"), "400 umol/L", "200 umol/L")

    found = answer(patient)

    assert found.place("C06") == _MAIN
    assert "acute kidney injury? Same-day review" in found.detail("C06")


def test_fall_of_creatinine_is_no_rise() -> None:
    patient = _rose(_with("ckd_advanced"), "200 umol/L", "400 umol/L")

    found = answer(patient)

    assert "acute kidney injury" not in found.printed
