"""D23: a bisphosphonate infusion or denosumab speaks beside a low calcium, or unmeasured in advanced kidney disease."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.findings_of import tests_of as drafted_on
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN = ("contributor", "main")
TESTS = {"Calcium", "Albumin", "25-OH vitamin D", "Creatinine"}


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def given(patient: APatient, days: int = 40, name: str = "denosumab", **members: Any) -> APatient:
    """One dose, by its name, on one day before the onset."""
    day = before_onset(days)
    return patient.taking("denosumab", day, until=day, medicationCodeableConcept={"text": name}, **members)


def with_egfr(value: str, days: int = 7) -> APatient:
    return cramping().with_result("egfr", f"{value} mL/min/{{1.73_m2}}", days_before(days))


# --- beside a low calcium ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["denosumab", "Prolia", "zoledronic acid 5 mg/100 ml infusion", "pamidronate disodium infusion"]
)
@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("calcium_adjusted", "2.05 mmol/L"),
        ("calcium_adjusted", "8.2 mg/dL"),
        ("calcium_ionized", "1.05 mmol/L"),
        ("calcium_total", "1.85 mmol/L"),
    ],
)
def test_with_a_low_calcium_drawn_after_it_it_is_told_on_that_card(
    name: str, analyte: str, value: str
) -> None:
    patient = given(cramping(), name=name).with_result(analyte, value)

    found = answer(patient)

    assert found.rows == {"L03": MAIN, "D23": MAIN}
    assert (found.indicator("D23"), found.chains) == ("warning", ())


@pytest.mark.parametrize(
    ("days", "counts"),
    [(0, True), (45, True), (89, True), (90, True), (91, False), (400, False), (-1, False)],
)
def test_dose_counts_in_the_ninety_days_before_the_onset(days: int, counts: bool) -> None:
    patient = given(cramping(), days).with_result("calcium_adjusted", "2.05 mmol/L")

    found = answer(patient)

    assert ("D23" in found.flagged) is counts


def test_calcium_drawn_before_the_dose_is_not_explained_by_it() -> None:
    patient = given(cramping(), 10).with_result("calcium_adjusted", "2.05 mmol/L", before_onset(20))

    found = answer(patient)

    assert found.flagged == {"L03"}


@pytest.mark.parametrize("value", ["2.12 mmol/L", "2.30 mmol/L", "8.5 mg/dL"])
def test_normal_calcium_says_nothing(value: str) -> None:
    patient = given(cramping()).with_result("calcium_adjusted", value)

    found = answer(patient)

    assert found.cards == ()


def test_very_low_calcium_is_critical() -> None:
    patient = given(cramping()).with_result("calcium_adjusted", "1.85 mmol/L")

    found = answer(patient)

    assert (found.place("D23"), found.indicator("D23")) == (MAIN, "critical")


@pytest.mark.parametrize("name", ["romosozumab", "alendronic acid 70 mg tablets"])
def test_romosozumab_and_tablets_are_not_meant(name: str) -> None:
    patient = given(cramping(), name=name).with_result("calcium_adjusted", "2.05 mmol/L")

    found = answer(patient)

    assert found.flagged == {"L03"}


# --- no calcium since, in advanced kidney disease ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "days", "place"),
    [
        ("15", 7, MAIN),
        ("29", 7, MAIN),
        ("30", 7, None),
        ("60", 7, None),
        ("29", 365, MAIN),
        ("29", 366, None),
    ],
)
def test_with_an_egfr_below_thirty_and_no_calcium_since_it_is_info(
    value: str, days: int, place: tuple[str, str] | None
) -> None:
    patient = given(with_egfr(value, days))

    found = answer(patient)

    assert (found.place("D23"), found.indicator("D23")) == (place, "info" if place else None)


@pytest.mark.parametrize("concept", ["dialysis_dependence", "haemodialysis", "peritoneal_dialysis"])
def test_on_dialysis_and_no_calcium_since_it_is_info(concept: str) -> None:
    patient = given(cramping()).with_diagnosis(concept, "2020-01-01")

    found = answer(patient)

    assert found.place("D23") == MAIN


def test_with_kidneys_that_nobody_measured_it_says_nothing() -> None:
    patient = given(cramping())

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    ("analyte", "value"),
    [
        ("calcium_total", "2.35 mmol/L"),
        ("calcium_adjusted", "2.35 mmol/L"),
        ("calcium_ionized", "1.20 mmol/L"),
    ],
)
@pytest.mark.parametrize(("days", "place"), [(41, MAIN), (40, MAIN), (39, None)])
def test_any_calcium_taken_since_the_dose_settles_it(
    analyte: str, value: str, days: int, place: tuple[str, str] | None
) -> None:
    patient = given(with_egfr("22")).with_result(analyte, value, before_onset(days))

    found = answer(patient)

    assert found.place("D23") == place


@pytest.mark.parametrize(
    ("code", "display", "place"),
    [
        ("17861-6", "Calcium [Mass/volume] in Serum or Plasma", None),
        ("24362-6", "Renal function 2000 panel - Serum or Plasma", None),
        ("2951-2", "Sodium [Moles/volume] in Serum or Plasma", MAIN),
    ],
)
def test_calcium_on_order_is_not_asked_for(code: str, display: str, place: tuple[str, str] | None) -> None:
    order = {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]}
    patient = given(with_egfr("22")).ordered_for("follow-up", code=order)

    found = answer(patient)

    assert found.place("D23") == place


def test_card_names_the_dose_the_kidneys_and_the_tests() -> None:
    patient = given(with_egfr("22"))

    found = answer(patient)

    assert found.summary("D23") == (
        "No calcium on file since denosumab, with advanced kidney disease, in a patient with night leg cramps"
    )
    assert "- Denosumab given 22 Mar 2026; cramps from 1 May 2026" in found.detail("D23").splitlines()
    # the kidney disease is told on the same card, with its own tests
    assert drafted_on(found.card_of("D23")) == TESTS | {"Phosphate", "Magnesium"}


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = with_egfr("22").taking("denosumab", before_onset(40), status=status)

    found = answer(patient)

    assert "D23" not in found.rows


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = with_egfr("22").prescribed("denosumab", before_onset(40), **members)

    found = answer(patient)

    assert "D23" not in found.rows


# --- an active entry that does not say when the last dose was -----------------------------------------------------


def test_open_entry_takes_part_and_dates_no_dose() -> None:
    patient = with_egfr("22").taking("denosumab", before_onset(800))

    found = answer(patient)

    assert (found.place("D23"), found.indicator("D23")) == (MAIN, "info")
    assert "Denosumab on the list since 21 Feb 2024, last dose not dated" in found.detail("D23")
    assert "given" not in found.printed


def test_open_entry_explains_a_low_calcium() -> None:
    patient = cramping().taking("denosumab", before_onset(800)).with_result("calcium_adjusted", "2.05 mmol/L")

    found = answer(patient)

    assert found.rows == {"L03": MAIN, "D23": MAIN}
    assert "given" not in found.printed


def test_open_entry_without_a_start_takes_part() -> None:
    patient = with_egfr("22").taking("denosumab")

    found = answer(patient)

    assert found.place("D23") == MAIN
    assert "Denosumab, start date not recorded" in found.detail("D23")


def test_entry_that_ended_long_before_is_set_aside() -> None:
    patient = with_egfr("22").taking("denosumab", before_onset(800), until=before_onset(200))

    found = answer(patient)

    assert found.place("D23") == ("set-aside", "main")
