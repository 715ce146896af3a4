"""Mimics and red flags: what must not be taken for benign cramp, how urgent it is, and when it is not."""

from typing import Any

import pytest

from tests.findings_of import Answer, answer
from tests.patients import APatient, a_patient, days_before


def _reporting() -> APatient:
    """Night leg cramps for 40 days."""
    return a_patient().with_cramps()


def _doubted() -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    return {"verificationStatus": {"coding": [{"system": system, "code": "provisional"}]}}


def _over(status: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {"clinicalStatus": {"coding": [{"system": system, "code": status}]}}


def _has_self_care(found: Answer) -> bool:
    return "Self-care" in found.printed


# what is coded -> the row whose card it is
_CODED = {
    "limb_ischaemia_rest_pain_or_tissue_loss": "C01",
    "acute_limb_ischaemia": "C01",
    "cauda_equina": "C02",
    "acute_dvt": "C15",
    "rhabdomyolysis_or_toxic_myopathy": "C18",
    "neuroleptic_malignant_syndrome": "D12",
    "adrenal_crisis": "C09",
}


@pytest.mark.parametrize(("concept", "row"), _CODED.items())
def test_coded_threat_of_the_last_month_is_critical_and_comes_first(concept: str, row: str) -> None:
    """KNOWLEDGE R1, R2, R3, R6, R7, R10."""
    patient = _reporting().taking("furosemide", days_before(60)).with_diagnosis(concept, days_before(30))

    found = answer(patient)

    assert found.indicator(row) == "critical"
    assert found.card_of(row) == found.cards[0]
    assert "Check before treating this as benign cramp" in found.detail(row)
    assert not _has_self_care(found)


@pytest.mark.parametrize(("concept", "row"), _CODED.items())
def test_coded_threat_of_the_month_before_is_to_be_confirmed(concept: str, row: str) -> None:
    """KNOWLEDGE R1, R2, R3, R6, R7, R10: 31 to 90 days."""
    patient = _reporting().with_diagnosis(concept, days_before(31))

    found = answer(patient)

    assert found.indicator(row) == "warning"
    assert "confirm whether" in found.summary(row)


@pytest.mark.parametrize(("concept", "row"), _CODED.items())
@pytest.mark.parametrize(
    "how", [{"on": None}, {"on": days_before(5), **_doubted()}], ids=["undated", "provisional"]
)
def test_coded_threat_that_is_undated_or_doubted_is_to_be_confirmed(
    concept: str, row: str, how: dict[str, Any]
) -> None:
    """KNOWLEDGE R1, R2, R3, R6, R7, R10."""
    patient = _reporting().with_diagnosis(concept, **how)

    found = answer(patient)

    assert found.indicator(row) == "warning"


@pytest.mark.parametrize(("concept", "row"), _CODED.items())
@pytest.mark.parametrize("how", [_over("resolved"), _over("inactive")], ids=["resolved", "inactive"])
def test_coded_threat_that_is_over_is_none(concept: str, row: str, how: dict[str, Any]) -> None:
    """KNOWLEDGE R1, R2, R3, R6, R7, R10."""
    patient = _reporting().with_diagnosis(concept, days_before(5), **how)

    found = answer(patient)

    assert row not in found.flagged


@pytest.mark.parametrize(
    ("concept", "row"), [(concept, row) for concept, row in _CODED.items() if not concept.startswith("limb_")]
)
def test_coded_threat_of_long_ago_is_history(concept: str, row: str) -> None:
    """KNOWLEDGE R1, R2, R3, R6, R7, R10: info at most."""
    patient = _reporting().with_diagnosis(concept, days_before(91))

    found = answer(patient)

    assert found.indicator(row) in (None, "info")


# --- R1: the leg that lacks blood ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "indicator"), [(30, "critical"), (31, "warning"), (365, "warning"), (366, "info")]
)
def test_rest_pain_is_to_be_confirmed_for_a_year(age: int, indicator: str) -> None:
    """KNOWLEDGE R1: rest pain and tissue loss last."""
    patient = _reporting().with_diagnosis("limb_ischaemia_rest_pain_or_tissue_loss", days_before(age))

    found = answer(patient)

    assert found.indicator("C01") == indicator


