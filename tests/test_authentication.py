"""Who may call: every step of checking a token, and every way to fail it."""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from cds_service.authentication import LONGEST, Authenticator
from cds_service.clients import Client, Clients
from cds_service.errors import StoreUnavailable, Unauthenticated
from cds_service.key_sets import KeySets
from tests.signing import (
    ISSUER,
    NOW,
    URL,
    Clock,
    KeyServer,
    Signer,
    claims,
    edwards,
    elliptic,
    encoded,
    key_file,
    key_set,
    rivest,
    with_secret,
)

KEYS_AT = "https://ehr.north.example/jwks"


@dataclass
class Site:
    """An authenticator with all that it stands on."""

    clients: tuple[Client, ...]
    clock: Clock = field(default_factory=Clock)
    server: KeyServer = field(default_factory=lambda: KeyServer({KEYS_AT: key_set(elliptic(), rivest())}))
    remembered: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        key_sets = KeySets(self.server.fetch, self.clock)
        self.authenticator = Authenticator(Clients(self.clients), key_sets, self._remember, self.clock)

    async def _remember(self, client: str, token_id: str, until: int) -> bool:
        is_new = (client, token_id) not in self.remembered
        self.remembered.setdefault((client, token_id), until)
        return is_new

    def caller(self, authorization: Sequence[str], *urls: str) -> str:
        """The name of the client that calls, or why nobody is let in."""
        try:
            return asyncio.run(self.authenticator.client_of(authorization, urls or (URL,))).name
        except Unauthenticated as error:
            return error.reason

    def says(self, token: str, *urls: str) -> str:
        """The same for a token."""
        return self.caller([f"Bearer {token}"], *urls)

    def refusal(self, *authorization: str) -> Unauthenticated:
        """What is told of one that is refused."""
        with pytest.raises(Unauthenticated) as told:
            asyncio.run(self.authenticator.client_of(authorization, [URL]))
        return told.value


def a_client(**changes: Any) -> Client:
    return Client(**{"name": "north", "issuer": ISSUER, "keys": (KEYS_AT,), **changes})


def a_site(**changes: Any) -> Site:
    return Site((a_client(**changes),))


def verdict(token: str, **changes: Any) -> str:
    return a_site(**changes).says(token)


# those who are let in


@pytest.mark.parametrize(
    ("signer", "algorithms"),
    [
        (elliptic(), ("ES384", "RS384")),
        (rivest(), ("ES384", "RS384")),
        (elliptic("north-256", "ES256"), ("ES256",)),
        (elliptic("north-521", "ES512"), ("ES512",)),
        (edwards(), ("EdDSA",)),
        *((rivest(f"north-{name}", name), (name,)) for name in ("RS256", "RS512", "PS256", "PS384", "PS512")),
    ],
)
def test_a_well_made_token_lets_its_client_in(signer: Signer, algorithms: tuple[str, ...]) -> None:
    site = a_site(algorithms=algorithms)
    site.server.sets[KEYS_AT] = key_set(signer)

    assert site.says(signer.token(claims())) == "north"
    assert site.remembered == {("north", "0b6c4d9e-1"): NOW + 300 + 60}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_written_as_one_likes(scheme: str) -> None:
    assert a_site().caller([f"{scheme} {elliptic().token(claims())}"]) == "north"


@pytest.mark.parametrize("typ", ["jwt", "Jwt"])
def test_the_type_is_written_as_one_likes(typ: str) -> None:
    assert verdict(elliptic().token(claims(), typ=typ)) == "north"


def test_a_key_id_may_be_base64_text_as_one_large_vendor_has_it() -> None:
    signer = elliptic("qP+5/x2Yg==")
    site = a_site()
    site.server.sets[KEYS_AT] = key_set(signer)

    assert site.says(signer.token(claims())) == "north"


def test_claims_that_nobody_asked_for_are_no_matter() -> None:
    token = elliptic().token(
        claims(sub="anyone", nbf=NOW - 300, tenant=["not", "looked", "at"], more={"a": 1})
    )

    assert verdict(token) == "north"


# no token, or nothing like one

