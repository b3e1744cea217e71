"""What a recreate does not put back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Column, Constraint, ConstraintKind, Index, Schema, Table
from tests.rules._deploy import deploy, said
from tests.rules._recreate import by_hand, recreate

Way = Callable[[str], str]
ID = "sqlite-batch-recreate-loses-objects"
PLAIN = Table(
    "users", columns=(Column("id", "INTEGER", False), Column("name", "VARCHAR(50)"), Column("age", "INTEGER"))
)
RICH = replace(
    PLAIN,
    columns=(PLAIN.columns[0], replace(PLAIN.columns[1], collation="NOCASE"), PLAIN.columns[2]),
    indexes=(
        Index("ix_lower", definition="CREATE INDEX ix_lower ON users (lower(name))"),
        Index("ix_age", ("age",), definition="CREATE INDEX ix_age ON users (age) WHERE age > 1", predicate="age > 1"),
    ),
    constraints=(
        Constraint("users_check_1", "check", (), "CHECK (age > 0)"),
        Constraint("ck_named", "check", (), "CHECK (age < 200)"),
        Constraint("users_age_fkey", "foreign-key", ("age",), "FOREIGN KEY ...", True, "ages", ("id",), "CASCADE"),
    ),
    triggers=("g",),
    trigger_texts=("CREATE TRIGGER g AFTER INSERT ON users BEGIN SELECT 1; END",),
    options="autoincrement strict",
)


def world(before: Table, after: Table, more: str = "", source: str = "", way: Way = recreate) -> Deploy:
    """A recreate of ``users`` that turns one table into the other, with more statements after it."""
    made = deploy(f"{way('users')}; {more}", dialect="sqlite", source=source)
    others = dict.fromkeys(("ages", "groups"), PLAIN)
    schemas = Schema({**others, "users": before}), Schema({**others, "users": after})
    return replace(made, statements=tuple(replace(one, before=schemas[0], after=schemas[1]) for one in made.statements))


def lost(world: Deploy) -> str:
    """What the one finding says is not carried; nothing where there is none."""
    found = list(registry.rules()[ID].findings(world))
    return found[0].message.split("does not carry ")[1].split(": gone")[0] if found else ""


def batch(text: str, options: str = "") -> str:
    """A revision's text with one batch."""
    return f'def upgrade():\n    with op.batch_alter_table("users"{options}) as b:\n        {text}\n'


def constraint(
    kind: ConstraintKind, name: str, definition: str, *columns: str, delete: str | None = None
) -> Constraint:
    """A constraint of the catalogue."""
    parent = ("groups", ("id",)) if kind == "foreign-key" else (None, ())
    return Constraint(name, kind, columns, definition, True, *parent, delete)


def having(*found: Constraint | Index, **more: Any) -> Table:
    """The plain table with these."""
    keys = tuple(one for one in found if isinstance(one, Constraint))
    return replace(PLAIN, constraints=keys, indexes=tuple(one for one in found if isinstance(one, Index)), **more)


def index(name: str, over: str, *columns: str, unique: bool = False, where: str | None = None) -> Index:
    """An index of the catalogue."""
    text = f"CREATE {'UNIQUE ' if unique else ''}INDEX {name} ON users ({over}){f' WHERE {where}' if where else ''}"
    return Index(name, columns, unique, definition=text, predicate=where)


UNIQUE = constraint("unique", "uq_name", "UNIQUE (name)", "name")
CONFLICT = replace(UNIQUE, definition="UNIQUE (name) ON CONFLICT IGNORE")
KEY = constraint("foreign-key", "fk_age", "FOREIGN KEY (age) REFERENCES groups (id)", "age", delete="CASCADE")
UNNAMED_KEY = replace(KEY, name="users_age_fkey", on_delete=None)
CHECK = constraint("check", "ck_age", "CHECK (age > 0)")
PRIMARY = constraint("primary-key", "users_pkey", "PRIMARY KEY (id)", "id")
UX = index("ux", "name", "name", unique=True)
NOCASE = index("ux", "name COLLATE NOCASE", "name", unique=True)
LOWER = index("ix_lower", "lower(name)")


def test_everything_that_is_gone_is_named() -> None:
    """One finding for one table, with all that it lost without a word."""
    bare = replace(PLAIN, constraints=(RICH.constraints[1], replace(RICH.constraints[2], on_delete=None)), indexes=())
    [finding] = registry.rules()[ID].findings(world(RICH, bare))
    assert (str(finding.severity), str(finding.category), finding.table, finding.revision) == (
        "error",
        "data-loss",
        "users",
        "c1",
    )
    assert finding.message == (
        "Making users anew does not carry trigger g, the unnamed check CHECK (age > 0), ON DELETE CASCADE of the "
        "foreign key on age, expression index ix_lower, index ix_age, COLLATE NOCASE of name, AUTOINCREMENT and STRICT: gone "
        "afterwards, without an error."
    )


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (RICH, RICH, ""),
        (PLAIN, PLAIN, ""),
        (replace(RICH, constraints=(RICH.constraints[1],)), replace(RICH, constraints=()), ""),
        (replace(PLAIN, triggers=("g",)), PLAIN, "DROP TRIGGER g"),
        (replace(PLAIN, indexes=RICH.indexes[:1]), PLAIN, "DROP INDEX ix_lower"),
        (replace(PLAIN, indexes=RICH.indexes[1:]), replace(PLAIN, columns=PLAIN.columns[:2]), ""),
    ],
)
def test_what_is_put_back_or_dropped_on_purpose_is_not_lost(before: Table, after: Table, more: str) -> None:
    """Also what goes with a dropped column, and a constraint that was dropped by its name."""
    assert said(ID, world(before, after, more)) == []


