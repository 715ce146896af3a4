"""`legcramps serve`: one process, or several that share a socket; each ends in good order when it is told to."""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from cds_service import doubts, garbage, logs, metrics, patience, start
from cds_service import settings as site
from cds_service.app import DEMO_STORY, create_app
from cds_service.errors import KnowledgeInvalid
from cds_service.knowledge import Knowledge
from cds_service.opened import service_id
from cds_service.services import address
from cds_service.settings import Settings
from cds_service.signatures import lapsed, standings

# How long calls in progress may take once the service is told to end. They take ten seconds to arrive at the most, and
# four to fetch; where an orchestrator kills earlier (Docker: ten), it has to be told.
_GRACE = 30
# A worker that does not say for so long that it is there is replaced. A machine that is busy takes some seconds to
# start one.
_SILENT_WORKER = 30
# After how long a thread that reads a large record lets the event loop go on. With Python's 5 ms each step of a call
# waits for 5 ms: beside a record of 2,500 resources one of 25 takes 7 ms instead of 2. It costs nothing where one
# thread computes.
_SWITCH = 0.001
_PAUSE = 2.0  # seconds between attempts to replace a worker


@dataclass(frozen=True)
class Service:
    """
    A service that is ready to run.

    It has been made once in this process, whatever the number of workers, so that what is wrong with the settings is
    told before anything runs; *figures* is the folder through which several workers share theirs.
    """

    settings: Settings
    greeting: str
    _listener: socket.socket
    _web: ASGIApp | None
    _figures: TemporaryDirectory[str] | None

    @classmethod
    def of(cls, settings: Settings, listener: socket.socket) -> "Service":
        """
        Load and check everything; what may not be meant is logged.

        Raises:
            KnowledgeInvalid: When `cards/` can't be fully understood.
            ValueError: When something that the settings name is not usable.
            OSError: When several workers have no folder for their figures.
        """
        logs.configure(settings.log_level)
        knowledge = start.knowledge(settings)
        web = create_app(settings, knowledge)
        _warn(settings, knowledge)
        greeting = _greeting(settings, knowledge)
        if settings.workers == 1:
            return cls(settings, greeting, listener, web, None)
        # each worker makes its own
        return cls(settings, greeting, listener, None, TemporaryDirectory(prefix="legcramps-metrics-"))

    def run(self) -> None:
        """
        Answer until told to end by SIGTERM or SIGINT: then calls in progress are answered, and no others.

        Raises:
            SystemExit: When the workers could not start.
        """
        # uvicorn shuts down in good order and then lets the signal do what it did before: that would end the process
        # as if it had been killed.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if self._web is not None:
                sys.setswitchinterval(_SWITCH)
                uvicorn.Server(_config(self._web, self.settings)).run(sockets=[self._listener])
            elif self._figures is not None:
                with self._figures as folder:
                    self._run_workers(Path(folder))
        except KeyboardInterrupt:
            return

    def _run_workers(self, figures: Path) -> None:
        os.environ[metrics.SHARED] = str(figures)
        # What is handed over is pickled: the settings, so that all have the same, and the names of functions.
        config = _config(partial(_worker, self.settings), self.settings, is_factory=True)
        workers = _Workers(config, [self._listener], figures)
        workers.run()
        if workers.have_failed:
            raise SystemExit(STARTUP_FAILURE)


def listen(settings: Settings) -> socket.socket:
    """
    A socket that listens where the settings say.

    Raises:
        OSError: With one line for a person.
    """
    where = f"{settings.host} port {settings.port}"
    try:
        family, _, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=2048)
    except OSError as error:
        # create_server adds the address to the reason; a name that is unknown has an errno of its own kind.
        is_known = error.errno is not None and error.errno > 0
        reason = os.strerror(error.errno or 0) if is_known else error.strerror
        raise OSError(f"can't listen on {where}: {reason}; --host and --port choose another") from None


def _config(
    web: ASGIApp | Callable[..., Any], settings: Settings, *, is_factory: bool = False
) -> uvicorn.Config:
    return uvicorn.Config(
        web,
        factory=is_factory,
        workers=settings.workers,
        http=patience.protocol(settings.body_seconds),
        ws="none",
        timeout_graceful_shutdown=_GRACE,
        timeout_worker_healthcheck=_SILENT_WORKER,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
    )


# --- several workers ------------------------------------------------------------------------------------------------


class _Workers(Multiprocess):
    """uvicorn's supervisor: it replaces workers that end, and all of them, one after the other, on SIGHUP."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], figures: Path) -> None:
        super().__init__(config, sockets)
        self.have_failed = False
        self._figures = figures
        self._running: set[int | None] = set()
        self._log = structlog.get_logger()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that ended; forget what they said of themselves, not what they counted."""
        was_ending = self.should_exit.is_set()
        super().keep_subprocess_alive()
        self.have_failed |= self.should_exit.is_set() and not was_ending
        running = {process.pid for process in self.processes}
        for pid in self._running - running:
            metrics.forget(pid, self._figures)
            self._log.warning("a worker ended", worker=pid)
        self._running = running

    def terminate_all(self) -> None:
        """Tell the workers to end; who connects from now on is refused, and does not wait for nobody."""
        for each in self.sockets:
            each.close()
        super().terminate_all()


def _worker(settings: Settings) -> ASGIApp:
    """The application in a process of its own."""
    logs.configure(settings.log_level)
    sys.setswitchinterval(_SWITCH)
    threading.Thread(target=_end_with_supervisor, daemon=True).start()
    try:
        with garbage.all_kept():
            return create_app(settings)
    except (KnowledgeInvalid, ValueError) as error:
        # It was usable when the service started. The others go on, and the supervisor tries again.
        structlog.get_logger().error("a worker can't start", problem=str(error))
        time.sleep(_PAUSE)
        raise SystemExit(1) from None


def _end_with_supervisor() -> None:
    """End in good order when the supervisor was killed: nobody else would tell this worker to."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


# --- what is told at the start --------------------------------------------------------------------------------------


def _warn(settings: Settings, knowledge: Knowledge) -> None:
    log = structlog.get_logger()
    for warning in doubts.warnings(settings):
        log.warning(warning)
    if told := lapsed(standings(knowledge.documents, knowledge.approvals)):
        log.warning("signatures lapsed", **told)
    if not knowledge.contributors:
        log.warning("nothing is signed: the service stays silent", profile=settings.profile)
    if knowledge.review_by is not None and knowledge.review_by < site.today(settings):
        log.warning("the yearly review of the knowledge is overdue", since=str(knowledge.review_by))


def _greeting(settings: Settings, knowledge: Knowledge) -> str:
    lines = [f"Workbench: {settings.base_url}/"] if settings.has_workbench else []
    lines.append(f"CDS Hooks discovery: {settings.base_url}/cds-services")
    if mapping := knowledge.value_sets.mapping:
        unused = [f"{count} {reason}" for reason, count in sorted(mapping.items()) if reason != "used"]
        lines.append(
            f"Codes of this site: {mapping['used']} used. Mappings not used: {', '.join(unused) or 'none'}"
        )
    if settings.authenticates:
        lines.append("Clients are asked who they are: every call of a hook needs a signed token")
    elif settings.is_demo:
        lines += [
            "Cards for a built-in patient:",
            f"  curl -s {settings.base_url}/demo/{DEMO_STORY} | curl -s -H 'Content-Type: application/json' "
            f"--data-binary @- {settings.base_url}{address(service_id('patient-view'))}",
        ]
    if settings.remembers and settings.is_loopback:
        lines.append(f"What the cards did: {settings.base_url}/report")
    return "\n".join(lines)
