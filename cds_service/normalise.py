"""Decoded FHIR -> PatientRecord; the FHIR versions' shapes end here."""

from decimal import Decimal

import msgspec
from msgspec import Raw

from cds_service import observations, questionnaires, reasons
from cds_service import resources as fhir
from cds_service.exposures import is_real
from cds_service.pointers import Contained, Pointers
from cds_service.prescriptions import Prescribed, Prescriptions
from cds_service.raw import is_given, is_misshapen, lenient, number, status, words
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
from cds_service.wanted import Wanted, everything

_MOST_INGREDIENTS = 200  # more is no medicine; the richest multivitamins have some fifty
_Product = tuple[Concept, Concept]  # a medicine's name, what it is made of

UNNAMED = "the medicine is not named, or a reference that was not supplied"
NOT_FHIR = "a member is not of its FHIR type"

# Statuses of what says nothing of the patient, so that nothing is lost with it
_VOID = {
    "Medication": frozenset({"entered-in-error"}),
    "Observation": frozenset({"registered", "cancelled", "entered-in-error"}),
    "ServiceRequest": frozenset({"revoked", "entered-in-error"}),
    "Encounter": frozenset({"cancelled", "discontinued", "entered-in-error"}),
    "QuestionnaireResponse": frozenset({"in-progress", "entered-in-error"}),
}
_WITHDRAWN = frozenset({"refuted", "entered-in-error"})
_GOES_ON = frozenset(
    {"ongoing", "continuing", "continues", "persistent", "persists", "present", "none", "no", "not"}
)

# UCUM and usual spellings of an age, in years
_YEARS = {
    **dict.fromkeys(("a", "year", "years", "yr", "yrs"), Decimal(1)),
    **dict.fromkeys(("mo", "month", "months"), 1 / Decimal(12)),
    **dict.fromkeys(("wk", "week", "weeks"), 7 / Decimal("365.25")),
    **dict.fromkeys(("d", "day", "days"), 1 / Decimal("365.25")),
}


def patient_record(supplied: fhir.Supplied, wanted: Wanted = everything) -> PatientRecord:
    """
    Bring the supplied resources that are *wanted* into one shape.

    Resources of types that no rule reads are passed over. What of the others can't be read is in `unread`, never lost.
    """
    reader = _Reader(supplied)
    for given in supplied.given:
        if wanted(given):
            reader.read(given)
    return reader.record()


