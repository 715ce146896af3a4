"""
Write the folder of a new story from a compact description: python tools/new_story.py DESCRIPTION.yaml…

Afterwards `story.md` and `request.json` are the source of truth and are edited by hand: a folder that exists is left
alone unless --again is given. A code is named as "SYSTEM CODE" or "SYSTEM DISPLAY" and has to be in
`cards/value_sets/`.

    story: furosemide-low-potassium
    title: Furosemide raised, then cramps with low potassium
    today: 2026-06-15
    given: A woman of 78 …
    when: Her doctor opens the chart on 15 June 2026.
    then: One warning …
    place: uk
    person: Ada female 1948-02-03
    diagnoses:
      - {code: icd10cm G47.62, text: Night cramps, onset: 2026-05-05, recorded: 2026-05-19}
    drugs:
      - {code: sct Furosemide 40mg tablets, from: 2026-04-20, dose: 40 mg, how: One in the morning, as: statement}
    results:
      - {on: 2026-06-08 08:15, of: ["loinc 2823-3 = 3.1 mmol/L (3.5 to 5.3)"]}
    orders:
      - {code: loinc 2823-3, on: 2026-06-14}
    visits: [2025-04-02]
"""

import json
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from story_chart import Chart, marked
from story_codes import ROOT, Mistake

FIXTURES = ROOT / "fixtures"


def _story(told: Mapping[str, str]) -> str:
    parts = [f"---\ntitle: {told['title']}\ntoday: {told['today']}\n---"]
    for heading in ("given", "when", "then"):
        wrapped = textwrap.fill(" ".join(told[heading].split()), 120, break_on_hyphens=False)
        parts.append(f"# {heading.capitalize()}\n\n{wrapped}")
    return "\n\n".join(parts) + "\n"


def _check_dates(text: str, told: Mapping[str, str]) -> None:
    latest = date.fromisoformat(told["today"])
    for written in re.findall(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\d-])", text):
        if date.fromisoformat(written) > latest:
            print(f"{told['story']}: {written} is after the story's day; is that meant?")


def write(told: Mapping[str, Any], again: bool) -> None:
    """
    Write `story.md` and `request.json` of one description.

    Raises:
        Mistake: If the folder is there already, or a code or a line is not understood.
    """
    folder = FIXTURES / told["story"]
    if folder.exists() and not again:
        raise Mistake(f"{told['story']}: is there already; edit its files, or say --again to write them anew")
    body = json.dumps(marked(Chart(told).request()), indent=2, ensure_ascii=False)
    text = re.sub(r'"number:([\d.]+)"', r"\1", body) + "\n"
    _check_dates(text, told)
    folder.mkdir(exist_ok=True)
    (folder / "story.md").write_text(_story(told), "utf-8")
    (folder / "request.json").write_text(text, "utf-8")


def main(arguments: Iterable[str]) -> None:
    """Write each description given; tell what is wrong with one instead of writing it."""
    again = "--again" in arguments
    for name in arguments:
        if name != "--again":
            for told in yaml.load_all(Path(name).read_text("utf-8"), yaml.BaseLoader):  # text only
                try:
                    write(told, again)
                except Mistake as mistake:
                    sys.exit(f"new_story: {name}: {mistake}")


if __name__ == "__main__":
    main(sys.argv[1:])
