"""Charts as a FHIR server sends them: whole resources, with all that surrounds the few members that a rule reads."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from cds_service.advise import advise
from cds_service.facts import Course, Facts, LabResult
from cds_service.hooks import decode
from cds_service.quantity import Quantity
from tests.findings_of import Answer, site
from tests.patients import FHIR, TODAY, analyte_coding, days_before, drug_coding

SERVER = "https://fhir.example/r4"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
UCUM = "http://unitsofmeasure.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
SUBJECT: FHIR = {"reference": "Patient/p1", "display": "Example, Ada"}
G4762: FHIR = {"system": ICD10CM, "code": "G47.62", "display": "Sleep related leg cramps"}
PATIENT: FHIR = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"versionId": "7", "lastUpdated": "2026-06-01T08:00:00.123Z"},
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ada Example</div>'},
    "identifier": [{"system": "urn:oid:1.2.36.146.595.217.0.1", "value": "12345"}],
    "active": True,
    "name": [{"use": "official", "family": "Example", "given": ["Ada"]}],
    "gender": "female",
    "birthDate": "1950-03-01",
}
_KEYS = {
    "Condition": "conditions",
    "MedicationStatement": "medicationStatements",
    "MedicationRequest": "medicationRequests",
    "Medication": "medicationRequests",
    "Observation": "labs",
    "ServiceRequest": "serviceRequests",
    "Encounter": "encounters",
    "QuestionnaireResponse": "questionnaireResponses",
}
_ALWAYS = (
    "conditions",
    "medicationStatements",
    "medicationRequests",
    "labs",
    "glucose",
    "observations",
    "serviceRequests",
)

Read = tuple[str | None, str | None, bool]
Sent = FHIR | str  # a resource, or its JSON as text where the way a number is written matters


# --- resources ------------------------------------------------------------------------------------------------


def coded(system: str, code: str) -> FHIR:
    """A CodeableConcept of one of HL7's small code systems."""
    return {"coding": [{"system": f"{TERMINOLOGY}/{system}", "code": code}]}


def of_drug(ingredient: str, display: str | None = None) -> FHIR:
    """The CodeableConcept of a medicine."""
    coding = drug_coding(ingredient)
    return {"coding": [{**coding, "display": display} if display else coding]}


def of_analyte(analyte: str, *, mass: bool = False) -> FHIR:
    """The CodeableConcept of a laboratory test."""
    return {"coding": [analyte_coding(analyte, mass)], "text": analyte.replace("_", " ")}


def a_condition(**members: Any) -> FHIR:
    """An active problem-list entry of nocturnal leg cramps, written down on 1 May 2026."""
    usual = {
        "category": [coded("condition-category", "problem-list-item")],
        "clinicalStatus": coded("condition-clinical", "active"),
        "verificationStatus": coded("condition-ver-status", "confirmed"),
        "severity": {"text": "moderate"},
        "code": {"coding": [G4762]},
        "subject": SUBJECT,
        "encounter": {"reference": "Encounter/e9"},
        "recordedDate": "2026-05-01",
        "recorder": {"reference": "Practitioner/gp"},
    }
    return _resource("Condition", "c1", usual, members)


def cramps_since(onset: str) -> FHIR:
    """An active entry of nocturnal leg cramps with a stated onset."""
    return a_condition(id="cramps", onsetDateTime=onset)


def a_statement(ingredient: str = "hydrochlorothiazide", **members: Any) -> FHIR:
    """An active MedicationStatement without dates."""
    usual = {
        "status": "active",
        "category": {"coding": [{"code": "community"}]},
        "medicationCodeableConcept": of_drug(ingredient),
        "subject": SUBJECT,
        "dateAsserted": "2026-06-01",
        "informationSource": SUBJECT,
    }
    return _resource("MedicationStatement", "s1", usual, members)


def a_request(ingredient: str = "hydrochlorothiazide", **members: Any) -> FHIR:
    """An active order for a medicine, written on 1 April 2026."""
    usual = {
        "status": "active",
        "intent": "order",
        "category": [coded("medicationrequest-category", "community")],
        "priority": "routine",
        "medicationCodeableConcept": of_drug(ingredient),
        "subject": SUBJECT,
        "encounter": {"reference": "Encounter/e9"},
        "authoredOn": "2026-04-01",
        "requester": {"reference": "Practitioner/gp"},
    }
    return _resource("MedicationRequest", "r1", usual, members)


def an_observation(analyte: str = "potassium", **members: Any) -> FHIR:
    """A final laboratory result of 8 June 2026 without a value."""
    usual = {
        "status": "final",
        "category": [coded("observation-category", "laboratory")],
        "code": of_analyte(analyte),
        "subject": SUBJECT,
        "effectiveDateTime": "2026-06-08",
        "issued": "2026-06-09T11:20:00.000+01:00",
        "performer": [{"display": "Laboratory"}],
    }
    return _resource("Observation", "o1", usual, members)


def an_order(**members: Any) -> FHIR:
    """An active order for a test, 20 days ago."""
    usual = {
        "status": "active",
        "intent": "order",
        "code": {"text": "Ferritin"},
        "subject": SUBJECT,
        "authoredOn": days_before(20),
    }
    return _resource("ServiceRequest", "sr1", usual, members)


