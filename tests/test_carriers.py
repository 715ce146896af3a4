"""A cramp report may stand in a visit, a questionnaire, an order or a reason: each in clinical words and in FHIR."""

import json
from typing import Any

import pytest

from cds_service.advise import Advice, Site, advise
from cds_service.contributors import load
from cds_service.hooks import decode
from tests.findings_of import answer
from tests.patients import CARDS, FHIR, APatient, a_patient, days_before

ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
LEG_CRAMPS: FHIR = {"coding": [{"system": ICD10CM, "code": "G47.62"}]}


def losing_potassium() -> APatient:
    """Something to say, so that silence means that no report was seen."""
    return a_patient().with_result("potassium", "3.1 mmol/L")


def silence(patient: APatient) -> str | None:
    return answer(patient).silence


def carriers(patient: APatient) -> list[tuple[str, str]]:
    """Of each report its carrier and source."""
    facts = answer(patient).advice.facts
    assert facts is not None
    return [(each.carrier, each.source) for each in facts.reports]


def asking(patient: APatient, *link_ids: str) -> Advice:
    """The answer of a site that named the link ids of its question about leg cramps."""
    site = Site.of(load(CARDS, "demo"), "http://127.0.0.1:8000", cramp_link_ids=frozenset(link_ids))
    return advise(decode(json.dumps(patient.request()).encode(), "patient-view"), site, patient.today)


# --- visits ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reason", ["Leg cramps at night", "Nocturnal cramps of both calves", "Charley horse in the leg"]
)
def test_visit_for_leg_cramps_is_a_report(reason: str) -> None:
    patient = losing_potassium().visited_for(reason)

    found = answer(patient)

    assert found.silence is None
    assert carriers(patient) == [("reason for a visit", "Encounter/visit1")]
    assert "(reason for a visit)" in (found.cards[0].detail or "") + found.cards[0].summary


@pytest.mark.parametrize("reason", ["Annual review", "Writer's cramp", "Menstrual cramps", "No leg cramps"])
def test_visit_for_anything_else_is_none(reason: str) -> None:
    patient = losing_potassium().visited_for(reason)

    found = silence(patient)

    assert found in ("no-report", "other-site")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("planned", None),
        ("in-progress", None),
        ("finished", None),
        ("completed", None),
        ("cancelled", "no-report"),
        ("entered-in-error", "no-report"),
        ("discontinued", "no-report"),
    ],
)
def test_cancelled_visit_is_no_report(status: str, expected: str | None) -> None:
    patient = losing_potassium().visited_for("Leg cramps at night", status=status)

    found = silence(patient)

    assert found == expected


@pytest.mark.parametrize(("age", "expected"), [(365, None), (366, "too-old")])
def test_visit_counts_for_a_year(age: int, expected: str | None) -> None:
    patient = losing_potassium().visited_for("Leg cramps at night", days_before(age))

    found = silence(patient)

    assert found == expected


@pytest.mark.parametrize(("status", "expected"), [("in-progress", None), ("finished", "undated-reason")])
def test_visit_without_a_date_counts_only_while_it_goes_on(status: str, expected: str | None) -> None:
    patient = losing_potassium().visited_for("Leg cramps at night", status=status, period={})

    found = silence(patient)

    assert found == expected


def test_day_of_the_visit_stands_in_for_the_onset_and_is_told_as_such() -> None:
    patient = losing_potassium().visited_for("Leg cramps at night", "2026-05-01")

    facts = answer(patient).advice.facts

    assert facts is not None
    [report] = facts.reports
    assert report.onset is not None
    assert (str(report.onset.on), report.onset.is_stated) == ("1 May 2026", False)


