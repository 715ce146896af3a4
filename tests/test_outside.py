"""What every answer carries, and what becomes of an error that nobody caught."""

import io

import pytest
import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from cds_service.outside import Outside
from tests.client import call
from tests.logged import lines

HERS = "default-src 'none'; style-src 'self'"


async def _plain(_: Request) -> Response:
    return PlainTextResponse(
        "cards", headers={"Cache-Control": "max-age=60", "Referrer-Policy": "unsafe-url"}
    )


async def _page(_: Request) -> Response:
    return PlainTextResponse("page", headers={"Content-Security-Policy": HERS})


async def _refusing(_: Request) -> Response:
    raise HTTPException(412, "no data")


async def _failing(_: Request) -> Response:
    raise ValueError("potassium 2.1 of Amy Shaw")


def an_app(base_url: str = "http://127.0.0.1:8000") -> ASGIApp:
    routes = {"/": _plain, "/page": _page, "/refusing": _refusing, "/failing": _failing}
    web = Starlette(routes=[Route(path, route) for path, route in routes.items()])
    return CORSMiddleware(Outside(web, structlog.get_logger(), base_url), allow_origins=["*"])


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/page", 200), ("/refusing", 412), ("/nowhere", 404), ("/failing", 500)]
)
@pytest.mark.usefixtures("log")
def test_every_answer_carries_the_headers(path: str, status: int) -> None:
    answer = call(an_app(), "GET", path)

    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in answer.headers


def test_what_is_no_page_loads_nothing_and_is_not_framed() -> None:
    answer = call(an_app(), "GET", "/")

    assert answer.headers.get_list("content-security-policy") == [
        "default-src 'none'; frame-ancestors 'none'"
    ]


def test_a_page_keeps_its_own_policy() -> None:
    assert call(an_app(), "GET", "/page").headers.get_list("content-security-policy") == [HERS]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("path", ["/", "/page", "/refusing", "/failing"])
def test_browsers_stay_with_https_where_the_service_has_it(path: str) -> None:
    answer = call(an_app("https://legcramps.example/cds"), "GET", path)

    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_headers_and_a_browser_s_permission_go_together() -> None:
    answer = call(an_app(), "GET", "/", headers={"Origin": "https://sandbox.example"})

    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_error_of_ours_is_logged_by_its_kind_and_place_only(log: io.StringIO) -> None:
    answer = call(an_app(), "GET", "/failing")

    (line,) = lines(log)
    assert answer.status_code == 500
    assert line["event"] == "unexpected"
    assert line["error"].startswith("ValueError at test_outside.py:")
    assert line["error"].endswith(" in _failing")
    assert "potassium" not in log.getvalue() + answer.text
