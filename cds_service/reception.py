"""Who may come in, and how each is served: made once from the settings."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio.to_thread
import structlog

from cds_service import clients
from cds_service.advise import Advice, Considered, Site, answer, at_once, consider, glance
from cds_service.calls import Caller, Core, FhirAccess
from cds_service.clients import Client, Clients
from cds_service.connections import Reach
from cds_service.errors import Forbidden, Unreachable
from cds_service.fhir_server import Limits
from cds_service.hooks import HookRequest, Indicator
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress
from cds_service.network import Network
from cds_service.settings import Settings
from cds_service.smart import Apps
from cds_service.web_addresses import origin_of

if TYPE_CHECKING:
    from cds_service.authentication import Authenticator
    from cds_service.memory import Memory
    from cds_service.store import Store

ANYBODY = "anybody"
APPS_SHARE = 8  # of the places for calls one in so many may be taken by pictures: cards come first
_LARGEST_KEY_SET = 256 * 1024  # bytes; real ones have a few thousand
_KEY_SECONDS = 3.0  # for a key server: a call waits for it, and its sender does not wait long
_FROM_LOW: tuple[Indicator, ...] = ("info", "warning", "critical")

Adviser = Callable[[HookRequest, date], Advice]
MakeCaller = Callable[[Client, FhirAccess, InProgress, "Memory | None"], Caller]


class Reception:
    """
    Lets clients in.

    Without authentication everybody is one and the same client, with what the settings allow it.

    Raises:
        ValueError: If the clients file, the store or the file of certification authorities is not usable.
    """

    def __init__(self, settings: Settings, knowledge: Knowledge, caller_of: MakeCaller) -> None:
        known = clients_of(settings)
        self._network = network(settings, known)
        self._base_urls = _base_urls(settings)
        self._store = _store(settings)
        self.memory = _memory(settings, self._store)
        self._authenticator = self._guard(known) if settings.authenticates else None
        access = FhirAccess(
            self._network, knowledge.prefetch, limits(settings), settings.development, settings.gated
        )
        anybody = _anybody(settings)
        share = max(1, settings.concurrency // 2) if len(known.all) > 1 else settings.concurrency
        self._callers = {
            each.name: caller_of(each, access, InProgress(share), self.memory)
            for each in (anybody, *known.all)
        }
        served = known.all if settings.authenticates else (anybody,)
        self.apps = _apps(served, settings, knowledge)
        # A picture is asked for with the user's own token, in development too: any page of the web may ask for one.
        asks, share = replace(access, is_open=False), max(1, share // APPS_SHARE)
        self.demonstrator = replace(self._callers[ANYBODY], access=asks)
        """Serves the workbench, which brings the record; what was shown before counts, as it does for cards."""
        # nothing is remembered of what the app showed
        self._openers = {
            each.name: caller_of(each, asks, InProgress(share), None)
            for each in served
            if each.smart_client_id
        }

    def _guard(self, known: Clients) -> "Authenticator":
        # Imported here: where nobody signs, nobody waits for the cryptography.
        from cds_service.authentication import Authenticator
        from cds_service.key_sets import KeySets

        assert self._store is not None  # noqa: S101 - the settings see to it
        return Authenticator(
            known, KeySets(self._key_set, time.monotonic), self._store.remember_token, time.time
        )

    async def _key_set(self, url: str) -> bytes:
        answer = await self._network.get(url, _LARGEST_KEY_SET, seconds=_KEY_SECONDS)
        if answer.status != 200:
            raise Unreachable(f"status-{answer.status}")
        return answer.body

    @property
    def names(self) -> tuple[str, ...]:
        """The clients there are, by name."""
        return tuple(self._callers)

    async def caller(self, authorization: list[str], path: str, hook: str) -> Caller:
        """
        Who calls *hook* at *path*; *authorization* are the values of that header.

        Raises:
            Unauthenticated: If that is not certain.
            Forbidden: If this hook is not open to it.
            StoreUnavailable: If the database that remembers tokens does not answer.
        """
        if self._authenticator is None:
            return self._callers[ANYBODY]
        client = await self._authenticator.client_of(authorization, [base + path for base in self._base_urls])
        if not client.may_call(hook):
            raise Forbidden(f"the hook {hook} is not open to this client; ask whoever runs the service")
        return self._callers[client.name]

    def opener(self, fhir_server: str) -> Caller | None:
        """Who serves the timeline that was opened at a FHIR server; None where it is not enabled."""
        client = self.apps.client_at(fhir_server)
        return self._openers[client.name] if client else None

    async def check(self) -> None:
        """
        Make sure that clients can be let in, and feedback be kept.

        Raises:
            StoreUnavailable: If the database does not answer.
        """
        if self._store is not None:
            await self._store.check()

    async def close(self) -> None:
        """End all connections; what is still to be remembered is written before."""
        await self._network.close()
        if self.memory is not None:
            await anyio.to_thread.run_sync(self.memory.close)
        if self._store is not None:
            self._store.close()


def at(site: Site) -> MakeCaller:
    """Makes callers that are served by our core, as it is set up at *site*."""

    def made(
        client: Client, access: FhirAccess, places: InProgress, memory: "Memory | None" = None
    ) -> Caller:
        own = _under(client, site)
        core = Core(
            lambda call, today: at_once(call, own, today),
            lambda call, today: glance(call, own, today),
            lambda call, today: consider(call, own, today),
            lambda considered, past: answer(considered, own, past),
        )
        return Caller(client, core, access, places, memory)

    return made


def stands_in(adviser: Adviser) -> MakeCaller:
    """Makes callers that are served by an *adviser* in place of our core."""
    core = Core(
        lambda *_: None,
        lambda *_: None,
        lambda call, today: Considered(adviser(call, today)),
        lambda considered, _: considered.seen,
    )
    return lambda client, access, places, memory: Caller(client, core, access, places, memory)


def _under(client: Client, site: Site) -> Site:
    """The site with the lower of two indicator caps, its own and the client's; and the timeline, where it opens."""
    cap = min(site.policy.indicator_cap, client.indicator_cap, key=_FROM_LOW.index)
    has_timeline = client.smart_client_id is not None
    return replace(site, policy=replace(site.policy, indicator_cap=cap, has_timeline=has_timeline))


