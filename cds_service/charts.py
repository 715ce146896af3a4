"""A file of patient data -> the hook request of a client that sends the whole record."""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from cds_service.salvage import is_sent, maybe

HOOK = "patient-view"

# The prefetch key for each type that advice may rest on. The last two are keys of our own: the core reads any.
_KEYS = {
    "Condition": "conditions",
    "MedicationStatement": "medicationStatements",
    "MedicationRequest": "medicationRequests",
    "Medication": "medicationRequests",
    "Observation": "labs",
    "ServiceRequest": "serviceRequests",
    "Encounter": "encounters",
    "QuestionnaireResponse": "questionnaireResponses",
}
# The file is the whole record: what it doesn't hold does not exist.
_ALWAYS = (
    "conditions",
    "medicationStatements",
    "medicationRequests",
    "labs",
    "glucose",
    "observations",
    "serviceRequests",
)
_UNREADABLE = "unreadable"
_GZIP, _BYTE_ORDER_MARK = b"\x1f\x8b", b"\xef\xbb\xbf"
_NOT_FHIR = "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request"


@dataclass(frozen=True, slots=True)
class Chart:
    """A file as the body of a hook call; *notes* tell a person what was not taken from it."""

    body: bytes
    notes: tuple[str, ...] = ()


def read(content: bytes) -> Chart:
    """
    Make a hook call of a Bundle of any type, Parameters, NDJSON or a hook request; plain or gzip.

    Entries keep their fullUrl, numbers stay as written. Of several Patients the first is read, with the entries
    about that one. An unreadable entry or line is passed on to be counted.

    Raises:
        ValueError: With what is wrong with the file, for a person.
    """
    try:
        return _chart(_unpacked(content).removeprefix(_BYTE_ORDER_MARK))
    except RecursionError:
        raise ValueError("is nested too deep") from None


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        raise ValueError("is damaged: the gzip data can't be unpacked") from None


# --- what a file holds ----------------------------------------------------------------------------------------


class _Peek(msgspec.Struct, rename="camel"):
    """The members that tell what a piece of JSON is."""

    resource_type: Raw = Raw()
    hook: Raw = Raw()
    id: Raw = Raw()
    subject: Raw = Raw()
    entry: Raw = Raw()
    link: Raw = Raw()
    parameter: Raw = Raw()


class _Part(msgspec.Struct, rename="camel"):
    """An entry of a Bundle, or a parameter of Parameters."""

    full_url: Raw = Raw()
    resource: Raw = Raw()
    request: Raw = Raw()
    response: Raw = Raw()
    part: Raw = Raw()


class _Link(msgspec.Struct):
    relation: Raw = Raw()


class _Reference(msgspec.Struct):
    reference: Raw = Raw()


class _Item(msgspec.Struct, frozen=True):
    """One resource; *entry* is the Bundle entry that it goes on in, *kind* "" when that can't be read."""

    entry: Raw
    kind: str = ""
    resource: Raw = Raw()
    id: str | None = None
    full_url: str | None = None
    subject: str | None = None
    goes_on: bool = False

    @property
    def names(self) -> frozenset[str]:
        """What a reference to it may say."""
        return frozenset(
            name for name in (self.full_url, f"{self.kind}/{self.id}" if self.id else None) if name
        )


_LOST = _Item(Raw(b"{}"))


def _chart(text: bytes) -> Chart:
    peek = maybe(Raw(text), _Peek)
    if peek is None:
        items = tuple(_lines(text))
        if not any(each.kind for each in items):
            raise ValueError(_NOT_FHIR)
        return _record(items)
    if is_sent(peek.hook) and not is_sent(peek.resource_type):
        return Chart(text)
    if not maybe(peek.resource_type, str):
        raise ValueError(_NOT_FHIR)
    return _record(tuple(_opened(Raw(text), _entry(text))))


