"""
An EHR's authorization server and FHIR server for SMART apps, on loopback: strict, and it tells what it was asked.

    with smart_server() as ehr:
        ehr.register("my-app", "http://127.0.0.1:8000/launch", "http://127.0.0.1:8000/timeline")
        patient = ehr.put(story, "margaret")
        ...ehr.launch("my-app", patient)...

It has the rules of SMART App Launch 2.2 for public apps: a launch, a code and a verifier are good once, only S256, no
refresh token, only what the scope names. The charts lie on the real FHIR server of `tests.fhir_server` behind it.
"""

import asyncio
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from secrets import token_urlsafe
from threading import Thread
from time import monotonic, time
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.fhir_server import own_id, owned, resources_of, the_server
from tests.smart_record import Grant, Record, outcome
from tests.smart_rules import Refused, check, check_authorization, check_verifier, once_each

JSON = dict[str, Any]
READER = "Practitioner/gp"
_CODE_LIVES = 60.0  # seconds
_TOKEN_LIVES = 300
_NEVER_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM = "application/x-www-form-urlencoded"
_END = 15.0
_STEP = 0.02


@dataclass(frozen=True)
class Asked:
    """One request that arrived; *authorization* is the header, *referer* that of the page that sent it."""

    method: str
    path: str
    query: str
    authorization: str
    referer: str


@dataclass
class Faults:
    """What goes wrong from now on; `ehr.faults = Faults()` puts all right again."""

    denied: frozenset[str] = frozenset()  # scopes that are not granted, as they were asked for
    state: str | None = None  # in place of the app's, on the way back to it
    without_pkce: bool = False
    without_configuration: bool = False
    says_of_itself: Mapping[str, Any] = field(
        default_factory=dict
    )  # members of its configuration; None: left out
    answers_as: str | None = None  # the `iss` of answers to the app (RFC 9207)
    sends_on_to: str | None = None  # the sign-in of another server, which it has the user go to
    sends_on_as: Mapping[str, str] = field(
        default_factory=dict
    )  # with these in place of the app's parameters
    no_exchange: str | None = None  # the OAuth code with which the token endpoint refuses
    has_expired: bool = False  # the FHIR server takes no token any more
    is_slow: bool = False  # the FHIR server answers no sooner than this has passed


@dataclass(frozen=True)
class App:
    """A public app, as it was registered."""

    client_id: str
    launch_uri: str
    redirect_uri: str


@dataclass(frozen=True)
class Launch:
    """What an app is to learn of where it was opened; *told* are further members of the token response."""

    patient: str | None
    user: str | None
    told: Mapping[str, Any]


@dataclass(frozen=True)
class _Pending:
    """An authorization that a person is asked about, or that a code stands for."""

    app: App
    launch: Launch
    asked: Mapping[str, str]
    since: float = field(default_factory=monotonic)


