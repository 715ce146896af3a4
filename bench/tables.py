"""Results as tables: Markdown that can be read on a terminal too."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest

from bench.figures import HONEST, Dear, Held, OverHttp, Results, Spread
from bench.goals import judged, ratio
from bench.payloads import SIZES

_SIZES = tuple(f"{size:,}" for size in SIZES)


def tables(results: Results) -> dict[str, str]:
    """Every table by its name, that of the goals first."""
    return {"goals": goals(results), **{name: table(results) for name, table in SECTIONS.items()}}


def filled(page: str, results: Results) -> str:
    """The page with what was measured between its marks."""
    for name, text in {"measured on": measured_on(results), **tables(results)}.items():
        page = _between(page, name, text)
    return page


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->\n", f"<!-- end: {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page lacks the marks of “{name}”")
    return f"{before}{begin}{text}\n{end}{after}"


def goals(results: Results) -> str:
    """Each goal, what was measured, and whether it is met."""
    rows = []
    for goal, chart, cells in judged(results):
        said = [f"{cell.said} {'' if cell.is_met else '✗'}".strip() for cell in cells]
        sized = said if len(said) == len(SIZES) else ["", "", ""]
        met = "met" if all(cell.is_met for cell in cells) else "**missed**"
        rows.append([goal, chart, *sized, said[0] if len(said) == 1 else "", met])
    return _table(["goal", "chart", *_SIZES, "any size", ""], rows, texts=(0, 1, 6))


def measured_on(results: Results) -> str:
    """Where and when."""
    here, effort = results.machine, results.effort
    warned = (
        " A quick look: rough figures, and fewer requests before memory is looked at."
        if effort.is_quick
        else ""
    )
    return (
        f"Measured on {here.date}: {here.processor}, {here.cores} cores, Python {here.python}, "
        f"revision {here.revision}; {effort.core_rounds} rounds in process, {effort.rounds} over HTTP "
        f"({effort.rounds_of_slowest} of the other kinds and of fhir.resources), {effort.starts} starts.{warned}"
    )


def _in_process(results: Results) -> str:
    rows = [
        [
            each.kind,
            f"{each.resources:,}",
            f"{each.bytes // 1000:,}",
            str(each.cards),
            _microseconds(each.ours),
            _microseconds(each.orjson),
            ratio(each.ratio),
        ]
        for each in results.in_process
    ]
    heads = ["chart", "resources", "kB", "cards", "ours, µs", "orjson.loads, µs", "ours / orjson"]
    return _table(heads, rows, texts=(0,))


def _over_http(results: Results) -> str:
    heads = [
        "chart",
        "resources",
        "ours, µs",
        "ours without a store, µs",
        "only reads, µs",
        "fhir.resources, µs",
        "ours / only reads",
        "without a store / only reads",
        "fhir.resources / ours",
    ]
    return _table(heads, [_of_server(each) for each in results.over_http], texts=(0,))


def _of_server(cost: OverHttp) -> list[str]:
    return [
        cost.kind,
        f"{cost.resources:,}",
        _microseconds(cost.with_store),
        _microseconds(cost.without_store),
        _microseconds(cost.reads_only),
        _microseconds(cost.fhir_resources) if cost.fhir_resources else "",
        ratio(cost.ratio_with_store),
        ratio(cost.ratio_without_store),
        ratio(cost.times_less) if cost.times_less else "",
    ]


def _memory(results: Results) -> str:
    memory = results.memory
    looks = zip_longest(memory.requests, memory.mebibytes, memory.peaks)
    return _table(
        ["after requests", "resident MiB", "most until then, MiB"],
        [
            [f"{count:,}", f"{mebibytes:.1f}", "" if peak is None else f"{peak:.1f}"]
            for count, mebibytes, peak in looks
        ],
    )


def _start(results: Results) -> str:
    rows = [[each.what, ratio(each.seconds), ratio(each.processor_seconds)] for each in results.starts]
    return _table(["start", "seconds until ready", "CPU seconds"], rows, texts=(0,))


def _openings(results: Results) -> str:
    rows = [
        [
            each.way,
            str(each.charts),
            f"{each.median:.0f}",
            f"{each.slowest_twentieth:.0f}",
            f"{each.queries:g}",
            f"{each.kilobytes:g}",
        ]
        for each in results.openings
    ]
    heads = ["way and chart", "openings", "p50, ms", "p95, ms", "queries each", "kB each"]
    return _table(heads, rows, texts=(0,))


def _stages(results: Results) -> str:
    names = list(dict.fromkeys(name for each in results.stages for name in each.microseconds))
    rows = [
        [each.kind, f"{each.resources:,}", *(_known(each.microseconds.get(name)) for name in names)]
        for each in results.stages
    ]
    return _table(["chart", "resources", *(f"{name}, µs" for name in names)], rows, texts=(0,))


def _known(microseconds: float | None) -> str:
    return "" if microseconds is None else f"{microseconds:,.0f}"


def _overloads(results: Results) -> str:
    rows = [
        [
            each.kind,
            f"{each.capacity:,.0f}",
            f"{each.sent:,.0f}",
            f"{each.share_shed:.0%}",
            f"{each.share_lost:.2%}",
            f"{each.shed:.1f}",
            f"{each.answered:.0f}",
            f"{each.alive:.0f}",
            f"{each.usual:.1f}",
            "not yet" if each.usual_again is None else f"{each.usual_again:g}",
        ]
        for each in results.overloads
    ]
    heads = ["chart", "answered a second", "sent a second", "503", "lost", "503 p99, ms", "200 p99, ms"]
    heads += ["/health/live p99, ms", "usual p95, ms", "usual again, s"]
    return _table(heads, rows, texts=(0,))


def _dear(results: Results) -> str:
    dearest = dearest_of(results)
    growing = [each for each in results.dear if each.grows and each not in dearest]
    held: dict[str, list[Held]] = {}
    for one in results.held:
        held.setdefault(one.name, []).append(one)
    honest = [each for each in results.dear if each.name == HONEST]
    rows = [
        [
            each.name,
            f"{each.bytes // 1000:,}",
            f"{each.seconds * 1000:,.0f}",
            f"{each.times:.1f}",
            f"{each.doubled:.2f}{' ✗' if each.grows else ''}",
            "; ".join(f"{one.milliseconds:g} ({one.bytes // 1000:,} kB)" for one in held.get(each.name, ())),
        ]
        for each in (*honest, *dearest, *growing)
    ]
    heads = ["body", "kB", "CPU ms", "times an honest kB", "doubled", "longest wait of others, ms"]
    return _table(heads, rows, texts=(0,))


def dearest_of(results: Results) -> Sequence[Dear]:
    """The ten kinds whose kilobytes cost most, the dearest first."""
    known = [each for each in results.dear if each.matters and each.name != HONEST]
    return sorted(known, key=lambda each: -each.times)[:10]


def _microseconds(spread: Spread) -> str:
    return f"{spread.median:,.0f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], texts: Sequence[int] = ()) -> str:
    """The columns *texts* begin at the left, figures end at the right."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    rule = ["-" * width if place in texts else "-" * (width - 1) + ":" for place, width in enumerate(widths)]

    def padded(line: Sequence[str]) -> str:
        cells = (
            cell.ljust(width) if place in texts else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        return f"| {' | '.join(cells)} |"

    return "\n".join(map(padded, [lines[0], rule, *lines[1:]]))


SECTIONS: Mapping[str, Callable[[Results], str]] = {
    "in process": _in_process,
    "where the time goes": _stages,
    "over HTTP": _over_http,
    "memory": _memory,
    "start": _start,
    "without prefetch": _openings,
    "under load": _overloads,
    "bodies made to be dear": _dear,
}
"""The tables of what was measured, as they follow each other."""
