"""L01: a low potassium."""

from typing import Any

import pytest

from tests.findings_of import Answer, answer
from tests.patients import APatient, a_patient, analyte_coding, days_before


def _with_potassium(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("potassium", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L01") if "L01" in found.flagged else None


def _observation(identity: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"coding": [analyte_coding("potassium")]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": days_before(7),
        **members,
    }


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("4.2", None),
        ("3.5", None),
        ("3.49", "info"),
        ("3.4", "info"),
        ("3.3", "info"),
        ("3.29", "warning"),
        ("3.2", "warning"),
        ("3.0", "warning"),
        ("2.9", "warning"),
        ("2.6", "warning"),
        ("2.5", "critical"),
        ("1.9", "critical"),
    ],
)
@pytest.mark.parametrize("unit", ["mmol/L", "meq/L", "mEq/L"])
def test_level_follows_the_value_in_either_unit(value: str, unit: str, level: str | None) -> None:
    """3.5 is not low; 3.3 and 3.4 by themselves are info; at 2.5 it is urgent."""
    patient = _with_potassium(f"{value} {unit}")

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"), [("3.5", None), ("3.4", "warning"), ("3.0", "warning"), ("2.9", "critical")]
)
@pytest.mark.parametrize("sharpened_by", ["digoxin", "quinine", "arrhythmia", "long_qt"])
def test_heart_risk_sharpens_the_level(sharpened_by: str, value: str, level: str | None) -> None:
    """Below 3.0 is urgent, and 3.3 to 3.4 a warning, with digoxin, quinine, an arrhythmia or long QT."""
    patient = _with_potassium(f"{value} mmol/L")
    is_drug = sharpened_by in ("digoxin", "quinine")
    patient = (
        patient.taking(sharpened_by, "2020-01-01")
        if is_drug
        else patient.with_diagnosis(sharpened_by, "2020-01-01")
    )

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("3.6 mmol/L", "3.5 mmol/L", "info"),
        ("3.6 mmol/L", "3.6 mmol/L", None),
        ("3.3 mmol/L", "3.4 mmol/L", None),
        ("3.3 mmol/L", "3.2 mmol/L", "warning"),
        ("2.8 mmol/L", "2.9 mmol/L", "warning"),
        ("2.0 mmol/L", "2.4 mmol/L", "critical"),
    ],
)
def test_own_reference_range_decides_low_and_ours_the_bands(
    own_limit: str, value: str, level: str | None
) -> None:
    """Low by the laboratory's range; moderate and severe always by ours; inside our limit never above info."""
    patient = _with_potassium(value, low=own_limit, high="5.1 mmol/L")

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"), [(0, "warning"), (90, "warning"), (91, None), (365, None), (366, None)]
)
def test_low_value_counts_for_90_days(age: int, level: str | None) -> None:
    patient = _with_potassium("3.1 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"),
    [(30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (365, "info"), (366, None)],
)
def test_urgent_value_is_critical_for_30_days_then_to_be_repeated(age: int, level: str | None) -> None:
    patient = _with_potassium("2.4 mmol/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize("age", [31, 90, 91, 365])
def test_urgent_value_that_is_not_recent_is_worded_repeat(age: int) -> None:
    patient = _with_potassium("2.4 mmol/L", age)

    found = answer(patient)

    assert "repeat" in found.summary("L01")
    assert found.suggested >= {"Potassium"}


@pytest.mark.parametrize("age", [91, 365])
def test_ageing_value_is_quoted_as_history(age: int) -> None:
    """A drug gives a card to quote it on."""
    patient = _with_potassium("3.1 mmol/L", age).taking("indapamide", days_before(60))

    found = answer(patient)

    assert found.place("L01") == ("set-aside", "main")
    assert f"{age} days old" in found.detail("L01")


def test_later_normal_value_clears_a_low_one() -> None:
    """KNOWLEDGE X7."""
    patient = _with_potassium("2.4 mmol/L", 20).with_result("potassium", "4.0 mmol/L", days_before(10))

    found = answer(patient)

    assert found.cards == ()
    assert found.silence == "nothing-found"


def test_of_one_day_without_times_the_more_abnormal_value_counts() -> None:
    patient = _with_potassium("4.0 mmol/L").with_result("potassium", "3.1 mmol/L", days_before(7))

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert found.sources("L01") == ("Observation/ob2",)


@pytest.mark.parametrize(("later", "level"), [("4.0 mmol/L", None), ("3.1 mmol/L", "warning")])
def test_of_one_day_with_times_the_later_value_counts(later: str, level: str | None) -> None:
    earlier = "3.1 mmol/L" if later == "4.0 mmol/L" else "4.0 mmol/L"
    day = days_before(7)
    patient = (
        a_patient()
        .with_cramps()
        .with_result("potassium", later, f"{day}T15:00:00+01:00")
        .with_result("potassium", earlier, f"{day}T08:00:00+01:00")
    )

    found = _level(patient)

    assert found == level


def test_preliminary_urgent_value_is_shown_and_marked() -> None:
    patient = _with_potassium("2.4 mmol/L", status="preliminary")

    found = answer(patient)

    assert found.indicator("L01") == "critical"
    assert "preliminary" in found.detail("L01")


def test_preliminary_ordinary_value_is_not_used() -> None:
    patient = _with_potassium("3.1 mmol/L", status="preliminary")

    found = answer(patient)

    assert found.cards == ()


def test_preliminary_normal_value_does_not_clear_a_final_low_one() -> None:
    patient = _with_potassium("3.1 mmol/L", 10).with_result(
        "potassium", "4.0 mmol/L", days_before(5), status="preliminary"
    )

    found = _level(patient)

    assert found == "warning"


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown"])
def test_withdrawn_value_is_never_used_nor_told(status: str) -> None:
    patient = _with_potassium("2.4 mmol/L", status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_valid_value_is_used(status: str) -> None:
    patient = _with_potassium("3.1 mmol/L", status=status)

    found = _level(patient)

    assert found == "warning"


def test_low_value_of_a_haemolysed_sample_stands() -> None:
    """KNOWLEDGE X16: the true value is lower still."""
    patient = _with_potassium("3.1 mmol/L", specimen={"display": "Serum, haemolysed"})

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert "haemolysed" in found.detail("L01")


def test_normal_value_of_a_haemolysed_sample_clears_nothing() -> None:
    patient = _with_potassium("3.1 mmol/L", 10).with_result(
        "potassium", "4.4 mmol/L", days_before(5), interpretation=[{"text": "hemolyzed"}]
    )

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert found.sources("L01") == ("Observation/ob1",)


def test_sample_that_was_not_haemolysed_is_used() -> None:
    patient = _with_potassium("3.1 mmol/L", 10).with_result(
        "potassium", "4.4 mmol/L", days_before(5), interpretation=[{"text": "not hemolyzed"}]
    )

    found = answer(patient)

    assert found.cards == ()


def test_value_taken_after_dialysis_is_not_used() -> None:
    patient = _with_potassium("2.4 mmol/L", interpretation=[{"text": "post-dialysis sample"}])

    found = answer(patient)

    assert found.flagged == frozenset()
    assert found.data_lines() == ("Potassium of 8 Jun 2026: taken after dialysis",)


def test_missing_unit_is_used_and_told() -> None:
    """KNOWLEDGE X11: mmol/L and mEq/L give the same number."""
    patient = _with_potassium("3.1")

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert "unit not given" in found.detail("L01")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("3.1 mg%", "unit not understood"),
        ("31", "implausible value"),
        ("0.9 mmol/L", "implausible value"),
        ("10.1 mmol/L", "implausible value"),
    ],
)
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_potassium(value)

    found = answer(patient)

    assert found.kinds() == ("data",)
    assert found.data_lines() == (f"Potassium of 8 Jun 2026: {why}",)


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("<2.5 mmol/L", "critical"),
        ("<3.5 mmol/L", "warning"),
        ("<3 mmol/L", "warning"),
        ("<5 mmol/L", None),
        (">2.2 mmol/L", None),
    ],
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    """ "<3.5" may be 3.2, so it is not softened."""
    patient = _with_potassium(value)

    found = _level(patient)

    assert found == level


