"""Every change of one chart that a limit, a window or a word of its file makes worth a test."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.boundaries.charts import Chart, Drug, Entry, Lab, members, plainest, product
from tests.boundaries.limits import NORMAL, ULN, fits, limits, measured, near, step
from tests.boundaries.values import Front, amount, analyte_file, days, many

Change = tuple[str, Chart]


def values(front: Front, chart: Chart, part: Any = None) -> Iterator[Change]:
    """Every value beside a limit of the file, or of one *part* of it, one result at a time."""
    for place, lab in enumerate(chart.labs):
        for value in near(front, lab.analyte, part):
            labs = (*chart.labs[:place], replace(lab, value=value), *chart.labs[place + 1 :])
            yield f"{plain(lab.analyte)} {value}", replace(chart, labs=labs)


def plain(name: str) -> str:
    """A value set's name in words."""
    return name.replace("_", " ")


def changes(front: Front, chart: Chart) -> Iterator[Change]:
    """One thing of the chart at a time, in words."""
    for place, drug in enumerate(chart.drugs):
        is_main = place == 0 and bool(_all_named(front, "exposure"))
        for words, other in _of_drug(front, chart, drug, is_main=is_main):
            yield words, replace(chart, drugs=(*chart.drugs[:place], *other, *chart.drugs[place + 1 :]))
    for place, lab in enumerate(chart.labs):
        is_main = place == 0 and bool(measured(front))
        for words, others in (*_of_lab(front, lab, is_main=is_main), *_adjusted(chart, lab)):
            yield words, replace(chart, labs=(*chart.labs[:place], *others, *chart.labs[place + 1 :]))
    for place, entry in enumerate(chart.entries):
        for words, found in _of_entry(front, chart, entry):
            yield words, replace(chart, entries=(*chart.entries[:place], *found, *chart.entries[place + 1 :]))
    yield from _of_weeks(front, chart)
    yield from _of_onset(front, chart)


def _of_onset(front: Front, chart: Chart) -> Iterator[Change]:
    """A stated onset counts the same day as before it; a recorded one does not."""
    if chart.drugs and "exposure" in many(front["subject"])[0]:
        drug = replace(chart.drugs[0], since=chart.onset, until=None)
        same_day = replace(chart, drugs=(drug, *chart.drugs[1:]))
        yield f"{drug.ingredient} started on the day of the onset", same_day
        recorded = replace(same_day, onset_is_stated=False)
        yield f"{drug.ingredient} started on the day that stands in for the onset", recorded


def _of_weeks(front: Front, chart: Chart) -> Iterator[Change]:
    for text in walk(front, "gestation_below"):
        limit = days(text) // 7
        for weeks in (limit - 1, limit, 41, None):
            yield f"{weeks or 'no known'} weeks", replace(chart, weeks=weeks)


def walk(node: Any, key: str) -> Iterator[Any]:
    """What stands under one key anywhere in a file."""
    if isinstance(node, dict):
        yield from (node[key],) if key in node else ()
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(each, key)


def judging(front: Front) -> Front:
    """The parts of a file that decide whether, and how urgently, it speaks."""
    keys = (
        "subject", "when", "safety", "critical_range", "context", "on_its_own", "set_aside", "red_flags", "overdue",
    )  # fmt: skip
    return {key: front[key] for key in keys if key in front}


def windows(front: Front, *keys: str) -> list[int]:
    """The days of every window of these words, in order."""
    found = {days(text) for key in keys for text in walk(judging(front), key) if isinstance(text, str)}
    return sorted(found)


# --- drugs ---------------------------------------------------------------------------------------------------------


