"""FHIR's ways to write a medicine, R4 and R5, come out as one shape; what can't be named is told."""

import json
from decimal import Decimal
from typing import Any

import pytest

from cds_service.fhir import gather
from cds_service.hooks import decode
from cds_service.normalise import NOT_FHIR, UNNAMED, patient_record
from cds_service.record import Coding, Concept, Dose, Medicine, PatientRecord, Reason, Unread
from tests.findings_of import answer
from tests.patients import FHIR, APatient, a_patient, drug_coding

STATEMENTS, REQUESTS = "medicationStatements", "medicationRequests"
FUROSEMIDE: FHIR = {"coding": [drug_coding("furosemide")]}
NAMED = Concept(coding=(Coding(**drug_coding("furosemide")),))
BASE = "https://fhir.example/r4"


def record_of(patient: APatient, **full_urls: str) -> PatientRecord:
    """What is read of the request; *full_urls* gives entries their address by id."""
    body = patient.request()
    for value in body["prefetch"].values():
        for entry in value.get("entry", []):
            if entry["resource"].get("id") in full_urls:
                entry["fullUrl"] = full_urls[entry["resource"]["id"]]
    return patient_record(gather(decode(json.dumps(body).encode(), "patient-view")))


def medicine_of(key: str, **members: Any) -> Medicine:
    """The one medicine of a record."""
    (medicine,) = record_of(a_patient().having(key, entry(key, **members))).medicines
    return medicine


def entry(key: str, **members: Any) -> FHIR:
    is_statement = key == STATEMENTS
    made = {
        "resourceType": "MedicationStatement" if is_statement else "MedicationRequest",
        "id": "m1",
        "status": "active",
        **({} if is_statement else {"intent": "order"}),
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": FUROSEMIDE,
        **members,
    }
    return {name: value for name, value in made.items() if value is not None}


def referring(reference: FHIR, **members: Any) -> FHIR:
    return entry(STATEMENTS, medicationCodeableConcept=None, medicationReference=reference, **members)


def medication(identity: str = "med1") -> FHIR:
    return {"resourceType": "Medication", "id": identity, "code": FUROSEMIDE}


# --- which medicine -------------------------------------------------------------------------------------------


def test_concept_is_kept_as_written() -> None:
    medicine = medicine_of(STATEMENTS, medicationCodeableConcept={**FUROSEMIDE, "text": "Water tablet"})

    assert medicine.concept == Concept(NAMED.coding, "Water tablet")


def test_contained_medication_is_read() -> None:
    patient = a_patient().having(STATEMENTS, referring({"reference": "#med1"}, contained=[medication()]))

    record = record_of(patient)

    assert [each.concept for each in record.medicines] == [NAMED]


@pytest.mark.parametrize("kind", [None, "SomethingNew", "Procedure"])
def test_what_is_contained_is_read_whatever_it_is_called(kind: str | None) -> None:
    inside = medication() | {"resourceType": kind}
    patient = a_patient().having(STATEMENTS, referring({"reference": "#med1"}, contained=[inside]))

    record = record_of(patient)

    assert [each.concept for each in record.medicines] == [NAMED]
    assert record.unread == ()


@pytest.mark.parametrize(
    ("reference", "full_url"),
    [
        ("Medication/med1", f"{BASE}/Medication/med1"),
        ("Medication/med1/_history/3", f"{BASE}/Medication/med1"),
        (f"{BASE}/Medication/med1", f"{BASE}/Medication/med1"),
        (f"{BASE}/Medication/med1/_history/3", f"{BASE}/Medication/med1"),
        (
            "urn:uuid:0b6c0e1e-61a5-4bb5-9b4c-6f2f0d2f7a11",
            "urn:uuid:0b6c0e1e-61a5-4bb5-9b4c-6f2f0d2f7a11",
        ),
    ],
)
def test_medication_of_the_bundle_is_found_however_it_is_referred_to(reference: str, full_url: str) -> None:
    patient = (
        a_patient().having(STATEMENTS, referring({"reference": reference})).having(STATEMENTS, medication())
    )

    record = record_of(patient, med1=full_url)

    assert ([each.concept for each in record.medicines], record.unread) == ([NAMED], ())


