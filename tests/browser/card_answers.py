"""Answers of services other than ours, and the sidebar that shows them."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, Route

from tests.browser.bench import CALL, Bench

JSON = dict[str, Any]


def a_card(**members: Any) -> JSON:
    """A card with what every card has; None leaves a member out."""
    card = {
        "uuid": "0c0dbbcd-1f4d-4a2e-9a52-7c8f5f2d6a01",
        "summary": "Something to look at",
        "indicator": "info",
        "source": {"label": "A service"},
        **members,
    }
    return {name: value for name, value in card.items() if value is not None}


def shown(page: Page, *cards: JSON) -> Locator:
    """The sidebar of the workbench once a service has answered with these *cards*."""

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps({"cards": cards}), content_type="application/json")

    page.route(CALL, answer)
    return Bench(page).start().cards


def links_of(place: Locator) -> list[str | None]:
    """The addresses that somebody can follow there."""
    return [link.get_attribute("href") for link in place.locator("a[href]").all()]
