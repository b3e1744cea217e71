"""Sentences about the target: one generator per kind of problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gate.checks._target_blockers import Blocker
from gate.facts.history import History
from gate.facts.image import ImageAnswer
from gate.facts.target import TargetPosition, UnknownRevision
from gate.facts.target_evidence import Drift, TargetEvidence
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step

ID = "target-ready"
MOST = 200  # findings about drift; the report's `drift` holds every row
_RECIPE = """def run_migrations_online():
    with connectable.connect() as connection:
        connection.execute(sa.text("SELECT pg_advisory_lock(4711)"))  # MySQL, MariaDB: SELECT GET_LOCK('alembic', 300)
        connection.commit()
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(sa.text("SELECT pg_advisory_unlock(4711)"))"""


def _finding(
    message: str,
    severity: Severity = Severity.ERROR,
    category: Category = Category.TARGET,
    *,
    revision: str | None = None,
    table: str | None = None,
    column: str | None = None,
    measured: Iterable[str] = (),
    remedy: Remedy | None = None,
    location: Location | None = None,
) -> Finding:
    return Finding(
        id=ID,
        check=ID,
        category=category,
        severity=severity,
        message=message,
        revision=revision,
        table=table,
        column=column,
        location=location,
        evidence=tuple(Evidence(EvidenceKind.MEASURED, one) for one in measured),
        remedy=remedy,
    )


def state(position: TargetPosition) -> Iterator[Finding]:
    """Where the target stands, when an upgrade cannot start from there."""
    for one in position.unknown:
        yield _finding(unknown_text(one, position), revision=one.revision, measured=[_rows(position)])
    if position.state == "unstamped":
        place = position.version_table.place if position.version_table else "alembic_version"
        yield _finding(
            f"the target has tables and no row in {place}: an upgrade would start from nothing and fail",
            measured=[_rows(position)],
        )
    if position.overlapping:
        names = ", ".join(position.overlapping)
        yield _finding(
            f"the version table lists {names}, which its other rows already imply: Alembic refuses to go on",
            measured=[_rows(position)],
        )
    elif position.state == "several-heads":
        yield _finding(
            f"the target is at {len(position.current)} heads, {', '.join(position.current)}, and no revision unites them",
            measured=[_rows(position)],
        )
    elif len(position.heads) > 1 and not position.expected_heads and position.pending:
        yield _finding(
            f"the code has several heads, {', '.join(position.heads)}: `upgrade head` does not know which one is meant"
        )


def unknown_text(one: UnknownRevision, position: TargetPosition) -> str:
    """What git knows, as a sentence."""
    by = f"commit {(one.commit or '')[:12]} by {one.author}, {(one.date or '')[:10]}: {one.subject}"
    if position.state == "ahead":
        return f"the target is at {one.revision}, and this code is older: {by}"
    start = f"the target is at {one.revision}, which this code does not have"
    if one.whereabouts == "removed":
        squashed = f" (squashed into {', '.join(one.successors)})" if one.successors else ""
        return f"{start}: removed{squashed} by {by}"
    if one.whereabouts == "other-branch":
        return f"{start}: it lives on {', '.join(one.branches[:3]) or 'a branch that is gone'}, added by {by}"
    if one.whereabouts == "uncommitted":
        return f"{start}: the last commit still has {one.path}, added by {by}"
    return f"{start}, and no commit here ever had it"


def _at(evidence: TargetEvidence, id: str | None) -> Location | None:
    """The revision's file, so that the finding becomes an annotation there."""
    found = evidence.deploy.revision(id) if evidence.deploy and id else None
    return Location(found.path, found.upgrade_line or found.line) if found else None


def _rows(position: TargetPosition) -> str:
    place = position.version_table.place if position.version_table else "no version table"
    return f"{place}: {', '.join(position.current) or 'no row'}"


def not_at_head(position: TargetPosition) -> Iterator[Finding]:
    """After the deploy nothing may be pending."""
    if position.pending:
        names = ", ".join(position.pending_ids[:5])
        yield _finding(
            f"the target is not at the head: {len(position.pending)} pending ({names})", measured=[_rows(position)]
        )


