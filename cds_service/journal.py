"""What was answered, on its way to the store: a bounded queue that a thread of its own writes."""

# A thread, not a task of the loop: a database that hangs must keep nobody waiting, and what is queued is written when
# the loop has ended too. An answer is queued in microseconds; when the queue is full it is lost, and counted.

import threading
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from cds_service.errors import StoreUnavailable
from cds_service.logs import place
from cds_service.retention import purge_some
from cds_service.schema import Kind, card_lines, cards, tallies
from cds_service.store import Store, insert_into

_MOST = 10_000  # answers that wait: some minutes of a large hospital, a few dozen MB
_AT_ONCE = 500  # answers in one transaction
_LINGER = 0.2  # seconds that the thread waits for more, so that a busy service commits less often
_REFUSED = (DataError, IntegrityError, ProgrammingError)  # the same rows would be refused again
_COUNTED = tuple(column.name for column in tallies.columns)
_AGAIN = 1.0  # seconds until the next attempt when the store did not answer


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
        self._urgent = 0  # up to which somebody waits for them
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
        try:
            self.tell(len(self), since)
        except Exception as error:  # figures that can't be written are no reason to forget
            self._log.error("unexpected", error=place(error))

    def put(self, entry: Entry) -> None:
        """Queue an answer; never waits for the store."""
        with self._changed:
            if self._is_closing or len(self) >= self._most:
                self.lost += 1
                return
            self._waiting.append(entry)
            self._queued += 1
            self._patients.update(entry.patients)
            self._start()
            if len(self._waiting) in (1, _AT_ONCE):  # to wake the thread costs more than to queue an answer
                self._changed.notify_all()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()

    def has(self, patient: bytes) -> bool:
        """Whether cards of a patient, by hash, are not written yet."""
        with self._changed:
            return self._patients[patient] > 0

    def hurry(self) -> int:
        """Have what is queued so far written at once; its number, for `is_settled`."""
        with self._changed:
            if self._waiting:
                self._start()
            self._urgent = self._queued
            self._changed.notify_all()
            return self._urgent

    def is_settled(self, number: int) -> bool:
        """Whether all up to a number is written, or lost."""
        with self._changed:
            return self._settled >= number

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
            self.lost += len(self)  # what the thread still tries to write
        if self.lost:
            self._log.error("answers were not remembered", lost=self.lost)

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._write(batch)
                self._purge()
            except Exception as error:  # a slip of ours: it must not be the last thing that is remembered
                self._log.error("unexpected", error=place(error))

    def _write(self, batch: Sequence[Entry]) -> None:
        try:
            self._store.do(partial(write, entries=batch))
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, _REFUSED):
                self._again(batch)
            elif len(batch) > 1:  # one of them is refused: the others need not be lost for it
                for each in batch:
                    self._write([each])
            else:
                self._lose(batch)
        except Exception:  # `_run` tells of it; these entries would bring it about again
            self._lose(batch)
            raise
        else:
            self._settle(batch)

    def _purge(self) -> None:
        """
        A portion after each batch, so that nothing waits for long, until all is gone that this day makes too old.

        By this machine's clock: LEGCRAMPS_TODAY is for trying out, and must not make us forget.
        """
        today = datetime.now(UTC).date()
        if today == self._purged_on:
            return
        try:
            if not purge_some(self._store, today - self._kept):
                self._purged_on = today
        except StoreUnavailable:
            self._purged_on = today
            self._log.warning("what is too old was not forgotten; tomorrow is the next attempt")

    def _next(self) -> Sequence[Entry]:
        """Some entries; none when the queue is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            self._changed.wait_for(self._is_due, _LINGER)
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _AT_ONCE))]

    def _is_due(self) -> bool:
        return self._is_closing or self._urgent > self._settled or len(self._waiting) >= _AT_ONCE

    def _again(self, batch: Sequence[Entry]) -> None:
        """Put entries back to where they were, and wait; at the end, give them up."""
        with self._changed:
            if self._is_closing:
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
    every = list(entries)
    counted: Counter[tuple[date, str, str, str]] = Counter()
    for entry in every:
        counted.update((entry.day, entry.client, str(kind), name) for kind, name in entry.counted)
    _insert(connection, cards, [dict(card) for entry in every for card in entry.cards])
    _insert(connection, card_lines, [dict(line) for entry in every for line in entry.lines])
    # in one order everywhere: two processes that count the same things must not wait for each other
    _add(
        connection,
        [dict(zip(_COUNTED, (*key, count), strict=True)) for key, count in sorted(counted.items())],
    )


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(), rows)


def _add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        new = insert_into(connection, tallies)
        more = tallies.c.count + new.excluded.count
        key = list(tallies.primary_key.columns)
        connection.execute(new.on_conflict_do_update(index_elements=key, set_={"count": more}), rows)
