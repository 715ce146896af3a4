"""The prefetch templates that discovery offers: what every client can send as a URL."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from cds_service.contributors import load
from cds_service.errors import KnowledgeInvalid
from cds_service.fhir import KEYS
from cds_service.prefetch import LONGEST_QUERY, Asks
from tests.patients import CARDS

_SEARCHES = tuple(key for key in KEYS if key != "patient")


@pytest.fixture(scope="module")
def queries() -> Mapping[str, str]:
    return load(CARDS, "demo").prefetch


def _parameters(query: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(query).query, keep_blank_values=True, strict_parsing=True)


def _codes(query: str) -> set[str]:
    return set(dict(_parameters(query))["code"].split(","))


def test_keys_are_those_that_are_read(queries: Mapping[str, str]) -> None:
    assert tuple(queries) == KEYS


def test_patient_is_a_read(queries: Mapping[str, str]) -> None:
    assert queries["patient"] == "Patient/{{context.patientId}}"


@pytest.mark.parametrize("key", KEYS)
def test_query_is_short_enough_for_every_proxy(queries: Mapping[str, str], key: str) -> None:
    assert len(queries[key]) < LONGEST_QUERY == 1900


@pytest.mark.parametrize("key", KEYS)
def test_only_the_patient_of_the_context_is_filled_in(queries: Mapping[str, str], key: str) -> None:
    """No %today, no userId, no other prefetch: not every client understands them."""
    placeholders = re.findall(r"\{\{.*?\}\}", queries[key])

    assert placeholders == ["{{context.patientId}}"]
    assert "%" not in queries[key]


@pytest.mark.parametrize("key", _SEARCHES)
def test_search_has_one_question_mark_and_no_repeated_parameter(queries: Mapping[str, str], key: str) -> None:
    names = [name for name, _ in _parameters(queries[key])]

    assert queries[key].count("?") == 1
    assert len(names) == len(set(names))


@pytest.mark.parametrize("key", _SEARCHES)
def test_search_is_about_the_patient_and_says_how_many(queries: Mapping[str, str], key: str) -> None:
    parameters = dict(_parameters(queries[key]))

    assert parameters["patient"] == "{{context.patientId}}"
    assert int(parameters["_count"]) > 0


@pytest.mark.parametrize(
    ("key", "sort"),
    [
        ("medicationStatements", "-effective"),
        ("medicationRequests", "-authoredon"),
        ("labs", "-date"),
        ("glucose", "-date"),
        ("observations", "-date"),
    ],
)
def test_newest_come_first(queries: Mapping[str, str], key: str, sort: str) -> None:
    assert dict(_parameters(queries[key]))["_sort"] == sort


@pytest.mark.parametrize("key", ["labs", "glucose", "observations"])
def test_codes_are_bare_and_asked_once(queries: Mapping[str, str], key: str) -> None:
    """With the system before each code a query is three times as long; we check the system ourselves."""
    codes = dict(_parameters(queries[key]))["code"].split(",")

    assert "|" not in queries[key]
    assert codes
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("key", ["labs", "glucose"])
def test_laboratory_codes_are_loinc_codes(queries: Mapping[str, str], key: str) -> None:
    codes = dict(_parameters(queries[key]))["code"].split(",")

    assert [code for code in codes if not re.fullmatch(r"\d{1,7}-\d", code)] == []


def test_glucose_does_not_crowd_out_the_other_results(queries: Mapping[str, str]) -> None:
    labs = set(dict(_parameters(queries["labs"]))["code"].split(","))
    glucose = set(dict(_parameters(queries["glucose"]))["code"].split(","))

    assert labs & glucose == set()


def test_every_analyte_that_a_rule_reads_is_asked_for(queries: Mapping[str, str]) -> None:
    knowledge = load(CARDS, "demo")
    codes = {name: knowledge.value_sets.codes(name, "http://loinc.org") for name in knowledge.analytes}

    unasked = {
        name: analyte.group
        for name, analyte in knowledge.analytes.items()
        if not codes[name] or not set(codes[name]) <= _codes(queries[analyte.group])
    }

    assert unasked == {}


def test_what_no_laboratory_measures_is_asked_for_with_the_symptoms(queries: Mapping[str, str]) -> None:
    knowledge = load(CARDS, "demo")

    found = {name for name, analyte in knowledge.analytes.items() if analyte.group == "observations"}

    assert found == {
        "alcohol_audit_c",
        "ankle_brachial_index",
        "bmi",
        "physical_activity_minutes_per_week",
    }


@pytest.mark.parametrize("key", ["labs", "glucose"])
def test_no_code_is_asked_for_under_two_keys(queries: Mapping[str, str], key: str) -> None:
    assert _codes(queries[key]).isdisjoint(_codes(queries["observations"]))


def test_body_mass_index_is_asked_for_by_code_also_where_results_are_by_category() -> None:
    """No laboratory has it: it would be in no answer by category."""
    found = load(CARDS, "demo", asks=Asks(labs_by="category")).prefetch

    assert "39156-5" in _codes(found["observations"])


def test_only_active_orders_are_asked_for(queries: Mapping[str, str]) -> None:
    assert dict(_parameters(queries["serviceRequests"]))["status"] == "active"


def test_symptom_observations_are_asked_for(queries: Mapping[str, str]) -> None:
    """A report of cramps may come as an Observation, by the SNOMED CT codes of our value sets."""
    asked = set(dict(_parameters(queries["observations"]))["code"].split(","))
    cramps = load(CARDS, "demo").value_sets.codes("nocturnal_leg_cramps", "http://snomed.info/sct")

    assert cramps
    assert set(cramps) <= asked


def mapped(folder: Path, codes: Iterable[str], loinc: str) -> Path:
    """A site's map from its laboratory codes to one of LOINC."""
    target = {"code": loinc, "equivalence": "equivalent"}
    elements = [{"code": code, "target": [target]} for code in codes]
    group = {"source": "http://hospital.example/lab", "target": "http://loinc.org", "element": elements}
    path = folder / "lab.json"
    path.write_text(json.dumps({"resourceType": "ConceptMap", "group": [group]}), encoding="utf-8")
    return path


