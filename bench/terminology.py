"""
Time and memory of loading the value sets, and proof that reading text takes time in proportion to its length.

Units, ranges and numbers are short: of them the slowest is told.

    .venv/bin/python -m bench.terminology

Writes bench/results/terminology.json; the exit status is 1 when a goal is missed. README.md says how to read it.
"""

import gc
import json
import multiprocessing
import platform
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any, NamedTuple

from cds_service.quantity import limits, reported
from cds_service.record import Concept
from cds_service.terminology import ValueSets
from cds_service.units import reading
from cds_service.value_set_files import ValueSetFiles

HERE = Path(__file__).resolve().parent
VALUE_SETS = HERE.parent / "cards" / "value_sets"
RESULT = HERE / "results" / "terminology.json"

MOST_MILLISECONDS, MOST_MEBIBYTES = 300, 60  # of loading; issue 3 of the project
LOADS, REPEATS = 9, 7
SIZES = (250, 500, 1_000, 2_000)
STEEPEST = 2.0  # times as long for each character at the last size as at the first

# What hides a slow reader: words of every phrase's beginning, names that overlap, clauses, one endless word.
HOSTILE = (
    "in ",
    "e ",
    "no ",
    "mg ",
    "co-",
    "and ",
    "; ",
    "not . ",
    "1/2 ",
    "25 mg ",
    "potassium ",
    "calcium carbonate ",
    "leg cramps ",
    "chronic kidney disease ",
    "no history of diabetes ",
    "K/Na ",
    "K ",
    "K\n",
    "potassium\n",
    "not\n",
    "\n",
    "r/o h/o ",
    "furosemide/",
    "furosemid ",
    "-",
    "x",
    "İ",
    "ﷺ",  # one character that is written out as eighteen
)
# Longer units, ranges and numbers are none. Each reader takes each beginning, piece and end.
SHORT = 60
SLOWEST = 0.3  # milliseconds for one of them
SHORT_BEGINNINGS = ("", "1", "1 ", "3.5-", "<", "10^", "/1.73", "1.73 m2", "mmol/")
SHORT_PIECES = (
    "1.", ".", " ", "/", "-1", "(", "{", "10^", "a", "µ", "½", "1", ",", "-", " to ", "·", "×", "1.73", "m2", "ﷺ", "\n",
)  # fmt: skip
SHORT_ENDS = ("", "x", "-", "/")
# A name, and behind it what a search for its unit or divisor could go through again and again.
AFTER_A_NAME = (("potassium ", "x"), ("potassium", " "), ("Mg ", "[a"), ("potassium w", " "), ("Lasix ", "a"))


class Load(NamedTuple):
    """One loading in a process of its own: CPU milliseconds, growth of resident memory in MiB."""

    milliseconds: float
    mebibytes: float


def main() -> int:
    """Measure, tell, write, and say by the exit status whether every goal was met."""
    loads = loading()
    value_sets = ValueSets.load(VALUE_SETS)
    gc.collect()
    gc.freeze()  # as the service does
    texts = dict(matching(value_sets))
    steepest = max(texts, key=lambda name: steepness(texts[name]))
    slowest, text = max(short_texts())
    told: dict[str, Any] = {
        "python": platform.python_version(),
        "value_sets": value_sets.version,
        "loading": {
            "milliseconds": spread([each.milliseconds for each in loads]),
            "mebibytes": spread([each.mebibytes for each in loads]),
        },
        "microseconds_per_character": texts,
        "steepest": {"text": steepest, "times": round(steepness(texts[steepest]), 2)},
        "slowest_short_text": {"text": text, "milliseconds": round(slowest, 3)},
        "goals_met": {
            "loading time": median(each.milliseconds for each in loads) < MOST_MILLISECONDS,
            "loading memory": median(each.mebibytes for each in loads) < MOST_MEBIBYTES,
            "linear": steepness(texts[steepest]) < STEEPEST,
            "units and ranges": slowest < SLOWEST,
        },
    }
    show(told)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if all(told["goals_met"].values()) else 1


# --- loading ----------------------------------------------------------------------------------------------------


def loading() -> list[Load]:
    """Load several times, each time in a new process that has imported everything."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, max_tasks_per_child=1) as pool:
        return [pool.submit(load_once).result() for _ in range(LOADS)]


def load_once() -> Load:
    """Load the value sets in this process."""
    before, began = resident(), process_time()
    value_sets = ValueSets.load(VALUE_SETS)
    took = process_time() - began
    grown = resident() - before
    if not value_sets.drug_classes:
        raise SystemExit("no value sets were loaded")
    return Load(took * 1_000, grown)


def resident() -> float:
    """Resident memory of this process now, in MiB; where the system doesn't tell, the most there ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            2**20 if sys.platform == "darwin" else 2**10
        )
    return pages * resource.getpagesize() / 2**20


