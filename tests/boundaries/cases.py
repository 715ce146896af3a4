"""Boundary cases of one contributor's file: a chart, what is special about it in words, and what is expected there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cds_service.chains import merge
from cds_service.findings import judge
from cds_service.knowledge import Contributor
from cds_service.monitoring import overdue
from tests.boundaries.additions import additions, further_additions
from tests.boundaries.bases import Base, bases
from tests.boundaries.changes import changes, started_lately, stopped_since, values
from tests.boundaries.charts import Chart, facts_of
from tests.boundaries.limits import plain
from tests.boundaries.mutants import mutants
from tests.boundaries.reference import Said, judged
from tests.boundaries.values import Front
from tests.findings_of import site

_FURTHER = "further, "  # what is kept only where a limit needs it


@dataclass(frozen=True)
class BoundaryCase:
    """One chart, and what the plain reading of the file says of it."""

    file: str
    words: str
    chart: Chart
    expected: Said
    kind: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        return f"{self.file} {self.words}"


def cases(file: str, front: Front) -> list[BoundaryCase]:
    """
    Each kind of change once for each outcome, and what it takes to notice every small change of the file.

    Raises:
        NotUnderstood: At a word without a handler.
    """
    found = list(_pool(file, front))
    kept = list(_once(found))
    for _, mutant in mutants(front):
        if not any(notices(each, mutant) for each in kept):
            found_one = next((each for each in found if notices(each, mutant)), None)
            kept += [found_one] if found_one else []
    return kept


def notices(case: BoundaryCase, mutant: Front) -> bool:
    """Whether the case would fail if the file said this instead."""
    return judged(mutant, case.chart) != case.expected


def _pool(file: str, front: Front) -> Iterator[BoundaryCase]:
    """Every chart around every base, once."""
    charts: set[Chart] = set()
    for base in bases(front):
        for words, chart in _around(front, base):
            if chart not in charts:
                charts.add(chart)
                kind = base.path.partition("[")[0], _without_names(words, base.chart)
                yield BoundaryCase(file, f"{base.path}: {words}", chart, judged(front, chart), kind)


def _around(front: Front, base: Base) -> Iterator[tuple[str, Chart]]:
    yield "as it should be", base.chart
    yield from values(front, base.chart)
    yield from changes(front, base.chart)
    yield from stopped_since(front, base.chart)
    yield from started_lately(front, base.chart)
    yield from additions(front, base.chart)
    for words, chart in further_additions(front, base.chart):
        yield f"{_FURTHER}{words}", chart


def _once(found: Sequence[BoundaryCase]) -> Iterator[BoundaryCase]:
    said: set[tuple[str, Said]] = set()
    for each in found:
        path, change = each.kind
        told = change if change != "as it should be" else f"{path} as it should be"
        if (told, each.expected) not in said and not change.startswith(_FURTHER):
            said.add((told, each.expected))
            yield each


def _without_names(words: str, chart: Chart) -> str:
    """The change by itself, whichever member of a class or list it is about."""
    names = [each.ingredient for each in chart.drugs] + [plain(each.concept) for each in chart.entries]
    names += [name for each in chart.labs for name in (plain(each.analyte), each.value)]
    for name in names:
        words = words.replace(name, "*")
    return words


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
        is_context=any(each.role == "context" for each in found),
    )
