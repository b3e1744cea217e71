"""All rows of a table written by one statement, or by batches of one transaction, which is the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import EVERY, MYSQL, Example, Hit, Rule
from gate.rules._batches import own_batches
from gate.rules._loops import batches_that_stay_open, marks
from gate.rules._recipes import remedy
from gate.rules._says import bare, text, ticked
from gate.rules._world import is_unique, table_before
from gate.sql import _types

_INTEGERS = ("tinyint", "smallint", "mediumint", "int", "integer", "bigint")
_ACROSS_ROWS = re.compile(
    r"\b(?:DISTINCT|DISTINCTROW|OVER)\b|\b(?:count|sum|avg|min|max|any_value|group_concat|json_arrayagg|json_objectagg|"
    r"bit_and|bit_or|bit_xor|std\w*|var\w*)\s*\(",
    re.IGNORECASE,
)

_CREATED_AS = re.compile(
    r"\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>[`\w.$]+)\s+(?:AS\s+)?(?P<query>SELECT\b.*)$",
    re.IGNORECASE | re.DOTALL,
)


def find(deploy: Deploy) -> Iterator[Hit]:
    yield from _updates(deploy)
    if deploy.dialect in MYSQL:
        yield from _read_whole(deploy)


def _updates(deploy: Deploy) -> Iterator[Hit]:
    seen: set[tuple[str, int, str]] = set()
    batches = marks(batches_that_stay_open(deploy))
    for statement, change in deploy.changes(c.Update):
        place = (statement.revision, statement.location.line, change.table)
        if place in seen or (_is_small(deploy, statement, change) and (statement.number, change) not in batches):
            continue
        seen.add(place)
        yield from _hits(deploy, statement, change, change.columns[0] if len(change.columns) == 1 else None)


def _hits(deploy: Deploy, statement: Statement, change: c.Update, column: str | None) -> Iterator[Hit]:
    recipe = remedy(
        "Write in batches that commit, in a revision that does nothing else.",
        own_batches(deploy, statement, change),
    )
    for category, message in _harms(deploy, change):
        yield Hit(message, statement, category=category, table=change.table, column=column, remedy=recipe)


def _harms(deploy: Deploy, change: c.Update) -> Iterator[tuple[Category, str]]:
    """SQLite has one lock, that of the file, and no replicas: https://www.sqlite.org/lockingv3.html."""
    begins = f"{_what(change)} the rows of {change.table} at once: on a large table it runs for long"
    if deploy.dialect == "sqlite":
        yield Category.HYGIENE, f"{begins}, and the journal beside the file grows by every page that it writes."
        yield (
            Category.LOCK,
            "From the UPDATE until its transaction ends the whole database file is locked: other writes, to any table, "
            'wait, and fail ("database is locked") when they wait too long.',
        )
        return
    yield Category.HYGIENE, f"{begins}, bloats it, and lags replicas."
    yield (
        Category.LOCK,
        f"Every row that the UPDATE writes stays locked until its transaction ends: other writes to {change.table} "
        "wait for all of it.",
    )


def _read_whole(deploy: Deploy) -> Iterator[Hit]:
    """INSERT or CREATE TABLE ... SELECT over a whole table: what InnoDB reads stays locked, so that replicas get the same.

    https://dev.mysql.com/doc/refman/8.4/en/innodb-locks-set.html
    """
    copies: list[tuple[Statement, c.Insert | c.CreateTable]] = [
        *deploy.all_changes(c.Insert),
        *deploy.all_changes(c.CreateTable),
    ]
    for statement, change in copies:
        from_query = change.from_query if isinstance(change, c.Insert) else change.as_query
        limited = re.search(r"\b(?:WHERE|LIMIT|JOIN)\b", statement.sql, re.IGNORECASE)
        for table in change.reads if from_query and not limited else ():
            if deploy.existed(table, statement) and table not in deploy.small_tables:
                yield Hit(
                    f"Every row of {table} that the SELECT reads stays locked until the transaction ends: writes to "
                    f"{table} wait for all of it.",
                    statement,
                    category=Category.LOCK,
                    table=table,
                    remedy=remedy(
                        "Copy in ranges of the key that commit, in a revision that does nothing else.",
                        *_copy(statement, table, change),
                    ),
                )


