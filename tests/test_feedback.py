"""Feedback: what is read of it, what is refused and how, what is kept, and that the same told twice is kept once."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service import feedback
from cds_service.errors import RequestInvalid
from cds_service.feedback import Told
from cds_service.schema import feedback as table
from cds_service.store import Store, Way
from tests.databases import Database

JSON = dict[str, Any]
CARD = "9a3e3a5c-0c1e-4f2b-8d5c-0123456789ab"
WHEN = "2026-06-15T09:30:00.123Z"
AT = 1_781_515_800_123
HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
ON = date(2026, 6, 15)
RECEIVED = AT + 250
DEEP = 100_000


def _item(**members: Any) -> JSON:
    """An override as the Sandbox's Dismiss sends it; a member of None is left out."""
    usual = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": WHEN}
    return {name: value for name, value in {**usual, **members}.items() if value is not None}


def _read(body: Any, *, keeps_comments: bool = False) -> tuple[Told, ...]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return feedback.read(sent, keeps_comments=keeps_comments)


def _one(*, keeps_comments: bool = False, **members: Any) -> Told:
    [told] = _read({"feedback": [_item(**members)]}, keeps_comments=keeps_comments)
    return told


def _refusal(body: Any) -> str:
    with pytest.raises(RequestInvalid) as refused:
        _read(body)
    return str(refused.value)


def _comment(text: str) -> str | None:
    return _one(overrideReason={"userComment": text}, keeps_comments=True).comment


@contextmanager
def _opened(database: Database) -> Iterator[Store]:
    store = Store.open(database.url)
    try:
        yield store
    finally:
        store.close()


def _insert(store: Store, told: Sequence[Told], client: str = "north") -> int:
    return store.do(lambda connection: feedback.insert(connection, client, told, ON, RECEIVED), Way.LASTING)


# --- what the Sandbox sends -----------------------------------------------------------------------------------------


def test_a_dismissed_card_is_overridden_without_a_reason() -> None:
    body = f'{{"feedback":[{{"card":"{CARD}","outcome":"overridden","outcomeTimestamp":"{WHEN}"}}]}}'

    told = _read(body.encode())

    assert told == (Told(CARD, "overridden", AT),)


def test_a_reason_comes_without_its_display() -> None:
    reason = {"code": "cds-not-applicable", "system": HL7}

    told = _one(overrideReason={"reason": reason})

    assert told == Told(CARD, "overridden", AT, HL7, "cds-not-applicable")


def test_an_accepted_card_names_its_suggestions() -> None:
    suggestions = [{"id": "s-2"}, {"id": "s-1"}, {"id": "s-2"}]

    told = _one(outcome="accepted", acceptedSuggestions=suggestions)

    assert told == Told(CARD, "accepted", AT, suggestions=("s-1", "s-2"))


def test_one_call_tells_of_several_cards_and_of_the_same_card_again() -> None:
    later = {"outcome": "accepted", "acceptedSuggestions": [{"id": "s"}]}
    items = [_item(), _item(card=CARD.replace("9", "8")), _item(**later)]

    told = _read({"feedback": items})

    assert [(each.card, each.outcome) for each in told] == [
        (CARD, "overridden"),
        (CARD.replace("9", "8"), "overridden"),
        (CARD, "accepted"),
    ]


# --- what is let be -------------------------------------------------------------------------------------------------


def test_unknown_members_and_extensions_are_let_be_everywhere() -> None:
    more = {"extension": {"org.example": [1.5, None]}, "whatever": "x"}
    reason = {"code": "benefit", "system": HL7, "display": 4, **more}
    item = _item(overrideReason={"reason": reason, **more}, **more)

    told = _read({"feedback": [item], **more})

    assert told == (Told(CARD, "overridden", AT, HL7, "benefit"),)


def test_null_is_a_member_that_was_left_out() -> None:
    item = {**_item(), "acceptedSuggestions": None, "overrideReason": None}

    assert _read({"feedback": [item]}) == (Told(CARD, "overridden", AT),)


