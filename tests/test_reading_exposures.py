"""DECISIONS, Exposures: which entries count and which medicine is meant, in clinical words and in raw FHIR."""

from datetime import date
from typing import Any

import pytest

from cds_service.trace import trace
from tests.as_sent import (
    SERVER,
    Read,
    a_dosage,
    a_request,
    a_statement,
    answer_to,
    courses_of,
    cramps_since,
    facts_of,
    mg,
    of_drug,
    read,
)
from tests.findings_of import answer, site
from tests.patients import FHIR, APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
THIAZIDE = "hydrochlorothiazide"
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")
CRAMPS = cramps_since("2026-05-01")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def taken_by(patient: APatient, value_set: str) -> list[str]:
    """The ingredients of one class to which the patient is exposed."""
    facts = answer(patient).advice.facts
    assert facts is not None
    return [each.ingredient for each in facts.exposures.get(value_set, ())]


# --- which entries are exposures ------------------------------------------------------------------------------


def test_statement_and_order_of_one_drug_in_two_searchsets_are_one_course() -> None:
    statement = a_statement(effectivePeriod={"start": "2026-03-28"})
    order = a_request(authoredOn="2026-04-02T09:15:00+01:00")

    [course] = courses_of(statement, order)

    assert read(course) == ("28 Mar 2026", None, True)
    assert course.sources == ("MedicationRequest/r1", "MedicationStatement/s1")


@pytest.mark.parametrize(
    ("name", "value_set", "expected"),
    [
        ("Prednisolone 5 mg tablets", "corticosteroid_systemic", ["prednisolone"]),
        ("Prednisolone 1 % eye drops", "corticosteroid_systemic", []),
        ("Salmeterol 50 micrograms inhaler", "laba", ["salmeterol"]),
    ],
)
def test_drops_for_the_eye_are_no_exposure_of_the_whole_body(
    name: str, value_set: str, expected: list[str]
) -> None:
    patient = cramping().taking("prednisolone", before_onset(30), medicationCodeableConcept={"text": name})

    found = taken_by(patient, value_set)

    assert found == expected


@pytest.mark.parametrize(
    ("ingredient", "value_set", "route", "is_exposure"),
    [
        ("prednisolone", "corticosteroid_systemic", "Oral route", True),
        ("prednisolone", "corticosteroid_systemic", "Ophthalmic route", False),
        ("prednisolone", "corticosteroid_systemic", "Topical route", False),
        ("salmeterol", "laba", "Inhalation", True),
    ],
)
def test_route_of_the_dosage_decides_which_class_an_ingredient_code_has(
    ingredient: str, value_set: str, route: str, is_exposure: bool
) -> None:
    dosage = [{"text": "as told", "route": {"coding": [{"display": route}]}}]

    made = courses_of(a_request(ingredient, dosageInstruction=dosage), value_set=value_set)

    assert bool(made) is is_exposure


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (a_statement(effectivePeriod={"start": "2026-04-01"}), ("1 Apr 2026", None, True)),
        (a_statement(effectiveDateTime="2026-04-01"), ("1 Apr 2026", None, True)),
        (a_statement(), (None, None, True)),
        (
            a_statement(status="completed", effectivePeriod={"start": "2026-04-01", "end": "2026-04-20"}),
            ("1 Apr 2026", "20 Apr 2026", False),
        ),
        (
            a_statement(status="stopped", effectivePeriod={"start": "2026-04-01", "end": "2026-04-20"}),
            ("1 Apr 2026", "20 Apr 2026", False),
        ),
        (a_statement(status="stopped", effectivePeriod={"end": "2026-04-20"}), (None, "20 Apr 2026", False)),
    ],
)
def test_statement_that_is_active_completed_or_stopped_is_an_exposure(
    statement: FHIR, expected: Read
) -> None:
    [course] = courses_of(statement)

    assert (read(course), course.is_weak) == (expected, False)


@pytest.mark.parametrize("status", ["unknown", None])
def test_statement_of_unknown_status_is_a_weak_exposure(status: str | None) -> None:
    statement = a_statement(status=status, effectivePeriod={"start": before_onset(30)})

    [course] = courses_of(statement)
    found = answer_to(CRAMPS, statement)

    assert (course.is_weak, found.place("D01")) == (True, ALSO)


