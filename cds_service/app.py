"""Routes, start-up, and what status each error becomes."""

import gc
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from email.message import Message as MediaType
from time import perf_counter
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI
from msgspec.structs import replace
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service import __version__, demo, hooks, openapi, start
from cds_service.advise import Advice, advise
from cds_service.errors import DataUnavailable, RequestInvalid
from cds_service.hooks import Card, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.logs import place
from cds_service.pages import STYLE, Pages, prefers_text
from cds_service.settings import Settings, today

HOOK = "patient-view"
SERVICE_ID = "nocturnal-leg-cramps"
HOOK_PATH = f"/cds-services/{SERVICE_ID}"
DEMO_STORY = "furosemide-low-potassium"

Adviser = Callable[[HookRequest, date], Advice]

# Every error that a caller can bring about; HTTPException brings its own status along.
STATUSES: Mapping[type[Exception], int] = {
    RequestInvalid: 400,
    RecursionError: 400,  # nesting that only a part of the body has, read late
    ClientDisconnect: 400,
    DataUnavailable: 412,
}
_SAID: Mapping[type[Exception], str] = {
    RecursionError: "body: is nested too deep; send plain FHIR resources",
    ClientDisconnect: "body: ended early",
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
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def create_app(
    settings: Settings, knowledge: Knowledge | None = None, adviser: Adviser | None = None
) -> ASGIApp:
    """
    The service as an ASGI application. None stands for the settings' `cards/`, and for our core on top of it.

    Raises:
        KnowledgeInvalid: When `cards/` can't be fully understood.
    """
    known = knowledge or start.knowledge(settings)
    pages = Pages(known, settings.cards, settings.base_url)
    routes = _Routes(settings, known, adviser or _core(settings, known), pages, structlog.get_logger())
    web = FastAPI(
        title="legcramps",
        version=__version__,
        description="Likely contributors to reported nocturnal leg cramps, as CDS Hooks cards.",
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_ready,
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
    for path, route, summary in routes.of_knowledge():
        web.add_api_route(path, route, methods=["GET"], summary=summary, response_class=HTMLResponse)
        web.add_api_route(path, route, methods=["HEAD"], include_in_schema=False)
    if settings.is_demo:
        web.add_api_route(
            "/demo/{story}", routes.demo, methods=["GET"], summary="A built-in patient's request"
        )
    return CORSMiddleware(
        _Outside(web, routes.log),
        allow_origins=settings.cors_origins,
        allow_methods=("GET", "POST", "OPTIONS"),
        allow_headers=("authorization", "content-type", "accept", "traceparent"),
        # Browsers ask before a public page, such as the CDS Hooks Sandbox, may call this machine.
        allow_private_network=settings.is_demo,
    )


def _core(settings: Settings, knowledge: Knowledge) -> Adviser:
    site = start.site(settings, knowledge)
    return lambda request, day: advise(request, site, day)


@asynccontextmanager
async def _ready(_: FastAPI) -> AsyncIterator[None]:
    # What is loaded now stays: the garbage collector needn't look at it again.
    gc.collect()
    gc.freeze()
    yield


@dataclass(frozen=True, slots=True)
class _Routes:
    """What each route does."""

    settings: Settings
    knowledge: Knowledge
    adviser: Adviser
    pages: Pages
    log: Any

    async def welcome(self) -> Response:
        """Tell a person where they are."""
        return PlainTextResponse(
            f"legcramps {__version__}\nCDS Hooks discovery: {self.settings.base_url}/cds-services\n"
        )

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
            prefetch=self.knowledge.prefetch,
            usage_requirements=(
                "Send patient, conditions and at least one of medicationStatements and medicationRequests as "
                "prefetch, null when there is nothing; 412 otherwise. Results and orders are used when sent."
            ),
        )
        return _json(hooks.discovery([service]))

    async def hook(self, request: Request) -> Response:
        """Answer one hook call with cards."""
        request.state.began = perf_counter()
        _check_media_type(request.headers)
        call = hooks.decode(await _body(request, self.settings.max_body), HOOK)
        request.state.hook_instance = call.hook_instance
        advice = self.adviser(call, today(self.settings))
        self._log_call(request, 200, **_told(advice))
        return _json(hooks.encode(_issued(card) for card in advice.cards))

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
        if request.url.path == HOOK_PATH:
            self._log_call(request, status, member=getattr(error, "member", None))
        headers = error.headers if isinstance(error, HTTPException) else None
        return JSONResponse(hooks.operation_outcome(status, said), status, headers)

    def _log_call(self, request: Request, status: int, **outcome: Any) -> None:
        began = getattr(request.state, "began", None)
        trace = _TRACEPARENT.fullmatch(request.headers.get("traceparent", ""))
        told = {
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


def _check_media_type(headers: Mapping[str, str]) -> None:
    """
    Refuse what is not JSON in UTF-8.

    Raises:
        HTTPException: 415.
    """
    if not _is_json(headers.get("content-type", "text/plain")):
        raise HTTPException(415, "Content-Type: send application/json, in UTF-8")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Content-Encoding: send the body as it is, not compressed")


def _is_json(content_type: str) -> bool:
    if content_type == "application/json":
        return True
    media = MediaType()
    media["content-type"] = content_type
    is_json = media.get_content_type() in ("application/json", "application/fhir+json")
    return is_json and media.get_content_charset("utf-8") in ("utf-8", "utf8", "us-ascii")


async def _body(request: Request, limit: int) -> bytes:
    """
    The body, given up as soon as it is known to be longer than *limit* bytes.

    Raises:
        HTTPException: 413.
    """
    declared = request.headers.get("content-length", "")
    too_large = HTTPException(413, f"body: is larger than {limit} bytes; send fewer resources")
    # Nobody means a number of twenty digits; Python refuses to read one of thousands.
    if declared.isdecimal() and (len(declared) > 20 or int(declared) > limit):
        raise too_large
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


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


def _page(text: str, media_type: str = "text/html") -> Response:
    """A page that loads nothing but its style sheet and runs nothing; it may be framed, as an EHR shows links."""
    return Response(text, media_type=media_type, headers=_PAGE)


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


class _Outside:
    """Outermost but for CORS: headers on every answer, and the last place an error of ours can reach."""

    def __init__(self, app: ASGIApp, log: Any) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception as error:  # the server would log its message, which may quote the record
            # The caller has had its 500.
            self._log.error("unexpected", error=place(error))
