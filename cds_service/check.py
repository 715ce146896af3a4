"""`legcramps check`: what the service would answer for a file, as a clinician sees it, and why."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

from cds_service import charts, hooks, phrases
from cds_service.advise import Advice, Site, advise
from cds_service.contributors import load
from cds_service.criteria import Answer
from cds_service.errors import CdsError
from cds_service.facts import Course, Exposure, Fact, Facts, LabResult, Report, Timing
from cds_service.findings import Judgement
from cds_service.hooks import Card
from cds_service.knowledge import Contributor, Knowledge
from cds_service.record import PatientRecord
from cds_service.settings import Settings

_WIDTH = 78  # columns of a card: an EHR's sidebar is narrow
_COLOURS = {"info": "blue", "warning": "yellow", "critical": "bold red"}
_MARKS = {"holds": ("✓", "green"), "fails": ("✗", "dim"), "unknown": ("?", "yellow")}
_READINGS = 5  # of many readings, those named in the trace
_SILENCE = {
    "patient-user": "cards are for clinicians, and a patient is asking",
    "deceased": "the patient is recorded as deceased",
    "minor": "the patient is not certainly 18 yet",
    "no-report": "no report of leg cramps in this record",
    "resolved": "the report of leg cramps is resolved, inactive or abated",
    "refuted": "the report of leg cramps is refuted or entered in error",
    "other-site": "the cramps that are reported are not leg cramps, or only on exertion, or denied",
    "unclear": "an entry about leg cramps does not say whether they are there",
    "too-old": "the report of leg cramps is more than 365 days old",
    "undated-observation": "an observation of leg cramps carries no date",
    "absent-later": "a later entry says that there are no leg cramps",
    "nothing-found": "leg cramps are reported, and nothing in this record was found that could contribute",
}


def check(
    files: Iterable[Path], settings: Settings, day: date, *, as_json: bool = False, explain: bool = False
) -> int:
    """
    Check file after file; the exit code is 1 when one of them could not be read.

    With *as_json* one JSON object a line and file.

    Raises:
        KnowledgeInvalid: When `cards/` can't be fully understood.
    """
    site = Site.of(load(settings.cards, settings.profile), settings.base_url, settings.zone)
    say, console, exit_code = Console(stderr=True, soft_wrap=True), Console(), 0
    for file in files:
        try:
            checked = _checked(file, site, day)
        except (OSError, ValueError, RecursionError, CdsError) as error:
            say.print(Text(f"legcramps: {_plain(str(file))}: {_plain(_why(error))}"))
            exit_code = 1
            continue
        if as_json:
            sys.stdout.write(f"{_json(checked, site.knowledge)}\n")
        else:
            _show(checked, site.knowledge, console, explain=explain)
    return exit_code


@dataclass(frozen=True, slots=True)
class _Checked:
    """One file's answer."""

    file: Path
    day: date
    notes: tuple[str, ...]
    advice: Advice


def _checked(file: Path, site: Site, day: date) -> _Checked:
    chart = charts.read(file.read_bytes())
    return _Checked(file, day, chart.notes, advise(hooks.decode(chart.body, charts.HOOK), site, day))


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"can't be read: {error.strerror}"
    return "is nested too deep" if isinstance(error, RecursionError) else str(error)


def _plain(text: str) -> str:
    """Without what a terminal would obey: names and ids come from the file."""
    return "".join(each if each.isprintable() else "�" for each in text)


def _json(checked: _Checked, knowledge: Knowledge) -> str:
    advice = checked.advice
    return msgspec.json.encode(
        {
            "file": str(checked.file),
            "today": checked.day,
            "notes": checked.notes,
            "cards": advice.cards,
            "silence": advice.silence,
            "counts": advice.counts,
            "trace": trace(advice, knowledge),
        }
    ).decode()


# --- the trace, as plain data ---------------------------------------------------------------------------------


