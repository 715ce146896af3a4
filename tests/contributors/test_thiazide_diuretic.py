"""D01: a thiazide speaks by its time class, and only as info."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN, ALSO, ASIDE = ("contributor", "main"), ("contributor", "also-consider"), ("set-aside", "main")
DRUG = "hydrochlorothiazide"


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize(
    ("days", "place"),
    [(20, MAIN), (90, MAIN), (91, MAIN), (365, MAIN), (366, ALSO), (3000, ALSO)],
)
def test_thiazide_is_a_main_card_up_to_a_year_before_onset_and_a_line_after(
    days: int, place: tuple[str, str]
) -> None:
    patient = cramping().taking(DRUG, before_onset(days))

    found = answer(patient)

    assert (found.place("D01"), found.indicator("D01")) == (place, "info")


@pytest.mark.parametrize(
    "ingredient", ["hydrochlorothiazide", "chlorthalidone", "indapamide", "bendroflumethiazide", "metolazone"]
)
def test_every_named_thiazide_is_seen(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert found.summary("D01") == f"Night leg cramps began 30 days after {ingredient} was started"


def test_start_on_the_day_of_a_stated_onset_counts() -> None:
    patient = cramping().taking(DRUG, ONSET.isoformat())

    found = answer(patient)

    assert found.summary("D01") == "Night leg cramps began the day hydrochlorothiazide was started"


def test_start_on_the_day_the_cramps_were_written_down_does_not_count() -> None:
    patient = a_patient().with_cramps(recorded="2026-05-01").taking(DRUG, "2026-05-01")

    found = answer(patient)

    assert found.flagged == frozenset()


def test_start_after_the_onset_is_silent_by_itself() -> None:
    patient = cramping().taking(DRUG, "2026-05-02")

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "nothing-found")


def test_start_after_the_onset_is_set_aside_on_the_card_of_another_drug() -> None:
    patient = cramping().taking(DRUG, "2026-05-02").taking("furosemide", before_onset(30))

    found = answer(patient)

    assert found.rows == {"D02": MAIN, "D01": ASIDE}
    assert "*Set aside:* hydrochlorothiazide (from 2 May 2026, after the cramps began)." in found.detail(
        "D02"
    )


def test_missing_start_is_a_line_that_says_so() -> None:
    patient = cramping().taking(DRUG)

    found = answer(patient)

    assert found.place("D01") == ALSO
    assert "**hydrochlorothiazide** (thiazide-type), start date not recorded" in found.detail("D01").lower()


@pytest.mark.parametrize(
    ("started", "place"), [("2026-03", MAIN), ("2025", ALSO), ("2026-05", ALSO), ("2026-06", None)]
)
def test_partial_start_counts_as_the_weakest_class_that_it_may_mean(
    started: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking(DRUG, started)

    found = answer(patient)

    assert found.place("D01") == place


def test_unknown_order_is_told() -> None:
    patient = a_patient().with_cramps("2026-03-20").taking(DRUG, "2026-03")

    found = answer(patient)

    assert "from Mar 2026, which may be before or after the cramps" in found.detail("D01")


@pytest.mark.parametrize(
    ("stopped", "place"),
    [
        (before_onset(31), None),
        (before_onset(30), MAIN),
        (before_onset(1), MAIN),
        ("2026-05-20", MAIN),
    ],
)
def test_stopped_thiazide_counts_within_washout_or_when_stopped_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking(DRUG, "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D01") == place


@pytest.mark.parametrize(("days", "place"), [(90, MAIN), (91, None)])
def test_thiazide_stopped_longer_ago_with_cramps_that_went_on_is_not_flagged(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = a_patient().with_cramps("2026-01-10").taking(DRUG, "2025-12-01", until=days_before(days))

    found = answer(patient)

    assert found.place("D01") == place


def test_stop_without_a_date_is_set_aside_in_words() -> None:
    patient = (
        cramping().taking(DRUG, before_onset(30), status="stopped").taking("furosemide", before_onset(30))
    )

    found = answer(patient)

    assert found.place("D01") == ASIDE
    assert "hydrochlorothiazide (stop date not recorded)" in found.detail("D02")


def test_dose_rise_in_a_new_entry_counts() -> None:
    patient = (
        cramping()
        .taking(DRUG, "2020-01-01", until=before_onset(13), dose="12.5 mg")
        .taking(DRUG, before_onset(12), dose="25 mg")
    )

    found = answer(patient)

    assert found.summary("D01") == "Night leg cramps began 12 days after hydrochlorothiazide was raised"
    assert "- Hydrochlorothiazide 12.5 to 25 mg on 19 Apr 2026; cramps from 1 May 2026" in found.detail("D01")


def test_refills_of_many_years_are_no_start() -> None:
    patient = cramping()
    for year in range(2020, 2027):
        patient = patient.prescribed(DRUG, f"{year}-03-01", dose="25 mg")

    found = answer(patient)

    assert found.place("D01") == ALSO
    assert "first recorded 1 Mar 2020, unchanged" in found.detail("D01")


def test_first_prescription_on_file_is_not_called_a_start() -> None:
    patient = cramping().prescribed(DRUG, before_onset(30))

    found = answer(patient)

    assert (
        found.summary("D01") == "Night leg cramps began 30 days after hydrochlorothiazide was first recorded"
    )


def test_restart_more_than_thirty_days_after_a_stop_is_a_start() -> None:
    patient = cramping().taking(DRUG, "2015-01-01", until=before_onset(120)).taking(DRUG, before_onset(40))

    found = answer(patient)

    assert found.summary("D01") == "Night leg cramps began 40 days after hydrochlorothiazide was started"


def test_switch_to_another_thiazide_is_not_a_start() -> None:
    patient = (
        cramping().taking(DRUG, "2020-01-01", until=before_onset(30)).taking("indapamide", before_onset(30))
    )

    found = answer(patient)

    assert found.place("D01") == ALSO
    assert found.sources("D01") == ("MedicationStatement/ms1", "MedicationStatement/ms2")


def test_statement_and_request_are_told_once() -> None:
    patient = cramping().taking(DRUG, before_onset(30)).prescribed(DRUG, before_onset(30))

    found = answer(patient)

    assert found.detail("D01").casefold().count("hydrochlorothiazide") == 1
    assert found.sources("D01") == ("MedicationRequest/mr1", "MedicationStatement/ms1")


def test_status_unknown_is_only_a_line() -> None:
    patient = cramping().taking(DRUG, before_onset(30), status="unknown")

    found = answer(patient)

    assert found.place("D01") == ALSO
    assert "unchanged" not in found.detail("D01")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking(DRUG, before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members",
    [
        {"status": "draft"},
        {"status": "cancelled"},
        {"status": "entered-in-error"},
        {"status": "on-hold"},
        {"intent": "proposal"},
        {"intent": "plan"},
        {"doNotPerform": True},
    ],
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed(DRUG, before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


def test_cut_off_list_makes_the_first_prescription_no_start() -> None:
    patient = cramping().prescribed(DRUG, before_onset(30))

    found = answer(patient, cut_off=("medicationRequests",))

    assert found.place("D01") == ALSO
    assert found.data_lines() == ("Possibly cut off: medication requests",)


def test_tests_are_offered_when_none_were_taken_since_the_start() -> None:
    patient = (
        cramping().taking(DRUG, before_onset(30)).with_result("potassium", "4.1 mmol/L", before_onset(31))
    )

    found = answer(patient)

    assert found.suggested == {"Potassium", "Sodium", "Magnesium", "Creatinine"}


def test_test_taken_since_the_start_is_not_offered_again() -> None:
    patient = cramping().taking(DRUG, before_onset(30))
    for analyte, value in (
        ("potassium", "4.1 mmol/L"),
        ("sodium", "140 mmol/L"),
        ("magnesium", "0.8 mmol/L"),
    ):
        patient = patient.with_result(analyte, value)

    found = answer(patient)

    assert found.suggested == {"Creatinine"}


def test_lithium_on_the_list_is_told() -> None:
    patient = cramping().taking(DRUG, before_onset(30)).taking("lithium", "2015-01-01")

    found = answer(patient)

    assert "a thiazide raises its level" in found.detail("D01")


def test_pure_arb_is_never_flagged() -> None:
    patient = cramping().taking("losartan", before_onset(30))

    found = answer(patient)

    assert found.cards == ()


def test_dose_raised_after_the_onset_is_not_called_unchanged() -> None:
    patient = cramping().taking(DRUG, "2023-12-28", until="2026-05-15", dose="12.5 mg")

    found = answer(patient.taking(DRUG, "2026-05-16", dose="50 mg"))

    assert found.place("D01") == ALSO
    assert "since 28 Dec 2023, 12.5 to 50 mg on 16 May 2026" in found.detail("D01")


def test_lithium_is_told_on_the_line_of_a_thiazide_of_many_years_too() -> None:
    patient = cramping().taking(DRUG, "2015-01-01").taking("lithium", "2015-01-01")

    found = answer(patient)

    assert found.place("D01") == ALSO
    assert "lithium is listed; a thiazide raises its level, so consider a lithium level" in (
        found.detail("D01").casefold()
    )


def test_thiazide_begun_after_the_cramps_beside_lithium_is_a_safety_point() -> None:
    patient = cramping().taking(DRUG, "2026-05-20").taking("lithium", "2015-01-01")

    found = answer(patient)

    assert (found.place("D01"), found.indicator("D01")) == (("safety", "main"), "info")
    assert found.summary("D01") == (
        "Lithium with hydrochlorothiazide, from 20 May 2026: a thiazide raises the lithium level, "
        "in a patient with night leg cramps"
    )
    assert "*Consider:* a lithium level" in found.detail("D01")


@pytest.mark.parametrize("stopped", ["hydrochlorothiazide", "lithium"])
def test_lithium_is_not_told_where_one_of_the_two_was_stopped(stopped: str) -> None:
    patient = cramping()
    for ingredient in (DRUG, "lithium"):
        patient = patient.taking(
            ingredient, before_onset(60), until=before_onset(5) if ingredient == stopped else None
        )

    found = answer(patient)

    assert found.place("D01") == MAIN
    assert "lithium level" not in found.printed


def measured(patient: APatient, on: str) -> APatient:
    """Potassium, sodium and creatinine, all normal, on one day."""
    normal = {"potassium": "4.1 mmol/L", "sodium": "140 mmol/L", "creatinine": "80 umol/L"}
    for analyte, value in normal.items():
        patient = patient.with_result(analyte, value, on)
    return patient


@pytest.mark.parametrize(("days", "due"), [(41, False), (42, True), (300, True)])
def test_monitoring_is_overdue_six_weeks_after_the_start_when_nothing_was_measured(
    days: int, due: bool
) -> None:
    patient = a_patient().with_cramps(days_before(1)).taking(DRUG, days_before(days))

    found = answer(patient)

    assert (
        "monitoring looks overdue: k, na and creatinine (none on file)" in found.detail("D01").casefold()
    ) is due


@pytest.mark.parametrize(("days", "due"), [(365, False), (366, True)])
def test_monitoring_is_overdue_when_the_last_was_more_than_a_year_ago(days: int, due: bool) -> None:
    patient = measured(cramping().taking(DRUG, "2015-01-01"), days_before(days))

    found = answer(patient)

    assert ("monitoring looks overdue" in found.detail("D01").casefold()) is due


@pytest.mark.parametrize(("days", "due"), [(183, False), (184, True)])
def test_in_heart_failure_monitoring_is_overdue_after_half_a_year(days: int, due: bool) -> None:
    patient = measured(cramping().taking(DRUG, "2015-01-01"), days_before(days))

    found = answer(patient.with_diagnosis("heart_failure", "2020-01-01"))

    assert ("monitoring looks overdue" in found.detail("D01").casefold()) is due


def test_values_from_before_the_start_do_not_count_as_monitoring() -> None:
    patient = measured(cramping().taking(DRUG, before_onset(30)), before_onset(31))

    found = answer(patient)

    assert (
        "monitoring looks overdue: k, na and creatinine (last 31 mar 2026)" in found.detail("D01").casefold()
    )


def test_stopped_drug_needs_no_monitoring() -> None:
    patient = cramping().taking(DRUG, "2020-01-01", until="2026-05-20")

    found = answer(patient)

    assert "overdue" not in found.printed
