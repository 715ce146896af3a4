"""What is measured, as it is told and kept: results/performance.json."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from statistics import median

from msgspec import Struct

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
HONEST = "an honest record"
LITTLE = 0.05  # seconds
GROWING = 2.5  # times, for a body twice as large
_MEASURED = ("cds_service", "cards", "pyproject.toml")


class Spread(Struct, frozen=True):
    """The middle one of several rounds, and the least and greatest."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Of the figures of all rounds."""
        known = list(values)
        return cls(*(float(f"{each:.4g}") for each in (median(known), min(known), max(known))))


class Effort(Struct, frozen=True):
    """How much is measured; see FULL and QUICK."""

    core_rounds: int
    core_bodies: dict[int, int]
    """In one round of one size, in process."""
    rounds: int
    requests: dict[int, int]
    """In one round of one size, over HTTP."""
    rounds_of_slowest: int
    requests_to_slowest: dict[int, int]
    memory: tuple[int, ...]
    """Requests before each look at memory."""
    starts: int
    openings: int
    is_quick: bool = False


FULL = Effort(
    core_rounds=15,
    core_bodies={25: 40, 250: 10, 2500: 2},
    rounds=5,
    requests={25: 80, 250: 25, 2500: 5},
    rounds_of_slowest=3,
    requests_to_slowest={25: 10, 250: 3, 2500: 1},
    memory=(1_000, 2_500, 5_000, 10_000),
    starts=5,
    openings=40,
)
QUICK = Effort(
    core_rounds=3,
    core_bodies={25: 10, 250: 3, 2500: 1},
    rounds=2,
    requests={25: 40, 250: 10, 2500: 2},
    rounds_of_slowest=1,
    requests_to_slowest={25: 5, 250: 2, 2500: 1},
    memory=(100, 300),
    starts=2,
    openings=8,
    is_quick=True,
)


class Machine(Struct, frozen=True):
    """Where and when, and of what."""

    date: date
    python: str
    processor: str
    cores: int
    revision: str

    @classmethod
    def here(cls) -> "Machine":
        """This one, today."""
        return cls(date.today(), platform.python_version(), _processor(), os.cpu_count() or 0, _revision())  # noqa: DTZ011 - of whoever reads it


class InProcess(Struct, frozen=True):
    """From a body to the bytes of the answer, in CPU microseconds; *ratio* is that to orjson.loads, round by round."""

    kind: str
    resources: int
    bytes: int
    cards: int
    ours: Spread
    orjson: Spread
    ratio: Spread


class Growth(Struct, frozen=True):
    """Microseconds a resource at 2,500 over those at 250, round by round."""

    kind: str
    ratio: Spread


class OverHttp(Struct, frozen=True):
    """
    CPU microseconds of each server for one request; *ratios* are those of ours to the server that only reads.

    *fhir_resources* was sent fewer requests; *times_less* is how often ours goes into it.
    """

    kind: str
    resources: int
    with_store: Spread
    without_store: Spread
    reads_only: Spread
    ratio_with_store: Spread
    ratio_without_store: Spread
    fhir_resources: Spread | None = None
    times_less: Spread | None = None


class Memory(Struct, frozen=True):
    """Resident MiB of one worker with its store, after so many *requests*; *peaks* are the most until then."""

    requests: Sequence[int]
    mebibytes: Sequence[float]
    peaks: Sequence[float] = ()


class Start(Struct, frozen=True):
    """Seconds from the command to the first answer that it is ready, and the CPU seconds that it takes."""

    what: str
    seconds: Spread
    processor_seconds: Spread


class Opening(Struct, frozen=True):
    """Charts that were opened without prefetch: milliseconds, and what one of them takes from the EHR."""

    way: str
    charts: int
    median: float
    slowest_twentieth: float
    queries: float
    kilobytes: float


class Stages(Struct, frozen=True):
    """CPU microseconds of the stages of one answer, in process: the least of several rounds, by the stage's name."""

    kind: str
    resources: int
    microseconds: dict[str, float]


class Overload(Struct, frozen=True):
    """
    Several times as many calls as can be answered: calls a second, milliseconds, shares of all calls.

    *usual_again* are the seconds after the last call until answers are as quick as before; None: not within four times
    the goal.
    """

    kind: str
    capacity: float
    sent: float
    share_shed: float
    share_lost: float
    """Neither answered nor told to come again, or not sent since no connection was free."""
    shed: float
    """The 99th of 100 latencies of a 503."""
    answered: float
    """The 99th of 100 latencies of an answer."""
    alive: float
    """The 99th of 100 latencies of `/health/live`, each over a new connection."""
    usual: float
    """The 95th of 100 latencies before."""
    usual_again: float | None


class Dear(Struct, frozen=True):
    """
    A body made to be dear, in process: *times* is its CPU a kilobyte over that of an honest record.

    *doubled* is the CPU of this body over that of one half as large; *is_refused*: it gets an error, not an answer.
    """

    name: str
    bytes: int
    seconds: float
    times: float
    doubled: float
    is_refused: bool

    @property
    def matters(self) -> bool:
        """Whether it takes long enough to be told of."""
        return self.seconds > LITTLE

    @property
    def grows(self) -> bool:
        """Whether twice as much costs more than twice as much, and it matters."""
        return self.matters and self.doubled > GROWING


class Held(Struct, frozen=True):
    """The longest milliseconds that `/health/live` waited while the service had bodies of one kind, by their bytes."""

    name: str
    bytes: int
    milliseconds: float


class Results(Struct, frozen=True):
    """One run; what is empty was not measured: a quick look leaves out what takes long."""

    machine: Machine
    effort: Effort
    in_process: list[InProcess] = []
    growth: list[Growth] = []
    stages: list[Stages] = []
    over_http: list[OverHttp] = []
    memory: Memory = Memory((), ())
    starts: list[Start] = []
    openings: list[Opening] = []
    overloads: list[Overload] = []
    dear: list[Dear] = []
    held: list[Held] = []


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _revision() -> str:
    """The commit that was measured, "-dirty" when the service differs from it; "unknown" outside a checkout."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", *_MEASURED)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}-dirty" if changed else commit


def _git(*words: str) -> str:
    command = ["git", *words]
    # whichever git there is, with words of ours
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    return said.stdout.strip()


def tell(line: str) -> None:
    """Say on the way how far it is; the tables come at the end, on standard output."""
    sys.stderr.write(f"{line}\n")
