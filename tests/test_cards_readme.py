"""cards/README.md, the guide for clinicians: it tells every word that the service understands, and no other."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
import yaml

from cds_service import card_texts, guard_files, lab_files, prefetch, references, vocabulary, wording
from cds_service.authoring import commands, style
from cds_service.contributors import load
from cds_service.errors import KnowledgeInvalid, Problem
from cds_service.facts import GivenFrom, TimeClass
from cds_service.frontmatter import Document, Node, read
from cds_service.knowledge import Knowledge
from cds_service.rule_files import GRADES, KINDS, LEVELS, RuleFiles
from cds_service.vocabulary import Vocabulary
from tests.authored import copy_cards, cut_value_sets
from tests.findings_of import answer
from tests.patients import CARDS, a_patient

_README = (CARDS / "README.md").read_text("utf-8")
_CODE = re.compile(r"`([^`]+)`")
_BODY = "".join(
    f"\n# {title}\n\nan example\n" for title in ("Summary", "Finding", "Options", "Line", "Why", "Limits")
)
_ROW = {
    "kind": "lab",
    "label": "example",
    "grade": {"contributing": "C"},
    "cites": ["ALLEN2012"],
    "subject": {"latest": "potassium"},
    "when": {"info": {"recorded": "yes"}},
}
_CHAIN = {
    "label": "example",
    "grade": {"contributing": "C"},
    "cites": ["ALLEN2012"],
    "needs": [{"rows": ["L01"]}],
}
_LAB = {
    "analyte": "potassium",
    "short": "K",
    "label": "potassium",
    "current": "90 days",
    "prefetch": "labs",
    "units": [{"unit": "mmol/L", "plausible": "1.0 to 10"}],
}


# --- the README, taken apart ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """One piece of a knowledge file that the README shows; *kind* says where such a piece stands."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {' '.join(self.text.split())}"[:80]

    @property
    def value(self) -> Any:
        """The example as the files' own YAML reads it: text, lists and mappings only."""
        return yaml.load(self.text, yaml.BaseLoader)  # noqa: S506  # builds text, lists and mappings only


