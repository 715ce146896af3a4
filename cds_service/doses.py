"""Dosage lines as written -> the dose a day."""

import re
from collections.abc import Sequence
from decimal import Decimal

from cds_service.names import word_set
from cds_service.quantity import Quantity
from cds_service.record import Concept, Dose

# not the second half of "20/12.5 mg", and no concentration ("10 mg/mL")
_STRENGTH = re.compile(
    r"(?<![\d.,])(?<!\d[-/])(?<!\d [-/])(?<!\d [-/] )(\d+(?:[.,]\d+)?) ?"
    r"(mg|mcg|micrograms?|µg|ug|g|units?|iu|mmol|meq)\b"
    r"(?! ?/ ?[\d.,]* ?(?:ml|dl|l|h|hr|hour|actuat|act|dose|kg|m2|g|day|d)\b)",
    re.IGNORECASE,
)
_UNITS = {
    "mg": "mg",
    "milligram": "mg",
    "milligrams": "mg",
    "g": "g",
    "gram": "g",
    "grams": "g",
    "ug": "ug",
    "mcg": "ug",
    "µg": "ug",
    "microgram": "ug",
    "micrograms": "ug",
    "u": "U",
    "unit": "U",
    "units": "U",
    "iu": "U",
    "[iu]": "U",
    "mmol": "mmol",
    "meq": "meq",
}
_MOST = Decimal(1_000_000)  # more of any unit is no dose
_PIECE = re.compile(r"\W*(?:(?:1|each|piece|\w*(?:tab|tbl|cap|pill)\w*)\W*)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+|\d+")
# a text made of nothing else speaks of one dose a day
_ONCE_A_DAY = word_set("""
    take one 1 tablet tab capsule cap pill once a per each every day daily od qd om on in the morning
    evening night nightly at bedtime mane nocte by mouth oral orally po inject subcutaneous
    subcutaneously sc dose of with food water breakfast
""")


def daily_dose(doses: Sequence[Dose], concept: Concept) -> Quantity | None:
    """
    The dose a day: dose times how often, else the strength of one unit of the product that is taken once a day.

    Dose lines of one entry add up. Amounts in tablets are multiplied by the strength. None when anything needed is
    unknown ("two tablets" in words: the strength would be half the dose), or the text holds more than one strength
    (a combination, or a tapering schedule).
    """
    strength = _strength(concept)
    if all(_is_one_a_day(dose) for dose in doses):
        return strength
    parts = [_line(dose, strength) for dose in doses]
    known = [part for part in parts if part]
    if len(known) < len(parts) or len({part.unit for part in known}) > 1:
        return None
    return _daily(sum((part.value for part in known), Decimal(0)), known[0].unit)


def _is_one_a_day(dose: Dose) -> bool:
    """Whether a line names no amount, and nothing but once a day."""
    is_daily = dose.per_day in (None, Decimal(1)) and _is_once_a_day(dose.text)
    return dose.amount is None and is_daily and _in_text(dose.text) is None


def _line(dose: Dose, strength: Quantity | None) -> Quantity | None:
    """One dosage line; without a timing its text, if there is one, must speak of once a day."""
    if dose.per_day is None and not _is_once_a_day(dose.text):
        return None
    per_day = Decimal(1) if dose.per_day is None else dose.per_day
    if dose.amount is None:
        return _in_text(dose.text) if dose.per_day is None else None
    unit = _UNITS.get(dose.unit.casefold())
    if unit:
        return _daily(dose.amount * per_day, unit)
    if strength is None or not _PIECE.fullmatch(dose.unit):
        return None
    return _daily(dose.amount * per_day * strength.value, strength.unit)


def _is_once_a_day(text: str) -> bool:
    said = {word.casefold() for word in _WORD.findall(_STRENGTH.sub(" ", text[:300]))}
    return said <= _ONCE_A_DAY


def _strength(concept: Concept) -> Quantity | None:
    return next((found for found in map(_in_text, concept.words()) if found), None)


def _in_text(text: str) -> Quantity | None:
    """The only strength named in *text*; None when there is none, or more than one."""
    found = {(number.replace(",", "."), unit.casefold()) for number, unit in _STRENGTH.findall(text[:300])}
    if len(found) != 1:
        return None
    number, unit = found.pop()
    return _daily(Decimal(number), _UNITS.get(unit, unit))


def _daily(value: Decimal, unit: str) -> Quantity | None:
    """Without an exponent or trailing zeros: 80, not 8E+1 or 80.0; None for what can't be a dose."""
    if not Decimal("0.001") <= value <= _MOST:
        return None
    rounded = round(value, 3).normalize()
    return Quantity(rounded.quantize(Decimal(1)) if rounded == rounded.to_integral() else rounded, unit)
