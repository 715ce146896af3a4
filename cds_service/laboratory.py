"""What the knowledge files say about reading each analyte: names, units, plausible values."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Column:
    """
    One unit that limits are written in.

    *low* and *high* are the plausible range: a value outside it is not used (a potassium of 31 mmol/L).
    """

    unit: str
    spellings: tuple[str, ...]
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Conversion:
    """A unit without limits of its own: multiply, then round to *decimals* of the column's unit."""

    spellings: tuple[str, ...]
    to: str
    factor: Decimal
    decimals: int


@dataclass(frozen=True, slots=True)
class Analyte:
    """
    One laboratory analyte.

    *current* and *quotable* are days: how long a value may raise a card, and how long it may be quoted as history.
    *without_unit* is the column used when a plausible value carries no unit, "" when none may be guessed.
    *order* is the test's name in value_sets/orders.csv, "" when no card orders it. *group* is the prefetch key that
    asks for it. *haemolysed_below*: a value of a haemolysed sample stands only below this (KNOWLEDGE X16).
    *in_multiples*: cards give the value as a multiple of the laboratory's upper limit too.
    """

    name: str
    value_set: str
    short: str
    label: str
    current: int
    quotable: int
    columns: tuple[Column, ...]
    conversions: tuple[Conversion, ...]
    without_unit: str
    order: str
    group: str
    haemolysed_below: Decimal | None = None
    in_multiples: bool = False

    def column(self, unit: str) -> Column | None:
        """The column whose unit is spelt like this."""
        spelt = folded(unit)
        return next((each for each in self.columns if spelt in each.spellings), None)

    def conversion(self, unit: str) -> Conversion | None:
        """The conversion whose unit is spelt like this."""
        spelt = folded(unit)
        return next((each for each in self.conversions if spelt in each.spellings), None)


def folded(unit: str) -> str:
    """As units are compared: without spaces, brackets and case (mmol/L, mmol/l, MMOL/L)."""
    return unit.replace(" ", "").replace("μ", "u").replace("µ", "u").casefold()
