"""C07: dialysis: haemodialysis, peritoneal dialysis, and a code that does not say which."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient

_SESSION = "Cramps at or after sessions"
_PERITONEAL = "A low potassium is common on peritoneal dialysis."
_WHICH = "The record does not settle which kind of dialysis: ask."
_UNSPECIFIED = {
    "coding": [
        {
            "system": "http://hl7.org/fhir/sid/icd-10-cm",
            "code": "Z99.2",
            "display": "Dependence on renal dialysis",
        }
    ]
}


def _on(concept: str, **members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis(concept, "2022-01-01", **members)


@pytest.mark.parametrize("concept", ["haemodialysis", "peritoneal_dialysis", "dialysis_dependence"])
def test_dialysis_is_info_on_a_main_card(concept: str) -> None:
    patient = _on(concept)

    found = answer(patient)

    assert (found.place("C07"), found.indicator("C07")) == (("contributor", "main"), "info")


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        (_on("haemodialysis"), _SESSION),
        (_on("peritoneal_dialysis"), _PERITONEAL),
        (_on("dialysis_dependence", code=_UNSPECIFIED), _WHICH),
        (_on("haemodialysis").with_diagnosis("peritoneal_dialysis"), _WHICH),
        (_on("haemodialysis").with_diagnosis("dialysis_dependence", code=_UNSPECIFIED), _SESSION),
        (_on("peritoneal_dialysis").with_diagnosis("dialysis_dependence", code=_UNSPECIFIED), _PERITONEAL),
    ],
)
def test_sessions_are_told_only_for_haemodialysis(patient: APatient, said: str) -> None:
    found = answer(patient)

    assert [each for each in (_SESSION, _PERITONEAL, _WHICH) if each in found.detail("C07")] == [said]


def test_minerals_and_fluid_are_left_to_the_unit() -> None:
    """KNOWLEDGE section 10; nothing is drafted either."""
    patient = _on("haemodialysis").with_diagnosis("diabetes_type_2")

    found = answer(patient)

    assert "contact the dialysis unit about minerals and fluid" in found.detail("C07")
    assert "no potassium or magnesium over the counter" in found.detail("C07")
    assert found.suggested == {"HbA1c"}
    assert "minerals in food" not in found.printed
    assert "fluids suited" not in found.printed


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_dialysis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = _on("haemodialysis", clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_entry_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _on("peritoneal_dialysis", verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


def test_text_alone_is_understood_and_told() -> None:
    patient = _on("haemodialysis", code={"text": "on haemodialysis"})

    found = answer(patient)

    assert found.place("C07") == ("contributor", "main")
    assert "matched by text" in found.detail("C07")


def test_undated_entry_counts() -> None:
    patient = a_patient().with_cramps().with_diagnosis("haemodialysis")

    found = answer(patient)

    assert found.place("C07") == ("contributor", "main")
    assert "date not recorded" in found.detail("C07")
