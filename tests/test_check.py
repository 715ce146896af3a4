"""`legcramps check`: the cards and the reasons for a file on disk, and one clear line where there are none."""

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cds_service import check as checks
from cds_service import explanation
from cds_service import settings as site
from cds_service.app import create_app
from cds_service.cli import app
from tests.client import post
from tests.patients import APatient, a_patient, days_before
from tests.test_charts import bundle, everything

JSON = dict[str, Any]
TODAY = "2026-06-15"  # the builder's
# no colour unless asked, and wide enough that a line of the trace stays one
PLAIN = {"COLUMNS": "200", "NO_COLOR": "1", "FORCE_COLOR": None, "LEGCRAMPS_TODAY": None}


def check(*arguments: str | Path, env: dict[str, str | None] | None = None) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)], env={**PLAIN, **(env or {})})


def saved(path: Path, content: Any) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def losing_potassium() -> APatient:
    """
    A diuretic raised before the cramps, a low potassium since; a statin after them.

    And an entry that can't be read, a unit nobody knows, a remedy in no value set.
    """
    return (
        a_patient()
        .with_cramps("2026-05-05")
        .taking("furosemide", "2024-01-01", until="2026-04-19", dose="40 mg")
        .taking("furosemide", "2026-04-20", dose="80 mg")
        .taking("atorvastatin", "2026-06-01")
        .with_result("potassium", "3.1 mmol/L", "2026-06-08")
        .with_result("magnesium", "0.80 furlong", "2026-06-08")
        .having("labs", {"resourceType": "Observation", "id": "bad", "code": "potassium"})
        .having("medicationStatements", _unheard_of())
    )


def _unheard_of() -> JSON:
    return {
        "resourceType": "MedicationStatement",
        "id": "herb",
        "status": "active",
        "medicationCodeableConcept": {"text": "moonwort"},
    }


def lines(text: str) -> list[str]:
    """The trace without its guides."""
    return [re.sub(r"^[│├└─\s]*", "", line).rstrip() for line in text.splitlines()]


def missing(words: Iterable[str], text: str) -> list[str]:
    return [each for each in words if each not in text]


# --- what it answers ----------------------------------------------------------------------------------------------


def test_cards_are_shown_as_a_clinician_would_see_them(tmp_path: Path) -> None:
    patient = losing_potassium()
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    result = check(file, "--today", TODAY)

    assert (result.exit_code, result.stderr) == (0, "")
    shown = ["WARNING", "INFO", "furosemide", "• Furosemide 40 to 80 mg on 20 Apr 2026", "K 3.1 mmol/L"]
    shown += ["[ Draft order: ", "Rule sheet M1", "/knowledge/M1", "NLC contributor support"]
    assert missing(shown, result.stdout) == []
    assert "**" not in result.stdout
    assert max(map(len, result.stdout.splitlines()[1:])) <= 80


def test_urgency_is_shown_in_words_and_colour(tmp_path: Path) -> None:
    patient = a_patient().with_cramps("2026-05-05").with_result("potassium", "2.3 mmol/L", "2026-06-13")
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    result = check(file, "--today", TODAY, env={"NO_COLOR": None, "FORCE_COLOR": "1", "TERM": "xterm"})

    assert re.search("\x1b\\[[0-9;]*31m CRITICAL \x1b", result.stdout)


def test_the_cards_are_those_that_a_client_gets_over_http(tmp_path: Path) -> None:
    patient = losing_potassium()
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    told = json.loads(check(file, "--today", TODAY, "--json").stdout)

    response = post(create_app(site.load(today=TODAY)), json.dumps(patient.request()).encode()).json()
    for card in response["cards"]:
        del card["uuid"]
        for suggestion in card.get("suggestions", []):
            del suggestion["uuid"]
    assert [each["indicator"] for each in told["cards"]] == ["warning", "info"]
    assert told["cards"] == response["cards"]


@pytest.mark.parametrize("form", ["bundle", "gzip", "ndjson", "hook request", "parameters"])
def test_every_form_of_the_same_record_gets_the_same_cards(tmp_path: Path, form: str) -> None:
    patient = losing_potassium()
    plain = json.dumps(bundle(*everything(patient))).encode()
    forms = {
        "bundle": plain,
        "gzip": gzip.compress(plain, mtime=0),
        "ndjson": "\n".join(map(json.dumps, everything(patient))).encode(),
        "hook request": json.dumps(patient.request()).encode(),
        "parameters": b'{"resourceType": "Parameters", "parameter": [{"resource": ' + plain + b"}]}",
    }

    told = [
        json.loads(check(saved(tmp_path / "record", content), "--today", TODAY, "--json").stdout)["cards"]
        for content in (forms["bundle"], forms[form])
    ]

    assert told[0] == told[1] != []


