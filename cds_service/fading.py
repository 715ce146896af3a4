"""What stays silent because it was shown or overridden before (CARDS B1.6)."""

# A day counts as in `within: 90 days`: of an override on day 0, day 90 is silent and day 91 speaks. Every date is the
# site's calendar day; what is dated after today (a clock ran wrong) counts for nothing until its day has come.

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cds_service.chains import Matter
from cds_service.dates import Span
from cds_service.facts import Facts, Report
from cds_service.verdicts import URGENCY

Mark = Callable[[str], bytes]
Why = Literal["overridden", "not-nlc", "shown-to-user", "shown-for-long"]

# Reasons by HL7's codes, in which our cards offer them, and what CARDS calls them
_REASONS = {"action-completed": "ordered", "cds-not-applicable": "not-nlc"}
_ANY, _NOT_NLC = 90, 365  # days that an override mutes
_LONGER_OR_SHORTER = {"benefit": 365, "ordered": 30}
_CRITICAL = 7
_OF_CRITICAL = frozenset({"handled", "spurious", "ordered"})
_SHOWN = 90  # days over which a card may be shown


def ground(code: str) -> str:
    """What CARDS calls an override reason, by whatever code it came."""
    return _REASONS.get(code, code)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The newest thing that a client said of a card; *reason* is a code, None when none was given."""

    is_override: bool
    reason: str | None
    on: date

    @property
    def ground(self) -> str | None:
        """The reason by the name that CARDS has for it."""
        return ground(self.reason) if self.reason else None


@dataclass(frozen=True, slots=True)
class Shown:
    """
    A card, or a line of one, that was shown on the patient's chart before.

    *facts* and *reports* (those of the cramps) are as *mark* writes them; it is the same object wherever it writes the
    same, else every word is marked again and again. *is_own*: it was shown to the present user.
    """

    rule: str
    level: str
    facts: frozenset[bytes]
    reports: frozenset[bytes]
    mark: Mark
    on: date
    is_own: bool
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Faded:
    """
    What stays silent, and why.

    *since* is the day of the override, of the showing to the user that was enough, or of the first one to anybody.
    *until* is the last silent day, None when there is none: a change of facts ends the silence sooner, or alone.
    *reason* is the override's, as CARDS names it.
    """

    matter: Matter
    why: Why
    reason: str | None
    since: date
    until: date | None


def faded(
    matter: Matter, reports: frozenset[str], past: Sequence[Shown], fade_after: int, today: date
) -> Faded | None:
    """
    Whether a matter stays silent; None: it speaks.

    *reports* are the present ones of cramps, see `reports_in_short`; *past* is in any order. *fade_after* is how often
    a user is shown the same; 0: as often as it is there, however long.
    """
    facts = _Marked(matter.facts)
    same = [each for each in past if _is_same(each, matter, facts)]
    return _overridden(matter, reports, same, past, today) or _shown(matter, same, fade_after, today)


def reports_in_short(facts: Facts) -> frozenset[str]:
    """The reports of cramps: by what kind of entry, dated when. The same reports, the same words."""
    return frozenset(map(_report_in_short, facts.reports))


def _report_in_short(report: Report) -> str:
    if report.carrier == "reason for a medicine":
        return report.carrier  # each refill is dated anew
    onset = report.onset
    # an onset in words reaches to today: no day of use
    stated = onset.on if onset and onset.is_stated and not onset.doubt else None
    return f"{report.carrier} {_days(report.recorded)} {_days(stated)}"


def _days(span: Span | None) -> str:
    return f"{span.first}/{span.last}" if span else ""


# --- the same card, the same facts ------------------------------------------------------------------------------


class _Marked:
    """Words, to be found among those that were kept only as marks."""

    def __init__(self, words: frozenset[str]) -> None:
        self._words = words
        self._marks: dict[Mark, frozenset[bytes]] = {}

    def are_among(self, kept: frozenset[bytes], mark: Mark) -> bool:
        if len(kept) < len(self._words):
            return False
        if mark not in self._marks:
            self._marks[mark] = frozenset(map(mark, self._words))
        return self._marks[mark] <= kept


def _is_same(shown: Shown, matter: Matter, facts: _Marked) -> bool:
    """Whether nothing is told now that was not told then, nor more urgently."""
    if shown.rule != matter.rule or _urgency(matter.level) < _urgency(shown.level):
        return False
    return facts.are_among(shown.facts, shown.mark)


def _urgency(level: str) -> int:
    return URGENCY.get(level, len(URGENCY))  # a level of another version: the least


# --- overridden -------------------------------------------------------------------------------------------------


def _overridden(
    matter: Matter, reports: frozenset[str], same: Sequence[Shown], past: Sequence[Shown], today: date
) -> Faded | None:
    """By the override that mutes longest."""
    mutes = [*_of_card(matter, same), *_of_patient(matter, reports, past)]
    standing = [each for each in mutes if each.until and each.since <= today <= each.until]
    return max(standing, key=_lasting, default=None)


def _lasting(mute: Faded) -> tuple[date, date, str]:
    return mute.until or date.max, mute.since, mute.reason or ""


def _of_card(matter: Matter, same: Iterable[Shown]) -> Iterable[Faded]:
    for each in _overrides(same):
        if days := _muted_for(matter.level, each.ground):
            yield Faded(matter, "overridden", each.ground, each.on, _last_day(each.on, days))


def _of_patient(matter: Matter, reports: frozenset[str], past: Iterable[Shown]) -> Iterable[Faded]:
    """Who says that the cramps are none mutes every rule, until somebody reports cramps anew."""
    if matter.level == "critical":
        return
    present = _Marked(reports)
    for shown in past:
        for each in _overrides([shown]):
            if each.ground == "not-nlc" and present.are_among(shown.reports, shown.mark):
                yield Faded(matter, "not-nlc", each.ground, each.on, _last_day(each.on, _NOT_NLC))


def _overrides(shown: Iterable[Shown]) -> Iterable[Outcome]:
    return (each.outcome for each in shown if each.outcome and each.outcome.is_override)


def _muted_for(level: str, ground: str | None) -> int:
    """Days; 0 when the reason does not mute a card of that level, or does so for the whole patient."""
    if level == "critical":
        return _CRITICAL if ground in _OF_CRITICAL else 0
    return 0 if ground == "not-nlc" else _LONGER_OR_SHORTER.get(ground or "", _ANY)


def _last_day(on: date, days: int) -> date:
    return Span.of(on).plus(days).last


# --- shown ------------------------------------------------------------------------------------------------------


def _shown(matter: Matter, same: Sequence[Shown], fade_after: int, today: date) -> Faded | None:
    if fade_after <= 0 or matter.level == "critical":
        return None
    # "ordered" promises a next look: what was shown before it is forgotten
    ordered = [each.on for each in _overrides(same) if each.ground == "ordered" and each.on <= today]
    seen = [each for each in same if each.on <= today and each.on > max(ordered, default=date.min)]
    own = sorted(each.on for each in seen if each.is_own)
    if len(own) >= fade_after:
        return Faded(matter, "shown-to-user", None, own[fade_after - 1], None)
    first = min((each.on for each in seen), default=today)
    # once is not over a time: whoever was there then may not have read it
    if len(seen) > 1 and (today - first).days > _SHOWN:
        return Faded(matter, "shown-for-long", None, first, None)
    return None
