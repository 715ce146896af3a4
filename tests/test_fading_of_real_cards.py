"""Cards of our own knowledge fall silent once they were seen or overridden, and speak again when something is new."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, partial

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cds_service.advise import Site, advise
from cds_service.beside import said_beside
from cds_service.chains import merge
from cds_service.fading import Outcome, Shown, reports_in_short
from cds_service.findings import judge
from cds_service.hooks import HookRequest, decode
from cds_service.policy import Policy
from cds_service.pseudonyms import Key
from tests import findings_of
from tests.findings_of import Answer
from tests.patients import FHIR, TODAY, APatient, a_patient, days_before, drug_coding
from tests.test_laws import laws, patients

Past = tuple[Shown, ...]

_PATIENT = b"p" * 32
_MARK = partial(Key(date(2026, 1, 1), b"k" * 32).mark, _PATIENT)


@dataclass(frozen=True)
class Chart:
    """A patient's record, opened; with *orders* to be signed, where there are any."""

    patient: APatient
    orders: tuple[FHIR, ...] = ()

    def opened(
        self,
        past: Sequence[Shown] = (),
        *,
        ago: int = 0,
        fade_after: int = 3,
        says_nothing_found: bool = False,
    ) -> Answer:
        """What is seen on the chart so many days ago, knowing the *past*."""
        policy = Policy(fade_after=fade_after, says_nothing_found=says_nothing_found)
        chosen = replace(site(), policy=policy)
        return Answer(advise(self._call, chosen, TODAY - timedelta(days=ago), past))

    def was_opened(self, *agos: int, by_me: bool = True) -> Past:
        """What is remembered of its cards, as they were seen so many days ago."""
        return tuple(each for ago in agos for each in self._remembered(ago, None, None, is_own=by_me))

    def was_overridden(self, reason: str, ago: int = 1, *, only: str | None = None) -> Past:
        """The same where all cards, or the only one about a rule, were overridden at once."""
        outcome = Outcome(is_override=True, reason=reason, on=TODAY - timedelta(days=ago))
        return tuple(self._remembered(ago, outcome, only, is_own=False))

    def _remembered(self, ago: int, outcome: Outcome | None, only: str | None, *, is_own: bool) -> Past:
        advice = self.opened(ago=ago).advice
        assert advice.facts is not None
        reports = _marks(reports_in_short(advice.facts))
        return tuple(
            Shown(
                rule=each.rule,
                level=each.level,
                facts=_marks(each.facts),
                reports=reports,
                mark=_MARK,
                on=TODAY - timedelta(days=ago),
                is_own=is_own,
                outcome=outcome if only in (None, *(matter.rule for matter in about.matters)) else None,
            )
            for about in advice.told
            for each in dict.fromkeys((*about.matters, *about.parts))  # each once, as memory keeps them
        )

    @property
    def _call(self) -> HookRequest:
        body = self.patient.request()
        if not self.orders:
            return decode(json.dumps(body).encode(), "patient-view")
        drafts = {"resourceType": "Bundle", "entry": [{"resource": each} for each in self.orders]}
        context = {**body["context"], "draftOrders": drafts}
        return decode(json.dumps({**body, "hook": "order-sign", "context": context}).encode(), "order-sign")


@cache
def site() -> Site:
    return findings_of.site()


def _marks(words: frozenset[str]) -> frozenset[bytes]:
    return frozenset(map(_MARK, words))


def rules(answer: Answer) -> list[list[str]]:
    """Card by card what it is about."""
    return [[each.rule for each in about.matters] for about in answer.advice.told]


def cramping() -> APatient:
    return a_patient().with_cramps(days_before(60))


THRICE = (10, 5, 2)
OTHER = "C02"  # of every patient here who also has the diagnosis below


def with_another_card(patient: APatient) -> APatient:
    """Beside whatever else there is, a card that no drug concerns."""
    return patient.with_diagnosis("lumbar_radiculopathy_stenosis", "2025-01-01")


# --- shown often enough, until something is new -----------------------------------------------------------------

# by rule: who has its card, and the drug that the card names once it is taken too
NAMED = {
    "T01": (cramping().taking("quinine", "2025-06-01"), "amiodarone"),
    "D01": (cramping().taking("indapamide", days_before(100)), "lithium"),
    "D04": (cramping().taking("rosuvastatin", days_before(100)), "colchicine"),
    "L01": (cramping().with_result("potassium", "3.1 mmol/L", days_before(20)), "ramipril"),
    "C11": (cramping().with_diagnosis("restless_legs_syndrome", "2024-01-01"), "sertraline"),
}
_named = pytest.mark.parametrize("rule", NAMED)