def _of_drug(
    front: Front, chart: Chart, drug: Drug, *, is_main: bool
) -> Iterator[tuple[str, tuple[Drug, ...]]]:
    name = drug.ingredient
    yield f"no {name}", ()
    for status in ("entered-in-error", "not-taken", "on-hold"):
        yield f"{name} {status}", (replace(drug, status=status, until=None),)
    for status in ("draft", "cancelled"):
        yield f"{name} only a {status} order", (replace(drug, status=status, until=None, as_request=True),)
    yield f"{name} of unknown status", (replace(drug, status="unknown", until=None),)
    yield f"{name} stopped, no date", (replace(drug, status="stopped", until=None),)
    for other in _other_ingredients(front, drug):
        yield f"{other} in place of {name}", (replace(drug, ingredient=other),)
    yield from _doses(front, drug)
    for since, until in _periods(front, chart, drug, is_main=is_main):
        yield _when(name, since, until, chart.onset), (replace(drug, since=since, until=until),)
    if drug.reason:
        yield f"{name} with no reason recorded", (replace(drug, reason=""),)
        yield f"{name} for another reason", (replace(drug, reason="leg cramps"),)


def _when(name: str, since: int | None, until: int | None, onset: int) -> str:
    began = "start not recorded" if since is None else f"started {_against(since, onset)}"
    ended = "" if until is None else f", stopped {_against(until, onset)}"
    return f"{name} {began}{ended}"


def _against(day: int, onset: int) -> str:
    before = day - onset
    return f"{before} days before the onset" if before >= 0 else f"{-before} days after the onset"


def _other_ingredients(front: Front, drug: Drug) -> list[str]:
    """All that some word names, and one member of the class that none does."""
    lists = [each for key in ("is", "ingredients") for each in walk(judging(front), key)]
    named = {each for names in lists for each in many(names)}
    known = members(drug.value_set)
    others = [each for each in known if each in named]
    if named:
        others += [each for each in known if each not in named and _is_known(drug.value_set, each)][:1]
    return [each for each in others if each != drug.ingredient and _is_known(drug.value_set, each)]


def _is_known(value_set: str, ingredient: str) -> bool:
    return bool(product(value_set, ingredient).value_sets)


def _doses(front: Front, drug: Drug) -> Iterator[tuple[str, tuple[Drug, ...]]]:
    for limit in walk(judging(front), "dose_above"):
        number, unit = amount(limit)
        for dose in ("", f"{number:f} {unit}", f"{number + 1:f} {unit}"):
            yield f"{drug.ingredient} {dose or 'without a dose'}", (replace(drug, dose=dose),)


def _periods(front: Front, chart: Chart, drug: Drug, *, is_main: bool) -> list[tuple[int | None, int | None]]:
    """Starts and stops on both sides of every window that drugs are judged by."""
    onset = chart.onset
    starts = [onset + each for each in (-1, 1)]
    if "before_onset" in _keys(judging(front)):
        starts.append(onset)
    for lab in chart.labs:
        starts += [lab.age - 1, lab.age, lab.age + 1] if "when_taken" in _keys(judging(front)) else []
    for count in windows(front, "after"):
        starts += [count - 1, count, count + 1]
    found: list[tuple[int | None, int | None]] = [
        (None, None),
        *((each, None) for each in starts if each > 0),
    ]
    found += [(300, 1), (None, 1)]
    if is_main:
        counts = [
            each for count in (90, 365, *windows(front, "exposed")) for each in (count - 1, count, count + 1)
        ]
        found += [(onset + each, None) for each in counts]
        washout = days(front.get("washout", "30 days"))
        found += [(onset + 300, onset + each) for each in (1, washout, washout + 1)]
        found += _given(front, onset)
    for count in windows_of_given(front):
        on = chart.labs[0].age if chart.labs and not is_main else 0
        found += [(on + each, on + each) for each in (0, count, count + 1)]
        found += [(on - 1, on - 1)] if on > 1 else []
    return list(dict.fromkeys(found))


def _given(front: Front, onset: int) -> list[tuple[int | None, int | None]]:
    """Single doses, and courses that ended, on both sides of the window."""
    found: list[tuple[int | None, int | None]] = []
    for count in windows(front, "given_within"):
        ends = [onset + each for each in (1, count, count + 1)]
        found += [(each, each) for each in ends]
        found += [(onset + count + 200, each) for each in ends]
        found += [(onset + count, None), (onset + count + 1, None), (onset - 1, onset - 1)]
    return found


