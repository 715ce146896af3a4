"""M8: adrenal insufficiency with a low sodium or a potassium above 5.0."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _addison() -> APatient:
    return (
        a_patient()
        .with_cramps("2026-05-01")
        .with_diagnosis("primary_adrenal_insufficiency", "2010-01-01")
        .taking("hydrocortisone", "2010-01-01")
    )


@pytest.mark.parametrize(
    ("analyte", "value", "row", "level"),
    [
        ("sodium", "134 mmol/L", "L04", "warning"),
        ("sodium", "127 mmol/L", "L04", "warning"),
        ("sodium", "124 mmol/L", "L04", "critical"),
        ("potassium", "5.1 mmol/L", "L12", "warning"),
        ("potassium", "5.4 mmol/L", "L12", "warning"),
        ("potassium", "5.9 mmol/L", "L12", "warning"),
        ("potassium", "6.0 mmol/L", "L12", "critical"),
    ],
)
def test_value_out_of_range_forms_it(analyte: str, value: str, row: str, level: str) -> None:
    """At least a warning, even for a sodium that alone is info and a potassium that alone is silent."""
    patient = _addison().with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("C09")) == (("M8",), {"C09", row}, level)


@pytest.mark.parametrize(("analyte", "value"), [("sodium", "135 mmol/L"), ("potassium", "5.0 mmol/L")])
def test_value_at_the_limit_forms_nothing(analyte: str, value: str) -> None:
    patient = _addison().with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("C09")) == ((), {"C09"}, "info")


@pytest.mark.parametrize(("age", "chains"), [(90, ("M8",)), (91, ())])
def test_value_that_is_no_longer_current_is_no_link(age: int, chains: tuple[str, ...]) -> None:
    patient = _addison().with_result("sodium", "127 mmol/L", days_before(age))

    found = answer(patient)

    assert found.chains == chains


def test_both_values_stand_on_one_card() -> None:
    patient = _addison().with_result("sodium", "131 mmol/L").with_result("potassium", "5.3 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M8",), {"C09", "L04", "L12"})
    assert found.summary("C09") == (
        "Primary adrenal insufficiency with Na 131 and K 5.3 mmol/L (8 Jun 2026) and leg cramps: "
        "steroid cover may be too low"
    )


def test_high_potassium_keeps_its_role_of_a_safety_point() -> None:
    patient = _addison().with_result("potassium", "5.3 mmol/L")

    found = answer(patient)

    assert found.role("L12") == "safety"


def test_potassium_is_never_offered() -> None:
    patient = _addison().with_result("sodium", "131 mmol/L")

    found = answer(patient)

    assert "no potassium" in found.detail("C09")
    assert found.suggested == {"Sodium", "Potassium", "Glucose", "Creatinine"}


def test_crisis_code_makes_the_chain_critical() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-01")
        .with_diagnosis("adrenal_crisis", days_before(9))
        .with_result("sodium", "131 mmol/L")
    )

    found = answer(patient)

    assert (found.chains, found.indicator("C09")) == (("M8",), "critical")
    assert found.summary("C09") == (
        "Adrenal crisis with recorded Na 131 mmol/L (8 Jun 2026) and leg cramps: confirm that it was acted on"
    )
    assert "emergency assessment if unwell" in found.detail("C09")


def test_very_high_potassium_asks_for_an_ecg() -> None:
    patient = _addison().with_result("potassium", "6.2 mmol/L")

    found = answer(patient)

    assert "ECG" in found.suggested


def test_mildly_low_sodium_with_a_diuretic_is_led_by_the_higher_indicator() -> None:
    """KNOWLEDGE section 5: M8 is a warning where M1b is info."""
    patient = _addison().taking("furosemide", "2026-04-01").with_result("sodium", "132 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M8",), {"C09", "D02", "L04"})
    assert [card.indicator for card in found.cards] == ["warning"]
    assert "see M1b" in found.detail("C09")


def test_low_sodium_with_a_diuretic_goes_to_the_lower_number_and_the_other_is_named() -> None:
    """KNOWLEDGE section 5: equal level and members."""
    patient = _addison().taking("furosemide", "2026-04-01").with_result("sodium", "127 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M1b",), {"C09", "D02", "L04"})
    assert len(found.cards) == 1
    assert "Adrenal insufficiency too: steroid cover may be low (see M8)." in found.detail("C09")
