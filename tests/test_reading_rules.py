"""DECISIONS, Who and when: each rule for a patient in clinical words and for a chart in raw FHIR."""

import io
import json
from typing import Any

import pytest

from cds_service import settings
from cds_service.advise import Site, advise
from cds_service.app import create_app
from cds_service.contributors import load
from cds_service.hooks import decode
from tests import as_sent
from tests.as_sent import (
    G4762,
    ICD10CM,
    a_condition,
    a_form,
    a_request,
    a_statement,
    a_visit,
    an_observation,
    an_order,
    answer_to,
    coded,
    facts_of,
    quantity,
)
from tests.client import post
from tests.findings_of import answer, site
from tests.patients import CARDS, FHIR, APatient, a_patient, analyte_coding, days_before

SNOMED = "http://snomed.info/sct"
LEG_CRAMP: FHIR = {"coding": [{"system": SNOMED, "code": "102550009", "display": "Leg cramp (finding)"}]}
R252: FHIR = {"system": ICD10CM, "code": "R25.2", "display": "Cramp and spasm"}
SLEEP_CRAMPS: FHIR = {"coding": [G4762]}
LOW = an_observation(id="k1", valueQuantity=quantity(3.1, "mmol/L"))


def losing_potassium() -> APatient:
    """Something to say, so that silence means that no report was seen."""
    return a_patient().with_result("potassium", "3.1 mmol/L")


def carriers(*sent: FHIR) -> list[tuple[str, str]]:
    """Of each report its carrier and source."""
    return [(each.carrier, each.source) for each in facts_of(*sent).reports]


def silence(*sent: FHIR, **how: Any) -> str | None:
    """Why nothing is said of a patient who has a low potassium; None when something is."""
    return answer_to(*sent, LOW, **how).silence


# --- users ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("Practitioner/gp", None),
        ("PractitionerRole/gp-7", None),
        ("Patient/p1", "patient-user"),
        ("Patient/somebody-else", "patient-user"),
        ("RelatedPerson/daughter", "patient-user"),
    ],
)
def test_user_id_of_a_patient_or_relative_gets_no_cards(user: str, expected: str | None) -> None:
    found = answer_to(a_condition(), LOW, user=user)

    assert (found.silence, found.cards == ()) == (expected, expected is not None)


# --- carriers of a report -------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", ["Problem list", "Encounter diagnosis", "Health concern"])
def test_leg_cramps_in_any_list_of_diagnoses_are_a_report(category: str) -> None:
    patient = losing_potassium().with_cramps("2026-05-01", category=[{"text": category}])

    found = answer(patient)

    assert "Cramps from 1 May 2026" in found.detail("L01")


@pytest.mark.parametrize(
    "category",
    [
        [coded("condition-category", "problem-list-item")],
        [coded("condition-category", "encounter-diagnosis")],
        [
            {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/us/core/CodeSystem/condition-category",
                        "code": "health-concern",
                    }
                ]
            }
        ],
        None,
    ],
    ids=["problem-list-item", "encounter-diagnosis", "health-concern", "none"],
)
def test_condition_of_every_category_is_a_report(category: list[FHIR] | None) -> None:
    assert carriers(a_condition(category=category)) == [("diagnosis", "Condition/c1")]


def a_symptom(**members: Any) -> FHIR:
    """An Observation of a symptom, 20 days ago."""
    usual = {
        "category": [coded("observation-category", "survey")],
        "code": {"coding": [analyte_coding("symptom_report")]},
        "effectiveDateTime": days_before(20),
    }
    return an_observation(**{**usual, **members})


@pytest.mark.parametrize(
    "members",
    [
        {"code": LEG_CRAMP},
        {"code": LEG_CRAMP, "valueBoolean": True},
        {"code": LEG_CRAMP, "valueCodeableConcept": {"coding": [{"code": "Y", "display": "Yes"}]}},
        {"valueCodeableConcept": LEG_CRAMP},
        {"valueString": "Cramps in both calves, most nights"},
        {"code": {"coding": [R252]}, "bodySite": {"coding": [{"display": "Calf structure"}]}},
    ],
    ids=["code", "boolean", "coded answer", "coded value", "text value", "general code and body site"],
)
def test_observation_coded_or_with_a_text_value_is_a_report(members: dict[str, Any]) -> None:
    assert carriers(a_symptom(**members)) == [("observation", "Observation/o1")]


@pytest.mark.parametrize(
    ("earlier", "later", "expected"), [(True, False, "absent-later"), (False, True, None)]
)
def test_latest_coded_observation_of_leg_cramps_wins(
    earlier: bool, later: bool, expected: str | None
) -> None:
    first = a_symptom(id="o1", code=LEG_CRAMP, valueBoolean=earlier, effectiveDateTime="2026-05-01")
    second = a_symptom(id="o2", code=LEG_CRAMP, valueBoolean=later, effectiveDateTime="2026-05-02T08:00:00Z")

    assert silence(second, first) == expected


