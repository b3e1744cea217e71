"""A revision that the base branch already has may not be edited, deleted or re-parented: it may have run somewhere."""

from __future__ import annotations

from collections.abc import Iterator

from gate.check import Answer, Check
from gate.facts.history import Base, History, Revision
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step

ID = "history-intact"


def ask(history: History, base: Base) -> Answer:
    if base.history is None:
        return Answer(skipped="there is no base to compare with", advice="Name one with --base.")
    squashed = _squashed(history, base.history)
    if squashed:
        return Answer(
            reason="the history was squashed: all old revisions were replaced at once", notes=("history squashed",)
        )
    return Answer(tuple(_findings(history, base.history, base.ref or "the base branch")))


def _squashed(history: History, base: History) -> bool:
    """Every base revision gone and a new root: a deliberate squash, which predeploy answers for the target."""
    ours = {one.id for one in history.revisions}
    return len(base.revisions) > 1 and bool(ours) and not any(one.id in ours for one in base.revisions)


def _findings(history: History, base: History, name: str) -> Iterator[Finding]:
    for old in base.revisions:
        now = history.by_id.get(old.id)
        if now is None:
            yield _deleted(old, history, name)
        elif now.parents != old.parents:
            yield _reparented(old, now, name)
        elif now.digest and old.digest and now.digest != old.digest:
            yield _edited(now, name)


def _finding(revision: Revision, message: str, remedy: Remedy, evidence: str, line: int) -> Finding:
    return Finding(
        id=ID,
        check=ID,
        category=Category.GRAPH,
        severity=Severity.ERROR,
        message=message,
        revision=revision.id,
        location=Location(revision.path, line),
        evidence=(Evidence(EvidenceKind.READ, evidence),),
        remedy=remedy,
    )


def _deleted(old: Revision, history: History, name: str) -> Finding:
    """Databases that stand at it cannot be upgraded any more: Alembic cannot locate the revision."""
    heirs = [one.id for one in history.revisions if old.id in one.parents]
    text = f"{name} has revision {old.id} ({old.message or old.path}), and its file is gone here"
    hint = f"; {', '.join(heirs)} still names it as parent" if heirs else ""
    return _finding(
        old,
        text + hint,
        Remedy(
            "Restore the file; write a new revision that undoes it instead.",
            (Step(1, "restore it", f"git checkout {name} -- {old.path}"),),
        ),
        f"{old.path} is on {name}, not here",
        1,
    )


def _reparented(old: Revision, now: Revision, name: str) -> Finding:
    was, is_ = ", ".join(old.parents) or "None", ", ".join(now.parents) or "None"
    text = f"revision {now.id} is on {name} with parent {was}, and here its parent is {is_}: databases that ran it skip what is now below it"
    value = "None" if not old.parents else f'"{was}"' if len(old.parents) == 1 else repr(old.parents)
    return _finding(
        now,
        text,
        Remedy(
            "Put its parent back; re-parent the new revision instead.",
            (Step(1, f"{now.path}, line {now.down_line}", f"down_revision = {value}"),),
        ),
        f"down_revision was {was}",
        now.down_line,
    )


def _edited(now: Revision, name: str) -> Finding:
    text = f"revision {now.id} is on {name} already, and what it does was changed: databases that ran it never get the change"
    return _finding(
        now,
        text,
        Remedy(
            "Take the edit back and write it as a new revision.",
            (
                Step(1, "take it back", f"git checkout {name} -- {now.path}"),
                Step(1, "write a new one", 'alembic revision -m "..."'),
            ),
        ),
        "its identifiers or the syntax tree of its functions differ (formatting does not count)",
        now.upgrade_line or now.line,
    )


check = Check(
    title="history intact",
    question="Was a revision that the base branch already has edited, deleted or re-parented?",
    ask=ask,
)
