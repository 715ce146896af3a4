"""`legcramps recognise`: which value sets the codes and names of a CSV file belong to, row by row."""

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

from cds_service.cramps import Told, told
from cds_service.record import Coding, Concept
from cds_service.terminology import Match, ValueSets

ADDED = ("value_sets", "matched_by", "outcome")
_KINDS = {
    **dict.fromkeys(("drug", "medicine", "medication", "medicationrequest", "medicationstatement"), "drug"),
    **dict.fromkeys(("condition", "diagnosis", "problem"), "condition"),
    **dict.fromkeys(("lab", "result", "observation", "measurement", "analyte"), "lab"),
}
_REPORT = "a report of leg cramps"
_NOT_KNOWN, _NO_SET = "no code or name of it is known", "known, and in no value set"


def recognise(lines: Iterable[str], value_sets: ValueSets, out: TextIO) -> None:
    """
    Copy the CSV rows to *out* with value sets and how they were matched added, several joined by ";".

    Columns: `kind` (drug, condition or lab), `system`, `code`, `display`; if given, `text` is read beside the display,
    `route` of a drug, `site` of a condition, `unit` and `specimen` of a lab. Other columns are kept.

    Raises:
        ValueError: Before anything is written, naming the line and what to do.
    """
    reader = csv.DictReader(lines, strict=True)
    try:
        rows = list(_checked(reader))
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num + 1}: is no CSV: {error}") from None
    columns = [name for name in reader.fieldnames or () if name not in ADDED]
    writer = csv.DictWriter(out, [*columns, *ADDED], extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, **_answered(kind, row, value_sets)} for kind, row in rows)


def open_file(path: Path) -> TextIO:
    """
    The file as text, with or without a byte order mark.

    Raises:
        OSError: When it can't be opened.
    """
    return path.open(encoding="utf-8-sig", newline="")


_Row = dict[str, str]


def _checked(reader: "csv.DictReader[str]") -> Iterator[tuple[str, _Row]]:
    names = reader.fieldnames or ()
    missing = [name for name in ("kind", "system", "code", "display") if name not in names]
    if missing:
        raise ValueError(
            f"line 1: has no column {', '.join(missing)}; the header is kind,system,code,display"
        )
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(
                f"line {reader.line_num}: has not as many cells as the header; quote cells with commas"
            )
        kind = _KINDS.get(row["kind"].strip().casefold())
        if kind is None:
            raise ValueError(f"line {reader.line_num}: the kind is none of drug, condition, lab")
        yield kind, row


def _answered(kind: str, row: _Row, value_sets: ValueSets) -> _Row:
    concept = _concept(row)
    matches = _matches(kind, row, concept, value_sets)
    knows: Callable[[Concept], bool] = {
        "drug": value_sets.knows_drug,
        "condition": value_sets.knows_diagnosis,
        "lab": value_sets.knows_analyte,
    }[kind]
    outcome = "" if matches else _NO_SET if knows(concept) else _NOT_KNOWN
    if kind == "condition" and told(concept, row.get("site", ""), value_sets) is Told.LEG:
        outcome = _REPORT
    found = (
        ";".join(sorted({match.value_set for match in matches})),
        ";".join(sorted({match.matched_by for match in matches})),
        outcome,
    )
    return dict(zip(ADDED, found, strict=True))


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
