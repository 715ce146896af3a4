"""`legcramps cards preview`: one HTML page with every card of the built-in patients and every sentence of the files."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from cds_service import start
from cds_service.authoring import stories
from cds_service.authoring.comparison import rows
from cds_service.authoring.examples import Examples
from cds_service.authoring.sentences import Sheet, sheets
from cds_service.authoring.stories import Story, Told
from cds_service.hooks import Card
from cds_service.knowledge import Knowledge
from cds_service.markup import html, render
from cds_service.settings import Settings

_STYLE = Path(__file__).parents[1] / "templates" / "preview.css"


@dataclass(frozen=True, slots=True)
class Shown:
    """One card as the page shows it: *rule* is its row or chain, *rows* what it flags or sets aside."""

    rule: str
    card: Card
    detail: Markup
    rows: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chart:
    """One built-in patient and the cards shown for them."""

    story: Story
    cards: tuple[Shown, ...]
    silence: str


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page, and how much is on it."""

    html: str
    patients: int
    cards: int
    sentences: int


def page(settings: Settings) -> Page:
    """
    Answer every built-in patient and read every file, in the profile demo: unsigned files are shown too.

    Raises:
        KnowledgeInvalid: If a file is not understood.
    """
    settings = settings.model_copy(update={"profile": "demo"})
    known = start.knowledge(settings)
    site = start.site(settings, known)
    charts = [_chart(each, stories.answer(each, site)) for each in stories.stories(settings.fixtures)]
    examples = Examples(known, settings.cards / "value_sets" / "drugs")
    read = sheets(known, examples)
    return Page(
        html=_html(known, charts, read),
        patients=len(charts),
        cards=sum(len(each.cards) for each in charts),
        sentences=sum(len(each.sentences) for each in read),
    )


def _chart(story: Story, told: Told) -> Chart:
    return Chart(story, tuple(map(_shown, told.cards)), told.silence)


def _shown(card: Card) -> Shown:
    return Shown(
        card.source.topic.code if card.source.topic else "", card, html(card.detail or ""), rows(card)
    )


def _html(known: Knowledge, charts: Iterable[Chart], read: Iterable[Sheet]) -> str:
    style = _STYLE.read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    listed = list(charts)
    shown = [(sheet, _showing(sheet.rule, listed)) for sheet in read]
    return render(
        "preview.html",
        style=Markup(style),  # noqa: S704 - our own file
        digest=digest,
        version=known.version,
        charts=listed,
        sheets=shown,
        unseen=[sheet.rule for sheet, showing in shown if sheet.rule and not showing],
    )


def _showing(rule: str, charts: Iterable[Chart]) -> list[str]:
    """The built-in patients for whom a rule speaks."""
    return [each.story.name for each in charts if any(_speaks(rule, card) for card in each.cards)]


def _speaks(rule: str, shown: Shown) -> bool:
    chain = shown.card.extension.get("org.legcramps.chain")
    return rule == chain or shown.rows.get(rule, "set-aside") != "set-aside"
