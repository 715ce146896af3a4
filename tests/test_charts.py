"""A file becomes the hook request of a client that sends the whole record: nothing lost, nothing of anybody else."""

import gzip
import json
import re
from typing import Any

import pytest

from cds_service import charts
from tests.patients import APatient, a_patient

JSON = dict[str, Any]
EMPTY = {"resourceType": "Bundle", "type": "searchset", "entry": []}
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1950-03-01"}
URN = "urn:uuid:0d2c6a52-8f0a-4b6e-9d5b-7e0e6f3f2a11"


def bundle(*resources: JSON, type_: str = "collection", **members: Any) -> JSON:
    return {
        "resourceType": "Bundle",
        "type": type_,
        "entry": [{"resource": resource} for resource in resources],
        **members,
    }


def everything(patient: APatient) -> list[JSON]:
    """The builder's patient as the plain resources of a file."""
    return [patient.patient, *(resource for _, resource in patient.resources)]


def request_of(content: Any) -> JSON:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    made: JSON = json.loads(charts.read(text).body)
    return made


def notes_of(content: JSON) -> tuple[str, ...]:
    return charts.read(json.dumps(content).encode()).notes


def listed(request: JSON, key: str) -> list[JSON]:
    return [entry["resource"] for entry in request["prefetch"][key]["entry"]]


@pytest.mark.parametrize("type_", ["collection", "document", "transaction", "searchset", "message"])
def test_entries_go_to_the_key_of_their_type_whatever_the_bundle(type_: str) -> None:
    patient = a_patient().with_cramps().taking("furosemide").prescribed("simvastatin")
    patient = patient.with_result("potassium", "3.1 mmol/L")
    order = {"resourceType": "ServiceRequest", "id": "s1", "status": "active"}
    composition = {"resourceType": "Composition", "id": "c1", "status": "final"}

    request = request_of(bundle(*everything(patient), order, composition, type_=type_))

    assert request["context"] == {"userId": "Practitioner/check", "patientId": "p1"}
    assert request["prefetch"] == {
        "patient": patient.patient,
        **{
            key: {**EMPTY, "entry": [{"resource": each} for under, each in patient.resources if under == key]}
            for key in ("conditions", "medicationStatements", "medicationRequests", "labs")
        },
        "glucose": EMPTY,
        "observations": EMPTY,
        "serviceRequests": {**EMPTY, "entry": [{"resource": order}]},
    }


def test_the_file_is_the_whole_record_so_that_every_key_is_there() -> None:
    request = request_of(PATIENT)

    empty = {key: value for key, value in request["prefetch"].items() if key != "patient"}
    assert set(empty) == {
        "conditions",
        "medicationStatements",
        "medicationRequests",
        "labs",
        "glucose",
        "observations",
        "serviceRequests",
    }
    assert all(value == EMPTY for value in empty.values())


def test_a_full_url_stays_with_its_entry() -> None:
    medication = {"fullUrl": URN, "resource": {"resourceType": "Medication", "code": {"text": "furosemide"}}}
    made = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, medication]}

    request = request_of(made)

    assert request["prefetch"]["medicationRequests"]["entry"] == [medication]


def test_numbers_stay_as_they_were_written() -> None:
    text = b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "p1"}}, '
    text += b'{"resource": {"resourceType": "Observation", "valueQuantity": {"value": 3.50}}}]}'

    body = charts.read(text).body

    assert b'"value": 3.50' in body


def test_bundles_within_parameters_and_bundles_are_opened() -> None:
    condition = {"resourceType": "Condition", "id": "c1"}
    inner = {"resourceType": "Parameters", "parameter": [{"part": [{"resource": bundle(condition)}]}]}

    request = request_of({"resourceType": "Parameters", "parameter": [{"resource": bundle(PATIENT, inner)}]})

    assert listed(request, "conditions") == [condition]


def test_gzip_is_known_by_its_first_bytes() -> None:
    plain = json.dumps(bundle(PATIENT)).encode()

    assert charts.read(gzip.compress(plain, mtime=0)) == charts.read(plain)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    plain = json.dumps(bundle(PATIENT)).encode()

    assert charts.read(b"\xef\xbb\xbf" + plain) == charts.read(plain)


def test_ndjson_holds_a_resource_a_line_and_its_broken_lines_are_passed_on() -> None:
    condition = {"resourceType": "Condition", "id": "c1"}
    lines = [json.dumps(PATIENT), "", json.dumps(condition), '{"resourceType": "Observ']

    request = request_of("\n".join(lines).encode())

    assert listed(request, "conditions") == [condition]
    assert request["prefetch"]["unreadable"]["entry"] == [{}]


def test_a_hook_request_is_taken_as_it_is() -> None:
    text = json.dumps(a_patient().with_cramps().request()).encode()

    assert charts.read(text) == charts.Chart(text)


