"""Observations as written -> lab results in a unit that limits are written in, or a reason why not."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from cds_service.analyte_names import HAEMOLYSED
from cds_service.dates import Span, clock, instant, written
from cds_service.facts import LabResult, Unusable
from cds_service.laboratory import Analyte, Column, Conversion
from cds_service.names import dismissed, negated, tokens
from cds_service.record import Measurement, Result
from cds_service.units import alternatives

_USABLE = {"final", "amended", "corrected", "preliminary"}
_CORRECTED = {"amended", "corrected"}
_WITHDRAWN = {"entered-in-error", "cancelled", "registered", "unknown"}
_FLAGGED = (
    "contaminat",
    "clotted",
    "unsatisfactory",
    "unsuitable",
    "insufficient",
    "kontamin",
    "infusionsarm",
)
_DRIP = ("drip", "infusion", "iv")
_FROM_A_DRIP = {*((each, "arm") for each in _DRIP), *(("above", each) for each in _DRIP), ("arm", "drip")}
_LITTLE_WORDS = frozenset({"the", "an", "a", "of", "with", "site"})
_AFTER_DIALYSIS = re.compile(
    r"\b(?:post[- ]?(?:ha?emo)?(?:dialysis|hd\b)|(?:after|nach|apres|après) (?:ha?emo|hämo)?dialys)"
)
_COMPARATORS = frozenset({"", "<", "<=", ">", ">="})
_PRINTED = (("[IU]", "IU"), ("10*", "10^"), ("meq", "mEq"), ("/{1.73_m2}", "/1.73 m2"))
_NOTE = re.compile(r"\{[^{}]*\}")
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
    remarks = tokens(result.remarks) if result.remarks else ()
    why = _why_not(result, taken, remarks, today)
    if why is None and measured is not None and taken is not None:
        is_haemolysed = _says(remarks, HAEMOLYSED)
        return _in_column(result, measured, taken, analyte, zone, is_haemolysed=is_haemolysed)
    return Unusable(analyte.value_set, result.source, taken, why or "not a number")


def _why_not(result: Result, taken: Span | None, remarks: tuple[str, ...], today: date) -> str | None:
    if result.status not in _USABLE:
        return "no status"
    if result.measured is None:
        return "not a number"
    if result.measured.comparator not in _COMPARATORS:
        return "not an exact value"
    if taken is None:
        return "not dated"
    if taken.first > today + timedelta(days=1):
        return "dated in the future"
    if _AFTER_DIALYSIS.search(" ".join((result.remarks, *result.concept.words())).casefold()):
        return "taken after dialysis"
    return "flagged specimen" if _says(remarks, _FLAGGED) or _is_from_a_drip(remarks) else None


def _says(words: tuple[str, ...], beginnings: tuple[str, ...]) -> bool:
    """Whether a word that begins so is affirmed: not "not haemolysed", not "haemolysis: none"."""
    return any(
        word.startswith(beginnings) and not negated(words, place) and not dismissed(words, place + 1)
        for place, word in enumerate(words)
    )


def _is_from_a_drip(remarks: tuple[str, ...]) -> bool:
    """Whether the sample is said to be diluted: "taken from drip arm", "above the infusion"."""
    words = tuple(word for word in remarks if word not in _LITTLE_WORDS)
    return any(
        pair in _FROM_A_DRIP and not negated(words, place) and not dismissed(words, place + 2)
        for place, pair in enumerate(pairwise(words))
    )


def _in_column(
    result: Result,
    measured: Measurement,
    taken: Span,
    analyte: Analyte,
    zone: ZoneInfo | None,
    *,
    is_haemolysed: bool,
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
    if is_haemolysed and (analyte.haemolysed_below is None or value >= analyte.haemolysed_below):
        return Unusable(analyte.value_set, result.source, taken, "haemolysed sample")
    low, high = _limits(result, unit, analyte, column)
    return LabResult(
        analyte=analyte.value_set,
        value=value,
        unit=column.unit,
        written=f"{measured.comparator}{measured.value:f} {_printed(unit)}".rstrip(),
        comparator=measured.comparator,
        taken=taken,
        clock=clock(result.taken, zone),
        instant=instant(result.taken),
        low=low,
        high=high,
        source=result.source,
        is_preliminary=result.status == "preliminary",
        is_correction=result.status in _CORRECTED,
        is_haemolysed=is_haemolysed,
        unit_was_missing=not measured.unit and bool(_printed(unit)),
    )


def _converted(value: Decimal, conversion: Conversion) -> Decimal:
    converted = value * conversion.factor
    return converted if conversion.decimals is None else round(converted, conversion.decimals)


@lru_cache(maxsize=256)  # of units that are understood
def _printed(unit: str) -> str:
    """A UCUM code as clinicians write it, anything else as it was reported; of two stated units the first."""
    unit = alternatives(unit)[0]
    for code, plain in _PRINTED:
        unit = unit.replace(code, plain)
    plain = _NOTE.sub("", unit).strip()
    return "" if plain == "1" else plain


def _limits(
    result: Result, unit: str, analyte: Analyte, column: Column
) -> tuple[Decimal | None, Decimal | None]:
    """The laboratory's own limits in the column's unit; neither when they contradict each other."""
    low, high = (_limit(each, unit, analyte, column) for each in (result.low, result.high))
    return (None, None) if low is not None and high is not None and low > high else (low, high)


def _limit(limit: Measurement | None, unit: str, analyte: Analyte, column: Column) -> Decimal | None:
    """
    One limit where it is in the value's unit or can be brought to it; without a unit it has the value's.

    A limit that no value could have is not used: it is in another unit than it says, or mistyped.
    """
    if limit is None:
        return None
    stated = limit.unit or unit
    found, conversion, value = analyte.column(stated), analyte.conversion(stated), limit.value
    if found is None and conversion is not None:
        found, value = analyte.column(conversion.to), _converted(value, conversion)
    return value if found is column and column.low <= value <= column.high else None


def newest_first(results: Iterable[LabResult], analyte: Analyte) -> tuple[LabResult, ...]:
    """
    In an order that does not depend on the order of the entries; the same value twice counts once.

    So does one sample of the *analyte* reported in several units: in the unit in which it is the worse. Of one
    moment a final result replaces a preliminary one, and a corrected one both; of a day without times none does.
    """
    ordered = sorted(_standing(results), key=_newest, reverse=True)
    once: dict[tuple[object, ...], LabResult] = {}
    for each in ordered:
        once.setdefault((*_sample(each), each.value, each.unit), each)
    kept = tuple(once.values())
    if len({each.unit for each in kept}) < 2:
        return kept
    repeated = _said_in_another_unit(kept, analyte)
    return tuple(each for each in kept if each not in repeated)


def _standing(results: Iterable[LabResult]) -> list[LabResult]:
    every = list(results)
    best: dict[datetime, int] = {}
    for each in every:
        if each.instant is not None:
            best[each.instant] = max(best.get(each.instant, 0), _rank(each))
    return [each for each in every if each.instant is None or _rank(each) == best[each.instant]]


def _rank(result: LabResult) -> int:
    if result.is_correction:
        return 2
    return 0 if result.is_preliminary else 1


def _sample(result: LabResult) -> tuple[object, ...]:
    return result.taken, result.instant, result.comparator, result.is_preliminary


def _said_in_another_unit(results: Iterable[LabResult], analyte: Analyte) -> set[LabResult]:
    """Results that only repeat another one of the same sample in another unit."""
    samples: dict[tuple[object, ...], list[_Sized]] = {}
    for each in results:
        samples.setdefault(_sample(each), []).append(_sized(each, analyte))
    repeated = set()
    for sample in samples.values():
        ordered = sorted(sample, key=lambda one: (one.value, one.result.unit, one.result.source))
        kept = ordered[0]
        for one in ordered[1:]:
            if kept.result.unit == one.result.unit or one.value - kept.value > kept.slack + one.slack:
                kept = one
            elif analyte.worse_is_low:
                repeated.add(one.result)
            else:
                repeated.add(kept.result)
                kept = one
    return repeated


class _Sized(NamedTuple):
    """A result by its value in the analyte's first unit, and by how much rounding may have moved it."""

    value: Decimal
    slack: Decimal
    result: LabResult


