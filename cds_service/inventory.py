"""
What became of every medicine, diagnosis and result of a record: used, irrelevant or unread, and why.

Answers "why is my drug not seen?". It does not depend on a cramp report: without one the service looks at nothing,
and an integrator wants to know what it would see.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

from cds_service import diagnoses, exposures, results
from cds_service.cramps import told
from cds_service.facts import LabResult
from cds_service.recognition import (
    PREGNANCY,
    Reading,
    diagnosis_matches,
    medicine_matches,
    result_matches,
)
from cds_service.record import Concept, Diagnosis, Medicine, PatientRecord, Result
from cds_service.terminology import Match

NOT_KNOWN = "no code or name of it is known"
_KINDS = {
    "MedicationRequest": "medicine",
    "MedicationStatement": "medicine",
    "Condition": "diagnosis",
    "Observation": "result",
    "": "entry",
}


class Fate(Enum):
    """What an entry was good for."""

    USED = "used"  # a rule reads it
    IRRELEVANT = "irrelevant"  # understood, and no rule reads it
    UNREAD = "unread"  # not understood


class Line(NamedTuple):
    """
    One entry.

    *kind* is "medicine", "diagnosis", "result", or "entry" for what could be any of them; a panel has a line for each
    component, and for itself when it has a value. *concept* is None where the entry could not be read at all;
    *value_sets* are those it belongs to, *matched_by* how that was seen: "code", "map", "prefix", "text".
    """

    kind: str
    source: str
    fate: Fate
    why: str
    value_sets: tuple[str, ...] = ()
    concept: Concept | None = None
    matched_by: tuple[str, ...] = ()


_Judged = tuple[Fate, str, tuple[Match, ...]]


def inventory(record: PatientRecord, reading: Reading) -> tuple[Line, ...]:
    """Every entry once, in the record's order; last those that could not be read at all."""
    read = (
        *(_line("medicine", each, _medicine(each, reading)) for each in record.medicines),
        *(_line("diagnosis", each, _diagnosis(each, reading)) for each in record.diagnoses),
        *(_line("result", each, _result(each, reading)) for each in record.results),
    )
    # of an entry that was read in part the rest is told elsewhere
    known = {line.source for line in read}
    lost = (each for each in record.unread if each.kind in _KINDS and each.source not in known)
    return (*read, *(Line(_KINDS[each.kind], each.source, Fate.UNREAD, each.problem) for each in lost))


class Unknown(NamedTuple):
    """A code that no table holds, or words without any; *words* are one of the displays it came with."""

    times: int
    kind: str
    system: str
    code: str
    words: str


def unknown(lines: Iterable[Line]) -> list[Unknown]:
    """
    What no table holds, of each kind the most frequent first.

    An entry is counted under each of its codings; under its words when it has none.
    """
    counted: Counter[tuple[str, str, str, str]] = Counter()
    words: dict[tuple[str, str, str, str], str] = {}
    for line in lines:
        if line.why == NOT_KNOWN and line.concept is not None:
            for system, code, said in _names(line.concept):
                key = (line.kind, system, code, "" if code else said)
                counted[key] += 1
                words[key] = min(filter(None, (words.get(key), said)), default="")
    found = [Unknown(count, *key[:3], words[key]) for key, count in counted.items()]
    return sorted(found, key=_by_kind)


def _by_kind(row: Unknown) -> tuple[int, int, Unknown]:
    return list(_KINDS.values()).index(row.kind), -row.times, row


def _names(concept: Concept) -> Iterator[tuple[str, str, str]]:
    for coding in concept.coding or ():
        yield coding.system or "", coding.code or "", coding.display or concept.text or ""
    if not concept.coding:
        yield "", "", concept.text or ""


def _line(kind: str, entry: Medicine | Diagnosis | Result, judged: _Judged) -> Line:
    fate, why, matches = judged
    sets = tuple(sorted({match.value_set for match in matches}))
    ways = tuple(sorted({match.matched_by for match in matches}))
    return Line(kind, entry.source, fate, why, sets, entry.concept, ways)


def _medicine(medicine: Medicine, reading: Reading) -> _Judged:
    matches = medicine_matches(medicine, reading.value_sets)
    if not exposures.is_real(medicine):
        return Fate.IRRELEVANT, "its status or intent says that it was not taken", matches
    if matches or reading.value_sets.knows_drug(medicine.concept):
        return _by_class(matches, reading)
    return Fate.UNREAD, NOT_KNOWN, ()


def _diagnosis(diagnosis: Diagnosis, reading: Reading) -> _Judged:
    matches = diagnosis_matches(diagnosis, reading.value_sets)
    if told(diagnosis.concept, diagnosis.site, reading.value_sets):
        return Fate.USED, "it speaks of cramps", matches
    if diagnoses.ends_a_pregnancy(diagnosis.concept.words()):
        return Fate.USED, "it ends a pregnancy", matches
    if not diagnoses.is_active(diagnosis, reading.today):
        return Fate.IRRELEVANT, "it is refuted, entered in error, or over", matches
    if matches or reading.value_sets.knows_diagnosis(diagnosis.concept):
        return _by_class(matches, reading)
    return Fate.UNREAD, NOT_KNOWN, ()


def _result(result: Result, reading: Reading) -> _Judged:
    matches = result_matches(result, reading.value_sets)
    said = (result.concept, result.answer) if result.answer else (result.concept,)
    if any(told(each, result.site, reading.value_sets) for each in said):
        return Fate.USED, "it speaks of cramps", matches
    if not matches and not reading.value_sets.knows_analyte(result.concept):
        return Fate.UNREAD, NOT_KNOWN, ()
    return _measured(result, matches, reading)


def _measured(result: Result, matches: tuple[Match, ...], reading: Reading) -> _Judged:
    """The first reading that a rule uses decides; else what keeps the value from being used."""
    why = "it is in none of our value sets" if not matches else "no rule reads it"
    for match in matches:
        if match.value_set in PREGNANCY:
            return Fate.USED, "", matches
        analyte = reading.analytes.get(match.value_set)
        if analyte is None:
            continue
        made = results.lab_result(result, analyte, reading.today, reading.zone)
        if isinstance(made, LabResult):
            return Fate.USED, "", matches
        if made is not None:
            return Fate.UNREAD, made.why, matches
        why = "it is withdrawn, has no value, or is not the patient's"
    return Fate.IRRELEVANT, why, matches


def _by_class(matches: tuple[Match, ...], reading: Reading) -> _Judged:
    if not matches:
        return Fate.IRRELEVANT, "it is in none of our value sets", ()
    if any(match.value_set in reading.reads for match in matches):
        return Fate.USED, "", matches
    return Fate.IRRELEVANT, "no rule reads it", matches
