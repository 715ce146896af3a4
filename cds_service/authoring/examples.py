"""Typical values for the placeholders of a knowledge file, so that its sentences can be read and measured."""

import csv
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from cds_service.authoring.edits import leaves
from cds_service.frontmatter import Document
from cds_service.knowledge import Contributor, Knowledge
from cds_service.prose import spelt, unit
from cds_service.signatures import rule_of

_BEGAN, _TAKEN, _RECORDED = "3 Mar 2026", "18 May 2026", "recorded 12 May 2026"
_ANNOTATION = re.compile(r" ?\{[^}]*\}")
_MOST = 2  # drugs or values named in one example


class Examples:
    """Fills placeholders of any file of *known*; ingredients are looked up in the folder *drugs* once a class."""

    def __init__(self, known: Knowledge, drugs: Path) -> None:
        self._known = known
        self._drugs = drugs
        self._ingredients: dict[str, str] = {}

    def filled(self, text: str, document: Document, title: str = "") -> str:
        """*text*, which stands under *title*, with each placeholder replaced; an unknown one stays marked as such."""
        return text.format_map(_Marked(self.values(document, title)))

    def values(self, document: Document, title: str = "") -> Mapping[str, str]:
        """A value for each placeholder that the loader lets this file use."""
        members = self._members(document)
        names = {kind: self._names(members, kind) for kind in ("exposure", "latest", "readings", "diagnosis")}
        drugs = list(dict.fromkeys(map(self._ingredient, names["exposure"])))[:_MOST]
        values = [self._value(each, document, members) for each in (*names["latest"], *names["readings"])]
        concepts = [self._concept(each) for each in (*_coded(members, title), *names["diagnosis"])[:1]]
        drug = (drugs or ["indapamide"])[0]
        fact, dated = _leading(values, drugs, concepts, is_coded=bool(_coded(members, title)))
        return {
            "fact": fact,
            "dated": dated,
            "drug": drug,
            "drugs": " and ".join(drugs) or fact,
            "timing": f"began 32 days after {drug} was started",
            "since": f"from {_BEGAN}",
            "value": values[0] if values else fact,
            "values": " and ".join(values[:_MOST]) or fact,
            "taken_on": _TAKEN if values else dated,
            "diagnosis": concepts[0] if concepts else fact,
            "recorded_on": _RECORDED,
            "what": "another drug of the list",
        }

    def _concept(self, name: str) -> str:
        return self._known.names.get(name, spelt(name))

    def _members(self, document: Document) -> list[Contributor]:
        """The contributor that the file describes; of a chain those of the first row of each need."""
        stem = Path(document.name).stem
        if own := [each for each in self._known.contributors if each.id == stem]:
            return own
        front = document.front.value
        identity = front.get("chain") if isinstance(front, dict) else None
        chain = next((each for each in self._known.chains if each.id == identity), None)
        needs = [need for one in (chain.alternatives if chain else ()) for need in one]
        rows = {row: None for need in needs for row in need.rows[:1]}
        return [each for row in rows for each in self._known.contributors if each.row == row]

    def _names(self, members: list[Contributor], kind: str) -> list[str]:
        """The first name of each member: the others stand in for it, and a patient rarely has two of them."""
        first = (
            next((each.names[:1] for each in member.subjects if each.kind == kind), ()) for member in members
        )
        return [name for names in first for name in names]

    def _ingredient(self, drug_class: str) -> str:
        """The ingredient that most names of the class belong to."""
        if drug_class not in self._ingredients:
            self._ingredients[drug_class] = _most_named(self._drugs / f"{drug_class}.csv") or spelt(
                drug_class
            )
        return self._ingredients[drug_class]

    def _value(self, name: str, document: Document, members: list[Contributor]) -> str:
        """The first limit that the file, or that of a member, compares it with; else a plausible value."""
        analyte = self._known.analytes[name]
        units = "|".join(re.escape(each.unit) for each in analyte.columns)
        amount = re.compile(rf"\d+(?:\.\d+)? (?:{units}|ULN)")
        ids = {member.id for member in members for each in member.subjects if name in each.names}
        about = (each for each in self._known.documents if Path(each.name).stem in ids and rule_of(each))
        for each in (document, *about):
            for _, text in leaves(each.front.value):
                if amount.fullmatch(text):
                    return _printed(analyte.short, text)
        return _printed(analyte.short, f"{analyte.columns[0].low} {analyte.columns[0].unit}")


def _printed(short: str, amount: str) -> str:
    """ "CK 10 x ULN", "ABI 0.90": the unit as a laboratory prints it, without UCUM's words in braces."""
    printed = unit(_ANNOTATION.sub("", amount.replace(" ULN", " x ULN")))
    return f"{short} {printed}".rstrip()


def _coded(members: list[Contributor], title: str) -> tuple[str, ...]:
    """The concept that stands in for a value or drug in a wording for codes: "# Summary (coded)"."""
    if title.endswith("(coded)"):
        return members[0].coded[:1]
    flags = members[0].red_flags if len(members) == 1 else ()
    if flags and title.endswith(("(critical)", "(confirm)", "(history)")):
        return flags[0].concepts[:1]
    return ()


def _leading(values: list[str], drugs: list[str], concepts: list[str], *, is_coded: bool) -> tuple[str, str]:
    """The fact that a card is about, and its date."""
    if values and not is_coded:
        return values[0], _TAKEN
    if drugs and not is_coded:
        return drugs[0], f"from {_BEGAN}"
    return (concepts[0] if concepts else "the finding"), _RECORDED


class _Marked(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"‹{key}›"


def _most_named(path: Path) -> str:
    """ "" when the class has no file."""
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", newline="") as file:
        counted = Counter(row["ingredient"] for row in csv.DictReader(file))
    return counted.most_common(1)[0][0].partition(" (")[0] if counted else ""
