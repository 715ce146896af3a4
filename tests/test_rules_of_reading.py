"""`docs/rules-of-reading.md` names, for every rule, a test in clinical words and one in FHIR; each of them exists."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "rules-of-reading.md"
SECTIONS = {
    "Time": "T",
    "Who and when": "W",
    "Exposures": "E",
    "Results": "R",
    "Diagnoses": "C",
    "What can't be read": "U",
}
HEAD = ("| no. | rule | in clinical words | in FHIR |", "| --- | --- | --- | --- |")
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
CELL = re.compile(r"`[\w/]+\.py::test_\w+`(?:, `[\w/]+\.py::test_\w+`)*")


class Rule(NamedTuple):
    """One line of a table; the last two are its cells as written."""

    section: str
    id: str
    says: str
    in_words: str
    in_fhir: str


def _rules() -> list[Rule]:
    found, section = [], ""
    for line in PAGE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("|") and line not in HEAD:
            cells = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
            found.append(Rule(section, *cells))
    return found


RULES = _rules()


@cache
def _tests_in(file: str) -> frozenset[str]:
    """The test functions of a file; none when there is no such file."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_has_a_test_in_clinical_words_and_one_in_fhir(rule: Rule) -> None:
    malformed = [cell for cell in (rule.in_words, rule.in_fhir) if not CELL.fullmatch(cell)]

    assert (rule.says != "", malformed) == (True, [])


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_named_test_exists(rule: Rule) -> None:
    named = TEST.findall(f"{rule.in_words} {rule.in_fhir}")

    missing = [f"{file}::{test}" for file, test in named if test not in _tests_in(file)]

    assert missing == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_one_test_does_not_stand_for_both(rule: Rule) -> None:
    in_words, in_fhir = (set(TEST.findall(cell)) for cell in (rule.in_words, rule.in_fhir))

    assert in_words & in_fhir == set()


@pytest.mark.parametrize(("section", "letter"), SECTIONS.items())
def test_rules_of_a_section_are_numbered_without_a_gap(section: str, letter: str) -> None:
    found = [rule.id for rule in RULES if rule.section == section]

    assert found == [f"{letter}{number}" for number in range(1, len(found) + 1)]
    assert found != []


def test_every_section_is_known() -> None:
    assert {rule.section for rule in RULES} == set(SECTIONS)
