"""M10: diabetes with a low magnesium, a low sodium or a raised HbA1c."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _diabetic(hba1c: str | None = "6.5 %") -> APatient:
    patient = a_patient().with_cramps("2026-05-01").with_diagnosis("diabetes_type_2", "2010-01-01")
    return patient.with_result("hba1c", hba1c) if hba1c else patient


@pytest.mark.parametrize("hba1c", ["6.5 %", None])
@pytest.mark.parametrize(
    ("analyte", "value", "row", "level"),
    [
        ("magnesium", "0.6 mmol/L", "L02", "warning"),
        ("magnesium", "1.4 mg/dL", "L02", "warning"),
        ("magnesium", "0.38 mmol/L", "L02", "critical"),
        ("sodium", "131 mmol/L", "L04", "info"),
        ("sodium", "127 mmol/L", "L04", "warning"),
        ("sodium", "121 mmol/L", "L04", "critical"),
    ],
)
def test_low_value_forms_it_at_its_own_level_whatever_the_hba1c(
    analyte: str, value: str, row: str, level: str, hba1c: str | None
) -> None:
    patient = _diabetic(hba1c).with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("C04")) == (("M10",), {"C04", row}, level)


@pytest.mark.parametrize(
    ("hba1c", "chains", "flagged"),
    [("8.0 %", ("M10",), {"C04", "L11"}), ("64 mmol/mol", ("M10",), {"C04", "L11"}), ("7.9 %", (), set())],
)
def test_raised_hba1c_forms_it(hba1c: str, chains: tuple[str, ...], flagged: set[str]) -> None:
    patient = _diabetic(hba1c)

    found = answer(patient)

    assert (found.chains, found.flagged) == (chains, flagged)


@pytest.mark.parametrize(("age", "chains"), [(90, ("M10",)), (91, ())])
def test_value_that_is_no_longer_current_is_no_link(age: int, chains: tuple[str, ...]) -> None:
    patient = _diabetic().with_result("magnesium", "0.6 mmol/L", days_before(age))

    found = answer(patient)

    assert found.chains == chains


def test_low_value_without_diabetes_is_no_chain() -> None:
    patient = a_patient().with_cramps("2026-05-01").with_result("magnesium", "0.6 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L02"})


def test_sodium_that_a_high_glucose_explains_is_no_link() -> None:
    """KNOWLEDGE X15."""
    patient = (
        _diabetic().with_result("sodium", "133 mmol/L").with_result("glucose", "12 mmol/L", days_before(7))
    )

    found = answer(patient)

    assert found.chains == ()
    assert "L04" not in found.flagged


def test_all_members_stand_on_one_card() -> None:
    patient = _diabetic("9.9 %").with_result("magnesium", "0.6 mmol/L").with_result("sodium", "131 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M10",), {"C04", "L02", "L04", "L11"})
    assert [card.indicator for card in found.cards] == ["warning"]
    assert found.suggested == {"Magnesium", "Sodium", "Potassium", "Creatinine", "Glucose"}


def test_raised_hba1c_alone_suggests_nothing_new() -> None:
    patient = _diabetic("9.1 %")

    found = answer(patient)

    assert (found.indicator("C04"), found.suggested) == ("info", set())


def test_unspecified_neuropathy_joins_the_card() -> None:
    patient = (
        _diabetic().with_diagnosis("polyneuropathy", "2018-01-01").with_result("magnesium", "0.6 mmol/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M10",), {"C04", "C05", "L02"})
    assert len(found.cards) == 1


@pytest.mark.parametrize(
    ("analyte", "value", "chain"), [("sodium", "127 mmol/L", "M1b"), ("magnesium", "0.6 mmol/L", "M1")]
)
def test_with_a_diuretic_the_lower_number_leads_and_the_other_is_named(
    analyte: str, value: str, chain: str
) -> None:
    """KNOWLEDGE section 5: equal level and members."""
    patient = _diabetic().taking("indapamide", "2026-04-01").with_result(analyte, value)

    found = answer(patient)

    assert found.chains == (chain,)
    assert found.card_of("C04") is found.card_of("D01")
    assert "Diabetes loses magnesium and sodium too (see M10)." in found.detail("C04")


def test_with_a_diuretic_and_a_raised_hba1c_it_has_more_members() -> None:
    """KNOWLEDGE section 5: of equal level the chain with more members."""
    patient = _diabetic("9.9 %").taking("indapamide", "2026-04-01").with_result("sodium", "127 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M10",), {"C04", "D01", "L04", "L11"})
    assert len(found.cards) == 1


def test_with_cirrhosis_the_lower_number_leads() -> None:
    patient = _diabetic().with_diagnosis("cirrhosis", "2020-01-01").with_result("sodium", "127 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M7",), {"C04", "C08", "L04"})
    assert len(found.cards) == 1


def test_magnesium_is_not_offered_with_a_very_low_egfr() -> None:
    """KNOWLEDGE section 10."""
    patient = _diabetic().with_result("magnesium", "0.6 mmol/L").with_result("egfr", "20 mL/min/{1.73_m2}")

    found = answer(patient)

    assert "magnesium only by the specialist team" in found.detail("C04")
    assert "replace magnesium" not in found.printed


def test_critical_card_restates_the_value() -> None:
    patient = _diabetic().with_result("sodium", "121 mmol/L")

    found = answer(patient)

    assert found.summary("C04").endswith(
        "recorded Na 121 mmol/L (8 Jun 2026) with leg cramps: confirm that it was acted on"
    )
    assert "same-day contact" in found.detail("C04")
