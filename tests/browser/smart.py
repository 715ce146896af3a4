"""The SMART app for browser tests: our service as a site runs it, and the EHR that opens the timeline there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, FrameLocator, Page, Request, expect

from tests.served import Served, served
from tests.smart_server import READER, SmartServer, smart_server

JSON = dict[str, Any]
APP = "legcramps-timeline"
MARGARET = "furosemide-low-potassium"
FRANK = "simvastatin-clarithromycin"
SILENT = "no-cramp-report"
AGAIN = "Open it again from the patient's chart."
_FIXTURES = Path(__file__).parents[2] / "fixtures"
_KEPT = """async () => ({
  session: {...sessionStorage}, local: {...localStorage}, cookies: document.cookie,
  databases: (await indexedDB.databases()).map(({name}) => name), caches: await caches.keys(),
})"""
NOTHING = {"session": {}, "local": {}, "cookies": "", "databases": [], "caches": []}


def story(name: str) -> JSON:
    """The hook request of a built-in patient."""
    request: JSON = json.loads((_FIXTURES / name / "request.json").read_text("utf-8"))
    return request


@dataclass(frozen=True)
class Site:
    """A service where the app is enabled, and the EHR at which it is registered."""

    service: Served
    ehr: SmartServer

    def put(self, name: str) -> str:
        """The patient of a story, on the EHR's FHIR server."""
        return self.ehr.put(story(name), f"smart-{name}"[:40])

    def launch(self, patient: str | None, user: str | None = READER, **told: Any) -> str:
        """The address that opens the app; *told* are members of the token response."""
        return self.ehr.launch(APP, patient, user, **told)

    def open(self, page: Page, patient: str | None, user: str | None = READER, **told: Any) -> None:
        """Open the app as the EHR does, and sign in."""
        page.goto(self.launch(patient, user, **told))
        allow(page)


@contextmanager
def site(folder: Path, today: str, **settings: object) -> Iterator[Site]:
    """Both, running on that day."""
    with smart_server() as ehr:
        usual = {
            "today": today,
            "fhir_bases": ehr.base,
            "smart_client_id": APP,
            "development": True,
            "fetch_seconds": 10,
        }
        with served(folder, **{**usual, **settings}) as service:
            ehr.register(APP, f"{service.base}/launch", f"{service.base}/timeline")
            yield Site(service, ehr)


def allow(where: Page | FrameLocator) -> None:
    """Let the app in, at the EHR's sign-in."""
    where.get_by_role("button", name="Allow").click()


def is_drawn(where: Page | FrameLocator, name: str) -> None:
    """Wait until the picture of the patient is there, by the name in the banner."""
    expect(where.get_by_role("banner", name="Patient")).to_contain_text(name)
    expect(where.locator("svg").first).to_be_visible()


def says(where: Page | FrameLocator, *words: str) -> None:
    """Wait until the page tells of a trouble, in these words."""
    for each in words:
        expect(where.get_by_role("alert")).to_contain_text(each)


def kept(page: Page) -> JSON:
    """What the page left in the browser."""
    found: JSON = page.evaluate(_KEPT)
    return found


class Traffic:
    """Every request of a browser, for tests that say where something went."""

    def __init__(self, context: BrowserContext) -> None:
        self._requests: list[Request] = []
        context.on("request", self._add)

    def _add(self, request: Request) -> None:
        self._requests.append(request)

    def with_text(self, text: str) -> set[tuple[str, str]]:
        """Where requests went that hold *text* in address, headers or body: the origin, and in which of the three."""
        return {
            (_origin(request.url), part)
            for request in self._requests
            for part, value in (
                ("address", request.url),
                ("headers", json.dumps(request.headers)),
                ("body", request.post_data or ""),
            )
            if text in value
        }

    def origins(self) -> set[str]:
        """All servers that were asked anything."""
        return {_origin(request.url) for request in self._requests}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
