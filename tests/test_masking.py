"""Small counts are not told, and can't be worked out."""

from collections.abc import Mapping, Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as some

from cds_service.masking import Count, Masked, Relation, masked

SMALL, HIDDEN = Masked.SMALL, Masked.KEPT_BACK


def test_a_count_below_the_floor_is_masked_and_none_is_not() -> None:
    shown = masked({"a": 4, "b": 5, "c": 0}, [], 5)

    assert shown == {"a": SMALL, "b": 5, "c": 0}


def test_a_floor_of_one_masks_nothing() -> None:
    shown = masked({"a": 1, "b": 2, "all": 3}, [Relation("all", ("a", "b"))], 1)

    assert shown == {"a": 1, "b": 2, "all": 3}


def test_the_smallest_other_part_is_kept_back_with_the_only_masked_one() -> None:
    """9 of 23: the total less what is shown would be the 3."""
    shown = masked({"a": 3, "b": 11, "c": 9, "all": 23}, [Relation("all", ("a", "b", "c"))], 5)

    assert shown == {"a": SMALL, "b": 11, "c": HIDDEN, "all": 23}


def test_a_sum_that_tells_its_two_masked_parts_is_loosened() -> None:
    """Two of 1 to 4 that make 7 are 3 and 4; two that make 5 may be anything."""
    room = masked({"a": 2, "b": 3, "all": 5}, [Relation("all", ("a", "b"))], 5)
    none = masked({"a": 3, "b": 4, "all": 7}, [Relation("all", ("a", "b"))], 5)

    assert room == {"a": SMALL, "b": SMALL, "all": 5}
    assert none == {"a": HIDDEN, "b": SMALL, "all": 7}


def test_ones_are_not_told_by_their_number() -> None:
    """Twelve masked weeks with twelve cards: each would be one."""
    weeks = {f"week {number}": 1 for number in range(12)}

    shown = masked({**weeks, "all": 12}, [Relation("all", tuple(weeks))], 5)

    assert shown["all"] == 12
    assert [*shown.values()].count(HIDDEN) == 2


def test_a_count_is_not_told_by_the_limit_that_another_sets() -> None:
    """Six shown, five overridden: no more than one can have been accepted."""
    counts = {"shown": 6, "overridden": 5, "accepted": 1}

    shown = masked(counts, [Relation("shown", ("overridden", "accepted"), "at most")], 5)

    assert shown == {"shown": 6, "overridden": HIDDEN, "accepted": SMALL}


def test_a_count_is_not_told_by_what_the_others_lack() -> None:
    """Nine cards, five of one rule: the other one has four at least."""
    shown = masked({"cards": 9, "a": 5, "b": 4}, [Relation("cards", ("a", "b"), "at least")], 5)

    assert shown == {"cards": 9, "a": HIDDEN, "b": SMALL}


def test_a_total_that_is_kept_back_is_not_told_by_the_total_above_it() -> None:
    weeks = Relation("all", ("first", "second"))
    first = Relation("first", ("a", "b"))

    shown = masked({"a": 1, "b": 8, "first": 9, "second": 20, "all": 29}, [weeks, first], 5)

    assert shown == {"a": SMALL, "b": HIDDEN, "first": 9, "second": 20, "all": 29}


def test_counts_that_contradict_each_other_are_masked_all_the_same() -> None:
    counts = {"triggered": 5, "shown": 8, "faded": 2}

    shown = masked(counts, [Relation("triggered", ("shown", "faded"), "at most")], 5)

    assert shown["faded"] in (SMALL, HIDDEN)


@given(some.lists(some.integers(0, 7), min_size=1, max_size=4))
def test_no_small_part_of_a_total_can_be_worked_out(parts: list[int]) -> None:
    """Every way to fill in what is masked so that the sum is right leaves three values for each small count."""
    names = tuple(f"part {number}" for number in range(len(parts)))
    counts = {**dict(zip(names, parts, strict=True)), "all": sum(parts)}

    shown = masked(counts, [Relation("all", names)], 5)

    fits = [
        values for values in product(*(_could_be(shown[name]) for name in names)) if _adds_up(values, shown)
    ]
    for place, name in enumerate(names):
        if 0 < counts[name] < 5:
            assert len({values[place] for values in fits}) >= 3


@given(some.lists(some.integers(0, 7), min_size=4, max_size=9))
def test_nothing_follows_from_weeks_and_clients_read_one_after_the_other(cells: list[int]) -> None:
    """Both add up to the same total; a reader goes from one sum to the next until nothing new follows."""
    counts = {(place % 2, place // 2): count for place, count in enumerate(cells)}
    sums = [((way, key[way]), key) for key in counts for way in (0, 1)]
    relations = _relations(
        [((f"{'week' if way else 'client'} {number}"), str(key)) for (way, number), key in sums]
    )
    relations += _relations([("all", each.whole) for each in relations if each.whole.startswith("week")])
    known = {str(key): count for key, count in counts.items()}
    for each in relations:
        known[each.whole] = sum(known[part] for part in each.parts)

    shown = masked(known, relations, 5)

    low, high = _read(shown, relations)
    for name, count in known.items():
        if 0 < count < 5:
            assert high[name] - low[name] >= 2


def _relations(pairs: Sequence[tuple[str, str]]) -> list[Relation[str]]:
    wholes = dict.fromkeys(whole for whole, _ in pairs)
    return [Relation(each, [part for whole, part in pairs if whole == each]) for each in wholes]


def _read(
    shown: Mapping[str, Count], relations: Sequence[Relation[str]]
) -> tuple[dict[str, int], dict[str, int]]:
    """The least and the most that each count can be, the plain way."""
    low = {name: min(_could_be(told)) for name, told in shown.items()}
    high = {name: 999 if told is HIDDEN else max(_could_be(told)) for name, told in shown.items()}
    before = None
    while before != (low, high):
        before = dict(low), dict(high)
        for each in relations:
            low[each.whole] = max(low[each.whole], sum(low[part] for part in each.parts))
            high[each.whole] = min(high[each.whole], sum(high[part] for part in each.parts))
            for part in each.parts:
                others = [other for other in each.parts if other != part]
                low[part] = max(low[part], low[each.whole] - sum(high[other] for other in others))
                high[part] = min(high[part], high[each.whole] - sum(low[other] for other in others))
    return low, high


def _could_be(told: Count) -> Sequence[int]:
    if told is SMALL:
        return range(1, 5)
    return (told,) if isinstance(told, int) else range(30)


def _adds_up(values: Sequence[int], shown: Mapping[str, Count]) -> bool:
    return sum(values) in _could_be(shown["all"])
