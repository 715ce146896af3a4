"""Which classes, concepts and analytes coded entries belong to, whatever form the code comes in."""

import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import KnowledgeInvalid
from cds_service.record import NOTHING, Coding, Concept
from cds_service.terminology import Match, ValueSets

VALUE_SETS = Path(__file__).parents[1] / "cards" / "value_sets"

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
SNOMED = "http://snomed.info/sct"
NDC = "http://hl7.org/fhir/sid/ndc"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD9CM = "http://hl7.org/fhir/sid/icd-9-cm"
LOINC = "http://loinc.org"


@cache
def value_sets() -> ValueSets:
    return ValueSets.load(VALUE_SETS)


def coded(system: str, code: str, display: str | None = None) -> Concept:
    return Concept((Coding(system, code, display),))


FUROSEMIDE = Match("loop_diuretic", "furosemide", "code")


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (RXNORM, "4603"),
        ("urn:oid:2.16.840.1.113883.6.88", "4603"),
        ("https://www.nlm.nih.gov/research/umls/rxnorm/", "4603"),
        (ATC, "C03CA01"),
        (ATC, "c03ca01"),
        ("http://fhir.de/CodeSystem/bfarm/atc", "C03CA01"),
        ("http://fhir.de/CodeSystem/dimdi/atc", "C03CA01"),
        ("urn:oid:2.16.840.1.113883.6.73", "C03CA01"),
        (SNOMED, "387475002"),
        ("http://snomed.info/sct/32506021000036107", "387475002"),
        ("http://snomed.info/sct|http://snomed.info/sct/900000000000207008/version/20260101", "387475002"),
        ("urn:oid:2.16.840.1.113883.6.96", "387475002"),
        ("https://dmd.nhs.uk", "387475002"),
    ],
)
def test_a_code_is_known_under_every_name_of_its_system(system: str, code: str) -> None:
    assert value_sets().drugs(coded(system, code)) == (FUROSEMIDE,)


@pytest.mark.parametrize("system", [SNOMED, NDC, LOINC, ATC, "http://example.org/local", "", "rx"])
def test_the_same_digits_in_another_system_mean_nothing(system: str) -> None:
    assert value_sets().drugs(coded(system, "4603")) == ()


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("63739054310", "furosemide"),
        ("63739-0543-10", "furosemide"),
        ("63739-543-10", "furosemide"),
        ("63739-543", "furosemide"),
        ("637390543", "furosemide"),
        ("6373954310", "furosemide"),
        ("0002-1407-01", "quinidine"),
        ("00002140701", "quinidine"),
    ],
)
def test_ndc_in_every_form_is_known_by_labeler_and_product(code: str, name: str) -> None:
    matches = value_sets().drugs(coded(NDC, code))

    assert [(match.name, match.matched_by) for match in matches] == [(name, "prefix")]


def test_an_ndc_whose_label_lost_a_drug_has_the_whole_of_its_brand() -> None:
    found = value_sets().drugs(coded(NDC, "35356-0299-30"))

    assert {match.name for match in found} == {"telmisartan", "hydrochlorothiazide"}


def test_a_product_of_two_drugs_has_each_class_with_its_own_ingredient() -> None:
    matches = value_sets().drugs(coded(SNOMED, "42293411000001108", "Co-amilofruse 5mg/40mg tablets"))

    assert matches == (FUROSEMIDE, Match("potassium_sparing_diuretic_mra", "amiloride", "code"))


def test_an_atc_code_takes_the_union_of_all_its_prefixes() -> None:
    matches = value_sets().drugs(coded(ATC, "C09BX06"))

    classes = {match.value_set for match in matches}
    assert classes == {"ace_inhibitor", "beta_blocker", "dhp_ccb", "thiazide_diuretic"}
    assert Match("thiazide_diuretic", "indapamide", "code") in matches


def test_a_group_code_takes_the_ingredient_from_its_words() -> None:
    [match] = value_sets().drugs(coded(ATC, "C03C", "Furosemide"))
    [unsaid] = value_sets().drugs(coded(ATC, "C03C"))

    assert match == FUROSEMIDE
    assert unsaid == Match("loop_diuretic", "high-ceiling diuretics", "code")


