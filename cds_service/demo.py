"""Built-in patients: requests written for one day, moved so that they never grow old."""

import re
from datetime import date, timedelta
from pathlib import Path

_LONGEST = 80  # characters; a file system refuses longer names with an error of its own
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_WRITTEN_FOR = re.compile(r"\A---\n(?:[^\n]*\n)*?today: *[\"']?(\d{4}-\d\d-\d\d)")
_FULL_DATE = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\d-])")


_TITLE = re.compile(r"\A---\n(?:[^\n]*\n)*?title: *([^\n]+)")


def stories(folder: Path) -> list[dict[str, str]]:
    """The built-in patients in the order of their names: *name* for `request`, and the story's *title*."""
    found = ((each.parent.name, _TITLE.match(each.read_text("utf-8"))) for each in folder.glob("*/story.md"))
    return [{"name": name, "title": title[1] if title else name} for name, title in sorted(found)]


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
