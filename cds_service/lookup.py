"""`legcramps recognise`: which value sets the codes and names of a CSV file belong to, row by row."""

import csv
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import TextIO

from cds_service.cramps import Told, told
from cds_service.inventory import NOT_KNOWN
from cds_service.record import Coding, Concept
from cds_service.terminology import Match, ValueSets

_NEEDED = ("kind", "system", "code", "display")
ADDED = ("value_sets", "matched_by", "outcome")
_KINDS = {
    **dict.fromkeys(
        (
            "drug",
            "drugs",
            "medicine",
            "medication",
            "medications",
            "medicationrequest",
            "medicationstatement",
        ),
        "drug",
    ),
    **dict.fromkeys(("condition", "conditions", "diagnosis", "diagnoses", "problem"), "condition"),
    **dict.fromkeys(
        ("lab", "labs", "laboratory", "result", "observation", "measurement", "analyte", "test"), "lab"
    ),
}
_REPORT = "a report of leg cramps"
_NO_SET = "known, and in no value set as it is written"


def recognise(text: str, value_sets: ValueSets, out: TextIO) -> None:
    """
    Copy the CSV rows of *text* to *out* with value sets and how they were matched added, several joined by ";".

    Columns: `kind` (drug, condition or lab), `system`, `code`, `display`; if given, `text` is read beside the display,
    `route` of a drug, `site` of a condition, `unit` and `specimen` of a lab. Other columns are kept. Columns may be
    separated by commas, semicolons or tabs; the answer has commas.

    Raises:
        ValueError: Before anything is written, naming the line and what to do.
    """
    reader = csv.reader(StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: is no CSV: {error}") from None
    columns, rows = _table(lines)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*columns, *ADDED))
    writer.writerows((*row.values(), *_answered(kind, row, value_sets)) for kind, row in rows)


def read(path: Path) -> str:
    """
    The file as text, with or without a byte order mark.

    Raises:
        OSError: When it can't be read.
        UnicodeDecodeError: When it is not UTF-8.
    """
    return path.read_bytes().decode("utf-8-sig")


_Row = dict[str, str]


def _separator(text: str) -> str:
    """Spreadsheets write semicolons where the comma is the decimal sign; the header tells."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _table(lines: list[tuple[int, list[str]]]) -> tuple[list[str], list[tuple[str, _Row]]]:
    """The columns, without those that are added anew, and the rows with what they are; empty rows are left out."""
    names = [name.strip().casefold() for name in (lines[0][1] if lines else ())]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise ValueError(f"line 1: has no column {', '.join(missing)}; the header is {','.join(_NEEDED)}")
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise ValueError(f"line 1: has the column {twice[0]} twice; leave one out")
    kept = [name for name in names if name not in ADDED]
    filled = [(number, cells) for number, cells in lines[1:] if any(map(str.strip, cells))]
    return kept, [_row(number, names, cells, kept) for number, cells in filled]


def _row(number: int, names: list[str], cells: list[str], kept: list[str]) -> tuple[str, _Row]:
    if len(cells) != len(names):
        raise ValueError(f"line {number}: has not as many cells as the header; quote cells with commas")
    every = dict(zip(names, cells, strict=True))
    kind = _KINDS.get(every["kind"].strip().casefold())
    if kind is None:
        raise ValueError(f"line {number}: the kind is none of drug, condition, lab")
    return kind, {name: every[name] for name in kept}


def _answered(kind: str, row: _Row, value_sets: ValueSets) -> tuple[str, str, str]:
    """The added cells."""
    concept = _concept(row)
    matches = _matches(kind, row, concept, value_sets)
    knows: Callable[[Concept], bool] = {
        "drug": value_sets.knows_drug,
        "condition": value_sets.knows_diagnosis,
        "lab": value_sets.knows_analyte,
    }[kind]
    outcome = "" if matches else _NO_SET if knows(concept) else NOT_KNOWN
    if kind != "drug" and told(concept, row.get("site", ""), value_sets) is Told.LEG:
        outcome = _REPORT
    return (
        ";".join(sorted({match.value_set for match in matches})),
        ";".join(sorted({match.matched_by for match in matches})),
        outcome,
    )


def _concept(row: _Row) -> Concept:
    system, code, display, text = (
        row.get(name, "").strip() for name in ("system", "code", "display", "text")
    )
    if not (system or code or text):
        return Concept(text=display or None)
    return Concept((Coding(system or None, code or None, display or None),), text or None)


def _matches(kind: str, row: _Row, concept: Concept, value_sets: ValueSets) -> tuple[Match, ...]:
    if kind == "drug":
        return value_sets.drugs(concept, row.get("route", ""))
    if kind == "condition":
        return value_sets.diagnoses(concept, row.get("site", ""))
    return value_sets.analytes(concept, row.get("unit", ""), row.get("specimen", ""))
