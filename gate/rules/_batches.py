"""The project's own UPDATE in batches that commit: the table's key is walked, so that it ends whatever is written.

A batch that is found by what is still missing would be found for ever where the statement leaves it missing.
"""

from __future__ import annotations

from collections.abc import Callable

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.facts.schema import Table
from gate.rule import MYSQL
from gate.rules._loops import loops_in_one_transaction
from gate.rules._says import ident, python, text, ticked
from gate.sql.ranged import Ranged, marked, ranged


def own_batches(deploy: Deploy, statement: Statement, change: c.Update) -> tuple[int, str, str]:
    """The statement over ranges of the key as code; in words where ranges would write something else."""
    if change.bounded:
        loop = "COMMIT into the loop, and the block" if loops_in_one_transaction(statement) else "the loop"
        return (1, f"Let each batch commit: put {loop} into `with op.get_context().autocommit_block():`", "")
    table, quote = statement.before.table(change.table), _quoting(deploy)
    key = _key(deploy, table, change)
    update = ranged(statement.sql, deploy.dialect, change.table, key, quote) if key else None
    if update is None:
        return (1, _in_words(table, change), "")
    title = "Walks the key, so that it ends; after a failure go on with the range that failed"
    if update.parameters:
        title += f"; fill in {', '.join(update.parameters)}"
    return (1, title, _walk(change.table, key, update, quote))


def computed_batches(deploy: Deploy, statement: Statement, change: c.Update) -> tuple[int, str, str]:
    """An UPDATE of the same columns over ranges of the key, with values that the author has to write in SQL."""
    table, quote = statement.before.table(change.table), _quoting(deploy)
    key = _key(deploy, table, change)
    values = ", ".join(f"{quote(name)} = NULL" for name in change.columns)
    plain = f"UPDATE {quote(change.table)} SET {values}"
    update = ranged(plain, deploy.dialect, change.table, key, quote) if key and values else None
    if update is None:
        return (1, _in_words(table, change), "")
    code = _walk(change.table, key, update, quote)
    for name in change.columns:
        code = code.replace(text(f"{quote(name)} = NULL"), text(f"{quote(name)} = ..."))
    return (1, "One statement per batch", code)


def _quoting(deploy: Deploy) -> Callable[[str], str]:
    return ticked if deploy.dialect in MYSQL else ident


def _key(deploy: Deploy, table: Table | None, change: c.Update) -> tuple[str, ...]:
    """The columns that order the rows and stay as they are; SQLite's ``rowid`` where a table has no key."""
    if table is None or table.kind not in ("table", "partitioned"):
        return ()
    keys = [one.columns for one in table.constraints if one.kind == "primary-key"]
    key = keys[0] if keys else ("rowid",) if deploy.dialect == "sqlite" else ()
    return () if set(key) & set(change.columns) else key


def _in_words(table: Table | None, change: c.Update) -> str:
    if table is not None and table.kind == "view":
        return f"Write the table below the view {change.table}, a range of its key in each transaction"
    return f"Choose ranges of {change.table} that no two batches share, and give each a transaction of its own"


def _walk(table: str, key: tuple[str, ...], update: Ranged, quote: Callable[[str], str]) -> str:
    """Up the key by a thousand rows. What it skips or meets twice was written by somebody else meanwhile."""
    keys, name = ", ".join(map(quote, key)), quote(table)
    single = len(key) == 1
    lasts = ", ".join(":last" if single else f":last{number}" for number, _ in enumerate(key, 1))
    after = f"{keys} > {lasts}" if single else f"({keys}) > ({lasts})"
    given = "".join(f", {python(name)}: ..." for name in update.parameters)
    return (
        "with op.get_context().autocommit_block():\n"
        "    bind = op.get_bind()\n"
        f'    rows = bind.execute(sa.text("{text(f"SELECT {keys} FROM {name} ORDER BY {keys} LIMIT 1000")}")).fetchall()\n'
        "    while rows:\n"
        "        bind.execute(sa.text(\n"
        f'            "{marked(text(update.sql))}"\n'
        f"        ), {{{_ends(('first', 'last'), ('0', '-1'), key)}{given}}})\n"
        "        rows = bind.execute(sa.text(\n"
        f'            "{text(f"SELECT {keys} FROM {name} WHERE ")}{after.replace(keys, text(keys), 1)}'
        f'{text(f" ORDER BY {keys} LIMIT 1000")}"\n'
        f"        ), {{{_ends(('last',), ('-1',), key)}}}).fetchall()"
    )


def _ends(names: tuple[str, ...], rows: tuple[str, ...], key: tuple[str, ...]) -> str:
    """The parameters of a batch: each column of the key in its first and its last row."""
    return ", ".join(
        f'"{name}{place + 1 if len(key) > 1 else ""}": rows[{row}][{place}]'
        for name, row in zip(names, rows, strict=True)
        for place, _ in enumerate(key)
    )
