"""A trigger made, dropped or switched: a short lock that waits for every running query."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import POSTGRESQL, Example, Hit, Rule
from gate.rules._recipes import remedy


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.Change):
        if isinstance(change, c.CreateTrigger):
            words, lock, stopped = "CREATE TRIGGER", "SHARE ROW EXCLUSIVE", "writes"
        elif isinstance(change, c.DropTrigger) and change.action == "drop":
            words, lock, stopped = "DROP TRIGGER", "ACCESS EXCLUSIVE", "reads and writes"
        elif isinstance(change, c.DropTrigger):
            words, lock, stopped = f"{change.action.upper()} TRIGGER", "SHARE ROW EXCLUSIVE", "writes"
        else:
            continue
        yield Hit(
            f"{words} takes a {lock} lock on {change.table}: it is brief, but it waits for running transactions, and "
            f"all {stopped} of the table queue behind it.",
            statement,
            table=change.table,
            remedy=remedy(
                "Give up quickly and try again, in a revision that does nothing else.",
                (1, "Before the statement", "op.execute(\"SET LOCAL lock_timeout = '2s'\")"),
            ),
        )


rule = Rule(
    title="Trigger made, dropped or switched",
    why="The lock queues behind long transactions and everything else queues behind it.",
    find=find,
    harms={Category.LOCK: Severity.WARNING},
    dialects=POSTGRESQL,
    split=("statement",),
    unsafe=(
        Example(
            (
                'op.execute("CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION '
                'suppress_redundant_updates_trigger()")',
            )
        ),
    ),
    safe=(
        Example(
            (
                'op.create_table("tickets", sa.Column("id", sa.Integer(), primary_key=True))\n'
                'op.execute("CREATE TRIGGER touch BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION '
                'suppress_redundant_updates_trigger()")',
            )
        ),
    ),
)
