"""DECISIONS, Exposures: ends, courses, doses and classes, each rule in clinical words and in raw FHIR."""

from datetime import date, timedelta
from typing import Any

import pytest

from cds_service.dates import Span
from cds_service.facts import Rise
from cds_service.quantity import Quantity
from tests.as_sent import (
    Read,
    a_dosage,
    a_request,
    a_statement,
    answer_to,
    courses_of,
    cramps_since,
    mg,
    of_drug,
    quantity,
    read,
)
from tests.findings_of import answer
from tests.patients import FHIR, APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
THIAZIDE = "hydrochlorothiazide"
ALSO, ASIDE = ("contributor", "also-consider"), ("set-aside", "main")
CRAMPS = cramps_since("2026-05-01")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def day(text: str) -> Span:
    return Span.of(date.fromisoformat(text))


# --- ends -----------------------------------------------------------------------------------------------------


def supply(value: float, unit: str, repeats: int | None = None) -> FHIR:
    allowed = {} if repeats is None else {"numberOfRepeatsAllowed": repeats}
    return {"expectedSupplyDuration": quantity(value, unit), "quantity": {"value": 28}, **allowed}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            a_statement(effectivePeriod={"start": "2026-01-01", "end": "2026-04-20"}),
            ("1 Jan 2026", "20 Apr 2026", False),
        ),
        (
            a_statement(effectivePeriod={"start": "2026-01-01", "end": "2026-12-31"}),
            ("1 Jan 2026", None, True),
        ),
        (
            a_request(status="completed", dispenseRequest={"validityPeriod": {"end": "2026-04-20"}}),
            ("1 Apr 2026", "20 Apr 2026", False),
        ),
        (
            a_request(
                status="completed",
                dispenseRequest={"validityPeriod": {"start": "2026-04-03", "end": "2026-05-20"}},
            ),
            ("3 Apr 2026", "20 May 2026", False),
        ),
        (
            a_request(status="completed", dispenseRequest=supply(28, "d")),
            ("1 Apr 2026", "29 Apr 2026", False),
        ),
        (
            a_request(status="completed", dispenseRequest=supply(2, "wk", 1)),
            ("1 Apr 2026", "29 Apr 2026", False),
        ),
        (
            a_request(
                status="completed",
                dispenseRequest={"validityPeriod": {"end": "2026-04-10"}, **supply(28, "d")},
            ),
            ("1 Apr 2026", "10 Apr 2026", False),
        ),
    ],
    ids=[
        "effectivePeriod",
        "effectivePeriod still to come",
        "validityPeriod",
        "validityPeriod with a start",
        "expectedSupplyDuration",
        "expectedSupplyDuration with a repeat",
        "validityPeriod before expectedSupplyDuration",
    ],
)
def test_end_is_the_effective_period_the_validity_period_or_the_expected_supply(
    entry: FHIR, expected: Read
) -> None:
    [course] = courses_of(entry)

    assert read(course) == expected


def bounded(**bounds: Any) -> list[FHIR]:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", **bounds}
    return [{"text": "one in the morning", "timing": {"repeat": repeat}}]


