"""Generated patients are read without loss: every entry is used, irrelevant or unread, and the three add up."""

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service import charts, fhir, hooks, inventory
from cds_service.cli import app
from cds_service.contributors import load
from cds_service.inventory import Fate, Line
from cds_service.knowledge import Knowledge
from cds_service.normalise import patient_record
from cds_service.recognition import Reading
from cds_service.record import Concept
from tests.patients import CARDS

JSON = dict[str, Any]
Entries = Counter[tuple[str, str, str]]
TODAY = date(2026, 11, 1)  # the day on which the generators were told to stop
FOLDER = Path(__file__).parent / "generated"
FILES = sorted(FOLDER.glob("*.json.gz"))
KINDS = {
    "MedicationRequest": "medicine",
    "MedicationStatement": "medicine",
    "Condition": "diagnosis",
    "Observation": "result",
}

each_patient = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])


@cache
def knowledge() -> Knowledge:
    return load(CARDS, "demo")


@cache
def lines_of(file: Path) -> tuple[Line, ...]:
    request = hooks.decode(charts.read(file.read_bytes()).body, charts.HOOK)
    known = knowledge()
    reading = Reading(known.value_sets, known.analytes, known.reads, TODAY)
    return inventory.inventory(patient_record(fhir.gather(request)), reading)


def entries_of(file: Path) -> Iterator[tuple[str, JSON]]:
    """The resources as the generator wrote them, read by nothing of ours, with the name that a card would give."""
    for entry in json.loads(gzip.decompress(file.read_bytes()))["entry"]:
        resource = entry["resource"]
        named = f"{resource['resourceType']}/{resource['id']}" if "id" in resource else entry["fullUrl"]
        yield named, resource


def concepts_due(resource: JSON) -> list[JSON]:
    """What one entry says; a panel its components, and itself only when it has a value of its own."""
    if "medicationCodeableConcept" in resource:
        return [resource["medicationCodeableConcept"]]
    has_value = any(name.startswith("value") or name == "dataAbsentReason" for name in resource)
    components = [component["code"] for component in resource.get("component", ())]
    itself = has_value or not (components or resource.get("hasMember"))
    return [resource["code"], *components] if itself else components


@cache
def due(file: Path) -> Entries:
    """Kind, name and first code of everything that must be accounted for."""
    return Counter(
        (KINDS[resource["resourceType"]], name, concept["coding"][0]["code"])
        for name, resource in entries_of(file)
        if resource["resourceType"] in KINDS
        for concept in concepts_due(resource)
    )


def accounted(lines: Iterable[Line]) -> Entries:
    return Counter((line.kind, line.source, first_code(line.concept)) for line in lines)


def first_code(concept: Concept | None) -> str:
    codings = concept.coding if concept else None
    return codings[0].code or "" if codings else ""


def test_there_are_patients_of_both_generators() -> None:
    makers = Counter(file.name.rpartition("-")[0].removesuffix("synthea") for file in FILES)

    assert makers.pop("tietai-") == 10
    assert makers == {
        "carebundle-anaemia": 2,
        "carebundle-ckd_stage3": 3,
        "carebundle-healthy": 1,
        "carebundle-hypertension": 2,
        "carebundle-type2_diabetes": 4,
    }


@each_patient
def test_every_medicine_diagnosis_and_result_is_accounted_for_once(file: Path) -> None:
    lines = lines_of(file)

    found = accounted(lines)

    assert found == due(file)


@each_patient
def test_used_irrelevant_and_unread_add_up(file: Path) -> None:
    lines = lines_of(file)

    used, irrelevant, unread = (accounted(line for line in lines if line.fate is fate) for fate in Fate)

    assert used + irrelevant + unread == due(file)


@each_patient
def test_what_is_not_used_has_a_reason(file: Path) -> None:
    lines = lines_of(file)

    silent = [line for line in lines if line.fate is not Fate.USED and not line.why]

    assert silent == []


def test_no_generated_entry_is_damaged_for_us() -> None:
    lines = [line for file in FILES for line in lines_of(file)]

    unreadable = [line for line in lines if line.concept is None]

    assert unreadable == []


def test_check_finds_no_error_and_counts_what_the_files_hold() -> None:
    arguments = ["check", "--json", "--today", TODAY.isoformat(), *map(str, FILES)]

    answer = CliRunner().invoke(app, arguments, env={"LEGCRAMPS_TODAY": None})

    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert [Path(each["file"]) for each in told] == FILES
    assert [(each["counts"]["unread"], each["notes"]) for each in told] == [(0, [])] * len(FILES)
    assert [sum(map(_total, each["holds"].values())) for each in told] == [
        due(file).total() for file in FILES
    ]


def _total(fates: dict[str, int]) -> int:
    return sum(fates.values())
