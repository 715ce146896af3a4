"""Medicines as written become courses, rises and time classes (KNOWLEDGE section 3, DECISIONS "Exposures")."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cds_service.dates import Span
from cds_service.doses import daily_dose
from cds_service.facts import Course, Exposure, Onset, Rise, TimeClass, Timing
from cds_service.quantity import Quantity
from cds_service.record import Coding, Concept, Dose
from cds_service.timing import timings
from tests.findings_of import answer
from tests.patients import TODAY, APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
THIAZIDE = "hydrochlorothiazide"
POTENCY = {"simvastatin": Decimal(4), "atorvastatin": Decimal(8), "rosuvastatin": Decimal(16)}


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def exposed(
    patient: APatient, value_set: str = "thiazide_diuretic", cut_off: tuple[str, ...] = ()
) -> tuple[Exposure, ...]:
    facts = answer(patient, cut_off=cut_off).advice.facts
    assert facts is not None
    return facts.exposures.get(value_set, ())


def courses_of(patient: APatient, cut_off: tuple[str, ...] = ()) -> tuple[Course, ...]:
    """The courses of the one thiazide."""
    (exposure,) = exposed(patient, cut_off=cut_off)
    return exposure.courses


def timing_of(patient: APatient, value_set: str = "thiazide_diuretic", washout: int = 30) -> Timing:
    """The member that leads its class."""
    facts = answer(patient).advice.facts
    assert facts is not None
    return timings(facts.exposures[value_set], facts.onset, washout, facts.today, POTENCY)[0]


def day(text: str) -> Span:
    return Span.of(date.fromisoformat(text))


def mg(value: str) -> Quantity:
    return Quantity(Decimal(value), "mg")


# --- time classes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "time_class"),
    [
        (0, TimeClass.STRONG),
        (1, TimeClass.STRONG),
        (90, TimeClass.STRONG),
        (91, TimeClass.PLAUSIBLE),
        (365, TimeClass.PLAUSIBLE),
        (366, TimeClass.WEAK),
        (-1, TimeClass.AFTER),
    ],
)
def test_time_class_follows_the_days_from_start_to_onset(days: int, time_class: TimeClass) -> None:
    patient = cramping().taking(THIAZIDE, before_onset(days))

    timing = timing_of(patient)

    assert timing.time_class is time_class


@pytest.mark.parametrize(
    ("days", "washout", "time_class"),
    [
        (1, 30, TimeClass.RECENTLY_STOPPED),
        (30, 30, TimeClass.RECENTLY_STOPPED),
        (31, 30, TimeClass.STOPPED),
        (60, 60, TimeClass.RECENTLY_STOPPED),
        (61, 60, TimeClass.STOPPED),
        (0, 30, TimeClass.STOPPED_SINCE),
    ],
)
def test_drug_stopped_before_onset_counts_only_within_its_washout(
    days: int, washout: int, time_class: TimeClass
) -> None:
    patient = cramping().taking(THIAZIDE, "2020-01-01", until=before_onset(days))

    timing = timing_of(patient, washout=washout)

    assert timing.time_class is time_class


@pytest.mark.parametrize(("days", "time_class"), [(90, TimeClass.STOPPED_SINCE), (91, TimeClass.OUTLASTED)])
def test_drug_stopped_after_onset_counts_for_ninety_days_before_the_index(
    days: int, time_class: TimeClass
) -> None:
    patient = a_patient().with_cramps("2026-01-10").taking(THIAZIDE, "2025-12-01", until=days_before(days))

    timing = timing_of(patient)

    assert timing.time_class is time_class


def test_start_on_the_day_of_a_recorded_date_that_stands_in_for_onset_is_after() -> None:
    patient = a_patient().with_cramps(recorded="2026-05-01").taking(THIAZIDE, "2026-05-01")

    timing = timing_of(patient)

    assert timing.time_class is TimeClass.AFTER


def test_rise_on_the_day_of_a_recorded_date_that_stands_in_for_onset_does_not_count() -> None:
    patient = (
        a_patient()
        .with_cramps(recorded="2026-05-01")
        .taking(THIAZIDE, "2020-01-01", until="2026-04-30", dose="12.5 mg")
        .taking(THIAZIDE, "2026-05-01", dose="25 mg")
    )

    timing = timing_of(patient)

    assert (timing.time_class, timing.is_rise) == (TimeClass.WEAK, False)


def test_missing_start_is_of_unknown_class() -> None:
    patient = cramping().taking(THIAZIDE)

    timing = timing_of(patient)

    assert (timing.time_class, timing.change, timing.order_is_unknown) == (TimeClass.UNKNOWN, None, False)


@pytest.mark.parametrize(
    ("started", "onset", "time_class"),
    [
        ("2026-03", "2026-05-01", TimeClass.STRONG),  # 31 to 61 days
        ("2026-01", "2026-04-15", TimeClass.PLAUSIBLE),  # 74 to 104 days
        ("2025", "2026-05-01", TimeClass.WEAK),  # 121 to 485 days
        ("2026-03", "2026-05", TimeClass.PLAUSIBLE),  # 31 to 91 days
        ("2026-05", "2026-04-30", TimeClass.AFTER),
    ],
)
def test_partial_dates_get_the_weakest_class_that_they_may_mean(
    started: str, onset: str, time_class: TimeClass
) -> None:
    patient = a_patient().with_cramps(onset).taking(THIAZIDE, started)

    timing = timing_of(patient)

    assert timing.time_class is time_class


def test_start_in_the_month_of_the_onset_leaves_the_order_unknown() -> None:
    patient = a_patient().with_cramps("2026-03-20").taking(THIAZIDE, "2026-03")

    timing = timing_of(patient)

    assert (timing.time_class, timing.order_is_unknown) == (TimeClass.UNKNOWN, True)


def test_missing_onset_takes_the_day_the_cramps_were_recorded() -> None:
    patient = a_patient().with_cramps(recorded="2026-05-01").taking(THIAZIDE, "2026-04-01")

    timing = timing_of(patient)

    assert (timing.time_class, timing.days) == (TimeClass.STRONG, 30)


def test_status_unknown_never_makes_a_strong_class() -> None:
    patient = cramping().taking(THIAZIDE, before_onset(30), status="unknown")

    timing = timing_of(patient)

    assert timing.time_class is TimeClass.UNKNOWN


def test_status_unknown_with_a_recent_stop_stays_weak() -> None:
    patient = cramping().taking(THIAZIDE, "2020-01-01", until=before_onset(10), status="unknown")

    timing = timing_of(patient)

    assert timing.time_class is TimeClass.UNKNOWN


def test_entry_of_known_status_outweighs_one_of_unknown_status() -> None:
    patient = (
        cramping().taking(THIAZIDE, before_onset(30), status="unknown").prescribed(THIAZIDE, before_onset(28))
    )

    timing = timing_of(patient)

    assert timing.time_class is TimeClass.STRONG


UNDATED = Onset(Span(date.min, ONSET), is_stated=True, doubt="onset not dated")


@pytest.mark.parametrize(
    ("since", "until", "time_class", "is_open"),
    [
        ("2026-04-01", None, TimeClass.UNKNOWN, True),
        ("2010-01-01", None, TimeClass.UNKNOWN, True),
        ("2026-05-01", None, TimeClass.UNKNOWN, True),
        ("2026-05-02", None, TimeClass.AFTER, False),
        ("2010-01-01", "2026-04-20", TimeClass.UNKNOWN, True),
        ("2010-01-01", "2026-05-20", TimeClass.STOPPED_SINCE, False),
        ("2010-01-01", "2020-01-01", TimeClass.OUTLASTED, False),
    ],
)
def test_onset_that_is_stated_without_a_date_leaves_the_order_open_but_for_what_came_after_its_record(
    since: str, until: str | None, time_class: TimeClass, is_open: bool
) -> None:
    members = exposed(cramping().taking(THIAZIDE, since, until=until))

    [found] = timings(members, UNDATED, 30, TODAY, POTENCY)

    assert (found.time_class, found.order_is_unknown) == (time_class, is_open)


def test_stop_in_the_month_of_the_onset_leaves_the_order_open() -> None:
    patient = a_patient().with_cramps("2026-04").taking(THIAZIDE, "2020-01-01", until="2026-04-10")

    timing = timing_of(patient)

    assert (timing.time_class, timing.order_is_unknown) == (TimeClass.UNKNOWN, True)


# --- rises ----------------------------------------------------------------------------------------------------


def test_rise_in_a_new_entry_counts_from_its_date() -> None:
    patient = (
        cramping()
        .taking(THIAZIDE, "2020-01-01", until="2026-04-19", dose="12.5 mg")
        .taking(THIAZIDE, "2026-04-20", dose="25 mg")
    )

    timing = timing_of(patient)

    assert timing.course.rises == (Rise(day("2026-04-20"), mg("12.5"), mg("25")),)
    assert (timing.time_class, timing.is_rise, timing.days) == (TimeClass.STRONG, True, 11)


def test_lower_dose_is_no_start() -> None:
    patient = (
        cramping()
        .taking(THIAZIDE, "2020-01-01", until="2026-04-19", dose="25 mg")
        .taking(THIAZIDE, "2026-04-20", dose="12.5 mg")
    )

    timing = timing_of(patient)

    assert (timing.time_class, timing.course.rises) == (TimeClass.WEAK, ())


def test_rise_after_the_onset_does_not_count() -> None:
    patient = (
        cramping()
        .taking(THIAZIDE, "2020-01-01", until="2026-05-19", dose="12.5 mg")
        .taking(THIAZIDE, "2026-05-20", dose="25 mg")
    )

    timing = timing_of(patient)

    assert (timing.time_class, timing.is_rise) == (TimeClass.WEAK, False)


def test_doses_in_different_units_are_not_compared() -> None:
    patient = (
        cramping()
        .taking(THIAZIDE, "2020-01-01", until="2026-04-19", dose="25 mg")
        .taking(THIAZIDE, "2026-04-20", dose="50 mmol")
    )

    (course,) = courses_of(patient)

    assert course.rises == ()


# --- courses --------------------------------------------------------------------------------------------------


def test_refills_of_one_drug_are_one_course() -> None:
    patient = cramping()
    for month in ("2025-12-01", "2026-01-15", "2026-03-01", "2026-04-15"):
        patient = patient.prescribed(THIAZIDE, month, dose="25 mg")

    made = courses_of(patient)

    assert made == (
        Course(
            began=day("2025-12-01"),
            began_is_stated=False,
            ended=None,
            end_is_unknown=False,
            rises=(),
            dose=mg("25"),
            sources=tuple(f"MedicationRequest/mr{count}" for count in (1, 2, 3, 4)),
        ),
    )


@pytest.mark.parametrize(("days", "starts"), [(400, ["2025-01-01"]), (401, ["2025-01-01", "2026-02-06"])])
def test_entries_without_end_join_over_a_yearly_re_order(days: int, starts: list[str]) -> None:
    first = date(2025, 1, 1)
    patient = (
        cramping()
        .prescribed(THIAZIDE, first.isoformat(), status="completed")
        .prescribed(THIAZIDE, (first + timedelta(days=days)).isoformat())
    )

    made = courses_of(patient)

    assert [course.began for course in made] == [day(start) for start in starts]


@pytest.mark.parametrize(
    ("restarted", "starts"),
    [("2026-03-31", ["2024-01-01"]), ("2026-04-01", ["2024-01-01", "2026-04-01"])],
)
def test_start_more_than_thirty_days_after_a_recorded_end_is_a_new_course(
    restarted: str, starts: list[str]
) -> None:
    patient = cramping().taking(THIAZIDE, "2024-01-01", until="2026-03-01").taking(THIAZIDE, restarted)

    made = courses_of(patient)

    assert [course.began for course in made] == [day(start) for start in starts]


def test_new_course_of_a_drug_stopped_years_ago_is_a_start() -> None:
    patient = cramping().taking(THIAZIDE, "2015-01-01", until="2018-01-01").taking(THIAZIDE, before_onset(20))

    timing = timing_of(patient)

    assert (timing.time_class, timing.days) == (TimeClass.STRONG, 20)


def test_statement_and_request_of_one_drug_are_one_course() -> None:
    patient = cramping().taking(THIAZIDE, "2026-03-01").prescribed(THIAZIDE, "2026-03-10")

    (course,) = courses_of(patient)

    assert (course.began, course.began_is_stated) == (day("2026-03-01"), True)
    assert course.sources == ("MedicationRequest/mr1", "MedicationStatement/ms1")


def test_duplicated_entry_changes_nothing_but_the_sources() -> None:
    once = cramping().taking(THIAZIDE, "2026-03-01", dose="25 mg")
    twice = once.taking(THIAZIDE, "2026-03-01", dose="25 mg")

    (first,), (second,) = courses_of(once), courses_of(twice)

    assert (second.began, second.rises, second.dose) == (first.began, first.rises, first.dose)


def test_active_statement_without_start_says_that_a_dated_course_goes_on() -> None:
    patient = cramping().prescribed(THIAZIDE, "2025-10-01", dispenseRequest=supply(90, "d")).taking(THIAZIDE)

    (course,) = courses_of(patient)

    assert (course.began, course.is_running) == (day("2025-10-01"), True)


def test_active_statement_without_start_is_no_part_of_a_course_that_ended_years_ago() -> None:
    patient = cramping().taking(THIAZIDE, "2018-01-01", until="2020-01-01").taking(THIAZIDE)

    made = courses_of(patient)

    assert [(course.began, course.is_running) for course in made] == [
        (day("2018-01-01"), False),
        (None, True),
    ]


@pytest.mark.parametrize("status", ["stopped", "completed"])
def test_stopped_without_a_date_is_neither_current_nor_strong(status: str) -> None:
    patient = cramping().taking(THIAZIDE, before_onset(30), status=status)

    timing = timing_of(patient)

    assert (timing.course.is_running, timing.time_class) == (False, TimeClass.STOP_NOT_RECORDED)


def test_completed_without_a_date_joins_what_is_newer() -> None:
    patient = (
        cramping().prescribed(THIAZIDE, "2025-08-01", status="completed").prescribed(THIAZIDE, "2026-04-15")
    )

    (course,) = courses_of(patient)

    assert (course.began, course.is_running) == (day("2025-08-01"), True)


def test_newest_entry_completed_without_a_date_leaves_the_end_unknown() -> None:
    patient = (
        cramping()
        .taking(THIAZIDE, "2026-01-01", until="2026-03-01")
        .taking(THIAZIDE, "2026-03-10", status="completed")
    )

    (course,) = courses_of(patient)

    assert (course.ended, course.end_is_unknown) == (None, True)


def test_supply_that_was_stopped_early_is_not_taken_until_its_end() -> None:
    patient = cramping().prescribed(
        THIAZIDE, "2026-04-01", status="stopped", dispenseRequest=supply(180, "d")
    )

    timing = timing_of(patient)

    assert (timing.course.is_running, timing.time_class) == (False, TimeClass.STOP_NOT_RECORDED)


def test_entry_dated_in_the_future_is_not_an_exposure_yet() -> None:
    patient = cramping().prescribed(THIAZIDE, "2026-07-01")

    made = exposed(patient)

    assert tuple(made) == ()


# --- ends -----------------------------------------------------------------------------------------------------


def supply(days: int, unit: str, repeats: int | None = None) -> dict[str, Any]:
    allowed = {} if repeats is None else {"numberOfRepeatsAllowed": repeats}
    return {"expectedSupplyDuration": {"value": days, "unit": unit, "code": unit}, **allowed}


@pytest.mark.parametrize(
    ("dispense", "ended"),
    [
        (supply(30, "d"), "2026-01-31"),
        (supply(30, "d", 2), "2026-04-01"),
        (supply(4, "wk"), "2026-01-29"),
        ({"validityPeriod": {"start": "2026-01-01", "end": "2026-02-15"}}, "2026-02-15"),
        ({"validityPeriod": {"end": "2026-02-15"}, **supply(30, "d")}, "2026-02-15"),
    ],
)
def test_prescription_ends_with_its_validity_or_its_supply(dispense: dict[str, Any], ended: str) -> None:
    patient = cramping().prescribed(THIAZIDE, "2026-01-01", status="completed", dispenseRequest=dispense)

    (course,) = courses_of(patient)

    assert (course.began, course.ended) == (day("2026-01-01"), day(ended))


@pytest.mark.parametrize(("days", "running"), [(30, True), (31, False)])
def test_active_prescription_runs_on_for_thirty_days_after_its_supply(days: int, running: bool) -> None:
    patient = cramping().prescribed(THIAZIDE, days_before(90 + days), dispenseRequest=supply(90, "d"))

    (course,) = courses_of(patient)

    assert course.is_running is running


def test_active_statement_ends_on_its_recorded_end() -> None:
    patient = cramping().taking(THIAZIDE, "2026-01-01", until="2026-04-20", status="active")

    timing = timing_of(patient)

    assert (timing.time_class, timing.days) == (TimeClass.RECENTLY_STOPPED, 11)


# --- lists that were cut off ----------------------------------------------------------------------------------


def test_oldest_entry_of_a_cut_off_list_leaves_the_start_unknown() -> None:
    patient = cramping().prescribed(THIAZIDE, "2026-04-01")

    (course,) = courses_of(patient, cut_off=("medicationRequests",))

    assert (course.began, course.is_running) == (None, True)


def test_start_that_is_stated_survives_a_cut_off_list() -> None:
    patient = cramping().taking(THIAZIDE, "2026-04-01")

    (course,) = courses_of(patient, cut_off=("medicationStatements",))

    assert course.began == day("2026-04-01")


def test_list_that_reaches_back_far_enough_keeps_the_start() -> None:
    patient = cramping().prescribed("atorvastatin", "2024-01-01").prescribed(THIAZIDE, "2026-04-01")

    (course,) = courses_of(patient, cut_off=("medicationRequests",))

    assert course.began == day("2026-04-01")


# --- switches -------------------------------------------------------------------------------------------------


def test_switch_to_another_thiazide_is_no_start() -> None:
    patient = (
        cramping()
        .taking(THIAZIDE, "2020-01-01", until=before_onset(30))
        .taking("indapamide", before_onset(30))
    )

    timing = timing_of(patient)

    assert (timing.exposure.ingredient, timing.time_class) == ("indapamide", TimeClass.WEAK)
    assert (timing.change, timing.sources) == (
        day("2020-01-01"),
        ("MedicationStatement/ms1", "MedicationStatement/ms2"),
    )


def test_thiazide_added_to_another_one_is_a_start() -> None:
    patient = cramping().taking(THIAZIDE, "2020-01-01").taking("metolazone", before_onset(30))

    timing = timing_of(patient)

    assert (timing.exposure.ingredient, timing.time_class) == ("metolazone", TimeClass.STRONG)


def test_thiazide_begun_long_after_another_one_ended_is_a_start() -> None:
    patient = (
        cramping()
        .taking(THIAZIDE, "2020-01-01", until=before_onset(61))
        .taking("indapamide", before_onset(30))
    )

    timing = timing_of(patient)

    assert (timing.exposure.ingredient, timing.time_class) == ("indapamide", TimeClass.STRONG)


def test_switch_from_a_drug_of_unknown_start_keeps_the_start_unknown() -> None:
    patient = cramping().taking(THIAZIDE, until=before_onset(30)).taking("indapamide", before_onset(30))

    timing = timing_of(patient)

    assert (timing.exposure.ingredient, timing.time_class) == ("indapamide", TimeClass.UNKNOWN)


@pytest.mark.parametrize(
    ("old", "old_dose", "new", "new_dose", "time_class"),
    [
        ("simvastatin", "20 mg", "rosuvastatin", "20 mg", TimeClass.STRONG),
        ("simvastatin", None, "rosuvastatin", None, TimeClass.STRONG),
        ("atorvastatin", "10 mg", "rosuvastatin", "5 mg", TimeClass.WEAK),  # as strong
        ("atorvastatin", "80 mg", "rosuvastatin", "5 mg", TimeClass.WEAK),
        ("rosuvastatin", "20 mg", "simvastatin", "20 mg", TimeClass.WEAK),
    ],
)
def test_switch_to_a_stronger_statin_is_a_start_and_to_another_one_is_not(
    old: str, old_dose: str | None, new: str, new_dose: str | None, time_class: TimeClass
) -> None:
    patient = (
        cramping()
        .taking(old, "2020-01-01", until=before_onset(30), dose=old_dose)
        .taking(new, before_onset(30), dose=new_dose)
    )

    timing = timing_of(patient, "statin", washout=60)

    assert (timing.exposure.ingredient, timing.time_class) == (new, time_class)


def test_drug_of_another_class_inherits_nothing() -> None:
    facts = answer(
        cramping().taking("atorvastatin", "2020-01-01", until="2026-04-30").taking("losartan", "2026-05-10")
    ).advice.facts
    assert facts is not None
    members = (*facts.exposures["statin"], *facts.exposures["arb"])

    found = timings(members, facts.onset, 30, facts.today, {})

    assert [(each.exposure.ingredient, each.change) for each in found] == [
        ("atorvastatin", day("2020-01-01")),
        ("losartan", day("2026-05-10")),
    ]


# --- what is no exposure (X9) -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold", "draft"])
def test_statement_of_an_unreal_status_is_no_exposure(status: str) -> None:
    patient = cramping().taking(THIAZIDE, before_onset(30), status=status)

    found = exposed(patient)

    assert found == ()


@pytest.mark.parametrize("status", ["draft", "cancelled", "entered-in-error", "on-hold"])
def test_request_of_an_unreal_status_is_no_exposure(status: str) -> None:
    patient = cramping().prescribed(THIAZIDE, before_onset(30), status=status)

    found = exposed(patient)

    assert found == ()


@pytest.mark.parametrize("intent", ["proposal", "plan", "option"])
def test_request_that_is_only_proposed_is_no_exposure(intent: str) -> None:
    patient = cramping().prescribed(THIAZIDE, before_onset(30), intent=intent)

    found = exposed(patient)

    assert found == ()


@pytest.mark.parametrize(
    "intent", ["order", "original-order", "reflex-order", "filler-order", "instance-order"]
)
def test_every_kind_of_order_is_an_exposure(intent: str) -> None:
    patient = cramping().prescribed(THIAZIDE, before_onset(30), intent=intent)

    found = exposed(patient)

    assert [each.ingredient for each in found] == [THIAZIDE]


def test_order_not_to_give_is_no_exposure() -> None:
    patient = cramping().prescribed(THIAZIDE, before_onset(30), doNotPerform=True)

    found = exposed(patient)

    assert found == ()


# --- doses ----------------------------------------------------------------------------------------------------

FUROSEMIDE = Concept(text="Furosemide 40 mg tablet")
UNNAMED_STRENGTH = Concept(coding=(Coding(display="Furosemide"),))


def dose(
    amount: str | None,
    unit: str = "",
    per_day: str | None = None,
    text: str = "",
    sequence: int | None = None,
) -> Dose:
    often = Decimal(per_day) if per_day else None
    return Dose(Decimal(amount) if amount else None, unit, often, text, sequence)


def in_words(text: str) -> list[Dose]:
    return [dose(None, text=text)]


@pytest.mark.parametrize(
    ("doses", "concept", "daily"),
    [
        ([dose("20", "mg", "2")], UNNAMED_STRENGTH, mg("40")),
        ([dose("20", "MG", "2")], FUROSEMIDE, mg("40")),
        ([dose("1", "g", "1")], UNNAMED_STRENGTH, Quantity(Decimal(1), "g")),
        ([dose("10", "[iU]", "2")], UNNAMED_STRENGTH, Quantity(Decimal(20), "U")),
        ([dose("2", "{tbl}", "1")], FUROSEMIDE, mg("80")),
        ([dose("0.5", "TAB", "1")], FUROSEMIDE, mg("20")),
        ([dose("2", "", "1")], FUROSEMIDE, mg("80")),
        ([dose("40", "mg", "1"), dose("20", "mg", "1")], UNNAMED_STRENGTH, mg("60")),
        ([], FUROSEMIDE, mg("40")),
        ([dose(None, text="40 mg once daily")], UNNAMED_STRENGTH, mg("40")),
        ([dose(None, text="Take 1 tablet (40 mg) in the morning")], UNNAMED_STRENGTH, mg("40")),
        ([dose("20", "mg", "0.9999999999999999999999999999")], UNNAMED_STRENGTH, mg("20")),  # 7 a week
    ],
)
def test_daily_dose_is_dose_times_timing_else_strength_else_text(
    doses: list[Dose], concept: Concept, daily: Quantity
) -> None:
    assert daily_dose(doses, concept) == daily


@pytest.mark.parametrize(
    ("doses", "concept"),
    [
        ([dose("2", "{tbl}", "1")], UNNAMED_STRENGTH),
        ([dose("1", "mg/kg", "1")], UNNAMED_STRENGTH),
        ([dose(None, text="40 mg twice daily")], UNNAMED_STRENGTH),
        ([dose(None, text="40 mg morgens und mittags")], UNNAMED_STRENGTH),
        ([dose(None, text="20 mg for a week, then 40 mg")], UNNAMED_STRENGTH),
        ([dose("20", "mg", text="20 mg twice daily")], UNNAMED_STRENGTH),
        ([dose("20", "mg", "1"), dose("1", "{tbl}", "1")], UNNAMED_STRENGTH),
        ([], Concept(text="Losartan 50 mg / hydrochlorothiazide 12.5 mg")),
        ([], Concept(text="Lisinopril/hydrochlorothiazide 20/12.5 mg")),
        ([], Concept(text="Lisinopril-hydrochlorothiazide 20 - 12.5 mg")),
        ([], Concept(text="Furosemide 10 mg/mL solution")),
        ([], Concept(text="Furosemide 20 mg / 2 mL injection")),
        ([dose("1e40", "mg", "1")], UNNAMED_STRENGTH),
        ([dose("0", "mg", "1")], UNNAMED_STRENGTH),
        ([dose("-40", "mg", "1")], UNNAMED_STRENGTH),
        ([], UNNAMED_STRENGTH),
        ([dose("40", "mg", "0.4285714286")], UNNAMED_STRENGTH),
        ([dose("40", "mg", "0.5")], UNNAMED_STRENGTH),
        ([dose("40", "mg", "1.5")], UNNAMED_STRENGTH),
        ([dose("20", "mg", "1", sequence=1), dose("40", "mg", "1", sequence=2)], UNNAMED_STRENGTH),
        (
            [dose(None, text="20 mg daily", sequence=1), dose(None, text="40 mg daily", sequence=2)],
            FUROSEMIDE,
        ),
    ],
)
def test_daily_dose_is_not_known_while_anything_is_in_doubt(doses: list[Dose], concept: Concept) -> None:
    assert daily_dose(doses, concept) is None


@pytest.mark.parametrize(
    ("doses", "daily"),
    [
        ([dose("20", "mg", "1", sequence=1), dose("20", "mg", "1", sequence=2)], mg("40")),
        ([dose("40", "mg", "1", sequence=1), dose("20", "mg", "1", sequence=1)], mg("60")),
        ([dose("40", "mg", "1", sequence=1), dose("20", "mg", "1")], mg("60")),
    ],
)
def test_lines_of_equal_amounts_or_of_one_step_add_up(doses: list[Dose], daily: Quantity) -> None:
    assert daily_dose(doses, UNNAMED_STRENGTH) == daily


@pytest.mark.parametrize(
    ("text", "daily"),
    [
        ("Take 1 tablet (20 mg total) by mouth daily.", mg("20")),
        ("Take 2 tablets (40 mg total) by mouth daily.", mg("40")),
        ("Take 0.5 tablets (10 mg total) by mouth every morning.", mg("10")),
        ("Take 1 tablet (20 mg total) by mouth 2 (two) times daily.", mg("40")),
        ("Take 1-2 tablets (20-40 mg total) by mouth daily.", None),
        ("Take 1 tablet (20 mg total) by mouth every other day.", None),
        ("Take 1 tablet (20 mg total) by mouth daily as needed.", None),
    ],
)
def test_milligrams_in_brackets_are_what_is_taken_at_a_time(text: str, daily: Quantity | None) -> None:
    assert daily_dose(in_words(text), UNNAMED_STRENGTH) == daily


@pytest.mark.parametrize(
    ("text", "daily"),
    [
        ("One To Be Taken Each Morning", mg("40")),
        ("one daily in the morning", mg("40")),
        ("OM", mg("40")),
        ("od", mg("40")),
        ("1-0-0-0", mg("40")),
        ("1-0-0", mg("40")),
        ("1-0-1", mg("80")),
        ("1 - 0 - 1", mg("80")),
        ("1 tab po qam", mg("40")),
        ("1 x tgl. 1 Tbl.", mg("40")),
        ("1-0-1-0 Tabletten", mg("80")),
        ("2-1-0", mg("120")),
        ("1 x 1", mg("40")),
        ("2x1", mg("80")),
        ("1 cp le matin", mg("40")),
        ("1 comprimé par jour le matin", mg("40")),
        ("1 comprimido al día", mg("40")),
        ("1 comprimido cada 24 horas", mg("40")),
        ("1 Tablette täglich", mg("40")),
        ("1x täglich 1 Tablette", mg("40")),
        ("Take 1 tablet every 24 hours", mg("40")),
        ("one twice a day", mg("80")),
        ("1 tablet bd", mg("80")),
        ("1 tab BID", mg("80")),
        ("one t.d.s.", mg("120")),
        ("Take 1 tablet by mouth 3 (three) times daily", mg("120")),
    ],
)
def test_tablets_counted_plainly_are_multiplied_by_the_strength(text: str, daily: Quantity) -> None:
    assert daily_dose(in_words(text), FUROSEMIDE) == daily


@pytest.mark.parametrize(
    "text",
    [
        "two tablets twice a day",
        "bd",
        "twice a day",
        "one twice a week",
        "one every other day",
        "1 tablet in the morning 1 tablet in the evening",
        "one in the morning, one at night",
        "one in the morning and one at noon",
        "1 cp matin et soir",
        "1 comprimido cada 12 horas",
        "1/2 x daily",
        "0-0-0-0",
        "1-2 tablets daily",
        "1-0-1 on weekdays",
        "one daily for a week then one twice a day",
        "1 daily, 3 times a week",
        "2026-01-01",
        "1 - 2 - 2026",
    ],
)
def test_words_that_are_not_plain_give_no_dose(text: str) -> None:
    assert daily_dose(in_words(text), FUROSEMIDE) is None


def test_line_in_words_that_is_there_twice_counts_once() -> None:
    assert daily_dose([*in_words("one in the morning")] * 2, FUROSEMIDE) == mg("40")


def test_one_in_the_morning_and_one_at_night_on_two_lines_are_two() -> None:
    lines = [*in_words("one in the morning"), *in_words("one at night")]

    assert daily_dose(lines, FUROSEMIDE) == mg("80")


# --- many -----------------------------------------------------------------------------------------------------


def test_course_of_more_doses_than_anybody_takes_has_no_dose_and_no_rise() -> None:
    patient = cramping()
    for count in range(21):
        patient = patient.prescribed(THIAZIDE, days_before(40 - count), dose=f"{count + 1} mg")

    (course,) = courses_of(patient)

    assert (course.rises, course.dose) == ((), None)


@pytest.mark.parametrize(("count", "daily"), [(50, mg("50")), (51, None)])
def test_more_dosage_lines_than_anybody_takes_are_no_daily_dose(count: int, daily: Quantity | None) -> None:
    doses = [Dose(Decimal(1), "mg", Decimal(1), f"line {place}") for place in range(count)]

    assert daily_dose(doses, UNNAMED_STRENGTH) == daily
