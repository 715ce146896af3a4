"""What the record means: exposures, lab results, diagnoses and the cramp report, each with its sources."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Literal

from cds_service.dates import Span
from cds_service.quantity import Quantity

# A fact's hash is that of the few fields in which facts differ most: the whole of one is slow to hash, and is compared
# only where these are the same. So whatever a client can vary at will, an id alone excepted, has to be among them.

# --- the cramp report -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Onset:
    """
    When the present cramps began.

    *is_stated* is False when the day the report was written down stands in for a missing onset. *doubt* says why an
    onset that is stated has no date of use: then *on* reaches from the calendar's start to the day of the report,
    or is that day.
    """

    on: Span
    is_stated: bool
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One entry that says this patient has nocturnal leg cramps; *carrier* is what kind of entry says so."""

    source: str
    carrier: str
    onset: Onset | None
    recorded: Span | None


# from where a window of days before the onset is counted back for single doses and infusions
GivenFrom = Literal["start", "last dose", "while taken"]

# --- exposures ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rise:
    """A dose rise and the day it counts from."""

    on: Span
    before: Quantity
    after: Quantity


@dataclass(frozen=True, slots=True)
class Course:
    """
    One uninterrupted course of one ingredient.

    *began* is None when no start is recorded, or when the list was cut off so that an earlier one may be missing.
    *began_is_stated* is False when the start is only the first entry on file. *ended* is None while it runs and
    when the end is unknown (*end_is_unknown*). *is_weak* marks a course known only from entries of unknown status.
    """

    began: Span | None
    began_is_stated: bool
    ended: Span | None
    end_is_unknown: bool
    rises: tuple[Rise, ...]
    dose: Quantity | None
    sources: tuple[str, ...]
    is_weak: bool = False
    # the day of each entry; of single doses and infusions the day of each
    given: tuple[Span, ...] = field(default=(), compare=False)
    last_change: Rise | None = None  # of the dose, up or down
    # the dose from each day on which one is written; None where it is not clear
    levels: tuple[tuple[Span, Quantity | None], ...] = field(default=(), compare=False)
    is_divided: bool = field(default=False, compare=False)  # the dose of a day is taken at several times
    reasons: tuple[str, ...] = ()
    is_draft: bool = False  # only being ordered: it would begin now

    def __hash__(self) -> int:
        return hash(self.began)

    @property
    def is_running(self) -> bool:
        """Whether it is being taken on the index day."""
        return self.ended is None and not self.end_is_unknown


@dataclass(frozen=True, slots=True)
class Exposure:
    """One ingredient as a member of one drug class (value set), with its courses in order of their start."""

    ingredient: str
    value_set: str
    courses: tuple[Course, ...]
    matched_by: str

    def __hash__(self) -> int:
        return hash((self.ingredient, self.value_set))

    @property
    def running(self) -> Course | None:
        """The course being taken on the index day."""
        return next((course for course in reversed(self.courses) if course.is_running), None)


class TimeClass(Enum):
    """
    When a drug began, against the onset (KNOWLEDGE section 3); the order is the order of strength.

    The last four are not contributors.
    """

    STRONG = "strong"  # began or rose 0 to 90 days before
    PLAUSIBLE = "plausible"  # 91 to 365 days before
    RECENTLY_STOPPED = "recently-stopped"  # stopped before, within the washout
    STOPPED_SINCE = "stopped-since"  # stopped after the onset, in the last 90 days
    WEAK = "weak"  # unchanged for more than 365 days
    UNKNOWN = "unknown"  # no start recorded, or the order can't be told
    STOP_NOT_RECORDED = "stop-not-recorded"
    OUTLASTED = "outlasted"  # stopped more than 90 days ago; the cramps went on
    STOPPED = "stopped"  # stopped before, beyond the washout
    AFTER = "after"  # began after the onset

    @property
    def counts(self) -> bool:
        """Whether the drug can be a contributor at all."""
        return self.strength <= TimeClass.UNKNOWN.strength

    @property
    def strength(self) -> int:
        """0 is strongest."""
        return _STRENGTH[self]


