"""Every medicine, diagnosis and result is accounted for once: used, irrelevant or unread, with a reason."""

from collections import Counter
from typing import Any

import pytest

from cds_service.inventory import NOT_KNOWN, Fate, Line, Unknown, inventory, unknown
from cds_service.normalise import patient_record
from tests.findings_of import answer, site
from tests.patients import FHIR, TODAY, APatient, a_patient, analyte_coding, days_before, drug_coding


def lines(patient: APatient) -> tuple[Line, ...]:
    supplied = answer(patient).advice.supplied
    assert supplied is not None
    return inventory(patient_record(supplied), site().reading(TODAY))


def only(patient: APatient) -> tuple[str, Fate, str]:
    """Kind, fate and reason of the one entry."""
    [line] = lines(patient)
    return line.kind, line.fate, line.why


def text(words: str) -> FHIR:
    return {"medicationCodeableConcept": {"text": words}}


# --- medicines ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "fate", "why"),
    [
        (a_patient().taking("furosemide"), Fate.USED, ""),
        (a_patient().taking("ezetimibe"), Fate.IRRELEVANT, "no rule reads it"),
        (
            a_patient().taking("furosemide", **text("Paracetamol 500 mg")),
            Fate.IRRELEVANT,
            "it is in none of our value sets",
        ),
        (
            a_patient().taking("furosemide", status="entered-in-error"),
            Fate.IRRELEVANT,
            "its status or intent says that it was not taken",
        ),
        (
            a_patient().prescribed("furosemide", intent="proposal"),
            Fate.IRRELEVANT,
            "its status or intent says that it was not taken",
        ),
        (a_patient().taking("furosemide", **text("moonwort")), Fate.UNREAD, NOT_KNOWN),
        (
            a_patient().taking("furosemide", medicationCodeableConcept=None),
            Fate.UNREAD,
            "the medicine is not named, or a reference that was not supplied",
        ),
        (
            a_patient().taking("furosemide", medicationCodeableConcept="x"),
            Fate.UNREAD,
            "a member is not of its FHIR type",
        ),
    ],
)
def test_medicine_is_used_irrelevant_or_unread(patient: APatient, fate: Fate, why: str) -> None:
    assert only(patient) == ("medicine", fate, why)


# --- diagnoses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "fate", "why"),
    [
        (a_patient().with_cramps(), Fate.USED, "it speaks of cramps"),
        (a_patient().with_diagnosis("hypothyroidism"), Fate.USED, ""),
        (a_patient().with_diagnosis("flat_foot"), Fate.IRRELEVANT, "no rule reads it"),
        (
            a_patient().with_diagnosis("hypothyroidism", abatementDateTime=days_before(9)),
            Fate.IRRELEVANT,
            "it is refuted, entered in error, or over",
        ),
        (
            a_patient().with_diagnosis("hypothyroidism", code={"text": "No hypothyroidism"}),
            Fate.IRRELEVANT,
            "it is in none of our value sets",
        ),
        (
            a_patient().with_diagnosis("hypothyroidism", code={"text": "Delivered a boy"}),
            Fate.USED,
            "it ends a pregnancy",
        ),
        (
            a_patient().with_diagnosis("hypothyroidism", code={"text": "Ingrowing toenail"}),
            Fate.UNREAD,
            NOT_KNOWN,
        ),
        (
            a_patient().with_diagnosis("hypothyroidism", code=7),
            Fate.UNREAD,
            "a member is not of its FHIR type",
        ),
    ],
)
def test_diagnosis_is_used_irrelevant_or_unread(patient: APatient, fate: Fate, why: str) -> None:
    assert only(patient) == ("diagnosis", fate, why)


# --- results --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "fate", "why"),
    [
        ({}, Fate.USED, ""),
        ({"valueQuantity": {"value": 31, "unit": "mmol/L"}}, Fate.UNREAD, "implausible value"),
        ({"valueQuantity": {"value": 3.1, "unit": "furlong"}}, Fate.UNREAD, "unit not understood"),
        (
            {"valueQuantity": None},
            Fate.IRRELEVANT,
            "it is withdrawn, has no value, or is not the patient's",
        ),
        (
            {"status": "entered-in-error"},
            Fate.IRRELEVANT,
            "it is withdrawn, has no value, or is not the patient's",
        ),
        ({"focus": [{"display": "fetus"}]}, Fate.IRRELEVANT, "it is in none of our value sets"),
        ({"code": {"text": "Urine potassium"}}, Fate.IRRELEVANT, "it is in none of our value sets"),
        ({"code": {"coding": [analyte_coding("smoking_status")]}}, Fate.IRRELEVANT, "no rule reads it"),
        ({"code": {"text": "Rhubarb index"}}, Fate.UNREAD, NOT_KNOWN),
        ({"code": {"text": "Leg cramps at night"}}, Fate.USED, "it speaks of cramps"),
        ({"code": "k"}, Fate.UNREAD, "a member is not of its FHIR type"),
    ],
)
def test_result_is_used_irrelevant_or_unread(members: dict[str, Any], fate: Fate, why: str) -> None:
    patient = a_patient().with_result("potassium", "3.1 mmol/L", **members)

    assert only(patient) == ("result", fate, why)


