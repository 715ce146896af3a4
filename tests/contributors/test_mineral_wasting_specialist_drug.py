"""D22: specialist drugs that lose magnesium or potassium speak only on the card of a low value."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN = ("contributor", "main")
LOW = {"magnesium": ("0.55 mmol/L", "L02"), "potassium": ("3.1 mmol/L", "L01")}


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def low_magnesium(on: str | None = None) -> APatient:
    return cramping().with_result("magnesium", "0.55 mmol/L", on)


def named(patient: APatient, name: str, since: str | None, until: str | None = None) -> APatient:
    """A drug by its name in words."""
    return patient.taking("tacrolimus", since, until=until, medicationCodeableConcept={"text": name})


@pytest.mark.parametrize(
    "name",
    [
        "cisplatin",
        "amphotericin B 50 mg powder for infusion",
        "gentamicin 80 mg/2 ml solution for injection",
        "foscarnet",
        "tacrolimus 1 mg capsules",
        "ciclosporin 50 mg capsules",
        "cetuximab",
        "panitumumab",
        "acetazolamide 250 mg tablets",
    ],
)
@pytest.mark.parametrize("analyte", ["magnesium", "potassium"])
def test_every_named_drug_joins_the_card_of_the_low_value(name: str, analyte: str) -> None:
    value, row = LOW[analyte]
    patient = named(cramping(), name, before_onset(30)).with_result(analyte, value)

    found = answer(patient)

    assert found.rows == {row: MAIN, "D22": MAIN}
    assert (found.indicator("D22"), found.chains) == ("warning", ())


@pytest.mark.parametrize("name", ["tacrolimus", "acetazolamide", "gentamicin 80 mg injection"])
def test_without_a_low_value_it_says_nothing(name: str) -> None:
    bare = named(cramping(), name, before_onset(30))
    normal = bare.with_result("magnesium", "0.80 mmol/L").with_result("potassium", "4.1 mmol/L")
    at_limit = bare.with_result("magnesium", "0.70 mmol/L").with_result("potassium", "3.5 mmol/L")

    cards = [answer(each).cards for each in (bare, normal, at_limit)]

    assert cards == [(), (), ()]


@pytest.mark.parametrize(
    ("days", "counts"),
    [(0, True), (45, True), (89, True), (90, True), (91, False), (400, False), (-1, False)],
)
def test_last_dose_counts_in_the_ninety_days_before_the_onset(days: int, counts: bool) -> None:
    day = before_onset(days)
    patient = named(low_magnesium(), "cisplatin", day, day)

    found = answer(patient)

    assert ("D22" in found.flagged) is counts


@pytest.mark.parametrize("started", ["2015-01-01", before_onset(200), None])
def test_drug_that_is_still_taken_counts_however_long_ago_it_began(started: str | None) -> None:
    patient = low_magnesium().taking("tacrolimus", started)

    found = answer(patient)

    assert found.rows == {"L02": MAIN, "D22": MAIN}
    assert "tacrolimus" in found.detail("L02").casefold()


def test_drug_begun_after_the_onset_is_named_as_a_cause_of_the_value_only() -> None:
    patient = low_magnesium().taking("tacrolimus", "2026-05-20")

    found = answer(patient)

    assert found.flagged == {"L02"}
    assert "Tacrolimus (from 20 May 2026, after the cramps began) was running" in found.detail("L02")


def test_value_drawn_before_the_start_is_not_explained_by_it() -> None:
    patient = low_magnesium(before_onset(20)).taking("tacrolimus", before_onset(10))

    found = answer(patient)

    assert found.flagged == {"L02"}


@pytest.mark.parametrize(("days", "flagged"), [(7, {"L02", "D22"}), (6, {"L02"})])
def test_value_drawn_more_than_half_a_year_after_the_last_dose_is_not_explained_by_it(
    days: int, flagged: set[str]
) -> None:
    given = days_before(187)
    cramps = a_patient().with_cramps(days_before(100))
    patient = named(
        cramps.with_result("magnesium", "0.55 mmol/L", days_before(days)), "cisplatin", given, given
    )

    found = answer(patient)

    assert found.flagged == flagged


def test_too_old_a_value_takes_nothing_on_its_card() -> None:
    patient = low_magnesium(days_before(91)).taking("tacrolimus", "2015-01-01")

    found = answer(patient)

    assert "D22" not in found.flagged


def test_calcium_is_offered_with_magnesium_and_potassium() -> None:
    patient = low_magnesium().taking("tacrolimus", "2015-01-01")

    found = answer(patient)

    assert {"Magnesium", "Potassium", "Calcium"} <= found.suggested


@pytest.mark.parametrize("ingredient", ["methazolamide", "dichlorphenamide"])
def test_another_carbonic_anhydrase_inhibitor_is_not_meant(ingredient: str) -> None:
    patient = named(low_magnesium(), ingredient, before_onset(30))

    found = answer(patient)

    assert "D22" not in found.flagged


@pytest.mark.parametrize("name", ["tacrolimus 0.1% ointment", "gentamicin 0.3% eye drops"])
def test_what_is_put_on_the_skin_or_into_the_eye_is_not_meant(name: str) -> None:
    patient = named(low_magnesium(), name, before_onset(30))

    found = answer(patient)

    assert found.flagged == {"L02"}


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_is_not_counted(members: dict[str, Any]) -> None:
    patient = low_magnesium().prescribed("tacrolimus", before_onset(30), **members)

    found = answer(patient)

    assert found.rows == {"L02": MAIN}
