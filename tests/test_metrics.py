"""Figures for Prometheus: counted right, few series, no word that is not on a list, all workers in one."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from cds_service import explanation, network
from cds_service.knowledge import Knowledge
from cds_service.metrics import FETCHES, SILENCES, STAGES, UNKNOWN_CALLERS, Metrics, forget
from cds_service.opened import SERVICES
from cds_service.settings import load
from cds_service.start import knowledge

SERVICE = "nocturnal-leg-cramps"
Samples = dict[tuple[str, ...], float]
SOURCES = Path(network.__file__).parent
FULL: dict[str, Any] = {
    "client": "north-hospital",
    "cards": [("M1", "warning"), ("data", "info")],
    "faded": ["D02"],
    "stages": dict.fromkeys(STAGES, 0.001),
    "fetched": {"labs": "ok", "conditions": "status-503", "(medications)": "timeout"},
    "fetch_bytes": 1000,
}
# counts once in a process of its own, tells its id, and stays until it is told to end
WORKER = """
import os, sys
from cds_service.metrics import Metrics
from cds_service.settings import load
from cds_service.start import knowledge

metrics = Metrics(knowledge(load()), {"nocturnal-leg-cramps": "patient-view"})
metrics.answered("nocturnal-leg-cramps", 200, 0.004, silence="no-report")
metrics.remembering(3, 0)
sys.stdout.write(sys.argv[1] if len(sys.argv) > 1 else metrics.page("")[0].decode())
"""


@pytest.fixture(scope="module")
def known() -> Knowledge:
    return knowledge(load())


@pytest.fixture
def metrics(known: Knowledge) -> Metrics:
    return Metrics(known, SERVICES, ["north-hospital"], ["benefit"])


def samples(page: bytes) -> Samples:
    """What is not 0, by name and label values; without the process's own figures and the buckets of histograms."""
    found = (sample for family in text_string_to_metric_families(page.decode()) for sample in family.samples)
    return {
        _name(sample): sample.value
        for sample in found
        if sample.value and sample.name.startswith("legcramps_") and "le" not in sample.labels
        if not sample.name.endswith(("_created", "_info"))
    }


def _name(sample: Sample) -> tuple[str, ...]:
    values = (value for _, value in sorted(sample.labels.items()))
    return (sample.name.removeprefix("legcramps_"), *values)


def told(metrics: Metrics) -> Samples:
    return samples(metrics.page("")[0])


def test_a_call_is_counted_with_all_that_belongs_to_it(metrics: Metrics) -> None:
    metrics.answered(SERVICE, 200, 0.25, **FULL)

    counted: Samples = {
        ("hook_calls_total", "north-hospital", "patient-view", "cards", SERVICE, "200"): 1,
        ("hook_seconds_count", SERVICE): 1,
        ("hook_seconds_sum", SERVICE): 0.25,
        **{("stage_seconds_count", stage): 1 for stage in STAGES},
        **{("stage_seconds_sum", stage): 0.001 for stage in STAGES},
        ("fetches_total", "ok", "labs"): 1,
        ("fetches_total", "status-5xx", "conditions"): 1,
        ("fetches_total", "timeout", "(medications)"): 1,
        ("fetch_bytes_total",): 1000,
        ("cards_total", "warning", "M1"): 1,
        ("cards_total", "info", "data"): 1,
        ("faded_total", "D02"): 1,
    }
    assert told(metrics) == counted


@pytest.mark.parametrize(
    ("status", "refusal", "outcome"),
    [
        (200, None, "silent"),
        (400, None, "refused"),
        (401, "replayed", "replayed"),
        (412, None, "refused"),
        (503, None, "failed"),
    ],
)
def test_an_answer_without_cards_is_counted_by_what_became_of_the_call(
    metrics: Metrics, status: int, refusal: str | None, outcome: str
) -> None:
    metrics.answered(SERVICE, status, refusal=refusal)

    assert told(metrics) == {("hook_calls_total", "none", "patient-view", outcome, SERVICE, str(status)): 1}


def test_what_is_on_no_list_is_told_as_other(metrics: Metrics) -> None:
    for number in range(50):
        word = f"Jane Roe {number}"
        metrics.answered(
            word,
            number,
            client=word,
            refusal=word,
            silence=word,
            cards=[(word, word)],
            faded=[word],
            stages={word: 1},
            fetched={word: word},
        )
        metrics.told(word, word)

    page, _ = metrics.page("")
    assert b"Jane" not in page
    assert told(metrics) == {
        ("hook_calls_total", "other", "other", "refused", "other", "other"): 50,
        ("stage_seconds_count", "other"): 50,
        ("stage_seconds_sum", "other"): 50,
        ("fetches_total", "other", "other"): 50,
        ("cards_total", "other", "other"): 50,
        ("faded_total", "other"): 50,
        ("silences_total", "other"): 50,
        ("feedback_total", "other", "other"): 50,
    }


