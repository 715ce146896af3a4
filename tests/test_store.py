"""The store: an id once, by one worker or many; what it refuses to open; what it says when it can't answer."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect
from structlog.testing import capture_logs

from cds_service import migrations
from cds_service.errors import StoreUnavailable
from cds_service.schema import metadata, seen_tokens
from cds_service.store import Store, StoreInvalid
from tests.databases import Database, Server

NOW = 1_800_000_000
_Given = TypeVar("_Given")


class _Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


@contextmanager
def _opened(
    database: Database, clock: Callable[[], float] | None = None, patience: float = 2.0
) -> Iterator[Store]:
    store = Store.open(database.url, clock or _Clock(), patience)
    try:
        yield store
    finally:
        store.close()


def _now(asked: Awaitable[_Given]) -> _Given:
    async def wait() -> _Given:
        return await asked

    return asyncio.run(wait())


def _remember(store: Store, token_id: str, until: int = NOW + 300, client: str = "north") -> bool:
    return _now(store.remember_token(client, token_id, until))


def _untils(database: Database) -> list[int]:
    return sorted(row.until for row in database.rows("SELECT until FROM seen_tokens"))


def _put(database: Database, untils: range) -> None:
    with database.connection() as connection:
        rows = [{"key": f"{until}".encode(), "until": until} for until in untils]
        connection.execute(seen_tokens.insert(), rows)


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _set_revision(connection: Connection, revision: str) -> None:
    connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608 - our own


def _refusal(url: str) -> str:
    with pytest.raises(StoreInvalid) as refused:
        Store.open(url)
    return str(refused.value)


def test_an_id_is_new_once_for_each_client(database: Database) -> None:
    with _opened(database) as store:
        answers = [
            _remember(store, "id-1"),
            _remember(store, "id-1"),
            _remember(store, "id-2"),
            _remember(store, "id-1", client="south"),
            _remember(store, "id-1", until=NOW + 9000),
        ]

    assert answers == [True, False, True, True, False]


def test_a_check_leaves_nothing_behind(database: Database) -> None:
    with _opened(database) as store:
        for _ in range(2):
            _now(store.check())

    assert _untils(database) == []


def test_a_store_that_nobody_can_write_does_not_pass_the_check(sqlite_database: Database) -> None:
    with _opened(sqlite_database, patience=0.1) as store, sqlite_database.connection() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")

        with pytest.raises(StoreUnavailable):
            _now(store.check())


def test_an_id_that_many_requests_bring_at_once_is_new_for_one(database: Database) -> None:
    async def rush(store: Store) -> list[bool]:
        return await asyncio.gather(*(store.remember_token("north", "id-1", NOW + 300) for _ in range(64)))

    with _opened(database) as store:
        answers = asyncio.run(rush(store))

    assert sorted(answers) == [False] * 63 + [True]


def test_an_id_is_known_after_a_restart(database: Database) -> None:
    with _opened(database) as store:
        before = _remember(store, "id-1")

    with _opened(database) as store:
        after = _remember(store, "id-1")

    assert (before, after) == (True, False)


@pytest.mark.parametrize(
    "token_id",
    ["", "\0", "\ud800", "ﬁ", "fi", "' OR 1=1 --", "x" * 1_000_000],
    ids=lambda text: ascii(text[:12]),
)
def test_an_id_is_any_text(token_id: str, database: Database) -> None:
    with _opened(database) as store:
        answers = [_remember(store, token_id), _remember(store, token_id)]

    assert answers == [True, False]


def test_an_id_may_be_kept_for_longer_than_a_column_can_tell(database: Database) -> None:
    with _opened(database) as store:
        answers = [_remember(store, "id-1", until=10**30), _remember(store, "id-1", until=10**30)]

    assert answers == [True, False]


def test_nothing_that_a_caller_wrote_can_be_read_in_the_store(database: Database) -> None:
    with _opened(database) as store:
        _remember(store, "a-readable-id", client="north-hospital")

    keys = [bytes(row.key) for row in database.rows("SELECT key FROM seen_tokens")]

    assert [len(key) for key in keys] == [32]
    assert b"readable" not in keys[0]


def test_ids_are_forgotten_some_time_after_they_expired_and_never_before(database: Database) -> None:
    clock = _Clock()
    with _opened(database, clock):
        _put(database, range(NOW - 12_000, NOW + 12_000))

    with _opened(database, clock) as store:
        _remember(store, "id-1", until=NOW + 12_000)

    assert _untils(database) == [*range(NOW - 300, NOW + 12_000), NOW + 12_000]


def test_expired_ids_are_looked_for_once_a_minute(database: Database) -> None:
    clock = _Clock()
    with _opened(database, clock) as store:
        _put(database, range(NOW - 1000, NOW - 999))
        _remember(store, "id-1")
        _wait(lambda: len(_untils(database)) == 1)
        _put(database, range(NOW - 1000, NOW - 900))
        clock.now += 59
        _remember(store, "id-2")
        within_the_minute = len(_untils(database))
        clock.now += 1
        _remember(store, "id-3")

    assert within_the_minute == 102
    assert len(_untils(database)) == 3


def test_expired_ids_that_cannot_be_deleted_keep_nobody_out(sqlite_database: Database) -> None:
    with _opened(sqlite_database):
        _put(sqlite_database, range(NOW - 1000, NOW - 999))
        sqlite_database.rows(
            "CREATE TRIGGER stay BEFORE DELETE ON seen_tokens BEGIN SELECT RAISE(FAIL, 'no'); END"
        )

    with capture_logs() as logs, _opened(sqlite_database) as store:
        answer = _remember(store, "id-1")

    assert answer is True
    assert [(each["log_level"], each["event"]) for each in logs] == [
        ("warning", "expired token ids were not deleted")
    ]


def test_a_store_that_is_locked_for_too_long_is_unavailable_and_then_answers_again(
    database: Database,
) -> None:
    with capture_logs() as logs, _opened(database, patience=0.2) as store:
        _remember(store, "id-0")
        with database.locked("seen_tokens"), pytest.raises(StoreUnavailable) as told:
            _remember(store, "id-1")
        answer = _remember(store, "id-1")

    assert answer is True
    assert str(told.value) == "the store does not answer; send the request again in a second"
    (logged,) = (each for each in logs if each["log_level"] == "error")
    assert logged["event"] == "the store does not answer"
    assert logged["problem"] in ("OperationalError SQLITE_BUSY", "QueryCanceled 57014")


def test_requests_that_wait_for_a_locked_store_are_all_told_in_time(database: Database) -> None:
    async def rush(store: Store) -> list[bool | BaseException]:
        asked = (store.remember_token("north", f"id-{number}", NOW + 300) for number in range(200))
        return await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)

    with capture_logs(), _opened(database, patience=0.2) as store, database.locked("seen_tokens"):
        answers = asyncio.run(rush(store))

    assert {type(each) for each in answers} == {StoreUnavailable}


def test_lost_connections_are_made_anew_with_the_next_request(
    postgresql: Server, postgresql_database: Database
) -> None:
    with _opened(postgresql_database) as store:
        before = _remember(store, "id-1")
        postgresql.cut(postgresql_database)
        after = [_remember(store, "id-1"), _remember(store, "id-2")]

    assert before is True
    assert after == [False, True]


def test_a_database_that_lets_nobody_in_is_unavailable_until_it_does(
    postgresql: Server, postgresql_database: Database
) -> None:
    with capture_logs(), _opened(postgresql_database) as store:
        _remember(store, "id-1")
        postgresql.refuse(postgresql_database)
        with pytest.raises(StoreUnavailable):
            _remember(store, "id-2")
        postgresql.admit(postgresql_database)
        after = [_remember(store, "id-1"), _remember(store, "id-2")]

    assert after == [False, True]


def test_options_of_the_url_stay(postgresql_database: Database) -> None:
    postgresql_database.rows("CREATE SCHEMA ours")
    elsewhere = Database(f"{postgresql_database.url}&options=-csearch_path%3Dours", "postgresql")

    with _opened(elsewhere) as store:
        _remember(store, "id-1")

    assert len(postgresql_database.rows("SELECT * FROM ours.seen_tokens")) == 1


def test_migrations_give_exactly_the_tables_that_the_code_uses(database: Database) -> None:
    with _opened(database), database.connection() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_migrations_can_be_taken_back_and_taken_again(database: Database) -> None:
    with _opened(database) as store:
        _remember(store, "id-1")

    with database.connection() as connection:
        command.downgrade(migrations.configuration(connection, metadata), "base")
        left = inspect(connection).get_table_names()
    with _opened(database) as store:
        answer = _remember(store, "id-1")

    assert left == ["alembic_version"]
    assert answer is True


def test_a_schema_of_a_newer_version_is_refused_and_left_as_it_is(database: Database) -> None:
    with _opened(database), database.connection() as connection:
        _set_revision(connection, "9999")

    said = _refusal(database.url)

    assert said == (
        "LEGCRAMPS_STORE: has the schema 9999, which this version does not know; start the newer version that wrote"
        " it, restore a backup, or name another database"
    )
    assert [row.version_num for row in database.rows("SELECT version_num FROM alembic_version")] == ["9999"]


def test_a_new_file_and_its_folder_are_for_nobody_else(tmp_path: Path) -> None:
    file = tmp_path / "new" / "legcramps.db"

    with _opened(Database(f"sqlite:///{file}", "sqlite")) as store:
        _remember(store, "id-1")
        modes = {each.name: each.stat().st_mode & 0o777 for each in (file.parent, *file.parent.iterdir())}

    assert modes == {
        "new": 0o700,
        "legcramps.db": 0o600,
        "legcramps.db-wal": 0o600,
        "legcramps.db-shm": 0o600,
    }


def test_the_file_is_written_ahead(sqlite_database: Database) -> None:
    with _opened(sqlite_database):
        journal = sqlite_database.rows("PRAGMA journal_mode")[0][0]

    assert journal == "wal"


def test_a_file_that_somebody_is_writing_is_waited_for_when_it_has_to_be_switched(tmp_path: Path) -> None:
    file = tmp_path / "legcramps.db"
    writer = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    writer.execute("CREATE TABLE other (id)")
    writer.execute("BEGIN IMMEDIATE")
    end = Timer(0.2, writer.close)
    end.start()

    with _opened(Database(f"sqlite:///{file}", "sqlite")) as store:
        answer = _remember(store, "id-1")
    end.join()

    assert answer is True


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "is no URL of SQLite or PostgreSQL"),
        ("legcramps.db", "is no URL of SQLite or PostgreSQL"),
        ("mysql://user:secret@host/database", "is no URL of SQLite or PostgreSQL"),
        ("postgresql+asyncpg://user:secret@host/database", "is no URL of SQLite or PostgreSQL"),
        ("sqlite+aiosqlite:////tmp/legcramps.db", "is no URL of SQLite or PostgreSQL"),
        ("postgresql://user@host:secret/database", "is no URL of SQLite or PostgreSQL"),
        ("postgresql://user:top@secret@host/database", "has more than one @"),
        ("sqlite://", "names a file"),
        ("sqlite:///:memory:", "names a file"),
        ("sqlite://host/legcramps.db", "is a path without options"),
        ("sqlite:///legcramps.db?mode=ro", "is a path without options"),
        (
            "sqlite:////dev/null/state/legcramps.db",
            "can't be made at /dev/null/state/legcramps.db: Not a directory",
        ),
        ("sqlite:////tmp", "can't be made at /tmp: Is a directory"),
        ("postgresql://user:secret@/database?host=/nowhere", "can't be used: "),
        ("postgresql://user:secret@/database?host=/nowhere/secret", "can't be used: OperationalError"),
        ("postgresql://user@/database?host=/secret&password=secret", "can't be used: OperationalError"),
        ("postgresql://user@/database?unheard=of", "can't be used: "),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_in_one_line_without_its_password(
    url: str, problem: str
) -> None:
    said = _refusal(url)

    assert said.startswith("LEGCRAMPS_STORE: ")
    assert problem in said
    assert "secret" not in said
    assert "\n" not in said


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("dear diary, " * 100)

    said = _refusal(f"sqlite:///{file}")

    assert said == "LEGCRAMPS_STORE: can't be used: file is not a database"
    assert file.read_text() == "dear diary, " * 100


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/50%25 of @all/legcramps.db", "sqlite")

    with _opened(database) as store:
        answer = _remember(store, "id-1")

    assert answer is True
    assert (tmp_path / "50% of @all" / "legcramps.db").exists()
