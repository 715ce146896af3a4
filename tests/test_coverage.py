"""Every id of the knowledge base is held by a file and proven by a test."""

import csv
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when it is run as a script

import coverage_table


def _ids() -> dict[str, str]:
    with coverage_table.IDS.open(encoding="utf-8", newline="") as file:
        return {row["id"]: row["kind"] for row in csv.DictReader(file)}


def test_every_id_is_held_by_a_file_and_proven_by_a_test() -> None:
    empty = [each.id for each in coverage_table.lines() if not (each.files and each.tests)]

    assert empty == []


def test_table_in_the_docs_is_the_present_one() -> None:
    """When this fails: python tools/coverage_table.py."""
    written = coverage_table.TABLE.read_text("utf-8")

    assert written == coverage_table.page(coverage_table.lines())


def test_the_whole_knowledge_base_is_listed() -> None:
    kinds = Counter(_ids().values())

    assert kinds == {
        "row": 66,
        "chain": 18,
        "contradiction": 16,
        "red flag": 10,
        "monitoring": 8,
        "limits": 13,
        "not to do": 8,
    }


def test_every_id_that_a_card_gives_itself_is_listed() -> None:
    unknown = set(coverage_table.holders()) - set(_ids())

    assert unknown == set()


def test_every_id_that_a_test_names_is_listed() -> None:
    unknown = set(coverage_table.named_in_tests(coverage_table.ROOT / "tests")) - set(_ids())

    assert unknown == set()


def test_every_file_that_an_id_is_said_to_be_held_by_is_there() -> None:
    with coverage_table.IDS.open(encoding="utf-8", newline="") as file:
        listed = {name for row in csv.DictReader(file) for name in row["held_by"].split(";") if name}

    assert [name for name in sorted(listed) if not (coverage_table.ROOT / name).is_file()] == []


def test_ids_are_read_after_the_name_of_the_knowledge_base_only() -> None:
    """FHIR R4 is no red flag."""
    found = [
        coverage_table.named(text)
        for text in ("KNOWLEDGE X4, R6: exertion.", "Read as FHIR R4 sends it.", "")
    ]

    assert found == [("X4", "R6"), (), ()]
