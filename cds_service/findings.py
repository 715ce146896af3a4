"""Facts x knowledge -> findings: what speaks, how urgently, what was set aside and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from cds_service.drug_criteria import taken
from cds_service.facts import Diagnosed, Exposure, Fact, Facts, LabResult, TimeClass, Timing
from cds_service.knowledge import Contributor, Knowledge, Role, Subject
from cds_service.result_criteria import extremes
from cds_service.timing import doses, timings
from cds_service.truth import Case
from cds_service.verdicts import CRITICAL_AGE, CURRENT_AGE, HISTORY_AGE, URGENCY, Verdict, flagged, verdict

_FEW = 20  # facts of one kind that are judged one by one
_LOOK_BACK = 5  # earlier results looked at for "low, but normal since"


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


@dataclass(frozen=True, eq=False)  # one a contributor: identity is enough
class Finding:
    """
    One contributor that speaks for this patient.

    *level* is critical, warning, info, also_consider or in_chain. *variant* picks the wording: "critical"; "repeat" for
    a critical-range value that is not recent, "confirm" for a red flag that is not, "history" when it is not current
    either; "coded" for a diagnosis without a value; "safety" for a safety point beside the row's own matter. *flag*
    is the red flag that speaks ("R1"). *facts* are what it is about, the leading one first; *evidence* what else met
    its criteria; *unknown* what was not known and could have raised the level.
    """

    contributor: Contributor
    role: Role
    level: str
    variant: str
    facts: tuple[Fact, ...]
    evidence: tuple[Fact, ...]
    unknown: tuple[str, ...] = ()
    flag: str = ""

    @property
    def row(self) -> str:
        """The contributor's row id."""
        return self.contributor.row

    @property
    def urgency(self) -> int:
        """0 is most urgent."""
        return URGENCY[self.level]

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """The entries it rests on, each once."""
        return tuple(dict.fromkeys(name for fact in (*self.facts, *self.evidence) for name in fact.sources))


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one contributor was judged, whether or not it speaks; *asked* are the facts that its levels were about."""

    contributor: Contributor
    finding: Finding | None
    set_aside: tuple[SetAside, ...] = ()
    asked: tuple[Fact, ...] = ()


def judge(facts: Facts, knowledge: Knowledge) -> tuple[Judgement, ...]:
    """
    Judge every contributor whose subject is in the record.

    A contributor about a drug that is in no list, a result that was never taken or a diagnosis nobody made has
    nothing to say and is passed over.
    """
    concerned = (each for each in knowledge.contributors if not each.names.isdisjoint(facts.named))
    judged = (_judge(contributor, facts) for contributor in concerned)
    return tuple(each for each in judged if each is not None)


def _judge(contributor: Contributor, facts: Facts) -> Judgement | None:
    """By each of its subjects and its red flags; the most urgent of what they say, with the facts of all."""
    judged = list(_judge_flags(contributor, facts))
    judged += [each for subject in contributor.subjects if (each := _judge_by(subject, contributor, facts))]
    if len(judged) < 2:
        return judged[0] if judged else None
    found = sorted((each.finding for each in judged if each.finding), key=lambda each: each.urgency)
    is_quiet = all(each.level == "in_chain" for each in found)
    aside = tuple(one for each in judged for one in each.set_aside) if is_quiet else ()
    return Judgement(
        contributor, _together(found), aside, tuple(one for each in judged for one in each.asked)
    )


def _together(found: Sequence[Finding]) -> Finding | None:
    if not found:
        return None
    facts = tuple(dict.fromkeys(fact for each in found for fact in each.facts))
    evidence = dict.fromkeys(fact for each in found for fact in each.evidence if fact not in facts)
    unknown = tuple(dict.fromkeys(what for each in found for what in each.unknown))
    return replace(found[0], facts=facts, evidence=tuple(evidence), unknown=unknown)


def _judge_flags(contributor: Contributor, facts: Facts) -> Iterable[Judgement]:
    for flag in contributor.red_flags:
        if (said := flagged(flag, facts)) is not None:
            level, variant, entries = said
            made = Finding(contributor, contributor.role, level, variant, entries, (), flag=flag.id)
            yield Judgement(contributor, made)


def _judge_by(subject: Subject, contributor: Contributor, facts: Facts) -> Judgement | None:
    match subject.kind:
        case "exposure":
            return _judge_drug(subject, contributor, facts)
        case "latest":
            return _judge_latest(subject, contributor, facts)
        case "readings":
            return _judge_readings(subject, contributor, facts)
        case "diagnosis":
            return _judge_diagnosis(subject, contributor, facts)


def _is_subject(subject: Subject, fact: Fact, facts: Facts) -> bool:
    return subject.where is None or subject.where.answer(Case(facts, fact)).holds


def _finding(contributor: Contributor, made: Verdict, subjects: Iterable[Fact]) -> Finding | None:
    if made.level is None:
        return None
    others = tuple(fact for fact in subjects if fact != made.subject)
    evidence = tuple(fact for fact in made.evidence if fact not in (made.subject, *others))
    return Finding(
        contributor, made.role, made.level, made.variant, (made.subject, *others), evidence, made.unknown
    )


# --- drugs ------------------------------------------------------------------------------------------------------


def _judge_drug(subject: Subject, contributor: Contributor, facts: Facts) -> Judgement | None:
    members = tuple(each for name in subject.names for each in facts.exposures.get(name, ()))
    if contributor.role == "safety":
        return _judge_taken(contributor, facts, members)
    found = [
        each for each in _timings(subject, contributor, members, facts) if _is_subject(subject, each, facts)
    ]
    if not found:
        return None
    # of equals the first: the member with the strongest time class leads
    made = min((verdict(contributor, facts, each) for each in found[:_FEW]), key=lambda each: each.urgency)
    finding = _finding(contributor, made, [each for each in found if each.time_class.counts])
    is_quiet = finding is None or finding.level == "in_chain"
    aside = tuple(_drugs_aside(contributor, facts, found)) if is_quiet else ()
    return Judgement(contributor, finding, aside, (made.subject,))


def _drugs_aside(contributor: Contributor, facts: Facts, found: Sequence[Timing]) -> Iterable[SetAside]:
    """Drugs by when they were taken; one that was taken in time, by the reason of its file."""
    for each in found:
        if not each.time_class.counts and _is_told(each, facts):
            yield SetAside(contributor, each, "")
        elif each.time_class.counts:
            yield from _reasoned(contributor, facts, each)


def _timings(
    subject: Subject, contributor: Contributor, members: Sequence[Exposure], facts: Facts
) -> tuple[Timing, ...]:
    if subject.given_within is not None:
        return doses(members, facts.onset, subject.given_within, subject.given_from)
    potency = contributor.potency if contributor.switches else None
    return timings(members, facts.onset, contributor.washout, facts.today, potency)


def _judge_taken(contributor: Contributor, facts: Facts, members: Iterable[Exposure]) -> Judgement | None:
    """A safety row is about who is taken now, whenever it began; only those that met its criteria are named."""
    running = [taken(each, course) for each in members if (course := each.running)]
    if not running:
        return None
    made = verdict(contributor, facts, running[0])
    case = Case(facts, running[0])
    met = [fact for _, criterion in contributor.when for fact in criterion.answer(case).evidence]
    named = [each for each in running if each in met] if made.level else []
    finding = _finding(contributor, made._replace(subject=named[0]), named) if named else None
    return Judgement(contributor, finding, asked=(made.subject,))


def _is_told(timing: Timing, facts: Facts) -> bool:
    """A drug that was stopped years before is no news; one that a reader may still think of is told."""
    ended = timing.course.ended
    if timing.time_class is TimeClass.STOPPED and ended is not None:
        return (facts.today - ended.last).days <= 2 * HISTORY_AGE
    return not timing.time_class.counts


# --- results ----------------------------------------------------------------------------------------------------


def _judge_latest(subject: Subject, contributor: Contributor, facts: Facts) -> Judgement | None:
    """By the newest result; by a coded diagnosis where there is none that is current."""
    newest = facts.latest_of(subject.names, with_preliminary=True)
    results = [each for each in newest if _is_subject(subject, each, facts)]
    judged = _judge_results(contributor, facts, results) if results else None
    if judged and judged.finding and all(each.measures == "calcium_total" for each in results):
        judged = _confirmed(subject, contributor, facts, results) or judged
    if judged and judged.finding:
        return judged
    current = [each.taken.last for each in results if each.age(facts.today)[1] <= CURRENT_AGE]
    coded = _judge_coded(contributor, facts, since=max(current, default=None))
    return coded if coded and coded.finding else judged or coded


def _confirmed(
    subject: Subject, contributor: Contributor, facts: Facts, totals: Sequence[LabResult]
) -> Judgement | None:
    """
    A low total calcium without albumin does not displace a worse one that was adjusted or ionised.

    By the latest such result of the 30 days before it; None when there is none, or it is not the worse one.
    """
    first = min(each.taken.first for each in totals)
    others = [name for name in subject.names if name != totals[0].analyte]
    earlier = [
        each for each in facts.latest_of(others) if 0 <= (first - each.taken.last).days <= CRITICAL_AGE
    ]
    found = _judge_results(contributor, facts, earlier) if earlier else None
    unconfirmed = _judge_results(contributor, facts, totals)
    if found is None or found.finding is None or unconfirmed.finding is None:
        return None
    return found if found.finding.urgency < unconfirmed.finding.urgency else None


def _judge_results(contributor: Contributor, facts: Facts, results: Sequence[LabResult]) -> Judgement:
    """Judge the newest result; of several that may be the newest, the more abnormal one."""
    analyte = results[0].analyte
    made = _worst([verdict(contributor, facts, each) for each in extremes(results)])
    if made.level is None and any(each.is_preliminary for each in results):
        final = extremes(facts.latest(analyte))
        made = _worst([verdict(contributor, facts, each) for each in final] or [made])
    if made.level is None and all(each.comparator for each in results):
        # "<5" after 2.4 settles nothing: the last result that is a number stands
        numbers = [each for each in facts.results[analyte] if not each.comparator]
        made = verdict(contributor, facts, numbers[0]) if numbers else made
    finding = _finding(contributor, made, [made.subject])
    aside = () if finding else tuple(_history(contributor, facts, results))
    return Judgement(contributor, finding, aside, (made.subject,))


def _judge_coded(contributor: Contributor, facts: Facts, since: date | None) -> Judgement | None:
    """
    A coded diagnosis in place of a value that nobody recorded is info, never more (DECISIONS, Results).

    A current value clears those that are not dated after it (*since* is its day).
    """
    entries = [entry for name in contributor.coded for entry in facts.diagnoses.get(name, ())]
    recent = [each for each in entries if _stands(each, since, facts.today)]
    if not entries:
        return None
    finding = None
    if recent:
        finding = Finding(contributor, contributor.role, "info", "coded", tuple(recent), ())
    return Judgement(contributor, finding)


def _stands(entry: Diagnosed, since: date | None, today: date) -> bool:
    if entry.on is None:
        return since is None
    return (today - entry.on.first).days <= CURRENT_AGE and (since is None or entry.on.first > since)


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The most urgent; of several the same one in whatever order they come."""
    urgency = min(each.urgency for each in verdicts)
    worst = [each for each in verdicts if each.urgency == urgency]
    return worst[0] if len(worst) == 1 else min(worst, key=lambda each: str(each.subject))


