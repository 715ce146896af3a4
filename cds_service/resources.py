"""
FHIR JSON as it arrives: only the members we read, R4 and R5 side by side.

Each type is a Struct of its own, told by its resourceType; what was not sent stays None. Members that differ in shape
between versions and are read late are kept `Raw`: they can't break a body, and cost nothing when no rule asks for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from msgspec import Raw

from cds_service.record import Coding, Concept, Supply, Unread
from cds_service.resource_types import RESOURCE_TYPES

ABSENT = Raw()
"""Stands for every raw member that was not sent; told by identity, because it is asked for thousands of times."""


class _Wire(msgspec.Struct, rename="camel", gc=False, frozen=True):
    pass


class Reference(_Wire, frozen=True):
    """A FHIR Reference."""

    reference: str | None = None
    display: str | None = None


class ConceptOrReference(_Wire, frozen=True):
    """R4 CodeableConcept or R5 CodeableReference: both are JSON objects with different members."""

    coding: Raw = ABSENT
    text: str | None = None
    concept: Concept | None = None
    reference: Reference | None = None


class Period(_Wire, frozen=True):
    """A FHIR Period; dates as written."""

    start: str | None = None
    end: str | None = None


class Quantity(_Wire, frozen=True):
    """A FHIR Quantity or Age. `value` stays raw so that 3.50 is printed as 3.50."""

    value: Raw = ABSENT
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(_Wire, frozen=True):
    """A FHIR Observation.referenceRange, or a Range."""

    low: Quantity | None = None
    high: Quantity | None = None
    type: Concept | None = None
    text: str | None = None


class Repeat(_Wire, frozen=True):
    """A FHIR Timing.repeat: how often, and within which bounds."""

    frequency: Raw = ABSENT
    period: Raw = ABSENT
    period_unit: str | None = None
    day_of_week: Raw = ABSENT
    when: Raw = ABSENT
    time_of_day: Raw = ABSENT
    bounds_period: Period | None = None
    bounds_duration: Quantity | None = None


class Timing(_Wire, frozen=True):
    """A FHIR Timing."""

    repeat: Repeat | None = None
    code: Concept | None = None


class DoseAndRate(_Wire, frozen=True):
    """A FHIR Dosage.doseAndRate."""

    dose_quantity: Quantity | None = None
    dose_range: Range | None = None


class Dosage(_Wire, frozen=True):
    """A FHIR Dosage."""

    sequence: Raw = ABSENT
    text: str | None = None
    timing: Timing | None = None
    route: Concept | None = None
    as_needed_boolean: Raw = ABSENT
    as_needed_codeable_concept: Raw = ABSENT
    as_needed: Raw = ABSENT  # R5, also as_needed_for
    as_needed_for: Raw = ABSENT
    dose_and_rate: tuple[DoseAndRate, ...] | None = None


class DispenseRequest(_Wire, frozen=True):
    """What a prescription allows to be supplied."""

    validity_period: Period | None = None
    number_of_repeats_allowed: Raw = ABSENT
    expected_supply_duration: Quantity | None = None


class Adherence(_Wire, frozen=True):
    """A FHIR R5 MedicationStatement.adherence: whether the medicine is taken."""

    code: Concept | None = None


class Component(_Wire, frozen=True):
    """A FHIR Observation.component; its value members are those of Observation."""

    code: Concept | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: Raw = ABSENT
    value_date_time: str | None = None
    value_range: Raw = ABSENT
    value_ratio: Raw = ABSENT
    value_sampled_data: Raw = ABSENT
    value_time: Raw = ABSENT
    value_period: Raw = ABSENT
    value_attachment: Raw = ABSENT
    value_reference: Raw = ABSENT
    data_absent_reason: Concept | None = None
    reference_range: tuple[Range, ...] | None = None
    interpretation: Raw = ABSENT


class Annotation(_Wire, frozen=True):
    """A FHIR Annotation."""

    text: str | None = None


class Item(_Wire, frozen=True):
    """A FHIR QuestionnaireResponse.item: a question, its answers, and the questions below it."""

    link_id: str | None = None
    text: str | None = None
    answer: "tuple[ItemAnswer, ...] | None" = None
    item: "tuple[Item, ...] | None" = None


class ItemAnswer(_Wire, frozen=True):
    """A FHIR QuestionnaireResponse.item.answer; other kinds of value say nothing that a rule reads."""

    value_boolean: bool | None = None
    value_coding: Coding | None = None
    value_string: str | None = None
    value_integer: Raw = ABSENT
    value_decimal: Raw = ABSENT
    value_quantity: Quantity | None = None
    item: tuple[Item, ...] | None = None


class EncounterReason(_Wire, frozen=True):
    """A FHIR R5 Encounter.reason."""

    value: tuple[ConceptOrReference, ...] | None = None


class EncounterDiagnosis(_Wire, frozen=True):
    """A FHIR Encounter.diagnosis: in R4 *condition* is a Reference, in R5 a list of CodeableReference."""

    condition: Raw = ABSENT


class MedicationIngredient(_Wire, frozen=True):
    """A FHIR Medication.ingredient; *item* is R5's."""

    item_codeable_concept: Concept | None = None
    item_reference: Reference | None = None
    item: ConceptOrReference | None = None


