"""Contradictions: what must not be flagged, or be flagged differently, and what the clinician is told of it."""

from typing import Any

import pytest

from tests.findings_of import Answer, answer
from tests.patients import APatient, a_patient, days_before


def _reporting() -> APatient:
    """Night leg cramps for 40 days, and one lesser factor, so that there is a card to tell set-asides on."""
    return a_patient().with_cramps().with_diagnosis("prolonged_sitting")


def _set_aside(found: Answer) -> str:
    lines = [line for card in found.cards for line in (card.detail or "").splitlines()]
    return next((line for line in lines if line.startswith("*Set aside:*")), "")


# --- X1: drugs that keep potassium ---------------------------------------------------------------------------------


def test_low_potassium_is_not_put_down_to_drugs_that_keep_potassium() -> None:
    """KNOWLEDGE X1."""
    patient = _reporting().with_result("potassium", "3.2 mmol/L").taking("spironolactone", days_before(600))

    found = answer(patient)

    assert (found.place("L01"), found.indicator("L01")) == (("contributor", "main"), "warning")
    assert "Not explained by spironolactone" in found.detail("L01")
    assert "hidden loss" in found.detail("L01")
    assert "likely cause of the value" not in found.printed


def test_ace_inhibitor_is_never_flagged_beside_a_low_potassium() -> None:
    """KNOWLEDGE X1."""
    patient = _reporting().with_result("potassium", "3.2 mmol/L").taking("lisinopril", days_before(60))

    found = answer(patient)

    assert found.flagged == {"L01", "S03"}


def test_potassium_sparing_drug_started_lately_keeps_its_own_card() -> None:
    """KNOWLEDGE X1: for its own association, in a sentence of its own."""
    patient = _reporting().with_result("potassium", "3.2 mmol/L").taking("spironolactone", days_before(60))

    found = answer(patient)

    assert (found.place("L01"), found.place("D03")) == (("contributor", "main"), ("contributor", "main"))
    assert found.card_of("L01") != found.card_of("D03")


def test_a_drug_that_loses_potassium_explains_it_all_the_same() -> None:
    """KNOWLEDGE X1 is about those that keep it, when they are the only ones."""
    patient = (
        _reporting()
        .with_result("potassium", "3.2 mmol/L")
        .taking("spironolactone", days_before(600))
        .taking("furosemide", days_before(60))
    )

    found = answer(patient)

    assert found.chain_of("L01") == "M1"
    assert "hidden loss" not in found.printed


# --- X2: the supplement is there already ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "value", "row", "supplement", "started"),
    [
        ("potassium", "3.2 mmol/L", "L01", "potassium chloride", "replace potassium"),
        ("magnesium", "0.60 mmol/L", "L02", "magnesium citrate", "replace magnesium"),
    ],
)
def test_listed_supplement_is_looked_into_and_not_started_again(
    analyte: str, value: str, row: str, supplement: str, started: str
) -> None:
    """KNOWLEDGE X2."""
    patient = _reporting().with_result(analyte, value).taking(supplement, days_before(200))

    found = answer(patient)

    assert found.indicator(row) == "warning"
    assert "adherence" in found.detail(row)
    assert started not in found.detail(row)


@pytest.mark.parametrize(
    ("analyte", "value", "supplement"),
    [("potassium", "4.2 mmol/L", "potassium chloride"), ("magnesium", "0.85 mmol/L", "magnesium citrate")],
)
def test_normal_value_on_a_supplement_is_silent(analyte: str, value: str, supplement: str) -> None:
    """KNOWLEDGE X2."""
    patient = _reporting().with_result(analyte, value).taking(supplement, days_before(200))

    found = answer(patient)

    assert found.flagged == {"S03"}


# --- X3, X4: drugs outside the time that counts --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("drug", "row", "before", "is_flagged"),
    [
        ("furosemide", "D02", 30, True),
        ("furosemide", "D02", 31, False),
        ("simvastatin", "D04", 60, True),
        ("simvastatin", "D04", 61, False),
    ],
)
def test_drug_stopped_beyond_its_washout_is_set_aside(
    drug: str, row: str, before: int, is_flagged: bool
) -> None:
    """KNOWLEDGE X3: 30 days, 60 for a statin."""
    patient = _reporting().taking(drug, days_before(400), until=days_before(40 + before))

    found = answer(patient)

    assert (row in found.flagged) is is_flagged
    assert (f"{drug} (stopped" in _set_aside(found)) is not is_flagged


def test_drug_started_after_the_cramps_is_set_aside() -> None:
    """KNOWLEDGE X4."""
    patient = _reporting().taking("furosemide", days_before(39))

    found = answer(patient)

    assert found.role("D02") == "set-aside"
    assert "furosemide (from 7 May 2026, after the cramps began)" in _set_aside(found)


