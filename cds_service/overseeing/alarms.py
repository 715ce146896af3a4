"""Whether a site's signals stopped or jumped against their own past: pure, on counts by day."""

# How it is decided
#
# A signal is there in k of n answers of a day. The last 1, 3, 7 and 21 days (small sites see little in a week) are each
# compared with the 28 days before them. What is told has to pass two limits. The odds have changed at least twofold,
# and the share by more than half a point: nobody wants to hear of less. And chance explains it in one of ODDS days at
# most, for all signals and windows of a client together (Bonferroni). Chance is what a beta-binomial gives: so many of
# so many were seen in the past, how probable are so few, or so many, now?
#
# Answers are not independent: a patient comes back, a clinic has its weekday. So every count is divided by its
# dispersion, which is how many times the counts of windows in the past varied more than those of independent answers:
# the signal's own one, or the usual one of all signals of that kind where that is larger.
#
# How many charts are opened is no share: see `opens`.
#
# Days of an alarm are no past: a fault that lasts stays an alarm (DAYS long), and its repair is none.

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median

from cds_service.overseeing import opens
from cds_service.signals import OPEN, whole

DAYS = 90
"""How far back alarms may have begun."""
PAST = 28
LEAST_PAST = 14  # days
WINDOWS = (1, 3, 7, 21)
ODDS = 100
_LEAST_RATIO = 2.0  # of the odds
_LEAST_STEP = 0.005
_FEW = 10  # answers: a share of fewer says little
_LEAST_DISPERSION = 1.2
_DOUBT = 10  # windows: how much the usual dispersion weighs beside a signal's own one

Counts = Mapping[str, Mapping[date, int]]
"""By signal and day, of one client."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many; of charts that were opened, so many in so many days."""

    count: int
    of: int

    @property
    def odds(self) -> float:
        """Its odds, as far as they can be told from so few."""
        return (self.count + 0.5) / (self.of - self.count + 0.5)


@dataclass(frozen=True, slots=True)
class Alarm:
    """
    A signal that changed, probably on the day *since*, and was *before* what it is not *now*.

    *found* is the day at whose end that was certain enough, *until* the one from which on it was back as before. Of
    OPEN the shares are charts of days.
    """

    signal: str
    since: date
    found: date
    before: Share
    now: Share
    until: date | None = None

    @property
    def is_fall(self) -> bool:
        """Whether it became less."""
        return self.now.count * self.before.of < self.before.count * self.now.of


def alarms(counts: Counts, last: date, since: date | None = None) -> tuple[Alarm, ...]:
    """The alarms that stand at the end of the day *last*; the past begins on *since*, if that is said."""
    return tuple(each for each in history(counts, last, since) if each.until is None)


def history(counts: Counts, last: date, since: date | None = None) -> tuple[Alarm, ...]:
    """The alarms of the last 90 days, those that are over too, in the order in which they were found."""
    first = min((day for days in counts.values() for day in days), default=last)
    first = max(first, since or first, last - timedelta(days=DAYS + PAST))
    size = (last - first).days + 1
    if size <= LEAST_PAST or OPEN not in counts:
        return ()
    lines = {name: _line(days, first, size) for name, days in counts.items()}
    walk = _Walk(first, lines)
    for place in range(LEAST_PAST, size):
        walk.look(place)
    return tuple(sorted((*walk.told, *_opens(first, lines[OPEN])), key=lambda each: each.found))


def _opens(first: date, line: Sequence[int]) -> Iterator[Alarm]:
    for each in opens.spells(line):
        begin, found = (first + timedelta(days=place) for place in (each.begin, each.found))
        end = len(line) if each.end is None else each.end
        until = None if each.end is None else first + timedelta(days=each.end)
        days = end - each.begin
        yield Alarm(OPEN, begin, found, Share(each.usual, days), Share(each.seen, days), until)


def _line(days: Mapping[date, int], first: date, size: int) -> list[int]:
    return [days.get(first + timedelta(days=place), 0) for place in range(size)]


