"""Findings -> cards: every member but the knowledge's own words."""

import re

import pytest

from cds_service.hooks import Card
from cds_service.rendering import REASON_CODES
from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_COMMON = ("reviewed", "action-completed", "benefit", "other-cause", "cds-not-applicable", "data-wrong")


def _cramping() -> APatient:
    return a_patient().with_cramps()


_PATIENTS = {
    "chain": _cramping()
    .taking("furosemide", "2024-01-01", until=days_before(57), dose="40 mg")
    .taking("furosemide", days_before(56), dose="80 mg")
    .with_result("potassium", "3.1 mmol/L")
    .with_result("magnesium", "0.62 mmol/L"),
    "drug alone": _cramping().taking("indapamide", days_before(60), dose="1.5 mg"),
    "critical": _cramping()
    .taking("chlorthalidone", "2025-11-01")
    .taking("digoxin", "2020")
    .with_result("potassium", "2.3 mmol/L"),
    "repeat": _cramping().with_result("potassium", "2.3 mmol/L", days_before(60)),
    "statin": _cramping()
    .taking("rosuvastatin", days_before(70), dose="20 mg")
    .with_result("creatine_kinase", "1240 U/L", high="200 U/L")
    .with_result("tsh", "14.2 mIU/L"),
    "pregnancy": _cramping()
    .born("1995-01-01")
    .taking("quinine", days_before(20))
    .taking("atorvastatin", "2022")
    .with_diagnosis("pregnancy_current", days_before(100)),
    "quinine": _cramping().taking("quinine", days_before(20)),
    "insulin": _cramping().taking("insulin glargine", "2022-01-01").with_result("glucose", "2.9 mmol/L"),
    "sodium": _cramping().with_result("sodium", "121 mmol/L"),
    "very high glucose": _cramping().with_result("sodium", "124 mmol/L").with_result("glucose", "32 mmol/L"),
    "lines": _cramping()
    .taking("atorvastatin", "2020-01-01")
    .taking("furosemide", "2020-01-01")
    .with_diagnosis("hypothyroidism", "2015-01-01")
    .with_diagnosis("dehydration_volume_depletion"),
    "many": _cramping()
    .taking("indapamide", days_before(60))
    .taking("furosemide", days_before(70))
    .taking("spironolactone", days_before(80))
    .taking("atorvastatin", days_before(200))
    .taking("insulin glargine", days_before(50))
    .with_diagnosis("vomiting_diarrhoea", days_before(10))
    .with_result("potassium", "3.1 mmol/L")
    .with_result("magnesium", "0.6 mmol/L")
    .with_result("sodium", "127 mmol/L")
    .with_result("tsh", "12 mIU/L")
    .with_result("glucose", "3.1 mmol/L"),
    "nothing dated": a_patient().with_cramps(recorded=days_before(40)).taking("indapamide"),
    "data": _cramping().with_result("potassium", "3.1 mmol/L").lacking("glucose", "serviceRequests"),
    "hostile": _cramping()
    .with_result("potassium", "3.1 <b>www.evil.example</b>")
    .with_result("magnesium", "0.6 mmol/L"),
}
_CARDS = [
    pytest.param(card, id=f"{name}-{place}")
    for name, patient in _PATIENTS.items()
    for place, card in enumerate(answer(patient).cards)
]
every_card = pytest.mark.parametrize("card", _CARDS)


def _kind(card: Card) -> str:
    return str(card.extension["org.legcramps.card"])


@pytest.mark.parametrize("name", _PATIENTS)
def test_every_one_of_these_patients_has_a_card(name: str) -> None:
    assert answer(_PATIENTS[name]).cards


@every_card
def test_summary_is_one_line_of_fewer_than_140_characters(card: Card) -> None:
    assert 0 < len(card.summary) < 140
    assert "\n" not in card.summary


@every_card
def test_every_reason_that_a_card_offers_is_one_that_feedback_may_bring(card: Card) -> None:
    assert {each.code for each in card.override_reasons} <= set(REASON_CODES)


def test_the_names_that_the_rules_have_for_reasons_may_be_brought_too() -> None:
    assert {"ordered", "not-nlc"} <= set(REASON_CODES)


@every_card
def test_summary_is_never_cut_off(card: Card) -> None:
    assert not card.summary.endswith("…")


@every_card
def test_detail_keeps_to_its_word_budget(card: Card) -> None:
    """DECISIONS: main at most 80 words, also-consider at most 110; list marks are no words."""
    words = [word for word in (card.detail or "").split() if word != "-"]

    assert len(words) <= (80 if _kind(card) == "main" else 110)


@every_card
def test_no_placeholder_and_no_blank_reaches_a_card(card: Card) -> None:
    text = f"{card.summary}\n{card.detail}"

    assert re.findall(r"[{}]|\bNone\b|  |\(\)|; ;| ,| \.|\.\.", text) == []


@every_card
def test_card_never_gives_an_order_or_a_cause(card: Card) -> None:
    """CARDS B6."""
    text = f"{card.summary}\n{card.detail}".casefold()

    assert (
        re.findall(
            r"\bcaused by\b|\bmust\b|\bstop (?:the|this|taking)\b|\bdiscontinue\b|\b\d+ ?% likely", text
        )
        == []
    )


@every_card
def test_last_line_says_how_far_the_record_was_read(card: Card) -> None:
    last = (card.detail or "").splitlines()[-1]

    assert last.startswith("Based on record data up to 15 Jun 2026; not a diagnosis.")


@every_card
def test_demo_says_once_that_the_knowledge_is_unsigned(card: Card) -> None:
    assert (card.detail or "").count("Demo: unsigned knowledge.") == 1