good = elliptic().token(claims())
_header, _payload, _signature = good.split(".")
not_tokens: dict[str, tuple[list[str], str]] = {
    "no header": ([], "no-token"),
    "an empty header": ([""], "no-token"),
    "another scheme": (["Basic bWU6aHVudGVyMg=="], "no-token"),
    "a token without a scheme": ([good], "no-token"),
    "a scheme alone": (["Bearer"], "malformed"),
    "a scheme and a blank": (["Bearer "], "malformed"),
    "two headers": ([f"Bearer {good}", f"Bearer {good}"], "malformed"),
    "a header cut in two": (["Bearer ", good], "malformed"),
    "two tokens": ([f"Bearer {good}, Bearer {good}"], "malformed"),
    "two parts": ([f"Bearer {_header}.{_payload}"], "malformed"),
    "four parts": ([f"Bearer {good}.{_signature}"], "malformed"),
    "padding": ([f"Bearer {_header}=.{_payload}.{_signature}"], "malformed"),
    "a broken length": ([f"Bearer {_header}a.{_payload}.{_signature}"], "malformed"),
    "a header that is no JSON": ([f"Bearer {encoded(b'no')}.{_payload}.{_signature}"], "malformed"),
    "a header that is a list": ([f"Bearer {encoded(b'[]')}.{_payload}.{_signature}"], "malformed"),
    "a payload that is no JSON": ([f"Bearer {_header}.{encoded(b'{')}.{_signature}"], "malformed"),
    "a payload in another encoding": (
        [f"Bearer {_header}.{encoded('{}'.encode('utf-16'))}.{_signature}"],
        "malformed",
    ),
    "a payload that is broken text": (
        [f"Bearer {_header}.{encoded(b'{' + bytes([34, 255, 34]) + b': 1}')}.{_signature}"],
        "malformed",
    ),
    "a payload nested without end": ([f"Bearer {_header}.{encoded(b'[' * 9000)}.{_signature}"], "malformed"),
    "an endless number": ([f"Bearer {_header}.{encoded(b'1' * 9000)}.{_signature}"], "malformed"),
    "other alphabets": ([f"Bearer {_header}.{_payload}.１２３ünïcödé"], "malformed"),
    "a letter of another alphabet as a digit": ([f"Bearer {_header}.{_payload}.٣"], "malformed"),
    "a line break": ([f"Bearer {good}\n"], "malformed"),
    "a tab after the scheme": ([f"Bearer\t{good}"], "no-token"),
}


@pytest.mark.parametrize(("authorization", "reason"), not_tokens.values(), ids=not_tokens)
def test_what_is_no_token_lets_nobody_in(authorization: list[str], reason: str) -> None:
    assert a_site().caller(authorization) == reason


def test_a_token_may_be_sixteen_thousand_characters_long_and_no_longer() -> None:
    nearly = (LONGEST - len(good)) * 3 // 4  # base64 makes four characters of three bytes
    tokens = [elliptic().token(claims(more="x" * count)) for count in range(nearly - 15, nearly)]

    assert {len(token) <= LONGEST for token in tokens} == {True, False}
    assert [verdict(token) for token in tokens] == [
        "north" if len(token) <= LONGEST else "malformed" for token in tokens
    ]


@pytest.mark.parametrize(
    "header",
    [{"typ": None}, {"typ": "JWE"}, {"typ": "at+jwt"}, {"typ": 1}, {"crit": ["exp"], "exp": 1}, {"crit": []}],
)
def test_a_header_of_another_purpose_is_refused(header: dict[str, Any]) -> None:
    assert verdict(elliptic().token(claims(), **header)) == "malformed"


def test_a_claim_that_is_there_twice_is_refused_though_signed() -> None:
    payload = json.dumps(claims()).encode()[:-1] + b', "iss": "https://ehr.north.example"}'

    assert verdict(elliptic().token(payload)) == "malformed"


def test_a_header_member_that_is_there_twice_is_refused_though_signed() -> None:
    header = b'{"typ": "JWT", "kid": "north-1", "alg": "none", "alg": "ES384"}'

    assert verdict(elliptic().signed(header, json.dumps(claims()).encode())) == "malformed"


# issuer and audience


