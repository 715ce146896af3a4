"""What the files in `cards/` say, once they are understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Literal

from cds_service.facts import GivenFrom, TimeClass
from cds_service.frontmatter import Document
from cds_service.laboratory import Analyte
from cds_service.terminology import ValueSets
from cds_service.truth import Criterion

Role = Literal["contributor", "safety", "context", "set-aside"]


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What a contributor is about.

    *kind* is exposure (value sets of drugs), latest (the newest result; of several analytes on one day that of the
    one named first), readings (every result of an analyte that is at most *within* days old) or diagnosis
    (concepts). A fact that does not meet *where* is no subject. *given_within* is for single doses and infusions: a
    window of days before the onset in place of the time classes and the washout, counted back to the *given_from*.
    """

    kind: Literal["exposure", "latest", "readings", "diagnosis"]
    names: tuple[str, ...]
    within: int | None = None
    where: Criterion | None = None
    given_within: int | None = None
    given_from: GivenFrom = "last dose"


@dataclass(frozen=True, slots=True)
class RedFlag:
    """
    A coded threat to limb, nerve or life (KNOWLEDGE section 7).

    Critical while at most 30 days old; a warning to confirm it up to *until* days, undated or unconfirmed; then a
    line of history.
    """

    id: str
    concepts: tuple[str, ...]
    until: int


@dataclass(frozen=True, slots=True, eq=False)  # loaded once: identity is enough
class Monitoring:
    """
    Published monitoring of a drug or diagnosis (KNOWLEDGE section 8): analytes that are overdue

    when the newest result is more than *oldest* days old, or none was ever taken; with *since_change*, also when none
    was taken since the start or rise. Nothing is due before *after* days on the drug.
    """

    analytes: tuple[str, ...]
    after: int
    since_change: bool
    oldest: int | None
    when: Criterion | None


@dataclass(frozen=True, slots=True, eq=False)  # loaded once: identity is enough
class OrderGroup:
    """
    Tests that a card may suggest together.

    *when* is None for always. *since_change* drops a test that was resulted since the drug's last change;
    *within* days bounds how old such a result may be.
    """

    tests: tuple[str, ...]
    when: Criterion | None
    since_change: bool
    within: int | None


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence that is added when its criterion holds."""

    when: Criterion
    say: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A sentence for the first card; *said_by* is the row whose safety card says it too, "" when none does."""

    when: Criterion
    say: str
    said_by: str


@dataclass(frozen=True, eq=False)  # loaded once: identity is enough
class Contributor:
    """
    One unit of knowledge: when it speaks, what it says, on what evidence.

    It is about any of its *subjects*; about nothing when there is none: it never speaks. *critical_range* is a
    value's urgent range, whatever its age; *red_flags* are coded threats, which speak without a subject too, and
    *bears_on* the red flags of others whose card it joins. *coded* are diagnoses that stand in for a value that
    nobody recorded. *on_its_own* softens a warning that nothing else in the record supports. *explains* are rows
    whose card it joins. *explained_by* are drug classes named beside a value as its likely cause, unless
    *not_explained* holds; *replaced_by* those that treat it. *shows* are analytes, *indications* diagnoses named
    beside a drug.
    """

    row: str
    id: str
    kind: str
    role: Role
    label: str
    grades: Mapping[str, str]
    cites: tuple[str, ...]
    subjects: tuple[Subject, ...]
    when: tuple[tuple[str, Criterion], ...]
    critical_range: Criterion | None
    red_flags: tuple[RedFlag, ...]
    bears_on: tuple[str, ...]
    coded: tuple[str, ...]
    safety: tuple[tuple[str, Criterion], ...]
    context: Criterion | None
    on_its_own: Criterion | None
    set_aside: tuple[Remark, ...]
    washout: int
    potency: Mapping[str, Decimal]
    switches: bool  # whether one drug of its classes may take another one's place
    explains: tuple[str, ...]
    explained_by: tuple[str, ...]
    not_explained: Criterion | None
    replaced_by: tuple[str, ...]
    shows: tuple[str, ...]
    indications: tuple[str, ...]
    overdue: tuple[Monitoring, ...]
    remarks: tuple[Remark, ...]
    suggest: tuple[OrderGroup, ...]
    no_orders: bool  # another team sees to the tests: its card drafts none
    override_reasons: Mapping[str, str]
    texts: Mapping[str, str]
    digest: str
    signed: bool

    @property
    def grade(self) -> str:
        """The letter for contributing; of a mimic, which has none, that for acting on it."""
        return self.grades.get("contributing") or self.grades.get("acting", "D")

    @cached_property
    def names(self) -> frozenset[str]:
        """The drug classes, analytes and concepts without any of which it has nothing to say."""
        of_subjects = (name for each in self.subjects for name in each.names)
        of_flags = (name for each in self.red_flags for name in each.concepts)
        return frozenset((*of_subjects, *of_flags, *self.coded))


