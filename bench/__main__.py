"""
Measures everything, prints the tables, keeps the figures and writes them into the documents: `make bench`.

    python -m bench [--quick] [--redraw]
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from bench import held, hostile, in_process, memory, openings, over_http, overload, stages, startup
from bench.figures import FULL, PAGE, QUICK, RESULTS, ROOT, Effort, Machine, Results, tell
from bench.servers import bytecode_of_its_own, check_readable
from bench.tables import SECTIONS, dearest_of, filled, goals, measured_on

PLOT = ROOT / "docs" / "performance.svg"
_UNFINISHED = RESULTS.with_name("unfinished.json")  # what there is, should a later section fail


def main() -> int:
    """A goal that is missed is told in the tables, and is no error."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--quick", action="store_true", help="a rough look in a minute; nothing is kept")
    parser.add_argument("--redraw", action="store_true", help="measure nothing: documents from what is kept")
    asked = parser.parse_args()
    if asked.redraw:
        _write(msgspec.json.decode(RESULTS.read_bytes(), type=Results))
        return 0
    try:
        check_readable()
    except OSError as error:
        tell(str(error))
        return 1
    with bytecode_of_its_own():
        results = _measured(QUICK if asked.quick else FULL)
    print(f"\n{measured_on(results)}\n\n{goals(results)}", flush=True)
    if not asked.quick:
        _keep(results, RESULTS)
        _write(results)
        _UNFINISHED.unlink()
        _run_terminology()
    return 0


def _measured(effort: Effort) -> Results:
    """Each table is printed as soon as it is known, and each section kept."""
    results = Results(Machine.here(), effort)
    for name, measure in _SECTIONS.items():
        if effort.is_quick and name in _LONG:
            continue
        results = structs.replace(results, **measure(results))
        print(f"\n{name.capitalize()}\n\n{SECTIONS[name](results)}", flush=True)
        if not effort.is_quick:
            _keep(results, _UNFINISHED)
    return results


def _in_process(before: Results) -> dict[str, Any]:
    costs, growth = in_process.measured(before.effort, before.machine.date)
    return {"in_process": costs, "growth": growth}


def _dear(before: Results) -> dict[str, Any]:
    dear = list(hostile.measured())
    dearest = dearest_of(structs.replace(before, dear=dear))
    return {"dear": dear, "held": list(held.measured(dearest))}


_LONG = ("under load", "bodies made to be dear")
_SECTIONS: Mapping[str, Callable[[Results], dict[str, Any]]] = {
    "in process": _in_process,
    "where the time goes": lambda so_far: {"stages": stages.measured(so_far.effort, so_far.machine.date)},
    "over HTTP": lambda so_far: {"over_http": over_http.measured(so_far.effort, so_far.machine.date)},
    "memory": lambda so_far: {"memory": memory.measured(so_far.effort, so_far.machine.date)},
    "start": lambda so_far: {"starts": startup.measured(so_far.effort)},
    "without prefetch": lambda so_far: {"openings": openings.measured(so_far.effort)},
    "under load": lambda _: {"overloads": list(overload.measured())},
    "bodies made to be dear": _dear,
}


def _keep(results: Results, file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n")


def _write(results: Results) -> None:
    """Put what was measured between its marks in the page; what people wrote there stays."""
    from bench import plot  # the tests have no matplotlib

    PAGE.write_text(filled(PAGE.read_text("utf-8"), results), "utf-8")
    plot.draw(results, PLOT)


def _run_terminology() -> None:
    """A program of its own, which prints and keeps its own results."""
    tell("terminology: this takes a while")
    print("\nTerminology\n", flush=True)
    subprocess.run([sys.executable, "-m", "bench.terminology"], cwd=ROOT, check=False)


if __name__ == "__main__":
    sys.exit(main())
