"""Conditions -> active diagnoses, and whether a pregnancy is current."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cds_service import diagnoses
from cds_service.dates import Span, written
from cds_service.diagnoses import Gestation
from cds_service.facts import Diagnosed
from cds_service.record import NOTHING, Diagnosis, Measurement, Person, Result
from cds_service.terminology import Match
from tests.patients import TODAY

_PERSON = Person("p1", "1950-03-01", is_deceased=False)


def _diagnosis(**members: Any) -> Diagnosis:
    made: dict[str, Any] = {
        "source": "Condition/c1",
        "concept": NOTHING,
        "site": "",
        "clinical": "active",
        "verification": "confirmed",
        "onset": None,
        "onset_age": None,
        "abated": False,
        "abated_on": None,
        "recorded": None,
    }
    return Diagnosis(**{**made, **members})


@pytest.mark.parametrize(
    ("members", "is_active"),
    [
        ({}, True),
        ({"clinical": ""}, True),
        ({"clinical": "recurrence"}, True),
        ({"clinical": "inactive"}, False),
        ({"clinical": "remission"}, False),
        ({"clinical": "resolved"}, False),
        ({"verification": ""}, True),
        ({"verification": "provisional"}, True),
        ({"verification": "refuted"}, False),
        ({"verification": "entered-in-error"}, False),
        ({"abated": True}, False),
        ({"abated": True, "abated_on": "2026-06-15"}, False),
        ({"abated": True, "abated_on": "2026-06-16"}, True),
        ({"abated": True, "abated_on": "2026-06"}, False),
        ({"abated": True, "abated_on": "2026-07"}, True),
    ],
)
def test_entry_stands_unless_over_or_taken_back(members: dict[str, Any], is_active: bool) -> None:
    """KNOWLEDGE X13."""
    found = diagnoses.is_active(_diagnosis(**members), TODAY)

    assert found is is_active


@pytest.mark.parametrize(
    ("members", "on"),
    [
        ({"onset": "2026-03-01", "recorded": "2026-04-01"}, "1 Mar 2026"),
        ({"recorded": "2026-04-01"}, "1 Apr 2026"),
        ({"onset": "in childhood", "recorded": "2026-04-01"}, "1 Apr 2026"),
        ({"onset_age": (Decimal(60), Decimal(61))}, "2010 to 2011"),
        ({}, "None"),
    ],
)
def test_date_is_the_onset_else_the_day_it_was_recorded(members: dict[str, Any], on: str) -> None:
    match = Match("hypothyroidism", "Hypothyroidism", "code")

    found = diagnoses.diagnosed(_diagnosis(**members), match, _PERSON)

    assert str(found.on) == on


@pytest.mark.parametrize(
    ("verification", "is_confirmed"),
    [
        ("confirmed", True),
        ("", True),
        ("provisional", False),
        ("differential", False),
        ("unconfirmed", False),
    ],
)
def test_doubt_is_kept(verification: str, is_confirmed: bool) -> None:
    match = Match("arrhythmia", "Arrhythmia", "text")

    found = diagnoses.diagnosed(_diagnosis(verification=verification), match, _PERSON)

    assert (found.is_confirmed, found.matched_by) == (is_confirmed, "text")


def test_age_at_onset_needs_a_birth_date() -> None:
    nobody = Person("p1", None, is_deceased=False)

    found = diagnoses.began(_diagnosis(onset_age=(Decimal(60), Decimal(61))), nobody)

    assert found is None


# --- pregnancy ------------------------------------------------------------------------------------------------


def _dated(taken: str | None = "2026-05-01", status: str = "final", **members: Any) -> Result:
    made: dict[str, Any] = {
        "source": "Observation/dating",
        "concept": NOTHING,
        "status": status,
        "taken": taken,
        "measured": None,
        "answer": None,
        "said": None,
        "dated": None,
        "low": None,
        "high": None,
        "site": "",
        "specimen": "",
        "remarks": "",
        "is_absent": False,
        "key": "observations",
    }
    return Result(**{**made, **members})


def _weeks(value: str, unit: str) -> Measurement:
    return Measurement(Decimal(value), unit, "")


@pytest.mark.parametrize(
    ("analyte", "members", "began"),
    [
        ("estimated_delivery_date", {"dated": "2026-10-08"}, date(2026, 1, 1)),
        ("lmp_date", {"dated": "2026-01-01"}, date(2026, 1, 1)),
        ("gestational_age", {"measured": _weeks("10", "wk")}, date(2026, 2, 20)),
        ("gestational_age", {"measured": _weeks("70", "d")}, date(2026, 2, 20)),
    ],
)
def test_pregnancy_is_dated_by_due_date_last_period_or_gestation(
    analyte: str, members: dict[str, Any], began: date
) -> None:
    found = diagnoses.gestations([(analyte, _dated(**members))])

    assert found == [Gestation(began, "Observation/dating", date(2026, 5, 1))]


@pytest.mark.parametrize(
    ("analyte", "members"),
    [
        ("estimated_delivery_date", {"dated": "2026-10"}),
        ("estimated_delivery_date", {}),
        ("lmp_date", {"dated": "unsure"}),
        ("gestational_age", {"measured": _weeks("10", "")}),
        ("gestational_age", {"measured": _weeks("60", "wk")}),
        ("gestational_age", {"measured": _weeks("-1", "wk")}),
        ("lmp_date", {"dated": "2026-01-01", "status": "entered-in-error"}),
        ("lmp_date", {"dated": "2026-01-01", "taken": None}),
    ],
)
def test_what_dates_nothing_for_certain_is_left_out(analyte: str, members: dict[str, Any]) -> None:
    found = diagnoses.gestations([(analyte, _dated(**members))])

    assert found == []


def _pregnancy(recorded: str | None) -> Diagnosed:
    day = written(recorded)
    return Diagnosed("pregnancy_current", "Condition/p", day, day, is_confirmed=True, matched_by="code")


@pytest.mark.parametrize(
    ("recorded", "is_current"),
    [
        ("2026-06-01", True),
        ("2025-08-19", True),
        ("2025-08-18", False),
        (None, True),
        ("2025-08", True),
        ("2025-07", False),
    ],
)
def test_entry_older_than_300_days_is_out_of_date(recorded: str | None, is_current: bool) -> None:
    found = diagnoses.current_pregnancy([_pregnancy(recorded)], [], [], TODAY)

    assert bool(found) is is_current


@pytest.mark.parametrize(("began", "is_current"), [(date(2025, 8, 25), True), (date(2025, 8, 24), False)])
def test_pregnancy_beyond_42_weeks_is_out_of_date(began: date, is_current: bool) -> None:
    dating = [Gestation(began, "Observation/d", date(2026, 1, 1))]

    found = diagnoses.current_pregnancy([_pregnancy("2026-01-01")], dating, [], TODAY)

    assert bool(found) is is_current


def test_dates_of_an_earlier_pregnancy_do_not_count() -> None:
    dating = [Gestation(date(2023, 1, 1), "Observation/d", date(2023, 3, 1))]

    found = diagnoses.current_pregnancy([_pregnancy("2026-05-01")], dating, [], TODAY)

    assert found == (_pregnancy("2026-05-01"),)


@pytest.mark.parametrize(("ended", "is_current"), [(date(2026, 5, 1), False), (date(2026, 4, 30), True)])
def test_end_written_since_ends_it(ended: date, is_current: bool) -> None:
    found = diagnoses.current_pregnancy([_pregnancy("2026-05-01")], [], [ended], TODAY)

    assert bool(found) is is_current


@pytest.mark.parametrize(("age", "is_believed"), [(None, True), (59, True), (60, False), (82, False)])
def test_pregnancy_of_somebody_aged_60_or_more_is_a_slip(age: int | None, is_believed: bool) -> None:
    entry = _pregnancy("2026-05-01")

    found = diagnoses.current_pregnancy([entry], [], [], TODAY, age)

    assert found == ((entry,) if is_believed else ())


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("Normal delivery", True),
        ("Spontaneous miscarriage", True),
        ("Stillbirth", True),
        ("Legal termination of pregnancy", True),
        ("Postpartum care", True),
        ("Threatened abortion", False),
        ("Threatened miscarriage in first trimester", False),
        ("Scar from previous caesarean delivery", False),
        ("Preterm labour without delivery", False),
        ("History of stillbirth", False),
        ("Planned home delivery", False),
        ("Pregnancy", False),
    ],
)
def test_words_that_end_a_pregnancy(text: str, ends: bool) -> None:
    found = diagnoses.ends_a_pregnancy([text])

    assert found is ends


def test_span_of_an_uncertain_date_is_kept() -> None:
    found = diagnoses.began(_diagnosis(onset="2026-03"), _PERSON)

    assert found == Span(date(2026, 3, 1), date(2026, 3, 31))
