"""In front of the routes: a call that would have to wait too long is told to come again; nothing of it is looked at."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from cds_service import hooks
from cds_service.limits import RETRY_AFTER, InProgress
from cds_service.logs import place
from cds_service.metrics import Metrics
from cds_service.turns import Turns

_STATUS = 503
_BUSY = JSONResponse(
    hooks.operation_outcome(_STATUS, "too many calls are in progress here; send this one again in a second"),
    _STATUS,
    RETRY_AFTER,
)
_EACH = 1.0  # seconds: between two lines of the log


class Door:
    """
    Lets calls in as long as there is a place, and the line is short; *services* are their ids, by path.

    Nobody waits for a place: a clinician has no use for cards that come late, and a queue would make everyone's late.
    Where five times as many come as can be answered, four of five end here. So next to nothing is done for one of them:
    the answer is ready, a metric goes up, and the log tells how many there were once a second.
    """

    def __init__(
        self,
        app: ASGIApp,
        services: Mapping[str, str],
        in_progress: InProgress,
        turns: Turns,
        metrics: Metrics,
        log: Any,
        told_each: float = _EACH,
    ) -> None:
        self._app = app
        self._services = services
        self._in_progress = in_progress
        self._turns = turns
        self._metrics = metrics
        self._log = log
        self._told_each = told_each
        self._untold = 0
        self._is_quiet = True  # nothing was told in the last second

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no call of a hook, and what can be answered soon."""
        is_shut = self._in_progress.is_full or self._turns.is_long
        if is_shut and scope["type"] == "http" and scope["method"] == "POST":
            service = self._services.get(scope["path"])
            if service is not None:
                await _BUSY(scope, receive, send)
                self._count(service)
                return
        await self._app(scope, receive, send)
        if scope["type"] == "lifespan":
            self._tell()

    def _count(self, service: str) -> None:
        self._untold += 1
        try:
            self._metrics.shed(service, _STATUS)
        except Exception as error:  # several workers count in files, and a disk may be full
            self._log.error("unexpected", error=place(error))
        if self._is_quiet:
            self._tell()

    def _tell(self) -> None:
        """The first one at once, then how many more there were each second, until there are none."""
        untold, self._untold = self._untold, 0
        self._is_quiet = not untold
        if untold:
            # first: it must go on though the log can't be written
            asyncio.get_running_loop().call_later(self._told_each, self._tell)
            self._log.warning("refused", status=_STATUS, calls=untold)
