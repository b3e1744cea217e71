"""The target's check on plain values: blockers, advice, findings, verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from gate.check import Answer
from gate.checks._target_advice import advice
from gate.checks._target_blockers import blockers
from gate.checks.target_ready import ask
from gate.facts.changes import AddColumn, ColumnSpec
from gate.facts.history import History, Project, Revision
from gate.facts.image import ImageAnswer
from gate.facts.rehearsal import Deploy, Observation, Server, Statement
from gate.facts.schema import Constraint, Index, Schema, Table
from gate.facts.target import TargetPosition, UnknownRevision, VersionTable
from gate.facts.target_evidence import Answered, Drift, Stamp, TargetEvidence
from gate.facts.target_survey import HeldLock, Replica, Session, TableSize, TargetSurvey
from gate.model import Location, Severity, Verdict
from gate.settings import Settings

SERVER = Server("postgresql", (16, 1), "16.1", "target")
HISTORY = History((Revision("r1", "r1.py"), Revision("r2", "r2.py", ("r1",))))
PROJECT = Project("p", config="alembic.ini")


def at(state: Any, *current: str, pending: tuple[str, ...] = (), **more: Any) -> TargetPosition:
    rows = tuple(HISTORY.by_id[id] for id in pending)
    table = VersionTable(rows=current)
    return TargetPosition(SERVER, "postgresql at h", state, current, ("r2",), rows, version_table=table, **more)


def said(position: TargetPosition, evidence: TargetEvidence, command: str = "predeploy") -> Answer:
    return ask(position, evidence, HISTORY, PROJECT, Settings(command=command))


def in_the_way(
    *sessions: Session, touched: frozenset[str] | None = frozenset({"orders"}), **survey: Any
) -> list[tuple[str, Severity]]:
    found = blockers(
        TargetSurvey(sessions=sessions, **survey), at("behind", "r1", pending=("r2",)), touched, None, 5, 60
    )
    return [(one.kind, one.severity) for one in found]


READ, WRITE = HeldLock("orders", "AccessShareLock"), HeldLock("orders", "RowExclusiveLock")
ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.mark.parametrize(
    ("session", "kinds"),
    [
        (Session("1", state="active", transaction_seconds=4.9, locks=(READ,)), []),
        (Session("1", state="active", transaction_seconds=5.0, locks=(READ,)), [("long-transaction", ERROR)]),
        (Session("1", state="active", transaction_seconds=30, locks=(HeldLock("other", "AccessShareLock"),)), []),
        (Session("1", state="active", transaction_seconds=60), [("long-transaction", ERROR)]),
        (Session("1", state="idle in transaction", transaction_seconds=9, state_seconds=8, locks=(WRITE,)),
         [("long-transaction", ERROR), ("idle-in-transaction", ERROR)]),
        (Session("1", state="prepared", transaction_seconds=9, locks=(WRITE,)), [("prepared-transaction", ERROR)]),
        (Session("1", state="active", transaction_seconds=0.1, locks=(HeldLock("orders", "ShareLock"),)), [("lock", ERROR)]),
        (Session("1", state="active", transaction_seconds=0.1, locks=(HeldLock("orders", "ShareLock", granted=False),)), []),
        (Session("1", state="idle", advisory=("0 42",)), [("migration-running", ERROR)]),
        (Session("1", state="active", query="  /* x */ ALTER TABLE users ADD a int"), [("migration-running", ERROR)]),
        (Session("1", state="active", query="CREATE TEMP TABLE x (a int)"), []),
        (Session("1", state="active", transaction_seconds=1, locks=(HeldLock("alembic_version", "RowExclusiveLock"),)), [("migration-running", ERROR)]),
        (Session("1", state="autovacuum", transaction_seconds=900, query="autovacuum: VACUUM orders", locks=(HeldLock("orders", "ShareUpdateExclusiveLock"),)),
         [("autovacuum", WARNING)]),
        (Session("1", state="autovacuum", query="autovacuum: VACUUM orders (to prevent wraparound)", locks=(HeldLock("orders", "ShareUpdateExclusiveLock"),)),
         [("autovacuum", ERROR)]),
        (Session("1", state="idle in transaction", transaction_seconds=6, state_seconds=6, blind=True), [("long-transaction", ERROR), ("idle-in-transaction", ERROR)]),
    ],
)  # fmt: skip
def test_sessions(session: Session, kinds: list[tuple[str, Severity]]) -> None:
    """Each kind of session with its near miss."""
    assert in_the_way(session) == kinds


def test_statements_are_shown_without_their_values() -> None:
    """A password in an ALTER ROLE is nobody's business."""
    session = Session("1", state="active", query="ALTER ROLE app PASSWORD 'hidden''word'")
    (found,) = blockers(TargetSurvey(sessions=(session,)), at("behind", "r1"), None, None, 5, 60)
    assert found.detail == "session 1 is running ALTER ROLE app PASSWORD '…'"


