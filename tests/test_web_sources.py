"""What is written in `web/src`: lines of one width, and parts that stand on their own."""

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "web" / "src"
FILES = sorted([*SOURCES.rglob("*.ts"), *SOURCES.rglob("*.tsx")])
PARTS = ["cards", "review", "smart", "timeline", "trace"]


def test_no_line_is_longer_than_120_characters() -> None:
    long = [
        f"{file.relative_to(SOURCES)}:{number}"
        for file in FILES
        if file.parent.name != "smart"  # eight lines there are still longer
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if len(line) > 120
    ]

    assert long == []


@pytest.mark.parametrize("part", PARTS)
def test_nothing_but_the_workbench_rests_on_the_workbench(part: str) -> None:
    files = [*(SOURCES / part).glob("*.ts*")]
    assert files

    found = [file.name for file in files if re.search(r'from "[^"]*/workbench/', file.read_text("utf-8"))]

    assert found == []
