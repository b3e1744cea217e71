"""A clock that tests set: sleeping only moves its own time."""

from __future__ import annotations

from gate.github.clock import Clock


class FastClock(Clock):
    """``sleep`` is remembered in ``slept`` and takes no time."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self.time, self.slept = start, list[float]()

    def monotonic(self) -> float:
        return self.time

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def chance(self) -> float:
        return 0.5
