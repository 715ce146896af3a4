"""The knowledge files: all load, every contributor is tested, and what is not understood is refused by name."""

import re
import shutil
from pathlib import Path

import pytest

from cds_service.contributors import load
from cds_service.errors import KnowledgeInvalid
from cds_service.knowledge import Knowledge
from tests.authored import cut_value_sets
from tests.patients import CARDS

_TESTS = Path(__file__).parent
_POTASSIUM = "contributors/low-potassium.md"
_LOOP = "contributors/loop-diuretic.md"
_CHAIN = "chains/diuretic-electrolytes.md"
_LAB = "labs/potassium.md"


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load(CARDS, "demo")


@pytest.fixture(scope="module")
def value_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_value_sets(tmp_path_factory.mktemp("cards") / "value_sets")


@pytest.fixture
def cards(tmp_path: Path, value_sets: Path) -> Path:
    """A copy that a test may break."""
    for folder in ("contributors", "chains", "labs"):
        shutil.copytree(CARDS / folder, tmp_path / folder)
    for name in ("guards.md", "knowledge.md", "references.json"):
        shutil.copy(CARDS / name, tmp_path / name)
    (tmp_path / "value_sets").symlink_to(value_sets)
    return tmp_path


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, f"{path.name} does not hold {old!r}"
    path.write_text(text.replace(old, new, 1), "utf-8")


# --- what is there --------------------------------------------------------------------------------------------


def test_all_cards_load(knowledge: Knowledge) -> None:
    rows = {each.row for each in knowledge.contributors}
    chains = {each.id for each in knowledge.chains}

    assert rows >= {
        "D01", "D02", "D03", "D04", "D10", "L01", "L02", "L04", "L06", "L07", "L09", "C03", "C12", "T01", "P02", "S01",
    }  # fmt: skip
    assert chains >= {"M1", "M1b", "M2", "M3", "M12"}


def test_every_contributor_has_a_test_file(knowledge: Knowledge) -> None:
    expected = {f"test_{each.id.replace('-', '_')}.py" for each in knowledge.contributors}

    found = {path.name for path in (_TESTS / "contributors").glob("test_*.py")}

    assert sorted(expected - found) == []


def test_every_chain_has_a_test_file() -> None:
    expected = {f"test_{path.stem.replace('-', '_')}.py" for path in (CARDS / "chains").glob("*.md")}

    found = {path.name for path in (_TESTS / "chains").glob("test_*.py")}

    assert sorted(expected - found) == []


def test_every_citation_can_be_named(knowledge: Knowledge) -> None:
    cited = {key for each in knowledge.contributors for key in each.cites}
    cited |= {key for each in knowledge.chains for key in each.cites}

    assert cited <= set(knowledge.references)
    assert all(knowledge.references[key].label for key in cited)


def test_every_summary_fits_without_its_facts(knowledge: Knowledge) -> None:
    """139 characters are allowed; what is filled in needs room too."""
    texts = [
        *((each.id, each.texts) for each in knowledge.contributors),
        *((each.id, each.texts) for each in knowledge.chains),
    ]
    summaries = [
        (identity, title, len(re.sub(r"\{\w+\}", "", text)))
        for identity, sections in texts
        for title, text in sections.items()
        if title.startswith("Summary")
    ]

    too_long = [each for each in summaries if each[2] > 125]

    assert too_long == []


def test_grade_d_never_raises_a_card_by_itself(knowledge: Knowledge) -> None:
    """KNOWLEDGE section 2: D rows appear only in the also-consider card, unless chained to a value or a code."""
    raised = {
        (each.row, level): repr(criterion)
        for each in knowledge.contributors
        if each.grades.get("contributing") == "D" and each.kind != "lab"
        for level, criterion in each.when
        if level not in ("also_consider", "in_chain")
    }

    assert [key for key, criterion in raised.items() if "HasDiagnosis" not in criterion] == []
    assert {row for row, _ in raised} <= {"D12"}


def test_unsigned_files_speak_in_the_demo_only(cards: Path) -> None:
    demo, site = load(cards, "demo"), load(cards, "site")

    assert (demo.is_demo, bool(demo.contributors)) == (True, True)
    assert (site.is_demo, site.contributors, site.chains) == (False, (), ())


def test_signature_holds_for_the_content_that_was_signed(cards: Path) -> None:
    digest = load(cards, "demo").contributor("L01").digest
    (cards / "approvals.md").write_text(
        f"---\napprovals:\n  - id: low-potassium\n    hash: {digest}\n    who: Dr A\n    when: 2026-06-01\n---\n"
    )

    signed = load(cards, "site")
    _change(cards / _POTASSIUM, "recheck in days", "recheck in a week")
    changed = load(cards, "site")

    assert [each.row for each in signed.contributors] == ["L01"]
    assert changed.contributors == ()


