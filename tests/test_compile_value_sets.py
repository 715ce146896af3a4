"""The compiled value sets are well formed, and the compiler takes only what is verified."""

import csv
import re
import sys
from functools import cache
from pathlib import Path

import pytest

from cds_service.code_systems import ATC, ICD10, ICD10CM, KNOWN, LOINC, NDC, RXNORM, SNOMED
from cds_service.errors import KnowledgeInvalid
from cds_service.record import Coding, Concept
from cds_service.terminology import ValueSets

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when it is run as a script
import compile_value_sets

ROOT = Path(__file__).parents[1]
VALUE_SETS = ROOT / "cards" / "value_sets"
OWN = ROOT / "tools"
FILES = sorted(VALUE_SETS.rglob("*.csv"))
MATCHES = {
    "drugs": {"exact", "prefix", "name", "name_ambiguous"},
    "diagnoses": {"exact", "prefix", "prefix_needs_context", "phrase", "phrase_needs_context"},
    "analytes": {"exact", "phrase", "phrase_needs_unit"},
}

# ruff: noqa: E501  (tables as the source folder writes them)
SOURCE = {
    "drugs.csv": """class,ingredient,ingredient_rxcui,atc_codes,synonyms_and_brands,other_rxcuis,rxcui_source,verified
loop,furosemide,4603,C03CA01,frusemide;Lasix,,seen,yes
thiazide,xipamide,9999,C03BA10,,,remembered,no
""",
    "rxnorm_products.csv": """rxcui,tty,name,ingredients,classes,ingredient_rxcuis,other_ingredients,route,systemic,source,verified
100,SCD,furosemide 40 MG Oral Tablet,furosemide,loop,4603,,oral,yes,list,yes
101,SCD,furosemide / xipamide,furosemide;xipamide,loop;thiazide,4603,,oral,yes,list,via-ndc
102,SCD,furosemide Topical Cream,furosemide,,4603,,topical,no,list,yes
103,SCD,remembered,furosemide,loop,4603,,oral,yes,list,no
""",
    "brands.csv": """brand,ingredients,classes,source,verified,ambiguous,routes,systemic
Lasix,furosemide,loop,label,yes,no,oral,yes
Water Pill,furosemide,loop,label,yes,yes,oral,yes
Unseen,furosemide,loop,label,no,no,,unknown
""",
    "atc.csv": "prefix,class,atc_name,source,verified\nC03C,loop,HIGH-CEILING DIURETICS,who,yes\n",
    "ndc.csv": """ndc9,ingredients,classes,label_name,route,systemic,source
987654321,furosemide,loop,Lasix,oral,yes,fda
123456789,furosemide,loop,Lasix,oral,yes,fda
123456780,furosemide,loop,Furosemide,oral,yes,fda
""",
    "snomed_drugs.csv": """code,display,ingredients,classes,source,verified
200,Furosemide 20mg tablets,furosemide,loop,dmd,corroborated
201,Furosemide,furosemide,loop,dmd,no
""",
    "conditions.csv": """concept,system,code,display,match,source,verified,note
ckd_advanced,ICD10CM,N18.5,Stage 5,exact,icd,yes,late
ckd_advanced,ICD9CM,585.5,Stage 5,exact,icd,no,
ckd_advanced,text,,CKD 5,phrase,general,n/a,
chronic_kidney_disease,text,,CKD,phrase,general,n/a,
end_stage_renal_disease,text,,ESRD,phrase,general,n/a,
lumbar_radiculopathy_stenosis,ICD10,M54.1,Radiculopathy,prefix_needs_context,who,yes,
lumbar_radiculopathy_stenosis,ICD10CM,M54.16,"Radiculopathy, lumbar region",exact,icd,yes,
heart_failure,SNOMED,84114007,Heart failure,exact,list,yes,
heart_failure,SNOMED,313389004,No cardiac failure (finding),exact,list,yes,
heart_failure,SNOMED,399935008,Chronic obstructive pulmonary disease,exact,list,yes,
asthma_copd,SNOMED,399935008,Chronic obstructive pulmonary disease,exact,list,yes,
""",
    "labs.csv": """analyte,loinc,display,typical_ucum_unit,source,verified
potassium,2823-3,Potassium,mmol/L,list,yes
potassium,9999-9,Remembered,mmol/L,list,no
""",
    "labs_units.csv": "analyte,ucum_unit,factor_to_canonical,source\npotassium,meq/L,1,general\n",
    "order_codes.csv": """test_or_panel,system,code,display,source,verified
potassium,http://loinc.org,2823-3,Potassium,list,yes
""",
    "PROVENANCE.md": "# Provenance\n\nAssembled 2026-11-21 from public files.\n",
}
USUAL = """kind,set,name,match
analyte,potassium,K,phrase_needs_unit
phrase,ckd_advanced,kidney failure stage 5,phrase
phrase,end_stage_renal_disease,terminal renal failure,phrase
phrase,end_stage_renal_disease,ckd,phrase
phrase,cirrhosis,not in this source,phrase
not_a_diagnosis,,kidney stone,phrase
"""
LEFT_OUT = """concept,system,code,display,why
heart_failure,SNOMED,313389004,No cardiac failure (finding),says that there is none
heart_failure,SNOMED,399935008,Chronic obstructive pulmonary disease,a disease of the lungs
"""
ANSWER_CODES = """answer,system,code,display,source
no,http://loinc.org,LA32-8,No,list
yes,http://loinc.org,LA33-6,Yes,list
"""


