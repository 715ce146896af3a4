"""CPU of the server for one request over HTTP, beside a server that only reads and one of fhir.resources."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import count, islice

from bench.client import Client
from bench.figures import Effort, OverHttp, Spread, tell
from bench.payloads import KINDS, SERVICE, SIZES, body
from bench.servers import Server, ours, reference

JUDGED = ("cards", "no report")
"""The kinds that the goals are about; of the others less is measured, and nothing for a quick look."""
_SLOWEST = "fhir_resources"
_WARM_UP = 5
_SETTLED = 0.3  # seconds after which what was answered is in the store: a thread waits 0.2 for more


class _Watched:
    """A server that is asked; *settled* are the seconds after which nothing is left to be written."""

    def __init__(self, server: Server, settled: float = 0) -> None:
        self._server = server
        self._settled = settled

    def each(self, bodies: Sequence[bytes]) -> float:
        """CPU microseconds for one of these requests, on average, with what is written afterwards."""
        # a connection of its own for each round: servers close those that were silent for some seconds
        with Client(self._server.port) as client:
            client.get("/")
            began = self._server.processor_seconds()
            for sent in bodies:
                client.post(SERVICE, sent)
            time.sleep(self._settled)
            return (self._server.processor_seconds() - began) / len(bodies) * 1e6


def measured(effort: Effort, today: date) -> list[OverHttp]:
    """Every kind in every size."""
    costs: list[OverHttp] = []
    for kind in JUDGED if effort.is_quick else KINDS:
        tell(f"over HTTP: {kind}")
        rounds: dict[int, dict[str, list[float]]] = {size: defaultdict(list) for size in SIZES}
        patients = count()
        for starting in range(effort.rounds if kind in JUDGED else effort.rounds_of_slowest):
            # New ones for each round: where a process puts a large body, and whether that memory is new to it, is
            # settled by what it was asked before, and makes the one that only reads up to four times as dear.
            is_slowest_asked = kind in JUDGED and starting < effort.rounds_of_slowest
            with _servers(is_slowest_asked=is_slowest_asked) as servers:
                for size in SIZES:
                    for name, took in _round(
                        servers, effort, size, _bodies(kind, size, today, patients)
                    ).items():
                        rounds[size][name].append(took)
        costs += [_cost(kind, size, rounds[size]) for size in SIZES]
    return costs


@contextmanager
def _servers(*, is_slowest_asked: bool) -> Iterator[dict[str, _Watched]]:
    """All of them, started anew."""
    with ExitStack() as stack:
        servers = {
            "with_store": _Watched(stack.enter_context(ours()), _SETTLED),
            "without_store": _Watched(stack.enter_context(ours(store="none"))),
            "reads_only": _Watched(stack.enter_context(reference("reads_only"))),
        }
        if is_slowest_asked:
            servers[_SLOWEST] = _Watched(stack.enter_context(reference(_SLOWEST)))
        yield servers


def _bodies(kind: str, size: int, today: date, patients: Iterator[int]) -> Iterator[bytes]:
    """Each is of a patient whose chart was never opened before."""
    return (body(kind, size, today, patient) for patient in patients)


def _round(
    servers: Mapping[str, _Watched], effort: Effort, size: int, bodies: Iterator[bytes]
) -> dict[str, float]:
    """What each server took, in turn."""
    warm_up, sent = list(islice(bodies, _WARM_UP)), list(islice(bodies, effort.requests[size]))
    took = {}
    for name, server in servers.items():
        few = name == _SLOWEST
        server.each(warm_up[:1] if few else warm_up)
        took[name] = server.each(sent[: effort.requests_to_slowest[size]] if few else sent)
    return took


def _cost(kind: str, size: int, rounds: Mapping[str, Sequence[float]]) -> OverHttp:
    slowest = rounds.get(_SLOWEST)
    return OverHttp(
        kind,
        size,
        with_store=Spread.of(rounds["with_store"]),
        without_store=Spread.of(rounds["without_store"]),
        reads_only=Spread.of(rounds["reads_only"]),
        ratio_with_store=_ratio(rounds["with_store"], rounds["reads_only"]),
        ratio_without_store=_ratio(rounds["without_store"], rounds["reads_only"]),
        fhir_resources=Spread.of(slowest) if slowest else None,
        times_less=_ratio(slowest, rounds["with_store"]) if slowest else None,
    )


def _ratio(some: Sequence[float], others: Sequence[float]) -> Spread:
    """Round by round, as far as both were measured."""
    return Spread.of(one / other for one, other in zip(some, others, strict=False))
