"""The release still running, on the new schema: it names every column that it maps in SELECT, INSERT, UPDATE, DELETE.

The queries are made from the base's schema: SQLAlchemy names each mapped column, and an INSERT of the old code leaves out
what it does not know. Only tables that the deploy touched can behave differently, so only those are asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from gate.collect import _losses
from gate.collect._old_queries import Verb, again, given_key, new_row, queries, quoting
from gate.databases.base import DatabaseRefused, ScratchDatabase
from gate.databases.lacking import lacking
from gate.facts.changes import Change, CreateTrigger, DropColumn, DropTable, RenameColumn, RenameTable, changes_schema
from gate.facts.rehearsal import QueryFailure, Statement
from gate.facts.schema import Column, Schema, Table


class Base:
    """The base's database with rows in it: made when it is first asked, since few deploys need it."""

    def __init__(self, pristine: ScratchDatabase) -> None:
        self._pristine = pristine
        self._made: ScratchDatabase | None = None

    def __enter__(self) -> Base:
        return self

    def __exit__(self, *_: object) -> None:
        if self._made is not None:
            self._made.drop()

    def refused(self, sql: str) -> bool:
        """Whether the query, or a trigger that it runs, failed before the deploy already."""
        if self._made is None:
            self._made = self._pristine.clone()
            self._made.seed("plain")
        error = self._made.try_query(sql)
        return error is not None and _refuses(error)


def failures(
    database: ScratchDatabase, base: Base, baseline: Schema, result: Schema, statements: Iterable[Statement]
) -> tuple[QueryFailure, ...]:
    """Every query that worked on the base's schema and is refused on the new one.

    The revision is None where no statement tells which it was.
    """
    every = tuple(statements)
    return tuple(one for table in _touched(baseline, result) for one in _of_table(database, base, table, result, every))


def _of_table(
    database: ScratchDatabase, base: Base, table: Table, result: Schema, every: tuple[Statement, ...]
) -> Iterator[QueryFailure]:
    """The failures of one table, each verb's first. What triggers do, schemas cannot tell: there the base is asked too."""
    now = result.tables.get(table.name)
    triggers = bool(table.triggers or (now and now.triggers))
    failed: set[Verb] = set()
    asked = _asked(table, database.server.dialect, firing=triggers and _can_roll_back(table))
    with _filled(database, now):
        errors = [database.try_query(one.sql) for one in asked]
    for (verb, sql, made_up), error in zip(asked, errors, strict=True):
        if verb in failed:
            continue
        if error is None or not (_refuses(error) if triggers and not made_up else _schema_error(error)):
            continue
        if triggers and base.refused(sql):
            continue
        failed.add(verb)
        yield _failure(table, verb, sql, error, result, every)
    if "INSERT" not in failed and triggers and database.server.dialect == "sqlite":
        yield from _refused_at_last(database, base, table, result, every)
    if "INSERT" not in failed:
        yield from _unnumbered(table, now, database.server.dialect, every)


class _Query(NamedTuple):
    """What the old release sends; of values ``made_up`` a trigger's refusal proves nothing."""

    verb: Verb
    sql: str
    made_up: bool = False


def _asked(table: Table, dialect: str, *, firing: bool) -> tuple[_Query, ...]:
    sent = tuple(_Query(verb, sql) for verb, sql in queries(table, dialect, firing=firing))
    return (*sent, *(_Query("INSERT", sql, made_up=True) for sql in new_row(table, dialect) if firing))


def _refused_at_last(
    database: ScratchDatabase, base: Base, table: Table, result: Schema, every: tuple[Statement, ...]
) -> Iterator[QueryFailure]:
    """What a trigger's own code refuses once the row is there, or where a row has no more than it must."""
    for sql in again(table):
        error = database.try_query(sql)
        if error is not None and _refuses(error) and not _schema_error(error) and not base.refused(sql):
            yield _failure(table, "INSERT", sql, error, result, every)
            return


@contextlib.contextmanager
def _filled(database: ScratchDatabase, now: Table | None) -> Iterator[None]:
    """Rows for a while in a table that the deploy emptied: an INSERT that repeats a row needs one.

    Not where triggers run: they would leave theirs behind.
    """
    if now is None or now.kind != "table" or now.triggers:
        yield
        return
    name = quoting(database.server.dialect)(now.name)
    empty = False
    with contextlib.suppress(DatabaseRefused):
        empty = not database.execute(f"SELECT 1 FROM {name} LIMIT 1")
    if empty:
        database.seed("plain", [now.name])
    yield
    if empty:
        with contextlib.suppress(DatabaseRefused):
            database.execute(f"DELETE FROM {name}")