class _Series:
    """
    One signal, day by day: *k* of *n*.

    Days of an alarm are taken out: they have neither.
    """

    def __init__(self, k: Sequence[int], n: Sequence[int]) -> None:
        self.k, self.n = list(k), list(n)
        self._sums = [_sums(self.k), _sums(self.n)]
        self._is_whole = True

    def take_out(self, begin: int, end: int) -> None:
        for line in (self.k, self.n):
            line[begin:end] = [0] * (end - begin)
        self._sums = [_sums(self.k), _sums(self.n)]
        self._is_whole = False

    def within(self, begin: int, end: int) -> Share:
        k, n = self._sums
        return Share(k[end] - k[begin], n[end] - n[begin])

    def past(self, end: int) -> int:
        """Where the past of a window that begins at *end* begins: 28 days earlier, or more where some are taken out."""
        if self._is_whole:
            return max(0, end - PAST)
        left, place = PAST, end
        while left and place:
            place -= 1
            left -= self.n[place] > 0
        return place


def _sums(line: Sequence[int]) -> list[int]:
    sums = [0]
    for each in line:
        sums.append(sums[-1] + each)
    return sums


@dataclass(slots=True)
class _Standing:
    """An alarm that stands, and its place in the list."""

    begin: int
    before: Share
    now: Share
    place: int


