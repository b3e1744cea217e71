"""How an index is built without blocking writers, with everything that its own statement says of it."""

from __future__ import annotations

import re

from gate.facts import changes as c
from gate.facts.rehearsal import Statement
from gate.model import Remedy
from gate.rules._recipes import AUTOCOMMIT, concurrently, remedy
from gate.rules._says import bare, ident, python
from gate.rules._world import table_before, with_partitions
from gate.sql import split

_HEAD = re.compile(
    r"^\s*CREATE\s+(?P<unique>UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?P<rest>.*?);?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_BODY = re.compile(
    r"^(?P<name>.*?)\bON\s+(?:ONLY\s+)?(?:\"[^\"]+\"|\w+)(?:\.(?:\"[^\"]+\"|\w+))?\s*(?P<body>.*)$", re.I | re.S
)
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


def is_plain(statement: Statement, change: c.CreateIndex) -> bool:
    """Whether name, columns and UNIQUE say all about the index."""
    return _PLAIN.match(_body(_text(statement, change), change)) is not None


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
    return f'"""{sql}"""' if "\n" in sql else python(sql)


def _text(statement: Statement, change: c.CreateIndex) -> re.Match[str] | None:
    """The one CREATE INDEX of this name among the statements of a text."""
    name = (change.name or "").rpartition(".")[2]
    pieces = (_HEAD.match(one) for one in split(statement.sql, "postgresql"))
    return next((one for one in pieces if one and name in one["rest"]), None)


def partitioned(statement: Statement, table: str, name: str | None, columns: str, *, unique: bool) -> Remedy:
    """A partitioned table takes no CONCURRENTLY: https://www.postgresql.org/docs/current/ddl-partitioning.html."""
    index = bare(name) if name else f"ix_{bare(table)}"
    parts = [one for one in with_partitions(statement, table)[1:] if _is_leaf(statement, one)]
    shown = [(one, ident(f"{index}_{bare(one)}")) for one in parts[:_SHOWN]]
    rest = [f"# and the same for {len(parts) - _SHOWN} more"] if len(parts) > _SHOWN else []
    kind = "UNIQUE INDEX" if unique else "INDEX"
    builds = [_execute(f"CREATE {kind} CONCURRENTLY {made} ON {ident(one)} {columns}") for one, made in shown]
    attaches = [_execute(f"ALTER INDEX {ident(index)} ATTACH PARTITION {made}") for _, made in shown]
    return remedy(
        "Build the index on each partition concurrently and attach it to an index of the parent that starts invalid.",
        (1, "Instant: reads no partition", _execute(f"CREATE {kind} {ident(index)} ON ONLY {ident(table)} {columns}")),
        (1, "A revision with only the autocommit block", AUTOCOMMIT + "\n    ".join([*builds, *rest])),
        (1, "In the next revision: valid with the last one", "\n".join([*attaches, *rest])),
    )


def _is_leaf(statement: Statement, name: str) -> bool:
    table = table_before(statement, name)
    return table is not None and table.kind != "partitioned"


def _execute(sql: str) -> str:
    return f"op.execute({python(sql)})"
