"""What a person opens in a browser: the workbench, the timeline as a SMART app, and why an answer is as it is."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from cds_service import hooks, start
from cds_service.explanation import explanation
from cds_service.knowledge import Knowledge
from cds_service.limits import InProgress, body, check_media_type, check_values
from cds_service.reception import Reception
from cds_service.settings import Settings, today
from cds_service.stopwatch import Stopwatch
from cds_service.turns import Pieces, Turns

ASSETS = "/assets"
_BUILT = Path(__file__).with_name("web")  # made of the repository's `web/` by tools/build_web.sh
_HOOK = "patient-view"
_PATH = "/explain"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types dompurify"
)


class Screens:
    """
    The built pages, each with a policy that lets it run its own script and nothing else; and what they ask for.

    *origins* are the other servers that the SMART app may call: those of the FHIR servers and of their sign-in.
    """

    def __init__(
        self,
        settings: Settings,
        knowledge: Knowledge,
        reception: Reception,
        in_progress: InProgress,
        turns: Turns,
        origins: Iterable[str] = (),
    ) -> None:
        self._settings = settings
        self._site = start.site(settings, knowledge)
        self._reception = reception
        self._in_progress = in_progress
        self._turns = turns
        self._origins = " ".join(("'self'", *sorted(set(origins))))

    def workbench(self) -> Response:
        """The workbench; nobody may frame it, since clicks on it are remembered."""
        return _page("index.html", f"{_POLICY}; connect-src 'self'; frame-ancestors 'none'")

    def launch(self) -> Response:
        """Where an EHR launches the timeline."""
        return _page("launch.html", f"{_POLICY}; connect-src {self._origins}")

    def timeline(self) -> Response:
        """The timeline, once the EHR has let the user in; an EHR may show it in a frame."""
        return _page("timeline.html", f"{_POLICY}; connect-src {self._origins}")

    @staticmethod
    def assets() -> StaticFiles:
        """Scripts and style sheets."""
        return StaticFiles(directory=_BUILT / "assets")

    async def explain(self, request: Request) -> Response:
        """Explain what the patient-view hook answers to the same request."""
        watch = Stopwatch()
        with self._in_progress.one(), Pieces(self._turns, watch) as pieces:
            caller = await self._reception.caller(request.headers.getlist("authorization"), _PATH, _HOOK)
            with caller.in_progress.one():
                check_media_type(request.headers)
                sent = await body(request, self._settings.max_body, self._settings.body_seconds)
                pieces.grow(len(sent))
                check_values(sent, self._settings.max_body)
                call = await pieces.do("decode", lambda: hooks.decode(sent, _HOOK))
                day = today(self._settings)
                advice, outcomes, _ = await caller.answer(call, day, pieces)
                fetched = {each.key: each.code for each in outcomes}
                told = await pieces.do("word", lambda: explanation(advice, self._site, day, fetched))
        return Response(msgspec.json.encode(told), media_type="application/json")


def _page(name: str, policy: str) -> Response:
    # small and read from the system's own memory; an edit is seen at once
    return Response(
        (_BUILT / name).read_bytes(), media_type="text/html", headers={"Content-Security-Policy": policy}
    )
