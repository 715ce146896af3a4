"""What clinicians did with cards, as clients tell it: read, with little of its free text kept, and put in the store."""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal

import msgspec
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails
from sqlalchemy import Connection, delete, func, select

from cds_service import salvage
from cds_service.errors import RequestInvalid
from cds_service.schema import feedback
from cds_service.store import insert_new

_SYSTEMS = (
    "https://legcramps.org/fhir/CodeSystem/override-reason",
    "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes",
)
# those that CDS Hooks 3.0 names of HL7's system; our own are told by whoever knows the knowledge files
_HL7_CODES = frozenset(
    {
        *("cds-not-applicable", "cds-suboptimal-context", "recipient-disagrees-evidence"),
        *("recipient-concerns-outcomes", "does-not-align-preferences", "not-convenient-feasible"),
        *("action-completed", "patient-contraindication", "patient-refuses", "too-costly-uncovered"),
        *("service-not-available", "recipient-does-not-understand"),
    }
)
_MOST_OF_CARD = 500  # outcomes: a person clicks a few times
OTHER = "other"
"""Stands for a code, or a code system, that does not look like one: it may be what somebody typed of a patient."""

Outcome = Literal["accepted", "overridden"]

# One call is one transaction, in which SQLite lets nobody else write and PostgreSQL takes a millisecond or two for each
# outcome; it has to end within the store's patience of two seconds. A chart has a handful of cards.
_MOST = 200
_MOST_SUGGESTIONS = 50  # of one card, which offers a handful; thousands would keep other callers waiting
_LONGEST_COMMENT = 2000  # characters: what the column holds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE
)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
# no query, fragment or user: a code system needs none, and they are where people put names and ids
_SYSTEM = re.compile(r"(?=.{1,256}\Z)(?:https?://|urn:(?:oid|uuid):)[A-Za-z0-9._~/:%-]+")


@dataclass(frozen=True, slots=True)
class Told:
    """
    One outcome of one card; *at* is milliseconds since 1970 by the client's clock, which may be wrong.

    *card* is a UUID in lower case, or what stands for a name that can't be one of ours: the hash of it, in 64
    hexadecimal digits. *reason* and *suggestions* (ids, sorted, each once) are those that belong to the outcome.
    """

    card: str
    outcome: Outcome
    at: int
    reason_system: str | None = None
    reason: str | None = None
    suggestions: tuple[str, ...] = ()
    comment: str | None = field(default=None, repr=False)


# --- as it is sent --------------------------------------------------------------------------------------------------


