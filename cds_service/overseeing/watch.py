"""`legcramps watch`: whether something stopped coming, or comes as never before, that no error tells of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from sqlalchemy import Connection, select

from cds_service import start
from cds_service.errors import KnowledgeInvalid
from cds_service.overseeing.alarms import DAYS, LEAST_PAST, PAST, Alarm, Counts, alarms
from cds_service.overseeing.faults import Fault, faults, name
from cds_service.overseeing.the_store import read
from cds_service.schema import Kind, tallies
from cds_service.settings import Settings
from cds_service.signals import OPEN


@dataclass(frozen=True, slots=True)
class Watched:
    """
    What a person asks of the watch.

    The past begins on *since*, after a wanted change. *known* are signals, or beginnings of them up to a colon, of
    which nobody wants to hear, nor of what changed with them; "client/signal" is that of one client. *textfile* is for
    Prometheus.
    """

    since: date | None = None
    known: tuple[str, ...] = ()
    as_json: bool = False
    textfile: Path | None = None


def watch(settings: Settings, watched: Watched, today: date, out: TextIO) -> int:
    """
    Tell what changed up to yesterday, whose day is whole; the exit code is 1 when there is anything, else 0.

    The file for Prometheus is written only when it could look: its age tells when it last did.

    Raises:
        ValueError: When it can't look, with one line for a person: exit code 2.
    """
    last = today - timedelta(days=1)
    counted = _counted(settings, today - timedelta(days=DAYS + PAST), today)
    if not counted:
        raise ValueError(
            "LEGCRAMPS_STORE: nothing was counted there in four months; name the database that the service writes"
        )
    found = [fault for client in sorted(counted) for fault in _faults(client, counted[client], last, watched)]
    names = _names(settings) if found else {}
    for fault in found:
        _log(fault)
    if watched.textfile is not None:
        _write(watched.textfile, sorted(counted), found)
    if watched.as_json:
        out.write(f"{msgspec.json.encode(_data(found, names, last)).decode()}\n")
    else:
        quiet = _quiet(counted, last, watched)
        is_sure = len(quiet) < len(counted)
        out.writelines(f"{line}\n" for line in _lines(found, names, quiet, is_sure=is_sure))
    return 1 if found else 0


def _faults(client: str, counts: Counts, last: date, watched: Watched) -> Sequence[Fault]:
    """Those that nobody knows yet; what changed with a known one is known too."""
    found = faults(client, alarms(counts, last, watched.since))
    unknown = (each for each in found if not _is_known(client, each.first.signal, watched.known))
    return [
        Fault(client, tuple(one for one in each.alarms if not _is_known(client, one.signal, watched.known)))
        for each in unknown
    ]


def _is_known(client: str, signal: str, known: Sequence[str]) -> bool:
    whose = (each.removeprefix(f"{client}/") for each in known)
    return any(signal == each or signal.startswith(f"{each}:") for each in whose)


def _quiet(counted: Mapping[str, Counts], last: date, watched: Watched) -> Sequence[str]:
    """Clients whose past is too short to compare with."""
    begins = {client: min(counts.get(OPEN, {last: 0})) for client, counts in counted.items()}
    since = watched.since or date.min
    return [client for client, day in begins.items() if (last - max(day, since)).days < LEAST_PAST]


def _names(settings: Settings) -> Mapping[str, str]:
    """What rules and value sets are called; none where the knowledge can't be read, which is no reason not to look."""
    try:
        known = start.knowledge(settings)
    except KnowledgeInvalid:
        return {}
    rules = {each.row: each.label for each in known.contributors}
    chains = {each.id: each.label for each in known.chains}
    analytes = {key: each.label for key, each in known.analytes.items()}
    return {**known.names, **analytes, **rules, **chains}


# --- from the store ---------------------------------------------------------------------------------------------


def _counted(settings: Settings, first: date, last: date) -> dict[str, Counts]:
    return read(settings, lambda connection: counts(connection, first, last))


def counts(connection: Connection, first: date, last: date) -> dict[str, Counts]:
    """How often each signal of each client appeared, day by day."""
    rows = select(tallies.c.client, tallies.c.name, tallies.c.day, tallies.c.count).where(
        tallies.c.kind == str(Kind.SIGNAL), tallies.c.day.between(first, last)
    )
    found: dict[str, dict[str, dict[date, int]]] = defaultdict(lambda: defaultdict(dict))
    for client, signal, day, count in connection.execute(rows):
        found[client][signal][day] = count
    return dict(found)


# --- told -------------------------------------------------------------------------------------------------------


def _lines(
    found: Sequence[Fault], names: Mapping[str, str], quiet: Sequence[str], *, is_sure: bool
) -> Sequence[str]:
    """What was found; that nothing was, only where there was something to compare with."""
    told = [each.sentence(names) for each in found]
    if is_sure and not found:
        told = ["Nothing changed that chance does not explain."]
    short = [f"{client}: less than {LEAST_PAST} days of past, too short to compare" for client in quiet]
    return [*told, *short]


def _data(found: Sequence[Fault], names: Mapping[str, str], last: date) -> dict[str, Any]:
    return {
        "until": last,
        "faults": [
            {
                "client": each.client,
                "says": each.sentence(names),
                "alarms": [_alarm(alarm, names) for alarm in each.alarms],
            }
            for each in found
        ],
    }


def _alarm(alarm: Alarm, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "signal": alarm.signal,
        "name": name(alarm.signal, names),
        "since": alarm.since,
        "found": alarm.found,
        "is_fall": alarm.is_fall,
        "before": [alarm.before.count, alarm.before.of],
        "now": [alarm.now.count, alarm.now.of],
    }


def _log(fault: Fault) -> None:
    log = structlog.get_logger()
    for each in fault.alarms:
        log.warning(
            "watch",
            client=fault.client,
            signal=each.signal,
            cause=fault.first.signal,
            since=str(each.since),
            before=f"{each.before.count}/{each.before.of}",
            now=f"{each.now.count}/{each.now.of}",
        )


def _write(path: Path, clients: Sequence[str], found: Sequence[Fault]) -> None:
    """The gauges, whole or not at all."""
    registry = CollectorRegistry()
    number = Gauge("legcramps_watch_faults", "Quiet faults that stand.", ["client"], registry=registry)
    each = Gauge(
        "legcramps_watch_alarm",
        "A signal that stopped or jumped: the probable cause, with what changed beside it.",
        ["client", "signal", "cause"],
        registry=registry,
    )
    for client in clients:
        number.labels(client).set(sum(fault.client == client for fault in found))
    for fault in found:
        for alarm in fault.alarms:
            each.labels(fault.client, alarm.signal, fault.first.signal).set(1)
    try:
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise ValueError(f"--textfile: {path} can't be written: {error.strerror}") from None
