"""The FHIR server of `tests.smart_server`: gives out of a chart what the scope of a token names, and nothing else."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fhir_server import the_server
from tests.served import NO_AUTHORITIES

JSON = dict[str, Any]
SCOPE = re.compile(r"patient/(\*|[A-Z][A-Za-z]+)\.([cruds]+)")
_FHIR_JSON = "application/fhir+json"
_WITHOUT_PATIENT = frozenset({"Medication"})  # resources that belong to no patient
_ANSWER = 15.0  # seconds


@dataclass(frozen=True)
class Grant:
    """What a token is good for."""

    scope: frozenset[str]
    patient: str | None

    def allows(self, kind: str, letter: str) -> bool:
        """Whether resources of a kind may be read ("r") or searched for ("s")."""
        matches = filter(None, map(SCOPE.fullmatch, self.scope))
        return any(each[1] in ("*", kind) and letter in each[2] for each in matches)


@dataclass(frozen=True)
class Record:
    """Reads and searches, once it is *free*; the charts lie on the real FHIR server behind it."""

    base: str
    grant_of: Callable[[Request], Grant | None]
    free: Callable[[], Awaitable[None]]

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/fhir/{kind}", self._search), Route("/fhir/{kind}/{name}", self._read)]

    async def _search(self, request: Request) -> Response:
        kind, grant = request.path_params["kind"], self.grant_of(request)
        if grant is None:
            return _unauthorised()
        patient = dict(parse_qsl(request.url.query)).get("patient", "").removeprefix("Patient/")
        if not grant.allows(kind, "s") or patient != grant.patient:
            return outcome(403, "forbidden", "the token is not for this")
        status, found = await self._passed_on(request)
        entries = found.get("entry", [])
        # what is included needs a scope of its own
        allowed = [each for each in entries if grant.allows(each["resource"]["resourceType"], "r")]
        return JSONResponse({**found, "entry": allowed}, status, media_type=_FHIR_JSON)

    async def _read(self, request: Request) -> Response:
        kind, grant = request.path_params["kind"], self.grant_of(request)
        if grant is None:
            return _unauthorised()
        if not grant.allows(kind, "r"):
            return outcome(403, "forbidden", "the token is not for this")
        status, found = await self._passed_on(request)
        if status == 200 and kind not in _WITHOUT_PATIENT and _patient(found) != grant.patient:
            return outcome(403, "forbidden", "the token is for another patient")
        return JSONResponse(found, status, media_type=_FHIR_JSON)

    async def _passed_on(self, request: Request) -> tuple[int, JSON]:
        await self.free()
        real = the_server()
        url = f"{real.base}{request.url.path.removeprefix('/fhir')}?{request.url.query}".rstrip("?")
        headers = {"Authorization": f"Bearer {real.token}", "Accept": _FHIR_JSON}
        async with httpx.AsyncClient(trust_env=False, verify=NO_AUTHORITIES, timeout=_ANSWER) as client:
            answer = await client.get(url, headers=headers)
        own = httpx.Response(answer.status_code, text=answer.text.replace(real.base, self.base))
        return own.status_code, own.json()


def _patient(resource: JSON) -> str | None:
    """Whose resource it is."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    named = resource.get("subject") or resource.get("patient") or {}
    return str(named.get("reference", "")).removeprefix("Patient/")


def _unauthorised() -> Response:
    response = outcome(401, "login", "the token is unknown or has expired")
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def outcome(status: int, code: str, why: str) -> Response:
    """An OperationOutcome of one issue."""
    issue = {"severity": "error", "code": code, "diagnostics": why}
    return JSONResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status, media_type=_FHIR_JSON)
