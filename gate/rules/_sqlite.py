"""What SQLite's recreate does beyond what was asked for: who points at the table, what it carried, what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Failure, Statement
from gate.facts.schema import Constraint, Schema, Table

ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT")  # of ON DELETE: with these the parent's row may go
_OFF = ("off", "0", "false", "no")
_NOW = ("current_timestamp", "current_date", "current_time")
_CONSTANT = re.compile(r"^[+-]?\s*(?:\d+(?:\.\d*)?(?:e[+-]?\d+)?|'(?:[^']|'')*'|x'[0-9a-f]*'|null|true|false)$")
# SQLite's and Alembic's own words for what rules of their own explain.
NO_SUPPORT = "No support for ALTER of constraints in SQLite"
REFUSALS = (
    NO_SUPPORT,
    "error in view ",
    "error in trigger ",
    "Cannot add a UNIQUE column",
    "Cannot add a PRIMARY KEY column",
    "Cannot add a REFERENCES column",
    "Cannot add a column with non-constant default",
    "cannot add a STORED column",
)


def recreates(deploy: Deploy) -> Iterator[tuple[Statement, c.RecreateTable]]:
    """Every table older than the deploy that is made anew."""
    yield from deploy.changes(c.RecreateTable)


def steps(deploy: Deploy, change: c.RecreateTable) -> tuple[Statement, ...]:
    """The statements of one recreate, as far as it came."""
    return tuple(one for one in deploy.statements if one.number in change.steps)


def stays(deploy: Deploy, change: c.RecreateTable) -> bool:
    """Whether the new table outlives a failure: Python's driver begins a transaction only for the copy of the rows."""
    return not _in_transaction(steps(deploy, change)[0])


def comes_back(deploy: Deploy, change: c.RecreateTable) -> bool:
    """Whether a failure brings the dropped table back: it was dropped in the transaction of the copy, if any was seen."""
    drops = [one for one in steps(deploy, change) if one.sql.lstrip()[:4].upper() == "DROP"]
    return not drops or drops[0].observed is None or _in_transaction(drops[0])


def _in_transaction(statement: Statement) -> bool:
    return statement.transaction.endswith(" open")


def old_table(deploy: Deploy, change: c.RecreateTable) -> Table | None:
    """The table as it was before its recreate began."""
    return steps(deploy, change)[0].before.table(change.table)


def result(deploy: Deploy, statement: Statement) -> Schema | None:
    """The schema at the end of the revision; None where the revision never got there."""
    mine = [one for one in deploy.statements if one.revision == statement.revision]
    return mine[-1].after if not any(one.error for one in mine) else None


def foreign_keys(deploy: Deploy, statement: Statement) -> bool | None:
    """Whether SQLite keeps foreign keys at that moment; None where nobody watched."""
    for one in reversed([one for one in deploy.statements if one.number <= statement.number]):
        told = foreign_keys_after(one)
        if told is not None:
            return told
    value = deploy.settings.get("pragma foreign_keys")
    return None if value is None else not is_off(value)


def foreign_keys_after(statement: Statement) -> bool | None:
    """Whether SQLite keeps foreign keys once this statement has run: only a pragma that took effect changes it."""
    facts = statement.observed.facts if statement.observed else {}
    told = facts.get("foreign_keys_after", facts.get("foreign_keys"))
    return None if told is None else bool(told)


def is_off(value: str) -> bool:
    """Whether a pragma's value switches it off."""
    return value.strip().lower() in _OFF


def children(deploy: Deploy, change: c.RecreateTable) -> tuple[tuple[Table, Constraint], ...]:
    """Foreign keys that point at the table, its own too: the copy's rows point at the old one, unless it stood aside."""
    schema = steps(deploy, change)[0].before
    lower = change.table.lower()
    return tuple(
        (child, key)
        for child in schema.tables.values()
        for key in child.constraints
        if key.kind == "foreign-key" and (key.references or "").lower() == lower
        if not (change.aside and child.name.lower() == lower)
    )


