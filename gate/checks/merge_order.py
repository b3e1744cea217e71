"""Would this pull request and another open one make two heads when both merge? Which, and the exact edit."""

from __future__ import annotations

from collections.abc import Iterable

from gate.check import Answer, Check
from gate.facts.history import Base, History, Revision
from gate.facts.pull_requests import OpenPullRequests, PullRequest
from gate.model import Category, Evidence, EvidenceKind, Finding, Location, Remedy, Severity, Step

ID = "merge-order"


def ask(history: History, base: Base, pulls: OpenPullRequests) -> Answer:
    if pulls.others is None:
        return Answer(
            skipped=pulls.gap or "the open pull requests were not asked for (that needs a workflow and a token)"
        )
    if pulls.own is None:
        told = [_made_stale(history, other, pulls) for other in pulls.others]
    else:
        known = base.tip or base.history or History()
        ours = _brought(history.revisions, known)
        told = [_clash(known, ours, other, pulls) for other in pulls.others]
    findings = [one for one in told if one is not None]
    pushed = [pull for pull, one in zip(pulls.others, told, strict=True) if one is not None and pulls.own is None]
    sections = (
        {"stale_pull_requests": [_told(pull, one) for pull, one in zip(pushed, findings, strict=True)]}
        if pushed
        else {}
    )
    noun = "pull request that brings" if len(pulls.others) == 1 else "pull requests that bring"
    return Answer(
        tuple(findings),
        undecided=pulls.gap,
        advice="Give the job `permissions: pull-requests: read` (or write), or raise merge-order-limit."
        if pulls.gap
        else None,
        sections=sections,
        reason=f"compared with {len(pulls.others)} open {noun} revisions" if not pulls.gap else None,
    )


def _brought(revisions: Iterable[Revision], known: History) -> tuple[Revision, ...]:
    """What a change adds to, or hangs elsewhere than, what the base branch has."""
    return tuple(
        one for one in revisions if one.id not in known.by_id or set(known.by_id[one.id].parents) != set(one.parents)
    )


def _clash(known: History, ours: tuple[Revision, ...], other: PullRequest, pulls: OpenPullRequests) -> Finding | None:
    """The finding when merging both gives more heads than merging either, or one id twice."""
    theirs = _brought(other.revisions, known)
    mine = {one.id: one for one in ours}
    twice = next((one for one in theirs if one.id in mine and one.path != mine[one.id].path), None)
    if twice is not None:
        return _twice(mine[twice.id], twice, other)
    both = _merged(known, ours, theirs)
    most = max(len(_merged(known, ours).heads), len(_merged(known, theirs).heads))
    if len(both.heads) <= most:
        return None
    return _two_heads(both, ours, theirs, other, pulls)


def _merged(known: History, *changes: tuple[Revision, ...]) -> History:
    """The base branch after merging these changes, by id."""
    every = dict(known.by_id)
    for change in changes:
        every.update({one.id: one for one in change})
    return History(tuple(every.values()))


def _two_heads(
    both: History, ours: tuple[Revision, ...], theirs: tuple[Revision, ...], other: PullRequest, pulls: OpenPullRequests
) -> Finding | None:
    my_ids, their_ids = {one.id for one in ours}, {one.id for one in theirs}
    my_head = next((head for head in both.heads if head in my_ids - their_ids), None)
    their_head = next((head for head in both.heads if head in their_ids - my_ids), None)
    if their_head is None or my_head is None:
        return None
    their_root = _root(both, their_head, their_ids - my_ids)
    my_root = _root(both, my_head, my_ids - their_ids)
    return Finding(
        id=ID,
        check=ID,
        category=Category.GRAPH,
        severity=Severity.WARNING,
        revision=my_root.id,
        related=(their_root.id,),
        message=(
            f"pull request #{other.number} ({_title(other)}) adds {their_root.id} after {_parents(their_root)}, "
            f"this one {my_root.id} after {_parents(my_root)}: when both are merged there are {len(both.heads)} heads, "
            f"{my_head} and {their_head}"
        ),
        location=Location(my_root.path, my_root.down_line),
        evidence=(_seen(other, their_root, their_root.down_line),),
        remedy=_remedy((my_root, my_head), (their_root, their_head), other.number, pulls.own),
    )


