"""Routes, start-up, and what status each error becomes."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from http import HTTPStatus
from typing import Any, cast

import msgspec
import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from cds_service import __version__, demo, hooks, openapi, reception, rendering, start
from cds_service.door import Door
from cds_service.errors import DataUnavailable, Forbidden, RequestInvalid, StoreUnavailable, Unauthenticated
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress
from cds_service.metrics import Metrics
from cds_service.opened import SERVICES
from cds_service.operators import Operators
from cds_service.outside import Outside
from cds_service.oversight import STYLE as REPORT_STYLE
from cds_service.oversight import Oversight
from cds_service.pages import STYLE, Pages, prefers_text
from cds_service.reception import Adviser, Reception
from cds_service.screens import EXPLAIN, Screens
from cds_service.services import FEEDBACK, Services, address
from cds_service.settings import Settings, today
from cds_service.turns import Turns

DEMO_STORY = "furosemide-low-potassium"

# Every error that a caller can bring about; HTTPException brings its own status along.
STATUSES: Mapping[type[Exception], int] = {
    RequestInvalid: 400,
    RecursionError: 400,  # nesting that only a part of the body has, read late
    ClientDisconnect: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    DataUnavailable: 412,
    StoreUnavailable: 503,
}
_SAID: Mapping[type[Exception], str] = {
    RecursionError: "body: is nested too deep; send plain FHIR resources",
    ClientDisconnect: "body: ended early",
}
_HEADERS: Mapping[type[Exception], Mapping[str, str]] = {
    Unauthenticated: {"WWW-Authenticate": "Bearer"},
    StoreUnavailable: {"Retry-After": "1"},
}
_HTTP_SAID = {
    404: "there is nothing at this path; GET /cds-services lists the services",
    405: "this path is not for this method; see the Allow header",
}
_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
}


def create_app(
    settings: Settings, knowledge: Knowledge | None = None, adviser: Adviser | None = None
) -> ASGIApp:
    """
    The service as an ASGI application. None stands for the settings' `cards/`, and for our core on top of it.

    Raises:
        KnowledgeInvalid: When `cards/` can't be fully understood.
        ValueError: When the clients file, the store or the certification authorities are not usable.
    """
    known = knowledge or start.knowledge(settings)
    pages = Pages(known, settings.cards, settings.base_url)
    site = cache(partial(start.site, settings, known))
    caller_of = reception.stands_in(adviser) if adviser else reception.at(site())
    desk = Reception(settings, known, caller_of)
    log = structlog.get_logger()
    metrics = Metrics(known, SERVICES, desk.names, rendering.REASON_CODES)
    if desk.memory is not None:
        desk.memory.journal.tell = metrics.remembering
    in_progress, turns = InProgress(settings.concurrency), Turns()
    services = Services(settings, known, desk, in_progress, turns, metrics, log)
    screens = Screens(settings, site, desk, in_progress, turns, log)
    routes = _Routes(settings, known, desk, services, pages, screens, log)
    web = FastAPI(
        title="legcramps",
        version=__version__,
        description="Likely contributors to reported nocturnal leg cramps, as CDS Hooks cards.",
        # no page that loads its script from elsewhere; /openapi.json is there
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=routes.ready,
        # An exporter found in the environment would be told of requests; ours are nobody else's business.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for error in (*STATUSES, HTTPException, Exception):
        web.add_exception_handler(error, routes.refuse)
    _add_screens(web, routes)
    _add_services(web, services)
    web.add_api_route("/health/live", routes.live, methods=["GET"], summary="Whether the process runs")
    web.add_api_route(
        "/health/ready", routes.is_ready, methods=["GET"], summary="Whether calls can be answered"
    )
    for path, probe in (("/health/live", routes.live), ("/health/ready", routes.is_ready)):
        web.add_api_route(path, probe, methods=["HEAD"], include_in_schema=False)
    _add_oversight(web, Oversight(settings, known, desk, metrics, Operators.of(settings)))
    for path, route, summary in routes.of_knowledge():
        extra = openapi.named("name") if path.endswith("{name}") else None
        web.add_api_route(
            path, route, methods=["GET"], summary=summary, response_class=HTMLResponse, openapi_extra=extra
        )
        web.add_api_route(path, route, methods=["HEAD"], include_in_schema=False)
    shared = CORSMiddleware(
        Door(web, {address(each): each for each in services.ids}, in_progress, turns, metrics, log),
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST", "OPTIONS"),
        allow_headers=("authorization", "content-type", "accept", "traceparent"),
        # Browsers ask before a public page, such as the CDS Hooks Sandbox, may call this machine.
        allow_private_network=settings.is_demo,
    )
    return Outside(shared, routes.log, settings.base_url)


def _add_screens(web: FastAPI, routes: "_Routes") -> None:
    """What a person opens; the demo's patients, and what the pages ask for."""
    screens = routes.screens
    web.add_api_route("/", routes.root, methods=["GET", "HEAD"], include_in_schema=False)
    if routes.settings.is_demo:
        story = openapi.named("story")
        web.add_api_route("/demo", routes.demos, methods=["GET"], summary="The built-in patients")
        web.add_api_route(
            "/demo/{story}",
            routes.demo,
            methods=["GET"],
            summary="A built-in patient's request",
            openapi_extra=story,
        )
    if screens.are_shown:
        web.add_api_route("/assets/{name}", screens.asset, methods=["GET", "HEAD"], include_in_schema=False)
        web.add_api_route(
            EXPLAIN,
            screens.explain,
            methods=["POST"],
            summary="Why an answer is as it is",
            openapi_extra=openapi.explain(),
        )
    if screens.has_app:
        for path, page in (
            ("/launch", screens.launch),
            ("/timeline", screens.timeline),
            ("/timeline-{client}", screens.timeline),
        ):
            web.add_api_route(path, page, methods=["GET", "HEAD"], include_in_schema=False)
        web.add_api_route(
            "/smart",
            screens.app,
            methods=["GET"],
            summary="As which app to sign in at a FHIR server",
            openapi_extra=openapi.queried("iss"),
        )


