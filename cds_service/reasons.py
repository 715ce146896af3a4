"""Why something was prescribed, ordered or visited: coded, or a reference to what was found."""

from collections.abc import Iterable

from cds_service import resources as fhir
from cds_service.pointers import Pointers, contained
from cds_service.raw import lenient, status
from cds_service.record import NOTHING, Concept, Reason

_DOES_NOT_STAND = frozenset({"refuted", "entered-in-error", "inactive", "remission", "resolved"})

_Found = tuple[list[Concept], list[fhir.Reference]]


def of_request(resource: fhir.Resource, pointers: Pointers) -> tuple[Reason, ...]:
    """Reasons of a medicine or order: R4 `reasonCode` and `reasonReference`, R5 `reason`."""
    concepts = list(lenient(resource.reason_code, tuple[Concept, ...]) or ())
    references = list(lenient(resource.reason_reference, tuple[fhir.Reference, ...]) or ())
    coded, referring = _either(lenient(resource.reason, tuple[fhir.ConceptOrReference, ...]) or ())
    return _reasons(resource, pointers, (concepts + coded, references + referring))


def of_encounter(resource: fhir.Resource, pointers: Pointers) -> tuple[Reason, ...]:
    """Reasons and diagnoses of an Encounter, R4 and R5."""
    concepts = list(lenient(resource.reason_code, tuple[Concept, ...]) or ())
    references = list(lenient(resource.reason_reference, tuple[fhir.Reference, ...]) or ())
    for reason in lenient(resource.reason, tuple[fhir.EncounterReason, ...]) or ():
        coded, referring = _either(reason.value or ())
        concepts, references = concepts + coded, references + referring
    for diagnosis in lenient(resource.diagnosis, tuple[fhir.EncounterDiagnosis, ...]) or ():
        several = lenient(diagnosis.condition, tuple[fhir.ConceptOrReference, ...])
        single = lenient(diagnosis.condition, fhir.Reference) if several is None else None
        coded, referring = _either(several or ())
        concepts, references = concepts + coded, references + referring + ([single] if single else [])
    return _reasons(resource, pointers, (concepts, references))


def _either(many: Iterable[fhir.ConceptOrReference]) -> _Found:
    """The two halves of R5's CodeableReference."""
    found = tuple(many)
    return (
        [each.concept for each in found if each.concept is not None],
        [each.reference for each in found if each.reference is not None],
    )


def _reasons(resource: fhir.Resource, pointers: Pointers, found: _Found) -> tuple[Reason, ...]:
    concepts, references = found
    pointed = (_pointed(resource, each, pointers) for each in references)
    every = (*(Reason(concept) for concept in concepts), *(each for each in pointed if each))
    return tuple(each for each in every if each.concept != NOTHING)


def _pointed(resource: fhir.Resource, reference: fhir.Reference, pointers: Pointers) -> Reason | None:
    """What a reference leads to; its display when that was not supplied."""
    shown = Concept(text=reference.display) if reference.display else NOTHING
    inside = contained(resource, reference.reference)
    if inside is not None:
        return None if _is_refuted(inside) else Reason(inside.code or shown)
    entry = pointers.entry(reference.reference)
    return Reason(entry.resource.code or shown, entry.source) if entry else Reason(shown)


def _is_refuted(condition: fhir.Resource) -> bool:
    """Whether a contained Condition says that it is not, or no longer, there."""
    said = {status(condition.clinical_status), status(condition.verification_status), condition.status}
    return not _DOES_NOT_STAND.isdisjoint(said)