def test_course_of_seven_days_is_over_after_a_week() -> None:
    """Metolazone "for 7 days", long before the cramps: no more a contributor than one that was stopped."""
    week = bounded(boundsDuration=quantity(7, "d"))
    patient = cramping().prescribed("metolazone", before_onset(100), dosageInstruction=week)

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "nothing-found")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            a_request(dosageInstruction=bounded(boundsDuration=quantity(7, "d"))),
            ("1 Apr 2026", "8 Apr 2026", False),
        ),
        (
            a_request(dosageInstruction=bounded(boundsDuration={"value": 1, "unit": "week"})),
            ("1 Apr 2026", "8 Apr 2026", False),
        ),
        (
            a_statement(
                effectiveDateTime="2026-04-01",
                dosage=bounded(boundsDuration=quantity(7, "d")) + bounded(boundsDuration=quantity(14, "d")),
            ),
            ("1 Apr 2026", "15 Apr 2026", False),
        ),
        (
            a_request(dosageInstruction=bounded(boundsDuration=quantity(7, "d")) + bounded()),
            ("1 Apr 2026", None, True),
        ),
        (
            a_request(dosageInstruction=bounded(boundsPeriod={"start": "2026-04-03", "end": "2026-04-09"})),
            ("3 Apr 2026", "9 Apr 2026", False),
        ),
        (
            a_statement(dosage=bounded(boundsPeriod={"start": "2026-04-03"})),
            ("3 Apr 2026", None, True),
        ),
    ],
    ids=[
        "boundsDuration",
        "boundsDuration in words",
        "the longest of two lines",
        "one line without bounds",
        "boundsPeriod",
        "boundsPeriod without an end",
    ],
)
def test_bounds_of_the_dosage_are_start_and_end(entry: FHIR, expected: Read) -> None:
    [course] = courses_of(entry)

    assert read(course) == expected


def test_prescription_that_was_valid_until_a_day_ended_on_it() -> None:
    valid = {"validityPeriod": {"end": before_onset(20)}}
    patient = cramping().prescribed(THIAZIDE, "2024-01-01", status="completed", dispenseRequest=valid)

    found = answer(patient)

    assert found.summary("D01") == "Night leg cramps began 20 days after hydrochlorothiazide was stopped"


# --- courses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("restarted", "starts"),
    [("2026-03-31", ["1 Jan 2024"]), ("2026-04-01", ["1 Jan 2024", "1 Apr 2026"])],
)
def test_effective_period_that_starts_more_than_thirty_days_after_another_ended_is_a_new_course(
    restarted: str, starts: list[str]
) -> None:
    first = a_statement(
        id="old", status="completed", effectivePeriod={"start": "2024-01-01", "end": "2026-03-01"}
    )

    made = courses_of(first, a_statement(effectivePeriod={"start": restarted}))

    assert [str(course.began) for course in made] == starts


@pytest.mark.parametrize(("days", "starts"), [(400, ["25 Feb 2025"]), (401, ["24 Feb 2025", "1 Apr 2026"])])
def test_orders_without_an_end_join_when_at_most_four_hundred_days_apart(
    days: int, starts: list[str]
) -> None:
    earlier = (date(2026, 4, 1) - timedelta(days=days)).isoformat()

    made = courses_of(a_request(id="r0", status="completed", authoredOn=earlier), a_request())

    assert [str(course.began) for course in made] == starts


def test_re_order_of_every_year_is_one_old_course() -> None:
    patient = cramping()
    for year in range(2019, 2027):
        patient = patient.prescribed(
            THIAZIDE, f"{year}-04-01", status="active" if year == 2026 else "completed"
        )

    found = answer(patient)

    assert found.place("D01") == ALSO
    assert "first recorded 1 Apr 2019, dose not clear" in found.detail("D01")


def test_refills_as_three_hundred_active_orders_are_one_old_course() -> None:
    first = date(2018, 1, 1)
    refills = [
        a_request(
            id=f"refill{count}",
            authoredOn=(first + timedelta(days=10 * count)).isoformat(),
            priorPrescription={"reference": f"MedicationRequest/refill{count - 1}"} if count else None,
            dosageInstruction=[a_dosage(12.5)],
        )
        for count in range(300)
    ]

    [course] = courses_of(*refills)
    found = answer_to(CRAMPS, *refills)

    assert (read(course), course.rises, course.dose, len(course.sources)) == (
        ("1 Jan 2018", None, True),
        (),
        mg("12.5"),
        300,
    )
    assert found.place("D01") == ALSO


