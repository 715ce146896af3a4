"""A site's own codes: ConceptMap files give them the meaning of standard codes, and change nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from cds_service.code_map import Pair, read
from cds_service.code_table import CodeTable, Entry
from cds_service.errors import KnowledgeInvalid
from cds_service.record import Coding, Concept
from cds_service.terminology import Match, ValueSets
from cds_service.value_set_files import ValueSetFiles
from tests.patients import CARDS

LAB = "http://hospital.example/lab"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
LOINC = "http://loinc.org"
VALUE_SETS = CARDS / "value_sets"

JSON = dict[str, Any]


def group(source: str, target: str, **codes: JSON | list[JSON]) -> JSON:
    """One group; each code with its target, or its targets."""
    elements = [
        {"code": code, "target": targets if isinstance(targets, list) else [targets]}
        for code, targets in codes.items()
    ]
    return {"source": source, "target": target, "element": elements}


def r4(code: str, equivalence: str = "equivalent") -> JSON:
    return {"code": code, "equivalence": equivalence}


def r5(code: str, relationship: str = "equivalent") -> JSON:
    return {"code": code, "relationship": relationship}


def concept_map(*groups: JSON) -> JSON:
    return {"resourceType": "ConceptMap", "status": "active", "group": list(groups)}


def written(folder: Path, content: JSON | str, name: str = "map.json") -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def coded(code: str, system: str = LAB) -> Concept:
    return Concept((Coding(system, code, None),))


def meanings(path: Path, code: str, system: str = LAB) -> dict[str, set[str]]:
    """The value sets of a local code, by kind."""
    files = ValueSetFiles(VALUE_SETS, path)
    tables = {"drugs": files.drugs, "diagnoses": files.diagnoses, "analytes": files.analytes}
    return {
        kind: {entry.value_set for entry in entries}
        for kind, table in tables.items()
        if (entries := table.find(Coding(system, code))) is not None
    }


def test_a_local_drug_code_means_the_standard_drug_and_says_how_it_was_matched(tmp_path: Path) -> None:
    path = written(tmp_path, concept_map(group(LAB, RXNORM, M17=r4("4603"))))

    value_sets = ValueSets.load(VALUE_SETS, path)

    assert value_sets.drugs(coded("M17")) == (Match("loop_diuretic", "furosemide", "map"),)


def test_drugs_diagnoses_and_results_may_stand_in_one_file(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        concept_map(
            group(LAB, RXNORM, M17=r4("4603")),
            group(LAB, ICD10CM, D1=r5("E11.42")),
            group(LAB, LOINC, KALIUM=r5("2823-3")),
        ),
    )

    assert meanings(path, "M17") == {"drugs": {"loop_diuretic"}}
    assert meanings(path, "D1") == {"diagnoses": {"diabetes_type_2", "diabetic_neuropathy"}}
    assert meanings(path, "KALIUM") == {"analytes": {"potassium"}}


@pytest.mark.parametrize(
    "target",
    [
        r4("2823-3", "equal"),
        r4("2823-3", "equivalent"),
        r4("2823-3", "wider"),
        r4("2823-3", "subsumes"),
        r5("2823-3", "equivalent"),
        r5("2823-3", "source-is-narrower-than-target"),
    ],
)
def test_a_target_that_means_the_same_or_more_is_used(tmp_path: Path, target: JSON) -> None:
    [found] = read(written(tmp_path, concept_map(group(LAB, LOINC, K=target))))

    assert found.pairs == (Pair(Coding(LAB, "K"), Coding(LOINC, "2823-3")),)
    assert found.unused == {}


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (r4("2823-3", "narrower"), "not the same or a wider meaning"),
        (r4("2823-3", "specializes"), "not the same or a wider meaning"),
        (r4("2823-3", "relatedto"), "not the same or a wider meaning"),
        (r4("2823-3", "inexact"), "not the same or a wider meaning"),
        (r4("2823-3", "unmatched"), "not the same or a wider meaning"),
        (r4("2823-3", "disjoint"), "not the same or a wider meaning"),
        (r5("2823-3", "source-is-broader-than-target"), "not the same or a wider meaning"),
        (r5("2823-3", "related-to"), "not the same or a wider meaning"),
        (r5("2823-3", "not-related-to"), "not the same or a wider meaning"),
        ({"code": "2823-3"}, "not the same or a wider meaning"),
        ({"equivalence": "equal"}, "no code"),
        ({**r4("2823-3"), "dependsOn": [{"property": "specimen"}]}, "depends on more than the code"),
    ],
)
def test_any_other_target_is_counted_and_not_used(tmp_path: Path, target: JSON, reason: str) -> None:
    [found] = read(written(tmp_path, concept_map(group(LAB, LOINC, K=target))))

    assert found.pairs == ()
    assert found.unused == {reason: 1}


def test_a_target_in_a_system_that_is_not_read_is_counted(tmp_path: Path) -> None:
    [found] = read(written(tmp_path, concept_map(group(LAB, "http://example.org/other", K=r4("1")))))

    assert found.unused == {"not a code system read here": 1}


def test_a_code_with_two_usable_targets_is_in_the_value_sets_of_both(tmp_path: Path) -> None:
    both = [r4("E11", "wider"), r4("G63", "wider"), r4("I10", "relatedto")]
    path = written(tmp_path, concept_map(group(LAB, "http://hl7.org/fhir/sid/icd-10", DN=both)))

    assert meanings(path, "DN") == {"diagnoses": {"diabetes_type_2", "polyneuropathy"}}


def test_a_map_never_changes_what_is_listed(tmp_path: Path) -> None:
    """Somebody maps the code of furosemide to that of amlodipine."""
    wrong = group(RXNORM, RXNORM, **{"4603": r4("17767")})
    path = written(tmp_path, concept_map(wrong, group(LAB, RXNORM, M17=r4("4603"))))

    assert meanings(path, "4603", RXNORM) == {"drugs": {"loop_diuretic"}}
    assert meanings(path, "17767", RXNORM) == {"drugs": {"dhp_ccb"}}


def test_a_code_of_a_standard_system_that_is_not_listed_may_be_mapped(tmp_path: Path) -> None:
    path = written(tmp_path, concept_map(group(RXNORM, RXNORM, **{"999999999": r4("4603", "wider")})))

    assert meanings(path, "999999999", "urn:oid:2.16.840.1.113883.6.88") == {"drugs": {"loop_diuretic"}}


def test_maps_don_t_chain(tmp_path: Path) -> None:
    """A local code that is said to mean another local code stays unknown: the meaning comes from our tables only."""
    path = written(
        tmp_path,
        concept_map(group(LAB, RXNORM, M17=r4("4603")), group("http://ward.example/drugs", LAB, A=r4("M17"))),
    )

    assert meanings(path, "A", "http://ward.example/drugs") == {}


@pytest.mark.parametrize("system", [LAB, f"{LAB}/", f"{LAB}|2026", "HTTPS://hospital.example/lab"])
def test_the_local_system_is_known_by_every_form_of_its_name(tmp_path: Path, system: str) -> None:
    path = written(tmp_path, concept_map(group(f"{LAB}|1", LOINC, K=r4("2823-3"))))

    assert meanings(path, "K", system) == {"analytes": {"potassium"}}
    assert meanings(path, " K ", system) == {"analytes": {"potassium"}}
    assert meanings(path, "k", system) == {}, "a site may use both K and k"


def test_the_same_code_of_another_system_means_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, concept_map(group(LAB, LOINC, K=r4("2823-3"))))

    assert meanings(path, "K", "http://hospital.example/pathology") == {}


def test_a_code_without_a_site_needs_the_site_when_mapped_too() -> None:
    """What a wide standard code needs beside it, the local code needs as well."""
    table = CodeTable()
    table.add("http://hl7.org/fhir/sid/icd-10", ["M54.1"], Entry("lumbar", ("x",), "prefix_needs_context"))

    learnt = table.learn(Coding(LAB, "R1"), [Coding("http://hl7.org/fhir/sid/icd-10", "M54.1")])

    assert learnt
    [entry] = table.find(Coding(LAB, "R1")) or ()
    assert (entry.match, entry.matched_by) == ("prefix_needs_context", "map")


def test_a_folder_of_maps_is_read_whole(tmp_path: Path) -> None:
    written(tmp_path, concept_map(group(LAB, LOINC, K=r4("2823-3"))), "lab.json")
    written(tmp_path, concept_map(group(LAB, RXNORM, M17=r4("4603"))), "drugs.json")
    (tmp_path / "README.txt").write_text("not a map", encoding="utf-8")

    files = ValueSetFiles(VALUE_SETS, tmp_path)

    assert files.mapping["used"] == 2
    assert files.analytes.local_codes() == {"potassium": ("K",)}


def test_what_could_not_be_used_is_counted(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        concept_map(
            group(LAB, LOINC, K=r4("2823-3"), NA=r4("2951-2", "relatedto"), X=r4("1-8")),
        ),
    )

    mapping = ValueSetFiles(VALUE_SETS, path).mapping

    assert mapping == {
        "used": 1,
        "not the same or a wider meaning": 1,
        "in no value set, or known already": 1,
    }


GOOD = group(LAB, LOINC, K=r4("2823-3"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "map.json: is no FHIR ConceptMap"),
        ("[1", "map.json: is no FHIR ConceptMap"),
        ("[" * 100_000, "map.json: is no FHIR ConceptMap"),
        ("[]", "map.json: is no FHIR ConceptMap"),
        ('{"resourceType": "ConceptMap", "group": [{"source": 5}]}', "$.group[0].source"),
        ({"group": [GOOD]}, "map.json: resourceType: is not ConceptMap"),
        ({**concept_map(GOOD), "resourceType": "ValueSet"}, "map.json: resourceType: is not ConceptMap"),
        (concept_map(GOOD, {"target": LOINC}), "map.json: group[1].source: is missing"),
        (concept_map({**GOOD, "target": None}), "map.json: group[0].target: is missing"),
        (
            concept_map({**GOOD, "element": [{"target": [r4("2823-3")]}]}),
            "map.json: group[0].element[0].code: is missing",
        ),
        (concept_map(), "map.json: group: nothing in it can be used (empty)"),
        (
            concept_map(group(LAB, LOINC, K=r4("2823-3", "relatedto"))),
            "map.json: group: nothing in it can be used (1 not the same or a wider meaning)",
        ),
        (
            concept_map(group(LAB, LOINC, X=r4("1-8"))),
            "map.json: group: nothing in it can be used (1 in no value set, or known already)",
        ),
    ],
)
def test_a_map_that_is_not_understood_stops_the_start(tmp_path: Path, content: JSON | str, said: str) -> None:
    path = written(tmp_path, content)

    with pytest.raises(KnowledgeInvalid) as refused:
        ValueSetFiles(VALUE_SETS, path)

    assert said in str(refused.value)
    assert str(refused.value).startswith("map.json")
    assert "\n" not in str(refused.value)


def test_one_file_of_a_folder_that_is_not_understood_stops_the_start(tmp_path: Path) -> None:
    written(tmp_path, concept_map(GOOD), "a.json")
    written(tmp_path, "{}", "b.json")

    with pytest.raises(KnowledgeInvalid, match=r"^b\.json: resourceType"):
        ValueSetFiles(VALUE_SETS, tmp_path)


def test_a_folder_without_maps_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeInvalid, match="holds no JSON file"):
        read(tmp_path)


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeInvalid, match=r"^gone\.json: can't be read"):
        read(tmp_path / "gone.json")


def test_a_byte_order_mark_and_capitals_of_a_file_name_do_no_harm(tmp_path: Path) -> None:
    text = "\ufeff" + json.dumps(concept_map(group(LAB, RXNORM, F=r4("4603"))))
    written(tmp_path, text, "SITE.JSON")

    assert meanings(tmp_path, "F")["drugs"] == {"loop_diuretic"}
