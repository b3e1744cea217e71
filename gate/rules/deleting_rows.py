"""DELETE of some rows; UPDATE OR REPLACE and REPLACE, which delete too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Table
from gate.model import Category, Severity
from gate.rule import EVERY, MYSQL, Example, Hit, Rule
from gate.rules._loops import empties_in_loop
from gate.rules._recipes import remedy
from gate.rules._says import spoken
from gate.rules._world import table_before

# https://www.sqlite.org/lang_conflict.html
_REPLACE = re.compile(r"\s*REPLACE\b", re.IGNORECASE)
_OR_REPLACE = re.compile(r"\bUPDATE\s+OR\s+REPLACE\b", re.IGNORECASE)


def find(deploy: Deploy) -> Iterator[Hit]:
    yield from _deleted(deploy)
    yield from _replaced(deploy)
    if deploy.dialect in MYSQL:
        yield from _written_anew(deploy)


def _deleted(deploy: Deploy) -> Iterator[Hit]:
    seen: set[tuple[str, int, str]] = set()
    for statement, change in deploy.changes(c.Delete):
        place = (statement.revision, statement.location.line, change.table)
        if change.always or place in seen or empties_in_loop(deploy, statement, change):
            continue
        seen.add(place)
        yield Hit(
            f"DELETE removes rows of {change.table} for good; a downgrade does not bring them back.",
            statement,
            table=change.table,
            remedy=remedy(
                "Count the rows on production first and keep a copy of them.",
                (
                    1,
                    "Keep a copy in the same revision",
                    f'op.execute("CREATE TABLE {change.table}_deleted AS SELECT * FROM {change.table} WHERE ...")',
                ),
            ),
        )


def _replaced(deploy: Deploy) -> Iterator[Hit]:
    """SQLite's UPDATE OR REPLACE: who stands in the way of a new key goes."""
    for statement, change in deploy.changes(c.Update):
        table = table_before(statement, change.table)
        if _OR_REPLACE.search(statement.sql) and (table is None or _is_key(table, change.columns)):
            yield Hit(
                f"UPDATE OR REPLACE deletes, without a word, every row of {change.table} that stands in the way of a "
                f"key that it writes ({', '.join(change.columns)}); a downgrade does not bring them back.",
                statement,
                table=change.table,
                remedy=remedy(
                    "Find the rows that would share a key first, and decide which one stays; then a plain UPDATE."
                ),
            )


def _written_anew(deploy: Deploy) -> Iterator[Hit]:
    """REPLACE deletes the row of the same key: what it does not name gets its default, and CASCADE deletes on.

    https://dev.mysql.com/doc/refman/8.4/en/replace.html
    """
    for statement, change in deploy.changes(c.Insert):
        table = table_before(statement, change.table)
        if (
            table is None
            or not _REPLACE.match(statement.sql)
            or not change.columns
            or not _is_key(table, change.columns)
        ):
            continue
        lost = _left_out(table, change.columns)
        if lost:
            yield Hit(
                f"REPLACE deletes the rows of {change.table} that have the same key and writes them anew: they lose their "
                f"{spoken(lost)}, and a downgrade does not bring that back.",
                statement,
                table=change.table,
                remedy=remedy(
                    f"Change what is meant to change: INSERT INTO {change.table} ... ON DUPLICATE KEY UPDATE ...; it leaves the "
                    "other columns as they are."
                ),
            )


def _left_out(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that hold something of their own: no number that the server gives, nothing computed, no time."""
    named = {name.lower() for name in columns}
    return tuple(
        one.name
        for one in table.columns
        if one.name.lower() not in named
        and not (one.generated or one.identity)
        and "current_timestamp" not in (one.default or "").lower()
    )


def _is_key(table: Table, columns: tuple[str, ...]) -> bool:
    """Whether two rows may not share what is in these columns; what an index over an expression reads is not known."""
    written = {name.lower() for name in columns}
    keys = [one.columns for one in table.constraints if one.kind in ("unique", "primary-key")]
    keys += [one.columns for one in table.indexes if one.unique]
    return any(not key or written & {name.lower() for name in key} for key in keys)


rule = Rule(
    title="Rows deleted",
    why="Rows deleted by a revision are lost on every database it runs on, and no downgrade restores them.",
    find=find,
    harms={Category.DATA_LOSS: Severity.WARNING},
    dialects=EVERY,
    unsafe=(Example(("op.execute(\"DELETE FROM items WHERE label = 'old'\")",)),),
    safe=(Example(('op.execute("CREATE TABLE staging (id int)")\nop.execute("DELETE FROM staging WHERE id = 1")',)),),
)
