"""Findings in short: by what would change them, so that it can be told whether anything has."""

# Words, not whole facts: what the record no longer says is no news (a list that is cut off forgets a drug's start, a
# window closes), so what is known now is compared as a part of what was known then.

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

from cds_service.criteria import HasDiagnosis, Undated, Within
from cds_service.dates import Span
from cds_service.facts import Diagnosed, Fact, LabResult, Timing
from cds_service.findings import Finding
from cds_service.knowledge import Contributor
from cds_service.result_criteria import Of
from cds_service.truth import AllOf, AnyOf, Criterion, Not, Unless

_OWN = ""  # the entry that a rule is about, in place of a concept's name


def in_short(findings: Iterable[Finding]) -> frozenset[str]:
    """
    What they rest on: drugs by start and dose, values by day, diagnoses by date.

    The same for the same record, in any order, on any day; a refill changes nothing. It holds clinical values.
    """
    return frozenset(word for each in findings for word in _words(each))


def _words(finding: Finding) -> Iterator[str]:
    for fact in (*finding.facts, *finding.evidence):
        yield from words(fact, finding)


def words(fact: Fact, finding: Finding) -> Iterator[str]:
    """One fact in short, as it stands beside a finding."""
    if isinstance(fact, Timing):
        yield from _drug(fact)
    elif isinstance(fact, LabResult):
        yield from _value(fact)
    else:
        yield from _diagnosis(fact, finding)


def _drug(timing: Timing) -> Iterator[str]:
    """Its end is none of it: a stop is no reason to speak again, and a supply runs out by itself."""
    name, course = timing.exposure.ingredient, timing.course
    yield name
    # "open" is told apart, for an unclear dose may be another one
    yield f"{name}: dose {_number(course.dose.value) + ' ' + course.dose.unit if course.dose else 'open'}"
    if course.began is not None:
        yield f"{name}: from {_days(course.began)}"
    if course.last_change is not None:  # up and down again is two changes
        yield f"{name}: dose from {_days(course.last_change.on)}"
    if timing.is_dose and timing.change is not None:
        yield f"{name}: given {_days(timing.change)}"


def _value(result: LabResult) -> Iterator[str]:
    """In the unit of the limits, so that 3.1 is 3.10; preliminary or final, it is the same value."""
    on = _days(result.taken)
    yield f"{result.analyte}: {result.comparator}{_number(result.value)} {result.unit} {on}"
    if result.corrected is not None:
        yield f"{result.analyte}: corrected {_number(result.corrected)} {result.unit} {on}"


def _diagnosis(entry: Diagnosed, finding: Finding) -> Iterator[str]:
    """
    By its year, and by its day where the rule asks how old it is.

    What is chronic is coded anew at every visit; a second pregnancy or a relapse is news all the same.
    """
    what = f"{entry.concept}, {entry.side or 'no side'}"
    yield f"{what}: {entry.on.last.year if entry.on else 'undated'}"
    if entry.on and (
        finding.flag or finding.variant == "coded" or entry.concept in _dated(finding.contributor)
    ):
        yield f"{what}: {_days(entry.on)}"


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _days(span: Span) -> str:
    return f"{span.first}/{span.last}"


# --- diagnoses whose day matters --------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _dated(contributor: Contributor) -> frozenset[str]:
    """The concepts that a rule judges by their date."""
    criteria = [criterion for _, criterion in (*contributor.when, *contributor.safety)]
    found = {name for each in criteria for name in _dated_by(each)}
    is_any = _OWN in found
    for subject in contributor.subjects:
        asked = set(_dated_by(subject.where)) if subject.where else set()
        found |= asked | (set(subject.names) if is_any or _OWN in asked else set())
    return frozenset(found - {_OWN})


def _dated_by(criterion: Criterion) -> Iterator[str]:
    match criterion:
        case Within() | Undated():
            yield _OWN
        case AllOf(parts=parts) | AnyOf(parts=parts):
            named = {name for part in parts for name in _dated_by(part)}
            # beside `of:` it is a result that must be so recent
            yield from named - {_OWN} if any(isinstance(part, Of) for part in parts) else named
        case Not(part=part) | Unless(part=part):
            yield from _dated_by(part)
        case HasDiagnosis(concepts=concepts, about=about):
            if criterion.since_start or criterion.before_result is not None or _OWN in _dated_by(about):
                yield from concepts
