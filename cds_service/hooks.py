"""CDS Hooks on the wire: requests, discovery, cards, error bodies. camelCase stays here."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from msgspec import Raw

from cds_service import salvage
from cds_service.errors import RequestInvalid
from cds_service.record import Unread
from cds_service.resources import AnyResource, Bundle, Resource

Indicator = Literal["info", "warning", "critical"]


class _Outgoing(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    pass


class Coding(_Outgoing, frozen=True):
    """A code with its system; `display` is what the clinician reads."""

    code: str
    system: str
    display: str | None = None


class Source(_Outgoing, frozen=True):
    """Where a card's guidance comes from; `url` describes the product, never this patient."""

    label: str
    url: str | None = None
    topic: Coding | None = None


class Link(_Outgoing, frozen=True):
    """A link a clinician may follow from a card; `app_context` is what a SMART app is told through the EHR."""

    label: str
    url: str
    type: Literal["absolute", "smart"]
    app_context: str | None = None

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise ValueError("links are absolute")
        if self.app_context is not None and self.type != "smart":
            raise ValueError("only a SMART app can be told a context")


class Action(_Outgoing, frozen=True):
    """What accepting a suggestion does: always the creation of a draft resource."""

    type: Literal["create"]
    description: str
    resource: dict[str, Any]


class Suggestion(_Outgoing, frozen=True):
    """One thing the clinician may accept. `uuid` is set when the card is issued."""

    label: str
    actions: tuple[Action, ...]
    uuid: str | None = None


class Card(_Outgoing, frozen=True):
    """
    One card. `summary` is at most 139 characters, `detail` GitHub-flavoured Markdown.

    `uuid` is None until the card is issued (`advise` stays pure); members left at None or () are not sent.
    """

    summary: str
    indicator: Indicator
    source: Source
    detail: str | None = None
    uuid: str | None = None
    suggestions: tuple[Suggestion, ...] = ()
    selection_behavior: Literal["any"] | None = None
    override_reasons: tuple[Coding, ...] = ()
    links: tuple[Link, ...] = ()
    extension: dict[str, Any] = {}


class Service(_Outgoing, frozen=True):
    """One entry of the discovery document; `version` is that of CDS Hooks (a word of its 3.0)."""

    hook: str
    id: str
    title: str
    description: str
    prefetch: Mapping[str, str]
    usage_requirements: str | None = None
    # A default would be left out of the answer; see `_Outgoing`.
    version: str = msgspec.field(default_factory=lambda: "2.0.1")


def encode(cards: Iterable[Card]) -> bytes:
    """The answer to a hook: `cards` is always there, nothing else is ever null or empty."""
    return msgspec.json.encode({"cards": tuple(cards)})


def discovery(services: Iterable[Service]) -> bytes:
    """The discovery document."""
    return msgspec.json.encode({"services": tuple(services)})


# FHIR's issue-type codes, the nearest to each status that we answer with.
_ISSUE_CODES = {
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    408: "timeout",
    412: "required",
    413: "too-long",
    415: "not-supported",
    503: "transient",
}


def operation_outcome(status: int, diagnostics: str) -> dict[str, Any]:
    """The body of an error answer: a FHIR OperationOutcome with one issue."""
    code = _ISSUE_CODES.get(status, "exception" if status >= 500 else "invalid")
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


@dataclass(frozen=True, slots=True)
class HookRequest:
    """
    A hook call whose context has been checked.

    *prefetch* holds each key that was sent, None for null. A value that could not be read at all is not in it
    but in *unread*. What we fetch ourselves is put there too, with what became of it in *fetched* (a code for each
    key); *unsorted* are the keys of lists that go on unread, in no order of dates.

    *access_token* is good for the FHIR server until we have answered; it is never printed, logged or kept.
    *draft_orders* is the Bundle of what is being ordered, where the *hook* is about orders; None where it is not, or
    could not be read at all.
    """

    hook_instance: str
    user: str
    patient_id: str
    encounter_id: str | None
    fhir_server: str | None
    prefetch: Mapping[str, Resource | None]
    unread: tuple[Unread, ...] = ()
    access_token: str | None = field(default=None, repr=False)
    fetched: Mapping[str, str] = field(default_factory=dict)
    unsorted: frozenset[str] = frozenset()
    hook: str = "patient-view"
    draft_orders: Bundle | None = None

    @property
    def user_is_patient(self) -> bool:
        """Whether the reader would be the patient or a relative rather than a clinician."""
        return self.user.startswith(("Patient/", "RelatedPerson/"))


