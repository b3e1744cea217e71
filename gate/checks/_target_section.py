"""The report's ``target`` object: exactly the keys of the contract (design, section 7), and a few more."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from gate.checks._target_advice import Advice
from gate.checks._target_blockers import Blocker
from gate.facts.history import Revision
from gate.facts.target import TargetPosition
from gate.facts.target_evidence import TargetEvidence
from gate.facts.target_measurements import amount
from gate.plan import Staging, copied_tables, copy_bytes


def section(
    position: TargetPosition,
    evidence: TargetEvidence,
    blockers: Iterable[Blocker],
    staged: Staging,
    advice: Iterable[Advice],
    touched: frozenset[str] | None,
) -> dict[str, Any]:
    """Plain values, in the contract's order."""
    stamp = evidence.stamp
    survey = evidence.survey
    own = position.version_table.name if position.version_table else "alembic_version"
    return {
        "server_version": position.server.version_text,
        "dialect": position.server.dialect,
        "place": position.place,
        "state": position.state,
        "current": list(position.current),
        "heads": list(position.heads),
        "version_table": position.version_table.place if position.version_table else None,
        "pending": [_pending(one) for one in position.pending],
        "unknown": [_unknown(one) for one in position.unknown],
        "advice": [{"command": one.command, "why": one.why} for one in advice],
        "drift": [
            {
                "object": one.object,
                "kind": one.kind,
                "expected": one.expected,
                "actual": one.actual,
                "severity": str(one.severity),
            }
            for one in evidence.drift
        ],
        "compared_with": list(evidence.compared_with),
        "stamp": {
            "candidates": list(stamp.candidates) if stamp else [],
            "differences": stamp.differences if stamp else 0,
            "reason": stamp.reason if stamp else None,
        },
        "preconditions": [
            {
                "finding": one.finding,
                "rule": one.rule,
                "revision": one.revision,
                "table": one.table,
                "column": one.column,
                "sql": one.sql,
                "result": one.result,
                "count": one.count,
                "at_least": one.at_least,
                "reason": one.reason,
            }
            for one in evidence.measurements.preconditions
        ],
        "blockers": [{"kind": one.kind, "detail": one.detail, "tables": list(one.tables)} for one in blockers],
        "tables": [
            {"name": size.name, "rows": size.rows, "bytes": size.bytes}
            for name, size in sorted(survey.tables.items())
            if (touched is None and name != own) or name in (touched or ())
        ],
        "unknowns": _unknowns(evidence),
        "phases": [{"name": one.name, "revisions": list(one.revisions), "why": one.why} for one in staged.phases],
        "upgrade_to": staged.upgrade_to,
        "moved": evidence.moved_to is not None,
    }


def _unknowns(evidence: TargetEvidence) -> list[str]:
    """What could not be read, preconditions that could not be asked included."""
    asked = [
        f"{one.rule} on {one.table}: {one.said}"
        for one in evidence.measurements.preconditions
        if one.result == "unknown"
    ]
    return [*evidence.survey.unknowns, *asked, *_unread_disk(evidence)]


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
