"""How `cards/labs/` has each analyte read: every unit in its own column, mistyped units refused."""

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from cds_service import fhir, lab_files
from cds_service.facts import Facts, LabResult
from cds_service.frontmatter import read
from cds_service.hooks import decode
from cds_service.laboratory import Analyte
from cds_service.normalise import patient_record
from cds_service.recognition import Reading, recognise
from cds_service.terminology import ValueSets
from tests.patients import CARDS, FHIR, TODAY, APatient, a_patient, days_before

# --- what is read ---------------------------------------------------------------------------------------------


@cache
def _reading() -> Reading:
    value_sets = ValueSets.load(CARDS / "value_sets")
    documents = [read(path, CARDS) for path in sorted((CARDS / "labs").glob("*.md"))]
    return Reading(value_sets, lab_files.analytes(documents, value_sets), frozenset(), TODAY)


def _analytes() -> Mapping[str, Analyte]:
    return _reading().analytes


def _facts(patient: APatient) -> Facts:
    request = decode(json.dumps(patient.with_cramps().request()).encode(), "patient-view")
    return recognise(patient_record(fhir.gather(request)), _reading())


def _latest(analyte: str, value: str, **members: Any) -> LabResult | None:
    """The result that a value as reported is read as; None when it is not used."""
    found = _facts(a_patient().with_result(analyte, value, **members)).results.get(analyte, ())
    return found[0] if found else None


def _read(analyte: str, value: str, **members: Any) -> tuple[str, str] | None:
    """Value and unit of the column that it is compared in."""
    found = _latest(analyte, value, **members)
    return (str(found.value), found.unit) if found else None


def _why_not(analyte: str, value: str) -> str | None:
    """Why a value is not used; None when it is."""
    facts = _facts(a_patient().with_result(analyte, value))
    return next((each.why for each in facts.unusable if each.analyte == analyte), None)


def _an_observation(analyte: str, **members: Any) -> FHIR:
    patient = a_patient().with_result(analyte, "1", **members)
    return {key: each for key, each in patient.resources[0][1].items() if each is not None}


# --- columns and conversions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "value", "column"),
    [
        ("albumin", "31 g/L", ("31", "g/L")),
        ("albumin", "3.1 g/dL", ("3.1", "g/dL")),
        ("calcium_total", "2.05 mmol/L", ("2.05", "mmol/L")),
        ("calcium_total", "8.2 mg/dL", ("8.2", "mg/dL")),
        ("calcium_adjusted", "2.05 mmol/L", ("2.05", "mmol/L")),
        ("calcium_adjusted", "8.2 mg/dL", ("8.2", "mg/dL")),
        ("calcium_ionized", "1.05 mmol/L", ("1.05", "mmol/L")),
        ("calcium_ionized", "4.2 mg/dL", ("4.2", "mg/dL")),
        ("phosphate", "0.61 mmol/L", ("0.61", "mmol/L")),
        ("phosphate", "1.9 mg/dL", ("1.9", "mg/dL")),
        ("ferritin", "31 ug/L", ("31", "ug/L")),
        ("ferritin", "31 ng/mL", ("31", "ug/L")),
        ("transferrin_saturation", "18 %", ("18", "%")),
        ("vitamin_d_25oh", "29 nmol/L", ("29", "nmol/L")),
        ("vitamin_d_25oh", "11 ng/mL", ("11", "ng/mL")),
        ("vitamin_d_25oh", "11 ug/L", ("11", "ng/mL")),
        ("potassium_pre_dialysis", "6.2 mmol/L", ("6.2", "mmol/L")),
        ("potassium_pre_dialysis", "6.2 meq/L", ("6.2", "mmol/L")),
        ("ankle_brachial_index", "0.38 {ratio}", ("0.38", "{ratio}")),
        ("ankle_brachial_index", "0.38 1", ("0.38", "{ratio}")),
        ("ankle_brachial_index", "0.38", ("0.38", "{ratio}")),
        ("alcohol_audit_c", "7 {score}", ("7", "{score}")),
        ("alcohol_audit_c", "7 1", ("7", "{score}")),
        ("alcohol_audit_c", "7 points", ("7", "{score}")),
        ("alcohol_audit_c", "7", ("7", "{score}")),
        ("bmi", "31.4 kg/m2", ("31.4", "kg/m2")),
        ("bmi", "31.4 kg/m^2", ("31.4", "kg/m2")),
        ("bmi", "31.4 kg/m²", ("31.4", "kg/m2")),
        ("physical_activity_minutes_per_week", "0 min/wk", ("0", "min/wk")),
        ("physical_activity_minutes_per_week", "90 min/week", ("90", "min/wk")),
    ],
)
def test_value_is_compared_in_the_unit_reported(analyte: str, value: str, column: tuple[str, str]) -> None:
    found = _read(analyte, value)

    assert found == column