def _sized(result: LabResult, analyte: Analyte) -> _Sized:
    column = next(each for each in analyte.columns if each.unit == result.unit)
    value = (result.value - column.plus) / column.times
    decimals = -int(min(result.value.as_tuple().exponent, 0))  # a finite number's exponent is an int
    return _Sized(value, Decimal(5).scaleb(-decimals - 1) / column.times + abs(value) / 200, result)


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
        limit = _GLUCOSE_IS_HIGH.get(each.unit)
        if each.taken.is_full and limit is not None and each.value > limit:
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


# Adjusted calcium: total + 0.02 x (40 - albumin in g/L), or + 0.8 x (4.0 - albumin in g/dL): KNOWLEDGE section 9
_ADJUSTMENTS = {
    "mmol/L": ("g/L", Decimal("0.02"), Decimal(40), 2),
    "mg/dL": ("g/dL", Decimal("0.8"), Decimal(4), 1),
}
_PER_DECILITRE = {"g/L": Decimal(1), "g/dL": Decimal(10)}  # g/L in one unit of it
_ALBUMIN_DAYS = 7


def adjusted_for_albumin(results: Mapping[str, tuple[LabResult, ...]]) -> dict[str, tuple[LabResult, ...]]:
    """
    Give each total calcium its value adjusted for the albumin of its sample, else of the nearest day of at most 7 off.

    Of several albumins the higher one counts, which clears least.
    """
    usable = (
        each for each in results.get("albumin", ()) if not each.comparator and each.unit in _PER_DECILITRE
    )
    albumins = sorted((each for each in usable if each.taken.is_full), key=_level)
    totals = results.get("calcium_total", ())
    if not albumins or not totals:
        return dict(results)
    by_moment = {(each.taken.first, each.instant): each for each in albumins}
    by_day = {each.taken.first: each for each in albumins}
    return {**results, "calcium_total": tuple(_adjusted(each, by_moment, by_day) for each in totals)}


