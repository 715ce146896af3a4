"""Charts in plain numbers, for the boundary tests: days before the index day, amounts as written."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from cds_service import fhir
from cds_service.facts import Facts
from cds_service.hooks import decode
from cds_service.normalise import patient_record
from cds_service.recognition import recognise
from tests.findings_of import site
from tests.patients import CARDS, TODAY, APatient, a_patient, analyte_coding, days_before

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_CODED = ("exact", "prefix")
_STATUSES = "http://terminology.hl7.org/CodeSystem/condition-"
# an entry's status is clinical, or it is how far the entry is verified
_CLINICAL = ("active", "resolved", "inactive")


# --- what a chart holds -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drug:
    """
    One medicine as a member of *value_set*; *status* "" is active, or stopped where *until* says when.

    *dose* is a daily one, *as_request* makes it a MedicationRequest.
    """

    value_set: str
    ingredient: str
    since: int | None
    until: int | None = None
    dose: str = ""
    reason: str = ""
    status: str = ""
    as_request: bool = False

    @property
    def is_real(self) -> bool:
        return self.status in ("", "active", "stopped", "completed", "unknown")

    @property
    def is_running(self) -> bool:
        return self.is_real and self.until is None and self.status not in ("stopped", "completed")

    def member_of(self, value_set: str) -> bool:
        return value_set in product(self.value_set, self.ingredient).value_sets


@dataclass(frozen=True)
class Lab:
    """One result: *value* "3.1 mmol/L" or "<3.1 mmol/L"; *low* and *high* are the laboratory's own limits."""

    analyte: str
    value: str
    age: int
    low: str = ""
    high: str = ""
    status: str = "final"
    clock: str = ""


@dataclass(frozen=True)
class Entry:
    """One diagnosis; undated without an *age*; *status* is what else the entry says of itself ("refuted")."""

    concept: str
    age: int | None
    status: str = "active"
    side: str = ""

    @property
    def is_confirmed(self) -> bool:
        return self.status not in ("provisional", "differential", "unconfirmed")


@dataclass(frozen=True)
class Chart:
    """One patient with night leg cramps since *onset* days; *weeks* are those of a pregnancy."""

    drugs: tuple[Drug, ...] = ()
    labs: tuple[Lab, ...] = ()
    entries: tuple[Entry, ...] = ()
    weeks: int | None = None
    orders: tuple[str, ...] = ()
    onset: int = 40
    onset_is_stated: bool = True

    @cached_property
    def memory(self) -> dict[tuple[str, str], Any]:
        """What was read of this chart before; a chart never changes."""
        return {}


# --- codes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Product:
    """How a medicine is named in a record, and every class that this name is a member of."""

    system: str
    code: str
    text: str
    value_sets: frozenset[str]

    @property
    def concept(self) -> dict[str, Any]:
        return {"coding": [{"system": self.system, "code": self.code}]} if self.code else {"text": self.text}


