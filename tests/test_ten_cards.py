"""The ten example cards that the knowledge base came with, each shown by a story of `fixtures/`."""

import json
import re
from collections.abc import Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_service.frontmatter import read

FIXTURES = Path(__file__).parents[1] / "fixtures"
MAIN, ALSO = "main", "also-consider"
COMMON_REASONS = (
    "reviewed",
    "action-completed",
    "benefit",
    "other-cause",
    "cds-not-applicable",
    "data-wrong",
)
URGENT_REASONS = ("handled", "spurious")
# no card orders a drug to be given up, or knows what the cause is
NEVER = re.compile(
    r"caused by|\bmust\b|\bstop (?:the|taking|this)|\bstopping\b|\bdiscontinue|\blikelihood\b|\d ?% likely",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Example:
    """What one of the ten shows: how urgent, which rows and chain, what it names, offers and never says."""

    number: int
    story: str
    kind: str
    indicator: str
    chain: str | None
    flagged: Set[str]
    names: tuple[str, ...]
    orders: Set[str] = frozenset()
    set_aside: Set[str] = frozenset()
    unsaid: tuple[str, ...] = ()


EXAMPLES = (
    Example(
        1,
        "furosemide-low-potassium",
        MAIN,
        "warning",
        "M1",
        {"D02", "L01", "L02"},
        (
            "Furosemide 40 to 80 mg on 20 Apr 2026",
            "5 May 2026",
            "3.1",
            "0.62",
            "8 Jun 2026",
            "correct magnesium if low, and with it correct potassium",
        ),
        {"Potassium", "Magnesium", "Sodium"},
        unsaid=("ramipril", "quinine"),
    ),
    Example(
        2,
        "thiazide-normal-tests",
        MAIN,
        "info",
        None,
        {"D01"},
        (
            "Indapamide 1.5 mg from 1 Mar 2026",
            "2 Apr 2026",
            "32 days",
            "4.1",
            "139",
            "0.82",
            "20 Apr 2026",
            "diary",
        ),
        unsaid=("low K", "deficien", "replace"),
    ),
    Example(
        3,
        "statin-raised-ck-and-tsh",
        MAIN,
        "warning",
        "M2",
        {"D04", "L06", "L07"},
        (
            "Rosuvastatin 20 mg",
            "20 Mar 2026",
            "25 Apr 2026",
            "1240",
            "6.2 x ULN",
            "14.2",
            "myopathy",
            "weakness",
            "rechallenge",
        ),
        {"CK", "TSH"},
    ),
    Example(
        4,
        "chlortalidone-digoxin-very-low-potassium",
        MAIN,
        "critical",
        "M1",
        {"D01", "L01"},
        (
            "2.3",
            "13 Jun 2026",
            "hlorthalidone 25 mg from 1 Nov 2025",
            "digoxin",
            "confirm that it was acted on",
            "not known whether handled",
        ),
        {"Potassium", "Magnesium", "Sodium", "ECG"},
        unsaid=("stretch", "self-care", "warmth"),
    ),
    Example(
        5,
        "omeprazole-low-magnesium",
        MAIN,
        "warning",
        "M4",
        {"D09", "L02"},
        ("Omeprazole 20 mg", "1 Mar 2025", "1.4", "mg/dL", "2 Jun 2026", "step-down", "kidney"),
        {"Magnesium", "Calcium", "Albumin"},
        unsaid=("low K", "quinine"),
    ),
    Example(
        6,
        "pregnancy-statin-and-quinine",
        MAIN,
        "warning",
        "M12",
        {"C12", "P02", "T01", "D04"},
        ("24 weeks", "Quinine", "20 May 2026", "torvastatin", "2022", "maternity team"),
        {"Full blood count"},
        unsaid=("magnesium", "warmth"),
    ),
    Example(
        7,
        "insulin-night-time-low-glucose",
        MAIN,
        "warning",
        "M3",
        {"D10", "L09"},
        ("glargine 18 to 24 units on 10 May 2026", "18 May 2026", "2.9", "03:10 on 9 Jun 2026", "driving"),
        {"HbA1c"},
        unsaid=("low K", "8.4"),
    ),
    Example(
        8,
        "cirrhosis-two-diuretics-low-sodium",
        MAIN,
        "warning",
        "M7",
        {"C08", "D02", "D03", "L04"},
        (
            "spironolactone 100 mg",
            "urosemide 40 mg",
            "1 Feb 2026",
            "10 Mar 2026",
            "127",
            "9 Jun 2026",
            "irrhosis",
            "liver team",
        ),
        {"Sodium", "Creatinine", "Albumin"},
        unsaid=("quinine", "drink more"),
    ),
    Example(
        9,
        "rest-pain-low-ankle-index",
        MAIN,
        "critical",
        "M13",
        {"C01"},
        (
            "rest pain",
            "12 Jun 2026",
            "0.38",
            "10 Jun 2026",
            "vascular service",
            "Check before treating this as benign cramp",
        ),
        unsaid=("stretch", "warmth", "self-care"),
    ),
    Example(
        10,
        "lesser-factors-only",
        ALSO,
        "info",
        None,
        {"S03", "C13", "D04"},
        (
            "3 lesser factors",
            "1 Mar 2026",
            "33.4",
            "1 May 2026",
            "Atorvastatin",
            "2020",
            "CK is not needed",
            "hamstring stretch",
        ),
        set_aside={"D08", "L01"},
        unsaid=("quinine", "replace", "supplement"),
    ),
)
NUMBERS = [f"card {each.number}" for each in EXAMPLES]
of_each = pytest.mark.parametrize("example", EXAMPLES, ids=NUMBERS)


@cache
def cards_of(story: str) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((FIXTURES / story / "cards.json").read_text("utf-8"))["cards"])


