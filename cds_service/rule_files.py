"""One file of `cards/contributors/` or `cards/chains/` -> Contributor or Chain; refuses what it doesn't understand."""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from cds_service.card_texts import chain_texts, contributor_texts, said_as_is
from cds_service.facts import GivenFrom, TimeClass
from cds_service.frontmatter import Document, Node
from cds_service.knowledge import (
    Approval,
    Chain,
    Contributor,
    Monitoring,
    Need,
    OrderGroup,
    RedFlag,
    Reference,
    Remark,
    Subject,
)
from cds_service.quantity import decimal
from cds_service.signatures import digest as digest_of
from cds_service.truth import Criterion
from cds_service.vocabulary import Vocabulary, criterion

LEVELS = ("critical", "warning", "info", "also_consider", "in_chain")
GRADES = frozenset("ABCD")
KINDS = ("drug", "lab", "condition", "state", "safety")
_ROW = re.compile(r"[A-Z]\d\d")
_CHAIN = re.compile(r"M(\d+)(b?)")
_FLAG = re.compile(r"R\d+")
_REASON = re.compile(r"[a-z]+(-[a-z]+)*")
_GIVEN_FROM: Mapping[str, GivenFrom] = {
    "start": "start", "last dose": "last dose", "while taken": "while taken",
}  # fmt: skip