@pytest.mark.parametrize(
    "members",
    [
        {"reasonCode": [LEG_CRAMPS]},
        {"reasonCode": [{"text": "Check-up"}, LEG_CRAMPS]},
        {"reasonCode": [], "reasonReference": [{"display": "Leg cramps at night"}]},
        {"reasonCode": [], "diagnosis": [{"condition": {"display": "Nocturnal leg cramps"}}]},
        {"reasonCode": None, "reason": [{"value": [{"concept": LEG_CRAMPS}]}]},
        {"reasonCode": None, "reason": [{"value": [{"reference": {"display": "Leg cramps at night"}}]}]},
        {"reasonCode": None, "diagnosis": [{"condition": [{"concept": LEG_CRAMPS}]}]},
        {"period": None, "actualPeriod": {"start": days_before(20)}, "reasonCode": [LEG_CRAMPS]},
    ],
    ids=[
        "R4 reasonCode",
        "one of several",
        "R4 reasonReference, display only",
        "R4 diagnosis, display only",
        "R5 reason, concept",
        "R5 reason, reference",
        "R5 diagnosis",
        "R5 actualPeriod",
    ],
)
def test_every_form_of_a_visits_reason_is_read(members: FHIR) -> None:
    patient = losing_potassium().visited_for("", **members)

    found = carriers(patient)

    assert found == [("reason for a visit", "Encounter/visit1")]


# --- references to the reason ---------------------------------------------------------------------------------


def _with_condition(patient: APatient, **members: Any) -> APatient:
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "code": LEG_CRAMPS,
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2026-05-01",
        **members,
    }
    return patient.having("conditions", condition)


_REFERENCE = [{"reference": "Condition/c1", "display": "Leg cramps at night"}]


def test_reason_that_is_on_the_problem_list_is_one_report_not_two() -> None:
    patient = _with_condition(losing_potassium().visited_for("", reasonCode=[], reasonReference=_REFERENCE))

    found = carriers(patient)

    assert found == [("diagnosis", "Condition/c1")]


def test_reason_whose_diagnosis_was_refuted_is_no_report() -> None:
    refuted = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
    visited = losing_potassium().visited_for("", reasonCode=[], reasonReference=_REFERENCE)
    patient = _with_condition(visited, **refuted)

    found = silence(patient)

    assert found == "refuted"


@pytest.mark.parametrize("reference", ["Condition/c1", "https://fhir.example/r4/Condition/c1/_history/2"])
def test_reason_of_a_medicine_leads_to_the_diagnosis(reference: str) -> None:
    treated = losing_potassium().taking("quinine", reasonReference=[{"reference": reference}])
    patient = _with_condition(treated)

    found = carriers(patient)

    assert found == [("diagnosis", "Condition/c1")]


@pytest.mark.parametrize("kind", ["Condition", None])
@pytest.mark.parametrize(("clinical", "expected"), [("active", None), ("resolved", "no-report")])
def test_contained_diagnosis_counts_while_it_stands(
    clinical: str, expected: str | None, kind: str | None
) -> None:
    inside = {
        "resourceType": kind,
        "id": "inside",
        "code": LEG_CRAMPS,
        "clinicalStatus": {"coding": [{"code": clinical}]},
    }
    patient = losing_potassium().taking(
        "quinine", contained=[inside], reasonReference=[{"reference": "#inside"}]
    )

    found = silence(patient)

    assert found == expected


@pytest.mark.parametrize("status", [["refuted"], {"coding": {"code": "refuted"}}])
def test_reason_whose_diagnosis_has_no_readable_status_is_no_report(status: object) -> None:
    visited = losing_potassium().visited_for("", reasonCode=[], reasonReference=_REFERENCE)
    patient = _with_condition(visited, verificationStatus=status)

    found = silence(patient)

    assert found == "no-report-but-unread-conditions"


def test_contained_diagnosis_without_a_readable_status_is_no_report_and_counted() -> None:
    inside = {"resourceType": "Condition", "id": "c", "code": LEG_CRAMPS, "verificationStatus": ["refuted"]}
    shown = [{"reference": "#c", "display": "Leg cramps at night"}]
    patient = losing_potassium().visited_for("", reasonCode=[], contained=[inside], reasonReference=shown)

    found = silence(patient)

    assert found == "no-report-but-unread-entries"


def test_reason_that_may_be_either_of_two_diagnoses_is_left_to_them() -> None:
    refuted = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
    visited = losing_potassium().visited_for("", reasonCode=[], reasonReference=_REFERENCE)
    patient = _with_condition(_with_condition(visited, **refuted), code={"text": "Writer's cramp"})

    found = carriers(patient)

    assert found == []


def test_reason_reference_that_was_not_supplied_is_read_by_its_display() -> None:
    patient = losing_potassium().prescribed("quinine", days_before(20), reasonReference=_REFERENCE)

    found = carriers(patient)

    assert found == [("reason for a medicine", "MedicationRequest/mr1")]


