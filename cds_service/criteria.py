"""The vocabulary of triggers: words about an entry's date and about diagnoses, orders and pregnancy.

One small class a word, each answering holds, fails or unknown; the words about drugs are in drug_criteria.py, those
about results in result_criteria.py.
"""

from dataclasses import dataclass, replace

from cds_service.dates import Span
from cds_service.facts import Diagnosed, Fact, LabResult, Timing
from cds_service.truth import Answer, Case, Criterion, Truth, any_of, said, unknown


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


@dataclass(frozen=True, slots=True)
class HasDiagnosis:
    """`diagnosed: arrhythmia`, with words about the entry beside it (`within: 90 days`)."""

    concepts: tuple[str, ...]
    about: Criterion
    since_start: bool = False  # dated on or after the start or rise of the file's drug
    before_result: int | None = None  # dated at most so many days before the file's own result

    def answer(self, case: Case) -> Answer:
        """Unknown when the list of conditions is cut off and no entry that was read holds."""
        words = f"diagnosed: {', '.join(self.concepts)}"
        entries = [
            entry
            for concept in self.concepts
            for entry in case.facts.diagnoses.get(concept, ())
            if (not self.since_start or _is_since(entry, case.subject))
            and (self.before_result is None or _is_before(entry, case.subject, self.before_result))
        ]
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


@dataclass(frozen=True, slots=True)
class OnOrder:
    """`on_order: calcium`: an active order for one of these tests, or panels, is on file."""

    tests: tuple[str, ...]

    def answer(self, case: Case) -> Answer:
        """Unknown when active orders were not supplied."""
        words = f"on order: {', '.join(self.tests)}"
        if case.facts.ordered & set(self.tests):
            return said(words, True)
        is_missing = "serviceRequests" in case.facts.missing
        return unknown(words, "active orders") if is_missing else said(words, False)


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