def test_medication_without_an_address_is_found_by_type_and_id() -> None:
    patient = (
        a_patient()
        .having(REQUESTS, medication())
        .having(STATEMENTS, referring({"reference": "Medication/med1"}))
    )

    record = record_of(patient)

    assert [each.concept for each in record.medicines] == [NAMED]


@pytest.mark.parametrize(
    "reference",
    [
        {"display": "Furosemide 40 mg"},
        {"reference": "Medication/elsewhere", "display": "Furosemide 40 mg"},
    ],
)
def test_display_names_a_medicine_that_was_not_supplied(reference: FHIR) -> None:
    record = record_of(a_patient().having(STATEMENTS, referring(reference)))

    assert [each.concept for each in record.medicines] == [Concept(text="Furosemide 40 mg")]


@pytest.mark.parametrize(
    "members",
    [
        {"medicationReference": {"reference": "Medication/elsewhere"}},
        {"medicationReference": {"reference": "#nothing"}},
        {"medication": {"reference": {"reference": "Medication/elsewhere"}}},
        {"medicationCodeableConcept": {}},
        {},
    ],
)
def test_medicine_that_can_not_be_named_is_unread(members: FHIR) -> None:
    record = record_of(
        a_patient().having(STATEMENTS, entry(STATEMENTS, **{"medicationCodeableConcept": None, **members}))
    )

    assert record.medicines == ()
    assert record.unread == (Unread(STATEMENTS, "MedicationStatement", "MedicationStatement/m1", UNNAMED),)


def test_medicine_that_can_not_be_named_is_told_on_the_data_card() -> None:
    patient = (
        a_patient()
        .with_cramps("2026-05-01")
        .having(STATEMENTS, referring({"reference": "Medication/elsewhere"}))
    )

    found = answer(patient)

    assert found.data_lines() == ("1 MedicationStatement could not be read",)


@pytest.mark.parametrize("status", ["entered-in-error", "not-taken", "on-hold", "intended"])
def test_unreal_entry_of_an_unnamed_medicine_is_no_gap(status: str) -> None:
    patient = a_patient().having(STATEMENTS, referring({"reference": "Medication/elsewhere"}, status=status))

    record = record_of(patient)

    assert record.unread == ()


# --- R5 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [STATEMENTS, REQUESTS])
def test_r5_concept_is_read(key: str) -> None:
    medicine = medicine_of(key, medicationCodeableConcept=None, medication={"concept": FUROSEMIDE})

    assert medicine.concept == NAMED


def test_r5_reference_is_read() -> None:
    patient = (
        a_patient()
        .having(STATEMENTS, medication())
        .having(
            STATEMENTS,
            entry(
                STATEMENTS,
                medicationCodeableConcept=None,
                medication={"reference": {"reference": "Medication/med1"}},
            ),
        )
    )

    record = record_of(patient)

    assert [each.concept for each in record.medicines] == [NAMED]


@pytest.mark.parametrize(
    ("key", "status", "read_as"),
    [
        (STATEMENTS, "recorded", "active"),
        (STATEMENTS, "draft", "draft"),
        (STATEMENTS, "active", "active"),
        (REQUESTS, "ended", "completed"),
        (REQUESTS, "active", "active"),
    ],
)
def test_r5_status_is_read_as_that_of_r4(key: str, status: str, read_as: str) -> None:
    medicine = medicine_of(key, status=status)

    assert medicine.status == read_as


@pytest.mark.parametrize(
    ("adherence", "read_as"),
    [
        ("taking", "active"),
        ("taking-as-directed", "active"),
        ("not-taking", "not-taken"),
        ("on-hold-as-directed", "on-hold"),
        ("stopped", "stopped"),
        ("stopped-not-as-directed", "stopped"),
        ("unknown", "unknown"),
    ],
)
def test_r5_statement_is_of_the_status_of_its_adherence(adherence: str, read_as: str) -> None:
    medicine = medicine_of(
        STATEMENTS, status="recorded", adherence={"code": {"coding": [{"code": adherence}]}}
    )

    assert medicine.status == read_as


def test_r5_reasons_are_read() -> None:
    medicine = medicine_of(
        STATEMENTS,
        reason=[{"concept": {"text": "Oedema"}}, {"reference": {"reference": "Condition/c1"}}],
    )

    assert medicine.reasons == (Reason(Concept(text="Oedema")),)


