"""
A real Chromium that looks at the real service: the fixtures of pytest-playwright, set up for our pages.

`page` is a window of its own for each test, whose addresses may be relative ("/"). What goes wrong in it fails the
test when it ends, though the test asked for something else; `faults` says what a test expects to go wrong.

A window costs a second of computing. Tests that leave no trace for the next one in it share `shown`.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests import smart_server
from tests.browser.accessibility import violations
from tests.browser.faults import Faults
from tests.browser.smart import FRANK, MARGARET, Site
from tests.browser.smart import site as running_site
from tests.served import Served, served

TODAY = "2026-06-15"
WIDE: ViewportSize = {"width": 1400, "height": 900}
NARROW: ViewportSize = {"width": 380, "height": 800}
_HERE = Path(__file__).parent
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# The last such list counts, so Playwright's own comes first; of it, what could matter to these pages, or asks anybody
# outside for anything. The rest are a new window's two hidden pages of suggestions, which cost more than ours, and a
# process in reserve.
_WITHOUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
)
# Loopback only, whatever a page or the browser itself asks for; and the same pixels on every machine.
_FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--no-proxy-server",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    f"--disable-features={','.join(_WITHOUT)}",
)

# milliseconds; a machine that is busy with other tests needs more than the usual 5,000
expect.set_options(timeout=20_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-screenshots",
        action="store_true",
        help="keep the pictures in docs/screenshots/ (make screenshots)",
    )


@pytest.hookimpl(tryfirst=True)  # before `-m` looks for the marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for all tests of this process that change nothing but what it remembers of cards."""
    with served(tmp_path_factory.mktemp("service"), today=TODAY, profile="demo") as running:
        yield running


@pytest.fixture(scope="session")
def smart_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site with the SMART app for all tests of this process, and its EHR."""
    with running_site(tmp_path_factory.mktemp("smart"), today=TODAY) as running:
        yield running


@pytest.fixture
def site(smart_site: Site) -> Iterator[Site]:
    """The same; its EHR does as it should until the test says otherwise."""
    smart_site.ehr.faults = smart_server.Faults()
    yield smart_site
    smart_site.ehr.faults = smart_server.Faults()


@pytest.fixture(scope="session")
def margaret(smart_site: Site) -> str:
    """A patient at the EHR: furosemide raised, then cramps."""
    return smart_site.put(MARGARET)


@pytest.fixture(scope="session")
def frank(smart_site: Site) -> str:
    """Another: simvastatin and clarithromycin."""
    return smart_site.put(FRANK)


@pytest.fixture(scope="session")
def base_url(service: Served) -> str:
    """What relative addresses are relative to."""
    return service.base


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        raise pytest.UsageError("these tests need Chromium: tools/install_chromium.sh installs it")
    # Its own sandbox needs a user other than root, which containers rarely have.
    sandbox = os.geteuid() != 0
    return {
        **browser_type_launch_args,
        "executable_path": program,
        "args": list(_FLAGS),
        "chromium_sandbox": sandbox,
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "viewport": WIDE,
        "locale": "en-GB",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def faults() -> Iterator[Faults]:
    """What went wrong in the browser; `faults.expect("412")` takes what a test is about out of it."""
    found = Faults()
    yield found
    assert found.unexpected() == []
    assert found.that_did_not_come() == []


@pytest.fixture
def context(new_context: Callable[..., BrowserContext], faults: Faults) -> Iterator[BrowserContext]:
    """A browser that knows nothing of other tests; windows that its pages open are looked at too."""
    opened = new_context()
    faults.watch(opened)
    yield opened
    faults.hear_all(opened)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture(scope="module")
def shown(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Page]:
    """
    One window for those tests of a module that only look, or ask for something new whatever came before.

    What goes wrong in it fails the last of them.
    """
    opened, found = browser.new_context(**browser_context_args), Faults()
    found.watch(opened)
    yield opened.new_page()
    found.hear_all(opened)
    opened.close()
    assert found.unexpected() == []


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """Accessibility: `assert axe(page) == []`; what axe-core calls serious or critical, with its places."""
    return violations
