"""
A real FHIR server, `sekmet-fhir`, as a process on loopback; `the_server()` gives the one of this test run.

It wants a token and tells what it was asked. All tests share it: give each patient names of its own, with `owned`.
"""

import atexit
import os
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import httpx

from tests.served import NO_AUTHORITIES, process

FHIR = dict[str, Any]

_SAYS = "FHIR base: "
_TOKEN = "told-only-to-whom-it-concerns"  # noqa: S105 - of a server that lives as long as a test
_SEEN = "/seen"
_LONGEST_ID = 64
_CHUNK = 250  # resources of one Bundle
_ANSWER = 60.0


@dataclass(frozen=True)
class Asked:
    """One request that reached the server; *target* is path and query as they were sent, without the base."""

    method: str
    target: str
    is_authorised: bool


@dataclass(frozen=True)
class FhirServer:
    """A server that runs: its base address and the token that it wants."""

    base: str
    token: str = _TOKEN

    def load(self, resources: Iterable[FHIR]) -> None:
        """
        Put each resource under its own id.

        Raises:
            AssertionError: When the server refuses one.
        """
        rest = list(resources)
        while rest:
            chunk, rest = rest[:_CHUNK], rest[_CHUNK:]
            answer = self._call("POST", "", {"Prefer": "return=minimal"}, _batch(chunk)).json()
            refused = [each for each in answer["entry"] if not each["response"]["status"].startswith("20")]
            assert refused == [], refused[0]

    def get(self, query: str, **headers: str) -> httpx.Response:
        """A read or a search below the base, or a link that the server gave."""
        return self._call("GET", query, headers)

    def filled(self, templates: Mapping[str, str], patient: str, *, whole: bool = False) -> FHIR:
        """
        The prefetch of a client that asks this server for each template, and for the medicines that are references.

        *whole* is of a client that follows the pages, so that nothing is left of the `next` links.
        """
        queries = {key: _with_medicines(template) for key, template in templates.items()}
        answers = {
            key: self.get(query.replace("{{context.patientId}}", patient)) for key, query in queries.items()
        }
        assert {answer.status_code for answer in answers.values()} == {200}
        return {
            key: self._whole(answer.json()) if whole else answer.json() for key, answer in answers.items()
        }

    def _whole(self, value: FHIR) -> FHIR:
        entries, page = list(value.get("entry", [])), value
        while onward := next_page(page):
            page = self.get(onward).json()
            entries += page["entry"]
        return {**value, "link": [], "entry": entries} if "entry" in value else value

    def seen(self) -> list[Asked]:
        """All requests so far but those of `load`."""
        told = self._call("GET", self.base.removesuffix("/fhir") + _SEEN, {}).json()
        return [Asked(**each) for each in told]

    def _call(self, method: str, query: str, headers: dict[str, str], body: Any = None) -> httpx.Response:
        url = query if query.startswith("http") else f"{self.base}/{query}".rstrip("/")
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/fhir+json", **headers}
        with httpx.Client(trust_env=False, verify=NO_AUTHORITIES, timeout=_ANSWER) as client:
            return client.request(method, url, headers=sent, json=body)


def next_page(bundle: FHIR) -> str | None:
    """Where a searchset goes on."""
    return next((each["url"] for each in bundle.get("link", []) if each["relation"] == "next"), None)


def _with_medicines(template: str) -> str:
    kind = template.partition("?")[0]
    is_about_medicines = kind in ("MedicationRequest", "MedicationStatement")
    return (
        f"{template}&_include={kind}:medication"
        if is_about_medicines and "_include=" not in template
        else template
    )


def _batch(resources: Sequence[FHIR]) -> FHIR:
    entries = [
        {"resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"}}
        for each in resources
    ]
    return {"resourceType": "Bundle", "type": "batch", "entry": entries}


