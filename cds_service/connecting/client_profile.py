"""The profile of a FHIR server as a file that the clients file names: its base, and the queries that work there."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import yaml

from cds_service.terminal import plain

_WIDEST = 10_000  # columns: a query stays on one line


def text(base: str, queries: Mapping[str, str], about: str, day: date) -> str:
    """The file's text; *about* is software and FHIR version."""
    comment = " ".join(plain(about).split())
    said: dict[str, object] = {"fhir_bases": [base]}
    if queries:
        said["queries"] = dict(queries)
    body = yaml.safe_dump(said, sort_keys=False, width=_WIDEST, allow_unicode=True)
    return f"# Written by `legcramps doctor` on {day}: {comment}\n{body}"


def check_absent(path: Path) -> None:
    """
    Make sure that a profile can be written there.

    Raises:
        ValueError: With one line for a person.
    """
    if path.exists():
        raise ValueError(f"{path}: is there already, and is not overwritten; name another file or remove it")
    if not path.parent.is_dir():
        raise ValueError(f"{path}: its folder is not there; make it first")


def write(path: Path, written: str) -> None:
    """
    Write a new file.

    Raises:
        ValueError: With one line for a person.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(written)
    except FileExistsError:
        raise ValueError(f"{path}: is there already, and is not overwritten; name another file") from None
    except OSError as error:
        raise ValueError(f"{path}: can't be written: {error.strerror}") from None