@cache
def _tables() -> Mapping[str, list[list[str]]]:
    """The cells of every table, row by row, by the heading of its first column; tables of one heading together."""
    found: dict[str, list[list[str]]] = {}
    for table in re.findall(r"(?m)(?:^\|.*\|\n)+", _README):
        head, _, *rows = (
            [cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()
        )
        found.setdefault(head[0].strip(), []).extend(rows)
    return found


def _told(heading: str) -> set[str]:
    """What the first column of the tables of this heading names."""
    return {code for row in _tables()[heading] for code in _CODE.findall(row[0])}


def _shown(heading: str, kind: str) -> Iterator[Example]:
    """The examples in the second column."""
    return (Example(kind, code) for row in _tables()[heading] for code in _CODE.findall(row[1]))


@cache
def _fenced() -> tuple[Example, ...]:
    """The fenced examples, by what is written behind the three backquotes."""
    return tuple(Example(*each) for each in re.findall(r"(?ms)^```(\w[^\n]*)\n(.*?)^```$", _README))


def _of_kind(kind: str) -> tuple[Example, ...]:
    return tuple(each for each in _fenced() if each.kind == kind)


# --- what the service understands -------------------------------------------------------------------------------


class _Listening(Node):
    """A node that notes for which keys it was asked, by where it stands, whether or not they are there."""

    def __init__(self, value: Any, where: str, asked: dict[str, set[str]]) -> None:
        super().__init__(value, where)
        self.asked = asked

    def maybe(self, key: str) -> Node | None:
        self.asked.setdefault(self.where, set()).add(key)
        node = super().maybe(key)
        return _Listening(node.value, node.where, self.asked) if node else None

    def items(self) -> tuple[Node, ...]:
        return tuple(_Listening(each.value, each.where, self.asked) for each in super().items())


@dataclass(frozen=True)
class _Asked:
    """The keys that the readers of one kind of file ask for, by where in the file."""

    by_place: Mapping[str, set[str]]

    def top(self) -> set[str]:
        """The keys of the file itself."""
        return {key for where, keys in self.by_place.items() if ": " not in where for key in keys}

    def inside(self, parent: str) -> set[str]:
        """The keys of what stands under *parent*, or is a member of its list."""
        return {
            key
            for where, keys in self.by_place.items()
            if where.rpartition(": ")[2].partition("[")[0] == parent
            for key in keys
        }

    def of_criteria(self) -> set[str]:
        """The keys of criteria: each of these is asked for `of` first."""
        return {key for keys in self.by_place.values() if "of" in keys for key in keys}


@cache
def _known() -> Knowledge:
    return load(CARDS, "demo")


@cache
def _words() -> Vocabulary:
    return Vocabulary(_known().value_sets, _known().analytes)


@cache
def _asked(kind: str) -> _Asked:
    """What is asked of the project's own files: "contributors", "chains", "labs" or "guards"."""
    asked: dict[str, set[str]] = {}
    rules = RuleFiles(_words(), _known().references, {})
    for document in _known().documents:
        if document.name.partition("/")[0].removesuffix(".md") != kind:
            continue
        heard = Document(
            document.name,
            _Listening(document.front.value, document.name, asked),
            document.sections,
            document.text,
        )
        match kind:
            case "contributors":
                rules.contributor(heard)
            case "chains":
                rules.chain(heard)
            case "labs":
                lab_files.analytes([heard], _known().value_sets)
            case _:
                guard_files.guards(heard, _words())
    return _Asked(asked)


def _nested(asked: _Asked, *parents: str) -> set[str]:
    return {f"{parent}: {key}" for parent in parents for key in asked.inside(parent)}


def _criterion_words() -> set[str]:
    asked = _asked("contributors")
    return {
        *vocabulary._WORDS, *vocabulary._PHRASES, *asked.of_criteria(), *asked.inside("rose"),
        *_asked("guards").of_criteria(), *_asked("chains").of_criteria(),
    }  # fmt: skip


def _headings() -> set[str]:
    return {*card_texts.SAID, card_texts.BESIDE, *card_texts.UNSAID, card_texts.HISTORY}


def _placeholders() -> set[str]:
    return {"what"}.union(card_texts._ANY, *card_texts._SUPPLIED.values())


# --- every word, and no other -----------------------------------------------------------------------------------


def test_the_guide_tells_every_word_of_a_criterion_and_no_other() -> None:
    assert _told("Word") == _criterion_words()


@pytest.mark.parametrize("kind", ["contributors", "chains"])
def test_the_guide_tells_every_key_of_a_row_and_a_chain_and_no_other(kind: str) -> None:
    heading = {"contributors": "Key of a row", "chains": "Key of a chain"}[kind]

    assert _told(heading) == _asked(kind).top()


def test_the_guide_tells_every_key_of_the_lists_inside_a_row_and_no_other() -> None:
    parents = ("grade", "red_flags", "set_aside", "overdue", "remarks", "suggest", "unless_measured")

    assert _told("Inside") == _nested(_asked("contributors"), *parents)


def test_the_guide_tells_every_kind_of_subject_and_no_other() -> None:
    assert _told("Subject") == _asked("contributors").inside("subject")


def test_the_guide_tells_every_need_of_a_chain_and_no_other() -> None:
    asked = _asked("chains")

    assert _told("Need") == asked.inside("needs") | asked.inside("any") - _criterion_words()


def test_the_guide_tells_every_key_of_a_lab_and_no_other() -> None:
    asked = _asked("labs")

    assert _told("Key of a lab") == asked.top() | _nested(asked, "units", "conversions")


def test_the_guide_tells_every_key_of_the_guards_and_no_other() -> None:
    asked = _asked("guards")

    assert _told("Key of the guards") == asked.top() | _nested(
        asked, "self_care", "ask_about", "alerts", "bans"
    )


def test_the_guide_tells_every_key_of_knowledge_md_and_no_other() -> None:
    assert _told("Key of the knowledge") == set(read(CARDS / "knowledge.md", CARDS).front.names())


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Kind", set(KINDS)),
        ("Level", set(LEVELS)),
        ("Grade", set(GRADES)),
        ("Checked", set(references.CHECKED)),
        ("Time class", {each.value for each in TimeClass}),
        ("Heading", {f"# {each}" for each in _headings()}),
        ("Variant", {f"({each})" for each in (*card_texts.VARIANTS, card_texts.NO_VALUE)}),
        ("Placeholder", {f"{{{each}}}" for each in _placeholders()}),
    ],
)
def test_the_guide_tells_every_value_of_a_short_list_and_no_other(heading: str, expected: set[str]) -> None:
    assert _told(heading) == expected


def test_the_guide_tells_where_a_window_of_doses_is_counted_from_and_how_a_test_is_asked_for() -> None:
    [counted] = (row[2] for row in _tables()["Subject"] if row[0] == "`given_from`")
    [asked] = (row[2] for row in _tables()["Key of a lab"] if row[0] == "`prefetch`")

    assert set(_CODE.findall(counted)) == set(get_args(GivenFrom))
    assert set(_CODE.findall(asked)) == set(prefetch.LAB_KEYS)