ADDED = {
    "drugs.csv": """class,ingredient,ingredient_rxcui,atc_codes,synonyms_and_brands,other_rxcuis,rxcui_source,verified
carbamazepine,carbamazepine,2002,N03AF01,Tegretol,,two lists,corroborated
""",
    "conditions.csv": """concept,system,code,display,match,source,verified,note
tetany,ICD10CM,R29.0,Tetany,prefix,two lists,yes,
tetany,text,,tetany,phrase,general,n/a,
""",
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Tables as a source has them; in the folder above them, names and codes of our own."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in SOURCE.items():
        (folder / name).write_text(content, encoding="utf-8")
    (tmp_path / "usual_names.csv").write_text(USUAL, encoding="utf-8")
    (tmp_path / "left_out.csv").write_text(LEFT_OUT, encoding="utf-8")
    (tmp_path / "answer_codes.csv").write_text(ANSWER_CODES, encoding="utf-8")
    return folder


def compile_to(source: Path, output: Path) -> Path:
    assert compile_value_sets.main([str(source), str(output)], source.parent) == 0
    return output


def add_tables(source: Path) -> None:
    """Tables of our own with whole value sets, beside our names."""
    (source.parent / "added").mkdir()
    for name, content in ADDED.items():
        (source.parent / "added" / name).write_text(content, encoding="utf-8")


def cells(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row[:-1]) for row in csv.reader(file)][1:]  # without the source


