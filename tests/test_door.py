"""Whom the door lets in, and what is said and done when it is shut."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cds_service.door import Door
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress
from cds_service.metrics import Metrics
from cds_service.outside import Outside
from cds_service.turns import Turns
from tests.client import HOOK_PATH
from tests.logged import lines

SERVICE = HOOK_PATH.rpartition("/")[2]


class Line(Turns):
    """A line that is as long as we say."""

    _is_long = False

    @property
    def is_long(self) -> bool:
        return self._is_long

    def become(self, *, is_long: bool) -> None:
        self._is_long = is_long


class House:
    """An application with a door."""

    def __init__(self, places: int = 1, told_each: float = 1.0) -> None:
        self.places, self.line = InProgress(places), Line()
        self.metrics = Metrics(
            cast(
                Knowledge,
                SimpleNamespace(prefetch={}, contributors=(), chains=(), version="1", is_demo=True),
            ),
            {SERVICE: "patient-view"},
        )
        self.read: list[bytes] = []
        routes = [
            Route(HOOK_PATH, self._call, methods=["POST"]),
            Route(f"{HOOK_PATH}/feedback", self._call, methods=["POST"]),
            Route("/health/live", self._call),
        ]
        log = structlog.get_logger()
        web = Starlette(routes=routes)
        shut = Door(web, {HOOK_PATH: SERVICE}, self.places, self.line, self.metrics, log, told_each)
        shared = CORSMiddleware(shut, allow_origins=["https://sandbox.example"])
        self.app = Outside(shared, log, "http://127.0.0.1:8000")

    async def _call(self, request: Request) -> Response:
        self.read.append(await request.body())
        return PlainTextResponse("in")

    def shed(self) -> list[str]:
        page = self.metrics.page("")[0].decode()
        return [each for each in page.splitlines() if each.startswith("legcramps_hook_calls_total")]


@asynccontextmanager
async def visitor(house: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(house.app), base_url="http://service"
    ) as client:
        yield client


def run(house: House, story: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    async def told() -> None:
        async with visitor(house) as client:
            await story(client)

    asyncio.run(told())


@pytest.mark.usefixtures("log")
def test_calls_are_let_in_as_long_as_the_line_is_short() -> None:
    house = House()

    async def story(client: httpx.AsyncClient) -> None:
        answers = [(await client.post(HOOK_PATH, content=b"call")).status_code]
        house.line.become(is_long=True)
        answers.append((await client.post(HOOK_PATH, content=b"call")).status_code)
        house.line.become(is_long=False)
        answers.append((await client.post(HOOK_PATH, content=b"call")).status_code)

        assert answers == [200, 503, 200]
        assert house.read == [b"call", b"call"]

    run(house, story)


@pytest.mark.usefixtures("log")
def test_a_shut_door_says_when_to_come_again_each_time_in_the_same_way() -> None:
    house = House(places=0)

    async def story(client: httpx.AsyncClient) -> None:
        origin = {"Origin": "https://sandbox.example"}
        first, second = [await client.post(HOOK_PATH, content=b"call", headers=origin) for _ in range(2)]
        elsewhere = await client.post(HOOK_PATH, content=b"call")

        assert (first.status_code, first.headers["retry-after"]) == (503, "1")
        assert first.json()["resourceType"] == "OperationOutcome"
        assert first.json()["issue"][0]["code"] == "transient"
        assert first.headers["access-control-allow-origin"] == "https://sandbox.example"
        assert first.headers["cache-control"] == "no-store"
        assert first.headers.multi_items() == second.headers.multi_items()
        assert "access-control-allow-origin" not in elsewhere.headers
        assert house.read == []

    run(house, story)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/health/live", 200), ("POST", f"{HOOK_PATH}/feedback", 200), ("GET", HOOK_PATH, 405)],
    ids=["health", "feedback", "another method"],
)
def test_a_shut_door_is_for_calls_of_hooks_only(method: str, path: str, status: int) -> None:
    house = House(places=0)

    async def story(client: httpx.AsyncClient) -> None:
        assert (await client.request(method, path)).status_code == status

    run(house, story)


def test_each_refused_call_is_counted_and_no_time_of_it() -> None:
    house = House(places=0)

    async def story(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            await client.post(HOOK_PATH)

    run(house, story)

    counted = 'client="none",hook="patient-view",outcome="failed",service="' + SERVICE + '",status="503"'
    assert house.shed() == [f"legcramps_hook_calls_total{{{counted}}} 3.0"]
    assert "legcramps_hook_seconds_count" not in house.metrics.page("")[0].decode()


def test_the_log_tells_the_first_at_once_and_how_many_more_there_were(
    log: io.StringIO,
) -> None:
    house = House(places=0, told_each=0.05)

    async def story(client: httpx.AsyncClient) -> None:
        await client.post(HOOK_PATH)
        at_once = lines(log)
        await asyncio.gather(*(client.post(HOOK_PATH) for _ in range(9)))
        async with asyncio.timeout(20):
            while sum(line["calls"] for line in lines(log)) < 10:
                await asyncio.sleep(0.01)
        told = len(lines(log))
        await asyncio.sleep(0.2)

        assert [(each["event"], each["status"], each["calls"]) for each in at_once] == [("refused", 503, 1)]
        assert len(lines(log)) == told

    run(house, story)


def test_what_is_untold_at_the_end_is_told(log: io.StringIO) -> None:
    house = House(places=0, told_each=60)

    async def story() -> None:
        async with visitor(house) as client:
            for _ in range(5):
                await client.post(HOOK_PATH)
        messages = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

        async def receive() -> Any:
            return next(messages)

        async def send(_: Any) -> None: ...

        await house.app({"type": "lifespan"}, receive, send)

    asyncio.run(story())

    assert [line["calls"] for line in lines(log)] == [1, 4]


def test_a_full_disk_costs_nobody_the_refusal(monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> None:
    house = House(places=0, told_each=60)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(house.metrics, "shed", full)

    async def story(client: httpx.AsyncClient) -> None:
        assert (await client.post(HOOK_PATH)).status_code == 503

    run(house, story)

    assert [line["event"] for line in lines(log)] == ["unexpected", "refused"]
