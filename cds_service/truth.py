"""Three-valued answers: holds, fails or unknown, with the facts that decided; and how answers combine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import NamedTuple, Protocol

from cds_service.facts import Fact, Facts


class Truth(Enum):
    """Three-valued."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Answer(NamedTuple):
    """
    What one criterion said about one patient.

    *words* is the criterion as it stands in its file, *evidence* the facts that met it, *unknown* what would have
    to be known (in words for the card), *parts* the answers it was made of: all of them where it was asked in full.
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


class Case(NamedTuple):
    """
    One patient, and the fact that the criterion's file or phrase is about; None when there is no such fact.

    *in_full*: the trace tells the answer of every part, so none is left out, even where one has settled the whole.
    """

    facts: Facts
    subject: Fact | None = None
    in_full: bool = False

    def about(self, subject: Fact) -> "Case":
        """The same patient, and another fact."""
        return Case(self.facts, subject, self.in_full)


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
        if case.in_full:
            return _all_of([part.answer(case) for part in self.parts])
        answers = []
        for part in self.parts:
            answer = part.answer(case)
            if answer.truth is Truth.FAILS:
                return _NOT_ALL
            answers.append(answer)
        return _all_of(answers)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`any:`."""

    parts: tuple[Criterion, ...]

    def answer(self, case: Case) -> Answer:
        """Holds when any part holds, with the evidence of those that do; else unknown when any is."""
        return any_of("any", [part.answer(case) for part in self.parts])


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


_NOT_ALL = Answer(Truth.FAILS, "all")


def _all_of(answers: Sequence[Answer]) -> Answer:
    truths = [each.truth for each in answers]
    if Truth.FAILS in truths:
        return Answer(Truth.FAILS, "all", parts=tuple(answers))
    truth = Truth.UNKNOWN if Truth.UNKNOWN in truths else Truth.HOLDS
    return Answer(truth, "all", _evidence(answers), _whats(answers), tuple(answers))


def any_of(words: str, answers: Sequence[Answer]) -> Answer:
    """Holds when any answer does, with the evidence of those; else unknown when any is."""
    truths = [each.truth for each in answers]
    if Truth.HOLDS in truths:
        held = [each for each in answers if each.holds]
        return Answer(Truth.HOLDS, words, _evidence(held), parts=tuple(answers))
    if Truth.UNKNOWN in truths:
        return Answer(Truth.UNKNOWN, words, unknown=_whats(answers), parts=tuple(answers))
    return Answer(Truth.FAILS, words, parts=tuple(answers))


def _evidence(answers: Sequence[Answer]) -> tuple[Fact, ...]:
    """Each fact once; one answer has each once."""
    told = [each.evidence for each in answers if each.evidence]
    return tuple(dict.fromkeys(chain.from_iterable(told))) if len(told) > 1 else next(iter(told), ())


def _whats(answers: Sequence[Answer]) -> tuple[str, ...]:
    told = [each.unknown for each in answers if each.unknown]
    return tuple(dict.fromkeys(chain.from_iterable(told))) if len(told) > 1 else next(iter(told), ())
