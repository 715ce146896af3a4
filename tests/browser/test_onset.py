"""Moving the day since when there are cramps, or putting a report in, and how the answer changes."""

from playwright.sync_api import Page, expect

from tests.browser.bench import CALL, Bench, body_of, cramps, file_of, patient, record, said_of
from tests.browser.conftest import TODAY


def test_moving_the_onset_by_date_shows_how_the_answer_changes(page: Page) -> None:
    bench = Bench(page).start()
    expect(bench.date).to_have_value("2026-05-05")

    bench.date.fill("2026-04-01")

    expect(bench.difference).to_contain_text("Compared with the answer as recorded")
    expect(bench.summaries).not_to_have_text(said_of("furosemide-low-potassium"))
    report = bench.request()["prefetch"]["conditions"]["entry"][0]["resource"]
    assert report["onsetDateTime"] == "2026-04-01"


def test_moving_the_onset_by_keyboard_calls_once_and_goes_back(page: Page) -> None:
    bench = Bench(page).start()
    bench.slider.focus()

    with page.expect_request(CALL) as call:
        for _ in range(3):
            page.keyboard.press("ArrowLeft")
    expect(bench.date).to_have_value("2026-05-02")
    sent = body_of(call.value)["prefetch"]["conditions"]["entry"][0]["resource"]
    expect(bench.difference).to_contain_text("Reads now")
    bench.button("Back to 5 May 2026").click()

    assert sent["onsetDateTime"] == "2026-05-02"
    expect(bench.difference).to_have_text("Shown: as recorded.")
    expect(bench.summaries).to_have_text(said_of("furosemide-low-potassium"))
    expect(bench.date).to_have_value("2026-05-05")


def test_an_onset_of_long_ago_is_on_the_slider_too(page: Page) -> None:
    bench = Bench(page).start()

    bench.date.fill("2011-02-03")

    expect(bench.slider).to_have_attribute("aria-valuetext", "3 Feb 2011")
    expect(bench.slider).to_have_value("0")
    expect(bench.difference).to_contain_text("Compared with the answer as recorded")


def test_the_slider_says_its_date(page: Page) -> None:
    bench = Bench(page).start()

    expect(bench.slider).to_have_attribute("aria-valuetext", "5 May 2026")


def test_a_report_is_put_in_where_there_is_none(page: Page) -> None:
    bench = Bench(page).start("/#story=no-cramp-report")

    bench.date.fill("2026-05-20")
    bench.button("Add a report of leg cramps at night").click()

    expect(bench.summaries).not_to_have_count(0)
    expect(bench.difference).to_have_text("Shown: as added, from 20 May 2026.")
    expect(bench.date).to_be_focused()
    expect(bench.onset).to_contain_text("Cramps added in the workbench.")
    expect(bench.banner.get_by_role("listitem")).to_have_text("Cramps added in the workbench.")
    expect(page.locator('[data-lane-name="cramps"]')).to_have_text("Cramps (added here)")
    report = bench.request()["prefetch"]["conditions"]["entry"][0]["resource"]
    assert report["code"]["coding"][0]["code"] == "G47.62"
    assert (report["onsetDateTime"], report["recordedDate"]) == ("2026-05-20", TODAY)


def test_a_report_that_was_put_in_can_be_moved(page: Page) -> None:
    bench = Bench(page).start("/#story=no-cramp-report")
    bench.button("Add a report of leg cramps at night").click()
    expect(bench.difference).to_contain_text("Shown: as added")

    bench.date.fill("2024-07-01")

    expect(bench.difference).to_contain_text("as added, from 18 May 2026")
    expect(bench.button("Back to 18 May 2026")).to_have_attribute("aria-disabled", "false")


def test_a_report_whose_date_stands_elsewhere_is_told(page: Page) -> None:
    """A medicine whose reason is cramps has no onset that one could move."""
    bench = Bench(page)

    bench.start("/#story=quinine-alone")

    expect(bench.onset).to_contain_text("Another report stands in an entry whose date can't be moved here.")


def test_an_onset_that_is_a_period_becomes_the_day_and_nothing_is_recorded_before_it(page: Page) -> None:
    """A condition has one onset; and a report that is written down before the cramps would contradict itself."""
    report = {
        **cramps("c1", "Patient/anne", ""),
        "onsetPeriod": {"start": "2026-03-01", "end": "2026-03-20"},
        "recordedDate": "2026-03-25",
    }
    del report["onsetDateTime"]
    bench = Bench(page).start()
    bench.open(file_of("anne.json", record((patient("anne", "Anne"), report))))
    bench.shown("Anne Testwell")
    expect(bench.date).to_have_value("2026-03-01")

    with page.expect_request(CALL) as call:
        bench.date.fill("2026-05-02")

    (entry,) = body_of(call.value)["prefetch"]["conditions"]["entry"]
    sent = entry["resource"]
    assert {name for name in sent if name.startswith("onset")} == {"onsetDateTime"}
    assert (sent["onsetDateTime"], sent["recordedDate"]) == ("2026-05-02", "2026-05-02")
