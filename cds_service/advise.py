"""The main path: read the patient, recognise what matters, find contributors, word them. Start reading here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from cds_service import chains, fhir, gaps, rendering, suggestions
from cds_service.facts import Facts
from cds_service.findings import Judgement, judge, set_aside_first
from cds_service.hooks import Card, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.normalise import patient_record
from cds_service.policy import USUAL, Policy
from cds_service.recognition import Reading, recognise
from cds_service.record import PatientRecord
from cds_service.resources import Supplied

_CARRIERS = ("observations", "encounters", "questionnaireResponses")


@dataclass(frozen=True, slots=True)
class Advice:
    """
    One answer.

    *silence* is the reason code of an empty answer, for log and metrics, never for the wire. *counts* holds what a
    log may know: how many entries were read and how many not. The last three are for the trace.
    """

    cards: tuple[Card, ...]
    silence: str | None
    counts: Mapping[str, int]
    record: PatientRecord | None = None
    facts: Facts | None = None
    judged: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """
    What stays the same between requests: knowledge, drafts of its orders, the public address, the time zone, and the
    link ids of questions about leg cramps, and what the site chose about its cards.
    """

    knowledge: Knowledge
    orders: suggestions.Orders
    base_url: str
    zone: ZoneInfo | None = None
    cramp_link_ids: frozenset[str] = frozenset()
    policy: Policy = USUAL

    @classmethod
    def of(
        cls,
        knowledge: Knowledge,
        base_url: str,
        zone: ZoneInfo | None = None,
        cramp_link_ids: frozenset[str] = frozenset(),
        policy: Policy = USUAL,
    ) -> "Site":
        """Make the order drafts once."""
        return cls(knowledge, suggestions.order_templates(knowledge), base_url, zone, cramp_link_ids, policy)

    def reading(self, today: date) -> Reading:
        """What recognition needs to know on this day."""
        knowledge = self.knowledge
        return Reading(
            knowledge.value_sets, knowledge.analytes, knowledge.reads, today, self.zone, self.cramp_link_ids
        )


def advise(request: HookRequest, site: Site, today: date) -> Advice:
    """
    Answer one hook request.

    Raises:
        RequestInvalid: If the prefetch is about another patient.
        DataUnavailable: If required data was not supplied.
    """
    if request.user_is_patient:
        return Advice((), "patient-user", {})
    knowledge = site.knowledge
    seen = _look(fhir.gather(request), site, today)
    if seen.silence or seen.facts is None:
        return seen
    facts = seen.facts
    judged = judge(facts, knowledge)
    groups = chains.merge([each.finding for each in judged if each.finding], knowledge.chains, facts)
    flagged = {finding.row for group in groups for finding in group.findings}
    dropped = (one for each in judged for one in each.set_aside if each.contributor.row not in flagged)
    aside = sorted(dropped, key=set_aside_first)
    desk = rendering.Desk(knowledge, site.orders, site.base_url, f"Patient/{request.patient_id}", site.policy)
    cards = rendering.cards(chains.select(groups), aside, gaps.gaps(facts, knowledge.judged), facts, desk)
    nothing = "nothing-found" if knowledge.contributors else "nothing-signed"
    return replace(seen, cards=cards, silence=None if cards else nothing, judged=judged)


def glance(request: HookRequest, site: Site, today: date) -> Advice | None:
    """
    The empty answer that is certain before anything but the patient and the carriers of reports was fetched.

    None when a report is there, and the rest of the record is worth asking for.

    Raises:
        RequestInvalid: If the prefetch is about another patient.
        DataUnavailable: If the patient or the diagnoses were not supplied.
    """
    if request.user_is_patient:
        return Advice((), "patient-user", {})
    seen = _look(fhir.gather(request, has_medicines=False), site, today)
    return seen if seen.silence else None


def _look(supplied: Supplied, site: Site, today: date) -> Advice:
    """What the record says, and the reason to say nothing about it, if there is one already."""
    record = patient_record(supplied)
    facts = recognise(record, site.reading(today))
    counts = {"read": len(supplied.given), "unread": len(record.unread)}
    return Advice((), _silence(facts), counts, record, facts)


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
