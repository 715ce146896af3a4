"""The text of a card: what `cards/` says, the dated facts, and as much more as the word budget allows."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from cds_service import phrases
from cds_service.beside import beside_lines, drugs_beside
from cds_service.bullets import bullets, items, samples
from cds_service.chains import Group, Selection
from cds_service.dates import Span
from cds_service.facts import Fact, Facts, LabResult, Timing
from cds_service.findings import SetAside
from cds_service.knowledge import Knowledge
from cds_service.monitoring import overdue
from cds_service.options import options
from cds_service.placeholders import fillings, say, texts, variant
from cds_service.truth import Case, Truth
from cds_service.word_budget import count, in_room, paragraphs, shortened

SUMMARY = 139  # characters: the standard says fewer than 140
MAIN_WORDS, ALSO_WORDS = 80, 110  # DECISIONS, Cards
_ESCAPED = re.compile(r"\\(.)")
_DAY = re.compile(r"(?<!\d)(\d [A-Z][a-z]{2} \d{4})")
SELF_CARE = "*Self-care that is safe to offer:*"
_OPENING = 6  # words of "Cramps from 5 Apr 2026."
_FIRST_OPTIONS = 12  # words that the first options have in any case, where the facts leave them room
_SET_ASIDE = 5  # items of the set-aside line


@dataclass(frozen=True, slots=True)
class Detail:
    """A card's Markdown, and which of the facts set aside it tells."""

    text: str
    aside: tuple[SetAside, ...] = ()


def summary(group: Group, fill: Mapping[str, str]) -> str:
    """The one sentence of a main card: plain text, not Markdown, cut where it is too long."""
    text = say(texts(group), "Summary", variant(group), fill)
    return _cut(unescape(_ESCAPED.sub(r"\1", text)))


def _cut(plain: str) -> str:
    """Cut at a word. A day of one digit counts as two, so that the same card is cut alike on another day."""
    padded = _DAY.sub("\0\\1", plain)
    if len(padded) > SUMMARY:
        # what a card asks for stands last, behind a colon: the facts before it give way
        facts, colon, asked = padded.rpartition(": ")
        tail = f"{colon}{asked}" if len(asked) < SUMMARY // 2 else ""
        kept = (facts if tail else padded)[: SUMMARY - 1 - len(tail)].rsplit(" ", 1)[0]
        padded = f"{kept}…{tail}"
    return padded.replace("\0", "")


def main_detail(
    group: Group,
    fill: Mapping[str, str],
    aside: Sequence[SetAside],
    told: Iterable[str],
    facts: Facts,
    knowledge: Knowledge,
    *,
    tells: bool,
    alerts: Sequence[str] = (),
) -> Detail:
    """
    Headline with evidence, dated facts, options, remarks; then what was set aside and what is not known.

    *told* are the analytes that some card of this answer is about: a fact appears once. Only the card that *tells*
    has the set-aside line; a drug named beside a value is told there. *alerts* come before the remarks.
    """
    title = f"**{say(texts(group), 'Finding', variant(group), fill)}** {_evidence(group)}".rstrip()
    beside = drugs_beside(group, facts)
    listed_facts, also_on_record, usual = bullets(group, beside, facts, knowledge)
    head = f"{title}\n\n{listed_facts}"
    if group.level == "critical":
        head, also_on_record = "\n".join((head, *items(also_on_record))), []
    offered = f"*Consider:* {options(group, fill, facts, knowledge)}"
    last = _last_line(facts, knowledge)
    room = MAIN_WORDS - count((head, last, *alerts))
    # the first options come before all that qualifies a value, that before the later ones, and those before the rest
    first = shortened(offered, max(_FIRST_OPTIONS, count((shortened(offered, 0),))))
    spare = room - count((first if count((first,)) <= room else shortened(offered, 0),))
    listed = [each for each in in_room(items([*also_on_record, *beside_lines(beside)]), spare) if each]
    more_said = (*_beside_clauses(group), *_remarks(group, facts, knowledge))
    remarks = in_room(more_said, spare - count(listed))
    offered = shortened(offered, room - count((*listed, *remarks)))
    room -= count((offered, *listed, *remarks))
    told_beside = tuple(
        each for each in aside if isinstance(each.fact, Timing) and phrases.drug(each.fact) in beside
    )
    aside = [each for each in aside if each not in told_beside] if tells else []
    kept, set_aside = _set_aside(aside, room, knowledge)
    # beside what needs action now, monitoring that is due is noise
    due = {} if group.level == "critical" else overdue(group.findings, facts, knowledge)
    shown = _shown(group, {*told, *due}, facts, knowledge)
    rounding_off = (*items([_due(due, knowledge)] if due else []), shown, *items(usual), _not_known(group))
    *more, unknown = in_room(rounding_off, room - count((set_aside,)))
    whole = "\n".join((head, *listed, *(each for each in more if each)))
    said = paragraphs(whole, offered, *alerts, *remarks, unknown, set_aside, last)
    return Detail(said, (*told_beside, *kept))


