"""The rule pages: everything in a file stands on its page, nothing in a file can break out of it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError
from starlette.types import ASGIApp

from cds_service import settings, vocabulary
from cds_service.app import create_app
from cds_service.contributors import load
from cds_service.errors import KnowledgeInvalid
from cds_service.facts import TimeClass
from cds_service.frontmatter import Document
from cds_service.knowledge import Approval, Knowledge
from cds_service.markup import html, render
from cds_service.pages import Pages
from cds_service.prose import VOCABULARY, Names, Said, amount, criteria, listed, one
from cds_service.sheets import ELSEWHERE, Section, guards, sections
from cds_service.signatures import digest
from cds_service.tables import Limit, limits, named
from tests.authored import copy_cards, cut_value_sets
from tests.client import call
from tests.patients import CARDS

_BASE = "http://127.0.0.1:8000"
_NAMES = Names({"calcium_ionized": "ionised calcium", "long_qt": "long QT"})
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
_HOSTILE = "<script>alert(1)</script> [now](javascript:alert(1)) <img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(CARDS, "demo")


@pytest.fixture(scope="module")
def pages(knowledge: Knowledge) -> Pages:
    return Pages(knowledge, CARDS, _BASE)


@pytest.fixture(scope="module")
def app(knowledge: Knowledge) -> ASGIApp:
    return create_app(settings.load(base_url=_BASE, cards=CARDS), knowledge)


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A copy that a test may break, its drugs cut to a few codes each."""
    return copy_cards(tmp_path / "cards", cut_value_sets(tmp_path / "value_sets"))


class _Page(HTMLParser):
    """What a page holds: its tags with their attributes, where its links lead, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._text.append(" " if tag in ("p", "li", "dd", "dt", "td", "th", "h1", "h2", "h3", "br") else "")

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._text).split())

    @property
    def links(self) -> list[str]:
        return [
            attributes["href"] or "" for tag, attributes in self.tags if tag == "a" and "href" in attributes
        ]


def _rules(knowledge: Knowledge) -> list[Document]:
    return [each for each in knowledge.documents if each.name.startswith(("contributors/", "chains/"))]


def _key(document: Document) -> str:
    front: Mapping[str, str] = document.front.value
    return front.get("row") or front["chain"]


def _with(knowledge: Knowledge, document: Document) -> Knowledge:
    """The knowledge with one file changed."""
    others = (document if each.name == document.name else each for each in knowledge.documents)
    return replace(knowledge, documents=tuple(others))


def _file(knowledge: Knowledge, name: str) -> Document:
    return next(each for each in knowledge.documents if each.name == name)


# --- every file has its page ----------------------------------------------------------------------------------


def test_every_file_has_a_page_with_its_id_and_label(knowledge: Knowledge, pages: Pages) -> None:
    titles = {_key(each): f"{_key(each)}: {each.front.value['label']}" for each in _rules(knowledge)}

    shown = {key: _Page(pages.html(key)).text for key in titles}

    assert [key for key, title in titles.items() if title not in shown[key]] == []


def test_every_id_on_the_index_leads_to_a_page(knowledge: Knowledge, app: ASGIApp) -> None:
    index = _Page(call(app, "GET", "/knowledge").text)

    answers = {link: call(app, "GET", link).status_code for link in index.links}

    assert set(answers.values()) == {200}
    assert {f"/knowledge/{_key(each)}" for each in _rules(knowledge)} <= set(answers)
    assert {"/knowledge/guards", "/knowledge/limits", "/knowledge/source-attributes"} <= set(answers)


def test_the_index_gives_label_grade_and_signature_of_each_rule(knowledge: Knowledge, pages: Pages) -> None:
    fronts = [each.front.value for each in _rules(knowledge)]

    index = _Page(pages.html("")).text

    assert [front["label"] for front in fronts if f"{front['label']} {_letter(front)} no" not in index] == []


def _letter(front: Mapping[str, Any]) -> str:
    grade = front["grade"]
    return grade["contributing"] if "contributing" in grade else f"{grade['acting']} (acting)"


def test_every_link_from_page_to_page_leads_somewhere(pages: Pages) -> None:
    links = {link for name in ("", *pages.index()) for link in _Page(pages.html(name)).links}

    inside = {link.removeprefix("/knowledge").removeprefix("/") for link in links if link.startswith("/")}

    assert inside == {"", *pages.index()}


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("loop-diuretic", "/knowledge/D02"),
        ("LOOP-Diuretic", "/knowledge/D02"),
        ("d02", "/knowledge/D02"),
        ("m1B", "/knowledge/M1b"),
        ("diuretic-low-sodium", "/knowledge/M1b"),
        ("Limits", "/knowledge/limits"),
    ],
)
def test_a_rule_has_one_address(app: ASGIApp, asked: str, address: str) -> None:
    answer = call(app, "GET", f"/knowledge/{asked}")

    assert (answer.status_code, answer.headers["location"]) == (308, address)


def test_links_keep_the_path_under_which_others_reach_the_service(knowledge: Knowledge) -> None:
    pages = Pages(knowledge, CARDS, "https://ehr.example/cramps/")

    links = [link for link in _Page(pages.html("D02")).links if not link.startswith("https://")]

    assert links
    assert all(link.startswith("/cramps/knowledge") for link in links)


def test_an_unsigned_rule_has_its_page_where_it_does_not_speak() -> None:
    silent = load(CARDS, "production")

    pages = Pages(silent, CARDS, _BASE)

    assert silent.contributors == ()
    assert "Not signed by a clinician." in pages.html("D02")


def test_an_unknown_rule_is_a_404_with_an_operation_outcome(app: ASGIApp) -> None:
    answer = call(app, "GET", "/knowledge/D99")

    assert answer.status_code == 404
    assert answer.json()["resourceType"] == "OperationOutcome"


def test_a_page_is_made_once(pages: Pages) -> None:
    assert pages.html("D01") is pages.html("D01")


# --- everything in the file is on its page --------------------------------------------------------------------


def _changed(raw: Any) -> Iterator[tuple[str, list[Any]]]:
    """Each place in the front matter, with the whole where that place is left out or says something else."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            without = {each: inner for each, inner in raw.items() if each != key}
            yield key, [without, {**raw, key: "something else"}] if isinstance(value, str) else [without]
            for place, wholes in _changed(value):
                yield f"{key}: {place}", [{**raw, key: whole} for whole in wholes]
    if isinstance(raw, list):
        for number, value in enumerate(raw):
            if len(raw) > 1:
                yield f"[{number}]", [raw[:number] + raw[number + 1 :]]
            for place, wholes in _changed(value):
                yield f"[{number}]: {place}", [[*raw[:number], whole, *raw[number + 1 :]] for whole in wholes]


