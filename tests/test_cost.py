"""The cost of an answer grows with the record, not with its square; CPU ratios with wide margins, no wall clock."""

from collections.abc import Callable
from time import process_time

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

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


@pytest.mark.parametrize("grow", [_refills, _short_courses, _potassium, _glucose, _pregnancies])
def test_eight_times_the_entries_cost_far_less_than_their_square(grow: _Grow) -> None:
    small = min(_cost(grow, SMALL) for _ in range(3))

    large = min(_cost(grow, LARGE) for _ in range(2))

    assert large / small < _MARGIN
