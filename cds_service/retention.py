"""How long what is remembered is kept, and how it goes."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Delete, Select, delete, select

from cds_service.schema import card_lines, cards, feedback, tallies
from cds_service.store import Store

_AT_ONCE = 2000  # rows in one transaction: some milliseconds, so that no answer waits for a purge


class Purged(NamedTuple):
    """How many rows went."""

    cards: int
    feedback: int
    counts: int


def purge(store: Store, before: date) -> Purged:
    """
    Forget the cards issued, the feedback received and the counts of days before one.

    Raises:
        StoreUnavailable: When the database doesn't answer; some may be gone then, the next purge takes the rest.
    """
    return Purged(
        _all(store, lambda connection: _some_cards(connection, before)),
        _all(store, lambda connection: _some_feedback(connection, before)),
        _all(store, lambda connection: _counts(connection, before)),
    )


def purge_some(store: Store, before: date) -> bool:
    """
    Forget a portion of them; whether there was any.

    Raises:
        StoreUnavailable: When the database doesn't answer.
    """
    portions = (_some_cards, _some_feedback, _counts)
    return any(store.do(partial(some, before=before)) for some in portions)


def _all(store: Store, some: Callable[[Connection], int]) -> int:
    total = 0
    while gone := store.do(some):
        total += gone
    return total


def _some_cards(connection: Connection, before: date) -> int:
    """Cards with their lines: SQLite takes none along by itself."""
    old = connection.scalars(_rows(select(cards.c.uuid).where(cards.c.issued_on < before))).all()
    connection.execute(delete(card_lines).where(card_lines.c.card.in_(old)))
    return _gone(connection, delete(cards).where(cards.c.uuid.in_(old)))


def _some_feedback(connection: Connection, before: date) -> int:
    old = connection.scalars(_rows(select(feedback.c.key).where(feedback.c.received_on < before))).all()
    return _gone(connection, delete(feedback).where(feedback.c.key.in_(old)))


def _counts(connection: Connection, before: date) -> int:
    return _gone(connection, delete(tallies).where(tallies.c.day < before))


def _rows(query: Select[Any]) -> Select[Any]:
    # two processes that purge at the same time take different rows
    return query.limit(_AT_ONCE).with_for_update(skip_locked=True)


def _gone(connection: Connection, statement: Delete) -> int:
    return connection.execute(statement).rowcount
