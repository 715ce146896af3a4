"""What was supplied: six states of a key, every entry once, nobody else's data."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.fhir import KEYS, SEARCH_FAILED, gather
from cds_service.record import Supply, Unread
from cds_service.resources import Supplied
from cds_service.salvage import NO_RESOURCE
from tests.test_hooks import CONDITION, PATIENT, a_bundle, a_call, read

OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
POTASSIUM = {"resourceType": "Observation", "id": "k1", "subject": {"reference": "Patient/p1"}}
REQUIRED: dict[str, Any] = {"patient": PATIENT, "conditions": None, "medicationRequests": None}
LEFT_OUT = object()


def supplied(**prefetch: Any) -> Supplied:
    """What is gathered from the required keys, changed."""
    values = {key: value for key, value in (REQUIRED | prefetch).items() if value is not LEFT_OUT}
    return gather(read(a_call(prefetch=values)))


def sources(of: Supplied) -> list[str]:
    return [given.source for given in of.given if given.key != "patient"]


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (LEFT_OUT, Supply.ABSENT),
        (None, Supply.NOTHING),
        (OUTCOME, Supply.FAILED),
        (a_bundle(), Supply.EMPTY),
        ({"resourceType": "Bundle", "total": 0}, Supply.EMPTY),
        (a_bundle(POTASSIUM), Supply.GIVEN),
        (POTASSIUM, Supply.GIVEN),
        (a_bundle(POTASSIUM) | {"link": [{"relation": "next", "url": "x"}]}, Supply.PAGED),
        (a_bundle(POTASSIUM) | {"link": [{"relation": "self", "url": "x"}]}, Supply.GIVEN),
        (a_bundle() | {"link": [{"relation": "next", "url": "x"}]}, Supply.PAGED),
        ({"resourceType": "Bundle", "total": 3}, Supply.FAILED),
        (a_bundle(OUTCOME), Supply.FAILED),
        (a_bundle({"resourceType": "OperationOutcome"}), Supply.FAILED),
        (
            a_bundle({"resourceType": "OperationOutcome", "issue": [{"severity": "information"}]}),
            Supply.EMPTY,
        ),
        ({"resourceType": "Bundle", "entry": 5}, Supply.FAILED),
        (a_bundle({"resourceType": "Observation", "status": 5}), Supply.GIVEN),
    ],
)
def test_what_became_of_a_key(value: Any, state: Supply) -> None:
    of = supplied(labs=value)

    assert of.supply["labs"] is state
    assert set(of.supply) == set(KEYS)


def test_a_failed_search_with_results_is_given_and_told() -> None:
    of = supplied(labs=a_bundle(POTASSIUM, OUTCOME))

    assert of.supply["labs"] is Supply.GIVEN
    assert of.unread == (Unread("labs", "OperationOutcome", "OperationOutcome[1]", SEARCH_FAILED),)


def test_a_warning_beside_results_is_nothing_to_tell() -> None:
    warning = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning"}]}

    of = supplied(labs=a_bundle(POTASSIUM, warning))

    assert (of.unread, sources(of)) == ((), ["Observation/k1"])


def test_an_entry_without_a_resource_is_told() -> None:
    of = supplied(labs={"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:7"}, {"resource": {}}]})

    assert of.unread == (
        Unread("labs", "", "urn:uuid:7", NO_RESOURCE),
        Unread("labs", "", "Resource[1]", NO_RESOURCE),
    )


@pytest.mark.parametrize("kind", [None, ""])
def test_a_resource_that_tells_no_type_is_none(kind: Any) -> None:
    untyped = {"fullUrl": "urn:uuid:7", "resource": {"resourceType": kind, "id": "k2"}}
    bundle = a_bundle(POTASSIUM)
    bundle["entry"].append(untyped)

    of = supplied(labs=bundle)

    assert (sources(of), of.unread) == (["Observation/k1"], (Unread("labs", "", "urn:uuid:7", NO_RESOURCE),))


@pytest.mark.parametrize("entry", [{}, {"resource": {}}, {"resource": a_bundle()}])
def test_of_entries_that_hold_nothing_some_are_told(entry: Any) -> None:
    many = {"resourceType": "Bundle", "entry": [*[entry] * 1500, {"resource": POTASSIUM}]}

    of = supplied(labs=many, observations=many)

    assert [sum(each.key == key for each in of.unread) for key in ("labs", "observations")] == [1000, 1000]
    assert sources(of) == ["Observation/k1"]


def test_the_same_resource_alone_and_in_a_list_is_one() -> None:
    of = supplied(labs=POTASSIUM, observations=a_bundle(POTASSIUM))

    assert sources(of) == ["Observation/k1"]


def test_an_entry_is_named_by_id_then_full_url_then_place() -> None:
    bare = {"resourceType": "Observation"}
    entries = [
        {"fullUrl": "https://ehr.example/Observation/k1", "resource": POTASSIUM},
        {"fullUrl": "urn:uuid:7", "resource": bare},
        {"resource": bare},
    ]

    of = supplied(labs={"resourceType": "Bundle", "entry": entries})

    assert sources(of) == ["Observation/k1", "urn:uuid:7", "Observation[2]"]


def test_places_count_what_could_not_be_read() -> None:
    broken = {"resourceType": "Observation", "status": 5}

    of = supplied(labs=a_bundle(broken, {"resourceType": "Observation"}))

    assert sources(of) == ["Observation[1]"]
    assert [lost.source for lost in of.unread] == ["Observation[0]"]


def test_a_bundle_inside_a_bundle_is_not_followed() -> None:
    assert sources(supplied(labs=a_bundle(a_bundle(POTASSIUM)))) == []


def test_keys_that_we_did_not_ask_for_are_read() -> None:
    of = supplied(kaliumwerte=a_bundle(POTASSIUM))

    assert sources(of) == ["Observation/k1"]
    assert "kaliumwerte" not in of.supply


@pytest.mark.parametrize("resource", [POTASSIUM, {"resourceType": "Observation", "status": "final"}])
def test_the_same_entry_twice_is_one(resource: dict[str, Any]) -> None:
    once = supplied(labs=a_bundle(resource))

    twice = supplied(labs=a_bundle(resource, resource), observations=a_bundle(resource))

    assert twice.given == once.given


def test_two_versions_of_an_entry_are_two() -> None:
    of = supplied(labs=a_bundle(POTASSIUM, POTASSIUM | {"status": "final"}, POTASSIUM | {"status": "final"}))

    assert sources(of) == ["Observation/k1", "Observation/k1"]


@given(st.permutations(["patient", "conditions", "medicationRequests", "labs", "more"]))
def test_the_order_of_keys_never_matters(keys: list[str]) -> None:
    bundle = a_bundle(POTASSIUM)
    prefetch = {**REQUIRED, "labs": bundle, "more": bundle}
    expected = gather(read(a_call(prefetch=prefetch)))

    shuffled = gather(read(a_call(prefetch={key: prefetch[key] for key in keys})))

    assert shuffled == expected


@pytest.mark.parametrize(
    "patient", [LEFT_OUT, None, OUTCOME, a_bundle(), CONDITION, PATIENT | {"birthDate": 5}]
)
def test_without_the_patient_there_is_no_answer(patient: Any) -> None:
    with pytest.raises(DataUnavailable, match=r"^prefetch\.patient: "):
        supplied(patient=patient)


@pytest.mark.parametrize("patient", [PATIENT, a_bundle(PATIENT), {"resourceType": "Patient"}])
def test_the_patient_may_come_alone_or_in_a_bundle(patient: Any) -> None:
    kinds = [given.resource.resource_type for given in supplied(patient=patient).given]

    assert kinds == ["Patient"]


@pytest.mark.parametrize("conditions", [LEFT_OUT, OUTCOME, {"resourceType": "Bundle", "entry": 5}])
def test_without_known_conditions_there_is_no_answer(conditions: Any) -> None:
    with pytest.raises(DataUnavailable, match=r"^prefetch\.conditions: "):
        supplied(conditions=conditions)


@pytest.mark.parametrize("statements", [LEFT_OUT, OUTCOME])
def test_without_either_medication_list_there_is_no_answer(statements: Any) -> None:
    with pytest.raises(DataUnavailable, match=r"medicationStatements.*medicationRequests"):
        supplied(medicationStatements=statements, medicationRequests=OUTCOME)


@pytest.mark.parametrize("known", [None, a_bundle(), a_bundle({"resourceType": "MedicationStatement"})])
def test_one_medication_list_is_enough(known: Any) -> None:
    of = supplied(medicationRequests=LEFT_OUT, medicationStatements=known)

    assert of.supply["medicationRequests"] is Supply.ABSENT


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patient", "id": "p2"},
        POTASSIUM | {"subject": {"reference": "Patient/p2"}},
        POTASSIUM | {"subject": {"reference": "Patient/p2/_history/3"}},
        POTASSIUM | {"subject": {"reference": "https://ehr.example/fhir/Patient/p2"}},
        {"resourceType": "Encounter", "subject": {"reference": "Patient/p2"}},
    ],
)
def test_data_about_another_patient_is_refused(resource: Any) -> None:
    with pytest.raises(RequestInvalid) as caught:
        supplied(labs=a_bundle(POTASSIUM, resource))

    assert caught.value.member == "prefetch.labs"
    assert "p2" not in str(caught.value)


@pytest.mark.parametrize(
    "subject",
    [
        None,
        {},
        {"reference": "Patient/p1"},
        {"reference": "Patient/p1/_history/3"},
        {"reference": "https://ehr.example/fhir/Patient/p1"},
        {"reference": "urn:uuid:0b5ad1c6-4b0a-4b9b-8b1c-6a3b0f0a7f11"},
        {"reference": "#patient"},
        {"reference": ""},
        {"display": "Mrs Example"},
    ],
)
def test_a_subject_that_is_or_may_be_the_patient_is_taken(subject: Any) -> None:
    assert sources(supplied(labs=POTASSIUM | {"subject": subject})) == ["Observation/k1"]


@pytest.mark.parametrize("subject", ["Group/g1", "https://ehr.example/fhir/Group/g1", "Device/d1"])
def test_what_is_about_a_group_or_a_device_is_dropped(subject: str) -> None:
    of = supplied(labs=POTASSIUM | {"subject": {"reference": subject}})

    assert (sources(of), of.unread) == ([], ())


def test_a_resource_that_no_advice_rests_on_is_not_judged() -> None:
    of = supplied(more={"resourceType": "Goal", "id": "g", "subject": {"reference": "Patient/p2"}})

    assert sources(of) == ["Goal/g"]


def test_many_entries_of_one_name_are_told_apart_in_good_time() -> None:
    entries = [POTASSIUM | {"effectiveDateTime": str(number)} for number in range(20_000)]

    of = gather(read(json.loads(json.dumps(a_call(prefetch=REQUIRED | {"labs": a_bundle(*entries)})))))

    assert len(sources(of)) == 20_000
