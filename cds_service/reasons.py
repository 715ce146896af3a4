"""Why something was prescribed, ordered or visited: coded, or a reference to what was found."""

from collections.abc import Iterable

from cds_service import resources as fhir
from cds_service.pointers import Contained, Pointers
from cds_service.raw import each_of, lenient, status
from cds_service.record import NOTHING, Concept, Reason

_DOES_NOT_STAND = frozenset({"refuted", "entered-in-error", "inactive", "remission", "resolved"})

_MOST_CODINGS = 30

_Found = tuple[list[Concept], list[fhir.Reference]]


def of_request(resource: fhir.Reasoned, pointers: Pointers, inside: Contained) -> tuple[Reason, ...]:
    """Reasons of a medicine or order: R4 `reasonCode` and `reasonReference`, R5 `reason`."""
    concepts, references = _of_r4(resource)
    coded, referring = _either(each_of(resource.reason, fhir.ConceptOrReference))
    return _reasons((concepts + coded, references + referring), pointers, inside)


def of_encounter(resource: fhir.Encounter, pointers: Pointers, inside: Contained) -> tuple[Reason, ...]:
    """Reasons and diagnoses of an Encounter, R4 and R5."""
    concepts, references = _of_r4(resource)
    for reason in each_of(resource.reason, fhir.EncounterReason):
        _extend(concepts, references, _either(reason.value or ()))
    for diagnosis in each_of(resource.diagnosis, fhir.EncounterDiagnosis):
        several = lenient(diagnosis.condition, tuple[fhir.ConceptOrReference, ...])
        single = lenient(diagnosis.condition, fhir.Reference) if several is None else None
        _extend(concepts, references, _either(several or ()))
        references += [single] if single else []
    return _reasons((concepts, references), pointers, inside)


def _of_r4(resource: fhir.Reasoned) -> _Found:
    coded = each_of(resource.reason_code, Concept)
    return list(coded), list(each_of(resource.reason_reference, fhir.Reference))


def _extend(concepts: list[Concept], references: list[fhir.Reference], found: _Found) -> None:
    concepts += found[0]
    references += found[1]


def _either(many: Iterable[fhir.ConceptOrReference]) -> _Found:
    """The two halves of R5's CodeableReference."""
    found = tuple(many)
    return (
        [each.concept for each in found if each.concept is not None],
        [each.reference for each in found if each.reference is not None],
    )


def _reasons(found: _Found, pointers: Pointers, inside: Contained) -> tuple[Reason, ...]:
    """Each reason once: many references to one entry are one reason."""
    concepts, references = found
    pointed: dict[tuple[str, str], Reason | None] = {}
    for reference in references:
        target = _target(reference, pointers, inside)
        key = (target, "") if target else ("", reference.display or "")
        if key not in pointed:
            pointed[key] = _pointed(reference, pointers, inside)
    every = (*(Reason(concept) for concept in concepts), *filter(None, pointed.values()))
    return tuple(each for each in every if each.concept != NOTHING)


def _target(reference: fhir.Reference, pointers: Pointers, inside: Contained) -> str:
    """The name of what a reference leads to, "" when it leads nowhere."""
    contained = inside.at(reference.reference)
    return (reference.reference or "") if contained is not None else pointers.name(reference.reference)


def _pointed(reference: fhir.Reference, pointers: Pointers, inside: Contained) -> Reason | None:
    """
    What a reference leads to; its display when that was not supplied.

    Where two different entries have the name, the display too; whether it stands is left to those entries.
    """
    shown = Concept(text=reference.display) if reference.display else NOTHING
    contained = inside.at(reference.reference)
    if contained is not None:
        return _of_contained(contained, shown, inside)
    entry = pointers.entry(reference.reference)
    if entry is None:
        return Reason(shown, pointers.name(reference.reference))
    if _stands(entry.resource) is None:
        return None
    return Reason(_shortened(entry.resource.code or shown), entry.source)


def _shortened(concept: Concept) -> Concept:
    """Without the codings that no real entry has: any number of other entries may refer to it."""
    codings = concept.coding or ()
    return Concept(codings[:_MOST_CODINGS], concept.text) if len(codings) > _MOST_CODINGS else concept


def _of_contained(resource: fhir.Resource, shown: Concept, inside: Contained) -> Reason | None:
    stands = _stands(resource)
    inside.is_broken = inside.is_broken or stands is None
    return Reason(resource.code or shown) if stands else None


def _stands(found: fhir.Resource) -> bool | None:
    """Whether it does not say that it is not, or no longer, there; None when its status can't be read."""
    said = {found.status}
    if isinstance(found, fhir.Condition | fhir.Untyped):
        coded = {status(found.clinical_status), status(found.verification_status)}
        if None in coded:
            return None
        said |= coded
    return _DOES_NOT_STAND.isdisjoint(said)
