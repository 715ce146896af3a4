"""D05: a drug that raises the statin level, by the pair, by when it was added, and by whether both are taken."""

from datetime import date
from typing import Any

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before

ONSET = date(2026, 5, 1)
AFTER = "2026-05-20"
MAIN, SAFETY = ("contributor", "main"), ("safety", "main")
FUSIDIC_ACID = {"coding": [{"system": "http://www.whocc.no/atc", "code": "J01XC01"}]}


def before_onset(days: int) -> str:
    return days_before(days, ONSET)


def on_statin(
    statin: str = "simvastatin",
    since: str = "2020-01-01",
    dose: str | None = "20 mg",
    until: str | None = None,
) -> APatient:
    return a_patient().with_cramps(ONSET.isoformat()).taking(statin, since, dose=dose, until=until)


def with_fusidic_acid(patient: APatient, since: str, **medicine: Any) -> APatient:
    return patient.taking("colchicine", since, medicationCodeableConcept=medicine or FUSIDIC_ACID)


# --- pairs to avoid -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("statin", ["simvastatin", "lovastatin"])
@pytest.mark.parametrize(
    "other",
    [
        "clarithromycin",
        "erythromycin",
        "itraconazole",
        "ketoconazole",
        "posaconazole",
        "voriconazole",
        "cyclosporine",
        "gemfibrozil",
        "ritonavir",
        "darunavir",
        "boceprevir",
        "telaprevir",
        "cobicistat",
    ],
)
def test_strong_inhibitor_with_simvastatin_or_lovastatin_is_a_pair_to_avoid(statin: str, other: str) -> None:
    patient = on_statin(statin).taking(other, before_onset(10))

    found = answer(patient)

    assert (found.place("D05"), found.indicator("D05")) == (MAIN, "warning")


@pytest.mark.parametrize(
    ("statin", "other"),
    [("simvastatin", "danazol"), ("pravastatin", "gemfibrozil"), ("pitavastatin", "cyclosporine")],
)
def test_single_pairs_to_avoid(statin: str, other: str) -> None:
    patient = on_statin(statin).taking(other, before_onset(10))

    found = answer(patient)

    assert (found.place("D05"), found.indicator("D05")) == (MAIN, "warning")


@pytest.mark.parametrize(
    "statin", ["simvastatin", "atorvastatin", "rosuvastatin", "pravastatin", "fluvastatin"]
)
def test_fusidic_acid_taken_by_mouth_is_to_avoid_with_any_statin(statin: str) -> None:
    patient = with_fusidic_acid(on_statin(statin), before_onset(10))

    found = answer(patient)

    assert (found.place("D05"), found.indicator("D05")) == (MAIN, "warning")


def test_fusidic_acid_cream_is_no_pair() -> None:
    patient = with_fusidic_acid(on_statin(), before_onset(10), text="Fusidic acid 2% cream")

    found = answer(patient)

    assert found.place("D05") is None


@pytest.mark.parametrize(
    ("statin", "other"),
    [
        ("pravastatin", "clarithromycin"),
        ("rosuvastatin", "erythromycin"),
        ("fluvastatin", "clarithromycin"),
        ("simvastatin", "azithromycin"),
        ("simvastatin", "fenofibrate"),
        ("pravastatin", "diltiazem"),
        ("atorvastatin", "amiodarone"),
        ("lovastatin", "amlodipine"),
        ("simvastatin", "nifedipine"),
        ("rosuvastatin", "gemfibrozil"),
    ],
)
def test_other_pairs_are_not_flagged(statin: str, other: str) -> None:
    patient = on_statin(statin, dose="80 mg").taking(other, before_onset(10))

    found = answer(patient)

    assert found.place("D05") is None


def test_interacting_drug_without_a_statin_says_nothing() -> None:
    patient = a_patient().with_cramps(ONSET.isoformat()).taking("clarithromycin", before_onset(10))

    found = answer(patient)

    assert found.cards == ()


# --- when the pair came together ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other_since", [before_onset(0), before_onset(90), before_onset(91), before_onset(400), None]
)
def test_pair_to_avoid_that_is_still_taken_is_a_warning_however_long(other_since: str | None) -> None:
    patient = on_statin().taking("clarithromycin", other_since)

    found = answer(patient)

    assert (found.place("D05"), found.indicator("D05"), found.chains) == (MAIN, "warning", ("M2",))


@pytest.mark.parametrize(
    ("statin_since", "other_since"), [("2020-01-01", AFTER), (AFTER, "2020-01-01"), (AFTER, AFTER)]
)
def test_pair_to_avoid_that_came_together_after_the_onset_is_a_safety_point(
    statin_since: str, other_since: str
) -> None:
    patient = on_statin(since=statin_since).taking("clarithromycin", other_since)

    found = answer(patient)

    assert (found.place("D05"), found.indicator("D05"), found.chains) == (SAFETY, "warning", ())


def test_safety_point_names_both_drugs() -> None:
    patient = on_statin().taking("clarithromycin", AFTER)

    found = answer(patient)

    assert found.summary("D05") == (
        "Clarithromycin with a statin: a pair to avoid, in a patient with night leg cramps; please review"
    )
    assert "Clarithromycin and simvastatin: a pair to avoid." in found.detail("D05")
    assert found.suggested == {"CK", "Creatinine"}


