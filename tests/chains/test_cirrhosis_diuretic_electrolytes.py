"""M7: cirrhosis with a diuretic and, or, with a low potassium, magnesium or sodium."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _cirrhotic() -> APatient:
    return a_patient().with_cramps("2026-05-01").with_diagnosis("cirrhosis", "2020-01-01")


@pytest.mark.parametrize(
    ("drug", "row"), [("indapamide", "D01"), ("furosemide", "D02"), ("spironolactone", "D03")]
)
@pytest.mark.parametrize("since", ["2026-04-01", "2025-09-01", "2020-01-01"])
def test_any_diuretic_that_began_before_the_cramps_forms_it(drug: str, row: str, since: str) -> None:
    patient = _cirrhotic().taking(drug, since)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("C08")) == (("M7",), {"C08", row}, "info")


@pytest.mark.parametrize(
    ("analyte", "value", "row", "level"),
    [
        ("sodium", "131 mmol/L", "L04", "info"),
        ("sodium", "127 mmol/L", "L04", "warning"),
        ("sodium", "121 mmol/L", "L04", "critical"),
        ("potassium", "3.1 mmol/L", "L01", "warning"),
        ("potassium", "2.4 mmol/L", "L01", "critical"),
        ("magnesium", "0.6 mmol/L", "L02", "warning"),
        ("magnesium", "1.4 mg/dL", "L02", "warning"),
        ("magnesium", "0.38 mmol/L", "L02", "critical"),
    ],
)
def test_low_value_forms_it_at_its_own_level(analyte: str, value: str, row: str, level: str) -> None:
    patient = _cirrhotic().with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("C08")) == (("M7",), {"C08", row}, level)


def test_cirrhosis_alone_is_no_chain() -> None:
    patient = _cirrhotic().with_result("sodium", "138 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"C08"})


@pytest.mark.parametrize(("age", "chains"), [(90, ("M7",)), (91, ())])
def test_value_that_is_no_longer_current_is_no_link(age: int, chains: tuple[str, ...]) -> None:
    patient = _cirrhotic().with_result("sodium", "127 mmol/L", days_before(age))

    found = answer(patient)

    assert found.chains == chains


def test_diuretic_begun_after_the_cramps_is_no_link() -> None:
    patient = _cirrhotic().taking("furosemide", "2026-05-20")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"C08"})


def test_fatty_liver_is_no_link() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-01")
        .with_diagnosis("fatty_or_other_liver_disease", "2020-01-01")
        .with_result("sodium", "127 mmol/L")
    )

    found = answer(patient)

    assert found.chains == ()


@pytest.mark.parametrize(("analyte", "value"), [("potassium", "3.1 mmol/L"), ("sodium", "127 mmol/L")])
def test_with_diuretic_and_low_value_it_has_more_members_than_the_diuretic_chain(
    analyte: str, value: str
) -> None:
    """KNOWLEDGE section 5: of equal level the chain with more members (M1, M1b against M7)."""
    patient = _cirrhotic().taking("furosemide", "2026-04-01").with_result(analyte, value)

    found = answer(patient)

    assert found.chains == ("M7",)
    assert len(found.flagged) == 3
    assert len(found.cards) == 1


def test_low_potassium_and_low_sodium_with_two_diuretics_are_one_card() -> None:
    patient = (
        _cirrhotic()
        .taking("furosemide", "2026-04-01")
        .taking("spironolactone", "2026-04-01")
        .with_result("potassium", "3.1 mmol/L")
        .with_result("sodium", "127 mmol/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M7",), {"C08", "D02", "D03", "L01", "L04"})
    assert [card.indicator for card in found.cards] == ["warning"]


def test_without_any_value_the_card_asks_for_them() -> None:
    patient = _cirrhotic().taking("spironolactone", "2026-04-01")

    found = answer(patient)

    assert found.summary("C08") == (
        "Cirrhosis with a diuretic in a patient with night leg cramps: check electrolytes and dose"
    )
    assert found.suggested == {"Sodium", "Potassium", "Magnesium", "Creatinine", "Albumin"}


def test_sodium_card_leaves_the_dose_to_the_liver_team_and_warns_of_fast_correction() -> None:
    patient = _cirrhotic().taking("spironolactone", "2026-04-01").with_result("sodium", "127 mmol/L")

    found = answer(patient)

    assert found.summary("C08") == (
        "Cirrhosis with low Na 127 mmol/L (8 Jun 2026) in a patient with night leg cramps"
    )
    assert "review diuretics with the liver team, no fast sodium correction" in found.detail("C08")


def test_critical_card_restates_the_value_and_asks_whether_it_was_handled() -> None:
    patient = _cirrhotic().taking("furosemide", "2026-04-01").with_result("potassium", "2.4 mmol/L")

    found = answer(patient)

    assert found.summary("C08") == (
        "Cirrhosis; recorded K 2.4 mmol/L (8 Jun 2026) with leg cramps: confirm that it was acted on"
    )
    assert "same-day contact with the liver team" in found.detail("C08")
    assert "ECG" in found.suggested


def test_critical_range_value_that_is_not_recent_is_worded_repeat() -> None:
    patient = _cirrhotic().with_result("potassium", "2.4 mmol/L", days_before(40))

    found = answer(patient)

    assert found.indicator("C08") == "warning"
    assert "repeat now" in found.summary("C08")


def test_magnesium_is_not_offered_with_a_very_low_egfr() -> None:
    """KNOWLEDGE section 10."""
    patient = _cirrhotic().with_result("magnesium", "0.6 mmol/L").with_result("egfr", "20 mL/min/{1.73_m2}")

    found = answer(patient)

    assert "magnesium only by the specialist team" in found.detail("C08")
    assert "correct magnesium" not in found.printed


def test_quinine_is_never_offered() -> None:
    patient = _cirrhotic().taking("spironolactone", "2026-04-01").with_result("magnesium", "0.6 mmol/L")

    found = answer(patient)

    assert "quinine" not in found.printed.casefold()