@pytest.mark.parametrize(
    ("status", "place"), [("active", MAIN), ("completed", None), ("stopped", None), ("unknown", ALSO)]
)
def test_order_of_thirty_days_before_the_cramps_counts_by_its_status(
    status: str, place: tuple[str, str] | None
) -> None:
    patient = cramping().prescribed(THIAZIDE, before_onset(30), status=status)

    found = answer(patient)

    assert (found.place("D01"), taken_by(patient, "thiazide_diuretic")) == (place, [THIAZIDE])


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"status": "active"}, ("1 Apr 2026", None, True)),
        ({"status": "completed"}, ("1 Apr 2026", None, False)),
        ({"status": "stopped"}, ("1 Apr 2026", None, False)),
        ({"intent": "original-order"}, ("1 Apr 2026", None, True)),
        ({"intent": "reflex-order"}, ("1 Apr 2026", None, True)),
        ({"intent": "filler-order"}, ("1 Apr 2026", None, True)),
        ({"intent": "instance-order"}, ("1 Apr 2026", None, True)),
        ({"doNotPerform": False}, ("1 Apr 2026", None, True)),
        ({"reportedBoolean": True}, ("1 Apr 2026", None, True)),
    ],
)
def test_medication_request_of_a_real_status_and_intent_is_an_exposure(
    members: dict[str, Any], expected: Read
) -> None:
    [course] = courses_of(a_request(**members))

    assert read(course) == expected


@pytest.mark.parametrize(
    "entry",
    [
        *(
            a_statement(status=status, effectivePeriod={"start": "2026-04-01"})
            for status in ("entered-in-error", "not-taken", "on-hold", "intended", "draft")
        ),
        *(a_request(status=status) for status in ("draft", "cancelled", "entered-in-error", "on-hold")),
        *(a_request(intent=intent) for intent in ("proposal", "plan", "option")),
        a_request(doNotPerform=True),
        a_request(status="completed", doNotPerform=True),
    ],
    ids=lambda entry: f"{entry['resourceType']} {entry['status']} {entry.get('intent', '')}",
)
def test_entry_whose_status_or_intent_says_it_was_not_taken_is_no_exposure(entry: FHIR) -> None:
    found = answer_to(CRAMPS, entry)

    assert (courses_of(entry), found.cards, found.silence) == ((), (), "nothing-found")


# --- which medicine -------------------------------------------------------------------------------------------

MEDICATION: FHIR = {
    "resourceType": "Medication",
    "id": "med1",
    "status": "active",
    "code": of_drug(THIAZIDE, "Hydrochlorothiazide 25 MG Oral Tablet"),
    "form": {"text": "tablet"},
}


def referring(reference: FHIR, **members: Any) -> FHIR:
    return a_statement(
        medicationCodeableConcept=None,
        medicationReference=reference,
        effectivePeriod={"start": before_onset(30)},
        **members,
    )


@pytest.mark.parametrize(
    "chart",
    [
        [referring({"reference": "#med1"}, contained=[MEDICATION])],
        [MEDICATION, referring({"reference": "Medication/med1"})],
        [MEDICATION, referring({"reference": f"{SERVER}/Medication/med1/_history/4"})],
        [referring({"reference": "Medication/lost", "display": "Hydrochlorothiazide 25 mg tablet"})],
        [referring({"identifier": {"value": "77"}, "display": "Hydrochlorothiazide 25 mg tablet"})],
        [
            a_statement(
                status="recorded",
                medicationCodeableConcept=None,
                medication={"concept": MEDICATION["code"]},
                effectivePeriod={"start": before_onset(30)},
            )
        ],
        [
            MEDICATION,
            a_statement(
                status="recorded",
                medicationCodeableConcept=None,
                medication={"reference": {"reference": "Medication/med1"}},
                effectivePeriod={"start": before_onset(30)},
            ),
        ],
        [
            a_statement(
                status="recorded",
                medicationCodeableConcept=None,
                medication={"reference": {"reference": "#med1"}},
                contained=[MEDICATION],
                effectivePeriod={"start": before_onset(30)},
            )
        ],
    ],
    ids=[
        "contained",
        "relative",
        "absolute, of a version",
        "display of a lost one",
        "display of an identifier",
        "R5 concept",
        "R5 reference",
        "R5 contained",
    ],
)
def test_medicine_is_told_alike_however_it_is_referred_to(chart: list[FHIR]) -> None:
    found = answer_to(CRAMPS, *chart)

    assert found.summary("D01") == "Night leg cramps began 30 days after hydrochlorothiazide was started"
    assert "- Hydrochlorothiazide 25 mg from 1 Apr 2026" in found.detail("D01")


@pytest.mark.parametrize("name", ["Esidrix 25 mg", "HCTZ 25 mg tab", "Hydrochlorothiazide 25 mg tablet"])
def test_patient_whose_tablets_are_only_named_is_seen(name: str) -> None:
    patient = cramping().taking(THIAZIDE, before_onset(30), medicationCodeableConcept={"text": name})

    found = answer(patient)

    assert found.place("D01") == MAIN


