"""`docs/connect/`: what its pages say to enter can be entered, and what they list is what there is."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from cds_service import check as checks
from cds_service import clients, explanation
from cds_service.settings import Settings, load
from tests.signing import elliptic, key_file

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "connect"
PAGES = tuple(sorted(FOLDER.glob("*.md")))
START = FOLDER / "README.md"
EXAMPLE = FOLDER / "clients.example.yaml"
CODE = ROOT / "cds_service"
FETCHING = ("network.py", "connections.py", "fhir_server.py", "fetching.py", "calls.py", "medicine_reads.py")

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)
SETTING = re.compile(r"\bLEGCRAMPS_([A-Z_]+)\b")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODES = re.compile(r"`([^`]+)`")


class Written(NamedTuple):
    """A piece of a page, by the page's name and its place there."""

    where: str
    text: str


def fenced(kind: str) -> list[Written]:
    return [
        Written(f"{page.name}-{number}", match[2])
        for page in PAGES
        for number, match in enumerate(FENCED.finditer(page.read_text("utf-8")), 1)
        if match[1] == kind
    ]


CLIENTS = [
    *(block for block in fenced("yaml") if block.text.startswith("clients:")),
    Written(EXAMPLE.name, EXAMPLE.read_text("utf-8")),
]
COMMANDS = [
    *fenced("sh"),
    *(
        Written(page.name, match[0])
        for page in PAGES
        for match in INDENTED.finditer(FENCED.sub("", page.read_text("utf-8")))
    ),
]


def table(heading: str, first: str) -> list[str]:
    """The first cells of the table below a heading of the start page, whose head begins with *first*."""
    section = START.read_text("utf-8").partition(f"\n{heading}\n")[2]
    rows = section.partition(f"| {first} |")[2].split("\n\n", 1)[0].splitlines()[2:]
    return [row.split("|")[1] for row in rows]


def codes(cells: list[str]) -> list[str]:
    return [code for cell in cells for code in CODES.findall(cell)]


def nodes(*modules: str) -> Iterator[ast.AST]:
    for module in modules:
        yield from ast.walk(ast.parse((CODE / module).read_text("utf-8")))


def raised(error: str, *modules: str) -> set[str]:
    """The codes with which modules of ours raise an error, as far as they are written out."""
    found = set()
    for node in nodes(*modules):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(code))]) if name == error:
                found.add(code)
    return found


def texts(*modules: str) -> set[str]:
    """Every text that stands in modules of ours."""
    constants = (node.value for node in nodes(*modules) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def headings(page: Path) -> set[str]:
    """The anchors of a page, as they are made of its headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("block", CLIENTS, ids=lambda block: block.where)
def test_a_clients_file_of_the_guides_is_understood(block: Written, tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    path.write_text(block.text, "utf-8")
    written = yaml.safe_load(block.text)["clients"]
    for entry in written.values():
        named = entry["keys"] if isinstance(entry["keys"], list) else [entry["keys"]]
        for file in (tmp_path / key for key in named if "://" not in key):
            file.parent.mkdir(exist_ok=True)
            key_file(file.parent, elliptic(), name=file.name)

    known = clients.load(path, is_development=False)

    assert [client.name for client in known.all] == list(written)


def test_every_guide_for_a_client_shows_its_entry() -> None:
    pages = {block.where.partition("-")[0] for block in CLIENTS}

    assert len(CLIENTS) == len(PAGES)  # all but the start page have one, and there is the example
    assert "README.md" not in pages


@pytest.mark.parametrize("page", [*PAGES, EXAMPLE, ROOT / "README.md"], ids=lambda page: page.name)
def test_every_setting_that_a_page_names_is_one(page: Path) -> None:
    named = {name.lower() for name in SETTING.findall(page.read_text("utf-8"))}

    assert named <= set(Settings.model_fields)


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: block.where)
def test_commands_work_as_they_are_pasted(block: Written) -> None:
    setting = [line.strip() for line in block.text.splitlines() if "LEGCRAMPS_" in line]

    assert all(re.fullmatch(r"export LEGCRAMPS_[A-Z_]+=\S+", line) for line in setting)
    assert not re.search(r"^[^'\n]*\S\s+#", block.text, re.MULTILINE)  # not every shell knows comments there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    relative = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]

    for link in relative:
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.is_file(), link
        assert not anchor or anchor in headings(target), link


def test_the_test_patient_gives_one_warning_about_the_diuretic_and_the_low_potassium(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (script,) = (block.text for block in fenced("sh") if "patient.json" in block.text)
    subprocess.run(["/bin/sh", "-eu"], input=script, text=True, cwd=tmp_path, check=True)
    patient = tmp_path / "patient.json"
    (recorded,) = re.findall(r'"recordedDate": "([^"]+)"', patient.read_text("utf-8"))
    day = date.fromisoformat(recorded)  # that of the shell, whatever time zone it is in

    failed = checks.check([patient], load(profile="demo"), day, as_json=True)

    (card,) = json.loads(capsys.readouterr().out)["cards"]
    assert not failed
    assert card["indicator"] == "warning"
    assert "Low K 3.1 mmol/L" in card["summary"]
    assert "furosemide" in card["summary"]


def test_the_reasons_of_a_401_are_those_that_there_are() -> None:
    listed = codes(table("### 401: `reason` in the log", "reason"))

    assert len(listed) == len(set(listed))
    assert set(listed) == raised("Unauthenticated", "authentication.py")


def test_the_codes_of_what_could_not_be_fetched_are_those_that_there_are() -> None:
    listed = codes(table("### What could not be had: `fetched` in the log, and the code in a 412", "code"))

    assert len(listed) == len(set(listed))
    assert set(listed) - {"status-NNN"} <= texts(*FETCHING)
    assert set(listed) >= raised("Unreachable", *FETCHING)
    assert set(listed) >= {code for code in texts("network.py") if code.startswith("tls")}


def test_the_reasons_of_an_empty_answer_are_those_that_there_are() -> None:
    listed = set(codes(table("### 200 without cards: `silence` in the log", "silence")))

    assert listed - {"silent-mode"} <= set(explanation.SILENCE)
    assert {
        reason for reason in explanation.SILENCE if reason.startswith(("no-report", "nothing-"))
    } <= listed
