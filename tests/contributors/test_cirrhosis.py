"""C08: cirrhosis and other advanced liver disease."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_ORDERS = {"Sodium", "Potassium", "Magnesium", "Creatinine", "Albumin"}


def _with(concept: str, **members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, "2020-01-01", **members)


def test_cirrhosis_is_info_on_a_main_card_and_asks_for_its_tests() -> None:
    patient = _with("cirrhosis")

    found = answer(patient)

    assert (found.place("C08"), found.indicator("C08")) == (("contributor", "main"), "info")
    assert found.suggested == _ORDERS


def test_fatty_liver_is_never_a_card_by_itself() -> None:
    """KNOWLEDGE C08: without fibrosis it is context."""
    patient = _with("fatty_or_other_liver_disease")

    found = answer(patient)

    assert found.cards == ()


def test_fatty_liver_is_context_beside_another_line() -> None:
    patient = _with("fatty_or_other_liver_disease").with_diagnosis("diabetes_type_2")

    found = answer(patient)

    assert found.place("C08") == ("context", "also-consider")
    assert found.suggested == {"HbA1c"}


def test_liver_disease_with_ascites_is_advanced() -> None:
    patient = _with("fatty_or_other_liver_disease").with_diagnosis("ascites", "2026-01-01")

    found = answer(patient)

    assert found.place("C08") == ("contributor", "main")


def test_ascites_of_unknown_origin_is_not_liver_disease() -> None:
    coding = {
        "coding": [
            {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "R18.8", "display": "Other ascites"}
        ]
    }
    patient = _with("ascites", code=coding)

    found = answer(patient)

    assert found.cards == ()


def test_both_entries_are_told_once_when_cirrhosis_followed_a_fatty_liver() -> None:
    patient = _with("fatty_or_other_liver_disease").with_diagnosis("cirrhosis", "2024-01-01")

    found = answer(patient)

    assert found.kinds() == ("main",)
    assert found.sources("C08") == ("Condition/dx3",)


def test_salt_is_watched_in_ascites() -> None:
    patient = _with("cirrhosis").with_diagnosis("ascites", "2026-01-01")

    found = answer(patient)

    assert "brine adds salt" in found.detail("C08")


def test_taurine_and_brine_are_offered_as_small_trials_and_quinine_never() -> None:
    patient = _with("cirrhosis")

    found = answer(patient)

    assert "taurine or brine sips (small trials; brine adds salt)" in found.detail("C08")
    assert "quinine" not in found.printed.casefold()


@pytest.mark.parametrize(("age", "suggested"), [(90, _ORDERS - {"Sodium"}), (91, _ORDERS)])
def test_tests_of_the_last_90_days_are_not_suggested_again(age: int, suggested: set[str]) -> None:
    patient = _with("cirrhosis").with_result("sodium", "140 mmol/L", days_before(age))

    found = answer(patient)

    assert found.suggested == suggested


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _with("cirrhosis", clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with("cirrhosis", verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("text", ["liver cirrhosis", "portal hypertension", "decompensated liver disease"])
def test_text_alone_is_understood_and_told(text: str) -> None:
    patient = _with("cirrhosis", code={"text": text})

    found = answer(patient)

    assert found.place("C08") == ("contributor", "main")
    assert "matched by text" in found.detail("C08")
