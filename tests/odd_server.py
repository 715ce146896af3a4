"""
A badly behaved HTTP server on loopback, for what a mock can't show: time, half answers, and bodies without an end.

    with OddServer({"/r4": passes_on(real.base), "/r4/Condition": never_answers}) as odd:
        ...odd.base + "/r4"

The longest prefix of path and query decides. Every behaviour ends when the client leaves, or after `LONGEST` seconds.
"""

import asyncio
import gzip
import json
import socket
import ssl
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, Self

import httpx

from tests.served import NO_AUTHORITIES

JSON = dict[str, Any]
LONGEST = 20.0  # seconds; longer than any budget that a test sets
GIGABYTE = 1024**3
_SPACES = b" " * 1024**2
_STARTS = b'{"resourceType": "Bundle", "type": "searchset", "entry": ['
_FHIR_JSON = "application/fhir+json"
_END = 10.0


@dataclass(frozen=True)
class Asked:
    """One request that arrived; *target* is path and query, the names of *headers* are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]


@dataclass
class Exchange:
    """
    One request in the hands of a behaviour.

    *turn* counts how often the same target was asked before; *base* is the server's address.
    """

    asked: Asked
    turn: int
    base: str
    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    sent: int = 0

    async def send(self, data: bytes) -> None:
        """
        Send as fast as the client reads.

        Raises:
            ConnectionError: When it has left.
        """
        self._writer.write(data)
        await self._writer.drain()
        self.sent += len(data)

    async def begin(self, status: int, headers: Mapping[str, object]) -> None:
        """Send the head of an answer."""
        lines = [
            f"HTTP/1.1 {status} Odd",
            *(f"{name}: {said}" for name, said in headers.items()),
            "Connection: close",
        ]
        await self.send("\r\n".join([*lines, "", ""]).encode())

    async def until_gone(self) -> None:
        """Wait until the client leaves."""
        while await self._reader.read(65536):
            pass


Behaviour = Callable[[Exchange], Awaitable[None]]


# --- answers ------------------------------------------------------------------------------------------------------


def answers(body: JSON | bytes | str, status: int = 200, **headers: str) -> Behaviour:
    """A whole answer; an underscore in the name of a header is a hyphen."""
    raw = (
        json.dumps(body).encode()
        if isinstance(body, dict)
        else body.encode()
        if isinstance(body, str)
        else body
    )
    told = {name.replace("_", "-").title(): said for name, said in headers.items()}

    async def behaviour(exchange: Exchange) -> None:
        await exchange.begin(status, {"Content-Type": _FHIR_JSON, "Content-Length": len(raw), **told})
        await exchange.send(raw)

    return behaviour


def passes_on(base: str, without: str = "") -> Behaviour:
    """
    What the server at *base* answers to the same path below it, its own address in links put right.

    Parameters that begin with *without* are ignored, as by a server that doesn't know them.
    """

    async def behaviour(exchange: Exchange) -> None:
        path, _, query = exchange.asked.target.partition("?")
        first = "/" + path.split("/")[1]
        known = [each for each in query.split("&") if each and not (without and each.startswith(without))]
        url = "?".join(filter(None, (base + path.removeprefix(first), "&".join(known))))
        answer = await asyncio.to_thread(_ask, url, exchange.asked)
        kept = {
            name.replace("-", "_"): answer.headers[name]
            for name in ("content-type", "www-authenticate")
            if name in answer.headers
        }
        text = answer.text.replace(base, exchange.base + first)
        await answers(text, answer.status_code, **kept)(exchange)

    return behaviour


def _ask(url: str, asked: Asked) -> httpx.Response:
    sent = {name: said for name, said in asked.headers.items() if name in ("accept", "authorization")}
    with httpx.Client(trust_env=False, verify=NO_AUTHORITIES) as client:
        return client.get(url, headers=sent)


def refuses(parameter: str, then: Behaviour) -> Behaviour:
    """400 to every query with a parameter that begins so; *then* to the others."""
    issue = {"severity": "error", "code": "not-supported", "diagnostics": "unknown parameter"}
    refusal = answers({"resourceType": "OperationOutcome", "issue": [issue]}, 400)

    async def behaviour(exchange: Exchange) -> None:
        asked = exchange.asked.target.partition("?")[2].split("&")
        is_refused = any(each.startswith(parameter) for each in asked)
        await (refusal if is_refused else then)(exchange)

    return behaviour


def redirects_to(url: str, status: int = 302) -> Behaviour:
    """A redirect to *url*."""
    return answers(b"", status, Location=url)


def busy_at_first(then: Behaviour, retry_after: str = "0", status: int = 503) -> Behaviour:
    """The first time busy, with a Retry-After; each further time as *then* has it."""

    async def behaviour(exchange: Exchange) -> None:
        busy = answers("busy", status, Retry_After=retry_after, Content_Type="text/plain")
        await (then if exchange.turn else busy)(exchange)

    return behaviour


def cut_off_at_first(then: Behaviour) -> Behaviour:
    """The first time the connection is closed without an answer."""

    async def behaviour(exchange: Exchange) -> None:
        await (then if exchange.turn else closes)(exchange)

    return behaviour


def endless_pages(resource: JSON, elsewhere: str = "") -> Behaviour:
    """
    Searchsets of one entry, each with a `next` link.

    *elsewhere* is the address, up to the path, that `next` names instead of this server.
    """

    async def behaviour(exchange: Exchange) -> None:
        path, _, query = exchange.asked.target.partition("?")
        page = int(query.rpartition("page=")[2]) if "page=" in query else 1
        onward = {"relation": "next", "url": f"{elsewhere or exchange.base}{path}?page={page + 1}"}
        entry = {"resource": {**resource, "id": f"{resource['id']}-{page}"}, "search": {"mode": "match"}}
        bundle = {"resourceType": "Bundle", "type": "searchset", "link": [onward], "entry": [entry]}
        await answers(bundle)(exchange)

    return behaviour


# --- no answers ---------------------------------------------------------------------------------------------------


async def never_answers(exchange: Exchange) -> None:
    """Reads the request and says nothing."""
    await exchange.until_gone()


async def closes(_: Exchange) -> None:
    """Ends the connection without an answer."""


async def half_an_answer(exchange: Exchange) -> None:
    """The half of a body, then nothing more."""
    await exchange.begin(200, {"Content-Type": _FHIR_JSON, "Content-Length": 2 * len(_STARTS)})
    await exchange.send(_STARTS)
    await exchange.until_gone()


async def half_and_closes(exchange: Exchange) -> None:
    """The half of a body, then the end of the connection."""
    await exchange.begin(200, {"Content-Type": _FHIR_JSON, "Content-Length": 2 * len(_STARTS)})
    await exchange.send(_STARTS)


async def a_gigabyte(exchange: Exchange) -> None:
    """A body of a gigabyte that says so, as fast as it is read."""
    await exchange.begin(200, {"Content-Type": _FHIR_JSON, "Content-Length": GIGABYTE})
    await exchange.send(_STARTS)
    await _spaces(exchange, GIGABYTE - len(_STARTS))


async def an_endless_body(exchange: Exchange) -> None:
    """A body that does not tell its length, and has no end."""
    await exchange.begin(200, {"Content-Type": _FHIR_JSON})
    await exchange.send(_STARTS)
    await _spaces(exchange, 1024 * GIGABYTE)


async def endless_headers(exchange: Exchange) -> None:
    """An answer whose head has no end."""
    await exchange.send(b"HTTP/1.1 200 Odd\r\n")
    for place in range(10**9):
        await exchange.send(b"X-%d: %s\r\n" % (place, _SPACES[:1000].replace(b" ", b"x")))


async def _spaces(exchange: Exchange, count: int) -> None:
    while count:
        count -= (size := min(count, len(_SPACES)))
        await exchange.send(_SPACES[:size])


async def a_gzip_bomb(exchange: Exchange) -> None:
    """Four gigabytes, a thousandth of that on the wire."""
    await exchange.begin(200, {"Content-Type": _FHIR_JSON, "Content-Encoding": "gzip"})
    start, block = _bomb()
    await exchange.send(start)
    for _ in range(4 * 1024):
        await exchange.send(block)
        await asyncio.sleep(0)


def _bomb() -> tuple[bytes, bytes]:
    """The start of a gzip stream, and a megabyte of spaces as a block that may follow it again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    start = packer.compress(_STARTS) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(_SPACES) + packer.flush(zlib.Z_FULL_FLUSH)
    return start, block


