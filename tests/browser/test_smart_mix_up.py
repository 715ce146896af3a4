"""A record system that sends its users on to the sign-in of another one does not get hold of what comes from there."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from playwright.sync_api import Page, Route, expect

from tests.browser import smart
from tests.browser.conftest import TODAY
from tests.browser.smart import AGAIN, APP, MARGARET, NOTHING, Site, allow, is_drawn, says
from tests.ehr import Ehr
from tests.served import Served, served
from tests.smart_server import Faults, SmartServer, smart_server

OF_ANOTHER = "The answer came from another sign-in than the one that was asked, so nothing was read."
HTTPS = "https://127.0.0.1:9"  # where nobody listens: the test answers


def exchanges(ehr: SmartServer) -> int:
    """How often somebody tried to change a code for a token."""
    return sum(each.path == "/token" for each in ehr.asked)


# --- two record systems -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Two:
    """A service with two EHRs in its clients file, of which one is evil."""

    service: Served
    evil: SmartServer
    good: SmartServer
    patient: str

    def page_of(self, name: str) -> str:
        """Where that EHR sends users back to."""
        return f"{self.service.base}/timeline-{name}"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    with smart_server() as evil, smart_server() as good:
        clients = Ehr.known_in(folder, [good.base]).clients
        entries = {
            name: {
                "issuer": f"https://{name}.example",
                "keys": "keys.json",
                "fhir_bases": ehr.base,
                "smart_client_id": APP,
            }
            for name, ehr in (("evil", evil), ("good", good))
        }
        clients.write_text(yaml.safe_dump({"clients": entries}))
        with served(folder, clients=clients, development=True, today=TODAY, fetch_seconds=10) as service:
            both = Two(service, evil, good, good.put(smart.story(MARGARET), "mix-up"))
            for name, ehr in (("evil", evil), ("good", good)):
                ehr.register(APP, f"{service.base}/launch", both.page_of(name))
            yield both


def test_the_code_of_one_ehr_is_not_handed_to_the_other(two: Two, page: Page) -> None:
    """What goes on at the good one's sign-in looks right to the user and to it."""
    taken = parse_qs(urlsplit(two.good.launch(APP, two.patient)).query)  # by whoever is behind the evil one
    two.evil.faults = Faults(
        sends_on_to=f"{two.good.origin}/authorize",
        sends_on_as={
            "aud": two.good.base,
            "launch": taken["launch"][0],
            "redirect_uri": two.page_of("good"),
        },
    )

    page.goto(two.evil.launch(APP, two.patient))
    allow(page)

    says(page, OF_ANOTHER, AGAIN)
    assert page.url == two.page_of("good")
    assert (exchanges(two.evil), exchanges(two.good)) == (0, 0)
    assert smart.kept(page) == NOTHING


def test_each_ehr_opens_the_app_at_its_own_page(two: Two, page: Page) -> None:
    page.goto(two.good.launch(APP, two.patient))
    allow(page)

    is_drawn(page, "Margaret Testwell")
    assert page.url == two.page_of("good")


# --- who says that it answers -------------------------------------------------------------------------------------

NO_ISSUER = {"issuer": None}
PROMISED = {"authorization_response_iss_parameter_supported": True}


@pytest.mark.parametrize("said", [{}, NO_ISSUER, PROMISED], ids=["issuer", "no issuer", "promised"])
def test_an_answer_that_names_the_one_that_was_asked_is_taken(
    site: Site, page: Page, margaret: str, said: dict[str, object]
) -> None:
    """By the issuer of its configuration, or by its FHIR base where that names none."""
    site.ehr.faults = Faults(says_of_itself=said, answers_as=site.ehr.base)

    site.open(page, margaret)

    is_drawn(page, "Margaret Testwell")


@pytest.mark.parametrize("button", ["Allow", "Refuse"])
@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({}, "https://other.example"),
        ({}, ""),
        ({"issuer": "https://login.example"}, "{base}"),
        (NO_ISSUER, "https://other.example"),
        (PROMISED, None),
    ],
    ids=["another", "nobody", "not the issuer", "not the base", "promised and not there"],
)
def test_an_answer_that_names_another_is_not_taken(
    site: Site, page: Page, margaret: str, said: dict[str, object], named: str | None, button: str
) -> None:
    before = exchanges(site.ehr)
    answers_as = named.format(base=site.ehr.base) if named is not None else None
    site.ehr.faults = Faults(says_of_itself=said, answers_as=answers_as)

    page.goto(site.launch(margaret))
    page.get_by_role("button", name=button).click()

    says(page, OF_ANOTHER, AGAIN)
    assert exchanges(site.ehr) == before
    assert smart.kept(page) == NOTHING


# --- without https ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", ["authorization_endpoint", "token_endpoint"])
def test_from_a_page_on_https_nobody_is_sent_to_sign_in_without(
    site: Site, page: Page, margaret: str, named: str
) -> None:
    others = {"authorization_endpoint", "token_endpoint"} - {named}
    site.ehr.faults = Faults(says_of_itself={each: f"{HTTPS}/{each}" for each in others})
    before = len(site.ehr.asked)

    def passed_on(route: Route) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(HTTPS, site.service.base)))

    page.route(f"{HTTPS}/**", passed_on)
    # a page on https may not call this machine without being allowed to
    page.route(f"{site.ehr.base}/**", lambda route: route.fulfill(response=route.fetch()))

    page.goto(site.launch(margaret).replace(site.service.base, HTTPS))

    says(page, "The record system would have you sign in without https, so no sign-in is begun.")
    expect(page.get_by_role("button", name="Allow")).to_have_count(0)
    assert {each.path for each in site.ehr.asked[before:]} == {"/fhir/.well-known/smart-configuration"}
    assert smart.kept(page) == NOTHING
