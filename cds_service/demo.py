"""Built-in patients: requests written for one day, moved so that they never grow old."""

import re
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

_LONGEST = 80  # characters; a file system refuses longer names with an error of its own
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WRITTEN_FOR = re.compile(r"\A---\n(?:[^\n]*\n)*?today: *[\"']?(\d{4}-\d\d-\d\d)")
_FULL_DATE = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\d-])")
_TITLE = re.compile(r"\A---\n(?:[^\n]*\n)*?title: *([^\n]+)")


class Story(NamedTuple):
    """A built-in patient: *name* is what `request` knows it by, *title* what a person reads."""

    name: str
    title: str


@cache
def stories(folder: Path) -> tuple[Story, ...]:
    """The built-in patients in the order of their names; read once, they don't change while the service runs."""
    return tuple(sorted(Story(each.parent.name, _title(each)) for each in folder.glob("*/story.md")))


def _title(story: Path) -> str:
    found = _TITLE.match(story.read_text("utf-8"))
    return found[1] if found else story.parent.name


def request(folder: Path, story: str, today: date) -> str | None:
    """
    The hook request of a story, dated as if its day were *today*; None when there is no such story.

    `story.md` says in its front matter for which day the request was written.
    """
    if len(story) > _LONGEST or not _NAME.fullmatch(story) or not (folder / story / "request.json").is_file():
        return None
    written_for = _WRITTEN_FOR.match((folder / story / "story.md").read_text("utf-8"))
    if written_for is None:
        raise ValueError(f"fixtures/{story}/story.md does not say its `today`")
    body = (folder / story / "request.json").read_text("utf-8")
    return moved(body, today - date.fromisoformat(written_for[1]))


def moved(body: str, by: timedelta) -> str:
    """*body* with every full date moved, times of day kept; partial dates stay."""

    def move(written: re.Match[str]) -> str:
        try:
            return (date.fromisoformat(written[0]) + by).isoformat()
        except (ValueError, OverflowError):
            return written[0]

    return _FULL_DATE.sub(move, body)