def test_every_key_and_value_of_every_file_is_told(knowledge: Knowledge) -> None:
    """Whatever is left out or changed in a file changes what its page says."""
    silent = []
    for document in _rules(knowledge):
        front = {key: raw for key, raw in document.front.value.items() if key not in ELSEWHERE - {"kind"}}
        said = sections(front, _NAMES)
        for place, others in _changed(front):
            if place != "kind" and all(sections(other, _NAMES) == said for other in others):
                silent.append(f"{document.name}: {place}")

    assert silent == []


# every key that a file may have, more than any one file has
_FULL = {
    "subject": [
        {"exposure": "iv_iron", "given_within": "60 days", "given_from": "start", "where": {"is": ["ferric"]}},
        {"readings": "glucose", "within": "30 days"},
        {"latest": ["potassium", "sodium"]},
        {"diagnosis": ["gout", "long_qt"]},
    ],
    "role": "safety",
    "when": {"critical": {"running": "yes"}, "in_chain": {"recorded": "yes"}},
    "critical_range": {"below": "2.5 mmol/L"},
    "red_flags": [{"id": "R1", "diagnosed": ["rest_pain"], "confirm_until": "365 days"}],
    "bears_on": ["R3"],
    "coded": ["hypokalaemia"],
    "safety": {"warning": {"taking": "digoxin"}},
    "context": {"prescribed_for": ["malaria"]},
    "on_its_own": {"at_least": "3.3 mmol/L"},
    "overdue": [
        {
            "tests": ["potassium"], "after": "42 days", "since_change": "yes", "oldest": "365 days",
            "when": {"recorded": "yes"},
        }
    ],
    "set_aside": [{"when": {"recorded": "yes"}, "say": "in range"}],
    "washout": "60 days",
    "explains": ["L01"],
    "explained_by": ["statin"],
    "replaced_by": ["potassium_supplement"],
    "shows": ["potassium"],
    "indications": ["heart_failure"],
    "remarks": [{"when": {"taking": "lithium"}, "say": "Lithium is listed."}],
    "potency": {"simvastatin": "4", "rosuvastatin": "16"},
    "suggest": [
        {"order": ["CK"], "when": {"taking": "statin"}, "unless_measured": {"since": "change", "within": "90 days"}}
    ],
    "override_reasons": {"handled": "Already acted on"},
    "needs": {
        "any": [
            [{"rows": ["D01", "D02"], "began": ["strong"]}, {"rows": ["L01"], "drawn": "after_start", "shown": "main"}],
            [{"rows": ["C01"], "flag": "R1"}, {"taking": ["statin"]}],
        ]
    },
    "joins": ["D03"],
}  # fmt: skip