def false_stamp(position: TargetPosition, evidence: TargetEvidence) -> Iterator[Finding]:
    """The version table says one revision and the schema is another's."""
    stamp = evidence.stamp
    if stamp and stamp.candidates and position.knows_its_revision:
        said, real = ", ".join(position.current), ", ".join(stamp.candidates)
        apart = f", {stamp.differences} objects apart" if stamp.differences else ""
        yield _finding(
            f"the version table says {said}, but the schema is that of {real}{apart}",
            category=Category.DRIFT,
            measured=[_rows(position)],
        )


def drift(evidence: TargetEvidence) -> Iterator[Finding]:
    """Each object that is not as its revision makes it."""
    for one in evidence.drift[:MOST]:
        table, _, name = one.object.rpartition(".")
        yield _finding(
            _drifted(one, evidence),
            one.severity,
            Category.DRIFT,
            table=table or one.object,
            column=name if table else None,
            measured=[f"expected {one.expected or 'nothing'}, found {one.actual or 'nothing'}"],
        )


def _drifted(one: Drift, evidence: TargetEvidence) -> str:
    what = {
        "missing": "is missing on the target",
        "extra": "is on the target and in no revision",
        "type": "has another type on the target",
        "nullable": "takes or refuses NULL other than it should",
        "default": "has another default on the target",
        "enum": "has other labels on the target",
        "comment": "has another comment on the target",
    }.get(one.kind.partition("-")[0], "is not as the revision makes it")
    noun = one.kind.partition("-")[2] or "object"
    at = f" at {', '.join(evidence.compared_with)}" if evidence.compared_with else ""
    return f"{noun} {one.object} {what}{at}"


def preconditions(evidence: TargetEvidence) -> Iterator[Finding]:
    """Rows that make a pending revision fail."""
    for one in evidence.measurements.preconditions:
        if one.result == "violated":
            yield Finding(
                id=ID,
                check=ID,
                category=Category.FAILS_ON_EXISTING_ROWS,
                severity=Severity.ERROR,
                revision=one.revision,
                location=_at(evidence, one.revision),
                table=one.table,
                column=one.column,
                message=f"{one.revision} will fail on the target ({one.rule}): {one.said}",
                evidence=(Evidence(EvidenceKind.MEASURED, one.said),),
                precondition_sql=one.sql,
            )


def blocked(every: Iterable[Blocker]) -> Iterator[Finding]:
    """What is in the way now; one finding per session or object."""
    seen: set[str] = set()
    for one in every:
        about = " ".join(one.detail.split()[:2])
        if one.kind in ("long-transaction", "idle-in-transaction", "lock", "migration-running"):
            if about in seen:
                continue
            seen.add(about)
        yield _finding(
            f"{one.kind}: {one.detail}",
            one.severity,
            table=", ".join(one.tables) or None,
            column=about,
            measured=[one.detail],
        )


def unknowns(evidence: TargetEvidence) -> Iterator[Finding]:
    """What could not be read is not all clear."""
    for number, text in enumerate((*evidence.survey.unknowns, *evidence.unseen)):
        yield _finding(f"could not be read on the target: {text}", Severity.WARNING, column=f"unknown {number}")
    for one in evidence.measurements.preconditions:
        if one.result == "unknown":
            yield _finding(
                f"{one.rule} on {one.table} {one.said}",
                Severity.WARNING,
                revision=one.revision,
                table=one.table,
                column=one.column,
            )


def image(position: TargetPosition, evidence: TargetEvidence, history: History) -> Iterator[Finding]:
    """The image's revisions set against the target's: can it go on from where the target is, and how far?"""
    found = evidence.image
    if found is None:
        return
    if found.revisions is None:
        yield _finding(
            f"which revisions the image holds is not known: {found.message}", Severity.WARNING, column="image"
        )
        return
    yield from _short(position, found, history)
    newer = [id for id in found.revisions if id not in history.by_id]
    if newer:
        yield _finding(
            f"the image has {', '.join(newer[:5])}, which this checkout does not: it was built from other code",
            category=Category.IMAGE,
            column="newer",
        )


