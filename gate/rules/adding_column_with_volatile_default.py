"""A new column whose default differs by row: the server has to write every row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import MYSQL, POSTGRESQL, Dialect, Example, Hit, Rule
from gate.rules._elsewhere import batches
from gate.rules._mysql import copy_hit
from gate.rules._recipes import backfill, key_of, remedy
from gate.rules._sa_types import add_nullable, sa_type
from gate.rules._says import bare, execute, python, schema_argument, ticked
from gate.rules._world import rewrote
from gate.sql import _types

_NOW = re.compile(r"(?:now|current_timestamp|localtime|localtimestamp)(?:\(\d*\))?", re.IGNORECASE)
DIALECTS: tuple[Dialect, ...] = (*POSTGRESQL, "mysql", "mariadb", "sqlite")


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.AddColumn):
        new = change.column
        if deploy.dialect in MYSQL and new.default is not None and not new.generated:
            yield from _copied(deploy, statement, change)
        if new.identity or new.generated or new.default is None or not _writes_rows(deploy, statement, change):
            continue
        yield Hit(
            f"The default of {change.table}.{new.name}, {new.default}, gives another value for each row, so the whole "
            f"table {change.table} and all its indexes are written anew while an ACCESS EXCLUSIVE lock stops all reads "
            "and writes.",
            statement,
            table=change.table,
            column=new.name,
            remedy=remedy(
                "Add the column without a default, set the default for new rows, fill the old rows in batches.",
                (
                    1,
                    "Both are instant",
                    f"{add_nullable(change.table, new.name, new.type)}\n"
                    f"op.alter_column({python(bare(change.table))}, {python(new.name)}, "
                    f"server_default=sa.text({python(new.default)}){schema_argument(change.table)})",
                ),
                (
                    1,
                    "In a revision of its own",
                    backfill(change.table, new.name, new.default, key_of(statement, change.table)),
                ),
            ),
        )


def _copied(deploy: Deploy, statement: Statement, change: c.AddColumn) -> Iterator[Hit]:
    """MySQL and MariaDB; where MySQL keeps a binary log it refuses what a replica would compute otherwise (1674)."""
    new = change.column
    refused = "1674" in (statement.error or "")
    why = "so MySQL refuses it where a binary log is kept (error 1674), and elsewhere" if refused else "which"
    what = f"The default of {change.table}.{new.name}, {new.default}, is computed for each row, {why}"
    yield from copy_hit(
        deploy, statement, change, what, table=change.table, column=new.name, remedy=_without_copy(deploy, change)
    )


def _added(change: c.AddColumn, options: str, clauses: str) -> str:
    """The column added by ``op`` where SQLAlchemy has a generic type for it, else by the SQL itself."""
    table, new = change.table, change.column
    code = None if "timestamp" in new.type.lower() else sa_type(new.type)  # which would make a DATETIME of it
    if code:
        column = f"sa.Column({python(new.name)}, {code}, {options})"
        return f"op.add_column({python(bare(table))}, {column}{schema_argument(table)})"
    return execute(f"ALTER TABLE {ticked(table)} ADD COLUMN {ticked(new.name)} {new.type} {clauses}")


def _without_copy(deploy: Deploy, change: c.AddColumn) -> Remedy:
    """A default that is one value for all rows is instant, and so are a column without a default and SET DEFAULT."""
    table, new = change.table, change.column
    if plain := _plain(new):
        null = "" if new.nullable else "NOT NULL "
        add = _added(
            change, f"nullable={new.nullable}, server_default=sa.text({python(plain)})", f"{null}DEFAULT {plain}"
        )
        return remedy(
            f"Write the default as {plain}, without parentheses: the server stores it once, and the change is instant.",
            (1, "In this revision", add),
        )
    later = f"ALTER TABLE {ticked(table)} ALTER COLUMN {ticked(new.name)} SET DEFAULT {new.default}"
    return remedy(
        "Add the column without a default, set the default for new rows, fill the old rows in batches.",
        (1, "Instant", _added(change, "nullable=True", "NULL")),
        (1, "In the next revision, instant too", execute(later)),
        (1, "In a revision of its own", batches(deploy, table, new.name, new.default or "...")),
    )


def _plain(new: c.ColumnSpec) -> str | None:
    """The default without its parentheses, where the server takes it so; texts and JSON take none.

    CURRENT_TIMESTAMP is for DATETIME and TIMESTAMP alone, with as many digits as the column has (error 1067):
    https://dev.mysql.com/doc/refman/8.4/en/timestamp-initialization.html
    """
    inner = (new.default or "").strip().removeprefix("(").removesuffix(")").strip()
    if _NOW.fullmatch(inner):
        digits = "".join(f"({one})" for one in _types.size(new.type) if one)
        return f"CURRENT_TIMESTAMP{digits}" if _types.base(new.type) in ("datetime", "timestamp") else None
    literal = re.fullmatch(r"-?\d+(?:\.\d+)?|'(?:[^']|'')*'|null|true|false", inner, re.IGNORECASE)
    return inner if literal and not re.search("text|blob|json|geometry|point", new.type, re.IGNORECASE) else None


def _writes_rows(deploy: Deploy, statement: Statement, change: c.AddColumn) -> bool:
    """What the server did, else what the default's functions promise."""
    if deploy.dialect != "postgresql":
        return False
    seen = rewrote(statement, change.table)
    return change.column.volatile and seen is not False


rule = Rule(
    title="Column with a default that differs by row",
    why="A constant default is stored once; one that is computed must be written for every row. MySQL computes all that "
    "stands in parentheses, `(now())` too.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR, Category.FAILS_ON_EXISTING_ROWS: Severity.ERROR},
    dialects=DIALECTS,
    split=("transaction",),
    unsafe=(
        Example(
            (
                'op.add_column("users", sa.Column("seen", sa.DateTime(timezone=True), '
                'server_default=sa.text("clock_timestamp()")))',
            )
        ),
        Example(
            ('op.add_column("users", sa.Column("token", sa.Uuid(), server_default=sa.text("gen_random_uuid()")))',)
        ),
        Example(("op.execute('ALTER TABLE users ADD COLUMN token VARCHAR(36) DEFAULT (uuid())')",), dialect="mariadb"),
        Example(
            ('op.add_column("users", sa.Column("seen", sa.DateTime(), server_default=sa.text("(now())")))',),
            dialect="mysql",
        ),
    ),
    safe=(
        Example(
            ('op.add_column("users", sa.Column("seen", sa.DateTime(timezone=True), server_default=sa.func.now()))',)
        ),
        Example(("op.execute(\"ALTER TABLE users ADD tags jsonb NOT NULL DEFAULT '{}'\")",)),
        Example(
            ('op.add_column("users", sa.Column("seen", sa.DateTime(), server_default=sa.text("CURRENT_TIMESTAMP")))',),
            dialect="mariadb",
        ),
    ),
)
