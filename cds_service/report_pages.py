"""What was counted, for its readers: a page, a text for a terminal, and one long table. All tell the same counts."""

import base64
import csv as files
import hashlib
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Any

from markupsafe import Markup
from rich.console import Console
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from cds_service import markup
from cds_service.figures import Figures, Measure
from cds_service.masking import Masked
from cds_service.report_tables import HIDDEN, Labels, Row, Table, Tables, told, week_name
from cds_service.terminal import plain

_STYLES = ("style.css", "report.css")
_CSV = ("week", "client", "rule", "measure", "reason", "count")
_MOST_LABELS = 16  # columns of a chart that have room for their numbers
_CHARTED = {Measure.SHOWN: "Cards shown", Measure.OVERRIDDEN: "Overridden", Measure.FADED: "Faded"}


@dataclass(frozen=True, slots=True)
class Column:
    """One week of a chart: *height* from 0 to 1 of the highest, None for a count that is not told."""

    week: str
    label: str
    height: float | None


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure over the weeks, drawn on a scale that all panels of the chart share; *most* is its highest label."""

    title: str
    most: str
    columns: tuple[Column, ...]


def style() -> str:
    """The style sheet of the page."""
    return "\n".join(markup.render(each) for each in _STYLES)


def html(figures: Figures, labels: Labels, *, knowledge: str, home: str = "", style_url: str = "") -> str:
    """
    The page: without script and style attributes.

    *knowledge* is the version of the knowledge files, *home* the address of their pages ("": no links). Without a
    *style_url*, where `style` has to be found, the page stands alone: its policy allows the one style sheet in it.
    """
    sheet = "" if style_url else style()
    tables = Tables(figures, labels)
    return markup.render(
        "report.html",
        **_about(figures),
        knowledge=knowledge,
        home=home,
        style_url=style_url,
        style=Markup(sheet),  # noqa: S704 - our own files
        digest=base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode(),
        facts=tables.facts(),
        panels=panels(figures),
        tables=tables.all(),
    )


def panels(figures: Figures) -> tuple[Panel, ...]:
    """The chart of the weeks."""
    counts = {each: [figures.count(each, week=week) for week in figures.weeks] for each in _CHARTED}
    most = max((count for row in counts.values() for count in row if isinstance(count, int)), default=0)
    made = []
    for measure, row in counts.items():
        highest = max((count for count in row if isinstance(count, int)), default=0)
        columns = tuple(
            Column(
                week_name(week),
                told(count, figures.floor),
                None if isinstance(count, Masked) else count / max(most, 1),
            )
            for week, count in zip(figures.weeks, row, strict=True)
        )
        made.append(Panel(_CHARTED[measure], told(highest, figures.floor), columns))
    return tuple(made)


def _about(figures: Figures) -> dict[str, Any]:
    return {
        "first": _day(figures.first),
        "last": _day(figures.last),
        "floor": figures.floor,
        "hidden": HIDDEN,
        "is_empty": not figures.counts,
        "is_labelled": len(figures.weeks) <= _MOST_LABELS,
    }


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def csv(figures: Figures) -> str:
    """
    One row for each week, client, rule, measure and reason with a count that is not 0; no totals.

    Openings and answers, and cards each counted once, have no rule. A masked count is "<5", or "hidden".
    """
    text = StringIO()
    writer = files.writer(text, lineterminator="\n")
    writer.writerow(_CSV)
    for cell, count in figures.leaves:
        number = told(count, figures.floor).replace(",", "")
        week = week_name(cell.week) if cell.week else ""
        writer.writerow((week, cell.client, cell.rule or "", cell.measure, cell.reason, number))
    return text.getvalue()


def show(figures: Figures, labels: Labels, console: Console) -> None:
    """The same as the page, on a terminal."""
    about = _about(figures)
    console.print(Text(f"What the cards did: {about['first']} to {about['last']}", style="bold"))
    if not figures.counts:
        console.print("Nothing was counted in these weeks.")
        return
    tables = Tables(figures, labels)
    console.print(Padding(_facts(tables), (1, 0)))
    for table in tables.all():
        console.print(Text(table.title, style="bold"))
        console.print(Text(table.note, style="dim"))
        console.print(Padding(_grid(table), (0, 0, 1, 0)))
    console.print(Text(_masks(figures), style="dim"))


def _facts(tables: Tables) -> Grid:
    grid = Grid.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_column(style="dim")
    for fact in tables.facts():
        grid.add_row(fact.title, fact.value, fact.remark)
    return grid


def _grid(table: Table) -> Grid:
    grid = Grid(box=None, pad_edge=False)
    grid.add_column(table.columns[0], overflow="fold", min_width=14)
    for column in table.columns[1:]:
        grid.add_column(column, justify="right", overflow="fold")
    for row in table.rows:
        grid.add_row(*_cells(row))
    return grid


def _cells(row: Row) -> list[Text]:
    return [Text(plain(each)) for each in (row.about, *row.numbers)]


def _masks(figures: Figures) -> str:
    return (
        f"<{figures.floor}: from 1 to {figures.floor - 1}. {HIDDEN}: any number, not told because it would give away "
        "one of those. Shares are told where both counts are. Reports of other weeks, or /metrics, may tell what is "
        "masked here."
    )
