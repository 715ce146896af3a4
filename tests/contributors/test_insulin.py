"""D10: insulin is a line by itself, whatever its time class; with a low potassium or glucose it leads M3."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
ALSO = ("contributor", "also-consider")
INSULIN = "insulin glargine"


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (30, ALSO), (90, ALSO), (91, ALSO), (366, ALSO), (-1, None)]
)
def test_insulin_alone_is_never_more_than_a_line(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking(INSULIN, before_onset(days))

    found = answer(patient)

    assert found.place("D10") == place


@pytest.mark.parametrize(("days", "place"), [(30, ALSO), (31, None)])
def test_insulin_stopped_before_the_onset_counts_within_thirty_days(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking(INSULIN, "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D10") == place


def test_rise_of_the_evening_dose_is_told() -> None:
    patient = (
        cramping()
        .taking(INSULIN, "2022-01-01", until=before_onset(9), dose="18 U")
        .taking(INSULIN, before_onset(8), dose="24 U")
    )

    found = answer(patient)

    assert "raised 23 Apr 2026" in found.detail("D10")


def test_line_names_the_insulin_once() -> None:
    patient = cramping().taking(INSULIN, before_onset(30))

    found = answer(patient)

    assert "**Insulin glargine**, from 1 Apr 2026 (evidence D)" in found.detail("D10")


def test_insulin_started_in_the_last_ninety_days_with_low_potassium_is_one_card() -> None:
    patient = cramping().taking(INSULIN, before_onset(90)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chain_of("D10"), found.chain_of("L01"), found.indicator("D10")) == ("M3", "M3", "warning")
    assert "Insulin moves potassium into cells" in found.detail("D10")


def test_long_standing_insulin_does_not_explain_low_potassium() -> None:
    patient = cramping().taking(INSULIN, before_onset(91)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.indicator("L01")) == ((), "warning")


def test_long_standing_insulin_with_a_low_night_glucose_is_one_card() -> None:
    patient = (
        cramping()
        .taking(INSULIN, "2020-01-01")
        .with_result("glucose", "3.4 mmol/L", "2026-06-10T03:10:00+01:00")
    )

    found = answer(patient)

    assert (found.chain_of("D10"), found.chain_of("L09"), found.indicator("L09")) == ("M3", "M3", "warning")


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed(INSULIN, before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()
