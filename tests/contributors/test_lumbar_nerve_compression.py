"""C02: lumbar nerve compression, and cauda equina as red flag R2."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with(concept: str, on: str | None = "2020-01-01", **members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, on, **members)


@pytest.mark.parametrize("concept", ["lumbar_radiculopathy_stenosis", "neurogenic_claudication"])
@pytest.mark.parametrize("on", ["2020-01-01", None])
def test_recorded_compression_is_info_whatever_its_date(concept: str, on: str | None) -> None:
    patient = _with(concept, on)

    found = answer(patient)

    assert (found.place("C02"), found.indicator("C02")) == (("contributor", "main"), "info")


def test_card_suggests_no_test_and_says_what_needs_urgent_help() -> None:
    patient = _with("lumbar_radiculopathy_stenosis")

    found = answer(patient)

    assert found.suggested == set()
    assert "bladder, bowel, saddle or sexual changes need urgent help" in found.detail("C02")


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _with("lumbar_radiculopathy_stenosis", clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
@pytest.mark.parametrize("concept", ["lumbar_radiculopathy_stenosis", "cauda_equina"])
def test_diagnosis_that_was_taken_back_is_not_flagged(concept: str, verification: str) -> None:
    patient = _with(concept, days_before(5), verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


def test_text_alone_is_understood_and_told() -> None:
    patient = _with("lumbar_radiculopathy_stenosis", code={"text": "lumbar spinal stenosis"})

    found = answer(patient)

    assert found.place("C02") == ("contributor", "main")
    assert "matched by text" in found.detail("C02")


# --- red flag R2 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "level"),
    [(0, "critical"), (30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (2000, "info")],
)
def test_coded_cauda_equina_follows_the_date_of_its_entry(age: int, level: str) -> None:
    patient = _with("cauda_equina", days_before(age))

    found = answer(patient)

    assert found.indicator("C02") == level


def test_cauda_equina_speaks_without_any_other_lumbar_diagnosis() -> None:
    patient = _with("cauda_equina", days_before(2))

    found = answer(patient)

    assert [card.indicator for card in found.cards] == ["critical"]
    assert "hospital assessment within hours" in found.detail("C02")
    assert found.summary("C02").endswith("confirm that it was acted on")


def test_undated_cauda_equina_asks_whether_it_is_still_current() -> None:
    patient = _with("cauda_equina", None)

    found = answer(patient)

    assert found.indicator("C02") == "warning"
    assert "confirm whether still current" in found.summary("C02")


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_doubted_cauda_equina_is_never_critical(verification: str) -> None:
    patient = _with("cauda_equina", days_before(2), verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.indicator("C02") == "warning"


def test_old_and_new_entries_stand_on_one_card() -> None:
    patient = _with("lumbar_radiculopathy_stenosis").with_diagnosis("cauda_equina", days_before(2))

    found = answer(patient)

    assert [card.indicator for card in found.cards] == ["critical"]
    assert found.sources("C02") == ("Condition/dx3", "Condition/dx2")


def test_no_self_care_beside_a_threatened_nerve() -> None:
    patient = _with("cauda_equina", days_before(2)).with_diagnosis("diabetes_type_2")

    found = answer(patient)

    assert found.kinds() == ("main", "also-consider")
    assert "Self-care" not in found.printed