class _Reader:
    """Collects entries; one per request."""

    def __init__(self, supplied: fhir.Supplied) -> None:
        self._supplied = supplied
        self._pointers = Pointers(supplied.given)
        self._prescriptions = Prescriptions()
        self._unread: list[Unread] = list(supplied.unread)
        self._people: list[Person] = []
        self._medicines: list[Medicine] = []
        self._diagnoses: list[Diagnosis] = []
        self._results: list[Result] = []
        self._orders: list[Order] = []
        self._visits: list[Visit] = []
        self._answers: list[Result] = []
        self._panels: list[tuple[str, str]] = []  # a member's reference, when its panel was drawn
        self._products: dict[tuple[str, str | None], _Product] = {}  # of Medication entries, by their names

    def read(self, given: fhir.Given) -> None:
        """Take in one entry; one that holds what can't be read is noted too, and used for the rest."""
        inside = Contained(given.resource)
        if self._take(given, inside):
            self._note_misread(given, inside)

    def _take(self, given: fhir.Given, inside: Contained) -> bool:
        """Whether what the entry says is of the patient, and it is not noted as unread yet."""
        resource = given.resource
        if type(resource) is fhir.Observation:
            self._observation(given, resource, inside)
        elif type(resource) is fhir.MedicationRequest or type(resource) is fhir.MedicationStatement:
            return self._medicine(given, resource, inside)
        elif type(resource) is fhir.Condition:
            return self._diagnosis(given, resource)
        elif type(resource) is fhir.ServiceRequest:
            self._orders.append(_order(given.source, resource, self._pointers, inside))
        elif type(resource) is fhir.Encounter:
            self._visits.append(_visit(given.source, resource, self._pointers, inside))
        elif type(resource) is fhir.QuestionnaireResponse:
            self._answers.extend(questionnaires.answers(given, resource))
        else:
            if type(resource) is fhir.Patient:
                self._people.append(_person(resource))
            return False
        return True

    def _note(self, given: fhir.Given, problem: str) -> None:
        self._unread.append(Unread(given.key, given.resource.resource_type, given.source, problem))

    def _note_misread(self, given: fhir.Given, inside: Contained) -> None:
        if not inside.is_broken and not is_misshapen(given.resource):
            return
        if given.resource.status not in _VOID.get(given.resource.resource_type, ()):
            self._note(given, NOT_FHIR)

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
            reach=self._reach(),
        )

    def _reach(self) -> dict[str, tuple[str, ...]]:
        """The dates of all results of lists that go on unread, wanted or not: they tell how far back these reach."""
        paged = self._supplied.paged
        dates: dict[str, list[str]] = {key: [] for key in paged}
        for given in self._supplied.given if paged else ():
            if given.key in paged and type(given.resource) is fhir.Observation:
                taken = observations.taken(given.resource)
                dates[given.key] += [taken] if taken else []
        return {key: tuple(found) for key, found in dates.items()}

    # --- observations -----------------------------------------------------------------------------------------

    def _observation(self, given: fhir.Given, result: fhir.Observation, inside: Contained) -> None:
        self._results.extend(observations.results(given, result, inside))
        if is_given(result.has_member) and (taken := observations.taken(result)):
            self._panels += ((reference, taken) for reference in observations.members(result))

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

    def _diagnosis(self, given: fhir.Given, condition: fhir.Condition) -> bool:
        """Without a readable status it can't be told from one that was refuted: it is left out."""
        clinical, verification = _statuses(condition)
        if clinical is None or verification is None:
            if _WITHDRAWN.isdisjoint((clinical, verification)):
                self._note(given, NOT_FHIR)
            return False
        self._diagnoses.append(_diagnosis(given.source, condition, clinical, verification))
        return verification not in _WITHDRAWN

    # --- medicines --------------------------------------------------------------------------------------------

    def _medicine(self, given: fhir.Given, medicine: Prescribed, inside: Contained) -> bool:
        named = self._medication(medicine, inside)
        why = reasons.of_request(medicine, self._pointers, inside)
        read = self._prescriptions.medicine(given, medicine, named or (NOTHING, NOTHING), why, inside)
        if named is None:
            if is_real(read):
                self._note(given, UNNAMED)
            return False
        self._medicines.append(read)
        return is_real(read)

    def _medication(self, resource: Prescribed, inside: Contained) -> _Product | None:
        """
        The medicine and what it is made of; None when neither is known.

        Written in the entry, contained, another entry, else the reference's display.
        """
        concept, reference = resource.medication_codeable_concept, resource.medication_reference
        if resource.medication is not None:
            concept, reference = resource.medication.concept, resource.medication.reference
        if _is_named(concept) or reference is None:
            return (concept or NOTHING, NOTHING) if _is_named(concept) else None
        code, made_of = self._product(reference, inside)
        if not _is_named(code) and reference.display:
            code = Concept(text=reference.display)
        return (code, made_of) if _is_named(code) or _is_named(made_of) else None

    def _product(self, reference: fhir.Reference, inside: Contained) -> _Product:
        """What a reference to a Medication leads to; an entry is read once, however many refer to it."""
        contained = inside.at(reference.reference)
        if contained is not None:
            inside.is_broken = inside.is_broken or is_misshapen(contained)
            return contained.code or NOTHING, self._made_of(contained, inside)
        entry = self._pointers.entry(reference.reference)
        if entry is None:
            return NOTHING, NOTHING
        name = (entry.source, entry.full_url)
        if name not in self._products:
            held = Contained(entry.resource)
            self._products[name] = entry.resource.code or NOTHING, self._made_of(entry.resource, held)
            self._note_misread(entry, held)
        return self._products[name]

    def _made_of(self, medication: fhir.Resource, inside: Contained) -> Concept:
        """The ingredients as one concept: the codings of all, their words joined as a combination."""
        if not isinstance(medication, fhir.Medication | fhir.Untyped):
            return NOTHING
        listed = lenient(medication.ingredient, tuple[fhir.MedicationIngredient, ...]) or ()
        if len(listed) > _MOST_INGREDIENTS:
            inside.is_broken, listed = True, ()
        found = [self._ingredient(each, inside) for each in listed]
        words = [next(iter(each.words()), "") for each in found]
        codings = tuple(coding for each in found for coding in each.coding or ())
        return Concept(codings or None, " + ".join(word for word in words if word) or None)

    def _ingredient(self, ingredient: fhir.MedicationIngredient, inside: Contained) -> Concept:
        """Its own name, that of the Medication or Substance it refers to, else the reference's display."""
        item = ingredient.item or fhir.ConceptOrReference()
        reference = ingredient.item_reference or item.reference or fhir.Reference()
        named = ingredient.item_codeable_concept or item.concept
        if named is not None:
            return named
        entry = self._pointers.entry(reference.reference)
        target = inside.at(reference.reference) or (entry.resource if entry else fhir.Resource())
        code = target.code or NOTHING
        code = code.concept or code  # R5's Substance has a CodeableReference
        return code if _is_named(code) else Concept(text=reference.display)


