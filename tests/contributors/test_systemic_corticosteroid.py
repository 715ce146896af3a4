"""D19: a corticosteroid is only a line, and joins the card of a low potassium; replacement is not told."""

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


@pytest.mark.parametrize(
    "ingredient", ["prednisolone", "prednisone", "dexamethasone", "methylprednisolone", "hydrocortisone"]
)
def test_every_named_steroid_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("prednisolone", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D19") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(45, ALSO), (90, ALSO), (91, ALSO), (365, ALSO), (366, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("prednisolone", before_onset(days))

    found = answer(patient)

    assert found.place("D19") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), ALSO), (before_onset(1), ALSO), ("2026-05-20", ALSO)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("prednisolone", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D19") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("prednisolone", started)

    found = answer(patient)

    assert found.place("D19") == ALSO


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("prednisolone", "2020-01-01", until=before_onset(16), dose="5 mg")
        .taking("prednisolone", before_onset(15), dose="20 mg")
    )

    found = answer(patient)

    assert found.place("D19") == ALSO
    assert "raised 16 Apr 2026" in found.detail("D19")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("prednisolone", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("prednisolone", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "concept", ["primary_adrenal_insufficiency", "adrenal_insufficiency", "secondary_adrenal_insufficiency"]
)
@pytest.mark.parametrize("ingredient", ["hydrocortisone", "fludrocortisone", "prednisolone"])
def test_with_adrenal_insufficiency_coded_it_is_replacement(concept: str, ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30)).with_diagnosis(concept, "2015-01-01")

    found = answer(patient)

    assert "D19" not in found.rows


def test_adrenal_insufficiency_that_was_refuted_does_not_make_it_replacement() -> None:
    refuted = {"coding": [{"code": "refuted"}]}
    patient = (
        cramping()
        .taking("prednisolone", before_onset(30))
        .with_diagnosis("adrenal_insufficiency", "2015-01-01", verificationStatus=refuted)
    )

    found = answer(patient)

    assert found.place("D19") == ALSO


@pytest.mark.parametrize("started", [before_onset(30), before_onset(300), "2015-01-01", None])
def test_with_a_low_potassium_drawn_on_it_it_is_told_on_that_card(started: str | None) -> None:
    patient = cramping().taking("prednisolone", started).with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.rows == {"L01": MAIN, "D19": MAIN}
    assert (found.indicator("D19"), found.chains) == ("warning", ())
    assert "prednisolone" in found.detail("L01").casefold()


def test_low_potassium_drawn_before_the_start_is_not_explained_by_it() -> None:
    patient = (
        cramping()
        .taking("prednisolone", before_onset(10))
        .with_result("potassium", "3.1 mmol/L", before_onset(11))
    )

    found = answer(patient)

    assert (found.place("L01"), found.place("D19")) == (MAIN, ALSO)


def test_normal_potassium_leaves_it_a_line() -> None:
    patient = cramping().taking("prednisolone", before_onset(30)).with_result("potassium", "4.1 mmol/L")

    found = answer(patient)

    assert found.rows == {"D19": ALSO}


def test_potassium_and_glucose_are_offered_unless_taken_since_the_start() -> None:
    bare = cramping().taking("prednisolone", before_onset(30))
    measured = bare.with_result("potassium", "4.1 mmol/L").with_result("glucose", "6 mmol/L")

    offered = [answer(each).suggested for each in (bare, measured)]

    assert offered == [{"Potassium", "Glucose"}, frozenset()]


def test_inhaled_steroid_is_not_meant() -> None:
    inhaler = {"coding": [], "text": "Beclometasone 100 micrograms inhaler"}
    patient = cramping().taking("prednisolone", before_onset(30), medicationCodeableConcept=inhaler)

    found = answer(patient)

    assert found.cards == ()