def also_detail(
    selection: Selection,
    aside: Sequence[SetAside],
    facts: Facts,
    knowledge: Knowledge,
    *,
    is_urgent: bool,
    alerts: Sequence[str] = (),
) -> Detail:
    """One line a group, what was set aside, self-care and what to ask about; no self-care beside an urgent card."""
    last = _last_line(facts, knowledge)
    listed = "\n".join(_lines(selection, ALSO_WORDS - count((last, *alerts)) - _OPENING, facts, knowledge))
    if not selection.main:
        listed = f"{phrases.capital(phrases.onset(facts))}.\n\n{listed}"
    listed = paragraphs(listed, *alerts)
    room = ALSO_WORDS - count((listed, last))
    kept, set_aside = _set_aside(aside, room, knowledge)
    care = "" if is_urgent else _self_care(facts, knowledge)
    ask = "" if is_urgent else _ask_about(facts, knowledge)
    care, ask = in_room((care, ask), room - count((set_aside,)))
    return Detail(paragraphs(listed, care, ask, set_aside, last), kept)


def _lines(selection: Selection, room: int, facts: Facts, knowledge: Knowledge) -> list[str]:
    """One line a group, as many as there is room for; the others by their names."""
    lines = [f"- {_line(group, facts, knowledge)}" for group in selection.also]
    shown, left = list(lines), [group.lead.contributor.label for group in selection.left_out]
    while len(shown) > 1 and count((*shown, _and_more(left))) > room:
        shown.pop()
        left.insert(0, selection.also[len(shown)].lead.contributor.label)
    return [*shown, _and_more(left)] if left else shown


def _and_more(names: Sequence[str]) -> str:
    return f"- and {len(names)} more: {phrases.joined(names)}" if names else ""


def nothing_found(facts: Facts, knowledge: Knowledge) -> Detail:
    """What a site may say in place of silence; it names no contributor."""
    opening = f"{knowledge.guards.nothing_found} {phrases.capital(phrases.onset(facts))}."
    parts = (
        opening,
        _self_care(facts, knowledge),
        _ask_about(facts, knowledge),
        _last_line(facts, knowledge),
    )
    return Detail(paragraphs(*parts))


def data_detail(lines: Sequence[str], facts: Facts, knowledge: Knowledge) -> Detail:
    """What could not be used."""
    opening = "**Part of the record could not be used, so a contributor may have been missed.**"
    return Detail(paragraphs(opening, "\n".join(f"- {line}" for line in lines), _last_line(facts, knowledge)))


# --- what was set aside ----------------------------------------------------------------------------------------


def _set_aside(
    aside: Sequence[SetAside], room: int, knowledge: Knowledge
) -> tuple[tuple[SetAside, ...], str]:
    """As many items as there is room for, at most five, and the line that tells them."""
    said = [phrases.dropped(each.fact, each.why, knowledge) for each in aside[:_SET_ASIDE]]
    for most in range(len(said), 0, -1):
        more = f"; and {len(aside) - most} more" if len(aside) > most else ""
        line = f"*Set aside:* {'; '.join(dict.fromkeys(said[:most]))}{more}."
        if count((line,)) <= room:
            return tuple(aside[:most]), line
    return (), ""


# --- parts ------------------------------------------------------------------------------------------------------


def _evidence(group: Group) -> str:
    """The grade letters for contributing, and for acting where that differs; a safety point has only the latter."""
    grades = group.chain.grades if group.chain else group.lead.contributor.grades
    contributing, acting = grades.get("contributing"), grades.get("acting")
    is_flag = bool(group.lead.flag) and group.lead.variant != "history" and not group.chain
    if is_flag or group.lead.role != group.lead.contributor.role:
        return f"Evidence: {acting}." if acting else ""
    if acting and group.level == "critical":  # what counts now is what to do with it
        return f"Evidence: {acting} (acting)."
    if contributing and acting and contributing != acting:
        return f"Evidence: link {contributing}, acting on it {acting}."
    return f"Evidence: {contributing or acting}."


def _shown(group: Group, told: Container[str], facts: Facts, knowledge: Knowledge) -> str:
    """What is known of the analytes that matter for a drug: values taken on it, and what was never taken."""
    changes = [
        fact.change
        for each in group.findings
        for fact in each.facts
        if isinstance(fact, Timing) and fact.change
    ]
    shown = dict.fromkeys(name for each in group.findings for name in each.contributor.shows)
    analytes = [name for name in shown if name not in told and name not in facts.unseen]
    since = max((change.last for change in changes), default=None)
    known, unknown = [], []
    for name in analytes:
        newest = next(iter(facts.latest(name)), None)
        analyte = knowledge.analytes[name]
        if (
            newest
            and newest.age(facts.today)[1] <= analyte.current
            and (since is None or newest.taken.first > since)
        ):
            known.append(newest)
        else:
            unknown.append(analyte.short)
    lines = [f"{phrases.measured(sample, facts, knowledge)[:-1]}, on treatment)" for sample in samples(known)]
    if unknown:
        lines.append(
            f"no current {phrases.joined(unknown).replace(' and ', ' or ')} since it was started or changed"
        )
    return "\n".join(f"- {phrases.capital(line)}" for line in lines)


