"""Charts in which a criterion of a knowledge file holds: where the boundary cases start from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from tests.boundaries.additions import additions, further_additions
from tests.boundaries.changes import changes, values
from tests.boundaries.charts import Chart, Entry
from tests.boundaries.makers import Asked, alternatives, subjects, valued, with_all
from tests.boundaries.mutants import Place, put
from tests.boundaries.reference import LEVELS, Said, judged, subject_facts
from tests.boundaries.values import Front, many
from tests.boundaries.words import Case, NotUnderstood, truth

_MOST = 4000  # charts tried for one criterion
_FEW = 4  # of them those whose neighbours are tried
_SPOILS = ("unless", "not")


@dataclass(frozen=True)
class Base:
    """A chart in which what stands at *path* of a file holds."""

    path: str
    chart: Chart


# --- bases ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Goal:
    """
    What a base chart is for: criteria that must hold there, and what the file must say of it.

    *place* is where the first of them stands in the file. *spoilt* is a criterion whose positive words hold too.
    """

    path: str
    nodes: tuple[Mapping[str, Any], ...]
    accept: Callable[[Said], bool]
    place: Place = ()
    spoilt: tuple[Mapping[str, Any], ...] = ()


def goals(front: Front) -> Iterator[Goal]:
    """One for each criterion of the file that decides whether, and how urgently, it speaks."""
    yield from _level_goals(front)
    for key, accept in (("critical_range", _speaks("critical")),):
        if key in front:
            yield Goal(key, (front[key],), accept, (key,))
    if "context" in front:
        yield Goal("context", (front["context"],), lambda said: said.is_context, ("context",))
    if "on_its_own" in front:
        yield Goal("on_its_own", (front["when"]["warning"], front["on_its_own"]), _speaks("info"))
    for place, subject in enumerate(many(front["subject"])):
        if "where" in subject:
            yield Goal(f"subject {place} where", (subject["where"],), lambda said: said.level is not None)
    for place, reason in enumerate(front.get("set_aside", ())):
        at: Place = ("set_aside", place, "when")
        yield Goal(f"set_aside {place}", (reason["when"],), _tells(reason["say"]), at)
    for place, plan in enumerate(front.get("overdue", ())):
        nodes = (plan["when"],) if "when" in plan else ()
        yield Goal(f"overdue {place}", nodes, lambda said: bool(said.due))


def _level_goals(front: Front) -> Iterator[Goal]:
    found = [(key, level, node) for key in ("when", "safety") for level, node in front.get(key, {}).items()]
    for key, level, node in sorted(found, key=lambda each: LEVELS.index(each[1])):
        path = level if key == "when" else f"{key} {level}"
        yield Goal(path, (node,), _speaks(level), (key, level))
        for word in _SPOILS:
            if word in node:
                yield Goal(f"{path} {word}", (node[word],), lambda _: True, spoilt=(node,))


def _speaks(level: str) -> Callable[[Said], bool]:
    return lambda said: said.level == level


def _tells(say: str) -> Callable[[Said], bool]:
    return lambda said: say in said.aside


def bases(front: Front) -> list[Base]:
    """
    For each criterion one chart for every way to meet it; for each subject and each class or concept one more.

    Raises:
        NotUnderstood: At a word without a handler, or where no chart could be found.
    """
    found = [*_flag_bases(front), *_coded_bases(front)]
    for goal in goals(front):
        made = list(_bases(front, goal))
        if not made and not goal.spoilt:
            raise NotUnderstood(f"{goal.path}: no chart was found in which it holds")
        found += made
    if silent := sorted(set(_named(front)) - set(_named_in(front, found))):
        raise NotUnderstood(f"subject: {', '.join(silent)} speaks in no chart")
    return found


def _bases(front: Front, goal: Goal) -> Iterator[Base]:
    """For each way the first subject that can meet it; for the first way every class or concept."""
    ways = [_joined(way) for way in product(*(alternatives(node) for node in goal.nodes + goal.spoilt))]
    for place, way in enumerate(ways):
        label = f"{goal.path}[{place}]" if len(ways) > 1 else goal.path
        search = Search(front, goal, way, _without(front, goal, [each for each in ways if each != way]))
        for subject in many(front["subject"]):
            found = [made for name in _names(subject) if (made := search.chart(subject, name))]
            yield from (Base(label, chart) for chart in (found if place == 0 else found[:1]))
            if found and place > 0:
                break


def _joined(way: Sequence[Sequence[Asked]]) -> list[Asked]:
    return [each for part in way for each in part]


def _without(front: Front, goal: Goal, ways: Sequence[Sequence[Asked]]) -> Front | None:
    """The file with only the other ways to meet the criterion."""
    if not goal.place:
        return None
    others = [{"all": [{each.word: each.value, **each.beside} for each in way]} for way in ways]
    changed: Front = put(front, goal.place, {"any": others})
    return changed


@dataclass(frozen=True)
class Search:
    """For a chart that meets a goal in one way, best by this way alone; *other* is the file without it."""

    front: Front
    goal: Goal
    way: Sequence[Asked]
    other: Front | None

    def chart(self, subject: Front, name: str) -> Chart | None:
        """The first chart that the way alone decides, else the first that meets the goal."""
        charts = self._tried(subject, name)
        met = [each for each in charts if self._is_met(subject, each)]
        best = next((each for each in met if self._is_decisive(each)), None)
        if best is None:
            nearby = [each for each in _nearby(self.front, charts) if self._is_met(subject, each)]
            best = next((each for each in nearby if self._is_decisive(each)), None)
            met += nearby[:1]
        return best or next(iter(met), None)

    def _tried(self, subject: Front, name: str) -> list[Chart]:
        where = alternatives(subject["where"]) if "where" in subject else [[]]
        tried = (
            chart
            for more in where
            for main in subjects(subject, name, [*self.way, *more])
            for chart in valued(with_all(main, [*self.way, *more]), self.front)
        )
        charts = list(dict.fromkeys(islice(tried, _MOST)))
        if self.goal.path.startswith("overdue"):  # long on it, so that its start is no reason by itself
            charts.sort(key=lambda each: -(each.drugs[0].since or 0) if each.drugs else 0)
        return charts

    def _is_met(self, subject: Front, chart: Chart) -> bool:
        """The whole, and every word by which this way differs from others."""
        nodes = (*self.goal.nodes, *([subject["where"]] if "where" in subject else []))
        spoils = _SPOILS if self.goal.spoilt else ()
        asked = [{each.word: each.value, **each.beside} for each in self.way if each.word not in spoils]
        holds = any(
            all(truth(node, Case(chart, fact)) is True for node in (*nodes, *asked))
            for fact in subject_facts(self.front, subject, chart)
        )
        return holds and self.goal.accept(judged(self.front, chart))

    def _is_decisive(self, chart: Chart) -> bool:
        return self.other is None or not self.goal.accept(judged(self.other, chart))


def _nearby(front: Front, charts: Sequence[Chart]) -> Iterator[Chart]:
    """Charts that differ in one thing from those tried: an age between two windows, a limit of the laboratory's."""
    for chart in charts[:_FEW]:
        yield from (other for _, other in values(front, chart))
        yield from (other for _, other in changes(front, chart))
        yield from (other for _, other in additions(front, chart))
    for chart in charts[:1]:
        yield from (other for _, other in further_additions(front, chart))


def _names(subject: Front) -> list[str]:
    return [
        name for key in ("exposure", "latest", "readings", "diagnosis") for name in many(subject.get(key))
    ]


def _named(front: Front) -> list[str]:
    return [name for subject in many(front["subject"]) for name in _names(subject)]


def _named_in(front: Front, found: Sequence[Base]) -> Iterator[str]:
    for each in found:
        chart = each.chart
        if judged(front, chart).level is not None:
            yield from (drug.value_set for drug in chart.drugs)
            yield from (lab.analyte for lab in chart.labs)
            yield from (entry.concept for entry in chart.entries)


def _flag_bases(front: Front) -> Iterator[Base]:
    for flag in front.get("red_flags", ()):
        for concept in many(flag["diagnosed"]):
            yield Base(f"red flag {flag['id']}", Chart(entries=(Entry(concept, 10),)))


def _coded_bases(front: Front) -> Iterator[Base]:
    for concept in many(front.get("coded")):
        yield Base("coded", Chart(entries=(Entry(concept, 10),)))
