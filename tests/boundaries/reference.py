"""The reference reading of one contributor's file: raw front matter and a chart -> what the file says."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.boundaries.charts import Chart, tests_of_order
from tests.boundaries.values import (
    COUNTS,
    Front,
    Taken,
    Value,
    analyte_file,
    days,
    entries,
    listed,
    many,
    of_doses,
    time_class,
    values,
)
from tests.boundaries.words import Case, Fact, truth

LEVELS = ("critical", "warning", "info", "also_consider", "in_chain")


_Speaking = list[tuple[str, Fact | None]]


@dataclass(frozen=True)
class Said:
    """What one file says of one chart: its level, its own reasons for setting a fact aside, the tests overdue."""

    level: str | None
    aside: frozenset[str] = frozenset()
    due: frozenset[str] = frozenset()
    is_context: bool = False


def judged(front: Front, chart: Chart) -> Said:
    """The most urgent of what the file's subjects and red flags say."""
    found: _Speaking = [
        (level, None) for each in many(front.get("red_flags")) if (level := _flagged(each, chart))
    ]
    aside: set[str] = set()
    for subject in many(front["subject"]):
        said, reasons = _by_subject(front, subject, chart)
        found += said
        aside |= reasons
    if not found:
        return Said(None, frozenset(aside))
    level, lead = min(found, key=lambda each: LEVELS.index(each[0]))
    told = frozenset(aside if level == "in_chain" else ())
    return Said(level, told, frozenset(_due(front, lead, chart)), _is_context(front, lead, chart))


def _is_context(front: Front, lead: Fact | None, chart: Chart) -> bool:
    """Whether what it says is only context; a red flag or a code in place of a value never is."""
    return "context" in front and lead is not None and truth(front["context"], Case(chart, lead)) is True


def _by_subject(front: Front, subject: Front, chart: Chart) -> tuple[_Speaking, set[str]]:
    facts = [each for each in subject_facts(front, subject, chart) if _is_subject(subject, each, chart)]
    found: _Speaking = [(level, each) for each in facts if (level := _level(front, Case(chart, each)))]
    if "latest" in subject:
        return _by_newest(front, facts, found, chart)
    counted = [each for each in facts if not isinstance(each, Taken) or each.began in COUNTS]
    return found, _reasons(front, counted, chart) if _is_quiet(found) else set()


def _is_quiet(found: _Speaking) -> bool:
    return all(level == "in_chain" for level, _ in found)


def _is_subject(subject: Front, fact: Fact, chart: Chart) -> bool:
    return "where" not in subject or truth(subject["where"], Case(chart, fact)) is True


def _reasons(front: Front, facts: Sequence[Fact], chart: Chart) -> set[str]:
    told = [
        reason["say"]
        for reason in front.get("set_aside", ())
        for each in facts
        if truth(reason["when"], Case(chart, each)) is True
    ]
    return set(told[:1])


def _by_newest(
    front: Front, facts: Sequence[Fact], found: _Speaking, chart: Chart
) -> tuple[_Speaking, set[str]]:
    """A coded diagnosis stands in where no value of the last 90 days is there."""
    is_current = any(isinstance(each, Value) and each.age <= 90 for each in facts)
    if not found and not is_current:
        coded = [entry for concept in many(front.get("coded")) for entry in entries(chart, concept)]
        if any(each.age is None or each.age <= 90 for each in coded):
            return [("info", None)], set()
    return found, set() if found else _reasons(front, facts, chart)


def subject_facts(front: Front, subject: Front, chart: Chart) -> list[Fact]:
    """What in the chart the file is about."""
    if "exposure" in subject:
        return list(_drugs(front, subject, chart))
    if "diagnosis" in subject:
        return [each for concept in many(subject["diagnosis"]) for each in entries(chart, concept)]
    if "readings" in subject:
        return [each for each in values(chart, subject["readings"]) if each.age <= days(subject["within"])]
    found = [values(chart, name) for name in many(subject["latest"])]
    newest = min((each[0].age for each in found if each), default=None)
    lead = next((each for each in found if each and each[0].age == newest), [])
    finals = [each for each in lead if not each.is_preliminary]
    if lead and lead[0].is_preliminary and _level(front, Case(chart, lead[0])) is None:
        return [*(finals or lead)[:1]]
    return [*lead[:1]]


