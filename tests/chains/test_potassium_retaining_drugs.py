"""M17: a high potassium with drugs that retain or bring potassium is one safety card."""

from datetime import date

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def with_potassium(value: str, age: int = 7) -> APatient:
    return cramping().with_result("potassium", value, days_before(age))


@pytest.mark.parametrize("since", ["2020-01-01", "2026-04-01", None])
def test_potassium_sparing_diuretic_and_the_value_are_one_card(since: str | None) -> None:
    patient = with_potassium("5.7 mmol/L").taking("spironolactone", since)

    found = answer(patient)

    assert (found.chains, len(found.cards), found.flagged) == (("M17",), 1, {"D03", "L12"})
    assert found.place("L12") == ("safety", "main")
    assert found.indicator("L12") == "warning"


@pytest.mark.parametrize("drug", ["ramipril", "losartan", "potassium chloride"])
def test_other_potassium_retaining_drug_is_named_beside_the_value(drug: str) -> None:
    patient = with_potassium("5.7 mmol/L").taking(drug, "2020-01-01")

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M17",), {"L12"})
    assert f"{drug.capitalize()} (from 1 Jan 2020, dose not clear) was running" in found.detail("L12")


def test_all_of_them_are_told_on_one_card() -> None:
    patient = with_potassium("5.7 mmol/L").taking("spironolactone", "2026-04-01")
    patient = patient.taking("ramipril", "2020-01-01").taking("potassium chloride", "2024-01-01")

    found = answer(patient)

    assert (found.chains, len(found.cards)) == (("M17",), 1)
    assert "Spironolactone" in found.detail("L12")
    assert "Ramipril and potassium chloride were running: likely causes of the value" in found.detail("L12")
    assert "A potassium supplement is listed; review whether it is still needed." in found.detail("L12")


@pytest.mark.parametrize(
    ("value", "age", "level"),
    [
        ("5.5 mmol/L", 7, "warning"),
        ("5.9 mmol/L", 90, "warning"),
        ("6.0 mmol/L", 30, "critical"),
        ("6.0 mmol/L", 31, "warning"),
    ],
)
def test_card_takes_the_level_of_the_potassium(value: str, age: int, level: str) -> None:
    patient = with_potassium(value, age).taking("ramipril", "2020-01-01")

    found = answer(patient)

    assert (found.chains, found.indicator("L12")) == (("M17",), level)


@pytest.mark.parametrize("drug", ["spironolactone", "ramipril", "potassium chloride"])
@pytest.mark.parametrize("value", ["5.1 mmol/L", "5.4 mmol/L"])
def test_slightly_high_potassium_makes_no_card(value: str, drug: str) -> None:
    patient = with_potassium(value).taking(drug, "2020-01-01")

    found = answer(patient)

    assert (found.chains, "L12" in found.flagged) == ((), False)


@pytest.mark.parametrize("drug", ["spironolactone", "ramipril"])
def test_drug_begun_after_the_sample_forms_no_chain(drug: str) -> None:
    """KNOWLEDGE X6: the value keeps its own card and level."""
    patient = with_potassium("6.3 mmol/L", 10).taking(drug, days_before(5))

    found = answer(patient)

    assert (found.chains, found.indicator("L12")) == ((), "critical")
    assert f"Drawn before {drug} (10 Jun 2026)" in found.detail("L12")


def test_diuretic_begun_after_the_cramps_is_a_cause_of_the_value_only() -> None:
    """KNOWLEDGE X4."""
    patient = with_potassium("5.7 mmol/L").taking("spironolactone", "2026-05-20")

    found = answer(patient)

    assert (found.chains, found.flagged, found.role("D03")) == (("M17",), {"L12"}, "set-aside")
    assert "Spironolactone (from 20 May 2026, after the cramps began) was running" in found.detail("L12")


def test_drug_that_was_stopped_forms_no_chain() -> None:
    patient = with_potassium("5.7 mmol/L").taking("ramipril", "2020-01-01", until="2025-01-01")

    found = answer(patient)

    assert (found.chains, found.indicator("L12")) == ((), "warning")


@pytest.mark.parametrize("status", ["entered-in-error", "not-taken", "on-hold"])
def test_drug_that_is_not_taken_forms_no_chain(status: str) -> None:
    """KNOWLEDGE X9."""
    patient = with_potassium("5.7 mmol/L").taking("ramipril", "2020-01-01", status=status)

    found = answer(patient)

    assert found.chains == ()


def test_old_value_forms_no_chain() -> None:
    patient = with_potassium("5.7 mmol/L", 91).taking("ramipril", "2020-01-01")

    found = answer(patient)

    assert (found.chains, "L12" in found.flagged) == ((), False)


def test_other_diuretic_forms_no_chain() -> None:
    patient = with_potassium("5.7 mmol/L").taking("furosemide", "2026-04-01")

    found = answer(patient)

    assert found.chains == ()


@pytest.mark.parametrize(
    ("value", "tests"),
    [
        ("5.7 mmol/L", {"Potassium", "Creatinine"}),
        ("5.99 mmol/L", {"Potassium", "Creatinine"}),
        ("6.0 mmol/L", {"Potassium", "Creatinine", "ECG"}),
    ],
)
def test_orders_are_one_set_with_an_ecg_by_level(value: str, tests: set[str]) -> None:
    patient = with_potassium(value).taking("ramipril", "2020-01-01")

    found = answer(patient)

    assert found.suggested == tests


@pytest.mark.parametrize("value", ["5.7 mmol/L", "6.3 mmol/L"])
def test_potassium_is_never_offered(value: str) -> None:
    patient = with_potassium(value).taking("ramipril", "2020-01-01")

    found = answer(patient).detail("L12")

    assert "no potassium" in found
    assert "replace potassium" not in found


def test_urgent_card_restates_the_value_and_says_what_it_can_not_see() -> None:
    patient = with_potassium("6.3 mmol/L", 2).taking("ramipril", "2020-01-01")

    found = answer(patient)

    assert found.summary("L12") == (
        "Recorded K 6.3 mmol/L (13 Jun 2026) with potassium-retaining drugs and leg cramps: "
        "confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L12")
    assert "same-day contact" in found.detail("L12")