def test_r4_reasons_are_read() -> None:
    medicine = medicine_of(REQUESTS, reasonCode=[{"text": "Oedema"}])

    assert medicine.reasons == (Reason(Concept(text="Oedema")),)


# --- dates ----------------------------------------------------------------------------------------------------

BOUNDS = [{"timing": {"repeat": {"boundsPeriod": {"start": "2026-03-02", "end": "2026-04-02"}}}}]


@pytest.mark.parametrize(
    ("members", "started", "is_stated", "stopped"),
    [
        (
            {"effectivePeriod": {"start": "2026-03-01", "end": "2026-04-01"}},
            "2026-03-01",
            True,
            "2026-04-01",
        ),
        ({"effectivePeriod": {"end": "2026-04-01"}}, None, False, "2026-04-01"),
        ({"effectiveDateTime": "2026-03-01"}, "2026-03-01", False, None),
        ({"effectiveDateTime": "2026-03-01", "dateAsserted": "2026-05-20"}, "2026-03-01", False, None),
        ({"effectiveDateTime": "2026-03-01T09:00:00Z", "dateAsserted": "2026-03-01"}, None, False, None),
        ({"effectiveDateTime": "2026-03-05", "dosage": BOUNDS}, "2026-03-02", True, "2026-04-02"),
        ({"dosage": BOUNDS}, "2026-03-02", True, "2026-04-02"),
        ({}, None, False, None),
    ],
)
def test_dates_of_a_statement(
    members: FHIR, started: str | None, is_stated: bool, stopped: str | None
) -> None:
    medicine = medicine_of(STATEMENTS, **members)

    assert (medicine.started, medicine.started_is_stated, medicine.stopped) == (started, is_stated, stopped)


def test_day_a_statement_was_made_is_not_the_day_the_medicine_was_started() -> None:
    medicine = medicine_of(STATEMENTS, dateAsserted="2026-05-20")

    assert (medicine.started, medicine.started_is_stated) == (None, False)


@pytest.mark.parametrize(
    ("members", "started", "is_stated", "stopped"),
    [
        ({"authoredOn": "2026-03-01T09:00:00+01:00"}, "2026-03-01T09:00:00+01:00", False, None),
        (
            {
                "authoredOn": "2026-03-01",
                "dispenseRequest": {"validityPeriod": {"start": "2026-03-05", "end": "2026-09-05"}},
            },
            "2026-03-05",
            False,
            "2026-09-05",
        ),
        ({"authoredOn": "2026-03-01", "dosageInstruction": BOUNDS}, "2026-03-02", True, "2026-04-02"),
        ({}, None, False, None),
    ],
)
def test_dates_of_a_request(members: FHIR, started: str | None, is_stated: bool, stopped: str | None) -> None:
    medicine = medicine_of(REQUESTS, **members)

    assert (medicine.started, medicine.started_is_stated, medicine.stopped) == (started, is_stated, stopped)


@pytest.mark.parametrize(
    ("dispense", "days"),
    [
        ({"expectedSupplyDuration": {"value": 28, "code": "d"}}, 28),
        ({"expectedSupplyDuration": {"value": 28, "unit": "days"}, "numberOfRepeatsAllowed": 5}, 168),
        ({"expectedSupplyDuration": {"value": 2, "code": "wk"}}, 14),
        ({"expectedSupplyDuration": {"value": 3, "code": "mo"}}, 90),
        ({"expectedSupplyDuration": {"value": 1, "code": "a"}}, 365),
        ({"expectedSupplyDuration": {"value": 3, "unit": "boxes"}}, None),
        ({"expectedSupplyDuration": {"value": -3, "code": "d"}}, None),
        ({"numberOfRepeatsAllowed": 5}, None),
        ("ask the pharmacy", None),
    ],
)
def test_days_of_supply_are_those_of_all_fills(dispense: object, days: int | None) -> None:
    medicine = medicine_of(REQUESTS, dispenseRequest=dispense)

    assert medicine.supply_days == days


# --- doses ----------------------------------------------------------------------------------------------------


def repeating(**repeat: Any) -> FHIR:
    return {"timing": {"repeat": repeat}}