def test_every_key_that_a_file_may_have_is_told() -> None:
    said = sections(_FULL, _NAMES)

    silent = [
        place for place, others in _changed(_FULL) if all(sections(other, _NAMES) == said for other in others)
    ]

    assert silent == []
    assert [each.title for each in said] == [
        "What it looks at",
        "When it forms",
        "When it speaks",
        "When it is set aside",
        "Beside other rules",
        "What it adds to a card",
        "Draft orders it may offer",
        "Further reasons to override",
    ]


@pytest.mark.parametrize(
    ("front", "title", "read"),
    [
        (
            {"subject": {"exposure": "iv_iron", "given_within": "30 days", "given_from": "last dose"}},
            "What it looks at",
            Said(
                "Medicines: iv_iron",
                (Said("counts in the 30 days before the cramps, counted from the last dose"),),
            ),
        ),
        (
            {"red_flags": [{"id": "R1", "diagnosed": ["rest_pain", "tissue_loss"], "confirm_until": "365 days"}]},
            "When it speaks",
            Said(
                "Red flag R1: rest_pain or tissue_loss recorded",
                (
                    Said("critical while it is active and at most 30 days old"),
                    Said("a warning to confirm it, up to 365 days, or undated, or unconfirmed; then history"),
                ),
            ),
        ),
        (
            {"overdue": [{"tests": ["potassium", "sodium"], "after": "42 days", "oldest": "365 days"}]},
            "When it speaks",
            Said(
                "Monitoring is overdue (info): potassium, sodium",
                (
                    Said("not in the first 42 days after a start or rise"),
                    Said("the newest result is more than 365 days old, or there is none"),
                ),
            ),
        ),
        (
            {"suggest": [{"order": ["CK"], "when": {"taking": "statin"}, "unless_measured": {"within": "90 days"}}]},
            "Draft orders it may offer",
            Said("CK, only when taking statin", (Said("a test is left out when it was resulted in the last 90 days"),)),
        ),
        (
            {"needs": [{"rows": ["L01"], "drawn": "after_start"}]},
            "When it forms",
            Said(
                "It forms when all of these are there:",
                (Said("L01", (Said("the value drawn after the drug was started"),)),),
            ),
        ),
        (
            {"washout": "60 days"},
            "When it is set aside",
            Said("stopped more than 60 days before the cramps (the washout), or begun after them: not flagged"),
        ),
    ],
)  # fmt: skip
def test_a_key_of_a_file_reads_as_plain_words(front: dict[str, Any], title: str, read: Said) -> None:
    said = {each.title: each.items[0] for each in sections(front, _NAMES)}

    assert said[title] == read


def test_a_safety_row_is_about_who_is_taking_the_drug_now() -> None:
    said = sections({"kind": "safety", "subject": {"exposure": "quinine"}}, _NAMES)

    assert said == (
        Section(
            "What it looks at",
            (Said("Medicines: quinine"), Said("only medicines that are taken now, whenever they were begun")),
        ),
    )


def test_the_usual_washout_is_told_where_the_file_says_none() -> None:
    said = sections({"kind": "drug", "subject": {"exposure": "loop_diuretic"}}, _NAMES)

    assert said[1:] == (
        Section(
            "When it is set aside",
            (
                Said(
                    "stopped more than 30 days before the cramps (the washout), or begun after them: not flagged"
                ),
            ),
        ),
    )


def test_what_stands_outside_the_sections_is_told_too(knowledge: Knowledge, pages: Pages) -> None:
    for document in _rules(knowledge):
        front = document.front.value
        page = _Page(pages.html(_key(document)))

        graded = [f"{letter} for" for letter in front["grade"].values()]
        cited = [knowledge.references[key].citation for key in front["cites"]]

        assert [each for each in (*graded, *cited, *front["cites"]) if each not in page.text] == []