@_named
def test_a_new_drug_that_a_card_names_brings_that_card_back_and_no_other(rule: str) -> None:
    before, drug = NAMED[rule]
    before = with_another_card(before)
    past = Chart(before).was_opened(*THRICE)

    unchanged = Chart(before).opened(past)
    changed = Chart(before.taking(drug, days_before(1))).opened(past)

    assert (unchanged.cards, unchanged.silence) == ((), "faded")
    assert rules(changed) == [[rule]]
    assert drug in changed.detail(rule).casefold()
    assert [each.matter.rule for each in changed.advice.faded] == [OTHER]


@_named
def test_a_drug_that_the_card_has_named_all_along_is_no_news(rule: str) -> None:
    before, drug = NAMED[rule]
    chart = Chart(before.taking(drug, "2025-06-01"))

    found = chart.opened(chart.was_opened(*THRICE))

    assert rules(chart.opened()) == [[rule]]
    assert (found.cards, found.silence) == ((), "faded")


@_named
def test_a_drug_that_the_card_does_not_name_is_no_news(rule: str) -> None:
    before, _ = NAMED[rule]

    other = {"text": "Paracetamol 500 mg tablet"}
    after = before.taking("digoxin", days_before(1), medicationCodeableConcept=other)

    found = Chart(after).opened(Chart(before).was_opened(*THRICE))

    assert (found.cards, found.silence) == ((), "faded")


def test_a_drug_that_began_after_the_value_is_named_beside_it_and_is_news() -> None:
    """L01 says that the value was drawn before the supplement began."""
    before = cramping().with_result("potassium", "3.1 mmol/L", days_before(20))
    past = Chart(before).was_opened(*THRICE)

    found = Chart(before.taking("potassium chloride", days_before(1))).opened(past)

    assert rules(found) == [["L01"]]
    assert "Drawn before potassium chloride" in found.detail("L01")


def test_a_pregnancy_that_begins_beside_quinine_is_news() -> None:
    before = cramping().born("1995-03-01").taking("quinine", "2025-06-01")
    past = Chart(before).was_opened(*THRICE)

    found = Chart(before.with_diagnosis("pregnancy_current", days_before(1))).opened(past)

    assert (rules(found), found.role("P02")) == ([["M12"]], "safety")


def test_a_new_drug_ends_an_override_too() -> None:
    before = cramping().taking("quinine", "2025-06-01")
    past = Chart(before).was_overridden("benefit")

    unchanged = Chart(before).opened(past)
    changed = Chart(before.taking("amiodarone", days_before(1))).opened(past)

    assert (rules(unchanged), rules(changed)) == ([], [["T01"]])


def test_what_was_shown_once_long_ago_speaks_and_twice_falls_silent() -> None:
    chart = Chart(a_patient().with_cramps(days_before(200)).taking("quinine", "2025-06-01"))

    once = chart.opened(chart.was_opened(91, by_me=False))
    twice = chart.opened(chart.was_opened(91, 30, by_me=False))

    assert (rules(once), rules(twice), twice.silence) == ([["T01"]], [], "faded")


# --- what belongs together --------------------------------------------------------------------------------------


def test_a_chain_that_falls_apart_as_a_value_grows_old_stays_silent() -> None:
    """In ten days the potassium is older than a value that counts, and the drug stands alone."""
    patient = (
        cramping()
        .taking("indapamide", days_before(200))
        .taking("lithium", "2020-01-01")
        .with_result("potassium", "3.1 mmol/L", days_before(95))
    )
    chart = Chart(patient)

    whole = chart.opened(ago=10)
    apart = chart.opened()

    assert (rules(whole), rules(apart)) == ([["M1"]], [["D01"]])
    assert "Lithium is listed" in apart.detail("D01")
    assert chart.opened(chart.was_opened(25, 20, 15), ago=10).silence == "faded"
    assert chart.opened(chart.was_opened(25, 20, 15)).silence == "faded"
    assert chart.opened(chart.was_overridden("reviewed", ago=10)).silence == "faded"


