"""Plugged in as in production: https, and no development switch."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.certificates import self_signed
from tests.ehr import Connected, Ehr, cards, rows
from tests.fhir_server import the_server
from tests.odd_server import OddServer, passes_on
from tests.patients import a_patient, days_before
from tests.served import served


@dataclass(frozen=True)
class Secured:
    """A service that trusts one of two FHIR servers."""

    connected: Connected
    trusted: OddServer
    unknown: OddServer
    patient: str


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder, fhir = tmp_path_factory.mktemp("https"), the_server()
    file, shown = self_signed(folder, "trusted")
    _, other = self_signed(folder, "unknown")
    passed_on = {"/r4": passes_on(fhir.base)}
    with OddServer(passed_on, tls=shown) as trusted, OddServer(passed_on, tls=other) as unknown:
        bases = [f"{trusted.base}/r4", f"{unknown.base}/r4", f"{under_another_name(trusted)}/r4"]
        ehr = Ehr.known_in(folder, bases)
        with served(folder, clients=ehr.clients, today="2026-06-15", ca_file=file) as service:
            connected = Connected(service, ehr, fhir)
            yield Secured(connected, trusted, unknown, connected.put(a_chart(), "https"))


def a_chart() -> dict[str, object]:
    chart = a_patient().with_cramps().taking("furosemide", days_before(60))
    return chart.with_result("potassium", "3.1 mmol/L", days_before(5)).request()


def under_another_name(server: OddServer) -> str:
    return server.base.replace("127.0.0.1", "localhost")


def test_a_server_of_the_sites_own_authority_is_asked(secured: Secured) -> None:
    answer = secured.connected.fetched(secured.patient, base=f"{secured.trusted.base}/r4")

    told = cards(answer)
    assert rows(told) == ["L01", "D02"]
    assert told == cards(secured.connected.prefetched(secured.patient))


def test_a_server_of_another_authority_is_told_nothing(secured: Secured) -> None:
    answer = secured.connected.fetched(secured.patient, base=f"{secured.unknown.base}/r4")

    assert (answer.status_code, secured.unknown.requests) == (412, [])


def test_a_server_whose_certificate_is_for_another_name_is_told_nothing(secured: Secured) -> None:
    before = len(secured.trusted.requests)

    answer = secured.connected.fetched(secured.patient, base=f"{under_another_name(secured.trusted)}/r4")

    assert (answer.status_code, secured.trusted.requests[before:]) == (412, [])


def test_the_same_server_without_tls_is_not_asked(secured: Secured) -> None:
    before = secured.trusted.connections

    plain = secured.trusted.base.replace("https:", "http:")
    answer = secured.connected.fetched(secured.patient, base=f"{plain}/r4")

    assert (answer.status_code, secured.trusted.connections) == (412, before)
