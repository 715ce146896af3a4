"""Facts in words; texts from the record can do no harm in Markdown."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from markdown_it import MarkdownIt

from cds_service import phrases
from cds_service.dates import Span, written
from cds_service.facts import Course, Diagnosed, Exposure, Facts, Onset, Report, Rise, TimeClass, Timing
from cds_service.quantity import Quantity

_HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</p><h1>Buy</h1>",
    "<!-- hidden -->",
    "&lt;b&gt;",
    "&#60;script&#62;",
    "[click](http://evil.example)",
    "![x](http://evil.example/x.png)",
    "[x]: http://evil.example",
    "http://evil.example",
    "http\\://x",
    "https://evil.example/a?b=c",
    "ftp://evil.example",
    "www.evil.example",
    "www\\.x",
    "WWW.evil.example",
    "nurse@evil.example",
    "a\\@x",
    "mailto:nurse@evil.example",
    "# Heading",
    "- item",
    "* item",
    "+ item",
    "1. item",
    "> quote",
    "**bold** _it_ __b__ ~~no~~",
    "`code` ``` fence",
    "| a | b |",
    "line one\nline two\r\n\r\n# three",
    "tab\tnull\x00bell\x07escape\x1b[31m",
    "right-to-left \u202e override \u200b zero \ufeff width",
    "\\",
    "\\\\<b>",
    "{{context.patientId}} {value}",
    "javascript:alert(1)",
    "*" * 500,
    "a" * 5000,
    "<" * 5000,
)


def _rendered(text: str) -> str:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return str(markdown.render(f"- Taking {text} since 2020"))


@pytest.mark.parametrize("text", _HOSTILE)
def test_text_from_the_record_is_only_text_on_the_card(text: str) -> None:
    html = _rendered(phrases.harmless(text))

    assert re.findall(r"<[^>]*>", html) == ["<ul>", "<li>", "</li>", "</ul>"]


@pytest.mark.parametrize("text", _HOSTILE)
def test_nothing_in_it_looks_like_an_address(text: str) -> None:
    """The Sandbox links addresses even where they are escaped."""
    html = _rendered(phrases.harmless(text))

    assert re.search(r"[a-z]://\w|www\.\w|\w@\w", html, re.IGNORECASE) is None


@pytest.mark.parametrize("text", _HOSTILE)
def test_it_is_one_short_printable_line(text: str) -> None:
    found = phrases.harmless(text)

    assert "\n" not in found
    assert [mark for mark in found if not mark.isprintable() and mark != "\u200b"] == []
    assert len(found) <= 60 * 5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("furosemide", "furosemide"),
        ("3.1 mmol/L", "3.1 mmol/L"),
        ("<2.5 mmol/L", "&lt;2.5 mmol/L"),
        ("10*9/L", "10\\*9/L"),
        ("m[IU]/L", "m\\[IU\\]/L"),
        ("Ärzte & Co", "Ärzte &amp; Co"),
        ("a" * 61, "a" * 59 + "…"),
        ("", ""),
    ],
)
def test_ordinary_text_stays_readable(text: str, found: str) -> None:
    assert phrases.harmless(text) == found


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "a"], "a and b"),
    ],
)
def test_parts_are_joined_each_once(parts: list[str], text: str) -> None:
    assert phrases.joined(parts) == text


@pytest.mark.parametrize(("text", "capital"), [("k 3.1", "K 3.1"), ("**insulin**", "**Insulin**"), ("", "")])
def test_sentence_begins_with_a_capital(text: str, capital: str) -> None:
    assert phrases.capital(text) == capital


# --- drugs ----------------------------------------------------------------------------------------------------


def _span(text: str) -> Span:
    found = written(text)
    assert found is not None
    return found


_FORTY = Quantity(Decimal(40), "mg")


def _timing(
    time_class: TimeClass, began: str | None = "2026-04-20", *, again: bool = False, **members: Any
) -> Timing:
    parts: dict[str, Any] = {
        "began": _span(began) if began else None,
        "began_is_stated": True,
        "ended": None,
        "end_is_unknown": False,
        "rises": (),
        "dose": None,
        "sources": ("MedicationStatement/m1",),
        "last_change": None,
    }
    course = Course(**{**parts, **{key: each for key, each in members.items() if key in parts}})
    timing = {key: each for key, each in members.items() if key not in parts}
    earlier = (replace(course, began=_span("2019-01-01"), ended=_span("2020-01-01")),) if again else ()
    exposure = Exposure("furosemide", "loop_diuretic", (*earlier, course), "code")
    return Timing(exposure, course, time_class, **{"change": course.began, **timing})


@pytest.mark.parametrize(
    ("timing", "text"),
    [
        (_timing(TimeClass.STRONG), "from 20 Apr 2026"),
        (_timing(TimeClass.STRONG, began_is_stated=False), "first recorded 20 Apr 2026"),
        (_timing(TimeClass.PLAUSIBLE, is_rise=True, change=_span("2026-04-25")), "raised 25 Apr 2026"),
        (_timing(TimeClass.WEAK, "2020", dose=_FORTY), "unchanged since 2020"),
        (_timing(TimeClass.WEAK, "2020"), "from 2020, dose not clear"),
        (_timing(TimeClass.AFTER), "from 20 Apr 2026"),
        (_timing(TimeClass.RECENTLY_STOPPED, ended=_span("2026-05-01")), "stopped 1 May 2026"),
        (_timing(TimeClass.STOP_NOT_RECORDED, end_is_unknown=True), "stop date not recorded"),
        (_timing(TimeClass.UNKNOWN, None), "start date not recorded"),
        (
            _timing(TimeClass.UNKNOWN, "2026-04", order_is_unknown=True),
            "from Apr 2026, which may be before or after the cramps",
        ),
        (
            _timing(TimeClass.UNKNOWN, ended=_span("2026-04-10"), order_is_unknown=True),
            "stopped 10 Apr 2026, which may be before or after the cramps",
        ),
        (_timing(TimeClass.STRONG, again=True, began_is_stated=False), "recorded again 20 Apr 2026"),
        (_timing(TimeClass.STRONG, again=True), "from 20 Apr 2026"),
        (
            _timing(TimeClass.WEAK, again=True, began_is_stated=False, dose=_FORTY),
            "recorded again 20 Apr 2026, unchanged",
        ),
        (
            _timing(TimeClass.STRONG, replaced=("bumetanide",), change=_span("2026-02-10")),
            "since 10 Feb 2026 (bumetanide, then furosemide)",
        ),
        (
            _timing(TimeClass.WEAK, replaced=("bumetanide",), change=_span("2020-02-10")),
            "in place of bumetanide, the class since 10 Feb 2020",
        ),
    ],
)
def test_drug_says_how_it_stands_to_the_onset(timing: Timing, text: str) -> None:
    assert phrases.since(timing) == text


@pytest.mark.parametrize(
    ("days", "is_rise", "stated", "text"),
    [
        (15, False, True, "began 15 days after furosemide was started"),
        (1, False, True, "began 1 day after furosemide was started"),
        (0, False, True, "began the day furosemide was started"),
        (15, True, True, "began 15 days after furosemide was raised"),
        (15, False, False, "were recorded 15 days after furosemide was started"),
        (None, False, True, "began after furosemide was started"),
    ],
)
def test_time_between_drug_and_cramps_is_told_in_days(
    days: int | None, is_rise: bool, stated: bool, text: str
) -> None:
    onset = Onset(Span.of(date(2026, 5, 5)), is_stated=stated)

    found = phrases.timing_clause(_timing(TimeClass.STRONG, days=days, is_rise=is_rise), onset)

    assert found == text


def test_dose_rise_is_told_with_both_doses() -> None:
    rise = Rise(_span("2026-04-20"), Quantity(Decimal(40), "mg"), Quantity(Decimal(80), "mg"))
    timing = _timing(TimeClass.STRONG, rises=(rise,), is_rise=True)

    found = phrases.course(timing)

    assert found == "furosemide 40 to 80 mg on 20 Apr 2026"


_TO_EIGHTY = Rise(_span("2026-05-20"), Quantity(Decimal(40), "mg"), Quantity(Decimal(80), "mg"))
_EIGHTY: dict[str, Any] = {"dose": _TO_EIGHTY.after, "last_change": _TO_EIGHTY, "rises": (_TO_EIGHTY,)}


@pytest.mark.parametrize(
    ("timing", "text"),
    [
        (_timing(TimeClass.STRONG, **_EIGHTY), "furosemide, now 80 mg, from 20 Apr 2026"),
        (
            _timing(TimeClass.STRONG, began_is_stated=False, **_EIGHTY),
            "furosemide, now 80 mg, first recorded 20 Apr 2026",
        ),
        (_timing(TimeClass.AFTER, ended=_span("2026-06-01"), **_EIGHTY), "furosemide from 20 Apr 2026"),
        (
            _timing(TimeClass.RECENTLY_STOPPED, ended=_span("2026-06-01"), **_EIGHTY),
            "furosemide 80 mg stopped 1 Jun 2026",
        ),
        (_timing(TimeClass.UNKNOWN, None, **_EIGHTY), "furosemide 80 mg, start date not recorded"),
        (_timing(TimeClass.STRONG, dose=_TO_EIGHTY.after), "furosemide 80 mg from 20 Apr 2026"),
        (
            _timing(
                TimeClass.STRONG,
                dose=_TO_EIGHTY.after,
                replaced=("bumetanide",),
                change=_span("2026-02-10"),
            ),
            "furosemide since 10 Feb 2026 (bumetanide, then furosemide)",
        ),
    ],
)
def test_latest_dose_never_stands_beside_a_date_on_which_it_was_another(timing: Timing, text: str) -> None:
    assert phrases.course(timing) == text


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"again": True, "began_is_stated": False}, "began 15 days after furosemide was recorded again"),
        ({"replaced": ("bumetanide",)}, "began 15 days after bumetanide (now furosemide) was started"),
        (
            {"replaced": ("bumetanide",), "began_is_stated": False},
            "began 15 days after bumetanide (now furosemide) was first recorded",
        ),
    ],
)
def test_days_are_counted_from_the_drug_and_the_course_that_began_then(
    members: dict[str, Any], text: str
) -> None:
    onset = Onset(Span.of(date(2026, 5, 5)), is_stated=True)

    found = phrases.timing_clause(_timing(TimeClass.STRONG, days=15, **members), onset)

    assert found == text


@pytest.mark.parametrize(("unit", "text"), [("mg", "18 mg"), ("ug", "18 micrograms"), ("U", "18 units")])
def test_dose_is_written_as_clinicians_write_it(unit: str, text: str) -> None:
    assert phrases.amount(Quantity(Decimal(18), unit)) == text


@pytest.mark.parametrize(
    ("on", "text"),
    [("2026-03-03", "recorded 3 Mar 2026"), ("2026", "recorded 2026"), (None, "date not recorded")],
)
def test_diagnosis_says_when_it_was_recorded(on: str | None, text: str) -> None:
    day = written(on)
    entry = Diagnosed("pregnancy_current", "Condition/p", day, day, is_confirmed=True, matched_by="code")

    assert phrases.recorded(entry) == text


# --- the onset ------------------------------------------------------------------------------------------------


_MAY = _span("2026-05-01")
_UNDATED = Onset(Span(date.min, _MAY.last), is_stated=True, doubt="onset not dated")


def _facts(*reports: Report) -> Facts:
    return Facts(today=date(2026, 6, 15), is_deceased=False, age=76, is_adult=True, reports=reports)


@pytest.mark.parametrize(
    ("onset", "recorded", "text"),
    [
        (Onset(_MAY, is_stated=True), _MAY, "cramps from 1 May 2026"),
        (Onset(_MAY, is_stated=False), _MAY, "cramps recorded 1 May 2026, onset not stated"),
        (_UNDATED, _MAY, "cramps recorded 1 May 2026, onset not dated"),
        (_UNDATED, _span("2026-05"), "cramps recorded May 2026, onset not dated"),
        (_UNDATED, None, "cramps, onset not dated"),
        (None, None, "onset of cramps not recorded"),
    ],
)
def test_onset_is_told_with_what_is_not_known_of_it(
    onset: Onset | None, recorded: Span | None, text: str
) -> None:
    facts = _facts(Report("Condition/c1", "diagnosis", onset, recorded))

    assert phrases.onset(facts) == text


def test_onset_with_a_date_counts_before_one_in_words_and_one_in_words_before_none() -> None:
    worded = Report("Condition/c1", "diagnosis", _UNDATED, _MAY)
    dated = Report("Condition/c2", "diagnosis", Onset(_span("2026-04"), is_stated=True), _MAY)
    recorded = Report("Condition/c3", "diagnosis", Onset(_MAY, is_stated=False), _MAY)

    found = [_facts(recorded, worded, dated).onset, _facts(recorded, worded).onset, _facts(recorded).onset]

    assert found == [dated.onset, worded.onset, recorded.onset]