def _lines(text: bytes) -> Iterator[_Item]:
    """One resource a line; a line that can't be read is an entry that can't be read."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or maybe(Raw(lines[0]), _Peek) is None:
        raise ValueError(_why_not(text))
    for line in lines:
        if maybe(Raw(line), _Peek) is None:
            yield _LOST
        else:
            yield from _opened(Raw(line), _entry(line))


def _why_not(text: bytes) -> str:
    if not text.strip():
        return "is empty"
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"is no JSON: {str(error).removeprefix('JSON is malformed: ')}"
    return _NOT_FHIR


def _entry(resource: bytes) -> Raw:
    return Raw(b'{"resource":' + resource + b"}")


def _opened(resource: Raw, entry: Raw, full_url: str | None = None) -> Iterator[_Item]:
    """The resource itself; of a Bundle or Parameters what is in it, at any depth."""
    peek = maybe(resource, _Peek) or _Peek()
    kind = maybe(peek.resource_type, str) or ""
    if kind == "Bundle":
        yield from _bundled(peek)
    elif kind == "Parameters":
        yield from _parameters(peek.parameter)
    else:
        subject = maybe(peek.subject, _Reference) or _Reference()
        yield _Item(entry, kind, resource, maybe(peek.id, str), full_url, maybe(subject.reference, str))


def _bundled(peek: _Peek) -> Iterator[_Item]:
    links = maybe(peek.link, list[_Link]) or []
    if any(maybe(link.relation, str) == "next" for link in links):
        yield _Item(Raw(), "Bundle", goes_on=True)
    for entry, part in _parts(peek.entry):
        if is_sent(part.resource):
            yield from _opened(part.resource, entry, maybe(part.full_url, str))
        elif not (is_sent(part.request) or is_sent(part.response)):
            yield _LOST


def _parameters(raw: Raw) -> Iterator[_Item]:
    for _, part in _parts(raw):
        if is_sent(part.resource):
            yield from _opened(part.resource, _entry(bytes(part.resource)))
        yield from _parameters(part.part)


def _parts(raw: Raw) -> Iterator[tuple[Raw, _Part]]:
    """The members of a list; one that is none of the kind is there with nothing in it."""
    members = maybe(raw, list[Raw]) if is_sent(raw) else []
    for each in [Raw(b"null")] if members is None else members:
        yield each, maybe(each, _Part) or _Part()


# --- whose it is ----------------------------------------------------------------------------------------------


def _record(items: Sequence[_Item]) -> Chart:
    patients = [each for each in items if each.kind == "Patient"]
    if not patients:
        raise ValueError("holds no Patient")
    chosen = patients[0]
    others = [each for each in patients[1:] if not _is_same(each, chosen)]
    mine: list[_Item] = []
    theirs: list[_Item] = []
    for each in items:
        if each.kind in _KEYS or not each.kind:
            (mine if _is_about(each.subject, chosen, others) else theirs).append(each)
    goes_on = any(each.goes_on for each in items)
    return Chart(
        _body(chosen, _patient_id(chosen, mine), mine, goes_on), tuple(_notes(items, others, theirs))
    )


def _is_same(one: _Item, other: _Item) -> bool:
    return bool(one.names & other.names) or one.resource == other.resource


def _is_about(subject: str | None, chosen: _Item, others: Iterable[_Item]) -> bool:
    """Whether an entry is about the chosen Patient, as far as the file tells."""
    if subject is None:
        return True
    if subject in chosen.names or _relative(subject) in chosen.names:
        return True
    names = frozenset(name for each in others for name in each.names)
    if {subject, _relative(subject)} & names:
        return False
    return not (chosen.id and _relative(subject).startswith("Patient/"))


def _relative(reference: str) -> str:
    """ "Patient/1" for "https://server/Patient/1/_history/2"; other references as they are."""
    return "/".join(reference.split("/_history/")[0].split("/")[-2:])


def _patient_id(chosen: _Item, mine: Iterable[_Item]) -> str:
    """The Patient's id, else the last segment of its fullUrl, else what the other entries call it."""
    if chosen.id:
        return chosen.id
    if chosen.full_url:
        return re.split(r"[/:]", chosen.full_url)[-1]
    subjects = (_relative(each.subject) for each in mine if each.subject)
    named = (each.partition("/")[2] for each in subjects if each.startswith("Patient/"))
    return next(named, "unknown")


def _notes(items: Iterable[_Item], others: Sequence[_Item], theirs: Sequence[_Item]) -> Iterator[str]:
    left_out = f"{len(theirs)} {'entry' if len(theirs) == 1 else 'entries'}"
    if others:
        yield (
            f"holds {len(others) + 1} Patients: only the first is checked, {left_out} about others left out; "
            "give each patient a file"
        )
    elif theirs:
        yield f"{left_out} about a patient who is not in the file left out"
    if any(each.kind == "OperationOutcome" for each in items):
        yield "holds an OperationOutcome: part of the record may be missing"


# --- the request ----------------------------------------------------------------------------------------------


def _body(chosen: _Item, patient_id: str, items: Iterable[_Item], goes_on: bool) -> bytes:
    entries: dict[str, list[Raw]] = {key: [] for key in _ALWAYS}
    for each in items:
        entries.setdefault(_KEYS.get(each.kind, _UNREADABLE), []).append(each.entry)
    more = {"link": [{"relation": "next", "url": "urn:not-given"}]} if goes_on else {}
    lists = {
        key: {"resourceType": "Bundle", "type": "searchset", **more, "entry": members}
        for key, members in entries.items()
    }
    request = {
        "hook": HOOK,
        "hookInstance": "00000000-0000-4000-8000-000000000000",
        "context": {"userId": "Practitioner/check", "patientId": patient_id},
        "prefetch": {"patient": chosen.resource, **lists},
    }
    return msgspec.json.encode(request)
