"""D08: a calcium channel blocker is one line, unless leg swelling is coded since it was begun."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


@pytest.mark.parametrize("ingredient", ["amlodipine", "nifedipine", "felodipine", "isradipine", "diltiazem"])
def test_every_calcium_channel_blocker_is_a_line(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert found.place("D08") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (90, ALSO), (91, ALSO), (365, ALSO), (366, ALSO), (-1, None)]
)
def test_dihydropyridine_is_a_line_whenever_it_began_before(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("amlodipine", before_onset(days))

    found = answer(patient)

    assert found.place("D08") == place


@pytest.mark.parametrize("ingredient", ["diltiazem", "verapamil"])
@pytest.mark.parametrize(("days", "place"), [(0, ALSO), (90, ALSO), (91, None), (366, None), (-1, None)])
def test_other_calcium_channel_blocker_is_named_only_when_newly_begun(
    ingredient: str, days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking(ingredient, before_onset(days))

    found = answer(patient)

    assert found.place("D08") == place


@pytest.mark.parametrize(("ingredient", "place"), [("amlodipine", ALSO), ("verapamil", None)])
def test_unknown_start_is_a_line_for_dihydropyridines_only(
    ingredient: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking(ingredient)

    found = answer(patient)

    assert found.place("D08") == place


@pytest.mark.parametrize("ingredient", ["amlodipine", "verapamil"])
@pytest.mark.parametrize(("days", "place"), [(30, ALSO), (31, None)])
def test_it_counts_for_thirty_days_after_it_was_stopped(
    ingredient: str, days: int, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking(ingredient, "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D08") == place


@pytest.mark.parametrize("ingredient", ["amlodipine", "verapamil"])
def test_one_begun_after_the_cramps_is_told_as_set_aside(ingredient: str) -> None:
    patient = cramping().taking(ingredient, "2026-05-20").taking("albuterol", before_onset(30))

    found = answer(patient)

    assert found.place("D08") == ("set-aside", "also-consider")


@pytest.mark.parametrize(
    ("days", "swollen", "place"),
    [
        (40, before_onset(10), MAIN),
        (40, before_onset(40), MAIN),
        (40, before_onset(41), ALSO),
        (40, None, ALSO),
        (90, before_onset(10), MAIN),
        (91, before_onset(10), ALSO),
    ],
)
def test_swelling_since_a_start_in_the_last_ninety_days_makes_it_a_card(
    days: int, swollen: str | None, place: tuple[str, str]
) -> None:
    patient = cramping().taking("amlodipine", before_onset(days)).with_diagnosis("oedema_peripheral", swollen)

    found = answer(patient)

    assert found.place("D08") == place


def test_line_suggests_no_test_and_no_diuretic() -> None:
    patient = cramping().taking("amlodipine", before_onset(30))

    found = answer(patient)

    assert "**Amlodipine** (calcium channel blocker), from 1 Apr 2026 (evidence C)" in found.detail("D08")
    assert "diuretic" not in found.printed
    assert found.suggested == frozenset()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("amlodipine", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()
