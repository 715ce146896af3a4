"""Three-valued answers: holds, fails or unknown, with the facts that decided; and how answers combine."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cds_service.facts import Fact, Facts


class Truth(Enum):
    """Three-valued."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What one criterion said about one patient.

    *words* is the criterion as it stands in its file, *evidence* the facts that met it, *unknown* what would have
    to be known (in words for the card), *parts* the answers it was made of.
    """

    truth: Truth
    words: str
    evidence: tuple[Fact, ...] = ()
    unknown: tuple[str, ...] = ()
    parts: tuple["Answer", ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the criterion is met for certain."""
        return self.truth is Truth.HOLDS


@dataclass(frozen=True, slots=True)
class Case:
    """One patient, and the fact that the criterion's file or phrase is about; None when there is no such fact."""

    facts: Facts
    subject: Fact | None = None


class Criterion(Protocol):
    """A word of the vocabulary, filled in."""

    def answer(self, case: Case) -> Answer:
        """Judge one patient."""
        ...


def said(words: str, truth: bool, evidence: Iterable[Fact] = ()) -> Answer:
    """Holds with its evidence, or fails without any."""
    return Answer(Truth.HOLDS if truth else Truth.FAILS, words, tuple(evidence) if truth else ())


def unknown(words: str, what: str) -> Answer:
    """Can't be told until *what* is known."""
    return Answer(Truth.UNKNOWN, words, unknown=(what,))


# --- all, any, not --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AllOf:
    """`all:`, and several words side by side."""

    parts: tuple[Criterion, ...]

    def answer(self, case: Case) -> Answer:
        """Fails when any part fails; else unknown when any is; else holds with all their evidence."""
        answers = tuple(part.answer(case) for part in self.parts)
        truths = {each.truth for each in answers}
        if Truth.FAILS in truths:
            return Answer(Truth.FAILS, "all", parts=answers)
        truth = Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.HOLDS
        return Answer(truth, "all", _evidence(answers), _whats(answers), answers)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`any:`."""

    parts: tuple[Criterion, ...]

    def answer(self, case: Case) -> Answer:
        """Holds when any part holds, with the evidence of those that do; else unknown when any is."""
        return any_of("any", tuple(part.answer(case) for part in self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    """`not:`."""

    part: Criterion

    def answer(self, case: Case) -> Answer:
        """Turns holds and fails round; unknown stays unknown."""
        inner = self.part.answer(case)
        if inner.truth is Truth.UNKNOWN:
            return Answer(Truth.UNKNOWN, "not", unknown=inner.unknown, parts=(inner,))
        return Answer(Truth.FAILS if inner.holds else Truth.HOLDS, "not", parts=(inner,))


@dataclass(frozen=True, slots=True)
class Unless:
    """`unless:`; unlike `not`, what is unknown does not stand in the way."""

    part: Criterion

    def answer(self, case: Case) -> Answer:
        """Fails only where the part is known to hold."""
        inner = self.part.answer(case)
        return Answer(Truth.FAILS if inner.holds else Truth.HOLDS, "unless", parts=(inner,))


def any_of(words: str, answers: tuple[Answer, ...]) -> Answer:
    """Holds when any answer does, with the evidence of those; else unknown when any is."""
    held = tuple(each for each in answers if each.holds)
    if held:
        return Answer(Truth.HOLDS, words, _evidence(held), parts=answers)
    truth = Truth.UNKNOWN if any(each.truth is Truth.UNKNOWN for each in answers) else Truth.FAILS
    return Answer(truth, words, unknown=_whats(answers), parts=answers)


def _evidence(answers: Iterable[Answer]) -> tuple[Fact, ...]:
    return tuple(dict.fromkeys(fact for each in answers for fact in each.evidence))


def _whats(answers: Iterable[Answer]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(what for each in answers for what in each.unknown))
