"""Value sets: which of our classes, concepts and analytes a coded or written concept belongs to."""

from collections.abc import Container, Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from cds_service import analyte_names, diagnosis_names, drug_routes
from cds_service.code_systems import ICD9CM, canonical, readings
from cds_service.code_table import WAYS, CodeTable, Entry
from cds_service.drug_names import DrugNames
from cds_service.names import LONGEST, Phrases, tokens
from cds_service.record import Coding, Concept
from cds_service.value_set_files import ValueSetFiles

_LONGEST_UNIT = 100  # characters
_MOST_CHARACTERS = 500  # of a concept whose reading is kept
_REMEMBERED = 4_096  # concepts whose reading is kept, per kind; in memory only
_VAGINAL, _ANY_ROUTE = "estrogen_vaginal", "estrogen"
_RANK = {way: place for place, way in enumerate(WAYS)}


class Match(NamedTuple):
    """
    One reading of a coded or written concept.

    *name* is the ingredient of a drug (the name of its group when the code says no more), else the
    display of the code or the phrase found. *matched_by* is "code", "map" (a site's own code, mapped to a
    listed one), "prefix" (a parent of the code is listed) or "text".
    """

    value_set: str
    name: str
    matched_by: str


class ValueSets:
    """
    All value sets, loaded once and only read afterwards.

    A code decides: names are read only when no coding of the concept is known. Codings that are not known
    change nothing, and the order of codings doesn't matter.
    """

    def __init__(self, files: ValueSetFiles) -> None:
        self.drug_classes = files.drug_classes
        self.concepts = files.concepts
        self.ingredients = frozenset(files.ingredients - {""})
        self.analyte_names = files.analyte_sets
        self.tests = frozenset(files.orders)
        self._drugs, self._diagnoses, self._analytes = files.drugs, files.diagnoses, files.analytes
        self._orders, self._answers = files.orders, files.answers
        self.version, self.mapping = files.version, files.mapping
        # by analyte and concept: what a site calls it
        self.local_codes = {**files.analytes.local_codes(), **files.diagnoses.local_codes()}
        self._drug_names = DrugNames(files.drug_names)
        self._phrases = Phrases((row.phrase, row) for row in files.phrases)
        self._analyte_phrases = Phrases((row.phrase, row) for row in files.analyte_names)
        self._ordered = _tests_by_coding(files.orders)
        self._test_phrases = Phrases((test, test) for test in files.orders)
        # Records repeat themselves: a reading is kept for the next entry that says the very same.
        self._read_drug = lru_cache(maxsize=_REMEMBERED)(self._drugs_of)
        self._read_diagnosis = lru_cache(maxsize=_REMEMBERED)(self._diagnoses_of)
        self._read_analyte = lru_cache(maxsize=_REMEMBERED)(self._analytes_of)
        self._asked_drug = lru_cache(maxsize=_REMEMBERED)(self._may_be_drug)
        self._asked_diagnosis = lru_cache(maxsize=_REMEMBERED)(self._may_be_diagnosis)
        self._asked_analyte = lru_cache(maxsize=_REMEMBERED)(self._may_be_analyte)

    @classmethod
    def load(cls, folder: Path, local: Path | None = None) -> "ValueSets":
        """
        Read every file of *folder*, and a site's own codes (*local*: one ConceptMap file, or a folder of them).

        Raises:
            KnowledgeInvalid: If a file or line is not understood; `where` names both.
        """
        return cls(ValueSetFiles(folder, local))

    def drugs(self, concept: Concept, route: str = "") -> tuple[Match, ...]:
        """
        Drug classes of a medicine, one match per class and ingredient.

        *route* is what the record says about the way it is given, in any words: a class that does not
        survive that route is left out.
        """
        route = route[:LONGEST]
        read = self._read_drug if _is_short(concept, route) else self._drugs_of
        return read(concept, route)

    def _drugs_of(self, concept: Concept, route: str) -> tuple[Match, ...]:
        entries = _entries(self._drugs, concept)
        if entries is None:
            return _best(self._drugs_named(concept, route))
        if not entries:
            return ()
        if any(entry.value_set == _VAGINAL for entry in entries):
            # the parent of its code says oestrogen of any route
            entries = [entry for entry in entries if entry.value_set != _ANY_ROUTE]
        beside = _BesideDrug(self._drug_names, concept, route)
        return _best(match for entry in entries for match in _of_drug(entry, beside))

    def diagnoses(self, concept: Concept, site: str = "") -> tuple[Match, ...]:
        """Concepts of a diagnosis, one match each; *site* (in words) settles wide codes and short forms."""
        site = site[:LONGEST]
        read = self._read_diagnosis if _is_short(concept, site) else self._diagnoses_of
        return read(concept, site)

    def _diagnoses_of(self, concept: Concept, site: str) -> tuple[Match, ...]:
        entries = _entries(self._diagnoses, concept)
        if entries is None:
            found = [diagnosis_names.read(text[:LONGEST], site, self._phrases) for text in concept.words()]
            return _one_each(Match(*reading, "text") for readings in found for reading in readings)
        if not entries:
            return ()
        beside = _BesideDiagnosis(concept, site)
        return _one_each(
            Match(entry.value_set, entry.names[0], entry.matched_by)
            for entry in entries
            if entry.match != "prefix_needs_context" or beside.settles(entry)
        )

    def analytes(self, concept: Concept, unit: str = "", specimen: str = "") -> tuple[Match, ...]:
        """The analyte of a result, usually none or one; *unit* lets short names like "K" be believed."""
        unit, specimen = unit[:_LONGEST_UNIT], specimen[:LONGEST]
        read = self._read_analyte if _is_short(concept, unit, specimen) else self._analytes_of
        return read(concept, unit, specimen)

    def _analytes_of(self, concept: Concept, unit: str, specimen: str) -> tuple[Match, ...]:
        entries = _entries(self._analytes, concept)
        if entries is not None:
            return _one_each(Match(entry.value_set, entry.names[0], entry.matched_by) for entry in entries)
        text = _together(concept)
        reading = analyte_names.read(text, unit, specimen, self._analyte_phrases) if text else None
        return (Match(*reading, "text"),) if reading else ()

    def may_be_drug(self, concept: Concept) -> bool:
        """Whether `drugs` could match a medicine, whatever its route; False is certain."""
        return (self._asked_drug if _is_short(concept) else self._may_be_drug)(concept)

    def _may_be_drug(self, concept: Concept) -> bool:
        if (entries := _entries(self._drugs, concept)) is not None:
            return bool(entries)
        return any(self._drug_names.may_name(text[:LONGEST]) for text in concept.words())

    def may_be_diagnosis(self, concept: Concept, among: frozenset[str]) -> bool:
        """Whether `diagnoses` could match one *among* these, whatever its site; False is certain."""
        return (self._asked_diagnosis if _is_short(concept) else self._may_be_diagnosis)(concept, among)

    def _may_be_diagnosis(self, concept: Concept, among: frozenset[str]) -> bool:
        if (entries := _entries(self._diagnoses, concept)) is not None:
            return any(entry.value_set in among for entry in entries)
        return any(diagnosis_names.may_name(text[:LONGEST], self._phrases) for text in concept.words())

    def may_be_analyte(self, concept: Concept, among: frozenset[str]) -> bool:
        """Whether `analytes` could match one *among* these, whatever unit and specimen; False is certain."""
        return (self._asked_analyte if _is_short(concept) else self._may_be_analyte)(concept, among)

    def _may_be_analyte(self, concept: Concept, among: frozenset[str]) -> bool:
        if (entries := _entries(self._analytes, concept)) is not None:
            return any(entry.value_set in among for entry in entries)
        text = _together(concept)
        return any(name in among for name in analyte_names.may_name(text, self._analyte_phrases))

    def knows_drug(self, concept: Concept) -> bool:
        """Whether a code or name of the medicine is known at all, if only as of no class."""
        if _entries(self._drugs, concept) is not None:
            return True
        return any(self._drug_names.knows(text[:LONGEST]) for text in concept.words())

    def is_coded_as(self, coding: Coding, concepts: Container[str]) -> bool:
        """Whether a code of a diagnosis is listed, or mapped by the site, as one of *concepts*."""
        entries = self._diagnoses.find(coding) or ()
        return any(entry.value_set in concepts for entry in entries)

    def knows_diagnosis(self, concept: Concept) -> bool:
        """Whether a code or phrase of the diagnosis is known at all, if only as denied or past."""
        if _entries(self._diagnoses, concept) is not None:
            return True
        words = (diagnosis_names.words_of(text[:LONGEST]) for text in concept.words())
        return any(self._phrases.find(each) for each in words)

    def knows_analyte(self, concept: Concept) -> bool:
        """Whether a code or name of the result is known at all, if only of another specimen."""
        if _entries(self._analytes, concept) is not None:
            return True
        return any(self._analyte_phrases.find(tokens(text[:LONGEST])) for text in concept.words())

    def codes(self, value_set: str, system: str) -> tuple[str, ...]:
        """Codes of an analyte or diagnosis in *system*, sorted, for building queries; ICD without dots."""
        name = canonical(system)
        table = self._analytes if value_set in self.analyte_names else self._diagnoses
        return tuple(sorted(table.codes(value_set, name))) if name else ()

    def order(self, test: str) -> tuple[Coding, ...]:
        """The codings under which *test* is ordered; () when the test is not known."""
        return self._orders.get(test, ())

    def answer(self, concept: Concept) -> str:
        """
        What a coded value answers: "yes", "no", "pregnant", "not-pregnant" or "unknown".

        "" when no coding of it is an answer, or two disagree. Words are not read.
        """
        keys = (key for coding in concept.coding or () for key in _keys(coding))
        found = {self._answers[key] for key in keys if key in self._answers}
        return found.pop() if len(found) == 1 else ""

    def tests_ordered(self, concept: Concept) -> tuple[str, ...]:
        """The tests that an order asks for, by code, else by the test's own name in its words."""
        keys = ((canonical(coding.system or ""), coding.code) for coding in concept.coding or ())
        found = {test for key in keys for test in self._ordered.get(key, ())}
        if not found:
            hits = [hit for text in concept.words() for hit in self._test_phrases.find(tokens(text))]
            found = {test for hit in hits for test in hit.meanings}
        return tuple(sorted(found))

    def _drugs_named(self, concept: Concept, route: str) -> list[Match]:
        """Classes by name; none when any wording of the entry refuses (allergy, device, "do not give")."""
        found = [self._drug_names.read(text[:LONGEST], route) for text in concept.words()]
        if None in found:
            return []
        return [Match(*reading, "text") for readings in found if readings for reading in readings]


