"""`legcramps cards diff` and `preview`: whose cards change when a file does; every card and sentence can be read."""

import base64
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cds_service.authoring.comparison import changes, headline
from cds_service.authoring.differences import worded
from cds_service.authoring.stories import Story, Told
from cds_service.contributors import load
from cds_service.hooks import Action, Card, Coding, Source, Suggestion
from tests.authored import (
    POTASSIUM,
    add_story,
    change,
    change_front,
    copy_cards,
    cut_value_sets,
    run,
    write_section,
)
from tests.patients import TODAY, a_patient


@pytest.fixture(scope="module")
def value_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_value_sets(tmp_path_factory.mktemp("cards") / "value_sets")


@pytest.fixture
def cards(tmp_path: Path, value_sets: Path) -> Path:
    return copy_cards(tmp_path / "cards", value_sets)


@pytest.fixture
def before(tmp_path: Path, value_sets: Path) -> Path:
    return copy_cards(tmp_path / "before", value_sets)


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    folder = tmp_path / "fixtures"
    crampy = a_patient().with_cramps()
    add_story(folder, "at-the-limit", "Potassium at the limit", crampy.with_result("potassium", "3.5 mmol/L"))
    add_story(folder, "far-below", "Potassium far below", crampy.with_result("potassium", "3.1 mmol/L"))
    add_story(folder, "no-report", "No cramps", a_patient().with_result("potassium", "3.1 mmol/L"))
    return folder


def _raise_the_limit(cards: Path) -> None:
    change_front(cards / POTASSIUM, "3.5 mmol/L", "3.6 mmol/L")


# --- diff -----------------------------------------------------------------------------------------------------


def test_a_changed_threshold_names_the_patients_whose_cards_change(
    before: Path, cards: Path, patients: Path
) -> None:
    _raise_the_limit(cards)

    result = run("diff", before, "--folder", cards, fixtures=patients)

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "1 of 3 built-in patients changes: 1 card appears."
    assert lines[2] == "contributors/low-potassium.md (L01)"
    assert any(line.endswith(": low: 3.5 mmol/L → 3.6 mmol/L") for line in lines)
    assert "  Speaks for 2 built-in patients, before for 1." in lines
    assert "at-the-limit: Potassium at the limit" in lines
    assert any(re.fullmatch(r" +L01 appears, info:", line) for line in lines)
    assert any(re.fullmatch(r" +K 3\.5 mmol/L .*", line) for line in lines)
    assert "far-below" not in result.stdout


def test_a_changed_threshold_is_told_to_machines(before: Path, cards: Path, patients: Path) -> None:
    _raise_the_limit(before)

    result = run("diff", before, "--folder", cards, "--json", fixtures=patients)

    told = json.loads(result.stdout)
    changed = [
        (each["story"], card["rule"], card["effect"], card["after"])
        for each in told["changed"]
        for card in each["cards"]
    ]
    assert (told["headline"], told["patients"]) == ("1 of 3 built-in patients changes: 1 card disappears", 3)
    assert changed == [("at-the-limit", "L01", "disappears", None)]
    assert [(each["file"], each["speaks_for"]) for each in told["files"]] == [
        (POTASSIUM, {"before": 2, "after": 1})
    ]


def test_a_changed_sentence_is_shown_word_by_word(before: Path, cards: Path, patients: Path) -> None:
    write_section(before / POTASSIUM, "Options", "confirm, then recheck within three days.")
    write_section(cards / POTASSIUM, "Options", "confirm, then recheck within a week.")

    result = run("diff", before, "--folder", cards, fixtures=patients)

    assert result.stdout.startswith("1 of 3 built-in patients changes: 1 card is reworded.\n")
    assert "  # Options is reworded\n" in result.stdout
    assert "recheck within [-three days.-]{+a week.+}" in result.stdout


