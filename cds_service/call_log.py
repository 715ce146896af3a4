"""What the log says of a call, whatever it asked for."""

import re
from typing import Any

from starlette.requests import Request

from cds_service.stopwatch import Stopwatch

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def of_call(request: Request, **outcome: Any) -> dict[str, Any]:
    """Who called, which call it was and how long it took, then its *outcome*; of all that what is known."""
    watch: Stopwatch | None = getattr(request.state, "watch", None)
    trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
    told = {
        "client": getattr(request.state, "client", None),
        "hook_instance": getattr(request.state, "hook_instance", None),
        "trace": trace[1] if trace else None,
        "milliseconds": _milliseconds(watch.total) if watch else None,
        "stages": {name: _milliseconds(each) for name, each in watch.seconds.items()} if watch else None,
        **outcome,
    }
    return {name: value for name, value in told.items() if value is not None}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)