def test_every_section_of_every_body_is_told(knowledge: Knowledge, pages: Pages) -> None:
    for document in _rules(knowledge):
        page = _Page(pages.html(_key(document))).text

        said = {title: _Page(html(text)).text for title, text in document.sections.items()}

        assert [title for title, text in said.items() if text not in page] == [], document.name


def test_the_guards_page_tells_every_key_and_value(knowledge: Knowledge) -> None:
    front = _file(knowledge, "guards.md").front.value
    said = guards(front, _NAMES)

    silent = [
        place for place, others in _changed(front) if all(guards(other, _NAMES) == said for other in others)
    ]

    assert silent == []


def test_the_guards_page_names_the_rules_that_set_aside(knowledge: Knowledge, pages: Pages) -> None:
    with_set_asides = {_key(each) for each in _rules(knowledge) if "set_aside" in each.front.value}

    linked = {link.rpartition("/")[2] for link in _Page(pages.html("guards")).links}

    assert with_set_asides
    assert with_set_asides <= linked


def test_a_citation_can_be_followed_and_says_what_was_checked(knowledge: Knowledge, pages: Pages) -> None:
    page = _Page(pages.html("D01"))
    cited = knowledge.references["GARRISON2012"]

    assert cited.url in page.links
    assert f"Checked against the source: {cited.checked} ({cited.note})" in page.text


def test_value_sets_are_named_with_the_number_of_their_codes(pages: Pages) -> None:
    page = _Page(pages.html("D02")).text

    found = re.search(r"loop diuretic loop_diuretic drug class (\d+) (\d+)", page)

    assert found is not None
    assert int(found[1]) > 100
    assert int(found[2]) > 10


def test_a_chain_links_its_rows_and_a_row_its_chains(pages: Pages) -> None:
    chain, row = _Page(pages.html("M1")).links, _Page(pages.html("D02")).links

    assert {f"/knowledge/{each}" for each in ("D01", "D02", "L01", "L02")} <= set(chain)
    assert {"/knowledge/M1", "/knowledge/M1b"} <= set(row)


