"""Tar archives of others, plain or compressed (gzip, bzip2, xz, zstd), read as a stream and within bounds.

Nothing is unpacked to disk. What a bomb would blow up is bounded before it is read: members, their sizes, and the
extended headers, which ``tarfile`` holds in memory.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from gate.docker.errors import UnknownError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD = b"\x28\xb5\x2f\xfd"  # https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1
LARGEST_HEADER = 1_000_000
BROKEN = (tarfile.TarError, zstd.ZstdError, OSError, EOFError, ValueError)
_EXTENDED = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass
class Budget:
    """What may still be read. Raises UnknownError when it is used up."""

    members: int
    bytes: int

    def take(self, size: int) -> None:
        """One member of this size."""
        self.members -= 1
        self.bytes -= max(size, 0)
        if self.members < 0 or self.bytes < 0:
            raise UnknownError("the archive is too large to be read")


class _Header(tarfile.TarInfo):
    """A header whose long names and extended records fit into memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        found = super().frombuf(buf, encoding, errors)
        if found.type in _EXTENDED and found.size > LARGEST_HEADER:
            raise UnknownError("the archive has an extended header that is too large")
        return found


def plain(stream: IO[bytes]) -> IO[bytes]:
    """The stream behind zstd, which ``tarfile`` reads by itself only from Python 3.14 on; any other as it is."""
    assert isinstance(stream, io.BufferedReader)
    return cast("IO[bytes]", zstd.ZstdFile(stream) if stream.peek(len(ZSTD)).startswith(ZSTD) else stream)


def members(stream: IO[bytes], budget: Budget) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    """Every member, with the archive to read its text from at once. Raises what ``BROKEN`` names, and UnknownError."""
    with tarfile.open(fileobj=plain(stream), mode="r|*", tarinfo=_Header) as archive:
        for one in archive:
            budget.take(one.size)
            yield one, archive
            archive.members = []  # type: ignore[attr-defined]  # typeshed lacks it; a stream keeps every header otherwise


def text_of(archive: tarfile.TarFile, one: tarfile.TarInfo, largest: int) -> bytes | None:
    """What a file holds, None for what is no file or larger than that."""
    file = archive.extractfile(one) if one.isreg() and one.size <= largest else None
    return file.read(largest) if file is not None else None


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tarfile.TarFile]:
    """An archive file to be read in any order."""
    with path.open("rb") as file, tarfile.open(fileobj=plain(file), tarinfo=_Header) as archive:
        yield archive
