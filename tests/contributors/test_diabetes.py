"""C04: diabetes, with and without neuropathy, at goal and not."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_MAIN, _LINE = ("contributor", "main"), ("contributor", "also-consider")


def _diabetic(concept: str = "diabetes_type_2", **members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, "2010-01-01", **members)


def _with_hba1c(value: str, age: int = 7) -> APatient:
    return _diabetic().with_result("hba1c", value, days_before(age))


@pytest.mark.parametrize("concept", ["diabetes_type_1", "diabetes_type_2", "diabetes_other"])
def test_without_any_hba1c_it_is_a_line_that_suggests_one(concept: str) -> None:
    patient = _diabetic(concept)

    found = answer(patient)

    assert (found.place("C04"), found.suggested) == (_LINE, {"HbA1c"})
    assert "monitoring looks overdue: HbA1c (none on file)" in found.detail("C04")


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("9.1 %", _MAIN),
        ("8.0 %", _MAIN),
        ("7.9 %", None),
        ("6.5 %", None),
        ("64 mmol/mol", _MAIN),
        ("63.9 mmol/mol", None),
        (">14.0 %", _MAIN),
    ],
)
def test_hba1c_of_8_percent_or_more_makes_a_card(value: str, place: tuple[str, str] | None) -> None:
    """KNOWLEDGE X12: at goal without neuropathy it is no contributor."""
    patient = _with_hba1c(value)

    found = answer(patient)

    assert found.place("C04") == place


@pytest.mark.parametrize(
    ("value", "age", "place"),
    [
        ("9.1 %", 180, _MAIN),
        ("9.1 %", 181, _LINE),
        ("6.5 %", 180, None),
        ("6.5 %", 181, _LINE),
        ("6.5 %", 400, _LINE),
    ],
)
def test_hba1c_counts_for_180_days(value: str, age: int, place: tuple[str, str] | None) -> None:
    patient = _with_hba1c(value, age)

    found = answer(patient)

    assert found.place("C04") == place


@pytest.mark.parametrize(("age", "is_overdue"), [(183, False), (184, True)])
def test_hba1c_is_overdue_after_six_months(age: int, is_overdue: bool) -> None:
    """KNOWLEDGE section 8."""
    patient = _with_hba1c("6.5 %", age)

    found = answer(patient)

    assert ("monitoring looks overdue: HbA1c" in found.detail("C04")) is is_overdue
    assert found.suggested == ({"HbA1c"} if is_overdue else set())


@pytest.mark.parametrize("neuropathy", ["diabetic_neuropathy", "polyneuropathy"])
def test_neuropathy_makes_a_card_even_at_goal(neuropathy: str) -> None:
    patient = _with_hba1c("6.5 %").with_diagnosis(neuropathy, "2018-01-01")

    found = answer(patient)

    assert found.place("C04") == _MAIN
    assert "neuropathy" in found.detail("C04")


def test_neuropathy_of_diabetes_is_enough_without_another_code() -> None:
    patient = (
        a_patient().with_cramps().with_diagnosis("diabetic_neuropathy", code={"text": "diabetic neuropathy"})
    )

    found = answer(patient)

    assert found.flagged == {"C04"}


def test_value_without_a_unit_is_not_used_and_told() -> None:
    patient = _with_hba1c("9.1")

    found = answer(patient)

    assert found.place("C04") == _LINE
    assert found.data_lines() == ("HbA1c of 8 Jun 2026: no unit",)


def test_laboratory_list_that_was_not_supplied_is_told() -> None:
    """Not measured and not supplied are different things."""
    patient = _diabetic().lacking("labs")

    found = answer(patient)

    assert "C04" not in found.flagged
    assert "Not supplied: laboratory results" in found.data_lines()


@pytest.mark.parametrize(
    ("drug", "suggested"),
    [("indapamide", {"Magnesium", "Sodium"}), ("furosemide", {"Magnesium", "Sodium"}), ("ramipril", set())],
)
def test_magnesium_and_sodium_are_suggested_on_a_diuretic(drug: str, suggested: set[str]) -> None:
    """The diuretic itself was begun after the cramps and asks for nothing."""
    patient = _with_hba1c("9.1 %").with_diagnosis("diabetic_neuropathy").taking(drug, days_before(10))

    found = answer(patient)

    assert found.suggested == suggested


def test_hba1c_just_taken_is_not_suggested_again() -> None:
    patient = _with_hba1c("6.5 %").with_diagnosis("diabetic_neuropathy")

    found = answer(patient)

    assert found.suggested == set()


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _diabetic(clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _diabetic(verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


def test_warmth_is_not_offered() -> None:
    """KNOWLEDGE section 4: burns."""
    patient = _diabetic()

    found = answer(patient)

    assert "*Self-care" in found.printed
    assert "warmth" not in found.printed


def test_diabetes_at_goal_is_told_as_set_aside_on_another_card() -> None:
    """KNOWLEDGE X12."""
    patient = _with_hba1c("6.5 %").with_diagnosis("parkinsons_disease")

    found = answer(patient)

    assert found.role("C04") == "set-aside"
    assert "(no neuropathy recorded, HbA1c below 8.0 % on 8 Jun 2026)" in found.printed
