"""D13: raloxifene or another SERM counts when begun in the year before; a clot comes first."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")
LEFT = {"coding": [{"system": "http://snomed.info/sct", "code": "7771000", "display": "Left"}]}


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize("ingredient", ["raloxifene", "tamoxifen", "bazedoxifene"])
def test_every_member_is_seen(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert (found.place("D13"), found.indicator("D13")) == (MAIN, "info")


@pytest.mark.parametrize(
    ("days", "place"), [(0, MAIN), (90, MAIN), (91, MAIN), (365, MAIN), (366, None), (-1, None)]
)
def test_it_counts_when_begun_in_the_year_before(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("raloxifene", before_onset(days))

    found = answer(patient)

    assert found.place("D13") == place


def test_unknown_start_is_a_line() -> None:
    patient = cramping().taking("raloxifene")

    found = answer(patient)

    assert found.place("D13") == ALSO


@pytest.mark.parametrize(("days", "place"), [(30, MAIN), (31, None)])
def test_it_counts_for_thirty_days_after_it_was_stopped(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("raloxifene", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D13") == place


def test_card_raises_deep_vein_thrombosis_and_orders_nothing() -> None:
    patient = cramping().taking("raloxifene", before_onset(30))

    found = answer(patient)

    assert "check for one-sided swelling or pain (DVT)" in found.detail("D13")
    assert found.suggested == frozenset()


@pytest.mark.parametrize(
    ("members", "on", "is_told"),
    [
        ({"bodySite": [LEFT]}, days_before(10), True),
        ({"bodySite": [LEFT]}, days_before(91), False),
        ({}, days_before(10), False),
    ],
)
def test_recorded_one_sided_swelling_is_told(members: dict[str, Any], on: str, is_told: bool) -> None:
    patient = (
        cramping().taking("raloxifene", before_onset(30)).with_diagnosis("oedema_peripheral", on, **members)
    )

    found = answer(patient)

    assert found.printed.count("One-sided leg swelling is recorded") == is_told


def test_coded_acute_thrombosis_is_the_urgent_card_and_names_it() -> None:
    """R3 leads; the drug joins its card."""
    patient = cramping().taking("raloxifene", before_onset(120)).with_diagnosis("acute_dvt", days_before(5))

    found = answer(patient)

    assert (found.place("D13"), found.indicator("D13")) == (MAIN, "critical")
    assert "Raloxifene from 1 Jan 2026" in found.detail("D13")
    assert "A SERM raises the risk of clots." in found.detail("D13")


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("raloxifene", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()
