"""Calendar dates as records write them: full, partial, or with a time of day."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

_WRITTEN = re.compile(  # a blank for the T and an offset without colon are no FHIR, but are sent
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:[T ](?P<clock>\d\d:\d\d)(?::\d\d(?:\.\d+)?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII,
)
_SHORT = 40
_LONGEST_DAY = len("2026-06-15")
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_MIDNIGHT = "24:00"  # ends the day that is written
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# months by their first letters in English, German and French; "juin" and "juillet" part at the fourth
_MONTHS_SAID = (
    "jan(?:uary|uar|vier|v)?|jänner|jän", "feb(?:ruary|ruar)?|f[eé]v(?:rier|r)?", "mar(?:ch|s)?|märz|mrz|mär",
    "apr(?:il)?|avr(?:il)?", "may|mai", "jun[ei]?|juin", "jul[yi]?|juil(?:let)?", "aug(?:ust)?|ao[uû]t",
    "sept?(?:ember|embre)?", "o[ck]t(?:ober|obre)?", "nov(?:ember|embre)?", "de[cz](?:ember)?|d[eé]c(?:embre)?",
)  # fmt: skip
_MONTH_SAID = tuple(re.compile(each) for each in _MONTHS_SAID)
_SAID = re.compile(
    r"(?:since|from|in|as of|seit|ab|im|depuis|d[eè]s|en)?\s*"
    r"(?:(?:(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er)?\.? )?(?P<word>[^\W\d_]+)\.?,? |(?P<month>[0-9]{1,2})[/.])?"
    r"(?P<year>(?:19|20)[0-9]{2})\.?",
    re.IGNORECASE,
)


class Span(msgspec.Struct, frozen=True, gc=False):
    """
    The days a written date may mean, both ends included: "2026-03" is 1 to 31 March 2026.

    One that begins at the calendar's start says only by when ("childhood", written down on 1 May 2026).
    """

    first: date
    last: date

    @classmethod
    def of(cls, day: date) -> "Span":
        """The span of one full date."""
        return cls(day, day)

    @property
    def is_full(self) -> bool:
        """Whether the day is known."""
        return self.first == self.last

    def days_until(self, later: "Span") -> tuple[int, int]:
        """Fewest and most days from this date to *later*; negative when *later* may come first."""
        return (later.first - self.last).days, (later.last - self.first).days

    def plus(self, days: int) -> "Span":
        """This span moved by whole days; clipped at the calendar's ends."""
        return Span(_moved(self.first, days), _moved(self.last, days))

    def __str__(self) -> str:
        if self.is_full:
            return f"{self.first.day} {_MONTHS[self.first.month - 1]} {self.first.year}"
        if self.first == date.min:
            return f"by {Span.of(self.last)}"
        if (self.first.year, self.first.month) == (self.last.year, self.last.month):
            return f"{_MONTHS[self.first.month - 1]} {self.first.year}"
        if self.first.year == self.last.year:
            return str(self.first.year)
        return f"{self.first.year} to {self.last.year}"


def _moved(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.min if days < 0 else date.max


def _parts(text: str) -> re.Match[str] | None:
    return _just_asked(text) if len(text) <= _SHORT else _WRITTEN.fullmatch(text)


@lru_cache(maxsize=16)  # of one entry's date the day, the moment and the time of day are asked for in a row
def _just_asked(text: str) -> re.Match[str] | None:
    return _WRITTEN.fullmatch(text)


def written(text: str | None) -> Span | None:
    """
    The days that a FHIR date, dateTime or instant may mean.

    The date is taken as written: "2026-06-09T23:30:00-04:00" is 9 June, whatever the day was in UTC. None when
    nothing is written, or nothing that is a date.
    """
    match = _parts(text) if text else None
    if match is None or text is None:
        return None
    try:
        if match["day"]:
            return Span.of(date.fromisoformat(text[:10]))
        return _partial(int(match["year"]), int(match["month"]) if match["month"] else None)
    except ValueError:
        return None


def _partial(year: int, month: int | None) -> Span:
    """A year, or one month of it."""
    if month is None:
        return Span(date(year, 1, 1), date(year, 12, 31))
    return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))


def said(text: str | None) -> Span | None:
    """
    The year, month or day that a few words name: "since April 2026", "12/2025", "seit 3. März 2026".

    None for all other words ("10 years ago", "childhood"), and for what `written` reads.
    """
    match = _SAID.fullmatch(" ".join(text[:60].split())) if text else None
    if match is None:
        return None
    month = match["month"] or (match["word"] and _month(match["word"].casefold()))
    if month is None and match["word"]:
        return None
    parts = [f"{int(each):02}" for each in (month, match["day"]) if each]
    return written("-".join((match["year"], *parts)))


def _month(word: str) -> str | None:
    names = enumerate(_MONTH_SAID, start=1)
    return next((str(place) for place, name in names if name.fullmatch(word)), None)


def instant(text: str | None) -> datetime | None:
    """The moment that is written, None without a time of day; UTC is assumed where no offset is written."""
    match = _parts(text) if text and len(text) > _LONGEST_DAY else None
    if match is None or match["clock"] is None:
        return None
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def clock(text: str | None, zone: ZoneInfo | None) -> str | None:
    """
    The patient's local time of day ("03:10"), None when there is none.

    A time in UTC ("Z") says nothing about the patient's night unless the site's time *zone* is known.
    """
    match = _parts(text) if text and len(text) > _LONGEST_DAY else None
    if match is None or match["clock"] is None:
        return None
    if match["zone"] != "Z":
        return _time_of_day(match["clock"])
    moment = instant(text)
    try:
        return moment.astimezone(zone).strftime("%H:%M") if moment and zone else None
    except OverflowError:  # at the calendar's ends
        return None


def _time_of_day(said: str) -> str | None:
    if said == _MIDNIGHT:
        return "00:00"
    return said if _CLOCK.fullmatch(said) else None
