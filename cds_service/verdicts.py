"""How one contributor judges one fact: the highest of its levels that holds."""

from collections.abc import Sequence
from typing import NamedTuple

from cds_service.dates import Span
from cds_service.facts import Diagnosed, Fact, Facts, LabResult
from cds_service.knowledge import Contributor, RedFlag, Role
from cds_service.truth import Answer, Case, Criterion, Truth

# Laboratory validity in days (KNOWLEDGE section 3); an analyte's own window is in its file
CRITICAL_AGE = 30
CURRENT_AGE = 90
HISTORY_AGE = 365
# `in_chain` speaks only beside another row: in a chain, or on the card of what it explains
URGENCY = {"critical": 0, "warning": 1, "info": 2, "also_consider": 3, "in_chain": 4}


class Verdict(NamedTuple):
    """The highest level that holds for one subject, and how it is worded; *level* is None when none does."""

    level: str | None
    role: Role
    variant: str
    subject: Fact
    evidence: tuple[Fact, ...]
    unknown: tuple[str, ...]

    @property
    def urgency(self) -> int:
        """0 is most urgent."""
        return URGENCY[self.level] if self.level else len(URGENCY)


def verdict(contributor: Contributor, facts: Facts, subject: Fact) -> Verdict:
    """The highest level whose criterion holds; unknown ones above it are told."""
    case = Case(facts, subject)
    answers: list[tuple[str, Answer]] = []
    choices = _choices(contributor, case, answers)
    whats = (what for _, each in answers if each.truth is Truth.UNKNOWN for what in each.unknown)
    unknown = tuple(dict.fromkeys(whats))
    if not choices:
        return Verdict(None, contributor.role, "", subject, (), unknown)
    best = min(choices, key=lambda choice: URGENCY[choice.level])
    if contributor.context is not None and contributor.context.answer(case).holds:
        best = best._replace(level="also_consider", role="context", variant="")
    return Verdict(best.level, best.role, best.variant, subject, best.answer.evidence, unknown)


def answers_in_full(contributor: Contributor, facts: Facts, subject: Fact) -> Sequence[tuple[str, Answer]]:
    """What each level that `verdict` asked about said, and all that it was made of: for the trace."""
    answers: list[tuple[str, Answer]] = []
    _choices(contributor, Case(facts, subject, in_full=True), answers)
    return answers


class _Choice(NamedTuple):
    """One level that holds, and how it would be worded."""

    level: str
    role: Role
    variant: str
    answer: Answer


def _choices(contributor: Contributor, case: Case, answers: list[tuple[str, Answer]]) -> list[_Choice]:
    """What the value's urgent range, the ordinary levels and the safety levels say; every answer is kept."""
    choices = []
    if urgent := _in_critical_range(contributor, case, answers):
        choices.append(urgent)
    if ordinary := _first_level(_levels(contributor, case), case, answers):
        level, answer = ordinary
        choices.append(_Choice(level, contributor.role, "critical" if level == "critical" else "", answer))
    if contributor.safety and (safety := _first_level(contributor.safety, case, answers)):
        level, answer = safety
        beside = bool(choices)
        role: Role = contributor.role if beside else "safety"
        choices.append(_Choice(level, role, "" if beside else "safety", answer))
    return choices


def _levels(contributor: Contributor, case: Case) -> Sequence[tuple[str, Criterion]]:
    """A preliminary value speaks only where it is critical."""
    if isinstance(case.subject, LabResult) and case.subject.is_preliminary:
        return [pair for pair in contributor.when if pair[0] == "critical"]
    return contributor.when


def _first_level(
    levels: Sequence[tuple[str, Criterion]], case: Case, answers: list[tuple[str, Answer]]
) -> tuple[str, Answer] | None:
    for level, criterion in levels:
        answer = criterion.answer(case)
        answers.append((level, answer))
        if answer.holds:
            return level, answer
    return None


def _in_critical_range(
    contributor: Contributor, case: Case, answers: list[tuple[str, Answer]]
) -> _Choice | None:
    """A critical-range value: critical while recent, a warning to repeat it while current, info as history."""
    if contributor.critical_range is None or not isinstance(case.subject, LabResult):
        return None
    answer = contributor.critical_range.answer(case)
    answers.append(("critical range", answer))
    _, age = case.subject.age(case.facts.today)
    if not answer.holds or age > HISTORY_AGE:
        return None
    if age <= CRITICAL_AGE:
        return _Choice("critical", contributor.role, "critical", answer)
    if age <= CURRENT_AGE:
        return _Choice("warning", contributor.role, "repeat", answer)
    return _Choice("info", contributor.role, "history", answer)


def flagged(flag: RedFlag, facts: Facts) -> tuple[str, str, tuple[Diagnosed, ...]] | None:
    """
    Level, wording and entries of a red flag, the entry that decides first; None when nobody coded it.

    Critical from a code needs an entry of the last 30 days that is not doubted (KNOWLEDGE section 3).
    """
    entries = [entry for name in flag.concepts for entry in facts.diagnoses.get(name, ())]
    ranked = sorted(entries, key=lambda entry: (_flag_level(flag, entry, facts), entry.source))
    if not ranked:
        return None
    levels = (("critical", "critical"), ("warning", "confirm"), ("also_consider", "history"))
    level, variant = levels[_flag_level(flag, ranked[0], facts)]
    return level, variant, tuple(ranked)


def _flag_level(flag: RedFlag, entry: Diagnosed, facts: Facts) -> int:
    if entry.on is None:
        return 1
    fewest, most = entry.on.days_until(Span.of(facts.today))
    if most <= CRITICAL_AGE and entry.is_confirmed:
        return 0
    return 1 if fewest <= flag.until else 2
