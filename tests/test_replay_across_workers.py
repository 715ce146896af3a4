"""A token is let in once, however many workers there are and however one of them ends."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cds_service.store import Store
from tests.databases import Database
from tests.token_worker import UNTIL

_ROOT = Path(__file__).parents[1]


class _Worker:
    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def heard(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@contextmanager
def _worker(database: Database, token_ids: list[str]) -> Iterator[_Worker]:
    command = [sys.executable, "-W", "error", "-m", "tests.token_worker", database.url, *token_ids]
    with subprocess.Popen(  # noqa: S603 - our own words
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield _Worker(process)


def test_of_two_workers_that_start_and_try_together_one_is_told_that_an_id_is_new(database: Database) -> None:
    token_ids = [f"token-{number}" for number in range(200)]

    with _worker(database, token_ids) as one, _worker(database, token_ids) as other:
        assert [one.heard(), other.heard()] == ["ready", "ready"]
        one.go_on()
        other.go_on()
        assert [one.heard(), other.heard()] == ["open", "open"]
        one.go_on()
        other.go_on()
        new = json.loads(one.heard()), json.loads(other.heard())
        one.go_on()
        other.go_on()

    assert sorted(new[0] + new[1]) == sorted(token_ids)
    assert (one.process.returncode, other.process.returncode) == (0, 0)


def test_what_a_worker_said_is_known_after_it_was_killed(database: Database) -> None:
    with _worker(database, ["token-1"]) as worker:
        worker.heard()
        worker.go_on()
        worker.heard()
        worker.go_on()
        said = json.loads(worker.heard())
        worker.process.kill()

    store = Store.open(database.url)
    seen_after_restart = asyncio.run(store.remember_token("north-hospital", "token-1", UNTIL))
    store.close()

    assert said == ["token-1"]
    assert seen_after_restart is False