def test_an_override_may_bring_an_empty_list_of_suggestions() -> None:
    assert _one(acceptedSuggestions=[]) == Told(CARD, "overridden", AT)


def test_what_belongs_to_the_other_outcome_is_not_kept() -> None:
    suggestions = [{"id": "s"}]
    why = {"reason": {"code": "benefit", "system": HL7}, "userComment": "words"}

    overridden = _one(acceptedSuggestions=suggestions)
    accepted = _one(
        outcome="accepted", acceptedSuggestions=suggestions, overrideReason=why, keeps_comments=True
    )

    assert overridden == Told(CARD, "overridden", AT)
    assert accepted == Told(CARD, "accepted", AT, suggestions=("s",))


def test_a_reason_may_have_no_system() -> None:
    assert _one(overrideReason={"reason": {"code": "benefit"}}).reason_system is None


def test_of_a_member_sent_twice_the_last_counts() -> None:
    body = json.dumps({"feedback": [_item()]}).replace('"card"', '"card": "", "card"')

    assert _read(body.encode()) == (Told(CARD, "overridden", AT),)


@pytest.mark.parametrize(
    "written",
    [
        "2026-06-15T09:30:00.123456789Z",
        "2026-06-15T11:30:00.123+02:00",
        "2026-06-15T11:30:00.123+0200",
        "2026-06-15T00:00:00.123-09:30",
        "2026-06-15t09:30:00.123z",
        "2026-06-15 09:30:00.123Z",
    ],
)
def test_a_time_is_the_same_however_it_is_written(written: str) -> None:
    assert _one(outcomeTimestamp=written).at == AT


def test_the_first_and_the_last_time_that_can_be_written_fit() -> None:
    first, last = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999-12:00"

    years = [round(_one(outcomeTimestamp=each).at / 31_556_952_000) + 1970 for each in (first, last)]

    assert years == [1, 10_000]


# --- what is kept of what the caller can choose ---------------------------------------------------------------------


def test_a_card_is_known_by_its_uuid_in_lower_case() -> None:
    assert _one(card=CARD.upper()).card == CARD


@pytest.mark.parametrize("name", ["Mary Miller, born 1950", "x" * 5000, "a\0b", "\ud800", f"{CARD}\n"])
def test_a_card_by_any_other_name_is_kept_as_a_hash(name: str) -> None:
    kept = _one(card=name).card

    assert len(kept) == 64
    assert set(kept) <= set("0123456789abcdef")
    assert kept == _one(card=name).card


@pytest.mark.parametrize("code", ["Mary Miller", "a" * 65, "b\0", "", " ", "ä", "x\n", "-", "a/b"])
def test_what_does_not_look_like_a_code_is_other(code: str) -> None:
    if code:
        assert _one(overrideReason={"reason": {"code": code, "system": HL7}}).reason == feedback.OTHER
    else:
        assert "reason.code: is empty" in _refusal(
            {"feedback": [_item(overrideReason={"reason": {"code": code}})]}
        )


@pytest.mark.parametrize(
    "system",
    [
        "said Mary Miller",
        "https://ehr.example/reasons?patient=7",
        "https://mary@ehr.example/reasons",
        "https://ehr.example/Mary Miller",
        "https://ehr.example/\0",
        "https://ehr.example/" + "x" * 256,
        "mailto:mary",
    ],
)
def test_what_does_not_look_like_a_code_system_is_other(system: str) -> None:
    reason = {"code": "benefit", "system": system}

    told = _one(overrideReason={"reason": reason})

    assert (told.reason_system, told.reason) == (feedback.OTHER, "benefit")


def test_codes_and_systems_are_kept_as_written() -> None:
    systems = [HL7, "https://legcramps.org/override-reason", "urn:oid:2.16.840.1.113883.6.96"]
    reasons = [{"code": code, "system": system} for code in ("replace-started", "9") for system in systems]

    kept = [_one(overrideReason={"reason": reason}) for reason in reasons]

    assert [{"code": each.reason, "system": each.reason_system} for each in kept] == reasons


