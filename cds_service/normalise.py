"""Decoded FHIR -> PatientRecord; the FHIR versions' shapes end here."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Raw

from cds_service import resources as fhir
from cds_service.exposures import is_real
from cds_service.quantity import decimal
from cds_service.record import (
    NOTHING,
    Concept,
    Diagnosis,
    Dose,
    Measurement,
    Medicine,
    Order,
    PatientRecord,
    Person,
    Result,
    Unread,
)

T = TypeVar("T")

UNNAMED = "the medicine is not named, or a reference that was not supplied"

_WEEK, _MONTH, _YEAR = Decimal(1) / 7, Decimal(1) / 30, Decimal(1) / 365
_PER_DAY = {
    "min": Decimal(1440),
    "h": Decimal(24),
    "d": Decimal(1),
    "wk": _WEEK,
    "mo": _MONTH,
    "a": _YEAR,
}
_IN_DAYS = {
    "h": 1 / Decimal(24),
    "d": Decimal(1),
    "day": Decimal(1),
    "days": Decimal(1),
    "wk": Decimal(7),
    "week": Decimal(7),
    "weeks": Decimal(7),
    "mo": Decimal(30),
    "a": Decimal(365),
}
# HL7 v3 GTSAbbreviation in Timing.code, times a day
_ABBREVIATED = {
    "QD": 1,
    "BID": 2,
    "TID": 3,
    "QID": 4,
    "AM": 1,
    "PM": 1,
    "BED": 1,
    "Q4H": 6,
    "Q6H": 4,
    "Q8H": 3,
}
# R5 says in `status` whether a statement is right, and in `adherence` whether the medicine is taken
_ADHERENCE = {
    "taking": "active",
    "not-taking": "not-taken",
    "on-hold": "on-hold",
    "stopped": "stopped",
    "unknown": "unknown",
}
# R5's words for a statement that is right and for a prescription that has reached its end
_R5_STATUS = {"recorded": "active", "ended": "completed"}


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
        medicine = _medicine(given, concept or NOTHING)
        if concept is not None:
            self._medicines.append(medicine)
        elif is_real(medicine):
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
            contained = _lenient(resource.contained, tuple[fhir.Resource, ...]) or ()
            return next((each.code for each in contained if each.id in (reference, reference[1:])), None)
        bare = reference.split("/_history/")[0]
        relative = "/".join(bare.split("/")[-2:])
        return self._medications.get(bare) or self._medications.get(relative)


def _person(resource: fhir.Resource) -> Person:
    is_deceased = bool(resource.deceased_boolean) or resource.deceased_date_time is not None
    return Person(resource.id, resource.birth_date, is_deceased)


# --- medicines ------------------------------------------------------------------------------------------------


def _medicine(given: fhir.Given, concept: Concept) -> Medicine:
    resource = given.resource
    is_statement = resource.resource_type == "MedicationStatement"
    dosages = (
        _lenient(resource.dosage if is_statement else resource.dosage_instruction, tuple[fhir.Dosage, ...])
        or ()
    )
    bounds = _bounds(dosages)
    if is_statement:
        period = resource.effective_period or fhir.Period(start=resource.effective_date_time)
        stated = period.start or bounds.start
        started, stopped, supply = stated, period.end or bounds.end, None
    else:
        dispense = _lenient(resource.dispense_request, fhir.DispenseRequest) or fhir.DispenseRequest()
        period = dispense.validity_period or fhir.Period()
        stated = bounds.start
        started, stopped, supply = (
            stated or period.start or resource.authored_on,
            bounds.end or period.end,
            _supply_days(dispense),
        )
    status = _medicine_status(resource)
    return Medicine(
        source=given.source,
        concept=concept,
        is_statement=is_statement,
        status=status,
        intent=resource.intent or "",
        do_not_perform=bool(resource.do_not_perform),
        started=started,
        started_is_stated=stated is not None,
        stopped=stopped,
        supply_days=supply,
        doses=tuple(_dose(dosage) for dosage in dosages),
        route=" ".join(word for dosage in dosages if dosage.route for word in dosage.route.words()),
        reasons=_reasons(resource),
        key=given.key,
    )


def _medicine_status(resource: fhir.Resource) -> str:
    """R4's word for the status; of an R5 statement that is right, what its adherence says."""
    status = resource.status or ""
    adherence = _lenient(resource.adherence, fhir.Adherence) if status == "recorded" else None
    codes = [coding.code or "" for coding in ((adherence and adherence.code) or NOTHING).coding or ()]
    said = (
        _ADHERENCE[word]
        for code in codes
        for word in _ADHERENCE
        if code == word or code.startswith(f"{word}-")
    )
    return next(said, _R5_STATUS.get(status, status))


def _bounds(dosages: Iterable[fhir.Dosage]) -> fhir.Period:
    repeats = (dosage.timing.repeat for dosage in dosages if dosage.timing and dosage.timing.repeat)
    return next((repeat.bounds_period for repeat in repeats if repeat.bounds_period), fhir.Period())


