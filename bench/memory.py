"""Resident memory of one worker with its store, while ten thousand charts of all kinds and sizes are opened."""

from collections.abc import Iterator
from datetime import date

from bench.client import Client
from bench.figures import Effort, Memory, tell
from bench.payloads import KINDS, SERVICE, body
from bench.servers import ours


def measured(effort: Effort, today: date) -> Memory:
    """At the start, and after each portion of requests."""
    with ours() as server, Client(server.port) as client:
        counts, looks, peaks = [0], [server.mebibytes()], [server.peak_mebibytes()]
        for count, sent in enumerate(_mixed(effort.memory[-1], today), 1):
            client.post(SERVICE, sent)
            if count in effort.memory:
                tell(f"memory: {count} requests")
                counts.append(count)
                looks.append(server.mebibytes())
                peaks.append(server.peak_mebibytes())
    return Memory(counts, [round(each, 1) for each in looks], [round(each, 1) for each in peaks])


def _mixed(count: int, today: date) -> Iterator[bytes]:
    """
    Each of another patient, the kinds in turn: in each hundred one of 2,500 resources, nine of 250, ninety of 25.
    """
    kinds = list(KINDS)
    for place in range(count):
        hundred, within = divmod(place, 100)
        size = 2500 if within == 50 else 250 if within % 11 == 5 else 25
        yield body(kinds[(place + hundred) % len(kinds)], size, today, place)
