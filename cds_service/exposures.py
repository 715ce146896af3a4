"""Medicines as written -> exposures: courses, dose rises, and how each stands to the onset of the cramps."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from cds_service.dates import Span, written
from cds_service.facts import Course, Exposure, Onset, Rise, TimeClass, Timing
from cds_service.names import word_set
from cds_service.quantity import Quantity
from cds_service.record import Concept, Dose, Medicine

REJOIN = timedelta(
    days=30
)  # a recorded end and a start no later than this are one course (DECISIONS, Exposures)
YEARLY = timedelta(days=400)  # entries without any end join over a yearly re-order
STRONG, PLAUSIBLE, RECENT = 90, 365, 90  # days (KNOWLEDGE section 3)

_REAL_STATEMENTS = {"active", "completed", "stopped", "unknown", ""}
_REAL_REQUESTS = {"active", "completed", "stopped", "unknown", ""}
_UNREAL_INTENTS = {"proposal", "plan", "option"}
# not the second half of "20/12.5 mg", and no concentration ("10 mg/mL")
_STRENGTH = re.compile(
    r"(?<![\d.,])(?<!\d[-/])(?<!\d [-/])(?<!\d [-/] )(\d+(?:[.,]\d+)?) ?"
    r"(mg|mcg|micrograms?|µg|ug|g|units?|iu|mmol|meq)\b"
    r"(?! ?/ ?[\d.,]* ?(?:ml|dl|l|h|hr|hour|actuat|act|dose|kg|m2|g|day|d)\b)",
    re.IGNORECASE,
)
_UNITS = {
    "mg": "mg",
    "milligram": "mg",
    "milligrams": "mg",
    "g": "g",
    "gram": "g",
    "grams": "g",
    "ug": "ug",
    "mcg": "ug",
    "µg": "ug",
    "microgram": "ug",
    "micrograms": "ug",
    "u": "U",
    "unit": "U",
    "units": "U",
    "iu": "U",
    "[iu]": "U",
    "mmol": "mmol",
    "meq": "meq",
}
_MOST = Decimal(1_000_000)  # more of any unit is no dose
_PIECE = re.compile(r"\W*(?:(?:1|each|piece|\w*(?:tab|tbl|cap|pill)\w*)\W*)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|\d+")
# a text made of nothing else speaks of one dose a day
_ONCE_A_DAY = word_set("""
    take one 1 tablet tab capsule cap pill once a per each every day daily od qd om on in the morning
    evening night nightly at bedtime mane nocte by mouth oral orally po inject subcutaneous
    subcutaneously sc dose of with food water breakfast
""")


@dataclass(frozen=True, slots=True)
class Taking:
    """One entry of one ingredient, its dates read."""

    began: Span | None
    began_is_stated: bool
    ended: Span | None
    is_active: bool
    is_unknown: bool
    is_over: bool  # no longer taken, whatever end is written
    is_statement: bool
    dose: Quantity | None
    source: str
    reasons: tuple[str, ...]
    key: str


def is_real(medicine: Medicine) -> bool:
    """Whether the entry says that the medicine was taken, or was meant to be (KNOWLEDGE X9)."""
    if medicine.do_not_perform:
        return False
    if medicine.is_statement:
        return medicine.status in _REAL_STATEMENTS
    return medicine.status in _REAL_REQUESTS and medicine.intent not in _UNREAL_INTENTS


def taking(medicine: Medicine) -> Taking:
    """Read the dates and the daily dose of one real entry."""
    began, ended = written(medicine.started), written(medicine.stopped)
    if ended is None and began is not None and medicine.supply_days:
        ended = began.plus(medicine.supply_days)
    return Taking(
        began=began,
        began_is_stated=medicine.started_is_stated,
        ended=ended,
        is_active=medicine.status == "active",
        is_unknown=medicine.status in ("unknown", ""),
        is_over=medicine.status == "stopped" or (medicine.is_statement and medicine.status == "completed"),
        is_statement=medicine.is_statement,
        dose=daily_dose(medicine.doses, medicine.concept),
        source=medicine.source,
        reasons=tuple(word for reason in medicine.reasons for word in reason.words()),
        key=medicine.key,
    )


def exposures(
    entries: Iterable[tuple[str, str, str, Taking]], oldest_if_cut: Mapping[str, date], today: date
) -> dict[str, tuple[Exposure, ...]]:
    """
    Group entries (value set, ingredient, matched by, what was read) into exposures by value set.

    *oldest_if_cut* gives, for each list that goes on unread, the oldest day it reached.
    """
    groups: dict[tuple[str, str], list[tuple[str, Taking]]] = defaultdict(list)
    for value_set, ingredient, matched_by, entry in entries:
        groups[value_set, ingredient].append((matched_by, entry))
    found: dict[str, list[Exposure]] = defaultdict(list)
    for (value_set, ingredient), members in sorted(groups.items()):
        matched_by = min((matched for matched, _ in members), key=("code", "prefix", "text").index)
        made = courses([entry for _, entry in members], oldest_if_cut, today)
        found[value_set].append(Exposure(ingredient, value_set, made, matched_by))
    return {value_set: tuple(members) for value_set, members in found.items()}


# --- courses --------------------------------------------------------------------------------------------------


def courses(entries: Sequence[Taking], oldest_if_cut: Mapping[str, date], today: date) -> tuple[Course, ...]:
    """
    Join entries into courses, oldest first.

    A recorded end followed by a start more than 30 days later is a new course; entries without an end join when at
    most 400 days apart; an active statement without an end covers all that follows. Entries without a start make one
    course of unknown start when they are all there is; beside dated ones only those count that say it is taken now.
    """
    dated = sorted((entry for entry in entries if entry.began), key=_order)
    dated = [entry for entry in dated if _start(entry) <= today + timedelta(days=1)]
    undated = sorted(
        (entry for entry in entries if not entry.began), key=lambda entry: (not entry.is_active, entry.source)
    )
    if not dated:
        return (_course(undated, today),) if undated else ()
    runs = _runs(dated)
    if present := [entry for entry in undated if entry.is_active and not entry.ended]:
        ended = _course(runs[-1], today).ended
        if ended is None or _later(ended.last, YEARLY) >= today:
            runs[-1] += present
        else:
            runs.append(present)
    return tuple(_cut(_course(run, today), run[0], oldest_if_cut) for run in runs)


def _runs(dated: Sequence[Taking]) -> list[list[Taking]]:
    """Entries in order of their start, cut where one doesn't continue those before it."""
    runs = [[dated[0]]]
    for entry in dated[1:]:
        if _start(entry) <= max(_covers_until(each, is_last=each is runs[-1][-1]) for each in runs[-1]):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def _order(entry: Taking) -> tuple[date, date, str]:
    return _start(entry), entry.ended.first if entry.ended else date.max, entry.source


