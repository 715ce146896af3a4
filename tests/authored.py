"""Copies of the knowledge files that a test may edit, and built-in patients of its own, for the authoring tools."""

import csv
import json
import re
import shutil
from pathlib import Path

from typer.testing import CliRunner, Result

from cds_service.cli import app
from tests.patients import CARDS, APatient

POTASSIUM = "contributors/low-potassium.md"
MAGNESIUM = "contributors/low-magnesium.md"
LOOP = "contributors/loop-diuretic.md"


def cut_value_sets(folder: Path) -> Path:
    """The project's value sets in *folder*, the drugs cut to one code an ingredient: nothing here asks for more."""
    shutil.copytree(CARDS / "value_sets", folder)
    for path in (folder / "drugs").rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        place = header.index("ingredient") if "ingredient" in header else 0
        kept = {row[place]: row for row in reversed(rows)}
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *kept.values()])
    return folder


def copy_cards(folder: Path, value_sets: Path) -> Path:
    """A copy in *folder* that a test may break; it shares the value sets."""
    folder.mkdir()
    for path in CARDS.iterdir():
        if path.name == "value_sets":
            (folder / path.name).symlink_to(value_sets)
        elif path.is_dir():
            shutil.copytree(path, folder / path.name)
        else:
            shutil.copy(path, folder / path.name)
    return folder


def change(path: Path, old: str, new: str) -> None:
    """Change text that must be there, wherever it stands."""
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} does not hold {old!r}"
    path.write_text(text.replace(old, new), "utf-8")


def change_front(path: Path, old: str, new: str) -> None:
    """Change the front matter only."""
    opening, matter, body = path.read_text("utf-8").split("---\n", 2)
    assert old in matter, f"{path.name} does not hold {old!r}"
    path.write_text("---\n".join((opening, matter.replace(old, new), body)), "utf-8")


def write_section(path: Path, title: str, text: str) -> None:
    """Put *text* under a heading that must be there."""
    whole = path.read_text("utf-8")
    made, count = re.subn(rf"(?m)(^# {re.escape(title)}\n)[^#]*", rf"\1\n{text}\n\n", whole)
    assert count == 1, f"{path.name} has no heading {title}"
    path.write_text(made, "utf-8")


def add_story(folder: Path, name: str, title: str, patient: APatient) -> None:
    """Write down a patient of the builder as a built-in one."""
    (folder / name).mkdir(parents=True)
    (folder / name / "story.md").write_text(
        f"---\ntitle: {title}\ntoday: {patient.today}\n---\n\n# Given\n\nA patient with {name}.\n", "utf-8"
    )
    (folder / name / "request.json").write_text(json.dumps(patient.request()), "utf-8")


def run(*words: str | Path, fixtures: Path | None = None, answer: str = "", **variables: str) -> Result:
    """`legcramps cards …`, in this process."""
    environment = {**variables, **({"LEGCRAMPS_FIXTURES": str(fixtures)} if fixtures else {})}
    return CliRunner().invoke(app, ["cards", *map(str, words)], env=environment, input=answer)