def _milliseconds(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError("is not a string")
    if _MOMENT.fullmatch(value) is None:
        raise ValueError("is no time with its offset")
    try:
        return (datetime.fromisoformat(value.upper()) - _EPOCH) // _MILLISECOND
    except ValueError:
        raise ValueError("is no time that there is") from None


def _none_sent(value: Any) -> Any:
    return () if value is None else value


_Text = Annotated[str, Field(min_length=1)]


class _Sent(BaseModel):
    """Members that we don't know, `extension` among them, are let be; null is a member that was left out."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class _Suggestion(_Sent):
    id: _Text


class _Reason(_Sent):
    """A Coding; the CDS Hooks Sandbox sends no display, others may know no system."""

    code: _Text
    system: str | None = None


class _OverrideReason(_Sent):
    reason: _Reason | None = None
    user_comment: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "_OverrideReason":
        if self.reason is None and not (self.user_comment or "").strip():
            raise ValueError("says nothing")
        return self


class _Item(_Sent):
    card: _Text
    outcome: Outcome
    outcome_timestamp: Annotated[int, BeforeValidator(_milliseconds)]
    accepted_suggestions: Annotated[
        tuple[_Suggestion, ...],
        FailFast(),
        Field(max_length=_MOST_SUGGESTIONS, validate_default=True),
        BeforeValidator(_none_sent),
    ] = ()
    override_reason: _OverrideReason | None = None

    @field_validator("accepted_suggestions")
    @classmethod
    def _names_what_was_accepted(
        cls, value: tuple[_Suggestion, ...], info: ValidationInfo
    ) -> tuple[_Suggestion, ...]:
        if info.data.get("outcome") == "accepted" and not value:
            raise ValueError("names no suggestion")
        return value


class _Body(_Sent):
    feedback: Annotated[tuple[_Item, ...], FailFast(), Field(min_length=1, max_length=_MOST)]


# --- read -----------------------------------------------------------------------------------------------------------


def read(body: bytes, *, keeps_comments: bool) -> tuple[Told, ...]:
    """
    The outcomes that a client tells, in its order.

    Codes, systems and names of cards are kept only when they look like such; comments only when *keeps_comments*.

    Raises:
        RequestInvalid: Naming the first member that is wrong, and what to send.
    """
    sent = _sent(body)
    return tuple(_told(item, keeps_comments) for item in sent.feedback)


def _sent(body: bytes) -> _Body:
    """The body checked. Damaged characters are replaced: one in a comment must not cost the outcome."""
    try:
        return _Body.model_validate_json(body)
    except ValidationError as error:
        problem = _first(error)
    mended = salvage.mended(body) if problem["type"] == "json_invalid" else body
    if mended != body:
        return _sent(mended)
    raise _refusal(problem)


def _told(item: _Item, keeps_comments: bool) -> Told:
    if item.outcome == "accepted":
        suggestions = tuple(sorted({each.id for each in item.accepted_suggestions}))
        return Told(_card(item.card), item.outcome, item.outcome_timestamp, suggestions=suggestions)
    why = item.override_reason or _OverrideReason.model_construct()
    return Told(
        _card(item.card),
        item.outcome,
        item.outcome_timestamp,
        _system(why.reason.system) if why.reason else None,
        _code(why.reason.code) if why.reason else None,
        comment=_comment(why.user_comment or "") if keeps_comments else None,
    )


def _card(name: str) -> str:
    lower = name.lower()
    return lower if _UUID.fullmatch(lower) else sha256(name.encode()).hexdigest()


def _code(code: str) -> str:
    return code if _CODE.fullmatch(code) else OTHER


def _system(system: str | None) -> str | None:
    if not system:
        return None
    return system if _SYSTEM.fullmatch(system) else OTHER


def _comment(text: str) -> str | None:
    """On one line, without control characters (PostgreSQL keeps no NUL), as much as the column holds."""
    shown = "".join(each if each.isprintable() else " " for each in text[:_LONGEST_COMMENT])
    return " ".join(shown.split()) or None


# --- refused --------------------------------------------------------------------------------------------------------

# By pydantic's names of errors; its own words are for programmers, and quote what was sent.
_WRONG = {
    "missing": "is missing",
    "string_type": "is not a string",
    "string_too_short": "is empty",
    "tuple_type": "is not an array",
    "model_type": "is not an object",
    "literal_error": "is no outcome",
    "too_short": "is empty",
    "json_invalid": "is no JSON, or is nested too deep",
}
_SEND = {
    "body": 'send a JSON object with "feedback"',
    "feedback": "send an array with an object for each outcome",
    "card": "send the uuid of the card",
    "outcome": 'send "accepted" or "overridden"',
    "outcomeTimestamp": "send when it happened, like 2026-06-15T09:30:00.000Z",
    "acceptedSuggestions": 'send an array with {"id"} of each suggestion that was accepted',
    "id": "send the uuid of the suggestion",
    "overrideReason": "send an object with reason, userComment or both, or leave it out",
    "reason": "send a Coding with code and system, or leave it out",
    "code": "send the code of the reason",
    "system": "send the URI of the code system, or leave it out",
    "userComment": "send a text, or leave it out",
}


def _first(error: ValidationError) -> ErrorDetails:
    return error.errors(include_url=False, include_input=False)[0]


def _refusal(problem: ErrorDetails) -> RequestInvalid:
    """Our own words for it: the members in its path are those that we know, none of the caller's."""
    # a member that is not there is told by our name of it
    path = [to_camel(each) if isinstance(each, str) else each for each in problem["loc"]] or ["body"]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    member = next(part for part in reversed(path) if isinstance(part, str))
    return RequestInvalid(where.removeprefix("."), f"{_what(problem)}; {_SEND[member]}")


def _what(problem: ErrorDetails) -> str:
    match problem:
        case {"type": "value_error", "ctx": {"error": said}}:
            return str(said)
        case {"type": "too_long", "ctx": {"max_length": most}}:
            return f"has more than the {most} elements that one call may bring"
    return _WRONG[problem["type"]]


# --- kept -----------------------------------------------------------------------------------------------------------


def insert(connection: Connection, client: str, told: Sequence[Told], on: date, at: int) -> int:
    """
    How many of the outcomes are new; they are in the store once the transaction is committed.

    *on* is the calendar day at the site, *at* milliseconds since 1970, both of when they were received.
    """
    rows = {_key(client, each): _row(client, each) for each in told}
    received = {"received_on": on, "received_at": at}
    # in an order of its own: on PostgreSQL two calls that bring the same in opposite orders would block each other
    new = sum(insert_new(connection, feedback, {"key": key, **rows[key], **received}) for key in sorted(rows))
    _drop_old(connection, client, {each.card for each in told})
    return new


def _drop_old(connection: Connection, client: str, cards: Iterable[str]) -> None:
    """Of one card the newest outcomes are enough: whoever tells a hundred thousand must not slow down its chart."""
    place = func.row_number().over(
        partition_by=feedback.c.card,
        order_by=(feedback.c.received_at.desc(), feedback.c.outcome_at.desc(), feedback.c.key),
    )
    those = feedback.c.client == client, feedback.c.card.in_(sorted(cards))
    ranked = select(feedback.c.key, place.label("place")).where(*those).subquery()
    old = select(ranked.c.key).where(ranked.c.place > _MOST_OF_CARD)
    connection.execute(delete(feedback).where(feedback.c.key.in_(old)))


def listed(told: Iterable[Told], codes: Set[str]) -> tuple[Told, ...]:
    """The same with `OTHER` for codes that are none of these, nor HL7's, and for systems that are neither's."""
    return tuple(
        replace(
            each,
            reason=each.reason if each.reason is None or each.reason in codes | _HL7_CODES else OTHER,
            reason_system=each.reason_system if each.reason_system in (None, *_SYSTEMS) else OTHER,
        )
        for each in told
    )


def _key(client: str, told: Told) -> bytes:
    """A hash of all that makes two outcomes the same; a comment doesn't, since it may not be kept."""
    same = (
        client,
        told.card,
        told.outcome,
        told.at,
        told.reason_system,
        told.reason,
        told.suggestions,
    )
    return sha256(msgspec.json.encode(same)).digest()


def _row(client: str, told: Told) -> dict[str, Any]:
    return {
        "client": client,
        "card": told.card,
        "outcome": told.outcome,
        "reason_system": told.reason_system,
        "reason": told.reason,
        "suggestions": len(told.suggestions),
        "comment": told.comment,
        "outcome_at": told.at,
    }
