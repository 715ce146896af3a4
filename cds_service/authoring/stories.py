"""The built-in patients of `fixtures/`, and what the service answers for each on the day it was written for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cds_service import charts, demo, hooks
from cds_service.advise import Site, advise
from cds_service.errors import CdsError, KnowledgeInvalid
from cds_service.frontmatter import read
from cds_service.hooks import Card


@dataclass(frozen=True, slots=True)
class Story:
    """One built-in patient: what is *given*, and the hook request of that *day*."""

    name: str
    title: str
    given: str
    day: date
    request: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """The answer for one patient; *silence* says why there are no cards, or why the request was refused."""

    cards: tuple[Card, ...]
    silence: str


def stories(folder: Path) -> tuple[Story, ...]:
    """
    Every built-in patient, in alphabetical order.

    Raises:
        KnowledgeInvalid: If a `story.md` lacks its title, its day or what is given.
    """
    return tuple(_story(folder, path.parent.name) for path in sorted(folder.glob("*/story.md")))


def _story(folder: Path, name: str) -> Story:
    document = read(folder / name / "story.md", folder)
    title, today = document.front.take("title").text(), document.front.take("today").text()
    try:
        day = date.fromisoformat(today)
        request = demo.request(folder, name, day)
    except ValueError:
        raise KnowledgeInvalid(f"{document.name}: today", "a day is written 2026-06-15") from None
    if request is None:
        raise KnowledgeInvalid(
            document.name, "there is no `request.json` beside it, or its name has capitals"
        )
    return Story(name, title, document.sections.get("Given", ""), day, request.encode())


def answers(told: Iterable[Story], site: Site) -> dict[str, Told]:
    """What the service says for each patient, by the story's name."""
    return {each.name: answer(each, site) for each in told}


def answer(story: Story, site: Site) -> Told:
    """The cards for one patient; a refused request has none."""
    try:
        advice = advise(hooks.decode(story.request, charts.HOOK), site, story.day)
    except CdsError as error:
        return Told((), f"refused: {error}")
    return Told(advice.cards, advice.silence or "")