@pytest.mark.parametrize(
    "issuer", [None, "", "https://ehr.south.example", f"{ISSUER}/", ISSUER.upper(), 1, [ISSUER], {}]
)
def test_only_known_issuers_are_let_in(issuer: Any) -> None:
    assert verdict(elliptic().token(claims(iss=issuer))) == "issuer"


@pytest.mark.parametrize("audience", [URL, f"{URL}/", [URL], ["https://other.example", URL]])
def test_a_token_is_for_the_url_that_is_called(audience: Any) -> None:
    assert verdict(elliptic().token(claims(aud=audience))) == "north"


@pytest.mark.parametrize(
    "audience",
    [
        None,
        "",
        "/",
        [],
        URL.upper(),
        f"{URL}//",
        f"{URL}/feedback",
        "https://cds.example",
        [URL, 1],
        [[URL]],
        {URL: 1},
        1,
    ],
)
def test_a_token_for_something_else_is_refused(audience: Any) -> None:
    assert verdict(elliptic().token(claims(aud=audience))) == "audience"


def test_feedback_is_called_by_its_own_url() -> None:
    token = elliptic().token(claims(aud=f"{URL}/feedback"))

    assert a_site().says(token, f"{URL}/feedback") == "north"
    assert a_site().says(token, URL) == "audience"


def test_on_this_machine_any_of_its_names_will_do() -> None:
    token = elliptic().token(claims(aud="http://localhost:8000/cds-services"))

    assert (
        a_site().says(token, "http://127.0.0.1:8000/cds-services", "http://localhost:8000/cds-services")
        == "north"
    )


def test_a_clients_own_audiences_take_the_place_of_the_url() -> None:
    audiences = ("meld", "https://cds.inside.example/hook/")

    assert verdict(elliptic().token(claims(aud="meld")), audiences=audiences) == "north"
    assert (
        verdict(elliptic().token(claims(aud="https://cds.inside.example/hook")), audiences=audiences)
        == "north"
    )
    assert verdict(elliptic().token(claims()), audiences=audiences) == "audience"


# times and ids


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": NOW - 59}, "north"),
        ({"exp": NOW - 59.5}, "north"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": NOW - 3600}, "expired"),
        ({"exp": 0}, "expired"),
        ({"exp": NOW + 24 * 3600}, "north"),
        ({"exp": NOW + 24 * 3600 + 1}, "claims"),
        ({"iat": NOW + 60}, "north"),
        ({"iat": NOW + 61}, "not-yet"),
        ({"iat": NOW - 7 * 24 * 3600}, "north"),
        ({"nbf": NOW + 60}, "north"),
        ({"nbf": NOW + 60.5}, "not-yet"),
        ({"nbf": NOW - 300}, "north"),
    ],
)
def test_times_hold_with_a_minute_for_clocks_that_differ(changes: dict[str, Any], said: str) -> None:
    assert verdict(elliptic().token(claims(**changes))) == said


no_times = [
    b"true",
    b"null",
    b'"1790000000"',
    b"[1790000000]",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e400",
    b"-1e400",
    b"1" * 400,
]


@pytest.mark.parametrize("written", no_times, ids=range(len(no_times)))
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_a_time_is_a_number_that_can_be_one(claim: str, written: bytes) -> None:
    payload = json.dumps(claims(**{claim: "HERE"})).encode().replace(b'"HERE"', written)

    assert verdict(elliptic().token(payload)) == "claims"


@pytest.mark.parametrize("claim", ["exp", "iat", "jti"])
def test_a_token_without_its_times_and_id_is_refused(claim: str) -> None:
    assert verdict(elliptic().token(claims(**{claim: None}))) == "claims"


@pytest.mark.parametrize("token_id", ["", "x" * 256, 7, True, ["a"], "a\x00b", "a\nb", "\ud800"])
def test_an_id_is_a_text_that_can_be_kept(token_id: Any) -> None:
    assert verdict(elliptic().token(claims(jti=token_id))) == "claims"


@pytest.mark.parametrize("token_id", ["x", "x" * 255, "ünï cödé"])
def test_other_ids_are_good(token_id: str) -> None:
    assert verdict(elliptic().token(claims(jti=token_id))) == "north"


# tenants

