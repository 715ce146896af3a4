"""L10: a low vitamin D is a line by itself and joins the card of what it lowers."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ALSO = ("contributor", "also-consider")


def _with_vitamin_d(value: str, age: int = 7) -> APatient:
    return a_patient().with_cramps().with_result("vitamin_d_25oh", value, days_before(age))


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("50 nmol/L", None),
        ("30 nmol/L", None),
        ("29.9 nmol/L", ALSO),
        ("8 nmol/L", ALSO),
        ("12 ng/mL", None),
        ("11.9 ng/mL", ALSO),
        ("11.9 ug/L", ALSO),
    ],
)
def test_deficiency_is_a_line_in_the_unit_reported(value: str, place: tuple[str, str] | None) -> None:
    patient = _with_vitamin_d(value)

    found = answer(patient)

    assert found.place("L10") == place


@pytest.mark.parametrize(("age", "place"), [(365, ALSO), (366, None)])
def test_value_counts_for_a_year(age: int, place: tuple[str, str] | None) -> None:
    patient = _with_vitamin_d("22 nmol/L", age)

    found = answer(patient)

    assert found.place("L10") == place


def test_laboratory_range_does_not_count() -> None:
    """KNOWLEDGE section 9: the fixed value, always."""
    patient = a_patient().with_cramps().with_result("vitamin_d_25oh", "40 nmol/L", low="50 nmol/L")

    found = answer(patient)

    assert found.place("L10") is None


def test_later_normal_value_clears_a_low_one() -> None:
    patient = _with_vitamin_d("22 nmol/L", 100).with_result("vitamin_d_25oh", "70 nmol/L", days_before(5))

    found = answer(patient)

    assert "L10" not in found.flagged


@pytest.mark.parametrize(
    ("value", "place"), [("<10 nmol/L", ALSO), ("<50 nmol/L", None), (">20 nmol/L", None)]
)
def test_comparator_decides_only_when_it_can(value: str, place: tuple[str, str] | None) -> None:
    patient = _with_vitamin_d(value)

    found = answer(patient)

    assert found.place("L10") == place


@pytest.mark.parametrize(("value", "why"), [("22", "no unit"), ("22 mmol/mol", "unit not understood")])
def test_value_that_can_not_be_trusted_is_not_used_and_told(value: str, why: str) -> None:
    patient = _with_vitamin_d(value)

    found = answer(patient)

    assert found.place("L10") is None
    assert found.data_lines()[0].endswith(why)


def test_line_names_the_value_and_orders_nothing() -> None:
    patient = _with_vitamin_d("22 nmol/L")

    found = answer(patient)

    assert "**25-OH vitamin D 22 nmol/L** (8 Jun 2026), which may lower calcium" in found.detail("L10")
    assert found.suggested == frozenset()


@pytest.mark.parametrize(("days", "place"), [(365, ALSO), (366, None)])
def test_recorded_deficiency_without_a_value_is_a_line(days: int, place: tuple[str, str] | None) -> None:
    patient = a_patient().with_cramps().with_diagnosis("vitamin_d_deficiency", days_before(days))

    found = answer(patient)

    assert found.place("L10") == place


@pytest.mark.parametrize(("age", "place"), [(10, None), (365, None), (366, ALSO)])
def test_normal_value_of_the_year_clears_a_recorded_deficiency(
    age: int, place: tuple[str, str] | None
) -> None:
    patient = _with_vitamin_d("70 nmol/L", age).with_diagnosis("vitamin_d_deficiency", days_before(300))

    found = answer(patient)

    assert found.place("L10") == place


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_withdrawn_deficiency_says_nothing(status: str) -> None:
    withdrawn = {"verificationStatus": {"coding": [{"code": status}]}}
    patient = a_patient().with_cramps().with_diagnosis("vitamin_d_deficiency", days_before(30), **withdrawn)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("analyte", "value", "row"),
    [("calcium_adjusted", "2.00 mmol/L", "L03"), ("phosphate", "0.60 mmol/L", "L13")],
)
def test_it_joins_the_card_of_the_mineral_that_it_lowers(analyte: str, value: str, row: str) -> None:
    patient = _with_vitamin_d("22 nmol/L").with_result(analyte, value)

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {row, "L10"})
    assert found.indicator(row) == "warning"


def test_it_joins_the_statin_chain_that_others_form() -> None:
    """KNOWLEDGE M2: L10 may join, not alone."""
    patient = _with_vitamin_d("22 nmol/L").taking("atorvastatin", days_before(80))
    with_ck = patient.with_result("creatine_kinase", "1500 U/L", high="200 U/L")

    found = answer(with_ck)

    assert found.chain_of("L10") == "M2"
    assert answer(patient).place("L10") == ALSO