# --- plain words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"below": "3.0 mmol/L"}, "the value is below 3.0 mmol/L"),
        ({"within": "90 days", "below": "3.0 mmol/L"}, "the value is below 3.0 mmol/L, at most 90 days old"),
        ({"at_most": ["0.40 mmol/L", "1.0 mg/dL"]}, "the value is at or below 0.40 mmol/L (1.0 mg/dL)"),
        ({"above": "4 ULN"}, "the value is above 4 times the laboratory's upper limit"),
        ({"above": "1 ULN"}, "the value is above the laboratory's upper limit"),
        (
            {"at_least": "5000 U/L", "without_range": "yes"},
            "the value is at or above 5000 U/L, reported without the laboratory's own limit",
        ),
        ({"measured_below": "125 mmol/L"}, "the value is below 125 mmol/L as it was measured, before any correction"),
        (
            {"low": "3.5 mmol/L"},
            "the value is below the laboratory's own lower limit (below 3.5 mmol/L where it gives none)",
        ),
        (
            {"high": "4.5 mIU/L"},
            "the value is above the laboratory's own upper limit (above 4.5 mIU/L where it gives none)",
        ),
        ({"of": "calcium_ionized", "below": "0.90 mmol/L"}, "ionised calcium is below 0.90 mmol/L"),
        ({"of": "calcium_ionized"}, "what was measured is ionised calcium"),
        ({"at_night": "yes"}, "the value is taken at night (23:00 to 06:00)"),
        (
            {"rose": {"times": "1.5", "within": "365 days"}},
            "the value is at least 1.5 times the lowest earlier value of 365 days",
        ),
        ({"same_sample": {"recorded": "yes"}}, "a result of the same sample corrects the value"),
        ({"same_sample": {"at_least": "20 mmol/L"}}, "the other result of the same sample is at or above 20 mmol/L"),
        ({"undated": "yes"}, "the value is without a date"),
        ({"recorded": "yes"}, "the value is recorded, whatever its date"),
        ({"one_sided": "no"}, "the value is on both sides, or no side named"),
        ({"began": "strong"}, "the value was begun, or its dose raised, 0 to 90 days before the cramps"),
        ({"prescribed_for": ["malaria"]}, "the value is prescribed for malaria, by the recorded words"),
        ({"is": ["spironolactone", "eplerenone"]}, "the value is spironolactone or eplerenone"),
        ({"running": "yes"}, "the value is taken now"),
        ({"exposed": "90 days"}, "the value is one that had been taken for at least 90 days when the cramps began"),
        ({"taking": "digoxin"}, "taking digoxin"),
        (
            {"taking": "statin", "ingredients": ["simvastatin"], "dose_above": "20 mg"},
            "taking statin only simvastatin, more than 20 mg a day",
        ),
        ({"taking": "statin", "when_taken": "yes"}, "taking statin begun before the result was taken"),
        ({"taking": "statin", "before_onset": "yes"}, "taking statin begun before the cramps"),
        ({"given": "iron", "within": "30 days"}, "iron given in the 30 days before"),
        ({"diagnosed": ["arrhythmia", "long_qt"]}, "arrhythmia or long QT recorded"),
        (
            {"diagnosed": "oedema", "since_start": "yes", "within": "90 days"},
            "oedema recorded at most 90 days old, since the drug was started",
        ),
        (
            {"latest": "potassium", "within": "90 days", "below": "3.0 mmol/L"},
            "latest potassium below 3.0 mmol/L, at most 90 days old",
        ),
        ({"unmeasured": "tsh", "within": "365 days"}, "no usable tsh at most 365 days old"),
        (
            {"unmeasured": ["calcium_ionized", "calcium"], "since_change": "yes"},
            "no usable ionised calcium or calcium since the drug was last changed or given, or since the diagnosis",
        ),
        (
            {"unmeasured": "calcium_ionized", "changed": "calcium", "after": "8 weeks"},
            "calcium begun or its dose changed more than 8 weeks ago, with no ionised calcium since",
        ),
        ({"same_day": "glucose", "above": "10 mmol/L"}, "glucose of the same day above 10 mmol/L"),
        (
            {"diagnosed": "hard_exercise", "confirmed": "yes", "before_result": "7 days"},
            "hard_exercise recorded not just as suspected, at most 7 days before the result was taken",
        ),
        ({"measured_above": "5 mmol/L"}, "the value is above 5 mmol/L as it was measured, before any correction"),
        (
            {"measured_at_least": "5 mmol/L"},
            "the value is at or above 5 mmol/L as it was measured, before any correction",
        ),
        ({"on_order": ["calcium"]}, "calcium on order"),
        ({"gestation_below": "13 weeks"}, "gestational age below 13 weeks"),
        ({"unless": {"gestation_below": "13 weeks"}}, "not known to hold: gestational age below 13 weeks"),
        ({"not": {"taking": "digoxin"}}, "not: taking digoxin"),
        ({"any": [{"taking": "digoxin"}, {"taking": "quinine"}]}, "taking digoxin or quinine"),
        (
            {"taking": "insulin", "latest": "potassium", "at_most": "3.4 mmol/L"},
            "taking insulin; and latest potassium at or below 3.4 mmol/L",
        ),
        ({"above": "0.5 mL/min/{1.73_m2}"}, "the value is above 0.5 mL/min/1.73 m²"),
    ],
)  # fmt: skip
def test_a_criterion_reads_as_plain_words(written: dict[str, Any], read: str) -> None:
    assert one(written, _NAMES, "the value") == Said(read)


def test_alternatives_and_exceptions_are_lists_in_lists() -> None:
    written = {
        "below": "3.0 mmol/L",
        "any": [{"taking": "digoxin"}, {"diagnosed": "long_qt"}],
        "not": {"any": [{"taking": "insulin"}, {"taking": "laba"}]},
    }

    assert criteria(written, _NAMES, "it") == (
        Said("it is below 3.0 mmol/L"),
        Said("any of these holds:", (Said("taking digoxin"), Said("long QT recorded"))),
        Said("none of these holds:", (Said("taking insulin or laba"),)),
    )


def test_every_time_class_of_a_drug_is_in_words_with_its_days() -> None:
    said = criteria({"began": [each.value for each in TimeClass]}, _NAMES, "the drug")

    assert len(said[0].items) == len(TimeClass)
    assert {each.text for each in said[0].items} & {each.value for each in TimeClass} == set()


def test_every_word_of_the_vocabulary_has_its_words() -> None:
    words = {*vocabulary._WORDS, *vocabulary._PHRASES}

    assert words - VOCABULARY == set()


