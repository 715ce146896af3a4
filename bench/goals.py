"""The goals, what was measured for each, and whether that meets it; judged by the middle one of the rounds."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bench.figures import GROWING, Results, Spread
from bench.over_http import JUDGED
from bench.payloads import SIZES
from bench.startup import WITH_STORE

MOST_OF_ORJSON = (1.5, 0.7, 0.3)
MOST_OF_READING = (6.0, 3.0, 4.0)
LEAST_OF_FHIR_RESOURCES = (20.0, 60.0, 60.0)
MOST_GROWTH = 2.0
MOST_MEBIBYTES = 150.0
NOISE = 2.0  # MiB by which two looks at the memory differ though nothing is kept
MOST_SECONDS = 1.5
MOST_SHED = 50.0  # milliseconds until a 503, for 99 of 100
MOST_AFTER = 5.0  # seconds until answers are as quick as before
MOST_LOST = 0.01  # of all calls
MOST_HELD = 50.0  # milliseconds

_Ratios = Mapping[tuple[str, int], Spread | None]


class Cell(NamedTuple):
    """What was measured, in words, and whether it is good enough."""

    said: str
    is_met: bool


class Row(NamedTuple):
    """One goal for one kind of chart: a cell for each size, or one for all."""

    goal: str
    chart: str
    cells: Sequence[Cell]


def judged(results: Results) -> list[Row]:
    """Every goal but those about populations."""
    return [
        *_of_speed(results),
        *_of_growth(results),
        *_of_memory(results),
        *_of_start(results),
        *_of_load(results),
        *_of_dear_bodies(results),
    ]


def ratio(spread: Spread) -> str:
    """The middle one of the rounds, and the range of all."""
    middle, least, greatest = (_short(each) for each in (spread.median, spread.least, spread.greatest))
    return f"{middle} ({least} to {greatest})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 3 else f"{value:.2f}"


def _of_speed(results: Results) -> Iterator[Row]:
    core = {(each.kind, each.resources): each.ratio for each in results.in_process}
    yield from _at_most("orjson.loads, in process", core, MOST_OF_ORJSON)
    web = {(each.kind, each.resources): each for each in results.over_http}
    stored = {key: each.ratio_with_store for key, each in web.items()}
    yield from _at_most("uvicorn that only reads, over HTTP, with the store", stored, MOST_OF_READING)
    plain = {key: each.ratio_without_store for key, each in web.items()}
    yield from _at_most("uvicorn that only reads, over HTTP, without a store", plain, MOST_OF_READING)
    less = {key: each.times_less for key, each in web.items()}
    limits = _limits(LEAST_OF_FHIR_RESOURCES)
    for kind in JUDGED:
        spreads = [_known(less[kind, size]) for size in SIZES]
        cells = [
            Cell(ratio(each), each.median >= limit)
            for each, limit in zip(spreads, LEAST_OF_FHIR_RESOURCES, strict=True)
        ]
        yield Row(f"FastAPI + fhir.resources takes at least {limits} times ours", kind, cells)


def _at_most(of_what: str, ratios: _Ratios, limits: Sequence[float]) -> Iterator[Row]:
    for kind in JUDGED:
        spreads = [_known(ratios[kind, size]) for size in SIZES]
        cells = [Cell(ratio(each), each.median <= limit) for each, limit in zip(spreads, limits, strict=True)]
        yield Row(f"at most {_limits(limits)} of {of_what}", kind, cells)


def _known(spread: Spread | None) -> Spread:
    if spread is None:
        raise ValueError("what the goals are about was not measured")
    return spread


def _limits(limits: Sequence[float]) -> str:
    return " / ".join(f"{each:g}" for each in limits)


def _of_growth(results: Results) -> Iterator[Row]:
    goal = f"a resource of 2,500 costs at most {MOST_GROWTH:g} times one of 250"
    for each in results.growth:
        yield Row(goal, each.kind, [Cell(ratio(each.ratio), each.ratio.median <= MOST_GROWTH)])


def _of_memory(results: Results) -> Iterator[Row]:
    _, first, *_, last = results.memory.mebibytes
    _, before, *_, count = results.memory.requests
    yield Row(
        f"at most {MOST_MEBIBYTES:g} MiB resident after {count:,} requests",
        "all kinds, mixed",
        [Cell(f"{last:.1f} MiB", last <= MOST_MEBIBYTES)],
    )
    yield Row(
        f"no growth after the first {before:,} (up to {NOISE:g} MiB is noise)",
        "all kinds, mixed",
        [Cell(f"{last - first:+.1f} MiB", last - first <= NOISE)],
    )


def _of_start(results: Results) -> Iterator[Row]:
    took = next(each.seconds for each in results.starts if each.what == WITH_STORE)
    yield Row(
        f"ready within {MOST_SECONDS:g} s of the command",
        "",
        [Cell(f"{ratio(took)} s", took.median <= MOST_SECONDS)],
    )


def _of_load(results: Results) -> Iterator[Row]:
    for each in results.overloads:
        is_heard = each.share_lost <= MOST_LOST
        lost = f", {each.share_lost:.1%} lost" if each.share_lost else ""
        yield Row(
            f"at five times capacity 503 within {MOST_SHED:g} ms (p99), nobody unheard",
            each.kind,
            [Cell(f"{each.shed:g} ms{lost}", each.shed <= MOST_SHED and is_heard)],
        )
        again = each.usual_again
        yield Row(
            f"usual again within {MOST_AFTER:g} s",
            each.kind,
            [Cell("not yet" if again is None else f"{again:g} s", again is not None and again <= MOST_AFTER)],
        )


def _of_dear_bodies(results: Results) -> Iterator[Row]:
    if results.held:
        longest = max(results.held, key=lambda each: each.milliseconds)
        yield Row(
            f"no request blocks the event loop over {MOST_HELD:g} ms",
            "dear bodies",
            [Cell(f"{longest.milliseconds:g} ms ({longest.name})", longest.milliseconds <= MOST_HELD)],
        )
    known = [each for each in results.dear if each.matters]
    if known:
        steepest = max(known, key=lambda each: each.doubled)
        yield Row(
            f"cost linear in the body: twice as much takes at most {GROWING:g} times",
            "dear bodies",
            [Cell(f"{steepest.doubled:.2f} ({steepest.name})", not steepest.grows)],
        )
