"""How long to wait before asking again, as GitHub's manual says.

https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
"""

from __future__ import annotations

import email.utils
import math
import re
from collections.abc import Mapping

LONGEST = 60.0
"""Seconds that a job waits at most for a limit to pass."""
RETRIES = 4
"""Times that a reading request is asked again."""


def backoff(tries: int, chance: float) -> float:
    """Seconds before the next try: 0.5, 1, 2, 4, each less up to a half by ``chance`` (0 to 1)."""
    return float(0.5 * 2**tries * (1 - chance / 2))


def limit(status: int, headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    """Seconds to wait when this answer is a rate limit; None when it is not.

    An answer without a usable time is GitHub's secondary limit: the manual asks for a minute.
    """
    if status not in (403, 429):
        return None
    after = retry_after(headers.get("retry-after", ""), now)
    if after is not None:
        return after
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        reset = _seconds(headers.get("x-ratelimit-reset", ""))
        return LONGEST if reset is None else max(reset - now, 1.0)
    if status == 429 or "retry-after" in headers or b"secondary rate limit" in body[:4096].lower():
        return LONGEST
    return None


def retry_after(text: str, now: float) -> float | None:
    """``Retry-After`` as seconds from now: a count or a date; None for anything else."""
    count = _seconds(text)
    if count is not None:
        return count
    try:
        then = email.utils.parsedate_to_datetime(text.strip()).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
    return max(then - now, 0.0)


def _seconds(text: str) -> float | None:
    """A finite count of seconds, not negative."""
    text = text.strip()
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None
