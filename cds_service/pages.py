"""The knowledge as web pages: one for each contributor and chain, the index, and three that hold for all of them."""

import csv
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from cds_service import markup, sheets, tables
from cds_service.errors import KnowledgeInvalid
from cds_service.frontmatter import Document
from cds_service.knowledge import Knowledge
from cds_service.prose import Names, spelt, unit
from cds_service.signatures import Standing, standings

STYLE = "style.css"
_ABOUT = {"limits": "What the service does not do", "source-attributes": "Source attributes"}
_GUARDS = "guards"
_GUARDS_FILE = "guards.md"
_KINDS: Mapping[str, str] = {
    "drug": "Drugs",
    "lab": "Laboratory findings",
    "condition": "Conditions",
    "state": "States and behaviours",
    "safety": "Safety",
    "chain": "Chains: rows that merge into one card",
}
_GRADES: Mapping[str, str] = {
    "A": "guideline, randomised trial or systematic review",
    "B": "observational study with an effect size",
    "C": "case series, label, regulator notice or expert text",
    "D": "popular source only",
}
_GRADED: Mapping[str, str] = {"contributing": "for a link with cramps", "acting": "for acting on the finding"}
_APART = ("Why", "Limits", "History")
_BLANK = re.compile(r"\{([a-z]+)\}")
_ID = re.compile(r"\b(?:[A-Z]\d\d|M\d+[a-z]?)\b")


@dataclass(frozen=True, slots=True)
class Rule:
    """One contributor or chain: *key* is its row or chain id, *standing* says who signed its file."""

    key: str
    label: str
    kind: str
    document: Document
    standing: Standing

    @property
    def front(self) -> Mapping[str, Any]:
        """The front matter as it was read."""
        return dict(self.document.front.value)

    @property
    def letter(self) -> str:
        """The evidence grade for the index: for a link with cramps, else for acting on the finding."""
        grade = self.front.get("grade", {})
        return str(grade.get("contributing") or f"{grade.get('acting', '')} (acting)")

    @property
    def signed(self) -> bool:
        """Whether this content is signed, not an earlier one."""
        return self.standing.state == "signed"


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A value set with how much is in it."""

    id: str
    name: str
    kind: str
    codes: int
    names: int


class Pages:
    """
    Every page of the knowledge, made when it is first asked for and kept.

    *folder* holds `about/` and the value sets; *base_url* is the address under which others reach the service.

    Raises:
        KnowledgeInvalid: When a text of `about/` is missing.
    """

    def __init__(self, knowledge: Knowledge, folder: Path, base_url: str) -> None:
        self.home = f"{urlsplit(base_url).path.rstrip('/')}/knowledge"
        self._knowledge = knowledge
        self._folder = folder
        self._about = {name: _read(folder / "about" / f"{name}.md") for name in _ABOUT}
        self._made: dict[str, str] = {}

    def canonical(self, name: str) -> str | None:
        """The name of the one page that a row, chain id or file id leads to, in capitals or not; None for no page."""
        return self._names.get(name.casefold())

    def text(self, name: str) -> str:
        """The file behind a page (its canonical name) as its reviewers read it."""
        if name in self._about:
            return self._filled(self._about[name])
        return self._documents[_GUARDS_FILE].text if name == _GUARDS else self._rules[name].document.text

    def html(self, name: str) -> str:
        """A page by its canonical name, "" for the index."""
        if name not in self._made:
            self._made[name] = self._page(name)
        return self._made[name]

    def index(self) -> tuple[str, ...]:
        """The canonical names of all pages but the index."""
        return (*sorted(self._rules), _GUARDS, *_ABOUT)

    @property
    def style(self) -> str:
        """The style sheet of all pages."""
        return markup.render(STYLE)

    # --- what is there ------------------------------------------------------------------------------------------

    @cached_property
    def _documents(self) -> Mapping[str, Document]:
        """By the file's name."""
        return {each.name: each for each in self._knowledge.documents}

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        """By row or chain id, in the order of the ids."""
        found = standings(self._knowledge.documents, self._knowledge.approvals)
        rules = [_rule(each, self._documents[each.name]) for each in found]
        return {each.key: each for each in sorted(rules, key=lambda each: _place(each.key))}

    @cached_property
    def _names(self) -> Mapping[str, str]:
        files = {each.standing.id.casefold(): each.key for each in self._rules.values()}
        rows = {key.casefold(): key for key in self._rules}
        return {**files, **rows, **{name: name for name in (_GUARDS, *_ABOUT)}}

    @cached_property
    def _value_sets(self) -> Mapping[str, ValueSet]:
        return _value_sets(self._folder / "value_sets", self._knowledge.names)

    @cached_property
    def _plain(self) -> Names:
        """What every id reads as."""
        analytes = {name: each.label for name, each in self._knowledge.analytes.items()}
        rules = {key: f"{key} ({each.label})" for key, each in self._rules.items()}
        sets = {name: each.name for name, each in self._value_sets.items()}
        return Names({**sets, **analytes, **rules})

    # --- pages --------------------------------------------------------------------------------------------------

    def _page(self, name: str) -> str:
        if not name:
            return self._render("index.html", groups=self._groups())
        if name in self._about:
            return self._render("about.html", title=_ABOUT[name], body=markup.html(self.text(name)))
        if name == _GUARDS:
            return self._guards(self._documents[_GUARDS_FILE])
        return self._sheet(self._rules[name])

    def _filled(self, text: str) -> str:
        """A text of `about/` with what it leaves to be counted."""
        rules = self._rules.values()
        known = {
            "version": self._knowledge.version,
            "rules": str(len(rules)),
            "signed": str(sum(each.signed for each in rules))
            if any(each.signed for each in rules)
            else "None",
        }
        return _BLANK.sub(lambda blank: known.get(blank[1], blank[0]), text)

    def _render(self, template: str, **values: Any) -> str:
        return markup.render(
            template, home=self.home, version=self._knowledge.version, linked=self._linked, **values
        )

    def _groups(self) -> list[tuple[str, list[Rule]]]:
        kinds = {each.kind for each in self._rules.values()}
        order = [*_KINDS, *sorted(kinds - set(_KINDS))]
        return [
            (
                _KINDS.get(kind, kind.capitalize()),
                [each for each in self._rules.values() if each.kind == kind],
            )
            for kind in order
            if kind in kinds
        ]

    def _guards(self, document: Document) -> str:
        return self._render(
            "guards.html",
            sections=sheets.guards(document.front.value, self._plain),
            why=markup.html(_section(document, "Why")),
            asides=[each for each in self._rules.values() if "set_aside" in each.front],
        )

    def _sheet(self, rule: Rule) -> str:
        front = rule.front
        analytes = tables.named(front, set(self._knowledge.analytes))
        return self._render(
            "rule.html",
            rule=rule,
            kind=_KINDS.get(rule.kind, rule.kind.capitalize()),
            grades=[
                (_GRADED.get(what, what), letter, _GRADES.get(letter, ""))
                for what, letter in front.get("grade", {}).items()
            ],
            sections=sheets.sections(front, self._plain),
            thresholds=tables.limits(front, self._plain),
            unit=unit,
            analytes=[(self._knowledge.analytes[name], self._why(name)) for name in analytes],
            words=[(title, markup.html(text)) for title, text in _said(rule.document)],
            **{each.casefold(): markup.html(_section(rule.document, each)) for each in _APART},
            cited=[self._knowledge.references[key] for key in front.get("cites", ())],
            value_sets=[self._value_sets[name] for name in tables.named(front, set(self._value_sets))],
            chains=[each for each in self._rules.values() if rule.key in _rows_of(each)],
            review=self._knowledge.review_by,
        )

    def _why(self, analyte: str) -> Markup:
        """What the analyte's own file says of its limits and units."""
        document = self._documents.get(f"labs/{self._knowledge.analytes[analyte].name}.md")
        return markup.html(_section(document, "Why")) if document else Markup()

    def _linked(self, text: str) -> Markup:
        """The text, with a link from each row and chain id that has a page."""

        def link(found: re.Match[str]) -> str:
            if found[0] not in self._rules:
                return found[0]
            return Markup('<a href="{}/{}">{}</a>').format(self.home, found[0], found[0])

        return Markup(_ID.sub(link, markup.text(text)))  # noqa: S704  # escaped text; only links are put in


