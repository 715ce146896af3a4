"""Where an EHR may open the timeline: what a site writes, and what cards link to."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service import clients
from cds_service.clients import Client
from cds_service.fhir import KEYS
from cds_service.hooks import Card, Link
from cds_service.settings import load
from cds_service.smart import Apps, scope
from tests.client import call
from tests.findings_of import site
from tests.patients import APatient, a_patient, days_before
from tests.signing import ISSUER, elliptic, key_file
from tests.test_app import an_app
from tests.test_calls import asked

BASE = "https://fhir.north.example/r4"
OTHER = "https://fhir.south.example/r4"
CRAMPING = a_patient().with_cramps()
CHAIN = CRAMPING.taking("furosemide", days_before(60), dose="40 mg").with_result("potassium", "3.1 mmol/L")
LESSER = (
    CRAMPING.taking("atorvastatin", "2020-01-01")
    .with_diagnosis("hypothyroidism", "2015-01-01")
    .with_diagnosis("dehydration_volume_depletion")
)
QUERIES = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
    "medicationRequests": "MedicationRequest?patient={{context.patientId}}",
    "labs": "Observation?patient={{context.patientId}}&category=laboratory",
    "glucose": "Observation?patient={{context.patientId}}&code=2339-0",
}


# --- cards --------------------------------------------------------------------------------------------------------


def cards(patient: APatient, **client: Any) -> tuple[Card, ...]:
    """What a client gets whose EHR can open the timeline, unless *client* says otherwise."""
    advice, _ = asked(patient, *KEYS, **{"smart_client_id": "timeline", **client})
    return advice.cards


def timelines(card: Card) -> list[Link]:
    return [link for link in card.links if link.type == "smart"]


@pytest.mark.parametrize("patient", [CHAIN, LESSER], ids=["main", "also consider"])
def test_a_card_links_to_the_timeline_and_tells_it_which_rows_it_is_about(patient: APatient) -> None:
    [card] = cards(patient)

    rows = [each["row"] for each in card.extension["org.legcramps.findings"] if each["role"] != "set-aside"]
    about = json.dumps({"rows": rows}, separators=(",", ":"))
    assert timelines(card) == [Link("Timeline", "http://127.0.0.1:8000/launch", "smart", about)]
    assert rows


def test_it_comes_after_the_rule_sheets_and_before_the_literature() -> None:
    [card] = cards(CHAIN)

    kinds = ["sheet" if "/knowledge/" in link.url else link.type for link in card.links]
    assert kinds == sorted(kinds, key=["sheet", "smart", "absolute"].index)
    assert {"sheet", "smart", "absolute"} == set(kinds)


def test_an_ehr_that_cannot_open_it_gets_no_link() -> None:
    assert [timelines(card) for card in cards(CHAIN, smart_client_id=None)] == [[]]


@pytest.mark.parametrize(
    ("kept", "count"), [((), 0), (("https://doi.org/",), 0), (("http://127.0.0.1:8000/launch",), 1)]
)
def test_links_that_the_ehr_does_not_show_are_left_out(kept: tuple[str, ...], count: int) -> None:
    [card] = cards(CHAIN, links=kept)

    assert len(timelines(card)) == count


def test_a_card_about_what_could_not_be_read_has_no_picture() -> None:
    advice, _ = asked(CHAIN, *(key for key in KEYS if key != "labs"), members={}, smart_client_id="timeline")

    data = [card for card in advice.cards if card.extension["org.legcramps.card"] == "data"]
    assert [timelines(card) for card in data] == [[]]


def test_only_a_smart_app_is_told_a_context() -> None:
    with pytest.raises(ValueError, match="only a SMART app"):
        Link("Rule sheet", "https://cds.example/knowledge/L01", "absolute", "{}")


# --- scopes and servers -------------------------------------------------------------------------------------------


def a_client(name: str = "north", *bases: str, **changes: Any) -> Client:
    given = {"fhir_bases": bases or (BASE,), "smart_client_id": f"{name}-timeline", **changes}
    return Client(name, "https://ehr.example", (), **given)


def test_it_asks_to_read_what_the_rules_read_and_nothing_else() -> None:
    asked_for = scope(QUERIES.values())

    assert asked_for == (
        "launch openid fhirUser patient/Patient.rs patient/Condition.rs patient/MedicationRequest.rs "
        "patient/Observation.rs patient/Medication.rs"
    )


def test_the_guide_names_the_scopes_that_are_asked_for() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "connect" / "README.md").read_text("utf-8")
    [registered] = re.findall(r"^\| scopes, SMART 2 \| `([^`]+)` \|$", guide, re.MULTILINE)

    assert set(registered.split()) == set(scope(site().knowledge.prefetch.values()).split())


def test_a_list_that_a_site_does_not_have_is_not_asked_for() -> None:
    app = Apps([a_client(queries={"medicationRequests": None})], QUERIES).at(BASE)

    assert app is not None
    assert "MedicationRequest" not in app.scope


def test_each_server_has_the_app_of_its_own_client() -> None:
    apps = Apps(
        [a_client("north"), a_client("south", OTHER), a_client("west", smart_client_id=None)], QUERIES
    )

    registered = {base: app.client_id for base in (BASE, OTHER) if (app := apps.at(base))}
    assert registered == {BASE: "north-timeline", OTHER: "south-timeline"}
    assert apps.origins_of("timeline-north") == {"https://fhir.north.example"}


def test_two_apps_at_one_server_stop_the_start() -> None:
    with pytest.raises(ValueError, match=r"^clients.south.fhir_bases: one is that of north too"):
        Apps([a_client("north"), a_client("south", OTHER, f"{BASE}/")], QUERIES)


def test_a_server_that_no_page_can_be_allowed_to_call_stops_the_start() -> None:
    with pytest.raises(ValueError, match=r"^clients.north.fhir_bases: one has a host that no page"):
        Apps([a_client("north", "https://[2001:db8::1]/r4")], QUERIES)


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"smart_client_id": "timeline"},
            "LEGCRAMPS_SMART_CLIENT_ID: name the EHR's FHIR server in LEGCRAMPS_FHIR_BASES too",
        ),
        ({"smart_client_id": "two words"}, "is no client id; write it exactly as the EHR gave it"),
        (
            {"smart_origins": "https://login.example"},
            "LEGCRAMPS_SMART_ORIGINS: opens nothing without LEGCRAMPS_SMART_CLIENT_ID",
        ),
        *(
            (
                {"smart_client_id": "timeline", "fhir_bases": BASE, "smart_origins": origin},
                "LEGCRAMPS_SMART_ORIGINS: one is no origin; write scheme, host name and port alone",
            )
            for origin in (
                "https://login.example/token",
                "https://*.example",
                "https://a.example;script-src",
                "https://a.example'",
            )
        ),
        (
            {"smart_client_id": "timeline", "fhir_bases": BASE, "smart_origins": "http://login.example"},
            "LEGCRAMPS_SMART_ORIGINS: one is not https",
        ),
    ],
)
def test_what_is_wrong_with_the_settings_is_told(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        load(**given)


def test_beside_a_clients_file_the_setting_would_have_no_effect(tmp_path: Path) -> None:
    path = clients_file(tmp_path)

    with pytest.raises(
        ValueError, match=r"has no effect beside a clients file; write `smart_client_id` into an"
    ):
        load(
            smart_client_id="timeline", fhir_bases=BASE, clients=path, store=f"sqlite:///{tmp_path}/store.db"
        )


def test_several_ehrs_need_a_clients_file_so_that_none_gets_hold_of_the_sign_ins_of_another() -> None:
    given = {"smart_client_id": "timeline", "fhir_bases": (BASE, OTHER)}

    with pytest.raises(
        ValueError, match=r"^LEGCRAMPS_FHIR_BASES: names several hosts, .* write a clients file"
    ):
        an_app(**given)

    for changes in ({"smart_client_id": ""}, {"fhir_bases": (BASE, "https://fhir.north.example/r5")}):
        assert call(an_app(**{**given, **changes}), "GET", "/health/live").status_code == 200


@pytest.mark.parametrize(
    ("base_url", "starts"),
    [("https://cds.example/path", True), ("http://localhost:8000", True), ("http://cds.example", False)],
)
def test_browsers_sign_in_from_https_or_this_machine_only(base_url: str, starts: bool) -> None:
    given = {"profile": "production", "smart_client_id": "timeline", "fhir_bases": BASE, "base_url": base_url}

    if starts:
        assert call(an_app(**given), "GET", "/launch").status_code == 200
        return
    with pytest.raises(ValueError, match=r"^LEGCRAMPS_BASE_URL: browsers sign in from pages on https only"):
        an_app(**given)


# --- the clients file ---------------------------------------------------------------------------------------------


def clients_file(folder: Path, **entry: Any) -> Path:
    key_file(folder, elliptic())
    path = folder / "clients.yaml"
    path.write_text(yaml.safe_dump({"clients": {"north": {"issuer": ISSUER, "keys": "north.json", **entry}}}))
    return path


def test_an_entry_enables_the_app_for_its_own_servers(tmp_path: Path) -> None:
    path = clients_file(
        tmp_path, fhir_bases=BASE, smart_client_id="timeline", smart_origins="https://Login.example:8443/"
    )

    [client] = clients.load(path, is_development=False).all

    assert (client.smart_client_id, client.smart_origins) == ("timeline", ("https://login.example:8443",))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {"smart_client_id": "timeline"},
            "smart_client_id: is of use at no FHIR server; write `fhir_bases` too",
        ),
        (
            {"fhir_bases": BASE, "smart_origins": "https://login.example"},
            "smart_origins: opens nothing alone; write `smart_client_id` too",
        ),
        (
            {"fhir_bases": BASE, "smart_client_id": "timeline", "hooks": "order-sign"},
            "smart_client_id: the timeline explains patient-view; write it into `hooks`",
        ),
        (
            {
                "fhir_bases": BASE,
                "smart_client_id": "timeline",
                "smart_origins": "https://login.example/token",
            },
            "smart_origins[0]: is no origin; write scheme, host name and port alone, https://login.example",
        ),
        (
            {"fhir_bases": BASE, "smart_client_id": " "},
            "smart_client_id: is no client id; write it exactly as the EHR gave it",
        ),
    ],
)
def test_what_is_wrong_with_an_entry_is_told(tmp_path: Path, entry: dict[str, Any], said: str) -> None:
    path = clients_file(tmp_path, **entry)

    with pytest.raises(ValueError, match=f"^{re.escape(f'clients.yaml: clients.north.{said}')}$"):
        clients.load(path, is_development=False)
