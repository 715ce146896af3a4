"""C05: a peripheral neuropathy that is not of diabetes."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient


def _with_neuropathy(**members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis("polyneuropathy", "2020-01-01", **members)


def test_recorded_neuropathy_is_info_on_a_main_card() -> None:
    patient = _with_neuropathy()

    found = answer(patient)

    assert (found.place("C05"), found.indicator("C05")) == (("contributor", "main"), "info")


def test_neuropathy_of_diabetes_is_not_this_row() -> None:
    patient = _with_neuropathy().with_diagnosis("diabetic_neuropathy", "2018-01-01")

    found = answer(patient)

    assert found.flagged == {"C04"}


def test_in_diabetes_an_unspecified_neuropathy_is_told_on_one_card() -> None:
    """A fact appears once."""
    patient = _with_neuropathy().with_diagnosis("diabetes_type_2", "2010-01-01")

    found = answer(patient)

    assert found.flagged == {"C04", "C05"}
    assert found.card_of("C05") is found.card_of("C04")
    assert found.printed.count("Polyneuropathy since 1 Jan 2020") == 1


def test_metformin_points_to_vitamin_b12() -> None:
    patient = _with_neuropathy().taking("metformin", "2015-01-01")

    found = answer(patient)

    assert "Metformin over years may lower vitamin B12." in found.detail("C05")


def test_without_metformin_nothing_is_said_of_it() -> None:
    patient = _with_neuropathy()

    found = answer(patient)

    assert "Metformin over years" not in found.printed


@pytest.mark.parametrize(("hba1c", "suggested"), [(None, {"HbA1c"}), ("5.4 %", set())])
def test_diabetes_is_looked_for_once(hba1c: str | None, suggested: set[str]) -> None:
    patient = _with_neuropathy().with_result("hba1c", hba1c) if hba1c else _with_neuropathy()

    found = answer(patient)

    assert found.suggested == suggested


def test_text_alone_is_understood_and_told() -> None:
    patient = _with_neuropathy(code={"text": "Charcot Marie Tooth disease"})

    found = answer(patient)

    assert found.place("C05") == ("contributor", "main")
    assert "matched by text" in found.detail("C05")


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _with_neuropathy(clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_neuropathy(verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()
