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
