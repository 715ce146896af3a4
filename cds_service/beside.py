"""What stands beside the findings of a card: drugs that may explain a value or came after it, and risks."""

from collections.abc import Iterable, Iterator, Mapping

from cds_service import phrases
from cds_service.chains import Group
from cds_service.facts import Fact, Facts, LabResult, TimeClass, Timing
from cds_service.findings import Finding
from cds_service.matters import words
from cds_service.timing import timings
from cds_service.truth import Case


def drugs_beside(group: Group, facts: Facts) -> dict[str, tuple[bool, str]]:
    """
    Drugs that are not contributors but matter for a value (KNOWLEDGE X2, X4, X6): by name, whether each
    was running when the value was drawn, and how it stands to the onset.

    One that was running when the value was drawn is a likely cause of the value; one that began later, or a
    supplement that did, is told so that nobody reads the value against it.
    """
    members = {
        phrases.drug(fact)
        for each in group.findings
        if each not in group.joined
        for fact in each.facts
        if isinstance(fact, Timing)
    }
    found: dict[str, tuple[bool, str]] = {}
    for finding in group.findings:
        result = finding.facts[0]
        if not isinstance(result, LabResult) or finding.role != finding.contributor.role:
            continue
        for timing in _relevant(finding, facts):
            name, stands = phrases.drug(timing), _against(timing, result, finding)
            if stands is not None and name not in members:
                found.setdefault(name, (stands, _standing(timing) if stands else str(timing.course.began)))
    return found


def said_beside(group: Group, facts: Facts) -> frozenset[str]:
    """What its card says beside its findings, in short: drugs, and what remarks rest on."""
    return frozenset(word for fact, finding in _beside(group, facts) for word in words(fact, finding))


def _beside(group: Group, facts: Facts) -> Iterator[tuple[Fact, Finding]]:
    for finding in group.findings:
        for remark in finding.contributor.remarks:
            answer = remark.when.answer(Case(facts, finding.facts[0]))
            if answer.holds:
                yield from ((fact, finding) for fact in answer.evidence)
        result = finding.facts[0]
        if isinstance(result, LabResult):
            for timing in _relevant(finding, facts):
                if _against(timing, result, finding) is not None:
                    yield timing, finding


def _standing(timing: Timing) -> str:
    after = ", after the cramps began" if timing.time_class is TimeClass.AFTER else ""
    return f"{phrases.since(timing)}{after}"


def beside_lines(beside: Mapping[str, tuple[bool, str]]) -> list[str]:
    """One bullet for those that were running, one for those that came later; dates where there is only one."""
    running = [name for name, (was_running, _) in beside.items() if was_running]
    later = [name for name, (was_running, _) in beside.items() if not was_running]
    lines = []
    if running:
        cause = "a likely cause" if len(running) == 1 else "likely causes"
        since = f" ({beside[running[0]][1]})" if len(running) == 1 else ""
        verb = "was" if len(running) == 1 else "were"
        lines.append(f"{phrases.joined(running)}{since} {verb} running: {cause} of the value")
    if later:
        since = f" ({beside[later[0]][1]})" if len(later) == 1 else ""
        lines.append(f"drawn before {phrases.joined(later)}{since}")
    return lines


def _relevant(finding: Finding, facts: Facts) -> Iterable[Timing]:
    contributor = finding.contributor
    is_open = (
        contributor.not_explained is None
        or not contributor.not_explained.answer(Case(facts, finding.facts[0])).holds
    )
    for value_set in (*(contributor.explained_by if is_open else ()), *contributor.replaced_by):
        if taken := facts.exposures.get(value_set):
            yield from timings(taken, facts.onset, 0, facts.today, {})


def _against(timing: Timing, result: LabResult, finding: Finding) -> bool | None:
    """Whether a drug was running when a value was drawn (True) or came later (False); None when it doesn't matter."""
    began, ended = timing.course.began, timing.course.ended
    if began is None:
        return None
    if began.last >= result.taken.last:
        return False
    treats = timing.exposure.value_set in finding.contributor.replaced_by
    return True if not treats and (ended is None or ended.last >= result.taken.first) else None
