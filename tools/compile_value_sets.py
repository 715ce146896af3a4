"""
Compile the value sets in cards/value_sets from a folder of terminology tables.

    python tools/compile_value_sets.py SOURCE_FOLDER [OUTPUT_FOLDER]

Every class, concept and analyte of the source is compiled; there is no list to maintain. Codes are taken
only when their row is verified (yes, via-ndc or corroborated) and not in left_out.csv, which lies beside this
file with usual_names.csv and answer_codes.csv. The folder `added` beside it has rows for tables of the source:
whole value sets that the source lacks. Same source, same files, byte for byte. VERSION beside them
holds the date on which the source says it was assembled, and a digest of the files.
"""

import csv
import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import analyte_rows
import diagnosis_rows
import drug_name_rows
import drug_rows
from source_tables import Cells, Files, Row, is_verified, read

from cds_service.value_set_files import ANSWER, ORDER, VERSION

HERE = Path(__file__).parent  # with the names and codes that no source table has
ANSWER_CODES, USUAL_NAMES = "answer_codes.csv", "usual_names.csv"
ADDED = "added"  # folder of whole value sets that the source lacks, in tables of its shape
PROVENANCE = "PROVENANCE.md"
CODES_IN_A_ROW = 20  # so that a line can still be read
LARGEST = 1_500_000  # bytes of a file, so that a change can still be reviewed


def main(arguments: list[str], own: Path = HERE) -> int:
    """Compile, with the names in the folder *own*; say how much was written, and return the exit status."""
    if not 1 <= len(arguments) <= 2 or not Path(arguments[0]).is_dir():
        print(__doc__, file=sys.stderr)
        return 2
    output = Path(arguments[1]) if len(arguments) == 2 else HERE.parent / "cards" / "value_sets"
    day, files = assembled(Path(arguments[0])), compiled(Path(arguments[0]), own)
    write(output, files)
    version = f"{day}+{digest(output)}"
    (output / VERSION).write_text(f"{version}\n", encoding="utf-8")
    print(f"{len(files)} files, {sum(len(rows) for _, rows in files.values())} rows in {output}: {version}")
    return 0


def assembled(source: Path) -> str:
    """The day of the source tables; SystemExit when their PROVENANCE.md does not say it."""
    told = re.search(r"Assembled (\d{4}-\d\d-\d\d)", (source / PROVENANCE).read_text(encoding="utf-8"))
    if told is None:
        raise SystemExit(f"{PROVENANCE}: does not say `Assembled YYYY-MM-DD`")
    return told[1]


def digest(output: Path) -> str:
    """The beginning of a digest of all value sets in *output*, by name and content."""
    whole = hashlib.sha256()
    for path in sorted(output.rglob("*.csv")):
        whole.update(f"{path.relative_to(output).as_posix()}\n".encode() + path.read_bytes())
    return whole.hexdigest()[:12]


def compiled(source: Path, own: Path) -> Files:
    """All value sets, by file name relative to the output folder; *own* is the folder of our own names."""
    tables = {path.stem: read(path) for path in sorted(source.glob("*.csv"))}
    tables = {name: [*rows, *_added(own / ADDED / f"{name}.csv", rows)] for name, rows in tables.items()}
    usual, left_out = read(own / USUAL_NAMES), read(own / diagnosis_rows.LEFT_OUT)
    files: Files = {
        "orders.csv": (ORDER, _orders(tables["order_codes"])),
        "answers.csv": (ANSWER, {tuple(row[cell] for cell in ANSWER) for row in read(own / ANSWER_CODES)}),
    }
    for name, header, row in (
        *drug_rows.compiled(tables),
        *drug_name_rows.compiled(tables, usual),
        *diagnosis_rows.compiled(tables, usual, left_out),
        *analyte_rows.compiled(tables, usual),
    ):
        files.setdefault(name, (header, set()))[1].add(row)
    drug_rows.drop_known_from_no_class(files)
    return files


def _added(path: Path, held: list[Row]) -> list[Row]:
    """Our own rows for a table; SystemExit when the source has come to hold a value set of theirs."""
    rows = read(path) if path.is_file() else []
    for name in ("class", "concept"):
        known = {row[name] for row in held if name in row} & {row[name] for row in rows if name in row}
        if known:
            raise SystemExit(f"{ADDED}/{path.name}: the source has it now: {', '.join(sorted(known))}")
    return rows


def _orders(table: list[Row]) -> set[Cells]:
    return {
        (row["test_or_panel"], row["system"], row["code"], row["display"], row["source"])
        for row in table
        if is_verified(row)
    }


def write(output: Path, files: Files) -> None:
    """Replace the compiled CSV files in *output* by *files*, sorted; other files there stay."""
    for old in sorted(output.rglob("*.csv")):
        old.unlink()
    for name, (header, rows) in sorted(files.items()):
        written = _together(rows) if name.startswith("drugs/ndc/") else rows
        for path, part in _parts(output / name, sorted(written)):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows((header, *part))


def _together(rows: Iterable[Cells]) -> Iterator[Cells]:
    """Packages that differ in nothing but their code share a row: a fifth of the rows, and of the time to load."""
    alike: dict[Cells, list[str]] = defaultdict(list)
    for system, code, *rest in sorted(rows):
        alike[(system, *rest)].append(code)
    for (system, *rest), codes in alike.items():
        for start in range(0, len(codes), CODES_IN_A_ROW):
            yield (system, ";".join(codes[start : start + CODES_IN_A_ROW]), *rest)


def _parts(path: Path, rows: list[Cells]) -> Iterator[tuple[Path, list[Cells]]]:
    """One file, or numbered ones when it would grow too large to review."""
    size = sum(len(cell.encode()) + 3 for row in rows for cell in row)
    count = size // LARGEST + 1
    step = -(-len(rows) // count) or 1
    for number, start in enumerate(range(0, len(rows), step), 1):
        name = path.name if count == 1 else f"{path.stem}.{number}.csv"
        yield path.with_name(name), rows[start : start + step]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
