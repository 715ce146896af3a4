"""The bodies that the benchmark sends are what it says they are."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec
import pytest
from msgspec import structs

from bench.figures import PAGE, RESULTS, Overload, Results, Spread
from bench.goals import MOST_OF_ORJSON, Cell, judged
from bench.payloads import KINDS, SIZES, body, payloads
from bench.tables import filled
from cds_service import advise, hooks, settings, start
from cds_service.advise import Site

TODAY = date(2026, 6, 15)


@pytest.fixture(scope="module")
def site() -> Site:
    usual = settings.load(store="none")
    return start.site(usual, start.knowledge(usual))


def resources(sent: bytes) -> Iterator[dict[str, Any]]:
    for value in json.loads(sent)["prefetch"].values():
        yield from (entry["resource"] for entry in value["entry"]) if "entry" in value else (value,)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", SIZES)
def test_a_body_holds_as_many_resources_as_it_says(kind: str, size: int) -> None:
    found = list(resources(body(kind, size, TODAY)))

    assert len(found) == size
    assert len({f"{each['resourceType']}/{each['id']}" for each in found}) == size


@pytest.mark.parametrize(("size", "kilobytes"), [*zip(SIZES, (32, 308, 3050), strict=True)])
def test_a_long_record_is_as_large_as_those_the_goals_were_set_with(size: int, kilobytes: int) -> None:
    sent = body("cards", size, TODAY)

    assert len(sent) / 1000 == pytest.approx(kilobytes, rel=0.06)


def test_every_run_measures_the_same_bytes() -> None:
    once, again = payloads(TODAY), payloads(TODAY)

    assert once == again
    assert [(each.kind, each.resources) for each in once] == [
        (kind, size) for kind in KINDS for size in SIZES
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_each_variant_is_about_another_patient_and_as_large(kind: str) -> None:
    one, other = body(kind, 250, TODAY), body(kind, 250, TODAY, 7)

    assert json.loads(other)["context"]["patientId"] != json.loads(one)["context"]["patientId"]
    assert other.count(b"bench-8") == one.count(b"bench-1")
    assert b"bench-1" not in other
    assert len(other) == pytest.approx(len(one), rel=0.01)


def test_no_unknown_code_is_met_in_two_variants() -> None:
    """What the service remembers of short words of one request is of no use to the next."""
    one, other = ({*_local_codes(body("unknown codes", 2500, TODAY, variant))} for variant in (0, 1))

    assert len(one) == len(other) == 2500 - 25
    assert one.isdisjoint(other)


def _local_codes(sent: bytes) -> Iterator[str]:
    for each in resources(sent):
        for member in ("code", "medicationCodeableConcept"):
            for coding in each.get(member, {}).get("coding", ()):
                if coding["system"].endswith("/codes"):
                    yield coding["code"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_but_the_chart_without_a_report_ends_in_three_cards(kind: str, site: Site) -> None:
    """However much is added: the 24 entries are what is read."""
    answers = [
        advise.advise(hooks.decode(body(kind, size, TODAY), "patient-view"), site, TODAY)
        for size in SIZES[:2]
    ]

    assert [len(each.cards) for each in answers] == ([0, 0] if kind == "no report" else [3, 3])


def test_one_broken_entry_is_told_of_as_unread(site: Site) -> None:
    call = hooks.decode(body("one broken", 250, TODAY), "patient-view")

    advice = advise.advise(call, site, TODAY)

    assert advice.counts["unread"] == 1


def test_rounds_are_told_by_their_middle_one_and_their_range() -> None:
    assert Spread.of([3.0, 1.0, 2.0, 10.0, 2.5]) == Spread(2.5, 1.0, 10.0)


def test_a_goal_is_met_at_its_limit_and_missed_above_it() -> None:
    at, above = (_told_of(shed, again) for shed, again in ((50.0, 5.0), (50.1, 5.01)))

    assert [cell.is_met for cell in at] == [True, True]
    assert [cell.is_met for cell in above] == [False, False]


def test_calls_that_nobody_answers_miss_the_goal_however_quick_the_others_are_refused() -> None:
    [shed, _] = _told_of(1.0, 1.0, lost=0.011)

    assert shed == Cell("1 ms, 1.1% lost", is_met=False)


def test_what_is_as_dear_as_the_goal_allows_meets_it_and_a_bit_more_does_not() -> None:
    results = _kept()

    met = _of_orjson(results, MOST_OF_ORJSON)
    missed = _of_orjson(results, [each + 0.001 for each in MOST_OF_ORJSON])

    assert met == [True, True, True]
    assert missed == [False, False, False]


def test_the_page_tells_what_was_measured() -> None:
    """Nobody mends a figure by hand; `python -m bench --redraw` writes them again."""
    page = PAGE.read_text("utf-8")

    assert filled(page, _kept()) == page


def _kept() -> Results:
    return msgspec.json.decode(RESULTS.read_bytes(), type=Results)


def _of_orjson(results: Results, ratios: Sequence[float]) -> list[bool]:
    """Whether charts with cards meet the first goal with these ratios."""
    by_size = dict(zip(SIZES, ratios, strict=True))
    costs = [
        structs.replace(each, ratio=Spread(by_size[each.resources], 0, 9)) for each in results.in_process
    ]
    first, *_ = judged(structs.replace(results, in_process=costs))
    return [cell.is_met for cell in first.cells]


def _told_of(shed: float, again: float, lost: float = 0.0) -> list[Cell]:
    load = Overload("cards", 100, 500, 0.8, lost, shed, 200, 10, 5, again)
    rows = judged(structs.replace(_kept(), overloads=[load]))
    return [cell for row in rows if "capacity" in row.goal or "usual again" in row.goal for cell in row.cells]
