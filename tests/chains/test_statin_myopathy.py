"""M2: a statin with a raised creatine kinase, an underactive thyroid, or a drug that raises its level."""

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

    assert "statin usually withheld meanwhile" in found.detail("D04")
    assert "stop" not in found.printed.casefold()


@pytest.mark.parametrize(("value", "is_offered"), [("2000 U/L", True), ("2001 U/L", False)])
def test_thyroid_is_no_urgent_order(value: str, is_offered: bool) -> None:
    patient = _on_statin().with_result("creatine_kinase", value, high="200 U/L")

    found = answer(patient)

    assert found.chains == ("M2",)
    assert ("TSH" in found.suggested) is is_offered


def test_very_high_value_that_is_not_recent_is_worded_repeat() -> None:
    patient = _on_statin().with_result("creatine_kinase", "2500 U/L", days_before(40), high="200 U/L")

    found = answer(patient)

    assert found.indicator("D04") == "warning"
    assert "repeat" in found.summary("D04")


# --- with a drug that raises the statin level -----------------------------------------------------------------------


def _on_simvastatin(since: int = 3000, dose: str = "20 mg") -> APatient:
    """The cramps began 40 days ago."""
    return a_patient().with_cramps().taking("simvastatin", days_before(since), dose=dose)


@pytest.mark.parametrize(
    ("other", "level"), [("clarithromycin", "warning"), ("cyclosporine", "warning"), ("diltiazem", "info")]
)
def test_interacting_drug_makes_the_chain_at_the_level_of_the_pair(other: str, level: str) -> None:
    patient = _on_simvastatin().taking(other, days_before(60))

    found = answer(patient)

    assert (found.chains, found.indicator("D04"), found.indicator("D05")) == (("M2",), level, level)


def test_pair_that_came_together_after_the_cramps_makes_no_chain() -> None:
    patient = _on_simvastatin().taking("clarithromycin", days_before(10))

    found = answer(patient)

    assert (found.chains, found.role("D05"), found.indicator("D05")) == ((), "safety", "warning")


def test_pair_without_any_value_is_worded_without_one() -> None:
    patient = _on_simvastatin().taking("clarithromycin", days_before(45))

    found = answer(patient)

    assert "Possible contributors: statin and a drug raising its level." in found.detail("D05")
    assert found.suggested == {"CK", "TSH", "Creatinine"}


def test_pair_with_a_raised_creatine_kinase_is_one_card() -> None:
    patient = (
        _on_simvastatin()
        .taking("clarithromycin", days_before(45))
        .with_result("creatine_kinase", "900 U/L", high="200 U/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M2",), {"D04", "D05", "L06"})
    assert found.summary("D05") == (
        "Clarithromycin and simvastatin with CK 900 U/L: consider myopathy rather than simple night cramps"
    )


def test_long_standing_second_drug_joins_where_the_creatine_kinase_is_raised() -> None:
    patient = (
        _on_simvastatin()
        .taking("amiodarone", days_before(3000))
        .with_result("creatine_kinase", "900 U/L", high="200 U/L")
    )

    found = answer(patient)

    assert (found.chains, found.flagged) == (("M2",), {"D04", "D05", "L06"})


@pytest.mark.parametrize(("since", "flagged"), [(60, {"D04", "D05"}), (3000, {"D04"})])
def test_long_standing_second_drug_counts_with_a_new_statin_only(since: int, flagged: set[str]) -> None:
    patient = _on_simvastatin(since).taking("amiodarone", days_before(3000))

    found = answer(patient)

    assert found.flagged == flagged


def test_low_vitamin_d_joins_but_makes_no_chain_by_itself() -> None:
    alone = _on_statin().with_result("vitamin_d_25oh", "20 nmol/L")
    beside = alone.with_result("creatine_kinase", "1240 U/L", high="200 U/L")

    found, joined = answer(alone), answer(beside)

    assert (found.chains, joined.chains) == ((), ("M2",))
    assert joined.flagged == {"D04", "L06", "L10"}


def test_fibrate_joins() -> None:
    patient = _on_simvastatin().taking("gemfibrozil", days_before(60))

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("D25")) == (
        ("M2",),
        {"D04", "D05", "D25"},
        "warning",
    )
    assert len(found.cards) == 1


# --- after hard exercise (KNOWLEDGE X14) ----------------------------------------------------------------------------


@pytest.mark.parametrize(("before_sample", "chains"), [(0, ()), (7, ()), (8, ("M2",)), (-1, ("M2",))])
def test_creatine_kinase_drawn_after_hard_exercise_is_not_used_against_the_statin(
    before_sample: int, chains: tuple[str, ...]
) -> None:
    patient = (
        _on_statin()
        .with_result("creatine_kinase", "2500 U/L", days_before(5), high="200 U/L")
        .with_diagnosis("exertional_overuse", days_before(5 + before_sample))
    )

    found = answer(patient)

    assert (found.chains, found.indicator("L06")) == (chains, "critical")


def test_critical_value_after_hard_exercise_names_the_exercise_and_no_statin() -> None:
    patient = (
        _on_statin()
        .with_result("creatine_kinase", "2500 U/L", days_before(5), high="200 U/L")
        .with_diagnosis("exertional_overuse", days_before(8))
    )

    found = answer(patient)

    assert "Recent hard exercise is recorded and may explain the value." in found.detail("L06")
    assert "statin" not in found.detail("L06")
    assert "withheld" not in found.printed


def test_pair_to_avoid_stands_by_itself_beside_a_value_after_hard_exercise() -> None:
    patient = (
        _on_simvastatin()
        .taking("clarithromycin", days_before(45))
        .with_result("creatine_kinase", "2500 U/L", days_before(5), high="200 U/L")
        .with_diagnosis("exertional_overuse", days_before(8))
    )

    found = answer(patient)

    assert (found.chain_of("D05"), found.indicator("D05")) == ("M2", "warning")
    assert (found.chain_of("L06"), found.indicator("L06")) == (None, "critical")


def test_tsh_below_range_is_no_underactive_thyroid() -> None:
    patient = _on_statin().with_diagnosis("hypothyroidism", "2015-01-01").with_result("tsh", "0.1 mIU/L")

    found = answer(patient)

    assert (found.chains, found.flagged) == ((), {"C03", "D04"})
