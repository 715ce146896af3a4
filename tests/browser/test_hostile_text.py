"""Texts of a record, and of cards that are not ours, are shown as text: nothing of them is a link, or runs."""

import json
from collections.abc import Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.bench import JSON, Bench, file_of
from tests.browser.card_answers import a_card, links_of, shown
from tests.browser.hostile import EVIL, TEXTS, record

# what carries out what it says, or loads something, wherever it stands on the page
ACTIVE = "img, script:not([src]), iframe, object, embed, form[action], base, style, video, audio, template"
HANDLERS = "[onerror], [onclick], [onload], [onmouseover], [style*=url], [src*=evil], [href*=evil]"


def is_harmless(page: Page) -> None:
    """Nothing on the page came from the text but text."""
    links = [link for link in links_of(page.locator("body")) if link]
    assert [
        link for link in links if EVIL in link or link.startswith(("javascript:", "data:", "mailto:"))
    ] == []
    expect(page.locator("body").locator(ACTIVE)).to_have_count(0)
    expect(page.locator(HANDLERS)).to_have_count(0)
    assert page.evaluate("window.ran") is None


def unfold(page: Page) -> None:
    """Open all that can be opened, what is in it too, and show every entry."""
    page.evaluate(_UNFOLD)
    expect(page.locator("details:not([open])")).to_have_count(0)


_UNFOLD = """async () => {
  const folded = () => document.querySelectorAll("details:not([open])");
  const hidden = () => document.querySelectorAll(".trace-entry[aria-expanded=false]");
  while (folded().length + hidden().length) {
    folded().forEach((each) => { each.open = true; });
    hidden().forEach((each) => each.click());
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
  }
}"""


# --- the record -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_nothing_of_a_record_becomes_more_than_text(text: str, page: Page) -> None:
    bench = Bench(page).start()

    bench.open(file_of("record.json", json.dumps(record(text)).encode()))

    expect(bench.banner).to_contain_text(_plain(text))
    bench.answered()
    expect(bench.summaries.filter(has_text="Low K 3.1 mmol/L")).to_have_count(1)
    is_harmless(page)
    for tab in ("Timeline", "Why this answer", "Request", "Response"):
        bench.tab(tab).click()
        unfold(page)
        is_harmless(page)
    bench.tab("Request").click()
    expect(bench.panel.get_by_role("region")).to_contain_text(_plain(text).split()[0])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"<b>bold</b> **bold** https://{EVIL}/a", f"<b>bold</b> **bold** https://{EVIL}/a"),
        (f"www.{EVIL}, a@{EVIL} and [x](http://x)", f"www.{EVIL}, a@{EVIL} and [x](http://x)"),
        ("`code` \u202etfel ot thgir\u202c", "`code` tfel ot thgir"),
    ],
)
def test_what_a_card_repeats_of_a_record_is_that_text(text: str, said: str, page: Page) -> None:
    """What a drug is given for stands on the card: as written, without what would turn the line round."""
    bench = Bench(page).start()

    bench.open(file_of("record.json", json.dumps(record(text)).encode()))

    line = bench.cards.get_by_role("listitem").filter(has_text="Possible indication on record: ")
    expect(line).to_have_count(1)
    shown_text = line.inner_text().replace("\u200b", "")  # breaks up addresses; a reader does not see it
    assert shown_text == f"Possible indication on record: {said}"
    assert _elements(line) == []


def test_the_entries_of_the_trace_show_the_text_as_it_is(page: Page) -> None:
    text = TEXTS[0]
    bench = Bench(page).start()
    bench.open(file_of("record.json", json.dumps(record(text)).encode()))
    expect(bench.banner).to_contain_text(text)

    bench.tab("Why this answer").click()
    unfold(page)

    expect(bench.panel.locator("pre").filter(has_text=json.dumps(text)[1:-1]).first).to_be_visible()


def _plain(text: str) -> str:
    """As a page shows it: white space is one space."""
    return " ".join(text.split())


# --- cards of a service that does not mind what it says ------------------------------------------------------


HTML = (
    '<img src="x" onerror="window.ran=1">',
    "<script>window.ran=1</script>",
    '<div>\n\n<a href="javascript:window.ran=1">x</a>\n\n</div>',
    '<svg onload="window.ran=1"><style>*{display:none}</style></svg>',
    "<form action='https://evil.example'><input name=x><button>Go</button></form>",
    "<!-- hidden --> <?php ?> <![CDATA[x]]>",
)
LEADING_NOWHERE = (
    "[x](javascript:window.ran=1)",
    "[x](JaVaScRiPt:window.ran=1)",
    "[x](&#106;avascript:window.ran=1)",
    "[x](data:text/html,<script>window.ran=1</script>)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](irc://evil.example)",
    "[x](//evil.example)",
    "[x](knowledge/M1)",
    "[x](#story=adrenal-crisis)",
    "[x]()",
    "<javascript:window.ran=1>",
    "a note[^1]\n\n[^1]: below",
)


