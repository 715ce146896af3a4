"""A chart that was opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cds_service.clients import Client
from cds_service.hooks import HookRequest

SERVICES: Mapping[str, str] = {
    "nocturnal-leg-cramps": "patient-view",
    "nocturnal-leg-cramps-order-sign": "order-sign",
}
"""The hook of each service, by its id: clients tell services apart by their addresses only."""


@dataclass(frozen=True, slots=True)
class Opened:
    """By whose client a chart was opened, with what call, and on which day."""

    client: Client
    call: HookRequest
    today: date


def service_id(hook: str) -> str:
    """The service for a hook."""
    return next(service for service, own in SERVICES.items() if own == hook)