def _failure(
    table: Table, verb: Verb, sql: str, error: str, result: Schema, every: tuple[Statement, ...]
) -> QueryFailure:
    column = _named(error, table) or _unknown(error, table, result)
    fits = _fits(table, result.tables.get(table.name))
    revision = _trigger_culprit(table, error, every) if fits else _culprit(table, column, every)
    return QueryFailure(
        table.name,
        None if fits else column,
        verb,
        sql,
        error.split("\n", maxsplit=1)[0],
        revision,
        certain=_schema_error(error),
        by_trigger=fits,
        reads=_outlived(table, every),
    )


def _fits(table: Table, now: Table | None) -> bool:
    """Whether the table takes all that the old release writes, so that what refuses it is code that runs with it."""
    if now is None or now.kind != table.kind or not now.triggers:
        return False
    new = [one for one in now.columns if table.column(one.name) is None]
    return all(now.column(one.name) == one for one in table.columns) and not any(_broken(one, False) for one in new)


def _trigger_culprit(table: Table, error: str, every: tuple[Statement, ...]) -> str | None:
    """The revision that made a trigger of the table, or that changed what the error names; else the first that counts."""
    changing = [(one, change) for one in every for change in one.changes if changes_schema(change)]
    words = set(re.findall(r"\w+", error.split("\n", maxsplit=1)[0]))
    made = (
        one.revision for one, change in changing if isinstance(change, CreateTrigger) and change.table == table.name
    )
    named = (one.revision for one, change in changing if str(getattr(change, "table", "")).rpartition(".")[2] in words)
    return next(itertools.chain(made, named, (one.revision for one, _ in changing)), None)


_ASKED = ("table", "partitioned", "view", "foreign-table")
_READ = ("view", "foreign-table")


def believed(
    mapped: Mapping[str, frozenset[str]],
    baseline: Schema,
    statements: Iterable[Statement],
    named: Callable[[frozenset[str]], frozenset[str]],
) -> Mapping[str, frozenset[str]]:
    """The base's models, with tables that they do not know added whole, unless nobody can be using them.

    An env.py often imports only part of the models: a table that is missing there may well be used. When everything
    that is missing goes away in this deploy, the models are in step with the schema, and it is the second of two deploys;
    so it is of a dropped table that no file of the base names (``named`` tells which are).
    """
    missing = {name for name, table in baseline.tables.items() if name not in mapped and _would_be_mapped(table)}
    dropped = {one.table for statement in statements for one in statement.changes if isinstance(one, DropTable)}
    if missing <= dropped:
        return mapped
    used = missing - dropped | named(frozenset(missing & dropped))
    whole = {name: frozenset(column.name for column in baseline.tables[name].columns) for name in used}
    return {**mapped, **whole}


def _would_be_mapped(table: Table) -> bool:
    """Views and single partitions seldom have a class of their own."""
    return table.kind in ("table", "partitioned") and table.partition_of is None


def used(baseline: Schema, mapped: Mapping[str, frozenset[str]], after: Schema) -> Schema:
    """The base's schema as far as its models name it: what they do not map, no query of the old release mentions.

    A view that nobody maps may be read all the same, by a query in plain SQL; of one that is gone, a rule tells.
    """
    tables = {}
    for name, table in baseline.tables.items():
        if name in mapped:
            columns = tuple(column for column in table.columns if column.name in mapped[name])
            tables[name] = dataclasses.replace(table, columns=columns or table.columns)
        elif table.kind in _READ and name in after.tables:
            tables[name] = table
    return dataclasses.replace(baseline, tables=tables)


def _touched(baseline: Schema, after: Schema) -> list[Table]:
    """Tables of the base whose definition is another now, or whose triggers may reach one that is."""
    if after == baseline:
        return []
    return [
        one for one in baseline.tables.values() if one.kind in _ASKED and _may_differ(one, after.tables.get(one.name))
    ]


def _may_differ(table: Table, now: Table | None) -> bool:
    return now != table or bool(table.triggers)


def _can_roll_back(table: Table) -> bool:
    """Some engines of MySQL's cannot: there no row may be touched."""
    return table.options.lower() in ("", "engine=innodb") or not table.options.lower().startswith("engine=")


