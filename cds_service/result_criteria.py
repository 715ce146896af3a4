"""The vocabulary of triggers: words about a result, each answering holds, fails or unknown.

Not measured, unit not understood, or a list that was not supplied is unknown, never "fails".
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from cds_service.facts import Diagnosed, LabResult, Timing
from cds_service.quantity import Quantity
from cds_service.truth import Answer, Case, Criterion, any_of, said, unknown

_FEW = 20  # results of one moment that are judged one by one


@dataclass(frozen=True)
class Compared:
    """
    `below:`, `at_most:`, `above:`, `at_least:`: the value against a limit, in the unit reported.

    *limits* holds one limit for each unit. The unit "ULN" means multiples of the reporting laboratory's own upper
    limit. *measured* compares the reported value even where a corrected one is known.
    """

    word: str
    limits: tuple[Quantity, ...]
    measured: bool = False

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"{self.word}: {' or '.join(map(str, self.limits))}"

    def answer(self, case: Case) -> Answer:
        """Unknown without a result, in a unit that has no limit here, or when a comparator leaves it open."""
        return self.compared(case, self.words)

    def compared(self, case: Case, words: str) -> Answer:
        """The same, told in other words."""
        result = case.subject
        if not isinstance(result, LabResult):
            return unknown(words, "no result")
        limit = self._limit(result)
        if limit is None:
            own = any(each.unit == "ULN" for each in self.limits)
            return unknown(words, "the laboratory's upper limit" if own else "a limit in this unit")
        value = result.value if self.measured or result.corrected is None else result.corrected
        truth = _compare(self.word, value, result.comparator, limit)
        if truth is None:
            written = " ".join(result.readable()).rstrip()
            return unknown(words, f"{_plain(result.analyte)} reported only as {written}")
        return said(words, truth, (result,))

    def _limit(self, result: LabResult) -> Decimal | None:
        for limit in self.limits:
            if limit.unit == result.unit:
                return limit.value
            if limit.unit == "ULN" and result.high is not None:
                return limit.value * result.high
        return None


def _compare(word: str, value: Decimal, comparator: str, limit: Decimal) -> bool | None:
    """Compare; a comparator decides only when every value that it allows gives the same answer."""
    test = _TESTS[word]
    if not comparator:
        return test(value, limit)
    if comparator[0] not in "<>":
        return None
    upward = comparator.startswith(">")
    at_bound, beyond = test(value, limit), test(Decimal("1e30") if upward else Decimal("-1e30"), limit)
    if at_bound == beyond:
        return at_bound
    # "<3.5" leaves out 3.5 itself, so it settles `below: 3.5` and `at_least: 3.5`
    open_ended = comparator in ("<", ">") and value == limit
    return beyond if open_ended else None


_TESTS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    "below": operator.lt,
    "at_most": operator.le,
    "above": operator.gt,
    "at_least": operator.ge,
}


@dataclass(frozen=True)
class Of:
    """`of: calcium_ionized`: which analyte the limits beside it are for."""

    analyte: str

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"of: {_plain(self.analyte)}"

    def answer(self, case: Case) -> Answer:
        """Never unknown."""
        is_it = isinstance(case.subject, LabResult) and case.subject.measures == self.analyte
        return said(self.words, is_it, (case.subject,) if case.subject else ())


@dataclass(frozen=True)
class Rose:
    """`rose: {times: 1.5, within: 365 days}`: against the lowest earlier result of that many days, in one unit."""

    times: Decimal
    days: int

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"rose: {self.times} times within {self.days} days"

    def answer(self, case: Case) -> Answer:
        """Unknown without an earlier result to compare with."""
        result = case.subject
        if not isinstance(result, LabResult):
            return unknown(self.words, "no result")
        earlier = [
            each for each in case.facts.results.get(result.analyte, ()) if self._is_before(each, result)
        ]
        lowest = min(earlier, key=lambda each: (each.value, each.source), default=None)
        if lowest is None:
            return unknown(self.words, f"an earlier {_plain(result.analyte)}")
        return said(self.words, result.value >= self.times * lowest.value, (lowest, result))

    def _is_before(self, earlier: LabResult, result: LabResult) -> bool:
        fewest, most = earlier.taken.days_until(result.taken)
        same_kind = earlier.unit == result.unit and not earlier.comparator and not result.comparator
        return same_kind and fewest > 0 and most <= self.days


@dataclass(frozen=True)
class OutOfRange:
    """`low:` and `high:`: outside the laboratory's own limit where the result carries one, else ours."""

    word: str
    limits: tuple[Quantity, ...]

    @cached_property
    def _ours(self) -> Compared:
        return Compared("below" if self.word == "low" else "above", self.limits)

    @cached_property
    def words(self) -> str:
        """As the trace tells it, where our own limit counts."""
        return f"{self.word} ({self._ours.words})"

    def answer(self, case: Case) -> Answer:
        """As `below` and `above`."""
        own = self._own(case.subject) if isinstance(case.subject, LabResult) else None
        if own is None:
            return self._ours.compared(case, self.words)
        return own.compared(case, f"{self.word} ({own.words})" if case.in_full else self.words)

    def _own(self, result: LabResult) -> Compared | None:
        """By the laboratory's own limit, where it gave one."""
        limit = result.low if self.word == "low" else result.high
        return None if limit is None else Compared(self._ours.word, (Quantity(limit, result.unit),))


