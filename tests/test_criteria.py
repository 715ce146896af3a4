"""The vocabulary of triggers: each word answers holds, fails or unknown."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cds_service import criteria as say
from cds_service.dates import Span, written
from cds_service.facts import Course, Diagnosed, Exposure, Fact, Facts, LabResult, TimeClass, Timing
from cds_service.quantity import Quantity, quantity
from cds_service.truth import AllOf, Answer, AnyOf, Case, Criterion, Not, Truth
from tests.patients import TODAY

_HOLDS, _FAILS, _UNKNOWN = Truth.HOLDS, Truth.FAILS, Truth.UNKNOWN


class _Fixed:
    """A criterion that always says the same."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def answer(self, case: Case) -> Answer:
        evidence = (case.subject,) if case.subject and self._truth is _HOLDS else ()
        return Answer(self._truth, "fixed", evidence, ("something",) if self._truth is _UNKNOWN else ())


def _facts(**members: Any) -> Facts:
    return Facts(today=TODAY, is_deceased=False, age=76, is_adult=True, **members)


def _limit(text: str) -> Quantity:
    found = quantity(text)
    assert found is not None
    return found


def _day(age: int) -> Span:
    return Span.of(TODAY - timedelta(days=age))


def _result(value: str = "3.1 mmol/L", age: int = 7, **members: Any) -> LabResult:
    sign = next((each for each in ("<=", ">=", "<", ">") if value.startswith(each)), "")
    number, _, unit = value.removeprefix(sign).partition(" ")
    made: dict[str, Any] = {
        "analyte": "potassium",
        "value": Decimal(number),
        "unit": unit,
        "written": value,
        "comparator": sign,
        "taken": _day(age),
        "clock": None,
        "instant": None,
        "low": None,
        "high": None,
        "source": f"Observation/{value}",
    }
    return LabResult(**{**made, **members})


def _diagnosed(on: str | None = None, concept: str = "arrhythmia", source: str = "Condition/c1") -> Diagnosed:
    day = written(on)
    return Diagnosed(concept, source, day, day, is_confirmed=True, matched_by="code")


def _exposure(
    ingredient: str = "digoxin", ended: Span | None = None, reasons: tuple[str, ...] = ()
) -> Exposure:
    course = Course(
        began=_day(100),
        began_is_stated=True,
        ended=ended,
        end_is_unknown=False,
        rises=(),
        dose=None,
        sources=(f"MedicationStatement/{ingredient}",),
        reasons=reasons,
    )
    return Exposure(ingredient, "digoxin", (course,), "code")


def _timing(time_class: TimeClass = TimeClass.STRONG, reasons: tuple[str, ...] = ()) -> Timing:
    exposure = _exposure(reasons=reasons)
    return Timing(exposure, exposure.courses[0], time_class)


def _truth(criterion: Criterion, subject: Fact | None = None, facts: Facts | None = None) -> Truth:
    return criterion.answer(Case(facts or _facts(), subject)).truth


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

    found = _truth(AllOf(made)), _truth(AnyOf(made))

    assert found == (all_of, any_of)


@pytest.mark.parametrize(("part", "turned"), [(_HOLDS, _FAILS), (_FAILS, _HOLDS), (_UNKNOWN, _UNKNOWN)])
def test_not_leaves_unknown_unknown(part: Truth, turned: Truth) -> None:
    assert _truth(Not(_Fixed(part))) is turned


def test_what_is_unknown_is_told_once() -> None:
    criterion = AllOf((_Fixed(_UNKNOWN), _Fixed(_UNKNOWN)))

    found = criterion.answer(Case(_facts()))

    assert found.unknown == ("something",)


def test_evidence_is_that_of_the_parts_that_hold() -> None:
    subject = _result()
    criterion = AnyOf((_Fixed(_FAILS), _Fixed(_HOLDS), _Fixed(_UNKNOWN)))

    found = criterion.answer(Case(_facts(), subject))

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
    criterion = say.Compared(word, (_limit("3.5 mmol/L"),))

    found = tuple(_truth(criterion, _result(f"{value} mmol/L")) for value in ("3.49", "3.5", "3.51"))

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
        ("at_most", ">3.5", _UNKNOWN),
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
    criterion = say.Compared(word, (_limit("3.5 mmol/L"),))

    assert _truth(criterion, _result(f"{value} mmol/L")) is truth


