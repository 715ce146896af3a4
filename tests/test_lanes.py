"""The lanes of the picture: courses as bars with dose steps, results in one unit, diagnoses by their dates."""

from datetime import date, timedelta

import pytest

from cds_service.timeline import NotDrawn, Step
from tests.explained import lane, linked, mark, marks, picture
from tests.patients import FHIR, TODAY, a_patient, days_before

UNCONFIRMED = {"coding": [{"code": "provisional"}]}


def on(day: str) -> date:
    return date.fromisoformat(day)


# --- drugs ------------------------------------------------------------------------------------------------------


def test_refills_are_one_bar_with_the_day_of_each() -> None:
    patient = a_patient().with_cramps()
    for day in ("2026-01-05", "2026-02-02", "2026-03-02", "2026-03-30"):
        patient = patient.prescribed("ramipril", day, dose="5 mg")

    bar = mark(picture(patient), "drug:ramipril")

    assert (bar.begins, bar.ends, bar.is_running) == (on("2026-01-05"), None, True)
    assert bar.given == (on("2026-01-05"), on("2026-02-02"), on("2026-03-02"), on("2026-03-30"))
    assert bar.steps == (Step(on("2026-01-05"), "5 mg", 5.0),)
    assert bar.says == "ramipril 5 mg, first recorded 5 Jan 2026"


def test_doses_go_up_and_down_in_steps() -> None:
    patient = a_patient().with_cramps()
    for day, dose in (
        ("2025-01-10", "40 mg"),
        ("2025-06-10", "80 mg"),
        ("2025-11-10", "20 mg"),
        ("2026-04-20", "40 mg"),
    ):
        patient = patient.prescribed("furosemide", day, dose=dose)

    bar = mark(picture(patient), "drug:furosemide")

    assert bar.steps == (
        Step(on("2025-01-10"), "40 mg", 40.0),
        Step(on("2025-06-10"), "80 mg", 80.0),
        Step(on("2025-11-10"), "20 mg", 20.0),
        Step(on("2026-04-20"), "40 mg", 40.0),
    )
    assert (
        bar.says == "furosemide 40 mg, first recorded 10 Jan 2025, raised from 20 mg to 40 mg on 20 Apr 2026"
    )


def test_a_lowered_dose_is_said_to_be_lowered() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .prescribed("furosemide", "2025-12-01", dose="80 mg")
        .prescribed("furosemide", "2026-03-01", dose="40 mg")
    )

    bar = mark(picture(patient), "drug:furosemide")

    assert bar.says.endswith("lowered from 80 mg to 40 mg on 1 Mar 2026")


def test_a_dose_that_is_not_clear_throughout_has_no_steps() -> None:
    two_strengths = (
        ("2025-10-01", "40 mg"),
        ("2025-10-20", "20 mg"),
        ("2025-11-05", "40 mg"),
        ("2026-02-01", "80 mg"),
    )
    patient = a_patient().with_cramps()
    for day, dose in two_strengths:
        patient = patient.prescribed("furosemide", day, dose=dose)

    assert mark(picture(patient), "drug:furosemide").steps == ()


def test_doses_in_two_units_have_no_steps() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .prescribed("furosemide", "2025-12-01", dose="40 mg")
        .prescribed("furosemide", "2026-03-01", dose="1 mL")
    )

    assert mark(picture(patient), "drug:furosemide").steps == ()


def test_a_stopped_drug_ends_and_begun_again_is_a_second_bar() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("furosemide", "2024-01-10", until="2024-06-30")
        .taking("furosemide", "2026-04-01")
    )

    first, second = marks(picture(patient), "drug:furosemide")

    assert (first.begins, first.ends, first.is_running) == (on("2024-01-10"), on("2024-06-30"), False)
    assert first.says == "furosemide, since 10 Jan 2024, until 30 Jun 2024"
    assert (second.begins, second.ends, second.is_running) == (on("2026-04-01"), None, True)


def test_open_ends_are_told() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("ramipril")
        .prescribed("furosemide", days_before(600), status="completed")
    )

    drawn = picture(patient)

    undated, unended = mark(drawn, "drug:ramipril"), mark(drawn, "drug:furosemide")
    assert (undated.begins, undated.ends, undated.is_running) == (None, None, True)
    assert undated.says == "ramipril, start date not recorded"
    assert (unended.ends, unended.is_running) == (None, False)
    assert unended.says.endswith("stop date not recorded")