def _start(entry: Taking) -> date:
    return entry.began.first if entry.began else date.min


def _covers_until(entry: Taking, *, is_last: bool) -> date:
    """The last day on which a further entry continues this one."""
    if entry.ended:
        return _later(entry.ended.last, REJOIN)
    if entry.is_active and entry.is_statement:
        return date.max
    return _later(_start(entry), YEARLY) if is_last or entry.is_active else date.min


def _later(day: date, by: timedelta) -> date:
    return day + by if day <= date.max - by else date.max


def _course(run: Sequence[Taking], today: date) -> Course:
    first = next((entry for entry in run if entry.began), run[0])
    running = any(_runs_on(entry, today) for entry in run)
    last_end = _end(run, today)
    same_day = [entry for entry in run if entry.began == first.began]
    return Course(
        began=first.began,
        began_is_stated=any(entry.began_is_stated for entry in same_day),
        ended=None if running else last_end,
        end_is_unknown=not running and last_end is None,
        rises=_rises(run),
        dose=_last_dose(run),
        sources=tuple(sorted({entry.source for entry in run})),
        is_weak=all(entry.is_unknown for entry in run),
        reasons=tuple(sorted({reason for entry in run for reason in entry.reasons})),
    )


def _end(run: Sequence[Taking], today: date) -> Span | None:
    """The last recorded end, None when a later entry has none; an end still to come is no end of what is over."""
    ends = [entry.ended for entry in run if entry.ended and entry.ended.first <= today]
    last = max(ends, key=lambda span: (span.last, span.first), default=None)
    if last is None or any(entry.ended not in ends and _start(entry) > last.last for entry in run):
        return None
    return last


def _runs_on(entry: Taking, today: date) -> bool:
    """Whether it is taken on the index day: a supply that has just run out counts until the next is overdue."""
    if entry.is_over:
        return False
    if not (entry.is_active or entry.is_unknown):
        return entry.ended is not None and entry.ended.first >= today
    if entry.ended is None:
        return True
    grace = timedelta(0) if entry.is_statement else REJOIN
    return _later(entry.ended.last, grace) >= today


def _cut(course: Course, first: Taking, oldest_if_cut: Mapping[str, date]) -> Course:
    """Forget a start that an entry beyond the end of a cut-off list may precede."""
    oldest = oldest_if_cut.get(first.key)
    if oldest is None or course.began is None or (first.is_statement and first.began_is_stated):
        return course
    reach = REJOIN if first.ended else YEARLY
    return replace(course, began=None) if course.began.first <= _later(oldest, reach) else course


# --- doses ----------------------------------------------------------------------------------------------------


