"""What the service answers for a patient of the builder, by row: for tests that ask about one contributor or chain."""

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache
from typing import Any

from cds_service.advise import Advice, Site, advise
from cds_service.contributors import load
from cds_service.hooks import Card, decode
from tests.patients import CARDS, APatient

_BASE = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Answer:
    """One answer of the service, with the cards as they go out."""

    advice: Advice

    @property
    def cards(self) -> tuple[Card, ...]:
        return self.advice.cards

    @property
    def silence(self) -> str | None:
        return self.advice.silence

    @property
    def rows(self) -> Mapping[str, tuple[str, str]]:
        """Row -> (role, card kind): {"D01": ("contributor", "main")}."""
        return {
            found["row"]: (found["role"], _kind(card)) for card in self.cards for found in _findings(card)
        }

    @property
    def flagged(self) -> Set[str]:
        """The rows that outside checkers count: all but those set aside."""
        return frozenset(row for row, (role, _) in self.rows.items() if role != "set-aside")

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains, in the order of their cards."""
        return tuple(chain for card in self.cards if (chain := card.extension.get("org.legcramps.chain")))

    @property
    def suggested(self) -> Set[str]:
        """Every test that some card offers to draft, by the text of its order: "Potassium"."""
        return frozenset(test for card in self.cards for test in tests_of(card))

    def role(self, row: str) -> str | None:
        """None: the row is not on any card."""
        return self.rows.get(row, (None, None))[0]

    def place(self, row: str) -> tuple[str, str] | None:
        """(role, card kind), None when the row is on no card."""
        return self.rows.get(row)

    def card_of(self, row: str) -> Card:
        """The card that carries the row; a test that expects it fails with what is there instead."""
        found = [card for card in self.cards if any(each["row"] == row for each in _findings(card))]
        assert len(found) == 1, f"{row} is on {len(found)} cards; there are {dict(self.rows)}"
        return found[0]

    def detail(self, row: str) -> str:
        """The Markdown of the row's card."""
        return self.card_of(row).detail or ""

    def summary(self, row: str) -> str:
        return self.card_of(row).summary

    def indicator(self, row: str) -> str | None:
        """The indicator of the row's card; None when the row is flagged nowhere."""
        return self.card_of(row).indicator if row in self.flagged else None

    def chain_of(self, row: str) -> str | None:
        """The chain of the row's card."""
        return self.card_of(row).extension.get("org.legcramps.chain") if row in self.rows else None

    def sources(self, row: str) -> tuple[str, ...]:
        """The entries that the row rests on."""
        return tuple(
            name for found in _findings(self.card_of(row)) if found["row"] == row for name in found["sources"]
        )

    def kinds(self) -> tuple[str, ...]:
        """Card by card: "main", "also-consider", "data"."""
        return tuple(map(_kind, self.cards))

    def data_lines(self) -> tuple[str, ...]:
        """What the `data` card tells; () when there is none."""
        details = (card.detail or "" for card in self.cards if _kind(card) == "data")
        return tuple(line[2:] for detail in details for line in detail.splitlines() if line.startswith("- "))

    @property
    def printed(self) -> str:
        """Every summary and detail, for what must or must not be said anywhere."""
        return "\n".join(f"{card.summary}\n{card.detail}" for card in self.cards)


def answer(patient: APatient, *, cut_off: Iterable[str] = ()) -> Answer:
    """What a client gets when this patient's chart is opened; *cut_off* names the lists that go on unread."""
    body = patient.request()
    for key in cut_off:
        body["prefetch"][key]["link"] = [{"relation": "next", "url": f"https://fhir.example/next/{key}"}]
    request = decode(json.dumps(body).encode(), "patient-view")
    return Answer(advise(request, site(), patient.today))


def tests_of(card: Card) -> Set[str]:
    """The tests that one card offers to draft."""
    return frozenset(action.resource["code"]["text"] for each in card.suggestions for action in each.actions)


@cache
def site() -> Site:
    """The site of these tests: our own cards, unsigned ones shown."""
    return Site.of(load(CARDS, "demo"), _BASE)


def _findings(card: Card) -> list[dict[str, Any]]:
    return list(card.extension.get("org.legcramps.findings", []))


def _kind(card: Card) -> str:
    return str(card.extension["org.legcramps.card"])
