"""Servers to be measured, each a process of its own, and what each has taken of processor and memory."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.client import Client
from bench.figures import ROOT

READY = "/health/ready"
_PATIENCE = 30.0  # seconds
_STEP = 0.002
_COMMAND = Path(sys.executable).with_name("legcramps")
_C = ctypes.CDLL(None)


class Server(NamedTuple):
    """One that answers on *port*."""

    pid: int
    port: int

    def processor_seconds(self) -> float:
        """What all threads of the process have taken so far, to the nanosecond; /proc counts hundredths of seconds."""
        clock = ctypes.c_int()
        if error := _C.clock_getcpuclockid(self.pid, ctypes.byref(clock)):
            raise OSError(error, os.strerror(error))
        return time.clock_gettime(clock.value)

    def mebibytes(self) -> float:
        """Memory that is resident now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def peak_mebibytes(self) -> float:
        """The most memory that ever was resident."""
        status = Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines()
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 2**10


def check_readable() -> None:
    """
    See that the processor clock and the memory of a process can be read.

    Raises:
        OSError: Where they can't: other systems than Linux lack them.
    """
    own = Server(os.getpid(), 0)
    try:
        own.processor_seconds(), own.mebibytes(), own.peak_mebibytes()
    except (OSError, AttributeError, StopIteration) as error:
        raise OSError("bench: needs Linux, where clock and memory of another process can be read") from error


@contextmanager
def bytecode_of_its_own() -> Iterator[None]:
    """
    Keep the bytecode of what is started meanwhile in a folder of the run, as an installation has it beside the modules.

    Whatever else the environment says to Python (PYTHONDONTWRITEBYTECODE, PYTHONMALLOC, …) is not passed on.
    """
    for name in [name for name in os.environ if name.startswith("PYTHON")]:
        del os.environ[name]
    with TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        yield
        del os.environ["PYTHONPYCACHEPREFIX"]


@contextmanager
def ours(**settings: object) -> Iterator[Server]:
    """
    The service as `make run` starts it, with *settings* besides; it remembers in a folder that goes with it.

    None of the environment's settings are used.
    """
    with TemporaryDirectory() as folder, started(Path(folder), **settings) as server:
        _wait_for(server.port, READY)
        yield server


@contextmanager
def started(folder: Path, **settings: object) -> Iterator[Server]:
    """The service, which may not be ready yet; its state is kept in *folder*."""
    port = _free_port()
    usual = {name: value for name, value in os.environ.items() if not name.startswith("LEGCRAMPS_")}
    said = {f"LEGCRAMPS_{name.upper()}": str(value) for name, value in settings.items()}
    command = [str(_COMMAND), "serve", "--port", str(port)]
    with (folder / "log").open("ab") as log:
        running = _process(command, {**usual, "XDG_STATE_HOME": str(folder), **said}, log.fileno())
    with _ending(running):
        yield Server(running.pid, port)


@contextmanager
def reference(name: str) -> Iterator[Server]:
    """The module *name* of this folder as a server: `reads_only`, `fhir_resources`, `ehr`."""
    port = _free_port()
    running = _process([sys.executable, "-m", f"bench.{name}", str(port)], os.environ, subprocess.DEVNULL)
    with _ending(running):
        _wait_for(port, "/")
        yield Server(running.pid, port)


def wait_until_ready(server: Server) -> None:
    """Until the service says so; asks every few milliseconds."""
    _wait_for(server.port, READY)


def _process(command: Sequence[str], environment: Mapping[str, str], log: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=log
    )


@contextmanager
def _ending(running: "subprocess.Popen[bytes]") -> Iterator[None]:
    with running:
        try:
            yield
        finally:
            running.send_signal(signal.SIGTERM)
            try:
                running.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                running.kill()


def _wait_for(port: int, path: str) -> None:
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit:
        try:
            with Client(port) as client:
                client.get(path)
                return
        except OSError:
            time.sleep(_STEP)
    raise TimeoutError(f"nothing answered at port {port} within {_PATIENCE:.0f} seconds")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