class _BesideDrug:
    """What the words beside a medicine's codes say, read once and only when an entry asks."""

    def __init__(self, names: DrugNames, concept: Concept, route: str) -> None:
        self._names, self._concept, self._route = names, concept, route

    @cached_property
    def routes(self) -> frozenset[str]:
        """The routes of the dosage, else those that the words speak of."""
        said = _routes_said(self._route)
        for text in () if said else self._concept.words():
            said |= _routes_said(text[:LONGEST])
        return said

    @cached_property
    def readings(self) -> frozenset[tuple[str, str]]:
        """Classes and ingredients that the words name."""
        read = (self._names.read(text[:LONGEST]) or frozenset() for text in self._concept.words())
        return frozenset(reading for readings in read for reading in readings)


def _of_drug(entry: Entry, beside: _BesideDrug) -> list[Match]:
    names = entry.names or _ingredients_said(entry, beside)
    if entry.route:  # the product's own route has been applied when the value sets were compiled
        return [Match(entry.value_set, name, entry.matched_by) for name in names]
    said = beside.routes
    kept = [(drug_routes.class_when(entry.value_set, name, said), name) for name in names]
    return [
        Match(value_set, name, entry.matched_by)
        for value_set, name in kept
        if value_set and drug_routes.must_be_said(value_set) in (None, *said)
    ]


