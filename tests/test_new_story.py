"""`tools/new_story.py`: a compact description becomes a request as a record system sends it, or is refused."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.advise import Advice, advise
from cds_service.hooks import decode
from tests.findings_of import site

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when it is run as a script
import new_story
from story_chart import Chart, marked
from story_codes import Mistake, coded

TODAY = "2026-06-15"
DESCRIBED: dict[str, Any] = {
    "story": "a-new-story",
    "title": "A title that is long enough",
    "today": TODAY,
    "given": "A woman of 78 has night cramps.",
    "when": "Her doctor opens the chart.",
    "then": "No card.",
    "person": "Ada female 1948-02-03",
    "diagnoses": [{"code": "icd10cm G47.62", "onset": "2026-05-05"}],
}


def advice(**more: Any) -> Advice:
    body = json.dumps(marked(Chart({**DESCRIBED, **more}).request())).replace('"number:3.10"', "3.10")
    return advise(decode(body.encode(), "patient-view"), site(), date.fromisoformat(TODAY))


def test_what_is_described_is_read_by_the_service_without_a_remainder() -> None:
    sample = {"on": "2026-06-08 08:15", "of": ["loinc 2823-3 = 3.10 mmol/L (3.5 to 5.3)"]}

    told = advice(results=[sample])

    assert [card.summary for card in told.cards] == [
        "K 3.10 mmol/L (8 Jun 2026) is low in a patient with night leg cramps"
    ]
    assert told.record is not None
    assert told.record.unread == ()


def test_a_code_is_found_by_its_display() -> None:
    coding, value_set = coded("sct Ramipril 5mg capsules")

    assert (coding["display"], value_set) == ("Ramipril 5mg capsules", "ace_inhibitor")
    assert coded(f"sct {coding['code']}") == (coding, value_set)


def test_a_longer_code_of_a_listed_family_brings_its_own_words() -> None:
    coding, value_set = coded("icd10cm E11.42 Type 2 diabetes mellitus with diabetic polyneuropathy")

    assert coding["display"] == "Type 2 diabetes mellitus with diabetic polyneuropathy"
    assert value_set.startswith("diabet")


@pytest.mark.parametrize(
    "code", ["loinc 99999-9", "sct Ramipril 5.5mg capsules", "snomed 363732003", "rxnorm"]
)
def test_a_code_that_is_in_no_value_set_is_refused(code: str) -> None:
    with pytest.raises(Mistake, match=code):
        coded(code)


def test_a_result_that_is_not_written_as_one_is_refused() -> None:
    with pytest.raises(Mistake, match="write"):
        advice(results=[{"on": "2026-06-08", "of": ["loinc 2823-3: 3.1"]}])


def test_a_folder_that_exists_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_story, "FIXTURES", tmp_path)
    new_story.write(DESCRIBED, again=False)
    story, request = (tmp_path / "a-new-story" / name for name in ("story.md", "request.json"))
    written = story.read_text("utf-8"), json.loads(request.read_text("utf-8"))["context"]["patientId"]

    with pytest.raises(Mistake, match="is there already"):
        new_story.write({**DESCRIBED, "title": "Another title"}, again=False)

    assert written[0].startswith(
        f"---\ntitle: A title that is long enough\ntoday: {TODAY}\n---\n\n# Given\n\n"
    )
    assert written[1].startswith("pt-")
    assert story.read_text("utf-8") == written[0]
