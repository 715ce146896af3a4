"""The clients file: what a complete one says, and one clear line for each thing that is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service import fhir, key_sets
from cds_service.client_entries import TYPES
from cds_service.clients import Client, Clients, load, sandbox
from tests.signing import elliptic, key_file, rivest

COMPLETE = """
clients:
  north-hospital:
    issuer: https://ehr.north.example
    keys: [keys/north.json, https://ehr.north.example/jwks]
    algorithms: [ES384]
    audiences: [https://cds.north.example/hooks, cds]
    tenants: [main, "007"]
    fhir_bases: [https://fhir.north.example/r4/]
    hooks: [patient-view]
    links: [https://cds.example/]
    indicator_cap: warning
    silent: true
    gated: false
    queries:
      labs: Observation?patient={{context.patientId}}&category=laboratory&_count=100
      medicationStatements: none
  south-practice:
    issuer: https://ehr.south.example
    keys: keys/north.json
    profile: profiles/south.yaml
    queries: {glucose: "Observation?subject=Patient/{{context.patientId}}&code=2345-7"}
"""
PROFILE = """
fhir_bases: [https://fhir.south.example]
queries:
  patient: Patient/{{context.patientId}}
  glucose: none
  medicationRequests: none
"""


def a_folder(folder: Path) -> Path:
    (folder / "keys").mkdir()
    (folder / "profiles").mkdir()
    key_file(folder / "keys", elliptic(), rivest())
    (folder / "profiles" / "south.yaml").write_text(PROFILE)
    return folder


def loaded(folder: Path, text: str, *, is_development: bool = False) -> Clients:
    path = folder / "clients.yaml"
    path.write_text(text)
    return load(path, is_development=is_development)


def entry(folder: Path, **changes: Any) -> str:
    """A file with one client, `north`; a change to None leaves the key out."""
    key_file(folder, elliptic())
    usual = {"issuer": "https://ehr.north.example", "keys": "north.json"}
    north = {key: value for key, value in {**usual, **changes}.items() if value is not None}
    return yaml.safe_dump({"clients": {"north": north}})


def north(folder: Path, *, is_development: bool = False, **changes: Any) -> Client:
    (made,) = loaded(folder, entry(folder, **changes), is_development=is_development).all
    return made


def problem(folder: Path, text: str) -> str:
    with pytest.raises(ValueError, match=r"^\S") as told:
        loaded(folder, text)
    return str(told.value)


def test_a_complete_file_is_understood(tmp_path: Path) -> None:
    clients = loaded(a_folder(tmp_path), COMPLETE)

    assert clients.all == (
        Client(
            name="north-hospital",
            issuer="https://ehr.north.example",
            keys=(tmp_path / "keys/north.json", "https://ehr.north.example/jwks"),
            algorithms=("ES384",),
            audiences=("https://cds.north.example/hooks", "cds"),
            tenants=("main", "007"),
            fhir_bases=("https://fhir.north.example/r4",),
            hooks=("patient-view",),
            links=("https://cds.example/",),
            indicator_cap="warning",
            is_silent=True,
            is_gated=False,
            queries={
                "labs": "Observation?patient={{context.patientId}}&category=laboratory&_count=100",
                "medicationStatements": None,
            },
        ),
        Client(
            name="south-practice",
            issuer="https://ehr.south.example",
            keys=(tmp_path / "keys/north.json",),
            fhir_bases=("https://fhir.south.example",),
            queries={
                "patient": "Patient/{{context.patientId}}",
                "glucose": "Observation?subject=Patient/{{context.patientId}}&code=2345-7",
                "medicationRequests": None,
            },
        ),
    )


def test_what_is_not_written_is_the_least_that_works(tmp_path: Path) -> None:
    client = north(tmp_path)

    assert (client.algorithms, client.audiences, client.tenants) == (("ES384", "RS384"), (), ())
    assert (client.hooks, client.links, client.indicator_cap) == (None, None, "critical")
    assert (client.is_silent, client.is_gated, client.fhir_bases, client.queries) == (False, None, (), {})


def test_a_list_of_one_needs_no_brackets(tmp_path: Path) -> None:
    client = north(tmp_path, algorithms="PS512", fhir_bases="https://fhir.north.example", tenants="main")

    assert (client.algorithms, client.fhir_bases, client.tenants) == (
        ("PS512",),
        ("https://fhir.north.example",),
        ("main",),
    )


def test_a_client_is_found_by_its_issuer(tmp_path: Path) -> None:
    clients = loaded(a_folder(tmp_path), COMPLETE)

    assert [client.name for client in clients.of_issuer("https://ehr.south.example")] == ["south-practice"]
    assert clients.of_issuer("https://ehr.south.example/") == ()


def test_clients_of_one_issuer_are_told_apart_by_their_tenants(tmp_path: Path) -> None:
    key_file(tmp_path, elliptic())
    text = """
clients:
  a: {issuer: https://ehr.example, keys: north.json, tenants: [main]}
  b: {issuer: https://ehr.example, keys: north.json, tenants: [other, third]}
"""

    assert [client.name for client in loaded(tmp_path, text).of_issuer("https://ehr.example")] == ["a", "b"]


@pytest.mark.parametrize(
    "tenants", [("", ""), ("", "tenants: [main]"), ("tenants: [a, main]", "tenants: [main, b]")]
)
def test_clients_of_one_issuer_that_no_tenant_tells_apart_are_refused(
    tenants: tuple[str, str], tmp_path: Path
) -> None:
    key_file(tmp_path, elliptic())
    one, other = tenants
    text = (
        f"clients:\n  a: {{issuer: https://ehr.example, keys: north.json, {one}}}\n"
        f"  b: {{issuer: https://ehr.example, keys: north.json, {other}}}\n"
    )

    assert problem(tmp_path, text) == (
        "clients.yaml: clients.b.issuer: is that of a too; write `tenants` into both, with none in common"
    )


def test_links_are_kept_by_prefix(tmp_path: Path) -> None:
    url = "https://cds.example/rules/L01"

    assert north(tmp_path).keeps_link(url)
    assert north(tmp_path, links="all").keeps_link(url)
    assert not north(tmp_path, links="none").keeps_link(url)
    chosen = north(tmp_path, links=["https://other.example/", "https://cds.example/rules"])
    assert chosen.keeps_link(url)
    assert not chosen.keeps_link("https://cds.example.evil/rules")


def test_hooks_are_open_unless_some_are_named(tmp_path: Path) -> None:
    assert north(tmp_path).may_call("patient-view")
    assert north(tmp_path, hooks=["patient-view"]).may_call("patient-view")
    assert not north(tmp_path, hooks=["patient-view"]).may_call("order-sign")


def test_http_is_for_development(tmp_path: Path) -> None:
    client = north(
        tmp_path, is_development=True, keys="http://127.0.0.1:9/jwks", fhir_bases=["http://127.0.0.1:9/"]
    )

    assert (client.keys, client.fhir_bases) == (("http://127.0.0.1:9/jwks",), ("http://127.0.0.1:9",))


def test_every_prefetch_key_can_have_a_query_of_its_own() -> None:
    assert tuple(TYPES) == (
        "patient",
        "conditions",
        "medicationStatements",
        "medicationRequests",
        "glucose",
        "labs",
        "observations",
        "serviceRequests",
        "encounters",
        "questionnaireResponses",
    )
    assert set(fhir.KEYS) <= set(TYPES)


_LAB = "Observation?patient={{context.patientId}}"
_LAB_REMEDY = f"labs is not understood; write `{_LAB}`, with no other token, or none"
_NO_ADDRESS = "is no absolute web address; write one like https://ehr.example/path"
_NOT_HTTPS = "is not https; write https://, or set LEGCRAMPS_DEVELOPMENT=true for trying things out"
_HIDDEN = "has user information or a fragment; write the address without them"
_NOT_ALONE = "has a query or dots in its path; write the FHIR base alone, https://fhir.example/r4"
_BLANKS = "is empty or has blanks around it; write the text exactly as the client sends it"
_EMPTY = "is empty; write one or more"
_ALGORITHMS = ", ".join(sorted(key_sets.ALGORITHMS))
_NO_SUCH_ALGORITHM = f"is not accepted; write one of {_ALGORITHMS}"

WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no issuer": ({"issuer": None}, "issuer", "is missing; write it"),
    "an empty issuer": ({"issuer": ""}, "issuer", _BLANKS),
    "an issuer with a blank": ({"issuer": "https://ehr.example "}, "issuer", _BLANKS),
    "an issuer that is a list": ({"issuer": ["a"]}, "issuer", "is no text; write one value"),
    "no keys": ({"keys": None}, "keys", "is missing; write it"),
    "an empty list of keys": ({"keys": []}, "keys", _EMPTY),
    "keys that are a mapping": ({"keys": {"a": "b"}}, "keys", "is no list; write [one, other]"),
    "a key file that isn't there": (
        {"keys": "gone.json"},
        "keys[0]",
        "is no file that can be read; write a path from the clients file's folder",
    ),
    "a key file that is something else": (
        {"keys": ["north.json", "clients.yaml"]},
        "keys[1]",
        'is no JSON Web Key Set; write {"keys": [...]} into the file',
    ),
    "a key URL without https": ({"keys": "http://ehr.example/jwks"}, "keys[0]", _NOT_HTTPS),
    "a key URL of another kind": ({"keys": "file:///etc/keys"}, "keys[0]", _NO_ADDRESS),
    "a key URL with a password": ({"keys": "https://me:hunter2@ehr.example/jwks"}, "keys[0]", _HIDDEN),
    "a symmetric algorithm": ({"algorithms": ["ES384", "HS256"]}, "algorithms[1]", _NO_SUCH_ALGORITHM),
    "no algorithm at all": ({"algorithms": "none"}, "algorithms[0]", _NO_SUCH_ALGORITHM),
    "an empty list of algorithms": ({"algorithms": []}, "algorithms", _EMPTY),
    "an empty audience": ({"audiences": ["a", ""]}, "audiences[1]", _BLANKS),
    "a tenant with a line break": ({"tenants": ["a\nb"]}, "tenants[0]", _BLANKS),
    "an empty list of tenants": ({"tenants": []}, "tenants", _EMPTY),
    "a FHIR base without https": ({"fhir_bases": "http://fhir.example"}, "fhir_bases[0]", _NOT_HTTPS),
    "a relative FHIR base": ({"fhir_bases": "fhir.example/r4"}, "fhir_bases[0]", _NO_ADDRESS),
    "a FHIR base without a host": ({"fhir_bases": "https:///r4"}, "fhir_bases[0]", _NO_ADDRESS),
    "a FHIR base with a wild port": ({"fhir_bases": "https://a.example:99999"}, "fhir_bases[0]", _NO_ADDRESS),
    "a FHIR base with a blank": ({"fhir_bases": "https://a.example/ r4"}, "fhir_bases[0]", _NO_ADDRESS),
    "a FHIR base with a backslash": ({"fhir_bases": "https://a\\b.example"}, "fhir_bases[0]", _NO_ADDRESS),
    "a FHIR base with a broken host": ({"fhir_bases": "https://[::1"}, "fhir_bases[0]", _NO_ADDRESS),
    "a FHIR base with a query": ({"fhir_bases": "https://a.example/r4?x=1"}, "fhir_bases[0]", _NOT_ALONE),
    "a FHIR base with an empty query": ({"fhir_bases": "https://a.example/?"}, "fhir_bases[0]", _NOT_ALONE),
    "a FHIR base that climbs": ({"fhir_bases": "https://a.example/r4/../x"}, "fhir_bases[0]", _NOT_ALONE),
    "a FHIR base with a fragment": ({"fhir_bases": "https://a.example/r4#"}, "fhir_bases[0]", _HIDDEN),
    "a FHIR base with a user": ({"fhir_bases": "https://a@b.example"}, "fhir_bases[0]", _HIDDEN),
    "an unknown hook": (
        {"hooks": ["order-select"]},
        "hooks[0]",
        "is no hook of this service; write one of patient-view, order-sign",
    ),
    "no hooks at all": ({"hooks": []}, "hooks", _EMPTY),
    "a link prefix that others match": (
        {"links": ["https://cds.example"]},
        "links[0]",
        "ends within the host, and longer hosts would match; end it with a slash",
    ),
    "a link prefix without a scheme": ({"links": "cds.example/"}, "links[0]", _NO_ADDRESS),
    "a link prefix with a user": ({"links": "https://cds.example@evil.example/"}, "links[0]", _HIDDEN),
    "an unknown indicator": (
        {"indicator_cap": "hard-stop"},
        "indicator_cap",
        "is no indicator; write critical, warning or info",
    ),
    "neither silent nor not": ({"silent": "maybe"}, "silent", "is neither true nor false; write one of them"),
    "an unknown prefetch key": (
        {"queries": {"vitals": _LAB}},
        "queries",
        f"has a key that nothing is asked by; known are {', '.join(TYPES)}",
    ),
    "a query that is a list": ({"queries": {"labs": [_LAB]}}, "queries.labs", "is no text; write one value"),
    "queries that are a text": (
        {"queries": _LAB},
        "queries",
        "is no mapping; write keys with values below it",
    ),
    "a query of another type": (
        {"queries": {"labs": "Condition?patient={{context.patientId}}"}},
        "queries",
        _LAB_REMEDY,
    ),
    "a query of no patient": ({"queries": {"labs": "Observation?code=1"}}, "queries", _LAB_REMEDY),
    "an absolute query": ({"queries": {"labs": f"https://evil.example/{_LAB}"}}, "queries", _LAB_REMEDY),
    "a query with another token": (
        {"queries": {"labs": f"{_LAB}&user={{{{context.userId}}}}"}},
        "queries",
        _LAB_REMEDY,
    ),
    "a query with a blank": ({"queries": {"labs": f"{_LAB}&code=a b"}}, "queries", _LAB_REMEDY),
    "a query within a query": ({"queries": {"labs": f"{_LAB}&a?b"}}, "queries", _LAB_REMEDY),
    "a patient asked for by a search of others": (
        {"queries": {"patient": "Patient/1?_id={{context.patientId}}"}},
        "queries",
        "patient is not understood; write `Patient/{{context.patientId}}`, with no other token, or none",
    ),
    "no diagnoses": (
        {"queries": {"conditions": "none"}},
        "queries",
        "conditions is none, and nothing can be said without; write a query, or leave it out",
    ),
    "no list of medicines": (
        {"queries": {"medicationRequests": "none", "medicationStatements": "none"}},
        "queries",
        "medicationStatements and medicationRequests are both none; write a query for one of them",
    ),
    "a key that we don't know": (
        {"secret": "hunter2"},
        "secret",
        "is not understood; write one of fhir_bases, queries, issuer, keys, algorithms, audiences, tenants, hooks, "
        "links, indicator_cap, silent, gated, profile, smart_client_id, smart_origins",
    ),
}


@pytest.mark.parametrize(("changes", "key", "said"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place_and_remedy(
    changes: dict[str, Any], key: str, said: str, tmp_path: Path
) -> None:
    assert problem(tmp_path, entry(tmp_path, **changes)) == f"clients.yaml: clients.north.{key}: {said}"


def test_a_patient_is_read_and_not_searched(tmp_path: Path) -> None:
    read, search = "Patient/{{context.patientId}}", "Patient?_id={{context.patientId}}"

    assert north(tmp_path, queries={"patient": read}).queries == {"patient": read}
    assert "patient is not understood" in problem(tmp_path, entry(tmp_path, queries={"patient": search}))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            elliptic().jwk(d="AAAA"),
            "holds a private or symmetric key; leave only the public parts in the file",
        ),
        (
            {"kty": "oct", "kid": "a", "k": "aHVudGVyMg"},
            "holds a private or symmetric key; leave only the public parts in the file",
        ),
        (
            rivest("weak", bits=1024).jwk(),
            "has no usable key; give RSA (2048 to 8192 bits), EC or EdDSA keys, each with a kid",
        ),
    ],
)
def test_key_files_that_are_no_use_or_hold_secrets_are_refused(
    keys: dict[str, Any], said: str, tmp_path: Path
) -> None:
    key_file(tmp_path, keys, name="bad.json")

    assert problem(tmp_path, entry(tmp_path, keys="bad.json")) == (
        f"clients.yaml: clients.north.keys[0]: {said}"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "clients.yaml: the file: is no mapping; write keys with values below it"),
        ("clients: {}", "clients.yaml: clients: names no client; write at least one"),
        ("clients:", "clients.yaml: clients: is no mapping; write keys with values below it"),
        ("clients: {north: }", "clients.yaml: clients.north: is no mapping; write keys with values below it"),
        ("client: {}", "clients.yaml: clients: is missing; write it"),
        (
            "clients: {a: {}, a: {}}",
            "clients.yaml, line 1: a is there twice; write plain YAML, each key once",
        ),
        ("clients: {\n  'a", "clients.yaml, line 2: "),
        ("clients: {[a]: b}", "clients.yaml, line 1: a key is no text; write plain YAML, each key once"),
    ],
)
def test_a_file_that_is_no_clients_file_is_told(text: str, said: str, tmp_path: Path) -> None:
    assert problem(tmp_path, text).startswith(said)


@pytest.mark.parametrize("name", ["North", "nörth", "a b", "''", '"a\\nb"', "a" * 65])
def test_names_are_such_as_logs_and_metrics_can_show(name: str, tmp_path: Path) -> None:
    key_file(tmp_path, elliptic())

    told = problem(tmp_path, f"clients: {{{name}: {{issuer: a, keys: north.json}}}}")

    assert told.endswith(": is no name for a client; write up to 64 of a-z, 0-9 and hyphens")
    assert "\n" not in told


def test_every_problem_has_its_line(tmp_path: Path) -> None:
    told = problem(
        tmp_path, entry(tmp_path, issuer=None, algorithms="HS512", silent="perhaps", links="ftp://x/")
    )

    assert [line.split(": ")[1] for line in told.splitlines()] == [
        "clients.north.issuer",
        "clients.north.algorithms[0]",
        "clients.north.links[0]",
        "clients.north.silent",
    ]


def test_no_value_of_the_file_is_told(tmp_path: Path) -> None:
    changes = dict.fromkeys(
        ("keys", "algorithms", "fhir_bases", "links", "hooks"), "hunter2://hunter2:hunter2@"
    )

    told = problem(tmp_path, entry(tmp_path, **changes, silent="hunter2", queries={"labs": "hunter2"}))

    assert len(told.splitlines()) == 7
    assert "hunter2" not in told


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_told(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "clients.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(
        ValueError, match=r"^clients\.yaml: can't be read; write the path of a YAML file in UTF-8$"
    ):
        load(path, is_development=False)


# profiles


def test_a_clients_own_bases_win_over_its_profile(tmp_path: Path) -> None:
    client = north(
        a_folder(tmp_path),
        fhir_bases=["https://own.example"],
        profile=str(tmp_path / "profiles" / "south.yaml"),
    )

    assert client.fhir_bases == ("https://own.example",)


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (None, "south.yaml: can't be read; write the path of a YAML file in UTF-8"),
        (
            "queries: {labs: 'Observation?code=1'}",
            f"south.yaml: queries: {_LAB_REMEDY}",
        ),
        ("issuer: x", "south.yaml: issuer: is not understood; write one of fhir_bases, queries"),
        (
            "queries: {medicationRequests: none}",
            "clients.yaml: clients.north.queries: with the profile's, medicationStatements and medicationRequests "
            "are both none; write a query for one of them",
        ),
    ],
)
def test_a_profile_that_is_wrong_is_told_by_its_name(profile: str | None, said: str, tmp_path: Path) -> None:
    if profile is not None:
        (tmp_path / "south.yaml").write_text(profile)

    told = problem(tmp_path, entry(tmp_path, profile="south.yaml", queries={"medicationStatements": "none"}))

    assert told == said


# the Sandbox


def test_the_sandbox_comes_with_its_published_key() -> None:
    client = sandbox(["https://r4.smarthealthit.org"])
    (key_path,) = client.keys

    assert isinstance(key_path, Path)
    assert [key.kid for key in key_sets.parse(key_path.read_bytes()).keys] == [
        "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f"
    ]
    assert (client.issuer, client.algorithms) == ("https://sandbox.cds-hooks.org", ("ES384",))
    assert client.fhir_bases == ("https://r4.smarthealthit.org",)


def test_the_sandbox_joins_those_of_the_file_unless_it_stands_there() -> None:
    alone = Clients().and_also(sandbox(()))

    assert [client.name for client in alone.all] == ["cds-hooks-sandbox"]
    with pytest.raises(ValueError, match=r"^clients\.cds-hooks-sandbox: "):
        alone.and_also(sandbox(()))
