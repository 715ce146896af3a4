"""D12: an antipsychotic is a line; a coded movement disorder since its start, or the malignant syndrome, is more."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")
DYSTONIA = {
    "coding": [{"system": "http://snomed.info/sct", "code": "15802004", "display": "Dystonia (disorder)"}]
}
MALIGNANT = "neuroleptic_malignant_syndrome"


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def with_dystonia(patient: APatient, on: str | None, **members: Any) -> APatient:
    return patient.with_diagnosis("dystonia_extrapyramidal", on, code=DYSTONIA, **members)


# --- the drug -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ingredient", ["haloperidol", "chlorpromazine", "fluphenazine", "olanzapine", "risperidone", "quetiapine"]
)
def test_antipsychotics_of_both_generations_are_a_line(ingredient: str) -> None:
    patient = cramping().taking(ingredient, before_onset(30))

    found = answer(patient)

    assert found.place("D12") == ALSO
    assert found.suggested == frozenset()


@pytest.mark.parametrize(("days", "place"), [(0, ALSO), (90, ALSO), (91, None), (366, None), (-1, None)])
def test_it_is_named_when_begun_in_the_ninety_days_before(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("olanzapine", before_onset(days))

    found = answer(patient)

    assert found.place("D12") == place


def test_rise_of_the_dose_counts_as_a_start() -> None:
    patient = (
        cramping()
        .taking("olanzapine", "2020-01-01", until=before_onset(21), dose="5 mg")
        .taking("olanzapine", before_onset(20), dose="10 mg")
    )

    found = answer(patient)

    assert found.place("D12") == ALSO
    assert "raised 11 Apr 2026" in found.detail("D12")


def test_unknown_start_is_a_line() -> None:
    patient = cramping().taking("olanzapine")

    found = answer(patient)

    assert found.place("D12") == ALSO


@pytest.mark.parametrize(("days", "place"), [(30, ALSO), (31, None)])
def test_it_counts_for_thirty_days_after_it_was_stopped(days: int, place: tuple[str, str] | None) -> None:
    patient = cramping().taking("olanzapine", "2020-01-01", until=before_onset(days))

    found = answer(patient)

    assert found.place("D12") == place


# --- dystonia and akathisia ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "place", "level"),
    [
        (days_before(1), MAIN, "warning"),
        (days_before(30), MAIN, "warning"),
        (days_before(31), MAIN, "info"),
        (before_onset(20), MAIN, "info"),
        (before_onset(21), ALSO, "info"),
        (None, ALSO, "info"),
    ],
)
def test_movement_disorder_coded_since_a_recent_start_is_a_card(
    on: str | None, place: tuple[str, str], level: str
) -> None:
    """The drug was begun 20 days before the cramps, 65 days before today."""
    patient = with_dystonia(cramping().taking("haloperidol", before_onset(20)), on)

    found = answer(patient)

    assert (found.place("D12"), found.indicator("D12")) == (place, level)


def test_movement_disorder_more_than_ninety_days_old_is_no_card() -> None:
    patient = a_patient().with_cramps("2026-02-01").taking("haloperidol", "2026-01-01")

    found = answer(with_dystonia(patient, days_before(91)))

    assert found.place("D12") == ALSO


@pytest.mark.parametrize("days", [91, 3000])
def test_movement_disorder_on_a_long_standing_antipsychotic_is_no_card(days: int) -> None:
    patient = with_dystonia(cramping().taking("haloperidol", before_onset(days)), days_before(1))

    found = answer(patient)

    assert found.place("D12") is None


def test_movement_disorder_without_an_antipsychotic_says_nothing() -> None:
    patient = with_dystonia(cramping(), days_before(1))

    found = answer(patient)

    assert found.place("D12") is None


def test_refuted_movement_disorder_is_no_card() -> None:
    refuted = {"coding": [{"code": "refuted"}]}
    patient = cramping().taking("haloperidol", before_onset(20))

    found = answer(with_dystonia(patient, days_before(1), verificationStatus=refuted))

    assert found.place("D12") == ALSO


def test_dystonia_card_asks_to_look_the_same_day_and_never_ends_the_drug_abruptly() -> None:
    patient = with_dystonia(cramping().taking("haloperidol", before_onset(20)), days_before(1))

    found = answer(patient)

    assert found.summary("D12") == (
        "A movement disorder is coded since haloperidol was started or raised: dystonia or akathisia rather than cramp?"
    )
    assert "same-day look for sustained postures" in found.detail("D12")
    assert "never abruptly" in found.detail("D12")
    assert "stop" not in found.printed.casefold()


# --- R7: the malignant syndrome -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "level"), [(1, "critical"), (30, "critical"), (31, "warning"), (90, "warning"), (91, "info")]
)
@pytest.mark.parametrize("drug", ["haloperidol", None])
def test_malignant_syndrome_is_urgent_by_its_code_whatever_drug_is_listed(
    drug: str | None, age: int, level: str
) -> None:
    patient = cramping().with_diagnosis(MALIGNANT, days_before(age))

    found = answer(patient.taking(drug, before_onset(20)) if drug else patient)

    place = ALSO if level == "info" else MAIN  # history is a line
    assert (found.place("D12"), found.indicator("D12")) == (place, level)


def test_undated_malignant_syndrome_is_to_be_confirmed() -> None:
    patient = cramping().with_diagnosis(MALIGNANT)

    found = answer(patient)

    assert found.indicator("D12") == "warning"
    assert "confirm whether it is current" in found.summary("D12")


def test_provisional_malignant_syndrome_is_to_be_confirmed() -> None:
    patient = cramping().with_diagnosis(
        MALIGNANT, days_before(1), verificationStatus={"coding": [{"code": "provisional"}]}
    )

    found = answer(patient)

    assert found.indicator("D12") == "warning"


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_malignant_syndrome_that_was_withdrawn_says_nothing(status: str) -> None:
    patient = cramping().with_diagnosis(
        MALIGNANT, days_before(1), verificationStatus={"coding": [{"code": status}]}
    )

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("value", ["900 U/L", "3100 U/L"])
def test_raised_creatine_kinase_stands_on_the_card_of_the_malignant_syndrome(value: str) -> None:
    """CARDS B4: one urgent card; the thyroid is no part of it."""
    patient = cramping().with_diagnosis(MALIGNANT, days_before(2)).taking("haloperidol", before_onset(20))

    found = answer(patient.with_result("creatine_kinase", value, days_before(2), high="200 U/L"))

    assert [card.indicator for card in found.cards] == ["critical"]
    assert found.flagged == {"D12", "L06"}
    assert found.summary("L06").startswith("Neuroleptic malignant syndrome is coded")
    assert f"CK **{value.removesuffix(' U/L')}** U/L" in found.detail("D12")
    assert found.suggested == {"CK", "Creatinine"}


def test_urgent_card_confirms_and_offers_creatine_kinase() -> None:
    patient = cramping().with_diagnosis(MALIGNANT, days_before(5)).taking("haloperidol", before_onset(20))

    found = answer(patient)

    assert found.summary("D12") == (
        "Neuroleptic malignant syndrome is coded (since 10 Jun 2026) in a patient with leg cramps:"
        " confirm that it was acted on"
    )
    assert found.suggested == {"CK"}
    assert "stop" not in found.printed.casefold()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("haloperidol", before_onset(20), **members)

    found = answer(patient)

    assert found.cards == ()
