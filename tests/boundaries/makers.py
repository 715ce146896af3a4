"""What a criterion asks for, and charts that may have it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Any

from tests.boundaries.charts import Chart, Drug, Entry, Lab, coding, plainest
from tests.boundaries.limits import NORMAL, ULN, near
from tests.boundaries.values import Front, amount, days, many
from tests.boundaries.words import parts

_OPEN = "?"  # a value that is still to be chosen


@dataclass(frozen=True)
class Asked:
    """One word of a criterion with its value, and the words beside it."""

    word: str
    value: Any
    beside: Mapping[str, Any]


# --- what a criterion asks for -------------------------------------------------------------------------------------


def alternatives(node: Mapping[str, Any]) -> list[list[Asked]]:
    """Every way to meet a criterion; what it wants absent is left to the search."""
    ways = [list[Asked]()]
    for word, asked, beside in parts(node):
        if word == "any":
            ways = [[*way, *more] for way in ways for each in asked for more in alternatives(each)]
        elif word == "all":
            for each in asked:
                ways = [[*way, *more] for way in ways for more in alternatives(each)]
        else:
            ways = [[*way, Asked(word, asked, beside)] for way in ways]
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


def subjects(subject: Front, name: str, asked: Sequence[Asked]) -> Iterator[Chart]:
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


def with_all(chart: Chart, asked: Sequence[Asked]) -> Chart:
    """Members that are named come first: they are members of the whole class too."""
    for each in sorted(asked, key=lambda one: "ingredients" not in one.beside):
        chart = _with(chart, each)
    return chart


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


def valued(chart: Chart, front: Front) -> Iterator[Chart]:
    """The open values chosen in every way."""
    choices = [near(front, each.analyte) if each.value == _OPEN else [each.value] for each in chart.labs]
    if any(each.analyte == "glucose" for each in chart.labs[1:]):
        choices = [[*each, "10.1 mmol/L", "30 mmol/L"] if "mmol/L" in each[0] else each for each in choices]
    for chosen in product(*choices):
        pairs = zip(chart.labs, chosen, strict=True)
        yield replace(chart, labs=tuple(replace(each, value=value) for each, value in pairs))
