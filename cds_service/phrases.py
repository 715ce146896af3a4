"""Facts in words: short, dated in full, with units, harmless in Markdown."""

import re
from collections.abc import Iterable, Sequence

from cds_service.facts import Diagnosed, Fact, Facts, LabResult, Onset, Report, Rise, TimeClass, Timing
from cds_service.knowledge import Knowledge
from cds_service.quantity import Quantity

_UNITS = {"ug": "micrograms", "U": "units"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~>-])")
_ADDRESS = re.compile(r"(://|@|(?<=www)\.|(?<=\w)\.(?=\w*[a-z]))", re.IGNORECASE)
_STOPPED = frozenset(
    {TimeClass.RECENTLY_STOPPED, TimeClass.STOPPED, TimeClass.STOPPED_SINCE, TimeClass.OUTLASTED}
)
_LONGEST = 60  # characters of a text from the record
_PLAIN = re.compile(r"[A-Za-z0-9,%/]+(?: [A-Za-z0-9,%/]+)*|\d+\.\d+", re.ASCII)


def harmless(text: str) -> str:
    """
    A text from the record, safe for GitHub-flavoured Markdown, raw HTML and autolinks.

    Control characters and line ends become spaces; angle brackets and ampersands become entities; what Markdown
    would read is escaped; addresses are broken by a zero-width space, because the CDS Hooks Sandbox links them even
    when escaped. Long texts are cut.
    """
    if len(text) <= _LONGEST and _PLAIN.fullmatch(text):  # as nearly all are
        return text
    plain = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if len(plain) > _LONGEST:
        plain = plain[: _LONGEST - 1].rstrip() + "…"
    escaped = _SPECIAL.sub(r"\\\1", plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return _ADDRESS.sub("\u200b\\1\u200b", escaped)


def joined(parts: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    members = list(dict.fromkeys(parts))
    if len(members) < 2:
        return "".join(members)
    return f"{', '.join(members[:-1])} and {members[-1]}"


def capital(text: str) -> str:
    """With a capital first letter, behind any Markdown emphasis; "eGFR" and the rest as they are."""
    start = len(text) - len(text.lstrip("*"))
    if text[start + 1 : start + 2].isupper():
        return text
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :]


def amount(dose: Quantity) -> str:
    """A dose as clinicians write it."""
    return f"{dose.value} {_UNITS.get(dose.unit, dose.unit)}"


# --- drugs ------------------------------------------------------------------------------------------------------


# the value sets use the names of RxNorm; where others are in use outside the US, cards give both
_ELSEWHERE = {
    "albuterol": "salbutamol/albuterol",
    "levalbuterol": "levosalbutamol/levalbuterol",
    "metaproterenol": "orciprenaline/metaproterenol",
    "glyburide": "glibenclamide/glyburide",
}


def usual(ingredient: str) -> str:
    """An ingredient by the names in use, as plain text."""
    return _ELSEWHERE.get(ingredient, ingredient)


def drug(timing: Timing) -> str:
    """The ingredient."""
    ingredient = timing.exposure.ingredient
    return _ELSEWHERE.get(ingredient) or harmless(ingredient)


def dosed(timing: Timing) -> str:
    """The ingredient with its present dose where that is known."""
    dose = timing.course.dose
    return f"{drug(timing)} {_a_day(dose, timing)}" if dose else drug(timing)


def _a_day(dose: Quantity, timing: Timing) -> str:
    """A dose that is not taken at once is said to be that of a day."""
    return f"{amount(dose)} a day" if timing.course.is_divided else amount(dose)


def since(timing: Timing) -> str:
    """How one drug stands to the onset, for a line: "unchanged since 3 Jan 2020"."""
    given = timing.change if timing.is_dose else None
    if given and timing.time_class is TimeClass.UNKNOWN and not timing.order_is_unknown:
        return f"on the list since {given}, last dose not dated"
    return f"given {given}" if given else _course_since(timing)


def _course_since(timing: Timing) -> str:
    began = timing.change or timing.course.began
    match timing.time_class:
        case TimeClass.RECENTLY_STOPPED | TimeClass.STOPPED | TimeClass.STOPPED_SINCE | TimeClass.OUTLASTED:
            return f"stopped {timing.course.ended}"
        case TimeClass.STOP_NOT_RECORDED:
            return "stop date not recorded"
        case TimeClass.STRONG | TimeClass.PLAUSIBLE if timing.is_rise:
            return f"raised {timing.change}"
        case TimeClass.STRONG | TimeClass.PLAUSIBLE | TimeClass.AFTER:
            return _began(timing)
        case TimeClass.WEAK if timing.replaced:
            return f"in place of {joined(map(harmless, timing.replaced))}, the class since {began}"
        case TimeClass.WEAK if timing.course.last_change:
            return f"since {began}, {_changed(timing.course.last_change, timing)}"
        case TimeClass.WEAK:
            if timing.course.dose is None:  # nobody can say that it stayed the same
                return f"{_began(timing)}, dose not clear"
            stated = timing.course.began_is_stated
            return f"unchanged since {began}" if stated else f"{_began(timing)}, unchanged"
        case TimeClass.UNKNOWN if timing.order_is_unknown:
            ended = timing.course.ended
            return (
                f"{f'stopped {ended}' if ended else _began(timing)}, which may be before or after the cramps"
            )
        case _:
            status = ", status not known" if timing.course.is_weak else ""
            return f"{_began(timing)}{status}" if began else f"start date not recorded{status}"


def _began(timing: Timing) -> str:
    """The start; of a drug that replaced others the first one's, named as such."""
    began = timing.change or timing.course.began
    if timing.course.is_draft:
        return f"being ordered {began}"
    if timing.replaced:
        return f"since {began} ({joined(map(harmless, timing.replaced))}, then {drug(timing)})"
    return f"{'from' if timing.course.began_is_stated else _recorded(timing)} {began}"


def _recorded(timing: Timing) -> str:
    """A start that is only the first entry on file; a later course than the first was recorded before."""
    first = next(iter(timing.exposure.courses), timing.course)
    return "first recorded" if first.began == timing.course.began else "recorded again"


def timing_clause(timing: Timing, onset_: Onset | None) -> str:
    """After "Night leg cramps": "began 15 days after furosemide was raised"."""
    name = drug(timing)
    began = "began" if onset_ and onset_.is_stated else "were recorded"
    match timing.time_class:
        case TimeClass.STRONG | TimeClass.PLAUSIBLE:
            return f"{began} {_after(timing.days)} {_what_began(timing)}"
        case TimeClass.RECENTLY_STOPPED:
            return f"{began} {_after(timing.days)} {name} was stopped"
        case TimeClass.STOPPED_SINCE:
            return f"were there before {name} was stopped"
        case TimeClass.WEAK if timing.course.last_change:
            return f"on {name} for over a year"
        case TimeClass.WEAK:
            known = "unchanged " if timing.course.dose or timing.replaced else ""
            return f"on {name}, {'its class ' if timing.replaced else ''}{known}for over a year"
        case _:
            return f"on {name}, {_open(timing)}"


def _what_began(timing: Timing) -> str:
    """ "furosemide was started", "furosemide (now torsemide) was started"."""
    if timing.is_rise:
        return f"{drug(timing)} was raised"
    if timing.is_dose:
        return f"{drug(timing)} was given"
    verb = "started" if timing.course.began_is_stated else _recorded(timing)
    if timing.replaced:
        verb = "started" if timing.course.began_is_stated else "first recorded"
        return f"{harmless(timing.replaced[0])} (now {drug(timing)}) was {verb}"
    return f"{drug(timing)} was {verb}"


def _changed(change: Rise, timing: Timing) -> str:
    return f"{change.before.value} to {_a_day(change.after, timing)} on {change.on}"


def _open(timing: Timing) -> str:
    """Why the time class is unknown."""
    if timing.order_is_unknown:
        return "in an order that dates leave open"
    return "status not known" if timing.course.is_weak else "start date not recorded"


def _after(days: int | None) -> str:
    if days is None:
        return "after"
    return "the day" if days == 0 else "1 day after" if days == 1 else f"{days} days after"


def course(timing: Timing) -> str:
    """A drug's own bullet: "Furosemide 40 to 80 mg on 20 Apr 2026"."""
    rise = next((each for each in timing.course.rises if timing.is_rise and each.on == timing.change), None)
    if rise is not None and timing.time_class in (TimeClass.STRONG, TimeClass.PLAUSIBLE):
        return f"{drug(timing)} {_changed(rise, timing)}"
    phrase = since(timing)
    comma = ", " if phrase.startswith(("start date", "stop date")) else " "
    return f"{_dosed_then(timing)}{comma}{phrase}"


def _dosed_then(timing: Timing) -> str:
    """The drug, and its dose where `since` dates nothing else by it: a changed one is "now 80 mg", or left out."""
    dose, is_changed = timing.course.dose, timing.course.last_change is not None
    has_date = (timing.change or timing.course.began) is not None
    if timing.time_class is TimeClass.WEAK:
        return drug(timing) if is_changed else dosed(timing)
    if timing.time_class in _STOPPED or not has_date or not (is_changed or timing.replaced):
        return dosed(timing)
    if dose is None or timing.replaced or not timing.course.is_running:
        return drug(timing)
    return f"{drug(timing)}, now {_a_day(dose, timing)},"


def onset(facts: Facts) -> str:
    """When the cramps began or were written down, and by what kind of entry."""
    began = facts.onset
    if began is None:
        return "onset of cramps not recorded"
    first = next(each for each in facts.reports if each.onset == began)
    if began.is_stated and not began.doubt:
        return f"cramps from {began.on}{_carrier(first)}"
    recorded_ = f"cramps recorded {first.recorded}" if first.recorded else "cramps"
    return f"{recorded_}, {began.doubt or 'onset not stated'}{_carrier(first)}"


def other_reports(facts: Facts) -> str:
    """When else they were reported; "" when that is all."""
    main = facts.onset  # once: it looks at every report
    others = [each for each in facts.reports if each.onset and each.onset != main]
    if not others:
        return ""
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    return f"cramps also reported {others[0].onset.on if others[0].onset else ''}{_carrier(others[0])}{more}"


def _carrier(report: Report) -> str:
    return "" if report.carrier == "diagnosis" else f" ({report.carrier})"


# --- results ----------------------------------------------------------------------------------------------------


def reported(result: LabResult) -> tuple[str, str]:
    """Number and unit as reported ("over 20000", "U/L")."""
    number, unit = result.readable()
    return harmless(number), harmless(unit)


def value(result: LabResult, knowledge: Knowledge) -> str:
    """ "K 3.1 mmol/L"; a calcium that was adjusted by the albumin as adjusted."""
    if result.measures == "calcium_adjusted" and result.corrected is not None:
        return f"{knowledge.analytes['calcium_adjusted'].short} {result.corrected} {reported(result)[1]}"
    return f"{knowledge.analytes[result.analyte].short} {' '.join(reported(result))}".rstrip()


def values(results: Sequence[LabResult], knowledge: Knowledge) -> str:
    """ "K 3.1 and Mg 0.62 mmol/L": the unit once when it is the same."""
    parts = [(knowledge.analytes[each.analyte].short, *reported(each)) for each in results]
    if len({unit for _, _, unit in parts}) != 1:
        return joined(value(each, knowledge) for each in results)
    return f"{joined(f'{short} {number}' for short, number, _ in parts)} {parts[0][2]}".rstrip()


def course_of(results: Iterable[LabResult]) -> str:
    """ "80 to 160 umol/L (8 Jun 2026)": by the day of the last; results of one analyte in one unit."""
    ordered = sorted(results, key=lambda each: (each.taken.first, each.value))
    if not ordered:
        return ""
    *earlier, last = ordered
    numbers = [reported(each)[0] for each in earlier]
    return f"{' to '.join((*numbers, ' '.join(reported(last))))} ({last.taken})"


def measured(results: Sequence[LabResult], facts: Facts, knowledge: Knowledge) -> str:
    """Results of one sample as a bullet: values in bold, date, and what a reader must know about them."""
    first = results[0]
    at = f"{first.clock} on " if first.clock and knowledge.analytes[first.analyte].group == "glucose" else ""
    notes = list(dict.fromkeys(note for each in results for note in _notes(each, facts, knowledge)))
    return f"{_bold(results, knowledge)} ({'; '.join((f'{at}{first.taken}', *notes))})"


def _bold(results: Sequence[LabResult], knowledge: Knowledge) -> str:
    """ "K **3.1** and Mg **0.62** mmol/L"."""
    parts = [(knowledge.analytes[each.analyte].short, *reported(each)) for each in results]
    if len({unit for _, _, unit in parts}) == 1:
        return f"{joined(f'{short} **{number}**' for short, number, _ in parts)} {parts[0][2]}".rstrip()
    return joined(f"{short} **{number}** {unit}".rstrip() for short, number, unit in parts)


def _notes(result: LabResult, facts: Facts, knowledge: Knowledge) -> list[str]:
    notes = [
        note
        for holds, note in (
            (result.is_preliminary, "preliminary"),
            (result.is_haemolysed, "haemolysed sample: the true value is lower"),
            (result.unit_was_missing, "unit not given"),
        )
        if holds
    ]
    if knowledge.analytes[result.analyte].in_multiples and result.high:
        times = result.value / result.high
        notes.append(f"{round(times) if times >= 10 else round(times, 1)} x ULN")
    latest = facts.latest(result.analyte, with_preliminary=True)
    other = next((each for each in latest if each.written != result.written), None)
    if other is not None and result in latest and reported(other) != reported(result):
        notes.append(f"also {' '.join(reported(other)).rstrip()} that day")
    notes += _correction(result, knowledge)
    _, age = result.age(facts.today)
    if age > knowledge.analytes[result.analyte].current:
        notes.append(f"{age} days old")
    return notes


def _correction(result: LabResult, knowledge: Knowledge) -> list[str]:
    """The value after a correction, and by what."""
    if result.corrected is None or result.companion is None:
        return []
    own, other = (knowledge.analytes[each.analyte].short for each in (result, result.companion))
    if result.companion.analyte == "albumin":
        return [f"{result.corrected} adjusted for {other} {' '.join(reported(result.companion))}"]
    return [f"{own} {result.corrected} when corrected for {other}"]


# --- diagnoses --------------------------------------------------------------------------------------------------


def concept(entry: Diagnosed, knowledge: Knowledge) -> str:
    """The concept in words."""
    return knowledge.names.get(entry.concept, entry.concept.replace("_", " "))


def recorded(entry: Diagnosed) -> str:
    """ "since 3 Mar 2020" by its onset, "recorded 3 Mar 2020" where only that is known."""
    if entry.on is None:
        return "date not recorded"
    if entry.concept.endswith("surgery"):
        return f"on {entry.on}"
    return f"recorded {entry.on}" if entry.on == entry.recorded else f"since {entry.on}"


def diagnosis(entries: Sequence[Diagnosed], facts: Facts, knowledge: Knowledge) -> str:
    """A bullet of one entry and what it was read as: "type 2 diabetes, diabetic neuropathy since 15 Mar 2021"."""
    entry = entries[0]
    is_pregnancy = entry.concept == "pregnancy_current" and facts.gestation is not None
    weeks = f", {facts.gestation} weeks" if is_pregnancy else ""
    doubt = "" if entry.is_confirmed else ", not confirmed"
    text = ", matched by text" if entry.matched_by == "text" else ""
    names = ", ".join(dict.fromkeys(concept(each, knowledge) for each in entries))
    return f"{names} {recorded(entry)}{weeks}{doubt}{text}"


def dropped(each: Fact, why: str, knowledge: Knowledge) -> str:
    """One item of the set-aside line: the fact and why it was not used."""
    if isinstance(each, LabResult):
        name = " ".join((knowledge.analytes[each.analyte].short, *reported(each))).rstrip()
        return f"{name} ({', '.join((str(each.taken), *_correction(each, knowledge), why))})"
    if isinstance(each, Diagnosed):
        return f"{concept(each, knowledge)} ({why})"
    if why:
        return f"{drug(each)} ({why})"
    reasons = {
        TimeClass.AFTER: ", after the cramps began",
        TimeClass.OUTLASTED: "; the cramps went on",
        TimeClass.STOPPED: ", long before the cramps",
    }
    return f"{drug(each)} ({since(each)}{reasons.get(each.time_class, '')})"
