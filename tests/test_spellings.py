"""
How EHRs, laboratories and clinicians write drugs, diagnoses and results: each spelling is put where it belongs.

`tests/spellings/` holds a row for each: what is written, the value sets it belongs to, and why. Rows with `near_miss`
are there to prove that something is not matched. Expectations come from the terminology tables and the name rules,
never from what the code answers.
"""

import csv
import io
from functools import cache
from pathlib import Path

import pytest

from cds_service.lookup import read, recognise
from cds_service.terminology import ValueSets
from tests.patients import CARDS

FOLDER = Path(__file__).parent / "spellings"
FILES = sorted(path.name for path in FOLDER.glob("*.csv"))

Row = dict[str, str]


@cache
def rows(name: str) -> tuple[Row, ...]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file, strict=True))


@cache
def value_sets() -> ValueSets:
    return ValueSets.load(CARDS / "value_sets")


def wrong(name: str) -> list[tuple[str, str, str, str]]:
    """The rows that are put elsewhere: code, words, where they belong, where they were put."""
    out = io.StringIO()
    recognise(read(FOLDER / name), value_sets(), out)
    told = csv.DictReader(io.StringIO(out.getvalue()))
    pairs = zip(rows(name), told, strict=True)
    return [
        (row["code"], row["display"], row["value_sets"], answer["value_sets"])
        for row, answer in pairs
        if row["value_sets"] != answer["value_sets"]
    ]


@pytest.mark.parametrize("name", FILES)
def test_every_spelling_is_put_where_it_belongs(name: str) -> None:
    assert wrong(name) == []


@pytest.mark.parametrize("name", FILES)
def test_rows_are_well_formed_and_there_once(name: str) -> None:
    known = value_sets().drug_classes | value_sets().concepts | value_sets().analyte_names
    keys = [(row["system"], row["code"], row["display"], row.get("unit", "")) for row in rows(name)]

    assert [key for key in keys if keys.count(key) > 1] == []
    assert {each for row in rows(name) for each in row["value_sets"].split(";")} - {""} <= known
    assert {row["near_miss"] for row in rows(name)} == {"no", "yes"}
    assert [row for row in rows(name) if row["near_miss"] == "yes" and not row["why"]] == []


def test_spellings_are_many_and_of_every_kind() -> None:
    every = [row for name in FILES for row in rows(name)]

    assert {row["kind"] for row in every} == {"drug", "condition", "lab"}
    assert len(every) >= 400
    assert sum(row["near_miss"] == "yes" for row in every) >= 100
    assert len({row["system"] for row in every}) >= 20


def test_every_value_set_has_a_spelling() -> None:
    """Text-only ones too: a class that nobody tried is a class that nobody can rely on."""
    tried = {each for name in FILES for row in rows(name) for each in row["value_sets"].split(";")}

    assert (value_sets().drug_classes | value_sets().concepts | value_sets().analyte_names) - tried == set()
