"""M3: insulin with a low potassium or a low glucose; a sulfonylurea or glinide with a low glucose."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _on_insulin(since: int = 60) -> APatient:
    return a_patient().with_cramps().taking("insulin glargine", days_before(since), dose="18 U")


@pytest.mark.parametrize(("since", "chains"), [(40, ("M3",)), (130, ("M3",)), (131, ()), (3000, ())])
def test_low_potassium_needs_insulin_begun_in_the_90_days_before(since: int, chains: tuple[str, ...]) -> None:
    """The cramps began 40 days ago."""
    patient = _on_insulin(since).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.chains == chains
    assert found.indicator("L01") == "warning"


@pytest.mark.parametrize("since", [60, 200, 3000])
def test_low_glucose_needs_insulin_of_any_time_class(since: int) -> None:
    patient = _on_insulin(since).with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert found.chains == ("M3",)
    assert (found.flagged, found.indicator("L09")) == ({"D10", "L09"}, "warning")


def test_insulin_begun_after_the_cramps_makes_no_chain() -> None:
    """The value keeps its level; insulin is no contributor."""
    patient = _on_insulin(30).with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert found.chains == ()
    assert (found.flagged, found.indicator("L09")) == ({"L09"}, "warning")


def test_potassium_drawn_before_the_insulin_makes_no_chain() -> None:
    patient = _on_insulin().with_result("potassium", "3.1 mmol/L", days_before(70))

    found = answer(patient)

    assert (found.chains, found.indicator("L01")) == ((), "warning")


@pytest.mark.parametrize(
    ("analyte", "value", "age"), [("potassium", "2.4 mmol/L", 7), ("glucose", "2.7 mmol/L", 1)]
)
def test_urgent_value_makes_it_critical(analyte: str, value: str, age: int) -> None:
    patient = _on_insulin().with_result(analyte, value, days_before(age))

    found = answer(patient)

    assert found.indicator("D10") == "critical"
    assert "confirm that it was acted on" in found.summary("D10")


def test_potassium_softened_by_itself_is_a_warning_in_the_chain() -> None:
    patient = _on_insulin().with_result("potassium", "3.4 mmol/L")

    found = answer(patient)

    assert (found.chain_of("L01"), found.indicator("L01")) == ("M3", "warning")


def test_normal_values_leave_insulin_a_line() -> None:
    patient = _on_insulin().with_result("potassium", "4.3 mmol/L").with_result("glucose", "7.2 mmol/L")

    found = answer(patient)

    assert found.place("D10") == ("contributor", "also-consider")


def test_potassium_that_a_diuretic_explains_too_is_told_once() -> None:
    """Equal level and members: the lower M number leads, and the other chain is told on the same card."""
    patient = _on_insulin().with_result("potassium", "3.1 mmol/L").taking("indapamide", days_before(60))

    found = answer(patient)

    assert found.chains == ("M1",)
    assert found.flagged == {"D01", "D10", "L01"}
    assert found.printed.count("**3.1**") == 1


def test_rise_of_the_dose_counts_as_a_start() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("insulin glargine", "2022-01-01", until=days_before(61), dose="18 U")
        .taking("insulin glargine", days_before(60), dose="24 U")
        .with_result("potassium", "3.1 mmol/L")
    )

    found = answer(patient)

    assert found.chains == ("M3",)
    assert "18 to 24 units" in found.detail("D10")


# --- a sulfonylurea or glinide ---------------------------------------------------------------------------------------


def _on_tablet(since: int = 60, drug: str = "gliclazide") -> APatient:
    """The cramps began 40 days ago."""
    return a_patient().with_cramps().taking(drug, days_before(since), dose="80 mg")


@pytest.mark.parametrize("drug", ["gliclazide", "repaglinide"])
@pytest.mark.parametrize(("since", "chains"), [(60, ("M3",)), (200, ("M3",)), (3000, ("M3",)), (30, ())])
def test_sulfonylurea_or_glinide_of_any_time_class_but_after_leads_it(
    drug: str, since: int, chains: tuple[str, ...]
) -> None:
    patient = _on_tablet(since, drug).with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert (found.chains, found.indicator("L09")) == (chains, "warning")


def test_sulfonylurea_and_low_potassium_are_no_chain() -> None:
    patient = _on_tablet().with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L01"})


def test_glucose_taken_before_the_sulfonylurea_makes_no_chain() -> None:
    """KNOWLEDGE X6; a reading made without the drug is low below 3.0 only."""
    patient = (
        a_patient()
        .with_cramps(days_before(10))
        .taking("gliclazide", days_before(15))
        .with_result("glucose", "2.9 mmol/L", days_before(20))
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L09"})


def test_insulin_and_sulfonylurea_stand_on_one_card() -> None:
    patient = _on_tablet().taking("insulin glargine", days_before(60)).with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M3",), {"D10", "D11", "L09"})
    assert len(found.cards) == 1


def test_sulfonylurea_with_a_low_night_glucose_is_told_with_its_time() -> None:
    patient = _on_tablet().with_result("glucose", "3.4 mmol/L", "2026-06-10T03:10:00+01:00")

    found = answer(patient)

    assert (
        found.summary("D11")
        == "Low glucose 3.4 mmol/L; night leg cramps began 20 days after gliclazide was started"
    )
    assert "03:10 on 10 Jun 2026" in found.detail("D11")
    assert found.suggested == {"HbA1c", "Creatinine"}
