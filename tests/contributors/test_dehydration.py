"""S01: dehydration, heavy sweating, heat, or gut loss."""

import pytest

from tests.findings_of import answer
from tests.patients import a_patient, days_before


@pytest.mark.parametrize(
    "concept", ["dehydration_volume_depletion", "heat_or_heavy_sweating", "vomiting_diarrhoea"]
)
def test_recent_entry_is_a_card(concept: str) -> None:
    patient = a_patient().with_cramps().with_diagnosis(concept, days_before(20))

    found = answer(patient)

    assert (found.place("S01"), found.indicator("S01")) == (("contributor", "main"), "info")


@pytest.mark.parametrize(("age", "place"), [(90, ("contributor", "main")), (91, None), (400, None)])
def test_entry_counts_for_90_days(age: int, place: tuple[str, str] | None) -> None:
    patient = a_patient().with_cramps().with_diagnosis("vomiting_diarrhoea", days_before(age))

    found = answer(patient)

    assert found.place("S01") == place


def test_undated_entry_is_a_line() -> None:
    patient = a_patient().with_cramps().with_diagnosis("dehydration_volume_depletion")

    found = answer(patient)

    assert found.place("S01") == ("contributor", "also-consider")


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_entry_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "vomiting_diarrhoea", days_before(20), clinicalStatus={"coding": [{"code": clinical}]}
        )
    )

    found = answer(patient)

    assert found.cards == ()


def test_fluid_advice_is_not_more_fluid_for_everyone() -> None:
    patient = a_patient().with_cramps().with_diagnosis("dehydration_volume_depletion", days_before(20))

    found = answer(patient).detail("S01")

    assert "not more fluid for everyone" in found


def test_orders_are_sodium_potassium_creatinine() -> None:
    patient = a_patient().with_cramps().with_diagnosis("dehydration_volume_depletion", days_before(20))

    found = answer(patient).suggested

    assert found == {"Sodium", "Potassium", "Creatinine"}


def test_values_taken_since_are_not_suggested_again() -> None:
    patient = a_patient().with_cramps().with_diagnosis("dehydration_volume_depletion", days_before(20))
    for analyte, value in (
        ("sodium", "139 mmol/L"),
        ("potassium", "4.1 mmol/L"),
        ("creatinine", "80 umol/L"),
    ):
        patient = patient.with_result(analyte, value, days_before(5))

    found = answer(patient).suggested

    assert found == frozenset()


@pytest.mark.parametrize("drug", ["indapamide", "furosemide", "empagliflozin"])
def test_drug_that_adds_to_the_loss_is_named(drug: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("vomiting_diarrhoea", days_before(20))
        .taking(drug, "2020-01-01")
    )

    found = answer(patient).detail("S01")

    assert f"{drug.capitalize()}: more loss of fluid, review sick-day advice." in found


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "dehydration_volume_depletion",
            days_before(20),
            verificationStatus={"coding": [{"code": verification}]},
        )
    )

    found = answer(patient)

    assert found.cards == ()


def test_stomach_upset_of_a_patient_with_coeliac_disease_counts() -> None:
    coeliac = {
        "resourceType": "Condition",
        "id": "gut",
        "code": {"text": "Coeliac disease"},
        "recordedDate": "2015-01-01",
    }
    patient = (
        a_patient()
        .with_cramps()
        .having("conditions", coeliac)
        .with_diagnosis("vomiting_diarrhoea", days_before(20))
    )

    found = answer(patient)

    assert found.flagged == {"C17", "S01"}


def test_high_sodium_makes_it_one_card() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("heat_or_heavy_sweating", days_before(20))
        .with_result("sodium", "151 mmol/L")
    )

    found = answer(patient)

    assert (len(found.cards), found.chain_of("S01"), found.indicator("S01")) == (1, "M9", "warning")


def test_low_value_after_gut_loss_keeps_its_own_card() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("vomiting_diarrhoea", days_before(20))
        .with_result("potassium", "3.1 mmol/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"L01", "S01"})