def test_of_very_many_entries_of_a_course_the_days_of_the_latest_are_told() -> None:
    patient = a_patient().with_cramps()
    for place in range(210):
        patient = patient.prescribed("ramipril", days_before(7 * place))

    bar = mark(picture(patient), "drug:ramipril")

    assert (len(bar.sources), len(bar.given)) == (210, 200)
    assert (bar.given[0], bar.given[-1]) == (TODAY - timedelta(days=7 * 199), TODAY)


def test_a_course_of_which_another_class_reads_only_some_entries_is_one_bar() -> None:
    rxnorm = "http://www.nlm.nih.gov/research/umls/rxnorm"
    tums, supplement = ({"system": rxnorm, "code": code} for code in ("1044532", "1001397"))
    patient = (
        a_patient()
        .with_cramps()
        .taking("furosemide", "2026-01-05", medicationCodeableConcept={"coding": [tums, supplement]})
        .taking("furosemide", "2026-02-05", medicationCodeableConcept={"coding": [supplement]})
    )

    bar = mark(picture(patient), "drug:calcium carbonate")

    assert bar.sources == ("MedicationStatement/ms1", "MedicationStatement/ms2")


@pytest.mark.parametrize(
    ("since", "until", "last"),
    [
        ("2026-03", None, "2026-03-31"),
        ("2026", None, "2026-06-15"),  # not after today
        ("2019", "2019-05", "2019-05-31"),  # not after its end
        ("2019-03-01", None, None),
    ],
)
def test_a_partial_start_tells_until_when_it_may_have_begun(
    since: str, until: str | None, last: str | None
) -> None:
    bar = mark(picture(a_patient().with_cramps().taking("ramipril", since, until=until)), "drug:ramipril")

    assert bar.begins_until == (on(last) if last else None)


def test_partial_dates_of_cramps_results_and_diagnoses_tell_their_last_day() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-04")
        .with_result("potassium", "4.1 mmol/L", "2026-02")
        .with_diagnosis("hypertension", "2010")
    )

    drawn = picture(patient)

    assert mark(drawn, "cramps").begins_until == on("2026-04-30")
    assert mark(drawn, "result:potassium").begins_until == on("2026-02-28")
    assert mark(drawn, "diagnosis:hypertension").begins_until == on("2010-12-31")


def test_a_start_that_is_only_when_something_was_recorded_says_so() -> None:
    patient = (
        a_patient()
        .with_cramps(recorded="2026-05-19")
        .prescribed("furosemide", "2026-03-01")
        .taking("ramipril", "2026-03-01", until="2026-04")
    )

    drawn = picture(patient)

    stated = {each.id: each.marks[0].starts_is_stated for each in drawn.lanes}
    assert stated == {"cramps": False, "drug:furosemide": False, "drug:ramipril": True}
    assert mark(drawn, "drug:ramipril").stops == "Apr 2026"
    assert mark(drawn, "drug:furosemide").stops == ""


def test_a_diagnosis_that_was_only_recorded_has_no_stated_start() -> None:
    patient = a_patient().with_cramps().with_diagnosis("hypertension", recordedDate="2020-03-01")

    assert mark(picture(patient), "diagnosis:hypertension").starts_is_stated is False


def test_cramps_that_began_on_no_known_day_have_no_last_day_of_a_start() -> None:
    report = mark(
        picture(a_patient().with_cramps(recorded="2026-05-19", onsetString="some years ago")), "cramps"
    )

    assert (report.begins, report.begins_until) == (None, None)


def test_a_partial_start_reaches_from_its_first_day_and_is_said_as_written() -> None:
    bar = mark(
        picture(a_patient().with_cramps().taking("ramipril", "2019", until="2026-03")), "drug:ramipril"
    )

    assert (bar.begins, bar.ends, bar.starts) == (on("2019-01-01"), on("2026-03-31"), "2019")
    assert bar.says == "ramipril, since 2019, until Mar 2026"
    assert bar.given == ()  # of no day


def test_an_end_that_was_written_before_the_start_is_told_and_drawn_as_a_day() -> None:
    patient = a_patient().with_cramps().taking("furosemide", "2026-04-01", until="2026-01-01")

    bar = mark(picture(patient), "drug:furosemide")

    assert (bar.begins, bar.ends) == (on("2026-04-01"), on("2026-04-01"))
    assert bar.says == "furosemide, since 1 Apr 2026, until 1 Jan 2026"


