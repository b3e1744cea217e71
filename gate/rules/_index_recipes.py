"""How an index is built without blocking writers, with everything that its own statement says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gate.facts import changes as c
from gate.facts.rehearsal import Statement
from gate.model import Remedy
from gate.rules._recipes import AUTOCOMMIT, concurrently, remedy
from gate.rules._says import bare, execute, ident, text
from gate.rules._world import table_before, with_partitions
from gate.sql import Dialect, parse, split

_HEAD = re.compile(
    r"^\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?P<rest>.*?);?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_BODY = re.compile(
    r"^(?P<name>.*?)\bON\s+(?:ONLY\s+)?(?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?\s*(?P<body>.*)$", re.I | re.S
)
_LONGEST = 63  # bytes of a name: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
_PLAIN = re.compile(r"^\(\s*\"?\w+\"?(?:\s*,\s*\"?\w+\"?)*\s*\)$")
_SHOWN = 20  # partitions that a recipe spells out


def without_blocking(statement: Statement, change: c.CreateIndex) -> Remedy:
    """CONCURRENTLY in an autocommit block; on a partitioned table partition by partition."""
    table = table_before(statement, change.table)
    found = _text(statement, change)
    if table is not None and table.kind == "partitioned":
        return partitioned(statement, change.table, change.name, _body(found, change), unique=change.unique)
    if found is None or is_plain(statement, change):
        return concurrently(change.table, change.name, change.columns, unique=change.unique)
    return remedy(
        "Build the index CONCURRENTLY, in a revision that holds nothing else.",
        (1, "A revision with only the autocommit block", f"{AUTOCOMMIT}op.execute({concurrent_sql(found)})"),
    )


def is_plain(statement: Statement, change: c.CreateIndex, dialect: Dialect = "postgresql") -> bool:
    """Whether name, columns and UNIQUE say all about the index."""
    return _PLAIN.match(body(statement, change, dialect)) is not None


def body(statement: Statement, change: c.CreateIndex, dialect: Dialect = "postgresql") -> str:
    """What follows the table's name, as the statement has it."""
    return _body(_text(statement, change, dialect), change)


def as_it_is(statement: Statement, change: c.CreateIndex, dialect: Dialect) -> str | None:
    """The line that runs the index's own statement; None where it is part of a larger one."""
    found = _text(statement, change, dialect)
    if found is not None:
        return execute(f"CREATE {found['unique'] or ''}INDEX {found['rest']}")
    own = [one for one in split(statement.sql, dialect) if _makes(one, change, dialect)]
    alone = len(own) == 1 and len(parse(own[0], dialect).changes) == 1
    return execute(own[0]) if alone else None


def _body(found: re.Match[str] | None, change: c.CreateIndex) -> str:
    """What follows the table's name: method, columns, expressions, options, WHERE."""
    body = _BODY.match(found["rest"]) if found else None
    return body["body"].strip() if body else f"({', '.join(map(ident, change.columns))})"


def concurrent_text(statement: Statement, change: c.CreateIndex) -> str | None:
    """The statement with CONCURRENTLY and without IF NOT EXISTS, as a Python literal; None where it is not at hand."""
    found = _text(statement, change)
    return concurrent_sql(found) if found else None


def concurrent_sql(found: re.Match[str]) -> str:
    """The literal of one CREATE INDEX that was taken apart."""
    sql = f"CREATE {found['unique'] or ''}INDEX CONCURRENTLY {found['rest']}"
    lines = [text(line) for line in sql.split("\n")]
    return f'"""{chr(10).join(lines)}"""' if len(lines) > 1 else f'"{lines[0]}"'


def _text(statement: Statement, change: c.CreateIndex, dialect: Dialect = "postgresql") -> re.Match[str] | None:
    """The one CREATE INDEX that made this change among the statements of a text."""
    pieces = ((one, _HEAD.match(one)) for one in split(statement.sql, dialect))
    return next((found for one, found in pieces if found and _makes(one, change, dialect)), None)


def _makes(sql: str, change: c.CreateIndex, dialect: Dialect) -> bool:
    """Whether a statement makes this index: other statements of the text may name it, or one whose name begins so."""
    return any(
        isinstance(one, c.CreateIndex)
        and (bare(one.name or ""), one.columns, bare(one.table))
        == (bare(change.name or ""), change.columns, bare(change.table))
        for one in parse(sql, dialect).changes
    )


@dataclass(frozen=True)
class Part:
    """A partition below a partitioned table: what its index is called, and the index of its direct parent."""

    table: str
    name: str
    index: str
    parent: str
    leaf: bool


def partitioned(statement: Statement, table: str, name: str | None, columns: str, *, unique: bool) -> Remedy:
    """A partitioned table takes no CONCURRENTLY: https://www.postgresql.org/docs/current/ddl-partitioning.html."""
    index, kind = bare(name) if name else f"ix_{bare(table)}", "UNIQUE INDEX" if unique else "INDEX"
    every = list(parts(statement, table, index))
    if not every:
        call = execute(f"CREATE {kind} {ident(index)} ON {ident(table)} {columns}")
        return remedy("Build the index while the table has no partition: it reads nothing.", (1, "As it is", call))
    shown, rest = spelled_out(every)
    parents = [(index, table), *((one.name, one.table) for one in shown if not one.leaf)]
    only = [execute(f"CREATE {kind} {ident(made)} ON ONLY {ident(on)} {columns}") for made, on in parents]
    builds = [
        execute(f"CREATE {kind} CONCURRENTLY {ident(one.name)} ON {ident(one.table)} {columns}")
        for one in shown
        if one.leaf
    ]
    steps = [
        (1, "Instant: reads no partition", "\n".join([*only, *rest])),
        (1, "A revision with only the autocommit block", AUTOCOMMIT + "\n    ".join([*builds, *rest])),
        (1, "In the next revision: valid with the last one", "\n".join([*attached(shown), *rest])),
    ]
    return remedy(
        "Build the index on each partition concurrently and attach it to an index of the parent that starts invalid.",
        *(step for step in steps if builds or step is not steps[1]),
    )


def spelled_out(every: list[Part]) -> tuple[list[Part], list[str]]:
    """The partitions that a recipe names, and a comment on how many there are more."""
    more = len(every) - _SHOWN
    return every[:_SHOWN], [f"# and the same for {more} more"] if more > 0 else []


def attached(some: list[Part]) -> list[str]:
    """Each partition's index hung on its parent's, the lowest first: the parent's is valid with the last one."""
    return [execute(f"ALTER INDEX {ident(one.parent)} ATTACH PARTITION {ident(one.index)}") for one in reversed(some)]


def parts(statement: Statement, table: str, index: str) -> Iterator[Part]:
    """Every partition, parents before their own: an index lies in its table's schema, and hangs on its parent's."""
    made = {table.removeprefix("public."): _beside(table, index)}
    for number, one in enumerate(with_partitions(statement, table)[1:], 1):
        known = table_before(statement, one)
        if known is None or known.partition_of is None:
            continue
        name = f"{index}_{bare(one)}"
        if len(name.encode()) > _LONGEST:
            name = f"{index[: _LONGEST - 10]}_{number}"
        made[one] = _beside(one, name)
        yield Part(one, name, made[one], made[known.partition_of], known.kind != "partitioned")


def _beside(table: str, index: str) -> str:
    """The index's name with the schema of its table."""
    schema = table.rpartition(".")[0]
    return f"{schema}.{index}" if schema else index
