"""Who is calling: the signed token of a hook call, checked as the CDS Hooks best practices say, step by step."""

import base64
import json
import math
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from jwt import PyJWS, PyJWTError

from cds_service.clients import Client, Clients
from cds_service.errors import Unauthenticated
from cds_service.key_sets import ALGORITHMS, Key, KeySets

LONGEST = 16 * 1024  # characters of a token; real ones have about one thousand
_LEEWAY = 60  # seconds that two clocks may differ, as HL7's own test suite allows
_LONGEST_LIFE = 24 * 3600  # seconds; a token's id has to be remembered as long as the token is good
_LONGEST_ID = 255
_LAST_TIME = 1e11  # seconds since 1970: the year 5138; beyond it nobody means a time

_PARTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_jws = PyJWS(algorithms=sorted(ALGORITHMS))


@dataclass(frozen=True, slots=True)
class _Token:
    """A token taken apart; nothing in it is to be believed before its signature was checked."""

    text: str
    header: dict[str, Any]
    claims: dict[str, Any]


class Authenticator:
    """
    Finds out which client calls.

    *clock* gives seconds since 1970. *remember* is told a client's name, a token's id and until when to keep it; it
    answers False when it was told the same before.
    """

    def __init__(
        self,
        clients: Clients,
        key_sets: KeySets,
        remember: Callable[[str, str, int], Awaitable[bool]],
        clock: Callable[[], float],
    ) -> None:
        self._clients = clients
        self._key_sets = key_sets
        self._remember = remember
        self._clock = clock

    async def client_of(self, authorization: Sequence[str], urls: Collection[str]) -> Client:
        """
        The client whose token the Authorization header holds, if it was made for one of *urls*.

        *authorization* are all values of that header; there must be one. Keys are looked up only for a token that says
        all the right things, and its id is kept only after its signature was found good: strangers can make us neither
        fetch nor remember much.

        Raises:
            Unauthenticated: With the reason; nothing of the token is in it.
        """
        token = _token(authorization)
        try:
            return await self._checked(token, urls)
        except Unauthenticated as error:
            error.claimed = self._claimed(token.claims)
            raise

    def _claimed(self, claims: dict[str, Any]) -> str | None:
        clients = self._of_issuer(claims)
        return clients[0].name if len(clients) == 1 else None

    def _of_issuer(self, claims: dict[str, Any]) -> tuple[Client, ...]:
        issuer = claims.get("iss")
        return self._clients.of_issuer(issuer) if isinstance(issuer, str) else ()

    async def _checked(self, token: _Token, urls: Iterable[str]) -> Client:
        client = self._client(token.claims, urls)
        await self._check_signature(client, token)
        until = math.ceil(token.claims["exp"]) + _LEEWAY
        if not await self._remember(client.name, token.claims["jti"], until):
            raise Unauthenticated("replayed")
        return client

    def _client(self, claims: dict[str, Any], urls: Iterable[str]) -> Client:
        """The one that the token says it is from, in the order of the best practices."""
        clients = self._of_issuer(claims)
        if not clients:
            raise Unauthenticated("issuer")
        named = _audiences(claims.get("aud"))
        clients = tuple(client for client in clients if named & _accepted(client.audiences or urls))
        if not clients:
            raise Unauthenticated("audience")
        _check_times(claims, self._clock())
        _check_id(claims.get("jti"))
        tenant = claims.get("tenant")
        clients = tuple(client for client in clients if not client.tenants or tenant in client.tenants)
        if not clients:
            raise Unauthenticated("tenant")
        return clients[0]  # the only one: those of one issuer have no tenant in common

    async def _check_signature(self, client: Client, token: _Token) -> None:
        """By the keys that we know; in vain, by those that the client may have put in their place since."""
        kid = _kid(client, token.header)
        known = await self._key_sets.keys(client.keys, kid)
        if not known:
            raise Unauthenticated("unknown-key")
        if _is_signed(token, known):
            return
        newer = await self._key_sets.keys(client.keys, kid, tried=known)
        if not _is_signed(token, newer):
            has_fitting = any(token.header["alg"] in key.algorithms for key in (*known, *newer))
            if has_fitting:
                raise Unauthenticated("signature")
            raise Unauthenticated("algorithm")


