"""DECISIONS, Results: each rule for a patient in clinical words and for a chart in raw FHIR."""

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.as_sent import (
    UCUM,
    Sent,
    a_condition,
    a_request,
    a_statement,
    an_observation,
    answer_to,
    coded,
    cramps_since,
    facts_of,
    of_analyte,
    quantity,
    results_of,
)
from tests.findings_of import answer
from tests.patients import FHIR, APatient, a_patient, analyte_coding, days_before, diagnosis_coding

CRAMPS = cramps_since("2026-05-01")
MAIN = ("contributor", "main")


def cramping() -> APatient:
    return a_patient().with_cramps("2026-05-01")


def a_value(number: str, unit: str, analyte: str = "potassium", **members: Any) -> str:
    """A result whose number is written just so in the JSON."""
    resource = an_observation(analyte, **{"valueQuantity": {**quantity(0, unit), "value": "@"}, **members})
    return json.dumps(resource).replace('"@"', number)


def level(*sent: Sent, row: str = "L01") -> str | None:
    """The indicator of the row's card; None when it is not flagged."""
    found = answer_to(CRAMPS, *sent)
    return found.indicator(row) if row in found.flagged else None


# --- units ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("magnesium", "1.7 mg/dL"),
        ("magnesium", "0.70 mmol/L"),
        ("calcium_total", "7.6 mg/dL"),
        ("glucose", "70 mg/dL"),
        ("glucose", "54 mg/dL"),
        ("hba1c", "8.0 %"),
    ],
)
def test_value_at_the_edge_is_kept_in_the_unit_in_which_it_was_reported(analyte: str, value: str) -> None:
    patient = cramping().with_result(analyte, value)

    facts = answer(patient).advice.facts

    assert facts is not None
    [result] = facts.results[analyte]
    number, unit = value.split()
    assert (result.value, result.unit) == (Decimal(number), unit)


@pytest.mark.parametrize(
    ("number", "unit", "expected"),
    [
        ("1.7", "mg/dL", None),  # 0.6996 mmol/L
        ("1.69", "mg/dL", "warning"),
        ("0.70", "mmol/L", None),
        ("0.69", "mmol/L", "warning"),
        ("1.4", "meq/L", None),
        ("1.39", "meq/L", "warning"),
    ],
)
def test_quantity_meets_the_limit_of_its_own_ucum_unit(number: str, unit: str, expected: str | None) -> None:
    found = level(a_value(number, unit, "magnesium"), row="L02")

    assert found == expected


@pytest.mark.parametrize(
    ("analyte", "value", "expected"),
    [
        ("potassium", {"value": 3.1}, [("3.1 mmol/L", True)]),
        ("sodium", {"value": 128}, [("128 mmol/L", True)]),
        ("potassium", {"value": 3.1, "unit": ""}, [("3.1 mmol/L", True)]),
        ("potassium", {"value": 31}, []),
        ("sodium", {"value": 89}, []),
        ("magnesium", {"value": 0.6}, []),
        ("creatine_kinase", {"value": 900}, []),
    ],
)
def test_quantity_without_a_unit_is_used_only_for_potassium_and_sodium(
    analyte: str, value: FHIR, expected: list[tuple[str, bool]]
) -> None:
    found = results_of(an_observation(analyte, valueQuantity=value), analyte=analyte)

    assert [(each.written, each.unit_was_missing) for each in found] == expected


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"value": 3.1, "unit": "furlong", "system": UCUM, "code": "[fur_us]"}, "unit not understood"),
        ({"value": 31, "unit": "mmol/L", "system": UCUM, "code": "mmol/L"}, "implausible value"),
    ],
)
def test_quantity_in_a_strange_unit_or_impossible_is_not_used_and_told(value: FHIR, why: str) -> None:
    found = answer_to(CRAMPS, an_observation(valueQuantity=value))

    assert (found.kinds(), found.data_lines()) == (("data",), (f"Potassium of 8 Jun 2026: {why}",))


