"""
The pictures of README.md are taken here, and still look like the pages.

Each run leaves what it saw in dist/screenshots/; `make screenshots` puts that into docs/screenshots/.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pictures import KEPT, RENEW, difference, take
from tests.browser.smart import MARGARET, Site, is_drawn

Take = Callable[[str], Path]
PICTURES = ("workbench", "timeline")


@pytest.fixture
def taking(page: Page, site: Site, margaret: str) -> Take:
    """Opens one of the two pages as README.md shows it, and takes its picture."""

    def taken(name: str) -> Path:
        return _workbench(page) if name == "workbench" else _timeline(page, site, margaret)

    return taken


def _workbench(page: Page) -> Path:
    page.goto(f"/#story={MARGARET}")
    expect(page.get_by_role("region", name="Cards").get_by_role("heading", level=3)).not_to_have_count(0)
    expect(page.get_by_role("tabpanel").locator("svg").first).to_be_visible()
    return take(page, "workbench")


def _timeline(page: Page, site: Site, margaret: str) -> Path:
    site.open(page, margaret)
    is_drawn(page, "Margaret")
    return take(page, "timeline")


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_in_the_readme_looks_like_the_page(
    name: str, taking: Take, browser: Browser, request: pytest.FixtureRequest
) -> None:
    taken, kept = taking(name), KEPT / f"{name}.png"
    if request.config.getoption("--renew-screenshots", default=False):
        KEPT.mkdir(exist_ok=True)
        shutil.copy(taken, kept)
    assert kept.is_file(), f"there is no {kept.name}: {RENEW}"

    apart = difference(browser, taken, kept)

    assert apart is None, f"{kept.name} no longer looks like the page: {apart}; {RENEW}"


def test_another_patient_is_another_picture(page: Page, browser: Browser, tmp_path: Path) -> None:
    """The comparison is coarse, but not that coarse."""
    pictures = []
    for story in (MARGARET, "simvastatin-clarithromycin"):
        page.goto("about:blank")
        page.goto(f"/#story={story}")
        expect(page.get_by_role("tabpanel").locator("svg").first).to_be_visible()
        pictures.append(tmp_path / f"{story}.png")
        page.screenshot(path=pictures[-1])

    assert difference(browser, *pictures) is not None


def test_what_is_seen_in_another_window_is_another_picture(
    page: Page, browser: Browser, tmp_path: Path
) -> None:
    pictures = []
    page.goto("/")
    for width in (1400, 1380):
        page.set_viewport_size({"width": width, "height": 900})
        pictures.append(tmp_path / f"{width}.png")
        page.screenshot(path=pictures[-1])

    assert difference(browser, *pictures) == "it is 1400 by 900 pixels, and was 1380 by 900"
