"""What SMART App Launch 2.2 asks of a public app, as `tests.smart_server` checks it."""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from math import log2
from secrets import compare_digest
from urllib.parse import parse_qsl

from tests.smart_record import SCOPE

_LEAST_STATE = 122  # bits that nobody can guess
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_HEX = re.compile(r"[0-9a-fA-F-]+")
_ALWAYS = frozenset({"launch", "openid", "fhirUser"})


class Refused(Exception):
    """A request that is not as it has to be: the OAuth code, and why."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def check(holds: bool, code: str, why: str) -> None:
    """
    Go on where a rule holds.

    Raises:
        Refused: Where it doesn't.
    """
    if not holds:
        raise Refused(code, why)


def once_each(form: str) -> dict[str, str]:
    """
    The parameters of a query or a form.

    Raises:
        Refused: If one is sent twice.
    """
    pairs = parse_qsl(form, keep_blank_values=True)
    check(len(dict(pairs)) == len(pairs), "invalid_request", "a parameter is sent twice")
    return dict(pairs)


def check_authorization(asked: Mapping[str, str], base: str) -> None:
    """
    The parameters that begin a sign-in for the FHIR server at *base*, but those that name the app and the launch.

    Raises:
        Refused: With the first that is wrong.
    """
    scopes = asked.get("scope", "").split()
    unknown = [each for each in scopes if each not in _ALWAYS and not SCOPE.fullmatch(each)]
    check(asked.get("response_type") == "code", "unsupported_response_type", "response_type is not code")
    check(_bits(asked.get("state", "")) >= _LEAST_STATE, "invalid_request", "state can be guessed")
    check(set(scopes) >= _ALWAYS, "invalid_scope", "scope lacks launch, openid or fhirUser")
    check(not unknown, "invalid_scope", f"scope has {' '.join(unknown)}")
    check(asked.get("aud") == base, "invalid_request", "aud is not this FHIR server")
    check(asked.get("code_challenge_method") == "S256", "invalid_request", "no PKCE with S256")
    is_hash = bool(_CHALLENGE.fullmatch(asked.get("code_challenge", "")))
    check(is_hash, "invalid_request", "code_challenge is no SHA-256")


def check_verifier(verifier: str, challenge: str) -> None:
    """
    Whether who brings a code is who asked for it.

    Raises:
        Refused: If not.
    """
    is_one = bool(_VERIFIER.fullmatch(verifier))
    check(is_one, "invalid_grant", "code_verifier is missing or no verifier")
    fits = compare_digest(challenge_of(verifier), challenge)
    check(fits, "invalid_grant", "code_verifier does not fit the challenge")


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier."""
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _bits(state: str) -> float:
    """How hard to guess a random text of that length is, at the most."""
    is_hex = bool(_HEX.fullmatch(state))
    return len(state.replace("-", "")) * 4 if is_hex else len(state) * log2(62)