def test_only_codes_and_systems_that_were_offered_are_kept() -> None:
    codes = frozenset({"reviewed", "replacement-started"})
    own = "https://legcramps.org/fhir/CodeSystem/override-reason"
    sent = [("reviewed", own), ("too-costly-uncovered", HL7), ("replacement-started", None), (None, None)]
    strange = [("Smith-1950", own), ("reviewed", "https://ehr.example/smith"), ("Smith", "urn:oid:1.2.4711")]

    kept = feedback.listed([_reasoned(*each) for each in (*sent, *strange)], codes)

    assert [(each.reason, each.reason_system) for each in kept] == [
        *sent,
        ("other", own),
        ("reviewed", "other"),
        ("other", "other"),
    ]


def _reasoned(code: str | None, system: str | None) -> Told:
    return Told(CARD, "overridden", AT, reason=code, reason_system=system)


def test_a_comment_is_dropped_unless_the_site_keeps_them() -> None:
    told = _one(overrideReason={"userComment": "Mary Miller prefers quinine"})

    assert told == Told(CARD, "overridden", AT)


def test_a_comment_is_kept_on_one_line_without_control_characters() -> None:
    assert _comment(" takes\0quinine\r\n\x1b[31msince\u202e May \u0007") == "takes quinine [31msince May"


def test_a_comment_is_cut_where_the_column_ends() -> None:
    width = table.c.comment.type
    text = "é" * 5000

    assert repr(width) == "String(length=2000)"
    assert _comment(text) == "é" * 2000


def test_a_comment_of_control_characters_is_none() -> None:
    assert _comment("\0\x01") is None


def test_a_half_character_in_a_comment_does_not_cost_the_outcome() -> None:
    assert _comment("cut \ud83d") == "cut �"


def test_bytes_that_are_no_characters_do_not_cost_the_outcome() -> None:
    body = json.dumps({"feedback": [_item(overrideReason={"userComment": "caf@"})]}).encode()

    [told] = _read(body.replace(b"@", b"\xe9"), keeps_comments=True)

    assert told.comment == "caf�"


def test_a_comment_is_never_printed() -> None:
    told = _one(overrideReason={"userComment": "Mary Miller"}, keeps_comments=True)

    assert "Mary" not in repr(told)


# --- what is refused, and how ---------------------------------------------------------------------------------------