def _add_oversight(web: FastAPI, oversight: Oversight) -> None:
    for path, route, summary in (
        ("/metrics", oversight.figures, "Figures for Prometheus"),
        ("/report", oversight.report, "What the cards did, by rule and week"),
        (f"/{REPORT_STYLE}", oversight.style, "The style sheet of the report"),
    ):
        web.add_api_route(path, route, methods=["GET"], summary=summary)


def _add_services(web: FastAPI, services: Services) -> None:
    web.add_api_route("/cds-services", services.discovery, methods=["GET"], summary="CDS Hooks discovery")
    for service in services.ids:
        hook = SERVICES[service]
        web.router.add_api_route(
            address(service),
            services.hook,
            methods=["POST"],
            summary=f"The {hook} hook",
            openapi_extra=openapi.hook(hook),
            route_class_override=_Whole,
        )
        web.add_api_route(
            f"{address(service)}/{FEEDBACK}",
            services.feedback,
            methods=["POST"],
            summary=f"Feedback on cards of the {hook} hook",
            openapi_extra=openapi.feedback(),
        )


class _Whole(APIRoute):
    """A route whose function takes the request and gives the answer as they are; FastAPI only describes it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Leave out what would be looked for in the request, and made of the answer."""
        return cast(Callable[[Request], Coroutine[Any, Any, Response]], self.endpoint)