# --- numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "printed"),
    [("3.10", "3.10"), ("3.1", "3.1"), ("3.100", "3.100"), ("31e-1", "3.1"), ("3", "3")],
)
def test_decimal_is_printed_with_the_digits_that_the_server_wrote(number: str, printed: str) -> None:
    found = answer_to(CRAMPS, a_value(number, "mmol/L"))

    assert f"K **{printed}** mmol/L" in found.detail("L01")


def test_clinician_reads_the_value_and_unit_of_the_laboratory() -> None:
    patient = cramping().with_result("magnesium", "1.4 mg/dL")

    found = answer(patient)

    assert "Mg **1.4** mg/dL" in found.detail("L02")


@pytest.mark.parametrize(
    ("comparator", "number", "expected"),
    [
        ("<", "2.5", "critical"),
        ("<=", "2.5", "critical"),
        ("<", "5", None),
        (">", "2.2", None),
        (">=", "5", None),
    ],
)
def test_quantity_comparator_decides_only_when_every_value_it_allows_agrees(
    comparator: str, number: str, expected: str | None
) -> None:
    value = {**quantity(float(number), "mmol/L"), "comparator": comparator}

    found = level(an_observation(valueQuantity=value))

    assert found == expected


def test_r5_comparator_that_names_no_bound_is_told_not_used() -> None:
    sufficient = {**quantity(2.1, "mmol/L"), "comparator": "ad"}

    found = answer_to(CRAMPS, an_observation(valueQuantity=sufficient))

    assert found.data_lines() == ("Potassium of 8 Jun 2026: not an exact value",)


# --- reference ranges and interpretation ----------------------------------------------------------------------


def limits(low: float | None = None, high: float | None = None, **members: Any) -> FHIR:
    made = {"low": low, "high": high}
    return {
        **{name: quantity(value, "mmol/L") for name, value in made.items() if value is not None},
        **members,
    }


@pytest.mark.parametrize(
    ("number", "ranges", "expected"),
    [
        ("3.5", [limits(3.6, 5.1)], "info"),  # below the laboratory's range, not below our limit
        ("3.4", [limits(3.3, 5.1)], None),
        ("3.2", [limits(3.3, 5.1)], "warning"),
        ("3.4", [], "info"),
        ("3.5", [], None),
        ("3.5", [{"low": {"value": 3.6}}], "info"),
        ("3.5", [limits(3.6, type=coded("referencerange-meaning", "normal"))], "info"),
        ("3.5", [limits(3.6, type=coded("referencerange-meaning", "treatment"))], None),
        ("3.5", [limits(3.4), limits(4.0, type=coded("referencerange-meaning", "treatment"))], None),
        ("3.5", [{"low": quantity(14, "mg/dL")}], None),
        ("3.5", [{"text": "3.6 - 5.1 mmol/L"}], "info"),
        ("3.5", [{"text": "see report"}], None),
    ],
)
def test_low_is_told_by_the_reference_range_of_the_entry_else_by_our_limit(
    number: str, ranges: list[FHIR], expected: str | None
) -> None:
    found = level(a_value(number, "mmol/L", referenceRange=ranges))

    assert found == expected


@pytest.mark.parametrize(
    ("number", "low", "expected"), [("2.9", 2.8, "warning"), ("2.4", 2.0, "critical"), ("3.5", 4.0, "info")]
)
def test_reference_range_never_moves_the_bands_of_urgency(number: str, low: float, expected: str) -> None:
    found = level(a_value(number, "mmol/L", referenceRange=[limits(low, 5.1)]))

    assert found == expected


INTERPRETED = "v3-ObservationInterpretation"


@pytest.mark.parametrize("said", ["N", "L", "LL", "H", "A"])
@pytest.mark.parametrize(("number", "expected"), [("3.1", "warning"), ("4.0", None), ("2.4", "critical")])
def test_interpretation_code_never_decides_against_the_number(
    said: str, number: str, expected: str | None
) -> None:
    found = level(a_value(number, "mmol/L", interpretation=[coded(INTERPRETED, said)]))

    assert found == expected


