"""Time and chance as one value, so that waiting can be tested without waiting."""

from __future__ import annotations

import random
import time


class Clock:
    """The real clock. Tests hand in another one whose ``sleep`` only moves its own time."""

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def now(self) -> float:
        """Seconds since 1970, as servers count (for ``Retry-After`` dates and ``X-RateLimit-Reset``)."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def chance(self) -> float:
        """A number from 0 up to 1, for jitter; nothing secret hangs on it."""
        return random.random()  # noqa: S311  # jitter, not cryptography
