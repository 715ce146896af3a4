"""The picture of a chart: onset, time classes, which marks a contributor rests on, and what is left out of it."""

import copy
import random
from datetime import date, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.timeline import NotDrawn, Shade
from tests.explained import (
    drawn_of,
    explained,
    explained_body,
    explained_request,
    linked,
    mark,
    marks,
    picture,
    time_classed,
)
from tests.patients import CARDS, FHIR, TODAY, APatient, a_patient, days_before
from tests.test_laws import laws, patients, shuffled

MOST = 1500  # marks of one picture


def days(shade: Shade) -> tuple[date, date]:
    return shade.begins, shade.ends


def on(day: str) -> date:
    return date.fromisoformat(day)


def shades(patient: APatient) -> dict[str, tuple[date, date]]:
    return {each.time_class: days(each) for each in picture(patient).shades}


# --- the cramps -------------------------------------------------------------------------------------------------


def test_the_onset_is_a_line_and_the_report_runs_on_from_it() -> None:
    patient = a_patient().with_cramps("2026-05-05", recorded="2026-05-19")

    drawn = picture(patient)

    assert drawn.onset is not None
    assert (drawn.onset.begins, drawn.onset.ends, drawn.onset.is_stated) == (
        on("2026-05-05"),
        on("2026-05-05"),
        True,
    )
    assert drawn.onset.says == "cramps from 5 May 2026"
    report = mark(drawn, "cramps")
    assert (report.begins, report.ends, report.is_running) == (on("2026-05-05"), None, True)
    assert report.says == "Night leg cramps, from 5 May 2026, recorded 19 May 2026 (diagnosis)"


def test_without_an_onset_the_day_of_the_report_stands_in_and_says_so() -> None:
    drawn = picture(a_patient().with_cramps(recorded="2026-05-19"))

    assert drawn.onset is not None
    assert not drawn.onset.is_stated
    assert "onset not stated" in mark(drawn, "cramps").says


def test_an_onset_in_words_that_name_no_date_begins_nowhere() -> None:
    patient = a_patient().with_cramps(recorded="2026-05-19", onsetString="since childhood")

    drawn = picture(patient)

    assert drawn.onset is not None
    assert (drawn.onset.begins, drawn.onset.ends) == (on("2026-05-19"), on("2026-05-19"))
    assert drawn.onset.is_stated is False
    assert mark(drawn, "cramps").begins is None
    assert [each.time_class for each in drawn.shades] == ["after"]


def test_two_entries_of_one_report_are_one_mark_and_another_carrier_is_another() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-05")
        .with_cramps("2026-05-05", id="cramps-again")
        .visited_for("Leg cramps at night", "2026-06-01")
    )

    first, second = marks(picture(patient), "cramps")

    assert first.sources == ("Condition/cramps", "Condition/cramps-again")
    assert second.says == "Night leg cramps, onset not stated, recorded 1 Jun 2026 (reason for a visit)"


# --- the time classes -------------------------------------------------------------------------------------------


def test_the_shades_are_the_time_classes_to_the_day() -> None:
    assert shades(a_patient().with_cramps("2026-05-05")) == {
        "plausible": (on("2025-05-05"), on("2026-02-03")),
        "strong": (on("2026-02-04"), on("2026-05-05")),
        "after": (on("2026-05-06"), TODAY),
    }


@pytest.mark.parametrize(
    "report",
    [
        {"onset": "2026-05-05"},
        {"recorded": "2026-05-05"},
        {"onset": "2026-04"},
        {"onset": "2026"},
        {"onset": TODAY.isoformat()},
    ],
    ids=str,
)
def test_a_drug_begun_at_an_edge_of_a_shade_is_of_its_class(report: dict[str, str]) -> None:
    drawn = shades(a_patient().with_cramps(**report))

    assert drawn
    for time_class, (first, last) in drawn.items():
        for day in (first, last):
            patient = a_patient().with_cramps(**report).taking("furosemide", day.isoformat())
            assert time_classed(patient, "D02") == time_class, day


