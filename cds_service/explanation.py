"""Why an answer is as it is, for a person at a screen: the trace, the timeline, and the entries behind them."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import fields

from cds_service.advise import Advice, Site
from cds_service.drawing import draw
from cds_service.facts import Facts
from cds_service.normalise import patient_record
from cds_service.pointers import Pointers
from cds_service.raw import each_of
from cds_service.recognition import recognise
from cds_service.resources import ABSENT, AnyResource, MedicationUse, Resource, Supplied
from cds_service.timeline import Timeline
from cds_service.trace import trace

SILENCE = {
    "patient-user": "cards are for clinicians, and a patient is asking",
    "deceased": "the patient is recorded as deceased",
    "minor": "the patient is not certainly 18 yet",
    "no-report-but-unread-conditions": "no report of leg cramps in what could be read; some conditions could not",
    "no-report-but-unread-entries": "no report of leg cramps in what could be read; some entries could not",
    "no-report-but-conditions-cut-off": "no report of leg cramps in the conditions that came; the list goes on",
    "no-report-but-missing-lists": "no report of leg cramps in what came; a list that may hold one did not",
    "no-report": "no report of leg cramps in this record",
    "denied": "leg cramps are recorded as not there",
    "resolved": "the report of leg cramps is resolved, inactive or abated",
    "refuted": "the report of leg cramps is refuted or entered in error",
    "other-site": "the cramps that are reported are not leg cramps, only on exertion, past, or somebody else's",
    "unclear": "an entry about leg cramps does not say whether they are there",
    "too-old": "the report of leg cramps is more than 365 days old",
    "undated-observation": "an observation or answer about leg cramps carries no date",
    "undated-reason": "a past visit or order for leg cramps carries no date",
    "absent-later": "a later entry says that there are no leg cramps",
    "nothing-signed": "leg cramps are reported, and no rule is signed that could say anything",
    "faded": "leg cramps are reported, and all there is to say was overridden or shown often enough",
    "no-quinine-ordered": "none of the orders being signed is quinine",
    "no-quinine-ordered-but-unread-drafts": "no quinine in what could be read of the orders being signed",
    "nothing-found": "leg cramps are reported, and nothing in this record was found that could contribute",
}
_NOT_SHOWN = frozenset({"subject", "contained"})
_LONGEST_ENTRY = 20_000  # bytes; real ones have some two thousand, and nobody reads more on a screen
_LONGEST_TEXT = 400  # characters of what is told; the longest words of ours have some two hundred
_LONGEST_NAME = 90  # characters of what an entry is called; FHIR's ids have 64 at most
_INSIDE = frozenset({"Medication", "Substance", "Condition", "Observation"})  # of what an entry contains


class Explanation(Struct, frozen=True):
    """
    Why an answer is as it is.

    *silence* is the reason code of an empty answer and *why* says it in words; *fetched* tells what came of what the
    FHIR server was asked for. *timeline* is None where nothing was read. *entries* are those that the timeline and the
    trace name, as far as they are read, by "Condition/1"; of a very long one no more than that it is one.
    """

    today: date
    silence: str | None
    why: str
    fetched: Mapping[str, str]
    trace: Mapping[str, Any]
    timeline: Timeline | None
    entries: Mapping[str, Any]


def explanation(advice: Advice, site: Site, day: date, fetched: Mapping[str, str]) -> Explanation:
    """Why this is the answer of that *day*; *fetched* are the codes of what the FHIR server was asked for, by key."""
    told = trace(advice, site.knowledge)
    facts = _facts(advice, site, day)
    drawn = draw(facts, site.knowledge, advice, told, fetched) if facts else None
    named = {*_sources(told), *_drawn_from(drawn)}
    entries = _entries(advice.supplied, named) if advice.supplied else {}
    if any(len(name) > _LONGEST_NAME for name in named):  # no FHIR server gives such ids
        cut = _shortener(named)
        told = _everywhere(told, cut)
        drawn = msgspec.convert(_everywhere(msgspec.to_builtins(drawn), cut), Timeline) if drawn else None
        entries = {cut(name): entry for name, entry in entries.items()}
    return Explanation(
        today=day,
        silence=advice.silence,
        why=SILENCE.get(advice.silence, "nothing to say") if advice.silence else "",
        fetched=fetched,
        trace=told,
        timeline=drawn,
        entries=entries,
    )


def _facts(advice: Advice, site: Site, day: date) -> Facts | None:
    """What the record means; all of it, where the core looked no further than for a report."""
    if advice.judged or advice.facts is None or advice.supplied is None:
        return advice.facts
    return recognise(patient_record(advice.supplied), site.reading(day), without_report=True)


# --- the entries ------------------------------------------------------------------------------------------------


def _sources(told: object) -> Iterator[str]:
    """Every entry that a trace names, wherever in it."""
    if isinstance(told, Mapping):
        for name, each in told.items():
            if name in ("sources", "evidence"):
                yield from each
            else:
                yield from _sources(each)
    elif isinstance(told, list | tuple):
        for each in told:
            yield from _sources(each)


def _drawn_from(drawn: Timeline | None) -> Iterator[str]:
    if drawn is not None:
        yield from (source for lane in drawn.lanes for mark in lane.marks for source in mark.sources)
        yield from (source for each in drawn.not_drawn for source in each.sources)


def _entries(supplied: Supplied, named: set[str]) -> Mapping[str, Any]:
    """Those that are named, and the medicines that they refer to; of two under one name always the same one."""
    pointers = Pointers(supplied.given)
    found: dict[str, bytes] = {}
    for given in supplied.given:
        if given.source in named:
            for each in filter(None, (given, pointers.entry(_medicine_of(given.resource)))):
                entry = _written(each.resource)
                found[each.source] = min(found.get(each.source, entry), entry)
    return {name: Raw(entry) for name, entry in sorted(found.items())}


def _written(resource: Resource) -> bytes:
    entry = msgspec.json.encode(_shown(resource))
    if len(entry) <= _LONGEST_ENTRY:
        return entry
    left_out = {"resourceType": resource.resource_type, "left_out": f"longer than {_LONGEST_ENTRY} bytes"}
    return msgspec.json.encode(left_out)


def _medicine_of(resource: Resource) -> str | None:
    """The reference to what is taken, where it is not said in place."""
    if not isinstance(resource, MedicationUse):
        return None
    reference = resource.medication_reference or (resource.medication and resource.medication.reference)
    return reference.reference if reference else None


def _shown(resource: Resource) -> Mapping[str, Any]:
    """An entry without whose it is, which comes with names; of what it contains, what our reading goes into."""
    inside = [
        _shown(each) for each in each_of(resource.contained, AnyResource) if each.resource_type in _INSIDE
    ]
    members = {name: each for name, each in _as_read(resource).items() if name not in _NOT_SHOWN}
    return {"resourceType": resource.resource_type, **members, **({"contained": inside} if inside else {})}


def _as_read(read: Struct) -> Mapping[str, Any]:
    """The members that were sent, by FHIR's names, numbers as they were written."""
    members = ((fhir_name, getattr(read, name)) for name, fhir_name in _names(type(read)))
    return {name: _plain(value) for name, value in members if value is not None and value is not ABSENT}


@cache
def _names(shape: type[Struct]) -> tuple[tuple[str, str], ...]:
    return tuple((each.name, each.encode_name) for each in fields(shape))


def _plain(value: object) -> object:
    if isinstance(value, Struct):
        return _as_read(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


# --- names that no answer may repeat -----------------------------------------------------------------------------


def _shortener(named: set[str]) -> Callable[[str], str]:
    """
    Cuts long names of entries, each to another one, and other long texts.

    A name stands wherever its entry is spoken of, so that long ones would make the answer many times the question.
    """
    long = sorted(name for name in named if len(name) > _LONGEST_NAME)
    short = {name: f"{name[:_LONGEST_NAME]}… ({place})" for place, name in enumerate(long, 1)}

    def cut(text: str) -> str:
        return short.get(text) or (text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")

    return cut


def _everywhere(told: Any, cut: Callable[[str], str]) -> Any:
    if isinstance(told, Mapping):
        return {name: _everywhere(each, cut) for name, each in told.items()}
    if isinstance(told, list | tuple):
        return [_everywhere(each, cut) for each in told]
    return cut(told) if isinstance(told, str) else told
