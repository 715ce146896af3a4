"""
What can go wrong, as one tree.

    CdsError
    ├── RequestInvalid     the caller must change the request      400
    ├── DataUnavailable    required patient data can't be had      412
    └── KnowledgeInvalid   `cards/` can't be fully understood      refuses to start
"""

from collections.abc import Iterable
from dataclasses import dataclass


class CdsError(Exception):
    """Base of every error that this service raises on purpose."""


class RequestInvalid(CdsError):
    """
    The hook request can't be used as it is.

    *member* names the offending member (`context.patientId`); the message says what is wrong and what to send.
    Neither ever repeats a value from the request.
    """

    def __init__(self, member: str, problem: str) -> None:
        super().__init__(f"{member}: {problem}")
        self.member = member


class DataUnavailable(CdsError):
    """Patient data without which no honest answer exists was not supplied and can't be fetched."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not understood: the file and the key's path, what is wrong, and what to write ("" if plain)."""

    where: str
    what: str
    write: str = ""

    def __str__(self) -> str:
        remedy = f"; {self.write}" if self.write else ""
        return f"{self.where}: {self.what}{remedy}"


class KnowledgeInvalid(CdsError):
    """Knowledge files say something that is not understood; *problems* names each place, *where* is the first."""

    def __init__(self, where: str, problem: str, write: str = "") -> None:
        self.problems: tuple[Problem, ...] = (Problem(where, problem, write),)
        super().__init__(str(self.problems[0]))
        self.where = where

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "KnowledgeInvalid":
        """All that was found wrong, one a line."""
        found = tuple(problems)
        made = cls(found[0].where, found[0].what, found[0].write)
        made.problems = found
        made.args = ("\n".join(map(str, found)),)
        return made