def test_value_drawn_on_a_drug_that_came_after_the_cramps_keeps_its_level() -> None:
    """KNOWLEDGE X4: the drug is named as a cause of the value, not of the cramps."""
    patient = _reporting().taking("furosemide", days_before(30)).with_result("potassium", "3.2 mmol/L")

    found = answer(patient)

    assert (found.indicator("L01"), found.chain_of("L01")) == ("warning", None)
    assert "after the cramps began) was running: a likely cause of the value" in found.detail("L01")


# --- X5, X7: values that no longer stand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "indicator"), [(30, "critical"), (90, "warning"), (365, "info"), (366, None)]
)
def test_very_low_potassium_fades_with_its_age(age: int, indicator: str | None) -> None:
    """KNOWLEDGE X5."""
    patient = _reporting().with_result("potassium", "2.4 mmol/L", days_before(age))

    found = answer(patient)

    assert found.indicator("L01") == indicator
    assert ("too old to use" in _set_aside(found)) is (indicator is None)


def test_low_value_followed_by_a_normal_one_is_told_as_past() -> None:
    """KNOWLEDGE X7."""
    patient = (
        _reporting()
        .with_result("potassium", "2.4 mmol/L", days_before(20))
        .with_result("potassium", "4.1 mmol/L", days_before(5))
    )

    found = answer(patient)

    assert "L01" not in found.flagged
    assert "K 2.4 mmol/L" in _set_aside(found)
    assert "4.1 mmol/L since" in _set_aside(found)


def test_normal_value_followed_by_a_low_one_is_no_comfort() -> None:
    """KNOWLEDGE X7, the other way round."""
    patient = (
        _reporting()
        .with_result("potassium", "4.1 mmol/L", days_before(20))
        .with_result("potassium", "2.4 mmol/L", days_before(5))
    )

    found = answer(patient)

    assert found.indicator("L01") == "critical"


# --- X6, X8: drawn before the drug, or on it -----------------------------------------------------------------------


def test_value_from_before_the_drug_makes_no_chain_and_keeps_its_level() -> None:
    """KNOWLEDGE X6."""
    patient = (
        _reporting()
        .taking("furosemide", days_before(50))
        .with_result("potassium", "3.2 mmol/L", days_before(60))
    )

    found = answer(patient)

    assert (found.indicator("L01"), found.chains) == ("warning", ())
    assert "Drawn before furosemide" in found.detail("L01")
    assert "Potassium" in found.suggested


def test_normal_value_from_before_the_drug_clears_nothing() -> None:
    """KNOWLEDGE X6."""
    patient = (
        _reporting()
        .taking("furosemide", days_before(50))
        .with_result("potassium", "4.2 mmol/L", days_before(60))
    )

    found = answer(patient)

    assert found.place("D02") == ("contributor", "main")
    assert "Potassium" in found.suggested


def test_low_value_on_a_lower_dose_of_the_same_drug_is_still_linked_to_it() -> None:
    """KNOWLEDGE X6."""
    patient = (
        _reporting()
        .taking("furosemide", days_before(400), until=days_before(60), dose="20 mg")
        .taking("furosemide", days_before(60), dose="40 mg")
        .with_result("potassium", "3.2 mmol/L", days_before(70))
    )

    found = answer(patient)

    assert found.chain_of("L01") == "M1"


def test_normal_magnesium_on_a_proton_pump_inhibitor_sets_it_aside() -> None:
    """KNOWLEDGE X8."""
    patient = _reporting().taking("omeprazole", days_before(600)).with_result("magnesium", "0.85 mmol/L")

    found = answer(patient)

    assert found.role("D09") == "set-aside"
    assert "omeprazole (magnesium normal on it" in _set_aside(found)


def test_normal_potassium_on_a_diuretic_leaves_its_timing() -> None:
    """KNOWLEDGE X8: a diuretic may still be flagged by timing alone."""
    patient = _reporting().taking("furosemide", days_before(60)).with_result("potassium", "4.2 mmol/L")

    found = answer(patient)

    assert found.indicator("D02") == "info"


# --- X9, X13: entries that say nothing of this patient -------------------------------------------------------------


@pytest.mark.parametrize("status", ["not-taken", "entered-in-error", "on-hold", "intended"])
def test_medicine_that_was_not_taken_is_not_flagged(status: str) -> None:
    """KNOWLEDGE X9."""
    patient = _reporting().taking("furosemide", days_before(60), status=status)

    found = answer(patient)

    assert "D02" not in found.rows


@pytest.mark.parametrize(
    "members",
    [{"status": "draft"}, {"status": "cancelled"}, {"status": "on-hold"}, {"intent": "proposal"}, {"intent": "plan"}],
)  # fmt: skip
def test_medicine_that_was_only_thought_of_is_not_flagged(members: dict[str, Any]) -> None:
    """KNOWLEDGE X9."""
    patient = _reporting().prescribed("furosemide", days_before(60), **members)

    found = answer(patient)

    assert "D02" not in found.rows


