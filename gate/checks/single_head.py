"""Exactly one head, in the working tree and together with today's base branch; and a graph that is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gate.check import Answer, Check
from gate.facts.history import Base, GraphProblem, History, NewRevisions, Revision
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step
from gate.settings import Settings

ID = "single-head"


def ask(history: History, base: Base, new: NewRevisions, settings: Settings) -> Answer:
    findings = [_problem(one) for one in history.problems]
    if not history.revisions:
        why = history.problems[0].message if history.problems else "no revision was found"
        return Answer(tuple(findings), undecided=why, advice="Check version_locations in the Alembic config.")
    branches = () if settings.heads or base.history is None else _branches(base.history)
    expected = settings.heads or ", ".join(branches)
    wrong = _unexpected(history, expected)
    if wrong:
        findings.append(_heads(history, wrong, new))
    elif base.tip is not None:
        findings += _stale(history, base, base.tip, expected)
    apart = (f"heads: one for each of the base's labelled branches ({expected})",) if branches else ()
    return Answer(tuple(findings), sections={"graph": graph(history, base, new)}, notes=(*base.notes, *apart))


def _problem(problem: GraphProblem) -> Finding:
    """A broken graph is a finding; nothing can be upgraded through it."""
    return Finding(
        id=ID,
        check=ID,
        category=Category.GRAPH,
        severity=Severity.ERROR,
        message=problem.message,
        location=Location(problem.path, problem.line) if problem.path else None,
        revision=problem.revisions[0] if problem.revisions else None,
        related=problem.revisions[1:],
        evidence=(Evidence(EvidenceKind.READ, f"{problem.kind} in the revision files"),),
        remedy=Remedy(problem.advice) if problem.advice else None,
    )


def _unexpected(history: History, expected: str) -> tuple[str, ...]:
    """The heads when they are not the expected ones: a number, ids, or branch labels; by default exactly one."""
    heads = history.heads
    wanted = [one.strip() for one in expected.split(",") if one.strip()] or ["1"]
    if len(wanted) == 1 and wanted[0].isdigit():
        return heads if len(heads) != int(wanted[0]) else ()
    covered = {head for head in heads for name in wanted if name == head or name in labels(history, head)}
    every = all(any(name == head or name in labels(history, head) for head in heads) for name in wanted)
    return () if covered == set(heads) and every and len(heads) == len(wanted) else heads


def labels(history: History, head: str) -> set[str]:
    """The branch labels that hold for a head: those of its ancestors, as Alembic spreads them along the branch."""
    return {label for id in history.ancestors([head]) for label in history.by_id[id].branch_labels}


def _branches(history: History) -> tuple[str, ...]:
    """A label for each of several heads that only its own branch bears; empty where they do not stand apart like that."""
    own = [_own_labels(history, head) for head in history.heads]
    apart = [sorted(mine - set().union(*(other for other in own if other is not mine))) for mine in own]
    return tuple(names[0] for names in apart) if len(own) > 1 and all(apart) else ()


def _own_labels(history: History, head: str) -> set[str]:
    """The labels of a head's own line: what another branch is called that it depends on is not its name."""
    found, todo = set(), [head]
    while todo:
        one = history.by_id.get(todo.pop())
        if one is not None and one.id not in found:
            found.add(one.id)
            todo += one.parents
    return {label for id in found for label in history.by_id[id].branch_labels}


def _heads(history: History, heads: tuple[str, ...], new: NewRevisions) -> Finding:
    """Two heads: the newer branch is re-parented, which is the smaller change; a merge revision is the second way."""
    fresh = [head for head in heads if head in new.ids] or list(heads[-1:])
    mover = history.by_id[fresh[-1]]
    others = [head for head in heads if head != mover.id]
    first = _lowest_new(history, mover, others)
    target = others[0] if others else mover.id
    return Finding(
        id=ID,
        check=ID,
        category=Category.GRAPH,
        severity=Severity.ERROR,
        revision=first.id,
        related=tuple(others),
        message=_sentence(history, heads),
        location=Location(first.path, first.down_line),
        evidence=tuple(Evidence(EvidenceKind.READ, f"{head}: {history.by_id[head].path}") for head in heads),
        remedy=_remedy(first, target, heads, _branches(history)),
        suggestion=f'down_revision = "{target}"' if len(heads) == 2 else None,
    )