def _adjusted(
    calcium: LabResult,
    by_moment: Mapping[tuple[date, datetime | None], LabResult],
    by_day: Mapping[date, LabResult],
) -> LabResult:
    if not calcium.taken.is_full or calcium.comparator or calcium.unit not in _ADJUSTMENTS:
        return calcium
    day = calcium.taken.first
    albumin = by_moment.get((day, calcium.instant)) or _nearest(calcium.taken, by_day)
    if albumin is None:
        return calcium
    unit, factor, normal, decimals = _ADJUSTMENTS[calcium.unit]
    level = albumin.value * _PER_DECILITRE[albumin.unit] / _PER_DECILITRE[unit]
    adjusted = round(calcium.value + factor * (normal - level), decimals)
    return replace(calcium, corrected=adjusted, companion=albumin)


def _nearest(taken: Span, by_day: Mapping[date, LabResult]) -> LabResult | None:
    for days in range(_ALBUMIN_DAYS + 1):
        around = {taken.plus(-days).first, taken.plus(days).first}
        if found := [by_day[day] for day in around if day in by_day]:
            return max(found, key=_level)
    return None


def _level(albumin: LabResult) -> tuple[Decimal, str]:
    return albumin.value * _PER_DECILITRE[albumin.unit], albumin.source


def _in_mmol(glucose: LabResult) -> Decimal:
    return glucose.value / _MG_PER_MMOL if glucose.unit == "mg/dL" else glucose.value
