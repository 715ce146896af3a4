"""Rows of the diagnoses: codes, and phrases for their texts."""

import re
from collections.abc import Iterator

from source_tables import Cells, Compiled, Row, Tables, is_verified, short

from cds_service.code_systems import ICD9CM, ICD10, ICD10CM, SNOMED
from cds_service.value_set_files import DIAGNOSIS, NO_CLASS

LEFT_OUT = "left_out.csv"  # rows of conditions.csv that are plainly wrong

_SYSTEMS = {"ICD10CM": ICD10CM, "ICD10": ICD10, "ICD9CM": ICD9CM, "SNOMED": SNOMED, "text": ""}
# Concepts within a wider one (PROVENANCE, "Sub-sets and pairs"): the wider one gets their phrases too.
_WITHIN = {
    "acute_dvt": ("deep_vein_thrombosis",),
    "adrenal_crisis": ("adrenal_insufficiency",),
    "alcohol_dependence_or_harmful_use_active": ("alcohol_use_disorder",),
    "cirrhosis": ("liver_disease_cirrhosis",),
    "ckd_advanced": ("chronic_kidney_disease",),
    "end_stage_renal_disease": ("ckd_advanced", "chronic_kidney_disease"),
    "exertional_overuse": ("muscle_strain_overexertion",),
    "fatty_or_other_liver_disease": ("liver_disease_cirrhosis",),
    "haemodialysis": ("dialysis_dependence",),
    "heat_or_heavy_sweating": ("heat_exhaustion_sweating",),
    "idiopathic_parkinsons": ("parkinsons_disease",),
    "limb_ischaemia_rest_pain_or_tissue_loss": ("peripheral_artery_disease",),
    "peritoneal_dialysis": ("dialysis_dependence",),
    "pregnancy_current": ("pregnancy",),
    "primary_adrenal_insufficiency": ("adrenal_insufficiency",),
    "rhabdomyolysis_or_toxic_myopathy": ("myopathy_rhabdomyolysis",),
    "secondary_adrenal_insufficiency": ("adrenal_insufficiency",),
}


def compiled(tables: Tables, usual: list[Row], left_out: list[Row]) -> Iterator[Compiled]:
    """
    The concepts of the table of conditions less the rows *left_out*, and what is no diagnosis of ours at all.

    SystemExit when a row to be left out is not in the table.
    """
    conditions, wrong = _parted(tables["conditions"], left_out)
    concepts = {row["concept"] for row in conditions}
    phrases = [row for row in conditions if row["system"] == "text"]
    for row in usual:
        if row["kind"] == "phrase" and row["set"] in concepts:
            more = {"concept": row["set"], "display": row["name"], "match": row["match"]}
            phrases.append({**more, "note": "", "source": "spelling variant"})
        elif row["kind"] == "not_a_diagnosis":
            cells = ("", "", row["name"], row["match"], "", "NAME_MATCHING sections 4 and 7")
            yield f"diagnoses/{NO_CLASS}.csv", DIAGNOSIS, cells
    for row in (*phrases, *_wider_phrases(phrases, concepts)):
        cells = ("", "", row["display"], row["match"], row["note"], row["source"])
        yield f"diagnoses/{row['concept']}.csv", DIAGNOSIS, cells
    coded = [row for row in conditions if row["system"] != "text" and is_verified(row)]
    for row in (*coded, *_at_the_site(coded), *_without_concept(wrong, coded)):
        code = _SYSTEMS[row["system"]], row["code"]
        cells = (*code, short(row["display"]), row["match"], row["note"], row["source"])
        yield f"diagnoses/{row['concept']}.csv", DIAGNOSIS, cells


def _parted(conditions: list[Row], left_out: list[Row]) -> tuple[list[Row], list[Row]]:
    """The rows that stay and those to be left out; SystemExit when one of the latter is not there as told."""
    wrong = {_told(row): row["why"] for row in left_out}
    for gone in sorted(wrong.keys() - set(map(_told, conditions))):
        raise SystemExit(f"{LEFT_OUT}: no such row in conditions.csv any more: {', '.join(gone)}")
    stay = [row for row in conditions if _told(row) not in wrong]
    return stay, [{**row, "note": wrong[_told(row)]} for row in conditions if _told(row) in wrong]


def _told(row: Row) -> Cells:
    return row["concept"], row["system"], row["code"], row["display"]


def _without_concept(wrong: list[Row], coded: list[Row]) -> Iterator[Row]:
    """Codes that lost every concept stay recognised, else the words beside them would be read ("no failure")."""
    held = {(row["system"], row["code"]) for row in coded}
    for row in wrong:
        code = row["system"], row["code"]
        if is_verified(row) and code not in held:
            held.add(code)  # once, whatever number of concepts it lost
            yield {**row, "concept": NO_CLASS}


def _wider_phrases(rows: list[Row], concepts: set[str]) -> Iterator[Row]:
    """The phrases of a concept for those it lies within."""
    own = {(row["concept"], row["display"].casefold()) for row in rows}
    for row in rows:
        for wider in _WITHIN.get(row["concept"], ()):
            if (wider, row["display"].casefold()) not in own and wider in concepts:
                yield {**row, "concept": wider, "note": f"phrase of {row['concept']}"}


def _at_the_site(coded: list[Row]) -> Iterator[Row]:
    """
    Codes of the WHO's list with the fifth character for the site that is a concept's own.

    The WHO's browser gives the characters of dorsopathies (M40 to M54, not M50 and M51) as ICD-10-CM has them.
    """
    wide = {(row["concept"], row["code"]) for row in coded if row["match"] == "prefix_needs_context"}
    for row in coded:
        is_sited = re.match(r"M(?:4|5[234])", row["code"]) is not None
        if is_sited and row["system"] == "ICD10CM" and (row["concept"], row["code"][:-1]) in wide:
            yield {**row, "system": "ICD10", "match": "prefix", "note": "site by the fifth character"}
