"""`legcramps doctor`: on a server that does all, and on servers that each lack one thing."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from typer.testing import CliRunner

from cds_service import clients, reception, start
from cds_service import settings as site
from cds_service.advise import Site, advise
from cds_service.calls import FhirAccess
from cds_service.cli import app
from cds_service.connecting.doctor import Visit, doctor, knowledge_of, token_in
from cds_service.connections import Reach
from cds_service.errors import Unreachable
from cds_service.hooks import Card, HookRequest, decode
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress
from cds_service.network import Network
from cds_service.stopwatch import Stopwatch
from cds_service.turns import Pieces, Turns
from tests.fhir_server import by_reference, owned, resources_of, the_server
from tests.patients import FHIR as JSON
from tests.patients import TODAY, a_patient, days_before
from tests.signing import elliptic, key_file

BASE = "https://fhir.example/r4"
TOKEN = "canary-of-a-token"  # noqa: S105 - opens nothing
PATIENT = "p1"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/"
_DATES = ("authoredOn", "effectiveDateTime")


def category(system: str, code: str) -> list[JSON]:
    return [{"coding": [{"system": f"{_CATEGORY}{system}", "code": code}]}]


LABORATORY = category("observation-category", "laboratory")
PROBLEM = category("condition-category", "problem-list-item")


def a_chart() -> Any:
    """Cramps, a diuretic and a low potassium, with what makes each list hold something."""
    return (
        a_patient()
        .with_cramps(category=PROBLEM)
        .prescribed("furosemide", days_before(90), dose="40 mg")
        .prescribed("digoxin", days_before(120))
        .with_result("potassium", "3.17 mmol/L", days_before(5), category=LABORATORY)
        .with_result("potassium", "3.3 mmol/L", days_before(50), category=LABORATORY)
        .with_result("glucose", "5 mmol/L", days_before(8), category=LABORATORY)
        .ordered_for("night cramps")
    )


# --- a FHIR server of a few lines ---------------------------------------------------------------------------------


def transport(handler: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    """Answers that are still to be read, as those of a network are."""

    def streamed(request: httpx.Request) -> httpx.Response:
        made = handler(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))

    return httpx.MockTransport(streamed)


@dataclass(frozen=True)
class Small:
    """
    A FHIR server in this process, as large as our queries need it.

    *refuses* are parameters that it answers with 400, *lacks* types that it does not have (and *declares*
    nevertheless), *denies* types that the token is not for; *ignores* are parameters that it does not look at.
    *needs_category* is of Conditions. Each page holds at most *page* entries; its `next` links are on *links_to*.
    """

    resources: tuple[JSON, ...]
    refuses: frozenset[str] = frozenset()
    ignores: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    declares: frozenset[str] = frozenset()
    denies: frozenset[str] = frozenset()
    knows_codes: bool = True
    knows_bare_codes: bool = True
    needs_category: bool = False
    page: int = 1000
    links_to: str = BASE
    version: str = "4.0.1"
    outcome: JSON | None = None

    def transport(self) -> httpx.MockTransport:
        return transport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return httpx.Response(401, text="who are you")
        kind, _, name = request.url.path.removeprefix("/r4/").partition("/")
        if kind == "metadata":
            return httpx.Response(200, json=self._statement())
        if kind in self.lacks:
            return httpx.Response(404, html="<p>no such thing")
        if kind in self.denies:
            return httpx.Response(403)
        return self._read(kind, name) if name else self._search(kind, request.url.params)

    def _read(self, kind: str, name: str) -> httpx.Response:
        found = [each for each in self.resources if (each["resourceType"], each["id"]) == (kind, name)]
        return httpx.Response(200, json=found[0]) if found else httpx.Response(404)

    def _search(self, kind: str, asked: httpx.QueryParams) -> httpx.Response:
        if self.refuses & set(asked) or (
            self.needs_category and kind == "Condition" and "category" not in asked
        ):
            return httpx.Response(400, json={"resourceType": "OperationOutcome"})
        used = httpx.QueryParams([each for each in asked.multi_items() if each[0] not in self.ignores])
        found = [each for each in self.resources if each["resourceType"] == kind and self._fits(each, used)]
        if "_sort" in used:
            found.sort(key=_day, reverse=True)
        return httpx.Response(200, json=self._bundle(kind, found, used))

    def _fits(self, resource: JSON, asked: httpx.QueryParams) -> bool:
        codes = (
            {f"{each['system']}|{each['code']}" for each in resource["code"]["coding"]}
            if "code" in asked
            else {}
        )
        bare = {each.partition("|")[2] for each in codes} if self.knows_bare_codes else set()
        found = {*codes, *bare} if self.knows_codes else set()
        categories = {coding["code"] for each in resource.get("category", ()) for coding in each["coding"]}
        return (
            asked["patient"] == resource["subject"]["reference"].removeprefix("Patient/")
            and ("code" not in asked or bool(found & set(asked["code"].split(","))))
            and ("category" not in asked or bool(categories & set(asked["category"].split(","))))
            and asked.get("status", resource.get("status")) == resource.get("status")
        )

    def _bundle(self, kind: str, found: list[JSON], asked: httpx.QueryParams) -> JSON:
        start = int(asked.get("offset", 0))
        size = min(self.page, int(asked.get("_count", 1000)))
        shown = found[start : start + size]
        names = (
            {each.get("medicationReference", {}).get("reference") for each in shown}
            if "_include" in asked
            else ()
        )
        included = [each for each in self.resources if f"{each['resourceType']}/{each['id']}" in names]
        onward = f"{self.links_to}/{kind}?{asked.set('offset', start + size)}"
        outcomes = [self.outcome] if self.outcome else []
        return {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": [{"relation": "next", "url": onward}] if len(found) > start + size else [],
            "entry": [{"resource": each} for each in (*shown, *included, *outcomes)],
        }

    def _statement(self) -> JSON:
        types = {each["resourceType"] for each in self.resources} - self.lacks | self.declares
        return {
            "resourceType": "CapabilityStatement",
            "fhirVersion": self.version,
            "software": {"name": "Small", "version": "1\n# two"},
            "rest": [
                {
                    "mode": "server",
                    "resource": [
                        {
                            "type": each,
                            "interaction": [{"code": "read"}, {"code": "search-type"}],
                            "searchParam": [{"name": "patient"}],
                        }
                        for each in sorted(types)
                    ],
                }
            ],
        }


def _day(resource: JSON) -> str:
    return next((resource[name] for name in _DATES if name in resource), "")


def small(chart: Any = None, **quirks: Any) -> Small:
    return Small(tuple(resources_of((chart or a_chart()).request())), **quirks)


# --- the doctor ---------------------------------------------------------------------------------------------------


@cache
def knowledge() -> Knowledge:
    return knowledge_of(settings())


def settings(**given: Any) -> site.Settings:
    return site.load(today=TODAY, **given)


@cache
def the_site() -> Site:
    return start.site(settings(), knowledge())


@dataclass(frozen=True)
class Told:
    """What the doctor said of a server: exit code, report, and the file it wrote."""

    exit_code: int
    report: JSON
    profile: JSON
    written: str

    def says(self, *words: str) -> bool:
        return any(all(word in remark for word in words) for remark in self.report["remarks"])


Examine = Callable[[Small], Told]


@pytest.fixture
def examine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Examine:
    """Gives the doctor's opinion of a server; never is the token in it, nor anything of the patient."""

    def examined(server: Small, **given: Any) -> Told:
        path = tmp_path / "profile.yaml"
        path.unlink(missing_ok=True)
        visit = Visit(BASE, (PATIENT,), TOKEN, path, as_json=True, transport=server.transport())

        exit_code = doctor(visit, settings(**given), knowledge())

        said = capsys.readouterr()
        written = path.read_text("utf-8")
        assert all(
            word not in said.out + said.err + written
            for word in (TOKEN, "1950-03-01", days_before(5), "3.17")
        )
        return Told(exit_code, json.loads(said.out), yaml.safe_load(written), written)

    return examined


