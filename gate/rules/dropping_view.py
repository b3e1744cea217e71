"""A view goes away while the release still running reads it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import code_first, remedy
from gate.rules._says import execute, ident, spoken


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.DropView):
        if not deploy.existed(change.view, statement):
            continue
        if _made_again(deploy, change):
            yield from _with_fewer(deploy, statement, change)
            continue
        kind = "MATERIALIZED VIEW" if change.materialized else "VIEW"
        yield Hit(
            f"Every query of the release still running on view {change.view} fails at once.",
            statement,
            table=change.view,
            remedy=code_first(
                f"view {change.view}", "When no release reads it", execute(f"DROP {kind} {ident(change.view)}")
            ),
        )


def _made_again(deploy: Deploy, drop: c.DropView) -> bool:
    """Whether the deploy makes the view (or a table of its name) anew after dropping it."""
    every = [change for _, change in deploy.all_changes(c.CreateView, c.CreateTable, c.DropView)]
    after = every[next(number for number, one in enumerate(every) if one is drop) :]
    views = [one.view for one in after if isinstance(one, c.CreateView)]
    return drop.view in (*views, *(one.table for one in after if isinstance(one, c.CreateTable)))


def _with_fewer(deploy: Deploy, statement: Statement, drop: c.DropView) -> Iterator[Hit]:
    """What it had before and has no more after the deploy."""
    old, new = statement.before.table(drop.view), deploy.result.table(drop.view)
    lost = tuple(one.name for one in (old.columns if old else ()) if new and new.columns and not new.column(one.name))
    if lost:
        yield Hit(
            f"View {drop.view} is made again without {spoken(lost)}: queries of the release still running that read "
            "it there fail.",
            statement,
            table=drop.view,
            column=lost[0] if len(lost) == 1 else None,
            remedy=remedy(
                f"Take {spoken(lost)} of view {drop.view} out of the code first; make the view again one deploy later.",
                (1, f"Deploy code that no longer reads {spoken(lost)} there", ""),
                (2, "When no release reads it there, run this revision", ""),
            ),
        )


rule = Rule(
    title="View dropped",
    why="The release still running reads it, and its queries fail at once.",
    find=find,
    harms={Category.BACKWARD_INCOMPATIBLE: Severity.WARNING},
    dialects=EVERY,
    split=("deploy",),
    unsafe=(Example(('op.execute("DROP VIEW active_users")',)),),
    safe=(
        Example(
            (
                'op.execute("DROP VIEW active_users")\n'
                'op.execute("CREATE VIEW active_users AS SELECT id, name, age FROM users")',
            )
        ),
    ),
)
