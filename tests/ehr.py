"""An EHR beside our service: signs its calls, has its charts on a FHIR server, fills the prefetch or does not."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import httpx
import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.fhir_server import FhirServer, own_id, owned, resources_of, the_server
from tests.served import Served, served

JSON = dict[str, Any]
ISSUER = "https://ehr.example"
NAME = "test-hospital"
TODAY = "2026-06-15"  # the builder's, and that of all stories
BUDGET = 1.2  # seconds for all fetching of one call
_PREFIX = "org.legcramps."


@dataclass(frozen=True)
class Ehr:
    """One client: its private key, and the clients file that a site would write for it."""

    clients: Path
    _key: ec.EllipticCurvePrivateKey

    @classmethod
    def known_in(cls, folder: Path, bases: Iterable[str], **entry: Any) -> "Ehr":
        """A client that may name the FHIR servers *bases*; its clients file lies in *folder*."""
        key = ec.generate_private_key(ec.SECP384R1())
        public = {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "k1", "use": "sig"}
        (folder / "keys.json").write_text(json.dumps({"keys": [public]}))
        usual = {"issuer": ISSUER, "keys": "keys.json", "fhir_bases": list(bases)}
        clients = folder / "clients.yaml"
        clients.write_text(yaml.safe_dump({"clients": {NAME: {**usual, **entry}}}))
        return cls(clients, key)

    def token(self, audience: str, **claims: Any) -> str:
        """A token for one call; a claim of None is left out."""
        now = int(time())
        usual = {"iss": ISSUER, "aud": audience, "iat": now, "exp": now + 300, "jti": str(uuid4())}
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(said, self._key, algorithm="ES384", headers={"kid": "k1"})


def a_call(patient: str, **members: Any) -> JSON:
    """The patient-view request about a patient, with *members* beside its context."""
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "context": {"userId": "Practitioner/gp", "patientId": patient},
        **members,
    }


def access(base: str, token: str) -> JSON:
    """The members that let a service ask the FHIR server at *base*."""
    return {
        "fhirServer": base,
        "fhirAuthorization": {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": "patient/*.rs",
            "subject": "cds-service",
        },
    }


@dataclass(frozen=True)
class Connected:
    """A service, the EHR that calls it and the FHIR server with its charts."""

    service: Served
    ehr: Ehr
    fhir: FhirServer

    def put(self, request: JSON, owner: str) -> str:
        """Put the chart of a hook request on the FHIR server, under names of its own; gives the patient's."""
        self.fhir.load(owned(resources_of(request), owner))
        return own_id(owner, request["context"]["patientId"])

    def call(self, request: JSON) -> httpx.Response:
        """One signed call."""
        return self.service.call(request, self.ehr.token(self.service.hook))

    def prefetched(self, patient: str, *, whole: bool = False) -> httpx.Response:
        """The answer to a client that fills each template of the discovery, page by page if *whole*."""
        [service] = self.service.get("/cds-services").json()["services"]
        return self.call(
            a_call(patient, prefetch=self.fhir.filled(service["prefetch"], patient, whole=whole))
        )

    def fetched(self, patient: str, base: str = "", token: str = "", **members: Any) -> httpx.Response:
        """The answer to a client that fills nothing; *base* and *token* in place of the FHIR server's own."""
        return self.call(
            a_call(patient, **access(base or self.fhir.base, token or self.fhir.token), **members)
        )


@contextmanager
def plugged_in(folder: Path, *bases: str, **settings: object) -> Iterator[Connected]:
    """A service with authentication on, its EHR, and the FHIR server, to which *bases* lead too."""
    fhir = the_server()
    ehr = Ehr.known_in(folder, [fhir.base, *bases])
    usual = {"clients": ehr.clients, "development": True, "today": TODAY, "fetch_seconds": BUDGET}
    with served(folder, **{**usual, **settings}) as service:
        yield Connected(service, ehr, fhir)


def cards(answer: httpx.Response) -> list[JSON]:
    """The cards of an answer without their uuids, which are new each time."""
    assert answer.status_code == 200, answer.text
    found: list[JSON] = _without_uuids(answer.json()["cards"])
    return found


def _without_uuids(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_uuids(each) for each in node]
    if not isinstance(node, dict):
        return node
    return {name: _without_uuids(value) for name, value in node.items() if name != "uuid"}


def kinds(found: Iterable[JSON]) -> list[str]:
    """What each card is: main, also-consider or data."""
    return [card["extension"][f"{_PREFIX}card"] for card in found]


def rows(found: Iterable[JSON]) -> list[str]:
    """Each row that the cards flag or set aside, in their order."""
    return [each["row"] for card in found for each in card["extension"].get(f"{_PREFIX}findings", ())]
