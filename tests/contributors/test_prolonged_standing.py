"""S04: prolonged standing, known by words only."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_entry(text: str = "Standing job", recorded: str | None = "2026-03-01", **members: Any) -> APatient:
    dated = {"recordedDate": recorded} if recorded else {}
    entry = {"resourceType": "Condition", "id": "dx", "code": {"text": text}, **dated, **members}
    return a_patient().with_cramps().having("conditions", entry)


@pytest.mark.parametrize("text", ["Standing job", "On her feet all day", "Prolonged standing at work"])
@pytest.mark.parametrize("recorded", ["2012-01-01", days_before(5), None])
def test_words_of_an_entry_make_a_line(text: str, recorded: str | None) -> None:
    patient = _with_entry(text, recorded)

    found = answer(patient)

    assert (found.place("S04"), found.suggested) == (("contributor", "also-consider"), frozenset())


def test_standing_that_is_recorded_is_not_asked_about() -> None:
    patient = _with_entry()

    found = answer(patient).detail("S04")

    assert "*Ask about:* sitting, hard exercise" in found


@pytest.mark.parametrize("gender", ["male", "female", "other", None])
def test_wording_is_the_same_for_all_sexes(gender: str | None) -> None:
    """Only in men was the link beyond chance."""
    patient = _with_entry().who(gender=gender) if gender else _with_entry()

    found = answer(patient).detail("S04")

    assert "- **Prolonged standing** (recorded 1 Mar 2026): breaks, calf pumps (evidence B)" in found


@pytest.mark.parametrize("text", ["Dizzy on standing", "Long-standing asthma", "Unsteady when standing"])
def test_other_standing_is_not_taken_for_it(text: str) -> None:
    patient = _with_entry(text)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_entry_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = _with_entry(clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_entry(verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()