def _kid(client: Client, header: dict[str, Any]) -> str:
    """The id of the key that a token says it is signed with, if the client may sign so."""
    kid = header.get("kid")
    if header.get("alg") not in client.algorithms:
        raise Unauthenticated("algorithm")
    if not isinstance(kid, str) or not kid or not _is_own_key_set(client, header):
        raise Unauthenticated("unknown-key")
    return kid


def _token(authorization: Sequence[str]) -> _Token:
    if not authorization:
        raise Unauthenticated("no-token")
    if len(authorization) > 1:
        raise Unauthenticated("malformed")
    scheme, _, text = authorization[0].strip(" ").partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated("no-token")
    text = text.strip(" ")
    parts = _PARTS.fullmatch(text) if len(text) <= LONGEST else None
    if parts is None:
        raise Unauthenticated("malformed")
    token = _Token(text, _object(_bytes(parts[1])), _object(_bytes(parts[2])))
    # `crit` is for extensions that must be understood, and we know none
    if str(token.header.get("typ")).upper() != "JWT" or "crit" in token.header:
        raise Unauthenticated("malformed")
    return token


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise Unauthenticated("malformed") from None


def _object(text: bytes) -> dict[str, Any]:
    try:
        loaded = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        loaded = None
    if not isinstance(loaded, dict):
        raise Unauthenticated("malformed")
    return loaded


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """A member that is there twice means one thing to one reader and another to the next: RFC 7519 section 4."""
    made = dict(members)
    if len(made) != len(members):
        raise ValueError("a member is there twice")
    return made


def _audiences(written: Any) -> frozenset[str]:
    """One or several; none when any of them is no text."""
    several = written if isinstance(written, list) else [written]
    return _accepted(several) if all(isinstance(each, str) for each in several) else frozenset()


def _accepted(audiences: Iterable[str]) -> frozenset[str]:
    return frozenset(audience.removesuffix("/") for audience in audiences)


def _check_times(claims: dict[str, Any], now: float) -> None:
    expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not (_is_time(expires) and _is_time(issued) and _is_time(begins)):
        raise Unauthenticated("claims")
    if now >= expires + _LEEWAY:
        raise Unauthenticated("expired")
    if max(issued, begins) > now + _LEEWAY:
        raise Unauthenticated("not-yet")
    if expires > now + _LONGEST_LIFE:
        raise Unauthenticated("claims")


def _check_id(token_id: Any) -> None:
    # not printable are control characters and halves of a character, which can't be encoded
    if not isinstance(token_id, str) or not 0 < len(token_id) <= _LONGEST_ID or not token_id.isprintable():
        raise Unauthenticated("claims")


def _is_time(value: Any) -> TypeGuard[float]:
    """A number that can be one; JSON's `true` is none, though Python's is."""
    return type(value) in (int, float) and abs(value) < _LAST_TIME


def _is_own_key_set(client: Client, header: dict[str, Any]) -> bool:
    """
    Whether the key set that a token points to is one that the client was given; without a pointer it is.

    Such a pointer is never followed. It says nothing where the keys were handed over as files.
    """
    published = [place for place in client.keys if isinstance(place, str)]
    return "jku" not in header or not published or header["jku"] in published


def _is_signed(token: _Token, keys: Iterable[Key]) -> bool:
    algorithm = token.header["alg"]
    return any(_is_by(token, key, algorithm) for key in keys if algorithm in key.algorithms)


def _is_by(token: _Token, key: Key, algorithm: str) -> bool:
    try:
        _jws.decode_complete(token.text, key.public, algorithms=[algorithm])
    except (PyJWTError, ValueError, TypeError):
        return False
    return True