def cards_with(profile: str, server: Small, folder: Path) -> tuple[Card, ...]:
    """What a client gets that names the profile, and sends no prefetch."""
    (folder / "north.yaml").write_text(profile)
    key_file(folder, elliptic())
    entry = {
        "issuer": "https://ehr.example",
        "keys": next(folder.glob("*.json")).name,
        "profile": "north.yaml",
    }
    (folder / "clients.yaml").write_text(yaml.safe_dump({"clients": {"north": entry}}))
    [client] = clients.load(folder / "clients.yaml", is_development=False).all
    access = FhirAccess(
        Network(Reach(), transport=server.transport()), knowledge().prefetch, reception.limits(settings())
    )
    caller = reception.at(the_site())(client, access, InProgress(1), None)
    call = HookRequest("", "Practitioner/gp", PATIENT, None, BASE, {}, access_token=TOKEN)
    return asyncio.run(caller.answer(call, TODAY, Pieces(Turns(), Stopwatch()))).advice.cards


def cards_of(chart: Any) -> tuple[Card, ...]:
    """What a client gets that sends all of it."""
    call = decode(json.dumps(chart.request()).encode(), "patient-view")
    return advise(call, the_site(), TODAY).cards


def test_a_server_that_does_all_needs_no_queries_of_its_own(examine: Examine) -> None:
    server = small()

    told = examine(server)

    assert (told.exit_code, told.profile) == (0, {"fhir_bases": [BASE]})
    assert {each["state"] for each in told.report["lists"].values()} == {"own"}
    assert told.report["lists"]["labs"]["newest_first"] is True
    assert told.report["lists"]["labs"]["usable"] == 2


