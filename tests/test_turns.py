"""Who computes when: in order, one piece after the other, while the loop turns in between; large ones elsewhere."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from cds_service.stopwatch import Stopwatch
from cds_service.turns import LARGE, LONGEST_WAIT, MOST_LARGE, Pieces, Turns


class Clock:
    """Time goes on only by what computes."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def a_call(turns: Turns, size: int = 0) -> Pieces:
    pieces = Pieces(turns, Stopwatch())
    pieces.size = size
    return pieces


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def slow(turns: Turns, done: list[str]) -> Callable[[str], Coroutine[Any, Any, None]]:
    """Calls of one piece that takes, by the clock of the line, so long that each has a turn of its own."""

    async def one(name: str) -> None:
        def work() -> None:
            turns.worked(1.0)
            done.append(name)

        await a_call(turns).do("consider", work)

    return one


def test_who_comes_alone_does_not_wait() -> None:
    async def story() -> None:
        done: list[str] = []
        coroutine = slow(Turns(), done)("only")

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
        one = slow(Turns(), done)

        await asyncio.gather(*map(one, "abcde"))

        assert done == list("abcde")

    run(story)


def test_whoever_only_asks_is_answered_between_two_pieces() -> None:
    async def story() -> None:
        done: list[str] = []
        one = slow(Turns(), done)

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
        turns = Turns()
        one, returning = slow(turns, done), a_call(turns)

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
        turns = Turns()
        one = slow(turns, done)
        tasks = [asyncio.create_task(one(name)) for name in "abcd"]
        await asyncio.sleep(0)

        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.wait(tasks)
        await one("later")

        assert done == ["a", "d", "later"]

    run(story)


def test_who_would_wait_too_long_is_refused_until_the_line_is_short_again() -> None:
    async def story() -> None:
        clock, done = Clock(), []
        turns = Turns(clock)

        async def one() -> None:
            def work() -> None:
                clock.now += 0.1
                turns.worked(0.1)
                done.append(1)

            await a_call(turns).do("consider", work)

        await asyncio.gather(*(one() for _ in range(100)))  # each takes 0.1 s, and that is known now
        tasks = [asyncio.create_task(one()) for _ in range(5)]
        await asyncio.sleep(0)

        was_long = turns.is_long
        await asyncio.wait(tasks)

        assert (was_long, turns.is_long) == (True, False)
        assert LONGEST_WAIT < 4 * 0.1
        assert len(done) == 105

    run(story)


def test_who_computes_twice_counts_twice_for_who_waits() -> None:
    """Given calls that ask the store between two pieces, the line is too long for half as many of them."""

    def longest(pauses: int) -> int:
        clock, seen = Clock(), [0]

        async def story() -> None:
            turns = Turns(clock)

            def work() -> None:
                clock.now += 0.01
                turns.worked(0.01)

            async def one() -> None:
                pieces = a_call(turns)
                await pieces.do("consider", work)
                for _ in range(pauses):
                    await asyncio.sleep(0)
                    await pieces.do("word", work)

            await asyncio.gather(*(one() for _ in range(200)))
            tasks = []
            while not turns.is_long:
                tasks.append(asyncio.create_task(one()))
                await asyncio.sleep(0)
            seen[0] = len(turns._beginning)
            await asyncio.wait(tasks)

        run(story)
        return seen[0]

    once, twice = longest(pauses=0), longest(pauses=1)

    assert once == pytest.approx(LONGEST_WAIT / 0.01, abs=4)
    assert twice == pytest.approx(LONGEST_WAIT / 0.02, abs=4)


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

        assert list(pieces.watch.seconds) == ["consider"]
        assert await pieces.do("word", lambda: "well") == "well"

    run(story)


def test_no_more_large_work_is_taken_than_can_soon_be_done_but_always_one() -> None:
    async def story() -> None:
        turns, may_end = Turns(), threading.Event()

        def large(size: int, work: Callable[[], Any]) -> Coroutine[Any, Any, Any]:
            return a_call(turns, size).do("decode", work)

        first = asyncio.create_task(large(2 * MOST_LARGE, lambda: may_end.wait(10)))
        await asyncio.sleep(0)

        with pytest.raises(HTTPException) as refused:
            await large(LARGE + 1, str)
        may_end.set()

        assert await first
        assert await large(LARGE + 1, lambda: "next") == "next"
        assert refused.value.status_code == 503

    run(story)


def test_who_leaves_makes_room_for_another_large_body() -> None:
    async def story() -> None:
        turns, may_end = Turns(), threading.Event()
        half = MOST_LARGE // 2
        first, second = (
            asyncio.create_task(a_call(turns, half).do("decode", lambda: may_end.wait(10))) for _ in range(2)
        )
        await asyncio.sleep(0)

        second.cancel()
        await asyncio.wait([second])
        third = asyncio.create_task(a_call(turns, half).do("decode", lambda: "third"))
        await asyncio.sleep(0)
        may_end.set()

        assert await third == "third"
        assert await first

    run(story)
