"""Reports as a real run gives them, for the tests of every format."""

from __future__ import annotations

from typing import Any

from gate.model import (
    Category,
    CheckResult,
    Coverage,
    Evidence,
    EvidenceKind,
    Finding,
    Location,
    ProjectReport,
    Remedy,
    Report,
    Severity,
    Step,
    Subject,
    Suppression,
    Verdict,
)

NOT_NULL = Finding(
    id="adding-not-nullable-column",
    check="safe-operations",
    category=Category.FAILS_ON_EXISTING_ROWS,
    severity=Severity.ERROR,
    message="`users.country` is added NOT NULL without a server default: the upgrade fails once `users` has a row.",
    location=Location("migrations/versions/0005_country.py", 18),
    revision="c41f0a7d92be",
    table="users",
    column="country",
    evidence=(
        Evidence(EvidenceKind.SQL, "ALTER TABLE users ADD COLUMN country VARCHAR(2) NOT NULL"),
        Evidence(EvidenceKind.OBSERVED, 'NotNullViolation: column "country" of relation "users" contains null values'),
    ),
    remedy=Remedy(
        "Add the column nullable, let the new release write it, fill the old rows, then require it.",
        (
            Step(
                1,
                "Add the column nullable",
                "op.add_column('users', sa.Column('country', sa.String(2), nullable=True))",
            ),
            Step(
                2,
                "Fill old rows in batches, once every process writes the column",
                "with op.get_context().autocommit_block():\n"
                "    while op.get_bind().execute(sa.text(BATCH)).rowcount:\n"
                "        pass",
            ),
            Step(
                3,
                "Require it without a scan under the lock",
                "op.execute('ALTER TABLE users ADD CONSTRAINT users_country_not_null '\n"
                "           'CHECK (country IS NOT NULL) NOT VALID')",
            ),
        ),
    ),
)
INDEX = Finding(
    id="creating-index-non-concurrently",
    check="safe-operations",
    category=Category.LOCK,
    severity=Severity.ERROR,
    message="Creating index `ix_orders_state` blocks every write to `orders` until it is built.",
    location=Location("migrations/versions/0006_index.py", 21),
    revision="d52e1b8ea3cf",
    table="orders",
    evidence=(Evidence(EvidenceKind.OBSERVED, "ShareLock on orders"),),
    remedy=Remedy(
        "Build it concurrently, in a revision of its own.",
        (
            Step(
                1,
                "Outside the transaction",
                "with op.get_context().autocommit_block():\n"
                "    op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)",
            ),
        ),
    ),
    suggestion="    with op.get_context().autocommit_block():\n"
    "        op.create_index('ix_orders_state', 'orders', ['state'], postgresql_concurrently=True)",
)
UNIQUE = Finding(
    id="adding-unique-constraint",
    check="safe-operations",
    category=Category.FAILS_ON_EXISTING_ROWS,
    severity=Severity.WARNING,
    message="`users.email` becomes unique: the upgrade fails if two rows share a value.",
    location=Location("migrations/versions/0006_index.py", 25),
    revision="d52e1b8ea3cf",
    table="users",
    column="email",
    depends_on_data=True,
    precondition_sql="SELECT email, count(*) FROM users GROUP BY email HAVING count(*) > 1 LIMIT 1",
)
HEADS = Finding(
    id="single-head",
    check="single-head",
    category=Category.GRAPH,
    severity=Severity.ERROR,
    message="Two heads, `c41f0a7d92be` and `d52e1b8ea3cf`, both follow `b30e9f6c81ad`.",
    location=Location("migrations/versions/0006_index.py", 12),
    revision="d52e1b8ea3cf",
    related=("c41f0a7d92be",),
    remedy=Remedy(
        "Put the revision of this pull request behind the other head.",
        (Step(1, "In 0006_index.py", "down_revision = 'c41f0a7d92be'"),),
    ),
)
ALLOWED = Finding(
    id="dropping-column",
    check="safe-operations",
    category=Category.DATA_LOSS,
    severity=Severity.ERROR,
    message="`users.legacy_id` is dropped with its values.",
    location=Location("migrations/versions/0006_index.py", 30),
    revision="d52e1b8ea3cf",
    suppressed=Suppression("unused since release 41", "inline, migrations/versions/0006_index.py:29", "2027-01-01"),
)
SECTIONS: dict[str, Any] = {
    "schema_diff": {
        "operations": ["add_column users.nickname", "create_index ix_users_nickname"],
        "code": "op.add_column('users', sa.Column('nickname', sa.Text(), nullable=True))\n"
        "op.create_index('ix_users_nickname', 'users', ['nickname'])",
    },
    "image": {
        "verdict": "broken",
        "reason": "ignored",
        "path": ".dockerignore",
        "line": 4,
        "missing": ["migrations/versions/0005_country.py", "migrations/versions/0006_index.py"],
        "present": {"alembic.ini": "/app/alembic.ini"},
        "target": "runtime",
    },
    "images": [
        {
            "name": "worker",
            "verdict": "fine",
            "reason": None,
            "path": None,
            "line": None,
            "missing": [],
            "present": {},
            "target": None,
        },
        {
            "name": "frontend|`e2e`",
            "verdict": "broken",
            "reason": "never_copied",
            "path": "Dockerfile.e2e",
            "line": 1,
            "missing": ["alembic.ini"],
            "present": {},
            "target": None,
        },
    ],
    "plan": [
        {
            "revision": "c41f0a7d92be",
            "sql": "ALTER TABLE users ADD COLUMN country VARCHAR(2) NOT NULL;",
            "locks": [{"table": "users", "mode": "AccessExclusiveLock"}],
            "rewrites": [],
            "seconds": 0.012,
            "message": "add country",
            "path": "migrations/versions/0005_country.py",
            "tables": [],
            "estimate": ["rewrites users, 212 GB, about 40 min at 90 MB/s (assumed)"],
            "way_back": "downgrade drops users.country with what was written meanwhile",
        }
    ],
    "graph": {
        "nodes": [
            {"id": "b30e9f6c81ad", "message": "orders", "new": False, "base": True, "head": False},
            {"id": "c41f0a7d92be", "message": "add country", "new": True, "base": False, "head": True},
            {"id": "d52e1b8ea3cf", "message": 'index "state"; end', "new": True, "base": False, "head": True},
        ],
        "edges": [["b30e9f6c81ad", "c41f0a7d92be"], ["b30e9f6c81ad", "d52e1b8ea3cf"]],
    },
    "locks": [
        {
            "revision": "d52e1b8ea3cf",
            "table": "orders",
            "mode": "ShareLock",
            "blocks": "writes",
            "held_ms": 34.5,
            "rewrites": False,
            "statement": "CREATE INDEX ix_orders_state ON orders (state)",
        }
    ],
    "world": "Tables of the base are large and live; the old release still runs while the deploy's revisions run.",
}
CHECKS = (
    CheckResult("single-head", Verdict.FAIL, seconds=0.1),
    CheckResult("safe-operations", Verdict.FAIL, seconds=1.5),
    CheckResult("image-contents", Verdict.UNDECIDED, "no Dockerfile was found", "Name it with --dockerfile.", 0.2),
    CheckResult("history-intact", Verdict.PASS, seconds=0.1),
    CheckResult("merge-order", Verdict.SKIPPED, "not a pull request"),
)
PROJECT = ProjectReport(
    name="shop",
    config="alembic.ini",
    dialect="postgresql",
    server_version="15.4",
    server_source="server binaries of this machine",
    heads=("c41f0a7d92be", "d52e1b8ea3cf"),
    new_revisions=("c41f0a7d92be", "d52e1b8ea3cf"),
    coverage=Coverage(12, 0, ("uuid-ossp replaced by a stand-in",)),
    checks=CHECKS,
    findings=(UNIQUE, NOT_NULL, ALLOWED, INDEX, HEADS),
    sections=SECTIONS,
)
BAD = Report(
    mode="check",
    verdict=Verdict.FAIL,
    exit_code=1,
    tool_version="0.1.0",
    subject=Subject("acme/shop", "1" * 40, "2" * 40, "merge-parent", 41, "pull_request"),
    projects=(PROJECT,),
    timings={"total": 4.25, "rehearsal": 3.0},
    notices=("PostgreSQL 15 was used because the project names no version.",),
)
GOOD = Report(
    mode="check",
    verdict=Verdict.PASS,
    exit_code=0,
    tool_version="0.1.0",
    projects=(
        ProjectReport(
            name="shop",
            config="alembic.ini",
            dialect="sqlite",
            server_version="3.45.1",
            heads=("c41f0a7d92be",),
            new_revisions=("c41f0a7d92be",),
            coverage=Coverage(3, 0),
            checks=(CheckResult("single-head", Verdict.PASS), CheckResult("safe-operations", Verdict.PASS)),
        ),
    ),
)
TARGET: dict[str, Any] = {
    "server_version": "15.4",
    "state": "behind",
    "current": ["b30e9f6c81ad"],
    "heads": ["d52e1b8ea3cf"],
    "pending": [
        {"revision": "c41f0a7d92be", "message": "add country", "path": "migrations/versions/0005_country.py"},
        {"revision": "d52e1b8ea3cf", "message": "index | state", "path": "migrations/versions/0006_index.py"},
    ],
    "unknown": [
        {"revision": "deadbeef0001", "commit": "abc1234", "path": "migrations/versions/x.py", "subject": "remove x"}
    ],
    "advice": [{"command": "alembic upgrade c41f0a7d92be", "why": "The next revision needs a deploy of its own."}],
    "drift": [{"object": "users.email", "kind": "nullable", "expected": "NOT NULL", "actual": "NULL"}],
    "stamp": {"candidates": ["b30e9f6c81ad"], "differences": 1},
    "preconditions": [
        {"finding": "adding-unique-constraint", "sql": "SELECT email FROM users", "result": "violated", "count": 1204},
        {"finding": "adding-foreign-key", "sql": "SELECT 1", "result": "unknown", "count": None},
    ],
    "blockers": [{"kind": "long-transaction", "detail": "pid 4711, 12 min, idle in transaction, holds users"}],
    "tables": [{"name": "users", "rows": 1200000, "bytes": 227633266688}],
    "unknowns": ["pg_stat_activity: permission denied, so long transactions of other users are not seen"],
    "phases": [
        {"name": "now", "revisions": ["c41f0a7d92be"], "why": "safe on its own"},
        {"name": "after the code", "revisions": ["d52e1b8ea3cf"], "why": "the old release writes without it"},
    ],
    "upgrade_to": "c41f0a7d92be",
    "moved": False,
}
PREDEPLOY = Report(
    mode="predeploy",
    verdict=Verdict.FAIL,
    exit_code=1,
    tool_version="0.1.0",
    projects=(
        ProjectReport(
            name="shop",
            dialect="postgresql",
            server_version="15.4",
            server_source="the target",
            checks=(CheckResult("target-ready", Verdict.FAIL, seconds=2.0),),
            findings=(UNIQUE,),
            sections={"target": TARGET, "plan": SECTIONS["plan"], "locks": SECTIONS["locks"]},
        ),
    ),
)
