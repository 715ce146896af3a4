"""
What is written in the patient's record: coded, dated as written, with its source.

Nothing here is interpreted. Dates stay the text that was written, codes stay codes; `recognition` says what they
mean. The classes are msgspec Structs rather than dataclasses because thousands are built per request and most are
never looked at again (docs/adr/0002).
"""

from decimal import Decimal
from enum import Enum

import msgspec

_MOST_WORDINGS = 20  # of one idea; more is no real record, and each is read as text


class Coding(msgspec.Struct, frozen=True, gc=False):
    """One code of one system. A code without its system means nothing."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class Concept(msgspec.Struct, frozen=True, gc=False):
    """
    A FHIR CodeableConcept: several codings of one idea, and what a person wrote.

    *concept* is there only where R5 has a CodeableReference in its place: then it is the whole of it.
    """

    coding: tuple[Coding, ...] | None = None
    text: str | None = None
    concept: "Concept | None" = None

    def words(self) -> tuple[str, ...]:
        """Everything readable, the person's own words first; of very many wordings some, always the same."""
        displays = (coding.display for coding in self.coding or ())
        said = tuple(dict.fromkeys(word for word in (self.text, *displays) if word))
        return said if len(said) <= _MOST_WORDINGS else tuple(sorted(said)[:_MOST_WORDINGS])


NOTHING = Concept()
UNREAL_INTENTS = frozenset({"proposal", "plan", "option"})
"""Intents of a request that nothing has come of."""


class Supply(Enum):
    """What became of one prefetch key: eight different things, never to be confused."""

    GIVEN = "given"
    EMPTY = "empty"  # a search result without entries
    PAGED = "paged"  # a search result, newest first, that goes on behind a `next` link
    UNSORTED = "unsorted"  # one that goes on and is known to be in no order of dates
    WITHHELD = "withheld"  # a search result that says that a part of it is not shown to us
    NOTHING = "nothing"  # null: the client states that nothing exists
    ABSENT = "absent"  # not attempted, or not available
    FAILED = "failed"  # an OperationOutcome: attempted in vain

    @property
    def is_known(self) -> bool:
        """Whether the client told us what there is, were it only that there is nothing."""
        return self not in (Supply.ABSENT, Supply.FAILED)


class Unread(msgspec.Struct, frozen=True):
    """
    An entry that could not be read.

    *key* is the prefetch key it came under, *kind* its resource type ("" when even that is unreadable), *source* a
    reference to it, *problem* what is wrong (no values from the record).
    """

    key: str
    kind: str
    source: str
    problem: str


class Dose(msgspec.Struct, frozen=True, gc=False):
    """
    One dosage line as written.

    *amount* and *unit* are what is taken at a time; *per_day* how often, None when not stated or "as needed". Lines
    that are numbered apart (*sequence*) may follow each other.
    """

    amount: Decimal | None
    unit: str
    per_day: Decimal | None
    text: str
    sequence: int | None = None


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Why something is given, ordered or visited; *source* names the supplied entry it points to, "" when none."""

    concept: Concept
    source: str = ""


class Medicine(msgspec.Struct, frozen=True, gc=False):
    """
    A MedicationStatement or MedicationRequest; dates as written.

    *made_of* holds the ingredients of a Medication, for when nothing is known of the product itself.
    """

    source: str
    concept: Concept
    is_statement: bool
    status: str
    intent: str
    do_not_perform: bool
    started: str | None
    started_is_stated: bool  # False: only the day it was written down
    stopped: str | None
    supply_days: int | None
    doses: tuple[Dose, ...]
    route: str
    reasons: tuple[Reason, ...]
    key: str  # the prefetch key it came under: a cut-off list has no certain starts
    made_of: Concept = NOTHING
    seen: str | None = None  # a moment at which it was being taken


class Diagnosis(msgspec.Struct, frozen=True, gc=False):
    """A Condition; statuses are the codes of its clinical and verification status, "" when not given."""

    source: str
    concept: Concept
    site: str
    clinical: str
    verification: str
    onset: str | None
    onset_age: tuple[Decimal, Decimal] | None  # years, from and below
    abated: bool
    abated_on: str | None
    recorded: str | None


class Measurement(msgspec.Struct, frozen=True, gc=False):
    """A number as written, with its comparator ("<") and unit; unit is the UCUM code where given."""

    value: Decimal
    unit: str
    comparator: str


class Result(msgspec.Struct, frozen=True, gc=False):
    """An Observation, or one component of it."""

    source: str
    concept: Concept
    status: str
    taken: str | None
    measured: Measurement | None
    answer: Concept | None  # a coded or written value
    said: bool | None  # a yes-or-no value
    dated: str | None  # a date as value (due date, last period)
    low: Measurement | None  # the laboratory's own limits
    high: Measurement | None
    site: str
    specimen: str  # what was taken, in words
    remarks: str  # specimen, interpretation and notes, as text
    is_absent: bool  # a reason is given why there is no value
    key: str
    is_other: bool = False  # the value is none of these: a range, a ratio, a picture ...
    is_of_another: bool = False  # measured on a donor, a fetus, a device: not on the patient


class Order(msgspec.Struct, frozen=True, gc=False):
    """A ServiceRequest."""

    source: str
    concept: Concept
    status: str
    intent: str
    do_not_perform: bool
    written: str | None
    reasons: tuple[Reason, ...]


class Visit(msgspec.Struct, frozen=True, gc=False):
    """An Encounter: why the patient came, and what was diagnosed."""

    source: str
    status: str
    began: str | None
    reasons: tuple[Reason, ...]


LINK_ID = "questionnaire link id"
"""Stands as the system of a questionnaire item's link id, which is nothing but a name within its form."""


class Person(msgspec.Struct, frozen=True, gc=False):
    """The patient: only what a rule reads."""

    id: str | None
    birth: str | None
    is_deceased: bool


class PatientRecord(msgspec.Struct, frozen=True):
    """Everything that was supplied and could be read, and what could not."""

    person: Person
    medicines: tuple[Medicine, ...]
    diagnoses: tuple[Diagnosis, ...]
    results: tuple[Result, ...]
    orders: tuple[Order, ...]
    visits: tuple[Visit, ...]
    answers: tuple[Result, ...]  # of questionnaires: the question is the concept
    unread: tuple[Unread, ...]
    supply: dict[str, Supply]
    reach: dict[str, tuple[str, ...]]  # of lists that go on unread, the dates of their results
