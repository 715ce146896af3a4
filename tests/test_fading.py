"""What stays silent because it was shown or overridden before (CARDS B1.6), and what speaks all the same."""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.chains import Matter
from cds_service.fading import Faded, Outcome, Shown, faded
from cds_service.verdicts import URGENCY
from tests.patients import TODAY
from tests.test_laws import laws as thorough

REPORTS = frozenset({"diagnosis 2026-05-06", "reason for a visit 2026-05-26"})
LOW_POTASSIUM = Matter("M1", "warning", frozenset({"furosemide: from 2026-04-16", "potassium: 3.1"}))
URGENT = LOW_POTASSIUM._replace(level="critical")
REASONS = (
    "reviewed",
    "ordered",
    "benefit",
    "other-cause",
    "not-nlc",
    "data-wrong",
    "handled",
    "spurious",
    None,
)


def _ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def _mark(key: bytes, word: str) -> bytes:
    return hmac.digest(key, word.encode(), "sha256")[:8]


MARK = partial(_mark, b"a key of these tests")
OTHER_MARK = partial(_mark, b"the key before it")


def _shown(
    ago: int,
    matter: Matter = LOW_POTASSIUM,
    *,
    is_own: bool = False,
    outcome: Outcome | None = None,
    reports: frozenset[str] = REPORTS,
    mark: Callable[[str], bytes] = MARK,
) -> Shown:
    facts, reported = frozenset(map(mark, matter.facts)), frozenset(map(mark, reports))
    return Shown(matter.rule, matter.level, facts, reported, mark, _ago(ago), is_own, outcome)


def _overridden(ago: int, reason: str | None = "reviewed", matter: Matter = LOW_POTASSIUM) -> Shown:
    return _shown(ago, matter, outcome=Outcome(is_override=True, reason=reason, on=_ago(ago)))


def _faded(
    past: Iterable[Shown],
    matter: Matter = LOW_POTASSIUM,
    *,
    reports: frozenset[str] = REPORTS,
    fade_after: int = 0,
) -> Faded | None:
    return faded(matter, reports, tuple(past), fade_after, TODAY)


# --- overridden -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "days"),
    [
        ("reviewed", 90),
        ("other-cause", 90),
        ("data-wrong", 90),
        ("handled", 90),
        ("replacement-started", 90),
        ("", 90),
        (None, 90),
        ("benefit", 365),
        ("ordered", 30),
        ("action-completed", 30),
        ("not-nlc", 365),
        ("cds-not-applicable", 365),
    ],
)
def test_an_override_mutes_for_as_long_as_its_reason_says(reason: str | None, days: int) -> None:
    """The day that completes its days is the last silent one."""
    first, last, next_ = _overridden(0, reason), _overridden(days, reason), _overridden(days + 1, reason)

    assert _faded([first]) is not None
    assert _faded([last]) is not None
    assert _faded([next_]) is None


@pytest.mark.parametrize("reason", ["handled", "spurious", "ordered", "action-completed"])
def test_a_critical_card_is_muted_for_a_week_by_what_was_done_about_it(reason: str) -> None:
    assert _faded([_overridden(0, reason, URGENT)], URGENT) is not None
    assert _faded([_overridden(7, reason, URGENT)], URGENT) is not None
    assert _faded([_overridden(8, reason, URGENT)], URGENT) is None


@pytest.mark.parametrize(
    "reason",
    [
        "reviewed",
        "benefit",
        "other-cause",
        "not-nlc",
        "cds-not-applicable",
        "data-wrong",
        "hypo-handled",
        "",
        None,
    ],
)
def test_no_other_reason_mutes_a_critical_card(reason: str | None) -> None:
    assert _faded([_overridden(0, reason, URGENT)], URGENT, fade_after=1) is None


def test_it_is_told_why_and_until_when() -> None:
    benefit, not_cramps = _overridden(10, "benefit"), _overridden(20, "cds-not-applicable")

    assert _faded([benefit]) == Faded(LOW_POTASSIUM, "overridden", "benefit", _ago(10), _ago(10 - 365))
    assert _faded([not_cramps]) == Faded(LOW_POTASSIUM, "not-nlc", "not-nlc", _ago(20), _ago(20 - 365))


