"""The reference reading of front matter, of when drugs began, and of results, all in plain numbers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import yaml

from tests.boundaries.charts import Chart, Drug, Entry, Lab, coding
from tests.patients import CARDS

Front = Mapping[str, Any]
_Made = TypeVar("_Made")

COUNTS = ("strong", "plausible", "recently-stopped", "stopped-since", "weak", "unknown")


@cache
def front_matter(kind: str, name: str) -> Front:
    """The front matter of one file of cards/, every scalar as it is written."""
    return read((CARDS / kind / f"{name}.md").read_text("utf-8"))


def read(text: str) -> Front:
    """The front matter in the text of a file."""
    loaded: Front = yaml.load(text.split("---\n")[1], yaml.BaseLoader)  # noqa: S506  # builds texts only
    return loaded


def many(value: Any) -> list[Any]:
    """A list of what is written as a list or as one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


@cache
def days(text: str) -> int:
    """ "90 days" or "6 weeks"."""
    number, _, unit = text.partition(" ")
    return int(number) * (7 if unit.startswith("week") else 1)


@cache
def amount(text: str) -> tuple[Decimal, str]:
    """ "3.5 mmol/L"."""
    number, _, unit = text.partition(" ")
    return Decimal(number), unit


# --- drugs: when they began ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Taken:
    """A drug, how it stands to the onset, and the day of its change."""

    drug: Drug
    began: str
    change: int | None


def time_class(drug: Drug, chart: Chart, washout: int) -> str:
    """KNOWLEDGE section 3, for an entry with full dates."""
    since, before = drug.since, None if drug.since is None else drug.since - chart.onset
    if before is not None and (before < 0 or (before == 0 and not chart.onset_is_stated)):
        return "after"
    if drug.until is None and not drug.is_running:
        return "stop-not-recorded"
    if drug.until is not None:
        found = _stopped(drug.until, chart.onset, washout)
    elif before is None:
        found = "unknown"
    else:
        found = "strong" if before <= 90 else "plausible" if before <= 365 else "weak"
    is_doubted = drug.status == "unknown" and since is not None and found in COUNTS
    return "unknown" if is_doubted else found


def _stopped(until: int, onset: int, washout: int) -> str:
    if until > onset:
        return "recently-stopped" if until - onset <= washout else "stopped"
    return "stopped-since" if until <= 90 else "outlasted"


def of_doses(drug: Drug, chart: Chart, window: int, counted: str) -> Taken:
    """Single doses and infusions: the last one before the onset, or the start, lies in the window."""
    if drug.since is None or (drug.status == "unknown" and drug.since >= chart.onset):
        return Taken(drug, "unknown", None)
    latest = chart.onset if chart.onset_is_stated else chart.onset + 1
    if drug.since < latest:
        return Taken(drug, "after", drug.since)
    marks = [drug.since, *([drug.until] if drug.until is not None and counted != "start" else [])]
    last = min(each for each in marks if each >= latest)
    runs_on = counted == "while taken" and drug.is_running
    if last - chart.onset > window and counted == "last dose" and drug.is_running:
        return Taken(drug, "unknown", drug.since)
    return Taken(drug, "strong" if last - chart.onset <= window or runs_on else "stopped", last)


# --- results: what is usable ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Value:
    """A usable result in the unit that limits are written in; *corrected* by a companion where a formula does."""

    analyte: str
    number: Decimal
    unit: str
    sign: str
    age: int
    low: Decimal | None
    high: Decimal | None
    clock: str
    is_preliminary: bool
    corrected: Decimal | None = None
    companion: "Value | None" = None

    @property
    def measures(self) -> str:
        is_adjusted = self.companion is not None and self.companion.analyte == "albumin"
        return "calcium_adjusted" if is_adjusted else self.analyte


@cache
def analyte_file(analyte: str) -> Front:
    """The file in labs/ that tells how an analyte is read."""
    fronts = (front_matter("labs", path.stem) for path in sorted((CARDS / "labs").glob("*.md")))
    return next(each for each in fronts if each["analyte"] == analyte)


