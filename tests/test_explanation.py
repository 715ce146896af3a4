"""Why an answer is as it is: the silence in words, the trace beside the picture, and the entries behind both."""

import json
from typing import Any, cast

import msgspec
import pytest

from cds_service.explanation import SILENCE
from cds_service.normalise import patient_record
from cds_service.recognition import named_otherwise
from cds_service.record import Concept
from cds_service.terminology import Match, ValueSets
from cds_service.trace import trace
from tests.explained import explained, explained_body, lane, mark, picture
from tests.findings_of import answer, site
from tests.patients import FHIR, APatient, a_patient, days_before, drug_coding

HOSTILE = '<img src=x onerror=alert(1)> [click](javascript:alert(1)) "</script>'
SUBJECT: FHIR = {"reference": "Patient/p1", "display": "Ada Example"}


def a_chain() -> APatient:
    return (
        a_patient()
        .with_cramps(days_before(30))
        .taking("furosemide", days_before(60), dose="40 mg")
        .with_result("potassium", "3.1 mmol/L", days_before(7))
    )


def entries(patient: APatient) -> dict[str, FHIR]:
    """The entries as a browser gets them."""
    made: dict[str, FHIR] = json.loads(msgspec.json.encode(explained(patient).entries))
    return made


# --- silence ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patient", "code"),
    [
        (a_patient(), "no-report"),
        (a_patient().lacking("observations"), "no-report-but-missing-lists"),
        (a_patient().with_cramps(abatementDateTime=days_before(9)), "resolved"),
        (a_patient().with_cramps(), "nothing-found"),
        (a_patient().with_cramps().born("2015-01-01"), "minor"),
        (a_patient().with_cramps().who(deceasedBoolean=True), "deceased"),
        (a_chain().seen_by("Patient/p1"), "patient-user"),
    ],
    ids=str,
)
def test_a_silence_is_told_in_words(patient: APatient, code: str) -> None:
    said = explained(patient)

    assert (said.silence, said.why) == (code, SILENCE[code])


def test_with_cards_there_is_no_silence_to_explain() -> None:
    said = explained(a_chain())

    assert (said.silence, said.why) == (None, "")


def test_the_trace_is_that_of_the_answer() -> None:
    said = explained(a_chain())

    assert said.trace == trace(answer(a_chain()).advice, site().knowledge)


def test_a_patient_who_asks_gets_no_more_than_the_reason() -> None:
    said = explained(a_chain().seen_by("Patient/p1"))

    assert (said.trace, said.timeline, said.entries) == ({}, None, {})


# --- the entries ------------------------------------------------------------------------------------------------


def test_every_entry_that_is_named_comes_as_it_was_sent_but_for_whose_it_is() -> None:
    patient = a_chain()

    shown = entries(patient)

    sent = {f"{each['resourceType']}/{each['id']}": each for _, each in patient.resources}
    assert shown == {
        name: {key: value for key, value in each.items() if key != "subject"} for name, each in sent.items()
    }


def test_an_entry_that_nothing_names_does_not_come() -> None:
    patient = a_chain().having(
        "conditions", {"resourceType": "Condition", "id": "toe", "code": {"text": "Ingrowing toenail"}}
    )

    assert "Condition/toe" not in entries(patient)


def test_entries_of_a_chart_without_a_report_come_too() -> None:
    assert set(entries(a_patient().with_result("potassium", "3.1 mmol/L"))) == {"Observation/ob1"}


def test_numbers_stay_as_they_were_written() -> None:
    body = json.dumps(a_chain().request())

    said = explained_body(body.replace('"value": 3.1,', '"value": 3.10,'))

    assert b'"value":3.10,' in msgspec.json.encode(said.entries)


def test_the_name_of_the_patient_is_in_nothing_that_comes() -> None:
    person: FHIR = {"resourceType": "Patient", "id": "p", "name": [{"family": "Example", "given": ["Ada"]}]}
    patient = (
        a_patient()
        .who(name=[{"family": "Example", "given": ["Ada"]}])
        .with_cramps(subject=SUBJECT, contained=[person])
        .with_result("potassium", "3.1 mmol/L", subject=SUBJECT, contained=[person])
    )

    said = msgspec.json.encode(explained(patient))

    assert b"Observation/ob1" in said
    assert b"Ada" not in said


def test_the_medicine_that_an_entry_refers_to_comes_with_it() -> None:
    medication: FHIR = {
        "resourceType": "Medication",
        "id": "m1",
        "code": {"coding": [drug_coding("furosemide")]},
    }
    patient = (
        a_patient()
        .with_cramps()
        .having("medicationRequests", medication)
        .taking(
            "furosemide",
            days_before(60),
            medicationCodeableConcept=None,
            medicationReference={"reference": "Medication/m1"},
        )
    )

    assert entries(patient)["Medication/m1"] == medication


def test_a_medicine_that_an_entry_contains_is_shown_within_it() -> None:
    medication: FHIR = {
        "resourceType": "Medication",
        "id": "inside",
        "code": {"coding": [drug_coding("furosemide")]},
    }
    patient = (
        a_patient()
        .with_cramps()
        .taking(
            "furosemide",
            days_before(60),
            medicationCodeableConcept=None,
            medicationReference={"reference": "#inside"},
            contained=[
                medication,
                {"resourceType": "Practitioner", "id": "dr", "name": [{"text": "Dr Who"}]},
            ],
        )
    )

    assert entries(patient)["MedicationStatement/ms1"]["contained"] == [medication]


