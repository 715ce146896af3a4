"""Findings -> groups: one causal chain is one card, ranked and capped (CARDS B2 to B4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain as joined
from typing import NamedTuple

from cds_service.facts import Course, Diagnosed, Facts, LabResult, TimeClass, Timing
from cds_service.findings import Finding
from cds_service.knowledge import Chain, Need
from cds_service.matters import in_short
from cds_service.truth import Case

_MAIN = 2  # cards that are not critical, apart from further warnings
_LINES = 5  # lines of the also-consider card
_NO_LINK = ("history", "coded")


class Matter(NamedTuple):
    """
    What a card, or a line of one, is about, by what would change it: *rule* is a chain's id or a row, *facts* in short.

    What an override or a showing of it is remembered by (CARDS B1.6). The facts hold clinical values: not to be kept.
    """

    rule: str
    level: str
    facts: frozenset[str]


@dataclass(frozen=True)
class Group:
    """
    What one card, or one line, is about: a chain with its members, or one finding with those that explain it.

    *named* are chains that share a member with this one; their other members, the *rest*, are told here too. *fits*
    are chains whose members are all here. *joined* are findings that are here because they explain another one.
    *beside* is what would be a card of its own, had this one not the same entries.
    """

    findings: tuple[Finding, ...]
    chain: Chain | None = None
    named: tuple[Chain, ...] = ()
    joined: tuple[Finding, ...] = ()
    rest: tuple[Finding, ...] = ()
    fits: tuple[Chain, ...] = ()
    beside: tuple[Matter, ...] = ()

    @cached_property
    def lead(self) -> Finding:
        """The most urgent member; of equals the first."""
        return min(self.findings, key=lambda each: each.urgency)

    @property
    def level(self) -> str:
        """The highest level of the members."""
        return self.lead.level

    @cached_property
    def sources(self) -> frozenset[str]:
        """The entries that its members rest on."""
        return frozenset(source for each in self.findings for source in each.sources)

    @cached_property
    def analytes(self) -> frozenset[str]:
        """The analytes of which its members, or what met their criteria, hold a result."""
        used = (fact for each in self.findings for fact in (*each.facts, *each.evidence))
        return frozenset(fact.analyte for fact in used if isinstance(fact, LabResult))

    @property
    def rule(self) -> str:
        """What it is counted as: the chain's id, else the leading row."""
        return self.chain.id if self.chain else self.lead.row

    @cached_property
    def matter(self) -> Matter:
        """Rule, level and facts: the same for the same advice on the same entries."""
        return Matter(self.rule, self.level, in_short(self.findings))

    @property
    def parts(self) -> tuple[Matter, ...]:
        """What would be matters of other rules, should the group fall apart, as urgent as they were told."""
        others = (each for each in self.findings if each.row != self.rule)
        return tuple(Matter(each.row, self.level, in_short([each])) for each in others)


@dataclass(frozen=True, slots=True)
class Selection:
    """The cards of one answer: *main* in order, *also* as lines of one card, and those that it only counts."""

    main: tuple[Group, ...]
    also: tuple[Group, ...]
    left_out: tuple[Group, ...] = ()


# --- merge ------------------------------------------------------------------------------------------------------


def merge(findings: Sequence[Finding], chains: Sequence[Chain], facts: Facts) -> tuple[Group, ...]:
    """
    Merge findings into groups; a fact appears in one group only.

    Where a row fits two chains the one with the higher indicator takes it, then the one with more members, then the
    lower M number; what is left of the other is told on the same card.
    """
    groups: list[Group] = []
    by_row = {each.row: each for each in findings}
    free, beaten = dict(by_row), list[Chain]()
    # what does not form of all of them forms of no part of them either
    able = [chain for chain in chains if formed_by(chain, by_row, facts)]
    while best := _best(able, free, facts):
        chain, members = best
        groups.append(Group(members, chain))
        beaten += [other for other in able if other != chain and _shares(other, members, free, facts)]
        free = {row: each for row, each in free.items() if each not in members}
    groups = [_with_rest(group, beaten, free, by_row, facts) for group in groups]
    groups = _explained([*groups, *(Group((each,)) for each in free.values())])
    softened = [_on_its_own(group, facts) for group in groups if group.level != "in_chain"]
    return tuple(_one_urgent(softened))


def _best(
    chains: Sequence[Chain], free: dict[str, Finding], facts: Facts
) -> tuple[Chain, tuple[Finding, ...]] | None:
    formed = [(chain, members) for chain in chains if (members := formed_by(chain, free, facts))]
    return min(formed, key=_preference, default=None)


def _preference(formed: tuple[Chain, tuple[Finding, ...]]) -> tuple[object, ...]:
    """The higher indicator, then more members (those that join among them), then the lower number."""
    chain, members = formed
    return members[0].urgency, -len(members), chain.place


