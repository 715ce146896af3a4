"""Several workers behind one socket: started together, replaced when they die, ended together."""

import os
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from tests.ehr import Ehr, a_call
from tests.served import Served, served

WORKERS = 2
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1950-01-01"}
PREFETCH = {"patient": PATIENT, "conditions": None, "medicationRequests": None}


def wait_until(is_so: Callable[[], object]) -> None:
    end = monotonic() + 60
    while not is_so():
        assert monotonic() < end, "took too long"
        sleep(0.05)


def is_refused(service: Served) -> bool:
    host, _, port = service.base.removeprefix("http://").partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    return state == "Z"  # nobody has asked yet how it ended


def test_workers_greet_and_warn_once_and_share_a_port(tmp_path: Path) -> None:
    with served(tmp_path, workers=WORKERS, development=True) as service:
        answers = [service.get("/health/ready").status_code for _ in range(4)]
        workers = service.workers()

        assert answers == [200] * 4
        assert len(workers) == WORKERS
        assert [line["event"].partition(":")[0] for line in service.log()] == ["LEGCRAMPS_DEVELOPMENT"]
        assert (tmp_path / "stdout").read_text("utf-8").count("discovery") == 1


def test_any_worker_tells_the_figures_of_all(tmp_path: Path) -> None:
    with served(tmp_path, workers=WORKERS) as service:
        statuses = [service.call(a_call("p1", prefetch=PREFETCH)).status_code for _ in range(8)]
        pages = [service.get("/metrics").text for _ in range(4)]

    counted = [re.findall(r"(?m)^legcramps_hook_calls_total{.*} (\S+)$", page) for page in pages]
    assert statuses == [200] * 8
    assert counted == [["8.0"]] * 4


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path, workers=WORKERS) as service:
        service.get("/health/live")
        before = service.workers()

        service.kill(before[0])

        wait_until(lambda: len(service.workers()) == WORKERS and before[0] not in service.workers())
        after = service.workers()
        answers = [service.get("/health/ready").status_code for _ in range(4)]
        assert (before[1] in after, answers) == (True, [200] * 4)
        wait_until(lambda: "a worker ended" in service.written())
        assert [line["worker"] for line in service.log()] == [before[0]]


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with served(tmp_path, workers=WORKERS) as service:
        service.get("/health/live")
        workers = service.workers()

        service.kill()

        assert service.wait() == -signal.SIGKILL
        wait_until(lambda: is_refused(service))
        wait_until(lambda: all(map(is_gone, workers)))


def test_a_token_is_let_in_once_whichever_worker_gets_it(tmp_path: Path) -> None:
    ehr = Ehr.known_in(tmp_path, ["https://fhir.example/r4"])

    with served(tmp_path, workers=WORKERS, clients=ehr.clients) as service:
        token = ehr.token(service.hook)
        statuses = [service.call(a_call("p1", prefetch=PREFETCH), token).status_code for _ in range(8)]

    assert sorted(statuses) == [200] + [401] * 7


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("LEGCRAMPS_WORKERS", "none", "LEGCRAMPS_WORKERS: "),
        ("LEGCRAMPS_STORE", "mysql://store", "LEGCRAMPS_STORE: is no URL of SQLite or PostgreSQL"),
    ],
)
def test_what_is_wrong_is_told_once_and_no_worker_starts(name: str, value: str, said: str) -> None:
    environment = {"LEGCRAMPS_WORKERS": str(WORKERS), name: value}

    result = CliRunner().invoke(app, ["serve", "--port", "0"], env=environment)

    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(f"legcramps: {said}")
