"""What the service remembers of its answers: what was shown to whom, and what was said of it."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
from sqlalchemy import Connection, RowMapping, Select, bindparam, or_, select

from cds_service import feedback, pseudonyms, signals
from cds_service import schema as tables
from cds_service.advise import About, Advice
from cds_service.clients import Client
from cds_service.errors import StoreUnavailable
from cds_service.fading import Outcome, Shown, reports_in_short
from cds_service.hooks import Card
from cds_service.journal import Entry, Journal, Row
from cds_service.opened import Opened, service_id
from cds_service.pseudonyms import Key, Keys
from cds_service.schema import Kind
from cds_service.store import Store, Way

_PATIENCE = 0.3  # seconds that an answer waits for what was shown earlier; without it nothing fades
_LEAST = 0.05  # seconds that are left for asking, however long the queue took
_QUEUE_PATIENCE = 2.0  # seconds that feedback waits for what was shown before it
_STEP = 0.005
_REST = 5.0  # seconds in which a store that did not answer is not asked again
_MOST = 2000  # lines of one patient, the newest: more than a chart that is opened ten times a day has in half a year
_MOST_MARKS = 200  # of the facts of one card, or the reports of one patient
_MOST_CHARTS = 100_000  # a day, that are remembered for counting each once

_Seen = TypeVar("_Seen")


class Memory:
    """The open store, as answers use it: `past` and `keep` never fail one, nor delay it by more than `_PATIENCE`."""

    def __init__(
        self, store: Store, keys: Keys, kept_days: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._failures = 0
        self._resting_until = 0.0
        self._day = date.min
        self._charts: set[bytes] = set()
        self.journal = Journal(store, kept_days)

    async def past(self, opened: Opened) -> tuple[Shown, ...] | None:
        """
        What was shown of the patient's record before; None when the store does not tell in time.

        What a silent client would have shown counts for that client only: nobody saw it.
        """
        if time.monotonic() < self._resting_until:
            return None
        until = time.monotonic() + _PATIENCE
        patient = _patient(self._keys.newest, opened)
        if self.journal.has(patient):  # shown a moment ago
            self.journal.hurry()
            await _until(lambda: not self.journal.has(patient), _PATIENCE)
        try:
            left = max(_LEAST, until - time.monotonic())
            found = await self._store.ask(partial(self._shown, opened), Way.READING, left)
        except StoreUnavailable:
            self._failures += 1
            if self._failures > 1:  # one may be about this chart only
                self._resting_until = time.monotonic() + _REST
            return None
        self._failures = 0
        return found

    def keep(self, opened: Opened, advice: Advice, issued: Sequence[Card]) -> None:
        """Remember an answer; *issued* are its cards with their uuids, shown or not (a silent client's)."""
        key = self._keys.newest
        patient = _patient(key, opened)
        cards, lines = self._rows(opened, advice, issued, key, patient) if issued else ([], [])
        seen = self._signals(opened, patient, lambda: signals.signals(advice))
        self.journal.put(
            Entry(opened.today, opened.client.name, [*_counted(opened, advice), *seen], cards, lines)
        )

    def miss(self, opened: Opened) -> None:
        """Count a chart of which required data could not be had."""
        patient = _patient(self._keys.newest, opened)
        counted = self._signals(opened, patient, lambda: signals.UNAVAILABLE)
        self.journal.put(Entry(opened.today, opened.client.name, counted))

    async def hear(self, client: Client, told: Sequence[feedback.Told], today: date) -> None:
        """
        Keep feedback; when this returns, it lasts, and so does what it is about.

        Raises:
            StoreUnavailable: If that is not certain.
        """
        # else a restart could know of an override and not of its card
        number = self.journal.hurry()
        await _until(lambda: self.journal.is_settled(number), _QUEUE_PATIENCE)
        if not self.journal.is_settled(number):
            raise StoreUnavailable("the store does not keep up; send the feedback again in a while")
        now = int(self._clock() * 1000)
        await self._store.ask(
            lambda connection: feedback.insert(connection, client.name, told, today, now), Way.LASTING
        )

    async def look(self, work: Callable[[Connection], _Seen], seconds: float) -> _Seen:
        """
        What *work* reads, after *seconds* at the latest.

        Raises:
            StoreUnavailable: If the store does not tell in time.
        """

        def patiently(connection: Connection) -> _Seen:
            if connection.dialect.name == "postgresql":
                # else it ends what takes longer than an answer may
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
            return work(connection)

        return await self._store.ask(patiently, Way.READING, seconds)

    def close(self) -> None:
        """Write what is still queued."""
        self.journal.close()

    def _shown(self, opened: Opened, connection: Connection) -> tuple[Shown, ...]:
        keys = {_patient(key, opened): key for key in self._keys.all}
        whose = {"patients": list(keys), "client": opened.client.name, "is_silent": opened.client.is_silent}
        rows = connection.execute(_LINES, whose).mappings().all()
        if not rows:
            return ()
        outcomes = _outcomes(connection, opened.client, sorted({row["uuid"] for row in rows}))
        users = {_user(key, opened) for key in self._keys.all}
        # one function a key: who compares facts hashes each of them once
        marks = {patient: partial(key.mark, patient) for patient, key in keys.items()}
        return tuple(
            _remembered(row, marks[row["patient"]], users, outcomes.get(row["uuid"])) for row in rows
        )

    def _signals(
        self, opened: Opened, patient: bytes, names: Callable[[], Iterable[str]]
    ) -> Sequence[tuple[Kind, str]]:
        """
        Each signal of a chart, once a day: a ward that opens one chart thirty times is no trend.

        Known to this worker only; of another hook nothing, since that is about the same record once more.
        """
        if opened.call.hook != "patient-view":
            return ()
        if opened.today != self._day or len(self._charts) >= _MOST_CHARTS:
            self._day, self._charts = opened.today, set()
        if patient in self._charts:
            return ()
        self._charts.add(patient)
        return [(Kind.SIGNAL, name) for name in names()]

    def _rows(
        self, opened: Opened, advice: Advice, issued: Sequence[Card], key: Key, patient: bytes
    ) -> tuple[list[Row], list[Row]]:
        """The cards, and what they are about."""
        reports = reports_in_short(advice.facts) if advice.facts else frozenset()
        call = {
            "client": opened.client.name,
            "service": service_id(opened.call.hook),
            "issued_on": opened.today,
            "issued_at": int(self._clock() * 1000),
            "is_silent": opened.client.is_silent,
            "role": opened.call.user.partition("/")[0],
            "key": key.name,
            "patient": patient,
            "user": _user(key, opened),
            "reports": _marks(reports, key, patient),
        }
        lines = (
            {"card": card.uuid, **line}
            for card, told in zip(issued, advice.told, strict=False)
            for line in _lines_of(told, key, patient)
        )
        return [{**call, **_told(card), "uuid": card.uuid} for card in issued], list(lines)


def keys_of(store: str, named: Path | None) -> Keys:
    """
    The keys for the hashes in the store at a URL: from the file *named*, else one beside a file of SQLite.

    Raises:
        KeysInvalid: When there is none, or it can't be used.
    """
    return pseudonyms.load(key_file(store, named))


def key_file(store: str, named: Path | None) -> Path:
    """
    Where the keys are.

    Raises:
        KeysInvalid: When nobody says where.
    """
    if named is not None:
        return named
    if (file := Store.file_of(store)) is None:
        raise pseudonyms.KeysInvalid(
            "is missing; with PostgreSQL, name a file for the keys of its hashes: it is made where there is none"
        )
    return file.with_name(f"{file.name}.keys")


async def _until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait until something holds, for *seconds* at most; without a thread, which others would have to wait for."""
    with anyio.move_on_after(seconds):
        while not holds():
            await anyio.sleep(_STEP)


# --- to the store -----------------------------------------------------------------------------------------------


def _patient(key: Key, opened: Opened) -> bytes:
    return key.of("patient", _numbered_by(opened), opened.call.patient_id)


def _numbered_by(opened: Opened) -> str:
    """Who gave the patient that id: the client, or that one of its FHIR servers that it names."""
    client, server = opened.client, opened.call.fhir_server
    is_one = len(client.fhir_bases) == 1 and bool(client.issuer)  # nobody's client is whoever calls
    return client.name if is_one or server is None else f"{client.name} {server.rstrip('/').casefold()}"


def _user(key: Key, opened: Opened) -> bytes:
    return key.of("user", opened.client.name, opened.call.user)


def _told(card: Card) -> dict[str, Any]:
    return {"kind": card.extension["org.legcramps.card"], "indicator": card.indicator}


def _lines_of(told: About, key: Key, patient: bytes) -> Iterator[dict[str, Any]]:
    matters = dict.fromkeys(told.matters)
    for place, matter in enumerate((*matters, *(each for each in told.parts if each not in matters))):
        facts = _marks(matter.facts, key, patient)
        is_part = matter not in matters
        yield {"place": place, "rule": matter.rule, "level": matter.level, "facts": facts, "is_part": is_part}


def _marks(facts: frozenset[str], key: Key, patient: bytes) -> bytes:
    # of more than a card could tell, a part is kept: they never count as the same, and the card speaks
    return b"".join(sorted(key.mark(patient, fact) for fact in sorted(facts)[:_MOST_MARKS]))


def _counted(opened: Opened, advice: Advice) -> Iterator[tuple[Kind, str]]:
    if opened.call.hook != "patient-view":
        yield Kind.ORDER, answered(opened.client, advice)
    else:
        yield Kind.ANSWER, answered(opened.client, advice)
        if advice.facts is not None and advice.facts.reports:
            yield Kind.REPORTED, "report"
    for rule in dict.fromkeys(advice.triggered):
        yield Kind.TRIGGERED, rule
    for rule in dict.fromkeys(each.matter.rule for each in advice.faded):
        yield Kind.FADED, rule


def answered(client: Client, advice: Advice) -> str:
    """What an answer is counted as: "cards", or why it is empty."""
    if advice.cards:
        return "silent-mode" if client.is_silent else "cards"
    return advice.silence or "nothing-found"


# --- from the store ---------------------------------------------------------------------------------------------


# Statements are put together once: that takes longer than to run them.


def _lines() -> Select[Any]:
    """For the lines of a patient."""
    card, line = tables.cards.c, tables.card_lines.c
    told = (
        card.uuid,
        card.patient,
        card.user,
        card.reports,
        card.issued_on,
        line.rule,
        line.level,
        line.facts,
    )
    return (
        select(*told)
        .join_from(tables.cards, tables.card_lines)
        .where(card.patient.in_(bindparam("patients", expanding=True)), card.client == bindparam("client"))
        .where(or_(card.is_silent.is_(False), card.is_silent == bindparam("is_silent")))
        .order_by(card.issued_on.desc(), card.issued_at.desc())
        .limit(_MOST)
    )


def _said() -> Select[Any]:
    """For what a client's clinicians did with cards."""
    said = tables.feedback.c
    told = (said.card, said.outcome, said.reason, said.received_on, said.outcome_at, said.received_at)
    cards = said.card.in_(bindparam("cards", expanding=True))
    return select(*told).where(cards, said.client == bindparam("client"))


_LINES, _SAID = _lines(), _said()


def _outcomes(connection: Connection, client: Client, cards: Sequence[str]) -> Mapping[str, Outcome]:
    """The newest outcome of each card, by the client's clock; by ours where that runs ahead."""
    rows = connection.execute(_SAID, {"cards": cards, "client": client.name}).all()
    rows = sorted(rows, key=lambda row: (min(row.outcome_at, row.received_at), row.received_at))
    return {row.card: Outcome(row.outcome == "overridden", row.reason, row.received_on) for row in rows}


def _remembered(
    row: RowMapping, mark: Callable[[str], bytes], users: set[bytes], outcome: Outcome | None
) -> Shown:
    return Shown(
        rule=row["rule"],
        level=row["level"],
        facts=_split(row["facts"]),
        reports=_split(row["reports"]),
        mark=mark,
        on=row["issued_on"],
        is_own=row["user"] in users,
        outcome=outcome,
    )


@lru_cache(maxsize=1024)  # many lines of one patient have the same
def _split(marks: bytes) -> frozenset[bytes]:
    size = pseudonyms.MARK
    return frozenset(marks[place : place + size] for place in range(0, len(marks), size))
