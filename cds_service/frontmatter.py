"""Markdown files with front matter, read so that nothing in them can be misread or overlooked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service import plain_yaml
from cds_service.errors import KnowledgeInvalid
from cds_service.quantity import Quantity, days, quantity


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its name, the front matter as a node, and the body's sections by heading."""

    name: str
    front: "Node"
    sections: Mapping[str, str]
    text: str


def read(path: Path, root: Path) -> Document:
    """
    Read one file.

    Raises:
        KnowledgeInvalid: If there is no front matter, the YAML is broken, a key or heading repeats, or text stands
            before the first heading.
    """
    name = path.relative_to(root).as_posix()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise KnowledgeInvalid(name, "the file can't be read") from None
    opening, _, rest = text.partition("---\n")
    matter, closing, body = rest.partition("\n---\n")
    if opening or not closing:
        raise KnowledgeInvalid(name, "the file starts with front matter between two lines `---`")
    try:
        loaded = plain_yaml.load(matter)
    except plain_yaml.NotPlain as error:
        line = f", line {error.line + 1}" if error.line else ""  # one above: the opening ---
        raise KnowledgeInvalid(f"{name}{line}", str(error)) from None
    return Document(name, Node(loaded, name), dict(_sections(body, name)), text)


def _sections(body: str, name: str) -> Iterator[tuple[str, str]]:
    head, *parts = ("\n" + body).split("\n# ")
    if head.strip():
        raise KnowledgeInvalid(name, "text before the first heading")
    seen = set()
    for part in parts:
        title, _, text = part.partition("\n")
        if title.strip() in seen:
            raise KnowledgeInvalid(f"{name}: # {title.strip()}", "the heading is there twice")
        seen.add(title.strip())
        yield (
            title.strip(),
            " ".join(text.split()) if title.strip() not in ("Why", "Limits") else text.strip(),
        )


class Node:
    """
    A value of the front matter that knows where it stands.

    Keys are taken one by one; `done` refuses what nobody took.
    """

    def __init__(self, value: Any, where: str) -> None:
        self.value = value
        self.where = where
        self._left = dict(value) if isinstance(value, dict) else {}

    def invalid(self, problem: str, write: str = "") -> KnowledgeInvalid:
        """The error that names this place, what is wrong and what to *write*."""
        return KnowledgeInvalid(self.where, problem, write)

    def names(self) -> tuple[str, ...]:
        """The keys that are there."""
        if not isinstance(self.value, dict):
            raise self.invalid("a mapping is needed here")
        return tuple(self.value)

    def has(self, key: str) -> bool:
        """Whether the key is there and nobody took it yet."""
        return key in self._left

    def take(self, key: str) -> "Node":
        """The value of a key that must be there."""
        node = self.maybe(key)
        if node is None:
            raise self.invalid(f"`{key}` is missing")
        return node

    def maybe(self, key: str) -> "Node | None":
        """The value of a key, None when it is not there."""
        self.names()
        if key not in self._left:
            return None
        return Node(self._left.pop(key), f"{self.where}: {key}")

    def done(self) -> None:
        """Refuse keys that nobody took."""
        if self._left:
            raise self.invalid(f"not understood: {', '.join(sorted(self._left))}")

    def items(self) -> "tuple[Node, ...]":
        """The members of a list."""
        if not isinstance(self.value, list):
            raise self.invalid("a list is needed here")
        return tuple(Node(each, f"{self.where}[{place}]") for place, each in enumerate(self.value))

    def text(self) -> str:
        """A scalar."""
        if not isinstance(self.value, str) or not self.value:
            raise self.invalid("a text is needed here")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of scalars, or one."""
        return tuple(each.text() for each in self.items()) if isinstance(self.value, list) else (self.text(),)

    def one_of(self, allowed: Mapping[str, Any] | frozenset[str] | tuple[str, ...]) -> str:
        """A scalar that is one of a few."""
        if (text := self.text()) not in allowed:
            raise self.invalid(f"`{text}` is not one of {', '.join(sorted(allowed))}")
        return text

    def days(self) -> int:
        """A window: "90 days"."""
        if (count := days(self.text())) is None:
            raise self.invalid("a window is written `90 days` or `6 weeks`")
        return count

    def quantities(self) -> tuple[Quantity, ...]:
        """One amount with its unit, or a list of them, one for each unit."""
        found = tuple(quantity(text) for text in self.texts())
        if not all(found):
            raise self.invalid("an amount is written `3.5 mmol/L`")
        return tuple(each for each in found if each)
