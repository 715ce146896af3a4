"""What the store's tables hold of a span of days, grouped by the database: a year of a hospital in a second."""

# Weeks are told apart by comparing with their Mondays: the two databases have no calendar in common.

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    case,
    distinct,
    func,
    literal,
    select,
)

from cds_service.opened import service_id
from cds_service.schema import Kind, card_lines, cards, feedback, tallies

_WEEK = timedelta(days=7)


class Days(NamedTuple):
    """The days from *first* to *last*, both included."""

    first: date
    last: date

    @property
    def weeks(self) -> tuple[date, ...]:
        """The Mondays of its ISO weeks, the first and last of which may be cut off."""
        begun = monday(self.first)
        return tuple(begun + place * _WEEK for place in range((self.last - begun).days // 7 + 1))


def monday(day: date) -> date:
    """The day on which its ISO week begins."""
    return day - timedelta(days=day.weekday())


class Answers(NamedTuple):
    """How many answers to one client on one day: *name* is "cards", or the reason of an empty one."""

    day: date
    client: str
    name: str
    number: int


class Spoke(NamedTuple):
    """How often a rule triggered or faded (*kind*)."""

    week: date
    client: str
    kind: str
    rule: str
    number: int


class Cards(NamedTuple):
    """
    How many cards told a rule, by their newest outcome: accepted, overridden (for a *reason*) or None.

    *suggestions* is how many of these cards' were accepted, as often as clients told it. A card of several rules is
    counted for each; the last two count it for its first rule only.
    """

    week: date
    client: str
    rule: str
    is_silent: bool
    outcome: str | None
    reason: str | None
    number: int
    suggestions: int
    cards: int
    suggestions_of_cards: int


class Critical(NamedTuple):
    """How many answers had a critical card."""

    week: date
    client: str
    is_silent: bool
    number: int


class Repeated(NamedTuple):
    """How many cards told a rule with facts with which it had been shown for the same patient."""

    week: date
    client: str
    rule: str
    number: int


class Unknown(NamedTuple):
    """How many cards clients told an outcome of that were never shown to that client, as far as the store knows."""

    week: date
    client: str
    number: int


def answers(connection: Connection, span: Days) -> Iterator[Answers]:
    """All answers, empty or not."""
    yield from _by_day(connection, span, Kind.ANSWER)


def reports(connection: Connection, span: Days) -> Iterator[Answers]:
    """The answers for patients with a report of cramps."""
    yield from _by_day(connection, span, Kind.REPORTED)


def _by_day(connection: Connection, span: Days, kind: Kind) -> Iterator[Answers]:
    of = (tallies.c.day, tallies.c.client, tallies.c.name)
    counted = select(*of, tallies.c.count).where(tallies.c.kind == kind, tallies.c.day.between(*span))
    yield from map(Answers._make, connection.execute(counted.order_by(*of)))


def spoke(connection: Connection, span: Days) -> Iterator[Spoke]:
    """Rules that triggered and faded."""
    each = (
        select(_place(tallies.c.day, span), tallies.c.client, tallies.c.kind, tallies.c.name, tallies.c.count)
        .where(tallies.c.kind.in_(("triggered", "faded")), tallies.c.day.between(*span))
        .subquery()
    )
    of = (each.c.week, each.c.client, each.c.kind, each.c.name)
    weeks = span.weeks
    for row in connection.execute(select(*of, func.sum(each.c.count)).group_by(*of)):
        yield Spoke(weeks[row[0]], *row[1:4], int(row[4]))


def issued(connection: Connection, span: Days) -> Iterator[Cards]:
    """Cards, shown and not."""
    told = _newest(span)
    each = (
        select(
            *(_place(cards.c.issued_on, span), cards.c.client, card_lines.c.rule, cards.c.is_silent),
            *(told.c.outcome, told.c.reason, told.c.suggestions),
            and_(card_lines.c.place == 0, _is_of_chart).label("is_first"),
        )
        .join(card_lines, card_lines.c.card == cards.c.uuid)
        .outerjoin(told, told.c.card == cards.c.uuid)
        .where(cards.c.issued_on.between(*span), card_lines.c.is_part.is_(False))
        .subquery()
    )
    of = (each.c.week, each.c.client, each.c.rule, each.c.is_silent, each.c.outcome, each.c.reason)
    first = case((each.c.is_first, 1), else_=0)
    sums = (each.c.suggestions, first, first * each.c.suggestions)
    counted = select(*of, func.count(), *(func.coalesce(func.sum(number), 0) for number in sums)).group_by(
        *of
    )
    weeks = span.weeks
    for row in connection.execute(counted):
        yield Cards._make((weeks[row[0]], *row[1:7], *map(int, row[7:])))


def _newest(span: Days) -> Subquery:
    """
    The newest outcome of each card that has one, as fading takes it: by the client's clock, ours where that is ahead.

    What was accepted of it earlier stays accepted: an order that was placed is not taken back by closing the card.
    """
    newest_first = (
        case(
            (feedback.c.outcome_at < feedback.c.received_at, feedback.c.outcome_at),
            else_=feedback.c.received_at,
        ).desc(),
        feedback.c.received_at.desc(),
        feedback.c.outcome,
        feedback.c.key,
    )
    place = func.row_number().over(partition_by=feedback.c.card, order_by=newest_first)
    suggestions = func.sum(feedback.c.suggestions).over(partition_by=feedback.c.card)
    told = (
        select(
            feedback.c.card,
            feedback.c.outcome,
            feedback.c.reason,
            place.label("place"),
            suggestions.label("suggestions"),
        )
        .join(cards, _is_of)
        .where(cards.c.issued_on.between(*span))
        .subquery()
    )
    return select(told).where(told.c.place == 1).subquery()


# Orders being signed are no charts that are opened: their cards count for their rule only.
_is_of_chart = cards.c.service == service_id("patient-view")
_is_of = and_(
    cards.c.uuid == feedback.c.card, cards.c.client == feedback.c.client, cards.c.is_silent.is_(False)
)


def critical(connection: Connection, span: Days) -> Iterator[Critical]:
    """Answers with a critical card. The cards of one answer have all of this in common."""
    answer = (cards.c.client, cards.c.is_silent, cards.c.patient, cards.c.user, cards.c.issued_at)
    each = (
        select(_place(cards.c.issued_on, span), *answer)
        .where(cards.c.indicator == "critical", _is_of_chart, cards.c.issued_on.between(*span))
        .distinct()
        .subquery()
    )
    of = (each.c.week, each.c.client, each.c.is_silent)
    weeks = span.weeks
    for row in connection.execute(select(*of, func.count()).group_by(*of)):
        yield Critical(weeks[row[0]], *row[1:])


def repeated(connection: Connection, span: Days) -> Iterator[Repeated]:
    """
    Cards that repeat a rule and its facts; all that the store still has is looked at, not only the span.

    After a change of the keys of the hashes nothing is known to be the same as before.
    """
    same = (cards.c.patient, card_lines.c.rule, card_lines.c.facts)
    time = func.row_number().over(partition_by=same, order_by=(cards.c.issued_at, cards.c.uuid))
    each = (
        select(
            _place(cards.c.issued_on, span),
            cards.c.client,
            card_lines.c.rule,
            cards.c.uuid,
            cards.c.issued_on,
            time.label("time"),
        )
        .join(card_lines, card_lines.c.card == cards.c.uuid)
        .where(
            cards.c.is_silent.is_(False),
            cards.c.issued_on <= span.last,
            card_lines.c.is_part.is_(False),
        )
        .subquery()
    )
    of = (each.c.week, each.c.client, each.c.rule)
    again = select(*of, func.count(distinct(each.c.uuid))).where(
        each.c.time > 1, each.c.issued_on >= span.first
    )
    weeks = span.weeks
    for row in connection.execute(again.group_by(*of)):
        yield Repeated(weeks[row[0]], *row[1:])


def unknown(connection: Connection, span: Days) -> Iterator[Unknown]:
    """Cards that are none of that client's: old ones, wrong names, those of somebody else; in the week last told."""
    told = (
        select(feedback.c.client, feedback.c.card, func.max(feedback.c.received_on).label("day"))
        .outerjoin(cards, _is_of)
        .where(cards.c.uuid.is_(None), feedback.c.received_on.between(*span))
        .group_by(feedback.c.client, feedback.c.card)
        .subquery()
    )
    each = select(_place(told.c.day, span), told.c.client).subquery()
    of = (each.c.week, each.c.client)
    weeks = span.weeks
    for row in connection.execute(select(*of, func.count()).group_by(*of)):
        yield Unknown(weeks[row[0]], *row[1:])


def _place(day: ColumnElement[date], span: Days) -> ColumnElement[int]:
    """Which week a day of the span is in, from 0."""
    return _among(day, list(enumerate(span.weeks))).label("week")


def _among(day: ColumnElement[date], weeks: Sequence[tuple[int, date]]) -> ColumnElement[int]:
    """By halves: a year's weeks, one after the other, take most of the time that all the rest takes."""
    if len(weeks) == 1:
        return literal(weeks[0][0])
    half = len(weeks) // 2
    return case((day < weeks[half][1], _among(day, weeks[:half])), else_=_among(day, weeks[half:]))