class SmartServer:
    """The running server: what tests do with it, and its routes."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.base = f"{origin}/fhir"
        self.faults = Faults()
        self.asked: list[Asked] = []
        self.issued: list[str] = []  # access tokens, the newest last
        self.refused: list[str] = []  # why, for tests that wonder
        self._apps: dict[str, App] = {}
        self._launches: dict[str, Launch] = {}
        self._decisions: dict[str, _Pending] = {}
        self._codes: dict[str, _Pending] = {}
        self._tokens_of: dict[str, str] = {}  # by the code that they were given for
        self._grants: dict[str, Grant] = {}
        self._states: set[str] = set()

    # --- what tests say -------------------------------------------------------------------------------------------

    def register(self, client_id: str, launch_uri: str, redirect_uri: str) -> None:
        """Know an app; both addresses are compared to the letter."""
        self._apps[client_id] = App(client_id, launch_uri, redirect_uri)

    def put(self, request: JSON, owner: str) -> str:
        """Put the chart of a hook request on the FHIR server, under names of its own; gives the patient's id."""
        the_server().load(owned(resources_of(request), owner))
        return own_id(owner, request["context"]["patientId"])

    def launch(self, client_id: str, patient: str | None, user: str | None = READER, **told: Any) -> str:
        """The address that opens the app for a patient, good once; *told* are members of the token response."""
        launch = token_urlsafe(16)
        self._launches[launch] = Launch(patient, user, told)
        return f"{self._apps[client_id].launch_uri}?{urlencode({'iss': self.base, 'launch': launch})}"

    def chart(self, client_id: str, patient: str, **told: str) -> str:
        """The address of a page of the EHR that opens the app, in a frame or in a tab of its own."""
        return f"{self.origin}/ehr?{urlencode({'app': client_id, 'patient': patient, **told})}"

    def app(self) -> Starlette:
        """All routes. Apps ask across origins, and never with cookies."""
        routes = [
            Route("/fhir/.well-known/smart-configuration", self._configuration),
            Route("/fhir/metadata", self._metadata),
            *Record(self.base, self._grant, self._free).routes(),
            Route("/authorize", self._authorize),
            Route("/decide", self._decide, methods=["POST"]),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
            Route("/ehr", self._ehr),
        ]
        cors = Middleware(CORSMiddleware, allow_origins=["*"], allow_headers=["authorization", "accept"])
        return Starlette(routes=routes, middleware=[cors, Middleware(_Recorded, server=self)])

    # --- what it says of itself -----------------------------------------------------------------------------------

    async def _configuration(self, _: Request) -> Response:
        if self.faults.without_configuration:
            return outcome(404, "not-found", "there is nothing here")
        methods = ["plain"] if self.faults.without_pkce else ["S256"]
        said = {
            "issuer": self.base,
            "jwks_uri": f"{self.origin}/keys",
            "authorization_endpoint": f"{self.origin}/authorize",
            "token_endpoint": f"{self.origin}/token",
            "grant_types_supported": ["authorization_code"],
            "response_types_supported": ["code"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": methods,
            "capabilities": ["launch-ehr", "client-public", "sso-openid-connect", "context-ehr-patient"],
            **self.faults.says_of_itself,
        }
        return JSONResponse({name: value for name, value in said.items() if value is not None})

    async def _metadata(self, _: Request) -> Response:
        # No oauth-uris: an extension of old, without a word about PKCE.
        rest = [{"mode": "server", "security": {"service": [{"text": "SMART-on-FHIR"}]}}]
        return JSONResponse({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": rest})

    async def _keys(self, _: Request) -> Response:
        public = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return JSONResponse({"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    # --- signing in -----------------------------------------------------------------------------------------------

    async def _authorize(self, request: Request) -> Response:
        """Ask the person; who is not known, or names another address to go back to, is never sent anywhere."""
        try:
            asked = once_each(request.url.query)
            if self.faults.sends_on_to:
                query = urlencode({**asked, **self.faults.sends_on_as})
                return RedirectResponse(f"{self.faults.sends_on_to}?{query}", 302)
            app = self._apps.get(asked.get("client_id", ""))
            if app is None or asked.get("redirect_uri") != app.redirect_uri:
                raise Refused("invalid_request", "client_id or redirect_uri is not that of an app")
        except Refused as refusal:
            return self._told(refusal)
        try:
            launch = self._launched(asked)
        except Refused as refusal:
            self.refused.append(refusal.why)
            return self._back(app, asked, error=refusal.code, error_description=refusal.why)
        ticket = token_urlsafe(16)
        self._decisions[ticket] = _Pending(app, launch, asked)
        return HTMLResponse(_SIGN_IN.format(app=escape(app.client_id), ticket=ticket))

    def _launched(self, asked: Mapping[str, str]) -> Launch:
        state = asked.get("state", "")
        check_authorization(asked, self.base)
        check(state not in self._states, "invalid_request", "state was used before")
        self._states.add(state)
        launch = self._launches.pop(asked.get("launch", ""), None)
        if launch is None:
            raise Refused("invalid_request", "launch is unknown or was used before")
        return launch

    async def _decide(self, request: Request) -> Response:
        said = dict(parse_qsl((await request.body()).decode("ascii")))
        pending = self._decisions.pop(said.get("ticket", ""), None)
        if pending is None:
            return self._told(Refused("invalid_request", "nobody was asked this"))
        if said.get("decision") != "allow":
            return self._back(pending.app, pending.asked, error="access_denied")
        code = f"{token_urlsafe(24)}+/%&="  # all that RFC 6749 allows, so an app has to encode it
        self._codes[code] = pending
        return self._back(pending.app, pending.asked, code=code)

    def _back(self, app: App, asked: Mapping[str, str], **said: str) -> Response:
        said["state"] = self.faults.state or asked.get("state", "")
        if self.faults.answers_as is not None:
            said["iss"] = self.faults.answers_as
        return RedirectResponse(f"{app.redirect_uri}?{urlencode(said)}", 302)

    def _told(self, refusal: Refused) -> Response:
        self.refused.append(refusal.why)
        return HTMLResponse(f"<!doctype html><title>Refused</title><p>{escape(refusal.why)}</p>", 400)

    async def _token(self, request: Request) -> Response:
        try:
            if self.faults.no_exchange:
                raise Refused(self.faults.no_exchange, "as the test wants it")
            check(request.headers.get("content-type", "").startswith(_FORM), "invalid_request", "is no form")
            check("authorization" not in request.headers, "invalid_client", "a public app has no secret")
            answer = self._exchanged(once_each((await request.body()).decode("ascii")))
        except Refused as refusal:
            self.refused.append(refusal.why)
            said = {"error": refusal.code, "error_description": refusal.why}
            return JSONResponse(said, 400, headers=_NEVER_STORED)
        return JSONResponse(answer, headers=_NEVER_STORED)

    def _exchanged(self, sent: Mapping[str, str]) -> JSON:
        code = sent.get("code", "")
        self._grants.pop(self._tokens_of.get(code, ""), None)  # a code that comes twice was stolen
        pending = self._codes.pop(code, None)
        check(sent.get("grant_type") == "authorization_code", "unsupported_grant_type", "is no code's grant")
        if pending is None or monotonic() - pending.since > _CODE_LIVES:
            raise Refused("invalid_grant", "code is unknown, old or was used before")
        check(sent.get("client_id") == pending.app.client_id, "invalid_client", "client_id is another's")
        check(sent.get("redirect_uri") == pending.app.redirect_uri, "invalid_grant", "redirect_uri differs")
        check_verifier(sent.get("code_verifier", ""), pending.asked["code_challenge"])
        return self._granted(code, pending)

    def _granted(self, code: str, pending: _Pending) -> JSON:
        scope = frozenset(pending.asked["scope"].split()) - self.faults.denied
        token = f"token-{token_urlsafe(32)}"
        self._tokens_of[code] = token
        self._grants[token] = Grant(scope, pending.launch.patient)
        self.issued.append(token)
        answer = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": _TOKEN_LIVES,
            "scope": " ".join(sorted(scope)),
            "id_token": self._identity(pending) if {"openid", "fhirUser"} <= scope else None,
            "patient": pending.launch.patient,
            "need_patient_banner": True,
            **pending.launch.told,
        }
        return {name: value for name, value in answer.items() if value is not None}

    def _identity(self, pending: _Pending) -> str:
        now, user = int(time()), pending.launch.user
        claims = {"iss": self.base, "aud": pending.app.client_id, "sub": "u1", "iat": now, "exp": now + 300}
        # a name that makes all 64 letters of base64url appear, which `atob` does not know
        named = {"name": "Zoë Ÿ?>~ÿþ", **({"fhirUser": f"{self.base}/{user}"} if user else {})}
        return jwt.encode({**claims, **named}, self._key, algorithm="RS256", headers={"kid": "k1"})

    def _grant(self, request: Request) -> Grant | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        is_taken = scheme.lower() == "bearer" and not self.faults.has_expired
        return self._grants.get(token) if is_taken else None

    async def _free(self) -> None:
        limit = monotonic() + _END
        while self.faults.is_slow and monotonic() < limit:
            await asyncio.sleep(_STEP)

    # --- the EHR --------------------------------------------------------------------------------------------------

    async def _ehr(self, request: Request) -> Response:
        """A chart that opens the app, by a link into a tab of its own and by one into a frame."""
        said = dict(request.query_params)
        app, patient = said.pop("app"), said.pop("patient")
        tab, frame = (escape(self.launch(app, patient, **said)) for _ in range(2))
        return HTMLResponse(_CHART.format(tab=tab, frame=frame))


_HEAD = '<!doctype html><html lang="en"><link rel="icon" href="data:,">'  # else browsers ask for one
_SIGN_IN = (
    f"{_HEAD}<title>Sign in</title>"
    """<h1>May {app} read this chart?</h1>
<form method="post" action="/decide"><input type="hidden" name="ticket" value="{ticket}">
<button name="decision" value="allow">Allow</button><button name="decision" value="refuse">Refuse</button></form>"""
)
_CHART = (
    f"{_HEAD}<title>Chart</title>"
    """<h1>Chart</h1>
<p><a href="{tab}" target="_blank">In a tab</a> <a href="{frame}" target="beside">In a frame</a></p>
<iframe name="beside" title="App" width="1100" height="800"></iframe>"""
)


class _Recorded:
    """Before the routes: a note of what is asked."""

    def __init__(self, app: Any, server: SmartServer) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            self._server.asked.append(
                Asked(
                    scope["method"],
                    scope["path"],
                    scope["query_string"].decode(),
                    headers.get("authorization", ""),
                    headers.get("referer", ""),
                )
            )
        await self._app(scope, receive, send)


@contextmanager
def smart_server() -> Iterator[SmartServer]:
    """A server that runs, in a thread of this process, until it is no longer wanted."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # by its name: to a browser another site than our service at 127.0.0.1, as it is in a hospital
        server = SmartServer(f"http://localhost:{listener.getsockname()[1]}")
        config = uvicorn.Config(server.app(), log_config=None, access_log=False, lifespan="off")
        running = uvicorn.Server(config)
        thread = Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            running.should_exit = True
            thread.join(_END)
            assert not thread.is_alive()