@dataclass(frozen=True, slots=True)
class WithoutRange:
    """`without_range: yes`: the laboratory gave no upper limit with the result."""

    def answer(self, case: Case) -> Answer:
        """Unknown without a result."""
        if not isinstance(case.subject, LabResult):
            return unknown("without range", "no result")
        return said("without range", case.subject.high is None, (case.subject,))


@dataclass(frozen=True, slots=True)
class SameSample:
    """`same_sample:`, with words about the result that corrected this one (a high glucose beside a sodium)."""

    about: Criterion

    def answer(self, case: Case) -> Answer:
        """Fails when nothing corrected the result."""
        companion = case.subject.companion if isinstance(case.subject, LabResult) else None
        if companion is None:
            return said("same sample", truth=False)
        inner = self.about.answer(case.about(companion))
        return Answer(inner.truth, "same sample", inner.evidence, inner.unknown, (inner,))


@dataclass(frozen=True, slots=True)
class AtNight:
    """`at_night: yes`: taken from 23:00 to 06:00, local time."""

    def answer(self, case: Case) -> Answer:
        """Unknown when no local time is written."""
        result = case.subject
        if not isinstance(result, LabResult) or result.clock is None:
            return unknown("at night", "time of day of the result")
        return said("at night", result.clock >= "23:00" or result.clock <= "06:00", (result,))


@dataclass(frozen=True)
class Latest:
    """
    `latest: tsh`, with words about the result beside it.

    Of several results that may be the newest (one day, no times) any one that holds decides: the more abnormal.
    """

    analyte: str
    about: Criterion
    with_preliminary: bool = False

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"latest: {self.analyte}"

    def answer(self, case: Case) -> Answer:
        """Unknown when it was never measured."""
        results = case.facts.latest(self.analyte, with_preliminary=self.with_preliminary)
        if not results:
            cut = self.analyte in case.facts.unseen
            return unknown(
                self.words, f"{_plain(self.analyte)} {'possibly cut off' if cut else 'not measured'}"
            )
        return any_of(self.words, [self.about.answer(case.about(result)) for result in extremes(results)])


def extremes(results: Sequence[LabResult]) -> Sequence[LabResult]:
    """The lowest and the highest in each unit: no value between them can be the more abnormal one."""
    if len(results) <= _FEW:
        return results
    by_value = sorted(results, key=lambda each: (each.unit, each.corrected or each.value, each.source))
    units = [list(members) for _, members in groupby(by_value, key=lambda each: each.unit)]
    return [each for members in units for each in (*members[:_FEW], *members[-_FEW:])]


@dataclass(frozen=True)
class Unmeasured:
    """
    `unmeasured: tsh` with `within: 365 days`: no usable result that recent, of none of several analytes.

    With `since_change: yes` no result since the start, rise or last dose of the file's drug, or since its diagnosis.
    """

    analytes: tuple[str, ...]
    days: int | None
    since_change: bool = False

    @cached_property
    def _names(self) -> str:
        return " or ".join(map(_plain, self.analytes))

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        since = "since the change" if self.since_change else f"within {self.days} days"
        return f"unmeasured: {self._names} {since}"

    def answer(self, case: Case) -> Answer:
        """Unknown when the list that would hold it was missing or cut off."""
        results = (each for name in self.analytes for each in case.facts.results.get(name, ()))
        recent = any(self._is_recent(each, case) for each in results)
        if not recent and not case.facts.unseen.isdisjoint(self.analytes):
            return unknown(self.words, f"{self._names} possibly cut off")
        return said(self.words, not recent)

    def _is_recent(self, result: LabResult, case: Case) -> bool:
        if self.days is not None and result.age(case.facts.today)[1] > self.days:
            return False
        if not self.since_change:
            return True
        subject = case.subject
        since = subject.on if isinstance(subject, Diagnosed) else None
        change = subject.change if isinstance(subject, Timing) else since
        return change is not None and result.taken.first > change.last


@dataclass(frozen=True)
class SameDay:
    """`same_day: potassium`, with limits beside it: a result of that analyte of the day of the file's own result."""

    analyte: str
    about: Criterion

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"same day: {_plain(self.analyte)}"

    def answer(self, case: Case) -> Answer:
        """Unknown when there is no such result."""
        own = case.subject
        taken = own.taken if isinstance(own, LabResult) else None
        results = [each for each in case.facts.results.get(self.analyte, ()) if each.taken == taken]
        if not results:
            return unknown(self.words, f"{_plain(self.analyte)} of that day")
        return any_of(self.words, [self.about.answer(case.about(each)) for each in results])


_WRITTEN = {"hba1c": "HbA1c", "tsh": "TSH", "egfr": "eGFR", "bmi": "BMI", "alcohol_audit_c": "AUDIT-C"}


def _plain(name: str) -> str:
    return _WRITTEN.get(name) or name.replace("_", " ")
