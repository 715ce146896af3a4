"""`cards/` -> Knowledge; refuses what it doesn't understand, and tells all of it at once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

from cds_service import guard_files, lab_files, prefetch, references, signatures
from cds_service.card_texts import check_chain_placeholders
from cds_service.errors import KnowledgeInvalid, Problem
from cds_service.frontmatter import Document, read
from cds_service.knowledge import Chain, Contributor, Guards, Knowledge
from cds_service.rule_files import RuleFiles
from cds_service.terminology import ValueSets
from cds_service.vocabulary import Vocabulary

_Made = TypeVar("_Made")


def load(
    folder: Path,
    profile: str,
    code_map: Path | None = None,
    asks: prefetch.Asks = prefetch.USUAL,
    approvals: Path | None = None,
) -> Knowledge:
    """
    Load and check every file of the knowledge folder, and the map of a site's own codes.

    In the profile "demo" unsigned files speak too; in any other only files whose present content is signed.
    *approvals* is the site's list of signatures, `approvals.md` in the folder when None.

    Raises:
        KnowledgeInvalid: If anything is not understood; names each file and the key's path.
    """
    value_sets = ValueSets.load(folder / "value_sets", code_map)
    reader = _Reader(folder)
    documents = {kind: reader.documents(kind) for kind in ("contributors", "chains", "labs")}
    analytes = reader.made(lab_files.analytes, documents["labs"], value_sets)
    if analytes is None:  # nothing that compares a value can be read without them
        raise KnowledgeInvalid.of(reader.problems)
    words = Vocabulary(value_sets, analytes)
    cited = references.references(folder / "references.json")
    signed = signatures.signatures(approvals or folder / "approvals.md")
    files = RuleFiles(words, cited, signed)
    rules = reader.each(documents["contributors"], files.contributor)
    merged = reader.each(documents["chains"], files.chain)
    if len(rules) == len(
        documents["contributors"]
    ):  # else every file that names the lost row would be told too
        reader.check(_rows, rules)
        for document, chain in merged:
            reader.check(_chain, document, chain, rules, merged)
    common = read(folder / "guards.md", folder), read(folder / "knowledge.md", folder)
    guards = reader.made(guard_files.guards, common[0], words)
    about = reader.made(_about, common[1], words)
    if guards is not None:
        reader.check(_alerts, guards, rules)
    if reader.problems or guards is None or about is None:
        raise KnowledgeInvalid.of(reader.problems)
    version, review_by, names = about
    is_demo = profile == "demo"
    return Knowledge(
        version=version,
        review_by=review_by,
        contributors=tuple(each for _, each in rules if each.signed or is_demo),
        chains=tuple(each for _, each in merged if each.signed or is_demo),
        analytes=analytes,
        judged={name: analyte for name, analyte in analytes.items() if name in words.named},
        references=cited,
        guards=guards,
        value_sets=value_sets,
        reads=frozenset(words.named),
        prefetch=prefetch.queries(value_sets, analytes.values(), asks),
        documents=(*(each for members in documents.values() for each in members), *common),
        approvals=signed,
        names=names,
        is_demo=is_demo,
    )


@dataclass(slots=True)
class _Reader:
    """Reads file after file and keeps what is wrong, so that an author sees all of it at once."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def documents(self, kind: str) -> list[Document]:
        """The files of one folder that have readable front matter."""
        paths = sorted((self.folder / kind).glob("*.md"))
        found = (self.made(read, path, self.folder) for path in paths)
        return [each for each in found if each is not None]

    def each(
        self, documents: Iterable[Document], make: Callable[[Document], _Made]
    ) -> list[tuple[Document, _Made]]:
        """What is made of each file that is understood, with the file."""
        pairs = ((document, self.made(make, document)) for document in documents)
        return [(document, made) for document, made in pairs if made is not None]

    def made(self, make: Callable[..., _Made], *given: object) -> _Made | None:
        """What *make* makes; None when it is not understood, which is kept."""
        try:
            return make(*given)
        except KnowledgeInvalid as error:
            self.problems.extend(error.problems)
            return None

    def check(self, test: Callable[..., None], *given: object) -> None:
        """Keep what a test across files finds wrong."""
        self.made(test, *given)


def _about(document: Document, words: Vocabulary) -> tuple[str, date | None, dict[str, str]]:
    """The version, the day of the next review, and names of value sets in plain words."""
    front = document.front
    version, names, review = front.take("version").text(), front.take("names"), front.maybe("review_by")
    for key in names.names():
        if key not in words.value_sets.concepts and key not in words.value_sets.drug_classes:
            raise names.invalid(f"`{key}` has no value set", "name a concept or a drug class of value_sets/")
    found = {key: names.take(key).text() for key in names.names()}
    front.done()
    try:
        return version, date.fromisoformat(review.text()) if review else None, found
    except ValueError:
        raise KnowledgeInvalid(
            document.name, "`review_by` is no date", "write a day like 2027-11-30"
        ) from None


# --- checks across files ----------------------------------------------------------------------------------------


def _rows(rules: Sequence[tuple[Document, Contributor]]) -> None:
    seen: dict[str, str] = {}
    for document, each in rules:
        if each.row in seen:
            raise KnowledgeInvalid(
                document.name, f"{seen[each.row]} describes row {each.row} too", "keep one of them"
            )
        seen[each.row] = document.name
    for document, each in rules:
        if unknown := sorted(set(each.explains) - set(seen)):
            raise KnowledgeInvalid(
                f"{document.name}: explains", f"no contributor describes {', '.join(unknown)}"
            )


def _alerts(guards: Guards, rules: Sequence[tuple[Document, Contributor]]) -> None:
    rows = {each.row for _, each in rules}
    if unknown := sorted({each.said_by for each in guards.alerts if each.said_by} - rows):
        raise KnowledgeInvalid("guards.md: alerts", f"no contributor describes {', '.join(unknown)}")


def _chain(
    document: Document,
    chain: Chain,
    rules: Sequence[tuple[Document, Contributor]],
    merged: Sequence[tuple[Document, Chain]],
) -> None:
    if sum(each.id == chain.id for _, each in merged) > 1:
        raise KnowledgeInvalid(document.name, f"another file describes {chain.id}", "keep one of them")
    rows = {each.row: each for _, each in rules}
    named = {row for needs in chain.alternatives for need in needs for row in need.rows} | set(chain.joins)
    if unknown := sorted(named - set(rows)):
        raise KnowledgeInvalid(document.name, f"no contributor describes {', '.join(unknown)}")
    check_chain_placeholders(document, chain, rows)
