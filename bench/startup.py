"""From the command to the first answer that the service is ready, beside what the import of its libraries takes."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.figures import Effort, Spread, Start, tell
from bench.servers import started, wait_until_ready

_LIBRARIES = "import fastapi, uvicorn, msgspec, httpx, structlog, prometheus_client, pydantic_settings"

WITH_STORE = "with its store"


class _Took(NamedTuple):
    seconds: float
    processor_seconds: float


def measured(effort: Effort) -> list[Start]:
    """With a store, with none, and the libraries alone, in turn."""
    tell("start")
    with TemporaryDirectory() as folder:
        ways: dict[str, Callable[[], _Took]] = {
            WITH_STORE: lambda: _start(folder),
            "without a store": lambda: _start(folder, store="none"),
            "its libraries alone, imported": _imports,
        }
        with TemporaryDirectory() as other:
            _start(other)  # not measured: writes the bytecode, which an installation has
        first = _start(folder)  # makes the tables
        rounds: dict[str, list[_Took]] = {what: [] for what in ways}
        for _ in range(effort.starts):
            for what, take in ways.items():
                rounds[what].append(take())
    return [_told(what, took) for what, took in rounds.items()] + [
        _told("its first, which makes the store", [first])
    ]


def _start(folder: str, **settings: object) -> _Took:
    began = time.monotonic()
    with started(Path(folder), **settings) as server:
        wait_until_ready(server)
        return _Took(time.monotonic() - began, server.processor_seconds())


def _imports() -> _Took:
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True, env=os.environ)  # noqa: S603 - our own command
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _Took(time.monotonic() - began, taken)


def _told(what: str, took: list[_Took]) -> Start:
    return Start(
        what,
        Spread.of(each.seconds for each in took),
        Spread.of(each.processor_seconds for each in took),
    )