@pytest.mark.parametrize(
    ("analyte", "value", "column"),
    [
        ("albumin", "602 umol/L", ("40", "g/L")),
        ("calcium_total", "4.2 meq/L", ("2.10", "mmol/L")),
        ("calcium_adjusted", "3.8 meq/L", ("1.90", "mmol/L")),
        ("calcium_adjusted", "85 mg/L", ("2.12", "mmol/L")),
        ("calcium_ionized", "2.2 meq/L", ("1.10", "mmol/L")),
        ("calcium_ionized", "36 mg/L", ("0.90", "mmol/L")),
        ("phosphate", "10 mg/L", ("0.32", "mmol/L")),
        ("phosphate", "24.8 mg/L", ("0.80", "mmol/L")),
        ("ferritin", "168 pmol/L", ("75", "ug/L")),
        ("transferrin_saturation", "0.199 1", ("19.9", "%")),
        ("transferrin_saturation", "0.2 {fraction}", ("20.0", "%")),
    ],
)
def test_only_a_unit_without_limits_is_converted_and_rounded_to_the_decimals_of_the_column(
    analyte: str, value: str, column: tuple[str, str]
) -> None:
    found = _read(analyte, value)

    assert found == column


def _in_unit(result: LabResult, unit: str) -> Decimal:
    """The result by arithmetic in another column's unit: what is never done before comparing."""
    columns = {column.unit: column for column in _analytes()[result.analyte].columns}
    own, other = columns[result.unit], columns[unit]
    return (result.value - own.plus) / own.times * other.times + other.plus


@pytest.mark.parametrize(
    ("analyte", "value", "si_limit"),
    [
        ("magnesium", "1.7 mg/dL", "0.70 mmol/L"),
        ("magnesium", "1.2 mg/dL", "0.50 mmol/L"),
        ("calcium_adjusted", "7.6 mg/dL", "1.90 mmol/L"),
        ("calcium_total", "7.6 mg/dL", "1.90 mmol/L"),
        ("calcium_ionized", "3.6 mg/dL", "0.90 mmol/L"),
        ("phosphate", "2.0 mg/dL", "0.65 mmol/L"),
        ("glucose", "70 mg/dL", "3.9 mmol/L"),
        ("hba1c", "8.0 %", "64 mmol/mol"),
    ],
)
def test_value_at_the_limit_is_not_below_it_in_its_own_unit_though_converted_it_would_be(
    analyte: str, value: str, si_limit: str
) -> None:
    number, _, unit = si_limit.partition(" ")

    found = _latest(analyte, value)

    assert found is not None
    assert f"{found.value} {found.unit}" == value
    assert _in_unit(found, unit) < Decimal(number)


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("albumin", "4.1 g/L"),
        ("albumin", "41 g/dL"),
        ("calcium_total", "2.3 mg/dL"),
        ("calcium_total", "9.2 mmol/L"),
        ("calcium_total", "0.95 mmol/L"),
        ("calcium_adjusted", "2.3 mg/dL"),
        ("calcium_adjusted", "9.2 mmol/L"),
        ("calcium_ionized", "1.2 mg/dL"),
        ("calcium_ionized", "4.8 mmol/L"),
        ("calcium_ionized", "2.3 mmol/L"),
        ("phosphate", "12.5 mg/dL"),
        ("phosphate", "4.5 mmol/L"),
        ("transferrin_saturation", "0.2 %"),
        ("transferrin_saturation", "20 1"),
        ("ankle_brachial_index", "0"),
        ("ankle_brachial_index", "38 {ratio}"),
        ("alcohol_audit_c", "13 {score}"),
        ("bmi", "3.1 kg/m2"),
        ("bmi", "310 kg/m2"),
        ("potassium_pre_dialysis", "62 mmol/L"),
        ("vitamin_d_25oh", "100 pmol/L"),
    ],
)
def test_value_that_only_another_unit_or_another_test_explains_is_refused(analyte: str, value: str) -> None:
    found = _why_not(analyte, value)

    assert found == "implausible value"


