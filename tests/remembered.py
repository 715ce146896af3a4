"""What the store's tables hold, said in words: opens, cards, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert

from cds_service.figures import Figures, figures
from cds_service.schema import card_lines, cards, feedback, tallies
from cds_service.store import Store
from tests.databases import Database

MONDAY = date(2026, 6, 1)  # of 2026-W23
SUNDAY = date(2026, 6, 14)  # of 2026-W24


@dataclass
class Remembered:
    """Rows, as the service writes them; everything that is not said is the usual: one patient each, one day."""

    cards: list[dict[str, Any]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    tallies: list[dict[str, Any]] = field(default_factory=list)

    def card(
        self,
        *rules: str,
        on: date = MONDAY,
        client: str = "ward",
        patient: str = "",
        facts: str = "",
        indicator: str = "info",
        is_silent: bool = False,
        second: int = 0,
    ) -> str:
        """A card with these rules, shown unless the client is silent; its uuid."""
        uuid = f"{len(self.cards):08x}-0000-4000-8000-000000000000"
        whose = _mark(patient or uuid)
        self.cards.append(
            {
                "uuid": uuid,
                "client": client,
                "service": "nocturnal-leg-cramps",
                "kind": "main" if len(rules) == 1 else "also-consider",
                "indicator": indicator,
                "issued_on": on,
                "issued_at": on.toordinal() * 86400 + second,
                "is_silent": is_silent,
                "role": "Practitioner",
                "key": "first",
                "patient": whose,
                "user": _mark("reader"),
                "reports": whose[:8],
            }
        )
        self.lines += [
            {
                "card": uuid,
                "place": place,
                "rule": rule,
                "level": "info",
                "facts": _mark(facts)[:8],
                "is_part": False,
            }
            for place, rule in enumerate(rules)
        ]
        return uuid

    def shown(self, rule: str, times: int, **said: Any) -> list[str]:
        """So many cards of one rule, each of another patient."""
        return [self.card(rule, **said) for _ in range(times)]

    def accepted(self, card: str, *, suggestions: int = 1, **said: Any) -> None:
        """What the client told of the card."""
        self._told(card, {"outcome": "accepted", "reason": None, "suggestions": suggestions}, **said)

    def overridden(self, *named: str, reason: str | None = None, **said: Any) -> None:
        """The same, of each of the cards."""
        for card in named:
            self._told(card, {"outcome": "overridden", "reason": reason, "suggestions": 0}, **said)

    def _told(
        self,
        card: str,
        what: dict[str, Any],
        *,
        at: int = 0,
        received: int = 10**15,
        on: date = MONDAY,
        client: str = "ward",
    ) -> None:
        self.feedback.append(
            {
                **what,
                "key": sha256(str(len(self.feedback)).encode()).digest(),
                "card": card,
                "client": client,
                "reason_system": None,
                "comment": None,
                "outcome_at": at,
                "received_on": on,
                "received_at": received,
            }
        )

    def counted(
        self, kind: str, name: str, count: int, *, on: date = MONDAY, client: str = "ward"
    ) -> "Remembered":
        """A tally: an answer, a rule that triggered or faded, a signal."""
        self.tallies.append({"day": on, "client": client, "kind": kind, "name": name, "count": count})
        return self

    def figures(
        self, database: Database, *, first: date = MONDAY, last: date = SUNDAY, floor: int = 1
    ) -> Figures:
        """What is counted of it; a floor of 1 masks nothing."""
        self.into(database)
        with database.connection() as connection:
            return figures(connection, first, last, floor)

    def into(self, database: Database) -> None:
        """Put all of it into an empty database."""
        Store.open(database.url).close()
        with database.connection() as connection:
            self.write(connection)

    def write(self, connection: Connection) -> None:
        """Put all of it into the tables."""
        rows: Sequence[tuple[Any, list[dict[str, Any]]]] = (
            (cards, self.cards),
            (card_lines, self.lines),
            (feedback, self.feedback),
            (tallies, self.tallies),
        )
        for table, those in rows:
            if those:
                connection.execute(insert(table), those)


def _mark(text: str) -> bytes:
    return sha256(text.encode()).digest()
