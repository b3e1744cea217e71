"""Bytes of one file of the repository, bounded: a link may lead to a device or a pipe that never ends."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 5 * 1024 * 1024  # bytes; a larger revision file is refused rather than parsed


def read(path: Path, most: int = LARGEST + 1) -> bytes:
    """The first ``most`` bytes of a regular file. Raises OSError, also for what is no regular file."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123  # a descriptor
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        return file.read(most)
