"""Members that are easily misread: doses in words, other drugs' strengths, statuses behind local codes, R5's places."""

import pytest

from cds_service.trace import trace
from tests.as_sent import (
    TERMINOLOGY,
    a_condition,
    a_dosage,
    a_request,
    a_statement,
    an_observation,
    an_order,
    answer_to,
    courses_of,
    cramps_since,
    facts_of,
    of_analyte,
    of_drug,
    quantity,
    read,
)
from tests.findings_of import site
from tests.patients import FHIR

LOW = an_observation(id="k1", valueQuantity=quantity(3.1, "mmol/L"))
CRAMPS = cramps_since("2026-05-01")


def test_tablets_counted_in_words_are_not_one_tablet_so_the_same_dose_in_milligrams_is_no_rise() -> None:
    two_tablets = a_request(
        "furosemide",
        authoredOn="2025-06-01",
        medicationCodeableConcept=of_drug("furosemide", "Furosemide 20 MG Oral Tablet"),
        dosageInstruction=[{"text": "Take two tablets every morning"}],
    )
    the_same = a_statement("furosemide", effectivePeriod={"start": "2026-04-20"}, dosage=[a_dosage(40)])

    [course] = courses_of(two_tablets, the_same, value_set="loop_diuretic")

    assert course.rises == ()


def test_strength_in_the_display_of_another_drug_is_no_dose() -> None:
    mislabelled = a_statement(
        medicationCodeableConcept=of_drug("hydrochlorothiazide", "Furosemide 40 mg tablet"),
        effectivePeriod={"start": "2026-04-01"},
    )

    [course] = courses_of(mislabelled)

    assert course.dose is None


def test_trace_tells_that_code_and_display_disagree() -> None:
    mislabelled = a_statement(
        medicationCodeableConcept=of_drug("hydrochlorothiazide", "Furosemide tablet"),
        effectivePeriod={"start": "2026-04-01"},
    )

    told = trace(answer_to(CRAMPS, mislabelled).advice, site().knowledge)

    assert told["named_otherwise"] == [
        {
            "what": "read as hydrochlorothiazide by the code; the words say furosemide",
            "sources": ["MedicationStatement/s1"],
        }
    ]


def test_trace_tells_it_too_where_the_code_is_of_no_class_of_ours() -> None:
    """Given paracetamol by its ATC code and furosemide by its words, no rule reads it, and a person should look."""
    code = {"system": "http://www.whocc.no/atc", "code": "N02BE01"}
    mislabelled = a_statement(medicationCodeableConcept={"coding": [code], "text": "furosemide 40 mg"})

    told = trace(answer_to(CRAMPS, mislabelled).advice, site().knowledge)

    assert [each["what"] for each in told["named_otherwise"]] == [
        "read as nothing of ours by the code; the words say furosemide"
    ]


@pytest.mark.parametrize("code", [{"concept": of_analyte("potassium")}, {"concept": {"text": "Potassium"}}])
def test_r5_order_is_read_so_that_its_test_is_not_suggested_twice(code: FHIR) -> None:
    found = answer_to(CRAMPS, LOW, an_order(code=code))

    assert "Potassium" not in found.suggested


@pytest.mark.parametrize(
    ("members", "silence"),
    [
        (
            {
                "clinicalStatus": {
                    "coding": [
                        {"system": "urn:local", "code": "2"},
                        {"system": f"{TERMINOLOGY}/condition-clinical", "code": "resolved"},
                    ]
                }
            },
            "resolved",
        ),
        (
            {
                "verificationStatus": {
                    "coding": [
                        {"system": "urn:local", "code": "9"},
                        {"system": f"{TERMINOLOGY}/condition-ver-status", "code": "refuted"},
                    ]
                }
            },
            "refuted",
        ),
        ({"clinicalStatus": {"coding": [{"display": "Resolved"}]}}, "resolved"),
        ({"verificationStatus": {"text": "Entered in Error"}}, "refuted"),
    ],
)
def test_status_is_found_behind_a_local_code_and_in_words(members: FHIR, silence: str) -> None:
    assert answer_to(a_condition(**members), LOW).silence == silence


def test_abatement_period_that_has_begun_ends_a_condition() -> None:
    condition = a_condition(clinicalStatus=None, abatementPeriod={"start": "2026-05-20"})
    assert answer_to(condition, LOW).silence == "resolved"


@pytest.mark.parametrize(
    "duration",
    [
        {"value": 7, "unit": "Days"},
        {"value": 7, "unit": "Day"},
        {"value": 1, "unit": "Week"},
        {"value": 1, "unit": "month"},
        {"value": 1, "unit": "months"},
        {"value": 1, "unit": "week", "system": "urn:local", "code": "7"},
    ],
)
def test_duration_without_a_ucum_code_is_read_by_its_words(duration: FHIR) -> None:
    order = a_request(dosageInstruction=[{"timing": {"repeat": {"boundsDuration": duration}}}])
    [course] = courses_of(order)
    assert course.ended is not None


@pytest.mark.parametrize(
    "age",
    [{"value": 74, "unit": "Years"}, {"value": 74, "unit": "years", "system": "urn:local", "code": "7"}],
)
def test_age_without_a_ucum_code_is_read_by_its_words(age: FHIR) -> None:
    [report] = facts_of(a_condition(onsetAge=age)).reports
    assert (report.onset and report.onset.is_stated) is True


def test_one_value_with_and_without_a_time_of_day_is_told_once() -> None:
    low = an_observation(valueQuantity=quantity(3.1, "mmol/L"))
    timed = {**low, "id": "o2", "effectiveDateTime": "2026-06-08T08:00:00+01:00"}

    found = answer_to(CRAMPS, low, timed)

    assert found.detail("L01").count("3.1") == 1


def test_onset_at_an_age_is_never_after_the_day_it_was_written_down() -> None:
    [report] = facts_of(a_condition(onsetAge=quantity(76, "a"))).reports

    assert str(report.onset and report.onset.on) == "2026"  # 1 March to 1 May 2026, not "2026 to 2027"


def test_age_in_months_is_as_exact_as_it_was_written() -> None:
    [report] = facts_of(a_condition(onsetAge=quantity(888, "mo"))).reports
    assert str(report.onset and report.onset.on) == "2024"  # March or April 2024


@pytest.mark.parametrize(
    "entry",
    [
        a_request(
            status="ended",
            authoredOn="2026-04-01",
            effectiveDosePeriod={"start": "2026-04-01", "end": "2026-04-20"},
        ),
        a_statement(
            status="recorded",
            effectiveTiming={"repeat": {"boundsPeriod": {"start": "2026-04-01", "end": "2026-04-20"}}},
        ),
    ],
)
def test_r5_effective_dose_period_and_effective_timing_are_start_and_end(entry: FHIR) -> None:
    [course] = courses_of(entry)
    assert read(course) == ("1 Apr 2026", "20 Apr 2026", False)


@pytest.mark.parametrize("note", ["Patient on dialysis", "Urine sample also received"])
def test_note_about_something_else_does_not_make_a_named_potassium_vanish(note: str) -> None:
    named = an_observation(
        code={"text": "Potassium"}, valueQuantity=quantity(3.1, "mmol/L"), note=[{"text": note}]
    )

    found = answer_to(CRAMPS, named)

    assert found.flagged == {"L01"}