def formed_by(chain: Chain, free: Mapping[str, Finding], facts: Facts) -> tuple[Finding, ...]:
    """
    The members of every alternative whose needs are met, most urgent first; none when no alternative is.

    *free* are the findings by their rows.
    A row that speaks only as context, as a safety point beside its own matter, or of a value that is history or was
    never recorded, is no link of a chain.
    """
    fitting = [needs for needs in chain.alternatives if _has_rows(needs, free)]
    if not fitting:
        return ()
    flagged = [
        each for each in free.values() if each.role == each.contributor.role and each.variant not in _NO_LINK
    ]
    members = {each for needs in fitting for each in _members(needs, flagged, facts)}
    if all(each.level == "in_chain" for each in members):
        return ()
    members |= {each for each in flagged if each.row in chain.joins}
    return tuple(sorted(members, key=lambda each: (each.urgency, each.row)))


def _has_rows(needs: Iterable[Need], free: Mapping[str, Finding]) -> bool:
    """Whether there is a row for each need: most chains are ruled out by this alone."""
    return all(need.taking or not free.keys().isdisjoint(need.rows) for need in needs)


def _members(needs: Sequence[Need], findings: Sequence[Finding], facts: Facts) -> tuple[Finding, ...]:
    """All findings that meet the needs; none when a need is not met."""
    taking = [need for need in needs if need.taking]
    needs = [need for need in needs if not need.taking]
    picked = [[each for each in findings if _meets(each, need, facts)] for need in needs]
    drugs = [each for each in joined.from_iterable(picked) if each.contributor.kind == "drug"]
    for place, need in enumerate(needs):
        if need.after_start:
            picked[place] = [each for each in picked[place] if any(_drawn_on(each, drug) for drug in drugs)]
    labs = [each for each in joined.from_iterable(picked) if each.contributor.kind == "lab"]
    if any(need.after_start for need in needs):
        picked = [
            [each for each in one if each not in drugs or any(_drawn_on(lab, each) for lab in labs)]
            for one in picked
        ]
    members = tuple(dict.fromkeys(joined.from_iterable(picked))) if all(picked) else ()
    return members if all(_is_taken(need, members, facts) for need in taking) else ()


def _is_taken(need: Need, members: Iterable[Finding], facts: Facts) -> bool:
    """Whether a drug of the classes is taken; begun before the members' values were drawn, where that is asked."""
    courses = [course for name in need.taking for _, course in facts.taking(name)]
    values = [fact for each in members for fact in each.facts if isinstance(fact, LabResult)]
    if not need.after_start:
        return bool(courses)
    return any(_on_course(value, course, 0) for value in values for course in courses)


def _meets(finding: Finding, need: Need, facts: Facts) -> bool:
    if finding.row not in need.rows or (need.flag and finding.flag != need.flag):
        return False
    if need.unless is not None and need.unless.answer(Case(facts, finding.facts[0])).holds:
        return False
    if need.main_only and finding.level in ("also_consider", "in_chain"):
        return False
    began = {each.time_class for each in finding.facts if isinstance(each, Timing)}
    return need.began is None or bool(began & need.began)


def _drawn_on(lab: Finding, drug: Finding) -> bool:
    """
    Whether a value was taken on the drug: after its start (KNOWLEDGE X6), and not beyond the washout after its end.

    A drug whose start is not recorded counts as long-standing. A value on a lower dose of the same drug stands.
    """
    results = [fact for fact in lab.facts if isinstance(fact, LabResult)]
    courses = [fact.course for fact in drug.facts if isinstance(fact, Timing)]
    washout = drug.contributor.washout
    return any(_on_course(result, course, washout) for result in results for course in courses)


def _on_course(result: LabResult, course: Course, washout: int) -> bool:
    has_begun = course.began is None or course.began.last < result.taken.first
    return has_begun and (course.ended is None or course.ended.plus(washout).last >= result.taken.first)


def _shares(chain: Chain, members: Sequence[Finding], free: dict[str, Finding], facts: Facts) -> bool:
    """Whether the chain would have formed, with one of these members."""
    formed = formed_by(chain, free, facts)
    return any(each in members for each in formed)


def _with_rest(
    group: Group,
    beaten: Iterable[Chain],
    free: dict[str, Finding],
    by_row: Mapping[str, Finding],
    facts: Facts,
) -> Group:
    """Add what is left of a chain that lost a member to this group."""
    for chain in dict.fromkeys(beaten):
        formed = formed_by(chain, by_row, facts)
        rest = tuple(each for each in formed if free.get(each.row) == each)
        if formed and all(each in group.findings for each in formed):
            group = replace(group, fits=(*group.fits, chain))
        elif rest and any(each in group.findings for each in formed):
            for each in rest:
                del free[each.row]
            group = replace(
                group,
                findings=(*group.findings, *rest),
                rest=(*group.rest, *rest),
                named=(*group.named, chain),
            )
    return group


def _explained(groups: Sequence[Group]) -> list[Group]:
    """A finding that explains a value, or bears on a red flag, joins that one's card."""
    kept = list(groups)
    for group in groups:
        finding = group.findings[0]
        if group.chain is not None or len(group.findings) > 1:
            continue
        # context alone makes no card, so nothing hides behind it
        others = [
            other
            for other in kept
            if other is not group and other.lead.role != "context" and _is_explained(other, finding)
        ]
        if others and group in kept:
            target = min(others, key=lambda other: (other.lead.urgency, other.lead.row))
            kept.remove(group)
            joined = replace(target, findings=(*target.findings, finding), joined=(*target.joined, finding))
            kept[kept.index(target)] = joined
    return kept


