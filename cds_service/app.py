"""Routes, start-up, and what status each error becomes."""

import gc
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI
from msgspec.structs import replace
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp

from cds_service import __version__, demo, hooks, openapi, reception, start
from cds_service.advise import Advice
from cds_service.calls import CARRIERS, Adviser, Caller
from cds_service.errors import DataUnavailable, Forbidden, RequestInvalid, StoreUnavailable, Unauthenticated
from cds_service.fhir_server import Outcome
from cds_service.hooks import Card
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress, body, check_media_type
from cds_service.outside import Outside
from cds_service.pages import STYLE, Pages, prefers_text
from cds_service.reception import MakeCaller, Reception
from cds_service.settings import Settings, today

HOOK = "patient-view"
SERVICE_ID = "nocturnal-leg-cramps"
HOOK_PATH = f"/cds-services/{SERVICE_ID}"
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
    StoreUnavailable: "it can't be checked now who is calling; send the call again in a second",
}
_HEADERS: Mapping[type[Exception], Mapping[str, str]] = {
    Unauthenticated: {"WWW-Authenticate": "Bearer"},
    StoreUnavailable: {"Retry-After": "1"},
}
_HTTP_SAID = {
    404: "there is nothing at this path; GET /cds-services lists the services",
    405: "this path is not for this method; see the Allow header",
}
_USAGE = (
    "Send patient, conditions and at least one of medicationStatements and medicationRequests as prefetch, null when "
    "there is nothing, or let us read them with fhirServer and fhirAuthorization; 412 otherwise. Results and orders "
    "are used when they can be had."
)
_USAGE_GATED = (
    "Send what is asked for as prefetch, and fhirServer with fhirAuthorization: the rest of the record is read once a "
    "report of leg cramps is there, and without access to it such a call is answered with 412."
)
_PAGE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
}
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


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
    caller_of = _stand_in(adviser) if adviser else reception.at(start.site(settings, known))
    desk = Reception(settings, known, caller_of)
    routes = _Routes(settings, known, desk, InProgress(settings.concurrency), pages, structlog.get_logger())
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
    web.add_api_route("/", routes.welcome, methods=["GET"], include_in_schema=False)
    web.add_api_route("/cds-services", routes.discovery, methods=["GET"], summary="CDS Hooks discovery")
    web.add_api_route(
        HOOK_PATH, routes.hook, methods=["POST"], summary=f"The {HOOK} hook", openapi_extra=openapi.hook(HOOK)
    )
    web.add_api_route("/health/live", routes.live, methods=["GET"], summary="Whether the process runs")
    web.add_api_route(
        "/health/ready", routes.is_ready, methods=["GET"], summary="Whether calls can be answered"
    )
    for path, route, summary in routes.of_knowledge():
        web.add_api_route(path, route, methods=["GET"], summary=summary, response_class=HTMLResponse)
        web.add_api_route(path, route, methods=["HEAD"], include_in_schema=False)
    if settings.is_demo:
        web.add_api_route(
            "/demo/{story}", routes.demo, methods=["GET"], summary="A built-in patient's request"
        )
    shared = CORSMiddleware(
        web,
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST", "OPTIONS"),
        allow_headers=("authorization", "content-type", "accept", "traceparent"),
        # Browsers ask before a public page, such as the CDS Hooks Sandbox, may call this machine.
        allow_private_network=settings.is_demo,
    )
    return Outside(shared, routes.log, settings.base_url)


def _stand_in(adviser: Adviser) -> MakeCaller:
    return lambda client, access, places: Caller(client, adviser, lambda *_: None, access, places)


