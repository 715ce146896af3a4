"""C18: motor neuron disease, myopathy or new weakness (R5), and R6: rhabdomyolysis or toxic myopathy."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_WEAK = "new_weakness_or_fasciculation"
_BREAKDOWN = "rhabdomyolysis_or_toxic_myopathy"


def _with_entry(concept: str, age: int | None, **members: Any) -> APatient:
    on = days_before(age) if age is not None else None
    return a_patient().with_cramps().with_diagnosis(concept, on, **members)


@pytest.mark.parametrize(
    ("age", "indicator"),
    [(0, "warning"), (90, "warning"), (91, "info"), (365, "info"), (366, None), (None, "info")],
)
def test_new_weakness_or_fasciculation_is_a_warning(age: int | None, indicator: str | None) -> None:
    patient = _with_entry(_WEAK, age)

    found = answer(patient)

    assert (found.indicator("C18") if "C18" in found.flagged else None) == indicator


@pytest.mark.parametrize("concept", ["motor_neuron_disease_als", "myopathy_rhabdomyolysis"])
@pytest.mark.parametrize("age", [10, 4000, None])
def test_known_motor_neuron_disease_or_myopathy_is_worth_knowing(concept: str, age: int | None) -> None:
    patient = _with_entry(concept, age)

    found = answer(patient)

    assert (found.place("C18"), found.indicator("C18")) == (("contributor", "main"), "info")


def test_weakness_is_no_news_in_motor_neuron_disease() -> None:
    patient = _with_entry(_WEAK, 20).with_diagnosis("motor_neuron_disease_als", "2024-01-01")

    found = answer(patient)

    assert found.indicator("C18") == "info"
    assert found.summary("C18").startswith("Motor neuron disease (since 1 Jan 2024)")


def test_new_weakness_leads_before_a_myopathy_long_known() -> None:
    patient = _with_entry(_WEAK, 20).with_diagnosis("myopathy_rhabdomyolysis", "2019-01-01")

    found = answer(patient)

    assert found.indicator("C18") == "warning"
    assert found.summary("C18").startswith("New weakness or fasciculation (since 26 May 2026)")


@pytest.mark.parametrize("concept", [_WEAK, "motor_neuron_disease_als", _BREAKDOWN])
def test_it_is_a_mimic_and_not_worded_as_a_contributor(concept: str) -> None:
    patient = _with_entry(concept, 20)

    found = answer(patient).detail("C18")

    assert "**Check before treating this as benign cramp: " in found
    assert "Possible contributor" not in found


def test_neurology_and_creatine_kinase_are_offered() -> None:
    patient = _with_entry(_WEAK, 20)

    found = answer(patient)

    assert "neurology referral if confirmed and not under way" in found.detail("C18")
    assert found.suggested == {"CK"}


@pytest.mark.parametrize(("age", "tests"), [(90, set()), (91, {"CK"})])
def test_creatine_kinase_of_the_last_90_days_is_not_suggested_again(age: int, tests: set[str]) -> None:
    patient = _with_entry(_WEAK, 20).with_result(
        "creatine_kinase", "90 U/L", days_before(age), high="200 U/L"
    )

    found = answer(patient).suggested

    assert found == tests


def test_raised_creatine_kinase_is_on_the_same_card() -> None:
    patient = _with_entry(_WEAK, 20).with_result("creatine_kinase", "900 U/L", high="200 U/L")

    found = answer(patient)

    assert (len(found.cards), found.flagged, found.indicator("C18")) == (1, {"C18", "L06"}, "warning")


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
@pytest.mark.parametrize("concept", [_WEAK, "motor_neuron_disease_als", _BREAKDOWN])
def test_entry_that_is_over_is_not_flagged(concept: str, clinical: str) -> None:
    patient = _with_entry(concept, 20, clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
@pytest.mark.parametrize("concept", [_WEAK, "motor_neuron_disease_als", _BREAKDOWN])
def test_entry_that_was_taken_back_is_not_flagged(concept: str, verification: str) -> None:
    patient = _with_entry(concept, 20, verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


# --- R6 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "indicator"),
    [(0, "critical"), (30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (None, "warning")],
)
def test_coded_muscle_breakdown_is_urgent_while_it_is_recent(age: int | None, indicator: str) -> None:
    patient = _with_entry(_BREAKDOWN, age)

    found = answer(patient)

    kind = "also-consider" if indicator == "info" else "main"  # history is a line
    assert (found.place("C18"), found.indicator("C18")) == (("contributor", kind), indicator)


@pytest.mark.parametrize(
    "text", ["Rhabdomyolysis", "Myoglobinuria", "Statin myopathy", "Drug-induced myopathy"]
)
def test_every_code_of_the_value_set_asks_to_confirm(text: str) -> None:
    """Drug-induced myopathy can not be told from rhabdomyolysis, so it is treated as the urgent one."""
    entry = {"resourceType": "Condition", "id": "dx", "code": {"text": text}, "recordedDate": days_before(5)}
    patient = a_patient().with_cramps().having("conditions", entry)

    found = answer(patient)

    assert found.indicator("C18") == "critical"
    assert found.summary("C18").endswith("confirm that it was acted on")


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_doubted_muscle_breakdown_is_a_warning(verification: str) -> None:
    patient = _with_entry(_BREAKDOWN, 5, verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.indicator("C18") == "warning"


@pytest.mark.parametrize("age", [5, 60, None])
def test_muscle_breakdown_orders_creatine_kinase_and_creatinine(age: int | None) -> None:
    patient = _with_entry(_BREAKDOWN, age)

    found = answer(patient).suggested

    assert found == {"CK", "Creatinine"}


def test_muscle_breakdown_and_its_creatine_kinase_are_one_card() -> None:
    patient = _with_entry(_BREAKDOWN, 3).with_result(
        "creatine_kinase", "12000 U/L", days_before(2), high="200 U/L"
    )

    found = answer(patient)

    assert (len(found.cards), found.flagged, found.indicator("C18")) == (1, {"C18", "L06"}, "critical")


def test_entry_read_as_both_is_told_once() -> None:
    patient = _with_entry(_BREAKDOWN, 3)

    found = answer(patient).detail("C18")

    assert found.count("since 12 Jun 2026") == 1
