"""What a MedicationStatement or MedicationRequest says, R4 and R5 alike."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Raw

from cds_service import resources as fhir
from cds_service.pointers import Contained
from cds_service.raw import is_given, lenient, number
from cds_service.record import NOTHING, Concept, Dose, Medicine, Reason

Prescribed = fhir.MedicationStatement | fhir.MedicationRequest

_MOST_LINES = 200
_NO_PERIOD, _NO_SUPPLY = fhir.Period(), fhir.DispenseRequest()
_NO_RATE, _NO_AMOUNT = fhir.DoseAndRate(), fhir.Quantity()
_WEEK, _MONTH, _YEAR = Decimal(1) / 7, Decimal(1) / 30, Decimal(1) / 365
_PER_DAY = {
    "min": Decimal(1440),
    "h": Decimal(24),
    "d": Decimal(1),
    "wk": _WEEK,
    "mo": _MONTH,
    "a": _YEAR,
}
# UCUM codes and usual words of a duration
_IN_DAYS = {
    **dict.fromkeys(("h", "hour", "hours"), 1 / Decimal(24)),
    **dict.fromkeys(("d", "day", "days"), Decimal(1)),
    **dict.fromkeys(("wk", "week", "weeks"), Decimal(7)),
    **dict.fromkeys(("mo", "month", "months"), Decimal(30)),
    **dict.fromkeys(("a", "year", "years"), Decimal(365)),
}
_LONGEST_SUPPLY = Decimal(36_500)  # days: a century is no real supply
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


class Instructions(NamedTuple):
    """What dosage lines say: *doses*, the *route* in words, from when to when, for how many *days* at the longest."""

    doses: tuple[Dose, ...] = ()
    route: str = ""
    bounds: fhir.Period | None = None
    days: int | None = None

    @classmethod
    def of(cls, dosages: Sequence[fhir.Dosage]) -> "Instructions":
        """Read the lines of one entry; of very many some, which are still too many for a dose a day."""
        dosages = dosages[:_MOST_LINES]
        return cls(
            tuple(_dose(dosage) for dosage in dosages),
            " ".join(word for dosage in dosages if dosage.route for word in dosage.route.words()),
            _bounds(dosage.timing for dosage in dosages),
            _bounded_days(dosages),
        )


_NO_INSTRUCTIONS = Instructions()


class Prescriptions:
    """Reads the medicines of one record; what refills say again and again is read once."""

    def __init__(self) -> None:
        self._instructions: dict[bytes, Instructions | None] = {}

    def medicine(
        self,
        given: fhir.Given,
        resource: Prescribed,
        named: tuple[Concept, Concept],
        reasons: tuple[Reason, ...],
        inside: Contained,
    ) -> Medicine:
        """
        Bring one MedicationStatement or MedicationRequest into our shape.

        *named*: the medicine, and what it is made of. A member that can't be read is noted in *inside*.
        """
        if isinstance(resource, fhir.MedicationStatement):
            said = self._instructed(resource.dosage, inside)
            taken = _of_statement(resource, said, inside)
        else:
            said = self._instructed(resource.dosage_instruction, inside)
            taken = _of_request(resource, said, inside)
        return Medicine(
            source=given.source,
            concept=named[0],
            made_of=named[1],
            is_statement=type(resource) is fhir.MedicationStatement,
            status=_medicine_status(resource, inside),
            intent=resource.intent or "",
            do_not_perform=bool(resource.do_not_perform),
            started=taken.started,
            started_is_stated=taken.is_stated,
            stopped=taken.stopped,
            supply_days=taken.supply or said.days,
            doses=said.doses,
            route=said.route,
            reasons=reasons,
            key=given.key,
            seen=taken.seen,
        )

    def _instructed(self, raw: Raw, inside: Contained) -> Instructions:
        if raw is fhir.ABSENT:
            return _NO_INSTRUCTIONS
        sent = bytes(raw)
        if sent not in self._instructions:
            dosages = lenient(raw, tuple[fhir.Dosage, ...])
            is_broken = dosages is None and is_given(raw)
            self._instructions[sent] = None if is_broken else Instructions.of(dosages or ())
        said = self._instructions[sent]
        inside.is_broken = inside.is_broken or said is None
        return said or _NO_INSTRUCTIONS


class _Taken(NamedTuple):
    """
    From when to when, and for how many days of *supply*; *is_stated*: the start is more than the day of writing.

    *seen* is the moment that a statement is about.
    """

    started: str | None
    stopped: str | None
    is_stated: bool
    supply: int | None = None
    seen: str | None = None


def _of_statement(resource: fhir.MedicationStatement, said: Instructions, inside: Contained) -> _Taken:
    bounds, period = _whole(resource, said, inside), resource.effective_period or _NO_PERIOD
    stated = period.start or bounds.start
    started, stopped = stated or _seen_taken(resource), period.end or bounds.end
    return _Taken(started, stopped, stated is not None, seen=resource.effective_date_time)


def _of_request(resource: fhir.MedicationRequest, said: Instructions, inside: Contained) -> _Taken:
    bounds = _whole(resource, said, inside)
    dispense = inside.member(resource.dispense_request, fhir.DispenseRequest) or _NO_SUPPLY
    period = dispense.validity_period or _NO_PERIOD
    started = bounds.start or period.start or resource.authored_on
    return _Taken(started, bounds.end or period.end, bounds.start is not None, _supply_days(dispense))


def _whole(resource: Prescribed, said: Instructions, inside: Contained) -> fhir.Period:
    """From when to when the medicine is to be taken: R5's period or timing of the whole, else a dosage line's."""
    whole = inside.member(resource.effective_dose_period, fhir.Period)
    if whole is not None:
        return whole
    return _bounds([inside.member(resource.effective_timing, fhir.Timing)]) or said.bounds or _NO_PERIOD


def _seen_taken(resource: fhir.MedicationStatement) -> str | None:
    """A moment at which it was taken, no later than the start; the day of the asking says nothing of the start."""
    taken = resource.effective_date_time
    return None if taken and taken[:10] == (resource.date_asserted or "")[:10] else taken


def _medicine_status(resource: Prescribed, inside: Contained) -> str:
    """R4's word for the status; of an R5 statement that is right, what its adherence says."""
    status, adherence = resource.status or "", None
    if type(resource) is fhir.MedicationStatement:
        adherence = inside.member(resource.adherence, fhir.Adherence)
    if status != "recorded":
        return _R5_STATUS.get(status, status)
    codes = [coding.code or "" for coding in ((adherence and adherence.code) or NOTHING).coding or ()]
    said = (
        _ADHERENCE[word]
        for code in codes
        for word in _ADHERENCE
        if code == word or code.startswith(f"{word}-")
    )
    return next(said, _R5_STATUS[status])