def test_a_code_without_class_stops_the_reading_of_its_words() -> None:
    ointment = coded(SNOMED, "41900211000001102", "Hydrocortisone 1% / Miconazole 2% ointment")
    unlisted_substance = coded(ATC, "J01XA04", "betamethasone")

    assert value_sets().drugs(ointment) == ()
    assert value_sets().drugs(unlisted_substance) == ()


def test_a_known_code_decides_against_its_display() -> None:
    assert value_sets().drugs(coded(RXNORM, "4603", "amlodipine")) == (FUROSEMIDE,)


def test_an_unknown_code_with_a_known_name_is_read_by_its_name() -> None:
    matches = value_sets().drugs(coded("http://example.org/local", "X1", "Furosemide 40 mg tablet"))

    assert matches == (Match("loop_diuretic", "furosemide", "text"),)


def test_an_ingredient_code_loses_its_class_by_the_route_of_the_record() -> None:
    prednisolone = coded(RXNORM, "8638", "prednisolone")

    assert value_sets().drugs(prednisolone) == (Match("corticosteroid_systemic", "prednisolone", "code"),)
    assert value_sets().drugs(prednisolone, "Ophthalmic route") == ()
    assert value_sets().drugs(coded(RXNORM, "8638", "prednisolone eye drops")) == ()


def test_a_product_keeps_its_own_route() -> None:
    tablets = coded(RXNORM, "312614", "prednisolone 1 MG/ML Oral Solution")

    assert [m.value_set for m in value_sets().drugs(tablets, "eye")] == ["corticosteroid_systemic"]


@pytest.mark.parametrize(
    ("system", "code", "expected"),
    [
        (ICD10CM, "G47.62", {"nocturnal_leg_cramps": "code"}),
        (ICD10CM, "G4762", {"nocturnal_leg_cramps": "code"}),
        (ICD10CM, "g47.62", {"nocturnal_leg_cramps": "code"}),
        (ICD10CM, "E86.0", {"dehydration_volume_depletion": "prefix"}),
        (ICD10CM, "E86", {"dehydration_volume_depletion": "code"}),
        (ICD10CM, "E11.9", {"diabetes_type_2": "prefix"}),
        ("urn:oid:2.16.840.1.113883.6.90", "E119", {"diabetes_type_2": "prefix"}),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "E11.90†", {"diabetes_type_2": "prefix"}),
        (ICD9CM, "276.5", {"dehydration_volume_depletion": "code"}),
        (ICD9CM, "276.51", {"dehydration_volume_depletion": "prefix"}),
        (ICD10CM, "S82.0", {}),
    ],
)
def test_diagnosis_codes_with_and_without_dot_and_below_a_listed_parent(
    system: str, code: str, expected: dict[str, str]
) -> None:
    matches = value_sets().diagnoses(coded(system, code))

    assert {match.value_set: match.matched_by for match in matches} == expected


def test_one_code_may_mean_two_concepts() -> None:
    matches = value_sets().diagnoses(coded(ICD10CM, "E11.42"))

    assert {match.value_set for match in matches} == {"diabetes_type_2", "diabetic_neuropathy"}


def test_a_code_without_site_needs_the_site() -> None:
    radiculopathy = coded(ICD10, "M54.1", "Radiculopathy")

    assert value_sets().diagnoses(radiculopathy) == ()
    assert value_sets().diagnoses(radiculopathy, "cervical spine") == ()
    [match] = value_sets().diagnoses(radiculopathy, "lumbar region")
    assert match.value_set == "lumbar_radiculopathy_stenosis"


def test_results_by_loinc() -> None:
    [match] = value_sets().analytes(coded("https://loinc.org/", "2823-3", "odd display"))

    assert match == Match("potassium", "Potassium [Moles/volume] in Serum or Plasma", "code")
    assert value_sets().analytes(coded(SNOMED, "2823-3")) == ()


def test_potassium_after_dialysis_is_an_analyte_of_its_own() -> None:
    [match] = value_sets().analytes(coded(LOINC, "29349-8"))

    assert match.value_set == "potassium_post_dialysis"


def test_codes_for_queries_and_orders() -> None:
    assert "2823-3" in value_sets().codes("potassium", LOINC)
    assert value_sets().codes("potassium", LOINC) == tuple(sorted(value_sets().codes("potassium", LOINC)))
    assert value_sets().codes("potassium", "http://example.org") == ()
    assert value_sets().order("potassium")[0].code == "2823-3"
    assert value_sets().order("no such test") == ()
    assert value_sets().codes("nocturnal_leg_cramps", ICD10CM) == ("G4762",)


