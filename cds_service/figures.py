"""What the service did, for those who govern it: counted from the store, with small counts masked."""

# A card's outcome belongs to the week in which the card was issued, whenever it was told, so that every share is of the
# same cards. Weeks are ISO weeks of the site's calendar days.

from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import Connection

from cds_service import counting, fading
from cds_service.counting import Answers, Cards, Days, monday
from cds_service.masking import Count, Masked, Relation, masked

FLOOR = 5
LIVE, SILENT = "live", "silent"
NO_REASON = "no-reason"
WRONG = ("other-cause", "data-wrong", "not-nlc")
"""Reasons that call a card wrong; the standard's `cds-not-applicable` is counted as `not-nlc`."""
_TOO_WRONG = 0.8  # CARDS B7: of the overrides of a rule


class Measure(StrEnum):
    """
    What is counted: of charts opened, of rules, and of cards.

    Those of cards are counted for each rule too; there a card that shows several rules counts for each of them.
    """

    OPENS = "opens"  # by mode: live or silent client
    REPORTS = "opens with a report"  # of cramps; by mode
    CRITICAL = "answers with a critical card"  # by mode
    ANSWERED = "answers with cards"
    SILENCE = "answers without cards"  # by reason
    TRIGGERED = "triggered"  # rules only
    FADED = "faded"  # rules only, and all of them together
    SHOWN = "shown"
    REPEATED = "shown again"  # rules only: with the same facts, for the same patient
    ACCEPTED = "accepted"
    OVERRIDDEN = "overridden"  # rules by reason, cards in all
    WRONG = "called wrong"  # rules only: overridden for one of the reasons WRONG
    SUGGESTIONS = "suggestions accepted"
    UNSEEN = "computed in silence"  # cards that nobody saw
    UNKNOWN = "feedback on unknown cards"


_BY_MODE = (Measure.OPENS, Measure.REPORTS, Measure.CRITICAL)
_OF_BOTH = (Measure.SHOWN, Measure.ACCEPTED, Measure.OVERRIDDEN, Measure.SUGGESTIONS, Measure.UNSEEN)
# Of cards, what is told of each week (FADED too), and of each client: each total makes more counts to be kept back.
_WEEKLY = (Measure.OPENS, Measure.SHOWN, Measure.ACCEPTED, Measure.OVERRIDDEN)
_OF_CLIENTS = (*_BY_MODE, Measure.SHOWN, Measure.UNSEEN, Measure.UNKNOWN)
_KINDS = {"triggered": Measure.TRIGGERED, "faded": Measure.FADED}


class Cell(NamedTuple):
    """
    What one count is of. None stands for all weeks (which go by their Mondays) and clients, and for no single rule.

    *reason* is a code, or the mode of the client; "" for all of them, and where there is none.
    """

    week: date | None
    client: str | None
    rule: str | None
    measure: Measure
    reason: str = ""


@dataclass(frozen=True)
class Figures:
    """
    The counts of all days from *first* to *last* as they may be shown.

    A count below *floor* and above 0 is `Masked.SMALL`, and others are `Masked.KEPT_BACK` so that totals and their
    parts don't tell it; `masking.masked` says what is guaranteed. It is guaranteed for what is known of these counts:
    weeks and clients add up to their totals, reasons to all overrides and to those that call a card wrong; opens are
    answers with and without cards; outcomes are no more than cards shown; cards shown, faded and computed in silence no
    more than triggers; cards no more than what their rules add up to. Totals that no reader needs are not there.
    """

    first: date
    last: date
    floor: int
    counts: Mapping[Cell, Count]

    def count(
        self,
        measure: Measure,
        reason: str = "",
        *,
        week: date | None = None,
        client: str | None = None,
        rule: str | None = None,
    ) -> Count:
        """One count; 0 where nothing was counted."""
        return self.counts.get(Cell(week, client, rule, measure, reason), 0)

    def share(self, part: Count, whole: Count) -> float | None:
        """*part* of *whole*; None when one of them is masked, or there is no whole."""
        if isinstance(part, Masked) or isinstance(whole, Masked) or not whole:
            return None
        return part / whole

    def is_too_wrong(self, rule: str) -> bool:
        """Whether more than 80 % of the overrides of the rule call it wrong, as far as both may be told (CARDS B7)."""
        share = self.share(self.count(Measure.WRONG, rule=rule), self.count(Measure.OVERRIDDEN, rule=rule))
        return share is not None and share > _TOO_WRONG

    @cached_property
    def weeks(self) -> tuple[date, ...]:
        """The Mondays of all weeks, the first and the last of which may be cut off."""
        return Days(self.first, self.last).weeks

    @cached_property
    def clients(self) -> tuple[str, ...]:
        """All clients that anything was counted for."""
        return tuple(sorted({each.client for each in self.counts if each.client is not None}))

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """All rules that spoke, those shown most often first; of masked counts nothing is told by the order."""

        def place(rule: str) -> tuple[int, str]:
            shown = self.count(Measure.SHOWN, rule=rule)
            return (0 if isinstance(shown, Masked) else -shown), rule

        return tuple(sorted({each.rule for each in self.counts if each.rule is not None}, key=place))

    def reasons(self, measure: Measure) -> tuple[str, ...]:
        """The reasons that a measure was counted by."""
        return tuple(sorted({each.reason for each in self.counts if each.measure == measure and each.reason}))

    @property
    def leaves(self) -> tuple[tuple[Cell, Count], ...]:
        """The counts that are no totals, in order."""
        found = ((cell, count) for cell, count in self.counts.items() if cell.week and cell.client)
        return tuple(sorted(found, key=lambda each: tuple(part or "" for part in each[0][1:])))


