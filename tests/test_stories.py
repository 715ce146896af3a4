"""Every story of `fixtures/` through HTTP: its request gives its cards, on its own day and on any other."""

import json
import re
import runpy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.app import DEMO_STORY
from cds_service.frontmatter import read

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"
TOOL = runpy.run_path(str(ROOT / "tools" / "write_stories.py"))
STORIES: tuple[str, ...] = TOOL["names"]()
OTHER_DAYS = (date(2026, 8, 30), date(2028, 2, 29), date(2033, 1, 3))
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
WRITTEN = re.compile(r"\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}\b")


@pytest.fixture(scope="module")
def service() -> Any:
    return TOOL["Service"]()


def cards_of(story: str) -> Any:
    return json.loads((FIXTURES / story / "cards.json").read_text("utf-8"))


def told(answer: Any) -> list[tuple[Any, ...]]:
    """What a card says apart from its dates and counts of days."""
    return [
        (
            card["indicator"],
            card["extension"]["org.legcramps.card"],
            card["extension"].get("org.legcramps.chain"),
            card["extension"].get("org.legcramps.findings"),
            [suggestion["label"] for suggestion in card.get("suggestions", ())],
            WRITTEN.sub("a day", card["summary"]),
            WRITTEN.sub("a day", card["detail"]),
        )
        for card in answer["cards"]
    ]


@pytest.mark.parametrize("story", STORIES)
def test_a_story_gives_its_cards(story: str, service: Any) -> None:
    request = (FIXTURES / story / "request.json").read_bytes()

    answer = service.answer(request, TOOL["written_for"](story))

    assert answer == cards_of(story)
    assert UUID.search(json.dumps(answer)) is None


@pytest.mark.parametrize("today", OTHER_DAYS, ids=str)
@pytest.mark.parametrize("story", STORIES)
def test_a_story_never_grows_old(story: str, today: date, service: Any) -> None:
    """Served on another day and sent back, the same is said with the dates of that day."""
    own_day = service.answer((FIXTURES / story / "request.json").read_bytes(), TOOL["written_for"](story))

    answer = service.answer(service.built_in(story, today), today)

    assert told(answer) == told(own_day)


def test_the_dates_on_a_card_move_with_the_day(service: Any) -> None:
    today = TOOL["written_for"](DEMO_STORY) + timedelta(days=16)

    answer = service.answer(service.built_in(DEMO_STORY, today), today)

    detail = answer["cards"][0]["detail"]
    assert "on 6 May 2026; cramps from 21 May 2026" in detail
    assert "up to 1 Jul 2026" in detail


@pytest.mark.parametrize("story", STORIES)
def test_a_story_is_told_as_given_when_then(story: str) -> None:
    document = read(FIXTURES / story / "story.md", FIXTURES)

    title, today = document.front.take("title").text(), document.front.take("today").text()

    assert date.fromisoformat(today)
    assert 10 <= len(title) <= 90
    assert list(document.sections) == ["Given", "When", "Then"]
    assert all(len(text.split()) >= 6 for text in document.sections.values())


@pytest.mark.parametrize("story", STORIES)
def test_a_story_has_its_three_files_and_no_other(story: str) -> None:
    files = {path.name for path in (FIXTURES / story).iterdir()}

    assert files == {"story.md", "request.json", "cards.json"}


# DECISIONS, Cards: words of a card's detail, characters of its summary
_WORDS = {"main": 80, "also-consider": 110}


@pytest.mark.parametrize("story", STORIES)
def test_no_card_of_a_story_is_longer_than_its_budget(story: str) -> None:
    cards = cards_of(story)["cards"]

    lengths = [
        (card["extension"]["org.legcramps.card"], len(card["detail"].split()), len(card["summary"]))
        for card in cards
    ]

    assert [each for each in lengths if each[1] > _WORDS.get(each[0], 80) or each[2] > 139] == []


def test_every_folder_is_a_story() -> None:
    folders = {path.name for path in FIXTURES.iterdir() if path.is_dir()}

    assert (folders, len(folders) >= 14) == (set(STORIES), True)


def test_the_stories_show_every_kind_of_answer() -> None:
    answers = [cards_of(story)["cards"] for story in STORIES]
    cards = [card for answer in answers for card in answer]
    found = [each for card in cards for each in card["extension"].get("org.legcramps.findings", ())]

    assert {card["indicator"] for card in cards} == {"info", "warning", "critical"}
    assert {card["extension"]["org.legcramps.card"] for card in cards} == {"main", "also-consider", "data"}
    assert {each["role"] for each in found} >= {"contributor", "safety", "set-aside"}
    assert [] in answers
