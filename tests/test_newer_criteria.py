"""Words of the vocabulary about how long a drug was taken, doses, rises, sides and orders."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cds_service import criteria as say
from cds_service import drug_criteria as drugs
from cds_service import result_criteria as values
from cds_service.dates import Span, written
from cds_service.facts import Facts, Onset, Report, Timing
from cds_service.quantity import Quantity
from cds_service.truth import Truth
from tests.facts_of import (
    a_diagnosis,
    a_result,
    a_timing,
    amount,
    an_exposure,
    days_ago,
    some_facts,
    truth_of,
)

_HOLDS, _FAILS, _UNKNOWN = Truth.HOLDS, Truth.FAILS, Truth.UNKNOWN


def _cramps_from(on: Span, *, is_stated: bool = True, **members: Any) -> Facts:
    report = Report("Condition/cramps", "diagnosis", Onset(on, is_stated), None)
    return some_facts(reports=(report,), **members)


def _begun(began: Span | None, **members: Any) -> Timing:
    timing = a_timing()
    return replace(timing, course=replace(timing.course, began=began), **members)


# --- the file's own drug ----------------------------------------------------------------------------------------


def test_a_rule_may_be_about_some_ingredients_of_a_class() -> None:
    subject = a_timing()  # of digoxin

    found = [truth_of(drugs.Is(frozenset(names)), subject) for names in ({"digoxin"}, {"digitoxin"})]

    assert found == [_HOLDS, _FAILS]


def test_a_drug_that_ended_is_not_running() -> None:
    ended = replace(a_timing(), course=replace(a_timing().course, ended=days_ago(3)))

    found = [truth_of(drugs.Running(), subject) for subject in (a_timing(), ended)]

    assert found == [_HOLDS, _FAILS]


@pytest.mark.parametrize(("days", "truth"), [(89, _FAILS), (90, _HOLDS), (400, _HOLDS)])
def test_exposure_is_counted_to_the_onset(days: int, truth: Truth) -> None:
    """A long course by today says nothing of how long it had been when the cramps began."""
    facts = _cramps_from(days_ago(30))

    found = truth_of(drugs.Exposed(90), _begun(days_ago(30 + days)), facts)

    assert found is truth


def test_exposure_of_unrecorded_start_counts_as_long() -> None:
    """KNOWLEDGE section 3: an unknown start date is treated as long ago."""
    assert truth_of(drugs.Exposed(90), _begun(None), _cramps_from(days_ago(30))) is _HOLDS


def test_exposure_that_coarse_dates_leave_open_is_unknown() -> None:
    began = written("2026-02")  # 1 to 28 February
    assert began is not None

    found = truth_of(drugs.Exposed(90), _begun(began), _cramps_from(Span.of(written_day("2026-05-20"))))

    assert found is _UNKNOWN


def written_day(text: str) -> Any:
    span = written(text)
    assert span is not None
    return span.first


# --- other drugs ------------------------------------------------------------------------------------------------


def _taking(**course: Any) -> Facts:
    exposure = an_exposure()
    changed = replace(exposure, courses=(replace(exposure.courses[0], **course),))
    return _cramps_from(days_ago(40), exposures={"digoxin": (changed,)})


@pytest.mark.parametrize(
    ("dose", "truth"),
    [("20 mg", _FAILS), ("21 mg", _HOLDS), ("40 mg", _HOLDS), (None, _UNKNOWN), ("40 ml", _UNKNOWN)],
)
def test_a_dose_above_a_limit(dose: str | None, truth: Truth) -> None:
    facts = _taking(dose=amount(dose) if dose else None)

    found = truth_of(drugs.Taking("digoxin", dose_above=Quantity(Decimal(20), "mg")), facts=facts)

    assert found is truth


@pytest.mark.parametrize(
    ("began", "is_stated", "truth"),
    [(41, True, _HOLDS), (40, True, _HOLDS), (40, False, _FAILS), (39, True, _FAILS), (None, True, _HOLDS)],
)
def test_a_drug_begun_before_the_onset(began: int | None, is_stated: bool, truth: Truth) -> None:
    """The same day counts only where the onset is stated: a recorded day is probably the visit's."""
    exposure = an_exposure()
    course = replace(exposure.courses[0], began=days_ago(began) if began is not None else None)
    facts = _cramps_from(
        days_ago(40), is_stated=is_stated, exposures={"digoxin": (replace(exposure, courses=(course,)),)}
    )

    assert truth_of(drugs.Taking("digoxin", before_onset=True), facts=facts) is truth


