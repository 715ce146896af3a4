"""M14: restless legs with low iron stores is one card."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _restless(concept: str = "restless_legs_syndrome") -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, "2019-03-03")


@pytest.mark.parametrize("concept", ["restless_legs_syndrome", "periodic_limb_movement_disorder"])
@pytest.mark.parametrize("value", ["31 ug/L", "75 ug/L", "75 ng/mL", "<10 ug/L"])
def test_restless_legs_and_a_low_ferritin_merge(concept: str, value: str) -> None:
    patient = _restless(concept).with_result("ferritin", value)

    found = answer(patient)

    assert (found.chains, len(found.cards), found.flagged) == (("M14",), 1, {"C11", "L08"})
    assert found.indicator("C11") == "info"


@pytest.mark.parametrize("value", ["15 %", "19.9 %"])
def test_low_transferrin_saturation_merges_too(value: str) -> None:
    patient = _restless().with_result("transferrin_saturation", value)

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M14",), {"C11", "L08"})


@pytest.mark.parametrize(
    ("analyte", "value"),
    [("ferritin", "76 ug/L"), ("ferritin", "180 ug/L"), ("transferrin_saturation", "20 %")],
)
def test_iron_stores_that_are_not_low_form_no_chain(analyte: str, value: str) -> None:
    patient = _restless().with_result(analyte, value)

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"C11"})


@pytest.mark.parametrize(("age", "chains"), [(365, ("M14",)), (366, ())])
def test_ferritin_counts_for_365_days(age: int, chains: tuple[str, ...]) -> None:
    patient = _restless().with_result("ferritin", "31 ug/L", days_before(age))

    found = answer(patient)

    assert found.chains == chains


def test_low_ferritin_without_restless_legs_is_nothing() -> None:
    patient = a_patient().with_cramps().with_result("ferritin", "12 ug/L")

    found = answer(patient)

    assert found.cards == ()


def test_ferritin_inside_the_laboratory_range_still_counts() -> None:
    patient = _restless().with_result("ferritin", "31 ug/L", low="15 ug/L", high="150 ug/L")

    found = answer(patient)

    assert found.chains == ("M14",)


def test_card_says_that_it_is_a_different_disorder() -> None:
    patient = _restless().with_result("ferritin", "31 ug/L", "2026-03-07")

    found = answer(patient)

    assert found.summary("C11").startswith("Ferritin 31 ug/L (7 Mar 2026) with restless legs syndrome")
    assert "**Different disorder: restless legs with low iron stores.** Evidence: A." in found.detail("C11")


def test_worsening_drug_is_named_on_it() -> None:
    patient = _restless().with_result("ferritin", "31 ug/L").taking("sertraline", "2015-01-01")

    found = answer(patient).detail("C11")

    assert "Sertraline may worsen restless legs" in found


@pytest.mark.parametrize(
    ("age", "suggested"),
    [(90, {"Transferrin saturation"}), (91, {"Ferritin", "Transferrin saturation"})],
)
def test_orders_leave_out_what_was_measured_in_90_days(age: int, suggested: set[str]) -> None:
    patient = _restless().with_result("ferritin", "31 ug/L", days_before(age))

    found = answer(patient)

    assert len(found.cards) == 1
    assert found.suggested == suggested