def _short(position: TargetPosition, found: ImageAnswer, history: History) -> Iterator[Finding]:
    """Revisions that the image lacks: the target's own, or some of those that it should run."""
    missing = set(found.missing)
    held = set(found.revisions or ()) | {id for id, one in history.by_id.items() if one.path not in missing}
    lost = [id for id in position.current if id not in held]
    short = [one.id for one in position.pending if one.path in missing]
    if lost:
        yield _finding(
            f"the image does not have the target's revision {', '.join(lost)}: inside it Alembic cannot locate it",
            category=Category.IMAGE,
            column="current",
        )
    elif short:
        yield _finding(
            f"the image lacks {', '.join(short)}: an upgrade from it leaves the target behind this code",
            category=Category.IMAGE,
            column="pending",
        )


def starts(evidence: TargetEvidence) -> Iterator[Finding]:
    """Every replica of the application upgrades when it starts."""
    for place in evidence.starts_upgrades:
        path, _, line = place.rpartition(":")
        yield _finding(
            "every start of the application upgrades the database: several replicas migrate at the same time",
            Severity.WARNING,
            location=Location(path, int(line)),
            remedy=Remedy(
                "Migrate once, before the rollout; or let env.py take an advisory lock.",
                (Step(1, "an advisory lock around the migrations, in env.py", _RECIPE),),
            ),
        )


def leftovers(every: Iterable[Blocker], evidence: TargetEvidence) -> Iterator[Finding]:
    """After the deploy: invalid indexes and constraints that nobody validated."""
    for one in every:
        if one.kind not in ("invalid-index", "unvalidated-constraint"):
            continue
        meant = one.kind == "unvalidated-constraint" and _is_meant(one, evidence)
        severity = Severity.WARNING if meant else Severity.ERROR
        yield _finding(
            f"{one.kind}: {one.detail}", severity, table=", ".join(one.tables) or None, column=one.detail.split()[1]
        )


def _is_meant(one: Blocker, evidence: TargetEvidence) -> bool:
    """Do the revisions themselves leave it NOT VALID?"""
    name = one.detail.split()[1]
    tables = [evidence.expected.table(table) for table in one.tables] if evidence.expected else []
    found = [table.constraint(name) for table in tables if table]
    return any(constraint is not None and not constraint.validated for constraint in found)


def queries(evidence: TargetEvidence) -> Iterator[Finding]:
    """The application's SELECTs."""
    if evidence.queries and evidence.queries.problem:
        yield _finding(
            f"the application's queries were not tried on the target: {evidence.queries.problem}",
            Severity.WARNING,
            column="queries",
        )
    for table, error in evidence.queries.failures if evidence.queries else ():
        yield _finding(
            f"the application's SELECT of {table} fails on the target: {error}", table=table, measured=[error]
        )


def planned(position: TargetPosition, evidence: TargetEvidence) -> Iterator[Finding]:
    """What the plan promised and the target does not have, or the other way round."""
    plan: Any = evidence.planned
    if plan is None:
        return
    target = plan.get("target") if isinstance(plan.get("target"), dict) else {}
    wanted = {str(row.get("revision")) for row in target.get("pending") or () if isinstance(row, dict)}
    left = wanted & set(position.pending_ids)
    goal = target.get("upgrade_to")
    if left:
        yield _finding(
            f"the plan has {', '.join(sorted(left))}, and the target does not",
            measured=[f"the plan: {', '.join(sorted(wanted))}"],
        )
    heads = [str(one) for one in target.get("heads") or ()]
    if heads and set(heads) != set(position.heads):
        yield _finding(
            f"the plan was made for the heads {', '.join(heads)}, this code has {', '.join(position.heads)}",
            Severity.WARNING,
            measured=[f"the plan allowed an upgrade to {goal}"],
        )