def test_dose_rise_among_refills_that_stay_active_counts_from_the_new_order() -> None:
    patient = cramping()
    for month in range(1, 13):
        patient = patient.prescribed(THIAZIDE, f"2025-{month:02}-01", dose="12.5 mg")

    found = answer(patient.prescribed(THIAZIDE, before_onset(19), dose="25 mg"))

    assert found.summary("D01") == "Night leg cramps began 19 days after hydrochlorothiazide was raised"


@pytest.mark.parametrize(
    "entry",
    [
        a_request(status="stopped"),
        a_request(status="completed"),
        a_statement(status="stopped", effectiveDateTime=before_onset(30)),
        a_statement(status="completed", effectivePeriod={"start": before_onset(30)}),
    ],
    ids=lambda entry: f"{entry['resourceType']} {entry['status']}",
)
def test_stop_without_a_date_is_never_strong_and_told_as_not_recorded(entry: FHIR) -> None:
    leading = a_statement("furosemide", id="s2", effectivePeriod={"start": before_onset(30)})

    [course] = courses_of(entry)
    found = answer_to(CRAMPS, entry, leading)

    assert (course.is_running, course.end_is_unknown, found.place("D01")) == (False, True, ASIDE)
    assert "*Set aside:* hydrochlorothiazide (stop date not recorded)." in found.detail("D02")


def test_completed_order_is_current_when_a_newer_one_follows() -> None:
    completed = a_request(id="r0", status="completed", authoredOn="2025-12-01")

    [course] = courses_of(completed, a_request())

    assert read(course) == ("1 Dec 2025", None, True)


def test_drug_completed_and_prescribed_again_is_still_taken() -> None:
    patient = cramping().prescribed(THIAZIDE, before_onset(200), status="completed")

    found = answer(patient.prescribed(THIAZIDE, before_onset(20)))

    assert (
        found.summary("D01") == "Night leg cramps began 200 days after hydrochlorothiazide was first recorded"
    )


@pytest.mark.parametrize(
    ("entries", "cut_off", "began"),
    [
        ([a_request()], ["medicationRequests"], None),
        ([a_request()], ["medicationStatements"], "1 Apr 2026"),
        (
            [a_request(), a_request("atorvastatin", id="r0", authoredOn="2025-01-01")],
            ["medicationRequests"],
            "1 Apr 2026",
        ),
        ([a_statement(effectivePeriod={"start": "2026-04-01"})], ["medicationStatements"], "1 Apr 2026"),
    ],
    ids=["oldest entry", "another list", "list reaches back further", "stated start"],
)
def test_searchset_with_a_next_link_leaves_the_start_of_its_oldest_entry_unknown(
    entries: list[FHIR], cut_off: list[str], began: str | None
) -> None:
    [course] = courses_of(*entries, cut_off=cut_off)

    assert (str(course.began) if course.began else None) == began


# --- doses ----------------------------------------------------------------------------------------------------


def a_dose(ingredient: str, display: str | None, dosage: list[FHIR]) -> Quantity | None:
    """The daily dose of one order."""
    value_set = {"furosemide": "loop_diuretic", THIAZIDE: "thiazide_diuretic"}[ingredient]
    order = a_request(
        ingredient, medicationCodeableConcept=of_drug(ingredient, display), dosageInstruction=dosage
    )
    [course] = courses_of(order, value_set=value_set)
    return course.dose


def timed(value: float, unit: str = "mg", **repeat: Any) -> list[FHIR]:
    return [a_dosage(value, unit, timing={"repeat": repeat})]


