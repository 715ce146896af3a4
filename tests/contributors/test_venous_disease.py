"""C15: varicose veins or venous insufficiency, and R3: deep vein thrombosis."""

from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _with_veins(on: str | None = "2015-01-01") -> APatient:
    return a_patient().with_cramps().with_diagnosis("varicose_veins_venous_insufficiency", on)


def _with_clot(age: int | None, **members: Any) -> APatient:
    on = days_before(age) if age is not None else None
    return a_patient().with_cramps().with_diagnosis("acute_dvt", on, **members)


@pytest.mark.parametrize("on", ["2015-01-01", days_before(10), None])
def test_venous_disease_is_only_ever_a_line(on: str | None) -> None:
    patient = _with_veins(on)

    found = answer(patient)

    assert (found.place("C15"), found.suggested) == (("contributor", "also-consider"), frozenset())
    assert "ankle-brachial index before compression" in found.detail("C15")


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_venous_disease_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "varicose_veins_venous_insufficiency",
            "2015-01-01",
            clinicalStatus={"coding": [{"code": clinical}]},
        )
    )

    found = answer(patient)

    assert found.cards == ()


# --- R3 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "indicator"),
    [(0, "critical"), (30, "critical"), (31, "warning"), (90, "warning"), (91, "info"), (None, "warning")],
)
def test_coded_thrombosis_is_urgent_while_it_is_recent(age: int | None, indicator: str) -> None:
    patient = _with_clot(age)

    found = answer(patient)

    kind = "also-consider" if indicator == "info" else "main"  # history is a line
    assert (found.place("C15"), found.indicator("C15")) == (("contributor", kind), indicator)


@pytest.mark.parametrize("verification", ["provisional", "differential", "unconfirmed"])
def test_doubted_thrombosis_is_a_warning_to_confirm_it(verification: str) -> None:
    patient = _with_clot(5, verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.indicator("C15") == "warning"
    assert "confirm whether still current" in found.summary("C15")


@pytest.mark.parametrize("age", [5, 60, None])
def test_thrombosis_in_question_is_not_worded_as_a_contributor(age: int | None) -> None:
    patient = _with_clot(age)

    found = answer(patient).detail("C15")

    assert "**Check before treating this as benign cramp: deep vein thrombosis" in found
    assert "Possible contributor" not in found


@pytest.mark.parametrize("age", [5, 60])
def test_no_self_care_while_a_thrombosis_is_in_question(age: int) -> None:
    patient = _with_clot(age).with_result("bmi", "33.4 kg/m2")

    found = answer(patient)

    assert found.kinds() == ("main", "also-consider")
    assert "Self-care" not in found.printed
    assert "self-care" not in found.printed


def test_veins_are_told_on_the_card_of_the_thrombosis() -> None:
    patient = _with_clot(5).with_diagnosis("varicose_veins_venous_insufficiency", "2015-01-01")

    found = answer(patient)

    assert (len(found.cards), found.indicator("C15")) == (1, "critical")
    assert "Varicose veins or venous insufficiency since 1 Jan 2015" in found.detail("C15")


@pytest.mark.parametrize("text", ["Chronic deep vein thrombosis of left leg", "Old DVT"])
def test_chronic_thrombosis_is_no_red_flag(text: str) -> None:
    entry = {"resourceType": "Condition", "id": "dx", "code": {"text": text}, "recordedDate": days_before(5)}
    patient = a_patient().with_cramps().having("conditions", entry)

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_thrombosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = _with_clot(5, verificationStatus={"coding": [{"code": verification}]})

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("clinical", ["inactive", "resolved"])
def test_thrombosis_that_is_over_is_not_flagged(clinical: str) -> None:
    patient = _with_clot(5, clinicalStatus={"coding": [{"code": clinical}]})

    found = answer(patient)

    assert found.cards == ()


def test_pregnancy_joins_the_card_of_the_thrombosis() -> None:
    patient = _with_clot(5).born("1995-01-01").with_diagnosis("pregnancy_current", days_before(100))

    found = answer(patient)

    assert (len(found.cards), found.flagged, found.indicator("C12")) == (1, {"C12", "C15"}, "critical")


def test_recent_one_sided_swelling_is_named_beside_it() -> None:
    entry = {
        "resourceType": "Condition",
        "id": "swelling",
        "code": {"text": "Swelling of left lower leg oedema"},
        "recordedDate": days_before(4),
    }
    patient = _with_clot(5).having("conditions", entry)

    found = answer(patient).detail("C15")

    assert "One-sided leg swelling is recorded" in found