def details_of(page: Page, texts: Sequence[str]) -> Locator:
    """The details of cards, one for each text, as they are rendered."""
    cards = [a_card(uuid=f"card-{place}", detail=text) for place, text in enumerate(texts)]
    return shown(page, *cards).locator(".card-detail")


def detail_of(page: Page, *lines: str) -> Locator:
    """The detail of a card, as it is rendered."""
    return details_of(page, ["\n".join(lines)])


def test_html_in_a_detail_is_text(page: Page) -> None:
    details = details_of(page, HTML)

    expect(details).to_contain_text([text.split("\n")[0] for text in HTML])
    assert {name for each in details.all() for name in _elements(each)} == {"P"}
    is_harmless(page)


def test_only_whole_web_addresses_in_a_detail_lead_anywhere(page: Page) -> None:
    details = details_of(page, LEADING_NOWHERE)

    expect(details).to_contain_text([*["x"] * 11, "javascript:window.ran=1", "below"])
    expect(details.locator("a")).to_have_count(0)
    is_harmless(page)


def test_a_picture_in_a_detail_is_not_loaded(page: Page) -> None:
    """It would tell another server that a chart is open; `faults` looks for a request."""
    detail = detail_of(page, f"before ![alt](https://{EVIL}/x.png) after")

    expect(detail).to_have_text("before after")
    assert _elements(detail) == ["P"]


def test_addresses_in_a_detail_are_links_as_in_ehrs(page: Page) -> None:
    """What our service does not want to be a link it has to break up: EHRs won't."""
    detail = detail_of(
        page, "https://one.example/a www.two.example a@three.example", "", "[four](https://four.example)"
    )

    assert links_of(detail) == [
        "https://one.example/a",
        "http://www.two.example",
        "mailto:a@three.example",
        "https://four.example",
    ]
    assert {each.get_attribute("rel") for each in detail.locator("a").all()} == {"noopener noreferrer"}
    assert {each.get_attribute("target") for each in detail.locator("a").all()} == {"_blank"}


def test_what_githubs_markdown_can_say_is_rendered(page: Page) -> None:
    detail = detail_of(
        page,
        "# Heading",
        "",
        "- [x] done",
        "- [ ] open",
        "",
        "| a | b |",
        "|---|--:|",
        "| 1 | ~~2~~ |",
        "",
        "`code` **bold** _it_",
    )

    expect(detail.get_by_role("heading")).to_have_count(0)  # the page has its own
    expect(detail.locator("p > strong").first).to_have_text("Heading")
    expect(detail.get_by_role("listitem")).to_have_text(["☑ done", "☐ open"])
    expect(detail.get_by_role("cell")).to_have_text(["1", "2"])
    expect(detail.locator("del")).to_have_text("2")
    expect(detail.locator("code")).to_have_text("code")


def test_characters_that_are_named_are_shown(page: Page) -> None:
    """Our service writes `&lt;`; decoding it by innerHTML is against the policy, and the card would stay empty."""
    detail = detail_of(page, "&lt;b&gt; &amp; caf&eacute; `&lt;`")

    expect(detail).to_have_text("<b> & café &lt;")
    assert _elements(detail) == ["P", "CODE"]


def test_nothing_in_a_detail_has_a_name_that_the_page_might_go_by(page: Page) -> None:
    detail = detail_of(
        page, "a note[^1]", "", "[^1]: below", "", '<p id="page" name="page" class="card">x</p>'
    )

    expect(detail).to_contain_text("below")
    expect(detail.locator("[id], [name], [class], [style]")).to_have_count(0)


def test_the_other_members_of_a_card_are_plain_text(page: Page) -> None:
    cards = shown(page, *(_saying(text, f"card-{place}") for place, text in enumerate(TEXTS)))

    for card in cards.get_by_role("article").all():
        card.get_by_role("button", name="Dismiss…").click()

    expect(cards.get_by_role("heading", level=3)).to_have_text([_plain(text) for text in TEXTS])
    expect(cards.get_by_role("radio")).to_have_count(2 * len(TEXTS))
    is_harmless(page)


def _saying(text: str, uuid: str) -> JSON:
    """A card that says *text* wherever it can, but where a service names the address of its own link."""
    address = "" if text.startswith("https://") else text
    return a_card(
        uuid=uuid,
        summary=text,
        source={"label": text, "url": address},
        links=[{"label": text, "url": address, "type": "absolute"}],
        suggestions=[{"label": text, "uuid": "s1", "actions": [{"type": text, "description": text}]}],
        overrideReasons=[{"code": "x", "display": text}],
    )


def _elements(place: Locator) -> list[str]:
    names: list[str] = place.evaluate("place => [...place.querySelectorAll('*')].map((each) => each.tagName)")
    return names
