"""P02: a medicine with a caution in a current pregnancy; it speaks on the card of M12."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

SAFETY = ("safety", "main")


def pregnant(recorded: str = "2026-02-01") -> APatient:
    return (
        a_patient().born("1994-05-05").with_cramps("2026-05-01").with_diagnosis("pregnancy_current", recorded)
    )


@pytest.mark.parametrize(
    ("ingredient", "indicator"),
    [
        ("atorvastatin", "warning"),
        ("quinine", "warning"),
        ("lisinopril", "warning"),
        ("losartan", "warning"),
        ("spironolactone", "info"),
        ("eplerenone", "info"),
    ],
)
@pytest.mark.parametrize("started", ["2015-01-01", "2026-04-01", "2026-05-20", None])
def test_medicine_taken_now_is_a_safety_point_whenever_it_began(
    ingredient: str, indicator: str, started: str | None
) -> None:
    patient = pregnant().taking(ingredient, started)

    found = answer(patient)

    assert (found.place("P02"), found.indicator("P02")) == (SAFETY, indicator)


@pytest.mark.parametrize("ingredient", ["amiloride", "triamterene", "furosemide", "amlodipine"])
def test_medicine_without_a_caution_is_none(ingredient: str) -> None:
    patient = pregnant().taking(ingredient, "2015-01-01")

    found = answer(patient)

    assert "P02" not in found.flagged


def test_medicine_that_was_stopped_is_none() -> None:
    patient = pregnant().taking("lisinopril", "2015-01-01", until="2026-02-03")

    found = answer(patient)

    assert "P02" not in found.flagged


def test_without_a_pregnancy_there_is_no_caution() -> None:
    patient = a_patient().born("1994-05-05").with_cramps("2026-05-01").taking("lisinopril", "2015-01-01")

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(("days", "flagged"), [(300, True), (301, False)])
def test_pregnancy_recorded_more_than_three_hundred_days_ago_is_out_of_date(days: int, flagged: bool) -> None:
    patient = pregnant(days_before(days)).taking("atorvastatin", "2015-01-01")

    found = answer(patient)

    assert ("P02" in found.flagged) is flagged


def test_each_medicine_is_named_with_its_own_date() -> None:
    patient = (
        pregnant().taking("atorvastatin", "2015-01-01", until="2026-05-01").taking("losartan", "2026-05-10")
    )

    found = answer(patient)

    assert "losartan from 10 may 2026" in found.detail("P02").casefold()
    assert "atorvastatin" not in found.summary("P02")


def test_several_medicines_are_one_card_at_the_highest_level() -> None:
    patient = pregnant().taking("spironolactone", "2015-01-01").taking("lisinopril", "2015-01-01")

    found = answer(patient)

    assert found.indicator("P02") == "warning"
    assert {"MedicationStatement/ms1", "MedicationStatement/ms2"} <= set(found.sources("P02"))
    assert "lisinopril and spironolactone on the active list" in found.summary("P02")


@pytest.mark.parametrize(
    "members",
    [{"status": "draft"}, {"status": "cancelled"}, {"intent": "proposal"}, {"doNotPerform": True}],
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = pregnant().prescribed("lisinopril", "2015-01-01", **members)

    found = answer(patient)

    assert "P02" not in found.flagged


@pytest.mark.parametrize(
    "members",
    [
        {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
        {"verificationStatus": {"coding": [{"code": "refuted"}]}},
        {"clinicalStatus": {"coding": [{"code": "resolved"}]}},
    ],
)
def test_pregnancy_that_is_over_or_never_was_makes_no_caution(members: dict[str, Any]) -> None:
    patient = (
        a_patient()
        .born("1994-05-05")
        .with_cramps("2026-05-01")
        .with_diagnosis("pregnancy_current", "2026-02-01", **members)
        .taking("lisinopril", "2015-01-01")
    )

    found = answer(patient)

    assert "P02" not in found.flagged


def test_undated_pregnancy_counts_as_current() -> None:
    patient = (
        a_patient()
        .born("1994-05-05")
        .with_cramps("2026-05-01")
        .with_diagnosis("pregnancy_current")
        .taking("lisinopril", "2015-01-01")
    )

    found = answer(patient)

    assert (found.place("P02"), found.indicator("P02")) == (SAFETY, "warning")


def test_card_never_says_to_end_a_medicine() -> None:
    patient = pregnant().taking("lisinopril", "2015-01-01").taking("atorvastatin", "2015-01-01")

    found = answer(patient)

    assert "prescriber and maternity team without delay" in found.detail("P02")
    assert "stop" not in found.printed.casefold()


def test_no_order_is_offered() -> None:
    patient = pregnant().taking("lisinopril", "2015-01-01")

    found = answer(patient)

    assert found.suggested == frozenset()


def test_medicine_outside_a_pregnancy_is_not_even_set_aside() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-01")
        .taking("indapamide", "2026-04-01")
        .taking("lisinopril", "2026-05-10")
    )

    found = answer(patient)

    assert "P02" not in found.rows
    assert "lisinopril" not in found.printed
