"""D09: a proton pump inhibitor counts from 90 days of use, and only with a low or an unmeasured magnesium."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
ALSO, ASIDE = ("contributor", "also-consider"), ("set-aside", "also-consider")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize(
    "ingredient",
    ["omeprazole", "esomeprazole", "lansoprazole", "pantoprazole", "rabeprazole", "dexlansoprazole"],
)
def test_every_inhibitor_with_unmeasured_magnesium_is_a_line(ingredient: str) -> None:
    patient = cramping().taking(ingredient, "2025-01-01")

    found = answer(patient)

    assert found.place("D09") == ALSO
    assert found.suggested == {"Magnesium", "Calcium", "Potassium"}


@pytest.mark.parametrize(("days", "place"), [(89, None), (90, ALSO), (91, ALSO), (3000, ALSO), (-1, None)])
def test_it_counts_from_ninety_days_of_use(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("omeprazole", before_onset(days))

    found = answer(patient)

    assert found.place("D09") == place


def test_start_that_is_not_recorded_counts_as_long_ago() -> None:
    patient = cramping().taking("omeprazole")

    found = answer(patient)

    assert found.place("D09") == ALSO
    assert "start date not recorded" in found.detail("D09")


@pytest.mark.parametrize(("days", "place"), [(30, ALSO), (31, None)])
def test_it_counts_for_thirty_days_after_it_was_stopped(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("omeprazole", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D09") == place


def test_rise_of_the_dose_does_not_shorten_the_use() -> None:
    patient = (
        cramping()
        .taking("omeprazole", "2024-01-01", until=before_onset(11), dose="20 mg")
        .taking("omeprazole", before_onset(10), dose="40 mg")
    )

    found = answer(patient)

    assert found.place("D09") == ALSO


@pytest.mark.parametrize(
    ("value", "unit"), [("0.70", "mmol/L"), ("0.85", "mmol/L"), ("1.7", "mg/dL"), ("1.4", "meq/L")]
)
@pytest.mark.parametrize("age", [7, 90])
def test_current_normal_magnesium_on_it_sets_it_aside(value: str, unit: str, age: int) -> None:
    """KNOWLEDGE X8; the other line is there so that there is a card to tell it on."""
    patient = (
        cramping()
        .taking("omeprazole", "2024-01-01")
        .taking("amlodipine", before_onset(30))
        .with_result("magnesium", f"{value} {unit}", days_before(age))
    )

    found = answer(patient)

    assert found.place("D09") == ASIDE
    assert "omeprazole (magnesium normal on it" in found.printed


@pytest.mark.parametrize(("age", "place"), [(91, None), (365, None), (366, ALSO)])
def test_older_normal_magnesium_only_keeps_it_silent_within_a_year(
    age: int, place: tuple[str, str] | None
) -> None:
    patient = (
        cramping()
        .taking("omeprazole", "2020-01-01")
        .with_result("magnesium", "0.85 mmol/L", days_before(age))
    )

    found = answer(patient)

    assert found.place("D09") == place


def test_normal_magnesium_from_before_it_clears_nothing() -> None:
    """KNOWLEDGE X6."""
    patient = (
        cramping()
        .taking("omeprazole", before_onset(100))
        .with_result("magnesium", "0.85 mmol/L", before_onset(101))
    )

    found = answer(patient)

    assert found.place("D09") == ALSO


def test_short_use_is_not_named_with_a_low_magnesium() -> None:
    patient = cramping().taking("omeprazole", before_onset(89)).with_result("magnesium", "0.60 mmol/L")

    found = answer(patient)

    assert (found.flagged, found.chains) == ({"L02"}, ())


@pytest.mark.parametrize("other", ["digoxin", "indapamide", "furosemide"])
@pytest.mark.parametrize(("days", "is_due"), [(365, False), (366, True)])
def test_magnesium_is_overdue_after_a_year_with_a_diuretic_or_digoxin(
    other: str, days: int, is_due: bool
) -> None:
    patient = cramping().taking("omeprazole", days_before(days)).taking(other, "2026-05-20")

    found = answer(patient)

    assert ("monitoring looks overdue: Mg (none on file)" in found.detail("D09")) is is_due


def test_rise_of_the_dose_does_not_put_off_a_magnesium_that_was_never_taken() -> None:
    patient = (
        cramping()
        .taking("omeprazole", "2022-01-01", until=days_before(101), dose="20 mg")
        .taking("omeprazole", days_before(100), dose="40 mg")
        .taking("digoxin", "2020-01-01")
    )

    found = answer(patient)

    assert "monitoring looks overdue: Mg (none on file)" in found.detail("D09")


def test_magnesium_is_not_overdue_without_a_diuretic_or_digoxin() -> None:
    patient = cramping().taking("omeprazole", "2020-01-01")

    found = answer(patient)

    assert "overdue" not in found.printed


def test_magnesium_on_order_is_not_offered_again() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "sr1",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2601-3"}]},
        "subject": {"reference": "Patient/p1"},
    }
    patient = cramping().taking("omeprazole", "2025-01-01").having("serviceRequests", order)

    found = answer(patient)

    assert found.suggested == {"Calcium", "Potassium"}


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("omeprazole", "2025-01-01", **members)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("value", "age", "is_asked"),
    [
        ("0.62 mmol/L", 90, False),
        ("0.62 mmol/L", 91, True),
        ("0.69 mmol/L", 200, True),
        ("1.6 mg/dL", 365, True),
        ("0.62 mmol/L", 366, False),
        ("0.70 mmol/L", 200, False),
        ("1.7 mg/dL", 200, False),
    ],
)
def test_low_magnesium_that_is_no_longer_current_is_a_line_that_asks_to_repeat_it(
    value: str, age: int, is_asked: bool
) -> None:
    patient = cramping().taking("omeprazole", "2020-01-01").with_result("magnesium", value, days_before(age))

    found = answer(patient)

    asked = f"last value, Mg {value}, was low and is over 90 days old: repeat it"
    assert (asked in found.printed) is is_asked
    assert ("Magnesium" in found.suggested and found.place("D09") == ALSO) is (is_asked or age == 366)