def test_an_order_says_which_tests_it_asks_for() -> None:
    assert value_sets().tests_ordered(coded("https://loinc.org/", "2823-3")) == ("potassium",)
    assert value_sets().tests_ordered(Concept(text="Potassium, serum")) == ("potassium",)
    assert value_sets().tests_ordered(Concept(text="Chest X-ray")) == ()


def test_names_of_value_sets_are_known() -> None:
    assert {"loop_diuretic", "bowel_preparation", "estrogen_vaginal"} <= value_sets().drug_classes
    assert {"hypothyroidism", "prolonged_standing"} <= value_sets().concepts
    assert {"potassium", "tsh"} <= value_sets().analyte_names
    assert "_none" not in value_sets().drug_classes


def test_an_empty_concept_means_nothing() -> None:
    assert value_sets().drugs(NOTHING) == ()
    assert value_sets().diagnoses(NOTHING) == ()
    assert value_sets().analytes(NOTHING) == ()


def test_loading_is_quick() -> None:
    began = time.thread_time()  # other tests' servers may still end in threads of this process

    ValueSets.load(VALUE_SETS)

    assert time.thread_time() - began < 2  # about 0.2 s here; wide, for busy machines


CODINGS = st.builds(
    Coding,
    st.sampled_from([None, RXNORM, ATC, SNOMED, NDC, ICD10CM, ICD9CM, LOINC, "urn:oid:1.2.3"])
    | st.text(max_size=20),
    st.none()
    | st.sampled_from(
        ["4603", "C03CA01", "387475002", "63739054310", "E11.42", "G47.62", "2823-3", "C03C", "29046"]
    )
    | st.text(max_size=20),
    st.none() | st.sampled_from(["furosemide", "T2DM", "potassium", "eye drops"]) | st.text(max_size=40),
)
CONCEPTS = st.builds(
    Concept,
    st.lists(CODINGS, max_size=4).map(tuple),
    st.none() | st.sampled_from(["Lasix 40 mg", "no diabetes mellitus"]) | st.text(max_size=40),
)


def everything(concept: Concept) -> tuple[tuple[Match, ...], ...]:
    sets = value_sets()
    return sets.drugs(concept), sets.diagnoses(concept), sets.analytes(concept, "mmol/L")


@given(CONCEPTS)
def test_the_order_of_codings_never_matters(concept: Concept) -> None:
    turned = Concept(tuple(reversed(concept.coding or ())), concept.text)

    assert everything(turned) == everything(concept)


@given(CONCEPTS, st.text(max_size=12))
def test_an_unknown_coding_changes_nothing(concept: Concept, code: str) -> None:
    more = Concept((*(concept.coding or ()), Coding("http://example.org/local", code)), concept.text)

    assert everything(more) == everything(concept)


DRUG_HEADER = "system,code,display,match,ingredient,route,source\n"


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ("code,display\n", "drugs/loop.csv:1"),
        (DRUG_HEADER + f"{RXNORM},1,x,exact,x,,s\n{RXNORM},2,x,nearly,x,,s\n", "drugs/loop.csv:3"),
        (DRUG_HEADER + "http://example.org,1,x,exact,x,,s\n", "drugs/loop.csv:2"),
        (DRUG_HEADER + f"{RXNORM},,x,exact,x,,s\n", "drugs/loop.csv:2"),
        (DRUG_HEADER + ",4603,x,name,x,,s\n", "drugs/loop.csv:2"),
        (DRUG_HEADER + f"{RXNORM},1,x,exact,x,s\n", "drugs/loop.csv:2"),
        ("", "drugs/loop.csv:1"),
    ],
)
def test_a_line_that_is_not_understood_is_named(tmp_path: Path, content: str, where: str) -> None:
    (tmp_path / "drugs").mkdir()
    (tmp_path / "drugs" / "loop.csv").write_text(content, encoding="utf-8")

    with pytest.raises(KnowledgeInvalid) as problem:
        ValueSets.load(tmp_path)

    assert problem.value.where == where


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeInvalid, match="no value set files"):
        ValueSets.load(tmp_path)
