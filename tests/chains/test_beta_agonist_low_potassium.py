"""M5: a beta2 agonist with a low potassium; a corticosteroid or a diuretic may join."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _on(agonist: str = "salmeterol", since: int = 60) -> APatient:
    """The cramps began 40 days ago."""
    return a_patient().with_cramps().taking(agonist, days_before(since))


@pytest.mark.parametrize(("agonist", "row"), [("salmeterol", "D06"), ("albuterol", "D07")])
@pytest.mark.parametrize(
    ("potassium", "level"), [("3.4 mmol/L", "warning"), ("2.6 mmol/L", "warning"), ("2.5 mmol/L", "critical")]
)
def test_level_is_that_of_the_potassium(agonist: str, row: str, potassium: str, level: str) -> None:
    patient = _on(agonist).with_result("potassium", potassium)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator(row)) == (("M5",), {row, "L01"}, level)


@pytest.mark.parametrize("agonist", ["salmeterol", "albuterol"])
@pytest.mark.parametrize(("since", "chains"), [(60, ("M5",)), (200, ("M5",)), (3000, ("M5",)), (30, ())])
def test_agonist_of_any_time_class_but_after_leads_it(
    agonist: str, since: int, chains: tuple[str, ...]
) -> None:
    patient = _on(agonist, since).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.indicator("L01")) == (chains, "warning")


@pytest.mark.parametrize(
    ("agonist", "named"), [("salmeterol", "Salmeterol"), ("albuterol", "Salbutamol/albuterol")]
)
def test_agonist_begun_after_the_cramps_is_named_for_the_value_only(agonist: str, named: str) -> None:
    """KNOWLEDGE X4."""
    patient = _on(agonist, 30).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.flagged == {"L01"}
    assert f"{named} (from 16 May 2026, after the cramps began) was running" in found.printed


def test_potassium_drawn_before_the_agonist_makes_no_chain() -> None:
    """KNOWLEDGE X6."""
    patient = _on().with_result("potassium", "3.1 mmol/L", days_before(70))

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"D06", "L01"})


@pytest.mark.parametrize("potassium", ["3.5 mmol/L", "4.1 mmol/L"])
def test_normal_potassium_makes_no_chain(potassium: str) -> None:
    patient = _on().with_result("potassium", potassium)

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"D06"})


@pytest.mark.parametrize(("age", "chains"), [(50, ("M5",)), (90, ("M5",)), (91, ())])
def test_potassium_is_current_for_ninety_days(age: int, chains: tuple[str, ...]) -> None:
    patient = _on(since=300).with_result("potassium", "3.1 mmol/L", days_before(age))

    found = answer(patient)

    assert found.chains == chains


def test_very_low_potassium_that_is_not_recent_is_worded_repeat() -> None:
    patient = _on().with_result("potassium", "2.4 mmol/L", days_before(40))

    found = answer(patient)

    assert (found.chains, found.indicator("D06")) == (("M5",), "warning")
    assert "repeat now" in found.summary("D06")


@pytest.mark.parametrize(
    ("other", "row"), [("prednisone", "D19"), ("indapamide", "D01"), ("furosemide", "D02")]
)
def test_corticosteroid_and_diuretic_join(other: str, row: str) -> None:
    patient = _on().taking(other, days_before(60)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M5",), {"D06", "L01", row})
    assert len(found.cards) == 1


def test_both_kinds_of_agonist_stand_on_one_card() -> None:
    patient = _on().taking("albuterol", days_before(60)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M5",), {"D06", "D07", "L01"})
    assert found.summary("D06") == (
        "Low K 3.1 mmol/L with salmeterol and salbutamol/albuterol; "
        "night leg cramps began 20 days after salmeterol was started"
    )


@pytest.mark.parametrize(
    ("potassium", "suggested"),
    [("3.1 mmol/L", {"Potassium", "Magnesium"}), ("2.9 mmol/L", {"Potassium", "Magnesium", "ECG"})],
)
def test_orders(potassium: str, suggested: set[str]) -> None:
    patient = _on().with_result("potassium", potassium)

    found = answer(patient)

    assert found.suggested == suggested


def test_card_never_ends_an_inhaler() -> None:
    patient = _on().with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert "ask how often relievers are used" in found.detail("D06")
    assert "stop" not in found.printed.casefold()
