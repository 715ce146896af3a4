"""Every shape of an Observation comes out as results; nothing passes for missing that was only not understood."""

import json
from decimal import Decimal
from typing import Any

import pytest

from cds_service.fhir import gather
from cds_service.hooks import decode
from cds_service.normalise import patient_record
from cds_service.record import Concept, Measurement, Result
from tests.findings_of import answer
from tests.patients import FHIR, APatient, a_patient, analyte_coding, days_before

POTASSIUM: FHIR = {"coding": [analyte_coding("potassium")]}
SODIUM: FHIR = {"coding": [analyte_coding("sodium")]}
UCUM = "http://unitsofmeasure.org"
THREE: FHIR = {"value": 3.1, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"}


def observed(**members: Any) -> APatient:
    """A patient with cramps and one potassium without a value, but for what *members* say."""
    resource = {
        "resourceType": "Observation",
        "id": "k1",
        "status": "final",
        "code": POTASSIUM,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": days_before(7),
        **members,
    }
    return a_patient().with_cramps().having("labs", resource)


def results(patient: APatient) -> tuple[Result, ...]:
    return patient_record(gather(decode(json.dumps(patient.request()).encode(), "patient-view"))).results


def potassium(patient: APatient) -> list[str]:
    """Each usable potassium as it was written."""
    facts = answer(patient).advice.facts
    assert facts is not None
    return [each.written for each in facts.results.get("potassium", ())]


def unusable(patient: APatient) -> list[tuple[str, str]]:
    facts = answer(patient).advice.facts
    assert facts is not None
    return [(each.analyte, each.why) for each in facts.unusable]


# --- values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        {"valueQuantity": THREE},
        {"valueQuantity": {"value": 3.1, "unit": "mmol/L"}},
        {"valueQuantity": {"value": "3.1", "code": "mmol/L"}},
        {
            "valueQuantity": {
                "value": 3.1,
                "unit": "mmol/L",
                "system": "http://snomed.info/sct",
                "code": "258813002",
            }
        },
        {"valueString": "3.1 mmol/L"},
    ],
    ids=["UCUM", "unit only", "number as text", "unit coded elsewhere", "all as text"],
)
def test_potassium_is_read_however_it_is_written(value: FHIR) -> None:
    patient = observed(**value)

    found = potassium(patient)

    assert found == ["3.1 mmol/L"]


@pytest.mark.parametrize(
    "value",
    [
        {"valueRange": {"low": THREE, "high": THREE}},
        {"valueRatio": {"numerator": THREE, "denominator": {"value": 1}}},
        {"valueSampledData": {"period": 1, "dimensions": 1, "data": "3.1 3.2"}},
        {"valueTime": "03:10:00"},
        {"valuePeriod": {"start": "2026-06-01"}},
        {"valueAttachment": {"title": "scan.pdf"}},
        {"valueReference": {"reference": "MolecularSequence/1"}},
        {"valueCodeableConcept": {"text": "low"}},
        {"valueString": "see comment"},
    ],
)
def test_value_that_no_rule_can_compare_is_told_not_taken_for_missing(value: FHIR) -> None:
    patient = observed(**value)

    found = unusable(patient)

    assert found == [("potassium", "not a number")]


@pytest.mark.parametrize("member", [{}, {"dataAbsentReason": {"text": "Sample clotted"}}])
def test_result_without_any_value_was_not_measured(member: FHIR) -> None:
    patient = observed(**member)

    found = (potassium(patient), unusable(patient))

    assert found == ([], [])


@pytest.mark.parametrize(
    ("focus", "found"),
    [
        ({"display": "fetus"}, []),
        ({"reference": "RelatedPerson/donor"}, []),
        ({"reference": "https://fhir.example/r4/Device/pump"}, []),
        ({"reference": "Patient/twin"}, []),
        ({"reference": "Patient/p1"}, ["3.1 mmol/L"]),
        ({"reference": "Condition/tumour"}, ["3.1 mmol/L"]),
        ({"reference": "urn:uuid:0b7b4f0e-1111-4222-8333-444455556666"}, ["3.1 mmol/L"]),
    ],
)
def test_value_measured_on_a_fetus_donor_or_device_is_not_the_patients(focus: FHIR, found: list[str]) -> None:
    patient = observed(valueQuantity=THREE, focus=[focus])

    usable = potassium(patient)

    assert (usable, unusable(patient)) == (found, [])


def test_device_and_method_are_left_alone() -> None:
    patient = observed(
        valueQuantity=THREE, device={"display": "urine analyser"}, method={"text": "Urine dipstick"}
    )

    found = potassium(patient)

    assert found == ["3.1 mmol/L"]


# --- when it was drawn ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "drawn"),
    [
        ({"effectiveDateTime": "2026-06-08"}, "2026-06-08"),
        ({"effectiveInstant": "2026-06-08T03:10:00Z"}, "2026-06-08T03:10:00Z"),
        ({"effectivePeriod": {"start": "2026-06-07", "end": "2026-06-08"}}, "2026-06-08"),
        ({"effectivePeriod": {"start": "2026-06-07"}}, "2026-06-07"),
        ({"issued": "2026-06-09T08:00:00Z"}, None),
    ],
)
def test_sample_is_dated_by_when_it_was_drawn_never_by_when_it_was_reported(
    members: FHIR, drawn: str | None
) -> None:
    patient = observed(**{"effectiveDateTime": None, "valueQuantity": THREE, **members})

    [found] = results(patient)

    assert found.taken == drawn


