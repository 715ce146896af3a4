"""Other servers: connections only to where they may lead, answers only as large as they may be."""

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from time import monotonic, time
from urllib.parse import urlsplit

import anyio
import certifi
import httpcore
import httpx

from cds_service.errors import Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_KEPT = 32  # idle connections
_IDLE_SECONDS = 30.0
_MOST_PIECES = 50_000  # in which one answer may arrive
_SWEEP = 5.0  # seconds
_LOOKUPS = 32  # names looked up at once
_MOMENT = (
    1.0  # seconds for an address that may be dead, as IPv6 is in some networks, while there is another one
)
# what Python's registry of special addresses does not know everywhere
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(each)
    for each in (
        "64:ff9b:1::/48",  # RFC 8215: a site's own translation to IPv4
        "::/96",  # RFC 4291: IPv4 addresses written as IPv6, given up
        "::ffff:0:0:0/96",  # RFC 2765: the same, translated
        "fec0::/10",  # RFC 3879: of a site
        "5f00::/16",  # RFC 9602
        "3fff::/20",  # RFC 9637: for documentation
        "192.88.99.0/24",  # RFC 7526: relays to IPv6, given up
        "168.63.129.16/32",  # the host of a machine in Azure
    )
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits
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


@dataclass(frozen=True, slots=True)
class Reach:
    """
    Where connections may lead: public addresses; others only when *networks* or *hosts* list them.

    *hosts* are those that the site's own configuration writes as an address (or "localhost"): who writes
    `http://127.0.0.1:8090/fhir` into a list of servers has listed that address.
    """

    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, networks: Iterable[str], urls: Iterable[str]) -> "Reach":
        """From networks as text, and every URL that the site has configured."""
        hosts = (urlsplit(url).hostname or "" for url in urls)
        listed = frozenset(host for host in hosts if host == "localhost" or _address(host) is not None)
        return cls(tuple(ipaddress.ip_network(each) for each in networks), listed)

    def permits(self, host: str, address: str) -> bool:
        """Whether *host*, which was resolved to *address*, may be connected to there."""
        found = _address(address)
        if found is None:
            return False
        inner = _embedded(found)
        if any(each in network for each in (found, inner) for network in self.networks):
            return True
        return host in self.hosts or all(_is_public(each) for each in (found, inner))


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4 or NAT64; else the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NOT_PUBLIC)
    )


class _CheckedConnections(httpcore.AsyncNetworkBackend):
    """
    Connects to addresses that were checked after resolution.

    The check and the connection use one and the same address: a name that resolves to something else a moment later
    gains nothing. TLS still asks for the name.
    """

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._connections = httpcore.AnyIOBackend()
        # Threads of its own, and one lookup a name: a name server that hangs must not hold up those of other servers.
        self._threads = ThreadPoolExecutor(_LOOKUPS, "names")
        self._lookups: dict[tuple[str, int], asyncio.Future[list[str]]] = {}

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first permitted address that answers; all but the last get a moment only."""
        addresses = await self._permitted(host, port)
        if not addresses:
            raise Unreachable("address-refused")
        *others, last = addresses
        for address in others:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._connected(address, port, _MOMENT, local_address, socket_options)
        return await self._connected(last, port, timeout, local_address, socket_options)

    async def _connected(
        self,
        address: str,
        port: int,
        seconds: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> httpcore.AsyncNetworkStream:
        connections = self._connections
        return _Connection(
            await connections.connect_tcp(address, port, seconds, local_address, socket_options)
        )

    async def _permitted(self, host: str, port: int) -> list[str]:
        try:
            addresses = await asyncio.shield(self._lookup(host, port))
        except (OSError, UnicodeError):
            raise Unreachable("name") from None
        return [address for address in addresses if self._reach.permits(host, address)]

    def _lookup(self, host: str, port: int) -> asyncio.Future[list[str]]:
        """The addresses of a name, looked up once for all who wait for it."""
        lookup = self._lookups.get((host, port))
        if lookup is None:
            lookup = asyncio.get_running_loop().run_in_executor(self._threads, _addresses, host, port)
            self._lookups[host, port] = lookup
            lookup.add_done_callback(lambda done: self._looked_up(host, port, done))
        return lookup

    def _looked_up(self, host: str, port: int, done: asyncio.Future[list[str]]) -> None:
        self._lookups.pop((host, port), None)
        if not done.cancelled():
            done.exception()  # else asyncio would complain of one that nobody waits for any more

    def close(self) -> None:
        """End the threads; one that still looks something up ends when that does."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def sleep(self, seconds: float) -> None:
        """Wait, as the library asks for."""
        await self._connections.sleep(seconds)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class _Connection(httpcore.AsyncNetworkStream):
    """A connection that is closed when its TLS handshake is given up: the library leaves it open for ever."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has arrived."""
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Close."""
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> object:
        """What the library wants to know of it."""
        return self._stream.get_extra_info(info)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Begin to speak TLS."""
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
            raise


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
        self._connections = _CheckedConnections(reach)
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
