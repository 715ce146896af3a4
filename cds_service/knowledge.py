"""What the files in `cards/` say, once they are understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cds_service.facts import TimeClass
from cds_service.laboratory import Analyte
from cds_service.terminology import ValueSets
from cds_service.truth import Criterion

Role = Literal["contributor", "safety", "context", "set-aside"]


@dataclass(frozen=True, slots=True)
class Subject:
    """
    What a contributor is about.

    *kind* is exposure (value sets of drugs), latest (the newest result of an analyte), readings (every result of an
    analyte that is at most *within* days old) or diagnosis (concepts).
    """

    kind: Literal["exposure", "latest", "readings", "diagnosis"]
    names: tuple[str, ...]
    within: int | None = None


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


@dataclass(frozen=True, slots=True, eq=False)  # loaded once: identity is enough
class Contributor:
    """
    One unit of knowledge: when it speaks, what it says, on what evidence.

    *critical_range* is a value's urgent range, whatever its age; *coded* are diagnoses that stand in for a value that
    nobody recorded. *on_its_own* softens a warning that nothing else in
    the record supports. *explains* are rows whose card it joins. *explained_by* are drug classes named beside a
    value as its likely cause, *replaced_by* those that treat it; *shows* are analytes, *indications* diagnoses
    named beside a drug.
    """

    row: str
    id: str
    kind: str
    role: Role
    label: str
    grades: Mapping[str, str]
    cites: tuple[str, ...]
    subject: Subject
    when: tuple[tuple[str, Criterion], ...]
    critical_range: Criterion | None
    coded: tuple[str, ...]
    safety: tuple[tuple[str, Criterion], ...]
    context: Criterion | None
    on_its_own: Criterion | None
    set_aside: tuple[Remark, ...]
    washout: int
    potency: Mapping[str, Decimal]
    explains: tuple[str, ...]
    explained_by: tuple[str, ...]
    replaced_by: tuple[str, ...]
    shows: tuple[str, ...]
    indications: tuple[str, ...]
    remarks: tuple[Remark, ...]
    suggest: tuple[OrderGroup, ...]
    texts: Mapping[str, str]
    digest: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Need:
    """One place in a chain: any of these rows; a drug *began* so; a value *drawn* after the drug's start."""

    rows: tuple[str, ...]
    began: frozenset[TimeClass] | None
    after_start: bool
    main_only: bool


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
    texts: Mapping[str, str]
    digest: str
    signed: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """A citation: a short label and where to read it."""

    key: str
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class SelfCare:
    """One piece of safe self-care, and when it is left out."""

    say: str
    unless: Criterion | None


@dataclass(frozen=True, slots=True, eq=False)  # loaded once: identity is enough
class Guards:
    """What holds for every card: self-care and when it is left out, what to ask about, what a panel contains."""

    self_care: tuple[SelfCare, ...]
    ask_about: str
    after_stopping: str
    panels: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)  # loaded once: identity is enough
class Knowledge:
    """Everything in `cards/`, loaded once and checked completely."""

    version: str
    contributors: tuple[Contributor, ...]
    chains: tuple[Chain, ...]
    analytes: Mapping[str, Analyte]
    judged: Mapping[str, Analyte]  # those that a contributor or chain reads; the others only spare an order
    references: Mapping[str, Reference]
    guards: Guards
    value_sets: ValueSets
    reads: frozenset[str]  # the drug classes and concepts that some file names
    prefetch: Mapping[str, str]
    pages: Mapping[str, str]  # each rule as its reviewers read it, by contributor id, row or chain id
    names: Mapping[str, str]  # concepts whose value set's name does not read well
    is_demo: bool

    def contributor(self, row: str) -> Contributor:
        """The contributor of a row; KeyError when there is none."""
        return next(each for each in self.contributors if each.row == row)
