"""What is old goes, and the key of the hashes is changed, by command."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service import retention
from cds_service.cli import app
from cds_service.pseudonyms import load
from cds_service.store import Store
from tests.databases import Database
from tests.remembered import Remembered

TODAY = date(2026, 6, 15)


@pytest.fixture
def past(database: Database) -> Database:
    """Something of today, of 400 days ago and of 401."""
    rows = Remembered()
    for age in (0, 400, 401):
        on = TODAY - timedelta(days=age)
        card = rows.card("M1", "D01", on=on)
        rows.overridden(card, reason="reviewed", on=on)
        rows.counted("answer", "cards", 1, on=on)
    rows.into(database)
    return database


def left(database: Database) -> list[int]:
    tables = ("cards", "card_lines", "feedback", "tallies")
    return [database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables]  # noqa: S608


def run(database: Database, *arguments: str, **more: str) -> tuple[int, str]:
    told = {
        "LEGCRAMPS_STORE": database.url,
        "LEGCRAMPS_TODAY": str(TODAY),
        "LEGCRAMPS_RETENTION_DAYS": "400",
        **more,
    }
    result = CliRunner().invoke(app, ["store", *arguments], env=told)
    return result.exit_code, result.output


def test_what_is_older_than_the_site_keeps_it_goes_with_its_lines(past: Database) -> None:
    code, said = run(past, "purge")

    assert (code, said) == (
        0,
        "Deleted what is from before 2025-05-11: 1 cards, 1 outcomes, 1 counts.\n",
    )
    assert left(past) == [2, 4, 2, 2]


def test_the_age_can_be_said(past: Database) -> None:
    run(past, "purge", "--older-than", "30")

    assert left(past) == [1, 2, 1, 1]


def test_more_than_goes_in_one_step_goes(database: Database) -> None:
    rows = Remembered()
    for _ in range(4500):
        rows.card("M1", on=TODAY)
    rows.into(database)
    store = Store.open(database.url)

    gone = retention.purge(store, TODAY + timedelta(days=1))

    store.close()
    assert gone.cards == 4500
    assert left(database) == [0, 0, 0, 0]


def test_a_new_key_is_put_before_the_old_ones(past: Database, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    old = load(keys).newest

    code, said = run(past, "rotate-key", LEGCRAMPS_HASH_KEYS=str(keys))

    assert code == 0
    assert "has a new key, and 1 older ones" in said
    assert load(keys).all[1] == old


def test_a_file_of_keys_that_is_not_there_is_not_made(past: Database, tmp_path: Path) -> None:
    """The service would go on with its own, and this one would look as if it were in use."""
    code, said = run(past, "rotate-key", LEGCRAMPS_HASH_KEYS=str(tmp_path / "wrong"))

    assert code == 2
    assert "LEGCRAMPS_HASH_KEYS: there is no file of keys at" in said
    assert not (tmp_path / "wrong").exists()


@pytest.mark.parametrize("days", ["-1", "36501", "4000000"])
def test_an_age_that_no_calendar_has_is_refused(past: Database, days: str) -> None:
    code, said = run(past, "purge", "--older-than", days)

    assert (code, left(past)) == (2, [3, 6, 3, 3])
    assert "--older-than" in said


def test_the_largest_age_deletes_nothing(past: Database) -> None:
    code, said = run(past, "purge", "--older-than", "36500")

    assert (code, left(past)) == (0, [3, 6, 3, 3])
    assert said == "Deleted what is from before 1926-07-10: 0 cards, 0 outcomes, 0 counts.\n"


# --- the report, as a file --------------------------------------------------------------------------------------


def report(database: Database, *arguments: str) -> tuple[int, str]:
    told = {"LEGCRAMPS_STORE": database.url, "LEGCRAMPS_TODAY": str(TODAY)}
    result = CliRunner().invoke(app, ["report", *arguments], env=told)
    return result.exit_code, result.output


def test_the_report_is_put_into_a_file(past: Database, tmp_path: Path) -> None:
    page = tmp_path / "report.html"

    assert report(past, "--html", str(page)) == (0, "")

    assert page.read_text("utf-8").startswith("<!doctype html>")


def test_a_report_that_fails_leaves_the_last_one(past: Database, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("that of last week")

    codes = [
        report(past, "--html", str(page), "--weeks", "99")[0],
        report(Database(f"sqlite:///{tmp_path}/wrong.db", "sqlite"), "--html", str(page))[0],
    ]

    assert (codes, page.read_text()) == ([2, 2], "that of last week")


def test_a_report_is_a_page_or_a_table(past: Database, tmp_path: Path) -> None:
    page = tmp_path / "report.html"

    code, said = report(past, "--csv", "--html", str(page))

    assert (code, page.exists()) == (2, False)
    assert "--csv and --html: choose one of them" in said


@pytest.mark.parametrize("command", ["purge", "rotate-key"])
def test_without_a_store_there_is_nothing_to_look_after(command: str) -> None:
    code, said = run(Database("none", "none"), command)

    assert code == 2
    assert "LEGCRAMPS_STORE: nothing is remembered" in said


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    code, said = run(Database(f"sqlite:///{tmp_path}/wrong.db", "sqlite"), "purge")

    assert code == 2
    assert "there is no database at" in said
    assert not (tmp_path / "wrong.db").exists()
