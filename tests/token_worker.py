"""
One worker of the service as far as the store goes, told what to do on standard input, for tests that run several.

    python -m tests.token_worker URL ID…

A line: opens the store and says "open". A line: tries all ids and says which were new, as JSON. A line: ends.
"""

import asyncio
import json
import sys

from cds_service.store import Store

UNTIL = 4_102_444_800  # in 2100


async def _new(store: Store, token_ids: list[str]) -> list[str]:
    return [each for each in token_ids if await store.remember_token("north-hospital", each, UNTIL)]


def _say(what: str) -> None:
    print(what, flush=True)  # noqa: T201 - read by the test
    sys.stdin.readline()


def main(url: str, *token_ids: str) -> None:
    _say("ready")
    store = Store.open(url)
    _say("open")
    _say(json.dumps(asyncio.run(_new(store, list(token_ids)))))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
