"""C11: restless legs syndrome, an overlap and a mimic of night leg cramps."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _restless(concept: str = "restless_legs_syndrome", on: str | None = "2019-03-03") -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, on)


@pytest.mark.parametrize("concept", ["restless_legs_syndrome", "periodic_limb_movement_disorder"])
@pytest.mark.parametrize("on", ["2010-01-01", days_before(3), None])
def test_diagnosis_of_any_age_is_a_card(concept: str, on: str | None) -> None:
    patient = _restless(concept, on)

    found = answer(patient)

    assert (found.place("C11"), found.indicator("C11")) == (("contributor", "main"), "info")


def test_card_says_that_it_is_a_different_disorder_and_how_to_tell() -> None:
    patient = _restless()

    found = answer(patient).detail("C11")

    assert "**Different disorder: " in found
    assert "eased by walking, no hard knot" in found
    assert "Possible contributor" not in found


@pytest.mark.parametrize(
    "drug",
    [
        "sertraline",
        "venlafaxine",
        "mirtazapine",
        "promethazine",
        "metoclopramide",
        "haloperidol",
        "quetiapine",
    ],
)
def test_drug_that_may_worsen_it_is_named_for_review_whenever_it_began(drug: str) -> None:
    patient = _restless().taking(drug, "2015-01-01")

    found = answer(patient).detail("C11")

    assert f"{drug.capitalize()} may worsen restless legs: review the need with the prescriber." in found


def test_several_of_them_are_named_in_one_sentence() -> None:
    patient = _restless().taking("sertraline", "2020-01-01").taking("metoclopramide", "2026-05-20")

    found = answer(patient).detail("C11")

    assert "Sertraline and metoclopramide may worsen restless legs" in found


def test_other_drugs_are_not_named() -> None:
    patient = _restless().taking("levothyroxine", "2015-01-01").taking("atorvastatin", "2015-01-01")

    found = answer(patient).detail("C11")

    assert "may worsen" not in found


def test_drug_that_was_stopped_is_not_named() -> None:
    patient = _restless().taking("sertraline", "2015-01-01", until=days_before(10))

    found = answer(patient).detail("C11")

    assert "may worsen" not in found


def test_iron_is_suggested_once_restless_legs_are_recorded() -> None:
    patient = _restless()

    found = answer(patient).suggested

    assert found == {"Ferritin", "Transferrin saturation"}


def test_iron_is_never_suggested_for_cramps_alone() -> None:
    patient = a_patient().with_cramps().with_result("bmi", "33 kg/m2")

    found = answer(patient).suggested

    assert found == frozenset()


@pytest.mark.parametrize(
    ("age", "tests"),
    [(365, {"Transferrin saturation"}), (366, {"Ferritin", "Transferrin saturation"})],
)
def test_ferritin_of_the_last_365_days_is_not_suggested_again(age: int, tests: set[str]) -> None:
    patient = _restless().with_result("ferritin", "180 ug/L", days_before(age))

    found = answer(patient).suggested

    assert found == tests


def test_ferritin_that_is_on_order_is_not_suggested_again() -> None:
    patient = _restless().ordered_for(
        "fatigue", code={"coding": [{"system": "http://loinc.org", "code": "2276-4"}]}
    )

    found = answer(patient).suggested

    assert found == {"Transferrin saturation"}


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "restless_legs_syndrome", "2019-03-03", clinicalStatus={"coding": [{"code": clinical}]}
        )
    )

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "restless_legs_syndrome", "2019-03-03", verificationStatus={"coding": [{"code": verification}]}
        )
    )

    found = answer(patient)

    assert found.cards == ()


def test_restless_legs_without_cramps_are_silent() -> None:
    patient = a_patient().with_diagnosis("restless_legs_syndrome", "2019-03-03")

    found = answer(patient)

    assert found.cards == ()