def test_of_several_overrides_the_one_that_lasts_longest_mutes() -> None:
    past = [_overridden(1, "ordered"), _overridden(5, "benefit"), _overridden(100, None)]

    found = _faded(past)

    assert found is not None
    assert (found.reason, found.since) == ("benefit", _ago(5))


def test_an_acceptance_after_the_override_ends_it() -> None:
    accepted = _shown(10, outcome=Outcome(is_override=False, reason=None, on=_ago(3)))

    assert _faded([accepted]) is None


def test_an_override_by_anybody_counts() -> None:
    outcome = Outcome(is_override=True, reason="reviewed", on=_ago(2))

    assert _faded([_shown(2, is_own=False, outcome=outcome)]) is not None
    assert _faded([_shown(2, is_own=True, outcome=outcome)]) is not None


def test_the_days_count_from_the_override_not_from_the_showing() -> None:
    late = _shown(100, outcome=Outcome(is_override=True, reason="reviewed", on=_ago(90)))

    assert _faded([late]) is not None


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("ago", [-1, -400, -200_000])
def test_an_override_from_the_future_mutes_nothing(reason: str | None, ago: int) -> None:
    assert _faded([_overridden(ago, reason)]) is None
    assert _faded([_overridden(ago, reason, URGENT)], URGENT) is None


def test_days_at_the_ends_of_the_calendar_do_no_harm() -> None:
    first = Outcome(is_override=True, reason="benefit", on=date.min)
    last = replace(first, on=date.max)

    assert _faded([_shown(0, outcome=first), _shown(0, outcome=last)]) is None
    assert faded(LOW_POTASSIUM, REPORTS, [_shown(0, outcome=last)], 0, date.max) is not None


# --- not nocturnal leg cramps -----------------------------------------------------------------------------------


def test_who_says_that_the_cramps_are_none_mutes_every_rule_but_what_is_critical() -> None:
    elsewhere = Matter("D07", "info", frozenset({"atorvastatin"}))
    past = [_overridden(10, "not-nlc", elsewhere)]

    assert _faded(past, LOW_POTASSIUM) is not None
    assert _faded(past, URGENT) is None


def test_a_critical_card_that_was_called_no_cramps_stays_and_the_others_fall_silent() -> None:
    past = [_overridden(10, "not-nlc", URGENT)]

    assert _faded(past, URGENT) is None
    assert _faded(past, Matter("D07", "info", frozenset({"atorvastatin"}))) is not None


def test_new_facts_do_not_bring_back_what_was_called_no_cramps() -> None:
    past = [_overridden(10, "not-nlc")]

    found = _faded(past, LOW_POTASSIUM._replace(facts=LOW_POTASSIUM.facts | {"magnesium: 0.6"}))

    assert found is not None
    assert found.why == "not-nlc"


def test_a_new_report_of_cramps_brings_back_what_was_called_no_cramps() -> None:
    past = [_overridden(10, "not-nlc")]

    assert _faded(past, reports=REPORTS | {"diagnosis 2026-06-10"}) is None
    assert _faded(past, reports=frozenset({"diagnosis 2026-05-06"})) is not None


# --- shown ------------------------------------------------------------------------------------------------------


def test_what_was_shown_often_enough_to_a_user_falls_silent_for_that_user() -> None:
    own = [_shown(ago, is_own=True) for ago in (9, 5, 2)]
    others = [_shown(ago) for ago in (9, 5, 2)]

    assert _faded(own, fade_after=3) == Faded(LOW_POTASSIUM, "shown-to-user", None, _ago(2), None)
    assert _faded(own[:2], fade_after=3) is None
    assert _faded([*own[:2], *others], fade_after=3) is None


def test_what_was_shown_to_anybody_for_ninety_days_falls_silent_for_everybody() -> None:
    seen = [_shown(91), _shown(40)]

    assert _faded(seen, fade_after=3) == Faded(LOW_POTASSIUM, "shown-for-long", None, _ago(91), None)
    assert _faded([_shown(90), _shown(40)], fade_after=3) is None


def test_what_was_shown_once_may_not_have_been_read_and_is_shown_again() -> None:
    assert _faded([_shown(200)], fade_after=3) is None


def test_nothing_fades_by_showings_where_that_is_switched_off() -> None:
    assert _faded([_shown(ago, is_own=True) for ago in range(200)], fade_after=0) is None


