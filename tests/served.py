"""Our own service as a site runs it: a process of its own, called over the network."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx

from tests.client import HOOK_PATH
from tests.client import JSON as JSON_TYPE

JSON = dict[str, Any]
Running = subprocess.Popen[bytes]

# for clients of servers on loopback: loading the usual ones takes longer than a call
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_START = 60.0  # seconds; a machine that is busy with other tests needs more than one
_END = 15.0
_ANSWER = 30.0
_STEP = 0.02
_SAYS = "CDS Hooks discovery: "
_ROOT = Path(__file__).parents[1]


@contextmanager
def process(
    module: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], says: str
) -> Iterator[tuple[str, Running]]:
    """
    A Python module as a process, and the rest of the line of its output that begins with *says*.

    What it writes goes to files in *folder*, since a pipe that nobody reads fills up. Its standard input ends when
    this process does, however that ends.
    """
    command = [sys.executable, "-m", module, *arguments]
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as log:
        running = subprocess.Popen(  # noqa: S603 - our own command
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=log,
            cwd=_ROOT,
            env={**environment, "PYTHONUNBUFFERED": "1"},
        )
    with running:
        try:
            yield _told(folder, says, running), running
        finally:
            _end(running)


def _told(folder: Path, says: str, running: Running) -> str:
    """
    What the process says of itself.

    Raises:
        AssertionError: When it ended, or said nothing for too long.
    """
    limit = monotonic() + _START
    while monotonic() < limit:
        has_ended = running.poll() is not None
        for line in (folder / "stdout").read_text("utf-8").splitlines(keepends=True):
            if line.startswith(says) and line.endswith("\n"):
                return line.removeprefix(says).strip()
        if has_ended:
            break
        sleep(_STEP)
    raise AssertionError(f"it did not start:\n{(folder / 'stderr').read_text('utf-8')}")


def _end(running: Running) -> None:
    if running.poll() is None:
        running.send_signal(signal.SIGINT)
    try:
        running.wait(_END)
    except subprocess.TimeoutExpired:
        running.kill()


@dataclass(frozen=True)
class Served:
    """A service that runs; *base* is its address, without a slash at its end."""

    base: str
    _process: Running
    _folder: Path

    @property
    def hook(self) -> str:
        """The address of the patient-view service, which is what a token's `aud` says."""
        return self.base + HOOK_PATH

    def call(self, request: JSON, token: str | None = None, **headers: str) -> httpx.Response:
        """One hook call; *token* is the client's JWT."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=_ANSWER) as client:
            return client.post(
                self.hook, content=json.dumps(request), headers={**JSON_TYPE, **bearer, **headers}
            )

    def post(self, path: str, body: JSON) -> JSON:
        """What it answers, with 200, to JSON that is sent anywhere."""
        with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=_ANSWER) as client:
            answer = client.post(self.base + path, content=json.dumps(body), headers=JSON_TYPE)
        assert answer.status_code == 200, answer.text
        said: JSON = answer.json()
        return said

    def get(self, path: str) -> httpx.Response:
        """Any other page of it."""
        with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=_ANSWER) as client:
            return client.get(self.base + path)

    def log(self) -> list[JSON]:
        """What it logged so far."""
        return [json.loads(line) for line in self.written().splitlines()]

    def written(self) -> str:
        """The log as it stands in the file, for words that must not be in it."""
        return (self._folder / "stderr").read_text("utf-8")

    def is_running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def workers(self) -> list[int]:
        """The process ids of its workers; none where it answers by itself."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        pids = map(int, children.read_text("ascii").split()) if self.is_running() else ()
        return sorted(pid for pid in pids if b"spawn_main" in _command_of(pid))

    def terminate(self) -> None:
        """Tell it to end, as systemd and Docker do."""
        self._process.terminate()

    def kill(self, pid: int | None = None) -> None:
        """End it, or one of its workers, as a lack of memory does."""
        os.kill(pid or self._process.pid, signal.SIGKILL)

    def wait(self) -> int:
        """How it ended, once it has."""
        return self._process.wait(_END)

    def most_memory(self) -> int:
        """The most bytes of memory that it ever took; 0 where the system does not tell."""
        status = Path(f"/proc/{self._process.pid}/status")
        lines = status.read_text("utf-8").splitlines() if status.is_file() else []
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


@contextmanager
def served(folder: Path, **settings: object) -> Iterator[Served]:
    """
    The service, started with *settings* (`today=…` is LEGCRAMPS_TODAY) and none of the environment's, then ended.

    Started twice in one folder it is the same service again: its store is there.
    """
    said = {f"LEGCRAMPS_{name.upper()}": str(value) for name, value in settings.items()}
    usual = {name: value for name, value in os.environ.items() if not name.startswith("LEGCRAMPS_")}
    own = {
        "LEGCRAMPS_STORE": f"sqlite:///{folder / 'legcramps.db'}",
        "LEGCRAMPS_RETENTION_DAYS": "36500",  # the days of tests stay where they are
        "LEGCRAMPS_FADE_AFTER": "0",  # tests look at one patient again and again; those about fading say so
        "TMPDIR": str(folder),
    }
    environment = {**usual, **own, **said}
    # What it tells is its base URL. Where that is another than its address, the port has to be known before.
    port = _free_port() if "base_url" in settings else 0
    arguments = ["serve", "--port", str(port)]
    with process("cds_service.cli", arguments, folder, environment, _SAYS) as (discovery, running):
        told = discovery.removesuffix("/cds-services")
        yield Served(f"http://127.0.0.1:{port}" if port else told, running, folder)


def _command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return b""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
