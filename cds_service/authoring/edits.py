"""What was edited between two states of the knowledge files, key by key."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cds_service.frontmatter import Document
from cds_service.knowledge import Knowledge
from cds_service.signatures import rule_of

_LONGEST = 60  # characters of a text that is quoted
State = Literal["changed", "new", "gone"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One file: its row or chain ("" for files that speak for none), and *what* changed in it, a line each."""

    name: str
    rule: str
    state: State
    what: tuple[str, ...]


def edits(before: Knowledge, old: Path, after: Knowledge, new: Path) -> tuple[Edit, ...]:
    """The files that differ: the knowledge read from the folder *old*, and that read from *new*."""
    was = {each.name: each for each in before.documents}
    now = {each.name: each for each in after.documents}
    documents = (_document(was.get(name), now.get(name)) for name in sorted({*was, *now}))
    others = (_references(old, new), _value_sets(old, new))
    return tuple(each for each in (*documents, *others) if each is not None)


def _document(old: Document | None, new: Document | None) -> Edit | None:
    document = new or old
    if document is None or (old and new and old.text == new.text):
        return None
    if old is None or new is None:
        return Edit(document.name, rule_of(document), "new" if old is None else "gone", ())
    keys = _differences(dict(leaves(old.front.value)), dict(leaves(new.front.value)))
    titles = dict.fromkeys((*old.sections, *new.sections))
    texts = (_section(title, old.sections.get(title), new.sections.get(title)) for title in titles)
    return Edit(new.name, rule_of(new), "changed", (*keys, *(each for each in texts if each)))


def _section(title: str, old: str | None, new: str | None) -> str:
    if old == new:
        return ""
    return f"# {title} is {'new' if old is None else 'gone' if new is None else 'reworded'}"


def leaves(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each text of the front matter by the path that the loader would name."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{where}: {key}" if where else str(key))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from leaves(each, f"{where}[{place}]")
    else:
        yield where, str(value)


def _differences(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    for where in dict.fromkeys((*old, *new)):
        if where not in new:
            yield f"{where}: {_short(old[where])} is gone"
        elif where not in old:
            yield f"{where}: {_short(new[where])} is new"
        elif old[where] != new[where]:
            yield f"{where}: {_short(old[where])} → {_short(new[where])}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _references(old: Path, new: Path) -> Edit | None:
    was, now = (_entries(folder / "references.json") for folder in (old, new))
    keys = sorted(key for key in {*was, *now} if was.get(key) != now.get(key))
    return Edit("references.json", "", "changed", (f"citations: {', '.join(keys)}",)) if keys else None


def _entries(path: Path) -> dict[str, Any]:
    return {each["id"]: each for each in json.loads(path.read_text("utf-8"))}


def _value_sets(old: Path, new: Path) -> Edit | None:
    was, now = (dict(_digests(folder / "value_sets")) for folder in (old, new))
    names = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
    return Edit("value_sets", "", "changed", (_listed(names),)) if names else None


def _digests(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*.csv"):
        yield path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).digest()


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    return f"codes: {', '.join(found[:4])}{more}"
