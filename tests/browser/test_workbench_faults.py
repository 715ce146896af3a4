"""What does not work at the workbench is told in words, with what to do."""

import json
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.bench import CALL, STORIES, Bench, file_of, said_of
from tests.browser.conftest import TODAY
from tests.browser.faults import Faults
from tests.served import served


def test_a_service_that_has_gone_is_told_and_asked_again(
    page: Page, context: BrowserContext, faults: Faults
) -> None:
    faults.expect("ERR_INTERNET_DISCONNECTED")
    bench = Bench(page).start()

    context.set_offline(True)
    bench.button("Call again").click()
    expect(bench.alert).to_contain_text("The service can't be reached.")
    expect(bench.alert).to_contain_text("make run")
    expect(bench.status).to_have_text("No answer.")
    context.set_offline(False)
    bench.button("Call again").click()

    bench.answered()
    expect(bench.alert).to_be_empty()
    expect(bench.summaries).to_have_text(said_of("furosemide-low-potassium"))


def test_a_page_that_comes_up_without_the_service_begins_again(page: Page, faults: Faults) -> None:
    faults.expect("ERR_CONNECTION_REFUSED")
    page.route("**/cds-services", lambda route: route.abort("connectionrefused"), times=1)
    bench = Bench(page)
    page.goto("/")
    expect(bench.alert).to_contain_text("The service can't be reached.")

    bench.button("Try again").click()

    bench.answered()
    expect(bench.alert).to_be_empty()


def test_a_busy_service_is_told(page: Page, faults: Faults) -> None:
    faults.expect("status of 503")
    issue = {"severity": "error", "code": "transient", "diagnostics": "too many calls at once"}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    bench = Bench(page).start()
    page.route(CALL, lambda route: route.fulfill(status=503, json=outcome), times=1)

    bench.button("Call again").click()

    expect(bench.alert).to_contain_text("The service is busy (503).")
    expect(bench.alert).to_contain_text("too many calls at once")
    expect(bench.alert).to_contain_text("Wait a moment.")


def test_a_record_that_lacks_what_is_required_is_told(page: Page, faults: Faults) -> None:
    faults.expect("status of 412")
    request = json.loads((STORIES / "furosemide-low-potassium" / "request.json").read_text("utf-8"))
    del request["prefetch"]["conditions"]
    bench = Bench(page).start()

    bench.open(file_of("no-conditions.json", json.dumps(request).encode()))

    expect(bench.alert).to_contain_text("The service refused the call (412).")
    expect(bench.alert).to_contain_text("conditions")
    expect(bench.alert).to_contain_text("Open a fuller one.")


def test_a_record_that_is_too_large_for_the_service_is_told(
    page: Page, faults: Faults, tmp_path: Path
) -> None:
    faults.expect("status of 413")
    with served(tmp_path, today=TODAY, profile="demo", max_body=9000) as own:
        bench = Bench(page)

        page.goto(own.base + "/")

        expect(bench.alert).to_contain_text("The record is too large for the service (413).")
        expect(bench.alert).to_contain_text("LEGCRAMPS_MAX_BODY")
