"""A site's signatures under the knowledge files: who read which content, and whether it is still that content."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Literal

import yaml

from cds_service.frontmatter import Document, Node, read
from cds_service.knowledge import Approval

SIGNED_FOLDERS = ("contributors", "chains")
_ABOUT = "\n# About\n\nWritten by `legcramps cards approve`. A file that changes loses its signature.\n"


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How one file stands: *signed* as it is, *changed* since it was signed, or *never* signed.

    *rule* is its row or chain, *digest* that of its present content, *approval* the last signature.
    """

    id: str
    rule: str
    name: str
    digest: str
    state: Literal["signed", "changed", "never"]
    approval: Approval | None


def rule_of(document: Document) -> str:
    """The row or chain that a file is about, "" when it is about none."""
    front = document.front.value
    return str(front.get("row") or front.get("chain") or "") if isinstance(front, dict) else ""


def digest(document: Document) -> str:
    """What a signature is for: the whole file, whatever its line ends."""
    return hashlib.sha256(document.text.encode()).hexdigest()


def signatures(path: Path) -> dict[str, Approval]:
    """
    The signatures in *path*, by file id; none where there is no such file.

    Raises:
        KnowledgeInvalid: If the file is not understood.
    """
    if not path.exists():
        return {}
    front = read(path, path.parent).front
    found = dict(_signature(each) for each in front.take("approvals").items())
    front.done()
    return found


def _signature(node: Node) -> tuple[str, Approval]:
    name = node.take("id").text()
    made = Approval(node.take("hash").text(), node.take("who").text(), node.take("when").text())
    node.done()
    return name, made


def standings(documents: Iterable[Document], signed: Mapping[str, Approval]) -> tuple[Standing, ...]:
    """How each file that is signed at all stands, contributors first."""
    listed = [each for each in documents if each.name.partition("/")[0] in SIGNED_FOLDERS]
    listed.sort(key=lambda each: (SIGNED_FOLDERS.index(each.name.partition("/")[0]), each.name))
    return tuple(_standing(each, signed.get(Path(each.name).stem)) for each in listed)


def _standing(document: Document, approval: Approval | None) -> Standing:
    now = digest(document)
    state: Literal["signed", "changed"] = "signed" if approval and approval.hash == now else "changed"
    return Standing(
        id=Path(document.name).stem,
        rule=rule_of(document),
        name=document.name,
        digest=now,
        state=state if approval else "never",
        approval=approval,
    )


def lapsed(standing: Iterable[Standing]) -> dict[str, int | list[str]]:
    """What a service that starts should log: counts, and the files that changed since; {} when no signature lapsed."""
    found = list(standing)
    changed = [each.id for each in found if each.state == "changed"]
    signed = sum(each.state == "signed" for each in found)
    return {"changed": len(changed), "signed": signed, "files": changed} if changed else {}


def write(path: Path, signed: Mapping[str, Approval]) -> None:
    """
    Write all signatures, sorted by id, in one go: a reader sees the old file or the new one.

    Raises:
        OSError: If the folder is not there or can't be written to.
    """
    entries = [
        {"id": name, "hash": each.hash, "who": each.who, "when": each.when}
        for name, each in sorted(signed.items())
    ]
    matter = yaml.safe_dump({"approvals": entries}, sort_keys=False, allow_unicode=True, width=200)
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(f"---\n{matter}---\n{_ABOUT}")
    temporary = Path(file.name)
    temporary.chmod(path.stat().st_mode if path.exists() else 0o644)
    temporary.replace(path)
