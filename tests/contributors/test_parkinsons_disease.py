"""C10: Parkinson's disease."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient


def _with_parkinsons(**members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis("parkinsons_disease", "2020-01-01", **members)


def test_recorded_disease_is_info_and_asks_for_the_timing() -> None:
    patient = _with_parkinsons()

    found = answer(patient)

    assert (found.place("C10"), found.indicator("C10")) == (("contributor", "main"), "info")
    assert found.summary("C10").endswith("ask about timing to levodopa doses")
    assert found.suggested == set()


@pytest.mark.parametrize("drug", ["levodopa", "pramipexole", "rasagiline"])
def test_drugs_taken_for_it_are_named_and_never_changed_abruptly(drug: str) -> None:
    patient = _with_parkinsons().taking(drug, "2020-01-01")

    found = answer(patient).detail("C10")

    assert f"On {drug}; any change of dose is slow and with the Parkinson's team." in found


def test_without_such_a_drug_nothing_is_said_of_its_dose() -> None:
    patient = _with_parkinsons()

    found = answer(patient)

    assert "any change of dose" not in found.printed


def test_drug_alone_is_not_the_disease() -> None:
    patient = a_patient().with_cramps().taking("levodopa", "2020-01-01")

    found = answer(patient)

    assert found.cards == ()


def test_text_alone_is_understood_and_told() -> None:
    patient = _with_parkinsons(code={"text": "Parkinson's disease"})

    found = answer(patient)

    assert found.place("C10") == ("contributor", "main")
    assert "matched by text" in found.detail("C10")


@pytest.mark.parametrize("text", ["drug-induced parkinsonism", "vascular parkinsonism"])
def test_secondary_parkinsonism_is_not_the_disease(text: str) -> None:
    patient = _with_parkinsons(code={"text": text})

    found = answer(patient)

    assert "C10" not in found.flagged


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _with_parkinsons(clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_parkinsons(verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()
