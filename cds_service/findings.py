"""Facts x knowledge -> findings: what speaks, how urgently, what was set aside and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby

from cds_service.criteria import taken
from cds_service.facts import Diagnosed, Exposure, Fact, Facts, LabResult, TimeClass, Timing
from cds_service.knowledge import Contributor, Knowledge, Role
from cds_service.timing import timings
from cds_service.truth import Answer, Case, Criterion, Truth

# Laboratory validity in days (KNOWLEDGE section 3); an analyte's own window is in its file
CRITICAL_AGE = 30
CURRENT_AGE = 90
HISTORY_AGE = 365
_FEW = 20  # results of one moment that are judged one by one
_LOOK_BACK = 5  # earlier results looked at for "low, but normal since"
_URGENCY = {"critical": 0, "warning": 1, "info": 2, "also_consider": 3}


@dataclass(frozen=True, slots=True)
class SetAside:
    """A fact that was seen and dropped, and why."""

    contributor: Contributor
    fact: Fact
    why: str


def set_aside_first(each: SetAside) -> tuple[int, str]:
    """Order for telling: drugs begun after the onset, which a reader thinks of first; then values; then the rest."""
    is_after = isinstance(each.fact, Timing) and each.fact.time_class is TimeClass.AFTER
    return 0 if is_after else 1 if isinstance(each.fact, LabResult) else 2, each.contributor.row


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One contributor that speaks for this patient.

    *level* is critical, warning, info or also_consider. *variant* picks the wording: "critical"; "repeat" for a
    critical-range value that is not recent, "history" when it is not current either; "coded" for a diagnosis without
    a value; "safety" for a safety point beside the row's own matter. *facts* are what
    it is about, the leading one first; *evidence* what else met its criteria; *unknown* what was not known and could
    have raised the level.
    """

    contributor: Contributor
    role: Role
    level: str
    variant: str
    facts: tuple[Fact, ...]
    evidence: tuple[Fact, ...]
    unknown: tuple[str, ...] = ()

    @property
    def row(self) -> str:
        """The contributor's row id."""
        return self.contributor.row

    @property
    def urgency(self) -> int:
        """0 is most urgent."""
        return _URGENCY[self.level]

    @property
    def sources(self) -> tuple[str, ...]:
        """The entries it rests on, each once."""
        return tuple(dict.fromkeys(name for fact in (*self.facts, *self.evidence) for name in fact.sources))


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one contributor was judged: for the trace, whether or not it speaks."""

    contributor: Contributor
    finding: Finding | None
    set_aside: tuple[SetAside, ...]
    answers: tuple[tuple[str, Answer], ...]


def judge(facts: Facts, knowledge: Knowledge) -> tuple[Judgement, ...]:
    """
    Judge every contributor whose subject is in the record.

    A contributor about a drug that is in no list, a result that was never taken or a diagnosis nobody made has
    nothing to say and is passed over.
    """
    judged = (_judge(contributor, facts) for contributor in knowledge.contributors)
    return tuple(each for each in judged if each is not None)


def _judge(contributor: Contributor, facts: Facts) -> Judgement | None:
    match contributor.subject.kind:
        case "exposure":
            return _judge_drug(contributor, facts)
        case "latest":
            results = facts.latest(contributor.subject.names[0], with_preliminary=True)
            return _judge_latest(contributor, facts, results)
        case "readings":
            return _judge_readings(contributor, facts)
        case "diagnosis":
            return _judge_diagnosis(contributor, facts)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The highest level that holds for one subject."""

    level: str | None
    role: Role
    variant: str
    subject: Fact
    evidence: tuple[Fact, ...]
    unknown: tuple[str, ...]
    answers: tuple[tuple[str, Answer], ...]

    @property
    def urgency(self) -> int:
        return _URGENCY[self.level] if self.level else len(_URGENCY)


def _verdict(contributor: Contributor, facts: Facts, subject: Fact) -> _Verdict:
    """The highest level whose criterion holds; unknown ones above it are told."""
    case = Case(facts, subject)
    answers: list[tuple[str, Answer]] = []
    choices = _choices(contributor, case, answers)
    whats = (what for _, each in answers if each.truth is Truth.UNKNOWN for what in each.unknown)
    unknown = tuple(dict.fromkeys(whats))
    if not choices:
        return _Verdict(None, contributor.role, "", subject, (), unknown, tuple(answers))
    best = min(choices, key=lambda choice: _URGENCY[choice.level])
    if contributor.context is not None and contributor.context.answer(case).holds:
        best = replace(best, level="also_consider", role="context", variant="")
    evidence = best.answer.evidence
    return _Verdict(best.level, best.role, best.variant, subject, evidence, unknown, tuple(answers))


