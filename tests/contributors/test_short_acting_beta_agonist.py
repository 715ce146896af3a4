"""D07: a reliever is one line that asks how often it is used; long-standing use matters only with low potassium."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
ALSO = ("contributor", "also-consider")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize(
    "ingredient", ["albuterol", "levalbuterol", "terbutaline", "fenoterol", "metaproterenol"]
)
def test_every_reliever_is_a_line(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert found.place("D07") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (90, ALSO), (91, ALSO), (365, ALSO), (366, None), (-1, None)]
)
def test_reliever_is_named_when_begun_in_the_year_before(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("albuterol", before_onset(days))

    found = answer(patient)

    assert found.place("D07") == place


def test_reliever_of_unknown_start_is_a_line() -> None:
    patient = cramping().taking("albuterol")

    found = answer(patient)

    assert found.place("D07") == ALSO


@pytest.mark.parametrize(("days", "place"), [(30, ALSO), (31, None)])
def test_reliever_counts_for_thirty_days_after_it_was_stopped(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("albuterol", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D07") == place


def test_line_asks_for_the_use_and_claims_nothing() -> None:
    patient = cramping().taking("albuterol", before_onset(30))

    found = answer(patient)

    assert (
        "**Salbutamol/albuterol** (reliever), from 1 Apr 2026: ask how often;"
        " potassium if use is heavy (evidence C)" in found.detail("D07")
    )
    assert found.suggested == frozenset()


@pytest.mark.parametrize("other", ["indapamide", "furosemide", "prednisone"])
def test_potassium_is_offered_with_another_drug_that_lowers_it(other: str) -> None:
    patient = cramping().taking("albuterol", before_onset(30)).taking(other, "2026-05-20")

    found = answer(patient)

    assert found.suggested == {"Potassium"}


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("albuterol", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()