def _supply_days(dispense: fhir.DispenseRequest) -> int | None:
    """Days of one supply times the fills allowed."""
    duration = dispense.expected_supply_duration
    if duration is None:
        return None
    amount, unit = _number(duration.value), _IN_DAYS.get(duration.code or duration.unit or "")
    if amount is None or amount <= 0 or unit is None:
        return None
    fills = 1 + (_number(dispense.number_of_repeats_allowed) or 0)
    return min(int(amount * unit * fills), 36_500)


def _dose(dosage: fhir.Dosage) -> Dose:
    rate = dosage.dose_and_rate[0] if dosage.dose_and_rate else fhir.DoseAndRate()
    quantity = rate.dose_quantity or (rate.dose_range.high if rate.dose_range else None) or fhir.Quantity()
    per_day = _per_day(dosage.timing) if dosage.timing and not _is_as_needed(dosage) else None
    return Dose(_number(quantity.value), quantity.code or quantity.unit or "", per_day, dosage.text or "")


def _is_as_needed(dosage: fhir.Dosage) -> bool:
    reasons = (dosage.as_needed_codeable_concept, dosage.as_needed_for)
    said = (_lenient(dosage.as_needed_boolean, bool), _lenient(dosage.as_needed, bool))
    return any(said) or any(map(_is_given, reasons))


def _per_day(timing: fhir.Timing) -> Decimal | None:
    repeat = timing.repeat
    if repeat is not None:
        frequency, period = _number(repeat.frequency) or Decimal(1), _number(repeat.period)
        unit = _PER_DAY.get(repeat.period_unit or "")
        if period and unit:
            return frequency * unit / period
        moments = _lenient(repeat.when, list[str]) or _lenient(repeat.time_of_day, list[str])
        if moments:
            return Decimal(len(moments))
    codes = (coding.code for coding in (timing.code or NOTHING).coding or ())
    return next((Decimal(_ABBREVIATED[code]) for code in codes if code in _ABBREVIATED), None)


def _reasons(resource: fhir.Resource) -> tuple[Concept, ...]:
    """R4 reasonCode, and the concepts among R5's reason."""
    coded = _lenient(resource.reason_code, tuple[Concept, ...]) or ()
    r5 = _lenient(resource.reason, tuple[fhir.ConceptOrReference, ...]) or ()
    return (*coded, *(each.concept for each in r5 if each.concept is not None))


# --- diagnoses ------------------------------------------------------------------------------------------------


def _diagnosis(source: str, resource: fhir.Resource) -> Diagnosis:
    period, ended = resource.onset_period, resource.abatement_period
    age = resource.onset_age
    return Diagnosis(
        source=source,
        concept=resource.code or NOTHING,
        site=_words(resource.body_site),
        clinical=_status(resource.clinical_status),
        verification=_status(resource.verification_status),
        onset=resource.onset_date_time or (period.start if period else None) or resource.onset_string,
        onset_age=_number(age.value)
        if age and (age.code or age.unit) in ("a", "year", "years", "yr")
        else None,
        abated=_has_abated(resource),
        abated_on=resource.abatement_date_time or (ended.end if ended else None),
        recorded=resource.recorded_date,
    )


def _has_abated(resource: fhir.Resource) -> bool:
    dated = resource.abatement_date_time or (resource.abatement_period and resource.abatement_period.end)
    other = (
        resource.abatement_string or _is_given(resource.abatement_age) or _is_given(resource.abatement_range)
    )
    return bool(dated or other or resource.abatement_boolean)


def _status(raw: Raw) -> str:
    """The code of a clinical or verification status; R4 has a CodeableConcept, STU3 a bare code."""
    concept = _lenient(raw, Concept)
    if concept is None:
        return _lenient(raw, str) or ""
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
        site=_words(resource.body_site),
        remarks=" ".join(
            (_words(resource.specimen), _words(resource.interpretation), *_notes(resource.note))
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
    return tuple(each.text for each in _lenient(raw, tuple[fhir.Annotation, ...]) or () if each.text)


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
    value = _number(quantity.value)
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
    value = _number(raw)
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


# --- raw members ----------------------------------------------------------------------------------------------


def _is_given(raw: Raw) -> bool:
    return bytes(raw) not in (b"", b"null")


def _lenient(raw: Raw, shape: type[T]) -> T | None:
    """Decode a member that may have another shape in another FHIR version; None when it has."""
    if not _is_given(raw):
        return None
    try:
        return msgspec.json.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _number(raw: Raw | None) -> Decimal | None:
    """The number as it was written; strings that hold a number are taken, since some servers send those."""
    if raw is None:
        return None
    text = bytes(raw).strip(b'" ').decode("utf-8", "replace")
    return decimal(text)


def _words(raw: Raw) -> str:
    """The readable words of one CodeableConcept, a list of them, or a Reference's display."""
    many = _lenient(raw, tuple[Concept, ...])
    one = _lenient(raw, Concept) if many is None else None
    words = [word for concept in many or ((one,) if one else ()) for word in concept.words()]
    if not words:
        reference = _lenient(raw, fhir.Reference)
        return (reference.display or "") if reference else ""
    return " ".join(words)
