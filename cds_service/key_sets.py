"""The public keys that clients sign with: JSON Web Key Sets from files or fetched, kept, and renewed."""

import asyncio
import json
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from cds_service.errors import Unreachable

if TYPE_CHECKING:
    from jwt.algorithms import AllowedPublicKeys

_OF_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA", "Ed448": "EdDSA"}
_OF_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
ALGORITHMS = _OF_RSA.union(_OF_CURVE.values())  # all that we verify: never a symmetric one, never none

# RFC 7518 section 3.3 asks for 2048 bits or more; above 8192 a signature costs more to check than a call is worth.
_RSA_BITS = range(2048, 8193)
_LARGEST_EXPONENT = 2**32  # everybody uses 65537; each bit more makes each signature dearer to check
_SECRET_MEMBERS = frozenset({"k", "d", "p", "q", "dp", "dq", "qi", "oth"})  # RFC 7518 section 6

# Whoever publishes keys also decides what a forged token costs us: each key of its id is tried on it.
_MOST_ENTRIES = 100  # of one document; real ones have fewer than ten
_ALIKE = 2  # keys of one id and algorithm: an old one and its successor

_OLD = 3600.0  # seconds that a fetched key set is taken as it is
_TOO_OLD = 24 * 3600.0  # the same after which it counts no more: a withdrawn key must not stay good for ever
_FETCH_PAUSE = 60.0  # seconds between two requests for one URL, whatever strangers send
_READ_PAUSE = 10.0  # the same for a file, which may still be being written


@dataclass(frozen=True, slots=True)
class Key:
    """A public key, and the *algorithms* that it may be used with."""

    kid: str
    algorithms: frozenset[str]
    public: "AllowedPublicKeys"


@dataclass(frozen=True, slots=True)
class KeySet:
    """
    The usable keys of one document.

    *holds_secrets* when private or symmetric keys stand beside them, which belong in nobody else's hands.
    """

    keys: tuple[Key, ...]
    left_out: int
    holds_secrets: bool


def parse(document: bytes) -> KeySet:
    """
    The keys of a JSON Web Key Set; entries that can't verify a signature are left out.

    So are, in the order of the set, those after the second key of one id and algorithm.

    Raises:
        ValueError: If it is no key set at all, or one of more than 100 entries; nothing of it is in the message.
    """
    try:
        loaded = json.loads(document)
    except (ValueError, RecursionError):
        loaded = None
    entries = loaded.get("keys") if isinstance(loaded, dict) else None
    if not isinstance(entries, list):
        raise ValueError("is no JSON Web Key Set")
    if len(entries) > _MOST_ENTRIES:
        raise ValueError(f"has more than {_MOST_ENTRIES} entries")
    keys = tuple(_few_alike(key for each in entries if (key := _key(each)) is not None))
    return KeySet(keys, len(entries) - len(keys), any(map(_is_secret, entries)))


def _few_alike(keys: Iterable[Key]) -> Iterator[Key]:
    """The keys, each with the algorithms for which there are not yet enough of its id; those with none are left out."""
    alike: Counter[tuple[str, str]] = Counter()
    for key in keys:
        free = frozenset(name for name in key.algorithms if alike[key.kid, name] < _ALIKE)
        alike.update((key.kid, name) for name in free)
        if free:
            yield replace(key, algorithms=free)


def _is_secret(entry: Any) -> bool:
    return isinstance(entry, dict) and not _SECRET_MEMBERS.isdisjoint(entry)


def _key(entry: Any) -> Key | None:
    """None for what is secret, for encryption, without an id, too weak, of a kind we don't know, or broken."""
    if not isinstance(entry, dict) or _is_secret(entry) or not _is_for_signatures(entry):
        return None
    # imported here: where nobody signs, nobody waits for it
    from jwt import PyJWK, PyJWTError

    algorithms = _algorithms(entry)
    kid = entry.get("kid")
    if not algorithms or not isinstance(kid, str) or not kid:
        return None
    try:
        public = PyJWK(entry, min(algorithms)).key
    except (PyJWTError, ValueError, TypeError, ArithmeticError, LookupError):
        return None
    if entry["kty"] == "RSA" and not _is_sound(public):
        return None
    return Key(kid, algorithms, public)


def _is_sound(rsa: Any) -> bool:
    return rsa.key_size in _RSA_BITS and bool(rsa.public_numbers().e <= _LARGEST_EXPONENT)


def _is_for_signatures(entry: dict[str, Any]) -> bool:
    operations = entry.get("key_ops", ["verify"])
    return entry.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _algorithms(entry: dict[str, Any]) -> frozenset[str]:
    """What fits the key's kind, and of that only the one that the key names, if it names one."""
    kind, curve = entry.get("kty"), entry.get("crv")
    fitting: frozenset[str] = frozenset()
    if kind == "RSA":
        fitting = _OF_RSA
    elif kind in ("EC", "OKP") and isinstance(curve, str) and curve in _OF_CURVE:
        fitting = frozenset({_OF_CURVE[curve]})
    named = entry.get("alg")
    return fitting if named is None else fitting.intersection([named] if isinstance(named, str) else ())


