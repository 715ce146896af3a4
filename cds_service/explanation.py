"""Why an answer is as it is, for a person at a screen: the trace, the timeline, and the entries behind them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from cds_service import trace
from cds_service.advise import Advice, Site
from cds_service.timeline import Timeline


class Explanation(Struct, frozen=True):
    """
    Why an answer is as it is.

    *silence* is the reason code of an empty answer and *why* says it in words; *fetched* tells what came of what the
    FHIR server was asked for. *timeline* is None where nothing was read. *entries* are those that marks of it name, as
    far as they are read, by "Condition/1".
    """

    today: date
    silence: str | None
    why: str
    fetched: Mapping[str, str]
    trace: Mapping[str, Any]
    timeline: Timeline | None
    entries: Mapping[str, Any]


def explanation(advice: Advice, site: Site, day: date, fetched: Mapping[str, str]) -> Explanation:
    """Why this is the answer of that *day*; *fetched* are the codes of what the FHIR server was asked for, by key."""
    return Explanation(
        today=day,
        silence=advice.silence,
        why="",
        fetched=fetched,
        trace=trace.trace(advice, site.knowledge),
        timeline=None,
        entries={},
    )
