"""
Databases for tests: files of SQLite, and a real PostgreSQL that the tests start and stop themselves.

A plugin of pytest, named in conftest.py. Tests that ask for `database` run on both, those that ask for
`sqlite_database` or `postgresql_database` on that one. Each test has an empty database to itself. The server is
started when the first test asks for it, in each process that runs tests; `tools/install_postgresql.sh` installs it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, NullPool, create_engine, text

_USER = "legcramps"
# Nothing of it has to survive.
_CARELESS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
    "autovacuum=off",
)
# The server ends with its standard input: also when the process that runs the tests is killed.
_UNTIL_END_OF_INPUT = '"$0" "$@" & cat >/dev/null; kill -QUIT $!; wait'
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """An empty database of one test."""

    url: str
    kind: str

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection of somebody else, in a transaction."""
        engine = create_engine(self.url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
        with engine.begin() as connection:
            yield connection

    def rows(self, statement: str) -> Sequence[Any]:
        """What a statement gives; a command gives nothing."""
        with self.connection() as connection:
            result = connection.execute(text(statement))
            return result.fetchall() if result.returns_rows else []

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Somebody else is writing, and doesn't come to an end."""
        with self.connection() as connection:
            lock = "BEGIN IMMEDIATE" if self.kind == "sqlite" else f"LOCK TABLE {table}"
            connection.exec_driver_sql(lock)
            yield


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL that can be reached through a socket in *folder* only."""

    folder: Path

    def url(self, database: str) -> str:
        """The URL of one of its databases."""
        return f"postgresql://{_USER}@/{database}?host={self.folder}"

    def run(self, statement: str) -> None:
        """Run a command outside any transaction, as a superuser in another database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def refuse(self, database: Database) -> None:
        """Cut all connections to the database and let nobody in."""
        name = _name(database)
        self.run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self.cut(database)

    def admit(self, database: Database) -> None:
        """Let everybody in again."""
        self.run(f"ALTER DATABASE {_name(database)} ALLOW_CONNECTIONS true")

    def cut(self, database: Database) -> None:
        """End all connections to the database, as a restart of the server does; return when they are gone."""
        ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
        self.run(f"{ended}'{_name(database)}'")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A PostgreSQL for all tests of this process."""
    folder = Path(tempfile.mkdtemp(prefix="legcramps-"))  # short: a socket's path has 107 characters at most
    try:
        with _running(folder):
            yield Server(folder)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path}/state/legcramps.db", "sqlite")


@pytest.fixture
def postgresql_database(postgresql: Server) -> Iterator[Database]:
    name = f"test_{next(_NUMBERS)}"
    postgresql.run(f"CREATE DATABASE {name} STRATEGY file_copy")
    yield Database(postgresql.url(name), "postgresql")
    postgresql.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """One database after the other."""
    made: Database = request.getfixturevalue(f"{request.param}_database")
    return made


def _name(database: Database) -> str:
    return database.url.partition("?")[0].rpartition("/")[2]


@contextmanager
def _running(folder: Path) -> Iterator[None]:
    data = folder / "data"
    account = _account(folder)
    made = ("--auth=trust", f"--username={_USER}", "--encoding=UTF8", "--no-locale", "--no-sync")
    subprocess.run(  # noqa: S603 - our own words
        [_program("initdb"), f"--pgdata={data}", *made],
        cwd=folder,
        check=True,
        capture_output=True,
        **account,
    )
    options = [word for each in ("listen_addresses=", *_CARELESS) for word in ("-c", each)]
    command = [_program("postgres"), "-D", str(data), "-k", str(folder), *options]
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(  # noqa: S603 - our own words
            ["/bin/sh", "-c", _UNTIL_END_OF_INPUT, *command],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            **account,
        ),
    ):
        _wait(lambda: psycopg.connect(Server(folder).url("postgres")).close(), folder / "log")
        yield


def _wait(attempt: Callable[[], None], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            return attempt()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start: {log.read_text()}") from error
            time.sleep(0.03)


def _program(name: str) -> str:
    """The newest that Debian installed, else the one in PATH."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda each: int(each.parts[-3])
    )
    found = str(installed[-1]) if installed else shutil.which(name)
    assert found, f"{name} of PostgreSQL is missing: run tools/install_postgresql.sh"
    return found


def _account(folder: Path) -> dict[str, Any]:
    """Who runs the server: we, unless we are root, for whom PostgreSQL does not run."""
    if os.geteuid() != 0:
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    account = known.get("postgres") or known["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
