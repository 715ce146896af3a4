"""Cards as a sidebar shows them, and what is told the service when somebody accepts or dismisses one."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.bench import Bench, body_of
from tests.browser.card_answers import a_card, links_of, shown
from tests.browser.conftest import NARROW, TODAY
from tests.browser.faults import Faults
from tests.served import Served, served

JSON = dict[str, Any]
FEEDBACK = "**/feedback"
FUROSEMIDE = "/#story=furosemide-low-potassium"
TWO_SUGGESTIONS = "/#story=simvastatin-clarithromycin"
OTHER_CAUSE = "Another cause is more likely"


class Remembering:
    """A service with a store of its own, and what is in that."""

    def __init__(self, service: Served, folder: Path) -> None:
        self.base = service.base
        self._store = folder / "legcramps.db"

    def feedback(self, card: str) -> list[tuple[Any, ...]]:
        """What the store holds of a card: outcome, reason, how many suggestions, comment."""
        asked = "SELECT outcome, reason, suggestions, comment FROM feedback WHERE card = ?"
        with sqlite3.connect(f"file:{self._store}?mode=ro", uri=True) as store:
            return list(store.execute(asked, [card]))


@pytest.fixture(scope="module")
def remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remembering]:
    folder = tmp_path_factory.mktemp("remembering")
    with served(folder, today=TODAY, profile="demo") as running:
        yield Remembering(running, folder)


def sent_by(page: Page, act: Callable[[], None]) -> JSON:
    """The one outcome that goes to the service when somebody acts."""
    with page.expect_response(FEEDBACK) as answered:
        act()
    (outcome,) = body_of(answered.value.request)["feedback"]
    return dict(outcome)


def button(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


# --- what a card shows ----------------------------------------------------------------------------------------


def test_an_indicator_is_a_word_a_shape_and_a_colour(page: Page) -> None:
    levels = {"critical": "Critical", "warning": "Warning", "info": "Information"}

    cards = shown(page, *(a_card(uuid=f"card-{level}", indicator=level) for level in levels))

    told = cards.locator(".card-indicator")
    expect(told).to_have_text(list(levels.values()))
    shapes = {each.locator("path").first.get_attribute("d") for each in told.all()}
    colours = {each.evaluate("element => getComputedStyle(element).color") for each in told.all()}
    assert (len(shapes), len(colours)) == (3, 3)


def test_a_card_is_an_article_that_its_summary_names(page: Page) -> None:
    summary = "Low K 3.1 and Mg 0.62 mmol/L with a diuretic; night leg cramps began 15 days after furosemide was raised"

    bench = Bench(page).start(FUROSEMIDE)

    card = bench.cards.get_by_role("article", name=summary)
    expect(card.get_by_role("heading", level=3)).to_have_text(summary)
    expect(card.get_by_text("Warning", exact=True)).to_be_visible()


def test_a_detail_is_rendered_markdown(page: Page) -> None:
    bench = Bench(page).start(FUROSEMIDE)

    detail = bench.cards.locator(".card-detail")
    expect(detail.get_by_role("listitem")).to_have_text(
        [
            "Furosemide 40 to 80 mg on 20 Apr 2026; cramps from 5 May 2026",
            "K 3.1 and Mg 0.62 mmol/L (8 Jun 2026)",
        ]
    )
    expect(detail.locator("strong").first).to_have_text("Possible contributors: diuretic with mineral loss.")
    expect(detail.locator("em").first).to_have_text("Consider:")


def test_links_open_beside_the_page_and_tell_nothing_of_it(page: Page, service: Served) -> None:
    bench = Bench(page).start(FUROSEMIDE)

    links = bench.cards.locator("a[href]")
    assert links_of(bench.cards)[0] == f"{service.base}/knowledge/M1"
    assert {each.get_attribute("target") for each in links.all()} == {"_blank"}
    assert {each.get_attribute("rel") for each in links.all()} == {"noopener noreferrer"}
    expect(bench.cards.get_by_role("link", name="Rule sheet M1 (opens a new tab)")).to_be_visible()
    expect(bench.cards.get_by_role("link", name="NLC contributor support")).to_have_attribute(
        "href", f"{service.base}/knowledge"
    )


def test_an_app_says_that_only_an_ehr_opens_it(page: Page) -> None:
    link = {"label": "Timeline", "url": "https://service.example/launch", "type": "smart", "appContext": "{}"}

    cards = shown(page, a_card(links=[link]))

    expect(cards.get_by_role("link", name="Timeline", disabled=True)).to_be_visible()
    expect(cards.get_by_role("list", name="Links")).to_contain_text("opens in the EHR")
    assert links_of(cards) == []


def test_what_is_no_web_address_is_no_link(page: Page) -> None:
    urls = ("javascript:alert(1)", "data:text/html,x", "file:///x", "knowledge/M1", "")
    links = [{"label": "Look", "url": url, "type": "absolute"} for url in urls]
    made = [a_card(uuid=each["url"], source=each, links=[each]) for each in links]

    cards = shown(page, *made)

    expect(cards.get_by_text("Look", exact=True)).to_have_count(9)  # a source without an address is text
    expect(cards.get_by_text("not opened: this is no web address")).to_have_count(5)
    assert links_of(cards) == []


def test_what_would_be_drafted_can_be_looked_at(page: Page) -> None:
    bench = Bench(page).start(FUROSEMIDE)

    bench.cards.get_by_text("Draft order for Mg (create)").click()

    draft = bench.cards.get_by_label("Draft order for Mg", exact=True)
    expect(draft).to_contain_text('"resourceType": "ServiceRequest"')
    expect(draft).to_contain_text('"status": "draft"')


def test_silence_is_told_calmly_with_its_reason(page: Page) -> None:
    bench = Bench(page).start("/#story=no-cramp-report")

    expect(bench.cards.get_by_role("heading", level=2)).to_have_text("No cards")
    expect(bench.cards).to_contain_text("In an EHR nothing would be shown.")
    expect(bench.cards).to_contain_text("no report of leg cramps in this record")
    expect(bench.cards.locator("code")).to_have_text("no-report")


def test_a_narrow_window_shows_all_of_a_card(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.set_viewport_size(NARROW)
    bench = Bench(page).start(TWO_SUGGESTIONS)

    button(bench.cards, "Dismiss…").click()

    expect(bench.cards.get_by_role("group", name="Reason")).to_be_visible()
    assert not bench.is_too_wide()
    assert axe(page) == []


# --- accepting ------------------------------------------------------------------------------------------------


def test_an_accepted_suggestion_reaches_the_store(page: Page, remembering: Remembering) -> None:
    bench = Bench(page).start(remembering.base + FUROSEMIDE)

    told = sent_by(page, button(bench.cards, "Accept: Draft order: Mg, K, Na").click)

    said = bench.cards.get_by_role("status")
    expect(said).to_have_text("Feedback sent: accepted “Draft order: Mg, K, Na”.")
    assert told.keys() == {"card", "outcome", "acceptedSuggestions", "outcomeTimestamp"}
    assert [list(each) for each in told["acceptedSuggestions"]] == [["id"]]
    assert remembering.feedback(told["card"]) == [("accepted", None, 1, None)]
    expect(bench.cards.get_by_role("article")).to_be_focused()
    expect(bench.cards.get_by_role("button")).to_have_count(0)


def test_several_suggestions_are_accepted_together(page: Page, remembering: Remembering) -> None:
    bench = Bench(page).start(remembering.base + TWO_SUGGESTIONS)
    cards = bench.cards

    cards.get_by_role("checkbox", name="Draft order: CK, creatinine").check()
    cards.get_by_role("checkbox", name="Draft order: TSH").check()
    expect(cards.get_by_text("2 chosen")).to_be_visible()
    told = sent_by(page, button(cards, "Accept").click)

    expect(cards.get_by_role("status")).to_have_text(
        "Feedback sent: accepted “Draft order: CK, creatinine”, “Draft order: TSH”."
    )
    assert remembering.feedback(told["card"]) == [("accepted", None, 2, None)]


def test_nothing_is_sent_until_something_is_chosen(page: Page) -> None:
    bench = Bench(page).start(TWO_SUGGESTIONS)
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)

    accept = button(bench.cards, "Accept")
    expect(accept).to_be_disabled()
    expect(accept).to_have_accessible_description("Choose one or more")
    accept.click(force=True)
    bench.button("Call again").click()
    bench.answered()

    assert [each.url for each in sent if each.url.endswith("/feedback")] == []


def test_of_suggestions_that_exclude_each_other_each_has_its_button(page: Page) -> None:
    offered = [{"label": "Wait", "uuid": "s1"}, {"label": "Order", "uuid": "s2", "isRecommended": True}]

    cards = shown(page, a_card(suggestions=offered, selectionBehavior="at-most-one"))

    expect(cards.get_by_role("checkbox")).to_have_count(0)
    expect(button(cards, "Accept: Wait")).to_be_visible()
    expect(button(cards, "Accept: Order")).to_be_visible()
    expect(cards.get_by_text("recommended")).to_have_count(1)


def test_of_a_card_without_an_id_nothing_can_be_told(page: Page) -> None:
    cards = shown(page, a_card(uuid=None, suggestions=[{"label": "Order", "uuid": "s1"}]))

    expect(cards.get_by_text("Order", exact=True)).to_be_visible()
    expect(cards.get_by_role("button")).to_have_count(0)


def test_a_suggestion_without_an_id_cannot_be_told_of(page: Page) -> None:
    cards = shown(page, a_card(suggestions=[{"label": "Order"}]))

    button(cards, "Accept: Order").click()

    expect(cards.get_by_role("status")).to_have_text(
        "Not sent: the suggestion has no id by which the service could know it."
    )


# --- dismissing -----------------------------------------------------------------------------------------------


def test_a_dismissed_card_is_silent_at_the_next_call(page: Page, remembering: Remembering) -> None:
    bench = Bench(page).start(remembering.base + FUROSEMIDE)
    cards = bench.cards

    button(cards, "Dismiss…").click()
    cards.get_by_role("radio", name=OTHER_CAUSE).check()
    cards.get_by_label("Comment (optional)").fill("a comment that this site does not want")
    told = sent_by(page, button(cards, "Dismiss").click)
    expect(cards.get_by_role("status")).to_have_text(f"Feedback sent: dismissed, {OTHER_CAUSE}.")
    expect(cards.locator(".card-detail")).not_to_be_visible()
    bench.button("Call again").click()

    expect(cards.get_by_role("heading", level=2)).to_have_text("No cards")
    expect(cards.locator("code")).to_have_text("faded")
    bench.tab("Why this answer").click()
    expect(bench.panel.get_by_role("listitem").filter(has_text="overridden")).to_have_text(
        "M1 overridden (other-cause) on 15 Jun 2026; silent until 13 Sep 2026, or until the record changes"
    )
    assert told["overrideReason"] == {
        "reason": {
            "code": "other-cause",
            "system": "https://legcramps.org/fhir/CodeSystem/override-reason",
            "display": OTHER_CAUSE,
        },
        "userComment": "a comment that this site does not want",
    }
    assert remembering.feedback(told["card"]) == [("overridden", "other-cause", 0, None)]


def test_a_card_can_be_dismissed_without_a_reason(page: Page, remembering: Remembering) -> None:
    bench = Bench(page).start(remembering.base + FUROSEMIDE)

    button(bench.cards, "Dismiss…").click()
    expect(bench.cards.get_by_role("radio", name="No reason")).to_be_checked()
    told = sent_by(page, button(bench.cards, "Dismiss").click)

    expect(bench.cards.get_by_role("status")).to_have_text("Feedback sent: dismissed, no reason given.")
    assert told.keys() == {"card", "outcome", "outcomeTimestamp"}
    assert remembering.feedback(told["card"]) == [("overridden", None, 0, None)]


def test_an_urgent_card_has_two_reasons_more(page: Page) -> None:
    bench = Bench(page).start("/#story=adrenal-crisis")
    urgent, other = bench.cards.get_by_role("article").all()

    button(urgent, "Dismiss…").click()
    button(other, "Dismiss…").click()

    expect(urgent.get_by_role("radio")).to_have_count(9)
    expect(urgent.get_by_role("radio", name="Sample error")).to_be_visible()
    expect(other.get_by_role("radio")).to_have_count(7)


def test_a_comment_is_asked_for_without_patient_data(page: Page) -> None:
    bench = Bench(page).start(FUROSEMIDE)

    button(bench.cards, "Dismiss…").click()

    expect(bench.cards.get_by_label("Comment (optional)")).to_have_accessible_description(
        "Write nothing about the patient here. The service keeps comments only where the site has switched that on."
    )


def test_a_card_is_dismissed_by_keyboard_alone(page: Page, remembering: Remembering) -> None:
    bench = Bench(page).start(remembering.base + FUROSEMIDE)
    button(bench.cards, "Dismiss…").focus()

    page.keyboard.press("Enter")
    expect(bench.cards.get_by_role("radio", name="No reason")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(bench.cards.get_by_role("radio", name="Already considered")).to_be_checked()
    page.keyboard.press("Tab")
    expect(bench.cards.get_by_label("Comment (optional)")).to_be_focused()
    page.keyboard.press("Tab")
    told = sent_by(page, lambda: page.keyboard.press("Enter"))

    assert told["overrideReason"]["reason"]["code"] == "reviewed"
    expect(bench.cards.get_by_role("article")).to_be_focused()
    expect(bench.cards.get_by_role("status")).to_have_text("Feedback sent: dismissed, Already considered.")


def test_a_choice_outlasts_what_changes_around_the_card(page: Page) -> None:
    """The key that chooses a reason is also what points at the card, and the page is drawn anew in between."""
    reasons = [{"code": "a", "display": "Not now"}]
    findings = [{"row": "D02", "id": "loop-diuretic", "role": "contributor", "sources": []}]
    told = {"org.legcramps.findings": findings}
    cards = shown(page, a_card(overrideReasons=reasons, extension=told))
    lit = page.locator(".timeline-chip-lit")
    button(cards, "Dismiss…").click()
    reason = cards.get_by_role("radio", name="Not now")
    reason.focus()
    expect(lit).to_have_count(1)
    button(page.locator("body"), "Call again").dispatch_event("click")
    expect(lit).to_have_count(0)

    page.keyboard.press("Space")

    expect(lit).to_have_count(1)
    expect(reason).to_be_checked()


@pytest.mark.parametrize("key", ["Escape", "Cancel"])
def test_who_changes_their_mind_is_back_at_the_button(key: str, page: Page) -> None:
    bench = Bench(page).start(FUROSEMIDE)
    button(bench.cards, "Dismiss…").click()

    if key == "Escape":
        page.keyboard.press(key)
    else:
        button(bench.cards, key).click()

    expect(button(bench.cards, "Dismiss…")).to_be_focused()
    expect(button(bench.cards, "Dismiss…")).to_have_attribute("aria-expanded", "false")
    expect(bench.cards.get_by_role("radio")).to_have_count(0)


# --- when it can't be told ------------------------------------------------------------------------------------


def test_where_nothing_is_remembered_the_card_says_so(page: Page, faults: Faults, tmp_path: Path) -> None:
    faults.expect(r"status of 404")
    with served(tmp_path, today=TODAY, profile="demo", store="none") as forgetful:
        bench = Bench(page).start(forgetful.base + FUROSEMIDE)

        button(bench.cards, "Accept: Draft order: Mg, K, Na").click()

        expect(bench.cards.get_by_role("status")).to_have_text(
            "Feedback was not sent. The service answered 404: nothing is remembered here; feedback would be lost."
        )
        expect(button(bench.cards, "Accept: Draft order: Mg, K, Na")).to_be_focused()


def test_feedback_that_did_not_arrive_can_be_sent_again(page: Page, faults: Faults) -> None:
    faults.expect(r"ERR_INTERNET_DISCONNECTED")
    bench = Bench(page).start(FUROSEMIDE)
    page.route(FEEDBACK, lambda route: route.abort("internetdisconnected"))
    button(bench.cards, "Dismiss…").click()
    bench.cards.get_by_role("radio", name=OTHER_CAUSE).check()

    button(bench.cards, "Dismiss").click()
    expect(bench.cards.get_by_role("status")).to_have_text(
        "Feedback was not sent. The service did not answer; try again."
    )
    page.unroute(FEEDBACK)
    told = sent_by(page, button(bench.cards, "Dismiss").click)

    expect(bench.cards.get_by_role("status")).to_have_text(f"Feedback sent: dismissed, {OTHER_CAUSE}.")
    assert told["overrideReason"]["reason"]["code"] == "other-cause"