def test_a_revision_that_stops_has_lost_nothing_yet() -> None:
    """Other rules speak of why it stopped."""
    stopped = world(RICH, PLAIN)
    last = replace(stopped.statements[-1], error="error in view v: no such table")
    assert said(ID, replace(stopped, statements=(*stopped.statements[:-1], last))) == []


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (having(UNIQUE), PLAIN, "the unique constraint uq_name"),
        (having(KEY), PLAIN, "the foreign key fk_age"),
        (having(CHECK), PLAIN, "the check ck_age"),
        (having(PRIMARY), PLAIN, "the PRIMARY KEY (id)"),
        (having(CONFLICT), having(UNIQUE), "ON CONFLICT IGNORE of the unique constraint on name"),
        (having(KEY), having(replace(KEY, on_delete=None)), "ON DELETE CASCADE of the foreign key on age"),
        (having(UX), having(index("ux", "name", "name")), "UNIQUE of index ux"),
        (having(NOCASE), having(UX), "COLLATE NOCASE of index ux"),
        (
            having(index("ix", "age", "age", where="age > 1")),
            having(index("ix", "age", "age")),
            "the WHERE of index ix",
        ),
        (having(LOWER), having(index("ix_other", "upper(name)")), "expression index ix_lower"),
        (having(UX), having(index("ix_other", "name", "name")), "index ux"),
        (having(options="strict"), PLAIN, "STRICT"),
        (replace(PLAIN, columns=(replace(PLAIN.columns[1], nullable=False),)), PLAIN, "NOT NULL of name"),
        (replace(PLAIN, columns=(replace(PLAIN.columns[1], default="'x'"),)), PLAIN, "DEFAULT 'x' of name"),
    ],
)
def test_a_table_made_by_hand_loses_what_its_text_forgets(before: Table, after: Table, what: str) -> None:
    """Also what has a name, when the revision does not know it."""
    assert lost(world(before, after, way=by_hand)) == what


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (having(UX), having(index("ux_other", "name", "name", unique=True))),
        (having(UX), having(UNIQUE, Index("sqlite_autoindex_users_1", ("name",), True))),
        (having(UNIQUE, Index("sqlite_autoindex_users_1", ("name",), True)), having(UX)),
        (having(UNIQUE), having(replace(UNIQUE, name="uq_2", columns=("name", "age")))),
        (having(UX), having(index("ux_2", "name, age", "name", "age", unique=True))),
        (having(index("ix", "age", "age")), having(index("ix_2", "age, name", "age", "name"))),
        (having(LOWER), having(index("ix_other", 'LOWER("name")'))),
        (having(NOCASE), replace(having(UX), columns=RICH.columns)),
        (having(CHECK), having(constraint("check", "users_check_1", "CHECK (age >= 0)"))),
        (having(CHECK), replace(PLAIN, columns=PLAIN.columns[:2])),
        (having(PRIMARY), having(replace(PRIMARY, columns=("name",)))),
        (having(replace(KEY, references="gone")), PLAIN),
        (
            replace(PLAIN, triggers=("g",), trigger_texts=RICH.trigger_texts),
            replace(
                PLAIN, triggers=("h",), trigger_texts=("CREATE TRIGGER h after insert ON users BEGIN SELECT 2; END",)
            ),
        ),
    ],
)
def test_what_something_else_stands_for_is_not_lost(before: Table, after: Table) -> None:
    """The same under another name, a key instead of an index, a wider one, another condition on the same column."""
    assert lost(world(before, after, way=by_hand)) == ""


@pytest.mark.parametrize(
    ("before", "after", "source"),
    [
        (having(UNIQUE), PLAIN, batch('b.drop_constraint("uq_name", type_="unique")')),
        (having(UNIQUE), PLAIN, batch('b.drop_constraint(b.f("uq_name"))', ", copy_from=users")),
        (having(UNIQUE), PLAIN, batch('for one in names: b.drop_constraint(one, type_="unique")', ", copy_from=users")),
        (having(UNIQUE), PLAIN, batch("helper(b)")),
        (having(UNNAMED_KEY), PLAIN, batch('b.drop_constraint("fk_users_age_groups", type_="foreignkey")')),
        (having(KEY), having(replace(KEY, on_delete=None)), batch('b.drop_constraint("fk_age", type_="foreignkey")')),
        (having(CONFLICT), having(UNIQUE), batch('b.drop_constraint("uq_name", type_="unique")')),
        (having(UX), having(index("ux", "name", "name")), batch('b.drop_index("ux")')),
        (having(LOWER), PLAIN, batch('b.drop_index("ix_lower")')),
    ],
)
def test_what_a_call_drops_is_not_lost(before: Table, after: Table, source: str) -> None:
    """Batch mode issues no statement for it: only the revision's text tells."""
    assert lost(world(before, after, source=source)) == ""


