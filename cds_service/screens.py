"""What a person opens in a browser: the workbench, the timeline as a SMART app, and why an answer is as it is."""

import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cds_service import hooks
from cds_service.advise import Site
from cds_service.call_log import of_call
from cds_service.calls import Answer, Caller
from cds_service.errors import Forbidden, RequestInvalid
from cds_service.explanation import explanation
from cds_service.hooks import HookRequest
from cds_service.limits import RETRY_AFTER, InProgress, body, check_media_type, check_values
from cds_service.reception import APPS_SHARE, Reception
from cds_service.settings import Settings, today
from cds_service.stopwatch import Stopwatch
from cds_service.turns import Pieces, Turns

EXPLAIN = "/explain"
_BUILT = Path(__file__).with_name("web")  # made of the repository's `web/` by tools/build_web.sh
_PAGES = ("index.html", "launch.html", "timeline.html")
_HOOK = "patient-view"
# bytes of a call that brings a token and no record; a token has 16 KiB at most
_MOST_WITHOUT_RECORD = 64 * 1024
_SECONDS_WITHOUT_RECORD = 2.0  # for it to arrive: it fits into a few packets
_ASSET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,100}")
# not the system's list, which may call a script plain text; then no browser would run it
_MEDIA_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify"
)


class Screens:
    """
    The built pages, each with a policy that lets it run its own script and nothing else; and what they ask for.

    *site* is there only where our own core answers.

    Raises:
        ValueError: If pages are to be shown and were not built.
    """

    def __init__(
        self,
        settings: Settings,
        site: Callable[[], Site],
        reception: Reception,
        in_progress: InProgress,
        turns: Turns,
        log: Any,
    ) -> None:
        self.has_workbench = settings.has_workbench
        self.has_app = bool(reception.apps)
        if self.are_shown:
            _check_built()
        self._settings = settings
        self._site = site
        self._reception = reception
        self._in_progress = in_progress
        self._places = InProgress(max(1, settings.concurrency // APPS_SHARE))
        self._turns = turns
        self._log = log

    @property
    def are_shown(self) -> bool:
        """Whether there is any page."""
        return self.has_workbench or self.has_app

    def workbench(self) -> Response:
        """The workbench; nobody may frame it, since clicks on it are remembered."""
        return _page("index.html", f"{_POLICY}; connect-src 'self'; frame-ancestors 'none'")

    def launch(self, request: Request) -> Response:
        """Where an EHR launches the timeline; it may call that one only, and tells nobody of the others."""
        issuer = request.query_params.get("iss", "")
        return _page("launch.html", _calling(self._reception.apps.origins_at(issuer)))

    def timeline(self, request: Request) -> Response:
        """
        The timeline, once the EHR has let the user in: one page for each EHR, that calls no other.

        Any page may frame it: EHRs do, under names that nobody here can know. Whoever else does so sees nothing of it,
        and there is nothing on it that a click could change.
        """
        origins = self._reception.apps.origins_of(request.scope["path"].rpartition("/")[2])
        if origins is None:
            raise HTTPException(404, "there is no such page")
        return _page("timeline.html", _calling(origins))

    def asset(self, request: Request) -> Response:
        """A script, a style sheet or a picture of the pages."""
        name: str = request.path_params["name"]
        media_type = _MEDIA_TYPES.get(PurePath(name).suffix)
        path = _BUILT / "assets" / name
        if media_type is None or not _ASSET.fullmatch(name) or not path.is_file():
            raise HTTPException(404, "there is no such part of a page")
        return Response(path.read_bytes(), media_type=media_type)

    async def app(self, request: Request) -> Response:
        """As which app, and for what, the page may sign in at the FHIR server that launched it."""
        issuer = request.query_params.get("iss", "")
        if not issuer:
            raise RequestInvalid("iss", "is missing; send the FHIR server that launched the page")
        app = None if "#" in issuer else self._reception.apps.at(issuer)
        if app is None:
            raise HTTPException(
                404, "iss: is no FHIR server at which this app is enabled; ask whoever runs the service"
            )
        # as the EHR wrote it: its sign-in compares `aud` with its own spelling
        return _json(msgspec.json.encode({**app._asdict(), "iss": issuer}))

    async def explain(self, request: Request) -> Response:
        """Explain what the patient-view hook answers to the same request; nothing of it is remembered."""
        watch = request.state.watch = Stopwatch()
        if self._turns.is_long:
            raise HTTPException(
                503, "too many calls wait to be answered here; send this one again in a second", RETRY_AFTER
            )
        check_media_type(request.headers)
        # few connections that send nothing would else have all the places
        small = None if self.has_workbench else await self._small(request, watch)
        with self._places.one(), self._in_progress.one(), Pieces(self._turns, watch) as pieces:
            sent = await self._whole(request, watch) if small is None else small
            pieces.grow(len(sent))
            check_values(sent, self._settings.max_body)
            call = await pieces.do("decode", lambda: hooks.decode(sent, _HOOK))
            request.state.hook_instance = call.hook_instance
            caller, is_app = await self._caller(call)
            request.state.client = caller.client.name
            day = today(self._settings)
            with caller.in_progress.one():
                ask = caller.opened if is_app else caller.answer
                answer = await ask(call, day, pieces)
            fetched = {each.key: each.code for each in answer.fetched}
            told = await pieces.do(
                "word", lambda: msgspec.json.encode(explanation(answer.advice, self._site(), day, fetched))
            )
        self._log_call(request, 200, **_told(answer))
        return _json(told)

    async def _small(self, request: Request, watch: Stopwatch) -> bytes:
        """A body that may bring a token and no record."""
        most = min(self._settings.max_body, _MOST_WITHOUT_RECORD)
        with watch.of("read"):
            return await body(request, most, min(self._settings.body_seconds, _SECONDS_WITHOUT_RECORD))

    async def _whole(self, request: Request, watch: Stopwatch) -> bytes:
        with watch.of("read"):
            return await body(request, self._settings.max_body, self._settings.body_seconds)

    async def _caller(self, call: HookRequest) -> tuple[Caller, bool]:
        """
        Who serves this call, and whether it comes from the timeline as a SMART app.

        Where clients prove who they are, that is the only kind there is: who can't read the record can't have anything
        computed.

        Raises:
            RequestInvalid: If the call is none of the app.
            Forbidden: If the app is not enabled at its FHIR server.
        """
        opener = self._reception.opener(call.fhir_server) if call.fhir_server else None
        brings_record = bool(call.prefetch or call.unread)
        if self.has_workbench and (opener is None or brings_record or call.access_token is None):
            return self._reception.demonstrator, False
        if brings_record:
            raise RequestInvalid(
                "prefetch", "is not taken here; leave it out, the record is read with the token"
            )
        if call.fhir_server is None:
            raise RequestInvalid(
                "fhirServer", "is missing; send the FHIR server at which the page was launched"
            )
        if opener is None:
            raise Forbidden("the timeline is not enabled for this FHIR server; ask whoever runs the service")
        if call.access_token is None:
            raise RequestInvalid("fhirAuthorization", "is missing; send the token that the page was given")
        return opener, True

    def refused(self, request: Request, status: int, error: Exception) -> None:
        """Tell the log about a call that got an error for an answer."""
        self._log_call(
            request, status, **{name: getattr(error, name, None) for name in ("member", "fetched")}
        )

    def _log_call(self, request: Request, status: int, **outcome: Any) -> None:
        self._log.info("explain", status=status, **of_call(request, **outcome))


def _calling(origins: set[str]) -> str:
    """The policy of a page that may call these servers, and this one."""
    return " ".join((f"{_POLICY}; connect-src 'self'", *sorted(origins)))


def _check_built() -> None:
    """
    Make sure that the pages are there.

    Raises:
        ValueError: If a part of them is not.
    """
    parts = (*_PAGES, "assets")
    missing = [name for name in parts if not (_BUILT / name).exists()]
    if missing:
        raise ValueError(f"{_BUILT.name}/{missing[0]}: the pages were not built; run tools/build_web.sh")


def _told(answer: Answer) -> dict[str, Any]:
    """What the log may say of it: counts and codes of ours."""
    told: dict[str, Any] = {"silence": answer.advice.silence, "counts": dict(answer.advice.counts)}
    if answer.fetched:
        told["fetched"] = {each.key: each.code for each in answer.fetched}
        told["fetch_requests"] = sum(each.requests for each in answer.fetched)
        told["fetch_bytes"] = sum(each.bytes for each in answer.fetched)
    return told


def _page(name: str, policy: str) -> Response:
    # small and read from the system's own memory; an edit is seen at once
    headers = {"Content-Security-Policy": policy, "Vary": "Accept"}
    return Response((_BUILT / name).read_bytes(), media_type="text/html", headers=headers)


def _json(told: bytes) -> Response:
    return Response(told, media_type="application/json")
