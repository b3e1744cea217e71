"""What a tool that copies a table is told, and what of the revision it stands for."""

from __future__ import annotations

from dataclasses import replace

from gate import registry
from gate.facts.rehearsal import Deploy
from gate.facts.schema import Table
from gate.model import Step
from tests.rules._deploy import deploy

OWN = "ALTER TABLE logs ADD COLUMN owner int"
KEY = "ALTER TABLE logs ADD CONSTRAINT fk_own FOREIGN KEY (owner) REFERENCES users (id)"
UTF16 = "ALTER TABLE logs CONVERT TO CHARACTER SET utf16"
AFTER_EARLIER = ("ALTER TABLE users ADD x int",)


def steps(id: str, *revisions: str) -> tuple[Step, ...]:
    """The steps of the rule's first finding."""
    return steps_of(id, deploy(*revisions, dialect="mariadb", version=(10, 11)))


def steps_of(id: str, world: Deploy) -> tuple[Step, ...]:
    """The same of a deploy that is made already."""
    found = next(iter(registry.rules()[id].findings(world)))
    assert found.remedy is not None
    return found.remedy.steps


def codes(id: str, *revisions: str) -> list[str]:
    """What is to be typed."""
    return [one.code for one in steps(id, *revisions) if one.code]


def test_the_one_statement_of_a_revision() -> None:
    """Earlier pending revisions run first: stamp would mark them as applied."""
    before, tool, after = codes("converting-charset", *AFTER_EARLIER, UTF16)
    assert before == "alembic upgrade c1"
    assert tool.startswith('gh-ost --database=<database> --table=logs --alter="CONVERT TO CHARACTER SET utf16" --exec')
    assert after == "alembic stamp c2"


def test_statements_on_the_same_table_are_one_run() -> None:
    """The key needs the column that the statement before it adds; gh-ost adds no foreign key."""
    before, tool, after = codes("adding-foreign-key", *AFTER_EARLIER, f"{OWN}; {KEY}")
    clauses = "ADD COLUMN owner int, ADD CONSTRAINT fk_own FOREIGN KEY (owner) REFERENCES users (id)"
    assert tool == f'pt-online-schema-change --alter "{clauses}" D=<database>,t=logs --execute'
    assert (before, after) == ("alembic upgrade c1", "alembic stamp c2")


def test_what_the_tool_does_not_do_still_runs() -> None:
    """What stands on another table, or writes rows, keeps a revision that is not marked as applied."""
    moved, before, _, after = steps(
        "converting-charset", f"UPDATE users SET age = 1; {UTF16}; ALTER TABLE items ADD y int"
    )
    assert moved.code == f'op.execute("{UTF16}")'
    assert "and what follows it into the next one; the rest of c1 still runs" in moved.title
    assert (before.code, after.code) == ("alembic upgrade c1", "alembic stamp <new revision>")


def test_what_follows_moves_on() -> None:
    """Nothing stands before it: the revision keeps its name."""
    moved, before, _, after = steps("converting-charset", *AFTER_EARLIER, f"{UTF16}; ALTER TABLE items ADD y int")
    assert "Leave only this in c2; move the rest into the next revision" in moved.title
    assert (before.code, after.code) == ("alembic upgrade c1", "alembic stamp c2")


def test_one_alter_does_not_touch_a_column_twice() -> None:
    """Nor does it hold what would get in the tool's way."""
    for other in ("ALTER TABLE logs RENAME COLUMN text TO body", "CREATE UNIQUE INDEX ux ON logs (code)"):
        assert (
            '--alter="CONVERT TO CHARACTER SET utf16"'
            in steps("converting-charset", f"{OWN}; {other}; {UTF16}")[2].code
        )
    twice = f"{OWN}; ALTER TABLE logs MODIFY owner bigint; {UTF16}"
    assert '--alter="MODIFY owner bigint, CONVERT TO CHARACTER SET utf16"' in steps("converting-charset", twice)[2].code


def test_wishes_for_the_server_are_left_out() -> None:
    """A shadow table needs none, and the tool refuses them."""
    tool = codes("converting-charset", f"{UTF16}, ALGORITHM=COPY, LOCK=SHARED")[0]
    assert '--alter="CONVERT TO CHARACTER SET utf16"' in tool


def test_an_index_is_a_clause() -> None:
    """CREATE INDEX is no part of an ALTER."""
    tool = codes("adding-fulltext-index", "CREATE FULLTEXT INDEX `ft $x` ON logs (text) LOCK=SHARED")[0]
    assert '--alter="ADD FULLTEXT INDEX \\`ft \\$x\\` (text)"' in tool


def test_tables_with_triggers_and_keys() -> None:
    """The old table is swapped away, so its triggers and the keys that point at it move."""
    world = deploy("ALTER TABLE orders CONVERT TO CHARACTER SET utf16", dialect="mysql", version=(9, 7))
    assert "--alter-foreign-keys-method auto D=" in steps_of("converting-charset", world)[0].code
    tool = steps_of("converting-charset", with_trigger(world, "orders"))[0].code
    assert tool.startswith("pt-online-schema-change")
    assert "--alter-foreign-keys-method rebuild_constraints --preserve-triggers D=" in tool
    assert "gh-ost" not in tool


def with_trigger(world: Deploy, name: str) -> Deploy:
    """The same deploy over a table that has a trigger."""
    (statement,) = world.statements
    table: Table = replace(statement.before.tables[name], triggers=("tr",))
    before = replace(statement.before, tables={**statement.before.tables, name: table})
    return replace(world, statements=(replace(statement, before=before),))


def test_a_new_name_is_not_for_a_tool() -> None:
    """There is nothing to shadow; what happens to single partitions has a rule that offers no tool either."""
    clauses = "CONVERT TO CHARACTER SET utf16, RENAME TO b"
    (only,) = steps("converting-charset", f"ALTER TABLE logs {clauses}")
    assert only.code == f'op.execute("ALTER TABLE logs {clauses}")'
