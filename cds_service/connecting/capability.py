"""What a FHIR server says of itself: its CapabilityStatement, as far as our queries depend on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from cds_service.salvage import maybe

SUPPORTED = ("4.0", "4.3")
NEWER = "5."
"""R5's shapes are read, but nobody here has tried a server of it."""


class _Software(msgspec.Struct):
    name: str = ""
    version: str = ""


class _Interaction(msgspec.Struct):
    code: str = ""


class _Parameter(msgspec.Struct):
    name: str = ""


class _Resource(msgspec.Struct, rename="camel"):
    type: str = ""
    interaction: tuple[_Interaction, ...] = ()
    search_param: tuple[_Parameter, ...] = ()
    search_include: tuple[str, ...] = ()


class _Rest(msgspec.Struct):
    mode: str = "server"
    resource: tuple[_Resource, ...] = ()


class _Statement(msgspec.Struct, rename="camel"):
    resource_type: str
    fhir_version: str = ""
    software: Raw = Raw()
    rest: Raw = Raw()


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared for one resource type."""

    interactions: frozenset[str]
    parameters: frozenset[str]
    includes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Capability:
    """
    A CapabilityStatement; *software* is name and version, "" when not told.

    *types* is None when it lists no resources in a form that is understood.
    """

    fhir_version: str
    software: str
    types: Mapping[str, Declared] | None

    @property
    def is_supported(self) -> bool:
        """Whether resources of this FHIR version are read at all."""
        return self.fhir_version.startswith((*SUPPORTED, NEWER))

    def lacks(self, kind: str) -> bool:
        """Whether a resource type is certainly not declared."""
        return self.types is not None and kind not in self.types

    def undeclared(self, query: str) -> tuple[str, ...]:
        """What a query needs and the server does not name: a hint only, servers do more and less than they say."""
        if self.types is None:
            return ()
        kind = query.partition("?")[0].partition("/")[0]
        declared = self.types.get(kind)
        return (kind,) if declared is None else tuple(_lacking(query, declared))


def read(body: bytes) -> Capability | None:
    """The statement; None when the answer is none, or does not tell its FHIR version."""
    try:
        found = msgspec.json.decode(body, type=_Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if found.resource_type not in ("CapabilityStatement", "Conformance") or not found.fhir_version:
        return None
    software = maybe(found.software, _Software) or _Software()
    told = " ".join(filter(None, (software.name, software.version)))
    return Capability(found.fhir_version, told, _types(found.rest))


def _types(raw: Raw) -> Mapping[str, Declared] | None:
    server = next((each for each in maybe(raw, tuple[_Rest, ...]) or () if each.mode == "server"), None)
    if server is None or not server.resource:
        return None
    return {
        each.type: Declared(
            frozenset(interaction.code for interaction in each.interaction),
            frozenset(parameter.name for parameter in each.search_param),
            frozenset(each.search_include),
        )
        for each in server.resource
    }


def _lacking(query: str, declared: Declared) -> Iterator[str]:
    asked = query.partition("?")[2]
    way = "search-type" if asked else "read"
    if way not in declared.interactions:
        yield way
    for name, value in (each.split("=", 1) for each in asked.split("&") if each):
        if name == "_include":
            if not declared.includes & {value, "*"}:
                yield f"_include={value}"
        elif name == "_sort":
            if value.lstrip("-") not in declared.parameters:
                yield f"_sort={value}"
        elif not name.startswith("_") and name not in declared.parameters:
            yield name
