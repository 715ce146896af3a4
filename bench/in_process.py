"""CPU from a body to the bytes of the answer, beside orjson.loads of the same body, round by round."""

import gc
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from time import process_time
from typing import Any, NamedTuple

import orjson

from bench.figures import Effort, Growth, InProcess, Spread, tell
from bench.payloads import KINDS, SIZES, body
from cds_service import advise, hooks, settings, start


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
        bodies = {
            size: [body(kind, size, today, each) for each in range(effort.core_bodies[size])]
            for size in SIZES
        }
        rounds = _rounds(bodies, answer, effort.core_rounds)
        costs += [_cost(kind, size, bodies[size][0], rounds[size], answer) for size in SIZES]
        growth.append(Growth(kind, Spread.of(_grown(rounds))))
    return costs, growth


def _service(today: date) -> Callable[[bytes], bytes]:
    """What a hook call does, without HTTP, memory, log and figures."""
    usual = settings.load(store=settings.NO_STORE)
    site = start.site(usual, start.knowledge(usual))

    def answer(sent: bytes) -> bytes:
        call = hooks.decode(sent, "patient-view")
        return hooks.encode(advise.answer(advise.consider(call, site, today), site, None).cards)

    return answer


def _rounds(
    bodies: dict[int, list[bytes]], answer: Callable[[bytes], bytes], count: int
) -> dict[int, list[_Round]]:
    for each in bodies.values():
        answer(each[0])
    rounds: dict[int, list[_Round]] = {size: [] for size in bodies}
    for _ in range(count):
        for size, sent in bodies.items():
            gc.disable()
            theirs = _each(orjson.loads, sent)
            gc.enable()
            rounds[size].append(_Round(_each(answer, sent), theirs))
    return rounds


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
