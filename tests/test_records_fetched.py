"""Records that nobody here wrote, on a FHIR server: what the service fetches gives the cards of a filled prefetch."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from cds_service.demo import moved
from tests.ehr import Connected, Ehr, cards, kinds, rows
from tests.fhir_server import the_server
from tests.served import served
from tests.test_records import (
    answered,
    newest,
    pytest_generate_tests,  # noqa: F401 - a hook: gives the tests of this file each record too
    the_record,
    with_cramps,
)

pytestmark = pytest.mark.records

JSON = dict[str, Any]
TODAY = date(2026, 6, 15)


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    folder, fhir = tmp_path_factory.mktemp("records"), the_server()
    ehr = Ehr.known_in(folder, [fhir.base])
    settings = {"clients": ehr.clients, "development": True, "today": TODAY, "fetch_seconds": 20}
    with served(folder, **settings) as service:
        yield Connected(service, ehr, fhir)


def as_of_today(path: Path) -> JSON:
    """The record with leg cramps since three weeks ago, moved so that it ends a week before *TODAY*."""
    record = the_record(path)
    day = newest(record) + timedelta(days=7)
    request: JSON = json.loads(moved(json.dumps(with_cramps(record, day - timedelta(days=21))), TODAY - day))
    return request


def test_a_record_that_is_fetched_gets_the_cards_of_one_that_is_prefetched(
    records: Path, name: str, connected: Connected
) -> None:
    request = as_of_today(records / name)
    patient = connected.put(request, f"r{crc32(name.encode())}")

    prefetched = cards(connected.prefetched(patient, whole=True))
    fetched = cards(connected.fetched(patient))

    whole = answered(request, TODAY)["cards"]
    assert fetched == prefetched
    assert (rows(fetched), kinds(fetched)) == (rows(whole), kinds(whole))


def test_medicines_that_a_record_keeps_apart_are_read(records: Path, connected: Connected) -> None:
    """The statements of this record refer to Medications, by ATC."""
    request = as_of_today(records / "de-mii-pat-4.json")
    patient = connected.put(request, "apart")
    before = len(connected.fhir.seen())

    fetched = cards(connected.fetched(patient))

    asked = [each.target for each in connected.fhir.seen()[before:]]
    assert rows(fetched) == ["D09", "D24"]
    assert len(asked) == 8  # the medicines came along with the lists
