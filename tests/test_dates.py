"""Dates as records write them."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.dates import Span, clock, instant, said, written


def _span(first: str, last: str) -> Span:
    return Span(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2026-03-09", _span("2026-03-09", "2026-03-09")),
        ("2026-03", _span("2026-03-01", "2026-03-31")),
        ("2024-02", _span("2024-02-01", "2024-02-29")),
        ("2026", _span("2026-01-01", "2026-12-31")),
        ("2026-06-09T03:10:00+01:00", _span("2026-06-09", "2026-06-09")),
        ("2026-06-09T23:30:00-04:00", _span("2026-06-09", "2026-06-09")),
        ("2026-06-09T23:30:00.123456789Z", _span("2026-06-09", "2026-06-09")),
        ("2026-06-09T23:30", _span("2026-06-09", "2026-06-09")),
        ("2026-06-09T24:00:00Z", _span("2026-06-09", "2026-06-09")),
        ("2026-06-09 23:30:00", _span("2026-06-09", "2026-06-09")),
        ("2026-06-09T23:30:00.000+0200", _span("2026-06-09", "2026-06-09")),
        ("0001-01-01", _span("0001-01-01", "0001-01-01")),
        ("9999", _span("9999-01-01", "9999-12-31")),
    ],
)
def test_date_means_the_days_that_are_written(text: str, span: Span) -> None:
    found = written(text)

    assert found == span


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2026-13",
        "2026-02-30",
        "26-03-09",
        "2026-3-9",
        "0000",
        "2026-03-09 ",
        "09/03/2026",
        "20260309",
        "2025-02-29",
        "2026-03-09T",
        "２０２６-03-09",
    ],
)
def test_what_is_no_date_is_none(text: str | None) -> None:
    found = written(text)

    assert found is None


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("2026-03-09", "9 Mar 2026"),
        ("2026-03", "Mar 2026"),
        ("2026", "2026"),
        ("2026-12-31T01:00:00Z", "31 Dec 2026"),
    ],
)
def test_date_is_printed_with_the_month_in_letters(text: str, printed: str) -> None:
    found = str(written(text))

    assert found == printed


def test_span_over_years_is_printed_by_its_years() -> None:
    found = str(_span("2024-05-01", "2026-04-30"))

    assert found == "2024 to 2026"


@pytest.mark.parametrize(
    ("earlier", "later", "days"),
    [
        ("2026-03-01", "2026-03-11", (10, 10)),
        ("2026-03", "2026-03-20", (-11, 19)),
        ("2026-03-11", "2026-03-01", (-10, -10)),
        ("2025", "2026", (1, 729)),
    ],
)
def test_days_between_partial_dates_are_a_range(earlier: str, later: str, days: tuple[int, int]) -> None:
    start, end = written(earlier), written(later)

    found = start.days_until(end) if start and end else None

    assert found == days


def test_span_moves_by_days_and_stops_at_the_ends_of_the_calendar() -> None:
    day, last = Span.of(date(2026, 3, 1)), Span.of(date.max)

    found = day.plus(-1), last.plus(1), Span.of(date.min).plus(-1)

    assert found == (Span.of(date(2026, 2, 28)), last, Span.of(date.min))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-09T03:10:00+01:00", datetime(2026, 6, 9, 3, 10, tzinfo=timezone(timedelta(hours=1)))),
        ("2026-06-09T03:10:00Z", datetime(2026, 6, 9, 3, 10, tzinfo=UTC)),
        ("2026-06-09T03:10", datetime(2026, 6, 9, 3, 10, tzinfo=UTC)),
        ("2026-06-09", None),
        ("2026-06-09T25:10:00Z", None),
        ("2026-06-09T23:59:60Z", None),
        ("2026-06-09T24:00:00Z", None),
        ("2026-06-09T03:10:00+99:99", None),
        ("2026-06-09 03:10:00+0100", datetime(2026, 6, 9, 3, 10, tzinfo=timezone(timedelta(hours=1)))),
        (None, None),
    ],
)
def test_moment_needs_a_time_of_day(text: str | None, moment: datetime | None) -> None:
    found = instant(text)

    assert found == moment


@pytest.mark.parametrize(
    ("text", "zone", "time"),
    [
        ("2026-06-09T03:10:00+01:00", None, "03:10"),
        ("2026-06-09T03:10:00+01:00", "America/New_York", "03:10"),
        ("2026-06-09T03:10:00", None, "03:10"),
        ("2026-06-09T03:10:00Z", None, None),
        ("2026-06-09T03:10:00Z", "Europe/London", "04:10"),
        ("2026-01-09T03:10:00Z", "Europe/London", "03:10"),
        ("2026-06-09", "Europe/London", None),
        ("2026-06-09T24:00:00+01:00", None, "00:00"),
        ("2026-06-09T25:10:00+01:00", None, None),
        ("2026-06-09T23:75:00+01:00", None, None),
        ("2026-06-09T25:10:00Z", "Europe/London", None),
    ],
)
def test_utc_says_nothing_about_the_night_without_a_time_zone(
    text: str, zone: str | None, time: str | None
) -> None:
    found = clock(text, ZoneInfo(zone) if zone else None)

    assert found == time


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_times_at_the_ends_of_the_calendar_break_nothing(text: str) -> None:
    zones = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")

    found = {clock(text, zone) is None for zone in zones}

    assert True in found


# --- laws -----------------------------------------------------------------------------------------------------

_DAYS = st.dates()
_OFFSETS = st.sampled_from(["", "Z", "+00:00", "+14:00", "-12:00", "+05:30", "-0330"])
_ZONES = st.sampled_from(
    [None, *map(ZoneInfo, ("UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"))]
)


@st.composite
def _moments(draw: st.DrawFn) -> tuple[date, str]:
    """A day, and a FHIR dateTime or instant on it."""
    day, hour, minute = draw(_DAYS), draw(st.integers(0, 24)), draw(st.integers(0, 59))
    fraction = draw(st.sampled_from(["", ":00", ":59.9", ":07.123456789"]))
    return day, f"{day.isoformat()}T{hour:02}:{minute:02}{fraction}{draw(_OFFSETS)}"


@given(_DAYS)
def test_span_holds_the_day_that_was_written_however_much_of_it_was(day: date) -> None:
    forms = [day.isoformat()[:length] for length in (4, 7, 10)]

    spans = [written(form) for form in forms]

    assert all(span is not None and span.first <= day <= span.last for span in spans)
    assert [span.is_full for span in spans if span] == [False, False, True]


@given(_moments())
def test_day_is_the_one_that_is_written_whatever_the_time_and_zone(moment: tuple[date, str]) -> None:
    day, text = moment

    found = written(text)

    assert found == Span.of(day)


@given(_moments(), _ZONES)
def test_time_of_day_is_one_that_a_clock_can_show(moment: tuple[date, str], zone: ZoneInfo | None) -> None:
    _, text = moment

    found = clock(text, zone)

    assert found is None or "00:00" <= found <= "23:59"


@given(_moments(), _moments())
def test_moments_can_always_be_put_in_order(one: tuple[date, str], other: tuple[date, str]) -> None:
    moments = [each for each in (instant(one[1]), instant(other[1])) if each is not None]

    ordered = sorted(moments, key=datetime.timestamp)

    assert ordered == sorted(moments)


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31)), st.integers(-9_999, 9_999))
def test_shifting_a_date_by_days_shifts_its_span(day: date, days: int) -> None:
    later = day + timedelta(days=days)

    moved = Span.of(day).plus(days)

    assert moved == written(later.isoformat())
    assert Span.of(day).days_until(moved) == (days, days)


@given(_DAYS, st.integers(-4_000_000, 4_000_000))
def test_shifting_never_leaves_the_calendar_and_keeps_the_order(day: date, days: int) -> None:
    month = written(day.isoformat()[:7])

    moved = month.plus(days) if month else None

    assert moved is not None
    assert moved.first <= moved.last


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9TZ:+. -]{0,40}", fullmatch=True)), _ZONES)
def test_garbage_is_never_a_crash(text: str, zone: ZoneInfo | None) -> None:
    span, moment, time = written(text), instant(text), clock(text, zone)

    assert span is None or span.first <= span.last
    assert moment is None or moment.tzinfo is not None
    assert time is None or len(time) == 5


# --- in words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("12/2025", _span("2025-12-01", "2025-12-31")),
        ("04.2026", _span("2026-04-01", "2026-04-30")),
        ("April 2026", _span("2026-04-01", "2026-04-30")),
        ("since April 2026", _span("2026-04-01", "2026-04-30")),
        ("Since Apr. 2026", _span("2026-04-01", "2026-04-30")),
        ("seit März 2026", _span("2026-03-01", "2026-03-31")),
        ("depuis août 2025", _span("2025-08-01", "2025-08-31")),
        ("Juillet 2025", _span("2025-07-01", "2025-07-31")),
        ("juin 2025", _span("2025-06-01", "2025-06-30")),
        ("seit Dezember 2025", _span("2025-12-01", "2025-12-31")),
        ("since 2019", _span("2019-01-01", "2019-12-31")),
        ("im Jahr 2019", None),
        ("2019", _span("2019-01-01", "2019-12-31")),
        ("3 March 2026", _span("2026-03-03", "2026-03-03")),
        ("seit 3. März 2026", _span("2026-03-03", "2026-03-03")),
        ("31 February 2026", None),
        ("13/2025", None),
        ("0/2025", None),
        ("spring 2026", None),
        ("about 2019", None),
        ("before April 2026", None),
        ("April 2026 or so", None),
        ("3/4/2026", None),
        ("10 years ago", None),
        ("childhood", None),
        ("for 2 years", None),
        ("age 2000", None),
        ("", None),
        (None, None),
    ],
)
def test_date_in_words_is_read_when_it_names_a_year_and_month(text: str | None, span: Span | None) -> None:
    assert said(text) == span


@given(st.text(max_size=40))
def test_no_words_break_the_reading_of_dates(text: str) -> None:
    found = said(text)

    assert found is None or found.first <= found.last


def test_span_without_a_beginning_says_by_when() -> None:
    assert str(Span(date.min, date(2026, 5, 1))) == "by 1 May 2026"