def _beside_clauses(group: Group) -> list[str]:
    """The other chain that shares a member, in one clause (KNOWLEDGE section 5); of several chains the names."""
    if len(group.named) > 1:
        return [f"See also {phrases.joined(f'{chain.label} ({chain.id})' for chain in group.named)}."]
    return [chain.texts.get("Beside", f"Beside it: {chain.label} (see {chain.id}).") for chain in group.named]


def _remarks(group: Group, facts: Facts, knowledge: Knowledge) -> list[str]:
    remarks = []
    for finding in group.findings:
        for remark in finding.contributor.remarks:
            answer = remark.when.answer(Case(facts, finding.facts[0]))
            if answer.holds:
                what = phrases.joined(_named(fact, knowledge) for fact in answer.evidence)
                remarks.append(phrases.capital(remark.say.replace("{what}", what)))
    remarks += [f"Also fits {chain.id} ({chain.label})." for chain in group.fits]
    return list(dict.fromkeys(remarks))


def _named(fact: Fact, knowledge: Knowledge) -> str:
    if isinstance(fact, Timing):
        return phrases.drug(fact)
    return phrases.value(fact, knowledge) if isinstance(fact, LabResult) else phrases.concept(fact, knowledge)


def _not_known(group: Group) -> str:
    unknown = list(dict.fromkeys(what for each in group.findings for what in each.unknown))
    return f"*Not known:* {'; '.join(unknown[:2])}." if unknown else ""


def _last_line(facts: Facts, knowledge: Knowledge) -> str:
    demo = " Demo: unsigned knowledge." if knowledge.is_demo else ""
    age = " Age not recorded." if facts.age is None else ""
    return f"Based on record data up to {Span.of(facts.today)}; not a diagnosis.{age}{demo}"


def _line(group: Group, facts: Facts, knowledge: Knowledge) -> str:
    fill = fillings(group, facts.onset, knowledge)
    parts = []
    if group.chain:
        parts.append(say(group.chain.texts, "Summary", variant(group), fill))
    else:
        parts.append(say(group.lead.contributor.texts, "Line", variant(group), fill))
    grade = group.lead.contributor.grade
    due, remarks = overdue(group.findings, facts, knowledge), _remarks(group, facts, knowledge)
    more = [_due(due, knowledge)] if due else []
    more += [f"{each[:1].lower()}{each[1:].rstrip('.')}" for each in remarks[:1]]
    return "; ".join((f"{parts[0]} (evidence {grade})", *more))


def _due(due: Mapping[str, LabResult | None], knowledge: Knowledge) -> str:
    """ "monitoring looks overdue: K and Na (last 3 Mar 2025)"."""
    names = phrases.joined(knowledge.analytes[each].short for each in due)
    newest = max((each.taken.last for each in due.values() if each), default=None)
    return f"monitoring looks overdue: {names} ({f'last {Span.of(newest)}' if newest else 'none on file'})"


def alerts(facts: Facts, knowledge: Knowledge, groups: Iterable[Group]) -> list[str]:
    """What the first card says whatever it is about, unless a safety card of this answer says it."""
    said, safe = [], {each.row for group in groups for each in group.findings if each.variant == "safety"}
    for alert in knowledge.guards.alerts:
        if alert.said_by in safe:
            continue
        answer = alert.when.answer(Case(facts))
        if answer.holds:
            what = phrases.course_of([fact for fact in answer.evidence if isinstance(fact, LabResult)])
            said.append(alert.say.replace("{what}", what))
    return said


def _ask_about(facts: Facts, knowledge: Knowledge) -> str:
    """What no record tells for certain and this one does not tell."""
    asked = [
        each.say
        for each in knowledge.guards.ask_about
        if each.unless is None or not each.unless.answer(Case(facts)).holds
    ]
    return f"*Ask about:* {', '.join(asked)}." if asked else ""


def _self_care(facts: Facts, knowledge: Knowledge) -> str:
    """What is safe for this patient; an exclusion that can't be judged counts as met."""
    safe = [
        each.say
        for each in knowledge.guards.self_care
        if each.unless is None or each.unless.answer(Case(facts)).truth is Truth.FAILS
    ]
    return f"{SELF_CARE} {'; '.join(safe)}." if safe else ""
