"""The laws of the answer: what must never matter, and what must always hold, for any patient."""

import copy
import functools
import json
import random
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from cds_service.advise import Advice, advise
from cds_service.app import create_app
from cds_service.demo import moved
from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.fhir import gather
from cds_service.hooks import Card, decode
from cds_service.normalise import patient_record
from cds_service.record import PatientRecord
from cds_service.settings import load as load_settings
from tests.client import post
from tests.findings_of import site
from tests.patients import FHIR, TODAY, APatient, a_patient, days_before
from tests.test_hooks import a_bundle, a_call, any_json

laws = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


# --- answers --------------------------------------------------------------------------------------------------


def answered(request: FHIR) -> Advice:
    return advise(decode(json.dumps(request).encode(), "patient-view"), site(), TODAY)


def cards(request: FHIR) -> tuple[Card, ...]:
    """Whole cards; the core gives none a uuid."""
    return answered(request).cards


def told(card: Card) -> tuple[Any, ...]:
    """What a card is about, apart from its words."""
    return (
        card.indicator,
        card.extension["org.legcramps.card"],
        card.extension.get("org.legcramps.chain"),
        card.extension.get("org.legcramps.findings"),
        [suggestion.label for suggestion in card.suggestions],
    )


def unsourced(card: Card) -> Card:
    """The card without the names of the entries used."""
    found = [
        {key: value for key, value in each.items() if key != "sources"}
        for each in card.extension.get("org.legcramps.findings", ())
    ]
    return _changed(card, extension={**card.extension, "org.legcramps.findings": found})


def _changed(card: Card, **members: Any) -> Card:
    made = copy.copy(card)
    return type(made)(**{name: members.get(name, getattr(card, name)) for name in card.__struct_fields__})


_URGENCY = {"info": 1, "warning": 2, "critical": 3}


def highest(answer: Iterable[Card]) -> int:
    return max((_URGENCY[card.indicator] for card in answer), default=0)


# --- patients -------------------------------------------------------------------------------------------------

Step = Callable[[APatient], APatient]