def _anybody(settings: Settings) -> Client:
    """The client that everybody is where nobody is asked."""
    return Client(
        name=ANYBODY,
        issuer="",
        keys=(),
        fhir_bases=settings.fhir_bases,
        smart_client_id=settings.smart_client_id,
        smart_origins=settings.smart_origins,
    )


def _apps(served: Iterable[Client], settings: Settings, knowledge: Knowledge) -> Apps:
    """
    Where the timeline may be opened as a SMART app.

    Raises:
        ValueError: If it could not be.
    """
    apps = Apps(served, knowledge.prefetch, have_own_pages=settings.clients is not None)
    if settings.smart_client_id and len({origin_of(base) for base in settings.fhir_bases}) > 1:
        raise ValueError(
            "LEGCRAMPS_FHIR_BASES: names several hosts, and one of them could get hold of sign-ins at another; write a "
            "clients file with an entry for each EHR, or take LEGCRAMPS_SMART_CLIENT_ID away"
        )
    if apps and not settings.can_sign_in:
        raise ValueError(
            "LEGCRAMPS_BASE_URL: browsers sign in from pages on https only; write the service's public address, such "
            "as https://cds.example, or take `smart_client_id` away"
        )
    return apps


def clients_of(settings: Settings) -> Clients:
    """
    Those of the clients file, and the public Sandbox where the site trusts it.

    Raises:
        ValueError: If the file is not understood.
    """
    known = Clients()
    if settings.clients is not None:
        known = clients.load(settings.clients, is_development=settings.development)
    if not settings.trust_sandbox:
        return known
    return known.and_also(
        clients.sandbox(settings.fhir_bases, settings.smart_client_id, settings.smart_origins)
    )


def network(settings: Settings, known: Clients) -> Network:
    """
    The way to other servers.

    Raises:
        ValueError: If the file of certification authorities is not usable.
    """
    bases = [base for client in known.all for base in client.fhir_bases]
    key_servers = [key for client in known.all for key in client.keys if isinstance(key, str)]
    urls = (*settings.fhir_bases, *bases, *key_servers)
    return Network(Reach.of(settings.private_networks, urls), settings.ca_file)


def limits(settings: Settings) -> Limits:
    """How much may be fetched for one request."""
    return Limits(
        settings.fetch_seconds, settings.fetch_bytes, settings.fetch_pages, settings.fetch_resources
    )


def _store(settings: Settings) -> "Store | None":
    """
    The database; None where nothing is to be remembered, or where nobody named one and the usual one can't be used.

    Raises:
        ValueError: If it was named, or clients can't be let in without it, and can't be used.
    """
    if not settings.remembers:
        return None
    # Imported here: it takes half a second.
    from cds_service.store import Store

    try:
        return Store.open(settings.store)
    except ValueError as problem:
        if settings.names_store or settings.authenticates:
            raise
        structlog.get_logger().warning("nothing is remembered", problem=str(problem))
        return None


def _memory(settings: Settings, store: "Store | None") -> "Memory | None":
    """
    What remembers cards and feedback.

    Raises:
        ValueError: If there are no keys for its hashes.
    """
    if store is None:
        return None
    from cds_service.memory import Memory, keys_of

    try:
        keys = keys_of(settings.store, settings.hash_keys)
    except ValueError as problem:
        if settings.names_store or settings.hash_keys is not None:
            raise
        structlog.get_logger().warning("nothing is remembered", problem=str(problem))
        return None
    return Memory(store, keys, settings.retention_days)


def _base_urls(settings: Settings) -> tuple[str, ...]:
    """The addresses that a token may be made for: the public one, and at home every name of this machine."""
    port = urlsplit(settings.base_url).port
    if not settings.is_loopback or port is None:
        return (settings.base_url,)
    names = ("127.0.0.1", "localhost", "[::1]")
    return (settings.base_url, *(f"http://{name}:{port}" for name in names))