def test_medicine_kept_beside_the_list_is_seen_by_the_patients_statement() -> None:
    tablets = {**MEDICATION, "code": {"text": "Hydrochlorothiazide 25 mg tablet"}}
    patient = cramping().having("medicationStatements", tablets)
    patient = patient.having("medicationStatements", referring({"reference": "Medication/med1"}))

    found = answer(patient)

    assert found.place("D01") == MAIN


def test_patients_pharmacy_product_is_seen_by_what_it_is_made_of() -> None:
    product = {
        "resourceType": "Medication",
        "id": "med1",
        "code": {"text": "House preparation 7"},
        "ingredient": [{"itemCodeableConcept": {"text": "Hydrochlorothiazide 25 mg"}}],
    }
    patient = cramping().having("medicationStatements", product)

    found = answer(patient.having("medicationStatements", referring({"reference": "Medication/med1"})))

    assert found.place("D01") == MAIN


def test_medicine_with_no_name_at_all_is_counted_and_told() -> None:
    found = answer_to(CRAMPS, referring({"reference": "Medication/lost"}))

    assert found.advice.counts["unread"] == 1
    assert found.data_lines() == ("1 MedicationStatement could not be read",)


def test_code_decides_where_its_display_names_another_drug() -> None:
    mislabelled = of_drug(THIAZIDE, "Furosemide tablet")
    statement = a_statement(
        medicationCodeableConcept={**mislabelled, "text": "Furosemide"},
        effectivePeriod={"start": before_onset(30)},
    )

    found = answer_to(CRAMPS, statement)

    assert found.rows == {"D01": MAIN}


def test_patient_whose_label_and_code_disagree_takes_what_the_code_says() -> None:
    both = {**of_drug(THIAZIDE), "text": "Furosemide"}
    patient = cramping().taking(THIAZIDE, before_onset(30), medicationCodeableConcept=both)

    found = answer(patient)

    assert found.summary("D01") == "Night leg cramps began 30 days after hydrochlorothiazide was started"
    assert found.flagged == {"D01"}


def test_trace_names_the_drug_of_the_code_for_a_mislabelled_statement() -> None:
    statement = a_statement(
        medicationCodeableConcept=of_drug(THIAZIDE, "Furosemide tablet"),
        effectivePeriod={"start": before_onset(30)},
    )

    told = trace(answer_to(CRAMPS, statement).advice, site().knowledge)

    [fact] = [fact for each in told["considered"] for fact in each["facts"]]
    assert (fact["says"].split(",")[0], fact["sources"]) == (
        "hydrochlorothiazide",
        ("MedicationStatement/s1",),
    )


def test_trace_tells_which_drug_the_code_was_read_as() -> None:
    patient = cramping().taking(
        THIAZIDE, before_onset(30), medicationCodeableConcept=of_drug(THIAZIDE, "Furosemide tablet")
    )

    told = trace(answer(patient).advice, site().knowledge)

    [(row, [fact])] = [(each["row"], each["facts"]) for each in told["considered"]]
    assert (row, fact["sources"]) == ("D01", ("MedicationStatement/ms1",))
    assert fact["says"].startswith("hydrochlorothiazide, from 1 Apr 2026")


# --- the same thing twice, and R5 -----------------------------------------------------------------------------


def test_entry_sent_under_two_keys_and_two_ids_is_one_start() -> None:
    first = a_statement(effectivePeriod={"start": "2026-04-01"}, dosage=[a_dosage(25)])
    copy = {**first, "id": "s1-copy"}
    patient = cramping().having("medicationStatements", first).having("medicationRequests", first)

    found = answer(patient.having("medicationRequests", copy))

    assert found.detail("D01").casefold().count("hydrochlorothiazide") == 1
    assert found.sources("D01") == ("MedicationStatement/s1", "MedicationStatement/s1-copy")


def test_copy_under_another_id_makes_no_second_course_and_no_rise() -> None:
    first = a_request(dosageInstruction=[a_dosage(25)])

    [course] = courses_of(first, {**first, "id": "r1-copy"})

    assert (read(course), course.rises, course.dose) == (("1 Apr 2026", None, True), (), mg("25"))


def test_withdrawn_entry_beside_a_good_one_changes_nothing() -> None:
    good = cramping().taking(THIAZIDE, before_onset(400))

    found = answer(good.taking(THIAZIDE, before_onset(10), status="entered-in-error", dose="50 mg"))

    assert [card.detail for card in found.cards] == [card.detail for card in answer(good).cards]


