"""A site's own codes and the standard codes they mean: FHIR ConceptMap files, R4 or R5."""

from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cds_service.code_systems import canonical
from cds_service.errors import KnowledgeInvalid
from cds_service.record import Coding

# The target means the same or more than the site's code: then that code is in each value set the target is in.
# R4: "wider: the target mapping is wider in meaning than the source concept", "subsumes: … (e.g. the source is-a
# target)"; the other way round are "narrower" and "specializes". R5 says it of the source.
_USED = frozenset({"equal", "equivalent", "wider", "subsumes", "source-is-narrower-than-target"})


class _Target(msgspec.Struct, rename="camel"):
    code: str | None = None
    equivalence: str | None = None  # R4
    relationship: str | None = None  # R5
    depends_on: list[Any] = []


class _Element(msgspec.Struct, rename="camel"):
    code: str | None = None
    target: list[_Target] = []


class _Group(msgspec.Struct, rename="camel"):
    source: str | None = None
    target: str | None = None
    element: list[_Element] = []


class _ConceptMap(msgspec.Struct, rename="camel"):
    resource_type: str | None = None
    group: list[_Group] = []


@dataclass(frozen=True, slots=True)
class Pair:
    """One of the site's codes, and a standard code that means the same or more."""

    local: Coding
    standard: Coding


@dataclass(frozen=True, slots=True)
class CodeMap:
    """One file: what can be used of it, and how many targets can't be, by reason."""

    name: str
    pairs: tuple[Pair, ...]
    unused: Mapping[str, int]


def read(path: Path) -> tuple[CodeMap, ...]:
    """
    The ConceptMap in the file *path*, or those in all JSON files of the folder *path*.

    Raises:
        KnowledgeInvalid: With file and member, if anything is not understood.
    """
    inside = (each for each in path.iterdir() if each.suffix.casefold() == ".json") if path.is_dir() else ()
    files = sorted(inside) if path.is_dir() else [path]
    if not files:
        raise KnowledgeInvalid(path.name, "holds no JSON file")
    return tuple(_code_map(file) for file in files)


def _code_map(file: Path) -> CodeMap:
    try:
        decoded = msgspec.json.decode(file.read_bytes().removeprefix(BOM_UTF8), type=_ConceptMap)
    except OSError as error:
        raise KnowledgeInvalid(file.name, f"can't be read: {error.strerror}") from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise KnowledgeInvalid(file.name, f"is no FHIR ConceptMap: {error}") from None
    if decoded.resource_type != "ConceptMap":
        raise KnowledgeInvalid(f"{file.name}: resourceType", "is not ConceptMap")
    unused: Counter[str] = Counter()
    pairs = tuple(_pairs(decoded, file.name, unused))
    return CodeMap(file.name, pairs, dict(unused))


def _pairs(decoded: _ConceptMap, name: str, unused: Counter[str]) -> Iterator[Pair]:
    for number, group in enumerate(decoded.group):
        where = f"{name}: group[{number}]"
        if not group.source:
            raise KnowledgeInvalid(f"{where}.source", "is missing; a code without its system means nothing")
        for place, element in enumerate(group.element):
            if element.target and not element.code:
                raise KnowledgeInvalid(f"{where}.element[{place}].code", "is missing")
            if element.target and not group.target:
                raise KnowledgeInvalid(
                    f"{where}.target", "is missing; a code without its system means nothing"
                )
            for target in element.target:
                if reason := _reason_against(target, group.target or ""):
                    unused[reason] += 1
                else:
                    yield Pair(
                        Coding(group.source, element.code, None), Coding(group.target, target.code, None)
                    )


def _reason_against(target: _Target, system: str) -> str:
    if not target.code:
        return "no code"
    if target.depends_on:
        return "depends on more than the code"
    if (target.relationship or target.equivalence) not in _USED:
        return "not the same or a wider meaning"
    return "" if canonical(system) else "not a code system read here"