def test_a_site_s_own_laboratory_codes_join_the_query(tmp_path: Path, queries: Mapping[str, str]) -> None:
    code_map = mapped(tmp_path, ["KALIUM", "K.2"], "2823-3")

    found = load(CARDS, "demo", code_map).prefetch

    asked = dict(_parameters(found["labs"]))["code"].split(",")
    before = dict(_parameters(queries["labs"]))["code"].split(",")
    assert set(asked) == {*before, "KALIUM", "K.2"}
    assert {**found, "labs": ""} == {**queries, "labs": ""}


def test_a_site_s_own_glucose_codes_join_the_query_for_glucose(tmp_path: Path) -> None:
    code_map = mapped(tmp_path, ["GLUC"], "2345-7")

    found = load(CARDS, "demo", code_map).prefetch

    assert "GLUC" in dict(_parameters(found["glucose"]))["code"].split(",")
    assert "GLUC" not in found["labs"]


def test_more_codes_than_a_query_holds_stop_the_start_and_name_the_remedy(tmp_path: Path) -> None:
    code_map = mapped(tmp_path, [f"LOCAL{number:05}" for number in range(200)], "2823-3")

    with pytest.raises(KnowledgeInvalid, match=r"^prefetch\.labs: .* 1900 .*LEGCRAMPS_LABS_BY=category$"):
        load(CARDS, "demo", code_map)


@pytest.mark.parametrize("code", ["K+", "K,NA", "K|1", "K 1", "K&x=1", "Kälium", "K%20"])
def test_a_code_that_not_every_client_can_write_in_a_url_stops_the_start(tmp_path: Path, code: str) -> None:
    code_map = mapped(tmp_path, [code], "2823-3")

    with pytest.raises(KnowledgeInvalid, match=r"^prefetch\.labs: .*LEGCRAMPS_LABS_BY=category$"):
        load(CARDS, "demo", code_map)


def test_results_may_be_asked_for_by_category_whatever_the_site_calls_them(
    tmp_path: Path, queries: Mapping[str, str]
) -> None:
    code_map = mapped(tmp_path, [f"K+{number:05}" for number in range(200)], "2823-3")

    found = load(CARDS, "demo", code_map, Asks(labs_by="category")).prefetch

    patient = {"patient": "{{context.patientId}}", "category": "laboratory", "_sort": "-date"}
    assert dict(_parameters(found["labs"])) == {**patient, "_count": "500"}
    assert {**found, "labs": ""} == {**queries, "labs": ""}


def test_encounters_and_forms_are_asked_for_where_a_site_wants_it(queries: Mapping[str, str]) -> None:
    """A report of cramps may stand there; by default nobody pays for the query."""
    found = load(CARDS, "demo", asks=Asks(also=("questionnaireResponses", "encounters"))).prefetch

    assert found == {
        **queries,
        "encounters": "Encounter?patient={{context.patientId}}&_sort=-date&_count=50",
        "questionnaireResponses": (
            "QuestionnaireResponse?patient={{context.patientId}}&_sort=-authored&_count=20"
        ),
    }
