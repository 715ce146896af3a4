"""`legcramps cards lint` and `approve`: what is not understood is told with its remedy, what is gets signed."""

import re
from pathlib import Path

import pytest

from cds_service.contributors import load
from cds_service.signatures import lapsed, standings
from tests.authored import (
    LOOP,
    MAGNESIUM,
    POTASSIUM,
    change,
    change_front,
    copy_cards,
    cut_value_sets,
    run,
    write_section,
)
from tests.patients import CARDS


@pytest.fixture(scope="module")
def value_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_value_sets(tmp_path_factory.mktemp("cards") / "value_sets")


@pytest.fixture
def cards(tmp_path: Path, value_sets: Path) -> Path:
    return copy_cards(tmp_path / "cards", value_sets)


# --- lint -----------------------------------------------------------------------------------------------------


def test_files_that_are_understood_are_counted(cards: Path) -> None:
    known = load(cards, "demo")

    result = run("lint", cards)

    rules = len(known.contributors) + len(known.chains)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].startswith(
        f"{len(known.documents)} files understood, 0 signed, {rules} unsigned, 0 with review overdue"
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (POTASSIUM, "{taking: digoxin}", "{taking: digoxine}", "taking: .*did you mean `digoxin`"),
        (MAGNESIUM, "latest: magnesium", "latest: magnesum", "latest: .*did you mean `magnesium`"),
        (POTASSIUM, "kind: lab", "kind: labs", "kind: `labs` .*did you mean `lab`"),
        (POTASSIUM, "kind: lab\n", "kind: lab\nlable: potassium\n", "lable.*did you mean `label`"),
        (LOOP, "washout:", "washuot:", "washuot.*did you mean `washout`"),
        (POTASSIUM, "# Options\n", "# Optoins\n", "# Optoins: .*did you mean `# Options`"),
        (POTASSIUM, "# Limits\n", "# Limit\n", "# Limit: .*did you mean `# Limits`"),
        (POTASSIUM, "{value}", "{valeu}", "# Summary.*valeu.*value"),
    ],
)
def test_a_misspelt_word_is_told_with_file_key_and_the_word_that_was_meant(
    cards: Path, file: str, old: str, new: str, told: str
) -> None:
    change(cards / file, old, new)

    result = run("lint", cards)

    assert result.exit_code == 1
    assert re.search(rf"(?m)^{re.escape(file)}.*{told}", result.stdout)
    assert "the service would not start" in result.stdout.splitlines()[-1]


def test_problems_of_several_files_are_told_together(cards: Path) -> None:
    change(cards / POTASSIUM, "kind: lab", "kind: laboratory")
    change(cards / LOOP, "washout: 30 days", "washout: a month")

    result = run("lint", cards)

    told = result.stdout
    assert re.search(rf"(?m)^{LOOP}: washout: .*`90 days`", told)
    assert re.search(rf"(?m)^{POTASSIUM}: kind: `laboratory` is not one of .*", told)


def test_a_long_list_of_names_is_not_read_out(cards: Path) -> None:
    change(cards / POTASSIUM, "{taking: digoxin}", "{taking: xxxxxxxx}")

    result = run("lint", cards)

    assert max(map(len, result.stdout.splitlines())) < 200
    assert re.search(r"`xxxxxxxx` is none of the \d+ names known here", result.stdout)