@pytest.mark.parametrize(
    ("timing", "per_day"),
    [
        (repeating(frequency=2, period=1, periodUnit="d"), "2"),
        (repeating(frequency=1, period=8, periodUnit="h"), "3"),
        (repeating(frequency=1, period=2, periodUnit="d"), "0.5"),
        (repeating(frequency=1, period=4, periodUnit="d"), "0.25"),
        (repeating(frequency=1, period=1, periodUnit="d", dayOfWeek=["mon", "wed"]), str(Decimal(2) / 7)),
        (repeating(period=1, periodUnit="d"), "1"),
        (repeating(when=["MORN", "NIGHT"]), "2"),
        (repeating(timeOfDay=["08:00:00", "14:00:00", "20:00:00"]), "3"),
        ({"timing": {"code": {"coding": [{"code": "BID"}]}}}, "2"),
        ({"timing": {"code": {"text": "now and then"}}}, None),
        ({}, None),
    ],
)
def test_how_often_a_day(timing: FHIR, per_day: str | None) -> None:
    line = {**timing, "doseAndRate": [{"doseQuantity": {"value": 40, "unit": "mg"}}]}

    medicine = medicine_of(STATEMENTS, dosage=[line])

    assert medicine.doses == (Dose(Decimal(40), "mg", Decimal(per_day) if per_day else None, ""),)


