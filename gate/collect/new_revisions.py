"""The deploy: what the base does not have, or, before a deploy, what the target does not have."""

from __future__ import annotations

from gate.context import RunContext
from gate.facts.history import Base, History, NewRevisions


def collect(context: RunContext, history: History, base: Base) -> NewRevisions:
    """The ids that go out together, parents first, and the heads that they start from."""
    if context.mode != "check":
        from gate.facts.target import TargetPosition

        position = context.fact(TargetPosition)
        pending = position.pending_ids if context.mode == "predeploy" else ()  # after the deploy nothing is to come
        return NewRevisions(pending, position.current if position.knows_its_revision else ())
    known = {one.id for one in base.history.revisions} if base.history else set()
    new = tuple(one.id for one in history.ordered if one.id not in known)
    return NewRevisions(new, baseline(history, new))


def baseline(history: History, new: tuple[str, ...]) -> tuple[str, ...]:
    """The heads of what is there without the new revisions."""
    fresh = set(new)
    old = [one for one in history.revisions if one.id not in fresh]
    named = {parent for one in old for parent in one.parents}
    return tuple(one.id for one in old if one.id not in named)
