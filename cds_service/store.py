"""What has to outlive a request: a small database, SQLite by default, PostgreSQL by URL."""

# Why a plain engine in threads, not SQLAlchemy's asynchronous one: SQLite has no asynchronous interface (the packages
# that offer one use a thread as well), every call is one short statement, and both databases run the same code. The
# threads are the store's own: the loop's threads also look up host names, and a locked database must not keep them.
#
# What survives: an answer is given after the commit, so that a killed process loses nothing that it said. SQLite runs
# with synchronous=NORMAL, which saves a sync of the disk at each commit: after a power cut or a crash of the operating
# system the file is whole, but the last commits may be missing. Tokens of those seconds could then be used once more
# until they expire. Who can't accept that takes PostgreSQL, which syncs. What must not be lost is written LASTING.

import asyncio
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    create_engine,
    delete,
    event,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from cds_service import migrations
from cds_service.errors import StoreUnavailable
from cds_service.schema import metadata, seen_tokens

_OURS = 0x6C656763  # "legc": PostgreSQL's number for the lock of those who bring the schema up to date
_OPENING = 30.0  # seconds that a start waits for another process that is bringing the schema up to date
_THREADS = 4
_PURGE_EVERY = 60.0  # seconds
_KEPT_LONGER = 300  # seconds: the clocks of several machines may differ by less than this
_AT_ONCE = 5000  # rows: a few milliseconds, so that deleting never keeps a caller waiting
_WAY = "legcramps_way"
_LARGEST = 2**63 - 1  # what a column holds; `exp` is chosen by the caller
_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_Given = TypeVar("_Given")


