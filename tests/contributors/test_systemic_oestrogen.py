"""D14: systemic oestrogen speaks by its time class, and only as info; it raises the question of a clot."""

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
    "ingredient", ["estradiol", "conjugated estrogens", "Premarin 0.625 mg tablets", "ethinylestradiol"]
)
def test_every_named_oestrogen_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("estradiol", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D14") == MAIN


@pytest.mark.parametrize(
    ("days", "place"), [(45, MAIN), (90, MAIN), (91, MAIN), (365, MAIN), (366, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("estradiol", before_onset(days))

    found = answer(patient)

    assert found.place("D14") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), MAIN), (before_onset(1), MAIN), ("2026-05-20", MAIN)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("estradiol", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D14") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("estradiol", started)

    found = answer(patient)

    assert found.place("D14") == ALSO


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("estradiol", "2020-01-01", until=before_onset(16), dose="1 mg")
        .taking("estradiol", before_onset(15), dose="2 mg")
    )

    found = answer(patient)

    assert found.place("D14") == MAIN
    assert "Estradiol 1 to 2 mg on 16 Apr 2026" in found.detail("D14")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("estradiol", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("estradiol", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


def test_vaginal_product_that_acts_locally_is_not_meant() -> None:
    vagifem = {"coding": [], "text": "Vagifem 10 microgram vaginal tablet"}
    patient = cramping().taking("estradiol", before_onset(30), medicationCodeableConcept=vagifem)

    found = answer(patient)

    assert found.cards == ()


def test_card_is_info_and_asks_to_think_of_a_clot() -> None:
    patient = cramping().taking("estradiol", before_onset(30))

    found = answer(patient)

    assert (found.indicator("D14"), found.suggested) == ("info", frozenset())
    assert found.summary("D14") == "Night leg cramps began 30 days after estradiol was started"
    assert "check for one-sided swelling or pain (DVT)" in found.detail("D14")


def test_with_an_acute_clot_coded_it_is_told_on_that_card() -> None:
    patient = cramping().taking("estradiol", before_onset(30)).with_diagnosis("acute_dvt", days_before(3))

    found = answer(patient)

    assert [card.indicator for card in found.cards] == ["critical"]
    assert found.place("D14") == MAIN
    assert "estradiol from 1 apr 2026" in found.detail("D14").casefold()
    assert "Oestrogen raises the risk of clots." in found.detail("D14")
