"""Who is let in, and what the service says at its door."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import yaml
from starlette.types import ASGIApp

from cds_service import doubts
from cds_service import settings as site
from cds_service.errors import Forbidden, KnowledgeInvalid
from cds_service.knowledge import Knowledge
from cds_service.reception import Reception, stands_in
from tests.client import HOOK_PATH, call, post
from tests.logged import lines
from tests.signing import ISSUER, Signer, claims, elliptic, key_file
from tests.test_app import a_site, an_app, body, silent

HOME = "http://127.0.0.1:8000"
SECRETS = ("eyJ", "north-1")


def clients_file(folder: Path, **entry: Any) -> Path:
    key_file(folder, elliptic())
    path = folder / "clients.yaml"
    usual = {"issuer": ISSUER, "keys": "north.json"}
    path.write_text(yaml.safe_dump({"clients": {"north": {**usual, **entry}}}))
    return path


def guarded(folder: Path, entry: dict[str, Any] | None = None, **changes: Any) -> ASGIApp:
    """The service of a site that knows one client."""
    given = {"store": f"sqlite:///{folder}/store.db", "clients": clients_file(folder, **(entry or {}))}
    return an_app(**{**given, **changes})


def signed(signer: Signer | None = None, base: str = HOME, **changes: Any) -> dict[str, str]:
    said = claims(int(time()), **{"aud": base + HOOK_PATH, **changes})
    return {"Authorization": f"Bearer {(signer or elliptic()).token(said)}"}


def test_a_known_client_gets_its_cards_and_is_named_in_the_log(tmp_path: Path, log: io.StringIO) -> None:
    answer = post(guarded(tmp_path), body(), signed())

    assert (answer.status_code, len(answer.json()["cards"])) == (200, 1)
    assert (lines(log)[-1]["client"], lines(log)[-1]["status"]) == ("north", 200)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [  # made in the test: a token is good for five minutes
        (dict, "no-token"),
        (lambda: {"Authorization": "Basic bm9ydGg6c2VjcmV0"}, "no-token"),
        (lambda: {"Authorization": "Bearer bm9ydGg6c2VjcmV0"}, "malformed"),
        (lambda: signed(exp=1), "expired"),
        (lambda: signed(aud="https://elsewhere.example/"), "audience"),
        (lambda: signed(iss="https://evil.example"), "issuer"),
        (lambda: signed(elliptic("another")), "unknown-key"),
    ],
)
def test_a_stranger_is_told_nothing_and_the_log_why(
    tmp_path: Path, log: io.StringIO, headers: Callable[[], dict[str, str]], reason: str
) -> None:
    answer = post(guarded(tmp_path), body(), headers())

    [issue] = answer.json()["issue"]
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert issue == {
        "severity": "error",
        "code": "login",
        "diagnostics": "send a valid JSON Web Token of a client that is known here",
    }
    assert (lines(log)[-1]["status"], lines(log)[-1]["reason"]) == (401, reason)
    assert not any(secret in log.getvalue() for secret in SECRETS)


def test_a_stranger_is_refused_before_the_body_is_read(tmp_path: Path) -> None:
    begun = []

    async def sent() -> AsyncIterator[bytes]:
        begun.append(True)
        yield b""

    assert call(guarded(tmp_path), "POST", HOOK_PATH, sent()).status_code == 401
    assert begun == []


def test_a_browser_is_told_of_a_401_too(tmp_path: Path) -> None:
    app = guarded(tmp_path)

    refused = post(app, body(), {"Origin": "https://sandbox.example"})
    preflight = call(
        app,
        "OPTIONS",
        HOOK_PATH,
        headers={
            "Origin": "https://sandbox.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )

    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "*")
    assert preflight.status_code == 200
    assert {refused.headers["x-content-type-options"], preflight.headers["x-content-type-options"]} == {
        "nosniff"
    }


@pytest.mark.parametrize("base", ["http://localhost:8000", "http://[::1]:8000", HOME])
def test_at_home_a_token_may_name_this_machine_as_it_likes(tmp_path: Path, base: str) -> None:
    assert post(guarded(tmp_path), body(), signed(base=base)).status_code == 200


def test_elsewhere_a_token_names_the_public_address(tmp_path: Path) -> None:
    app = guarded(
        tmp_path,
        host="0.0.0.0",  # noqa: S104 - nothing listens
        base_url="https://cds.example",
        today=None,
        profile="demo",
    )

    public = post(app, body(), signed(base="https://cds.example"))
    inner = post(app, body(), signed(base="http://127.0.0.1:8000", jti="2"))

    assert (public.status_code, inner.status_code) == (200, 401)


def test_a_client_in_silent_mode_gets_no_cards_and_the_log_has_them(tmp_path: Path, log: io.StringIO) -> None:
    answer = post(guarded(tmp_path, {"silent": True}), body(), signed())

    line = lines(log)[-1]
    assert answer.content == b'{"cards":[]}'
    assert (line["silence"], line["cards"], line["rows"]) == ("silent-mode", 1, ["L01"])


def test_discovery_and_rule_pages_are_open_to_all(tmp_path: Path) -> None:
    answer = call(guarded(tmp_path), "GET", "/cds-services")

    assert (answer.status_code, len(answer.json()["services"])) == (200, 1)


def test_a_site_that_gates_asks_for_carriers_only() -> None:
    [usual], [gated] = (
        call(an_app(gated=gated), "GET", "/cds-services").json()["services"] for gated in (False, True)
    )

    assert set(usual["prefetch"]) == set(gated["prefetch"]) == {"patient", "conditions"}


def test_the_sandbox_is_trusted_where_the_site_says_so_and_the_log_is_loud(tmp_path: Path) -> None:
    app = an_app(trust_sandbox=True, store=f"sqlite:///{tmp_path}/store.db")
    as_sandbox = signed(elliptic("44823f3d-0b01-4a6c-a80e-b9d3e8a7226f"), iss="https://sandbox.cds-hooks.org")

    assert post(app, body()).status_code == 401
    assert post(app, body(), as_sandbox).status_code == 401  # another key than the published one
    assert (
        "anybody is let in"
        in doubts.warnings(site.load(trust_sandbox=True, store=f"sqlite:///{tmp_path}/store.db"))[0]
    )


def test_a_database_that_does_not_answer_is_503_and_nobody_is_let_in(
    tmp_path: Path, log: io.StringIO
) -> None:
    app = guarded(tmp_path)
    for path in tmp_path.glob("store.db*"):
        path.unlink()
    (tmp_path / "store.db").write_bytes(b"no database " * 1000)

    answer = post(app, body(), signed())
    ready, live = (call(app, "GET", f"/health/{which}") for which in ("ready", "live"))

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["issue"][0]["code"] == "transient"
    assert (ready.status_code, live.status_code) == (503, 200)


def test_the_service_is_ready_as_soon_as_it_runs_with_and_without_clients(tmp_path: Path) -> None:
    answers = [call(app, "GET", "/health/ready") for app in (an_app(), guarded(tmp_path))]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "ready\n")] * 2


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"clients": "no-such-file.yaml"}, "LEGCRAMPS_CLIENTS"),
        ({"host": "0.0.0.0", "today": None, "base_url": ""}, "LEGCRAMPS_BASE_URL: "),  # noqa: S104
        ({"store": "nonsense"}, "LEGCRAMPS_STORE: "),
        ({"ca_file": "pyproject.toml"}, "LEGCRAMPS_CA_FILE: "),
        ({"fhir_bases": "http://fhir.example"}, "LEGCRAMPS_FHIR_BASES: one is not https"),
        ({"fhir_bases": "fhir.example"}, "LEGCRAMPS_FHIR_BASES: one is no absolute web address"),
        ({"private_networks": "10.0.0.0/33"}, "LEGCRAMPS_PRIVATE_NETWORKS: is a comma list of networks"),
        ({"fetch_seconds": 0}, "LEGCRAMPS_FETCH_SECONDS: "),
    ],
)
def test_a_setting_that_does_not_work_stops_the_start(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        guarded(tmp_path, None, **changes)

    assert not isinstance(raised.value, KnowledgeInvalid)
    assert "\n" not in str(raised.value)


def test_another_address_needs_clients_or_a_word() -> None:
    with pytest.raises(ValueError, match="LEGCRAMPS_UNAUTHENTICATED=true"):
        site.load(host="0.0.0.0")  # noqa: S104 - nothing listens
    assert doubts.warnings(site.load(host="0.0.0.0", unauthenticated=True)) != []  # noqa: S104
    assert doubts.warnings(site.load()) == []


def test_a_client_may_call_only_the_hooks_that_are_open_to_it(tmp_path: Path) -> None:
    given = a_site(
        store=f"sqlite:///{tmp_path}/store.db", clients=clients_file(tmp_path, hooks=["patient-view"])
    )
    knowledge = cast(Knowledge, SimpleNamespace(prefetch={}))

    async def let_in(hook: str, jti: str) -> str:
        desk = Reception(given, knowledge, stands_in(silent))
        try:
            return (await desk.caller([signed(jti=jti)["Authorization"]], HOOK_PATH, hook)).client.name
        finally:
            await desk.close()

    assert asyncio.run(let_in("patient-view", "1")) == "north"
    with pytest.raises(Forbidden):
        asyncio.run(let_in("order-sign", "2"))


def test_too_many_calls_at_once_are_503_and_the_log_tells(log: io.StringIO) -> None:
    app = an_app(concurrency=1)
    refused: list[httpx.Response] = []

    async def while_another_comes() -> AsyncIterator[bytes]:
        refused.append(await asyncio.to_thread(post, app, body()))
        yield body()

    answer = call(app, "POST", HOOK_PATH, while_another_comes(), {"Content-Type": "application/json"})

    assert (answer.status_code, refused[0].status_code) == (200, 503)
    assert refused[0].headers["retry-after"] == "1"
    assert refused[0].json()["issue"][0]["code"] == "transient"
    assert [line["status"] for line in lines(log)] == [503, 200]
