"""The trace: what was considered and how it was answered, for a reviewer who wants to know why."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.bench import Bench
from tests.browser.conftest import NARROW
from tests.browser.timelines import Picture
from tests.served import Served

FUROSEMIDE = "furosemide-low-potassium"


def opened(page: Page, story: str = FUROSEMIDE) -> Locator:
    bench = Bench(page).start(f"/#story={story}&tab=trace")
    trace = bench.panel.get_by_role("region", name="Trace")
    expect(trace).to_be_visible()
    return trace


def unfolded(trace: Locator, title: str) -> Locator:
    """The part of that title, opened."""
    trace.locator("summary").filter(has_text=title).click()
    return trace.locator("details[open]").filter(has_text=title)


def rows(trace: Locator) -> list[str]:
    return [each.inner_text() for each in trace.locator(".trace-fold > summary").all()]


def test_reports_and_cards_come_first(page: Page) -> None:
    trace = opened(page)

    expect(trace.get_by_role("heading")).to_have_text(
        ["Answer", "Reports of leg cramps", "Cards", "Rules considered"]
    )
    expect(trace).to_contain_text("As of 15 Jun 2026. Age 78, an adult.")
    lines = trace.get_by_role("listitem")
    expect(lines.nth(0)).to_have_text("diagnosis, onset 5 May 2026 Condition/nlc-1")
    expect(lines.nth(1)).to_have_text(
        "main card, warning, chain M1 · L01 contributor · L02 contributor · D02 contributor"
    )


def test_rules_that_speak_come_before_those_that_do_not(page: Page) -> None:
    trace = opened(page)

    assert rows(trace)[:6] == [
        "L02 low magnesium: warning, contributor",
        "L01 low potassium: warning, contributor",
        "D02 loop diuretic: info, contributor",
        "L14 high magnesium: does not speak",
        "L12 high potassium: does not speak",
        "P02 pregnancy with a medicine that carries a caution: does not speak",
    ]


def test_a_rule_tells_its_facts_and_how_each_criterion_was_answered(page: Page) -> None:
    trace = opened(page)

    row = unfolded(trace, "L02 low magnesium")

    expect(row.get_by_role("heading", level=3)).to_have_text(["Facts", "Criteria"])
    expect(row).to_contain_text("magnesium 0.62 mmol/L, 8 Jun 2026")
    expect(row.locator(".trace-truth").filter(has_text="✓").first).to_have_text("✓ holds")
    expect(row.locator(".trace-truth").filter(has_text="✗").first).to_have_text("✗ fails")
    expect(row.get_by_role("link", name="L02", exact=True)).to_have_attribute("href", "knowledge/L02")


def test_what_was_not_known_is_told(page: Page) -> None:
    trace = opened(page, "laboratory-list-missing")

    expect(trace.locator("summary").filter(has_text="Lists that did not come")).to_have_text(
        "Lists that did not come (1)"
    )
    missing = unfolded(trace, "Lists that did not come")
    expect(missing.locator("p")).to_have_text("labs")


def test_a_drug_begun_after_the_cramps_is_set_aside_with_the_reason(page: Page) -> None:
    trace = opened(page, "indapamide-after-the-cramps")

    row = unfolded(trace, "thiazide")

    expect(row.locator("summary").first).to_contain_text("set aside")
    expect(row.get_by_role("heading", level=3).filter(has_text="Set aside")).to_be_visible()
    expect(row.get_by_role("listitem").filter(has_text="indapamide").first).to_contain_text("after")


def test_silence_is_explained(page: Page) -> None:
    trace = opened(page, "no-cramp-report")

    expect(trace.locator(".trace-silence")).to_have_text(
        "Silent: no report of leg cramps in this record. Reason code: no-report"
    )
    expect(trace).to_contain_text("None counts.")


def test_the_filter_goes_by_rule_and_by_name(page: Page) -> None:
    trace = opened(page)
    field = trace.get_by_role("searchbox", name="Filter by rule or name")

    field.fill("d02")
    expect(trace.get_by_role("status")).to_have_text("1 of 6")
    assert rows(trace)[0] == "D02 loop diuretic: info, contributor"
    field.fill("potassium low")
    expect(trace.get_by_role("status")).to_have_text("1 of 6")
    assert rows(trace)[0] == "L01 low potassium: warning, contributor"
    field.fill("nothing of the kind")

    expect(trace.get_by_role("status")).to_have_text("0 of 6")


def test_an_entry_shows_what_was_read_of_it(page: Page) -> None:
    trace = opened(page)
    entry = trace.get_by_role("button", name="Condition/nlc-1").first

    entry.click()

    expect(entry).to_have_attribute("aria-expanded", "true")
    expect(trace.get_by_label("Condition/nlc-1", exact=True).locator("visible=true").last).to_contain_text(
        '"onsetDateTime": "2026-05-05"'
    )
    entry.click()
    expect(trace.locator("pre")).to_have_count(0)


def test_all_that_was_lost_on_the_way_is_told(page: Page, service: Served) -> None:
    told = service.post("/explain", service.get(f"/demo/{FUROSEMIDE}").json())
    lost: dict[str, Any] = {
        "refused": ["too-old"],
        "reports": [
            {"carrier": "visit", "onset": "May 2026", "onset_is_stated": False, "sources": ["Encounter/1"]}
        ],
        "faded": [{"rule": "D01", "why": "shown-to-user", "since": "2026-06-01"}],
        "not_used": [{"what": "potassium", "why": "unit not understood", "sources": ["Observation/9"]}],
        "named_otherwise": [{"what": "read as statin by the code", "sources": ["MedicationRequest/9"]}],
        "unread": [{"why": "no code", "sources": ["Condition/9"]}],
        "missing": ["labs", "glucose"],
        "cut_off": ["conditions"],
    }
    told["trace"].update(lost)
    told["fetched"] = {"labs": "status-403"}
    page.route("**/explain", lambda route: _fulfil(route, told))

    trace = opened(page)

    expect(trace).to_contain_text("visit, onset not stated; recorded May 2026")
    expect(trace).to_contain_text("Did not count: too-old")
    expect(trace).to_contain_text(
        "D01 shown to this reader often enough on 1 Jun 2026; until the record changes"
    )
    for title, says in {
        "Results not used": "potassium: unit not understood Observation/9",
        "Medicines named otherwise than coded": "read as statin by the code MedicationRequest/9",
        "Entries that could not be read": "no code Condition/9",
        "Lists that did not come": "labs, glucose",
        "Lists that were cut off": "conditions",
        "Asked of the FHIR server": "labs: status-403",
    }.items():
        expect(unfolded(trace, title).locator("li, p")).to_have_text(says)


def test_rules_that_the_record_says_nothing_about_are_folded_away(page: Page) -> None:
    trace = opened(page)

    part = unfolded(trace, "Rules that the record says nothing about")

    expect(part.get_by_role("link", name="T01", exact=True)).to_have_attribute("href", "knowledge/T01")


def test_an_entry_that_is_shown_is_lit_up_in_the_picture(page: Page) -> None:
    trace = opened(page)
    picture = Picture(page)

    unfolded(trace, "D02 loop diuretic").get_by_role(
        "button", name="MedicationRequest/rx-fur-80"
    ).first.click()
    Bench(page).tab("Timeline").click()

    expect(picture.svg.locator(".timeline-lit")).to_have_count(1)
    expect(picture.mark("furosemide")).to_contain_class("timeline-lit")


def test_the_trace_can_be_read_by_everybody_in_a_narrow_window(
    page: Page, axe: Callable[[Page], list[str]]
) -> None:
    page.set_viewport_size(NARROW)
    trace = opened(page, "crowded-record")

    page.evaluate("document.querySelectorAll('.trace details').forEach((each) => { each.open = true; })")

    expect(trace.locator("details:not([open])")).to_have_count(0)
    assert not Bench(page).is_too_wide()
    assert axe(page) == []


def _fulfil(route: Route, told: Any) -> None:
    route.fulfill(json=told)
