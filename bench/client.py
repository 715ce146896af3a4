"""A client that costs little: one connection that is kept, requests written in one piece."""

import re
import socket
from types import TracebackType

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_PATIENCE = 60.0  # seconds


class Client:
    """One connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._socket.close()

    def post(self, path: str, body: bytes) -> bytes:
        """
        The body of the answer to JSON.

        Raises:
            OSError: When the answer is another than 200: what is measured would not be what is meant.
        """
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return self._answer(head.encode() + body)

    def get(self, path: str) -> bytes:
        """
        The body of a page.

        Raises:
            OSError: When the answer is another than 200.
        """
        return self._answer(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def _answer(self, request: bytes) -> bytes:
        self._socket.sendall(request)
        head, _, body = self._until(b"\r\n\r\n").partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        while length and len(body) < int(length[1]):
            body += self._more()
        if not head.startswith(b"HTTP/1.1 200 "):
            raise OSError(f"{head.splitlines()[0].decode()}: {body[:500].decode()}")
        return body

    def _until(self, end: bytes) -> bytes:
        came = b""
        while end not in came:
            came += self._more()
        return came

    def _more(self) -> bytes:
        if not (came := self._socket.recv(65_536)):
            raise OSError("the server closed the connection")
        return came
