"""Observations as written -> lab results in a unit that limits are written in, or a reason why not."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from cds_service.dates import Span, clock, instant, written
from cds_service.facts import LabResult, Unusable
from cds_service.laboratory import Analyte, Conversion
from cds_service.names import dismissed, negated, tokens
from cds_service.record import Measurement, Result

_USABLE = {"final", "amended", "corrected", "preliminary"}
_WITHDRAWN = {"entered-in-error", "cancelled", "registered", "unknown"}
_HAEMOLYSED = ("haemoly", "hemoly", "hamoly")  # beginnings of words, folded
_FLAGGED = ("contaminat", "clotted", "unsatisfactory", "kontamin")
_AFTER_DIALYSIS = ("post-dialysis", "postdialysis", "post dialysis", "after dialysis", "nach dialyse")
_PRINTED = (("[IU]", "IU"), ("10*", "10^"), ("meq", "mEq"), ("/{1.73_m2}", "/1.73 m2"))
# Sodium falls as glucose draws water out of cells: KNOWLEDGE X15
_GLUCOSE_IS_HIGH = {"mmol/L": Decimal(10), "mg/dL": Decimal(180)}
_MG_PER_MMOL = Decimal(18)


def lab_result(
    result: Result, analyte: Analyte, today: date, zone: ZoneInfo | None
) -> LabResult | Unusable | None:
    """
    Read one Observation of a known analyte.

    None when the entry says nothing about the patient: withdrawn, or without a value.
    """
    measured = result.measured
    has_value = measured is not None or result.answer is not None or result.is_other
    if result.status in _WITHDRAWN or not has_value:
        return None
    taken = written(result.taken)
    why = _why_not(result, taken, today)
    if why is None and measured is not None and taken is not None:
        return _in_column(result, measured, taken, analyte, zone)
    return Unusable(analyte.value_set, result.source, taken, why or "not a number")


def _why_not(result: Result, taken: Span | None, today: date) -> str | None:
    if result.status not in _USABLE:
        return "no status"
    if result.measured is None:
        return "not a number"
    if taken is None:
        return "not dated"
    if taken.first > today + timedelta(days=1):
        return "dated in the future"
    said = " ".join((result.remarks, *result.concept.words())).casefold()
    if any(word in said for word in _AFTER_DIALYSIS):
        return "taken after dialysis"
    return "flagged specimen" if _says(result.remarks, _FLAGGED) else None


def _says(remarks: str, beginnings: tuple[str, ...]) -> bool:
    """Whether a word that begins so is affirmed: not "not haemolysed", not "haemolysis: none"."""
    words = tokens(remarks)
    return any(
        word.startswith(beginnings) and not negated(words, place) and not dismissed(words, place + 1)
        for place, word in enumerate(words)
    )


def _in_column(
    result: Result, measured: Measurement, taken: Span, analyte: Analyte, zone: ZoneInfo | None
) -> LabResult | Unusable:
    unit = measured.unit or analyte.without_unit
    column, value = analyte.column(unit), measured.value
    conversion = analyte.conversion(unit) if column is None else None
    if conversion is not None:
        column, value = analyte.column(conversion.to), _converted(value, conversion)
    if column is None:
        return Unusable(
            analyte.value_set, result.source, taken, "no unit" if not unit else "unit not understood"
        )
    if not column.low <= value <= column.high:
        return Unusable(analyte.value_set, result.source, taken, "implausible value")
    haemolysed = _says(result.remarks, _HAEMOLYSED)
    if haemolysed and (analyte.haemolysed_below is None or value >= analyte.haemolysed_below):
        return Unusable(analyte.value_set, result.source, taken, "haemolysed sample")
    return LabResult(
        analyte=analyte.value_set,
        value=value,
        unit=column.unit,
        written=f"{measured.comparator}{measured.value:f} {_printed(unit)}",
        comparator=measured.comparator,
        taken=taken,
        clock=clock(result.taken, zone),
        instant=instant(result.taken),
        low=_limit(result.low, analyte, column.unit),
        high=_limit(result.high, analyte, column.unit),
        source=result.source,
        is_preliminary=result.status == "preliminary",
        is_haemolysed=haemolysed,
        unit_was_missing=not measured.unit,
    )


def _converted(value: Decimal, conversion: Conversion) -> Decimal:
    return round(value * conversion.factor, conversion.decimals)


def _printed(unit: str) -> str:
    """A UCUM code as clinicians write it; anything else as it was reported."""
    for code, plain in _PRINTED:
        unit = unit.replace(code, plain)
    return unit


def _limit(limit: Measurement | None, analyte: Analyte, unit: str) -> Decimal | None:
    """The laboratory's limit where it is in the value's unit, can be brought to it, or has no unit at all."""
    if limit is None or not limit.unit:
        return limit.value if limit else None
    column, conversion = analyte.column(limit.unit), analyte.conversion(limit.unit)
    if column is not None:
        return limit.value if column.unit == unit else None
    return _converted(limit.value, conversion) if conversion and conversion.to == unit else None


def newest_first(results: Iterable[LabResult]) -> tuple[LabResult, ...]:
    """In an order that does not depend on the order of the entries; the same value twice counts once."""
    ordered = sorted(results, key=_newest, reverse=True)
    once: dict[tuple[object, ...], LabResult] = {}
    for each in ordered:
        once.setdefault(
            (each.taken, each.instant, each.value, each.unit, each.comparator, each.is_preliminary), each
        )
    return tuple(once.values())


def _newest(result: LabResult) -> tuple[object, ...]:
    moment = result.instant.timestamp() if result.instant else 0.0
    return (
        result.taken.last,
        result.taken.first,
        moment,
        result.value,
        result.unit,
        result.comparator,
        result.source,
    )


def corrected_for_glucose(results: Mapping[str, tuple[LabResult, ...]]) -> dict[str, tuple[LabResult, ...]]:
    """Give each sodium the value it would have at a normal glucose, where the same sample's glucose is high."""
    highest: dict[tuple[object, object], LabResult] = {}
    for each in results.get("glucose", ()):
        sample = (each.taken, each.instant)
        if each.taken.is_full and each.value > _GLUCOSE_IS_HIGH[each.unit]:
            highest[sample] = max(
                highest.get(sample, each), each, key=lambda one: (_in_mmol(one), one.source)
            )
    sodiums = tuple(
        _corrected(each, highest.get((each.taken, each.instant))) for each in results.get("sodium", ())
    )
    return {**results, "sodium": sodiums} if sodiums else dict(results)


def _corrected(sodium: LabResult, glucose: LabResult | None) -> LabResult:
    if glucose is None:
        return sodium
    rise = Decimal("2.4") * (_in_mmol(glucose) - Decimal("5.6")) / Decimal("5.6")
    return replace(sodium, corrected=round(sodium.value + rise, 1), companion=glucose)


def _in_mmol(glucose: LabResult) -> Decimal:
    return glucose.value / _MG_PER_MMOL if glucose.unit == "mg/dL" else glucose.value
