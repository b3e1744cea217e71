"""Statements that existing rows may refuse: how sure that is, and the query that settles it on the target.

Catalogue, section 6: with rows at hand an error when plain rows are refused, a warning (a precondition to prove on the
target) when only hostile ones are; without rows the rule's own value.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Failure, Statement
from gate.model import Category, Remedy, Severity
from gate.rule import Hit
from gate.rules._mysql_session import is_ignoring
from gate.rules._says import quoted
from gate.sql.refusals import by_rows_of_the_base

LIMIT = 1001  # enough to say "more than a thousand", cheap on any table that has an index or many violations


def refused(deploy: Deploy, statement: Statement) -> Severity | None:
    """How the rows took it: error (plain rows refused), warning (hostile ones), note (none refused), None (unknown)."""
    plain, hostile = (_outcome(deploy, statement, profile) for profile in ("plain", "hostile"))
    if _outcome(deploy, statement, "empty") is False:  # whatever the rows: migration-fails, or a more exact rule
        return Severity.ERROR if meets_rows_of_the_base(deploy, statement) else Severity.NOTE
    if plain is False:
        return Severity.WARNING if _is_about_values(deploy) else Severity.ERROR
    if hostile is False:
        return Severity.WARNING
    return Severity.NOTE if plain and hostile else None


def meets_rows_of_the_base(deploy: Deploy, statement: Statement) -> bool:
    """Whether rows that the base's own revisions wrote refused it: no made-up ones, so nothing is left to guess."""
    run = next((one for one in deploy.runs if one.profile == "empty"), None)
    if run is None or run.failure is None or not is_at(run.failure, statement):
        return False
    return by_rows_of_the_base(run.failure, deploy.statements, deploy.baseline)


def _is_about_values(deploy: Deploy) -> bool:
    """Whether plain rows were refused for what their made-up values are (SQLSTATE class 22, length and range aside).

    https://www.postgresql.org/docs/current/errcodes-appendix.html
    """
    failure = next((run.failure for run in deploy.runs if run.profile == "plain"), None)
    state = (failure.sqlstate or "") if failure else ""
    return state.startswith("22") and state not in ("22001", "22003", "22004")


def _outcome(deploy: Deploy, statement: Statement, profile: str) -> bool | None:
    """True: ran; False: refused here; None: this run never came here, or was not made."""
    run = next((one for one in deploy.runs if one.profile == profile), None)
    if run is None:
        return None
    if run.failure is None:
        return True
    if is_at(run.failure, statement):
        return False
    return True if run.failure.statement is not None and run.failure.statement > statement.number else None


def is_at(failure: Failure, statement: Statement) -> bool:
    """Whether a run stopped at this statement."""
    same_text = (failure.sql or statement.sql).strip() == statement.sql.strip()
    if failure.statement is not None and same_text:
        return failure.statement == statement.number
    return failure.revision == statement.revision and failure.sql is not None and same_text


def may_fail(
    deploy: Deploy,
    statement: Statement,
    message: str,
    *,
    unknown: Severity = Severity.WARNING,
    table: str,
    column: str | None = None,
    sql: str | None = None,
    remedy: Remedy | None = None,
    by_value: bool = False,
    settles: bool = True,
    keys: str | None = None,
) -> Iterator[Hit]:
    """The hit of a change that depends on the rows; nothing when both kinds of rows went through.

    ``unknown`` is the severity where no rows ran. ``sql`` counts the rows that would be refused. ``by_value`` tells a
    condition on what the values are (a CHECK, a reference): that made-up rows break it says nothing for sure; with
    ``settles`` false neither does it that they keep it. A table that the seeding left without rows counts as one where
    no rows ran, and the few rows that earlier revisions wrote prove nothing of those on the target. ``keys`` names the
    columns of a new unique key: under ALTER IGNORE no row makes it fail.
    """
    if keys is not None and is_ignoring(deploy, statement):
        yield _deduplicated(statement, keys, table, column, sql, remedy)
        return
    taken = refused(deploy, statement)
    if taken is Severity.NOTE and _met_few(deploy, statement, table):
        taken = Severity.WARNING
    if taken is Severity.NOTE and settles and not is_unseeded(deploy, table):
        return
    if by_value and taken is Severity.ERROR and not meets_rows_of_the_base(deploy, statement):
        taken = Severity.WARNING
    if taken is Severity.NOTE and not settles:
        taken = Severity.WARNING
    severity = unknown if taken in (None, Severity.NOTE) else taken
    depends = taken is not Severity.ERROR
    yield Hit(
        message,
        statement,
        category=Category.FAILS_ON_EXISTING_ROWS,
        severity=severity,
        table=table,
        column=column,
        remedy=remedy,
        depends_on_data=depends,
        precondition_sql=sql if depends else None,
    )


