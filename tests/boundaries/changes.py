"""Every change of one chart that a limit, a window or a word of its file makes worth a test."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.boundaries.charts import Chart, Drug, Entry, Lab, members, product
from tests.boundaries.limits import (
    NORMAL,
    ULN,
    fits,
    judging,
    keys_of,
    limits,
    measured,
    named,
    near,
    plain,
    step,
    walk,
    windows,
    windows_of_given,
)
from tests.boundaries.values import Front, amount, analyte_file, days, many

Change = tuple[str, Chart]


def values(front: Front, chart: Chart, part: Any = None) -> Iterator[Change]:
    """Every value beside a limit of the file, or of one *part* of it, one result at a time."""
    for place, lab in enumerate(chart.labs):
        for value in near(front, lab.analyte, part):
            labs = (*chart.labs[:place], replace(lab, value=value), *chart.labs[place + 1 :])
            yield f"{plain(lab.analyte)} {value}", replace(chart, labs=labs)


def changes(front: Front, chart: Chart) -> Iterator[Change]:
    """One thing of the chart at a time, in words."""
    for place, drug in enumerate(chart.drugs):
        is_main = place == 0 and bool(named(front, "exposure"))
        for words, other in _of_drug(front, chart, drug, is_main=is_main):
            yield words, replace(chart, drugs=(*chart.drugs[:place], *other, *chart.drugs[place + 1 :]))
    for place, lab in enumerate(chart.labs):
        is_main = place == 0 and bool(measured(front))
        for words, others in (*_of_lab(front, lab, is_main=is_main), *_adjusted(chart, lab)):
            yield words, replace(chart, labs=(*chart.labs[:place], *others, *chart.labs[place + 1 :]))
    for place, entry in enumerate(chart.entries):
        for words, found in _of_entry(front, chart, entry):
            yield words, replace(chart, entries=(*chart.entries[:place], *found, *chart.entries[place + 1 :]))
    yield from _of_rises(front, chart)
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
    if "before_onset" in keys_of(judging(front)):
        starts.append(onset)
    for lab in chart.labs:
        starts += [lab.age - 1, lab.age, lab.age + 1] if "when_taken" in keys_of(judging(front)) else []
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


def started_lately(front: Front, chart: Chart) -> Iterator[Change]:
    """The main drug so many days before the index day as nothing is due before, with cramps since the day after."""
    if chart.drugs and "exposure" in many(front["subject"])[0]:
        for since in (each for count in windows(front, "after") for each in (count - 1, count)):
            drug = replace(chart.drugs[0], since=since, until=None)
            words = f"{drug.ingredient} started {since} days ago, cramps for {since - 1} days"
            yield words, replace(chart, drugs=(drug, *chart.drugs[1:]), onset=since - 1)


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
    for clock in ("22:59", "23:00", "06:00", "06:01") if "at_night" in keys_of(judging(front)) else ():
        yield f"{name} at {clock}", (replace(lab, clock=clock),)
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
    if "without_range" in keys_of(judging(front)) and lab.high:
        yield f"{name} {lab.value} without a range", (replace(lab, high=""),)
    for side, sign in (("low", 1), ("high", -1)):
        for limit in dict.fromkeys(each for key in walk(judging(front), side) for each in many(key)):
            if not fits(lab.analyte, limit) or amount(limit)[1] == "ULN":
                continue
            number, unit = amount(limit)
            yield from _wide_range(front, lab, side, unit)
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


def _wide_range(front: Front, lab: Lab, side: str, unit: str) -> Iterator[tuple[str, tuple[Lab, ...]]]:
    """The laboratory's range reaches beyond every limit of ours, so that only ours decide."""
    every = [(amount(each)[0], step(each)) for each in near(front, lab.analyte) if amount(each)[1] == unit]
    lowest, highest = min(every), max(every)
    own = f"{lowest[0] - 2 * lowest[1] if side == 'low' else highest[0] + 2 * highest[1]:f} {unit}"
    for value in near(front, lab.analyte):
        if amount(value)[1] == unit and own[0] != "-":
            ranged = (
                replace(lab, value=value, low=own) if side == "low" else replace(lab, value=value, high=own)
            )
            yield f"{plain(lab.analyte)} {value}, the laboratory's {side} limit {own}", (ranged,)


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


def _of_rises(front: Front, chart: Chart) -> Iterator[Change]:
    """An earlier value that makes the newest a rise, just not one, and one from too long before."""
    for rise in walk(judging(front), "rose"):
        for newest in chart.labs:
            older = [each for each in chart.labs if each.analyte == newest.analyte and each.age > newest.age]
            rest = tuple(each for each in chart.labs if each not in older)
            if older:
                for words, earlier in _earlier(newest, rise):
                    yield words, replace(chart, labs=(*rest, earlier))


def _earlier(newest: Lab, rise: Front) -> Iterator[tuple[str, Lab]]:
    name, (number, unit) = plain(newest.analyte), amount(newest.value)
    low, window = number / Decimal(rise["times"]), days(rise["within"])
    for value, ago in ((low, 30), (low + 1, 30), (low, window), (low, window + 1)):
        earlier = replace(newest, value=f"{value:f} {unit}", age=newest.age + ago)
        yield f"{name} {value:f} {ago} days before {number:f}", earlier


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
    for age in entry_ages(front, chart):
        yield f"{name} {age} days ago", (replace(entry, age=age),)
    if "one_sided" in keys_of(judging(front)):
        for side in ("left", "both"):
            yield f"{name}, {side}", (replace(entry, side=side),)
    for other in _other_concepts(front, entry):
        yield f"{plain(other)} in place of {name}", (replace(entry, concept=other),)


def entry_ages(front: Front, chart: Chart) -> Iterable[int]:
    ages = [each for count in windows(front, "within", "confirm_until") for each in (count, count + 1)]
    ages += [30, 31, 90, 91] if "red_flags" in front or "coded" in front else []
    ages += [300, 301] if "pregnancy_current" in str(judging(front)) else []
    if "since_start" in keys_of(judging(front)):
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