class Issue(_Wire, frozen=True):
    """A FHIR OperationOutcome.issue."""

    severity: str | None = None
    code: str | None = None


class BundleLink(_Wire, frozen=True):
    """A FHIR Bundle.link; Patient.link has other members."""

    relation: str | None = None
    url: str | None = None


class Resource(_Wire, frozen=True):
    """
    What every type has that we read of several.

    Dates are text as written. `code` is a CodeableConcept except in R5's ServiceRequest and Substance.
    """

    resource_type: ClassVar[str] = ""

    id: str | None = None
    contained: Raw = ABSENT
    status: str | None = None
    code: Concept | None = None
    subject: Reference | None = None


class Typed(Resource, frozen=True, tag_field="resourceType"):
    """
    A resource of a type that FHIR has; the classes are called as the types are.

    Where every entry of a record is asked for its type, ask `type(resource) is`: isinstance takes seven times as long
    for a Struct that is none, since it asks the metaclass.
    """

    def __init_subclass__(cls) -> None:
        cls.resource_type = cls.__name__


class Untyped(Resource, frozen=True):
    """Contained, and of a type that isn't told or that we don't read: it may still be what a reference means."""

    clinical_status: Raw = ABSENT
    verification_status: Raw = ABSENT
    ingredient: Raw = ABSENT


class OperationOutcome(Typed, frozen=True):
    """What a server says of its own answer."""

    issue: tuple[Issue, ...] | None = None


class Bundle(Typed, frozen=True):
    """A searchset with what it says about itself; draft orders come in one too."""

    type: Raw = ABSENT
    total: Raw = ABSENT
    link: tuple[BundleLink, ...] | None = None
    entry: "tuple[Entry, ...] | None" = None
    issue: tuple[Issue, ...] | None = None  # of a server that gives an OperationOutcome the wrong name


class Patient(Typed, frozen=True):
    """Whose record it is."""

    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None


class Condition(Typed, frozen=True):
    """A diagnosis or a complaint."""

    clinical_status: Raw = ABSENT
    verification_status: Raw = ABSENT
    body_site: Raw = ABSENT
    onset_date_time: str | None = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_range: Range | None = None
    onset_string: str | None = None
    abatement_date_time: str | None = None
    abatement_age: Raw = ABSENT
    abatement_period: Period | None = None
    abatement_range: Raw = ABSENT
    abatement_string: str | None = None
    abatement_boolean: bool | None = None
    recorded_date: str | None = None


