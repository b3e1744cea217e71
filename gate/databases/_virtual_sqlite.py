"""SQLite's virtual tables: which ordinary-looking tables only hold their insides, and which keep no rows of their own.

``PRAGMA table_list`` tells the inside tables only since 3.37 and only where the module is loaded; their names are the
virtual table's with an ending of the module's, so that both sides of a comparison say the same whatever reads them.
https://www.sqlite.org/vtab.html#the_xshadowname_method
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_VIRTUAL = re.compile(
    r"\s*CREATE\s+VIRTUAL\s+TABLE\b.*?\bUSING\s+[\"`\[']?(?P<module>\w+)[\"`\]']?(?P<rest>.*)", re.I | re.S
)
_CONTENT = re.compile(r"[(,]\s*content\s*=\s*[\"'`\[]?\s*[^\"'`\],)\s]", re.I)
_TEXT = ("content", "segments", "segdir", "docsize", "stat")
_BOXES = ("node", "parent", "rowid")
_ENDINGS = {
    "fts3": _TEXT,
    "fts4": _TEXT,
    "fts5": ("data", "idx", "content", "docsize", "config"),
    "rtree": _BOXES,
    "rtree_i32": _BOXES,
    "geopoly": _BOXES,
    "spellfix1": ("vocab",),
}
_WINDOWS = ("fts3aux", "fts4aux", "fts5vocab", "fts3tokenize", "dbstat", "bytecode", "tables_used")


def shadows(definitions: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The names, lower-cased, of tables that hold the insides of these virtual tables (name and text of each table)."""
    found = ((name, _VIRTUAL.match(text)) for name, text in definitions)
    return frozenset(
        f"{name}_{ending}".lower() for name, match in found if match for ending in _ENDINGS.get(_module(match), ())
    )


def shows_rows_of_others(text: str) -> bool:
    """Whether a table is only a window: a text index over another table's rows, or a view of SQLite's own insides."""
    match = _VIRTUAL.match(text)
    if match is None:
        return False
    indexed = _module(match) in ("fts4", "fts5") and _CONTENT.search(match["rest"]) is not None
    return indexed or _module(match) in _WINDOWS


def _module(match: re.Match[str]) -> str:
    return match["module"].lower()
