"""KNOWLEDGE section 8: published monitoring that looks overdue is told, and nothing else is."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_OVERDUE = "onitoring looks overdue"


def _on_spironolactone(since: int = 200) -> APatient:
    """A potassium-sparing diuretic: potassium and creatinine one week after the start, then half-yearly."""
    return (
        a_patient().with_cramps(days_before(100)).taking("spironolactone", days_before(since), dose="25 mg")
    )


def _told(patient: APatient) -> str:
    lines = [line for card in answer(patient).cards for line in (card.detail or "").splitlines()]
    return next((line for line in lines if _OVERDUE in line), "")


def test_never_measured_on_the_drug_is_overdue() -> None:
    assert _told(_on_spironolactone()).endswith("overdue: K and creatinine (none on file)")


def test_half_a_year_without_a_test_is_overdue_and_dated() -> None:
    patient = _on_spironolactone(350)
    for analyte, value in (("potassium", "4.2 mmol/L"), ("creatinine", "80 umol/L")):
        patient = patient.with_result(analyte, value, days_before(200))

    assert _told(patient).endswith("overdue: K and creatinine (last 27 Nov 2025)")


def test_a_test_since_the_start_within_half_a_year_is_enough() -> None:
    patient = _on_spironolactone()
    for analyte, value in (("potassium", "4.2 mmol/L"), ("creatinine", "80 umol/L")):
        patient = patient.with_result(analyte, value, days_before(100))

    assert _told(patient) == ""


def test_only_what_is_due_is_named() -> None:
    patient = _on_spironolactone().with_result("potassium", "4.2 mmol/L", days_before(20))

    assert "overdue: creatinine (none" in _told(patient)


@pytest.mark.parametrize("keys", [("labs",)])
def test_nothing_is_called_overdue_where_results_were_not_supplied(keys: tuple[str, ...]) -> None:
    """Not seen is not the same as not done."""
    assert _told(_on_spironolactone().lacking(*keys)) == ""


def test_a_test_on_order_is_not_called_overdue() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "id": "o1",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://loinc.org", "code": "24326-1"}], "text": "Electrolytes"},
        "subject": {"reference": "Patient/p1"},
    }

    assert "overdue: creatinine (none" in _told(_on_spironolactone().having("serviceRequests", order))
