"""The workbench: cards without typing, choosing, links, calling again, tabs."""

import json
import re

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.bench import CALL, FIRST, SILENT, STORIES, Bench, body_of, file_of, said_of

# --- the first look -------------------------------------------------------------------------------------------


@pytest.fixture
def first(shown: Page) -> Bench:
    """The page as it comes up, to be looked at only."""
    bench = Bench(shown)
    return bench.start() if shown.url == "about:blank" else bench


def test_cards_are_on_screen_without_typing(first: Bench) -> None:
    expect(first.summaries).to_have_text(said_of("furosemide-low-potassium"))
    expect(first.banner).to_contain_text("Margaret Testwell")
    expect(first.banner).to_contain_text("14 Sep 1947")
    expect(first.banner).to_contain_text("built-in, synthetic")
    expect(first.page.get_by_text("not for clinical use")).to_be_visible()
    assert first.title() == FIRST


def test_the_status_line_tells_service_versions_sizes_and_time(first: Bench) -> None:
    expect(first.status).to_have_text(
        re.compile(
            r"nocturnal-leg-cramps, CDS Hooks 2\.0\.1 · knowledge \S+ · status 200 · 1 card · "
            r"\S+ kB sent, \S+ kB received · \d+ ms · dated 2026-06-15"
        )
    )


def test_the_timeline_is_the_first_tab(first: Bench) -> None:
    expect(first.tab("Timeline")).to_have_attribute("aria-selected", "true")
    expect(first.panel.locator("svg").first).to_be_visible()


# --- choosing a patient ---------------------------------------------------------------------------------------


def test_next_and_previous_go_through_the_built_in_patients(page: Page) -> None:
    bench = Bench(page).start()
    titles = bench.stories.locator("option").all_text_contents()
    place = titles.index(FIRST)

    bench.button("Next").click()
    expect(bench.stories.locator("option:checked")).to_have_text(titles[place + 1])
    bench.button("Previous").click()
    expect(bench.stories.locator("option:checked")).to_have_text(FIRST)
    bench.choose(titles[0])
    bench.button("Previous").click()

    expect(bench.stories.locator("option:checked")).to_have_text(titles[-1])
    expect(page).to_have_url(re.compile("#story="))


def test_every_visit_is_of_somebody_new(page: Page) -> None:
    """What was dismissed in an earlier visit must not be silent in this one."""
    bench = Bench(page).start()
    first = bench.request()

    bench.choose(SILENT)
    bench.choose(FIRST)
    second = bench.request()

    ids = [first["context"]["patientId"], second["context"]["patientId"]]
    assert ids[0] != ids[1]
    assert [request["prefetch"]["patient"]["id"] for request in (first, second)] == ids
    assert first["hookInstance"] != second["hookInstance"]
    assert '"Patient/pt-1001"' not in json.dumps(second)


def test_silence_is_told_with_its_reason(page: Page) -> None:
    bench = Bench(page).start()

    bench.choose(SILENT)

    expect(bench.summaries).to_have_count(0)
    expect(bench.cards).to_contain_text("no-report")


def test_an_answer_that_comes_late_does_not_take_the_place_of_a_later_wish(page: Page) -> None:
    bench = Bench(page).start()
    held: list[Route] = []
    page.route("**/demo/no-cramp-report", lambda route: held.append(route))

    with page.expect_request("**/demo/no-cramp-report"):
        bench.stories.select_option(SILENT)
    bench.stories.select_option("Hypothyroidism, TSH overdue")
    expect(page).to_have_url(re.compile("#story=hypothyroidism-tsh-overdue$"))
    held[0].continue_()
    page.wait_for_load_state("networkidle")

    assert bench.title() == "Hypothyroidism, TSH overdue"
    expect(bench.summaries).to_have_text(said_of("hypothyroidism-tsh-overdue"))


# --- the address ----------------------------------------------------------------------------------------------


def test_a_link_opens_its_patient_and_its_tab(page: Page) -> None:
    bench = Bench(page).start("/#story=no-cramp-report&tab=request")

    assert bench.title() == SILENT
    expect(bench.tab("Request")).to_have_attribute("aria-selected", "true")


def test_the_address_follows_what_is_chosen(page: Page) -> None:
    bench = Bench(page).start()

    bench.tab("Response").click()
    expect(page).to_have_url(re.compile("#story=furosemide-low-potassium&tab=response$"))
    bench.choose(SILENT)

    expect(page).to_have_url(re.compile("#story=no-cramp-report&tab=response$"))


def test_a_link_that_is_followed_within_the_page_changes_the_patient(page: Page) -> None:
    bench = Bench(page).start()

    page.evaluate("location.hash = '#story=no-cramp-report&tab=trace'")

    expect(bench.stories.locator("option:checked")).to_have_text(SILENT)
    expect(bench.tab("Why this answer")).to_have_attribute("aria-selected", "true")


