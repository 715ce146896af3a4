"""
An EHR's FHIR server that takes its time: each query is answered after 100 to 300 ms.

Every patient with "no-report" in the id has the chart `no report` of 250 resources, all others have `cards`. How long a
query takes is worked out from its address, so that every run waits for the same.
"""

import asyncio
import json
import sys
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.types import Receive, Scope, Send

from bench.payloads import body

FHIR = dict[str, Any]
BASE = "/fhir"
COUNTED = "/counted"
_SIZE = 250
_LEAST, _MOST = 100, 300  # milliseconds


class Ehr:
    """The server; counts what is asked of it."""

    def __init__(self) -> None:
        self._queries = 0
        self._bytes = 0

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer one query, or tell what was counted so far."""
        path, query = scope["path"], scope["query_string"].decode()
        if not path.startswith(f"{BASE}/"):
            await _send(send, json.dumps({"queries": self._queries, "bytes": self._bytes}).encode())
            return
        answer = _answer(path.removeprefix(f"{BASE}/"), parse_qs(query))
        self._queries += 1
        self._bytes += len(answer)
        await asyncio.sleep(milliseconds(f"{path}?{query}") / 1000)
        await _send(send, answer)


def milliseconds(address: str) -> int:
    """How long a query takes."""
    return _LEAST + zlib.crc32(address.encode()) % (_MOST - _LEAST + 1)


def _answer(target: str, asked: Mapping[str, list[str]]) -> bytes:
    kind, _, identity = target.partition("/")
    patient = identity or asked["patient"][0].removeprefix("Patient/")
    chart = _chart("no report" if "no-report" in patient else "cards")
    found = [each for each in chart[kind] if _is_asked(each, asked)] if kind in chart else []
    most = int(asked["_count"][0]) if "_count" in asked else len(found)
    if len(found) > most:
        raise ValueError(f"{kind}: this server has no pages, and {most} are too few for {len(found)}")
    return json.dumps(found[0] if identity else _searchset(found)).replace("bench-1", patient).encode()


def _is_asked(resource: FHIR, asked: Mapping[str, list[str]]) -> bool:
    if "code" not in asked:
        return True
    codes = set(asked["code"][0].split(","))
    return any(coding["code"] in codes for coding in resource["code"]["coding"])


def _searchset(resources: list[FHIR]) -> FHIR:
    entries = [{"resource": each, "search": {"mode": "match"}} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "total": len(entries), "entry": entries}


@cache
def _chart(name: str) -> dict[str, list[FHIR]]:
    """What a patient has, by type."""
    prefetch = json.loads(body(name, _SIZE, datetime.now(UTC).date()))["prefetch"]
    chart: dict[str, list[FHIR]] = {"Patient": [prefetch.pop("patient")]}
    for value in prefetch.values():
        for entry in value["entry"]:
            chart.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    return chart


async def _send(send: Send, answer: bytes) -> None:
    headers = [(b"content-type", b"application/fhir+json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    uvicorn.run(Ehr(), port=int(sys.argv[1]), lifespan="off", log_level="warning", access_log=False)
