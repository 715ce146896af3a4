"""C09: Addison's disease, and adrenal crisis as red flag R10."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with(concept: str = "primary_adrenal_insufficiency", **members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, "2010-01-01", **members)


@pytest.mark.parametrize("concept", ["primary_adrenal_insufficiency", "adrenal_insufficiency"])
def test_recorded_insufficiency_is_info_and_asks_for_its_tests(concept: str) -> None:
    patient = _with(concept)

    found = answer(patient)

    assert (found.place("C09"), found.indicator("C09")) == (("contributor", "main"), "info")
    assert found.suggested == {"Sodium", "Potassium", "Glucose", "Creatinine"}


def test_one_code_read_as_two_concepts_is_told_once() -> None:
    patient = _with()

    found = answer(patient)

    assert "Primary adrenal insufficiency since 1 Jan 2010" in found.detail("C09")
    assert found.detail("C09").casefold().count("adrenal insufficiency since") == 1


@pytest.mark.parametrize(
    ("sodium", "level"), [("140", "info"), ("135", "info"), ("134.9", "warning"), ("128", "warning")]
)
def test_low_sodium_makes_it_a_warning(sodium: str, level: str) -> None:
    patient = _with().with_result("sodium", f"{sodium} mmol/L")

    found = answer(patient)

    assert found.indicator("C09") == level


@pytest.mark.parametrize(
    ("potassium", "level"), [("4.2", "info"), ("5.0", "info"), ("5.1", "warning"), ("5.8", "warning")]
)
@pytest.mark.parametrize("unit", ["mmol/L", "meq/L"])
def test_potassium_above_5_makes_it_a_warning(potassium: str, level: str, unit: str) -> None:
    patient = _with().with_result("potassium", f"{potassium} {unit}")

    found = answer(patient)

    assert found.indicator("C09") == level


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, "info"), (366, "info")])
@pytest.mark.parametrize(("analyte", "value"), [("sodium", "131 mmol/L"), ("potassium", "5.3 mmol/L")])
def test_values_count_for_90_days(analyte: str, value: str, age: int, level: str) -> None:
    patient = _with().with_result(analyte, value, days_before(age))

    found = answer(patient)

    assert found.indicator("C09") == level


def test_later_normal_values_clear_earlier_ones() -> None:
    patient = (
        _with()
        .with_result("sodium", "128 mmol/L", days_before(40))
        .with_result("sodium", "139 mmol/L", days_before(7))
    )

    found = answer(patient)

    assert found.indicator("C09") == "info"


def test_sodium_that_a_high_glucose_explains_is_no_warning() -> None:
    """KNOWLEDGE X15."""
    patient = _with().with_result("sodium", "133 mmol/L").with_result("glucose", "12 mmol/L", days_before(7))

    found = answer(patient)

    assert found.indicator("C09") == "info"


def test_missing_steroid_replacement_is_told() -> None:
    patient = _with()

    found = answer(patient)

    assert "No steroid replacement is on the medication list." in found.detail("C09")


@pytest.mark.parametrize("steroid", ["hydrocortisone", "fludrocortisone", "prednisolone"])
def test_listed_steroid_replacement_is_not_missed(steroid: str) -> None:
    patient = _with().taking(steroid, "2010-01-01")

    found = answer(patient)

    assert "No steroid replacement" not in found.printed


def test_medication_list_that_was_not_supplied_tells_nothing_about_replacement() -> None:
    patient = _with().lacking("medicationStatements")

    found = answer(patient)

    assert "No steroid replacement" not in found.printed


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _with(clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with(verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


# --- red flag R10 ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "level"),
    [(0, "critical"), (30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (2000, "info")],
)
def test_coded_crisis_follows_the_date_of_its_entry(age: int, level: str) -> None:
    patient = a_patient().with_cramps().with_diagnosis("adrenal_crisis", days_before(age))

    found = answer(patient)

    assert found.indicator("C09") == level


def test_crisis_card_names_the_entry_and_the_emergency() -> None:
    patient = a_patient().with_cramps().with_diagnosis("adrenal_crisis", days_before(3))

    found = answer(patient)

    assert found.summary("C09") == (
        "Adrenal crisis is coded (since 12 Jun 2026) in a patient with back or leg cramps: "
        "confirm that it was acted on"
    )
    assert "emergency assessment by local policy" in found.detail("C09")


def test_undated_crisis_asks_whether_it_is_still_current() -> None:
    patient = a_patient().with_cramps().with_diagnosis("adrenal_crisis")

    found = answer(patient)

    assert found.indicator("C09") == "warning"
    assert "confirm whether still current" in found.summary("C09")


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_doubted_crisis_is_never_critical(verification: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "adrenal_crisis", days_before(3), verificationStatus={"coding": [{"code": verification}]}
        )
    )

    found = answer(patient)

    assert found.indicator("C09") == "warning"