@pytest.mark.parametrize(
    ("patient", "said"),
    [
        (a_patient(), "No cards: no report of leg cramps in this record (no-report)."),
        (
            a_patient().with_cramps().born("2015-01-01"),
            "No cards: the patient is not certainly 18 yet (minor).",
        ),
        (
            a_patient().with_cramps().who(deceasedBoolean=True),
            "No cards: the patient is recorded as deceased (deceased).",
        ),
        (
            a_patient().with_cramps(),
            "No cards: leg cramps are reported, and nothing in this record was found that could contribute "
            "(nothing-found).",
        ),
        (
            a_patient().with_cramps().seen_by("Patient/p1"),
            "No cards: cards are for clinicians, and a patient is asking (patient-user).",
        ),
    ],
)
def test_silence_is_explained_in_words(tmp_path: Path, patient: APatient, said: str) -> None:
    result = check(saved(tmp_path / "request.json", patient.request()), "--today", TODAY, "--explain")

    assert result.exit_code == 0
    assert said in result.stdout.splitlines()


def test_the_day_decides_and_is_the_site_s_unless_given(tmp_path: Path) -> None:
    patient = a_patient().with_cramps("2026-05-05").with_result("potassium", "3.1 mmol/L", "2026-06-08")
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    soon = json.loads(check(file, "--json", env={"LEGCRAMPS_TODAY": TODAY}).stdout)
    late = json.loads(check(file, "--json", "--today", "2028-06-15", env={"LEGCRAMPS_TODAY": TODAY}).stdout)

    assert (soon["today"], soon["silence"], len(soon["cards"])) == (TODAY, None, 1)
    assert (late["today"], late["silence"], late["cards"]) == ("2028-06-15", "nothing-found", [])


def test_several_patients_in_a_file_are_told(tmp_path: Path) -> None:
    file = saved(tmp_path / "two.json", bundle(a_patient().patient, {"resourceType": "Patient", "id": "p2"}))

    result = check(file, "--today", TODAY)

    assert "Note: this file holds 2 Patients: only the first is checked" in result.stdout


# --- why ----------------------------------------------------------------------------------------------------------


def test_the_trace_tells_which_entry_met_which_criterion(tmp_path: Path) -> None:
    file = saved(tmp_path / "record.json", bundle(*everything(losing_potassium())))

    result = check(file, "--today", TODAY, "--explain")

    told = lines(result.stdout)
    expected = [
        "diagnosis, onset 5 May 2026 (stated) ← Condition/cramps",
        "L01 low-potassium: warning (contributor)",
        "potassium 3.1 mmol/L, 8 Jun 2026 ← Observation/ob1",
        "✗ at_most: 2.5 mmol/L",
        "✓ within: 90 days ← Observation/ob1",
        "✗ taking: digoxin",
        "D02 loop-diuretic: info (contributor)",
        "D04 statin: does not speak",
        "set aside: atorvastatin, from 1 Jun 2026: after, matched by code; after ← MedicationStatement/ms3",
        "warning, main, chain M1: L01 contributor, D02 contributor",
        "info, data",
        "magnesium of 8 Jun 2026: unit not understood ← Observation/ob2",
        "a member is not of its FHIR type ← Observation/bad",
        "Holds 4 medicines: 3 used, 0 irrelevant, 1 unread (no code or name of it is",
    ]
    assert missing(expected, "\n".join(told)) == []
    assert any(line.startswith("not in this record: ") and "D10" in line for line in told)


def test_what_was_not_known_is_told(tmp_path: Path) -> None:
    patient = a_patient().with_cramps("2026-05-05").taking("quinine", days_before(20))
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    result = check(file, "--today", TODAY, "--explain")

    assert (
        missing(
            ["? latest: platelets (platelets not measured)", "not known: platelets not measured"],
            result.stdout,
        )
        == []
    )


def test_an_onset_that_is_only_the_day_of_recording_is_told_as_such(tmp_path: Path) -> None:
    patient = a_patient().with_cramps(recorded="2026-05-05")
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    result = check(file, "--today", TODAY, "--explain")

    said = "diagnosis, onset 5 May 2026 (not stated, the day it was recorded stands in) ← Condition/cramps"
    assert said in lines(result.stdout)


def test_why_a_report_does_not_count_is_told(tmp_path: Path) -> None:
    patient = a_patient().with_cramps("2026-05-05", abatementDateTime="2026-06-01")
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    told = lines(check(file, "--today", TODAY, "--explain").stdout)

    assert "entries about cramps that don't count: resolved" in told
    assert "none that counts; drugs and results were not looked at" in told


