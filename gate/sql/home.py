"""A statement as its own database reads it: on MySQL and MariaDB, ``shop.orders`` is ``orders`` to whoever is in shop."""

from __future__ import annotations

import functools
import re


def at_home(sql: str, database: str) -> str:
    """The text without this database's name before the names in it; the rest stays as written."""
    return _before_a_name(database).sub("", sql) if database else sql


@functools.lru_cache(maxsize=16)
def _before_a_name(database: str) -> re.Pattern[str]:
    quoted = "`" + database.replace("`", "``") + "`"
    return re.compile(rf"(?<![\w$.`'\"@])(?:{re.escape(quoted)}|{re.escape(database)})\s*\.\s*(?=[`\w])")
