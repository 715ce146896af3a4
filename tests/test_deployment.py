"""
Dockerfile, docker-compose.yml and the secrets: what a linter doesn't read in them.

No image is built and no container started; what parts of them do by themselves (health check, database role) is tried.
"""

import json
import os
import re
import socket
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml

from cds_service import serving
from cds_service.settings import Settings, load
from cds_service.store import Store, Way
from tests.databases import Server
from tests.served import served

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))  # as when they are run as scripts
import is_ready
import new_secrets
from audit import locked

ROOT = Path(__file__).parents[1]
JSON = dict[str, Any]

COMPOSE: JSON = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: JSON = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
THEIRS = {name: service for name, service in SERVICES.items() if "build" not in service}
PROJECT: JSON = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
DATABASE = ROOT / "deploy" / "service-role.sh"
BY_DIGEST = re.compile(r"[a-z/]+:\d+(\.\d+)+[a-z0-9.-]*@sha256:[0-9a-f]{64}")
BY_VERSION = re.compile(r"[a-z/]+:v?\d+\.\d+\.\d+[a-z0-9.-]*")
PREFIX = "LEGCRAMPS_"


def instructions(word: str) -> list[str]:
    """What stands behind each *word* of the Dockerfile, as one line."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [" ".join(line.split()[1:]) for line in lines if line.startswith(f"{word} ")]


def variables_of_the_image() -> dict[str, str]:
    words = " ".join(instructions("ENV")).split()
    return dict(word.split("=", 1) for word in words)


def seconds(duration: str) -> int:
    assert duration.endswith("s")
    return int(duration.removesuffix("s"))


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without settings of ours."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    return monkeypatch


# the image


def test_the_image_begins_with_one_that_is_pinned_by_version_and_digest() -> None:
    (first, *others) = instructions("FROM")

    image, _, name = first.partition(" AS ")
    assert BY_DIGEST.fullmatch(image)
    assert [other.split()[0] for other in others] == [name] * len(others)


def test_the_image_ends_as_a_user_who_can_be_seen_not_to_be_root() -> None:
    (user,) = instructions("USER")

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


def test_whatever_is_installed_in_the_image_was_locked() -> None:
    commands = [command for run in instructions("RUN") for command in run.split(" && ") if "pip " in command]

    assert len(commands) == 5
    from_locks = [command for command in commands if " -r " in command]
    assert {command.split()[-1] for command in from_locks} == {"requirements.lock", "requirements-build.lock"}
    assert all("--require-hashes --only-binary=:all:" in command for command in from_locks)
    assert all(
        "--no-deps" in command or "--without-pip" in command
        for command in commands
        if command not in from_locks
    )


def test_what_builds_the_project_is_locked_as_for_the_tests() -> None:
    build = (ROOT / "requirements-build.lock").read_text("utf-8")

    pins = set(locked(build))
    assert {pin.name for pin in pins} >= set(PROJECT["build-system"]["requires"])
    assert pins <= set(locked((ROOT / "requirements-dev.lock").read_text("utf-8")))
    assert build.count("--hash=sha256:") >= len(pins)


def test_the_builder_sees_what_it_copies_and_nothing_else() -> None:
    seen = [
        line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] not in ("", "#")
    ]

    copies = [copy for copy in instructions("COPY") if "--from" not in copy]
    copied = [word for copy in copies for word in copy.split()[:-1] if not word.startswith("--")]
    assert seen[0] == "*"
    assert sorted(line[1:] for line in seen if line.startswith("!")) == sorted(copied)
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_tells_the_version_of_the_project() -> None:
    (labels,) = instructions("LABEL")

    assert f'org.opencontainers.image.version="{PROJECT["project"]["version"]}"' in labels
    assert {service["image"] for service in OURS.values()} == {f"legcramps:{PROJECT['project']['version']}"}


def test_the_image_is_started_and_stopped_without_a_shell() -> None:
    started = [json.loads(line) for line in (*instructions("ENTRYPOINT"), *instructions("CMD"))]
    (check,) = instructions("HEALTHCHECK")

    assert started == [["/opt/legcramps/bin/legcramps"], ["serve"]]
    assert json.loads(check.partition(" CMD ")[2])[-1] == "/opt/legcramps/is_ready.py"
    assert "--chmod=0644 NOTICE tools/is_ready.py /opt/legcramps/" in instructions("COPY")
    assert instructions("STOPSIGNAL") == ["SIGTERM"]


def test_the_image_sets_nothing_that_a_secret_file_should_set() -> None:
    assert f"{PREFIX}STORE" not in variables_of_the_image()


def test_without_a_store_named_the_image_keeps_it_on_its_volume(unset: pytest.MonkeyPatch) -> None:
    for name, value in variables_of_the_image().items():
        unset.setenv(name, value)
    unset.setenv(f"{PREFIX}UNAUTHENTICATED", "true")

    settings = load()

    (volume,) = instructions("VOLUME")
    assert settings.store == f"sqlite:///{volume}/legcramps.db"
    assert [str(settings.port)] == instructions("EXPOSE")


def test_the_health_check_hears_a_service_that_is_ready(tmp_path: Path) -> None:
    with served(tmp_path) as service:
        problem = is_ready.problem(int(service.base.rpartition(":")[2]))

    assert problem == ""


def test_the_health_check_hears_that_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", is_ready.__file__],
        env={f"{PREFIX}PORT": str(port), "http_proxy": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "refused" in done.stderr) == (1, True)


# the containers


def test_the_service_has_a_database_and_a_fhir_server_beside_it_and_can_do_without() -> None:
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}

    assert profiles.pop("legcramps") is None
    assert profiles == {name: ["hospital"] for name in ("hospital", "postgres", "fhir")}


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_can_do_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["tmpfs"]
    assert {"mem_limit", "cpus", "pids_limit", "logging"} <= service.keys()
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices", "env_file"} & service.keys()
    if name in THEIRS:
        assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])


@pytest.mark.parametrize("name", THEIRS)
def test_every_image_of_others_is_pinned(name: str) -> None:
    image = THEIRS[name]["image"]

    # HAPI's makers publish no list of digests; docker-compose.yml says how to add it
    assert (BY_VERSION if name == "fhir" else BY_DIGEST).fullmatch(image)


def test_every_container_tells_its_health() -> None:
    checks = {name: service["healthcheck"] for name, service in THEIRS.items()}

    assert all(check["test"][0] == "CMD" for check in checks.values())
    assert len(instructions("HEALTHCHECK")) == 1
    assert all("healthcheck" not in service for service in OURS.values())
    assert SERVICES["hospital"]["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_docker_waits_longer_than_the_service_takes_to_end() -> None:
    assert all(seconds(service["stop_grace_period"]) > serving._GRACE + 10 for service in OURS.values())


def test_only_the_service_can_be_reached_and_only_from_this_machine() -> None:
    published = [port.split(":") for service in OURS.values() for port in service["ports"]]

    (inside,) = instructions("EXPOSE")
    assert all(host == "127.0.0.1" and to == inside for host, _, to in published)
    assert len({port for _, port, _ in published}) == len(OURS)
    for service in THEIRS.values():
        assert "ports" not in service
        assert all(COMPOSE["networks"][network]["internal"] for network in service["networks"])


@pytest.mark.parametrize("name", OURS)
def test_every_variable_of_ours_is_a_setting_with_a_value_it_takes(
    name: str, unset: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {**variables_of_the_image(), **OURS[name]["environment"]}
    ours = {variable: value for variable, value in given.items() if variable.startswith(PREFIX)}
    token = tmp_path / "operator_token"
    token.write_text("x" * 43)
    for variable, value in ours.items():
        unset.setenv(variable, value.replace("/run/secrets/operator_token", str(token)))

    settings = load()

    assert {variable.removeprefix(PREFIX).lower() for variable in ours} <= Settings.model_fields.keys()
    host, port, _ = OURS[name]["ports"][0].split(":")
    assert settings.base_url == f"http://{host}:{port}"


def test_the_service_may_read_the_fhir_server_beside_it_and_no_other_private_one() -> None:
    environment = SERVICES["hospital"]["environment"]

    address = urlsplit(environment[f"{PREFIX}FHIR_BASES"])
    (subnet,) = COMPOSE["networks"]["fhir"]["ipam"]["config"]
    assert address.hostname in SERVICES
    assert environment[f"{PREFIX}PRIVATE_NETWORKS"] == subnet["subnet"]


# secrets


def test_no_file_holds_a_secret() -> None:
    for name, service in SERVICES.items():
        for variable, value in service["environment"].items():
            if re.search("PASSWORD|TOKEN|SECRET", variable):
                where, _, secret = value.rpartition("/")
                assert (where, variable[-5:]) == ("/run/secrets", "_FILE"), variable
                assert secret in service["secrets"], f"{name} is not given {secret}"
            assert not urlsplit(value.removeprefix("jdbc:")).password
    assert not any(re.search("PASSWORD|TOKEN|SECRET", variable) for variable in variables_of_the_image())


def test_every_secret_that_a_container_asks_for_is_a_file_that_git_ignores(tmp_path: Path) -> None:
    new_secrets.write(tmp_path / "secrets")

    asked = {secret for service in SERVICES.values() for secret in service.get("secrets", ())}
    files = {name: secret["file"] for name, secret in COMPOSE["secrets"].items()}
    assert asked == files.keys() == {file.name for file in (tmp_path / "secrets").iterdir()}
    assert files == {name: f"./secrets/{name}" for name in files}
    assert "/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_containers_can_read_the_secrets_and_other_users_of_this_machine_cannot(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"

    new_secrets.write(folder)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o644}


def test_every_secret_is_another_one_and_the_store_has_its_password(tmp_path: Path) -> None:
    new_secrets.write(tmp_path)

    secrets = {file.name: file.read_text() for file in tmp_path.iterdir()}
    store = urlsplit(secrets.pop("legcramps_store"))
    assert len(set(secrets.values())) == 3
    assert min(map(len, secrets.values())) >= 43
    assert (store.username, store.password) == ("legcramps_service", secrets["legcramps_password"])
    assert (store.hostname, store.path) == ("postgres", "/legcramps")


def test_what_is_there_stays(tmp_path: Path) -> None:
    new_secrets.write(tmp_path)
    (tmp_path / "operator_token").unlink()
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}

    made = new_secrets.write(tmp_path)

    assert made == ["operator_token"]
    assert before.items() <= {file.name: file.read_text() for file in tmp_path.iterdir()}.items()


@pytest.fixture
def prepared(postgresql: Server, tmp_path: Path) -> Iterator[str]:
    """What deploy/service-role.sh made of a PostgreSQL, by its URL; the server asks for no password here."""
    (tmp_path / "password").write_text('it\'s \\ a "secret"')
    environment = {
        "PATH": os.environ["PATH"],
        "PGHOST": str(postgresql.folder),
        "POSTGRES_USER": "legcramps",
        "POSTGRES_DB": "postgres",
        "SERVICE_PASSWORD_FILE": str(tmp_path / "password"),
    }
    subprocess.run([str(DATABASE)], env=environment, check=True, capture_output=True)  # noqa: S603 - our own script
    yield f"postgresql://legcramps_service@/legcramps?host={postgresql.folder}"
    postgresql.run("DROP DATABASE legcramps WITH (FORCE)")
    postgresql.run("DROP ROLE legcramps_service")


def test_the_service_keeps_its_things_as_a_user_who_may_do_nothing_else(prepared: str) -> None:
    store = Store.open(prepared)

    asked = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    may_more = store.do(lambda connection: connection.exec_driver_sql(asked).scalar_one(), Way.READING)
    store.close()
    assert may_more is False


def test_the_service_needs_a_password_for_its_database(prepared: str, postgresql: Server) -> None:
    asked = "SELECT rolpassword FROM pg_authid WHERE rolname = 'legcramps_service'"

    with psycopg.connect(postgresql.url("postgres")) as connection:
        (kept,) = connection.execute(asked).fetchall()

    assert kept[0].startswith("SCRAM-SHA-256$")
