"""What the prefetch lacks, asked of the FHIR server: in parallel, page by page, within one time budget."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TypeVar

from msgspec import structs

from cds_service import salvage, searchsets
from cds_service.errors import Unreachable
from cds_service.fhir import MEDICATION_LISTS, is_of_another
from cds_service.fhir_server import MORE, OK, Asker, Outcome, Server, within
from cds_service.hooks import HookRequest
from cds_service.medicine_reads import Reads
from cds_service.record import Supply, Unread
from cds_service.resources import Bundle, BundleLink, Entry, OperationOutcome, Patient, Resource

_Given = TypeVar("_Given")

PATIENT = "{{context.patientId}}"
WITHHELD = "withheld"
PARTLY_WITHHELD = "partly-withheld"
ANOTHER = "another-patient"
STRAY = "stray-next"
"""A list goes on behind a link to another server, or to a page that was asked for already."""

_SEARCHSET = (b"", b"null", b'"searchset"')
# commas in one answer: 2,500 whole resources have some 100,000, and what is made to hurt has one every other byte
_MOST_PARTS = 400_000
# Bytes of an answer that is not read on the event loop; one thread, as more would only take turns with each other
_LARGE = 40 * 1024
_THREAD = ThreadPoolExecutor(1, "fetched")
_MOST_HALVES = 50_000  # of characters beyond the first plane
_NOT_UNDERSTOOD = frozenset({"status-400", "status-422", "status-501"})
_INCLUDES = {
    "medicationStatements": "&_include=MedicationStatement:medication",
    "medicationRequests": "&_include=MedicationRequest:medication",
}
# parameters without which a list only gets longer: control, dates, and the status, which we check ourselves; never
# `_id` or `_has`, which say whose it is
_DISPENSABLE = (
    *("_include", "_revinclude", "_sort", "_count", "_total", "_summary", "_elements"),
    *("date=", "authoredon=", "effective=", "recorded-date=", "onset-date=", "authored=", "status="),
)
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9._-]{1,128}")  # nothing that a URL would read as more than a name
_NEXT = (BundleLink(relation="next"),)
# An answer may be good and say itself that it isn't all.
_NOT_ALL = {Supply.FAILED: WITHHELD, Supply.WITHHELD: PARTLY_WITHHELD, Supply.PAGED: MORE}


def queries(offered: Mapping[str, str], own: Mapping[str, str | None]) -> dict[str, str]:
    """
    The templates to ask by: those of discovery, medicines with what they refer to; a site's *own* as written.

    None among its own stands for a list that it does not have.
    """
    asked = {**{key: query + _INCLUDES.get(key, "") for key, query in offered.items()}, **own}
    return {key: query for key, query in asked.items() if query is not None}


async def complete(
    request: HookRequest, server: Server, keys: Iterable[str], seconds: float
) -> tuple[HookRequest, tuple[Outcome, ...]]:
    """
    The request with what its prefetch lacks of *keys*, and what became of each that was asked for.

    A key that was sent stays as it is, null and failed too; but a list that goes on behind a `next` link is followed.
    What fails is put in as a failed search. When the *seconds* are over, what has come so far is kept.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    wanted = tuple(keys)
    lists = [each for key in wanted if (each := _list(key, request, server, deadline)) is not None]
    medicines = [each for each in lists if each.key in MEDICATION_LISTS]
    reads = Reads(server, deadline)

    async def with_medicines() -> None:
        # as soon as their lists are there: another list that hangs must not cost the names of the medicines
        await _all(each.fetch() for each in medicines)
        await _all(reads.of(_with(request, medicines)))

    others = (each.fetch() for each in lists if each not in medicines)
    has_medicines = not set(wanted).isdisjoint(MEDICATION_LISTS)
    with suppress(TimeoutError):
        async with asyncio.timeout_at(deadline):
            await _all((*others, with_medicines()) if has_medicines else others)
    return reads.added_to(_with(request, lists)), (*(each.outcome() for each in lists), *reads.outcome())


async def _all(work: Iterable[Coroutine[None, None, None]]) -> None:
    """Do all of it at once."""
    async with asyncio.TaskGroup() as group:
        for each in work:
            group.create_task(each)


def _with(request: HookRequest, lists: Sequence["_List"]) -> HookRequest:
    """The request with what has come of the lists."""
    return replace(
        request,
        prefetch={**request.prefetch, **{each.key: each.value() for each in lists}},
        unread=(*request.unread, *(lost for each in lists for lost in each.unread)),
        fetched={**request.fetched, **{each.key: each.code for each in lists}},
        unsorted=request.unsorted.union(each.key for each in lists if each.goes_on_unsorted()),
    )