def trace(advice: Advice, knowledge: Knowledge) -> dict[str, Any]:
    """
    Why the answer is what it is: reports, contributors with their criteria, and what was not used.

    Holds nothing when the reader was a patient: then nothing was read.
    """
    facts, record = advice.facts, advice.record
    if facts is None or record is None:
        return {}
    judged = {each.contributor.row for each in advice.judged}
    return {
        "person": {"age": facts.age, "is_adult": facts.is_adult, "is_deceased": facts.is_deceased},
        "reports": [_report(each) for each in facts.reports],
        "refused": list(facts.refusals),
        "considered": [_considered(each, facts, knowledge) for each in advice.judged],
        "not_in_record": [each.row for each in knowledge.contributors if each.row not in judged]
        if facts.reports
        else [],
        "cards": [_chained(card) for card in advice.cards],
        "not_used": [
            {
                "what": f"{_label(each.analyte, knowledge)}{f' of {each.taken}' if each.taken else ''}",
                "why": each.why,
                "sources": [each.source],
            }
            for each in facts.unusable
        ],
        **_lost(facts, record),
    }


def _lost(facts: Facts, record: PatientRecord) -> dict[str, Any]:
    kinds = [each.kind for each in facts.unmapped]
    return {
        "unread": [{"why": each.problem, "sources": [each.source]} for each in record.unread],
        "missing": sorted(facts.missing),
        "cut_off": sorted(facts.cut_off),
        "unmapped": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
    }


def _report(report: Report) -> dict[str, Any]:
    onset = report.onset
    return {
        "carrier": report.carrier,
        "onset": str(onset.on) if onset else None,
        "onset_is_stated": bool(onset and onset.is_stated),
        "sources": [report.source],
    }


def _chained(card: Card) -> dict[str, Any]:
    told = card.extension
    return {
        "card": told["org.legcramps.card"],
        "indicator": card.indicator,
        "chain": told.get("org.legcramps.chain"),
        "rows": {found["row"]: found["role"] for found in told.get("org.legcramps.findings", ())},
    }


def _considered(judgement: Judgement, facts: Facts, knowledge: Knowledge) -> dict[str, Any]:
    contributor, finding = judgement.contributor, judgement.finding
    return {
        "row": contributor.row,
        "id": contributor.id,
        "label": contributor.label,
        "level": finding.level if finding else None,
        "role": finding.role if finding else None,
        "facts": [
            {"says": says, "sources": sources} for says, sources in _about(judgement, facts, knowledge)
        ],
        "set_aside": [
            {
                "says": _fact(each.fact, knowledge),
                "why": each.why or _dropped(each.fact),
                "sources": each.fact.sources,
            }
            for each in judgement.set_aside
        ],
        "criteria": [{"level": level, **_answer(answer)} for level, answer in judgement.answers],
        "unknown": list(finding.unknown) if finding else [],
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "truth": answer.truth.value,
        "words": answer.words,
        "evidence": list(dict.fromkeys(name for fact in answer.evidence for name in fact.sources)),
        "unknown": list(answer.unknown),
        "parts": [_answer(part) for part in answer.parts],
    }


_Told = tuple[str, Sequence[str]]


def _about(judgement: Judgement, facts: Facts, knowledge: Knowledge) -> Iterable[_Told]:
    """The facts that a contributor was asked about, whether or not it speaks."""
    if judgement.finding:
        return [(_fact(each, knowledge), each.sources) for each in judgement.finding.facts]
    return [] if judgement.set_aside else _subjects(judgement.contributor, facts, knowledge)


def _subjects(contributor: Contributor, facts: Facts, knowledge: Knowledge) -> Iterator[_Told]:
    for name in contributor.subject.names:
        for exposure in facts.exposures.get(name, ()):
            for course in exposure.courses:
                yield _course(exposure, course), course.sources
        results = facts.results.get(name, ())
        if contributor.subject.kind == "latest":
            results = facts.latest(name, with_preliminary=True)
        entries: tuple[Fact, ...] = (*results[:_READINGS], *facts.diagnoses.get(name, ()))
        for each in entries:
            yield _fact(each, knowledge), each.sources