@pytest.mark.parametrize(("value", "flag", "is_low"), [("3.1", "Normal", True), ("4.0", "Low", False)])
def test_laboratorys_flag_in_words_never_decides_against_the_number(
    value: str, flag: str, is_low: bool
) -> None:
    patient = cramping().with_result("potassium", f"{value} mmol/L", interpretation=[{"text": flag}])

    found = answer(patient)

    assert ("L01" in found.flagged) is is_low


# --- values and drugs -----------------------------------------------------------------------------------------


def test_low_value_with_an_earlier_effective_date_than_the_drugs_stands_alone() -> None:
    drug = a_statement("indapamide", effectivePeriod={"start": "2026-04-20"})
    low = a_value("3.1", "mmol/L", effectiveDateTime="2026-04-10T08:00:00+02:00")

    found = answer_to(CRAMPS, drug, low)

    assert (found.chain_of("L01"), found.indicator("L01")) == (None, "warning")
    assert "Drawn before indapamide (20 Apr 2026)" in found.detail("L01")
    assert "Potassium" in found.suggested


def test_drug_whose_period_begins_after_the_onset_is_a_cause_of_the_value_only() -> None:
    drug = a_request("indapamide", authoredOn="2026-05-15")

    found = answer_to(CRAMPS, drug, a_value("3.1", "mmol/L"))

    assert (found.indicator("L01"), "D01" in found.flagged) == ("warning", False)
    assert "likely cause of the value" in found.detail("L01")


@pytest.mark.parametrize(
    "drug",
    [
        a_statement("indapamide", effectivePeriod={"start": "2026-06-15"}),  # drawn before it
        a_statement("indapamide", effectivePeriod={"start": "2026-05-15"}),  # begun after the onset
        a_statement("spironolactone", effectivePeriod={"start": "2020-01-01"}),  # does not explain it
        a_statement("indapamide", status="stopped"),
        a_statement("potassium chloride", effectivePeriod={"start": "2026-06-10"}),
    ],
    ids=["started today", "after the onset", "potassium-sparing", "stopped", "replaced"],
)
def test_severe_value_stays_critical_beside_any_drug_entry(drug: FHIR) -> None:
    found = level(a_value("2.4", "mmol/L", effectiveDateTime="2026-06-14"), drug)

    assert found == "critical"


@pytest.mark.parametrize("ingredient", ["spironolactone", "ramipril", "potassium chloride"])
def test_no_medicine_on_the_list_softens_a_severe_potassium(ingredient: str) -> None:
    patient = cramping().with_result("potassium", "2.4 mmol/L").taking(ingredient, "2020-01-01")

    found = answer(patient)

    assert found.indicator("L01") == "critical"


def test_of_two_values_of_one_minute_the_more_abnormal_counts_and_both_are_told() -> None:
    at = f"{days_before(7)}T08:00:00+01:00"
    patient = cramping().with_result("potassium", "3.4 mmol/L", at).with_result("potassium", "3.1 mmol/L", at)

    found = answer(patient)

    assert found.sources("L01") == ("Observation/ob2",)
    assert "K **3.1** mmol/L (8 Jun 2026; also 3.4 mmol/L that day)" in found.detail("L01")


@pytest.mark.parametrize("taken", ["2026-06-08", "2026-06-08T08:00:00Z"])
def test_of_two_observations_of_one_effective_time_the_more_abnormal_counts(taken: str) -> None:
    higher = a_value("3.4", "mmol/L", effectiveDateTime=taken)
    lower = a_value("3.1", "mmol/L", id="o2", effectiveDateTime=taken)

    found = answer_to(CRAMPS, higher, lower)

    assert (found.indicator("L01"), found.sources("L01")) == ("warning", ("Observation/o2",))
    assert "also 3.4 mmol/L that day" in found.detail("L01")