WITHOUT = [
    (
        small(knows_codes=False),
        {"glucose", "labs", "observations"},
        ("labs", "bare codes are ignored", "without codes, _count=200, with category=laboratory, _count=500"),
    ),
    (
        small(a_chart(), refuses=frozenset({"_include"})),
        {"medicationStatements", "medicationRequests"},
        ("medicationRequests", "without _include=MedicationRequest:medication"),
    ),
    (
        small(refuses=frozenset({"_sort"})),
        {"medicationStatements", "medicationRequests", "glucose", "labs", "observations"},
        ("labs", "works without _sort=-date"),
    ),
    (
        small(knows_bare_codes=False),
        {"glucose", "labs", "observations"},
        ("labs", "0 of 2", "with the system before each code"),
    ),
    (small(needs_category=True), {"conditions"}, ("conditions", "with category=problem-list-item")),
    (
        small(lacks=frozenset({"MedicationStatement"})),
        {"medicationStatements"},
        ("medicationStatements", "no such list"),
    ),
    (small(refuses=frozenset({"status"})), {"serviceRequests"}, ("serviceRequests", "without status=active")),
    (
        small(refuses=frozenset({"code"})),
        {"glucose", "labs", "observations"},
        ("labs", "with category=laboratory"),
    ),
]


@pytest.mark.parametrize(("server", "keys", "remark"), WITHOUT)
def test_a_server_that_lacks_one_thing_gets_queries_without_it(
    examine: Examine, tmp_path: Path, server: Small, keys: set[str], remark: tuple[str, ...]
) -> None:
    told = examine(server)

    assert (told.exit_code, set(told.profile["queries"])) == (0, keys)
    assert told.says(*remark)
    assert cards_with(told.written, server, tmp_path) == cards_of(a_chart())


def test_what_is_understood_is_kept_of_a_query(examine: Examine) -> None:
    """Our service alone would leave out all control parameters at once."""
    told = examine(small(refuses=frozenset({"_sort"})))

    query = told.profile["queries"]["medicationRequests"]
    assert query == (
        "MedicationRequest?patient={{context.patientId}}&_count=200&_include=MedicationRequest:medication"
    )


def test_a_list_that_is_not_there_is_none_only_beside_the_other_one(examine: Examine) -> None:
    one = examine(small(lacks=frozenset({"MedicationStatement"})))
    both = examine(small(lacks=frozenset({"MedicationStatement", "MedicationRequest"})))

    assert one.profile["queries"] == {"medicationStatements": "none"}
    assert (both.exit_code, "queries" in both.profile) == (1, False)


def test_what_is_not_granted_is_told_and_not_taken_for_absent(examine: Examine) -> None:
    told = examine(small(denies=frozenset({"ServiceRequest"})))

    assert (told.exit_code, told.profile) == (1, {"fhir_bases": [BASE]})
    assert told.says("serviceRequests", "status-403", "ServiceRequest.rs")


