"""CPU of the server for one request over HTTP, beside a server that only reads and one of fhir.resources."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from itertools import count, islice

from bench.client import Client
from bench.figures import Effort, OverHttp, Spread, tell
from bench.payloads import KINDS, SERVICE, SIZES, body
from bench.servers import Server, ours, reference

JUDGED = ("cards", "no report")
"""The kinds that the goals are about; of the others less is measured, and nothing for a quick look."""
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
        # new ones for each kind: how the memory of a process is laid out depends on what it was asked before
        with ExitStack() as stack:
            servers = {
                "with_store": _Watched(stack.enter_context(ours()), _SETTLED),
                "without_store": _Watched(stack.enter_context(ours(store="none"))),
                "reads_only": _Watched(stack.enter_context(reference("reads_only"))),
            }
            if kind in JUDGED:
                servers["fhir_resources"] = _Watched(stack.enter_context(reference("fhir_resources")))
            patients = count()
            costs += [
                _cost(kind, size, _rounds(servers, effort, size, _bodies(kind, size, today, patients)))
                for size in SIZES
            ]
    return costs


def _bodies(kind: str, size: int, today: date, patients: Iterator[int]) -> Iterator[bytes]:
    """Each is of a patient whose chart was never opened before."""
    return (body(kind, size, today, patient) for patient in patients)


def _rounds(
    servers: Mapping[str, _Watched], effort: Effort, size: int, bodies: Iterator[bytes]
) -> dict[str, list[float]]:
    """What each server took, in turn."""
    warm_up = list(islice(bodies, 2))
    for server in servers.values():
        server.each(warm_up)
    rounds: dict[str, list[float]] = {name: [] for name in servers}
    for place in range(effort.rounds if "fhir_resources" in servers else effort.rounds_of_slowest):
        sent = list(islice(bodies, effort.requests[size]))
        for name, server in servers.items():
            if name != "fhir_resources":
                rounds[name].append(server.each(sent))
            elif place < effort.rounds_of_slowest:
                rounds[name].append(server.each(sent[: effort.requests_to_slowest[size]]))
    return rounds


def _cost(kind: str, size: int, rounds: Mapping[str, Sequence[float]]) -> OverHttp:
    slowest = rounds.get("fhir_resources")
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
