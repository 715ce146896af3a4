"""Facts -> the lanes of a picture: cramps, drugs, results, diagnoses, with what each mark says."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from cds_service import captions, phrases
from cds_service.dates import Span
from cds_service.facts import Course, Diagnosed, Facts, LabResult, Report
from cds_service.knowledge import Knowledge
from cds_service.laboratory import Analyte, Column
from cds_service.timeline import Kind, Lane, Mark, Step

_MOST_DAYS = 200  # of the entries of one course


def lanes(facts: Facts, knowledge: Knowledge) -> list[Lane]:
    """
    All that was recognised, lane by lane, the same whatever the order of the entries; the marks are not named yet.
    """
    return [*_cramps(facts), *_drugs(facts), *_results(facts, knowledge), *_diagnoses(facts, knowledge)]


def of_drug(ingredient: str) -> str:
    """The id of an ingredient's lane."""
    return f"drug:{ingredient}"


def of_analyte(name: str) -> str:
    """The id of an analyte's lane."""
    return f"result:{name}"


def of_concept(name: str) -> str:
    """The id of a diagnosis's lane."""
    return f"diagnosis:{name}"


def _lane(identity: str, kind: Kind, label: str, marks: Iterable[Mark], unit: str = "") -> Lane:
    """Its marks from the oldest on, those without a start first; of one day in the order in which they come."""
    ordered = sorted(marks, key=lambda each: each.begins or date.min)
    return Lane(identity, kind, label, tuple(ordered), unit)


def _until(start: Span | None, latest: date = date.max) -> date | None:
    """The last day, at the *latest* that one, on which something may have begun; None where that is certain."""
    if start is None or start.is_full:
        return None
    return max(start.first, min(start.last, latest))


def _sources(entries: Iterable[Report | Diagnosed]) -> tuple[str, ...]:
    return tuple(sorted({each.source for each in entries}))


# --- the cramps -------------------------------------------------------------------------------------------------


def _cramps(facts: Facts) -> Iterator[Lane]:
    found: dict[tuple[object, ...], list[Report]] = defaultdict(list)
    for each in facts.reports:
        found[each.carrier, each.onset, each.recorded].append(each)
    if found:
        yield _lane(
            "cramps", "cramps", "night leg cramps", (_report(each, facts.today) for each in found.values())
        )


def _report(reports: Sequence[Report], today: date) -> Mark:
    report, onset = reports[0], reports[0].onset
    begins = onset.on.first if onset and onset.on.first > date.min else None
    if onset is None:
        when = "onset not recorded"
    elif onset.doubt:
        when = onset.doubt
    else:
        when = f"from {onset.on}" if onset.is_stated else "onset not stated"
    recorded = f", recorded {report.recorded}" if report.recorded else ""
    says = f"Night leg cramps, {when}{recorded} ({report.carrier})"
    starts = str(onset.on) if begins and onset else ""
    until = _until(onset.on, today) if begins and onset else None
    return Mark(
        "",
        begins,
        None,
        says,
        _sources(reports),
        starts,
        until,
        starts_is_stated=onset is None or onset.is_stated,
        is_running=True,
    )


# --- drugs ------------------------------------------------------------------------------------------------------


def _drugs(facts: Facts) -> Iterator[Lane]:
    """An ingredient is in several classes: it is one lane, and a course that several of them have is drawn once."""
    found: dict[str, dict[Course, None]] = defaultdict(dict)
    for exposure in (each for _, members in sorted(facts.exposures.items()) for each in members):
        for course in exposure.courses:
            found[exposure.ingredient].setdefault(course)
    for ingredient, courses in sorted(found.items()):
        whole = [each for each in courses if not _is_part(each, courses)]
        name = phrases.usual(ingredient)
        yield _lane(of_drug(ingredient), "drug", name, (_course(name, each, facts.today) for each in whole))


def _is_part(course: Course, others: Iterable[Course]) -> bool:
    """Whether another course has all its entries and more: a class that reads only some of them."""
    return any(set(course.sources) < set(each.sources) for each in others)


def _course(ingredient: str, course: Course, today: date) -> Mark:
    begins = course.began.first if course.began else None
    ends = course.ended.last if course.ended else None
    return Mark(
        "",
        begins,
        max(begins, ends) if begins and ends else ends,  # an end that was written before the start
        ", ".join((_dosed(ingredient, course), *_dates(course))),
        course.sources,
        starts=str(course.began or ""),
        starts_is_stated=course.began_is_stated,
        stops=str(course.ended or ""),
        begins_until=_until(course.began, min(today, course.ended.last if course.ended else today)),
        is_running=course.is_running,
        steps=tuple(_steps(course)),
        given=tuple(each.first for each in course.given if each.is_full)[-_MOST_DAYS:],
    )


def _dosed(ingredient: str, course: Course) -> str:
    if course.dose is None:
        return ingredient
    return f"{ingredient} {captions.dose(course.dose, course)}"


