"""What operators and governance groups see of the service: figures for Prometheus, and the report."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cds_service.errors import RequestInvalid
from cds_service.knowledge import Knowledge
from cds_service.metrics import Metrics
from cds_service.operators import Operators
from cds_service.reception import Reception
from cds_service.settings import Settings, today

if TYPE_CHECKING:
    from cds_service.figures import Figures

STYLE = "report.css"
_WEEKS = 12  # that are told, where nobody says how many
_MOST_WEEKS = 60  # as `legcramps report`
_PATIENCE = 30.0  # seconds
_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Vary": "Accept",
}


@dataclass(frozen=True, slots=True)
class Oversight:
    """The routes for whoever watches over the service; nobody else is let in."""

    settings: Settings
    knowledge: Knowledge
    reception: Reception
    metrics: Metrics
    operators: Operators
    one_report: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def figures(self, request: Request) -> Response:
        """Figures for Prometheus."""
        self.operators.check(request)
        accept = request.headers.get("accept", "")
        page, media_type = await anyio.to_thread.run_sync(self.metrics.page, accept)
        return Response(page, headers={"Content-Type": media_type})

    async def report(self, request: Request) -> Response:
        """What the cards did in the last weeks, as a page; as CSV to whoever prefers that."""
        self.operators.check(request)
        counted = await self._counted(_weeks(request))
        # in a thread: a page of many weeks takes long, the first one longer
        if _prefers_csv(request):
            sheet = await anyio.to_thread.run_sync(_csv, counted)
            return Response(sheet, media_type="text/csv", headers={"Vary": "Accept"})
        page = await anyio.to_thread.run_sync(self._html, counted)
        return Response(page, media_type="text/html", headers=_PAGE)

    def _html(self, counted: "Figures") -> str:
        # Imported here: it needs the database's library, as the memory does.
        from cds_service import report_pages
        from cds_service.report_tables import Labels

        base = urlsplit(self.settings.base_url).path.rstrip("/")
        return report_pages.html(
            counted,
            Labels.of(self.knowledge),
            knowledge=self.knowledge.version,
            home=f"{base}/knowledge",
            style_url=f"{base}/{STYLE}",
        )

    async def style(self) -> Response:
        """Give the report's style sheet."""
        from cds_service import report_pages

        return Response(report_pages.style(), media_type="text/css")

    async def _counted(self, weeks: int) -> "Figures":
        from cds_service.counting import monday
        from cds_service.figures import figures

        if (memory := self.reception.memory) is None:
            raise HTTPException(404, "nothing is remembered here, so there is nothing to report")
        last = today(self.settings)
        first = monday(last) - timedelta(weeks=weeks - 1)
        async with self.one_report:  # it takes seconds of a large hospital's database
            return await memory.look(lambda connection: figures(connection, first, last), _PATIENCE)


def _csv(counted: "Figures") -> str:
    from cds_service import report_pages

    return report_pages.csv(counted)


def _weeks(request: Request) -> int:
    written = request.query_params.get("weeks", str(_WEEKS))
    if not (written.isdecimal() and len(written) < 4 and 1 <= int(written) <= _MOST_WEEKS):
        raise RequestInvalid("weeks", f"is no number from 1 to {_MOST_WEEKS}")
    return int(written)


def _prefers_csv(request: Request) -> bool:
    asked = request.query_params.get("format")
    if asked not in (None, "csv", "html"):
        raise RequestInvalid("format", "is neither csv nor html")
    accept = request.headers.get("accept", "")
    return asked == "csv" or (asked is None and "text/csv" in accept and "text/html" not in accept)