def test_replicas_indexes_and_constraints() -> None:
    """Lag beyond ten seconds warns; an invalid unique index lets duplicates in, so it is an error."""
    table = Table(
        "orders",
        indexes=(Index("ux", unique=True, valid=False), Index("ix", valid=False), Index("ok")),
        constraints=(Constraint("ck", "check", validated=False), Constraint("fine", "check")),
    )
    assert in_the_way(replicas=(Replica("a", 9.0, 10), Replica("b", 11.0)), schema=Schema({"orders": table})) == [
        ("replication-lag", WARNING),
        ("invalid-index", ERROR),
        ("invalid-index", WARNING),
        ("unvalidated-constraint", WARNING),
    ]


ADD = AddColumn("orders", ColumnSpec("x", "int"))


def rewriting(dialect: Any) -> Deploy:
    seen = Observation(rewrites=("orders",))
    statements = (Statement(1, "r2", Location("r2.py"), "-- makes orders anew", (ADD,), observed=seen),)
    was = Schema({"orders": Table("orders")})
    return Deploy(dialect, (3,), HISTORY, (HISTORY.by_id["r2"],), statements, was, was)


@pytest.mark.parametrize(
    ("free", "size", "used", "kinds"),
    [
        (200, 100, None, []),
        (199, 100, None, [("disk", WARNING)]),
        (99, 100, None, [("disk", ERROR)]),
        (99, None, 100, [("disk", ERROR)]),
        (99, None, None, []),
        (None, 100, None, []),
    ],
)
def test_a_copy_needs_room_on_the_disk(
    free: int | None, size: int | None, used: int | None, kinds: list[tuple[str, Severity]]
) -> None:
    """Twice the table, else twice the file; no room for the copy alone is an error that bars the revision."""
    survey = TargetSurvey(tables={"orders": TableSize("orders", 1, size)}, free_bytes=free, used_bytes=used)
    position = at("behind", "r1", pending=("r2",))
    found = blockers(survey, position, frozenset({"orders"}), rewriting("sqlite"), 5, 60)
    assert [(one.kind, one.severity) for one in found] == kinds
    about = said(position, TargetEvidence(survey=survey, deploy=rewriting("sqlite"))).sections["target"]
    assert about["upgrade_to"] == (None if ("disk", ERROR) in kinds else "r2")


def test_a_servers_disk_is_unknown_only_to_a_plan_that_rewrites() -> None:
    """The line says what is needed, and is no warning of its own: nobody could grant a right for it."""
    survey = TargetSurvey(tables={"orders": TableSize("orders", 1, 212_000_000_000)})
    position = at("behind", "r1", pending=("r2",))
    answer = said(position, TargetEvidence(survey=survey, deploy=rewriting("postgresql")))
    line = "free disk space is not readable over SQL; rewriting orders needs about 212 GB"
    assert (answer.sections["target"]["unknowns"], answer.findings) == ([line], ())
    assert said(position, TargetEvidence(survey=survey)).sections["target"]["unknowns"] == []


LOST = UnknownRevision("x9", "removed", "c0ffee", "Ann", "2026-01-01", "squash", "v/x9.py", successors=("r2",))


