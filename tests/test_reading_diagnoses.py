"""Diagnoses, and entries that can't be read: each rule in clinical words and in raw FHIR."""

from datetime import date
from typing import Any

import pytest

from tests.as_sent import (
    a_condition,
    a_form,
    a_request,
    a_statement,
    a_visit,
    an_observation,
    an_order,
    answer_to,
    coded,
    cramps_since,
    facts_of,
    quantity,
)
from tests.findings_of import answer
from tests.patients import FHIR, APatient, a_patient, days_before, diagnosis_coding

LOW = an_observation(id="k1", valueQuantity=quantity(3.1, "mmol/L"))
THIAZIDE = "hydrochlorothiazide"
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")


def losing_potassium() -> APatient:
    """Something to say, so that silence means that no report was seen."""
    return a_patient().with_result("potassium", "3.1 mmol/L")


def silence(*sent: FHIR, **how: Any) -> str | None:
    """Why nothing is said of a patient who has a low potassium; None when something is."""
    return answer_to(*sent, LOW, **how).silence


# --- diagnoses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "onset", "is_stated"),
    [
        ({"onsetDateTime": "2026-04-20"}, "20 Apr 2026", True),
        ({"onsetDateTime": "2026-04-20T10:00:00+02:00"}, "20 Apr 2026", True),
        ({"onsetDateTime": "2026-04"}, "Apr 2026", True),
        ({"onsetPeriod": {"start": "2026-04-02", "end": "2026-04-20"}}, "2 Apr 2026", True),
        ({"onsetPeriod": {"end": "2026-04-20"}}, "1 May 2026", False),
        ({"onsetAge": quantity(74, "a")}, "2024 to 2025", True),
        ({"onsetAge": {"value": 74, "unit": "years"}}, "2024 to 2025", True),
        ({"onsetAge": {"value": 74, "unit": "winters"}}, "1 May 2026", False),
        ({"onsetAge": {**quantity(70, "a"), "comparator": ">"}}, "1 May 2026", False),
        ({"onsetRange": {"low": quantity(70, "a"), "high": quantity(74, "a")}}, "2020 to 2025", True),
        ({"onsetRange": {"low": quantity(70, "a")}}, "1 May 2026", False),
        ({"onsetString": "in spring"}, "by 1 May 2026", True),
        ({"onsetString": "for 2 years"}, "by 1 May 2026", True),
        ({"onsetString": "since April 2026"}, "Apr 2026", True),
        ({"onsetString": "12/2025"}, "Dec 2025", True),
        ({"onsetString": "2019"}, "2019", True),
        ({"onsetDateTime": "2027-01-01"}, "1 May 2026", False),
        ({"onsetString": "2026-04"}, "Apr 2026", True),
        ({}, "1 May 2026", False),
    ],
)
def test_every_form_of_an_onset_is_read_or_the_recorded_date_stands_in(
    members: FHIR, onset: str, is_stated: bool
) -> None:
    [report] = facts_of(a_condition(**members)).reports

    assert report.onset is not None
    assert (str(report.onset.on), report.onset.is_stated) == (onset, is_stated)


@pytest.mark.parametrize("words", ["10 years ago", "childhood", "for 2 years"])
def test_onset_in_words_without_a_date_leaves_the_order_of_events_open(words: str) -> None:
    patient = a_patient().with_cramps(recorded="2026-06-01", onsetString=words).taking(THIAZIDE, "2026-05-01")

    found = answer(patient)

    assert found.place("D01") == ("contributor", "also-consider")
    assert "which may be before or after the cramps" in found.detail("D01")
    assert "Cramps recorded 1 Jun 2026, onset not dated." in found.detail("D01")


def test_drug_begun_after_cramps_of_an_undated_onset_were_written_down_is_set_aside() -> None:
    patient = a_patient().with_cramps(recorded="2026-05-01", onsetString="childhood")

    found = answer(patient.taking(THIAZIDE, "2026-05-20").taking("furosemide", "2020-01-01"))

    assert found.place("D01") == ("set-aside", "also-consider")


