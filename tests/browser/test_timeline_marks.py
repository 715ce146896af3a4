"""Each element of the picture at its day: courses, results, diagnoses, the cramps, the time classes."""

from datetime import date

import pytest
from playwright.sync_api import Page, expect

from cds_service.timeline import Lane, Line, Linked, Mark
from tests.browser.timelines import ONSET, Picture, a_timeline, number
from tests.served import Served

NEAR = 1.0  # pixels


# --- a built-in patient ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def picture(shown: Page) -> Picture:
    """One picture for all who only look at it."""
    return Picture(shown).open()


def test_a_drug_course_is_a_bar_with_a_step_where_the_dose_was_raised(picture: Picture) -> None:
    pieces = picture.mark("furosemide 80 mg").locator(".timeline-bar")

    expect(pieces).to_have_count(2)
    assert number(pieces.last, "x") == pytest.approx(picture.x_of(date(2026, 4, 20)), abs=NEAR)
    assert number(pieces.last, "height") > 1.5 * number(pieces.first, "height")
    expect(picture.lane("drug:furosemide")).to_contain_text("80 mg from 20 Apr 2026")


def test_a_course_that_runs_on_reaches_today_and_ends_in_an_arrow(picture: Picture) -> None:
    course = picture.mark("furosemide 80 mg")

    last = course.locator(".timeline-bar").last
    assert number(last, "x") + number(last, "width") == pytest.approx(picture.line("today"), abs=NEAR)
    expect(course.locator(".timeline-arrow")).to_have_count(1)


def test_results_are_points_at_their_days_and_a_low_one_points_down(picture: Picture) -> None:
    inside = picture.mark("potassium 4.0 mmol/L").locator(".timeline-point")
    low = picture.mark("potassium 3.1 mmol/L").locator(".timeline-point")

    assert number(inside, "cx") == pytest.approx(picture.x_of(date(2026, 3, 2)), abs=NEAR)
    centre = low.evaluate("point => point.getBBox().x + point.getBBox().width / 2")
    assert centre == pytest.approx(picture.x_of(date(2026, 6, 8)), abs=NEAR)
    expect(inside).to_have_class("timeline-point timeline-within")
    expect(low).to_have_class("timeline-point timeline-low")


def test_what_a_formula_makes_of_a_value_stands_beside_it(page: Page) -> None:
    picture = Picture(page).open("low-total-calcium-low-albumin")

    lane = picture.lane("result:calcium_total")

    expect(lane).to_contain_text("2.00 mmol/L (corrected 2.28)")


def test_the_laboratorys_band_is_behind_its_results(picture: Picture) -> None:
    lane = picture.lane("result:potassium")

    band = lane.locator(".timeline-band rect")
    inside = number(picture.mark("potassium 4.0 mmol/L").locator("circle.timeline-point"), "cy")
    assert number(band, "y") < inside < number(band, "y") + number(band, "height")
    expect(lane.locator(".timeline-value")).to_have_text(["5.3", "3.5"])
    expect(lane.locator(".timeline-unit")).to_have_text("mmol/L")


def test_the_last_value_is_written_with_its_unit_and_its_contributor(picture: Picture) -> None:
    label = picture.lane("result:potassium").locator(".timeline-labels")

    expect(label).to_contain_text("3.1 mmol/L")
    expect(label.locator('[data-tag="L01"]')).to_be_visible()


def test_the_cramps_are_a_line_with_the_date_as_it_was_written(picture: Picture) -> None:
    name = picture.svg.locator(".timeline-onset text")

    expect(name).to_have_text("Cramps from 5 May 2026 (date in the record)")
    assert picture.line("cramps") < picture.line("today")


