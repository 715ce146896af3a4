"""What is counted of the store: each card once, with its newest outcome, in the week in which it was shown."""

from datetime import date, timedelta

import pytest

from cds_service.figures import LIVE, NO_REASON, SILENT, Cell, Measure
from cds_service.masking import Masked
from tests.databases import Database
from tests.remembered import MONDAY, SUNDAY, Remembered

SECOND = MONDAY + timedelta(days=7)
SMALL, HIDDEN = Masked.SMALL, Masked.KEPT_BACK


def test_an_empty_store_has_no_figures(database: Database) -> None:
    counted = Remembered().figures(database)

    assert counted.counts == {}
    assert (counted.clients, counted.rules, counted.leaves) == ((), (), ())
    assert counted.weeks == (MONDAY, SECOND)
    assert counted.count(Measure.OPENS) == 0


def test_everything_is_counted_by_week_client_and_rule(database: Database) -> None:
    past = Remembered()
    past.counted("answer", "cards", 3).counted("answer", "no-report", 40).counted(
        "answer", "faded", 2, on=SUNDAY
    )
    past.counted("answer", "cards", 1, client="practice").counted("signal", "open", 43)
    past.counted("reported", "report", 6).counted("signal", "rule:M1", 6)
    past.counted("triggered", "M1", 5).counted("faded", "M1", 2, on=SUNDAY).counted("triggered", "D01", 1)
    past.shown("M1", 2)
    past.card("M1", on=SUNDAY)
    past.card("M1", client="practice")

    counted = past.figures(database)

    assert dict(counted.leaves) == {
        Cell(MONDAY, "ward", None, Measure.OPENS, LIVE): 43,
        Cell(SECOND, "ward", None, Measure.OPENS, LIVE): 2,
        Cell(MONDAY, "practice", None, Measure.OPENS, LIVE): 1,
        Cell(MONDAY, "ward", None, Measure.REPORTS, LIVE): 6,
        Cell(MONDAY, "ward", None, Measure.ANSWERED): 3,
        Cell(MONDAY, "practice", None, Measure.ANSWERED): 1,
        Cell(MONDAY, "ward", None, Measure.SILENCE, "no-report"): 40,
        Cell(SECOND, "ward", None, Measure.SILENCE, "faded"): 2,
        Cell(MONDAY, "ward", "M1", Measure.TRIGGERED): 5,
        Cell(MONDAY, "ward", "D01", Measure.TRIGGERED): 1,
        Cell(SECOND, "ward", "M1", Measure.FADED): 2,
        Cell(MONDAY, "ward", "M1", Measure.SHOWN): 2,
        Cell(SECOND, "ward", "M1", Measure.SHOWN): 1,
        Cell(MONDAY, "practice", "M1", Measure.SHOWN): 1,
        Cell(MONDAY, "ward", None, Measure.SHOWN): 2,
        Cell(SECOND, "ward", None, Measure.SHOWN): 1,
        Cell(MONDAY, "practice", None, Measure.SHOWN): 1,
    }


def test_totals_are_over_weeks_and_clients(database: Database) -> None:
    past = Remembered()
    past.counted("answer", "cards", 3).counted("answer", "no-report", 7, on=SUNDAY)
    past.counted("answer", "no-report", 5, client="practice").counted("faded", "M1", 2).counted(
        "faded", "D01", 1
    )
    past.shown("M1", 3)
    past.shown("M1", 2, on=SUNDAY, client="practice")

    counted = past.figures(database)

    assert counted.count(Measure.OPENS) == 15
    assert counted.count(Measure.OPENS, week=SECOND) == 7
    assert counted.count(Measure.OPENS, LIVE, client="practice") == 5
    assert counted.count(Measure.SILENCE, "no-report") == 12
    assert counted.count(Measure.SHOWN, rule="M1") == 5
    assert counted.count(Measure.SHOWN) == 5
    assert counted.count(Measure.SHOWN, week=SECOND) == 2
    assert counted.count(Measure.SHOWN, client="practice") == 2
    assert counted.count(Measure.FADED) == counted.count(Measure.FADED, week=MONDAY) == 3
    assert counted.clients == ("practice", "ward")
    assert counted.rules == ("M1", "D01")


