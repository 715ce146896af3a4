"""M9: loss of fluid with hard exercise or a high sodium is one card."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _dry(on: str | None = days_before(20)) -> APatient:
    return a_patient().with_cramps().with_diagnosis("dehydration_volume_depletion", on)


@pytest.mark.parametrize(
    "loss", ["dehydration_volume_depletion", "heat_or_heavy_sweating", "vomiting_diarrhoea"]
)
@pytest.mark.parametrize("effort", ["exertional_overuse", "muscle_strain_overexertion"])
def test_loss_of_fluid_and_exertion_merge(loss: str, effort: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(loss, days_before(20))
        .with_diagnosis(effort, days_before(21))
    )

    found = answer(patient)

    assert (found.chains, len(found.cards), found.flagged) == (("M9",), 1, {"S01", "S02"})
    assert found.indicator("S01") == "info"


@pytest.mark.parametrize(
    ("value", "age", "indicator"),
    [
        ("146 mmol/L", 5, "info"),
        ("150 mmol/L", 5, "info"),
        ("151 mmol/L", 5, "warning"),
        ("154 mmol/L", 90, "warning"),
        ("155 mmol/L", 30, "critical"),
        ("155 mmol/L", 31, "warning"),
    ],
)
def test_card_takes_the_level_of_the_sodium(value: str, age: int, indicator: str) -> None:
    patient = _dry().with_result("sodium", value, days_before(age))

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M9",), {"L05", "S01"})
    assert found.indicator("S01") == indicator


def test_all_three_are_one_card() -> None:
    patient = _dry().with_diagnosis("exertional_overuse", days_before(21)).with_result("sodium", "152 mmol/L")

    found = answer(patient)

    assert (len(found.cards), found.chains, found.flagged) == (1, ("M9",), {"L05", "S01", "S02"})


@pytest.mark.parametrize(
    ("drug", "since", "row"),
    [
        ("indapamide", days_before(80), "D01"),
        ("furosemide", days_before(80), "D02"),
        ("furosemide", "2020-01-01", "D02"),
        ("empagliflozin", days_before(80), "D21"),
    ],
)
def test_drug_that_adds_to_the_loss_comes_along(drug: str, since: str, row: str) -> None:
    patient = _dry().with_result("sodium", "152 mmol/L").taking(drug, since)

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"L05", "S01", row})


@pytest.mark.parametrize("age", [91, 400])
def test_old_loss_of_fluid_forms_no_chain(age: int) -> None:
    patient = _dry(days_before(age)).with_result("sodium", "152 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L05"})


@pytest.mark.parametrize("value", ["145 mmol/L", "139 mmol/L", "128 mmol/L"])
def test_sodium_that_is_not_high_forms_no_chain(value: str) -> None:
    patient = _dry().with_result("sodium", value)

    found = answer(patient)

    assert found.chains == ()


def test_high_sodium_that_is_history_forms_no_chain() -> None:
    patient = _dry().with_result("sodium", "152 mmol/L", days_before(91))

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"S01"})


def test_exertion_of_long_ago_forms_no_chain() -> None:
    patient = _dry().with_diagnosis("exertional_overuse", days_before(91))

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"S01"})


def test_drug_alone_forms_no_chain() -> None:
    patient = _dry().taking("furosemide", days_before(80))

    found = answer(patient)

    assert found.chains == ()


def test_undated_loss_of_fluid_with_exertion_is_one_line() -> None:
    patient = _dry(None).with_diagnosis("exertional_overuse", days_before(21))

    found = answer(patient)

    assert (found.kinds(), found.flagged) == (("also-consider",), {"S01", "S02"})


def test_fluid_advice_is_fitted_to_the_patient() -> None:
    patient = _dry().with_diagnosis("exertional_overuse", days_before(21))

    found = answer(patient).detail("S01")

    assert "fluids fitted to heart and kidney state" in found
    assert "drink more" not in found


def test_urgent_card_restates_the_value_and_orders_one_set() -> None:
    patient = _dry().with_result("sodium", "158 mmol/L", days_before(1))

    found = answer(patient)

    assert found.summary("S01") == (
        "Recorded Na 158 mmol/L (14 Jun 2026) with dehydration and leg cramps: confirm that it was acted on"
    )
    assert "no fast correction" in found.detail("S01")
    assert found.suggested == {"Sodium", "Potassium", "Creatinine"}
