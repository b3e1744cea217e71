"""CONCURRENTLY inside a transaction."""

from __future__ import annotations

import pytest

from gate import registry
from gate.facts.rehearsal import Deploy, Observation
from tests.rules._deploy import Autocommit, as_one_text, deploy, said

ID = "concurrent-index-in-transaction"
INDEX = "CREATE INDEX CONCURRENTLY ix ON orders (note)"
UNSAFE = [
    (deploy("CREATE INDEX CONCURRENTLY ix ON orders (note)"), ["error transaction orders c1"]),
    (deploy("DROP INDEX CONCURRENTLY ix_users_email"), ["error transaction users c1"]),
    (deploy("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_email ON users (email)"), ["error transaction users c1"]),
    (deploy("VACUUM users"), ["error transaction users c1"]),
    (deploy("REINDEX TABLE CONCURRENTLY users"), ["error transaction - c1"]),
    (
        deploy(
            "CREATE INDEX CONCURRENTLY ix ON orders (note)",
            errors={1: "CREATE INDEX CONCURRENTLY cannot run inside a transaction block"},
        ),
        ["error transaction orders c1"],
    ),
    (
        deploy(
            "ALTER SYSTEM SET work_mem = '64MB'",
            errors={1: "(psycopg2.errors.ActiveSqlTransaction) ALTER SYSTEM cannot run inside a transaction block\n"},
        ),
        ["error transaction - c1"],
    ),
    (as_one_text(deploy(Autocommit(f"SET lock_timeout = '3s'; {INDEX}"))), ["error transaction orders c1"]),
]
SAFE = [
    as_one_text(deploy(Autocommit(f"/* SET a; */ {INDEX};\n-- the end;\n"))),
    deploy(Autocommit(f"SET lock_timeout = '3s'; {INDEX}")),
    deploy(Autocommit("CREATE INDEX CONCURRENTLY ix ON orders (note)")),
    deploy("CREATE INDEX ix ON orders (note)"),
    deploy("CREATE INDEX CONCURRENTLY ix ON orders (note)", seen={1: Observation()}),
    deploy("ANALYZE users"),
    deploy(Autocommit("ALTER SYSTEM SET work_mem = '64MB'")),
    deploy("ALTER SYSTEM SET work_mem = '64MB'", errors={1: "permission denied to set parameter"}),
]


@pytest.mark.parametrize(("world", "expected"), UNSAFE)
def test_unsafe(world: Deploy, expected: list[str]) -> None:
    """Each harm is said once, at the revision that does it."""
    assert said(ID, world) == expected


@pytest.mark.parametrize("world", SAFE)
def test_silent(world: Deploy) -> None:
    """Near misses, and what the deploy made itself, give nothing."""
    assert said(ID, world) == []


def test_a_text_of_several_statements_is_told_apart() -> None:
    """Inside the block each statement needs a call of its own."""
    [finding] = registry.rules()[ID].findings(as_one_text(deploy(Autocommit(f"SET lock_timeout = '3s'; {INDEX}"))))
    assert finding.remedy is not None
    assert finding.remedy.steps[0].code == (
        "with op.get_context().autocommit_block():\n"
        f'    op.execute("""SET lock_timeout = \'3s\'""")\n    op.execute("""{INDEX}""")'
    )
