"""The limits of section 9 as a clinician reads them: each analyte at the edge of each band, in each of its units."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _reporting() -> APatient:
    return a_patient().with_cramps()


def _indicator(analyte: str, value: str, row: str) -> str | None:
    return answer(_reporting().with_result(analyte, value)).indicator(row)


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("2.5", "critical"),
        ("2.6", "warning"),
        ("3.2", "warning"),
        ("3.3", "info"),
        ("3.4", "info"),
        ("3.5", None),
    ],
)
@pytest.mark.parametrize("unit", ["mmol/L", "meq/L"])
def test_low_potassium(value: str, unit: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U1)."""
    assert _indicator("potassium", f"{value} {unit}", "L01") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"), [("5.4", None), ("5.5", "warning"), ("5.9", "warning"), ("6.0", "critical")]
)
def test_high_potassium(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U1)."""
    assert _indicator("potassium", f"{value} mmol/L", "L12") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("124", "critical"),
        ("125", "warning"),
        ("129", "warning"),
        ("130", "info"),
        ("134", "info"),
        ("135", None),
    ],
)
def test_low_sodium(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U2)."""
    assert _indicator("sodium", f"{value} mmol/L", "L04") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("145", None),
        ("146", "info"),
        ("150", "info"),
        ("151", "warning"),
        ("154", "warning"),
        ("155", "critical"),
    ],
)
def test_high_sodium(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U2)."""
    assert _indicator("sodium", f"{value} mmol/L", "L05") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("0.40 mmol/L", "critical"),
        ("0.41 mmol/L", "warning"),
        ("0.69 mmol/L", "warning"),
        ("0.70 mmol/L", None),
        ("1.0 mg/dL", "critical"),
        ("1.1 mg/dL", "warning"),
        ("1.6 mg/dL", "warning"),
        ("1.7 mg/dL", None),
        ("0.8 meq/L", "critical"),
        ("0.9 meq/L", "warning"),
        ("1.3 meq/L", "warning"),
        ("1.4 meq/L", None),
    ],
)
def test_low_magnesium(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U3)."""
    assert _indicator("magnesium", value, "L02") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("1.89 mmol/L", "critical"),
        ("1.90 mmol/L", "warning"),
        ("2.11 mmol/L", "warning"),
        ("2.12 mmol/L", None),
        ("7.5 mg/dL", "critical"),
        ("7.6 mg/dL", "warning"),
        ("8.4 mg/dL", "warning"),
        ("8.5 mg/dL", None),
    ],
)
def test_low_adjusted_calcium(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U4)."""
    assert _indicator("calcium_adjusted", value, "L03") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("1.62 mmol/L", "critical"),
        ("1.63 mmol/L", "warning"),
        ("1.89 mmol/L", "warning"),
        ("1.90 mmol/L", "info"),
        ("2.11 mmol/L", "info"),
        ("2.12 mmol/L", None),
        ("6.5 mg/dL", "critical"),
        ("6.6 mg/dL", "warning"),
        ("7.6 mg/dL", "info"),
    ],
)
def test_low_total_calcium_without_an_albumin(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U4): unconfirmed, so less urgent, and an albumin is asked for."""
    found = answer(_reporting().with_result("calcium_total", value))

    assert found.indicator("L03") == indicator
    assert ("Albumin" in found.suggested) is (indicator is not None)


@pytest.mark.parametrize(
    ("albumin", "days_off", "is_low"),
    [("40 g/L", 0, True), ("34 g/L", 0, False), ("34 g/L", 7, False), ("3.4 g/dL", 0, False)],
)
def test_total_calcium_is_adjusted_for_an_albumin_of_at_most_a_week_off(
    albumin: str, days_off: int, is_low: bool
) -> None:
    """KNOWLEDGE section 9 (U4): 2.05 + 0.02 x (40 - 34) = 2.17 mmol/L."""
    patient = _reporting().with_result("calcium_total", "2.05 mmol/L", days_before(10))

    found = answer(patient.with_result("albumin", albumin, days_before(10 + days_off)))

    assert found.indicator("L03") == ("warning" if is_low else None)


def test_albumin_of_more_than_a_week_off_adjusts_nothing() -> None:
    """KNOWLEDGE section 9 (U4)."""
    patient = _reporting().with_result("calcium_total", "2.05 mmol/L", days_before(10))

    found = answer(patient.with_result("albumin", "34 g/L", days_before(18)))

    assert found.indicator("L03") == "info"


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("0.89 mmol/L", "critical"),
        ("0.90 mmol/L", "warning"),
        ("1.11 mmol/L", "warning"),
        ("1.12 mmol/L", None),
        ("3.5 mg/dL", "critical"),
        ("3.6 mg/dL", "warning"),
        ("4.4 mg/dL", "warning"),
        ("4.5 mg/dL", None),
    ],
)
def test_low_ionised_calcium(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U5)."""
    assert _indicator("calcium_ionized", value, "L03") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("0.32 mmol/L", "critical"),
        ("0.33 mmol/L", "warning"),
        ("0.64 mmol/L", "warning"),
        ("0.65 mmol/L", "info"),
        ("0.79 mmol/L", "info"),
        ("0.80 mmol/L", None),
        ("1.0 mg/dL", "critical"),
        ("1.9 mg/dL", "warning"),
        ("2.0 mg/dL", "info"),
        ("2.5 mg/dL", None),
    ],
)
def test_low_phosphate(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U6)."""
    assert _indicator("phosphate", value, "L13") == indicator


