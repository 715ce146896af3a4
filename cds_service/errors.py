"""
What can go wrong, as one tree.

    CdsError
    ├── RequestInvalid     the caller must change the request      400
    ├── DataUnavailable    required patient data can't be had      412
    └── KnowledgeInvalid   `cards/` can't be fully understood      refuses to start
"""


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


class KnowledgeInvalid(CdsError):
    """A knowledge file says something that is not understood; *where* is the file and the key's path."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