@pytest.mark.parametrize("verification", ["confirmed", "provisional"])
def test_condition_of_low_potassium_without_an_observation_is_info(verification: str) -> None:
    coded_low = a_condition(
        id="low",
        code={"coding": [diagnosis_coding("hypokalaemia")]},
        verificationStatus=coded("condition-ver-status", verification),
        onsetDateTime="2026-06-05",
    )

    found = level(coded_low)

    assert found == "info"


# --- panels ---------------------------------------------------------------------------------------------------


def test_potassium_in_the_components_of_a_panel_is_read_once() -> None:
    panel = an_observation(
        code={"text": "Electrolytes"},
        component=[
            {
                "code": of_analyte("potassium"),
                "valueQuantity": quantity(3.1, "mmol/L"),
                "referenceRange": [limits(3.5, 5.1)],
                "interpretation": [coded(INTERPRETED, "L")],
            },
            {"code": of_analyte("sodium"), "valueQuantity": quantity(128, "mmol/L")},
        ],
    )

    facts = facts_of(CRAMPS, panel)

    told = {
        name: [(each.written, each.source) for each in results] for name, results in facts.results.items()
    }
    assert told == {
        "potassium": [("3.1 mmol/L", "Observation/o1")],
        "sodium": [("128 mmol/L", "Observation/o1")],
    }


@pytest.mark.parametrize(
    "reference", ["Observation/k1", "https://fhir.example/r4/Observation/k1", "Observation/k1/_history/2"]
)
def test_potassium_that_two_panels_have_as_member_is_read_once(reference: str) -> None:
    member = an_observation(id="k1", valueQuantity=quantity(3.1, "mmol/L"))
    panels = [
        an_observation(id=name, code={"text": "Electrolytes"}, hasMember=[{"reference": reference}])
        for name in ("o1", "o2")
    ]

    found = results_of(*panels, member)

    assert [(each.written, each.source) for each in found] == [("3.1 mmol/L", "Observation/k1")]


# --- shapes of an Observation ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["3.1 mmol/L", "<2.5 mmol/L"])
def test_potassium_written_out_as_text_is_used(value: str) -> None:
    patient = cramping().with_result("potassium", "1 mmol/L", valueQuantity=None, valueString=value)

    found = answer(patient)

    assert found.place("L01") == MAIN


def test_potassium_reported_in_words_is_told_as_no_number() -> None:
    patient = cramping().with_result("potassium", "1 mmol/L", valueQuantity=None, valueString="low")

    found = answer(patient)

    assert found.data_lines() == ("Potassium of 8 Jun 2026: not a number",)


def test_potassium_that_could_not_be_measured_is_as_good_as_not_measured() -> None:
    patient = cramping().with_result(
        "potassium", "1 mmol/L", valueQuantity=None, dataAbsentReason={"text": "Sample clotted"}
    )

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "nothing-found")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("final", "warning"),
        ("amended", "warning"),
        ("corrected", "warning"),
        ("preliminary", None),
        ("registered", None),
        ("cancelled", None),
        ("entered-in-error", None),
        ("unknown", None),
    ],
)
def test_observation_status_decides_whether_a_value_is_used(status: str, expected: str | None) -> None:
    found = level(a_value("3.1", "mmol/L", status=status))

    assert found == expected


def test_preliminary_observation_of_a_severe_value_is_shown_as_such() -> None:
    found = answer_to(CRAMPS, a_value("2.4", "mmol/L", status="preliminary"))

    assert (found.indicator("L01"), "preliminary" in found.detail("L01")) == ("critical", True)


@pytest.mark.parametrize(
    ("name", "is_seen"),
    [("Serum potassium", True), ("Urine potassium", False), ("Dialysate potassium", False)],
)
def test_potassium_of_another_specimen_is_not_that_of_the_blood(name: str, is_seen: bool) -> None:
    patient = cramping().with_result("potassium", "3.1 mmol/L", code={"text": name})

    found = answer(patient)

    assert ("L01" in found.flagged) is is_seen


