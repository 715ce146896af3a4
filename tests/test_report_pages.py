"""The report as page, text and table: all three tell the same, and nothing that is masked."""

import csv
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from cds_service import contributors, report_pages
from cds_service.figures import Figures
from cds_service.report_tables import Labels, Table, Tables, week_name
from tests.databases import Database
from tests.remembered import MONDAY, SUNDAY, Remembered

LABELS = Labels({"M1": "diuretic & low potassium", "D01": "thiazide"}, {"benefit": "Benefit outweighs"})


def _page(figures: Figures) -> str:
    return report_pages.html(figures, LABELS, knowledge="2026.6")


def _text(figures: Figures) -> str:
    out = StringIO()
    report_pages.show(figures, LABELS, Console(file=out, width=120))
    return out.getvalue()


def _table(figures: Figures, title: str) -> Table:
    return next(each for each in Tables(figures, LABELS).all() if each.title == title)


def _busy() -> Remembered:
    past = Remembered()
    past.counted("answer", "cards", 20).counted("answer", "no-report", 979).counted("answer", "deceased", 1)
    past.counted("answer", "silent-mode", 10, client="pilot").counted(
        "answer", "no-report", 90, client="pilot"
    )
    past.counted("reported", "report", 50).counted("reported", "report", 20, client="pilot")
    past.counted("triggered", "M1", 30).counted("faded", "M1", 6)
    cards = past.shown("M1", 20)
    past.overridden(*cards[:8], reason="benefit")
    past.overridden(*cards[8:14], reason="other-cause")
    past.accepted(cards[14])
    past.shown("M1", 10, client="pilot", is_silent=True)
    past.overridden("nobody's", reason="benefit")
    return past


@pytest.fixture
def busy(sqlite_database: Database) -> Figures:
    return _busy().figures(sqlite_database)


@pytest.fixture
def masked(sqlite_database: Database) -> Figures:
    return _busy().figures(sqlite_database, floor=5)


@pytest.fixture
def empty(sqlite_database: Database) -> Figures:
    return Remembered().figures(sqlite_database)


def test_how_things_stand_is_told_first_beside_what_was_hoped_for(busy: Figures) -> None:
    facts = Tables(busy, LABELS).facts()

    assert [(each.value, each.remark) for each in facts] == [
        ("1,100", "each counts, of one chart too; silent clients included"),
        ("70", "silent clients included"),
        ("20", ""),
        ("40.0", "aim: under 60 per 100 charts, which may differ"),
        ("0.0", "expected: under 2 per 100 charts, which may differ"),
        ("1 (5 %)", ""),
        ("14 (70 %)", ""),
        ("1", ""),
    ]


def test_each_rule_is_told_with_its_label_and_shares(busy: Figures) -> None:
    rule = _table(busy, "Rule by rule").rows[0]

    assert rule.about == "M1 diuretic & low potassium"
    assert rule.numbers == ("30", "20", "0", "1 (5 %)", "14 (70 %)", "6")


def test_quinine_being_ordered_has_a_name_and_no_page_of_its_own(sqlite_database: Database) -> None:
    past = Remembered()
    past.shown("T01-order-sign", 7)

    [row] = (
        Tables(past.figures(sqlite_database), Labels.of(contributors.load(Path("cards"), "demo")))
        .rules()
        .rows
    )

    assert (row.about, row.rule) == ("T01-order-sign quinine being ordered", "")


def test_overrides_are_told_by_reason_with_bars_on_one_scale(busy: Figures) -> None:
    table = _table(busy, "Why cards were overridden")

    assert table.columns == ("Rule", "Benefit outweighs", "other-cause")
    assert table.rows[0].numbers == ("8", "6")
    assert table.rows[0].bars == (1.0, 0.75)


def test_rules_called_wrong_are_told_with_their_shares(busy: Figures) -> None:
    table = _table(busy, "Rules most often called wrong")

    assert table.rows[0].numbers == ("6", "30 %", "43 %", "no")