@pytest.mark.parametrize(
    ("before", "source"),
    [
        (having(UNIQUE), batch("pass", ", copy_from=users")),
        (having(UNIQUE), batch('b.drop_constraint("uq_other")', ", copy_from=users")),
        (having(UNNAMED_KEY), batch('b.drop_constraint("ck_x", type_="check")')),
        (having(UNNAMED_KEY, CHECK), batch('b.drop_constraint("ck_age")')),
        (having(UX), batch("pass") + 'def downgrade():\n    op.drop_index("ux")\n'),
    ],
)
def test_what_another_call_drops_is_lost(before: Table, source: str) -> None:
    """A call drops what it names; one of the way back drops nothing here."""
    assert lost(world(before, PLAIN, source=source))


@pytest.mark.parametrize(
    ("options", "after", "expected"),
    [
        ("without rowid", "", ["warning hygiene users c1"]),
        ("without rowid strict", "strict", ["warning hygiene users c1"]),
        ("without rowid strict", "", ["error data-loss users c1"]),
        ("without rowid strict", "strict without rowid", []),
        ("", "without rowid", []),
    ],
)
def test_another_way_of_keeping_rows_is_a_warning(options: str, after: str, expected: list[str]) -> None:
    """WITHOUT ROWID decides where a row lies, not what it holds."""
    assert said(ID, world(having(options=options), having(options=after), way=by_hand)) == expected


def test_a_rowid_that_comes_back_on_purpose_is_not_lost() -> None:
    """The way back makes the table WITHOUT ROWID again."""
    source = 'def downgrade():\n    op.execute("CREATE TABLE users_old (id TEXT PRIMARY KEY) WITHOUT ROWID")\n'
    assert lost(world(having(options="without rowid"), PLAIN, source=source, way=by_hand)) == ""


def test_a_name_that_a_revision_by_hand_knows_is_left_out_on_purpose() -> None:
    """Its way back makes it again, so it was not forgotten."""
    source = 'def downgrade():\n    op.create_unique_constraint("uq_name", "users", ["name"])\n'
    assert lost(world(having(UNIQUE), PLAIN, source=source, way=by_hand)) == ""
    assert lost(world(having(UNIQUE), PLAIN, source=source.replace("uq_name", "uq_names"), way=by_hand))


def test_the_remedy_has_the_sql_of_what_was_lost() -> None:
    """As the catalogue had it, to be pasted."""
    before = replace(having(UNIQUE, UX, LOWER), triggers=RICH.triggers, trigger_texts=RICH.trigger_texts)
    [finding] = registry.rules()[ID].findings(world(before, having(index("ux", "name", "name")), way=by_hand))
    assert finding.remedy is not None
    assert [one.code for one in finding.remedy.steps] == [
        "#   CONSTRAINT uq_name UNIQUE (name)",
        'op.execute("CREATE TRIGGER g AFTER INSERT ON users BEGIN SELECT 1; END")\n'
        'op.execute("DROP INDEX ux")\n'
        'op.execute("CREATE UNIQUE INDEX ux ON users (name)")\n'
        'op.execute("CREATE INDEX ix_lower ON users (lower(name))")',
    ]


RENAMED_FIRST = (
    "ALTER TABLE orders RENAME TO orders_old; CREATE TABLE orders (id INTEGER PRIMARY KEY); "
    "INSERT INTO orders (id) SELECT id FROM orders_old; DROP TABLE orders_old"
)


def followed(name: str) -> Deploy:
    """Orders renamed first, and ``lines`` points at this name in the end; so does a view."""
    made = deploy(
        RENAMED_FIRST, dialect="sqlite", earlier="CREATE TABLE lines (o INT, FOREIGN KEY (o) REFERENCES orders (id))"
    )
    last = made.statements[-1]
    lines = last.after.tables["lines"]
    child = replace(lines, constraints=(replace(lines.constraints[0], references=name),))
    view = Table("v", "view", definition=f'CREATE VIEW v AS SELECT id FROM "{name}"')
    tables = {**last.after.tables, "lines": child, "v": view}
    return replace(made, statements=(*made.statements[:-1], replace(last, after=Schema(tables))))


def test_what_followed_the_old_table_is_told() -> None:
    """SQLite rewrites foreign keys and views when a table is renamed, and leaves them so when it is dropped."""
    found = list(registry.rules()[ID].findings(followed("orders_old")))
    assert [(str(one.severity), str(one.category), one.table) for one in found] == [
        ("error", "backward-incompatible", "lines"),
        ("error", "backward-incompatible", "v"),
    ]
    assert found[0].message == (
        "Renaming orders to orders_old made the foreign key of lines (o) follow it, and orders_old is dropped: "
        "with PRAGMA foreign_keys=ON every write to lines fails (no such table: main.orders_old)."
    )
    assert said(ID, followed("orders")) == []
