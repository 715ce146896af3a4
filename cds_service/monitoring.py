"""Published monitoring that looks overdue (KNOWLEDGE section 8)."""

from collections.abc import Iterable, Mapping
from datetime import date

from cds_service.facts import Facts, LabResult, Timing
from cds_service.findings import Finding
from cds_service.knowledge import Knowledge, Monitoring
from cds_service.truth import Case


def overdue(
    findings: Iterable[Finding], facts: Facts, knowledge: Knowledge
) -> Mapping[str, LabResult | None]:
    """
    The analytes that are due, with the newest result of each, None where there is none.

    Nothing is said of an analyte that is on order, or that a missing or cut-off list may hold.
    """
    due: dict[str, LabResult | None] = {}
    for finding in findings:
        for plan in finding.contributor.overdue:
            if plan.when is None or plan.when.answer(Case(facts, finding.facts[0])).holds:
                due |= {
                    each: _newest(each, facts)
                    for each in plan.analytes
                    if _is_due(each, plan, finding, facts)
                }
    return {name: newest for name, newest in due.items() if not _is_ordered(name, facts, knowledge)}


def _newest(analyte: str, facts: Facts) -> LabResult | None:
    return next(iter(facts.latest(analyte)), None)


def _is_due(analyte: str, plan: Monitoring, finding: Finding, facts: Facts) -> bool:
    if analyte in facts.unseen:
        return False
    newest, changes = _newest(analyte, facts), _changes(finding, facts)
    if newest is None:
        # a rise does not put off what was never taken
        return not changes or _days(changes[0], facts) >= plan.after
    if plan.oldest is not None and newest.age(facts.today)[0] > plan.oldest:
        return True
    is_before = bool(changes) and newest.taken.last <= changes[-1]
    return plan.since_change and is_before and _days(changes[-1], facts) >= plan.after


def _changes(finding: Finding, facts: Facts) -> list[date]:
    """The starts and rises of the finding's drugs that lie behind us, oldest first."""
    drugs = [fact for fact in finding.facts if isinstance(fact, Timing)]
    spans = [each.course.began for each in drugs] + [rise.on for each in drugs for rise in each.course.rises]
    return sorted(each.last for each in spans if each and each.last <= facts.today)


def _days(since: date, facts: Facts) -> int:
    return (facts.today - since).days


def _is_ordered(analyte: str, facts: Facts, knowledge: Knowledge) -> bool:
    test = knowledge.analytes[analyte].order
    return bool(test) and not facts.ordered.isdisjoint((test, *knowledge.guards.panels_of(test)))