_MAIN = a_client(tenants=("main",), fhir_bases=("https://main.example",))
_SECOND = a_client(name="second", tenants=("second", "third"), audiences=("second-only",))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tenant": "main"}, "north"),
        ({"tenant": "third", "aud": "second-only"}, "second"),
        ({"tenant": "third"}, "tenant"),
        ({"tenant": "main", "aud": "second-only"}, "tenant"),
        ({"tenant": "Main"}, "tenant"),
        ({"tenant": ["main"]}, "tenant"),
        ({}, "tenant"),
    ],
)
def test_a_tenant_tells_the_clients_of_one_issuer_apart(changes: dict[str, Any], said: str) -> None:
    assert Site((_MAIN, _SECOND)).says(elliptic().token(claims(**changes))) == said


# algorithms and keys


def test_a_token_that_nobody_signed_is_refused() -> None:
    header = json.dumps({"alg": "none", "typ": "JWT", "kid": "north-1"}).encode()

    assert verdict(f"{encoded(header)}.{encoded(json.dumps(claims()).encode())}.") == "algorithm"


def public_texts(signer: Signer) -> list[bytes]:
    public = signer.private.public_key()
    return [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(signer.jwk()).encode(),
    ]


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("signer", [elliptic(), rivest()])
def test_a_public_key_is_no_shared_secret(signer: Signer, algorithm: str) -> None:
    tokens = [with_secret(claims(), secret, algorithm, signer.kid) for secret in public_texts(signer)]

    assert [verdict(token) for token in tokens] == ["algorithm"] * 3


def test_a_shared_secret_is_no_key_even_where_a_client_allows_it_and_publishes_it() -> None:
    secret = b"k" * 64
    site = a_site(algorithms=("HS256", "ES384"))
    published = {"kty": "oct", "kid": "shared", "k": encoded(secret), "alg": "HS256"}
    site.server.sets[KEYS_AT] = key_set(published, elliptic())

    assert site.says(with_secret(claims(), secret, "HS256", "shared")) == "unknown-key"


@pytest.mark.parametrize("algorithm", ["RS256", "PS384", "ES256", "es384", "", None, ["ES384"], 1])
def test_an_algorithm_that_the_client_may_not_use_is_refused(algorithm: Any) -> None:
    assert verdict(elliptic().token(claims(), alg=algorithm)) == "algorithm"


@pytest.mark.parametrize(("signer", "algorithm"), [(rivest(), "ES384"), (elliptic(), "RS384")])
def test_an_algorithm_that_does_not_fit_the_key_is_refused(signer: Signer, algorithm: str) -> None:
    assert verdict(signer.token(claims(), alg=algorithm)) == "algorithm"


def test_a_key_that_names_its_algorithm_verifies_no_other_though_it_could() -> None:
    other = Signer(rivest().private, "north-rsa", "PS384")

    assert verdict(other.token(claims()), algorithms=("RS384", "PS384")) == "algorithm"


def test_a_curve_of_another_size_does_not_fit() -> None:
    site = a_site(algorithms=("ES256", "ES384"))

    assert site.says(elliptic().token(claims(), alg="ES256")) == "algorithm"


@pytest.mark.parametrize("kid", [None, "", "north-2", "NORTH-1", 1, ["north-1"], {"a": 1}])
def test_a_key_that_is_not_known_is_refused(kid: Any) -> None:
    assert verdict(elliptic().token(claims(), kid=kid)) == "unknown-key"


@pytest.mark.parametrize("name", ["header", "payload", "signature"])
def test_a_token_that_was_changed_is_refused(name: str) -> None:
    changed = {
        "header": {
            "header": encoded(json.dumps({"alg": "ES384", "kid": "north-1", "typ": "JWT", "a": 1}).encode())
        },
        "payload": {"payload": encoded(json.dumps(claims(sub="me")).encode())},
        "signature": {"signature": encoded(bytes(96))},
    }[name]
    parts = {"header": _header, "payload": _payload, "signature": _signature, **changed}

    assert verdict(".".join(parts.values())) == "signature"


def test_a_signature_of_somebody_else_is_refused() -> None:
    stranger = Signer(elliptic("stranger").private, "north-1", "ES384")

    assert verdict(stranger.token(claims())) == "signature"


