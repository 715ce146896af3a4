"""`cards/guards.md` -> what holds for every card."""

import re

from cds_service.card_texts import said_as_is
from cds_service.frontmatter import Document, Node
from cds_service.knowledge import Alert, Ban, Guards, SelfCare
from cds_service.vocabulary import Vocabulary, criterion

_ROW = re.compile(r"[A-Z]\d\d")


def guards(document: Document, words: Vocabulary) -> Guards:
    """
    Read the guards.

    Raises:
        KnowledgeInvalid: If anything in the file is not understood.
    """
    front = document.front
    panels = front.take("panels")
    made = Guards(
        self_care=tuple(_self_care(each, words) for each in front.take("self_care").items()),
        ask_about=tuple(_self_care(each, words) for each in front.take("ask_about").items()),
        alerts=tuple(_alert(each, words) for each in front.take("alerts").items()),
        bans=tuple(_ban(each, words) for each in front.take("bans").items()),
        nothing_found=_said(front.take("nothing_found")),
        after_stopping=_said(front.take("after_stopping")),
        panels={key: panels.take(key).texts() for key in panels.names()},
    )
    front.done()
    return made


def _said(node: Node, *supplied: str) -> str:
    return said_as_is(node.text(), node.where, frozenset(supplied))


def _self_care(node: Node, words: Vocabulary) -> SelfCare:
    said, unless = _said(node.take("say")), node.maybe("unless")
    made = SelfCare(said, criterion(unless, words) if unless else None)
    node.done()
    return made


def _alert(node: Node, words: Vocabulary) -> Alert:
    row = node.maybe("said_by")
    if row and not _ROW.fullmatch(row.text()):
        raise row.invalid(f"`{row.text()}` is no row", "write one like C06")
    made = Alert(
        criterion(node.take("when"), words), _said(node.take("say"), "what"), row.text() if row else ""
    )
    node.done()
    return made


def _ban(node: Node, words: Vocabulary) -> Ban:
    made = Ban(node.take("words").texts(), criterion(node.take("when"), words), _said(node.take("instead")))
    node.done()
    return made