@pytest.mark.parametrize(("age", "expected"), [(365, None), (366, "too-old")])
def test_effective_date_of_an_observation_may_be_a_year_ago(age: int, expected: str | None) -> None:
    report = a_symptom(code=LEG_CRAMP, valueBoolean=True, effectiveDateTime=days_before(age))

    assert silence(report) == expected


ASKED: FHIR = {
    "linkId": "sleep.7",
    "text": "Do you have leg cramps at night?",
    "answer": [{"valueCoding": {"system": "http://terminology.hl7.org/CodeSystem/v2-0136", "code": "Y"}}],
}
REASONS = {"reasonCode": [SLEEP_CRAMPS]}
BY_DISPLAY = {"reasonReference": [{"reference": "Condition/lost", "display": "Nocturnal leg cramps"}]}
IN_R5 = {"reason": [{"concept": SLEEP_CRAMPS}]}
IN_R5_BY_DISPLAY = {"reason": [{"reference": {"display": "Nocturnal leg cramps"}}]}


@pytest.mark.parametrize("members", [REASONS, BY_DISPLAY, IN_R5, IN_R5_BY_DISPLAY])
@pytest.mark.parametrize("make", [a_statement, a_request, an_order])
def test_reason_code_and_reason_reference_of_a_medicine_or_order_are_reports(
    make: Any, members: FHIR
) -> None:
    entry = make(**members)

    [(carrier, source)] = carriers(entry)

    kind = "order" if make is an_order else "medicine"
    assert (carrier, source) == (
        f"reason for a{'n' * (kind == 'order')} {kind}",
        f"{entry['resourceType']}/{entry['id']}",
    )


def test_medicine_prescribed_for_a_diagnosis_on_the_list_is_one_report() -> None:
    reason = [{"reference": "Condition/cramps"}]
    patient = (
        losing_potassium()
        .with_cramps("2026-05-01")
        .prescribed("quinine", "2026-05-20", reasonReference=reason)
    )

    facts = answer(patient).advice.facts

    assert facts is not None
    assert [(each.carrier, each.source) for each in facts.reports] == [("diagnosis", "Condition/cramps")]


def test_visit_at_which_leg_cramps_were_diagnosed_is_a_report() -> None:
    diagnosed = [{"condition": {"display": "Nocturnal leg cramps"}}]
    patient = losing_potassium().visited_for("Check-up", diagnosis=diagnosed)

    found = answer(patient)

    assert "(reason for a visit)" in found.detail("L01")


@pytest.mark.parametrize(
    "members",
    [
        {"diagnosis": [{"condition": {"reference": "Condition/lost", "display": "Leg cramps at night"}}]},
        {"diagnosis": [{"condition": [{"concept": SLEEP_CRAMPS}], "use": [{"text": "working"}]}]},
        {"diagnosis": [{"condition": [{"reference": {"display": "Leg cramps at night"}}]}]},
    ],
    ids=["R4", "R5 concept", "R5 reference"],
)
def test_encounter_diagnosis_is_a_report(members: FHIR) -> None:
    assert carriers(a_visit(**members)) == [("reason for a visit", "Encounter/e1")]


def test_questionnaire_response_item_is_a_report() -> None:
    assert carriers(a_form(ASKED)) == [("questionnaire", "QuestionnaireResponse/f1")]


@pytest.mark.parametrize(
    ("link_ids", "expected"), [(["sleep.7"], None), ([], "no-report"), (["7"], "no-report")]
)
def test_item_that_is_known_only_by_its_link_id_is_a_report_where_the_site_names_it(
    link_ids: list[str], expected: str | None
) -> None:
    item = {"linkId": "sleep.7", "text": "Item 7", "answer": [{"valueBoolean": True}]}
    named = Site.of(load(CARDS, "demo"), "http://127.0.0.1:8000", cramp_link_ids=frozenset(link_ids))

    advice = advise(decode(as_sent.body(a_form(item), LOW), "patient-view"), named, a_patient().today)

    assert advice.silence == expected


@pytest.mark.parametrize(
    ("patient", "told"),
    [
        (losing_potassium().visited_for("Leg cramps at night"), "(reason for a visit)"),
        (losing_potassium().ordered_for("Leg cramps at night"), "(reason for an order)"),
        (losing_potassium().answered(ASKED["text"], {"valueBoolean": True}), "(questionnaire)"),
    ],
    ids=["visit", "order", "questionnaire"],
)
def test_card_says_what_kind_of_entry_reported_the_cramps(patient: APatient, told: str) -> None:
    found = answer(patient)

    assert f"Cramps recorded 26 May 2026, onset not stated {told}" in found.detail("L01")


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (a_condition(onsetDateTime="2026-05-01"), "Cramps from 1 May 2026\n"),
        (a_symptom(code=LEG_CRAMP), "Cramps recorded 26 May 2026, onset not stated (observation)\n"),
        (
            a_request("atorvastatin", authoredOn="2026-05-26", **REASONS),
            "Cramps recorded 26 May 2026, onset not stated (reason for a medicine)\n",
        ),
        (an_order(**REASONS), "Cramps recorded 26 May 2026, onset not stated (reason for an order)\n"),
        (a_visit(**REASONS), "Cramps recorded 26 May 2026, onset not stated (reason for a visit)\n"),
        (a_form(ASKED), "Cramps recorded 26 May 2026, onset not stated (questionnaire)\n"),
    ],
    ids=lambda value: value["resourceType"] if isinstance(value, dict) else "",
)
def test_card_names_the_carrier_unless_it_is_a_condition(report: FHIR, told: str) -> None:
    found = answer_to(report, LOW)

    assert told in found.detail("L01")


