"""DECISIONS, Time: each rule for a patient in clinical words and for a chart in raw FHIR."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds_service import settings
from cds_service.advise import Site, advise
from cds_service.app import create_app
from cds_service.contributors import load
from cds_service.facts import TimeClass
from cds_service.hooks import decode
from cds_service.timing import timings
from tests import as_sent
from tests.as_sent import (
    PATIENT,
    a_condition,
    a_statement,
    an_observation,
    answer_to,
    cramps_since,
    facts_of,
    quantity,
)
from tests.client import post
from tests.findings_of import Answer, answer, site
from tests.patients import CARDS, FHIR, TODAY, a_patient

LOW: FHIR = an_observation(valueQuantity=quantity(3.1, "mmol/L"))
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")
THIAZIDE = "hydrochlorothiazide"


def in_zone(request: bytes, zone: str | None) -> Answer:
    """The answer of a site that told its time zone."""
    knowledge = load(CARDS, "demo")
    made = Site.of(knowledge, "http://127.0.0.1:8000", ZoneInfo(zone) if zone else None)
    return Answer(advise(decode(request, "patient-view"), made, TODAY))


# --- today ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "silence"), [(date(2026, 9, 6), None), (date(2026, 9, 7), "nothing-found")]
)
def test_same_potassium_is_current_on_one_day_and_too_old_on_the_next(
    today: date, silence: str | None
) -> None:
    patient = a_patient(today).with_cramps("2026-05-01").with_result("potassium", "3.1 mmol/L", "2026-06-08")

    found = answer(patient)

    assert found.silence == silence


@pytest.mark.parametrize(("today", "cards"), [("2026-09-06", 1), ("2026-09-07", 0)])
def test_site_on_this_machine_may_set_the_day_of_a_hook_call(today: str, cards: int) -> None:
    service = create_app(settings.load(today=today), site().knowledge)

    response = post(service, as_sent.body(cramps_since("2026-05-01"), LOW))

    assert (response.status_code, len(response.json()["cards"])) == (200, cards)


# --- dates as written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["2026-06-08T23:30:00-05:00", "2026-06-08T00:30:00+02:00"])
def test_result_of_late_evening_is_told_with_the_day_on_the_patients_calendar(taken: str) -> None:
    patient = a_patient().with_cramps("2026-05-01").with_result("potassium", "3.1 mmol/L", taken)

    found = answer(patient)

    assert found.summary("L01").startswith("K 3.1 mmol/L (8 Jun 2026) is low")


@pytest.mark.parametrize(
    ("start", "onset"),
    [
        ("2026-04-30T23:30:00-07:00", "2026-04-30"),  # 1 May in UTC
        ("2026-05-01T00:15:00.000+14:00", "2026-05-01"),  # 30 April in UTC
        ("2026-05-01T09:00:00Z", "2026-05-01T06:00:00Z"),
    ],
)
def test_effective_period_and_onset_are_compared_by_the_days_as_written(start: str, onset: str) -> None:
    statement = a_statement(effectivePeriod={"start": start})

    found = answer_to(cramps_since(onset), statement)

    assert found.summary("D01") == "Night leg cramps began the day hydrochlorothiazide was started"


# --- nights ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("taken", "told"),
    [
        ("2026-06-09T03:10:00Z", "(9 Jun 2026)"),
        ("2026-06-09T03:10:00+02:00", "(03:10 on 9 Jun 2026)"),
        ("2026-06-09", "(9 Jun 2026)"),
    ],
)
def test_low_glucose_in_utc_is_not_told_as_one_of_the_night(taken: str, told: str) -> None:
    patient = a_patient().with_cramps("2026-05-01").taking("insulin glargine", "2020-01-01")

    found = answer(patient.with_result("glucose", "2.9 mmol/L", taken))

    assert f"Glucose **2.9** mmol/L {told}" in found.detail("L09")


@pytest.mark.parametrize(
    ("members", "zone", "clock"),
    [
        ({"effectiveDateTime": "2026-06-09T03:10:00Z"}, None, None),
        ({"effectiveDateTime": "2026-06-09T03:10:00Z"}, "Europe/Paris", "05:10"),
        ({"effectiveDateTime": "2026-06-09T03:10:00-04:00"}, None, "03:10"),
        ({"effectiveDateTime": "2026-06-09T03:10:00-04:00"}, "Europe/Paris", "03:10"),
        (
            {"effectiveDateTime": None, "effectiveInstant": "2026-06-09T01:10:00.000Z"},
            "Europe/Paris",
            "03:10",
        ),
        ({"effectiveDateTime": None, "effectivePeriod": {"end": "2026-06-09T03:10:00+02:00"}}, None, "03:10"),
        ({"effectiveDateTime": "2026-06-09"}, "Europe/Paris", None),
    ],
)
def test_time_of_an_observation_is_local_by_its_offset_or_by_the_sites_zone(
    members: dict[str, Any], zone: str | None, clock: str | None
) -> None:
    reading = an_observation("glucose", valueQuantity=quantity(2.9, "mmol/L"), **members)

    facts = in_zone(as_sent.body(cramps_since("2026-05-01"), reading), zone).advice.facts

    assert facts is not None
    assert [(str(each.taken), each.clock) for each in facts.results["glucose"]] == [("9 Jun 2026", clock)]


# --- partial dates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "onset", "time_class"),
    [
        ("2026-03", "2026-05-01", TimeClass.STRONG),  # 31 to 61 days
        ("2026-01", "2026-04-15", TimeClass.PLAUSIBLE),  # 74 to 104 days
        ("2025", "2026-01-01", TimeClass.PLAUSIBLE),  # 1 to 365 days
        ("2025", "2026-01-02", TimeClass.WEAK),  # 2 to 366 days
        ("2026-03", "2026-05", TimeClass.PLAUSIBLE),  # 31 to 91 days
        ("2026-05", "2026-04", TimeClass.AFTER),
        ("2026", "2026-05-01", TimeClass.UNKNOWN),
        ("2026-05-01", "2026-05", TimeClass.STRONG),  # the day itself, or up to 30 days
        ("2026-05-02", "2026-05", TimeClass.UNKNOWN),
    ],
)
def test_period_start_of_a_month_or_year_has_the_weakest_class_it_may_mean(
    start: str, onset: str, time_class: TimeClass
) -> None:
    facts = facts_of(cramps_since(onset), a_statement(effectivePeriod={"start": start}))

    [timing] = timings(facts.exposures["thiazide_diuretic"], facts.onset, 30, facts.today, {})

    assert timing.time_class is time_class


@pytest.mark.parametrize(("end", "place"), [("2026-04", MAIN), ("2026-03", None), ("2025", None)])
def test_stop_within_a_month_counts_only_when_all_of_it_is_within_the_washout(
    end: str, place: tuple[str, str] | None
) -> None:
    patient = a_patient().with_cramps("2026-05-01").taking(THIAZIDE, "2020-01-01", until=end)

    found = answer(patient)

    assert found.place("D01") == place


@pytest.mark.parametrize(
    ("end", "place"),
    [
        ("2026-04", MAIN),  # 1 to 30 days before the onset
        ("2026-03", None),  # 31 to 61 days
        ("2026-05", MAIN),  # since the onset, 15 to 45 days ago
        ("2025", None),
    ],
)
def test_period_end_of_a_month_counts_only_when_all_of_it_is_within_the_washout(
    end: str, place: tuple[str, str] | None
) -> None:
    statement = a_statement(status="stopped", effectivePeriod={"start": "2020", "end": end})

    found = answer_to(cramps_since("2026-05-01"), statement)

    assert found.place("D01") == place


def test_period_started_in_the_month_of_the_onset_is_of_unknown_order_and_told() -> None:
    statement = a_statement(effectivePeriod={"start": "2026-03"})

    found = answer_to(cramps_since("2026-03-20"), statement)

    assert found.place("D01") == ALSO
    assert "from Mar 2026, which may be before or after the cramps" in found.detail("D01")


@pytest.mark.parametrize(("taken", "is_current"), [("2026-04", True), ("2026-03", False), ("2026", False)])
def test_potassium_of_a_month_is_current_only_when_all_of_it_is(taken: str, is_current: bool) -> None:
    patient = a_patient().with_cramps("2026-05-01").with_result("potassium", "3.1 mmol/L", taken)

    found = answer(patient)

    assert ("L01" in found.flagged) is is_current


@pytest.mark.parametrize(
    ("taken", "indicator"), [("2026-06", "critical"), ("2026-05", "warning"), ("2026-05-16", "critical")]
)
def test_effective_month_of_an_urgent_value_is_urgent_only_when_all_of_it_is(
    taken: str, indicator: str
) -> None:
    low = an_observation(effectiveDateTime=taken, valueQuantity=quantity(2.4, "mmol/L"))

    found = answer_to(cramps_since("2026-05-01"), low)

    assert found.indicator("L01") == indicator


# --- the patient ----------------------------------------------------------------------------------------------


def person(**members: Any) -> FHIR:
    made = {**PATIENT, **members}
    return {name: value for name, value in made.items() if value is not None}


@pytest.mark.parametrize(
    ("birth", "silence"),
    [
        ("2008-06-15", None),
        ("2008-06-16", "minor"),
        ("2008-05", None),
        ("2008-06", "minor"),
        ("2007", None),
        ("2008", "minor"),
    ],
)
def test_birth_date_of_a_month_or_year_is_an_adults_only_for_certain(birth: str, silence: str | None) -> None:
    found = answer_to(a_condition(), LOW, patient=person(birthDate=birth))

    assert found.silence == silence


@pytest.mark.parametrize(
    "members",
    [
        {"birthDate": None},
        {"birthDate": None, "_birthDate": {"extension": [{"url": "urn:absent", "valueCode": "unknown"}]}},
        {"birthDate": "about 1950"},
    ],
)
def test_birth_date_that_is_absent_or_no_date_is_told_beside_the_advice(members: dict[str, Any]) -> None:
    found = answer_to(a_condition(), LOW, patient=person(**members))

    assert found.indicator("L01") == "warning"
    assert "Age not recorded" in found.detail("L01")


@pytest.mark.parametrize(
    ("members", "silence"),
    [
        ({"deceasedBoolean": True}, "deceased"),
        ({"deceasedDateTime": "2026-05-20T04:00:00+01:00"}, "deceased"),
        ({"deceasedDateTime": "2026"}, "deceased"),
        ({"deceasedBoolean": False}, None),
        ({"deceasedBoolean": None, "deceasedDateTime": None}, None),
    ],
)
def test_deceased_boolean_and_date_time_are_both_read(members: dict[str, Any], silence: str | None) -> None:
    found = answer_to(a_condition(), LOW, patient={**PATIENT, **members})

    assert (found.silence, found.cards == ()) == (silence, silence is not None)
