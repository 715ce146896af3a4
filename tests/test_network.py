"""Other servers: where connections may lead, and how much of an answer is read."""

import asyncio
import gzip
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cds_service.connections import Reach
from cds_service.errors import Unreachable
from cds_service.network import Answer, Network, retry_after
from tests.certificates import self_signed
from tests.odd_server import Behaviour, OddServer, answers, closes, packed
from tests.signing import Clock

SMALL = 1000  # bytes


def got(
    url: str,
    reach: Reach | None = None,
    seconds: float = 5,
    ca_file: Path | None = None,
) -> Answer:
    """What is answered at *url*; usually the addresses that it writes are listed."""

    async def get() -> Answer:
        network = Network(reach or Reach.of((), [url]), ca_file)
        try:
            return await network.get(url, SMALL, {"X-Asked": "yes"}, seconds)
        finally:
            await network.close()

    return asyncio.run(get())


def refusal(url: str, reach: Reach | None = None, seconds: float = 5) -> str:
    """The code of what went wrong."""
    with pytest.raises(Unreachable) as raised:
        got(url, reach, seconds=seconds)
    assert raised.value.__cause__ is None
    return raised.value.code


# --- where to -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 - a value, nothing listens
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:db8::1",
        "no address",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not Reach().permits("fhir.example", address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert Reach().permits("fhir.example", address)


def test_a_network_that_the_site_lists_is_allowed() -> None:
    reach = Reach.of(["10.20.0.0/16", "fd12::/16"], [])

    assert reach.permits("fhir.example", "10.20.3.4")
    assert reach.permits("fhir.example", "::ffff:10.20.3.4")
    assert reach.permits("fhir.example", "fd12::7")
    assert not reach.permits("fhir.example", "10.21.0.1")


def test_an_address_that_the_site_has_written_itself_is_listed() -> None:
    reach = Reach.of([], ["http://127.0.0.1:8090/fhir", "https://[::1]/r4", "https://fhir.example/r4"])

    assert reach.permits("127.0.0.1", "127.0.0.1")
    assert reach.permits("::1", "::1")
    assert not reach.permits("fhir.example", "127.0.0.1")
    assert not reach.permits("localhost", "127.0.0.1")


def test_a_name_is_resolved_before_it_is_judged() -> None:
    with OddServer({"/": answers({})}) as odd:
        port = odd.base.rpartition(":")[2]

        by_name = refusal(f"http://localhost:{port}/", Reach.of([], ["https://fhir.example"]))
        listed = got(f"http://localhost:{port}/", Reach.of([], ["http://localhost/fhir"]))

        assert (by_name, odd.connections) == ("address-refused", 1)
        assert listed.status == 200


@pytest.mark.parametrize(
    "written", ["http://2130706433", "http://0x7f000001", "http://127.1", "http://[::ffff:127.0.0.1]"]
)
def test_other_ways_to_write_this_machine_are_no_way_in(written: str) -> None:
    with OddServer({"/": answers({})}) as odd:
        code = refusal(f"{written}:{odd.base.rpartition(':')[2]}/", Reach())

        assert (code in ("address-refused", "name", "connection"), odd.connections) == (True, 0)


# --- how much -----------------------------------------------------------------------------------------------------


def test_an_answer_is_read_whole_and_unpacked() -> None:
    with OddServer({"/plain": answers({"a": "b"}), "/packed": packed({"a": "b" * 500})}) as odd:
        plain, unpacked = got(f"{odd.base}/plain"), got(f"{odd.base}/packed")

        assert (plain.status, plain.body) == (200, b'{"a": "b"}')
        assert len(unpacked.body) > 500
        assert {asked.headers["x-asked"] for asked in odd.requests} == {"yes"}
        assert not any("cookie" in asked.headers for asked in odd.requests)


@pytest.mark.parametrize("made", [lambda text: text, gzip.compress], ids=["plain", "packed"])
def test_an_answer_may_be_as_long_as_is_allowed_and_no_longer(made: Callable[[bytes], bytes]) -> None:
    encoding = "identity" if made(b"x") == b"x" else "gzip"
    fits, longer = (answers(made(b"x" * size), Content_Encoding=encoding) for size in (SMALL, SMALL + 1))
    with OddServer({"/fits": fits, "/longer": longer}) as odd:
        assert len(got(f"{odd.base}/fits").body) == SMALL
        assert refusal(f"{odd.base}/longer") == "too-large"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (answers(gzip.compress(b"x" * 500)[:-9], Content_Encoding="gzip"), "encoding"),
        (answers(b"no gzip", Content_Encoding="gzip"), "encoding"),
        (answers(b"x", Content_Encoding="br"), "encoding"),
        (closes, "protocol"),
    ],
)
def test_half_an_answer_is_none(behaviour: Behaviour, code: str) -> None:
    with OddServer({"/": behaviour}) as odd:
        assert refusal(f"{odd.base}/") == code