def _ingredients_said(entry: Entry, beside: _BesideDrug) -> tuple[str, ...]:
    """The ingredients of the class that the words beside a group's code name; else the group's name."""
    said = {name for value_set, name in beside.readings if value_set == entry.value_set}
    return tuple(sorted(said)) or (entry.group.lower(),)


class _BesideDiagnosis:
    """What the words and codes beside a wide code say, read once and only when an entry asks."""

    def __init__(self, concept: Concept, site: str) -> None:
        self._concept, self._site = concept, site

    def settles(self, entry: Entry) -> bool:
        """Whether a code that is wider than its concept means that concept here."""
        return diagnosis_names.code_is_settled(entry.value_set, self._icd9, self._words)

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(token for text in (*self._concept.words(), self._site) for token in tokens(text))

    @cached_property
    def _icd9(self) -> str:
        coded = (each for each in self._concept.coding or () if canonical(each.system or "") == ICD9CM)
        return next((each.code for each in coded if each.code), "")


def _is_short(concept: Concept, *others: str) -> bool:
    """Whether a reading is worth keeping: what a client sends at length it does not send again and again."""
    size = len(concept.text or "") + sum(map(len, others))
    for coding in concept.coding or ():
        size += len(coding.system or "") + len(coding.code or "") + len(coding.display or "")
        if size > _MOST_CHARACTERS:
            return False
    return size <= _MOST_CHARACTERS


