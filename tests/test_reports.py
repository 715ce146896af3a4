"""Who has reported nocturnal leg cramps, by which entry, and since when."""

from typing import Any

import pytest

from cds_service.facts import Onset, Report
from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before, diagnosis_coding

_ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
_SNOMED = "http://snomed.info/sct"
_CRAMP_AND_SPASM = {"system": _ICD10CM, "code": "R25.2", "display": "Cramp and spasm"}
_CRAMP = {"system": _SNOMED, "code": "55300003", "display": "Cramp (finding)"}


def _with_a_fact() -> APatient:
    """Something to say, so that silence means that no report was seen."""
    return a_patient().with_result("potassium", "3.1 mmol/L")


def _condition(code: dict[str, Any], **members: Any) -> APatient:
    condition = {
        "resourceType": "Condition",
        "id": "c1",
        "code": code,
        "subject": {"reference": "Patient/p1"},
        "recordedDate": days_before(20),
        **members,
    }
    return _with_a_fact().having("conditions", condition)


def _observation(code: dict[str, Any], age: int = 20, identity: str = "o1", **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": days_before(age),
        **members,
    }


def _observed(code: dict[str, Any], age: int = 20, **members: Any) -> APatient:
    return _with_a_fact().having("observations", _observation(code, age, **members))


def _silence(patient: APatient) -> str | None:
    return answer(patient).silence


# --- Conditions: by code --------------------------------------------------------------------------------------


def test_sleep_related_leg_cramps_need_no_text() -> None:
    patient = _condition({"coding": [{"system": _ICD10CM, "code": "G47.62"}]})

    found = _silence(patient)

    assert found is None


@pytest.mark.parametrize("code", ["G4762", "g47.62", " G47.62"])
def test_code_is_known_however_it_is_written(code: str) -> None:
    patient = _condition({"coding": [{"system": _ICD10CM, "code": code}]})

    found = _silence(patient)

    assert found is None


@pytest.mark.parametrize(
    ("code", "display"),
    [
        ("102549009", "Cramp in lower leg associated with rest (finding)"),
        ("102550009", "Leg cramp (finding)"),
        ("449918009", "Cramp in lower leg (finding)"),
        ("90392009", "Nocturnal muscle spasm (finding)"),
    ],
)
def test_snomed_leg_cramp_needs_no_text(code: str, display: str) -> None:
    patient = _condition({"coding": [{"system": _SNOMED, "code": code}]})

    found = _silence(patient)

    assert found is None


def test_muscle_spasm_of_the_calf_needs_no_text() -> None:
    patient = _condition({"coding": [{"system": _ICD10CM, "code": "M62.831"}]})

    found = _silence(patient)

    assert found is None


@pytest.mark.parametrize("coding", [_CRAMP_AND_SPASM, _CRAMP])
@pytest.mark.parametrize(
    ("text", "site", "silence"),
    [
        (None, None, "other-site"),
        ("Cramps", None, "other-site"),
        ("Cramps in both calves", None, None),
        ("Cramp of toes", None, None),
        ("Hamstring cramps", None, None),
        ("Night cramps", None, None),
        (None, "Left thigh", None),
        (None, "Lower leg", None),
        (None, "Right hand", "other-site"),
        ("Night cramps", "Left hand", "other-site"),
        ("Night cramps of the arm", None, "other-site"),
        ("Family history of leg cramps", None, "other-site"),
        ("No leg cramps", None, "denied"),
    ],
)
def test_general_cramp_code_needs_a_leg_or_the_night(
    coding: dict[str, str], text: str | None, site: str | None, silence: str | None
) -> None:
    members = {"bodySite": [{"text": site}]} if site else {}
    patient = _condition({"coding": [coding], **({"text": text} if text else {})}, **members)

    found = _silence(patient)

    assert found == silence


