"""Signals: what appeared in one answer, in names of our own."""

import json
import re
from dataclasses import replace
from time import process_time
from typing import Any

import pytest

from cds_service.advise import Advice, advise
from cds_service.hooks import decode
from cds_service.signals import OPEN, RECORD, REPORT, UNAVAILABLE, signals, whole
from tests.findings_of import answer, site
from tests.patients import FHIR, TODAY, APatient, a_patient, days_before

_NAME = re.compile(r"[a-zA-Z0-9_-]+(:[a-zA-Z0-9 _./%{}-]+){0,2}")


def _signals(patient: APatient) -> frozenset[str]:
    return signals(answer(patient).advice)


def _sent(request: FHIR) -> frozenset[str]:
    return signals(advise(decode(json.dumps(request).encode(), "patient-view"), site(), TODAY))


def _beginning(names: frozenset[str], *beginnings: str) -> set[str]:
    return {each for each in names if each.startswith(beginnings)}


def _with(request: FHIR, **values: Any) -> FHIR:
    return {**request, "prefetch": {**request["prefetch"], **values}}


def test_an_answer_without_a_report_tells_what_its_record_holds() -> None:
    patient = a_patient().with_diagnosis("hypertension").prescribed("furosemide", days_before(30))

    found = _signals(patient)

    assert found == {
        *(OPEN, RECORD, "silence:no-report", "list:patient:given"),
        *("list:conditions:given", "size:conditions:1", "system:diagnosis:ICD-10-CM"),
        *("list:medicationRequests:given", "size:medicationRequests:1", "system:medicine:RxNorm"),
        *("dated:medicationRequests", "list:medicationStatements:empty", "list:labs:empty"),
        *("list:glucose:empty", "list:observations:empty", "list:serviceRequests:empty"),
    }


def test_an_answer_with_a_report_tells_what_was_recognised_and_which_rules_spoke() -> None:
    patient = a_patient().with_cramps().taking("furosemide", days_before(60), dose="40 mg")

    found = _signals(patient.with_result("potassium", "3.1 mmol/L").with_result("magnesium", "1.2 mg/dL"))

    assert {
        *(REPORT, "carrier:diagnosis", "rule:M1", "class:loop_diuretic", "by:medicine:code"),
        *("recognised:medicine", "recognised:result", "analyte:potassium", "analyte:potassium:mmol/L"),
        *("analyte:magnesium:mg/dL", "unit:mmol/L", "unit:mg/dL", "system:result:LOINC", "dated:labs"),
    } <= found
    assert not _beginning(found, "silence", "unused", "problem")


def test_a_result_that_can_not_be_used_tells_why() -> None:
    patient = a_patient().with_cramps().with_result("potassium", "4.1 foo").with_result("sodium", "140 ")

    found = _signals(patient)

    assert {"unused:potassium", "problem:unit-not-understood", "unit:not-understood", "unit:none"} <= found
    assert "analyte:potassium" not in found


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ({"resourceType": "Bundle", "type": "searchset", "entry": []}, "empty"),
        (None, "null"),
        ({"resourceType": "OperationOutcome", "issue": []}, "failed"),
    ],
)
def test_what_became_of_a_list_is_a_signal(value: FHIR | None, state: str) -> None:
    request = _with(a_patient().request(), labs=value)

    found = _sent(request)

    assert _beginning(found, "list:labs") == {f"list:labs:{state}"}


def test_a_list_that_did_not_come_or_goes_on_is_a_signal() -> None:
    patient = a_patient().with_result("potassium", "4.0 mmol/L")

    lacking = _signals(patient.lacking("labs"))
    paged = signals(answer(patient, cut_off=["labs"]).advice)

    assert "list:labs:absent" in lacking
    assert "list:labs:cut-off" in paged


@pytest.mark.parametrize(("count", "steps"), [(3, {1}), (4, {1, 4}), (63, {1, 4, 16}), (64, {1, 4, 16, 64})])
def test_the_length_of_a_list_is_told_in_steps(count: int, steps: set[int]) -> None:
    patient = a_patient()
    for place in range(count):
        patient = patient.with_result("potassium", "4.0 mmol/L", days_before(place))

    found = _signals(patient)

    assert _beginning(found, "size:labs") == {f"size:labs:{each}" for each in steps}