@pytest.mark.parametrize(
    ("value", "age", "indicator"),
    [
        ("2.9 mmol/L", 1, "critical"),
        ("2.9 mmol/L", 2, "warning"),
        ("3.8 mmol/L", 30, "warning"),
        ("3.9 mmol/L", 1, None),
        ("53 mg/dL", 1, "critical"),
        ("54 mg/dL", 1, "warning"),
        ("69 mg/dL", 30, "warning"),
        ("70 mg/dL", 1, None),
    ],
)
def test_low_glucose_on_insulin(value: str, age: int, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U7)."""
    patient = _reporting().taking("insulin glargine", days_before(600))

    assert answer(patient.with_result("glucose", value, days_before(age))).indicator("L09") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [
        ("200 U/L", None),
        ("201 U/L", "info"),
        ("800 U/L", "info"),
        ("801 U/L", "warning"),
        ("2000 U/L", "warning"),
        ("2001 U/L", "critical"),
    ],
)
def test_creatine_kinase_in_multiples_of_the_laboratorys_limit(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U8)."""
    found = answer(_reporting().with_result("creatine_kinase", value, high="200 U/L"))

    assert found.indicator("L06") == indicator


@pytest.mark.parametrize(
    ("value", "indicator"),
    [("1999 U/L", None), ("2000 U/L", "warning"), ("4999 U/L", "warning"), ("5000 U/L", "critical")],
)
def test_creatine_kinase_without_the_laboratorys_limit(value: str, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U8)."""
    assert _indicator("creatine_kinase", value, "L06") == indicator


@pytest.mark.parametrize(
    ("value", "high", "indicator"),
    [
        ("4.5 mIU/L", None, None),
        ("4.6 mIU/L", None, "info"),
        ("10 mIU/L", None, "info"),
        ("10.1 mIU/L", None, "warning"),
        ("5.2 mIU/L", "5.5 mIU/L", None),
        ("5.6 mIU/L", "5.5 mIU/L", "info"),
    ],
)
def test_raised_tsh(value: str, high: str | None, indicator: str | None) -> None:
    """KNOWLEDGE section 9 (U9): by the laboratory's limit up to 10."""
    found = answer(_reporting().with_result("tsh", value, high=high))

    assert found.indicator("L07") == indicator


@pytest.mark.parametrize(
    ("value", "is_raised"), [("63 mmol/mol", False), ("64 mmol/mol", True), ("7.9 %", False), ("8.0 %", True)]
)
def test_raised_hba1c(value: str, is_raised: bool) -> None:
    """KNOWLEDGE section 9 (U10): 8.0 % is raised, and would be 63.9 when converted first."""
    patient = _reporting().with_diagnosis("diabetes_type_2", days_before(900)).with_result("hba1c", value)

    assert ("L11" in answer(patient).flagged) is is_raised


@pytest.mark.parametrize(
    ("analyte", "value", "is_low"),
    [
        ("ferritin", "75 ug/L", True),
        ("ferritin", "76 ug/L", False),
        ("ferritin", "75 ng/mL", True),
        ("transferrin_saturation", "19 %", True),
        ("transferrin_saturation", "20 %", False),
    ],
)
def test_low_iron_in_restless_legs(analyte: str, value: str, is_low: bool) -> None:
    """KNOWLEDGE section 9 (U11)."""
    patient = (
        _reporting().with_diagnosis("restless_legs_syndrome", days_before(900)).with_result(analyte, value)
    )

    assert ("L08" in answer(patient).flagged) is is_low


@pytest.mark.parametrize(
    ("value", "is_low"),
    [("29 nmol/L", True), ("30 nmol/L", False), ("11.9 ng/mL", True), ("12 ng/mL", False)],
)
def test_low_vitamin_d(value: str, is_low: bool) -> None:
    """KNOWLEDGE section 9 (U12)."""
    patient = _reporting().with_result("vitamin_d_25oh", value)

    assert ("L10" in answer(patient).flagged) is is_low


@pytest.mark.parametrize(
    ("before", "now", "is_told"),
    [("80 umol/L", "120 umol/L", True), ("80 umol/L", "119 umol/L", False), ("1.0 mg/dL", "1.5 mg/dL", True)],
)
def test_creatinine_that_rose_by_half_is_told_on_whatever_card_there_is(
    before: str, now: str, is_told: bool
) -> None:
    """KNOWLEDGE section 9 (U13), C06: possible acute kidney injury."""
    patient = (
        _reporting()
        .taking("furosemide", days_before(60))
        .with_result("creatinine", before, days_before(200))
        .with_result("creatinine", now, days_before(5))
    )

    assert ("acute kidney injury" in answer(patient).printed) is is_told