def test_a_test_more_to_order_is_shown(before: Path, cards: Path, patients: Path) -> None:
    change_front(cards / POTASSIUM, "[potassium, magnesium, creatinine]", "[potassium, magnesium]")

    result = run("diff", before, "--folder", cards, fixtures=patients)

    assert "1 card offers other draft orders" in result.stdout
    assert re.search(r"- \[Draft order: K, Mg, .*\]\n +\+ \[Draft order: K, Mg\]", result.stdout)


def test_the_same_files_change_nothing(before: Path, cards: Path, patients: Path) -> None:
    result = run("diff", before, "--folder", cards, "--exit-code", fixtures=patients)

    assert (result.exit_code, result.stdout) == (
        0,
        f"No card changes for any of the 3 built-in patients.\nNo knowledge file differs from {before}.\n",
    )


def test_a_change_that_no_patient_shows_says_so(before: Path, cards: Path, patients: Path) -> None:
    change_front(cards / "contributors/loop-diuretic.md", "washout: 30 days", "washout: 29 days")

    result = run("diff", before, "--folder", cards, fixtures=patients)

    assert result.stdout.startswith("No card changes for any of the 3 built-in patients.\n")
    assert "washout: 30 days → 29 days" in result.stdout
    assert "Speaks for no built-in patient: nothing here shows what the change does." in result.stdout


def test_a_change_can_be_asked_for_by_the_exit_code(before: Path, cards: Path, patients: Path) -> None:
    _raise_the_limit(cards)

    result = run("diff", before, "--folder", cards, "--exit-code", fixtures=patients)

    assert result.exit_code == 1


def test_a_signature_that_lapses_is_told_with_its_name(before: Path, cards: Path, patients: Path) -> None:
    run("approve", "L01", "--by", "Dr A. Name", "--date", "2026-06-01", "--folder", cards)
    _raise_the_limit(cards)

    result = run("diff", before, "--folder", cards, fixtures=patients)

    assert (
        "  Its signature (Dr A. Name, 2026-06-01) lapses: sign again with legcramps cards approve low-potassium\n"
        in result.stdout
    )


