"""A clock over one answer: a server that takes a query and never answers is left.

Limits set in a session do not help where the server is frozen, the network swallows packets, or a pooler keeps the query
waiting for a free connection (PgBouncer's ``query_wait_timeout`` is two minutes by default).
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator

GRACE_SECONDS = 5.0  # beyond the limit that the server itself was given


@contextlib.contextmanager
def deadline(descriptor: int, seconds: float) -> Iterator[Callable[[], bool]]:
    """Cut the connection with this file descriptor when the block takes longer. Gives a function: was it cut?"""
    passed = threading.Event()
    with socket.socket(fileno=os.dup(descriptor)) as line:

        def cut() -> None:
            passed.set()
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

        clock = threading.Timer(seconds, cut)
        clock.daemon = True
        clock.start()
        try:
            yield passed.is_set
        finally:
            clock.cancel()


def late(seconds: float) -> tuple[str, str]:
    """What to say when it was cut, and what to do."""
    return (
        f"the server took the connection and did not answer within {seconds:.0f} s",
        "Look whether it is frozen or overloaded, whether a pooler in between has a free server connection, and at the network.",
    )