@pytest.mark.parametrize(
    "report", [{"onset": "2026-05-05"}, {"recorded": "2026-05-05"}, {"onset": "2026-04"}]
)
def test_a_drug_begun_on_the_day_before_or_after_a_shade_is_not(report: dict[str, str]) -> None:
    for time_class, (first, last) in shades(a_patient().with_cramps(**report)).items():
        for day in (first - timedelta(days=1), min(last + timedelta(days=1), TODAY)):
            if first <= day <= last:
                continue
            patient = a_patient().with_cramps(**report).taking("furosemide", day.isoformat())
            assert time_classed(patient, "D02") != time_class, day


def test_an_onset_of_a_month_leaves_its_days_unshaded() -> None:
    patient = a_patient().with_cramps("2026-04")

    drawn = picture(patient)

    assert drawn.onset is not None
    assert (drawn.onset.begins, drawn.onset.ends) == (on("2026-04-01"), on("2026-04-30"))
    assert drawn.onset.says == "cramps from Apr 2026"
    assert shades(patient) == {
        "plausible": (on("2025-04-30"), on("2026-01-29")),
        "strong": (on("2026-01-30"), on("2026-04-01")),
        "after": (on("2026-05-01"), TODAY),
    }


# --- contributors -----------------------------------------------------------------------------------------------


def a_chain() -> APatient:
    return (
        a_patient()
        .with_cramps(days_before(30))
        .with_diagnosis("hypertension", "2010")
        .taking("amlodipine", "2015-01-01", dose="5 mg")
        .taking("furosemide", days_before(60), dose="40 mg")
        .with_result("potassium", "4.2 mmol/L", days_before(200))
        .with_result("potassium", "3.1 mmol/L", days_before(7))
    )


def test_contributors_stand_in_the_order_of_the_cards_with_their_marks() -> None:
    drawn = picture(a_chain())

    first, second, *_ = drawn.contributors
    assert (first.row, first.role, first.level, first.chain) == ("L01", "contributor", "warning", "M1")
    assert (second.row, second.chain) == ("D02", "M1")
    assert first.marks == (marks(drawn, "result:potassium")[1].id,)  # not the one that was normal
    assert second.marks == (mark(drawn, "drug:furosemide").id,)


def test_the_cramps_come_first_then_the_lanes_of_contributors_then_the_rest() -> None:
    drawn = picture(a_chain())

    assert [each.id for each in drawn.lanes] == [
        "cramps",
        "result:potassium",
        "drug:furosemide",
        "drug:amlodipine",
        "diagnosis:hypertension",
    ]
    named = [each.id for one in drawn.lanes for each in one.marks]
    assert named == [f"m{place}" for place in range(1, len(named) + 1)]


def test_a_drug_begun_after_the_cramps_is_linked_as_set_aside() -> None:
    patient = a_patient().with_cramps("2026-04-10").taking("indapamide", "2026-05-12")

    drawn = picture(patient)

    told = linked(drawn, "D01")
    assert (told.role, told.level, told.standing) == ("set-aside", "", "set aside")
    assert told.says == ("set aside: indapamide from 12 May 2026, after the cramps began",)
    assert told.marks == (mark(drawn, "drug:indapamide").id,)


def test_a_value_set_aside_says_why() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-10")
        .with_result("potassium", "3.0 mmol/L", days_before(60))
        .with_result("potassium", "4.2 mmol/L", days_before(5))
    )

    drawn = picture(patient)

    told = linked(drawn, "L01")
    assert told.says == ("set aside: potassium 3.0 mmol/L, 16 Apr 2026; 4.2 mmol/L since",)
    assert told.marks == (marks(drawn, "result:potassium")[0].id,)


def test_a_switch_within_a_class_rests_on_the_bars_of_both_drugs() -> None:
    """To a weaker statin: what it continues is no contributor of its own."""
    patient = (
        a_patient()
        .with_cramps("2026-05-05")
        .taking("atorvastatin", "2026-01-10", until="2026-03-31")
        .taking("simvastatin", "2026-04-01")
    )

    drawn = picture(patient)

    told = linked(drawn, "D04")
    assert len(told.says) == 1
    assert set(told.marks) == {mark(drawn, "drug:atorvastatin").id, mark(drawn, "drug:simvastatin").id}


