"""Calls the service in process, as a browser or an EHR would over HTTP."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from starlette.types import ASGIApp

HOOK_PATH = "/cds-services/nocturnal-leg-cramps"
JSON = {"Content-Type": "application/json"}


def call(
    app: ASGIApp,
    method: str,
    path: str,
    content: Any = None,
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    """One request, answered; *content* may be a generator, which is then sent in chunks without a length."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(method, path, content=content, headers=headers)

    return asyncio.run(send())


def post(app: ASGIApp, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """One hook call."""
    return call(app, "POST", HOOK_PATH, body, {**JSON, **(headers or {})})


@contextmanager
def alive(app: ASGIApp) -> Iterator[ASGIApp]:
    """The same service, started and ended in good order, as a server does; what it remembers is written then."""
    yield app

    async def ends() -> None:
        said = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive() -> Any:
            return next(said)

        async def send(_: Any) -> None:
            pass

        await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)

    asyncio.run(ends())
