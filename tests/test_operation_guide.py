"""`docs/operation.md` and `docs/safety/`: what they list is what there is, and what they name can be found."""

import ast
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, get_args

import pytest
import typer
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from cds_service.app import DEMO_STORY, create_app
from cds_service.chains import Matter
from cds_service.cli import app as commands
from cds_service.fading import Faded, Outcome, Shown, Why, faded
from cds_service.schema import metadata
from cds_service.settings import Settings, load
from cds_service.trace import faded_in_short
from tests.client import HOOK_PATH, JSON, call, post

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GUIDE = DOCS / "operation.md"
SAFETY = DOCS / "safety"
DATA = SAFETY / "data.md"
HAZARDS = SAFETY / "hazard-log.md"
PAGES = (GUIDE, *sorted(SAFETY.glob("*.md")), *sorted((DOCS / "adr").glob("*.md")))

SETTING = re.compile(r"\bLEGCRAMPS_([A-Z_]+)\b")
COMMAND = re.compile(r"\blegcramps ([a-z]+(?: [a-z-]+)?)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`]+)`")
NAME = re.compile(r"[a-z_]+(?:/[a-z_]+)?")
"""A module of ours, or a test; nothing else is written so among the controls of a hazard."""


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def table(page: Path, heading: str, head: str = "") -> list[list[str]]:
    """The rows of the first table below a heading whose first line begins with *head*."""
    section = page.read_text("utf-8").partition(f"\n{heading}\n")[2]
    lines = section.partition(f"\n| {head}")[2].split("\n\n", 1)[0].splitlines()
    return [cells(row) for row in lines[2:]]


def codes(text: str) -> list[str]:
    return CODE.findall(text)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


class Risk(NamedTuple):
    severity: str
    likelihood: str
    word: str


def risk(written: str) -> Risk:
    """As a cell has it: "major, low: tolerable"."""
    first, _, word = written.partition(": ")
    severity, _, likelihood = first.partition(", ")
    return Risk(severity, likelihood, word)


def hazards() -> dict[str, list[str]]:
    """The cells behind the id of each hazard."""
    rows = [line for line in HAZARDS.read_text("utf-8").splitlines() if re.match(r"\| H\d\d ", line)]
    return {cells(row)[0]: cells(row)[1:] for row in rows}


HAZARD = hazards()
TODAY = date(2026, 6, 15)
COMMENT = "Mrs Testwell takes them no more"
OURS = {"mmol/L", "umol/L", "tablet"}  # units are signals; SQLite's schema has "table" before "tallies"
GROUNDS = {
    "overridden, any reason": "reviewed",
    "benefit outweighs": "benefit",
    "ordered or done elsewhere": "ordered",
    "already acted on": "handled",
    "sample error": "spurious",
    "not nocturnal leg cramps": "not-nlc",
}
"""Override reasons as the guide calls them."""
CONTROLS, BEFORE, AFTER = 3, 4, 5
LIKELIHOODS = ("very low", "low", "medium", "high", "very high")
RISKS = {
    row[0].strip("*"): dict(zip(LIKELIHOODS, row[1:], strict=True))
    for row in table(HAZARDS, "Risk:", "| very low")
}


def written(*modules: str) -> set[str]:
    """Every text, and every name of an argument that is given, in modules of ours."""
    found = set()
    for module in modules:
        for node in ast.walk(ast.parse((ROOT / "cds_service" / module).read_text("utf-8"))):
            match node:
                case ast.Constant(value=str(text)) | ast.keyword(arg=str(text)):
                    found.add(text)
    return found


def a_service(folder: Path) -> ASGIApp:
    """The service after a call with cards, a silent one, one that was refused, and feedback."""
    web = create_app(load(store=f"sqlite:///{folder / 'legcramps.db'}", today=TODAY))
    trace = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    told = {
        "card": "unknown",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-06-15T09:30:00Z",
        "overrideReason": {"userComment": COMMENT},
    }
    story = call(web, "GET", f"/demo/{DEMO_STORY}").json()
    post(web, json.dumps(story).encode(), trace)
    by_patient = {**story["context"], "userId": f"Patient/{story['context']['patientId']}"}
    post(web, json.dumps({**story, "context": by_patient}).encode())
    post(web, b"{}")
    call(web, "POST", f"{HOOK_PATH}/feedback", json.dumps({"feedback": [told]}), JSON)
    return web