def test_never_measured_is_not_low() -> None:
    patient = a_patient().with_cramps()

    found = answer(patient)

    assert found.cards == ()


def test_value_written_as_text_is_read() -> None:
    patient = a_patient().with_cramps().having("labs", _observation("k1", valueString="2.4 mmol/L"))

    found = answer(patient)

    assert found.indicator("L01") == "critical"
    assert found.sources("L01") == ("Observation/k1",)


def test_component_of_a_panel_is_read() -> None:
    component = {
        "code": {"coding": [analyte_coding("potassium")]},
        "valueQuantity": {"value": 3.1, "unit": "mmol/L"},
    }
    panel = _observation("panel", code={"text": "Electrolytes"}, component=[component])
    patient = a_patient().with_cramps().having("labs", panel)

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert found.sources("L01") == ("Observation/panel",)


def test_member_of_a_panel_counts_once() -> None:
    member = _observation("k1", valueQuantity={"value": 3.1, "unit": "mmol/L"})
    panel = _observation("panel", code={"text": "Electrolytes"}, hasMember=[{"reference": "Observation/k1"}])
    patient = a_patient().with_cramps().having("labs", panel).having("labs", member)

    found = answer(patient)

    assert found.sources("L01") == ("Observation/k1",)
    assert found.detail("L01").count("3.1") == 1