def test_drugs_are_compiled_by_class_with_their_own_ingredient(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    assert cells(output / "drugs" / "loop.csv") == [
        ("", "", "Lasix", "name", "furosemide", "oral"),
        ("", "", "Water Pill", "name_ambiguous", "furosemide", "oral"),
        ("", "", "frusemide", "name", "furosemide", ""),
        ("", "", "furosemide", "name", "furosemide", ""),
        (SNOMED, "200", "Furosemide 20mg tablets", "exact", "furosemide", ""),
        (RXNORM, "100", "furosemide 40 MG Oral Tablet", "exact", "furosemide", "oral"),
        (RXNORM, "101", "furosemide / xipamide", "exact", "furosemide", "oral"),
        (RXNORM, "4603", "furosemide", "exact", "furosemide", ""),
        (ATC, "C03C", "HIGH-CEILING DIURETICS", "prefix", "", ""),
        (ATC, "C03CA01", "furosemide", "exact", "furosemide", ""),
    ]
    assert cells(output / "drugs" / "thiazide.csv") == [
        ("", "", "xipamide", "name", "xipamide", ""),
        (RXNORM, "101", "furosemide / xipamide", "exact", "xipamide", "oral"),
    ]


def test_packages_that_differ_in_their_code_only_share_a_row(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    assert cells(output / "drugs" / "ndc" / "loop.csv") == [
        (NDC, "123456780", "Furosemide", "prefix", "furosemide", "oral"),
        (NDC, "123456789;987654321", "Lasix", "prefix", "furosemide", "oral"),
    ]


def test_codes_that_are_not_verified_are_left_out(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    codes = {row.get("code") for path in output.rglob("*.csv") for row in rows_of(path)}
    names = {row["display"] for path in output.rglob("*.csv") for row in rows_of(path)}
    assert codes.isdisjoint({"103", "201", "9999", "585.5", "9999-9"})
    assert "Unseen" not in names


def test_recognised_products_without_class_are_kept_apart(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    assert "102" in {row["code"] for row in rows_of(output / "drugs" / "_none.csv")}


def test_a_wider_concept_has_the_phrases_of_those_within_it(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    assert cells(output / "diagnoses" / "chronic_kidney_disease.csv") == [
        ("", "", "CKD", "phrase", ""),
        ("", "", "CKD 5", "phrase", "phrase of ckd_advanced"),
        ("", "", "ESRD", "phrase", "phrase of end_stage_renal_disease"),
        ("", "", "kidney failure stage 5", "phrase", "phrase of ckd_advanced"),
        ("", "", "terminal renal failure", "phrase", "phrase of end_stage_renal_disease"),
    ]
    assert cells(output / "diagnoses" / "ckd_advanced.csv") == [
        ("", "", "CKD 5", "phrase", ""),
        ("", "", "ESRD", "phrase", "phrase of end_stage_renal_disease"),
        ("", "", "ckd", "phrase", "phrase of end_stage_renal_disease"),
        ("", "", "kidney failure stage 5", "phrase", ""),
        ("", "", "terminal renal failure", "phrase", "phrase of end_stage_renal_disease"),
        (ICD10CM, "N18.5", "Stage 5", "exact", "late"),
    ]


def test_a_usual_phrase_is_for_the_concepts_of_the_source_only(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    assert not (output / "diagnoses" / "cirrhosis.csv").exists()
    assert not (output / "diagnoses" / "liver_disease_cirrhosis.csv").exists()
    assert cells(output / "diagnoses" / "end_stage_renal_disease.csv") == [
        ("", "", "ESRD", "phrase", ""),
        ("", "", "ckd", "phrase", ""),
        ("", "", "terminal renal failure", "phrase", ""),
    ]


def test_a_wide_code_of_the_spine_is_settled_by_the_character_of_its_site(
    source: Path, tmp_path: Path
) -> None:
    output = compile_to(source, tmp_path / "out")

    assert cells(output / "diagnoses" / "lumbar_radiculopathy_stenosis.csv") == [
        (ICD10, "M54.1", "Radiculopathy", "prefix_needs_context", ""),
        (ICD10, "M54.16", "Radiculopathy, lumbar region", "prefix", "site by the fifth character"),
        (ICD10CM, "M54.16", "Radiculopathy, lumbar region", "exact", ""),
    ]
    value_sets = ValueSets.load(output)
    neck = Concept((Coding(ICD10, "M54.12", None),))
    loin = Concept((Coding(ICD10, "M54.16", None),))
    assert value_sets.diagnoses(neck) == ()
    assert [match.value_set for match in value_sets.diagnoses(loin)] == ["lumbar_radiculopathy_stenosis"]


def test_rows_that_are_plainly_wrong_are_left_out_of_their_concept(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    assert cells(output / "diagnoses" / "heart_failure.csv") == [
        (SNOMED, "84114007", "Heart failure", "exact", "")
    ]
    assert cells(output / "diagnoses" / "asthma_copd.csv") == [
        (SNOMED, "399935008", "Chronic obstructive pulmonary disease", "exact", "")
    ]


def test_a_code_left_out_of_all_concepts_and_words_of_no_diagnosis_stay_recognised(
    source: Path, tmp_path: Path
) -> None:
    output = compile_to(source, tmp_path / "out")

    assert cells(output / "diagnoses" / "_none.csv") == [
        ("", "", "kidney stone", "phrase", ""),
        (SNOMED, "313389004", "No cardiac failure (finding)", "exact", "says that there is none"),
    ]


@pytest.mark.parametrize("cell", ["heart_failure", "SNOMED", "313389004", "No cardiac failure (finding)"])
def test_a_row_to_be_left_out_that_the_source_has_no_more_stops_the_compiler(
    source: Path, tmp_path: Path, cell: str
) -> None:
    left_out = LEFT_OUT.replace(f"{cell},", "another,", 1)
    (tmp_path / "left_out.csv").write_text(left_out, encoding="utf-8")

    with pytest.raises(SystemExit, match=r"left_out\.csv: no such row in conditions\.csv .*: .*another"):
        compile_value_sets.main([str(source), str(tmp_path / "out")], source.parent)

    assert not (tmp_path / "out").exists()


def test_value_sets_that_the_source_lacks_are_added(source: Path, tmp_path: Path) -> None:
    add_tables(source)

    output = compile_to(source, tmp_path / "out")

    assert cells(output / "drugs" / "carbamazepine.csv") == [
        ("", "", "Tegretol", "name", "carbamazepine", ""),
        ("", "", "carbamazepine", "name", "carbamazepine", ""),
        (RXNORM, "2002", "carbamazepine", "exact", "carbamazepine", ""),
        (ATC, "N03AF01", "carbamazepine", "exact", "carbamazepine", ""),
    ]
    assert cells(output / "diagnoses" / "tetany.csv") == [
        ("", "", "tetany", "phrase", ""),
        (ICD10CM, "R29.0", "Tetany", "prefix", ""),
    ]


@pytest.mark.parametrize(
    ("table", "added", "held"),
    [("drugs.csv", "carbamazepine", "loop"), ("conditions.csv", "tetany", "heart_failure")],
)
def test_an_added_value_set_that_the_source_has_now_stops_the_compiler(
    source: Path, tmp_path: Path, table: str, added: str, held: str
) -> None:
    add_tables(source)
    rows = ADDED[table].replace(f"\n{added},", f"\n{held},")
    (tmp_path / "added" / table).write_text(rows, encoding="utf-8")

    with pytest.raises(SystemExit, match=f"added/{table}: the source has it now: {held}$"):
        compile_value_sets.main([str(source), str(tmp_path / "out")], source.parent)

    assert not (tmp_path / "out").exists()


def test_answer_codes_are_compiled_with_the_value_sets(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    assert cells(output / "answers.csv") == [
        ("no", LOINC, "LA32-8", "No"),
        ("yes", LOINC, "LA33-6", "Yes"),
    ]


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ("perhaps,http://loinc.org,LA33-6,Yes,list", "out/answers.csv:2"),
        ("yes,http://example.org,LA33-6,Yes,list", "out/answers.csv:2"),
        ("yes,http://loinc.org,,Yes,list", "out/answers.csv:2"),
        ("yes,http://loinc.org,LA33-6,Yes", "out/answers.csv:2"),
        ("yes,http://loinc.org,LA33-6,Yes,a\nno,http://loinc.org,LA33-6,No,b", "out/answers.csv:3"),
    ],
)
def test_an_answer_that_is_not_understood_stops_the_start(
    source: Path, tmp_path: Path, row: str, where: str
) -> None:
    output = compile_to(source, tmp_path / "out")
    (output / "answers.csv").write_text(f"answer,system,code,display,source\n{row}\n", encoding="utf-8")

    with pytest.raises(KnowledgeInvalid) as problem:
        ValueSets.load(output)

    assert problem.value.where == where


def test_analytes_have_codes_and_usual_names_with_the_units_that_fit(source: Path, tmp_path: Path) -> None:
    output = compile_to(source, tmp_path / "out")

    rows = cells(output / "analytes" / "potassium.csv")
    assert ("http://loinc.org", "2823-3", "Potassium", "exact", "mmol/L") in rows
    assert ("", "", "K", "phrase_needs_unit", "meq/L;mmol/L") in rows


def test_the_same_source_gives_the_same_bytes_and_old_files_go(source: Path, tmp_path: Path) -> None:
    first = compile_to(source, tmp_path / "one")
    (tmp_path / "two" / "drugs").mkdir(parents=True)
    (tmp_path / "two" / "drugs" / "gone.csv").write_text("old", encoding="utf-8")

    second = compile_to(source, tmp_path / "two")

    def content(folder: Path) -> dict[str, bytes]:
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.csv")}

    assert content(first) == content(second)


def version(folder: Path) -> str:
    return (folder / "VERSION").read_text(encoding="utf-8")


def test_the_version_is_the_day_of_the_source_and_a_digest_of_what_was_compiled(
    source: Path, tmp_path: Path
) -> None:
    first, again = compile_to(source, tmp_path / "one"), compile_to(source, tmp_path / "two")
    brands = source / "brands.csv"
    brands.write_text(SOURCE["brands.csv"].replace("Lasix", "Lasilix"), encoding="utf-8")

    changed = compile_to(source, tmp_path / "three")

    assert re.fullmatch(r"2026-11-21\+[0-9a-f]{12}\n", version(first))
    assert version(again) == version(first)
    assert version(changed) != version(first)


def test_a_source_that_does_not_say_its_day_is_refused(source: Path, tmp_path: Path) -> None:
    (source / "PROVENANCE.md").write_text("Assembled some day\n", encoding="utf-8")

    with pytest.raises(SystemExit, match="does not say `Assembled YYYY-MM-DD`"):
        compile_value_sets.main([str(source), str(tmp_path / "out")], source.parent)

    assert not (tmp_path / "out").exists()


def test_the_committed_version_is_that_of_the_committed_files() -> None:
    """Value sets are compiled, not written by hand: after a change, run the compiler again."""
    assert version(VALUE_SETS).strip().partition("+")[2] == compile_value_sets.digest(VALUE_SETS)


def test_without_a_source_folder_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert compile_value_sets.main([]) == 2
    assert "SOURCE_FOLDER" in capsys.readouterr().err


def test_committed_files_are_small_enough_to_review() -> None:
    assert FILES
    assert [path.name for path in FILES if path.stat().st_size > 1_500_000] == []


@pytest.mark.parametrize("kind", sorted(MATCHES))
def test_committed_rows_are_well_formed(kind: str) -> None:
    for path in sorted((VALUE_SETS / kind).rglob("*.csv")):
        rows = rows_of(path)

        codes = [(row["system"], code) for row in rows if row["code"] for code in row["code"].split(";")]

        assert len(codes) == len(set(codes)), path.name
        assert {row["match"] for row in rows} <= MATCHES[kind], path.name
        assert all((row["system"] in KNOWN) if row["code"] else not row["system"] for row in rows), path.name
        assert all(row["display"] or row["code"] for row in rows), path.name
        assert all(row["source"] for row in rows), path.name
        assert rows == sorted(rows, key=lambda row: tuple(row.values())), path.name


def test_committed_orders_are_well_formed() -> None:
    rows = rows_of(VALUE_SETS / "orders.csv")

    codings = [(row["test"], row["system"], row["code"]) for row in rows]

    assert len(codings) == len(set(codings))
    assert {row["system"] for row in rows} <= KNOWN


@cache
def committed() -> ValueSets:
    return ValueSets.load(VALUE_SETS)


@pytest.mark.parametrize(
    ("codings", "answer"),
    [
        ([(LOINC, "LA33-6")], "yes"),
        ([("urn:oid:2.16.840.1.113883.6.1", "la33-6")], "yes"),
        ([(SNOMED, "373067005")], "no"),
        ([(f"{SNOMED}/900000000000207008", "373067005 |No|")], "no"),
        ([(SNOMED, "77386006"), (LOINC, "LA15173-0")], "pregnant"),
        ([("http://example.org", "N"), (SNOMED, "60001007")], "not-pregnant"),
        ([(LOINC, "LA4489-6")], "unknown"),
        ([(LOINC, "LA33-6"), (SNOMED, "373067005")], ""),
        ([(SNOMED, "LA33-6")], ""),
        ([(None, "LA33-6")], ""),
        ([(LOINC, None)], ""),
        ([("http://example.org", "yes")], ""),
        ([], ""),
    ],
)
def test_a_coded_answer_is_read_unless_its_codings_disagree(
    codings: list[tuple[str | None, str | None]], answer: str
) -> None:
    concept = Concept(tuple(Coding(system, code, "Yes") for system, code in codings), "Yes")

    assert committed().answer(concept) == answer


def test_no_left_out_row_is_in_its_concept_and_each_has_a_reason() -> None:
    rows = rows_of(OWN / "left_out.csv")

    told = {(row["concept"], row["code"]) for row in rows}
    held = {
        (path.stem, row["code"]) for path in (VALUE_SETS / "diagnoses").glob("*.csv") for row in rows_of(path)
    }

    assert told
    assert told.isdisjoint(held)
    assert all(row["why"] for row in rows)


def test_every_source_is_told_with_its_licence() -> None:
    """README.md explains each name in the column `source`; one that ends in "…" stands for all that begin so."""
    told = re.findall(r"`([^`]+)`", (VALUE_SETS / "README.md").read_text(encoding="utf-8"))
    exact, beginnings = set(told), tuple(name[:-1] for name in told if name.endswith("…"))

    named = {name for path in FILES for row in rows_of(path) for name in row["source"].split(";")}

    untold = {name for name in named if not name.startswith(beginnings) and name not in exact}
    assert untold == set()
