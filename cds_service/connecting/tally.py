"""Codes and units seen in records, counted: no values, no dates, no words of a record, nobody's ids."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from cds_service import holdings
from cds_service.code_systems import LOINC, canonical
from cds_service.inventory import NOT_KNOWN, Line
from cds_service.laboratory import Analyte
from cds_service.recognition import Reading
from cds_service.record import PatientRecord, Result
from cds_service.resources import Resource

_KINDS = ("medicine", "diagnosis", "result")
_TEXT_ONLY = "(words only)"
_NO_SYSTEM = "(no system)"
_NO_UNIT = "(no unit)"
_LONGEST = 60  # characters of a code or unit; longer ones are no codes, and may be anything


@dataclass(frozen=True, slots=True)
class Tally:
    """
    Counts over all records.

    *systems* by kind and code system; *unknown* by kind, system and code; *units* by analyte and unit, with whether
    it is understood; *local* by system and code, of laboratory results without LOINC, which no query by code finds.
    """

    lines: tuple[Line, ...] = ()
    systems: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    units: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    local: Counter[tuple[str, str]] = field(default_factory=Counter)

    def sentences(self) -> Iterator[str]:
        """How many entries of each kind are used, irrelevant and not understood, and why not."""
        return holdings.sentences(self.lines)

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """The same as numbers."""
        return holdings.counts(self.lines)


def tally(
    records: Iterable[tuple[PatientRecord, tuple[Line, ...]]],
    laboratory: Iterable[Resource],
    reading: Reading,
) -> Tally:
    """Count what records hold; the lines are those of `inventory`. *laboratory* are results of that category."""
    made = Tally()
    every: list[Line] = []
    for record, lines in records:
        every += lines
        made.systems.update(each for line in lines for each in _systems(line))
        made.unknown.update(each for line in lines if line.why == NOT_KNOWN for each in _codes(line))
        of_results = (line for line in lines if line.kind == "result")
        for result, line in zip(record.results, of_results, strict=False):  # those that are lost come last
            made.units.update(_units(result, line, reading.analytes))
    made.local.update(each for resource in laboratory for each in _local(resource))
    return replace(made, lines=tuple(every))


def _local(resource: Resource) -> set[tuple[str, str]]:
    codings = (resource.code.coding if resource.code else None) or ()
    if any(canonical(each.system or "") == LOINC for each in codings):
        return set()
    codes = {(_cut(each.system or _NO_SYSTEM), _cut(each.code)) for each in codings if each.code}
    return codes or {(_TEXT_ONLY, "")}


def _systems(line: Line) -> set[tuple[str, str]]:
    if line.concept is None or line.kind not in _KINDS:
        return set()
    named = {_cut(each.system or _NO_SYSTEM) for each in line.concept.coding or () if each.code}
    return {(line.kind, system) for system in named or {_TEXT_ONLY}}


def _codes(line: Line) -> set[tuple[str, str, str]]:
    codings = line.concept.coding if line.concept else None
    return {
        (line.kind, _cut(each.system or _NO_SYSTEM), _cut(each.code)) for each in codings or () if each.code
    }


def _units(result: Result, line: Line, analytes: Mapping[str, Analyte]) -> Iterator[tuple[str, str, bool]]:
    if result.measured is None:
        return
    unit = result.measured.unit
    for analyte in (analytes[name] for name in line.value_sets if name in analytes):
        yield analyte.label, _cut(unit) or _NO_UNIT, _is_understood(unit or analyte.without_unit, analyte)


def _is_understood(unit: str, analyte: Analyte) -> bool:
    return analyte.column(unit) is not None or analyte.conversion(unit) is not None


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"({len(text)} characters)"
