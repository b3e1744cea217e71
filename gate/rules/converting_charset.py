"""CONVERT TO CHARACTER SET: every text column of the table is written anew."""

from __future__ import annotations

from collections.abc import Iterator

from gate.facts import changes as c
from gate.facts.rehearsal import Deploy
from gate.model import Category, Severity
from gate.rule import MYSQL, Example, Hit, Rule
from gate.rules._mysql import copy_hit
from gate.rules._online_tool import online_tool
from gate.rules._rows import refused

_EVERYTHING = ("utf8mb4", "utf16", "utf32", "gb18030")


def find(deploy: Deploy) -> Iterator[Hit]:
    for statement, change in deploy.changes(c.SetTableOption):
        if change.option != "convert-charset":
            continue
        yield from copy_hit(
            deploy, statement, change, f"Converting {change.table} to {change.value}", table=change.table
        )
        charset = change.value.split()[0].lower() if change.value else ""
        if charset and charset not in _EVERYTHING and not charset.startswith("utf8mb4"):
            yield Hit(
                f"Characters that {charset} does not have are refused, or replaced by '?' where the session is not "
                f"strict, in every text column of {change.table}.",
                statement,
                category=Category.DATA_LOSS,
                severity=Severity.ERROR if refused(deploy, statement) is Severity.ERROR else Severity.WARNING,
                table=change.table,
                remedy=online_tool(deploy, statement, change.table, "Convert to utf8mb4, which holds every character."),
            )


rule = Rule(
    title="Character set of a table converted",
    why="The server copies the table while its writes wait, and characters that the new set lacks are lost.",
    find=find,
    harms={Category.REWRITE: Severity.ERROR, Category.DATA_LOSS: Severity.WARNING},
    dialects=MYSQL,
    unsafe=(Example(('op.execute("ALTER TABLE users CONVERT TO CHARACTER SET utf16")',), dialect="mariadb"),),
    safe=(Example(('op.execute("ALTER TABLE users DEFAULT CHARACTER SET utf8mb4")',), dialect="mariadb"),),
)
