"""What a chart does not hold yet, of all that its file names."""

from collections.abc import Iterator
from dataclasses import replace

from tests.boundaries.changes import Change, entry_ages
from tests.boundaries.charts import Chart, Drug, Entry, Lab, plainest
from tests.boundaries.limits import NORMAL, ULN, judging, keys_of, named, names, near, plain, walk, windows
from tests.boundaries.values import Front, analyte_file, many


def additions(front: Front, chart: Chart) -> Iterator[Change]:
    """Everything else that the file names, one at a time."""
    about = judging(front)
    held = {each.value_set for each in chart.drugs}
    for name in named(about, "taking", "given", "changed", "exposure"):
        if name not in held:
            ingredient = plainest(name)[0]
            drug = Drug(name, ingredient, 200)
            yield f"with {ingredient}", replace(chart, drugs=(*chart.drugs, drug))
    for name in named(about, "diagnosed", "diagnosis", "coded"):
        yield f"with {plain(name)}", replace(chart, entries=(*chart.entries, Entry(name, 10)))
    for test in named(about, "on_order"):
        yield f"with {test} on order", replace(chart, orders=(test,))
    for test in named(about, "tests"):
        if order := analyte_file(test).get("order"):
            yield f"with {order} on order", replace(chart, orders=(order,))
    for name in _absent(front, chart):
        lab = Lab(name, NORMAL[name], 7, high=ULN.get(name, ""))
        yield f"with a normal {plain(name)}", replace(chart, labs=(*chart.labs, lab))


def further_additions(front: Front, chart: Chart) -> Iterator[Change]:
    """The same at every limit and window of the file: only what some limit needs is kept of these."""
    for name in names(front, "diagnosed", "diagnosis", "coded"):
        for age in entry_ages(front, chart):
            words = f"with {plain(name)} {age} days ago"
            yield words, replace(chart, entries=(*chart.entries, Entry(name, age)))
    for name in _absent(front, chart):
        for value in near(front, name):
            for age in _added_ages(front, chart):
                lab = Lab(name, value, age, high=ULN.get(name, ""))
                words = f"with {plain(name)} {value} {age} days ago"
                yield words, replace(chart, labs=(*chart.labs, lab))
    yield from _all_but(front, chart)


def _all_but(front: Front, chart: Chart) -> Iterator[Change]:
    """All measured whose absence the file speaks of, but one list of them; then one of that list by its age."""
    whole = all_measured(front, chart)
    for missing in (many(each) for each in walk(judging(front), "unmeasured")):
        rest = tuple(each for each in whole.labs if each.analyte not in missing or each in chart.labs)
        words = f"all measured but {', '.join(map(plain, missing))}"
        yield words, replace(whole, labs=rest)
        for name in missing:
            for age in _added_ages(front, chart):
                old = Lab(name, NORMAL[name], age)
                yield f"{words}, {plain(name)} {age} days ago", replace(whole, labs=(*rest, old))


def _absent(front: Front, chart: Chart) -> list[str]:
    held = {each.analyte for each in chart.labs}
    wanted = names(front, "latest", "unmeasured", "tests", "readings", "same_day")
    return [each for each in wanted if each not in held]


def _added_ages(front: Front, chart: Chart) -> list[int]:
    ages = [each for count in windows(front, "within", "oldest") for each in (count, count + 1)]
    if "since_change" in keys_of(judging(front)) or "changed" in keys_of(judging(front)):
        marks = [mark for drug in chart.drugs for mark in (drug.since, drug.until) if mark is not None]
        marks += [entry.age for entry in chart.entries if entry.age is not None]
        ages += [each for mark in marks for each in (mark - 1, mark)]
    return sorted({7, *(each for each in ages if each >= 0)})


def all_measured(front: Front, chart: Chart) -> Chart:
    """With a normal value of everything whose absence the file speaks of."""
    held = {each.analyte for each in chart.labs}
    wanted = [each for each in names(front, "unmeasured") if each not in held]
    return replace(chart, labs=(*chart.labs, *(Lab(each, NORMAL[each], 7) for each in wanted)))
