"""`legcramps check`: what the service would answer for a file, as a clinician sees it, and why."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text
from rich.tree import Tree

from cds_service import charts, holdings, hooks, start
from cds_service.advise import Advice, Site, advise
from cds_service.errors import CdsError
from cds_service.explanation import SILENCE
from cds_service.hooks import Card
from cds_service.inventory import Line, inventory
from cds_service.knowledge import Knowledge
from cds_service.normalise import patient_record
from cds_service.settings import Settings
from cds_service.terminal import plain
from cds_service.trace import trace

_WIDTH = 78  # columns of a card: an EHR's sidebar is narrow
_COLOURS = {"info": "blue", "warning": "yellow", "critical": "bold red"}
_MARKS = {"holds": ("✓", "green"), "fails": ("✗", "dim"), "unknown": ("?", "yellow")}


def check(
    files: Iterable[Path], settings: Settings, day: date, *, as_json: bool = False, explain: bool = False
) -> int:
    """
    Check file after file; the exit code is 1 when one of them could not be read.

    With *as_json* one JSON object a line and file.

    Raises:
        KnowledgeInvalid: When `cards/` can't be fully understood.
    """
    site = start.site(settings, start.knowledge(settings))
    say, console, exit_code = Console(stderr=True, soft_wrap=True), Console(), 0
    seen: list[Line] = []
    for file in files:
        try:
            checked = _checked(file, site, day)
        except (OSError, ValueError, RecursionError, CdsError) as error:
            say.print(Text(f"legcramps: {plain(str(file))}: {plain(_why(error))}"))
            exit_code = 1
            continue
        if as_json:
            sys.stdout.write(f"{_json(checked, site.knowledge)}\n")
        else:
            _show(checked, site.knowledge, console, explain=explain)
            seen += checked.lines
    holdings.show_unknown(seen, console)
    return exit_code


@dataclass(frozen=True, slots=True)
class _Checked:
    """One file's answer."""

    file: Path
    day: date
    notes: tuple[str, ...]
    advice: Advice
    counts: Mapping[str, int]
    lines: tuple[Line, ...]


def _checked(file: Path, site: Site, day: date) -> _Checked:
    chart = charts.read(file.read_bytes())
    advice = advise(hooks.decode(chart.body, charts.HOOK), site, day)
    if advice.supplied is None:
        return _Checked(file, day, chart.notes, advice, advice.counts, ())
    record = patient_record(advice.supplied)  # everything that came, not only what a rule may read
    counts = {**advice.counts, "unread": len(record.unread)}
    return _Checked(file, day, chart.notes, advice, counts, inventory(record, site.reading(day)))


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"can't be read: {error.strerror}"
    return "is nested too deep" if isinstance(error, RecursionError) else str(error)


def _json(checked: _Checked, knowledge: Knowledge) -> str:
    advice = checked.advice
    return msgspec.json.encode(
        {
            "file": str(checked.file),
            "today": checked.day,
            "notes": checked.notes,
            "cards": advice.cards,
            "silence": advice.silence,
            "counts": checked.counts,
            "holds": holdings.counts(checked.lines),
            "used": holdings.used(checked.lines),
            "not_recognised": holdings.unknown_codes(checked.lines),
            "trace": trace(advice, knowledge),
        }
    ).decode()


# --- on the screen --------------------------------------------------------------------------------------------


def _show(checked: _Checked, knowledge: Knowledge, console: Console, *, explain: bool) -> None:
    advice = checked.advice
    width = min(console.width, _WIDTH)
    console.rule(Text(plain(str(checked.file)), style="bold"), align="left", style="dim")
    for note in checked.notes:
        console.print(Text(f"Note: this file {note}.", style="yellow"))
    for card in advice.cards:
        console.print(_panel(card, width))
    if not advice.cards:
        reason = advice.silence or ""
        console.print(Text(f"No cards: {SILENCE.get(reason, 'nothing to say')} ({reason})."))
    counts = checked.counts
    if counts:
        console.print(
            Text(
                f"As of {checked.day}: {counts['read']} entries read, {counts['unread']} unreadable.",
                style="dim",
            )
        )
    for line in holdings.sentences(checked.lines):
        console.print(Text(line, style="dim"), width=width)
    if explain:
        console.print(_tree(trace(advice, knowledge)))
    console.print()


def _panel(card: Card, width: int) -> RenderableType:
    colour = _COLOURS[card.indicator]
    parts: list[RenderableType] = [Text(plain(card.summary), style="bold"), Text()]
    parts.append(Markdown(card.detail or ""))
    if card.suggestions:
        parts += [Text(), *(Text(f"[ {plain(each.label)} ]", style="cyan") for each in card.suggestions)]
    if card.links:
        parts.append(Text())
        parts += [
            Group(
                Text(plain(each.label), style="underline"),
                Padding(Text(each.url, style="dim"), (0, 0, 0, 2)),
            )
            for each in card.links
        ]
    title = Text(card.indicator.upper(), style=f"{colour} reverse")
    return Panel(
        Group(*parts),
        title=title,
        title_align="left",
        subtitle=Text(card.source.label, style="dim"),
        subtitle_align="right",
        border_style=colour,
        width=width,
        padding=(1, 2),
    )


