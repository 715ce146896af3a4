"""S06: age, sex, season, arthritis and poor sleep, which never make a card."""

from datetime import date

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient


def _with_words(text: str) -> APatient:
    entry = {"resourceType": "Condition", "id": "dx", "code": {"text": text}, "recordedDate": "2026-03-01"}
    return a_patient().with_cramps().having("conditions", entry)


@pytest.mark.parametrize("born", ["1926-01-01", "1950-03-01", "2000-01-01"])
@pytest.mark.parametrize("gender", ["female", "male"])
def test_age_and_sex_never_make_a_card(born: str, gender: str) -> None:
    patient = a_patient().born(born).who(gender=gender).with_cramps()

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("today", [date(2026, 1, 15), date(2026, 7, 15), date(2026, 8, 1)])
def test_season_never_makes_a_card(today: date) -> None:
    patient = a_patient(today).with_cramps()

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize(
    "text", ["Osteoarthritis of knee", "Rheumatoid arthritis", "Insomnia", "Poor sleep", "Elderly"]
)
def test_arthritis_and_poor_sleep_never_make_a_card(text: str) -> None:
    patient = _with_words(text)

    found = answer(patient)

    assert found.cards == ()


def test_they_are_no_line_beside_others_either() -> None:
    patient = _with_words("Osteoarthritis of knee").who(gender="female").with_result("bmi", "33.4 kg/m2")

    found = answer(patient)

    assert found.rows == {"C13": ("contributor", "also-consider")}
    assert "arthritis" not in found.printed
