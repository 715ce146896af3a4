"""The cost of an answer grows with the record, not with its square; CPU ratios with wide margins, no wall clock."""

from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from cds_service.facts import Diagnosed
from tests.findings_of import answer
from tests.patients import FHIR, APatient, a_patient, days_before

SMALL, LARGE = 250, 2000  # eight times as much: linear costs 8 times, quadratic 64 times
_MARGIN = 24

_Grow = Callable[[APatient, int], APatient]


def _refills(patient: APatient, place: int) -> APatient:
    return patient.prescribed("furosemide", days_before(place), dose="40 mg")


def _short_courses(patient: APatient, place: int) -> APatient:
    return patient.taking("furosemide", days_before(40 * place + 10), until=days_before(40 * place + 5))


def _potassium(patient: APatient, place: int) -> APatient:
    return patient.with_result("potassium", f"3.{place % 10}{place} mmol/L", days_before(3))


def _glucose(patient: APatient, place: int) -> APatient:
    return patient.with_result("glucose", f"2.{place % 10}{place} mmol/L", days_before(3))


def _pregnancies(patient: APatient, place: int) -> APatient:
    return patient.with_diagnosis("pregnancy_current", days_before(place % 200))


def _cost(grow: _Grow, count: int) -> float:
    patient = a_patient().taking("insulin glargine", days_before(60)).with_cramps()
    resources = [each for place in range(count) for each in grow(a_patient(), place).resources]
    named = tuple((key, {**resource, "id": f"r{place}"}) for place, (key, resource) in enumerate(resources))
    whole = APatient(patient.today, patient.patient, patient.resources + named)
    answer(whole)  # once before, so that nothing is read for the first time
    began = process_time()
    answer(whole)
    return process_time() - began


def _calcium_with_albumin(patient: APatient, place: int) -> APatient:
    day = days_before(place % 900)
    calcium = patient.with_result("calcium_total", f"2.0{place % 10} mmol/L", day)
    return calcium.with_result("albumin", f"3{place % 10} g/L", day)


def _creatinine_of_one_day(patient: APatient, place: int) -> APatient:
    return patient.with_result("creatinine", f"{80 + place % 90} umol/L", days_before(3))


def _varicose_veins(patient: APatient, place: int) -> APatient:
    return patient.with_diagnosis("varicose_veins_venous_insufficiency", days_before(place))


@pytest.mark.parametrize(
    "grow",
    [
        _refills,
        _short_courses,
        _potassium,
        _glucose,
        _pregnancies,
        _calcium_with_albumin,
        _creatinine_of_one_day,
        _varicose_veins,
    ],
)
def test_eight_times_the_entries_cost_far_less_than_their_square(grow: _Grow) -> None:
    small = min(_cost(grow, SMALL) for _ in range(3))

    large = min(_cost(grow, LARGE) for _ in range(2))

    assert large / small < _MARGIN


def _one_id_again_and_again(count: int) -> APatient:
    """Conditions that differ, all of one id, which a client is free to send."""
    patient = a_patient().with_cramps()
    for place in range(count):
        patient = patient.with_diagnosis(
            "hypothyroidism", days_before(place), id="1", recordedDate=days_before(place)
        )
    return patient


def test_different_entries_of_one_id_are_not_compared_pair_by_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    usual = Diagnosed.__eq__

    def counted(one: Diagnosed, other: object) -> bool:
        compared.append(1)
        return usual(one, other)

    monkeypatch.setattr(Diagnosed, "__eq__", counted)
    answer(_one_id_again_and_again(SMALL))

    assert len(compared) < 4 * SMALL  # pair by pair: some 30,000


# --- one entry that holds much ----------------------------------------------------------------------------------

_Make = Callable[[int], APatient]


def _statement(**members: Any) -> APatient:
    return a_patient().with_cramps().taking("digoxin", **members)


def _condition(identity: str) -> FHIR:
    return {"resourceType": "Condition", "id": identity, "code": {"text": "Gout"}}


