"""The workbench as somebody uses it: what is on the page, and what one does there."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import FilePayload, Locator, Page, Request, expect

JSON = dict[str, Any]
FIRST = "Furosemide raised, then cramps with low potassium and magnesium"
SILENT = "Low potassium on furosemide, but no cramps"
STORIES = Path(__file__).parents[2] / "fixtures"
CALL = re.compile(r"/cds-services/[^/]+$")  # the address of a hook call


class Bench:
    """The page at `/`; *start* opens it and waits for the first answer."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def start(self, path: str = "/") -> "Bench":
        """Open it, and wait until a patient is there."""
        self.page.goto(path)
        self.answered()
        return self

    def answered(self) -> None:
        """Wait until the last call has been answered."""
        expect(self.status).to_contain_text("status 200")

    # --- what is there ---

    @property
    def status(self) -> Locator:
        """How the last call went."""
        return self.page.get_by_role("region", name="Call").get_by_role("status")

    @property
    def alert(self) -> Locator:
        """What did not work."""
        return self.page.get_by_role("region", name="Call").get_by_role("alert")

    @property
    def banner(self) -> Locator:
        """Who it is."""
        return self.page.get_by_role("region", name="Patient")

    @property
    def cards(self) -> Locator:
        """The sidebar."""
        return self.page.get_by_role("region", name="Cards", exact=True)

    @property
    def summaries(self) -> Locator:
        """What the cards say first."""
        return self.cards.get_by_role("heading", level=3)

    @property
    def stories(self) -> Locator:
        """The choice of built-in patients."""
        return self.page.get_by_label("Built-in patient")

    @property
    def onset(self) -> Locator:
        """Where the onset is moved, or put in."""
        return self.page.get_by_role("region", name="When cramps began")

    @property
    def date(self) -> Locator:
        """Since when there are cramps."""
        return self.onset.get_by_label("Cramps since")

    @property
    def slider(self) -> Locator:
        """The same, to be pushed."""
        return self.onset.get_by_role("slider", name="Move the onset")

    @property
    def difference(self) -> Locator:
        """How the answer changed."""
        return self.onset.get_by_role("status")

    @property
    def panel(self) -> Locator:
        """What the chosen tab shows."""
        return self.page.get_by_role("tabpanel")

    def tab(self, name: str) -> Locator:
        """One of the tabs."""
        return self.page.get_by_role("tab", name=name, exact=True)

    def button(self, name: str) -> Locator:
        """One of the buttons."""
        return self.page.get_by_role("button", name=name, exact=True)

    def title(self) -> str:
        """The built-in patient that is chosen."""
        said: str = self.stories.evaluate("choice => choice.selectedOptions[0].textContent")
        return said

    def request(self) -> JSON:
        """The request that was sent last, as the page shows it."""
        self.tab("Request").click()
        body: JSON = json.loads(self.panel.get_by_role("region").inner_text())
        return body

    def is_too_wide(self) -> bool:
        """Whether one has to scroll sideways."""
        said: bool = self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return said

    # --- what one does ---

    def choose(self, title: str) -> None:
        """Choose a built-in patient."""
        (name,) = self.stories.select_option(title)
        expect(self.page).to_have_url(re.compile(rf"#story={name}(&|$)"))  # it follows what is shown
        self.answered()

    def open(self, file: FilePayload) -> None:
        """Open a file of a record, by the button."""
        with self.page.expect_file_chooser() as chooser:
            self.button("Open a record…").click()
        chooser.value.set_files(file)

    def shown(self, name: str) -> None:
        """Wait until somebody of that name is shown, and answered."""
        expect(self.banner.get_by_role("heading")).to_have_text(name)
        self.answered()


def said_of(story: str) -> list[str]:
    """The summaries of the cards that a built-in patient has."""
    cards = json.loads((STORIES / story / "cards.json").read_text("utf-8"))["cards"]
    return [card["summary"] for card in cards]


def body_of(request: Request) -> JSON:
    """What was sent."""
    body: JSON = json.loads(request.post_data or "")
    return body


def file_of(name: str, content: bytes) -> FilePayload:
    """A file that is only in memory."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def bundle(*resources: JSON, kind: str = "collection", **members: object) -> JSON:
    """A Bundle of *resources*."""
    entries = [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": kind, **members, "entry": entries}


def patient(identifier: str, given: str, **members: object) -> JSON:
    """An adult."""
    name = [{"family": "Testwell", "given": [given]}]
    return {"resourceType": "Patient", "id": identifier, "birthDate": "1950-03-01", "name": name, **members}


def furosemide(identifier: str, reference: str, since: str) -> JSON:
    """A loop diuretic, taken since a day."""
    coding = {
        "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
        "code": "4603",
        "display": "furosemide",
    }
    return {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [coding]},
        "subject": {"reference": reference},
        "authoredOn": since,
    }


def potassium(identifier: str, reference: str, on: str, value: str) -> JSON:
    """A potassium in mmol/L."""
    return {
        "resourceType": "Observation",
        "id": identifier,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}]},
        "subject": {"reference": reference},
        "effectiveDateTime": on,
        "valueQuantity": {
            "value": float(value),
            "unit": "mmol/L",
            "system": "http://unitsofmeasure.org",
            "code": "mmol/L",
        },
    }


def cramps(identifier: str, reference: str, since: str) -> JSON:
    """A report of leg cramps at night."""
    coding = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G47.62"}
    active = {"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}
    return {
        "resourceType": "Condition",
        "id": identifier,
        "clinicalStatus": {"coding": [active]},
        "code": {"coding": [coding]},
        "subject": {"reference": reference},
        "onsetDateTime": since,
    }


def record(resources: Sequence[JSON]) -> bytes:
    """A Bundle as a file."""
    return json.dumps(bundle(*resources)).encode()
