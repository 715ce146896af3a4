"""
The vocabulary of triggers: one small class a word, each answering holds, fails or unknown.

Not measured, unit not understood, or a list that was not supplied is unknown, never "fails".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from cds_service.dates import Span
from cds_service.facts import Course, Diagnosed, Exposure, Fact, LabResult, TimeClass, Timing
from cds_service.quantity import Quantity
from cds_service.truth import Answer, Case, Criterion, Truth, any_of, said, unknown

# --- words about the drug that a file is about ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Began:
    """`began: [strong, plausible]`: the time class of the file's drug (KNOWLEDGE section 3)."""

    classes: frozenset[TimeClass]

    def answer(self, case: Case) -> Answer:
        """Never unknown: an unknown start is a time class of its own."""
        words = f"began: {', '.join(sorted(each.value for each in self.classes))}"
        if not isinstance(case.subject, Timing):
            return unknown(words, "when the drug began")
        return said(words, case.subject.time_class in self.classes, (case.subject,))


@dataclass(frozen=True, slots=True)
class PrescribedFor:
    """`prescribed_for: [malaria]`: a word in the recorded reason; matched by text only."""

    reasons: tuple[str, ...]

    def answer(self, case: Case) -> Answer:
        """Fails when no reason is recorded: then the usual reading stands."""
        words = f"prescribed for: {', '.join(self.reasons)}"
        recorded = case.subject.course.reasons if isinstance(case.subject, Timing) else ()
        named = any(reason in text.casefold() for text in recorded for reason in self.reasons)
        return said(words, named, (case.subject,) if case.subject else ())


# --- words about a result -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compared:
    """
    `below:`, `at_most:`, `above:`, `at_least:`: the value against a limit, in the unit reported.

    *limits* holds one limit for each unit. The unit "ULN" means multiples of the reporting laboratory's own upper
    limit. *measured* compares the reported value even where a corrected one is known.
    """

    word: str
    limits: tuple[Quantity, ...]
    measured: bool = False

    def answer(self, case: Case) -> Answer:
        """Unknown without a result, in a unit that has no limit here, or when a comparator leaves it open."""
        words = f"{self.word}: {' or '.join(map(str, self.limits))}"
        result = case.subject
        if not isinstance(result, LabResult):
            return unknown(words, "no result")
        limit = self._limit(result)
        if limit is None:
            own = any(each.unit == "ULN" for each in self.limits)
            return unknown(words, "the laboratory's upper limit" if own else "a limit in this unit")
        value = result.value if self.measured or result.corrected is None else result.corrected
        truth = _compare(self.word, value, result.comparator, limit)
        return (
            unknown(words, f"{_plain(result.analyte)} reported only as {' '.join(result.readable())}")
            if truth is None
            else said(words, truth, (result,))
        )

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
    # "<3.5" leaves out 3.5 itself, so it settles `below: 3.5`; ">10" settles `above: 10`
    open_ended = comparator in ("<", ">") and value == limit and word in ("below", "above")
    return beyond if open_ended else None


_TESTS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "below": lambda value, limit: value < limit,
    "at_most": lambda value, limit: value <= limit,
    "above": lambda value, limit: value > limit,
    "at_least": lambda value, limit: value >= limit,
}


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """`low:` and `high:`: outside the laboratory's own limit where the result carries one, else ours."""

    word: str
    limits: tuple[Quantity, ...]

    def answer(self, case: Case) -> Answer:
        """As `below` and `above`."""
        result = case.subject
        compared = Compared("below" if self.word == "low" else "above", self.limits)
        if isinstance(result, LabResult):
            own = result.low if self.word == "low" else result.high
            if own is not None:
                compared = Compared(compared.word, (Quantity(own, result.unit),))
        inner = compared.answer(case)
        return Answer(inner.truth, f"{self.word} ({inner.words})", inner.evidence, inner.unknown)


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
        inner = self.about.answer(Case(case.facts, companion))
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


@dataclass(frozen=True, slots=True)
class Within:
    """`within: 90 days`: the age of the result or diagnosis, both ends included."""

    days: int

    def answer(self, case: Case) -> Answer:
        """Must hold over the whole of a partial date; unknown without a date."""
        words = f"within: {self.days} days"
        on = _on(case.subject)
        if on is None:
            return unknown(words, "date not recorded")
        _, most = on.days_until(Span.of(case.facts.today))
        return said(words, most <= self.days, (case.subject,) if case.subject else ())


@dataclass(frozen=True, slots=True)
class Undated:
    """`undated: yes`: the diagnosis carries no readable date."""

    def answer(self, case: Case) -> Answer:
        """Never unknown."""
        undated = isinstance(case.subject, Diagnosed) and case.subject.on is None
        return said("undated", undated, (case.subject,) if case.subject else ())