@pytest.mark.parametrize(
    ("dosage", "daily"),
    [
        (timed(20, frequency=2, period=1, periodUnit="d"), mg("40")),
        (timed(20, frequency=1, period=8, periodUnit="h"), mg("60")),
        (timed(20, frequency=1, period=2, periodUnit="d"), None),
        (timed(40, frequency=3, period=1, periodUnit="wk"), None),
        (timed(40, frequency=7, period=1, periodUnit="wk"), mg("40")),
        (timed(40, frequency=1, period=1, periodUnit="d", dayOfWeek=["mon", "wed", "fri"]), None),
        (timed(20, when=["MORN", "NOON"]), mg("40")),
        ([a_dosage(20, timing={"code": {"coding": [{"code": "BID"}], "text": "twice a day"}})], mg("40")),
        ([a_dosage(40), a_dosage(20)], mg("60")),
        ([a_dosage(40, sequence=None), a_dosage(20, sequence=None)], mg("60")),
        ([a_dosage(20), a_dosage(20, sequence=2)], mg("40")),
        ([a_dosage(20), a_dosage(40, sequence=2)], None),
        (
            [
                a_dosage(
                    0, doseAndRate=[{"doseRange": {"low": quantity(20, "mg"), "high": quantity(40, "mg")}}]
                )
            ],
            mg("40"),
        ),
    ],
)
def test_daily_dose_is_dose_and_rate_times_timing(dosage: list[FHIR], daily: Quantity | None) -> None:
    found = a_dose("furosemide", None, dosage)

    assert found == daily


@pytest.mark.parametrize(
    ("dosage", "daily"),
    [
        ([], mg("40")),
        ([a_dosage(2, "{tbl}")], mg("80")),
        ([a_dosage(1, doseAndRate=[{"doseQuantity": {"value": 0.5, "unit": "tablet"}}])], mg("20")),
        (timed(1, "{tbl}", frequency=2, period=1, periodUnit="d"), mg("80")),
    ],
)
def test_strength_in_the_products_name_stands_in_for_a_dose_in_milligrams(
    dosage: list[FHIR], daily: Quantity
) -> None:
    found = a_dose("furosemide", "Furosemide 40 MG Oral Tablet", dosage)

    assert found == daily


@pytest.mark.parametrize(
    ("text", "daily"),
    [
        ("40 mg once daily", mg("40")),
        ("Take 40 mg by mouth every morning", mg("40")),
        ("40 mg twice daily", None),
        ("20 mg for a week, then 40 mg", None),
        ("20-40 mg as needed", None),
        ("as directed", None),
        ("Take 1 tablet (40 mg total) by mouth daily.", mg("40")),
        ("40 mg three times a week", None),
    ],
)
def test_text_of_the_dosage_gives_a_dose_only_when_it_can_mean_one(text: str, daily: Quantity | None) -> None:
    found = a_dose("furosemide", None, [{"text": text}])

    assert found == daily


@pytest.mark.parametrize(
    ("text", "daily"),
    [
        ("One To Be Taken Each Morning", mg("40")),
        ("1-0-0-0", mg("40")),
        ("1-0-1", mg("80")),
        ("1 cp le matin", mg("40")),
        ("1 comprimido al día", mg("40")),
        ("1 Tablette täglich", mg("40")),
        ("one twice a day", mg("80")),
        ("two tablets in the morning", None),
    ],
)
def test_text_that_counts_tablets_is_multiplied_by_the_strength_of_the_product(
    text: str, daily: Quantity | None
) -> None:
    found = a_dose("furosemide", "Furosemide 40 MG Oral Tablet", [{"text": text}])

    assert found == daily


def test_patient_whose_dose_goes_up_by_steps_is_told_none() -> None:
    steps = [a_dosage(20), a_dosage(40, sequence=2)]
    patient = cramping().taking("furosemide", before_onset(20), dosage=steps)

    found = answer(patient)

    assert "- Furosemide from 11 Apr 2026" in found.detail("D02")


def test_patient_who_takes_it_three_times_a_week_is_told_no_daily_dose() -> None:
    patient = cramping().taking(
        "furosemide", before_onset(20), dosage=timed(40, frequency=3, period=1, periodUnit="wk")
    )

    found = answer(patient)

    assert "- Furosemide from 11 Apr 2026" in found.detail("D02")


