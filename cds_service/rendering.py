"""Findings -> cards: which cards there are, and every member but their text."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from cds_service import suggestions, wording
from cds_service.chains import Group, Matter, Selection
from cds_service.facts import Facts, LabResult
from cds_service.findings import SetAside
from cds_service.gaps import Gaps
from cds_service.hooks import Card, Coding, Indicator, Link, Source
from cds_service.knowledge import Knowledge
from cds_service.placeholders import fillings
from cds_service.policy import USUAL, Policy

_CODES = "https://legcramps.org/fhir/CodeSystem"
_FINDINGS = "org.legcramps.findings"
_HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

_NOTHING_FOUND = Matter("nothing-found", "info", frozenset())

_REASONS = (
    Coding("reviewed", f"{_CODES}/override-reason", "Already considered"),
    Coding("action-completed", _HL7, "Ordered or done elsewhere"),
    Coding("benefit", f"{_CODES}/override-reason", "Benefit outweighs"),
    Coding("other-cause", f"{_CODES}/override-reason", "Another cause is more likely"),
    Coding("cds-not-applicable", _HL7, "Not nocturnal leg cramps"),
    Coding("data-wrong", f"{_CODES}/override-reason", "Record is wrong"),
)
_CRITICAL_REASONS = (
    Coding("handled", f"{_CODES}/override-reason", "Already acted on"),
    Coding("spurious", f"{_CODES}/override-reason", "Sample error"),
)
REASON_CODES = (*(each.code for each in (*_REASONS, *_CRITICAL_REASONS)), "ordered", "not-nlc")
"""The codes of the override reasons that any card may offer, and those that CARDS has in place of HL7's."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What wording needs besides the findings."""

    knowledge: Knowledge
    orders: suggestions.Orders
    base_url: str
    subject: str  # "Patient/123"
    policy: Policy = USUAL


class Worded(NamedTuple):
    """A card and what it is about: a group, or several; or a *matter* of its own, what could not be read or nothing."""

    card: Card
    groups: tuple[Group, ...] = ()
    matter: Matter | None = None


def cards(
    selection: Selection,
    aside: Sequence[SetAside],
    gaps: Gaps,
    facts: Facts,
    desk: Desk,
    *,
    faded: Sequence[Group] = (),
) -> tuple[Worded, ...]:
    """
    The cards of one answer, most urgent first; *faded* is what was found too, and is not told again.

    What was set aside is told on the also-consider card, else on the last main card that is not critical; a `data`
    card comes last, only when something was missing that could change the answer.
    """
    places = [place for place, each in enumerate(selection.main) if each.level != "critical"]
    tells = places[-1] if places and not selection.also else None
    told = _analytes((*selection.main, *selection.also))
    taken: set[str] = set()
    alerts = wording.alerts(facts, desk.knowledge, selection.main)
    main = [
        _main(group, aside, told, taken, facts, desk, tells=place == tells, alerts=() if place else alerts)
        for place, group in enumerate(selection.main)
    ]
    made = [Worded(card, (group,)) for card, group in zip(main, selection.main, strict=True)]
    if selection.also:
        told_aside = {found["row"] for card in main for found in card.extension.get(_FINDINGS, ())}
        rest = [each for each in aside if each.contributor.row not in told_aside]
        found = (*selection.main, *faded)
        also = _also(selection, found, rest, main, taken, facts, desk, alerts=() if main else alerts)
        made.append(Worded(also, selection.also))
    lines = gaps.lines(orders_matter=any(each.card.suggestions for each in made))
    if not (faded or made or lines or alerts) and desk.policy.says_nothing_found:
        made.append(Worded(_nothing_found(facts, desk), matter=_NOTHING_FOUND))
    if lines:
        lacking = Matter("data", "info", frozenset(lines))
        made.append(Worded(_data(lines, facts, desk), matter=lacking))
    return tuple(made)


