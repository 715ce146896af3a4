"""What a site may choose about its cards."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cds_service.advise import Advice, advise
from cds_service.chains import merge
from cds_service.findings import judge
from cds_service.hooks import decode
from cds_service.policy import Policy
from cds_service.settings import load as settings
from tests.findings_of import answer, site
from tests.patients import APatient, a_patient, days_before


def _urgent() -> APatient:
    return (
        a_patient().with_cramps().with_result("potassium", "2.3 mmol/L").taking("furosemide", days_before(60))
    )


def _answer(patient: APatient, **chosen: Any) -> Advice:
    here = replace(site(), policy=Policy(**chosen))
    return advise(decode(json.dumps(patient.request()).encode(), "patient-view"), here, patient.today)


@pytest.mark.parametrize("cap", ["critical", "warning", "info"])
def test_indicator_never_rises_above_the_site_s_cap(cap: str) -> None:
    """The words and the order of the cards stay those of the level."""
    usual, capped = _answer(_urgent()), _answer(_urgent(), indicator_cap=cap)

    assert capped.cards[0].indicator == cap
    assert [(card.summary, card.detail) for card in capped.cards] == [
        (card.summary, card.detail) for card in usual.cards
    ]


def test_cap_leaves_lesser_cards_as_they_are() -> None:
    patient = a_patient().with_cramps().taking("furosemide", days_before(60))

    assert [card.indicator for card in _answer(patient, indicator_cap="warning").cards] == ["info"]


def test_site_may_say_that_nothing_was_found() -> None:
    """One info card that names no contributor, in place of silence."""
    patient = a_patient().with_cramps()

    usual, told = _answer(patient), _answer(patient, says_nothing_found=True)

    [card] = told.cards
    assert (usual.cards, usual.silence, card.indicator) == ((), "nothing-found", "info")
    assert "no contributor found" in card.summary
    assert "org.legcramps.findings" not in card.extension


@pytest.mark.parametrize("patient", [a_patient(), a_patient().with_cramps().seen_by("Patient/p1")])
def test_silence_without_a_report_or_for_the_patient_stays(patient: APatient) -> None:
    assert _answer(patient, says_nothing_found=True).cards == ()


def test_site_s_own_pathway_is_linked_first() -> None:
    address = "https://intranet.example/low-potassium"

    card = _answer(_urgent(), pathways={"L01": address}).cards[0]

    assert (card.links[0].label, card.links[0].url) == ("Local pathway L01", address)


def test_reasons_of_a_rule_are_offered_where_the_site_wants_them() -> None:
    usual, more = _answer(_urgent()), _answer(_urgent(), more_reasons=True)

    common = usual.cards[0].override_reasons
    assert more.cards[0].override_reasons[: len(common)] == common
    assert "replacement-started" in {each.code for each in more.cards[0].override_reasons}
    assert "replacement-started" not in {each.code for each in common}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("indicator_cap", "loud", "is critical, warning or info"),
        ("pathways", "L01", "is a comma list like L01=https://"),
        ("pathways", "L01=javascript:alert(1)", "is a comma list like L01=https://"),
    ],
)
def test_a_choice_that_is_not_understood_is_refused_by_name(variable: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"LEGCRAMPS_{variable.upper()}: {said}"):
        settings(**{variable: value})


# --- the seam for fading (CARDS B1.6) ---------------------------------------------------------------------------


def _groups(patient: APatient) -> Any:
    facts, knowledge = answer(patient).advice.facts, site().knowledge
    assert facts is not None
    judged = judge(facts, knowledge)
    return merge([each.finding for each in judged if each.finding], knowledge.chains, facts)


def test_the_same_advice_on_the_same_facts_has_one_identity() -> None:
    [before], [again] = _groups(_urgent()), _groups(_urgent())

    assert before.matter == again.matter


@pytest.mark.parametrize(
    "changed",
    [
        _urgent().with_result("potassium", "2.4 mmol/L", days_before(1)),
        a_patient()
        .with_cramps()
        .with_result("potassium", "2.3 mmol/L")
        .taking("furosemide", days_before(50)),
    ],
    ids=["new value", "other start"],
)
def test_a_changed_fact_changes_what_it_is_about(changed: APatient) -> None:
    [before], [after] = _groups(_urgent()), _groups(changed)

    assert before.matter != after.matter
