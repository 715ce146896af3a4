"""Where the references of supplied entries lead: contained, another entry by any of its names, or nowhere."""

from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar

import msgspec
from msgspec import Raw

from cds_service import resources as fhir
from cds_service.raw import is_given, lenient
from cds_service.salvage import USED_TYPES

T = TypeVar("T")

# Types that one of our entries may point to.
_POINTED_AT = frozenset({"Medication", "Substance", "Condition", "Observation"})


class Pointers:
    """The supplied entries by every name under which a reference may know them."""

    def __init__(self, given: Iterable[fhir.Given]) -> None:
        self._given = given

    @cached_property
    def _named(self) -> dict[str, fhir.Given | None]:
        """None stands for a name of two different contents: to choose one would hang on the order of entries."""
        # Made on first use: most records hold no reference that we follow.
        named: dict[str, fhir.Given | None] = {}
        for given in self._given:
            if given.resource.resource_type in _POINTED_AT:
                for name in filter(None, (given.source, given.full_url)):
                    other = named.setdefault(name, given)
                    if other is not given and (other is None or other.resource != given.resource):
                        named[name] = None
        return named

    def name(self, reference: str | None) -> str:
        """The name under which something was supplied that a reference may mean, "" when nothing was."""
        bare = (reference or "").split("/_history/")[0]
        if bare in self._named:
            return bare
        relative = "/".join(bare.split("/")[-2:])
        return relative if relative in self._named and self._may_mean(bare, self._named[relative]) else ""

    @staticmethod
    def _may_mean(reference: str, given: fhir.Given | None) -> bool:
        """False for another server's resource that happens to have the same id."""
        full_url = (given.full_url if given else None) or ""
        return "://" not in reference or "://" not in full_url

    def entry(self, reference: str | None) -> fhir.Given | None:
        """The one supplied entry that a relative, absolute, versioned or `urn:uuid` reference names."""
        return self._named.get(self.name(reference))


class _Kind(msgspec.Struct, rename="camel"):
    """What can still be told of a contained resource that is broken."""

    resource_type: str | None = None


class Contained:
    """
    What one entry holds inside it, read once, when a reference first asks for it.

    *is_broken* says that something in it that was asked for, or may have been, could not be read.
    """

    __slots__ = ("_inside", "_raw", "is_broken")

    def __init__(self, resource: fhir.Resource) -> None:
        self._raw = resource.contained
        self._inside: dict[str, fhir.Resource | None] | None = None
        self.is_broken = False

    def member(self, raw: Raw, shape: type[T]) -> T | None:
        """A member of the entry that was kept raw; None when it is not there, or broken, which is noted."""
        if raw is fhir.ABSENT:
            return None
        read = lenient(raw, shape)
        self.is_broken = self.is_broken or (read is None and is_given(raw))
        return read

    def at(self, reference: str | None) -> fhir.Resource | None:
        """The resource that "#id" names; None when there is none, or two that differ."""
        if not reference or not reference.startswith("#"):
            return None
        if self._inside is None:
            self._inside = self._read()
        return self._inside.get(reference[1:])

    def _read(self) -> dict[str, fhir.Resource | None]:
        listed = lenient(self._raw, tuple[Raw, ...])
        self.is_broken = listed is None and is_given(self._raw)
        inside: dict[str, fhir.Resource | None] = {}
        for raw in listed or ():
            resource = _contained(raw)
            if resource is None:
                self.is_broken = self.is_broken or _may_matter(raw)
            elif resource.id:
                name = resource.id.removeprefix("#")
                inside[name] = resource if inside.get(name, resource) == resource else None
        return inside


def _contained(raw: Raw) -> fhir.Resource | None:
    kind = lenient(raw, _Kind)
    return lenient(raw, fhir.READ.get(kind.resource_type or "", fhir.Untyped)) if kind else None


def _may_matter(raw: Raw) -> bool:
    """Whether a rule may have read a resource that is broken; a broken Practitioner is no loss."""
    kind = (lenient(raw, _Kind) or _Kind()).resource_type
    return kind is None or kind in USED_TYPES or kind in _POINTED_AT
