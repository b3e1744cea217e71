"""The report's ``target`` object: exactly the keys of the contract (design, section 7), and a few more."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gate.checks._target_advice import Advice
from gate.checks._target_blockers import Blocker
from gate.facts.history import Revision
from gate.facts.target import TargetPosition
from gate.facts.target_evidence import Drift, Stamp, TargetEvidence
from gate.facts.target_measurements import Precondition, amount
from gate.plan import Staging, copied_tables, copy_bytes


@dataclass(frozen=True)
class Ahead:
    """What is pending: from where the target stands, or (``after``) from the revision that the advice stamps it with."""

    revisions: tuple[Revision, ...] = ()
    after: str | None = None


def section(
    position: TargetPosition,
    evidence: TargetEvidence,
    blockers: Iterable[Blocker],
    staged: Staging,
    advice: Iterable[Advice],
    touched: frozenset[str] | None,
    ahead: Ahead,
) -> dict[str, Any]:
    """Plain values, in the contract's order."""
    return {
        **_place(position),
        "pending": [_pending(one) for one in ahead.revisions],
        "pending_after_stamp": ahead.after,
        "unknown": [_unknown(one) for one in position.unknown],
        "advice": [{"command": one.command, "why": one.why} for one in advice],
        "drift": [_drift(one) for one in evidence.drift],
        "compared_with": list(evidence.compared_with),
        "stamp": _stamp(evidence.stamp or Stamp()),
        "preconditions": [_precondition(one) for one in evidence.measurements.preconditions],
        "blockers": [{"kind": one.kind, "detail": one.detail, "tables": list(one.tables)} for one in blockers],
        "tables": _tables(position, evidence, touched),
        "unknowns": _unknowns(position, evidence, ahead),
        "phases": [{"name": one.name, "revisions": list(one.revisions), "why": one.why} for one in staged.phases],
        "upgrade_to": staged.upgrade_to,
        "moved": evidence.moved_to is not None,
    }


def _place(position: TargetPosition) -> dict[str, Any]:
    return {
        "server_version": position.server.version_text,
        "dialect": position.server.dialect,
        "place": position.place,
        "state": position.state,
        "current": list(position.current),
        "heads": list(position.heads),
        "version_table": position.version_table.place if position.version_table else None,
    }


def _drift(one: Drift) -> dict[str, Any]:
    return {
        "object": one.object,
        "kind": one.kind,
        "expected": one.expected,
        "actual": one.actual,
        "severity": str(one.severity),
    }


def _stamp(stamp: Stamp) -> dict[str, Any]:
    return {"candidates": list(stamp.candidates), "differences": stamp.differences, "reason": stamp.reason}


def _precondition(one: Precondition) -> dict[str, Any]:
    names = ("finding", "rule", "revision", "table", "column", "sql", "result", "count", "at_least", "reason")
    return {name: getattr(one, name) for name in names}


def _tables(position: TargetPosition, evidence: TargetEvidence, touched: frozenset[str] | None) -> list[dict[str, Any]]:
    """Those that the deploy stands on; every one where the deploy is not known."""
    own = position.version_table.name if position.version_table else "alembic_version"
    return [
        {"name": size.name, "rows": size.rows, "bytes": size.bytes}
        for name, size in sorted(evidence.survey.tables.items())
        if (touched is None and name != own) or name in (touched or ())
    ]


def _unknowns(position: TargetPosition, evidence: TargetEvidence, ahead: Ahead) -> list[str]:
    """What could not be read, preconditions that could not be asked included."""
    asked = [
        f"{one.rule} on {one.table}: {one.said}"
        for one in evidence.measurements.preconditions
        if one.result == "unknown"
    ]
    return [
        *evidence.survey.unknowns,
        *evidence.unseen,
        *asked,
        *_unread_disk(evidence),
        *_unknown_pending(position, ahead),
    ]


def _unknown_pending(position: TargetPosition, ahead: Ahead) -> list[str]:
    """An empty list of pending revisions must not read as `nothing to do` where it is only not known."""
    if position.state in ("unstamped", "unknown-revision") and ahead.after is None:
        return ["which revisions are pending: no revision of this code has the target's schema"]
    if position.state is None:
        return ["which revisions are pending: the version table is locked"]
    return []


def _unread_disk(evidence: TargetEvidence) -> list[str]:
    """What the plan's copies need of a disk whose room a server does not tell (PostgreSQL, MySQL, MariaDB)."""
    deploy, survey = evidence.deploy, evidence.survey
    names = [name for name in copied_tables(deploy) if name in survey.tables] if deploy else []
    if not deploy or not names or survey.free_bytes is not None:
        return []
    needs = [copy_bytes(deploy.dialect, survey.tables[name]) for name in names]
    known = [one for one in needs if one is not None]
    about = f"about {amount(sum(known))}" if len(known) == len(needs) else "an unknown amount"
    return [f"free disk space is not readable over SQL; rewriting {', '.join(names)} needs {about}"]


def _pending(one: Revision) -> dict[str, Any]:
    return {
        "revision": one.id,
        "message": one.message,
        "path": one.path,
        "created": one.create_date,
        "age_days": age(one),
    }


def age(one: Revision) -> int | None:
    """Whole days since the revision was written, where its file says when."""
    try:
        written = datetime.date.fromisoformat((one.create_date or "")[:10])
    except ValueError:
        return None
    return max((datetime.date.today() - written).days, 0)


def _unknown(one: Any) -> dict[str, Any]:
    return {
        "revision": one.revision,
        "commit": one.commit,
        "path": one.path,
        "subject": one.subject,
        "author": one.author,
        "date": one.date,
        "message": one.message,
        "whereabouts": one.whereabouts,
        "branches": list(one.branches),
        "successors": list(one.successors),
        "nearest": one.nearest,
    }