def _is_named(concept: Concept | None) -> bool:
    return concept is not None and bool(concept.coding or concept.text)


def _dated(result: Result, dates: set[str]) -> Result:
    if result.taken or len(dates) != 1:
        return result
    return msgspec.structs.replace(result, taken=next(iter(dates)))


# --- orders and visits ----------------------------------------------------------------------------------------


def _order(source: str, resource: fhir.ServiceRequest, pointers: Pointers, inside: Contained) -> Order:
    code = resource.code or NOTHING
    return Order(
        source=source,
        concept=code.concept or code,
        status=resource.status or "",
        intent=resource.intent or "",
        do_not_perform=bool(resource.do_not_perform),
        written=resource.authored_on or resource.occurrence_date_time,
        reasons=reasons.of_request(resource, pointers, inside),
    )


def _visit(source: str, resource: fhir.Encounter, pointers: Pointers, inside: Contained) -> Visit:
    period = lenient(resource.period, fhir.Period) or lenient(resource.actual_period, fhir.Period)
    return Visit(
        source=source,
        status=resource.status or "",
        began=period.start or period.end if period else None,
        reasons=reasons.of_encounter(resource, pointers, inside),
    )


# --- the patient and diagnoses --------------------------------------------------------------------------------


def _person(resource: fhir.Patient) -> Person:
    is_deceased = bool(resource.deceased_boolean) or resource.deceased_date_time is not None
    return Person(resource.id, resource.birth_date, is_deceased)


def _statuses(resource: fhir.Condition) -> tuple[str | None, str | None]:
    return status(resource.clinical_status), status(resource.verification_status)


def _diagnosis(source: str, resource: fhir.Condition, clinical: str, verification: str) -> Diagnosis:
    period, ended = resource.onset_period, resource.abatement_period
    return Diagnosis(
        source=source,
        concept=resource.code or NOTHING,
        site=words(resource.body_site),
        clinical=clinical,
        verification=verification,
        onset=resource.onset_date_time or (period.start if period else None) or resource.onset_string,
        onset_age=_onset_age(resource),
        abated=_has_abated(resource),
        abated_on=resource.abatement_date_time or ((ended.end or ended.start) if ended else None),
        recorded=resource.recorded_date,
    )


def _onset_age(resource: fhir.Condition) -> tuple[Decimal, Decimal] | None:
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


def _has_abated(resource: fhir.Condition) -> bool:
    period = resource.abatement_period or fhir.Period()
    dated = resource.abatement_date_time or period.end or period.start
    in_words = _tells_an_end(resource.abatement_string or "")
    at_an_age = _is_any(resource.abatement_age, resource.abatement_range)
    return bool(dated or in_words or at_an_age or resource.abatement_boolean)


def _tells_an_end(text: str) -> bool:
    """Whether an abatement in words says that it ended: "ongoing" and "not resolved" do not."""
    said = text.casefold().replace(",", " ").split()
    return bool(said) and _GOES_ON.isdisjoint(said)


def _is_any(*members: Raw) -> bool:
    return any(map(is_given, members))