def _history(contributor: Contributor, facts: Facts, latest: Sequence[LabResult]) -> Iterable[SetAside]:
    """Why an abnormal value was not used: too old, history only, or normal since."""
    for reason in contributor.set_aside:
        for each in latest:
            if reason.when.answer(Case(facts, each)).holds:
                yield SetAside(contributor, each, reason.say)
                return
    for each in facts.results[latest[0].analyte][:_LOOK_BACK]:
        if not _would_speak(contributor, facts, each):
            continue
        _, age = each.age(facts.today)
        if each in latest:
            yield SetAside(
                contributor, each, "too old to use" if age > HISTORY_AGE else f"{age} days old, history only"
            )
        elif age <= HISTORY_AGE:
            newest = " ".join(latest[0].readable()).rstrip()
            # a newer "<140" says neither that it is low nor that it is not
            since = f"{newest} since, which leaves it open" if latest[0].comparator else f"{newest} since"
            yield SetAside(contributor, each, since)
        return


def _would_speak(contributor: Contributor, facts: Facts, result: LabResult) -> bool:
    """Whether the value would have spoken on the day it was taken."""
    return verdict(contributor, facts.as_of(result.taken.last), result).level is not None


def _judge_readings(subject: Subject, contributor: Contributor, facts: Facts) -> Judgement | None:
    """Judge every reading of the window; any one that holds counts, the most urgent and lowest leads."""
    within = subject.within or HISTORY_AGE
    every = facts.results.get(subject.names[0], ())
    readings = extremes([each for each in every if each.age(facts.today)[1] <= within])
    if not readings:
        return None
    verdicts = sorted((verdict(contributor, facts, each) for each in readings), key=_lowest_first)
    lead = verdicts[0]
    speaking = [each.subject for each in verdicts if each.level is not None]
    finding = _finding(contributor, lead, speaking)
    aside = () if finding else tuple(_history(contributor, facts, readings[:1]))
    return Judgement(contributor, finding, aside, (lead.subject,))