def windows_of_given(front: Front) -> list[int]:
    """The windows beside `given`."""
    found = set()

    def look(node: Any) -> None:
        if isinstance(node, dict):
            if "given" in node:
                found.add(days(node["within"]))
            for each in node.values():
                look(each)
        elif isinstance(node, list):
            for each in node:
                look(each)

    look(judging(front))
    return sorted(found)


def _keys(node: Any) -> set[str]:
    if isinstance(node, dict):
        return {*node, *(key for each in node.values() for key in _keys(each))}
    return {key for each in node for key in _keys(each)} if isinstance(node, list) else set()


def stopped_since(front: Front, chart: Chart) -> Iterator[Change]:
    """The main drug stopped after the onset, 90 and 91 days ago."""
    if chart.drugs and "exposure" in many(front["subject"])[0]:
        for until in (1, 90, 91, 120):
            drug = replace(chart.drugs[0], since=300, until=until)
            words = f"{drug.ingredient} stopped {until} days ago, cramps for 120 days"
            yield words, replace(chart, drugs=(drug, *chart.drugs[1:]), onset=120)


# --- results ---------------------------------------------------------------------------------------------------------


def _of_lab(front: Front, lab: Lab, *, is_main: bool) -> Iterator[tuple[str, tuple[Lab, ...]]]:
    name = plain(lab.analyte)
    yield f"no {name}", ()
    for age in _ages(front):
        yield f"{name} {lab.value}, {age} days old", (replace(lab, age=age),)
    for status in ("entered-in-error", "cancelled", "amended"):
        yield f"{name} {lab.value} {status}", (replace(lab, status=status),)
    yield from _units(front, lab)
    yield from _ranges(front, lab)
    for clock in ("22:59", "23:00", "06:00", "06:01") if "at_night" in _keys(judging(front)) else ():
        yield f"{name} at {clock}", (replace(lab, clock=clock),)
    for rise in walk(judging(front), "rose"):
        yield from _earlier(lab, rise)
    normal = NORMAL[lab.analyte]
    if is_main:
        yield f"{name} {lab.value} preliminary", (replace(lab, status="preliminary", age=min(lab.age, 10)),)
        yield (
            f"{name} {lab.value}, then {normal}",
            (replace(lab, age=lab.age + 1), replace(lab, value=normal)),
        )
        yield f"{name} {normal}, then {lab.value}", (replace(lab, value=normal, age=lab.age + 1), lab)
        yield from _bounds(front, lab)


def _ages(front: Front) -> list[int]:
    fixed = (30, 31, 90, 91, 365, 366) if "critical_range" in front else (366,)
    given = [each for count in windows(front, "within", "oldest") for each in (count, count + 1)]
    return sorted({0, *fixed, *given})


def _units(front: Front, lab: Lab) -> Iterator[tuple[str, tuple[Lab, ...]]]:
    """Units that nobody knows, that are not written, and values that no patient has."""
    name, (number, _) = plain(lab.analyte), amount(lab.value.lstrip("<>="))
    yield (
        f"{name} {number:f} in an unknown unit",
        (replace(lab, value=f"{number:f} furlong", low="", high=""),),
    )
    yield f"{name} {number:f} without a unit", (replace(lab, value=f"{number:f}", low="", high=""),)
    column = analyte_file(lab.analyte)["units"][0]
    most = Decimal(column["plausible"].partition(" to ")[2])
    yield f"{name} {most * 2:f}: implausible", (replace(lab, value=f"{most * 2:f} {column['unit']}"),)
    for each in analyte_file(lab.analyte).get("conversions", ())[:1]:
        if amount(lab.value)[1] == each["to"] and not lab.low:
            there = round(number / Decimal(each["times"]), 3)
            yield (
                f"{name} {there} {each['unit']}",
                (replace(lab, value=f"{there:f} {each['unit']}", high=""),),
            )