def test_older_dose_is_not_told_as_that_of_a_newer_entry_which_leaves_it_open() -> None:
    patient = cramping().prescribed("furosemide", "2025-06-01", dose="40 mg")
    patient = patient.prescribed("furosemide", "2025-09-01", dosageInstruction=[{"text": "as directed"}])

    found = answer(patient)

    assert "- Furosemide first recorded 1 Jun 2025" in found.detail("D02")


# --- two strengths, two statements ----------------------------------------------------------------------------


def monthly(*doses: tuple[str, str]) -> APatient:
    """Furosemide, prescribed on these days in these doses, for a month each time."""
    patient = cramping()
    for on, dose in doses:
        month = {"expectedSupplyDuration": quantity(30, "d")}
        patient = patient.prescribed("furosemide", on, dose=dose, dispenseRequest=month)
    return patient


SIDE_BY_SIDE = tuple(
    each
    for month in ("2026-02", "2026-03", "2026-04", "2026-05", "2026-06")
    for each in ((f"{month}-01", "20 mg"), (f"{month}-04", "40 mg"))
)


def furosemide_of(patient: APatient) -> tuple[tuple[Rise, ...], Quantity | None]:
    """The rises and the dose of the one course."""
    facts = answer(patient).advice.facts
    assert facts is not None
    [exposure] = facts.exposures["loop_diuretic"]
    [course] = exposure.courses
    return course.rises, course.dose


def test_two_strengths_re_issued_side_by_side_are_no_rise_and_no_dose() -> None:
    patient = monthly(*SIDE_BY_SIDE)

    found = answer(patient)

    assert furosemide_of(patient) == ((), None)
    assert "- Furosemide first recorded 1 Feb 2026" in found.detail("D02")


def test_two_strengths_side_by_side_make_no_change_in_fhir_either() -> None:
    orders = [
        a_request("furosemide", id=f"r{place}", authoredOn=on, dosageInstruction=[a_dosage(int(dose[:2]))])
        for place, (on, dose) in enumerate(SIDE_BY_SIDE)
    ]

    [course] = courses_of(*orders, value_set="loop_diuretic")

    assert (course.rises, course.last_change, course.dose) == ((), None, None)


def test_step_up_for_months_and_back_keeps_its_changes() -> None:
    steps = [(f"2025-{month:02}-01", "40 mg") for month in (7, 8, 9)]
    steps += [(f"2025-{month}-01", "80 mg") for month in (10, 11, 12)]
    steps += [(f"2026-{month:02}-01", "40 mg") for month in (1, 2, 3, 4, 5, 6)]

    found = furosemide_of(monthly(*steps))

    assert found == ((Rise(day("2025-10-01"), mg("40"), mg("80")),), mg("40"))


def test_step_up_for_weeks_between_two_ended_statements_keeps_its_changes() -> None:
    patient = (
        cramping()
        .taking("furosemide", "2026-01-01", until="2026-02-01", dose="40 mg")
        .taking("furosemide", "2026-02-01", until="2026-02-15", dose="80 mg")
        .taking("furosemide", "2026-02-15", dose="40 mg")
    )

    found = furosemide_of(patient)

    assert found == ((Rise(day("2026-02-01"), mg("40"), mg("80")),), mg("40"))


@pytest.mark.parametrize(("days", "rises"), [(60, ()), (61, (Rise(day("2026-02-01"), mg("40"), mg("80")),))])
def test_dose_that_returns_within_sixty_days_ran_beside_the_other(days: int, rises: tuple[Rise, ...]) -> None:
    again = (date(2026, 1, 20) + timedelta(days=days)).isoformat()
    patient = cramping()
    for on, dose in (("2026-01-20", "40 mg"), ("2026-02-01", "80 mg"), (again, "40 mg")):
        patient = patient.prescribed("furosemide", on, dose=dose)

    found, _ = furosemide_of(patient)

    assert found == rises