def _tree(told: Mapping[str, Any]) -> Tree:
    """The trace as an indented list, one line a criterion."""
    tree = Tree(Text("Trace", style="bold"), guide_style="dim")
    if not told:
        tree.add("nothing was read")
        return tree
    _add_reports(tree, told)
    considered = tree.add(Text("Contributors considered")) if told["considered"] else tree
    for each in told["considered"]:
        _add_contributor(considered, each)
    if told["not_in_record"]:
        considered.add(Text(f"not in this record: {', '.join(told['not_in_record'])}", style="dim"))
    _add_listed(tree, "Cards", (_card_line(each) for each in told["cards"]))
    _add_listed(
        tree, "Not used", (f"{each['what']}: {each['why']}{_from(each)}" for each in told["not_used"])
    )
    _add_listed(
        tree, "Code and words disagree", (f"{each['what']}{_from(each)}" for each in told["named_otherwise"])
    )
    _add_listed(tree, "Could not be read", (f"{each['why']}{_from(each)}" for each in told["unread"]))
    _add_listed(tree, "Not supplied", told["missing"])
    _add_listed(tree, "Possibly cut off", told["cut_off"])
    return tree


def _add_reports(tree: Tree, told: Mapping[str, Any]) -> None:
    branch = tree.add(Text("Cramp reports"))
    for each in told["reports"]:
        onset = "onset not recorded"
        if each["onset"]:
            how = "stated" if each["onset_is_stated"] else "not stated, the day it was recorded stands in"
            onset = f"onset {each['onset']} ({how})"
        branch.add(_line(f"{each['carrier']}, {onset}{_from(each)}"))
    if told["refused"]:
        branch.add(_line(f"entries about cramps that don't count: {', '.join(told['refused'])}"))
    if not told["reports"]:
        branch.add(_line("none that counts; drugs and results were not looked at"))


def _add_contributor(tree: Tree, told: Mapping[str, Any]) -> None:
    level = told["level"]
    head = Text(plain(f"{told['row']} {told['id']}: "))
    if level:
        head.append(level.replace("_", " "), style=_COLOURS.get(level, "cyan"))
        head.append(f" ({told['role']})")
    else:
        head.append("does not speak", style="dim")
    branch = tree.add(head)
    for each in told["facts"]:
        branch.add(_line(f"{each['says']}{_from(each)}"))
    for each in told["set_aside"]:
        branch.add(_line(f"set aside: {each['says']}; {each['why']}{_from(each)}"))
    for each in told["criteria"]:
        _add_criterion(branch, each, each["level"].replace("_", " "))
    if told["unknown"]:
        branch.add(_line(f"not known: {', '.join(told['unknown'])}"))


def _add_criterion(tree: Tree, told: Mapping[str, Any], level: str = "") -> None:
    mark, style = _MARKS[told["truth"]]
    line = Text(f"{mark} ", style=style)
    line.append(f"{level} {told['truth']}: " if level else "", style=style)
    line.append(plain(told["words"]))
    # what all or any of them rest on stands with the parts
    if not told["parts"]:
        if told["evidence"]:
            line.append(plain(f" ← {_names(told['evidence'])}"), style="dim")
        if told["unknown"]:
            line.append(plain(f" ({', '.join(told['unknown'])})"))
    branch = tree.add(line)
    for part in told["parts"]:
        _add_criterion(branch, part)


def _add_listed(tree: Tree, title: str, lines: Iterable[str]) -> None:
    said = list(lines)
    if said:
        branch = tree.add(Text(title))
        for line in said:
            branch.add(_line(line))


def _card_line(told: Mapping[str, Any]) -> str:
    chain = f", chain {told['chain']}" if told["chain"] else ""
    rows = ", ".join(f"{row} {role}" for row, role in told["rows"].items())
    return f"{told['indicator']}, {told['card']}{chain}{f': {rows}' if rows else ''}"


def _from(told: Mapping[str, Any]) -> str:
    return f" ← {_names(told['sources'])}"


def _names(sources: Sequence[str]) -> str:
    """Some courses rest on fifty yearly re-orders: the first and last tell enough here; the JSON has all."""
    if len(sources) <= 3:
        return ", ".join(sources)
    return f"{sources[0]} … {sources[-1]} ({len(sources)} entries)"


def _line(text: str) -> Text:
    return Text(plain(text))