def strings(value: Any) -> Iterator[str]:
    """Every text in a JSON value, names of members left out."""
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(each)


def known_commands() -> set[str]:
    """Every command, as it is typed behind `legcramps`."""

    def below(group: Any, words: Sequence[str]) -> Iterator[str]:
        for name, command in getattr(group, "commands", {}).items():
            yield " ".join((*words, name))
            yield from below(command, (*words, name))

    return set(below(typer.main.get_command(commands), ()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    relative = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]

    for link in relative:
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_that_a_page_names_is_one(page: Path) -> None:
    named = {name.lower() for name in SETTING.findall(page.read_text("utf-8"))}

    assert named <= set(Settings.model_fields)


def test_every_setting_has_a_row_in_the_readme() -> None:
    rows = re.findall(r"^\| `LEGCRAMPS_([A-Z_]+)` \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)

    assert sorted(name.lower() for name in rows) == sorted(Settings.model_fields)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_is_one(page: Path) -> None:
    known = known_commands()
    quoted = [text for text in codes(page.read_text("utf-8")) if "legcramps " in text]
    named = [match for text in quoted for match in COMMAND.findall(text)]

    for words in named:
        first = words.partition(" ")[0]
        assert words in known or (
            first in known and not any(each.startswith(f"{first} ") for each in known)
        ), words


def test_every_command_of_an_operator_is_in_the_guide() -> None:
    guide = GUIDE.read_text("utf-8")

    for command in ("serve", "check", "report", "watch", "store purge", "store rotate-key"):
        assert command in known_commands()
        assert f"legcramps {command}" in guide


def test_the_metrics_of_the_guide_are_those_that_there_are(tmp_path: Path) -> None:
    web = a_service(tmp_path)
    told = call(web, "GET", "/metrics", headers={"Host": "127.0.0.1", "Accept": "text/plain"}).text
    families = {
        family.name: {label for sample in family.samples for label in sample.labels} - {"le"}
        for family in text_string_to_metric_families(told)
        if family.name.startswith("legcramps_") and not family.name.endswith("_created")
    }

    rows = table(GUIDE, "## Metrics", "metric")
    listed = {codes(row[0])[0].removesuffix("_total"): set(codes(row[1])) for row in rows}

    assert sorted(listed) == sorted(families)
    unequal = {name for name, labels in listed.items() if labels != families[name]}
    assert unequal == {
        "legcramps_faded",
        "legcramps_fetches",
    }  # nothing has faded or was fetched: no series yet


def test_the_columns_of_the_store_are_those_that_there_are() -> None:
    listed: dict[str, list[str]] = {}
    for first, *_ in table(DATA, "## The store", "column"):
        if first.startswith("**"):
            listed[first.strip("*")] = []
        else:
            listed[list(listed)[-1]] += codes(first)

    assert {name: sorted(columns) for name, columns in listed.items()} == {
        each.name: sorted(column.name for column in each.columns) for each in metadata.sorted_tables
    }


def test_the_fields_of_the_log_are_those_that_there_are(tmp_path: Path) -> None:
    """Every field that a line of a call has is listed, and none that nothing can write."""
    with capture_logs() as lines:
        a_service(tmp_path)
    seen = {field for line in lines for field in line} - {"log_level"}

    listed = {field for row in table(DATA, "## The log", "field") for field in codes(row[0])}
    assert len(lines) == 4
    assert seen <= listed
    assert listed - {"level", "timestamp"} <= written("services.py", "call_log.py", "app.py", "errors.py") | {
        "event"
    }


@pytest.mark.parametrize(("level", "place"), [("warning", 1), ("critical", 2)])
def test_an_override_silences_for_the_days_that_the_guide_says(level: str, place: int) -> None:
    told = {
        ground: re.search(r"\d+", row[place])
        for row in table(GUIDE, "## Fading", "after")
        for name, ground in GROUNDS.items()
        if name in row[0]
    }

    assert {ground: days and int(days[0]) for ground, days in told.items()} == {
        ground: silence(level, ground) for ground in GROUNDS.values()
    }


def silence(level: str, ground: str) -> int | None:
    """Days for which an override silences a card; None when it doesn't."""
    matter = Matter("D02", level, frozenset())
    shown = Shown(
        matter.rule, level, frozenset(), frozenset(), str.encode, TODAY, False, Outcome(True, ground, TODAY)
    )
    found = faded(matter, frozenset(), [shown], 3, TODAY)
    return (found.until - found.since).days if found and found.until else None


def test_what_has_faded_is_told_in_the_log_as_the_data_page_says() -> None:
    what, example = next(row[1:] for row in table(DATA, "## The log", "field") if codes(row[0]) == ["faded"])
    matter = Matter("D02", "warning", frozenset({"furosemide"}))

    [told] = json.loads(codes(example)[0])

    since, until = (date.fromisoformat(told[name]) for name in ("since", "until"))
    assert told == faded_in_short(Faded(matter, "overridden", "benefit", since, until))
    assert (until - since).days == silence("warning", "benefit")
    assert set(get_args(Why)) < set(codes(what))


def test_nothing_of_a_record_is_in_the_log_the_metrics_or_the_store(tmp_path: Path) -> None:
    """What the data page says is never kept: ids, codes, texts and days of the record, and what a user typed."""
    with capture_logs() as lines:
        web = a_service(tmp_path)
    story = call(web, "GET", f"/demo/{DEMO_STORY}").json()
    sent = {*strings(story["prefetch"]), *strings(story["context"]), COMMENT}
    secrets = {text for text in sent if len(text) > 4 and text not in OURS and text != str(TODAY)}

    told = call(web, "GET", "/metrics", headers={"Host": "127.0.0.1"}).content
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".keys")

    assert len(secrets) > 30
    assert b"M1" in kept  # the card was written
    for place in (json.dumps(lines).encode(), told, kept):
        assert [text for text in secrets if text.encode() in place] == []


def test_every_hazard_has_all_its_cells_and_a_number_of_its_own() -> None:
    names = re.findall(r"^\| (H\d\d) ", HAZARDS.read_text("utf-8"), re.MULTILINE)

    assert sorted(names) == [f"H{number:02}" for number in range(1, len(HAZARD) + 1)]
    assert all(len(told) == 8 and all(told) for told in HAZARD.values())


@pytest.mark.parametrize("name", HAZARD)
def test_a_risk_is_what_the_table_makes_of_severity_and_likelihood(name: str) -> None:
    before, after = risk(HAZARD[name][BEFORE]), risk(HAZARD[name][AFTER])

    assert before.word == RISKS[before.severity][before.likelihood]
    assert after.word == RISKS[after.severity][after.likelihood]


@pytest.mark.parametrize("name", HAZARD)
def test_controls_make_a_harm_rarer_not_milder_and_leave_none_that_forbids_to_run(name: str) -> None:
    before, after = risk(HAZARD[name][BEFORE]), risk(HAZARD[name][AFTER])

    assert after.severity == before.severity
    assert LIKELIHOODS.index(after.likelihood) < LIKELIHOODS.index(before.likelihood)
    assert after.word != "unacceptable"


@pytest.mark.parametrize("name", HAZARD)
def test_what_holds_a_hazard_is_there(name: str) -> None:
    named = [code for code in codes(HAZARD[name][CONTROLS]) if NAME.fullmatch(code)]
    tests = [code for code in named if code.rpartition("/")[2].startswith("test_")]
    modules = [code for code in named if code not in tests]

    for test in tests:
        assert (ROOT / "tests" / f"{test}.py").is_file(), test
    for module in modules:
        assert (ROOT / "cds_service" / f"{module}.py").is_file() or (
            ROOT / "cds_service" / module
        ).is_dir(), module
    assert tests or "make audit" in HAZARD[name][CONTROLS]


def test_a_hazard_is_linked_where_it_stands() -> None:
    text = HAZARDS.read_text("utf-8")
    sections = {
        name: re.sub(r"[^\w\- ]", "", part.partition("\n")[0].lower()).replace(" ", "-")
        for part in text.split("\n## ")
        for name in re.findall(r"^\| (H\d\d) ", part, re.MULTILINE)
    }
    linked = [
        match
        for page in PAGES
        for match in re.findall(r"\[(H\d\d)\]\([^)#]*#([^)]+)\)", page.read_text("utf-8"))
    ]

    assert linked
    assert all(sections[name] == anchor for name, anchor in linked)
