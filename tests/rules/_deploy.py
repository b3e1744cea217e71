"""Deploys made from SQL text over a sample schema, so that a rule can be asked without a server."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import replace

from gate import registry
from gate.facts.history import History, Revision
from gate.facts.rehearsal import Deploy, Failure, Observation, RowsRun, Statement
from gate.facts.schema import Domain, Schema, Table
from gate.model import Location
from gate.sql import Dialect, parse, split
from gate.sql.resolve import resolved
from gate.sql.schema_after import schema_after

SAMPLE_DDL = """
CREATE TABLE users (id integer PRIMARY KEY, name varchar(50) NOT NULL, email varchar(100), age integer,
  state varchar(20) NOT NULL DEFAULT 'new');
CREATE INDEX ix_users_email ON users (email);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer, amount numeric(10,2), note text, created_at timestamp);
CREATE TABLE items (id integer PRIMARY KEY, order_id integer, label varchar(50));
ALTER TABLE items ADD CONSTRAINT fk_items_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE;
CREATE INDEX ix_items_order_id ON items (order_id);
CREATE TABLE logs (code varchar(20), text text);
"""
POSTGRESQL_DDL = """
CREATE TYPE mood AS ENUM ('happy', 'sad');
ALTER TABLE users ADD COLUMN mood mood;
CREATE TABLE prices (id int PRIMARY KEY, amount positive);
CREATE TABLE notes (id int PRIMARY KEY, user_id int REFERENCES users (id));
CREATE VIEW active_users AS SELECT id, name FROM users;
CREATE MATERIALIZED VIEW user_stats AS SELECT state, count(*) AS n FROM users GROUP BY state;
CREATE UNIQUE INDEX ux_user_stats ON user_stats (state);
CREATE TABLE events (id int NOT NULL, at date) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (1000);
CREATE TABLE old_events (id int NOT NULL, at date);
CREATE TABLE audit.events (id int PRIMARY KEY, what text);
"""


class Autocommit(str):
    """A revision whose statements run in an autocommit block."""

    __slots__ = ()


@functools.cache
def sample(dialect: Dialect = "postgresql") -> Schema:
    """The schema that the deploys start from."""
    if dialect != "postgresql":
        return schema_after(Schema(), parse(SAMPLE_DDL, dialect).changes)
    schema = schema_after(Schema(), parse(SAMPLE_DDL + POSTGRESQL_DDL, "postgresql").changes)
    domains = {
        "positive": Domain("positive", "integer", ("CHECK (VALUE > 0)",)),
        "plain_text": Domain("plain_text", "text"),
    }
    kinds: dict[str, Table] = {**schema.tables, "events": replace(schema.tables["events"], kind="partitioned")}
    return replace(schema, tables=kinds, domains=domains)


def deploy(
    *revisions: str,
    dialect: Dialect = "postgresql",
    version: tuple[int, ...] = (15,),
    apart: bool = False,
    earlier: str = "",
    seen: Mapping[int, Observation] | None = None,
    runs: Iterable[RowsRun] = (),
    errors: Mapping[int, str] | None = None,
    settings: Mapping[str, str] | None = None,
    source: str = "",
    downgrade: str = "present",
) -> Deploy:
    """A deploy of revisions given as SQL; ``apart`` gives each its own transaction, ``seen`` observations by number."""
    baseline = schema_after(sample(dialect), parse(earlier, dialect).changes)
    made = tuple(
        Revision(f"c{n}", f"versions/c{n}.py", (f"c{n - 1}",) if n > 1 else (), downgrade=downgrade)  # type: ignore[arg-type]  # one of its words
        for n in range(1, len(revisions) + 1)
    )
    schema, statements = baseline, []
    for revision, text in zip(made, revisions, strict=True):
        for line, sql in enumerate(split(text, dialect), 1):
            parsed = parse(sql, dialect)
            number = len(statements) + 1
            after = schema_after(schema, parsed.changes)
            statements.append(
                Statement(
                    number, revision.id, Location(revision.path, line), sql, parsed.changes, parsed.understood,
                    transaction=revision.id if apart else "1", autocommit=isinstance(text, Autocommit),
                    observed=(seen or {}).get(number), before=schema, after=after, error=(errors or {}).get(number),
                )
            )  # fmt: skip
            schema = after
    return resolved(
        Deploy(
            dialect, version, History(made), made, tuple(statements), baseline, schema, runs=tuple(runs),
            settings=settings or {}, sources={one.path: source for one in made},
        )
    )  # fmt: skip


def on_line(line: int, world: Deploy) -> Deploy:
    """The same as if this line of the revision had issued every statement."""
    lines = tuple(replace(one, location=Location(one.location.path, line)) for one in world.statements)
    return replace(world, statements=lines)


def on_one_line(world: Deploy) -> Deploy:
    """The same as if one line of a loop had issued every statement."""
    return on_line(1, world)


def as_one_text(world: Deploy) -> Deploy:
    """The same as if one ``op.execute`` had held every statement."""
    first, last = world.statements[0], world.statements[-1]
    changes = tuple(change for one in world.statements for change in one.changes)
    text = "; ".join(one.sql for one in world.statements)
    return replace(world, statements=(replace(first, sql=text, changes=changes, after=last.after),))


def autocommitting(world: Deploy) -> Deploy:
    """The same with statements that say CONCURRENTLY inside an autocommit block."""
    made = tuple(replace(one, autocommit="CONCURRENTLY" in one.sql) for one in world.statements)
    return replace(world, statements=made)


def said(id: str, world: Deploy) -> list[str]:
    """What a rule says, one finding a line: severity, category, place, revision; ``?`` for what depends on data."""
    return [
        f"{one.severity} {one.category} {one.table or '-'}{'.' + one.column if one.column else ''} {one.revision}"
        f"{'?' if one.depends_on_data else ''}"
        for one in registry.rules()[id].findings(world)
    ]


def failed(profile: str, statement: int, error: str = "refused", sqlstate: str = "23502") -> RowsRun:
    """A run over rows that stopped at a statement."""
    return RowsRun(profile, Failure(error, "IntegrityError", statement=statement, sqlstate=sqlstate))  # type: ignore[arg-type]  # one of its words


def passed() -> tuple[RowsRun, ...]:
    """Both kinds of rows went through."""
    return RowsRun("plain"), RowsRun("hostile")


__all__ = [
    "Autocommit",
    "as_one_text",
    "autocommitting",
    "deploy",
    "failed",
    "on_line",
    "on_one_line",
    "passed",
    "said",
    "sample",
]
