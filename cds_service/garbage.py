"""The garbage collector, told of what is loaded once and stays: it would look at all of it again and again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def none_expected() -> Iterator[None]:
    """Load without the collector."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def all_kept() -> Iterator[None]:
    """
    Load without the collector, which never looks at anything afterwards that is there by then.

    For a process that serves: it loses nothing by it. Nothing is collected before either: that takes a tenth of a
    second, and of what a start leaves behind hardly anything is garbage.
    """
    with none_expected():
        yield
        gc.freeze()