class StoreInvalid(ValueError):
    """The database named by the setting can't be used; one line for a person, never with the URL's password."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"LEGCRAMPS_STORE: {problem}")


class Way(Enum):
    """What a transaction is for."""

    READING = "reading"  # waits for nobody who writes
    WRITING = "writing"
    LASTING = "lasting"  # survives a power cut too, for the price of a sync of the disk


class Store:
    """
    The open database.

    Made by `open`. Its methods may be called by any number of tasks at once; each is one transaction and raises
    StoreUnavailable when the database doesn't answer in time. What it was asked may have been done all the same.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float], patience: float) -> None:
        self._engine = engine
        self._ways = {way: engine.execution_options(**{_WAY: way}) for way in Way}
        self._clock = clock
        self._patience = patience
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="store")
        self._purged_at = -math.inf
        self._log = structlog.get_logger()

    @classmethod
    def open(cls, url: str, clock: Callable[[], float] = time.time, patience: float = 2.0) -> "Store":
        """
        The database at *url*, made where it is a file that isn't there, its schema brought up to date.

        Several processes may do so at the same time. *clock* tells seconds since 1970; *patience* is how many seconds
        a call may take.

        Raises:
            StoreInvalid: When the URL is wrong, the database can't be reached or written, or its schema is newer.
        """
        target = _target(url)
        with _told(target):
            if target.get_backend_name() == "sqlite":
                _make_file(Path(target.database or ""))
            _bring_up_to_date(target)
            return cls(_engine(target, patience), clock, patience)

    @staticmethod
    def file_of(url: str) -> Path | None:
        """
        The file of a database of SQLite; None for PostgreSQL.

        Raises:
            StoreInvalid: When the URL is wrong.
        """
        target = _target(url)
        return Path(target.database or "") if target.get_backend_name() == "sqlite" else None

    async def remember_token(self, client: str, token_id: str, until: int) -> bool:
        """
        Whether this is the first time that the client's token id is seen, by any process, since *until* was ahead.

        *until* is the second from which the token is refused anyway: its `exp` and the leeway. Only a hash is kept.
        """
        self._purge_when_due()
        row = {"key": _key(client, token_id), "until": min(until, _LARGEST)}

        def insert(connection: Connection) -> bool:
            return insert_new(connection, seen_tokens, row)

        return await self.ask(insert)

    async def check(self) -> None:
        """
        Make sure that token ids can be kept: one that no client can have is written and taken out again.

        Raises:
            StoreUnavailable: When they can't.
        """
        row = {"key": _key("", "check"), "until": 0}

        def write(connection: Connection) -> None:
            insert_new(connection, seen_tokens, row)
            connection.execute(delete(seen_tokens).where(seen_tokens.c.key == row["key"]))

        await self.ask(write)

    def close(self) -> None:
        """Let go of the database once the calls in progress are answered."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()

    async def ask(
        self, work: Callable[[Connection], _Given], way: Way = Way.WRITING, patience: float | None = None
    ) -> _Given:
        """
        What *work* gives in a transaction of its own, committed; *patience* is in seconds.

        Raises:
            StoreUnavailable: When the database doesn't answer.
        """
        answer = asyncio.get_running_loop().run_in_executor(self._threads, self._transaction, work, way)
        try:
            # A little more than the database's own limit, which gives the better reason.
            async with asyncio.timeout(self._patience + 0.5 if patience is None else patience):
                return await answer
        except (DBAPIError, PoolTimeout, TimeoutError) as error:
            raise self._unavailable(error) from error

    def do(self, work: Callable[[Connection], _Given], way: Way = Way.WRITING) -> _Given:
        """
        The same in this thread, which waits: for commands, and for threads of one's own.

        Raises:
            StoreUnavailable: When the database doesn't answer.
        """
        try:
            return self._transaction(work, way)
        except (DBAPIError, PoolTimeout) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        self._log.error("the store does not answer", problem=_code(error))
        return StoreUnavailable("the store does not answer; send the request again in a second")

    def _transaction(self, work: Callable[[Connection], _Given], way: Way = Way.WRITING) -> _Given:
        with self._ways[way].begin() as connection:
            return work(connection)

    def _purge_when_due(self) -> None:
        now = self._clock()
        if abs(now - self._purged_at) >= _PURGE_EVERY:  # abs: a clock that was put back
            self._purged_at = now
            self._threads.submit(self._purge, int(now) - _KEPT_LONGER)

    def _purge(self, before: int) -> None:
        """Forget the token ids that expired before a second; nobody waits for it, the next minute tries again."""
        expired = select(seen_tokens.c.key).where(seen_tokens.c.until < before).limit(_AT_ONCE)
        some = delete(seen_tokens).where(seen_tokens.c.key.in_(expired.with_for_update(skip_locked=True)))
        try:
            while self._transaction(lambda connection: connection.execute(some).rowcount) >= _AT_ONCE:
                pass
        except (DBAPIError, PoolTimeout) as error:
            self._log.warning("expired token ids were not deleted", problem=_code(error))


def _key(client: str, token_id: str) -> bytes:
    """One length for all: a token id is any text that the caller likes, even lone surrogates. No name has a NUL."""
    return sha256(f"{client}\0{token_id}".encode("utf-8", "surrogatepass")).digest()


def insert_into(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An insertion in the database's own dialect, which knows conflicts."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    # imported here: nobody else needs it, and it takes a tenth of a second
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def insert_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Whether the row was not there yet, by its key; now it is."""
    insert = insert_into(connection, table).values(row).on_conflict_do_nothing()
    # Without the option the count is lost on PostgreSQL: it is asked for after the cursor is closed.
    return connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount == 1


def _target(written: str) -> URL:
    """
    The URL of a database that we can use. What is wrong with it is told without quoting it.

    Raises:
        StoreInvalid: When it isn't one.
    """
    try:
        url = make_url(written)
        driver = _DRIVERS[url.drivername]
    except (ArgumentError, ValueError, KeyError):
        raise StoreInvalid(
            "is no URL of SQLite or PostgreSQL; write sqlite:////folder/legcramps.db"
            " or postgresql://user:password@host/database"
        ) from None
    if driver.startswith("sqlite"):
        return _file_target(url).set(drivername=driver)
    if written.count("@") > 1:  # or a part of the password is taken for the host, and told as such
        raise StoreInvalid("has more than one @; write one that belongs to the user or password as %40")
    return url.set(drivername=driver)