def _drugs(front: Front, subject: Front, chart: Chart) -> list[Taken]:
    found = [each for name in many(subject["exposure"]) for each in listed(chart, name)]
    if is_safety(front):
        return [Taken(each, "unknown", each.since) for each in found if each.is_running][:1]
    if "given_within" in subject:
        window, counted = days(subject["given_within"]), subject.get("given_from", "last dose")
        return [of_doses(each, chart, window, counted) for each in found]
    washout = days(front.get("washout", "30 days"))
    return [Taken(each, time_class(each, chart, washout), each.since) for each in found]


def is_safety(front: Front) -> bool:
    """Whether the file is about a safety point, not about a contributor."""
    return front["kind"] == "safety" or front.get("role") == "safety"


def _level(front: Front, case: Case) -> str | None:
    """The most urgent of the critical range, the ordinary levels and the safety levels; softened or context."""
    choices: list[tuple[str, str]] = []
    if urgent := _in_critical_range(front, case):
        choices.append(urgent)
    is_preliminary = isinstance(case.fact, Value) and case.fact.is_preliminary
    for key in ("when", "safety"):
        for level in LEVELS:
            if level != "critical" and is_preliminary and key == "when":
                continue
            if level in front.get(key, {}) and truth(front[key][level], case) is True:
                choices.append((level, "safety" if key == "safety" and not choices else ""))
                break
    if not choices:
        return None
    level, variant = min(choices, key=lambda each: LEVELS.index(each[0]))
    if _is_context(front, case.fact, case.chart):
        return "also_consider"
    is_soft = level == "warning" and not variant and "on_its_own" in front
    return "info" if is_soft and truth(front["on_its_own"], case) is True else level


def _in_critical_range(front: Front, case: Case) -> tuple[str, str] | None:
    fact = case.fact
    if "critical_range" not in front or not isinstance(fact, Value) or fact.age > 365:
        return None
    if truth(front["critical_range"], case) is not True:
        return None
    if fact.age <= 30:
        return "critical", "critical"
    return ("warning", "repeat") if fact.age <= 90 else ("info", "history")


def _flagged(flag: Front, chart: Chart) -> str | None:
    """Critical while at most 30 days old and not doubted; to be confirmed while not old; then history."""
    until = days(flag.get("confirm_until", "90 days"))
    found = [each for concept in many(flag["diagnosed"]) for each in entries(chart, concept)]
    levels = []
    for each in found:
        if each.age is not None and each.age <= 30 and each.is_confirmed:
            levels.append("critical")
        else:
            levels.append("warning" if each.age is None or each.age <= until else "also_consider")
    return min(levels, key=LEVELS.index, default=None)


def _due(front: Front, lead: Fact | None, chart: Chart) -> list[str]:
    """Section 8: nothing newer than `oldest`, nothing at all, or nothing since the start."""
    found = []
    ordered = {name for each in chart.orders for name in tests_of_order(each)[1]}
    since = lead.drug.since if isinstance(lead, Taken) else None
    for plan in front.get("overdue", ()):
        if "when" not in plan or truth(plan["when"], Case(chart, lead)) is True:
            tests = [each for each in many(plan["tests"]) if analyte_file(each).get("order") not in ordered]
            found += [each for each in tests if _is_due(plan, each, since, chart)]
    return found


def _is_due(plan: Front, analyte: str, since: int | None, chart: Chart) -> bool:
    ages = [each.age for each in values(chart, analyte) if not each.is_preliminary]
    is_time = since is None or since >= days(plan.get("after", "0 days"))
    if not ages:
        return is_time
    is_before = "since_change" in plan and since is not None and min(ages) >= since
    return ("oldest" in plan and min(ages) > days(plan["oldest"])) or (is_before and is_time)