def test_json_is_one_object_a_file_with_the_whole_trace(tmp_path: Path) -> None:
    patient = losing_potassium()
    files = [saved(tmp_path / name, bundle(*everything(patient))) for name in ("a.json", "b.json")]

    result = check(*files, "--today", TODAY, "--json")

    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["file"] for each in told] == [str(file) for file in files]
    assert set(told[0]) == {
        "file", "today", "notes", "cards", "silence", "counts", "holds", "used", "not_recognised", "trace",
    }  # fmt: skip
    assert told[0]["counts"] == {"read": 8, "unread": 1}
    considered = {each["row"]: each for each in told[0]["trace"]["considered"]}
    assert considered["L01"]["criteria"][0] == {
        "level": "critical range",
        "truth": "fails",
        "words": "any",
        "evidence": [],
        "unknown": [],
        "parts": considered["L01"]["criteria"][0]["parts"],
    }
    assert considered["D02"]["facts"][0]["sources"] == ["MedicationStatement/ms1", "MedicationStatement/ms2"]
    assert told[0]["trace"]["unread"] == [
        {"why": "a member is not of its FHIR type", "sources": ["Observation/bad"]}
    ]


# --- what it can't read -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"resourceType": "Bundle"', "is no JSON: Input data was truncated"),
        (b'{"resourceType": "Bundle"}', "holds no Patient"),
        (b"{}", "holds no FHIR Bundle, Parameters, NDJSON of resources or CDS Hooks request"),
        (b"\x1f\x8b", "is damaged: the gzip data can't be unpacked"),
        (b'{"hook": "order-sign"}', 'hook: is another hook than this service is for; send "patient-view"'),
        (
            json.dumps(a_patient().lacking("conditions").request()).encode(),
            "prefetch.conditions: was not supplied or failed; "
            "send the conditions as prefetch, null when there are none",
        ),
    ],
)
def test_a_file_that_can_t_be_checked_is_one_line_and_the_others_go_on(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    bad = saved(tmp_path / "bad.json", content)
    good = saved(tmp_path / "good.json", bundle(a_patient().patient))

    result = check(bad, good, "--today", TODAY)

    assert result.exit_code == 1
    assert result.stderr == f"legcramps: {bad}: {problem}\n"
    assert "No cards: no report of leg cramps" in result.stdout


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    result = check(tmp_path / "nowhere.json")

    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr == f"legcramps: {tmp_path / 'nowhere.json'}: can't be read: No such file or directory\n"
    )


def test_nothing_in_a_file_can_command_the_terminal(tmp_path: Path) -> None:
    cramps = {"resourceType": "Condition", "id": "\x1b[31m", "code": {"text": "leg cramps at night"}}
    file = saved(tmp_path / "record.json", bundle(a_patient().patient, cramps))

    result = check(file, "--today", TODAY, "--explain")

    assert "\x1b" not in result.stdout
    assert "← Condition/�[31m" in result.stdout


def test_a_wrong_setting_or_day_is_a_wrong_call(tmp_path: Path) -> None:
    file = saved(tmp_path / "record.json", bundle(a_patient().patient))

    setting = check(file, env={"LEGCRAMPS_TIMEZONE": "Nowhere"})
    day = check(file, "--today", "15.6.2026")

    assert (setting.exit_code, day.exit_code) == (2, 2)
    assert setting.stderr == "legcramps: LEGCRAMPS_TIMEZONE: is no IANA time zone, such as Europe/London\n"


def test_every_reason_for_silence_has_words() -> None:
    """A reason code that a module gives must not reach a person as it is."""
    folder = Path(checks.__file__).parent
    text = "".join((folder / name).read_text(encoding="utf-8") for name in ("advise.py", "reports.py"))
    given = set(re.findall(r'return "([a-z-]+)"|Advice\(\(\), "([a-z-]+)"|else "([a-z-]+)"', text))

    codes = {code for found in given for code in found if code}

    assert {"no-report", "minor", "undated-reason", "denied", "patient-user"} <= codes
    assert codes <= set(explanation.SILENCE)


def test_json_tells_as_what_each_used_entry_was_recognised_and_how(tmp_path: Path) -> None:
    patient = (
        a_patient()
        .taking("furosemide")
        .taking("furosemide", medicationCodeableConcept={"text": "HCTZ 25 mg"})
        .with_result("potassium", "4.1 mmol/L")
    )
    file = saved(tmp_path / "record.json", bundle(*everything(patient)))

    told = json.loads(check(file, "--today", TODAY, "--json").stdout)

    assert told["used"] == [
        {
            "kind": "medicine",
            "source": "MedicationStatement/ms1",
            "value_sets": ["loop_diuretic"],
            "matched_by": ["code"],
        },
        {
            "kind": "medicine",
            "source": "MedicationStatement/ms2",
            "value_sets": ["thiazide_diuretic"],
            "matched_by": ["text"],
        },
        {
            "kind": "result",
            "source": "Observation/ob1",
            "value_sets": ["potassium"],
            "matched_by": ["code"],
        },
    ]
    assert told["holds"] == {
        "medicine": {"used": 2, "irrelevant": 0, "unread": 0},
        "result": {"used": 1, "irrelevant": 0, "unread": 0},
    }
