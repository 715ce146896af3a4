"""The citations of the rules in `cards/`."""

import json
import re
from pathlib import Path
from typing import Any

from cds_service.errors import KnowledgeInvalid, Problem
from cds_service.frontmatter import Node
from cds_service.knowledge import Reference

CHECKED = ("seen", "partly", "not seen")
_OTHERS = "others"  # as an author: there are more than are named
# what an identifier looks like, where it leads, and how it is written; the first that an entry has is its link
_IDENTIFIERS = {
    "URL": (re.compile(r"https?://\S+"), "{}", "https://www.fda.gov/drugs"),
    "DOI": (re.compile(r"10\.\d{4,9}/\S+"), "https://doi.org/{}", "10.1001/archinternmed.2011.1029"),
    "PMID": (re.compile(r"[1-9]\d{0,8}"), "https://pubmed.ncbi.nlm.nih.gov/{}/", "22157068"),
    "PMCID": (re.compile(r"PMC[1-9]\d*"), "https://www.ncbi.nlm.nih.gov/pmc/articles/{}/", "PMC4880116"),
}


def references(path: Path) -> dict[str, Reference]:
    """
    CSL-JSON; `title-short` is the label on cards, `URL`, `DOI`, `PMID` or `PMCID` the link.

    `note` tells what was read, `custom: {"checked": …}` how far: "seen", "partly" or "not seen".

    Raises:
        KnowledgeInvalid: If the file can't be read or an entry is not understood; names each such entry.
    """
    found: dict[str, Reference] = {}
    problems: list[Problem] = []
    for entry in _entries(path):
        try:
            made = _reference(entry, path.name)
            if made.key in found:
                raise KnowledgeInvalid(
                    f"{path.name}: {made.key}: id", "is there twice", "keep one of the two"
                )
            found[made.key] = made
        except KnowledgeInvalid as problem:
            problems += problem.problems
    if problems:
        raise KnowledgeInvalid.of(problems)
    return found


def _entries(path: Path) -> tuple[Node, ...]:
    """The members of the file's list; numbers stay as they are written."""
    try:
        loaded = json.loads(
            path.read_text("utf-8"), parse_int=str, parse_float=str, object_pairs_hook=_no_key_twice
        )
    except (OSError, ValueError, RecursionError):
        problem = "the file is not readable as JSON in which no key is there twice"
        raise KnowledgeInvalid(path.name, problem) from None
    return Node(loaded, path.name).items()


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError
    return made


def _reference(entry: Node, file: str) -> Reference:
    key = _needed(entry, "id", "a key as GARRISON2012")
    entry.where = f"{file}: {key}"
    _needed(entry, "type", "one of CSL's types, as article-journal or webpage")
    label = _needed(entry, "title-short", "the label on a card's link, as Garrison 2012")
    note = _needed(entry, "note", "what of it was read, as: abstract read")
    checked, citation, url = _checked(entry), _citation(entry), _link(entry)
    entry.done()
    return Reference(key, label, url, citation, checked, note)


def _needed(entry: Node, name: str, write: str) -> str:
    node = entry.maybe(name)
    if node is None:
        raise KnowledgeInvalid(f"{entry.where}: {name}", "is missing", f"write {write}")
    return _words(node)


def _words(node: Node) -> str:
    """A text on one line: it goes into links and lists."""
    text = node.text()
    if " ".join(text.split()) != text:
        raise node.invalid("holds line breaks or blanks that are not needed", "write it on one line")
    return text


def _said(entry: Node, name: str) -> str:
    node = entry.maybe(name)
    return _words(node) if node else ""


def _checked(entry: Node) -> str:
    custom = entry.maybe("custom")
    write = "write one of {}".format(", ".join(f'"{each}"' for each in CHECKED))
    if custom is None:
        raise KnowledgeInvalid(f"{entry.where}: custom", "does not say how far it was checked", write)
    node = custom.maybe("checked")
    custom.done()
    if node is None or node.value not in CHECKED:
        raise KnowledgeInvalid(f"{custom.where}: checked", "is not how far it was checked", write)
    return str(node.value)


def _link(entry: Node) -> str:
    """Where it can be read; "" when no identifier of it is known."""
    links = []
    for name, (shape, link, example) in _IDENTIFIERS.items():
        node = entry.maybe(name)
        if node is None:
            continue
        if not shape.fullmatch(node.text()):
            raise node.invalid(f"`{node.value}` does not look like one", f"write it as {example}")
        links.append(link.format(node.value))
    return links[0] if links else ""


# --- one line of plain text -------------------------------------------------------------------------------------


def _citation(entry: Node) -> str:
    """Authors, title, container with year, volume and pages; what is not known is left out."""
    authors = _authors(entry)
    title = _needed(entry, "title", "the title of the paper or page")
    return " ".join(_sentence(each) for each in (authors, title, _place(entry)) if each)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _authors(entry: Node) -> str:
    node = entry.maybe("author")
    names = [_author(each) for each in node.items()] if node else []
    if len(names) > 1 and names[-1] == _OTHERS:
        return f"{', '.join(names[:-1])} and {_OTHERS}"
    return ", ".join(names)


def _author(node: Node) -> str:
    name = _said(node, "literal") or f"{_said(node, 'family')} {_said(node, 'given')}".strip()
    node.done()
    if not name:
        raise node.invalid(
            "names nobody", 'write {"family": "Garrison", "given": "SR"} or {"literal": "FDA"}'
        )
    return name


def _place(entry: Node) -> str:
    """ "Arch Intern Med 2012;172:120-126"."""
    names = ("container-title", "volume", "issue", "page")
    container, volume, issue, page = (_said(entry, name) for name in names)
    number = volume + (f"({issue})" if issue else "")
    head = " ".join(part for part in (container, _years(entry)) if part)
    return head + (f";{number}" if number else "") + (f":{page}" if page else "")


def _years(entry: Node) -> str:
    """ "2012", or "2010-2017" for a series; "" when undated."""
    issued = entry.maybe("issued")
    if issued is None:
        return ""
    years = [_year(each) for each in issued.take("date-parts").items()]
    issued.done()
    return "-".join(dict.fromkeys(years))


def _year(date: Node) -> str:
    parts = date.texts() if isinstance(date.value, list) else ()
    if not parts or len(parts[0]) != 4 or not all(each.isdecimal() for each in parts):
        raise date.invalid("is no date", "write [2012], [2012, 6] or [2012, 6, 15]")
    return parts[0]


# --- signatures -------------------------------------------------------------------------------------------------
