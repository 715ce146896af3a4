"""Every sentence that a knowledge file can put on a card."""

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.authoring.edits import leaves
from cds_service.authoring.examples import Examples
from cds_service.card_texts import HISTORY, UNSAID
from cds_service.frontmatter import Document
from cds_service.knowledge import Knowledge
from cds_service.phrases import capital
from cds_service.signatures import rule_of

_SAYING = ("say", "instead", "ask_about", "after_stopping", "nothing_found")
_SAYING_BELOW = ("override_reasons", "names")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text as it is *written*, where it stands in its file, and *filled* with typical values."""

    where: str
    written: str
    filled: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """All sentences of one file."""

    name: str
    rule: str
    sentences: tuple[Sentence, ...]


def sheets(known: Knowledge, examples: Examples) -> tuple[Sheet, ...]:
    """Every file that has something to say, in the order in which they were read."""
    made = (Sheet(each.name, rule_of(each), tuple(sentences(each, examples))) for each in known.documents)
    return tuple(each for each in made if each.sentences)


def sentences(document: Document, examples: Examples) -> Iterator[Sentence]:
    """The sentences of the front matter, then those of the body."""
    is_rule = bool(rule_of(document))
    for where, text in leaves(document.front.value):
        key = where.rpartition(": ")[2].partition("[")[0]
        if key in _SAYING or (key == "label" and is_rule) or where.partition(":")[0] in _SAYING_BELOW:
            yield Sentence(where, text, examples.filled(text, document))
    for title, text in document.sections.items():
        if is_rule and title not in (*UNSAID, HISTORY):
            yield Sentence(f"# {title}", text, capital(examples.filled(text, document, title)))
