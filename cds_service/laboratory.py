"""What the knowledge files say about reading each analyte: names, units, plausible values."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from cds_service import units


@dataclass(frozen=True, slots=True)
class Column:
    """
    One unit that limits are written in.

    *spellings* are the units that give the same number. *low* and *high* are the plausible range: a value outside
    it is not used (a potassium of 31 mmol/L). A value of the first column is *times* that number, *plus* that, here.
    """

    unit: str
    spellings: frozenset[str]
    low: Decimal
    high: Decimal
    times: Decimal = Decimal(1)
    plus: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Conversion:
    """A unit without limits of its own: multiply, then round to *decimals* of the column's unit, if they are said."""

    spellings: frozenset[str]
    to: str
    factor: Decimal
    decimals: int | None


@dataclass(frozen=True, slots=True)
class Analyte:
    """
    One laboratory analyte.

    *current* counts days: how long a value may raise a card.
    *without_unit* is the column used when a plausible value carries no unit, "" when none may be guessed.
    *order* is the test's name in value_sets/orders.csv, "" when no card orders it. *group* is the prefetch key that
    asks for it. *haemolysed_below*: a value of a haemolysed sample stands only below this (KNOWLEDGE X16).
    *in_multiples*: cards give the value as a multiple of the laboratory's upper limit too. *worse_is_low*: of one
    sample in two units the lower value is the one that matters.
    """

    name: str
    value_set: str
    short: str
    label: str
    current: int
    columns: tuple[Column, ...]
    conversions: tuple[Conversion, ...]
    without_unit: str
    order: str
    group: str
    haemolysed_below: Decimal | None = None
    in_multiples: bool = False
    worse_is_low: bool = True

    def column(self, unit: str) -> Column | None:
        """The column of this unit, however it is spelt; of two units stated for one value, the one they share."""
        spelt = {units.reading(each) for each in units.alternatives(unit)}
        return next((each for each in self.columns if spelt <= each.spellings), None)

    def conversion(self, unit: str) -> Conversion | None:
        """
        The conversion of this unit, however it is spelt; that of a column's power of ten need not be listed.

        Only where the plausible range is narrower than that step: else a mistaken unit (a TSH in mIU/mL, a CK in
        U/mL) would give a plausible value.
        """
        spelt = units.reading(unit)
        listed = next((each for each in self.conversions if spelt in each.spellings), None)
        return listed or next(self._by_powers_of_ten(unit), None)

    def _by_powers_of_ten(self, unit: str) -> Iterator[Conversion]:
        for column in self.columns:
            apart = units.powers_apart(unit, column.spellings)
            if apart is not None and column.high <= column.low * Decimal(10) ** abs(apart):
                yield Conversion(spellings(unit), column.unit, Decimal(10) ** apart, None)


def spellings(*written: str) -> frozenset[str]:
    """Units as `units.reading` gives them."""
    return frozenset(map(units.reading, written))
