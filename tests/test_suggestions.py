"""Draft orders: only what a row asks for, valid, never what is known or on order."""

from functools import cache
from typing import Any

import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest

from cds_service.contributors import load
from cds_service.knowledge import Knowledge
from cds_service.suggestions import order_templates
from tests.findings_of import answer
from tests.patients import CARDS, APatient, a_patient, days_before

_LOINC = "http://loinc.org"


@cache
def _knowledge() -> Knowledge:
    return load(CARDS, "demo")


_TESTS = sorted(_knowledge().value_sets.tests)


def _low_potassium(value: str = "3.1 mmol/L") -> APatient:
    return a_patient().with_cramps().with_result("potassium", value)


def _coding(test: str) -> dict[str, str | None]:
    coding = _knowledge().value_sets.order(test)[0]
    return {"system": coding.system, "code": coding.code, "display": coding.display}


def _on_order(patient: APatient, status: str = "active", **members: Any) -> APatient:
    order = {
        "resourceType": "ServiceRequest",
        "id": "sr1",
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        **members,
    }
    return patient.having("serviceRequests", order)


# --- valid ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("test", _TESTS)
def test_every_draft_is_a_valid_service_request(test: str) -> None:
    template = order_templates(_knowledge()).templates[test]

    given = {**template, "subject": {"reference": "Patient/p1"}}
    made = ServiceRequest.model_validate(given).model_dump(mode="json")

    assert made == given
    assert (made["status"], made["intent"]) == ("draft", "proposal")
    assert made["code"]["coding"] == [_coding(test)]
    assert made["code"]["coding"][0]["system"] in (_LOINC, "http://snomed.info/sct")
    assert made["code"]["text"].casefold() == test.casefold()


def test_suggestion_creates_drafts_for_this_patient() -> None:
    found = answer(_low_potassium())

    actions = [action for card in found.cards for each in card.suggestions for action in each.actions]

    assert {action.type for action in actions} == {"create"}
    assert {action.resource["subject"]["reference"] for action in actions} == {"Patient/p1"}
    assert all("priority" not in action.resource for action in actions)


def test_suggestion_names_its_tests() -> None:
    [card] = answer(_low_potassium()).cards

    assert [each.label for each in card.suggestions] == ["Draft order: K, Mg, creatinine"]
    assert card.selection_behavior == "any"


def test_card_without_suggestion_has_no_selection_behaviour() -> None:
    patient = (
        a_patient().born("1995-01-01").with_cramps().with_diagnosis("pregnancy_current", days_before(20))
    )

    [card] = answer(patient).cards

    assert (card.suggestions, card.selection_behavior) == ((), None)


def test_critical_card_drafts_urgent_orders() -> None:
    found = answer(_low_potassium("2.3 mmol/L"))

    priorities = {
        action.resource.get("priority")
        for card in found.cards
        for each in card.suggestions
        for action in each.actions
    }

    assert priorities == {"urgent"}


# --- never what is on order -----------------------------------------------------------------------------------


def test_test_on_order_is_not_suggested() -> None:
    patient = _on_order(_low_potassium(), code={"coding": [_coding("potassium")]})

    found = answer(patient).suggested

    assert found == {"Magnesium", "Creatinine"}


@pytest.mark.parametrize(
    ("panel", "left"),
    [
        ("basic metabolic panel", {"Magnesium"}),
        ("electrolytes panel", {"Magnesium", "Creatinine"}),
        ("creatinine and eGFR panel", {"Potassium", "Magnesium"}),
    ],
)
def test_test_that_is_part_of_a_panel_on_order_is_not_suggested(panel: str, left: set[str]) -> None:
    patient = _on_order(_low_potassium(), code={"coding": [_coding(panel)]})

    found = answer(patient).suggested

    assert found == left


def test_order_that_is_only_named_counts() -> None:
    patient = _on_order(_low_potassium(), code={"text": "Magnesium"})

    found = answer(patient).suggested

    assert found == {"Potassium", "Creatinine"}


@pytest.mark.parametrize("status", ["completed", "revoked", "entered-in-error"])
def test_order_that_is_not_open_changes_nothing(status: str) -> None:
    patient = _on_order(_low_potassium(), status, code={"coding": [_coding("potassium")]})

    found = answer(patient).suggested

    assert found == {"Potassium", "Magnesium", "Creatinine"}


def test_warning_stays_when_all_its_orders_are_open() -> None:
    patient = _low_potassium()
    for test in ("potassium", "magnesium", "creatinine"):
        patient = _on_order(patient, id=test, code={"coding": [_coding(test)]})

    found = answer(patient)

    assert (found.indicator("L01"), found.suggested) == ("warning", frozenset())


# --- never what was just resulted -----------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "is_wanted"), [(7, False), (8, True)])
def test_other_test_resulted_since_the_value_is_not_suggested(age: int, is_wanted: bool) -> None:
    """The potassium is 7 days old."""
    patient = _low_potassium().with_result("magnesium", "0.85 mmol/L", days_before(age))

    found = answer(patient).suggested

    assert ("Magnesium" in found) is is_wanted


def test_value_that_speaks_is_to_be_repeated() -> None:
    found = answer(_low_potassium()).suggested

    assert "Potassium" in found


@pytest.mark.parametrize(("age", "is_wanted"), [(59, False), (61, True)])
def test_drug_asks_only_for_what_was_not_taken_since_its_start(age: int, is_wanted: bool) -> None:
    patient = a_patient().with_cramps().taking("indapamide", days_before(60))
    patient = patient.with_result("potassium", "4.2 mmol/L", days_before(age))

    found = answer(patient).suggested

    assert ("Potassium" in found) is is_wanted


@pytest.mark.parametrize(("age", "is_wanted"), [(183, False), (184, True)])
def test_drug_asks_again_after_six_months(age: int, is_wanted: bool) -> None:
    patient = a_patient().with_cramps(days_before(150)).taking("indapamide", days_before(200))
    patient = patient.with_result("potassium", "4.2 mmol/L", days_before(age))

    found = answer(patient).suggested

    assert ("Potassium" in found) is is_wanted


def test_quinine_is_never_suggested() -> None:
    tests = _knowledge().value_sets.tests

    assert not any("quinine" in test for test in tests)
