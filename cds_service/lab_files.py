"""`cards/labs/` -> how each analyte is read: names, units, plausible values."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from cds_service import prefetch
from cds_service.errors import KnowledgeInvalid
from cds_service.frontmatter import Document, Node
from cds_service.laboratory import Analyte, Column, Conversion, spellings
from cds_service.quantity import decimal
from cds_service.terminology import ValueSets


def analytes(documents: Iterable[Document], value_sets: ValueSets) -> dict[str, Analyte]:
    """
    The analytes by the name of their value set.

    Raises:
        KnowledgeInvalid: If a file is not understood, or two describe one analyte.
    """
    found: dict[str, Analyte] = {}
    for document in documents:
        made = _analyte(document, value_sets)
        if made.value_set in found:
            raise KnowledgeInvalid(document.name, f"another file describes {made.value_set}")
        found[made.value_set] = made
    return found


def _analyte(document: Document, value_sets: ValueSets) -> Analyte:
    front = document.front
    without_unit, haemolysed = front.maybe("without_unit"), front.maybe("haemolysed_below")
    multiples, worse = front.maybe("in_multiples"), front.maybe("worse")
    order, conversions = front.maybe("order"), front.maybe("conversions")
    columns = tuple(_column(each) for each in front.take("units").items())
    units = tuple(column.unit for column in columns)
    made = Analyte(
        name=Path(document.name).stem,
        value_set=front.take("analyte").one_of(value_sets.analyte_names),
        short=front.take("short").text(),
        label=front.take("label").text(),
        current=front.take("current").days(),
        columns=columns,
        conversions=tuple(_conversion(each, units) for each in (conversions.items() if conversions else ())),
        without_unit=without_unit.one_of(units) if without_unit else "",
        order=order.one_of(value_sets.tests) if order else "",
        group=front.take("prefetch").one_of(prefetch.LAB_KEYS),
        in_multiples=multiples is not None and multiples.one_of(("yes",)) == "yes",
        worse_is_low=worse is None or worse.one_of(("low", "high")) == "low",
        haemolysed_below=haemolysed.quantities()[0].value if haemolysed else None,
    )
    front.done()
    return made


def _column(node: Node) -> Column:
    unit = node.take("unit").text()
    low, _, high = node.take("plausible").text().partition(" to ")
    least, most = decimal(low), decimal(high)
    if least is None or most is None:
        raise node.invalid("plausible values are written `1.0 to 10`")
    made = Column(
        unit,
        spellings(unit, *_also(node)),
        least,
        most,
        times=_number(node, "times", "1"),
        plus=_number(node, "plus", "0"),
    )
    node.done()
    return made


def _conversion(node: Node, units: tuple[str, ...]) -> Conversion:
    unit, to = node.take("unit").text(), node.take("to").one_of(units)
    factor, decimals = _number(node, "times"), _number(node, "decimals")
    made = Conversion(spellings(unit, *_also(node)), to, factor, int(decimals))
    node.done()
    return made


def _also(node: Node) -> tuple[str, ...]:
    """Units that give the same number, or spellings that can't be told from the unit itself."""
    also = node.maybe("also")
    return also.texts() if also else ()


def _number(node: Node, key: str, usual: str = "") -> Decimal:
    written = node.maybe(key) if usual else node.take(key)
    found = decimal(written.text() if written else usual)
    if found is None:
        raise node.invalid(f"`{key}` is a number")
    return found