@dataclass(frozen=True, slots=True)
class _Choice:
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
    if safety := _first_level(contributor.safety, case, answers):
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


def _finding(contributor: Contributor, verdict: _Verdict, subjects: Iterable[Fact]) -> Finding | None:
    if verdict.level is None:
        return None
    others = tuple(fact for fact in subjects if fact != verdict.subject)
    evidence = tuple(fact for fact in verdict.evidence if fact not in (verdict.subject, *others))
    return Finding(
        contributor,
        verdict.role,
        verdict.level,
        verdict.variant,
        (verdict.subject, *others),
        evidence,
        verdict.unknown,
    )


# --- drugs ------------------------------------------------------------------------------------------------------


def _judge_drug(contributor: Contributor, facts: Facts) -> Judgement | None:
    members = _members(contributor, facts)
    if contributor.role == "safety":
        return _judge_taken(contributor, facts, members)
    found = timings(members, facts.onset, contributor.washout, facts.today, contributor.potency)
    if not found:
        return None
    verdict = _verdict(contributor, facts, found[0])
    finding = _finding(contributor, verdict, [each for each in found if each.time_class.counts])
    aside = [] if finding else [SetAside(contributor, each, "") for each in found if _is_told(each, facts)]
    return Judgement(contributor, finding, tuple(aside), verdict.answers)


def _judge_taken(contributor: Contributor, facts: Facts, members: Iterable[Exposure]) -> Judgement | None:
    """A safety row is about who is taken now, whenever it began; only those that met its criteria are named."""
    running = [taken(each, course) for each in members if (course := each.running)]
    if not running:
        return None
    verdict = _verdict(contributor, facts, running[0])
    case = Case(facts, running[0])
    met = [fact for _, criterion in contributor.when for fact in criterion.answer(case).evidence]
    named = [each for each in running if each in met] if verdict.level else []
    finding = _finding(contributor, replace(verdict, subject=named[0]), named) if named else None
    return Judgement(contributor, finding, (), verdict.answers)


def _members(contributor: Contributor, facts: Facts) -> tuple[Exposure, ...]:
    return tuple(each for name in contributor.subject.names for each in facts.exposures.get(name, ()))


def _is_told(timing: Timing, facts: Facts) -> bool:
    """A drug that was stopped years before is no news; one that a reader may still think of is told."""
    ended = timing.course.ended
    if timing.time_class is TimeClass.STOPPED and ended is not None:
        return (facts.today - ended.last).days <= 2 * HISTORY_AGE
    return not timing.time_class.counts


# --- results ----------------------------------------------------------------------------------------------------


def _judge_latest(contributor: Contributor, facts: Facts, results: Sequence[LabResult]) -> Judgement | None:
    """By the newest result; by a coded diagnosis where there is none that is current."""
    judged = _judge_results(contributor, facts, results) if results else None
    if judged and (judged.finding or any(each.age(facts.today)[1] <= CURRENT_AGE for each in results)):
        return judged
    coded = _judge_coded(contributor, facts)
    return coded if coded and coded.finding else judged or coded


def _judge_results(contributor: Contributor, facts: Facts, results: Sequence[LabResult]) -> Judgement:
    """Judge the newest result; of several that may be the newest, the more abnormal one."""
    verdict = min((_verdict(contributor, facts, each) for each in _extremes(results)), key=_worst)
    if verdict.level is None and any(each.is_preliminary for each in results):
        final = _extremes(facts.latest(contributor.subject.names[0]))
        verdict = min((_verdict(contributor, facts, each) for each in final), key=_worst, default=verdict)
    if verdict.level is None and all(each.comparator for each in results):
        # "<5" after 2.4 settles nothing: the last result that is a number stands
        numbers = [each for each in facts.results[contributor.subject.names[0]] if not each.comparator]
        verdict = _verdict(contributor, facts, numbers[0]) if numbers else verdict
    finding = _finding(contributor, verdict, [verdict.subject])
    aside = () if finding else tuple(_history(contributor, facts, results))
    return Judgement(contributor, finding, aside, verdict.answers)


def _judge_coded(contributor: Contributor, facts: Facts) -> Judgement | None:
    """A coded diagnosis in place of a value that nobody recorded is info, never more (DECISIONS, Results)."""
    entries = [entry for name in contributor.coded for entry in facts.diagnoses.get(name, ())]
    recent = [
        each for each in entries if each.on is None or (facts.today - each.on.first).days <= CURRENT_AGE
    ]
    if not entries:
        return None
    finding = None
    if recent:
        finding = Finding(contributor, contributor.role, "info", "coded", tuple(recent), ())
    return Judgement(contributor, finding, (), ())


