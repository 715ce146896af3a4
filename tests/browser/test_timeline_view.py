"""The picture: zoom, what lights up, the entries, the table, hostile words, crowds, narrow windows."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from cds_service.timeline import Lane, Linked, Mark, NotDrawn
from tests.browser.conftest import NARROW
from tests.browser.timelines import ONSET, Picture, a_crowded_timeline, a_timeline, number
from tests.served import Served

Axe = Callable[[Page], list[str]]
NEAR = 1.0  # pixels


# --- zoom and lanes -------------------------------------------------------------------------------------------


def test_buttons_zoom_about_the_middle(page: Page) -> None:
    picture = Picture(page).open()
    between = picture.line("today") - picture.line("cramps")
    said = picture.days.inner_text()

    picture.button("Zoom out").click()

    expect(picture.days).not_to_have_text(said)
    assert picture.line("today") - picture.line("cramps") == pytest.approx(between / 1.5, abs=NEAR)


def test_all_reaches_back_to_the_first_mark_and_around_the_cramps_does_not(page: Page) -> None:
    picture = Picture(page).open()

    picture.button("All").click()

    expect(picture.days).to_contain_text("2021 to")

    picture.button("Around the cramps").click()

    expect(picture.days).to_contain_text("Mar 2025 to")


def test_the_wheel_scrolls_the_page_and_zooms_with_ctrl_only(page: Page) -> None:
    picture = Picture(page).open()
    said = picture.days.inner_text()
    picture.svg.hover()

    page.mouse.wheel(0, 200)

    page.wait_for_function("scrollY > 0")
    expect(picture.days).to_have_text(said)

    picture.svg.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")

    expect(picture.days).not_to_have_text(said)


def test_dragging_moves_the_days(page: Page) -> None:
    picture = Picture(page).open()
    picture.button("Zoom in").click()
    before = picture.days.inner_text()
    box = picture.svg.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + 400, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 600, box["y"] + 20, steps=4)
    page.mouse.up()

    expect(picture.days).not_to_have_text(before)


# --- contributors and entries ---------------------------------------------------------------------------------


def test_pointing_at_a_contributor_lights_its_marks_and_dims_the_rest(page: Page) -> None:
    picture = Picture(page).open()

    picture.chip("L01").hover()

    expect(picture.mark("potassium 3.1")).to_contain_class("timeline-lit")
    expect(picture.mark("furosemide")).to_contain_class("timeline-dim")

    picture.svg.hover(position={"x": 5, "y": 5})

    expect(picture.mark("furosemide")).not_to_contain_class("timeline-dim")


def test_a_chosen_contributor_stays_lit(page: Page) -> None:
    picture = Picture(page).open()

    picture.chip("D02").click()
    picture.svg.hover(position={"x": 5, "y": 5})

    expect(picture.chip("D02")).to_have_attribute("aria-pressed", "true")
    expect(picture.mark("furosemide")).to_contain_class("timeline-lit")
    expect(picture.mark("potassium 3.1")).to_contain_class("timeline-dim")


def test_pointing_at_a_mark_shows_its_entry(page: Page) -> None:
    picture = Picture(page).open()

    picture.mark("potassium 3.1").hover()

    expect(picture.panel).to_contain_text("potassium 3.1 mmol/L, 8 Jun 2026")
    expect(picture.panel).to_contain_text("3.1 mmol/L, limits 3.5 to 5.3 mmol/L")
    expect(picture.panel.locator("pre")).to_contain_text('"valueQuantity"')


def test_the_next_button_goes_through_the_entries_of_a_mark(page: Page) -> None:
    picture = Picture(page).open()
    picture.mark("furosemide").click()
    expect(picture.panel).to_contain_text("Entry 1 of 3")

    picture.panel.get_by_role("button", name="Next").click()

    expect(picture.panel).to_contain_text("Entry 2 of 3: MedicationStatement/fur-40")
    expect(picture.panel.locator("pre")).to_contain_text('"fur-40"')


def test_a_click_keeps_an_entry_while_one_points_elsewhere(page: Page) -> None:
    picture = Picture(page).open()
    picture.mark("potassium 3.1").click()

    picture.mark("potassium 4.0").hover()

    expect(picture.panel).to_contain_text("potassium 3.1")

    picture.panel.get_by_role("button", name="Unpin").click()
    picture.mark("potassium 4.0").hover()

    expect(picture.panel).to_contain_text("potassium 4.0")


# --- in words -------------------------------------------------------------------------------------------------


def test_the_table_says_all_that_the_picture_draws(page: Page) -> None:
    picture = Picture(page).open()

    picture.view.get_by_text("As a table", exact=True).click()

    rows = picture.view.get_by_role("row")
    expect(rows).to_have_count(1 + 8)
    expect(rows.filter(has_text="potassium 3.1")).to_contain_text("8 Jun 2026")
    expect(rows.filter(has_text="potassium 3.1")).to_contain_text("L01")
    expect(rows.filter(has_text="furosemide")).to_contain_text("MedicationRequest/rx-fur-80")


def test_what_is_not_drawn_is_counted_and_told(page: Page, service: Served) -> None:
    left_out = (
        NotDrawn("unit not understood", ("Observation/a", "Observation/b")),
        NotDrawn("Laboratory results: did not come", is_list=True),
    )

    picture = Picture(page).draw(service, a_timeline((), not_drawn=left_out))

    expect(picture.view.get_by_text("Laboratory results: did not come")).to_be_visible()
    picture.view.get_by_text("2 entries are not in the picture").click()
    expect(picture.view.get_by_text("unit not understood")).to_be_visible()


def test_without_an_onset_there_are_no_time_classes(page: Page, service: Served) -> None:
    picture = Picture(page).draw(service, a_timeline((), onset=None, shades=()))

    expect(picture.view.get_by_text("No leg cramps are reported here").first).to_be_visible()
    expect(picture.view).to_contain_text("Nothing that could be drawn is in this record.")
    expect(picture.view).to_contain_text("so contributors were not looked for")
    expect(picture.svg.locator('[data-line="cramps"]')).to_have_count(0)
    expect(picture.svg.locator('[data-line="today"]')).to_have_count(1)


def test_hostile_words_stay_words(page: Page, service: Served) -> None:
    evil = "<img src=x onerror=alert(1)>[x](javascript:alert(2))"
    lane = Lane("drug:x", "drug", evil, (Mark("x", ONSET, None, evil, ("Basic/1",), is_running=True),))
    linked = Linked("D02", "x", evil, "contributor", "info", "", evil, (evil,), ("x",))

    picture = Picture(page).draw(
        service,
        a_timeline((lane,), contributors=(linked,)),
        {"Basic/1": {"resourceType": "Basic", "text": evil}},
    )
    picture.mark("<img").click()
    picture.view.get_by_text("As a table", exact=True).click()

    expect(picture.panel.locator("pre")).to_contain_text(evil)
    expect(picture.chip("D02")).to_contain_text(evil)
    expect(picture.view.locator("img, a, script")).to_have_count(0)


# --- crowds and narrow windows --------------------------------------------------------------------------------


def test_labels_never_cover_each_other_in_a_crowd(page: Page, service: Served) -> None:
    picture = Picture(page).draw(service, a_crowded_timeline())
    picture.button("Show all that was read (38)").click()

    for name in ("Around the cramps", "Zoom in", "All"):
        picture.button(name).click()

        assert picture.overlapping_labels() == []

    expect(picture.lane("result:potassium").locator('.timeline-labels [data-tag="L01"]')).to_have_count(1)


def test_a_crowd_is_drawn_anew_in_a_tenth_of_a_second(page: Page, service: Served) -> None:
    picture = Picture(page).draw(service, a_crowded_timeline())
    picture.button("Show all that was read (38)").click()

    times = picture.svg.evaluate(
        """async svg => {
            const box = svg.getBoundingClientRect();
            const at = { clientX: box.left + 600, clientY: box.top + 100 };
            const times = [];
            for (let turn = 0; turn < 12; turn++) {
                const start = performance.now();
                const deltaY = turn < 6 ? -100 : 100;
                svg.dispatchEvent(new WheelEvent("wheel", { deltaY, ctrlKey: true, cancelable: true, ...at }));
                await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
                times.push(performance.now() - start);
            }
            return times;
        }"""
    )

    assert min(times) < 100  # ms; in the others the machine may have done something else


def test_a_narrow_window_has_lane_names_above_and_does_not_scroll_sideways(page: Page) -> None:
    page.set_viewport_size(NARROW)

    picture = Picture(page).open()

    name = picture.svg.locator('[data-lane-name="drug:furosemide"]')
    bar = picture.mark("furosemide").locator(".timeline-bar").first
    assert number(name, "y") < number(bar, "y")
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_the_picture_keeps_the_rules_of_accessibility(page: Page, axe: Axe) -> None:
    picture = Picture(page).open()
    picture.mark("furosemide").click()
    picture.view.get_by_text("As a table", exact=True).click()

    assert axe(page) == []
    expect(picture.svg).to_have_accessible_description(
        "Keys: + and − zoom, ← and → move, 0 shows all; Tab goes to the marks, arrow keys from mark to mark, "
        "Enter keeps an entry in the panel. The same is below as a table."
    )