def test_new_files_other_codes_and_other_citations_are_listed(
    before: Path, cards: Path, patients: Path
) -> None:
    (before / "chains" / "statin-myopathy.md").unlink()
    change(cards / "references.json", '"Garrison 2012"', '"Garrison and others 2012"')
    (cards / "value_sets").unlink()
    codes = cut_value_sets(cards / "value_sets") / "diagnoses" / "hypokalaemia.csv"
    codes.write_text("".join(codes.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")

    result = run("diff", before, "--folder", cards, fixtures=patients)

    assert "chains/statin-myopathy.md (M2) is new\n" in result.stdout
    assert "references.json\n  citations: GARRISON2012\n" in result.stdout
    assert "value_sets\n  codes: diagnoses/hypokalaemia.csv\n" in result.stdout


# --- an earlier state of the files ------------------------------------------------------------------------------


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Git in the test's own folder, whatever this machine's settings are."""
    for name in [each for each in os.environ if each.startswith("GIT_")]:
        monkeypatch.delenv(name)
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]

    def run_git(*words: str) -> None:
        command = ["git", "-C", str(tmp_path), *identity, *words]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words

    return run_git


def test_the_earlier_files_come_from_a_git_revision(
    cards: Path, patients: Path, git: Callable[..., None]
) -> None:
    (cards / "value_sets").unlink()
    cut_value_sets(cards / "value_sets")
    git("init", "--quiet")
    git("add", "cards")
    git("commit", "--quiet", "--message", "Files as they are")
    _raise_the_limit(cards)

    result = run("diff", "HEAD", "--folder", cards, fixtures=patients)

    assert result.stdout.startswith("1 of 3 built-in patients changes: 1 card appears.\n")
    assert [
        line for line in result.stdout.splitlines() if line.startswith(("value_sets", "references"))
    ] == []


@pytest.mark.parametrize("revision", ["no-such-branch", "--all", "-x"])
def test_an_unknown_revision_is_told(
    cards: Path, patients: Path, git: Callable[..., None], revision: str
) -> None:
    git("init", "--quiet")

    result = run("diff", "--folder", cards, "--", revision, fixtures=patients)

    assert (result.exit_code, result.stderr) == (
        3,
        f"legcramps: `{revision}` is neither a git revision here nor a folder\n",
    )


def test_outside_a_checkout_a_folder_is_asked_for(
    cards: Path, patients: Path, git: Callable[..., None]
) -> None:
    result = run("diff", "HEAD", "--folder", cards, fixtures=patients, GIT_CEILING_DIRECTORIES="/")

    assert result.exit_code == 3
    assert "is in no git checkout" in result.stderr
    assert result.stderr.endswith("name a folder of earlier files in place of a revision\n")


def test_earlier_files_that_are_not_understood_any_more_can_not_be_compared(
    before: Path, cards: Path, patients: Path
) -> None:
    change(before / POTASSIUM, "kind: lab", "kind: laboratory")

    result = run("diff", before, "--folder", cards, fixtures=patients)

    assert result.exit_code == 3
    assert "not understood by this version of the service" in result.stderr
    assert f"first: {POTASSIUM}: kind: " in result.stderr


def test_files_that_are_not_understood_now_are_told_by_place(
    before: Path, cards: Path, patients: Path
) -> None:
    change(cards / POTASSIUM, "kind: lab", "kind: laboratory")

    result = run("diff", before, "--folder", cards, fixtures=patients)

    assert result.exit_code == 2
    assert result.stderr.startswith("legcramps: ")
    assert f"{POTASSIUM}: kind: `laboratory`" in result.stderr


# --- one card against another -----------------------------------------------------------------------------------

_STORY = Story("story", "A story", "A patient.", TODAY, b"{}")


def _card(rule: str = "L01", indicator: Any = "info", **members: Any) -> Card:
    source = Source("NLC contributor support", topic=Coding(rule, "https://example.org/rule"))
    return Card(
        **{"summary": "K is low", "indicator": indicator, "source": source, "detail": "Text", **members}
    )


def _order(label: str) -> Suggestion:
    return Suggestion(label, (Action("create", label, {}),))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([], [_card()], "1 card appears"),
        ([_card()], [], "1 card disappears"),
        ([_card()], [_card(indicator="warning", summary="K is very low")], "1 card becomes more urgent"),
        ([_card(indicator="critical")], [_card(indicator="warning")], "1 card becomes less urgent"),
        ([_card()], [_card(suggestions=(_order("K"),))], "1 card offers other draft orders"),
        ([_card()], [_card(detail="Other text")], "1 card is reworded"),
        (
            [_card(extension={"org.legcramps.findings": [{"row": "L01", "role": "contributor"}]})],
            [_card(extension={"org.legcramps.findings": [{"row": "L01", "role": "context"}]})],
            "1 card changes otherwise",
        ),
        ([_card("L01")], [_card("M1")], "1 card appears, 1 card disappears"),
        ([_card(), _card()], [_card()], "1 card disappears"),
    ],
)
def test_the_weightiest_difference_of_a_card_is_counted(
    before: list[Card], after: list[Card], told: str
) -> None:
    found = changes([_STORY], {"story": Told(tuple(before), "")}, {"story": Told(tuple(after), "")})

    assert headline(found, 4) == f"1 of 4 built-in patients changes: {told}"


@pytest.mark.parametrize(
    "after",
    [
        [_card()],
        [_card(extension={"org.legcramps.knowledge": "2027.01"})],
        [_card(source=Source("version 2027.01", topic=Coding("L01", "https://example.org/rule")))],
    ],
)
def test_another_version_of_the_knowledge_is_no_change(after: list[Card]) -> None:
    found = changes([_STORY], {"story": Told((_card(),), "")}, {"story": Told(tuple(after), "")})

    assert headline(found, 4) == "No card changes for any of the 4 built-in patients"


def test_cards_that_change_places_are_a_change() -> None:
    cards = (_card("L01"), _card("D02"))

    found = changes([_STORY], {"story": Told(cards, "")}, {"story": Told(cards[::-1], "")})

    assert [(each.is_reordered, each.cards) for each in found] == [(True, ())]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("K is low", "K is very low", "K is {+very+} low"),
        ("a b c d e f g h i j k old", "a b c d e f g h i j k new", "… h i j k [-old-]{+new+}"),
        ("old a b c d e f g h i", "new a b c d e f g h i", "[-old-]{+new+} a b c d …"),
        ("**Head.**\n\n- one\n- two", "**Head.**\n\n- one\n- three", "**Head.** · one · [-two-]{+three+}"),
    ],
)
def test_words_that_stay_far_from_a_change_are_cut(old: str, new: str, told: str) -> None:
    assert worded(old, new).plain == told


# --- preview --------------------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """The tags and the words of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.targets: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.ids |= {each for each in (given.get("id"),) if each}
        self.targets |= {each for each in (given.get("href"), given.get("src")) if each}


def _words(markup: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def test_the_preview_shows_every_card_and_every_sentence(cards: Path, patients: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"

    result = run("preview", "--out", out, "--folder", cards, fixtures=patients)

    text = _words(out.read_text("utf-8").partition("<body>")[2])
    sections = [
        section
        for each in load(cards, "demo").contributors
        for title, section in each.texts.items()
        if title.startswith(("Summary", "Finding", "Options", "Line")) and "{" not in section
    ]
    assert re.fullmatch(
        rf"{re.escape(str(out))}: 1 card of 3 built-in patients, \d+ sentences\n", result.stdout
    )
    assert "K 3.1 mmol/L (8 Jun 2026)" in text
    assert "Override reasons: Already considered;" in text
    assert "A patient with far-below." in text
    assert "No card: no-report" in text
    assert [each for each in sections if each[1:] not in text] == []
    assert "{" not in text


def test_the_preview_loads_and_runs_nothing(cards: Path, patients: Path, tmp_path: Path) -> None:
    run("preview", "--out", tmp_path / "page.html", "--folder", cards, fixtures=patients)

    whole = (tmp_path / "page.html").read_text("utf-8")
    page = _Page(whole)
    style = whole.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert page.tags.isdisjoint({"script", "img", "link", "iframe", "object", "form"})
    assert (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        in unescape(whole)
    )
    assert all(each.startswith(("#", "http://", "https://")) for each in page.targets)
    assert {each[1:] for each in page.targets if each.startswith("#")} <= page.ids
    assert {"at-the-limit", "far-below", "no-report", "sentences"} <= page.ids


def test_html_in_a_file_is_shown_not_obeyed(cards: Path, patients: Path, tmp_path: Path) -> None:
    write_section(cards / POTASSIUM, "Options", "<script>alert(1)</script> [x](javascript:alert) confirm.")

    run("preview", "--out", tmp_path / "page.html", "--folder", cards, fixtures=patients)

    page = _Page((tmp_path / "page.html").read_text("utf-8"))
    assert "script" not in page.tags
    assert not any(each.startswith("javascript") for each in page.targets)


def test_a_preview_that_can_not_be_written_is_told(cards: Path, patients: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "missing" / "page.html"

    result = run("preview", "--out", nowhere, "--folder", cards, fixtures=patients)

    assert (result.exit_code, result.stderr) == (
        2,
        f"legcramps: {nowhere}: can't be written: No such file or directory\n",
    )


def test_a_story_without_its_day_is_told(cards: Path, patients: Path, tmp_path: Path) -> None:
    change(patients / "far-below" / "story.md", "today: 2026-06-15", "today: in June")

    result = run("preview", "--out", tmp_path / "page.html", "--folder", cards, fixtures=patients)

    assert (result.exit_code, result.stderr) == (
        2,
        "legcramps: far-below/story.md: today: a day is written 2026-06-15\n",
    )
