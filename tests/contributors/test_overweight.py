"""C13: overweight or obesity, only ever a line."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_bmi(value: str, age: int = 45) -> APatient:
    return a_patient().with_cramps().with_result("bmi", value, days_before(age))


@pytest.mark.parametrize("value", ["30 kg/m2", "30.0 kg/m2", "33.4 kg/m2", "55 kg/m2"])
def test_index_of_30_or_more_is_a_line(value: str) -> None:
    patient = _with_bmi(value)

    found = answer(patient)

    assert (found.place("C13"), found.kinds()) == (("contributor", "also-consider"), ("also-consider",))


@pytest.mark.parametrize("value", ["25 kg/m2", "27.4 kg/m2", "29.9 kg/m2"])
def test_index_from_25_to_below_30_makes_no_card_by_itself(value: str) -> None:
    patient = _with_bmi(value)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("value", ["25 kg/m2", "29.9 kg/m2"])
def test_index_from_25_to_below_30_is_told_beside_another_line(value: str) -> None:
    patient = _with_bmi(value).with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")

    found = answer(patient)

    assert found.place("C13") == ("context", "also-consider")
    assert f"**BMI {value}** (1 May 2026)" in found.detail("C13")


@pytest.mark.parametrize("value", ["24.9 kg/m2", "18 kg/m2"])
def test_index_below_25_is_nothing(value: str) -> None:
    patient = _with_bmi(value).with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")

    found = answer(patient)

    assert found.flagged == {"C15"}


@pytest.mark.parametrize(("age", "flagged"), [(365, {"C13"}), (366, set())])
def test_index_counts_for_365_days(age: int, flagged: set[str]) -> None:
    patient = _with_bmi("33.4 kg/m2", age)

    found = answer(patient)

    assert found.flagged == flagged


def test_newer_index_replaces_an_older_one() -> None:
    patient = _with_bmi("33.4 kg/m2", 200).with_result("bmi", "24 kg/m2", days_before(10))

    found = answer(patient)

    assert found.flagged == frozenset()


def test_number_without_a_unit_is_not_used() -> None:
    patient = _with_bmi("33.4")

    found = answer(patient)

    assert "C13" not in found.flagged


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "preliminary"])
def test_index_that_is_not_final_is_not_used(status: str) -> None:
    patient = a_patient().with_cramps().with_result("bmi", "33.4 kg/m2", status=status)

    found = answer(patient)

    assert "C13" not in found.flagged


def test_coded_obesity_is_a_line_whatever_its_age() -> None:
    patient = a_patient().with_cramps().with_diagnosis("overweight_obesity", "2010-01-01")

    found = answer(patient)

    assert found.place("C13") == ("contributor", "also-consider")


def test_coded_obesity_with_an_index_from_25_to_below_30_makes_no_card_by_itself() -> None:
    patient = _with_bmi("27.4 kg/m2").with_diagnosis("overweight_obesity", "2010-01-01")

    found = answer(patient)

    assert found.cards == ()


def test_coded_obesity_with_an_index_below_25_is_set_aside() -> None:
    patient = (
        _with_bmi("24 kg/m2")
        .with_diagnosis("overweight_obesity", "2010-01-01")
        .with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")
    )

    found = answer(patient)

    assert found.place("C13") == ("set-aside", "also-consider")
    assert "overweight or obesity (BMI below 25 on 1 May 2026)" in found.detail("C13")


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("overweight_obesity", "2010-01-01", clinicalStatus={"coding": [{"code": clinical}]})
    )

    found = answer(patient)

    assert found.cards == ()


def test_index_and_code_are_one_line_without_an_order() -> None:
    patient = _with_bmi("33.4 kg/m2").with_diagnosis("overweight_obesity", "2010-01-01")

    found = answer(patient)

    assert found.detail("C13").count("(evidence B)") == 1
    assert found.suggested == frozenset()
