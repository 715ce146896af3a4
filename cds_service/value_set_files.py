"""The CSV files of a value set folder, read completely or refused."""

import csv
from pathlib import Path

from cds_service.analyte_names import AnalyteName, unit_form
from cds_service.code_systems import KNOWN
from cds_service.code_table import CodeTable, Entry
from cds_service.diagnosis_names import Phrase
from cds_service.drug_names import DrugName
from cds_service.errors import KnowledgeInvalid
from cds_service.record import Coding

NO_CLASS = "_none"  # the file of codes and names that are recognised and belong to no class

DRUG = ("system", "code", "display", "match", "ingredient", "route", "source")
DIAGNOSIS = ("system", "code", "display", "match", "note", "source")
ANALYTE = ("system", "code", "display", "match", "unit", "source")
ORDER = ("test", "system", "code", "display", "source")

CODE_MATCHES = frozenset({"exact", "prefix", "prefix_needs_context"})
DRUG_NAMES = frozenset({"name", "name_ambiguous"})
PHRASES = frozenset({"phrase", "phrase_needs_context"})
ANALYTE_NAMES = frozenset({"phrase", "phrase_needs_unit"})


class ValueSetFiles:
    """Everything the files of *folder* say, by kind; KnowledgeInvalid names the first line not understood."""

    def __init__(self, folder: Path) -> None:
        self.drugs, self.diagnoses, self.analytes = CodeTable(), CodeTable(), CodeTable()
        self.drug_names: list[tuple[str, DrugName]] = []
        self.phrases: list[Phrase] = []
        self.analyte_names: list[AnalyteName] = []
        self.orders: dict[str, tuple[Coding, ...]] = {}
        self.drug_classes = self._each(folder, "drugs")
        self.concepts = self._each(folder, "diagnoses")
        self.analyte_sets = self._each(folder, "analytes")
        self._orders(folder / "orders.csv")

    def _each(self, folder: Path, kind: str) -> frozenset[str]:
        """Read all files of one kind; the value sets found."""
        paths = sorted((folder / kind).rglob("*.csv"))
        if not paths:
            raise KnowledgeInvalid(kind, "no value set files")
        read = {"drugs": self._drug_file, "diagnoses": self._diagnosis_file, "analytes": self._analyte_file}[
            kind
        ]
        names = set()
        for path in paths:
            name = path.name.partition(".")[0]
            names.add(name)
            read(path, "" if name == NO_CLASS else name)
        return frozenset(names - {NO_CLASS})

    def _drug_file(self, path: Path, value_set: str) -> None:
        shared: dict[tuple[str, ...], Entry] = {}
        for system, code, display, match, ingredient, route, _ in _rows(path, DRUG, DRUG_NAMES):
            if not system:
                name = DrugName(value_set, "", match == "name_ambiguous")
                self.drug_names += [
                    (display, name._replace(ingredient=part)) for part in ingredient.split(";")
                ]
                continue
            key = (ingredient, match, route, "" if ingredient else display)
            entry = shared.get(key)
            if entry is None:
                names = tuple(ingredient.split(";")) if ingredient else ()
                entry = shared[key] = Entry(value_set, names, match, route, key[3])
            self.drugs.add(system, code, entry)

    def _diagnosis_file(self, path: Path, value_set: str) -> None:
        for system, code, display, match, _, _ in _rows(path, DIAGNOSIS, PHRASES):
            if system:
                self.diagnoses.add(system, code, Entry(value_set, (display,), match))
            else:
                self.phrases.append(Phrase(value_set, display, match == "phrase_needs_context"))

    def _analyte_file(self, path: Path, value_set: str) -> None:
        for system, code, display, match, unit, _ in _rows(path, ANALYTE, ANALYTE_NAMES):
            if system:
                self.analytes.add(system, code, Entry(value_set, (display,), match))
            else:
                units = frozenset(map(unit_form, unit.split(";"))) - {""}
                self.analyte_names.append(
                    AnalyteName(value_set, display, units, match == "phrase_needs_unit")
                )

    def _orders(self, path: Path) -> None:
        for number, (test, system, code, display, _) in enumerate(_read(path, ORDER), 2):
            if not (test and code and system in KNOWN):
                raise KnowledgeInvalid(
                    f"{_named(path)}:{number}", "an order needs a test, a known system and a code"
                )
            self.orders[test] = (*self.orders.get(test, ()), Coding(system, code, display))


def _rows(path: Path, header: tuple[str, ...], text_matches: frozenset[str]) -> list[list[str]]:
    """Checked rows: a system goes with a code and a match for codes, no system with a name."""
    rows = _read(path, header)
    shapes = {(row[0], row[3], bool(row[1]), bool(row[2])) for row in rows}
    if not all(_is_understood(shape, text_matches) for shape in shapes):
        for number, row in enumerate(rows, 2):
            if not _is_understood((row[0], row[3], bool(row[1]), bool(row[2])), text_matches):
                problem = f"neither a code of a known system nor a name: system {row[0]!r}, match {row[3]!r}"
                raise KnowledgeInvalid(f"{_named(path)}:{number}", problem)
    return rows


def _is_understood(shape: tuple[str, str, bool, bool], text_matches: frozenset[str]) -> bool:
    system, match, has_code, has_display = shape
    if system:
        return system in KNOWN and has_code and match in CODE_MATCHES
    return has_display and not has_code and match in text_matches


def _read(path: Path, header: tuple[str, ...]) -> list[list[str]]:
    """The rows below the header, each with as many cells."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            first, *rows = list(csv.reader(file, strict=True)) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise KnowledgeInvalid(_named(path), f"can't be read: {problem}") from problem
    if tuple(first) != header:
        raise KnowledgeInvalid(f"{_named(path)}:1", f"the columns must be {', '.join(header)}")
    if not set(map(len, rows)) <= {len(header)}:
        number = next(number for number, row in enumerate(rows, 2) if len(row) != len(header))
        raise KnowledgeInvalid(f"{_named(path)}:{number}", f"{len(header)} columns expected")
    return rows


def _named(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
