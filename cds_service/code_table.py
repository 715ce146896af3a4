"""Listed codes and what they mean, found by exact code, by a listed parent, or by a site's own map."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from cds_service.code_systems import (
    ATC,
    HIERARCHICAL,
    ICD10,
    KNOWN,
    LONGEST,
    NDC,
    canonical,
    is_doubted,
    keeps_meaning,
    listed,
    plain_system,
    readings,
)
from cds_service.record import Coding

_REMEMBERED = 8_192
_REWRITTEN = HIERARCHICAL - {NDC}  # NDC is listed in the form it is looked up
_ATC_SUBSTANCE = re.compile(r"[ABCDGHJLMNPRSV]\d\d[A-Z]{2}\d\d")


class Entry(NamedTuple):
    """
    What one listed code means.

    *names* are the ingredients (none when the code is a group's) or the display. *group* names the group.
    *is_mapped* when a site's map says that its own code means this.
    """

    value_set: str
    names: tuple[str, ...]
    match: str
    route: str = ""
    group: str = ""
    is_mapped: bool = False

    @property
    def matched_by(self) -> str:
        """ "code" when the code itself is listed, "prefix" when a parent of it is, "map" when a site maps it."""
        if self.is_mapped:
            return "map"
        return "code" if self.match == "exact" else "prefix"


Entries = tuple[Entry, ...]

WAYS = ("code", "map", "prefix", "text")
"""How a concept may be matched, the most exact first."""


class CodeTable:
    """Codes by canonical system; those of hierarchical systems in the form that `listed` gives."""

    def __init__(self) -> None:
        self._by_system: dict[str, dict[str, Entries]] = {system: {} for system in KNOWN}
        self._local: dict[tuple[str, str], Entries] = {}  # what a site's map adds
        self._walked = lru_cache(maxsize=_REMEMBERED)(self._walk)

    def add(self, system: str, codes: Iterable[str], entry: Entry) -> None:
        """
        List *codes* of a canonical *system* as meaning the same; every entry for a code is kept.

        Raises:
            ValueError: When a code can't be one of that system.
        """
        known, alone = self._by_system[system], (entry,)
        for code in codes:
            form = _checked(system, code) if system in _REWRITTEN else code
            known[form] = (*known[form], entry) if form in known else alone

    def learn(self, local: Coding, meanings: Iterable[Coding]) -> bool:
        """
        Give a site's own code the meaning of standard ones; whether that told something new.

        What is listed here of the site's code, or of the standard ones, is not changed.
        """
        found = [entries for coding in meanings if (entries := self._listed(coding)) is not None]
        if not found or self._listed(local) is not None:
            return False
        mapped = (entry._replace(is_mapped=True) for entries in found for entry in entries)
        key = _local_key(local)
        self._local[key] = tuple(dict.fromkeys((*self._local.get(key, ()), *mapped)))
        return True

    def find(self, coding: Coding) -> Entries | None:
        """All entries that hold the coding; () when recognised without class, None when it is not known."""
        found = self._listed(coding)
        if found is None and self._local and coding.system and coding.code:
            return self._local.get(_local_key(coding))
        return found

    def _listed(self, coding: Coding) -> Entries | None:
        """As `find`, without what a site's map adds."""
        name, code = coding.system, coding.code
        if name is None or code is None or len(code) > LONGEST:
            return None
        system = name if name in self._by_system else canonical(name)
        if not system:
            return None
        if system in HIERARCHICAL:
            return self._walked(name, code)
        codes = self._by_system[system]
        if not codes:  # as LOINC among diagnoses: asked for every result of a record
            return None
        return codes.get(code) or codes.get(readings(system, code)[0])

    def _walk(self, name: str, code: str) -> Entries | None:
        """Entries of the code itself, and for each further value set those of its nearest listed parent."""
        system = canonical(name)
        codes = self._by_system[system]
        if system == NDC:
            hits = {codes[product] for product in readings(name, code) if product in codes}
            return hits.pop() if len(hits) == 1 else None
        [plain] = readings(name, code)
        if not plain:
            return () if is_doubted(name, code) else None
        found = [_itself(entry) for entry in codes.get(plain, ())]
        for length in range(len(plain) - 1, 0, -1):
            seen = {entry.value_set for entry in found}
            parents = codes.get(plain[:length], ())
            if parents and system == ICD10:
                parents = _of_the_who(parents) if keeps_meaning(plain[:length], plain) else ()
            found += [entry for entry in parents if entry.match != "exact" and entry.value_set not in seen]
        if found:
            return tuple(found)
        # ATC has codes of its own for skin, eye and other local use: a substance not listed has no class.
        return () if system == ATC and _ATC_SUBSTANCE.fullmatch(plain) else None

    def codes(self, value_set: str, system: str) -> Iterator[str]:
        """The codes of *value_set* in a canonical *system*."""
        for code, entries in self._by_system[system].items():
            if any(entry.value_set == value_set for entry in entries):
                yield code

    def local_codes(self) -> dict[str, tuple[str, ...]]:
        """The codes that a site's map adds, by value set, sorted."""
        found: dict[str, set[str]] = {}
        for (_, code), entries in self._local.items():
            for entry in entries:
                found.setdefault(entry.value_set, set()).add(code)
        return {value_set: tuple(sorted(codes)) for value_set, codes in found.items()}


def _checked(system: str, code: str) -> str:
    form = listed(system, code)
    if not form:
        raise ValueError(f"{code!r} is no code of {system}")
    return form


def _local_key(coding: Coding) -> tuple[str, str]:
    """A site's code by whichever name of its system; the code as written, for its case may matter."""
    system = coding.system or ""
    return canonical(system) or plain_system(system), (coding.code or "").strip()


def _itself(entry: Entry) -> Entry:
    return entry._replace(match="exact") if entry.match == "prefix" else entry


def _of_the_who(parents: Entries) -> Entries:
    """The WHO's list ends at many codes that national editions divide further: those are parents too."""
    return tuple(entry._replace(match="prefix") if entry.match == "exact" else entry for entry in parents)