def _file_target(url: URL) -> URL:
    if url.host or url.query:
        raise StoreInvalid("of SQLite is a path without options: sqlite:////folder/legcramps.db")
    if not url.database or url.database == ":memory:":
        raise StoreInvalid("of SQLite names a file; in memory, a restart would forget which tokens were used")
    return url.set(database=str(Path(url.database).expanduser().absolute()))


@contextmanager
def _told(target: URL) -> Iterator[None]:
    """What goes wrong on the way to the database, as one line for a person."""
    try:
        yield
    except migrations.SchemaUnknown as error:
        raise StoreInvalid(
            f"has the schema {error}, which this version does not know; start the newer version that wrote it,"
            " restore a backup, or name another database"
        ) from None
    except ImportError:
        raise StoreInvalid("needs a driver for PostgreSQL: pip install 'legcramps[postgresql]'") from None
    except OSError as error:
        raise StoreInvalid(
            f"can't be made at {target.database}: {error.strerror}; name a folder to write to"
        ) from None
    except (DBAPIError, sqlite3.Error) as error:
        raise StoreInvalid(f"can't be used: {_quotable(error, target)}") from None


def _quotable(error: Exception, target: URL) -> str:
    """The driver's own first line, unless the URL's password is part of it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    line = str(cause).partition("\n")[0]
    secrets = [each for each in (target.password, target.query.get("password")) if each]
    return type(cause).__name__ if any(str(each) in line for each in secrets) else line


def _code(error: BaseException) -> str:
    """What kind of error, for the log: its class and the database's code of it, never what it says."""
    cause = (error.orig if isinstance(error, DBAPIError) else None) or error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__} {code}" if code else type(cause).__name__


def _make_file(path: Path) -> None:
    """
    The file, and the folder around it, for our own eyes only where they are new; write-ahead logging switched on.

    SQLite gives its files beside it, `-wal` and `-shm`, the same rights.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        if _journal(connection) != "wal":
            raise StoreInvalid("can't be shared by processes there; name a file on a local disk")


def _journal(connection: sqlite3.Connection) -> str:
    """
    The journal that SQLite has now that it was asked to write ahead.

    When two processes ask at the same time one is refused at once, whatever it would wait for other locks.
    """
    deadline = time.monotonic() + _OPENING
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _bring_up_to_date(target: URL) -> None:
    """In one transaction that only one process at a time can have: on SQLite each has to itself (see `_engine`)."""
    engine = _engine(target, _OPENING)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:ours)"), {"ours": _OURS})
            migrations.upgrade(connection, metadata)
    finally:
        engine.dispose()


def _engine(target: URL, patience: float) -> Engine:
    """Connections that wait at most *patience* seconds for an answer, and are made anew when they were lost."""
    is_sqlite = target.get_backend_name() == "sqlite"
    engine = create_engine(
        target,
        connect_args={"timeout": patience} if is_sqlite else _limits(target, patience),
        hide_parameters=True,
        pool_pre_ping=not is_sqlite,  # a file does not go away as a server does
        pool_size=_THREADS,
        max_overflow=0,
        pool_timeout=patience,
    )
    if is_sqlite:
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _limits(target: URL, patience: float) -> dict[str, Any]:
    """What PostgreSQL's library and server are told; the URL's own options stay."""
    milliseconds = int(patience * 1000)
    return {
        "connect_timeout": max(2, math.ceil(patience)),  # whole seconds, and the library takes no less
        "tcp_user_timeout": milliseconds,  # a network that swallows everything
        "options": f"{target.query.get('options', '')} -c statement_timeout={milliseconds}".strip(),
    }


def _prepare(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, below


def _begin(connection: Connection) -> None:
    """
    Begin SQLite's transaction, in the way that was asked for.

    One that writes takes the lock at once: to ask for it halfway fails without waiting when somebody else has written.
    """
    way = connection.get_execution_options().get(_WAY, Way.WRITING)
    how = "FULL" if way is Way.LASTING else "NORMAL"
    if connection.info.get(_WAY) != how:
        connection.exec_driver_sql(f"PRAGMA synchronous={how}")
        connection.info[_WAY] = how
    connection.exec_driver_sql("BEGIN" if way is Way.READING else "BEGIN IMMEDIATE")
