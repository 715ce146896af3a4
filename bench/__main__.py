"""
Measures everything, prints the tables, keeps the figures and writes them into the documents: `make bench`.

    python -m bench [--quick] [--redraw]
"""

import argparse
import subprocess
import sys
from pathlib import Path

import msgspec

from bench import in_process, memory, openings, over_http, plot, startup
from bench.figures import FULL, QUICK, ROOT, Effort, Machine, Results, tell
from bench.tables import measured_on, tables

RESULTS = ROOT / "bench" / "results" / "performance.json"
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"
# measured by programs of their own, which print and keep their own results
_OTHERS = ("overload", "hostile", "terminology")


def main() -> int:
    """A goal that is missed is told in the tables, and is no error."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--quick", action="store_true", help="a rough look in a minute; nothing is kept")
    parser.add_argument("--redraw", action="store_true", help="measure nothing: documents from what is kept")
    asked = parser.parse_args()
    if asked.redraw:
        _write(msgspec.json.decode(RESULTS.read_bytes(), type=Results))
        return 0
    results = _measured(QUICK if asked.quick else FULL)
    if not asked.quick:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")
        _write(results)
        _run_others()
    print(measured_on(results))
    for name, table in tables(results).items():
        print(f"\n{name.capitalize()}\n\n{table}", flush=True)
    return 0


def _measured(effort: Effort) -> Results:
    here = Machine.here()
    costs, growth = in_process.measured(effort, here.date)
    return Results(
        here,
        effort,
        costs,
        growth,
        over_http.measured(effort, here.date),
        memory.measured(effort, here.date),
        startup.measured(effort),
        openings.measured(effort),
    )


def _write(results: Results) -> None:
    """Put what was measured between its marks in the page; what people wrote there stays."""
    page = PAGE.read_text("utf-8")
    for name, text in {"measured on": measured_on(results), **tables(results)}.items():
        page = _between(page, name, text)
    PAGE.write_text(page, "utf-8")
    plot.draw(results, PLOT)


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->\n", f"<!-- end: {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{PAGE.name}: lacks the marks of “{name}”")
    return f"{before}{begin}{text}\n{end}{after}"


def _run_others() -> None:
    for name in _OTHERS:
        if (Path(__file__).parent / f"{name}.py").exists():
            tell(f"{name}: this takes a while")
            print(f"\n{name.capitalize()}\n", flush=True)
            subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=ROOT, check=False)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main())
