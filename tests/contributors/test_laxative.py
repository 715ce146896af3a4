"""D20: a laxative begun of late is a line, and joins the card of a low mineral drawn on it."""

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
    ["bisacodyl", "senna 7.5 mg tablets", "lactulose", "polyethylene glycol 3350", "Picolax", "MoviPrep"],
)
def test_every_named_laxative_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("bisacodyl", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D20") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (45, ALSO), (90, ALSO), (91, None), (400, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("bisacodyl", before_onset(days))

    found = answer(patient)

    assert found.place("D20") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), ALSO), (before_onset(1), ALSO), ("2026-05-20", ALSO)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("bisacodyl", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D20") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_not_told(started: str | None) -> None:
    patient = cramping().taking("bisacodyl", started)

    found = answer(patient)

    assert found.place("D20") is None


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("bisacodyl", "2020-01-01", until=before_onset(16), dose="5 mg")
        .taking("bisacodyl", before_onset(15), dose="10 mg")
    )

    found = answer(patient)

    assert found.place("D20") == ALSO
    assert "raised 16 Apr 2026" in found.detail("D20")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("bisacodyl", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("bisacodyl", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("analyte", "value", "row"),
    [
        ("potassium", "3.1 mmol/L", "L01"),
        ("magnesium", "0.55 mmol/L", "L02"),
        ("sodium", "128 mmol/L", "L04"),
    ],
)
@pytest.mark.parametrize("started", [before_onset(30), before_onset(300), "2015-01-01", None])
def test_with_a_low_mineral_drawn_on_it_it_is_told_on_that_card(
    analyte: str, value: str, row: str, started: str | None
) -> None:
    patient = cramping().taking("bisacodyl", started).with_result(analyte, value)

    found = answer(patient)

    assert found.rows == {row: MAIN, "D20": MAIN}
    assert (found.indicator("D20"), found.chains) == ("warning", ())
    assert "bisacodyl" in found.detail(row).casefold()


def test_low_potassium_drawn_before_the_start_is_not_explained_by_it() -> None:
    patient = (
        cramping()
        .taking("bisacodyl", before_onset(10))
        .with_result("potassium", "3.1 mmol/L", before_onset(11))
    )

    found = answer(patient)

    assert (found.place("L01"), found.place("D20")) == (MAIN, ALSO)


def test_started_long_ago_with_normal_values_it_is_not_mentioned() -> None:
    patient = cramping().taking("bisacodyl", "2015-01-01").with_result("potassium", "4.1 mmol/L")

    found = answer(patient)

    assert found.cards == ()


def test_no_test_is_offered_for_ordinary_use() -> None:
    patient = cramping().taking("bisacodyl", before_onset(30))

    found = answer(patient)

    assert found.suggested == frozenset()


def test_tests_are_offered_with_diarrhoea_and_what_is_known_is_left_out() -> None:
    patient = (
        cramping()
        .taking("bisacodyl", before_onset(30))
        .with_diagnosis("vomiting_diarrhoea", "2026-06-01")
        .with_result("sodium", "140 mmol/L")
    )

    found = answer(patient)

    assert {"Potassium", "Magnesium"} <= found.suggested
    assert "Sodium" not in found.suggested


def test_potassium_chloride_by_itself_is_no_bowel_preparation() -> None:
    patient = cramping().taking("potassium chloride", before_onset(30))

    found = answer(patient)

    assert "D20" not in found.rows
