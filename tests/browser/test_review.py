"""The reviewers' preview: the cards of all built-in patients, chosen by rule."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.bench import CALL, Bench
from tests.browser.faults import Faults

STORIES = Path(__file__).parents[2] / "fixtures"
CARDS = {
    path.parent.name: json.loads(path.read_text("utf-8"))["cards"] for path in STORIES.glob("*/cards.json")
}


@pytest.fixture
def review(page: Page) -> Locator:
    """All cards, once they are all there."""
    Bench(page).start("/#tab=cards")
    return all_there(page)


@pytest.fixture
def looked_at(shown: Page) -> Locator:
    """The same, in one window for all who look and choose."""
    if shown.url == "about:blank":
        Bench(shown).start("/#tab=cards")
    shown.get_by_label("Show patients with").select_option("")
    return all_there(shown)


def all_there(page: Page) -> Locator:
    made = page.get_by_role("region", name="All cards")
    expect(made.get_by_role("status")).to_have_text(f"{len(CARDS)} of {len(CARDS)} patients")
    return made


def test_the_cards_of_all_built_in_patients_are_there(looked_at: Locator) -> None:
    expected = [card["summary"] for story in sorted(CARDS) for card in CARDS[story]]

    expect(looked_at.get_by_role("heading", level=4)).to_have_text(expected)
    expect(looked_at.get_by_role("heading", level=3)).to_have_count(len(CARDS))
    expect(looked_at.get_by_role("progressbar")).to_have_count(0)


def test_a_patient_without_cards_has_the_reason(looked_at: Locator) -> None:
    patient = looked_at.get_by_role("region", name="Cramps of the hand only")

    expect(patient).to_contain_text("In an EHR nothing would be shown.")
    expect(patient.locator("code")).to_have_text("other-site")


def test_nothing_is_accepted_or_dismissed_here(looked_at: Locator) -> None:
    expect(looked_at.get_by_role("button")).to_have_count(0)
    expect(looked_at.get_by_text("Draft order: CK, creatinine")).to_be_visible()


def test_patients_can_be_chosen_by_rule(looked_at: Locator) -> None:
    with_rule = [
        story
        for story in sorted(CARDS)
        if any(
            found["row"] == "D02"
            for card in CARDS[story]
            for found in card["extension"].get("org.legcramps.findings", ())
        )
    ]
    choice = looked_at.get_by_label("Show patients with")

    choice.select_option(label=f"D02 loop-diuretic ({len(with_rule)})")

    expect(looked_at.get_by_role("status")).to_have_text(f"{len(with_rule)} of {len(CARDS)} patients")
    links = looked_at.get_by_role("heading", level=3).get_by_role("link")
    assert [each.get_attribute("href") for each in links.all()] == [f"#story={story}" for story in with_rule]


def test_patients_can_be_chosen_by_chain(looked_at: Locator) -> None:
    with_chain = [
        story
        for story in CARDS
        if any(card["extension"].get("org.legcramps.chain") == "M5" for card in CARDS[story])
    ]

    looked_at.get_by_label("Show patients with").select_option("M5")

    expect(looked_at.get_by_role("status")).to_have_text(f"{len(with_chain)} of {len(CARDS)} patients")
    expect(looked_at.locator("option:checked")).to_have_text(
        f"M5 beta2 agonist with low potassium ({len(with_chain)})"
    )


def test_patients_without_cards_can_be_chosen(looked_at: Locator) -> None:
    silent = sum(not cards for cards in CARDS.values())

    looked_at.get_by_label("Show patients with").select_option(label=f"no cards ({silent})")

    expect(looked_at.get_by_role("article")).to_have_count(0)
    expect(looked_at.get_by_text("In an EHR nothing would be shown.")).to_have_count(silent)


def test_a_patient_opens_in_the_workbench(review: Locator, page: Page) -> None:
    review.get_by_role("link", name="Adrenal crisis coded yesterday").click()

    bench = Bench(page)
    expect(page).to_have_url(re.compile("#story=adrenal-crisis"))
    expect(bench.summaries.first).to_contain_text("Adrenal crisis with recorded Na 124")


def test_it_prints_without_what_is_not_read(review: Locator, page: Page) -> None:
    page.emulate_media(media="print")

    expect(review.get_by_label("Show patients with")).not_to_be_visible()
    expect(review.get_by_role("article").first).to_be_visible()


def test_one_patient_whose_answer_fails_does_not_keep_back_the_others(page: Page, faults: Faults) -> None:
    faults.expect("status of 503")
    Bench(page).start()
    page.route("**/demo/adrenal-crisis", lambda route: route.fulfill(status=503, json={}))

    Bench(page).tab("All cards").click()

    review = page.get_by_role("region", name="All cards")
    expect(review.get_by_role("status")).to_have_text(f"{len(CARDS)} of {len(CARDS)} patients")
    expect(review.get_by_role("region", name="Adrenal crisis coded yesterday")).to_contain_text(
        "The service answered 503"
    )


def test_patients_that_cannot_be_listed_are_told(page: Page, faults: Faults) -> None:
    faults.expect("ERR_CONNECTION_REFUSED")
    Bench(page).start()
    page.route("**/demo", lambda route: route.abort("connectionrefused"))

    Bench(page).tab("All cards").click()

    review = page.get_by_role("region", name="All cards")
    expect(review.get_by_role("status")).to_have_text(
        "The built-in patients could not be read. Is the service running?"
    )


def test_leaving_the_tab_ends_the_calls(page: Page) -> None:
    bench = Bench(page).start()
    calls: list[Request] = []
    page.on("request", lambda request: calls.append(request) if CALL.search(request.url) else None)

    with page.expect_request(CALL):
        bench.tab("All cards").click()
    bench.tab("Why this answer").click()
    expect(bench.panel.get_by_role("region", name="Trace")).to_be_visible()
    bench.choose("Adrenal crisis coded yesterday")

    assert len(calls) < len(CARDS) / 2