@pytest.mark.parametrize(
    ("title", "text", "told"),
    [
        ("Options", "the patient should eat bananas.", "`the patient should`; name an option"),
        ("Options", "the dose should be stopped.", "`should be stopped`; write `review whether"),
        ("Options", " ".join(["word"] * 26), "26 words; options have at most 25"),
        ("Summary", "K {value} " * 15, r"\d{3} characters when filled; a summary has at most 139"),
        ("Why", "A low value causes night cramps.", "`causes night cramps` is not hedged"),
        ("Why", "Cramps are caused by it.", "`caused by`; write `possible contributor`"),
        ("Limits", "Low is below 3.4 mmol/L.", "`below 3.4 mmol/L` is in no trigger.*3.5"),
        ("Limits", "Moderate is below 3.1, as said.", "`below 3.1.*` is in no trigger"),
    ],
)
def test_style_that_a_person_decides_is_a_warning(cards: Path, title: str, text: str, told: str) -> None:
    write_section(cards / POTASSIUM, title, text)

    result, strict = run("lint", cards), run("lint", cards, "--strict")

    assert re.search(rf"(?m)^{POTASSIUM}: # {title}: {told}", result.stdout)
    assert (result.exit_code, strict.exit_code) == (0, 1)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Why", "A low value may cause night cramps; whether it causes cramps by day is not known."),
        ("Why", "A value caused a doubt; the sample must be drawn after the start."),
        (
            "Limits",
            "Low is below 3.5 mmol/L, moderate below 3.0. A glucose above 10 mmol/L is another matter.",
        ),
        ("Options", " ".join(["word"] * 25)),
    ],
)
def test_hedged_words_and_right_numbers_are_no_warning(cards: Path, title: str, text: str) -> None:
    write_section(cards / POTASSIUM, title, text)

    result = run("lint", cards)

    assert f"{POTASSIUM}: # {title}" not in result.stdout


def test_a_graded_link_without_its_effect_size_is_a_warning(cards: Path) -> None:
    write_section(cards / LOOP, "Why", "It is known to go with cramps.")
    write_section(cards / LOOP, "Limits", "Not much.")

    result = run("lint", cards)

    assert f"{LOOP}: # Why: graded B, and no effect size is given" in result.stdout


def test_a_citation_that_nobody_has_seen_is_a_warning(cards: Path) -> None:
    references = (cards / "references.json").read_text("utf-8")
    key = re.search(r'"id": "([^"]+)"[^\n]*"checked": "not seen"', references)
    assert key
    change_front(cards / POTASSIUM, "cites: [", f"cites: [{key[1]}, ")

    result = run("lint", cards)

    assert f"{POTASSIUM}: cites[0]: nobody has seen {key[1]}" in result.stdout


def test_our_own_files_have_nothing_to_look_at_but_citations_to_be_opened() -> None:
    result = run("lint", CARDS)

    *told, summary = result.stdout.splitlines()
    assert [line for line in told if ": nobody has seen " not in line] == []
    assert (summary.partition(" files ")[1:2], result.exit_code) == ((" files ",), 0)


def test_an_overdue_review_is_counted(cards: Path) -> None:
    text = (cards / "knowledge.md").read_text("utf-8")
    (cards / "knowledge.md").write_text(re.sub(r"(?m)^review_by: .*\n", "", text), "utf-8")
    change_front(cards / "knowledge.md", "version:", "review_by: 2026-06-14\nversion:")

    due = run("lint", cards, LEGCRAMPS_TODAY="2026-06-14")
    overdue = run("lint", cards, LEGCRAMPS_TODAY="2026-06-15")

    assert ", 0 with review overdue" in due.stdout
    assert re.search(r"(\d+) files understood, .*, \1 with review overdue", overdue.stdout)


def test_a_folder_that_is_not_there_is_one_line() -> None:
    result = run("lint", "/nowhere/at/all")

    assert (result.exit_code, result.stderr) == (2, "legcramps: LEGCRAMPS_CARDS: is no folder\n")


# --- approve --------------------------------------------------------------------------------------------------


def _speaking(cards: Path, approvals: Path | None = None) -> tuple[list[str], list[str]]:
    known = load(cards, "site", approvals=approvals)
    return [each.row for each in known.contributors], [each.id for each in known.chains]


def test_a_signed_file_speaks_in_the_profile_of_a_site(cards: Path) -> None:
    unsigned = _speaking(cards)

    result = run("approve", "low-potassium", "M1", "--by", "Dr A. Name", "--folder", cards)

    assert result.exit_code == 0
    assert re.search(r"Profile site: 2 of \d+ files speak\.", result.stdout)
    assert (unsigned, _speaking(cards)) == (([], []), (["L01"], ["M1"]))


