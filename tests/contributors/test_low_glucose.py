"""L09: a low glucose."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_glucose(
    value: str, age: int = 7, drug: str | None = "insulin glargine", **members: Any
) -> APatient:
    patient = a_patient().with_cramps().with_result("glucose", value, days_before(age), **members)
    return patient.taking(drug, "2020-01-01") if drug else patient


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L09") if "L09" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("5.0 mmol/L", None),
        ("3.9 mmol/L", None),
        ("3.8 mmol/L", "warning"),
        ("2.9 mmol/L", "warning"),
        ("90 mg/dL", None),
        ("70 mg/dL", None),
        ("69 mg/dL", "warning"),
        ("40 mg/dL", "warning"),
        ("0.70 g/L", None),
        ("0.68 g/L", "warning"),
    ],
)
@pytest.mark.parametrize("drug", ["insulin glargine", "gliclazide", "repaglinide"])
def test_low_value_on_glucose_lowering_treatment_is_a_warning(
    drug: str, value: str, level: str | None
) -> None:
    """70 mg/dL is not low, though it would be 3.89 mmol/L."""
    patient = _with_glucose(value, drug=drug)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "age", "level"),
    [
        ("2.9 mmol/L", 0, "critical"),
        ("2.9 mmol/L", 1, "critical"),
        ("2.9 mmol/L", 2, "warning"),
        ("3.0 mmol/L", 0, "warning"),
        ("53 mg/dL", 1, "critical"),
        ("54 mg/dL", 1, "warning"),
    ],
)
def test_serious_value_of_today_or_yesterday_is_critical(value: str, age: int, level: str) -> None:
    patient = _with_glucose(value, age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("age", "level"), [(30, "warning"), (31, None), (90, None), (365, None), (366, None)]
)
def test_low_reading_counts_for_30_days(age: int, level: str | None) -> None:
    patient = _with_glucose("3.5 mmol/L", age)

    found = _level(patient)

    assert found == level


def test_later_normal_reading_does_not_clear_a_low_one() -> None:
    patient = _with_glucose("3.5 mmol/L", 20).with_result("glucose", "7.2 mmol/L", days_before(2))

    found = answer(patient)

    assert found.indicator("L09") == "warning"
    assert found.sources("L09")[0] == "Observation/ob1"


def test_lowest_reading_leads() -> None:
    patient = _with_glucose("3.5 mmol/L", 5).with_result("glucose", "2.7 mmol/L", days_before(12))

    found = answer(patient)

    assert "2.7 mmol/L" in found.summary("L09")


@pytest.mark.parametrize("value", ["3.8 mmol/L", "3.0 mmol/L", "69 mg/dL"])
def test_without_a_drug_a_mildly_low_value_says_nothing(value: str) -> None:
    patient = _with_glucose(value, drug=None)

    found = _level(patient)

    assert found is None


def test_without_a_drug_a_serious_value_is_info() -> None:
    patient = _with_glucose("2.9 mmol/L", drug=None)

    found = answer(patient)

    assert (found.place("L09"), found.indicator("L09")) == (("contributor", "main"), "info")


@pytest.mark.parametrize(
    ("value", "level"), [("<3.9 mmol/L", "warning"), ("<5 mmol/L", None), ("<1.1 mmol/L", "critical")]
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_glucose(value, age=0)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("3.1", "no unit"), ("3.1 mmol/kg", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_glucose(value)

    found = answer(patient)

    assert "L09" not in found.flagged
    assert found.data_lines() == (f"Glucose of 8 Jun 2026: {why}",)


def test_preliminary_serious_value_is_shown_and_marked() -> None:
    """KNOWLEDGE section 3: a preliminary value in critical range is shown."""
    patient = _with_glucose("2.5 mmol/L", age=0, status="preliminary")

    found = answer(patient)

    assert found.indicator("L09") == "critical"
    assert "preliminary" in found.detail("L09")


def test_preliminary_ordinary_value_is_not_used() -> None:
    patient = _with_glucose("3.5 mmol/L", status="preliminary")

    found = _level(patient)

    assert found is None


def test_time_of_a_night_reading_is_printed() -> None:
    patient = a_patient().with_cramps().taking("insulin glargine", "2020-01-01")
    patient = patient.with_result("glucose", "2.9 mmol/L", f"{days_before(6)}T03:10:00+01:00")

    found = answer(patient)

    assert "(03:10 on 9 Jun 2026)" in found.detail("L09")


def test_with_insulin_it_leads_a_chain() -> None:
    patient = _with_glucose("3.5 mmol/L")

    found = answer(patient)

    assert found.chain_of("L09") == "M3"


def test_orders_are_hba1c_and_creatinine() -> None:
    patient = _with_glucose("3.5 mmol/L", drug="gliclazide")

    found = answer(patient).suggested

    assert found == {"HbA1c", "Creatinine"}


@pytest.mark.parametrize("drug", ["insulin glargine", "gliclazide", "repaglinide"])
def test_drug_begun_after_the_cramps_is_named_as_a_likely_cause_of_the_value(drug: str) -> None:
    """KNOWLEDGE X4."""
    patient = a_patient().with_cramps().taking(drug, days_before(20)).with_result("glucose", "3.5 mmol/L")

    found = answer(patient)

    assert (found.chain_of("L09"), found.indicator("L09")) == (None, "warning")
    assert f"{drug.capitalize()} (from 26 May 2026, after the cramps began) was running" in found.detail(
        "L09"
    )


def test_sulfonylurea_begun_before_the_cramps_leads_the_same_chain() -> None:
    patient = _with_glucose("3.5 mmol/L", drug="gliclazide")

    found = answer(patient)

    assert (found.chain_of("L09"), found.indicator("L09")) == ("M3", "warning")


def test_urgent_card_says_what_it_can_not_see() -> None:
    patient = a_patient().with_cramps().taking("gliclazide", days_before(20))
    patient = patient.with_result("glucose", "2.8 mmol/L", days_before(0))

    found = answer(patient)

    assert found.summary("L09") == (
        "Recorded glucose 2.8 mmol/L (15 Jun 2026) in a patient with night leg cramps: confirm that it was acted on"
    )
    assert "not known whether handled" in found.detail("L09")


@pytest.mark.parametrize("drug", ["insulin glargine", "gliclazide", "repaglinide"])
@pytest.mark.parametrize(
    ("stopped", "value", "age", "level"),
    [(0, "2.1 mmol/L", 1, "critical"), (5, "3.5 mmol/L", 10, "warning"), (12, "3.5 mmol/L", 10, None)],
)
def test_drug_that_was_taken_at_the_reading_counts_though_it_was_stopped_since(
    drug: str, stopped: int, value: str, age: int, level: str | None
) -> None:
    patient = _with_glucose(value, age, drug=None).taking(drug, "2020-01-01", until=days_before(stopped))

    found = answer(patient)

    assert (found.chain_of("L09"), _level(patient)) == ("M3" if level else None, level)


@pytest.mark.parametrize("drug", ["insulin glargine", "gliclazide", "repaglinide"])
def test_reading_from_before_the_drug_is_judged_without_it(drug: str) -> None:
    mild, serious = (
        _with_glucose(value, 10, drug=None).taking(drug, days_before(5))
        for value in ("3.5 mmol/L", "2.5 mmol/L")
    )

    found = (_level(mild), _level(serious))

    assert found == (None, "info")
