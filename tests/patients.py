"""The builder: say in clinical words what a patient has. Deterministic; what is not said is unremarkable."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

TODAY = date(2026, 6, 15)
CARDS = Path(__file__).parent.parent / "cards"
FHIR = dict[str, Any]

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_KEYS = (
    "conditions",
    "medicationStatements",
    "medicationRequests",
    "labs",
    "glucose",
    "observations",
    "serviceRequests",
)
_MORE_KEYS = ("encounters", "questionnaireResponses")  # sent by clients that were asked for them
_CRAMPS = {"coding": [{"system": _ICD10CM, "code": "G47.62", "display": "Sleep related leg cramps"}]}


def days_before(count: int, today: date = TODAY) -> str:
    """A full date that many days before the index day."""
    return (today - timedelta(days=count)).isoformat()


@cache
def _rows(kind: str, name: str) -> tuple[dict[str, str], ...]:
    with (CARDS / "value_sets" / kind / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def drug_coding(ingredient: str) -> FHIR:
    """The RxNorm ingredient code, from the project's own value sets."""
    for path in sorted((CARDS / "value_sets" / "drugs").glob("*.csv")):
        for row in _rows("drugs", path.stem):
            if row["system"] == _RXNORM and row["display"].casefold() == ingredient.casefold():
                return {"system": _RXNORM, "code": row["code"], "display": row["display"]}
    raise LookupError(ingredient)


@cache
def diagnosis_coding(concept: str) -> FHIR:
    """The concept's first exact ICD-10-CM or SNOMED CT code."""
    rows = [row for row in _rows("diagnoses", concept) if row["match"] in ("exact", "prefix")]
    row = next((row for row in rows if row["system"] == _ICD10CM), None) or rows[0]
    return {"system": row["system"], "code": row["code"], "display": row["display"]}


@cache
def analyte_coding(analyte: str, mass: bool = False) -> FHIR:
    """A LOINC code of the analyte; the mass concentration on request."""
    rows = [row for row in _rows("analytes", analyte) if row["system"] == _LOINC]
    rows = [row for row in rows if ("Mass/volume" in row["display"]) == mass] or rows
    return {"system": _LOINC, "code": rows[0]["code"], "display": rows[0]["display"]}


