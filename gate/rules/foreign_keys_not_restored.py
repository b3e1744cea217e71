"""PRAGMA foreign_keys=OFF in a revision that never switches them on again."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Remedy, Severity, Step
from gate.rule import SQLITE, Example, Hit, Rule

_OFF = ("off", "0", "false", "no")


def find(deploy: Deploy) -> Iterator[Hit]:
    pragmas = [
        (statement, change)
        for statement, change in deploy.all_changes(c.SetSetting)
        if change.name == "pragma foreign_keys"
    ]
    if not pragmas or pragmas[-1][1].value.strip().lower() not in _OFF:
        return
    yield Hit(
        "Foreign keys stay off for whatever this connection does next: later revisions, and the rows that they write, "
        "are not checked.",
        pragmas[-1][0],
        remedy=Remedy(
            "Check the keys and switch them on again at the end of the revision.",
            (
                Step(
                    1,
                    "At the end of upgrade()",
                    'assert not op.get_bind().exec_driver_sql("PRAGMA foreign_key_check").fetchall()\n'
                    'op.execute("PRAGMA foreign_keys=ON")',
                ),
            ),
        ),
    )


rule = Rule(
    title="Foreign keys switched off for good",
    why="The pragma lasts as long as the connection, which runs the revisions that follow as well.",
    find=find,
    harms={Category.HYGIENE: Severity.WARNING},
    dialects=SQLITE,
    split=("statement",),
    unsafe=(Example(('op.execute("PRAGMA foreign_keys=OFF")',), dialect="sqlite"),),
    safe=(Example(('op.execute("PRAGMA foreign_keys=OFF")\nop.execute("PRAGMA foreign_keys=ON")',), dialect="sqlite"),),
)
