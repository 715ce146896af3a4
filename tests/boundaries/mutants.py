"""Small changes of a knowledge file, each of which some boundary case should notice."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.boundaries.limits import LIMITS, judging, step
from tests.boundaries.values import Front, amount, days, many

_WINDOWS = (
    "within", "given_within", "exposed", "confirm_until", "before_result", "after", "oldest", "washout",
)  # fmt: skip
_LISTS = (
    "began",
    "diagnosed",
    "taking",
    "is",
    "ingredients",
    "diagnosis",
    "exposure",
    "on_order",
    "unmeasured",
)
_MANY = 8  # of a longer list only the first and the last member are left out
_KEPT = ("kind", "role", "washout", "coded")  # of the parts that say nothing by themselves

Place = tuple[str | int, ...]


def mutants(front: Front) -> Iterator[tuple[str, Front]]:
    """Every limit and window a step up and down, members of lists left out; where and what, in words."""
    whole = {**judging(front), **{key: front[key] for key in _KEPT if key in front}}
    for place, words, new in _changes(whole, ()):
        yield f"{'.'.join(map(str, place))} {words}", put(whole, place, new)


def _changes(node: Any, place: Place) -> Iterator[tuple[Place, str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _of_key(key, value, (*place, key))
    elif isinstance(node, list):
        for index, each in enumerate(node):
            yield from _changes(each, (*place, index))


def _of_key(key: str, value: Any, place: Place) -> Iterator[tuple[Place, str, Any]]:
    if key in LIMITS:
        yield from _limits(many(value), place)
    elif key == "dose_above":
        number, unit = amount(value)
        yield place, f"{value} lower", f"{number - 1:f} {unit}"
    elif key in _WINDOWS and isinstance(value, str):
        for more in (1, -1):
            yield place, f"{value} {more:+}", f"{days(value) + more} days"
    elif key == "gestation_below":
        yield place, f"{value} +1", f"{days(value) // 7 + 1} weeks"
    elif key in _LISTS and isinstance(value, list) and len(value) > 1:
        for index, each in enumerate(value):
            if len(value) <= _MANY or index in (0, len(value) - 1):
                yield place, f"without {each}", [*value[:index], *value[index + 1 :]]
    else:
        yield from _changes(value, place)


def _limits(limits: list[str], place: Place) -> Iterator[tuple[Place, str, Any]]:
    for index, each in enumerate(limits):
        number, unit = amount(each)
        for more in (step(each), -step(each)):
            new = f"{number + more:f} {unit}"
            yield place, f"{each} to {new}", [*limits[:index], new, *limits[index + 1 :]]


def put(node: Any, place: Place, new: Any) -> Any:
    """A copy with something else at one place."""
    if not place:
        return new
    if isinstance(node, Mapping):
        return {key: put(each, place[1:], new) if key == place[0] else each for key, each in node.items()}
    return [put(each, place[1:], new) if index == place[0] else each for index, each in enumerate(node)]
