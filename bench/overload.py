"""
What becomes of five times as many calls as the service can answer: who is told to come again, and how soon.

A process of its own sends them at a fixed rate, whether or not the earlier ones are answered (an open loop), for
*seconds*; then a call now and then shows when all is as before. It has its connections from before, as EHRs keep them;
what it could not send since all of them waited for answers is told. Meanwhile somebody asks for `/health/live`, each
time over a new connection. On a machine with few cores this process and the service compete: a latency is that of both,
counted from when a call was written; how late that was is told too, and the rate as it was sent.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import NamedTuple, cast

import uvloop

from bench import servers
from bench.figures import Overload, tell
from bench.goals import MOST_AFTER, MOST_LOST, MOST_SHED
from bench.payloads import SERVICE, body

TIMES = 5
_KINDS = ("cards", "no report")
_PATIENTS = 1000  # so many that what was shown of each does not fade
_RESOURCES = 25
_SECONDS = 5.0
_CONNECTIONS = 400  # the service closes what is above 500
_AT_ONCE = 16  # calls in progress where the capacity is measured
_WARM_UP = 1.0
_EACH_PROBE = 0.02
_CALM = 200  # calls one after the other, for the usual latency
_NORMAL = 2.0  # times the usual latency (its 95th of 100) is as before


class Answered(NamedTuple):
    """One call: how *late* it was sent, how long until its answer, and that answer's status; 0 where none came."""

    late: float
    took: float
    status: int


class Load(NamedTuple):
    """What one run found; seconds and calls a second."""

    capacity: float
    usual: float
    sent: float
    answers: tuple[Answered, ...]
    unsent: int
    """Calls for which no connection was free."""
    probes: tuple[Answered, ...]
    after: float | None
    """Seconds after the last call until five in a row were as quick as usual."""
    processors: tuple[float, float]
    """How much of a processor service and client took while the calls were sent."""


class _Connection(asyncio.Protocol):
    """One connection, for one call at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end or self._answer is None or self._answer.done():
            return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r", 1)[0] or 0)
        if len(rest) >= length:
            self._read = b""
            self._answer.set_result(int(head[9:12]))

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(0)

    @property
    def is_open(self) -> bool:
        return self._transport is not None

    async def send(self, request: bytes) -> int:
        """The status of the answer; 0 when the connection ended instead."""
        if self._transport is None:
            return 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


class _Client:
    """Connections, each for one call at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: deque[_Connection] = deque()

    async def have(self, count: int) -> None:
        """Have *count* connections; the service closes those that were idle for seconds."""
        self._idle = deque(each for each in self._idle if each.is_open)
        loop = asyncio.get_running_loop()
        while len(self._idle) < count:
            _, connection = await loop.create_connection(_Connection, "127.0.0.1", self._port)
            self._idle.append(connection)

    def take(self) -> _Connection | None:
        """A connection that is free; in turn, so that all stay open."""
        while self._idle:
            if (connection := self._idle.popleft()).is_open:
                return connection
        return None

    async def call(self, request: bytes, due: float, connection: _Connection | None = None) -> Answered:
        """One call, and what became of it since it was *due*."""
        if (connection := connection or self.take()) is None:
            await self.have(1)
            return await self.call(request, due)
        sent = perf_counter()
        status = await connection.send(request)
        took = perf_counter() - sent
        if connection.is_open:
            self._idle.append(connection)
        return Answered(sent - due, took, status)


def _posts(kind: str, size: int) -> list[bytes]:
    today = datetime.now(UTC).date()
    return [_post(body(kind, size, today, patient)) for patient in range(_PATIENTS)]


