"""The wire: what is accepted, what is refused and by which name, what is lost when something is broken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service import hooks
from cds_service.errors import RequestInvalid
from cds_service.hooks import Action, Card, HookRequest, Source, Suggestion, decode
from cds_service.record import Unread
from cds_service.resources import Bundle, Entry
from cds_service.salvage import LOST, NOT_TEXT, WRONG_TYPE

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1950-03-04"}
CODE = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G47.62"}]}
CONDITION = {"resourceType": "Condition", "id": "c1", "code": CODE}

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def a_call(**changes: Any) -> dict[str, Any]:
    """A hook request that is in order; a change to None leaves the member out."""
    call = {
        "hook": "patient-view",
        "hookInstance": INSTANCE,
        "context": {"userId": "Practitioner/1", "patientId": "p1"},
        **changes,
    }
    return {member: value for member, value in call.items() if value is not None}


def a_bundle(*resources: Any) -> dict[str, Any]:
    entry = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entry}


def a_signing(drafts: Any, **changes: Any) -> dict[str, Any]:
    """A call of order-sign; *drafts* is its member draftOrders as sent, None left out."""
    context = {"userId": "Practitioner/1", "patientId": "p1", "draftOrders": drafts}
    sent = {member: value for member, value in context.items() if value is not None}
    return a_call(hook="order-sign", context=sent, **changes)


def signing(call: Any) -> HookRequest:
    return decode(call if isinstance(call, bytes) else json.dumps(call).encode(), "order-sign")


def read(call: Any) -> HookRequest:
    return decode(json.dumps(call).encode(), "patient-view")


def entries_of(request: HookRequest, key: str) -> tuple[Entry, ...]:
    """The entries of a list that was sent."""
    bundle = request.prefetch[key]
    assert isinstance(bundle, Bundle)
    return bundle.entry or ()


def refused(call: Any) -> str:
    """The member that is named when *call* is refused."""
    with pytest.raises(RequestInvalid) as caught:
        decode(call if isinstance(call, bytes) else json.dumps(call).encode(), "patient-view")
    return caught.value.member


def test_a_call_in_order_is_read() -> None:
    call = a_call(
        context={"userId": "PractitionerRole/9", "patientId": "p1", "encounterId": "e1"},
        fhirServer="https://ehr.example/fhir",
        fhirAuthorization={"access_token": "x"},
        prefetch={"patient": PATIENT, "conditions": None},
    )

    request = read(call)

    assert (request.hook_instance, request.user, request.patient_id) == (INSTANCE, "PractitionerRole/9", "p1")
    assert (request.encounter_id, request.fhir_server) == ("e1", "https://ehr.example/fhir")
    assert set(request.prefetch) == {"patient", "conditions"}
    assert request.prefetch["conditions"] is None
    assert request.unread == ()


@pytest.mark.parametrize("prefetch", [None, {}], ids=["absent", "empty"])
def test_no_prefetch_is_no_error(prefetch: Any) -> None:
    request = read(a_call(prefetch=prefetch))

    assert dict(request.prefetch) == {}


def test_a_null_prefetch_is_an_empty_one() -> None:
    request = read(a_call() | {"prefetch": None})

    assert dict(request.prefetch) == {}


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1"])
def test_a_patient_or_relative_is_told_from_a_clinician(user: str) -> None:
    request = read(a_call(context={"userId": user, "patientId": "p1"}))

    assert request.user_is_patient


def test_a_clinician_is_no_patient() -> None:
    assert not read(a_call()).user_is_patient


@pytest.mark.parametrize(
    ("call", "member"),
    [
        (a_call(hook=None), "hook"),
        (a_call(hook=5), "hook"),
        (a_call(hook="order-select"), "hook"),
        (a_call(hookInstance=None), "hookInstance"),
        (a_call(hookInstance="7"), "hookInstance"),
        (a_call(hookInstance=["x"]), "hookInstance"),
        (a_call(hookInstance="{" + INSTANCE + "}"), "hookInstance"),
        (a_call(context=None), "context"),
        (a_call(context=[]), "context"),
        (a_call(context="p1"), "context"),
        (a_call(context={}), "context.userId"),
        (a_call(context={"patientId": "p1"}), "context.userId"),
        (a_call(context={"userId": "1", "patientId": "p1"}), "context.userId"),
        (a_call(context={"userId": "Device/1", "patientId": "p1"}), "context.userId"),
        (a_call(context={"userId": "Practitioner/", "patientId": "p1"}), "context.userId"),
        (a_call(context={"userId": 1, "patientId": "p1"}), "context.userId"),
        (a_call(context={"userId": "Practitioner/1"}), "context.patientId"),
        (a_call(context={"userId": "Practitioner/1", "patientId": None}), "context.patientId"),
        (a_call(context={"userId": "Practitioner/1", "patientId": ""}), "context.patientId"),
        (a_call(context={"userId": "Practitioner/1", "patientId": "Patient/p1"}), "context.patientId"),
        (a_call(context={"userId": "Practitioner/1", "patientId": "p" * 256}), "context.patientId"),
        (
            a_call(context={"userId": "Practitioner/1", "patientId": "p1", "encounterId": 5}),
            "context.encounterId",
        ),
        (a_call(fhirServer="ehr.example"), "fhirServer"),
        (a_call(fhirServer="ftp://ehr.example/fhir"), "fhirServer"),
        (a_call(fhirServer="https://"), "fhirServer"),
        (a_call(fhirServer=7), "fhirServer"),
        (a_call(fhirAuthorization={"access_token": "x"}), "fhirServer"),
        (a_call(fhirServer="https://ehr.example", fhirAuthorization="x"), "fhirAuthorization"),
        (a_call(prefetch=[]), "prefetch"),
        (a_call(prefetch="x"), "prefetch"),
        (a_call(prefetch={"conditions": []}), "prefetch.conditions"),
        (a_call(prefetch={"conditions": "x"}), "prefetch.conditions"),
        (a_call(prefetch={"conditions": {}}), "prefetch.conditions"),
        (a_call(prefetch={"conditions": {"resourceType": 5}}), "prefetch.conditions"),
        (a_call(prefetch={"conditions": {"resourceType": ""}}), "prefetch.conditions"),
        ([], "body"),
        ("text", "body"),
        (None, "body"),
        (b"", "body"),
        (b"{", "body"),
        (b"\xff\xfe{}", "body"),
        (b'{"a":NaN}', "body"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body"),
        (b"[" * 5_000_000, "body"),
    ],
)
def test_what_is_wrong_is_named(call: Any, member: str) -> None:
    assert refused(call) == member


def test_a_message_never_repeats_a_value() -> None:
    call = a_call(context={"userId": "canary", "patientId": "canary/canary"}, prefetch={"x": "canary"})

    with pytest.raises(RequestInvalid) as caught:
        read(call)

    assert "canary" not in str(caught.value)


def test_a_key_that_may_be_an_identifier_is_not_repeated() -> None:
    assert "Smith" not in refused(a_call(prefetch={"Smith, John 1950-03-04": "x"}))


def test_null_for_a_member_that_may_be_left_out_is_tolerated() -> None:
    context = {"userId": "Practitioner/1", "patientId": "p1", "encounterId": None}

    request = read(a_call(context=context) | {"fhirServer": None, "fhirAuthorization": None})

    assert (request.encounter_id, request.fhir_server) == (None, None)


@pytest.mark.parametrize("value", [5, "x", [], [1], {}, {"a": {}}, True, None])
def test_members_we_do_not_read_may_be_anything(value: Any) -> None:
    patient = PATIENT | {"extension": value, "contact": value, "meta": value, "text": value}
    bundle = a_bundle(CONDITION | {"extension": value, "severity": value}) | {
        "extension": value,
        "meta": value,
    }
    context = {"userId": "Practitioner/1", "patientId": "p1", "extension": value, "more": value}

    request = read(
        a_call(context=context, prefetch={"patient": patient, "conditions": bundle})
        | {"extension": value, "unknown": value}
    )

    assert request.unread == ()
    assert set(request.prefetch) == {"patient", "conditions"}


def test_only_the_broken_entry_is_lost() -> None:
    bundle = a_bundle(CONDITION, CONDITION | {"id": "c2", "recordedDate": 5}, CONDITION | {"id": "c3"})

    request = read(a_call(prefetch={"conditions": bundle}))

    entries = entries_of(request, "conditions")
    assert [entry.resource and entry.resource.id for entry in entries] == ["c1", None, "c3"]
    assert entries[1] is LOST
    assert request.unread == (Unread("conditions", "Condition", "Condition/c2", WRONG_TYPE),)


@pytest.mark.parametrize(
    ("entry", "unread"),
    [
        (None, Unread("labs", "", "Resource[1]", WRONG_TYPE)),
        ([], Unread("labs", "", "Resource[1]", WRONG_TYPE)),
        ({"resource": 5}, Unread("labs", "", "Resource[1]", WRONG_TYPE)),
        ({"resource": {"resourceType": 5}}, Unread("labs", "", "Resource[1]", WRONG_TYPE)),
        (
            {"resource": {"resourceType": "Observation", "id": 7}},
            Unread("labs", "Observation", "Observation[1]", WRONG_TYPE),
        ),
        (
            {"resource": {"resourceType": "Observation", "status": []}},
            Unread("labs", "Observation", "Observation[1]", WRONG_TYPE),
        ),
        (
            {"resource": {"resourceType": "Observation", "id": "o"}, "fullUrl": 5},
            Unread("labs", "Observation", "Observation/o", WRONG_TYPE),
        ),
    ],
)
def test_a_broken_entry_is_named_by_what_can_still_be_told(entry: Any, unread: Unread) -> None:
    bundle = a_bundle(CONDITION)
    bundle["entry"].append(entry)

    request = read(a_call(prefetch={"labs": bundle}))

    assert request.unread == (unread,)


def test_a_broken_resource_of_a_type_that_no_advice_rests_on_is_no_loss() -> None:
    goal = {"resourceType": "Goal", "id": "g", "status": 5}

    request = read(a_call(prefetch={"conditions": a_bundle(goal, CONDITION), "goal": goal}))

    assert request.unread == ()
    assert set(request.prefetch) == {"conditions", "goal"}


@pytest.mark.parametrize("kind", ["Provenance", "SomethingNew"])
def test_any_number_of_resources_of_other_types_is_no_loss(kind: str) -> None:
    other = {"resourceType": kind, "id": "x"}

    request = read(a_call(prefetch={"conditions": a_bundle(*[other] * 1500, CONDITION), "more": other}))

    entries = entries_of(request, "conditions")
    assert (len(entries), request.unread, set(request.prefetch)) == (1501, (), {"conditions", "more"})
    assert entries[-1].resource
    assert entries[-1].resource.id == "c1"


def test_a_member_of_another_type_is_not_read() -> None:
    foreign = CONDITION | {"valueQuantity": "x", "dosage": 5, "link": "x"}

    request = read(a_call(prefetch={"conditions": a_bundle(foreign)}))

    assert request.unread == ()


def test_a_resource_of_two_types_is_counted_as_the_last() -> None:
    twice = b'{"resourceType": "Goal", "id": "g", "resourceType": "Condition"}'
    body = json.dumps(a_call(prefetch={"conditions": a_bundle("TWICE", CONDITION)})).encode()

    request = decode(body.replace(b'"TWICE"', twice), "patient-view")

    assert request.unread == (Unread("conditions", "Condition", "Condition/g", WRONG_TYPE),)


@pytest.mark.parametrize("value", [5, "x", [], {}, {"resourceType": None}, {"resourceType": 5}, {"id": "c1"}])
def test_a_value_that_is_no_resource_is_refused(value: Any) -> None:
    with pytest.raises(RequestInvalid) as caught:
        read(a_call(prefetch={"patient": PATIENT, "labs": value}))

    assert str(caught.value) == (
        "prefetch.labs: is not a FHIR resource; "
        "send a FHIR resource with its resourceType, null, or leave the key out"
    )


def test_a_broken_single_resource_is_left_out_and_counted() -> None:
    request = read(a_call(prefetch={"patient": PATIENT | {"birthDate": 5}, "conditions": None}))

    assert set(request.prefetch) == {"conditions"}
    assert request.unread == (Unread("patient", "Patient", "Patient/p1", WRONG_TYPE),)


def test_a_bundle_whose_entries_are_no_list_is_left_out_and_counted() -> None:
    request = read(a_call(prefetch={"labs": {"resourceType": "Bundle", "entry": {}}}))

    assert (dict(request.prefetch), request.unread) == (
        {},
        (Unread("labs", "Bundle", "Bundle[0]", WRONG_TYPE),),
    )


def test_links_that_can_not_be_read_may_lead_on() -> None:
    request = read(a_call(prefetch={"labs": a_bundle(CONDITION) | {"link": "x"}}))

    labs = request.prefetch["labs"]
    assert isinstance(labs, Bundle)
    assert [link.relation for link in labs.link or ()] == ["next"]


@pytest.mark.parametrize("damage", [b"\\ud800", b"\\uDC00", b"\\ud800\\ud800", b"\xff", b"\xed\xa0\x80"])
def test_a_damaged_text_that_we_read_loses_its_entry_only(damage: bytes) -> None:
    damaged = CONDITION | {"id": "c2", "code": {"text": "DAMAGE"}}
    whole = CONDITION | {"id": "c3", "code": {"text": 'Wadenkrämpfe 😀 "\\ud800"'}}
    body = json.dumps(a_call(prefetch={"conditions": a_bundle(damaged, whole)})).encode()

    request = decode(body.replace(b"DAMAGE", damage), "patient-view")

    entries = entries_of(request, "conditions")
    assert entries[0] is LOST
    assert entries[1].resource
    assert entries[1].resource.code
    assert entries[1].resource.code.text == whole["code"]["text"]  # type: ignore[index]  # written above
    assert request.unread == (Unread("conditions", "Condition", "Condition/c2", NOT_TEXT),)


@pytest.mark.parametrize("damage", [b"\\ud800", b"\xff"])
def test_a_damaged_text_that_we_do_not_read_loses_nothing(damage: bytes) -> None:
    bundle = a_bundle(CONDITION | {"text": {"div": "DAMAGE"}})
    body = json.dumps(a_call(prefetch={"conditions": bundle}, unknown="DAMAGE")).encode()

    request = decode(body.replace(b"DAMAGE", damage), "patient-view")

    assert request.unread == ()
    assert [entry.resource and entry.resource.id for entry in entries_of(request, "conditions")] == ["c1"]


def test_text_outside_ascii_is_read() -> None:
    body = json.dumps(a_call(prefetch={"patient": PATIENT | {"name": "Ärmel"}}), ensure_ascii=False).encode()

    assert decode(body, "patient-view").prefetch.keys() == {"patient"}


def test_the_last_of_two_equal_keys_counts() -> None:
    body = json.dumps(a_call()).encode()[:-1] + b', "prefetch": {"labs": 5}, "prefetch": {"labs": null}}'

    request = decode(body, "patient-view")

    assert dict(request.prefetch) == {"labs": None}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with pytest.raises(RequestInvalid):
        decode(body, "patient-view")


@given(any_json, any_json, any_json)
def test_any_json_in_any_place_is_read_or_refused(context: Any, value: Any, member: Any) -> None:
    for call in (
        a_call(context=context),
        a_call(prefetch={"conditions": value}),
        a_call(
            prefetch={"conditions": a_bundle(value, CONDITION | {"code": member, "clinicalStatus": value})}
        ),
        a_call(prefetch={"conditions": {"resourceType": "Bundle", "entry": value, "link": member}}),
    ):
        try:
            request = read(call)
        except RequestInvalid:
            continue
        assert request.patient_id


DRAFT = {"resourceType": "MedicationRequest", "id": "request-123", "status": "draft"}


def drafted(request: HookRequest) -> list[str | None]:
    """The ids of the draft orders, None for an entry that was lost."""
    entries = (request.draft_orders and request.draft_orders.entry) or ()
    return [entry.resource.id if entry.resource else None for entry in entries]


def test_draft_orders_are_read_from_a_bundle_without_a_type() -> None:
    request = signing(a_signing({"resourceType": "Bundle", "entry": [{"resource": DRAFT}]}))

    assert (request.hook, drafted(request), request.unread) == ("order-sign", ["request-123"], ())


@pytest.mark.parametrize("bundle", [a_bundle(), {"resourceType": "Bundle"}], ids=["no entries", "no list"])
def test_no_draft_orders_are_no_error(bundle: Any) -> None:
    request = signing(a_signing(bundle))

    assert (drafted(request), request.unread) == ([], ())


def test_a_call_about_no_orders_has_none() -> None:
    request = read(a_call(context={"userId": "Practitioner/1", "patientId": "p1", "draftOrders": "anything"}))

    assert (request.hook, request.draft_orders) == ("patient-view", None)


def test_a_patient_who_signs_is_told_from_a_clinician() -> None:
    context = {"userId": "Patient/p1", "patientId": "p1", "draftOrders": a_bundle(DRAFT)}

    assert signing(a_call(hook="order-sign", context=context)).user_is_patient


@pytest.mark.parametrize(
    "drafts",
    [
        None,
        "x",
        5,
        [],
        [{"resource": DRAFT}],
        {},
        DRAFT,
        {"resourceType": 5},
        {"entry": [{"resource": DRAFT}]},
    ],
)
def test_draft_orders_that_are_no_bundle_are_refused(drafts: Any) -> None:
    with pytest.raises(RequestInvalid) as caught:
        signing(a_signing(drafts))

    assert caught.value.member == "context.draftOrders"


def test_null_draft_orders_are_missing() -> None:
    call = a_signing(a_bundle())
    call["context"]["draftOrders"] = None

    with pytest.raises(RequestInvalid, match=r"^context\.draftOrders: is missing; "):
        signing(call)


@pytest.mark.parametrize(
    ("broken", "kind", "source"),
    [
        (DRAFT | {"id": "b", "status": 5}, "MedicationRequest", "MedicationRequest/b"),
        (DRAFT | {"id": 7}, "MedicationRequest", "MedicationRequest[1]"),
        (5, "", "Resource[1]"),
    ],
)
def test_only_the_broken_draft_is_lost(broken: Any, kind: str, source: str) -> None:
    request = signing(a_signing(a_bundle(DRAFT, broken, DRAFT | {"id": "c"})))

    assert drafted(request) == ["request-123", None, "c"]
    assert request.unread == (Unread("context.draftOrders", kind, source, WRONG_TYPE),)


def test_draft_orders_that_are_no_list_are_counted() -> None:
    request = signing(a_signing({"resourceType": "Bundle", "entry": "x"}))

    assert request.draft_orders is None
    assert request.unread == (Unread("context.draftOrders", "Bundle", "Bundle[0]", WRONG_TYPE),)


@pytest.mark.parametrize("damage", [b"\\ud800", b"\xff"])
def test_a_damaged_draft_is_lost_alone(damage: bytes) -> None:
    damaged = DRAFT | {"id": "b", "medicationCodeableConcept": {"text": "DAMAGE"}}
    body = json.dumps(a_signing(a_bundle(DRAFT, damaged))).encode()

    request = signing(body.replace(b"DAMAGE", damage))

    assert drafted(request) == ["request-123", None]
    assert request.unread == (
        Unread("context.draftOrders", "MedicationRequest", "MedicationRequest/b", NOT_TEXT),
    )


def test_a_broken_draft_and_a_broken_list_are_both_counted() -> None:
    call = a_signing(
        a_bundle(DRAFT | {"status": 5}), prefetch={"conditions": a_bundle(CONDITION | {"id": 5})}
    )

    request = signing(call)

    assert [each.key for each in request.unread] == ["conditions", "context.draftOrders"]


@given(any_json, any_json, any_json)
def test_any_json_as_draft_orders_is_read_or_refused(drafts: Any, entry: Any, member: Any) -> None:
    for value in (drafts, a_bundle(entry), a_bundle(DRAFT | {"medicationCodeableConcept": member})):
        try:
            request = signing(a_signing(value))
        except RequestInvalid:
            continue
        assert request.hook == "order-sign"


def test_an_answer_without_cards_says_so() -> None:
    assert hooks.encode([]) == b'{"cards":[]}'


def test_nothing_null_or_empty_leaves() -> None:
    action = Action(type="create", description="d", resource={"resourceType": "ServiceRequest"})
    card = Card(
        summary="s", indicator="info", source=Source(label="l"), suggestions=(Suggestion("x", (action,)),)
    )

    answer = json.loads(hooks.encode([card]))

    assert answer == {
        "cards": [
            {
                "summary": "s",
                "indicator": "info",
                "source": {"label": "l"},
                "suggestions": [
                    {
                        "label": "x",
                        "actions": [
                            {
                                "type": "create",
                                "description": "d",
                                "resource": {"resourceType": "ServiceRequest"},
                            }
                        ],
                    }
                ],
            }
        ]
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid"),
        (404, "not-found"),
        (405, "not-supported"),
        (412, "required"),
        (413, "too-long"),
        (415, "not-supported"),
        (418, "invalid"),
        (500, "exception"),
    ],
)
def test_an_error_is_an_operation_outcome(status: int, code: str) -> None:
    assert hooks.operation_outcome(status, "why") == {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": "why"}],
    }
