"""Dates and numbers stand on the page no more exactly, and no less, than in the record."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.bench import STORIES, Bench, cramps, file_of, patient, potassium, record
from tests.browser.card_answers import a_card
from tests.browser.timelines import Picture

JSON = dict[str, Any]
STORY = STORIES / "furosemide-low-potassium" / "request.json"
ANNE = "Patient/anne"


def exactly(value: str, *resources: JSON) -> bytes:
    """A record in which the number 4.123 is *value*, which Python would write otherwise."""
    return record(resources).replace(b"4.123", value.encode())


def with_limits(result: JSON, low: float, high: float) -> JSON:
    unit = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    return {**result, "referenceRange": [{"low": {"value": low, **unit}, "high": {"value": high, **unit}}]}


def test_an_onset_of_a_month_is_no_day_though_it_was_recorded_on_one(page: Page) -> None:
    report = {**cramps("c1", ANNE, "2026-05"), "recordedDate": "2026-05-01"}
    bench = Bench(page).start()
    bench.open(file_of("anne.json", record((patient("anne", "Anne"), report))))
    bench.shown("Anne Testwell")
    picture = Picture(page)

    picture.mark("Night leg cramps").click()
    picture.view.get_by_text("As a table", exact=True).click()

    expect(picture.panel.locator("dl > div").filter(has_text="From")).to_have_text("FromMay 2026")
    expect(picture.lane("cramps").locator(".timeline-label")).to_have_text("since May 2026")
    expect(picture.view.get_by_role("row").filter(has_text="Condition/c1").locator("td").first).to_have_text(
        "May 2026"
    )


def test_a_result_or_a_diagnosis_has_one_date(page: Page) -> None:
    """It has no end that one could miss."""
    picture = Picture(page).open()

    picture.view.get_by_text("As a table", exact=True).click()

    for says, until in {"potassium 3.1": "–", "heart failure": "–", "furosemide 80 mg": "runs on"}.items():
        row = picture.view.get_by_role("row").filter(has_text=says).first
        expect(row.locator("td").nth(1)).to_have_text(until)


def test_an_entry_keeps_its_noughts_beside_the_picture_and_in_the_trace(page: Page) -> None:
    request = STORY.read_text("utf-8").replace('"value": 3.1,', '"value": 3.10,')
    bench = Bench(page).start()
    bench.open(file_of("request.json", request.encode()))
    expect(bench.banner).to_contain_text("request.json")
    bench.answered()
    picture = Picture(page)

    picture.mark("potassium 3.10").click()
    expect(picture.panel.get_by_role("region", name="Entry Observation/k-0608")).to_contain_text(
        '"value": 3.10,'
    )
    bench.tab("Why this answer").click()
    bench.panel.locator("summary").filter(has_text="L01 low potassium").click()
    bench.panel.get_by_role("button", name="Observation/k-0608").first.click()

    expect(bench.panel.get_by_role("region", name="Observation/k-0608", exact=True)).to_contain_text(
        '"value": 3.10,'
    )


def test_a_draft_keeps_its_noughts(page: Page) -> None:
    draft = {"resourceType": "MedicationRequest", "dose": {"value": 4.123}}
    action = {"type": "create", "description": "Draft", "resource": draft}
    body = json.dumps(
        {"cards": [a_card(suggestions=[{"label": "Order", "uuid": "s1", "actions": [action]}])]}
    )
    page.route(
        "**/cds-services/*",
        lambda route: route.fulfill(body=body.replace("4.123", "4.10"), content_type="application/json"),
    )
    bench = Bench(page).start()

    bench.cards.get_by_text("Draft (create)").click()

    expect(bench.cards.get_by_role("region", name="Draft")).to_contain_text('"value": 4.10')


def test_values_and_limits_have_the_decimals_that_were_reported(page: Page) -> None:
    result = with_limits(potassium("k1", ANNE, "2026-06-01", "4.123"), 3.5, 5.25)
    content = exactly("3.0", patient("anne", "Anne"), cramps("c1", ANNE, "2026-05-05"), result)
    bench = Bench(page).start()
    bench.open(file_of("anne.json", content.replace(b"3.5", b"3.50")))
    bench.shown("Anne Testwell")
    picture = Picture(page)

    picture.mark("potassium 3.0").click()

    lane = picture.lane("result:potassium")
    expect(lane.locator(".timeline-labels")).to_contain_text("3.0 mmol/L")
    expect(lane.locator(".timeline-value")).to_have_text(["5.25", "3.50"])
    expect(picture.panel).to_contain_text("3.0 mmol/L, limits 3.50 to 5.25 mmol/L")


def test_the_scale_of_a_lane_has_the_decimals_of_its_results(page: Page) -> None:
    """Where the laboratory gave no limits."""
    first = potassium("k1", ANNE, "2026-06-01", "4.123")
    second = potassium("k2", ANNE, "2026-03-01", "4.123")
    people = (patient("anne", "Anne"), cramps("c1", ANNE, "2026-05-05"))
    content = record((*people, first, second)).replace(b"4.123", b"3.0", 1).replace(b"4.123", b"5.0", 1)
    bench = Bench(page).start()

    bench.open(file_of("anne.json", content))
    bench.shown("Anne Testwell")

    ticks = Picture(page).lane("result:potassium").locator(".timeline-value")
    expect(ticks).to_have_text(["5.0", "4.0", "3.0"])