def test_a_list_that_goes_on_elsewhere_is_asked_for_in_one_page(examine: Examine, tmp_path: Path) -> None:
    chart = a_chart()
    for _ in range(70):
        chart = chart.with_result("glucose", "5 mmol/L", days_before(20), category=LABORATORY)
    server = small(chart, links_to="http://10.0.0.9/r4")

    told = examine(server)

    assert told.exit_code == 0
    assert [query[-12:] for query in told.profile["queries"].values()] == ["&_count=1000"]
    assert told.says("glucose", "does not bring the whole list")
    assert cards_with(told.written, server, tmp_path) == cards_of(chart)


def test_a_list_that_goes_on_elsewhere_whatever_is_asked_is_not_enough(examine: Examine) -> None:
    told = examine(small(page=1, links_to="http://10.0.0.9/r4"))

    assert (told.exit_code, told.report["lists"]["labs"]["state"]) == (1, "cut")
    assert told.report["lists"]["labs"]["next_stays_on_base"] is False
    assert told.says("labs", "behind a link to another address")


def test_pages_that_are_shorter_than_asked_are_told(examine: Examine) -> None:
    told = examine(small(page=1))

    labs = told.report["lists"]["labs"]
    assert (labs["pages"], labs["count_is_honoured"], labs["next_stays_on_base"]) == (2, False, True)
    assert told.says("labs", "pages hold about 1 entries")


def test_a_sort_that_is_ignored_is_told(examine: Examine) -> None:
    chart = (
        a_patient()
        .with_cramps()
        .with_result("potassium", "4 mmol/L", days_before(50), category=LABORATORY)
        .with_result("potassium", "5 mmol/L", days_before(5), category=LABORATORY)
    )

    told = examine(small(chart, ignores=frozenset({"_sort"})))

    assert told.report["lists"]["labs"]["newest_first"] is False
    assert told.says("labs", "not sorted as asked")


def test_medicines_that_are_references_come_along_or_are_read_or_are_missed(examine: Examine) -> None:
    resources = tuple(by_reference(resources_of(a_chart().request())))
    server = Small(resources)

    ways = [
        examine(each).report["lists"]["medicationRequests"]["medicines_referred_to"]
        for each in (
            server,
            replace(server, ignores=frozenset({"_include"})),
            replace(server, ignores=frozenset({"_include"}), denies=frozenset({"Medication"})),
        )
    ]

    assert ways == [
        {"included": 2, "read": 0, "missing": 0},
        {"included": 0, "read": 2, "missing": 0},
        {"included": 0, "read": 0, "missing": 2},
    ]


def test_a_list_of_results_that_holds_nothing_is_asked_for_as_the_others_are(examine: Examine) -> None:
    """This patient has no observations that would show whether their codes are understood."""
    told = examine(small(knows_bare_codes=False))

    assert "code=http://loinc.org|72109-2," in told.profile["queries"]["observations"]
    assert told.says("observations", "nothing in another list of results")


def test_results_under_codes_of_the_site_say_nothing_of_other_lists(examine: Examine) -> None:
    """They are found by category and by their names; that bare codes are understood is not in doubt."""
    potassium = {"coding": [{"system": "urn:lab", "code": "K"}], "text": "Potassium"}
    chart = (
        a_patient().with_cramps().with_result("potassium", "3.17 mmol/L", code=potassium, category=LABORATORY)
    )

    told = examine(small(chart))

    assert set(told.profile["queries"]) == {"labs"}
    assert told.says("labs", "finds 0 of 1", "with category=laboratory")


def test_a_declared_list_that_is_not_found_may_be_there_for_others(examine: Examine) -> None:
    server = small(lacks=frozenset({"ServiceRequest"}))

    absent, hidden = examine(server), examine(replace(server, declares=frozenset({"ServiceRequest"})))

    assert (absent.exit_code, absent.profile["queries"]) == (0, {"serviceRequests": "none"})
    assert (hidden.exit_code, hidden.report["lists"]["serviceRequests"]["state"]) == (1, "fails")


def test_a_patient_who_may_not_be_read_is_not_enough_and_the_rest_is_tried(examine: Examine) -> None:
    told = examine(small(denies=frozenset({"Patient"})))

    states = {key: each["state"] for key, each in told.report["lists"].items()}
    assert (told.exit_code, states["patient"], states["labs"]) == (1, "fails", "own")
    assert told.says("patient", "status-403", "Patient.rs")


