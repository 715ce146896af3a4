"""C01: peripheral artery disease, and the limb threats of red flag R1."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

# codes that are not of diabetes as well
_PERIPHERAL = {
    "coding": [
        {
            "system": "http://hl7.org/fhir/sid/icd-10-cm",
            "code": "I73.9",
            "display": "Peripheral vascular disease, unspecified",
        }
    ]
}
_REST_PAIN = {
    "coding": [
        {
            "system": "http://hl7.org/fhir/sid/icd-10-cm",
            "code": "I70.22",
            "display": "Atherosclerosis of native arteries of extremities with rest pain",
        }
    ]
}


def _with_pad(**members: Any) -> APatient:
    members = {"code": _PERIPHERAL, **members}
    return a_patient().with_cramps().with_diagnosis("peripheral_artery_disease", days_before(2000), **members)


def _with_index(value: str, age: int = 7) -> APatient:
    return a_patient().with_cramps().with_result("ankle_brachial_index", value, days_before(age))


def test_recorded_disease_is_info_on_a_main_card() -> None:
    patient = _with_pad()

    found = answer(patient)

    assert (found.place("C01"), found.indicator("C01")) == (("contributor", "main"), "info")
    assert found.summary("C01") == (
        "Peripheral artery disease (since 23 Dec 2020) in a patient with night leg cramps: "
        "poor blood flow may contribute"
    )


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("0.20", "warning"),
        ("0.39", "warning"),
        ("0.40", "info"),
        ("0.89", "info"),
        ("0.90", "info"),
        ("0.91", None),
        ("1.40", None),
    ],
)
def test_ankle_brachial_index_alone_decides(value: str, level: str | None) -> None:
    patient = _with_index(value)

    found = answer(patient)

    assert (found.indicator("C01") if "C01" in found.flagged else None) == level


@pytest.mark.parametrize("unit", ["{ratio}", "1", "{index}", ""])
def test_index_is_read_in_every_unit_of_a_ratio(unit: str) -> None:
    patient = _with_index(f"0.38 {unit}".strip())

    found = answer(patient)

    assert found.indicator("C01") == "warning"


def test_index_in_percent_is_not_used() -> None:
    patient = _with_index("38 %")

    found = answer(patient)

    assert "C01" not in found.flagged
    assert found.data_lines() == ("Ankle-brachial index of 8 Jun 2026: unit not understood",)


@pytest.mark.parametrize(("age", "is_flagged"), [(365, True), (366, False)])
def test_index_counts_for_365_days(age: int, is_flagged: bool) -> None:
    patient = _with_index("0.38", age)

    found = answer(patient)

    assert ("C01" in found.flagged) is is_flagged


def test_too_old_index_is_told_as_set_aside_on_another_card() -> None:
    """KNOWLEDGE X5."""
    patient = _with_index("0.38", 500).with_diagnosis("parkinsons_disease", "2020-01-01")

    found = answer(patient)

    assert found.role("C01") == "set-aside"
    assert "too old to use" in found.printed


def test_later_normal_index_clears_an_earlier_low_one() -> None:
    patient = _with_index("0.38", 60).with_result("ankle_brachial_index", "1.0", days_before(7))

    found = answer(patient)

    assert "C01" not in found.flagged


def test_stiff_arteries_by_themselves_are_a_line_that_points_to_a_toe_pressure() -> None:
    """Above 1.40 the index can not tell."""
    patient = _with_index("1.41")

    found = answer(patient)

    assert found.place("C01") == ("contributor", "also-consider")
    assert "toe pressure" in found.detail("C01")


def test_stiff_arteries_are_told_beside_the_diagnosis() -> None:
    patient = _with_pad().with_result("ankle_brachial_index", "1.5")

    found = answer(patient)

    assert found.place("C01") == ("contributor", "main")
    assert "a toe pressure would tell" in found.detail("C01")


def test_low_index_and_diagnosis_stand_on_one_card() -> None:
    patient = _with_pad().with_result("ankle_brachial_index", "0.38")

    found = answer(patient)

    assert [card.indicator for card in found.cards] == ["warning"]
    assert found.sources("C01") == ("Observation/ob1", "Condition/dx2")


@pytest.mark.parametrize(("age", "suggested"), [(365, set()), (366, {"Ankle-brachial index"})])
def test_index_is_suggested_when_there_is_none_in_12_months(age: int, suggested: set[str]) -> None:
    patient = _with_pad().with_result("ankle_brachial_index", "1.0", days_before(age))

    found = answer(patient)

    assert found.suggested & {"Ankle-brachial index"} == suggested


def test_index_that_was_never_taken_is_suggested() -> None:
    patient = _with_pad()

    found = answer(patient)

    assert "Ankle-brachial index" in found.suggested


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _with_pad(clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_pad(verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


def test_warmth_is_not_offered_on_poorly_perfused_feet() -> None:
    """KNOWLEDGE section 4: burns."""
    patient = (
        _with_index("0.85").with_diagnosis("peripheral_artery_disease").with_diagnosis("diabetes_type_2")
    )

    found = answer(patient)

    assert "*Self-care" in found.printed
    assert "warmth" not in found.printed


# --- red flag R1 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("concept", "age", "level"),
    [
        ("acute_limb_ischaemia", 0, "critical"),
        ("acute_limb_ischaemia", 30, "critical"),
        ("acute_limb_ischaemia", 31, "warning"),
        ("acute_limb_ischaemia", 90, "warning"),
        ("acute_limb_ischaemia", 91, "info"),
        ("limb_ischaemia_rest_pain_or_tissue_loss", 30, "critical"),
        ("limb_ischaemia_rest_pain_or_tissue_loss", 31, "warning"),
        ("limb_ischaemia_rest_pain_or_tissue_loss", 365, "warning"),
        ("limb_ischaemia_rest_pain_or_tissue_loss", 366, "info"),
    ],
)
def test_coded_threat_to_the_limb_follows_the_date_of_its_entry(concept: str, age: int, level: str) -> None:
    """KNOWLEDGE section 3: critical from a code."""
    patient = a_patient().with_cramps().with_diagnosis(concept, days_before(age))

    found = answer(patient)

    assert found.indicator("C01") == level


def test_undated_rest_pain_asks_whether_it_is_still_current() -> None:
    patient = a_patient().with_cramps().with_diagnosis("limb_ischaemia_rest_pain_or_tissue_loss")

    found = answer(patient)

    assert found.indicator("C01") == "warning"
    assert "confirm whether still current" in found.summary("C01")


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_doubted_rest_pain_is_never_critical(verification: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "limb_ischaemia_rest_pain_or_tissue_loss",
            days_before(3),
            verificationStatus={"coding": [{"code": verification}]},
        )
    )

    found = answer(patient)

    assert found.indicator("C01") == "warning"


def test_rest_pain_of_long_ago_is_history_beside_the_disease_that_goes_on() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("limb_ischaemia_rest_pain_or_tissue_loss", days_before(500), code=_REST_PAIN)
    )

    found = answer(patient)

    assert (found.place("C01"), found.chains) == (("contributor", "main"), ())
    assert found.summary("C01").startswith("Peripheral artery disease (since 31 Jan 2025)")
    assert "rest pain or tissue loss since 31 Jan 2025" in found.detail("C01")


def test_acute_limb_of_long_ago_is_a_line() -> None:
    patient = a_patient().with_cramps().with_diagnosis("acute_limb_ischaemia", days_before(500))

    found = answer(patient)

    assert found.place("C01") == ("contributor", "also-consider")
    assert "**Acute limb ischaemia** (since 31 Jan 2025): check foot pulses" in found.detail("C01")


# --- self-care ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "age", "is_offered"),
    [
        ("0.90", 60, False),
        ("0.91", 60, True),
        ("0.50", 365, False),
        ("0.50", 366, True),
        (None, 0, True),
    ],
)
def test_warmth_is_not_offered_to_a_leg_that_a_low_index_shows_poorly_perfused(
    index: str | None, age: int, is_offered: bool
) -> None:
    """KNOWLEDGE 4: burns; the disease itself need not be coded."""
    patient = a_patient().with_cramps().with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")

    found = answer(patient.with_result("ankle_brachial_index", index, days_before(age)) if index else patient)

    assert ("warmth" in found.printed) is is_offered
    assert "Self-care" in found.printed
