"""What stands beside the rules in `cards/`: citations, and which files a site has signed."""

import json
from pathlib import Path

from cds_service.errors import KnowledgeInvalid
from cds_service.frontmatter import read
from cds_service.knowledge import Reference


def references(path: Path) -> dict[str, Reference]:
    """
    CSL-JSON; `title-short` is the label on cards, `DOI`, `PMID` or `URL` the link.

    Raises:
        KnowledgeInvalid: If the file can't be read or an entry lacks its id or label.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        raise KnowledgeInvalid(path.name, "the file is not readable as JSON") from None
    found = {}
    for entry in entries:
        url = entry.get("URL") or (f"https://doi.org/{entry['DOI']}" if "DOI" in entry else None)
        if url is None and "PMID" in entry:
            url = f"https://pubmed.ncbi.nlm.nih.gov/{entry['PMID']}/"
        if not {"id", "title-short"} <= set(entry):
            raise KnowledgeInvalid(path.name, "every entry needs `id` and `title-short`")
        found[entry["id"]] = Reference(entry["id"], entry["title-short"], url or "")
    return found


def approvals(folder: Path) -> dict[str, str]:
    """Content hashes that the site has signed, by file id."""
    path = folder / "approvals.md"
    if not path.exists():
        return {}
    front = read(path, folder).front
    signed = {}
    for each in front.take("approvals").items():
        signed[each.take("id").text()] = each.take("hash").text()
        each.take("who").text()
        each.take("when").text()
        each.done()
    front.done()
    return signed