def test_upper_end_of_a_dose_range_counts() -> None:
    line = {"doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 2, "unit": "tablet"}}}]}

    medicine = medicine_of(REQUESTS, dosageInstruction=[line])

    assert medicine.doses == (Dose(Decimal(2), "tablet", None, ""),)


@pytest.mark.parametrize(
    "as_needed",
    [{"asNeededBoolean": True}, {"asNeededCodeableConcept": {"text": "pain"}}, {"asNeeded": True}],
)
def test_dose_as_needed_is_not_a_daily_one(as_needed: FHIR) -> None:
    line = {**repeating(frequency=4, period=1, periodUnit="d"), **as_needed, "text": "up to 4 times a day"}

    medicine = medicine_of(STATEMENTS, dosage=[line])

    assert medicine.doses == (Dose(None, "", None, "up to 4 times a day"),)


def test_every_line_of_a_dose_is_kept_with_the_routes() -> None:
    lines = [
        {"text": "40 mg in the morning", "route": {"text": "oral"}},
        {"text": "20 mg at noon", "route": {"text": "oral"}},
    ]

    medicine = medicine_of(STATEMENTS, dosage=lines)

    assert [dose.text for dose in medicine.doses] == ["40 mg in the morning", "20 mg at noon"]
    assert medicine.route == "oral oral"


@pytest.mark.parametrize("dosage", [{"text": "not a list"}, "40 mg", 7, [7]])
def test_dosage_of_another_shape_loses_the_dose_and_not_the_medicine(dosage: object) -> None:
    medicine = medicine_of(STATEMENTS, dosage=dosage)

    assert (medicine.concept, medicine.doses) == (NAMED, ())


# --- two contents under one name ------------------------------------------------------------------------------

DIGOXIN: FHIR = {"coding": [drug_coding("digoxin")]}


def shown_as(*medications: FHIR) -> list[Concept]:
    """What a statement about "Medication/med1", shown as "water tablet", is read as beside these Medications."""
    patient = a_patient()
    for each in medications:
        patient = patient.having(REQUESTS, each)
    referred = referring({"reference": "Medication/med1", "display": "water tablet"})
    return [each.concept for each in record_of(patient.having(STATEMENTS, referred)).medicines]


def test_medication_sent_twice_alike_is_found() -> None:
    found = shown_as(medication(), medication())

    assert found == [NAMED]


def test_name_of_two_different_medications_leads_to_none_of_them() -> None:
    first, second = medication(), {**medication(), "code": DIGOXIN}

    found = shown_as(first, second), shown_as(second, first), shown_as(first, second, first)

    assert found == ([Concept(text="water tablet")],) * 3


def test_medications_of_two_servers_are_told_apart_by_their_addresses() -> None:
    addresses = [f"{BASE}/Medication/med1", "https://other.example/Medication/med1"]
    patient = a_patient().having(REQUESTS, medication()).having(REQUESTS, {**medication(), "code": DIGOXIN})
    for place, address in enumerate(addresses):
        patient = patient.having(STATEMENTS, referring({"reference": address}, id=f"s{place}"))
    body = patient.request()
    for each, address in zip(body["prefetch"][REQUESTS]["entry"], addresses, strict=True):
        each["fullUrl"] = address

    record = patient_record(gather(decode(json.dumps(body).encode(), "patient-view")))

    digoxin = Concept(coding=(Coding(**drug_coding("digoxin")),))
    assert [each.concept for each in record.medicines] == [NAMED, digoxin]


def test_contained_medications_of_one_name_that_differ_lead_nowhere() -> None:
    inside = [medication(), {**medication(), "code": DIGOXIN}]
    statement = referring({"reference": "#med1", "display": "water tablet"}, contained=inside)

    record = record_of(a_patient().having(STATEMENTS, statement))

    assert [each.concept for each in record.medicines] == [Concept(text="water tablet")]


# --- ingredients ----------------------------------------------------------------------------------------------

SUBSTANCE: FHIR = {"resourceType": "Substance", "id": "sub", "code": FUROSEMIDE}


def made_of(ingredient: FHIR, *supplied: FHIR, inside: list[FHIR] | None = None) -> Concept:
    """What a Medication with one ingredient and no name of its own is made of."""
    product = {
        "resourceType": "Medication",
        "id": "mix",
        "ingredient": [ingredient],
        "contained": inside or [],
    }
    patient = a_patient().having(STATEMENTS, product)
    for each in supplied:
        patient = patient.having(STATEMENTS, each)
    record = record_of(patient.having(STATEMENTS, referring({"reference": "Medication/mix"})))
    [medicine] = record.medicines
    return medicine.made_of


@pytest.mark.parametrize(
    ("ingredient", "supplied", "inside"),
    [
        ({"itemReference": {"reference": "Medication/med1"}}, [medication()], []),
        ({"itemReference": {"reference": "Substance/sub"}}, [SUBSTANCE], []),
        ({"itemReference": {"reference": "#sub"}}, [], [SUBSTANCE]),
        (
            {"item": {"reference": {"reference": "#sub"}}},
            [],
            [{**SUBSTANCE, "code": {"concept": FUROSEMIDE}}],
        ),
    ],
    ids=["another Medication", "a Substance", "a contained Substance", "R5"],
)
def test_ingredient_is_what_it_refers_to(ingredient: FHIR, supplied: list[FHIR], inside: list[FHIR]) -> None:
    found = made_of(ingredient, *supplied, inside=inside)

    assert found.coding == NAMED.coding


def test_ingredient_of_a_contained_medication_is_looked_for_beside_it() -> None:
    product = {
        "resourceType": "Medication",
        "id": "mix",
        "ingredient": [{"itemReference": {"reference": "#sub"}}],
    }
    statement = referring({"reference": "#mix"}, contained=[product, SUBSTANCE])

    [medicine] = record_of(a_patient().having(STATEMENTS, statement)).medicines

    assert medicine.made_of.coding == NAMED.coding


def test_ingredient_that_was_not_supplied_is_called_as_shown() -> None:
    found = made_of({"itemReference": {"reference": "Substance/elsewhere", "display": "Furosemide"}})

    assert found == Concept(text="Furosemide")


def test_ingredient_is_followed_one_step_only() -> None:
    other = {
        "resourceType": "Medication",
        "id": "med1",
        "ingredient": [{"itemReference": {"reference": "Medication/mix"}}],
    }

    found = made_of({"itemReference": {"reference": "Medication/med1", "display": "Furosemide"}}, other)

    assert found == Concept(text="Furosemide")


# --- what can't be read is counted ----------------------------------------------------------------------------


def having(kind: str, key: str, **members: Any) -> APatient:
    resource = {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p1"}, **members}
    return a_patient().having(key, {name: value for name, value in resource.items() if value is not None})


def sources(record: PatientRecord) -> list[str]:
    """The entries that are used, for whatever could be read of them."""
    return [
        *(each.source for each in record.medicines),
        *(each.source for each in record.diagnoses),
        *(each.source for each in record.results),
        *(each.source for each in record.orders),
        *(each.source for each in record.visits),
    ]


MEDICINE: FHIR = {"status": "active", "medicationCodeableConcept": FUROSEMIDE}
CONTAINED_WRONG: FHIR = {"contained": "none", "reasonReference": [{"reference": "#x"}]}


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("MedicationStatement", {**MEDICINE, "reasonCode": "leg cramps"}),
        ("MedicationStatement", {**MEDICINE, "reasonReference": {"reference": "Condition/c"}}),
        ("MedicationStatement", {**MEDICINE, "reason": "leg cramps"}),
        ("MedicationStatement", {**MEDICINE, "dosage": {"text": "40 mg"}}),
        ("MedicationStatement", {**MEDICINE, "dosage": [{"text": 40}]}),
        ("MedicationStatement", {**MEDICINE, "adherence": "taking"}),
        ("MedicationStatement", {**MEDICINE, **CONTAINED_WRONG}),
        ("MedicationRequest", {**MEDICINE, "intent": "order", "dosageInstruction": "40 mg"}),
        ("MedicationRequest", {**MEDICINE, "intent": "order", "dispenseRequest": "28 days"}),
        ("MedicationRequest", {**MEDICINE, "intent": "order", "effectiveDosePeriod": "May"}),
        ("Condition", {"code": {"text": "Cramp"}, "bodySite": "leg"}),
        (
            "Observation",
            {"status": "final", "code": {"text": "Panel"}, "valueString": "done", "hasMember": "k1"},
        ),
        ("Observation", {"status": "final", "code": {"text": "Potassium"}, "specimen": "urine"}),
        ("Observation", {"status": "final", "code": {"text": "Potassium"}, "specimen": {"display": 5}}),
        ("Observation", {"status": "final", "code": {"text": "Potassium"}, "bodySite": "urine"}),
        ("Observation", {"status": "final", "code": {"text": "Potassium"}, "interpretation": "low"}),
        ("Observation", {"status": "final", "code": {"text": "Potassium"}, "note": "haemolysed"}),
        ("Observation", {"status": "final", "code": {"text": "Potassium"}, "focus": {"display": "fetus"}}),
        ("Encounter", {"status": "finished", "diagnosis": "leg cramps"}),
        ("Encounter", {"status": "finished", "diagnosis": [{"condition": "leg cramps"}]}),
        ("Encounter", {"status": "finished", "period": "May"}),
        ("Encounter", {"status": "finished", "reasonCode": {"text": "leg cramps"}}),
        ("ServiceRequest", {"status": "active", "intent": "order", "reasonCode": [5]}),
        ("QuestionnaireResponse", {"status": "completed", "item": "leg cramps"}),
    ],
)
def test_entry_with_a_member_that_can_not_be_read_is_counted_once(kind: str, members: FHIR) -> None:
    record = record_of(having(kind, "labs", **members))

    assert record.unread == (Unread("labs", kind, f"{kind}/x", NOT_FHIR),)
    assert sources(record) == ([] if kind == "QuestionnaireResponse" else [f"{kind}/x"])


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("MedicationStatement", {**MEDICINE, "status": "entered-in-error", "dosage": "40 mg"}),
        ("MedicationRequest", {**MEDICINE, "intent": "proposal", "dosageInstruction": "40 mg"}),
        ("Condition", {"verificationStatus": {"coding": [{"code": "refuted"}]}, "bodySite": "leg"}),
        ("Observation", {"status": "entered-in-error", "specimen": "urine"}),
        ("Encounter", {"status": "cancelled", "diagnosis": "leg cramps"}),
        ("ServiceRequest", {"status": "revoked", "intent": "order", "reasonCode": "leg cramps"}),
        ("QuestionnaireResponse", {"status": "entered-in-error", "item": "leg cramps"}),
    ],
)
def test_nothing_is_lost_with_an_entry_that_says_nothing_of_the_patient(kind: str, members: FHIR) -> None:
    record = record_of(having(kind, "labs", **members))

    assert record.unread == ()


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("MedicationStatement", {**MEDICINE, "reason": [{"concept": {"text": "oedema"}}], "dosage": []}),
        ("MedicationStatement", {**MEDICINE, "contained": "none"}),
        ("Encounter", {"status": "finished", "diagnosis": [{"condition": {"display": "oedema"}}]}),
        ("Encounter", {"status": "completed", "diagnosis": [{"condition": [{"concept": {"text": "gout"}}]}]}),
        ("Encounter", {"status": "finished", "reason": [{"text": "gout"}]}),
        ("Encounter", {"status": "completed", "reason": [{"value": [{"concept": {"text": "gout"}}]}]}),
        ("Observation", {"status": "final", "interpretation": {"text": "low"}, "specimen": {"display": "S"}}),
        (
            "Observation",
            {"status": "final", "interpretation": [{"text": "low"}], "bodySite": {"text": "arm"}},
        ),
        ("Condition", {"clinicalStatus": "active", "bodySite": {"text": "leg"}}),
        ("Condition", {"clinicalStatus": {"coding": []}, "bodySite": [{"text": "leg"}]}),
    ],
)
def test_shape_of_another_fhir_version_is_no_fault(kind: str, members: FHIR) -> None:
    record = record_of(having(kind, "labs", **members))

    assert record.unread == ()


