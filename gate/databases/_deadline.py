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
from typing import Any

from gate.databases.target import Address

GRACE_SECONDS = 5.0  # beyond the limit that the server itself was given


@contextlib.contextmanager
def answering(
    address: Address,
    descriptor: Callable[[], int],
    seconds: float,
    errors: tuple[type[Exception], ...],
    words: Callable[[Any], tuple[str, str]],
) -> Iterator[None]:
    """One answer of the target within ``seconds`` and some grace; what goes wrong becomes TargetUnavailable.

    ``errors`` are what the driver raises, also for a connection whose descriptor is gone; ``words`` says what one means
    and what to do.
    """
    longest = seconds + GRACE_SECONDS
    try:
        with deadline(descriptor(), longest) as passed:
            try:
                yield
            except errors as error:
                raise address.unavailable(*(late(longest) if passed() else words(error))) from None
    except errors as error:  # there is no descriptor any more
        raise address.unavailable(*words(error)) from None


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
