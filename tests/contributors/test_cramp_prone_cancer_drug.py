"""D24: cancer drugs started in the 90 days before the cramps are info, never adjusted locally."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN = ("contributor", "main")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def named(name: str, since: str | None, until: str | None = None) -> APatient:
    """A drug by its name in words."""
    return cramping().taking("letrozole", since, until=until, medicationCodeableConcept={"text": name})


@pytest.mark.parametrize(
    "name",
    [
        "vincristine",
        "cisplatin",
        "oxaliplatin",
        "carboplatin",
        "paclitaxel",
        "docetaxel",
        "imatinib 400 mg tablets",
        "letrozole 2.5 mg tablets",
        "anastrozole",
        "exemestane",
        "vismodegib",
        "sonidegib",
    ],
)
def test_every_named_drug_is_seen(name: str) -> None:
    patient = named(name, before_onset(30))

    found = answer(patient)

    assert (found.rows, found.indicator("D24")) == ({"D24": MAIN}, "info")


@pytest.mark.parametrize("name", ["dasatinib", "nilotinib", "bortezomib", "thalidomide", "tamoxifen"])
def test_drug_that_the_row_does_not_name_is_not_meant(name: str) -> None:
    patient = named(name, before_onset(30))

    found = answer(patient)

    assert "D24" not in found.rows


@pytest.mark.parametrize(
    ("days", "place"), [(0, MAIN), (45, MAIN), (89, MAIN), (90, MAIN), (91, None), (400, None), (-1, None)]
)
def test_start_counts_in_the_ninety_days_before_the_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("letrozole", before_onset(days))

    found = answer(patient)

    assert found.place("D24") == place


def test_course_that_has_ended_counts_by_its_start() -> None:
    patient = named("vincristine", before_onset(80), before_onset(40))

    found = answer(patient)

    assert found.place("D24") == MAIN


def test_start_that_is_not_recorded_says_nothing() -> None:
    patient = cramping().taking("letrozole")

    found = answer(patient)

    assert found.cards == ()


def test_card_leaves_every_change_to_oncology() -> None:
    patient = cramping().taking("letrozole", before_onset(30))

    found = answer(patient)

    assert found.summary("D24") == "Night leg cramps began 30 days after letrozole was started"
    assert "*Consider:* discuss with oncology, no local change of dose" in found.detail("D24")


def test_tests_are_offered_unless_taken_since_the_start() -> None:
    bare = cramping().taking("letrozole", before_onset(30))
    measured = bare.with_result("potassium", "4.1 mmol/L").with_result("magnesium", "0.80 mmol/L")

    offered = [answer(each).suggested for each in (bare, measured)]

    assert offered == [{"Potassium", "Magnesium", "Calcium"}, {"Calcium"}]


@pytest.mark.parametrize(
    ("analyte", "value", "rows"),
    [
        ("magnesium", "0.55 mmol/L", {"L02": MAIN, "D22": MAIN}),
        ("potassium", "3.1 mmol/L", {"L01": MAIN, "D22": MAIN}),
        ("magnesium", "0.80 mmol/L", {"D24": MAIN}),
    ],
)
def test_cisplatin_with_a_low_mineral_is_told_once_on_that_card(
    analyte: str, value: str, rows: dict[str, tuple[str, str]]
) -> None:
    patient = named("cisplatin", before_onset(30)).with_result(analyte, value)

    found = answer(patient)

    assert found.rows == rows


def test_letrozole_with_a_low_potassium_has_its_own_card() -> None:
    patient = cramping().taking("letrozole", before_onset(30)).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.rows == {"L01": MAIN, "D24": MAIN}
    assert found.card_of("L01") != found.card_of("D24")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("letrozole", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("letrozole", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("analyte", ["calcium_adjusted", "calcium_ionized"])
def test_no_lack_of_a_calcium_is_claimed(analyte: str) -> None:
    value = {"calcium_adjusted": "2.40 mmol/L", "calcium_ionized": "1.20 mmol/L"}[analyte]
    patient = cramping().taking("vincristine", before_onset(30)).with_result(analyte, value)

    found = answer(patient)

    assert "- No current K or Mg since it was started or changed" in found.detail("D24").splitlines()
