"""Around every route: security headers on each answer, and the last place an error of ours can reach."""

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service.logs import place

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'"
_A_YEAR = 365 * 24 * 60 * 60


class Outside:
    """
    The outermost part of the application.

    No answer is guessed at, stored on the way or told to other sites by a browser. Answers that bring no
    Content-Security-Policy of their own load nothing and can't be framed; pages bring theirs, as an EHR frames
    what a card links to. Where the service is reached by https, browsers are told to use nothing else for this
    host; its other names are for the site to decide, so no `includeSubDomains`.

    Left out on purpose:
    Permissions-Policy, as nothing here runs a script that could ask for a camera;
    Cross-Origin-Resource-Policy, as it is about what is loaded without CORS, and no such answer holds patient data
    (a hook call asks for a preflight), while it would take the style sheet from a page in a sandboxed frame;
    Cross-Origin-Opener-Policy, as it would cut an EHR off from the window it opened, so that it can't close it;
    X-Frame-Options, as `frame-ancestors` says the same and leaves pages their choice.
    """

    def __init__(self, app: ASGIApp, log: Any, base_url: str) -> None:
        self._app = app
        self._log = log
        self._headers = _headers(base_url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; an error that comes this far is told by its kind and place only."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_to(MutableHeaders(scope=message))
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception as error:  # the server would log its message, which may quote the record
            # The caller has had its 500.
            self._log.error("unexpected", error=place(error))

    def _add_to(self, headers: MutableHeaders) -> None:
        for name, value in self._headers.items():
            headers[name] = value
        headers.setdefault("Content-Security-Policy", _CONTENT_POLICY)


def _headers(base_url: str) -> Mapping[str, str]:
    if base_url.startswith("https://"):
        return {**_ALWAYS, "Strict-Transport-Security": f"max-age={_A_YEAR}"}
    return _ALWAYS