def test_a_drug_goes_by_the_names_in_use() -> None:
    drawn = lane(picture(a_patient().with_cramps().taking("albuterol", "2026-04-01")), "drug:albuterol")

    assert drawn.label == "salbutamol/albuterol"
    assert drawn.marks[0].says == "salbutamol/albuterol, since 1 Apr 2026"


def test_an_ingredient_of_several_classes_is_one_lane_with_its_course_once() -> None:
    """Clarithromycin raises statin levels and may prolong the QT time."""
    patient = a_patient().with_cramps().taking("clarithromycin", "2026-06-01", dose="500 mg")

    drawn = picture(patient)

    assert mark(drawn, "drug:clarithromycin").sources == ("MedicationStatement/ms1",)


def test_an_entry_in_error_or_only_planned_is_not_drawn() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("furosemide", "2026-04-01", status="entered-in-error")
        .prescribed("ramipril", "2026-04-01", intent="proposal")
        .with_result("potassium", "2.9 mmol/L", status="entered-in-error")
        .with_diagnosis("heart_failure", verificationStatus={"coding": [{"code": "entered-in-error"}]})
    )

    assert [each.id for each in picture(patient).lanes] == ["cramps"]


def test_a_medicine_that_no_rule_reads_is_not_in_it() -> None:
    patient = (
        a_patient().with_cramps().taking("furosemide", medicationCodeableConcept={"text": "Paracetamol"})
    )

    drawn = picture(patient)

    assert [each.id for each in drawn.lanes] == ["cramps"]
    assert drawn.not_drawn == ()


# --- results ----------------------------------------------------------------------------------------------------


def test_results_stand_against_the_limits_of_their_laboratory() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_result("potassium", "4.1 mmol/L", "2026-03-02", low="3.5 mmol/L", high="5.3 mmol/L")
        .with_result(
            "potassium", "3.1 mmol/L", "2026-06-08T09:10:00+01:00", low="3.6 mmol/L", high="5.2 mmol/L"
        )
    )

    drawn = lane(picture(patient), "result:potassium")

    assert drawn.unit == "mmol/L"
    assert [(each.begins, each.value, each.low, each.high) for each in drawn.marks] == [
        (on("2026-03-02"), 4.1, 3.5, 5.3),
        (on("2026-06-08"), 3.1, 3.6, 5.2),
    ]
    assert drawn.marks[1].says == "potassium 3.1 mmol/L, 8 Jun 2026 at 09:10, laboratory's limits 3.6 to 5.2"


def test_three_units_of_one_analyte_are_one_lane_in_the_unit_of_most() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_result("magnesium", "0.70 mmol/L", "2026-01-05")
        .with_result("magnesium", "0.80 mmol/L", "2026-02-05")
        .with_result("magnesium", "1.7 mg/dL", "2026-03-05", low="1.6 mg/dL", high="2.6 mg/dL")
        .with_result("magnesium", "1.4 meq/L", "2026-04-05")
    )

    drawn = lane(picture(patient), "result:magnesium")

    assert drawn.unit == "mmol/L"
    assert [each.value for each in drawn.marks] == [0.7, 0.8, 0.6996, 0.7]
    assert (drawn.marks[2].low, drawn.marks[2].high) == (0.6584, 1.07)
    assert drawn.marks[2].says == (
        "magnesium 1.7 mg/dL, 5 Mar 2026, drawn as 0.6996 mmol/L, laboratory's limits 1.6 to 2.6"
    )


def test_a_percentage_and_mmol_per_mol_are_brought_together() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_result("hba1c", "48 mmol/mol", "2026-01-05")
        .with_result("hba1c", "8.0 %")
    )

    drawn = lane(picture(patient), "result:hba1c")

    assert drawn.unit == "%"
    assert [each.value for each in drawn.marks] == [6.542, 8.0]


def test_what_a_reader_must_know_about_a_result_is_said() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_result("potassium", "<3.0 mmol/L", "2026-01-05", status="preliminary")
        .with_result("potassium", "3.2 mmol/L", "2026-02-05", status="corrected")
        .with_result("potassium", "2.4 mmol/L", "2026-03-05", note=[{"text": "Specimen haemolysed"}])
        .with_result("potassium", "3.3", "2026-04-05", high="5.1")
    )

    says = [each.says for each in marks(picture(patient), "result:potassium")]

    assert says == [
        "potassium under 3.0 mmol/L, 5 Jan 2026, preliminary",
        "potassium 3.2 mmol/L, 5 Feb 2026, a corrected report",
        "potassium 2.4 mmol/L, 5 Mar 2026, haemolysed sample: the true value is lower",
        "potassium 3.3 mmol/L, 5 Apr 2026, laboratory's limits up to 5.1, unit not given",
    ]


