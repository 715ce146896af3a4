"""A prefetch in which something is broken, read value by value and entry by entry, so that little is lost."""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from cds_service.errors import RequestInvalid
from cds_service.record import Unread
from cds_service.resources import KNOWN, AnyResource, Bundle, BundleLink, Entry, Resource

T = TypeVar("T")

USED_TYPES = frozenset(
    {
        "Patient",
        "Condition",
        "Observation",
        "MedicationStatement",
        "MedicationRequest",
        "Medication",
        "ServiceRequest",
        "OperationOutcome",
        "Encounter",
        "QuestionnaireResponse",
    }
)
"""Resource types that advice may rest on. A broken resource of another type is no loss and isn't counted."""

LOST = Entry()
"""
Stands in a Bundle for an entry that is already accounted for, so that the places of the others stay as sent.

Told by identity from an entry that came without a resource.
"""


class _Peek(msgspec.Struct, rename="camel"):
    """What can still be told of an entry or a resource that is broken somewhere."""

    resource_type: Raw = Raw()
    id: Raw = Raw()
    resource: Raw = Raw()
    link: Raw = Raw()
    total: Raw = Raw()
    type: Raw = Raw()
    entry: Raw = Raw()


class _Bare(msgspec.Struct, rename="camel"):
    """An entry whose resource tells no type, and has nothing broken in it."""

    full_url: str | None = None
    resource: Resource | None = None


_NO_PEEK = _Peek()
_NO_TYPE = (b"", b"null", b'""')
# Stands for a resource of a type that FHIR doesn't have: no loss, and nothing is read of it.
_UNKNOWN = KNOWN["Basic"]()
_PASSED_OVER = Entry(resource=_UNKNOWN)

