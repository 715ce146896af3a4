"""D26: a gabapentinoid is a line when begun in the 90 days before the cramps."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize("ingredient", ["pregabalin", "gabapentin"])
def test_every_named_gabapentinoid_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("pregabalin", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D26") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (45, ALSO), (90, ALSO), (91, None), (400, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("pregabalin", before_onset(days))

    found = answer(patient)

    assert found.place("D26") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), ALSO), (before_onset(1), ALSO), ("2026-05-20", ALSO)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("pregabalin", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D26") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("pregabalin", started)

    found = answer(patient)

    assert found.place("D26") == ALSO


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("pregabalin", "2020-01-01", until=before_onset(16), dose="75 mg")
        .taking("pregabalin", before_onset(15), dose="150 mg")
    )

    found = answer(patient)

    assert found.place("D26") == ALSO
    assert "raised 16 Apr 2026" in found.detail("D26")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("pregabalin", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("pregabalin", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


def test_line_asks_for_the_dose_by_kidney_function_and_slow_change() -> None:
    patient = cramping().taking("pregabalin", before_onset(30))

    found = answer(patient)

    assert (
        "- **Pregabalin** (gabapentinoid), from 1 Apr 2026; dose by kidney function, any change slow (evidence C)"
    ) in found.detail("D26").splitlines()
    assert (found.indicator("D26"), found.suggested) == ("info", frozenset())
