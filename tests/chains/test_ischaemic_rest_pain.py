"""M13: rest pain, tissue loss or an acutely ischaemic limb that poses as a cramp."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_REST_PAIN = "limb_ischaemia_rest_pain_or_tissue_loss"


def _with(concept: str, age: int) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, days_before(age))


@pytest.mark.parametrize(
    ("concept", "age", "chains", "level"),
    [
        (_REST_PAIN, 30, ("M13",), "critical"),
        (_REST_PAIN, 31, ("M13",), "warning"),
        (_REST_PAIN, 365, ("M13",), "warning"),
        (_REST_PAIN, 366, (), "info"),
        ("acute_limb_ischaemia", 30, ("M13",), "critical"),
        ("acute_limb_ischaemia", 90, ("M13",), "warning"),
        ("acute_limb_ischaemia", 91, (), "info"),
    ],
)
def test_chain_forms_while_the_threat_may_be_current(
    concept: str, age: int, chains: tuple[str, ...], level: str
) -> None:
    patient = _with(concept, age)

    found = answer(patient)

    assert (found.chains, found.indicator("C01")) == (chains, level)


def test_artery_disease_without_a_threat_is_no_chain() -> None:
    patient = _with("peripheral_artery_disease", 700).with_result("ankle_brachial_index", "0.38")

    found = answer(patient)

    assert (found.chains, found.indicator("C01")) == ((), "warning")


def test_card_names_entry_and_index_and_the_same_day() -> None:
    patient = _with(_REST_PAIN, 3).with_result("ankle_brachial_index", "0.38", days_before(5))

    found = answer(patient)

    assert [card.indicator for card in found.cards] == ["critical"]
    assert found.summary("C01").endswith(
        "is coded (since 12 Jun 2026): night leg pain may be ischaemia rather than cramp"
    )
    assert "ABI **0.38** (10 Jun 2026)" in found.detail("C01")
    assert "same-day discussion with the vascular service" in found.detail("C01")


def test_acute_limb_is_called_an_emergency_and_draws_no_index() -> None:
    patient = _with("acute_limb_ischaemia", 2)

    found = answer(patient)

    assert "*Consider:* emergency if cold, pale, numb or weak" in found.detail("C01")
    assert found.suggested == set()


def test_no_self_care_beside_a_threatened_limb() -> None:
    patient = _with(_REST_PAIN, 3).with_diagnosis("diabetes_type_2")

    found = answer(patient)

    assert found.kinds() == ("main", "also-consider")
    assert "Self-care" not in found.printed


def test_statin_for_the_arteries_keeps_its_own_line() -> None:
    patient = _with(_REST_PAIN, 3).taking("atorvastatin", "2020-01-01")

    found = answer(patient)

    assert found.place("D04") == ("contributor", "also-consider")
    assert found.card_of("C01") is not found.card_of("D04")
