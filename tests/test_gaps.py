"""What was missing, unreadable or cut off and could change the answer: the `data` card."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, analyte_coding, days_before


def _cramping() -> APatient:
    return a_patient().with_cramps()


def _unit(value: str, age: int, identity: str = "bad") -> dict[str, Any]:
    """A potassium in a unit nobody understands."""
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"coding": [analyte_coding("potassium")]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": days_before(age),
        "valueQuantity": {"value": float(value), "unit": "furlong"},
    }


def test_nothing_missing_makes_no_card() -> None:
    assert answer(_cramping()).cards == ()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("medicationStatements", "medication statements"),
        ("medicationRequests", "medication requests"),
        ("labs", "laboratory results"),
        ("glucose", "glucose results"),
        ("observations", "symptom, pregnancy and other observations"),
    ],
)
def test_list_that_was_not_supplied_is_told(key: str, words: str) -> None:
    patient = _cramping().lacking(key)

    found = answer(patient)

    assert found.data_lines() == (f"Not supplied: {words}",)


def test_data_card_flags_nothing() -> None:
    patient = _cramping().lacking("labs")

    [card] = answer(patient).cards

    assert (card.indicator, card.extension["org.legcramps.card"]) == ("info", "data")
    assert "org.legcramps.findings" not in card.extension
    assert card.suggestions == ()


def test_missing_orders_matter_only_beside_a_suggestion() -> None:
    alone = _cramping().lacking("serviceRequests")
    beside = alone.with_result("potassium", "3.1 mmol/L")

    found = answer(alone).cards, answer(beside).data_lines()

    assert found == ((), ("Active orders were not supplied: a suggested test may already be on order",))


def test_without_a_report_nothing_is_told() -> None:
    patient = a_patient().lacking("labs")

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "no-report")


def test_data_card_comes_on_top_of_the_others() -> None:
    patient = _cramping().lacking("glucose").with_result("potassium", "3.1 mmol/L")

    found = answer(patient)

    assert found.kinds() == ("main", "data")


@pytest.mark.parametrize(("oldest", "is_told"), [(30, True), (365, True), (366, False)])
def test_cut_off_list_matters_only_when_it_does_not_reach_back_a_year(oldest: int, is_told: bool) -> None:
    patient = _cramping().with_result("sodium", "140 mmol/L", days_before(oldest))

    found = answer(patient, cut_off=["labs"]).data_lines()

    assert (found == ("Possibly cut off: laboratory results",)) is is_told


@pytest.mark.parametrize(("age", "is_told"), [(5, True), (365, True), (366, False)])
def test_unusable_result_matters_for_a_year(age: int, is_told: bool) -> None:
    patient = _cramping().having("labs", _unit("3.1", age))

    found = answer(patient).data_lines()

    assert (found != ()) is is_told


def test_unusable_result_with_a_newer_usable_one_is_not_told() -> None:
    patient = (
        _cramping().having("labs", _unit("3.1", 9)).with_result("potassium", "4.2 mmol/L", days_before(5))
    )

    assert answer(patient).cards == ()


def test_unusable_result_newer_than_the_usable_one_is_told() -> None:
    patient = (
        _cramping().having("labs", _unit("3.1", 3)).with_result("potassium", "4.2 mmol/L", days_before(5))
    )

    assert answer(patient).data_lines() == ("Potassium of 12 Jun 2026: unit not understood",)


def test_undated_result_is_told() -> None:
    undated = {
        **_unit("3.1", 3),
        "effectiveDateTime": None,
        "valueQuantity": {"value": 3.1, "unit": "mmol/L"},
    }
    patient = _cramping().having("labs", undated)

    assert answer(patient).data_lines() == ("Potassium without a date: not dated",)


def test_many_unusable_results_are_counted() -> None:
    patient = _cramping()
    for age in range(1, 8):
        patient = patient.having("labs", _unit("3.1", age, f"bad{age}"))

    found = answer(patient).data_lines()

    assert (len(found), found[-1]) == (5, "And 3 more results")


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"resourceType": "Observation", "id": "o", "status": 7}, "1 Observation could not be read"),
        ({"resourceType": "Condition", "id": "c", "code": "cramp"}, "1 Condition could not be read"),
    ],
)
def test_unreadable_entry_is_counted(entry: dict[str, Any], line: str) -> None:
    key = "labs" if entry["resourceType"] == "Observation" else "conditions"
    patient = _cramping().having(key, entry)

    assert answer(patient).data_lines() == (line,)


def test_medicine_that_was_only_referred_to_is_told() -> None:
    patient = _cramping().having(
        "medicationRequests",
        {
            "resourceType": "MedicationRequest",
            "id": "mr",
            "status": "active",
            "intent": "order",
            "subject": {"reference": "Patient/p1"},
            "medicationReference": {"reference": "Medication/elsewhere"},
        },
    )

    assert answer(patient).data_lines() == ("1 MedicationRequest could not be read",)


def test_no_value_from_the_record_is_printed() -> None:
    patient = _cramping().having("labs", _unit("3.1", 3))

    assert "furlong" not in answer(patient).printed


def test_unreadable_value_that_no_rule_reads_is_no_gap() -> None:
    patient = a_patient().with_cramps().with_result("free_t4", "7.1 furlong")

    found = answer(patient)

    assert found.cards == ()


def test_glucose_that_stands_in_both_lists_still_tells_how_far_the_narrower_one_reaches() -> None:
    """A site that asks for all laboratory results gets glucose twice; the paged list of it is no gap."""
    patient = a_patient().with_cramps().with_result("potassium", "3.1 mmol/L")
    for month in range(14):
        patient = patient.with_result("glucose", "5.5 mmol/L", days_before(30 * month))
    for _, resource in [each for each in patient.resources if each[0] == "glucose"]:
        patient = patient.having("labs", resource)

    found = answer(patient, cut_off=["glucose"])

    assert found.data_lines() == ()