def _copy(statement: Statement, table: str, change: c.Insert | c.CreateTable) -> Iterator[tuple[int, str, str]]:
    """A new table is made without rows first; then it is filled as one that is there."""
    if isinstance(change, c.Insert):
        yield _filled(statement, statement.sql, table)
        return
    found = _CREATED_AS.match(statement.sql)
    if found is None or change.columns:
        yield (1, f"Create {change.table} without rows first, then fill it", "")
        yield (1, f"Choose a range of {table} that no two batches share, and give each a transaction of its own", "")
        return
    empty = f"{statement.sql.rstrip('; ')} LIMIT 0"
    yield (1, f"Create {change.table} without rows", f'op.execute("{text(" ".join(empty.split()))}")')
    yield _filled(statement, f"INSERT INTO {found['name']} {found['query']}", table)


def _filled(statement: Statement, sql: str, table: str) -> tuple[int, str, str]:
    """Ranges of the key in code where they copy the same rows; in words where the author has to choose."""
    known = table_before(statement, table)
    keys = [one.columns for one in (known.constraints if known else ()) if one.kind == "primary-key"]
    column = known.column(keys[0][0]) if known and keys and len(keys[0]) == 1 else None
    if column is None or _types.base(column.type) not in _INTEGERS or not _is_row_by_row(sql, table):
        return (1, f"Choose a range of {table} that no two batches share, and give each a transaction of its own", "")
    return (
        1,
        "For example; after a failure go on with the range that failed",
        _ranges(sql, table, column.name),
    )


def _is_row_by_row(sql: str, table: str) -> bool:
    """Whether each row of the one table that is read gives one row of its own, and nothing stands after FROM.

    DISTINCT, aggregates and windows look across rows, so that parts of the table give something else than all of it.
    """
    if _ACROSS_ROWS.search(sql) or len(re.findall(r"\bSELECT\b", sql, re.IGNORECASE)) != 1:
        return False
    found = re.search(r"\bFROM\s+([`\w.$]+)(?:\s+(?:AS\s+)?[`\w$]+)?\s*;?\s*$", sql, re.IGNORECASE)
    return found is not None and bare(found[1].replace("`", "")).lower() == bare(table).lower()


def _ranges(sql: str, table: str, column: str) -> str:
    """The same statement over ranges of an integer key."""
    key, whole = ticked(column), " ".join(sql.rstrip("; \n").split())
    ends = f"SELECT coalesce(min({key}), 0), coalesce(max({key}), -1) FROM {ticked(table)}"
    return (
        f'first, last = op.get_bind().execute(sa.text("{text(ends)}")).fetchone()\n'
        "with op.get_context().autocommit_block():\n"
        "    for low in range(first, last + 1, 1000):\n"
        "        op.get_bind().execute(sa.text(\n"
        f'            "{text(whole)} WHERE {key} >= :low AND {key} < :high"\n'
        '        ), {"low": low, "high": low + 1000})'
    )


def _what(change: c.Update) -> str:
    return "Batches that do not commit in between write" if change.bounded else "One UPDATE writes"


def _is_small(deploy: Deploy, statement: Statement, change: c.Update) -> bool:
    """Known keys, a range or a LIMIT: no more rows than the author named."""
    if change.bounded or change.by_key or change.table in deploy.small_tables:
        return True
    return is_unique(table_before(statement, change.table), change.equals)


rule = Rule(
    title="Backfill in one statement",
    why="All rows stay locked, and all old row versions are kept, until the transaction ends.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING, Category.LOCK: Severity.WARNING},
    dialects=EVERY,
    split=("transaction",),
    unsafe=(
        Example(("op.execute(\"UPDATE orders SET note = 'x' WHERE note IS NULL\")",)),
        Example(('op.execute("INSERT INTO logs (code) SELECT name FROM users")',), dialect="mariadb"),
        Example(('op.execute("CREATE TABLE names AS SELECT id, name FROM users")',), dialect="mariadb"),
        Example(
            ('op.execute("CALL fill()")',),
            earlier=("op.execute(\"CREATE PROCEDURE fill() LANGUAGE sql AS $$ UPDATE orders SET note = 'x' $$\")",),
        ),
    ),
    safe=(
        Example(("op.execute(\"UPDATE orders SET note = 'x' WHERE id = 1\")",)),
        Example(
            (
                "op.execute(\"UPDATE orders SET note = 'x' WHERE id IN "
                '(SELECT id FROM orders WHERE note IS NULL LIMIT 1000)")',
            )
        ),
    ),
)