class _List:
    """One key being fetched; what has come so far stays when time runs out."""

    def __init__(self, key: str, patient_id: str, server: Server, deadline: float) -> None:
        self.key = key
        self.code = "timeout"  # until we know better
        self.unread: list[Unread] = []
        self._patient_id = patient_id
        self._server = server
        self._asker = Asker(server, deadline, server.limits.bytes)
        self._query = server.queries[key]
        self._value: Resource | None = None
        self._entries: list[Entry] = []
        self._next: str | None = None
        self._goes_on = ""  # why not all of it is here
        self._is_sorted = True
        self._pages = 0
        self._milliseconds = 0.0

    async def fetch(self) -> None:
        """Ask page by page; never raises but for cancellation."""
        began = perf_counter()
        try:
            if not self._pages:
                await self._first()
            while self._next and self._may_go_on():
                await self._page(self._next)
            self.code = self._goes_on or _NOT_ALL.get(searchsets.supply(self.value()), OK)
        except Unreachable as fault:
            self.code = fault.code
            if fault.code == ANOTHER:
                self._value = None  # what came before is not to be believed either
        finally:
            self._milliseconds = (perf_counter() - began) * 1000

    async def _first(self) -> None:
        """The first page; asked more plainly when the server does not understand us."""
        if not _ID.fullmatch(self._patient_id):
            raise Unreachable("patient-id")
        forms = tuple(ways(self._query))
        for way in forms:
            self._query = way
            try:
                await self._page(self._url(way))
            except Unreachable as fault:
                if fault.code not in _NOT_UNDERSTOOD or way == forms[-1]:
                    raise
            else:
                self._is_sorted = "_sort=" in way
                return

    def _url(self, query: str) -> str:
        return f"{self._server.base}/{query.replace(PATIENT, self._patient_id)}"

    async def _page(self, url: str) -> None:
        body = await self._asker.ask(url)
        # before it is read: nothing that is read can be given up half-way
        if _is_made_to_hurt(body, 4 * self._server.limits.entries):
            raise Unreachable("too-large")
        read = partial(salvage.resource, self.key, body)
        value, unread = await _beside(read) if len(body) > _LARGE else read()
        self.take(self._checked(value), url)
        self.unread += unread

    def _checked(self, value: Resource | None) -> Resource:
        """
        The value, if it answers our question.

        Raises:
            Unreachable: With the code not-fhir, outcome, wrong-type, another-patient.
        """
        if value is None:
            raise Unreachable("not-fhir")
        if isinstance(value, OperationOutcome) or (isinstance(value, Bundle) and value.issue is not None):
            raise Unreachable("outcome")
        if not isinstance(value, Patient if self.key == "patient" else Bundle):
            raise Unreachable("wrong-type")
        if isinstance(value, Bundle) and bytes(value.type) not in _SEARCHSET:
            raise Unreachable("wrong-type")
        # A server that ignores `patient` answers with everybody's data.
        entries = (value.entry if isinstance(value, Bundle) else None) or ()
        held = (entry.resource for entry in entries if entry.resource is not None)
        if any(is_of_another(resource, self._patient_id) for resource in (value, *held)):
            raise Unreachable(ANOTHER)
        return value

    def take(self, value: Resource, asked: str) -> None:
        """Take in a page, the first of which the client may have sent; *asked* is where it came from."""
        self._value = self._value or value
        self._pages += 1
        self._entries += (value.entry if isinstance(value, Bundle) else None) or ()
        link = searchsets.next_link(value) if isinstance(value, Bundle) else None
        following = within(link, asked, self._server.base) if link else None
        self._next = following if following not in self._asker.asked else None
        if link is None:
            self._goes_on = MORE if len(self._entries) > self._server.limits.entries else ""
        else:
            self._goes_on = MORE if self._next else STRAY

    def _may_go_on(self) -> bool:
        limits = self._server.limits
        has_room = len(self._entries) <= limits.entries and self._asker.bytes <= limits.bytes
        return has_room and self._pages < limits.pages

    def value(self) -> Resource:
        """What to put under the key: a failed search when not even a first page came."""
        if self._value is None:
            return OperationOutcome()
        if not isinstance(self._value, Bundle):
            return self._value
        return structs.replace(
            self._value,
            entry=tuple(self._entries[: self._server.limits.entries]),
            link=_NEXT if self._goes_on else None,
        )

    def goes_on_unsorted(self) -> bool:
        """Whether there is more of a list that we had to ask for without its order."""
        return bool(self._goes_on) and not self._is_sorted

    def outcome(self) -> Outcome:
        """What became of it."""
        asker = self._asker
        return Outcome(
            self.key,
            self.code,
            self._query,
            asker.requests,
            self._pages,
            len(self._entries),
            asker.bytes,
            self._milliseconds,
        )


def _list(key: str, request: HookRequest, server: Server, deadline: float) -> _List | None:
    """What is to be fetched for a key; None when there is nothing to do."""
    made = _List(key, request.patient_id, server, deadline)
    if key not in request.prefetch:
        was_unreadable = any(lost.key == key for lost in request.unread)
        return None if was_unreadable else made
    value = request.prefetch[key]
    if not isinstance(value, Bundle) or searchsets.next_link(value) is None:
        return None
    path, _, _ = server.queries[key].partition("?")
    made.take(value, f"{server.base}/{path}")
    return made


async def _beside(work: Callable[[], _Given]) -> _Given:
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work)


def _is_made_to_hurt(body: bytes, most_entries: int) -> bool:
    """Whether an answer has more parts, entries or broken characters than any real one."""
    # the name may be written with escaped letters
    entries = body.count(b'"resource"') + body.count(b"\\u006") + body.count(b"\\u007")
    halves = body.count(b"\\ud") + body.count(b"\\uD")
    return entries > most_entries or halves > _MOST_HALVES or body.count(b",") > _MOST_PARTS


def ways(query: str) -> Iterator[str]:
    """The query, then without what servers often do not understand: `_include`; all that can be done without."""
    path, _, asked = query.partition("?")
    parameters = asked.split("&")
    less = [each for each in parameters if not each.startswith("_include")]
    least = [each for each in less if not each.startswith(_DISPENSABLE)]
    yield from dict.fromkeys(
        "?".join(filter(None, (path, "&".join(way)))) for way in (parameters, less, least)
    )
