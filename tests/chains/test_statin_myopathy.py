"""M2: a statin with a raised creatine kinase or an underactive thyroid."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _on_statin(since: int = 60) -> APatient:
    return a_patient().with_cramps().taking("rosuvastatin", days_before(since), dose="20 mg")


@pytest.mark.parametrize(
    ("ck", "level"), [("300 U/L", "info"), ("1240 U/L", "warning"), ("2500 U/L", "critical")]
)
def test_level_is_that_of_the_creatine_kinase(ck: str, level: str) -> None:
    patient = _on_statin().with_result("creatine_kinase", ck, high="200 U/L")

    found = answer(patient)

    assert found.chains == ("M2",)
    assert (found.flagged, found.indicator("D04")) == ({"D04", "L06"}, level)


@pytest.mark.parametrize("since", [60, 200, 3000])
def test_statin_of_any_time_class_but_after_leads_it(since: int) -> None:
    patient = _on_statin(since).with_result("creatine_kinase", "1240 U/L", high="200 U/L")

    found = answer(patient)

    assert found.chains == ("M2",)


def test_statin_begun_after_the_cramps_makes_no_chain() -> None:
    patient = _on_statin(30).with_result("creatine_kinase", "1240 U/L", high="200 U/L")

    found = answer(patient)

    assert found.chains == ()
    assert found.flagged == {"L06"}


def test_creatine_kinase_drawn_before_the_statin_makes_no_chain() -> None:
    """KNOWLEDGE X14."""
    patient = _on_statin().with_result("creatine_kinase", "1240 U/L", days_before(70), high="200 U/L")

    found = answer(patient)

    assert found.chains == ()
    assert found.flagged == {"D04", "L06"}


@pytest.mark.parametrize(
    ("tsh", "chains"), [("14.2 mIU/L", ("M2",)), ("6 mIU/L", ("M2",)), ("2.0 mIU/L", ())]
)
def test_raised_tsh_makes_the_chain(tsh: str, chains: tuple[str, ...]) -> None:
    patient = _on_statin().with_result("tsh", tsh)

    found = answer(patient)

    assert found.chains == chains


def test_hypothyroidism_that_is_only_overdue_for_a_test_makes_no_chain() -> None:
    patient = _on_statin().with_diagnosis("hypothyroidism", "2015-01-01")

    found = answer(patient)

    assert found.chains == ()


def test_both_values_stand_on_one_card() -> None:
    patient = (
        _on_statin()
        .with_result("creatine_kinase", "1240 U/L", high="200 U/L")
        .with_result("tsh", "14.2 mIU/L")
        .with_diagnosis("hypothyroidism", "2015-01-01")
    )

    found = answer(patient)

    assert [card.indicator for card in found.cards] == ["warning"]
    assert found.flagged == {"C03", "D04", "L06", "L07"}
    assert found.suggested == {"CK", "TSH", "Creatinine"}


def test_card_never_advises_ending_the_statin() -> None:
    patient = _on_statin().with_result("creatine_kinase", "2500 U/L", high="200 U/L")

    found = answer(patient)

    assert "withholding the statin while this is checked is usual" in found.detail("D04")
    assert "stop" not in found.printed.casefold()


def test_very_high_value_that_is_not_recent_is_worded_repeat() -> None:
    patient = _on_statin().with_result("creatine_kinase", "2500 U/L", days_before(40), high="200 U/L")

    found = answer(patient)

    assert found.indicator("D04") == "warning"
    assert "repeat" in found.summary("D04")
