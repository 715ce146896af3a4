"""M12: a pregnancy and a medicine with a caution are one card; the medicine sets its level."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient


def pregnant() -> APatient:
    return (
        a_patient()
        .born("1994-05-05")
        .with_cramps("2026-05-01")
        .with_diagnosis("pregnancy_current", "2026-02-01")
    )


@pytest.mark.parametrize(
    ("ingredient", "rows", "indicator"),
    [
        ("lisinopril", {"C12", "P02"}, "warning"),
        ("atorvastatin", {"C12", "P02", "D04"}, "warning"),
        ("quinine", {"C12", "P02", "T01"}, "warning"),
        ("spironolactone", {"C12", "P02", "D03"}, "info"),
    ],
)
def test_pregnancy_and_medicine_are_one_card(ingredient: str, rows: set[str], indicator: str) -> None:
    patient = pregnant().taking(ingredient, "2026-04-01")

    found = answer(patient)

    assert (found.chains, len(found.cards), found.flagged) == (("M12",), 1, rows)
    assert found.indicator("P02") == indicator


def test_statin_is_a_safety_point_of_the_pregnancy_and_not_told_twice() -> None:
    patient = pregnant().taking("atorvastatin", "2015-01-01")

    found = answer(patient)

    assert found.kinds() == ("main",)
    assert found.detail("P02").casefold().count("atorvastatin") == 1


def test_safety_and_contributor_keep_their_roles() -> None:
    patient = pregnant().taking("quinine", "2026-04-01").taking("atorvastatin", "2026-04-01")

    found = answer(patient)

    assert {row: role for row, (role, _) in found.rows.items()} == {
        "C12": "contributor",
        "D04": "contributor",
        "P02": "safety",
        "T01": "safety",
    }


def test_pregnancy_without_such_a_medicine_is_no_chain() -> None:
    patient = pregnant().taking("furosemide", "2026-04-01")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"C12", "D02"})


def test_change_is_left_to_prescriber_and_maternity_team() -> None:
    patient = pregnant().taking("lisinopril", "2015-01-01")

    found = answer(patient)

    assert found.summary("P02") == (
        "Pregnant with night leg cramps: lisinopril on the active list; please review"
    )
    assert "discuss change with prescriber and maternity team without delay" in found.detail("P02")


def test_low_platelets_on_quinine_are_urgent_in_pregnancy_too() -> None:
    patient = pregnant().taking("quinine", "2026-04-01").with_result("platelets", "70 10*9/L")

    found = answer(patient)

    assert (found.chains, found.indicator("T01")) == (("M12",), "critical")
    assert "same-day contact" in found.detail("T01").casefold()


def test_quinine_for_malaria_stays_context_of_the_pregnancy_card() -> None:
    patient = pregnant().taking("quinine", "2026-05-20", reasonCode=[{"text": "Malaria"}])

    found = answer(patient)

    assert (found.chains, found.place("T01")) == (("M12",), ("context", "main"))
