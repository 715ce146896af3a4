"""The vocabulary of triggers: words about a drug, each answering holds, fails or unknown.

A drug that is in no list is unknown, never "fails", where a list was not supplied or is cut off.
"""

from dataclasses import dataclass
from functools import cached_property

from cds_service.dates import Span
from cds_service.facts import Course, Exposure, Fact, LabResult, TimeClass, Timing
from cds_service.quantity import Quantity
from cds_service.truth import Answer, Case, said, unknown


@dataclass(frozen=True)
class Began:
    """`began: [strong, plausible]`: the time class of the file's drug (KNOWLEDGE section 3)."""

    classes: frozenset[TimeClass]

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"began: {', '.join(sorted(each.value for each in self.classes))}"

    def answer(self, case: Case) -> Answer:
        """Never unknown: an unknown start is a time class of its own."""
        if not isinstance(case.subject, Timing):
            return unknown(self.words, "when the drug began")
        return said(self.words, case.subject.time_class in self.classes, (case.subject,))


@dataclass(frozen=True)
class PrescribedFor:
    """`prescribed_for: [malaria]`: a word in the recorded reason; matched by text only."""

    reasons: tuple[str, ...]

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"prescribed for: {', '.join(self.reasons)}"

    def answer(self, case: Case) -> Answer:
        """Fails when no reason is recorded: then the usual reading stands."""
        recorded = case.subject.course.reasons if isinstance(case.subject, Timing) else ()
        named = any(reason in text.casefold() for text in recorded for reason in self.reasons)
        return said(self.words, named, (case.subject,) if case.subject else ())


@dataclass(frozen=True)
class Is:
    """`is: [clarithromycin]`: the file's own drug is one of these ingredients."""

    ingredients: frozenset[str]

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"is: {', '.join(sorted(self.ingredients))}"

    def answer(self, case: Case) -> Answer:
        """Never unknown."""
        named = isinstance(case.subject, Timing) and case.subject.exposure.ingredient in self.ingredients
        return said(self.words, named, (case.subject,) if case.subject else ())


@dataclass(frozen=True, slots=True)
class Running:
    """`running: yes`: the file's own drug is taken on the index day."""

    def answer(self, case: Case) -> Answer:
        """Fails where the end is not recorded either."""
        running = isinstance(case.subject, Timing) and case.subject.course.is_running
        return said("running", running, (case.subject,) if case.subject else ())


@dataclass(frozen=True)
class Exposed:
    """
    `exposed: 90 days`: the file's drug had been taken that long when the cramps began.

    A start that is not recorded counts as long ago (KNOWLEDGE section 3).
    """

    days: int

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"exposed: {self.days} days"

    def answer(self, case: Case) -> Answer:
        """Must hold over the whole of partial dates; unknown where dates are too coarse."""
        subject = case.subject
        if not isinstance(subject, Timing) or subject.order_is_unknown:
            return unknown(self.words, "how long the drug was taken")
        began = subject.course.began
        if began is None:
            return said(self.words, True, (subject,))
        onset = case.facts.onset
        fewest, most = began.days_until(onset.on if onset else Span.of(case.facts.today))
        if fewest < self.days <= most:
            return unknown(self.words, "how long the drug was taken")
        return said(self.words, fewest >= self.days, (subject,))


