"""C03: hypothyroidism."""

import pytest

from tests.findings_of import answer
from tests.patients import APatient, a_patient, days_before


def _hypothyroid() -> APatient:
    return a_patient().with_cramps().with_diagnosis("hypothyroidism", "2015-01-01")


@pytest.mark.parametrize(
    ("tsh", "place"),
    [
        ("14.2 mIU/L", ("contributor", "main")),
        ("10 mIU/L", ("contributor", "main")),
        ("4.6 mIU/L", ("contributor", "main")),
        ("4.5 mIU/L", None),
        ("2.0 mIU/L", None),
    ],
)
def test_tsh_decides_whether_it_is_controlled(tsh: str, place: tuple[str, str] | None) -> None:
    """KNOWLEDGE X12: with a TSH in range it is not a contributor."""
    patient = _hypothyroid().with_result("tsh", tsh)

    found = answer(patient)

    assert found.place("C03") == place


@pytest.mark.parametrize(
    ("tsh", "level"), [("14.2 mIU/L", "warning"), ("10.1 mIU/L", "warning"), ("10 mIU/L", "info")]
)
def test_it_shares_the_card_of_a_raised_tsh(tsh: str, level: str) -> None:
    patient = _hypothyroid().with_result("tsh", tsh)

    found = answer(patient)

    assert found.indicator("C03") == level
    assert found.card_of("C03") is found.card_of("L07")
    assert len(found.cards) == 1


@pytest.mark.parametrize(("age", "place"), [(365, None), (366, ("contributor", "also-consider"))])
def test_no_tsh_in_365_days_is_a_line(age: int, place: tuple[str, str] | None) -> None:
    patient = _hypothyroid().with_result("tsh", "2.0 mIU/L", days_before(age))

    found = answer(patient)

    assert found.place("C03") == place


def test_no_tsh_ever_is_a_line_that_suggests_one() -> None:
    patient = _hypothyroid()

    found = answer(patient)

    assert found.place("C03") == ("contributor", "also-consider")
    assert "monitoring looks overdue: TSH (none on file)" in found.detail("C03")
    assert found.suggested == {"TSH"}


@pytest.mark.parametrize(("ago", "is_overdue"), [(56, False), (57, True), (200, True)])
@pytest.mark.parametrize(("before", "after"), [("75 ug", "100 ug"), ("100 ug", "75 ug")])
def test_no_tsh_since_a_change_of_levothyroxine_over_8_weeks_ago_is_a_line(
    before: str, after: str, ago: int, is_overdue: bool
) -> None:
    """KNOWLEDGE section 8; a value drawn before the change clears nothing (X6)."""
    patient = (
        _hypothyroid()
        .taking("levothyroxine", "2020-01-01", until=days_before(ago + 1), dose=before)
        .taking("levothyroxine", days_before(ago), dose=after)
        .with_result("tsh", "2.0 mIU/L", days_before(ago + 5))
    )

    found = answer(patient)

    assert found.place("C03") == (("contributor", "also-consider") if is_overdue else None)
    assert found.suggested == ({"TSH"} if is_overdue else set())


def test_tsh_taken_since_the_change_of_levothyroxine_clears_it() -> None:
    patient = (
        _hypothyroid()
        .taking("levothyroxine", "2020-01-01", until=days_before(101), dose="75 ug")
        .taking("levothyroxine", days_before(100), dose="100 ug")
        .with_result("tsh", "2.0 mIU/L", days_before(50))
    )

    found = answer(patient)

    assert "C03" not in found.flagged


def test_overdue_line_tells_the_last_tsh() -> None:
    patient = (
        _hypothyroid()
        .taking("levothyroxine", days_before(100), dose="100 ug")
        .with_result("tsh", "2.0 mIU/L", days_before(120))
    )

    found = answer(patient)

    assert "monitoring looks overdue: TSH (last 15 Feb 2026)" in found.detail("C03")


def test_tsh_on_order_is_not_overdue() -> None:
    patient = _hypothyroid().ordered_for("thyroid review", code={"text": "TSH"})

    found = answer(patient)

    assert "monitoring looks overdue" not in found.printed
    assert found.suggested == set()


def test_laboratory_list_that_was_not_supplied_is_told() -> None:
    """Not measured and not supplied are different things."""
    patient = _hypothyroid().lacking("labs")

    found = answer(patient)

    assert "C03" not in found.flagged
    assert "Not supplied: laboratory results" in found.data_lines()


@pytest.mark.parametrize(
    ("tsh", "drug", "is_flagged"),
    [
        ("0.1 mIU/L", "levothyroxine", True),
        ("<0.01 mIU/L", "levothyroxine", True),
        ("0.4 mIU/L", "levothyroxine", False),
        ("0.1 mIU/L", None, True),
        ("0.4 mIU/L", None, False),
    ],
)
def test_tsh_below_range_counts_with_or_without_thyroid_hormone_on_the_list(
    tsh: str, drug: str | None, is_flagged: bool
) -> None:
    """Labels list cramp with excess dose."""
    patient = _hypothyroid().with_result("tsh", tsh)
    patient = patient.taking(drug, "2015-01-01") if drug else patient

    found = answer(patient)

    assert ("C03" in found.flagged) is is_flagged


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_diagnosis_that_is_over_is_not_flagged(clinical: str) -> None:
    """KNOWLEDGE X13."""
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("hypothyroidism", "2015-01-01", clinicalStatus={"coding": [{"code": clinical}]})
    )

    found = answer(patient)

    assert found.cards == ()


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_diagnosis_that_was_taken_back_is_not_flagged(verification: str) -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis(
            "hypothyroidism", "2015-01-01", verificationStatus={"coding": [{"code": verification}]}
        )
    )

    found = answer(patient)

    assert found.cards == ()


def test_with_a_statin_and_a_raised_tsh_it_joins_the_chain() -> None:
    patient = _hypothyroid().with_result("tsh", "14.2 mIU/L").taking("rosuvastatin", days_before(60))

    found = answer(patient)

    assert found.chains == ("M2",)
    assert found.flagged == {"C03", "D04", "L07"}


@pytest.mark.parametrize(("drug", "is_asked"), [(None, True), ("levothyroxine", False)])
def test_tsh_below_range_without_thyroid_hormone_asks_whether_it_is_missing(
    drug: str | None, is_asked: bool
) -> None:
    patient = _hypothyroid().with_result("tsh", "0.1 mIU/L")
    patient = patient.taking(drug, "2015-01-01") if drug else patient

    found = answer(patient)

    assert (found.place("C03"), found.indicator("C03")) == (("contributor", "main"), "info")
    assert ("is levothyroxine missing from the list?" in found.detail("C03")) is is_asked
    assert "TSH in range" not in found.printed
