"""The vocabulary of triggers: each word answers holds, fails or unknown."""

from decimal import Decimal

import pytest

from cds_service import criteria as say
from cds_service import drug_criteria as drugs
from cds_service import result_criteria as values
from cds_service.facts import Diagnosed, Exposure, LabResult, TimeClass
from cds_service.truth import AllOf, Answer, AnyOf, Case, Criterion, Not, Truth
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


class _Fixed:
    """A criterion that always says the same, and counts how often it is asked."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self.asked = 0

    def answer(self, case: Case) -> Answer:
        self.asked += 1
        evidence = (case.subject,) if case.subject and self._truth is _HOLDS else ()
        return Answer(self._truth, "fixed", evidence, ("something",) if self._truth is _UNKNOWN else ())


# --- all, any, not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "all_of", "any_of"),
    [
        ((_HOLDS, _HOLDS), _HOLDS, _HOLDS),
        ((_HOLDS, _FAILS), _FAILS, _HOLDS),
        ((_HOLDS, _UNKNOWN), _UNKNOWN, _HOLDS),
        ((_FAILS, _UNKNOWN), _FAILS, _UNKNOWN),
        ((_FAILS, _FAILS), _FAILS, _FAILS),
        ((_UNKNOWN, _UNKNOWN), _UNKNOWN, _UNKNOWN),
    ],
)
def test_three_truths_combine(parts: tuple[Truth, ...], all_of: Truth, any_of: Truth) -> None:
    made = tuple(_Fixed(each) for each in parts)

    found = truth_of(AllOf(made)), truth_of(AnyOf(made))

    assert found == (all_of, any_of)


@pytest.mark.parametrize(("part", "turned"), [(_HOLDS, _FAILS), (_FAILS, _HOLDS), (_UNKNOWN, _UNKNOWN)])
def test_not_leaves_unknown_unknown(part: Truth, turned: Truth) -> None:
    assert truth_of(Not(_Fixed(part))) is turned


def test_nothing_more_is_asked_once_a_part_of_all_has_failed() -> None:
    later = _Fixed(_UNKNOWN)

    found = AllOf((_Fixed(_HOLDS), _Fixed(_FAILS), later)).answer(Case(some_facts()))

    assert (found.truth, later.asked) == (_FAILS, 0)


def test_every_part_is_asked_where_all_is_told_in_full() -> None:
    later = _Fixed(_UNKNOWN)

    found = AllOf((_Fixed(_FAILS), later)).answer(Case(some_facts(), in_full=True))

    assert ([each.truth for each in found.parts], later.asked) == ([_FAILS, _UNKNOWN], 1)


def test_what_is_unknown_is_told_once() -> None:
    criterion = AllOf((_Fixed(_UNKNOWN), _Fixed(_UNKNOWN)))

    found = criterion.answer(Case(some_facts()))

    assert found.unknown == ("something",)


def test_evidence_is_that_of_the_parts_that_hold() -> None:
    subject = a_result()
    criterion = AnyOf((_Fixed(_FAILS), _Fixed(_HOLDS), _Fixed(_UNKNOWN)))

    found = criterion.answer(Case(some_facts(), subject))

    assert (found.holds, found.evidence, found.unknown) == (True, (subject,), ())


# --- values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "below", "at", "above"),
    [
        ("below", _HOLDS, _FAILS, _FAILS),
        ("at_most", _HOLDS, _HOLDS, _FAILS),
        ("above", _FAILS, _FAILS, _HOLDS),
        ("at_least", _FAILS, _HOLDS, _HOLDS),
    ],
)
def test_limit_itself_belongs_to_at_most_and_at_least(
    word: str, below: Truth, at: Truth, above: Truth
) -> None:
    criterion = values.Compared(word, (amount("3.5 mmol/L"),))

    found = tuple(truth_of(criterion, a_result(f"{value} mmol/L")) for value in ("3.49", "3.5", "3.51"))

    assert found == (below, at, above)


@pytest.mark.parametrize(
    ("word", "value", "truth"),
    [
        ("below", "<3.5", _HOLDS),
        ("below", "<2.5", _HOLDS),
        ("below", "<3.6", _UNKNOWN),
        ("below", "<=3.5", _UNKNOWN),
        ("below", ">3.5", _FAILS),
        ("below", ">3.0", _UNKNOWN),
        ("at_most", "<=3.5", _HOLDS),
        ("at_most", "<3.5", _HOLDS),
        ("at_most", ">3.5", _FAILS),
        ("above", ">3.5", _HOLDS),
        ("above", ">=3.5", _UNKNOWN),
        ("above", ">9", _HOLDS),
        ("above", "<3.5", _FAILS),
        ("at_least", ">=3.5", _HOLDS),
        ("at_least", ">3.5", _HOLDS),
        ("at_least", "<3.0", _FAILS),
    ],
)
def test_comparator_decides_only_when_every_value_it_allows_agrees(
    word: str, value: str, truth: Truth
) -> None:
    criterion = values.Compared(word, (amount("3.5 mmol/L"),))

    assert truth_of(criterion, a_result(f"{value} mmol/L")) is truth


@pytest.mark.parametrize(
    ("value", "truth"),
    [("0.69 mmol/L", _HOLDS), ("1.69 mg/dL", _HOLDS), ("1.7 mg/dL", _FAILS), ("1.0 meq/L", _UNKNOWN)],
)
def test_value_meets_the_limit_of_its_own_unit(value: str, truth: Truth) -> None:
    criterion = values.Compared("below", (amount("0.70 mmol/L"), amount("1.7 mg/dL")))

    assert truth_of(criterion, a_result(value)) is truth


@pytest.mark.parametrize(
    ("high", "truth"), [(Decimal(200), _HOLDS), (Decimal(300), _FAILS), (None, _UNKNOWN)]
)
def test_uln_is_the_laboratory_upper_limit(high: Decimal | None, truth: Truth) -> None:
    criterion = values.Compared("above", (amount("4 ULN"),))

    assert truth_of(criterion, a_result("1200 U/L", high=high)) is truth


def test_corrected_value_is_compared_unless_the_measured_one_is_asked_for() -> None:
    sodium = a_result("124 mmol/L", corrected=Decimal(131))
    limits = (amount("125 mmol/L"),)

    found = (
        truth_of(values.Compared("below", limits), sodium),
        truth_of(values.Compared("below", limits, measured=True), sodium),
    )

    assert found == (_FAILS, _HOLDS)


@pytest.mark.parametrize(
    "criterion", [values.Compared("below", (amount("3.5 mmol/L"),)), values.WithoutRange()]
)
def test_no_result_is_unknown(criterion: Criterion) -> None:
    assert truth_of(criterion, None) is _UNKNOWN


@pytest.mark.parametrize(
    ("word", "value", "low", "high", "truth"),
    [
        ("low", "3.4 mmol/L", None, None, _HOLDS),
        ("low", "3.5 mmol/L", None, None, _FAILS),
        ("low", "3.5 mmol/L", "3.6", None, _HOLDS),
        ("low", "3.4 mmol/L", "3.3", None, _FAILS),
        ("high", "5.1 mmol/L", None, "5.3", _FAILS),
        ("high", "5.4 mmol/L", None, "5.3", _HOLDS),
    ],
)
def test_own_reference_range_comes_before_ours(
    word: str, value: str, low: str | None, high: str | None, truth: Truth
) -> None:
    result = a_result(value, low=Decimal(low) if low else None, high=Decimal(high) if high else None)
    criterion = values.OutOfRange(word, (amount("3.5 mmol/L" if word == "low" else "5.0 mmol/L"),))

    assert truth_of(criterion, result) is truth


@pytest.mark.parametrize(("high", "truth"), [(None, _HOLDS), (Decimal(200), _FAILS)])
def test_without_range_means_no_upper_limit(high: Decimal | None, truth: Truth) -> None:
    assert truth_of(values.WithoutRange(), a_result(high=high)) is truth


def test_same_sample_is_about_the_value_that_corrected_this_one() -> None:
    criterion = values.SameSample(values.Compared("at_least", (amount("20 mmol/L"),)))
    corrected = a_result(companion=a_result("25 mmol/L"))

    found = truth_of(criterion, corrected), truth_of(criterion, a_result())

    assert found == (_HOLDS, _FAILS)


@pytest.mark.parametrize(
    ("clock", "truth"),
    [
        ("23:00", _HOLDS),
        ("03:10", _HOLDS),
        ("06:00", _HOLDS),
        ("06:01", _FAILS),
        ("22:59", _FAILS),
        (None, _UNKNOWN),
    ],
)
def test_night_is_23_to_6(clock: str | None, truth: Truth) -> None:
    assert truth_of(values.AtNight(), a_result(clock=clock)) is truth


# --- dates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "truth"), [(0, _HOLDS), (90, _HOLDS), (91, _FAILS)])
def test_window_includes_both_ends(age: int, truth: Truth) -> None:
    found = {
        truth_of(say.Within(90), a_result(age=age)),
        truth_of(say.Within(90), a_diagnosis(str(days_ago(age).first))),
    }

    assert found == {truth}


@pytest.mark.parametrize(("on", "truth"), [("2026-04", _HOLDS), ("2026-03", _FAILS), (None, _UNKNOWN)])
def test_window_must_hold_over_the_whole_of_a_partial_date(on: str | None, truth: Truth) -> None:
    """90 days before 15 June is 17 March."""
    assert truth_of(say.Within(90), a_diagnosis(on)) is truth


@pytest.mark.parametrize(("on", "truth"), [(None, _HOLDS), ("2026", _FAILS)])
def test_undated_is_a_diagnosis_without_a_readable_date(on: str | None, truth: Truth) -> None:
    assert truth_of(say.Undated(), a_diagnosis(on)) is truth


# --- drugs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time_class", "truth"),
    [(TimeClass.STRONG, _HOLDS), (TimeClass.WEAK, _FAILS), (TimeClass.UNKNOWN, _FAILS)],
)
def test_began_is_the_time_class_of_the_drug(time_class: TimeClass, truth: Truth) -> None:
    criterion = drugs.Began(frozenset({TimeClass.STRONG, TimeClass.PLAUSIBLE}))

    assert truth_of(criterion, a_timing(time_class)) is truth


@pytest.mark.parametrize(
    ("exposures", "lists", "truth"),
    [
        ((an_exposure(),), {}, _HOLDS),
        ((an_exposure(ended=days_ago(10)),), {}, _FAILS),
        ((), {}, _FAILS),
        ((), {"missing": frozenset({"medicationStatements"})}, _UNKNOWN),
        ((), {"cut_off": frozenset({"medicationRequests"})}, _UNKNOWN),
        ((an_exposure(),), {"missing": frozenset({"medicationStatements"})}, _HOLDS),
        ((), {"missing": frozenset({"labs"})}, _FAILS),
    ],
)
def test_taking_is_unknown_when_a_list_is_incomplete(
    exposures: tuple[Exposure, ...], lists: dict[str, frozenset[str]], truth: Truth
) -> None:
    facts = some_facts(exposures={"digoxin": exposures}, **lists)

    assert truth_of(drugs.Taking("digoxin"), facts=facts) is truth


@pytest.mark.parametrize(("ingredients", "truth"), [({"digoxin"}, _HOLDS), ({"digitoxin"}, _FAILS)])
def test_taking_may_be_narrowed_to_ingredients(ingredients: set[str], truth: Truth) -> None:
    facts = some_facts(exposures={"digoxin": (an_exposure(),)})

    assert truth_of(drugs.Taking("digoxin", frozenset(ingredients)), facts=facts) is truth


@pytest.mark.parametrize(
    ("reasons", "truth"), [(("Malaria prophylaxis",), _HOLDS), (("Leg cramps",), _FAILS), ((), _FAILS)]
)
def test_reason_is_found_by_its_word(reasons: tuple[str, ...], truth: Truth) -> None:
    assert truth_of(drugs.PrescribedFor(("malaria",)), a_timing(reasons=reasons)) is truth


# --- diagnoses and results anywhere in the record -------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "cut_off", "truth"),
    [
        ((a_diagnosis("2026-06-01"),), frozenset(), _HOLDS),
        ((a_diagnosis("2020-06-01"),), frozenset(), _FAILS),
        ((a_diagnosis("2020-06-01"), a_diagnosis("2026-06-01", source="Condition/c2")), frozenset(), _HOLDS),
        ((a_diagnosis(None),), frozenset(), _UNKNOWN),
        ((), frozenset(), _FAILS),
        ((), frozenset({"conditions"}), _UNKNOWN),
    ],
)
def test_diagnosed_with_a_window(
    entries: tuple[Diagnosed, ...], cut_off: frozenset[str], truth: Truth
) -> None:
    facts = some_facts(diagnoses={"arrhythmia": entries}, cut_off=cut_off)

    assert truth_of(say.HasDiagnosis(("arrhythmia", "long_qt"), say.Within(90)), facts=facts) is truth


def test_evidence_of_a_diagnosis_is_its_entry() -> None:
    facts = some_facts(diagnoses={"arrhythmia": (a_diagnosis("2026-06-01"),)})

    found = say.HasDiagnosis(("arrhythmia",), say.Always()).answer(Case(facts, a_result()))

    assert found.evidence == (a_diagnosis("2026-06-01"),)


@pytest.mark.parametrize(
    ("results", "unseen", "truth", "told"),
    [
        ((a_result("3.1 mmol/L"),), frozenset(), _HOLDS, ()),
        ((a_result("4.1 mmol/L"),), frozenset(), _FAILS, ()),
        ((a_result("4.1 mmol/L", 5), a_result("3.1 mmol/L", 9)), frozenset(), _FAILS, ()),
        ((a_result("4.1 mmol/L"), a_result("3.1 mmol/L")), frozenset(), _HOLDS, ()),
        ((), frozenset(), _UNKNOWN, ("potassium not measured",)),
        ((), frozenset({"potassium"}), _UNKNOWN, ("potassium possibly cut off",)),
        ((a_result("3.1 mmol/L", is_preliminary=True),), frozenset(), _UNKNOWN, ("potassium not measured",)),
    ],
)
def test_latest_result_decides_and_never_measured_is_unknown(
    results: tuple[LabResult, ...], unseen: frozenset[str], truth: Truth, told: tuple[str, ...]
) -> None:
    facts = some_facts(results={"potassium": results}, unseen=unseen)
    criterion = values.Latest("potassium", values.Compared("below", (amount("3.5 mmol/L"),)))

    found = criterion.answer(Case(facts))

    assert (found.truth, found.unknown) == (truth, told)


@pytest.mark.parametrize(
    ("results", "unseen", "truth"),
    [
        ((), frozenset(), _HOLDS),
        ((a_result(age=365),), frozenset(), _FAILS),
        ((a_result(age=366),), frozenset(), _HOLDS),
        ((), frozenset({"potassium"}), _UNKNOWN),
    ],
)
def test_unmeasured_is_unknown_when_the_list_was_not_seen(
    results: tuple[LabResult, ...], unseen: frozenset[str], truth: Truth
) -> None:
    facts = some_facts(results={"potassium": results}, unseen=unseen)

    assert truth_of(values.Unmeasured(("potassium",), 365), facts=facts) is truth


@pytest.mark.parametrize(("weeks", "truth"), [(12, _HOLDS), (13, _FAILS), (None, _UNKNOWN)])
def test_gestation_is_unknown_when_nothing_dates_it(weeks: int | None, truth: Truth) -> None:
    assert truth_of(say.GestationBelow(13), facts=some_facts(gestation=weeks)) is truth