def test_rules_to_be_reviewed_come_first(sqlite_database: Database) -> None:
    past = Remembered()
    past.overridden(*past.shown("M1", 10), reason="benefit")
    past.overridden(*past.shown("M1", 10), reason="other-cause")
    past.overridden(*past.shown("D01", 6), reason="data-wrong")
    past.shown("D01", 94)

    table = _table(past.figures(sqlite_database), "Rules most often called wrong")

    assert [(each.rule, each.numbers[-1]) for each in table.rows] == [("D01", "yes"), ("M1", "no")]


def test_every_opening_has_one_answer(busy: Figures) -> None:
    rows = _table(busy, "Answers with cards, and why there were none").rows

    assert [(each.about, *each.numbers) for each in rows] == [
        ("With cards", "20", "2 %"),
        ("No report", "1,069", "97 %"),
        ("Silent mode", "10", "1 %"),
        ("Deceased", "1", "<1 %"),
    ]


def test_silent_clients_stand_beside_live_ones(busy: Figures) -> None:
    clients, rules = _table(busy, "Clients").rows, _table(busy, "Silent clients beside live ones").rows

    assert [(each.about, *each.numbers) for each in clients] == [
        ("pilot (silent)", "100", "20", "10", "50.0", "0.0"),
        ("ward (live)", "1,000", "50", "20", "40.0", "0.0"),
    ]
    assert rules[0].numbers == ("10", "10.0", "20", "2.0")


def test_a_site_without_silent_clients_is_told_nothing_of_them(sqlite_database: Database) -> None:
    past = Remembered().counted("answer", "no-report", 7)

    titles = [each.title for each in Tables(past.figures(sqlite_database), LABELS).all()]

    assert titles == ["Week by week", "Answers with cards, and why there were none", "Clients"]


def test_feedback_on_unknown_cards_is_told_apart(busy: Figures) -> None:
    rows = _table(busy, "Feedback on unknown cards").rows

    assert [(each.about, *each.numbers) for each in rows] == [("ward", "1")]


# --- page, text, table ------------------------------------------------------------------------------------------


def test_the_page_tells_every_number_of_every_table(busy: Figures) -> None:
    page = _plain(_page(busy))

    for table in Tables(busy, LABELS).all():
        assert table.title in page
        for row in table.rows:
            assert " ".join((row.about, *row.numbers)) in page


def test_the_page_draws_each_week_with_its_count_and_a_description(busy: Figures) -> None:
    page = _page(busy)

    chart = page[page.index('<svg class="chart"') :].partition("</svg>")[0]
    assert "<title" in chart
    assert "<desc" in chart
    assert re.findall(r">([^<>\n]+)</text>", chart) == [
        *("Cards shown", "20", "0", "Overridden", "14", "0", "Faded", "6", "0", "W23", "W24")
    ]


def test_the_page_needs_no_script_and_no_style_but_its_own(busy: Figures) -> None:
    alone = _page(busy)
    served = report_pages.html(
        busy, LABELS, knowledge="2026.6", home="/cds/knowledge", style_url="/cds/report/style.css"
    )

    for page in (alone, served):
        assert " style=" not in page
        assert "<script" not in page
        assert not re.search('(src|href)="(?!/cds/)', page)
    assert '<link rel="stylesheet" href="/cds/report/style.css">' in served
    assert "<style>" not in served
    assert '<a href="/cds/knowledge/M1">' in served
    assert "<a " not in alone
    assert "style-src 'sha256-" in alone


def test_the_page_is_whole(busy: Figures) -> None:
    """Every element that is opened is closed."""
    checker = _Nesting()

    checker.feed(_page(busy))

    assert checker.open == []


def test_what_clients_and_files_say_is_no_markup(sqlite_database: Database) -> None:
    past = Remembered()
    past.overridden(past.card("<b>", client="<i>"), reason="<u>", client="<i>")
    labels = Labels({"<b>": "<script>"}, {})

    page = report_pages.html(past.figures(sqlite_database), labels, knowledge="<s>")

    assert not re.search("<(b|i|u|s|script)>", page)


def test_a_year_has_room_in_the_chart(sqlite_database: Database) -> None:
    past = Remembered()
    past.shown("M1", 7, on=SUNDAY)

    page = _page(past.figures(sqlite_database, first=SUNDAY - timedelta(weeks=51)))

    assert "Cards shown, at most 7 a week" in page
    assert page.count(">2026-W") + page.count(">2025-W") > 52


