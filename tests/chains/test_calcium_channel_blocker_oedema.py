"""M6: a calcium channel blocker begun in the 90 days before, with leg swelling coded since."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

LEFT = {"coding": [{"system": "http://snomed.info/sct", "code": "7771000", "display": "Left"}]}
RIGHT = {"coding": [{"system": "http://snomed.info/sct", "code": "24028007", "display": "Right"}]}


def _swollen(since: int = 60, swollen: int = 50, drug: str = "amlodipine", **members: Any) -> APatient:
    """The cramps began 40 days ago."""
    return (
        a_patient()
        .with_cramps()
        .taking(drug, days_before(since), dose="10 mg")
        .with_diagnosis("oedema_peripheral", days_before(swollen), **members)
    )


@pytest.mark.parametrize("drug", ["amlodipine", "nifedipine", "diltiazem"])
def test_new_swelling_with_a_new_blocker_is_a_card(drug: str) -> None:
    patient = _swollen(drug=drug)

    found = answer(patient)

    assert (found.chains, found.flagged, found.indicator("D08")) == (("M6",), {"D08"}, "info")


@pytest.mark.parametrize(
    ("since", "chains"), [(40, ("M6",)), (130, ("M6",)), (131, ()), (3000, ()), (39, ())]
)
def test_blocker_was_begun_in_the_ninety_days_before(since: int, chains: tuple[str, ...]) -> None:
    patient = _swollen(since=since, swollen=10)

    found = answer(patient)

    assert found.chains == chains


@pytest.mark.parametrize(("swollen", "chains"), [(61, ()), (60, ("M6",)), (1, ("M6",)), (3000, ())])
def test_swelling_was_coded_since_the_start(swollen: int, chains: tuple[str, ...]) -> None:
    patient = _swollen(swollen=swollen)

    found = answer(patient)

    assert found.chains == chains


@pytest.mark.parametrize(
    ("sides", "chains"), [([LEFT], ()), ([RIGHT], ()), ([LEFT, RIGHT], ("M6",)), ([], ("M6",))]
)
def test_one_sided_swelling_is_no_part_of_it(sides: list[dict[str, Any]], chains: tuple[str, ...]) -> None:
    """Deep vein thrombosis comes first there."""
    patient = _swollen(bodySite=sides) if sides else _swollen()

    found = answer(patient)

    assert found.chains == chains


def test_rise_of_the_dose_counts_as_a_start() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("amlodipine", "2022-01-01", until=days_before(61), dose="5 mg")
        .taking("amlodipine", days_before(60), dose="10 mg")
        .with_diagnosis("oedema_peripheral", days_before(50))
    )

    found = answer(patient)

    assert found.chains == ("M6",)
    assert found.summary("D08") == (
        "Night leg cramps began 20 days after amlodipine was raised; new leg swelling is recorded too"
    )


@pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
def test_withdrawn_swelling_makes_no_chain(status: str) -> None:
    patient = _swollen(verificationStatus={"coding": [{"code": status}]})

    found = answer(patient)

    assert found.chains == ()


def test_card_warns_of_the_prescribing_cascade_and_orders_nothing() -> None:
    patient = _swollen()

    found = answer(patient)

    assert "rather than a diuretic for it (a prescribing cascade)" in found.detail("D08")
    assert "26 Apr 2026" in found.detail("D08")
    assert found.suggested == frozenset()