def _unnumbered(table: Table, now: Table | None, dialect: str, every: tuple[Statement, ...]) -> Iterator[QueryFailure]:
    """An INSERT without the key passes, and the row has none: SQLite lets other keys than the row's number be NULL.

    Not of a view: what its triggers do with the row was asked already.
    """
    key = given_key(table, dialect) if now and now.kind == table.kind else None
    column = now.column(key) if now and key and dialect == "sqlite" and given_key(now, dialect) != key else None
    if column is None or not column.nullable or column.default is not None:
        return
    *_, sql = (sql for verb, sql in queries(table, dialect, firing=False) if verb == "INSERT")
    error = f"{column.name} stays NULL: it is no INTEGER PRIMARY KEY any more, which SQLite fills"
    yield QueryFailure(table.name, column.name, "INSERT", sql, error, _culprit(table, None, every))


def _refuses(error: str) -> bool:
    """The schema, or the code of a trigger: not a condition on the rows' values that these rows happen to break."""
    if _is_brought_along(error):
        return False
    return _schema_error(error) or not any(word in error.lower() for word in ("constraint", "violates", "duplicate"))


def _is_brought_along(error: str) -> bool:
    """Collations and functions that the application gives its own connections on SQLite, and this one has not."""
    return "no such function" in error or lacking(error) is not None


def _schema_error(error: str) -> bool:
    """Is it the schema that refuses, not a right or a lock?"""
    if _is_brought_along(error):
        return False
    words = (
        "does not exist",
        "no such",
        "unknown column",
        "doesn't exist",
        "has no column",
        "has no field",  # of a trigger's NEW and OLD
        "unknown table",
        "cannot insert",
        "cannot update",
        "is not updatable",
        "generated",
        "not insertable",
        "not-null constraint",
        "not null constraint",
        "have a default value",
        "cannot modify",
        "values were supplied",
        "value count",
        "more expressions than target columns",
        "references invalid table",
        "already used by statement",  # a trigger of MySQL's that writes the table whose rows fire it
    )
    return any(word in error.lower() for word in words)


def _named(error: str, table: Table) -> str | None:
    first = error.split("\n", maxsplit=1)[0]  # the next line quotes the query, which names every column
    bare = first.replace('"', " ").replace("'", " ").replace("`", " ").replace(f"{table.name.rpartition('.')[2]}.", " ")
    text = bare.replace(".", " ").replace(":", " ").split()
    return next((column.name for column in table.columns if column.name in text), None)


def _unknown(error: str, table: Table, result: Schema) -> str | None:
    """A column that the old release does not know and the new schema demands."""
    now = result.tables.get(table.name)
    new = [column.name for column in now.columns if table.column(column.name) is None] if now else []
    return next((name for name in new if name in error), None)


def _culprit(table: Table, column: str | None, statements: Iterable[Statement]) -> str | None:
    """The revision that took the object away: the first after which it is not there any more.

    The catalogue is read after statements alone: what went unseen before one is no work of it, unless its text says so.
    """
    for one in statements:
        now = one.after.tables.get(table.name)
        if now is not None and _reads_nothing(now, table):
            return one.revision
        known = column is not None and table.column(column) is not None
        if now is None or (column and _broken(now.column(column), known)):
            gone = now is None or known
            takes = _losses.takes(one, table.name, column) if gone else any(_about(each, table) for each in one.changes)
            return one.revision if takes or not one.understood else None
    for one in statements:
        if any(_about(change, table) for change in one.changes):
            return one.revision
    return None


def _outlived(view: Table, statements: Iterable[Statement]) -> tuple[str, str | None] | None:
    """The table, or the column of one, whose going left the view with nothing to read."""
    left = (one for one in statements if (now := one.after.tables.get(view.name)) and _reads_nothing(now, view))
    at = next(left, None)
    kinds = (DropColumn, RenameColumn, DropTable, RenameTable)
    gone = [(one.table, getattr(one, "column", None)) for one in (at.changes if at else ()) if isinstance(one, kinds)]
    named = [one for one in gone if f"`{one[1] or one[0]}`" in view.definition]
    return next(iter((*named, *gone)), None)


def _reads_nothing(now: Table, table: Table) -> bool:
    """MySQL and MariaDB keep a view whose columns are gone; the catalogue lists none for it from then on."""
    return now.kind == "view" and bool(table.columns) and not now.columns


def _broken(now: Column | None, known: bool) -> bool:
    """A column that the old release knows is gone; one that it does not know must have a value."""
    if known:
        return now is None
    return now is not None and not now.nullable and now.default is None and not now.identity and now.generated is None


def _about(change: Change, table: Table) -> bool:
    return getattr(change, "table", None) == table.name or (
        isinstance(change, (RenameTable, RenameColumn)) and change.table == table.name
    )