def _deduplicated(
    statement: Statement, keys: str, table: str, column: str | None, sql: str | None, remedy: Remedy | None
) -> Hit:
    return Hit(
        f"IGNORE deletes rows of {table}: of those that share {keys} only one stays, and nothing says which went.",
        statement,
        category=Category.DATA_LOSS,
        severity=Severity.ERROR,
        table=table,
        column=column,
        remedy=remedy,
        depends_on_data=True,
        precondition_sql=sql,
    )


def is_unseeded(deploy: Deploy, table: str) -> bool:
    """Whether no row could be made for the table; ``unseeded`` holds ``table: reason``."""
    return any(one.partition(":")[0] == table for run in deploy.runs for one in run.unseeded)


def _met_few(deploy: Deploy, statement: Statement, table: str) -> bool:
    """Whether only rows of the base's own revisions were there to refuse it, and the deploy did not clean them first."""
    if not any(table in run.own_rows for run in deploy.runs) or not _names_old_columns(deploy, statement, table):
        return False
    earlier = (one for one in deploy.statements if one.number < statement.number)
    return not any(_cleans(change, table) for one in earlier for change in one.changes)


def _cleans(change: c.Change, table: str) -> bool:
    return isinstance(change, (c.Update, c.Delete)) and change.table == table


def _names_old_columns(deploy: Deploy, statement: Statement, table: str) -> bool:
    """Whether what it changes was there before the deploy: a column that is new has one value in every row."""
    named: set[str] = set()
    for change in statement.changes:
        constraint = change.constraint if isinstance(change, c.AddConstraint) else None
        named |= set(constraint.columns if constraint else getattr(change, "columns", ()))
        named |= {name} if isinstance(name := getattr(change, "column", None), str) else set()
    was = deploy.baseline.table(table)
    return was is not None and (not named or any(was.column(name) for name in named))


def counting(deploy: Deploy, table: str, condition: str) -> str:
    """A bounded count of the rows of a table that meet a condition."""
    name = quoted(deploy.dialect, table)
    return f"SELECT count(*) FROM (SELECT 1 FROM {name} WHERE {condition} LIMIT {LIMIT}) AS violations"


def counting_nulls(deploy: Deploy, table: str, *columns: str) -> str:
    """A bounded count of the rows with a NULL in one of the columns."""
    return counting(deploy, table, " OR ".join(f"{quoted(deploy.dialect, column)} IS NULL" for column in columns))


def counting_duplicates(
    deploy: Deploy, table: str, columns: tuple[str, ...], where: str | None = None, lengths: tuple[int, ...] = ()
) -> str:
    """A bounded count of the groups of rows that share a key; NULLs differ from each other, as in a unique index."""
    names = [quoted(deploy.dialect, column) for column in columns]
    known = " AND ".join(f"{name} IS NOT NULL" for name in names)
    condition = f"{known} AND ({where})" if where else known
    rows = f"SELECT 1 FROM {quoted(deploy.dialect, table)} WHERE {condition}"
    keys = [f"LEFT({name}, {length})" if length else name for name, length in _measured(names, lengths)]
    groups = f"{rows} GROUP BY {', '.join(keys)} HAVING count(*) > 1 LIMIT {LIMIT}"
    return f"SELECT count(*) FROM ({groups}) AS violations"


def _measured(names: Iterable[str], lengths: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    return zip(names, lengths or itertools.repeat(0), strict=False)


def told_key(columns: tuple[str, ...], lengths: tuple[int, ...]) -> str:
    """The key as prose: ``the first 5 characters of phone, city``."""
    return ", ".join(
        f"the first {size} characters of {name}" if size else name for name, size in _measured(columns, lengths)
    )


def counting_orphans(deploy: Deploy, table: str, columns: tuple[str, ...], parent: str, keys: tuple[str, ...]) -> str:
    """A bounded count of the rows that point at nothing (MATCH SIMPLE: a NULL in any column passes)."""
    name = functools.partial(quoted, deploy.dialect)
    known = " AND ".join(f"child.{name(column)} IS NOT NULL" for column in columns)
    joined = " AND ".join(
        f"parent.{name(key)} = child.{name(column)}" for key, column in zip(keys, columns, strict=False)
    )
    missing = f"NOT EXISTS (SELECT 1 FROM {name(parent)} AS parent WHERE {joined})"
    rows = f"SELECT 1 FROM {name(table)} AS child WHERE {known} AND {missing} LIMIT {LIMIT}"
    return f"SELECT count(*) FROM ({rows}) AS violations"
