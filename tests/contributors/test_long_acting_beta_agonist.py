"""D06: a long-acting beta2 agonist speaks by its time class, and is never to be ended because of cramps."""

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


@pytest.mark.parametrize(
    "ingredient", ["salmeterol", "formoterol", "vilanterol", "indacaterol", "olodaterol"]
)
def test_every_long_acting_agonist_is_seen(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert (found.place("D06"), found.indicator("D06")) == (MAIN, "info")


@pytest.mark.parametrize(
    ("days", "place"), [(0, MAIN), (45, MAIN), (90, MAIN), (91, MAIN), (365, MAIN), (366, ALSO), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("salmeterol", before_onset(days))

    found = answer(patient)

    assert found.place("D06") == place


@pytest.mark.parametrize(("days", "place"), [(30, MAIN), (31, None)])
def test_it_counts_for_thirty_days_after_it_was_stopped(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("salmeterol", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D06") == place


@pytest.mark.parametrize("started", [None, "2025", "2026-05"])
def test_missing_or_too_coarse_start_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("salmeterol", started)

    found = answer(patient)

    assert found.place("D06") == ALSO


def test_step_up_counts_from_its_date() -> None:
    patient = (
        cramping()
        .taking("formoterol", "2020-01-01", until=before_onset(61), dose="12 ug")
        .taking("formoterol", before_onset(60), dose="24 ug")
    )

    found = answer(patient)

    assert found.summary("D06") == "Night leg cramps began 60 days after formoterol was raised"


@pytest.mark.parametrize(
    ("other", "suggested"),
    [
        ("indapamide", {"Potassium"}),
        ("furosemide", {"Potassium"}),
        ("prednisone", {"Potassium"}),
        ("albuterol", {"Potassium"}),
        ("lisinopril", frozenset()),
    ],
)
def test_potassium_is_offered_only_with_another_drug_that_lowers_it(other: str, suggested: set[str]) -> None:
    patient = cramping().taking("salmeterol", before_onset(30)).taking(other, "2026-05-20")

    found = answer(patient)

    assert found.suggested == suggested


def test_potassium_that_was_just_taken_is_not_offered_again() -> None:
    patient = (
        cramping()
        .taking("salmeterol", before_onset(30))
        .taking("prednisone", "2026-05-20")
        .with_result("potassium", "4.2 mmol/L")
    )

    found = answer(patient)

    assert found.suggested == frozenset()


def test_reliever_beside_it_is_asked_about() -> None:
    patient = cramping().taking("salmeterol", before_onset(30)).taking("albuterol", before_onset(30))

    found = answer(patient)

    assert "A reliever is listed too (salbutamol/albuterol): ask how often it is used." in found.detail("D06")


@pytest.mark.parametrize(("potassium", "is_asked"), [("3.5 mmol/L", True), ("3.4 mmol/L", False)])
def test_reliever_is_asked_about_once_where_a_low_potassium_makes_the_chain(
    potassium: str, is_asked: bool
) -> None:
    patient = cramping().taking("salmeterol", before_onset(30)).taking("albuterol", before_onset(30))

    found = answer(patient.with_result("potassium", potassium))

    assert ("A reliever is listed too" in found.printed) is is_asked


def test_card_keeps_the_inhaler_and_its_steroid() -> None:
    patient = cramping().taking("salmeterol", before_onset(30)).with_diagnosis("asthma_copd", "2010-01-01")

    found = answer(patient)

    assert "in asthma never without an inhaled steroid" in found.detail("D06")
    assert "stop" not in found.printed.casefold()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("salmeterol", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()
