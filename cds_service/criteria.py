"""The vocabulary of triggers: words about an entry's date and about diagnoses, orders and pregnancy.

One small class a word, each answering holds, fails or unknown; the words about drugs are in drug_criteria.py, those
about results in result_criteria.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from cds_service.dates import Span
from cds_service.facts import Diagnosed, Fact, LabResult, Timing
from cds_service.truth import Answer, Case, Criterion, Truth, any_of, said, unknown


@dataclass(frozen=True)
class Within:
    """`within: 90 days`: the age of the result or diagnosis, both ends included."""

    days: int

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"within: {self.days} days"

    def answer(self, case: Case) -> Answer:
        """Must hold over the whole of a partial date; unknown without a date."""
        on = _on(case.subject)
        if on is None:
            return unknown(self.words, "date not recorded")
        most = (case.facts.today - on.first).days
        return said(self.words, most <= self.days, (case.subject,) if case.subject else ())


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


@dataclass(frozen=True)
class HasDiagnosis:
    """`diagnosed: arrhythmia`, with words about the entry beside it (`within: 90 days`)."""

    concepts: tuple[str, ...]
    about: Criterion
    since_start: bool = False  # dated on or after the start or rise of the file's drug
    before_result: int | None = None  # dated at most so many days before the file's own result

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"diagnosed: {', '.join(self.concepts)}"

    def answer(self, case: Case) -> Answer:
        """Unknown when the list of conditions is cut off and no entry that was read holds."""
        answer = any_of(self.words, [self._about(entry, case) for entry in self._entries(case)])
        if answer.truth is Truth.FAILS and "conditions" in case.facts.cut_off:
            return unknown(self.words, "conditions incomplete")
        return answer

    def _entries(self, case: Case) -> Iterator[Diagnosed]:
        for concept in self.concepts:
            for entry in case.facts.diagnoses.get(concept, ()):
                if self.since_start and not _is_since(entry, case.subject):
                    continue
                if self.before_result is None or _is_before(entry, case.subject, self.before_result):
                    yield entry

    def _about(self, entry: Diagnosed, case: Case) -> Answer:
        """An entry that holds is evidence by itself, whatever the words beside it add."""
        answer = self.about.answer(case.about(entry))
        if not answer.holds or answer.evidence == (entry,):
            return answer
        return answer._replace(evidence=tuple(dict.fromkeys((entry, *answer.evidence))))


def _is_since(entry: Diagnosed, subject: Fact | None) -> bool:
    change = subject.change or subject.course.began if isinstance(subject, Timing) else None
    return change is not None and entry.on is not None and entry.on.first >= change.last


def _is_before(entry: Diagnosed, subject: Fact | None, days: int) -> bool:
    if entry.on is None or not isinstance(subject, LabResult):
        return False
    fewest, most = entry.on.days_until(subject.taken)
    return fewest >= 0 and most <= days


@dataclass(frozen=True, slots=True)
class OneSided:
    """`one_sided: no`: the entry names both sides or none; `one_sided: yes`: it names one."""

    wanted: bool

    def answer(self, case: Case) -> Answer:
        """Never unknown: most entries name no side."""
        one = isinstance(case.subject, Diagnosed) and case.subject.side in ("left", "right")
        return said(f"one sided: {'yes' if self.wanted else 'no'}", one == self.wanted)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`confirmed: yes`: not provisional, differential or unconfirmed."""

    def answer(self, case: Case) -> Answer:
        """Never unknown: an entry that says nothing of it stands."""
        entry = case.subject
        return said("confirmed", isinstance(entry, Diagnosed) and entry.is_confirmed)


@dataclass(frozen=True)
class OnOrder:
    """`on_order: calcium`: an active order for one of these tests, or panels, is on file."""

    tests: tuple[str, ...]

    @cached_property
    def words(self) -> str:
        """As the trace tells it."""
        return f"on order: {', '.join(self.tests)}"

    def answer(self, case: Case) -> Answer:
        """Unknown when active orders were not supplied."""
        if not case.facts.ordered.isdisjoint(self.tests):
            return said(self.words, True)
        is_missing = "serviceRequests" in case.facts.missing
        return unknown(self.words, "active orders") if is_missing else said(self.words, False)


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