def _bounds(timings: Iterable[fhir.Timing | None]) -> fhir.Period | None:
    repeats = (timing.repeat for timing in timings if timing and timing.repeat)
    return next((repeat.bounds_period for repeat in repeats if repeat.bounds_period), None)


def _bounded_days(dosages: Iterable[fhir.Dosage]) -> int | None:
    """Days for which the dosage lines say the medicine is to be taken ("for 7 days"); the longest."""
    repeats = (dosage.timing.repeat for dosage in dosages if dosage.timing and dosage.timing.repeat)
    days = [_days(repeat.bounds_duration) for repeat in repeats]
    known = [each for each in days if each is not None]
    return int(max(known)) if known and len(known) == len(days) else None


def _days(duration: fhir.Quantity | None) -> Decimal | None:
    """A duration in days, None when there is none, or none that can be."""
    if duration is None:
        return None
    amount = number(duration.value)
    unit = _IN_DAYS.get(duration.code or "") or _IN_DAYS.get((duration.unit or "").casefold())
    return min(amount * unit, _LONGEST_SUPPLY) if amount is not None and amount > 0 and unit else None


def _supply_days(dispense: fhir.DispenseRequest) -> int | None:
    """Days of one supply times the fills allowed."""
    days = _days(dispense.expected_supply_duration)
    if days is None:
        return None
    fills = 1 + (number(dispense.number_of_repeats_allowed) or 0)
    return int(min(days * fills, _LONGEST_SUPPLY))


def _dose(dosage: fhir.Dosage) -> Dose:
    rate = dosage.dose_and_rate[0] if dosage.dose_and_rate else _NO_RATE
    quantity = rate.dose_quantity or (rate.dose_range.high if rate.dose_range else None) or _NO_AMOUNT
    per_day = _per_day(dosage.timing) if dosage.timing and not _is_as_needed(dosage) else None
    return Dose(
        number(quantity.value),
        quantity.code or quantity.unit or "",
        per_day,
        dosage.text or "",
        lenient(dosage.sequence, int),
    )


def _is_as_needed(dosage: fhir.Dosage) -> bool:
    reasons = (dosage.as_needed_codeable_concept, dosage.as_needed_for)
    said = (lenient(dosage.as_needed_boolean, bool), lenient(dosage.as_needed, bool))
    return any(said) or any(map(is_given, reasons))


def _per_day(timing: fhir.Timing) -> Decimal | None:
    repeat = timing.repeat
    if repeat is not None:
        frequency, period = number(repeat.frequency) or Decimal(1), number(repeat.period)
        unit = _PER_DAY.get(repeat.period_unit or "")
        if period and unit:
            return frequency * unit / period * _share_of_days(repeat)
        moments = lenient(repeat.when, list[str]) or lenient(repeat.time_of_day, list[str])
        if moments:
            return Decimal(len(moments))
    codes = (coding.code for coding in (timing.code or NOTHING).coding or ())
    return next((Decimal(_ABBREVIATED[code]) for code in codes if code in _ABBREVIATED), None)


def _share_of_days(repeat: fhir.Repeat) -> Decimal:
    """How much of a week the named days are: 1 when none are named."""
    named = set(lenient(repeat.day_of_week, list[str]) or ())
    return Decimal(len(named)) / 7 if 0 < len(named) < 7 else Decimal(1)
