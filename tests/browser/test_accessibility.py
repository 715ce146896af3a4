"""axe-core finds nothing serious on the pages, whatever they show: 1400 pixels wide and as narrow as a telephone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.browser.bench import Bench
from tests.browser.conftest import NARROW, WIDE
from tests.browser.smart import MARGARET, SILENT, Site

Axe = Callable[[Page], list[str]]
STORIES = (  # the first patient is looked at below
    "no-cramp-report",
    "lesser-factors-only",
    "laboratory-list-missing",
    "crowded-record",
    "rhabdomyolysis-on-statin",
)
TABS = ("Timeline", "Why this answer", "Request", "Response", "All cards")


@pytest.mark.parametrize("story", STORIES)
def test_a_patient_on_the_workbench_can_be_read_by_everybody(story: str, page: Page, axe: Axe) -> None:
    Bench(page).start(f"/#story={story}")

    assert axe(page) == []

    page.set_viewport_size(NARROW)

    assert axe(page) == []


@pytest.mark.parametrize("window", [WIDE, NARROW], ids=["wide", "narrow"])
def test_each_tab_of_the_workbench_can_be_read_by_everybody_without_scrolling_sideways(
    window: ViewportSize, page: Page, axe: Axe
) -> None:
    page.set_viewport_size(window)
    bench = Bench(page).start()
    expect(bench.panel.locator("svg").first).to_be_visible()
    found = {}

    for tab in TABS:
        bench.tab(tab).click()
        expect(page.get_by_role("tabpanel", name=tab)).not_to_be_empty()
        expect(bench.panel.locator("[aria-busy=true]")).to_have_count(0)
        found[tab] = (axe(page), bench.is_too_wide())

    assert found == dict.fromkeys(TABS, ([], False))


def test_what_is_folded_away_can_be_read_by_everybody(page: Page, axe: Axe) -> None:
    Bench(page).start()

    page.get_by_role("button", name="Dismiss").click()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")

    expect(page.get_by_role("radio").first).to_be_visible()
    expect(page.get_by_role("table").first).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize("story", [MARGARET, SILENT])
def test_the_timeline_app_can_be_read_by_everybody(story: str, page: Page, axe: Axe, site: Site) -> None:
    site.open(page, site.put(story))

    expect(page.get_by_role("banner", name="Patient")).to_be_visible()
    expect(page.locator("svg").first).to_be_visible()
    assert axe(page) == []

    page.set_viewport_size(NARROW)

    assert axe(page) == []


def test_what_keeps_people_out_is_found(page: Page, axe: Axe) -> None:
    """The tests above could fail."""
    page.goto("/")
    page.evaluate("document.body.append(document.createElement('button'))")

    assert [each.split(" (")[1].split(")")[0] for each in axe(page)] == ["button-name"]
