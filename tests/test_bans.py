"""What is never offered, whatever the cards are about."""

import re

import pytest

from cds_service.card_texts import harmless
from cds_service.errors import KnowledgeInvalid
from tests.findings_of import Answer, answer
from tests.patients import APatient, a_patient, days_before


def _reporting() -> APatient:
    return a_patient().with_cramps()


def _offers(found: Answer, words: str) -> bool:
    """Whether some card's options, or a suggestion, hold the words."""
    options = re.findall(r"\*(?:Consider|Options):\*[^\n]*", found.printed)
    labels = [each.label for card in found.cards for each in card.suggestions]
    return any(re.search(words, text, re.IGNORECASE) for text in (*options, *labels))


def _low(mineral: str) -> APatient:
    return _reporting().with_result(mineral, {"potassium": "3.2 mmol/L", "magnesium": "0.60 mmol/L"}[mineral])


# --- quinine -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "patient",
    [
        _reporting(),
        _reporting().taking("quinine", days_before(60)),
        _reporting().taking("furosemide", days_before(60)),
        _reporting().with_diagnosis("cirrhosis", days_before(600)),
    ],
    ids=["nothing found", "on quinine", "on a diuretic", "with cirrhosis"],
)
def test_quinine_is_never_offered(patient: APatient) -> None:
    """KNOWLEDGE section 10 (N1)."""
    assert not _offers(answer(patient), r"\bquinine\b")


def test_quinine_on_the_list_is_a_safety_point() -> None:
    """KNOWLEDGE section 10 (N1)."""
    found = answer(_reporting().taking("quinine", days_before(60)))

    assert (found.place("T01"), found.indicator("T01")) == (("safety", "main"), "warning")


# --- magnesium and potassium ---------------------------------------------------------------------------------------


def test_low_magnesium_is_replaced_where_nothing_speaks_against_it() -> None:
    """KNOWLEDGE section 10 (N2): a proven deficiency is a different matter."""
    assert _offers(answer(_low("magnesium")), "replace magnesium")


@pytest.mark.parametrize(
    "patient",
    [
        _reporting().with_result("magnesium", "0.85 mmol/L"),
        _reporting().with_result("magnesium", "0.85 mmol/L").taking("omeprazole", days_before(600)),
        _reporting().with_diagnosis("prolonged_sitting"),
        _reporting().born("1995-01-01").with_diagnosis("pregnancy_current", days_before(60)),
    ],
    ids=["normal", "on a PPI", "not measured", "pregnant"],
)
def test_magnesium_is_not_offered_without_a_deficiency(patient: APatient) -> None:
    """KNOWLEDGE section 10 (N2): in pregnancy it is a conversation, not a recommendation."""
    assert not _offers(answer(patient), r"(replace|start|give|offer) magnesium|magnesium supplement")


_FAILING = {
    "eGFR 29": _reporting().with_result("egfr", "29 mL/min/{1.73_m2}"),
    "end-stage": _reporting().with_diagnosis("end_stage_renal_disease", days_before(600)),
    "haemodialysis": _reporting().with_diagnosis("haemodialysis", days_before(600)),
    "peritoneal dialysis": _reporting().with_diagnosis("peritoneal_dialysis", days_before(600)),
}


@pytest.mark.parametrize(
    "patient",
    [*_FAILING.values(), _reporting().with_diagnosis("myasthenia_gravis", days_before(600))],
    ids=[*_FAILING, "myasthenia gravis"],
)
def test_magnesium_is_not_offered_where_it_may_harm(patient: APatient) -> None:
    """KNOWLEDGE section 10 (N3)."""
    found = answer(patient.with_result("magnesium", "0.60 mmol/L"))

    assert found.indicator("L02") == "warning"
    assert not _offers(found, "replace magnesium|correct magnesium")


def test_magnesium_is_offered_with_half_of_the_kidney_function() -> None:
    """KNOWLEDGE section 10 (N3): the limit is an eGFR of 30."""
    patient = _low("magnesium").with_result("egfr", "30 mL/min/{1.73_m2}")

    assert _offers(answer(patient), "replace magnesium")


_SPARING = _reporting().taking("spironolactone", days_before(600))


