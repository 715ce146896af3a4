"""The audit of npm's packages believes a source that reports what everybody knows, and no other."""

import gzip
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when it is run as a script
import audit
from audit import CLEAN, UNKNOWN, VULNERABLE, Verdict
from audit_npm import CANARY, CANARY_ADVISORY, read
from npm_packages import LOCK, Unreadable, locked

ROOT = Path(__file__).parents[1]
JSON = dict[str, Any]
KNOWS_NOTHING = (
    "the source knows nothing: it does not report minimist 0.0.8, which is long known to be vulnerable"
)


def advisory(number: int, name: str, title: str, releases: str) -> JSON:
    url = f"https://github.com/advisories/{name}"
    return {
        "id": number,
        "url": url,
        "title": title,
        "severity": "high",
        "vulnerable_versions": releases,
        "cwe": [],
    }


KNOWN = {CANARY.name: [advisory(1, CANARY_ADVISORY, "Prototype Pollution", "<0.2.4")]}


class _Registry(BaseHTTPRequestHandler):
    """Stands for npm's; *known* are its advisories by package, *asked* what it was asked."""

    known: Mapping[str, list[JSON]] | None
    asked: dict[str, list[str]]

    def do_POST(self) -> None:
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.update(json.loads(body))
        self.send_response(405 if self.known is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(self.known or {}).encode())

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def registry(
    known: Mapping[str, list[JSON]] | None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, list[str]]]:
    """A registry that npm asks; None: it takes no such questions."""
    asked: dict[str, list[str]] = {}
    handler = type("Known", (_Registry,), {"known": known, "asked": asked})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()


def test_every_package_is_looked_up_and_a_source_that_knows_is_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with registry(KNOWN, monkeypatch) as asked:
        told = audit.audit_of_pages(ROOT)

    packages = locked(ROOT)
    assert told == Verdict(CLEAN, (f"{len(packages)} packages of npm audited, none known vulnerable",))
    asked_for = {(name, version) for name, versions in asked.items() for version in versions}
    assert asked_for == {*packages, CANARY}


def test_what_is_vulnerable_is_told_with_its_advisory(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = advisory(2, "GHSA-1", "Something bad", "<999")

    with registry({**KNOWN, "debug": [bad]}, monkeypatch):
        told = audit.audit_of_pages(ROOT)

    said = "debug: https://github.com/advisories/GHSA-1: Something bad (releases <999)"
    assert told == Verdict(VULNERABLE, (said,))


def test_a_source_without_what_everybody_knows_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    with registry({}, monkeypatch):
        told = audit.audit_of_pages(ROOT)

    assert told == Verdict(UNKNOWN, (KNOWS_NOTHING,))


def test_a_source_that_takes_no_questions_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    with registry(None, monkeypatch):
        told = audit.audit_of_pages(ROOT)

    assert told.status == UNKNOWN
    assert "405 Method Not Allowed" in told.lines[0]


def test_a_package_without_a_checksum_is_told(tmp_path: Path) -> None:
    (tmp_path / LOCK).parent.mkdir()
    (tmp_path / LOCK).write_text('{"packages": {"node_modules/a": {"version": "1.0.0"}}}')

    told = audit.audit_of_pages(tmp_path)

    assert told == Verdict(UNKNOWN, (f"{LOCK} lacks the version or the checksum of node_modules/a",))


@pytest.mark.parametrize("report", ["", "[]", '{"message": "refused"}'])
def test_what_is_no_report_is_not_taken_for_one(report: str) -> None:
    with pytest.raises(Unreadable, match=r"^npm audit gave no report: npm warn audit refused$"):
        read(report, "npm warn audit refused\nnpm error\n")


def test_the_graver_of_two_verdicts_counts() -> None:
    told = audit.both(Verdict(CLEAN, ("a",)), Verdict(UNKNOWN, ("b",)))

    assert told == Verdict(UNKNOWN, ("a", "b"))


def test_make_audit_asks_for_both() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")

    (line,) = (line for line in makefile.splitlines() if "tools/audit.py" in line)
    assert line.endswith(" --npm")