def shown(example: Example) -> dict[str, Any]:
    """The card of the story that is meant: its only one of that kind and chain."""
    [card] = [
        card for card in cards_of(example.story) if (kind(card), chain(card)) == (example.kind, example.chain)
    ]
    return card


def kind(card: dict[str, Any]) -> str:
    return str(card["extension"]["org.legcramps.card"])


def chain(card: dict[str, Any]) -> str | None:
    found: str | None = card["extension"].get("org.legcramps.chain")
    return found


def rows(card: dict[str, Any], *, set_aside: bool = False) -> Set[str]:
    found = card["extension"].get("org.legcramps.findings", ())
    return {each["row"] for each in found if (each["role"] == "set-aside") == set_aside}


def offered_by(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [action["resource"] for each in card.get("suggestions", ()) for action in each["actions"]]


def said(card: dict[str, Any]) -> str:
    return f"{card['summary']}\n{card['detail']}"


def test_each_of_the_ten_has_its_story() -> None:
    numbers = [each.number for each in EXAMPLES]

    titles = {
        read(FIXTURES / each.story / "story.md", FIXTURES).front.take("title").text() for each in EXAMPLES
    }

    assert (numbers, len(titles)) == (list(range(1, 11)), 10)


@of_each
def test_the_card_is_as_urgent_as_the_example_and_rests_on_its_rows(example: Example) -> None:
    card = shown(example)

    told = (card["indicator"], rows(card), rows(card, set_aside=True))

    assert told == (example.indicator, example.flagged, example.set_aside)


@of_each
def test_the_card_names_the_facts_of_the_example(example: Example) -> None:
    text = said(shown(example))

    missing = [each for each in example.names if each not in text]

    assert missing == []


@of_each
def test_the_card_offers_what_the_record_lacks_as_drafts_only(example: Example) -> None:
    offered = offered_by(shown(example))

    assert {each["code"]["text"] for each in offered} == example.orders
    assert {(each["status"], each["intent"]) for each in offered} <= {("draft", "proposal")}
    assert all(coding["system"] and coding["code"] for each in offered for coding in each["code"]["coding"])


@of_each
def test_no_suggestion_is_chosen_beforehand(example: Example) -> None:
    card = shown(example)

    chosen = [each["label"] for each in card.get("suggestions", ()) if each.get("isRecommended")]

    assert chosen == []
    assert card.get("selectionBehavior", "any") == "any"


@of_each
def test_the_card_leaves_unsaid_what_the_example_leaves_unsaid(example: Example) -> None:
    text = said(shown(example)).casefold()

    wrongly_said = [each for each in example.unsaid if each.casefold() in text]

    assert (wrongly_said, NEVER.findall(text)) == ([], [])


@of_each
def test_a_main_fact_of_the_example_is_told_on_one_card_only(example: Example) -> None:
    cards = cards_of(example.story)

    twice = [row for row in example.flagged if sum(row in rows(card) for card in cards) != 1]

    assert twice == []


@of_each
def test_an_urgent_example_asks_for_urgent_tests_and_offers_no_self_care(example: Example) -> None:
    cards = cards_of(example.story)
    is_urgent = example.indicator == "critical"

    priorities = {each.get("priority") == "urgent" for each in offered_by(shown(example))}
    self_care = any("Self-care" in card["detail"] or "self-care" in card["summary"] for card in cards)

    assert priorities <= {is_urgent}
    assert not (is_urgent and self_care)


@of_each
def test_the_card_tells_what_it_rests_on_and_how_to_disagree(example: Example) -> None:
    card = shown(example)

    reasons = tuple(each["code"] for each in card["overrideReasons"])

    assert len(card["summary"]) < 140
    assert "Based on record data up to 15 Jun 2026; not a diagnosis." in card["detail"]
    assert card["source"]["label"].startswith("NLC contributor support, knowledge version ")
    assert card["links"][0]["label"].startswith("Rule sheet")
    assert reasons == COMMON_REASONS + (URGENT_REASONS if example.indicator == "critical" else ())


@of_each
def test_a_main_card_says_how_good_the_evidence_is(example: Example) -> None:
    card = shown(example)

    letters = re.findall(r"[Ee]vidence:? (?:link )?([A-D])\b", card["detail"])

    assert len(letters) == (1 if example.kind == MAIN else len(example.flagged))
