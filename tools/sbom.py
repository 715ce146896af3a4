"""
Writes down what is in the image: requirements.lock, the project itself, the packages of npm whose code the built pages
hold, and the base image, as CycloneDX 1.6 in JSON.

    .venv/bin/python tools/sbom.py dist/legcramps.cdx.json

cyclonedx-py tells the hashes (from the lock) and the licences (from the packages as they are installed here); neither
of its ways tells both. Nothing is asked of the network, and the same lock gives the same file: no serial number, no
time. What the base image brings along (Debian, Python) is one entry with its digest; a scanner of images looks into it.
What the lock has for other systems only is there too, with the scope "excluded".
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import msgspec
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from npm_packages import Unreadable
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sbom_npm import npm_parts, uses

ROOT = Path(__file__).parents[1]
_SECONDS = 120
_EXTRA = "postgresql"  # of the project, which the lock has too
_BASE = re.compile(
    r"^FROM (?P<name>[^:@\s]+):(?P<version>[^@\s]+)@sha256:(?P<digest>[0-9a-f]{64}) AS base$", re.MULTILINE
)
_SYSTEM = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "os_name": "posix",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}

JSON = dict[str, Any]


class Unknown(ValueError):
    """Something in the image can't be described; one line for a person."""


def bill(root: Path = ROOT) -> JSON:
    """
    The bill of materials, in a fixed order.

    Raises:
        Unknown: When a locked package is not installed here.
        npm_packages.Unreadable: When it can't be told what the built pages hold.
    """
    lock, project, image = (root / name for name in ("requirements.lock", "pyproject.toml", "Dockerfile"))
    base = _base(image.read_text("utf-8"))
    system = {**_SYSTEM, "python_version": ".".join(base["version"].split("-")[0].split(".")[:2])}
    told = _told("requirements", "--pyproject", str(project), str(lock))
    pins = _requirements(lock.read_text("utf-8"))
    in_image = {canonicalize_name(pin.name) for pin in pins if _holds(pin, system)}
    installed = {_key(part): part for part in _told("environment", sys.executable)["components"]}
    parts = [
        _part(part, installed.get(_key(part)), is_in_image=_key(part)[0] in in_image)
        for part in told["components"]
    ]
    edges = _edges(tomllib.loads(project.read_text("utf-8"))["project"], system)
    of_pages = npm_parts(root)
    told["components"] = [*sorted((*parts, *of_pages), key=lambda part: str(part["purl"])), base]
    graph = _graph(told["metadata"]["component"]["bom-ref"], edges, parts)
    graph[0]["dependsOn"] += [part["purl"] for part in of_pages]
    told["dependencies"] = [*graph, *uses(root)]
    return told


def _told(*arguments: str) -> JSON:
    """What cyclonedx-py says, without serial number and time."""
    fixed = ("--no-validate", "--output-reproducible", "--spec-version", "1.6", "--output-format", "JSON")
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", arguments[0], *fixed, *arguments[1:]]
    done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise Unknown(f"cyclonedx-py {arguments[0]}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return msgspec.json.decode(done.stdout, type=JSON)


def _requirements(lock: str) -> Iterator[Requirement]:
    for line in lock.splitlines():
        if line and line[0] not in "# \t":
            yield Requirement(line.removesuffix("\\").strip())


def _holds(requirement: Requirement, system: Mapping[str, str], extras: Iterable[str] = ()) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**system, "extra": each}) for each in ("", *extras))


def _key(part: JSON) -> tuple[str, str]:
    return str(canonicalize_name(part["name"])), part["version"]


def _part(locked: JSON, installed: JSON | None, *, is_in_image: bool) -> JSON:
    """
    A locked package: its hashes, and what it says of itself where it is installed.

    Raises:
        Unknown: When it is in the image, but not installed here as locked.
    """
    if installed is None and is_in_image:
        raise Unknown(f"{locked['name']} {locked['version']} is not installed here: run `make setup` first")
    described = {
        name: each for name, each in (installed or {}).items() if name in ("description", "licenses")
    }
    hashes = [each for reference in locked["externalReferences"] for each in reference.get("hashes", ())]
    files = {
        "type": "distribution",
        "url": f"https://pypi.org/project/{locked['name']}/{locked['version']}/",
        "comment": "SHA-256 of each file of this release that the lock allows",
        "hashes": hashes,
    }
    return {
        "bom-ref": locked["purl"],
        **{name: locked[name] for name in ("type", "name", "version", "purl")},
        **described,
        "scope": "required" if is_in_image else "excluded",
        "externalReferences": [files],
    }


def _base(dockerfile: str) -> JSON:
    """
    The image that ours begins with.

    Raises:
        Unknown: When the Dockerfile does not pin it.
    """
    if not (found := _BASE.search(dockerfile)):
        raise Unknown("the Dockerfile names no base image by version and digest")
    purl = f"pkg:docker/{found['name']}@{found['version']}"
    hashes = [{"alg": "SHA-256", "content": found["digest"]}]
    named = {"bom-ref": purl, "type": "container", "name": found["name"], "version": found["version"]}
    return {**named, "purl": purl, "scope": "required", "hashes": hashes}


def _edges(project: JSON, system: Mapping[str, str]) -> Mapping[str, set[str]]:
    """Which package asks for which, as the packages say themselves; the project is the one without a name."""
    wanted = [
        Requirement(each) for each in (*project["dependencies"], *project["optional-dependencies"][_EXTRA])
    ]
    edges: dict[str, set[str]] = {}
    left, seen = [("", wanted)], set[tuple[str, frozenset[str]]]()
    while left:
        name, asked = left.pop()
        edges.setdefault(name, set()).update(canonicalize_name(each.name) for each in asked)
        for each in asked:
            key = (str(canonicalize_name(each.name)), frozenset(each.extras))
            if key not in seen:
                seen.add(key)
                theirs = (Requirement(line) for line in requires(each.name) or ())
                left.append((key[0], [one for one in theirs if _holds(one, system, each.extras)]))
    return edges


def _graph(project: str, edges: Mapping[str, set[str]], parts: Iterable[JSON]) -> list[JSON]:
    """
    The same in the words of CycloneDX.

    Raises:
        Unknown: When something is asked for that the lock does not have.
    """
    refs = {"": project, **{str(canonicalize_name(part["name"])): str(part["bom-ref"]) for part in parts}}
    if strange := {name for asked in edges.values() for name in asked} - refs.keys():
        raise Unknown(f"requirements.lock lacks {', '.join(sorted(strange))}: run `make lock`")
    return [
        {"ref": refs[name], "dependsOn": sorted(map(refs.__getitem__, edges.get(name, ())))}
        for name in sorted(refs)
    ]


def written(bill: JSON) -> bytes:
    """
    A bill as a file.

    Raises:
        Unknown: When it is no valid CycloneDX.
    """
    text = msgspec.json.format(msgspec.json.encode(bill), indent=2) + b"\n"
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.decode()):
        raise Unknown(f"this is no valid CycloneDX: {wrong}")
    return text


def main() -> int:
    """Write the bill into the file that is named."""
    try:
        text = written(bill())
    except (Unknown, Unreadable) as error:
        print(error, file=sys.stderr)
        return 1
    file = Path(sys.argv[1])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text)
    print(f"wrote {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
