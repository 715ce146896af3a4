"""The command line: one clear line when the service can't start, the addresses when it can."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cds_service.cli import app
from tests.authored import POTASSIUM, change, copy_cards, run
from tests.patients import CARDS, drug_coding


def test_a_wrong_setting_is_one_line_and_no_start() -> None:
    result = CliRunner().invoke(app, ["serve"], env={"LEGCRAMPS_PORT": "many"})

    assert result.exit_code == 2
    assert re.fullmatch(r"legcramps: LEGCRAMPS_PORT: [^\n]+\n", result.stderr)


def test_a_pretended_day_stays_on_this_machine() -> None:
    result = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0"], env={"LEGCRAMPS_TODAY": "2026-06-15"})  # noqa: S104 - it must refuse

    assert result.exit_code == 2
    assert "LEGCRAMPS_TODAY is for trying things out" in result.stderr


def test_a_port_in_use_is_one_line_and_no_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = CliRunner().invoke(app, ["serve", "--port", str(port)])

    assert result.exit_code == 2
    assert result.stderr == (
        f"legcramps: can't listen on 127.0.0.1 port {port}: Address already in use; "
        "--host and --port choose another\n"
    )


def test_the_service_starts_tells_its_addresses_and_stops() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LEGCRAMPS_")}
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command, no input
        command, stdout=subprocess.PIPE, text=True, env=environment | {"PYTHONUNBUFFERED": "1"}
    ) as service:
        assert service.stdout
        told = [service.stdout.readline().strip() for _ in range(4)]
        url = told[1].removeprefix("CDS Hooks discovery: ")
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the address just printed
            status = answer.status
        service.send_signal(signal.SIGINT)

    base = url.removesuffix("/cds-services")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", base)
    assert told[0] == f"Workbench: {base}/"
    assert told[3] == (
        f"curl -s {base}/demo/furosemide-low-potassium | curl -s -H 'Content-Type: application/json' "
        f"--data-binary @- {base}/cds-services/nocturnal-leg-cramps"
    )
    assert (status, service.returncode) == (200, 0)


def test_the_service_tells_what_it_took_from_the_map_of_the_sites_codes(tmp_path: Path) -> None:
    furosemide = drug_coding("furosemide")
    targets = [{"code": furosemide["code"], "equivalence": said} for said in ("equivalent", "narrower")]
    group = {
        "source": "urn:hospital",
        "target": furosemide["system"],
        "element": [{"code": "F", "target": targets[:1]}, {"code": "G", "target": targets[1:]}],
    }
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"resourceType": "ConceptMap", "group": [group]}))
    environment = {**os.environ, "LEGCRAMPS_CODE_MAP": str(path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", "0"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as service:  # noqa: S603 - ours
        assert service.stdout
        told = [service.stdout.readline().strip() for _ in range(3)]
        service.terminate()

    assert told[2] == "Codes of this site: 1 used. Mappings not used: 1 not the same or a wider meaning"


def _first_warning(cards: Path, **settings: str) -> dict[str, Any]:
    """What a service that starts logs first."""
    environment = {**os.environ, "LEGCRAMPS_CARDS": str(cards), "PYTHONUNBUFFERED": "1", **settings}
    command = [sys.executable, "-m", "cds_service.cli", "serve", "--port", "0"]
    with subprocess.Popen(  # noqa: S603 - our own command, no input
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as service:
        assert service.stderr
        told: dict[str, Any] = json.loads(service.stderr.readline())
        service.terminate()
    del told["timestamp"]
    return told


def test_a_service_that_starts_tells_which_signatures_lapsed(tmp_path: Path) -> None:
    cards = copy_cards(tmp_path / "cards", CARDS / "value_sets")
    run("approve", "L01", "D02", "--by", "Dr A. Name", "--folder", cards)
    change(cards / POTASSIUM, "3.5 mmol/L", "3.6 mmol/L")

    told = _first_warning(cards)

    assert told == {
        "event": "signatures lapsed",
        "level": "warning",
        "changed": 1,
        "signed": 1,
        "files": ["low-potassium"],
    }


def test_a_service_that_nobody_signed_tells_that_it_stays_silent(tmp_path: Path) -> None:
    cards = copy_cards(tmp_path / "cards", CARDS / "value_sets")

    told = _first_warning(cards, LEGCRAMPS_PROFILE="hospital")

    assert told == {
        "event": "nothing is signed: the service stays silent",
        "level": "warning",
        "profile": "hospital",
    }


def test_an_overdue_review_is_told_and_silences_nothing(tmp_path: Path) -> None:
    cards = copy_cards(tmp_path / "cards", CARDS / "value_sets")
    change(cards / "knowledge.md", "review_by: 2027-11-30", "review_by: 2020-01-01")

    told = _first_warning(cards)

    assert told == {
        "event": "the yearly review of the knowledge is overdue",
        "level": "warning",
        "since": "2020-01-01",
    }
