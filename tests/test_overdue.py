"""Published monitoring, line by line: when it looks overdue, when it does not; overdue alone is never urgent."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

_TOLD = "onitoring looks overdue:"
_SALTS = (("potassium", "4.2 mmol/L"), ("sodium", "140 mmol/L"), ("creatinine", "80 umol/L"))


def _overdue(patient: APatient) -> str:
    """What the cards say is overdue; "" when nothing is."""
    lines = [line for card in answer(patient).cards for line in (card.detail or "").splitlines()]
    return next((line.partition(_TOLD)[2].strip() for line in lines if _TOLD in line), "")


def _on(drug: str, since: int) -> APatient:
    """On a drug since so many days; cramps for 20 days."""
    return a_patient().with_cramps(days_before(20)).taking(drug, days_before(since), dose="25 mg")


def _with_salts(patient: APatient, age: int) -> APatient:
    for analyte, value in _SALTS:
        patient = patient.with_result(analyte, value, days_before(age))
    return patient


@pytest.mark.parametrize("drug", ["hydrochlorothiazide", "furosemide"])
@pytest.mark.parametrize(("since", "is_due"), [(41, False), (42, True)])
def test_diuretic_is_due_six_weeks_after_its_start(drug: str, since: int, is_due: bool) -> None:
    """KNOWLEDGE section 8 (O1)."""
    assert (_overdue(_on(drug, since)) == "K, Na and creatinine (none on file)") is is_due


@pytest.mark.parametrize("drug", ["hydrochlorothiazide", "furosemide"])
@pytest.mark.parametrize(("age", "is_due"), [(365, False), (366, True)])
def test_diuretic_is_due_once_a_year(drug: str, age: int, is_due: bool) -> None:
    """KNOWLEDGE section 8 (O1)."""
    patient = _with_salts(_on(drug, 800), age)

    assert (_overdue(patient) != "") is is_due


def test_salts_drawn_before_the_diuretic_do_not_count() -> None:
    """KNOWLEDGE section 8 (O1)."""
    patient = _with_salts(_on("hydrochlorothiazide", 60), 70)

    assert _overdue(patient).startswith("K, Na and creatinine (last")


@pytest.mark.parametrize(("age", "is_due"), [(183, False), (184, True)])
def test_diuretic_in_heart_failure_is_due_twice_a_year(age: int, is_due: bool) -> None:
    """KNOWLEDGE section 8 (O2)."""
    patient = _with_salts(_on("furosemide", 800), age).with_diagnosis("heart_failure", days_before(900))

    assert (_overdue(patient) != "") is is_due


def test_diuretic_in_heart_failure_is_due_again_after_a_rise() -> None:
    """KNOWLEDGE section 8 (O2)."""
    patient = (
        _with_salts(_on("furosemide", 800), 100)
        .taking("furosemide", days_before(90), dose="40 mg")
        .with_diagnosis("heart_failure", days_before(900))
    )

    assert _overdue(patient).startswith("K, Na and creatinine (last")


@pytest.mark.parametrize(("age", "is_due"), [(183, False), (184, True)])
def test_mineralocorticoid_antagonist_is_due_twice_a_year(age: int, is_due: bool) -> None:
    """KNOWLEDGE section 8 (O3)."""
    patient = _with_salts(_on("spironolactone", 800), age)

    assert (_overdue(patient) != "") is is_due


def test_mineralocorticoid_antagonist_is_due_soon_after_its_start() -> None:
    """KNOWLEDGE section 8 (O3)."""
    assert _overdue(_on("spironolactone", 42)) == "K and creatinine (none on file)"


def _on_omeprazole(years: int = 2) -> APatient:
    return a_patient().with_cramps().taking("omeprazole", days_before(years * 366))


@pytest.mark.parametrize("other", ["digoxin", "furosemide", "hydrochlorothiazide"])
def test_magnesium_is_due_on_a_long_term_ppi_with_digoxin_or_a_diuretic(other: str) -> None:
    """KNOWLEDGE section 8 (O4)."""
    patient = _with_salts(_on_omeprazole().taking(other, days_before(600)), 30)

    assert _overdue(patient) == "Mg (none on file)"


@pytest.mark.parametrize(
    "patient",
    [
        _on_omeprazole(),
        _on_omeprazole()
        .taking("digoxin", days_before(600))
        .with_result("magnesium", "0.85 mmol/L", days_before(900)),
        a_patient().with_cramps().taking("omeprazole", days_before(365)).taking("digoxin", days_before(600)),
    ],
    ids=["by itself", "measured once", "for a year"],
)
def test_magnesium_is_not_called_overdue_on_other_ppis(patient: APatient) -> None:
    """KNOWLEDGE section 8 (O4): general practice is not expected to screen."""
    assert _overdue(patient) == ""


def _hypothyroid() -> APatient:
    return a_patient().with_cramps().with_diagnosis("hypothyroidism", days_before(2000))


@pytest.mark.parametrize(("age", "is_due"), [(365, False), (366, True)])
def test_thyroid_test_is_due_once_a_year(age: int, is_due: bool) -> None:
    """KNOWLEDGE section 8 (O5)."""
    patient = (
        _hypothyroid()
        .taking("levothyroxine", days_before(1500))
        .with_result("tsh", "2.0 mIU/L", days_before(age))
    )

    assert (_overdue(patient) != "") is is_due


@pytest.mark.parametrize(("changed", "is_due"), [(56, False), (57, True)])
def test_thyroid_test_is_due_eight_weeks_after_a_change_of_dose(changed: int, is_due: bool) -> None:
    """KNOWLEDGE section 8 (O5)."""
    patient = (
        _hypothyroid()
        .taking("levothyroxine", days_before(1500), dose="50 ug")
        .taking("levothyroxine", days_before(changed), dose="75 ug")
        .with_result("tsh", "2.0 mIU/L", days_before(changed + 10))
    )

    assert (_overdue(patient) != "") is is_due


@pytest.mark.parametrize(("age", "is_due"), [(183, False), (184, True)])
def test_hba1c_is_due_twice_a_year(age: int, is_due: bool) -> None:
    """KNOWLEDGE section 8 (O6)."""
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("diabetic_neuropathy", days_before(900))
        .with_result("hba1c", "48 mmol/mol", days_before(age))
    )

    assert (_overdue(patient) != "") is is_due


@pytest.mark.parametrize("since", [60, 800])
def test_ck_is_never_overdue_on_a_statin(since: int) -> None:
    """KNOWLEDGE section 8 (O7): not routine."""
    patient = a_patient().with_cramps().taking("simvastatin", days_before(since))

    found = answer(patient)

    assert "D04" in found.flagged
    assert _overdue(patient) == ""
    assert "CK" not in found.suggested


def test_lithium_is_named_beside_a_thiazide() -> None:
    """KNOWLEDGE section 8 (O8), D01: a thiazide raises its level."""
    patient = (
        a_patient().with_cramps().taking("indapamide", days_before(60)).taking("lithium", days_before(900))
    )

    found = answer(patient)

    assert "lithium level" in found.detail("D01")


@pytest.mark.parametrize(
    ("analyte", "value", "row"), [("potassium", "2.8 mmol/L", "L01"), ("magnesium", "0.45 mmol/L", "L02")]
)
@pytest.mark.parametrize(("digoxin", "indicator"), [(True, "critical"), (False, "warning")])
def test_digoxin_makes_a_low_mineral_more_urgent(
    analyte: str, value: str, row: str, digoxin: bool, indicator: str
) -> None:
    """KNOWLEDGE section 8 (O8), L01, L02."""
    patient = a_patient().with_cramps().with_result(analyte, value)
    patient = patient.taking("digoxin", days_before(900)) if digoxin else patient

    found = answer(patient)

    assert found.indicator(row) == indicator


@pytest.mark.parametrize("drug", ["furosemide", "hydrochlorothiazide", "spironolactone"])
def test_overdue_alone_is_info(drug: str) -> None:
    """KNOWLEDGE section 8 (O1, O2, O3)."""
    patient = _on(drug, 60).with_diagnosis("heart_failure", days_before(900))

    found = answer(patient)

    assert _overdue(patient) != ""
    assert {card.indicator for card in found.cards} == {"info"}