def _members_of_a_panel(count: int) -> APatient:
    inside = [
        {"resourceType": "Observation", "id": f"k{place}", "status": "final", "code": {"text": "Gout"}}
        for place in range(count)
    ]
    members = [{"reference": f"#k{place}"} for place in range(count)]
    return a_patient().with_cramps().with_result("potassium", "3.1", contained=inside, hasMember=members)


def _one_reason_again_and_again(count: int) -> APatient:
    inside = [_condition(f"c{place}") for place in range(count)]
    return _statement(contained=inside, reasonReference=[{"reference": "#c0"}] * count)


def _reasons(count: int) -> APatient:
    inside = [_condition(f"c{place}") for place in range(count)]
    return _statement(
        contained=inside, reasonReference=[{"reference": f"#c{place}"} for place in range(count)]
    )


def _diagnoses_of_a_visit(count: int) -> APatient:
    inside = [_condition(f"c{place}") for place in range(count)]
    diagnoses = [{"condition": {"reference": f"#c{place}"}} for place in range(count)]
    return a_patient().with_cramps().visited_for("Gout", contained=inside, diagnosis=diagnoses)


def _ingredients(count: int) -> APatient:
    inside = [
        {"resourceType": "Substance", "id": f"s{place}", "code": {"text": "Lactose"}}
        for place in range(count)
    ]
    listed = [{"itemReference": {"reference": f"#s{place}"}} for place in range(count)]
    product = {"resourceType": "Medication", "id": "m", "ingredient": listed}
    reference = {"reference": "#m", "display": "Digoxin"}
    return _statement(
        medicationCodeableConcept=None, medicationReference=reference, contained=[product, *inside]
    )


def _took(patient: APatient) -> float:
    """CPU seconds of one answer, nothing of it read for the first time; the best of three."""
    answer(patient)
    best = float("inf")
    for _ in range(3):
        began = process_time()
        answer(patient)
        best = min(best, process_time() - began)
    return best


@pytest.mark.parametrize(
    "make",
    [_members_of_a_panel, _one_reason_again_and_again, _reasons, _diagnoses_of_a_visit, _ingredients],
)
def test_what_one_entry_holds_is_not_read_again_for_each_reference_to_it(make: _Make) -> None:
    small, large = _took(make(SMALL)), _took(make(LARGE))

    assert large / small < _MARGIN


# --- many codings of one idea -----------------------------------------------------------------------------------


def _group(count: int) -> FHIR:
    """A concept of many codings below one ATC group that a value set holds whole; the last digits are made up."""
    system = "http://www.whocc.no/atc"
    return {"coding": [{"system": system, "code": f"C09AA{place:04}"} for place in range(count)]}


def _of_one_statement(count: int) -> APatient:
    return _statement(medicationCodeableConcept=_group(count))


def _of_one_diagnosis(count: int) -> APatient:
    return a_patient().with_cramps(code=_group(count)).with_diagnosis("arrhythmia", code=_group(count))


def _of_one_result(count: int) -> APatient:
    return a_patient().with_cramps().with_result("potassium", "3.1 mmol/L", code=_group(count))


@pytest.mark.parametrize("make", [_of_one_statement, _of_one_diagnosis, _of_one_result])
def test_four_times_the_codings_cost_far_less_than_their_square(make: _Make) -> None:
    small, large = _took(make(400)), _took(make(1600))

    assert large / small < 10  # linear: 4 times, quadratic: 16 times


def _shared(count: int) -> APatient:
    """So many statements about one Medication of so many codings."""
    product = {"resourceType": "Medication", "id": "m", "code": _group(count)}
    patient = a_patient().with_cramps().having("medicationStatements", product)
    for _ in range(count):
        patient = patient.taking(
            "digoxin", medicationCodeableConcept=None, medicationReference={"reference": "Medication/m"}
        )
    return patient


def test_many_statements_about_one_medication_of_many_codings_cost_less_than_their_product() -> None:
    small, large = _took(_shared(120)), _took(_shared(480))

    assert large / small < 9  # linear: 4 times, their product: 16 times
