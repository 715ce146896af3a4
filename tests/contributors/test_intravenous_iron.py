"""D16: an infusion of iron in the 30 days before the cramps is a line; with a low phosphate it joins that card."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def cramping() -> APatient:
    return a_patient().with_cramps(ONSET.isoformat())


def infused(patient: APatient, days: int, product: str = "ferric carboxymaltose") -> APatient:
    """One infusion, by its name, on one day before the onset."""
    day = before_onset(days)
    return patient.taking("iron sucrose", day, until=day, medicationCodeableConcept={"text": product})


@pytest.mark.parametrize(
    "product", ["iron sucrose", "ferric carboxymaltose", "ferric derisomaltose", "Venofer"]
)
def test_every_named_product_is_seen(product: str) -> None:
    patient = infused(cramping(), 10, product)

    found = answer(patient)

    assert found.place("D16") == ALSO


@pytest.mark.parametrize(
    ("days", "place"), [(0, ALSO), (15, ALSO), (29, ALSO), (30, ALSO), (31, None), (90, None), (-1, None)]
)
def test_infusion_counts_in_the_thirty_days_before_the_onset(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = infused(cramping(), days)

    found = answer(patient)

    assert found.place("D16") == place


def test_the_last_infusion_before_the_onset_decides() -> None:
    patient = infused(infused(cramping(), 200), 20)

    found = answer(patient)

    assert found.place("D16") == ALSO
    assert "given 11 apr 2026" in found.detail("D16").casefold()


def test_infusion_without_a_date_says_nothing() -> None:
    patient = cramping().taking("iron sucrose", status="completed")

    found = answer(patient)

    assert found.cards == ()


def test_line_dates_the_infusion() -> None:
    patient = infused(cramping(), 20, "iron sucrose")

    found = answer(patient)

    assert (
        "- **Iron sucrose** (intravenous iron), given 11 Apr 2026; carboxymaltose may lower phosphate (evidence C)"
    ) in found.detail("D16").splitlines()


@pytest.mark.parametrize(
    ("product", "offered"), [("ferric carboxymaltose", {"Phosphate"}), ("iron sucrose", frozenset())]
)
def test_phosphate_is_offered_after_carboxymaltose_only(product: str, offered: set[str]) -> None:
    patient = infused(cramping(), 20, product)

    found = answer(patient)

    assert found.suggested == offered


def test_phosphate_taken_since_the_infusion_is_not_offered_again() -> None:
    patient = infused(cramping(), 20).with_result("phosphate", "1.00 mmol/L")

    found = answer(patient)

    assert (found.place("D16"), found.suggested) == (ALSO, frozenset())


@pytest.mark.parametrize(
    ("value", "days", "indicator"),
    [
        ("0.79 mmol/L", 7, "warning"),
        ("2.4 mg/dL", 7, "warning"),
        ("0.32 mmol/L", 7, "critical"),
        ("0.33 mmol/L", 7, "warning"),
    ],
)
def test_low_phosphate_drawn_after_the_infusion_takes_it_on_its_card(
    value: str, days: int, indicator: str
) -> None:
    patient = infused(cramping(), 20).with_result("phosphate", value, days_before(days))

    found = answer(patient)

    assert (found.rows, found.indicator("D16")) == ({"L13": MAIN, "D16": MAIN}, indicator)


def test_phosphate_drawn_before_the_infusion_is_not_explained_by_it() -> None:
    patient = infused(cramping(), 20).with_result("phosphate", "0.79 mmol/L", before_onset(30))

    found = answer(patient)

    assert (found.place("L13"), found.place("D16")) == (MAIN, ALSO)


def test_phosphate_at_the_limit_is_not_low() -> None:
    patient = infused(cramping(), 20).with_result("phosphate", "0.80 mmol/L")

    found = answer(patient)

    assert found.rows == {"D16": ALSO}


@pytest.mark.parametrize("status", ["entered-in-error", "intended", "not-taken", "on-hold"])
def test_unreal_statement_says_nothing(status: str) -> None:
    patient = cramping().taking("iron sucrose", before_onset(20), status=status)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "members", [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"doNotPerform": True}]
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = cramping().prescribed("iron sucrose", before_onset(20), **members)

    found = answer(patient)

    assert found.cards == ()


def test_iron_by_mouth_is_not_meant() -> None:
    patient = cramping().taking("ferrous sulfate", before_onset(20))

    found = answer(patient)

    assert found.cards == ()
