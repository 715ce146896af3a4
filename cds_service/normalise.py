"""Decoded FHIR -> PatientRecord; the FHIR versions' shapes end here."""

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from cds_service import resources as fhir
from cds_service.exposures import is_real
from cds_service.prescriptions import medicine
from cds_service.quantity import decimal
from cds_service.raw import is_given, lenient, number, words
from cds_service.record import (
    NOTHING,
    Concept,
    Diagnosis,
    Measurement,
    Medicine,
    Order,
    PatientRecord,
    Person,
    Result,
    Unread,
)

UNNAMED = "the medicine is not named, or a reference that was not supplied"


def patient_record(supplied: fhir.Supplied) -> PatientRecord:
    """
    Bring every supplied resource into one shape.

    Resources of types that no rule reads are passed over. What can't be read is in `unread`, never lost.
    """
    reader = _Reader(supplied)
    for given in supplied.given:
        reader.read(given)
    return reader.record()


class _Reader:
    """Collects entries; one per request."""

    def __init__(self, supplied: fhir.Supplied) -> None:
        self._supplied = supplied
        self._unread: list[Unread] = list(supplied.unread)
        self._people: list[Person] = []
        self._medicines: list[Medicine] = []
        self._diagnoses: list[Diagnosis] = []
        self._results: list[Result] = []
        self._orders: list[Order] = []
        self._medications = {
            name: given.resource.code or NOTHING
            for given in supplied.given
            if given.resource.resource_type == "Medication"
            for name in (given.source, given.full_url)
            if name
        }

    def read(self, given: fhir.Given) -> None:
        resource = given.resource
        match resource.resource_type:
            case "Observation":
                self._results.extend(_results(given))
            case "MedicationRequest" | "MedicationStatement":
                self._medicine(given)
            case "Condition":
                self._diagnoses.append(_diagnosis(given.source, resource))
            case "ServiceRequest":
                self._orders.append(Order(given.source, resource.code or NOTHING, resource.status or ""))
            case "Patient":
                self._people.append(_person(resource))

    def record(self) -> PatientRecord:
        return PatientRecord(
            person=self._people[0] if self._people else Person(None, None, is_deceased=False),
            medicines=tuple(self._medicines),
            diagnoses=tuple(self._diagnoses),
            results=tuple(self._results),
            orders=tuple(self._orders),
            unread=tuple(dict.fromkeys(self._unread)),
            supply=dict(self._supplied.supply),
        )

    def _medicine(self, given: fhir.Given) -> None:
        concept = self._medication(given.resource)
        read = medicine(given, concept or NOTHING)
        if concept is not None:
            self._medicines.append(read)
        elif is_real(read):
            kind = given.resource.resource_type or ""
            self._unread.append(Unread(given.key, kind, given.source, UNNAMED))

    def _medication(self, resource: fhir.Resource) -> Concept | None:
        """The medicine: written here, contained, another entry, else the reference's display; None when unknown."""
        concept, reference = resource.medication_codeable_concept, resource.medication_reference
        if resource.medication is not None:
            concept, reference = resource.medication.concept, resource.medication.reference
        if concept is None and reference is not None:
            concept = self._referenced(reference.reference or "", resource)
        if concept is not None and (concept.coding or concept.text):
            return concept
        return Concept(text=reference.display) if reference and reference.display else None

    def _referenced(self, reference: str, resource: fhir.Resource) -> Concept | None:
        if reference.startswith("#"):
            contained = lenient(resource.contained, tuple[fhir.Resource, ...]) or ()
            return next((each.code for each in contained if each.id in (reference, reference[1:])), None)
        bare = reference.split("/_history/")[0]
        relative = "/".join(bare.split("/")[-2:])
        return self._medications.get(bare) or self._medications.get(relative)


def _person(resource: fhir.Resource) -> Person:
    is_deceased = bool(resource.deceased_boolean) or resource.deceased_date_time is not None
    return Person(resource.id, resource.birth_date, is_deceased)


# --- diagnoses ------------------------------------------------------------------------------------------------


def _diagnosis(source: str, resource: fhir.Resource) -> Diagnosis:
    period, ended = resource.onset_period, resource.abatement_period
    age = resource.onset_age
    return Diagnosis(
        source=source,
        concept=resource.code or NOTHING,
        site=words(resource.body_site),
        clinical=_status(resource.clinical_status),
        verification=_status(resource.verification_status),
        onset=resource.onset_date_time or (period.start if period else None) or resource.onset_string,
        onset_age=number(age.value)
        if age and (age.code or age.unit) in ("a", "year", "years", "yr")
        else None,
        abated=_has_abated(resource),
        abated_on=resource.abatement_date_time or (ended.end if ended else None),
        recorded=resource.recorded_date,
    )


