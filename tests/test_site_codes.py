"""A hospital that codes everything its own way maps its codes once, and gets the cards of any other hospital."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service import cli
from cds_service import settings as site_settings
from cds_service.app import create_app
from tests.client import call, post
from tests.patients import (
    FHIR,
    TODAY,
    APatient,
    a_patient,
    analyte_coding,
    days_before,
    diagnosis_coding,
    drug_coding,
)

SYSTEM = "urn:oid:1.2.3.4"
CRAMPS: FHIR = {"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "G47.62"}
OURS = {
    "BEIN7": CRAMPS,
    "FURO40": drug_coding("furosemide"),
    "KAL": analyte_coding("potassium"),
    "ARR": diagnosis_coding("arrhythmia"),
}


def local(code: str) -> FHIR:
    """A local code without a word that anybody could read."""
    return {"coding": [{"system": SYSTEM, "code": code}]}


@pytest.fixture
def code_map(tmp_path: Path) -> Path:
    groups = [
        {
            "source": SYSTEM,
            "target": target["system"],
            "element": [{"code": code, "target": [{"code": target["code"], "equivalence": "equivalent"}]}],
        }
        for code, target in OURS.items()
    ]
    path = tmp_path / "hospital.json"
    path.write_text(json.dumps({"resourceType": "ConceptMap", "status": "active", "group": groups}))
    return path


def patient() -> APatient:
    return (
        a_patient()
        .with_cramps("2026-05-05", code=local("BEIN7"))
        .taking("furosemide", days_before(60), medicationCodeableConcept=local("FURO40"))
        .with_result("potassium", "2.8 mmol/L", code=local("KAL"))
        .with_diagnosis("arrhythmia", code=local("ARR"))
    )


def plain(cards: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(card["indicator"], card["summary"]) for card in cards]


def test_mapped_codes_get_the_cards_of_the_standard_ones(code_map: Path) -> None:
    standard = (
        a_patient()
        .with_cramps("2026-05-05")
        .taking("furosemide", days_before(60))
        .with_result("potassium", "2.8 mmol/L")
        .with_diagnosis("arrhythmia")
    )
    app = create_app(site_settings.load(today=TODAY, code_map=code_map))

    mine, usual = (post(app, json.dumps(each.request()).encode()).json() for each in (patient(), standard))

    assert plain(mine["cards"])[0] == ("critical", plain(usual["cards"])[0][1])
    assert plain(mine["cards"]) == plain(usual["cards"])


def test_without_the_map_the_same_chart_is_silent() -> None:
    app = create_app(site_settings.load(today=TODAY))

    answer = post(app, json.dumps(patient().request()).encode()).json()

    assert answer == {"cards": []}


def test_the_prefetch_asks_for_the_local_code_of_a_result(code_map: Path) -> None:
    app = create_app(site_settings.load(code_map=code_map))

    [service] = call(app, "GET", "/cds-services").json()["services"]

    codes = service["prefetch"]["labs"].partition("code=")[2].partition("&")[0].split(",")
    assert "KAL" in codes
    assert {"FURO40", "ARR", "BEIN7"}.isdisjoint(codes)


def test_an_integrator_sees_how_a_local_code_was_understood(code_map: Path, tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(f"kind,system,code,display\ndrug,{SYSTEM},FURO40,\ncondition,{SYSTEM},BEIN7,\n")

    result = CliRunner().invoke(cli.app, ["recognise", str(file)], env={"LEGCRAMPS_CODE_MAP": str(code_map)})

    assert result.stdout.splitlines()[1:] == [
        f"drug,{SYSTEM},FURO40,,loop_diuretic,map,",
        f"condition,{SYSTEM},BEIN7,,nocturnal_leg_cramps,map,a report of leg cramps",
    ]


def test_site_that_asks_for_visits_and_forms_is_offered_their_keys() -> None:
    app = create_app(
        site_settings.load(also_ask=("encounters", "questionnaireResponses"), labs_by="category")
    )

    [service] = call(app, "GET", "/cds-services").json()["services"]

    assert {"encounters", "questionnaireResponses"} <= set(service["prefetch"])
    assert "category=laboratory" in service["prefetch"]["labs"]


def test_site_names_the_question_of_its_own_form() -> None:
    asked = (
        a_patient()
        .with_result("potassium", "2.8 mmol/L")
        .answered(None, {"valueBoolean": True}, link_id="s7")
    )
    body = json.dumps(asked.request()).encode()

    named, unnamed = (
        post(create_app(site_settings.load(today=TODAY, cramp_link_ids=ids)), body).json()
        for ids in (("s7",), ())
    )

    assert [card["indicator"] for card in named["cards"]] == ["warning"]
    assert unnamed == {"cards": []}
