"""How exposures stand to the onset of the cramps: time classes, and switches within a class."""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from operator import itemgetter

from cds_service.dates import Span
from cds_service.exposures import REJOIN, YEARLY, later
from cds_service.facts import Course, Exposure, GivenFrom, Onset, TimeClass, Timing

_Member = tuple[Exposure, Course]

STRONG, PLAUSIBLE, RECENT = 90, 365, 90  # days (KNOWLEDGE section 3)


def timings(
    members: Sequence[Exposure],
    onset: Onset | None,
    washout: int,
    today: date,
    potency: Mapping[str, Decimal] | None,
) -> tuple[Timing, ...]:
    """
    How each member of one drug class stands to the onset, strongest first.

    A member that only continues another one (a switch) inherits its start and its entries, and the one it replaced
    is not counted again as stopped. Without any onset all that is taken now is of unknown class. *washout* is in
    days; *potency* ranks the members where a switch to a stronger one is a start, None where none continues another.
    """
    continued = _switches(members, potency) if potency is not None and len(members) > 1 else {}
    replaced = {before for befores in continued.values() for before in befores}
    found = []
    for exposure in members:
        each = [
            _timed((exposure, course), continued, onset, washout, today)
            for course in exposure.courses
            if (exposure, course) not in replaced
        ]
        if each:
            found.append(
                min(each, key=lambda made: (made.time_class.strength, -_first(made.course).toordinal()))
            )
    return tuple(sorted(found, key=lambda made: (made.time_class.strength, made.exposure.ingredient)))


def doses(
    members: Sequence[Exposure], onset: Onset | None, window: int, counted: GivenFrom
) -> tuple[Timing, ...]:
    """
    How single doses and infusions stand to the onset, strongest first.

    The *last dose* before it (or the *start* of the course) counts when it was at most *window* days before, however
    long ago the course began or ended; *while taken* adds a course that runs on. Without any onset all is of unknown
    class.
    """
    found = []
    for exposure in members:
        each = [_dose(exposure, course, onset, window, counted) for course in exposure.courses]
        found.append(min(each, key=lambda made: (made.time_class.strength, -_first(made.course).toordinal())))
    return tuple(sorted(found, key=lambda made: (made.time_class.strength, made.exposure.ingredient)))


def _dose(exposure: Exposure, course: Course, onset: Onset | None, window: int, counted: GivenFrom) -> Timing:
    made = Timing(exposure, course, TimeClass.UNKNOWN, course.began, is_dose=True)
    if course.began is None or onset is None:
        return made
    if _is_after(course.began, onset):
        return replace(made, time_class=TimeClass.AFTER)
    known = (
        (course.began,) if counted == "start" else (*course.given, *((course.ended,) if course.ended else ()))
    )
    before = [each for each in known if not _is_after(each, onset)] or [course.began]
    last = max(before, key=lambda each: (each.last, each.first))
    fewest, most = last.days_until(onset.on)
    if fewest < 0:
        return replace(made, order_is_unknown=True)
    runs_on = counted == "while taken" and course.is_running
    if most > window and not runs_on and counted == "last dose" and course.is_running:
        return made  # an open entry does not say when the last dose was
    if most > window and not runs_on:
        return replace(made, time_class=TimeClass.STOPPED, change=last)
    if course.is_weak:
        return replace(made, is_dose=False)
    # what is started or taken on is told as any drug is, a single dose by the day it was given
    is_dose = counted != "start" and not runs_on
    days = most if fewest == most and not runs_on else None
    change = course.began if runs_on else last
    return replace(made, time_class=TimeClass.STRONG, change=change, days=days, is_dose=is_dose)