def _together(concept: Concept) -> str:
    """All words of a concept, in an order that the order of its codings does not change."""
    return " ; ".join(sorted(concept.words()))[:LONGEST]


def _keys(coding: Coding) -> list[tuple[str, str]]:
    """System and code as tables list them, by whichever name the record gives the system."""
    system, code = coding.system or "", coding.code or ""
    return [(canonical(system), form) for form in readings(system, code)]


def _tests_by_coding(orders: dict[str, tuple[Coding, ...]]) -> dict[tuple[str, str | None], tuple[str, ...]]:
    index: dict[tuple[str, str | None], tuple[str, ...]] = {}
    for test, codings in orders.items():
        for coding in codings:
            key = (coding.system or "", coding.code)
            index[key] = (*index.get(key, ()), test)
    return index


def _routes_said(text: str) -> frozenset[str]:
    return drug_routes.kinds(tokens(text))


def _entries(table: CodeTable, concept: Concept) -> list[Entry] | None:
    """Entries of all codings once each, those without a class left out; None when no coding is known."""
    found: dict[Entry, None] | None = None
    for coding in concept.coding or ():
        entries = table.find(coding)
        if entries is not None:
            found = found or {}
            found.update((entry, None) for entry in entries if entry.value_set)
    return None if found is None else list(found)


def _best(matches: Iterable[Match]) -> tuple[Match, ...]:
    """Each class and name once; where a code names a class, what only its parents say is left out."""
    found = sorted(set(matches))
    if len(found) < 2:
        return tuple(found)
    best: dict[str, int] = {}
    for match in found:
        best[match.value_set] = min(best.get(match.value_set, len(_RANK)), _RANK[match.matched_by])
    return tuple(match for match in found if _RANK[match.matched_by] == best[match.value_set])


def _one_each(matches: Iterable[Match]) -> tuple[Match, ...]:
    """One match for each value set, the most exact first."""
    chosen: dict[str, Match] = {}
    for match in sorted(matches, key=lambda match: (_RANK[match.matched_by], match)):
        chosen.setdefault(match.value_set, match)
    return tuple(sorted(chosen.values()))