def _analytes(groups: Iterable[Group]) -> frozenset[str]:
    """The analytes that some card of this answer is about."""
    facts = (fact for group in groups for each in group.findings for fact in each.facts)
    return frozenset(fact.analyte for fact in facts if isinstance(fact, LabResult))


def _main(
    group: Group,
    aside: Sequence[SetAside],
    told: frozenset[str],
    taken: set[str],
    facts: Facts,
    desk: Desk,
    *,
    tells: bool,
    alerts: Sequence[str],
) -> Card:
    fill = fillings(group, facts.onset, desk.knowledge)
    detail = wording.main_detail(group, fill, aside, told, facts, desk.knowledge, tells=tells, alerts=alerts)
    offered = suggestions.suggestions([group], facts, desk.knowledge, desk.orders, desk.subject, taken)
    code, label = (
        (group.chain.id, group.chain.label) if group.chain else (group.lead.row, group.lead.contributor.label)
    )
    return Card(
        summary=wording.summary(group, fill),
        indicator=_indicator(group, desk),
        detail=detail.text,
        source=_source(desk, code, label),
        suggestions=offered,
        selection_behavior="any" if offered else None,
        override_reasons=_reasons(group, desk),
        links=_links(group, desk),
        extension=_extension("main", [*_flagged([group]), *_set_aside(detail.aside)], desk, group),
    )


def _also(
    selection: Selection,
    found: Iterable[Group],
    aside: Sequence[SetAside],
    main: Sequence[Card],
    taken: set[str],
    facts: Facts,
    desk: Desk,
    *,
    alerts: Sequence[str],
) -> Card:
    # no self-care beside an urgent card, or where a clot or a failing kidney is in question
    flagged = any(each.level == "critical" or each.lead.flag for each in found)
    urgent = flagged or bool(wording.alerts(facts, desk.knowledge, ()))
    detail = wording.also_detail(selection, aside, facts, desk.knowledge, is_urgent=urgent, alerts=alerts)
    offered = suggestions.suggestions(selection.also, facts, desk.knowledge, desk.orders, desk.subject, taken)
    counted = (*selection.also, *selection.left_out)
    factors = f"{len(counted)} lesser factor{'s' if len(counted) > 1 else ''} in the record"
    cites = [key for group in selection.also for key in group.lead.contributor.cites[:1]]
    return Card(
        summary=f"{'Also consider' if main else 'To consider'} for night leg cramps: {factors}"
        + (", and low-risk self-care" if wording.SELF_CARE in detail.text else ""),
        indicator="info",
        detail=detail.text,
        source=_source(desk, "also-consider", "Also consider"),
        suggestions=offered,
        selection_behavior="any" if offered else None,
        override_reasons=_REASONS,
        links=(
            Link("Rule sheets", f"{desk.base_url}/knowledge", "absolute"),
            *_timeline(counted, desk),
            *_cited(cites, desk, 3),
        ),
        extension=_extension(
            "also-consider",
            [*_flagged(counted), *_set_aside(detail.aside)],
            desk,
        ),
    )


def _nothing_found(facts: Facts, desk: Desk) -> Card:
    return Card(
        summary="Night leg cramps: no contributor found in the record; tests are usually not needed",
        indicator="info",
        detail=wording.nothing_found(facts, desk.knowledge).text,
        source=_source(desk, "nothing-found", "No contributor found"),
        override_reasons=_REASONS,
        links=(Link("Rule sheets", f"{desk.base_url}/knowledge", "absolute"),),
        extension=_extension("also-consider", [], desk),
    )


def _data(lines: Sequence[str], facts: Facts, desk: Desk) -> Card:
    return Card(
        summary="Night leg cramps: part of the record could not be read; this advice may be incomplete",
        indicator="info",
        detail=wording.data_detail(lines, facts, desk.knowledge).text,
        source=_source(desk, "data", "Data that could not be read"),
        override_reasons=_REASONS,
        extension=_extension("data", [], desk),
    )


# --- members that every card has --------------------------------------------------------------------------------