def test_a_key_that_the_token_brings_along_is_not_used() -> None:
    stranger = Signer(elliptic("stranger").private, "north-1", "ES384")

    assert verdict(stranger.token(claims(), jwk=stranger.jwk(), x5c=["AAAA"])) == "signature"


def test_a_signature_is_spelt_in_one_way_only() -> None:
    token = rivest().token(claims())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    respelt = token[:-1] + letters[letters.index(token[-1]) + 1]  # its last four bits mean nothing

    assert decoded(respelt) == decoded(token)
    assert [verdict(token), verdict(respelt)] == ["north", "signature"]


def decoded(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.split(".")[2] + "==")


def test_of_two_keys_with_one_id_the_one_that_fits_is_used() -> None:
    site = a_site()
    site.server.sets[KEYS_AT] = key_set(
        rivest("same"), elliptic("other-one").jwk(kid="same"), elliptic("same")
    )

    assert site.says(elliptic("same").token(claims())) == "north"
    assert site.says(rivest("same").token(claims(jti="next"))) == "north"


# where keys come from


def test_a_pointer_to_other_keys_is_refused_and_never_followed() -> None:
    site = a_site()
    site.server.sets["https://evil.example/jwks"] = key_set(elliptic())

    for pointer in ("https://evil.example/jwks", f"{KEYS_AT}?", f"{KEYS_AT}#", "", None, 1, [KEYS_AT]):
        header = json.dumps({"alg": "ES384", "kid": "north-1", "typ": "JWT", "jku": pointer}).encode()
        assert site.says(elliptic().signed(header, json.dumps(claims()).encode())) == "unknown-key"
    assert site.server.asked == []


def test_a_pointer_to_the_keys_that_the_client_was_given_is_good() -> None:
    assert verdict(elliptic().token(claims(), jku=KEYS_AT)) == "north"


def test_where_keys_were_handed_over_as_a_file_a_pointer_says_nothing(tmp_path: Path) -> None:
    site = a_site(keys=(key_file(tmp_path, elliptic()),))

    assert site.says(elliptic().token(claims(), jku="https://sandbox.example/jwks.json")) == "north"
    assert site.server.asked == []


def test_keys_are_asked_for_only_by_tokens_that_say_the_right_things() -> None:
    site = a_site()

    for token in (
        elliptic().token(claims(iss="https://other.example")),
        elliptic().token(claims(aud="https://other.example")),
        elliptic().token(claims(exp=NOW - 100)),
        elliptic().token(claims(iat=NOW + 100)),
        elliptic().token(claims(jti="")),
        elliptic().token(claims(), alg="HS384"),
        elliptic().token(claims(), kid=None),
    ):
        site.says(token)

    assert site.server.asked == []


def test_a_client_that_changes_its_key_is_let_in_with_the_new_one_only() -> None:
    site, following = a_site(), elliptic("north-2")
    site.says(elliptic().token(claims()))

    site.server.sets[KEYS_AT] = key_set(following)
    site.clock.now += 60
    said = [
        site.says(following.token(claims(site.clock.now, jti="2"))),
        site.says(elliptic().token(claims(site.clock.now, jti="3"))),
    ]

    assert said == ["north", "unknown-key"]


def test_made_up_key_ids_ask_the_key_server_once_a_minute() -> None:
    site = a_site()

    said = {site.says(elliptic().token(claims(), kid=f"made-up-{count}")) for count in range(20)}

    assert (said, len(site.server.asked)) == ({"unknown-key"}, 1)


@pytest.mark.parametrize(
    "following", [Signer(elliptic("successor").private, "north-1", "ES384"), rivest("north-1")]
)
def test_a_client_that_changes_its_key_under_the_same_id_is_let_in_at_once(following: Signer) -> None:
    site = a_site()
    site.says(elliptic().token(claims()))

    site.server.sets[KEYS_AT] = key_set(following)
    site.clock.now += 60
    said = [
        site.says(following.token(claims(site.clock.now, jti="2"))),
        site.says(elliptic().token(claims(site.clock.now, jti="3"))),
    ]

    assert said[0] == "north"
    assert said[1] in ("signature", "algorithm")
    assert len(site.server.asked) == 2


