"""What a caller may send, how long it may take, and how many may be served at once."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message as MediaType
from io import BytesIO

from starlette.exceptions import HTTPException
from starlette.requests import Request

_JSON = ("application/json", "application/fhir+json")
_UTF8 = ("utf-8", "utf8", "us-ascii")
# Room for `application/fhir+json; fhirVersion=4.0; charset=utf-8` twice over. Longer ones are hostile: the
# standard library takes quadratic time over some, and raises on others.
_LONGEST_MEDIA_TYPE = 128
# What a body of 4 MiB may hold, a larger one by its size: whole resources have 67 bytes for an object or list, and 33
# for a value. Bodies that are made to hurt have three; each takes up to 0.4 microseconds in a call that no thread can
# interrupt, so that such a body would stop everybody for some 50 ms. One of half a megabyte can't.
_USUAL, _SMALL = 4 * 1024 * 1024, 512 * 1024
_BYTES_AN_OBJECT = 40
_BYTES_A_VALUE = 20
_MOST_HALVES = 50_000  # of characters beyond the first plane, each of which may have to be mended
# Calls take milliseconds, or the seconds that a FHIR server needs: a second is soon enough to come back.
RETRY_AFTER = {"Retry-After": "1"}


class InProgress:
    """The hook calls that this worker is busy with: never more than *most* at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._now = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no place left."""
        return self._now >= self._most

    @contextmanager
    def one(self) -> Iterator[None]:
        """
        Hold one of the places; however the call ends, it is free again at once.

        Nobody waits for a place: a clinician has no use for cards that come late, and a queue would make
        everyone's late.

        Raises:
            HTTPException: 503 when there is none.
        """
        if self.is_full:
            raise HTTPException(
                503, "too many calls are in progress here; send this one again in a second", RETRY_AFTER
            )
        self._now += 1
        try:
            yield
        finally:
            self._now -= 1


def check_media_type(headers: Mapping[str, str]) -> None:
    """
    Refuse what is not JSON in UTF-8.

    Raises:
        HTTPException: 415.
    """
    if not _is_json(headers.get("content-type", "text/plain")):
        raise HTTPException(415, "Content-Type: send application/json, in UTF-8")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Content-Encoding: send the body as it is, not compressed")


def check_values(sent: bytes, most_bytes: int) -> None:
    """
    Refuse a body with more in it than resources of *most_bytes* could have.

    Raises:
        HTTPException: 413.
    """
    if len(sent) <= _SMALL:
        return
    room = max(most_bytes, _USUAL)
    limits = (
        (("{", "["), room // _BYTES_AN_OBJECT),
        ((",",), room // _BYTES_A_VALUE),
        (("\\ud", "\\uD"), _MOST_HALVES),
    )
    for marks, most in limits:
        if sum(sent.count(mark.encode()) for mark in marks) > most:
            said = " or ".join(f'"{mark}"' for mark in marks)
            raise HTTPException(413, f"body: has more than {most} {said}; send fewer resources")


async def body(request: Request, most_bytes: int, seconds: float) -> bytes:
    """
    The body, given up as soon as it is known to be too long, and when it has not all arrived after *seconds*.

    Raises:
        HTTPException: 413 or 408. The latter ends the connection: what still arrives on it would be the rest.
        ClientDisconnect: When the caller leaves half-way.
    """
    _check_declared(request.headers.get("content-length", ""), most_bytes)
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, most_bytes)
    except TimeoutError:
        raise HTTPException(
            408,
            f"body: did not arrive within {seconds:g} seconds; send it at once, or fewer resources",
            {"Connection": "close"},
        ) from None


async def _read(request: Request, most_bytes: int) -> bytes:
    read = BytesIO()  # one buffer: a list of what came in single bytes would be many times as large
    async for chunk in request.stream():
        if read.tell() + len(chunk) > most_bytes:
            raise _too_large(most_bytes)
        read.write(chunk)
    return read.getvalue()


def _check_declared(length: str, most_bytes: int) -> None:
    # Nobody means a number of twenty digits; Python refuses to read one of thousands.
    if length.isdecimal() and (len(length) > 20 or int(length) > most_bytes):
        raise _too_large(most_bytes)


def _too_large(most_bytes: int) -> HTTPException:
    return HTTPException(413, f"body: is larger than {most_bytes} bytes; send fewer resources")


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    if len(content_type) > _LONGEST_MEDIA_TYPE:
        return False
    media = MediaType()
    media["content-type"] = content_type
    return media.get_content_type() in _JSON and media.get_content_charset("utf-8") in _UTF8
