"""Each of our queries tried on a FHIR server, and the one that works best there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from cds_service import fetching
from cds_service.client_entries import TYPES
from cds_service.code_systems import LOINC, canonical
from cds_service.connecting.other_queries import (
    CATEGORIES,
    alternatives,
    codes_of,
    form,
    left_out,
    on_one_page,
    put_back,
)
from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.fetching import PARTLY_WITHHELD, STRAY
from cds_service.fhir import KEYS, gather
from cds_service.fhir_server import MORE, OK, Outcome, Server
from cds_service.hooks import HookRequest
from cds_service.inventory import Fate, Line, inventory
from cds_service.normalise import patient_record
from cds_service.recognition import Reading
from cds_service.record import PatientRecord
from cds_service.resources import Bundle, OperationOutcome, Patient, Resource

"""In place of a list there was only the word that something is not shown to us."""

_FROM_BAD = {STRAY: 1, PARTLY_WITHHELD: 2, MORE: 3, OK: 4}  # everything else is worse
_TRIES = 3  # of the query that was chosen, for its median
# Lists of which a server may give a part only, without a word: tried in another way even when the first one answers.
_MAY_BESHORT = frozenset(CATEGORIES)
_NOT_WORTH_A_CHANGE = frozenset({"status-401", "timeout", "connection", "name", "tls", "address-refused"})


@dataclass(frozen=True, slots=True)
class Trial:
    """
    One query, tried with each test patient in turn.

    *asked* is the template, *query* the plainer one that was understood in the end, if another. *codes* tell what came
    of it, one a patient; *usable* counts entries that a rule may read. Counts are sums over the patients, *pages* the
    most of one, *milliseconds* those of the first. *found* holds what came, one request a patient.
    """

    key: str
    asked: str
    query: str
    codes: tuple[str, ...]
    milliseconds: float
    requests: int
    pages: int
    entries: int
    bytes: int
    usable: int
    found: tuple[HookRequest, ...] = field(repr=False)

    @property
    def code(self) -> str:
        """What came of it with the patient for whom it went worst."""
        return min(self.codes, key=lambda each: _FROM_BAD.get(each, 0))

    @property
    def works(self) -> bool:
        """Whether the list can be had, were it with an end that we cut off."""
        return self.code in (OK, MORE, PARTLY_WITHHELD)

    @property
    def answers(self) -> bool:
        """Whether at least a first page came."""
        return self.works or self.code == STRAY

    @property
    def is_as_asked(self) -> bool:
        """Whether the server understood the query without plainer forms."""
        return self.asked == self.query

    def matches(self) -> int:
        """How many entries are what was asked for, without what came along."""
        held = (each for value in self.values() for each in resources(value))
        return sum(each.resource_type == TYPES[self.key] for each in held)

    def loinc(self) -> set[str]:
        """The LOINC codes that came."""
        held = (each.code for value in self.values() for each in resources(value) if each.code)
        codings = (coding for concept in held for coding in concept.coding or ())
        return {each.code for each in codings if each.code and canonical(each.system or "") == LOINC}

    def values(self) -> Iterator[Resource]:
        """What came, a value a patient."""
        for request in self.found:
            value = request.prefetch.get(self.key)
            if value is not None:
                yield value


@dataclass(frozen=True, slots=True)
class Choice:
    """What was found out about one key: the *best* of the trials, the median time of that query."""

    key: str
    default: str
    tried: tuple[Trial, ...]
    best: Trial
    milliseconds: float

    @property
    def usual(self) -> Trial:
        """The trial of our own query."""
        return self.tried[0]

    @property
    def codes_are_ignored(self) -> bool:
        """Whether our own query finds nothing, and another one results with the very codes that we asked for."""
        if not self.usual.answers or self.usual.usable or not self.best.usable:
            return False
        return not codes_of(self.default).isdisjoint(self.best.loinc())


@dataclass(frozen=True, slots=True)
class Bench:
    """Where queries are tried: the server, the test patients, the time for one query, how entries are read."""

    server: Server
    patients: tuple[str, ...]
    seconds: float
    reading: Reading

    async def tried(self, key: str, query: str) -> Trial:
        """Ask for one list, as the service would."""
        server = replace(self.server, queries={key: query})
        found: list[HookRequest] = []
        outcomes: list[Outcome] = []
        for patient in self.patients:
            filled, became = await fetching.complete(call_about(patient), server, [key], self.seconds)
            found.append(filled)
            outcomes.append(became[0])
        return Trial(
            key,
            query,
            outcomes[0].query,
            tuple(each.code for each in outcomes),
            outcomes[0].milliseconds,
            sum(each.requests for each in outcomes),
            max(each.pages for each in outcomes),
            sum(each.entries for each in outcomes),
            sum(each.bytes for each in outcomes),
            sum(_usable(key, each, self.reading) for each in found),
            tuple(found),
        )

    async def choose(self, key: str, query: str) -> Choice:
        """The query that works best for a key, ours where no other finds more."""
        tried = [await self.tried(key, query)]
        if tried[0].code not in _NOT_WORTH_A_CHANGE:
            for other in _others(key, query, tried):
                tried.append(await self.tried(key, other))  # noqa: PERF401 - what comes next depends on it
        best = await self._refined(max(tried, key=_rank))
        return Choice(key, query, tuple(tried), best, await self._median(best))

    async def asked_like(self, choice: Choice, way: str) -> Choice:
        """The same key by another form of query, if that was answered as well and found no less."""
        like = (
            each for each in choice.tried if form(each.query) == way and _rank(each) >= _rank(choice.best)
        )
        other = next(like, None)
        if other is None:
            return choice
        best = await self._refined(other)
        return replace(choice, best=best, milliseconds=await self._median(best))

    async def _refined(self, best: Trial) -> Trial:
        """The best one with each parameter that is understood; with longer pages where the next can't be reached."""
        if best.answers and not best.is_as_asked:
            asked = best.asked
            for parameter in left_out(asked, best.query):
                trial = await self.tried(best.key, put_back(parameter, asked, best.query))
                if trial.is_as_asked and _rank(trial) >= _rank(best):
                    best = trial
        if best.code == STRAY:
            longer = await self.tried(best.key, on_one_page(best.query))
            return max(best, longer, key=_rank)
        return best

    async def _median(self, best: Trial) -> float:
        if not best.answers:
            return best.milliseconds
        once = replace(self, patients=self.patients[:1])
        more = [await once.tried(best.key, best.query) for _ in range(_TRIES - 1)]
        return median(each.milliseconds for each in (best, *more))

    def record(self, request: HookRequest) -> tuple[PatientRecord, tuple[Line, ...]]:
        """What the entries of a request say, and what each is good for; lists that failed count as empty here."""
        return _record(request, self.reading)


