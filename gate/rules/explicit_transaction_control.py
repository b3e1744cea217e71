"""BEGIN, COMMIT or ROLLBACK by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.history import Revision
from gate.facts.rehearsal import Deploy
from gate.model import Category, Location, Severity
from gate.rule import EVERY, Example, Hit, Rule
from gate.rules._recipes import remedy
from gate.rules._source import calls, names_from, upgrade_of

_VERBS = frozenset({"begin", "commit", "rollback", "end"})
_REMEDY = remedy(
    "Leave transactions to Alembic: autocommit_block() for what cannot run in one, transaction_per_migration=True for "
    "one transaction per revision.",
    (1, "Instead of COMMIT", "with op.get_context().autocommit_block():\n    ..."),
)


def find(deploy: Deploy) -> Iterator[Hit]:
    said: set[str] = set()
    for statement, change in deploy.all_changes(c.TransactionControl):
        if change.verb in _VERBS and statement.revision not in said:
            said.add(statement.revision)
            yield Hit(_message(change.verb.upper()), statement, remedy=_REMEDY)
    yield from _blocks(deploy)
    for revision in deploy.revisions:
        line = _committed(deploy, revision) if revision.id not in said else None
        if line:
            place = Location(revision.path, line)
            yield Hit(_message("commit()"), revision=revision.id, location=place, remedy=_REMEDY)


def _blocks(deploy: Deploy) -> Iterator[Hit]:
    """https://www.postgresql.org/docs/current/plpgsql-transactions.html: allowed only where no transaction is around."""
    for statement, change in deploy.all_changes(c.CodeBlock):
        if change.ends and not statement.autocommit and statement.error is None:
            yield Hit(
                "The COMMIT or ROLLBACK in this DO block fails as soon as it is reached (invalid transaction "
                "termination), since Alembic runs the revision in a transaction; the scratch rows did not lead there.",
                statement,
                severity=Severity.ERROR,
                remedy=remedy(
                    "Let the block run in autocommit, in a revision that holds nothing else.",
                    (1, "The revision", "with op.get_context().autocommit_block():\n    op.execute(...)"),
                ),
            )


def _message(what: str) -> str:
    return (
        f"{what} by hand ends the transaction behind Alembic's back: the version row may not move with the schema, and "
        "what follows runs in another transaction or in none."
    )


def _committed(deploy: Deploy, revision: Revision) -> int | None:
    """The line of ``op.get_bind().commit()`` or of the same on a name that holds the bind."""
    upgrade = upgrade_of(deploy.sources.get(revision.path, ""))
    if upgrade is None:
        return None
    binds = names_from(upgrade, "get_bind")
    for call in calls(upgrade):
        on = (
            call.func.value
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "rollback")
            else None
        )
        direct = isinstance(on, ast.Call) and isinstance(on.func, ast.Attribute) and on.func.attr == "get_bind"
        if direct or (isinstance(on, ast.Name) and on.id in binds):
            return call.lineno
    return None


rule = Rule(
    title="Transaction controlled by hand",
    why="Alembic keeps schema and version row in one transaction; a COMMIT by hand parts them.",
    find=find,
    harms={Category.TRANSACTION: Severity.WARNING},
    dialects=EVERY,
    split=("statement",),
    unsafe=(
        Example(('op.add_column("users", sa.Column("a", sa.Integer()))\nop.get_bind().commit()',)),
        Example(
            (
                'op.execute("""DO $$ BEGIN\n'
                "  LOOP\n"
                "    UPDATE users SET email = 'none' WHERE id IN (SELECT id FROM users WHERE email = '' LIMIT 100);\n"
                "    EXIT WHEN NOT FOUND;\n"
                "    COMMIT;\n"
                '  END LOOP; END $$""")',
            )
        ),
    ),
    safe=(
        Example(('op.add_column("users", sa.Column("a", sa.Integer()))',)),
        Example(
            (
                "with op.get_context().autocommit_block():\n"
                "    op.execute(\"DO $$ BEGIN UPDATE users SET email = 'none' WHERE id = 1; COMMIT; END $$\")",
            )
        ),
    ),
)
