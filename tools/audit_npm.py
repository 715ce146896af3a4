"""
Looks the packages of web/package-lock.json up among the known vulnerabilities, by `npm audit`.

npm tells only what is vulnerable, and a mirror that knows nothing tells nothing. So the list that is looked up has one
release more, of which everybody knows, and an answer without it is not believed.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from npm_packages import LOCK, Package, Unreadable, locked

# CVE-2021-44906 is about every release of minimist up to 0.2.3.
CANARY = Package("minimist", "0.0.8")
CANARY_ADVISORY = "GHSA-xvch-5gv4-984h"
_CANARY_NAME = "known-to-be-vulnerable"  # another release of it may be in the lock one day
_SECONDS = 5 * 60


class Advisory(msgspec.Struct):
    """What is wrong with a package."""

    title: str
    url: str
    range: str


class Vulnerable(msgspec.Struct):
    """A package that `npm audit` names: for an advisory of its own, or (by name) for one of what it depends on."""

    name: str
    via: tuple[Advisory | str, ...]
    nodes: tuple[str, ...]


class Report(msgspec.Struct):
    """What `npm audit` tells; where it reached nobody it has no vulnerabilities, not an empty list of them."""

    vulnerabilities: dict[str, Vulnerable]


def findings(root: Path) -> tuple[list[str], int]:
    """
    What is known to be vulnerable, and how many packages were looked up.

    Raises:
        npm_packages.Unreadable: When nobody knows.
    """
    pins = locked(root)
    with tempfile.TemporaryDirectory() as folder:
        write_with_canary(root / LOCK, Path(folder))
        return judged(_asked(Path(folder))), len(pins)


def write_with_canary(lock: Path, folder: Path) -> None:
    """A project with the packages of *lock* and the one that has to be reported."""
    told: dict[str, Any] = msgspec.json.decode(lock.read_bytes())
    own = told["packages"][""]
    own["dependencies"] = {**own["dependencies"], _CANARY_NAME: f"npm:{CANARY.name}@{CANARY.version}"}
    told["packages"][f"node_modules/{_CANARY_NAME}"] = {"name": CANARY.name, "version": CANARY.version}
    (folder / "package.json").write_bytes(msgspec.json.encode(own))
    (folder / "package-lock.json").write_bytes(msgspec.json.encode(told))


def _asked(folder: Path) -> Report:
    command = [str(Path(sys.executable).with_name("npm")), "audit", "--json", "--package-lock-only"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            [*command, "--include=dev", "--include=optional"],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unreadable(f"npm audit: {error}") from None
    return read(done.stdout, done.stderr)


def read(report: str, said: str) -> Report:
    """
    A report in JSON.

    Raises:
        Unreadable: If it is none; with the last line of what was *said* instead.
    """
    try:
        return msgspec.json.decode(report, type=Report)
    except msgspec.DecodeError:
        told = [line for line in said.splitlines() if "audit" in line][:1]
        raise Unreadable(f"npm audit gave no report: {' '.join(told)[:300] or 'it said nothing'}") from None


def judged(report: Report) -> list[str]:
    """
    What is vulnerable, each with its advisory.

    Raises:
        Unreadable: When the source does not report what is long known.
    """
    told = [
        (place.rpartition("node_modules/")[2], advisory)
        for each in report.vulnerabilities.values()
        for place in each.nodes
        for advisory in _own(each.via)
    ]
    if not any(name == _CANARY_NAME and CANARY_ADVISORY in advisory.url for name, advisory in told):
        raise Unreadable(
            f"the source knows nothing: it does not report {CANARY}, which is long known to be vulnerable"
        )
    return sorted(
        f"{name}: {each.url}: {each.title} (releases {each.range})"
        for name, each in told
        if name != _CANARY_NAME
    )


def _own(via: Sequence[Advisory | str]) -> list[Advisory]:
    return [each for each in via if not isinstance(each, str)]