def test_only_the_days_asked_for_are_counted(database: Database) -> None:
    past = Remembered()
    for day in (MONDAY - timedelta(days=1), MONDAY, SUNDAY, SUNDAY + timedelta(days=1)):
        past.card("D01", on=day)
        past.overridden("nobody's", on=day)
        past.counted("answer", "cards", 1, on=day).counted("triggered", "D01", 1, on=day)

    counted = past.figures(database)

    assert counted.count(Measure.SHOWN) == counted.count(Measure.SHOWN, rule="D01") == 2
    assert counted.count(Measure.OPENS) == counted.count(Measure.TRIGGERED, rule="D01") == 2


def test_one_week_is_a_report_too(database: Database) -> None:
    past = Remembered()
    past.card("D01")

    counted = past.figures(database, first=MONDAY, last=MONDAY)

    assert counted.weeks == (MONDAY,)
    assert counted.count(Measure.SHOWN, week=MONDAY) == 1


def test_a_card_that_was_overridden_and_later_accepted_is_accepted(database: Database) -> None:
    past = Remembered()
    card = past.card("D01")
    past.accepted(card, at=2, received=5, suggestions=2)
    past.overridden(card, at=1, received=6, reason="benefit")

    counted = past.figures(database)

    assert counted.count(Measure.ACCEPTED, rule="D01") == counted.count(Measure.ACCEPTED) == 1
    assert counted.count(Measure.OVERRIDDEN, rule="D01") == counted.count(Measure.OVERRIDDEN) == 0
    assert counted.count(Measure.SUGGESTIONS) == counted.count(Measure.SUGGESTIONS, rule="D01") == 2


def test_of_outcomes_at_the_same_time_the_one_received_last_counts(database: Database) -> None:
    past = Remembered()
    card = past.card("D01")
    past.overridden(card, at=1, received=6, reason="benefit")
    past.accepted(card, at=1, received=5)

    counted = past.figures(database)

    assert counted.count(Measure.OVERRIDDEN, "benefit", rule="D01") == 1
    assert counted.count(Measure.ACCEPTED) == 0


def test_a_clock_that_runs_ahead_does_not_have_the_last_word(database: Database) -> None:
    past = Remembered()
    card = past.card("D01")
    past.overridden(card, at=10**18, received=1, reason="benefit")
    past.accepted(card, at=2, received=2)

    assert past.figures(database).count(Measure.ACCEPTED) == 1


def test_a_card_that_was_overridden_twice_counts_once_with_the_newest_reason(database: Database) -> None:
    past = Remembered()
    card = past.card("D01")
    past.overridden(card, at=1, reason="benefit")
    past.overridden(card, at=2, reason="data-wrong")

    counted = past.figures(database)

    assert counted.count(Measure.OVERRIDDEN, rule="D01") == counted.count(Measure.OVERRIDDEN) == 1
    assert counted.reasons(Measure.OVERRIDDEN) == ("data-wrong",)


@pytest.mark.parametrize(
    ("told", "counted_as"),
    [
        ("cds-not-applicable", "not-nlc"),
        ("not-nlc", "not-nlc"),
        ("action-completed", "ordered"),
        ("of-another-system", "of-another-system"),
        (None, NO_REASON),
    ],
)
def test_a_reason_is_counted_by_one_name(
    sqlite_database: Database, told: str | None, counted_as: str
) -> None:
    past = Remembered()
    past.overridden(past.card("D01"), reason=told)

    counted = past.figures(sqlite_database)

    assert counted.count(Measure.OVERRIDDEN, counted_as, rule="D01") == 1


def test_an_outcome_belongs_to_the_week_of_its_card(database: Database) -> None:
    past = Remembered()
    past.overridden(past.card("D01"), on=SUNDAY + timedelta(days=30), reason="benefit")

    counted = past.figures(database)

    assert counted.count(Measure.OVERRIDDEN, week=MONDAY) == 1


def test_an_also_consider_card_counts_for_each_of_its_rules_and_once_as_a_card(database: Database) -> None:
    past = Remembered()
    past.overridden(past.card("D01", "C05", "S02"), reason="reviewed")

    counted = past.figures(database)

    for rule in ("D01", "C05", "S02"):
        assert counted.count(Measure.SHOWN, rule=rule) == 1
        assert counted.count(Measure.OVERRIDDEN, "reviewed", rule=rule) == 1
    assert counted.count(Measure.SHOWN) == counted.count(Measure.OVERRIDDEN) == 1


