"""`legcramps report`: the last weeks of the site's own calendar, from the store that the service writes."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest

from cds_service.overseeing.report import Output, report
from cds_service.settings import Settings, load
from cds_service.store import Store
from tests.databases import Database
from tests.remembered import Remembered

TODAY = date(2026, 6, 17)  # a Wednesday
THIS_WEEK = date(2026, 6, 15)


def _settings(store: str) -> Settings:
    return load(store=store, today=TODAY)


def _reported(database: Database, weeks: int, output: Output) -> str:
    out = StringIO()
    report(_settings(database.url), weeks, output, out)
    return out.getvalue()


def _remember(database: Database, past: Remembered) -> None:
    Store.open(database.url).close()
    with database.connection() as connection:
        past.write(connection)


def test_the_weeks_are_the_present_one_and_those_before(database: Database) -> None:
    past = Remembered()
    for on in (TODAY, THIS_WEEK, THIS_WEEK - timedelta(days=7), THIS_WEEK - timedelta(days=8)):
        past.counted("answer", "no-report", 10, on=on)
    _remember(database, past)

    told = _reported(database, 2, "csv")

    assert told.splitlines()[1:] == [
        "2026-W24,ward,,answers without cards,no-report,10",
        "2026-W25,ward,,answers without cards,no-report,20",
        "2026-W24,ward,,opens,live,10",
        "2026-W25,ward,,opens,live,20",
    ]


def test_small_counts_are_masked(database: Database) -> None:
    past = Remembered()
    past.card("D01", on=TODAY)
    _remember(database, past)

    told = _reported(database, 12, "csv")

    assert "2026-W25,ward,D01,shown,,<5\n" in told


def test_a_page_and_a_text_name_the_rules(sqlite_database: Database) -> None:
    past = Remembered()
    past.shown("D02", 7, on=TODAY)
    _remember(sqlite_database, past)

    page, text = (_reported(sqlite_database, 12, output) for output in ("html", "text"))

    assert page.startswith("<!doctype html>")
    assert "D02 loop diuretic" in page
    assert "30 Mar 2026 to 17 Jun 2026" in page
    assert "D02 loop diuretic" in text


def test_a_store_with_nothing_in_it_is_reported_as_such(sqlite_database: Database) -> None:
    _remember(sqlite_database, Remembered())

    told = _reported(sqlite_database, 12, "html")

    assert "Nothing was counted in these weeks" in told


def test_no_store_is_made_for_a_report(tmp_path: Path) -> None:
    path = tmp_path / "state" / "legcramps.db"

    with pytest.raises(ValueError, match=r"LEGCRAMPS_STORE: there is no database at .*legcramps\.db"):
        report(_settings(f"sqlite:///{path}"), 12, "text", StringIO())

    assert not path.parent.exists()


def test_a_site_that_remembers_nothing_has_nothing_to_report() -> None:
    with pytest.raises(ValueError, match="LEGCRAMPS_STORE: nothing is remembered"):
        report(_settings("none"), 12, "text", StringIO())


def test_a_database_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "legcramps.db"
    path.write_text("no database at all, just a text that is long enough to be read as one" * 10)

    with pytest.raises(ValueError, match="LEGCRAMPS_STORE") as told:
        report(_settings(f"sqlite:///{path}"), 12, "text", StringIO())

    assert "\n" not in str(told.value)


@pytest.mark.parametrize("weeks", [0, -1, 61])
def test_weeks_that_are_none_are_refused(weeks: int) -> None:
    with pytest.raises(ValueError, match="--weeks: is a number from 1 to 60"):
        report(_settings("none"), weeks, "text", StringIO())