def test_with_a_diuretic_it_leads_a_chain_and_is_no_longer_softened() -> None:
    patient = _with_potassium("3.4 mmol/L").taking("indapamide", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L01"), found.indicator("L01")) == ("M1", "warning")


def test_value_drawn_before_the_drug_stands_alone() -> None:
    """KNOWLEDGE X6: no chain, worded so, a new sample suggested."""
    patient = _with_potassium("3.1 mmol/L", 70).taking("indapamide", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L01"), found.indicator("L01")) == (None, "warning")
    assert "Drawn before indapamide (16 Apr 2026)" in found.detail("L01")
    assert "Potassium" in found.suggested


def test_urgent_value_stays_urgent_when_a_drug_began_later() -> None:
    """KNOWLEDGE X6: 2.4 yesterday with a diuretic started today."""
    patient = _with_potassium("2.4 mmol/L", 1).taking("indapamide", days_before(0))

    found = answer(patient)

    assert (found.chain_of("L01"), found.indicator("L01")) == (None, "critical")


def test_drug_begun_after_the_cramps_is_named_as_cause_of_the_value() -> None:
    """KNOWLEDGE X4."""
    patient = _with_potassium("3.1 mmol/L").taking("indapamide", days_before(30))

    found = answer(patient)

    assert (found.chain_of("L01"), found.indicator("L01")) == (None, "warning")
    assert "likely cause of the value" in found.detail("L01")
    assert "D01" not in found.flagged


@pytest.mark.parametrize("retaining", ["spironolactone", "ramipril", "losartan"])
def test_potassium_retaining_drug_does_not_explain_it(retaining: str) -> None:
    """KNOWLEDGE X1."""
    patient = _with_potassium("3.1 mmol/L").taking(retaining, "2020-01-01")

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert f"Not explained by {retaining}, which may raise potassium; look for hidden loss" in found.detail(
        "L01"
    )


def test_potassium_losing_drug_beside_the_retaining_one_may_explain_it() -> None:
    """KNOWLEDGE X1 holds only where nothing else on the list moves potassium."""
    patient = _with_potassium("3.1 mmol/L").taking("ramipril", "2020-01-01")
    patient = patient.taking("bisacodyl", "2020-01-01")

    found = answer(patient).detail("L01")

    assert "Not explained by" not in found
    assert "likely cause of the value" in found


def test_supplement_on_the_list_is_told_with_a_low_value() -> None:
    """KNOWLEDGE X2."""
    patient = _with_potassium("3.1 mmol/L").taking("potassium chloride", "2024-01-01")

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert "supplement is listed" in found.detail("L01")


def test_value_drawn_before_the_supplement_is_said_to_be_so() -> None:
    """KNOWLEDGE X2: say so, suggest a repeat."""
    patient = _with_potassium("3.1 mmol/L", 20).taking("potassium chloride", days_before(10))

    found = answer(patient)

    assert "before" in found.detail("L01")
    assert "Potassium" in found.suggested


def test_supplement_with_a_normal_value_is_silent() -> None:
    patient = _with_potassium("4.2 mmol/L").taking("potassium chloride", "2024-01-01")

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("value", "with_ecg"),
    [("3.2 mmol/L", False), ("3.0 mmol/L", False), ("2.9 mmol/L", True), ("2.4 mmol/L", True)],
)
def test_orders_are_potassium_magnesium_creatinine_and_an_ecg_below_3(value: str, with_ecg: bool) -> None:
    patient = _with_potassium(value)

    found = answer(patient).suggested

    assert found == {"Potassium", "Magnesium", "Creatinine"} | ({"ECG"} if with_ecg else set())


def test_digoxin_asks_for_an_ecg() -> None:
    patient = _with_potassium("3.2 mmol/L").taking("digoxin", "2020-01-01")

    found = answer(patient).suggested

    assert "ECG" in found


def test_finding_names_the_entry_it_rests_on() -> None:
    patient = _with_potassium("3.1 mmol/L")

    found: Answer = answer(patient)

    assert found.place("L01") == ("contributor", "main")
    assert found.sources("L01") == ("Observation/ob1",)


@pytest.mark.parametrize("value_age", [None, 200, 400])
def test_coded_hypokalaemia_without_a_current_value_is_info(value_age: int | None) -> None:
    """DECISIONS, Results: info, never critical; a normal value of long ago clears nothing."""
    patient = a_patient().with_cramps().with_diagnosis("hypokalaemia", days_before(10))
    if value_age is not None:
        patient = patient.with_result("potassium", "4.0 mmol/L", days_before(value_age))

    found = answer(patient)

    assert _level(patient) == "info"
    assert "coded (since 5 Jun 2026) without a value" in found.summary("L01")


def test_coded_hypokalaemia_with_a_current_normal_value_is_silent() -> None:
    patient = _with_potassium("4.0 mmol/L").with_diagnosis("hypokalaemia", days_before(10))

    found = answer(patient)

    assert found.cards == ()


def test_later_limit_that_settles_nothing_leaves_the_urgent_value_standing() -> None:
    patient = _with_potassium("2.4 mmol/L", 9).with_result("potassium", "<5 mmol/L", days_before(2))

    found = _level(patient)

    assert found == "critical"


@pytest.mark.parametrize(
    "drug",
    [
        "furosemide",
        "acetazolamide",
        "salmeterol",
        "albuterol",
        "insulin glargine",
        "prednisolone",
        "bisacodyl",
        "lactulose",
        "sodium phosphate",
        "omeprazole",
        "amphotericin B",
        "gentamicin",
        "cisplatin",
        "cetuximab",
    ],
)
def test_every_drug_that_lowers_potassium_is_named_even_when_begun_after_the_cramps(drug: str) -> None:
    """KNOWLEDGE X4: a cause of the value, not of the onset."""
    patient = _with_potassium("3.1 mmol/L").taking(drug, days_before(20))

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    named = "Salbutamol/albuterol" if drug == "albuterol" else f"{drug[0].upper()}{drug[1:]}"
    assert f"{named} (from 26 May 2026, after the cramps began) was running" in found.detail("L01")


@pytest.mark.parametrize("drug", ["tacrolimus", "amlodipine"])
def test_drug_that_does_not_lower_potassium_is_not_named(drug: str) -> None:
    patient = _with_potassium("3.1 mmol/L").taking(drug, days_before(20))

    found = answer(patient).detail("L01")

    assert "likely cause" not in found


@pytest.mark.parametrize(
    "drug", ["spironolactone", "ramipril", "prednisolone", "potassium chloride", "insulin glargine"]
)
@pytest.mark.parametrize("since", ["2020-01-01", days_before(60), days_before(20), days_before(1)])
def test_urgent_value_keeps_its_level_whatever_drug_is_listed(drug: str, since: str) -> None:
    patient = _with_potassium("2.4 mmol/L", 2).taking(drug, since)

    found = _level(patient)

    assert found == "critical"


@pytest.mark.parametrize(
    ("value", "level"), [("3.5 mmol/L", None), ("3.2 mmol/L", "warning"), ("2.5 mmol/L", "critical")]
)
def test_sample_before_dialysis_has_the_same_limits(value: str, level: str | None) -> None:
    patient = a_patient().with_cramps().with_result("potassium_pre_dialysis", value)

    found = _level(patient)

    assert found == level


def test_newer_sample_before_dialysis_replaces_an_older_one() -> None:
    patient = _with_potassium("3.0 mmol/L", 10).with_result(
        "potassium_pre_dialysis", "4.6 mmol/L", days_before(3)
    )

    found = answer(patient)

    assert "L01" not in found.flagged


@pytest.mark.parametrize("concept", ["end_stage_renal_disease", "primary_adrenal_insufficiency"])
def test_potassium_is_not_offered_where_it_may_harm(concept: str) -> None:
    patient = _with_potassium("3.1 mmol/L").with_diagnosis(concept, "2020-01-01")

    found = answer(patient).detail("L01")

    assert "replace potassium" not in found
    assert "potassium only by the specialist team" in found


def test_card_without_a_contraindication_offers_replacement() -> None:
    patient = _with_potassium("3.1 mmol/L")

    found = answer(patient).detail("L01")

    assert "replace potassium" in found


def test_urgent_card_restates_the_value_and_says_what_it_can_not_see() -> None:
    patient = _with_potassium("2.4 mmol/L", 2)

    found = answer(patient)

    assert found.summary("L01") == (
        "Recorded K 2.4 mmol/L (13 Jun 2026) in a patient with night leg cramps: confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L01")
    assert "same-day contact" in found.detail("L01")


def test_replacement_is_not_offered_with_coded_advanced_kidney_disease() -> None:
    patient = _with_potassium("3.1 mmol/L").with_diagnosis("ckd_advanced", days_before(900))

    found = answer(patient)

    assert "replace potassium" not in found.printed
    assert "potassium only by the specialist team" in found.detail("L01")


def test_slightly_low_value_stays_info_where_malabsorption_explains_it() -> None:
    """What explains a value makes it no more urgent."""
    patient = _with_potassium("3.4 mmol/L").with_diagnosis("malabsorption_bariatric", days_before(900))

    found = answer(patient)

    assert found.card_of("L01") is found.card_of("C17")
    assert found.indicator("L01") == "info"
