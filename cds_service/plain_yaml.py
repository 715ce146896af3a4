"""YAML read so that nothing in it can be misread or overlooked."""

from collections.abc import Hashable
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class NotPlain(ValueError):
    """What is written is broken, or repeats a key; *line* counts from 1, None when the place is not known."""

    def __init__(self, problem: str, line: int | None) -> None:
        super().__init__(problem)
        self.line = line


class _TextOnly(_Loader):  # type: ignore[misc]  # the C loader has no types
    """
    Keeps every scalar as text and refuses a key that is there twice.

    YAML's own reading turns `on` into a boolean, 23:00 into 1380 and 3.50 into 3.5.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _problem("a key is no text", key_node)
            if key in seen:
                raise _problem(f"{key} is there twice", key_node)
            seen.add(key)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep=deep)
        return made


def _problem(said: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, said, node.start_mark)


def load(text: str) -> Any:
    """
    Text, lists and mappings, as written.

    Raises:
        NotPlain: If it is broken, or a key is no text or there twice.
    """
    try:
        return yaml.load(text, _TextOnly)  # noqa: S506 - a base loader: builds text, lists and mappings only
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = " ".join(str(getattr(error, "problem", None) or "is broken").split())
        raise NotPlain(said, mark.line + 1 if mark else None) from None