def test_onset_in_words_with_a_date_orders_the_events() -> None:
    patient = a_patient().with_cramps(recorded="2026-06-01", onsetString="since 3 May 2026")

    found = answer(patient.taking(THIAZIDE, "2026-04-03"))

    assert found.summary("D01") == "Night leg cramps began 30 days after hydrochlorothiazide was started"


def test_onset_in_the_future_gives_way_to_the_recorded_date_and_is_told() -> None:
    patient = a_patient().with_cramps("2027-05-01", recorded="2026-05-01").taking(THIAZIDE, "2026-04-01")

    found = answer(patient)

    assert found.summary("D01") == (
        "Night leg cramps were recorded 30 days after hydrochlorothiazide was started"
    )
    assert "cramps recorded 1 May 2026, the onset given is still to come" in found.detail("D01")


def test_medicine_that_was_being_taken_for_cramps_on_the_day_of_the_asking_reports_them_that_day() -> None:
    taken = a_patient().taking(
        "quinine",
        effectiveDateTime="2026-06-01",
        dateAsserted="2026-06-01",
        reasonCode=[{"text": "Leg cramps"}],
    )

    found = answer(taken).advice.facts

    assert found is not None
    assert [str(report.recorded) for report in found.reports] == ["1 Jun 2026"]


def test_dated_onset_of_one_report_counts_before_the_words_of_another() -> None:
    worded = a_condition(id="c2", recordedDate="2026-06-01", onsetString="for years")

    found = facts_of(worded, a_condition(onsetDateTime="2026-04-20")).onset

    assert found is not None
    assert (str(found.on), found.doubt) == ("20 Apr 2026", "")


@pytest.mark.parametrize(
    "members",
    [
        {"onsetAge": quantity(888, "mo")},
        {"onsetAge": {"value": 888, "unit": "months"}},
        {"onsetRange": {"low": quantity(880, "mo"), "high": quantity(888, "mo")}},
        {"onsetRange": {"low": quantity(3800, "wk"), "high": quantity(27100, "d")}},
    ],
)
def test_onset_age_in_months_weeks_or_days_is_counted_from_the_birth_date(members: FHIR) -> None:
    """Born on 1 March 1950, so 888 months old on 1 March 2024."""
    [report] = facts_of(a_condition(**members)).reports

    assert report.onset is not None
    assert report.onset.is_stated
    assert report.onset.on.first <= date(2024, 3, 1) <= report.onset.on.last


@pytest.mark.parametrize(("months", "is_flagged"), [(840, False), (914, True)])
def test_cramps_that_began_at_an_age_in_months_began_before_a_later_drug(
    months: int, is_flagged: bool
) -> None:
    """At 70 years, long before the drug; or at 76 years and 2 months, this spring, long after it."""
    age = {"value": months, "unit": "months"}
    patient = a_patient().with_cramps(recorded="2026-06-01", onsetAge=age).taking(THIAZIDE, "2024-01-01")

    found = answer(patient)

    assert ("D01" in found.flagged) is is_flagged


@pytest.mark.parametrize(
    ("onset", "place"),
    [
        ({"onsetAge": {"value": 75, "unit": "years"}}, ALSO),  # 2025 or 2026, long after the start
        ({"onsetAge": {"value": 60, "unit": "years"}}, None),  # long before the drug
        ({"onsetString": "since spring"}, ALSO),  # no date: before or after the drug
    ],
)
def test_age_at_which_cramps_began_is_compared_with_the_start_of_a_drug(
    onset: FHIR, place: tuple[str, str] | None
) -> None:
    started = "2026-04-01" if "onsetString" in onset else "2020-01-01"
    patient = a_patient().with_cramps(recorded="2026-06-01", **onset).taking(THIAZIDE, started)

    found = answer(patient)

    assert found.place("D01") == place


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"abatementDateTime": "2026-06-01"}, "resolved"),
        ({"abatementDateTime": "2026-06-15"}, "resolved"),
        ({"abatementDateTime": "2026-06-16"}, None),
        ({"abatementDateTime": "2026-06"}, "resolved"),
        ({"abatementPeriod": {"start": "2026-05-20", "end": "2026-06-01"}}, "resolved"),
        ({"abatementPeriod": {"start": "2026-05-20", "end": "2026-07-01"}}, None),
        ({"abatementAge": quantity(76, "a")}, "resolved"),
        ({"abatementRange": {"low": quantity(75, "a"), "high": quantity(76, "a")}}, "resolved"),
        ({"abatementString": "last winter"}, "resolved"),
        ({"abatementBoolean": True}, "resolved"),
        ({"abatementBoolean": False}, None),
        ({}, None),
    ],
)
def test_every_form_of_an_abatement_ends_a_condition(members: FHIR, expected: str | None) -> None:
    assert silence(a_condition(clinicalStatus=None, **members)) == expected