@every_card
def test_main_card_carries_its_evidence_grade(card: Card) -> None:
    graded = re.search(
        r"Evidence: (?:link [A-D], acting on it [A-D]|[A-D](?: \(acting\))?)\.", card.detail or ""
    )

    assert (graded is not None) is (_kind(card) == "main")


@every_card
def test_dates_are_written_in_full(card: Card) -> None:
    text = f"{card.summary}\n{card.detail}"

    assert re.findall(r"\d{4}-\d\d|\d+/\d+/\d+", text) == []


@every_card
def test_source_is_the_product_and_names_the_rule(card: Card) -> None:
    assert re.fullmatch(r"NLC contributor support, knowledge version \d{4}\.\d\d", card.source.label)
    assert card.source.url == "http://127.0.0.1:8000/knowledge"
    assert card.source.topic is not None


@every_card
def test_links_are_absolute_and_named(card: Card) -> None:
    assert [
        link for link in card.links if not (link.label and link.url.startswith(("http://", "https://")))
    ] == []
    assert {link.type for link in card.links} <= {"absolute"}


@every_card
def test_override_reasons_are_the_six_and_two_more_when_critical(card: Card) -> None:
    codes = tuple(reason.code for reason in card.override_reasons)

    assert codes == (*_COMMON, "handled", "spurious") if card.indicator == "critical" else codes == _COMMON


@every_card
def test_extension_says_what_kind_of_card_it_is(card: Card) -> None:
    assert _kind(card) in ("main", "also-consider", "data")
    assert card.extension["org.legcramps.knowledge"] == card.source.label.rpartition(" ")[2]
    assert ("org.legcramps.findings" in card.extension) is (_kind(card) != "data")


@every_card
def test_every_finding_names_entries_that_were_given(card: Card) -> None:
    given = {
        f"{resource['resourceType']}/{resource['id']}"
        for patient in _PATIENTS.values()
        for _, resource in patient.resources
    }

    for found in card.extension.get("org.legcramps.findings", []):
        assert set(found) == {"row", "id", "role", "sources"}
        assert found["role"] in ("contributor", "safety", "context", "set-aside")
        assert found["sources"]
        assert set(found["sources"]) <= given


@pytest.mark.parametrize("name", _PATIENTS)
def test_row_is_on_one_card_only(name: str) -> None:
    rows = [
        found["row"]
        for card in answer(_PATIENTS[name]).cards
        for found in card.extension.get("org.legcramps.findings", [])
    ]

    assert sorted(rows) == sorted(set(rows))


@pytest.mark.parametrize("name", _PATIENTS)
def test_order_of_the_cards_is_by_urgency_then_also_consider_then_data(name: str) -> None:
    places = {"critical": 0, "warning": 1, "info": 2}
    kinds = {"main": 0, "also-consider": 1, "data": 2}

    order = [(kinds[_kind(card)], places[card.indicator]) for card in answer(_PATIENTS[name]).cards]

    assert order == sorted(order)


def test_same_answer_again_is_the_same() -> None:
    first, second = answer(_PATIENTS["many"]).cards, answer(_PATIENTS["many"]).cards

    assert [(each.summary, each.detail) for each in first] == [(each.summary, each.detail) for each in second]


def test_dated_facts_of_a_chain_are_told() -> None:
    found = answer(_PATIENTS["chain"])

    assert found.detail("L01").splitlines()[2:4] == [
        "- Furosemide 40 to 80 mg on 20 Apr 2026; cramps from 6 May 2026",
        "- K **3.1** and Mg **0.62** mmol/L (8 Jun 2026)",
    ]


def test_what_was_set_aside_is_told_with_its_reason() -> None:
    patient = _PATIENTS["drug alone"].taking("atorvastatin", days_before(10))

    found = answer(patient)

    assert found.role("D04") == "set-aside"
    assert "*Set aside:* atorvastatin (from 5 Jun 2026, after the cramps began)" in found.printed


def test_no_self_care_beside_a_critical_card() -> None:
    patient = _PATIENTS["critical"].taking("atorvastatin", "2020-01-01")

    found = answer(patient)

    assert "also-consider" in found.kinds()
    assert "self-care" not in found.printed.casefold()


@pytest.mark.parametrize(
    ("concept", "left_out"),
    [
        ("diabetic_neuropathy", "warmth"),
        ("peripheral_artery_disease", "warmth"),
        ("diabetes_type_2", "warmth"),
        ("end_stage_renal_disease", "minerals"),
        ("dialysis_dependence", "minerals"),
    ],
)
def test_self_care_that_the_record_speaks_against_is_left_out(concept: str, left_out: str) -> None:
    patient = (
        _cramping()
        .taking("atorvastatin", "2020-01-01")
        .with_result("potassium", "4.2 mmol/L")
        .with_result("egfr", "80 mL/min/{1.73_m2}")
    )

    before, after = (
        next(line for line in answer(each).printed.splitlines() if line.startswith("*Self-care"))
        for each in (patient, patient.with_diagnosis(concept, "2020-01-01"))
    )

    assert (left_out in before, left_out in after) == (True, False)


def test_text_from_the_record_reaches_no_card_unescaped() -> None:
    printed = answer(_PATIENTS["hostile"]).printed

    assert "<b>" not in printed
    assert "www.evil" not in printed


def test_page_of_the_rule_comes_first_among_the_links() -> None:
    [card] = answer(_PATIENTS["drug alone"]).cards

    assert (card.links[0].label, card.links[0].url) == (
        "Rule sheet D01",
        "http://127.0.0.1:8000/knowledge/D01",
    )