_REFUSED: dict[str, tuple[Any, str]] = {
    "nothing": (b"", "body: is no JSON, or is nested too deep; send a JSON object"),
    "no JSON": (b"feedback", "body: is no JSON"),
    "no characters": (b"\xff\xfe{", "body: is no JSON"),
    "too deep": (
        b'{"feedback":' + b"[" * DEEP + b"]" * DEEP + b"}",
        "body: is no JSON, or is nested too deep",
    ),
    "too deep in what we don't read": (
        b'{"x":' + b'{"y":' * DEEP + b"1" + b"}" * DEEP + b"}",
        "body: is no JSON, or is nested too deep",
    ),
    "a number without end": (b'{"feedback":' + b"9" * 10_000 + b"}", "body: is no JSON"),
    "an array": ([], "body: is not an object"),
    "no feedback": ({}, "feedback: is missing; send an array"),
    "feedback null": ({"feedback": None}, "feedback: is not an array"),
    "feedback an object": ({"feedback": _item()}, "feedback: is not an array"),
    "no outcome at all": ({"feedback": []}, "feedback: is empty"),
    "too many": ({"feedback": [_item()] * 201}, "feedback: has more than the 200 elements that one call may"),
    "a text": (
        {"feedback": [_item(), "x"]},
        "feedback[1]: is not an object; send an array with an object for",
    ),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_a_body_that_is_no_feedback_is_refused(case: str) -> None:
    body, said = _REFUSED[case]

    assert _refusal(body).startswith(said)


_NO_STRINGS: tuple[Any, ...] = (7, 1e400, True, [], {})
_REASON = "overrideReason.reason"
_WRONG: list[tuple[str, JSON, str]] = [
    ("card", {"card": None}, "is missing; send the uuid"),
    ("card", {"card": ""}, "is empty; send the uuid"),
    *(("card", {"card": each}, "is not a string") for each in _NO_STRINGS),
    ("outcome", {"outcome": None}, 'is missing; send "accepted" or "overridden"'),
    *(("outcome", {"outcome": each}, "is no outcome") for each in ("ignored", "Accepted", "", *_NO_STRINGS)),
    ("outcomeTimestamp", {"outcomeTimestamp": None}, "is missing; send when it happened, like 2026"),
    *(("outcomeTimestamp", {"outcomeTimestamp": each}, "is not a string") for each in _NO_STRINGS),
    *(
        ("outcomeTimestamp", {"outcomeTimestamp": each}, "is no time")
        for each in (
            "",
            "yesterday",
            "2026-06-15",
            "2026-06-15T09:30:00",
            "2026-06-15T09:30Z",
            "2026-06-15T25:30:00Z",
            "2026-02-30T09:30:00Z",
            "0000-06-15T09:30:00Z",
            "2026-06-15T09:30:00+99:00",
            "2026-06-15T09:30:00Z\n",
            "٢٠٢٦-06-15T09:30:00Z",
            "1781515800",
            "9" * 5000,
        )
    ),
    ("acceptedSuggestions", {"outcome": "accepted"}, "names no suggestion; send an array"),
    ("acceptedSuggestions", {"outcome": "accepted", "acceptedSuggestions": []}, "names no suggestion"),
    ("acceptedSuggestions", {"acceptedSuggestions": "s"}, "is not an array"),
    ("acceptedSuggestions", {"acceptedSuggestions": [{"id": "s"}] * 51}, "has more than the 50 elements"),
    ("acceptedSuggestions[1]", {"acceptedSuggestions": [{"id": "s"}, "s"]}, "is not an object"),
    ("acceptedSuggestions[0].id", {"acceptedSuggestions": [{}]}, "is missing; send the uuid of the sugg"),
    ("acceptedSuggestions[0].id", {"acceptedSuggestions": [{"id": ""}]}, "is empty"),
    ("acceptedSuggestions[0].id", {"acceptedSuggestions": [{"id": 1}]}, "is not a string"),
    ("overrideReason", {"overrideReason": {}}, "says nothing; send an object with reason, userComment"),
    ("overrideReason", {"overrideReason": {"userComment": " \n"}}, "says nothing"),
    ("overrideReason", {"overrideReason": {"reason": None}}, "says nothing"),
    ("overrideReason", {"overrideReason": "benefit"}, "is not an object"),
    ("overrideReason.userComment", {"overrideReason": {"userComment": 7}}, "is not a string"),
    (_REASON, {"overrideReason": {"reason": "benefit"}}, "is not an object; send a Coding"),
    (f"{_REASON}.code", {"overrideReason": {"reason": {"display": "x"}}}, "is missing"),
    (f"{_REASON}.code", {"overrideReason": {"reason": {"code": 7}}}, "is not a string"),
    (f"{_REASON}.system", {"overrideReason": {"reason": {"code": "a", "system": []}}}, "is not a string"),
]


@pytest.mark.parametrize(("member", "members", "said"), _WRONG)
def test_a_wrong_member_is_told_by_its_path(member: str, members: JSON, said: str) -> None:
    body = {"feedback": [_item(), _item(**members)]}

    assert _refusal(body).startswith(f"feedback[1].{member}: {said}")


def test_an_error_repeats_nothing_that_was_sent() -> None:
    wrong: list[JSON] = [
        {"outcome": "Mary Miller"},
        {"outcomeTimestamp": "Mary Miller"},
        {"overrideReason": {"Mary Miller": 1}},
    ]

    said = [_refusal({"feedback": [_item(**members)], "Mary": 1}) for members in wrong]

    assert not any("Mary" in each for each in said)


def test_reading_a_million_wrong_suggestions_ends_with_the_first() -> None:
    item = json.dumps(_item(outcome="accepted", acceptedSuggestions=["?"]))
    body = f'{{"feedback": [{item}]}}'.replace('"?"', ",".join(["1"] * 1_000_000))

    assert _refusal(body.encode()).startswith("feedback[0].acceptedSuggestions[0]: is not an object")


_ITEM_NAMES = ("card", "outcome", "outcomeTimestamp", "acceptedSuggestions", "overrideReason")
_NAMES = st.sampled_from(
    ["feedback", *_ITEM_NAMES, "id", "reason", "code", "system", "userComment", "extension"]
)
_WORDS = st.sampled_from(["accepted", "overridden", WHEN, CARD, HL7, "benefit"])
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(), inner, max_size=5),
    max_leaves=15,
)
_TEXT = st.text(min_size=1)
_REASONS = st.fixed_dictionaries({"code": _TEXT}, optional={"system": st.text(), "display": _ANY})
_WHYS = st.fixed_dictionaries({"reason": _REASONS}, optional={"userComment": st.text()})
_TYPED = st.fixed_dictionaries(
    {
        "card": st.just(CARD) | _TEXT,
        "outcome": st.sampled_from(["accepted", "overridden"]),
        "outcomeTimestamp": st.just(WHEN),
        "acceptedSuggestions": st.lists(st.fixed_dictionaries({"id": _TEXT}), min_size=1),
        "overrideReason": _WHYS,
    }
)
_BROKEN = st.builds(
    lambda item, name, value: {**item, name: value}, _TYPED, st.sampled_from(_ITEM_NAMES), _ANY
)
_BODIES = _ANY | st.fixed_dictionaries({"feedback": st.lists(_TYPED | _BROKEN, max_size=3)})


