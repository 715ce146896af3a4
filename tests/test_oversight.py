"""The figures and the report over HTTP: who is let in is told in test_operators, what they say in test_figures."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from cds_service.app import create_app
from cds_service.settings import load
from tests.client import alive, call
from tests.databases import Database
from tests.remembered import MONDAY, Remembered

HERE = {"Host": "127.0.0.1"}


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Iterator[ASGIApp]:
    past = Remembered()
    for _ in range(7):
        past.card("M1", on=MONDAY)
    past.counted("answer", "cards", 7)
    past.into(database)
    given = {"store": database.url, "hash_keys": tmp_path / "keys", "today": MONDAY}
    with alive(create_app(load(base_url="http://127.0.0.1:8000", **given))) as running:
        yield running


def test_the_report_is_a_page_that_loads_its_style_and_nothing_else(app: ASGIApp) -> None:
    page = call(app, "GET", "/report", headers=HERE)
    style = call(app, "GET", "/report.css", headers=HERE)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self';")
    assert '<link rel="stylesheet" href="/report.css">' in page.text
    assert "style=" not in page.text
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize(
    ("query", "accept"), [("?format=csv", "text/html"), ("", "text/csv")], ids=["asked for", "preferred"]
)
def test_the_report_is_a_table_for_programs(app: ASGIApp, query: str, accept: str) -> None:
    answer = call(app, "GET", f"/report{query}", headers={**HERE, "Accept": accept})

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "2026-W23,ward,M1,shown,,7" in answer.text.splitlines()


@pytest.mark.parametrize("query", ["weeks=0", "weeks=61", "weeks=-1", "weeks=many", "weeks=²", "format=pdf"])
def test_another_question_is_refused_with_what_can_be_asked(app: ASGIApp, query: str) -> None:
    answer = call(app, "GET", f"/report?{query}", headers=HERE)

    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("path", ["/report", "/metrics"])
def test_somebody_elsewhere_gets_neither(app: ASGIApp, path: str) -> None:
    for headers in ({**HERE, "X-Forwarded-For": "192.0.2.1"}, {"Host": "cds.example"}):
        answer = call(app, "GET", path, headers=headers)

        assert answer.status_code == 401
        assert "operator" in answer.json()["issue"][0]["diagnostics"]


def test_where_nothing_is_remembered_there_is_no_report() -> None:
    app = create_app(load(base_url="http://127.0.0.1:8000"))

    assert call(app, "GET", "/report", headers=HERE).status_code == 404
    assert call(app, "GET", "/metrics", headers=HERE).status_code == 200


def test_a_database_that_does_not_answer_is_503(postgresql_database: Database, tmp_path: Path) -> None:
    with alive(create_app(load(store=postgresql_database.url, hash_keys=tmp_path / "keys"))) as app:
        postgresql_database.rows("DROP TABLE tallies")
        answer = call(app, "GET", "/report", headers=HERE)

    assert answer.status_code == 503
