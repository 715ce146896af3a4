"""M4: a long-term proton pump inhibitor with a low magnesium; low potassium or calcium may join."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _on_inhibitor(since: int = 470) -> APatient:
    """The cramps began 40 days ago."""
    return a_patient().with_cramps().taking("omeprazole", days_before(since), dose="20 mg")


@pytest.mark.parametrize(
    ("magnesium", "level"),
    [
        ("0.69 mmol/L", "warning"),
        ("1.6 mg/dL", "warning"),
        ("0.40 mmol/L", "critical"),
        ("1.0 mg/dL", "critical"),
    ],
)
def test_level_is_that_of_the_magnesium(magnesium: str, level: str) -> None:
    patient = _on_inhibitor().with_result("magnesium", magnesium)

    found = answer(patient)

    assert found.chains == ("M4",)
    assert (found.flagged, found.indicator("D09")) == ({"D09", "L02"}, level)


@pytest.mark.parametrize("magnesium", ["0.70 mmol/L", "1.7 mg/dL", "1.4 meq/L", "0.85 mmol/L"])
def test_normal_magnesium_makes_no_chain(magnesium: str) -> None:
    patient = _on_inhibitor().with_result("magnesium", magnesium)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(("since", "chains"), [(129, ()), (130, ("M4",)), (3000, ("M4",))])
def test_inhibitor_counts_from_ninety_days_of_use(since: int, chains: tuple[str, ...]) -> None:
    patient = _on_inhibitor(since).with_result("magnesium", "0.60 mmol/L")

    found = answer(patient)

    assert found.chains == chains
    assert found.indicator("L02") == "warning"


def test_inhibitor_begun_after_the_cramps_makes_no_chain() -> None:
    patient = _on_inhibitor(30).with_result("magnesium", "0.60 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L02"})


def test_magnesium_drawn_before_the_inhibitor_makes_no_chain() -> None:
    """KNOWLEDGE X6: the inhibitor was begun ten days after the sample."""
    patient = (
        a_patient()
        .with_cramps(days_before(1))
        .taking("omeprazole", days_before(80))
        .with_result("magnesium", "0.60 mmol/L", days_before(90))
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L02"})


@pytest.mark.parametrize(("age", "chains"), [(90, ("M4",)), (91, ())])
def test_magnesium_is_current_for_ninety_days(age: int, chains: tuple[str, ...]) -> None:
    patient = _on_inhibitor().with_result("magnesium", "0.60 mmol/L", days_before(age))

    found = answer(patient)

    assert found.chains == chains


def test_low_magnesium_that_was_normal_since_makes_no_chain() -> None:
    """KNOWLEDGE X7."""
    patient = (
        _on_inhibitor()
        .with_result("magnesium", "0.60 mmol/L", days_before(60))
        .with_result("magnesium", "0.80 mmol/L", days_before(10))
    )

    found = answer(patient)

    assert found.chains == ()


def test_very_low_magnesium_that_is_not_recent_is_worded_repeat() -> None:
    patient = _on_inhibitor().with_result("magnesium", "0.35 mmol/L", days_before(40))

    found = answer(patient)

    assert (found.chains, found.indicator("D09")) == (("M4",), "warning")
    assert "repeat now" in found.summary("D09")


def test_low_potassium_and_calcium_join() -> None:
    patient = (
        _on_inhibitor()
        .with_result("magnesium", "1.4 mg/dL")
        .with_result("potassium", "3.2 mmol/L")
        .with_result("calcium_adjusted", "1.99 mmol/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M4",), {"D09", "L01", "L02", "L03"})
    assert len(found.cards) == 1


def test_low_potassium_alone_makes_no_chain() -> None:
    patient = _on_inhibitor().with_result("potassium", "3.2 mmol/L").with_result("magnesium", "0.85 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L01"})


def test_card_tells_value_drug_and_orders() -> None:
    patient = _on_inhibitor().with_result("magnesium", "1.4 mg/dL", "2026-06-02")

    found = answer(patient)

    assert found.summary("D09") == (
        "Low Mg 1.4 mg/dL (2 Jun 2026) on long-term omeprazole in a patient with night leg cramps"
    )
    assert "review the need" in found.detail("D09")
    assert found.suggested == {"Magnesium", "Calcium", "Albumin", "Potassium", "Creatinine"}
    assert "stop" not in found.printed.casefold()


@pytest.mark.parametrize("analyte_or_code", ["egfr", "haemodialysis"])
def test_magnesium_is_not_offered_where_the_kidneys_cannot_clear_it(analyte_or_code: str) -> None:
    patient = _on_inhibitor().with_result("magnesium", "0.60 mmol/L")
    patient = (
        patient.with_result("egfr", "25 mL/min/{1.73_m2}")
        if analyte_or_code == "egfr"
        else patient.with_diagnosis("haemodialysis", "2020-01-01")
    )

    found = answer(patient)

    assert "replace magnesium" not in found.printed


def test_diuretic_beside_it_is_one_card_that_tells_both() -> None:
    """Equal level and members: the lower M number leads, and the other chain is told on the same card."""
    patient = _on_inhibitor().taking("indapamide", days_before(60)).with_result("magnesium", "0.60 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M1",), {"D01", "D09", "L02"})
    assert "(see M4)" in found.printed