def _ranges(front: Front, lab: Lab) -> Iterator[tuple[str, tuple[Lab, ...]]]:
    """The laboratory's own limit decides what is low or high."""
    name = plain(lab.analyte)
    if "without_range" in _keys(judging(front)) and lab.high:
        yield f"{name} {lab.value} without a range", (replace(lab, high=""),)
    for side, sign in (("low", 1), ("high", -1)):
        for limit in dict.fromkeys(each for key in walk(judging(front), side) for each in many(key)):
            if not fits(lab.analyte, limit) or amount(limit)[1] == "ULN":
                continue
            number, unit = amount(limit)
            own = number + sign * 5 * step(limit)
            for value in (own - sign * step(limit), own, number, number - sign * step(limit)):
                text = f"{value:f} {unit}"
                bound = f"{own:f} {unit}"
                ranged = (
                    replace(lab, value=text, low=bound)
                    if side == "low"
                    else replace(lab, value=text, high=bound)
                )
                yield f"{name} {text}, the laboratory's {side} limit {own:f}", (ranged,)


def _bounds(front: Front, lab: Lab) -> Iterator[tuple[str, tuple[Lab, ...]]]:
    """Values that are reported only as a bound."""
    name = plain(lab.analyte)
    for limit in dict.fromkeys(
        each for found, each in limits(front, measured(front)) if found == lab.analyte
    ):
        number, unit = amount(limit)
        if unit == "ULN":
            number, unit = number * amount(ULN[lab.analyte])[0], amount(ULN[lab.analyte])[1]
        for sign in ("<", "<=", ">", ">="):
            value = f"{sign}{number:f} {unit}"
            yield f"{name} {value}", (replace(lab, value=value),)


def _earlier(lab: Lab, rise: Front) -> Iterator[tuple[str, tuple[Lab, ...]]]:
    """An earlier value that makes the newest a rise, just not one, and one from too long before."""
    name, (number, unit) = plain(lab.analyte), amount(lab.value)
    low = number / Decimal(rise["times"])
    window = days(rise["within"])
    for value, ago in ((low, 30), (low + 1, 30), (low, window), (low, window + 1)):
        earlier = replace(lab, value=f"{value:f} {unit}", age=lab.age + ago)
        yield f"{name} {value:f} {ago} days before {number:f}", (lab, earlier)


def _adjusted(chart: Chart, lab: Lab) -> Iterator[tuple[str, tuple[Lab, ...]]]:
    """The same total calcium beside a normal and a low albumin."""
    if lab.analyte != "calcium_total" or any(each.analyte == "albumin" for each in chart.labs):
        return
    for grams in (40, 30, 20):
        for days_off in (0, 7, 8):
            albumin = Lab("albumin", f"{grams} g/L", lab.age + days_off)
            yield f"{lab.value} with albumin {grams} g/L {days_off} days before", (lab, albumin)


# --- diagnoses -----------------------------------------------------------------------------------------------------


def _of_entry(front: Front, chart: Chart, entry: Entry) -> Iterator[tuple[str, tuple[Entry, ...]]]:
    name = plain(entry.concept)
    yield f"no {name}", ()
    for status in ("refuted", "entered-in-error", "resolved", "inactive", "provisional", "confirmed"):
        yield f"{name} {status}", (replace(entry, status=status),)
    if entry.age is not None:
        yield f"{name} undated", (replace(entry, age=None),)
    for age in _entry_ages(front, chart):
        yield f"{name} {age} days ago", (replace(entry, age=age),)
    if "one_sided" in _keys(judging(front)):
        for side in ("left", "both"):
            yield f"{name}, {side}", (replace(entry, side=side),)
    for other in _other_concepts(front, entry):
        yield f"{plain(other)} in place of {name}", (replace(entry, concept=other),)