@dataclass(frozen=True, slots=True)
class _Routes:
    """What each route does."""

    settings: Settings
    knowledge: Knowledge
    reception: Reception
    services: Services
    pages: Pages
    screens: Screens
    log: Any

    @asynccontextmanager
    async def ready(self, _: FastAPI) -> AsyncIterator[None]:
        """After the last request, let go of what was opened."""
        yield
        await self.reception.close()

    def root(self, request: Request) -> Response:
        """Show the workbench to a browser, where there is one; tell whoever else where they are."""
        if self.screens.has_workbench and "text/html" in request.headers.get("accept", "").lower():
            return self.screens.workbench()
        home = self.settings.base_url
        workbench = f"Workbench: {home}/\n" if self.screens.has_workbench else ""
        said = f"legcramps {__version__}\n{workbench}CDS Hooks discovery: {home}/cds-services\n"
        return PlainTextResponse(said, headers={"Vary": "Accept"})

    async def live(self) -> Response:
        """Tell that the event loop turns; whoever hears nothing may restart the process."""
        return PlainTextResponse("live\n")

    async def is_ready(self) -> Response:
        """Tell that knowledge is loaded and the store answers; 503 when it doesn't, and no calls should be sent."""
        await self.reception.check()
        return PlainTextResponse("ready\n")

    def of_knowledge(self) -> tuple[tuple[str, Callable[..., Response], str], ...]:
        """The routes of the rule pages; they are no coroutines: a page that is made for the first time takes long."""
        return (
            ("/knowledge", self.rules, "The rules, by id"),
            (f"/knowledge/{STYLE}", self.style, "The style sheet of the pages"),
            ("/knowledge/{name}", self.rule, "One rule, or what holds for all of them"),
        )

    def rules(self, request: Request) -> Response:
        """List the rules."""
        if prefers_text(request.headers.get("accept", "")):
            lines = (f"{self.settings.base_url}/knowledge/{name}" for name in self.pages.index())
            return _page(
                "\n".join((f"Knowledge version {self.knowledge.version}", "", *lines, "")), "text/plain"
            )
        return _page(self.pages.html(""))

    def style(self) -> Response:
        """Give the style sheet."""
        return Response(self.pages.style, media_type="text/css")

    def rule(self, request: Request) -> Response:
        """Give one page under its only address; its file as it was reviewed to whoever prefers Markdown."""
        name: str = request.path_params["name"]
        if (canonical := self.pages.canonical(name)) is None:
            raise HTTPException(404, "there is no such rule")
        if prefers_text(request.headers.get("accept", "")):
            return _page(self.pages.text(canonical), "text/markdown")
        if canonical != name:
            return RedirectResponse(f"{self.pages.home}/{canonical}", 308, {"Vary": "Accept"})
        return _page(self.pages.html(canonical))

    async def demos(self) -> Response:
        """List the built-in patients."""
        listed = [each._asdict() for each in demo.stories(self.settings.fixtures)]
        return _json(msgspec.json.encode(listed))

    async def demo(self, request: Request) -> Response:
        """Give the request of a built-in patient, dated relative to today."""
        body = demo.request(self.settings.fixtures, request.path_params["story"], today(self.settings))
        if body is None:
            raise HTTPException(404, "there is no such built-in patient")
        return _json(body.encode())

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Turn an error into its status and an OperationOutcome; never repeats anything of the request."""
        status, said = _refusal(error)
        if request.scope["path"].startswith("/cds-services"):  # a typing error in an address as well
            self.services.refused(request, status, error)
        elif request.scope["path"] == EXPLAIN and self.screens.are_shown:
            self.screens.refused(request, status, error)
        headers = error.headers if isinstance(error, HTTPException) else _HEADERS.get(type(error))
        return JSONResponse(hooks.operation_outcome(status, said), status, headers)


def _refusal(error: Exception) -> tuple[int, str]:
    if isinstance(error, HTTPException):
        is_ours = error.detail != HTTPStatus(error.status_code).phrase
        return error.status_code, error.detail if is_ours else _HTTP_SAID.get(error.status_code, error.detail)
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return status, _SAID.get(kind, str(error))
    return 500, "something went wrong here; the log has the place"


def _page(text: str, media_type: str = "text/html") -> Response:
    """A page that loads nothing but its style sheet and runs nothing; it may be framed, as an EHR shows links."""
    return Response(text, media_type=media_type, headers=_PAGE)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
