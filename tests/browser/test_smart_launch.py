"""The timeline as an EHR opens it: launch, sign-in, picture; with nothing left behind."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import smart
from tests.browser.conftest import TODAY
from tests.browser.smart import (
    APP,
    MARGARET,
    NOTHING,
    SILENT,
    Site,
    Traffic,
    allow,
    is_drawn,
)
from tests.ehr import NAME, Ehr
from tests.served import served
from tests.smart_server import Faults

NARROW = 380
OPENED = '{"rows":["D02"]}'


# --- from the chart to the picture --------------------------------------------------------------------------------


def test_a_launch_shows_the_patient_the_picture_and_the_card_s_contributor(
    site: Site, page: Page, margaret: str, axe: Callable[[Page], list[str]]
) -> None:
    site.open(page, margaret, appContext=OPENED)

    is_drawn(page, "Margaret Testwell")
    expect(page.get_by_role("banner", name="Patient")).to_contain_text("born 14 Sep 1947")
    told = page.get_by_role("region", name="What could be contributing, in words")
    expect(told.get_by_role("listitem").first).to_contain_text(
        "loop diuretic, could be contributing (on the card that was opened): furosemide raised from 40 mg to 80 mg"
    )
    expect(told.get_by_text("(on the card that was opened)")).to_have_count(1)
    expect(told).to_contain_text("low potassium, could be contributing: potassium 3.1 mmol/L, 8 Jun 2026")
    expect(page.get_by_role("region", name="What could not be read")).to_have_count(0)
    assert axe(page) == []


def test_neither_address_nor_title_tells_of_the_patient(site: Site, page: Page, margaret: str) -> None:
    page.goto(site.launch(margaret))
    expect(page.get_by_role("heading", name=f"May {APP} read this chart?")).to_be_visible()
    sign_in = page.url

    allow(page)
    is_drawn(page, "Margaret Testwell")

    assert page.url == f"{site.service.base}/timeline"
    assert page.title() == "legcramps: timeline"
    assert page.evaluate("history.state") in (None, {})
    assert margaret not in sign_in


def test_nothing_is_kept_and_the_token_goes_to_the_record_and_the_service_only(
    site: Site, page: Page, context: BrowserContext, margaret: str
) -> None:
    traffic, console = Traffic(context), list[str]()
    page.on("console", lambda message: console.append(message.text))

    site.open(page, margaret, appContext=OPENED)
    is_drawn(page, "Margaret Testwell")

    token = site.ehr.issued[-1]
    assert smart.kept(page) == NOTHING
    assert context.cookies() == []
    assert traffic.origins() == {site.service.base, site.ehr.origin}
    assert traffic.with_text(token) == {(site.ehr.origin, "headers"), (site.service.base, "body")}
    assert traffic.with_text("Testwell") == set()
    assert token not in page.content()
    assert token not in " ".join(console)
    for secret in (token, margaret, "Testwell", "furosemide"):
        assert secret not in site.service.written()


def test_the_sign_in_is_told_nothing_of_the_page_that_asked(site: Site, page: Page, margaret: str) -> None:
    """No address of ours, with a launch in it, goes out as a referrer."""
    before = len(site.ehr.asked)

    site.open(page, margaret)
    is_drawn(page, "Margaret Testwell")

    ours = [each.referer for each in site.ehr.asked[before:] if site.service.base in each.referer]
    assert ours == []


def test_the_page_asks_the_record_for_the_patient_alone(
    site: Site, page: Page, context: BrowserContext, margaret: str
) -> None:
    """All else is read by the service, with the rules that it has for cards."""
    asked = list[str]()
    context.on("request", lambda request: asked.append(request.url))

    site.open(page, margaret)
    is_drawn(page, "Margaret Testwell")

    assert [url for url in asked if url.startswith(f"{site.ehr.base}/") and "well-known" not in url] == [
        f"{site.ehr.base}/Patient/{margaret}"
    ]


def test_more_in_the_launch_address_than_an_ehr_says_changes_nothing(
    site: Site, page: Page, margaret: str
) -> None:
    """fhirclient would take all of it for its own settings."""
    more = "&clientId=another&fhirServiceUrl=https://fhir.example&patientId=another&scope=user/*.*"

    page.goto(site.launch(margaret) + more)
    expect(page.get_by_role("heading", name=f"May {APP} read this chart?")).to_be_visible()

    allow(page)
    is_drawn(page, "Margaret Testwell")


def test_where_clients_prove_who_they_are_the_app_works_as_well(
    page: Page, site: Site, margaret: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As a hospital runs it: the app stands in the clients file, the workbench is not there."""
    folder = tmp_path_factory.mktemp("hospital")
    clients = Ehr.known_in(folder, [site.ehr.base], smart_client_id="in-hospital").clients
    with served(folder, clients=clients, development=True, today=TODAY, fetch_seconds=10) as service:
        site.ehr.register("in-hospital", f"{service.base}/launch", f"{service.base}/timeline-{NAME}")

        page.goto(site.ehr.launch("in-hospital", margaret))
        allow(page)

        is_drawn(page, "Margaret Testwell")


