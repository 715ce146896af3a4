"""C16: hypoparathyroidism, or an operation on the neck in the last 90 days."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_CALCIUM = {"coding": [{"system": "http://loinc.org", "code": "17861-6"}]}
_RENAL_PANEL = {"coding": [{"system": "http://loinc.org", "code": "24362-6"}]}


def _operated(age: int | None, text: str = "Total thyroidectomy", **members: Any) -> APatient:
    dated = {"recordedDate": days_before(age)} if age is not None else {}
    entry = {"resourceType": "Condition", "id": "op", "code": {"text": text}, **dated, **members}
    return a_patient().with_cramps().having("conditions", entry)


def _lacking_hormone(on: str | None, **members: Any) -> APatient:
    return a_patient().with_cramps().with_diagnosis("hypoparathyroidism", on, **members)


@pytest.mark.parametrize("text", ["Total thyroidectomy", "Parathyroidectomy", "Hemithyroidectomy"])
@pytest.mark.parametrize(("age", "indicator"), [(3, "warning"), (90, "warning"), (91, None), (None, None)])
def test_recent_operation_without_a_calcium_is_a_warning(
    text: str, age: int | None, indicator: str | None
) -> None:
    patient = _operated(age, text)

    found = answer(patient)

    assert (found.indicator("C16") if found.cards else None) == indicator


@pytest.mark.parametrize(
    ("age", "indicator"), [(3, "warning"), (90, "warning"), (91, "info"), (4000, "info"), (None, "info")]
)
def test_diagnosis_without_a_calcium_is_a_warning_while_it_is_new(age: int | None, indicator: str) -> None:
    patient = _lacking_hormone(days_before(age) if age is not None else None)

    found = answer(patient)

    assert (found.place("C16"), found.indicator("C16")) == (("contributor", "main"), indicator)


@pytest.mark.parametrize("analyte", ["calcium_total", "calcium_adjusted"])
@pytest.mark.parametrize(("taken", "flagged"), [(80, {"C16"}), (60, {"C16"}), (59, set()), (2, set())])
def test_only_a_calcium_after_the_operation_settles_it(analyte: str, taken: int, flagged: set[str]) -> None:
    """One of the very day may be from before it."""
    patient = _operated(60).with_result(analyte, "2.30 mmol/L", days_before(taken))

    found = answer(patient)

    assert found.flagged == flagged


@pytest.mark.parametrize("value", ["1.20 mmol/L", "4.8 mg/dL"])
def test_ionised_calcium_settles_it_too(value: str) -> None:
    patient = _operated(60).with_result("calcium_ionized", value, days_before(10))

    found = answer(patient)

    assert found.flagged == frozenset()


@pytest.mark.parametrize(("taken", "flagged"), [(365, set()), (366, {"C16"})])
def test_long_standing_diagnosis_asks_for_a_calcium_once_a_year(taken: int, flagged: set[str]) -> None:
    patient = _lacking_hormone("2010-01-01").with_result(
        "calcium_adjusted", "2.20 mmol/L", days_before(taken)
    )

    found = answer(patient)

    assert found.flagged == flagged


@pytest.mark.parametrize("code", [_CALCIUM, _RENAL_PANEL])
def test_calcium_on_order_makes_a_long_standing_diagnosis_silent(code: dict[str, Any]) -> None:
    patient = _lacking_hormone("2010-01-01")

    found = answer(patient.ordered_for("check", code=code))

    assert found.cards == ()


@pytest.mark.parametrize("code", [_CALCIUM, _RENAL_PANEL])
def test_calcium_on_order_leaves_the_warning_after_surgery_and_is_not_drafted_again(
    code: dict[str, Any],
) -> None:
    """CARDS B1.7."""
    patient = _operated(20)

    found = answer(patient.ordered_for("check", code=code))

    assert found.indicator("C16") == "warning"
    assert "Calcium" not in found.suggested


def test_orders_that_were_not_supplied_do_not_silence_it() -> None:
    patient = _operated(20).lacking("serviceRequests")

    found = answer(patient)

    assert found.indicator("C16") == "warning"


def test_results_that_were_not_supplied_are_no_lack_of_a_calcium() -> None:
    patient = _operated(20).lacking("labs")

    found = answer(patient)

    assert "C16" not in found.flagged
    assert "Not supplied: laboratory results" in found.data_lines()


def test_new_operation_counts_beside_an_old_diagnosis() -> None:
    patient = _operated(20).with_diagnosis("hypoparathyroidism", "2010-01-01")
    patient = patient.with_result("calcium_adjusted", "2.20 mmol/L", days_before(100))

    found = answer(patient)

    assert found.indicator("C16") == "warning"


def test_orders_are_calcium_albumin_magnesium_and_parathyroid_hormone() -> None:
    patient = _operated(20)

    found = answer(patient).suggested

    assert found == {"Calcium", "Albumin", "Magnesium", "PTH"}


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = _lacking_hormone("2010-01-01", clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _lacking_hormone("2010-01-01", verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


def test_low_calcium_makes_it_one_card() -> None:
    patient = _operated(20).with_result("calcium_adjusted", "2.00 mmol/L", days_before(2))

    found = answer(patient)

    assert (len(found.cards), found.chain_of("C16"), found.flagged) == (1, "M16", {"C16", "L03"})
