"""
Looks every locked package up among the known vulnerabilities, and fails when it can't.

    .venv/bin/python tools/audit.py requirements.lock requirements-dev.lock --npm

Exit status 0: every package was looked at, none is known to be vulnerable. 1: some are. 2: nobody knows.

pip-audit does the looking up. Left to itself it ends with 0 and "No known vulnerabilities found" when its source is a
mirror that has no such data, and it leaves out what isn't installed on this kind of machine. So here each package has
to come back with an answer, and a release that is known to be vulnerable has to be reported as such.

It is `make audit` and no part of `make test`: the machines that test a change may have no way to advisory data, and a
new advisory is no fault of the change. Run it before a release, and every week.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import audit_npm
import msgspec
from npm_packages import Unreadable as NpmUnreadable

ROOT = Path(__file__).parents[1]
CLEAN, VULNERABLE, UNKNOWN = 0, 1, 2
_PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")
_SECONDS = 15 * 60


class Pin(NamedTuple):
    """One release of a package."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


# Both advisories are about every release of Jinja up to 2.8, are years old and were reviewed; a source that has
# neither of them has nothing: PYSEC-2019-217 (CVE-2019-10906) and PYSEC-2019-220 (CVE-2016-10745).
CANARY = Pin("jinja2", "2.8")
CANARY_IDS = frozenset(
    {
        *("PYSEC-2019-217", "CVE-2019-10906", "GHSA-462w-v97r-4m45"),
        *("PYSEC-2019-220", "CVE-2016-10745", "GHSA-hj2j-77xm-mc5v"),
    }
)


class Vulnerability(msgspec.Struct):
    """What pip-audit tells of an advisory."""

    id: str
    fix_versions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = ", ".join((self.id, *self.aliases))
        return f"{names}; mended in {' or '.join(self.fix_versions) or 'no release yet'}"


class Entry(msgspec.Struct):
    """What pip-audit tells of a package: its vulnerabilities, or why it did not look at it."""

    name: str
    version: str = ""
    vulns: tuple[Vulnerability, ...] | None = None
    skip_reason: str | None = None


class Report(msgspec.Struct):
    """What pip-audit tells."""

    dependencies: tuple[Entry, ...]


class Unreadable(ValueError):
    """A lock file, or what pip-audit says, is not what we take it for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The exit status, and what to tell."""

    status: int
    lines: tuple[str, ...]


def locked(text: str) -> list[Pin]:
    """
    Every release that a lock file names, for whatever kind of machine.

    Raises:
        Unreadable: If there is none, or something is not pinned to one release.
    """
    pins = [_pin(line) for line in text.splitlines() if line and line[0] not in "# \t"]
    if not pins:
        raise Unreadable("names no package")
    return pins


def _pin(line: str) -> Pin:
    if not (found := _PINNED.match(line)):
        raise Unreadable(f"is not pinned to one release: {line.split()[0]}")
    return Pin(re.sub(r"[-_.]+", "-", found[1]).lower(), found[2])


def judged(entries: Iterable[Entry], pins: Iterable[Pin]) -> Verdict:
    """What *entries* say about *pins*, as far as they can be believed."""
    told = list(entries)
    vulns = {Pin(each.name, each.version): each.vulns for each in told if each.skip_reason is None}
    reasons = {each.name: each.skip_reason for each in reversed(told) if each.skip_reason is not None}
    looked_up = {pin: vulns.get(pin) for pin in sorted(set(pins))}
    unknown = [
        f"{pin}: not looked at: {reasons.get(pin.name, 'it is missing in the answer')}"
        for pin, found in looked_up.items()
        if found is None
    ]
    if not any(CANARY_IDS & {each.id, *each.aliases} for each in vulns.get(CANARY) or ()):
        unknown.append(
            f"the source knows nothing: it does not report {CANARY}, which is long known to be vulnerable"
        )
    vulnerable = [f"{pin}: {each}" for pin, found in looked_up.items() for each in found or ()]
    if unknown:
        return Verdict(UNKNOWN, (*vulnerable, *unknown))
    if vulnerable:
        return Verdict(VULNERABLE, tuple(vulnerable))
    return Verdict(CLEAN, (f"{len(looked_up)} packages audited, none known vulnerable",))


