"""An inventory for people: what a record holds, what was recognised, and which codes were not."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service.code_systems import ATC, ICD9CM, ICD10, ICD10CM, LOINC, NDC, RXNORM, SNOMED, canonical
from cds_service.inventory import Fate, Line, Unknown, unknown
from cds_service.terminal import plain

_PLURAL = {"medicine": "medicines", "diagnosis": "diagnoses", "result": "results", "entry": "entries"}
_LONGEST = 40  # characters of the words in a table on the screen
SHORT_NAMES = {
    RXNORM: "RxNorm",
    ATC: "ATC",
    SNOMED: "SNOMED CT",
    NDC: "NDC",
    ICD10CM: "ICD-10-CM",
    ICD10: "ICD-10",
    ICD9CM: "ICD-9-CM",
    LOINC: "LOINC",
}
_MOST_ROWS = 25  # of a table on the screen; --json has them all


def counts(lines: Iterable[Line]) -> dict[str, dict[str, int]]:
    """For each kind how many entries are used, irrelevant and unread."""
    counted = Counter((line.kind, line.fate) for line in lines)
    kinds = [kind for kind in _PLURAL if any((kind, fate) in counted for fate in Fate)]
    return {kind: {fate.value: counted[kind, fate] for fate in Fate} for kind in kinds}


def sentences(lines: Iterable[Line]) -> Iterator[str]:
    """One line a kind: "Holds 12 medicines: 3 used, 8 irrelevant, 1 unread (no code or name of it is known 1)."."""
    every = tuple(lines)
    for kind, fates in counts(every).items():
        whys = Counter(line.why for line in every if line.kind == kind and line.fate is Fate.UNREAD)
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(whys.items()))
        told = ", ".join(f"{count} {fate}" for fate, count in fates.items())
        total = sum(fates.values())
        yield f"Holds {total} {_PLURAL[kind] if total != 1 else kind}: {told}{f' ({why})' if why else ''}."


def used(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The entries that a rule reads: as what, and how that was seen."""
    return [
        {
            "kind": line.kind,
            "source": line.source,
            "value_sets": line.value_sets,
            "matched_by": line.matched_by,
        }
        for line in lines
        if line.fate is Fate.USED
    ]


def unknown_codes(lines: Iterable[Line]) -> list[dict[str, Any]]:
    """The codes and names that no table holds."""
    return [row._asdict() for row in unknown(lines)]


def show_unknown(lines: Iterable[Line], console: Console) -> None:
    """The same as tables, the most frequent of each kind; nothing when everything was recognised."""
    rows = unknown(lines)
    for kind, plural in _PLURAL.items():
        mine = [row for row in rows if row.kind == kind]
        if mine:
            console.print(_table(f"Not recognised: {plural}", mine[:_MOST_ROWS]))
        if len(mine) > _MOST_ROWS:
            console.print(Text(f"and {len(mine) - _MOST_ROWS} more; --json lists them all", style="dim"))


def _table(title: str, rows: Iterable[Unknown]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("times", justify="right")
    for name in ("system", "code", "words"):
        table.add_column(name, overflow="fold")
    for row in rows:
        said = row.words if len(row.words) <= _LONGEST else f"{row.words[: _LONGEST - 1]}…"
        cells = (SHORT_NAMES.get(canonical(row.system), row.system), row.code, said)
        table.add_row(str(row.times), *(Text(plain(each)) for each in cells))
    return table