# --- whose chart, and who reads -----------------------------------------------------------------------------------


def test_a_banner_that_the_ehr_shows_itself_is_on_paper_only(site: Site, page: Page, margaret: str) -> None:
    site.open(page, margaret, need_patient_banner=False)
    expect(page.locator("svg").first).to_be_visible()
    banner = page.locator("header", has_text="Margaret Testwell")
    expect(banner).to_be_hidden()

    page.emulate_media(media="print")

    expect(banner).to_be_visible()
    expect(banner).to_contain_text("born 14 Sep 1947")


def test_hostile_names_stay_text(site: Site, page: Page) -> None:
    request = smart.story(MARGARET)
    hostile = '<img src="x" onerror="document.title=1"><a href="javascript:1">x</a>'
    request["prefetch"]["patient"]["name"] = [
        {"use": "official", "family": "Old-Name", "period": {"end": "2020-01-01"}},
        {"use": "official", "family": hostile, "given": ["[x](javascript:1)"]},
    ]
    patient = site.ehr.put(request, "hostile")

    site.open(page, patient)

    is_drawn(page, f"[x](javascript:1) {hostile}")
    assert page.title() == "legcramps: timeline"
    assert page.locator("img").count() == 0


def test_silence_says_why_and_shows_the_picture_all_the_same(site: Site, page: Page) -> None:
    site.open(page, site.put(SILENT))

    expect(page.get_by_text("No card is shown for this patient: no report of leg cramps")).to_be_visible()
    expect(page.locator("svg").first).to_be_visible()


@pytest.mark.parametrize("reader", ["Patient/p1", "RelatedPerson/r1", "Person/x1"])
def test_a_patient_who_reads_is_shown_no_picture(site: Site, page: Page, margaret: str, reader: str) -> None:
    site.open(page, margaret, reader)

    expect(page.get_by_text("cards are for clinicians, and a patient is asking")).to_be_visible()
    expect(page.get_by_text("There is no picture")).to_be_visible()
    assert page.locator("svg").count() == 0


def test_a_reader_of_whom_nothing_is_said_is_told_for_whom_this_is(
    site: Site, page: Page, margaret: str
) -> None:
    site.open(page, margaret, None)

    is_drawn(page, "Margaret Testwell")
    expect(page.get_by_role("region", name="What could not be read")).to_contain_text(
        "Who is reading: the record system did not say. This page is for clinicians."
    )


# --- what comes with the token ------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["not json", "null", '{"rows":"D02"}', {"rows": [1, None]}])
def test_a_context_that_says_nothing_usable_highlights_nothing(
    site: Site, page: Page, margaret: str, told: Any
) -> None:
    site.open(page, margaret, appContext=told)

    is_drawn(page, "Margaret Testwell")
    expect(page.get_by_text("(on the card that was opened)")).to_have_count(0)


def test_a_context_may_come_as_it_stands(site: Site, page: Page, margaret: str) -> None:
    site.open(page, margaret, appContext=json.loads(OPENED))

    is_drawn(page, "Margaret Testwell")
    expect(page.get_by_text("(on the card that was opened)")).to_have_count(1)


def test_a_refresh_token_that_nobody_asked_for_is_not_used(site: Site, page: Page, margaret: str) -> None:
    """fhirclient would, before it reads the patient with a token that is about to end."""
    before = len(site.ehr.asked)

    unasked = {"refresh_token": "never", "scope": "launch openid fhirUser offline_access"}
    site.open(page, margaret, **unasked, expires_in=1)

    is_drawn(page, "Margaret Testwell")
    assert [each.path for each in site.ehr.asked[before:]].count("/token") == 1
    assert smart.kept(page) == NOTHING


def test_a_word_for_developers_makes_nobody_tell_the_console_of_tokens(
    site: Site, page: Page, margaret: str
) -> None:
    """fhirclient writes tokens there once `debug` stands in localStorage."""
    console = list[str]()
    page.on("console", lambda message: console.append(message.text))
    page.goto(f"{site.service.base}/assets/icon.svg")
    page.evaluate("localStorage.debug = localStorage.DEBUG = '*'")

    site.open(page, margaret)
    is_drawn(page, "Margaret Testwell")

    assert console == []
    assert smart.kept(page) == NOTHING


# --- on paper, and narrow -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [MARGARET, "crowded-record", SILENT])
def test_prints_on_one_page(site: Site, page: Page, name: str) -> None:
    site.ehr.faults = Faults(denied=frozenset({"patient/ServiceRequest.rs"}))
    site.open(page, site.put(name))
    expect(page.locator("svg").first).to_be_visible()

    paper = page.pdf(prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1


def test_in_a_narrow_window_nothing_is_cut_off(
    site: Site, page: Page, margaret: str, axe: Callable[[Page], list[str]]
) -> None:
    page.set_viewport_size({"width": NARROW, "height": 800})

    site.open(page, margaret, appContext=OPENED)
    is_drawn(page, "Margaret Testwell")

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert axe(page) == []
