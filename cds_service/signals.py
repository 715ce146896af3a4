"""
What appeared in one answer, in names of our own: what `legcramps watch` compares, day by day, with a site's past.

A fault that no error tells shows in what stops coming or comes anew: a list that is empty for everybody, codes of
another system, another unit, a rule that speaks no more. Every signal is something that was there at least once in an
answer, so that the count of a day is so many of so many answers.
"""

# Kept is what one of the feeds can lose without a word, and for whom an operator can be called: each list with its
# state and size, code systems, units, dates, unread entries, and, where cramps were reported, what was recognised and
# which rules spoke. Not kept: codes, values and words of a record; which rule was set aside (it shows as one that
# speaks less); which card was shown (fading changes that, and no feed does); the silence of what has faded.

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cds_service import code_systems, units
from cds_service.advise import Advice
from cds_service.facts import Facts
from cds_service.observations import unit_of, written_number
from cds_service.pointers import Contained
from cds_service.record import NOTHING, Concept, Supply, Unread
from cds_service.resources import ABSENT, Component, Given, MedicationUse, Observation, Resource, Supplied
from cds_service.salvage import USED_TYPES

OPEN = "open"
"""Every answer; the whole of which `silence` is a part."""
RECORD = "record"
"""An answer for which a record was read; the whole of all that says what it holds."""
REPORT = "report"
"""An answer for a patient with a report of cramps; the whole of what was recognised, which is looked at only there."""

UNAVAILABLE = frozenset({OPEN, "unavailable"})
"""The signals of a call that had to be refused because required data could not be had."""

SIZES = (1, 4, 16, 64)
"""Entries of a list; each step is a signal of its own, so that half a feed shows."""

_STATES = {
    Supply.GIVEN: "given",
    Supply.EMPTY: "empty",
    Supply.PAGED: "cut-off",
    Supply.UNSORTED: "cut-off",
    Supply.WITHHELD: "withheld",
    Supply.NOTHING: "null",
    Supply.ABSENT: "absent",
    Supply.FAILED: "failed",
}
_SYSTEMS = {
    code_systems.RXNORM: "RxNorm",
    code_systems.ATC: "ATC",
    code_systems.SNOMED: "SNOMED CT",
    code_systems.NDC: "NDC",
    code_systems.ICD10CM: "ICD-10-CM",
    code_systems.ICD10: "ICD-10",
    code_systems.ICD9CM: "ICD-9-CM",
    code_systems.LOINC: "LOINC",
}
_USUAL_UNITS = {
    units.reading(each): each
    for each in (
        *("mmol/L", "umol/L", "nmol/L", "pmol/L", "mEq/L", "mmol/mol"),
        *("g/L", "mg/L", "ug/L", "ng/L", "g/dL", "mg/dL", "ug/dL", "ng/dL"),
        *("U/L", "mU/L", "ukat/L", "nkat/L", "%", "mL/min/{1.73_m2}", "kg/m2"),
    )
}
_KINDS = {
    "MedicationStatement": "medicine",
    "MedicationRequest": "medicine",
    "Medication": "medicine",
    "Condition": "diagnosis",
    "Observation": "result",
}
_DATES = (
    *("effective_date_time", "effective_period", "effective_instant", "authored_on"),
    *("onset_date_time", "onset_period", "onset_string", "recorded_date"),
)
_OF_OPENS = frozenset({RECORD, "unavailable", "silence"})
_OF_REPORTS = frozenset({"rule", "analyte", "unused", "problem", "class", "concept", "by", "recognised"})
_OF_MEMORY = frozenset({"faded", "silent-mode"})  # silences that say nothing of what was sent


def whole(signal: str) -> str:
    """The signal of which *signal* is a part: how often it could have appeared."""
    first = signal.partition(":")[0]
    if first in _OF_REPORTS:
        return REPORT
    return OPEN if first in _OF_OPENS else RECORD


def signals(advice: Advice) -> frozenset[str]:
    """The names of all that appeared in this answer: words of ours, never a word of the caller's."""
    found = {OPEN}
    if advice.silence and advice.silence not in _OF_MEMORY:
        found.add(f"silence:{advice.silence}")
    if advice.supplied is not None and advice.record is not None:
        found.add(RECORD)
        found.update(_of_supplied(advice.supplied, advice.record.unread))
    if advice.facts is not None and advice.facts.age is None:
        found.add("person:age-unknown")
    if advice.facts is not None and advice.facts.reports:
        found.add(REPORT)
        found.update(_of_facts(advice.facts))
        found.update(f"rule:{rule}" for rule in advice.triggered)
    return frozenset(found)


# --- the record -------------------------------------------------------------------------------------------------