@dataclass(slots=True)
class _Walk:
    """Goes through the days; what it has found up to one depends on no later day."""

    first: date
    lines: Mapping[str, Sequence[int]]
    told: list[Alarm] = field(default_factory=list)
    _series: dict[str, _Series] = field(default_factory=dict)
    _standing: dict[str, _Standing] = field(default_factory=dict)
    _dispersions: dict[tuple[int, str, int], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nothing = [0] * len(self.lines[OPEN])
        self._series = {
            name: _Series(line, self.lines.get(whole(name), nothing))
            for name, line in self.lines.items()
            if name != OPEN
        }

    def look(self, day: int) -> None:
        """Look at what is known at the end of a day."""
        # for each side of each window of each signal that was ever seen
        limit = 1 / ODDS / (2 * len(WINDOWS) * max(1, len(self._series)))
        for name, series in self._series.items():
            if name in self._standing:
                self._look_again(name, series, day)
            elif (begin := self._changed(name, series, day, limit)) is not None:
                self._tell(name, series, begin, day)

    def _changed(self, name: str, series: _Series, day: int, limit: float) -> int | None:
        """Where the shortest window begins that differs from its past."""
        for days in WINDOWS:
            begin = day + 1 - days
            start = series.past(begin)
            before, now = series.within(start, begin), series.within(begin, day + 1)
            if begin < LEAST_PAST or not now.of or not _matters(before, now):
                continue
            # the second takes long, and can only make it more probable
            if _chance(before, now, _LEAST_DISPERSION) > limit:
                continue
            if _chance(before, now, self._dispersion(name, series, start, begin, days)) < limit:
                return begin
        return None

    def _dispersion(self, name: str, series: _Series, start: int, end: int, days: int) -> float:
        """The signal's own one, as far as so few windows tell it, if it is larger than the usual one."""
        found = _LEAST_DISPERSION
        for each in {1, days}:
            usual = self._usual(whole(name), end, each)
            own = _dispersion(series, start, end, each)
            known = (end - start) / each - 1
            shrunk = usual if own is None else (known * own + _DOUBT * usual) / (known + _DOUBT)
            found = max(found, usual, shrunk)
        return found

    def _usual(self, of: str, end: int, days: int) -> float:
        """The dispersion of most signals that are parts of the same."""
        key = (end, of, days)
        if key not in self._dispersions:
            parts = (each for name, each in self._series.items() if whole(name) == of)
            found = [_dispersion(each, each.past(end), end, days) for each in parts]
            known = [each for each in found if each is not None]
            self._dispersions[key] = median(known) if known else 1.0
        return self._dispersions[key]

    def _tell(self, name: str, series: _Series, window: int, day: int) -> None:
        start = series.past(window)
        before, now = series.within(start, window), series.within(window, day + 1)
        begin = _turn(series, max(start, window - 7), day, before, now)
        start = series.past(begin)
        before, now = series.within(start, begin), series.within(begin, day + 1)
        self._standing[name] = _Standing(begin, before, now, len(self.told))
        self.told.append(Alarm(name, self._date(begin), self._date(day), before, now))

    def _look_again(self, name: str, series: _Series, day: int) -> None:
        """Whether what changed is back; until then, how it stands."""
        standing = self._standing[name]
        days = 3 if series.within(day - 2, day + 1).of >= _FEW else 7
        recent = series.within(max(standing.begin, day + 1 - days), day + 1)
        told = self.told[standing.place]
        if not recent.of or _fits(recent, standing.now) >= _fits(recent, standing.before):
            now = series.within(standing.begin, day + 1)
            self.told[standing.place] = _at(told, now, None)
            return
        end = _turn(series, standing.begin + 1, day, standing.now, standing.before)
        self.told[standing.place] = _at(told, series.within(standing.begin, end), self._date(end))
        series.take_out(standing.begin, end)
        del self._standing[name]

    def _date(self, place: int) -> date:
        return self.first + timedelta(days=place)


def _at(told: Alarm, now: Share, until: date | None) -> Alarm:
    return Alarm(told.signal, told.since, told.found, told.before, now, until)


# --- shares -----------------------------------------------------------------------------------------------------


def _matters(before: Share, now: Share) -> bool:
    """Whether a change is large enough that a person wants to hear of it."""
    if not before.of:
        return False
    ratio = now.odds / before.odds
    step = abs(now.count / now.of - before.count / before.of)
    return step >= _LEAST_STEP and not 1 / _LEAST_RATIO < ratio < _LEAST_RATIO


def _chance(before: Share, now: Share, dispersion: float) -> float:
    """
    How probable so few now are, or so many, when nothing changed.

    The tail of a beta-binomial distribution, of counts that need not be whole.
    """
    k0, n0, k, n = (each / dispersion for each in (before.count, before.of, now.count, now.of))
    if now.count * before.of > before.count * now.of:  # too many are too few of the others
        k0, k = n0 - k0, n - k
    a, b = k0 + 0.5, n0 - k0 + 0.5
    log = math.lgamma
    term = math.exp(
        log(n + 1) - log(k + 1) - log(n - k + 1)
        + log(k + a) + log(n - k + b) - log(n + a + b)
        - log(a) - log(b) + log(a + b)
    )  # fmt: skip
    total = term
    while k >= 1 and term > total * 1e-4:
        term *= k * (n - k + b) / ((n - k + 1) * (k - 1 + a))
        total += term
        k -= 1
    return total


def _dispersion(series: _Series, start: int, end: int, days: int) -> float | None:
    """
    How many times more the counts of windows in the past varied than those of independent answers.

    None when too few are known.
    """
    every = series.within(start, end)
    if min(every.count, every.of - every.count) < _FEW:
        return None
    share = every.count / every.of
    found = [series.within(place, place + days) for place in range(start, end - days + 1)]
    known = [each for each in found if each.of]
    # a window is a part of the whole that it is compared with
    left = 1 - days / max(end - start, days + 1)
    return (
        sum((each.count - each.of * share) ** 2 / each.of for each in known)
        / (len(known) * share * (1 - share) * left)
        if known
        else None
    )


def _fits(seen: Share, model: Share) -> float:
    """The log-likelihood of what is seen where the share is that of the model."""
    share = (model.count + 0.5) / (model.of + 1)
    return seen.count * math.log(share) + (seen.of - seen.count) * math.log1p(-share)


def _turn(series: _Series, start: int, day: int, before: Share, after: Share) -> int:
    """The day from *start* on from which the later share fits better than the earlier one."""
    best, most, gain = day, -math.inf, 0.0
    for place in range(day, start - 1, -1):
        each = series.within(place, place + 1)
        gain += _fits(each, after) - _fits(each, before)
        if gain > most and each.of:
            best, most = place, gain
    return best