def test_code_of_another_disease_decides_against_its_text() -> None:
    """ "Restless legs with leg cramps" coded as restless legs."""
    patient = _condition(
        {"coding": [diagnosis_coding("restless_legs_syndrome")], "text": "restless legs, leg cramps"}
    )

    found = _silence(patient)

    assert found == "no-report"


def test_code_that_nobody_lists_leaves_the_text_to_speak() -> None:
    patient = _condition(
        {"coding": [{"system": "http://local", "code": "X1"}], "text": "Nocturnal leg cramps"}
    )

    found = _silence(patient)

    assert found is None


# --- Conditions: by text --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Nocturnal leg cramps",
        "leg cramps",
        "CALF CRAMPING AT NIGHT",
        "Cramp in foot",
        "night cramps",
        "Charley horse",
        "Muscle spasms in the calf at night",
        "Leg cramps at night, no hand cramps",
        "Calf cramps, not related to exercise",
        "Cramps in back of thigh",
        "Leg cramps at night after walking",
        "Mother had leg cramps. Patient has night cramps",
        "Leg cramps, no relief from stretching",
        "Leg cramps - not resolved",
        "No improvement in leg cramps",
    ],
)
def test_text_that_names_leg_or_night_cramps_is_a_report(text: str) -> None:
    patient = _condition({"text": text})

    found = _silence(patient)

    assert found is None


@pytest.mark.parametrize(
    "text",
    [
        "Cramps",
        "Hand cramps",
        "Writer's cramp",
        "Abdominal cramps at night",
        "Menstrual cramps",
        "Stomach cramps and leg swelling",
        "Leg cramps on exertion",
        "Calf cramps when walking",
        "Night cramps of the arm",
        "Family history of leg cramps",
        "History of leg cramps",
        "Possible leg cramps",
        "Leg cramps ruled out",
        "Leg cramps resolved",
        "Father has leg cramps",
    ],
)
def test_text_about_another_site_time_or_person_is_none(text: str) -> None:
    patient = _condition({"text": text})

    found = _silence(patient)

    assert found == "other-site"


@pytest.mark.parametrize("text", ["No leg cramps", "Denies nocturnal leg cramps", "Leg cramps: none"])
def test_denied_leg_cramps_are_no_report(text: str) -> None:
    patient = _condition({"text": text})

    found = _silence(patient)

    assert found == "denied"


@pytest.mark.parametrize(
    "text", ["Leg pain", "Restless legs", "Spasticity of leg", "Charley Smith's calf injury"]
)
def test_text_that_names_no_cramp_is_no_report(text: str) -> None:
    patient = _condition({"text": text})

    found = _silence(patient)

    assert found == "no-report"


# --- Conditions: whether they stand ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "silence"),
    [
        ({"clinicalStatus": {"coding": [{"code": "active"}]}}, None),
        ({"clinicalStatus": {"coding": [{"code": "recurrence"}]}}, None),
        ({"clinicalStatus": {"coding": [{"code": "relapse"}]}}, None),
        ({"clinicalStatus": {"coding": [{"code": "inactive"}]}}, "resolved"),
        ({"clinicalStatus": {"coding": [{"code": "remission"}]}}, "resolved"),
        ({"clinicalStatus": {"coding": [{"code": "resolved"}]}}, "resolved"),
        ({"verificationStatus": {"coding": [{"code": "refuted"}]}}, "refuted"),
        ({"verificationStatus": {"coding": [{"code": "entered-in-error"}]}}, "refuted"),
        ({"verificationStatus": {"coding": [{"code": "provisional"}]}}, None),
        ({"abatementDateTime": days_before(5)}, "resolved"),
        ({"abatementDateTime": days_before(-5)}, None),
        ({"abatementString": "last winter"}, "resolved"),
        ({"abatementBoolean": True}, "resolved"),
        ({"abatementBoolean": False}, None),
    ],
)
def test_report_must_stand(members: dict[str, Any], silence: str | None) -> None:
    patient = _condition({"text": "Nocturnal leg cramps"}, **members)

    found = _silence(patient)

    assert found == silence


