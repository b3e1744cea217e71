"""A view goes away while the release still running reads it."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import code_first
from gate.rules._says import execute, ident


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.all_changes(c.DropView):
        if not deploy.existed(change.view, statement) or _made_again(deploy, statement.number, change.view):
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


def _made_again(deploy: Deploy, number: int, view: str) -> bool:
    """Whether the deploy makes the view (or a table of its name) anew after dropping it."""
    views = ((one.number, change.view) for one, change in deploy.all_changes(c.CreateView))
    tables = ((one.number, change.table) for one, change in deploy.all_changes(c.CreateTable))
    return any(later > number and name == view for later, name in (*views, *tables))


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
