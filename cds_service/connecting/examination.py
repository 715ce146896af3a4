"""One FHIR server examined: what it declares, which queries work there, what comes, and how long it takes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter

from cds_service import fetching
from cds_service.calls import CARRIERS
from cds_service.client_entries import NONE, TYPES
from cds_service.connecting import capability, tally
from cds_service.connecting.capability import Capability
from cds_service.connecting.other_queries import form
from cds_service.connecting.tally import Tally
from cds_service.connecting.trials import Bench, Choice, call_about, resources
from cds_service.errors import Unreachable
from cds_service.fetching import STRAY
from cds_service.fhir import MEDICATION_LISTS
from cds_service.fhir_server import Limits, Outcome, Server
from cds_service.hooks import HookRequest
from cds_service.network import Network
from cds_service.prefetch import LAB_KEYS
from cds_service.recognition import Reading
from cds_service.resources import Resource

# A slow server is to be told from one that does not answer: so many times longer than the service would wait.
_PATIENCE = 5
_NOT_THERE = frozenset({"status-404", "status-410"})
# said of a type that is unknown too, and of much else: it counts when the type is not declared either
_MAYBE_NOT_THERE = _NOT_THERE | {"status-400", "status-405", "status-422", "status-501"}
_CLOSED = "status-403"
# Lists that a FHIR server may not have at all; that there is none is then true of every patient.
_MAY_BE_ABSENT = (*MEDICATION_LISTS, "serviceRequests", "encounters", "questionnaireResponses")

OWN = "own"  # our own query works
OTHER = "other"  # another one does
ABSENT = "none"  # there is no such list on this server
CUT = "cut"  # it goes on where we can't follow
FAILS = "fails"


@dataclass(frozen=True, slots=True)
class Whole:
    """All that one call fetches, of the slowest test patient; *seconds* of everything at once."""

    seconds: float
    requests: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Examination:
    """
    What was found out.

    *choices* and *states* are by prefetch key. *full* is what a call without prefetch takes; *gated* what it takes
    where there is no report, *twice* where there is one and the rest is fetched after it. *limits* are those that the
    service keeps.
    """

    base: str
    capability: Capability | None
    choices: tuple[Choice, ...]
    states: Mapping[str, str]
    full: Whole
    gated: Whole
    twice: Whole
    tally: Tally
    limits: Limits

    @property
    def is_enough(self) -> bool:
        """Whether everything that we ask for can be had, or is certainly not there."""
        return not {FAILS, CUT}.intersection(self.states.values())

    def queries(self) -> dict[str, str]:
        """What a profile has to say: the queries that are not our own, `none` for lists that are not there."""
        found = {}
        for choice in self.choices:
            state = self.states[choice.key]
            if state == ABSENT:
                found[choice.key] = NONE
            elif choice.best.answers and choice.best.query != choice.default:
                found[choice.key] = choice.best.query
        return found


@dataclass(frozen=True, slots=True)
class Question:
    """Which server to ask about which test patients, with what token, for which templates by prefetch key."""

    base: str
    patients: tuple[str, ...]
    token: str | None = field(repr=False)
    queries: Mapping[str, str]
    limits: Limits


async def examine(question: Question, network: Network, reading: Reading) -> Examination:
    """
    Ask for everything, one after the other; then all at once, as the service does.

    Raises:
        ValueError: With one line for a person, when the server can't be asked at all.
    """
    asked = fetching.queries(question.queries, {})
    server = Server(network, question.base, question.token, asked, question.limits)
    bench = Bench(server, question.patients, question.limits.seconds * _PATIENCE, reading)
    known = await _capability(server, bench.seconds)
    person = await bench.choose("patient", asked["patient"])
    _check_first_contact(person, server, known)
    others = [await bench.choose(key, query) for key, query in asked.items() if key != "patient"]
    choices = (person, *await _consistent(bench, others))
    states = _states(choices, known)
    best = {each.key: each.best.query for each in choices if states[each.key] != ABSENT}
    bench = replace(bench, server=replace(server, queries=best))
    full, gated, twice, found = await _everything(bench)
    seen = tally.tally((bench.record(each) for each in found), _laboratory(choices), reading)
    return Examination(question.base, known, choices, states, full, gated, twice, seen, question.limits)


async def _consistent(bench: Bench, choices: list[Choice]) -> list[Choice]:
    """
    The choices; where one list of results shows that our codes are not understood as they are, all of them.

    A test patient may have nothing in the other lists to show it by.
    """
    of_results = [each for each in choices if each.key in LAB_KEYS]
    ways = (form(each.best.query) for each in of_results if each.codes_are_ignored)
    way = next(ways, None)
    if way is None:
        return choices
    silent = [each.key for each in of_results if not each.best.usable and form(each.best.query) == "code"]
    return [await bench.asked_like(each, way) if each.key in silent else each for each in choices]


def _laboratory(choices: tuple[Choice, ...]) -> list[Resource]:
    """All laboratory results that came when asked for by category."""
    tried = (trial for choice in choices if choice.key == "labs" for trial in choice.tried)
    whole = next((trial for trial in tried if "category=laboratory" in trial.query), None)
    return [each for value in (whole.values() if whole else ()) for each in resources(value) if each.code]


async def _capability(server: Server, seconds: float) -> Capability | None:
    """
    What the server declares; None when it does not say.

    Raises:
        ValueError: When nothing answers, or what is there is no FHIR that we read.
    """
    try:
        async with asyncio.timeout(seconds):
            body = await server.ask(f"{server.base}/metadata", server.limits.bytes)
    except Unreachable as fault:
        if fault.code in _NO_CONTACT:
            raise ValueError(f"{server.base}: {_NO_CONTACT[fault.code]}") from None
        return None
    except TimeoutError:
        raise ValueError(f"{server.base}: {_NO_CONTACT['timeout']}") from None
    found = capability.read(body)
    if found is not None and not found.is_supported:
        raise ValueError(
            f"{server.base}: speaks FHIR {found.fhir_version}; needed is {' or '.join(capability.SUPPORTED)} (R4, R4B)"
        )
    return found


_NO_CONTACT = {
    "address-refused": "its address is private or reserved; set LEGCRAMPS_PRIVATE_NETWORKS to its network, such as "
    "10.20.0.0/16",
    "name": "its name is not known here; check the address and the name server",
    "connection": "nothing answers there; check host, port and firewall",
    "tls-untrusted": "its certificate is signed by nobody we know; set LEGCRAMPS_CA_FILE to the authority that did",
    "tls-name": "its certificate is for another name; ask it by the name in the certificate",
    "tls-expired": "its certificate is not valid today; have it renewed, or check the clock here",
    "tls": "does not speak TLS as expected; check port and https",
    "timeout": "gives no answer in time; check the firewall, or set LEGCRAMPS_FETCH_SECONDS higher",
    "protocol": "what answers there does not speak HTTP as expected; check port and https",
    "address": "is no address that can be asked; check it",
}
_NO_PATIENT = {
    "patient-id": "a --patient is no id; write the bare one, as in Patient/ID",
    "not-fhir": "answers with something else than FHIR JSON, perhaps a login page; check the address",
    "wrong-type": "answers with something else than a Patient; check the address",
}


def _check_first_contact(person: Choice, server: Server, known: Capability | None) -> None:
    """
    Make sure that each patient can be seen: nothing else is worth trying before.

    Raises:
        ValueError: With what to do about it.
    """
    for place, code in enumerate(person.best.codes, 1):
        told = _NO_CONTACT.get(code) or _NO_PATIENT.get(code) or _by_status(code, place, server, known)
        if told:
            raise ValueError(f"{server.base}: {told}")


def _by_status(code: str, place: int, server: Server, known: Capability | None) -> str:
    if code == "status-401":
        if server.token is None:
            return "wants a token (401); give one with --token-file"
        return "does not accept the token (401); get a new one, for this very server"
    if code in _NOT_THERE:
        where = "" if known else ", and no CapabilityStatement either: check the address"
        return (
            f"has no patient with the id of --patient number {place} ({code.removeprefix('status-')}){where}"
        )
    if code.startswith("status-3"):
        return (
            f"redirects ({code.removeprefix('status-')}), which is not followed; give the address it leads to"
        )
    return ""


# --- what each list amounts to ------------------------------------------------------------------------------------


def _states(choices: tuple[Choice, ...], known: Capability | None) -> dict[str, str]:
    states = {each.key: _state(each) for each in choices}
    absent = {each.key for each in choices if states[each.key] == FAILS and _is_absent(each, known)}
    if not any(states.get(key) not in (FAILS, None) for key in MEDICATION_LISTS):
        absent -= set(MEDICATION_LISTS)  # without either nothing would be known of medicines
    return {**states, **dict.fromkeys(absent, ABSENT)}


def _state(choice: Choice) -> str:
    if not choice.best.answers:
        return FAILS
    if choice.best.code == STRAY:
        return CUT
    return OWN if choice.best.query == choice.default else OTHER


def _is_absent(choice: Choice, known: Capability | None) -> bool:
    """
    Whether there is no such list on this server.

    What is declared and not found, or closed to us, may be there for others. Of medicines it is enough: the other list
    holds them too.
    """
    if choice.key not in _MAY_BE_ABSENT:
        return False
    codes, of_medicines = set(choice.usual.codes), choice.key in MEDICATION_LISTS
    if known is None or not known.lacks(TYPES[choice.key]):
        return codes <= _NOT_THERE and (known is None or of_medicines)
    return codes <= (_MAYBE_NOT_THERE | {_CLOSED} if of_medicines else _MAYBE_NOT_THERE)


# --- all of it at once --------------------------------------------------------------------------------------------


async def _everything(bench: Bench) -> tuple[Whole, Whole, Whole, tuple[HookRequest, ...]]:
    """In full, and in the two steps of the gated variant; and what came."""
    keys = tuple(bench.server.queries)
    carriers = tuple(key for key in CARRIERS if key in keys)
    rest = tuple(key for key in keys if key not in carriers)
    full: list[Whole] = []
    first: list[Whole] = []
    both: list[Whole] = []
    found = []
    for patient in bench.patients:
        whole, request = await _timed(bench, call_about(patient), keys)
        one, some = await _timed(bench, call_about(patient), carriers)
        two, _ = await _timed(bench, some, rest)
        full.append(whole)
        first.append(one)
        both.append(Whole(one.seconds + two.seconds, one.requests + two.requests, one.bytes + two.bytes))
        found.append(request)
    return _slowest(full), _slowest(first), _slowest(both), tuple(found)


async def _timed(bench: Bench, request: HookRequest, keys: tuple[str, ...]) -> tuple[Whole, HookRequest]:
    began = perf_counter()
    filled, outcomes = await fetching.complete(request, bench.server, keys, bench.seconds)
    return _whole(perf_counter() - began, outcomes), filled


def _whole(seconds: float, outcomes: tuple[Outcome, ...]) -> Whole:
    return Whole(seconds, sum(each.requests for each in outcomes), sum(each.bytes for each in outcomes))


def _slowest(all_of_them: list[Whole]) -> Whole:
    return max(all_of_them, key=lambda each: each.seconds)
