"""How people write that legs cramp at night, or that they do not: each phrasing is read as it was meant."""

import csv
import unicodedata
from functools import cache
from pathlib import Path

import pytest

from cds_service.cramps import Told, told
from cds_service.record import Coding, Concept
from cds_service.terminology import ValueSets
from tests.patients import CARDS

FILE = Path(__file__).parent / "cramp_reports.csv"


@cache
def rows() -> tuple[tuple[str, str], ...]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple((row["told"], row["text"]) for row in csv.DictReader(file))


@cache
def value_sets() -> ValueSets:
    return ValueSets.load(CARDS / "value_sets")


def read(concept: Concept, site: str = "") -> str:
    """ "leg", "denied", or "none" for everything that is no report."""
    found = told(concept, site, value_sets())
    return found.value if found in (Told.LEG, Told.DENIED) else "none"


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_phrasing_is_read_as_it_was_meant(form: str) -> None:
    normal = [
        (meant, unicodedata.normalize("NFC" if form == "NFC" else "NFD", text)) for meant, text in rows()
    ]

    wrong = [(text, meant, read(Concept(text=text))) for meant, text in normal]

    assert [each for each in wrong if each[1] != each[2]] == []


def test_phrasings_are_many_and_of_every_kind() -> None:
    counted = [meant for meant, _ in rows()]

    assert {meant: counted.count(meant) >= 10 for meant in set(counted)} == {
        "leg": True,
        "denied": True,
        "none": True,
    }
    assert len(rows()) >= 200


def test_display_of_an_unknown_code_is_read_like_a_text() -> None:
    coded = Concept((Coding("urn:local", "7", "Wadenkrämpfe nachts"),))

    assert read(coded) == "leg"


def test_code_that_is_known_for_something_else_decides_against_the_words() -> None:
    diabetes = Coding("http://hl7.org/fhir/sid/icd-10-cm", "E11.9", "Type 2 diabetes")

    assert read(Concept((diabetes,), "Leg cramps at night")) == "none"


@pytest.mark.parametrize("words", ["cramp " * 4000, "no leg " * 4000 + "cramps", "spasm leg " * 4000])
def test_long_texts_are_read_to_a_limit(words: str) -> None:
    assert read(Concept(text=words)) in ("leg", "denied", "none")
