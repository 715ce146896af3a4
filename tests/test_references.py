"""`cards/references.json`: every citation can be found again and says what was checked."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import KnowledgeInvalid
from cds_service.frontmatter import read
from cds_service.knowledge import Reference
from cds_service.references import references
from tests.patients import CARDS

_FILE = CARDS / "references.json"
_DEGREES = ("seen", "partly", "not seen")
_GARRISON: Mapping[str, Any] = {
    "id": "GARRISON2012",
    "type": "article-journal",
    "title-short": "Garrison 2012",
    "author": [{"family": "Garrison", "given": "SR"}, {"family": "Dormuth", "given": "CR"}],
    "title": "Nocturnal leg cramps and prescription use",
    "container-title": "Arch Intern Med",
    "volume": "172",
    "page": "120-126",
    "issued": {"date-parts": [[2012]]},
    "DOI": "10.1001/archinternmed.2011.1029",
    "PMID": "22157068",
    "note": "abstract read",
    "custom": {"checked": "seen"},
}


@cache
def _ours() -> dict[str, Reference]:
    return references(_FILE)


def _entries() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads(_FILE.read_text("utf-8"))
    return loaded


def _written(folder: Path, *entries: Any) -> Path:
    path = folder / "references.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def _with(**members: Any) -> dict[str, Any]:
    """The one entry, changed; a member that is None is left out, and `title_short` stands for `title-short`."""
    changed = {**_GARRISON, **{name.replace("_", "-"): value for name, value in members.items()}}
    return {name: value for name, value in changed.items() if value is not None}


def _refused(folder: Path, *entries: Any) -> str:
    with pytest.raises(KnowledgeInvalid) as caught:
        references(_written(folder, *entries))
    return str(caught.value)


# --- our own file ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["contributors", "chains"])
def test_every_key_that_a_rule_cites_is_a_reference(folder: str) -> None:
    documents = [read(path, CARDS) for path in sorted((CARDS / folder).glob("*.md"))]

    cited = {key for each in documents for key in each.front.take("cites").texts()}

    assert cited
    assert cited - set(_ours()) == set()


def test_every_key_stands_there_once_and_in_order() -> None:
    """In order, so that two people who add one each see it."""
    keys = [entry["id"] for entry in _entries()]

    assert keys == sorted(set(keys))


def test_every_reference_says_what_of_it_was_read_and_how_far_it_was_checked() -> None:
    silent = [each.key for each in _ours().values() if not re.search(r"\b(?:read|only)\b", each.note)]
    counted = {checked: sum(each.checked == checked for each in _ours().values()) for checked in _DEGREES}

    assert silent == []
    assert counted == {"seen": 81, "partly": 13, "not seen": 2}


@pytest.mark.parametrize(
    ("checked", "words"),
    [
        ("partly", ("only", "not")),
        ("not seen", ("not read",)),
    ],
)
def test_note_of_what_was_not_read_in_full_says_so(checked: str, words: tuple[str, ...]) -> None:
    silent = [
        each.key
        for each in _ours().values()
        if each.checked == checked and not any(word in each.note for word in words)
    ]

    assert silent == []


def test_reported_retraction_is_told_on_the_label_and_in_the_note() -> None:
    found = _ours()["TAN2024"]

    assert (found.label, found.checked) == ("Tan 2024 (retraction reported)", "partly")
    assert "a notice of retraction and replacement is reported" in found.note


def test_general_knowledge_is_no_reference() -> None:
    assert "GK" not in _ours()


def test_labels_tell_the_references_apart_and_fit_a_link() -> None:
    labels = [each.label for each in _ours().values()]

    assert sorted(labels) == sorted(set(labels))
    assert [label for label in labels if len(label) > 45] == []


def test_no_identifier_is_used_for_two_papers() -> None:
    names = ("DOI", "PMID", "PMCID", "URL")
    used = [entry[name] for entry in _entries() for name in names if name in entry]

    assert sorted(used) == sorted(set(used))


def test_every_link_leads_to_a_place_where_papers_are_kept() -> None:
    places = (
        r"https://doi\.org/10\.\d{4,9}/\S+",
        r"https://pubmed\.ncbi\.nlm\.nih\.gov/\d{7,8}/",
        r"https://www\.ncbi\.nlm\.nih\.gov/pmc/articles/PMC\d{6,8}/",
    )

    strays = [
        url for each in _ours().values() if (url := each.url) and not re.fullmatch("|".join(places), url)
    ]

    assert strays == []


@pytest.mark.parametrize(
    ("key", "citation"),
    [
        (
            "GARRISON2012",
            "Garrison SR, Dormuth CR, Morrow RL, Carney GA, Khan KM. Nocturnal leg cramps and prescription use "
            "that precedes them: a sequence symmetry analysis. Arch Intern Med 2012;172:120-126.",
        ),
        (
            "ADA2025",
            "American Diabetes Association. Standards of Care, section 6: glycemic goals and hypoglycemia. "
            "Diabetes Care 2025;48(Suppl 1):S128-S145.",
        ),
        (
            "HD-ULU2015",
            "Ulu MS, Ahsen A. Muscle cramps during hemodialysis: what can we do? "
            "Eur J Gen Med 2015;12:277-281.",
        ),
        (
            "DELACOUR2020",
            "Delacour C, Chambe J, Lefebvre F and others. Association between physical activity and nocturnal leg "
            "cramps in patients over 60 years old: a case-control study. Sci Rep 2020;10:2638.",
        ),
        (
            "MHRA-STATIN",
            "UK Medicines and Healthcare products Regulatory Agency. Systemic fusidic acid and statins; "
            "simvastatin: interactions. Drug Safety Update 2011-2012.",
        ),
        ("LAB-CRIT", "Urgent-result telephoning limits of UK, Australian and US hospital laboratories."),
    ],
)
def test_citation_is_one_readable_line(key: str, citation: str) -> None:
    found = _ours()[key].citation

    assert found == citation


# --- how an entry is read -------------------------------------------------------------------------------------


def test_entry_is_read_with_label_link_citation_and_what_was_checked(tmp_path: Path) -> None:
    found = references(_written(tmp_path, _GARRISON))

    assert found == {
        "GARRISON2012": Reference(
            "GARRISON2012",
            "Garrison 2012",
            "https://doi.org/10.1001/archinternmed.2011.1029",
            "Garrison SR, Dormuth CR. Nocturnal leg cramps and prescription use. Arch Intern Med 2012;172:120-126.",
            "seen",
            "abstract read",
        )
    }


@pytest.mark.parametrize(
    ("identifiers", "url"),
    [
        ({"URL": "https://example.org/page", "DOI": "10.1/x"}, None),
        ({"URL": "https://example.org/page"}, "https://example.org/page"),
        ({"DOI": "10.1234/x(1)y"}, "https://doi.org/10.1234/x(1)y"),
        ({"PMID": 22157068}, "https://pubmed.ncbi.nlm.nih.gov/22157068/"),
        ({"PMCID": "PMC4880116"}, "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC4880116/"),
        ({"PMID": "22157068", "PMCID": "PMC4880116"}, "https://pubmed.ncbi.nlm.nih.gov/22157068/"),
        ({}, ""),
    ],
)
def test_link_is_made_of_the_best_identifier_and_all_are_checked(
    tmp_path: Path, identifiers: Mapping[str, Any], url: str | None
) -> None:
    entry = {**_with(DOI=None, PMID=None), **identifiers}

    if url is None:
        assert "references.json: GARRISON2012: DOI" in _refused(tmp_path, entry)
    else:
        assert references(_written(tmp_path, entry))["GARRISON2012"].url == url


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"id": None}, "references.json[0]: id: is missing; write "),
        ({"title_short": None}, "references.json: GARRISON2012: title-short: is missing; write "),
        ({"title": None}, "references.json: GARRISON2012: title: is missing; write "),
        ({"type": None}, "references.json: GARRISON2012: type: is missing; write "),
        ({"note": None}, "references.json: GARRISON2012: note: is missing; write "),
        ({"note": ""}, "references.json: GARRISON2012: note: "),
        ({"note": "abstract\nread"}, "references.json: GARRISON2012: note: "),
        ({"custom": None}, "references.json: GARRISON2012: custom: "),
        ({"custom": {}}, "references.json: GARRISON2012: custom: checked: "),
        ({"custom": {"checked": "yes"}}, "references.json: GARRISON2012: custom: checked: "),
        ({"custom": {"checked": "seen", "by": "me"}}, "references.json: GARRISON2012: custom: "),
        ({"DOI": "doi:10.1001/x"}, "references.json: GARRISON2012: DOI: "),
        ({"DOI": "https://doi.org/10.1001/x"}, "references.json: GARRISON2012: DOI: "),
        ({"DOI": "10.1001/x y"}, "references.json: GARRISON2012: DOI: "),
        ({"PMID": "PMID 22157068"}, "references.json: GARRISON2012: PMID: "),
        ({"PMCID": "4880116"}, "references.json: GARRISON2012: PMCID: "),
        ({"URL": "www.example.org"}, "references.json: GARRISON2012: URL: "),
        ({"URL": "javascript:alert(1)"}, "references.json: GARRISON2012: URL: "),
        (
            {"issued": {"date-parts": [["May 2012"]]}},
            "references.json: GARRISON2012: issued: date-parts[0]: ",
        ),
        ({"issued": {"date-parts": [[]]}}, "references.json: GARRISON2012: issued: date-parts[0]: "),
        ({"issued": {"date-parts": ["2012"]}}, "references.json: GARRISON2012: issued: date-parts[0]: "),
        ({"author": [{}]}, "references.json: GARRISON2012: author[0]: names nobody; write "),
        ({"author": [{"name": "Garrison"}]}, "references.json: GARRISON2012: author[0]: "),
        ({"doi": "10.1001/x"}, "references.json: GARRISON2012: not understood: doi"),
    ],
)
def test_entry_that_is_not_understood_is_refused_by_key_and_field(
    tmp_path: Path, members: Mapping[str, Any], where: str
) -> None:
    problem = _refused(tmp_path, _with(**members))

    assert problem.startswith(where)


def test_refusal_says_what_to_write(tmp_path: Path) -> None:
    problem = _refused(tmp_path, _with(custom={"checked": "read"}), _with(id="X", DOI="doi:1"))

    assert problem.splitlines() == [
        "references.json: GARRISON2012: custom: checked: is not how far it was checked; "
        'write one of "seen", "partly", "not seen"',
        "references.json: X: DOI: `doi:1` does not look like one; write it as 10.1001/archinternmed.2011.1029",
    ]


def test_key_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    problem = _refused(tmp_path, _GARRISON, _GARRISON)

    assert problem == "references.json: GARRISON2012: id: is there twice; keep one of the two"


@pytest.mark.parametrize("text", ["", "{", '[{"id": "A", "id": "B"}]', "[" * 100_000])
def test_file_that_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "references.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(KnowledgeInvalid, match=r"^references\.json: the file is not readable as JSON"):
        references(path)


@pytest.mark.parametrize("text", ["{}", "3", "null", '["GARRISON2012"]'])
def test_file_that_is_no_list_of_entries_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "references.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(KnowledgeInvalid, match=r"^references\.json"):
        references(path)