def _tell(log: Any, found: KeySet) -> None:
    """Keys for other purposes are no news; a secret one that others can read is."""
    if found.holds_secrets:
        log.warning("a private or symmetric key lies where only public ones belong")
    log.info("keys read", usable=len(found.keys), left_out=found.left_out)


class _File:
    """A key file: read again when it changed, so that a key that was taken out no longer counts."""

    def __init__(self, path: Path, clock: Callable[[], float], log: Any) -> None:
        self.keys: tuple[Key, ...] = ()
        self._path = path
        self._clock = clock
        self._log = log
        self._seen: tuple[int, ...] | None = None
        self._read_at = -math.inf

    async def renew(self, *, is_wanted: bool) -> None:  # noqa: ARG002 - a file tells itself that it changed
        """Read the file when it isn't the one that was read; one that can't be read or used keeps the old keys."""
        if self._clock() - self._read_at < _READ_PAUSE:
            return
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen == self._seen:
                return
            found = parse(self._path.read_bytes())
        except OSError:
            self._log.warning("key file not readable", file=self._path.name)
        except ValueError as error:
            self._log.warning("key file not usable", file=self._path.name, problem=str(error))
        else:
            self.keys, self._seen = found.keys, seen
            _tell(self._log.bind(file=self._path.name), found)
        self._read_at = self._clock()


class _Published:
    """A key set on the web."""

    def __init__(
        self, url: str, fetch: Callable[[str], Awaitable[bytes]], clock: Callable[[], float], log: Any
    ) -> None:
        self.keys: tuple[Key, ...] = ()
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._log = log.bind(host=urlsplit(url).hostname)
        self._fetched_at = -math.inf
        self._tried_at = -math.inf
        self._one_at_a_time = asyncio.Lock()

    async def renew(self, *, is_wanted: bool) -> None:
        """
        Fetch the set when it is old, or when it lacks a key that *is_wanted*.

        A failure keeps the old keys, until they are a day old.
        """
        if self._is_due(is_wanted) and not self._is_being_done(is_wanted):
            async with self._one_at_a_time:
                if self._is_due(is_wanted):
                    await self._read()
        if self.keys and self._age() > _TOO_OLD:
            self.keys = ()
            self._log.warning("keys no longer used: their server gave none for 24 hours")

    def _is_due(self, is_wanted: bool) -> bool:
        return (is_wanted or self._age() >= _OLD) and self._clock() - self._tried_at >= _FETCH_PAUSE

    def _is_being_done(self, is_wanted: bool) -> bool:
        """Somebody is asking already: a slow key server doesn't hold up those whose key is here."""
        is_here = bool(self.keys) and not is_wanted and self._age() <= _TOO_OLD
        return is_here and self._one_at_a_time.locked()

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _read(self) -> None:
        try:
            found = parse(await self._fetch(self._url))
        except Unreachable as error:
            self._log.warning("key server gave no answer", code=error.code)
        except ValueError as error:
            self._log.warning("key server gave no usable key set", problem=str(error))
        else:
            self.keys, self._fetched_at = found.keys, self._clock()
            _tell(self._log, found)
        finally:
            self._tried_at = self._clock()


class KeySets:
    """
    The keys of all clients, by file or URL.

    *fetch* gets the content of a URL, within limits of its own, or raises Unreachable; *clock* counts seconds. When a
    key server gives no key set, the keys it gave last stay good for 24 hours and then count no more. Those of a file
    stay good as long as the file says so, or can't be read.
    """

    def __init__(self, fetch: Callable[[str], Awaitable[bytes]], clock: Callable[[], float]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._log = structlog.get_logger()
        self._sources: dict[Path | str, _File | _Published] = {}

    async def keys(
        self, where: Iterable[Path | str], kid: str, tried: Collection[Key] = ()
    ) -> tuple[Key, ...]:
        """
        The keys of that id, without those that were *tried* in vain; more than one only when ids repeat.

        Sets that have none such are asked anew, a URL once a minute at most: a key may be new, or have been replaced
        under its old id.
        """
        sources = [self._source(place) for place in where]
        for source in sources:
            await source.renew(is_wanted=False)
        found = _of_id(kid, sources, tried)
        if not found:
            for source in sources:
                await source.renew(is_wanted=True)
            found = _of_id(kid, sources, tried)
        return found

    def _source(self, place: Path | str) -> _File | _Published:
        if place not in self._sources:
            self._sources[place] = (
                _File(place, self._clock, self._log)
                if isinstance(place, Path)
                else _Published(place, self._fetch, self._clock, self._log)
            )
        return self._sources[place]


def _of_id(kid: str, sources: Iterable[_File | _Published], tried: Collection[Key]) -> tuple[Key, ...]:
    found = (key for source in sources for key in source.keys if key.kid == kid)
    return tuple(key for key in found if key not in tried)
