"""What is passed over without being looked at changes no answer: a rule could not have read it."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_service import charts, hooks
from cds_service.facts import Facts
from cds_service.fhir import gather
from cds_service.normalise import patient_record
from cds_service.recognition import recognise, recognised
from cds_service.record import Coding, Concept
from cds_service.resources import Supplied
from cds_service.wanted import Wanted, Wants, everything
from tests.findings_of import site
from tests.patients import FHIR, TODAY, APatient, a_patient, days_before
from tests.test_generated import FILES, each_patient

_HERE = Path(__file__).parent
VALUE_SETS = site().knowledge.value_sets
RECOGNISED = recognised(site().knowledge)


def supplied_by(patient: APatient) -> Supplied:
    return gather(hooks.decode(json.dumps(patient.request()).encode(), charts.HOOK))


def facts_of(supplied: Supplied, wanted: Wanted) -> Facts:
    """Without what could not be read: of what nobody wants, nothing is missed."""
    return replace(recognise(patient_record(supplied, wanted), site().reading(TODAY)), unread=())


def wants(supplied: Supplied) -> Wants:
    return Wants(VALUE_SETS, RECOGNISED, supplied.paged)


def by_rules(supplied: Supplied) -> Wanted:
    return wants(supplied).read_by_rules


def wanted_of(patient: APatient) -> list[str]:
    supplied = supplied_by(patient)
    wanted = by_rules(supplied)
    return [each.source for each in supplied.given if wanted(each)]


# --- laws -----------------------------------------------------------------------------------------------------


@each_patient
def test_a_record_means_the_same_without_what_nobody_wants(file: Path) -> None:
    body = json.loads(charts.read(file.read_bytes()).body)
    cramps = a_patient().with_cramps(recordedDate="2026-10-20").request()["prefetch"]["conditions"]["entry"]
    patient = {"reference": f"Patient/{body['context']['patientId']}"}
    entries = body["prefetch"]["conditions"].setdefault("entry", [])
    entries += [{**each, "resource": {**each["resource"], "subject": patient}} for each in cramps]
    supplied = gather(hooks.decode(json.dumps(body).encode(), charts.HOOK))

    whole, part = facts_of(supplied, everything), facts_of(supplied, by_rules(supplied))

    assert part == whole
    assert part.reports
    assert facts_of(supplied, wants(supplied).carriers).reports == whole.reports


def _concepts(name: str) -> Iterator[Concept]:
    with (_HERE / "spellings" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            coding = Coding(row["system"] or None, row["code"] or None, row["display"] or None)
            yield Concept((coding,)) if row["code"] else Concept(text=row["display"])


@pytest.mark.parametrize("unit", ["", "mmol/L", "U/L", "g/dL"])
def test_no_name_of_a_result_is_passed_over(unit: str) -> None:
    for concept in _concepts("labs"):
        matches = {match.value_set for match in VALUE_SETS.analytes(concept, unit)}
        asked = VALUE_SETS.may_be_analyte(concept, RECOGNISED)
        assert asked or matches.isdisjoint(RECOGNISED), concept


@pytest.mark.parametrize("route", ["", "oral", "intravenous", "vaginal", "topical"])
def test_no_name_of_a_drug_is_passed_over(route: str) -> None:
    for concept in _concepts("drugs"):
        assert VALUE_SETS.may_be_drug(concept) or not VALUE_SETS.drugs(concept, route), concept


@pytest.mark.parametrize("where", ["", "left leg", "calf"])
def test_no_name_of_a_diagnosis_is_passed_over(where: str) -> None:
    for concept in _concepts("conditions"):
        matches = {match.value_set for match in VALUE_SETS.diagnoses(concept, where)}
        asked = VALUE_SETS.may_be_diagnosis(concept, RECOGNISED)
        assert asked or matches.isdisjoint(RECOGNISED), concept


def test_no_way_to_report_cramps_is_passed_over() -> None:
    with (_HERE / "cramp_reports.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["text"]]
    for row in rows:
        supplied = supplied_by(a_patient().with_diagnosis("hypertension", code={"text": row["text"]}))
        whole, part = facts_of(supplied, everything), facts_of(supplied, wants(supplied).carriers)
        assert (part.reports, part.refusals) == (whole.reports, whole.refusals), row["text"]


# --- single entries -------------------------------------------------------------------------------------------


def _observed(**members: Any) -> APatient:
    """A result without a number."""
    return a_patient().with_result("potassium", "1", **{"valueQuantity": None, **members})


def _panel(**members: Any) -> APatient:
    return _observed(code={"text": "Panel 77"}, **members)


@pytest.mark.parametrize(
    ("patient", "is_wanted"),
    [
        (a_patient().with_result("potassium", "3.1 mmol/L"), True),
        (a_patient().with_result("potassium", "3.1 mmol/L", code={"text": "Body height"}), False),
        (_observed(code={"text": "Symptom"}, valueString="leg cramps"), True),
        (_observed(code={"text": "Symptom"}, valueString="itching"), False),
        (_panel(component=[{"code": {"text": "Potassium"}, "valueString": "3.1 mmol/L"}]), True),
        (_panel(component=[{"code": {"text": "Systolic"}, "valueString": "leg cramps at night"}]), True),
        (_panel(component=[{"code": {"text": "Systolic"}, "valueString": "140"}]), False),
        (_panel(hasMember=[{"reference": "#k"}]), True),
        (a_patient().taking("furosemide"), True),
        (a_patient().taking("furosemide", medicationCodeableConcept={"text": "Zebrazide 5 mg"}), False),
        (
            a_patient().taking(
                "furosemide",
                medicationCodeableConcept={"text": "Zebrazide 5 mg"},
                reasonCode=[{"text": "leg cramps at night"}],
            ),
            True,
        ),
        (a_patient().with_diagnosis("hypertension", code={"text": "Hypothyroidism"}), True),
        (a_patient().with_diagnosis("hypertension", code={"text": "Sprained wrist"}), False),
        (a_patient().with_diagnosis("hypertension", code={"text": "Delivery of a healthy child"}), True),
    ],
)
def test_an_entry_is_wanted_when_a_rule_might_read_it(patient: APatient, is_wanted: bool) -> None:
    found = wanted_of(patient)

    assert len(found) == 1 + is_wanted  # beside the patient


def test_every_medicine_of_a_list_that_goes_on_tells_how_far_back_it_reaches() -> None:
    patient = a_patient().prescribed("furosemide", medicationCodeableConcept={"text": "Zebrazide"})
    supplied = supplied_by(patient)
    [medicine] = (each for each in supplied.given if each.key == "medicationRequests")

    assert not Wants(VALUE_SETS, RECOGNISED, frozenset()).read_by_rules(medicine)
    assert Wants(VALUE_SETS, RECOGNISED, {"medicationRequests"}).read_by_rules(medicine)


def test_results_that_nobody_wants_still_tell_how_far_back_their_list_reaches() -> None:
    """Given an old result of no interest in a list that goes on, the list is complete for us."""
    height: FHIR = {"text": "Body height"}
    patient = a_patient().with_cramps().with_result("potassium", "3.1 mmol/L", days_before(10))
    old = patient.with_result("potassium", "171 cm", days_before(500), code=height)

    assert "labs" in _cut_off(patient)
    assert "labs" not in _cut_off(old)


def _cut_off(patient: APatient) -> frozenset[str]:
    request = patient.request()
    request["prefetch"]["labs"]["link"] = [{"relation": "next", "url": "https://fhir.example/next"}]
    supplied = gather(hooks.decode(json.dumps(request).encode(), charts.HOOK))
    return facts_of(supplied, by_rules(supplied)).cut_off


def test_generated_patients_hold_entries_that_nobody_wants() -> None:
    body = charts.read(FILES[-1].read_bytes()).body
    supplied = gather(hooks.decode(body, charts.HOOK))
    wanted = by_rules(supplied)

    passed_over = [each for each in supplied.given if not wanted(each)]

    assert len(passed_over) > len(supplied.given) // 2
