"""L08: low iron stores matter beside restless legs or periodic limb movements only."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

RLS = "restless_legs_syndrome"


def _restless(concept: str = RLS) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, "2025-01-01")


def _is_flagged(patient: APatient) -> bool:
    return "L08" in answer(patient).flagged


@pytest.mark.parametrize(
    ("analyte", "value", "flagged"),
    [
        ("ferritin", "76 ug/L", False),
        ("ferritin", "75.1 ng/mL", False),
        ("ferritin", "75 ug/L", True),
        ("ferritin", "75 ng/mL", True),
        ("ferritin", "8 ug/L", True),
        ("ferritin", "60 pmol/L", True),
        ("transferrin_saturation", "20 %", False),
        ("transferrin_saturation", "19.9 %", True),
        ("transferrin_saturation", "0.18 1", True),
    ],
)
def test_low_for_restless_legs(analyte: str, value: str, flagged: bool) -> None:
    """At or below 75 micrograms per litre, or a saturation below 20 %."""
    patient = _restless().with_result(analyte, value)

    found = _is_flagged(patient)

    assert found == flagged


def test_laboratory_range_for_anaemia_does_not_count() -> None:
    """KNOWLEDGE section 9: 31 is inside most ranges and still matters."""
    patient = _restless().with_result("ferritin", "31 ug/L", low="15 ug/L")

    found = _is_flagged(patient)

    assert found


@pytest.mark.parametrize("concept", [RLS, "periodic_limb_movement_disorder"])
def test_it_joins_the_card_of_the_restless_legs_as_info(concept: str) -> None:
    patient = _restless(concept).with_result("ferritin", "31 ug/L")

    found = answer(patient)

    assert (found.chain_of("L08"), found.indicator("L08")) == ("M14", "info")


def test_without_restless_legs_even_a_very_low_ferritin_says_nothing() -> None:
    patient = a_patient().with_cramps().with_result("ferritin", "5 ug/L")

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_withdrawn_diagnosis_is_no_restless_legs(status: str) -> None:
    """KNOWLEDGE X13."""
    withdrawn = {"verificationStatus": {"coding": [{"code": status}]}}
    patient = a_patient().with_cramps().with_diagnosis(RLS, "2025-01-01", **withdrawn)
    patient = patient.with_result("ferritin", "31 ug/L")

    found = _is_flagged(patient)

    assert not found


@pytest.mark.parametrize(("age", "flagged"), [(365, True), (366, False)])
def test_value_counts_for_a_year(age: int, flagged: bool) -> None:
    patient = _restless().with_result("ferritin", "31 ug/L", days_before(age))

    found = _is_flagged(patient)

    assert found == flagged


def test_later_normal_value_clears_a_low_one() -> None:
    patient = _restless().with_result("ferritin", "31 ug/L", days_before(100))
    patient = patient.with_result("ferritin", "140 ug/L", days_before(10))

    found = _is_flagged(patient)

    assert not found


def test_low_saturation_counts_beside_a_normal_ferritin_of_the_day() -> None:
    patient = _restless().with_result("ferritin", "131 ug/L").with_result("transferrin_saturation", "15 %")

    found = answer(patient)

    assert "L08" in found.flagged
    assert "TSAT **15** %" in found.detail("L08")


@pytest.mark.parametrize(
    ("value", "flagged"), [("<30 ug/L", True), ("<100 ug/L", False), (">10 ug/L", False)]
)
def test_comparator_decides_only_when_it_can(value: str, flagged: bool) -> None:
    patient = _restless().with_result("ferritin", value)

    found = _is_flagged(patient)

    assert found == flagged


def test_value_without_a_unit_is_not_used() -> None:
    """KNOWLEDGE X11."""
    patient = _restless().with_result("ferritin", "31")

    found = answer(patient)

    assert "L08" not in found.flagged
    assert found.data_lines() == ("Ferritin of 8 Jun 2026: no unit",)


def test_listed_iron_is_told_with_a_low_value() -> None:
    """KNOWLEDGE X2."""
    patient = _restless().taking("ferrous sulfate", "2025-01-01").with_result("ferritin", "31 ug/L")

    found = answer(patient).detail("L08")

    assert "Iron is listed: consider adherence, dose, absorption." in found


def test_value_drawn_before_the_iron_is_said_to_be_so() -> None:
    patient = _restless().taking("ferrous sulfate", days_before(5)).with_result("ferritin", "31 ug/L")

    found = answer(patient).detail("L08")

    assert "Drawn before ferrous sulfate (10 Jun 2026)" in found
    assert "is listed" not in found


@pytest.mark.parametrize(
    ("age", "suggested"),
    [(90, {"Transferrin saturation"}), (91, {"Ferritin", "Transferrin saturation"})],
)
def test_orders_are_ferritin_and_saturation_unless_measured_in_90_days(age: int, suggested: set[str]) -> None:
    patient = _restless().with_result("ferritin", "31 ug/L", days_before(age))

    found = answer(patient).suggested

    assert found == suggested