def _source(desk: Desk, code: str, label: str) -> Source:
    return Source(
        label=f"NLC contributor support, knowledge version {desk.knowledge.version}",
        url=f"{desk.base_url}/knowledge",
        topic=Coding(code, f"{_CODES}/rule", label),
    )


def _indicator(group: Group, desk: Desk) -> Indicator:
    """The level, at most what the site shows."""
    order: tuple[Indicator, ...] = ("critical", "warning", "info")
    level = group.level if group.level in order else "info"
    return order[max(order.index(desk.policy.indicator_cap), [*map(str, order)].index(level))]


def _reasons(group: Group, desk: Desk) -> tuple[Coding, ...]:
    """The common override reasons, those of urgent cards, and where the site wants them those of this rule."""
    reasons = (*_REASONS, *_CRITICAL_REASONS) if group.level == "critical" else _REASONS
    if not desk.policy.more_reasons:
        return reasons
    own = group.chain.override_reasons if group.chain else group.lead.contributor.override_reasons
    return (*reasons, *(Coding(code, f"{_CODES}/override-reason", text) for code, text in own.items()))


def _links(group: Group, desk: Desk) -> tuple[Link, ...]:
    """The site's own pathway, the rule sheets, the timeline, then the first two citations that can be opened."""
    chains = [chain for chain in (group.chain, *group.named, *group.fits) if chain]
    pages = [chain.id for chain in chains] or [group.lead.row]
    cites = [key for chain in chains for key in chain.cites] or group.lead.contributor.cites
    sheets = (Link(f"Rule sheet {page}", f"{desk.base_url}/knowledge/{page}", "absolute") for page in pages)
    rules = dict.fromkeys((*pages, *(each.row for each in group.findings)))
    own = (
        Link(f"Local pathway {rule}", desk.policy.pathways[rule], "absolute")
        for rule in rules
        if rule in desk.policy.pathways
    )
    # what stands first is about the flag, the rest about the row
    cited = _cited(cites, desk, 1 if group.lead.flag and not group.chain else 2)
    return (*own, *sheets, *_timeline([group], desk), *cited)


def _timeline(groups: Iterable[Group], desk: Desk) -> Iterator[Link]:
    """The picture as a SMART app, where the EHR can open it; it is told which rows the card is about."""
    if desk.policy.has_timeline:
        rows = dict.fromkeys(each.row for group in groups for each in group.findings)
        about = msgspec.json.encode({"rows": [*rows]}).decode()
        yield Link("Timeline", f"{desk.base_url}/launch", "smart", about)


def _cited(cites: Iterable[str], desk: Desk, most: int) -> tuple[Link, ...]:
    references = [desk.knowledge.references[key] for key in dict.fromkeys(cites)]
    return tuple(Link(each.label, each.url, "absolute") for each in references if each.url)[:most]


def _flagged(groups: Iterable[Group]) -> list[dict[str, Any]]:
    findings = (each for group in groups for each in group.findings)
    return [_found(each.row, each.contributor.id, each.role, each.sources) for each in findings]


def _set_aside(told: Iterable[SetAside]) -> list[dict[str, Any]]:
    """One entry a row; a row is set aside only where it is flagged nowhere."""
    rows: dict[tuple[str, str], dict[str, None]] = {}
    for each in told:
        rows.setdefault((each.contributor.row, each.contributor.id), {}).update(
            dict.fromkeys(each.fact.sources)
        )
    return [_found(row, identity, "set-aside", sources) for (row, identity), sources in rows.items()]


def _found(row: str, identity: str, role: str, sources: Iterable[str]) -> dict[str, Any]:
    return {"row": row, "id": identity, "role": role, "sources": list(sources)}


def _extension(
    card: str, found: list[dict[str, Any]], desk: Desk, group: Group | None = None
) -> dict[str, Any]:
    members: dict[str, Any] = {_FINDINGS: found} if found else {}
    if group and group.chain:
        members["org.legcramps.chain"] = group.chain.id
    return {**members, "org.legcramps.card": card, "org.legcramps.knowledge": desk.knowledge.version}