@pytest.mark.parametrize(
    "withdrawn",
    [
        a_statement(id="s9", status="entered-in-error", effectivePeriod={"start": before_onset(10)}),
        a_request(id="r9", status="cancelled", authoredOn=before_onset(10)),
        a_request(id="r9", status="draft", authoredOn=before_onset(10)),
    ],
    ids=lambda entry: str(entry["status"]),
)
def test_withdrawn_resource_beside_a_good_one_leaves_the_cards_as_they_are(withdrawn: FHIR) -> None:
    good = a_statement(effectivePeriod={"start": before_onset(400)})

    found = answer_to(CRAMPS, good, withdrawn)

    assert found.cards == answer_to(CRAMPS, good).cards


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (a_statement(status="recorded", effectivePeriod={"start": "2026-04-01"}), ("1 Apr 2026", None, True)),
        (
            a_statement(
                status="recorded",
                adherence={"code": {"coding": [{"code": "stopped"}]}},
                effectivePeriod={"start": "2026-04-01", "end": "2026-04-20"},
            ),
            ("1 Apr 2026", "20 Apr 2026", False),
        ),
        (
            a_statement(status="recorded", adherence={"code": {"coding": [{"code": "taking-as-directed"}]}}),
            (None, None, True),
        ),
        (a_request(status="ended"), ("1 Apr 2026", None, False)),
        (
            a_request(
                medicationCodeableConcept=None,
                medication={"concept": of_drug(THIAZIDE)},
                reason=[{"concept": {"text": "Hypertension"}}],
                dosageInstruction=[a_dosage(25, asNeeded=False)],
            ),
            ("1 Apr 2026", None, True),
        ),
    ],
    ids=["recorded", "adherence stopped", "adherence taking", "ended", "CodeableReference"],
)
def test_r5_shapes_and_status_words_are_those_of_r4(entry: FHIR, expected: Read) -> None:
    [course] = courses_of(entry)

    assert read(course) == expected


@pytest.mark.parametrize(
    "entry",
    [
        a_statement(status="recorded", adherence={"code": {"coding": [{"code": "not-taking"}]}}),
        a_statement(status="recorded", adherence={"code": {"coding": [{"code": "on-hold"}]}}),
        a_statement(status="draft"),
        a_statement(status="entered-in-error"),
    ],
)
def test_r5_statement_that_is_not_being_followed_is_no_exposure(entry: FHIR) -> None:
    assert courses_of(entry) == ()


def test_patient_who_says_she_is_not_taking_it_has_no_exposure() -> None:
    """R5's adherence, in the words of the record."""
    not_taking: dict[str, Any] = {"adherence": {"code": {"coding": [{"code": "not-taking"}]}}}
    patient = cramping().taking(THIAZIDE, before_onset(30), status="recorded", **not_taking)

    found = answer(patient)

    assert (found.cards, found.silence) == ((), "nothing-found")


def test_day_on_which_a_list_was_asserted_is_no_start() -> None:
    facts = facts_of(CRAMPS, a_statement(dateAsserted="2026-04-30"))

    [exposure] = facts.exposures["thiazide_diuretic"]

    assert [course.began for course in exposure.courses] == [None]


# --- a day on which it was taken ------------------------------------------------------------------------------


def test_moment_at_which_it_was_taken_is_no_start() -> None:
    patient = cramping().taking(THIAZIDE, effectiveDateTime=before_onset(30))

    found = answer(patient)

    assert (
        found.summary("D01") == "Night leg cramps began 30 days after hydrochlorothiazide was first recorded"
    )


@pytest.mark.parametrize("taken", ["2026-06-01", "2026-06-01T08:00:00+02:00"])
def test_day_of_the_asking_leaves_the_start_unknown(taken: str) -> None:
    [course] = courses_of(a_statement(effectiveDateTime=taken))

    assert (course.began, course.is_running) == (None, True)


def test_moment_before_the_asking_is_the_first_record() -> None:
    [course] = courses_of(a_statement(effectiveDateTime="2026-04-01"))

    assert (str(course.began), course.began_is_stated) == ("1 Apr 2026", False)


def test_list_asked_for_after_the_cramps_puts_no_drug_behind_them() -> None:
    patient = cramping().taking(THIAZIDE, effectiveDateTime="2026-06-01", dateAsserted="2026-06-01")

    found = answer(patient)

    assert found.place("D01") == ALSO
    assert "- **Hydrochlorothiazide** (thiazide-type), start date not recorded" in found.detail("D01")
