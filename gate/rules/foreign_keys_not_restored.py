"""PRAGMA foreign_keys=OFF in a revision that never switches them on again."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy, Statement
from gate.model import Category, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule
from gate.rules._sqlite import foreign_keys_after, is_off

_BACK_ON = """assert not op.get_bind().exec_driver_sql("PRAGMA foreign_key_check").fetchall()
with op.get_context().autocommit_block():  # commits first: inside a transaction the pragma does nothing
    op.execute("PRAGMA foreign_keys=ON")"""


def find(deploy: Deploy) -> Iterator[Hit]:
    pragmas = [
        (statement, change)
        for statement, change in deploy.all_changes(c.SetSetting)
        if change.name == "pragma foreign_keys"
    ]
    if not pragmas or not _is_off_after(*pragmas[-1]):
        return
    for revision in dict.fromkeys(statement.revision for statement, _ in reversed(pragmas)):
        mine = [(statement, change) for statement, change in pragmas if statement.revision == revision]
        if not _was_off(deploy, mine[0][0]) and _is_off_after(*mine[-1]):
            yield _hit(*mine[-1])
            return


def _is_off_after(statement: Statement, change: c.SetSetting) -> bool:
    """As it was seen, else as the text says: a pragma inside a transaction has no effect."""
    seen = foreign_keys_after(statement)
    return is_off(change.value) if seen is None else not seen


def _was_off(deploy: Deploy, first: Statement) -> bool:
    """Off before the revision touched them: then it leaves what it found. Unknown is taken for on."""
    if first.observed is not None and "foreign_keys" in first.observed.facts:
        return not first.observed.facts["foreign_keys"]
    return is_off(deploy.settings.get("pragma foreign_keys", "on"))


def _hit(last: Statement, change: c.SetSetting) -> Hit:
    effect = "" if is_off(change.value) else "This pragma has no effect, because a transaction is open. "
    return Hit(
        f"{effect}Foreign keys stay off for whatever this connection does next: later revisions, and the rows that they "
        "write, are not checked.",
        last,
        remedy=Remedy(
            "Check the keys and switch them on again at the end of the revision, outside of the transaction.",
            (Step(1, "At the end of upgrade()", _BACK_ON),),
        ),
    )


rule = Rule(
    title="Foreign keys switched off for good",
    why="The pragma lasts as long as the connection, which runs the revisions that follow as well.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(
        Example(
            ('op.execute("PRAGMA foreign_keys=ON")', 'op.execute("PRAGMA foreign_keys=OFF")'),
            dialect="sqlite",
        ),
    ),
    safe=(Example(('op.execute("PRAGMA foreign_keys=OFF")\nop.execute("PRAGMA foreign_keys=ON")',), dialect="sqlite"),),
)