# --- what is refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        # words of the front matter
        (_POTASSIUM, "row: L01", "row: L1", "row"),
        (_POTASSIUM, "row: L01\n", "", "row"),
        (_POTASSIUM, "kind: lab", "kind: laboratory", "kind"),
        (_POTASSIUM, "kind: lab", "kind: lab\nurgency: high", "urgency"),
        (_POTASSIUM, "acting: A", "acting: E", "grade: acting"),
        (_POTASSIUM, "acting: A", "certain: A", "grade"),
        (_POTASSIUM, "grade: {contributing: C, acting: A}", "grade: {}", "grade"),
        (_POTASSIUM, "cites: [ALLEN2012", "cites: [NOBODY1999", "cites[0]"),
        (_POTASSIUM, "label: low potassium\n", "", "label"),
        (_POTASSIUM, "label: low potassium", "label: {en: low potassium}", "label"),
        (_POTASSIUM, "subject: {latest: [potassium,", "subject: {latest: [kalium,", "subject: latest[0]"),
        (_POTASSIUM, "subject: {latest:", "subject: {newest:", "subject"),
        (
            _POTASSIUM,
            "subject: {latest: [potassium, potassium_pre_dialysis]}",
            "subject: {latest: [potassium, potassium_pre_dialysis], within: 3 days}",
            "subject",
        ),
        (
            _LOOP,
            "subject: {exposure: loop_diuretic}",
            "subject: {exposure: water_tablet}",
            "subject: exposure",
        ),
        (_LOOP, "washout: 30 days", "washout: a month", "washout"),
        (_LOOP, "washout: 30 days", "washout: 30", "washout"),
        # words of the criteria
        (_POTASSIUM, "warning:", "urgent:", "when"),
        (_POTASSIUM, "    within: 90 days\n", "    during: 90 days\n", "when: warning"),
        (_POTASSIUM, "    within: 90 days\n", "    within: 90\n", "when: warning: within"),
        (_POTASSIUM, "{taking: digoxin}", "{taking: foxglove}", "critical_range: any[1]: any[0]: taking"),
        (
            _POTASSIUM,
            "diagnosed: [arrhythmia,",
            "diagnosed: [flutter,",
            "critical_range: any[1]: any[2]: diagnosed[0]",
        ),
        (_POTASSIUM, "{at_most: 2.5 mmol/L}", "{at_most: 2.5}", "critical_range: any[0]: at_most"),
        (_POTASSIUM, "{at_most: 2.5 mmol/L}", "{at_most: low}", "critical_range: any[0]: at_most"),
        (_POTASSIUM, "{at_most: 2.5 mmol/L}", "{at_most: 2.5 furlong}", "critical_range: any[0]: at_most"),
        (_POTASSIUM, "{at_most: 2.5 mmol/L}", "{at_most: 2.5 mmol/l}", "critical_range: any[0]: at_most"),
        (_POTASSIUM, "{at_most: 2.5 mmol/L}", "{}", "critical_range: any[0]"),
        (_POTASSIUM, "  any:\n    - {at_most", "  some:\n    - {at_most", "critical_range"),
        (_LOOP, "info: {began: [strong,", "info: {began: [lately,", "when: info: began[0]"),
        (_POTASSIUM, "order: [potassium,", "order: [kalium,", "suggest[0]: order[0]"),
        (_LOOP, "{since: change,", "{since: tuesday,", "suggest[0]: unless_measured: since"),
        (_LOOP, "within: 183 days}", "for: 183 days}", "suggest[0]: unless_measured"),
        (_POTASSIUM, "explained_by: [thiazide_diuretic,", "explained_by: [thiazides,", "explained_by[0]"),
        (_LOOP, "shows: [potassium,", "shows: [kalium,", "shows[0]"),
        # repeated keys, broken YAML, no front matter
        (_POTASSIUM, "kind: lab", "kind: lab\nkind: drug", "kind"),
        (_POTASSIUM, "    within: 90 days\n", "    within: 90 days\n    within: 30 days\n", "within"),
        (_POTASSIUM, "subject: {latest", "subject: {{latest", "line"),
        (_POTASSIUM, "---\nrow", "row", "front matter"),
        (_POTASSIUM, "# Summary\n", "A stray line.\n\n# Summary\n", "heading"),
        # the body
        (_POTASSIUM, "# Finding\n", "# Findings\n", "# Findings"),
        (_POTASSIUM, "# Line\n", "# Summary\n", "# Summary"),
        (_POTASSIUM, "# Limits", "# Boundaries", "# Boundaries"),
        (_POTASSIUM, "{value} ({taken_on}) is low", "{drug} ({taken_on}) is low", "# Summary"),
        (_POTASSIUM, "{value} ({taken_on}) is low", "{value ({taken_on}) is low", "# Summary"),
        (_POTASSIUM, "{value} ({taken_on}) is low", "{} ({taken_on}) is low", "# Summary"),
        (_POTASSIUM, "{value} ({taken_on}) is low", "{value.__class__} is low", "# Summary"),
        (_LOOP, "Possible contributor: loop", "You must review the loop", "# Finding"),
        (_LOOP, "review fluid status", "stop the diuretic", "# Options"),
        (_LOOP, "say: Vomiting", "say: Caused by vomiting", "remarks[0]: say"),
        # chains
        (_CHAIN, "chain: M1", "chain: N1", "chain"),
        (_CHAIN, "rows: [D01, D02]", "rows: [D01, D99]", "D99"),
        (_CHAIN, "rows: [D01, D02]", "rows: [D1]", "needs[0]: rows[0]"),
        (_CHAIN, "drawn: after_start", "drawn: before_start", "needs[1]: drawn"),
        (_CHAIN, "# Summary\n", "# Abstract\n", "# Abstract"),
        (_CHAIN, "{drugs}", "{diagnosis}", "# Summary"),
        (_CHAIN, "chain: M1\n", "chain: M1b\n", "M1b"),
        # labs
        (_LAB, "analyte: potassium", "analyte: kalium", "analyte"),
        (_LAB, "current: 90 days", "current: soon", "current"),
        (_LAB, "plausible: 1.0 to 10", "plausible: 1.0-10", "units[0]"),
        (_LAB, "prefetch: labs", "prefetch: bloods", "prefetch"),
        (_LAB, "order: potassium", "order: kalium", "order"),
        (_LAB, "without_unit: mmol/L", "without_unit: furlong", "without_unit"),
        ("labs/creatine-kinase.md", "to: U/L", "to: furlong", "conversions[0]"),
        ("labs/creatine-kinase.md", "times: 60", "times: many", "conversions[0]"),
        (_LAB, "short: K", "short: K\nnormal: 4", "normal"),
        # the other files
        (
            "guards.md",
            "diabetic_neuropathy",
            "numb",
            "self_care[2]",
        ),
        ("guards.md", "say: loose bedding", "say: you must loosen the bedding", "self_care[1]: say"),
        ("knowledge.md", "  dehydration_volume_depletion:", "  dryness:", "names"),
        ("references.json", '"title-short"', '"short-title"', "references.json"),
        ("references.json", "[", "", "references.json"),
    ],
)
def test_what_is_not_understood_is_refused_by_file_and_key(
    cards: Path, file: str, old: str, new: str, where: str
) -> None:
    _change(cards / file, old, new)

    with pytest.raises(KnowledgeInvalid) as refused:
        load(cards, "demo")

    assert Path(file).name in str(refused.value)
    assert where in str(refused.value)