def test_a_version_that_nobody_has_tried_is_told(examine: Examine) -> None:
    told = examine(small(version="5.0.0"))

    assert told.exit_code == 0
    assert told.says("FHIR 5.0.0", "never tried")


def test_a_list_that_takes_longer_than_the_service_waits_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    server = small().transport()

    async def slowly(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Condition"):
            await asyncio.sleep(0.11)
        return await server.handle_async_request(request)

    visit = Visit(BASE, (PATIENT,), TOKEN, as_json=True, transport=httpx.MockTransport(slowly))

    exit_code = doctor(visit, settings(fetch_seconds=0.1), knowledge())

    remarks = json.loads(capsys.readouterr().out)["remarks"]
    slow = [each.partition(":")[0] for each in remarks if "LEGCRAMPS_FETCH_SECONDS is 0.1" in each]
    assert exit_code == 0
    assert {"conditions", "all at once"} <= set(slow)


def test_a_list_that_is_withheld_is_not_an_empty_one(examine: Examine) -> None:
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "suppressed"}]}

    told = examine(small(outcome=outcome))

    lists = told.report["lists"]
    assert (told.exit_code, lists["medicationStatements"]["code"], lists["labs"]["state"]) == (
        1,
        "withheld",
        "own",
    )
    assert told.says("labs", "withheld from us (suppressed 1)")


def test_codes_and_units_are_counted_and_nothing_else_is_told(examine: Examine) -> None:
    chart = (
        a_chart()
        .with_result("potassium", "4 furlong", days_before(9), category=LABORATORY)
        .with_result(
            "potassium",
            "4 mmol/L",
            days_before(9),
            category=LABORATORY,
            code={"coding": [{"system": "urn:lab", "code": "KAL"}], "text": "of Mrs Canary"},
        )
    )

    told = examine(small(chart))

    units = {(each["analyte"], each["unit"]): each["is_understood"] for each in told.report["units"]}
    assert units == {
        ("potassium", "mmol/L"): True,
        ("potassium", "furlong"): False,
        ("glucose", "mmol/L"): True,
    }
    assert told.report["laboratory_codes_without_loinc"] == [{"system": "urn:lab", "code": "KAL", "times": 1}]
    assert told.says("labs", "carry no LOINC code")
    assert "Canary" not in json.dumps(told.report)


def test_a_patient_without_results_tells_nothing_of_codes(examine: Examine) -> None:
    told = examine(small(a_patient().with_cramps()))

    assert told.exit_code == 0
    assert told.says("labs", "name a patient with results")


def test_what_is_not_declared_is_a_hint_only(examine: Examine) -> None:
    told = examine(small())

    assert told.report["lists"]["labs"]["undeclared"] == ["code", "_sort=-date"]
    assert told.report["lists"]["conditions"]["undeclared"] == []


def test_the_profile_tells_software_and_day_in_its_first_line(examine: Examine) -> None:
    told = examine(small())

    first, second = told.written.splitlines()[:2]
    assert first == f"# Written by `legcramps doctor` on {TODAY}: Small 1�# two, FHIR 4.0.1"
    assert second == "fhir_bases:"


def test_the_report_on_the_screen_ends_with_what_it_comes_to(capsys: pytest.CaptureFixture[str]) -> None:
    visit = Visit(BASE, (PATIENT,), TOKEN, transport=small(knows_bare_codes=False).transport())

    exit_code = doctor(visit, settings(), knowledge())

    lines = capsys.readouterr().out.splitlines()
    assert (exit_code, lines[-1]) == (0, "All that is needed can be had, with the queries of a profile.")
    assert lines[0] == BASE
    assert max(map(len, lines)) <= 80


# --- when nothing can be asked ------------------------------------------------------------------------------------


def refusal(
    server: httpx.MockTransport, patient: str = PATIENT, token: str | None = TOKEN, **given: Any
) -> str:
    visit = Visit(given.pop("base", BASE), (patient,), token, given.pop("profile", None), transport=server)
    with pytest.raises(ValueError, match=": ") as caught:
        doctor(visit, settings(**given), knowledge())
    told = str(caught.value)
    assert "\n" not in told
    assert TOKEN not in told
    return told