class _Envelope(msgspec.Struct, rename="camel"):
    hook: Raw = Raw()
    hook_instance: Raw = Raw()
    context: Raw = Raw()
    fhir_server: Raw = Raw()
    fhir_authorization: Raw = Raw()


class _Typed(_Envelope):
    prefetch: dict[str, AnyResource | None] | None = None


class _Loose(_Envelope):
    prefetch: Raw = Raw()


class _Authorization(msgspec.Struct):
    access_token: Raw = Raw()
    token_type: Raw = Raw()
    patient: Raw = Raw()


class _Context(msgspec.Struct, rename="camel"):
    user_id: Raw = Raw()
    patient_id: Raw = Raw()
    encounter_id: Raw = Raw()
    draft_orders: Raw = Raw()


class _Kind(msgspec.Struct, rename="camel"):
    resource_type: Raw = Raw()


_typed = msgspec.json.Decoder(_Typed)
_loose = msgspec.json.Decoder(_Loose)

DRAFTS = "context.draftOrders"
"""The place of draft orders in a request; among prefetch keys no template of ours has such a name."""

_WITH_DRAFTS = frozenset({"order-sign"})
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_USER = re.compile(r"(?:Practitioner|PractitionerRole|Patient|RelatedPerson)/[^/\s]{1,255}")
_BARE_ID = re.compile(r"[^/\s]{1,255}")
_TOKEN = re.compile(r"[!-~]{1,16384}")  # what an Authorization header can carry; RFC 6750 allows less
_BEARER = re.compile(r"bearer", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)


def decode(body: bytes, hook: str) -> HookRequest:
    """
    Read the body of a hook call, which must be for *hook*.

    Decoded in one go; only when that fails is the body read again entry by entry, and what then can't be read
    is listed in `unread`. Members that we don't read may be of any type.

    Raises:
        RequestInvalid: Naming the member, and what to send.
    """
    try:
        return _decoded(body, hook)
    except RecursionError:
        raise RequestInvalid("body", "is nested too deep; send plain FHIR resources") from None


def _decoded(body: bytes, hook: str) -> HookRequest:
    envelope, was_mended = _envelope(body)
    if _string(envelope.hook, "hook", f'send "{hook}"') != hook:
        raise RequestInvalid("hook", f'is another hook than this service is for; send "{hook}"')
    instance = _matching(_UUID, envelope.hook_instance, "hookInstance", "send a UUID")
    context = _context(envelope.context)
    user = _matching(
        _USER,
        context.user_id,
        "context.userId",
        'send "Type/id" with one of Practitioner, PractitionerRole, Patient, RelatedPerson',
    )
    patient = _matching(_BARE_ID, context.patient_id, "context.patientId", "send the patient's bare id")
    encounter = _optional(context.encounter_id, "context.encounterId", "send a string, or leave it out")
    token = _access_token(envelope.fhir_authorization, patient)
    server = _fhir_server(envelope)
    prefetch, unread = _prefetch(envelope, was_mended)
    drafts, lost = _draft_orders(context.draft_orders, was_mended) if hook in _WITH_DRAFTS else (None, ())
    return HookRequest(
        instance,
        user,
        patient,
        encounter,
        server,
        prefetch,
        (*unread, *lost),
        token,
        hook=hook,
        draft_orders=drafts,
    )