@pytest.mark.parametrize(
    ("ratio", "indicator"), [("0.39", "warning"), ("0.40", "info"), ("0.90", "info"), ("1.05", None)]
)
def test_ankle_brachial_index_alone_is_never_critical(ratio: str, indicator: str | None) -> None:
    """KNOWLEDGE R1: only what is coded is same-day."""
    patient = _reporting().with_result("ankle_brachial_index", ratio)

    found = answer(patient)

    assert found.indicator("C01") == indicator


# --- R2: the back --------------------------------------------------------------------------------------------------


def test_spinal_stenosis_without_cauda_equina_is_no_threat() -> None:
    """KNOWLEDGE R2."""
    patient = _reporting().with_diagnosis("neurogenic_claudication", days_before(5))

    found = answer(patient)

    assert found.indicator("C02") == "info"


# --- R3: a clot ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "row"),
    [
        (_reporting().taking("raloxifene", days_before(100)), "D13"),
        (_reporting().taking("estradiol", days_before(100)), "D14"),
        (_reporting().born("1995-01-01").with_diagnosis("pregnancy_current", days_before(100)), "C12"),
    ],
    ids=["SERM", "oestrogen", "pregnancy"],
)
def test_what_raises_the_risk_of_clots_is_told_on_the_card_of_the_clot(patient: APatient, row: str) -> None:
    """KNOWLEDGE R3."""
    found = answer(patient.with_diagnosis("acute_dvt", days_before(5)))

    assert found.card_of(row) == found.card_of("C15")
    assert found.indicator(row) == "critical"


def test_varicose_veins_are_no_clot() -> None:
    """KNOWLEDGE R3."""
    patient = _reporting().with_diagnosis("varicose_veins_venous_insufficiency", days_before(5))

    found = answer(patient)

    assert found.place("C15") == ("contributor", "also-consider")


# --- R4: another disorder of the night -----------------------------------------------------------------------------


@pytest.mark.parametrize("concept", ["restless_legs_syndrome", "periodic_limb_movement_disorder"])
def test_restless_legs_are_told_apart_at_leisure(concept: str) -> None:
    """KNOWLEDGE R4: routine."""
    patient = _reporting().with_diagnosis(concept, days_before(5))

    found = answer(patient)

    assert found.indicator("C11") == "info"
    assert "Different disorder" in found.detail("C11")


def test_nobody_is_asked_for_iron_tests_without_restless_legs() -> None:
    """KNOWLEDGE R4."""
    patient = _reporting().with_result("ferritin", "20 ug/L")

    found = answer(patient)

    assert found.flagged == frozenset()
    assert found.suggested == frozenset()


# --- R5: nerve and muscle ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "indicator"), [(90, "warning"), (91, "info")])
def test_new_weakness_is_looked_into_first(age: int, indicator: str) -> None:
    """KNOWLEDGE R5: prompt, and new for 90 days."""
    patient = _reporting().with_diagnosis("new_weakness_or_fasciculation", days_before(age))

    found = answer(patient)

    assert found.indicator("C18") == indicator


def test_weakness_of_a_known_motor_neuron_disease_is_no_news() -> None:
    """KNOWLEDGE R5."""
    patient = (
        _reporting()
        .with_diagnosis("motor_neuron_disease_als", days_before(700))
        .with_diagnosis("new_weakness_or_fasciculation", days_before(20))
    )

    found = answer(patient)

    assert found.indicator("C18") == "info"


# --- R6: muscle breaking down --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "indicator"), [("2001 U/L", "critical"), ("2000 U/L", "warning")])
def test_ck_above_ten_times_the_upper_limit_is_same_day(value: str, indicator: str) -> None:
    """KNOWLEDGE R6."""
    patient = _reporting().with_result("creatine_kinase", value, high="200 U/L")

    found = answer(patient)

    assert found.indicator("L06") == indicator