def _timed(
    member: _Member,
    continued: Mapping[_Member, tuple[_Member, ...]],
    onset: Onset | None,
    washout: int,
    today: date,
) -> Timing:
    """With the start and the entries of all that it continues, and their names in order of their start."""
    if member not in continued:
        return _timing(*member, member[1].began, onset, washout, today)
    course, began, earlier = _with_history(member, continued)
    made = _timing(member[0], course, began, onset, washout, today)
    return replace(made, replaced=tuple(name for name in earlier if name != member[0].ingredient))


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
    if since <= RECENT and most > 0:
        return replace(made, time_class=TimeClass.UNKNOWN, order_is_unknown=True)
    return replace(made, time_class=TimeClass.STOPPED_SINCE if since <= RECENT else TimeClass.OUTLASTED)


def _switches(
    members: Sequence[Exposure], potency: Mapping[str, Decimal]
) -> dict[_Member, tuple[_Member, ...]]:
    """
    Courses that only continue another drug of the class, and which ones.

    A switch is a course whose predecessor of another ingredient ended within 30 days of its start. A switch to an
    ingredient and dose that *potency* ranks as stronger is a start, so it is not among them.
    """
    pairs = [(each, course) for each in members for course in each.courses]
    earlier = _Earlier(pairs)
    continued = {
        after: tuple(before for before in earlier.than(after) if not _is_stronger(after, before, potency))
        for after in pairs
    }
    return {after: befores for after, befores in continued.items() if befores}


class _Earlier:
    """The courses of a class by their ends: each is compared only with those that ended about when it began."""

    def __init__(self, pairs: Sequence[_Member]) -> None:
        self._pairs = pairs
        ended = ((course.ended, place) for place, (_, course) in enumerate(pairs))
        self._ended = sorted((end.last.toordinal(), place) for end, place in ended if end)
        self._open = [place for place, (_, course) in enumerate(pairs) if course.end_is_unknown]

    def than(self, after: _Member) -> Iterator[_Member]:
        """What a course took the place of."""
        exposure, course = after
        if course.began is None:
            return
        day = course.began.first.toordinal()
        first = bisect_left(self._ended, day - REJOIN.days, key=itemgetter(0))
        last = bisect_right(self._ended, day + REJOIN.days, key=itemgetter(0))
        near = (place for _, place in self._ended[first:last])
        for place in sorted((*near, *self._open)):
            old, old_course = before = self._pairs[place]
            is_another = old.value_set == exposure.value_set and old.ingredient != exposure.ingredient
            if is_another and _hands_over(old_course, course):
                yield before


def _with_history(
    member: _Member, continued: Mapping[_Member, tuple[_Member, ...]]
) -> tuple[Course, Span | None, tuple[str, ...]]:
    """
    The course, its start, and the drugs it went through, oldest first.

    After a switch the entries and the start are those of what it continues, and so is whether the start is stated.
    """
    found, open_ = {member: None}, deque([member])
    while open_:
        befores = [each for each in continued.get(open_.popleft(), ()) if each not in found]
        found |= dict.fromkeys(befores)
        open_ += befores
    history = sorted(found, key=lambda each: (_first(each[1]), each[0].ingredient))
    sources = {source for _, course in history for source in course.sources}
    first = history[0][1]
    course = replace(member[1], sources=tuple(sorted(sources)), began_is_stated=first.began_is_stated)
    return course, first.began, tuple(dict.fromkeys(each.ingredient for each, _ in history))


def _first(course: Course) -> date:
    return course.began.first if course.began else date.min


def _hands_over(before: Course, after: Course) -> bool:
    if _first(before) >= _first(after):
        return False
    if before.ended is not None:
        return abs((before.ended.last - _first(after)).days) <= REJOIN.days
    return before.end_is_unknown and later(_first(before), YEARLY) >= _first(after)


def _is_stronger(after: _Member, before: _Member, potency: Mapping[str, Decimal]) -> bool:
    """By dose times potency where both doses are known in mg, else by potency alone."""
    strengths = [potency.get(exposure.ingredient, Decimal(0)) for exposure, _ in (after, before)]
    doses = [course.dose for _, course in (after, before)]
    if all(dose is not None and dose.unit == "mg" for dose in doses):
        strengths = [rank * dose.value for rank, dose in zip(strengths, doses, strict=True) if dose]
    return strengths[0] > strengths[1]