def _levels(run: Sequence[Taking]) -> list[tuple[Span, Quantity]]:
    """The dose from each day on which one is written; several on one day count once, the highest."""
    levels: dict[Span, Quantity] = {}
    for entry in run:
        if entry.began and entry.dose:
            known = levels.get(entry.began)
            if known is None or (known.unit == entry.dose.unit and known.value < entry.dose.value):
                levels[entry.began] = entry.dose
    return sorted(levels.items(), key=lambda level: (level[0].first, level[0].last))


def _rises(run: Sequence[Taking]) -> tuple[Rise, ...]:
    levels = _levels(run)
    return tuple(
        Rise(on, before, after)
        for (_, before), (on, after) in pairwise(levels)
        if before.unit == after.unit and after.value > before.value
    )


def _last_dose(run: Sequence[Taking]) -> Quantity | None:
    levels = _levels(run)
    if levels:
        return levels[-1][1]
    return next((entry.dose for entry in run if entry.dose), None)


def daily_dose(doses: Sequence[Dose], concept: Concept) -> Quantity | None:
    """
    The dose a day: dose times how often, else the strength of one unit of the product.

    Dose lines of one entry add up. Amounts in tablets are multiplied by the strength. None when anything needed is
    unknown, or the text holds more than one strength (a combination, or a tapering schedule).
    """
    strength = _strength(concept)
    parts = [_line(dose, strength) for dose in doses]
    known = [part for part in parts if part]
    if not known or len(known) < len(parts) or len({part.unit for part in known}) > 1:
        return strength
    return _daily(sum((part.value for part in known), Decimal(0)), known[0].unit)


def _line(dose: Dose, strength: Quantity | None) -> Quantity | None:
    """One dosage line; without a timing its text, if there is one, must speak of once a day."""
    if dose.per_day is None and not _is_once_a_day(dose.text):
        return None
    per_day = Decimal(1) if dose.per_day is None else dose.per_day
    if dose.amount is None:
        return _in_text(dose.text) if dose.per_day is None else None
    unit = _UNITS.get(dose.unit.casefold())
    if unit:
        return _daily(dose.amount * per_day, unit)
    if strength is None or not _PIECE.fullmatch(dose.unit):
        return None
    return _daily(dose.amount * per_day * strength.value, strength.unit)


def _is_once_a_day(text: str) -> bool:
    said = {word.casefold() for word in _WORD.findall(_STRENGTH.sub(" ", text[:300]))}
    return said <= _ONCE_A_DAY


def _strength(concept: Concept) -> Quantity | None:
    return next((found for found in map(_in_text, concept.words()) if found), None)


def _in_text(text: str) -> Quantity | None:
    """The only strength named in *text*; None when there is none, or more than one."""
    found = {(number.replace(",", "."), unit.casefold()) for number, unit in _STRENGTH.findall(text[:300])}
    if len(found) != 1:
        return None
    number, unit = found.pop()
    return _daily(Decimal(number), _UNITS.get(unit, unit))


def _daily(value: Decimal, unit: str) -> Quantity | None:
    """Without an exponent or trailing zeros: 80, not 8E+1 or 80.0; None for what can't be a dose."""
    if not Decimal("0.001") <= value <= _MOST:
        return None
    rounded = round(value, 3).normalize()
    return Quantity(rounded.quantize(Decimal(1)) if rounded == rounded.to_integral() else rounded, unit)


# --- against the onset ----------------------------------------------------------------------------------------


def timings(
    members: Sequence[Exposure],
    onset: Onset | None,
    washout: int,
    today: date,
    potency: Mapping[str, Decimal],
) -> tuple[Timing, ...]:
    """
    How each member of one drug class stands to the onset, strongest first.

    A member that only continues another one (a switch) inherits its start and its entries, and the one it replaced
    is not counted again as stopped. Without any onset all that is taken now is of unknown class. *washout* is in
    days; *potency* ranks the members where a switch to a stronger one is a start.
    """
    continued = _switches(members, potency)
    replaced = {before for befores in continued.values() for before in befores}
    found = []
    for exposure in members:
        each = [
            _timing(exposure, *_with_history((exposure, course), continued), onset, washout, today)
            for course in exposure.courses
            if (exposure, course) not in replaced
        ]
        if each:
            found.append(
                min(each, key=lambda made: (made.time_class.strength, -_first(made.course).toordinal()))
            )
    return tuple(sorted(found, key=lambda made: (made.time_class.strength, made.exposure.ingredient)))


def _timing(
    exposure: Exposure, course: Course, began: Span | None, onset: Onset | None, washout: int, today: date
) -> Timing:
    """An exposure known only from entries of unknown status is never more than of unknown class."""
    made = _dated(Timing(exposure, course, TimeClass.UNKNOWN, change=began), began, onset, washout, today)
    if course.is_weak and made.time_class.strength < TimeClass.UNKNOWN.strength:
        return replace(made, time_class=TimeClass.UNKNOWN, change=began, is_rise=False, days=None)
    return made