def test_a_forged_token_after_such_a_change_is_refused_for_its_signature() -> None:
    site = a_site()
    site.server.sets[KEYS_AT] = key_set(rivest("north-1"))
    site.says(rivest("north-1").token(claims()))
    stranger = Signer(elliptic("stranger").private, "north-1", "ES384")

    site.server.sets[KEYS_AT] = key_set(elliptic())
    site.clock.now += 60

    assert site.says(stranger.token(claims(jti="2"))) == "signature"


def test_a_crowd_with_a_new_key_under_the_same_id_asks_once_and_all_are_let_in() -> None:
    site, following = a_site(), Signer(elliptic("successor").private, "north-1", "ES384")
    site.says(elliptic().token(claims()))
    site.server.sets[KEYS_AT] = key_set(following)
    site.clock.now += 60

    async def crowd() -> set[str]:
        tokens = [following.token(claims(jti=f"crowd-{count}")) for count in range(10)]
        calls = (site.authenticator.client_of([f"Bearer {token}"], [URL]) for token in tokens)
        return {client.name for client in await asyncio.gather(*calls)}

    assert (asyncio.run(crowd()), len(site.server.asked)) == ({"north"}, 2)


def test_a_key_that_was_changed_in_a_file_under_the_same_id_is_good_after_seconds(tmp_path: Path) -> None:
    following = Signer(elliptic("successor").private, "north-1", "ES384")
    site = a_site(keys=(key_file(tmp_path, elliptic()),))
    site.says(elliptic().token(claims()))

    key_file(tmp_path, following, rivest())
    site.clock.now += 10

    assert site.says(following.token(claims(jti="2"))) == "north"


def test_forged_signatures_ask_the_key_server_once_a_minute() -> None:
    site, stranger = a_site(), Signer(elliptic("stranger").private, "north-1", "ES384")

    said: set[str] = set()
    asked = []
    for second in range(0, 180, 10):
        site.clock.now = NOW + second
        said.update(site.says(stranger.token(claims())) for _ in range(3))
        asked.append(len(site.server.asked))

    assert said == {"signature"}
    assert asked == [1] * 6 + [2] * 6 + [3] * 6


def test_a_client_keeps_being_let_in_while_others_forge_and_its_key_server_is_down() -> None:
    site, stranger = a_site(), Signer(elliptic("stranger").private, "north-1", "ES384")
    site.says(elliptic().token(claims()))

    site.server.sets.clear()
    site.clock.now += 60

    assert [site.says(stranger.token(claims())), site.says(elliptic().token(claims(jti="2")))] == [
        "signature",
        "north",
    ]


@pytest.mark.parametrize(("hours", "said"), [(2, "north"), (24, "north"), (24.01, "unknown-key")])
def test_a_key_server_that_fails_locks_a_known_client_out_after_a_day(hours: float, said: str) -> None:
    site = a_site()
    site.says(elliptic().token(claims()))

    site.server.sets.clear()
    site.clock.now += hours * 3600

    assert site.says(elliptic().token(claims(site.clock.now, jti="2"))) == said


def test_a_key_file_serves_as_well(tmp_path: Path) -> None:
    site = a_site(keys=(key_file(tmp_path, rivest()),))

    assert site.says(rivest().token(claims())) == "north"


# once only


def test_a_token_lets_in_once() -> None:
    site = a_site()

    assert [site.says(good), site.says(good)] == ["north", "replayed"]


def test_an_id_lets_in_once_whatever_else_the_token_says() -> None:
    site = a_site()

    assert [site.says(good), site.says(rivest().token(claims(exp=NOW + 600)))] == ["north", "replayed"]


def test_the_id_of_another_client_is_another_id() -> None:
    south = a_client(name="south", issuer="https://ehr.south.example")
    site = Site((a_client(), south))

    said = [site.says(good), site.says(elliptic().token(claims(iss=south.issuer)))]

    assert said == ["north", "south"]


def test_only_the_id_of_a_token_that_was_good_is_remembered() -> None:
    site = a_site()
    stranger = Signer(elliptic("stranger").private, "north-1", "ES384")

    said = [site.says(stranger.token(claims())), site.says(good)]

    assert said == ["signature", "north"]


