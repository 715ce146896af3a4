"""The tables of a source folder, and the shapes that rows take on their way to the value sets."""

import csv
from pathlib import Path

from cds_service.drug_names import drug_tokens

Cells = tuple[str, ...]
Row = dict[str, str]
Tables = dict[str, list[Row]]
Files = dict[str, tuple[Cells, set[Cells]]]
Compiled = tuple[str, Cells, Cells]  # a file's name, its columns, one row

_LONGEST_DISPLAY = 120


def read(path: Path) -> list[Row]:
    """The rows of a CSV file, each by its columns' names."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def is_verified(row: Row) -> bool:
    """Whether the source has seen the row's code with its meaning (PROVENANCE.md there)."""
    return row["verified"] in ("yes", "via-ndc", "corroborated")


def listed(cell: str) -> list[str]:
    """The parts of a cell that holds several, "a;b"."""
    return [part for part in cell.split(";") if part]


def short(display: str) -> str:
    """The display, cut when it is longer than anybody reads."""
    return display if len(display) <= _LONGEST_DISPLAY else display[: _LONGEST_DISPLAY - 1] + "…"


def plain_name(name: str) -> str:
    """A name for comparison: as the service reads names in a text."""
    return " ".join(drug_tokens(name))
