"""Who computes when: a few calls, then the loop turns; those with large bodies in a thread of their own."""

# A coroutine that computes keeps everybody else waiting, who would have to be refused or is only asked whether it
# lives. So calls stand in line: after some milliseconds of work the loop turns, and takes in and refuses what came
# meanwhile. Whoever comes when nobody computes does not wait.

import asyncio
import gc
from bisect import insort
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import TypeVar

from starlette.exceptions import HTTPException

from cds_service.limits import RETRY_AFTER
from cds_service.stopwatch import Stopwatch

# Bytes of a body. A record takes 3 to 30 microseconds a kilobyte, one that was made to hurt about a millisecond: a
# smaller one holds the loop for 50 ms at the most. A piece that goes to the thread costs 0.1 ms more.
LARGE = 40 * 1024
# Bytes of large bodies that wait for the thread or are in it: half a second of records, more of what is made to hurt.
MOST_LARGE = 16 * 1024 * 1024
# CDS Hooks wants an answer within 500 ms. Who would wait for half of that is told to come again.
LONGEST_WAIT = 0.25
# Seconds that those compute who are called together, or one alone for longer: where one of them takes a millisecond,
# the loop would mostly refuse if it turned after each.
_TOGETHER = 0.002
_MOST_CALLED = 20
_WEIGHT = 0.05  # of the last one in the mean
_NOTICED = 0.0001  # seconds of waiting that are worth telling

_Given = TypeVar("_Given")


@dataclass(slots=True)
class _Place:
    """A place in a line."""

    since: float
    called: asyncio.Future[None]


class Turns:
    """The line of one worker. *clock* is in seconds."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._beginning: deque[_Place] = deque()
        self._further: deque[_Place] = deque()  # who has begun and comes back goes first
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_taken = False  # somebody computed and the loop has not turned since, or is called to
        self._now: Pieces | None = None  # who computed last
        self._began = 0.0  # when those were called who compute now
        self._begun = 0  # how many of them began with their call
        self._busy = 0.0  # seconds of computing since the last one began
        self._pace = 0.0  # seconds from one that begins to the next: the mean of some twenty
        self.beside = Beside()

    @property
    def is_long(self) -> bool:
        """Whether who comes now would wait too long."""
        return len(self._beginning) * self._pace > LONGEST_WAIT

    async def come(self, who: "Pieces", *, is_further: bool) -> None:
        """
        Wait for a turn; those that are *further* on go before those that begin.

        Until the loop has turned, *who* has it.
        """
        if self._loop is not asyncio.get_running_loop():  # the one before ended between two turns
            self._loop, self._is_taken, self._now = asyncio.get_running_loop(), False, None
        if self._now is who:
            return
        if self._is_taken:
            await self._wait(self._further if is_further else self._beginning)
        else:
            self._begin()
        self._now = who
        self._begun += not is_further

    async def _wait(self, line: deque[_Place]) -> None:
        since = self._clock()
        while True:
            place = _Place(since, asyncio.get_running_loop().create_future())
            insort(line, place, key=lambda each: each.since)
            await place.called
            # others that were called with this one may have used up the time
            if self._now is None or self._clock() - self._began <= _TOGETHER:
                return

    def _begin(self) -> None:
        self._is_taken, self._began, self._begun = True, self._clock(), 0
        # The loop turns twice: what came while somebody computed is read in the first turn, and refused in the second.
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self._end)

    def _end(self) -> None:
        """The next ones are called."""
        self._now, self._is_taken = None, False
        self._busy += self._clock() - self._began
        if self._begun:
            took, self._busy = self._busy / self._begun, 0.0
            self._pace += _WEIGHT * (took - self._pace) if self._pace else took
        further = _call(self._further, _MOST_CALLED)
        if further + _call(self._beginning, _MOST_CALLED - further):
            self._begin()


def _call(line: deque[_Place], most: int) -> int:
    """Call the first ones that have not left; how many these were."""
    called = 0
    while line and called < most:
        first = line.popleft().called
        if not first.done():
            first.set_result(None)
            called += 1
    return called


class Beside:
    """The thread for large bodies, and how much waits for it."""

    def __init__(self) -> None:
        self._bytes = 0
        # One thread: two would only take turns with each other and the loop.
        self._thread = ThreadPoolExecutor(1, "large")

    def admit(self, size: int) -> None:
        """
        Take in a call with a body of *size* bytes; there is always room for one.

        Raises:
            HTTPException: 503, when too much waits already.
        """
        if self._bytes and self._bytes + size > MOST_LARGE:
            raise HTTPException(
                503, "too much waits to be answered here; send this one again in a second", RETRY_AFTER
            )
        self._bytes += size

    def grow(self, size: int) -> None:
        """A call has become larger, or, by a negative *size*, has gone."""
        self._bytes += size

    async def do(self, work: Callable[[], _Given]) -> _Given:
        """What *work* gives, in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, _uncollected, work)


def _uncollected(work: Callable[[], _Given]) -> _Given:
    """Without the garbage collector, which would stop everybody while it looks at a million objects of ours."""
    gc.disable()
    try:
        return work()
    finally:
        gc.enable()


class Pieces:
    """The work on one call, piece by piece; *watch* takes the time of each, and of waiting. Ends as a context does."""

    def __init__(self, turns: Turns, watch: Stopwatch) -> None:
        self._turns = turns
        self._has_begun = False
        self._held = 0  # bytes, in the thread's books
        self._size = 0
        self.watch = watch

    def __enter__(self) -> "Pieces":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turns.beside.grow(-self._held)

    def grow(self, size: int) -> None:
        """The call has so many bytes, or so many more."""
        self._size += size

    async def do(self, stage: str, work: Callable[[], _Given]) -> _Given:
        """
        What *work* gives, when it is this call's turn.

        Raises:
            HTTPException: 503, before anything of it is done, when too much large work waits.
        """
        came = perf_counter()

        def timed() -> _Given:
            if (waited := perf_counter() - came) > _NOTICED:
                self.watch.add("wait", waited)
            with self.watch.of(stage):
                return work()

        if self._size > LARGE:
            self._hold()
            self._has_begun = True
            return await self._turns.beside.do(timed)
        await self._turns.come(self, is_further=self._has_begun)
        self._has_begun = True
        return timed()

    def _hold(self) -> None:
        """Be in the thread's books with the whole size, until the end; who has begun is not refused any more."""
        if not self._has_begun:
            self._turns.beside.admit(self._size)
        else:
            self._turns.beside.grow(self._size - self._held)
        self._held = self._size