def test_critical_cards_never_fade_by_showings() -> None:
    past = [_shown(ago, URGENT, is_own=True) for ago in range(200)]

    assert _faded(past, URGENT, fade_after=1) is None


def test_an_override_is_told_before_showings() -> None:
    past = [*(_shown(ago, is_own=True) for ago in (100, 5, 2)), _overridden(3)]

    found = _faded(past, fade_after=3)

    assert found is not None
    assert found.why == "overridden"


def test_showings_from_the_future_do_not_count() -> None:
    assert _faded([_shown(ago, is_own=True) for ago in (-1, -2, -400)], fade_after=1) is None


def test_what_was_shown_before_it_was_ordered_is_looked_at_afresh() -> None:
    """`ordered` mutes for 30 days only, since it promises a next look."""
    before = [_shown(ago, is_own=True) for ago in (120, 110, 40)]
    ordered = _overridden(31, "action-completed")
    since = [_shown(ago, is_own=True) for ago in (2, 1, 0)]

    assert _faded([*before, ordered], fade_after=3) is None
    assert _faded([*before, ordered, *since], fade_after=3) is not None


# --- the same card, the same facts ------------------------------------------------------------------------------


silenced = pytest.mark.parametrize(
    "past",
    [[_overridden(1)], [_shown(ago, is_own=True) for ago in (3, 2, 1)], [_shown(100), _shown(50)]],
    ids=["overridden", "shown to the user", "shown for long"],
)


@silenced
def test_the_same_and_fewer_facts_are_no_news(past: list[Shown]) -> None:
    fewer = LOW_POTASSIUM._replace(facts=frozenset({"potassium: 3.1"}))

    assert _faded(past, fade_after=3) is not None
    assert _faded(past, fewer, fade_after=3) is not None


@silenced
def test_what_has_become_less_urgent_is_no_news(past: list[Shown]) -> None:
    assert _faded(past, LOW_POTASSIUM._replace(level="info"), fade_after=3) is not None


@silenced
def test_a_new_fact_another_rule_or_a_higher_level_speaks(past: list[Shown]) -> None:
    changed = LOW_POTASSIUM._replace(facts=LOW_POTASSIUM.facts | {"furosemide: dose 80 mg"})

    assert _faded(past, changed, fade_after=3) is None
    assert _faded(past, LOW_POTASSIUM._replace(rule="M2"), fade_after=3) is None
    assert _faded(past, URGENT, fade_after=3) is None


def test_a_warning_that_was_overridden_does_not_mute_it_as_critical() -> None:
    assert _faded([_overridden(1, "handled")], URGENT) is None


def test_facts_of_several_showings_do_not_add_up() -> None:
    one, other = (LOW_POTASSIUM._replace(facts=frozenset({each})) for each in LOW_POTASSIUM.facts)

    assert _faded([_overridden(2, matter=one), _overridden(1, matter=other)]) is None


def test_what_an_older_key_marked_is_known_too() -> None:
    outcome = Outcome(is_override=True, reason="reviewed", on=_ago(9))
    past = [_shown(9, outcome=outcome, mark=OTHER_MARK), _shown(1)]

    assert _faded(past) is not None


def test_a_level_that_is_not_known_any_more_mutes_nothing() -> None:
    assert _faded([_overridden(1, matter=LOW_POTASSIUM._replace(level="urgent"))]) is None


def test_each_word_is_marked_once_however_often_it_was_shown() -> None:
    asked: list[str] = []

    def mark(word: str) -> bytes:
        asked.append(word)
        return MARK(word)

    past = [_shown(ago, mark=mark) for ago in range(50)]
    asked.clear()
    _faded(past, fade_after=3)

    assert sorted(asked) == sorted(LOW_POTASSIUM.facts)


# --- laws -------------------------------------------------------------------------------------------------------

laws = settings(thorough, max_examples=100)

WORDS = ("furosemide", "furosemide: dose 40 mg", "potassium: 3.1", "magnesium: 0.6", "atorvastatin")
LEVELS = ("critical", "warning", "info", "also_consider")

