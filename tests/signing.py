"""Clients that sign: their keys, what they publish of them, and tokens good and bad."""

import asyncio
import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt import PyJWS, get_algorithm_by_name

from cds_service.errors import Unreachable

NOW = 1_790_000_000  # 21 September 2026; the tests' clock stands still
ISSUER = "https://ehr.north.example"
URL = "https://cds.example/cds-services/nocturnal-leg-cramps"


@dataclass(frozen=True)
class Signer:
    """One private key, with the id and the algorithm that it signs under."""

    private: Any
    kid: str
    algorithm: str

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """The public half, as it is published; a change to None leaves the member out."""
        public = get_algorithm_by_name(self.algorithm).to_jwk(self.private.public_key(), as_dict=True)
        return _changed({**public, "kid": self.kid, "use": "sig", "alg": self.algorithm}, changes)

    def token(self, payload: Mapping[str, Any] | bytes, **header: Any) -> str:
        """A signed token; *header* changes the usual header, None leaves a member out."""
        text = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        told = _changed({"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}, header)
        return self.signed(json.dumps(told).encode(), text)

    def signed(self, header: bytes, payload: bytes) -> str:
        """A token of any two texts, signed as if they were right."""
        signing = encoded(header) + "." + encoded(payload)
        signature = get_algorithm_by_name(self.algorithm).sign(signing.encode(), self.private)
        return f"{signing}.{encoded(signature)}"


def _changed(usual: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


@cache
def elliptic(kid: str = "north-1", algorithm: str = "ES384") -> Signer:
    """One that signs with ES256, ES384 or ES512; the same one for the same id."""
    curves = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
    return Signer(ec.generate_private_key(curves[algorithm]), kid, algorithm)


@cache
def rivest(kid: str = "north-rsa", algorithm: str = "RS384", bits: int = 2048) -> Signer:
    """One that signs with RSA."""
    return Signer(rsa.generate_private_key(65537, bits), kid, algorithm)


@cache
def edwards(kid: str = "north-ed") -> Signer:
    """One that signs with Ed25519."""
    return Signer(ed25519.Ed25519PrivateKey.generate(), kid, "EdDSA")


def key_set(*signers: Signer | dict[str, Any]) -> bytes:
    """A JSON Web Key Set of signers, or of keys as they are to stand in it."""
    return json.dumps(
        {"keys": [each.jwk() if isinstance(each, Signer) else each for each in signers]}
    ).encode()


def key_file(folder: Path, *signers: Signer | dict[str, Any], name: str = "north.json") -> Path:
    """The same in a file."""
    path = folder / name
    path.write_bytes(key_set(*signers))
    return path


def claims(now: float = NOW, /, **changes: Any) -> dict[str, Any]:
    """What a good token says; a change to None leaves the claim out."""
    usual = {"iss": ISSUER, "aud": URL, "iat": now, "exp": now + 300, "jti": "0b6c4d9e-1"}
    return _changed(usual, changes)


def encoded(text: bytes) -> str:
    """Base64 as tokens have it."""
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def with_secret(payload: Mapping[str, Any], secret: bytes, algorithm: str, kid: str) -> str:
    """A token signed with a shared secret, as nobody here may sign."""
    signing = PyJWS(algorithms=[algorithm])
    header = json.dumps({"alg": algorithm, "kid": kid, "typ": "JWT"}).encode()
    text = encoded(header) + "." + encoded(json.dumps(payload).encode())
    made = signing.get_algorithm_by_name(algorithm).sign(text.encode(), secret)
    return f"{text}.{encoded(made)}"


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class KeyServer:
    """Serves key sets by URL, and counts; a URL that it doesn't have is unreachable."""

    sets: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(0)  # so that others come in between, as on a network
        if url not in self.sets:
            raise Unreachable("timeout")
        return self.sets[url]
