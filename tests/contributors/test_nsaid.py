"""D17: an anti-inflammatory drug is never more than a line; the pain is the likelier link."""

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


@pytest.mark.parametrize("ingredient", ["naproxen", "ibuprofen", "diclofenac", "celecoxib"])
def test_every_named_anti_inflammatory_drug_is_seen(ingredient: str) -> None:
    named = {"text": ingredient}
    patient = cramping().taking("naproxen", before_onset(30), medicationCodeableConcept=named)

    found = answer(patient)

    assert found.place("D17") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (45, ALSO), (90, ALSO), (91, None), (400, None), (-1, None)]
)
def test_it_counts_by_the_time_from_start_to_onset(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("naproxen", before_onset(days))

    found = answer(patient)

    assert found.place("D17") == place


@pytest.mark.parametrize(
    ("stopped", "place"),
    [(before_onset(31), None), (before_onset(30), ALSO), (before_onset(1), ALSO), ("2026-05-20", ALSO)],
)
def test_stopped_it_counts_within_thirty_days_before_the_onset_or_since(
    stopped: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().taking("naproxen", "2020-01-01", until=stopped)

    found = answer(patient)

    assert found.place("D17") == place


@pytest.mark.parametrize("started", [None, "2026-05"])
def test_start_that_is_missing_or_leaves_the_order_open_is_only_a_line(started: str | None) -> None:
    patient = cramping().taking("naproxen", started)

    found = answer(patient)

    assert found.place("D17") == ALSO


def test_dose_raised_before_the_onset_counts_from_the_rise() -> None:
    patient = (
        cramping()
        .taking("naproxen", "2020-01-01", until=before_onset(16), dose="250 mg")
        .taking("naproxen", before_onset(15), dose="500 mg")
    )

    found = answer(patient)

    assert found.place("D17") == ALSO
    assert "raised 16 Apr 2026" in found.detail("D17")


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("naproxen", before_onset(30), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("naproxen", before_onset(30), **members)

    found = answer(patient)

    assert found.cards == ()


def test_line_says_that_the_pain_is_the_likelier_link_and_no_test_is_offered() -> None:
    patient = cramping().taking("naproxen", before_onset(30))

    found = answer(patient)

    assert (
        "- **Naproxen** (NSAID), from 1 Apr 2026; the pain it is taken for is the likelier link (evidence C)"
        in (found.detail("D17").splitlines())
    )
    assert (found.indicator("D17"), found.suggested) == ("info", frozenset())


def test_gel_on_the_skin_is_not_meant() -> None:
    gel = {"coding": [], "text": "Diclofenac 1% topical gel"}
    patient = cramping().taking("diclofenac", before_onset(30), medicationCodeableConcept=gel)

    found = answer(patient)

    assert found.cards == ()