def drips(body: JSON, pause: float = 0.05) -> Behaviour:
    """A good answer, byte by byte, with *pause* seconds between."""
    raw = json.dumps(body).encode()

    async def behaviour(exchange: Exchange) -> None:
        await exchange.begin(200, {"Content-Type": _FHIR_JSON, "Content-Length": len(raw)})
        for byte in _bytes(raw):
            await exchange.send(byte)
            await asyncio.sleep(pause)

    return behaviour


def packed(body: JSON) -> Behaviour:
    """A good answer, compressed."""
    return answers(gzip.compress(json.dumps(body).encode()), Content_Encoding="gzip")


def _bytes(raw: bytes) -> Iterator[bytes]:
    return (raw[place : place + 1] for place in range(len(raw)))


# --- the server ---------------------------------------------------------------------------------------------------


@dataclass
class OddServer:
    """
    A server in a thread of its own, from `with` to its end.

    *behaviours*, by prefix of path and query, may be changed while it runs; what has none is answered with 404.
    *connections* counts every connection, *requests* holds every request, *sent* counts bytes.
    """

    behaviours: dict[str, Behaviour]
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    connections: int = 0
    sent: int = 0
    requests: list[Asked] = field(default_factory=list)
    _turns: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        bound = socket.create_server((self.host, 0))
        self._port = bound.getsockname()[1]
        self._is_up, self._thread = (
            Event(),
            Thread(target=lambda: asyncio.run(self._serve(bound)), daemon=True),
        )
        self._thread.start()
        assert self._is_up.wait(_END)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join(_END)
        assert not self._thread.is_alive()

    @property
    def base(self) -> str:
        """The address, without a slash at its end."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self._port}"

    def targets(self) -> list[str]:
        """Path and query of every request."""
        return [each.target for each in self.requests]

    def goes_away(self, seconds: float = LONGEST) -> None:
        """From now on connections are refused; after *seconds* it is back."""
        asyncio.run_coroutine_threadsafe(self._close(seconds), self._loop).result(_END)

    def comes_back(self) -> None:
        """From now on it is back."""
        asyncio.run_coroutine_threadsafe(self._return(0), self._loop).result(_END)

    def starts_anew(self, behaviours: Mapping[str, Behaviour]) -> None:
        """As if nothing had been asked yet, with other behaviours."""
        self.comes_back()
        self.behaviours = dict(behaviours)
        self.requests.clear()
        self._turns.clear()
        self.connections = self.sent = 0

    async def _serve(self, bound: socket.socket) -> None:
        self._loop, self._is_over = asyncio.get_running_loop(), asyncio.Event()
        await self._listen(bound)
        self._is_up.set()
        await self._is_over.wait()
        self._server.close()
        self._bound.close()

    async def _listen(self, bound: socket.socket) -> None:
        self._bound = bound
        self._server = await asyncio.start_server(self._handle, sock=bound, ssl=self.tls)

    async def _close(self, seconds: float) -> None:
        self._server.close()
        # bound and not listening: the port stays ours, and the system refuses
        self._bound = socket.socket()
        self._bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._bound.bind((self.host, self._port))
        self._back = self._loop.create_task(self._return(seconds))

    async def _return(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self._server.is_serving():
            await self._listen(self._bound)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                async with asyncio.timeout(LONGEST):
                    await self._exchange(reader, writer)
                    writer.close()
                    await writer.wait_closed()
        except TimeoutError:
            pass
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = _asked(await reader.readuntil(b"\r\n\r\n"))
        self.requests.append(asked)
        turn = self._turns[asked.target]
        self._turns[asked.target] += 1
        exchange = Exchange(asked, turn, self.base, reader, writer)
        try:
            await self._behaviour(asked.target)(exchange)
        finally:
            self.sent += exchange.sent

    def _behaviour(self, target: str) -> Behaviour:
        known = [prefix for prefix in self.behaviours if target.startswith(prefix)]
        return self.behaviours[max(known, key=len)] if known else answers("not here", 404)


def _asked(head: bytes) -> Asked:
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = (line.partition(":") for line in lines)
    return Asked(method, target, {name.lower(): said.strip() for name, _, said in headers})
