"""Charts in which a criterion of a knowledge file holds: where the boundary cases start from."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, product
from typing import Any, TypeVar

from tests.boundaries.changes import additions, all_measured, changes, values
from tests.boundaries.charts import Chart, Drug, Entry, Lab, coding, plainest
from tests.boundaries.limits import NORMAL, ULN, near
from tests.boundaries.reference import LEVELS, Said, judged, subject_facts
from tests.boundaries.values import Front, amount, days, many
from tests.boundaries.words import HEADS, WORDS, Case, NotUnderstood, truth

_Any = TypeVar("_Any", Drug, Lab, Entry)

_OPEN = "?"  # a value that is still to be chosen
_MOST = 4000  # charts tried for one criterion
_FEW = 12  # of them those whose neighbours are tried


@dataclass(frozen=True)
class Asked:
    """One word of a criterion with its value, and the words beside it."""

    word: str
    value: Any
    beside: Mapping[str, Any]


@dataclass(frozen=True)
class Base:
    """A chart in which what stands at *path* of a file holds; *part* is the criterion that stands there."""

    path: str
    chart: Chart
    part: Sequence[Mapping[str, Any]] = ()


# --- what a criterion asks for -------------------------------------------------------------------------------------


def alternatives(node: Mapping[str, Any]) -> list[list[Asked]]:
    """Every way to meet a criterion; what it wants absent is left to the search."""
    left, ways = dict(node), [list[Asked]()]
    for head, (_, about) in HEADS.items():
        if head in left:
            asked = Asked(head, left.pop(head), {key: left.pop(key) for key in about if key in left})
            ways = [[*way, asked] for way in ways]
    for word, value in left.items():
        if word not in WORDS:
            raise NotUnderstood(word)
        if word == "any":
            ways = [[*way, *more] for way in ways for each in value for more in alternatives(each)]
        elif word == "all":
            for each in value:
                ways = [[*way, *more] for way in ways for more in alternatives(each)]
        else:
            ways = [[*way, Asked(word, value, {})] for way in ways]
    return ways


# --- charts that may meet it -----------------------------------------------------------------------------------------


def _timings(subject: Front) -> list[tuple[int | None, int | None]]:
    """Start and stop of a drug, for cramps that began 40 days ago."""
    if "given_within" not in subject:
        return [(100, None), (240, None), (640, None), (None, None), (300, 50), (300, 20), (20, None)]
    window = days(subject["given_within"])
    middle = 40 + window // 2
    return [(middle, middle), (middle, None), (40 + window + 200, None), (None, None)]


def _ingredients(value_set: str, asked: Sequence[Asked]) -> list[str]:
    """Members of a class that may be meant: those named, else the few that belong to the fewest classes."""
    wanted = [set(many(each.value)) for each in asked if each.word == "is"]
    named = [each for each in plainest(value_set) if all(each in some for some in wanted)]
    return named if wanted else named[:3]


def _subjects(subject: Front, name: str, asked: Sequence[Asked]) -> Iterator[Chart]:
    """The main fact by itself."""
    age = min([7, *(days(each.value) for each in asked if each.word == "within")])
    if "exposure" in subject:
        reason = next((many(each.value)[0] for each in asked if each.word == "prescribed_for"), "")
        for ingredient in _ingredients(name, asked):
            for since, until in _timings(subject):
                yield Chart(drugs=(Drug(name, ingredient, since, until, reason=reason),))
    elif "diagnosis" in subject:
        is_undated = any(each.word == "undated" for each in asked)
        yield Chart(entries=(Entry(name, None if is_undated else age),))
    else:
        has_range = name in ULN and not any(each.word == "without_range" for each in asked)
        clock = "03:10" if any(each.word == "at_night" for each in asked) else ""
        yield Chart(labs=(Lab(name, _OPEN, age, high=ULN[name] if has_range else "", clock=clock),))


def _with(chart: Chart, asked: Asked) -> Chart:
    """What else a criterion asks for."""
    maker = _MAKERS.get(asked.word)
    return maker(chart, asked) if maker else chart


def _on_list(chart: Chart, asked: Asked) -> Chart:
    ingredients = many(asked.beside.get("ingredients")) or _ingredients(asked.value, ())[:1]
    for each in chart.drugs:
        if each.is_running and each.member_of(asked.value):
            is_one = "ingredients" not in asked.beside or each.ingredient in ingredients
            return chart if is_one else replace(chart, drugs=(*chart.drugs, _listed(asked, ingredients[0])))
    return replace(chart, drugs=(*chart.drugs, _listed(asked, ingredients[0])))


def _listed(asked: Asked, ingredient: str) -> Drug:
    dose = ""
    if "dose_above" in asked.beside:
        limit, unit = amount(asked.beside["dose_above"])
        dose = f"{limit * 2:f} {unit}"
    return Drug(asked.value, ingredient, 200, dose=dose)


def _was_given(chart: Chart, asked: Asked) -> Chart:
    on = (chart.labs[0].age if chart.labs else 0) + 5
    return replace(chart, drugs=(*chart.drugs, Drug(asked.value, _ingredients(asked.value, ())[0], on, on)))


def _was_changed(chart: Chart, asked: Asked) -> Chart:
    since = days(asked.beside["after"]) + 50
    return replace(chart, drugs=(*chart.drugs, Drug(asked.value, _ingredients(asked.value, ())[0], since)))


def _has_entry(chart: Chart, asked: Asked) -> Chart:
    concepts = many(asked.value)
    if any(concept in coding(each.concept)[1] for concept in concepts for each in chart.entries):
        return chart
    age: int | None = min([7, *([days(asked.beside["within"])] if "within" in asked.beside else [])])
    if "before_result" in asked.beside and chart.labs:
        age = chart.labs[0].age + 3
    if "undated" in asked.beside:
        age = None
    side = "left" if asked.beside.get("one_sided") == "yes" else ""
    return replace(chart, entries=(*chart.entries, Entry(concepts[0], age, side=side)))


def _has_lab(chart: Chart, asked: Asked) -> Chart:
    if not any(each.analyte == asked.value for each in chart.labs):
        age = min([7, *([days(asked.beside["within"])] if "within" in asked.beside else [])])
        age = chart.labs[0].age if asked.word == "same_day" and chart.labs else age
        high = ULN.get(asked.value, "")
        chart = replace(chart, labs=(*chart.labs, Lab(asked.value, _OPEN, age, high=high)))
    return _rose(chart, asked) if "rose" in asked.beside else chart


def _rose(chart: Chart, asked: Asked) -> Chart:
    """An earlier value, from which the newest is twice the rise."""
    number, unit = amount(NORMAL[asked.value])
    newest = number * Decimal(asked.beside["rose"]["times"]) * 2
    labs = [each for each in chart.labs if each.analyte != asked.value]
    labs += [Lab(asked.value, f"{newest:f} {unit}", 7), Lab(asked.value, f"{number:f} {unit}", 100)]
    return replace(chart, labs=tuple(labs))


def _has_companion(chart: Chart, _: Asked) -> Chart:
    if any(each.analyte == "glucose" for each in chart.labs) or not chart.labs:
        return chart
    return replace(
        chart, labs=(*chart.labs, Lab("glucose", _OPEN, chart.labs[0].age, clock=chart.labs[0].clock))
    )


_MAKERS: Mapping[str, Callable[[Chart, Asked], Chart]] = {
    "taking": _on_list,
    "given": _was_given,
    "changed": _was_changed,
    "diagnosed": _has_entry,
    "latest": _has_lab,
    "same_day": _has_lab,
    "same_sample": _has_companion,
    "on_order": lambda chart, asked: replace(chart, orders=(*chart.orders, many(asked.value)[0])),
    "gestation_below": lambda chart, asked: replace(chart, weeks=days(asked.value) // 7 - 1),
}


def _valued(chart: Chart, front: Front) -> Iterator[Chart]:
    """The open values chosen in every way."""
    choices = [near(front, each.analyte) if each.value == _OPEN else [each.value] for each in chart.labs]
    if any(each.analyte == "glucose" for each in chart.labs[1:]):
        choices = [[*each, "10.1 mmol/L", "30 mmol/L"] if "mmol/L" in each[0] else each for each in choices]
    for chosen in product(*choices):
        pairs = zip(chart.labs, chosen, strict=True)
        yield replace(chart, labs=tuple(replace(each, value=value) for each, value in pairs))


# --- bases ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Goal:
    """What a base chart is for: criteria that must hold there, and what the file must say of it."""

    path: str
    nodes: tuple[Mapping[str, Any], ...]
    accept: Callable[[Said], bool]


def goals(front: Front) -> Iterator[Goal]:
    """One for each criterion of the file that decides whether, and how urgently, it speaks."""
    found = [(key, level, node) for key in ("when", "safety") for level, node in front.get(key, {}).items()]
    levels = sorted(found, key=lambda each: LEVELS.index(each[1]))
    for key, level, node in levels:
        yield Goal(level if key == "when" else f"{key} {level}", (node,), _speaks(level))
    if "critical_range" in front:
        yield Goal("critical_range", (front["critical_range"],), _speaks("critical"))
    if "context" in front:
        yield Goal("context", (front["context"], levels[-1][2]), _speaks("also_consider"))
    if "on_its_own" in front:
        yield Goal("on_its_own", (front["when"]["warning"], front["on_its_own"]), _speaks("info"))
    for place, reason in enumerate(front.get("set_aside", ())):
        yield Goal(f"set_aside[{place}]", (reason["when"],), _tells(reason["say"]))
    for place, plan in enumerate(front.get("overdue", ())):
        nodes = (plan["when"],) if "when" in plan else ()
        yield Goal(f"overdue[{place}]", nodes, lambda said: bool(said.due))


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
        if not made:
            raise NotUnderstood(f"{goal.path}: no chart was found in which it holds")
        found += made
    if silent := sorted(set(_named(front)) - set(_named_in(front, found))):
        raise NotUnderstood(f"subject: {', '.join(silent)} speaks in no chart")
    return found


def _bases(front: Front, goal: Goal) -> Iterator[Base]:
    """For each way the first subject that can meet it; for the first way every class or concept."""
    ways = list(_ways(goal.nodes))
    for place, way in enumerate(ways):
        label = f"{goal.path}[{place}]" if len(ways) > 1 else goal.path
        for subject in many(front["subject"]):
            found = [made for name in _names(subject) if (made := _search(front, goal, subject, name, way))]
            yield from (
                Base(label, chart, list(goal.nodes)) for chart in (found if place == 0 else found[:1])
            )
            if found and place > 0:
                break


def _ways(nodes: Sequence[Mapping[str, Any]]) -> Iterator[list[Asked]]:
    for ways in product(*(alternatives(node) for node in nodes)):
        yield [each for way in ways for each in way]


def _search(front: Front, goal: Goal, subject: Front, name: str, way: Sequence[Asked]) -> Chart | None:
    where = alternatives(subject["where"]) if "where" in subject else [[]]
    tried = (
        chart
        for more in where
        for main in _subjects(subject, name, [*way, *more])
        for chart in _valued(_all(main, [*way, *more]), front)
    )
    charts = list(dict.fromkeys(islice(tried, _MOST)))
    found = next((each for each in charts if _is_met(front, goal, subject, each)), None)
    return found or next(
        (each for each in _nearby(front, charts) if _is_met(front, goal, subject, each)), None
    )


def _nearby(front: Front, charts: Sequence[Chart]) -> Iterator[Chart]:
    """Charts that differ in one thing from those tried: an age between two windows, a limit of the laboratory's."""
    for chart in charts[:_FEW]:
        yield from (other for _, other in values(front, chart))
        yield from (other for _, other in changes(front, chart))
        yield from (other for _, other in additions(front, chart))
        yield all_measured(front, chart)


def _is_met(front: Front, goal: Goal, subject: Front, chart: Chart) -> bool:
    return _holds(front, goal, subject, chart) and goal.accept(judged(front, chart))


def _all(chart: Chart, asked: Sequence[Asked]) -> Chart:
    """Members that are named come first: they are members of the whole class too."""
    for each in sorted(asked, key=lambda one: "ingredients" not in one.beside):
        chart = _with(chart, each)
    return chart


def _holds(front: Front, goal: Goal, subject: Front, chart: Chart) -> bool:
    for fact in subject_facts(front, subject, chart):
        case = Case(chart, fact)
        nodes = (*goal.nodes, *([subject["where"]] if "where" in subject else []))
        if all(truth(node, case) is True for node in nodes):
            return True
    return False


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