@pytest.mark.parametrize("name", sorted(_analytes()))
def test_both_ends_of_the_plausible_range_are_plausible_and_what_lies_beyond_is_not(name: str) -> None:
    column = _analytes()[name].columns[0]
    step = Decimal("0.0001")

    inside = [_why_not(name, f"{end:f} {column.unit}") for end in (column.low, column.high)]
    beyond = [
        _why_not(name, f"{end:f} {column.unit}") for end in (column.low - step, column.high + step) if end > 0
    ]

    assert inside == [None, None]
    assert set(beyond) == {"implausible value"}


@pytest.mark.parametrize(
    "name",
    [
        "albumin",
        "bmi",
        "calcium_adjusted",
        "calcium_ionized",
        "calcium_total",
        "ferritin",
        "magnesium",
        "phosphate",
        "physical_activity_minutes_per_week",
        "transferrin_saturation",
        "vitamin_d_25oh",
    ],
)
def test_number_without_a_unit_is_not_guessed_where_units_differ(name: str) -> None:
    column = _analytes()[name].columns[0]

    found = _why_not(name, f"{(column.low + column.high) / 2:f}")

    assert found == "no unit"


def test_only_potassium_sodium_ratios_and_scores_may_be_without_a_unit() -> None:
    found = {name: analyte.without_unit for name, analyte in _analytes().items() if analyte.without_unit}

    assert found == {
        "potassium": "mmol/L",
        "potassium_pre_dialysis": "mmol/L",
        "sodium": "mmol/L",
        "ankle_brachial_index": "{ratio}",
        "alcohol_audit_c": "{score}",
    }


# --- how it is printed and where it comes from ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "value", "printed"),
    [
        ("ankle_brachial_index", "0.38", "0.38"),
        ("ankle_brachial_index", "0.38 1", "0.38"),
        ("ankle_brachial_index", "0.38 {ratio}", "0.38"),
        ("alcohol_audit_c", "7", "7"),
        ("alcohol_audit_c", "7 {score}", "7"),
    ],
)
def test_ratio_and_score_are_printed_as_bare_numbers_and_lack_no_unit(
    analyte: str, value: str, printed: str
) -> None:
    found = _latest(analyte, value)

    assert found is not None
    assert (found.written, found.unit_was_missing) == (printed, False)


def test_audit_c_score_reported_as_a_whole_number_without_a_quantity_is_read() -> None:
    score = _an_observation("alcohol_audit_c", valueQuantity=None, valueInteger=7)

    found = _facts(a_patient().having("observations", score)).results["alcohol_audit_c"]

    assert [(each.value, each.unit) for each in found] == [(Decimal(7), "{score}")]


@pytest.mark.parametrize("key", ["labs", "glucose", "observations", "encounters"])
def test_body_mass_index_is_read_under_whatever_key_it_arrives(key: str) -> None:
    index = _an_observation("bmi", valueQuantity={"value": 31.4, "unit": "kg/m2"})

    found = _facts(a_patient().having(key, index)).results["bmi"]

    assert [(each.value, each.unit) for each in found] == [(Decimal("31.4"), "kg/m2")]


