"""Where the references of supplied entries lead: contained, another entry by any of its names, or nowhere."""

from collections.abc import Iterable
from functools import cached_property

from cds_service import resources as fhir
from cds_service.raw import lenient

# Types that one of our entries may point to.
_POINTED_AT = frozenset({"Medication", "Condition", "Observation"})


class Pointers:
    """The supplied entries by every name under which a reference may know them."""

    def __init__(self, given: Iterable[fhir.Given]) -> None:
        self._given = given

    @cached_property
    def _named(self) -> dict[str, fhir.Given]:
        # Made on first use: most records hold no reference that we follow.
        return {
            name: given
            for given in self._given
            if given.resource.resource_type in _POINTED_AT
            for name in (given.source, given.full_url)
            if name
        }

    def entry(self, reference: str | None) -> fhir.Given | None:
        """The supplied entry that a relative, absolute, versioned or `urn:uuid` reference names."""
        bare = (reference or "").split("/_history/")[0]
        return self._named.get(bare) or self._named.get("/".join(bare.split("/")[-2:]))


def contained(resource: fhir.Resource, reference: str | None) -> fhir.Resource | None:
    """The resource inside *resource* that "#id" names."""
    if not reference or not reference.startswith("#"):
        return None
    inside = lenient(resource.contained, tuple[fhir.Resource, ...]) or ()
    return next((each for each in inside if each.id in (reference, reference[1:])), None)
