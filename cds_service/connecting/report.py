"""The report of `legcramps doctor`: for a terminal, and as JSON."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service.code_systems import canonical
from cds_service.connecting import remedies
from cds_service.connecting.examination import ABSENT, CUT, FAILS, OTHER, OWN, Examination, Whole
from cds_service.connecting.qualities import issues, medicines, newest_first, page_size, stays_on_base
from cds_service.connecting.trials import Choice
from cds_service.holdings import SHORT_NAMES
from cds_service.terminal import plain

_MOST_ROWS = 15  # of a table on the screen; --json has them all
_ANSWERS = {
    OWN: ("works", "green"),
    OTHER: ("otherwise", "yellow"),
    ABSENT: ("none", "dim"),
    CUT: ("cut off", "red"),
    FAILS: ("fails", "red"),
}
_YES_NO = {True: "yes", False: "no", None: "-"}


def as_json(examined: Examination) -> str:
    """One JSON object."""
    return msgspec.json.encode(as_data(examined)).decode()


def as_data(examined: Examination) -> dict[str, Any]:
    """The report as plain data."""
    known, seen = examined.capability, examined.tally
    return {
        "base": examined.base,
        "fhir_version": known.fhir_version if known else None,
        "software": known.software if known else None,
        "is_enough": examined.is_enough,
        "lists": {each.key: _list(each, examined) for each in examined.choices},
        "queries": examined.queries(),
        "remarks": list(remedies.remarks(examined)),
        "all_at_once": {
            "budget_seconds": examined.limits.seconds,
            "full": _whole(examined.full),
            "gated_without_report": _whole(examined.gated),
            "gated_with_report": _whole(examined.twice),
        },
        "entries": seen.counts(),
        "code_systems": [
            {"kind": kind, "system": system, "times": times}
            for (kind, system), times in seen.systems.most_common()
        ],
        "unknown_codes": [
            {"kind": kind, "system": system, "code": code, "times": times}
            for (kind, system, code), times in seen.unknown.most_common()
        ],
        "laboratory_codes_without_loinc": [
            {"system": system, "code": code, "times": times}
            for (system, code), times in seen.local.most_common()
        ],
        "units": [
            {"analyte": analyte, "unit": unit, "is_understood": is_understood, "times": times}
            for (analyte, unit, is_understood), times in seen.units.most_common()
        ],
    }


def _list(choice: Choice, examined: Examination) -> dict[str, Any]:
    best, known = choice.best, examined.capability
    is_honoured, size = page_size(best)
    return {
        "state": examined.states[choice.key],
        "code": best.code,
        "query": best.query,
        "milliseconds": round(choice.milliseconds, 1),
        "entries": best.entries,
        "usable": best.usable,
        "pages": best.pages,
        "bytes": best.bytes,
        "newest_first": newest_first(best),
        "count_is_honoured": is_honoured,
        "page_size": size,
        "next_stays_on_base": stays_on_base(best),
        "medicines_referred_to": dict(medicines(best)),
        "outcomes": dict(issues(best)),
        "undeclared": list(known.undeclared(choice.default)) if known else [],
        "tried": [
            {
                "asked": each.asked,
                "understood": each.query,
                "code": each.code,
                "milliseconds": round(each.milliseconds, 1),
                "entries": each.entries,
                "usable": each.usable,
            }
            for each in choice.tried
        ],
    }


def _whole(whole: Whole) -> dict[str, Any]:
    return {"seconds": round(whole.seconds, 3), "requests": whole.requests, "bytes": whole.bytes}


# --- on the screen ------------------------------------------------------------------------------------------------


def show(examined: Examination, console: Console) -> None:
    """Lists, remarks, codes and units, time, and the conclusion last."""
    known = examined.capability
    console.print(Text(plain(examined.base), style="bold"))
    if known:
        console.print(
            Text(plain(f"FHIR {known.fhir_version}, {known.software or 'software not told'}"), style="dim")
        )
    console.print()
    console.print(_lists(examined))
    _show_listed("What to know", remedies.remarks(examined), console)
    _show_listed("Not declared by the server (a hint only)", _undeclared(examined), console)
    _show_listed(
        "Queries for the profile", (f"{k}: {_short(q)}" for k, q in examined.queries().items()), console
    )
    _show_listed("What came", examined.tally.sentences(), console)
    _show_codes(examined, console)
    _show_listed("All at once, as the service asks", _times(examined), console)
    console.print()
    console.print(_conclusion(examined))


def _lists(examined: Examination) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("list")
    table.add_column("answer")
    for name in ("ms", "entries", "usable", "pages", "kB"):
        table.add_column(name, justify="right")
    table.add_column("sorted")
    for choice in examined.choices:
        word, style = _ANSWERS[examined.states[choice.key]]
        best = choice.best
        numbers: Iterable[object] = ("", "", "", "", "")
        if best.answers:
            kilobytes = -(-best.bytes // 1024)
            numbers = (f"{choice.milliseconds:.0f}", best.entries, best.usable, best.pages, kilobytes)
        told = f"{word} ({best.code})" if examined.states[choice.key] == FAILS else word
        table.add_row(choice.key, Text(told, style=style), *map(str, numbers), _YES_NO[newest_first(best)])
    return table


def _show_listed(title: str, lines: Iterable[str], console: Console) -> None:
    said = list(lines)
    if not said:
        return
    console.print()
    console.print(Text(title, style="bold"))
    for line in said:
        table = Table.grid(padding=(0, 1))
        table.add_row("-", Text(plain(line)))
        console.print(table)


def _undeclared(examined: Examination) -> Iterable[str]:
    known = examined.capability
    for choice in examined.choices if known else ():
        lacking = known.undeclared(choice.default) if known else ()
        if lacking:
            yield f"{choice.key}: {', '.join(lacking)}"


def _short(query: str) -> str:
    """A query without most of its codes."""
    return "&".join(
        each
        if len(each) < 100 or not each.startswith("code=")
        else f"{each[:60]}… ({each.count(',') + 1} codes)"
        for each in query.split("&")
    )


def _show_codes(examined: Examination, console: Console) -> None:
    seen = examined.tally
    _show_table("Code systems", ("kind", "system"), _shortened(seen.systems), console)
    _show_table("Codes that no table holds", ("kind", "system", "code"), _shortened(seen.unknown), console)
    _show_table("Laboratory codes without LOINC", ("system", "code"), seen.local, console)
    units = Counter(
        {
            (analyte, unit, "" if ok else "not understood"): times
            for (analyte, unit, ok), times in seen.units.items()
        }
    )
    _show_table("Units", ("analyte", "unit", ""), units, console)


def _shortened(counted: Counter[Any]) -> Counter[Any]:
    made: Counter[Any] = Counter()
    for (kind, system, *code), times in counted.items():
        made[kind, SHORT_NAMES.get(canonical(system), system), *code] += times
    return made


def _show_table(title: str, columns: tuple[str, ...], counted: Counter[Any], console: Console) -> None:
    if not counted:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("times", justify="right")
    for name in columns:
        table.add_column(name, overflow="fold")
    for cells, times in counted.most_common(_MOST_ROWS):
        table.add_row(str(times), *(Text(plain(each)) for each in cells))
    console.print()
    console.print(Text(title, style="bold"))
    console.print(table)
    if len(counted) > _MOST_ROWS:
        console.print(Text(f"and {len(counted) - _MOST_ROWS} more; --json lists them all", style="dim"))


def _times(examined: Examination) -> Iterable[str]:
    yield f"in full: {_told(examined.full)}"
    yield f"gated, no report of cramps: {_told(examined.gated)}"
    yield f"gated, with a report: {_told(examined.twice)}"


def _told(whole: Whole) -> str:
    return f"{whole.seconds:.2f} s, {whole.requests} requests, {-(-whole.bytes // 1024)} kB"


def _conclusion(examined: Examination) -> Text:
    wrong = [key for key, state in examined.states.items() if state in (FAILS, CUT)]
    if wrong:
        return Text(f"Not all that is needed can be had: {', '.join(wrong)}.", style="bold red")
    if examined.queries():
        return Text("All that is needed can be had, with the queries of a profile.", style="bold green")
    return Text("All that is needed can be had, with our own queries.", style="bold green")
