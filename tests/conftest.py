"""Options and fixtures that all tests share."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from cds_service import logs

pytest_plugins = ["tests.databases"]

# What tests answer is not remembered in this account's own store; those that are about memory name a store.
os.environ["LEGCRAMPS_STORE"] = "none"
# Their days stay where they are, while what is too old goes by the clock of this machine.
os.environ["LEGCRAMPS_RETENTION_DAYS"] = "36500"

# The same examples on every run, and no limit in wall-clock time: a busy machine is no counterexample.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--records", type=Path, help="folder of patient records for the tests marked `records`")


@pytest.fixture(autouse=True)
def no_log_of_another_test() -> Iterator[None]:
    """A command that was run in a test has the log go to that test's output, which is closed when it ends."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def log() -> io.StringIO:
    """What is logged; `tests.logged` reads it."""
    stream = io.StringIO()
    logs.configure("info", stream)
    return stream


@pytest.fixture(scope="session")
def records(request: pytest.FixtureRequest) -> Path:
    folder: Path | None = request.config.getoption("--records")
    if folder is None or not folder.is_dir():
        raise pytest.UsageError("name the folder of patient records: --records ../shared/patients")
    return folder