def call_about(patient: str) -> HookRequest:
    """A call for that patient without any prefetch."""
    return HookRequest("", "Practitioner/legcramps-doctor", patient, None, None, {})


def resources(value: Resource) -> Iterator[Resource]:
    """What a value holds: the entries of a list, or itself."""
    if not isinstance(value, Bundle):
        yield value
        return
    for entry in value.entry or ():
        if entry.resource is not None:
            yield entry.resource


# --- what an answer is worth ------------------------------------------------------------------------------------


def _rank(trial: Trial) -> tuple[bool, int, bool]:
    """Anything before nothing, then what finds more, then what comes whole."""
    return trial.answers, trial.usable, trial.code == OK


_NOTHING: Mapping[str, Resource | None] = {
    **dict.fromkeys(KEYS),
    "patient": Patient(),
}


def _usable(key: str, request: HookRequest, reading: Reading) -> int:
    value = request.prefetch.get(key)
    if value is None:
        return 0
    if TYPES[key] == "Observation":
        return sum(_is_of(key, line, reading) for line in _record(request, reading)[1])
    held = (each for each in resources(value) if each.resource_type == TYPES[key])
    return sum(key != "serviceRequests" or each.status == "active" for each in held)


def _is_of(key: str, line: Line, reading: Reading) -> bool:
    """Whether a rule reads this result, and would look for it under this key."""
    groups = {reading.analytes[name].group for name in line.value_sets if name in reading.analytes}
    return line.fate is Fate.USED and key in (groups or {"observations"})


def _record(request: HookRequest, reading: Reading) -> tuple[PatientRecord, tuple[Line, ...]]:
    try:
        record = patient_record(gather(_readable(request)))
    except (RequestInvalid, DataUnavailable):
        record = patient_record(gather(replace(request, prefetch=_NOTHING)))
    return record, inventory(record, reading)


def _readable(request: HookRequest) -> HookRequest:
    """The request with nothing for what failed, so that the rest can be looked at."""
    held = {
        key: value
        for key, value in request.prefetch.items()
        if value is not None and any(not isinstance(each, OperationOutcome) for each in resources(value))
    }
    return replace(request, prefetch={**_NOTHING, **held})


# --- which queries are worth a trial ------------------------------------------------------------------------------


def _others(key: str, query: str, tried: Sequence[Trial]) -> Iterator[str]:
    """
    Further queries for a key, as long as one is worth trying; *tried* grows meanwhile.

    First all on one page, where the next one can't be reached; plainer forms, where the server refused without saying
    why; then other ways to ask.
    """
    if tried[0].code == STRAY:
        yield on_one_page(query)
    plainer = list(fetching.ways(query))[1:] if tried[0].is_as_asked else []
    yield from (each for each in plainer if not any(trial.answers for trial in tried))
    for other in alternatives(key, query):
        if key in _MAY_BESHORT or not any(each.usable for each in tried):
            yield other
