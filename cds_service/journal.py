"""What was answered, on its way to the store: a bounded queue that a thread of its own writes."""

# A thread, not a task of the loop: a database that hangs must keep nobody waiting, and what is queued is written when
# the loop has ended too. An answer is queued in microseconds; when the queue is full it is lost, and counted.

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy import Connection, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from cds_service.errors import StoreUnavailable
from cds_service.logs import place
from cds_service.retention import purge
from cds_service.schema import card_lines, cards, tallies
from cds_service.store import Store, insert_new

_MOST = 10_000  # answers that wait: some minutes of a large hospital, a few dozen MB
_AT_ONCE = 500  # answers in one transaction
_LINGER = 0.05  # seconds that the thread waits for more, so that a busy service commits less often
_REFUSED = (DataError, IntegrityError, ProgrammingError)  # the same rows would be refused again
_AGAIN = 1.0  # seconds until the next attempt when the store did not answer


class Kind(StrEnum):
    """What is counted by day."""

    ANSWER = "answer"  # "cards", or the reason of an empty answer
    REPORTED = "reported"  # "report": answers for a patient with a report of cramps
    TRIGGERED = "triggered"  # a rule that spoke, shown or not
    FADED = "faded"  # a rule that was silent since it had been shown or overridden
    SIGNAL = "signal"  # see signals


Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer, as rows: *counted* are kinds and names to count for *client* on *day*."""

    day: date
    client: str
    counted: Sequence[tuple[Kind, str]]
    cards: Sequence[Row] = ()
    lines: Sequence[Row] = field(default=())

    @property
    def patients(self) -> frozenset[bytes]:
        """Whose cards these are, by hash."""
        return frozenset(card["patient"] for card in self.cards)


class Journal:
    """
    The queue and its thread, which begins with the first entry; what is older than *kept_days* it forgets.

    *lost* counts answers that were never written: they came when the queue was full, the database refused them, or it
    did not answer until the service ended. An attempt that got no answer is made again; should the database have done
    it all the same, its counts are doubled, its cards are not.
    """

    def __init__(self, store: Store, kept_days: int, most: int = _MOST) -> None:
        self._store = store
        self._kept = timedelta(days=kept_days)
        self._purged_on = date.min
        self._most = most
        self._waiting: deque[Entry] = deque()
        self._changed = threading.Condition()
        self._queued = 0  # entries so far, written or not
        self._settled = 0  # those of them that wait no more
        self._hurried = 0  # who waits for them
        self._patients: Counter[bytes] = Counter()  # whose cards wait
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger()
        self.lost = 0
        self._told_lost = 0
        self.tell: Callable[[int, int], None] = _nobody  # is told how many wait, and how many were lost since

    def __len__(self) -> int:
        return self._queued - self._settled

    def told(self) -> None:
        """Tell how it stands."""
        with self._changed:
            since, self._told_lost = self.lost - self._told_lost, self.lost
        self.tell(len(self), since)

    def put(self, entry: Entry) -> None:
        """Queue an answer; never waits for the store."""
        with self._changed:
            if self._is_closing or len(self) >= self._most:
                self.lost += 1
                return
            self._waiting.append(entry)
            self._queued += 1
            self._patients.update(entry.patients)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def has(self, patient: bytes) -> bool:
        """Whether cards of a patient, by hash, are not written yet."""
        with self._changed:
            return self._patients[patient] > 0

    def wait(self, seconds: float) -> bool:
        """Whether all that was queued so far is written, or lost, after *seconds* at the latest."""
        with self._changed:
            last = self._queued
            self._hurried += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._settled >= last, seconds)
            finally:
                self._hurried -= 1

    def close(self, seconds: float = 10) -> None:
        """Write what is queued, for *seconds* at most; what is left is lost."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(seconds)
        with self._changed:
            self._lose(self._waiting)
            self._waiting.clear()
        if self.lost:
            self._log.error("answers were not remembered", lost=self.lost)

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._store.do(lambda connection, batch=batch: write(connection, batch))  # type: ignore[misc]
            except StoreUnavailable as error:
                self._again(batch, may_help=not isinstance(error.__cause__, _REFUSED))
            except Exception as error:  # a slip of ours: it must not be the last thing that is remembered
                self._log.error("unexpected", error=place(error))
                self._again(batch, may_help=False)
            else:
                self._settle(batch)
                self._purge()

    def _purge(self) -> None:
        """Once a day, by this machine's clock: LEGCRAMPS_TODAY is for trying out, and must not make us forget."""
        today = datetime.now(UTC).date()
        if today == self._purged_on:
            return
        self._purged_on = today
        try:
            purge(self._store, today - self._kept)
        except StoreUnavailable:
            self._log.warning("what is too old was not forgotten; tomorrow is the next attempt")

    def _next(self) -> Sequence[Entry]:
        """Some entries; none when the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            self._changed.wait_for(self._is_due, _LINGER)
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]

    def _is_due(self) -> bool:
        return self._is_closing or self._hurried > 0 or len(self._waiting) >= _AT_ONCE

    def _again(self, batch: Sequence[Entry], *, may_help: bool) -> None:
        """Put entries back to where they were, and wait; or give them up."""
        with self._changed:
            if self._is_closing or not may_help:
                self._lose(batch)
                return
            self._waiting.extendleft(reversed(batch))
            self._changed.wait_for(lambda: self._is_closing, _AGAIN)

    def _lose(self, entries: Collection[Entry]) -> None:
        self.lost += len(entries)
        self._settle(entries)

    def _settle(self, entries: Collection[Entry]) -> None:
        with self._changed:
            self._settled += len(entries)
            self._patients -= Counter(patient for entry in entries for patient in entry.patients)
            self._changed.notify_all()
        self.told()


def _nobody(waiting: int, lost: int) -> None:
    pass


def write(connection: Connection, entries: Iterable[Entry]) -> None:
    """Put the rows of answers into the tables; a card that is there already stays as it is."""
    counted: Counter[tuple[date, str, str, str]] = Counter()
    for entry in entries:
        counted.update((entry.day, entry.client, str(kind), name) for kind, name in entry.counted)
        fresh = {card["uuid"] for card in entry.cards if insert_new(connection, cards, dict(card))}
        if lines := [dict(line) for line in entry.lines if line["card"] in fresh]:
            connection.execute(insert(card_lines), lines)
    # in one order everywhere: two processes that count the same things must not wait for each other
    for (day, client, kind, name), count in sorted(counted.items()):
        _add(connection, {"day": day, "client": client, "kind": kind, "name": name, "count": count})


def _add(connection: Connection, row: dict[str, Any]) -> None:
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    new = dialect.insert(tallies).values(row)
    connection.execute(
        new.on_conflict_do_update(
            index_elements=list(tallies.primary_key.columns),
            set_={"count": tallies.c.count + new.excluded.count},
        )
    )
