"""What a caller may send, and how many are served at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope

from cds_service.limits import InProgress, body, check_media_type, check_values

Client = httpx.AsyncClient
FIXTURE = Path(__file__).parents[1] / "fixtures" / "furosemide-low-potassium"


def a_request(*chunks: bytes, length: str | None = None, then: Message | None = None) -> Request:
    """A request whose body comes in *chunks*; *then* instead of its end."""
    scope: Scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "headers": [] if length is None else [(b"content-length", length.encode())],
    }
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append(then or {"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> Message:
        return messages.pop(0)

    return Request(scope, receive)


def read(request: Request, most_bytes: int = 10, seconds: float = 5) -> bytes:
    return asyncio.run(body(request, most_bytes, seconds))


def refused(read_: Callable[[], object]) -> HTTPException:
    with pytest.raises(HTTPException) as error:
        read_()
    return error.value


@pytest.mark.parametrize("length", [None, "10", "007", "nonsense", ""])
def test_a_body_of_exactly_the_limit_is_read(length: str | None) -> None:
    assert read(a_request(b"12345", b"67890", length=length)) == b"1234567890"


@pytest.mark.parametrize("length", ["11", "9" * 20, "9" * 10_000])
def test_a_body_that_says_it_is_too_large_is_not_read(length: str) -> None:
    error = refused(lambda: read(a_request(then={"type": "unread"}, length=length)))

    assert (error.status_code, error.detail) == (413, "body: is larger than 10 bytes; send fewer resources")


@pytest.mark.parametrize("length", [None, "10"])
def test_a_body_that_turns_out_too_large_is_given_up(length: str | None) -> None:
    error = refused(lambda: read(a_request(b"1234567890", b"1", then={"type": "unread"}, length=length)))

    assert error.status_code == 413


def test_a_body_that_does_not_arrive_ends_the_connection() -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    request = Request({"type": "http", "headers": []}, never)

    error = refused(lambda: read(request, seconds=0.05))

    assert (error.status_code, error.headers) == (408, {"Connection": "close"})
    assert error.detail == "body: did not arrive within 0.05 seconds; send it at once, or fewer resources"


def test_a_caller_that_leaves_is_told_apart_from_one_that_is_slow() -> None:
    with pytest.raises(ClientDisconnect):
        read(a_request(b"1", then={"type": "http.disconnect"}))


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/fhir+json; fhirVersion=4.0; charset=UTF-8",
        'Application/JSON;charset="utf-8"',
    ],
)
def test_json_is_taken(content_type: str) -> None:
    check_media_type({"content-type": content_type, "content-encoding": "Identity"})


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/json; charset=latin-1",
        "application/json; charset*" + "9" * 5000 + "*=x",  # the standard library raises ValueError
        'application/json;"' + ";" * 60_000,
    ],
)
def test_what_is_no_json_is_a_415(content_type: str) -> None:
    error = refused(lambda: check_media_type({"content-type": content_type}))

    assert (error.status_code, error.detail) == (415, "Content-Type: send application/json, in UTF-8")


@pytest.mark.parametrize(
    "headers", [{}, {"content-type": "application/json", "content-encoding": "gzip"}], ids=["unsaid", "gzip"]
)
def test_unsaid_and_compressed_is_a_415(headers: dict[str, str]) -> None:
    assert refused(lambda: check_media_type(headers)).status_code == 415


@pytest.mark.parametrize(
    ("piece", "most"),
    [(b'{"a":1},', 200_000), (b'{"a":', 200_000), (b"[", 200_000), (b"5,", 400_000), (b'"\\ud800",', 50_000)],
    ids=["objects", "objects in each other", "lists", "values", "halves of characters"],
)
def test_more_than_whole_resources_could_have_is_a_413(piece: bytes, most: int) -> None:
    eight_megabytes = 8_000_000
    room = b" " * (512 * 1024)  # a smaller body is not counted
    check_values(piece * most + room, eight_megabytes)

    error = refused(lambda: check_values(piece * (most + 1) + room, eight_megabytes))

    assert error.status_code == 413
    assert error.detail.startswith(f"body: has more than {most} ")


def test_a_site_that_lowers_the_largest_body_refuses_no_lean_resource() -> None:
    lean = b'{"resource":{"resourceType":"Condition"}},' * 15_000

    check_values(lean, len(lean))

    assert len(lean) > 600_000


def test_the_largest_body_of_whole_resources_has_room_to_spare() -> None:
    sent = (FIXTURE / "request.json").read_bytes()

    check_values(sent * 100, 90 * len(sent))


class Calls:
    """An application whose calls stay in progress until they are let go; bodies are counted when read."""

    def __init__(self, most: int) -> None:
        self.places = InProgress(most)
        self.let_go = asyncio.Event()
        self.arrived = asyncio.Semaphore(0)
        self.bodies = 0

    async def _call(self, request: Request) -> Response:
        with self.places.one():
            if await request.body() == b"wrong":
                raise HTTPException(400, "wrong")
            self.bodies += 1
            self.arrived.release()
            await self.let_go.wait()
            return PlainTextResponse("cards")

    def client(self) -> Client:
        app = Starlette(routes=[Route("/", self._call, methods=["POST"])])
        return Client(transport=httpx.ASGITransport(app), base_url="http://service")

    async def hold(self, client: Client, count: int) -> list[asyncio.Task[httpx.Response]]:
        """*count* calls that are in progress when this is done."""
        held = [asyncio.create_task(client.post("/", content=b"held")) for _ in range(count)]
        for _ in held:
            await self.arrived.acquire()
        return held


def test_one_call_too_many_is_asked_to_come_back() -> None:
    async def story() -> None:
        calls = Calls(most=3)
        async with calls.client() as client:
            held = await calls.hold(client, 3)

            shed = [await client.post("/", content=b"too many") for _ in range(2)]
            calls.let_go.set()
            answers = await asyncio.gather(*held)

            assert [(each.status_code, each.headers["retry-after"]) for each in shed] == [(503, "1")] * 2
            assert shed[0].text == "too many calls are in progress here; send this one again in a second"
            assert [answer.text for answer in answers] == ["cards"] * 3
            assert calls.bodies == 3

    asyncio.run(story())


def test_a_call_that_is_asked_to_come_back_is_not_read() -> None:
    read: list[bytes] = []

    async def listening() -> AsyncIterator[bytes]:
        read.append(b"too many")
        yield read[-1]

    async def story() -> None:
        calls = Calls(most=1)
        async with calls.client() as client:
            held = await calls.hold(client, 1)

            shed = await client.post("/", content=listening())
            calls.let_go.set()
            await asyncio.gather(*held)

            assert (shed.status_code, read) == (503, [])

    asyncio.run(story())


def test_a_place_is_free_again_at_once_however_a_call_ends() -> None:
    async def story() -> None:
        calls = Calls(most=2)
        async with calls.client() as client:
            wrong = [await client.post("/", content=b"wrong") for _ in range(3)]
            for left in await calls.hold(client, 2):
                left.cancel()
                await asyncio.wait([left])
            held = await calls.hold(client, 2)
            calls.let_go.set()
            done = await asyncio.gather(*held)
            next_ones = [await client.post("/", content=b"next") for _ in range(3)]

            assert [each.status_code for each in wrong] == [400] * 3
            assert [each.status_code for each in (*done, *next_ones)] == [200] * 5

    asyncio.run(story())


def test_an_error_of_ours_gives_its_place_back() -> None:
    places = InProgress(1)

    for _ in range(2):
        with pytest.raises(KeyError), places.one():
            raise KeyError

    with places.one():
        assert refused(lambda: places.one().__enter__()).status_code == 503


def test_no_place_is_lost_or_won_in_ten_thousand_calls() -> None:
    async def story() -> None:
        places = InProgress(3)
        waiting = asyncio.Event()

        async def call(number: int) -> None:
            with places.one():
                if number % 3 == 0:
                    raise HTTPException(400, "wrong")
                if number % 3 == 1:
                    await waiting.wait()

        tasks = []
        for number in range(10_000):
            tasks.append(asyncio.create_task(call(number)))
            await asyncio.sleep(0)
            if number % 7 == 0:
                tasks[-1].cancel()
            if number % 50 == 0:
                waiting.set()
                await asyncio.sleep(0)
                waiting.clear()
        waiting.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        kinds = {getattr(each, "status_code", type(each).__name__) for each in outcomes}

        assert kinds == {400, 503, "CancelledError", "NoneType"}
        with places.one(), places.one(), places.one():
            assert refused(lambda: places.one().__enter__()).status_code == 503

    asyncio.run(story())