def test_what_was_told_on_another_card_since_it_has_the_same_entries_does_not_come_back_alone() -> None:
    chart = Chart(cramping().with_diagnosis("peripheral_artery_disease", "2025-01-01"))

    shown, found = chart.opened(), chart.opened(chart.was_overridden("reviewed", only="C01"))

    assert rules(shown) == [["C01", "C04"]]
    assert (found.cards, found.silence) == ((), "faded")
    assert {each.matter.rule for each in found.advice.faded} == {"C01", "C04"}


def test_where_something_has_faded_it_is_not_said_that_nothing_was_found() -> None:
    chart = Chart(cramping().taking("indapamide", days_before(100)))
    past = chart.was_opened(*THRICE)

    faded = chart.opened(past, says_nothing_found=True)
    nothing = Chart(cramping()).opened(past, says_nothing_found=True)

    assert (faded.cards, faded.silence) == ((), "faded")
    assert nothing.cards[0].summary.startswith("Night leg cramps: no contributor found")


def test_a_card_about_nothing_falls_silent_by_itself() -> None:
    chart = Chart(cramping())

    shown = chart.opened(says_nothing_found=True)

    assert rules(shown) == [["nothing-found"]]
    assert chart.opened(_again(shown), says_nothing_found=True).silence == "faded"


def _again(answer: Answer) -> Past:
    """That answer, seen three times by the same reader."""
    about = [matter for each in answer.advice.told for matter in each.matters]
    return tuple(
        Shown(
            each.rule,
            each.level,
            _marks(each.facts),
            frozenset(),
            _MARK,
            TODAY - timedelta(days=ago),
            True,
            None,
        )
        for each in about
        for ago in THRICE
    )


# --- beside what is urgent --------------------------------------------------------------------------------------

URGENT = {
    "L01": cramping().with_result("potassium", "2.3 mmol/L", days_before(3)),
    "M13": cramping().with_diagnosis("acute_limb_ischaemia", days_before(3)),
}


@pytest.mark.parametrize("rule", URGENT)
def test_no_self_care_is_offered_while_an_urgent_card_is_silent_since_it_was_seen_to(rule: str) -> None:
    with_lines = URGENT[rule].with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")
    chart = Chart(with_lines)
    past = chart.was_overridden("handled", only=rule)

    spoken, muted = chart.opened(), chart.opened(past)

    assert (spoken.cards[0].indicator, rules(spoken)[0]) == ("critical", [rule])
    assert rules(muted) == [["C15"]]
    assert [each.matter.rule for each in muted.advice.faded] == [rule]
    assert "elf-care" not in muted.printed
    assert muted.cards[0].summary == "To consider for night leg cramps: 1 lesser factor in the record"


def test_self_care_is_offered_where_nothing_is_urgent() -> None:
    """So that the test above is no accident."""
    found = Chart(cramping().with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")).opened()

    assert "and low-risk self-care" in found.cards[0].summary


def test_an_urgent_card_that_was_seen_to_is_silent_for_a_week_and_no_longer() -> None:
    chart = Chart(URGENT["L01"].with_result("potassium", "2.3 mmol/L", days_before(20)))
    older = Chart(cramping().with_result("potassium", "2.3 mmol/L", days_before(20)))

    silent, speaks = older.was_overridden("handled", ago=7), older.was_overridden("handled", ago=8)

    assert older.opened(silent).silence == "faded"
    assert rules(older.opened(speaks)) == [["L01"]]
    assert rules(chart.opened(silent)) == [["L01"]]  # a new value


# --- what could not be read -------------------------------------------------------------------------------------


def lacking_results() -> APatient:
    """Without lists that could tell more."""
    return cramping().lacking("labs", "glucose")


def test_what_could_not_be_read_falls_silent_alone_and_comes_back_beside_a_new_card() -> None:
    alone = Chart(lacking_results())
    past = alone.was_opened(*THRICE)

    beside = Chart(lacking_results().taking("quinine", days_before(1))).opened(past)

    assert rules(alone.opened()) == [["data"]]
    assert alone.opened(past).silence == "faded"
    assert rules(beside) == [["T01"], ["data"]]
    assert beside.advice.faded == ()


def test_a_list_that_is_lacking_too_is_news() -> None:
    past = Chart(lacking_results()).was_opened(*THRICE)

    found = Chart(lacking_results().lacking("medicationRequests")).opened(past)

    assert rules(found) == [["data"]]


# --- signing quinine --------------------------------------------------------------------------------------------

QUININE = {
    "resourceType": "MedicationRequest",
    "id": "draft",
    "status": "draft",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"coding": [drug_coding("quinine")]},
}
LISTED = cramping().taking("quinine", "2025-06-01")
LOW_PLATELETS = LISTED.with_result("platelets", "60 10*9/L", days_before(12))


