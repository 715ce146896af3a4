"""
The bodies that are measured: one patient's whole prefetch, as an EHR sends it, in three sizes and six kinds.

Every body holds the same 24 entries that rules read; what is added up to its size differs by kind. Ids, dates and
numbers come from the place of an entry, so that every run measures the same bytes (of one day). A variant is another
patient, whose unknown codes and letters are others too: what the service remembers of short words is of no use to it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

FHIR = dict[str, Any]

SIZES = (25, 250, 2500)
SERVICE = "/cds-services/nocturnal-leg-cramps"
_BASE = "https://fhir.hospital.example/r4"
_PATIENT = "bench-1"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_LOCAL = "https://fhir.hospital.example/codes"
_TERMS = "http://terminology.hl7.org/CodeSystem"

# What was measured or noted and no rule reads: name, code, value, unit. The codes are those of FHIR's vital signs.
_UNREAD_RESULTS = (
    ("Body height", "8302-2", 171.2, "cm"),
    ("Body weight", "29463-7", 81.4, "kg"),
    ("Heart rate", "8867-4", 72, "/min"),
    ("Respiratory rate", "9279-1", 14, "/min"),
    ("Body temperature", "8310-5", 36.7, "Cel"),
    ("Body mass index", "39156-5", 27.8, "kg/m2"),
)
_UNREAD_CONDITIONS = (
    "Seasonal allergic rhinitis",
    "Acute viral pharyngitis",
    "Fracture of clavicle",
    "Acute bronchitis",
    "Sprain of wrist",
    "Impacted cerumen",
)
_UNREAD_DRUGS = (
    "Paracetamol 500 mg tablet",
    "Amoxicillin 500 mg capsule",
    "Cetirizine 10 mg tablet",
    "Fluticasone 50 micrograms nasal spray",
    "Omeprazole 20 mg capsule",
    "Chlorhexidine mouthwash",
)
# What patients are given, in words only, as an import from a letter leaves it.
_WRITTEN_DRUGS = (
    "furosemide 40mg tabs 1 OM",
    "Lipitor 20 mg po nocte",
    "levothyroxine 100 mcg od",
    "Ventolin 2 puffs prn",
    "vitamin D3 20 micrograms daily",
    "aspirin dispersible 75mg od",
    "eye drops, as before",
    "own supply, see letter of the clinic",
)


@dataclass(frozen=True)
class Payload:
    """One body of a hook call: *kind*, how many *resources* it holds, and what is posted."""

    kind: str
    resources: int
    body: bytes


def payloads(today: date) -> list[Payload]:
    """Every kind in every size."""
    return [Payload(kind, size, body(kind, size, today)) for kind in KINDS for size in SIZES]


def body(kind: str, size: int, today: date, variant: int = 0) -> bytes:
    """What is posted for the patient number *variant*."""
    return KINDS[kind](size, today, variant).replace(_PATIENT, f"bench-{variant + 1}").encode()


def _request(lists: Mapping[str, list[FHIR]], today: date) -> str:
    return json.dumps(
        {
            "hook": "patient-view",
            "hookInstance": "0b8f0f0e-33b5-4c44-9d2a-3f6a5c1e7d10",
            "context": {
                "userId": "Practitioner/dr-1",
                "patientId": _PATIENT,
                "encounterId": "enc-1",
            },
            "prefetch": {
                "patient": _person(),
                **{key: _searchset(key, entries, today) for key, entries in lists.items()},
            },
        },
        separators=(",", ":"),
    )


def _searchset(key: str, resources: list[FHIR], today: date) -> FHIR:
    return {
        "resourceType": "Bundle",
        "id": f"{_PATIENT}-{key}",
        "meta": {"lastUpdated": f"{today}T06:00:00.000+00:00"},
        "type": "searchset",
        "total": len(resources),
        "link": [{"relation": "self", "url": f"{_BASE}/{key}?patient={_PATIENT}&_count=200"}],
        "entry": [
            {
                "fullUrl": f"{_BASE}/{each['resourceType']}/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in resources
        ],
    }


def _person() -> FHIR:
    return {
        "resourceType": "Patient",
        "id": _PATIENT,
        "meta": {"versionId": "4", "lastUpdated": "2026-01-04T09:12:44.103+00:00"},
        "identifier": [{"use": "usual", "system": f"{_BASE}/mrn", "value": "SYN-BENCH-1"}],
        "active": True,
        "name": [{"use": "official", "family": "Testwell", "given": ["Margaret"]}],
        "gender": "female",
        "birthDate": "1950-03-01",
    }


def _resource(kind: str, identity: str, day: date, **members: Any) -> FHIR:
    """What every resource of a real server carries besides what it says; about a kilobyte."""
    return {
        "resourceType": kind,
        "id": identity,
        "meta": {
            "versionId": "2",
            "lastUpdated": f"{day}T10:42:11.000+00:00",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"],
        },
        "identifier": [{"system": f"{_BASE}/identifiers", "value": f"SYN-{identity}"}],
        "subject": {"reference": f"Patient/{_PATIENT}", "display": "Margaret Testwell (synthetic)"},
        # the one type of those here that calls it otherwise
        "context" if kind == "MedicationStatement" else "encounter": {
            "reference": f"Encounter/enc-{identity}"
        },
        **members,
    }


def _coded(system: str, code: str, name: str) -> FHIR:
    return {"coding": [{"system": system, "code": code, "display": name}], "text": name}


def _status(table: str, code: str) -> FHIR:
    return {"coding": [{"system": f"{_TERMS}/{table}", "code": code, "display": code.title()}]}


def _condition(identity: str, code: FHIR, day: date) -> FHIR:
    return _resource(
        "Condition",
        identity,
        day,
        clinicalStatus=_status("condition-clinical", "active"),
        verificationStatus=_status("condition-ver-status", "confirmed"),
        category=[_status("condition-category", "problem-list-item")],
        code=code,
        onsetDateTime=f"{day}",
        recordedDate=f"{day}T10:42:11+00:00",
        recorder={"reference": "Practitioner/dr-1", "display": "Dr A. Okafor"},
        note=[{"text": "Reviewed with the patient; no change since the last visit."}],
    )


def _observation(identity: str, code: FHIR, day: date, value: float, unit: str) -> FHIR:
    return _resource(
        "Observation",
        identity,
        day,
        basedOn=[{"reference": f"ServiceRequest/order-{identity}"}],
        status="final",
        category=[_status("observation-category", "laboratory")],
        code=code,
        effectiveDateTime=f"{day}T08:15:00+00:00",
        issued=f"{day}T11:20:31.000+00:00",
        performer=[{"reference": "Organization/lab-1", "display": "Hospital laboratory"}],
        specimen={"reference": f"Specimen/{identity}", "display": "Serum"},
        valueQuantity={"value": value, "unit": unit, "system": _UCUM, "code": unit},
    )


def _dosage(text: str, value: float, unit: str) -> list[FHIR]:
    return [
        {
            "sequence": 1,
            "text": text,
            "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            "route": _coded("http://snomed.info/sct", "26643006", "Oral route"),
            "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit}}],
        }
    ]


def _statement(identity: str, medicine: FHIR, day: date, dose: float = 1, unit: str = "mg") -> FHIR:
    return _resource(
        "MedicationStatement",
        identity,
        day,
        status="active",
        category=_status("medication-statement-category", "outpatient"),
        medicationCodeableConcept=medicine,
        effectivePeriod={"start": f"{day}"},
        dateAsserted=f"{day}",
        dosage=_dosage("one in the morning", dose, unit),
    )


def _prescription(identity: str, medicine: FHIR, day: date, dose: float = 1, unit: str = "mg") -> FHIR:
    return _resource(
        "MedicationRequest",
        identity,
        day,
        status="active",
        intent="order",
        medicationCodeableConcept=medicine,
        authoredOn=f"{day}T10:42:11+00:00",
        requester={"reference": "Practitioner/dr-1", "display": "Dr A. Okafor"},
        dosageInstruction=_dosage("one in the morning", dose, unit),
        dispenseRequest={
            "validityPeriod": {"start": f"{day}", "end": f"{day + timedelta(days=365)}"},
            "numberOfRepeatsAllowed": 5,
            "quantity": {"value": 28, "unit": "tablet"},
            "expectedSupplyDuration": {"value": 28, "unit": "day", "system": _UCUM, "code": "d"},
        },
    )


def _read_by_rules(today: date, *, has_cramps: bool = True) -> dict[str, list[FHIR]]:
    """The 24 entries that rules read: a furosemide that was raised, statin, insulin, and what the laboratory found."""

    def ago(days: int) -> date:
        return today - timedelta(days=days)

    def diagnosis(code: str, name: str, days: int) -> FHIR:
        return _condition(f"c-{code}".replace(".", "-"), _coded(_ICD10CM, code, name), ago(days))

    def result(code: str, name: str, value: float, unit: str, days: int) -> FHIR:
        return _observation(f"o-{code}-{days}", _coded(_LOINC, code, name), ago(days), value, unit)

    def drug(code: str, name: str) -> FHIR:
        return _coded(_RXNORM, code, name)

    report = ("G47.62", "Sleep related leg cramps") if has_cramps else ("G47.00", "Insomnia, unspecified")
    furosemide, statin = drug("4603", "furosemide"), drug("83367", "atorvastatin")
    thyroxine, insulin = drug("10582", "levothyroxine"), drug("274783", "insulin glargine")
    inhaler, calcium_blocker = drug("435", "albuterol"), drug("17767", "amlodipine")
    return {
        "conditions": [
            diagnosis(*report, 41),
            diagnosis("E11.9", "Type 2 diabetes mellitus without complications", 3000),
            diagnosis("E03.9", "Hypothyroidism, unspecified", 2500),
            diagnosis("N18.30", "Chronic kidney disease, stage 3 unspecified", 900),
        ],
        "medicationStatements": [
            _statement("s-furosemide", furosemide, ago(700), 40),
            _statement("s-statin", statin, ago(1200), 20),
            _statement("s-thyroxine", thyroxine, ago(2400), 100, "ug"),
            _statement("s-insulin", insulin, ago(800), 18, "[iU]"),
            _statement("s-inhaler", inhaler, ago(600), 100, "ug"),
            _statement("s-amlodipine", calcium_blocker, ago(500), 5),
        ],
        "medicationRequests": [
            _prescription("r-furosemide-2", furosemide, ago(56), 80),
            _prescription("r-furosemide-1", furosemide, ago(300), 40),
            _prescription("r-statin", statin, ago(200), 20),
            _prescription("r-thyroxine", thyroxine, ago(150), 100, "ug"),
            _prescription("r-insulin", insulin, ago(90), 18, "[iU]"),
        ],
        "labs": [
            result("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 3.1, "mmol/L", 7),
            result("2823-3", "Potassium [Moles/volume] in Serum or Plasma", 3.9, "mmol/L", 190),
            result("2951-2", "Sodium [Moles/volume] in Serum or Plasma", 138, "mmol/L", 7),
            result("2601-3", "Magnesium [Moles/volume] in Serum or Plasma", 0.62, "mmol/L", 7),
            result("2000-8", "Calcium [Moles/volume] in Serum or Plasma", 2.31, "mmol/L", 7),
            result("1751-7", "Albumin [Mass/volume] in Serum or Plasma", 4.1, "g/dL", 7),
            result("2157-6", "Creatine kinase [Enzymatic activity/volume]", 96, "U/L", 7),
            result("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", 2.2, "m[IU]/L", 60),
            result("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", 7.4, "%", 60),
        ],
    }


# --- what is added ------------------------------------------------------------------------------------------------

_Add = Callable[[int, int, date], tuple[str, FHIR]]


def _of_everything(place: int, _: int, today: date) -> tuple[str, FHIR]:
    """A long record: for the most part vital signs, some diagnoses and drugs that no rule reads."""
    day = today - timedelta(days=3 + 2 * place)
    if place % 10 == 8:
        name = _UNREAD_CONDITIONS[place // 10 % len(_UNREAD_CONDITIONS)]
        return "conditions", _condition(f"x-{place}", _coded(_LOCAL, f"D{place % 97:03}", name), day)
    if place % 10 == 9:
        name = _UNREAD_DRUGS[place // 10 % len(_UNREAD_DRUGS)]
        return "medicationRequests", _prescription(
            f"x-{place}", _coded(_LOCAL, f"M{place % 89:03}", name), day
        )
    name, code, value, unit = _UNREAD_RESULTS[place % len(_UNREAD_RESULTS)]
    return "labs", _observation(f"x-{place}", _coded(_LOINC, code, name), day, value, unit)


def _refill(place: int, _: int, today: date) -> tuple[str, FHIR]:
    """Every month another "active" order of what has been taken for years; four drugs in turn."""
    code, name = (
        ("4603", "furosemide"),
        ("83367", "atorvastatin"),
        ("10582", "levothyroxine"),
        ("17767", "amlodipine"),
    )[place % 4]
    day = today - timedelta(days=60 + 7 * place % 3600)
    return "medicationRequests", _prescription(f"x-{place}", _coded(_RXNORM, code, name), day, 40)


def _text_only(place: int, variant: int, today: date) -> tuple[str, FHIR]:
    text = f"{_WRITTEN_DRUGS[place % len(_WRITTEN_DRUGS)]} (letter {_number(place, variant)})"
    return "medicationStatements", _statement(
        f"x-{place}", {"text": text}, today - timedelta(days=60 + 3 * place % 3000)
    )


def _unknown_code(place: int, variant: int, today: date) -> tuple[str, FHIR]:
    """Codes of the hospital's own, each met once, with a name that is no name to us."""
    day = today - timedelta(days=3 + place)
    number = _number(place, variant)
    code = _coded(_LOCAL, f"{number:06}", f"Investigation {number:06}, reference method")
    if place % 2:
        return "labs", _observation(f"x-{place}", code, day, place % 100, "arb'U/mL")
    return "medicationRequests", _prescription(f"x-{place}", code, day)


def _number(place: int, variant: int) -> int:
    """One that no other entry of any variant has."""
    return variant * max(SIZES) + place


_Make = Callable[[int, date, int], str]


def _made(add: _Add, *, has_cramps: bool = True) -> _Make:
    def make(size: int, today: date, variant: int) -> str:
        lists = _read_by_rules(today, has_cramps=has_cramps)
        missing = size - 1 - sum(map(len, lists.values()))
        for place in range(missing):
            key, resource = add(place, variant, today)
            lists[key].append(resource)
        return _request(lists, today)

    return make


def _broken(size: int, today: date, variant: int) -> str:
    """As `cards`, with one entry that has a number where FHIR wants a text."""
    whole = _made(_of_everything)(size, today, variant)
    return whole.replace('"effectiveDateTime":"', '"effectiveDateTime":7,"_":"', 1)


KINDS: Mapping[str, _Make] = {
    "cards": _made(_of_everything),
    "no report": _made(_of_everything, has_cramps=False),
    "refills": _made(_refill),
    "text only": _made(_text_only),
    "unknown codes": _made(_unknown_code),
    "one broken": _broken,
}
"""What a body holds besides the 24: `cards` is what is compared with the goals; `no report` is most chart openings."""
