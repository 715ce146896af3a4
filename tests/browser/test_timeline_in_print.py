"""The picture on paper: one sheet of A4 landscape, without buttons, with the days that were chosen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.timelines import Picture, a_crowded_timeline
from tests.served import Served

A4_LANDSCAPE = (842, 595)  # points


def sheets(pdf: bytes) -> list[tuple[int, int]]:
    """The sizes of the sheets of a document."""
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == len(re.findall(rb"/MediaBox", pdf))
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    return [(round(float(width)), round(float(height))) for width, height in boxes]


@pytest.mark.parametrize("story", ["furosemide-low-potassium", "crowded-record", "no-cramp-report"])
def test_a_record_is_one_sheet(page: Page, story: str) -> None:
    Picture(page).open(story)

    pdf = page.pdf(prefer_css_page_size=True)

    assert sheets(pdf) == [A4_LANDSCAPE]


def test_forty_lanes_are_one_sheet_that_tells_what_is_not_on_it(page: Page, service: Served) -> None:
    picture = Picture(page).draw(service, a_crowded_timeline())
    picture.button("Show all that was read (38)").click()

    pdf = page.pdf(prefer_css_page_size=True)
    page.emulate_media(media="print")

    assert sheets(pdf) == [A4_LANDSCAPE]
    expect(picture.view).to_contain_text(
        re.compile(r"\d+ lanes that no contributor rests on are not printed")
    )
    expect(picture.lane("result:potassium")).to_be_visible()
    expect(picture.lane("drug:furosemide")).to_be_visible()


def test_paper_has_the_title_and_the_picture_and_nothing_to_press(page: Page) -> None:
    picture = Picture(page).open()

    page.emulate_media(media="print")

    expect(picture.view.get_by_role("heading")).to_have_text("Timeline of drugs, results and cramps")
    expect(picture.view).to_contain_text("Today 15 Jun 2026. Cramps from 5 May 2026 (date in the record).")
    expect(page.get_by_text("Margaret Testwell, born 14 Sep 1947. Demo: synthetic data")).to_be_visible()
    expect(page.get_by_text("Possible contributors from record data; not a diagnosis")).to_be_visible()
    expect(picture.svg).to_be_visible()
    expect(picture.button("Zoom in")).to_be_hidden()
    expect(picture.panel).to_be_hidden()
    expect(page.get_by_role("region", name="Cards", exact=True)).to_be_hidden()


def test_paper_shows_the_days_that_were_chosen(page: Page) -> None:
    picture = Picture(page).open()
    picture.button("Zoom in").click()
    shown = picture.svg.get_attribute("aria-label")
    assert shown is not None

    page.emulate_media(media="print")

    expect(picture.svg).to_have_attribute("aria-label", shown)


def test_time_classes_differ_without_colour(page: Page) -> None:
    picture = Picture(page).open()

    fills = picture.svg.locator("[data-shade] rect")

    drawn = fills.evaluate_all(
        """rects => rects.map(rect => {
            const pattern = document.getElementById(rect.getAttribute("fill").slice(5, -1));
            return [...pattern.children].slice(1).map(child => child.outerHTML).join("");
        })"""
    )
    assert len(set(drawn)) == len(drawn) == 3


def test_the_screen_is_as_before_once_it_is_printed(page: Page) -> None:
    picture = Picture(page).open()
    before = picture.svg.get_attribute("viewBox")
    assert before is not None

    page.pdf(prefer_css_page_size=True)

    expect(picture.svg).to_have_attribute("viewBox", before)
