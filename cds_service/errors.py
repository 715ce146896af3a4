"""
What can go wrong, as one tree.

    CdsError
    ├── RequestInvalid     the caller must change the request      400
    ├── Unauthenticated    nobody knows who is calling             401
    ├── Forbidden          this client may not call that           403
    ├── DataUnavailable    required patient data can't be had      412
    ├── StoreUnavailable   the database does not answer            503
    ├── Unreachable        another server gave no usable answer    told as what it was asked for
    └── KnowledgeInvalid   `cards/` can't be fully understood      refuses to start
"""

from collections.abc import Iterable, Mapping
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


class Unauthenticated(CdsError):
    """
    The caller did not prove who it is.

    *reason* is a short code for the log ("expired", "replayed"), never told to the caller; *claimed* is the name of the
    client that it says it is, where that is certain; *said* is what it is told to do.
    """

    def __init__(
        self,
        reason: str,
        claimed: str | None = None,
        said: str = "send a valid JSON Web Token of a client that is known here",
    ) -> None:
        super().__init__(said)
        self.reason = reason
        self.claimed = claimed


class Forbidden(CdsError):
    """A known client calls what it may not call."""


class DataUnavailable(CdsError):
    """
    Patient data without which no honest answer exists was not supplied and can't be fetched.

    *fetched* tells, for the log, what came of each prefetch key that the FHIR server was asked for.
    """

    def __init__(self, problem: str, fetched: Mapping[str, str] | None = None) -> None:
        super().__init__(problem)
        self.fetched = fetched or None


class StoreUnavailable(CdsError):
    """The database that remembers token ids does not answer, so that nobody can be let in."""


class Unreachable(CdsError):
    """
    Another server gave no usable answer.

    *code* is a short word for logs and reports ("timeout", "status-503", "too-large"); nothing of the answer is in it.
    *retry_after* is what a busy server asked to wait, in seconds.
    """

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


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