def test_an_empty_report_says_so(empty: Figures) -> None:
    assert "Nothing was counted in these weeks" in _page(empty)
    assert "<svg" not in _page(empty)
    assert _text(empty).splitlines() == [
        "What the cards did: 1 Jun 2026 to 14 Jun 2026",
        "Nothing was counted in these weeks.",
    ]
    assert report_pages.csv(empty) == "week,client,rule,measure,reason,count\n"


def test_the_text_tells_the_same_tables(busy: Figures) -> None:
    text = " ".join(_text(busy).split())

    for table in Tables(busy, LABELS).all():
        for row in table.rows:
            assert " ".join((row.about, *row.numbers)) in text


def test_the_table_for_further_use_has_a_row_for_each_count(busy: Figures) -> None:
    rows = list(csv.DictReader(StringIO(report_pages.csv(busy))))

    assert {tuple(each.values()) for each in rows if each["client"] == "ward" and each["rule"]} == {
        ("2026-W23", "ward", "M1", "triggered", "", "30"),
        ("2026-W23", "ward", "M1", "shown", "", "20"),
        ("2026-W23", "ward", "M1", "overridden", "benefit", "8"),
        ("2026-W23", "ward", "M1", "overridden", "other-cause", "6"),
        ("2026-W23", "ward", "M1", "accepted", "", "1"),
        ("2026-W23", "ward", "M1", "suggestions accepted", "", "1"),
        ("2026-W23", "ward", "M1", "faded", "", "6"),
    }
    assert ("2026-W23", "pilot", "M1", "computed in silence", "", "10") in {tuple(e.values()) for e in rows}
    assert ("2026-W23", "ward", "", "opens", "live", "1000") in {tuple(each.values()) for each in rows}


def test_masked_counts_are_the_same_everywhere(masked: Figures) -> None:
    page, text, table = _plain(_page(masked)), " ".join(_text(masked).split()), report_pages.csv(masked)

    for told in (page, text):
        assert "M1 diuretic & low potassium 30 20 0 <5 14 (70 %) 6" in told
        assert "Deceased <5 –" in told
        assert "<5: from 1 to 4" in told or "<5 is a count from 1 to 4" in told
        assert "/metrics" in told  # where the same reader may find what is masked here
    assert "2026-W23,ward,M1,accepted,,<5\n" in table
    assert "2026-W23,ward,,answers without cards,deceased,<5\n" in table
    assert "2026-W23,ward,,answers with cards,,hidden\n" in table


def test_a_masked_week_is_an_empty_frame_in_the_chart(sqlite_database: Database) -> None:
    past = Remembered()
    past.shown("M1", 9)
    past.shown("M1", 2, on=SUNDAY)

    page = _page(past.figures(sqlite_database, floor=5))

    assert page.count("stroke-dasharray") == 2
    assert re.findall(r">([^<>\n]+)</text>", page)[:3] == ["Cards shown", "hidden", "&lt;5"]


def test_rules_and_reasons_go_by_the_names_of_the_knowledge_files() -> None:
    known = contributors.load(Path("cards"), "demo")

    labels = Labels.of(known)

    assert {each.row for each in known.contributors} | {each.id for each in known.chains} <= set(labels.rules)
    assert labels.rules["D02"] == "loop diuretic"
    assert labels.reasons["not-nlc"] == "Not nocturnal leg cramps"


def test_the_style_is_the_one_of_the_rule_pages_and_a_little_more() -> None:
    style = report_pages.style()

    assert ":root" in style
    assert ".facts" in style


def test_a_week_goes_by_its_number_in_its_own_year() -> None:
    assert week_name(date(2026, 12, 28)) == "2026-W53"
    assert week_name(MONDAY) == "2026-W23"


class _Nesting(HTMLParser):
    """Follows which elements are open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class _Words(HTMLParser):
    """What is read of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def _plain(page: str) -> str:
    words = _Words()
    words.feed(page)
    return " ".join(words.words)