def prefers_text(accept: str) -> bool:
    """Whether an Accept header asks for Markdown or plain text by name, and for HTML less."""
    wanted = dict(map(_quality, accept.lower().split(",")))
    text = max(wanted.get("text/markdown", 0), wanted.get("text/plain", 0))
    return text > wanted.get("text/html", 0)


def _quality(accepted: str) -> tuple[str, float]:
    media, *parameters = (each.strip() for each in accepted.split(";"))
    written = next((each[2:] for each in parameters if each.startswith("q=")), "1")
    return media, float(written) if re.fullmatch(r"[01](\.\d{0,3})?", written) else 0


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise KnowledgeInvalid(f"about/{path.name}", "the file can't be read") from None


def _rule(standing: Standing, document: Document) -> Rule:
    front = document.front.value
    kind = front.get("kind", standing.name.partition("/")[0].removesuffix("s"))
    return Rule(standing.rule or standing.id, front.get("label", standing.id), kind, document, standing)


def _place(key: str) -> tuple[str, int, str]:
    """D02 before D10, M2 before M10."""
    number = re.search(r"\d+", key)
    return (key[:1], int(number[0]) if number else 0, key)


def _rows_of(rule: Rule) -> set[str]:
    """The rows that a chain needs or takes along."""
    if rule.kind != "chain":
        return set()
    return set(_ID.findall(str([rule.front.get("needs"), rule.front.get("joins")])))


def _said(document: Document) -> list[tuple[str, str]]:
    return [(title, text) for title, text in document.sections.items() if title not in _APART]


def _section(document: Document, title: str) -> str:
    """One section with its lines and paragraphs as they stand in the file; "" where there is none."""
    found = re.search(rf"^# {title}[ \t]*\n(.*?)(?=^# |\Z)", document.text, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def _value_sets(folder: Path, names: Mapping[str, str]) -> dict[str, ValueSet]:
    """Drug classes and concepts, counted as they stand in the files."""
    found = {}
    for kind, words in (("drugs", "drug class"), ("diagnoses", "diagnosis")):
        codes: dict[str, set[tuple[str, str]]] = defaultdict(set)
        texts: dict[str, set[str]] = defaultdict(set)
        for path in (folder / kind).rglob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if row["system"]:
                        codes[path.stem] |= {(row["system"], code) for code in row["code"].split(";")}
                    else:
                        texts[path.stem].add(row["display"])
        for name in sorted({*codes, *texts} - {"_none"}):
            read = names.get(name, spelt(name))
            found[name] = ValueSet(name, read, words, len(codes[name]), len(texts[name]))
    return found