def test_two_files_that_describe_one_row_are_refused(cards: Path) -> None:
    shutil.copy(cards / _POTASSIUM, cards / "contributors" / "lower-potassium.md")

    with pytest.raises(KnowledgeInvalid, match="L01"):
        load(cards, "demo")


def test_two_files_that_describe_one_analyte_are_refused(cards: Path) -> None:
    shutil.copy(cards / _LAB, cards / "labs" / "kalium.md")

    with pytest.raises(KnowledgeInvalid, match="potassium"):
        load(cards, "demo")


@pytest.mark.parametrize("name", ["guards.md", "knowledge.md", "references.json"])
def test_missing_file_is_refused_by_name(cards: Path, name: str) -> None:
    (cards / name).unlink()

    with pytest.raises(KnowledgeInvalid, match=re.escape(name)):
        load(cards, "demo")


def test_numbers_and_words_of_yaml_stay_text(cards: Path) -> None:
    """YAML would make 3.50 into 3.5 and `on` into a truth."""
    _change(cards / "knowledge.md", 'version: "2026.11"', "version: 2026.10")
    _change(cards / "knowledge.md", "long_qt: long QT", "long_qt: on")

    found = load(cards, "demo")

    assert (found.version, found.names["long_qt"]) == ("2026.10", "on")