def test_a_panel_links_only_the_part_that_the_contributor_is_about() -> None:
    loinc = "http://loinc.org"
    panel: FHIR = {
        "resourceType": "Observation",
        "id": "panel",
        "status": "final",
        "code": {"text": "Electrolytes"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-06-08",
        "component": [
            {
                "code": {"coding": [{"system": loinc, "code": code}]},
                "valueQuantity": {"value": value, "unit": "mmol/L"},
            }
            for code, value in (("2823-3", 3.1), ("2951-2", 140))
        ],
    }

    drawn = picture(a_patient().with_cramps().having("labs", panel))

    assert linked(drawn, "L01").marks == (mark(drawn, "result:potassium").id,)
    assert mark(drawn, "result:sodium").sources == ("Observation/panel",)


def test_what_else_met_the_criteria_of_a_contributor_is_drawn_and_not_linked() -> None:
    drawn = picture(
        a_patient()
        .with_cramps("2026-05-05")
        .taking("simvastatin", "2016-01-10", dose="40 mg")
        .taking("clarithromycin", "2026-04-20")
    )

    assert mark(drawn, "drug:simvastatin").id in linked(drawn, "D04").marks
    assert linked(drawn, "D05").marks == (mark(drawn, "drug:clarithromycin").id,)


# --- contributors in words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("report", "course", "says"),
    [
        ({"onset": "2026-05-05"}, ("2026-03-19", None), "from 19 Mar 2026, 47 days before the cramps"),
        ({"onset": "2026-05-05"}, ("2026-05-04", None), "from 4 May 2026, 1 day before the cramps"),
        ({"onset": "2026-05-05"}, ("2026-05-05", None), "from 5 May 2026, the day the cramps began"),
        ({"onset": "2026-05-05"}, ("2026-04", None), "from Apr 2026, up to 34 days before the cramps"),
        ({"onset": "2026-05-05"}, ("2013", None), "unchanged since 2013"),
        ({"onset": "2026-05-05"}, (None, None), ", start date not recorded"),
        (
            {"onset": "2026-05-05"},
            ("2026-05", None),
            "from May 2026, which may be before or after the cramps",
        ),
        (
            {"onset": "2026-05-05"},
            ("2020-01-01", "2026-05-01"),
            "stopped 1 May 2026, 4 days before the cramps",
        ),
        (
            {"recorded": "2026-05-05"},
            ("2026-04-25", None),
            "from 25 Apr 2026, 10 days before the cramps were recorded",
        ),
    ],
    ids=str,
)
def test_a_drug_is_told_with_its_dose_and_when_that_was_against_the_cramps(
    report: dict[str, str], course: tuple[str | None, str | None], says: str
) -> None:
    since, until = course
    patient = a_patient().with_cramps(**report).taking("simvastatin", since, until=until, dose="40 mg")

    said = linked(picture(patient), "D04").says

    assert said == (f"simvastatin 40 mg{'' if says.startswith(',') else ' '}{says}",)


@pytest.mark.parametrize(
    ("report", "course", "says"),
    [
        ({"onset": "2026-04-10"}, ("2026-05-12", None), "from 12 May 2026, after the cramps began"),
        (
            {"recorded": "2026-05-12"},
            ("2026-05-12", None),
            "from 12 May 2026, not before the cramps were recorded",
        ),
        ({"onset": "2025-12-01"}, ("2025-01-01", "2025-12-20"), "stopped 20 Dec 2025, the cramps went on"),
        (
            {"onset": "2026-04-10"},
            ("2025-01-01", "2025-12-20"),
            "stopped 20 Dec 2025, 111 days before the cramps",
        ),
        (
            {"onset": "2026-04-10"},
            ("2024-01-01", "2025-03-01"),
            "stopped 1 Mar 2025, more than a year before the cramps",
        ),
    ],
    ids=str,
)
def test_a_drug_that_is_set_aside_is_told_with_when_it_was_taken(
    report: dict[str, str], course: tuple[str, str | None], says: str
) -> None:
    since, until = course
    patient = a_patient().with_cramps(**report).taking("indapamide", since, until=until, dose="2.5 mg")

    assert linked(picture(patient), "D01").says == (f"set aside: indapamide 2.5 mg {says}",)


