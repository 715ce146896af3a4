"""What the picture says of a fact, in a line for clinicians: what, how much, when against the cramps; plain text."""

import re
from collections.abc import Iterator

from cds_service import phrases
from cds_service.dates import Span
from cds_service.facts import Course, Diagnosed, Fact, Facts, LabResult, Onset, TimeClass, Timing
from cds_service.findings import SetAside
from cds_service.knowledge import Knowledge
from cds_service.quantity import Quantity
from cds_service.timing import PLAUSIBLE

_ESCAPED = re.compile(r"\\(\W)")  # names of drugs on cards, for Markdown: "insulin \(other\)"


def fact(each: Fact, facts: Facts, knowledge: Knowledge) -> str:
    """What a contributor rests on: "furosemide raised from 40 mg to 80 mg on 9 Aug 2026, 47 days before the cramps"."""
    if isinstance(each, Timing):
        return ", ".join(filter(None, (_course(each), _against(each, facts.onset))))
    if isinstance(each, LabResult):
        label = knowledge.analytes[each.analyte].label
        return ", ".join((f"{label} {value(each)}", str(each.taken), *notes(each, knowledge)))
    return ", ".join(diagnosis(each, knowledge))


def name(each: Fact, knowledge: Knowledge) -> str:
    """What a fact is of, as cards name it."""
    if isinstance(each, Timing):
        return phrases.drug(each)
    if isinstance(each, LabResult):
        return knowledge.analytes[each.analyte].short
    return phrases.concept(each, knowledge)


def set_aside(each: SetAside, facts: Facts, knowledge: Knowledge) -> str:
    """What was seen and dropped, and why: a drug by when it was taken, else in the words of its file."""
    return f"set aside: {fact(each.fact, facts, knowledge)}{f'; {each.why}' if each.why else ''}"


# --- drugs ------------------------------------------------------------------------------------------------------


def dose(amount: Quantity, course: Course) -> str:
    """A dose; one that is not taken at once is said to be that of a day."""
    return f"{phrases.amount(amount)}{' a day' if course.is_divided else ''}"


def _course(timing: Timing) -> str:
    """A drug with its dose and what happened when, as on cards; of one that goes on no more than since when."""
    if timing.is_dose and timing.course.is_running and timing.course.began:
        since = "since" if timing.course.began_is_stated else "first recorded"
        return f"{_plain(phrases.dosed(timing))} {since} {timing.course.began}, still on the list"
    rise = next((each for each in timing.course.rises if timing.is_rise and each.on == timing.change), None)
    if rise is None:
        return _plain(phrases.course(timing))
    doses = f"from {phrases.amount(rise.before)} to {dose(rise.after, timing.course)}"
    return f"{phrases.usual(timing.exposure.ingredient)} raised {doses} on {rise.on}"


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _against(timing: Timing, onset: Onset | None) -> str:
    """How that stands to the cramps; nothing where the line says it already, or the cramps carry no date."""
    if onset is None:
        return ""
    is_known = onset.is_stated and not onset.doubt
    match timing.time_class:
        case TimeClass.STRONG | TimeClass.PLAUSIBLE | TimeClass.RECENTLY_STOPPED | TimeClass.STOPPED:
            return _before(timing, onset, "the cramps" if is_known else "the cramps were recorded")
        case TimeClass.AFTER if not is_known:
            return "not before the cramps were recorded"
        case TimeClass.AFTER | TimeClass.STOPPED_SINCE:
            return "after the cramps began" if is_known else "after the cramps were recorded"
        case TimeClass.OUTLASTED:
            return "the cramps went on"
        case _:
            return ""


def _before(timing: Timing, onset: Onset, cramps: str) -> str:
    """How long before; *cramps* are what it was before."""
    goes_on = timing.course.is_running
    change = timing.change if timing.is_dose or goes_on else timing.course.ended
    if change is None:
        return f"before {cramps}"
    if timing.is_dose and goes_on:
        last = "begun" if change == timing.course.began else f"last entry {change},"
        return f"{last} {_ago(change, onset, cramps)}"
    if goes_on and change.days_until(onset.on)[1] > PLAUSIBLE:
        return "still taken"
    return _ago(change, onset, cramps)


def _ago(change: Span, onset: Onset, cramps: str) -> str:
    fewest, most = change.days_until(onset.on)
    if fewest > PLAUSIBLE:
        return f"more than a year before {cramps}"
    if most == 0:
        return "the day the cramps began"
    days = f"{most} day{'' if most == 1 else 's'}"
    return f"{days if fewest == most else f'up to {days}'} before {cramps}"


# --- results ----------------------------------------------------------------------------------------------------


def value(result: LabResult) -> str:
    """Number and unit as they were reported."""
    return " ".join(result.readable()).rstrip()


def notes(result: LabResult, knowledge: Knowledge) -> Iterator[str]:
    """What a reader must know about a result."""
    for holds, note in (
        (result.is_preliminary, "preliminary"),
        (result.is_correction, "a corrected report"),
        (result.is_haemolysed, "haemolysed sample: the true value is lower"),
        (result.unit_was_missing, "unit not given"),
    ):
        if holds:
            yield note
    if result.corrected is not None and result.companion is not None:
        companion = knowledge.analytes[result.companion.analyte].label
        yield f"{result.corrected} when corrected for {companion}"


# --- diagnoses --------------------------------------------------------------------------------------------------


def diagnosis(entry: Diagnosed, knowledge: Knowledge) -> Iterator[str]:
    """A diagnosis with its date, and what speaks for caution about it."""
    yield phrases.concept(entry, knowledge)
    yield phrases.recorded(entry)
    if entry.side:
        yield f"side: {entry.side}"
    if not entry.is_confirmed:
        yield "not confirmed"
