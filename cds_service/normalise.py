"""Decoded FHIR -> PatientRecord; the FHIR versions' shapes end here."""

from decimal import Decimal

import msgspec
from msgspec import Raw

from cds_service import observations, questionnaires, reasons
from cds_service import resources as fhir
from cds_service.exposures import is_real
from cds_service.pointers import Pointers, contained
from cds_service.prescriptions import medicine
from cds_service.raw import is_given, lenient, number, status, words
from cds_service.record import (
    NOTHING,
    Concept,
    Diagnosis,
    Medicine,
    Order,
    PatientRecord,
    Person,
    Result,
    Unread,
    Visit,
)

UNNAMED = "the medicine is not named, or a reference that was not supplied"
NOT_FHIR = "a member is not of its FHIR type"

# UCUM and usual spellings of an age, in years
_YEARS = {
    **dict.fromkeys(("a", "year", "years", "yr", "yrs"), Decimal(1)),
    **dict.fromkeys(("mo", "month", "months"), 1 / Decimal(12)),
    **dict.fromkeys(("wk", "week", "weeks"), 7 / Decimal("365.25")),
    **dict.fromkeys(("d", "day", "days"), 1 / Decimal("365.25")),
}


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
        self._pointers = Pointers(supplied.given)
        self._unread: list[Unread] = list(supplied.unread)
        self._people: list[Person] = []
        self._medicines: list[Medicine] = []
        self._diagnoses: list[Diagnosis] = []
        self._results: list[Result] = []
        self._orders: list[Order] = []
        self._visits: list[Visit] = []
        self._answers: list[Result] = []
        self._panels: list[tuple[str, str]] = []  # a member's reference, when its panel was drawn

    def read(self, given: fhir.Given) -> None:
        resource = given.resource
        match resource.resource_type:
            case "Observation":
                self._observation(given)
            case "MedicationRequest" | "MedicationStatement":
                self._medicine(given)
            case "Condition":
                self._diagnoses.append(_diagnosis(given.source, resource))
            case "ServiceRequest":
                self._orders.append(_order(given, self._pointers))
            case "Encounter":
                self._visits.append(_visit(given, self._pointers))
            case "QuestionnaireResponse":
                self._questionnaire(given)
            case "Patient":
                self._people.append(_person(resource))

    def record(self) -> PatientRecord:
        return PatientRecord(
            person=self._people[0] if self._people else Person(None, None, is_deceased=False),
            medicines=tuple(self._medicines),
            diagnoses=tuple(self._diagnoses),
            results=self._dated_results(),
            orders=tuple(self._orders),
            visits=tuple(self._visits),
            answers=tuple(self._answers),
            unread=tuple(dict.fromkeys(self._unread)),
            supply=dict(self._supplied.supply),
        )

    # --- observations -----------------------------------------------------------------------------------------

    def _observation(self, given: fhir.Given) -> None:
        read = tuple(observations.results(given))
        self._results.extend(read)
        if is_given(given.resource.has_member) and (taken := observations.taken(given.resource)):
            self._panels += ((reference, taken) for reference in observations.members(given.resource))

    def _dated_results(self) -> tuple[Result, ...]:
        """The results; one without a date was drawn when its panel was, if all its panels agree."""
        dates: dict[str, set[str]] = {}
        for reference, taken in self._panels:
            entry = self._pointers.entry(reference)
            if entry is not None:
                dates.setdefault(entry.source, set()).add(taken)
        if not dates:
            return tuple(self._results)
        return tuple(_dated(result, dates.get(result.source, set())) for result in self._results)

    def _questionnaire(self, given: fhir.Given) -> None:
        items = lenient(given.resource.item, tuple[fhir.Item, ...])
        if items is None and is_given(given.resource.item):
            kind = given.resource.resource_type or ""
            self._unread.append(Unread(given.key, kind, given.source, NOT_FHIR))
        self._answers.extend(questionnaires.answers(given, items or ()))

    # --- medicines --------------------------------------------------------------------------------------------

    def _medicine(self, given: fhir.Given) -> None:
        named = self._medication(given.resource)
        read = medicine(
            given, named or (NOTHING, NOTHING), reasons.of_request(given.resource, self._pointers)
        )
        if named is not None:
            self._medicines.append(read)
        elif is_real(read):
            kind = given.resource.resource_type or ""
            self._unread.append(Unread(given.key, kind, given.source, UNNAMED))

    def _medication(self, resource: fhir.Resource) -> tuple[Concept, Concept] | None:
        """
        The medicine and what it is made of; None when neither is known.

        Written in the entry, contained, another entry, else the reference's display.
        """
        concept, reference = resource.medication_codeable_concept, resource.medication_reference
        if resource.medication is not None:
            concept, reference = resource.medication.concept, resource.medication.reference
        if _is_named(concept) or reference is None:
            return (concept or NOTHING, NOTHING) if _is_named(concept) else None
        medication = self._medication_at(reference, resource)
        made_of = _made_of(medication) if medication else NOTHING
        code = (medication.code if medication else None) or NOTHING
        if not _is_named(code) and reference.display:
            code = Concept(text=reference.display)
        return (code, made_of) if _is_named(code) or _is_named(made_of) else None

    def _medication_at(self, reference: fhir.Reference, resource: fhir.Resource) -> fhir.Resource | None:
        entry = self._pointers.entry(reference.reference)
        return contained(resource, reference.reference) or (entry.resource if entry else None)


