"""C17: malabsorption, chronic diarrhoea or bariatric surgery."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_entry(text: str = "Coeliac disease", recorded: str = "2015-01-01", **members: Any) -> APatient:
    entry = {
        "resourceType": "Condition", "id": "dx", "code": {"text": text}, "recordedDate": recorded, **members,
    }  # fmt: skip
    return a_patient().with_cramps().having("conditions", entry)


def _with_normal_minerals(age: int = 10) -> APatient:
    patient = _with_entry()
    for analyte, value in (
        ("magnesium", "0.85 mmol/L"),
        ("potassium", "4.1 mmol/L"),
        ("calcium_adjusted", "2.30 mmol/L"),
    ):
        patient = patient.with_result(analyte, value, days_before(age))
    return patient


@pytest.mark.parametrize("text", ["Coeliac disease", "Gastric bypass", "Chronic diarrhoea", "Short bowel"])
def test_entry_of_any_age_without_minerals_is_a_card(text: str) -> None:
    patient = _with_entry(text)

    found = answer(patient)

    assert (found.place("C17"), found.indicator("C17")) == (("contributor", "main"), "info")


@pytest.mark.parametrize(("age", "kind"), [(90, "also-consider"), (91, "main")])
def test_normal_minerals_of_the_last_90_days_make_it_a_line(age: int, kind: str) -> None:
    patient = _with_normal_minerals(age)

    found = answer(patient)

    assert found.place("C17") == ("contributor", kind)


@pytest.mark.parametrize("lacking", ["magnesium", "potassium", "calcium_adjusted"])
def test_one_mineral_that_was_not_measured_keeps_it_a_card(lacking: str) -> None:
    values = {"magnesium": "0.85 mmol/L", "potassium": "4.1 mmol/L", "calcium_adjusted": "2.30 mmol/L"}
    patient = _with_entry()
    for analyte, value in values.items():
        patient = patient.with_result(analyte, value) if analyte != lacking else patient

    found = answer(patient)

    assert found.place("C17") == ("contributor", "main")


@pytest.mark.parametrize(
    ("analyte", "value", "row"),
    [
        ("potassium", "3.1 mmol/L", "L01"),
        ("magnesium", "0.60 mmol/L", "L02"),
        ("magnesium", "1.4 mg/dL", "L02"),
        ("calcium_adjusted", "2.00 mmol/L", "L03"),
        ("phosphate", "0.60 mmol/L", "L13"),
    ],
)
def test_low_value_takes_it_along_as_its_likely_cause(analyte: str, value: str, row: str) -> None:
    patient = _with_entry().with_result(analyte, value)

    found = answer(patient)

    assert (len(found.cards), found.chains, found.flagged) == (1, (), {"C17", row})
    assert found.indicator("C17") == "warning"
    assert "may explain the value" in found.detail("C17")


def test_without_a_low_value_it_is_no_cause_of_one() -> None:
    patient = _with_entry()

    found = answer(patient).detail("C17")

    assert "explain the value" not in found


def test_orders_are_the_minerals_and_vitamin_d() -> None:
    patient = _with_entry()

    found = answer(patient).suggested

    assert found == {"Magnesium", "Calcium", "Potassium", "25-OH vitamin D"}


def test_what_was_measured_of_late_is_not_suggested() -> None:
    patient = _with_normal_minerals().with_result("vitamin_d_25oh", "80 nmol/L", days_before(200))

    found = answer(patient).suggested

    assert found == frozenset()


def test_recent_chronic_diarrhoea_is_told_once() -> None:
    """Its code is in the value set of vomiting and diarrhoea too."""
    patient = a_patient().with_cramps().with_diagnosis("malabsorption_bariatric", days_before(20))

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"C17"})


@pytest.mark.parametrize("code", ["236071009", "17551007"])
@pytest.mark.parametrize("age", [20, 2000])
def test_coded_chronic_diarrhoea_of_any_age_is_meant_and_named(code: str, age: int) -> None:
    coded = {"coding": [{"system": "http://snomed.info/sct", "code": code}]}
    patient = _with_entry(recorded=days_before(age), code=coded)

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"C17"})
    assert found.summary("C17").startswith("Malabsorption, chronic diarrhoea or bariatric surgery")


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_entry_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = _with_entry(clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_entry(verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


def test_eating_disorder_is_not_part_of_it() -> None:
    patient = a_patient().with_cramps().with_diagnosis("eating_disorder", "2015-01-01")

    found = answer(patient)

    assert found.cards == ()


def test_line_does_not_say_that_minerals_were_measured() -> None:
    """The same line serves where the card gives way to more urgent ones."""
    patient = (
        _with_entry()
        .with_diagnosis("new_weakness_or_fasciculation", days_before(40))
        .with_diagnosis("restless_legs_syndrome", "2019-01-01")
    )

    found = answer(patient)

    assert found.place("C17") == ("contributor", "also-consider")
    assert "(recorded 1 Jan 2015): watch magnesium, potassium, calcium (evidence C)" in found.detail("C17")