def test_a_word_that_nobody_foresaw_is_shown_as_it_is_written() -> None:
    front = {
        "subject": {"diagnosis": "gout"},
        "when": {"info": {"moon": "full"}},
        "new_key": {"deep": ["a", "b"]},
    }

    said = {each.title: each.items for each in sections(front, _NAMES)}

    assert said["When it speaks"] == (Said("Info, worth knowing, when moon: full"),)
    assert said["More that the file says"] == (Said("new key:", (Said("deep: a, b"),)),)


def test_a_row_in_plain_words_is_a_link(pages: Pages) -> None:
    assert "/knowledge/L07" in _Page(pages.html("C03")).links


def test_amounts_are_printed_as_people_write_them() -> None:
    assert amount("100 10*9/L") == "100 × 10⁹/L"
    assert amount(["0.70 mmol/L", "1.7 mg/dL", "1.4 meq/L"]) == "0.70 mmol/L (1.7 mg/dL; 1.4 mEq/L)"


def test_names_with_a_comma_are_kept_apart() -> None:
    assert listed(["calcium", "calcium, ionized", "albumin"]) == "calcium; calcium, ionized or albumin"


def test_a_washout_of_single_doses_is_only_about_later_values() -> None:
    front = {
        "kind": "drug",
        "subject": {"exposure": "iv_iron", "given_within": "30 days"},
        "washout": "90 days",
    }

    assert sections(front, _NAMES)[1:] == (
        Section(
            "Beside other rules",
            (Said("a value drawn up to 90 days after its end still counts as drawn on it"),),
        ),
    )


def test_a_single_dose_is_judged_by_its_own_window() -> None:
    front = {
        "subject": {"exposure": "iv_iron", "given_within": "30 days"},
        "when": {"info": {"began": ["strong"]}},
    }

    assert sections(front, _NAMES)[1].items == (
        Said("Info, worth knowing, when the drug was within its window before the cramps"),
    )


def test_limits_are_gathered_by_the_result_they_are_for() -> None:
    front = {
        "subject": {"latest": ["potassium"]},
        "when": {
            "info": {"below": "3.5 mmol/L", "any": [{"latest": "calcium_ionized", "below": "1.12 mmol/L"}]}
        },
    }

    assert limits(front, _NAMES) == (
        Limit("potassium", "below 3.5 mmol/L"),
        Limit("ionised calcium", "below 1.12 mmol/L"),
    )


def test_a_test_to_order_is_not_taken_for_a_result_that_is_read() -> None:
    front = {"subject": {"exposure": "statin"}, "shows": ["potassium"], "suggest": [{"order": ["sodium"]}]}

    assert named(front, {"potassium", "sodium", "statin"}) == ("statin", "potassium")


# --- signature, history, review -------------------------------------------------------------------------------


def _signed(knowledge: Knowledge, content: str) -> str:
    approvals = {"loop-diuretic": Approval(content, "Dr A. Example", "2026-11-20")}
    return _Page(Pages(replace(knowledge, approvals=approvals), CARDS, _BASE).html("D02")).text


def test_a_signature_tells_who_and_when(knowledge: Knowledge) -> None:
    present = digest(_file(knowledge, "contributors/loop-diuretic.md"))

    page = _signed(knowledge, present)

    assert "Signed by Dr A. Example, 2026-11-20." in page
    assert f"Content hash (SHA-256) {present}" in page


def test_a_file_changed_since_says_that_its_signature_is_for_an_earlier_content(knowledge: Knowledge) -> None:
    page = _signed(knowledge, "0" * 64)

    assert "Not signed by a clinician: Dr A. Example signed an earlier content on 2026-11-20" in page
    assert "Signature not signed by a clinician" in page


def test_a_file_that_nobody_signed_says_so(knowledge: Knowledge) -> None:
    page = _Page(Pages(replace(knowledge, approvals={}), CARDS, _BASE).html("D02")).text

    assert "Not signed by a clinician." in page
    assert "Signed by" not in page


def test_version_and_next_review_stand_on_every_rule(knowledge: Knowledge, pages: Pages) -> None:
    page = _Page(pages.html("L01")).text

    assert f"Knowledge version {knowledge.version}" in page
    assert f"Next review {knowledge.review_by}" in page