def test_of_two_entries_under_one_name_always_the_same_one_is_shown() -> None:
    one, other = ("furosemide", days_before(60)), ("furosemide", days_before(50))

    def shown(*courses: tuple[str, str]) -> dict[str, FHIR]:
        patient = a_patient().with_cramps()
        for drug, since in courses:
            patient = patient.taking(drug, since, id="same")
        return entries(patient)

    assert shown(one, other) == shown(other, one)


# --- how long an answer may get -----------------------------------------------------------------------------------


def test_an_entry_that_nobody_could_read_on_a_screen_is_left_out_and_that_is_said() -> None:
    patient = a_chain().with_result("magnesium", "0.6 mmol/L", note=[{"text": "long " * 5_000}])

    shown = entries(patient)

    assert shown["Observation/ob2"] == {"resourceType": "Observation", "left_out": "longer than 20000 bytes"}
    assert shown["Observation/ob1"]["id"] == "ob1"


def test_an_answer_is_not_many_times_its_question_whatever_entries_are_called() -> None:
    patient = a_patient().with_cramps(days_before(30))
    for place in range(20):
        patient = patient.taking("furosemide", days_before(60 + place), id=f"{'i' * 20_000}{place}")

    said = explained(patient)

    answer = msgspec.json.encode(said)
    [drawn] = [each for each in said.timeline.lanes if each.kind == "drug"] if said.timeline else []
    named = {source for each in drawn.marks for source in each.sources}
    assert len(answer) < len(json.dumps(patient.request())) / 4
    assert len(named) == 20
    assert named <= set(said.entries)
    assert {
        source for each in said.trace["considered"] for fact in each["facts"] for source in fact["sources"]
    } <= set(said.entries)


class Counting:
    """Value sets that tell which texts alone were read for names of medicines."""

    def __init__(self, read: ValueSets) -> None:
        self._read = read
        self.texts: list[str | None] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._read, name)

    def drugs(self, concept: Concept, route: str = "") -> tuple[Match, ...]:
        self.texts += [] if concept.coding else [concept.text]
        return self._read.drugs(concept, route)


@pytest.mark.parametrize(
    ("wordings", "read"),
    [
        (["furosemide 40 mg", "furosemide tablet", "furosemide"], ["furosemide 40 mg"]),
        (["white tablet", "furosemide tablet", "furosemide"], ["furosemide tablet"]),
        (["white tablet", "round tablet"], []),
    ],
    ids=["the first one agrees", "one says nothing", "none says anything"],
)
def test_the_words_of_a_medicine_are_read_until_one_agrees_with_its_code(
    wordings: list[str], read: list[str]
) -> None:
    coding = {**drug_coding("furosemide"), "display": None}
    patient = a_patient().taking(
        "furosemide",
        medicationCodeableConcept={
            "coding": [coding, *({"display": text} for text in wordings[1:])],
            "text": wordings[0],
        },
    )
    supplied = answer(patient).advice.supplied
    assert supplied is not None
    [medicine] = patient_record(supplied).medicines
    counting = Counting(site().knowledge.value_sets)

    said = named_otherwise(medicine, cast(ValueSets, counting))

    assert (said, counting.texts) == ((), read)


def test_ids_of_the_length_that_fhir_allows_stay() -> None:
    longest = "i" * 64
    patient = a_patient().with_cramps().taking("furosemide", days_before(60), id=longest)

    assert f"MedicationStatement/{longest}" in entries(patient)


# --- hostile text -----------------------------------------------------------------------------------------------


def test_hostile_text_of_a_record_stays_text_of_an_entry_and_is_in_no_words_of_ours() -> None:
    code = {"coding": [drug_coding("furosemide")], "text": HOSTILE}
    patient = (
        a_patient()
        .with_cramps(note=[{"text": HOSTILE}])
        .taking("furosemide", days_before(60), medicationCodeableConcept=code)
        .with_result("potassium", "3.1 mmol/L", note=[{"text": HOSTILE}])
    )

    drawn = picture(patient)

    assert entries(patient)["MedicationStatement/ms1"]["medicationCodeableConcept"]["text"] == HOSTILE
    assert b"<img" not in msgspec.json.encode(drawn)
    assert mark(drawn, "drug:furosemide").says == f"furosemide, since {_said(60)}"
    assert lane(drawn, "result:potassium").unit == "mmol/L"


def _said(age: int) -> str:
    drawn = picture(a_patient().with_cramps(days_before(age)))
    assert drawn.onset is not None
    return drawn.onset.says.removeprefix("cramps from ")


def test_what_a_hostile_entry_holds_too_much_of_breaks_nothing() -> None:
    deep = json.loads("[" * 40 + "]" * 40)
    patient = a_chain().with_result(
        "magnesium", "0.6 mmol/L", note=deep, interpretation=None, contained="no list"
    )

    said = explained(patient)

    assert "Observation/ob2" in said.entries
    assert msgspec.json.decode(msgspec.json.encode(said))["entries"]["Observation/ob2"]["note"] == deep
