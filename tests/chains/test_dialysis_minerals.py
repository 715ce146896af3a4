"""M11: dialysis with a mineral out of range: a matter for the dialysis unit."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _on_dialysis(concept: str = "haemodialysis") -> APatient:
    return a_patient().with_cramps("2026-05-01").with_diagnosis(concept, "2022-01-01")


@pytest.mark.parametrize(
    ("analyte", "value", "row", "level"),
    [
        ("potassium", "3.1 mmol/L", "L01", "warning"),
        ("potassium", "2.4 mmol/L", "L01", "critical"),
        ("magnesium", "0.6 mmol/L", "L02", "warning"),
        ("calcium_adjusted", "2.0 mmol/L", "L03", "warning"),
        ("calcium_adjusted", "1.8 mmol/L", "L03", "critical"),
        ("sodium", "132 mmol/L", "L04", "info"),
        ("sodium", "128 mmol/L", "L04", "warning"),
        ("sodium", "123 mmol/L", "L04", "critical"),
        ("sodium", "148 mmol/L", "L05", "info"),
        ("sodium", "152 mmol/L", "L05", "warning"),
        ("sodium", "156 mmol/L", "L05", "critical"),
        ("potassium", "5.7 mmol/L", "L12", "warning"),
        ("potassium", "6.2 mmol/L", "L12", "critical"),
        ("potassium_pre_dialysis", "6.2 mmol/L", "L12", "warning"),
        ("potassium_pre_dialysis", "6.6 mmol/L", "L12", "critical"),
        ("phosphate", "0.7 mmol/L", "L13", "info"),
        ("phosphate", "0.6 mmol/L", "L13", "warning"),
        ("magnesium", "1.5 mmol/L", "L14", "info"),
        ("magnesium", "2.4 mmol/L", "L14", "warning"),
    ],
)
def test_any_mineral_out_of_range_forms_it_at_its_own_level(
    analyte: str, value: str, row: str, level: str
) -> None:
    patient = _on_dialysis().with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("C07")) == (("M11",), {"C07", row}, level)


@pytest.mark.parametrize("concept", ["haemodialysis", "peritoneal_dialysis", "dialysis_dependence"])
def test_every_kind_of_dialysis_forms_it(concept: str) -> None:
    patient = _on_dialysis(concept).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.chains == ("M11",)


@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("potassium", "4.4 mmol/L"),
        ("potassium", "5.4 mmol/L"),
        ("potassium_pre_dialysis", "5.8 mmol/L"),
        ("magnesium", "0.9 mmol/L"),
        ("sodium", "138 mmol/L"),
    ],
)
def test_usual_value_forms_nothing(analyte: str, value: str) -> None:
    """A potassium up to 6.0 is usual before a session."""
    patient = _on_dialysis().with_result(analyte, value)

    found = answer(patient)

    assert found.chains == ()
    assert found.indicator("C07") == "info"


@pytest.mark.parametrize(("age", "chains"), [(90, ("M11",)), (91, ())])
def test_value_that_is_no_longer_current_is_no_link(age: int, chains: tuple[str, ...]) -> None:
    patient = _on_dialysis().with_result("potassium", "3.1 mmol/L", days_before(age))

    found = answer(patient)

    assert found.chains == chains


@pytest.mark.parametrize("value", ["0.6 mmol/L", "0.38 mmol/L", "1.5 mmol/L"])
def test_no_supplement_and_no_order_is_offered(value: str) -> None:
    """KNOWLEDGE section 10: minerals and fluid are left to the unit."""
    patient = _on_dialysis().with_result("magnesium", value)

    found = answer(patient)

    assert "dialysis unit" in found.detail("C07")
    assert found.suggested == set()
    assert not any(word in found.printed for word in ("replace", "correct", "supplement"))


@pytest.mark.parametrize(
    ("analyte", "value", "suggested"),
    [
        ("potassium", "2.9 mmol/L", {"Potassium", "ECG"}),
        ("potassium", "3.0 mmol/L", set()),
        ("potassium", "5.9 mmol/L", set()),
        ("potassium", "6.0 mmol/L", {"Potassium", "ECG"}),
        ("potassium_pre_dialysis", "6.4 mmol/L", set()),
        ("potassium_pre_dialysis", "6.5 mmol/L", {"Potassium", "ECG"}),
    ],
)
def test_only_a_dangerous_potassium_is_repeated(analyte: str, value: str, suggested: set[str]) -> None:
    patient = _on_dialysis().with_result(analyte, value)

    found = answer(patient)

    assert found.suggested == suggested


def test_sessions_are_told_only_for_haemodialysis() -> None:
    session, peritoneal = (
        answer(_on_dialysis(each).with_result("potassium", "3.1 mmol/L"))
        for each in ("haemodialysis", "peritoneal_dialysis")
    )

    assert "Cramps at or after sessions" in session.detail("C07")
    assert "session" not in peritoneal.printed


def test_card_hands_the_value_to_the_unit() -> None:
    patient = _on_dialysis().with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.summary("C07") == (
        "K 3.1 mmol/L (8 Jun 2026) on haemodialysis, with night leg cramps: a matter for the dialysis unit"
    )


def test_critical_card_asks_whether_it_was_handled() -> None:
    patient = _on_dialysis().with_result("potassium", "6.6 mmol/L")

    found = answer(patient)

    assert found.summary("C07") == (
        "Recorded K 6.6 mmol/L (8 Jun 2026) on haemodialysis, with leg cramps: confirm that it was acted on"
    )
    assert "same-day contact with the dialysis unit" in found.detail("C07")


def test_low_potassium_with_a_diuretic_goes_to_the_lower_number_and_dialysis_is_named() -> None:
    """KNOWLEDGE section 5: equal level and members; the bans hold there too."""
    patient = _on_dialysis().taking("furosemide", "2026-04-01").with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M1",), {"C07", "D02", "L01"})
    assert "Dialysis too: minerals are left to the unit (see M11)." in found.detail("C07")
    assert "correct magnesium" not in found.printed