@pytest.mark.parametrize(
    ("value", "truth"),
    [("0.69 mmol/L", _HOLDS), ("1.69 mg/dL", _HOLDS), ("1.7 mg/dL", _FAILS), ("1.0 meq/L", _UNKNOWN)],
)
def test_value_meets_the_limit_of_its_own_unit(value: str, truth: Truth) -> None:
    criterion = say.Compared("below", (_limit("0.70 mmol/L"), _limit("1.7 mg/dL")))

    assert _truth(criterion, _result(value)) is truth


@pytest.mark.parametrize(
    ("high", "truth"), [(Decimal(200), _HOLDS), (Decimal(300), _FAILS), (None, _UNKNOWN)]
)
def test_uln_is_the_laboratory_upper_limit(high: Decimal | None, truth: Truth) -> None:
    criterion = say.Compared("above", (_limit("4 ULN"),))

    assert _truth(criterion, _result("1200 U/L", high=high)) is truth


def test_corrected_value_is_compared_unless_the_measured_one_is_asked_for() -> None:
    sodium = _result("124 mmol/L", corrected=Decimal(131))
    limits = (_limit("125 mmol/L"),)

    found = (
        _truth(say.Compared("below", limits), sodium),
        _truth(say.Compared("below", limits, measured=True), sodium),
    )

    assert found == (_FAILS, _HOLDS)


@pytest.mark.parametrize("criterion", [say.Compared("below", (_limit("3.5 mmol/L"),)), say.WithoutRange()])
def test_no_result_is_unknown(criterion: Criterion) -> None:
    assert _truth(criterion, None) is _UNKNOWN


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
    result = _result(value, low=Decimal(low) if low else None, high=Decimal(high) if high else None)
    criterion = say.OutOfRange(word, (_limit("3.5 mmol/L" if word == "low" else "5.0 mmol/L"),))

    assert _truth(criterion, result) is truth


@pytest.mark.parametrize(("high", "truth"), [(None, _HOLDS), (Decimal(200), _FAILS)])
def test_without_range_means_no_upper_limit(high: Decimal | None, truth: Truth) -> None:
    assert _truth(say.WithoutRange(), _result(high=high)) is truth


def test_same_sample_is_about_the_value_that_corrected_this_one() -> None:
    criterion = say.SameSample(say.Compared("at_least", (_limit("20 mmol/L"),)))
    corrected = _result(companion=_result("25 mmol/L"))

    found = _truth(criterion, corrected), _truth(criterion, _result())

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
    assert _truth(say.AtNight(), _result(clock=clock)) is truth


# --- dates ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "truth"), [(0, _HOLDS), (90, _HOLDS), (91, _FAILS)])
def test_window_includes_both_ends(age: int, truth: Truth) -> None:
    found = {
        _truth(say.Within(90), _result(age=age)),
        _truth(say.Within(90), _diagnosed(str(_day(age).first))),
    }

    assert found == {truth}


@pytest.mark.parametrize(("on", "truth"), [("2026-04", _HOLDS), ("2026-03", _FAILS), (None, _UNKNOWN)])
def test_window_must_hold_over_the_whole_of_a_partial_date(on: str | None, truth: Truth) -> None:
    """90 days before 15 June is 17 March."""
    assert _truth(say.Within(90), _diagnosed(on)) is truth


@pytest.mark.parametrize(("on", "truth"), [(None, _HOLDS), ("2026", _FAILS)])
def test_undated_is_a_diagnosis_without_a_readable_date(on: str | None, truth: Truth) -> None:
    assert _truth(say.Undated(), _diagnosed(on)) is truth


# --- drugs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time_class", "truth"),
    [(TimeClass.STRONG, _HOLDS), (TimeClass.WEAK, _FAILS), (TimeClass.UNKNOWN, _FAILS)],
)
def test_began_is_the_time_class_of_the_drug(time_class: TimeClass, truth: Truth) -> None:
    criterion = say.Began(frozenset({TimeClass.STRONG, TimeClass.PLAUSIBLE}))

    assert _truth(criterion, _timing(time_class)) is truth


@pytest.mark.parametrize(
    ("exposures", "lists", "truth"),
    [
        ((_exposure(),), {}, _HOLDS),
        ((_exposure(ended=_day(10)),), {}, _FAILS),
        ((), {}, _FAILS),
        ((), {"missing": frozenset({"medicationStatements"})}, _UNKNOWN),
        ((), {"cut_off": frozenset({"medicationRequests"})}, _UNKNOWN),
        ((_exposure(),), {"missing": frozenset({"medicationStatements"})}, _HOLDS),
        ((), {"missing": frozenset({"labs"})}, _FAILS),
    ],
)
def test_taking_is_unknown_when_a_list_is_incomplete(
    exposures: tuple[Exposure, ...], lists: dict[str, frozenset[str]], truth: Truth
) -> None:
    facts = _facts(exposures={"digoxin": exposures}, **lists)

    assert _truth(say.Taking("digoxin"), facts=facts) is truth


