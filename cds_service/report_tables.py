"""The figures as tables that a person reads: the same for a page and for a terminal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cds_service.figures import LIVE, NO_REASON, SILENT, Figures, Measure
from cds_service.knowledge import Knowledge
from cds_service.masking import Count, Masked

HIDDEN = "hidden"
NOTHING = "–"
_MOST_CARDS, _MOST_CRITICAL = 60, 2  # CARDS B7, per 100 eligible charts
_MOST_WRONG = 10  # rules, unless more are to be reviewed
_REASONS = {
    "reviewed": "Already considered",
    "ordered": "Ordered or done elsewhere",
    "benefit": "Benefit outweighs",
    "other-cause": "Another cause is more likely",
    "not-nlc": "Not nocturnal leg cramps",
    "data-wrong": "Record is wrong",
    "handled": "Already acted on",
    "spurious": "Sample error",
    NO_REASON: "None told",
}
_APART = {
    "data": "what could not be read",
    "nothing-found": "no contributor found",
    "T01-order-sign": "quinine being ordered",
}


@dataclass(frozen=True, slots=True)
class Labels:
    """What rules and override reasons are called, by their ids; one without a label goes by its id."""

    rules: Mapping[str, str]
    reasons: Mapping[str, str]

    @classmethod
    def of(cls, knowledge: Knowledge) -> "Labels":
        """Those of the knowledge files, and of what every card has."""
        rules = {each.row: each.label for each in knowledge.contributors}
        chains = {each.id: each.label for each in knowledge.chains}
        own = [each.override_reasons for each in knowledge.contributors]
        own += [each.override_reasons for each in knowledge.chains]
        reasons = {code: text for each in own for code, text in each.items()}
        return cls({**rules, **chains, **_APART}, {**reasons, **_REASONS})


@dataclass(frozen=True, slots=True)
class Row:
    """
    What a row is about, its numbers, and beside each as a bar from 0 to 1, None for none.

    *rule* is the id of a rule with a page of its own.
    """

    about: str
    numbers: tuple[str, ...]
    bars: tuple[float | None, ...] = ()
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of numbers; *note* says how they are counted. One that is empty has nothing to tell."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure that tells how things stand, and what it is measured by."""

    title: str
    value: str
    remark: str = ""


def told(count: Count, floor: int) -> str:
    """A count, or what there is to say of it."""
    if isinstance(count, Masked):
        return f"<{floor}" if count is Masked.SMALL else HIDDEN
    return f"{count:,}"


