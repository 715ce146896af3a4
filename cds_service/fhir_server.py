"""One FHIR server: asked with the caller's token, a second time where that may help, and never beyond its own base."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin

import httpx

from cds_service.errors import Unreachable
from cds_service.network import Network, retry_after

OK = "ok"

_ACCEPT = "application/fhir+json, application/json;q=0.9"
_MAY_PASS = frozenset({"connection", "protocol", "status-429", "status-503"})
_PAUSE = 0.1  # seconds before the second try, when the server asks for none


@dataclass(frozen=True, slots=True)
class Limits:
    """*seconds* are for all that one request fetches, *bytes* for one answer, *pages* and *entries* for one list."""

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

    async def ask(self, url: str) -> bytes:
        """
        The body of a good answer to one question.

        Raises:
            Unreachable: Also for every status but 200.
        """
        headers = {"Accept": _ACCEPT}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        answer = await self.network.get(url, self.limits.bytes, headers)
        if answer.status != 200:
            raise Unreachable(f"status-{answer.status}", retry_after(answer))
        return answer.body


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What became of one key.

    *code* is "ok"; "more" or "stray-next" for a list that goes on unread; else why nothing came, or the rest did not
    ("timeout", "status-403", "another-patient" …). *query* is the template that was asked last.
    """

    key: str
    code: str
    query: str
    requests: int
    pages: int
    entries: int
    bytes: int
    milliseconds: float


def is_same(one: str, other: str) -> bool:
    """Whether two URLs name the same FHIR base, however host, default port and a last slash are written."""
    try:
        return _normal(httpx.URL(one)) == _normal(httpx.URL(other))
    except httpx.InvalidURL:
        return False


def _normal(url: httpx.URL) -> tuple[str, str, int | None, bytes, bytes]:
    return url.scheme, url.host, url.port, url.raw_path.rstrip(b"/"), url.userinfo


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
    same_server = (url.scheme, url.host, url.port) == (home.scheme, home.host, home.port)
    root = home.path.rstrip("/")
    same_base = url.path == root or url.path.startswith(root + "/")
    is_plain = not url.userinfo and not {".", ".."} & set(unquote(url.path).split("/"))
    return str(url.copy_with(fragment=None)) if same_server and same_base and is_plain else None


class Asker:
    """Asks one server on behalf of one key: with a second try where that may help, and counts."""

    def __init__(self, server: Server, deadline: float) -> None:
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
        body = await self._server.ask(url)
        self.bytes += len(body)
        return body
