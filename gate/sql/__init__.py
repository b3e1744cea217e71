"""Statement text to typed schema changes, per dialect. Pure: no database, no files.

Each dialect is a module of its own name with ``parse(sql)`` and ``split(text)`` (see ``_parsed.Reader``).
"""

from __future__ import annotations

import functools
import importlib
from typing import cast

from gate.sql._parsed import Dialect, Parsed, Reader

__all__ = ["Dialect", "Parsed", "parse", "split"]


@functools.cache
def _reader(dialect: Dialect) -> Reader:
    return cast(Reader, importlib.import_module(f"gate.sql.{dialect}"))


@functools.lru_cache(maxsize=4096)
def parse(sql: str, dialect: Dialect) -> Parsed:
    """Every change that a text means, in order. Never raises: what was not understood is told in ``understood``."""
    return _reader(dialect).parse(sql)


def split(text: str, dialect: Dialect) -> tuple[str, ...]:
    """The statements of a script, in order, without closing semicolons."""
    return _reader(dialect).split(text)