def _of_supplied(supplied: Supplied, unread: Iterable[Unread]) -> Iterator[str]:
    """What came, whether or not a rule reads it; flat, since it runs for every entry of a record."""
    yield from (f"list:{key}:{_STATES[state]}" for key, state in supplied.supply.items())
    yield from {f"unread:{each.kind if each.kind in USED_TYPES else 'other'}" for each in unread}
    of_kind: dict[str, list[Resource]] = defaultdict(list)
    lengths: Counter[str] = Counter()
    for given in supplied.given:
        kind = _KINDS.get(given.resource.resource_type)
        of_kind[kind or ""].append(given.resource)
        lengths[given.key] += kind is not None
    yield from (f"size:{key}:{size}" for key in supplied.supply for size in SIZES if lengths[key] >= size)
    yield from _systems("medicine", [_medicine(each) for each in of_kind["medicine"]])
    yield from _systems("diagnosis", [each.code or NOTHING for each in of_kind["diagnosis"]])
    yield from _systems("result", [each.code or NOTHING for each in of_kind["result"]])
    yield from _units([each for each in of_kind["result"] if type(each) is Observation])
    yield from (f"dated:{key}" for key in _dated(supplied.given))


def _medicine(resource: Resource) -> Concept:
    """What a medicine is called where it stands; of a reference to an entry, that entry is asked for itself."""
    if not isinstance(resource, MedicationUse):
        return resource.code or NOTHING
    named = resource.medication
    reference = named.reference if named is not None else resource.medication_reference
    concept = named.concept if named is not None else resource.medication_codeable_concept
    inside = Contained(resource).at(reference.reference) if concept is None and reference else None
    return concept or (inside or resource).code or NOTHING


def _units(results: Sequence[Observation]) -> Iterator[str]:
    """The units of numbers, results and their components alike."""
    parts: list[Observation | Component] = [*results]
    parts += [component for each in results for component in each.component or ()]
    stated = {
        (quantity.system, quantity.code, quantity.unit)
        for part in parts
        if (quantity := part.value_quantity) is not None and quantity.value is not ABSENT
    }
    said = {part.value_string for part in parts if part.value_string is not None}
    written = {unit_of(*each) for each in stated}
    written |= {number.unit for text in said if (number := written_number(text)) is not None}
    yield from {f"unit:{_unit(part)}" for unit in written for part in units.alternatives(unit)}


def _unit(unit: str) -> str:
    if not unit:
        return "none"
    if (usual := _USUAL_UNITS.get(units.reading(unit))) is not None:
        return usual
    return "not-understood" if units.measure(unit) is None else "other"


def _systems(kind: str, concepts: Sequence[Concept]) -> Iterator[str]:
    """The code systems that entries of a kind come in, and whether some have no code."""
    named = {coding.system for each in concepts for coding in each.coding or () if coding.code}
    if not all(each.coding for each in concepts):
        yield f"system:{kind}:text only"
    yield from {
        f"system:{kind}:{_SYSTEMS.get(code_systems.canonical(each), 'other') if each else 'none'}"
        for each in named
    }


def _dated(given: Iterable[Given]) -> set[str]:
    """Lists of which at least one entry has a date: without any, no time class and no value counts."""
    keys: set[str] = set()
    for each in given:
        if each.key not in keys and any(getattr(each.resource, member, None) for member in _DATES):
            keys.add(each.key)
    return keys


# --- where cramps were reported ---------------------------------------------------------------------------------


def _of_facts(facts: Facts) -> Iterator[str]:
    yield from (f"carrier:{_slug(each.carrier)}" for each in facts.reports)
    yield from (f"class:{name}" for name in facts.exposures)
    yield from (f"concept:{name}" for name, entries in facts.diagnoses.items() if entries)
    for name, results in facts.results.items():
        yield f"analyte:{name}"
        read = {(each.unit, each.unit_was_missing) for each in results}
        yield from (f"analyte:{name}:{'no unit' if is_missing else unit}" for unit, is_missing in read)
    for unusable in facts.unusable:
        yield f"unused:{unusable.analyte}"
        yield f"problem:{_slug(unusable.why)}"
    exposed = [each for exposures in facts.exposures.values() for each in exposures]
    diagnosed = [each for entries in facts.diagnoses.values() for each in entries]
    yield from (f"by:medicine:{each.matched_by}" for each in exposed)
    yield from (f"by:diagnosis:{each.matched_by}" for each in diagnosed)
    found: Mapping[str, object] = {"medicine": exposed, "diagnosis": diagnosed, "result": facts.results}
    yield from (f"recognised:{kind}" for kind, entries in found.items() if entries)


def _slug(words: str) -> str:
    return words.replace(" ", "-")
