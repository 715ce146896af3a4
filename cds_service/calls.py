"""One hook call of one client: what the prefetch lacks is fetched, the core is asked, the client's own rules hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from cds_service import fetching, fhir_server, order_signing, searchsets
from cds_service.advise import Advice, Considered
from cds_service.clients import Client
from cds_service.errors import DataUnavailable
from cds_service.fading import Shown
from cds_service.fhir import MEDICATION_LISTS
from cds_service.fhir_server import MORE, OK, Limits, Outcome, Server
from cds_service.hooks import Card, HookRequest
from cds_service.limits import InProgress
from cds_service.network import Network
from cds_service.opened import Opened
from cds_service.turns import Pieces

if TYPE_CHECKING:
    from cds_service.memory import Memory

_NOT_ACCEPTED = "status-401"

CARRIERS = ("patient", "conditions", "observations", "encounters", "questionnaireResponses")
"""Prefetch keys that tell whether cramps were reported; the rest is of use only then."""


class Core(NamedTuple):
    """
    The pure core as it is set up for one client.

    *at_once* looks at the call only, *glance* at what reports cramps, *consider* at everything; *answer* words what was
    found, knowing what was shown before.
    """

    at_once: Callable[[HookRequest, date], Advice | None]
    glance: Callable[[HookRequest, date], Advice | None]
    consider: Callable[[HookRequest, date], Considered]
    answer: Callable[[Considered, Sequence[Shown] | None], Advice]


class Answer(NamedTuple):
    """The *advice* as a client is to see it, what was *fetched* for it, and whether the *past* could be asked for."""

    advice: Advice
    fetched: tuple[Outcome, ...] = ()
    knows_past: bool = True


@dataclass(frozen=True, slots=True)
class FhirAccess:
    """How this service may ask FHIR servers: *is_open* without a token too; *gated* only once a report is there."""

    network: Network
    queries: Mapping[str, str]
    limits: Limits
    is_open: bool = False
    is_gated: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """
    A client, and the core as it is set up for it; *memory* is None where nothing is remembered.

    *in_progress* counts its calls: one whose FHIR server hangs must not take the places of all the others.
    """

    client: Client
    core: Core
    access: FhirAccess
    in_progress: InProgress
    memory: "Memory | None" = None

    async def answer(self, call: HookRequest, today: date, pieces: Pieces) -> Answer:
        """
        Answer one call.

        Raises:
            RequestInvalid: If the prefetch is about another patient.
            DataUnavailable: If required data was not supplied and can't be fetched.
        """
        begun = partial(self._begun, call, today)
        # without draft orders there is nothing to read yet
        settled, call = begun() if call.draft_orders is None else await pieces.do("consider", begun)
        if settled is not None:
            return Answer(settled)
        server, why_not = self._server(call)
        if server is None:
            return await self._unfetched(call, why_not, today, pieces)
        began, seconds = perf_counter(), server.limits.seconds
        first: tuple[Outcome, ...] = ()
        if self._is_gated():
            # half of the time, so that a carrier that hangs does not cost the rest of the record
            carriers = [key for key in server.queries if key in CARRIERS]
            call, first = await _fetched(call, server, carriers, seconds / 2, pieces)
            if (silent := await self._glanced(call, today, pieces)) is not None:
                return Answer(silent, first)
        rest = [key for key in server.queries if key not in {each.key for each in first}]
        left = max(0.0, began + seconds - perf_counter())
        call, more = await _fetched(call, server, rest, left, pieces)
        return await self._advised(call, (*first, *more), today, pieces)

    async def opened(self, call: HookRequest, today: date, pieces: Pieces) -> Answer:
        """
        Answer a page that a user opened: it brings a token and nothing of the record.

        Anybody may send any token, so the patient is asked for first: who can't read it costs its server one question.

        Raises:
            DataUnavailable: If required data can't be fetched; in words that are good to be shown.
        """
        settled, server = self.core.at_once(call, today), self._server(call)[0]
        if settled is not None or server is None:
            return Answer(settled) if settled else await self.answer(call, today, pieces)
        call, first = await _fetched(call, server, ("patient",), server.limits.seconds / 2, pieces)
        try:
            if any(each.code != OK for each in first):
                raise DataUnavailable("", dict(call.fetched))
            answer = await self.answer(call, today, pieces)
        except DataUnavailable as error:
            raise DataUnavailable(_in_words(error.fetched or {}), error.fetched) from None
        return answer._replace(fetched=(*first, *answer.fetched))

    def keep(self, call: HookRequest, today: date, advice: Advice, issued: Sequence[Card]) -> None:
        """Remember the answer, where anything is remembered; *issued* are its cards with their uuids."""
        if self.memory is not None:
            self.memory.keep(Opened(self.client, call, today), advice, issued)

    def miss(self, call: HookRequest, today: date) -> None:
        """Remember that required data could not be had."""
        if self.memory is not None:
            self.memory.miss(Opened(self.client, call, today))

    def _begun(self, call: HookRequest, today: date) -> tuple[Advice | None, HookRequest]:
        """The answer that is certain at once; and the call with its draft orders as a list of the record."""
        settled = self.core.at_once(call, today)
        # what a draft order refers to is read with the medicines of the lists
        return settled, call if settled else order_signing.with_drafts(call)

    async def _glanced(self, call: HookRequest, today: date, pieces: Pieces) -> Advice | None:
        return await pieces.do("glance", lambda: self.core.glance(call, today))

    async def _advised(
        self, call: HookRequest, fetched: tuple[Outcome, ...], today: date, pieces: Pieces
    ) -> Answer:
        known = _without(self.client.queries, call)
        considered = await pieces.do("consider", lambda: self.core.consider(known, today))
        past: tuple[Shown, ...] | None = ()
        if considered.is_open and self.memory is not None:
            with pieces.watch.of("recall"):
                past = await self.memory.past(Opened(self.client, call, today))
        recalled = (past or ()) if self.memory else None
        advice = await pieces.do("word", lambda: self._worded(considered, recalled))
        return Answer(advice, fetched, past is not None)

    def _worded(self, considered: Considered, past: Sequence[Shown] | None) -> Advice:
        advice = self.core.answer(considered, past)
        cards = tuple(map(self._with_links, advice.cards))
        return advice if cards == advice.cards else replace(advice, cards=cards)

    def _is_gated(self) -> bool:
        return self.access.is_gated if self.client.is_gated is None else self.client.is_gated

    def _server(self, call: HookRequest) -> tuple[Server | None, str]:
        """The FHIR server to ask; else, in a word, why none may be asked."""
        if call.fhir_server is None:
            return None, "no-fhir-server"
        if call.access_token is None and not self.access.is_open:
            return None, "no-access-token"
        named = (base for base in self.client.fhir_bases if fhir_server.is_same(base, call.fhir_server))
        base = next(named, None)
        if base is None:
            return None, "fhir-server-not-listed"
        queries = fetching.queries(self.access.queries, self.client.queries)
        return Server(self.access.network, base, call.access_token, queries, self.access.limits), ""

    async def _unfetched(self, call: HookRequest, why_not: str, today: date, pieces: Pieces) -> Answer:
        """The advice on what was sent, and why nothing was fetched of what it lacks."""
        lacking = [key for key in self.access.queries if key not in call.prefetch]
        told = replace(call, fetched=dict.fromkeys(lacking, why_not))
        outcomes = tuple(Outcome(key, why_not) for key in lacking)
        if self._is_gated() and (silent := await self._glanced(told, today, pieces)) is not None:
            return Answer(silent, outcomes)
        return await self._advised(told, outcomes, today, pieces)

    def _with_links(self, card: Card) -> Card:
        kept = tuple(link for link in card.links if self.client.keeps_link(link.url))
        return card if len(kept) == len(card.links) else structs.replace(card, links=kept)


def _in_words(fetched: Mapping[str, str]) -> str:
    """Why there is no picture, for who opened it."""
    if fetched.get("patient") == _NOT_ACCEPTED or fetched.get("conditions") == _NOT_ACCEPTED:
        return (
            f"the FHIR server did not accept the token ({_NOT_ACCEPTED}): it may have expired; open the timeline again "
            "from the patient's chart"
        )
    failed = [key for key in fetched if fetched[key] not in (OK, MORE)]
    # one list of medicines alone may be missing
    lacking = [key for key in failed if key in ("patient", "conditions")]
    lacking = lacking or [key for key in failed if key in MEDICATION_LISTS]
    named = ", ".join(f"{key} ({fetched[key]})" for key in lacking) or "the record"
    return (
        f"the FHIR server did not give what nothing can be said without: {named}; "
        "open the timeline again, or ask whoever runs the service"
    )


async def _fetched(
    call: HookRequest, server: Server, keys: Sequence[str], seconds: float, pieces: Pieces
) -> tuple[HookRequest, tuple[Outcome, ...]]:
    """The call with what its FHIR server has under *keys*, which is work as if it had been sent along."""
    with pieces.watch.of("fetch"):
        call, outcomes = await fetching.complete(call, server, keys, seconds)
    pieces.grow(sum(each.bytes for each in outcomes))
    return call, outcomes


def _without(queries: Mapping[str, str | None], call: HookRequest) -> HookRequest:
    """
    The call with null for the lists that the client does not have.

    A missing list of medicines counts as none only beside the other one: without either, nothing is known of them.
    """
    absent = [key for key, query in queries.items() if query is None and key not in call.prefetch]
    if not absent:
        return call
    known = {key for key, value in call.prefetch.items() if searchsets.supply(value).is_known}
    empty = [key for key in absent if key not in MEDICATION_LISTS or known.intersection(MEDICATION_LISTS)]
    return replace(call, prefetch={**call.prefetch, **dict.fromkeys(empty)}) if empty else call