@pytest.mark.parametrize(
    ("until", "place"),
    [
        (before_onset(1), MAIN),
        (before_onset(30), MAIN),
        (before_onset(31), ("set-aside", "also-consider")),
        ("2026-05-10", MAIN),
    ],
)
def test_pair_to_avoid_that_ended_is_info_while_the_drug_is_not_long_stopped(
    until: str, place: tuple[str, str]
) -> None:
    patient = on_statin().taking("clarithromycin", before_onset(40), until=until)

    found = answer(patient)

    assert found.place("D05") == place
    assert found.indicator("D05") == ("info" if place == MAIN else None)


def test_course_begun_and_ended_after_the_onset_is_no_contributor() -> None:
    patient = on_statin().taking("clarithromycin", "2026-05-10", until="2026-05-17")

    found = answer(patient)

    assert found.role("D05") in (None, "set-aside")


def test_statin_that_was_stopped_makes_no_pair() -> None:
    patient = on_statin(until=before_onset(100)).taking("clarithromycin", before_onset(10))

    found = answer(patient)

    assert found.cards == ()


# --- pairs with a limit of the dose ---------------------------------------------------------------------------------


@pytest.mark.parametrize("statin", ["simvastatin", "lovastatin"])
@pytest.mark.parametrize(
    "other",
    ["diltiazem", "verapamil", "amiodarone", "dronedarone", "ranolazine", "ticagrelor", "fluconazole"],
)
def test_pair_with_a_dose_limit_is_info(statin: str, other: str) -> None:
    patient = on_statin(statin).taking(other, before_onset(10))

    found = answer(patient)

    assert (found.place("D05"), found.indicator("D05")) == (MAIN, "info")
    assert "check the statin dose against the limit for this pair" in found.detail("D05")


@pytest.mark.parametrize(("days", "place"), [(90, MAIN), (91, MAIN), (365, MAIN), (366, None)])
def test_pair_with_a_dose_limit_counts_in_the_year_before_the_onset(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = on_statin().taking("amiodarone", before_onset(days))

    found = answer(patient)

    assert found.place("D05") == place


def test_pair_with_a_dose_limit_that_came_together_after_the_onset_is_set_aside() -> None:
    patient = on_statin().taking("amiodarone", AFTER)

    found = answer(patient)

    assert found.place("D05") == ("set-aside", "also-consider")


def test_drug_of_unknown_start_is_a_line() -> None:
    patient = on_statin().taking("amiodarone")

    found = answer(patient)

    assert found.place("D05") == ("contributor", "also-consider")


@pytest.mark.parametrize(("days", "chains"), [(30, ("M2",)), (365, ("M2",)), (366, ())])
def test_long_standing_second_drug_counts_when_the_statin_is_the_newer_one(
    days: int, chains: tuple[str, ...]
) -> None:
    patient = on_statin(since=before_onset(days)).taking("amiodarone", "2015-01-01")

    found = answer(patient)

    assert found.chains == chains


@pytest.mark.parametrize(
    ("dose", "place"),
    [("80 mg", MAIN), ("40 mg", MAIN), ("21 mg", MAIN), ("20 mg", None), ("10 mg", None), (None, None)],
)
def test_amlodipine_matters_only_above_20_mg_of_simvastatin(
    dose: str | None, place: tuple[str, str] | None
) -> None:
    patient = on_statin(dose=dose).taking("amlodipine", before_onset(10))

    found = answer(patient)

    assert found.place("D05") == place


@pytest.mark.parametrize(("days", "place"), [(1, MAIN), (90, MAIN), (91, None), (400, None)])
def test_atorvastatin_counts_only_with_a_strong_inhibitor_added_in_the_last_90_days(
    days: int, place: tuple[str, str] | None
) -> None:
    patient = on_statin("atorvastatin").taking("clarithromycin", before_onset(days))

    found = answer(patient)

    assert found.place("D05") == place
    assert found.indicator("D05") == ("info" if place else None)


# --- what is told ----------------------------------------------------------------------------------------------------


def test_card_names_both_drugs_and_asks_about_weakness() -> None:
    patient = on_statin(dose="40 mg").taking("clarithromycin", before_onset(5))

    found = answer(patient)

    assert found.summary("D05") == (
        "Clarithromycin and simvastatin: raised statin exposure is possible;"
        " consider myopathy rather than simple night cramps"
    )
    assert "ask about weakness" in found.detail("D05")


def test_colchicine_is_named_for_its_own_muscle_risk() -> None:
    patient = on_statin().taking("clarithromycin", before_onset(5)).taking("colchicine", before_onset(5))

    found = answer(patient)

    assert found.detail("D05").count("Colchicine is listed too and adds its own muscle risk.") == 1


@pytest.mark.parametrize(
    "members",
    [{"status": "draft"}, {"status": "cancelled"}, {"intent": "plan"}, {"status": "entered-in-error"}],
)
def test_unreal_request_says_nothing(members: dict[str, Any]) -> None:
    patient = on_statin().prescribed("clarithromycin", before_onset(5), **members)

    found = answer(patient)

    assert found.place("D05") is None


@pytest.mark.parametrize("other", ["fluconazole", "isavuconazole", "danazol"])
@pytest.mark.parametrize(("days", "place"), [(1, MAIN), (90, MAIN), (91, None)])
def test_atorvastatin_counts_with_lesser_inhibitors_added_in_the_last_90_days(
    other: str, days: int, place: tuple[str, str] | None
) -> None:
    named = {"text": other}
    patient = on_statin("atorvastatin").taking(
        "fluconazole", before_onset(days), medicationCodeableConcept=named
    )

    found = answer(patient)

    assert (found.place("D05"), found.indicator("D05")) == (place, "info" if place else None)