class Observation(Typed, frozen=True):
    """A result, or a panel of them."""

    focus: Raw = ABSENT
    effective_date_time: str | None = None
    effective_period: Period | None = None
    effective_instant: str | None = None
    value_quantity: Quantity | None = None
    value_codeable_concept: Concept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: Raw = ABSENT
    value_date_time: str | None = None
    value_range: Raw = ABSENT
    value_ratio: Raw = ABSENT
    value_sampled_data: Raw = ABSENT
    value_time: Raw = ABSENT
    value_period: Raw = ABSENT
    value_attachment: Raw = ABSENT
    value_reference: Raw = ABSENT
    data_absent_reason: Concept | None = None
    interpretation: Raw = ABSENT
    note: Raw = ABSENT
    body_site: Raw = ABSENT
    specimen: Raw = ABSENT
    reference_range: tuple[Range, ...] | None = None
    has_member: Raw = ABSENT
    component: tuple[Component, ...] | None = None


class Reasoned(Typed, frozen=True):
    """What is done for a reason: R4's two members, R5's one."""

    reason_code: Raw = ABSENT
    reason_reference: Raw = ABSENT
    reason: Raw = ABSENT


class MedicationUse(Reasoned, frozen=True):
    """A medicine that is taken, or that is to be."""

    intent: str | None = None
    do_not_perform: bool | None = None
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    medication: ConceptOrReference | None = None  # R5
    effective_timing: Raw = ABSENT  # R5
    effective_dose_period: Raw = ABSENT  # R5


class MedicationStatement(MedicationUse, frozen=True):
    """A medicine that somebody says is taken."""

    effective_date_time: str | None = None
    effective_period: Period | None = None
    date_asserted: str | None = None
    dosage: Raw = ABSENT
    adherence: Raw = ABSENT  # R5


class MedicationRequest(MedicationUse, frozen=True):
    """A prescription."""

    authored_on: str | None = None
    dosage_instruction: Raw = ABSENT
    dispense_request: Raw = ABSENT


class Medication(Typed, frozen=True):
    """A medicine that others refer to."""

    ingredient: Raw = ABSENT


class ServiceRequest(Reasoned, frozen=True):
    """An order."""

    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    occurrence_date_time: str | None = None


class Encounter(Reasoned, frozen=True):
    """A visit: R4 has `period`, R5 `actualPeriod`."""

    diagnosis: Raw = ABSENT
    period: Raw = ABSENT
    actual_period: Raw = ABSENT


class QuestionnaireResponse(Typed, frozen=True):
    """Answers that the patient gave."""

    authored: str | None = None
    item: Raw = ABSENT


READ: Mapping[str, type[Resource]] = {
    each.resource_type: each
    for each in (
        *(OperationOutcome, Bundle, Patient, Condition, Observation, MedicationStatement, MedicationRequest),
        *(Medication, ServiceRequest, Encounter, QuestionnaireResponse),
    )
}
"""The types of which more is read than that they are there."""


def _passed_over(name: str) -> type[Resource]:
    made = msgspec.defstruct(name, (), bases=(Typed,), module=__name__, frozen=True, gc=False)
    return cast(type[Resource], made)


KNOWN: Mapping[str, type[Resource]] = {
    **READ,
    **{name: _passed_over(name) for name in sorted(RESOURCE_TYPES - READ.keys())},
}
"""All types; of those that we don't read only what every resource has."""

if TYPE_CHECKING:
    AnyResource = Resource
else:
    # A Struct for each type rather than one for all: msgspec then has few members to look for in a resource.
    AnyResource = reduce(or_, KNOWN.values())


class Entry(_Wire, frozen=True):
    """A FHIR Bundle.entry."""

    full_url: str | None = None
    resource: AnyResource | None = None


class Given(msgspec.Struct, frozen=True, gc=False):
    """
    One supplied entry.

    *key* is the prefetch key it came under; *source* names it for the reader: `Type/id`, else its fullUrl, else
    `Type[place]`.
    """

    key: str
    source: str
    full_url: str | None
    resource: Resource


@dataclass(frozen=True, slots=True)
class Supplied:
    """What the client supplied: a state for each key, every readable entry once, and what could not be read."""

    supply: Mapping[str, Supply]
    given: tuple[Given, ...]
    unread: tuple[Unread, ...]

    @property
    def paged(self) -> frozenset[str]:
        """The keys of lists that go on unread, newest first."""
        return frozenset(key for key, state in self.supply.items() if state is Supply.PAGED)
