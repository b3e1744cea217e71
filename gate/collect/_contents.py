"""Bytes of one file of the repository, bounded: a link may lead to a device or a pipe that never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 5 * 1024 * 1024  # bytes; a larger revision file is refused rather than parsed
_BLOCK = 1 << 16


def read(path: str | Path, most: int = LARGEST + 1) -> bytes:
    """The first ``most`` bytes of a regular file. Raises OSError, also for what is no regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        found = os.read(descriptor, min(state.st_size + 1, most))
        while len(found) < most and (more := os.read(descriptor, min(_BLOCK, most - len(found)))):
            found += more
        return found
    finally:
        os.close(descriptor)