@dataclass(frozen=True, slots=True)
class _Routes:
    """What each route does."""

    settings: Settings
    knowledge: Knowledge
    reception: Reception
    in_progress: InProgress
    pages: Pages
    log: Any

    @asynccontextmanager
    async def ready(self, _: FastAPI) -> AsyncIterator[None]:
        """Before the first request, and after the last."""
        # What is loaded now stays: the garbage collector needn't look at it again.
        gc.collect()
        gc.freeze()
        yield
        await self.reception.close()

    async def welcome(self) -> Response:
        """Tell a person where they are."""
        return PlainTextResponse(
            f"legcramps {__version__}\nCDS Hooks discovery: {self.settings.base_url}/cds-services\n"
        )

    async def live(self) -> Response:
        """Tell that the event loop turns; whoever hears nothing may restart the process."""
        return PlainTextResponse("live\n")

    async def is_ready(self) -> Response:
        """Tell that knowledge is loaded and the store answers; 503 when it doesn't, and no calls should be sent."""
        await self.reception.check()
        return PlainTextResponse("ready\n")

    async def discovery(self) -> Response:
        """List the services, as CDS Hooks wants it."""
        service = hooks.Service(
            hook=HOOK,
            id=SERVICE_ID,
            title="Nocturnal leg cramps: likely contributors",
            description=(
                "For an adult who has reported nocturnal leg cramps: which medicines, diagnoses and results "
                "in the record could be contributing, how good the evidence is, and which order might be "
                "worth drafting. Silent for everyone else. Advice for clinicians, not a diagnosis."
            ),
            prefetch=self._offered(),
            usage_requirements=_USAGE_GATED if self.settings.gated else _USAGE,
        )
        return _json(hooks.discovery([service]))

    def _offered(self) -> Mapping[str, str]:
        asked = self.knowledge.prefetch
        return {key: asked[key] for key in asked if not self.settings.gated or key in CARRIERS}

    async def hook(self, request: Request) -> Response:
        """Answer one hook call with cards."""
        request.state.began = perf_counter()
        with self.in_progress.one():
            caller = await self.reception.caller(request.headers.getlist("authorization"), HOOK_PATH, HOOK)
            request.state.client = caller.client.name
            with caller.in_progress.one():
                check_media_type(request.headers)
                sent = await body(request, self.settings.max_body, self.settings.body_seconds)
                call = hooks.decode(sent, HOOK)
                request.state.hook_instance = call.hook_instance
                advice, outcomes = await caller.answer(call, today(self.settings))
        told = _told(advice)
        cards = advice.cards
        if caller.client.is_silent and cards:
            told, cards = {**told, "silence": "silent-mode"}, ()
        self._log_call(request, 200, **told, **_fetched(outcomes))
        return _json(hooks.encode(_issued(card) for card in cards))

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

    def rule(self, request: Request, name: str) -> Response:
        """Give one page under its only address; its file as it was reviewed to whoever prefers Markdown."""
        if (canonical := self.pages.canonical(name)) is None:
            raise HTTPException(404, "there is no such rule")
        if prefers_text(request.headers.get("accept", "")):
            return _page(self.pages.text(canonical), "text/markdown")
        if canonical != name:
            return RedirectResponse(f"{self.pages.home}/{canonical}", 308, {"Vary": "Accept"})
        return _page(self.pages.html(canonical))

    async def demo(self, story: str) -> Response:
        """Give the request of a built-in patient, dated relative to today."""
        body = demo.request(self.settings.fixtures, story, today(self.settings))
        if body is None:
            raise HTTPException(404, "there is no such built-in patient")
        return _json(body.encode())

    async def refuse(self, request: Request, error: Exception) -> Response:
        """Turn an error into its status and an OperationOutcome; never repeats anything of the request."""
        status, said = _refusal(error)
        if request.url.path.startswith("/cds-services"):  # a typing error in an address as well
            told = {name: getattr(error, name, None) for name in ("member", "reason", "claimed", "fetched")}
            self._log_call(request, status, **told)
        headers = error.headers if isinstance(error, HTTPException) else _HEADERS.get(type(error))
        return JSONResponse(hooks.operation_outcome(status, said), status, headers)

    def _log_call(self, request: Request, status: int, **outcome: Any) -> None:
        began = getattr(request.state, "began", None)
        trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
        told = {
            "client": getattr(request.state, "client", None),
            "hook_instance": getattr(request.state, "hook_instance", None),
            "trace": trace[1] if trace else None,
            "milliseconds": round((perf_counter() - began) * 1000, 2) if began else None,
            **outcome,
        }
        said = {name: value for name, value in told.items() if value is not None}
        self.log.info("hook", service=SERVICE_ID, status=status, **said)


def _refusal(error: Exception) -> tuple[int, str]:
    if isinstance(error, HTTPException):
        return error.status_code, _HTTP_SAID.get(error.status_code, error.detail)
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return status, _SAID.get(kind, str(error))
    return 500, "something went wrong here; the log has the place"


def _issued(card: Card) -> Card:
    """A card, and each suggestion on it, with an id of its own, so that feedback can name it."""
    suggestions = tuple(replace(suggestion, uuid=str(uuid4())) for suggestion in card.suggestions)
    return replace(card, uuid=str(uuid4()), suggestions=suggestions)


def _told(advice: Advice) -> dict[str, Any]:
    """What the log may say of an answer: rows of our knowledge, counts, reasons; nothing of the record."""
    findings = [
        finding for card in advice.cards for finding in card.extension.get("org.legcramps.findings", ())
    ]
    return {
        "cards": len(advice.cards),
        "indicators": [card.indicator for card in advice.cards],
        "rows": sorted({finding["row"] for finding in findings}),
        "silence": advice.silence,
        "counts": dict(advice.counts),
    }


def _fetched(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What the log may say of what was fetched: our own keys, codes and counts."""
    if not outcomes:
        return {}
    return {
        "fetched": {each.key: each.code for each in outcomes},
        "fetch_requests": sum(each.requests for each in outcomes),
        "fetch_bytes": sum(each.bytes for each in outcomes),
    }


def _page(text: str, media_type: str = "text/html") -> Response:
    """A page that loads nothing but its style sheet and runs nothing; it may be framed, as an EHR shows links."""
    return Response(text, media_type=media_type, headers=_PAGE)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
