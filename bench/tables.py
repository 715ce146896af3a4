"""Results as tables: Markdown that can be read on a terminal too."""

from collections.abc import Iterable, Sequence

from bench.figures import OverHttp, Results, Spread
from bench.goals import judged, ratio
from bench.payloads import SIZES

_SIZES = tuple(f"{size:,}" for size in SIZES)


def tables(results: Results) -> dict[str, str]:
    """Every table by its name, that of the goals first."""
    return {
        "goals": goals(results),
        "in process": _in_process(results),
        "over HTTP": _over_http(results),
        "memory": _memory(results),
        "start": _start(results),
        "without prefetch": _openings(results),
    }


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
    here = results.machine
    warned = (
        " A quick look: rough figures, and fewer requests before memory is looked at."
        if results.effort.is_quick
        else ""
    )
    return (
        f"Measured on {here.date}: {here.processor}, {here.cores} cores, Python {here.python}, "
        f"revision {here.revision}.{warned}"
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
    looks = zip(results.memory.requests, results.memory.mebibytes, strict=True)
    return _table(
        ["after requests", "resident MiB"],
        [[f"{count:,}", f"{mebibytes:.1f}"] for count, mebibytes in looks],
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