def _verification(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    return {"verificationStatus": {"coding": [{"system": system, "code": code}]}}


def _clinical(code: str) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return {"clinicalStatus": {"coding": [{"system": system, "code": code}]}}


@pytest.mark.parametrize(
    ("members", "is_flagged"),
    [
        ({}, True),
        (_verification("provisional"), True),
        (_verification("refuted"), False),
        (_verification("entered-in-error"), False),
        (_clinical("inactive"), False),
        (_clinical("resolved"), False),
    ],
)
def test_diagnosis_that_does_not_stand_is_not_flagged(members: dict[str, Any], is_flagged: bool) -> None:
    """KNOWLEDGE X13."""
    patient = _reporting().with_diagnosis("parkinsons_disease", days_before(900), **members)

    found = answer(patient)

    assert ("C10" in found.flagged) is is_flagged


# --- X10, X11, X16: values that mislead ----------------------------------------------------------------------------


def test_low_total_calcium_with_a_low_albumin_is_set_aside() -> None:
    """KNOWLEDGE X10: 2.00 + 0.02 x (40 - 26) = 2.28 mmol/L."""
    patient = _reporting().with_result("calcium_total", "2.00 mmol/L").with_result("albumin", "26 g/L")

    found = answer(patient)

    assert found.role("L03") == "set-aside"
    assert "2.28" in _set_aside(found)


def test_low_total_calcium_with_a_normal_albumin_is_low() -> None:
    """KNOWLEDGE X10: nothing to adjust."""
    patient = _reporting().with_result("calcium_total", "2.00 mmol/L").with_result("albumin", "40 g/L")

    found = answer(patient)

    assert found.indicator("L03") == "warning"


def test_low_ionised_calcium_decides_over_a_total_of_that_day() -> None:
    """KNOWLEDGE X10: ionised is preferred."""
    patient = (
        _reporting()
        .with_result("calcium_total", "2.30 mmol/L")
        .with_result("albumin", "40 g/L")
        .with_result("calcium_ionized", "1.05 mmol/L")
    )

    found = answer(patient)

    assert found.indicator("L03") == "warning"


@pytest.mark.parametrize(
    ("analyte", "value", "row", "is_flagged"),
    [
        ("magnesium", "1.6 mg/dL", "L02", True),
        ("magnesium", "1.7 mg/dL", "L02", False),
        ("magnesium", "1.3 meq/L", "L02", True),
        ("magnesium", "1.4 meq/L", "L02", False),
        ("magnesium", "0.5", "L02", False),
        ("potassium", "3.2 meq/L", "L01", True),
        ("potassium", "3.2", "L01", True),
        ("potassium", "32", "L01", False),
        ("sodium", "128", "L04", True),
        ("sodium", "128 mg/dL", "L04", False),
    ],
)
def test_value_is_compared_in_its_own_unit_or_not_at_all(
    analyte: str, value: str, row: str, is_flagged: bool
) -> None:
    """KNOWLEDGE X11: without a unit only potassium and sodium, whose units give the same number."""
    patient = _reporting().with_result(analyte, value)

    found = answer(patient)

    assert (row in found.flagged) is is_flagged


_HAEMOLYSED: dict[str, Any] = {"note": [{"text": "Specimen haemolysed"}]}


@pytest.mark.parametrize(
    ("value", "row", "is_flagged"), [("3.2 mmol/L", "L01", True), ("6.4 mmol/L", "L12", False)]
)
def test_haemolysed_sample_can_only_hide_a_low_potassium(value: str, row: str, is_flagged: bool) -> None:
    """KNOWLEDGE X16: the true value is lower still."""
    patient = _reporting().with_result("potassium", value, **_HAEMOLYSED)

    found = answer(patient)

    assert (row in found.flagged) is is_flagged


def test_potassium_drawn_after_dialysis_is_not_used() -> None:
    """KNOWLEDGE X16."""
    patient = _reporting().with_result("potassium", "2.9 mmol/L", note=[{"text": "post-dialysis sample"}])

    found = answer(patient)

    assert "L01" not in found.flagged


def test_low_calcium_beside_a_very_high_potassium_may_be_the_tube() -> None:
    """KNOWLEDGE X16: EDTA."""
    patient = (
        _reporting().with_result("calcium_ionized", "1.00 mmol/L").with_result("potassium", "6.3 mmol/L")
    )

    found = answer(patient)

    assert "EDTA" in found.detail("L03")


# --- X12: present, and controlled ----------------------------------------------------------------------------------


def test_hypothyroidism_with_a_thyroid_test_in_range_is_set_aside() -> None:
    """KNOWLEDGE X12."""
    patient = _reporting().with_diagnosis("hypothyroidism", days_before(2000)).with_result("tsh", "2.1 mIU/L")

    found = answer(patient)

    assert found.role("C03") == "set-aside"
    assert "TSH in range" in _set_aside(found)


def test_diabetes_at_goal_without_neuropathy_is_set_aside() -> None:
    """KNOWLEDGE X12."""
    patient = (
        _reporting().with_diagnosis("diabetes_type_2", days_before(2000)).with_result("hba1c", "48 mmol/mol")
    )

    found = answer(patient)

    assert "C04" not in found.flagged
    assert "HbA1c below" in _set_aside(found)


@pytest.mark.parametrize(
    ("tsh", "age", "indicator"), [("12 mIU/L", 30, "warning"), ("2.1 mIU/L", 400, "info")]
)
def test_hypothyroidism_that_is_not_known_to_be_controlled_speaks(tsh: str, age: int, indicator: str) -> None:
    """KNOWLEDGE X12, the other way round."""
    patient = (
        _reporting()
        .with_diagnosis("hypothyroidism", days_before(2000))
        .with_result("tsh", tsh, days_before(age))
    )

    found = answer(patient)

    assert found.indicator("C03") == indicator


# --- X14: a raised CK that is not the statin's ---------------------------------------------------------------------


def _with_ck(value: str, age: int = 7) -> APatient:
    return _reporting().with_result("creatine_kinase", value, days_before(age), high="200 U/L")


def test_raised_ck_after_hard_exercise_is_not_held_against_the_statin() -> None:
    """KNOWLEDGE X14."""
    patient = (
        _with_ck("1500 U/L")
        .taking("simvastatin", days_before(600))
        .with_diagnosis("exertional_overuse", days_before(9))
    )

    found = answer(patient)

    assert found.chains == ()
    assert "CK 1500 U/L" in _set_aside(found)
    assert "hard exercise" in _set_aside(found)


def test_very_high_ck_after_hard_exercise_stays_critical() -> None:
    """KNOWLEDGE X14, R6: exertional rhabdomyolysis; the exercise is named."""
    patient = _with_ck("2100 U/L").with_diagnosis("exertional_overuse", days_before(9))

    found = answer(patient)

    assert found.indicator("L06") == "critical"
    assert "exercise" in found.detail("L06").casefold()


@pytest.mark.parametrize(("statin_since", "chains"), [(60, ("M2",)), (5, ())])
def test_ck_counts_for_a_statin_only_when_drawn_on_it(statin_since: int, chains: tuple[str, ...]) -> None:
    """KNOWLEDGE X14: drawn before the statin it stands alone."""
    patient = _with_ck("900 U/L").taking("simvastatin", days_before(statin_since))

    found = answer(patient)

    assert (found.indicator("L06"), found.chains) == ("warning", chains)


# --- X15: sodium and glucose ---------------------------------------------------------------------------------------


def _with_sodium(sodium: str, glucose: str) -> APatient:
    return _reporting().with_result("sodium", sodium).with_result("glucose", glucose)


def test_low_sodium_that_a_high_glucose_explains_is_set_aside_with_both_numbers() -> None:
    """KNOWLEDGE X15: 131 + 2.4 x (18 - 5.6) / 5.6 = 136.3 mmol/L."""
    patient = _with_sodium("131 mmol/L", "18 mmol/L")

    found = answer(patient)

    assert found.role("L04") == "set-aside"
    assert "Na 131" in _set_aside(found)
    assert "136.3" in _set_aside(found)


def test_low_sodium_that_the_glucose_does_not_explain_is_banded_as_corrected() -> None:
    """KNOWLEDGE X15: 127 + 2.4 x (12 - 5.6) / 5.6 = 129.7 mmol/L."""
    patient = _with_sodium("127 mmol/L", "12 mmol/L")

    found = answer(patient)

    assert found.indicator("L04") == "warning"


@pytest.mark.parametrize(("sodium", "glucose"), [("124 mmol/L", "40 mmol/L"), ("130 mmol/L", "20 mmol/L")])
def test_very_high_glucose_or_very_low_measured_sodium_is_at_least_a_warning(
    sodium: str, glucose: str
) -> None:
    """KNOWLEDGE X15: both are named, since such a glucose needs prompt action itself."""
    patient = _with_sodium(sodium, glucose)

    found = answer(patient)

    assert found.place("L04") == ("safety", "main")
    assert found.indicator("L04") == "warning"
    assert glucose.partition(" ")[0] in found.detail("L04")


def test_normal_glucose_leaves_a_low_sodium_as_it_is() -> None:
    """KNOWLEDGE X15: nothing to correct."""
    patient = _with_sodium("131 mmol/L", "6 mmol/L")

    found = answer(patient)

    assert found.indicator("L04") == "info"