def test_dose_written_alone_after_two_ran_side_by_side_is_told_without_a_change() -> None:
    patient = monthly(*SIDE_BY_SIDE[:6], ("2026-05-10", "80 mg"), ("2026-06-10", "80 mg"))

    found = furosemide_of(patient)

    assert found == ((), mg("80"))


@pytest.mark.parametrize(
    ("first", "then", "rises", "dose"),
    [
        ("80 mg", "40 mg", (), None),
        ("40 mg", "80 mg", (Rise(day("2026-04-11"), mg("40"), mg("80")),), mg("80")),
    ],
)
def test_lower_dose_beside_an_open_higher_one_is_no_reduction(
    first: str, then: str, rises: tuple[Rise, ...], dose: Quantity | None
) -> None:
    patient = cramping().taking("furosemide", "2020-01-01", dose=first)

    found = furosemide_of(patient.taking("furosemide", "2026-04-11", dose=then))

    assert found == (rises, dose)


def test_lower_statement_beside_an_open_higher_one_is_no_change() -> None:
    high = a_statement("furosemide", effectivePeriod={"start": "2020-01-01"}, dosage=[a_dosage(80)])
    low = a_statement("furosemide", id="s2", effectivePeriod={"start": "2026-04-11"}, dosage=[a_dosage(40)])

    [course] = courses_of(high, low, value_set="loop_diuretic")

    assert (course.rises, course.last_change, course.dose) == ((), None, None)


def test_undated_statements_of_two_doses_leave_the_dose_open() -> None:
    patient = cramping().taking("furosemide", dose="40 mg").taking("furosemide", dose="80 mg")

    assert furosemide_of(patient) == ((), None)


def test_patient_on_two_tablets_of_forty_milligrams_takes_eighty() -> None:
    named = {"text": "Furosemide 40 mg tablet"}
    patient = cramping().taking(
        "furosemide", before_onset(20), dose="2 {tbl}", medicationCodeableConcept=named
    )

    found = answer(patient)

    assert "Furosemide 80 mg from 11 Apr 2026" in found.detail("D02")