def a_visit(**members: Any) -> FHIR:
    """A finished visit, 20 days ago."""
    day = days_before(20)
    usual = {
        "status": "finished",
        "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB"},
        "subject": SUBJECT,
        "period": {"start": f"{day}T09:00:00+01:00", "end": f"{day}T09:12:00+01:00"},
    }
    return _resource("Encounter", "e1", usual, members)


def a_form(*items: FHIR) -> FHIR:
    """A completed questionnaire with a group of questions, 20 days ago."""
    usual = {
        "questionnaire": "http://forms.example/sleep|1.2",
        "status": "completed",
        "subject": SUBJECT,
        "authored": f"{days_before(20)}T09:00:00+01:00",
        "item": [{"linkId": "0", "text": "Sleep", "item": list(items)}],
    }
    return _resource("QuestionnaireResponse", "f1", usual, {})


def quantity(value: float, unit: str, **members: Any) -> FHIR:
    """A Quantity in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **members}


def a_dosage(value: float, unit: str = "mg", **members: Any) -> FHIR:
    """One dosage line: so much once a day."""
    usual = {
        "sequence": 1,
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
        "route": {"text": "oral"},
        "doseAndRate": [{"type": coded("dose-rate-type", "ordered"), "doseQuantity": quantity(value, unit)}],
    }
    return _without_none({**usual, **members})


def _resource(kind: str, identity: str, usual: FHIR, members: FHIR) -> FHIR:
    around = {
        "resourceType": kind,
        "id": identity,
        "meta": {"versionId": "2", "lastUpdated": "2026-06-10T08:00:00.000Z"},
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">…</div>'},
        "identifier": [{"system": "urn:example:placer", "value": f"{kind}-{identity}"}],
    }
    return _without_none({**around, **usual, **members})


def _without_none(members: FHIR) -> FHIR:
    return {name: value for name, value in members.items() if value is not None}


# --- what is answered -----------------------------------------------------------------------------------------


def body(
    *sent: Sent, patient: FHIR = PATIENT, user: str = "Practitioner/gp", cut_off: Iterable[str] = ()
) -> bytes:
    """The hook request of a client that fills every prefetch key from its FHIR server."""
    lists: dict[str, list[str]] = {key: [] for key in _ALWAYS}
    for each in sent:
        text = each if isinstance(each, str) else json.dumps(each)
        lists.setdefault(_KEYS[json.loads(text)["resourceType"]], []).append(text)
    values = {key: _searchset(key, texts, key in cut_off) for key, texts in lists.items()}
    values["patient"] = json.dumps(patient)
    prefetch = ",".join(f'"{key}":{value}' for key, value in values.items())
    head = {
        "hook": "patient-view",
        "hookInstance": "5b2b1f5e-6d0c-4b8e-9a53-0d7a2f1c9e10",
        "context": {"userId": user, "patientId": "p1"},
    }
    return f'{json.dumps(head)[:-1]},"prefetch":{{{prefetch}}}}}'.encode()


def _searchset(key: str, texts: list[str], is_cut: bool) -> str:
    entries = ",".join(_entry(text) for text in texts)
    links = [{"relation": "self", "url": f"{SERVER}/{key}"}]
    links += [{"relation": "next", "url": f"{SERVER}/{key}?page=2"}] if is_cut else []
    return (
        f'{{"resourceType":"Bundle","type":"searchset","total":{len(texts)},'
        f'"link":{json.dumps(links)},"entry":[{entries}]}}'
    )


def _entry(text: str) -> str:
    resource = json.loads(text)
    address = f"{SERVER}/{resource['resourceType']}/{resource.get('id', 'none')}"
    return f'{{"fullUrl":"{address}","resource":{text},"search":{{"mode":"match"}}}}'


def answer_to(*sent: Sent, **how: Any) -> Answer:
    """The answer on the builder's day; *how* as for `body`."""
    return Answer(advise(decode(body(*sent, **how), "patient-view"), site(), TODAY))


def facts_of(*sent: Sent, **how: Any) -> Facts:
    """What was recognised."""
    facts = answer_to(*sent, **how).advice.facts
    assert facts is not None
    return facts


def courses_of(*sent: Sent, value_set: str = "thiazide_diuretic", **how: Any) -> tuple[Course, ...]:
    """The courses of the one drug of its class, beside cramps since 1 May 2026; () when it is no exposure."""
    exposures = facts_of(cramps_since("2026-05-01"), *sent, **how).exposures.get(value_set, ())
    assert len(exposures) < 2, "a test about one drug"
    return exposures[0].courses if exposures else ()


def results_of(*sent: Sent, analyte: str = "potassium", **how: Any) -> tuple[LabResult, ...]:
    """The usable results of one analyte, beside cramps since 1 May 2026."""
    return facts_of(cramps_since("2026-05-01"), *sent, **how).results.get(analyte, ())


def read(course: Course) -> Read:
    """Start, end, and whether it is taken now."""
    return (
        str(course.began) if course.began else None,
        str(course.ended) if course.ended else None,
        course.is_running,
    )


def mg(value: str) -> Quantity:
    """A dose."""
    return Quantity(Decimal(value), "mg")