def left_pointing(deploy: Deploy, change: c.RecreateTable) -> tuple[tuple[Table, Constraint], ...]:
    """Foreign keys of other tables that went along when the old table was renamed, and point at it still.

    https://www.sqlite.org/lang_altertable.html#alter_table_rename: unless ``PRAGMA legacy_alter_table=ON``.
    """
    if change.aside is None:
        return ()
    end = result(deploy, steps(deploy, change)[0])
    return tuple(
        (child, key)
        for child in (end.tables.values() if end else ())
        for key in child.constraints
        if key.kind == "foreign-key" and (key.references or "").lower() == change.aside.lower()
        if child.name.lower() not in (change.aside.lower(), change.table.lower())
    )


def refusal(deploy: Deploy, statement: Statement, change: c.RecreateTable) -> str | None:
    """What the server said when it refused to drop the old table for a foreign key, with rows in the tables."""
    drops = {one.sql.strip() for one in steps(deploy, change) if one.sql.lstrip()[:4].upper() == "DROP"}
    told = [(one.sql, one.error) for one in steps(deploy, change) if one.error]
    failures = (run.failure for run in deploy.runs if run.failure and run.failure.revision == statement.revision)
    told += [(one.sql or "", one.error) for one in failures]
    refused = (f"{sql}: {error}" for sql, error in told if sql.strip() in drops)
    return next((one for one in refused if "FOREIGN KEY CONSTRAINT FAILED" in one.upper()), None)


def refusing(deploy: Deploy, change: c.RecreateTable) -> tuple[str, ...]:
    """Tables whose rows keep the old table from being dropped: its children without an action, and those of cascades."""
    schema = steps(deploy, change)[0].before
    found: dict[str, None] = {}
    gone, todo = {change.table.lower()}, [change.table.lower()]
    while todo:
        name = todo.pop()
        for table in schema.tables.values():
            for key in table.constraints:
                if key.kind != "foreign-key" or (key.references or "").lower() != name:
                    continue
                if (key.on_delete or "").upper() not in ACTIONS:
                    found.setdefault(table.name)
                elif key.on_delete == "CASCADE" and table.name.lower() not in gone:
                    gone.add(table.name.lower())
                    todo.append(table.name.lower())
    return tuple(found)


def rows_lost(deploy: Deploy, change: c.RecreateTable, child: str) -> int | None:
    """Rows that the recreate took from another table; None where nobody watched."""
    watched = [one.observed for one in steps(deploy, change) if one.observed is not None]
    if not watched:
        return None
    name = change.temporary if child.lower() == change.table.lower() else child
    return sum(one.deleted for seen in watched for one in seen.touched if one.table.lower() == name.lower())


def is_unknown_alter(deploy: Deploy, failure: Failure) -> bool:
    """Whether the server does not know the ALTER at all."""
    altering = (failure.sql or "").lstrip()[:5].upper() == "ALTER"
    return deploy.dialect == "sqlite" and altering and "syntax error" in failure.error


def is_constant(default: str) -> bool:
    """A literal, in parentheses or not; CURRENT_TIMESTAMP and expressions are none."""
    text = default.strip().lower()
    while text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    return text not in _NOW and _CONSTANT.match(text) is not None


FOREIGN_KEYS_OFF = """# env.py, with your own options; the cursor is the driver's own, for which SQLAlchemy begins no transaction
with engine.connect() as connection:
    cursor = connection.connection.cursor()
    cursor.execute("PRAGMA foreign_keys=OFF")  # before anything else: inside a transaction it does nothing
    context.configure(connection=connection, target_metadata=target_metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
        cursor.execute("PRAGMA foreign_key_check")
        assert not cursor.fetchall(), "PRAGMA foreign_key_check finds rows that point at nothing"
    cursor.execute("PRAGMA foreign_keys=ON")"""