@pytest.mark.parametrize(
    ("words", "value", "analyte"),
    [
        ("BMI", "31.4 kg/m2", "bmi"),
        ("ABPI (left)", "0.38", "ankle_brachial_index"),
        ("AUDIT-C", "7 {score}", "alcohol_audit_c"),
        ("Ionised calcium", "1.05 mmol/L", "calcium_ionized"),
        ("Adjusted calcium", "2.05 mmol/L", "calcium_adjusted"),
        ("Serum albumin", "31 g/L", "albumin"),
        ("Potassium (pre-dialysis)", "6.2 mmol/L", "potassium_pre_dialysis"),
        ("TSAT", "18 %", "transferrin_saturation"),
        ("Vitamin D (25-OH)", "29 nmol/L", "vitamin_d_25oh"),
        ("Phosphate", "0.61 mmol/L", "phosphate"),
        ("Ferritin", "31 ug/L", "ferritin"),
    ],
)
def test_result_that_carries_no_code_is_read_by_its_name(words: str, value: str, analyte: str) -> None:
    patient = a_patient().with_result("ferritin", value, code={"text": words})

    found = _facts(patient).results

    assert list(found) == [analyte]


@pytest.mark.parametrize(("value", "is_used"), [("3.4 mmol/L", True), ("3.5 mmol/L", False)])
def test_of_a_haemolysed_sample_before_dialysis_only_a_low_potassium_stands(
    value: str, is_used: bool
) -> None:
    found = _read("potassium_pre_dialysis", value, note=[{"text": "haemolysed"}])

    assert (found is not None) is is_used


# --- how long a value is current, and what it is called -------------------------------------------------------


def test_value_is_current_for_as_long_as_the_clinical_rules_say() -> None:
    found = {name: analyte.current for name, analyte in _analytes().items()}

    assert found == {
        **dict.fromkeys(
            (
                "albumin",
                "calcium_adjusted",
                "calcium_ionized",
                "calcium_total",
                "creatine_kinase",
                "creatinine",
                "egfr",
                "glucose",
                "magnesium",
                "phosphate",
                "platelets",
                "potassium",
                "potassium_pre_dialysis",
                "sodium",
            ),
            90,
        ),
        "hba1c": 180,
        **dict.fromkeys(
            (
                "alcohol_audit_c",
                "ankle_brachial_index",
                "bmi",
                "ferritin",
                "free_t4",
                "physical_activity_minutes_per_week",
                "transferrin_saturation",
                "tsh",
                "vitamin_d_25oh",
            ),
            365,
        ),
    }


def test_analytes_are_called_as_clinicians_print_them() -> None:
    found = {name: analyte.short for name, analyte in _analytes().items()}

    assert found == {
        "albumin": "albumin",
        "alcohol_audit_c": "AUDIT-C",
        "ankle_brachial_index": "ABI",
        "bmi": "BMI",
        "calcium_adjusted": "adjusted Ca",
        "calcium_ionized": "ionised Ca",
        "calcium_total": "Ca",
        "creatine_kinase": "CK",
        "creatinine": "creatinine",
        "egfr": "eGFR",
        "ferritin": "ferritin",
        "free_t4": "free T4",
        "glucose": "glucose",
        "hba1c": "HbA1c",
        "magnesium": "Mg",
        "phosphate": "phosphate",
        "physical_activity_minutes_per_week": "activity",
        "platelets": "platelets",
        "potassium": "K",
        "potassium_pre_dialysis": "pre-dialysis K",
        "sodium": "Na",
        "transferrin_saturation": "TSAT",
        "tsh": "TSH",
        "vitamin_d_25oh": "25-OH vitamin D",
    }


@pytest.mark.parametrize(
    ("analyte", "values", "kept"),
    [
        ("calcium_adjusted", ("2.12 mmol/L", "8.4 mg/dL"), "8.4 mg/dL"),
        ("vitamin_d_25oh", ("30 nmol/L", "11.9 ng/mL"), "11.9 ng/mL"),
        ("albumin", ("31 g/L", "3.1 g/dL"), "31 g/L"),
        ("phosphate", ("0.33 mmol/L", "1.0 mg/dL"), "1.0 mg/dL"),
    ],
)
def test_one_sample_in_two_units_counts_once_and_in_the_worse(
    analyte: str, values: tuple[str, str], kept: str
) -> None:
    at = f"{days_before(7)}T08:00:00Z"
    patient = a_patient()
    for value in values:
        patient = patient.with_result(analyte, value, at)

    found = _facts(patient).results[analyte]

    assert [each.written for each in found] == [kept]