def test_panel_has_a_line_for_each_component() -> None:
    parts = [
        {"code": {"text": "Potassium"}, "valueQuantity": {"value": 3.1, "unit": "mmol/L"}},
        {"code": {"text": "X"}},
    ]
    patient = a_patient().with_result(
        "potassium", "3.1 mmol/L", code={"text": "Panel"}, valueQuantity=None, component=parts
    )

    assert [(line.source, line.fate) for line in lines(patient)] == [
        ("Observation/ob1", Fate.USED),
        ("Observation/ob1", Fate.UNREAD),
    ]


def test_entry_of_no_readable_type_is_counted_too() -> None:
    patient = a_patient().having("conditions", {"resourceType": 7, "id": "x"})

    assert only(patient)[:2] == ("entry", Fate.UNREAD)


# --- without and with a report --------------------------------------------------------------------------------


def test_what_is_used_does_not_hang_on_a_report() -> None:
    plain = a_patient().taking("furosemide").with_result("potassium", "3.1 mmol/L")

    silent, speaking = lines(plain), lines(plain.with_cramps())

    assert set(silent) < set(speaking)


def test_every_source_on_a_card_is_a_used_entry() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("furosemide", days_before(60))
        .taking("ezetimibe")
        .with_result("potassium", "3.1 mmol/L")
        .with_result("magnesium", "0.5 mmol/L")
        .with_diagnosis("arrhythmia")
    )

    named = {
        source
        for card in answer(patient).cards
        for found in card.extension.get("org.legcramps.findings", ())
        for source in found["sources"]
    }

    assert named
    assert named <= {line.source for line in lines(patient) if line.fate is Fate.USED}


# --- ingredients of a product -----------------------------------------------------------------------------------


def _product(code: FHIR | None, *ingredients: FHIR) -> APatient:
    medication = {"resourceType": "Medication", "id": "m", "code": code, "ingredient": list(ingredients)}
    return a_patient().taking(
        "furosemide",
        medicationCodeableConcept=None,
        medicationReference={"reference": "#m"},
        contained=[medication],
    )


FUROSEMIDE: FHIR = {"coding": [drug_coding("furosemide")]}


@pytest.mark.parametrize(
    "ingredient",
    [
        {"itemCodeableConcept": FUROSEMIDE},
        {"item": {"concept": FUROSEMIDE}},
        {"itemCodeableConcept": {"text": "Furosemid"}},
        {"itemReference": {"display": "Furosemide"}},
    ],
    ids=["R4", "R5", "text", "reference"],
)
@pytest.mark.parametrize(
    "code", [None, {"coding": [{"system": "urn:pzn", "code": "123"}]}, {"text": "Haus 7"}]
)
def test_product_that_nobody_knows_is_read_by_its_ingredients(code: FHIR | None, ingredient: FHIR) -> None:
    [line] = lines(_product(code, ingredient))

    assert (line.fate, line.value_sets) == (Fate.USED, ("loop_diuretic",))


def test_product_that_is_known_is_not_read_by_its_ingredients() -> None:
    [line] = lines(_product({"text": "Paracetamol"}, {"itemCodeableConcept": FUROSEMIDE}))

    assert (line.fate, line.value_sets) == (Fate.IRRELEVANT, ())


def test_combination_is_read_by_all_its_ingredients() -> None:
    second: FHIR = {"itemCodeableConcept": {"text": "Triamterene"}}

    [line] = lines(_product(None, {"itemCodeableConcept": {"text": "Hydrochlorothiazide"}}, second))

    assert line.value_sets == ("potassium_sparing_diuretic_mra", "thiazide_diuretic")


# --- codes that nobody knows ----------------------------------------------------------------------------------


def test_unknown_codes_are_listed_by_kind_and_how_often() -> None:
    coded = {"coding": [{"system": "urn:local", "code": "7", "display": "Moonwort tea"}]}
    patient = (
        a_patient()
        .with_diagnosis("hypothyroidism", code={"text": "Ingrowing toenail"})
        .taking("furosemide", **text("selfheal"))
        .taking("furosemide", medicationCodeableConcept=coded)
        .taking("furosemide", medicationCodeableConcept={"coding": [{"system": "urn:local", "code": "7"}]})
    )

    found = unknown(lines(patient))

    assert found == [
        Unknown(2, "medicine", "urn:local", "7", "Moonwort tea"),
        Unknown(1, "medicine", "", "", "selfheal"),
        Unknown(1, "diagnosis", "", "", "Ingrowing toenail"),
    ]


def test_many_refills_of_one_drug_are_as_many_lines() -> None:
    patient = a_patient()
    for month in range(24):
        patient = patient.prescribed("furosemide", days_before(30 * month))

    found = Counter((line.kind, line.fate) for line in lines(patient))

    assert found == {("medicine", Fate.USED): 24}