def _is_named(concept: Concept | None) -> bool:
    return concept is not None and bool(concept.coding or concept.text)


def _made_of(medication: fhir.Resource) -> Concept:
    """The ingredients of a Medication as one concept: the codings of all, their words joined as a combination."""
    listed = lenient(medication.ingredient, tuple[fhir.MedicationIngredient, ...]) or ()
    found = [_ingredient(each) for each in listed]
    words = [next(iter(each.words()), "") for each in found]
    codings = tuple(coding for each in found for coding in each.coding or ())
    return Concept(codings or None, " + ".join(word for word in words if word) or None)


def _ingredient(ingredient: fhir.MedicationIngredient) -> Concept:
    item = ingredient.item or fhir.ConceptOrReference()
    reference = ingredient.item_reference or item.reference
    named = ingredient.item_codeable_concept or item.concept
    return named or (Concept(text=reference.display) if reference else NOTHING)


def _dated(result: Result, dates: set[str]) -> Result:
    if result.taken or len(dates) != 1:
        return result
    return msgspec.structs.replace(result, taken=next(iter(dates)))


# --- orders and visits ----------------------------------------------------------------------------------------


def _order(given: fhir.Given, pointers: Pointers) -> Order:
    resource = given.resource
    code = resource.code or NOTHING
    return Order(
        source=given.source,
        concept=code.concept or code,
        status=resource.status or "",
        intent=resource.intent or "",
        do_not_perform=bool(resource.do_not_perform),
        written=resource.authored_on or resource.occurrence_date_time,
        reasons=reasons.of_request(resource, pointers),
    )


def _visit(given: fhir.Given, pointers: Pointers) -> Visit:
    resource = given.resource
    period = lenient(resource.period, fhir.Period) or lenient(resource.actual_period, fhir.Period)
    return Visit(
        source=given.source,
        status=resource.status or "",
        began=period.start or period.end if period else None,
        reasons=reasons.of_encounter(resource, pointers),
    )


# --- the patient and diagnoses --------------------------------------------------------------------------------


def _person(resource: fhir.Resource) -> Person:
    is_deceased = bool(resource.deceased_boolean) or resource.deceased_date_time is not None
    return Person(resource.id, resource.birth_date, is_deceased)


def _diagnosis(source: str, resource: fhir.Resource) -> Diagnosis:
    period, ended = resource.onset_period, resource.abatement_period
    return Diagnosis(
        source=source,
        concept=resource.code or NOTHING,
        site=words(resource.body_site),
        clinical=status(resource.clinical_status),
        verification=status(resource.verification_status),
        onset=resource.onset_date_time or (period.start if period else None) or resource.onset_string,
        onset_age=_onset_age(resource),
        abated=_has_abated(resource),
        abated_on=resource.abatement_date_time or ((ended.end or ended.start) if ended else None),
        recorded=resource.recorded_date,
    )


def _onset_age(resource: fhir.Resource) -> tuple[Decimal, Decimal] | None:
    """The age at onset in years, from and below: 74 a is 74 to 75 years; an open range has no use."""
    ages = resource.onset_range
    low = _years(ages.low if ages else resource.onset_age)
    high = _years(ages.high) if ages else low
    return (low[0], high[1]) if low and high and low[0] < high[1] else None


def _years(age: fhir.Quantity | None) -> tuple[Decimal, Decimal] | None:
    """From that age to the next one, in years."""
    if age is None or age.comparator:
        return None
    value = number(age.value)
    unit = _YEARS.get(age.code or "") or _YEARS.get((age.unit or "").casefold())
    return (value * unit, (value + 1) * unit) if value is not None and unit is not None else None


def _has_abated(resource: fhir.Resource) -> bool:
    period = resource.abatement_period or fhir.Period()
    dated = resource.abatement_date_time or period.end or period.start
    other: str | bool | None = resource.abatement_string or _is_any(
        resource.abatement_age, resource.abatement_range
    )
    return bool(dated or other or resource.abatement_boolean)


def _is_any(*members: Raw) -> bool:
    return any(map(is_given, members))
