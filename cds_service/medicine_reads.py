"""Medicines that orders and statements only refer to, read one by one from the FHIR server."""

import asyncio
import re
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from itertools import islice
from time import perf_counter

from cds_service import salvage
from cds_service.errors import Unreachable
from cds_service.fhir_server import MORE, OK, Asker, Outcome, Server
from cds_service.hooks import HookRequest
from cds_service.pointers import Pointers
from cds_service.resources import Bundle, Entry, Given, Medication, MedicationUse, Resource

MEDICATIONS = "(medications)"
"""Where they stand among the prefetch keys: no client has a key of that name."""

_AT_ONCE = 8  # reads in progress
_MOST = 50  # reads for one request; the lists are newest first
_MOST_BYTES = 128 * 1024  # of one medicine; a real one has some thousand
_NOT_TAKEN = frozenset({"entered-in-error", "cancelled", "draft", "not-taken"})
_MEDICATION = re.compile(
    r"(?:(?P<base>.+)/)?Medication/(?P<id>(?!\.+(?:/|$))[A-Za-z0-9._-]{1,128})(?:/_history/[^/]+)?"
)


class Reads:
    """Medicines that orders and statements only refer to, read one by one."""

    def __init__(self, server: Server, deadline: float) -> None:
        self._server = server
        self._asker = Asker(server, deadline, _MOST_BYTES)
        self._names: tuple[str, ...] = ()
        self._are_more = False
        self._found: dict[str, Entry] = {}
        self._faults: list[str] = []
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._began = 0.0
        self._milliseconds = 0.0

    def of(self, request: HookRequest) -> Iterator[Coroutine[None, None, None]]:
        """One piece of work for each medicine that the request's lists refer to and don't hold."""
        self._began = perf_counter()
        names = tuple(islice(_referred_to(request, self._server.base), _MOST + 1))
        self._names, self._are_more = names[:_MOST], len(names) > _MOST
        return (self._fetch(name) for name in self._names)

    async def _fetch(self, name: str) -> None:
        url = f"{self._server.base}/Medication/{name}"
        try:
            async with self._gate:
                value, _ = salvage.resource(MEDICATIONS, await self._asker.ask(url))
            if not isinstance(value, Medication) or value.id != name:
                raise Unreachable("wrong-type")
            if value.subject is not None:  # no member of a Medication; what else it may be about is not asked
                raise Unreachable("another-patient")
            self._found[name] = Entry(url, value)
        except Unreachable as fault:
            self._faults.append(fault.code)
        finally:
            self._milliseconds = (perf_counter() - self._began) * 1000

    def added_to(self, request: HookRequest) -> HookRequest:
        """The request with what was read, in the order in which it was referred to."""
        entries = tuple(self._found[name] for name in self._names if name in self._found)
        if not entries:
            return request
        bundle = Bundle(entry=entries)
        return replace(request, prefetch={**request.prefetch, MEDICATIONS: bundle})

    def outcome(self) -> Iterator[Outcome]:
        """What became of them, if any was asked for."""
        if self._names:
            asker, count = self._asker, len(self._found)
            yield Outcome(
                MEDICATIONS,
                self._code(),
                "Medication/",
                asker.requests,
                count,
                count,
                asker.bytes,
                self._milliseconds,
            )

    def _code(self) -> str:
        """The first fault, if there was one."""
        if len(self._found) < len(self._names):
            return next(iter(self._faults), "timeout")
        return MORE if self._are_more else OK


def _referred_to(request: HookRequest, base: str) -> Iterator[str]:
    """The ids of the medicines on this server that were not supplied, each once."""
    supplied = [
        Given(
            key,
            salvage.source(entry.resource.resource_type, entry.resource.id, None, place),
            entry.full_url,
            entry.resource,
        )
        for key, value in request.prefetch.items()
        for place, entry in enumerate((value.entry if isinstance(value, Bundle) else None) or ())
        if entry.resource is not None
    ]
    pointers = Pointers(supplied)
    seen: set[str] = set()
    for given in supplied:
        name = _medication_id(given.resource, base)
        if name and name not in seen and not pointers.name(_reference(given.resource)):
            seen.add(name)
            yield name


def _reference(resource: Resource) -> str:
    if not isinstance(resource, MedicationUse):
        return ""
    named = resource.medication_reference or (resource.medication.reference if resource.medication else None)
    return (named.reference if named else None) or ""


def _medication_id(resource: Resource, base: str) -> str:
    """The id of the medicine that an order or a statement refers to; "" when it is none of this server."""
    if resource.status in _NOT_TAKEN:
        return ""
    found = _MEDICATION.fullmatch(_reference(resource))
    return found["id"] if found and found["base"] in (None, base) else ""
