"""Findings -> cards: short, dated, hedged; every word is in `cards/` or in `phrases`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service import phrases, suggestions
from cds_service.chains import Group, Selection
from cds_service.criteria import Case, Truth
from cds_service.dates import Span
from cds_service.exposures import timings
from cds_service.facts import Diagnosed, Fact, Facts, LabResult, Timing
from cds_service.findings import Finding, SetAside
from cds_service.gaps import Gaps
from cds_service.hooks import Card, Coding, Link, Source
from cds_service.knowledge import Knowledge

SUMMARY = 139  # characters: the standard says fewer than 140
MAIN_WORDS, ALSO_WORDS = 80, 110  # DECISIONS, Cards
_SET_ASIDE = 5  # items of the set-aside line
_CODES = "https://legcramps.org/fhir/CodeSystem"
_HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

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


@dataclass(frozen=True, slots=True)
class Desk:
    """What wording needs besides the findings."""

    knowledge: Knowledge
    orders: suggestions.Orders
    base_url: str
    subject: str  # "Patient/123"


def cards(
    selection: Selection, aside: Sequence[SetAside], gaps: Gaps, facts: Facts, desk: Desk
) -> tuple[Card, ...]:
    """
    The cards of one answer, most urgent first.

    What was set aside is told on the also-consider card, else on the last main card that is not critical; a `data`
    card comes last, only when something was missing that could change the answer.
    """
    has_also = bool(selection.also)
    places = [place for place, each in enumerate(selection.main) if each.level != "critical"]
    tells = places[-1] if places and not has_also else None
    made = [
        _main(group, aside if place == tells else (), facts, desk)
        for place, group in enumerate(selection.main)
    ]
    if has_also:
        made.append(_also(selection, aside, facts, desk))
    suggested = any(card.suggestions for card in made)
    if lines := gaps.lines(orders_matter=suggested):
        made.append(_data(lines, facts, desk))
    return tuple(made)


# --- main cards -------------------------------------------------------------------------------------------------


def _main(group: Group, aside: Sequence[SetAside], facts: Facts, desk: Desk) -> Card:
    lead = group.lead
    texts = group.chain.texts if group.chain else lead.contributor.texts
    fill = _placeholders(group, desk)
    told = _told(aside)
    optional = [
        _shown(group, facts, desk),
        _not_known(group),
        _set_aside_line(told, len(aside) - len(told), desk),
    ]
    head = f"**{_say(texts, 'Finding', lead.variant, fill)}** {_evidence(group)}\n\n{_bullets(group, facts, desk)}"
    options = f"*Options to consider:* {_say(texts, 'Options', lead.variant, fill)}"
    rest = [options, *_remarks(group, facts), _last_line(facts, desk)]
    kept = _within(MAIN_WORDS, (head, *rest), optional)
    detail = "\n\n".join((_listed(head, kept[0]), *rest[:-1], *(each for each in kept[1:] if each), rest[-1]))
    found = [_found(each.row, each.contributor.id, each.role, each.sources) for each in group.findings]
    if kept[-1]:
        found += _aside_found(told, found)
    offered = suggestions.suggestions(group, facts, desk.knowledge, desk.orders, desk.subject)
    return Card(
        summary=_cut(_say(texts, "Summary", lead.variant, fill)),
        indicator="critical"
        if group.level == "critical"
        else "warning"
        if group.level == "warning"
        else "info",
        detail=detail,
        source=_source(
            desk,
            group.chain.id if group.chain else lead.row,
            group.chain.label if group.chain else lead.contributor.label,
        ),
        suggestions=offered,
        selection_behavior="any" if offered else None,
        override_reasons=(*_REASONS, *_CRITICAL_REASONS) if group.level == "critical" else _REASONS,
        links=_links(group, desk),
        extension=_extension("main", found, desk, group.chain.id if group.chain else None),
    )


def _say(texts: Mapping[str, str], title: str, variant: str, fill: Mapping[str, str]) -> str:
    text = texts.get(f"{title} ({variant})") if variant else None
    return phrases.capital((text or texts[title]).format_map(fill))


def _placeholders(group: Group, desk: Desk) -> dict[str, str]:
    """Every placeholder that a file may use here; the loader has checked that it uses no other."""
    every = [fact for finding in (group.lead, *group.findings) for fact in finding.facts]
    drugs = [fact for fact in every if isinstance(fact, Timing)]
    results = list(
        dict.fromkeys(
            fact
            for each in group.findings
            for fact in (*each.facts, *each.evidence)
            if isinstance(fact, LabResult)
        )
    )
    entries = [fact for fact in every if isinstance(fact, Diagnosed)]
    lead_drug = min(drugs, key=lambda each: each.time_class.strength, default=None)
    fill = {"drugs": phrases.joined(phrases.drug(each) for each in drugs)}
    if lead_drug:
        fill |= {
            "drug": phrases.drug(lead_drug),
            "timing": phrases.timing_clause(lead_drug),
            "since": phrases.since(lead_drug),
        }
    if results:
        fill |= {
            "value": phrases.value(results[0], desk.knowledge),
            "values": phrases.values(results, desk.knowledge),
            "taken_on": str(results[0].taken),
        }
    if entries:
        fill |= {
            "diagnosis": phrases.concept(entries[0], desk.knowledge),
            "recorded_on": phrases.recorded(entries[0]),
        }
    return fill


def _evidence(group: Group) -> str:
    """The grade letter for contributing, and for acting on the value where that differs."""
    grades = group.chain.grades if group.chain else group.lead.contributor.grades
    contributing, acting = grades.get("contributing"), grades.get("acting")
    if contributing and acting and contributing != acting:
        return f"Evidence: link {contributing}, acting on it {acting}."
    return f"Evidence: {contributing or acting}."


def _bullets(group: Group, facts: Facts, desk: Desk) -> str:
    """The dated facts: drugs with the onset, results, diagnoses, then what explains a value or came after it."""
    told = list(dict.fromkeys(fact for each in group.findings for fact in each.facts))
    drugs = list({phrases.drug(each): each for each in reversed(told) if isinstance(each, Timing)}.values())[
        ::-1
    ]
    named = {phrases.drug(each) for each in drugs}
    beside = [fact for each in group.findings for fact in each.evidence if fact not in told]
    others = {phrases.drug(each): each for each in beside if isinstance(each, Timing)}
    lines = ["; ".join((*map(phrases.course, drugs), phrases.onset(facts.onset)))]
    lines += [phrases.measured(sample, facts, desk.knowledge) for sample in _samples([*told, *beside])]
    entries = dict.fromkeys(each for each in (*told, *beside) if isinstance(each, Diagnosed))
    lines += [phrases.diagnosis(each, desk.knowledge) for each in entries]
    if also := sorted(set(others) - named):
        lines.append(f"also taking {phrases.joined(also)}")
    lines += _beside(group, facts)
    return "\n".join(f"- {phrases.capital(line)}" for line in lines)


def _samples(told: Iterable[Fact]) -> Iterable[list[LabResult]]:
    """Results of one day together."""
    samples: dict[object, list[LabResult]] = {}
    for each in dict.fromkeys(fact for fact in told if isinstance(fact, LabResult)):
        samples.setdefault((each.taken, each.clock), []).append(each)
    return samples.values()


def _shown(group: Group, facts: Facts, desk: Desk) -> str:
    """What is known of the analytes that matter for a drug: values taken on it, and what was never taken."""
    changes = [
        fact.change
        for each in group.findings
        for fact in each.facts
        if isinstance(fact, Timing) and fact.change
    ]
    analytes = dict.fromkeys(name for each in group.findings for name in each.contributor.shows)
    if group.chain or not analytes:
        return ""
    since = max((change.last for change in changes), default=None)
    known, unknown = [], []
    for name in analytes:
        newest = next(iter(facts.latest(name)), None)
        analyte = desk.knowledge.analytes[name]
        if (
            newest
            and newest.age(facts.today)[1] <= analyte.current
            and (since is None or newest.taken.first > since)
        ):
            known.append(newest)
        else:
            unknown.append(analyte.short)
    lines = [
        f"{phrases.measured(sample, facts, desk.knowledge)[:-1]}, on treatment)" for sample in _samples(known)
    ]
    if unknown:
        lines.append(f"no current {phrases.joined(unknown).replace(' and ', ' or ')} taken since the change")
    return "\n".join(f"- {phrases.capital(line)}" for line in lines)


def _beside(group: Group, facts: Facts) -> Iterable[str]:
    """
    Drugs that could explain a value but are not contributors (KNOWLEDGE X4, X6).

    One that was running when the value was drawn is a likely cause of the value; one that began later is told so
    that nobody blames it.
    """
    used = {
        fact.exposure.ingredient for each in group.findings for fact in each.facts if isinstance(fact, Timing)
    }
    told = set(used)
    for finding in group.findings:
        for result in finding.facts:
            if not isinstance(result, LabResult):
                continue
            for timing in _explaining(finding, facts):
                name, began = phrases.drug(timing), timing.course.began
                if timing.exposure.ingredient in told or began is None:
                    continue
                ended = timing.course.ended
                if began.last >= result.taken.last:
                    told.add(timing.exposure.ingredient)
                    yield f"drawn before {name} ({began})"
                elif ended is None or ended.last >= result.taken.first:
                    told.add(timing.exposure.ingredient)
                    yield f"{name} ({phrases.since(timing)}) was running: a likely cause of the value"


def _explaining(finding: Finding, facts: Facts) -> Iterable[Timing]:
    for value_set in finding.contributor.explained_by:
        members = facts.exposures.get(value_set, ())
        yield from timings(members, facts.onset, finding.contributor.washout, facts.today, {})


def _remarks(group: Group, facts: Facts) -> list[str]:
    remarks = (
        remark.say
        for finding in group.findings
        for remark in finding.contributor.remarks
        if remark.when.answer(Case(facts, finding.facts[0])).holds
    )
    return list(dict.fromkeys(remarks))


def _not_known(group: Group) -> str:
    unknown = list(dict.fromkeys(what for each in group.findings for what in each.unknown))
    return f"*Not known:* {'; '.join(unknown[:2])}." if unknown else ""


def _last_line(facts: Facts, desk: Desk) -> str:
    up_to = Span.of(facts.today)
    demo = " Demo: unsigned knowledge." if desk.knowledge.is_demo else ""
    return f"Based on record data up to {up_to}; not a diagnosis.{demo}"


def _within(words: int, needed: Iterable[str], optional: Sequence[str]) -> list[str]:
    """The optional paragraphs as far as the word budget reaches; from the first on they give way, as ""."""
    kept, spent = list(optional), _count(needed)
    for place in range(len(kept)):
        if spent + _count(kept) > words:
            kept[place] = ""
    return kept


def _listed(head: str, more: str) -> str:
    """Further items of a list, right behind it."""
    return f"{head}\n{more}" if more else head


def _count(paragraphs: Iterable[str]) -> int:
    return sum(len(each.split()) for each in paragraphs)


def _cut(summary: str) -> str:
    return summary if len(summary) <= SUMMARY else f"{summary[: SUMMARY - 1].rsplit(' ', 1)[0]}…"


# --- the also-consider card -------------------------------------------------------------------------------------


def _also(selection: Selection, aside: Sequence[SetAside], facts: Facts, desk: Desk) -> Card:
    lines = [_line(group, desk) for group in selection.also]
    count = len(lines) + selection.left_out
    more = f"\n- and {selection.left_out} more in the rule sheet" if selection.left_out else ""
    critical = any(group.level == "critical" for group in selection.main)
    told = _told(aside)
    optional = [
        "" if critical else _self_care(facts, desk),
        desk.knowledge.guards.ask_about,
        _set_aside_line(told, len(aside) - len(told), desk),
    ]
    needed = ["\n".join(f"- {line}" for line in lines) + more, _last_line(facts, desk)]
    kept = _within(ALSO_WORDS, needed, optional)
    detail = "\n\n".join(each for each in (needed[0], *kept, needed[1]) if each)
    found = [
        _found(each.row, each.contributor.id, each.role, each.sources)
        for group in selection.also
        for each in group.findings
    ]
    if kept[-1]:
        found += _aside_found(told, found)
    factors = "1 lesser factor" if count == 1 else f"{count} lesser factors"
    main = bool(selection.main)
    return Card(
        summary=f"Also consider for night leg cramps: {factors} in the record{'' if critical else ', and self-care'}"
        if main
        else f"Night leg cramps: {factors} in the record to consider{'' if critical else ', and self-care'}",
        indicator="info",
        detail=detail,
        source=_source(desk, "also-consider", "Also consider"),
        override_reasons=_REASONS,
        links=_also_links(selection, desk),
        extension=_extension("also-consider", found, desk, None),
    )


def _line(group: Group, desk: Desk) -> str:
    fill = _placeholders(group, desk)
    parts = []
    if group.chain:
        parts.append(_say(group.chain.texts, "Summary", "", fill))
    else:
        parts.append(_say(group.lead.contributor.texts, "Line", "", fill))
    grade = group.lead.contributor.grades.get("contributing", "D")
    return f"{parts[0]} (evidence {grade})"


def _self_care(facts: Facts, desk: Desk) -> str:
    """What is safe for this patient; an exclusion that can't be judged counts as met."""
    safe = [
        each.say
        for each in desk.knowledge.guards.self_care
        if each.unless is None or each.unless.answer(Case(facts)).truth is Truth.FAILS
    ]
    return f"*Self-care that is safe to offer:* {'; '.join(safe)}." if safe else ""


