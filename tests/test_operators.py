"""Who may see the figures of the service."""

from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from cds_service.app import create_app
from cds_service.errors import Unauthenticated
from cds_service.operators import Operators
from cds_service.settings import load
from tests.client import call

TOKEN = "s3cret-token-of-the-operator"  # noqa: S105 - a test's
HOST = ("host", "127.0.0.1:8000")
BEARER = ("authorization", f"Bearer {TOKEN}")
PUBLIC = {"base_url": "https://cds.example"}


def operators(tmp_path: Path, token: str | bytes | None = TOKEN, **settings: Any) -> Operators:
    if token is not None:
        file = tmp_path / "token"
        file.write_bytes(token.encode() + b"\n" if isinstance(token, str) else token)
        settings["operator_token_file"] = file
    return Operators.of(load(**settings))


def a_request(*headers: tuple[str, str], peer: str | None = "127.0.0.1", version: str = "1.1") -> Request:
    return Request(
        {
            "type": "http",
            "http_version": version,
            "method": "GET",
            "path": "/metrics",
            "client": (peer, 1234) if peer else None,
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        }
    )


def refused(gate: Operators, request: Request) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as error:
        gate.check(request)
    return error.value


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "localhost", "127.0.0.2"])
def test_who_is_on_the_machine_needs_no_token(tmp_path: Path, host: str) -> None:
    gate = operators(tmp_path, None)

    gate.check(a_request(("host", host)))
    gate.check(a_request(("host", host), peer="::1"))


def test_a_page_of_ours_may_ask_for_more_of_itself(tmp_path: Path) -> None:
    gate = operators(tmp_path, None)

    gate.check(a_request(HOST, ("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:8000")))
    gate.check(a_request(HOST, ("sec-fetch-site", "none")))


@pytest.mark.parametrize(
    "headers",
    [
        [HOST, ("forwarded", "for=192.0.2.1")],
        [HOST, ("x-forwarded-for", "192.0.2.1")],
        [HOST, ("x-forwarded-proto", "https")],
        [HOST, ("x-real-ip", "192.0.2.1")],
        [HOST, ("via", "1.1 proxy")],
        [HOST, ("origin", "https://elsewhere.example")],
        [HOST, ("origin", "null")],
        [HOST, ("origin", "http://127.0.0.1:9000")],
        [HOST, ("sec-fetch-site", "cross-site")],
        [HOST, ("sec-fetch-site", "same-site")],
        [("host", "rebound.example:8000")],
        [("host", "127.0.0.1.rebound.example")],
        [("host", "localhost@rebound.example")],
        [("host", "[")],
        [HOST, ("host", "rebound.example")],
        [],
    ],
    ids=str,
)
def test_who_asks_for_somebody_elsewhere_needs_the_token(
    tmp_path: Path, headers: list[tuple[str, str]]
) -> None:
    gate = operators(tmp_path)

    assert refused(gate, a_request(*headers)).reason == "no-operator-token"
    gate.check(a_request(*headers, BEARER))


def test_a_proxy_that_adds_nothing_is_known_by_its_old_protocol(tmp_path: Path) -> None:
    refused(operators(tmp_path), a_request(HOST, version="1.0"))


@pytest.mark.parametrize("peer", ["192.0.2.1", "testclient", None])
def test_who_comes_from_elsewhere_is_not_on_the_machine_whatever_the_settings_say(
    tmp_path: Path, peer: str | None
) -> None:
    refused(operators(tmp_path), a_request(HOST, peer=peer))


@pytest.mark.parametrize(
    "settings",
    [PUBLIC, {"host": "0.0.0.0", "unauthenticated": True}],  # noqa: S104 - a setting
    ids=["public address", "all interfaces"],
)
def test_a_service_for_others_asks_for_the_token_on_the_machine_too(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    gate = operators(tmp_path, **settings)

    refused(gate, a_request(HOST))
    gate.check(a_request(HOST, BEARER))


@pytest.mark.parametrize(
    "authorization",
    [
        [f"Bearer {TOKEN}x"],
        [f"Bearer {TOKEN[:-1]}"],
        [f"Bearer {TOKEN.upper()}"],
        [f"Basic {TOKEN}"],
        [TOKEN],
        ["Bearer"],
        ["Bearer "],
        ["Bearer \xff\xe9"],
        [f"Bearer {TOKEN}", f"Bearer {TOKEN}"],
    ],
)
def test_another_token_is_none(tmp_path: Path, authorization: list[str]) -> None:
    gate = operators(tmp_path, **PUBLIC)

    error = refused(gate, a_request(*(("authorization", each) for each in authorization)))

    assert error.reason == "operator-token"
    assert str(error) == (
        "send Authorization: Bearer with the operator's token, or ask on the machine itself"
    )


def test_the_scheme_may_be_written_in_any_case(tmp_path: Path) -> None:
    operators(tmp_path, **PUBLIC).check(a_request(("authorization", f"bearer  {TOKEN} ")))


@pytest.mark.parametrize("sent", ["Bearer", "Bearer ", f"Bearer {TOKEN}"])
def test_without_a_file_there_is_no_token(tmp_path: Path, sent: str) -> None:
    refused(operators(tmp_path, None, **PUBLIC), a_request(("authorization", sent)))


@pytest.mark.parametrize(
    "token", [b"", b" \n", b"fifteen-letters", b"with a space in the middle", "für-den-betrieb-1".encode()]
)
def test_a_file_without_a_usable_token_is_told_and_not_quoted(tmp_path: Path, token: bytes) -> None:
    with pytest.raises(ValueError, match="holds no token") as error:
        operators(tmp_path, token)

    assert str(error.value).startswith("LEGCRAMPS_OPERATOR_TOKEN_FILE: ")
    assert not token.strip() or token.strip() not in str(error.value).encode()


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="can't be read: Is a directory"):
        Operators.of(load(operator_token_file=tmp_path))


def test_the_token_is_in_no_print(tmp_path: Path) -> None:
    assert TOKEN not in repr(operators(tmp_path))


def test_who_lacks_the_token_gets_a_401_that_tells_what_to_send(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    app = create_app(load(store="none", operator_token_file=tmp_path / "token"))

    here = call(create_app(load(store="none")), "GET", "/metrics", headers=dict([HOST]))
    here_too = call(app, "GET", "/metrics", headers=dict([HOST]))
    passed_on = call(app, "GET", "/metrics", headers=dict([HOST, ("x-forwarded-for", "192.0.2.1")]))
    with_token = call(app, "GET", "/metrics", headers=dict([BEARER]))

    assert [each.status_code for each in (here, here_too, passed_on, with_token)] == [200, 401, 401, 200]
    assert passed_on.headers["www-authenticate"] == "Bearer"
    assert passed_on.json()["issue"][0]["diagnostics"].startswith(
        "send Authorization: Bearer with the operator"
    )
