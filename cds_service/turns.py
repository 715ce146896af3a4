"""Who computes when: a few calls, then the loop turns; those with large bodies in a thread of their own."""

# A coroutine that computes keeps everybody else waiting, who would have to be refused or is only asked whether it
# lives. So calls stand in line: after some milliseconds of work the loop turns, and takes in and refuses what came
# meanwhile. Whoever comes when nobody computes does not wait.

import asyncio
import gc
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar

from starlette.exceptions import HTTPException

from cds_service.limits import RETRY_AFTER
from cds_service.stopwatch import Stopwatch

# Bytes of a body. A record takes 3 to 30 microseconds a kilobyte, one that was made to hurt a millisecond: a smaller one
# holds the loop for 45 ms at the most. A piece that goes to the thread costs 0.1 ms more.
LARGE = 40 * 1024
# Bytes of large bodies that wait for the thread or are in it: about as much as it does in a second.
MOST_LARGE = 16 * 1024 * 1024
# CDS Hooks wants an answer within 500 ms. Whoever would wait longer than half of that is told to come again.
LONGEST_WAIT = 0.25
# Seconds that those compute who are called together, or one alone for longer: where one of them takes a millisecond,
# the loop would mostly refuse if it turned after each.
_TOGETHER = 0.002
_LEAST = 0.0001  # seconds that one computes
_WEIGHT = 0.05  # of the last ones in the means: some twenty are remembered

_Given = TypeVar("_Given")


class Turns:
    """The line of one worker. *clock* is in seconds."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self._beginning: deque[asyncio.Future[None]] = deque()
        self._further: deque[asyncio.Future[None]] = deque()
        self._is_taken = False  # somebody computed and the loop has not turned since, or is called to
        self._now: Pieces | None = None  # who computed last
        self._began = 0.0  # when those were called who computed last
        self._called = 1  # how many these were
        self._begun = 1  # how many of them with their call
        self._worked = 0.0  # seconds that they computed
        # the means: seconds that one computes, from one call to the next, and how many begin in that time
        self._each, self._cycle, self._share = 0.0, 0.0, 1.0
        self._large = 0
        # One thread: two would only take turns with each other and the loop.
        self._thread = ThreadPoolExecutor(1, "large")

    @property
    def is_long(self) -> bool:
        """Whether who comes now would wait too long; those that are further on take their time too."""
        return len(self._beginning) * self._cycle > LONGEST_WAIT * self._share

    async def come(self, who: "Pieces", *, is_further: bool) -> None:
        """
        Wait for a turn; those that are *further* on go before those that begin.

        Until the loop has turned, *who* has it.
        """
        if self._now is who:
            return
        if self._is_taken:
            called = asyncio.get_running_loop().create_future()
            (self._further if is_further else self._beginning).append(called)
            await called
        else:
            self._begin(1, 0 if is_further else 1)
        self._now = who

    def worked(self, seconds: float) -> None:
        """Somebody has computed for so long."""
        self._worked += seconds

    def _begin(self, called: int, begun: int) -> None:
        self._is_taken, self._began, self._worked = True, self._clock(), 0.0
        self._called, self._begun = called, begun
        # The loop turns twice: what came while somebody computed is read in the first turn, and refused in the second.
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self._end)

    def _end(self) -> None:
        """The next ones are called."""
        self._now, self._is_taken = None, False
        self._each += _WEIGHT * (self._worked / self._called - self._each)
        self._cycle += _WEIGHT * (self._clock() - self._began - self._cycle)
        self._share += _WEIGHT * (self._begun - self._share)
        most = max(1, int(_TOGETHER / max(self._each, _LEAST)))
        further = _call(self._further, most)
        begun = _call(self._beginning, most - further)
        if further + begun:
            self._begin(further + begun, begun)

    async def apart(self, work: Callable[[], _Given], size: int) -> _Given:
        """
        What *work* on a body of *size* bytes gives, in the thread.

        Raises:
            HTTPException: 503, when too much waits for it already.
        """
        if self._large and self._large + size > MOST_LARGE:
            raise _busy()
        self._large += size
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, _uncollected, work)
        finally:
            self._large -= size


def _call(waiting: deque[asyncio.Future[None]], most: int) -> int:
    """Call the first ones that have not left; how many these were."""
    called = 0
    while waiting and called < most:
        first = waiting.popleft()
        if not first.done():
            first.set_result(None)
            called += 1
    return called


class Pieces:
    """The work on one call, piece by piece; *watch* takes the time of each. *size* is that of its body, in bytes."""

    def __init__(self, turns: Turns, watch: Stopwatch) -> None:
        self._turns = turns
        self._has_begun = False
        self.watch = watch
        self.size = 0

    async def do(self, stage: str, work: Callable[[], _Given]) -> _Given:
        """
        What *work* gives, when it is this call's turn.

        Raises:
            HTTPException: 503, when too much large work waits.
        """
        if self.size > LARGE:
            return await self._turns.apart(lambda: self._timed(stage, work), self.size)
        await self._turns.come(self, is_further=self._has_begun)
        self._has_begun = True
        began = perf_counter()
        try:
            return self._timed(stage, work)
        finally:
            self._turns.worked(perf_counter() - began)

    def _timed(self, stage: str, work: Callable[[], _Given]) -> _Given:
        with self.watch.of(stage):
            return work()


def _uncollected(work: Callable[[], _Given]) -> _Given:
    """Without the garbage collector, which would stop everybody while it looks at a million objects of ours."""
    gc.disable()
    try:
        return work()
    finally:
        gc.enable()


def _busy() -> HTTPException:
    return HTTPException(
        503, "too much waits to be answered here; send this one again in a second", RETRY_AFTER
    )
