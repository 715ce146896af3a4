"""Medicines as written -> exposures: courses and dose rises."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice, pairwise
from typing import NamedTuple

import msgspec

from cds_service.code_table import WAYS
from cds_service.dates import Span, written
from cds_service.doses import daily_dose, is_divided
from cds_service.facts import Course, Exposure, Rise
from cds_service.hooks import DRAFTS
from cds_service.quantity import Quantity
from cds_service.record import UNREAL_INTENTS, Concept, Dose, Medicine

# a recorded end and a start no later than this are one course (DECISIONS, Exposures)
REJOIN = timedelta(days=30)
REISSUED = timedelta(days=60)  # one dose given out again within this ran on beside another one
YEARLY = timedelta(days=400)  # entries without any end join over a yearly re-order

# courses kept of one ingredient, the latest; more is no real record, and courses are compared pair by pair
_MOST_COURSES = 40
_MOST_REASONS = 1000  # of one course
_MOST_DOSES = 20  # different doses in one course; with more, none of them is told

_REAL = {"active", "completed", "stopped", "unknown", ""}


class Taking(msgspec.Struct, frozen=True, gc=False):
    """One entry of one ingredient, its dates read."""

    began: Span | None
    began_is_stated: bool
    ended: Span | None
    is_active: bool
    is_unknown: bool
    is_over: bool  # no longer taken, whatever end is written
    is_statement: bool
    dose: Quantity | None
    dose_is_open: bool  # a dose is written, but not plainly
    is_divided: bool  # taken at several times of the day
    source: str
    reasons: tuple[str, ...]
    key: str

    @property
    def is_draft(self) -> bool:
        """Whether it is only being ordered."""
        return self.key == DRAFTS


def is_real(medicine: Medicine) -> bool:
    """Whether the entry says that the medicine was taken, or was meant to be (KNOWLEDGE X9)."""
    if medicine.do_not_perform or medicine.status not in _REAL:
        return False
    return medicine.is_statement or medicine.intent not in UNREAL_INTENTS


class Daily(NamedTuple):
    """The *dose* a day, None when it is not plain; and whether it *is_divided* over the day."""

    dose: Quantity | None
    is_divided: bool

    @classmethod
    def of(cls, doses: Sequence[Dose], named: Concept) -> "Daily":
        """Read the dosage lines; *named* may hold the strength of the product."""
        dose = daily_dose(doses, named)
        return cls(dose, dose is not None and is_divided(doses))


def taking(medicine: Medicine, daily: Daily) -> Taking:
    """Read the dates of one real entry; *daily* is what its dosage lines say."""
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
        dose=daily.dose,
        dose_is_open=daily.dose is None and bool(medicine.doses),
        is_divided=daily.is_divided,
        source=medicine.source,
        reasons=tuple(word for reason in medicine.reasons for word in reason.concept.words()),
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
        matched_by = min((matched for matched, _ in members), key=WAYS.index)
        if made := courses(
            [entry for _, entry in members], oldest_if_cut, today
        ):  # none: all is yet to begin
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
        if ended is None or later(ended.last, YEARLY) >= today:
            runs[-1] += present
        else:
            runs.append(present)
    return tuple(_cut(_course(run, today), run[0], oldest_if_cut) for run in runs[-_MOST_COURSES:])


def _runs(dated: Sequence[Taking]) -> list[list[Taking]]:
    """Entries in order of their start, cut where one doesn't continue those before it."""
    runs = [[dated[0]]]
    lasting = _covers_until(dated[0], is_last=False)
    for entry in dated[1:]:
        if _start(entry) <= max(lasting, _covers_until(runs[-1][-1], is_last=True)):
            runs[-1].append(entry)
        else:
            runs.append([entry])
            lasting = date.min
        lasting = max(lasting, _covers_until(entry, is_last=False))
    return runs


def _order(entry: Taking) -> tuple[date, date, str]:
    return _start(entry), entry.ended.first if entry.ended else date.max, entry.source


def _start(entry: Taking) -> date:
    return entry.began.first if entry.began else date.min


def _covers_until(entry: Taking, *, is_last: bool) -> date:
    """The last day on which a further entry continues this one."""
    if entry.ended:
        return later(entry.ended.last, REJOIN)
    if entry.is_active and entry.is_statement:
        return date.max
    return later(_start(entry), YEARLY) if is_last or entry.is_active else date.min


def later(day: date, by: timedelta) -> date:
    """The day moved on, at most to the calendar's end."""
    return day + by if day <= date.max - by else date.max


def _course(run: Sequence[Taking], today: date) -> Course:
    first = next((entry for entry in run if entry.began), run[0])
    running = any(_runs_on(entry, today) for entry in run)
    last_end = _end(run, today)
    levels = _levels(run)
    changes = _changes(levels)
    same_day = [entry for entry in run if entry.began == first.began]
    return Course(
        began=first.began,
        began_is_stated=any(entry.began_is_stated for entry in same_day),
        ended=None if running else last_end,
        end_is_unknown=not running and last_end is None,
        rises=tuple(each for each in changes if each.after.value > each.before.value),
        last_change=changes[-1] if changes else None,
        levels=tuple(levels),
        dose=_last_dose(run, levels),
        is_divided=any(entry.is_divided for entry in run),
        sources=tuple(sorted({entry.source for entry in run})),
        is_weak=all(entry.is_unknown for entry in run),
        given=tuple(
            sorted({entry.began for entry in run if entry.began}, key=lambda on: (on.first, on.last))
        ),
        reasons=_reasons(run),
        is_draft=all(entry.is_draft for entry in run),
    )