@pytest.mark.parametrize("member", ["clinicalStatus", "verificationStatus"])
@pytest.mark.parametrize("status", [["refuted"], {"coding": {"code": "refuted"}}, [{"text": "refuted"}], 5])
def test_diagnosis_whose_status_can_not_be_read_is_left_out_and_counted(member: str, status: object) -> None:
    record = record_of(having("Condition", "conditions", code={"text": "Leg cramps"}, **{member: status}))

    assert record.diagnoses == ()
    assert record.unread == (Unread("conditions", "Condition", "Condition/x", NOT_FHIR),)


def test_report_of_cramps_whose_status_can_not_be_read_does_not_speak() -> None:
    patient = a_patient().with_result("potassium", "2.4 mmol/L")

    found = answer(patient.with_cramps(verificationStatus={"coding": {"code": "refuted"}}))

    assert found.silence == "no-report-but-unread-conditions"


def test_broken_ingredients_are_counted_with_the_medication_that_lists_them() -> None:
    product = {**medication(), "ingredient": "furosemide"}
    patient = a_patient().having(STATEMENTS, product)
    for place in range(2):
        patient = patient.having(STATEMENTS, referring({"reference": "Medication/med1"}, id=f"s{place}"))

    record = record_of(patient)

    assert record.unread == (Unread(STATEMENTS, "Medication", "Medication/med1", NOT_FHIR),)
    assert [each.concept for each in record.medicines] == [NAMED, NAMED]


