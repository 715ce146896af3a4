"""Amounts with a unit, kept as written and compared only unit by unit."""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?(?:[eE][+-]?\d{1,2})?")
_DURATION = re.compile(r"(\d{1,5}) (day|week|hour)s?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A decimal number, printed as it was written (never with an exponent), and a unit (UCUM where one is known)."""

    value: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{self.value:f} {self.unit}".rstrip()


def decimal(text: str) -> Decimal | None:
    """The number written in *text* (decimal comma allowed), None when it is anything else."""
    if not _NUMBER.fullmatch(text.strip()):
        return None
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None


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