class RuleFiles:
    """Reads contributors and chains against one vocabulary, one list of references and one list of approvals."""

    def __init__(
        self, words: Vocabulary, references: Mapping[str, Reference], approved: Mapping[str, Approval]
    ) -> None:
        self._words = words
        self._references = references
        self._approved = approved

    def contributor(self, document: Document) -> Contributor:
        """
        Read a contributor.

        Raises:
            KnowledgeInvalid: If anything in the file is not understood.
        """
        front = document.front
        identity = Path(document.name).stem
        kind = front.take("kind").one_of(KINDS)
        subjects = self._subjects(front.take("subject"))
        digest, role = digest_of(document), front.maybe("role")
        about = self._about(subjects)
        red_flags = tuple(self._red_flag(each) for each in _members(front.maybe("red_flags")))
        made = Contributor(
            row=_matching(front.take("row"), _ROW, "D02"),
            id=identity,
            kind=kind,
            role="safety" if kind == "safety" or (role and role.one_of(("safety",))) else "contributor",
            label=front.take("label").text(),
            grades=_grades(front.take("grade")),
            cites=self._cites(front.take("cites")),
            subjects=subjects,
            when=about._levels(each) if (each := front.maybe("when")) else (),
            critical_range=about._maybe(front, "critical_range"),
            red_flags=red_flags,
            bears_on=_flags(front.maybe("bears_on")),
            coded=self._words.concepts(each) if (each := front.maybe("coded")) else (),
            safety=about._levels(each) if (each := front.maybe("safety")) else (),
            context=about._maybe(front, "context"),
            on_its_own=about._maybe(front, "on_its_own"),
            set_aside=about._remarks(front.maybe("set_aside")),
            washout=each.days() if (each := front.maybe("washout")) else 30,
            potency=self._potency(each) if (each := front.maybe("potency")) else {},
            switches=(each := front.maybe("switches")) is None or each.one_of(("no",)) != "no",
            explains=_rows(front.maybe("explains")),
            not_explained=about._maybe(front, "not_explained"),
            explained_by=self._classes(front.maybe("explained_by")),
            replaced_by=self._classes(front.maybe("replaced_by")),
            shows=tuple(self._words.analyte(each) for each in _members(front.maybe("shows"))),
            indications=self._words.concepts(each) if (each := front.maybe("indications")) else (),
            overdue=tuple(about._monitoring(each) for each in _members(front.maybe("overdue"))),
            remarks=about._remarks(front.maybe("remarks")),
            suggest=about._suggest(front.maybe("suggest")),
            no_orders=(each := front.maybe("no_orders")) is not None and each.one_of(("yes",)) == "yes",
            override_reasons=_reasons(front.maybe("override_reasons")),
            texts=contributor_texts(document, subjects, has_flags=bool(red_flags)),
            digest=digest,
            signed=self._is_signed(identity, digest),
        )
        front.done()
        return made

    def chain(self, document: Document) -> Chain:
        """
        Read a chain; its rows are checked once all are known.

        Raises:
            KnowledgeInvalid: If anything in the file is not understood.
        """
        front = document.front
        identity = _matching(front.take("chain"), _CHAIN, "M1")
        match = _CHAIN.fullmatch(identity)
        digest = digest_of(document)
        made = Chain(
            id=identity,
            place=(int(match[1]), match[2]) if match else (0, ""),
            label=front.take("label").text(),
            grades=_grades(front.take("grade")),
            cites=self._cites(front.take("cites")),
            alternatives=self._alternatives(front.take("needs")),
            joins=_rows(front.maybe("joins")),
            suggest=self._suggest(front.maybe("suggest")),
            override_reasons=_reasons(front.maybe("override_reasons")),
            texts=chain_texts(document),
            digest=digest,
            signed=self._is_signed(Path(document.name).stem, digest),
        )
        front.done()
        return made

    def _is_signed(self, identity: str, digest: str) -> bool:
        approval = self._approved.get(identity)
        return approval is not None and approval.hash == digest

    def _about(self, subjects: tuple[Subject, ...]) -> "RuleFiles":
        """The same reader where limits are for the subject's analyte."""
        compared = next((each.names[0] for each in subjects if each.kind in ("latest", "readings")), None)
        return (
            RuleFiles(self._words.comparing(compared), self._references, self._approved) if compared else self
        )

    def _subjects(self, node: Node) -> tuple[Subject, ...]:
        """One subject, or a list of them."""
        return tuple(self._subject(each) for each in _members(node))

    def _subject(self, node: Node) -> Subject:
        where = node.maybe("where")
        if each := node.maybe("exposure"):
            given, counted = node.maybe("given_within"), node.maybe("given_from")
            subject = Subject(
                "exposure",
                self._classes(each),
                where=criterion(where, self._words) if where else None,
                given_within=given.days() if given else None,
                given_from=_GIVEN_FROM[counted.one_of(_GIVEN_FROM)] if counted else "last dose",
            )
        elif each := node.maybe("diagnosis"):
            made = criterion(where, self._words) if where else None
            subject = Subject("diagnosis", self._concepts(each), where=made)
        elif each := node.maybe("latest"):
            names = tuple(self._words.analyte(one) for one in _members(each))
            compared = self._words.comparing(names[0])
            subject = Subject("latest", names, where=criterion(where, compared) if where else None)
        elif each := node.maybe("readings"):
            name = self._words.analyte(each)
            compared = self._words.comparing(name)
            made = criterion(where, compared) if where else None
            subject = Subject("readings", (name,), node.take("within").days(), made)
        else:
            raise node.invalid(
                "a subject is `exposure`, `latest`, `readings` or `diagnosis`", "name one of the four"
            )
        node.done()
        return subject

    def _red_flag(self, node: Node) -> RedFlag:
        made = RedFlag(
            _matching(node.take("id"), _FLAG, "R1"),
            self._words.concepts(node.take("diagnosed")),
            each.days() if (each := node.maybe("confirm_until")) else 90,
        )
        node.done()
        return made

    def _monitoring(self, node: Node) -> Monitoring:
        after, oldest, when = node.maybe("after"), node.maybe("oldest"), node.maybe("when")
        since = node.maybe("since_change")
        if since:
            since.one_of(("yes",))
        made = Monitoring(
            analytes=tuple(self._words.analyte(each) for each in _members(node.take("tests"))),
            after=after.days() if after else 0,
            since_change=since is not None,
            oldest=oldest.days() if oldest else None,
            when=criterion(when, self._words) if when else None,
        )
        node.done()
        return made

    def _alternatives(self, node: Node) -> tuple[tuple[Need, ...], ...]:
        """`needs` is a list of needs, or `any:` of such lists."""
        if isinstance(node.value, list):
            return (tuple(self._need(each) for each in node.items()),)
        lists = node.take("any").items()
        node.done()
        if not lists or not all(each.items() for each in lists):
            raise node.invalid("an empty list forms no chain", "name the rows that it needs")
        return tuple(tuple(self._need(each) for each in one.items()) for one in lists)

    def _need(self, node: Node) -> Need:
        if taking := node.maybe("taking"):
            drawn = node.maybe("drawn")
            if drawn:
                drawn.one_of(("after_start",))
            node.done()
            return Need((), after_start=drawn is not None, taking=self._classes(taking))
        rows = _rows(node.take("rows"))
        began, drawn, level, flag = (node.maybe(key) for key in ("began", "drawn", "shown", "flag"))
        unless = node.maybe("unless")
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
            flag=_matching(flag, _FLAG, "R1") if flag else "",
            unless=criterion(unless, self._words) if unless else None,
        )

    def _classes(self, node: Node | None) -> tuple[str, ...]:
        return tuple(self._words.drug_class(each) for each in _members(node))

    def _concepts(self, node: Node) -> tuple[str, ...]:
        return self._words.concepts(node)

    def _levels(self, node: Node) -> tuple[tuple[str, Criterion], ...]:
        unknown = [key for key in node.names() if key not in LEVELS]
        if unknown:
            raise node.invalid(f"`{unknown[0]}` is no level", f"the levels are {', '.join(LEVELS)}")
        return tuple((level, criterion(each, self._words)) for level in LEVELS if (each := node.maybe(level)))

    def _potency(self, node: Node) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for key in node.names():
            each = node.take(key)
            value = decimal(each.text())
            if value is None:
                raise each.invalid("a number is needed here", "write a relative strength like 4")
            if key not in self._words.value_sets.ingredients:
                raise each.invalid(f"`{key}` is no ingredient", "name one of value_sets/drugs")
            found[key] = value
        return found

    def _maybe(self, front: Node, key: str) -> Criterion | None:
        node = front.maybe(key)
        return criterion(node, self._words) if node else None

    def _remarks(self, node: Node | None) -> tuple[Remark, ...]:
        return tuple(self._remark(each) for each in (node.items() if node else ()))

    def _remark(self, node: Node) -> Remark:
        say = node.take("say")
        made = Remark(
            criterion(node.take("when"), self._words), said_as_is(say.text(), say.where, frozenset({"what"}))
        )
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
        raise node.invalid(f"`{node.text()}` is no id of this kind", f"write one like {example}")
    return node.text()


def _rows(node: Node | None) -> tuple[str, ...]:
    return tuple(_matching(each, _ROW, "D02") for each in _members(node))


def _flags(node: Node | None) -> tuple[str, ...]:
    return tuple(_matching(each, _FLAG, "R1") for each in _members(node))


def _reasons(node: Node | None) -> dict[str, str]:
    """Override reasons that only this card has: code -> text."""
    found = {key: node.take(key).text() for key in node.names()} if node else {}
    if node and (wrong := next((key for key in found if not _REASON.fullmatch(key)), None)):
        raise node.invalid(f"`{wrong}` is no code", "write a code like replacement-started")
    return found


def _grades(node: Node) -> dict[str, str]:
    grades = {key: node.take(key).one_of(GRADES) for key in node.names()}
    if not grades or set(grades) - {"contributing", "acting"}:
        raise node.invalid("a grade is for `contributing`, `acting` or both")
    return grades