def _entry_ages(front: Front, chart: Chart) -> Iterable[int]:
    ages = [each for count in windows(front, "within", "confirm_until") for each in (count, count + 1)]
    ages += [30, 31, 90, 91] if "red_flags" in front or "coded" in front else []
    ages += [300, 301] if "pregnancy_current" in str(judging(front)) else []
    if "since_start" in _keys(judging(front)):
        ages += [
            since + each for drug in chart.drugs if (since := drug.since) is not None for each in (-1, 0, 1)
        ]
    for count in windows(front, "before_result"):
        ages += [lab.age + each for lab in chart.labs for each in (-1, 0, count, count + 1)]
    return sorted({each for each in ages if each >= 0})


def _other_concepts(front: Front, entry: Entry) -> list[str]:
    """The others of every list that names this one."""
    lists = [many(each) for key in ("diagnosed", "diagnosis", "coded") for each in walk(judging(front), key)]
    found = [other for each in lists if entry.concept in each for other in each]
    return [each for each in dict.fromkeys(found) if each != entry.concept]


# --- what the chart does not hold yet ------------------------------------------------------------------------------


def additions(front: Front, chart: Chart) -> Iterator[Change]:
    """Everything else that the file names, one at a time."""
    about = judging(front)
    held = {each.value_set for each in chart.drugs}
    for name in _all_named(about, "taking", "given", "changed", "exposure"):
        if name not in held:
            ingredient = plainest(name)[0]
            drug = Drug(name, ingredient, 200)
            yield f"with {ingredient}", replace(chart, drugs=(*chart.drugs, drug))
    for name in _all_named(about, "diagnosed", "diagnosis", "coded"):
        for age in (10, 80) if "critical_range" not in front else (10,):
            entry = Entry(name, age)
            words = f"with {plain(name)} {age} days ago"
            yield words, replace(chart, entries=(*chart.entries, entry))
    for test in _all_named(about, "on_order"):
        yield f"with {test} on order", replace(chart, orders=(test,))
    for test in _all_named(about, "tests"):
        if order := analyte_file(test).get("order"):
            yield f"with {order} on order", replace(chart, orders=(order,))
    yield from _measured(front, chart)


def _measured(front: Front, chart: Chart) -> Iterator[Change]:
    about = judging(front)
    held = {each.analyte for each in chart.labs}
    names = _all_named(about, "latest", "unmeasured", "tests", "readings", "same_day")
    for name in (each for each in names if each not in held):
        normal = NORMAL[name]
        for age in _added_ages(front, chart):
            lab = Lab(name, normal, age, high=ULN.get(name, ""))
            words = f"with {plain(name)} {normal} {age} days ago"
            yield words, replace(chart, labs=(*chart.labs, lab))
        for value in near(front, name)[:-1] if name not in measured(front) else ():
            lab = Lab(name, value, 7, high=ULN.get(name, ""))
            words = f"with {plain(name)} {value}"
            yield words, replace(chart, labs=(*chart.labs, lab))


def _added_ages(front: Front, chart: Chart) -> list[int]:
    ages = [each for count in windows(front, "within", "oldest") for each in (count, count + 1)]
    if "since_change" in _keys(judging(front)) or "changed" in _keys(judging(front)):
        marks = [mark for drug in chart.drugs for mark in (drug.since, drug.until) if mark is not None]
        marks += [entry.age for entry in chart.entries if entry.age is not None]
        ages += [each for mark in marks for each in (mark - 1, mark)]
    return sorted({7, *(each for each in ages if each >= 0)})


def _all_named(about: Front, *keys: str) -> list[str]:
    found: Sequence[Any] = [each for key in keys for value in walk(about, key) for each in many(value)]
    return list(dict.fromkeys(each for each in found if isinstance(each, str)))


def all_measured(front: Front, chart: Chart) -> Chart:
    """With a normal value of everything whose absence the file speaks of."""
    held = {each.analyte for each in chart.labs}
    names = [each for each in _all_named(judging(front), "unmeasured") if each not in held]
    return replace(chart, labs=(*chart.labs, *(Lab(each, NORMAL[each], 7) for each in names)))