def test_a_value_that_was_corrected_by_another_result_says_so_and_rests_on_both() -> None:
    taken = "2026-06-10T08:00:00+01:00"
    patient = (
        a_patient()
        .with_cramps()
        .with_result("sodium", "128 mmol/L", taken)
        .with_result("glucose", "25 mmol/L", taken)
    )

    drawn = picture(patient)

    sodium, glucose = mark(drawn, "result:sodium"), mark(drawn, "result:glucose")
    assert sodium.says == "sodium 128 mmol/L, 10 Jun 2026 at 08:00, 136.3 when corrected for glucose"
    assert (sodium.corrected, glucose.corrected) == ("136.3", "")
    assert {sodium.id, glucose.id} <= set(linked(drawn, "L04").marks)


def test_the_same_value_of_one_sample_twice_is_drawn_once() -> None:
    patient = a_patient().with_cramps()
    for _ in range(2):
        patient = patient.with_result("potassium", "3.1 mmol/L", "2026-06-08T09:10:00Z")

    assert len(marks(picture(patient), "result:potassium")) == 1


def test_results_that_were_not_used_are_named_with_the_reason() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_result("potassium", "31 mmol/L", "2026-06-08")
        .with_result("potassium", "3.1 furlong", "2026-06-09")
        .with_result("magnesium", "0.4 mmol/L", effectiveDateTime=None)
    )

    assert set(picture(patient).not_drawn) == {
        NotDrawn("potassium of 8 Jun 2026: implausible value", ("Observation/ob1",)),
        NotDrawn("potassium of 9 Jun 2026: unit not understood", ("Observation/ob2",)),
        NotDrawn("magnesium without a date: not dated", ("Observation/ob3",)),
    }


def test_lists_that_did_not_come_and_entries_that_could_not_be_read_are_named() -> None:
    broken: FHIR = {"resourceType": "Observation", "id": "k", "status": "final", "code": "potassium"}
    patient = a_patient().with_cramps().having("labs", broken).lacking("glucose")

    says = [each.says for each in picture(patient).not_drawn]

    assert any(each.startswith("Observation/k could not be read: ") for each in says)
    assert "Glucose results: did not come" in says


# --- diagnoses --------------------------------------------------------------------------------------------------


def test_a_diagnosis_is_marked_on_its_day_its_month_or_nowhere() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("heart_failure", "2021-11-02")
        .with_diagnosis("hypertension", "2010")
        .with_diagnosis("arrhythmia")
    )

    drawn = picture(patient)

    failure, hypertension = mark(drawn, "diagnosis:heart_failure"), mark(drawn, "diagnosis:hypertension")
    undated = mark(drawn, "diagnosis:arrhythmia")
    assert (failure.begins, failure.ends) == (on("2021-11-02"), on("2021-11-02"))
    assert failure.says == "heart failure, since 2 Nov 2021"
    assert (hypertension.begins, hypertension.ends) == (on("2010-01-01"), on("2010-12-31"))
    assert (undated.begins, undated.ends, undated.is_running) == (None, None, False)
    assert (undated.says, undated.starts) == ("arrhythmia, date not recorded", "")


def test_a_pregnancy_that_is_not_known_to_be_todays_is_not_drawn() -> None:
    drawn = picture(a_patient().with_cramps().with_diagnosis("pregnancy", "2015-01-20"))

    assert [each.kind for each in drawn.lanes] == ["cramps"]


def test_a_diagnosis_that_is_not_confirmed_says_so_beside_one_that_is() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("heart_failure", "2021-11-02")
        .with_diagnosis("heart_failure", "2021-11-02")
        .with_diagnosis("heart_failure", "2026-01-02", verificationStatus=UNCONFIRMED)
    )

    known, maybe = marks(picture(patient), "diagnosis:heart_failure")

    assert known.sources == ("Condition/dx2", "Condition/dx3")
    assert maybe.says == "heart failure, since 2 Jan 2026, not confirmed"
