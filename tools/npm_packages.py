"""Reads which packages of npm the pages are built with, and which of them are in what is built."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

LOCK = Path("web", "package-lock.json")
LICENCES = Path("cds_service", "web", "licences.md")  # Vite writes it while it builds
_FOLDER = "node_modules/"
_BUNDLED = re.compile(r"^## (?P<name>\S+) - (?P<version>\S+) \((?P<licence>.+)\)$", re.MULTILINE)


class Package(NamedTuple):
    """One release of a package."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class Locked(msgspec.Struct, frozen=True):
    """What the lock says of a package; *name* only where it is installed under another one."""

    version: str = ""
    integrity: str = ""
    name: str | None = None
    dev: bool = False
    dependencies: Mapping[str, str] = {}


class _Lock(msgspec.Struct):
    packages: dict[str, Locked]


class Unreadable(ValueError):
    """A lock file or a list of licences is not what we take it for."""


def locked(root: Path) -> dict[Package, Locked]:
    """
    Every package of the lock.

    Raises:
        Unreadable: If one of them has no version or no checksum.
    """
    try:
        lock = msgspec.json.decode((root / LOCK).read_bytes(), type=_Lock)
    except msgspec.DecodeError as error:
        raise Unreadable(f"{LOCK}: {error}") from None
    found = {}
    for place, entry in lock.packages.items():
        if place:  # the empty one is our own
            package = Package(entry.name or place.rpartition(_FOLDER)[2], entry.version)
            if not entry.version or not entry.integrity:
                raise Unreadable(f"{LOCK} lacks the version or the checksum of {place}")
            found[package] = entry
    return found


def bundled(root: Path) -> dict[Package, str]:
    """
    The packages that built pages hold code of, each with its licence.

    Raises:
        Unreadable: If there is none, which would be a list in another form.
    """
    text = (root / LICENCES).read_text("utf-8")
    found = {Package(each["name"], each["version"]): each["licence"] for each in _BUNDLED.finditer(text)}
    if not found or len(found) != text.count("\n## "):
        raise Unreadable(f"{LICENCES} does not list packages as Vite does")
    return found