def _sentence(history: History, heads: tuple[str, ...]) -> str:
    if len(heads) == 1:
        return f"there is one head, {heads[0]}, and the settings expect others"
    named = ", ".join(f"{head} ({history.by_id[head].message or 'no message'})" for head in heads)
    return f"{len(heads)} heads: {named}. `alembic upgrade head` refuses to choose, so the deploy stops"


def _lowest_new(history: History, head: Revision, others: Iterable[str]) -> Revision:
    """The revision whose parent must change: the lowest one of this branch that the other heads do not have."""
    shared = history.ancestors(others)
    here = head
    while True:
        below = [parent for parent in here.parents if parent in history.by_id and parent not in shared]
        if not below:
            return here
        here = history.by_id[below[0]]


def _remedy(first: Revision, target: str, heads: tuple[str, ...], branches: tuple[str, ...] = ()) -> Remedy:
    old = ", ".join(first.parents) or "None"
    return Remedy(
        f"Let {first.id} come after {target}: change one line in {first.path}; or merge the heads.",
        (
            Step(1, f"{first.path}, line {first.down_line}: was {old}", f'down_revision = "{target}"'),
            Step(1, "or, when both are released already", f'alembic merge -m "merge heads" {" ".join(heads)}'),
            *_apart(branches),
        ),
    )


def _apart(branches: tuple[str, ...]) -> Iterator[Step]:
    """Branches with labels of their own may be meant to stay as they are; `alembic upgrade heads` takes them all."""
    if branches:
        yield Step(
            1,
            "or, when the labelled branches are meant to stay apart, in .alembic-gate.yml (deploys run `alembic upgrade heads`)",
            f"heads: {', '.join(branches)}",
        )


def _stale(history: History, base: Base, tip: History, expected: str) -> Iterator[Finding]:
    """One head here, but the base branch has moved on: the union is what a merge would give."""
    ours = {one.id for one in history.revisions}
    old = {one.id for one in base.history.revisions} if base.history else set()
    coming = [one for one in tip.revisions if one.id not in ours and one.id not in old]
    union = History((*history.revisions, *coming))
    if not coming or not _unexpected(union, expected):
        return
    mine = [head for head in union.heads if head in ours]
    theirs = [head for head in union.heads if head not in ours]
    if not mine or not theirs:
        return
    first = _lowest_new(union, union.by_id[mine[-1]], theirs)
    name = base.ref or "the base branch"
    yield Finding(
        id=ID,
        check=ID,
        category=Category.GRAPH,
        severity=Severity.ERROR,
        revision=first.id,
        related=tuple(theirs),
        message=f"merging into {name} as it is today makes {len(union.heads)} heads: {', '.join(union.heads)}",
        location=Location(first.path, first.down_line),
        evidence=tuple(
            Evidence(EvidenceKind.READ, f"{one.id} is on {name} since this branch left it: {one.path}")
            for one in coming
        ),
        remedy=_remedy(first, theirs[0], union.heads),
        suggestion=f'down_revision = "{theirs[0]}"',
    )


def graph(history: History, base: Base, new: NewRevisions) -> dict[str, Any]:
    """The part of the graph around the new revisions, for the picture in the comment."""
    tip = base.tip.heads if base.tip else base.history.heads if base.history else ()
    around = {
        *new.ids,
        *history.heads,
        *new.baseline,
        *(parent for id in new.ids for parent in history.by_id[id].parents),
    }
    shown = [one for one in history.ordered if one.id in around][-40:]
    ids = {one.id for one in shown}
    nodes = [
        {
            "id": one.id,
            "message": one.message,
            "new": one.id in new.ids,
            "base": one.id in tip,
            "head": one.id in history.heads,
        }
        for one in shown
    ]
    return {"nodes": nodes, "edges": [[parent, one.id] for one in shown for parent in one.parents if parent in ids]}


check = Check(
    title="one head",
    question="Is there exactly one head, here and together with today's base branch?",
    ask=ask,
    modes=("check", "predeploy"),
)
