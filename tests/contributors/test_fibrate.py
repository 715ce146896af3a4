"""D25: a fibrate is info with a statin or kidney disease, a line alone; gemfibrozil pairs are a warning."""

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


@pytest.mark.parametrize("ingredient", ["fenofibrate", "bezafibrate", "gemfibrozil", "ciprofibrate"])
def test_every_named_fibrate_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("fenofibrate", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D25") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(45, ALSO), (90, ALSO), (91, ALSO), (365, ALSO), (366, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("fenofibrate", before_onset(days))

    found = answer(patient)

    assert found.place("D25") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), ALSO), (before_onset(1), ALSO), ("2026-05-20", ALSO)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("fenofibrate", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D25") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("fenofibrate", started)

    found = answer(patient)

    assert found.place("D25") == ALSO


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("fenofibrate", "2020-01-01", until=before_onset(16), dose="100 mg")
        .taking("fenofibrate", before_onset(15), dose="200 mg")
    )

    found = answer(patient)

    assert found.place("D25") == ALSO
    assert "raised 16 Apr 2026" in found.detail("D25")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("fenofibrate", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("fenofibrate", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("days", "place"), [(45, MAIN), (365, MAIN), (366, None), (-1, ("set-aside", "also-consider"))]
)
def test_with_a_statin_it_is_a_main_card_up_to_a_year(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("fenofibrate", before_onset(days)).taking("atorvastatin", "2015-01-01")

    found = answer(patient)

    assert found.place("D25") == place


@pytest.mark.parametrize("concept", ["chronic_kidney_disease", "ckd_advanced", "dialysis_dependence"])
def test_with_coded_kidney_disease_it_is_info(concept: str) -> None:
    patient = cramping().taking("fenofibrate", before_onset(30)).with_diagnosis(concept, "2020-01-01")

    found = answer(patient)

    assert (found.place("D25"), found.indicator("D25")) == (MAIN, "info")


@pytest.mark.parametrize(
    ("value", "days", "place"), [("59", 7, MAIN), ("60", 7, ALSO), ("45", 365, MAIN), ("45", 366, ALSO)]
)
def test_with_an_egfr_below_sixty_of_the_last_year_it_is_info(
    value: str, days: int, place: tuple[str, str]
) -> None:
    patient = (
        cramping()
        .taking("fenofibrate", before_onset(30))
        .with_result("egfr", f"{value} mL/min/{{1.73_m2}}", days_before(days))
    )

    found = answer(patient)

    assert found.place("D25") == place


@pytest.mark.parametrize("started", [before_onset(30), before_onset(300), "2015-01-01", None])
def test_with_a_raised_creatine_kinase_drawn_on_it_it_is_told_on_that_card(started: str | None) -> None:
    patient = (
        cramping().taking("fenofibrate", started).with_result("creatine_kinase", "900 U/L", high="200 U/L")
    )

    found = answer(patient)

    assert found.rows == {"L06": MAIN, "D25": MAIN}
    assert (found.indicator("D25"), found.chains) == ("warning", ())


def test_creatine_kinase_drawn_before_the_start_is_not_used_against_it() -> None:
    patient = (
        cramping()
        .taking("fenofibrate", before_onset(10))
        .with_result("creatine_kinase", "900 U/L", before_onset(20), high="200 U/L")
    )

    found = answer(patient)

    assert (found.place("L06"), found.place("D25")) == (MAIN, ALSO)


@pytest.mark.parametrize("statin", ["simvastatin", "lovastatin", "pravastatin"])
@pytest.mark.parametrize("started", [before_onset(30), before_onset(300), "2015-01-01", None])
def test_gemfibrozil_with_a_statin_to_avoid_is_one_warning_whenever_it_began(
    statin: str, started: str | None
) -> None:
    patient = cramping().taking("gemfibrozil", started).taking(statin, "2015-01-01")

    found = answer(patient)

    assert (found.place("D25"), found.indicator("D25"), len(found.cards)) == (MAIN, "warning", 1)


def test_gemfibrozil_that_began_after_the_cramps_is_a_safety_point() -> None:
    patient = cramping().taking("gemfibrozil", "2026-05-20").taking("pravastatin", "2015-01-01")

    found = answer(patient)

    assert (found.place("D25"), found.indicator("D25")) == (("safety", "main"), "warning")
    assert "If both are needed, fenofibrate is preferred." in found.detail("D25")


@pytest.mark.parametrize("statin", ["rosuvastatin", "fluvastatin"])
def test_gemfibrozil_with_another_statin_is_no_warning(statin: str) -> None:
    patient = cramping().taking("gemfibrozil", before_onset(30)).taking(statin, "2015-01-01")

    found = answer(patient)

    assert (found.place("D25"), found.indicator("D25")) == (MAIN, "info")


def test_gemfibrozil_or_statin_that_was_stopped_is_no_pair() -> None:
    patient = (
        cramping()
        .taking("gemfibrozil", before_onset(30))
        .taking("simvastatin", "2015-01-01", until=before_onset(100))
    )

    found = answer(patient)

    assert found.rows == {"D25": ALSO, "D04": ("set-aside", "also-consider")}


def test_creatine_kinase_is_offered_beside_a_statin_and_not_alone() -> None:
    alone = cramping().taking("fenofibrate", before_onset(30))
    beside = alone.taking("atorvastatin", "2015-01-01")

    offered = ["CK" in answer(each).suggested for each in (alone, beside)]

    assert offered == [False, True]


@pytest.mark.parametrize("started", ["2015-01-01", None])
@pytest.mark.parametrize("statin", ["simvastatin", "lovastatin", "pravastatin"])
def test_long_standing_gemfibrozil_with_a_statin_begun_after_the_cramps_is_a_safety_point(
    statin: str, started: str | None
) -> None:
    patient = cramping().taking("gemfibrozil", started).taking(statin, "2026-05-20")

    found = answer(patient)

    assert (found.place("D25"), found.indicator("D25")) == (("safety", "main"), "warning")


def test_statin_begun_after_the_cramps_makes_no_more_of_a_fibrate() -> None:
    patient = cramping().taking("fenofibrate", before_onset(30)).taking("atorvastatin", "2026-05-20")

    found = answer(patient)

    assert found.place("D25") == ALSO
