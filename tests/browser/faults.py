"""What goes wrong in a browser without the page saying so."""

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_INSIDE = frozenset({"about", "blob"})  # made by the page itself, never sent for
_GIVEN_UP = "net::ERR_ABORTED"  # the page went elsewhere, or changed its mind
_TELL = "tellOfPolicyViolation"
_LISTEN = f"""
document.addEventListener("securitypolicyviolation", (event) =>
  window.{_TELL}(`${{event.effectiveDirective}} forbids ${{event.blockedURI}} ${{event.sample}}`));
"""


class Faults:
    """Errors in the console and in scripts, violations of the policy, requests that fail or leave this machine."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """Let faults pass that *pattern*, a regular expression, is found in; at least one has to come."""
        self._expected.append(pattern)

    def unexpected(self) -> list[str]:
        """What nobody said would go wrong."""
        return [each for each in self._found if not any(re.search(said, each) for said in self._expected)]

    def that_did_not_come(self) -> list[str]:
        """What was expected and did not go wrong."""
        return [said for said in self._expected if not any(re.search(said, each) for each in self._found)]

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages of *context*, those that are opened later too."""
        context.on("console", self._console)
        context.on("weberror", self._script)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.expose_binding(_TELL, self._policy)
        context.add_init_script(_LISTEN)

    def hear_all(self, context: BrowserContext) -> None:
        """Wait for what the pages have told until now."""
        for page in context.pages:
            page.evaluate("0")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._found.append(f"console: {message.text} ({message.location['url']})")

    def _script(self, error: WebError) -> None:
        self._found.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in _INSIDE and address.hostname not in _LOOPBACK:
            self._found.append(f"request to another machine: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != _GIVEN_UP:
            self._found.append(f"request failed: {request.url}: {request.failure}")

    def _policy(self, _: Any, told: str) -> None:
        self._found.append(f"policy: {told}")