def test_a_drug_that_was_stopped_after_the_cramps_began_is_told_so() -> None:
    patient = a_patient().with_cramps("2026-04-10").taking("simvastatin", "2025-12-01", until="2026-05-20")

    assert linked(picture(patient), "D04").says == (
        "simvastatin stopped 20 May 2026, after the cramps began",
    )


def test_a_raised_dose_is_told_from_what_to_what() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-05")
        .prescribed("furosemide", "2025-12-10", dose="40 mg")
        .prescribed("furosemide", "2026-03-19", dose="80 mg")
    )

    said = linked(picture(patient), "D02").says

    assert said == ("furosemide raised from 40 mg to 80 mg on 19 Mar 2026, 47 days before the cramps",)


def test_an_infusion_is_told_by_the_day_it_was_given() -> None:
    day = "2026-04-21"
    patient = (
        a_patient()
        .with_cramps("2026-05-05")
        .taking("furosemide", day, until=day, dose="1000 mg", medicationCodeableConcept={"text": "Ferinject"})
        .with_result("phosphate", "0.58 mmol/L")
    )

    assert linked(picture(patient), "D16").says == (
        "ferric carboxymaltose 1000 mg given 21 Apr 2026, 14 days before the cramps",
    )


def test_without_a_date_of_the_cramps_nothing_is_said_against_them() -> None:
    patient = a_patient().having("conditions", an_undated_report()).taking("furosemide", "2026-03-19")

    drawn = picture(patient)

    assert drawn.onset is None
    assert linked(drawn, "D02").says == ("furosemide from 19 Mar 2026",)


def an_undated_report() -> FHIR:
    ((_, report),) = a_patient().with_cramps().resources
    return {key: value for key, value in report.items() if key != "onsetDateTime"}


def test_names_of_drugs_are_plain_text_and_those_that_are_in_use() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-05")
        .taking("furosemide", "2026-04-05", medicationCodeableConcept={"text": "Airomir"})
        .taking("furosemide", "2026-04-05", medicationCodeableConcept={"text": "Actrapid NovoLet"})
    )

    drawn = picture(patient)

    assert linked(drawn, "D07").says[0].startswith("salbutamol/albuterol from 5 Apr 2026")
    assert linked(drawn, "D10").says[0].startswith("insulin (other) from 5 Apr 2026")


def test_results_are_told_with_unit_date_and_what_speaks_for_caution() -> None:
    patient = (
        a_patient().with_cramps().with_result("potassium", "3.1 mmol/L", "2026-06-08", status="corrected")
    )

    assert linked(picture(patient), "L01").says == ("potassium 3.1 mmol/L, 8 Jun 2026, a corrected report",)


def test_diagnoses_are_told_with_their_date_and_whether_they_are_confirmed() -> None:
    unconfirmed = {"coding": [{"code": "provisional"}]}
    patient = (
        a_patient().with_cramps().with_diagnosis("hypothyroidism", "2024", verificationStatus=unconfirmed)
    )

    assert linked(picture(patient), "C03").says == ("hypothyroidism, since 2024, not confirmed",)


@pytest.mark.parametrize(
    ("row", "standing"),
    [("L01", "warning, told with M1"), ("D02", "on the warning card (M1)"), ("D04", "also consider")],
)
def test_how_a_contributor_is_told_is_said_in_words(row: str, standing: str) -> None:
    drawn = picture(a_chain().taking("simvastatin", "2013", dose="40 mg"))

    assert linked(drawn, row).standing == standing


def in_range() -> APatient:
    """Diabetes with a good HbA1c and no neuropathy, which alone explains no cramps."""
    patient = a_patient().with_cramps().with_diagnosis("diabetes_type_2", "2011-03-01")
    return patient.with_result("hba1c", "6.5 %", "2026-06-01")


def test_a_drug_on_a_card_that_is_more_urgent_than_itself_is_not_called_as_urgent() -> None:
    patient = a_patient().with_cramps("2026-05-05").taking("chlorthalidone", "2025-11-01", dose="25 mg")
    patient = patient.with_result("potassium", "2.3 mmol/L", "2026-06-13")

    drawn = picture(patient)

    assert linked(drawn, "L01").standing == "critical, told with M1"
    assert linked(drawn, "D01").standing == "on the critical card (M1)"


