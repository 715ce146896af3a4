"""Each of our queries tried on a FHIR server, and the one that works best there."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from cds_service import fetching
from cds_service.client_entries import TYPES
from cds_service.code_systems import LOINC, SNOMED
from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.fetching import MORE, STRAY
from cds_service.fhir import KEYS, MEDICATION_LISTS, gather
from cds_service.fhir import WITHHELD as WITHHELD_CODES
from cds_service.fhir_server import OK, Outcome, Server
from cds_service.hooks import HookRequest
from cds_service.inventory import Fate, Line, inventory
from cds_service.medicine_reads import MEDICATIONS
from cds_service.normalise import patient_record
from cds_service.recognition import Reading
from cds_service.record import PatientRecord
from cds_service.resources import Resource
from cds_service.salvage import PrefetchValue

WITHHELD = "withheld"
"""In place of a list there was only the word that something is not shown to us."""

_TRIES = 3  # of the query that was chosen, for its median
_WHOLE_LIST = 1000  # where the pages after the first can't be reached; Epic and Medplum give that many
_PATIENT = f"patient={fetching.PATIENT}"
_LOINC_CODE = re.compile(r"\d{1,7}-\d")
_CATEGORIES = {
    "conditions": "problem-list-item,encounter-diagnosis,health-concern",
    "labs": "laboratory",
    "glucose": "laboratory",
    "observations": "vital-signs,survey,social-history",
}
# Lists of which a server may give a part only, without a word: tried in another way even when the first one answers.
_MAY_BE_SHORT = frozenset(_CATEGORIES)
_NOT_WORTH_A_CHANGE = frozenset({"status-401", "timeout", "connection", "name", "tls", "address-refused"})
_MEDICATION = re.compile(r"(?:.*/)?Medication/([^/]+)(?:/_history/[^/]+)?")


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
        """What came of it: "ok", or the first other code."""
        return next((each for each in self.codes if each != OK), OK)

    @property
    def works(self) -> bool:
        """Whether the list can be had, were it with an end that we cut off."""
        return self.code in (OK, MORE)

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

    def values(self) -> Iterator[PrefetchValue]:
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
            outcomes.append(_judged(became[0], filled))
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

    async def _refined(self, best: Trial) -> Trial:
        """The best one with each parameter that is understood; with longer pages where the next can't be reached."""
        if best.answers and not best.is_as_asked:
            for more in _put_back(best):
                trial = await self.tried(best.key, more(best.query))
                if trial.is_as_asked and _rank(trial) >= _rank(best):
                    best = trial
        if best.code == STRAY:
            longer = await self.tried(best.key, _with(best.query, "_count", str(_WHOLE_LIST)))
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


def resources(value: PrefetchValue) -> Iterator[Resource]:
    """What a value holds: the entries of a list, or itself."""
    if value.resource_type != "Bundle":
        yield value
    for entry in value.entry or ():
        if entry.resource is not None:
            yield entry.resource


# --- what an answer is worth ------------------------------------------------------------------------------------


def _rank(trial: Trial) -> tuple[bool, int, bool]:
    """Anything before nothing, then what finds more, then what comes whole."""
    return trial.answers, trial.usable, trial.code == OK


def _judged(outcome: Outcome, filled: HookRequest) -> Outcome:
    """A good answer that the service will count as none is a failed one."""
    value = filled.prefetch.get(outcome.key)
    if outcome.code != OK or value is None or value.resource_type != "Bundle":
        return outcome
    held = list(resources(value))
    if (
        held
        and all(each.resource_type == "OperationOutcome" for each in held)
        and _is_failed(outcome, filled)
    ):
        return replace(outcome, code=WITHHELD)
    return outcome


def _is_failed(outcome: Outcome, filled: HookRequest) -> bool:
    try:
        alone = replace(_readable(filled), prefetch={**_NOTHING, outcome.key: filled.prefetch[outcome.key]})
        return not gather(alone).supply[outcome.key].is_known
    except DataUnavailable:
        return True


_NOTHING: Mapping[str, PrefetchValue | None] = {
    **dict.fromkeys(KEYS),
    "patient": PrefetchValue(resource_type="Patient"),
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
        if value is not None and any(each.resource_type != "OperationOutcome" for each in resources(value))
    }
    return replace(request, prefetch={**_NOTHING, **held})


# --- other queries ----------------------------------------------------------------------------------------------


def _others(key: str, query: str, tried: Sequence[Trial]) -> Iterator[str]:
    """
    Further queries for a key, as long as one is worth trying; *tried* grows meanwhile.

    First the plainer forms, where the server refused without saying why; then other ways to ask.
    """
    plainer = list(fetching.ways(query))[1:] if tried[0].is_as_asked else []
    yield from (each for each in plainer if not any(trial.answers for trial in tried))
    for other in _alternatives(key, query):
        if key in _MAY_BE_SHORT or not any(each.usable for each in tried):
            yield other


