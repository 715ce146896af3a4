"""The timeline as somebody looks at it in the workbench: its marks, its lines, and the days that lie between them."""

import json
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import msgspec
from playwright.sync_api import Locator, Page, Route, expect

from cds_service.timeline import Lane, Line, Linked, Mark, NotDrawn, Shade, Step, Timeline
from tests.served import Served

JSON = dict[str, Any]
STORY = "furosemide-low-potassium"
TODAY = date(2026, 6, 15)
ONSET = date(2026, 5, 5)  # of that story


class Picture:
    """The timeline tab of a built-in patient."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.view = page.get_by_role("region", name="Timeline", exact=True)
        self.svg = self.view.locator(".timeline-picture")
        self.panel = self.view.get_by_role("complementary", name="Entry")
        self.days = self.view.get_by_role("status")

    def open(self, story: str = STORY) -> "Picture":
        """Show it."""
        self.page.goto(f"/#story={story}&tab=timeline")
        expect(self.svg).to_be_visible()
        return self

    def draw(self, service: Served, timeline: Timeline, entries: JSON | None = None) -> "Picture":
        """Show a timeline that no record made."""
        told = service.post("/explain", service.get(f"/demo/{STORY}").json())
        made = {**told, "timeline": msgspec.to_builtins(timeline), "entries": entries or {}}

        def answer(route: Route) -> None:
            route.fulfill(body=json.dumps(made), content_type="application/json")

        self.page.route("**/explain", answer)
        return self.open()

    def mark(self, says: str) -> Locator:
        """The mark whose name begins so."""
        return self.svg.locator(f'[data-mark][aria-label^="{says}"]')

    def lane(self, lane: str) -> Locator:
        """The lane with this id."""
        return self.svg.locator(f'[data-lane="{lane}"]')

    def chip(self, row: str) -> Locator:
        """The button of a contributor."""
        return self.view.locator(f'button[data-row="{row}"]')

    def button(self, name: str) -> Locator:
        """One of the tools."""
        return self.view.get_by_role("button", name=name, exact=True)

    def line(self, name: str) -> float:
        """Where an upright line is, `today` or `cramps`: the first of it, in the picture's own pixels."""
        return number(self.svg.locator(f'[data-line="{name}"]').first, "x1")

    def x_of(self, day: date) -> float:
        """Where a day belongs, by the lines of today and of the cramps on 5 May 2026."""
        today, cramps = self.line("today"), self.line("cramps")
        return today + (day - TODAY).days * (today - cramps) / (TODAY - ONSET).days

    def overlapping_labels(self) -> list[str]:
        """Words beside marks that cover others in the same lane."""
        found: list[str] = self.svg.evaluate(
            """svg => [...svg.querySelectorAll("[data-lane]")].flatMap(lane => {
                const texts = [...lane.querySelectorAll(".timeline-label, .timeline-tag rect")];
                const boxes = texts.map(text => [text.textContent || "tag", text.getBBox()]);
                return boxes.flatMap(([one, a], index) => boxes.slice(index + 1)
                    .filter(([, b]) => a.x + a.width > b.x + 0.5 && b.x + b.width > a.x + 0.5
                        && a.y + a.height > b.y + 3 && b.y + b.height > a.y + 3)
                    .map(([other]) => `${one} / ${other}`));
            })"""
        )
        return found


def number(element: Locator, name: str) -> float:
    """A number among an element's attributes."""
    said = element.get_attribute(name)
    assert said is not None, name
    return float(said)


def a_timeline(lanes: Iterable[Lane], **changes: Any) -> Timeline:
    """These lanes; the cramps began on 5 May 2026."""
    usual: dict[str, Any] = {
        "today": TODAY,
        "onset": Line(ONSET, ONSET, "cramps from 5 May 2026", is_stated=True),
        "shades": (
            Shade("strong", ONSET - timedelta(days=90), ONSET, "began 0 to 90 days before the cramps"),
        ),
        "lanes": tuple(lanes),
        "contributors": (),
        "not_drawn": (),
    }
    return Timeline(**{**usual, **changes})


def a_crowded_timeline() -> Timeline:
    """Forty lanes, 300 results, 200 refills, twelve changes of a dose; two contributors."""
    start = TODAY - timedelta(days=28 * 200)
    results = tuple(
        Mark(
            f"k{n}",
            day,
            day,
            f"potassium {n}",
            (f"Observation/{n}",),
            value=3.2 + n % 23 / 10,
            low=3.5,
            high=5.3,
        )
        for n, day in enumerate(TODAY - timedelta(days=3 * back) for back in range(300))
    )
    steps = tuple(
        Step(TODAY - timedelta(days=50 * back + 10), f"{20 * (1 + back % 4)} mg", 20.0 * (1 + back % 4))
        for back in reversed(range(12))
    )
    refills = tuple(TODAY - timedelta(days=28 * back) for back in range(200))
    course = Mark(
        "f", start, None, "furosemide", ("MedicationRequest/1",), is_running=True, steps=steps, given=refills
    )
    others = (
        Lane(
            f"drug:{n}",
            "drug",
            f"drug number {n}",
            (Mark(f"d{n}", start, None, f"drug {n}", (), is_running=True),),
        )
        for n in range(38)
    )
    return a_timeline(
        (
            Lane("result:potassium", "result", "potassium", results, "mmol/L"),
            Lane("drug:furosemide", "drug", "furosemide", (course,)),
            *others,
        ),
        contributors=(
            Linked(
                "L01",
                "low-potassium",
                "low potassium",
                "contributor",
                "warning",
                "M1",
                "warning, told with M1",
                ("potassium",),
                ("k0",),
            ),
            Linked(
                "D02",
                "loop-diuretic",
                "loop diuretic",
                "contributor",
                "info",
                "M1",
                "information, told with M1",
                ("furosemide",),
                ("f",),
            ),
        ),
        not_drawn=(NotDrawn("unit not understood", ("Observation/a", "Observation/b")),),
    )