def _told(aside: Sequence[SetAside]) -> Sequence[SetAside]:
    return aside[:_SET_ASIDE]


def _set_aside_line(told: Sequence[SetAside], more: int, desk: Desk) -> str:
    if not told:
        return ""
    items = "; ".join(phrases.dropped(each.fact, each.why, desk.knowledge) for each in told)
    return f"*Set aside:* {items}{f'; and {more} more' if more else ''}."


# --- the data card ----------------------------------------------------------------------------------------------


def _data(lines: Sequence[str], facts: Facts, desk: Desk) -> Card:
    detail = "\n\n".join(
        (
            "**Part of the record could not be used, so a contributor may have been missed.**",
            "\n".join(f"- {line}" for line in lines),
            _last_line(facts, desk),
        )
    )
    return Card(
        summary="Night leg cramps: part of the record could not be read; this advice may be incomplete",
        indicator="info",
        detail=detail,
        source=_source(desk, "data", "Data that could not be read"),
        override_reasons=_REASONS,
        extension=_extension("data", [], desk, None),
    )


# --- members that every card has --------------------------------------------------------------------------------


def _source(desk: Desk, code: str, label: str) -> Source:
    return Source(
        label=f"NLC contributor support, knowledge version {desk.knowledge.version}",
        url=f"{desk.base_url}/knowledge",
        topic=Coding(code, f"{_CODES}/rule", label),
    )


