"""Key sets: which keys are used, and when they are read again."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt import get_algorithm_by_name
from structlog.testing import capture_logs

from cds_service.key_sets import KeySets, parse
from tests.signing import Clock, KeyServer, edwards, elliptic, encoded, key_file, key_set, rivest

URL = "https://keys.north.example/jwks.json"


def ids(key_sets: KeySets, where: Iterable[Path | str], *kids: str) -> list[str]:
    """Which of these key ids are found, asked one after the other."""

    async def found() -> list[str]:
        return [key.kid for kid in kids for key in await key_sets.keys(tuple(where), kid)]

    return asyncio.run(found())


def by_file(clock: Clock) -> KeySets:
    return KeySets(KeyServer().fetch, clock)


# which keys are used


def test_every_kind_of_key_is_good_for_its_own_algorithms() -> None:
    rsa = rivest().jwk(alg=None)

    found = parse(key_set(elliptic(), elliptic("b", "ES256"), elliptic("c", "ES512"), edwards(), rsa))

    assert [sorted(key.algorithms) for key in found.keys] == [
        ["ES384"],
        ["ES256"],
        ["ES512"],
        ["EdDSA"],
        ["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
    ]


def test_a_key_that_names_an_algorithm_is_good_for_that_one_only() -> None:
    found = parse(key_set(rivest().jwk(alg="PS256")))

    assert [key.algorithms for key in found.keys] == [{"PS256"}]


def test_an_exponent_may_have_32_bits() -> None:
    found = parse(key_set(rivest().jwk(e=encoded((2**32 - 1).to_bytes(4)))))

    assert [key.kid for key in found.keys] == ["north-rsa"]


PRIVATE = get_algorithm_by_name("ES384").to_jwk(elliptic().private, as_dict=True)
not_used: dict[str, Any] = {
    "a key to encrypt with": elliptic().jwk(use="enc"),
    "a key to sign with only": elliptic().jwk(key_ops=["sign"]),
    "operations that are no list": elliptic().jwk(key_ops="verify"),
    "no id": elliptic().jwk(kid=None),
    "an empty id": elliptic().jwk(kid=""),
    "an id that is no text": elliptic().jwk(kid=7),
    "a private part": elliptic().jwk(**PRIVATE),
    "a symmetric key": {"kty": "oct", "kid": "north-1", "k": "c2VjcmV0", "alg": "HS256"},
    "a curve for money": elliptic().jwk(crv="secp256k1", alg=None),
    "an algorithm of another kind": elliptic().jwk(alg="RS384"),
    "a symmetric algorithm": rivest().jwk(alg="HS384"),
    "no algorithm": rivest().jwk(alg="none"),
    "an algorithm that is no text": rivest().jwk(alg=["RS384"]),
    "1024 bits": rivest("weak", bits=1024).jwk(),
    "16384 bits": rivest().jwk(n="_" * 2731),
    "an exponent of 33 bits": rivest().jwk(e=encoded((2**32 + 1).to_bytes(5))),
    "an even exponent": rivest().jwk(e="Ag"),
    "a point that isn't on the curve": elliptic().jwk(y=elliptic().jwk()["x"]),
    "a point of another curve": elliptic().jwk(x=elliptic("b", "ES256").jwk()["x"]),
    "a number in place of a text": elliptic().jwk(x=1),
    "a curve that is no text": elliptic().jwk(crv=["P-384"]),
    "no modulus": rivest().jwk(n=None),
    "an unknown kind": {"kty": "AKP", "kid": "pq"},
    "a text in place of a key": "north-1",
}


@pytest.mark.parametrize("entry", not_used.values(), ids=not_used)
def test_what_is_no_key_to_verify_with_is_left_out_and_takes_no_other_away(entry: Any) -> None:
    found = parse(key_set(entry, edwards()))

    assert [key.kid for key in found.keys] == ["north-ed"]
    assert found.left_out == 1


@pytest.mark.parametrize("name", ["a private part", "a symmetric key"])
def test_secrets_among_public_keys_are_noticed(name: str) -> None:
    assert parse(key_set(not_used[name], edwards())).holds_secrets
    assert not parse(key_set(edwards())).holds_secrets


@pytest.mark.parametrize(
    "document", [b"", b"no", b"[]", b"{}", b'{"keys": {}}', b"\xff", b"[" * 100_000], ids=range(7)
)
def test_what_is_no_key_set_is_told_without_its_content(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"^is no JSON Web Key Set$"):
        parse(document)


def test_a_set_of_more_than_a_hundred_entries_is_refused_whatever_they_are() -> None:
    hundred: list[Any] = [{"kty": "unknown"}] * 99

    assert parse(key_set(elliptic(), *hundred)).left_out == 99
    with pytest.raises(ValueError, match=r"^has more than 100 entries$"):
        parse(key_set(elliptic(), *hundred, {}))


@given(st.permutations(range(4)))
def test_of_one_id_and_algorithm_the_first_two_keys_are_used(order: list[int]) -> None:
    alike = [elliptic(f"key-{number}").jwk(kid="same") for number in order]

    found = parse(key_set(not_used["a symmetric key"], alike[0], edwards(), *alike[1:]))

    first_two = [elliptic(f"key-{number}").private.public_key() for number in order[:2]]
    assert [key.public for key in found.keys if key.kid == "same"] == first_two
    assert [key.kid for key in found.keys] == ["same", "north-ed", "same"]
    assert found.left_out == 3


def test_keys_of_one_id_are_counted_for_each_algorithm() -> None:
    many = [
        rivest("a").jwk(kid="same", alg="RS384"),
        rivest("b").jwk(kid="same", alg=None),
        rivest("c").jwk(kid="same", alg=None),
        elliptic().jwk(kid="same"),
        rivest("d").jwk(kid="same", alg=None),
    ]

    found = parse(key_set(*many))

    rsa = {"PS256", "PS384", "PS512", "RS256", "RS384", "RS512"}
    assert [key.algorithms for key in found.keys] == [{"RS384"}, rsa, rsa - {"RS384"}, {"ES384"}]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    kind=st.sampled_from(["EC", "RSA", "OKP"]),
    members=st.dictionaries(
        st.sampled_from(["crv", "x", "y", "n", "e", "alg", "use", "kid", "key_ops", "kty"]), json_values
    ),
)
def test_whatever_a_key_says_the_others_stay(kind: str, members: dict[str, Any]) -> None:
    usual = {"EC": elliptic(), "RSA": rivest(), "OKP": edwards("other")}[kind].jwk()

    found = parse(key_set({**usual, **members}, edwards()))

    assert found.keys[-1].kid == "north-ed"


# files


def test_a_key_is_found_in_whichever_place_it_lies(tmp_path: Path) -> None:
    one = key_file(tmp_path, elliptic(), name="one.json")
    server = KeyServer({URL: key_set(rivest())})
    key_sets = KeySets(server.fetch, Clock())

    found = ids(key_sets, [one, URL], "north-1", "north-rsa", "nobody")

    assert found == ["north-1", "north-rsa"]


def test_two_keys_of_one_id_are_both_found(tmp_path: Path) -> None:
    path = key_file(tmp_path, elliptic("same"), rivest("same"))

    assert ids(by_file(Clock()), [path], "same") == ["same", "same"]


def test_a_changed_file_is_read_again_and_a_key_that_went_is_gone(tmp_path: Path) -> None:
    clock = Clock()
    key_sets = by_file(clock)
    path = key_file(tmp_path, elliptic())
    before = ids(key_sets, [path], "north-1", "north-2")

    key_file(tmp_path, elliptic("north-2"))
    clock.now += 10
    after = ids(key_sets, [path], "north-1", "north-2")

    assert (before, after) == (["north-1"], ["north-2"])


def test_a_file_is_read_once_in_ten_seconds_at_most(tmp_path: Path) -> None:
    clock = Clock()
    key_sets = by_file(clock)
    path = key_file(tmp_path, elliptic())
    ids(key_sets, [path], "north-1")

    key_file(tmp_path, elliptic("north-2"))
    clock.now += 9.9

    assert ids(key_sets, [path], "north-2") == []


def test_a_file_that_stays_the_same_is_not_read_again(tmp_path: Path) -> None:
    clock = Clock()
    key_sets = by_file(clock)
    path = key_file(tmp_path, elliptic())

    with capture_logs() as log:
        for _ in range(3):
            ids(key_sets, [path], "north-1", "nobody")
            clock.now += 60

    assert [line["event"] for line in log] == ["keys read"]


_NOT_READABLE = {"event": "key file not readable", "file": "north.json", "log_level": "warning"}
_NOT_USABLE = {"event": "key file not usable", "file": "north.json", "log_level": "warning"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, _NOT_READABLE),
        (b'{"keys": [', {**_NOT_USABLE, "problem": "is no JSON Web Key Set"}),
        (key_set(*[{}] * 101), {**_NOT_USABLE, "problem": "has more than 100 entries"}),
    ],
)
def test_a_file_that_went_or_is_no_use_keeps_its_keys(
    content: bytes | None, told: dict[str, str], tmp_path: Path
) -> None:
    clock = Clock()
    key_sets = by_file(clock)
    path = key_file(tmp_path, elliptic())
    ids(key_sets, [path], "north-1")

    path.unlink() if content is None else path.write_bytes(content)
    clock.now += 30 * 24 * 3600
    with capture_logs() as log:
        found = ids(key_sets, [path], "north-1")

    assert (found, log) == (["north-1"], [told])


# key servers


def test_a_key_set_is_fetched_once_an_hour() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)

    for seconds in (0, 1, 3599):
        clock.now = Clock().now + seconds
        ids(key_sets, [URL], "north-1")
    within_the_hour = len(server.asked)
    clock.now = Clock().now + 3600
    ids(key_sets, [URL], "north-1")

    assert (within_the_hour, len(server.asked)) == (1, 2)


def test_a_key_that_was_rotated_is_fetched_and_the_old_one_is_gone() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    server.sets[URL] = key_set(elliptic("north-2"))
    clock.now += 60
    found = ids(key_sets, [URL], "north-2", "north-1")

    assert found == ["north-2"]


def test_a_key_that_was_tried_in_vain_is_asked_for_anew_and_not_found_again() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    successor = elliptic("successor").jwk(kid="north-1")

    async def story() -> tuple[int, int, int, list[Any]]:
        tried = await key_sets.keys([URL], "north-1")
        at_once = await key_sets.keys([URL], "north-1", tried)
        clock.now += 60
        unchanged = await key_sets.keys([URL], "north-1", tried)
        server.sets[URL] = key_set(elliptic(), successor)
        clock.now += 60
        changed = await key_sets.keys([URL], "north-1", tried)
        return len(tried), len(at_once), len(unchanged), [key.public for key in changed]

    found = asyncio.run(story())

    assert found == (1, 0, 0, [elliptic("successor").private.public_key()])
    assert len(server.asked) == 3


def test_unknown_ids_ask_a_server_once_a_minute_at_most() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    for seconds in (0, 30, 59.9, 60, 61, 119):
        clock.now = Clock().now + seconds
        ids(key_sets, [URL], f"made-up-{seconds}")

    assert len(server.asked) == 2


def test_a_server_that_fails_is_not_asked_more_often_and_the_old_keys_stay() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    del server.sets[URL]
    clock.now += 2 * 3600
    with capture_logs() as log:
        found = ids(key_sets, [URL], "north-1", "north-1", "north-2")

    assert found == ["north-1", "north-1"]
    assert len(server.asked) == 2
    assert log == [
        {
            "event": "key server gave no answer",
            "host": "keys.north.example",
            "code": "timeout",
            "log_level": "warning",
        }
    ]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"<html>maintenance</html>", "is no JSON Web Key Set"),
        (key_set(*[{}] * 101), "has more than 100 entries"),
    ],
)
def test_an_answer_that_is_no_use_keeps_the_old_keys_and_is_told(answer: bytes, problem: str) -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    server.sets[URL] = answer
    clock.now += 3600
    with capture_logs() as log:
        found = ids(key_sets, [URL], "north-1")

    assert found == ["north-1"]
    assert [(line["event"], line["host"], line["problem"]) for line in log] == [
        ("key server gave no usable key set", "keys.north.example", problem)
    ]


@pytest.mark.parametrize("answer", [None, b"<html>maintenance</html>"])
def test_keys_that_could_not_be_fetched_anew_for_a_day_count_no_more(answer: bytes | None) -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    server.sets = {} if answer is None else {URL: answer}
    clock.now += 24 * 3600
    after_a_day = ids(key_sets, [URL], "north-1")
    clock.now += 1  # too soon to ask again, and too late for the keys
    with capture_logs() as log:
        later = ids(key_sets, [URL], "north-1", "north-1")

    assert (after_a_day, later) == (["north-1"], [])
    assert log == [
        {
            "event": "keys no longer used: their server gave none for 24 hours",
            "host": "keys.north.example",
            "log_level": "warning",
        }
    ]


def test_a_server_that_comes_back_after_a_day_makes_its_keys_good_again() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    server.sets.clear()
    clock.now += 25 * 3600
    while_away = ids(key_sets, [URL], "north-1")
    server.sets[URL] = key_set(elliptic())
    clock.now += 60

    assert (while_away, ids(key_sets, [URL], "north-1")) == ([], ["north-1"])


def test_a_quiet_weekend_takes_no_key_away_and_is_no_news() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    clock.now += 60 * 3600
    with capture_logs() as log:
        found = ids(key_sets, [URL], "north-1")

    assert found == ["north-1"]
    assert [line["event"] for line in log] == ["keys read"]


def test_a_crowd_after_a_quiet_weekend_waits_for_the_keys_that_count() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")
    server.sets[URL] = key_set(elliptic("north-2"))
    clock.now += 60 * 3600

    async def crowd() -> list[int]:
        found = await asyncio.gather(*(key_sets.keys([URL], "north-1") for _ in range(5)))
        return [len(keys) for keys in found]

    with capture_logs() as log:
        found = asyncio.run(crowd())

    assert (found, len(server.asked)) == ([0] * 5, 2)
    assert [line["event"] for line in log] == ["keys read"]


def test_a_set_that_was_emptied_leaves_no_key() -> None:
    server, clock = KeyServer({URL: key_set(elliptic())}), Clock()
    key_sets = KeySets(server.fetch, clock)
    ids(key_sets, [URL], "north-1")

    server.sets[URL] = key_set()
    clock.now += 3600

    assert ids(key_sets, [URL], "north-1") == []


def test_a_server_that_was_down_at_first_is_asked_again_after_a_minute() -> None:
    server, clock = KeyServer(), Clock()
    key_sets = KeySets(server.fetch, clock)
    at_first = ids(key_sets, [URL], "north-1")

    server.sets[URL] = key_set(elliptic())
    clock.now += 60

    assert (at_first, ids(key_sets, [URL], "north-1")) == ([], ["north-1"])


def test_a_crowd_asks_a_server_once_and_all_get_the_key() -> None:
    server = KeyServer({URL: key_set(elliptic())})
    key_sets = KeySets(server.fetch, Clock())

    async def crowd() -> list[int]:
        return [
            len(keys) for keys in await asyncio.gather(*(key_sets.keys([URL], "north-1") for _ in range(50)))
        ]

    found = asyncio.run(crowd())

    assert (found, server.asked) == ([1] * 50, [URL])


def test_a_slow_server_holds_up_nobody_whose_key_is_known() -> None:
    answering, clock = asyncio.Event(), Clock()
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        if len(asked) > 1:
            await answering.wait()
        return key_set(elliptic())

    async def story() -> int:
        key_sets = KeySets(fetch, clock)
        await key_sets.keys([URL], "north-1")
        clock.now += 3600
        waiting = asyncio.create_task(key_sets.keys([URL], "north-1"))
        await asyncio.sleep(0)
        meanwhile = await asyncio.wait_for(key_sets.keys([URL], "north-1"), timeout=5)
        answering.set()
        return len(meanwhile) + len(await waiting)

    assert asyncio.run(story()) == 2
    assert len(asked) == 2


def test_a_published_secret_is_warned_of_without_telling_it() -> None:
    server = KeyServer({URL: key_set(not_used["a private part"], edwards())})

    with capture_logs() as log:
        ids(KeySets(server.fetch, Clock()), [URL], "north-ed")

    assert [line["log_level"] for line in log] == ["warning", "info"]
    assert PRIVATE["d"] not in json.dumps(log)


def test_one_server_asked_in_vain_does_not_keep_others_from_being_asked() -> None:
    other = "https://keys.south.example/jwks.json"
    server = KeyServer({other: key_set(rivest())})
    key_sets = KeySets(server.fetch, Clock())

    found = ids(key_sets, [URL, other], "north-rsa")

    assert (found, server.asked) == (["north-rsa"], [URL, other])