# --- orders ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"status": "completed"}, None),
        ({"status": "on-hold"}, None),
        ({"status": "draft"}, "no-report"),
        ({"status": "revoked"}, "no-report"),
        ({"status": "entered-in-error"}, "no-report"),
        ({"intent": "proposal"}, "no-report"),
        ({"doNotPerform": True}, "no-report"),
        ({"authoredOn": days_before(366)}, "too-old"),
        ({"authoredOn": None}, None),
        ({"authoredOn": None, "status": "completed"}, "undated-reason"),
        ({"authoredOn": None, "status": "completed", "occurrenceDateTime": days_before(9)}, None),
        ({"reasonCode": None, "reasonReference": [{"display": "Leg cramps at night"}]}, None),
        ({"reasonCode": None, "reason": [{"concept": LEG_CRAMPS}]}, None),
    ],
)
def test_test_ordered_for_leg_cramps_is_a_report(members: FHIR, expected: str | None) -> None:
    patient = losing_potassium().ordered_for("Leg cramps at night", **members)

    found = silence(patient)

    assert found == expected


def test_order_for_something_else_is_none() -> None:
    patient = losing_potassium().ordered_for("Fatigue")

    found = silence(patient)

    assert found == "no-report"


# --- questionnaires -------------------------------------------------------------------------------------------

_NIGHT = "Do you have leg cramps at night?"


@pytest.mark.parametrize(
    ("question", "given", "expected"),
    [
        (_NIGHT, {"valueBoolean": True}, None),
        (_NIGHT, {"valueBoolean": False}, "absent-later"),
        (_NIGHT, {"valueString": "Most nights"}, None),
        (_NIGHT, {"valueString": "Never"}, "absent-later"),
        (_NIGHT, {"valueCoding": {"code": "Y", "display": "Yes"}}, None),
        (_NIGHT, {"valueCoding": {"code": "N", "display": "No"}}, "absent-later"),
        (_NIGHT, {"valueCoding": {"system": "http://loinc.org", "code": "LA33-6"}}, None),
        (_NIGHT, {"valueCoding": {"system": "http://loinc.org", "code": "LA32-8"}}, "absent-later"),
        (_NIGHT, {"valueCoding": {"system": "http://snomed.info/sct", "code": "373067005"}}, "absent-later"),
        (_NIGHT, {"valueCoding": {"system": "http://snomed.info/sct", "code": "261665006"}}, "unclear"),
        (_NIGHT, {"valueCoding": {"system": "urn:local", "code": "7"}}, "unclear"),
        (_NIGHT, {"valueString": "Nein"}, "absent-later"),
        (_NIGHT, {"valueString": "Jamais"}, "absent-later"),
        (_NIGHT, {"valueString": "Weiß nicht"}, "unclear"),
        (_NIGHT, {"valueString": "Ja, jede Nacht"}, None),
        ("Haben Sie nachts Wadenkrämpfe?", {"valueBoolean": True}, None),
        (_NIGHT, {"valueInteger": 3}, None),
        (_NIGHT, {"valueInteger": 0}, "absent-later"),
        (_NIGHT, {"valueDecimal": 1.5}, None),
        (_NIGHT, {"valueQuantity": {"value": 2, "unit": "nights a week"}}, None),
        (_NIGHT, {"valueString": "0"}, "absent-later"),
        (_NIGHT, {"valueCoding": {"display": "Don't know"}}, "unclear"),
        (_NIGHT, {"valueDate": "2026-05-01"}, "unclear"),
        ("In the past 4 weeks, have you had leg cramps?", {"valueBoolean": True}, None),
        ("Do you sleep well? Do you have calf cramps?", {"valueBoolean": True}, None),
        ("Which of these do you have?", {"valueCoding": {"display": "Leg cramps"}}, None),
        ("Which of these do you NOT have?", {"valueCoding": {"display": "Leg cramps"}}, "unclear"),
        ("Have your leg cramps gone?", {"valueBoolean": True}, "other-site"),
        ("Did any of your relatives have leg cramps?", {"valueBoolean": True}, "other-site"),
        ("Have you ever had leg cramps?", {"valueBoolean": True}, "unclear"),
        ("Are your leg cramps better?", {"valueBoolean": False}, "unclear"),
        (_NIGHT, {"valueString": "Prefer not to say"}, "unclear"),
        (_NIGHT, {"valueString": "No better"}, None),
        ("Do you have a family history of leg cramps?", {"valueBoolean": True}, "other-site"),
        ("Do you have leg cramps only when walking?", {"valueBoolean": True}, "other-site"),
        ("Do you have menstrual cramps?", {"valueBoolean": True}, "other-site"),
        ("Do you smoke?", {"valueBoolean": True}, "no-report"),
    ],
)
def test_answered_question_about_leg_cramps_is_a_report(
    question: str, given: FHIR, expected: str | None
) -> None:
    patient = losing_potassium().answered(question, given)

    found = silence(patient)

    assert found == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"status": "amended"}, None),
        ({"status": "in-progress"}, "no-report"),
        ({"status": "stopped"}, "no-report"),
        ({"status": "entered-in-error"}, "no-report"),
        ({"authored": days_before(366)}, "too-old"),
        ({"authored": None}, "undated-observation"),
    ],
)
def test_only_a_finished_questionnaire_of_the_last_year_counts(members: FHIR, expected: str | None) -> None:
    patient = losing_potassium().answered(_NIGHT, {"valueBoolean": True}, **members)

    found = silence(patient)

    assert found == expected


