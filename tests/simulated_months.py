"""
A hospital and a practice, day by day, and quiet faults of what they send: for tests of `watch`.

Who comes is drawn at random from a seed: weekdays and clinics, weekends, holidays, slow growth, patients that come
back. What each of them sends is a whole request, answered by the real core; a fault changes the requests.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import insert

from cds_service.advise import advise
from cds_service.hooks import decode
from cds_service.schema import Kind, tallies
from cds_service.signals import signals
from cds_service.store import Store
from tests.findings_of import site
from tests.patients import FHIR, TODAY, APatient, a_patient, analyte_coding, days_before

FIRST = date(2026, 3, 2)  # a Monday; Easter follows, and the first of May
WINTER = date(2026, 11, 2)
HOLIDAYS = frozenset(
    date.fromisoformat(day)
    for day in (
        *("2026-04-03", "2026-04-06", "2026-05-01", "2026-05-25"),
        *("2026-12-24", "2026-12-25", "2027-01-01"),
    )
)
BETWEEN = (date(2026, 12, 26), date(2026, 12, 31))  # the years: fewer come
_PEOPLE = 60  # with a report, and as many without
_LOCAL = {"system": "urn:example:laboratory"}  # beside the public codes, all the time
_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"

_DRUGS = {
    "atorvastatin": 0.4,
    "hydrochlorothiazide": 0.22,
    "furosemide": 0.2,
    "omeprazole": 0.3,
    "amlodipine": 0.25,
    "metformin": 0.2,
    "salmeterol": 0.08,
    "ramipril": 0.25,
    "levothyroxine": 0.12,
    "prednisolone": 0.06,
}
_DIAGNOSES = {
    "hypertension": 0.5,
    "heart_failure": 0.15,
    "diabetes_type_2": 0.2,
    "hypothyroidism": 0.12,
    "chronic_kidney_disease": 0.15,
    "peripheral_artery_disease": 0.08,
    "varicose_veins_venous_insufficiency": 0.12,
}
# usual value, spread, unit
_TESTS = {
    "potassium": (4.0, 0.4, "mmol/L"),
    "sodium": (139, 3, "mmol/L"),
    "creatinine": (90, 25, "umol/L"),
    "magnesium": (0.85, 0.08, "mmol/L"),
    "calcium_total": (2.35, 0.1, "mmol/L"),
    "glucose": (6.0, 1.5, "mmol/L"),
    "tsh": (2.0, 1.0, "mU/L"),
    "ferritin": (90, 50, "ug/L"),
}


# --- people -----------------------------------------------------------------------------------------------------


@cache
def people() -> tuple[FHIR, ...]:
    """Requests of patients; the first half has a report of cramps."""
    dice = random.Random(6)  # noqa: S311 - repeatable, no secret
    return tuple(_person(dice, place < _PEOPLE).request() for place in range(2 * _PEOPLE))


def _person(dice: random.Random, has_cramps: bool) -> APatient:
    patient = _with_report(a_patient(), dice) if has_cramps else a_patient()
    for concept, share in _DIAGNOSES.items():
        if dice.random() < share:
            patient = patient.with_diagnosis(concept, days_before(dice.randrange(100, 2000)))
    for drug, share in _DRUGS.items():
        if dice.random() < share:
            since = days_before(dice.randrange(20, 600))
            is_prescribed = dice.random() < 0.6
            patient = patient.prescribed(drug, since) if is_prescribed else patient.taking(drug, since)
    return _with_results(patient, dice)


def _with_report(patient: APatient, dice: random.Random) -> APatient:
    day = days_before(dice.randrange(20, 120))
    carrier = dice.random()
    if carrier < 0.8:
        return patient.with_cramps(day)
    if carrier < 0.9:
        return patient.visited_for("Leg cramps at night", day)
    return patient.having("observations", {
        "resourceType": "Observation",
        "id": "cramps",
        "status": "final",
        "code": {"text": "Nocturnal leg cramps"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": day,
        "valueBoolean": True,
    })  # fmt: skip


def _with_results(patient: APatient, dice: random.Random) -> APatient:
    draws = min(12, int(dice.lognormvariate(0.9, 0.8)))
    for _ in range(draws):
        day = days_before(dice.randrange(1, 300))
        for test, (usual, spread, unit) in _TESTS.items():
            if dice.random() < (0.3 if test in ("tsh", "ferritin", "magnesium") else 0.75):
                value = max(usual / 2, dice.gauss(usual, spread))
                written = f"{value:.2f} {unit}"
                code = {"coding": [analyte_coding(test), {**_LOCAL, "code": f"lab-{test}"}]}
                patient = patient.with_result(test, written, day, code=code)
    return patient


# --- faults -----------------------------------------------------------------------------------------------------


def _each(request: FHIR, key: str, change: Callable[[int, FHIR], FHIR | None]) -> FHIR:
    """The request with every entry of a list changed, or left out."""
    if key not in request["prefetch"]:
        return request
    entries = request["prefetch"][key]["entry"]
    changed = (change(place, each["resource"]) for place, each in enumerate(entries))
    return _with(request, key, [{"resource": each} for each in changed if each is not None])


def _with(request: FHIR, key: str, entries: Sequence[FHIR], **members: Any) -> FHIR:
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}
    return {**request, "prefetch": {**request["prefetch"], key: {**bundle, **members}}}


def _is_test(resource: FHIR, words: str) -> bool:
    return words in resource.get("code", {}).get("coding", [{}])[0].get("display", "")


def potassium_renamed(request: FHIR) -> FHIR:
    """The laboratory has a new code of its own for potassium, which nobody has mapped."""

    def change(_: int, each: FHIR) -> FHIR:
        is_it = _is_test(each, "Potassium")
        return {**each, "code": {"coding": [{**_LOCAL, "code": "K2"}]}} if is_it else each

    return _each(request, "labs", change)


def calcium_in_other_units(request: FHIR) -> FHIR:
    """Calcium comes in mg/dL, rightly converted."""

    def change(_: int, each: FHIR) -> FHIR:
        if not _is_test(each, "Calcium"):
            return each
        value = round(each["valueQuantity"]["value"] * 4.008, 1)
        measured = {"value": value, "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"}
        return {**each, "valueQuantity": measured}

    return _each(request, "labs", change)


def potassium_without_meaning(request: FHIR) -> FHIR:
    """Potassium comes with a unit that is none."""

    def change(_: int, each: FHIR) -> FHIR:
        measured = {**each["valueQuantity"], "unit": "conc.", "code": "conc."}
        return {**each, "valueQuantity": measured} if _is_test(each, "Potassium") else each

    return _each(request, "labs", change)


def no_conditions(request: FHIR) -> FHIR:
    """The list of conditions is empty for everybody."""
    return _with(request, "conditions", [])


def half_of_results(request: FHIR) -> FHIR:
    """Every second result is lost."""
    return _each(request, "labs", lambda place, each: each if place % 2 else None)


def no_prescriptions(request: FHIR) -> FHIR:
    """Prescriptions are not sent any more; statements are."""
    rest = {key: each for key, each in request["prefetch"].items() if key != "medicationRequests"}
    return {**request, "prefetch": rest}


def no_cramps_on_problem_lists(request: FHIR) -> FHIR:
    """The problem list loses the symptoms."""
    return _each(request, "conditions", lambda _, each: None if each["id"] == "cramps" else each)


def local_drug_codes(request: FHIR) -> FHIR:
    """Medicines come in codes of the pharmacy, without names."""

    def change(place: int, each: FHIR) -> FHIR:
        return {
            **each,
            "medicationCodeableConcept": {
                "coding": [{"system": "urn:example:pharmacy", "code": f"P{place}"}]
            },
        }

    return _each(_each(request, "medicationRequests", change), "medicationStatements", change)


def icd_11(request: FHIR) -> FHIR:
    """Half of the conditions are coded in ICD-11, which has other codes."""

    def change(place: int, each: FHIR) -> FHIR:
        code = {"system": "http://id.who.int/icd/release/11/mms", "code": f"XX{place}"}
        return {**each, "code": {"coding": [code]}} if place % 2 else each

    return _each(request, "conditions", change)


def unreadable_results(request: FHIR) -> FHIR:
    """Results come in a shape that FHIR does not have."""
    return _each(request, "labs", lambda _, each: {**each, "code": "potassium"})


def a_diagnosis_for_many(request: FHIR) -> FHIR:
    """An import turns "examined for" into a diagnosis, for every second patient."""
    was_examined = len(request["prefetch"]["labs"]["entry"]) % 2
    added = a_patient().with_diagnosis("peripheral_artery_disease", days_before(50)).resources[0][1]
    entries = [*request["prefetch"]["conditions"]["entry"], {"resource": {**added, "id": "imported"}}]
    return _with(request, "conditions", entries) if was_examined else request


def cut_off(request: FHIR) -> FHIR:
    """Paging broke: ten results of each patient, and a link that leads nowhere."""
    entries = request["prefetch"]["labs"]["entry"]
    link = [{"relation": "next", "url": "https://fhir.example/next"}]
    return _with(request, "labs", entries[:10], link=link) if len(entries) > 10 else request


def results_fail(request: FHIR) -> FHIR:
    """The query for results fails for everybody."""
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    return {**request, "prefetch": {**request["prefetch"], "labs": failed}}


def undated_results(request: FHIR) -> FHIR:
    """Results come without the day on which they were taken."""
    return _each(request, "labs", lambda _, each: {k: v for k, v in each.items() if k != "effectiveDateTime"})


def no_birth_dates(request: FHIR) -> FHIR:
    """Patients come without their birth dates."""
    patient = {key: each for key, each in request["prefetch"]["patient"].items() if key != "birthDate"}
    return {**request, "prefetch": {**request["prefetch"], "patient": patient}}


def no_reasons_of_visits(request: FHIR) -> FHIR:
    """Visits come without their reasons."""
    return _each(request, "encounters", lambda _, each: {k: v for k, v in each.items() if k != "reasonCode"})


@dataclass(frozen=True)
class Fault:
    """
    What goes wrong, in every request, in every answer, or with the days; *told* are beginnings of signals that tell it.
    """

    told: tuple[str, ...]
    request: Callable[[FHIR], FHIR] | None = None
    lost: str = ""  # a signal
    kept: float = 1  # share of the charts


FAULTS: Mapping[str, Fault] = {
    "potassium renamed": Fault(("analyte:potassium",), potassium_renamed),
    "calcium in other units": Fault(("analyte:calcium_total:", "unit:mg/dL"), calcium_in_other_units),
    "potassium in no unit": Fault(("analyte:potassium", "unused:potassium"), potassium_without_meaning),
    "no conditions": Fault(("list:conditions:",), no_conditions),
    "half of the results": Fault(("size:labs:",), half_of_results),
    "no prescriptions": Fault(("list:medicationRequests:",), no_prescriptions),
    "no cramps on problem lists": Fault(("carrier:diagnosis",), no_cramps_on_problem_lists),
    "no reasons of visits": Fault(("carrier:reason-for-a-visit",), no_reasons_of_visits),
    "local drug codes": Fault(("system:medicine:",), local_drug_codes),
    "ICD-11": Fault(("system:diagnosis:",), icd_11),
    "unreadable results": Fault(("unread:Observation",), unreadable_results),
    "a diagnosis for many": Fault(("rule:C01", "concept:peripheral"), a_diagnosis_for_many),
    "lists cut off": Fault(("list:labs:cut-off",), cut_off),
    "results fail": Fault(("list:labs:failed",), results_fail),
    "undated results": Fault(("dated:labs",), undated_results),
    "no birth dates": Fault(("person:age-unknown",), no_birth_dates),
    "statins forgotten": Fault(("rule:D04",), lost="rule:D04"),
    "opens halved": Fault(("open",), kept=0.5),
}


@cache
def answers(fault: str = "") -> tuple[frozenset[str], ...]:
    """The signals of what the core says of each person, under a fault."""
    if not fault:
        return tuple(map(_signals, people()))
    planted, usual = FAULTS[fault], answers()
    if planted.request is None:
        return tuple(each - {planted.lost} for each in usual)
    changed = map(planted.request, people())
    return tuple(
        known if after == before else _signals(after)
        for before, after, known in zip(people(), changed, usual, strict=True)
    )


def _signals(request: FHIR) -> frozenset[str]:
    return signals(advise(decode(json.dumps(request).encode(), "patient-view"), site(), TODAY))


# --- days -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """*opens* is how many charts are opened on a usual weekday, *reports* the share of those with a report."""

    name: str
    opens: float
    weekend: float  # of a weekday
    reports: float = 0.08


HOSPITAL = Place("hospital", 200, 0.25)
PRACTICE = Place("practice", 30, 0.0)

Days = Mapping[date, Sequence[int]]  # whose charts are opened: places among the people


def days(place: Place, seed: int, count: int, first: date = FIRST) -> Days:
    """Who comes on *count* days."""
    dice = random.Random(f"{place.name} {seed}")  # noqa: S311 - repeatable, no secret
    every = [first + timedelta(days=each) for each in range(count)]
    back: dict[date, list[int]] = {}
    made = {}
    for number, day in enumerate(every):
        mean = _usual(place, day) * 1.001**number * dice.gammavariate(100, 0.01)
        made[day] = list(_opened(dice, place, day, mean, back))
    return made


def _usual(place: Place, day: date) -> float:
    is_free = day.weekday() >= 5 or day in HOLIDAYS
    quiet = 0.75 if BETWEEN[0] <= day <= BETWEEN[1] else 1
    return quiet * place.opens * (place.weekend if is_free else 1 + 0.1 * (2 - day.weekday()) / 2)


def _opened(
    dice: random.Random, place: Place, day: date, mean: float, back: dict[date, list[int]]
) -> Iterator[int]:
    """
    Those who were told to come back, and others, until the day is full.

    Some charts are opened several times a day, which is counted once.
    """
    left = round(dice.gauss(mean, mean**0.5))
    waiting = back.pop(day, [])
    while left > 0:
        yield (person := waiting.pop() if waiting else _somebody(dice, place, day))
        left -= 1
        while dice.random() < 0.25:
            left -= 1
        if dice.random() < 0.25:
            later = day + timedelta(days=dice.choice((1, 1, 2, 7, 14)))
            back.setdefault(later, []).append(person)


def _somebody(dice: random.Random, place: Place, day: date) -> int:
    """Every weekday has a clinic whose patients are a fifth of all, and come on that day more often."""
    has_report = dice.random() < place.reports
    while True:
        person = dice.randrange(_PEOPLE)
        if person % 5 == day.weekday() or dice.random() < 0.5:
            return person + (0 if has_report else _PEOPLE)


Counts = dict[str, dict[date, int]]


def counts(made: Days, fault: str = "", begins: date | None = None) -> Counts:
    """How often each signal appeared on each day; a fault begins on a day."""
    found: Counts = {}
    for day, opened in made.items():
        is_faulty = begins is not None and day >= begins
        told = answers(fault if is_faulty else "")
        kept = FAULTS[fault].kept if is_faulty else 1
        of_day: Counter[str] = Counter()
        for person, times in Counter(opened[: round(len(opened) * kept)]).items():
            of_day.update(dict.fromkeys(told[person], times))
        for name, count in of_day.items():
            found.setdefault(name, {})[day] = count
    return found


def keep(store: Store, client: str, made: Counts) -> None:
    """Put the counts where the service puts them."""
    rows = [
        {"day": day, "client": client, "kind": str(Kind.SIGNAL), "name": name, "count": count}
        for name, of_days in made.items()
        for day, count in of_days.items()
    ]
    store.do(lambda connection: connection.execute(insert(tallies), rows))