@pytest.mark.parametrize(
    ("given", "ended", "truth"),
    [
        ((37,), 37, _HOLDS),  # 30 days before the sample of day 7
        ((38,), 38, _FAILS),
        ((200, 20), 20, _HOLDS),  # by its last dose
        ((5,), 5, _FAILS),  # after the sample
        ((200,), None, _HOLDS),  # still running
    ],
)
def test_a_drug_given_in_the_days_before_a_sample(
    given: tuple[int, ...], ended: int | None, truth: Truth
) -> None:
    exposure = an_exposure()
    course = replace(
        exposure.courses[0],
        began=days_ago(given[0]),
        given=tuple(map(days_ago, given)),
        ended=days_ago(ended) if ended is not None else None,
    )
    facts = some_facts(exposures={"digoxin": (replace(exposure, courses=(course,)),)})

    assert truth_of(drugs.Given("digoxin", 30), a_result(age=7), facts) is truth


def test_what_was_given_is_unknown_where_a_list_was_not_supplied() -> None:
    facts = some_facts(missing=frozenset({"medicationRequests"}))

    assert truth_of(drugs.Given("digoxin", 30), a_result(), facts) is _UNKNOWN


# --- results ----------------------------------------------------------------------------------------------------


def _creatinine(value: str, age: int, **members: Any) -> Any:
    return a_result(value, age, analyte="creatinine", source=f"Observation/{value}{age}", **members)


@pytest.mark.parametrize(
    ("earlier", "age", "truth"),
    [
        ("80 umol/L", 100, _HOLDS),  # 120 is 1.5 times 80
        ("81 umol/L", 100, _FAILS),
        ("80 umol/L", 375, _HOLDS),  # 365 days before day 10
        ("80 umol/L", 376, _UNKNOWN),
        ("0.9 mg/dL", 100, _UNKNOWN),  # another unit is not compared
        ("<80 umol/L", 100, _UNKNOWN),
    ],
)
def test_a_rise_against_the_lowest_earlier_value(earlier: str, age: int, truth: Truth) -> None:
    newest = _creatinine("120 umol/L", 10)
    facts = some_facts(results={"creatinine": (newest, _creatinine(earlier, age))})

    assert truth_of(values.Rose(Decimal("1.5"), 365), newest, facts) is truth


def test_limits_hold_for_their_own_analyte_only() -> None:
    """A total calcium that was corrected for albumin has the limits of an adjusted one."""
    albumin = a_result("28 g/L", analyte="albumin")
    total = a_result("2.00 mmol/L", analyte="calcium_total")
    corrected = replace(total, corrected=Decimal("2.24"), companion=albumin)

    found = [truth_of(values.Of("calcium_adjusted"), each) for each in (total, corrected)]

    assert found == [_FAILS, _HOLDS]


@pytest.mark.parametrize(("age", "truth"), [(99, _FAILS), (100, _HOLDS), (101, _HOLDS)])
def test_unmeasured_since_the_drug_began(age: int, truth: Truth) -> None:
    """A value of the day of the start was drawn before it."""
    subject = replace(a_timing(), change=days_ago(100))
    facts = some_facts(results={"potassium": (a_result(age=age),)})

    found = truth_of(values.Unmeasured(("potassium",), None, since_change=True), subject, facts)

    assert found is truth


def test_any_of_several_analytes_counts_as_measured() -> None:
    facts = some_facts(results={"potassium": (a_result(),)})

    assert truth_of(values.Unmeasured(("sodium", "potassium"), 365), facts=facts) is _FAILS


# --- diagnoses and orders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("on", "truth"), [("2026-03-07", _HOLDS), ("2026-03-06", _FAILS), (None, _FAILS)])
def test_a_diagnosis_since_the_drug_began(on: str | None, truth: Truth) -> None:
    """The drug began 100 days before, on 7 March."""
    subject = replace(a_timing(), change=days_ago(100))
    facts = some_facts(diagnoses={"arrhythmia": (a_diagnosis(on),)})
    criterion = say.HasDiagnosis(("arrhythmia",), say.Always(), since_start=True)

    assert truth_of(criterion, subject, facts) is truth


@pytest.mark.parametrize(
    ("side", "one"), [("left", _HOLDS), ("right", _HOLDS), ("both", _FAILS), ("", _FAILS)]
)
def test_a_side_is_one_side_only_where_it_is_named(side: str, one: Truth) -> None:
    entry = replace(a_diagnosis(), side=side)

    found = truth_of(say.OneSided(True), entry), truth_of(say.OneSided(False), entry)

    assert found == (one, _FAILS if one is _HOLDS else _HOLDS)


@pytest.mark.parametrize(
    ("members", "truth"),
    [
        ({"ordered": frozenset({"calcium"})}, _HOLDS),
        ({"ordered": frozenset({"sodium"})}, _FAILS),
        ({"missing": frozenset({"serviceRequests"})}, _UNKNOWN),
    ],
)
def test_what_is_on_order(members: dict[str, Any], truth: Truth) -> None:
    assert truth_of(say.OnOrder(("calcium",)), facts=some_facts(**members)) is truth