@cache
def usable(lab: Lab) -> Value | None:
    """None for a result that must not be used: withdrawn, of an unknown unit, beyond what is plausible."""
    if lab.status not in ("final", "amended", "corrected", "preliminary"):
        return None
    sign = lab.value[: len(lab.value) - len(lab.value.lstrip("<>="))]
    read_in = _in_column(lab.value[len(sign) :], lab.analyte)
    if read_in is None:
        return None
    number, unit = read_in
    low, high = (_in_column(each, lab.analyte) if each else None for each in (lab.low, lab.high))
    return Value(
        analyte=lab.analyte,
        number=number,
        unit=unit,
        sign=sign,
        age=lab.age,
        low=low[0] if low and low[1] == unit else None,
        high=high[0] if high and high[1] == unit else None,
        clock=lab.clock,
        is_preliminary=lab.status == "preliminary",
    )


def _in_column(text: str, analyte: str) -> tuple[Decimal, str] | None:
    front = analyte_file(analyte)
    number, unit = amount(text)
    unit = unit or front.get("without_unit", "")
    for each in front.get("conversions", ()):
        if unit in (each["unit"], *each.get("also", ())):
            number = round(number * Decimal(each["times"]), int(each["decimals"]))
            unit = each["to"]
    for each in front["units"]:
        if unit in (each["unit"], *each.get("also", ())):
            least, _, most = each["plausible"].partition(" to ")
            return (number, each["unit"]) if Decimal(least) <= number <= Decimal(most) else None
    return None


def values(chart: Chart, analyte: str) -> list[Value]:
    """The usable results of an analyte, newest first, sodium and calcium corrected."""
    return _remembered(chart, ("values", analyte), lambda: _values(chart, analyte))


def _values(chart: Chart, analyte: str) -> list[Value]:
    found = [made for each in chart.labs if each.analyte == analyte and (made := usable(each))]
    if analyte == "sodium":
        found = [_for_glucose(each, values(chart, "glucose")) for each in found]
    if analyte == "calcium_total":
        found = [_for_albumin(each, values(chart, "albumin")) for each in found]
    return sorted(found, key=lambda each: each.age)


def _remembered(chart: Chart, key: tuple[str, str], make: Callable[[], _Made]) -> _Made:
    """What *make* makes of the chart, made once."""
    if key not in chart.memory:
        chart.memory[key] = make()
    made: _Made = chart.memory[key]
    return made


def _for_glucose(sodium: Value, glucoses: Sequence[Value]) -> Value:
    """X15: 2.4 mmol/L for every 5.6 mmol/L of glucose above 5.6, once it is above 10 (180 mg/dL)."""
    for each in glucoses:
        is_high = each.number > (180 if each.unit == "mg/dL" else 10)
        if is_high and (each.age, each.clock) == (sodium.age, sodium.clock):
            glucose = each.number / 18 if each.unit == "mg/dL" else each.number
            corrected = sodium.number + Decimal("2.4") * (glucose - Decimal("5.6")) / Decimal("5.6")
            return replace(sodium, corrected=round(corrected, 1), companion=each)
    return sodium


def _for_albumin(calcium: Value, albumins: Sequence[Value]) -> Value:
    """Section 9: 0.02 mmol/L for every g/L of albumin below 40, 0.8 mg/dL for every g/dL below 4.0."""
    near = [each for each in albumins if not each.sign and abs(each.age - calcium.age) <= 7]
    if not near or calcium.sign:
        return calcium
    albumin = min(near, key=lambda each: abs(each.age - calcium.age))
    grams = albumin.number * (10 if albumin.unit == "g/dL" else 1)
    if calcium.unit == "mmol/L":
        corrected = round(calcium.number + Decimal("0.02") * (40 - grams), 2)
    else:
        corrected = round(calcium.number + Decimal("0.8") * (4 - grams / 10), 1)
    return replace(calcium, corrected=corrected, companion=albumin)


# --- what else is in the chart --------------------------------------------------------------------------------


def entries(chart: Chart, concept: str) -> list[Entry]:
    """The entries of a concept that stand: not refuted, not over, a pregnancy not out of date."""
    return _remembered(chart, ("entries", concept), lambda: _entries(chart, concept))


def _entries(chart: Chart, concept: str) -> list[Entry]:
    found = [
        each
        for each in chart.entries
        if concept in coding(each.concept)[1]
        and each.status not in ("refuted", "entered-in-error", "resolved", "inactive")
    ]
    if concept == "pregnancy_current":
        found = [each for each in found if each.age is None or each.age <= 300]
    return found


def listed(chart: Chart, value_set: str) -> list[Drug]:
    """The medicines of a class that were really taken."""
    return _remembered(chart, ("listed", value_set), lambda: _listed(chart, value_set))


def _listed(chart: Chart, value_set: str) -> list[Drug]:
    return [each for each in chart.drugs if each.is_real and each.member_of(value_set)]