def _has_abated(resource: fhir.Resource) -> bool:
    dated = resource.abatement_date_time or (resource.abatement_period and resource.abatement_period.end)
    other = (
        resource.abatement_string or is_given(resource.abatement_age) or is_given(resource.abatement_range)
    )
    return bool(dated or other or resource.abatement_boolean)


def _status(raw: Raw) -> str:
    """The code of a clinical or verification status; R4 has a CodeableConcept, STU3 a bare code."""
    concept = lenient(raw, Concept)
    if concept is None:
        return lenient(raw, str) or ""
    codes = (coding.code for coding in concept.coding or ())
    return next((code for code in codes if code), concept.text or "").casefold()


# --- results --------------------------------------------------------------------------------------------------


def _results(given: fhir.Given) -> Iterator[Result]:
    """The Observation's own value if it has one, and each of its components."""
    resource = given.resource
    taken = resource.effective_date_time or resource.effective_instant
    if taken is None and resource.effective_period is not None:
        taken = resource.effective_period.end or resource.effective_period.start
    low, high = _limits(resource.reference_range)
    measured = (
        _measured(resource.value_quantity)
        or _written(resource.value_string)
        or _counted(resource.value_integer)
    )
    own = Result(
        source=given.source,
        concept=resource.code or NOTHING,
        status=resource.status or "",
        taken=taken,
        measured=measured,
        answer=resource.value_codeable_concept
        or (Concept(text=resource.value_string) if resource.value_string else None),
        said=resource.value_boolean,
        dated=resource.value_date_time,
        low=low,
        high=high,
        site=words(resource.body_site),
        remarks=" ".join(
            (words(resource.specimen), words(resource.interpretation), *_notes(resource.note))
        ).strip(),
        is_absent=resource.data_absent_reason is not None,
        key=given.key,
    )
    has_value = (
        measured is not None or own.answer is not None or own.said is not None or own.dated is not None
    )
    if has_value or own.is_absent or not resource.component:
        yield own
    for component in resource.component or ():
        yield _component(own, component)


def _notes(raw: Raw) -> tuple[str, ...]:
    """What the laboratory wrote beside the value ("haemolysed")."""
    return tuple(each.text for each in lenient(raw, tuple[fhir.Annotation, ...]) or () if each.text)


def _component(parent: Result, component: fhir.Component) -> Result:
    low, high = _limits(component.reference_range)
    text = component.value_string
    return msgspec.structs.replace(
        parent,
        concept=component.code or NOTHING,
        measured=_measured(component.value_quantity) or _written(text),
        answer=component.value_codeable_concept or (Concept(text=text) if text else None),
        said=component.value_boolean,
        dated=None,
        low=low,
        high=high,
        is_absent=component.data_absent_reason is not None,
    )


def _measured(quantity: fhir.Quantity | None) -> Measurement | None:
    if quantity is None:
        return None
    value = number(quantity.value)
    if value is None:
        return None
    return Measurement(value, quantity.code or quantity.unit or "", quantity.comparator or "")


def _written(text: str | None) -> Measurement | None:
    """A number written as text ("<2.5 mmol/L"), None when the text is anything more than that."""
    if not text or len(text) > 40:
        return None
    stripped = text.strip()
    comparator = next((sign for sign in ("<=", ">=", "<", ">") if stripped.startswith(sign)), "")
    number, _, unit = stripped[len(comparator) :].strip().partition(" ")
    value = decimal(number)
    return Measurement(value, unit.strip(), comparator) if value is not None else None


def _counted(raw: Raw) -> Measurement | None:
    value = number(raw)
    return Measurement(value, "", "") if value is not None else None


def _limits(ranges: tuple[fhir.Range, ...] | None) -> tuple[Measurement | None, Measurement | None]:
    """The laboratory's normal limits: the range that is called normal, else the only one."""
    normal = [each for each in ranges or () if _is_normal(each)]
    if len(normal) != 1:
        return None, None
    return _measured(normal[0].low), _measured(normal[0].high)


def _is_normal(reference: fhir.Range) -> bool:
    codes = {coding.code for coding in (reference.type or NOTHING).coding or ()}
    return not codes or "normal" in codes
