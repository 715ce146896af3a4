"""The bill of materials lists what is in the image, is valid, and tells nothing of the machine that wrote it."""

import base64
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when they are run as scripts
import npm_packages
import sbom
import sbom_npm
from audit import locked

ROOT = Path(__file__).parents[1]

JSON = dict[str, Any]


@pytest.fixture(scope="module")
def bill() -> JSON:
    """What `make sbom` writes."""
    return sbom.bill()


def test_the_bill_is_valid_cyclonedx(bill: JSON) -> None:
    assert json.loads(sbom.written(bill)) == bill


def test_a_bill_that_is_not_valid_is_not_written() -> None:
    with pytest.raises(sbom.Unknown, match="no valid CycloneDX"):
        sbom.written({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": "first"})


def test_the_bill_lists_every_locked_package_with_its_version_and_hashes(bill: JSON) -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")

    listed = [part for part in bill["components"] if part["purl"].startswith("pkg:pypi/")]
    assert {(part["name"], part["version"]) for part in listed} == set(locked(lock))
    told = [
        each["content"] for part in listed for file in part["externalReferences"] for each in file["hashes"]
    ]
    assert sorted(told) == sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock))


def test_the_bill_lists_the_packages_that_the_pages_hold_code_of(bill: JSON) -> None:
    lock = json.loads((ROOT / npm_packages.LOCK).read_text("utf-8"))["packages"]

    listed = {part["name"]: part for part in bill["components"] if part["purl"].startswith("pkg:npm/")}
    assert {(part["name"], part["version"]) for part in listed.values()} == set(npm_packages.bundled(ROOT))
    preact, (file,) = listed["preact"], listed["preact"]["externalReferences"]
    assert preact["licenses"] == [{"expression": "MIT"}]
    digest = base64.b64encode(bytes.fromhex(file["hashes"][0]["content"])).decode()
    assert lock["node_modules/preact"]["integrity"] == f"sha512-{digest}"
    asks = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}
    assert listed["js-base64"]["purl"] in asks[listed["fhirclient"]["purl"]]
    assert {part["purl"] for part in listed.values()} <= set(asks[bill["metadata"]["component"]["bom-ref"]])


def test_pages_with_another_release_than_the_lock_get_no_bill(tmp_path: Path) -> None:
    for file in (npm_packages.LOCK, npm_packages.LICENCES):
        (tmp_path / file).parent.mkdir(parents=True)
        text = (ROOT / file).read_text("utf-8")
        (tmp_path / file).write_text(
            re.sub(r"^## preact - \S+", "## preact - 0.0.1", text, flags=re.MULTILINE)
        )

    with pytest.raises(npm_packages.Unreadable, match=r"preact 0\.0\.1 is in the pages"):
        sbom_npm.npm_parts(tmp_path)


def test_the_bill_names_the_project_and_the_image_it_begins_with(bill: JSON) -> None:
    project = bill["metadata"]["component"]
    (base,) = (part for part in bill["components"] if part["type"] == "container")

    assert (project["name"], project["version"]) == (
        "legcramps",
        tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"],
    )
    digest = base["hashes"][0]["content"]
    pinned = f"FROM {base['name']}:{base['version']}@sha256:{digest} AS base"
    assert pinned in (ROOT / "Dockerfile").read_text("utf-8").splitlines()


def test_the_bill_tells_the_licence_of_whatever_is_in_the_image(bill: JSON) -> None:
    inside = [
        part for part in bill["components"] if part["scope"] == "required" and part["type"] == "library"
    ]

    assert [part["name"] for part in inside if not part.get("licenses")] == []
    assert [part["name"] for part in bill["components"] if part["scope"] == "excluded"] == ["colorama"]


def test_the_bill_tells_who_asks_for_what(bill: JSON) -> None:
    asks = {each["ref"]: each["dependsOn"] for each in bill["dependencies"]}

    direct = {ref.partition("@")[0] for ref in asks[bill["metadata"]["component"]["bom-ref"]]}
    assert {"pkg:pypi/fastapi", "pkg:pypi/psycopg"} <= direct
    inside = {part["bom-ref"] for part in bill["components"] if part["type"] == "library"}
    asked = {ref for refs in asks.values() for ref in refs}
    assert inside - asked == {part["bom-ref"] for part in bill["components"] if part["scope"] == "excluded"}


def test_the_bill_would_be_the_same_tomorrow_and_elsewhere(bill: JSON) -> None:
    text = json.dumps(bill)

    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert "serialNumber" not in bill
    assert "timestamp" not in bill["metadata"]
    assert str(ROOT) not in text
    assert sys.prefix not in text
    assert not re.search(r"file:|/simple|localhost|127\.0\.0\.1", text)


def test_a_base_image_that_is_not_pinned_gets_no_bill(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM python:3.13-slim AS base\n")

    with pytest.raises(sbom.Unknown, match="by version and digest"):
        sbom.bill(tmp_path)


def test_a_package_that_is_not_installed_as_locked_gets_no_bill(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "Dockerfile"):
        shutil.copy(ROOT / name, tmp_path)
    lock = f"idna==0.1 \\\n    --hash=sha256:{'0' * 64}\n"
    (tmp_path / "requirements.lock").write_text(lock)

    with pytest.raises(sbom.Unknown, match=r"idna 0\.1 is not installed here: run `make setup`"):
        sbom.bill(tmp_path)
