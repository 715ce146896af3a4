"""Members of FHIR JSON that are kept raw until somebody reads them."""

from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

from cds_service import resources as fhir
from cds_service.quantity import decimal
from cds_service.record import Concept

T = TypeVar("T")

# HL7's condition-clinical and condition-ver-status
_STATUSES = frozenset(
    {
        "active", "recurrence", "relapse", "inactive", "remission", "resolved", "unconfirmed", "provisional",
        "differential", "confirmed", "refuted", "entered-in-error",
    }
)  # fmt: skip


def is_given(raw: Raw) -> bool:
    """Whether the member was there, and not null."""
    return bytes(raw) not in (b"", b"null")


def lenient(raw: Raw, shape: type[T]) -> T | None:
    """Decode a member that may have another shape in another FHIR version; None when it has."""
    if not is_given(raw):
        return None
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def number(raw: Raw | None) -> Decimal | None:
    """The number as it was written; strings that hold a number are taken, since some servers send those."""
    if raw is None:
        return None
    text = bytes(raw).strip(b'" ').decode("utf-8", "replace")
    return decimal(text)


def words(raw: Raw) -> str:
    """The readable words of one CodeableConcept, a list of them, or a Reference's display."""
    many = lenient(raw, tuple[Concept, ...])
    one = lenient(raw, Concept) if many is None else None
    words = [word for concept in many or ((one,) if one else ()) for word in concept.words()]
    if not words:
        reference = lenient(raw, fhir.Reference)
        return (reference.display or "") if reference else ""
    return " ".join(words)


def status(raw: Raw) -> str:
    """
    The clinical or verification status; R4 has a CodeableConcept, STU3 a bare code.

    HL7's code wherever it stands: behind a site's own code, or only in words ("Entered in error").
    """
    concept = lenient(raw, Concept)
    if concept is None:
        return lenient(raw, str) or ""
    codes = [coding.code for coding in concept.coding or () if coding.code]
    said = ["-".join(each.casefold().split()) for each in (*codes, *concept.words())]
    return next((each for each in said if each in _STATUSES), said[0] if said else "")
