"""D18: donepezil is info, by the trials on its label; the others are only a line."""

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


@pytest.mark.parametrize("ingredient", ["donepezil"])
def test_every_named_donepezil_product_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("donepezil", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D18") == MAIN


@pytest.mark.parametrize(
    ("days", "place"), [(0, MAIN), (45, MAIN), (90, MAIN), (91, None), (400, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("donepezil", before_onset(days))

    found = answer(patient)

    assert found.place("D18") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), MAIN), (before_onset(1), MAIN), ("2026-05-20", MAIN)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("donepezil", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D18") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("donepezil", started)

    found = answer(patient)

    assert found.place("D18") == ALSO


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("donepezil", "2020-01-01", until=before_onset(16), dose="5 mg")
        .taking("donepezil", before_onset(15), dose="10 mg")
    )

    found = answer(patient)

    assert found.place("D18") == MAIN
    assert "Donepezil 5 to 10 mg on 16 Apr 2026" in found.detail("D18")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("donepezil", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("donepezil", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("ingredient", ["rivastigmine", "galantamine", "pyridostigmine", "neostigmine"])
@pytest.mark.parametrize(("days", "place"), [(0, ALSO), (90, ALSO), (91, None), (-1, None)])
def test_the_others_are_only_a_line(ingredient: str, days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking(ingredient, before_onset(days))

    found = answer(patient)

    assert found.place("D18") == place


def test_card_of_donepezil_is_info_and_names_the_time_of_day() -> None:
    patient = cramping().taking("donepezil", before_onset(30))

    found = answer(patient)

    assert (found.indicator("D18"), found.suggested) == ("info", frozenset())
    assert "*Consider:* a morning dose if it is taken at bedtime" in found.detail("D18")


def test_line_of_another_says_whose_figures_they_are() -> None:
    patient = cramping().taking("rivastigmine", before_onset(30))

    found = answer(patient)

    assert (
        "- **Rivastigmine** (cholinesterase inhibitor), from 1 Apr 2026: ask about bedtime dosing (evidence C); "
        "trial figures are for donepezil only"
    ) in found.detail("D18").splitlines()