@cache
def the_server() -> FhirServer:
    """The server of this process, started when it is first asked for and ended when this process ends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        running = process("tests.fhir_server", [str(folder)], folder, os.environ, _SAYS)
        base, _ = stack.enter_context(running)
        # only now: what is registered last is called first, and the folder has a call of its own
        atexit.register(stack.pop_all().close)
    return FhirServer(base)


# --- what is put on it --------------------------------------------------------------------------------------------


def resources_of(request: FHIR) -> list[FHIR]:
    """
    Every resource of a hook request's prefetch, once, as a server keeps it: each with an id, referred to by it.

    The patient gets the id of the context.
    """
    patient = request["context"]["patientId"]
    entries = [entry for value in request["prefetch"].values() if value for entry in _entries(value, patient)]
    names = {f"urn:uuid:{patient}": f"Patient/{patient}"}
    names |= {
        entry["fullUrl"]: _named(entry, place) for place, entry in enumerate(entries) if "fullUrl" in entry
    }
    found = {}
    for place, entry in enumerate(entries):
        name = _named(entry, place)
        kind, _, identity = name.partition("/")
        found[name] = _renamed({**entry["resource"], "resourceType": kind, "id": identity}, names)
    return list(found.values())


def _entries(value: FHIR, patient: str) -> list[FHIR]:
    if value["resourceType"] == "Patient":
        return [{"resource": {**value, "id": patient}}]
    return value.get("entry", []) if value["resourceType"] == "Bundle" else [{"resource": value}]


def _named(entry: FHIR, place: int) -> str:
    resource, url = entry["resource"], entry.get("fullUrl", "")
    usual = url.removeprefix("urn:uuid:") if url.startswith("urn:uuid:") else f"unnamed-{place}"
    return f"{resource['resourceType']}/{resource.get('id') or usual}"


def owned(resources: Iterable[FHIR], owner: str) -> list[FHIR]:
    """The resources with *owner* before each id, and each reference to one of them."""
    given = list(resources)
    names = {
        f"{each['resourceType']}/{each['id']}": f"{each['resourceType']}/{own_id(owner, each['id'])}"
        for each in given
    }
    return [_renamed({**each, "id": own_id(owner, each["id"])}, names) for each in given]


def own_id(owner: str, identity: str) -> str:
    """The id of an owner's resource; one that would be too long is replaced by a hash."""
    made = f"{owner}-{identity}"
    return made if len(made) <= _LONGEST_ID else f"{owner}-{sha256(identity.encode()).hexdigest()[:16]}"


def _renamed(node: Any, names: dict[str, str]) -> Any:
    """*node* with other words in its references."""
    if isinstance(node, list):
        return [_renamed(each, names) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        name: names.get(value, value)
        if name == "reference" and isinstance(value, str)
        else _renamed(value, names)
        for name, value in node.items()
    }


def by_reference(resources: Iterable[FHIR]) -> list[FHIR]:
    """The resources with each medicine in a Medication of its own, as many servers keep them."""
    made: list[FHIR] = []
    for resource in resources:
        code = resource.get("medicationCodeableConcept")
        if code is None:
            made.append(resource)
            continue
        name = f"of-{resource['id']}"
        rest = {key: value for key, value in resource.items() if key != "medicationCodeableConcept"}
        made.append({**rest, "medicationReference": {"reference": f"Medication/{name}"}})
        made.append({"resourceType": "Medication", "id": name, "code": code})
    return made


# --- the process --------------------------------------------------------------------------------------------------


class _Watched:
    """The server, and before it a record of what it is asked."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._seen: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.responses import JSONResponse

        if scope["type"] == "http" and scope["path"] == _SEEN:
            await JSONResponse(self._seen)(scope, receive, send)
            return
        if scope["type"] == "http" and scope["method"] != "POST":
            self._seen.append(_asked(scope))
        await self._app(scope, receive, send)


def _asked(scope: Any) -> dict[str, Any]:
    query = scope["query_string"].decode()
    said = dict(scope["headers"]).get(b"authorization")
    target = scope["path"].removeprefix("/fhir/") + (f"?{query}" if query else "")
    return {
        "method": scope["method"],
        "target": target,
        "is_authorised": said == f"Bearer {_TOKEN}".encode(),
    }


def main(folder: Path) -> None:
    """Serve until the standard input ends."""
    import uvicorn
    from sekmet.config import Settings  # type: ignore[import-untyped]
    from sekmet.main import create_app  # type: ignore[import-untyped]

    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}/fhir"
        settings = Settings.model_validate(
            {
                "base_url": base,  # else its paging links name another port
                "data_dir": str(folder),
                "db_path": ":memory:",
                "own_private_key_path": str(folder / "key.pem"),
                "log_inbound": False,
                "server_auth": {"types": ["bearer"], "tokens": [_TOKEN]},
                "simulator": {"enabled": False},
                "validation": {"inbound": "off"},
            }
        )
        config = uvicorn.Config(_Watched(create_app(settings)), log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        Thread(target=_end_with_the_input, args=[server], daemon=True).start()
        sys.stdout.write(f"{_SAYS}{base}\n")
        sys.stdout.flush()
        server.run(sockets=[listener])


def _end_with_the_input(server: Any) -> None:
    # unbuffered: a thread that waits within a buffered reader can't be ended in good order
    while os.read(sys.stdin.fileno(), 1):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main(Path(sys.argv[1]))
