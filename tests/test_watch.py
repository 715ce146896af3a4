"""`legcramps watch`: quiet faults in simulated months are found, fault-free quarters stay quiet, and how it is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cds_service.overseeing.alarms import Alarm, Share, alarms, history
from cds_service.overseeing.faults import Fault, faults
from cds_service.overseeing.faults import name as words
from cds_service.overseeing.watch import Watched, watch
from cds_service.settings import Settings, load
from cds_service.signals import OPEN, RECORD, REPORT
from cds_service.store import Store
from tests.databases import Database
from tests.remembered import Remembered
from tests.simulated_months import (
    FAULTS,
    FIRST,
    HOSPITAL,
    PRACTICE,
    WINTER,
    Counts,
    Days,
    Place,
    counts,
    days,
    keep,
)

_QUARTER = 28 + 90  # days: a past, and a quarter
_RARE = {"no reasons of visits"}
# what a practice with thirty charts a day sees within a week: whatever is in most records
_SEEN_BY_FEW = {
    *("calcium in other units", "no conditions", "no prescriptions", "local drug codes", "ICD-11"),
    *("unreadable results", "lists cut off", "results fail", "undated results", "no birth dates"),
}


@cache
def _days(place: Place, seed: int, count: int, first: date = FIRST) -> Days:
    return days(place, seed, count, first)


def _found(place: Place, seed: int, past: int) -> set[str]:
    """The faults that are told by a signal of theirs, each planted alone after so many days."""
    start, last = FIRST + timedelta(days=past), FIRST + timedelta(days=past + 6)
    made = _days(place, seed, past + 7)
    usual = counts({day: opened for day, opened in made.items() if day < start})
    week = {day: opened for day, opened in made.items() if day >= start}
    return {
        name
        for name, fault in FAULTS.items()
        if any(
            each.signal.startswith(fault.told) and each.found >= start
            for each in alarms(_joined(usual, counts(week, name, start)), last)
        )
    }


def _joined(before: Counts, after: Counts) -> Counts:
    return {name: {**before.get(name, {}), **after.get(name, {})} for name in before.keys() | after.keys()}


def _level(
    shares: dict[str, float],
    size: int,
    change: dict[str, tuple[int, float]] | None = None,
    each_day: int = 200,
) -> Counts:
    """Every day the same: signals by their share of the charts; some have another one from a day on."""
    made: Counts = {}
    for place in range(size):
        day = FIRST + timedelta(days=place)
        now = {name: share for name, (begin, share) in (change or {}).items() if place >= begin}
        for name, share in {OPEN: 1.0, RECORD: 1.0, REPORT: 0.1, **shares, **now}.items():
            made.setdefault(name, {})[day] = round(each_day * share)
    return made


def _at(place: int) -> date:
    return FIRST + timedelta(days=place)


# --- a simulated month ------------------------------------------------------------------------------------------


def test_a_hospital_sees_quiet_faults_within_a_week() -> None:
    planted = FAULTS.keys() - _RARE

    # the first begins just before Easter, when half as many charts are opened
    missed = [planted - _found(HOSPITAL, seed, past) for seed, past in ((1, 31), (2, 43))]

    assert len(planted) >= 12
    assert sum(map(len, missed)) <= 2 * len(planted) / 12, missed


def test_a_hospital_sees_within_four_weeks_what_is_in_one_of_a_hundred_charts() -> None:
    start = _at(43)
    made = counts(_days(HOSPITAL, 2, 43 + 28), "no reasons of visits", start)

    found = history(made, start + timedelta(days=27))

    assert [each.signal for each in found if each.found >= start][:1] == ["carrier:reason-for-a-visit"]


def test_a_practice_sees_within_a_week_what_is_in_most_records() -> None:
    found = _found(PRACTICE, 3, 43)

    assert found >= _SEEN_BY_FEW


@pytest.mark.parametrize("fault", ["potassium renamed", "potassium in no unit", "half of the results"])
def test_a_practice_sees_within_four_weeks_what_concerns_a_few_patients(fault: str) -> None:
    start = _at(43)
    made = counts(_days(PRACTICE, 3, 43 + 28), fault, start)

    found = history(made, start + timedelta(days=27))

    assert [
        each.signal for each in found if each.signal.startswith(FAULTS[fault].told) and each.found >= start
    ]


def test_fault_free_quarters_have_at_most_one_false_alarm() -> None:
    quarters = [(seed, first) for first in (FIRST, WINTER) for seed in range(3)]

    told = [
        fault
        for seed, first in quarters
        for place in (HOSPITAL, PRACTICE)
        for fault in faults(
            place.name,
            history(counts(_days(place, seed, _QUARTER, first)), first + timedelta(days=_QUARTER - 1)),
        )
    ]

    assert len(told) <= len(quarters), [each.sentence({}) for each in told]


# --- what is an alarm -------------------------------------------------------------------------------------------


def test_a_signal_that_stops_is_told_with_its_day_and_its_shares() -> None:
    made = _level({"list:labs:given": 0.9}, 40, {"list:labs:given": (38, 0.0)})

    found = alarms(made, _at(39))

    assert found == (Alarm("list:labs:given", _at(38), _at(38), Share(180 * 28, 200 * 28), Share(0, 400)),)
    assert found[0].is_fall


def test_a_signal_that_was_never_there_is_told_when_it_comes() -> None:
    made = _level({"list:labs:given": 0.9, "list:labs:failed": 0.0}, 30, {"list:labs:failed": (29, 0.3)})

    found = alarms(made, _at(29))

    assert [(each.signal, each.before.count, each.is_fall) for each in found] == [
        ("list:labs:failed", 0, False)
    ]


def test_nothing_is_told_before_there_is_a_past() -> None:
    made = _level({"list:labs:given": 0.9}, 14, {"list:labs:given": (10, 0.0)})

    assert alarms(made, _at(13)) == ()


def test_a_change_that_nobody_wants_to_hear_of_is_not_told() -> None:
    made = _level({"list:labs:given": 0.6}, 60, {"list:labs:given": (30, 0.7)}, each_day=5000)

    assert history(made, _at(59)) == ()


def test_a_clinic_on_one_weekday_is_no_alarm() -> None:
    made = _level({"list:labs:given": 0.9}, 90)
    for day in made["list:labs:given"]:
        made["list:labs:given"][day] -= 120 if day.weekday() == 1 else 0

    assert history(made, _at(89)) == ()


def test_a_fault_that_lasts_stays_an_alarm() -> None:
    made = _level({"list:labs:given": 0.9}, 30 + 80, {"list:labs:given": (30, 0.0)})

    found = alarms(made, _at(109))

    assert [(each.since, each.found, each.now.of) for each in found] == [(_at(30), _at(30), 80 * 200)]


def test_the_repair_of_a_fault_is_no_alarm() -> None:
    made = _level({"list:labs:given": 0.9}, 80, {"list:labs:given": (30, 0.0)})
    for place in range(40, 80):
        made["list:labs:given"][_at(place)] = 180

    found = history(made, _at(79))

    assert [(each.since, each.until) for each in found] == [(_at(30), _at(40))]
    assert alarms(made, _at(79)) == ()


def test_a_fault_that_comes_back_after_its_repair_is_told_again() -> None:
    made = _level({"list:labs:given": 0.9}, 80, {"list:labs:given": (30, 0.0)})
    for place in range(40, 70):
        made["list:labs:given"][_at(place)] = 180

    found = alarms(made, _at(79))

    assert [each.since for each in found] == [_at(70)]


def test_after_a_wanted_change_the_past_begins_anew() -> None:
    made = _level({"list:labs:given": 0.9}, 80, {"list:labs:given": (30, 0.0)})

    assert alarms(made, _at(79), since=_at(30)) == ()


def test_a_part_of_what_stopped_altogether_is_not_told_beside_it() -> None:
    made = _level({"rule:L01": 0.05, "analyte:potassium": 0.08}, 40, {REPORT: (33, 0.0)})
    for name in ("rule:L01", "analyte:potassium"):
        made[name] = {day: count for day, count in made[name].items() if day < _at(33)}

    found = alarms(made, _at(39))

    assert [each.signal for each in found] == [REPORT]


# --- how many charts are opened ---------------------------------------------------------------------------------


def _opens(line: list[float]) -> Counts:
    return {name: {_at(place): round(count) for place, count in enumerate(line)} for name in (OPEN, RECORD)}


def _weeks(count: int, weekend: float = 40) -> list[float]:
    return [each for _ in range(count) for each in (*[200.0] * 5, weekend, weekend)]


def test_when_no_chart_is_opened_it_is_told_the_next_day() -> None:
    line = [*_weeks(5), 200, 0]

    found = alarms(_opens(line), _at(36))

    assert [(each.signal, each.since, each.now.count) for each in found] == [(OPEN, _at(36), 0)]


def test_half_as_many_charts_are_told_within_a_week() -> None:
    line = [*_weeks(5), *[each / 2 for each in _weeks(1)]]

    found = alarms(_opens(line), _at(41))

    assert [(each.since, each.before.count, each.now.count) for each in found] == [(_at(35), 1080, 540)]


def test_twice_as_many_charts_are_told() -> None:
    line = [*_weeks(5), *[each * 2 for each in _weeks(1)]]

    assert [each.is_fall for each in alarms(_opens(line), _at(41))] == [False]


@pytest.mark.parametrize("weekend", [40, 0])
def test_two_holidays_in_a_week_are_no_alarm(weekend: float) -> None:
    line = _weeks(10, weekend)
    line[32] = line[35] = weekend  # Good Friday and Easter Monday

    assert history(_opens(line), _at(69)) == ()


def test_slow_growth_is_no_alarm() -> None:
    line = [each * 1.01**place for place, each in enumerate(_weeks(16))]

    assert history(_opens(line), _at(len(line) - 1)) == ()


def test_charts_that_are_opened_again_end_the_alarm() -> None:
    line = [*_weeks(5), *[0.0] * 7, *_weeks(4)]

    found = history(_opens(line), _at(len(line) - 1))

    assert [(each.since, each.until) for each in found] == [(_at(35), _at(42))]


# --- how it is told ---------------------------------------------------------------------------------------------


def _alarm(signal: str, before: int, now: int, since: date = FIRST) -> Alarm:
    return Alarm(signal, since, since, Share(before, 100), Share(now, 100))


def test_one_fault_is_told_in_one_line() -> None:
    changed = [
        _alarm("analyte:calcium_total:mg/dL", 0, 95),
        _alarm("analyte:calcium_total:mmol/L", 96, 0),
        _alarm("rule:L03", 12, 30, FIRST + timedelta(days=2)),
    ]

    found = faults("north", changed)

    assert [each.sentence({"L03": "low calcium"}) for each in found] == [
        "north: calcium total in mmol/L: in 96 of 100 patients with a report, since 2 Mar 2026 in none; calcium total "
        "in mg/dL: in none of 100 patients with a report, since 2 Mar 2026 in 95; rule L03 (low calcium): in 12 of "
        "100 patients with a report, since 4 Mar 2026 in 30. To look at: was the code or the unit of this test "
        "changed? `legcramps check` on one record tells [analyte:calcium_total:mmol/L]"
    ]


def test_the_list_is_told_before_what_it_held() -> None:
    signals = (
        "silence:no-report", "rule:C04", REPORT, "concept:hypertension", "system:diagnosis:ICD-10-CM",
        "size:conditions:1", "list:conditions:given",
    )  # fmt: skip

    found = faults("north", [_alarm(each, 90, 0) for each in signals])

    assert [each.signal for each in found[0].alarms] == [*reversed(signals[2:]), signals[1], signals[0]]
    assert len(found) == 1


def test_faults_of_different_feeds_or_times_are_told_apart() -> None:
    later = FIRST + timedelta(days=20)
    changed = [
        _alarm("list:labs:given", 90, 0),
        _alarm("list:medicationRequests:given", 90, 0),
        _alarm("analyte:potassium", 90, 0, later),
        _alarm("rule:D04", 30, 0, later),
    ]

    found = faults("north", changed)

    assert [[each.signal for each in fault.alarms] for fault in found] == [
        ["list:labs:given"],
        ["list:medicationRequests:given"],
        ["analyte:potassium", "rule:D04"],
    ]


def test_shares_say_none_and_all_only_where_it_is_so() -> None:
    alarm = Alarm("list:labs:given", FIRST, FIRST, Share(999, 1000), Share(1, 1000))

    said = Fault("north", (alarm,)).sentence({})

    assert "in 99.9 of 100 records, since 2 Mar 2026 in 0.1." in said


def test_every_signal_of_the_simulation_has_words() -> None:
    day = _at(43)
    names = {name for fault in FAULTS for name in counts({day: range(120)}, fault, day)}

    said = {name: words(name, {}) for name in sorted(names)}

    assert [name for name, each in said.items() if ":" in each or "_" in each] == []
    assert len(set(said.values())) > 0.9 * len(said)  # a class and a concept may have one name


def test_a_signal_of_another_version_is_told_too() -> None:
    found = faults("north", [_alarm("moon:full:3", 90, 0), _alarm("system:moon:x", 90, 0)])

    assert len(found) == 2
    assert all("To look at: " in each.sentence({}) for each in found)


# --- the command ------------------------------------------------------------------------------------------------

_TODAY = _at(44)


@pytest.fixture(scope="module")
def month() -> Counts:
    """A month of a hospital whose laboratory feed fails on the last day."""
    return counts(_days(HOSPITAL, 1, 44), "results fail", _at(43))


def _settings(database: Database) -> Settings:
    return load(store=database.url)


@contextmanager
def _kept(database: Database, **clients: Counts) -> Iterator[Settings]:
    store = Store.open(database.url)
    for client, made in clients.items():
        keep(store, client, made)
    store.close()
    yield _settings(database)


def test_alarms_are_told_on_both_databases(database: Database, month: Counts, tmp_path: Path) -> None:
    out, told = StringIO(), StringIO()
    file = tmp_path / "legcramps.prom"

    with (
        _kept(database, north=month, south=counts(_days(PRACTICE, 1, 44))) as settings,
        capture_logs() as logs,
    ):
        code = watch(settings, Watched(textfile=file), _TODAY, out)
        again = watch(settings, Watched(as_json=True), _TODAY, told)

    lines, data = out.getvalue().splitlines(), json.loads(told.getvalue())
    assert (code, again, len(lines)) == (1, 1, 1)
    assert lines[0].startswith("north: labs failed: in none of 100 records, since 14 Apr 2026 in all; ")
    assert [each["says"] for each in data["faults"]] == lines
    assert data["until"] == "2026-04-14"
    assert data["faults"][0]["alarms"][0]["signal"] == "list:labs:failed"
    assert {(each["event"], each["client"], each["cause"]) for each in logs} == {
        ("watch", "north", "list:labs:failed")
    }
    assert 'legcramps_watch_faults{client="north"} 1.0' in file.read_text()
    assert 'legcramps_watch_faults{client="south"} 0.0' in file.read_text()
    assert 'legcramps_watch_alarm{cause="list:labs:failed",client="north",signal="list:labs:failed"} 1.0' in (
        file.read_text()
    )


def test_without_an_alarm_it_says_so(sqlite_database: Database, tmp_path: Path) -> None:
    out, file = StringIO(), tmp_path / "legcramps.prom"

    with _kept(
        sqlite_database, north=counts(_days(HOSPITAL, 1, 44)), new=counts(_days(PRACTICE, 1, 3, _at(40)))
    ) as at:
        code = watch(at, Watched(textfile=file), _TODAY, out)

    assert code == 0
    assert out.getvalue().splitlines() == [
        "Nothing changed that chance does not explain.",
        "new: less than 14 days of past, too short to compare",
    ]
    assert "legcramps_watch_alarm{" not in file.read_text()


def test_today_is_not_looked_at_before_it_is_over(sqlite_database: Database, month: Counts) -> None:
    with _kept(sqlite_database, north=month) as settings:
        code = watch(settings, Watched(), _TODAY - timedelta(days=1), StringIO())

    assert code == 0


@pytest.mark.parametrize(
    ("known", "is_told"),
    [
        (("list:labs",), False),
        (("north/list:labs",), False),
        (("south/list:labs",), True),
        (("list:lab",), True),
    ],
)
def test_a_known_signal_is_not_told(sqlite_database: Database, known: tuple[str, ...], is_told: bool) -> None:
    made = _level({"list:labs:given": 0.9}, 44, {"list:labs:given": (40, 0.0)})

    with _kept(sqlite_database, north=made) as settings:
        code = watch(settings, Watched(known=known), _TODAY, StringIO())

    assert code == int(is_told)


def test_what_changed_with_a_known_signal_is_not_told_either(
    sqlite_database: Database, month: Counts
) -> None:
    out = StringIO()

    with _kept(sqlite_database, north=month) as settings:
        code = watch(settings, Watched(known=("list:labs:failed",)), _TODAY, out)

    assert (code, out.getvalue()) == (0, "Nothing changed that chance does not explain.\n")


def test_what_was_wanted_is_not_told(sqlite_database: Database, month: Counts) -> None:
    out = StringIO()

    with _kept(sqlite_database, north=month) as settings:
        code = watch(settings, Watched(since=_at(43)), _TODAY, out)

    assert (code, out.getvalue().splitlines()) == (
        0,
        ["north: less than 14 days of past, too short to compare"],
    )


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "other.db"

    with pytest.raises(ValueError, match="there is no database"):
        watch(load(store=f"sqlite:///{file}"), Watched(), _TODAY, StringIO())

    assert not file.exists()


def test_on_the_first_day_it_says_that_there_is_nothing_to_compare_with(database: Database) -> None:
    today = date(2026, 6, 15)
    rows = Remembered()
    for name in (OPEN, RECORD, REPORT):
        rows.counted("signal", name, 40, on=today)
    rows.into(database)
    out = StringIO()

    code = watch(load(store=database.url), Watched(), today, out)

    assert code == 0
    assert out.getvalue() == "ward: less than 14 days of past, too short to compare\n"


def test_where_nothing_was_ever_counted_it_can_not_look(sqlite_database: Database, tmp_path: Path) -> None:
    file = tmp_path / "legcramps.prom"

    with _kept(sqlite_database) as settings, pytest.raises(ValueError, match="nothing was counted"):
        watch(settings, Watched(textfile=file), _TODAY, StringIO())

    assert not file.exists()


def test_where_nothing_is_remembered_it_can_not_look() -> None:
    with pytest.raises(ValueError, match="nothing is remembered"):
        watch(load(store="none"), Watched(), _TODAY, StringIO())


def test_a_file_that_can_not_be_written_is_told(
    sqlite_database: Database, month: Counts, tmp_path: Path
) -> None:
    file = tmp_path / "missing" / "legcramps.prom"

    with _kept(sqlite_database, north=month) as settings, pytest.raises(ValueError, match="can't be written"):
        watch(settings, Watched(textfile=file), _TODAY, StringIO())
