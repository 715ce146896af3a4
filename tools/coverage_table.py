"""Write docs/coverage.md: every id of the knowledge base with the files that hold it and the tests that prove it."""

import ast
import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cds_service.frontmatter import Node, read

ROOT = Path(__file__).resolve().parents[1]
IDS = ROOT / "tools" / "knowledge_ids.csv"
TABLE = ROOT / "docs" / "coverage.md"
COMMAND = "python tools/coverage_table.py"

_KINDS = {
    "row": "Contributors",
    "chain": "Chains",
    "contradiction": "Contradictions and set-asides",
    "red flag": "Mimics and red flags",
    "monitoring": "Monitoring that looks overdue",
    "limits": "Limits, units and formulae",
    "not to do": "What is never offered",
}
_ID = re.compile(r"\b[A-Z]\d{1,2}b?\b")
_NAMED = "KNOWLEDGE"  # a docstring names ids after this word
_HEAD = f"""# Coverage

Every id of the knowledge base, the files that hold it and the tests that prove it. Written by `{COMMAND}`;
the ids are in `tools/knowledge_ids.csv`. A contributor or chain has a test file of its own; any other id is proven by
the tests whose docstring names it after the word {_NAMED}. Whatever is in `cards/contributors` is also judged at
each of its limits and windows by `tests/test_boundaries.py`.
"""


@dataclass(frozen=True)
class Line:
    """One id: what it is, the files that hold it, the tests that prove it."""

    id: str
    kind: str
    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]


def lines(root: Path = ROOT) -> list[Line]:
    """Every id of the table, in its order."""
    held, proven = holders(root), named_in_tests(root / "tests")
    with IDS.open(encoding="utf-8", newline="") as file:
        return [_line(each, held, proven, root) for each in csv.DictReader(file)]


def _line(
    row: Mapping[str, str], held: Mapping[str, Sequence[str]], proven: Mapping[str, Sequence[str]], root: Path
) -> Line:
    listed = [name for name in row["held_by"].split(";") if name and (root / name).is_file()]
    files = [*held.get(row["id"], ()), *listed]
    own = [name for each in files if row["kind"] in ("row", "chain") for name in _own_tests(each, root)]
    tests = [*own, *proven.get(row["id"], ())]
    return Line(row["id"], row["kind"], row["name"], tuple(dict.fromkeys(files)), tuple(dict.fromkeys(tests)))


def _own_tests(card: str, root: Path) -> Iterator[str]:
    """The test file of a contributor or chain, if it holds any test."""
    path = Path(card)
    name = f"tests/{path.parent.name}/test_{path.stem.replace('-', '_')}.py"
    if (root / name).is_file() and any(_functions(root / name)):
        yield name


def holders(root: Path = ROOT) -> dict[str, list[str]]:
    """The ids that files of cards/ give themselves: rows, chains and red flags."""
    found: dict[str, list[str]] = {}
    for kind in ("contributors", "chains"):
        for path in sorted((root / "cards" / kind).glob("*.md")):
            front = read(path, root).front
            for each in _own_ids(front):
                found.setdefault(each, []).append(path.relative_to(root).as_posix())
    return found


def _own_ids(front: Node) -> Iterator[str]:
    for key in ("row", "chain"):
        if own := front.maybe(key):
            yield own.text()
    if flags := front.maybe("red_flags"):
        yield from dict.fromkeys(each.take("id").text() for each in flags.items())


# --- tests -----------------------------------------------------------------------------------------------------------


def named_in_tests(folder: Path) -> dict[str, list[str]]:
    """The ids that docstrings of tests name, with the tests: "test_set_asides.py: a_drug_stopped_long_ago"."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for function in _functions(path):
            for each in named(ast.get_docstring(function) or ""):
                title = function.name.removeprefix("test_")
                found.setdefault(each, []).append(f"{path.relative_to(folder.parent).as_posix()}: {title}")
    return found


def named(docstring: str) -> tuple[str, ...]:
    """The ids in a docstring that speaks of the knowledge base."""
    _, word, rest = docstring.partition(_NAMED)
    return tuple(dict.fromkeys(_ID.findall(rest))) if word else ()


def _functions(path: Path) -> Iterator[ast.FunctionDef]:
    for each in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(each, ast.FunctionDef) and each.name.startswith("test_"):
            yield each


# --- the page --------------------------------------------------------------------------------------------------------


def page(found: Sequence[Line]) -> str:
    """The Markdown of the table, one section for each kind."""
    parts = [_HEAD]
    for kind, title in _KINDS.items():
        rows = [_row(each) for each in found if each.kind == kind]
        head = (f"## {title}\n", "| id | what | held by | proven by |", "|---|---|---|---|")
        parts.append("\n".join((*head, *rows, "")))
    return "\n".join(parts)


def _row(line: Line) -> str:
    files = "<br>".join(f"`{each}`" for each in line.files)
    tests = "<br>".join(f"`{name}`{_of(title)}" for name, title in map(_split, line.tests))
    return f"| {line.id} | {line.name} | {files} | {tests} |"


def _split(test: str) -> tuple[str, str]:
    name, _, title = test.partition(": ")
    return name, title


def _of(title: str) -> str:
    return f" {title.replace('_', ' ')}" if title else ""


def main() -> int:
    """Write the page; say what is missing."""
    found = lines()
    TABLE.write_text(page(found), "utf-8")
    missing = [each for each in found if not (each.files and each.tests)]
    for each in missing:
        print(f"{each.id} {each.name}: {'no test names it' if each.files else 'no file holds it'}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