@pytest.mark.parametrize(
    "items",
    [
        [{"linkId": "g", "text": "Sleep", "item": [_ITEM]}]
        for _ITEM in ({"linkId": "q", "text": _NIGHT, "answer": [{"valueBoolean": True}]},)
    ]
    + [
        [
            {
                "linkId": "q",
                "text": "Do your legs trouble you?",
                "answer": [
                    {
                        "valueBoolean": True,
                        "item": [{"linkId": "q2", "text": _NIGHT, "answer": [{"valueBoolean": True}]}],
                    }
                ],
            }
        ]
    ],
    ids=["in a group", "below an answer"],
)
def test_questions_are_found_at_any_depth(items: list[FHIR]) -> None:
    patient = losing_potassium().answered("", {}, item=items)

    found = carriers(patient)

    assert found == [("questionnaire", "QuestionnaireResponse/form1")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"valueBoolean": True}, None), ({"valueBoolean": False}, "absent-later"), ({}, "unclear")],
)
def test_site_may_name_the_link_id_of_its_question(given: FHIR, expected: str | None) -> None:
    patient = losing_potassium().answered(None, given, link_id="sleep-7")

    named, unnamed = asking(patient, "sleep-7").silence, asking(patient).silence

    assert (named, unnamed) == (expected, "no-report")


def test_later_no_on_a_questionnaire_ends_an_earlier_report() -> None:
    patient = (
        losing_potassium().with_cramps(recorded=days_before(60)).answered(_NIGHT, {"valueBoolean": False})
    )

    found = silence(patient)

    assert found == "absent-later"


@pytest.mark.parametrize("item", ["q1", 7, {"linkId": "q1"}, [{"linkId": 7}]])
def test_questionnaire_that_can_t_be_read_is_counted(item: Any) -> None:
    patient = losing_potassium().answered("", {}, item=item)

    advice = answer(patient).advice

    assert (advice.silence, advice.counts["unread"]) == ("no-report-but-unread-entries", 1)


def test_very_deep_questionnaire_is_counted_not_a_crash() -> None:
    item: FHIR = {"linkId": "last", "text": _NIGHT, "answer": [{"valueBoolean": True}]}
    for depth in range(300):
        item = {"linkId": str(depth), "item": [item]}
    patient = losing_potassium().answered("", {}, item=[item])

    advice = answer(patient).advice

    assert advice.silence is None or advice.counts["unread"] == 1


# --- which report leads ---------------------------------------------------------------------------------------


def test_diagnosis_with_an_onset_leads_and_the_visit_is_named() -> None:
    patient = losing_potassium().with_cramps("2026-05-01").visited_for("Leg cramps at night", days_before(5))

    found = answer(patient)

    assert carriers(patient) == [
        ("reason for a visit", "Encounter/visit1"),
        ("diagnosis", "Condition/cramps"),
    ]
    assert "1 May 2026" in (found.cards[0].detail or "")