_STRENGTH = {time_class: place for place, time_class in enumerate(TimeClass)}


@dataclass(frozen=True, slots=True)
class Timing:
    """
    How one course stands to the onset.

    *change* is the start or rise that decided, *days* the days from it (or from the stop) to the onset. *is_rise*
    tells a rise from a start; *order_is_unknown* that dates are too coarse to say what came first. *replaced* names
    the drugs of the class that it only continues. *is_dose* marks single doses and infusions, judged by when the
    last one before the onset was given.
    """

    exposure: Exposure
    course: Course
    time_class: TimeClass
    change: Span | None = None
    is_rise: bool = False
    days: int | None = None
    order_is_unknown: bool = False
    replaced: tuple[str, ...] = ()
    is_dose: bool = False

    def __hash__(self) -> int:
        return hash((self.exposure.ingredient, self.days))

    @property
    def sources(self) -> tuple[str, ...]:
        """The entries the course was read from."""
        return self.course.sources


_COMPARED = {"<": "under ", "<=": "at most ", ">": "over ", ">=": "at least "}


# --- results --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LabResult:
    """
    One usable result.

    *unit* is the column of the analyte's limits that applies; *written* is value and unit as they were reported.
    *low* and *high* are the laboratory's own limits in that unit. *corrected* replaces the value where a formula
    does (sodium at a high glucose, total calcium at the albumin); *companion* is the result that it was corrected by.
    """

    analyte: str
    value: Decimal
    unit: str
    written: str
    comparator: str
    taken: Span
    clock: str | None
    instant: datetime | None
    low: Decimal | None
    high: Decimal | None
    source: str
    is_preliminary: bool = False
    is_correction: bool = False  # of an earlier report of the same sample
    is_haemolysed: bool = False
    unit_was_missing: bool = False
    corrected: Decimal | None = None
    companion: "LabResult | None" = None

    def __hash__(self) -> int:
        return hash((self.source, self.analyte, self.value, self.taken))

    @property
    def sources(self) -> tuple[str, ...]:
        """The entry, and the one a correction used."""
        return (self.source, self.companion.source) if self.companion else (self.source,)

    @property
    def measures(self) -> str:
        """The analyte whose limits apply: a total calcium that was corrected for albumin is an adjusted one."""
        is_adjusted = self.companion is not None and self.companion.analyte == "albumin"
        return "calcium_adjusted" if is_adjusted else self.analyte

    def readable(self) -> tuple[str, str]:
        """Number with its comparator in words, and unit; more than three decimals are rounded to three."""
        number, _, unit = self.written.removeprefix(self.comparator).partition(" ")
        if len(number.partition(".")[2]) > 3:
            number = str(round(Decimal(number), 3))
        return f"{_COMPARED.get(self.comparator, '')}{number}", unit

    def age(self, today: date) -> tuple[int, int]:
        """Fewest and most days since it was taken."""
        return (today - self.taken.last).days, (today - self.taken.first).days


@dataclass(frozen=True, slots=True)
class Unusable:
    """A result that was not used, and why (in words for the card)."""

    analyte: str
    source: str
    taken: Span | None
    why: str


