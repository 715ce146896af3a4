"""The order-sign hook: draft orders as they would stand in the record once signed; only quinine speaks (CARDS B1.8)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from msgspec import structs

from cds_service import salvage
from cds_service.errors import RequestInvalid
from cds_service.exposures import is_real
from cds_service.fhir import whom
from cds_service.hooks import DRAFTS, HookRequest
from cds_service.knowledge import Contributor, Knowledge
from cds_service.normalise import patient_record
from cds_service.policy import Policy
from cds_service.recognition import medicine_matches
from cds_service.record import Medicine, PatientRecord
from cds_service.resources import Bundle, Entry, Given, MedicationRequest, Resource, ServiceRequest, Supplied
from cds_service.salvage import LOST
from cds_service.terminology import ValueSets

HOOK = "order-sign"
NOT_ORDERED = "no-quinine-ordered"
MAYBE_ORDERED = "no-quinine-ordered-but-unread-drafts"

_ROW, _ORDERED = "T01", "quinine"
RULE = f"{_ROW}-{HOOK}"
"""What its one rule is remembered and counted as: signing is another matter than having it on the list."""
_NAMED_BY = frozenset({"Medication", "Substance"})  # what an order for a medicine may refer to
# statuses with which an order that is signed again is not one for taking the medicine now
_ENDED = frozenset({"cancelled", "completed", "ended", "entered-in-error", "on-hold", "revoked", "stopped"})
_SIGNING = (
    "being-signed"  # as intent: no entry of a list has it, so that none is taken for the same as its draft
)
_DRAFT = "draft"


# --- the request --------------------------------------------------------------------------------------------------


def with_drafts(request: HookRequest) -> HookRequest:
    """
    The request with its draft orders as one list more of the record, as if they were signed; others as they are.

    Entries that say nothing of an order keep their place, empty: a medicine that is not chosen yet is no loss.

    Raises:
        RequestInvalid: If an order is for another patient.
    """
    if request.hook != HOOK:
        return request
    drafts = request.draft_orders or Bundle()
    signed = tuple(_signed(entry, request.patient_id) for entry in drafts.entry or ())
    bundle = Bundle(entry=signed)
    return replace(request, prefetch={**request.prefetch, DRAFTS: bundle})


def _signed(entry: Entry, patient_id: str) -> Entry:
    resource = entry.resource
    if resource is None:
        return entry
    whose = whom(resource)
    if whose is not None and whose != f"Patient/{patient_id}" and whose.startswith("Patient/"):
        advice = "send only orders for the patient of context.patientId"
        raise RequestInvalid(DRAFTS, f"holds an order for another patient; {advice}")
    if isinstance(resource, MedicationRequest | ServiceRequest):
        if resource.status in _ENDED or not _names_something(resource):
            return LOST
        return structs.replace(entry, resource=structs.replace(resource, status="active", intent=_SIGNING))
    return entry if resource.resource_type in _NAMED_BY else LOST


def _names_something(order: Resource) -> bool:
    """The Sandbox sends an order before its medicine is chosen."""
    if not isinstance(order, MedicationRequest):
        return True
    medicine = (order.medication_codeable_concept, order.medication_reference, order.medication)
    return any(each is not None for each in medicine)


def silence_at_once(request: HookRequest, value_sets: ValueSets, today: date) -> str | None:
    """
    The silence that is certain from the draft orders alone, before anything is fetched; None for other hooks.

    Raises:
        RequestInvalid: If an order is for another patient.
    """
    if request.hook != HOOK:
        return None
    given = tuple(_given(with_drafts(request)))
    record = as_signed(patient_record(Supplied({}, given, request.unread)), value_sets, today)
    why = silence(record)
    return why if why == NOT_ORDERED else None


def _given(request: HookRequest) -> Iterator[Given]:
    """The draft orders, and every medicine that they may refer to."""
    for key, value in request.prefetch.items():
        for place, entry in enumerate((value.entry if isinstance(value, Bundle) else None) or ()):
            resource = entry.resource
            kind = resource.resource_type if resource else ""
            if resource is not None and (key == DRAFTS or kind in _NAMED_BY):
                name = salvage.source(kind, resource.id, entry.full_url, place)
                yield Given(key, name, entry.full_url, resource)


# --- the record ---------------------------------------------------------------------------------------------------


def as_signed(record: PatientRecord, value_sets: ValueSets, today: date) -> PatientRecord:
    """
    The record as it would be with the draft medicines begun today; without any of them when none is quinine.

    A course of quinine that is on the list already goes on: its start stands.
    """
    listed = [each for each in record.medicines if each.key != DRAFTS]
    drafts = [each for each in record.medicines if each.key == DRAFTS]
    if not any(_is_quinine(each, value_sets) for each in drafts):
        return structs.replace(record, medicines=tuple(listed))
    # beside an active entry without a start, today would be told as the start of all
    active = (each for each in listed if each.status == "active" and not each.started)
    start = None if any(_is_quinine(each, value_sets) for each in active) else today.isoformat()
    return structs.replace(record, medicines=(*listed, *(_begun(each, start) for each in drafts)))


def _is_quinine(medicine: Medicine, value_sets: ValueSets) -> bool:
    """Whether it is for taking quinine, by whatever name."""
    matches = medicine_matches(medicine, value_sets) if is_real(medicine) else ()
    return any(match.value_set == _ORDERED for match in matches)


def _begun(draft: Medicine, start: str | None) -> Medicine:
    return structs.replace(
        draft, started=start, started_is_stated=start is not None, stopped=None, supply_days=None
    )


def silence(record: PatientRecord) -> str | None:
    """Why nothing is said about the draft orders, as they are `as_signed`; None where quinine is among them."""
    if any(each.key == DRAFTS for each in record.medicines):
        return None
    return MAYBE_ORDERED if any(each.key == DRAFTS for each in record.unread) else NOT_ORDERED


# --- the knowledge ------------------------------------------------------------------------------------------------


def rules(knowledge: Knowledge) -> Knowledge:
    """
    What is judged when an order is signed: the row on quinine, in its words for a draft, and no chain.

    Single results that were not usable are left to patient-view: here they would mostly be about something else.
    """
    spoken = tuple(_worded(each) for each in knowledge.contributors if each.row == _ROW)
    return replace(knowledge, contributors=spoken, chains=(), judged={})


def _worded(contributor: Contributor) -> Contributor:
    """The contributor whose every section is replaced by its wording for drafts, where the file has one."""
    for_drafts = {
        title.replace(f"({_DRAFT}, ", "(").removesuffix(f" ({_DRAFT})"): text
        for title, text in contributor.texts.items()
        if f"({_DRAFT}" in title
    }
    return replace(contributor, texts={**contributor.texts, **for_drafts})


def policy(chosen: Policy) -> Policy:
    """What the site chose for its cards; who signs an order is not told that nothing was found."""
    return replace(chosen, says_nothing_found=False)