def test_broken_ingredients_of_a_contained_medication_are_counted_with_the_entry() -> None:
    product = {**medication(), "ingredient": "furosemide"}

    record = record_of(a_patient().having(STATEMENTS, referring({"reference": "#med1"}, contained=[product])))

    assert record.unread == (Unread(STATEMENTS, "MedicationStatement", "MedicationStatement/m1", NOT_FHIR),)


BROKEN: FHIR = {"resourceType": "Condition", "id": "bad", "code": "cramps"}


@pytest.mark.parametrize(
    ("beside", "unread"),
    [
        ([BROKEN], 1),
        ([5], 1),
        ([{**BROKEN, "resourceType": "Practitioner"}], 0),
        ([{"resourceType": "Practitioner", "id": "p"}], 0),
    ],
)
def test_broken_contained_resource_takes_nothing_from_those_beside_it(beside: list[Any], unread: int) -> None:
    statement = referring({"reference": "#med1"}, contained=[*beside, medication()])

    record = record_of(a_patient().having(STATEMENTS, statement))

    assert ([each.concept for each in record.medicines], len(record.unread)) == ([NAMED], unread)


def test_broken_reason_takes_nothing_from_those_beside_it() -> None:
    medicine = medicine_of(REQUESTS, reasonCode=[{"text": 5}, {"text": "Oedema"}])

    assert medicine.reasons == (Reason(Concept(text="Oedema")),)


def test_reason_given_many_times_is_one_reason() -> None:
    reasons = [{"reference": "#c", "display": str(place)} for place in range(3)]
    inside = [{"resourceType": "Condition", "id": "c", "code": {"text": "Oedema"}}]

    medicine = medicine_of(REQUESTS, reasonReference=reasons, contained=inside)

    assert medicine.reasons == (Reason(Concept(text="Oedema")),)


def test_reason_keeps_no_more_codings_than_a_real_entry_has() -> None:
    codings = [{"system": "http://codes.example", "code": str(place)} for place in range(31)]
    patient = having("Condition", "conditions", code={"coding": codings, "text": "Oedema"})

    record = record_of(
        patient.having(REQUESTS, entry(REQUESTS, reasonReference=[{"reference": "Condition/x"}]))
    )

    [[reason]] = [each.reasons for each in record.medicines]
    assert reason.concept == Concept(tuple(Coding(**each) for each in codings[:30]), "Oedema")