@pytest.mark.parametrize(
    ("specimen", "is_seen"),
    [
        ({"reference": "Specimen/1", "display": "Serum"}, True),
        ({"reference": "Specimen/1"}, True),
        ({"display": "Urine, 24 h"}, False),
    ],
)
def test_specimen_of_an_observation_without_a_known_code_decides(specimen: FHIR, is_seen: bool) -> None:
    result = an_observation(
        code={"text": "Potassium"}, valueQuantity=quantity(3.1, "mmol/L"), specimen=specimen
    )

    found = results_of(result)

    assert bool(found) is is_seen


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"note": [{"text": "Sample haemolysed"}]}, ("Potassium of 8 Jun 2026: haemolysed sample",)),
        (
            {"interpretation": [{"text": "Specimen contaminated"}]},
            ("Potassium of 8 Jun 2026: flagged specimen",),
        ),
        ({"note": [{"text": "Post-dialysis sample"}]}, ("Potassium of 8 Jun 2026: taken after dialysis",)),
        ({"note": [{"text": "Not haemolysed"}]}, ()),
        ({"device": {"display": "dialysis machine"}, "method": {"text": "haemolysis index"}}, ()),
    ],
    ids=["note", "interpretation", "note of dialysis", "denied", "device and method"],
)
def test_note_and_interpretation_may_take_a_value_away_and_device_and_method_not(
    members: dict[str, Any], told: tuple[str, ...]
) -> None:
    found = answer_to(CRAMPS, a_value("3.9", "mmol/L", **members))

    assert found.data_lines() == told


def test_note_that_a_normal_sample_was_haemolysed_is_told() -> None:
    patient = cramping().with_result("potassium", "4.4 mmol/L", note=[{"text": "Sample haemolysed"}])

    found = answer(patient)

    assert found.data_lines() == ("Potassium of 8 Jun 2026: haemolysed sample",)


def test_reading_of_a_device_or_a_fetus_is_not_the_patients() -> None:
    patient = cramping().with_result("potassium", "3.1 mmol/L", focus=[{"display": "fetus"}])

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "nothing-found")


def test_named_analyser_takes_nothing_from_a_low_value() -> None:
    patient = cramping().with_result(
        "potassium", "3.1 mmol/L", device={"display": "urine analyser"}, method={"text": "flame photometry"}
    )

    found = answer(patient)

    assert found.indicator("L01") == "warning"


def test_sample_counts_from_the_day_it_was_drawn() -> None:
    """Drawn 91 days ago, reported today."""
    patient = cramping().with_result("potassium", "3.1 mmol/L", days_before(91), issued=days_before(0))

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "nothing-found")


# --- the same thing twice, and lists that go on ---------------------------------------------------------------


def test_result_sent_under_two_keys_and_two_ids_is_told_once() -> None:
    low = an_observation(valueQuantity=quantity(3.1, "mmol/L"))
    patient = cramping().having("labs", low).having("observations", low)

    found = answer(patient.having("observations", {**low, "id": "o1-copy"}))

    assert found.detail("L01").count("3.1") == 1


def test_copies_of_one_observation_are_one_result() -> None:
    low = an_observation(valueQuantity=quantity(3.1, "mmol/L"))
    coded_by_name = {
        **low,
        "id": "o3",
        "code": {"text": "Potassium", "coding": [analyte_coding("potassium")]},
    }

    found = results_of(low, low, {**low, "id": "o2"}, coded_by_name)

    assert [each.written for each in found] == ["3.1 mmol/L"]


@pytest.mark.parametrize(("oldest", "is_told"), [("2025-06-15", True), ("2025-06-14", False)])
def test_searchset_of_results_with_a_next_link_is_cut_off_unless_it_reaches_back_a_year(
    oldest: str, is_told: bool
) -> None:
    old = an_observation("sodium", effectiveDateTime=oldest, valueQuantity=quantity(140, "mmol/L"))

    found = answer_to(CRAMPS, old, cut_off=["labs"])

    assert (found.data_lines() == ("Possibly cut off: laboratory results",)) is is_told
