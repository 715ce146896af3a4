"""D03: its own association by timing; never an explanation of a low potassium (X1)."""

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


@pytest.mark.parametrize("ingredient", ["spironolactone", "eplerenone", "amiloride", "triamterene"])
def test_every_named_potassium_sparing_drug_is_seen(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert (found.place("D03"), found.indicator("D03")) == (MAIN, "info")


@pytest.mark.parametrize(
    ("days", "place"), [(45, MAIN), (90, MAIN), (91, MAIN), (365, MAIN), (366, ALSO), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("spironolactone", before_onset(days))

    found = answer(patient)

    assert found.place("D03") == place


@pytest.mark.parametrize(("days", "place"), [(30, MAIN), (31, None)])
def test_stopped_before_the_onset_it_counts_within_thirty_days(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("spironolactone", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D03") == place


@pytest.mark.parametrize("started", [None, "2025", "2026-05"])
def test_missing_or_too_coarse_start_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("spironolactone", started)

    found = answer(patient)

    assert found.place("D03") == ALSO


def test_rise_counts_from_its_date() -> None:
    patient = (
        cramping()
        .taking("spironolactone", "2020-01-01", until="2026-04-15", dose="25 mg")
        .taking("spironolactone", "2026-04-16", dose="50 mg")
    )

    found = answer(patient)

    assert found.summary("D03") == "Night leg cramps began 15 days after spironolactone was raised"


def test_low_potassium_stands_on_its_own_card_without_a_chain() -> None:
    patient = cramping().taking("spironolactone", before_onset(30)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert (found.chains, found.indicator("L01"), found.indicator("D03")) == ((), "warning", "info")
    assert found.card_of("L01") != found.card_of("D03")


def test_card_of_the_low_potassium_says_that_the_drug_does_not_explain_it() -> None:
    patient = cramping().taking("spironolactone", before_onset(30)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert "Not explained by spironolactone, which may raise potassium" in found.detail("L01")


@pytest.mark.parametrize("ingredient", ["lisinopril", "losartan"])
def test_ace_inhibitor_and_arb_are_never_flagged(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.flagged == {"L01"}


def test_tests_are_offered_when_none_were_taken_since_the_start() -> None:
    patient = cramping().taking("spironolactone", before_onset(30))

    found = answer(patient)

    assert found.suggested == {"Potassium", "Creatinine"}


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("spironolactone", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


def measured(patient: APatient, on: str) -> APatient:
    """Potassium and creatinine, both normal, on one day."""
    return patient.with_result("potassium", "4.1 mmol/L", on).with_result("creatinine", "80 umol/L", on)


@pytest.mark.parametrize("ingredient", ["spironolactone", "eplerenone"])
@pytest.mark.parametrize(("days", "due"), [(6, False), (7, True), (100, True)])
def test_monitoring_of_an_mra_is_overdue_a_week_after_the_start_when_nothing_was_measured(
    ingredient: str, days: int, due: bool
) -> None:
    patient = a_patient().with_cramps(days_before(1)).taking(ingredient, days_before(days))

    found = answer(patient)

    said = "monitoring looks overdue: k and creatinine (none on file)"
    assert (said in found.detail("D03").casefold()) is due


@pytest.mark.parametrize(("days", "due"), [(183, False), (184, True)])
def test_monitoring_of_an_mra_is_overdue_after_half_a_year(days: int, due: bool) -> None:
    patient = measured(cramping().taking("spironolactone", "2015-01-01"), days_before(days))

    found = answer(patient)

    assert ("monitoring looks overdue" in found.detail("D03")) is due


@pytest.mark.parametrize("ingredient", ["amiloride", "triamterene"])
@pytest.mark.parametrize(("concept", "due"), [("heart_failure", True), ("hypertension", False)])
def test_other_potassium_sparing_drugs_are_monitored_in_heart_failure_only(
    ingredient: str, concept: str, due: bool
) -> None:
    patient = cramping().taking(ingredient, before_onset(30)).with_diagnosis(concept, "2015-01-01")

    found = answer(patient)

    assert ("onitoring looks overdue" in found.detail("D03")) is due


def test_stopped_drug_needs_no_monitoring() -> None:
    patient = cramping().taking("spironolactone", "2020-01-01", until="2026-05-20")

    found = answer(patient)

    assert "overdue" not in found.printed