def week_name(monday: date) -> str:
    """An ISO week, as a date is written: 2026-W05."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


class Tables:
    """All that a report tells of some figures."""

    def __init__(self, figures: Figures, labels: Labels) -> None:
        self.figures, self.labels = figures, labels

    def all(self) -> tuple[Table, ...]:
        """The tables that have anything to tell, in the order in which they are read."""
        made = (
            *(self.weeks(), self.rules(), self.reasons(), self.called_wrong()),
            *(self.silence(), self.clients(), self.silent_beside_live(), self.unknown()),
        )
        return tuple(each for each in made if each.rows)

    def facts(self) -> tuple[Fact, ...]:
        """How things stand, in a few figures."""
        count, shown = self.figures.count, self.figures.count(Measure.SHOWN)
        reports, critical = count(Measure.REPORTS, LIVE), count(Measure.CRITICAL, LIVE)
        return (
            Fact(
                "Openings of charts",
                self._told(count(Measure.OPENS)),
                "each counts, of one chart too; silent clients included",
            ),
            Fact(
                "Openings with a report of cramps",
                self._told(count(Measure.REPORTS)),
                "silent clients included",
            ),
            Fact("Cards shown", self._told(shown)),
            Fact(
                "Cards per 100 openings with a report",
                self._per_hundred(shown, reports),
                f"aim: under {_MOST_CARDS} per 100 charts, which may differ",
            ),
            Fact(
                "Answers with a critical card per 100 openings with a report",
                self._per_hundred(critical, reports),
                f"expected: under {_MOST_CRITICAL} per 100 charts, which may differ",
            ),
            Fact("Cards accepted", self._with_share(count(Measure.ACCEPTED), shown)),
            Fact("Cards overridden", self._with_share(count(Measure.OVERRIDDEN), shown)),
            Fact("Suggestions accepted", self._told(count(Measure.SUGGESTIONS))),
        )

    # --- tables -------------------------------------------------------------------------------------------------

    def weeks(self) -> Table:
        """What happened in each week, all clients and rules together."""
        measures = (Measure.OPENS, Measure.SHOWN, Measure.ACCEPTED, Measure.OVERRIDDEN, Measure.FADED)
        rows = tuple(
            Row(week_name(week), self._all_told(self.figures.count(each, week=week) for each in measures))
            for week in self.figures.weeks
        )
        return Table(
            "Week by week",
            "Outcomes are counted in the week in which their card was shown. Faded: rules that stayed silent because "
            "their card had been shown or overridden before.",
            ("Week", "Openings", "Cards shown", "Accepted", "Overridden", "Faded"),
            rows if self.figures.counts else (),
        )

    def rules(self) -> Table:
        """What became of each rule."""
        return Table(
            "Rule by rule",
            "A card that tells several rules counts for each of them. Shown again: with the same facts, for the same "
            "patient. Triggered, but neither shown nor faded: there was no room on the cards. T01-order-sign is T01 "
            "where an order is being signed.",
            ("Rule", "Triggered", "Shown", "Shown again", "Accepted", "Overridden", "Faded"),
            tuple(self._rule_row(rule) for rule in self.figures.rules),
        )

    def _rule_row(self, rule: str) -> Row:
        def count(measure: Measure) -> Count:
            return self.figures.count(measure, rule=rule)

        shown = count(Measure.SHOWN)
        outcomes = (Measure.REPEATED, Measure.ACCEPTED, Measure.OVERRIDDEN)
        shares = (self._with_share(count(each), shown) for each in outcomes)
        numbers = (self._told(count(Measure.TRIGGERED)), self._told(shown), *shares)
        return self._about(rule, (*numbers, self._told(count(Measure.FADED))))

    def reasons(self) -> Table:
        """Why the cards of each rule were overridden."""
        count, figures = self.figures.count, self.figures
        told, usual = figures.reasons(Measure.OVERRIDDEN), tuple(_REASONS)
        codes = [*(code for code in usual if code in told), *(code for code in told if code not in usual)]
        rules = [rule for rule in figures.rules if count(Measure.OVERRIDDEN, rule=rule)]
        counts = {rule: [count(Measure.OVERRIDDEN, code, rule=rule) for code in codes] for rule in rules}
        most = max((each for row in counts.values() for each in row if isinstance(each, int)), default=0)
        return Table(
            "Why cards were overridden",
            "The newest outcome of each card counts, once.",
            ("Rule", *(self.labels.reasons.get(code, code) for code in codes)),
            tuple(self._about(rule, self._all_told(row), _bars(row, most)) for rule, row in counts.items()),
        )

    def called_wrong(self) -> Table:
        """The rules that were most often called wrong, first those to be reviewed."""
        is_too_wrong = self.figures.is_too_wrong
        rules = sorted(
            (rule for rule in self.figures.rules if self._wrong_share(rule)),
            key=lambda rule: (not is_too_wrong(rule), -(self._wrong_share(rule) or 0)),
        )
        return Table(
            "Rules most often called wrong",
            "Overridden since another cause is more likely, the record is wrong, or these are no nocturnal leg cramps. "
            "A rule is to be reviewed when that is more than 80 % of its overrides. Rules are left out while their "
            "counts are not told.",
            ("Rule", "Called wrong", "of shown", "of overridden", "Review"),
            tuple(
                self._wrong_row(rule)
                for place, rule in enumerate(rules)
                if place < _MOST_WRONG or is_too_wrong(rule)
            ),
        )

    def _wrong_share(self, rule: str) -> float | None:
        count = self.figures.count
        return self.figures.share(count(Measure.WRONG, rule=rule), count(Measure.SHOWN, rule=rule))

    def _wrong_row(self, rule: str) -> Row:
        wrong = self.figures.count(Measure.WRONG, rule=rule)
        of_overridden = self.figures.share(wrong, self.figures.count(Measure.OVERRIDDEN, rule=rule))
        review = "yes" if self.figures.is_too_wrong(rule) else "no"
        numbers = (self._told(wrong), _percent(self._wrong_share(rule)), _percent(of_overridden), review)
        return self._about(rule, numbers, (None, None, of_overridden, None))

    def silence(self) -> Table:
        """Why openings had no cards."""
        count, opens = self.figures.count, self.figures.count(Measure.OPENS)
        counted = [(code, count(Measure.SILENCE, code)) for code in self.figures.reasons(Measure.SILENCE)]
        counted.sort(key=lambda each: (0 if isinstance(each[1], Masked) else -each[1], each[0]))
        rows = (("With cards", count(Measure.ANSWERED)), *((_spelt(code), each) for code, each in counted))
        return Table(
            "Answers with cards, and why there were none",
            "Every opening has one answer. The signing of an order is no opening; the cards that it had are counted "
            "among all cards.",
            ("Answer", "Openings", "of all"),
            tuple(self._share_row(about, each, opens) for about, each in rows if each),
        )

    def clients(self) -> Table:
        """Each client, live or silent; one that was both has two rows."""
        modes = [(client, mode) for client in self.figures.clients for mode in (LIVE, SILENT)]
        return Table(
            "Clients",
            "Silent clients get no cards; what they would have got is counted. A day on which a client changed from "
            "one to the other counts as silent.",
            ("Client", "Openings", "with a report", "Cards", "per 100 with a report", "Critical per 100"),
            tuple(
                self._client_row(client, mode)
                for client, mode in modes
                if self.figures.count(Measure.OPENS, mode, client=client)
            ),
        )

    def _client_row(self, client: str, mode: str) -> Row:
        count = self.figures.count
        opens, reports = (count(each, mode, client=client) for each in (Measure.OPENS, Measure.REPORTS))
        cards = count(Measure.SHOWN if mode == LIVE else Measure.UNSEEN, client=client)
        critical = count(Measure.CRITICAL, mode, client=client)
        rates = (self._per_hundred(cards, reports), self._per_hundred(critical, reports))
        return Row(f"{client} ({mode})", (*self._all_told((opens, reports, cards)), *rates))

    def silent_beside_live(self) -> Table:
        """What silent clients would have shown, and what live ones showed."""
        count = self.figures.count
        opens = {mode: count(Measure.OPENS, mode) for mode in (SILENT, LIVE)}
        rows = []
        for rule in self.figures.rules:
            unseen, shown = count(Measure.UNSEEN, rule=rule), count(Measure.SHOWN, rule=rule)
            rates = self._per_hundred(unseen, opens[SILENT]), self._per_hundred(shown, opens[LIVE])
            if unseen or shown:
                rows.append(self._about(rule, (self._told(unseen), rates[0], self._told(shown), rates[1])))
        return Table(
            "Silent clients beside live ones",
            "How often each rule would have been told to silent clients, and was told to live ones.",
            ("Rule", "Silent: cards", "per 100 openings", "Live: cards", "per 100 openings"),
            tuple(rows) if opens[SILENT] else (),
        )

    def unknown(self) -> Table:
        """Feedback that belongs to no card."""
        counts = {
            client: self.figures.count(Measure.UNKNOWN, client=client) for client in self.figures.clients
        }
        return Table(
            "Feedback on unknown cards",
            "Cards that clients told an outcome of, and that were never shown to them as far as the store knows: "
            "deleted since, another client's, or wrongly named. They count nowhere else.",
            ("Client", "Cards"),
            tuple(Row(client, (self._told(each),)) for client, each in counts.items() if each),
        )

    # --- cells --------------------------------------------------------------------------------------------------

    def _about(self, rule: str, numbers: Sequence[str], bars: Sequence[float | None] = ()) -> Row:
        label = self.labels.rules.get(rule)
        is_page = label is not None and rule not in _APART
        return Row(f"{rule} {label}" if label else rule, tuple(numbers), tuple(bars), rule if is_page else "")

    def _share_row(self, about: str, part: Count, whole: Count) -> Row:
        share = self.figures.share(part, whole)
        return Row(about, (self._told(part), _percent(share)), (None, share))

    def _told(self, count: Count) -> str:
        return told(count, self.figures.floor)

    def _all_told(self, counts: Iterator[Count] | Sequence[Count]) -> tuple[str, ...]:
        return tuple(map(self._told, counts))

    def _with_share(self, part: Count, whole: Count) -> str:
        share = self.figures.share(part, whole)
        return self._told(part) if share is None or not part else f"{self._told(part)} ({_percent(share)})"

    def _per_hundred(self, part: Count, whole: Count) -> str:
        share = self.figures.share(part, whole)
        return NOTHING if share is None else f"{100 * share:.1f}"


def _bars(counts: Sequence[Count], most: int) -> list[float | None]:
    return [each / most if isinstance(each, int) and each else None for each in counts]


def _percent(share: float | None) -> str:
    if share is None:
        return NOTHING
    return "<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def _spelt(code: str) -> str:
    return code.replace("-", " ").capitalize()