DRUGS = (
    "furosemide", "hydrochlorothiazide", "chlorthalidone", "indapamide", "spironolactone", "atorvastatin",
    "rosuvastatin", "simvastatin", "insulin glargine", "quinine", "digoxin", "lisinopril", "omeprazole", "citalopram",
    "levothyroxine", "lithium", "zoledronic acid", "denosumab", "iron sucrose", "cisplatin", "vincristine",
    "clarithromycin", "gemfibrozil", "salmeterol", "albuterol", "amlodipine", "haloperidol", "raloxifene", "prednisone",
    "tacrolimus", "bisacodyl", "dapagliflozin", "gliclazide", "potassium chloride",
)  # fmt: skip
DIAGNOSES = (
    "arrhythmia", "hypothyroidism", "pregnancy_current", "dehydration_volume_depletion", "vomiting_diarrhoea",
    "exertional_overuse", "ckd_advanced", "diabetes_type_2", "long_qt", "haemodialysis", "cirrhosis", "acute_dvt",
    "cauda_equina", "limb_ischaemia_rest_pain_or_tissue_loss", "neuroleptic_malignant_syndrome", "adrenal_crisis",
    "rhabdomyolysis_or_toxic_myopathy", "new_weakness_or_fasciculation", "restless_legs_syndrome", "oedema_peripheral",
    "hypoparathyroidism", "alcohol_use_disorder", "malabsorption_bariatric", "polyneuropathy", "overweight_obesity",
)  # fmt: skip
# Below, at and above every limit, in the units that laboratories use
RESULTS = {
    "potassium": ("2.3 mmol/L", "2.5 mmol/L", "2.6 mmol/L", "2.9 meq/L", "3.0 mmol/L", "3.3 mmol/L", "3.4 mmol/L",
                  "3.5 mmol/L", "4.2 meq/L", "5.6 mmol/L", "<3.0 mmol/L", "3.1"),
    "magnesium": ("0.40 mmol/L", "0.45 mmol/L", "0.69 mmol/L", "0.70 mmol/L", "0.9 mmol/L", "1.0 mg/dL", "1.6 mg/dL",
                  "1.7 mg/dL", "1.3 meq/L", "1.4 meq/L", "0.6"),
    "sodium": ("118 mmol/L", "124 mmol/L", "125 mmol/L", "129 mmol/L", "130 meq/L", "134 mmol/L", "135 mmol/L",
               "141 meq/L"),
    "glucose": ("2.9 mmol/L", "3.0 mmol/L", "3.8 mmol/L", "53 mg/dL", "69 mg/dL", "70 mg/dL", "5.5 mmol/L",
                "12 mmol/L", "430 mg/dL"),
    "creatine_kinase": ("150 U/L", "700 U/L", "1240 U/L", "2400 U/L", "9000 U/L", ">20000 U/L"),
    "tsh": ("0.1 mIU/L", "2.0 mIU/L", "6.0 mIU/L", "10 mIU/L", "14.2 uIU/mL"),
    "creatinine": ("80 umol/L", "1.4 mg/dL"),
    "platelets": ("80 10*9/L", "240 10*3/uL"),
    "calcium_total": ("1.60 mmol/L", "1.95 mmol/L", "2.10 mmol/L", "2.40 mmol/L", "8.2 mg/dL"),
    "calcium_adjusted": ("1.80 mmol/L", "2.05 mmol/L", "2.30 mmol/L"),
    "calcium_ionized": ("0.85 mmol/L", "1.05 mmol/L", "1.20 mmol/L"),
    "albumin": ("25 g/L", "40 g/L", "2.8 g/dL", "<20 g/L"),
    "phosphate": ("0.30 mmol/L", "0.60 mmol/L", "1.9 mg/dL"),
    "hba1c": ("48 mmol/mol", "8.0 %", "10.2 %"),
    "egfr": ("22 mL/min/{1.73_m2}", "70 mL/min/{1.73_m2}"),
    "ferritin": ("31 ug/L", "120 ng/mL"),
    "ankle_brachial_index": ("0.38 {ratio}", "0.95 {ratio}", "1.5 {ratio}"),
    "bmi": ("27 kg/m2", "33.4 kg/m2"),
}  # fmt: skip

ANALYTES = ("potassium", "magnesium", "sodium", *RESULTS)

days = st.sampled_from(
    (-20, -2, 0, 1, 5, 13, 29, 30, 31, 60, 89, 90, 91, 120, 180, 364, 365, 366, 500, 900, 2400)
)
full_dates = days.map(days_before)
recent_dates = st.sampled_from((0, 1, 2, 7, 20, 29, 30, 31, 45, 89, 90, 91)).map(days_before)
partial_dates = st.sampled_from(("2018", "2025", "2026", "2025-07", "2026-03", "2026-04", "2026-05"))


def some_dates(partial: bool) -> st.SearchStrategy[str]:
    return full_dates | partial_dates if partial else full_dates


@st.composite
def medicines(draw: st.DrawFn, partial: bool = True) -> Step:
    drug, since = draw(st.sampled_from(DRUGS)), draw(st.none() | some_dates(partial))
    dose = draw(st.sampled_from((None, "10 mg", "20 mg", "40 mg")))
    status = draw(
        st.sampled_from(("active", "active", "active", "completed", "stopped", "unknown", "on-hold"))
    )
    if draw(st.booleans()):
        return lambda patient: patient.prescribed(drug, since, dose=dose, status=status)
    until = draw(st.none() | st.none() | some_dates(partial))
    if until is not None:
        return lambda patient: patient.taking(drug, since, until=until, dose=dose)
    return lambda patient: patient.taking(drug, since, dose=dose, status=status)


