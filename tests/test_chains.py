"""Findings -> groups: merged once, ranked, capped (CARDS B2 to B4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache

import pytest

from cds_service.chains import Group, Selection, merge, select
from cds_service.contributors import load
from cds_service.dates import Span
from cds_service.facts import Course, Diagnosed, Exposure, Fact, Facts, LabResult, TimeClass, Timing
from cds_service.findings import Finding
from cds_service.knowledge import Knowledge
from tests.findings_of import answer
from tests.patients import CARDS, TODAY, a_patient, days_before


@cache
def _knowledge() -> Knowledge:
    return load(CARDS, "demo")


def _day(age: int) -> Span:
    return Span.of(TODAY - timedelta(days=age))


def _drug(time_class: TimeClass = TimeClass.STRONG, began: int | None = 60) -> Timing:
    start = _day(began) if began is not None else None
    course = Course(start, True, None, False, (), None, ("MedicationStatement/m1",))
    return Timing(Exposure("a drug", "a_class", (course,), "code"), course, time_class, change=start)


def _value(age: int = 7) -> LabResult:
    return LabResult(
        "potassium", Decimal(3), "mmol/L", "3 mmol/L", "", _day(age), None, None, None, None, "Observation/k1"
    )


def _entry(age: int = 20) -> Diagnosed:
    return Diagnosed("a_concept", "Condition/c1", _day(age), _day(age), is_confirmed=True, matched_by="code")


def _finding(row: str, level: str, fact: Fact | None = None, grade: str | None = None) -> Finding:
    contributor = _knowledge().contributor(row)
    kind = contributor.kind
    if grade:
        contributor = replace(contributor, grades={"contributing": grade})
    default: Fact = _value() if kind == "lab" else _entry() if kind in ("condition", "state") else _drug()
    return Finding(contributor, contributor.role, level, "", (fact or default,), ())


def _rows(groups: Sequence[Group]) -> list[tuple[str | None, frozenset[str]]]:
    return [
        (each.chain.id if each.chain else None, frozenset(one.row for one in each.findings))
        for each in groups
    ]


def _merged(*findings: Finding) -> list[tuple[str | None, frozenset[str]]]:
    facts = Facts(today=TODAY, is_deceased=False, age=76, is_adult=True)
    return _rows(merge(findings, _knowledge().chains, facts))


def _alone(findings: Sequence[Finding]) -> list[Group]:
    return [Group((each,)) for each in findings]


def _order(*findings: Finding) -> list[str]:
    selection = select(_alone(findings))
    return [each.lead.row for each in (*selection.main, *selection.also)]


# --- merge ----------------------------------------------------------------------------------------------------


def test_chain_takes_the_highest_level_of_its_members() -> None:
    found = merge(
        [_finding("D01", "info"), _finding("L01", "critical")],
        _knowledge().chains,
        Facts(today=TODAY, is_deceased=False, age=76, is_adult=True),
    )

    assert (_rows(found), found[0].level) == ([("M1", frozenset({"D01", "L01"}))], "critical")


def test_every_member_that_fits_is_on_the_one_card() -> None:
    found = _merged(*(_finding(row, "info") for row in ("D01", "D02", "L01", "L02")))

    assert found == [("M1", frozenset({"D01", "D02", "L01", "L02"}))]


def test_chain_with_the_higher_level_takes_a_shared_row() -> None:
    """D01 fits M1 with potassium and M1b with sodium."""
    found = _merged(_finding("D01", "info"), _finding("L01", "info"), _finding("L04", "critical"))

    assert found == [("M1b", frozenset({"D01", "L01", "L04"}))]


def test_of_equal_levels_the_chain_with_more_members_takes_it() -> None:
    found = _merged(
        _finding("D01", "info"),
        _finding("D03", "info"),
        _finding("L01", "warning"),
        _finding("L04", "warning"),
    )

    assert found[0] == ("M1b", frozenset({"D01", "D03", "L01", "L04"}))


def test_of_equal_chains_the_lower_number_takes_it() -> None:
    found = _merged(_finding("D01", "info"), _finding("D10", "also_consider"), _finding("L01", "warning"))

    assert found == [("M1", frozenset({"D01", "D10", "L01"}))]


def test_other_chain_is_named_on_the_same_card() -> None:
    groups = merge(
        [_finding("D01", "info"), _finding("L01", "warning"), _finding("L04", "warning")],
        _knowledge().chains,
        Facts(today=TODAY, is_deceased=False, age=76, is_adult=True),
    )

    assert [(group.chain and group.chain.id, [each.id for each in group.named]) for group in groups] == [
        ("M1", ["M1b"])
    ]


def test_other_chain_is_told_to_the_reader() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("indapamide", days_before(60))
        .with_result("potassium", "3.1 mmol/L")
        .with_result("sodium", "127 mmol/L")
    )

    found = answer(patient)

    assert found.flagged == {"D01", "L01", "L04"}
    assert len(found.cards) == 1
    assert "127" in found.printed
    assert {"Rule sheet M1", "Rule sheet M1b"} <= {link.label for link in found.cards[0].links}


def test_findings_that_make_no_chain_stay_apart() -> None:
    found = _merged(_finding("D04", "info"), _finding("L01", "warning"))

    assert sorted(found, key=str) == [(None, frozenset({"D04"})), (None, frozenset({"L01"}))]


def test_order_of_findings_does_not_matter() -> None:
    findings = [_finding(row, "warning") for row in ("D01", "D02", "D10", "L01", "L04", "L09")]

    forward, backward = _merged(*findings), _merged(*reversed(findings))

    assert sorted(forward, key=str) == sorted(backward, key=str)


def test_no_row_is_told_twice() -> None:
    rows = ("D01", "D02", "D03", "D04", "D10", "L01", "L02", "L04", "L06", "L07", "L09", "C03", "C12", "S01")

    found = _merged(*(_finding(row, "warning") for row in rows))

    told = [row for _, members in found for row in members]
    assert sorted(told) == sorted(rows)


# --- rank -----------------------------------------------------------------------------------------------------


def test_more_urgent_comes_first() -> None:
    found = _order(_finding("D01", "info"), _finding("L01", "critical"), _finding("L04", "warning"))

    assert found == ["L01", "L04", "D01"]


def test_within_a_level_chain_value_safety_drug_condition_state() -> None:
    chain = next(each for each in _knowledge().chains if each.id == "M1")
    groups = [
        *_alone(
            [
                _finding("S01", "warning"),
                _finding("C03", "warning"),
                _finding("D04", "warning", _drug(TimeClass.PLAUSIBLE)),
                _finding("D03", "warning", _drug(TimeClass.STRONG)),
                _finding("T01", "warning"),
                _finding("L04", "warning"),
            ]
        ),
        Group((_finding("D01", "info"), _finding("L01", "warning")), chain),
    ]

    found = [each.lead.row for each in select(groups).main]

    assert found == ["L01", "L04", "T01", "D03", "D04", "C03", "S01"]


def test_better_grade_comes_first() -> None:
    found = _order(
        _finding("D01", "warning", grade="C"),
        _finding("D02", "warning", grade="B"),
        _finding("D03", "warning", grade="A"),
    )

    assert found == ["D03", "D02", "D01"]


def test_of_equal_grade_the_more_recent_comes_first() -> None:
    found = _order(
        _finding("D01", "warning", _drug(began=80)),
        _finding("D02", "warning", _drug(began=20)),
        _finding("D03", "warning", _drug(began=None)),
    )

    assert found == ["D02", "D01", "D03"]


def test_last_tie_goes_by_row() -> None:
    found = _order(*(_finding(row, "warning") for row in ("D03", "D01", "D02")))

    assert found == ["D01", "D02", "D03"]


# --- cap ------------------------------------------------------------------------------------------------------


def _select(*levels: str) -> Selection:
    rows = ("D01", "D02", "D03", "D04", "L01", "L02", "L04", "L06", "C03", "S01")
    return select(_alone([_of_its_own(row, level) for row, level in zip(rows, levels, strict=False)]))


def _of_its_own(row: str, level: str) -> Finding:
    """A finding about an entry that no other one is about."""
    finding = _finding(row, level)
    fact = finding.facts[0]
    if isinstance(fact, Timing):
        return replace(finding, facts=(replace(fact, course=replace(fact.course, sources=(row,))),))
    return replace(finding, facts=(replace(fact, source=row),))


@pytest.mark.parametrize(
    ("levels", "main", "also", "left_out"),
    [
        (("info",), 1, 0, 0),
        (("info", "info"), 2, 0, 0),
        (("info", "info", "info"), 2, 1, 0),
        (("warning", "info", "info"), 2, 1, 0),
        (("warning", "warning", "info"), 2, 1, 0),
        (("warning", "warning", "warning"), 3, 0, 0),
        (("warning", "warning", "warning", "info", "also_consider"), 3, 0, 0),
        (("critical", "info", "info", "info"), 3, 1, 0),
        (("critical", "warning", "warning", "also_consider"), 3, 1, 0),
        (("also_consider",), 0, 1, 0),
        (("also_consider",) * 5, 0, 5, 0),
        (("also_consider",) * 7, 0, 5, 2),
        (("info",) * 9, 2, 5, 2),
        ((), 0, 0, 0),
    ],
)
def test_at_most_two_cards_and_five_lines_but_no_warning_is_demoted(
    levels: tuple[str, ...], main: int, also: int, left_out: int
) -> None:
    """Critical cards come on top; a third warning takes the place of the also-consider card."""
    found = _select(*levels)

    assert (len(found.main), len(found.also), len(found.left_out)) == (main, also, left_out)


def test_context_alone_makes_no_also_consider_card() -> None:
    """CARDS B5."""
    context = replace(_finding("T01", "also_consider"), role="context")

    found = select(_alone([context]))

    assert found == Selection((), ())


def test_context_may_stand_beside_another_line() -> None:
    context = replace(_finding("T01", "also_consider"), role="context")

    found = select(_alone([context, _finding("D04", "also_consider")]))

    assert sorted(each.lead.row for each in found.also) == ["D04", "T01"]


def test_urgent_electrolytes_without_a_chain_are_one_card() -> None:
    """CARDS B4: all critical facts of one organ system merge."""
    patient = a_patient().with_cramps()
    for analyte, value in (
        ("potassium", "2.3 mmol/L"),
        ("magnesium", "0.35 mmol/L"),
        ("sodium", "120 mmol/L"),
    ):
        patient = patient.with_result(analyte, value)

    found = answer(patient)

    assert (len(found.cards), found.flagged) == (1, {"L01", "L02", "L04"})
    assert "K 2.3, Mg 0.35 and Na 120 mmol/L" in found.cards[0].summary


# --- found by reviewers -----------------------------------------------------------------------------------------


def test_infusion_that_is_planned_for_next_week_is_no_exposure() -> None:
    """And no error: the urgent value beside it is told."""
    patient = (
        a_patient()
        .with_cramps()
        .prescribed("zoledronic acid", days_before(-7))
        .with_result("potassium", "2.4 mmol/L")
    )

    found = answer(patient)

    assert (found.flagged, found.indicator("L01")) == ({"L01"}, "critical")


def test_many_old_entries_of_one_diagnosis_hide_no_other_one() -> None:
    patient = a_patient().with_cramps().with_diagnosis("heat_or_heavy_sweating", days_before(45))
    for age in range(400, 430):
        patient = patient.with_diagnosis("dehydration_volume_depletion", days_before(age))

    found = answer(patient)

    assert found.place("S01") == ("contributor", "main")


def test_rows_beyond_the_fifth_line_are_named_and_flagged() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .with_diagnosis("diabetes_type_2", days_before(900))
        .with_diagnosis("physical_inactivity_immobility", days_before(300))
        .with_result("bmi", "33 kg/m2", days_before(50))
    )
    for drug in ("atorvastatin", "amlodipine", "hydrochlorothiazide", "omeprazole"):
        patient = patient.taking(drug, days_before(900))

    found = answer(patient)

    assert found.flagged == {"C04", "S03", "C13", "D04", "D08", "D01", "D09"}
    assert " more: " in found.printed


def test_reason_for_an_urgent_level_is_on_the_card_however_full_it_is() -> None:
    patient = (
        a_patient()
        .with_cramps()
        .taking("furosemide", days_before(60))
        .taking("omeprazole", days_before(900))
        .taking("digoxin", days_before(800))
        .with_diagnosis("alcohol_use_disorder", days_before(100))
        .with_result("potassium", "2.8 mmol/L", days_before(5))
        .with_result("magnesium", "0.6 mmol/L", days_before(5))
    )

    found = answer(patient)

    assert (found.indicator("L01"), "digoxin" in found.detail("L01")) == ("critical", True)
    assert len(found.detail("L01").split()) <= 80
