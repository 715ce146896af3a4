"""S05: feet that point down in bed."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_LINE = ("contributor", "also-consider")


def _with_entry(text: str, recorded: str | None = "2026-03-01", **members: Any) -> APatient:
    dated = {"recordedDate": recorded} if recorded else {}
    entry = {"resourceType": "Condition", "id": "dx", "code": {"text": text}, **dated, **members}
    return a_patient().with_cramps().having("conditions", entry)


@pytest.mark.parametrize("text", ["Tight bed covers", "Confined to bed", "Sleeps prone"])
@pytest.mark.parametrize("recorded", ["2012-01-01", days_before(5), None])
def test_words_of_an_entry_make_a_line_of_grade_d(text: str, recorded: str | None) -> None:
    patient = _with_entry(text, recorded)

    found = answer(patient)

    assert (found.place("S05"), found.suggested) == (_LINE, frozenset())
    assert "(evidence D)" in found.detail("S05")


@pytest.mark.parametrize("text", ["Tight bed covers", "Confined to bed"])
def test_bedding_that_is_recorded_is_not_asked_about(text: str) -> None:
    patient = _with_entry(text)

    found = answer(patient).detail("S05")

    assert "*Ask about:* standing, sitting, hard exercise, alcohol." in found


@pytest.mark.parametrize("age", [5, 90])
def test_recent_foot_drop_is_told_on_the_card_of_new_weakness(age: int) -> None:
    patient = a_patient().with_cramps().with_diagnosis("plantar_flexion_or_tight_bedding", days_before(age))

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"C18", "S05"})
    assert found.indicator("S05") == "warning"


def test_foot_drop_of_long_ago_is_a_line() -> None:
    patient = a_patient().with_cramps().with_diagnosis("plantar_flexion_or_tight_bedding", days_before(400))

    found = answer(patient)

    assert found.place("S05") == _LINE


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_entry_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = _with_entry("Confined to bed", clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_entry("Confined to bed", verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()
