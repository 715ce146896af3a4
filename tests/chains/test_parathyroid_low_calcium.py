"""M16: a low calcium with hypoparathyroidism or a recent operation on the neck is one card."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _operated(age: int = 20) -> APatient:
    entry = {
        "resourceType": "Condition",
        "id": "op",
        "code": {"text": "Total thyroidectomy"},
        "recordedDate": days_before(age),
    }
    return a_patient().with_cramps().having("conditions", entry)


def _lacking_hormone() -> APatient:
    return a_patient().with_cramps().with_diagnosis("hypoparathyroidism", "2010-01-01")


@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("calcium_adjusted", "2.00 mmol/L"),
        ("calcium_adjusted", "8.2 mg/dL"),
        ("calcium_ionized", "1.00 mmol/L"),
        ("calcium_total", "1.80 mmol/L"),
    ],
)
@pytest.mark.parametrize("is_operated", [True, False])
def test_low_calcium_merges(analyte: str, value: str, is_operated: bool) -> None:
    patient = (_operated() if is_operated else _lacking_hormone()).with_result(analyte, value, days_before(2))

    found = answer(patient)

    assert (found.chains, len(found.cards), found.flagged) == (("M16",), 1, {"C16", "L03"})
    assert found.indicator("C16") == "warning"


@pytest.mark.parametrize(
    ("value", "age", "indicator"),
    [
        ("1.89 mmol/L", 30, "critical"),
        ("1.89 mmol/L", 31, "warning"),
        ("1.90 mmol/L", 5, "warning"),
        ("2.11 mmol/L", 90, "warning"),
    ],
)
def test_card_takes_the_level_of_the_calcium(value: str, age: int, indicator: str) -> None:
    patient = _lacking_hormone().with_result("calcium_adjusted", value, days_before(age))

    found = answer(patient)

    assert (found.chain_of("C16"), found.indicator("C16")) == ("M16", indicator)


def test_low_total_calcium_without_an_albumin_is_info() -> None:
    patient = _lacking_hormone().with_result("calcium_total", "2.00 mmol/L", days_before(2))

    found = answer(patient)

    assert (found.chain_of("C16"), found.indicator("C16")) == ("M16", "info")


@pytest.mark.parametrize("value", ["2.12 mmol/L", "8.5 mg/dL"])
def test_calcium_that_is_not_low_is_silent(value: str) -> None:
    patient = _lacking_hormone().with_result("calcium_adjusted", value, days_before(2))

    found = answer(patient)

    assert found.cards == ()


def test_low_calcium_that_is_history_forms_no_chain() -> None:
    patient = _lacking_hormone().with_result("calcium_adjusted", "2.00 mmol/L", days_before(91))

    found = answer(patient)

    assert found.chains == ()


def test_operation_of_more_than_90_days_ago_forms_no_chain() -> None:
    patient = _operated(91).with_result("calcium_adjusted", "2.00 mmol/L", days_before(2))

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L03"})


def test_urgent_card_restates_the_value() -> None:
    patient = _lacking_hormone().with_result("calcium_adjusted", "1.80 mmol/L", days_before(2))

    found = answer(patient)

    assert found.summary("C16") == (
        "Recorded adjusted Ca 1.8 mmol/L (13 Jun 2026) with hypoparathyroidism and leg cramps: "
        "confirm that it was acted on"
    )
    assert "ask about tingling, spasm, stridor, seizure" in found.detail("C16")


def test_orders_are_one_set_with_an_ecg() -> None:
    patient = _operated().with_result("calcium_adjusted", "2.00 mmol/L", days_before(2))

    found = answer(patient).suggested

    assert found == {"Calcium", "Albumin", "Magnesium", "PTH", "25-OH vitamin D", "Phosphate", "ECG"}