def _links(group: Group, desk: Desk) -> tuple[Link, ...]:
    """The rule page first, then the first two citations that can be opened."""
    name = group.chain.id if group.chain else group.lead.contributor.id
    cites = group.chain.cites if group.chain else group.lead.contributor.cites
    return (
        Link(
            f"Rule sheet {group.chain.id if group.chain else group.lead.row}",
            f"{desk.base_url}/knowledge/{name}",
            "absolute",
        ),
        *_cited(cites, desk, 2),
    )


def _cited(cites: Iterable[str], desk: Desk, most: int) -> tuple[Link, ...]:
    references = [desk.knowledge.references[key] for key in dict.fromkeys(cites)]
    return tuple(Link(each.label, each.url, "absolute") for each in references if each.url)[:most]


def _also_links(selection: Selection, desk: Desk) -> tuple[Link, ...]:
    cites = [key for group in selection.also for key in group.lead.contributor.cites[:1]]
    return (Link("Rule sheets", f"{desk.base_url}/knowledge", "absolute"), *_cited(cites, desk, 3))


def _found(row: str, identity: str, role: str, sources: Iterable[str]) -> dict[str, Any]:
    return {"row": row, "id": identity, "role": role, "sources": list(sources)}


def _aside_found(told: Iterable[SetAside], found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row is set aside only where it is not flagged for another reason."""
    flagged = {each["row"] for each in found}
    rows: dict[str, dict[str, Any]] = {}
    for each in told:
        if each.contributor.row not in flagged:
            made = rows.setdefault(
                each.contributor.row, _found(each.contributor.row, each.contributor.id, "set-aside", ())
            )
            made["sources"] += [name for name in each.fact.sources if name not in made["sources"]]
    return list(rows.values())


def _extension(card: str, found: list[dict[str, Any]], desk: Desk, chain: str | None) -> dict[str, Any]:
    members: dict[str, Any] = {"org.legcramps.findings": found} if found else {}
    if chain:
        members["org.legcramps.chain"] = chain
    return {**members, "org.legcramps.card": card, "org.legcramps.knowledge": desk.knowledge.version}
