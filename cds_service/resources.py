"""
FHIR JSON as it arrives: only the members we read, R4 and R5 side by side.

A searchset mixes resource types, so one Struct holds the union of the members of every type we read; what a type
does not have stays None. Members that differ in shape between types or versions and are read late are kept `Raw`:
they can't break a body, and cost nothing when no rule asks for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from msgspec import Raw

from cds_service.record import Coding, Concept, Supply, Unread

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
    Any resource that we read, and any that we don't.

    Dates are text as written. `code` is a CodeableConcept except in R5's ServiceRequest.
    """

    resource_type: str | None = None
    id: str | None = None
    status: str | None = None
    code: Concept | None = None
    subject: Reference | None = None
    # Bundle, OperationOutcome
    entry: "tuple[Entry, ...] | None" = None
    link: tuple[BundleLink, ...] | None = None
    issue: tuple[Issue, ...] | None = None
    # Patient
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    # Condition
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
    # Observation
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
    reference_range: tuple[Range, ...] | None = None
    has_member: Raw = ABSENT
    focus: Raw = ABSENT
    component: tuple[Component, ...] | None = None
    interpretation: Raw = ABSENT
    specimen: Raw = ABSENT
    note: Raw = ABSENT
    # MedicationStatement, MedicationRequest, Medication
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    medication: ConceptOrReference | None = None
    contained: Raw = ABSENT
    adherence: Raw = ABSENT  # R5
    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    date_asserted: str | None = None
    effective_timing: Raw = ABSENT  # R5
    effective_dose_period: Raw = ABSENT  # R5
    dosage: Raw = ABSENT
    dosage_instruction: Raw = ABSENT
    dispense_request: Raw = ABSENT
    reason_code: Raw = ABSENT
    reason_reference: Raw = ABSENT
    reason: Raw = ABSENT
    ingredient: Raw = ABSENT
    # ServiceRequest
    occurrence_date_time: str | None = None
    # Encounter: R4 has `period`, R5 `actualPeriod`
    period: Raw = ABSENT
    actual_period: Raw = ABSENT
    diagnosis: Raw = ABSENT
    # QuestionnaireResponse
    authored: str | None = None
    item: Raw = ABSENT


class Entry(_Wire, frozen=True):
    """A FHIR Bundle.entry."""

    full_url: str | None = None
    resource: Resource | None = None


class Given(NamedTuple):
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