@pytest.mark.parametrize(
    ("ended", "is_told"),
    [({"abatementDateTime": days_before(3)}, False), ({"abatementDateTime": days_before(-3)}, True)],
)
def test_vomiting_that_has_stopped_is_no_longer_told(ended: FHIR, is_told: bool) -> None:
    patient = (
        a_patient().with_cramps("2026-05-01").with_diagnosis("vomiting_diarrhoea", days_before(20), **ended)
    )

    found = answer(patient)

    assert (found.flagged != frozenset()) is is_told


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        *(
            ({"clinicalStatus": coded("condition-clinical", code)}, None)
            for code in ("active", "recurrence", "relapse")
        ),
        *(
            ({"clinicalStatus": coded("condition-clinical", code)}, "resolved")
            for code in ("inactive", "remission", "resolved")
        ),
        *(
            ({"verificationStatus": coded("condition-ver-status", code)}, None)
            for code in ("confirmed", "unconfirmed", "provisional", "differential")
        ),
        *(
            ({"verificationStatus": coded("condition-ver-status", code)}, "refuted")
            for code in ("refuted", "entered-in-error")
        ),
        ({"clinicalStatus": None, "verificationStatus": None}, None),
        ({"clinicalStatus": {"text": "Resolved"}}, "resolved"),
        ({"clinicalStatus": "resolved"}, "resolved"),  # STU3
        (
            {
                "clinicalStatus": coded("condition-clinical", "active"),
                "verificationStatus": coded("condition-ver-status", "entered-in-error"),
            },
            "refuted",
        ),
    ],
)
def test_clinical_and_verification_status_decide_whether_a_condition_stands(
    members: FHIR, expected: str | None
) -> None:
    assert silence(a_condition(**members)) == expected


@pytest.mark.parametrize(
    ("status", "is_told"),
    [("active", True), ("recurrence", True), ("inactive", False), ("remission", False), ("resolved", False)],
)
def test_vomiting_counts_while_its_entry_is_active(status: str, is_told: bool) -> None:
    patient = a_patient().with_cramps("2026-05-01")
    patient = patient.with_diagnosis(
        "vomiting_diarrhoea", days_before(20), clinicalStatus={"coding": [{"code": status}]}
    )

    found = answer(patient)

    assert (found.flagged != frozenset()) is is_told


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_refuted_vomiting_is_not_told(status: str) -> None:
    patient = a_patient().with_cramps("2026-05-01")
    patient = patient.with_diagnosis(
        "vomiting_diarrhoea", days_before(20), verificationStatus={"coding": [{"code": status}]}
    )

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "nothing-found")


@pytest.mark.parametrize("text", ["Vomiting since Friday", "Acute diarrhoea"])
def test_diagnosis_that_is_only_named_is_read_by_its_words(text: str) -> None:
    patient = a_patient().with_cramps("2026-05-01")
    patient = patient.with_diagnosis("vomiting_diarrhoea", days_before(5), code={"text": text})

    found = answer(patient)

    assert found.flagged == {"S01"}