def test_time_classes_shade_the_drugs_and_the_legend_says_what_they_are(picture: Picture) -> None:
    strong = picture.svg.locator('[data-shade="strong"] rect')

    assert number(strong, "x") == pytest.approx(picture.x_of(date(2026, 2, 4)), abs=NEAR)
    end = number(strong, "x") + number(strong, "width")
    assert end == pytest.approx(
        picture.x_of(date(2026, 5, 6)), abs=NEAR
    )  # the day of the onset is one of them
    legend = picture.view.get_by_role("list", name="Signs")
    expect(legend).to_contain_text("began 0 to 90 days before the cramps")
    expect(legend).to_contain_text("began 91 to 365 days before the cramps")


def test_the_day_of_today_is_the_services_not_the_browsers(picture: Picture) -> None:
    expect(picture.svg.locator(".timeline-today-name")).to_have_text("Today 15 Jun 2026")


def test_it_opens_at_what_the_contributors_need(picture: Picture) -> None:
    expect(picture.days).to_contain_text("2025 to")  # not from 2021, when heart failure was recorded
    expect(picture.lane("result:potassium")).to_be_visible()
    expect(picture.lane("drug:ramipril")).to_have_count(0)


# --- others ---------------------------------------------------------------------------------------------------


def test_a_partial_onset_is_a_span_and_says_that_it_was_first_recorded(page: Page, service: Served) -> None:
    line = Line(date(2026, 5, 1), date(2026, 5, 31), "cramps from May 2026", is_stated=False)
    lane = Lane("drug:x", "drug", "x", (Mark("x", ONSET, None, "x since 5 May 2026", (), is_running=True),))

    picture = Picture(page).draw(service, a_timeline((lane,), onset=line))

    edges = picture.svg.locator('[data-line="cramps"]')
    span = picture.svg.locator(".timeline-onset rect")
    expect(edges).to_have_count(2)
    assert number(span, "width") == pytest.approx(
        number(edges.last, "x1") - number(edges.first, "x1"), abs=NEAR
    )
    expect(picture.svg.locator(".timeline-onset text")).to_have_text("Cramps from May 2026 (first recorded)")


def test_what_no_date_says_is_left_open(page: Page, service: Served) -> None:
    course = Mark("a", None, date(2026, 1, 10), "open start", (), given=(date(2025, 10, 1),))
    lost = Mark("b", date(2025, 11, 1), None, "end unknown", (), "1 Nov 2025", given=(date(2025, 12, 1),))
    undated = Mark("c", None, None, "undated", ())

    picture = Picture(page).draw(
        service,
        a_timeline(
            (Lane("drug:x", "drug", "x", (course, lost)), Lane("diagnosis:y", "diagnosis", "y", (undated,)))
        ),
    )

    expect(picture.mark("open start").locator(".timeline-open")).to_have_count(1)
    expect(picture.lane("drug:x")).to_contain_text("start not recorded")
    assert number(picture.mark("open start").locator(".timeline-bar"), "x") == pytest.approx(
        picture.x_of(date(2025, 10, 1)), abs=NEAR
    )
    expect(picture.mark("end unknown").locator(".timeline-lost")).to_have_count(1)
    expect(picture.lane("drug:x")).to_contain_text("end not recorded")
    expect(picture.lane("diagnosis:y")).to_contain_text("date not recorded")


def test_a_partial_date_is_the_span_that_it_is(page: Page, service: Served) -> None:
    diagnosis = Mark("a", date(2025, 10, 1), date(2025, 10, 31), "diabetes, Oct 2025", (), "Oct 2025")

    picture = Picture(page).draw(service, a_timeline((Lane("diagnosis:y", "diagnosis", "y", (diagnosis,)),)))

    bar = picture.mark("diabetes").locator(".timeline-bar")
    assert number(bar, "x") == pytest.approx(picture.x_of(date(2025, 10, 1)), abs=NEAR)
    end = number(bar, "x") + number(bar, "width")
    assert end == pytest.approx(picture.x_of(date(2025, 11, 1)), abs=NEAR)
    expect(picture.lane("diagnosis:y").locator(".timeline-label")).to_have_text("Oct 2025")