@dataclass(frozen=True)
class APatient:
    """A record in the making; every method returns a new one."""

    today: date = TODAY
    patient: FHIR = field(
        default_factory=lambda: {"resourceType": "Patient", "id": "p1", "birthDate": "1950-03-01"}
    )
    resources: tuple[tuple[str, FHIR], ...] = ()
    without: frozenset[str] = frozenset()
    user: str = "Practitioner/gp"

    # --- who ---

    def born(self, birth: str | None) -> "APatient":
        patient = {key: value for key, value in self.patient.items() if key != "birthDate"}
        return replace(self, patient={**patient, "birthDate": birth} if birth else patient)

    def who(self, **members: Any) -> "APatient":
        return replace(self, patient={**self.patient, **members})

    # --- what ---

    def having(self, key: str, resource: FHIR) -> "APatient":
        """Any resource under any prefetch key."""
        return replace(self, resources=(*self.resources, (key, resource)))

    def with_cramps(
        self, onset: str | None = None, *, recorded: str | None = None, **members: Any
    ) -> "APatient":
        """An active report of night leg cramps; without any date, 40 days ago."""
        onset = onset if onset or recorded else days_before(40, self.today)
        dates = {key: value for key, value in (("onsetDateTime", onset), ("recordedDate", recorded)) if value}
        return self.having("conditions", _condition("cramps", _CRAMPS, {**dates, **members}))

    def with_diagnosis(self, concept: str, on: str | None = None, **members: Any) -> "APatient":
        place = f"dx{self._count('Condition')}"
        dates = {"onsetDateTime": on} if on else {}
        return self.having(
            "conditions", _condition(place, {"coding": [diagnosis_coding(concept)]}, {**dates, **members})
        )

    def taking(
        self,
        ingredient: str,
        since: str | None = None,
        *,
        until: str | None = None,
        dose: str | None = None,
        **members: Any,
    ) -> "APatient":
        """A MedicationStatement; the dose is a daily one ("40 mg")."""
        period = {key: value for key, value in (("start", since), ("end", until)) if value}
        resource: FHIR = {
            "resourceType": "MedicationStatement",
            "id": f"ms{self._count('MedicationStatement')}",
            "status": "stopped" if until else "active",
            "medicationCodeableConcept": {"coding": [drug_coding(ingredient)]},
            "subject": {"reference": "Patient/p1"},
            **({"effectivePeriod": period} if period else {}),
            **({"dosage": [_dosage(dose)]} if dose else {}),
            **members,
        }
        return self.having("medicationStatements", resource)

    def prescribed(
        self, ingredient: str, on: str | None = None, *, dose: str | None = None, **members: Any
    ) -> "APatient":
        """A MedicationRequest, authored on a day."""
        resource: FHIR = {
            "resourceType": "MedicationRequest",
            "id": f"mr{self._count('MedicationRequest')}",
            "status": "active",
            "intent": "order",
            "medicationCodeableConcept": {"coding": [drug_coding(ingredient)]},
            "subject": {"reference": "Patient/p1"},
            **({"authoredOn": on} if on else {}),
            **({"dosageInstruction": [_dosage(dose)]} if dose else {}),
            **members,
        }
        return self.having("medicationRequests", resource)

    def with_result(
        self,
        analyte: str,
        value: str,
        on: str | None = None,
        *,
        low: str | None = None,
        high: str | None = None,
        **members: Any,
    ) -> "APatient":
        """A final laboratory result ("3.1 mmol/L", "<2.5 mmol/L"); without a date, a week ago."""
        measured = _quantity(value)
        bounds = {key: _quantity(each) for key, each in (("low", low), ("high", high)) if each}
        resource: FHIR = {
            "resourceType": "Observation",
            "id": f"ob{self._count('Observation')}",
            "status": "final",
            "code": {"coding": [analyte_coding(analyte, "mg/dL" in value)]},
            "subject": {"reference": "Patient/p1"},
            "effectiveDateTime": on or days_before(7, self.today),
            "valueQuantity": measured,
            **({"referenceRange": [bounds]} if bounds else {}),
            **members,
        }
        return self.having("glucose" if analyte == "glucose" else "labs", resource)

    def visited_for(self, reason: str, /, on: str | None = None, **members: Any) -> "APatient":
        """A finished visit and its reason in words; without a date, 20 days ago."""
        resource: FHIR = {
            "resourceType": "Encounter",
            "id": f"visit{self._count('Encounter')}",
            "status": "finished",
            "subject": {"reference": "Patient/p1"},
            "period": {"start": on or days_before(20, self.today)},
            "reasonCode": [{"text": reason}],
            **members,
        }
        return self.having("encounters", resource)

    def answered(
        self,
        question: str | None,
        answer: FHIR,
        on: str | None = None,
        *,
        link_id: str = "q1",
        **members: Any,
    ) -> "APatient":
        """A completed questionnaire of one question ({"valueBoolean": True}); without a date, 20 days ago."""
        item = {"linkId": link_id, "answer": [answer], **({"text": question} if question else {})}
        resource: FHIR = {
            "resourceType": "QuestionnaireResponse",
            "id": f"form{self._count('QuestionnaireResponse')}",
            "status": "completed",
            "subject": {"reference": "Patient/p1"},
            "authored": on or days_before(20, self.today),
            "item": [item],
            **members,
        }
        return self.having("questionnaireResponses", resource)

    def ordered_for(self, reason: str, /, on: str | None = None, **members: Any) -> "APatient":
        """An active order for a blood test and its reason in words; without a date, 20 days ago."""
        resource: FHIR = {
            "resourceType": "ServiceRequest",
            "id": f"order{self._count('ServiceRequest')}",
            "status": "active",
            "intent": "order",
            "code": {"text": "Ferritin"},
            "subject": {"reference": "Patient/p1"},
            "authoredOn": on or days_before(20, self.today),
            "reasonCode": [{"text": reason}],
            **members,
        }
        return self.having(
            "serviceRequests", {key: each for key, each in resource.items() if each is not None}
        )

    def lacking(self, *keys: str) -> "APatient":
        """Prefetch keys that the client did not send."""
        return replace(self, without=self.without | set(keys))

    def seen_by(self, user: str) -> "APatient":
        return replace(self, user=user)

    # --- as a request ---

    def request(self) -> FHIR:
        """The patient-view request of a client that fills every prefetch key."""
        more = [key for key in _MORE_KEYS if any(under == key for under, _ in self.resources)]
        values: FHIR = {"patient": self.patient, **{key: self._bundle(key) for key in (*_KEYS, *more)}}
        return {
            "hook": "patient-view",
            "hookInstance": "5b2b1f5e-6d0c-4b8e-9a53-0d7a2f1c9e10",
            "context": {"userId": self.user, "patientId": self.patient.get("id", "p1")},
            "prefetch": {key: value for key, value in values.items() if key not in self.without},
        }

    def _bundle(self, key: str) -> FHIR:
        entries = [{"resource": resource} for under, resource in self.resources if under == key]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}

    def _count(self, kind: str) -> int:
        return sum(1 for _ in self._of(kind)) + 1

    def _of(self, kind: str) -> Iterator[FHIR]:
        return (resource for _, resource in self.resources if resource["resourceType"] == kind)


def a_patient(today: date = TODAY) -> APatient:
    """A living adult of 76 with an empty record."""
    return APatient(today=today)


def _condition(identity: str, code: FHIR, members: FHIR) -> FHIR:
    active = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
    }
    made = {
        "resourceType": "Condition",
        "id": identity,
        "clinicalStatus": active,
        "code": code,
        "subject": {"reference": "Patient/p1"},
        **members,
    }
    return {key: value for key, value in made.items() if value is not None}


def _quantity(text: str) -> FHIR:
    comparator = next((sign for sign in ("<=", ">=", "<", ">") if text.startswith(sign)), "")
    number, _, unit = text.removeprefix(comparator).partition(" ")
    value = float(number) if "." in number else int(number)
    coded = {"unit": unit, "system": _UCUM, "code": unit} if unit else {}
    return {"value": value, **coded, **({"comparator": comparator} if comparator else {})}


def _dosage(dose: str) -> FHIR:
    return {
        "doseAndRate": [{"doseQuantity": _quantity(dose)}],
        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
    }
