"""The main path: read the patient, recognise what matters, find contributors, word them. Start reading here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cds_service import chains, fading, fhir, gaps, order_signing, rendering, suggestions, wording
from cds_service.beside import said_beside
from cds_service.chains import Group, Matter
from cds_service.facts import Facts
from cds_service.fading import Faded, Shown
from cds_service.findings import Judgement, judge, set_aside_first
from cds_service.hooks import Card, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.normalise import patient_record
from cds_service.policy import USUAL, Policy
from cds_service.recognition import Reading, recognise, recognised
from cds_service.record import PatientRecord
from cds_service.rendering import Worded
from cds_service.resources import Supplied
from cds_service.wanted import Wants

_CARRIERS = ("observations", "encounters", "questionnaireResponses")


class About(NamedTuple):
    """What a card is about: a matter, or several; and the *parts* of these, which stay silent with them."""

    matters: tuple[Matter, ...]
    parts: tuple[Matter, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """
    One answer.

    *silence* is the reason code of an empty answer, for log and metrics, never for the wire. *counts* holds what a
    log may know: how many entries were read and how many not. *told* says of each card what it is about;
    *triggered* are the rules that spoke, *faded* is what stayed silent after it had been shown or overridden. The rest
    is for the trace.
    """

    cards: tuple[Card, ...]
    silence: str | None
    counts: Mapping[str, int]
    record: PatientRecord | None = None
    facts: Facts | None = None
    judged: tuple[Judgement, ...] = ()
    told: tuple[About, ...] = ()
    triggered: tuple[str, ...] = ()
    faded: tuple[Faded, ...] = ()
    supplied: Supplied | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """
    What the record says, before it is known what was shown of it earlier.

    *seen* has a silence where nothing will be said anyway; *subject* is "Patient/123".
    """

    seen: Advice
    subject: str = ""
    groups: tuple[Group, ...] = ()
    hook: str = "patient-view"

    @property
    def is_open(self) -> bool:
        """Whether there may be something to say, so that it matters what was shown earlier."""
        return self.seen.facts is not None and self.seen.silence is None


@dataclass(frozen=True, slots=True)
class Site:
    """
    What stays the same between requests: knowledge, drafts of its orders, the public address, the time zone, the
    link ids of questions about leg cramps, what the site chose about its cards, and which value sets are recognised.
    """

    knowledge: Knowledge
    orders: suggestions.Orders
    base_url: str
    zone: ZoneInfo | None = None
    cramp_link_ids: frozenset[str] = frozenset()
    policy: Policy = USUAL
    recognised: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        knowledge: Knowledge,
        base_url: str,
        zone: ZoneInfo | None = None,
        cramp_link_ids: frozenset[str] = frozenset(),
        policy: Policy = USUAL,
    ) -> "Site":
        """Make once what every answer needs."""
        orders, kept = suggestions.order_templates(knowledge), recognised(knowledge)
        return cls(knowledge, orders, base_url, zone, cramp_link_ids, policy, kept)

    def at(self, hook: str) -> "Site":
        """What of it is there for a hook: where orders are signed, the rule on quinine only."""
        if hook != order_signing.HOOK:
            return self
        rules, policy = order_signing.rules(self.knowledge), order_signing.policy(self.policy)
        return replace(self, knowledge=rules, policy=policy)

    def reading(self, today: date) -> Reading:
        """What recognition needs to know on this day."""
        knowledge = self.knowledge
        return Reading(
            knowledge.value_sets, knowledge.analytes, knowledge.reads, today, self.zone, self.cramp_link_ids
        )


def advise(request: HookRequest, site: Site, today: date, past: Sequence[Shown] = ()) -> Advice:
    """
    Answer one hook request; *past* is what was shown of this patient's record before.

    Raises:
        RequestInvalid: If the prefetch is about another patient.
        DataUnavailable: If required data was not supplied.
    """
    return answer(consider(request, site, today), site, past)


def consider(request: HookRequest, site: Site, today: date) -> Considered:
    """
    Read the patient, recognise what matters, find contributors.

    Raises:
        RequestInvalid: If the prefetch is about another patient.
        DataUnavailable: If required data was not supplied.
    """
    site = site.at(request.hook)
    if (settled := at_once(request, site, today)) is not None:
        return Considered(settled)
    seen = _look(request, site, today)
    if seen.silence or seen.facts is None:
        return Considered(seen)
    judged = judge(seen.facts, site.knowledge)
    found = [each.finding for each in judged if each.finding]
    groups = chains.merge(found, site.knowledge.chains, seen.facts)
    return Considered(replace(seen, judged=judged), f"Patient/{request.patient_id}", groups, request.hook)


def answer(considered: Considered, site: Site, past: Sequence[Shown] | None = ()) -> Advice:
    """
    Word what was found, but for what has faded: it was shown often enough, or overridden (CARDS B1.6).

    None for the *past*: nothing will be remembered, and nobody asks what the cards are about.
    """
    facts, groups, site = considered.seen.facts, considered.groups, site.at(considered.hook)
    if facts is None or not considered.is_open:
        return considered.seen
    recall = _Recall(considered.hook, facts, site, past or ())
    kept = tuple(group for group in groups if not recall.has_faded(group))
    worded = _cards(considered, kept, facts, site)
    told = _told(worded, considered.hook, recall)
    nothing = "nothing-found" if site.knowledge.contributors else "nothing-signed"
    return replace(
        considered.seen,
        cards=tuple(each.card for each in told),
        silence=None if told else "faded" if recall.faded else nothing,
        told=tuple(recall.about(each) for each in told) if past is not None else (),
        triggered=tuple(map(recall.rule, _triggered(groups, worded))),
        faded=tuple(recall.faded),
    )


def _cards(considered: Considered, kept: Sequence[Group], facts: Facts, site: Site) -> Sequence[Worded]:
    knowledge, judged = site.knowledge, considered.seen.judged
    flagged = {finding.row for group in considered.groups for finding in group.findings}
    dropped = (one for each in judged for one in each.set_aside if each.contributor.row not in flagged)
    aside = sorted(dropped, key=set_aside_first)
    desk = rendering.Desk(knowledge, site.orders, site.base_url, considered.subject, site.policy)
    unknown = gaps.gaps(facts, knowledge.judged)
    faded = [group for group in considered.groups if group not in kept]
    return rendering.cards(chains.select(kept), aside, unknown, facts, desk, faded=faded)


def _told(worded: Sequence[Worded], hook: str, recall: "_Recall") -> Sequence[Worded]:
    """The cards without those on what could not be read, or on nothing, where these have faded."""
    if any(each.groups for each in worded):  # what they lack belongs to them
        return worded
    if hook == order_signing.HOOK:  # what could not be read is no matter for every order
        return ()
    return [each for each in worded if each.matter and not recall.has_faded(each.matter)]


def _triggered(groups: Iterable[Group], worded: Iterable[Worded]) -> Iterable[str]:
    """The rules by which there was something to say, said or not."""
    yield from (group.rule for group in groups)
    yield from (each.matter.rule for each in worded if each.matter)


class _Recall:
    """Asks of each matter whether it has faded, and keeps the answers."""

    def __init__(self, hook: str, facts: Facts, site: Site, past: Sequence[Shown]) -> None:
        self.faded: list[Faded] = []
        self._hook = hook
        self._facts = facts
        self._site = site
        self._past = past

    @cached_property
    def _alerts(self) -> frozenset[str]:
        """They are told on whatever card comes first: a new one must not fade with it."""
        return frozenset(wording.alerts(self._facts, self._site.knowledge, ()))

    @cached_property
    def _reports(self) -> frozenset[str]:
        return fading.reports_in_short(self._facts)

    def rule(self, rule: str) -> str:
        """Signing an order is another matter than having it on the list."""
        return order_signing.RULE if self._hook == order_signing.HOOK and rule != "data" else rule

    def about(self, each: Worded) -> About:
        if each.matter is not None:
            return About((self._whole(each.matter, frozenset()),))
        said = [(group, said_beside(group, self._facts)) for group in each.groups]
        return About(
            tuple(self._whole(one, more) for group, more in said for one in (group.matter, *group.beside)),
            tuple(self._whole(one, more) for group, more in said for one in group.parts),
        )

    def _whole(self, matter: Matter, more: frozenset[str]) -> Matter:
        return Matter(self.rule(matter.rule), matter.level, matter.facts | more | self._alerts)

    def has_faded(self, told: Group | Matter) -> bool:
        if not self._past:
            return False
        if isinstance(told, Group):
            matter = self._whole(told.matter, said_beside(told, self._facts))
        else:
            matter = self._whole(told, frozenset())
        found = fading.faded(
            matter,
            self._reports,
            self._past,
            self._site.policy.fade_after,
            self._facts.today,
        )
        self.faded += [found] if found else []
        return found is not None


def at_once(request: HookRequest, site: Site, today: date) -> Advice | None:
    """
    The empty answer that is certain before anything but the call itself is read; None when the record matters.

    Raises:
        RequestInvalid: If a draft order is for another patient.
    """
    if request.user_is_patient:
        return Advice((), "patient-user", {})
    why = order_signing.silence_at_once(request, site.knowledge.value_sets, today)
    return Advice((), why, {}) if why else None


def glance(request: HookRequest, site: Site, today: date) -> Advice | None:
    """
    The empty answer that is certain before anything but the patient and the carriers of reports was fetched.

    None when a report is there, and the rest of the record is worth asking for.

    Raises:
        RequestInvalid: If the prefetch is about another patient.
        DataUnavailable: If the patient or the diagnoses were not supplied.
    """
    if (settled := at_once(request, site, today)) is not None:
        return settled
    seen = _look(request, site, today, has_medicines=False)
    # what a draft order refers to may still be fetched
    return seen if seen.silence and seen.silence != order_signing.MAYBE_ORDERED else None


def _look(request: HookRequest, site: Site, today: date, *, has_medicines: bool = True) -> Advice:
    """What the record says, and the reason to say nothing about it, if there is one already."""
    supplied = fhir.gather(order_signing.with_drafts(request), has_medicines=has_medicines)
    wants = Wants(site.knowledge.value_sets, site.recognised, supplied.paged)
    if request.hook == order_signing.HOOK:
        return _look_at_drafts(supplied, wants, site, today)
    seen = _read(supplied, patient_record(supplied, wants.carriers), site, today)
    # of most charts: there is no report, and so the rest is of no use
    if seen.silence or not has_medicines:
        return seen
    return _read(supplied, patient_record(supplied, wants.read_by_rules), site, today)


def _look_at_drafts(supplied: Supplied, wants: Wants, site: Site, today: date) -> Advice:
    record = patient_record(supplied, wants.read_by_rules)
    record = order_signing.as_signed(record, site.knowledge.value_sets, today)
    if (silence := order_signing.silence(record)) is not None:
        return Advice((), silence, _counts(supplied, record), record, supplied=supplied)
    return _read(supplied, record, site, today)


def _read(supplied: Supplied, record: PatientRecord, site: Site, today: date) -> Advice:
    facts = recognise(record, site.reading(today))
    return Advice((), _silence(facts), _counts(supplied, record), record, facts, supplied=supplied)


def _counts(supplied: Supplied, record: PatientRecord) -> Mapping[str, int]:
    return {"read": len(supplied.given), "unread": len(record.unread)}


def _silence(facts: Facts) -> str | None:
    """Why nothing is said before any contributor is looked at (CARDS B1)."""
    if facts.is_deceased:
        return "deceased"
    if facts.is_adult is False:
        return "minor"
    if not facts.reports:
        return facts.refusals[0] if facts.refusals else _no_report(facts)
    return None


def _no_report(facts: Facts) -> str:
    """A report may have stood in what could not be read, or did not come."""
    unread = {kind for _, kind in facts.unread}
    if not unread.isdisjoint(("Condition", "")):
        return "no-report-but-unread-conditions"
    if "conditions" in facts.cut_off:
        return "no-report-but-conditions-cut-off"
    if not unread.isdisjoint(("Observation", "Encounter", "QuestionnaireResponse")):
        return "no-report-but-unread-entries"
    # not the medicines and orders, whose reasons are the rarest carriers: many servers lack one of those lists
    lacking = facts.missing | facts.cut_off
    return "no-report" if lacking.isdisjoint(_CARRIERS) else "no-report-but-missing-lists"
