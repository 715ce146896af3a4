"""Who computes when: in order, one piece after the other, while the loop turns in between; large ones elsewhere."""

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from cds_service.stopwatch import Stopwatch
from cds_service.turns import LARGE, MOST_LARGE, Pieces, Turns


class Clock:
    """Time goes on only by what computes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_call(turns: Turns, size: int = 0) -> Pieces:
    pieces = Pieces(turns, Stopwatch())
    pieces.grow(size)
    return pieces


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def slow(done: list[str]) -> tuple[Turns, Callable[[str], Coroutine[Any, Any, None]]]:
    """A line, and calls of one piece that takes a second by its clock: so long that each has a turn of its own."""
    clock = Clock()
    turns = Turns(clock)

    async def one(name: str) -> None:
        def work() -> None:
            clock.now += 1
            done.append(name)

        await a_call(turns).do("consider", work)

    return turns, one


def test_who_comes_alone_does_not_wait() -> None:
    async def story() -> None:
        done: list[str] = []
        _, one = slow(done)
        coroutine = one("only")

        with pytest.raises(StopIteration):  # it never gave the loop a chance
            coroutine.__await__().send(None)

        assert done == ["only"]

    run(story)


def test_pieces_of_one_call_follow_each_other_in_one_turn() -> None:
    async def story() -> None:
        pieces = a_call(Turns())

        async def both() -> int:
            return await pieces.do("decode", lambda: 1) + await pieces.do("consider", lambda: 2)

        with pytest.raises(StopIteration) as given:
            both().__await__().send(None)

        assert given.value.value == 3
        assert list(pieces.watch.seconds) == ["decode", "consider"]

    run(story)


def test_calls_compute_in_the_order_in_which_they_came() -> None:
    async def story() -> None:
        done: list[str] = []
        _, one = slow(done)

        await asyncio.gather(*map(one, "abcde"))

        assert done == list("abcde")

    run(story)


def test_whoever_only_asks_is_answered_between_two_pieces() -> None:
    async def story() -> None:
        done: list[str] = []
        _, one = slow(done)

        async def health(at: int) -> None:
            while len(done) < at:
                await asyncio.sleep(0)
            done.append("live")

        await asyncio.gather(one("a"), one("b"), one("c"), one("d"), health(1), health(4))

        assert done == ["a", "live", "b", "c", "live", "d"]

    run(story)


def test_who_is_further_on_goes_before_who_begins() -> None:
    async def story() -> None:
        done: list[str] = []
        turns, one = slow(done)
        returning = a_call(turns)

        async def with_a_pause() -> None:
            await returning.do("consider", lambda: done.append("first"))
            await asyncio.sleep(0)  # asks the store
            await returning.do("word", lambda: done.append("second"))

        await asyncio.gather(with_a_pause(), *map(one, "abc"))

        assert done.index("second") < done.index("b")
        assert [each for each in done if each in "abc"] == list("abc")

    run(story)


def test_who_leaves_while_waiting_keeps_nobody_up() -> None:
    async def story() -> None:
        done: list[str] = []
        _, one = slow(done)
        tasks = [asyncio.create_task(one(name)) for name in "abcd"]
        await asyncio.sleep(0)

        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.wait(tasks)
        await one("later")

        assert done == ["a", "d", "later"]

    run(story)


def test_those_called_together_share_two_milliseconds_and_keep_their_order() -> None:
    """Given calls of 0.9 ms, three begin within the time, the fourth waits for the loop to turn."""

    async def story() -> None:
        clock, done = Clock(), []
        turns = Turns(clock)

        async def one(name: str) -> None:
            def work() -> None:
                clock.now += 0.0009
                done.append(name)

            await a_call(turns).do("consider", work)

        async def turning() -> None:
            while len(done) < 8:
                await asyncio.sleep(0)
                done.append("|")

        await asyncio.gather(*map(one, "abcdefg"), turning())

        assert [each for each in done if each != "|"] == list("abcdefg")
        together = "".join(done).strip("|").split("|")
        assert max(map(len, together)) == 3

    run(story)


def test_the_line_is_long_while_the_first_in_it_waits_too_long() -> None:
    async def story() -> None:
        done: list[str] = []
        turns, one = slow(done)  # each takes longer than anybody may wait
        tasks = [asyncio.create_task(one(name)) for name in "abc"]
        while len(done) < 2:
            await asyncio.sleep(0)

        was_long = turns.is_long
        await asyncio.wait(tasks)

        assert (was_long, turns.is_long) == (True, False)
        assert done == list("abc")

    run(story)


def test_a_line_whose_loop_ended_between_two_turns_goes_on_in_another() -> None:
    async def story() -> str:
        return await a_call(turns).do("consider", lambda: "answered")

    turns = Turns()
    for _ in range(2):
        loop = asyncio.new_event_loop()
        assert loop.run_until_complete(asyncio.wait_for(story(), 5)) == "answered"
        loop.close()


def test_who_waited_is_told_how_long() -> None:
    async def story() -> None:
        turns = Turns()
        calls = [a_call(turns) for _ in range(3)]

        await asyncio.gather(*(each.do("consider", lambda: time.sleep(0.005)) for each in calls))

        assert list(calls[0].watch.seconds) == ["consider"]
        assert calls[2].watch.seconds["wait"] >= 0.005

    run(story)


def test_a_large_body_is_worked_on_in_one_thread_beside_the_loop() -> None:
    async def story() -> None:
        turns, threads = Turns(), set()
        may_end = threading.Event()

        def work() -> None:
            threads.add(threading.get_ident())
            assert may_end.wait(10)

        tasks = [asyncio.create_task(a_call(turns, LARGE + 1).do("decode", work)) for _ in range(3)]
        while not threads:
            await asyncio.sleep(0.001)
        small = await a_call(turns, LARGE).do("decode", threading.get_ident)
        may_end.set()
        await asyncio.wait(tasks)

        assert small == threading.get_ident()
        assert len(threads) == 1
        assert threading.get_ident() not in threads

    run(story)


@pytest.mark.parametrize("size", [0, LARGE + 1])
def test_an_error_is_the_same_wherever_it_is_raised(size: int) -> None:
    async def story() -> None:
        pieces = a_call(Turns(), size)

        with pytest.raises(ZeroDivisionError):
            await pieces.do("consider", lambda: 1 // 0)

        assert pieces.watch.seconds["consider"] >= 0
        assert await pieces.do("word", lambda: "well") == "well"

    run(story)


def test_no_more_large_work_is_taken_than_can_soon_be_done_but_always_one() -> None:
    async def story() -> None:
        turns = Turns()

        async def large(size: int) -> str:
            with a_call(turns, size) as pieces:
                return await pieces.do("decode", lambda: "read")

        with a_call(turns, 2 * MOST_LARGE) as first:
            await first.do("decode", str)
            with pytest.raises(HTTPException) as refused:
                await large(LARGE + 1)

        assert refused.value.status_code == 503
        assert await large(LARGE + 1) == "read"

    run(story)


def test_who_has_begun_is_not_refused_any_more() -> None:
    """Given a call whose record was fetched while others filled the books, its work is not thrown away."""

    async def story() -> None:
        turns = Turns()
        with a_call(turns, LARGE + 1) as early, a_call(turns, MOST_LARGE) as small:
            await early.do("decode", str)
            with pytest.raises(HTTPException):
                await small.do("decode", str)
            early.grow(MOST_LARGE)  # what was fetched

            assert await early.do("consider", lambda: "considered") == "considered"

    run(story)


def test_who_leaves_makes_room_for_another_large_body() -> None:
    async def story() -> None:
        turns, may_end = Turns(), threading.Event()

        async def large(work: Callable[[], Any]) -> Any:
            with a_call(turns, MOST_LARGE) as pieces:
                return await pieces.do("decode", work)

        first = asyncio.create_task(large(lambda: may_end.wait(10)))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
        second = asyncio.create_task(large(lambda: "second"))
        await asyncio.sleep(0)
        may_end.set()

        assert await second == "second"

    run(story)


def test_the_garbage_collector_rests_while_a_large_body_is_worked_on() -> None:
    async def story() -> None:
        assert await a_call(Turns(), LARGE + 1).do("decode", gc.isenabled) is False
        assert gc.isenabled()

    run(story)
