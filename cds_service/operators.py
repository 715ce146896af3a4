"""Who may see the figures of the service: whoever works on its machine, and who has the operator's token."""

import hmac
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request

from cds_service.errors import Unauthenticated
from cds_service.settings import Settings

_SETTING = "LEGCRAMPS_OPERATOR_TOKEN_FILE"
_TOKEN = re.compile(rb"[!-~]{16,4096}")  # what a header can carry, and nobody tries out
_SAID = "send Authorization: Bearer with the operator's token, or ask on the machine itself"
# What proxies add; and some speak HTTP/1.0. One that does neither can't be told from somebody here (nginx since 1.29.7,
# as it comes): so who has a proxy sets a public LEGCRAMPS_BASE_URL, or a token, which then everybody needs.
_OF_PROXIES = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip"}
)
_FORWARDED = "x-forwarded-"
_OWN_PAGES = frozenset({"same-origin", "none"})  # a page of ours, or an address that somebody typed


@dataclass(frozen=True, slots=True)
class Operators:
    """
    Lets operators in. Figures hold nothing of a patient, but they tell how a site works.

    Whoever is on the machine needs no token when the service is there for this machine only, and nobody stands
    between: no proxy, whose callers may be anywhere, and no page of another site in a browser here.
    """

    is_for_this_machine: bool
    token: bytes | None = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Operators":
        """
        As the settings say; the token is read now.

        Raises:
            ValueError: When it can't be read, or is none.
        """
        file = settings.operator_token_file
        public = urlsplit(settings.base_url).hostname or ""
        is_for_this_machine = settings.is_loopback and _is_this_machine(public)
        return cls(is_for_this_machine, None if file is None else _token(file))

    def check(self, request: Request) -> None:
        """
        Make sure that the request is an operator's.

        The answer to others is 401, not 404: the address is no secret, as the documentation tells it, and whoever
        mistyped the token would look for the fault in the address.

        Raises:
            Unauthenticated: When it isn't.
        """
        sent = request.headers.getlist("authorization")
        is_here = self.token is None and self.is_for_this_machine and _is_from_here(request)
        if not (is_here or self._is_token(sent)):
            raise Unauthenticated("operator-token" if sent else "no-operator-token", said=_SAID)

    def _is_token(self, authorization: list[str]) -> bool:
        if self.token is None or len(authorization) != 1:
            return False
        scheme, _, sent = authorization[0].strip(" ").partition(" ")
        # of bytes: of text, the comparison takes ASCII only
        is_same = hmac.compare_digest(sent.strip(" ").encode("latin-1", "replace"), self.token)
        return is_same and scheme.lower() == "bearer"


def _token(file: Path) -> bytes:
    try:
        token = file.read_bytes().strip()
    except OSError as error:
        raise ValueError(f"{_SETTING}: {file}: can't be read: {error.strerror}") from None
    if _TOKEN.fullmatch(token) is None:
        raise ValueError(
            f"{_SETTING}: {file}: holds no token: one line of at least 16 letters, digits or signs of ASCII, "
            "without spaces"
        )
    return token


def _is_from_here(request: Request) -> bool:
    """Whether somebody on this machine asks, and not for somebody elsewhere."""
    peer = request.client.host if request.client else ""
    return (
        _is_this_machine(peer)
        and _names_this_machine(request.headers)
        and not _is_passed_on(request)
        and _is_of_no_other_site(request.headers)
    )


def _names_this_machine(headers: Headers) -> bool:
    """A name that somebody else owns may lead here for a moment, so that a page of theirs can read the answer."""
    named = headers.getlist("host")
    return len(named) == 1 and _is_this_machine(_host(f"//{named[0]}"))


def _is_passed_on(request: Request) -> bool:
    is_old = request.scope.get("http_version") not in ("1.1", "2", "3")
    return is_old or any(name in _OF_PROXIES or name.startswith(_FORWARDED) for name in request.headers)


def _is_of_no_other_site(headers: Mapping[str, str]) -> bool:
    origin = headers.get("origin")
    is_own = origin is None or origin == f"http://{headers.get('host')}"
    return is_own and headers.get("sec-fetch-site", "none") in _OWN_PAGES


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
