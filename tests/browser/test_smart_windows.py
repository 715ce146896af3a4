"""The timeline app where an EHR may put it: a frame, a tab, beside another; every window shows its own patient."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import smart
from tests.browser.smart import AGAIN, APP, NOTHING, Site, allow, is_drawn, says

OPENED = '{"rows":["D02"]}'
_ADD_FRAME = """(address) => {
  const frame = document.createElement("iframe");
  frame.name = `own${document.querySelectorAll("iframe").length}`;
  frame.width = 1100; frame.height = 500; frame.src = address;
  document.body.append(frame);
  return frame.name;
}"""


def beside(site: Site, patient: str) -> str:
    """A chart on the site of our service, to a browser: what it frames may keep things in a session."""
    return site.ehr.chart(APP, patient, appContext=OPENED).replace("localhost", "127.0.0.1")


def test_in_a_frame_of_the_chart(site: Site, page: Page, margaret: str) -> None:
    chart = beside(site, margaret)
    page.goto(chart)
    page.evaluate("window.heard = []; addEventListener('message', ({data}) => heard.push(data))")

    page.get_by_role("link", name="In a frame").click()
    frame = page.frame_locator("iframe")
    allow(frame)

    is_drawn(frame, "Margaret Testwell")
    assert page.url == chart
    assert page.evaluate("heard") == []
    own = page.frame("beside")
    assert own is not None
    assert own.url == f"{site.service.base}/timeline"
    assert own.evaluate("Object.keys(sessionStorage)") == []


def test_a_frame_of_another_site_that_may_keep_nothing_offers_a_window(
    site: Site, page: Page, context: BrowserContext, margaret: str
) -> None:
    """Where third-party cookies are blocked, as in this browser, a frame has no session storage."""
    page.goto(site.ehr.chart(APP, margaret))
    page.get_by_role("link", name="In a frame").click()
    frame = page.frame_locator("iframe")
    says(frame, "This browser lets the page keep nothing")

    with context.expect_page() as opened:
        frame.get_by_role("link", name="Open the timeline in a window of its own").click()
    allow(opened.value)

    is_drawn(opened.value, "Margaret Testwell")


def test_in_a_tab_beside_the_chart(site: Site, page: Page, context: BrowserContext, margaret: str) -> None:
    page.goto(site.ehr.chart(APP, margaret))

    with context.expect_page() as opened:
        page.get_by_role("link", name="In a tab").click()
    allow(opened.value)

    is_drawn(opened.value, "Margaret Testwell")
    assert smart.kept(opened.value) == NOTHING


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first one first", "second one first"])
def test_two_charts_opened_at_once_show_each_its_own_patient(
    site: Site, page: Page, margaret: str, frank: str, order: tuple[int, int]
) -> None:
    """Frames of one window share one sessionStorage."""
    page.goto(beside(site, margaret))
    people = {margaret: "Margaret Testwell", frank: "Frank Testwell"}
    frames = [
        page.frame_locator(f"iframe[name={page.evaluate(_ADD_FRAME, site.launch(patient))}]")
        for patient in people
    ]
    for frame in frames:
        expect(frame.get_by_role("button", name="Allow")).to_be_visible()

    for place in order:
        allow(frames[place])

    for frame, name in zip(frames, people.values(), strict=True):
        is_drawn(frame, name)


def test_the_next_chart_in_the_same_tab_shows_its_own_patient(
    site: Site, page: Page, margaret: str, frank: str
) -> None:
    site.open(page, margaret)
    is_drawn(page, "Margaret Testwell")

    site.open(page, frank)

    is_drawn(page, "Frank Testwell")
    assert "Margaret" not in page.content()
    assert smart.kept(page) == NOTHING


def test_a_sign_in_that_was_given_up_leaves_nothing_for_long(
    site: Site, page: Page, margaret: str, frank: str
) -> None:
    page.goto(site.launch(margaret))
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    page.goto(f"{site.service.base}/assets/icon.svg")
    [name] = page.evaluate("Object.keys(sessionStorage)")
    page.evaluate(
        "([name, old]) => { sessionStorage[old] = sessionStorage[name]; delete sessionStorage[name]; }",
        [name, re.sub(r"\.\d+\.", ".1000.", name)],
    )

    site.open(page, frank)
    is_drawn(page, "Frank Testwell")

    assert smart.kept(page) == NOTHING


def test_after_a_reload_the_chart_has_to_be_opened_again(site: Site, page: Page, margaret: str) -> None:
    site.open(page, margaret)
    is_drawn(page, "Margaret Testwell")

    page.reload()

    says(page, "Nothing is kept of what was shown here.", AGAIN)
    assert "Testwell" not in page.content()
