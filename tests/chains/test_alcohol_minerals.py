"""M15: alcohol excess with a low magnesium or potassium is one card."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _drinking() -> APatient:
    concept = "alcohol_dependence_or_harmful_use_active"
    return a_patient().with_cramps().with_diagnosis(concept, "2019-01-01")


def _scoring(points: int) -> APatient:
    return a_patient().with_cramps().with_result("alcohol_audit_c", f"{points} {{score}}", days_before(30))


@pytest.mark.parametrize(
    ("analyte", "value", "row"),
    [
        ("magnesium", "0.62 mmol/L", "L02"),
        ("magnesium", "1.5 mg/dL", "L02"),
        ("potassium", "3.1 mmol/L", "L01"),
    ],
)
@pytest.mark.parametrize("is_coded", [True, False])
def test_alcohol_and_a_low_value_merge(analyte: str, value: str, row: str, is_coded: bool) -> None:
    patient = (_drinking() if is_coded else _scoring(9)).with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, len(found.cards), found.flagged) == (("M15",), 1, {"C14", row})
    assert found.indicator("C14") == "warning"


@pytest.mark.parametrize(
    ("analyte", "value", "age", "indicator"),
    [
        ("magnesium", "0.40 mmol/L", 30, "critical"),
        ("magnesium", "0.40 mmol/L", 31, "warning"),
        ("potassium", "2.5 mmol/L", 5, "critical"),
        ("potassium", "2.6 mmol/L", 5, "warning"),
        ("magnesium", "0.69 mmol/L", 90, "warning"),
    ],
)
def test_card_takes_the_level_of_the_value(analyte: str, value: str, age: int, indicator: str) -> None:
    patient = _drinking().with_result(analyte, value, days_before(age))

    found = answer(patient)

    assert (found.chain_of("C14"), found.indicator("C14")) == ("M15", indicator)


@pytest.mark.parametrize(
    ("analyte", "value"),
    [("magnesium", "0.70 mmol/L"), ("magnesium", "1.7 mg/dL"), ("potassium", "3.5 mmol/L")],
)
def test_value_that_is_not_low_forms_no_chain(analyte: str, value: str) -> None:
    patient = _drinking().with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"C14"})


def test_value_that_is_history_forms_no_chain() -> None:
    patient = _drinking().with_result("magnesium", "0.62 mmol/L", days_before(91))

    found = answer(patient)

    assert found.chains == ()


@pytest.mark.parametrize("points", [3, 0])
def test_score_that_is_not_raised_forms_no_chain(points: int) -> None:
    patient = _scoring(points).with_result("magnesium", "0.62 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L02"})


def test_dependence_in_remission_forms_no_chain() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "alcohol_dependence_or_harmful_use_active",
            "2019-01-01",
            clinicalStatus={"coding": [{"code": "remission"}]},
        )
        .with_result("magnesium", "0.62 mmol/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L02"})


def test_score_is_not_called_low() -> None:
    patient = _scoring(9).with_result("magnesium", "0.55 mmol/L")

    found = answer(patient).summary("C14")

    assert found == (
        "Mg 0.55 mmol/L and AUDIT-C 9: alcohol excess with mineral loss, in a patient with night leg cramps"
    )


def test_thiamine_and_both_minerals_are_offered() -> None:
    patient = _drinking().with_result("magnesium", "0.55 mmol/L")

    found = answer(patient).detail("C14")

    assert "correct magnesium if low; correct potassium if low; thiamine where fitting; brief advice" in found


def test_magnesium_is_left_to_the_specialist_in_severe_kidney_disease() -> None:
    patient = _drinking().with_result("magnesium", "0.55 mmol/L").with_result("egfr", "20 mL/min/{1.73_m2}")

    found = answer(patient).detail("C14")

    assert "magnesium only by the specialist team; potassium only by the specialist team" in found
    assert "correct magnesium" not in found


def test_urgent_card_restates_the_value() -> None:
    patient = _drinking().with_result("magnesium", "0.35 mmol/L", days_before(1))

    found = answer(patient).summary("C14")

    assert found == (
        "Recorded Mg 0.35 mmol/L (14 Jun 2026) with alcohol excess and leg cramps: confirm that it was acted on"
    )


def test_orders_are_one_set() -> None:
    patient = _drinking().with_result("magnesium", "0.55 mmol/L").with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert [len(card.suggestions) for card in found.cards] == [1]
    assert found.suggested == {"Magnesium", "Potassium"}


def test_potassium_below_three_adds_an_ecg() -> None:
    patient = _drinking().with_result("potassium", "2.8 mmol/L")

    found = answer(patient).suggested

    assert found == {"Magnesium", "Potassium", "ECG"}


def test_diuretic_chain_takes_the_value_and_alcohol_is_named_beside_it() -> None:
    patient = _drinking().with_result("potassium", "3.1 mmol/L").taking("furosemide", "2020-01-01")

    found = answer(patient)

    assert (len(found.cards), found.chains, found.flagged) == (1, ("M1",), {"C14", "D02", "L01"})
    assert "Alcohol excess too: thiamine where fitting (see M15)." in found.detail("C14")
