"""
How long a connection may keep us waiting, and how many there may be.

uvicorn waits for ever: for a request line and headers that come a byte a minute, for the rest of a body that nobody
reads any more, for a client that takes none of its answer; and it reads headers of any size. Each such connection
holds a file descriptor, and some thousands of them stop a service that does nothing else wrong.
"""

import asyncio
import http
from functools import partial
from importlib.util import find_spec
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# Browsers send up to some 16 kB; a signed token adds a few. h11 stops at 16 kB by itself.
MOST_HEAD_BYTES = 64 * 1024
# About half of the 1,024 descriptors that a process usually gets; the others are for FHIR servers, key servers, the
# store and files. A gateway needs some dozens of connections.
MOST_CONNECTIONS = 500


class _Patience(asyncio.Protocol):
    """
    What both of uvicorn's protocol classes lack, as a mix-in in front of one of them.

    A connection's time is either ours (a request came, and its route sees to its own limits) or the client's (no
    request, an answer sent, or one that it does not take). Of its own time the client has *seconds*: from the start,
    from the first byte of a further request, from the moment it stops taking an answer; between requests the
    keep-alive time comes on top. Then it is closed; if that takes as long again, it is cut off.

    A WebSocket would be closed likewise: uvicorn has to be told that there are none.
    """

    # What uvicorn keeps for us to look at.
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    connections: set[Any]
    timeout_keep_alive: int
    cycle: Any  # the newest request and its answer; None before the first
    flow: Any

    _deadline: asyncio.TimerHandle | None = None
    _is_quiet = True  # nothing of the next request has come

    def __init__(self, *, seconds: float, most_connections: int, **given: Any) -> None:
        super().__init__(**given)
        self.seconds = seconds
        self.most_connections = most_connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the client's time."""
        super().connection_made(transport)
        self._watch(self.seconds)
        if len(self.connections) > self.most_connections:
            self._close(
                503, "too many connections are open here; try again in a second", "retry-after: 1\r\n"
            )

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._is_quiet and self.cycle is not None:
            self._unwatch()  # the keep-alive time is over
        self._is_quiet = False
        super().data_received(data)
        self._watch(self.seconds)

    def pause_writing(self) -> None:
        """Start the client's time: it takes less than we send."""
        super().pause_writing()
        self._watch(self.seconds)

    def resume_writing(self) -> None:
        """Carry on."""
        super().resume_writing()
        self._watch(self.seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more."""
        self._unwatch()
        super().connection_lost(exc)

    @property
    def is_in_head(self) -> bool:
        """Whether what arrives next belongs to a request line or headers."""
        raise NotImplementedError  # each parser knows it in its own way: see the two classes below

    def _answered(self) -> None:
        self._is_quiet = True
        self._watch(self.timeout_keep_alive + self.seconds)

    def _watch(self, seconds: float) -> None:
        """Start the client's time, unless it runs already; stop it when the time is ours."""
        if not self._is_clients_time():
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(seconds, self._too_late)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _is_clients_time(self) -> bool:
        return not self._is_answering() or self.flow.write_paused

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _too_late(self) -> None:
        if self.is_in_head and not self._is_quiet:
            self._close(408, f"the request line and headers did not arrive within {self.seconds:g} seconds")
        else:
            self.transport.close()
        self._deadline = self.loop.call_later(self.seconds, self.transport.abort)

    def _close(self, status: int, said: str, more_headers: str = "") -> None:
        """Close; say why unless that would get in between an answer."""
        if not (self._is_answering() or self.transport.is_closing()):
            self.transport.write(
                f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n{more_headers}connection: close\r\n"
                f"content-type: text/plain; charset=utf-8\r\ncontent-length: {len(said)}\r\n\r\n{said}".encode()
            )
        self.transport.close()


class PatientH11(_Patience, H11Protocol):
    """The protocol class where httptools is not installed; h11 itself limits a request's head."""

    @property
    def is_in_head(self) -> bool:
        """Whether what arrives next belongs to a request line or headers."""
        return self.conn.their_state is h11.IDLE

    def on_response_complete(self) -> None:
        """Start the client's time."""
        super().on_response_complete()
        self._answered()


FASTEST: type[_Patience] = PatientH11

if find_spec("httptools"):
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    class PatientHttpTools(_Patience, HttpToolsProtocol):
        """The usual protocol class; httptools itself would take heads and trailers of any size."""

        _is_in_head = True
        _kept_bytes = 0  # of a head or trailers: what came since something was handed on

        @property
        def is_in_head(self) -> bool:
            """Whether what arrives next belongs to a request line or headers."""
            return self._is_in_head

        def data_received(self, data: bytes) -> None:
            """Read on, never more of a head than is allowed."""
            while data and not self.transport.is_closing():
                room = MOST_HEAD_BYTES - self._kept_bytes
                piece, data = data[:room], data[room:]
                self._kept_bytes += len(piece)
                super().data_received(piece)
                if self._kept_bytes >= MOST_HEAD_BYTES:
                    self._close(431, "the request line and headers are too large")

        def on_headers_complete(self) -> None:
            """What follows is a body."""
            self._is_in_head, self._kept_bytes = False, 0
            super().on_headers_complete()

        def on_body(self, body: bytes) -> None:
            """Hand it on."""
            self._kept_bytes = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            """What follows is the next request."""
            self._is_in_head, self._kept_bytes = True, 0
            super().on_message_complete()

        def on_response_complete(self) -> None:
            """Start the client's time."""
            super().on_response_complete()
            self._answered()

    FASTEST = PatientHttpTools


def protocol(
    seconds: float, connections: int = MOST_CONNECTIONS, kind: type[_Patience] = FASTEST
) -> type[asyncio.Protocol]:
    """What to give to uvicorn as `http`, for clients that get *seconds*, and at most *connections* of them."""
    # Not a class made here: a worker process, which gets it by pickle, has to find it in a module.
    return cast(type[asyncio.Protocol], partial(kind, seconds=seconds, most_connections=connections))