def test_codes_of_unknown_systems_and_words_alone_are_told_apart() -> None:
    codes: list[FHIR] = [
        {"coding": [{"system": "urn:example:own", "code": "a"}]},
        {"coding": [{"code": "b"}]},
        {"text": "Furosemide"},
        {"coding": [{"system": "http://snomed.info/sct|2026", "code": "1"}]},
    ]
    patient = a_patient()
    for code in codes:
        patient = patient.taking("furosemide", medicationCodeableConcept=code)

    found = _signals(patient)

    assert _beginning(found, "system:medicine") == {
        f"system:medicine:{each}" for each in ("other", "none", "text only", "SNOMED CT")
    }


def test_entries_that_can_not_be_read_are_told_by_type() -> None:
    patient = a_patient().having("labs", {"resourceType": "Observation", "id": "o", "code": "potassium"})

    found = _signals(patient)

    assert _beginning(found, "unread") == {"unread:Observation"}


def test_a_patient_without_a_birth_date_is_a_signal() -> None:
    assert "person:age-unknown" in _signals(a_patient().born(None))
    assert "person:age-unknown" not in _signals(a_patient())


def test_a_patient_who_looks_at_the_own_chart_is_no_record() -> None:
    found = _signals(a_patient().seen_by("Patient/p1"))

    assert found == {OPEN, "silence:patient-user"}


def test_what_the_service_itself_remembers_is_no_signal_of_a_feed() -> None:
    advice = replace(answer(a_patient().with_cramps()).advice, cards=(), silence="faded")

    found = signals(advice)

    assert not _beginning(found, "silence")


def test_no_word_of_the_caller_is_in_a_name() -> None:
    strange = "Zebra:\n\x00{}" + "z" * 300
    coding = {"system": strange, "code": strange, "display": strange}
    patient = (
        a_patient()
        .with_cramps()
        .having("labs", {"resourceType": strange, "id": strange})
        .having("labs", {"resourceType": "Observation", "id": strange, "status": strange, "code": strange})
        .taking("furosemide", strange, medicationCodeableConcept={"coding": [coding], "text": strange})
        .with_diagnosis("hypertension", code={"coding": [coding]})
        .with_result("potassium", "4.1 Zebra", code={"coding": [coding], "text": "Potassium"})
        .visited_for(f"leg cramps at night {strange}")
    )

    found = _sent(_with(patient.request(), zebra=None))

    assert not [each for each in found if "zebra" in each.casefold() or "zz" in each]
    assert [each for each in found if not _NAME.fullmatch(each) or len(each) > 96] == []


def test_the_order_of_entries_changes_no_signal() -> None:
    patient = a_patient().with_cramps().taking("furosemide").with_result("potassium", "3.1 mmol/L")
    patient = patient.with_result("potassium", "4.1 mEq/L", days_before(3)).with_diagnosis("hypertension")

    turned = _signals(replace(patient, resources=patient.resources[::-1]))

    assert turned == _signals(patient)


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        (RECORD, OPEN),
        ("silence:no-report", OPEN),
        ("unavailable", OPEN),
        ("list:labs:given", RECORD),
        ("carrier:diagnosis", RECORD),
        (REPORT, RECORD),
        ("rule:M1", REPORT),
        ("analyte:potassium:mmol/L", REPORT),
    ],
)
def test_every_signal_is_a_part_of_something(signal: str, expected: str) -> None:
    assert whole(signal) == expected


def test_a_signal_never_comes_without_what_it_is_a_part_of() -> None:
    patients = [a_patient(), a_patient().with_cramps(), a_patient().seen_by("Patient/p1")]

    every = [*map(_signals, patients), UNAVAILABLE]

    assert all(whole(each) in found for found in every for each in found if each != OPEN)


def test_signals_cost_a_small_part_of_an_answer() -> None:
    patient = a_patient().with_cramps()
    for place in range(250):
        patient = patient.with_result("potassium", f"4.{place % 10} mmol/L", days_before(place))
    request = decode(json.dumps(patient.request()).encode(), "patient-view")

    def best(work: Any) -> float:
        return min(_seconds(work) for _ in range(7))

    advice: Advice = advise(request, site(), TODAY)
    share = best(lambda: signals(advice)) / best(lambda: advise(request, site(), TODAY))

    assert share < 0.3


def _seconds(work: Any) -> float:
    began = process_time()
    for _ in range(3):
        work()
    return process_time() - began