@pytest.mark.parametrize(
    ("patient", "reason"),
    [(LISTED, "shown"), (LISTED, "benefit"), (LOW_PLATELETS, "handled")],
    ids=["shown", "overridden", "critical"],
)
def test_what_was_seen_on_the_chart_does_not_silence_signing_nor_the_reverse(
    patient: APatient, reason: str
) -> None:
    chart, signing = Chart(patient), Chart(patient, (QUININE,))
    is_shown = reason == "shown"
    seen, signed = (
        each.was_opened(*THRICE) if is_shown else each.was_overridden(reason) for each in (chart, signing)
    )

    itself = chart.opened(seen), signing.opened(signed)
    other = chart.opened(signed), signing.opened(seen)

    assert [(each.cards, each.silence) for each in itself] == [((), "faded")] * 2
    assert [rules(each) for each in other] == [[["T01"]], [["T01-order-sign"]]]


def test_signing_is_counted_as_a_rule_of_its_own() -> None:
    chart, signing = Chart(LISTED).opened(), Chart(LISTED, (QUININE,)).opened()

    assert (chart.advice.triggered, signing.advice.triggered) == (("T01",), ("T01-order-sign",))


# --- laws -------------------------------------------------------------------------------------------------------

few = settings(laws, max_examples=40)

MANY = with_another_card(
    cramping()
    .taking("quinine", "2025-06-01")
    .taking("indapamide", days_before(100))
    .with_result("potassium", "2.3 mmol/L", days_before(20))
    .with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")
)


@cache
def _pasts() -> tuple[Past, ...]:
    chart = Chart(MANY)
    rules_ = sorted({rule for card in rules(chart.opened()) for rule in card})
    overridden = [
        chart.was_overridden(reason, ago, only=rule)
        for rule in rules_
        for reason, ago in (("reviewed", 8), ("ordered", 4), ("handled", 3), ("benefit", 1))
    ]
    return (*(chart.was_opened(ago) for ago in THRICE), *overridden)


@few
@given(st.data())
def test_the_order_of_what_was_shown_never_matters(data: st.DataObject) -> None:
    some = data.draw(st.lists(st.sampled_from(_pasts()), max_size=5))
    past = [each for one in some for each in one]
    other = data.draw(st.permutations(past))

    first, second = Chart(MANY).opened(past), Chart(MANY).opened(other)

    assert first.cards == second.cards
    assert first.advice.faded == second.advice.faded


@few
@given(st.data())
def test_what_is_remembered_never_adds_a_card(data: st.DataObject) -> None:
    some = data.draw(st.lists(st.sampled_from(_pasts()), max_size=5))

    found = Chart(MANY).opened([each for one in some for each in one])

    spoken = {rule for card in rules(Chart(MANY).opened()) for rule in card}
    faded = {each.matter.rule for each in found.advice.faded}
    assert {rule for card in rules(found) for rule in card} | faded >= spoken - {"data"}
    assert {rule for card in rules(found) for rule in card} <= spoken


@few
@given(patients(), st.sampled_from((1, 2, 10, 29, 30, 31, 60, 89, 90, 91, 200, 366)))
def test_what_stands_beside_a_card_never_grows_by_days_that_pass(patient: APatient, days: int) -> None:
    written = json.dumps(patient.request())
    assume(all(days_before(each) not in written for each in (-20, -2)))  # entries that are yet to come

    then, now = _matters(patient, 0), _matters(patient, days)

    assert all(now[rows] <= then[rows] for rows in now.keys() & then.keys())


def _matters(patient: APatient, later: int) -> dict[tuple[str, ...], frozenset[str]]:
    """What each card is about, by its rows."""
    facts = Chart(patient).opened(ago=-later).advice.facts
    assert facts is not None
    found = [each.finding for each in judge(facts, site().knowledge) if each.finding]
    groups = merge(found, site().knowledge.chains, facts)
    whole = ((group, group.matter.facts | said_beside(group, facts)) for group in groups)
    return {tuple(sorted(each.row for each in group.findings)): words for group, words in whole}