# --- Observations ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "silence"),
    [
        ({}, None),
        ({"valueBoolean": True}, None),
        ({"valueBoolean": False}, "absent-later"),
        ({"valueCodeableConcept": {"text": "Present"}}, None),
        ({"valueCodeableConcept": {"text": "Absent"}}, "absent-later"),
        ({"valueCodeableConcept": {"text": "Yes"}}, None),
        ({"valueCodeableConcept": {"text": "No"}}, "absent-later"),
        (
            {
                "valueCodeableConcept": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0136", "code": "N"}]
                }
            },
            "absent-later",
        ),
        (
            {
                "valueCodeableConcept": {
                    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0136", "code": "Y"}]
                }
            },
            None,
        ),
        ({"valueCodeableConcept": {"text": "Unknown"}}, "unclear"),
        ({"valueCodeableConcept": {"text": "Not asked"}}, "unclear"),
        ({"valueCodeableConcept": {"coding": [{"system": "http://local", "code": "17"}]}}, "unclear"),
        ({"valueString": "three nights a week"}, None),
        ({"valueString": "none"}, "absent-later"),
        ({"valueQuantity": {"value": 3, "unit": "/wk"}}, None),
        ({"valueQuantity": {"value": 0, "unit": "/wk"}}, "absent-later"),
        ({"dataAbsentReason": {"text": "not asked"}}, "unclear"),
    ],
)
def test_observation_of_leg_cramps_says_yes_no_or_neither(value: dict[str, Any], silence: str | None) -> None:
    patient = _observed({"text": "Nocturnal leg cramps"}, **value)

    found = _silence(patient)

    assert found == silence


@pytest.mark.parametrize(
    ("answers", "silence"),
    [
        (
            "no; none; never; denied; absent; nein; jamais; no leg cramps; none at night; verneint; not at all;"
            " I don't; No, never; not now; none in the past week; pas du tout; N; 0",
            "absent-later",
        ),
        (
            "yes; present; nightly; most nights; sometimes; 3 per week; three nights a week; since March; ja; oui; si;"
            " both calves; at night; painful; yes, past month; Ja, jede Nacht",
            None,
        ),
        (
            "no better; not resolved; not yet resolved; no change; no improvement; not improved with stretching;"
            " no severe pain; no improvement of leg cramps; keine Besserung",
            None,
        ),
        (
            "N/A; ?; no?; prefer not to say; hardly ever; rarely; not applicable; unsure; used to;"
            " yes, resolved; better; not every night; not last night; No comment; No, but in the arms; Nobody asked;"
            " improved; diabetes",
            "unclear",
        ),
    ],
    ids=["no", "yes", "no better", "unclear"],
)
def test_written_answer_is_a_no_only_when_nothing_else_is_said(answers: str, silence: str | None) -> None:
    each = [text.strip() for text in answers.split(";")]

    found = {text: _silence(_observed({"text": "Leg cramps"}, valueString=text)) for text in each}

    assert found == dict.fromkeys(each, silence)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Leg cramps relieved by quinine", {"valueBoolean": False}),
        ("Leg cramps relieved by quinine", {"valueBoolean": True}),
        ("Medication for leg cramps", {"valueBoolean": False}),
        ("Treatment for leg cramps", {"valueString": "None"}),
        ("Leg cramps pain score", {"valueQuantity": {"value": 0}}),
        ("Leg cramps interfere with sleep", {"valueBoolean": False}),
        ("Side effects of statin: leg cramps", {"valueBoolean": False}),
        ("Are your leg cramps better?", {"valueBoolean": False}),
        ("Have you ever had leg cramps?", {"valueBoolean": True}),
    ],
)
def test_answer_to_a_question_about_cramps_neither_reports_nor_ends_them(
    question: str, value: dict[str, Any]
) -> None:
    alone = _observed({"text": question}, 5, **value)
    beside = _condition({"text": "Nocturnal leg cramps"}).having(
        "observations", _observation({"text": question}, 5, **value)
    )

    found = (_silence(alone), _silence(beside))

    assert found == ("unclear", None)


