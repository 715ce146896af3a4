"""The timeline as a SMART app: at which FHIR servers it may be opened, and what it asks to read there."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cds_service import fetching
from cds_service.clients import Client
from cds_service.fhir_server import is_same
from cds_service.web_addresses import origin_of

# Who signs in, and the patient whose chart is open. No `offline_access`: the app is over when its page is closed.
_ALWAYS = ("launch", "openid", "fhirUser")


_PAGE = "timeline"


class App(NamedTuple):
    """What a page needs to sign in at an EHR; *redirect* is the page that gets the answer, beside the asking one."""

    client_id: str
    scope: str
    redirect: str


class Apps:
    """
    The clients whose EHR may open the timeline; *offered* are the queries of discovery.

    Where *have_own_pages*, each client has a page of its own, which its EHR sends users back to. So an answer of one
    EHR can't be taken for that of another, which would hand the code of the one to the other (RFC 9700, section 4.4.2).

    Raises:
        ValueError: If two of them have a FHIR server in common, so that nobody could tell whose app is opened there; or
            one has a host that a page can't be allowed to call.
    """

    def __init__(
        self, clients: Iterable[Client], offered: Mapping[str, str], *, have_own_pages: bool = True
    ) -> None:
        self._offered = offered
        self._have_own_pages = have_own_pages
        self._bases: list[tuple[str, Client]] = []
        for client in clients:
            if client.smart_client_id is not None:
                self._add(client)

    def _add(self, client: Client) -> None:
        where = f"clients.{client.name}.fhir_bases: one"
        for base in client.fhir_bases:
            if (other := self.client_at(base)) is not None and other is not client:
                raise ValueError(
                    f"{where} is that of {other.name} too, and the timeline could be either's; write `smart_client_id` "
                    "into one of the two entries only"
                )
            self._bases.append((base, client))
            try:
                origin_of(base)
            except ValueError as error:
                raise ValueError(f"{where} {error}") from None

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._bases)

    def client_at(self, base: str) -> Client | None:
        """Whose EHR opens the timeline at this FHIR server; None at one that the site did not list."""
        return self._listed(base)[1]

    def _listed(self, base: str) -> tuple[str, Client | None]:
        """A FHIR server as the site wrote it, and whose it is."""
        return next((each for each in self._bases if is_same(each[0], base)), ("", None))

    def at(self, base: str) -> App | None:
        """The app as it is registered at a FHIR server, if it is."""
        client = self.client_at(base)
        if client is None or client.smart_client_id is None:
            return None
        queries = fetching.queries(self._offered, client.queries)
        return App(client.smart_client_id, scope(queries.values()), self._page_of(client))

    def origins_at(self, base: str) -> set[str]:
        """The servers that a page may call which this FHIR server launched; none where it is not listed."""
        own, client = self._listed(base)
        return {origin_of(own), *client.smart_origins} if client else set()

    def origins_of(self, page: str) -> set[str] | None:
        """The servers that the page may call to which an EHR sends users back; None where there is no such page."""
        owners = [(base, client) for base, client in self._bases if self._page_of(client) == page]
        if not owners:
            return None
        return {origin for base, client in owners for origin in (origin_of(base), *client.smart_origins)}

    def _page_of(self, client: Client) -> str:
        return f"{_PAGE}-{client.name}" if self._have_own_pages else _PAGE


def scope(queries: Iterable[str]) -> str:
    """
    The scopes for the resources that *queries* ask for, in the syntax of SMART 2: read and search, nothing else.

    Medicines are read one by one where lists only refer to them.
    """
    kinds = dict.fromkeys(query.partition("?")[0].partition("/")[0] for query in queries)
    return " ".join((*_ALWAYS, *(f"patient/{kind}.rs" for kind in (*kinds, "Medication"))))
