"""D11: a sulfonylurea or glinide speaks only with a low glucose."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN = ("contributor", "main")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize("days", [0, 90, 365, 3000])
def test_without_a_low_glucose_it_says_nothing(days: int) -> None:
    patient = cramping().taking("gliclazide", before_onset(days)).with_result("glucose", "6.1 mmol/L")

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "ingredient", ["gliclazide", "glimepiride", "glipizide", "glyburide", "repaglinide", "nateglinide"]
)
def test_every_member_is_named_with_a_low_glucose(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30)).with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert (found.place("D11"), found.indicator("D11"), found.chains) == (MAIN, "warning", ("M3",))


@pytest.mark.parametrize(
    ("value", "chains"),
    [("3.8 mmol/L", ("M3",)), ("3.9 mmol/L", ()), ("69 mg/dL", ("M3",)), ("70 mg/dL", ())],
)
def test_low_is_in_the_unit_reported(value: str, chains: tuple[str, ...]) -> None:
    patient = cramping().taking("gliclazide", before_onset(30)).with_result("glucose", value)

    found = answer(patient)

    assert found.chains == chains


@pytest.mark.parametrize(("age", "chains"), [(30, ("M3",)), (31, ())])
def test_reading_counts_for_thirty_days(age: int, chains: tuple[str, ...]) -> None:
    patient = (
        cramping().taking("gliclazide", "2020-01-01").with_result("glucose", "3.5 mmol/L", days_before(age))
    )

    found = answer(patient)

    assert found.chains == chains


def test_start_that_is_not_recorded_counts() -> None:
    patient = cramping().taking("gliclazide").with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert found.place("D11") == MAIN


def test_one_begun_after_the_cramps_leaves_the_reading_its_level() -> None:
    """KNOWLEDGE X4."""
    patient = cramping().taking("gliclazide", "2026-05-20").with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert (found.flagged, found.indicator("L09"), found.chains) == ({"L09"}, "warning", ())


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = (
        cramping().prescribed("gliclazide", before_onset(30), **members).with_result("glucose", "3.5 mmol/L")
    )

    found = answer(patient)

    assert found.flagged == frozenset()
