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

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cds_service import code_systems, units
from cds_service.advise import Advice
from cds_service.facts import Facts
from cds_service.record import Concept, PatientRecord, Supply
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
_UNITS = {
    units.reading(each): each
    for each in (
        *("mmol/L", "umol/L", "nmol/L", "pmol/L", "mEq/L", "mmol/mol"),
        *("g/L", "mg/L", "ug/L", "ng/L", "g/dL", "mg/dL", "ug/dL", "ng/dL"),
        *("U/L", "mU/L", "ukat/L", "nkat/L", "%", "mL/min/{1.73_m2}", "kg/m2"),
    )
}
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
    if advice.record is not None:
        found.add(RECORD)
        found.update(_of_record(advice.record))
    if advice.facts is not None and advice.facts.age is None:
        found.add("person:age-unknown")
    if advice.facts is not None and advice.facts.reports:
        found.add(REPORT)
        found.update(_of_facts(advice.facts))
        found.update(f"rule:{rule}" for rule in advice.triggered)
    return frozenset(found)


# --- the record -------------------------------------------------------------------------------------------------


def _of_record(record: PatientRecord) -> Iterator[str]:
    yield from (f"list:{key}:{_STATES[state]}" for key, state in record.supply.items())
    lengths = _lengths(record)
    yield from (f"size:{key}:{size}" for key in record.supply for size in SIZES if lengths[key] >= size)
    unread = {each.kind for each in record.unread}
    yield from (f"unread:{kind if kind in USED_TYPES else 'other'}" for kind in unread)
    yield from _systems("medicine", [each.concept for each in record.medicines])
    yield from _systems("diagnosis", [each.concept for each in record.diagnoses])
    yield from _systems("result", [each.concept for each in record.results])
    written = {each.measured.unit for each in record.results if each.measured is not None}
    yield from {f"unit:{_unit(part)}" for unit in written for part in units.alternatives(unit)}
    yield from _dated(record)


def _lengths(record: PatientRecord) -> Counter[str]:
    """How many entries each list holds, as far as they were read; a result of several parts counts as several."""
    lengths = Counter([each.key for each in record.results])
    lengths.update([each.key for each in record.medicines])
    lengths["conditions"] = len(record.diagnoses)
    lengths["serviceRequests"] = len(record.orders)
    lengths["encounters"] = len(record.visits)
    lengths["questionnaireResponses"] = len(record.answers)
    return lengths


def _unit(unit: str) -> str:
    if not unit:
        return "none"
    if (usual := _UNITS.get(units.reading(unit))) is not None:
        return usual
    return "not-understood" if units.measure(unit) is None else "other"


def _systems(kind: str, concepts: Sequence[Concept]) -> Iterator[str]:
    """The code systems that entries of a kind come in, and whether some have no code."""
    # flat, since it runs for every entry of every answer
    named = {coding.system for each in concepts for coding in each.coding or () if coding.code}
    if not all(each.coding for each in concepts):
        yield f"system:{kind}:text only"
    yield from {
        f"system:{kind}:{_SYSTEMS.get(code_systems.canonical(each), 'other') if each else 'none'}"
        for each in named
    }


def _dated(record: PatientRecord) -> Iterator[str]:
    """Lists of which at least one entry has a date: without any, no time class and no value counts."""
    keys = {each.key for each in record.medicines if each.started}
    keys.update({each.key for each in record.results if each.taken})
    if any(each.onset or each.recorded for each in record.diagnoses):
        keys.add("conditions")
    yield from (f"dated:{key}" for key in record.supply if key in keys)


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