def _dates(course: Course) -> Iterator[str]:
    if course.began is None:
        yield "start date not recorded"
    else:
        yield f"{'since' if course.began_is_stated else 'first recorded'} {course.began}"
    if (change := course.last_change) is not None:
        verb = "raised" if change.after.value > change.before.value else "lowered"
        yield f"{verb} from {phrases.amount(change.before)} to {captions.dose(change.after, course)} on {change.on}"
    if course.ended:
        yield f"until {course.ended}"
    if course.end_is_unknown:
        yield "stop date not recorded"
    if course.is_weak:
        yield "status not known"


def _steps(course: Course) -> Iterator[Step]:
    """Its doses from day to day, in one unit; none where they are not known throughout."""
    doses = [dose for _, dose in course.levels]
    if not doses or doses[-1] != course.dose or len({dose.unit if dose else None for dose in doses}) > 1:
        return
    before = None
    for on, dose in course.levels:
        if dose is not None and dose != before:
            yield Step(on.first, captions.dose(dose, course), float(dose.value))
        before = dose


# --- results ----------------------------------------------------------------------------------------------------


def _results(facts: Facts, knowledge: Knowledge) -> Iterator[Lane]:
    for name, results in sorted(facts.results.items(), key=lambda each: knowledge.analytes[each[0]].label):
        if results:
            analyte = knowledge.analytes[name]
            column = _usual(results, analyte)
            marks = [_result(each, column, knowledge) for each in reversed(results)]
            yield _lane(of_analyte(name), "result", analyte.label, marks, _printed(column.unit))


def _usual(results: Sequence[LabResult], analyte: Analyte) -> Column:
    """The unit of most results; of equals that of the newest."""
    counts = Counter(each.unit for each in results)
    return _column(max(counts, key=lambda unit: counts[unit]), analyte)


def _column(unit: str, analyte: Analyte) -> Column:
    return next(each for each in analyte.columns if each.unit == unit)


def _result(result: LabResult, column: Column, knowledge: Knowledge) -> Mark:
    own = _column(result.unit, knowledge.analytes[result.analyte])
    return Mark(
        "",
        result.taken.first,
        result.taken.last,
        ", ".join(_read(result, own, column, knowledge)),
        (result.source,),
        starts=str(result.taken),
        begins_until=_until(result.taken),
        corrected="" if result.corrected is None else str(result.corrected),
        value=_in(result.value, own, column),
        low=None if result.low is None else _in(result.low, own, column),
        high=None if result.high is None else _in(result.high, own, column),
    )


def _read(result: LabResult, own: Column, column: Column, knowledge: Knowledge) -> Iterator[str]:
    """One result in words, and what a reader must know about it."""
    yield f"{knowledge.analytes[result.analyte].label} {captions.value(result)}"
    yield f"{result.taken}{f' at {result.clock}' if result.clock else ''}"
    if own is not column:
        yield f"drawn as {_in(result.value, own, column):g} {_printed(column.unit)}"
    if result.low is not None or result.high is not None:
        unit = _printed(own.unit)
        is_same = unit in ("", result.readable()[1])
        yield f"laboratory's limits {_limits(result)}{'' if is_same else f' {unit}'}"
    yield from captions.notes(result, knowledge)


def _limits(result: LabResult) -> str:
    low, high = (None if each is None else f"{float(each):g}" for each in (result.low, result.high))
    return f"{low} to {high}" if low and high else f"from {low}" if low else f"up to {high}"


def _in(value: Decimal, own: Column, column: Column) -> float:
    """A value in the unit of the lane; as it was reported where that is its own."""
    if own is column:
        return float(value)
    return float(f"{(value - own.plus) / own.times * column.times + column.plus:.4g}")


def _printed(unit: str) -> str:
    plain = unit.replace("/{1.73_m2}", "/1.73 m2").replace("10*", "10^")
    return "" if plain.startswith("{") else plain


# --- diagnoses --------------------------------------------------------------------------------------------------


def _diagnoses(facts: Facts, knowledge: Knowledge) -> Iterator[Lane]:
    for name, entries in sorted(facts.diagnoses.items()):
        if entries and name in knowledge.reads:
            same: dict[tuple[object, ...], list[Diagnosed]] = defaultdict(list)
            for each in entries:
                same[each.on, each.is_confirmed, each.side, each.matched_by].append(each)
            marks = (_diagnosis(each, knowledge) for each in same.values())
            yield _lane(of_concept(name), "diagnosis", phrases.concept(entries[0], knowledge), marks)


def _diagnosis(entries: Sequence[Diagnosed], knowledge: Knowledge) -> Mark:
    entry, on = entries[0], entries[0].on
    begins, ends = (on.first, on.last) if on else (None, None)
    way = ["matched by text"] if entry.matched_by == "text" else []
    return Mark(
        "",
        begins,
        ends,
        ", ".join((*captions.diagnosis(entry, knowledge), *way)),
        _sources(entries),
        str(on or ""),
        _until(on),
        starts_is_stated=on != entry.recorded,
    )
