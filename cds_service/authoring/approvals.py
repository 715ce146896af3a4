"""`legcramps cards approve`: a site's signature under the content of a knowledge file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service import start
from cds_service.knowledge import Approval
from cds_service.settings import Settings
from cds_service.signatures import Standing, standings, write

_WORDS = {"signed": "signed", "changed": "changed since", "never": "never signed"}
_STYLES = {"signed": "green", "changed": "yellow", "never": "dim"}


class NotSigned(Exception):
    """A signature that is refused; says why in one line."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The signatures, how each file stands with them, and where they are kept."""

    signed: Mapping[str, Approval]
    standing: tuple[Standing, ...]
    path: Path


def desk(settings: Settings) -> Desk:
    """
    Load the files, unsigned ones too: nobody signs what the service would refuse.

    Raises:
        KnowledgeInvalid: If a file is not understood.
    """
    known = start.knowledge(settings.model_copy(update={"profile": "demo"}))
    path = settings.approvals or settings.cards / "approvals.md"
    return Desk(known.approvals, standings(known.documents, known.approvals), path)


def chosen(desk_: Desk, names: Iterable[str]) -> tuple[Standing, ...]:
    """
    The files of these ids; a row ("L01"), a chain ("M1") or a file name does as well.

    Raises:
        NotSigned: If there is no such file.
    """
    return tuple(dict.fromkeys(_named(desk_, each) for each in names))


def _named(desk_: Desk, name: str) -> Standing:
    by_name = {key: each for each in desk_.standing for key in (each.rule, each.name, each.id)}
    if name not in by_name:
        close = get_close_matches(name, by_name, 1, 0.6)
        meant = f"; did you mean {close[0]}?" if close else "; legcramps cards approvals lists them"
        raise NotSigned(f"there is no file `{name}`{meant}")
    return by_name[name]


def unsigned(desk_: Desk) -> tuple[Standing, ...]:
    """The files that nobody signed as they are now."""
    return tuple(each for each in desk_.standing if each.state != "signed")


def sign(desk_: Desk, files: Sequence[Standing], who: str, on: date, today: date) -> None:
    """
    Write the signatures; an earlier one under the same file is replaced, all others stay.

    Raises:
        NotSigned: If the name is empty, the day is still to come, or the list can't be written.
    """
    name = " ".join(who.split())
    if not any(each.isalpha() for each in name):
        raise NotSigned('a signature needs a name: --by "Dr A. Name"')
    if on > today:
        raise NotSigned(f"{on} is still to come; sign on the day of reading")
    made = {each.id: Approval(each.digest, name, on.isoformat()) for each in files}
    try:
        write(desk_.path, {**desk_.signed, **made})
    except OSError as error:
        raise NotSigned(
            f"{desk_.path}: can't be written: {error.strerror}; LEGCRAMPS_APPROVALS names another place"
        ) from None


def speaking(settings: Settings, profile: str) -> str:
    """
    How many files speak in a profile, as the service itself loads them.

    Raises:
        KnowledgeInvalid: If a file is not understood.
    """
    known = start.knowledge(settings.model_copy(update={"profile": profile}))
    speaks = len(known.contributors) + len(known.chains)
    return f"Profile {profile}: {speaks} of {len(standings(known.documents, known.approvals))} files speak."


# --- on the screen --------------------------------------------------------------------------------------------


def show(standing: Iterable[Standing], console: Console) -> None:
    """Each file: signed, changed since, or never signed; then the counts."""
    found = list(standing)
    if console.is_terminal:
        console.print(_table(found))
    else:
        for each in found:
            console.file.write("\t".join((each.rule, each.id, *_state(each))) + "\n")
    counts = {state: sum(each.state == state for each in found) for state in _WORDS}
    console.print(", ".join(f"{count} {_WORDS[state]}" for state, count in counts.items()), soft_wrap=True)


def _table(found: Iterable[Standing]) -> Table:
    table = Table("Rule", "File", "State", "By", "On", box=None)
    for each in found:
        state, by, on = _state(each)
        table.add_row(each.rule, each.id, Text(state, style=_STYLES[each.state]), Text(by), on)
    return table


def _state(standing: Standing) -> tuple[str, str, str]:
    signed = standing.approval
    return _WORDS[standing.state], signed.who if signed else "", signed.when if signed else ""
