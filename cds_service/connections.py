"""Connections to other servers: only to addresses that may be connected to."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio
import httpcore

from cds_service.errors import Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

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
_LOOKUPS = 32  # names looked up at once
# seconds for an address that may be dead, as IPv6 is in some networks, while there is another one
_MOMENT = 1.0


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


class CheckedConnections(httpcore.AsyncNetworkBackend):
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
