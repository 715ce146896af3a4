"""`cards/` -> Knowledge; refuses what it doesn't understand."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from string import Formatter

from cds_service import lab_files, prefetch, references
from cds_service.errors import KnowledgeInvalid
from cds_service.facts import TimeClass
from cds_service.frontmatter import Document, Node, read
from cds_service.knowledge import (
    Chain,
    Contributor,
    Guards,
    Knowledge,
    Need,
    OrderGroup,
    Reference,
    Remark,
    SelfCare,
    Subject,
)
from cds_service.quantity import decimal
from cds_service.terminology import ValueSets
from cds_service.truth import Criterion
from cds_service.vocabulary import Vocabulary, criterion

LEVELS = ("critical", "warning", "info", "also_consider")
GRADES = frozenset("ABCD")
KINDS = ("drug", "lab", "condition", "state", "safety")
_ROW = re.compile(r"[A-Z]\d\d")
_CHAIN = re.compile(r"M(\d+)(b?)")
_SAID = ("Summary", "Finding", "Options", "Line")
_BESIDE = "Beside"  # what must be said of a chain that is told on another one's card
_UNSAID = ("Why", "Limits")
_VARIANTS = ("critical", "repeat", "history", "safety", "coded")
_PLACEHOLDERS = {
    "exposure": frozenset({"drug", "drugs", "timing", "since"}),
    "latest": frozenset({"value", "values", "taken_on"}),
    "readings": frozenset({"value", "taken_on"}),
    "diagnosis": frozenset({"diagnosis", "recorded_on"}),
    "chain": frozenset({"drugs", "timing", "values", "taken_on"}),
}
# Cards offer "review", never an instruction (CARDS B6)
_FORBIDDEN = re.compile(r"\b(caused by|must|stop taking|stop the|stop this|discontinue)\b", re.IGNORECASE)


def load(
    folder: Path, profile: str, code_map: Path | None = None, asks: prefetch.Asks = prefetch.USUAL
) -> Knowledge:
    """
    Load and check every file of the knowledge folder, and the map of a site's own codes.

    In the profile "demo" unsigned files speak too; in any other only files whose present content is signed.

    Raises:
        KnowledgeInvalid: If anything is not understood; names the file and the key's path.
    """
    value_sets = ValueSets.load(folder / "value_sets", code_map)
    analytes = lab_files.analytes(_documents(folder, "labs"), value_sets)
    words = Vocabulary(value_sets, analytes)
    cited = references.references(folder / "references.json")
    files = _Files(words, cited, references.approvals(folder))
    rules, merged = _documents(folder, "contributors"), _documents(folder, "chains")
    contributors = tuple(files.contributor(document) for document in rules)
    chains = tuple(files.chain(document) for document in merged)
    _check_rows(contributors)
    for document, chain in zip(merged, chains, strict=True):
        _check_chain(document, chain, contributors, chains)
    pages = {each.id: document.text for document, each in zip(rules, contributors, strict=True)}
    pages |= {each.row: document.text for document, each in zip(rules, contributors, strict=True)}
    pages |= {each.id: document.text for document, each in zip(merged, chains, strict=True)}
    judged = {name: analyte for name, analyte in analytes.items() if name in words.named}
    guards = _guards(read(folder / "guards.md", folder), words)
    is_demo = profile == "demo"
    version, names = _about(read(folder / "knowledge.md", folder), words)
    return Knowledge(
        version=version,
        contributors=tuple(each for each in contributors if each.signed or is_demo),
        chains=tuple(each for each in chains if each.signed or is_demo),
        analytes=analytes,
        judged=judged,
        references=cited,
        guards=guards,
        value_sets=value_sets,
        reads=frozenset(words.named),
        prefetch=prefetch.queries(value_sets, analytes.values(), asks),
        pages=pages,
        names=names,
        is_demo=is_demo,
    )


def _documents(folder: Path, kind: str) -> list[Document]:
    return [read(path, folder) for path in sorted((folder / kind).glob("*.md"))]


def _about(document: Document, words: Vocabulary) -> tuple[str, dict[str, str]]:
    """The version, and names of concepts in plain words."""
    front = document.front
    version, names = front.take("version").text(), front.take("names")
    for key in names.names():
        if key not in words.value_sets.concepts:
            raise names.invalid(f"`{key}` has no value set")
    found = {key: names.take(key).text() for key in names.names()}
    front.done()
    return version, found


# --- contributors and chains ------------------------------------------------------------------------------------


class _Files:
    """Reads contributors and chains against one vocabulary, one list of references and one list of approvals."""

    def __init__(
        self, words: Vocabulary, references: Mapping[str, Reference], approved: Mapping[str, str]
    ) -> None:
        self._words = words
        self._references = references
        self._approved = approved

    def contributor(self, document: Document) -> Contributor:
        front = document.front
        identity = Path(document.name).stem
        kind = front.take("kind").one_of(KINDS)
        subject = self._subject(front.take("subject"))
        digest = _digest(document)
        about = self._about(subject)
        made = Contributor(
            row=_matching(front.take("row"), _ROW, "D02"),
            id=identity,
            kind=kind,
            role="safety" if kind == "safety" else "contributor",
            label=front.take("label").text(),
            grades=_grades(front.take("grade")),
            cites=self._cites(front.take("cites")),
            subject=subject,
            when=about._levels(front.take("when")),
            critical_range=about._maybe(front, "critical_range"),
            coded=self._words.concepts(each) if (each := front.maybe("coded")) else (),
            safety=about._levels(each) if (each := front.maybe("safety")) else (),
            context=about._maybe(front, "context"),
            on_its_own=about._maybe(front, "on_its_own"),
            set_aside=about._remarks(front.maybe("set_aside")),
            washout=each.days() if (each := front.maybe("washout")) else 30,
            potency=_potency(each) if (each := front.maybe("potency")) else {},
            explains=_rows(front.maybe("explains")),
            explained_by=self._classes(front.maybe("explained_by")),
            replaced_by=self._classes(front.maybe("replaced_by")),
            shows=tuple(self._words.analyte(each) for each in _members(front.maybe("shows"))),
            indications=self._words.concepts(each) if (each := front.maybe("indications")) else (),
            remarks=about._remarks(front.maybe("remarks")),
            suggest=about._suggest(front.maybe("suggest")),
            texts=_texts(document, subject.kind),
            digest=digest,
            signed=self._approved.get(identity) == digest,
        )
        front.done()
        return made

    def chain(self, document: Document) -> Chain:
        front = document.front
        identity = _matching(front.take("chain"), _CHAIN, "M1")
        match = _CHAIN.fullmatch(identity)
        digest = _digest(document)
        made = Chain(
            id=identity,
            place=(int(match[1]), match[2]) if match else (0, ""),
            label=front.take("label").text(),
            grades=_grades(front.take("grade")),
            cites=self._cites(front.take("cites")),
            alternatives=_alternatives(front.take("needs")),
            joins=_rows(front.maybe("joins")),
            suggest=self._suggest(front.maybe("suggest")),
            texts=_texts(document, "chain"),
            digest=digest,
            signed=self._approved.get(Path(document.name).stem) == digest,
        )
        front.done()
        return made

    def _about(self, subject: Subject) -> "_Files":
        """The same reader where limits are for the subject's analyte."""
        if subject.kind not in ("latest", "readings"):
            return self
        return _Files(self._words.comparing(subject.names[0]), self._references, self._approved)

    def _subject(self, node: Node) -> Subject:
        for kind, names in (("exposure", self._classes), ("diagnosis", self._concepts)):
            if each := node.maybe(kind):
                node.done()
                return Subject("exposure" if kind == "exposure" else "diagnosis", names(each))
        if each := node.maybe("latest"):
            node.done()
            return Subject("latest", (self._words.analyte(each),))
        if each := node.maybe("readings"):
            within = node.take("within").days()
            node.done()
            return Subject("readings", (self._words.analyte(each),), within)
        raise node.invalid("a subject is `exposure`, `latest`, `readings` or `diagnosis`")

    def _classes(self, node: Node | None) -> tuple[str, ...]:
        return tuple(self._words.drug_class(each) for each in _members(node))

    def _concepts(self, node: Node) -> tuple[str, ...]:
        return self._words.concepts(node)

    def _levels(self, node: Node) -> tuple[tuple[str, Criterion], ...]:
        unknown = [key for key in node.names() if key not in LEVELS]
        if unknown:
            raise node.invalid(f"`{unknown[0]}` is not one of {', '.join(LEVELS)}")
        return tuple((level, criterion(each, self._words)) for level in LEVELS if (each := node.maybe(level)))

    def _maybe(self, front: Node, key: str) -> Criterion | None:
        node = front.maybe(key)
        return criterion(node, self._words) if node else None

    def _remarks(self, node: Node | None) -> tuple[Remark, ...]:
        return tuple(self._remark(each) for each in (node.items() if node else ()))

    def _remark(self, node: Node) -> Remark:
        say = node.take("say")
        made = Remark(criterion(node.take("when"), self._words), _harmless(say.text(), say.where))
        node.done()
        return made

    def _cites(self, node: Node) -> tuple[str, ...]:
        return tuple(each.one_of(frozenset(self._references)) for each in node.items())

    def _suggest(self, node: Node | None) -> tuple[OrderGroup, ...]:
        return tuple(self._group(each) for each in (node.items() if node else ()))

    def _group(self, node: Node) -> OrderGroup:
        tests = node.take("order")
        when, unless = node.maybe("when"), node.maybe("unless_measured")
        since, within = (unless.maybe("since"), unless.maybe("within")) if unless else (None, None)
        if unless:
            unless.done()
        if since:
            since.one_of(("change",))
        made = OrderGroup(
            tests=tuple(each.one_of(self._words.value_sets.tests) for each in tests.items()),
            when=criterion(when, self._words) if when else None,
            since_change=since is not None,
            within=within.days() if within else None,
        )
        node.done()
        return made