def test_feedback_is_counted_by_the_reasons_that_our_cards_offer(metrics: Metrics, known: Knowledge) -> None:
    own = next(code for each in known.contributors for code in each.override_reasons)

    for reason in (None, "benefit", own):
        metrics.told("overridden", reason)
    metrics.told("accepted")

    assert told(metrics) == {
        ("feedback_total", "overridden", "none"): 1,
        ("feedback_total", "overridden", "benefit"): 1,
        ("feedback_total", "overridden", own): 1,
        ("feedback_total", "accepted", "none"): 1,
    }


def test_calls_in_progress_and_the_queue_are_told_as_they_are(metrics: Metrics) -> None:
    metrics.remembering(7, 0)
    metrics.remembering(2, 5)

    with metrics.in_progress():
        during = told(metrics)

    after: Samples = {("memory_queue",): 2, ("memory_lost_total",): 5}
    assert during == {**after, ("hook_calls_in_progress",): 1}
    assert told(metrics) == after


def test_versions_are_told(metrics: Metrics, known: Knowledge) -> None:
    page, _ = metrics.page("")

    assert f'legcramps_info{{knowledge="{known.version}",profile="demo",version="'.encode() in page


def test_two_applications_in_one_process_count_apart(known: Knowledge, metrics: Metrics) -> None:
    other = Metrics(known, SERVICES)

    other.answered(SERVICE, 200)

    assert told(metrics) == {}


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html, */*", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0;"),
        ("application/openmetrics-text; version=nonsense", "text/plain; version=0.0.4; charset=utf-8"),
    ],
)
def test_figures_are_told_in_the_form_that_is_asked_for(
    metrics: Metrics, accept: str, media_type: str
) -> None:
    page, told_type = metrics.page(accept)

    assert told_type.startswith(media_type)
    assert page.endswith(b"# EOF\n") == told_type.startswith("application/openmetrics-text")


# --- the lists ----------------------------------------------------------------------------------------------------


def written(file: str, pattern: str) -> Iterator[str]:
    """What the first group of a pattern finds in one of our modules."""
    yield from re.findall(pattern, (SOURCES / file).read_text("utf-8"))


def test_every_reason_for_silence_is_on_the_list() -> None:
    assert {*explanation.SILENCE, "faded", "silent-mode"} == SILENCES


def test_every_reason_for_letting_nobody_in_is_on_the_list() -> None:
    assert set(written("authentication.py", r'Unauthenticated\("([a-z-]+)"')) == UNKNOWN_CALLERS


def test_everything_that_becomes_of_a_fetch_is_on_the_list() -> None:
    modules = ("fetching.py", "fhir_server.py", "medicine_reads.py", "connections.py", "network.py")
    in_use = {
        *(code for module in modules for code in written(module, r'Unreachable\("([a-z-]+)"')),
        *written("fetching.py", r'(?m)^[A-Z_]+ = "([a-z-]+)"'),
        *written("fhir_server.py", r'(?m)^[A-Z_]+ = "([a-z-]+)"'),
        *written("network.py", r'(?m)^    [\w.]+: "([a-z-]+)",'),
        *written("network.py", r'"(tls[a-z-]*)"'),
        *written("calls.py", r'return None, "([a-z-]+)"'),
    }

    assert len(in_use) > 15
    assert in_use <= FETCHES


def test_every_stage_that_is_timed_is_on_the_list() -> None:
    in_use = {
        stage
        for file in ("services.py", "calls.py", "turns.py")
        for stage in written(file, r'\.(?:of|do|add)\("([a-z]+)"')
    }

    assert in_use == STAGES


# --- several workers ------------------------------------------------------------------------------------------------


def run_worker(folder: Path, *arguments: str) -> tuple[int, bytes]:
    """The id and the output of a process that counts one call and has three answers in its queue."""
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-W", "error", "-c", WORKER, *arguments],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        stdout=subprocess.PIPE,
    ) as worker:
        said, _ = worker.communicate()
    assert worker.returncode == 0
    return worker.pid, said


def test_whichever_worker_is_asked_tells_of_all_and_forgets_the_present_of_the_dead(tmp_path: Path) -> None:
    died, _ = run_worker(tmp_path, "silent")
    _, two = run_worker(tmp_path)
    forget(died, tmp_path)
    _, three = run_worker(tmp_path)

    call = ("hook_calls_total", "none", "patient-view", "silent", SERVICE, "200")
    assert samples(two)[call] == 2
    assert samples(two)[("memory_queue",)] == 6
    assert samples(three)[call] == 3
    assert samples(three)[("memory_queue",)] == 6
    assert samples(three)[("hook_seconds_count", SERVICE)] == 3
