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