@cache
def rows(kind: str) -> Mapping[str, tuple[dict[str, str], ...]]:
    """Every table of one folder of value sets, by its name."""
    found = {}
    for path in sorted((CARDS / "value_sets" / kind).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = tuple(csv.DictReader(file))
    return found


@cache
def members(value_set: str) -> tuple[str, ...]:
    """The ingredients of a drug class that have a name of their own in it, in the order of the alphabet."""
    named = {row["ingredient"] for row in rows("drugs")[value_set] if row["match"] in ("exact", "name")}
    return tuple(sorted(each for each in named if each and ";" not in each))


@cache
def _holders(kind: str) -> Mapping[tuple[str, str], frozenset[str]]:
    """Which tables hold a code, or a name where there is no code."""
    found: dict[tuple[str, str], set[str]] = {}
    for name, table in rows(kind).items():
        for row in table:
            found.setdefault((row["system"], row["code"] or row["display"].casefold()), set()).add(name)
    return {key: frozenset(names) for key, names in found.items()}


@cache
def product(value_set: str, ingredient: str) -> Product:
    """
    The RxNorm code of an ingredient, else of one of its products, else its name; the one in the fewest classes.

    Raises:
        LookupError: If the class has no such member.
    """
    table = [row for row in rows("drugs")[value_set] if row["ingredient"] == ingredient]
    coded = [row for row in table if row["match"] == "exact" and row["system"] == _RXNORM]
    named = [row for row in table if row["match"] == "name" and not row["code"]]
    holders = _holders("drugs")

    def place(row: Mapping[str, str]) -> tuple[object, ...]:
        held = holders[row["system"], row["code"] or row["display"].casefold()]
        plain = row["display"].casefold() == ingredient.casefold()
        return "_none" in held, not plain, len(held), len(row["display"]), row["code"], row["display"]

    best = min(coded or named, key=place, default=None)
    if best is None:
        raise LookupError(f"no name for {ingredient} of {value_set}")
    held = holders[best["system"], best["code"] or best["display"].casefold()]
    return Product(best["system"], best["code"], best["display"], held - {"_none"})


@cache
def plainest(value_set: str) -> tuple[str, ...]:
    """The members of a class, those first that have a code and are members of the fewest other classes."""

    def place(ingredient: str) -> tuple[object, ...]:
        named = product(value_set, ingredient)
        return not named.code, len(named.value_sets), ingredient

    return tuple(sorted(members(value_set), key=place))


@cache
def coding(concept: str) -> tuple[Product, frozenset[str]]:
    """How a diagnosis is named in a record: the code that means the fewest other concepts, else its words."""
    coded = [row for row in rows("diagnoses")[concept] if row["match"] in _CODED]
    phrases = [row for row in rows("diagnoses")[concept] if row["match"] == "phrase"]
    usable = [row for row in coded if "_none" not in _concepts(row["system"], row["code"])]

    def place(row: Mapping[str, str]) -> tuple[object, ...]:
        return len(_concepts(row["system"], row["code"])), row["match"], row["system"], row["code"]

    if usable:
        best = min(usable, key=place)
        held = _concepts(best["system"], best["code"])
        return Product(best["system"], best["code"], "", held), held
    text = min(row["display"] for row in phrases)
    return Product("", "", text, frozenset({concept})), frozenset({concept})


@cache
def _concepts(system: str, code: str) -> frozenset[str]:
    exact, below = _diagnosis_codes()
    held = set(exact.get((system, code), ()))
    for length in range(1, len(code) + 1):
        held |= below.get((system, code[:length]), frozenset())
    return frozenset(held)


_Codes = Mapping[tuple[str, str], frozenset[str]]


@cache
def _diagnosis_codes() -> tuple[_Codes, _Codes]:
    """The concepts of each code, and of each code together with all below it."""
    exact: dict[tuple[str, str], frozenset[str]] = {}
    below: dict[tuple[str, str], frozenset[str]] = {}
    for name, table in rows("diagnoses").items():
        for row in table:
            found = below if row["match"].startswith("prefix") else exact
            key = row["system"], row["code"]
            if row["code"]:
                found[key] = found.get(key, frozenset()) | {name}
    return exact, below


@cache
def tests_of_order(test: str) -> tuple[dict[str, str], frozenset[str]]:
    """The code of an order, and every test that this code stands for."""
    with (CARDS / "value_sets" / "orders.csv").open(encoding="utf-8", newline="") as file:
        table = tuple(csv.DictReader(file))
    row = next(each for each in table if each["test"] == test)
    same = {each["test"] for each in table if (each["system"], each["code"]) == (row["system"], row["code"])}
    return {"system": row["system"], "code": row["code"]}, frozenset(same)


# --- a chart as a request -------------------------------------------------------------------------------------------


@cache
def facts_of(chart: Chart) -> Facts:
    """What the service recognises in the chart."""
    body = json.dumps(_patient(chart).request()).encode()
    return recognise(patient_record(fhir.gather(decode(body, "patient-view"))), site().reading(TODAY))


def _patient(chart: Chart) -> APatient:
    on = days_before(chart.onset)
    patient = a_patient().born("1990-03-01")
    patient = patient.with_cramps(on) if chart.onset_is_stated else patient.with_cramps(recorded=on)
    for key, resource in (*_medicines(chart.drugs), *_conditions(chart.entries), *_others(chart)):
        patient = patient.having(key, resource)
    for each in chart.labs:
        patient = _with_lab(patient, each)
    return patient


def _medicines(drugs: Iterable[Drug]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, each in enumerate(drugs):
        common = {
            "id": f"drug{place}",
            "status": each.status or ("stopped" if each.until is not None else "active"),
            "medicationCodeableConcept": product(each.value_set, each.ingredient).concept,
            "subject": {"reference": "Patient/p1"},
            **({"reasonCode": [{"text": each.reason}]} if each.reason else {}),
        }
        if each.as_request:
            began = {} if each.since is None else {"authoredOn": days_before(each.since)}
            request = {"resourceType": "MedicationRequest", "intent": "order", **common, **began}
            yield "medicationRequests", {**request, **_dose("dosageInstruction", each.dose)}
        else:
            days = (("start", each.since), ("end", each.until))
            period = {key: days_before(count) for key, count in days if count is not None}
            statement = {"resourceType": "MedicationStatement", **common}
            dated = {"effectivePeriod": period} if period else {}
            yield "medicationStatements", {**statement, **dated, **_dose("dosage", each.dose)}


def _dose(key: str, dose: str) -> dict[str, Any]:
    number, _, unit = dose.partition(" ")
    if not dose:
        return {}
    amount = {"value": float(number), "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    daily = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    return {key: [{"doseAndRate": [{"doseQuantity": amount}], "timing": daily}]}


def _conditions(entries: Iterable[Entry]) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, each in enumerate(entries):
        is_clinical = each.status in _CLINICAL
        clinical = each.status if is_clinical else "active"
        status = {"clinicalStatus": {"coding": [{"system": f"{_STATUSES}clinical", "code": clinical}]}}
        if not is_clinical:
            verified = {"coding": [{"system": f"{_STATUSES}ver-status", "code": each.status}]}
            status |= {"verificationStatus": verified}
        yield (
            "conditions",
            {
                "resourceType": "Condition",
                "id": f"entry{place}",
                **status,
                "code": coding(each.concept)[0].concept,
                "subject": {"reference": "Patient/p1"},
                **({"onsetDateTime": days_before(each.age)} if each.age is not None else {}),
                **({"bodySite": [{"text": f"{each.side} leg"}]} if each.side else {}),
            },
        )


def _others(chart: Chart) -> Iterator[tuple[str, dict[str, Any]]]:
    if chart.weeks is not None:
        yield (
            "observations",
            {
                "resourceType": "Observation",
                "id": "period",
                "status": "final",
                "code": {"coding": [analyte_coding("lmp_date")]},
                "subject": {"reference": "Patient/p1"},
                "effectiveDateTime": days_before(0),
                "valueDateTime": days_before(chart.weeks * 7),
            },
        )
    for place, test in enumerate(chart.orders):
        yield (
            "serviceRequests",
            {
                "resourceType": "ServiceRequest",
                "id": f"order{place}",
                "status": "active",
                "intent": "order",
                "code": {"coding": [tests_of_order(test)[0]]},
                "subject": {"reference": "Patient/p1"},
            },
        )


def _with_lab(patient: APatient, lab: Lab) -> APatient:
    on = days_before(lab.age) + (f"T{lab.clock}:00+00:00" if lab.clock else "")
    return patient.with_result(
        lab.analyte, lab.value, on, low=lab.low or None, high=lab.high or None, status=lab.status
    )
