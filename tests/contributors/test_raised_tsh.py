"""L07: a raised TSH."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_tsh(value: str, age: int = 7, **members: Any) -> APatient:
    return a_patient().with_cramps().with_result("tsh", value, days_before(age), **members)


def _level(patient: APatient) -> str | None:
    found = answer(patient)
    return found.indicator("L07") if "L07" in found.flagged else None


@pytest.mark.parametrize(
    ("value", "level"),
    [("2.1", None), ("4.5", None), ("4.6", "info"), ("10", "info"), ("10.1", "warning"), ("60", "warning")],
)
@pytest.mark.parametrize("unit", ["mIU/L", "m[IU]/L", "u[IU]/mL", "uIU/mL", "mU/L"])
def test_level_follows_the_value_in_every_spelling_of_the_unit(
    value: str, unit: str, level: str | None
) -> None:
    patient = _with_tsh(f"{value} {unit}")

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("own_limit", "value", "level"),
    [
        ("5.5 mIU/L", "5.0 mIU/L", None),
        ("4.0 mIU/L", "4.2 mIU/L", "info"),
        ("12 mIU/L", "11 mIU/L", "warning"),
    ],
)
def test_own_reference_range_decides_raised_and_ours_the_band(
    own_limit: str, value: str, level: str | None
) -> None:
    patient = _with_tsh(value, high=own_limit)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("age", "level"), [(90, "warning"), (91, "warning"), (365, "warning"), (366, None)])
def test_value_counts_for_365_days(age: int, level: str | None) -> None:
    patient = _with_tsh("14.2 mIU/L", age)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(
    ("value", "level"), [(">100 mIU/L", "warning"), (">5 mIU/L", "info"), ("<20 mIU/L", None)]
)
def test_comparator_decides_only_when_it_can(value: str, level: str | None) -> None:
    patient = _with_tsh(value)

    found = _level(patient)

    assert found == level


@pytest.mark.parametrize(("value", "why"), [("14.2", "no unit"), ("14.2 ng/mL", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_tsh(value)

    found = answer(patient)

    assert found.data_lines() == (f"TSH of 8 Jun 2026: {why}",)


def test_later_normal_value_clears_a_raised_one() -> None:
    patient = _with_tsh("14.2 mIU/L", 200).with_result("tsh", "2.0 mIU/L", days_before(100))

    found = answer(patient)

    assert found.cards == ()


def test_printed_unit_reads_as_clinicians_write_it() -> None:
    patient = _with_tsh("14.2 m[IU]/L")

    found = answer(patient)

    assert found.summary("L07") == "TSH 14.2 mIU/L (8 Jun 2026) is raised in a patient with night leg cramps"


def test_on_a_statin_it_leads_a_chain() -> None:
    patient = _with_tsh("14.2 mIU/L").taking("rosuvastatin", days_before(60))

    found = answer(patient)

    assert (found.chain_of("L07"), found.indicator("L07")) == ("M2", "warning")


@pytest.mark.parametrize(
    ("statin", "tests"), [(False, {"TSH", "Free T4"}), (True, {"TSH", "CK", "Creatinine"})]
)
def test_orders_confirm_it(statin: bool, tests: set[str]) -> None:
    patient = _with_tsh("14.2 mIU/L")
    patient = patient.taking("rosuvastatin", "2020-01-01") if statin else patient

    found = answer(patient).suggested

    assert found == tests


def test_listed_thyroid_hormone_is_told_with_what_may_bind_it() -> None:
    """KNOWLEDGE X2, L07: adherence and binding drugs."""
    patient = _with_tsh("14.2 mIU/L").taking("levothyroxine", "2020-01-01")
    patient = patient.taking("ferrous sulfate", "2020-01-01")

    found = answer(patient).detail("L07")

    assert "Thyroid hormone is listed: consider adherence and dose." in found
    assert "Levothyroxine and ferrous sulfate taken close together may lessen uptake." in found


def test_value_drawn_before_thyroid_hormone_is_said_to_be_so() -> None:
    patient = _with_tsh("14.2 mIU/L", 20).taking("levothyroxine", days_before(10))

    found = answer(patient).detail("L07")

    assert "Drawn before levothyroxine (5 Jun 2026)" in found
    assert "is listed" not in found


def test_without_thyroid_hormone_iron_is_not_mentioned() -> None:
    patient = _with_tsh("14.2 mIU/L").taking("ferrous sulfate", "2020-01-01")

    found = answer(patient).detail("L07")

    assert "uptake" not in found
