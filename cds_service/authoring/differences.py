"""`legcramps cards diff`: whose cards change, and how, for a reviewer at a terminal or for a machine."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cds_service import start
from cds_service.authoring import stories
from cds_service.authoring.comparison import CardChange, PatientChange, changes, headline, rows
from cds_service.authoring.edits import Edit, edits
from cds_service.authoring.revisions import RevisionUnavailable, earlier
from cds_service.authoring.stories import Told
from cds_service.errors import KnowledgeInvalid
from cds_service.hooks import Card
from cds_service.knowledge import Knowledge
from cds_service.settings import Settings
from cds_service.signatures import Standing, standings

_COLOURS = {"info": "blue", "warning": "yellow", "critical": "bold red"}
_GONE, _NEW = "red", "green"
_AROUND = 4  # words left standing on either side of a change
_MOST = 6  # lines told of one file


@dataclass(frozen=True, slots=True)
class Difference:
    """What one comparison found; *said* are the rows and chains on each patient's cards, before and after."""

    revision: str
    folder: Path
    patients: int
    changed: tuple[PatientChange, ...]
    edited: tuple[Edit, ...]
    lapsed: tuple[Standing, ...]
    said: tuple[tuple[frozenset[str], ...], tuple[frozenset[str], ...]]


def difference(revision: str, settings: Settings) -> Difference:
    """
    Load both states of the knowledge files and run every built-in patient through both.

    Raises:
        KnowledgeInvalid: If the files as they are now are not understood.
        RevisionUnavailable: If the earlier files can't be had, or this version of the service can't read them.
    """
    now = _demo(settings, settings.cards)
    after = start.knowledge(now)
    patients = stories.stories(settings.fixtures)
    with earlier(revision, settings.cards) as folder:
        was = _demo(settings, folder)
        before = _earlier(was, revision)
        edited = edits(before, folder, after, settings.cards)
    old = stories.answers(patients, start.site(was, before))
    new = stories.answers(patients, start.site(now, after))
    return Difference(
        revision=revision,
        folder=settings.cards,
        patients=len(patients),
        changed=changes(patients, old, new),
        edited=edited,
        lapsed=_lapsed(before, after),
        said=(_said(old), _said(new)),
    )


def _demo(settings: Settings, folder: Path) -> Settings:
    """Unsigned files speak too: a file that is being edited is never signed."""
    return settings.model_copy(update={"cards": folder, "profile": "demo"})


def _earlier(settings: Settings, revision: str) -> Knowledge:
    try:
        return start.knowledge(settings)
    except KnowledgeInvalid as error:
        raise RevisionUnavailable(
            f"the files of `{revision}` are not understood by this version of the service, so that nothing can be "
            f"compared; first: {error.problems[0]}"
        ) from None


def _lapsed(before: Knowledge, after: Knowledge) -> tuple[Standing, ...]:
    """Files whose signature held for their earlier content, and no longer does."""
    were = {each.id for each in standings(before.documents, after.approvals) if each.state == "signed"}
    now = standings(after.documents, after.approvals)
    return tuple(each for each in now if each.id in were and each.state == "changed")


def _said(told: Mapping[str, Told]) -> tuple[frozenset[str], ...]:
    """The rows and chains that speak, patient by patient; what is only set aside does not."""
    return tuple(frozenset(name for card in each.cards for name in _names(card)) for each in told.values())


def _names(card: Card) -> Iterator[str]:
    yield from (row for row, role in rows(card).items() if role != "set-aside")
    if chain := card.extension.get("org.legcramps.chain"):
        yield chain


# --- on the screen --------------------------------------------------------------------------------------------


def show(found: Difference, console: Console) -> None:
    """The headline first, then the files, then each patient."""
    _print(console, 0, Text(f"{headline(found.changed, found.patients)}.", style="bold"))
    if not found.edited:
        _print(console, 0, f"No knowledge file differs from {found.revision}.")
    for each in found.edited:
        _print(console, 0, "")
        _show_edit(each, found, console)
    for one in found.changed:
        _print(console, 0, "")
        _show_patient(one, console)
    if found.changed:
        _print(console, 0, "")
        _print(console, 0, Text("Every card in full: legcramps cards preview", style="dim"))


def _show_edit(edit: Edit, found: Difference, console: Console) -> None:
    rule = f" ({edit.rule})" if edit.rule else ""
    state = "" if edit.state == "changed" else f" is {edit.state}"
    _print(console, 0, Text(f"{edit.name}{rule}{state}", style="cyan"))
    for line in edit.what[:_MOST]:
        _print(console, 2, line)
    if len(edit.what) > _MOST:
        _print(console, 2, f"and {len(edit.what) - _MOST} more")
    if edit.rule:
        before, after = (_times(edit.rule, each) for each in found.said)
        _print(console, 2, _speaks(before, after))
    for each in found.lapsed:
        if each.name == edit.name:
            _print(console, 2, Text(_lapse(each), style="yellow"))


def _times(rule: str, said: Iterable[frozenset[str]]) -> int:
    return sum(rule in each for each in said)


def _speaks(before: int, after: int) -> str:
    """Tells "no effect" from "nobody here to show it"."""
    if not before and not after:
        return "Speaks for no built-in patient: nothing here shows what the change does."
    patients = "patient" if after == 1 else "patients"
    return f"Speaks for {after} built-in {patients}, {'as before' if before == after else f'before for {before}'}."


