"""The deploy as rules see it, through the command: coverage, transactions, the world that was assumed."""

from __future__ import annotations

from pathlib import Path

from tests.running import gate, repository, revision

BASE = {
    "a": revision(
        "a",
        None,
        'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))',
        'op.drop_table("users")',
    )
}
POSTGRESQL = "postgresql+psycopg2://app@db.example.org/app"


def test_statements_of_loops_helpers_and_code_blocks_are_all_seen(tmp_path: Path) -> None:
    """Whoever issues them: op, a helper, raw SQL, a DO block."""
    body = """
def helper(n):
    op.execute(f"COMMENT ON TABLE users IS 'n{n}'")
for n in range(2):
    helper(n)
op.get_bind().execute(sa.text("ANALYZE users"))
op.execute("DO $$ BEGIN PERFORM 1; END $$")
"""
    done = gate(
        repository(tmp_path / "r", BASE, {"b": revision("b", "a", body)}, POSTGRESQL), "--only", "safe-operations"
    )
    assert done.project["coverage"]["statements_observed"] == 4
    assert done.project["coverage"]["statements_read_only"] == 0


def test_a_deploy_without_revisions_is_empty(tmp_path: Path) -> None:
    """Nothing new: nothing is run for the rules."""
    done = gate(repository(tmp_path / "r", BASE, {}, POSTGRESQL), "--only", "safe-operations")
    assert (done.code, done.project["coverage"]["statements_observed"]) == (0, 0)


def test_transactions_are_observed(tmp_path: Path) -> None:
    """By default one transaction for the whole upgrade; NOT VALID and VALIDATE in it are not split."""
    add = 'op.create_check_constraint("ck", "users", "id > 0", postgresql_not_valid=True)'
    change = {
        "b": revision("b", "a", add, 'op.drop_constraint("ck", "users")'),
        "c": revision("c", "b", 'op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck")'),
    }
    one = gate(repository(tmp_path / "one", BASE, change, POSTGRESQL), "--only", "split-steps")
    own = gate(
        repository(tmp_path / "own", BASE, change, POSTGRESQL, options=", transaction_per_migration=True"),
        "--only",
        "split-steps",
    )
    assert [id for id, *_ in one.findings()] == ["not-split-not-valid-and-validate"]
    assert own.findings() == []


def test_the_declared_world_holds_without_the_projects_environment_too(tmp_path: Path) -> None:
    """A maintenance window is the project's word, however the statements were had."""
    change = {
        "b": revision("b", "a", 'op.create_index("ix", "users", ["name"])'),
        "models.py": "import library_that_nobody_has\n",
        ".alembic-gate.yml": "world:\n  maintenance-window: true\n",
    }
    done = gate(repository(tmp_path / "r", BASE, change, POSTGRESQL), "--only", "safe-operations")
    assert done.reason("safe-operations") == "the revisions ran by themselves, without the project's environment"
    assert [one for one in done.findings() if one[2] == "error"] == []
    assert "assumed world: a maintenance window" in " ".join(done.project["coverage"]["notes"])