def test_each_placeholder_is_told_with_the_subjects_that_supply_it() -> None:
    supplied = {
        name: {kind for kind, names in card_texts._SUPPLIED.items() if name in names}
        for names in card_texts._SUPPLIED.values()
        for name in names
    }

    told = {
        row[0].strip("`{} "): set(row[1].split(", "))
        for row in _tables()["Placeholder"]
        if row[0].strip("`{} ") in supplied
    }

    assert told == supplied


def test_the_guide_tells_every_forbidden_word_and_each_is_refused() -> None:
    [sentence] = re.findall(r"A text with (.*?) is refused", _README, re.DOTALL)
    told = set(_CODE.findall(sentence))

    assert told == set(re.findall(r"[a-z][a-z ]+[a-z]", card_texts._FORBIDDEN.pattern.replace(r"\b", "")))
    for word in told:
        with pytest.raises(KnowledgeInvalid):
            card_texts.harmless(f"please {word} it", "here")


def test_the_guide_tells_the_lengths_that_are_checked() -> None:
    expected = (
        f"at most {wording.SUMMARY} characters", f"at most {style.OPTIONS} words",
        f"A main card has {wording.MAIN_WORDS} words", f"the also-consider card {wording.ALSO_WORDS}.",
    )  # fmt: skip

    assert [each for each in expected if each not in " ".join(_README.split())] == []


# --- every example is understood --------------------------------------------------------------------------------


def _rules_shown() -> tuple[Example, ...]:
    """Everything that can stand in a row or a chain."""
    return (
        *_of_kind("yaml criterion"),
        *_of_kind("yaml rule"),
        *_of_kind("yaml chain"),
        *_shown("Word", "yaml criterion"),
        *_shown("Key of a row", "yaml rule"),
        *_shown("Inside", "yaml rule"),
        *_shown("Level", "yaml rule"),
        *_shown("Subject", "subject"),
        *_shown("Key of a chain", "yaml chain"),
        *_shown("Need", "need"),
    )


def _file(example: Example, place: int) -> tuple[str, dict[str, Any]]:
    """A name and the front matter of a minimal file that holds the example; ids are its own."""
    row = {**_ROW, "row": f"{'XYZ'[place // 100]}{place % 100:02}"}
    chain = {**_CHAIN, "chain": f"M{500 + place}"}
    value = example.value
    match example.kind:
        case "yaml criterion":
            return f"contributors/example-{place}.md", {**row, "when": {"info": value}}
        case "subject":
            return f"contributors/example-{place}.md", {**row, "subject": value}
        case "yaml rule":
            return f"contributors/example-{place}.md", {**row, **value, "row": row["row"]}
        case "need":
            needs = value if "any" in value else [value, {"rows": ["L01"]}]
            return f"chains/example-{place}.md", {**chain, "needs": needs}
        case _:
            return f"chains/example-{place}.md", {**chain, **value, "chain": chain["chain"]}


def _write(path: Path, front: Mapping[str, Any]) -> None:
    path.write_text(f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n{_BODY}", "utf-8")


@pytest.fixture(scope="module")
def value_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_value_sets(tmp_path_factory.mktemp("cards") / "value_sets")


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory, value_sets: Path) -> tuple[Problem, ...]:
    """What the loader has against a copy of the knowledge files with every example in a file of its own."""
    cards = copy_cards(tmp_path_factory.mktemp("examples") / "cards", value_sets)
    for place, example in enumerate(_rules_shown()):
        name, front = _file(example, place)
        _write(cards / name, front)
    try:
        load(cards, "demo")
    except KnowledgeInvalid as refused:
        return tuple(refused.problems)
    return ()


def test_every_example_of_a_row_or_chain_is_understood(problems: tuple[Problem, ...]) -> None:
    names = {_file(example, place)[0]: str(example) for place, example in enumerate(_rules_shown())}

    refused = {names.get(each.where.partition(":")[0], each.where): str(each) for each in problems}

    assert refused == {}
    assert len(names) > 100


def test_an_example_that_is_wrong_would_be_found(tmp_path: Path, value_sets: Path) -> None:
    cards = copy_cards(tmp_path / "cards", value_sets)
    name, front = _file(Example("yaml criterion", "{latest: potassium, under: 3.5 mmol/L}"), 0)
    _write(cards / name, front)

    with pytest.raises(KnowledgeInvalid, match=f"{name}: when: info: not understood: under"):
        load(cards, "demo")


