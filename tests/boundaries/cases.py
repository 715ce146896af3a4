"""Boundary cases of one contributor's file: a chart, what is special about it in words, and what is expected there."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cds_service.chains import merge
from cds_service.findings import judge
from cds_service.knowledge import Contributor
from cds_service.monitoring import overdue
from tests.boundaries.bases import Base, bases
from tests.boundaries.changes import additions, changes, plain, stopped_since, values
from tests.boundaries.charts import Chart, facts_of
from tests.boundaries.reference import Said, judged
from tests.boundaries.values import Front
from tests.findings_of import site


@dataclass(frozen=True)
class BoundaryCase:
    """One chart, and what the plain reading of the file says of it."""

    file: str
    words: str
    chart: Chart
    expected: Said

    def __str__(self) -> str:
        return f"{self.file} {self.words}"


def cases(file: str, front: Front) -> Iterator[BoundaryCase]:
    """
    Every limit around every base; other changes once for each outcome, under the first criterion they concern.

    Raises:
        NotUnderstood: At a word without a handler.
    """
    charts: set[Chart] = set()
    said: set[tuple[str, Said]] = set()
    paths: set[str] = set()
    for base in bases(front):
        path = base.path.partition("[")[0]
        is_first = path not in paths
        for words, chart in _at_limits(front, base, is_first=is_first):
            if chart not in charts:
                charts.add(chart)
                yield BoundaryCase(file, f"{base.path}: {words}", chart, judged(front, chart))
        for words, chart in _around(front, base, is_first=is_first):
            expected = judged(front, chart)
            change = _without_names(words, base.chart), expected
            if chart not in charts and change not in said:
                charts.add(chart)
                said.add(change)
                yield BoundaryCase(file, f"{base.path}: {words}", chart, expected)
        paths.add(path)


def _at_limits(front: Front, base: Base, *, is_first: bool) -> Iterator[tuple[str, Chart]]:
    """All limits of the file for the first way to reach a level, those of its own criterion for the others."""
    yield "as it should be", base.chart
    yield from values(front, base.chart, None if is_first else base.part)


def _without_names(words: str, chart: Chart) -> str:
    """The change by itself, whichever member of a class or list it is about."""
    names = [each.ingredient for each in chart.drugs] + [plain(each.concept) for each in chart.entries]
    names += [name for each in chart.labs for name in (plain(each.analyte), each.value)]
    for name in names:
        words = words.replace(name, "*")
    return words


def _around(front: Front, base: Base, *, is_first: bool) -> Iterator[tuple[str, Chart]]:
    """What is neither a limit nor a matter of the way by which the level was reached: told once for each outcome."""
    yield from changes(front, base.chart)
    yield from stopped_since(front, base.chart)
    if is_first:
        yield from additions(front, base.chart)


def observed(contributor: Contributor, chart: Chart) -> Said:
    """What the service says by this file alone."""
    knowledge = replace(site().knowledge, contributors=(contributor,), chains=())
    facts = facts_of(chart)
    judgement = next(iter(judge(facts, knowledge)), None)
    if judgement is None:
        return Said(None)
    found = [judgement.finding] if judgement.finding else []
    softened = [group.level for group in merge(found, (), facts)]
    says = [reason.say for reason in contributor.set_aside]
    told = {say for say in says for each in judgement.set_aside if each.why.startswith(say)}
    return Said(
        level=next(iter((*softened, *(each.level for each in found))), None),
        aside=frozenset(told),
        due=frozenset(overdue(found, facts, knowledge)),
    )
