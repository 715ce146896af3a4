"""`legcramps report`: what the cards did in the last weeks, for the group that governs them."""

from datetime import timedelta
from typing import Literal, TextIO

from rich.console import Console

from cds_service import report_pages, start
from cds_service.counting import monday
from cds_service.errors import StoreUnavailable
from cds_service.figures import Figures, figures
from cds_service.report_tables import Labels
from cds_service.settings import Settings, today
from cds_service.store import Store, Way

Output = Literal["csv", "html", "text"]
MOST_WEEKS = 60
"""More than the store keeps by default."""
_PATIENCE = 60.0  # seconds: nobody's answer waits for a report


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
    store = the_store(settings)
    try:
        return store.do(lambda connection: figures(connection, first, last), Way.READING)
    except StoreUnavailable:
        raise ValueError("LEGCRAMPS_STORE: the database does not answer; try again") from None
    finally:
        store.close()


def the_store(settings: Settings) -> Store:
    """
    The store, which has to be there: a report on an empty one that was made just now would be a wrong name's fault.

    Raises:
        ValueError: When there is none.
    """
    if not settings.remembers:
        raise ValueError(
            "LEGCRAMPS_STORE: nothing is remembered, so there is nothing to report; name a database"
        )
    file = Store.file_of(settings.store)
    if file is not None and not file.exists():
        raise ValueError(
            f"LEGCRAMPS_STORE: there is no database at {file}; name the one that the service writes"
        )
    return Store.open(settings.store, patience=_PATIENCE)
