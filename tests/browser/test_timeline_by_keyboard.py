"""The picture without a pointer: one stop of the Tab key for the picture, one for its marks, arrows between marks."""

from playwright.sync_api import Page, expect

from tests.browser.timelines import Picture


def test_plus_minus_and_nought_zoom_where_the_picture_has_the_focus(page: Page) -> None:
    picture = Picture(page).open()
    opened = picture.days.inner_text()
    picture.svg.focus()

    page.keyboard.press("+")
    nearer = picture.days.inner_text()
    page.keyboard.press("-")
    page.keyboard.press("0")

    assert nearer != opened
    expect(picture.days).to_contain_text("2021 to")


def test_arrows_move_the_days_where_the_picture_has_the_focus(page: Page) -> None:
    picture = Picture(page).open()
    picture.svg.focus()
    page.keyboard.press("+")
    before = picture.days.inner_text()

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")

    expect(picture.days).not_to_have_text(before)
    expect(picture.svg.locator('[data-line="today"]')).to_have_count(0)


def test_the_marks_are_one_stop_of_the_tab_key(page: Page) -> None:
    picture = Picture(page).open()

    stops = picture.svg.locator('[data-mark][tabindex="0"]')

    expect(stops).to_have_count(1)
    picture.svg.focus()
    page.keyboard.press("Tab")
    expect(stops).to_be_focused()
    expect(picture.panel).to_contain_text("Night leg cramps")


def test_arrows_go_along_a_lane_and_from_lane_to_lane(page: Page) -> None:
    picture = Picture(page).open()
    picture.mark("potassium 4.0").focus()

    page.keyboard.press("ArrowRight")

    expect(picture.mark("potassium 3.1")).to_be_focused()
    expect(picture.panel).to_contain_text("potassium 3.1")

    page.keyboard.press("ArrowDown")

    expect(picture.mark("magnesium 0.62")).to_be_focused()

    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")

    expect(picture.mark("potassium 4.0")).to_be_focused()


def test_the_window_follows_the_focus(page: Page) -> None:
    picture = Picture(page).open()
    picture.button("Around the cramps").click()
    for _ in range(6):
        picture.button("Zoom in").click()
    for _ in range(20):
        picture.button("Later").click()
    picture.mark("potassium 3.1").focus()
    before = picture.days.inner_text()

    page.keyboard.press("Home")

    expect(picture.mark("potassium 4.0")).to_be_focused()
    expect(picture.days).not_to_have_text(before)


def test_enter_keeps_an_entry_and_escape_lets_it_go(page: Page) -> None:
    picture = Picture(page).open()
    picture.mark("potassium 3.1").focus()

    page.keyboard.press("Enter")

    expect(picture.mark("potassium 3.1")).to_have_attribute("aria-pressed", "true")

    page.keyboard.press("ArrowLeft")

    expect(picture.panel).to_contain_text("potassium 3.1")

    page.keyboard.press("Escape")

    expect(picture.panel).to_contain_text("potassium 4.0")


def test_a_contributor_lights_its_marks_when_it_has_the_focus(page: Page) -> None:
    picture = Picture(page).open()

    picture.chip("L02").focus()

    expect(picture.mark("magnesium 0.62")).to_contain_class("timeline-lit")

    page.keyboard.press("Tab")

    expect(picture.mark("furosemide")).to_contain_class("timeline-lit")
    expect(picture.mark("magnesium 0.62")).to_contain_class("timeline-dim")
