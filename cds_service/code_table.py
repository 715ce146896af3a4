"""Listed codes and what they mean, found by exact code or by a listed parent."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from cds_service.code_systems import ATC, HIERARCHICAL, KNOWN, NDC, canonical, readings
from cds_service.record import Coding

_REMEMBERED = 8_192
_LONGEST_CODE = 32  # characters; longer ones are no codes of ours
_REWRITTEN = HIERARCHICAL - {NDC}  # NDC is listed in the form it is looked up
_ATC_SUBSTANCE = re.compile(r"[ABCDGHJLMNPRSV]\d\d[A-Z]{2}\d\d")


class Entry(NamedTuple):
    """
    What one listed code means.

    *names* are the ingredients (none when the code is a group's) or the display. *group* names the group.
    """

    value_set: str
    names: tuple[str, ...]
    match: str
    route: str = ""
    group: str = ""

    @property
    def matched_by(self) -> str:
        """ "code" when the code itself is listed, "prefix" when a parent of it is."""
        return "code" if self.match == "exact" else "prefix"


Entries = tuple[Entry, ...]


class CodeTable:
    """Codes by canonical system; those of hierarchical systems in the form that `readings` gives."""

    def __init__(self) -> None:
        self._by_system: dict[str, dict[str, Entries]] = {system: {} for system in KNOWN}
        self._alone: dict[Entry, Entries] = {}  # thousands of codes mean the same
        self._walked = lru_cache(maxsize=_REMEMBERED)(self._walk)

    def add(self, system: str, code: str, entry: Entry) -> None:
        """List *code* of a canonical *system*; every entry for it is kept."""
        codes = self._by_system[system]
        key = readings(system, code)[0] if system in _REWRITTEN else code
        if key in codes:
            codes[key] += (entry,)
        else:
            codes[key] = self._alone.setdefault(entry, (entry,))

    def find(self, coding: Coding) -> Entries | None:
        """All entries that hold the coding; () when recognised without class, None when it is not known."""
        if coding.system is None or coding.code is None:
            return None
        codes = self._by_system.get(coding.system)
        system = coding.system if codes is not None else canonical(coding.system)
        if not system:
            return None
        if system in HIERARCHICAL:
            return self._walked(system, coding.code)
        codes = self._by_system[system]
        return codes.get(coding.code) or codes.get(coding.code.strip())

    def _walk(self, system: str, code: str) -> Entries | None:
        """Entries of the code itself, and for each further value set those of its nearest listed parent."""
        codes = self._by_system[system]
        if len(code) > _LONGEST_CODE:
            return None
        if system == NDC:
            hits = [codes[product] for product in readings(system, code) if product in codes]
            return hits[0] if len(hits) == 1 else None
        [plain] = readings(system, code)
        found = [_itself(entry) for entry in codes.get(plain, ())]
        for length in range(len(plain) - 1, 0, -1):
            seen = {entry.value_set for entry in found}
            parents = codes.get(plain[:length], ())
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


def _itself(entry: Entry) -> Entry:
    return entry._replace(match="exact") if entry.match == "prefix" else entry