def _extremes(results: Sequence[LabResult]) -> Sequence[LabResult]:
    """The lowest and the highest in each unit: no value between them can be the more abnormal one."""
    if len(results) <= _FEW:
        return results
    by_value = sorted(results, key=lambda each: (each.unit, each.corrected or each.value, each.source))
    units = [list(members) for _, members in groupby(by_value, key=lambda each: each.unit)]
    return [each for members in units for each in (*members[:_FEW], *members[-_FEW:])]


def _worst(verdict: _Verdict) -> tuple[int, str]:
    return verdict.urgency, str(verdict.subject)


def _history(contributor: Contributor, facts: Facts, latest: Sequence[LabResult]) -> Iterable[SetAside]:
    """Why an abnormal value was not used: too old, history only, or normal since."""
    for reason in contributor.set_aside:
        for each in latest:
            if reason.when.answer(Case(facts, each)).holds:
                yield SetAside(contributor, each, reason.say)
                return
    for each in facts.results[contributor.subject.names[0]][:_LOOK_BACK]:
        if not _would_speak(contributor, facts, each):
            continue
        _, age = each.age(facts.today)
        if each in latest:
            yield SetAside(
                contributor, each, "too old to use" if age > HISTORY_AGE else f"{age} days old, history only"
            )
        elif age <= HISTORY_AGE:
            newest = " ".join(latest[0].readable())
            # a newer "<140" says neither that it is low nor that it is not
            since = f"{newest} since, which leaves it open" if latest[0].comparator else f"{newest} since"
            yield SetAside(contributor, each, since)
        return


def _would_speak(contributor: Contributor, facts: Facts, result: LabResult) -> bool:
    """Whether the value would have spoken on the day it was taken."""
    then = replace(facts, today=result.taken.last)
    return _verdict(contributor, then, result).level is not None


def _judge_readings(contributor: Contributor, facts: Facts) -> Judgement | None:
    """Judge every reading of the window; any one that holds counts, the most urgent and lowest leads."""
    within = contributor.subject.within or HISTORY_AGE
    every = facts.results.get(contributor.subject.names[0], ())
    readings = _extremes([each for each in every if each.age(facts.today)[1] <= within])
    if not readings:
        return None
    verdicts = sorted((_verdict(contributor, facts, each) for each in readings), key=_lowest_first)
    lead = verdicts[0]
    speaking = [each.subject for each in verdicts if each.level is not None]
    finding = _finding(contributor, lead, speaking)
    aside = () if finding else tuple(_history(contributor, facts, readings[:1]))
    return Judgement(contributor, finding, aside, lead.answers)


def _lowest_first(verdict: _Verdict) -> tuple[int, object, str]:
    value = verdict.subject.value if isinstance(verdict.subject, LabResult) else 0
    return verdict.urgency, value, str(verdict.subject)


# --- diagnoses --------------------------------------------------------------------------------------------------


def _judge_diagnosis(contributor: Contributor, facts: Facts) -> Judgement | None:
    entries = [entry for name in contributor.subject.names for entry in facts.diagnoses.get(name, ())]
    if not entries:
        return None
    # more entries of one diagnosis than these are copies, and each is judged by itself
    verdicts = sorted((_verdict(contributor, facts, entry) for entry in entries[:_FEW]), key=_newest_first)
    finding = _finding(
        contributor, verdicts[0], [each.subject for each in verdicts if each.level is not None]
    )
    aside = () if finding else tuple(_not_now(contributor, facts, entries[0]))
    return Judgement(contributor, finding, aside, verdicts[0].answers)


def _newest_first(verdict: _Verdict) -> tuple[int, int, str]:
    on = verdict.subject.on if isinstance(verdict.subject, Diagnosed) else None
    return verdict.urgency, -(on.last if on else date.min).toordinal(), str(verdict.subject)


def _not_now(contributor: Contributor, facts: Facts, entry: Diagnosed) -> Iterable[SetAside]:
    for reason in contributor.set_aside:
        answer = reason.when.answer(Case(facts, entry))
        if answer.holds:
            dates = [fact.taken for fact in answer.evidence if isinstance(fact, LabResult)]
            yield SetAside(contributor, entry, f"{reason.say} {dates[0]}" if dates else reason.say)
            return