def test_a_start_is_written_no_more_exactly_than_in_the_record(page: Page, service: Served) -> None:
    """Neither in the picture nor beside it, whatever other days are told of it."""
    says = "statin, since Mar 2026, recorded 1 Mar 2026"
    course = Mark("a", date(2026, 3, 1), None, says, (), "Mar 2026", date(2026, 3, 31), is_running=True)

    picture = Picture(page).draw(service, a_timeline((Lane("drug:y", "drug", "y", (course,)),)))
    picture.mark("statin").click()

    expect(picture.lane("drug:y").locator(".timeline-label")).to_have_text("since Mar 2026")
    unsure = picture.mark("statin").locator(".timeline-unsure")
    until = number(unsure, "x") + number(unsure, "width")
    assert number(unsure, "x") == pytest.approx(picture.x_of(date(2026, 3, 1)), abs=NEAR)
    assert until == pytest.approx(picture.x_of(date(2026, 4, 1)), abs=NEAR)
    expect(picture.view.get_by_role("list", name="Signs")).to_contain_text("may have begun by then")


def test_a_start_that_nobody_stated_is_told_as_when_it_was_recorded(page: Page, service: Served) -> None:
    begun = date(2026, 3, 1)
    course = Mark("a", begun, None, "statin", (), "1 Mar 2026", starts_is_stated=False, is_running=True)
    report = Mark("b", ONSET, None, "cramps", (), "5 May 2026", starts_is_stated=False, is_running=True)
    lanes = Lane("cramps", "cramps", "night leg cramps", (report,)), Lane("drug:y", "drug", "y", (course,))

    picture = Picture(page).draw(service, a_timeline(lanes))

    expect(picture.lane("drug:y").locator(".timeline-label")).to_have_text("first recorded 1 Mar 2026")
    expect(picture.mark("statin").locator(".timeline-unstated")).to_have_count(1)
    expect(picture.lane("cramps").locator(".timeline-label")).to_have_text("recorded 5 May 2026")


def test_what_was_set_aside_does_not_look_like_a_contributor(page: Page, service: Served) -> None:
    aside = Mark("a", date(2026, 3, 1), None, "statin", (), "1 Mar 2026", is_running=True)
    told = Mark("b", date(2026, 3, 1), None, "diuretic", (), "1 Mar 2026", is_running=True)
    linked = (
        Linked("D05", "statin", "statin", "set-aside", "", "", "set aside", (), ("a",)),
        Linked("D02", "loop-diuretic", "loop diuretic", "contributor", "info", "", "information", (), ("b",)),
    )
    lanes = Lane("drug:x", "drug", "x", (aside,)), Lane("drug:y", "drug", "y", (told,))

    picture = Picture(page).draw(service, a_timeline(lanes, contributors=linked))

    expect(picture.lane("drug:x").locator(".timeline-aside")).not_to_have_count(0)
    expect(picture.lane("drug:y").locator(".timeline-aside")).to_have_count(0)
    heights = [
        number(picture.mark(name).locator(".timeline-bar"), "height") for name in ("statin", "diuretic")
    ]
    assert heights[0] < heights[1]
    expect(picture.mark("statin")).to_have_accessible_name("statin; D05 (set aside)")


def test_the_name_of_today_has_a_row_of_its_own(page: Page) -> None:
    """No line strikes through it, neither that of the cramps nor its own."""
    picture = Picture(page).open()

    name = picture.svg.locator(".timeline-today-name")

    base = number(name, "y")
    for line in ("today", "cramps"):
        assert number(picture.svg.locator(f'[data-line="{line}"]').first, "y1") > base
    assert base - number(picture.svg.locator(".timeline-onset text"), "y") > 12


def test_what_lies_before_the_window_is_told_at_its_edge(page: Page) -> None:
    picture = Picture(page).open()

    picture.button("Show all that was read (3)").click()

    expect(picture.lane("diagnosis:heart_failure")).to_contain_text("‹ recorded 2 Nov 2021")