def test_patient_who_takes_twenty_milligrams_twice_a_day_takes_forty() -> None:
    twice = [a_dosage(20, timing={"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}})]
    patient = cramping().taking("furosemide", before_onset(20), dosage=twice)

    found = answer(patient)

    assert "Furosemide 40 mg a day from 11 Apr 2026" in found.detail("D02")


@pytest.mark.parametrize(
    ("text", "told"),
    [("40 mg once daily", "Furosemide 40 mg from"), ("40 mg morning and noon", "Furosemide from")],
)
def test_dose_in_words_is_told_only_when_it_is_plain(text: str, told: str) -> None:
    patient = cramping().taking("furosemide", before_onset(20), dosage=[{"text": text}])

    found = answer(patient)

    assert told in found.detail("D02")


def test_higher_dosage_in_a_new_order_is_a_rise_from_the_day_it_was_written() -> None:
    before = a_request(
        id="r0", status="completed", authoredOn="2025-10-01", dosageInstruction=[a_dosage(12.5)]
    )
    after = a_request(authoredOn="2026-04-12", dosageInstruction=[a_dosage(25)])

    [course] = courses_of(before, after)
    found = answer_to(CRAMPS, before, after)

    assert course.rises == (Rise(day("2026-04-12"), mg("12.5"), mg("25")),)
    assert found.summary("D01") == "Night leg cramps began 19 days after hydrochlorothiazide was raised"


# --- classes --------------------------------------------------------------------------------------------------


def test_newer_of_two_thiazides_leads_the_card_and_both_are_named() -> None:
    patient = cramping().taking(THIAZIDE, "2019-01-01").taking("metolazone", before_onset(21))

    found = answer(patient)

    assert found.summary("D01") == "Night leg cramps began 21 days after metolazone was started"
    assert "Metolazone from 10 Apr 2026; hydrochlorothiazide from 1 Jan 2019, dose not clear" in found.detail(
        "D01"
    )


def test_class_is_led_by_the_statement_of_the_strongest_time_class() -> None:
    old = a_statement(effectivePeriod={"start": "2019-01-01"})
    new = a_request("metolazone", dispenseRequest={"validityPeriod": {"start": "2026-04-10"}})

    found = answer_to(CRAMPS, old, new)

    assert found.summary("D01") == "Night leg cramps began 21 days after metolazone was first recorded"
    assert found.sources("D01") == ("MedicationRequest/r1", "MedicationStatement/s1")


# --- what is said of a start ----------------------------------------------------------------------------------


def test_start_of_a_drug_that_was_replaced_is_told_as_that_of_the_other_drug() -> None:
    patient = (
        cramping()
        .taking("furosemide", "2025-06-10", until="2026-01-10", dose="40 mg")
        .taking("torsemide", "2026-01-10", dose="20 mg")
    )

    found = answer(patient)

    assert (
        found.summary("D02") == "Night leg cramps began 325 days after furosemide (now torsemide) was started"
    )
    assert "- Torsemide since 10 Jun 2025 (furosemide, then torsemide)" in found.detail("D02")


def test_start_of_a_replaced_drug_is_told_as_its_own_in_fhir_too() -> None:
    old = a_statement(
        "furosemide", status="stopped", effectivePeriod={"start": "2025-06-10", "end": "2026-01-10"}
    )
    new = a_statement("torsemide", id="s2", effectivePeriod={"start": "2026-01-10"}, dosage=[a_dosage(20)])

    found = answer_to(CRAMPS, old, new)

    assert "- Torsemide since 10 Jun 2025 (furosemide, then torsemide)" in found.detail("D02")


def test_drugs_that_were_replaced_one_after_the_other_are_named_in_their_order() -> None:
    patient = (
        cramping()
        .taking("torsemide", "2025-06-10", until="2025-09-10")
        .taking("furosemide", "2025-09-10", until="2026-01-10")
        .taking("bumetanide", "2026-01-10")
    )

    found = answer(patient)

    assert "- Bumetanide since 10 Jun 2025 (torsemide and furosemide, then bumetanide)" in found.detail("D02")


def test_dose_of_today_is_not_told_beside_the_first_date_of_another_dose() -> None:
    patient = cramping().prescribed("furosemide", "2025-06-10", dose="40 mg")

    found = answer(patient.prescribed("furosemide", "2026-05-20", dose="80 mg"))

    assert "- Furosemide, now 80 mg, first recorded 10 Jun 2025" in found.detail("D02")


def test_dose_that_was_changed_stands_apart_from_the_first_date_in_fhir_too() -> None:
    first = a_request("furosemide", authoredOn="2025-06-10", dosageInstruction=[a_dosage(40)])
    higher = a_request("furosemide", id="r2", authoredOn="2026-05-20", dosageInstruction=[a_dosage(80)])

    found = answer_to(CRAMPS, first, higher)

    assert "- Furosemide, now 80 mg, first recorded 10 Jun 2025" in found.detail("D02")


def test_second_course_after_a_gap_was_recorded_again() -> None:
    patient = cramping().prescribed("furosemide", "2019-01-01", status="completed")

    found = answer(patient.prescribed("furosemide", "2026-04-20"))

    assert found.summary("D02") == "Night leg cramps began 11 days after furosemide was recorded again"
    assert "- Furosemide recorded again 20 Apr 2026" in found.detail("D02")


def test_second_course_in_fhir_was_recorded_again() -> None:
    long_ago = a_request("furosemide", status="completed", authoredOn="2019-01-01")

    found = answer_to(CRAMPS, long_ago, a_request("furosemide", id="r2", authoredOn="2026-04-20"))

    assert "- Furosemide recorded again 20 Apr 2026" in found.detail("D02")
