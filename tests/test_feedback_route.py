"""Feedback as clients send it: what is answered, and what a client that is not let in learns."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.types import ASGIApp

from tests.client import HOOK_PATH, JSON, alive, call, post
from tests.databases import Database
from tests.logged import lines
from tests.test_app import an_app, body
from tests.test_reception import guarded, signed

PATH = f"{HOOK_PATH}/feedback"
SANDBOX = {"Origin": "https://sandbox.cds-hooks.org"}


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Iterator[ASGIApp]:
    with alive(an_app(store=database.url, hash_keys=tmp_path / "keys")) as running:
        yield running


def told(app: ASGIApp, *items: dict[str, Any], **headers: str) -> httpx.Response:
    return call(app, "POST", PATH, json.dumps({"feedback": items}), {**JSON, **headers})


def dismissed(card: str, **members: Any) -> dict[str, Any]:
    """What the Sandbox sends when a card is dismissed, and where a reason was chosen."""
    return {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-06-15T08:00:00.000Z", **members}


def test_what_the_sandbox_sends_is_kept(app: ASGIApp, database: Database) -> None:
    [card] = post(app, body()).json()["cards"]
    suggestion = card["suggestions"][0]["uuid"]
    accepted = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": suggestion}],
        "outcomeTimestamp": "2026-06-15T08:00:01.000Z",
    }
    reason = {
        "reason": {"code": "reviewed", "system": "https://legcramps.org/fhir/CodeSystem/override-reason"}
    }

    answers = [
        told(app, dismissed(card["uuid"])),
        told(app, dismissed(card["uuid"], overrideReason=reason)),
        told(app, accepted),
        told(app, accepted),  # a second click
    ]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {"received": 1})] * 4
    assert database.rows("SELECT outcome, reason, suggestions FROM feedback ORDER BY outcome, reason") == [
        ("accepted", None, 1),
        *sorted_by(database, [("overridden", None, 0), ("overridden", "reviewed", 0)]),
    ]


def sorted_by(database: Database, rows: list[Any]) -> list[Any]:
    """SQLite puts nothing first, PostgreSQL last."""
    return rows if database.kind == "sqlite" else rows[::-1]


def test_several_outcomes_of_known_and_unknown_cards_come_in_one_call(
    app: ASGIApp, database: Database
) -> None:
    [card] = post(app, body()).json()["cards"]

    answer = told(app, dismissed(card["uuid"]), dismissed(str(uuid4())), dismissed("a name of their own"))

    assert (answer.status_code, answer.json()) == (200, {"received": 3})
    known = database.rows("SELECT count(*) FROM feedback JOIN cards ON card = uuid")
    assert (known[0][0], database.rows("SELECT count(*) FROM feedback")[0][0]) == (1, 3)


def test_a_browser_may_send_it_from_another_site(app: ASGIApp) -> None:
    asks = {
        **SANDBOX,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }

    preflight = call(app, "OPTIONS", PATH, headers=asks)
    answer = told(app, dismissed(str(uuid4())), **SANDBOX)
    refused = call(app, "POST", PATH, b"{}", {**JSON, **SANDBOX})

    assert preflight.status_code == 200
    assert {each.headers["access-control-allow-origin"] for each in (preflight, answer, refused)} == {"*"}


@pytest.mark.parametrize(
    ("content", "headers", "status", "said"),
    [
        (b"{}", JSON, 400, "feedback"),
        (b'{"feedback": []}', JSON, 400, "feedback"),
        (b'{"feedback": [{"card": "x", "outcome": "ignored"}]}', JSON, 400, "feedback[0].outcome"),
        (b"not json", JSON, 400, "body"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "Content-Type"),
        (b" " * (1024 * 1024 + 1), JSON, 413, "body"),
    ],
)
def test_what_cant_be_used_is_refused_with_what_to_do(
    app: ASGIApp, content: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    answer = call(app, "POST", PATH, content, headers)

    assert answer.status_code == status
    assert answer.json()["issue"][0]["diagnostics"].startswith(said)


def test_the_other_methods_are_not_for_it(app: ASGIApp) -> None:
    assert call(app, "GET", PATH).status_code == 405
    assert call(app, "POST", "/cds-services/another/feedback", b"{}", JSON).status_code == 404


def test_where_nothing_is_remembered_nothing_is_acknowledged() -> None:
    answer = told(an_app(), dismissed(str(uuid4())))

    assert answer.status_code == 404
    assert "nothing is remembered here" in answer.json()["issue"][0]["diagnostics"]


def test_a_store_that_does_not_answer_is_503_and_cards_come_all_the_same(
    app: ASGIApp, database: Database
) -> None:
    with database.locked("feedback"):
        refused = told(app, dismissed(str(uuid4())))
        cards = post(app, body()).json()["cards"]
    kept = told(app, dismissed(str(uuid4())))

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert (len(cards), kept.status_code) == (1, 200)


def test_a_token_is_for_the_address_of_feedback(tmp_path: Path) -> None:
    app = guarded(tmp_path)
    items = dismissed(str(uuid4()))

    stranger = told(app, items)
    for_the_hook = told(app, items, **signed())
    right = told(app, items, **signed(aud=f"http://127.0.0.1:8000{PATH}"))

    assert [each.status_code for each in (stranger, for_the_hook, right)] == [401, 401, 200]


def test_the_log_tells_how_much_and_nothing_of_what(app: ASGIApp, log: io.StringIO) -> None:
    comment = {"userComment": "Mrs Smith of 4 Elm Street takes it"}

    told(app, dismissed("0b0f4b6e-0000-4000-8000-000000000001", overrideReason=comment))

    [line] = [each for each in lines(log) if each["event"] == "feedback"]
    assert (line["status"], line["outcomes"]) == (200, {"overridden": 1})
    assert "Smith" not in log.getvalue()
    assert "0b0f4b6e" not in log.getvalue()


def test_a_silent_client_gets_no_cards_and_they_are_kept_as_not_seen(tmp_path: Path) -> None:
    app = guarded(tmp_path, {"silent": True})

    answer = post(app, body(), signed())
    heard = told(app, dismissed(str(uuid4())), **signed(aud=f"http://127.0.0.1:8000{PATH}", jti="2"))

    assert heard.status_code == 200
    store = Database(f"sqlite:///{tmp_path}/store.db", "sqlite")
    assert answer.json() == {"cards": []}
    assert store.rows("SELECT client, kind, is_silent FROM cards") == [("north", "main", 1)]
    assert store.rows("SELECT name, count FROM tallies WHERE kind = 'answer'") == [("silent-mode", 1)]