@dataclass(frozen=True)
class Taking:
    """
    `taking: digoxin`: on the index day; `ingredients` narrows a class to some of its members.

    With `when_taken: yes` it must have begun before the result was taken that the file is about, with
    `before_onset: yes` before the cramps did; `dose_above` is a daily dose.
    """

    value_set: str
    ingredients: frozenset[str] = frozenset()
    when_taken: bool = False
    before_onset: bool = False
    dose_above: Quantity | None = None

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"taking: {self.value_set}"

    def answer(self, case: Case) -> Answer:
        """Unknown when a list is missing or cut off and the drug is in none that was read, or its dose is not clear."""
        listed = [
            (exposure, course)
            for exposure, course in case.facts.taking(self.value_set)
            if (not self.ingredients or exposure.ingredient in self.ingredients)
            and (not self.when_taken or _began_before(course, case.subject))
            and (not self.before_onset or _began_before_onset(course, case))
        ]
        if found := [taken(exposure, course) for exposure, course in listed if self._is_dosed(course)]:
            return said(self.words, True, found)
        if listed and not all(self._is_comparable(course) for _, course in listed):
            return unknown(self.words, f"dose of {listed[0][0].ingredient}")
        if case.facts.medicines_are_complete:
            return said(self.words, False)
        return unknown(self.words, "medication list incomplete")

    def _is_comparable(self, course: Course) -> bool:
        limit, dose = self.dose_above, course.dose
        return limit is None or (dose is not None and dose.unit == limit.unit)

    def _is_dosed(self, course: Course) -> bool:
        limit, dose = self.dose_above, course.dose
        return limit is None or (dose is not None and dose.unit == limit.unit and dose.value > limit.value)


def _began_before(course: Course, subject: Fact | None) -> bool:
    """A course without a start counts as long-standing."""
    return course.began is None or (
        isinstance(subject, LabResult) and course.began.last < subject.taken.first
    )


def _began_before_onset(course: Course, case: Case) -> bool:
    onset = case.facts.onset
    if course.began is None or onset is None:
        return True
    fewest, most = course.began.days_until(onset.on)
    return fewest > 0 or (most >= 0 and onset.is_stated)


@dataclass(frozen=True)
class Given:
    """
    `given: iv_iron` with `within: 30 days`: taken at some time in the days before the result that the file is about.

    Beside no result the days before the index day count.
    """

    value_set: str
    days: int

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"given: {self.value_set} within {self.days} days"

    def answer(self, case: Case) -> Answer:
        """Unknown when a medication list is missing or cut off and the drug is in none that was read."""
        until = case.subject.taken if isinstance(case.subject, LabResult) else Span.of(case.facts.today)
        found = tuple(
            taken(exposure, course)
            for exposure in case.facts.exposures.get(self.value_set, ())
            for course in exposure.courses
            if _overlaps(course, until, self.days)
        )
        if found or case.facts.medicines_are_complete:
            return said(self.words, bool(found), found[:1])
        return unknown(self.words, "medication list incomplete")


@dataclass(frozen=True)
class Changed:
    """
    `changed: thyroid_hormone` with `unmeasured: tsh` and `after: 8 weeks`: no result since its last change.

    The change, a start or another dose, is more than *days* ago.
    """

    value_set: str
    analyte: str
    days: int

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"changed: {self.value_set}, {self.analyte} unmeasured since, after {self.days} days"

    def answer(self, case: Case) -> Answer:
        """Fails when the drug is not taken or never changed; unknown when the results may not all have been seen."""
        for exposure, course in case.facts.taking(self.value_set):
            change = course.last_change.on if course.last_change else course.began
            if change is None or change.days_until(Span.of(case.facts.today))[0] <= self.days:
                continue
            if any(each.taken.last > change.last for each in case.facts.results.get(self.analyte, ())):
                continue
            if self.analyte in case.facts.unseen:
                return unknown(self.words, f"{self.analyte.upper()} possibly cut off")
            return said(self.words, True, (taken(exposure, course),))
        return said(self.words, False)


def _overlaps(course: Course, until: Span, days: int) -> bool:
    """Whether an entry, or the course that still runs or ended since, reaches into the window."""
    if course.began is not None and course.began.first > until.last:
        return False
    if course.is_running:
        return True
    marks = (*course.given, *((course.ended,) if course.ended else ()))
    return any((until.first - each.last).days <= days for each in marks)


def taken(exposure: Exposure, course: Course) -> Timing:
    """A drug that is taken now, whatever its time class."""
    return Timing(exposure, course, TimeClass.UNKNOWN, change=course.began)
