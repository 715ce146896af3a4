"""Draft orders that a card suggests: only what a row asks for, never what is already known or on order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_service.chains import Group
from cds_service.facts import Facts, LabResult, Timing
from cds_service.findings import Finding
from cds_service.hooks import Action, Suggestion
from cds_service.knowledge import Knowledge, OrderGroup
from cds_service.truth import Case

_FRESH = 90  # days for which another analyte's result makes a new one needless


@dataclass(frozen=True, slots=True)
class Orders:
    """
    How each test is ordered: a ServiceRequest without its subject, and the short name on the button.

    *told_by* are the analytes whose results tell what the test would.
    """

    templates: Mapping[str, dict[str, Any]]
    names: Mapping[str, str]
    told_by: Mapping[str, frozenset[str]]


def suggestions(
    groups: Iterable[Group], facts: Facts, knowledge: Knowledge, orders: Orders, subject: str, taken: set[str]
) -> tuple[Suggestion, ...]:
    """
    The order sets of one card. *subject* is "Patient/123".

    *taken* are the tests that this answer suggests already; those suggested here are added, so that none is twice.
    """
    made: list[Suggestion] = []
    for group in groups:
        for case, order in _sets(group, facts):
            if order.when is not None and not order.when.answer(case).holds:
                continue
            tests = [
                each
                for each in order.tests
                if each not in taken and _is_wanted(each, order, group, facts, knowledge, orders)
            ]
            if tests:
                taken.update(tests)
                made.append(_suggestion(tests, orders, subject, is_urgent=group.level == "critical"))
    return tuple(made)


def _sets(group: Group, facts: Facts) -> Iterator[tuple[Case, OrderGroup]]:
    """The order sets of the chain, and of one told beside it, in place of their members'; then of what joined."""
    findings: Iterable[Finding] = group.findings
    if any(each.contributor.no_orders and not _is_needed(each, group) for each in findings):
        return
    if group.chain is not None and group.chain.suggest:
        for chain in (group.chain, *group.named):
            yield from ((Case(facts, group.lead.facts[0]), order) for order in chain.suggest)
        findings = group.joined
    for finding in findings:
        if group.level == "critical" and finding in group.joined and finding.contributor.kind != "lab":
            continue  # an urgent card asks for what belongs to the emergency
        yield from ((Case(facts, finding.facts[0]), order) for order in finding.contributor.suggest)


def _is_needed(finding: Finding, group: Group) -> bool:
    """Whether the card's own chain is about the finding, and so knows what may be ordered."""
    needs = (need for needs in (group.chain.alternatives if group.chain else ()) for need in needs)
    return any(finding.row in need.rows for need in needs)


def _is_wanted(
    test: str, order: OrderGroup, group: Group, facts: Facts, knowledge: Knowledge, orders: Orders
) -> bool:
    """Not on order, itself or in a panel; and not resulted since the fact arose (CARDS B1.7)."""
    if not facts.ordered.isdisjoint((test, *knowledge.guards.panels_of(test))):
        return False
    analytes = orders.told_by[test]
    results = [result for name in analytes for result in facts.results.get(name, ())]
    newest = max(results, key=lambda each: (each.taken.first, each.source), default=None)
    if newest is None or not group.analytes.isdisjoint(analytes):
        return True
    _, age = newest.age(facts.today)
    if order.since_change or order.within:
        change = _change(group.findings)
        is_since = not order.since_change or (change is not None and newest.taken.first > change)
        return not (is_since and age <= (order.within or _FRESH))
    arose = _arose(group.findings)
    return not (age <= _FRESH and arose is not None and newest.taken.first >= arose)


def _change(findings: Iterable[Finding]) -> date | None:
    """The last start or rise of a drug in the group; None when no date is known."""
    changes = [
        change.last
        for finding in findings
        for fact in finding.facts
        if isinstance(fact, Timing)
        for change in (fact.course.began, *(rise.on for rise in fact.course.rises))
        if change
    ]
    return max(changes, default=None)


def _arose(findings: Iterable[Finding]) -> date | None:
    """When the newest value or diagnosis of the group is dated, else the last change of its drugs."""
    found = list(findings)
    days = [
        on.last
        for each in found
        for fact in each.facts
        if not isinstance(fact, Timing)
        for on in (fact.taken if isinstance(fact, LabResult) else fact.on,)
        if on
    ]
    return max(days, default=None) or _change(found)


def _suggestion(tests: list[str], orders: Orders, subject: str, *, is_urgent: bool) -> Suggestion:
    return Suggestion(
        label=f"Draft order: {', '.join(orders.names[test] for test in tests)}",
        actions=tuple(_action(test, orders, subject, is_urgent=is_urgent) for test in tests),
    )


def _action(test: str, orders: Orders, subject: str, *, is_urgent: bool) -> Action:
    resource = {**orders.templates[test], "subject": {"reference": subject}}
    if is_urgent:
        resource["priority"] = "urgent"
    return Action("create", f"Draft order for {orders.names[test]}", resource)


def order_templates(knowledge: Knowledge) -> Orders:
    """One valid draft ServiceRequest a test, without its subject; made once, at start."""
    analytes = {each.order: each.value_set for each in knowledge.analytes.values() if each.order}
    short = {each.order: each.short for each in knowledge.analytes.values() if each.order}
    templates, names = {}, {}
    for test in knowledge.value_sets.tests:
        coding = knowledge.value_sets.order(test)[0]
        names[test] = short.get(test, test)
        templates[test] = {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "proposal",
            "code": {
                "coding": [{"system": coding.system, "code": coding.code, "display": coding.display}],
                "text": f"{test[:1].upper()}{test[1:]}",
            },
        }
    told_by = {test: _told_by(test, analytes, knowledge) for test in templates}
    return Orders(templates, names, told_by)


def _told_by(test: str, analytes: Mapping[str, str], knowledge: Knowledge) -> frozenset[str]:
    """By the analyte that a test is ordered for, or the first that a panel holds; a panel tells of its tests too."""
    parts = (test, *knowledge.guards.panels.get(test, ()))
    own = [analytes[each] for each in parts if each in analytes][:1]
    # an adjusted calcium tells what a total one would
    of_panels = (analytes[each] for each in knowledge.guards.panels_of(test) if each in analytes)
    return frozenset((*own, *of_panels))