def _read_or_refused(body: bytes) -> tuple[Told, ...]:
    try:
        return feedback.read(body, keeps_comments=True)
    except RequestInvalid:
        return ()


def _is_storable(told: Told) -> bool:
    """Whether every value fits its column, in a database that refuses NUL."""
    texts = [told.card, told.reason_system, told.reason, told.comment]
    widths = [64, 256, 64, 2000]
    return all(
        text is None or (len(text) <= width and "\0" not in text and text.encode())
        for text, width in zip(texts, widths, strict=True)
    )


@given(st.text() | _BODIES)
def test_any_json_is_read_or_refused(body: Any) -> None:
    told = _read_or_refused(json.dumps(body).encode())

    assert all(map(_is_storable, told))


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    assert _read_or_refused(body) == ()


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_any_text_is_kept_in_a_form_that_fits(name: str, text: str) -> None:
    why = {"reason": {"code": text or "x", "system": text}, "userComment": text}

    told = _read_or_refused(json.dumps({"feedback": [_item(card=name or "x", overrideReason=why)]}).encode())

    assert [_is_storable(each) for each in told] == [True]


@given(st.datetimes(timezones=st.timezones() | st.just(UTC), min_value=datetime(1900, 1, 1)))  # noqa: DTZ001
def test_any_time_with_an_offset_is_read_to_the_millisecond(moment: datetime) -> None:
    offset = moment.utcoffset() or timedelta()
    if offset % timedelta(minutes=1):  # local mean time has seconds, RFC 3339 has none
        return

    told = _one(outcomeTimestamp=moment.isoformat())

    assert told.at == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_an_outcome_is_kept_whole(database: Database) -> None:
    overridden = Told(CARD, "overridden", AT, HL7, "benefit", comment="as a café asked")
    accepted = Told(CARD, "accepted", AT + 1, suggestions=("s-1", "s-2"))

    with _opened(database) as store:
        new = _insert(store, [overridden, accepted])

    columns = "card, client, outcome, reason_system, reason, suggestions, comment, outcome_at, received_at"
    kept = [tuple(row) for row in database.rows(f"SELECT {columns} FROM feedback ORDER BY outcome_at")]  # noqa: S608
    assert new == 2
    assert kept == [
        (CARD, "north", "overridden", HL7, "benefit", 0, "as a café asked", AT, RECEIVED),
        (CARD, "north", "accepted", None, None, 2, None, AT + 1, RECEIVED),
    ]