# --- panels ---------------------------------------------------------------------------------------------------


def test_components_are_read_once_each_and_the_panel_itself_has_no_value() -> None:
    panel = {"text": "Electrolytes"}
    parts = [{"code": POTASSIUM, "valueQuantity": THREE}, {"code": SODIUM, "valueInteger": 140}]
    patient = observed(code=panel, component=parts)

    found = [(each.measured, each.source, each.taken) for each in results(patient)]

    assert found == [
        (Measurement(value=value, unit=unit, comparator=""), "Observation/k1", days_before(7))
        for value, unit in ((Decimal("3.1"), "mmol/L"), (Decimal(140), ""))
    ]


def test_component_is_read_by_its_own_interpretation_and_reason_of_absence() -> None:
    parts = [
        {"code": POTASSIUM, "dataAbsentReason": {"text": "clotted"}, "interpretation": [{"text": "Clotted"}]},
        {"code": SODIUM, "valueRange": {"low": THREE}},
    ]
    patient = observed(code={"text": "Electrolytes"}, component=parts)

    first, second = results(patient)

    assert (first.is_absent, first.remarks, second.is_other) == (True, "Clotted", True)


def _member(**members: Any) -> FHIR:
    return {
        "resourceType": "Observation",
        "id": "m1",
        "status": "final",
        "code": POTASSIUM,
        "valueQuantity": THREE,
        **members,
    }


_PANEL: FHIR = {"code": {"text": "Electrolytes"}}


def test_contained_member_of_a_panel_is_read_under_the_panels_name() -> None:
    patient = observed(**_PANEL, contained=[_member()], hasMember=[{"reference": "#m1"}])

    [found] = results(patient)

    assert (found.source, found.taken, potassium(patient)) == (
        "Observation/k1",
        days_before(7),
        ["3.1 mmol/L"],
    )


@pytest.mark.parametrize("reference", ["Observation/m1", "https://fhir.example/r4/Observation/m1"])
def test_member_without_a_date_was_drawn_with_its_panel(reference: str) -> None:
    patient = observed(**_PANEL, hasMember=[{"reference": reference}]).having("labs", _member())

    [found] = results(patient)

    assert (found.source, found.taken) == ("Observation/m1", days_before(7))


def test_member_keeps_its_own_date() -> None:
    patient = observed(**_PANEL, hasMember=[{"reference": "Observation/m1"}]).having(
        "labs", _member(effectiveDateTime="2026-06-01")
    )

    [found] = results(patient)

    assert found.taken == "2026-06-01"


def test_member_of_two_panels_of_different_days_stays_undated() -> None:
    other = {**_member(), "id": "k2", **_PANEL, "valueQuantity": None, "effectiveDateTime": "2026-06-01"}
    patient = (
        observed(**_PANEL, hasMember=[{"reference": "Observation/m1"}])
        .having("labs", {**other, "hasMember": [{"reference": "Observation/m1"}]})
        .having("labs", _member())
    )

    [found] = results(patient)

    assert found.taken is None


def test_member_that_is_an_entry_and_contained_counts_once() -> None:
    patient = observed(
        **_PANEL, contained=[_member()], hasMember=[{"reference": "#m1"}, {"reference": "Observation/m1"}]
    ).having("labs", _member())

    found = potassium(patient)

    assert found == ["3.1 mmol/L"]


@pytest.mark.parametrize("members", ["x", 7, [7], [{"reference": "#nobody"}], [{"display": "lost"}]])
def test_members_that_lead_nowhere_take_nothing_away(members: Any) -> None:
    patient = observed(valueQuantity=THREE, hasMember=members)

    found = potassium(patient)

    assert found == ["3.1 mmol/L"]


def test_value_in_words_is_kept_as_the_answer() -> None:
    patient = observed(valueString="see comment")

    [found] = results(patient)

    assert found.answer == Concept(text="see comment")


def test_member_named_many_times_counts_once_and_a_broken_one_takes_nothing_away() -> None:
    broken = {**_member(), "id": "m2", "code": "potassium"}
    references = [{"reference": f"#{each}"} for each in ("m2", "m1", "m1")]
    patient = observed(**_PANEL, contained=[broken, _member()], hasMember=[*references, 5])

    found = potassium(patient)

    assert found == ["3.1 mmol/L"]
    assert answer(patient).data_lines() == ("1 Observation could not be read",)


def test_contained_member_of_two_contents_is_left_out() -> None:
    other = _member(valueQuantity={**THREE, "value": 2.1})
    patient = observed(**_PANEL, contained=[_member(), other], hasMember=[{"reference": "#m1"}])

    found = potassium(patient)

    assert found == []


# --- what was sampled -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("site", ["Urine", "Cerebrospinal fluid", "Stool", "Sweat"])
def test_potassium_of_a_body_site_that_is_another_specimen_is_not_that_of_blood(site: str) -> None:
    patient = observed(code={"text": "Potassium"}, valueQuantity=THREE, bodySite={"text": site})

    found = potassium(patient)

    assert found == []


@pytest.mark.parametrize("site", ["Left arm", "Blood", "Structure of antecubital vein"])
def test_potassium_of_a_body_site_where_blood_is_drawn_is_read(site: str) -> None:
    patient = observed(code={"text": "Potassium"}, valueQuantity=THREE, bodySite={"text": site})

    found = potassium(patient)

    assert found == ["3.1 mmol/L"]
