"""The bodies that the benchmark sends are what it says they are."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from bench.figures import Spread
from bench.payloads import KINDS, SIZES, body, payloads
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
