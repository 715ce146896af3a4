"""Every resource type that FHIR has is told by its name, with the members that we read of it and no other's."""

from importlib import import_module
from pkgutil import iter_modules

import msgspec
import pytest

from cds_service.resource_types import RESOURCE_TYPES
from cds_service.resources import KNOWN, READ, AnyResource, Entry, Resource

ABSTRACT = {"CanonicalResource", "DomainResource", "MetadataResource", "Resource"}


def types_of(package: str) -> set[str]:
    """The names of all resource classes of fhir.resources in one FHIR version."""
    base = import_module(f"{package}.resource").Resource
    modules = [each.name for each in iter_modules(import_module(package).__path__) if not each.ispkg]
    held = [each for name in modules for each in vars(import_module(f"{package}.{name}")).values()]
    return {each.__name__ for each in held if isinstance(each, type) and issubclass(each, base)} - ABSTRACT


def test_the_types_are_those_of_r4_r4b_and_r5() -> None:
    r4 = import_module("sekmet.fhir.common").R4_RESOURCE_TYPES

    every = r4 | types_of("fhir.resources.R4B") | types_of("fhir.resources")

    assert every == RESOURCE_TYPES


def test_types_that_are_read_are_types_of_fhir() -> None:
    assert READ.keys() < RESOURCE_TYPES == KNOWN.keys()


@pytest.mark.parametrize("name", sorted(RESOURCE_TYPES))
def test_a_resource_is_told_by_its_type_wherever_that_stands(name: str) -> None:
    first = msgspec.json.encode({"resourceType": name, "id": "x"})
    last = msgspec.json.encode({"id": "x", "unknown": {"resourceType": "Person"}, "resourceType": name})

    read: list[Resource] = [msgspec.json.decode(each, type=AnyResource) for each in (first, last)]

    assert [(each.resource_type, each.id) for each in read] == [(name, "x")] * 2
    assert read[0] == read[1]


@pytest.mark.parametrize(
    "sent", [b"{}", b'{"resourceType": null}', b'{"resourceType": 5}', b'{"resourceType": "Foo"}']
)
def test_what_has_no_type_of_fhir_is_no_resource(sent: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"resource": ' + sent + b"}", type=Entry)
