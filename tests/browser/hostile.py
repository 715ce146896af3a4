"""A record in which somebody wrote what browsers, Markdown and e-mail programs act on, in every text there is."""

from collections.abc import Iterator
from typing import Any

from tests.browser.bench import JSON, bundle

EVIL = "evil.example"
TEXTS = (
    f'<img src="https://{EVIL}/x.png" onerror="window.ran=1">',
    "<script>window.ran=1</script>",
    '<a href="javascript:window.ran=1" onclick="window.ran=1">x</a>',
    "[x](javascript:window.ran=1)",
    f"![x](https://{EVIL}/x.png)",
    f"](https://{EVIL}/) ``` `",
    f"https://{EVIL}/a",
    f"www.{EVIL}",
    f"a@{EVIL}",
    f"\u202egro.live\u202c <https://{EVIL}>",
    f"| a |\n|---|\n| [^1] |\n\n[^1]: http://{EVIL}\n\n# b",
)

_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_TODAY = "2026-06-08"


def record(text: str) -> JSON:
    """The Bundle of somebody with leg cramps, a diuretic and a low potassium: every free text of it is *text*."""
    return bundle(
        {
            "resourceType": "Patient",
            "id": "p1",
            "birthDate": "1950-03-01",
            "name": [{"family": text, "given": [text], "text": text}],
            "text": {"status": "generated", "div": text},
        },
        *_diagnoses(text),
        *_medicines(text),
        *_results(text),
        _answers(text),
    )


def _diagnoses(text: str) -> Iterator[JSON]:
    codes = ({"system": _ICD, "code": "G47.62"}, {"system": "http://snomed.info/sct", "code": "44054006"})
    for number, code in enumerate(codes):
        members = {"onsetDateTime": "2026-05-05"} if number == 0 else {"onsetString": text}
        yield _entry("Condition", f"c{number}", text, code=_concept(text, code), **members)
    yield _entry("Condition", "c8", text, code={"text": f"leg cramps at night {text}"}, onsetString=text)
    yield _entry("Condition", "c9", text, code={"text": f"Hypothyroidism {text}"})


def _medicines(text: str) -> Iterator[JSON]:
    """What the first is given for is told on a card."""
    furosemide = _concept(text, {"system": _RXNORM, "code": "4603"})
    told: tuple[tuple[JSON, str], ...] = (
        (furosemide, text),
        ({"text": f"simvastatin 40 mg {text}"}, text),
        ({"text": text}, f"leg cramps at night {text}"),
    )
    for number, (medicine, reason) in enumerate(told):
        yield _entry(
            "MedicationRequest",
            f"m{number}",
            text,
            status="active",
            intent="order",
            medicationCodeableConcept=medicine,
            authoredOn="2026-04-20",
            reasonCode=[{"text": reason}],
            dosageInstruction=[{"text": text, "patientInstruction": text, "route": {"text": text}}],
        )


def _results(text: str) -> Iterator[JSON]:
    quantities: tuple[JSON, ...] = (
        {"value": 3.1, "unit": text, "system": _UCUM, "code": "mmol/L"},
        {"value": 2.9, "unit": f"mmol/L {text}"},
        {"value": 2.8, "unit": text, "code": text},
    )
    for number, quantity in enumerate(quantities):
        yield _entry(
            "Observation",
            f"o{number}",
            text,
            status="final",
            code=_concept(text, {"system": _LOINC, "code": "2823-3"}),
            effectiveDateTime=_TODAY,
            valueQuantity=quantity,
            interpretation=[{"text": text}],
            referenceRange=[{"low": {"value": 3.5, "unit": text}, "text": text}],
        )
    yield _entry(
        "Observation",
        text,  # an id that is none
        text,
        status="final",
        code=_concept(text, {"system": _LOINC, "code": "19123-9"}),
        effectiveDateTime=_TODAY,
        valueString=f"0.6 {text}",
    )


def _answers(text: str) -> JSON:
    item = {
        "linkId": text,
        "text": f"Leg cramps at night? {text}",
        "answer": [{"valueString": f"yes {text}"}],
    }
    return _entry("QuestionnaireResponse", "q1", text, status="completed", authored="2026-06-02", item=[item])


def _concept(text: str, coding: JSON) -> JSON:
    return {"coding": [{**coding, "display": text}], "text": text}


def _entry(kind: str, identity: str, text: str, **members: Any) -> JSON:
    active = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    status = {"clinicalStatus": {"coding": [active], "text": text}} if kind == "Condition" else {}
    return {
        "resourceType": kind,
        "id": identity,
        "subject": {"reference": "Patient/p1", "display": text},
        "note": [{"text": text, "authorString": text}],
        **status,
        **members,
    }
