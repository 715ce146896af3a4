"""`legcramps recognise`: an integrator asks which value sets the codes and names of a file belong to."""

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.lookup import recognise
from cds_service.terminology import ValueSets
from tests.patients import CARDS, analyte_coding, diagnosis_coding, drug_coding

HEADER = "kind,system,code,display"


@pytest.fixture(scope="module")
def value_sets() -> ValueSets:
    return ValueSets.load(CARDS / "value_sets")


def answered(value_sets: ValueSets, *lines: str) -> list[dict[str, str]]:
    out = io.StringIO()
    recognise("\n".join(lines), value_sets, out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def found(value_sets: ValueSets, row: str, header: str = HEADER) -> tuple[str, str, str]:
    [told] = answered(value_sets, header, row)
    return told["value_sets"], told["matched_by"], told["outcome"]


@pytest.mark.parametrize("kind", ["drug", "Drugs", "Medication", " MedicationRequest "])
def test_drug_is_found_by_its_code(value_sets: ValueSets, kind: str) -> None:
    furosemide = drug_coding("furosemide")

    told = found(value_sets, f"{kind},{furosemide['system']},{furosemide['code']},")

    assert told == ("loop_diuretic", "code", "")


def test_condition_and_lab_are_found_by_their_codes(value_sets: ValueSets) -> None:
    diagnosis, analyte = diagnosis_coding("hypokalaemia"), analyte_coding("magnesium")

    told = answered(
        value_sets,
        HEADER,
        f"condition,{diagnosis['system']},{diagnosis['code']},",
        f"lab,{analyte['system']},{analyte['code']},",
    )

    assert [each["value_sets"] for each in told] == ["hypokalaemia", "magnesium"]


def test_name_is_read_when_there_is_no_code(value_sets: ValueSets) -> None:
    assert found(value_sets, "drug,,,Losartan potassium 50 mg") == ("arb", "text", "")


def test_display_is_read_when_the_code_is_a_local_one(value_sets: ValueSets) -> None:
    assert found(value_sets, "drug,urn:local,A7,Furosemide 40 mg") == ("loop_diuretic", "text", "")


def test_several_value_sets_are_joined_in_order(value_sets: ValueSets) -> None:
    told = found(value_sets, "drug,,,Telmisartan/hydrochlorothiazide 80/12.5")

    assert told == ("arb;thiazide_diuretic", "text", "")


def test_what_is_known_and_what_is_not_are_told_apart(value_sets: ValueSets) -> None:
    known, unknown = found(value_sets, "lab,,,Urine potassium"), found(value_sets, "drug,urn:x,1,moonwort")

    assert known == ("", "", "known, and in no value set as it is written")
    assert unknown == ("", "", "no code or name of it is known")


def test_unit_route_and_site_help_where_they_are_given(value_sets: ValueSets) -> None:
    header = f"{HEADER},unit,route,site"

    assert found(value_sets, "lab,,,K,mmol/L,,", header)[0] == "potassium"
    assert found(value_sets, "lab,,,K,,,", header)[0] == ""
    assert found(value_sets, "drug,,,Prednisolone,,eye drops,", header)[0] == ""


def test_other_columns_are_kept_and_the_order_of_columns_is_free(value_sets: ValueSets) -> None:
    [told] = answered(value_sets, "display,note,code,system,kind,count", "Furosemide,mine,,,drug,12")

    assert (told["note"], told["count"], told["value_sets"]) == ("mine", "12", "loop_diuretic")
    assert list(told)[:3] == ["display", "note", "code"]
    assert list(told)[-3:] == ["value_sets", "matched_by", "outcome"]


@pytest.mark.parametrize(
    "lines",
    [
        ["Kind; System; Code; Display", "drug;;;Furosemide 40 mg"],
        ["kind\tsystem\tcode\tdisplay", "drug\t\t\tFurosemide 40 mg"],
        [HEADER, "", ",,,", "drug,,,Furosemide 40 mg", " , , ,"],
    ],
    ids=["semicolons", "tabs", "empty rows"],
)
def test_file_as_a_spreadsheet_saves_it_is_read(value_sets: ValueSets, lines: list[str]) -> None:
    told = answered(value_sets, *lines)

    assert [(each["display"], each["value_sets"]) for each in told] == [("Furosemide 40 mg", "loop_diuretic")]


def test_observation_of_leg_cramps_is_told_to_be_a_report(value_sets: ValueSets) -> None:
    assert found(value_sets, "lab,,,Leg cramps at night") == ("", "", "a report of leg cramps")


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (["kind,code,display", "drug,1,x"], "line 1: has no column system"),
        ([], "line 1: has no column kind, system, code, display"),
        ([HEADER, "drug,,,x", "potion,,,x"], "line 3: the kind is none of drug, condition, lab"),
        ([HEADER, "drug,,,x,y"], "line 2: has not as many cells as the header"),
        ([HEADER, "drug,,"], "line 2: has not as many cells as the header"),
        ([f"{HEADER},display", "drug,,,x,y"], "line 1: has the column display twice"),
        ([HEADER, 'drug,,,"x"y'], "line 2: is no CSV"),
    ],
)
def test_file_that_is_not_understood_is_refused_before_anything_is_written(
    value_sets: ValueSets, lines: list[str], problem: str
) -> None:
    out = io.StringIO()

    with pytest.raises(ValueError, match=problem):
        recognise("\n".join(lines), value_sets, out)

    assert out.getvalue() == ""


# --- the command ----------------------------------------------------------------------------------------------


def test_command_answers_on_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\ndrug,,,Furosemid-ratiopharm 40 mg\r\n".encode())

    result = CliRunner().invoke(app, ["recognise", str(file)])

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"{HEADER},value_sets,matched_by,outcome\ndrug,,,Furosemid-ratiopharm 40 mg,loop_diuretic,text,\n"
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "can't be read: No such file or directory"),
        (b"\xff\xfe\x00", "is not UTF-8 text; save it as CSV UTF-8"),
        (b"kind\n", "line 1: has no column system, code, display; the header is kind,system,code,display"),
    ],
)
def test_command_says_in_one_line_what_is_wrong(tmp_path: Path, content: bytes | None, problem: str) -> None:
    file = tmp_path / "codes.csv"
    if content is not None:
        file.write_bytes(content)

    result = CliRunner().invoke(app, ["recognise", str(file)])

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"legcramps: {file}: {problem}\n"
