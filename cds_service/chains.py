"""Findings -> groups: one causal chain is one card, ranked and capped (CARDS B2 to B4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain as joined

from cds_service.facts import Course, Diagnosed, Facts, LabResult, TimeClass, Timing
from cds_service.findings import Finding
from cds_service.knowledge import Chain, Need
from cds_service.truth import Case

_MAIN = 2  # cards that are not critical, apart from further warnings
_LINES = 5  # lines of the also-consider card
_NO_LINK = ("history", "coded")


@dataclass(frozen=True, slots=True)
class Group:
    """
    What one card, or one line, is about: a chain with its members, or one finding with those that explain it.

    *named* are chains that share a member with this one; their other members are told here in one clause.
    """

    findings: tuple[Finding, ...]
    chain: Chain | None = None
    named: tuple[Chain, ...] = ()

    @property
    def lead(self) -> Finding:
        """The most urgent member; of equals the first."""
        return min(self.findings, key=lambda each: each.urgency)

    @property
    def level(self) -> str:
        """The highest level of the members."""
        return self.lead.level


@dataclass(frozen=True, slots=True)
class Selection:
    """The cards of one answer: *main* in order, *also* as lines of one card, and how many lines were left out."""

    main: tuple[Group, ...]
    also: tuple[Group, ...]
    left_out: int


# --- merge ------------------------------------------------------------------------------------------------------


def merge(findings: Sequence[Finding], chains: Sequence[Chain], facts: Facts) -> tuple[Group, ...]:
    """
    Merge findings into groups; a fact appears in one group only.

    Where a row fits two chains the one with the higher indicator takes it, then the one with more members, then the
    lower M number; what is left of the other is told on the same card.
    """
    groups: list[Group] = []
    free = {each.row: each for each in findings}
    beaten: list[Chain] = []
    while best := _best(chains, free):
        chain, members = best
        groups.append(Group(members, chain))
        beaten += [other for other in chains if other != chain and _shares(other, members, free)]
        free = {row: each for row, each in free.items() if each not in members}
    groups = [_with_rest(group, beaten, free, findings) for group in groups]
    return (*groups, *_one_urgent([*_explained(free, facts)]))


def _best(chains: Sequence[Chain], free: dict[str, Finding]) -> tuple[Chain, tuple[Finding, ...]] | None:
    formed = [(chain, members) for chain in chains if (members := formed_by(chain, free.values()))]
    return min(formed, key=lambda pair: (pair[1][0].urgency, -len(pair[1]), pair[0].place), default=None)


def formed_by(chain: Chain, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """
    The members of every alternative whose needs are met, most urgent first; none when no alternative is.

    A row that speaks only as context, as a safety point beside its own matter, or of a value that is history or was
    never recorded, is no link of a chain.
    """
    flagged = [
        each for each in findings if each.role == each.contributor.role and each.variant not in _NO_LINK
    ]
    members = {each for needs in chain.alternatives for each in _members(needs, flagged)}
    if members:
        members |= {each for each in flagged if each.row in chain.joins}
    return tuple(sorted(members, key=lambda each: (each.urgency, each.row)))


def _members(needs: Sequence[Need], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """All findings that meet the needs; none when a need is not met."""
    picked = [[each for each in findings if _meets(each, need)] for need in needs]
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
    return tuple(dict.fromkeys(joined.from_iterable(picked))) if all(picked) else ()


def _meets(finding: Finding, need: Need) -> bool:
    if finding.row not in need.rows:
        return False
    if need.main_only and finding.level == "also_consider":
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


def _shares(chain: Chain, members: Sequence[Finding], free: dict[str, Finding]) -> bool:
    """Whether the chain would have formed, with one of these members."""
    formed = formed_by(chain, free.values())
    return any(each in members for each in formed)


def _with_rest(
    group: Group, beaten: Iterable[Chain], free: dict[str, Finding], findings: Sequence[Finding]
) -> Group:
    """Add what is left of a chain that lost a member to this group."""
    for chain in dict.fromkeys(beaten):
        formed = formed_by(chain, findings)
        rest = tuple(each for each in formed if free.get(each.row) == each)
        if rest and any(each in group.findings for each in formed):
            for each in rest:
                del free[each.row]
            group = replace(group, findings=(*group.findings, *rest), named=(*group.named, chain))
    return group


def _explained(free: dict[str, Finding], facts: Facts) -> Iterator[Group]:
    """Single findings; one that explains a value joins the value's card."""
    explains = {row: each for each in free.values() for row in each.contributor.explains if row in free}
    joining = set(explains.values())
    for finding in free.values():
        if finding not in joining:
            others = tuple(each for row, each in explains.items() if row == finding.row)
            yield Group((_on_its_own(finding, facts) if not others else finding, *others))


def _one_urgent(groups: list[Group]) -> list[Group]:
    """All urgent laboratory values that stand alone are one card (CARDS B4)."""
    urgent = [each for each in groups if each.level == "critical" and each.lead.contributor.kind == "lab"]
    if len(urgent) < 2:
        return groups
    findings = (finding for each in urgent for finding in each.findings)
    merged = Group(tuple(sorted(findings, key=lambda each: (each.urgency, each.row))))
    return [*(each for each in groups if each not in urgent), merged]


def _on_its_own(finding: Finding, facts: Facts) -> Finding:
    """A value that nothing in the record makes worse is softened to info."""
    criterion = finding.contributor.on_its_own
    if criterion is None or finding.level != "warning" or finding.variant:
        return finding
    holds = criterion.answer(Case(facts, finding.facts[0])).holds
    return replace(finding, level="info") if holds else finding


# --- rank and cap -----------------------------------------------------------------------------------------------


def select(groups: Iterable[Group]) -> Selection:
    """
    Rank, then cap.

    Critical cards come on top of the cap. A warning is never demoted: a third one takes the also-consider card's
    place. Info cards beyond the second main card become lines.
    """
    ranked = sorted(groups, key=_rank)
    critical = [each for each in ranked if each.level == "critical"]
    warnings = [each for each in ranked if each.level == "warning"]
    infos = [each for each in ranked if each.level == "info"]
    room = max(0, _MAIN - len(warnings))
    main = (*critical, *warnings, *infos[:room])
    lines = [*infos[room:], *(each for each in ranked if each.level == "also_consider")]
    if len(warnings) > _MAIN or all(each.lead.role == "context" for each in lines):
        lines = []
    return Selection(main, tuple(lines[:_LINES]), len(lines[_LINES:]))


def _rank(group: Group) -> tuple[object, ...]:
    lead = group.lead
    grade = lead.contributor.grades.get("contributing", "D")
    modifiable = {"drug": 0, "safety": 0, "lab": 1, "condition": 2, "state": 3}[lead.contributor.kind]
    return lead.urgency, _kind(group), grade, modifiable, -_recent(group), lead.row


def _kind(group: Group) -> int:
    """CARDS B2.2: chain with an abnormal value, single value, safety, strong drug, plausible drug, condition, state."""
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