@pytest.mark.parametrize(
    "question",
    [
        "Leg cramps at night",
        "How often do you have cramps in your calves?",
        "Have you ever had leg cramps?",
        "In the past 4 weeks, have you had leg cramps at night?",
    ],
)
def test_no_to_a_question_that_asks_only_whether_ends_them(question: str) -> None:
    screening = _observation({"text": question}, 5, valueBoolean=False)
    patient = _condition({"text": "Nocturnal leg cramps"}).having("observations", screening)

    found = _silence(patient)

    assert found == "absent-later"


@pytest.mark.parametrize("question", ["Leg cramps interfere with sleep", "Do leg cramps wake you at night?"])
def test_yes_to_a_question_that_takes_them_for_granted_is_a_report(question: str) -> None:
    patient = _observed({"text": question}, valueBoolean=True)

    found = _silence(patient)

    assert found is None


@pytest.mark.parametrize(
    "question", ["Have your leg cramps gone?", "Relatives with leg cramps", "Night leg cramps in past"]
)
def test_yes_to_a_question_about_the_past_or_others_is_no_report(question: str) -> None:
    patient = _observed({"text": question}, valueBoolean=True)

    found = _silence(patient)

    assert found == "other-site"


@pytest.mark.parametrize(
    ("code", "silence"),
    [
        ("Adverse reaction to atorvastatin", "unclear"),
        ("Allergy", "unclear"),
        ("Past medical history", "unclear"),
        ("Pertinent negatives", "unclear"),
        ("History of present illness", None),
        ("Chief complaint", None),
    ],
)
def test_leg_cramps_as_a_value_are_a_report_only_as_a_complaint_of_today(
    code: str, silence: str | None
) -> None:
    patient = _observed({"text": code}, valueString="leg cramps")

    found = _silence(patient)

    assert found == silence


@pytest.mark.parametrize(
    "value",
    [
        {"valueCodeableConcept": {"coding": [{"system": _SNOMED, "code": "449918009"}]}},
        {"valueCodeableConcept": {"text": "Leg cramps at night"}},
        {"valueString": "cramps in calves at night"},
    ],
)
def test_symptom_whose_value_is_leg_cramps_is_a_report(value: dict[str, Any]) -> None:
    patient = _observed(
        {"coding": [{"system": "http://loinc.org", "code": "75325-1", "display": "Symptom"}]}, **value
    )

    found = _silence(patient)

    assert found is None


@pytest.mark.parametrize("text", ["hand cramps", "abdominal cramps", "leg cramps only when walking"])
def test_symptom_elsewhere_is_no_report(text: str) -> None:
    patient = _observed({"text": "Symptom"}, valueString=text)

    found = _silence(patient)

    assert found == "other-site"


@pytest.mark.parametrize(("age", "silence"), [(0, None), (365, None), (366, "too-old")])
def test_observation_counts_for_365_days(age: int, silence: str | None) -> None:
    patient = _observed({"text": "Nocturnal leg cramps"}, age, valueBoolean=True)

    found = _silence(patient)

    assert found == silence


def test_undated_observation_is_no_report() -> None:
    patient = _observed({"text": "Nocturnal leg cramps"}, effectiveDateTime=None)

    found = _silence(patient)

    assert found == "undated-observation"


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_withdrawn_observation_is_no_report(status: str) -> None:
    patient = _observed({"text": "Nocturnal leg cramps"}, status=status)

    found = _silence(patient)

    assert found == "no-report"


@pytest.mark.parametrize(
    ("reported", "denied", "silence"),
    [(20, 10, "absent-later"), (10, 20, None), (20, 20, None), (400, 390, "absent-later")],
)
def test_later_screening_that_says_absent_ends_the_report(
    reported: int, denied: int, silence: str | None
) -> None:
    """CARDS B1.2; on one day without times the order is open, and the report stands."""
    screening = _observation({"text": "Nocturnal leg cramps"}, denied, valueBoolean=False)
    patient = _condition({"text": "Nocturnal leg cramps"}, recordedDate=days_before(reported))
    patient = patient.having("observations", screening)

    found = _silence(patient)

    assert found == silence