@pytest.mark.parametrize(
    ("position", "stamp", "upgrade_to", "commands"),
    [
        (at("up-to-date", "r2"), None, None, []),
        (at("behind", "r1", pending=("r2",)), None, "r2", ["alembic upgrade head"]),
        (at("behind", "r1", pending=("r2",)), None, None, ["alembic history -r r1:heads"]),
        (at("empty", pending=("r1", "r2")), None, "r1", ["alembic upgrade r1"]),
        (at("unstamped"), Stamp(("r1",), 0), None, ["alembic stamp r1"]),
        (at("unstamped"), Stamp(reason="nothing fits"), None, ["alembic history"]),
        (at("unknown-revision", "x9", unknown=(LOST,)), Stamp(("r1", "r2"), 0), None, ["alembic stamp --purge r2"]),
        (at("unknown-revision", "x9", unknown=(LOST,)), Stamp(reason="nothing fits"), None, ["git show c0ffee"]),
        (at("up-to-date", "r2"), Stamp(("r1",), 0), None, ["alembic stamp r1"]),
        (at("several-heads", "r1", "r2", overlapping=("r1",)), None, None, ["alembic stamp --purge r2"]),
    ],
)
def test_one_advice(position: TargetPosition, stamp: Stamp | None, upgrade_to: str | None, commands: list[str]) -> None:
    """Only the step that applies, in the order current, history, upgrade, stamp."""
    assert [one.command for one in advice(position, PROJECT, stamp, upgrade_to)] == commands


@pytest.mark.parametrize(
    ("project", "command"),
    [
        (Project("p", config="db/alembic.ini"), "alembic -c db/alembic.ini upgrade head"),
        (Project("p", "pyproject", "pyproject.toml"), "alembic upgrade head"),
        (Project("p", config="alembic.ini", section="tenant"), "alembic -n tenant upgrade head"),
        (Project("p", "flask", entry="app:app"), "flask db upgrade head"),
    ],
)
def test_the_projects_own_program(project: Project, command: str) -> None:
    """The command runs as it is written, from the repository's root."""
    assert [one.command for one in advice(at("behind", "r1", pending=("r2",)), project, None, "r2")] == [command]


def test_verdicts() -> None:
    """Pass, fail, undecided; a move outranks what was read before it."""
    gone = Drift("users.nick", "missing-column", "integer", None, ERROR)
    assert said(at("up-to-date", "r2"), TargetEvidence()).verdict(ERROR) is Verdict.PASS
    assert said(at("up-to-date", "r2"), TargetEvidence(drift=(gone,))).verdict(ERROR) is Verdict.FAIL
    assert said(at("up-to-date", "r2"), TargetEvidence(drift_problem="no server")).verdict(ERROR) is Verdict.UNDECIDED
    moved = said(at("up-to-date", "r2"), TargetEvidence(drift=(gone,), moved_to=("r1",)))
    assert (moved.verdict(ERROR), moved.sections["target"]["moved"]) == (Verdict.UNDECIDED, True)
    blind = said(at("up-to-date", "r2"), TargetEvidence(survey=TargetSurvey(unknowns=("sessions: no right",))))
    assert (blind.verdict(ERROR), blind.verdict(WARNING)) == (Verdict.PASS, Verdict.FAIL)


def test_verify_wants_the_head_and_the_plan() -> None:
    """Pending revisions, failing queries, and what the plan had and the target has not."""
    plan = {"target": {"pending": [{"revision": "r2"}], "heads": ["r2"], "upgrade_to": "r2"}}
    evidence = TargetEvidence(queries=Answered(2, (("users", "column users.nick does not exist"),)), planned=plan)
    messages = [one.message for one in said(at("behind", "r1", pending=("r2",)), evidence, "verify").findings]
    assert messages == [
        "the target is not at the head: 1 pending (r2)",
        "the application's SELECT of users fails on the target: column users.nick does not exist",
        "the plan has r2, and the target does not",
    ]
    assert said(at("up-to-date", "r2"), TargetEvidence(planned=plan), "verify").findings == ()


def test_the_image_is_set_against_the_target() -> None:
    """An image without the target's revision cannot start there; one without the pending ones stops short."""
    position = at("behind", "r1", pending=("r2",))
    for missing, word in ((("r1.py", "r2.py"), "cannot locate"), (("r2.py",), "leaves the target behind")):
        findings = said(
            position, TargetEvidence(image=ImageAnswer("web", "broken", missing=missing, revisions=()))
        ).findings
        assert [(one.category, word in one.message) for one in findings] == [("image", True)]
    assert said(position, TargetEvidence(image=ImageAnswer("web", "fine", revisions=("r1", "r2")))).findings == ()