def _on(subject: Fact | None) -> Span | None:
    if isinstance(subject, LabResult):
        return subject.taken
    return subject.on if isinstance(subject, Diagnosed) else None


# --- words about anything in the record -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Taking:
    """
    `taking: digoxin`: on the index day; `ingredients` narrows a class to some of its members.

    With `when_taken: yes` it must have begun before the result was taken that the file is about.
    """

    value_set: str
    ingredients: frozenset[str] = frozenset()
    when_taken: bool = False

    def answer(self, case: Case) -> Answer:
        """Unknown when a medication list is missing or cut off and the drug is in none that was read."""
        words = f"taking: {self.value_set}"
        found = tuple(
            taken(exposure, course)
            for exposure, course in case.facts.taking(self.value_set)
            if (not self.ingredients or exposure.ingredient in self.ingredients)
            and (not self.when_taken or _began_before(course, case.subject))
        )
        if found or case.facts.medicines_are_complete:
            return said(words, bool(found), found)
        return unknown(words, "medication list incomplete")


def _began_before(course: Course, subject: Fact | None) -> bool:
    """A course without a start counts as long-standing."""
    return course.began is None or (
        isinstance(subject, LabResult) and course.began.last < subject.taken.first
    )


def taken(exposure: Exposure, course: Course) -> Timing:
    """A drug that is taken now, whatever its time class."""
    return Timing(exposure, course, TimeClass.UNKNOWN, change=course.began)


@dataclass(frozen=True, slots=True)
class HasDiagnosis:
    """`diagnosed: arrhythmia`, with words about the entry beside it (`within: 90 days`)."""

    concepts: tuple[str, ...]
    about: Criterion

    def answer(self, case: Case) -> Answer:
        """Unknown when the list of conditions is cut off and no entry that was read holds."""
        words = f"diagnosed: {', '.join(self.concepts)}"
        entries = [entry for concept in self.concepts for entry in case.facts.diagnoses.get(concept, ())]
        # an entry that holds is evidence by itself, whatever the words beside it add
        answers = (
            replace(answer, evidence=tuple(dict.fromkeys((entry, *answer.evidence))))
            if answer.holds
            else answer
            for entry in entries
            for answer in (self.about.answer(Case(case.facts, entry)),)
        )
        answer = any_of(words, tuple(answers))
        if answer.truth is Truth.FAILS and "conditions" in case.facts.cut_off:
            return unknown(words, "conditions incomplete")
        return answer


@dataclass(frozen=True, slots=True)
class Latest:
    """
    `latest: tsh`, with words about the result beside it.

    Of several results that may be the newest (one day, no times) any one that holds decides: the more abnormal.
    """

    analyte: str
    about: Criterion
    with_preliminary: bool = False

    def answer(self, case: Case) -> Answer:
        """Unknown when it was never measured."""
        words = f"latest: {self.analyte}"
        results = case.facts.latest(self.analyte, with_preliminary=self.with_preliminary)
        if not results:
            cut = self.analyte in case.facts.unseen
            return unknown(words, f"{_plain(self.analyte)} {'possibly cut off' if cut else 'not measured'}")
        return any_of(words, tuple(self.about.answer(Case(case.facts, result)) for result in results))


def _plain(name: str) -> str:
    return name.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """`unmeasured: tsh` with `within: 365 days`: no usable result that recent."""

    analyte: str
    days: int

    def answer(self, case: Case) -> Answer:
        """Unknown when the list that would hold it was missing or cut off."""
        words = f"unmeasured: {self.analyte} within {self.days} days"
        within = Within(self.days)
        recent = any(
            within.answer(Case(case.facts, each)).holds for each in case.facts.results.get(self.analyte, ())
        )
        if not recent and self.analyte in case.facts.unseen:
            return unknown(words, f"{_plain(self.analyte)} possibly cut off")
        return said(words, not recent)


@dataclass(frozen=True, slots=True)
class GestationBelow:
    """`gestation_below: 13 weeks`, by due date, last period or recorded gestational age."""

    weeks: int

    def answer(self, case: Case) -> Answer:
        """Unknown when nothing dates the pregnancy."""
        words = f"gestation below {self.weeks} weeks"
        weeks = case.facts.gestation
        return unknown(words, "gestation not dated") if weeks is None else said(words, weeks < self.weeks)


@dataclass(frozen=True, slots=True)
class Always:
    """A subject that is enough by itself."""

    def answer(self, case: Case) -> Answer:
        """Holds, with the subject as its evidence."""
        return said("recorded", True, (case.subject,) if case.subject else ())