def test_a_link_to_nobody_shows_the_first_patient(page: Page) -> None:
    bench = Bench(page).start("/#story=nobody&tab=nothing")

    assert bench.title() == FIRST
    expect(bench.tab("Timeline")).to_have_attribute("aria-selected", "true")


# --- calling again --------------------------------------------------------------------------------------------


def test_calling_again_is_another_call_about_the_same_patient(page: Page) -> None:
    bench = Bench(page).start()
    first = bench.request()

    with page.expect_request(CALL) as call:
        bench.button("Call again").click()
    bench.answered()

    sent = body_of(call.value)
    assert sent["context"] == first["context"]
    assert sent["prefetch"] == first["prefetch"]
    assert sent["hookInstance"] != first["hookInstance"]


def test_what_was_dismissed_stays_silent_for_this_visit_only(page: Page) -> None:
    bench = Bench(page).start()
    bench.button("Dismiss…").click()
    bench.cards.get_by_label("Already considered").check()
    bench.cards.get_by_role("button", name="Dismiss", exact=True).click()
    expect(bench.cards).to_contain_text("Feedback sent")

    bench.button("Call again").click()
    expect(bench.summaries).to_have_count(0)
    bench.choose(SILENT)
    bench.choose(FIRST)

    expect(bench.summaries).to_have_text(said_of("furosemide-low-potassium"))


def test_a_card_that_is_pointed_at_marks_its_rows_in_the_timeline(page: Page) -> None:
    bench = Bench(page).start()
    lit = bench.panel.locator(".timeline-chip-lit")
    expect(lit).to_have_count(0)

    bench.summaries.first.click()

    expect(lit).to_have_count(3)
    bench.button("Call again").click()
    expect(lit).to_have_count(0)


def test_a_card_that_the_tab_key_comes_to_marks_its_rows_in_the_timeline(page: Page) -> None:
    bench = Bench(page).start()
    bench.button("Call again").focus()

    page.keyboard.press("Tab")

    expect(bench.cards.locator("article :focus")).to_have_count(1)
    expect(bench.panel.locator(".timeline-chip-lit")).to_have_count(3)


def test_another_tab_than_the_timeline_is_printed_with_the_patient(page: Page) -> None:
    """Only the picture has a sheet for itself."""
    bench = Bench(page).start()
    bench.tab("Why this answer").click()

    page.emulate_media(media="print")

    expect(bench.banner).to_be_visible()
    expect(bench.panel.get_by_role("region", name="Trace")).to_be_visible()


# --- tabs -----------------------------------------------------------------------------------------------------


def test_the_tabs_are_worked_by_keyboard(page: Page) -> None:
    bench = Bench(page).start()
    bench.tab("Timeline").focus()

    seen = []
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home"):
        page.keyboard.press(key)
        seen.append(page.locator("[role=tab][aria-selected=true]").text_content())

    assert seen == ["Why this answer", "Request", "All cards", "Timeline", "All cards", "Timeline"]
    expect(bench.tab("Timeline")).to_be_focused()
    expect(bench.tab("Why this answer")).to_have_attribute("tabindex", "-1")


def test_the_response_is_what_came(page: Page) -> None:
    bench = Bench(page).start()

    bench.tab("Response").click()

    body = json.loads(bench.panel.get_by_role("region", name="Status 200").inner_text())
    assert [card["summary"] for card in body["cards"]] == said_of("furosemide-low-potassium")


def test_numbers_are_sent_as_they_were_written(page: Page) -> None:
    """A result of 4.0 is not one of 4."""
    request = (STORIES / "furosemide-low-potassium" / "request.json").read_text("utf-8")
    assert '"value": 3.1,' in request
    bench = Bench(page).start()

    with page.expect_request(CALL) as call:
        bench.open(file_of("request.json", request.replace('"value": 3.1,', '"value": 3.10,').encode()))
    bench.answered()

    assert '"value":3.10,' in (call.value.post_data or "")


def test_a_body_can_be_copied(page: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    bench = Bench(page).start()
    bench.tab("Request").click()

    bench.button("Copy").click()

    expect(bench.panel.get_by_role("status")).to_have_text("Copied.")
    assert json.loads(page.evaluate("navigator.clipboard.readText()"))["hook"] == "patient-view"


# --- keyboard -------------------------------------------------------------------------------------------------


def test_a_patient_is_chosen_by_keyboard_alone(page: Page) -> None:
    bench = Bench(page).start()
    titles = bench.stories.locator("option").all_text_contents()

    page.keyboard.press("Tab")
    expect(bench.button("Previous")).to_be_focused()
    page.keyboard.press("Tab")
    expect(bench.stories).to_be_focused()
    page.keyboard.press("Tab")
    expect(bench.button("Next")).to_be_focused()
    page.keyboard.press("Enter")

    expect(bench.stories.locator("option:checked")).to_have_text(titles[titles.index(FIRST) + 1])
