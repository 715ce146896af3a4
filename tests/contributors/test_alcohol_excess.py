"""C14: alcohol excess."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_DEPENDENT = "alcohol_dependence_or_harmful_use_active"


def _scoring(points: int, age: int = 30) -> APatient:
    score = f"{points} {{score}}"
    return a_patient().with_cramps().with_result("alcohol_audit_c", score, days_before(age))


@pytest.mark.parametrize("concept", [_DEPENDENT, "alcohol_use_disorder"])
@pytest.mark.parametrize("on", ["2010-01-01", days_before(20), None])
def test_active_dependence_or_harmful_use_is_a_card_whatever_its_age(concept: str, on: str | None) -> None:
    patient = a_patient().with_cramps().with_diagnosis(concept, on)

    found = answer(patient)

    assert (found.place("C14"), found.indicator("C14")) == (("contributor", "main"), "info")


@pytest.mark.parametrize(
    ("points", "flagged"), [(12, {"C14"}), (5, {"C14"}), (4, {"C14"}), (3, set()), (0, set())]
)
def test_score_counts_from_four_points(points: int, flagged: set[str]) -> None:
    patient = _scoring(points)

    found = answer(patient)

    assert found.flagged == flagged


@pytest.mark.parametrize(("age", "flagged"), [(365, {"C14"}), (366, set())])
def test_score_counts_for_365_days(age: int, flagged: set[str]) -> None:
    patient = _scoring(9, age)

    found = answer(patient)

    assert found.flagged == flagged


def test_score_of_the_full_questionnaire_is_not_taken_for_the_short_one() -> None:
    patient = _scoring(20)

    found = answer(patient)

    assert "C14" not in found.flagged


def test_newer_score_replaces_an_older_one() -> None:
    patient = _scoring(9, 200).with_result("alcohol_audit_c", "2 {score}", days_before(10))

    found = answer(patient)

    assert found.flagged == frozenset()


@pytest.mark.parametrize("illness", ["Alcoholic liver disease", "Alcoholic hepatitis"])
def test_illness_of_past_drinking_is_only_a_line(illness: str) -> None:
    """It does not say that drinking goes on."""
    entry = {"resourceType": "Condition", "id": "dx", "code": {"text": illness}, "recordedDate": "2015-01-01"}
    patient = a_patient().with_cramps().having("conditions", entry)

    found = answer(patient)

    assert found.place("C14") == ("contributor", "also-consider")
    assert "ask about present drinking" in found.detail("C14")


def test_neuropathy_of_a_drinker_is_one_card_with_the_drinking() -> None:
    entry = {
        "resourceType": "Condition",
        "id": "dx",
        "code": {"text": "Alcoholic polyneuropathy"},
        "recordedDate": "2015-01-01",
    }
    patient = a_patient().with_cramps().having("conditions", entry)

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"C05", "C14"})
    assert "ask about alcohol and neurotoxic drugs" in found.detail("C14")


def test_score_of_zero_makes_an_active_entry_a_line() -> None:
    patient = _scoring(0).with_diagnosis(_DEPENDENT, "2010-01-01")

    found = answer(patient)

    assert found.place("C14") == ("contributor", "also-consider")


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_dependence_in_remission_is_not_flagged(clinical: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(_DEPENDENT, "2010-01-01", clinicalStatus={"coding": [{"code": clinical}]})
    )

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(_DEPENDENT, "2010-01-01", verificationStatus={"coding": [{"code": verification}]})
    )

    found = answer(patient)

    assert found.cards == ()


def test_orders_are_magnesium_and_potassium() -> None:
    patient = _scoring(9)

    found = answer(patient).suggested

    assert found == {"Magnesium", "Potassium"}


@pytest.mark.parametrize(("age", "tests"), [(90, {"Magnesium"}), (91, {"Magnesium", "Potassium"})])
def test_value_of_the_last_90_days_is_not_suggested_again(age: int, tests: set[str]) -> None:
    patient = _scoring(9).with_result("potassium", "4.2 mmol/L", days_before(age))

    found = answer(patient).suggested

    assert found == tests


def test_liver_tests_and_thiamine_are_named_in_words() -> None:
    patient = _scoring(9)

    found = answer(patient).detail("C14")

    assert "liver tests; thiamine where fitting" in found


def test_score_and_diagnosis_are_one_card() -> None:
    patient = _scoring(9).with_diagnosis(_DEPENDENT, "2010-01-01")

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"C14"})
    assert "Alcohol dependence or harmful use since 1 Jan 2010" in found.detail("C14")