@pytest.mark.parametrize(("ingredients", "truth"), [({"digoxin"}, _HOLDS), ({"digitoxin"}, _FAILS)])
def test_taking_may_be_narrowed_to_ingredients(ingredients: set[str], truth: Truth) -> None:
    facts = _facts(exposures={"digoxin": (_exposure(),)})

    assert _truth(say.Taking("digoxin", frozenset(ingredients)), facts=facts) is truth


@pytest.mark.parametrize(
    ("reasons", "truth"), [(("Malaria prophylaxis",), _HOLDS), (("Leg cramps",), _FAILS), ((), _FAILS)]
)
def test_reason_is_found_by_its_word(reasons: tuple[str, ...], truth: Truth) -> None:
    assert _truth(say.PrescribedFor(("malaria",)), _timing(reasons=reasons)) is truth


# --- diagnoses and results anywhere in the record -------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "cut_off", "truth"),
    [
        ((_diagnosed("2026-06-01"),), frozenset(), _HOLDS),
        ((_diagnosed("2020-06-01"),), frozenset(), _FAILS),
        ((_diagnosed("2020-06-01"), _diagnosed("2026-06-01", source="Condition/c2")), frozenset(), _HOLDS),
        ((_diagnosed(None),), frozenset(), _UNKNOWN),
        ((), frozenset(), _FAILS),
        ((), frozenset({"conditions"}), _UNKNOWN),
    ],
)
def test_diagnosed_with_a_window(
    entries: tuple[Diagnosed, ...], cut_off: frozenset[str], truth: Truth
) -> None:
    facts = _facts(diagnoses={"arrhythmia": entries}, cut_off=cut_off)

    assert _truth(say.HasDiagnosis(("arrhythmia", "long_qt"), say.Within(90)), facts=facts) is truth


def test_evidence_of_a_diagnosis_is_its_entry() -> None:
    facts = _facts(diagnoses={"arrhythmia": (_diagnosed("2026-06-01"),)})

    found = say.HasDiagnosis(("arrhythmia",), say.Always()).answer(Case(facts, _result()))

    assert found.evidence == (_diagnosed("2026-06-01"),)


@pytest.mark.parametrize(
    ("results", "unseen", "truth", "told"),
    [
        ((_result("3.1 mmol/L"),), frozenset(), _HOLDS, ()),
        ((_result("4.1 mmol/L"),), frozenset(), _FAILS, ()),
        ((_result("4.1 mmol/L", 5), _result("3.1 mmol/L", 9)), frozenset(), _FAILS, ()),
        ((_result("4.1 mmol/L"), _result("3.1 mmol/L")), frozenset(), _HOLDS, ()),
        ((), frozenset(), _UNKNOWN, ("potassium not measured",)),
        ((), frozenset({"potassium"}), _UNKNOWN, ("potassium possibly cut off",)),
        ((_result("3.1 mmol/L", is_preliminary=True),), frozenset(), _UNKNOWN, ("potassium not measured",)),
    ],
)
def test_latest_result_decides_and_never_measured_is_unknown(
    results: tuple[LabResult, ...], unseen: frozenset[str], truth: Truth, told: tuple[str, ...]
) -> None:
    facts = _facts(results={"potassium": results}, unseen=unseen)
    criterion = say.Latest("potassium", say.Compared("below", (_limit("3.5 mmol/L"),)))

    found = criterion.answer(Case(facts))

    assert (found.truth, found.unknown) == (truth, told)


@pytest.mark.parametrize(
    ("results", "unseen", "truth"),
    [
        ((), frozenset(), _HOLDS),
        ((_result(age=365),), frozenset(), _FAILS),
        ((_result(age=366),), frozenset(), _HOLDS),
        ((), frozenset({"potassium"}), _UNKNOWN),
    ],
)
def test_unmeasured_is_unknown_when_the_list_was_not_seen(
    results: tuple[LabResult, ...], unseen: frozenset[str], truth: Truth
) -> None:
    facts = _facts(results={"potassium": results}, unseen=unseen)

    assert _truth(say.Unmeasured("potassium", 365), facts=facts) is truth


@pytest.mark.parametrize(("weeks", "truth"), [(12, _HOLDS), (13, _FAILS), (None, _UNKNOWN)])
def test_gestation_is_unknown_when_nothing_dates_it(weeks: int | None, truth: Truth) -> None:
    assert _truth(say.GestationBelow(13), facts=_facts(gestation=weeks)) is truth
