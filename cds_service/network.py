"""Other servers: asked by one client, answers read only as far as they may be large."""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from time import monotonic, time

import certifi
import httpcore
import httpx

from cds_service.connections import CheckedConnections, Reach
from cds_service.errors import Unreachable

_KEPT = 32  # idle connections
_IDLE_SECONDS = 30.0
_MOST_PIECES = 50_000  # in which one answer may arrive
_SWEEP = 5.0  # seconds
_FAULTS: Mapping[type[Exception], str] = {
    httpcore.TimeoutException: "timeout",
    httpx.TimeoutException: "timeout",
    httpcore.ProtocolError: "protocol",
    httpx.ProtocolError: "protocol",
    httpcore.UnsupportedProtocol: "protocol",
    httpcore.NetworkError: "connection",
    httpx.TransportError: "connection",
    httpx.InvalidURL: "address",
    UnicodeError: "address",  # a host that only looks like an international name
    ssl.SSLError: "tls",
    TimeoutError: "timeout",
    OSError: "connection",
    zlib.error: "encoding",
}
# OpenSSL's X509_V_ERR_ numbers; all others are about who signed
_CERTIFICATES = {9: "tls-expired", 10: "tls-expired", 62: "tls-name", 63: "tls-name", 64: "tls-name"}


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._response.aclose()


class _Transport(httpx.AsyncBaseTransport):
    """httpx over a connection pool of our own making: its usual transport takes no network backend."""

    def __init__(self, reach: Reach, context: ssl.SSLContext, clock: Callable[[], float]) -> None:
        # No limit to connections: hook calls in progress are limited, and a server that hangs must not use up what
        # the calls about other servers need.
        self._connections = CheckedConnections(reach)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=_KEPT,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=self._connections,
        )
        self._clock = clock
        self._new: set[httpcore.AsyncConnectionInterface] = set()
        self._next_sweep = 0.0

    async def _sweep(self) -> None:
        """
        Close what was given up just after it was connected.

        The library keeps such a connection for ever: it is not closed, not idle, and never used. Being new takes no
        time, so one that was new at the last sweep too is of that kind.
        """
        now = self._clock()
        if now < self._next_sweep:
            return
        self._next_sweep = now + _SWEEP
        new = {each for each in self._pool.connections if ", NEW," in each.info()}
        for connection in new & self._new:
            await connection.aclose()
        self._new = new

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._sweep()
        url = request.url
        assert isinstance(request.stream, httpx.AsyncByteStream)  # noqa: S101 - an asynchronous client sends no other
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response))

    async def aclose(self) -> None:
        await self._pool.aclose()
        self._connections.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Network:
    """
    The one client of this process for other servers.

    It follows no redirect, keeps no cookie, uses no proxy of the environment, and reads no answer further than it is
    told to. *ca_file* adds certification authorities to those of the system and of certifi; *transport* replaces the
    network in tests, *clock* counts seconds.

    Raises:
        ValueError: When *ca_file* holds no certificates.
    """

    def __init__(
        self,
        reach: Reach,
        ca_file: Path | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._client = httpx.AsyncClient(
            transport=transport or _Transport(reach, _context(ca_file), clock),
            follow_redirects=False,
            trust_env=False,
            # a cookie that one server sets for one caller must not travel with the call of another
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=None,  # noqa: S113 - the limit is around the whole of it
            headers={"Accept-Encoding": "gzip", "User-Agent": "legcramps"},
        )

    async def get(
        self,
        url: str,
        most_bytes: int,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        """
        Ask once; any status is an answer, of which the body is read only when it is 200.

        *seconds* None is for callers that have a time limit around all that they ask for.

        Raises:
            Unreachable: With the code address, address-refused, name, connection, tls, tls-untrusted, tls-name,
                tls-expired, timeout, protocol, encoding, too-large.
        """
        try:
            async with asyncio.timeout(seconds), self._client.stream("GET", url, headers=headers) as response:
                body = await _body(response, most_bytes) if response.status_code == 200 else b""
                return Answer(response.status_code, response.headers, body)
        except tuple(_FAULTS) as error:
            # `from None`: such errors hold the request, and with it the token
            raise Unreachable(_code(error)) from None

    async def close(self) -> None:
        """End all connections."""
        await self._client.aclose()


def _code(error: Exception) -> str:
    tls = next(
        (each for each in (error, error.__cause__, error.__context__) if isinstance(each, ssl.SSLError)), None
    )
    if isinstance(tls, ssl.SSLCertVerificationError):
        return _CERTIFICATES.get(tls.verify_code, "tls-untrusted")
    if tls is not None:
        return "tls"
    return next(code for kind, code in _FAULTS.items() if isinstance(error, kind))


def _context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError):
            raise ValueError("LEGCRAMPS_CA_FILE: is no readable file of PEM certificates") from None
    return context


async def _body(response: httpx.Response, most: int) -> bytes:
    """
    The body, given up as soon as it is known to be longer than *most* bytes, compressed or not.

    Decompressed here, because the library would unpack a whole chunk first, which may be a thousand times as long.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise Unreachable("encoding")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
    body, pieces = bytearray(), 0
    async for chunk in response.aiter_raw():
        pieces += 1
        if pieces > _MOST_PIECES:
            raise Unreachable("protocol")  # byte by byte it costs more than it is worth
        body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        if len(body) > most:
            raise Unreachable("too-large")
    if unpack and not unpack.eof:
        raise Unreachable("encoding")  # ended early: what is there may still look like a whole list
    return bytes(body)


def retry_after(answer: Answer) -> float | None:
    """Seconds that a busy server asks to wait, given as a number or as a date; None when it says nothing usable."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdecimal() and len(said) < 10:
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time())
    except (ValueError, TypeError, OverflowError):
        return None
