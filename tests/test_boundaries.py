"""Every contributor's file at its own limits and windows: the service against a second, plain reading of the file.

The charts, and what is expected of them, are generated from the files as they are (tests/boundaries). A case is named
by file, key path and what is special about the chart: "low-potassium critical_range[1]: potassium 3.0 mmol/L".
"""

from functools import cache
from pathlib import Path

import pytest

from cds_service import vocabulary
from cds_service.contributors import load
from cds_service.knowledge import Contributor
from tests.authored import change_front, copy_cards
from tests.boundaries.cases import BoundaryCase, cases, notices, observed
from tests.boundaries.charts import Chart, Drug, Entry, coding, facts_of, plainest, product
from tests.boundaries.limits import names
from tests.boundaries.mutants import mutants
from tests.boundaries.reference import Said
from tests.boundaries.values import front_matter
from tests.boundaries.words import HEADS, WORDS
from tests.findings_of import site
from tests.patients import CARDS

FILES = sorted(path.stem for path in (CARDS / "contributors").glob("*.md"))
_FEW = 12  # cases of each other file that a change of one must leave alone


@cache
def _cases(file: str) -> tuple[BoundaryCase, ...]:
    return tuple(cases(file, front_matter("contributors", file)))


@cache
def _contributors() -> dict[str, Contributor]:
    return {each.id: each for each in site().knowledge.contributors}


def _failing(found: tuple[BoundaryCase, ...], contributor: Contributor) -> dict[str, tuple[Said, Said]]:
    """The cases that the service sees otherwise: expected, observed."""
    pairs = ((each, observed(contributor, each.chart)) for each in found)
    return {str(each): (each.expected, seen) for each, seen in pairs if seen != each.expected}


@pytest.mark.parametrize("file", FILES)
def test_service_says_what_the_file_says_at_every_limit_and_window(file: str) -> None:
    found = _cases(file)

    failing = _failing(found, _contributors()[file])

    assert failing == {}


@pytest.mark.parametrize("file", FILES)
def test_every_file_that_can_speak_has_cases_in_which_it_does_and_in_which_it_does_not(file: str) -> None:
    can_speak = bool(front_matter("contributors", file)["subject"])

    levels = {each.expected.level for each in _cases(file)}

    assert (bool(levels - {None}), None in levels) == (can_speak, can_speak)


def test_every_word_of_the_vocabulary_has_a_second_reading() -> None:
    words = {*vocabulary._WORDS, *vocabulary._PHRASES, "of"}

    assert words == {*WORDS, *HEADS}


# --- the cases have teeth --------------------------------------------------------------------------------------------


def test_nearly_every_small_change_of_a_file_is_noticed_by_a_case() -> None:
    """What is left over is said twice in its file, so that changing it in one place changes nothing."""
    pairs = [
        (file, words, mutant)
        for file in FILES
        for words, mutant in mutants(front_matter("contributors", file))
    ]

    unseen = [
        (file, words)
        for file, words, mutant in pairs
        if not any(notices(each, mutant) for each in _cases(file))
    ]

    assert len(unseen) < len(pairs) / 10


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("low-potassium", "below: 3.0 mmol/L", "below: 3.1 mmol/L"),
        ("low-magnesium", "0.70 mmol/L", "0.71 mmol/L"),
        ("hypothyroidism", "above: 10 mIU/L", "above: 12 mIU/L"),
        ("dehydration", "90 days", "89 days"),
        ("statin", "washout: 60 days", "washout: 61 days"),
        ("intravenous-iron", "given_within: 30 days", "given_within: 31 days"),
        ("peripheral-artery-disease", "confirm_until: 90 days", "confirm_until: 91 days"),
        ("proton-pump-inhibitor", "exposed: 90 days", "exposed: 91 days"),
        ("loop-diuretic", "after: 6 weeks", "after: 7 weeks"),
    ],
)
def test_changed_limit_fails_the_cases_of_its_own_file_only(
    tmp_path: Path, file: str, old: str, new: str
) -> None:
    cards = copy_cards(tmp_path / "cards", CARDS / "value_sets")
    change_front(cards / "contributors" / f"{file}.md", old, new)

    changed = {each.id: each for each in load(cards, "demo").contributors}

    failing = {
        each for each in FILES if _failing(_cases(each)[: None if each == file else _FEW], changed[each])
    }
    assert failing == {file}


# --- the charts say what they are meant to --------------------------------------------------------------------------


def _asked(*keys: str) -> list[str]:
    """The classes or concepts that some file asks about."""
    return sorted({name for file in FILES for name in names(front_matter("contributors", file), *keys)})


@pytest.mark.parametrize("value_set", _asked("taking", "given", "changed", "exposure"))
def test_member_of_each_class_is_recognised_in_every_class_it_is_in(value_set: str) -> None:
    drug = Drug(value_set, plainest(value_set)[0], 100)

    found = frozenset(facts_of(Chart(drugs=(drug,))).exposures)

    assert found == product(value_set, drug.ingredient).value_sets & site().knowledge.reads


@pytest.mark.parametrize("concept", _asked("diagnosed", "diagnosis", "coded"))
def test_entry_of_each_concept_is_recognised_as_every_concept_it_is(concept: str) -> None:
    chart = Chart(entries=(Entry(concept, 10),))

    found = {name for name, entries in facts_of(chart).diagnoses.items() if entries}

    assert found & site().knowledge.reads == coding(concept)[1] & site().knowledge.reads