def test_a_member_of_a_line_is_not_counted(database: Database) -> None:
    """It is remembered so that it fades with its chain; the card told the chain."""
    past = Remembered()
    for second in range(2):
        past.card("M1", "D01", patient="Anna", second=second)
    for line in past.lines:
        line["is_part"] = line["rule"] == "D01"

    counted = past.figures(database)

    assert counted.rules == ("M1",)
    assert counted.count(Measure.SHOWN) == counted.count(Measure.SHOWN, rule="M1") == 2


def test_the_same_rule_and_facts_for_the_same_patient_are_a_repetition(database: Database) -> None:
    past = Remembered()
    past.card("L01", patient="Anna", facts="K 3.1", on=MONDAY - timedelta(days=60))
    past.card("L01", patient="Anna", facts="K 3.1")
    past.card("L01", "D01", patient="Anna", facts="K 3.1", second=1)
    past.card("L01", patient="Anna", facts="K 2.9", second=2)
    past.card("L01", patient="Bert", facts="K 3.1")

    counted = past.figures(database)

    assert counted.count(Measure.SHOWN, rule="L01") == 4
    assert counted.count(Measure.REPEATED, rule="L01") == 2
    assert counted.count(Measure.REPEATED, rule="D01") == 0


def test_what_nobody_saw_is_no_repetition(database: Database) -> None:
    past = Remembered()
    past.card("L01", patient="Anna", is_silent=True)
    past.card("L01", patient="Anna", second=1)
    past.card("L01", patient="Anna", second=2, is_silent=True)

    counted = past.figures(database)

    assert counted.count(Measure.REPEATED, rule="L01") == 0


def test_feedback_on_cards_that_are_not_known_counts_apart(database: Database) -> None:
    """No card, another client's, and one that nobody saw; each once."""
    past = Remembered()
    another, unseen = past.card("D01", client="practice"), past.card("D01", is_silent=True)
    for card in ("nobody's", another, unseen):
        past.overridden(card, reason="benefit")
        past.accepted(card, at=1, on=SUNDAY)

    counted = past.figures(database)

    assert counted.count(Measure.UNKNOWN) == counted.count(Measure.UNKNOWN, week=SECOND, client="ward") == 3
    assert counted.count(Measure.ACCEPTED) == counted.count(Measure.OVERRIDDEN) == 0


def test_cards_of_a_silent_client_are_counted_apart(database: Database) -> None:
    past = Remembered()
    past.counted("answer", "silent-mode", 4, client="pilot").counted("answer", "no-report", 6, client="pilot")
    past.counted("answer", "cards", 2).counted("reported", "report", 5, client="pilot")
    past.shown("M1", 4, client="pilot", is_silent=True)
    past.shown("M1", 2)

    counted = past.figures(database)

    assert counted.count(Measure.UNSEEN, rule="M1") == counted.count(Measure.UNSEEN, client="pilot") == 4
    assert counted.count(Measure.SHOWN, rule="M1") == counted.count(Measure.SHOWN) == 2
    assert counted.count(Measure.OPENS, SILENT) == 10
    assert counted.count(Measure.OPENS, LIVE) == 2
    assert counted.count(Measure.REPORTS, SILENT, client="pilot") == 5


def test_a_client_that_stops_being_silent_is_live_from_the_first_day_with_cards(database: Database) -> None:
    """Days on which nothing was to be said are like the day before, those at the beginning like the day after."""
    past = Remembered()
    days = [MONDAY + timedelta(days=number) for number in range(6)]
    for day, answer in zip(days, (None, "silent-mode", None, "cards", None, None), strict=True):
        past.counted("answer", "no-report", 10, on=day)
        if answer:
            past.counted("answer", answer, 1, on=day)

    counted = past.figures(database)

    assert counted.count(Measure.OPENS, SILENT) == 31
    assert counted.count(Measure.OPENS, LIVE) == 31


