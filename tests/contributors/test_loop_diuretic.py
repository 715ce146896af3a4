"""D02: a loop diuretic speaks by its time class, and only as info."""

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


@pytest.mark.parametrize("ingredient", ["furosemide", "bumetanide", "torsemide"])
def test_every_named_loop_diuretic_is_seen(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert found.summary("D02") == f"Night leg cramps began 30 days after {ingredient} was started"


@pytest.mark.parametrize(
    ("days", "place"), [(45, MAIN), (90, MAIN), (91, MAIN), (365, MAIN), (366, ALSO), (-1, None)]
)
def test_loop_diuretic_counts_by_the_time_from_start_to_onset(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("furosemide", before_onset(days))

    found = answer(patient)

    assert found.place("D02") == place


@pytest.mark.parametrize(("days", "place"), [(30, MAIN), (31, None)])
def test_loop_diuretic_stopped_before_the_onset_counts_within_thirty_days(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("furosemide", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D02") == place


def test_recently_stopped_is_said() -> None:
    patient = cramping().taking("furosemide", "2020-01-01", until=before_onset(10))

    found = answer(patient)

    assert found.summary("D02") == "Night leg cramps began 10 days after furosemide was stopped"


def test_loop_diuretic_stopped_since_asks_whether_the_cramps_eased() -> None:
    patient = cramping().taking("furosemide", "2020-01-01", until="2026-05-20")

    found = answer(patient)

    assert found.place("D02") == MAIN
    assert "cramps eased" in found.detail("D02")


@pytest.mark.parametrize("started", [None, "2025", "2026-05"])
def test_missing_or_too_coarse_start_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("furosemide", started)

    found = answer(patient)

    assert found.place("D02") == ALSO


def test_rise_counts_from_its_date() -> None:
    patient = (
        cramping()
        .taking("furosemide", "2020-01-01", until="2026-04-15", dose="40 mg")
        .taking("furosemide", "2026-04-16", dose="80 mg")
    )

    found = answer(patient)

    assert found.summary("D02") == "Night leg cramps began 15 days after furosemide was raised"


def test_status_unknown_is_only_a_line() -> None:
    patient = cramping().taking("furosemide", before_onset(30), status="unknown")

    found = answer(patient)

    assert found.place("D02") == ALSO


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("furosemide", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


def test_tests_are_offered_when_none_were_taken_since_the_start() -> None:
    patient = cramping().taking("furosemide", before_onset(30))

    found = answer(patient)

    assert found.suggested == {"Potassium", "Sodium", "Magnesium", "Calcium", "Creatinine"}


def test_diarrhoea_beside_a_loop_diuretic_is_told() -> None:
    patient = (
        cramping().taking("furosemide", before_onset(30)).with_diagnosis("vomiting_diarrhoea", "2026-05-20")
    )

    found = answer(patient)

    assert "adds to the losses" in found.printed


def test_two_diuretics_are_two_findings() -> None:
    patient = cramping().taking("furosemide", before_onset(30)).taking("metolazone", before_onset(10))

    found = answer(patient)

    assert found.rows == {"D02": MAIN, "D01": MAIN}


def measured(patient: APatient, on: str) -> APatient:
    """Potassium, sodium and creatinine, all normal, on one day."""
    normal = {"potassium": "4.1 mmol/L", "sodium": "140 mmol/L", "creatinine": "80 umol/L"}
    for analyte, value in normal.items():
        patient = patient.with_result(analyte, value, on)
    return patient


@pytest.mark.parametrize(("days", "due"), [(41, False), (42, True), (300, True)])
def test_monitoring_is_overdue_six_weeks_after_the_start_when_nothing_was_measured(
    days: int, due: bool
) -> None:
    patient = a_patient().with_cramps(days_before(1)).taking("furosemide", days_before(days))

    found = answer(patient)

    assert (
        "monitoring looks overdue: k, na and creatinine (none on file)" in found.detail("D02").casefold()
    ) is due


@pytest.mark.parametrize(("days", "due"), [(365, False), (366, True)])
def test_monitoring_is_overdue_when_the_last_was_more_than_a_year_ago(days: int, due: bool) -> None:
    patient = measured(cramping().taking("furosemide", "2015-01-01"), days_before(days))

    found = answer(patient)

    assert ("monitoring looks overdue" in found.detail("D02").casefold()) is due


@pytest.mark.parametrize(("days", "due"), [(183, False), (184, True)])
def test_in_heart_failure_monitoring_is_overdue_after_half_a_year(days: int, due: bool) -> None:
    patient = measured(cramping().taking("furosemide", "2015-01-01"), days_before(days))

    found = answer(patient.with_diagnosis("heart_failure", "2020-01-01"))

    assert ("monitoring looks overdue" in found.detail("D02").casefold()) is due


def test_values_from_before_the_start_do_not_count_as_monitoring() -> None:
    patient = measured(cramping().taking("furosemide", before_onset(30)), before_onset(31))

    found = answer(patient)

    assert (
        "monitoring looks overdue: k, na and creatinine (last 31 mar 2026)" in found.detail("D02").casefold()
    )


def test_stopped_drug_needs_no_monitoring() -> None:
    patient = cramping().taking("furosemide", "2020-01-01", until="2026-05-20")

    found = answer(patient)

    assert "overdue" not in found.printed