@pytest.mark.parametrize(
    "example", [*_of_kind("yaml lab"), *_shown("Key of a lab", "lab")], ids=lambda each: str(each)
)
def test_every_example_of_a_lab_is_understood(example: Example, tmp_path: Path) -> None:
    front = example.value if example.kind == "yaml lab" else {**_LAB, **example.value}
    _write(tmp_path / "example.md", front)

    [found] = lab_files.analytes([read(tmp_path / "example.md", tmp_path)], _known().value_sets).values()

    assert (found.name, found.value_set) == ("example", front["analyte"])


def test_every_kind_of_file_has_a_whole_example() -> None:
    kinds = [each.kind for each in _fenced()]

    assert sorted(kinds) == sorted(
        [
            "markdown contributors/low-potassium.md", "yaml criterion", "yaml chain", "json references",
            "yaml lab", "yaml guards", "yaml knowledge",
        ]
    )  # fmt: skip


@pytest.mark.parametrize(("kind", "file"), [("yaml guards", "guards.md"), ("yaml knowledge", "knowledge.md")])
def test_the_examples_of_guards_and_knowledge_replace_the_whole_file(
    kind: str, file: str, tmp_path: Path, value_sets: Path
) -> None:
    cards = copy_cards(tmp_path / "cards", value_sets)
    [example] = _of_kind(kind)
    (cards / file).write_text(f"---\n{example.text}---\n", "utf-8")

    assert load(cards, "demo").contributors != ()


def test_the_example_of_a_row_is_a_whole_file_whose_lines_are_explained(
    tmp_path: Path, value_sets: Path
) -> None:
    cards = copy_cards(tmp_path / "cards", value_sets)
    [example] = (each for each in _fenced() if each.kind.startswith("markdown "))
    (cards / example.kind.split()[1]).write_text(example.text, "utf-8")
    whole = {" ".join(line.split()) for line in example.text.splitlines()}

    found = load(cards, "demo").contributor("L01")
    untold = [
        line
        for line in _told("Line")
        if not any(all(part in each for part in re.split("…", line)) for each in whole)
    ]

    assert (found.id, untold) == ("low-potassium", [])


def test_the_example_of_a_reference_is_one_of_ours(tmp_path: Path) -> None:
    [example] = _of_kind("json references")
    (tmp_path / "references.json").write_text(example.text, "utf-8")

    [found] = references.references(tmp_path / "references.json").values()

    ours = _known().references[found.key]
    assert (found.label, found.url, found.checked) == (ours.label, ours.url, ours.checked)


# --- what it says of the service --------------------------------------------------------------------------------


def test_the_card_in_the_guide_is_the_one_that_the_service_makes() -> None:
    patient = a_patient().with_cramps("2026-05-02").with_result("potassium", "3.1 mmol/L", "2026-06-08")

    card = answer(patient).card_of("L01")
    drafts = [f"`{each.label}`" for each in card.suggestions]
    last = " · ".join((*drafts, *(each.label for each in card.links)))
    shown = f"**{card.indicator}** · {card.summary}\n\n{card.detail}\n\n{last}"

    assert "\n".join(f"> {line}".rstrip() for line in shown.splitlines()) in _README


def test_every_command_and_option_of_the_guide_is_there() -> None:
    group = typer.main.get_command(commands.app)
    assert isinstance(group, typer.core.TyperGroup)
    options = {opt for each in group.commands.values() for param in each.params for opt in param.opts}

    named = set(re.findall(r"legcramps cards (\w+)", _README))
    given = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", _README))

    assert named == set(group.commands)
    assert given - options == set()


def test_the_guide_is_no_knowledge_file() -> None:
    """Only the folders below are read, and the files that are named."""
    names = [each.name for each in _known().documents]

    assert [each for each in names if "README" in each] == []


def test_every_link_inside_the_guide_leads_somewhere() -> None:
    headings = {_anchor(each) for each in re.findall(r"(?m)^#{2,3} (.+)$", _README)}
    links = re.findall(r"\]\(([^)]+)\)", _README)

    lost = [each for each in links if each[0] == "#" and each[1:] not in headings]
    lost += [each for each in links if each[0] != "#" and not (CARDS / each).exists()]

    assert (lost, bool(links)) == ([], True)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_guide_tells_a_word_that_no_file_of_ours_uses_yet() -> None:
    source = inspect.getsource(vocabulary)
    taken = set(re.findall(r"""(?:take|maybe)\("(\w+)"\)""", source))
    taken |= set(re.findall(r"""_is_said\(node, "(\w+)"\)""", source))

    assert taken - _told("Word") == set()