def test_the_day_is_that_of_the_site(database: Database) -> None:
    with _opened(database) as store:
        _insert(store, [Told(CARD, "overridden", AT)])

    assert [str(row.received_on) for row in database.rows("SELECT received_on FROM feedback")] == [str(ON)]


def test_the_same_told_again_is_kept_once(database: Database) -> None:
    overridden = Told(CARD, "overridden", AT, HL7, "benefit")
    accepted = Told(CARD, "accepted", AT, suggestions=("s",))

    with _opened(database) as store:
        new = [_insert(store, told) for told in ([overridden, overridden, accepted], [accepted, overridden])]

    assert new == [2, 0]


def test_each_thing_that_differs_makes_another_outcome(database: Database) -> None:
    told = [
        Told(CARD, "overridden", AT),
        Told(CARD.replace("9", "8"), "overridden", AT),
        Told(CARD, "overridden", AT + 1),
        Told(CARD, "overridden", AT, HL7, "benefit"),
        Told(CARD, "overridden", AT, HL7, "handled"),
        Told(CARD, "overridden", AT, None, "benefit"),
        Told(CARD, "accepted", AT, suggestions=("s",)),
        Told(CARD, "accepted", AT, suggestions=("s", "t")),
        Told(CARD, "accepted", AT, suggestions=("st",)),
    ]

    with _opened(database) as store:
        new = [_insert(store, told), _insert(store, told, client="south")]

    assert new == [len(told), len(told)]


def test_a_comment_makes_no_other_outcome(database: Database) -> None:
    with _opened(database) as store:
        new = [_insert(store, [Told(CARD, "overridden", AT, comment=text)]) for text in ("first", "second")]

    assert new == [1, 0]
    assert [row.comment for row in database.rows("SELECT comment FROM feedback")] == ["first"]


def test_nothing_told_is_nothing_new(database: Database) -> None:
    with _opened(database) as store:
        assert _insert(store, []) == 0


def test_whatever_is_read_can_be_kept(database: Database) -> None:
    hostile = ["\0", "\ud800", "x" * 5000, "'; DROP TABLE feedback; --", "�", "\u202e", "-1"]
    whys = [{"reason": {"code": each, "system": each}, "userComment": each} for each in hostile]
    items = [_item(card=each, overrideReason=why) for each, why in zip(hostile, whys, strict=True)]
    accepted = [_item(outcome="accepted", acceptedSuggestions=[{"id": each}]) for each in hostile]
    moments = [
        _item(outcomeTimestamp=each) for each in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00")
    ]
    told = _read({"feedback": [*items, *accepted, *moments]}, keeps_comments=True)

    with _opened(database) as store:
        new = _insert(store, told)

    # a half character and the character that stands for it are the same
    assert (len(told), new) == (16, 14)


def test_calls_that_bring_the_same_at_once_in_any_order_do_not_block_each_other(database: Database) -> None:
    told = [Told(CARD, "overridden", AT + each) for each in range(200)]
    new: list[int] = []

    with _opened(database) as store:
        orders = (told, told[::-1], told, told[::-1])
        threads = [
            Thread(target=lambda order: new.append(_insert(store, order)), args=(each,)) for each in orders
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(new) == len(orders)
    assert sum(new) == len(told)


def test_as_many_as_one_call_may_bring_are_kept_within_the_patience_of_the_store(database: Database) -> None:
    items = [_item(outcomeTimestamp=f"2026-06-15T09:30:00.{each:03}Z") for each in range(200)]
    told = _read({"feedback": items})

    with _opened(database) as store:
        new = _insert(store, told)

    assert new == 200