def test_an_id_is_remembered_until_the_token_is_good_no_more() -> None:
    site = a_site()

    site.says(elliptic().token(claims(exp=NOW + 0.5)))

    assert site.remembered == {("north", "0b6c4d9e-1"): NOW + 1 + 60}


def test_while_nothing_can_be_remembered_nobody_is_let_in() -> None:
    async def remember(*_: Any) -> bool:
        raise StoreUnavailable("down")

    key_sets = KeySets(KeyServer({KEYS_AT: key_set(elliptic())}).fetch, Clock())
    authenticator = Authenticator(Clients((a_client(),)), key_sets, remember, Clock())

    with pytest.raises(StoreUnavailable):
        asyncio.run(authenticator.client_of([f"Bearer {good}"], [URL]))


# whatever is sent


@given(st.lists(st.text() | st.text().map("Bearer {}".format), max_size=2))
def test_any_text_is_refused_and_nothing_else_happens(authorization: list[str]) -> None:
    assert a_site().caller(authorization) in ("no-token", "malformed")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


ANSWERS = ("north", "malformed", "issuer", "audience", "claims", "expired", "not-yet", "algorithm")
LATE_ANSWERS = ("unknown-key", "signature")


@given(
    header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "jku", "crit", "b64", "jwk"]), json_values),
    changes=st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "jti", "tenant"]), json_values
    ),
)
def test_whatever_a_signed_token_says_there_is_an_answer(
    header: dict[str, Any], changes: dict[str, Any]
) -> None:
    told = json.dumps({"alg": "ES384", "kid": "north-1", "typ": "JWT", **header}).encode()
    token = elliptic().signed(told, json.dumps({**claims(), **changes}).encode())

    said = verdict(token)

    assert said in ANSWERS + LATE_ANSWERS


@given(st.lists(st.binary(max_size=40), min_size=3, max_size=3))
def test_any_three_parts_are_refused(parts: list[bytes]) -> None:
    assert verdict(".".join(map(encoded, parts))) in ("malformed", "issuer")


def test_nothing_of_a_token_is_logged_or_told() -> None:
    site = a_site()
    marked = elliptic("secret-kid").token(claims(jti="secret-jti", sub="secret-sub"), jku=KEYS_AT)

    with capture_logs() as log:
        told = site.refusal(f"Bearer {marked}")

    assert "secret" not in json.dumps(log)
    assert (str(told), told.reason) == (str(Unauthenticated("any")), "unknown-key")
    assert told.__suppress_context__ or told.__context__ is None


# whom the log names


def test_a_refusal_names_the_client_that_the_issuer_is_of() -> None:
    site = Site((a_client(), a_client(name="south", issuer="https://ehr.south.example")))
    stranger = Signer(elliptic("stranger").private, "north-1", "ES384")
    site.says(good)
    tokens = {
        "audience": elliptic().token(claims(aud="https://other.example")),
        "expired": elliptic().token(claims(exp=NOW - 100)),
        "algorithm": elliptic().token(claims(), alg="HS384"),
        "unknown-key": elliptic().token(claims(), kid="north-2"),
        "signature": stranger.token(claims()),
        "replayed": good,
    }

    told = {name: site.refusal(f"Bearer {token}") for name, token in tokens.items()}

    assert {name: (each.reason, each.claimed) for name, each in told.items()} == {
        name: (name, "north") for name in tokens
    }


def test_a_refusal_names_nobody_where_that_is_not_certain() -> None:
    site = Site((_MAIN, _SECOND))
    not_certain = [
        [],
        ["Bearer nonsense"],
        [f"Bearer {elliptic().token(claims(iss='https://other.example'))}"],
        [f"Bearer {elliptic().token(claims(iss=[ISSUER]))}"],
        [f"Bearer {elliptic().token(claims(tenant='main', exp=0))}"],
    ]

    told = [site.refusal(*authorization) for authorization in not_certain]

    assert [(each.reason, each.claimed) for each in told] == [
        ("no-token", None),
        ("malformed", None),
        ("issuer", None),
        ("issuer", None),
        ("expired", None),
    ]