def figures(connection: Connection, first: date, last: date, floor: int = FLOOR) -> Figures:
    """All that was counted from *first* to *last*, both included; outcomes that came later are in it too."""
    counts, sums = _with_totals(_leaves(connection, Days(first, last)))
    relations = [*_additions(sums), *_limits(counts)]
    return Figures(first, last, floor, masked(counts, relations, floor))


# --- counts that are no totals ----------------------------------------------------------------------------------


def _leaves(connection: Connection, span: Days) -> Counter[Cell]:
    found: Counter[Cell] = Counter()
    for counted in (_opened(connection, span), _spoken(connection, span), _issued(connection, span)):
        for cell, count in counted:
            found[cell] += count
    return found


def _opened(connection: Connection, span: Days) -> Iterator[tuple[Cell, int]]:
    answers = tuple(counting.answers(connection, span))
    modes = _Modes(answers)
    for each in answers:
        week = monday(each.day)
        is_empty = each.name != "cards"
        yield Cell(week, each.client, None, Measure.OPENS, modes.of(each)), each.number
        measure = Measure.SILENCE if is_empty else Measure.ANSWERED
        yield Cell(week, each.client, None, measure, each.name if is_empty else ""), each.number
    for each in counting.reports(connection, span):
        yield Cell(monday(each.day), each.client, None, Measure.REPORTS, modes.of(each)), each.number


def _spoken(connection: Connection, span: Days) -> Iterator[tuple[Cell, int]]:
    for spoke in counting.spoke(connection, span):
        yield Cell(spoke.week, spoke.client, spoke.rule, _KINDS[spoke.kind]), spoke.number
    for again in counting.repeated(connection, span):
        yield Cell(again.week, again.client, again.rule, Measure.REPEATED), again.number


def _issued(connection: Connection, span: Days) -> Iterator[tuple[Cell, int]]:
    for each in counting.issued(connection, span):
        yield from _outcome(each, each.rule, each.number, each.suggestions)
        if each.cards:
            yield from _outcome(each, None, each.cards, each.suggestions_of_cards)
    for answer in counting.critical(connection, span):
        mode = SILENT if answer.is_silent else LIVE
        yield Cell(answer.week, answer.client, None, Measure.CRITICAL, mode), answer.number
    for told in counting.unknown(connection, span):
        yield Cell(told.week, told.client, None, Measure.UNKNOWN), told.number


def _outcome(of: Cards, rule: str | None, number: int, suggestions: int) -> Iterator[tuple[Cell, int]]:
    week, client = of.week, of.client
    yield Cell(week, client, rule, Measure.UNSEEN if of.is_silent else Measure.SHOWN), number
    if suggestions:
        yield Cell(week, client, rule, Measure.SUGGESTIONS), suggestions
    if of.outcome == "accepted":
        yield Cell(week, client, rule, Measure.ACCEPTED), number
    elif of.outcome is not None:
        code = of.reason or NO_REASON
        reason = fading.ground(code) if rule else ""
        yield Cell(week, client, rule, Measure.OVERRIDDEN, reason), number


class _Modes:
    """When which client was silent: on days with answers kept from it, and from then on until a day with cards."""

    def __init__(self, answers: Iterable[Answers]) -> None:
        self._told: dict[str, dict[date, str]] = defaultdict(dict)
        for each in answers:
            if each.name == "silent-mode":
                self._told[each.client][each.day] = SILENT
            elif each.name == "cards":
                self._told[each.client].setdefault(each.day, LIVE)

    def of(self, each: Answers) -> str:
        """The mode on that day; before the first day that tells, the mode of that one."""
        told = self._told[each.client]
        if each.day in told or not told:
            return told.get(each.day, LIVE)
        days = sorted(told)
        return told[days[max(bisect(days, each.day) - 1, 0)]]