matters = st.builds(
    Matter, st.sampled_from(("M1", "D01")), st.sampled_from(LEVELS), st.frozensets(st.sampled_from(WORDS))
)
reported = st.frozensets(st.sampled_from(sorted(REPORTS)), min_size=1)
ages = st.integers(-400, 400) | st.sampled_from((-1, 0, 1, 7, 8, 30, 31, 90, 91, 365, 366))


@st.composite
def outcomes(draw: st.DrawFn, reasons: Iterable[str | None] = REASONS) -> Outcome:
    return Outcome(draw(st.booleans()), draw(st.sampled_from(tuple(reasons))), _ago(draw(ages)))


@st.composite
def pasts(draw: st.DrawFn, reasons: Iterable[str | None] = REASONS) -> list[Shown]:
    one = st.builds(
        _shown,
        ages,
        matters,
        is_own=st.booleans(),
        outcome=st.none() | outcomes(reasons),
        reports=reported,
        mark=st.sampled_from((MARK, OTHER_MARK)),
    )
    return draw(st.lists(one, max_size=6))


# the cramps are called none: that is no fading of one card
OF_CARDS = tuple(reason for reason in REASONS if reason != "not-nlc")


@laws
@given(matters, reported, pasts(OF_CARDS), st.integers(0, 4))
def test_fading_never_hides_a_card_that_has_become_more_urgent(
    matter: Matter, reports: frozenset[str], past: list[Shown], fade_after: int
) -> None:
    lesser = [each for each in past if URGENCY[each.level] > URGENCY[matter.level]]

    assert faded(matter, reports, lesser, fade_after, TODAY) is None


@laws
@given(matters, reported, pasts(OF_CARDS), st.integers(0, 4))
def test_a_new_fact_always_speaks(
    matter: Matter, reports: frozenset[str], past: list[Shown], fade_after: int
) -> None:
    changed = matter._replace(facts=matter.facts | {"a new fact"})

    assert faded(changed, reports, past, fade_after, TODAY) is None


@laws
@given(matters, reported, pasts(), st.integers(0, 4))
def test_a_new_report_leaves_nothing_but_what_the_card_itself_was_told(
    matter: Matter, reports: frozenset[str], past: list[Shown], fade_after: int
) -> None:
    found = faded(matter, reports | {"a new report"}, past, fade_after, TODAY)

    assert found is None or found.why != "not-nlc"


@laws
@given(matters, reported, pasts(), st.integers(0, 4), st.randoms(use_true_random=False))
def test_the_order_of_what_was_shown_never_matters(
    matter: Matter, reports: frozenset[str], past: list[Shown], fade_after: int, chance: Random
) -> None:
    other = sorted(past, key=lambda _: chance.random())

    assert faded(matter, reports, other, fade_after, TODAY) == faded(matter, reports, past, fade_after, TODAY)


@laws
@given(matters, reported, st.integers(0, 4))
def test_nothing_fades_that_was_never_shown(matter: Matter, reports: frozenset[str], fade_after: int) -> None:
    assert faded(matter, reports, (), fade_after, TODAY) is None


@laws
@given(matters, reported, pasts(), st.integers(0, 4))
def test_a_critical_card_is_silent_only_in_the_week_after_it_was_seen_to(
    matter: Matter, reports: frozenset[str], past: list[Shown], fade_after: int
) -> None:
    urgent = matter._replace(level="critical")

    found = faded(urgent, reports, past, fade_after, TODAY)

    assert found is None or (
        found.why == "overridden"
        and found.reason in ("handled", "spurious", "ordered")
        and 0 <= (TODAY - found.since).days <= 7
    )


@laws
@given(matters, reported, pasts(), st.integers(0, 4))
def test_a_silence_that_has_an_end_has_not_reached_it(
    matter: Matter, reports: frozenset[str], past: list[Shown], fade_after: int
) -> None:
    found = faded(matter, reports, past, fade_after, TODAY)

    assert found is None or (found.since <= TODAY <= (found.until or TODAY))


@laws
@given(matters, reported, pasts(), st.integers(0, 4))
def test_what_lies_in_the_future_silences_nothing(
    matter: Matter, reports: frozenset[str], past: list[Shown], fade_after: int
) -> None:
    future = [each for each in past if each.on > TODAY and (each.outcome is None or each.outcome.on > TODAY)]

    assert faded(matter, reports, future, fade_after, TODAY) is None
