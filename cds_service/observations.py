"""Observations as they arrive -> results: the value, the components, and what a panel contains."""

from collections.abc import Iterator

from msgspec import Raw
from msgspec.structs import replace

from cds_service import resources as fhir
from cds_service.pointers import Contained
from cds_service.quantity import limits, reported
from cds_service.raw import each_of, is_given, is_misshapen, lenient, number, words
from cds_service.record import NOTHING, Concept, Measurement, Result
from cds_service.units import stated

_UCUM = frozenset({"", "http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8"})

# Types in Observation.focus that are not the patient
_SOMEBODY_ELSE = frozenset({"RelatedPerson", "Device", "DeviceMetric", "Group", "Location", "Substance"})

_Limits = tuple[Measurement | None, Measurement | None]


def results(given: fhir.Given, resource: fhir.Observation, inside: Contained) -> Iterator[Result]:
    """
    The Observation's own value if it has one, each of its components, and the members contained in it.

    Members that are entries of their own are read where they stand.
    """
    own = _own(given.source, given.key, resource)
    if _says_something(own) or not (resource.component or is_given(resource.has_member)):
        yield own
    for component in resource.component or ():
        yield _component(own, component)
    if is_given(resource.has_member):
        for member in _contained_members(resource, inside):
            read = _own(given.source, given.key, member)
            dated = read if read.taken else replace(read, taken=own.taken)
            if _says_something(dated) or not member.component:
                yield dated
            yield from (_component(dated, each) for each in member.component or ())


def members(resource: fhir.Observation) -> tuple[str, ...]:
    """The references of a panel to its members, each once."""
    named = each_of(resource.has_member, fhir.Reference)
    return tuple(dict.fromkeys(each.reference for each in named if each.reference))


def _contained_members(resource: fhir.Observation, inside: Contained) -> Iterator[fhir.Observation]:
    for reference in members(resource):
        found = inside.at(reference)
        if isinstance(found, fhir.Observation):
            inside.is_broken = inside.is_broken or is_misshapen(found)
            yield found


def _own(source: str, key: str, resource: fhir.Observation) -> Result:
    low, high = _limits(resource.reference_range)
    specimen, site = words(resource.specimen), words(resource.body_site)
    value, answer = _number(resource), _answer(resource)
    return Result(
        source=source,
        concept=resource.code or NOTHING,
        status=resource.status or "",
        taken=taken(resource),
        measured=value,
        answer=answer,
        said=resource.value_boolean,
        dated=resource.value_date_time,
        low=low,
        high=high,
        site=site,
        specimen=f"{specimen} {site}".strip(),  # some name the sample by where it came from: "Urine"
        remarks=" ".join((specimen, words(resource.interpretation), *_notes(resource.note))).strip(),
        is_absent=resource.data_absent_reason is not None,
        is_other=value is None and answer is None and _is_other(resource),
        is_of_another=_is_of_another(resource),
        key=key,
    )


def _component(parent: Result, component: fhir.Component) -> Result:
    """One component: its own code, value and limits; everything else is the panel's."""
    low, high = _limits(component.reference_range)
    return Result(
        source=parent.source,
        concept=component.code or NOTHING,
        status=parent.status,
        taken=parent.taken,
        measured=_number(component),
        answer=_answer(component),
        said=component.value_boolean,
        dated=component.value_date_time,
        low=low,
        high=high,
        site=parent.site,
        specimen=parent.specimen,
        remarks=f"{parent.remarks} {words(component.interpretation)}".strip(),
        is_absent=component.data_absent_reason is not None,
        is_other=_is_other(component),
        is_of_another=parent.is_of_another,
        key=parent.key,
    )


def _is_of_another(resource: fhir.Observation) -> bool:
    """
    Whether it was measured on a fetus, a donor, a device, as `focus` tells; a focus on a Condition says nothing of it.

    A focus in words alone is somebody or something else: the patient would not be named there.
    """
    own = resource.subject.reference if resource.subject else None
    for focus in lenient(resource.focus, tuple[fhir.Reference, ...]) or ():
        kind = (focus.reference or "").rpartition("/")[0].rpartition("/")[2]
        if kind in _SOMEBODY_ELSE or (kind == "Patient" and focus.reference != own) or not focus.reference:
            return True
    return False


def _says_something(own: Result) -> bool:
    has_value = own.measured is not None or own.answer is not None or own.said is not None
    return has_value or own.dated is not None or own.is_absent or own.is_other


def taken(resource: fhir.Observation) -> str | None:
    """When it was drawn or seen; of a period its end. `issued`, when it was reported, does not stand in."""
    period = resource.effective_period or fhir.Period()
    return resource.effective_date_time or resource.effective_instant or period.end or period.start


def _notes(raw: Raw) -> tuple[str, ...]:
    """What the laboratory wrote beside the value ("haemolysed")."""
    return tuple(each.text for each in lenient(raw, tuple[fhir.Annotation, ...]) or () if each.text)


# --- values ---------------------------------------------------------------------------------------------------


def _number(valued: fhir.Observation | fhir.Component) -> Measurement | None:
    return (
        measured(valued.value_quantity)
        or written_number(valued.value_string)
        or counted(valued.value_integer)
    )


def _answer(valued: fhir.Observation | fhir.Component) -> Concept | None:
    text = valued.value_string
    return valued.value_codeable_concept or (Concept(text=text) if text else None)


def _is_other(valued: fhir.Observation | fhir.Component) -> bool:
    """Whether the value is of a kind that no rule can compare: it must not pass for a missing one."""
    others = (
        valued.value_range,
        valued.value_ratio,
        valued.value_sampled_data,
        valued.value_time,
        valued.value_period,
        valued.value_attachment,
        valued.value_reference,
    )
    return any(map(is_given, others))


def measured(quantity: fhir.Quantity | None) -> Measurement | None:
    """A Quantity with a number."""
    value = number(quantity.value) if quantity else None
    if quantity is None or value is None:
        return None
    unit = unit_of(quantity.system, quantity.code, quantity.unit)
    return Measurement(value, unit, quantity.comparator or "")


def unit_of(system: str | None, code: str | None, said: str | None) -> str:
    """The unit of a Quantity: by UCUM code, by the unit's text when the code is of another system."""
    is_ucum = (system or "").replace("https:", "http:") in _UCUM
    return stated((code or "") if is_ucum else "", said or "") or code or ""


def written_number(text: str | None) -> Measurement | None:
    """A number written as text ("<2.5 mmol/L"), None when the text is anything more than that."""
    found = reported(text) if text else None
    return Measurement(found.value, found.unit, found.comparator) if found else None


def counted(raw: Raw) -> Measurement | None:
    """A bare number."""
    value = number(raw)
    return Measurement(value, "", "") if value is not None else None


# --- the laboratory's limits ----------------------------------------------------------------------------------


def _limits(ranges: tuple[fhir.Range, ...] | None) -> _Limits:
    """The laboratory's normal limits: the range that is called normal, else the only one."""
    normal = [each for each in ranges or () if _is_normal(each)]
    if len(normal) != 1:
        return None, None
    [one] = normal
    if one.low is None and one.high is None and one.text:
        low, high = limits(one.text)
        return (Measurement(*low) if low else None), (Measurement(*high) if high else None)
    return measured(one.low), measured(one.high)


def _is_normal(reference: fhir.Range) -> bool:
    codes = {coding.code for coding in (reference.type or NOTHING).coding or ()}
    return not codes or "normal" in codes
