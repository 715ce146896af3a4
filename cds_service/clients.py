"""Who may call the service, how each proves who it is, and what it may do and see: the clients file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

from cds_service.client_entries import (
    DEFAULT_ALGORITHMS,
    NONE,
    ClientsFile,
    Entry,
    Profile,
    Site,
    checked,
    needed,
)
from cds_service.hooks import Indicator


@dataclass(frozen=True, slots=True)
class Client:
    """
    One that may call.

    *name* is all that logs and metrics show of it. *keys* are key sets, by file or URL. *audiences* replace the URL
    called, if there are any; *tenants* () means that the token's tenant isn't looked at. *hooks* None is all of them;
    *links* None keeps every link on its cards, else those that start with one of the prefixes. *is_gated* None is as
    the site has it. *queries* are its own by prefetch key, None for a list that it doesn't have. *smart_client_id* is
    what its EHR registered the timeline as, None where it did not; *smart_origins* are other servers that signing in
    needs.
    """

    name: str
    issuer: str
    keys: tuple[Path | str, ...]
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    audiences: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    fhir_bases: tuple[str, ...] = ()
    hooks: tuple[str, ...] | None = None
    links: tuple[str, ...] | None = None
    indicator_cap: Indicator = "critical"
    is_silent: bool = False
    is_gated: bool | None = None
    queries: Mapping[str, str | None] = field(default_factory=dict)
    smart_client_id: str | None = None
    smart_origins: tuple[str, ...] = ()

    def may_call(self, hook: str) -> bool:
        """Whether a hook is open to this client."""
        return self.hooks is None or hook in self.hooks

    def keeps_link(self, url: str) -> bool:
        """Whether a link stays on the cards for this client."""
        return self.links is None or url.startswith(self.links)


@dataclass(frozen=True, slots=True)
class Clients:
    """All that may call; names are unique, and so are issuers among those without tenants in common."""

    all: tuple[Client, ...] = ()

    def of_issuer(self, issuer: str) -> tuple[Client, ...]:
        """Those that this issuer signs for, more than one only where they have different tenants."""
        return tuple(client for client in self.all if client.issuer == issuer)

    def and_also(self, client: Client) -> "Clients":
        """
        These and one more.

        Raises:
            ValueError: If its name or its issuer is taken.
        """
        if any(client.name == other.name for other in self.all) or self.of_issuer(client.issuer):
            raise ValueError(f"clients.{client.name}: the name or the issuer is that of another client")
        return Clients((*self.all, client))


def sandbox(
    bases: Iterable[str], smart_client_id: str | None = None, smart_origins: Iterable[str] = ()
) -> Client:
    """
    The public CDS Hooks Sandbox, for trying things out: anybody can sign as it does, its private key is published.

    Its public key lies beside this module. It was found alike in three independent public repositories.
    """
    key = Path(__file__).with_name("sandbox_key.json")
    return Client(
        name="cds-hooks-sandbox",
        issuer="https://sandbox.cds-hooks.org",
        keys=(key,),
        algorithms=("ES384",),
        fhir_bases=tuple(bases),
        smart_client_id=smart_client_id,
        smart_origins=tuple(smart_origins),
    )


def load(path: Path, *, is_development: bool) -> Clients:
    """
    Read the clients file, with the key files and profiles that it names.

    Raises:
        ValueError: One line for each problem: the file, the key's path, what is wrong and what to write.
    """
    site = Site(path.parent, is_development)
    written = checked(ClientsFile, path, path.name, site).clients
    clients = tuple(_client(name, entry, path, site) for name, entry in written.items())
    _check_issuers(clients, path.name)
    return Clients(clients)


def _client(name: str, entry: Entry, path: Path, site: Site) -> Client:
    known = Profile()
    if entry.profile is not None:
        known = checked(Profile, site.folder / entry.profile, entry.profile, site)
    try:
        queries = needed({**known.queries, **entry.queries})
    except ValueError as error:
        raise ValueError(f"{path.name}: clients.{name}.queries: with the profile's, {error}") from None
    bases = entry.fhir_bases or known.fhir_bases
    try:
        _check_app(entry, bases)
    except ValueError as error:
        raise ValueError(f"{path.name}: clients.{name}.{error}") from None
    return Client(
        name=name,
        issuer=entry.issuer,
        keys=tuple(key if "://" in key else site.folder / key for key in entry.keys),
        algorithms=entry.algorithms,
        audiences=entry.audiences,
        tenants=entry.tenants,
        fhir_bases=bases,
        hooks=entry.hooks,
        links=entry.links,
        indicator_cap=entry.indicator_cap,
        is_silent=entry.silent,
        is_gated=entry.gated,
        queries={key: None if query == NONE else query for key, query in queries.items()},
        smart_client_id=entry.smart_client_id,
        smart_origins=entry.smart_origins,
    )


def _check_app(entry: Entry, bases: Iterable[str]) -> None:
    """
    Make sure that the timeline can be opened where the entry says so.

    Raises:
        ValueError: Beginning with the key.
    """
    if entry.smart_client_id is None:
        if entry.smart_origins:
            raise ValueError("smart_origins: opens nothing alone; write `smart_client_id` too")
        return
    if not bases:
        raise ValueError("smart_client_id: is of use at no FHIR server; write `fhir_bases` too")
    if entry.hooks is not None and "patient-view" not in entry.hooks:
        raise ValueError("smart_client_id: the timeline explains patient-view; write it into `hooks`")


def _check_issuers(clients: Iterable[Client], file: str) -> None:
    """A token must be one client's: those of one issuer are told apart by tenants that they don't share."""
    for one, other in combinations(clients, 2):
        are_apart = one.tenants and other.tenants and not set(one.tenants) & set(other.tenants)
        if one.issuer == other.issuer and not are_apart:
            raise ValueError(
                f"{file}: clients.{other.name}.issuer: is that of {one.name} too; "
                "write `tenants` into both, with none in common"
            )