@pytest.mark.parametrize("text", ["denies leg cramps", "no nocturnal leg cramps"])
def test_later_symptom_text_that_denies_them_ends_the_report(text: str) -> None:
    patient = _condition({"text": "Nocturnal leg cramps"})
    patient = patient.having("observations", _observation({"text": "Symptoms"}, 5, valueString=text))

    found = _silence(patient)

    assert found == "absent-later"


@pytest.mark.parametrize(("last_says", "silence"), [(True, None), (False, "absent-later")])
def test_of_one_day_with_times_the_latest_observation_wins(last_says: bool, silence: str | None) -> None:
    day, code = days_before(5), {"text": "Nocturnal leg cramps"}
    morning = _observation(code, 5, "o1", effectiveDateTime=f"{day}T08:00:00Z", valueBoolean=not last_says)
    evening = _observation(code, 5, "o2", effectiveDateTime=f"{day}T20:00:00Z", valueBoolean=last_says)
    patient = _with_a_fact().having("observations", evening).having("observations", morning)

    found = _silence(patient)

    assert found == silence


@pytest.mark.parametrize(("denied", "silence"), [(365, "absent-later"), (366, None)])
def test_undated_report_gives_way_to_a_screening_that_still_counts(denied: int, silence: str | None) -> None:
    screening = _observation({"text": "Nocturnal leg cramps"}, denied, valueBoolean=False)
    patient = _condition({"text": "Nocturnal leg cramps"}, recordedDate=None).having(
        "observations", screening
    )

    found = _silence(patient)

    assert found == silence


def test_screening_of_an_uncertain_day_ends_nothing() -> None:
    """May 2026 may be before 20 May 2026."""
    screening = _observation(
        {"text": "Nocturnal leg cramps"}, effectiveDateTime="2026-05", valueBoolean=False
    )
    patient = _condition({"text": "Nocturnal leg cramps"}, recordedDate="2026-05-20").having(
        "observations", screening
    )

    found = _silence(patient)

    assert found is None


# --- reason of a medicine -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "silence"),
    [
        ({}, None),
        ({"status": "completed"}, "no-report"),
        ({"status": "entered-in-error"}, "no-report"),
        ({"status": "draft"}, "no-report"),
        ({"intent": "proposal"}, "no-report"),
        ({"intent": "plan"}, "no-report"),
        ({"doNotPerform": True}, "no-report"),
    ],
)
def test_medicine_given_for_leg_cramps_is_a_report(members: dict[str, Any], silence: str | None) -> None:
    reason = [{"text": "Nocturnal leg cramps"}]
    patient = _with_a_fact().prescribed("quinine", days_before(30), reasonCode=reason, **members)

    found = _silence(patient)

    assert found == silence


@pytest.mark.parametrize(
    ("reason", "silence"),
    [
        ("Malaria", "no-report"),
        ("Menstrual cramps", "other-site"),
        ("Family history of leg cramps", "other-site"),
    ],
)
def test_medicine_given_for_something_else_is_none(reason: str, silence: str) -> None:
    patient = _with_a_fact().prescribed("quinine", days_before(30), reasonCode=[{"text": reason}])

    found = _silence(patient)

    assert found == silence


# --- onset ----------------------------------------------------------------------------------------------------


def _reports(patient: APatient) -> tuple[Report, ...]:
    facts = answer(patient).advice.facts
    return facts.reports if facts else ()


def test_stated_onset_is_used() -> None:
    patient = _condition({"text": "Nocturnal leg cramps"}, onsetDateTime="2026-05-01")

    [report] = _reports(patient)

    assert (str(report.onset and report.onset.on), report.onset and report.onset.is_stated) == (
        "1 May 2026",
        True,
    )