@st.composite
def results(draw: st.DrawFn, partial: bool = True, without: str = "") -> Step:
    analyte = draw(st.sampled_from([each for each in ANALYTES if each != without]))
    value = draw(st.sampled_from(RESULTS[analyte]))
    at_night = recent_dates.map(lambda day: f"{day}T03:10:00+01:00")
    on = draw(recent_dates | recent_dates | at_night | some_dates(partial))
    ranges = {"high": "200 U/L"} if analyte == "creatine_kinase" and draw(st.booleans()) else {}
    status = draw(st.sampled_from(("final", "final", "corrected", "preliminary")))
    return lambda patient: patient.with_result(analyte, value, on, status=status, **ranges)


@st.composite
def diagnoses(draw: st.DrawFn, partial: bool = True) -> Step:
    concept, on = draw(st.sampled_from(DIAGNOSES)), draw(st.none() | some_dates(partial))
    members = draw(st.sampled_from(({}, {}, {"recordedDate": days_before(20)})))
    return lambda patient: patient.with_diagnosis(concept, on, **members)


@st.composite
def reports(draw: st.DrawFn, partial: bool = True) -> Step:
    if draw(st.integers(0, 3)) == 0:
        return draw(reports_elsewhere())
    onset = draw(st.none() | recent_dates | recent_dates | some_dates(partial))
    recorded = draw(st.none() | full_dates) if onset else draw(full_dates)
    return lambda patient: patient.with_cramps(onset, recorded=recorded)


@st.composite
def reports_elsewhere(draw: st.DrawFn) -> Step:
    """A report that is no diagnosis."""
    on, carrier = draw(recent_dates), draw(st.sampled_from(("visit", "order", "questionnaire")))
    if carrier == "visit":
        return lambda patient: patient.visited_for("Leg cramps at night", on)
    if carrier == "order":
        return lambda patient: patient.ordered_for("Leg cramps at night", on)
    return lambda patient: patient.answered("Leg cramps at night?", {"valueBoolean": True}, on)


# A drug and the result that makes a chain of it
PAIRS = (
    ("furosemide", "potassium"), ("chlorthalidone", "magnesium"), ("hydrochlorothiazide", "sodium"),
    ("rosuvastatin", "creatine_kinase"), ("atorvastatin", "tsh"), ("insulin glargine", "glucose"),
    ("insulin glargine", "potassium"), ("spironolactone", "potassium"),
)  # fmt: skip


@st.composite
def pairs(draw: st.DrawFn, without: str = "") -> Step:
    """A drug begun some time before today, and a recent result of what it may change."""
    drug, analyte = draw(st.sampled_from([pair for pair in PAIRS if pair[1] != without]))
    since, dose = draw(full_dates), draw(st.sampled_from((None, "20 mg")))
    value, on = draw(st.sampled_from(RESULTS[analyte])), draw(recent_dates)
    return lambda patient: patient.taking(drug, since, dose=dose).with_result(analyte, value, on)


@st.composite
def patients(draw: st.DrawFn, partial: bool = True, without: str = "") -> APatient:
    """A patient who has reported cramps, with up to eight further entries, some borderline."""
    entries = st.one_of(medicines(partial), results(partial, without), diagnoses(partial))
    chains = st.lists(pairs(without), max_size=2)
    steps = [draw(reports(partial)), *draw(chains), *draw(st.lists(entries, max_size=4))]
    patient = a_patient()
    for step in steps:
        patient = step(patient)
    return patient.lacking("glucose") if draw(st.integers(0, 9)) == 0 else patient