@pytest.mark.parametrize(
    ("code", "concept", "matched_by"),
    [
        ({"coding": [diagnosis_coding("hypothyroidism")]}, "hypothyroidism", "code"),
        (
            {"coding": [{"system": "urn:local", "code": "7"}], "text": "Hypothyroidism"},
            "hypothyroidism",
            "text",
        ),
        ({"text": "Hypothyroidism"}, "hypothyroidism", "text"),
        ({"coding": [{"display": "Hypothyroidism"}]}, "hypothyroidism", "text"),
        ({"text": "Family history of hypothyroidism"}, "hypothyroidism", None),
    ],
)
def test_condition_without_a_known_code_is_read_by_text_or_display(
    code: FHIR, concept: str, matched_by: str | None
) -> None:
    facts = facts_of(cramps_since("2026-05-01"), a_condition(code=code))

    found = [each.matched_by for each in facts.diagnoses.get(concept, ())]

    assert found == ([matched_by] if matched_by else [])


def test_condition_sent_twice_under_two_ids_is_one_onset() -> None:
    twice = [a_condition(id=name, onsetDateTime="2026-05-01") for name in ("c1", "c1-copy")]

    found = answer_to(*twice, LOW)

    assert found.detail("L01").count("1 May 2026") == 1


def test_cramps_on_two_lists_are_told_once() -> None:
    patient = (
        losing_potassium().with_cramps("2026-05-01").with_diagnosis("nocturnal_leg_cramps", "2026-05-01")
    )

    found = answer(patient)

    assert found.detail("L01").count("1 May 2026") == 1


# --- what can't be read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({**a_condition(id="x"), "code": "G47.62"}, ("1 Condition could not be read",)),
        ({**an_observation(id="x"), "valueQuantity": 3.1}, ("1 Observation could not be read",)),
        ({**an_observation(id="x"), "component": {"code": {}}}, ("1 Observation could not be read",)),
        ({**a_statement(id="x"), "effectivePeriod": "2026"}, ("1 MedicationStatement could not be read",)),
        ({**a_request(id="x"), "authoredOn": 2026}, ("1 MedicationRequest could not be read",)),
        ({**an_order(id="x"), "status": 1}, ()),
        ({**a_visit(id="x"), "status": 1}, ()),
        ({**a_form(), "id": "x", "status": 1}, ()),
    ],
    ids=lambda value: value["resourceType"] if isinstance(value, dict) else "",
)
def test_entry_with_a_member_of_another_type_is_counted_and_told_where_it_could_matter(
    broken: FHIR, told: tuple[str, ...]
) -> None:
    found = answer_to(cramps_since("2026-05-01"), broken)

    assert (found.advice.counts["unread"], found.data_lines()) == (1, told)


def test_unread_condition_without_a_report_is_counted_and_silent() -> None:
    broken = {**a_condition(), "code": "G47.62"}

    found = answer_to(broken, LOW)

    assert (found.cards, found.silence, found.advice.counts["unread"]) == (
        (),
        "no-report-but-unread-conditions",
        1,
    )


def test_patient_whose_diagnoses_are_partly_unreadable_and_hold_no_report_hears_nothing() -> None:
    patient = losing_potassium().with_diagnosis("hypothyroidism", code=7)

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "no-report-but-unread-conditions")


def test_patient_with_an_unreadable_medicine_is_told_of_it_beside_the_advice() -> None:
    patient = losing_potassium().with_cramps("2026-05-01").taking("furosemide", medicationCodeableConcept="?")

    found = answer(patient)

    assert found.indicator("L01") == "warning"
    assert found.data_lines() == ("1 MedicationStatement could not be read",)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("resolved in May", "resolved"),
        ("3 weeks ago", "resolved"),
        ("ongoing", None),
        ("Not resolved", None),
        ("none", None),
    ],
)
def test_abatement_in_words_ends_an_entry_only_when_it_tells_an_end(words: str, reason: str | None) -> None:
    condition = a_condition(clinicalStatus=None, abatementString=words)

    assert silence(condition, LOW) == reason
