"""Members of FHIR JSON that are kept raw until somebody reads them."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache, lru_cache
from types import GenericAlias
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from cds_service import resources as fhir
from cds_service.quantity import decimal
from cds_service.record import Coding, Concept
from cds_service.salvage import decoder

T = TypeVar("T")

_SHORT = 400  # bytes
_FAULTS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_CONCEPTS: Any = tuple[Concept, ...] | Concept

# HL7's condition-clinical and condition-ver-status
_STATUSES = frozenset(
    {
        "active", "recurrence", "relapse", "inactive", "remission", "resolved", "unconfirmed", "provisional",
        "differential", "confirmed", "refuted", "entered-in-error",
    }
)  # fmt: skip


def is_given(raw: Raw) -> bool:
    """Whether the member was there, and not null."""
    return raw is not fhir.ABSENT and bytes(raw) not in (b"", b"null")


def lenient(raw: Raw, shape: type[T]) -> T | None:
    """Decode a member that may have another shape in another FHIR version; None when it has."""
    return _decoded(raw, shape) if is_given(raw) else None


def each_of(raw: Raw, shape: type[T]) -> tuple[T, ...]:
    """The members of a list that have the shape; one that has not takes none of the others away."""
    if not is_given(raw):
        return ()
    kind: Any = shape
    whole: tuple[T, ...] | None = _decoded(raw, _many(kind))
    if whole is not None:
        return whole
    read = (_decoded(each, shape) for each in _decoded(raw, tuple[Raw, ...]) or ())
    return tuple(each for each in read if each is not None)


def _decoded(raw: Raw, shape: Any) -> Any:
    try:
        return decoder(shape).decode(raw)
    except _FAULTS:
        return None


@cache
def _many(shape: Any) -> Any:
    return GenericAlias(tuple, (shape, ...))


def number(raw: Raw | None) -> Decimal | None:
    """The number as it was written; strings that hold a number are taken, since some servers send those."""
    if raw is None or raw is fhir.ABSENT:
        return None
    text = bytes(raw).strip(b'" ').decode("utf-8", "replace")
    return decimal(text)


def words(raw: Raw) -> str:
    """The readable words of one CodeableConcept, a list of them, or a Reference's display."""
    if not is_given(raw):
        return ""
    found = lenient(raw, _CONCEPTS)
    many = (found,) if isinstance(found, Concept) else found or ()
    words = [word for concept in many for word in concept.words()]
    if not words:
        reference = lenient(raw, fhir.Reference)
        return (reference.display or "") if reference else ""
    return " ".join(words)


def status(raw: Raw) -> str | None:
    """
    The clinical or verification status, "" when there is none, None when it can't be read.

    R4 has a CodeableConcept, STU3 a bare code. HL7's code wherever it stands: behind a site's own code, or only in
    words ("Entered in error").
    """
    if not is_given(raw):
        return ""
    sent = bytes(raw)
    return (_known_status if len(sent) <= _SHORT else _status)(sent)


def _status(sent: bytes) -> str | None:
    raw = Raw(sent)
    concept = lenient(raw, Concept)
    if concept is None:
        return lenient(raw, str)
    codes = [coding.code for coding in concept.coding or () if coding.code]
    said = ["-".join(each.casefold().split()) for each in (*codes, *concept.words())]
    return next((each for each in said if each in _STATUSES), said[0] if said else "")


_known_status = lru_cache(maxsize=256)(_status)  # systems send a handful


# --- members of no known shape --------------------------------------------------------------------------------


class _Diagnosis(msgspec.Struct):
    """A FHIR Encounter.diagnosis, R4 or R5."""

    condition: tuple[fhir.ConceptOrReference, ...] | fhir.Reference | None = None


class _Named(msgspec.Struct):
    """What `words` reads: a CodeableConcept or a Reference."""

    coding: tuple[Coding, ...] | None = None
    text: str | None = None
    display: str | None = None


_WORDS: Any = tuple[_Named, ...] | _Named
_REASONS: Mapping[str, Any] = {
    "reason_code": tuple[Concept, ...],
    "reason_reference": tuple[fhir.Reference, ...],
    "reason": tuple[fhir.ConceptOrReference, ...],
}
# By type the members that a rule reads late, and the shape that R4 or R5 gives them
_SHAPES: Mapping[str, Mapping[str, Any]] = {
    "Condition": {"body_site": _WORDS},
    "Observation": {
        "body_site": _WORDS,
        "specimen": _WORDS,
        "interpretation": _WORDS,
        "note": tuple[fhir.Annotation, ...],
        "focus": tuple[fhir.Reference, ...],
        "has_member": tuple[fhir.Reference, ...],
    },
    # what only `prescriptions` reads is noted there
    "MedicationStatement": _REASONS,
    "MedicationRequest": _REASONS,
    "Medication": {"ingredient": tuple[fhir.MedicationIngredient, ...]},
    "ServiceRequest": _REASONS,
    "Encounter": {
        **_REASONS,
        "reason": tuple[fhir.EncounterReason, ...],
        "diagnosis": tuple[_Diagnosis, ...],
        "period": fhir.Period,
        "actual_period": fhir.Period,
    },
    "QuestionnaireResponse": {"item": tuple[fhir.Item, ...]},
}


def is_misshapen(resource: fhir.Resource) -> bool:
    """Whether a member that a rule reads is given in a shape that it has in no FHIR version."""
    for member, shape in _SHAPES.get(resource.resource_type, {}).items():
        raw: Raw = getattr(resource, member)
        if raw is not fhir.ABSENT and is_given(raw) and _decoded(raw, shape) is None:
            return True
    return False