def _alternatives(key: str, query: str) -> Iterator[str]:
    if "&code=" in query and "|" not in query:
        yield re.sub(r"(?<=&code=)[^&]*", lambda codes: _with_systems(codes[0]), query)
    if key in _CATEGORIES and "category=" not in query:
        without_codes = re.sub(r"&code=[^&]*", "", query)
        whole = _with(without_codes, "_count", "500") if without_codes != query else query
        yield whole.replace(_PATIENT, f"{_PATIENT}&category={_CATEGORIES[key]}", 1)
    if key == "medicationRequests" and "intent=" not in query:
        yield query.replace(_PATIENT, f"{_PATIENT}&intent=order,plan", 1)
    if key == "serviceRequests" and "&status=" in query:
        yield re.sub(r"&status=[^&]*", "", query)


def _with_systems(codes: str) -> str:
    return ",".join(_with_system(code) for code in codes.split(","))


def _with_system(code: str) -> str:
    """A code with its system where the form tells it; a site's own codes stay as they are."""
    if _LOINC_CODE.fullmatch(code):
        return f"{LOINC}|{code}"
    return f"{SNOMED}|{code}" if code.isdecimal() else code


def _with(query: str, name: str, value: str) -> str:
    """The query with a parameter set."""
    changed = re.sub(rf"(?<=[?&]){name}=[^&]*", f"{name}={value}", query)
    return changed if f"{name}={value}" in changed else f"{query}&{name}={value}"


@dataclass(frozen=True, slots=True)
class _PutBack:
    """Puts one parameter back where it stood in the query that the server did not understand as a whole."""

    asked: tuple[str, ...]
    parameter: str

    def __call__(self, query: str) -> str:
        path, _, rest = query.partition("?")
        kept = {*rest.split("&"), self.parameter}
        return f"{path}?{'&'.join(each for each in self.asked if each in kept)}"


def _put_back(trial: Trial) -> Iterator[_PutBack]:
    asked = tuple(trial.asked.partition("?")[2].split("&"))
    kept = trial.query.partition("?")[2].split("&")
    return (_PutBack(asked, each) for each in asked if each not in kept)


# --- what is to be told of an answer ------------------------------------------------------------------------------


def newest_first(trial: Trial) -> bool | None:
    """Whether dates really descend; None when it was not asked for, or there is too little to tell."""
    if "_sort=-" not in trial.query or not trial.answers:
        return None
    told = [_days(value, trial.key) for value in trial.values()]
    if not any(len(set(days)) > 1 for days in told):
        return None
    return all(later[: len(one)] >= one[: len(later)] for days in told for later, one in pairwise(days))


def _days(value: PrefetchValue, key: str) -> list[str]:
    held = [each for each in resources(value) if each.resource_type == TYPES[key]]
    return [day for each in held if (day := _day(each))]


def _day(resource: Resource) -> str:
    """The day that our queries sort by, as far as it is written."""
    period = resource.effective_period
    started = period.start if period else None
    written = (
        resource.authored_on
        or resource.effective_date_time
        or resource.effective_instant
        or resource.authored
        or started
    )
    return (written or "")[:10]


def page_size(trial: Trial) -> tuple[bool | None, int]:
    """Whether `_count` is honoured, and the entries of a page; None as long as all fits on one page."""
    asked = re.search(r"[?&]_count=(\d+)", trial.query)
    if asked is None or not trial.answers:
        return None, 0
    count, kind = int(asked[1]), TYPES[trial.key]
    most = max(sum(each.resource_type == kind for each in resources(value)) for value in trial.values())
    if trial.pages < 2:
        return (False if most > count else None), most
    return count * (trial.pages - 1) < most <= count * trial.pages, -(-most // trial.pages)


def stays_on_base(trial: Trial) -> bool | None:
    """Whether a list goes on below the base; None when it did not go on."""
    return False if trial.code == STRAY else True if trial.pages > 1 else None


def withheld(trial: Trial) -> int:
    """How many times the server says that something is not shown to us."""
    return sum(count for code, count in issues(trial).items() if code in WITHHELD_CODES)


def issues(trial: Trial) -> Counter[str]:
    """What the server says beside the entries: codes of OperationOutcome issues that are more than information."""
    outcomes = (
        each for value in trial.values() for each in resources(value) if value.resource_type == "Bundle"
    )
    told = (issue for each in outcomes for issue in each.issue or ())
    return Counter(
        issue.code or "" for issue in told if issue.severity != "information" or issue.code in WITHHELD_CODES
    )


def medicines(trial: Trial) -> Mapping[str, int]:
    """How medicines that are referred to can be had: by `included`, `read`, or `missing`."""
    counted = Counter(included=0, read=0, missing=0)
    if trial.key not in MEDICATION_LISTS:
        return counted
    for request in trial.found:
        came = {key: _ids(request.prefetch.get(key)) for key in (trial.key, MEDICATIONS)}
        value = request.prefetch.get(trial.key)
        for name in _referred_to(value) if value else ():
            way = (
                "included" if name in came[trial.key] else "read" if name in came[MEDICATIONS] else "missing"
            )
            counted[way] += 1
    return counted


def _ids(value: PrefetchValue | None) -> set[str | None]:
    held = resources(value) if value else iter(())
    return {each.id for each in held if each.resource_type == "Medication"}


def _referred_to(value: PrefetchValue) -> set[str]:
    named = (
        each.medication_reference or (each.medication.reference if each.medication else None)
        for each in resources(value)
    )
    found = (_MEDICATION.fullmatch(each.reference or "") for each in named if each)
    return {each[1] for each in found if each}
