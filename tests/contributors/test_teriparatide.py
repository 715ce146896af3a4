"""D15: teriparatide or abaloparatide speaks when begun in the 90 days before the cramps, as info."""

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


@pytest.mark.parametrize("ingredient", ["teriparatide", "abaloparatide"])
def test_every_named_analogue_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("teriparatide", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D15") == MAIN


@pytest.mark.parametrize(
    ("days", "place"), [(0, MAIN), (45, MAIN), (90, MAIN), (91, None), (400, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("teriparatide", before_onset(days))

    found = answer(patient)

    assert found.place("D15") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), MAIN), (before_onset(1), MAIN), ("2026-05-20", MAIN)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("teriparatide", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D15") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("teriparatide", started)

    found = answer(patient)

    assert found.place("D15") == ALSO


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("teriparatide", "2020-01-01", until=before_onset(16), dose="10 ug")
        .taking("teriparatide", before_onset(15), dose="20 ug")
    )

    found = answer(patient)

    assert found.place("D15") == MAIN
    assert "Teriparatide 10 to 20 micrograms on 16 Apr 2026" in found.detail("D15")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("teriparatide", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("teriparatide", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


def test_parathyroid_hormone_itself_is_not_meant() -> None:
    patient = cramping().taking("parathyroid hormone", before_onset(30))

    found = answer(patient)

    assert found.cards == ()


def test_card_drafts_no_order_and_claims_no_lack_of_a_calcium() -> None:
    patient = (
        cramping().taking("teriparatide", before_onset(30)).with_result("calcium_adjusted", "2.40 mmol/L")
    )

    found = answer(patient)

    assert (found.indicator("D15"), found.suggested) == ("info", frozenset())
    assert "o current" not in found.printed
