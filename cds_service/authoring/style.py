"""House style of the knowledge files: what no loader can decide, so that a person looks at it (CARDS B6)."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from cds_service.authoring.edits import leaves
from cds_service.authoring.examples import Examples
from cds_service.authoring.sentences import sentences
from cds_service.errors import Problem
from cds_service.frontmatter import Document
from cds_service.knowledge import Knowledge
from cds_service.wording import SUMMARY

OPTIONS = 25  # words: a card has 80 for everything
_NEAR = Decimal("0.25")  # of a number: closer than that, two numbers mean the same limit
_IGNORED = ("History",)
_INSTEAD: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), write)
    for pattern, write in (
        (r"\bthe patients? should\b", "name an option: `consider …`, `review whether …`"),
        (
            r"\b(?:you|clinicians?|doctors?|prescribers?) (?:should|ha(?:s|ve) to|needs? to)\b",
            "name an option",
        ),
        (r"\bshould be (?:stopped|withdrawn|discontinued)\b", "write `review whether it is still needed`"),
        (r"\b(?:stop taking|discontinue[sd]?)\b", "write `review whether it is still needed`"),
        (r"\bcaused by\b", "write `possible contributor` or `may be explained by`"),
        (
            r"\b\d+ ?% (?:likely|probab\w+|chance)\b",
            "the literature supports no likelihood: give the effect size",
        ),
    )
)
_ASSERTED = re.compile(r"\bcaus(?:es?|ing)\b[^.;:]{0,40}\bcramps?\b", re.IGNORECASE)
_HEDGED = re.compile(
    r"\b(?:can|may|might|could|possibl[ey]|perhaps|sometimes|rarely|whether|if|not|no|never|seldom|unclear)\b",
    re.IGNORECASE,
)
_NUMBER = r"\d+(?:\.\d+)?"
_BOUND = re.compile(
    rf"\b(?P<word>below|above|under|over|at most|at least) (?P<number>{_NUMBER})(?![\d.]*(?: ?%| times))"
    r"(?:\s+(?P<unit>\S+))?"
)
_WINDOWS = ("day", "days", "week", "weeks")


def remarks(known: Knowledge, examples: Examples) -> Iterator[Problem]:
    """Everything that a person should look at, file by file."""
    for document in known.documents:
        yield from _wording(document)
        if isinstance(document.front.value, dict) and "grade" in document.front.value:
            yield from _lengths(document, examples)
            yield from _limits(document)
            yield from _effect_size(document)
            yield from _citations(document, known)


# --- words ------------------------------------------------------------------------------------------------------


def _wording(document: Document) -> Iterator[Problem]:
    for where, text in _texts(document):
        for pattern, write in _INSTEAD:
            if found := pattern.search(text):
                yield Problem(where, f"`{found[0]}`", write)
        for sentence in re.split(r"(?<=[.;:])\s", text):
            if (found := _ASSERTED.search(sentence)) and not _HEDGED.search(sentence):
                yield Problem(
                    where, f"`{found[0]}` is not hedged", "write `may contribute to`, or say in whom"
                )


def _texts(document: Document) -> Iterator[tuple[str, str]]:
    """Every text in words, with the place that the loader would name."""
    for where, text in leaves(document.front.value):
        if text.count(" ") > 1:
            yield f"{document.name}: {where}", text
    for title, text in document.sections.items():
        if title not in _IGNORED:
            yield f"{document.name}: # {title}", text


def _lengths(document: Document, examples: Examples) -> Iterator[Problem]:
    for each in sentences(document, examples):
        where = f"{document.name}: {each.where}"
        if each.where.startswith("# Summary") and len(each.filled) > SUMMARY:
            what = f"{len(each.filled)} characters when filled; a summary has at most {SUMMARY}"
            yield Problem(where, what, f"shorten: `{each.filled}`")
        if each.where.startswith("# Options") and (count := len(each.written.split())) > OPTIONS:
            yield Problem(
                where, f"{count} words; options have at most {OPTIONS}", "keep the most useful ones"
            )


# --- numbers ----------------------------------------------------------------------------------------------------


def _limits(document: Document) -> Iterator[Problem]:
    """
    A bound told in Limits that is near one of the front matter's, and none of them: one of the two was changed alone.

    Numbers far from all of them are about something else.
    """
    amounts, where = _amounts(document), f"{document.name}: # Limits"
    only = next(iter(amounts.values())) if len(amounts) == 1 else frozenset()
    for found in _BOUND.finditer(document.sections.get("Limits", "")):
        number, unit = found["number"], (found["unit"] or "").rstrip(".,;:)")
        told, written = f"{found['word']} {number}", amounts.get(unit, frozenset())
        if written:
            told = f"{told} {unit}"
        elif "." in number and "/" not in unit:  # "moderate below 3.0", where all limits have one unit
            written = only
        if _is_off(Decimal(number), written):
            listed = ", ".join(map(str, sorted(written)))
            yield Problem(where, f"`{told}` is in no trigger of this file", f"the triggers say {listed}")


def _is_off(number: Decimal, written: frozenset[Decimal]) -> bool:
    return number not in written and any(abs(each - number) <= each * _NEAR for each in written)


def _amounts(document: Document) -> Mapping[str, frozenset[Decimal]]:
    """The numbers of the front matter by their unit, as written ("mmol/L"); windows of days are none."""
    found: dict[str, set[Decimal]] = {}
    for _, text in leaves(document.front.value):
        if (match := re.fullmatch(rf"({_NUMBER}) (\S+)", text)) and match[2] not in _WINDOWS:
            found.setdefault(match[2], set()).add(Decimal(match[1]))
    return {unit: frozenset(numbers) for unit, numbers in found.items()}


# --- evidence ---------------------------------------------------------------------------------------------------


def _effect_size(document: Document) -> Iterator[Problem]:
    """Grades A and B rest on studies, whose result belongs on the page of the row; safety rows rest on labels."""
    front = document.front.value
    grade = front["grade"].get("contributing") if front.get("kind") not in (None, "safety") else None
    told = f"{document.sections.get('Why', '')} {document.sections.get('Limits', '')}"
    if grade in ("A", "B") and not re.search(r"\d", told):
        yield Problem(
            f"{document.name}: # Why",
            f"graded {grade}, and no effect size is given",
            "give the ratio or the share",
        )


def _citations(document: Document, known: Knowledge) -> Iterator[Problem]:
    cites = document.front.value.get("cites", [])
    for place, key in enumerate(cites):
        reference = known.references.get(key)
        if reference is not None and reference.checked == "not seen":
            where = f"{document.name}: cites[{place}]"
            yield Problem(where, f"nobody has seen {key}", "open the source, then say so in references.json")
