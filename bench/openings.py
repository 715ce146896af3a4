"""Charts opened without any prefetch, at an EHR whose FHIR server takes 100 to 300 ms for each query."""

import json
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from bench import ehr
from bench.client import Client
from bench.figures import Effort, Opening, tell
from bench.payloads import SERVICE
from bench.servers import Server, ours, reference

_AT_ONCE = 4
_CHARTS = {"with a report": "cards", "without a report": "no-report"}


def measured(effort: Effort) -> list[Opening]:
    """Everything fetched at once, and the rest of a chart only once a report is there."""
    found = []
    for way, is_gated in (("full", False), ("gated", True)):
        with reference("ehr") as hospital:
            base = f"http://127.0.0.1:{hospital.port}{ehr.BASE}"
            with ours(fhir_bases=base, development=True, gated=is_gated) as service:
                for chart, name in _CHARTS.items():
                    tell(f"without prefetch: {way}, {chart}")
                    calls = [_call(base, f"{name}-{place}") for place in range(effort.openings)]
                    found.append(_opened(f"{way}, {chart}", calls, service, hospital))
    return found


def _call(base: str, patient: str) -> bytes:
    return json.dumps(
        {
            "hook": "patient-view",
            "hookInstance": "0b8f0f0e-33b5-4c44-9d2a-3f6a5c1e7d10",
            "context": {"userId": "Practitioner/dr-1", "patientId": patient},
            "fhirServer": base,
            "fhirAuthorization": {
                "access_token": "bench",
                "token_type": "Bearer",
                "expires_in": 300,
                "scope": "patient/*.rs",
                "subject": "cds-service",
            },
        }
    ).encode()


def _opened(way: str, calls: Sequence[bytes], service: Server, hospital: Server) -> Opening:
    before = _counted(hospital)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        took = sorted(pool.map(lambda call: _milliseconds(service, call), calls))
    after = _counted(hospital)
    return Opening(
        way,
        len(calls),
        round(median(took)),
        round(took[math.ceil(0.95 * len(took)) - 1]),
        (after["queries"] - before["queries"]) / len(calls),
        round((after["bytes"] - before["bytes"]) / len(calls) / 1000, 1),
    )


def _milliseconds(service: Server, call: bytes) -> float:
    with Client(service.port) as client:
        began = time.monotonic()
        client.post(SERVICE, call)
        return (time.monotonic() - began) * 1000


def _counted(hospital: Server) -> dict[str, int]:
    with Client(hospital.port) as client:
        said: dict[str, int] = json.loads(client.get(ehr.COUNTED))
    return said
