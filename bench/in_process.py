"""CPU from a body to the bytes of the answer, beside orjson.loads of the same body, round by round."""

import gc
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import count, islice
from time import process_time
from typing import Any, NamedTuple

import orjson

from bench.figures import Effort, Growth, InProcess, Spread, tell
from bench.payloads import KINDS, SIZES, body
from cds_service import advise, hooks, settings, start
from cds_service.advise import Site


class _Round(NamedTuple):
    """CPU microseconds for one body, each on average."""

    ours: float
    orjson: float


def measured(effort: Effort, today: date) -> tuple[list[InProcess], list[Growth]]:
    """Every kind in every size; what of it grows."""
    answer = _service(today)
    gc.collect()
    gc.freeze()  # as the service does
    costs, growth = [], []
    for kind in KINDS:
        tell(f"in process: {kind}")
        patients = count()
        answer(body(kind, SIZES[0], today, next(patients)))
        rounds: dict[int, list[_Round]] = {size: [] for size in SIZES}
        for _ in range(effort.core_rounds):
            for size in SIZES:
                variants = islice(patients, effort.core_bodies[size])
                rounds[size].append(_round([body(kind, size, today, each) for each in variants], answer))
        costs += [_cost(kind, size, body(kind, size, today), rounds[size], answer) for size in SIZES]
        growth.append(Growth(kind, Spread.of(_grown(rounds))))
    return costs, growth


def _service(today: date) -> Callable[[bytes], bytes]:
    """What a hook call does, without HTTP, memory, log and figures."""
    site = usual_site()

    def answer(sent: bytes) -> bytes:
        call = hooks.decode(sent, "patient-view")
        return hooks.encode(advise.answer(advise.consider(call, site, today), site, None).cards)

    return answer


def _round(bodies: Sequence[bytes], answer: Callable[[bytes], bytes]) -> _Round:
    """Bodies that were not met before, as charts are."""
    gc.disable()
    theirs = _each(orjson.loads, bodies)
    gc.enable()
    return _Round(_each(answer, bodies), theirs)


def usual_site() -> Site:
    """As the service has it without any setting, and with no store."""
    usual = settings.load(store=settings.NO_STORE)
    return start.site(usual, start.knowledge(usual))


def _each(work: Callable[[bytes], Any], bodies: Sequence[bytes]) -> float:
    began = process_time()
    for sent in bodies:
        work(sent)
    return (process_time() - began) / len(bodies) * 1e6


def _cost(
    kind: str, size: int, sent: bytes, rounds: Sequence[_Round], answer: Callable[[bytes], bytes]
) -> InProcess:
    return InProcess(
        kind,
        size,
        len(sent),
        len(orjson.loads(answer(sent))["cards"]),
        Spread.of(each.ours for each in rounds),
        Spread.of(each.orjson for each in rounds),
        Spread.of(each.ours / each.orjson for each in rounds),
    )


def _grown(rounds: dict[int, list[_Round]]) -> Iterator[float]:
    """How many times as long a resource takes in the largest body as in the one before."""
    *_, middle, largest = SIZES
    for less, more in zip(rounds[middle], rounds[largest], strict=True):
        yield more.ours / largest / (less.ours / middle)