def _remedy(mine: tuple[Revision, str], theirs: tuple[Revision, str], number: int, own: int | None) -> Remedy:
    """Whoever merges second re-parents its root below the other's head; the later pull request is asked first."""
    (my_root, my_head), (their_root, their_head) = mine, theirs
    here = _edit("in this pull request", my_root, their_head)
    there = _edit(f"in #{number}", their_root, my_head)
    if own is not None and own < number:
        told = f"Merge this one first; then #{number}, the later one, lets {their_root.id} come after {my_head}."
        return Remedy(told, (there, here))
    return Remedy(f"Merge #{number} first; then let {my_root.id} here come after {their_head}.", (here, there))


def _edit(where: str, root: Revision, after: str) -> Step:
    title = f"{where}, if it merges second: {root.path}, line {root.down_line}"
    return Step(1, title, f'down_revision = "{after}"')


def _made_stale(pushed: History, other: PullRequest, pulls: OpenPullRequests) -> Finding | None:
    """On a push to the base branch: an open pull request that would now make one head more."""
    theirs = _brought(other.revisions, pushed)
    both = _merged(pushed, theirs)
    ids = {one.id for one in theirs}
    head = next((one for one in both.heads if one in ids), None)
    if head is None or len(both.heads) <= len(pushed.heads):
        return None
    root, first = _root(both, head, ids), next(one for one in both.heads if one != head)
    return Finding(
        id=ID,
        check=ID,
        category=Category.GRAPH,
        severity=Severity.NOTE,
        revision=root.id,
        message=f"pull request #{other.number} ({_title(other)}) would now make a second head of "
        f"{pulls.base or 'the branch'}: {root.id} comes after {_parents(root)}",
        evidence=(_seen(other, root, root.down_line),),
        remedy=Remedy(
            f"In #{other.number}, let {root.id} come after {first}.",
            (Step(1, f"{root.path}, line {root.down_line}", f'down_revision = "{first}"'),),
        ),
    )


def _told(pull: PullRequest, finding: Finding) -> dict[str, object]:
    """What the pull request itself is told, for those who asked for it."""
    code = finding.remedy.steps[0].code if finding.remedy and finding.remedy.steps else ""
    root = next((one for one in pull.revisions if one.id == finding.revision), None)
    place = {"path": root.path, "line": root.down_line} if root else {}
    return {"number": pull.number, "message": finding.message, "code": code, **place}


def _seen(other: PullRequest, revision: Revision, line: int) -> Evidence:
    where = f"#{other.number} at {other.head_sha[:12]}: {revision.path}, line {line}"
    return Evidence(EvidenceKind.READ, where)


def _twice(mine: Revision, theirs: Revision, other: PullRequest) -> Finding:
    return Finding(
        id=ID,
        check=ID,
        category=Category.GRAPH,
        severity=Severity.WARNING,
        revision=mine.id,
        message=f"pull request #{other.number} ({_title(other)}) holds another revision with the same id {mine.id}: "
        f"{theirs.path}. When both are merged Alembic sees the id twice",
        location=Location(mine.path, mine.line),
        evidence=(_seen(other, theirs, theirs.line),),
        remedy=Remedy("Give one of them a new id: alembic revision makes one.", ()),
    )


def _root(both: History, head: str, among: set[str]) -> Revision:
    """The lowest revision of a branch that the change itself brought: the one whose parent would be edited."""
    here = both.by_id[head]
    seen = {head}
    while below := [parent for parent in here.parents if parent in among and parent not in seen]:
        here = both.by_id[below[0]]
        seen.add(here.id)
    return here


def _parents(revision: Revision) -> str:
    return ", ".join(revision.parents) or "nothing"


def _title(other: PullRequest) -> str:
    return other.title or "no title"


check = Check(
    title="merge order",
    question="Would this pull request and another open one make two heads when both merge?",
    ask=ask,
    on_undecided="warn",
)
