"""A service that is killed while it takes feedback: what it acknowledged is there, once, and it goes on."""

import json
import os
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from uuid import uuid4

import httpx

from tests.databases import Database
from tests.served import NO_AUTHORITIES, Served, served

JSON = dict[str, Any]
TODAY = "2026-06-15"
WHEN = "2026-06-15T09:30:00.000Z"
_HEADERS = {"Content-Type": "application/json"}
_STORY = "/demo/furosemide-low-potassium"
_PATIENT = "pt-1001"  # of that story
_SENDERS = 4
_ENOUGH = 30  # calls that are acknowledged before the kill
_AT_ONCE = 100  # outcomes
_PATIENCE = 30.0  # seconds, on a machine that is busy with other tests


def test_what_was_acknowledged_before_a_kill_is_there_once_and_the_service_goes_on(
    database: Database, tmp_path: Path
) -> None:
    site = {"today": TODAY, "store": database.url, "hash_keys": tmp_path / "keys"}
    with served(tmp_path, **site) as service:
        load = _Load(service, service.get(_STORY).text)
        load.until_killed()

    with served(tmp_path, **site) as service:
        kept = _kept(database)
        cards = {row.uuid for row in database.rows("SELECT uuid FROM cards")}
        statuses = _tell_again(service, load.sent)
        answer = service.call(json.loads(_of_somebody_else(load.request)))

    assert load.calls >= _ENOUGH
    assert load.issued
    assert set(kept) >= _outcomes(load.acknowledged)
    assert set(kept) <= _outcomes(load.sent)
    assert set(kept.values()) == {1}
    assert cards >= load.issued
    assert statuses == {200}
    assert _kept(database) == Counter(_outcomes(load.sent))
    assert answer.json()["cards"]


@dataclass
class _Load:
    """What several senders tell a service at once until it is gone; *issued* are the cards that it acknowledged."""

    service: Served
    request: str
    sent: list[JSON] = field(default_factory=list)
    acknowledged: list[JSON] = field(default_factory=list)
    issued: set[str] = field(default_factory=set)
    calls: int = 0
    _enough: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def until_killed(self) -> None:
        """Send, and kill the service in the middle of it."""
        senders = [Thread(target=self._send) for _ in range(_SENDERS)]
        for each in senders:
            each.start()
        self._enough.wait(_PATIENCE)
        _kill(self.service)
        for each in senders:
            each.join(_PATIENCE)

    def _send(self) -> None:
        with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=_PATIENCE) as client:
            try:
                while True:
                    self._open_and_tell(client)
            except httpx.TransportError:
                return

    def _open_and_tell(self, client: httpx.Client) -> None:
        """Open a chart, dismiss its cards, and accept one that nobody here has issued."""
        content = _of_somebody_else(self.request)
        answer = client.post(self.service.hook, content=content, headers=_HEADERS)
        issued = [card["uuid"] for card in answer.json()["cards"]]
        items = [*map(_dismissed, issued), _accepted(str(uuid4()))]
        with self._lock:
            self.sent += items
        told = client.post(f"{self.service.hook}/feedback", json={"feedback": items})
        if told.status_code == 200:
            self._note(issued, items)

    def _note(self, issued: Sequence[str], items: Sequence[JSON]) -> None:
        with self._lock:
            self.acknowledged += items
            self.issued.update(issued)
            self.calls += 1
            if self.calls >= _ENOUGH:
                self._enough.set()


def _kill(service: Served) -> None:
    os.kill(service._process.pid, signal.SIGKILL)


def _of_somebody_else(request: str) -> str:
    """The same record of a patient for whom nothing was shown before."""
    return request.replace(_PATIENT, str(uuid4()))


def _dismissed(card: str) -> JSON:
    reason = {"code": "benefit", "system": "https://ehr.example/reasons"}
    why = {"overrideReason": {"reason": reason}}
    return {"card": card, "outcome": "overridden", "outcomeTimestamp": WHEN, **why}


def _accepted(card: str) -> JSON:
    suggestions = [{"id": str(uuid4())}]
    return {
        "card": card,
        "outcome": "accepted",
        "outcomeTimestamp": WHEN,
        "acceptedSuggestions": suggestions,
    }


def _outcomes(items: Sequence[JSON]) -> set[tuple[str, str]]:
    return {(each["card"], each["outcome"]) for each in items}


def _kept(database: Database) -> Counter[tuple[str, str]]:
    return Counter((row.card, row.outcome) for row in database.rows("SELECT card, outcome FROM feedback"))


def _tell_again(service: Served, items: Sequence[JSON]) -> set[int]:
    """The statuses of the answers when all is sent once more, as by a client that saw no answer."""
    with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=_PATIENCE) as client:
        return {
            client.post(
                f"{service.hook}/feedback", json={"feedback": items[first : first + _AT_ONCE]}
            ).status_code
            for first in range(0, len(items), _AT_ONCE)
        }