def _envelope(body: bytes) -> tuple[_Typed | _Loose, bool]:
    """The body typed, or with its prefetch still raw; and whether damaged text in it had to be replaced."""
    try:
        # msgspec checks the text of what it decodes, not of what is kept raw for later.
        if not body.isascii():
            str(body, "utf-8")
        return _typed.decode(body), False
    except (msgspec.DecodeError, UnicodeDecodeError):
        mended = salvage.mended(body)
    try:
        return _loose.decode(mended), mended != body
    except msgspec.DecodeError:
        raise RequestInvalid("body", "is not a JSON object; send a CDS Hooks request") from None


def _string(raw: Raw, member: str, advice: str) -> str:
    text = salvage.maybe(raw, str)
    if text is None:
        what = "is not a string" if salvage.is_sent(raw) else "is missing"
        raise RequestInvalid(member, f"{what}; {advice}")
    return text


def _matching(pattern: re.Pattern[str], raw: Raw, member: str, advice: str) -> str:
    text = _string(raw, member, advice)
    if pattern.fullmatch(text) is None:
        raise RequestInvalid(member, f"has not the form it should have; {advice}")
    return text


def _optional(raw: Raw, member: str, advice: str) -> str | None:
    return _string(raw, member, advice) or None if salvage.is_sent(raw) else None


def _context(raw: Raw) -> _Context:
    context = salvage.maybe(raw, _Context)
    if context is None:
        what = "is not an object" if salvage.is_sent(raw) else "is missing"
        raise RequestInvalid("context", f"{what}; send an object with userId and patientId")
    return context


def _draft_orders(raw: Raw, was_mended: bool) -> tuple[Bundle | None, tuple[Unread, ...]]:
    """The Bundle of draft orders; clients leave out its `type`. Read again entry by entry where it is broken."""
    if (kind := salvage.maybe(raw, _Kind)) is None or salvage.maybe(kind.resource_type, str) != "Bundle":
        what = "is not a Bundle" if salvage.is_sent(raw) else "is missing"
        raise RequestInvalid(DRAFTS, f"{what}; send a FHIR Bundle of the orders that are to be signed")
    whole = None if was_mended else salvage.maybe(raw, Bundle)
    if whole is not None:
        return whole, ()
    mended = salvage.mended(bytes(raw))
    alone = Raw(msgspec.json.encode({DRAFTS: Raw(mended)}))
    read, unread = salvage.entry_by_entry(alone, was_mended or mended != bytes(raw))
    bundle = read.get(DRAFTS)
    return (bundle if isinstance(bundle, Bundle) else None), unread


def _access_token(raw: Raw, patient_id: str) -> str | None:
    """The token; its scope and lifetime are the FHIR server's to check."""
    if not salvage.is_sent(raw):
        return None
    authorization = salvage.maybe(raw, _Authorization)
    if authorization is None:
        raise RequestInvalid("fhirAuthorization", "is not an object; send one, or leave it out")
    if salvage.is_sent(authorization.token_type):
        advice = 'send "Bearer"'
        _matching(_BEARER, authorization.token_type, "fhirAuthorization.token_type", advice)
    if salvage.is_sent(authorization.patient) and salvage.maybe(authorization.patient, str) != patient_id:
        problem = "is not the patient of context.patientId; send a token for that one, or leave it out"
        raise RequestInvalid("fhirAuthorization.patient", problem)
    advice = "send the bearer token, or leave fhirAuthorization out"
    return _matching(_TOKEN, authorization.access_token, "fhirAuthorization.access_token", advice)


def _fhir_server(envelope: _Envelope) -> str | None:
    authorization = envelope.fhir_authorization
    if salvage.is_sent(envelope.fhir_server) or salvage.is_sent(authorization):
        advice = "send the absolute http or https URL of the FHIR server"
        return _matching(_WEB_ADDRESS, envelope.fhir_server, "fhirServer", advice)
    return None


def _prefetch(
    envelope: _Typed | _Loose, was_mended: bool
) -> tuple[Mapping[str, Resource | None], tuple[Unread, ...]]:
    if isinstance(envelope, _Loose):
        return salvage.entry_by_entry(envelope.prefetch, was_mended)
    return envelope.prefetch or {}, ()