def _fact(fact: Fact, knowledge: Knowledge) -> str:
    """A fact as it was understood: plain text, where a card has Markdown."""
    if isinstance(fact, Timing):
        return f"{_dosed(fact.exposure, fact.course)}, {phrases.since(fact)}: {fact.time_class.value}"
    if isinstance(fact, LabResult):
        corrected = f", corrected {fact.corrected}" if fact.corrected is not None else ""
        return f"{_label(fact.analyte, knowledge)} {fact.written}{corrected}, {fact.taken}"
    doubt = "" if fact.is_confirmed else ", not confirmed"
    return (
        f"{phrases.concept(fact, knowledge)}, {phrases.recorded(fact)}{doubt}, matched by {fact.matched_by}"
    )


def _dropped(fact: Fact) -> str:
    return fact.time_class.value if isinstance(fact, Timing) else "not used"


def _course(exposure: Exposure, course: Course) -> str:
    end = (
        "stop date not recorded"
        if course.end_is_unknown
        else f"until {course.ended}"
        if course.ended
        else "running"
    )
    began = f"from {course.began}" if course.began else "start date not recorded"
    return f"{_dosed(exposure, course)}, {began}, {end}"


def _dosed(exposure: Exposure, course: Course) -> str:
    return f"{exposure.ingredient} {phrases.amount(course.dose)}" if course.dose else exposure.ingredient


def _label(analyte: str, knowledge: Knowledge) -> str:
    return knowledge.analytes[analyte].label


# --- on the screen --------------------------------------------------------------------------------------------


def _show(checked: _Checked, knowledge: Knowledge, console: Console, *, explain: bool) -> None:
    advice = checked.advice
    width = min(console.width, _WIDTH)
    console.rule(Text(_plain(str(checked.file)), style="bold"), align="left", style="dim")
    for note in checked.notes:
        console.print(Text(f"Note: this file {note}.", style="yellow"))
    for card in advice.cards:
        console.print(_panel(card, width))
    if not advice.cards:
        reason = advice.silence or ""
        console.print(Text(f"No cards: {_SILENCE.get(reason, 'nothing to say')} ({reason})."))
    counts = advice.counts
    if counts:
        console.print(
            Text(
                f"As of {checked.day}: {counts['read']} entries read, {counts['unread']} unreadable.",
                style="dim",
            )
        )
    if explain:
        console.print(_tree(trace(advice, knowledge)))
    console.print()


def _panel(card: Card, width: int) -> RenderableType:
    colour = _COLOURS[card.indicator]
    parts: list[RenderableType] = [Text(_plain(card.summary), style="bold"), Text()]
    parts.append(Markdown(card.detail or ""))
    if card.suggestions:
        parts += [Text(), *(Text(f"[ {_plain(each.label)} ]", style="cyan") for each in card.suggestions)]
    if card.links:
        parts.append(Text())
        parts += [
            Group(
                Text(_plain(each.label), style="underline"),
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
    _add_listed(tree, "Could not be read", (f"{each['why']}{_from(each)}" for each in told["unread"]))
    _add_listed(tree, "Not supplied", told["missing"])
    _add_listed(tree, "Possibly cut off", told["cut_off"])
    _add_listed(
        tree, "In no value set", (f"{count} of kind {kind}" for kind, count in told["unmapped"].items())
    )
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
    head = Text(_plain(f"{told['row']} {told['id']}: "))
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
    line.append(_plain(told["words"]))
    # what all or any of them rest on stands with the parts
    if not told["parts"]:
        if told["evidence"]:
            line.append(_plain(f" ← {_names(told['evidence'])}"), style="dim")
        if told["unknown"]:
            line.append(_plain(f" ({', '.join(told['unknown'])})"))
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
    return Text(_plain(text))