# --- which cramps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("concept", ["nocturnal_leg_cramps", "cramp_and_spasm"])
def test_diagnosis_coded_for_the_leg_needs_no_words(concept: str) -> None:
    """The first code of the second concept is "Muscle spasm of calf"."""
    patient = losing_potassium().with_diagnosis(concept, "2026-05-01")

    found = answer(patient)

    assert found.silence is None


@pytest.mark.parametrize(
    ("site_of_it", "expected"),
    [("Left calf", None), ("Sole of foot", None), ("Right hand", "other-site"), (None, "other-site")],
)
def test_cramps_without_a_site_of_their_own_need_the_body_site(
    site_of_it: str | None, expected: str | None
) -> None:
    members: dict[str, Any] = {"bodySite": [{"text": site_of_it}]} if site_of_it else {}
    patient = losing_potassium().with_cramps("2026-05-01", code={"text": "Cramps"}, **members)

    found = answer(patient)

    assert found.silence == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"bodySite": [{"coding": [{"display": "Structure of calf of leg"}]}]},
            None,
        ),
        ({"bodySite": [{"coding": [{"display": "Hand structure"}]}]}, "other-site"),
        ({"bodySite": [{"text": "Left"}, {"text": "Hamstring"}]}, None),
        ({"code": {"coding": [R252], "text": "Night cramps"}}, None),
        ({"code": {"coding": [R252], "text": "Writer's cramp"}}, "other-site"),
        ({"code": {"coding": [R252], "text": "Abdominal cramps at night"}}, "other-site"),
        ({"code": {"coding": [R252], "text": "Menstrual cramps"}}, "other-site"),
        ({"code": {"coding": [R252], "text": "Calf cramps on exertion only"}}, "other-site"),
        ({"code": {"text": "Cramp in thigh"}}, None),
        ({"code": {"text": "Night cramps"}, "bodySite": [{"text": "Forearm"}]}, "other-site"),
    ],
)
def test_general_code_or_text_needs_a_leg_word_in_code_text_or_body_site(
    members: FHIR, expected: str | None
) -> None:
    assert silence(a_condition(**{"code": {"coding": [R252]}, **members})) == expected


# --- when -----------------------------------------------------------------------------------------------------


def test_latest_active_condition_gives_the_onset_and_the_other_is_named() -> None:
    first = a_condition(id="c0", onsetDateTime="2024-02-01", recordedDate="2024-02-03")
    latest = a_condition(onsetDateTime="2026-05-01", recordedDate="2026-05-03")
    resolved = a_condition(
        id="c2",
        clinicalStatus=coded("condition-clinical", "resolved"),
        onsetDateTime="2026-06-01",
        recordedDate="2026-06-02",
    )

    found = answer_to(first, resolved, latest, LOW)

    assert "Cramps from 1 May 2026" in found.detail("L01")
    assert carriers(first, resolved, latest) == [("diagnosis", "Condition/c1"), ("diagnosis", "Condition/c0")]
    assert "cramps also reported 1 Feb 2024" in found.printed.replace("Cramps also", "cramps also")


@pytest.mark.parametrize("recorded", ["2026-05-26", "2026-05-26T23:50:00-05:00"])
def test_recorded_date_of_a_condition_stands_in_for_its_onset(recorded: str) -> None:
    found = answer_to(a_condition(recordedDate=recorded), LOW)

    assert "Cramps recorded 26 May 2026, onset not stated" in found.detail("L01")


@pytest.mark.parametrize(
    ("chart", "user", "reason"),
    [
        ([], "Practitioner/gp", "no-report"),
        (
            [a_condition(clinicalStatus=coded("condition-clinical", "resolved"))],
            "Practitioner/gp",
            "resolved",
        ),
        (
            [a_condition(verificationStatus=coded("condition-ver-status", "refuted"))],
            "Practitioner/gp",
            "refuted",
        ),
        ([a_condition()], "RelatedPerson/son", "patient-user"),
        ([a_condition()], "Practitioner/gp", "nothing-found"),
    ],
)
def test_every_empty_answer_has_its_reason_in_the_log_and_never_on_the_wire(
    chart: list[FHIR], user: str, reason: str, log: io.StringIO
) -> None:
    service = create_app(settings.load(today="2026-06-15"), site().knowledge)

    response = post(service, as_sent.body(*chart, user=user))

    assert response.content == b'{"cards":[]}'
    assert json.loads(log.getvalue().splitlines()[-1])["silence"] == reason
