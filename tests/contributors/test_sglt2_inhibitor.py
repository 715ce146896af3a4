"""D21: an SGLT2 inhibitor begun in the 90 days before the cramps is only a line."""

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


@pytest.mark.parametrize("ingredient", ["empagliflozin", "dapagliflozin", "canagliflozin", "ertugliflozin"])
def test_every_named_inhibitor_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("empagliflozin", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D21") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (45, ALSO), (90, ALSO), (91, None), (400, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("empagliflozin", before_onset(days))

    found = answer(patient)

    assert found.place("D21") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), ALSO), (before_onset(1), ALSO), ("2026-05-20", ALSO)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("empagliflozin", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D21") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_not_told(started: str | None) -> None:
    patient = cramping().taking("empagliflozin", started)

    found = answer(patient)

    assert found.place("D21") is None


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("empagliflozin", "2020-01-01", until=before_onset(16), dose="10 mg")
        .taking("empagliflozin", before_onset(15), dose="25 mg")
    )

    found = answer(patient)

    assert found.place("D21") == ALSO
    assert "raised 16 Apr 2026" in found.detail("D21")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("empagliflozin", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("empagliflozin", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("sodium", ["140 mmol/L", "135 mmol/L"])
def test_normal_sodium_does_not_take_the_line_away(sodium: str) -> None:
    patient = cramping().taking("empagliflozin", before_onset(30)).with_result("sodium", sodium)

    found = answer(patient)

    assert found.rows == {"D21": ALSO}


def test_line_names_what_adds_to_it() -> None:
    alone = cramping().taking("empagliflozin", before_onset(30))
    beside = alone.taking("furosemide", "2015-01-01")

    lines = [answer(each).detail("D21").splitlines() for each in (alone, beside)]

    said = "- **Empagliflozin** (SGLT2 inhibitor), from 1 Apr 2026; check volume and sick-day advice (evidence D)"
    assert said in lines[0]
    assert f"{said}; adding to the loss of volume: furosemide" in lines[1]


def test_no_test_is_offered_by_itself() -> None:
    patient = cramping().taking("empagliflozin", before_onset(30))

    found = answer(patient)

    assert found.suggested == frozenset()


@pytest.mark.parametrize("drug", ["furosemide", "indapamide"])
def test_tests_are_offered_beside_a_diuretic(drug: str) -> None:
    patient = (
        cramping()
        .taking("empagliflozin", before_onset(30))
        .taking(drug, "2015-01-01")
        .with_result("potassium", "4.1 mmol/L")
    )

    found = answer(patient)

    assert {"Creatinine", "Sodium"} <= found.suggested


@pytest.mark.parametrize(("days", "offered"), [(90, True), (91, False)])
def test_tests_are_offered_with_dehydration_recorded_in_the_last_ninety_days(
    days: int, offered: bool
) -> None:
    patient = (
        cramping()
        .taking("empagliflozin", before_onset(30))
        .with_diagnosis("dehydration_volume_depletion", days_before(days))
    )

    found = answer(patient)

    assert ({"Creatinine", "Sodium"} <= found.suggested) is offered