@dataclass(frozen=True, slots=True)
class Need:
    """
    One place in a chain: any of these *rows*; a drug *began* so; a value drawn *after_start* of the drug; a red *flag*.

    *taking* are drug classes in place of rows: a need that adds no member. A row for which *unless* holds is none.
    """

    rows: tuple[str, ...]
    began: frozenset[TimeClass] | None = None
    after_start: bool = False
    main_only: bool = False
    flag: str = ""
    taking: tuple[str, ...] = ()
    unless: Criterion | None = None


@dataclass(frozen=True, slots=True, eq=False)  # loaded once: identity is enough
class Chain:
    """Rows that merge into one card; it takes the highest indicator of its members."""

    id: str
    place: tuple[int, str]
    label: str
    grades: Mapping[str, str]
    cites: tuple[str, ...]
    alternatives: tuple[tuple[Need, ...], ...]
    joins: tuple[str, ...]
    suggest: tuple[OrderGroup, ...]
    override_reasons: Mapping[str, str]
    texts: Mapping[str, str]
    digest: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """
    A citation: a short label, where to read it, and the whole of it as one line.

    *checked* is "seen", "partly" or "not seen"; *note* says what of it was read.
    """

    key: str
    label: str
    url: str
    citation: str = ""
    checked: str = "not seen"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A site's signature under the content of one file."""

    hash: str
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class SelfCare:
    """One piece of safe self-care, or one question to ask, and when it is left out."""

    say: str
    unless: Criterion | None


@dataclass(frozen=True, slots=True)
class Ban:
    """An option that is not offered *when* its criterion holds: a clause with any of *words* becomes *instead*."""

    words: tuple[str, ...]
    when: Criterion
    instead: str


@dataclass(frozen=True, eq=False)  # loaded once: identity is enough
class Guards:
    """
    What holds for every card: self-care and when it is left out, what to ask about, what a panel contains.

    *alerts* are sentences for the first card whatever it is about; *bans* are options that this patient is not
    offered; *nothing_found* is what a site may say when cramps are reported and nothing else was found.
    """

    self_care: tuple[SelfCare, ...]
    ask_about: tuple[SelfCare, ...]
    alerts: tuple[Alert, ...]
    bans: tuple[Ban, ...]
    nothing_found: str
    after_stopping: str
    panels: Mapping[str, tuple[str, ...]]

    @cached_property
    def _panels_of(self) -> Mapping[str, frozenset[str]]:
        tests = {test for members in self.panels.values() for test in members}
        return {
            test: frozenset(panel for panel, members in self.panels.items() if test in members)
            for test in tests
        }

    def panels_of(self, test: str) -> frozenset[str]:
        """The panels that hold a test."""
        return self._panels_of.get(test, frozenset())


@dataclass(frozen=True, slots=True, eq=False)  # loaded once: identity is enough
class Knowledge:
    """Everything in `cards/`, loaded once and checked completely."""

    version: str
    review_by: date | None  # when the whole is to be read again
    contributors: tuple[Contributor, ...]
    chains: tuple[Chain, ...]
    analytes: Mapping[str, Analyte]
    judged: Mapping[str, Analyte]  # those that a contributor or chain reads; the others only spare an order
    references: Mapping[str, Reference]
    guards: Guards
    value_sets: ValueSets
    reads: frozenset[str]  # the drug classes and concepts that some file names
    prefetch: Mapping[str, str]
    documents: tuple[Document, ...]  # every file as it was read, signed or not
    approvals: Mapping[str, Approval]  # by file id
    names: Mapping[str, str]  # concepts whose value set's name does not read well
    is_demo: bool

    def contributor(self, row: str) -> Contributor:
        """The contributor of a row; KeyError when there is none."""
        return next(each for each in self.contributors if each.row == row)