def test_an_answer_with_two_critical_cards_counts_once(database: Database) -> None:
    past = Remembered()
    for rule in ("L01", "R01"):
        past.card(rule, patient="Anna", indicator="critical")
    past.card("D01", patient="Anna")
    past.card("L01", patient="Anna", indicator="critical", second=9)
    past.card("L01", patient="Bert", indicator="critical")

    counted = past.figures(database)

    assert counted.count(Measure.CRITICAL, LIVE) == 3


def test_a_rule_is_to_be_reviewed_when_more_than_four_in_five_overrides_call_it_wrong(
    database: Database,
) -> None:
    past = Remembered()
    for rule, wrong, other in (("D01", 9, 2), ("D02", 8, 2)):
        past.overridden(*past.shown(rule, wrong), reason="other-cause")
        past.overridden(*past.shown(rule, other), reason="benefit")

    counted = past.figures(database)

    assert counted.count(Measure.WRONG, rule="D01") == 9
    assert counted.is_too_wrong("D01")
    assert not counted.is_too_wrong("D02")


# --- masks ------------------------------------------------------------------------------------------------------


def test_few_cards_are_masked_and_so_is_what_would_tell_them(database: Database) -> None:
    """3 of 9 overridden for one reason: the other one is not told either, since both make 9."""
    past = Remembered()
    past.overridden(*past.shown("D01", 3), reason="data-wrong")
    past.overridden(*past.shown("D01", 6), reason="benefit")
    past.shown("D01", 11)

    counted = past.figures(database, floor=5)

    assert counted.count(Measure.SHOWN, rule="D01") == 20
    assert counted.count(Measure.OVERRIDDEN, rule="D01") == 9
    assert counted.count(Measure.OVERRIDDEN, "data-wrong", rule="D01") in (SMALL, HIDDEN)
    assert counted.count(Measure.OVERRIDDEN, "benefit", rule="D01") is HIDDEN
    assert counted.count(Measure.OVERRIDDEN, "other-cause", rule="D01") == 0


def test_a_small_week_is_not_told_by_the_total_of_the_weeks(database: Database) -> None:
    past = Remembered()
    past.shown("D01", 8)
    past.shown("D01", 2, on=SUNDAY)

    counted = past.figures(database, floor=5)

    assert counted.count(Measure.SHOWN) == 10
    assert counted.count(Measure.SHOWN, week=MONDAY) is HIDDEN
    assert counted.count(Measure.SHOWN, week=SECOND) is SMALL
    assert not any(count in (2, 8) for count in counted.counts.values())


def test_a_small_client_is_not_told_by_the_others(database: Database) -> None:
    past = Remembered()
    for client, opens in (("ward", 20), ("practice", 3), ("clinic", 9)):
        past.counted("answer", "no-report", opens, client=client)

    counted = past.figures(database, floor=5)

    assert counted.count(Measure.OPENS) == 32
    assert counted.count(Measure.OPENS, LIVE, client="practice") is SMALL
    assert counted.count(Measure.OPENS, LIVE, client="clinic") is HIDDEN
    assert counted.count(Measure.OPENS, LIVE, client="ward") == 20


def test_no_share_is_told_of_a_masked_count(database: Database) -> None:
    past = Remembered()
    past.accepted(past.shown("D01", 30)[0])

    counted = past.figures(database, floor=5)

    accepted, shown = (counted.count(each) for each in (Measure.ACCEPTED, Measure.SHOWN))
    assert (accepted, shown) == (SMALL, 30)
    assert counted.share(accepted, shown) is None
    assert counted.share(shown, shown) == 1


def test_a_rule_with_few_overrides_is_not_told_to_be_reviewed(database: Database) -> None:
    past = Remembered()
    past.overridden(*past.shown("D01", 4), reason="other-cause")

    counted = past.figures(database, floor=5)

    assert not counted.is_too_wrong("D01")


def test_weeks_are_those_of_the_calendar_at_the_turn_of_the_year(sqlite_database: Database) -> None:
    past = Remembered()
    past.card("D01", on=date(2027, 1, 3))

    counted = past.figures(sqlite_database, first=date(2026, 12, 30), last=date(2027, 1, 4))

    assert counted.weeks == (date(2026, 12, 28), date(2027, 1, 4))
    assert counted.count(Measure.SHOWN, week=date(2026, 12, 28)) == 1
