"""Write `cards.json` of the stories in `fixtures/` anew, on purpose: python tools/write_stories.py [STORY…]."""

import asyncio
import json
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from cds_service import logs
from cds_service.app import create_app
from cds_service.contributors import load
from cds_service.frontmatter import read
from cds_service.opened import SERVICES
from cds_service.services import address
from cds_service.settings import load as settings

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "fixtures"
BASE_URL = "http://127.0.0.1:8000"  # fixed, because cards carry links to the service


def names() -> tuple[str, ...]:
    """Every story, in alphabetical order."""
    return tuple(sorted(path.parent.name for path in FIXTURES.glob("*/story.md")))


def written_for(story: str) -> date:
    """The day a story plays on."""
    return date.fromisoformat(read(FIXTURES / story / "story.md", FIXTURES).front.take("today").text())


class Service:
    """The service as it runs, with its knowledge loaded once."""

    def __init__(self) -> None:
        self._knowledge = load(ROOT / "cards", "demo")

    def answer(self, body: bytes, today: date) -> Any:
        """
        The answer to one hook call without its uuids, which are new each time.

        Raises:
            httpx.HTTPStatusError: If the service refuses the body.
        """
        headers = {"Content-Type": "application/json"}
        return without_uuids(
            self._call("POST", address(next(iter(SERVICES))), today, content=body, headers=headers).json()
        )

    def built_in(self, story: str, today: date) -> bytes:
        """The request of a story as it is served, dated relative to *today*."""
        return self._call("GET", f"/demo/{story}", today).content

    def _call(self, method: str, path: str, today: date, **sent: Any) -> httpx.Response:
        site = settings(today=today, base_url=BASE_URL, profile="demo", host="127.0.0.1", timezone="UTC")
        app = create_app(site, self._knowledge)

        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as client:
                return await client.request(method, path, **sent)

        return asyncio.run(send()).raise_for_status()


def without_uuids(answer: Any) -> Any:
    """The answer without the `uuid` members of cards and suggestions; nothing else is taken away."""
    for card in answer["cards"]:
        for member in (card, *card.get("suggestions", ())):
            del member["uuid"]
    return answer


def main(chosen: Iterable[str]) -> None:
    """Answer each story's request on its own day and write down what came."""
    logs.configure("warning")
    service = Service()
    for story in chosen:
        folder = FIXTURES / story
        cards = service.answer((folder / "request.json").read_bytes(), written_for(story))
        text = json.dumps(cards, indent=2, ensure_ascii=False) + "\n"
        known = folder / "cards.json"
        if not known.is_file() or known.read_text("utf-8") != text:
            known.write_text(text, "utf-8")
            print(f"{story}: {len(cards['cards'])} cards written; read them aloud before you commit")


if __name__ == "__main__":
    main(sys.argv[1:] or names())
