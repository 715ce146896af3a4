"""What a chart looks like over time, as plain data for a picture: drug courses, results, diagnoses and the cramps."""

from datetime import date
from typing import Literal

from msgspec import Struct

Kind = Literal["cramps", "drug", "result", "diagnosis"]


class Step(Struct, frozen=True):
    """A dose from a day on; *amount* is its number for the height of a bar, in the unit of the bar's other steps."""

    on: date
    dose: str
    amount: float


class Mark(Struct, frozen=True):
    """
    One thing in the picture.

    *begins* None: no start is recorded. *ends* None: it runs on (*is_running*), or nobody wrote down when it ended.
    Something of one day has the same day as both; a partial date reaches from its first day to its last. Cramps run
    on from their onset; a diagnosis is only its date. *says* is one line for a person, with the date as it was
    written, unit and status; *starts* and *stops* are start and end alone, as exactly as they were written ("2013"),
    "" where there is none. *begins_until* is the last day on which it may have begun, None where that is certain to
    the day; *starts_is_stated* is False where the start is only when it was first recorded. *steps* are there where
    the dose is known throughout. *value* is a result in the lane's unit, *corrected* what a formula makes of it in
    its own; *low* and *high* are the laboratory's own limits for it. *given* are the days of a course's entries,
    *sources* the entries it was read from.
    """

    id: str
    begins: date | None
    ends: date | None
    says: str
    sources: tuple[str, ...]
    starts: str = ""
    begins_until: date | None = None
    starts_is_stated: bool = True
    stops: str = ""
    is_running: bool = False
    value: float | None = None
    corrected: str = ""
    low: float | None = None
    high: float | None = None
    steps: tuple[Step, ...] = ()
    given: tuple[date, ...] = ()


class Lane(Struct, frozen=True):
    """One line of the picture: an ingredient, an analyte in one *unit*, a diagnosis, or the reports of cramps."""

    id: str
    kind: Kind
    label: str
    marks: tuple[Mark, ...]
    unit: str = ""


class Shade(Struct, frozen=True):
    """The days in which a drug that began is of one time class against the onset; *says* is for the legend."""

    time_class: Literal["strong", "plausible", "after"]
    begins: date
    ends: date
    says: str


class Line(Struct, frozen=True):
    """The onset of the cramps, from the first to the last day that it may have been; *says* names the date."""

    begins: date
    ends: date
    says: str
    is_stated: bool


class Linked(Struct, frozen=True):
    """
    A contributor and the marks that it rests on; *role* as on cards; *chain* where it is told within one.

    *standing* says in words how it is told ("warning, told with M1", "set aside"), "" where it is on no card; *says*
    are its facts in words.
    """

    row: str
    id: str
    label: str
    role: str
    level: str
    chain: str
    standing: str
    says: tuple[str, ...]
    marks: tuple[str, ...]


class NotDrawn(Struct, frozen=True):
    """What has no place in the picture, and why; *is_list* where that is a list that did not come, or not in whole."""

    says: str
    sources: tuple[str, ...] = ()
    is_list: bool = False


class Timeline(Struct, frozen=True):
    """
    The picture. The lane of the cramps comes first, then those of contributors in the order of the cards.

    *onset* is None without a report that carries a date; then there are no *shades*.
    """

    today: date
    onset: Line | None
    shades: tuple[Shade, ...]
    lanes: tuple[Lane, ...]
    contributors: tuple[Linked, ...]
    not_drawn: tuple[NotDrawn, ...]
