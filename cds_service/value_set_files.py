"""The files of a value set folder and of a site's own codes, read completely or refused."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cds_service import code_map, garbage
from cds_service.analyte_names import AnalyteName
from cds_service.code_systems import KNOWN, listed
from cds_service.code_table import CodeTable, Entry
from cds_service.diagnosis_names import Phrase
from cds_service.drug_names import DrugName
from cds_service.errors import KnowledgeInvalid
from cds_service.record import Coding
from cds_service.units import reading

NO_CLASS = "_none"  # the file of codes and names that are recognised and belong to no class

DRUG = ("system", "code", "display", "match", "ingredient", "route", "source")
DIAGNOSIS = ("system", "code", "display", "match", "note", "source")
ANALYTE = ("system", "code", "display", "match", "unit", "source")
ORDER = ("test", "system", "code", "display", "source")
ANSWER = ("answer", "system", "code", "display", "source")

CODE_MATCHES = frozenset({"exact", "prefix", "prefix_needs_context"})
DRUG_NAMES = frozenset({"name", "name_ambiguous"})
PHRASES = frozenset({"phrase", "phrase_needs_context"})
ANALYTE_NAMES = frozenset({"phrase", "phrase_needs_unit"})
ANSWERS = frozenset({"yes", "no", "pregnant", "not-pregnant", "unknown"})

VERSION = "VERSION"  # beside the folders: date and digest of what was compiled
_VERSION = re.compile(r"\d{4}-\d\d-\d\d\+[0-9a-f]{8,}")


class ValueSetFiles:
    """
    Everything the files of *folder* say, by kind, and what a site's own codes mean (*local*: a file or folder).

    *mapping* counts the site's codes by what became of them.

    Raises:
        KnowledgeInvalid: Naming the first line or member that is not understood.
    """

    def __init__(self, folder: Path, local: Path | None = None) -> None:
        self.drugs, self.diagnoses, self.analytes = CodeTable(), CodeTable(), CodeTable()
        self.drug_names: list[tuple[str, DrugName]] = []
        self.ingredients: set[str] = set()
        self.phrases: list[Phrase] = []
        self.analyte_names: list[AnalyteName] = []
        self.orders: dict[str, tuple[Coding, ...]] = {}
        self.answers: dict[tuple[str, str], str] = {}  # by system and code
        with garbage.none_expected():
            self.drug_classes = self._each(folder, "drugs")
            self.concepts = self._each(folder, "diagnoses")
            self.analyte_sets = self._each(folder, "analytes")
            self._orders(folder / "orders.csv")
            self._answers(folder / "answers.csv")
        self.version = _version(folder / VERSION)
        self.mapping: Counter[str] = Counter()
        for each in code_map.read(local) if local else ():
            self._learn(each)

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
        listed: dict[tuple[str, ...], list[str]] = {}  # thousands of codes mean the same
        for system, code, display, match, ingredient, route, _ in _rows(path, DRUG, DRUG_NAMES):
            if system:
                group = display if value_set and not ingredient else ""
                listed.setdefault((system, ingredient, match, route, group), []).extend(code.split(";"))
            else:
                self.drug_names += [
                    (display, DrugName(value_set, part, match == "name_ambiguous"))
                    for part in ingredient.split(";")
                ]
                self.ingredients.update(ingredient.split(";"))
        for (system, ingredient, match, route, group), codes in listed.items():
            self.ingredients.update(ingredient.split(";"))
            names = tuple(ingredient.split(";")) if ingredient else ()
            _add(self.drugs, system, codes, Entry(value_set, names, match, route, group), path)

    def _diagnosis_file(self, path: Path, value_set: str) -> None:
        for system, code, display, match, _, _ in _rows(path, DIAGNOSIS, PHRASES):
            if system:
                _add(self.diagnoses, system, (code,), Entry(value_set, (display,), match), path)
            else:
                self.phrases.append(Phrase(value_set, display, match == "phrase_needs_context"))

    def _analyte_file(self, path: Path, value_set: str) -> None:
        for system, code, display, match, unit, _ in _rows(path, ANALYTE, ANALYTE_NAMES):
            if system:
                _add(self.analytes, system, (code,), Entry(value_set, (display,), match), path)
            else:
                units = frozenset(map(reading, unit.split(";"))) - {""}
                self.analyte_names.append(
                    AnalyteName(value_set, display, units, match == "phrase_needs_unit")
                )

    def _learn(self, one: code_map.CodeMap) -> None:
        """Give the site's codes of one file their meaning in every table that knows the standard code."""
        meanings: dict[Coding, list[Coding]] = {}
        for pair in one.pairs:
            meanings.setdefault(pair.local, []).append(pair.standard)
        used = 0
        for local, standard in meanings.items():
            told = [table.learn(local, standard) for table in (self.drugs, self.diagnoses, self.analytes)]
            used += any(told)
        unused = Counter(one.unused)
        unused["in no value set, or known already"] = len(meanings) - used
        if not used:
            reasons = ", ".join(f"{count} {reason}" for reason, count in unused.items() if count)
            raise KnowledgeInvalid(f"{one.name}: group", f"nothing in it can be used ({reasons or 'empty'})")
        self.mapping.update(+unused)  # without the zeros
        self.mapping["used"] += used

    def _orders(self, path: Path) -> None:
        for number, (test, system, code, display, _) in enumerate(_read(path, ORDER), 2):
            if not (test and code and system in KNOWN):
                raise KnowledgeInvalid(
                    f"{_named(path)}:{number}", "an order needs a test, a known system and a code"
                )
            self.orders[test] = (*self.orders.get(test, ()), Coding(system, code, display))

    def _answers(self, path: Path) -> None:
        for number, (answer, system, code, _, _) in enumerate(_read(path, ANSWER), 2):
            form = listed(system, code) if system in KNOWN else ""
            if not (answer in ANSWERS and form):
                problem = f"not one of {', '.join(sorted(ANSWERS))} with a code of a known system"
                raise KnowledgeInvalid(f"{_named(path)}:{number}", problem)
            if self.answers.setdefault((system, form), answer) != answer:
                raise KnowledgeInvalid(f"{_named(path)}:{number}", f"{code} is another answer already")


def _add(table: CodeTable, system: str, codes: Iterable[str], entry: Entry, path: Path) -> None:
    try:
        table.add(system, codes, entry)
    except ValueError as problem:
        raise KnowledgeInvalid(_named(path), str(problem)) from None


def _version(path: Path) -> str:
    """Date of the tables that were compiled, "+", beginning of the digest of all value sets."""
    try:
        version = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise KnowledgeInvalid(path.name, f"can't be read: {problem}") from problem
    if not _VERSION.fullmatch(version):
        raise KnowledgeInvalid(path.name, "is not a date, `+` and a digest, as the compiler writes it")
    return version


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