def test_what_no_card_tells_has_no_standing() -> None:
    drawn = drawn_of(a_chain(), {}, is_silent=True)

    assert [each.standing for each in drawn.contributors if each.role != "set-aside"] == ["", "", ""]


def test_what_a_card_considered_and_does_not_name_is_not_said_to_be_told() -> None:
    story = (CARDS.parent / "fixtures" / "crowded-record" / "request.json").read_text("utf-8")

    drawn = explained_body(story).timeline

    assert drawn is not None
    assert linked(drawn, "D09").standing == "on the warning card (M4)"
    assert linked(drawn, "C04").standing == "considered with M4, not told"


def test_a_drug_that_is_still_on_the_list_is_not_said_to_have_been_given() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-05")
        .taking("furosemide", "2026-04-21", dose="1000 mg", medicationCodeableConcept={"text": "Ferinject"})
        .with_result("phosphate", "0.58 mmol/L")
    )

    assert linked(picture(patient), "D16").says == (
        "ferric carboxymaltose 1000 mg since 21 Apr 2026, still on the list, begun 14 days before the cramps",
    )


def test_what_speaks_only_in_a_chain_is_set_aside_where_there_is_none() -> None:
    told = linked(picture(in_range()), "C04")

    assert (told.role, told.standing) == ("set-aside", "set aside")
    assert told.says == (
        "set aside: type 2 diabetes, since 1 Mar 2011; no neuropathy recorded, HbA1c below 8.0 % on 1 Jun 2026",
    )


def test_what_is_told_with_a_chain_is_not_called_set_aside_too() -> None:
    told = linked(picture(in_range().with_result("magnesium", "0.55 mmol/L")), "C04")

    assert (told.role, told.standing) == ("contributor", "on the warning card (M10)")
    assert told.says == ("type 2 diabetes, since 1 Mar 2011",)


# --- silence ----------------------------------------------------------------------------------------------------


def test_without_a_report_the_picture_still_shows_what_rules_could_read() -> None:
    patient = (
        a_patient()
        .taking("furosemide", days_before(60))
        .with_result("potassium", "3.1 mmol/L")
        .with_diagnosis("heart_failure", "2021")
    )

    drawn = picture(patient)

    assert (drawn.onset, drawn.shades, drawn.contributors) == (None, (), ())
    assert [each.id for each in drawn.lanes] == [
        "drug:furosemide",
        "result:potassium",
        "diagnosis:heart_failure",
    ]


def test_a_deceased_patients_chart_is_drawn_in_whole() -> None:
    drawn = picture(a_chain().who(deceasedBoolean=True))

    assert [each.kind for each in drawn.lanes] == ["cramps", "drug", "drug", "result", "diagnosis"]
    assert drawn.onset is not None
    assert drawn.contributors == ()


def test_nothing_is_drawn_for_a_patient_who_asks() -> None:
    said = explained(a_chain().seen_by("Patient/p1"))

    assert (said.timeline, said.entries) == (None, {})


# --- what never matters, and how much there may be --------------------------------------------------------------


@laws
@given(patients(), st.randoms(use_true_random=False))
def test_the_order_of_entries_never_matters(patient: APatient, chance: random.Random) -> None:
    request = patient.request()

    one, other = explained_request(request), explained_request(shuffled(copy.deepcopy(request), chance))

    assert msgspec.json.encode(other.timeline) == msgspec.json.encode(one.timeline)
    assert list(other.entries) == list(one.entries)


@laws
@given(patients())
def test_every_mark_rests_on_entries_and_every_contributor_on_marks(patient: APatient) -> None:
    said = explained(patient)

    drawn = said.timeline
    assert drawn is not None
    every = [each for one in drawn.lanes for each in one.marks]
    assert len({each.id for each in every}) == len(every)
    assert all(each.sources and set(each.sources) <= set(said.entries) for each in every)
    assert {name for each in drawn.contributors for name in each.marks} <= {each.id for each in every}
    assert all(each.marks for each in drawn.contributors)
    assert all(each.ends is None or each.begins is None or each.begins <= each.ends for each in every)


