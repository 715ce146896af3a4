"""Every name under which servers send a code system, and every way in which a code of it is written."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.code_systems import (
    ATC,
    ICD9CM,
    ICD10,
    ICD10CM,
    KNOWN,
    LOINC,
    NDC,
    RXNORM,
    SNOMED,
    canonical,
    listed,
    readings,
)
from cds_service.code_table import CodeTable
from cds_service.record import Coding
from cds_service.value_set_files import ValueSetFiles
from tests.patients import CARDS

GERMAN = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"


@cache
def files() -> ValueSetFiles:
    return ValueSetFiles(CARDS / "value_sets")


def sets(table: CodeTable, system: str, code: str) -> set[str] | None:
    entries = table.find(Coding(system, code))
    return None if entries is None else {entry.value_set for entry in entries}


NAMES = {
    RXNORM: [
        "http://www.nlm.nih.gov/research/umls/rxnorm",
        "HTTPS://www.nlm.nih.gov/research/umls/RxNorm/",
        "urn:oid:2.16.840.1.113883.6.88",
        "2.16.840.1.113883.6.88",
        "RXNORM",
        "RxNorm",
        " rxnorm ",
    ],
    ATC: [
        "http://www.whocc.no/atc",
        "https://whocc.no/ATC/",
        "http://fhir.de/CodeSystem/bfarm/atc|2024",
        "http://fhir.de/CodeSystem/dimdi/atc",
        "https://smt.esante.gouv.fr/terminologie-atc",
        "https://fhir.ee/CodeSystem/atc-ee",
        "urn:oid:2.16.840.1.113883.6.73",
        "urn:oid:2.16.578.1.12.4.1.1.7180",
        "urn:oid:1.2.246.537.6.32.2007",
        "ATC",
        "WC",
    ],
    SNOMED: [
        "http://snomed.info/sct",
        "http://snomed.info/sct/",
        "http://snomed.info/sct/999000041000000102",
        "http://snomed.info/sct/32506021000036107/version/20260131",
        "http://snomed.info/sct|http://snomed.info/sct/731000124108",
        "urn:oid:2.16.840.1.113883.6.96",
        "URN:OID:2.16.840.1.113883.6.96",
        "https://dmd.nhs.uk",
        "https://dmd.nhs.uk/VMP",
        "urn:oid:1.2.36.1.2001.1004.100",
        "SCT",
        "SNOMED-CT",
        "SNOMED CT",
        "SNOMEDCT",
        "dm+d",
    ],
    NDC: ["http://hl7.org/fhir/sid/ndc", "urn:oid:2.16.840.1.113883.6.69", "NDC"],
    ICD10CM: [
        "http://hl7.org/fhir/sid/icd-10-cm",
        "https://hl7.org/fhir/sid/ICD-10-CM|2026",
        "http://hl7.org/fhir/sid/icd-10-cm/2026",
        "urn:oid:2.16.840.1.113883.6.90",
        "ICD10CM",
        "ICD-10-CM",
        "ICD 10 CM",
        "I10C",
    ],
    ICD10: [
        "http://hl7.org/fhir/sid/icd-10",
        "https://id.who.int/icd/release/10/2019",
        "urn:oid:2.16.840.1.113883.6.3",
        "I10",
        "ICD-10",
        GERMAN,
        "http://fhir.de/CodeSystem/dimdi/icd-10-gm",
        "urn:oid:1.2.276.0.76.5.471",
        "urn:oid:1.2.276.0.76.5.409",
        "ICD10GM2016",
        "ICD-10-GM",
        "http://hl7.org/fhir/sid/icd-10-am",
        "urn:oid:2.16.840.1.113883.6.135",
        "http://hl7.org/fhir/sid/icd-10-CA",
        "ICD10CA",
        "http://hl7.org/fhir/sid/icd-10-nl",
        "urn:oid:2.16.840.1.113883.6.3.2",
        "http://hl7.org/fhir/sid/icd-10-se",
        "urn:oid:1.2.752.116.1.1.1.1.8",
        "urn:oid:1.2.246.537.6.1.1999",
        "urn:oid:2.16.578.1.12.4.1.1.7110",
        "https://smt.esante.gouv.fr/terminologie-cim-10",
        "CIM-10",
        "https://fhir.ee/CodeSystem/rhk-10",
        "http://www.saude.gov.br/fhir/r4/CodeSystem/BRCID10",
    ],
    ICD9CM: [
        "http://hl7.org/fhir/sid/icd-9-cm",
        "http://hl7.org/fhir/sid/icd-9-cm/diagnosis",
        "http://terminology.hl7.org/CodeSystem/icd9cm",
        "urn:oid:2.16.840.1.113883.6.103",
        "I9C",
        "ICD-9-CM",
    ],
    LOINC: ["http://loinc.org", "https://loinc.org/", "http://www.loinc.org", "2.16.840.1.113883.6.1", "LN"],
}
UNKNOWN = [
    "",
    " ",
    "|",
    "http://example.org/rxnorm",
    "http://snomed.info/sctx",
    "http://hl7.org/fhir/sid/icd-9-cm/procedure",
    "urn:oid:2.16.840.1.113883.6.104",  # procedures of ICD-9-CM
    "http://hl7.org/fhir/sid/icd-10-pcs",
    "http://hl7.org/fhir/sid/icpc-2",
    "http://id.who.int/icd/release/11/mms",
    "urn:oid:1.2.276.0.76.5.465",  # German Alpha-ID, beside the OIDs of ICD-10-GM
    "urn:oid:1.2.752.116.1.3.1.4.1",  # Swedish primary care, shortened codes
    "urn:oid:1.2.208.176.2.4",  # Danish codes begin with a D of their own
    "http://www.whocc.no/atcvet",
    "SNM3",
    "L",
]


@pytest.mark.parametrize(("system", "name"), [(system, name) for system in NAMES for name in NAMES[system]])
def test_a_code_system_is_known_by_every_name(system: str, name: str) -> None:
    assert canonical(name) == system


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_resembles_a_code_system_of_ours_is_none(name: str) -> None:
    assert canonical(name) == ""


@given(st.text(max_size=40) | st.sampled_from([name for names in NAMES.values() for name in names]))
def test_a_name_means_one_of_our_systems_or_nothing(name: str) -> None:
    assert canonical(name) in KNOWN | {""}
    assert canonical(f" {name}| 2026 ") == canonical(name)


def test_a_name_of_thousands_of_letters_is_none_of_ours() -> None:
    assert canonical("http://snomed.info/sct/" + "9" * 5_000) == ""


@pytest.mark.parametrize(
    "code",
    [
        "0002-1407-01",  # 4-4-2
        "0002-1407",
        "00002-1407-01",  # 5-4-2
        "000002-1407-01",  # six digits of the labeler, the first one filled
        "00002140701",
        "000002140701",
        "000021407",
        "0002 1407 01",
        "0002–1407–01",
        "*0002-1407-01",
        "NDC 0002-1407-01",
        "ndc:0002-1407-01",
        " 0002-1407-01 ",
    ],
)
def test_an_ndc_of_a_four_digit_labeler_in_every_form(code: str) -> None:
    assert readings(NDC, code) == ("000021407",)


@pytest.mark.parametrize(
    "code", ["63739-543-10", "63739-0543-10", "63739-0543-1", "63739-*543-10", "63739-543", "63739054310"]
)
def test_an_ndc_of_a_three_digit_product_in_every_form(code: str) -> None:
    assert readings(NDC, code) == ("637390543",)


def test_ten_digits_without_hyphens_are_read_in_three_ways() -> None:
    assert readings(NDC, "6373954310") == ("063739543", "637390543", "637395431")


@pytest.mark.parametrize(
    "code", ["", "NDC", "0002-14-01", "1234567", "0002-1407-01-9", "0002-14a7-01", "²" * 11]
)
def test_what_is_no_ndc_has_no_reading(code: str) -> None:
    assert readings(NDC, code) == ()


@pytest.mark.parametrize(
    ("system", "code", "plain"),
    [
        (RXNORM, " 4603 ", "4603"),
        (RXNORM, "0004603", "4603"),
        (SNOMED, "387475002 |Furosemide|", "387475002"),
        (LOINC, "2823‑3", "2823-3"),  # a hyphen that doesn't break, as word processors write it
        (LOINC, "02823-3 ", "2823-3"),
        (ATC, "c03 ca01", "C03CA01"),
        (ICD10CM, "g47.62", "G4762"),
        (ICD10CM, "T36.0X1A", "T360X1A"),
        (ICD10, "E11 .9", "E119"),
        (ICD10, "E11,9", "E119"),
        (ICD10, "I10.-", "I10"),
        (ICD10, "G43.9#", "G439"),
        (ICD10, "Z99.2+1", "Z992"),
        (ICD9CM, "276.51", "27651"),
        (ICD9CM, "v45.1", "V451"),
    ],
)
def test_blanks_case_and_marks_are_not_part_of_a_code(system: str, code: str, plain: str) -> None:
    assert readings(system, code) == (plain,)


@pytest.mark.parametrize(
    "code",
    ["E11.40+", "E11.40†", "E11.40*", "E11.40!", "E1140", "E11.40 G", "E11.40 G L", "E11.40 L", "e11.40 RG"],
)
def test_german_marks_are_not_part_of_a_code(code: str) -> None:
    assert readings(ICD10, code) == ("E1140",)
    assert readings(GERMAN, code) == ("E1140",)


@pytest.mark.parametrize("code", ["E11.40G", "E11.40GL", "E11.40LG", "E11.40*G"])
def test_certainty_glued_to_a_code_is_read_in_german_systems(code: str) -> None:
    assert readings(GERMAN, code) == ("E1140",)


def test_a_letter_glued_to_a_code_is_part_of_it_elsewhere() -> None:
    """In Sweden E11.4A is a code of its own, in Germany E11.4 that is excluded."""
    assert readings("http://hl7.org/fhir/sid/icd-10-se", "E11.4A") == ("E114A",)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (ICD10, "E11.40 A"),
        (ICD10, "E11.40 V"),
        (GERMAN, "E11.40Z"),
        (GERMAN, "E11.40 V L"),
        (GERMAN, "E11.40RA"),
    ],
)
def test_what_is_excluded_suspected_or_past_is_recognised_as_nothing(system: str, code: str) -> None:
    """() stops the reading of the words beside it; None would not."""
    assert sets(files().diagnoses, system, code) == set()
    assert readings(system, code) == ("",)


@pytest.mark.parametrize(
    "code",
    ["I10-I15", "E11.4+ G63.2*", "E11.4, I10", "DE119", "see text", "", "-", "11.9", "E" * 500, "E11.90000"],
)
def test_what_is_not_one_icd_10_code_has_no_meaning(code: str) -> None:
    assert readings(ICD10, code) == ("",)
    assert sets(files().diagnoses, ICD10, code) is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("E11.41", {"diabetes_type_2", "diabetic_neuropathy"}),  # ICD-10-GM
        ("I10.90", {"hypertension"}),  # ICD-10-GM
        ("G20.9", {"parkinsons_disease", "idiopathic_parkinsons"}),  # ICD-10-SE
        ("E86.9", {"dehydration_volume_depletion"}),  # ICD-10-SE
        ("N18.90", {"chronic_kidney_disease"}),  # ICD-10-AM
    ],
)
def test_what_a_national_edition_divides_further_keeps_its_meaning(code: str, expected: set[str]) -> None:
    assert sets(files().diagnoses, ICD10, code) == expected
    [way] = {entry.matched_by for entry in files().diagnoses.find(Coding(ICD10, code)) or ()}
    assert way == "prefix"


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("F10.20", None),  # WHO, France: abstinent
        ("G25.81", None),  # Germany: restless legs
        ("M62.81", None),  # United States: weakness
        ("E83.41", None),  # United States: raised magnesium
        ("E11.53", {"diabetes_type_2"}),  # Australia: of the heart
        ("I70.26", None),  # Germany: of the arm
        ("Z33.2", None),  # United States: termination
    ],
)
def test_what_an_edition_means_otherwise_is_left_out(code: str, kept: set[str] | None) -> None:
    assert sets(files().diagnoses, ICD10, code) == kept


def test_the_list_of_the_united_states_is_not_extended() -> None:
    """Its codes are complete: below a code that is listed exactly there is none."""
    assert sets(files().diagnoses, ICD10CM, "G47.62") == {"nocturnal_leg_cramps"}
    assert sets(files().diagnoses, ICD10CM, "G47.629") is None


def test_every_listed_diagnosis_code_means_what_it_is_listed_for() -> None:
    table = files().diagnoses

    lost = [
        (system, code, concept)
        for system in (ICD10, ICD10CM, ICD9CM)
        for concept in files().concepts
        for code in table.codes(concept, system)
        if concept not in (sets(table, system, code) or ())
    ]

    assert lost == []


@given(st.sampled_from(sorted(KNOWN - {NDC})), st.text(max_size=40))
def test_a_listed_form_is_read_as_itself(system: str, code: str) -> None:
    """Whatever is written: what it is listed as is not rewritten once more."""
    once = listed(system, code)

    assert listed(system, once) == once
