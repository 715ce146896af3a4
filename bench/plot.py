"""CPU of one request against the size of the chart: docs/performance.svg."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.figures import Results
from bench.payloads import SIZES

_APART = 1.45  # times, between two names
_STYLE = {
    "svg.hashsalt": "legcramps",  # with no date, the same figures make the same file
    "svg.fonttype": "none",
    "font.size": 13,
}


class _Line(NamedTuple):
    """Milliseconds by size; the colours differ in lightness too, and each line in its marker."""

    name: str
    colour: str
    marker: str
    milliseconds: Sequence[float]
    style: str = "-"


def draw(results: Results, file: Path) -> None:
    """Write the plot."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9, 5.4), layout="constrained", facecolor="white")
        axes = figure.subplots()
        lines = _lines(results)
        for line in lines:
            axes.plot(
                SIZES, line.milliseconds, line.style, color=line.colour, marker=line.marker, linewidth=2
            )
        axes.set(xscale="log", yscale="log", xlim=(20, 20_000), xlabel="resources in the chart")
        _name(axes, lines)
        axes.set_title("Server CPU for one hook call, milliseconds", loc="left")
        axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.8)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(file, format="svg", metadata={"Date": None})


def _lines(results: Results) -> list[_Line]:
    web = {(each.kind, each.resources): each for each in results.over_http}
    core = {(each.kind, each.resources): each for each in results.in_process}
    cards = [web["cards", size] for size in SIZES]
    silent = [web["no report", size].with_store.median for size in SIZES]
    slowest = [each.fhir_resources.median for each in cards if each.fhir_resources]
    loads = [core["cards", size].orjson.median for size in SIZES]
    lines = (
        _Line("FastAPI + fhir.resources", "#D55E00", "s", slowest),
        _Line("ours, three cards", "#0072B2", "o", [each.with_store.median for each in cards]),
        _Line("ours, no report", "#00795A", "D", silent),
        _Line("orjson.loads alone", "#6E6E6E", "v", loads, "--"),
        _Line("uvicorn that only reads", "#000000", "^", [each.reads_only.median for each in cards]),
    )
    return [each._replace(milliseconds=[cost / 1000 for cost in each.milliseconds]) for each in lines]


def _name(axes: Any, lines: Sequence[_Line]) -> None:
    """Each name at the end of its line, and none on another."""
    lowest = 0.0
    for line in sorted(lines, key=lambda each: each.milliseconds[-1]):
        lowest = max(line.milliseconds[-1], lowest * _APART)
        place = axes.text(max(SIZES) * 1.15, lowest, line.name, color=line.colour, verticalalignment="center")
        place.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