@pytest.mark.parametrize(
    "patient",
    [
        *_FAILING.values(),
        _SPARING.taking("lisinopril", days_before(600)),
        _SPARING.taking("losartan", days_before(600)),
        _reporting().with_diagnosis("primary_adrenal_insufficiency", days_before(600)),
    ],
    ids=[*_FAILING, "MRA and ACE inhibitor", "MRA and ARB", "Addison"],
)
def test_potassium_is_not_offered_where_it_accumulates(patient: APatient) -> None:
    """KNOWLEDGE section 10 (N4)."""
    found = answer(patient.with_result("potassium", "3.2 mmol/L"))

    assert "L01" in found.flagged
    assert not _offers(found, "replace potassium|correct potassium")


@pytest.mark.parametrize(("value", "is_offered"), [("4.4 mmol/L", True), ("4.5 mmol/L", False)])
def test_potassium_is_not_offered_from_a_level_of_4_5_on(value: str, is_offered: bool) -> None:
    """KNOWLEDGE section 10 (N4)."""
    patient = (
        _reporting().taking("furosemide", days_before(60)).with_result("potassium", value, days_before(15))
    )

    assert _offers(answer(patient), "correct potassium") is is_offered


@pytest.mark.parametrize("drug", ["spironolactone", "lisinopril"])
def test_low_potassium_beside_one_drug_that_keeps_it_is_replaced(drug: str) -> None:
    """KNOWLEDGE section 10 (N4): the ban is for the two together."""
    assert _offers(answer(_low("potassium").taking(drug, days_before(600))), "replace potassium")


# --- drugs ---------------------------------------------------------------------------------------------------------


def test_swelling_of_a_calcium_channel_blocker_is_no_reason_for_a_diuretic() -> None:
    """KNOWLEDGE section 10 (N5)."""
    patient = (
        _reporting()
        .taking("amlodipine", days_before(60))
        .with_diagnosis("oedema_peripheral", days_before(30))
    )

    found = answer(patient)

    assert found.chains == ("M6",)
    assert "prescribing cascade" in found.detail("D08")
    assert not _offers(found, r"(add|start|offer|give) a diuretic")


@pytest.mark.parametrize(
    "drug",
    [
        "salmeterol",
        "insulin glargine",
        "haloperidol",
        "prednisone",
        "levodopa",
        "simvastatin",
        "furosemide",
        "pregabalin",
    ],
)
def test_no_card_asks_for_a_drug_to_be_stopped(drug: str) -> None:
    """KNOWLEDGE section 10 (N6): offered is a review."""
    patient = (
        _reporting().taking(drug, days_before(60)).with_result("creatine_kinase", "2500 U/L", high="200 U/L")
    )

    found = answer(patient)

    assert not _offers(found, r"(?<!after it was )\b(stop|discontinue|withdraw)\b")


@pytest.mark.parametrize(
    "text", ["stop taking the statin", "discontinue insulin", "the drug must go", "caused by it"]
)
def test_knowledge_file_that_orders_or_accuses_is_refused(text: str) -> None:
    """KNOWLEDGE section 10 (N6)."""
    with pytest.raises(KnowledgeInvalid):
        harmless(text, "contributors/statin.md: # Options")


# --- dialysis, tests -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialysis", ["haemodialysis", "peritoneal_dialysis", "dialysis_dependence"])
@pytest.mark.parametrize("mineral", ["potassium", "magnesium"])
def test_minerals_and_fluid_of_a_dialysis_patient_are_left_to_the_unit(dialysis: str, mineral: str) -> None:
    """KNOWLEDGE section 10 (N7)."""
    found = answer(_low(mineral).with_diagnosis(dialysis, days_before(600)))

    assert found.chains == ("M11",)
    assert "dialysis unit" in found.detail("C07")
    assert not _offers(found, "replace|correct potassium|correct magnesium|drink")
    assert found.suggested == frozenset()


def test_cramps_with_nothing_else_ask_for_no_test() -> None:
    """KNOWLEDGE section 10 (N8): typical cramps need no laboratory work-up."""
    found = answer(_reporting())

    assert (found.cards, found.suggested) == ((), frozenset())


@pytest.mark.parametrize(
    "patient",
    [
        _reporting().with_diagnosis("prolonged_sitting"),
        _reporting().with_diagnosis("overweight_obesity", days_before(60)),
        _reporting().taking("amlodipine", days_before(60)),
        _reporting().taking("naproxen", days_before(60)),
        _reporting().with_diagnosis("parkinsons_disease", days_before(600)),
    ],
    ids=["sitting", "overweight", "calcium channel blocker", "NSAID", "Parkinson"],
)
def test_finding_that_asks_for_no_test_suggests_none(patient: APatient) -> None:
    """KNOWLEDGE section 10 (N8)."""
    found = answer(patient)

    assert found.flagged
    assert found.suggested == frozenset()
