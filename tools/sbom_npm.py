"""Tells the packages of npm whose code the built pages hold, in the words of CycloneDX."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from npm_packages import LOCK, Locked, Package, Unreadable, bundled, locked

JSON = dict[str, Any]


def npm_parts(root: Path) -> list[JSON]:
    """
    The packages, with licence and checksum.

    Raises:
        npm_packages.Unreadable: When the lock has another release of one, or does not have it.
    """
    licences = bundled(root)
    return [_part(package, entry, licences[package]) for package, entry in _in_pages(root)]


def uses(root: Path) -> list[JSON]:
    """Which of them asks for which."""
    inside = dict(_in_pages(root))
    by_name = {package.name: _purl(package) for package in inside}
    return [
        {
            "ref": _purl(package),
            "dependsOn": sorted(by_name[name] for name in by_name.keys() & entry.dependencies),
        }
        for package, entry in inside.items()
    ]


def _in_pages(root: Path) -> Iterator[tuple[Package, Locked]]:
    entries = locked(root)
    for package in sorted(bundled(root)):
        entry = entries.get(package)
        if entry is None or entry.dev:
            raise Unreadable(
                f"{package} is in the pages, and {LOCK} does not have it for them: run `make web`"
            )
        yield package, entry


def _part(package: Package, entry: Locked, licence: str) -> JSON:
    algorithm, _, digest = entry.integrity.partition("-")
    files = {
        "type": "distribution",
        "url": f"https://www.npmjs.com/package/{package.name}/v/{package.version}",
        "comment": "Hash of the archive of this release that the lock allows",
        "hashes": [
            {"alg": algorithm.upper().replace("SHA", "SHA-"), "content": base64.b64decode(digest).hex()}
        ],
    }
    return {
        "bom-ref": _purl(package),
        "type": "library",
        "name": package.name,
        "version": package.version,
        "purl": _purl(package),
        "licenses": [{"expression": licence.removeprefix("(").removesuffix(")")}],
        "scope": "required",
        "externalReferences": [files],
    }


def _purl(package: Package) -> str:
    return f"pkg:npm/{quote(package.name, safe='/')}@{package.version}"
