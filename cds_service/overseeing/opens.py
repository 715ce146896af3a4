"""Whether charts are opened as often as usual: a line of counts, day by day, against itself. Pure."""

# A day is compared with the same weekdays before it. Holidays, which no calendar here knows, are days like a Sunday,
# and two or three of them in a week are usual: most days of a week have to be low, or one day far below the quietest.

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, median_high, median_low
from typing import NamedTuple

_WEEKS = 4  # before, of which a weekday's usual count is the median
_FURTHEST = 12  # weeks, where some are taken out
_LOW, _HIGH = 0.62, 1.6  # of the usual, for most days of a week; between the years more than that come
_BACK_LOW, _BACK_HIGH = 0.8, 1.3  # on the way back to usual
_QUIETEST = 28  # days
_SIGMAS = 4.0
_SIGMAS_OF_REST = 2.5
_HOLIDAYS = 2  # in a week
_LEAST = 3.0  # charts that are usual on a day that says something
_DAYS = 4  # of a week, that have to say something
_LEAST_DISPERSION = 1.5
_OF_MEDIAN = 0.455  # the median of a squared normal deviate


class Spell(NamedTuple):
    """
    From the day *begin* on, charts were opened less or more often than usual, found on a day.

    *end* is the day on which it was over, None while it lasts. *usual* and *seen* are counts of all its days.
    """

    begin: int
    found: int
    end: int | None
    usual: int
    seen: int


def spells(line: Sequence[int]) -> list[Spell]:
    """All that were found, one after the other."""
    walk = _Walk(line, [float(each) for each in line])
    for day in range(len(line)):
        walk.look(day)
    return walk.found


@dataclass(slots=True)
class _Walk:
    line: Sequence[int]
    normal: list[float]  # NaN for what is taken out: days of a spell are no past
    found: list[Spell] = field(default_factory=list)
    usual: dict[int, float | None] = field(default_factory=dict)

    def look(self, day: int) -> None:
        """Look at what is known at the end of a day."""
        self.usual[day] = self._usual(day)
        last = self.found[-1] if self.found else None
        if last is not None and last.end is None:
            self.normal[day] = math.nan
            self._look_again(last, day)
        elif (sign := self._week(day) or self._day(day)) != 0:
            self._begin(day, sign)

    def _usual(self, day: int) -> float | None:
        before = (day - 7 * weeks for weeks in range(1, _FURTHEST + 1) if day >= 7 * weeks)
        known = [self.normal[each] for each in before if not math.isnan(self.normal[each])][:_WEEKS]
        return median(known) if len(known) >= 2 else None

    def _telling(self, begin: int, end: int) -> list[tuple[int, float]]:
        """Days on which enough charts are usual, and how many."""
        days = ((each, self.usual.get(each)) for each in range(max(begin, 0), end))
        return [(each, usual) for each, usual in days if usual is not None and usual >= _LEAST]

    def _week(self, day: int) -> int:
        """-1 when most days of the last week were low, 1 when most were high, else 0."""
        days = self._telling(day - 6, day + 1)
        if len(days) < _DAYS:
            return 0
        ratios = sorted((self.line[each] / usual, each, usual) for each, usual in days)
        if median_high(ratio for ratio, _, _ in ratios) < _LOW:
            # whatever two holidays took
            return -int(
                self._is_far(ratios, day, _SIGMAS) and self._is_far(ratios[_HOLIDAYS:], day, _SIGMAS_OF_REST)
            )
        return int(median_low(ratio for ratio, _, _ in ratios) > _HIGH and self._is_far(ratios, day, _SIGMAS))

    def _is_far(self, days: Sequence[tuple[float, int, float]], day: int, sigmas: float) -> bool:
        usual = sum(each for _, _, each in days)
        seen = sum(self.line[place] for _, place, _ in days)
        return abs(seen - usual) > sigmas * math.sqrt(self._dispersion(day) * usual * (1 + 1 / _WEEKS))

    def _day(self, day: int) -> int:
        """-1 when the day is far below the quietest one."""
        past = self.normal[max(0, day - _QUIETEST) : day]
        known = [each for each in past if not math.isnan(each)]
        if len(known) < _QUIETEST / 2:
            return 0
        quietest = min(known)
        lacking = quietest - self.line[day]
        far = _SIGMAS * math.sqrt(self._dispersion(day) * quietest)
        return -int(lacking > quietest / 2 and lacking > far)

    def _dispersion(self, day: int) -> float:
        """How many times more counts varied, before this week, than those of independent people; holidays aside."""
        before = self._telling(day - 6 - _QUIETEST, day - 6)
        days = [each for each in before if not math.isnan(self.normal[each[0]])]
        if len(days) < 7:
            return 2 * _LEAST_DISPERSION
        off = [(self.line[each] - usual) ** 2 / usual / (1 + 1 / _WEEKS) for each, usual in days]
        return max(_LEAST_DISPERSION, median(off) / _OF_MEDIAN)

    def _begin(self, day: int, sign: int) -> None:
        middle = _BACK_LOW if sign < 0 else _BACK_HIGH
        begin, most, gain = day, 0.0, 0.0
        for each, usual in reversed(self._telling(day - 13, day + 1)):
            gain += sign * (self.line[each] / usual - middle)
            if gain > most:
                begin, most = each, gain
        for each in range(begin, day + 1):
            self.normal[each] = math.nan
        self.found.append(self._spell(begin, day, None, day + 1))

    def _look_again(self, spell: Spell, day: int) -> None:
        days = self._telling(max(spell.begin, day - 6), day + 1)[-3:]
        usual = sum(each for _, each in days)
        is_low = spell.seen < spell.usual
        end = None
        if len(days) == 3 and _is_back(sum(self.line[each] for each, _ in days), usual, is_low=is_low):
            end = next(each for each, usual in days if _is_back(self.line[each], usual, is_low=is_low))
            self.normal[end : day + 1] = [float(each) for each in self.line[end : day + 1]]
        self.found[-1] = self._spell(spell.begin, spell.found, end, day + 1 if end is None else end)

    def _spell(self, begin: int, found: int, end: int | None, until: int) -> Spell:
        usual = sum(self.usual.get(each) or 0 for each in range(begin, until))
        return Spell(begin, found, end, round(usual), sum(self.line[begin:until]))


def _is_back(seen: int, usual: float, *, is_low: bool) -> bool:
    return seen >= _BACK_LOW * usual if is_low else seen <= _BACK_HIGH * usual