def test_of_very_many_results_the_latest_are_drawn_and_those_of_contributors() -> None:
    patient = a_patient().with_cramps().with_diagnosis("heart_failure", "2021-11-02")
    for place in range(MOST):
        patient = patient.with_result("sodium", "140 mmol/L", days_before(place))
        patient = patient.with_result("potassium", f"{4 + place % 9 / 10} mmol/L", days_before(place))
    patient = patient.taking("furosemide", days_before(100))

    drawn = picture(patient)

    drawn_marks = [each for one in drawn.lanes for each in one.marks]
    sodium = marks(drawn, "result:sodium")
    assert len(drawn_marks) <= MOST
    assert len(mark(drawn, "diagnosis:heart_failure").sources) == 1  # who has little keeps all
    assert (sodium[0].begins, sodium[-1].begins) == (TODAY - timedelta(days=len(sodium) - 1), TODAY)
    left_out = MOST - len(sodium)
    assert NotDrawn(f"sodium: {left_out} earlier entries, too many for one picture") in drawn.not_drawn


def test_an_old_value_that_was_set_aside_outlasts_newer_ones_when_there_is_little_room() -> None:
    patient = a_patient().with_cramps(days_before(20)).with_result("potassium", "3.0 mmol/L", days_before(60))
    patient = patient.with_result("potassium", "4.2 mmol/L", days_before(59))
    for place in range(2 * MOST):
        patient = patient.with_result(
            "sodium", f"{130 + place % 15} mmol/L", f"{days_before(place // 9)}T0{place % 9}:00:00Z"
        )

    drawn = picture(patient)

    assert len(marks(drawn, "result:potassium")) == 2
    assert linked(drawn, "L01").marks == (marks(drawn, "result:potassium")[0].id,)


def test_an_old_value_that_a_contributor_rests_on_outlasts_newer_ones_of_its_own_lane() -> None:
    """What is under 5.0 may be low or not: the last number stands, however many such results came after it."""
    patient = a_patient().with_cramps(days_before(20)).with_result("potassium", "3.1 mmol/L", days_before(60))
    for place in range(2 * MOST):
        taken = f"{days_before(40 + place // 600)}T{place % 600 // 60:02}:{place % 60:02}:00Z"
        patient = patient.with_result("potassium", "<5.0 mmol/L", taken)

    drawn = picture(patient)

    oldest, *newer = marks(drawn, "result:potassium")
    assert oldest.value == 3.1
    assert len(newer) == MOST - 2  # one mark is the report's
    assert linked(drawn, "L01").marks == (oldest.id,)


def test_of_very_many_unusable_results_some_are_named_and_the_others_counted() -> None:
    patient = a_patient().with_cramps()
    for place in range(103):
        patient = patient.with_result("potassium", "31 mmol/L", days_before(place))

    *named, last = picture(patient).not_drawn

    assert len(named) == 100
    assert last == NotDrawn("and 3 more results that were not used")


# --- lists that did not come ------------------------------------------------------------------------------------


def test_a_list_that_did_not_come_is_told_with_the_reason() -> None:
    patient = a_patient().with_cramps().lacking("labs", "glucose", "medicationRequests", "observations")
    fetched = {
        "conditions": "more",
        "medicationRequests": "status-403",
        "labs": "timeout",
        "glucose": "not-fhir",
        "serviceRequests": "ok",
    }

    lists = [each.says for each in drawn_of(patient, fetched).not_drawn if each.is_list]

    assert lists == [
        "Diagnoses: only a part came",
        "Prescriptions: the record system did not allow it",
        "Laboratory results: the record system took too long",
        "Glucose results: did not come",
        "Other observations: did not come",
    ]


def test_a_list_that_goes_on_is_told() -> None:
    request = a_patient().with_cramps().request()
    request["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": "https://ehr.example/next"}]

    drawn = explained_request(request).timeline

    assert drawn is not None
    assert NotDrawn("Diagnoses: possibly only a part came", is_list=True) in drawn.not_drawn
