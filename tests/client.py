"""Calls the service in process, as a browser or an EHR would over HTTP."""

import asyncio
from collections.abc import Mapping
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
