"""Amounts with a unit, kept as written and compared only unit by unit."""

import re
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import msgspec

from cds_service.units import measure

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_DURATION = re.compile(r"(\d{1,5}) (day|week|hour)s?")

_LONGEST = 60  # characters; a longer text is no number
_SPELT = {
    "": ("", "="),
    "<": ("<", "less than", "below", "under"),
    "<=": ("<=", "=<", "≤", "up to", "bis"),
    ">": (">", "more than", "greater than", "above", "over"),
    ">=": (">=", "=>", "≥"),
}
_COMPARATORS = {spelling: sign for sign, spellings in _SPELT.items() for spelling in spellings}
_SIGN = r"[<>=≤≥]{0,2}|(?i:less than|more than|greater than|below|under|above|over|up to|bis)"
_UNSIGNED = r"\d[\d.,]*(?:[eE][+-]?\d+)?"
_LETTER = r"(?:LL?|HH?|(?i:low|high|abnormal|normal|niedrig|hoch))"  # "3.1 L" is low, not a litre
_FLAG = rf"(?:\s*[*!↓↑]+|\s*\({_LETTER}\)|\s*{_LETTER}(?![\w/]))"
_LAST_FLAG = rf"(?:\s*[*!↓↑]+|\s*\({_LETTER}\)|\s+{_LETTER})"
_REPORTED = re.compile(
    rf"(?P<sign>{_SIGN})\s*(?P<number>[+-]?{_UNSIGNED}){_FLAG}?\s*(?P<unit>.*?){_LAST_FLAG}?", re.ASCII
)
_UNIT = re.compile(r"[^\W\d_].*|[%[{(].*|/ ?[^\W\d_].*")
_TO = r"\s*(?:-|–|—|\bto\b|\bbis\b|\.\.+)\s*"
_RANGE = re.compile(rf"({_UNSIGNED})([^\d.]*?){_TO}({_UNSIGNED})(.*)", re.ASCII)


class Quantity(msgspec.Struct, frozen=True, gc=False):
    """A decimal number, printed as it was written (never with an exponent), and a unit (UCUM where one is known)."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}".rstrip()


def decimal(text: str) -> Decimal | None:
    """
    The number written in *text* (decimal comma allowed), None when it is anything else.

    "1,234" may be a thousand or a little more than one: it is no number.
    """
    plain = text.strip()
    has_comma = "," in plain
    if not _NUMBER.fullmatch(plain) or (has_comma and _THOUSANDS.fullmatch(plain)):
        return None
    try:
        return Decimal(plain.replace(",", ".") if has_comma else plain)
    except InvalidOperation:
        return None


class Reported(NamedTuple):
    """A number as a text reports it: *comparator* is "", "<", "<=", ">" or ">=", *unit* "" when there is none."""

    value: Decimal
    unit: str
    comparator: str


def reported(text: str) -> Reported | None:
    """
    The one number that a result written as text reports: "<2.5", "3,1 mmol/L", "3.1*", "3.1 L" (low).

    None when the text says anything else or more: "neg", "1+", "3.1-3.3", "haemolysed", "see note".
    """
    match = _REPORTED.fullmatch(" ".join(text.split())) if len(text) <= _LONGEST else None
    if match is None:
        return None
    value, comparator = decimal(match["number"]), _COMPARATORS.get(match["sign"].casefold())
    unit = match["unit"]
    is_unit = not unit or _UNIT.fullmatch(unit) is not None or measure(unit) is not None
    return (
        Reported(value, unit, comparator)
        if value is not None and comparator is not None and is_unit
        else None
    )


def limits(text: str) -> tuple[Reported | None, Reported | None]:
    """
    The lower and upper limit of a reference range written as text: "3.5-5.1 mmol/L", "<10", "> 60".

    None for a limit that is not there; neither when the text says anything else or more than one range.
    """
    plain = " ".join(text.split()).strip("()[] ") if len(text) <= _LONGEST else ""
    match = _RANGE.fullmatch(plain)
    if match is None:
        return _one_limit(plain)
    low, high, unit = decimal(match[1]), decimal(match[3]), match[4].strip()
    if low is None or high is None or low > high or match[2].strip() not in ("", unit) or not _is_known(unit):
        return None, None
    return Reported(low, unit, ""), Reported(high, unit, "")


def _one_limit(text: str) -> tuple[Reported | None, Reported | None]:
    found = reported(text)
    if found is None or not found.comparator or not _is_known(found.unit):
        return None, None
    limit = found._replace(comparator="")
    return (None, limit) if found.comparator.startswith("<") else (limit, None)


def _is_known(unit: str) -> bool:
    return not unit or measure(unit) is not None


def quantity(text: str) -> Quantity | None:
    """Read "3.5 mmol/L"; None when *text* is not a number, one space and a unit."""
    number, _, unit = text.partition(" ")
    value = decimal(number)
    return Quantity(value, unit) if value is not None and unit else None


def days(text: str) -> int | None:
    """Read "90 days" or "6 weeks" as days; None when it is neither."""
    match = _DURATION.fullmatch(text)
    if match is None or match[2] == "hour":
        return None
    return int(match[1]) * (7 if match[2] == "week" else 1)
