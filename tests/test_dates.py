"""Dates as records write them."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from cds_service.dates import Span, clock, instant, written


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