def test_recorded_date_stands_in_for_a_missing_onset_and_the_card_says_so() -> None:
    patient = _condition({"text": "Nocturnal leg cramps"})

    found = answer(patient)

    assert "Cramps recorded 26 May 2026, onset not stated" in found.detail("L01")


def test_report_without_any_date_has_no_onset_and_the_card_says_so() -> None:
    patient = _condition({"text": "Nocturnal leg cramps"}, recordedDate=None)

    found = answer(patient)

    assert "Onset of cramps not recorded" in found.detail("L01")


def test_latest_report_gives_the_onset() -> None:
    patient = _condition(
        {"text": "Nocturnal leg cramps"}, recordedDate="2026-01-10", onsetDateTime="2026-01-01"
    )
    later = _observation({"text": "Nocturnal leg cramps"}, effectiveDateTime="2026-05-02", valueBoolean=True)
    patient = patient.having("observations", later)

    found = _reports(patient)

    assert [(each.carrier, str(each.onset and each.onset.on)) for each in found] == [
        ("observation", "2 May 2026"),
        ("diagnosis", "1 Jan 2026"),
    ]


def test_undated_latest_report_leaves_the_onset_to_an_older_one() -> None:
    patient = _condition({"text": "Nocturnal leg cramps"}, recordedDate=None)
    dated = _observation({"text": "Nocturnal leg cramps"}, effectiveDateTime="2026-05-02", valueBoolean=True)
    facts = answer(patient.having("observations", dated)).advice.facts

    found = facts.onset if facts else None

    assert isinstance(found, Onset)
    assert str(found.on) == "2 May 2026"


def test_onset_as_age_is_counted_from_the_birth_date() -> None:
    patient = _condition(
        {"text": "Nocturnal leg cramps"}, onsetAge={"value": 76, "unit": "years", "code": "a"}
    )

    [report] = _reports(patient)

    assert str(report.onset and report.onset.on) == "2026"


# --- who ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("birth", "silence"),
    [
        ("2008-06-15", None),
        ("2008-06-16", "minor"),
        ("2008-05", None),
        ("2008-06", "minor"),
        ("2007", None),
        ("2008", "minor"),
        ("2020-01-01", "minor"),
        (None, None),
        ("unknown", None),
    ],
)
def test_adult_only_if_certainly_18(birth: str | None, silence: str | None) -> None:
    patient = _with_a_fact().with_cramps().born(birth)

    found = _silence(patient)

    assert found == silence


def test_unknown_age_is_told() -> None:
    patient = _with_a_fact().with_cramps().born(None)

    found = answer(patient)

    assert "Age not recorded" in found.detail("L01")


@pytest.mark.parametrize(
    ("members", "silence"),
    [
        ({"deceasedBoolean": True}, "deceased"),
        ({"deceasedDateTime": "2026-05-01"}, "deceased"),
        ({"deceasedDateTime": "2026"}, "deceased"),
        ({"deceasedBoolean": False}, None),
    ],
)
def test_deceased_in_any_form_is_silent(members: dict[str, Any], silence: str | None) -> None:
    patient = _with_a_fact().with_cramps().who(**members)

    found = _silence(patient)

    assert found == silence


@pytest.mark.parametrize(
    ("user", "silence"),
    [
        ("Practitioner/gp", None),
        ("PractitionerRole/gp", None),
        ("Patient/p1", "patient-user"),
        ("RelatedPerson/daughter", "patient-user"),
    ],
)
def test_cards_are_for_clinicians(user: str, silence: str | None) -> None:
    patient = _with_a_fact().with_cramps().seen_by(user)

    found = answer(patient)

    assert found.silence == silence
    assert (found.cards == ()) is (silence is not None)


def test_risk_drug_or_value_alone_never_speaks() -> None:
    """CARDS B1.1."""
    patient = _with_a_fact().taking("furosemide", days_before(30))

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "no-report")
