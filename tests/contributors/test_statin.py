"""D04: a statin speaks by its time class; a switch to a stronger one is a start; the washout is 60 days."""

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
    "ingredient",
    [
        "atorvastatin",
        "simvastatin",
        "rosuvastatin",
        "pravastatin",
        "lovastatin",
        "fluvastatin",
        "pitavastatin",
    ],
)
def test_every_statin_is_seen(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert (found.place("D04"), found.indicator("D04")) == (MAIN, "info")


@pytest.mark.parametrize(
    ("days", "place"), [(45, MAIN), (90, MAIN), (91, MAIN), (365, MAIN), (366, ALSO), (-1, None)]
)
def test_statin_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("atorvastatin", before_onset(days))

    found = answer(patient)

    assert found.place("D04") == place


@pytest.mark.parametrize(("days", "place"), [(60, MAIN), (61, None)])
def test_statin_stopped_before_the_onset_counts_within_sixty_days(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("atorvastatin", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D04") == place


@pytest.mark.parametrize("started", [None, "2025", "2026-05"])
def test_missing_or_too_coarse_start_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("atorvastatin", started)

    found = answer(patient)

    assert found.place("D04") == ALSO


def test_switch_to_a_stronger_statin_is_a_start() -> None:
    patient = (
        cramping()
        .taking("simvastatin", "2020-01-01", until=before_onset(21), dose="20 mg")
        .taking("rosuvastatin", before_onset(20), dose="20 mg")
    )

    found = answer(patient)

    assert found.place("D04") == MAIN
    assert found.summary("D04") == "Night leg cramps began 20 days after rosuvastatin was started"


def test_switch_to_a_weaker_statin_is_no_start() -> None:
    patient = (
        cramping()
        .taking("rosuvastatin", "2020-01-01", until=before_onset(21), dose="20 mg")
        .taking("pravastatin", before_onset(20), dose="20 mg")
    )

    found = answer(patient)

    assert found.place("D04") == ALSO


def test_dose_rise_counts_from_its_date() -> None:
    patient = (
        cramping()
        .taking("atorvastatin", "2020-01-01", until=before_onset(61), dose="20 mg")
        .taking("atorvastatin", before_onset(60), dose="80 mg")
    )

    found = answer(patient)

    assert found.summary("D04") == "Night leg cramps began 60 days after atorvastatin was raised"


def test_creatine_kinase_is_not_offered_without_muscle_symptoms() -> None:
    patient = cramping().taking("atorvastatin", before_onset(30))

    found = answer(patient)

    assert found.suggested == frozenset()


def test_creatine_kinase_is_offered_where_new_weakness_is_coded() -> None:
    patient = (
        cramping()
        .taking("atorvastatin", before_onset(30))
        .with_diagnosis("new_weakness_or_fasciculation", days_before(10))
    )

    found = answer(patient)

    assert {"CK", "Creatinine"} <= found.suggested


def test_colchicine_is_named_for_its_own_muscle_risk() -> None:
    patient = cramping().taking("atorvastatin", before_onset(30)).taking("colchicine", "2026-05-20")

    found = answer(patient)

    assert "Colchicine is listed too and adds its own muscle risk." in found.detail("D04")


def test_card_never_tells_to_stop_a_statin() -> None:
    patient = cramping().taking("atorvastatin", before_onset(30))

    found = answer(patient)

    assert "stop" not in found.printed.casefold()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("atorvastatin", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()