def _dated(made: Timing, began: Span | None, onset: Onset | None, washout: int, today: date) -> Timing:
    course = made.course
    if onset is None:
        if course.is_running:
            return made
        onset = Onset(Span.of(today), is_stated=True)
    if began is not None and _is_after(began, onset):
        return replace(made, time_class=TimeClass.AFTER)
    if course.end_is_unknown:
        return replace(made, time_class=TimeClass.STOP_NOT_RECORDED)
    if course.ended is not None:
        return _stopped(made, course.ended, onset, washout, today)
    start = made if began is None else _since(made, began, onset)
    rises = [
        replace(_since(made, rise.on, onset), is_rise=True)
        for rise in course.rises
        if not _is_after(rise.on, onset)
    ]
    return min((start, *rises), key=lambda each: each.time_class.strength)


def _is_after(change: Span, onset: Onset) -> bool:
    """Certainly after the onset; a recorded date that stands in for one puts the same day after it."""
    _, most = change.days_until(onset.on)
    return most < 0 or (most == 0 and not onset.is_stated)


def _since(made: Timing, change: Span, onset: Onset) -> Timing:
    """A change that was not certainly after the onset; partial dates get the weakest class they may mean."""
    fewest, most = change.days_until(onset.on)
    if fewest < 0 or (fewest == 0 and not onset.is_stated):
        return replace(made, time_class=TimeClass.UNKNOWN, change=change, order_is_unknown=True)
    time_class = (
        TimeClass.STRONG if most <= STRONG else TimeClass.PLAUSIBLE if most <= PLAUSIBLE else TimeClass.WEAK
    )
    return replace(made, time_class=time_class, change=change, days=most if fewest == most else None)


def _stopped(made: Timing, ended: Span, onset: Onset, washout: int, today: date) -> Timing:
    fewest, most = ended.days_until(onset.on)
    if fewest > 0:
        time_class = TimeClass.RECENTLY_STOPPED if most <= washout else TimeClass.STOPPED
        return replace(made, time_class=time_class, days=most if fewest == most else None)
    _, since = ended.days_until(Span.of(today))
    return replace(made, time_class=TimeClass.STOPPED_SINCE if since <= RECENT else TimeClass.OUTLASTED)


_Member = tuple[Exposure, Course]


def _switches(
    members: Sequence[Exposure], potency: Mapping[str, Decimal]
) -> dict[_Member, tuple[_Member, ...]]:
    """
    Courses that only continue another drug of the class, and which ones.

    A switch is a course whose predecessor of another ingredient ended within 30 days of its start. A switch to an
    ingredient and dose that *potency* ranks as stronger is a start, so it is not among them.
    """
    pairs = [(each, course) for each in members for course in each.courses]
    continued = {
        after: tuple(
            before
            for before in pairs
            if _is_switch(before, after) and not _is_stronger(after, before, potency)
        )
        for after in pairs
    }
    return {after: befores for after, befores in continued.items() if befores}


def _is_switch(before: _Member, after: _Member) -> bool:
    (old, old_course), (new, new_course) = before, after
    if old.value_set != new.value_set or old.ingredient == new.ingredient or not new_course.began:
        return False
    return _hands_over(old_course, new_course)


def _with_history(
    member: _Member, continued: Mapping[_Member, tuple[_Member, ...]]
) -> tuple[Course, Span | None]:
    """The course and its start; after a switch with the entries and the start of what it continues."""
    history, place = [member], 0
    while place < len(history):
        history += [each for each in continued.get(history[place], ()) if each not in history]
        place += 1
    sources = {source for _, course in history for source in course.sources}
    start = min((course for _, course in history), key=_first).began
    return replace(member[1], sources=tuple(sorted(sources))), start


def _first(course: Course) -> date:
    return course.began.first if course.began else date.min


def _hands_over(before: Course, after: Course) -> bool:
    if _first(before) >= _first(after):
        return False
    if before.ended is not None:
        return abs((before.ended.last - _first(after)).days) <= REJOIN.days
    return before.end_is_unknown and _later(_first(before), YEARLY) >= _first(after)


def _is_stronger(after: _Member, before: _Member, potency: Mapping[str, Decimal]) -> bool:
    """By dose times potency where both doses are known in mg, else by potency alone."""
    strengths = [potency.get(exposure.ingredient, Decimal(0)) for exposure, _ in (after, before)]
    doses = [course.dose for _, course in (after, before)]
    if all(dose is not None and dose.unit == "mg" for dose in doses):
        strengths = [rank * dose.value for rank, dose in zip(strengths, doses, strict=True) if dose]
    return strengths[0] > strengths[1]
