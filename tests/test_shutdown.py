"""A service that is told to end answers the calls in progress, and remembers them."""

import http.client
import json
import socket
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.client import HOOK_PATH
from tests.served import Served, served
from tests.test_workers import is_refused, wait_until

STORY = "/demo/furosemide-low-potassium"
CALLS = 5

some_workers = pytest.mark.parametrize("workers", [1, 2])


class Sending:
    """A call of which the last byte has not been sent."""

    def __init__(self, service: Served, body: bytes) -> None:
        host, _, port = service.base.removeprefix("http://").partition(":")
        self._last = body[-1:]
        self._connection = socket.create_connection((host, int(port)), timeout=30)
        head = (
            f"POST {HOOK_PATH} HTTP/1.1\r\nHost: service\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
        )
        self._connection.sendall(head.encode())
        # the service waits for the body from now on
        assert self._connection.recv(1024).startswith(b"HTTP/1.1 100 ")
        self._connection.sendall(body[:-1])

    def __enter__(self) -> "Sending":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def answer(self) -> tuple[int, list[str]]:
        """Send the rest; the status, and the ids of the cards."""
        self._connection.sendall(self._last)
        with http.client.HTTPResponse(self._connection, method="POST") as response:
            response.begin()
            return response.status, [card["uuid"] for card in json.loads(response.read())["cards"]]


def remembered(folder: Path) -> set[str]:
    """The ids of the cards in the store."""
    with closing(sqlite3.connect(folder / "legcramps.db")) as store:
        return {uuid for (uuid,) in store.execute("SELECT uuid FROM cards")}


@some_workers
def test_calls_in_progress_are_answered_and_remembered_and_new_ones_refused(
    tmp_path: Path, workers: int
) -> None:
    with served(tmp_path, workers=workers) as service, ExitStack() as open_calls:
        body = service.get(STORY).content
        calls = [open_calls.enter_context(Sending(service, body)) for _ in range(CALLS)]

        service.terminate()
        wait_until(lambda: is_refused(service))
        answers = [call.answer() for call in calls]
        ended = service.wait()

    assert [status for status, _ in answers] == [200] * CALLS
    assert ended == 0
    cards = [card for _, cards in answers for card in cards]
    assert len(cards) >= CALLS
    assert remembered(tmp_path) == set(cards)


@some_workers
def test_a_service_that_is_idle_ends_and_leaves_no_temporary_files(tmp_path: Path, workers: int) -> None:
    with served(tmp_path, workers=workers) as service:
        service.get("/health/live")

        service.terminate()

        assert service.wait() == 0
        assert [each.name for each in tmp_path.glob("legcramps-metrics-*")] == []
        assert "error" not in service.written()
