"""One FHIR server: asked with the caller's token, a second time where that may help, and never beyond its own base."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin

import httpx

from cds_service.errors import Unreachable
from cds_service.network import Network, retry_after

OK = "ok"
MORE = "more"

# What some server may read as a way up: dots with anything behind them, backslashes, what is still encoded.
_ODD_PATH = re.compile(r"(?:^|/)\.\.?(?:$|[/;\\])|\\|%")
_ACCEPT = "application/fhir+json, application/json;q=0.9"
_MAY_PASS = frozenset({"connection", "protocol", "status-429", "status-503"})
_PAUSE = 0.1  # seconds before the second try, when the server asks for none


@dataclass(frozen=True, slots=True)
class Limits:
    """
    *seconds* are for all that one request fetches, *pages* and *entries* for one list.

    *bytes* are for one answer; no further page of a list is asked for when it has brought more.
    """

    seconds: float = 4
    bytes: int = 8 * 1024 * 1024
    pages: int = 10
    entries: int = 2000


@dataclass(frozen=True, slots=True)
class Server:
    """
    A FHIR server that may be asked, and how.

    *base* has no trailing slash. *token* is None for an open server. *queries* are the templates by prefetch key.
    """

    network: Network
    base: str
    token: str | None = field(repr=False)
    queries: Mapping[str, str]
    limits: Limits = Limits()

    async def ask(self, url: str, most_bytes: int) -> bytes:
        """
        The body of a good answer to one question.

        Raises:
            Unreachable: Also for every status but 200.
        """
        headers = {"Accept": _ACCEPT}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = await self.network.get(url, most_bytes, headers)
        if answer.status != 200:
            raise Unreachable(f"status-{answer.status}", retry_after(answer))
        return answer.body


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of one key.

    *code* is "ok"; "more", "stray-next" or "partly-withheld" for what is not all; else why nothing came, or the rest
    did not ("timeout", "status-403", "another-patient" …). *query* is the template that was asked last.
    """

    key: str
    code: str
    query: str = ""
    requests: int = 0
    pages: int = 0
    entries: int = 0
    bytes: int = 0
    milliseconds: float = 0.0


def is_same(one: str, other: str) -> bool:
    """Whether two URLs name the same FHIR base, however host, default port and a last slash are written."""
    try:
        return _normal(httpx.URL(one)) == _normal(httpx.URL(other))
    except httpx.InvalidURL:
        return False


def _normal(url: httpx.URL) -> tuple[str, bytes, int | None, bytes, bytes]:
    # `raw_host`: reading it as text fails for a host that only looks like an international name
    return url.scheme, url.raw_host, url.port, url.raw_path.rstrip(b"/"), url.userinfo


def within(link: str, asked: str, base: str) -> str | None:
    """
    Where a *link* in the answer to *asked* leads, if that belongs to the FHIR server at *base*; else None.

    A link to plain http on the same host, as servers behind a proxy write it, is turned into https.
    """
    try:
        url, home = httpx.URL(urljoin(asked, link)), httpx.URL(base)
    except (ValueError, httpx.InvalidURL):
        return None
    if (url.scheme, url.port, home.scheme) == ("http", None, "https"):
        url = url.copy_with(scheme="https")
    same_server = (url.scheme, url.raw_host, url.port) == (home.scheme, home.raw_host, home.port)
    root = home.path.rstrip("/")
    same_base = url.path == root or url.path.startswith(root + "/")
    is_plain = not url.userinfo and not _ODD_PATH.search(unquote(url.path))
    return str(url.copy_with(fragment=None)) if same_server and same_base and is_plain else None


class Asker:
    """Asks one server on behalf of one key: with a second try where that may help, and counts."""

    def __init__(self, server: Server, deadline: float, most_bytes: int) -> None:
        self._most_bytes = most_bytes  # of one answer
        self.asked: set[str] = set()
        self.requests = 0
        self.bytes = 0
        self._server = server
        self._deadline = deadline

    async def ask(self, url: str) -> bytes:
        """
        The body of a good answer.

        Raises:
            Unreachable: When there is none, also not a moment later.
        """
        try:
            return await self._once(url)
        except Unreachable as fault:
            pause = fault.retry_after or _PAUSE
            ends = asyncio.get_running_loop().time() + pause
            if fault.code not in _MAY_PASS or ends >= self._deadline:
                raise
        await asyncio.sleep(pause)
        return await self._once(url)

    async def _once(self, url: str) -> bytes:
        self.asked.add(url)
        self.requests += 1
        body = await self._server.ask(url, self._most_bytes)
        self.bytes += len(body)
        return body
