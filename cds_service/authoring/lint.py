"""`legcramps cards lint`: what in the knowledge files is not understood, and what a careful reader would query."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from cds_service import start
from cds_service.authoring import style
from cds_service.authoring.edits import leaves
from cds_service.authoring.examples import Examples
from cds_service.errors import KnowledgeInvalid, Problem
from cds_service.frontmatter import read
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.signatures import standings

_FEW = 12  # words that a message may list; beyond that only those that come close
_NOT_ONE_OF = re.compile(r"`([^`]*)` is not one of (.+)")
_LEFT_OVER = re.compile(r"not understood: (.+)")
_HEADINGS = re.compile(r"the headings are (.+)")
_TITLE = re.compile(r": # (.+)$")
_KEY = re.compile(r"([a-z_]+)(?:\[\d+\])*$")


@dataclass(frozen=True, slots=True)
class Report:
    """What is wrong, what a person should look at, and one line that tells how the folder stands."""

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    summary: str


def lint(settings: Settings, today: date) -> Report:
    """Load the files as the service would, unsigned ones too; where they load, look at their style."""
    settings = settings.model_copy(update={"profile": "demo"})
    try:
        known = start.knowledge(settings)
    except KnowledgeInvalid as error:
        words = _keys(settings.cards)
        found = tuple(_with_remedy(each, words) for each in error.problems)
        return Report(
            found, (), f"{len(found)} problem{'s' if len(found) > 1 else ''}: the service would not start"
        )
    examples = Examples(known, settings.cards / "value_sets" / "drugs")
    return Report((), tuple(style.remarks(known, examples)), _summary(known, today))


def _summary(known: Knowledge, today: date) -> str:
    """ "66 files understood, 12 signed, 54 unsigned, 0 with review overdue"."""
    states = [each.state for each in standings(known.documents, known.approvals)]
    signed = states.count("signed")
    overdue = len(known.documents) if known.review_by is not None and known.review_by < today else 0
    told = f"{len(known.documents)} files understood, {signed} signed, {len(states) - signed} unsigned"
    changed = states.count("changed")
    changed_told = f" ({changed} changed since)" if changed else ""
    return f"{told}{changed_told}, {overdue} with review overdue"


# --- what to write instead --------------------------------------------------------------------------------------


def _with_remedy(problem: Problem, keys: frozenset[str]) -> Problem:
    """The problem with the nearest word that would be understood; a long list of words is cut to that."""
    if unknown := _NOT_ONE_OF.fullmatch(problem.what):
        word, allowed = unknown[1], unknown[2].split(", ")
        what = (
            problem.what
            if len(allowed) <= _FEW
            else f"`{word}` is none of the {len(allowed)} names known here"
        )
        return replace(problem, what=what, write=_meant([word], allowed) or problem.write)
    if left := _LEFT_OVER.fullmatch(problem.what):
        return replace(problem, write=_meant(left[1].split(", "), keys) or problem.write)
    headings, title = _HEADINGS.search(f"{problem.what}; {problem.write}"), _TITLE.search(problem.where)
    if headings and title:
        meant = _meant([title[1]], headings[1].split(", "), "# ")
        return replace(problem, write=meant or problem.write)
    return problem


def _meant(words: Iterable[str], allowed: Iterable[str], before: str = "") -> str:
    """ "did you mean `low_potassium`?"; "" when nothing comes close."""
    among = {each.casefold(): each for each in allowed}
    close = [among[each] for word in words for each in get_close_matches(word.casefold(), among, 2, 0.6)]
    named = " or ".join(f"`{before}{each}`" for each in dict.fromkeys(close))
    return f"did you mean {named}?" if named else ""


def _keys(folder: Path) -> frozenset[str]:
    """The words that the front matter of readable files uses more than once: what an author may have meant."""
    counted: dict[str, int] = {}
    for key in _all_keys(folder):
        counted[key] = counted.get(key, 0) + 1
    return frozenset(key for key, count in counted.items() if count > 1)


def _all_keys(folder: Path) -> Iterator[str]:
    for path in folder.glob("*/*.md"):
        try:
            document = read(path, folder)
        except KnowledgeInvalid:
            continue
        keys = (part for where, _ in leaves(document.front.value) for part in where.split(": "))
        yield from {match[1] for key in keys if (match := _KEY.match(key))}