def test_a_history_keeps_its_lines(knowledge: Knowledge) -> None:
    file = _file(knowledge, "contributors/loop-diuretic.md")
    told = f"{file.text}- 2026-11-30: limits read again\n"

    page = Pages(_with(knowledge, replace(file, text=told)), CARDS, _BASE).html("D02")

    assert "<li>2026-11-22: first version, unsigned.</li>\n<li>2026-11-30: limits read again</li>" in page


# --- what a hostile file can't do -----------------------------------------------------------------------------


def test_html_and_scripts_in_a_file_are_only_text(cards: Path) -> None:
    path = cards / "contributors" / "loop-diuretic.md"
    text = path.read_text("utf-8").replace("label: loop diuretic", f"label: '{_HOSTILE}'", 1)
    text = text.replace("# Why\n", f"# Why\n\n{_HOSTILE}\n").replace(
        "# Options\n", f"# Options\n\n{_HOSTILE}\n"
    )
    path.write_text(text.replace("    say: Vomiting", f"    say: '{_HOSTILE}' #"), "utf-8")
    app = create_app(settings.load(base_url=_BASE, cards=cards))

    pages = [
        _Page(call(app, "GET", address).text) for address in ("/knowledge", "/knowledge/D02", "/knowledge/M1")
    ]

    assert {tag for page in pages for tag, _ in page.tags} & {
        "script",
        "img",
        "iframe",
        "object",
        "form",
    } == set()
    assert [link for page in pages for link in page.links if "javascript" in link] == []
    assert all("<script>alert(1)</script>" in page.text for page in pages)
    assert pages[1].text.count("<script>alert(1)</script>") == 4 + 1  # label in the title bar too


@pytest.mark.parametrize(
    ("markdown", "made"),
    [
        ("[a](https://a.example)", '<p><a href="https://a.example">a</a></p>\n'),
        ("[a](mailto:a@b.example)", '<p><a href="mailto:a@b.example">a</a></p>\n'),
        ("[a](D02)", '<p><a href="D02">a</a></p>\n'),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>\n"),
        ("[a](data:text/html,x)", "<p>[a](data:text/html,x)</p>\n"),
        ("[a](ftp://a.example)", "<p><a>a</a></p>\n"),
        ("![a](https://a.example/x.png)", '<p>!<a href="https://a.example/x.png">a</a></p>\n'),
        ("<b onclick=x>a</b>", "<p>&lt;b onclick=x&gt;a&lt;/b&gt;</p>\n"),
        ("&lt;b&gt; *a*", "<p>&lt;b&gt; <em>a</em></p>\n"),
        ("{taken_on} {<b>}", "<p><var>taken on</var> {&lt;b&gt;}</p>\n"),
    ],
)
def test_markdown_gives_links_and_words_only(markdown: str, made: str) -> None:
    assert html(markdown) == made


def test_a_template_without_one_of_its_values_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("about.html", title="t")


# --- over HTTP ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/D01", "/guards", "/limits", "/source-attributes"])
def test_a_page_may_load_its_style_sheet_and_nothing_else(app: ASGIApp, path: str) -> None:
    answer = call(app, "GET", f"/knowledge{path}")

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == _POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    loaded = [
        (tag, attributes)
        for tag, attributes in _Page(answer.text).tags
        if tag in ("link", "script", "style", "img")
        or {"src", "style", "onclick", "onload"} & set(attributes)
    ]
    assert loaded == [("link", {"rel": "stylesheet", "href": "/knowledge/style.css"})]


def test_the_style_sheet_comes_from_here(app: ASGIApp) -> None:
    answer = call(app, "GET", "/knowledge/style.css")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "url(" not in answer.text
    assert "@import" not in answer.text


def test_print_leaves_the_navigation_out_and_writes_links_out(app: ASGIApp) -> None:
    printed = call(app, "GET", "/knowledge/style.css").text.partition("@media print")[2]

    assert "nav { display: none; }" in printed
    assert 'a[href^="http"]::after { content: " (" attr(href) ")"' in printed