def _lapse(standing: Standing) -> str:
    signed = standing.approval
    by = f" ({signed.who}, {signed.when})" if signed else ""
    return f"Its signature{by} lapses: sign again with legcramps cards approve {standing.id}"


def _show_patient(change: PatientChange, console: Console) -> None:
    story = Text(change.story.name, style="bold")
    story.append(f": {change.story.title}", style="not bold")
    _print(console, 0, story)
    for each in change.cards:
        _show_card(each, console)
    if change.is_reordered:
        _print(console, 2, "The cards change places.")
    if not change.after.cards and change.after.silence:
        _print(console, 2, f"No card is left ({change.after.silence}).")


def _show_card(change: CardChange, console: Console) -> None:
    card, before, after = change.card, change.before, change.after
    head = Text(f"{change.rule} ", style="bold")
    head.append(_effect(change), style=_COLOURS[card.indicator])
    _print(console, 2, head)
    if before is None or after is None:
        _print(console, 4, Text(card.summary, style=_NEW if before is None else _GONE))
        for each in card.suggestions:
            _print(console, 4, f"[{each.label}]")
        return
    for line in _changed(before, after):
        _print(console, 4, line)


def _effect(change: CardChange) -> str:
    if change.before is None or change.after is None:
        return f"{change.effect}, {change.card.indicator}:"
    if change.before.indicator != change.after.indicator:
        return f"becomes {change.after.indicator}, was {change.before.indicator}:"
    return f"({change.after.indicator}) {change.effect}:"


def _changed(before: Card, after: Card) -> Iterator[Text | str]:
    """Each member that differs, a line each."""
    if before.summary != after.summary:
        yield worded(before.summary, after.summary)
    if before.detail != after.detail:
        yield worded(before.detail or "", after.detail or "")
    old, new = ([each.label for each in card.suggestions] for card in (before, after))
    if before.suggestions != after.suggestions:
        yield from (Text(f"- [{each}]", style=_GONE) for each in old if each not in new)
        yield from (Text(f"+ [{each}]", style=_NEW) for each in new if each not in old)
        if old == new:
            yield "The draft orders change within."
    was, now = rows(before), rows(after)
    yield from (
        f"{row}: {was.get(row, 'not on the card')} → {now.get(row, 'not on the card')}"
        for row in dict.fromkeys((*was, *now))
        if was.get(row) != now.get(row)
    )
    if before.links != after.links:
        yield "The links change."
    if before.override_reasons != after.override_reasons:
        yield "The override reasons change."


def worded(old: str, new: str) -> Text:
    """A word diff: what goes is [-red-], what comes is {+green+}; long stretches that stay are cut."""
    was, now = _words(old), _words(new)
    told = Text()
    steps = SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
    for place, (step, first, last, start_, end) in enumerate(steps):
        if step == "equal":
            told.append(_kept(was[first:last], is_first=place == 0, is_last=place == len(steps) - 1))
            continue
        if last > first:
            told.append(f"[-{' '.join(was[first:last])}-]", style=_GONE)
        if end > start_:
            told.append(f"{{+{' '.join(now[start_:end])}+}}", style=_NEW)
        told.append(" ")
    told.rstrip()
    return told


def _words(text: str) -> list[str]:
    """Words, with a dot where a bullet or a paragraph begins."""
    return re.sub(r"\n+(- )?", " · ", text.strip()).split()


def _kept(words: Sequence[str], *, is_first: bool, is_last: bool) -> str:
    head = [] if is_first else list(words[:_AROUND])
    tail = [] if is_last else list(words[-_AROUND:])
    if len(words) <= len(head) + len(tail) + 2:
        return f"{' '.join(words)} "
    return f"{' '.join((*head, '…', *tail))} "


def _print(console: Console, indent: int, line: Text | str) -> None:
    """Wrapped under its indent on a terminal, one line a statement elsewhere."""
    text = Text(line) if isinstance(line, str) else line
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent)))
    else:
        console.print(Text(" " * indent) + text, soft_wrap=True)


# --- for machines ---------------------------------------------------------------------------------------------


def write_json(found: Difference) -> None:
    """One JSON object on standard output."""
    told = {
        "revision": found.revision,
        "folder": str(found.folder),
        "headline": headline(found.changed, found.patients),
        "patients": found.patients,
        "changed": [_patient_json(each) for each in found.changed],
        "files": [_file_json(each, found) for each in found.edited],
    }
    sys.stdout.write(f"{msgspec.json.encode(told).decode()}\n")


def _patient_json(change: PatientChange) -> dict[str, Any]:
    cards = [
        {
            "rule": each.rule,
            "effect": each.effect,
            "before": _card_json(each.before),
            "after": _card_json(each.after),
        }
        for each in change.cards
    ]
    story = change.story
    return {"story": story.name, "title": story.title, "reordered": change.is_reordered, "cards": cards}


def _card_json(card: Card | None) -> dict[str, Any] | None:
    if card is None:
        return None
    return {
        "indicator": card.indicator,
        "summary": card.summary,
        "detail": card.detail,
        "suggestions": [each.label for each in card.suggestions],
        "rows": rows(card),
    }


def _file_json(edit: Edit, found: Difference) -> dict[str, Any]:
    speaks = [_times(edit.rule, each) for each in found.said] if edit.rule else None
    return {
        "file": edit.name,
        "rule": edit.rule,
        "state": edit.state,
        "what": edit.what,
        "speaks_for": dict(zip(("before", "after"), speaks, strict=True)) if speaks else None,
        "signature_lapses": edit.name in {each.name for each in found.lapsed},
    }