# --- totals, and what readers know of them ----------------------------------------------------------------------

_Sums = dict[tuple[Cell, str], list[Cell]]


def _with_totals(leaves: Mapping[Cell, int]) -> tuple[dict[Cell, int], _Sums]:
    """
    The counts with all totals; and of what each total is the sum, for each of the ways to add it up.

    In one order always: were other counts masked the next time, two reports together would tell what each keeps back.
    """
    level = sorted(leaves, key=_order)
    counts, sums = {cell: leaves[cell] for cell in level}, defaultdict(list)
    while level:
        above: dict[Cell, list[Cell]] = {}
        for cell in level:
            for whole, way in _wholes(cell):
                sums[whole, way].append(cell)
                above[whole] = sums[whole, way]
        counts.update({whole: sum(counts[part] for part in parts) for whole, parts in above.items()})
        level = list(above)
    return counts, sums


def _order(cell: Cell) -> tuple[object, ...]:
    return str(cell.week), cell.client or "", cell.rule or "", cell.measure, cell.reason


def _wholes(cell: Cell) -> Iterator[tuple[Cell, str]]:
    """The totals that a count is a part of, each with the name of the way in which it is added up."""
    week, client, rule, measure, reason = cell
    is_leaf = week is not None and client is not None
    if rule is not None:
        yield from _wholes_of_rule(cell, is_leaf=is_leaf)
    elif is_leaf:
        if measure in _WEEKLY:
            yield Cell(week, None, None, measure), "clients"
        if measure in _OF_CLIENTS:
            yield Cell(None, client, None, measure, reason), "weeks"
        if measure not in (*_WEEKLY, *_OF_CLIENTS):
            yield Cell(None, None, None, measure, reason), "leaves"
    elif client is not None:
        yield Cell(None, None, None, measure, reason), "clients"
    elif week is not None:
        yield Cell(None, None, None, measure), "weeks"
    elif reason and measure in _BY_MODE:
        yield Cell(None, None, None, measure), "modes"


def _wholes_of_rule(cell: Cell, *, is_leaf: bool) -> Iterator[tuple[Cell, str]]:
    week, _, rule, measure, reason = cell
    if is_leaf:
        yield Cell(None, None, rule, measure, reason), "leaves"
        if measure == Measure.FADED:
            yield Cell(week, None, None, measure), "leaves"
    elif measure == Measure.FADED:
        yield Cell(None, None, None, measure), "rules"
    elif reason:
        yield Cell(None, None, rule, Measure.OVERRIDDEN), "reasons"
        if reason in WRONG:
            yield Cell(None, None, rule, Measure.WRONG), "reasons"


def _additions(sums: _Sums) -> Iterator[Relation[Cell]]:
    for (whole, way), parts in sums.items():
        yield Relation(whole, parts)
        if way == "reasons" and whole.measure == Measure.OVERRIDDEN:
            others = [part for part in parts if part.reason not in WRONG]
            yield Relation(whole, [whole._replace(measure=Measure.WRONG), *others])


def _limits(counts: Mapping[Cell, int]) -> Iterator[Relation[Cell]]:
    """What a reader knows besides: how opens and answers, triggers, cards, their rules and outcomes go together."""
    places: dict[tuple[date | None, str | None, str | None], dict[Measure, list[Cell]]]
    places = defaultdict(lambda: defaultdict(list))
    for cell in counts:
        if not cell.reason or cell._replace(reason="") not in counts:
            places[cell.week, cell.client, cell.rule][cell.measure].append(cell)
    rules: dict[tuple[date | None, str | None, Measure], list[Cell]] = defaultdict(list)
    for (week, client, rule), cells in places.items():
        yield from _limits_here(cells)
        for measure in _OF_BOTH if rule else ():
            rules[week, client, measure] += cells[measure]
    yield from (
        Relation(Cell(week, client, None, measure), parts, "at least")
        for (week, client, measure), parts in rules.items()
    )


def _limits_here(cells: Mapping[Measure, list[Cell]]) -> Iterator[Relation[Cell]]:
    """Within one week, client and rule, or all of them."""
    if shown := cells[Measure.SHOWN]:
        told = [*cells[Measure.ACCEPTED], *cells[Measure.OVERRIDDEN]]
        yield Relation(shown[0], told, "at most")
    if triggered := cells[Measure.TRIGGERED]:
        spoke = [*cells[Measure.SHOWN], *cells[Measure.UNSEEN], *cells[Measure.FADED]]
        yield Relation(triggered[0], spoke, "at most")
    opens, empty = cells[Measure.OPENS], cells[Measure.SILENCE]
    if len(opens) == 1 and empty:
        yield Relation(opens[0], [*cells[Measure.ANSWERED], *empty])
