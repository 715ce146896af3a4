"""
Records that nobody here wrote, through the service as a client calls it.

Each as it is: silence. With a report of leg cramps planted: an answer that conforms. For some of them the cards were
read aloud and judged; what must be there is pinned.
"""

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service import charts, cli
from cds_service import settings as site
from cds_service.app import create_app
from cds_service.contributors import load
from cds_service.knowledge import Knowledge
from tests.client import post
from tests.conformance import problems
from tests.patients import CARDS, drug_coding

pytestmark = pytest.mark.records

JSON = dict[str, Any]
SILENT: JSON = {"cards": []}
FIXED = date(2025, 6, 1)  # for a record that holds no date at all
ACTIVE = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
}
REPORTS: Mapping[str, JSON] = {
    "ICD-10-CM": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G47.62"}]},
    "SNOMED CT": {"coding": [{"system": "http://snomed.info/sct", "code": "102550009"}]},
    "text only": {"text": "cramps in both calves at night"},
}
_DATES = re.compile(
    r'"(?:authoredOn|effectiveDateTime|recordedDate|onsetDateTime|dateAsserted|start)": "(\d{4}-\d\d-\d\d)'
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "name" in metafunc.fixturenames:
        folder = metafunc.config.getoption("--records")
        known = sorted(path.name for path in folder.glob("*.json*")) if folder and folder.is_dir() else []
        # without a folder the fixture `records` says what is missing
        metafunc.parametrize("name", known or ["no folder"])


# --- a record, and what is done to it -----------------------------------------------------------------------------


def the_record(path: Path) -> JSON:
    """The hook request of a client that sends the whole file."""
    request: JSON = json.loads(charts.read(path.read_bytes()).body)
    return request


def planted(request: JSON, key: str, resource: JSON) -> JSON:
    """The record with one more entry."""
    more = copy.deepcopy(request)
    empty = {"resourceType": "Bundle", "type": "searchset", "entry": []}
    more["prefetch"].setdefault(key, empty)["entry"].append({"resource": resource})
    return more


def with_cramps(request: JSON, onset: date, kind: str = "ICD-10-CM", *, is_stated: bool = True) -> JSON:
    report = {
        "resourceType": "Condition",
        "id": "cramps",
        "clinicalStatus": ACTIVE,
        "code": REPORTS[kind],
        "subject": {"reference": f"Patient/{request['context']['patientId']}"},
        "onsetDateTime" if is_stated else "recordedDate": onset.isoformat(),
    }
    return planted(request, "conditions", report)


def with_carrier(request: JSON, day: date, carrier: str) -> JSON:
    """Leg cramps as the reason of a visit, or as a question answered with yes."""
    subject = {"reference": f"Patient/{request['context']['patientId']}"}
    visit = {
        "resourceType": "Encounter",
        "id": "cramps",
        "status": "finished",
        "subject": subject,
        "period": {"start": day.isoformat()},
        "reasonCode": [{"text": "Leg cramps at night"}],
    }
    form = {
        "resourceType": "QuestionnaireResponse",
        "id": "cramps",
        "status": "completed",
        "subject": subject,
        "authored": day.isoformat(),
        "item": [
            {"linkId": "1", "text": "Do you have leg cramps at night?", "answer": [{"valueBoolean": True}]}
        ],
    }
    key, report = ("encounters", visit) if carrier == "visit" else ("questionnaireResponses", form)
    return planted(request, key, report)


def with_result(request: JSON, name: str, value: float, taken: date) -> JSON:
    """One more result, in the shape that this record gives to that analyte."""
    like = next(each for each in entries(request, "labs") if each["code"].get("text") == name)
    quantity = {**like["valueQuantity"], "value": value}
    made = {
        **like,
        "id": f"new-{name.lower()}",
        "effectiveDateTime": taken.isoformat(),
        "valueQuantity": quantity,
    }
    return planted(request, "labs", made)


def entries(request: JSON, key: str) -> list[JSON]:
    return [entry["resource"] for entry in request["prefetch"][key]["entry"]]


def as_of(request: JSON, day: date) -> JSON:
    """The record as it stood on a day: without what was written later."""
    cut = copy.deepcopy(request)
    for value in cut["prefetch"].values():
        if value["resourceType"] == "Bundle":
            value["entry"] = [each for each in value["entry"] if _first_day(each) <= day.isoformat()]
    return cut


def _first_day(value: JSON) -> str:
    return min(_DATES.findall(json.dumps(value)), default="")


def newest(request: JSON) -> date:
    """The newest day on which anything in the record happened."""
    found = _DATES.findall(json.dumps(request["prefetch"]))
    return date.fromisoformat(max(found)) if found else FIXED


def is_silent_by_law(request: JSON, day: date) -> bool:
    """Minors and the deceased, told without the service's own code."""
    patient = request["prefetch"]["patient"]
    birth = patient.get("birthDate")
    is_minor = birth is not None and f"{int(birth[:4]) + 18}{birth[4:]}" > day.isoformat()
    return bool(is_minor or patient.get("deceasedBoolean") or patient.get("deceasedDateTime"))


@cache
def knowledge() -> Knowledge:
    return load(CARDS, "demo")


def answered(request: JSON, day: date) -> JSON:
    """What the service answers over HTTP on that day."""
    settings = site.load(today=day.isoformat(), base_url="http://cds.example")
    response = post(create_app(settings, knowledge()), json.dumps(request).encode())
    assert response.status_code == 200, response.text
    body: JSON = response.json()
    return body


# --- every record -------------------------------------------------------------------------------------------------


def test_a_record_without_a_cramp_report_is_met_with_silence(records: Path, name: str) -> None:
    request = the_record(records / name)

    response = answered(request, newest(request) + timedelta(days=7))

    assert response == SILENT


@pytest.mark.parametrize("kind", REPORTS)
def test_with_a_report_of_leg_cramps_every_record_gets_an_answer_that_conforms(
    records: Path, name: str, kind: str
) -> None:
    record = the_record(records / name)
    day = newest(record) + timedelta(days=7)
    request = with_cramps(record, day - timedelta(days=21), kind)

    response = answered(request, day)

    assert problems(request, response) == []
    assert response == SILENT or not is_silent_by_law(record, day)


def test_the_three_ways_to_report_leg_cramps_get_the_same_cards(records: Path, name: str) -> None:
    record = the_record(records / name)
    day = newest(record) + timedelta(days=7)

    told = [
        [(card["summary"], card["indicator"]) for card in answered(request, day)["cards"]]
        for request in (with_cramps(record, day - timedelta(days=21), kind) for kind in REPORTS)
    ]

    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("carrier", ["visit", "questionnaire"])
def test_a_report_that_is_no_diagnosis_gets_the_cards_of_one(records: Path, name: str, carrier: str) -> None:
    record = the_record(records / name)
    day = newest(record) + timedelta(days=7)
    reported = day - timedelta(days=21)

    as_diagnosis = answered(with_cramps(record, reported, "SNOMED CT", is_stated=False), day)
    elsewhere = answered(with_carrier(record, reported, carrier), day)

    assert [card["indicator"] for card in elsewhere["cards"]] == [
        card["indicator"] for card in as_diagnosis["cards"]
    ]


def test_every_medicine_diagnosis_and_result_is_accounted_for(records: Path, name: str) -> None:
    request = the_record(records / name)

    told = checked(records)[name]

    held = {kind: sum(fates.values()) for kind, fates in told["holds"].items()}
    assert held == {kind: count for kind, count in due(request).items() if count}


@cache
def checked(records: Path) -> Mapping[str, JSON]:
    """What `legcramps check` tells of every record, by file name."""
    files = sorted(map(str, records.glob("*.json*")))
    answer = CliRunner().invoke(cli.app, ["check", "--json", "--today", "2026-11-01", *files])
    assert (answer.exit_code, answer.stderr) == (0, "")
    return {Path(told["file"]).name: told for told in map(json.loads, answer.stdout.splitlines())}


def due(request: JSON) -> dict[str, int]:
    """Medicines, diagnoses and results of the request, counted by nothing of ours; of a panel each component."""
    found = {
        json.dumps(entry["resource"], sort_keys=True): entry["resource"]
        for key, bundle in request["prefetch"].items()
        if key != "patient"
        for entry in bundle["entry"]
    }
    counted = {"medicine": 0, "diagnosis": 0, "result": 0}
    for resource in found.values():
        match resource["resourceType"]:
            case "MedicationRequest" | "MedicationStatement":
                counted["medicine"] += 1
            case "Condition":
                counted["diagnosis"] += 1
            case "Observation":
                counted["result"] += values_in(resource)
    return counted


def values_in(observation: JSON) -> int:
    components = len(observation.get("component", ()))
    has_value = any(each.startswith("value") or each == "dataAbsentReason" for each in observation)
    return components + int(has_value or not (components or observation.get("hasMember")))


# --- read aloud ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """The cards of one answer, for the questions a reader asks of them."""

    cards: list[JSON]

    @property
    def flagged(self) -> dict[str, tuple[str, str]]:
        """Row -> (role, card kind), without what was set aside."""
        return {row: place for row, place in self._rows() if place[0] != "set-aside"}

    @property
    def set_aside(self) -> set[str]:
        return {row for row, place in self._rows() if place[0] == "set-aside"}

    def _rows(self) -> Iterator[tuple[str, tuple[str, str]]]:
        for card in self.cards:
            for found in card["extension"].get("org.legcramps.findings", []):
                yield found["row"], (found["role"], card["extension"]["org.legcramps.card"])

    @property
    def chains(self) -> list[str]:
        return [each["extension"]["org.legcramps.chain"] for each in self.cards if self._is_chain(each)]

    @staticmethod
    def _is_chain(card: JSON) -> bool:
        return "org.legcramps.chain" in card["extension"]

    @property
    def indicators(self) -> list[str]:
        return [card["indicator"] for card in self.cards]

    @property
    def tests(self) -> set[str]:
        """Every test that is offered to order."""
        actions = [
            action
            for card in self.cards
            for each in card.get("suggestions", [])
            for action in each["actions"]
        ]
        return {action["resource"]["code"]["text"] for action in actions}

    def sources(self, row: str) -> list[str]:
        found = (each for card in self.cards for each in card["extension"]["org.legcramps.findings"])
        return next(list(each["sources"]) for each in found if each["row"] == row)

    def missing(self, words: Iterable[str]) -> list[str]:
        """Which of *words* the cards do not say."""
        said = " ".join(f"{card['summary']} {card['detail']}" for card in self.cards)
        return [each for each in words if each not in said]


def read_aloud(request: JSON, day: date) -> Told:
    """The cards of a record as it stood on that day; they conform."""
    response = answered(request, day)
    assert problems(request, response) == []
    return Told(response["cards"])


def told_by(path: Path, onset: str, day: str) -> Told:
    today = date.fromisoformat(day)
    request = with_cramps(as_of(the_record(path), today), date.fromisoformat(onset))
    return read_aloud(request, today)


MAIN, ALSO = ("contributor", "main"), ("contributor", "also-consider")
CONTEXT = ("context", "also-consider")


def test_a_statin_three_weeks_before_the_cramps_leads_a_card(records: Path) -> None:
    told = told_by(records / "synthea-bulk-Dillon-49c3.json.gz", "2020-05-20", "2020-06-01")

    assert told.flagged == {"D04": MAIN}
    assert told.indicators == ["info"]
    assert told.tests == set()
    assert (
        told.missing(
            ["24 days", "simvastatin", "Simvastatin 10 mg", "26 Apr 2020", "20 May 2020", "rechallenge"]
        )
        == []
    )


def test_a_low_glucose_before_six_in_the_morning_on_insulin_is_a_warning(records: Path) -> None:
    told = told_by(records / "synthea2019-Isaiah-cd96.json.gz", "2013-03-10", "2013-04-01")

    assert told.flagged == {"L09": MAIN, "D10": MAIN, "D01": ALSO, "C06": CONTEXT, "C13": CONTEXT}
    assert (told.chains, told.indicators) == (["M3"], ["warning", "info"])
    assert (
        told.missing(["65.9", "mg/dL", "14 Mar 2013", "nsulin", "evening dose", "Hydrochlorothiazide"]) == []
    )


def test_a_thiazide_three_weeks_before_the_cramps_wants_a_sample_taken_on_it(records: Path) -> None:
    told = told_by(records / "synthea2019-Cameron-f63b.json.gz", "2015-01-04", "2015-02-21")

    assert told.flagged == {"D01": MAIN}
    assert told.indicators == ["info"]
    # what was drawn at the visit that started the drug clears nothing
    assert told.tests == {"Potassium", "Sodium", "Magnesium", "Creatinine"}
    assert (
        told.missing(
            [
                "19 days",
                "Hydrochlorothiazide 25 mg",
                "overdue: K, Na and creatinine (last 16 Dec 2014)",
            ]
        )
        == []
    )


def test_a_new_statin_leads_and_a_diuretic_of_decades_is_a_line(records: Path) -> None:
    told = told_by(records / "synthea2019-Gayla-f8ac.json.gz", "2018-10-01", "2018-11-01")

    assert told.flagged == {"D04": MAIN, "D01": ALSO, "D08": ALSO, "C13": CONTEXT}
    assert told.indicators == ["info", "info"]
    assert told.missing(["53 days", "9 Aug 2018", "24 Jan 1957", "evidence B", "Self-care"]) == []


def test_hypothyroidism_without_a_recent_tsh_is_a_line_with_an_order(records: Path) -> None:
    told = told_by(records / "synthea2019-Trey-deb2.json.gz", "2019-01-20", "2019-02-20")

    assert told.flagged == {"D04": MAIN, "D05": MAIN, "D01": ALSO, "D08": ALSO, "C03": ALSO, "C13": CONTEXT}
    assert "TSH" in told.tests
    assert told.missing(["24 Dec 2018", "verapamil", "overdue: TSH (none on file)", "9 Mar 1931"]) == []


def test_yearly_reorders_of_a_statin_are_one_unchanged_course(records: Path) -> None:
    told = told_by(records / "synthea-bulk-Enrique-0949.json.gz", "2019-10-01", "2019-11-01")

    assert told.flagged == {"D04": ALSO, "C03": ALSO, "C13": CONTEXT}
    assert len(told.sources("D04")) == 17
    assert told.tests == {"TSH"}
    assert told.missing(["Simvastatin", "first recorded 12 Sep 2003, unchanged", "CK is not needed"]) == []


def test_a_pregnancy_of_unknown_week_is_not_taken_for_an_early_one(records: Path) -> None:
    told = told_by(records / "synthea-bulk-Lore-d84f.json.gz", "2020-05-01", "2020-05-20")

    assert told.flagged == {"C12": MAIN}
    assert told.tests == set()
    assert told.missing(["Pregnancy", "8 Apr 2020"]) == []


def test_a_low_potassium_on_a_diuretic_of_decades_is_one_warning_with_both(records: Path) -> None:
    day = date(2020, 5, 20)
    record = as_of(the_record(records / "synthea-bulk-Wendell-e60d.json.gz"), day)
    request = with_result(with_cramps(record, date(2020, 4, 20)), "Potassium", 3.1, date(2020, 5, 18))

    told = read_aloud(request, day)

    assert told.flagged == {
        "L01": MAIN,
        "D01": MAIN,
        "D08": MAIN,
    }  # one tablet holds amlodipine too
    assert (told.chains, told.indicators) == (["M1"], ["warning"])
    assert told.tests == {"Potassium", "Magnesium", "Sodium", "Creatinine"}
    assert told.missing(["K **3.1** mmol/L", "18 May 2020", "hydrochlorothiazide", "12 Dec 1978"]) == []


def test_a_thiazide_within_a_combination_is_found_behind_a_low_sodium(records: Path) -> None:
    day = date(2019, 11, 20)
    record = as_of(the_record(records / "synthea-bulk-Darwin-8fc2.json.gz"), day)
    request = with_result(with_cramps(record, date(2019, 9, 20)), "Sodium", 128, date(2019, 11, 18))

    told = read_aloud(request, day)

    assert told.flagged == {"L04": MAIN, "D01": MAIN, "D08": MAIN}
    assert (told.chains, told.indicators) == (["M1b"], ["warning"])
    assert "Sodium" in told.tests
    assert (
        told.missing(["Na **128** mmol/L", "18 Nov 2019", "ydrochlorothiazide", "no fast correction"]) == []
    )


def test_a_potassium_of_2_8_with_digoxin_is_critical(records: Path) -> None:
    day = date(2020, 2, 20)
    record = as_of(the_record(records / "synthea-bulk-Arnette-7846.json.gz"), day)
    request = with_result(with_cramps(record, date(2020, 1, 20)), "Potassium", 2.8, date(2020, 2, 18))

    told = read_aloud(request, day)

    assert told.flagged == {"L01": MAIN, "D04": ALSO, "D08": ALSO}
    assert told.indicators == ["critical", "info"]
    assert told.tests == {"Potassium", "Magnesium", "Creatinine", "ECG"}
    assert told.missing(["K **2.8** mmol/L", "18 Feb 2020", "digoxin", "confirm that it was acted on"]) == []


def test_a_statin_written_as_text_without_dates_is_a_line_with_its_entry(records: Path) -> None:
    told = told_by(records / "au-ps-gpvisit-retrieval.json", "2025-05-01", "2025-05-29")

    assert told.flagged == {"D04": ALSO, "C04": ALSO, "D07": ALSO}
    assert told.sources("D04") == ["urn:uuid:96b7e47d-0487-4219-adbe-7c2dfb0b2deb"]
    assert told.missing(["Rosuvastatin", "start date not recorded"]) == []


def test_a_pregnancy_that_only_observations_record_is_seen(records: Path) -> None:
    told = told_by(records / "au-ps-referral-endoconsult-autogen.json.gz", "2024-10-20", "2024-11-12")

    # status "pregnant" of 12 Jun 2024, due 3 Feb 2025: 28 weeks
    assert told.flagged == {"D10": ALSO, "C12": MAIN}
    assert told.missing(["Insulin isophane human", "insulin regular human"]) == []


def test_a_misspelt_statin_is_known_by_its_code(records: Path) -> None:
    told = told_by(records / "synthea2019-Margery-680e.json.gz", "2020-12-20", "2021-01-20")

    assert told.flagged == {"D04": ALSO, "D01": ALSO, "C13": CONTEXT}
    assert told.missing(["Simvastatin", "first recorded 3 Jan 2005, unchanged"]) == []


def test_a_diuretic_whose_stop_is_not_dated_is_set_aside_once(records: Path) -> None:
    told = told_by(records / "synthea-bulk-Randolph-d359.json.gz", "2019-08-09", "2019-08-26")

    assert told.flagged == {"D04": ALSO, "C13": CONTEXT}
    # the patient is a man of 93: no pregnancy row has anything to set aside
    assert told.set_aside == {"D01", "D05", "D08"}  # amlodipine stands in two rows
    assert told.missing(["hydrochlorothiazide (stop date not recorded)"]) == []


def test_drugs_that_no_row_names_are_not_on_the_card(records: Path) -> None:
    told = told_by(records / "carebundle-3.json", "2025-12-20", "2026-01-08")

    assert told.flagged == {"C13": ALSO}  # a body mass index of 39


def test_without_a_birth_date_the_service_speaks_and_says_so(records: Path) -> None:
    record = the_record(records / "au-ps-section-emptyreason.json")
    furosemide = {
        "resourceType": "MedicationStatement",
        "id": "furosemide",
        "status": "active",
        "medicationCodeableConcept": {"coding": [drug_coding("furosemide")]},
        "subject": {"reference": f"Patient/{record['context']['patientId']}"},
        "effectivePeriod": {"start": "2025-04-01"},
    }
    request = planted(with_cramps(record, date(2025, 5, 1)), "medicationStatements", furosemide)

    told = read_aloud(request, FIXED)

    assert "birthDate" not in record["prefetch"]["patient"]
    assert told.flagged == {"D02": MAIN}
    assert told.missing(["Age not recorded"]) == []