def test_an_empty_bundle_has_lost_nothing() -> None:
    made = {"resourceType": "Parameters", "parameter": [{"resource": PATIENT}, {"resource": bundle()}]}

    assert "unreadable" not in request_of(made)["prefetch"]


def test_a_bundle_whose_entries_are_no_list_has_lost_something() -> None:
    broken = {"resourceType": "Bundle", "entry": "many"}

    request = request_of(
        {"resourceType": "Parameters", "parameter": [{"resource": PATIENT}, {"resource": broken}]}
    )

    assert request["prefetch"]["unreadable"]["entry"] == [{}]


def test_entries_without_a_readable_type_are_passed_on_to_be_counted() -> None:
    made = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}, {"resource": {"id": "x"}}, 5, {}]}

    request = request_of(made)

    assert request["prefetch"]["unreadable"]["entry"] == [{"resource": {"id": "x"}}, {}, {}]


def test_an_entry_that_only_deletes_is_no_loss() -> None:
    delete = {"request": {"method": "DELETE", "url": "Condition/c1"}}

    request = request_of({"resourceType": "Bundle", "entry": [{"resource": PATIENT}, delete]})

    assert "unreadable" not in request["prefetch"]


def test_a_search_page_that_goes_on_elsewhere_leaves_every_list_open() -> None:
    link = [{"relation": "self", "url": "a"}, {"relation": "next", "url": "https://ehr.example/next"}]

    request = request_of(bundle(PATIENT, type_="searchset", link=link))

    relations = [
        value["link"][0]["relation"] for key, value in request["prefetch"].items() if key != "patient"
    ]
    assert relations == ["next"] * 7


# --- whose record it is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("full_url", "expected"),
    [(URN, URN.rpartition(":")[2]), ("https://ehr.example/Patient/77", "77"), (None, "9")],
)
def test_a_patient_without_an_id_is_called_by_url_or_by_its_entries(
    full_url: str | None, expected: str
) -> None:
    patient = {"resource": {"resourceType": "Patient"}, **({"fullUrl": full_url} if full_url else {})}
    named = {"resource": {"resourceType": "Condition", "subject": {"reference": "Patient/9"}}}

    request = request_of({"resourceType": "Bundle", "entry": [patient, *([] if full_url else [named])]})

    assert request["context"]["patientId"] == expected


def test_of_several_patients_the_first_is_read_with_their_own_entries() -> None:
    def condition(name: str, subject: str) -> JSON:
        return {"resourceType": "Condition", "id": name, "subject": {"reference": subject}}

    other = {"fullUrl": URN, "resource": {"resourceType": "Patient", "id": "p2"}}
    mine = [condition("c1", "Patient/p1"), condition("c2", "https://ehr.example/Patient/p1/_history/2")]
    theirs = [condition("c3", "Patient/p2"), condition("c4", URN)]
    entries = [{"resource": PATIENT}, other, *({"resource": each} for each in (*theirs, *mine))]
    made = {"resourceType": "Bundle", "entry": entries}

    request = request_of(made)

    assert listed(request, "conditions") == mine
    assert notes_of(made) == (
        "holds 2 Patients: only the first is checked, 2 entries about others left out; give each patient a file",
    )


def test_the_same_patient_twice_is_one_patient() -> None:
    made = bundle(PATIENT, {**PATIENT, "gender": "female"})

    assert notes_of(made) == ()


def test_entries_about_a_patient_who_is_not_in_the_file_are_left_out_and_told() -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p2"}}

    made = bundle(PATIENT, condition)

    assert listed(request_of(made), "conditions") == []
    assert notes_of(made) == ("1 entry about a patient who is not in the file left out",)


def test_an_operation_outcome_in_the_file_is_told() -> None:
    made = bundle(PATIENT, {"resourceType": "OperationOutcome", "issue": []})

    assert notes_of(made) == ("holds an OperationOutcome: part of the record may be missing",)


# --- what can't be read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (b"{", "is no JSON: Input data was truncated"),
        (b"# Readme", "is no JSON: invalid character (byte 0)"),
        (b"5", "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request"),
        (b"[]", "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request"),
        (b'{"name": "x"}', "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request"),
        (
            b'{"resourceType": 5}',
            "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request",
        ),
        (b'{"a": 1}\n{"b": 2}', "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request"),
        (b'{"resourceType": "Condition"}', "holds no Patient"),
        (b'{"resourceType": "Bundle"}', "holds no Patient"),
        (gzip.compress(b"{}", mtime=0)[:-4], "is damaged: the gzip data can't be unpacked"),
        (b"\x1f\x8bnothing of the kind", "is damaged: the gzip data can't be unpacked"),
        (b'{"resourceType": "Bundle", "entry": ' + b"[" * 100_000, "is nested too deep"),
    ],
)
def test_a_file_that_is_no_record_is_refused_with_the_reason(content: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        charts.read(content)
