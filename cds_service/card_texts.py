"""The sections of a knowledge file that cards quote: which there may be, and what may be filled in."""

import re
from collections.abc import Iterable
from string import Formatter

from cds_service.errors import KnowledgeInvalid
from cds_service.frontmatter import Document
from cds_service.knowledge import Chain, Contributor, Need, Subject

SAID = ("Summary", "Finding", "Options", "Line")
BESIDE = "Beside"  # what must be said of a chain that is told on another one's card
UNSAID = ("Why", "Limits")
HISTORY = "History"
NO_VALUE = "no value"  # a chain that formed without any laboratory value
VARIANTS = ("critical", "repeat", "confirm", "history", "safety", "coded", "draft", "draft, critical")
_ANY = frozenset({"fact", "dated"})  # the leading fact and its date, whatever it is
_DRUG = frozenset({"drug", "drugs", "timing", "since"})
_RESULT = frozenset({"value", "values", "taken_on"})
_DIAGNOSIS = frozenset({"diagnosis", "recorded_on"})
_SUPPLIED = {"exposure": _DRUG, "latest": _RESULT, "readings": _RESULT, "diagnosis": _DIAGNOSIS}
# Cards offer "review", never an instruction (CARDS B6)
_FORBIDDEN = re.compile(r"\b(caused by|must|stop taking|stop the|stop this|discontinue)\b", re.IGNORECASE)


def contributor_texts(document: Document, subjects: Iterable[Subject], *, has_flags: bool) -> dict[str, str]:
    """
    The sections of a contributor's file.

    Raises:
        KnowledgeInvalid: If a heading is missing or unknown, a word is forbidden, or a placeholder is not supplied.
    """
    kinds = [_SUPPLIED[each.kind] for each in subjects]
    supplied = frozenset.intersection(*kinds) if kinds else frozenset()
    for title, text, where in _said(document, is_chain=False):
        variant = title.partition("(")[2].rstrip(")")
        if variant == "coded":
            known = _DIAGNOSIS
        elif has_flags and variant in ("critical", "confirm", "history"):
            known = supplied & _DIAGNOSIS if variant == "critical" and supplied >= _RESULT else _DIAGNOSIS
        else:
            known = supplied
        check_placeholders(text, where, known | _ANY)
    needed = set(SAID) | set(UNSAID) if kinds or has_flags else set(UNSAID)
    _check_missing(document, needed)
    return dict(document.sections)


def chain_texts(document: Document) -> dict[str, str]:
    """
    The sections of a chain's file; what may be filled in is checked once all rows are known.

    Raises:
        KnowledgeInvalid: If a heading is missing or unknown, or a word is forbidden.
    """
    list(_said(document, is_chain=True))
    _check_missing(document, {"Summary", "Finding", "Options", *UNSAID})
    return dict(document.sections)


def check_chain_placeholders(document: Document, chain: Chain, rows: dict[str, Contributor]) -> None:
    """
    Check that every way in which the chain forms supplies what its texts fill in.

    Raises:
        KnowledgeInvalid: If one does not.
    """
    ways = [frozenset().union(*(_by_need(need, rows) for need in needs)) for needs in chain.alternatives]
    supplied = frozenset.intersection(*ways) | _ANY
    for title, text, where in _said(document, is_chain=True):
        # an urgent chain is urgent by a value, or by a coded threat that is worded as a fact
        has_value = title.endswith(("(critical)", "(repeat)")) or f"{title} ({NO_VALUE})" in document.sections
        more = _RESULT if has_value else frozenset()
        if title == BESIDE:
            check_placeholders(text, where, frozenset())
            continue
        check_placeholders(text, where, supplied | more)


def _by_need(need: Need, rows: dict[str, Contributor]) -> frozenset[str]:
    """What any of the need's rows supplies for certain."""
    if need.taking:
        return frozenset()
    kinds = [[_SUPPLIED[each.kind] for each in rows[row].subjects] for row in need.rows]
    if need.flag:
        return _DIAGNOSIS
    return frozenset.intersection(*(kind for each in kinds for kind in each)) if all(kinds) else frozenset()


def said_as_is(text: str, where: str, supplied: frozenset[str] = frozenset()) -> str:
    """
    A sentence of front matter that cards may show, and what it may fill in.

    Raises:
        KnowledgeInvalid: If it instructs, asserts a cause, or fills in anything else.
    """
    check_placeholders(text, where, supplied)
    return harmless(text, where)


def harmless(text: str, where: str) -> str:
    """
    A text that cards may show.

    Raises:
        KnowledgeInvalid: If it instructs or asserts a cause.
    """
    if found := _FORBIDDEN.search(text):
        raise KnowledgeInvalid(where, f"cards never say `{found[0]}`", "offer a review, name a possibility")
    return text


def _said(document: Document, *, is_chain: bool) -> Iterable[tuple[str, str, str]]:
    """Title, text and place of each section that cards may show."""
    allowed = {
        *SAID,
        *UNSAID,
        HISTORY,
        *((BESIDE, *(f"{title} ({NO_VALUE})" for title in SAID)) if is_chain else ()),
        *(f"{title} ({variant})" for title in SAID for variant in VARIANTS),
    }
    for title, text in document.sections.items():
        where = f"{document.name}: # {title}"
        if title not in allowed:
            raise KnowledgeInvalid(where, "no such heading", f"the headings are {', '.join(sorted(allowed))}")
        if title not in (*UNSAID, HISTORY):
            yield title, harmless(text, where), where


def _check_missing(document: Document, needed: set[str]) -> None:
    if missing := sorted(needed - set(document.sections)):
        raise KnowledgeInvalid(
            document.name, f"the heading `# {missing[0]}` is missing", f"add `# {missing[0]}`"
        )


def check_placeholders(text: str, where: str, supplied: frozenset[str]) -> None:
    """
    Check what a text fills in.

    Raises:
        KnowledgeInvalid: If it is not supplied, or is written in another way than {drug}.
    """
    try:
        found = [part[1:] for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        raise KnowledgeInvalid(where, "a brace is not closed", "write placeholders like {drug}") from None
    for name, spec, conversion in found:
        if spec or conversion:
            raise KnowledgeInvalid(where, f"{{{name}}} has something beside its name", f"write {{{name}}}")
        if name not in supplied:
            there = ", ".join(sorted(supplied)) or "nothing"
            raise KnowledgeInvalid(where, f"{{{name}}} is not supplied here", f"there is {there}")
