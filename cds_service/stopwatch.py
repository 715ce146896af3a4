"""How long each stage of a call took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Stopwatch:
    """Seconds by stage, since the call came in; a stage that comes twice is added up."""

    def __init__(self) -> None:
        self._began = perf_counter()
        self.seconds: dict[str, float] = {}

    @property
    def total(self) -> float:
        """Seconds so far."""
        return perf_counter() - self._began

    def add(self, stage: str, seconds: float) -> None:
        """Count time for a stage."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Time a stage, however it ends."""
        began = perf_counter()
        try:
            yield
        finally:
            self.add(stage, perf_counter() - began)