_ESCAPE = re.compile(
    # Begins with one certain byte: whatever else it began with, the search would take 50 times as long, and stop every
    # thread meanwhile. Backslashes two by two are escaped ones; found as one run, since there may be millions.
    rb"\\(?:\\(?:\\\\)*+"
    rb"|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_Decoder = getincrementaldecoder("utf-8")
_PIECE = 256 * 1024  # bytes; where none is a character it takes 5 ms
_MOST_BROKEN = 1000  # entries of one list
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
# A searchset whose links can't be read may go on behind one of them.
_MAYBE_MORE = (BundleLink(relation="next"),)

WRONG_TYPE = "a member is not of its FHIR type"
NOT_TEXT = "a text holds bytes that are no characters"
NO_RESOURCE = "there is no resource in it"


def is_sent(raw: Raw) -> bool:
    """Whether a member is there. Clients send null for what they should leave out."""
    return bytes(raw) not in (b"", b"null")


def maybe(raw: Raw, kind: type[T]) -> T | None:
    """*raw* as *kind*, None when it is absent or anything else."""
    shape: Any = kind
    try:
        read: T = decoder(shape).decode(raw)
    except msgspec.DecodeError:
        return None
    return read


@cache
def decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of a shape, made once."""
    return msgspec.json.Decoder(shape)


def mended(body: bytes) -> bytes:
    """*body* with U+FFFD for whatever is no character: bytes outside UTF-8, halves of surrogate pairs."""
    text = body if body.isascii() else _in_utf8(body)
    if not _SURROGATE.search(text):
        return text
    # Written out: one call for all of them, and one that puts millions of parts together, would stop every thread.
    whole, place = bytearray(), 0
    for escape in _ESCAPE.finditer(text):
        if escape[1]:
            whole += text[place : escape.start()]
            whole += _REPLACEMENT
            place = escape.end()
    return bytes(whole + text[place:])


def _in_utf8(body: bytes) -> bytes:
    """In pieces, as the whole would stop every thread."""
    decoder = _Decoder("replace")
    whole = bytearray()
    for place in range(0, len(body), _PIECE):
        whole += decoder.decode(body[place : place + _PIECE], place + _PIECE >= len(body)).encode()
    return bytes(whole)


def member(key: str) -> str:
    """How a message names a prefetch key: as sent, unless it is nothing that a template would be called."""
    return f"prefetch.{key}" if _KEY.fullmatch(key) else "prefetch.(a key that is not a plain word)"


def no_resource(key: str) -> RequestInvalid:
    """The error for a prefetch value that is neither a resource nor null."""
    advice = "send a FHIR resource with its resourceType, null, or leave the key out"
    return RequestInvalid(member(key), f"is not a FHIR resource; {advice}")


def entry_by_entry(raw: Raw, was_mended: bool) -> tuple[Mapping[str, Resource | None], tuple[Unread, ...]]:
    """
    The readable part of a prefetch, and what could not be read.

    *was_mended* says that characters were replaced somewhere in the body: an entry is then lost only when we
    would have read one of them. A value that can't be read at all is left out.

    Raises:
        RequestInvalid: When the prefetch is no object, or a value in it is neither a resource nor null.
    """
    values = maybe(raw, dict[str, Raw]) if is_sent(raw) else {}
    if values is None:
        raise RequestInvalid("prefetch", "is not an object; send one, or leave it out")
    reader = _Reader(was_mended)
    prefetch = {key: reader.value(key, value) for key, value in values.items()}
    return {key: value for key, value in prefetch.items() if value is not reader.lost}, tuple(reader.unread)


def resource(key: str, body: bytes) -> tuple[Resource | None, tuple[Unread, ...]]:
    """
    A resource that a FHIR server answered with, and what could not be read in it.

    None when it is none, or nothing of it can be read.
    """
    try:
        if not body.isascii():
            str(body, "utf-8")
        return decoder(AnyResource).decode(body), ()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _mended_resource(key, body)
    except RecursionError:
        return None, ()


def _mended_resource(key: str, body: bytes) -> tuple[Resource | None, tuple[Unread, ...]]:
    whole = mended(body)
    reader = _Reader(whole != body)
    try:
        value = reader.value(key, Raw(whole))
    except (RequestInvalid, RecursionError):
        return None, ()
    return (None if value is reader.lost else value), tuple(reader.unread)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what it can, notes in `unread` what it can't."""

    was_mended: bool
    unread: list[Unread] = field(default_factory=list)
    lost: Resource = field(default_factory=Resource)

    def value(self, key: str, raw: Raw) -> Resource | None:
        """One prefetch value; `lost` when it can't be read at all."""
        if bytes(raw) == b"null":
            return None
        peek = maybe(raw, _Peek)
        kind = maybe(peek.resource_type, str) if peek else None
        if peek is None or not kind:
            raise no_resource(key)
        if kind == "Bundle":
            return self._bundle(key, peek)
        if kind not in KNOWN:
            return _UNKNOWN
        value, problem = self._decoded(raw, KNOWN[kind])
        if value is not None:
            return value
        return self.lost if self._note(key, kind, peek, 0, problem) else KNOWN[kind]()

    def _bundle(self, key: str, peek: _Peek) -> Resource:
        entries = maybe(peek.entry, list[Raw]) if is_sent(peek.entry) else []
        if entries is None:
            self.unread.append(Unread(key, "Bundle", "Bundle[0]", WRONG_TYPE))
            return self.lost
        link = maybe(peek.link, tuple[BundleLink, ...]) if is_sent(peek.link) else ()
        read = self._entries(key, entries)
        if read is None:
            return self.lost
        return Bundle(
            total=peek.total, type=peek.type, link=_MAYBE_MORE if link is None else link, entry=read
        )

    def _entries(self, key: str, entries: Iterable[Raw]) -> tuple[Entry, ...] | None:
        """One after the other; None for a list in which so much is broken that reading on is of no use."""
        before, broken = len(self.unread), 0
        read = []
        for place, raw in enumerate(entries):
            read.append(self._entry(key, place, raw))
            broken += read[-1] is LOST
            if broken > _MOST_BROKEN:
                self.unread[before:] = [Unread(key, "Bundle", "Bundle[0]", WRONG_TYPE)]
                return None
        return tuple(read)

    def _entry(self, key: str, place: int, raw: Raw) -> Entry:
        entry, problem = self._decoded(raw, Entry)
        if entry is not None:
            return entry
        peek = maybe(raw, _Peek) or _NO_PEEK
        resource = maybe(peek.resource, _Peek) or _NO_PEEK
        kind = maybe(resource.resource_type, str) or ""
        if kind and kind not in KNOWN:
            return _PASSED_OVER
        if bytes(resource.resource_type) in _NO_TYPE:
            bare, problem = self._decoded(raw, _Bare)
            if bare is not None:
                return Entry(bare.full_url)
        self._note(key, kind, resource, place, problem)
        return LOST

    def _decoded(self, raw: Raw, kind: type[T]) -> tuple[T | None, str]:
        decoded = maybe(raw, kind)
        if decoded is None:
            return None, WRONG_TYPE
        if self.was_mended and _REPLACEMENT in msgspec.json.encode(decoded):
            return None, NOT_TEXT
        return decoded, ""

    def _note(self, key: str, kind: str, peek: _Peek, place: int, problem: str) -> bool:
        """Count a broken resource, unless it is of a type that no advice rests on."""
        if kind and kind not in USED_TYPES:
            return False
        self.unread.append(Unread(key, kind, source(kind, maybe(peek.id, str), None, place), problem))
        return True


def source(kind: str, id_: str | None, full_url: str | None, place: int) -> str:
    """
    How an entry is named: `Type/id`, else its fullUrl, else `Type[place]`.

    *place* counts the entries of one prefetch value from 0, as FHIRPath does.
    """
    return f"{kind}/{id_}" if id_ and kind else full_url or f"{kind or 'Resource'}[{place}]"