def test_a_signed_file_that_changes_is_silent_again(cards: Path) -> None:
    run("approve", "L01", "--by", "Dr A. Name", "--date", "2026-06-01", "--folder", cards)

    change_front(cards / POTASSIUM, "3.5 mmol/L", "3.6 mmol/L")

    listed = run("approvals", "--folder", cards)
    known = load(cards, "site")
    assert _speaking(cards) == ([], [])
    assert "L01\tlow-potassium\tchanged since\tDr A. Name\t2026-06-01\n" in listed.stdout
    assert lapsed(standings(known.documents, known.approvals)) == {
        "changed": 1,
        "signed": 0,
        "files": ["low-potassium"],
    }


def test_signing_again_replaces_the_signature_and_keeps_the_others(cards: Path) -> None:
    run("approve", "L01", "M1", "--by", "Dr A. Name", "--date", "2026-06-01", "--folder", cards)
    write_section(cards / POTASSIUM, "Options", "confirm.")

    run("approve", "L01", "--by", "Dr B. Name", "--date", "2026-06-02", "--folder", cards)

    signed = load(cards, "site").approvals
    assert {name: (each.who, each.when) for name, each in signed.items()} == {
        "low-potassium": ("Dr B. Name", "2026-06-02"),
        "diuretic-electrolytes": ("Dr A. Name", "2026-06-01"),
    }
    assert _speaking(cards) == (["L01"], ["M1"])


def test_a_hospital_keeps_its_signatures_outside_the_package(cards: Path, tmp_path: Path) -> None:
    kept = tmp_path / "signed.md"

    signed = run("approve", "L01", "--by", "Dr A. Name", "--folder", cards, LEGCRAMPS_APPROVALS=str(kept))

    assert "Profile site: 1 of" in signed.stdout
    assert (_speaking(cards), _speaking(cards, kept)) == (([], []), (["L01"], []))
    assert not (cards / "approvals.md").exists()


def test_every_file_that_is_not_signed_is_signed_after_a_question(cards: Path) -> None:
    everything = run("approvals", "--folder", cards).stdout.splitlines()[:-1]

    refused = run("approve", "--all-changed", "--by", "Dr A. Name", "--folder", cards, answer="n\n")
    none_signed = _speaking(cards)
    agreed = run("approve", "--all-changed", "--by", "Dr A. Name", "--folder", cards, answer="y\n")
    again = run("approve", "--all-changed", "--by", "Dr A. Name", "--folder", cards)

    assert (refused.exit_code, none_signed) == (1, ([], []))
    assert refused.stdout.count("never signed\n") == len(everything)
    assert agreed.stdout.count("Signed ") == len(everything)
    assert again.stdout == "Every file is signed as it is.\n"
    assert run("approve", "--list", "--folder", cards).stdout.splitlines()[-1] == (
        f"{len(everything)} signed, 0 changed since, 0 never signed"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["low-potasium", "--by", "Dr A"], "there is no file `low-potasium`; did you mean low-potassium?"),
        (["Z99", "--by", "Dr A"], "there is no file `Z99`"),
        (["L01"], "a signature needs a name"),
        (["L01", "--by", "  "], "a signature needs a name"),
        (["L01", "--by", "- 1 -"], "a signature needs a name"),
        (["--by", "Dr A"], "name the files to sign"),
        (["L01", "--by", "Dr A", "--date", "2999-01-01"], "2999-01-01 is still to come"),
    ],
)
def test_a_signature_without_file_name_or_day_is_refused(cards: Path, words: list[str], told: str) -> None:
    result = run("approve", *words, "--folder", cards)

    assert (result.exit_code, result.stderr.startswith(f"legcramps: {told}")) == (2, True), result.stderr
    assert not (cards / "approvals.md").exists()


def test_nobody_signs_what_the_service_would_refuse(cards: Path) -> None:
    change(cards / LOOP, "washout: 30 days", "washout: a month")

    result = run("approve", "L01", "--by", "Dr A", "--folder", cards)

    assert result.exit_code == 2
    assert f"legcramps: {LOOP}: washout: " in result.stderr
    assert not (cards / "approvals.md").exists()


def test_signatures_that_can_not_be_written_are_told(cards: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "missing" / "signed.md"

    result = run("approve", "L01", "--by", "Dr A", "--folder", cards, "--approvals", nowhere)

    assert (result.exit_code, result.stderr) == (
        2,
        f"legcramps: {nowhere}: can't be written: No such file or directory; "
        "LEGCRAMPS_APPROVALS names another place\n",
    )
