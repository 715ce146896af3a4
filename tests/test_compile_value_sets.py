"""The compiled value sets are well formed, and the compiler takes only what is verified."""

import csv
import re
import runpy
import shutil
from pathlib import Path
from typing import Any

import pytest

from cds_service.code_systems import ATC, KNOWN, NDC, RXNORM, SNOMED

ROOT = Path(__file__).parents[1]
VALUE_SETS = ROOT / "cards" / "value_sets"
TOOL = ROOT / "tools" / "compile_value_sets.py"
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
"""


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def tool(folder: Path = TOOL.parent) -> dict[str, Any]:
    return runpy.run_path(str(folder / TOOL.name))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Tables as a source has them, and beside them the compiler with usual names of its own."""
    folder = tmp_path / "source"
    folder.mkdir()
    for name, content in SOURCE.items():
        (folder / name).write_text(content, encoding="utf-8")
    shutil.copy(TOOL, tmp_path)
    (tmp_path / "usual_names.csv").write_text(USUAL, encoding="utf-8")
    return folder


def compile_to(source: Path, output: Path) -> Path:
    assert tool(source.parent)["main"]([str(source), str(output)]) == 0
    return output


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
        ("", "", "kidney failure stage 5", "phrase", "phrase of ckd_advanced"),
    ]
    icd10cm = "http://hl7.org/fhir/sid/icd-10-cm"
    assert cells(output / "diagnoses" / "ckd_advanced.csv") == [
        ("", "", "CKD 5", "phrase", ""),
        ("", "", "kidney failure stage 5", "phrase", ""),
        (icd10cm, "N18.5", "Stage 5", "exact", "late"),
    ]


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
        tool(source.parent)["main"]([str(source), str(tmp_path / "out")])

    assert not (tmp_path / "out").exists()


def test_the_committed_version_is_that_of_the_committed_files() -> None:
    """Value sets are compiled, not written by hand: after a change, run the compiler again."""
    assert version(VALUE_SETS).strip().partition("+")[2] == tool()["digest"](VALUE_SETS)


def test_without_a_source_folder_the_usage_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool()["main"]([]) == 2
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


def test_every_source_is_told_with_its_licence() -> None:
    """README.md explains each name in the column `source`; one that ends in "…" stands for all that begin so."""
    told = re.findall(r"`([^`]+)`", (VALUE_SETS / "README.md").read_text(encoding="utf-8"))
    exact, beginnings = set(told), tuple(name[:-1] for name in told if name.endswith("…"))

    named = {name for path in FILES for row in rows_of(path) for name in row["source"].split(";")}

    untold = {name for name in named if not name.startswith(beginnings) and name not in exact}
    assert untold == set()
