"""Facts in the making, for tests of single criteria: what is not said is unremarkable."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from cds_service.dates import Span, written
from cds_service.facts import Course, Diagnosed, Exposure, Fact, Facts, LabResult, TimeClass, Timing
from cds_service.quantity import Quantity, quantity
from cds_service.truth import Case, Criterion, Truth
from tests.patients import TODAY


def some_facts(**members: Any) -> Facts:
    return Facts(today=TODAY, is_deceased=False, age=76, is_adult=True, **members)


def amount(text: str) -> Quantity:
    found = quantity(text)
    assert found is not None
    return found


def days_ago(age: int) -> Span:
    return Span.of(TODAY - timedelta(days=age))


def a_result(value: str = "3.1 mmol/L", age: int = 7, **members: Any) -> LabResult:
    sign = next((each for each in ("<=", ">=", "<", ">") if value.startswith(each)), "")
    number, _, unit = value.removeprefix(sign).partition(" ")
    made: dict[str, Any] = {
        "analyte": "potassium",
        "value": Decimal(number),
        "unit": unit,
        "written": value,
        "comparator": sign,
        "taken": days_ago(age),
        "clock": None,
        "instant": None,
        "low": None,
        "high": None,
        "source": f"Observation/{value}",
    }
    return LabResult(**{**made, **members})


def a_diagnosis(
    on: str | None = None, concept: str = "arrhythmia", source: str = "Condition/c1"
) -> Diagnosed:
    day = written(on)
    return Diagnosed(concept, source, day, day, is_confirmed=True, matched_by="code")


def an_exposure(
    ingredient: str = "digoxin", ended: Span | None = None, reasons: tuple[str, ...] = ()
) -> Exposure:
    course = Course(
        began=days_ago(100),
        began_is_stated=True,
        ended=ended,
        end_is_unknown=False,
        rises=(),
        dose=None,
        sources=(f"MedicationStatement/{ingredient}",),
        reasons=reasons,
    )
    return Exposure(ingredient, "digoxin", (course,), "code")


def a_timing(time_class: TimeClass = TimeClass.STRONG, reasons: tuple[str, ...] = ()) -> Timing:
    exposure = an_exposure(reasons=reasons)
    return Timing(exposure, exposure.courses[0], time_class)


def truth_of(criterion: Criterion, subject: Fact | None = None, facts: Facts | None = None) -> Truth:
    return criterion.answer(Case(facts or some_facts(), subject)).truth