def _members(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items() if isinstance(node.value, list) else (node,)


def _matching(node: Node, pattern: re.Pattern[str], example: str) -> str:
    if not pattern.fullmatch(node.text()):
        raise node.invalid(f"an id like {example} is needed here")
    return node.text()


def _rows(node: Node | None) -> tuple[str, ...]:
    return tuple(_matching(each, _ROW, "D02") for each in _members(node))


def _grades(node: Node) -> dict[str, str]:
    grades = {key: node.take(key).one_of(GRADES) for key in node.names()}
    if not grades or set(grades) - {"contributing", "acting"}:
        raise node.invalid("a grade is for `contributing`, `acting` or both")
    return grades


def _potency(node: Node) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for key in node.names():
        each = node.take(key)
        value = decimal(each.text())
        if value is None:
            raise each.invalid("a number is needed here")
        found[key] = value
    return found


def _alternatives(node: Node) -> tuple[tuple[Need, ...], ...]:
    """`needs` is a list of needs, or `any:` of such lists."""
    if isinstance(node.value, list):
        return (tuple(_need(each) for each in node.items()),)
    lists = node.take("any").items()
    node.done()
    return tuple(tuple(_need(each) for each in one.items()) for one in lists)


def _need(node: Node) -> Need:
    rows = _rows(node.take("rows"))
    began, drawn, level = node.maybe("began"), node.maybe("drawn"), node.maybe("shown")
    if drawn:
        drawn.one_of(("after_start",))
    if level:
        level.one_of(("main",))
    classes = {each.value: each for each in TimeClass}
    node.done()
    return Need(
        rows=rows,
        began=frozenset(classes[each.one_of(classes)] for each in _members(began)) if began else None,
        after_start=drawn is not None,
        main_only=level is not None,
    )


def _check_rows(contributors: Iterable[Contributor]) -> None:
    seen: set[str] = set()
    for each in contributors:
        if each.row in seen:
            raise KnowledgeInvalid(f"contributors/{each.id}.md", f"another file describes row {each.row}")
        seen.add(each.row)


def _check_chain(
    document: Document, chain: Chain, contributors: Iterable[Contributor], chains: Iterable[Chain]
) -> None:
    if sum(each.id == chain.id for each in chains) > 1:
        raise KnowledgeInvalid(document.name, f"another file describes {chain.id}")
    named = {row for needs in chain.alternatives for need in needs for row in need.rows} | set(chain.joins)
    if unknown := sorted(named - {each.row for each in contributors}):
        raise KnowledgeInvalid(document.name, f"no contributor describes {', '.join(unknown)}")


# --- texts ------------------------------------------------------------------------------------------------------


def _texts(document: Document, kind: str) -> dict[str, str]:
    allowed = {
        *_SAID,
        *((_BESIDE,) if kind == "chain" else ()),
        *_UNSAID,
        *(f"{title} ({variant})" for title in _SAID for variant in _VARIANTS),
    }
    needed = {"Summary", "Finding", "Options"} if kind == "chain" else set(_SAID)
    for title, text in document.sections.items():
        where = f"{document.name}: # {title}"
        if title not in allowed:
            raise KnowledgeInvalid(where, f"the headings are {', '.join(sorted(allowed))}")
        if title not in _UNSAID:
            supplied = _PLACEHOLDERS["diagnosis" if title.endswith("(coded)") else kind]
            _check_placeholders(_harmless(text, where), where, supplied)
    if missing := sorted((needed | set(_UNSAID)) - set(document.sections)):
        raise KnowledgeInvalid(document.name, f"the heading `# {missing[0]}` is missing")
    return dict(document.sections)


def _check_placeholders(text: str, where: str, supplied: frozenset[str]) -> None:
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        raise KnowledgeInvalid(where, "a brace is not closed") from None
    for name in names:
        if name not in supplied:
            raise KnowledgeInvalid(
                where, f"{{{name}}} is not supplied here; there is {', '.join(sorted(supplied))}"
            )


def _harmless(text: str, where: str) -> str:
    if found := _FORBIDDEN.search(text):
        raise KnowledgeInvalid(where, f"cards never say `{found[0]}`")
    return text


# --- the other files --------------------------------------------------------------------------------------------


def _guards(document: Document, words: Vocabulary) -> Guards:
    front = document.front
    panels = front.take("panels")
    made = Guards(
        self_care=tuple(_self_care(each, words) for each in front.take("self_care").items()),
        ask_about=front.take("ask_about").text(),
        after_stopping=front.take("after_stopping").text(),
        panels={key: panels.take(key).texts() for key in panels.names()},
    )
    front.done()
    return made


def _self_care(node: Node, words: Vocabulary) -> SelfCare:
    say, unless = node.take("say"), node.maybe("unless")
    made = SelfCare(_harmless(say.text(), say.where), criterion(unless, words) if unless else None)
    node.done()
    return made


def _digest(document: Document) -> str:
    return hashlib.sha256(document.text.encode()).hexdigest()