# --- what never matters -----------------------------------------------------------------------------------------


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same JSON with the members of every object, and the entries of every Bundle, in another order."""
    if isinstance(value, dict):
        members = list(value.items())
        chance.shuffle(members)
        return {
            key: _entries_shuffled(each, chance) if key == "entry" else shuffled(each, chance)
            for key, each in members
        }
    return [shuffled(each, chance) for each in value] if isinstance(value, list) else value


def _entries_shuffled(entries: list[Any], chance: random.Random) -> list[Any]:
    chance.shuffle(made := [shuffled(each, chance) for each in entries])
    return made


@laws
@given(patients(), st.randoms(use_true_random=False))
def test_the_order_of_entries_and_members_never_matters(patient: APatient, chance: random.Random) -> None:
    request = patient.request()

    other = shuffled(request, chance)

    assert cards(other) == cards(request)


DIFFERENT: dict[str, tuple[FHIR, ...]] = {
    "Medication": ({"code": {"text": "Furosemide"}}, {"code": {"text": "Digoxin"}}, {}),
    "Condition": (
        {"code": {"text": "Leg cramps"}},
        {"code": {"text": "Gout"}},
        {"clinicalStatus": "resolved"},
    ),
    "Observation": (
        {"code": {"text": "Leg cramps"}, "status": "final", "effectiveDateTime": days_before(9)},
        {"code": {"text": "Potassium"}, "status": "final", "valueString": "2.4 mmol/L"},
        {"code": {"text": "Potassium"}, "status": "final", "valueString": "3.4 mmol/L"},
    ),
}


@laws
@given(patients(), st.sampled_from(sorted(DIFFERENT)), st.data())
def test_which_of_different_entries_of_one_name_comes_first_never_matters(
    patient: APatient, kind: str, data: st.DataObject
) -> None:
    reference = {"reference": f"{kind}/same", "display": "Hydrochlorothiazide"}
    patient = (
        patient.taking("digoxin", medicationCodeableConcept=None, medicationReference=reference)
        .prescribed("quinine", days_before(40), reasonReference=[reference])
        .having("labs", {**PANEL, "hasMember": [reference]})
    )
    contents = data.draw(st.lists(st.sampled_from(DIFFERENT[kind]), min_size=2, max_size=4))
    several = [{"resourceType": kind, "id": "same", **content} for content in contents]

    one, other = (
        functools.reduce(lambda made, each: made.having("labs", each), order, patient)
        for order in (several, data.draw(st.permutations(several)))
    )

    assert cards(one.request()) == cards(other.request())
    assert read(one).medicines == read(other).medicines


PANEL: FHIR = {
    "resourceType": "Observation",
    "id": "panel",
    "status": "final",
    "code": {"text": "Panel"},
    "effectiveDateTime": days_before(3),
}


def read(patient: APatient) -> PatientRecord:
    return patient_record(gather(decode(json.dumps(patient.request()).encode(), "patient-view")))


@laws
@given(patients(), st.data())
def test_an_entry_sent_twice_changes_nothing(patient: APatient, data: st.DataObject) -> None:
    key, entry = data.draw(st.sampled_from(patient.resources))

    twice = patient.having(key, entry)

    assert cards(twice.request()) == cards(patient.request())


@laws
@given(patients(), st.data())
def test_a_copy_under_another_id_changes_nothing_but_the_sources(
    patient: APatient, data: st.DataObject
) -> None:
    copied = [each for each in patient.resources if each[1]["id"] not in REPORTS]
    assume(copied)
    key, entry = data.draw(st.sampled_from(copied))

    twice = patient.having(key, {**entry, "id": f"{entry['id']}-again"})

    assert [*map(unsourced, cards(twice.request()))] == [*map(unsourced, cards(patient.request()))]


# an entry that reports cramps and a second one like it are two reports
REPORTS = ("cramps", "visit1", "order1", "form1")
SUBJECT = {"reference": "Patient/p1"}
UNRELATED: tuple[tuple[str, FHIR], ...] = (
    ("conditions", {"resourceType": "Condition", "id": "u1", "code": {"text": "Ingrowing toenail"}}),
    ("conditions", {"resourceType": "Encounter", "id": "u2", "status": "finished"}),
    (
        "medicationStatements",
        {
            "resourceType": "MedicationStatement",
            "id": "u3",
            "status": "active",
            "medicationCodeableConcept": {"text": "Paracetamol 500 mg tablets"},
        },
    ),
    (
        "medicationRequests",
        {
            "resourceType": "MedicationRequest",
            "id": "u4",
            "status": "active",
            "intent": "order",
            "authoredOn": days_before(3),
            "medicationCodeableConcept": {"text": "Emollient cream"},
        },
    ),
    (
        "labs",
        {
            "resourceType": "Observation",
            "id": "u5",
            "status": "final",
            "code": {"text": "Body height"},
            "effectiveDateTime": days_before(2),
            "valueQuantity": {"value": 171, "unit": "cm"},
        },
    ),
    (
        "serviceRequests",
        {
            "resourceType": "ServiceRequest",
            "id": "u6",
            "status": "active",
            "intent": "order",
            "code": {"text": "Chest X-ray"},
        },
    ),
    ("unheard-of", {"resourceType": "Immunization", "id": "u7", "status": "completed"}),
)


@laws
@given(patients(), st.sampled_from(UNRELATED))
def test_an_unrelated_entry_changes_nothing(patient: APatient, unrelated: tuple[str, FHIR]) -> None:
    key, entry = unrelated
    request = patient.request()
    request["prefetch"].setdefault(key, {"resourceType": "Bundle", "type": "searchset", "entry": []})

    more = copy.deepcopy(request)
    more["prefetch"][key]["entry"].append({"resource": {**entry, "subject": SUBJECT}})

    assume(key in patient.request()["prefetch"] or key == "unheard-of")
    assert cards(more) == cards(request)


# A draft ServiceRequest is not among them: it is an order being made, and its test is not suggested again.
VOID = {
    "MedicationRequest": ("draft", "cancelled", "entered-in-error"),
    "MedicationStatement": ("entered-in-error", "not-taken", "intended", "on-hold"),
    "Observation": ("registered", "cancelled", "entered-in-error"),
    "ServiceRequest": ("revoked", "entered-in-error"),
    "Encounter": ("cancelled", "entered-in-error"),
    "QuestionnaireResponse": ("in-progress", "entered-in-error"),
}


@st.composite
def void_entries(draw: st.DrawFn) -> tuple[str, FHIR]:
    """A draft, cancelled or entered-in-error entry about something that a rule reads."""
    step = draw(st.one_of(medicines(), results(), diagnoses(), reports()))
    key, resource = step(a_patient()).resources[0]
    if resource["resourceType"] == "Condition":
        verification = {"coding": [{"code": draw(st.sampled_from(("entered-in-error", "refuted")))}]}
        return key, {**resource, "id": "void", "verificationStatus": verification}
    status = draw(st.sampled_from(VOID[resource["resourceType"]]))
    return key, {**resource, "id": "void", "status": status}


@laws
@given(patients(), void_entries())
def test_a_draft_cancelled_or_erroneous_entry_changes_nothing(
    patient: APatient, void: tuple[str, FHIR]
) -> None:
    key, entry = void

    more = patient.having(key, entry)

    assert cards(more.request()) == cards(patient.request())


@laws
@given(st.sampled_from(VOID["ServiceRequest"]))
def test_a_withdrawn_order_does_not_count_as_ordered(status: str) -> None:
    patient = a_patient().with_cramps().taking("furosemide", days_before(60))
    order: FHIR = {
        "resourceType": "ServiceRequest",
        "id": "void",
        "status": status,
        "intent": "order",
        "code": {"text": "potassium"},
    }

    more = patient.having("serviceRequests", order)

    assert cards(more.request()) == cards(patient.request())


# --- what always holds ------------------------------------------------------------------------------------------


def with_potassium(patient: APatient, tenths: int, on: str, **members: Any) -> APatient:
    return patient.with_result("potassium", f"{tenths // 10}.{tenths % 10} mmol/L", on, **members)


@laws
@given(
    patients(without="potassium"),
    st.integers(10, 50),
    st.integers(10, 50),
    full_dates,
    st.sampled_from(({}, {"low": "3.6 mmol/L"}, {"low": "3.2 mmol/L"}, {"status": "preliminary"})),
)
def test_a_lower_potassium_never_lowers_an_indicator(
    patient: APatient, one: int, other: int, on: str, members: FHIR
) -> None:
    lower, higher = sorted((one, other))

    low, high = (cards(with_potassium(patient, value, on, **members).request()) for value in (lower, higher))

    assert highest(low) >= highest(high)
    assert highest(about("L01", low)) >= highest(about("L01", high))
    for chain in ("M1", "M3"):
        held = [card for card in about("L01", high) if card.extension.get("org.legcramps.chain") == chain]
        assert highest(about("L01", low)) >= highest(held)


def about(row: str, answer: Iterable[Card]) -> list[Card]:
    """The cards that flag a row."""
    return [
        card
        for card in answer
        if any(
            found["row"] == row and found["role"] != "set-aside"
            for found in card.extension.get("org.legcramps.findings", ())
        )
    ]


_DATE = re.compile(r"\b\d{1,2} [A-Z][a-z]{2} \d{4}\b")


def undated(card: Card) -> tuple[Any, ...]:
    return (*told(card), _DATE.sub("a day", card.summary), _DATE.sub("a day", card.detail or ""))


@laws
@given(patients(partial=False), st.integers(-4000, 4000))
def test_shifting_every_day_changes_only_the_printed_dates(patient: APatient, count: int) -> None:
    request, by = json.dumps(patient.request()), timedelta(days=count)

    later = advise(decode(moved(request, by).encode(), "patient-view"), site(), TODAY + by)

    assert [*map(undated, later.cards)] == [*map(undated, cards(json.loads(request)))]


# One amount in SI and US units, none of them near a limit
SAME = {
    "potassium": (("2.3 mmol/L", "2.3 meq/L"), ("2.8 mmol/L", "2.8 meq/L"), ("3.2 mmol/L", "3.2 meq/L"),
                  ("4.4 mmol/L", "4.4 meq/L")),
    "magnesium": (("0.35 mmol/L", "0.85 mg/dL"), ("0.45 mmol/L", "0.90 meq/L"), ("0.60 mmol/L", "1.46 mg/dL"),
                  ("0.85 mmol/L", "2.07 mg/dL")),
    "sodium": (("121 mmol/L", "121 meq/L"), ("127 mmol/L", "127 meq/L"), ("132 mmol/L", "132 meq/L"),
               ("140 mmol/L", "140 meq/L")),
    "glucose": (("2.5 mmol/L", "45 mg/dL"), ("3.5 mmol/L", "63 mg/dL"), ("6.0 mmol/L", "108 mg/dL"),
                ("15.0 mmol/L", "270 mg/dL"), ("25.0 mmol/L", "450 mg/dL")),
    "tsh": (("2.0 mIU/L", "2.0 uIU/mL"), ("7.0 mIU/L", "7.0 uIU/mL"), ("15.0 mIU/L", "15.0 uIU/mL")),
    "creatinine": (("88.4 umol/L", "1.0 mg/dL"),),
    "platelets": (("70 10*9/L", "70 10*3/uL"), ("240 10*9/L", "240 10*3/uL")),
}  # fmt: skip


@st.composite
def in_two_units(draw: st.DrawFn) -> tuple[APatient, APatient]:
    entries = st.lists(st.one_of(medicines(), diagnoses()), max_size=4)
    american = european = a_patient()
    for step in (draw(reports()), *draw(entries)):
        american, european = step(american), step(european)
    for analyte in draw(st.lists(st.sampled_from(sorted(SAME)), min_size=1, max_size=4, unique=True)):
        (si, us), on = draw(st.sampled_from(SAME[analyte])), draw(full_dates)
        european, american = european.with_result(analyte, si, on), american.with_result(analyte, us, on)
    return european, american


@laws
@given(in_two_units())
def test_units_never_matter_away_from_the_limits(pair: tuple[APatient, APatient]) -> None:
    european, american = (cards(patient.request()) for patient in pair)

    assert [*map(told, american)] == [*map(told, european)]


# --- anything at all --------------------------------------------------------------------------------------------

MEMBERS = {
    "Patient": ("birthDate", "deceasedBoolean", "deceasedDateTime", "link", "id"),
    "Condition": (
        "clinicalStatus", "verificationStatus", "code", "bodySite", "onsetDateTime", "onsetAge", "onsetPeriod",
        "onsetRange", "onsetString", "abatementDateTime", "abatementAge", "abatementPeriod", "abatementString",
        "recordedDate",
    ),
    "Observation": (
        "status", "code", "effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued", "valueQuantity",
        "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueDateTime", "dataAbsentReason",
        "referenceRange", "component", "interpretation", "specimen", "note", "bodySite", "valueRange", "valueRatio",
        "hasMember", "focus", "contained",
    ),
    "MedicationStatement": (
        "status", "medicationCodeableConcept", "medicationReference", "medication", "contained", "effectivePeriod",
        "effectiveDateTime", "dateAsserted", "dosage", "reasonCode", "reason", "reasonReference",
    ),
    "MedicationRequest": (
        "status", "intent", "doNotPerform", "medicationCodeableConcept", "medicationReference", "medication",
        "contained", "authoredOn", "dosageInstruction", "dispenseRequest", "reasonCode", "reason",
    ),
    "ServiceRequest": (
        "status", "code", "intent", "subject", "doNotPerform", "authoredOn", "reasonCode", "reasonReference", "reason",
    ),
    "Encounter": (
        "status", "period", "actualPeriod", "reasonCode", "reasonReference", "reason", "diagnosis", "contained",
    ),
    "QuestionnaireResponse": ("status", "authored", "item", "questionnaire"),
}  # fmt: skip
WHOLE = (
    a_patient()
    .with_cramps()
    .taking("furosemide", days_before(60), dose="40 mg")
    .prescribed("chlorthalidone", days_before(70), dose="25 mg")
    .with_result("potassium", "3.1 mmol/L", low="3.5 mmol/L")
    .with_diagnosis("arrhythmia", days_before(100))
    .ordered_for("Leg cramps at night")
    .visited_for("Leg cramps at night")
    .answered("Leg cramps at night?", {"valueBoolean": True})
)
# Shapes that FHIR has somewhere, so that arbitrary JSON is sometimes nearly right
NEARLY = st.sampled_from(
    (
        "2026-05", "2026-13-45", "9999-12-31", "0001-01-01T00:00:00+14:00", "active", True, 0, -1, 1e300, 10**40,
        [], {}, [{}], [[]], [None], {"coding": [None]}, {"coding": [{"code": 5}]}, [{"low": {"value": []}, "high": 4}],
        {"coding": [{"system": "http://loinc.org", "code": ""}]}, {"value": "NaN", "unit": "mmol/L"},
        {"value": "1e400", "code": "mmol/L"}, {"start": "0001-01-01", "end": "9999-12-31"},
        {"repeat": {"period": 0, "frequency": 1, "periodUnit": "d"}},
        [{"timing": {"repeat": {"period": 1e-30, "frequency": 1, "periodUnit": "d"}},
          "doseAndRate": [{"doseQuantity": {"value": 1e30, "unit": "mg"}}]}],
        {"expectedSupplyDuration": {"value": 1e30, "code": "d"}, "numberOfRepeatsAllowed": -5},
        {"reference": "#"}, {"reference": "Medication/"}, [{"reference": "#"}], [{"reference": "Condition/cramps"}],
        [{"linkId": "1", "item": [{"answer": [{"valueInteger": 10**40}, {"valueString": ""}]}]}],
        [{"condition": {"reference": "Condition/cramps"}}], [{"value": [{"concept": {"text": "leg cramps"}}]}],
    )
)  # fmt: skip
anything = NEARLY | any_json


@laws
@given(patients())
def test_no_card_is_longer_than_its_budget(patient: APatient) -> None:
    """DECISIONS, Cards: words of the detail, characters of the summary."""
    most = {"main": 80, "also-consider": 110}

    found = cards(patient.request())

    for card in found:
        kind = card.extension["org.legcramps.card"]
        assert len((card.detail or "").split()) <= most.get(kind, 400)
        assert len(card.summary) <= 139


@laws
@given(st.sampled_from(sorted(MEMBERS)), st.data())
def test_no_shape_of_a_member_crashes_reading(kind: str, data: st.DataObject) -> None:
    made = data.draw(st.dictionaries(st.sampled_from(MEMBERS[kind]), anything, min_size=1, max_size=5))
    request = whole()
    broken = data.draw(st.sampled_from([each for each in resources(request) if each["resourceType"] == kind]))
    broken.update(made)

    called = _called(request)

    if called is not None:
        assert patient_record(called).person is not None
        answered(request)


def whole() -> FHIR:
    """A fresh copy: the builder shares its resources."""
    return copy.deepcopy(WHOLE.request())


def resources(request: FHIR) -> list[FHIR]:
    bundled = [
        entry["resource"]
        for key, value in request["prefetch"].items()
        if key != "patient"
        for entry in value["entry"]
    ]
    return [request["prefetch"]["patient"], *bundled]


def _called(request: FHIR) -> Any:
    """What the core would read; None when the request is refused."""
    try:
        return gather(decode(json.dumps(request).encode(), "patient-view"))
    except (RequestInvalid, DataUnavailable):
        return None


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    if isinstance(value, dict):
        inner: Iterable[tuple[Any, Any]] = value.items()
    else:
        inner = enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


@functools.cache
def the_app() -> Any:
    chosen = load_settings(base_url="http://127.0.0.1:8000", today=TODAY)
    return create_app(chosen, site().knowledge)


PLACES = places(whole())[1:]


DOSAGE = ("prefetch", "medicationStatements", "entry", 0, "resource", "dosage")


@laws
@example(DOSAGE, [{"doseAndRate": [{"doseQuantity": {"value": 1e30, "unit": "mg"}}]}])
@given(st.sampled_from(PLACES), anything)
def test_anything_anywhere_has_a_defined_status(place: tuple[Any, ...], planted: Any) -> None:
    request = whole()
    holder: Any = request
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = planted

    answer = post(the_app(), json.dumps(request).encode())

    assert answer.status_code in (200, 400, 412)
    assert "cards" in answer.json() or answer.json()["resourceType"] == "OperationOutcome"


@laws
@given(st.lists(anything, max_size=4), st.sampled_from(("conditions", "labs", "medicationRequests")))
def test_entries_that_are_nothing_leave_the_others_readable(strange: list[Any], key: str) -> None:
    request = whole()
    request["prefetch"][key] = a_bundle(
        *(each["resource"] for each in request["prefetch"][key]["entry"]), *strange
    )

    answer = post(the_app(), json.dumps(a_call(prefetch=request["prefetch"])).encode())

    assert answer.status_code in (200, 400)


def test_the_patients_of_these_laws_show_every_kind_of_answer() -> None:
    """A law that only ever sees silence would hold for nothing."""
    seen: set[str] = set()

    @settings(laws, max_examples=600)
    @given(patients())
    def look(patient: APatient) -> None:
        for card in cards(patient.request()):
            seen.update((card.indicator, card.extension["org.legcramps.card"]))
            seen.add(card.extension.get("org.legcramps.chain", ""))

    look()

    assert {"critical", "warning", "info", "main", "also-consider", "data", "M1", "M1b", "M2", "M3"} <= seen
