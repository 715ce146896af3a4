"""Most charts hold no report of cramps: they must cost next to nothing. Counted work and CPU ratios, no wall clock."""

from collections.abc import Callable
from datetime import date
from time import process_time

import msgspec
import pytest

from bench.payloads import body
from cds_service import hooks
from cds_service.advise import Advice, advise
from tests.findings_of import site

TODAY = date(2026, 6, 15)


def answered(sent: bytes) -> Advice:
    return advise(hooks.decode(sent, "patient-view"), site(), TODAY)


def cost(work: Callable[[], object]) -> float:
    """CPU seconds, the best of many: whatever else the machine does only adds to it."""
    return min(_once(work) for _ in range(25))


def _once(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


@pytest.mark.parametrize("size", [25, 250, 2500])
def test_without_a_report_nothing_of_the_record_is_built(size: int) -> None:
    advice = answered(body("no report", size, TODAY))

    record = advice.record
    assert record is not None
    assert advice.counts["read"] == size
    built = [*record.medicines, *record.diagnoses, *record.results, *record.orders]
    assert built == []


def test_with_a_report_only_what_a_rule_may_read_is_built() -> None:
    """Given ten times the entries, of which no rule reads more, no more is built than what their names leave open."""
    small, large = (answered(body("unknown codes", size, TODAY)).record for size in (25, 250))

    assert small is not None
    assert large is not None
    assert (len(large.medicines), len(large.results)) == (len(small.medicines), len(small.results))


def test_a_chart_without_a_report_costs_little_more_than_taking_its_body_apart() -> None:
    """Measured at 0.8 to 1.1 of it; what reads every entry, or builds it, costs three times as much and more."""
    sent = body("no report", 250, TODAY)
    answered(sent)

    ours, objects = cost(lambda: answered(sent)), cost(lambda: msgspec.json.decode(sent))

    assert ours / objects < 2.5
