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


class _Wire(msgspec.Struct, rename="camel", gc=False, frozen=True):
    pass


class Reference(_Wire, frozen=True):
    """A FHIR Reference."""

    reference: str | None = None
    display: str | None = None


class ConceptOrReference(_Wire, frozen=True):
    """R4 CodeableConcept or R5 CodeableReference: both are JSON objects with different members."""

    coding: Raw = Raw()
    text: str | None = None
    concept: Concept | None = None
    reference: Reference | None = None


class Period(_Wire, frozen=True):
    """A FHIR Period; dates as written."""

    start: str | None = None
    end: str | None = None


class Quantity(_Wire, frozen=True):
    """A FHIR Quantity or Age. `value` stays raw so that 3.50 is printed as 3.50."""

    value: Raw = Raw()
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

    frequency: Raw = Raw()
    period: Raw = Raw()
    period_unit: str | None = None
    day_of_week: Raw = Raw()
    when: Raw = Raw()
    time_of_day: Raw = Raw()
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

    sequence: Raw = Raw()
    text: str | None = None
    timing: Timing | None = None
    route: Concept | None = None
    as_needed_boolean: Raw = Raw()
    as_needed_codeable_concept: Raw = Raw()
    as_needed: Raw = Raw()  # R5, also as_needed_for
    as_needed_for: Raw = Raw()
    dose_and_rate: tuple[DoseAndRate, ...] | None = None


class DispenseRequest(_Wire, frozen=True):
    """What a prescription allows to be supplied."""

    validity_period: Period | None = None
    number_of_repeats_allowed: Raw = Raw()
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
    value_integer: Raw = Raw()
    value_date_time: str | None = None
    value_range: Raw = Raw()
    value_ratio: Raw = Raw()
    value_sampled_data: Raw = Raw()
    value_time: Raw = Raw()
    value_period: Raw = Raw()
    value_attachment: Raw = Raw()
    value_reference: Raw = Raw()
    data_absent_reason: Concept | None = None
    reference_range: tuple[Range, ...] | None = None
    interpretation: Raw = Raw()


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
    value_integer: Raw = Raw()
    value_decimal: Raw = Raw()
    value_quantity: Quantity | None = None
    item: tuple[Item, ...] | None = None


class EncounterReason(_Wire, frozen=True):
    """A FHIR R5 Encounter.reason."""

    value: tuple[ConceptOrReference, ...] | None = None


class EncounterDiagnosis(_Wire, frozen=True):
    """A FHIR Encounter.diagnosis: in R4 *condition* is a Reference, in R5 a list of CodeableReference."""

    condition: Raw = Raw()


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
    clinical_status: Raw = Raw()
    verification_status: Raw = Raw()
    body_site: Raw = Raw()
    onset_date_time: str | None = None
    onset_age: Quantity | None = None
    onset_period: Period | None = None
    onset_range: Range | None = None
    onset_string: str | None = None
    abatement_date_time: str | None = None
    abatement_age: Raw = Raw()
    abatement_period: Period | None = None
    abatement_range: Raw = Raw()
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
    value_integer: Raw = Raw()
    value_date_time: str | None = None
    value_range: Raw = Raw()
    value_ratio: Raw = Raw()
    value_sampled_data: Raw = Raw()
    value_time: Raw = Raw()
    value_period: Raw = Raw()
    value_attachment: Raw = Raw()
    value_reference: Raw = Raw()
    data_absent_reason: Concept | None = None
    reference_range: tuple[Range, ...] | None = None
    has_member: Raw = Raw()
    focus: Raw = Raw()
    component: tuple[Component, ...] | None = None
    interpretation: Raw = Raw()
    specimen: Raw = Raw()
    note: Raw = Raw()
    # MedicationStatement, MedicationRequest, Medication
    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    medication: ConceptOrReference | None = None
    contained: Raw = Raw()
    adherence: Raw = Raw()  # R5
    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    date_asserted: str | None = None
    effective_timing: Raw = Raw()  # R5
    effective_dose_period: Raw = Raw()  # R5
    dosage: Raw = Raw()
    dosage_instruction: Raw = Raw()
    dispense_request: Raw = Raw()
    reason_code: Raw = Raw()
    reason_reference: Raw = Raw()
    reason: Raw = Raw()
    ingredient: Raw = Raw()
    # ServiceRequest
    occurrence_date_time: str | None = None
    # Encounter: R4 has `period`, R5 `actualPeriod`
    period: Raw = Raw()
    actual_period: Raw = Raw()
    diagnosis: Raw = Raw()
    # QuestionnaireResponse
    authored: str | None = None
    item: Raw = Raw()


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