def test_every_colour_of_text_can_be_read(app: ASGIApp) -> None:
    """WCAG AA: a contrast of 4.5 or more on white and on both tinted boxes."""
    style = call(app, "GET", "/knowledge/style.css").text
    colours = set(re.findall(r"[{ ]color: (#[0-9a-f]+)", style))
    grounds = set(re.findall(r"background: (#[0-9a-f]+)", style))

    weak = [(colour, ground) for colour in colours for ground in grounds if _contrast(colour, ground) < 4.5]

    assert len(colours) >= 4
    assert len(grounds) >= 3
    assert weak == []


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(each * 2 for each in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("text/markdown", "text/markdown"),
        ("text/plain", "text/markdown"),
        ("text/markdown, */*;q=0.1", "text/markdown"),
        ("Text/Markdown", "text/markdown"),
        ("text/html;q=0.5, text/markdown", "text/markdown"),
        ("text/html, text/markdown;q=0.5", "text/html"),
        ("text/markdown;q=0", "text/html"),
        ("text/markdown;q=nonsense", "text/html"),
    ],
)
def test_who_prefers_markdown_gets_the_file_as_it_was_reviewed(app: ASGIApp, accept: str, kind: str) -> None:
    answer = call(app, "GET", "/knowledge/D02", headers={"Accept": accept})

    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["vary"].startswith("Accept,")
    is_file = answer.text == (CARDS / "contributors" / "loop-diuretic.md").read_text("utf-8")
    assert is_file == (kind == "text/markdown")


@pytest.mark.parametrize("path", ["/knowledge", "/knowledge/D02", "/knowledge/style.css"])
def test_a_link_checker_may_ask_for_the_head_only(app: ASGIApp, path: str) -> None:
    answer = call(app, "HEAD", path)

    assert (answer.status_code, answer.text) == (200, "")


def test_a_file_is_given_under_each_of_its_names(app: ASGIApp) -> None:
    given = {
        call(app, "GET", f"/knowledge/{name}", headers={"Accept": "text/markdown"}).text
        for name in ("D02", "loop-diuretic")
    }

    assert given == {(CARDS / "contributors" / "loop-diuretic.md").read_text("utf-8")}


def test_the_index_as_text_lists_every_address(app: ASGIApp, pages: Pages) -> None:
    listed = call(app, "GET", "/knowledge", headers={"Accept": "text/plain"}).text.split()

    assert [each for each in listed if each.startswith("http")] == [
        f"{_BASE}/knowledge/{name}" for name in pages.index()
    ]


def test_every_page_can_be_found_its_way_in_by_its_headings(pages: Pages) -> None:
    for name in ("", *pages.index()):
        tags = _Page(pages.html(name)).tags
        headings = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h[1-6]", tag)]

        counts = Counter(tag for tag, _ in tags)

        assert ("html", {"lang": "en"}) in tags
        assert (counts["h1"], counts["main"], headings[0]) == (1, 1, 1), name
        assert all(after - before <= 1 for before, after in pairwise(headings)), name


# --- the texts about the whole --------------------------------------------------------------------------------


def test_all_thirteen_source_attributes_are_answered(pages: Pages, knowledge: Knowledge) -> None:
    page = pages.html("source-attributes")

    answered = re.findall(r"<li><strong>(.+?)\.</strong> \S", page.replace("\n", " "))

    assert answered == [
        "Bibliographic citation of the intervention",
        "Developer",
        "Funding source of the technical implementation",
        "Release and revision dates",
        "Race",
        "Ethnicity",
        "Language",
        "Sexual orientation",
        "Gender identity",
        "Sex",
        "Date of birth",
        "Social determinants of health",
        "Health status assessments",
    ]
    assert f"Knowledge version {knowledge.version}" in page


def test_the_limits_name_what_is_not_read(pages: Pages) -> None:
    page = _Page(pages.html("limits")).text

    unread = ("MedicationAdministration", "Procedure", "DiagnosticReport", "Patient.gender", "Images")

    assert [each for each in ("Not a diagnosis", "Not an alarm", *unread) if each not in page] == []


def test_the_number_of_signed_rules_is_counted(knowledge: Knowledge) -> None:
    present = digest(_file(knowledge, "contributors/loop-diuretic.md"))
    approvals = {"loop-diuretic": Approval(present, "Dr A. Example", "2026-11-20")}

    page = Pages(replace(knowledge, approvals=approvals), CARDS, _BASE).html("source-attributes")

    assert f"1 of {len(_rules(knowledge))} rules are signed" in page


def test_a_missing_text_about_the_whole_is_found_at_start(cards: Path) -> None:
    (cards / "about" / "limits.md").unlink()

    with pytest.raises(KnowledgeInvalid, match=r"about/limits\.md: the file can't be read"):
        create_app(settings.load(base_url=_BASE, cards=cards))