# --- R7: what a dopamine blocker does ------------------------------------------------------------------------------


def test_antipsychotic_without_a_coded_picture_is_a_lesser_factor() -> None:
    """KNOWLEDGE R7."""
    patient = _reporting().taking("haloperidol", days_before(60))

    found = answer(patient)

    assert found.place("D12") == ("contributor", "also-consider")


# --- R8: tetany ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calcium", "tetany", "indicator"),
    [
        ("1.89 mmol/L", False, "critical"),
        ("1.90 mmol/L", False, "warning"),
        ("2.05 mmol/L", True, "critical"),
    ],
)
def test_very_low_calcium_or_any_low_one_with_tetany_is_critical(
    calcium: str, tetany: bool, indicator: str
) -> None:
    """KNOWLEDGE R8."""
    patient = _reporting().with_result("calcium_adjusted", calcium)
    patient = patient.with_diagnosis("tetany", days_before(5)) if tetany else patient

    found = answer(patient)

    assert found.indicator("L03") == indicator


def test_low_magnesium_with_tetany_is_critical() -> None:
    """KNOWLEDGE R8."""
    patient = _reporting().with_result("magnesium", "0.65 mmol/L").with_diagnosis("tetany", days_before(5))

    found = answer(patient)

    assert found.indicator("L02") == "critical"


def test_tetany_with_normal_values_is_not_critical() -> None:
    """KNOWLEDGE R8: symptoms at a low value."""
    patient = (
        _reporting()
        .with_result("calcium_adjusted", "2.30 mmol/L")
        .with_result("magnesium", "0.85 mmol/L")
        .with_diagnosis("tetany", days_before(5))
    )

    found = answer(patient)

    assert {card.indicator for card in found.cards} <= {"info", "warning"}


# --- R9: values of the urgent range --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "value", "row", "indicator"),
    [
        ("potassium", "2.5 mmol/L", "L01", "critical"),
        ("potassium", "2.6 mmol/L", "L01", "warning"),
        ("sodium", "124 mmol/L", "L04", "critical"),
        ("sodium", "125 mmol/L", "L04", "warning"),
        ("magnesium", "0.40 mmol/L", "L02", "critical"),
        ("magnesium", "0.41 mmol/L", "L02", "warning"),
    ],
)
def test_electrolyte_in_the_urgent_range_is_same_day(
    analyte: str, value: str, row: str, indicator: str
) -> None:
    """KNOWLEDGE R9."""
    patient = _reporting().with_result(analyte, value)

    found = answer(patient)

    assert found.indicator(row) == indicator


@pytest.mark.parametrize(("value", "indicator"), [("2.9 mmol/L", "critical"), ("3.0 mmol/L", "warning")])
def test_digoxin_makes_a_moderately_low_potassium_urgent(value: str, indicator: str) -> None:
    """KNOWLEDGE R9, L01."""
    patient = _reporting().with_result("potassium", value).taking("digoxin", days_before(600))

    found = answer(patient)

    assert found.indicator("L01") == indicator


def test_several_urgent_electrolytes_are_one_card() -> None:
    """KNOWLEDGE R9."""
    patient = _reporting().with_result("potassium", "2.4 mmol/L").with_result("sodium", "120 mmol/L")

    found = answer(patient)

    assert [card.indicator for card in found.cards] == ["critical"]


# --- R10: the adrenals ---------------------------------------------------------------------------------------------


def test_addisons_disease_with_normal_salts_is_no_crisis() -> None:
    """KNOWLEDGE R10."""
    patient = (
        _reporting()
        .with_diagnosis("primary_adrenal_insufficiency", days_before(900))
        .with_result("sodium", "139 mmol/L")
        .with_result("potassium", "4.4 mmol/L")
    )

    found = answer(patient)

    assert found.indicator("C09") == "info"
