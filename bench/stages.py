"""Where the time of an answer goes, stage by stage, in process."""

import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from time import process_time

from bench.figures import Effort, Stages, tell
from bench.in_process import usual_site
from bench.over_http import JUDGED
from bench.payloads import SIZES, body
from cds_service import advise, chains, fhir, hooks
from cds_service.advise import Site
from cds_service.findings import judge
from cds_service.normalise import patient_record
from cds_service.recognition import recognise
from cds_service.wanted import Wants

_MORE = 3  # times as often as bodies are measured elsewhere: a stage is short


def measured(effort: Effort, today: date) -> list[Stages]:
    """For the kinds that the goals are about; the stages are those of `advise`, each called alone."""
    tell("where the time goes")
    site = usual_site()
    return [
        Stages(kind, size, _of(body(kind, size, today), site, today, _MORE * effort.core_bodies[size]))
        for kind in JUDGED
        for size in SIZES
    ]


def _of(sent: bytes, site: Site, today: date, times: int) -> dict[str, float]:
    call = hooks.decode(sent, "patient-view")
    supplied, reading = fhir.gather(call), site.reading(today)

    def wants() -> Wants:  # anew: it keeps its answers within one request
        return Wants(site.knowledge.value_sets, site.recognised, supplied.paged)

    first = patient_record(supplied, wants().carriers)
    took = {
        "decode": _least(lambda: hooks.decode(sent, "patient-view"), times),
        "gather": _least(lambda: fhir.gather(call), times),
        "first look": _least(lambda: patient_record(supplied, wants().carriers), times)
        + _least(lambda: recognise(first, reading), times),
    }
    considered = advise.consider(call, site, today)
    if not considered.is_open:
        return took
    record = patient_record(supplied, wants().read_by_rules)
    facts = recognise(record, reading)

    def judged() -> None:
        new = replace(facts)  # knows nothing yet of what it works out when asked
        found = [each.finding for each in judge(new, site.knowledge) if each.finding]
        chains.merge(found, site.knowledge.chains, new)

    return {
        **took,
        "read": _least(lambda: patient_record(supplied, wants().read_by_rules), times),
        "recognise": _least(lambda: recognise(record, reading), times),
        "judge": _least(judged, times),
        "word": _least(lambda: hooks.encode(advise.answer(considered, site, None).cards), times),
    }


def _least(work: Callable[[], object], times: int) -> float:
    """CPU microseconds."""
    took = []
    gc.collect()
    for _ in range(times):
        began = process_time()
        work()
        took.append(process_time() - began)
    return round(min(took) * 1e6, 1)