# --- matching ---------------------------------------------------------------------------------------------------


def matching(value_sets: ValueSets) -> Iterator[tuple[str, dict[str, float]]]:
    """For each kind and text the microseconds for each character, by the length of the text."""
    readers: dict[str, Callable[[Concept], Any]] = {
        "drug": value_sets.drugs,
        "diagnosis": value_sets.diagnoses,
        "result": value_sets.analytes,
    }
    pieces = (*((piece, "") for piece in HOSTILE), *((piece, name) for name, piece in AFTER_A_NAME))
    texts = {f"{head}{piece!r}": head + piece * max(SIZES) for piece, head in pieces} | listed_names()
    for kind, read in readers.items():
        for name, text in texts.items():
            yield (
                f"{kind}: {name}",
                {str(size): round(per_character(read, text, size), 3) for size in SIZES},
            )


def short_texts() -> Iterator[tuple[float, str]]:
    """For each reader of units, ranges and numbers, and each text, the milliseconds it takes."""
    readers: dict[str, Callable[[str], Any]] = {"unit": reading, "range": limits, "number": reported}
    for beginning, piece, end in product(SHORT_BEGINNINGS, SHORT_PIECES, SHORT_ENDS):
        text = (beginning + piece * SHORT)[: SHORT - REPEATS - len(end)] + end
        for kind, read in readers.items():
            yield least(read, text), f"{kind}: {beginning}{piece!r}{end}"


def least(read: Callable[[str], Any], text: str) -> float:
    """The least of several readings in milliseconds; by the blanks behind it each text is new, since units are kept."""
    took = []
    for repeat in range(REPEATS):
        new = text + " " * repeat
        began = process_time()
        read(new)
        took.append(process_time() - began)
    return min(took) * 1_000


def listed_names() -> dict[str, str]:
    """What is listed, one name after the other: many hits."""
    files = ValueSetFiles(VALUE_SETS)
    return {
        "names of drugs": in_a_row(name for name, _ in files.drug_names),
        "phrases of diagnoses": in_a_row(row.phrase for row in files.phrases),
        "names of results": in_a_row(row.phrase for row in files.analyte_names),
    }


def in_a_row(names: Iterable[str]) -> str:
    """Different names with a comma between, as many as fit into the shortest text, then the same ones again."""
    shortest_first = sorted(set(names), key=lambda name: (len(name), name))
    step = max(1, len(shortest_first) // 20)  # short and long ones
    block = ", ".join(shortest_first[::step])[: SIZES[0] - 2] + ", "
    return block * (max(SIZES) // len(block) + 1)


def per_character(read: Callable[[Concept], Any], text: str, size: int) -> float:
    """The least of several readings, in microseconds; each text is a new one, since readings are remembered."""
    least = float("inf")
    for repeat in range(REPEATS):
        concept = Concept(text=f"{repeat} {text}"[:size])
        began = process_time()
        read(concept)
        least = min(least, process_time() - began)
    return least * 1_000_000 / size


def steepness(by_size: dict[str, float]) -> float:
    """How many times as long a character takes in the worst of the longer texts as in the shortest; 1 is linear."""
    return max(by_size[str(size)] for size in SIZES[1:]) / max(by_size[str(SIZES[0])], 0.1)


# --- telling ----------------------------------------------------------------------------------------------------


def spread(values: list[float]) -> dict[str, float]:
    """Least and middle value."""
    return {"min": round(min(values), 1), "median": round(median(values), 1)}


def show(told: dict[str, Any]) -> None:
    """Print what was measured."""
    loaded = told["loading"]
    lines = [
        f"Value sets {told['value_sets']}, Python {told['python']}",
        f"Loading, CPU ms:       {loaded['milliseconds']} (goal: under {MOST_MILLISECONDS})",
        f"Loading, resident MiB: {loaded['mebibytes']} (goal: under {MOST_MEBIBYTES})",
        "",
        f"{'Microseconds a character':<44}" + "".join(f"{size:>9}" for size in SIZES),
    ]
    for name, by_size in told["microseconds_per_character"].items():
        lines.append(f"{name:<44}" + "".join(f"{each:>9.3f}" for each in by_size.values()))
    steepest = told["steepest"]
    lines += [
        "",
        f"Steepest: {steepest['text']}, {steepest['times']} times (goal: under {STEEPEST}; 1 is linear)",
        f"Slowest unit, range or number, ms: {told['slowest_short_text']} (goal: under {SLOWEST})",
    ]
    lines += [f"{'met' if met else 'MISSED'}: {goal}" for goal, met in told["goals_met"].items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
