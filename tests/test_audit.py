"""The audit says "none known vulnerable" only when somebody knows: of every package, and of one that is vulnerable."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when it is run as a script
import audit
from audit import CANARY, CLEAN, UNKNOWN, VULNERABLE, Pin, Unreadable, Verdict, batches, judged, locked, read

ROOT = Path(__file__).parents[1]
PINS = (Pin("anyio", "4.16.0"), Pin("jinja2", "3.1.6"))
SOUND = tuple({"name": name, "version": version, "vulns": []} for name, version in PINS)
ALIVE = {
    "name": "jinja2",
    "version": "2.8",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": ["CVE-2019-10906"]}],
}
KNOWS_NOTHING = (
    "the source knows nothing: it does not report jinja2 2.8, which is long known to be vulnerable"
)
LOCK = """\
# made by a tool
anyio==4.16.0 \\
    --hash=sha256:59bb03251907983d1603d27c3087ddb1e93299ea2163adcdba37899a4fb12ffb
    # via starlette
Jinja2[i18n]==3.1.6 ; sys_platform == 'win32' \\
    --hash=sha256:0137fb05990d35f1275a587e9aee6d56da821fc83491a0fb838183be43f66d6d
"""


def verdict(*entries: dict[str, Any]) -> Verdict:
    """The verdict on a report with these entries."""
    return judged(read(json.dumps({"dependencies": entries, "fixes": []}), ""), PINS)


def test_every_package_looked_at_and_nothing_found_is_clean() -> None:
    assert verdict(*SOUND, ALIVE) == Verdict(CLEAN, ("2 packages audited, none known vulnerable",))


def test_what_is_vulnerable_is_told_with_its_remedy() -> None:
    found = {"id": "PYSEC-1", "fix_versions": ["4.17", "5.0"], "aliases": ["CVE-1"], "description": "…"}
    unmended = {"id": "PYSEC-2", "fix_versions": [], "aliases": []}

    told = verdict({**SOUND[0], "vulns": [found, unmended]}, SOUND[1], ALIVE)

    assert told == Verdict(
        VULNERABLE,
        (
            "anyio 4.16.0: PYSEC-1, CVE-1; mended in 4.17 or 5.0",
            "anyio 4.16.0: PYSEC-2; mended in no release yet",
        ),
    )


def test_a_package_that_was_left_out_with_a_reason_is_unknown() -> None:
    skipped = {"name": "anyio", "skip_reason": "Dependency not found on PyPI"}

    told = verdict(skipped, SOUND[1], ALIVE)

    assert told == Verdict(UNKNOWN, ("anyio 4.16.0: not looked at: Dependency not found on PyPI",))


@pytest.mark.parametrize("instead", [(), ({**SOUND[0], "version": "4.15"},), ({"name": "anyio"},)])
def test_a_package_without_an_answer_is_unknown(instead: tuple[dict[str, Any], ...]) -> None:
    told = verdict(*instead, SOUND[1], ALIVE)

    assert told == Verdict(UNKNOWN, ("anyio 4.16.0: not looked at: it is missing in the answer",))


@pytest.mark.parametrize(
    "canary",
    [
        (),
        ({**ALIVE, "vulns": []},),
        ({**ALIVE, "vulns": [{"id": "PYSEC-1"}]},),
        ({**ALIVE, "version": "2.9"},),
        ({"name": "jinja2", "skip_reason": "Dependency not found on PyPI"},),
    ],
    ids=["absent", "no advisories", "another advisory", "another release", "skipped"],
)
def test_a_source_without_what_everybody_knows_is_not_believed(canary: tuple[dict[str, Any], ...]) -> None:
    assert verdict(*SOUND, *canary) == Verdict(UNKNOWN, (KNOWS_NOTHING,))


def test_an_advisory_is_recognised_by_its_other_names() -> None:
    renamed = {**ALIVE, "vulns": [{"id": "GHSA-new", "aliases": ["CVE-2016-10745"]}]}

    assert verdict(*SOUND, renamed).status == CLEAN


def test_what_was_found_is_told_even_when_something_is_unknown() -> None:
    told = verdict({**SOUND[0], "vulns": [{"id": "PYSEC-1"}]}, SOUND[1])

    assert told == Verdict(UNKNOWN, ("anyio 4.16.0: PYSEC-1; mended in no release yet", KNOWS_NOTHING))


@pytest.mark.parametrize("report", ["", "No known vulnerabilities found", "[]", '{"dependencies": null}'])
def test_what_is_no_report_is_not_taken_for_one(report: str) -> None:
    with pytest.raises(Unreadable, match=r"^pip-audit gave no report: Connection refused$"):
        read(report, "Traceback\n  Connection refused\n\n")


def test_a_lock_file_is_read_for_every_kind_of_machine() -> None:
    assert locked(LOCK) == list(PINS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# nothing\n", "names no package"),
        ("anyio>=4\n", "is not pinned to one release: anyio>=4"),
        ("./here\n", r"is not pinned to one release: \./here"),
        ("anyio @ elsewhere\n", "is not pinned to one release: anyio"),
    ],
)
def test_what_is_not_locked_is_refused(text: str, said: str) -> None:
    with pytest.raises(Unreadable, match=f"^{said}$"):
        locked(text)


def test_the_projects_own_lock_files_are_understood() -> None:
    files = ("requirements.lock", "requirements-dev.lock")

    names = [{pin.name for pin in locked((ROOT / file).read_text())} for file in files]

    assert {"fastapi", "uvicorn"} <= names[0] < names[1]


def test_a_list_names_no_package_twice() -> None:
    assert list(batches([*PINS, CANARY, *PINS])) == [list(PINS), [CANARY]]


class _Advisories(BaseHTTPRequestHandler):
    """Stands for OSV; *known* are its advisories by release."""

    known: dict[Pin, str]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        advisory = self.known.get(Pin(asked["package"]["name"], asked["version"]))
        answer = {"vulns": [{"id": advisory, "affected": []}]} if advisory else {}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def advisories(known: dict[Pin, str]) -> Iterator[str]:
    """The address of a source that knows *known*."""
    with HTTPServer(("127.0.0.1", 0), type("Known", (_Advisories,), {"known": known})) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def run(lock: Path, osv_url: str) -> subprocess.CompletedProcess[str]:
    """The command as it is typed, with another source."""
    command = [sys.executable, audit.__file__, "--service", "osv", "--osv-url", osv_url, str(lock)]
    environment = {"NO_PROXY": "*", "PYTHONWARNINGS": "default"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - ours


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "requirements.lock"
    file.write_text(LOCK)
    return file


@pytest.mark.parametrize(
    ("known", "status", "said"),
    [
        ({CANARY: "PYSEC-2019-220"}, CLEAN, "2 packages audited, none known vulnerable\n"),
        ({CANARY: "PYSEC-2019-220", PINS[1]: "PYSEC-1"}, VULNERABLE, ""),
        ({}, UNKNOWN, ""),
    ],
    ids=["sound", "vulnerable", "knows nothing"],
)
def test_the_command_believes_a_source_that_knows(
    lock: Path, known: dict[Pin, str], status: int, said: str
) -> None:
    with advisories(known) as url:
        done = run(lock, url)

    assert (done.returncode, done.stdout) == (status, said)
    assert ("jinja2 3.1.6: PYSEC-1" in done.stderr) == (status == VULNERABLE)
    assert (KNOWS_NOTHING in done.stderr) == (status == UNKNOWN)


def test_the_command_fails_when_it_reaches_nobody(lock: Path) -> None:
    done = run(lock, "http://127.0.0.1:1/")

    assert (done.returncode, done.stdout) == (UNKNOWN, "")
    assert done.stderr.startswith("pip-audit gave no report: ")
    assert done.stderr.endswith("The audit failed: nobody knows whether these packages are safe.\n")


def test_the_command_fails_on_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = run(tmp_path / "requirements.lock", "http://127.0.0.1:1/")

    assert done.returncode == UNKNOWN
    assert "No such file" in done.stderr