def _reasons(run: Sequence[Taking]) -> tuple[str, ...]:
    """
    What it is given for: where it is being ordered, what the order says, if it says anything.

    Of more than any course has, some: to sort a hundred thousand would stop every thread for a tenth of a second.
    """
    ordered = dict.fromkeys(reason for entry in run if entry.is_draft for reason in entry.reasons)
    found = ordered or dict.fromkeys(reason for entry in run for reason in entry.reasons)
    return tuple(sorted(islice(found, _MOST_REASONS)))


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
    return later(entry.ended.last, grace) >= today


def _cut(course: Course, first: Taking, oldest_if_cut: Mapping[str, date]) -> Course:
    """Forget a start that an entry beyond the end of a cut-off list may precede."""
    oldest = oldest_if_cut.get(first.key)
    if oldest is None or course.began is None or (first.is_statement and first.began_is_stated):
        return course
    reach = REJOIN if first.ended else YEARLY
    return replace(course, began=None) if course.began.first <= later(oldest, reach) else course


# --- dose rises ----------------------------------------------------------------------------------------------------


_Level = tuple[Span, Quantity | None]


def _levels(run: Sequence[Taking]) -> list[_Level]:
    """
    The dose from each day on which one is written; several on one day count once, the highest.

    None where the dose of that day can't be told: two strengths run side by side, or a lower one was added.
    """
    dosed = [entry for entry in run if entry.began and entry.dose]
    if len(dosed) < 2:
        return [(entry.began, entry.dose) for entry in dosed if entry.began]
    levels: dict[Span, Quantity] = {}
    for entry in dosed:
        if entry.began and entry.dose:
            known = levels.get(entry.began)
            if known is None or (known.unit == entry.dose.unit and known.value < entry.dose.value):
                levels[entry.began] = entry.dose
    open_days = {entry.began for entry in (*_side_by_side(dosed), *_added(dosed))}
    ordered = sorted(levels.items(), key=lambda level: (level[0].first, level[0].last))
    return [(on, None if on in open_days else dose) for on, dose in ordered]


def _side_by_side(dosed: Sequence[Taking]) -> Sequence[Taking]:
    """Entries of two doses of which one was given out again while the other one was: A, B, A."""
    ordered = sorted(dosed, key=_order)
    places: dict[Quantity | None, list[int]] = defaultdict(list)
    for place, entry in enumerate(ordered):
        places[entry.dose].append(place)
    if len(places) > _MOST_DOSES:
        return ordered
    found: list[Taking] = []
    for issued in places.values():
        for first, last in pairwise(issued):
            before, after = ordered[first], ordered[last]
            between = [each for each in ordered[first + 1 : last] if _is_beside(each, before, after)]
            found += [before, *between, after] if between else []
    return found


def _is_beside(entry: Taking, before: Taking, after: Taking) -> bool:
    """Whether *entry* began between two of another dose that ran on; one after the other is a step up and back."""
    if not _start(before) < _start(entry) < _start(after):
        return False
    follows = before.ended is not None and before.ended.last <= _start(entry)
    is_followed = entry.ended is not None and entry.ended.last <= _start(after)
    if follows and is_followed:
        return False
    lasted = max(_start(before), min(before.ended.last, _start(after)) if before.ended else date.min)
    return _start(after) - lasted <= REISSUED


def _added(dosed: Sequence[Taking]) -> list[Taking]:
    """Active statements of a dose lower than that of an earlier one that is open too."""
    found: list[Taking] = []
    highest: dict[str, Taking] = {}
    for entry in sorted(dosed, key=_order):
        if entry.dose and entry.is_statement and entry.is_active and not entry.ended:
            known = highest.setdefault(entry.dose.unit, entry)
            if known.dose and known.dose.value > entry.dose.value and _start(known) < _start(entry):
                found.append(entry)
            elif known.dose and known.dose.value < entry.dose.value:
                highest[entry.dose.unit] = entry
    return found


def _changes(levels: Sequence[_Level]) -> tuple[Rise, ...]:
    """Every change of the dose, up or down."""
    return tuple(
        Rise(on, before, after)
        for (_, before), (on, after) in pairwise(levels)
        if before and after and before.unit == after.unit and after.value != before.value
    )


def _last_dose(run: Sequence[Taking], levels: Sequence[_Level]) -> Quantity | None:
    """The dose of the latest entry that says one; None when that is in doubt."""
    if levels:
        on, dose = levels[-1]
        is_open = any(entry.dose_is_open and _start(entry) > on.first for entry in run)
        return None if is_open else dose
    doses = {entry.dose for entry in run if entry.dose}
    return doses.pop() if len(doses) == 1 else None