def test_of_another_status_than_200_no_body_is_read() -> None:
    with OddServer({"/": answers(b"x" * 100_000, 500)}) as odd:
        answer = got(f"{odd.base}/")

        assert (answer.status, answer.body) == (500, b"")


def test_only_what_we_can_unpack_is_asked_for() -> None:
    with OddServer({"/": answers({})}) as odd:
        got(f"{odd.base}/")

        [asked] = odd.requests
        assert (asked.headers["accept-encoding"], asked.headers["user-agent"]) == ("gzip", "legcramps")


def test_a_redirect_is_an_answer_and_nothing_more() -> None:
    with OddServer({"/": answers("", 302, Location="http://127.0.0.1:1/")}) as odd:
        answer = got(f"{odd.base}/")

        assert (answer.status, len(odd.requests)) == (302, 1)


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_question() -> None:
    async def twice(network: Network, url: str) -> None:
        for _ in range(2):
            await network.get(url, SMALL, seconds=5)
        await network.close()

    with OddServer({"/": answers({}, Set_Cookie="session=1; Path=/")}) as odd:
        asyncio.run(twice(Network(Reach.of([], [odd.base])), f"{odd.base}/"))

        assert [asked.headers.get("cookie") for asked in odd.requests] == [None, None]


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert refusal(f"http://127.0.0.1:{port}/") == "connection"
    assert refusal("http://no-such-host.invalid/", Reach()) == "name"


def test_https_needs_a_certificate_that_is_known(tmp_path: Path) -> None:
    file, shown = self_signed(tmp_path, "known")
    with OddServer({"/": answers({})}, tls=shown) as odd:
        assert refusal(f"{odd.base}/") == "tls-untrusted"
        assert got(f"{odd.base}/", ca_file=file).status == 200


def test_a_name_that_nobody_knows_does_not_hold_up_another_one() -> None:
    async def codes(network: Network, port: str) -> list[str]:
        async def one(host: str) -> str:
            try:
                return str((await network.get(f"http://{host}:{port}/", SMALL, seconds=5)).status)
            except Unreachable as fault:
                return fault.code

        hosts = [*(f"no-such-host-{number % 4}.invalid" for number in range(40)), "localhost"]
        found = await asyncio.gather(*map(one, hosts))
        await network.close()
        return found

    with OddServer({"/": answers({})}) as odd:
        port = odd.base.rpartition(":")[2]

        found = asyncio.run(codes(Network(Reach.of((), ["http://localhost"])), port))

        assert (set(found[:-1]), found[-1], odd.connections) == ({"name"}, "200", 1)


@dataclass
class Listener:
    """A server in this loop that tells which connections are open, and answers when it is told to."""

    accepted: asyncio.Event = field(default_factory=asyncio.Event)
    open_: set[asyncio.StreamWriter] = field(default_factory=set)
    does_answer: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open_.add(writer)
        self.accepted.set()
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await (reader.readuntil(b"\r\n\r\n") if self.does_answer else reader.read())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        self.open_.discard(writer)
        writer.close()

    async def gives_up(self, asks: Coroutine[None, None, Answer], turns: int) -> None:
        """Cancel so many turns of the loop after it was connected."""
        self.accepted.clear()
        asking = asyncio.create_task(asks)
        await self.accepted.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def test_a_connection_that_was_given_up_before_it_was_used_is_closed_by_the_second_sweep() -> None:
    async def left_open() -> list[int]:
        listener, clock = Listener(), Clock()
        server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        network = Network(Reach.of((), [url]), clock=clock)
        for turns in range(12):
            await listener.gives_up(network.get(url, SMALL), turns)
        listener.does_answer, counts = True, []
        for seconds in (0, 6, 1, 6):
            clock.now += seconds
            await network.get(url, SMALL, seconds=5)
            await asyncio.sleep(0.05)
            counts.append(len(listener.open_))
        await network.close()
        server.close()
        return counts

    at_first, marked, too_early, swept = asyncio.run(left_open())

    assert at_first == marked == too_early > 0  # or the library has learned to close them itself
    assert swept == 0


def test_a_server_that_never_speaks_tls_leaves_nothing_open() -> None:
    with OddServer({"/": answers({})}) as odd:
        assert refusal(f"{odd.base.replace('http:', 'https:')}/", seconds=0.2) == "timeout"


def test_a_file_without_certificates_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("none")

    with pytest.raises(ValueError, match=r"^LEGCRAMPS_CA_FILE: is no readable file of PEM certificates$"):
        Network(Reach(), path)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("9" * 30, None),
        ("٣", None),
    ],
)
def test_how_long_a_busy_server_asks_to_wait(said: str, seconds: Any) -> None:
    assert retry_after(Answer(503, {"retry-after": said}, b"")) == seconds