def _is_explained(group: Group, by: Finding) -> bool:
    return any(_explains(by, each) for each in group.findings if each not in group.joined)


def _explains(finding: Finding, other: Finding) -> bool:
    if other.flag and other.flag in finding.contributor.bears_on:
        return True
    if other.row not in finding.contributor.explains or other.level == "in_chain":
        return False
    is_drawn = finding.contributor.kind == "drug" and other.contributor.kind == "lab"
    return _drawn_on(other, finding) if is_drawn else True


def _one_urgent(groups: list[Group]) -> list[Group]:
    """All urgent laboratory values that stand alone are one card (CARDS B4)."""
    urgent = [
        each
        for each in groups
        if each.chain is None and each.level == "critical" and each.lead.contributor.kind == "lab"
    ]
    if len(urgent) < 2:
        return groups
    findings = (finding for each in urgent for finding in each.findings)
    joined_ = tuple(finding for each in urgent for finding in each.joined)
    merged = Group(tuple(sorted(findings, key=lambda each: (each.urgency, each.row))), joined=joined_)
    return [*(each for each in groups if each not in urgent), merged]


def _on_its_own(group: Group, facts: Facts) -> Group:
    """A value that nothing in the record makes worse is softened to info; what only explains it makes it no worse."""
    finding = group.findings[0]
    criterion = finding.contributor.on_its_own
    others = [each for each in group.findings[1:] if each not in group.joined]
    if group.chain or others or criterion is None or finding.level != "warning" or finding.variant:
        return group
    if not criterion.answer(Case(facts, finding.facts[0])).holds:
        return group
    return replace(group, findings=(replace(finding, level="info"), *group.findings[1:]))


# --- rank and cap -----------------------------------------------------------------------------------------------


def select(groups: Iterable[Group]) -> Selection:
    """
    Rank, then cap.

    Critical cards come on top of the cap. A warning is never demoted: a third one takes the also-consider card's
    place. Info cards beyond the second main card become lines.
    """
    ranked = sorted(groups, key=_rank)
    warnings = [each for each in ranked if each.level == "warning"]
    urgent = tuple(each for each in ranked if each.level == "critical") + tuple(warnings)
    main, infos = _told_once(urgent, [each for each in ranked if each.level == "info"], len(urgent) + _MAIN)
    room = max(0, _MAIN - len(warnings))
    main, lines = main[: len(urgent) + room], [*main[len(urgent) + room :], *infos]
    lines += [each for each in ranked if each.level == "also_consider"]
    main, lines = _told_once(main, lines)
    if len(warnings) > _MAIN or all(each.lead.role == "context" for each in lines):
        lines = []
    return Selection(main, tuple(lines[:_LINES]), tuple(lines[_LINES:]))


def _told_once(
    main: tuple[Group, ...], others: Iterable[Group], most: int = 0
) -> tuple[tuple[Group, ...], list[Group]]:
    """
    What is not on the cards yet; one whose entries are all on one card goes there.

    One entry may be read for two rows. Cards are added up to *most*; the rest is given back.
    """
    kept, cards = [], list(main)
    for each in others:
        place = next((place for place, card in enumerate(cards) if each.sources <= card.sources), None)
        if place is not None:
            card = cards[place]
            joined_ = (*card.joined, *each.findings)
            findings, beside = (*card.findings, *each.findings), (*card.beside, each.matter)
            cards[place] = replace(card, findings=findings, joined=joined_, beside=beside)
        elif len(cards) < most:
            cards.append(each)
        else:
            kept.append(each)
    return tuple(cards), kept


def _rank(group: Group) -> tuple[object, ...]:
    lead = group.lead
    grade = lead.contributor.grade
    modifiable = {"drug": 0, "safety": 0, "lab": 1, "condition": 2, "state": 3}[lead.contributor.kind]
    return lead.urgency, lead.role == "context", _kind(group), grade, modifiable, -_recent(group), lead.row


def _kind(group: Group) -> int:
    """CARDS B2.2: red flag, chain with a value, value, safety, strong drug, plausible drug, condition, state."""
    if any(each.flag and each.variant != "history" for each in group.findings):
        return 0
    kinds = {each.contributor.kind for each in group.findings}
    if group.chain is not None and "lab" in kinds:
        return 1
    if "lab" in kinds:
        return 2
    if "safety" in kinds:
        return 3
    if "drug" in kinds:
        classes = {
            fact.time_class for each in group.findings for fact in each.facts if isinstance(fact, Timing)
        }
        return 4 if TimeClass.STRONG in classes else 5
    return 6 if "condition" in kinds else 7


def _recent(group: Group) -> int:
    days = [_day(fact) for each in group.findings for fact in each.facts]
    return max(days, default=0)


def _day(fact: Timing | LabResult | Diagnosed) -> int:
    on = fact.change if isinstance(fact, Timing) else fact.taken if isinstance(fact, LabResult) else fact.on
    return on.last.toordinal() if on else 0
