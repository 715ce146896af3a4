"""The pages as a browser gets them, and `explain`, which tells them why an answer is as it is."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from starlette.types import ASGIApp

from cds_service import screens
from tests.client import JSON, call
from tests.signing import elliptic, key_file
from tests.test_app import an_app

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
EHR = "https://fhir.north.example/r4"


def with_app(**changes: Any) -> ASGIApp:
    """A site whose EHR has registered the timeline; nobody may try it out there."""
    given = {"profile": "production", "smart_client_id": "timeline", "fhir_bases": (EHR,), **changes}
    return an_app(**given)


def policy(app: ASGIApp, path: str) -> dict[str, str]:
    """The Content-Security-Policy of a page, by directive."""
    said = call(app, "GET", path, headers=HTML).headers["content-security-policy"]
    return dict(each.strip().partition(" ")[::2] for each in said.split(";"))


def words(answer: httpx.Response) -> str:
    """What an error says to whoever sees it."""
    return str(answer.json()["issue"][0]["diagnostics"])


# --- pages --------------------------------------------------------------------------------------------------------


def test_a_browser_gets_the_workbench_and_a_terminal_its_address() -> None:
    page, told = (call(an_app(), "GET", "/", headers=headers) for headers in (HTML, {"Accept": "*/*"}))

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert told.headers["content-type"] == "text/plain; charset=utf-8"
    assert told.text.splitlines()[1:] == [
        "Workbench: http://127.0.0.1:8000/",
        "CDS Hooks discovery: http://127.0.0.1:8000/cds-services",
    ]
    assert {page.headers["vary"], told.headers["vary"]} == {"Accept, Origin"}


def test_a_service_behind_a_path_names_the_workbench_there() -> None:
    told = call(an_app(base_url="https://hospital.example/cds"), "GET", "/").text

    assert "Workbench: https://hospital.example/cds/\n" in told


@pytest.mark.parametrize("changes", [{"profile": "production"}, {"trust_sandbox": True}])
def test_where_calls_are_signed_or_patients_treated_there_is_no_workbench(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    app = an_app(store=f"sqlite:///{tmp_path}/store.db", **changes)

    answer = call(app, "GET", "/", headers=HTML)

    assert (answer.headers["content-type"], "Workbench" in answer.text) == (
        "text/plain; charset=utf-8",
        False,
    )
    assert call(app, "POST", "/explain", b"{}", JSON).status_code == 404


def test_pages_ask_by_relative_addresses() -> None:
    """So that they work behind the path of a proxy too."""
    pages = [page.read_text("utf-8") for page in Path(screens.__file__).with_name("web").glob("*.html")]

    addresses = [address for page in pages for address in re.findall(r'(?:src|href)="([^"]*)"', page)]

    assert len(pages) == 3
    assert {address[:9] for address in addresses} == {"./assets/"}


def test_the_workbench_runs_its_own_script_and_may_not_be_framed() -> None:
    said = policy(an_app(), "/")

    assert (said["default-src"], said["script-src"], said["connect-src"]) == ("'none'", "'self'", "'self'")
    assert said["frame-ancestors"] == "'none'"
    assert said["require-trusted-types-for"] == "'script'"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("workbench.js", "text/javascript; charset=utf-8"), ("workbench.css", "text/css; charset=utf-8")],
)
def test_parts_of_pages_have_the_media_type_that_browsers_want(name: str, media_type: str) -> None:
    app = an_app()

    got, looked = (call(app, method, f"/assets/{name}") for method in ("GET", "HEAD"))

    assert (got.status_code, looked.status_code, looked.content) == (200, 200, b"")
    assert {got.headers["content-type"], looked.headers["content-type"]} == {media_type}
    assert got.headers["cache-control"] == "no-store"
    assert got.content


@pytest.mark.parametrize(
    "name", ["nothing.js", "..%2Findex.html", "%2e%2e", "%2e%2e%5cindex.html", "index.html", ".js"]
)
def test_nothing_else_is_a_part_of_a_page(name: str) -> None:
    assert call(an_app(), "GET", f"/assets/{name}").status_code == 404


def test_pages_that_were_not_built_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "_BUILT", tmp_path / "web")

    with pytest.raises(
        ValueError, match=r"^web/index.html: the pages were not built; run tools/build_web.sh$"
    ):
        an_app()


def test_who_shows_no_pages_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "_BUILT", tmp_path / "web")

    assert call(an_app(profile="production"), "GET", "/health/live").status_code == 200


def test_the_built_in_patients_are_listed_by_title() -> None:
    listed = call(an_app(), "GET", "/demo").json()

    names = [each["name"] for each in listed]
    assert "furosemide-low-potassium" in names
    assert names == sorted(names)
    assert all(set(each) == {"name", "title"} and each["title"] for each in listed)


# --- the SMART app ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/launch", "/timeline", "/smart?iss=https://fhir.north.example/r4"])
def test_without_a_client_id_there_is_no_app(path: str) -> None:
    assert call(an_app(), "GET", path).status_code == 404


def with_two_ehrs(folder: Path) -> ASGIApp:
    """A site with a clients file: each EHR has a client id and a sign-in of its own."""
    key_file(folder, elliptic())
    entries = {
        name: {
            "issuer": f"https://{name}.example",
            "keys": "north.json",
            "fhir_bases": f"https://fhir.{name}.example/r4",
            "smart_client_id": f"at-{name}",
            "smart_origins": f"https://login.{name}.example",
        }
        for name in ("north", "south")
    }
    path = folder / "clients.yaml"
    path.write_text(yaml.safe_dump({"clients": entries}))
    return an_app(profile="production", clients=path, store=f"sqlite:///{folder}/store.db")


@pytest.mark.parametrize("path", [f"/launch?iss={EHR}", "/timeline"])
def test_the_app_may_call_the_listed_servers_only_and_be_framed(path: str) -> None:
    said = policy(with_app(smart_origins=("https://login.north.example",)), path)

    assert said["connect-src"] == "'self' https://fhir.north.example https://login.north.example"
    assert "frame-ancestors" not in said
    assert (said["default-src"], said["script-src"], said["form-action"]) == ("'none'", "'self'", "'none'")


@pytest.mark.parametrize("spelt", [EHR, f"{EHR}/", "https://FHIR.north.example:443/r4"])
def test_the_page_signs_in_at_a_listed_server_as_the_ehr_spells_it(spelt: str) -> None:
    answer = call(with_app(), "GET", f"/smart?iss={spelt}")

    assert answer.json() == {
        "client_id": "timeline",
        "scope": "launch openid fhirUser patient/Patient.rs patient/Condition.rs patient/Medication.rs",
        "redirect": "timeline",
        "iss": spelt,
    }


@pytest.mark.parametrize(
    ("path", "called"),
    [
        ("/launch?iss=https://fhir.north.example/r4", ["fhir.north", "login.north"]),
        ("/launch?iss=https://fhir.south.example/r4/", ["fhir.south", "login.south"]),
        ("/launch?iss=https://fhir.north.example/r5", []),
        ("/launch?iss=https://evil.example/r4", []),
        ("/launch?iss=https://evil.example;script-src%20*", []),
        ("/launch", []),
        ("/timeline-north", ["fhir.north", "login.north"]),
        ("/timeline-south", ["fhir.south", "login.south"]),
    ],
)
def test_a_page_tells_nobody_of_other_ehrs_than_its_own(path: str, called: list[str], tmp_path: Path) -> None:
    said = policy(with_two_ehrs(tmp_path), path)

    assert said["connect-src"].split() == ["'self'", *(f"https://{each}.example" for each in called)]


def test_each_ehr_sends_users_back_to_a_page_of_its_own(tmp_path: Path) -> None:
    """At one for all, a code of one EHR could be taken for that of another, and be handed to it."""
    app = with_two_ehrs(tmp_path)

    told = [
        call(app, "GET", f"/smart?iss=https://fhir.{each}.example/r4").json() for each in ("north", "south")
    ]

    assert [(each["client_id"], each["redirect"]) for each in told] == [
        ("at-north", "timeline-north"),
        ("at-south", "timeline-south"),
    ]


@pytest.mark.parametrize(
    "path", ["/timeline", "/timeline-west", "/timeline-", "/timeline-north/x", "/launch-north"]
)
def test_a_page_for_nobody_is_not_there(path: str, tmp_path: Path) -> None:
    assert call(with_two_ehrs(tmp_path), "GET", path, headers=HTML).status_code == 404


def test_without_a_clients_file_there_is_one_page() -> None:
    assert call(with_app(), "GET", "/timeline-anybody", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    "issuer",
    [
        *("https://elsewhere.example/r4", "https://fhir.north.example/r5", "http://fhir.north.example/r4"),
        *("https://fhir.north.example.evil.example/r4", f"{EHR}%23part", "https://me@fhir.north.example/r4"),
    ],
)
def test_at_another_server_no_sign_in_begins(issuer: str) -> None:
    answer = call(with_app(), "GET", f"/smart?iss={issuer}")

    assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")
    assert (
        words(answer) == "iss: is no FHIR server at which this app is enabled; ask whoever runs the service"
    )


def test_a_page_without_a_server_is_told_so() -> None:
    assert call(with_app(), "GET", "/smart").status_code == 400
