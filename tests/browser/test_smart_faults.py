"""What can go wrong on the way from the chart to the picture: said in words, with what to do, and nothing is left."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import smart
from tests.browser.conftest import TODAY
from tests.browser.faults import Faults as BrowserFaults
from tests.browser.smart import AGAIN, MARGARET, NOTHING, Site, Traffic, allow, is_drawn, says
from tests.smart_server import Faults

_NO_STORAGE = """Object.defineProperty(window, "sessionStorage", {
  get() { throw new DOMException("not here", "SecurityError"); },
});"""


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Site]:
    with smart.site(tmp_path, today=TODAY, concurrency=1) as site:
        yield site
        site.ehr.faults = Faults()  # who waits for it may go on


def tokens_asked(site: Site) -> int:
    return sum(each.path == "/token" for each in site.ehr.asked)


# --- before the sign-in -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?launch=x", "?iss={iss}", "?iss=&launch="])
def test_a_page_that_no_chart_opened_says_so(
    site: Site, shown: Page, query: str, axe: Callable[[Page], list[str]]
) -> None:
    shown.goto(f"{site.service.base}/launch{query.format(iss=quote(site.ehr.base))}")

    says(shown, "This page opens from a patient's chart.")
    assert shown.url == f"{site.service.base}/launch"
    assert axe(shown) == []


@pytest.mark.parametrize(
    "iss", ["http://127.0.0.1:9/fhir", "javascript:alert(1)", "http://localhost@127.0.0.1:9/fhir", "x"]
)
def test_a_server_that_the_site_did_not_list_is_not_even_asked(
    site: Site, page: Page, context: BrowserContext, faults: BrowserFaults, iss: str
) -> None:
    faults.expect("status of 404")
    traffic = Traffic(context)

    page.goto(f"{site.service.base}/launch?launch=x&iss={quote(iss)}")

    says(page, "The timeline is not enabled for this record system", "tell whoever runs this service")
    assert traffic.origins() == {site.service.base}
    assert smart.kept(page) == NOTHING


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Faults(without_configuration=True), "The record system does not say where to sign in"),
        (Faults(without_pkce=True), "does not offer the protected sign-in (PKCE)"),
    ],
    ids=["no configuration", "no PKCE"],
)
def test_a_server_without_a_safe_sign_in_gets_none(
    site: Site, page: Page, margaret: str, faults: BrowserFaults, fault: Faults, words: str
) -> None:
    site.ehr.faults = fault
    if fault.without_configuration:
        faults.expect("status of 404")
    before = len(site.ehr.asked)

    page.goto(site.launch(margaret))

    says(page, words, "so no sign-in is begun")
    assert "/authorize" not in [each.path for each in site.ehr.asked[before:]]
    assert smart.kept(page) == NOTHING


def test_a_browser_that_keeps_nothing_is_told_what_to_do(site: Site, page: Page, margaret: str) -> None:
    page.add_init_script(_NO_STORAGE)

    page.goto(site.launch(margaret))

    says(page, "This browser lets the page keep nothing", "A window of its own may do")


# --- back from the sign-in ----------------------------------------------------------------------------------------


def test_a_person_who_refuses_is_told_how_to_come_back(
    site: Site, page: Page, margaret: str, axe: Callable[[Page], list[str]]
) -> None:
    before = tokens_asked(site)
    page.goto(site.launch(margaret))

    page.get_by_role("button", name="Refuse").click()

    says(page, "Access to the record was not given.", "Open it again from the patient's chart".lower()[5:])
    assert page.url == f"{site.service.base}/timeline"
    assert tokens_asked(site) == before
    assert smart.kept(page) == NOTHING
    assert axe(page) == []


def test_a_launch_that_the_ehr_no_longer_knows_is_refused_in_words(
    site: Site, page: Page, margaret: str
) -> None:
    used = site.launch(margaret)
    page.goto(used)
    allow(page)
    is_drawn(page, "Margaret Testwell")

    page.goto(used)

    says(page, "The record system did not accept the sign-in of this page.", AGAIN)
    assert "was used before" not in page.content()  # whoever made the address wrote its words
    assert smart.kept(page) == NOTHING


def test_a_state_that_is_not_ours_reads_nothing(site: Site, page: Page, margaret: str) -> None:
    before = tokens_asked(site)
    site.ehr.faults = Faults(state="legcramps.1.00000000-0000-0000-0000-000000000000")

    site.open(page, margaret)

    says(page, "This sign-in was not begun in this window", AGAIN)
    assert page.url == f"{site.service.base}/timeline"
    assert tokens_asked(site) == before
    assert smart.kept(page) == NOTHING


@pytest.mark.parametrize(
    "query",
    [
        "code=stolen",
        "code=stolen&state=",
        "code=stolen&state=SMART_KEY",
        "code=stolen&state=toString",
        "state=legcramps.1.00000000-0000-0000-0000-000000000000",
        "error=access_denied&error_description=Call+0123",
    ],
)
def test_an_answer_that_nobody_waits_for_reads_nothing(
    site: Site, shown: Page, margaret: str, query: str
) -> None:
    """Also while a launch is open in this tab, whose verifier fhirclient would use for a code without state."""
    before = tokens_asked(site)
    shown.goto(site.launch(margaret))
    expect(shown.get_by_role("button", name="Allow")).to_be_visible()

    shown.goto(f"{site.service.base}/timeline?{query}")

    says(shown, "This sign-in was not begun in this window", AGAIN)
    assert "0123" not in shown.content()
    assert tokens_asked(site) == before
    assert smart.kept(shown) == NOTHING


def test_a_token_endpoint_that_refuses(site: Site, page: Page, margaret: str, faults: BrowserFaults) -> None:
    faults.expect("status of 400")
    site.ehr.faults = Faults(no_exchange="invalid_grant")

    site.open(page, margaret)

    says(page, "The record system did not complete the sign-in.", AGAIN)
    assert smart.kept(page) == NOTHING


def test_a_token_endpoint_that_does_not_answer(
    site: Site, page: Page, margaret: str, faults: BrowserFaults
) -> None:
    faults.expect("ERR_CONNECTION_REFUSED")
    page.route("**/token", lambda route: route.abort("connectionrefused"))

    site.open(page, margaret)

    says(page, "no answer came from the record system", AGAIN)
    assert smart.kept(page) == NOTHING


@pytest.mark.parametrize("patient", [None, "", "..", "../Patient", "a/b", "a?b", "https://evil.example/x"])
def test_a_sign_in_without_a_patient_reads_nothing(site: Site, shown: Page, patient: str | None) -> None:
    before = len(site.ehr.asked)

    site.open(shown, patient)

    says(shown, "did not say which patient's chart is open", AGAIN)
    assert [each.path for each in site.ehr.asked[before:] if each.authorization] == []
    assert smart.kept(shown) == NOTHING


# --- reading the record -------------------------------------------------------------------------------------------


def test_a_token_that_has_expired(site: Site, page: Page, margaret: str, faults: BrowserFaults) -> None:
    faults.expect("status of 401")  # to the page's own read
    faults.expect("status of 412")
    site.ehr.faults = Faults(has_expired=True)

    site.open(page, margaret)

    says(page, "The record could not be read.", AGAIN)
    expect(page.get_by_text("the FHIR server did not accept the token")).to_be_visible()
    assert smart.kept(page) == NOTHING
    assert site.ehr.issued[-1] not in page.content()


def test_a_list_that_was_denied_is_told_as_missing(
    site: Site, page: Page, margaret: str, axe: Callable[[Page], list[str]]
) -> None:
    site.ehr.faults = Faults(denied=frozenset({"patient/Observation.rs"}))

    site.open(page, margaret)

    is_drawn(page, "Margaret Testwell")
    lacking = page.get_by_role("region", name="What could not be read")
    expect(lacking).to_contain_text("Laboratory results: the record system did not allow it.")
    expect(lacking).to_contain_text("Glucose results: the record system did not allow it.")
    expect(page.get_by_text("3.1 mmol/L")).to_have_count(0)
    assert axe(page) == []


def test_a_list_that_was_denied_without_which_nothing_can_be_said(
    site: Site, page: Page, margaret: str, faults: BrowserFaults
) -> None:
    faults.expect("status of 412")
    site.ehr.faults = Faults(denied=frozenset({"patient/Condition.rs"}))

    site.open(page, margaret)

    says(page, "The record could not be read.", AGAIN)
    expect(page.get_by_text("conditions (status-403)")).to_be_visible()


def test_a_service_that_is_busy_can_be_asked_again(
    busy: Site, context: BrowserContext, faults: BrowserFaults
) -> None:
    """The token is still in memory, so nobody has to sign in again."""
    faults.expect("status of 503")
    site, margaret = busy, busy.put(MARGARET)
    first, second = context.new_page(), context.new_page()
    site.open(first, margaret)
    is_drawn(first, "Margaret Testwell")
    site.ehr.faults = Faults(is_slow=True)
    with first.expect_request("**/explain"):
        site.open(first, margaret)

    site.open(second, margaret)
    says(second, "The service is busy just now.", "Try again in a moment.")
    site.ehr.faults = Faults()
    is_drawn(first, "Margaret Testwell")
    second.get_by_role("button", name="Try again").click()

    is_drawn(second, "Margaret Testwell")
    assert smart.kept(second) == NOTHING


def test_a_network_that_is_down_can_be_tried_again(
    site: Site, page: Page, margaret: str, faults: BrowserFaults
) -> None:
    faults.expect("ERR_INTERNET_DISCONNECTED")
    page.route("**/explain", lambda route: route.abort("internetdisconnected"), times=1)

    site.open(page, margaret)
    says(page, "No answer came from the service.", "Check the connection")
    page.get_by_role("button", name="Try again").click()

    is_drawn(page, "Margaret Testwell")


def test_a_request_that_is_larger_than_the_service_takes(
    tmp_path: Path, page: Page, faults: BrowserFaults
) -> None:
    faults.expect("status of 413")
    with smart.site(tmp_path, today=TODAY, max_body=20_000) as site:
        patient = site.put(MARGARET)

        site.open(page, patient, scope="launch " * 4_000)

        says(page, "The record is larger than this service takes.")