def _lowest_first(made: Verdict) -> tuple[int, object, str]:
    value = made.subject.value if isinstance(made.subject, LabResult) else 0
    return made.urgency, value, str(made.subject)


# --- diagnoses --------------------------------------------------------------------------------------------------


def _judge_diagnosis(subject: Subject, contributor: Contributor, facts: Facts) -> Judgement | None:
    # entries are newest first; more of one diagnosis than these are copies
    every = [entry for name in subject.names for entry in facts.diagnoses.get(name, ())[:_FEW]]
    entries = [entry for entry in every if _is_subject(subject, entry, facts)]
    if not entries:
        return None
    verdicts = [verdict(contributor, facts, entry) for entry in entries]
    if len(verdicts) > 1:
        verdicts.sort(key=_newest_first)
    finding = _finding(
        contributor, verdicts[0], [each.subject for each in verdicts if each.level is not None]
    )
    is_quiet = finding is None or finding.level == "in_chain"
    aside = tuple(_reasoned(contributor, facts, entries[0])) if is_quiet else ()
    return Judgement(contributor, finding, aside, (verdicts[0].subject,))


def _newest_first(made: Verdict) -> tuple[int, int, str]:
    on = made.subject.on if isinstance(made.subject, Diagnosed) else None
    return made.urgency, -(on.last if on else date.min).toordinal(), str(made.subject)


def _reasoned(contributor: Contributor, facts: Facts, fact: Diagnosed | Timing) -> Iterable[SetAside]:
    """The first reason of the file that holds, with the day of the result that it rests on."""
    for reason in contributor.set_aside:
        answer = reason.when.answer(Case(facts, fact))
        if answer.holds:
            dates = [each.taken for each in answer.evidence if isinstance(each, LabResult)]
            yield SetAside(contributor, fact, f"{reason.say} {dates[0]}" if dates else reason.say)
            return