# --- diagnoses ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """
    An active entry of one diagnosis.

    *is_confirmed* is False for provisional, differential and unconfirmed ones. *on* is its onset, else the day it
    was recorded, else None. *side* is "left", "right", "both", or "" where none is said.
    """

    concept: str
    source: str
    on: Span | None
    recorded: Span | None
    is_confirmed: bool
    matched_by: str
    side: str = ""

    def __hash__(self) -> int:
        return hash((self.source, self.concept, self.on, self.recorded))

    @property
    def sources(self) -> tuple[str, ...]:
        """The entry."""
        return (self.source,)


Fact = Timing | LabResult | Diagnosed


@dataclass(frozen=True)
class Facts:
    """
    All that was recognised about one patient on one day.

    *results* are newest first. *missing* names the prefetch keys that were not supplied, *cut_off* those whose
    list goes on where we could not read; *unseen* are the analytes that such a list may hold. *age* is None when no
    birth date was readable, *is_adult* when the age is unknown.
    """

    today: date
    is_deceased: bool
    age: int | None
    is_adult: bool | None
    reports: tuple[Report, ...] = ()
    refusals: tuple[str, ...] = ()
    exposures: Mapping[str, tuple[Exposure, ...]] = field(default_factory=dict)
    results: Mapping[str, tuple[LabResult, ...]] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    unusable: tuple[Unusable, ...] = ()
    diagnoses: Mapping[str, tuple[Diagnosed, ...]] = field(default_factory=dict)
    gestation: int | None = None  # completed weeks of a current pregnancy
    ordered: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    cut_off: frozenset[str] = frozenset()
    unread: tuple[tuple[str, str], ...] = ()
    # what was asked before
    _latest: dict[tuple[str, bool], tuple[LabResult, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _as_of: dict[date, "Facts"] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def named(self) -> frozenset[str]:
        """Every drug class, analyte and concept of which anything is in the record."""
        held = (self.exposures, self.results, self.diagnoses)
        return frozenset(name for each in held for name, entries in each.items() if entries)

    @cached_property
    def onset(self) -> Onset | None:
        """
        The onset by the latest active report that states one with a date, else one in words, else the latest recorded
        date.

        None when there is no report, or none carries any date.
        """
        dated = [report.onset for report in self.reports if report.onset]
        stated = [each for each in dated if each.is_stated]
        return next((each for each in stated if not each.doubt), next(iter((*stated, *dated)), None))

    def latest(self, analyte: str, *, with_preliminary: bool = False) -> tuple[LabResult, ...]:
        """The newest result, or all that may be the newest (one day, no times)."""
        if (every := self.results.get(analyte)) is None:
            return ()
        asked = analyte, with_preliminary
        if asked not in self._latest:
            self._latest[asked] = _newest(
                [each for each in every if with_preliminary or not each.is_preliminary]
            )
        return self._latest[asked]

    def latest_of(self, analytes: Iterable[str], *, with_preliminary: bool = False) -> tuple[LabResult, ...]:
        """The newest results of several analytes; of one day those of the analyte named first."""
        found = [self.latest(each, with_preliminary=with_preliminary) for each in analytes]
        newest = max((each.taken.last for results in found for each in results), default=None)
        return next((each for each in found if any(one.taken.last == newest for one in each)), ())

    def taking(self, value_set: str) -> tuple[tuple[Exposure, Course], ...]:
        """Who of this class is taken on the index day."""
        if (members := self.exposures.get(value_set)) is None:
            return ()
        pairs = ((exposure, exposure.running) for exposure in members)
        return tuple((exposure, course) for exposure, course in pairs if course is not None)

    def as_of(self, day: date) -> "Facts":
        """The same facts, judged on another day."""
        if day not in self._as_of:
            self._as_of[day] = replace(self, today=day)
        return self._as_of[day]

    @cached_property
    def medicines_are_complete(self) -> bool:
        """Whether a drug that is not in the lists is not taken, as far as the lists go."""
        keys = {"medicationStatements", "medicationRequests"}
        return not keys & (self.missing | self.cut_off)


def _newest(results: Sequence[LabResult]) -> tuple[LabResult, ...]:
    """Those of one analyte that may be the last."""
    newest = max((each.taken.first for each in results), default=date.min)
    of_last_day = [each for each in results if each.taken.last >= newest]
    # of one day, the last moment; a result without a time of day may be later still
    moments: dict[Span, datetime] = {}
    for each in of_last_day:
        if each.instant and each.instant >= moments.get(each.taken, each.instant):
            moments[each.taken] = each.instant
    return tuple(each for each in of_last_day if each.instant is None or each.instant >= moments[each.taken])