def batches(pins: Iterable[Pin]) -> Iterator[list[Pin]]:
    """The releases in lists that name each package once, as pip-audit wants it."""
    left = sorted(set(pins))
    while left:
        batch = list({pin.name: pin for pin in left}.values())
        yield batch
        left = [pin for pin in left if pin not in batch]


def asked(pins: Sequence[Pin], source: Sequence[str]) -> tuple[Entry, ...]:
    """
    What pip-audit says about *pins* now; its cache of former answers is not used.

    Raises:
        Unreadable: If it gives no report.
    """
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "pins.txt")
        listed.write_text("".join(f"{name}=={version}\n" for name, version in pins), encoding="utf-8")
        options = ["--requirement", str(listed), "--no-deps", "--disable-pip", "--cache-dir", folder]
        options += [
            "--format",
            "json",
            "--desc",
            "off",
            "--aliases",
            "on",
            "--progress-spinner",
            "off",
            *source,
        ]
        done = subprocess.run(  # noqa: S603 - our own command; the names are read out of lock files
            [sys.executable, "-m", "pip_audit", *options],
            capture_output=True,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
    return read(done.stdout, done.stderr)


def read(report: str, said: str) -> tuple[Entry, ...]:
    """
    The entries of a report in JSON.

    Raises:
        Unreadable: If it is none; with the last line of what was *said* instead.
    """
    try:
        return msgspec.json.decode(report, type=Report).dependencies
    except msgspec.DecodeError:
        last = [line.strip() for line in said.splitlines() if line.strip()][-1:]
        raise Unreadable(f"pip-audit gave no report: {' '.join(last)[:300] or 'it said nothing'}") from None


def audit(files: Sequence[Path], source: Sequence[str]) -> Verdict:
    """The verdict on the packages of lock *files*, by pip-audit's options *source*."""
    pins: list[Pin] = []
    for file in files:
        try:
            pins += locked(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            return Verdict(UNKNOWN, (f"{file}: {error}",))
    try:
        entries = [entry for batch in batches([*pins, CANARY]) for entry in asked(batch, source)]
    except (Unreadable, subprocess.TimeoutExpired) as error:
        return Verdict(UNKNOWN, (str(error),))
    return judged(entries, pins)


def audit_of_pages(root: Path = ROOT) -> Verdict:
    """The verdict on the packages of npm."""
    try:
        vulnerable, count = audit_npm.findings(root)
    except NpmUnreadable as error:
        return Verdict(UNKNOWN, (str(error),))
    if vulnerable:
        return Verdict(VULNERABLE, tuple(vulnerable))
    return Verdict(CLEAN, (f"{count} packages of npm audited, none known vulnerable",))


def both(one: Verdict, other: Verdict) -> Verdict:
    """The graver status, and what both tell."""
    return Verdict(max(one.status, other.status), (*one.lines, *other.lines))


def main() -> int:
    """Tell the verdict; the exit status is its status."""
    parser = argparse.ArgumentParser(description="Looks locked packages up among the known vulnerabilities.")
    parser.add_argument("files", nargs="+", type=Path, metavar="LOCK")
    parser.add_argument("--service", default="pypi", choices=("pypi", "osv"), help="whom pip-audit asks")
    parser.add_argument("--osv-url", help="where the service osv is, if elsewhere")
    parser.add_argument("--npm", action="store_true", help="the packages that pages are built with, too")
    given = parser.parse_args()
    at = ["--osv-url", given.osv_url] if given.osv_url else []
    verdict = audit(given.files, ["--vulnerability-service", given.service, *at])
    if given.npm:
        verdict = both(verdict, audit_of_pages())
    print(*verdict.lines, sep="\n", file=sys.stderr if verdict.status else sys.stdout)
    if verdict.status == UNKNOWN:
        print("The audit failed: nobody knows whether these packages are safe.", file=sys.stderr)
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