def fails(error: Exception) -> httpx.MockTransport:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    return transport(handler)


def always(status: int, text: str = "") -> httpx.MockTransport:
    return transport(lambda _: httpx.Response(status, text=text))


def test_each_reason_for_not_asking_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    there = tmp_path / "there.yaml"
    there.touch()
    good = small().transport()

    told = [
        refusal(good, base="http://fhir.example/r4"),
        refusal(good, token=None),
        refusal(good, token=None, development=True),
        refusal(good, token="another"),  # noqa: S106 - opens nothing
        refusal(good, patient="nobody"),
        refusal(good, patient="not an id"),
        refusal(good, profile=there),
        refusal(small(version="3.0.2").transport()),
        refusal(fails(httpx.ConnectError("canary"))),
        refusal(fails(httpx.ReadTimeout("canary"))),
        refusal(fails(Unreachable("address-refused"))),
        refusal(fails(Unreachable("tls-untrusted"))),
        refusal(always(302)),
        refusal(always(200, "<html>log in")),
    ]

    assert [each.partition(": ")[2] for each in told] == [
        "is not https; write https://, or set LEGCRAMPS_DEVELOPMENT=true for trying things out",
        "no token; give one with --token-file, or set LEGCRAMPS_DEVELOPMENT=true for an open server",
        "wants a token (401); give one with --token-file",
        "does not accept the token (401); get a new one, for this very server",
        "has no patient with the id of --patient number 1 (404)",
        "a --patient is no id; write the bare one, as in Patient/ID",
        "is there already, and is not overwritten; name another file or remove it",
        "speaks FHIR 3.0.2; needed is 4.0 or 4.3 (R4, R4B)",
        "nothing answers there; check host, port and firewall",
        "gives no answer in time; check the firewall, or set LEGCRAMPS_FETCH_SECONDS higher",
        "its address is private or reserved; set LEGCRAMPS_PRIVATE_NETWORKS to its network, such as 10.20.0.0/16",
        "its certificate is signed by nobody we know; set LEGCRAMPS_CA_FILE to the authority that did",
        "redirects (302), which is not followed; give the address it leads to",
        "answers with something else than FHIR JSON, perhaps a login page; check the address",
    ]


def test_the_second_of_two_patients_has_to_be_there_too() -> None:
    visit = Visit(BASE, (PATIENT, "Patient/nobody"), TOKEN, transport=small().transport())

    with pytest.raises(ValueError, match=r"--patient number 2 \(404\)$"):
        doctor(visit, settings(), knowledge())


@pytest.mark.parametrize("text", ["", "two words", "line\nline", "tök"])
def test_a_file_without_a_token_is_told_without_what_is_in_it(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)

    with pytest.raises(ValueError, match="write the access token alone into it") as caught:
        token_in(file)

    assert str(caught.value).startswith(f"{file}: holds no token")


# --- a real server ------------------------------------------------------------------------------------------------


def test_the_command_finds_all_well_on_a_real_server(tmp_path: Path) -> None:
    server, profile = the_server(), tmp_path / "profile.yaml"
    server.load(owned(resources_of(a_chart().request()), "doctor"))
    arguments = [
        "doctor",
        server.base,
        "--patient",
        "doctor-p1",
        "--token-file",
        "-",
        "--write",
        str(profile),
    ]
    environment = {"LEGCRAMPS_DEVELOPMENT": "true", "LEGCRAMPS_TODAY": str(TODAY)}

    result = CliRunner().invoke(app, arguments, input=f"{server.token}\n", env=environment)

    assert (result.exit_code, result.stderr) == (0, "")
    assert "All that is needed can be had, with our own queries." in result.stdout
    assert yaml.safe_load(profile.read_text("utf-8")) == {"fhir_bases": [server.base]}
    assert server.token not in result.stdout + profile.read_text("utf-8")


def test_an_address_of_this_machine_that_does_not_answer_is_one_line() -> None:
    arguments = ["doctor", "https://127.0.0.1:1/fhir", "--patient", "p", "--token-file", "-"]

    result = CliRunner().invoke(app, arguments, input=TOKEN)

    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == "legcramps: https://127.0.0.1:1/fhir: nothing answers there; check host, port and firewall\n"
    )
