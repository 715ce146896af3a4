"""Clients that take their time, over real connections: each is let go in time, and the next one is served."""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cds_service import limits
from cds_service.patience import MOST_HEAD_BYTES, PatientH11, PatientHttpTools, protocol

SECONDS = 0.3
MOST_BODY = 100_000
LARGE = b"x" * 20_000_000  # more than the buffers between two sockets take
GET = b"GET / HTTP/1.1\r\nHost: service\r\n\r\n"
GET_LARGE = GET.replace(b" / ", b" /large ")
HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: ser"

both = pytest.mark.parametrize("kind", [PatientHttpTools, PatientH11])


async def _hello(_: Request) -> Response:
    return PlainTextResponse("hello")


async def _large(_: Request) -> Response:
    return Response(LARGE)


async def _length(request: Request) -> Response:
    return PlainTextResponse(str(len(await limits.body(request, MOST_BODY, SECONDS))))


APP = Starlette(
    routes=[Route("/", _hello), Route("/large", _large), Route("/length", _length, methods=["POST"])]
)


@contextmanager
def a_server(
    kind: Any = PatientHttpTools, keep_alive: int = 5, connections: int = 100
) -> Iterator[uvicorn.Server]:
    """A server of its own, on a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        http_class = protocol(SECONDS, connections, kind)
        config = uvicorn.Config(
            APP,
            http=http_class,
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_keep_alive=keep_alive,
            timeout_graceful_shutdown=2,  # a test that fails ends, too
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield server
        finally:
            server.should_exit = True
            thread.join()


def wait_until(is_so: Any) -> None:
    end = monotonic() + 5
    while not is_so():
        assert monotonic() < end, "took too long"
        sleep(0.01)


def connect(server: uvicorn.Server) -> socket.socket:
    return socket.create_connection(server.servers[0].sockets[0].getsockname(), timeout=5)


def answer(client: socket.socket, method: str = "GET") -> tuple[int, bytes]:
    """The next answer on a connection that stays open."""
    with http.client.HTTPResponse(client, method=method) as response:
        response.begin()
        return response.status, response.read()


def the_rest(client: socket.socket) -> bytes:
    """Everything up to the end of the connection; a connection that was cut off ends too."""
    read = b""
    with suppress(ConnectionError):
        while piece := client.recv(65536):
            read += piece
    return read


def drip(client: socket.socket, piece: bytes) -> None:
    """Send *piece* again and again, until the server has had enough."""
    end = monotonic() + 5
    with suppress(ConnectionError):
        while monotonic() < end:
            client.sendall(piece)
            sleep(0.03)
    assert monotonic() < end, "took too long"


def is_served(server: uvicorn.Server) -> bool:
    with connect(server) as client:
        client.sendall(GET)
        return answer(client) == (200, b"hello")


def a_head(size: int) -> bytes:
    """A request of *size* bytes that is all head."""
    filler = size - len(GET) - len(b"X: \r\n")
    return GET.removesuffix(b"\r\n") + b"X: " + b"x" * filler + b"\r\n\r\n"


def a_body(length: int, sent: bytes = b"", more: str = "") -> bytes:
    return f"POST /length HTTP/1.1\r\nHost: service\r\n{more}Content-Length: {length}\r\n\r\n".encode() + sent


@both
def test_half_a_head_is_told_that_it_is_late(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(HALF_A_HEAD)

        said = the_rest(client)

        assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert said.endswith(b"the request line and headers did not arrive within 0.3 seconds")
        assert is_served(server)


@both
def test_a_connection_that_says_nothing_is_closed_without_a_word(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        assert the_rest(client) == b""
        assert is_served(server)


@both
def test_a_head_byte_by_byte_gets_no_more_time(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        drip(client, b"G")

        assert is_served(server)


@both
def test_a_kept_connection_may_idle_longer_than_a_head_may_take(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(GET)
        first = answer(client)
        sleep(SECONDS + 0.05)
        client.sendall(GET)
        second = answer(client)
        client.sendall(HALF_A_HEAD)
        third = answer(client)

        assert (first, second) == ((200, b"hello"), (200, b"hello"))
        assert third[0] == 408


@both
def test_blank_lines_between_requests_keep_no_connection_open(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(GET)
        answer(client)

        drip(client, b"\r\n")


def test_a_head_may_have_a_limit_and_no_byte_more() -> None:
    with a_server() as server, connect(server) as fits, connect(server) as too_large:
        fits.sendall(a_head(MOST_HEAD_BYTES))
        too_large.sendall(a_head(MOST_HEAD_BYTES + 1))

        assert answer(fits) == (200, b"hello")
        assert answer(too_large)[0] == 431
        assert is_served(server)


def test_a_head_that_never_ends_is_refused_before_its_time_is_over() -> None:
    with a_server() as server, connect(server) as client:
        client.sendall(GET.removesuffix(b"\r\n"))
        for _ in range(MOST_HEAD_BYTES // 1024):
            client.sendall(b"X: " + b"x" * 1019 + b"\r\n")

        assert answer(client)[0] == 431


def test_h11_refuses_a_large_head_in_its_own_way() -> None:
    with a_server(PatientH11) as server, connect(server) as client:
        client.sendall(a_head(30_000).removesuffix(b"\r\n\r\n"))

        assert answer(client) == (400, b"Invalid HTTP request received.")
        assert is_served(server)


@both
def test_a_further_request_may_be_as_large_as_the_first(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        answers = []
        for _ in range(9):
            client.sendall(a_head(10_000))
            answers.append(answer(client))

        assert answers == [(200, b"hello")] * 9


@both
def test_requests_sent_ahead_are_answered_in_their_order(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        last = a_body(MOST_BODY, b"x" * MOST_BODY, "Connection: close\r\n")
        client.sendall(a_body(3, b"abc") + GET + last)

        said = the_rest(client)

        answers = [each.partition(b"\r\n\r\n") for each in said.split(b"HTTP/1.1 ")[1:]]
        assert [head[:3] for head, _, _ in answers] == [b"200", b"200", b"200"]
        assert [body for _, _, body in answers] == [b"3", b"hello", b"100000"]


@both
def test_nonsense_is_a_400(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")

        assert answer(client) == (400, b"Invalid HTTP request received.")
        assert is_served(server)


@both
def test_a_body_that_does_not_arrive_is_a_408_and_the_end(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(a_body(10, b"12345"))

        said = the_rest(client)

        assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b"connection: close\r\n" in said.lower()
        assert said.endswith(b"body: did not arrive within 0.3 seconds; send it at once, or fewer resources")
        assert is_served(server)


@both
def test_a_body_byte_by_byte_gets_no_more_time(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(a_body(1000))
        drip(client, b"x")

        assert is_served(server)


CHUNKED = b"POST /length HTTP/1.1\r\nHost: service\r\nTransfer-Encoding: chunked\r\n\r\n"


@both
def test_a_body_in_chunks_may_be_longer_than_a_head(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        for _ in range(2):
            client.sendall(CHUNKED + b"1\r\nx\r\n" * 20_000 + b"0\r\nX: trailer\r\n\r\n")

            assert answer(client, "POST") == (200, b"20000")


@both
@pytest.mark.parametrize("trailer", [b"X: trailer\r\n", b"X"], ids=["many", "one long"])
def test_trailers_that_never_end_are_not_kept(kind: Any, trailer: bytes) -> None:
    with a_server(kind) as server, connect(server) as client:
        with suppress(ConnectionError):
            client.sendall(CHUNKED + b"1\r\nx\r\n0\r\n" + trailer * 3 * MOST_HEAD_BYTES)

        assert b" 408 " not in the_rest(client)  # it did not come to that
        assert is_served(server)


@both
def test_a_body_in_pieces_is_read_when_it_is_there_in_time(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(a_body(6, b"abc"))
        sleep(0.02)
        client.sendall(b"def")

        assert answer(client, "POST") == (200, b"6")


@both
def test_a_client_that_leaves_half_way_leaves_nothing_behind(kind: Any) -> None:
    with a_server(kind) as server:
        with connect(server) as client:
            client.sendall(a_body(1000, b"x"))
            wait_until(lambda: server.server_state.tasks)

        wait_until(lambda: not server.server_state.tasks and not server.server_state.connections)
        assert is_served(server)


@both
def test_the_rest_of_a_body_that_is_too_large_is_no_head(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(a_body(3 * MOST_BODY))
        refused = answer(client, "POST")
        client.sendall(b"x" * 3 * MOST_BODY + GET)

        assert refused == (413, b"body: is larger than 100000 bytes; send fewer resources")
        assert answer(client) == (200, b"hello")


@both
def test_a_body_that_nobody_reads_keeps_no_connection_open(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(a_body(3 * MOST_BODY))
        answer(client, "POST")

        drip(client, b"x")
        assert is_served(server)


@both
def test_a_client_that_takes_no_answer_is_cut_off(kind: Any) -> None:
    with a_server(kind, keep_alive=0) as server, connect(server) as client:
        client.sendall(GET_LARGE)
        wait_until(lambda: server.server_state.connections)

        wait_until(lambda: not server.server_state.connections)
        assert len(the_rest(client)) < len(LARGE)
        assert is_served(server)


@both
def test_a_client_that_asks_on_and_takes_no_answer_is_cut_off(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(GET_LARGE * 9)
        wait_until(lambda: server.server_state.connections)

        wait_until(lambda: not server.server_state.connections and not server.server_state.tasks)
        assert len(the_rest(client)) < 9 * len(LARGE)
        assert is_served(server)


@both
def test_a_large_answer_reaches_a_client_that_takes_it(kind: Any) -> None:
    with a_server(kind) as server, connect(server) as client:
        client.sendall(GET_LARGE)

        assert answer(client) == (200, LARGE)


@both
def test_more_connections_than_there_may_be_are_turned_away(kind: Any) -> None:
    with a_server(kind, connections=2) as server, connect(server) as first, connect(server) as second:
        first.sendall(GET)
        second.sendall(GET)
        served = [answer(first), answer(second)]
        with connect(server) as third:
            turned_away = the_rest(third)
        first.sendall(GET)
        served.append(answer(first))
        second.close()
        wait_until(lambda: len(server.server_state.connections) == 1)

        assert served == [(200, b"hello")] * 3
        assert turned_away.startswith(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n")
        assert is_served(server)
