"""`legcramps report`: what the cards did in the last weeks, for the group that governs them."""

from datetime import timedelta
from typing import Literal, TextIO

from rich.console import Console

from cds_service import report_pages, start
from cds_service.counting import monday
from cds_service.figures import Figures, figures
from cds_service.overseeing.the_store import read
from cds_service.report_tables import Labels
from cds_service.settings import Settings, today

Output = Literal["csv", "html", "text"]
MOST_WEEKS = 60
"""More than the store keeps by default."""


def report(settings: Settings, weeks: int, output: Output, out: TextIO) -> None:
    """
    Write what was counted in the present ISO week and those before it, *weeks* in all.

    Raises:
        ValueError: When nothing is remembered, there is no such database, or it can't be read; one line for a person.
        KnowledgeInvalid: When the knowledge files, which name the rules, can't be understood.
    """
    counted = _counted(settings, weeks)
    if output == "csv":
        out.write(report_pages.csv(counted))
        return
    knowledge = start.knowledge(settings)
    labels = Labels.of(knowledge)
    if output == "html":
        out.write(report_pages.html(counted, labels, knowledge=knowledge.version))
    else:
        report_pages.show(counted, labels, Console(file=out))


def _counted(settings: Settings, weeks: int) -> Figures:
    if not 1 <= weeks <= MOST_WEEKS:
        raise ValueError(f"--weeks: is a number from 1 to {MOST_WEEKS}")
    last = today(settings)
    first = monday(last) - timedelta(weeks=weeks - 1)
    return read(settings, lambda connection: figures(connection, first, last))
