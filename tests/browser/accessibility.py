"""Asks axe-core what keeps people from using a page."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import CDPSession, Page

_AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_GRAVE = frozenset({"serious", "critical"})
_RUN = 'axe.run(document, {resultTypes: ["violations"]}).then((found) => JSON.stringify(found.violations))'


def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands, each with the elements it is about."""
    session = page.context.new_cdp_session(page)
    if _evaluate(session, "typeof axe") == "undefined":
        # as the developer tools do it: a script element would be against the page's policy
        _evaluate(session, _source())
    found: list[dict[str, Any]] = json.loads(_evaluate(session, _RUN))
    session.detach()
    return [_told(each) for each in found if each["impact"] in _GRAVE]


@cache
def _source() -> str:
    return _AXE.read_text("utf-8")


def _evaluate(session: CDPSession, script: str) -> Any:
    said = session.send(
        "Runtime.evaluate", {"expression": script, "awaitPromise": True, "returnByValue": True}
    )
    assert "exceptionDetails" not in said, said["exceptionDetails"]
    return said["result"].get("value")


def _told(violation: dict[str, Any]) -> str:
    places = ", ".join(str(place) for node in violation["nodes"] for place in node["target"])
    return f"{violation['impact']}: {violation['help']} ({violation['id']}): {places}"
