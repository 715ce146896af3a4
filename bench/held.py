"""Whether one body keeps all others waiting: how long `/health/live` takes while the dearest bodies come in."""

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from bench.client import Client
from bench.figures import HONEST, Dear, Held, tell
from bench.goals import MOST_HELD
from bench.hostile import MOST_BYTES, bodies, fitting, fresh
from bench.payloads import SERVICE, body
from bench.servers import Server, ours
from cds_service.turns import LARGE

_EACH_PROBE = 0.002  # seconds
_TRIES = 2


def measured(dearest: Iterable[Dear]) -> Iterator[Held]:
    """
    An honest record, and each of the *dearest* kinds twice: as large as the loop answers itself, and as may be sent.

    Where somebody waited longer than the goal, another body of the kind comes, and the lesser of the longest waits is
    told: a machine that does something else meanwhile is no fault of the service.
    """
    known = {name: (count, make) for name, count, make in bodies()}
    today = datetime.now(UTC).date()
    with ours(store="none") as server:
        yield _held(HONEST, [body("cards", 2500, today, each) for each in range(_TRIES)], server)
        for name in [each.name for each in dearest]:
            tell(f"waiting for: {name}")
            count, make = known[name]
            for most in (LARGE, MOST_BYTES):
                fits = fitting(make, count * most // len(make(count)) + 1, most)
                yield _held(name, [fresh(make, fits) for _ in range(_TRIES)], server)


def _held(name: str, sent: list[bytes], server: Server) -> Held:
    longest = float("inf")
    for each in sent:
        longest = min(longest, _longest_wait(each, server) * 1000)
        if longest <= MOST_HELD:
            break
    return Held(name, len(sent[0]), round(longest, 1))


def _longest_wait(sent: bytes, server: Server) -> float:
    """Seconds that somebody waited who asked all the time, from before the body came until it was answered."""
    waits: list[float] = []
    is_answered = threading.Event()

    def ask() -> None:
        with Client(server.port) as client:
            while not is_answered.is_set():
                began = time.monotonic()
                client.get("/health/live")
                waits.append(time.monotonic() - began)
                time.sleep(_EACH_PROBE)

    asking = threading.Thread(target=ask)
    asking.start()
    with Client(server.port) as client:
        client.get("/health/live")
        client.post(SERVICE, sent)
    is_answered.set()
    asking.join()
    return max(waits)
