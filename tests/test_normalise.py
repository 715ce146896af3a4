"""FHIR's ways to write a medicine, R4 and R5, come out as one shape; what can't be named is told."""

import json
from decimal import Decimal
from typing import Any

import pytest

from cds_service.fhir import gather
from cds_service.hooks import decode
from cds_service.normalise import UNNAMED, patient_record
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
        ({"effectiveDateTime": "2026-03-01"}, "2026-03-01", True, None),
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