def _post(content: bytes) -> bytes:
    head = (
        f"POST {SERVICE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


_PROBE = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def _load(server: servers.Server, kind: str, size: int, seconds: float) -> Load:
    posts = _posts(kind, size)
    client = _Client(server.port)
    await client.have(_CONNECTIONS)
    await _capacity(client, posts, _WARM_UP)
    capacity = await _capacity(client, posts, seconds / 2)
    usual = _hundredth(95, [each.took for each in await _one_by_one(client, posts, _CALM)])
    probing = asyncio.create_task(_probe(server.port, seconds))
    await client.have(_CONNECTIONS)
    before = server.processor_seconds(), process_time()
    answers, unsent, took = await _flood(client, posts, TIMES * capacity, seconds)
    ended = perf_counter()
    processors = (server.processor_seconds() - before[0]) / took, (process_time() - before[1]) / took
    after = await _until_usual(client, posts, usual, ended)
    answered, probes = tuple(await asyncio.gather(*answers)), tuple(await probing)
    return Load(capacity, usual, len(answered) / took, answered, unsent, probes, after, processors)


async def _capacity(client: _Client, posts: Sequence[bytes], seconds: float) -> float:
    """Calls a second that are answered with 200 when each client waits for its answer."""
    end = perf_counter() + seconds
    good = 0

    async def one_client(number: int) -> None:
        nonlocal good
        while perf_counter() < end:
            number += _AT_ONCE
            answered = await client.call(posts[number % _PATIENTS], perf_counter())
            good += answered.status == 200

    await asyncio.gather(*(one_client(number) for number in range(_AT_ONCE)))
    return good / seconds


async def _one_by_one(client: _Client, posts: Sequence[bytes], count: int) -> list[Answered]:
    return [await client.call(posts[number % _PATIENTS], perf_counter()) for number in range(count)]


async def _flood(
    client: _Client, posts: Sequence[bytes], rate: float, seconds: float
) -> tuple[list["asyncio.Task[Answered]"], int, float]:
    """The calls that were sent, how many could not be, and the seconds that it took."""
    began = perf_counter()
    sent: list[asyncio.Task[Answered]] = []
    unsent = 0
    while (now := perf_counter() - began) < seconds:
        while (place := len(sent) + unsent) < now * rate:
            if (connection := client.take()) is None:
                unsent += 1
            else:
                due = began + place / rate
                call = client.call(posts[place % _PATIENTS], due, connection)
                sent.append(asyncio.create_task(call))
            if place % _AT_ONCE == 0:
                await asyncio.sleep(0)  # answers are to be seen when they come
        await asyncio.sleep(0.001)
    return sent, unsent, perf_counter() - began


async def _probe(port: int, seconds: float) -> list[Answered]:
    """Each over a connection of its own, which counts as well."""
    end = perf_counter() + seconds
    found = []
    while (began := perf_counter()) < end:
        one = await _Client(port).call(_PROBE, began)
        found.append(one._replace(took=perf_counter() - began))
        await asyncio.sleep(_EACH_PROBE)
    return found


async def _until_usual(client: _Client, posts: Sequence[bytes], usual: float, since: float) -> float | None:
    quick = 0
    while perf_counter() - since < 4 * MOST_AFTER:
        [one] = await _one_by_one(client, posts, 1)
        quick = quick + 1 if one.status == 200 and one.took < _NORMAL * usual else 0
        if quick == 5:
            return perf_counter() - since
    return None


def _hundredth(which: int, values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * which // 100)] if ordered else 0.0


def _said(load: Load) -> dict[str, object]:
    """In milliseconds, calls a second and shares of all calls."""

    def latencies(those: Sequence[Answered]) -> dict[str, float]:
        took = [each.took * 1000 for each in those]
        told = {f"p{which}": round(_hundredth(which, took), 1) for which in (50, 95, 99)}
        return {**told, "most": round(max(took, default=0), 1)}

    by_status = {status: [each for each in load.answers if each.status == status] for status in (200, 503)}
    lost = [each for each in load.answers if each.status not in by_status]
    every = len(load.answers) + load.unsent
    return {
        "capacity": round(load.capacity),
        "usual p95": round(load.usual * 1000, 1),
        "sent": round(load.sent),
        "sent late p95": round(_hundredth(95, [each.late for each in load.answers]) * 1000, 1),
        "processors, service and client": [round(each, 2) for each in load.processors],
        "share 503": round(len(by_status[503]) / every, 3),
        "share neither 200 nor 503": round(len(lost) / every, 4),
        "share not sent": round(load.unsent / every, 4),
        "503": latencies(by_status[503]),
        "200": latencies(by_status[200]),
        "/health/live, new connection": latencies(load.probes),
        "usual again after": load.after and round(load.after, 2),
    }


def _send(server: servers.Server, kind: str, size: int, seconds: float) -> Load:
    """In a process of its own."""
    return uvloop.run(_load(server, kind, size, seconds))


def _is_met(told: dict[str, object]) -> bool:
    shed, after = told["503"], told["usual again after"]
    is_quick = isinstance(shed, dict) and shed["p99"] <= MOST_SHED
    is_usual_again = isinstance(after, float) and after <= MOST_AFTER
    lost = (told["share neither 200 nor 503"], told["share not sent"])
    return is_quick and is_usual_again and all(isinstance(each, float) and each <= MOST_LOST for each in lost)


def main() -> int:
    """Print what was found for charts with cards and without a report; 1 when a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=_SECONDS)
    options.add_argument("--size", type=int, default=_RESOURCES)
    options.add_argument("--kind", action="append", choices=_KINDS, help="of chart; both when none is named")
    given = options.parse_args()
    all_met = True
    for kind in given.kind or _KINDS:
        told = _said(_loaded(kind, given.size, given.seconds))
        all_met &= _is_met(told)
        print(json.dumps({"kind": kind, "resources": given.size, **told, "met": _is_met(told)}, indent=2))
    return 0 if all_met else 1


def measured() -> Iterator[Overload]:
    """The service as `make run` starts it, with its store, and charts of 25 resources."""
    for kind in _KINDS:
        tell(f"under load: {kind}")
        yield _kept(kind, _loaded(kind, _RESOURCES, _SECONDS))


def _loaded(kind: str, size: int, seconds: float) -> Load:
    with servers.ours() as server, multiprocessing.get_context("spawn").Pool(1) as sender:
        return sender.apply(_send, (server, kind, size, seconds))


def _kept(kind: str, load: Load) -> Overload:
    shed, good = ([each.took for each in load.answers if each.status == status] for status in (503, 200))
    every = len(load.answers) + load.unsent
    lost = every - len(shed) - len(good)

    def milliseconds(values: Sequence[float]) -> float:
        return round(_hundredth(99, values) * 1000, 1)

    return Overload(
        kind,
        round(load.capacity),
        round(load.sent),
        round(len(shed) / every, 3),
        round(lost / every, 4),
        milliseconds(shed),
        milliseconds(good),
        milliseconds([each.took for each in load.probes]),
        round(load.usual * 1000, 1),
        load.after and round(load.after, 2),
    )


if __name__ == "__main__":
    sys.exit(main())
