"""The reference reading of the vocabulary: every word of `when`, judged on plain numbers.

Written from the vocabulary in words, not from the service: where the two disagree, one of them is wrong.
True, False and None (not known) throughout; days are counted back from the index day.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.boundaries.charts import Chart, Entry, tests_of_order
from tests.boundaries.values import Taken, Value, amount, days, entries, listed, many, time_class, values

Truth = bool | None

_INFINITY = Decimal("Infinity")


class NotUnderstood(LookupError):
    """A word that this reading has no handler for."""


# --- one criterion --------------------------------------------------------------------------------------------------

Fact = Taken | Value | Entry


@dataclass(frozen=True)
class Case:
    """One chart, and the fact that the criterion is about."""

    chart: Chart
    fact: Fact | None


Beside = Mapping[str, Any]
Parts = tuple[tuple[str, Any, Beside], ...]

# the criteria that were read before, by the identity of what was read (which is kept, so that it stays its own)
_PARTS: dict[int, tuple[Mapping[str, Any], Parts]] = {}


def every(truths: Iterable[Truth]) -> Truth:
    """All of them."""
    is_known = True
    for each in truths:
        if each is False:
            return False
        is_known = is_known and each is not None
    return True if is_known else None


def some(truths: Iterable[Truth]) -> Truth:
    """Any of them."""
    is_known = True
    for each in truths:
        if each:
            return True
        is_known = is_known and each is not None
    return False if is_known else None


def truth(node: Mapping[str, Any], case: Case) -> Truth:
    """
    Whether a criterion holds.

    Raises:
        NotUnderstood: At a word without a handler.
    """
    return every(_judge(word, asked, beside, case) for word, asked, beside in parts(node))


def _judge(word: str, asked: Any, beside: Beside, case: Case) -> Truth:
    return HEADS[word][0](asked, beside, case) if word in HEADS else WORDS[word](asked, case)


def parts(node: Mapping[str, Any]) -> Parts:
    """
    The words of a criterion, each with what stands beside it.

    Raises:
        NotUnderstood: At a word without a handler.
    """
    known = _PARTS.get(id(node))
    if known is None or known[0] is not node:
        known = node, tuple(_parts(node))
        _PARTS[id(node)] = known
    return known[1]


def _parts(node: Mapping[str, Any]) -> Iterator[tuple[str, Any, Beside]]:
    left = dict(node)
    for head, (_, about) in HEADS.items():
        if head in left:
            yield head, left.pop(head), {key: left.pop(key) for key in about if key in left}
    for word, asked in left.items():
        if word not in WORDS:
            raise NotUnderstood(word)
        yield word, asked, {}


def _compared(word: str, *, measured: bool = False) -> Callable[[Any, Case], Truth]:
    return lambda asked, case: _against(word, many(asked), case.fact, measured=measured)


def _against(word: str, limits: Sequence[str], fact: Fact | None, *, measured: bool = False) -> Truth:
    if not isinstance(fact, Value):
        return None
    number = fact.corrected if fact.corrected is not None and not measured else fact.number
    for limit, unit in map(amount, limits):
        if unit == fact.unit:
            return _beyond(word, fact.sign, number, limit)
        if unit == "ULN" and fact.high is not None:
            return _beyond(word, fact.sign, number, limit * fact.high)
    return None


def _beyond(word: str, sign: str, number: Decimal, limit: Decimal) -> Truth:
    """Whether every value that the report leaves possible meets the limit, or none does."""
    least, most = (
        (number if ">" in sign or not sign else -_INFINITY),
        (number if ">" not in sign else _INFINITY),
    )
    open_least, open_most = sign == ">", sign == "<"
    if word in ("below", "at_most"):
        under = most < limit or (most == limit and (word == "at_most" or open_most))
        over = least > limit or (least == limit and (word == "below" or open_least))
    else:
        under = least > limit or (least == limit and (word == "at_least" or open_least))
        over = most < limit or (most == limit and (word == "above" or open_most))
    return True if under else False if over else None


def _out_of_range(word: str) -> Callable[[Any, Case], Truth]:
    def read_range(asked: Any, case: Case) -> Truth:
        fact = case.fact
        own = getattr(fact, word, None) if isinstance(fact, Value) else None
        limits = [f"{own:f} {fact.unit}"] if isinstance(fact, Value) and own is not None else many(asked)
        return _against("below" if word == "low" else "above", limits, fact)

    return read_range


def _within(asked: str, case: Case) -> Truth:
    fact = case.fact
    age = fact.age if isinstance(fact, Value | Entry) else None
    return None if age is None else age <= days(asked)


def _same_sample(asked: Any, case: Case) -> Truth:
    companion = case.fact.companion if isinstance(case.fact, Value) else None
    return False if companion is None else truth(asked, Case(case.chart, companion))


def _at_night(_: Any, case: Case) -> Truth:
    clock = case.fact.clock if isinstance(case.fact, Value) else ""
    return clock >= "23:00" or clock <= "06:00" if clock else None


def _rose(asked: Any, case: Case) -> Truth:
    fact = case.fact
    if not isinstance(fact, Value):
        return None
    earlier = [
        each.number
        for each in values(case.chart, fact.analyte)
        if 0 < each.age - fact.age <= days(asked["within"])
        and each.unit == fact.unit
        and not each.sign
        and not fact.sign
    ]
    return fact.number >= Decimal(asked["times"]) * min(earlier) if earlier else None


def _exposed(asked: str, case: Case) -> Truth:
    if not isinstance(case.fact, Taken):
        return None
    since = case.fact.drug.since
    return since is None or since - case.chart.onset >= days(asked)


def _prescribed_for(asked: Any, case: Case) -> Truth:
    reason = case.fact.drug.reason if isinstance(case.fact, Taken) else ""
    return any(each in reason for each in many(asked))


def _on_order(asked: Any, case: Case) -> Truth:
    ordered = {name for each in case.chart.orders for name in tests_of_order(each)[1]}
    return bool(ordered & set(many(asked)))


def _gestation_below(asked: str, case: Case) -> Truth:
    is_known = case.chart.weeks is not None and bool(entries(case.chart, "pregnancy_current"))
    return (case.chart.weeks or 0) < days(asked) // 7 if is_known else None


WORDS: Mapping[str, Callable[[Any, Case], Truth]] = {
    "all": lambda asked, case: every(truth(each, case) for each in asked),
    "any": lambda asked, case: some(truth(each, case) for each in asked),
    "not": lambda asked, case: None if (inner := truth(asked, case)) is None else not inner,
    "unless": lambda asked, case: truth(asked, case) is not True,
    "began": lambda asked, case: isinstance(case.fact, Taken) and case.fact.began in many(asked),
    "is": lambda asked, case: isinstance(case.fact, Taken) and case.fact.drug.ingredient in many(asked),
    "running": lambda _, case: isinstance(case.fact, Taken) and case.fact.drug.is_running,
    "exposed": _exposed,
    "prescribed_for": _prescribed_for,
    "below": _compared("below"),
    "at_most": _compared("at_most"),
    "above": _compared("above"),
    "at_least": _compared("at_least"),
    "measured_below": _compared("below", measured=True),
    "measured_above": _compared("above", measured=True),
    "measured_at_least": _compared("at_least", measured=True),
    "low": _out_of_range("low"),
    "high": _out_of_range("high"),
    "of": lambda asked, case: isinstance(case.fact, Value) and case.fact.measures == asked,
    "without_range": lambda _, case: isinstance(case.fact, Value) and case.fact.high is None,
    "same_sample": _same_sample,
    "at_night": _at_night,
    "rose": _rose,
    "within": _within,
    "undated": lambda _, case: isinstance(case.fact, Entry) and case.fact.age is None,
    "recorded": lambda *_: True,
    "confirmed": lambda _, case: isinstance(case.fact, Entry) and case.fact.is_confirmed,
    "one_sided": lambda asked, case: (
        (isinstance(case.fact, Entry) and case.fact.side in ("left", "right")) == (asked == "yes")
    ),
    "on_order": _on_order,
    "gestation_below": _gestation_below,
}


# --- words that name something else in the chart ----------------------------------------------------------------


def _taking(asked: str, beside: Beside, case: Case) -> Truth:
    running = [each for each in listed(case.chart, asked) if each.is_running]
    if wanted := many(beside.get("ingredients")):
        running = [each for each in running if each.ingredient in wanted]
    if "when_taken" in beside:
        age = case.fact.age if isinstance(case.fact, Value) else None
        running = [each for each in running if each.since is None or (age is not None and each.since > age)]
    if "before_onset" in beside:
        running = [each for each in running if time_class(each, case.chart, 30) != "after"]
    if "dose_above" in beside:
        limit, unit = amount(beside["dose_above"])
        doses = [amount(each.dose) if each.dose else None for each in running]
        if not any(dose and dose[1] == unit and dose[0] > limit for dose in doses):
            return None if None in doses else False
    return bool(running)


def _given(asked: str, beside: Beside, case: Case) -> Truth:
    on = case.fact.age if isinstance(case.fact, Value) else 0
    for each in listed(case.chart, asked):
        if each.since is not None and each.since < on:
            continue
        marks = [mark for mark in (each.since, each.until) if mark is not None]
        if each.is_running or any(mark - on <= days(beside["within"]) for mark in marks):
            return True
    return False


def _diagnosed(asked: Any, beside: Beside, case: Case) -> Truth:
    about = beside
    if "since_start" in beside or "before_result" in beside:
        about = {key: value for key, value in beside.items() if key in _OF_ENTRIES}
    found = [entry for concept in many(asked) for entry in entries(case.chart, concept)]
    if "since_start" in beside:
        change = case.fact.change if isinstance(case.fact, Taken) else None
        found = [each for each in found if change is not None and each.age is not None and each.age <= change]
    if "before_result" in beside:
        age = case.fact.age if isinstance(case.fact, Value) else None
        found = [each for each in found if _is_just_before(each, age, days(beside["before_result"]))]
    return some(truth(about, Case(case.chart, each)) for each in found)


def _is_just_before(entry: Entry, age: int | None, window: int) -> bool:
    return age is not None and entry.age is not None and 0 <= entry.age - age <= window


def _same_day(asked: str, beside: Beside, case: Case) -> Truth:
    age = case.fact.age if isinstance(case.fact, Value) else None
    found = [each for each in values(case.chart, asked) if each.age == age]
    return some(truth(beside, Case(case.chart, each)) for each in found) if found else None


def _changed(asked: str, beside: Beside, case: Case) -> Truth:
    """Taken, its start or last change of dose longer ago than `after`, and nothing measured since."""
    ages = [each.age for each in values(case.chart, beside["unmeasured"])]
    since = [each.since for each in listed(case.chart, asked) if each.is_running and each.since is not None]
    return any(each > days(beside["after"]) and all(age >= each for age in ages) for each in since)


def _latest(asked: str, beside: Beside, case: Case) -> Truth:
    found = [each for each in values(case.chart, asked) if not each.is_preliminary]
    return truth(beside, Case(case.chart, found[0])) if found else None


def _unmeasured(asked: Any, beside: Beside, case: Case) -> Truth:
    ages = [each.age for name in many(asked) for each in values(case.chart, name)]
    if "within" in beside:
        ages = [age for age in ages if age <= days(beside["within"])]
    if "since_change" in beside:
        since = case.fact.age if isinstance(case.fact, Entry) else None
        change = case.fact.change if isinstance(case.fact, Taken) else since
        ages = [age for age in ages if change is not None and age < change]
    return not ages


_OF_ENTRIES = ("within", "undated", "recorded", "one_sided", "confirmed")
_OF_RESULTS = (
    "below", "at_most", "above", "at_least", "measured_below", "measured_above", "measured_at_least", "low",
    "high", "without_range", "at_night", "same_sample", "within", "rose",
)  # fmt: skip

# a word that names something else in the chart, and the words beside it that are about that
HEADS: Mapping[str, tuple[Callable[[Any, Beside, Case], Truth], tuple[str, ...]]] = {
    "changed": (_changed, ("unmeasured", "after")),
    "taking": (_taking, ("ingredients", "when_taken", "before_onset", "dose_above")),
    "given": (_given, ("within",)),
    "diagnosed": (_diagnosed, (*_OF_ENTRIES, "since_start", "before_result")),
    "latest": (_latest, _OF_RESULTS),
    "same_day": (_same_day, _OF_RESULTS),
    "unmeasured": (_unmeasured, ("within", "since_change")),
}
